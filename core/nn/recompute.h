#pragma once

#include "core/nn/torch_compat.h"

#include <functional>

// Trading time for memory in training (Chen et al. 2016, "Training deep nets with sublinear memory
// cost"): a layer keeps only what came in, and its backward pass computes the rest again.
namespace sapsam::nn {

// While an object with `on` lives, recomputed() does so in this thread.
class RecomputeLayers
{
public:
    explicit RecomputeLayers(bool on);
    ~RecomputeLayers();
    RecomputeLayers(const RecomputeLayers &) = delete;
    RecomputeLayers &operator=(const RecomputeLayers &) = delete;

    static bool isOn();

private:
    bool m_before;
};

// forward(x), and with RecomputeLayers and gradients on, without what it keeps for the backward
// pass. It is called a second time there with the same random numbers, so that the gradients are
// the same to the last bit on the CPU; it must give the same result again, and what it refers to
// must live until then. Gradients go to x and to the parameters of `layer`; other tensors that
// `forward` captures get none.
torch::Tensor recomputed(const torch::Tensor &x, const torch::nn::Module &layer,
                         std::function<torch::Tensor(const torch::Tensor &)> forward);

} // namespace sapsam::nn
