#pragma once

#include "core/nn/torch_compat.h"

#include <memory>
#include <string>
#include <vector>

// Data parallel training: several processes ("ranks") compute the gradients of parts of one batch
// and add them up over c10d, gloo on the CPU and NCCL on CUDA.
namespace sapsam::training {

// Where this process stands among its peers, in the words of the environment that torchrun, srun
// wrappers and `sapsam train --launch` set: RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT.
struct RankPlace
{
    int rank = 0;
    int count = 1;     // of ranks
    int localRank = 0; // on this machine: the number of its CUDA device
    std::string masterAddress = "127.0.0.1";
    int masterPort = 29500;
};

// A place alone when WORLD_SIZE is not set. Throws Error(InvalidInput) naming the variable that
// cannot be used.
RankPlace rankFromEnvironment();

// The connection to all ranks. Every rank must make the same calls in the same order; each call
// waits for the others. One thread only.
class RankGroup
{
public:
    // Waits until all ranks have come. Throws Error(Unsupported) where libtorch or this build lacks
    // the library for the device, and Error(Io) when the ranks do not find each other.
    static std::unique_ptr<RankGroup> join(const RankPlace &place, const torch::Device &device);
    ~RankGroup();
    RankGroup(const RankGroup &) = delete;
    RankGroup &operator=(const RankGroup &) = delete;

    int rank() const;
    int count() const;
    bool isFirst() const { return rank() == 0; } // the one that writes

    // In place, over all ranks; the tensor may lie anywhere.
    void sum(torch::Tensor &values) const;
    void largest(torch::Tensor &values) const;
    // The values of rank 0 for everybody, in place.
    void broadcast(torch::Tensor &values) const;
    // The rows of all ranks in their order: [n, …] → [count · n, …]. No gradient.
    torch::Tensor gather(const torch::Tensor &rows) const;

    // Many tensors in few messages.
    void sumAll(std::vector<torch::Tensor> &tensors) const;

private:
    RankGroup();
    struct Private;
    std::unique_ptr<Private> d;
};

// While it lives, gathered() in this thread means this group; null for one process.
class GatherScope
{
public:
    explicit GatherScope(const RankGroup *group);
    ~GatherScope();
    GatherScope(const GatherScope &) = delete;
    GatherScope &operator=(const GatherScope &) = delete;

private:
    const RankGroup *m_before;
};

// The rows of all ranks in their order, [n, …] → [count · n, …], for losses that compare all
// samples of a batch. Differentiable: the gradient of a row is the sum of what every rank's loss
// says of it, so that the mean of the ranks' parameter gradients is the gradient of the mean of
// their losses. The same tensor when there is one process.
torch::Tensor gathered(const torch::Tensor &rows);

} // namespace sapsam::training
