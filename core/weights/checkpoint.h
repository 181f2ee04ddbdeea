#pragma once

#include "core/weights/tensor_source.h"

#include <memory>

namespace sapsam {

// Several files of a folder that act as one: an index ("model.safetensors.index.json",
// "pytorch_model.bin.index.json") names the file of every tensor.
class ShardedCheckpoint final : public TensorSource
{
public:
    // `index` is the path of the index; the files lie next to it. Opens them all. Throws
    // Error(Corrupt) naming index and file when the index is broken, names a file outside its
    // folder, a file that is absent or one that lacks a tensor, and what the files' readers throw.
    explicit ShardedCheckpoint(const std::string &index);
    ~ShardedCheckpoint() override;
    ShardedCheckpoint(const ShardedCheckpoint &) = delete;
    ShardedCheckpoint &operator=(const ShardedCheckpoint &) = delete;

    const std::string &origin() const override;
    std::vector<std::string> names() const override;
    const TensorInfo *find(const std::string &name) const override;
    torch::Tensor read(const std::string &name) const override;
    void readInto(const std::string &name, const torch::Tensor &target) const override;

    // The names of the files, sorted.
    std::vector<std::string> files() const;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

// Opens whatever people have: a safetensors file, a file of PyTorch, an index of several, or a
// folder with one of "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
// "pytorch_model.bin.index.json" (in this order) or exactly one file with weights. Files are told
// apart by their content. Throws Error(NotFound or Io) for a path that cannot be read,
// Error(Corrupt) or Error(Unsupported) naming file and reason for everything else that is refused.
std::unique_ptr<TensorSource> openCheckpoint(const std::string &path);

// The files that openCheckpoint() reads for this path: one, or an index and behind it the files
// that it names. Throws what openCheckpoint() throws.
std::vector<std::string> checkpointFiles(const std::string &path);

} // namespace sapsam
