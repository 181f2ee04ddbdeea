#pragma once

#include "core/weights/tensor_source.h"

#include <memory>
#include <utility>

namespace sapsam {

// A safetensors file: u64 header length, JSON header, packed little-endian data. The file is
// mapped, not loaded, so opening is quick and read() touches one tensor. Its content must not
// change while it is open (our own writer replaces by rename and is safe).
class SafetensorsFile final : public TensorSource
{
public:
    // Checks everything before any tensor is read: header, ranges without overlap or gap up to the
    // end of the file, sizes against shapes, duplicate names, element types.
    // Throws Error(NotFound or Io) for the file, Error(Corrupt) naming file and tensor for its
    // content, Error(Unsupported) for an element type that libtorch lacks.
    explicit SafetensorsFile(const std::string &path);
    ~SafetensorsFile() override;
    SafetensorsFile(const SafetensorsFile &) = delete;
    SafetensorsFile &operator=(const SafetensorsFile &) = delete;

    const std::string &origin() const override;
    std::vector<std::string> names() const override;
    const TensorInfo *find(const std::string &name) const override;
    torch::Tensor read(const std::string &name) const override;
    void readInto(const std::string &name, const torch::Tensor &target) const override;

    // The "__metadata__" of the header.
    const std::map<std::string, std::string> &metadata() const;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

struct SafetensorsOptions
{
    // Floating-point tensors are converted to this type; Undefined keeps each as it is.
    torch::ScalarType floatType = torch::ScalarType::Undefined;
    std::map<std::string, std::string> metadata;
};

// Writes through a neighbour ".part" and a rename: readers see the old file or the new one. Tensors
// may live on any device. The same tensors give the same bytes. Throws what base/file.h throws, and
// Error(InvalidInput) for a name that occurs twice or an element type the format lacks.
void writeSafetensors(const std::string &path, const NamedTensors &tensors,
                      const SafetensorsOptions &options = {});

} // namespace sapsam
