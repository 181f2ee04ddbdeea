#pragma once

#include "core/weights/tensor_source.h"

#include <memory>

namespace sapsam {

// A file that PyTorch wrote (.pth, .pt, .bin, .pkl): the zip container of torch 1.6 and later,
// TorchScript archives, and the container before 1.6. The file is mapped, its pickle taken apart by
// core/weights/pickle.h, which executes nothing; read() touches one tensor.
//
// The weights may be a state dict, one wrapped under "model", "state_dict", "model_state_dict",
// "net", "ema" or "module", a pickled module, or a TorchScript module; the tensors of modules are
// named by their path, joined with dots. Values that are no weights are passed over.
class TorchCheckpoint final : public TensorSource
{
public:
    enum class Container { Zip, TorchScript, Legacy };

    // Everything is checked here: names, bounds, sizes, element types. Throws Error(NotFound or Io)
    // for the file, Error(Corrupt) for damaged or hostile content and where no weights are found,
    // Error(Unsupported) for compressed members, foreign element types, quantised and sparse
    // tensors, big-endian data and containers older than 0.4. Memory is bounded by the file's size.
    explicit TorchCheckpoint(const std::string &path);
    ~TorchCheckpoint() override;
    TorchCheckpoint(const TorchCheckpoint &) = delete;
    TorchCheckpoint &operator=(const TorchCheckpoint &) = delete;

    const std::string &origin() const override;
    std::vector<std::string> names() const override;
    const TensorInfo *find(const std::string &name) const override;
    torch::Tensor read(const std::string &name) const override; // contiguous
    void readInto(const std::string &name, const torch::Tensor &target) const override;

    Container container() const;
    // Where the weights lay, such as "model"; dots between levels, empty at the top.
    const std::string &wrapper() const;
    // What was taken off every name: "module." or nothing.
    const std::string &strippedPrefix() const;

    // Whether the first bytes of a file look like one of these containers.
    static bool recognises(std::string_view firstBytes);

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace sapsam
