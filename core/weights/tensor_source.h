#pragma once

#include "core/nn/torch_compat.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sapsam {

struct TensorInfo
{
    torch::ScalarType dtype = torch::kFloat;
    std::vector<std::int64_t> shape;
};

// "[512, 768]".
std::string shapeText(torch::IntArrayRef shape);

// Named tensors from somewhere: a file, several files, memory. Reading is const and may run in
// parallel.
class TensorSource
{
public:
    virtual ~TensorSource() = default;

    // What to call it in messages: a file name.
    virtual const std::string &origin() const = 0;
    virtual std::vector<std::string> names() const = 0; // sorted
    // Null when there is no such tensor.
    virtual const TensorInfo *find(const std::string &name) const = 0;
    // An own copy on the CPU. Throws Error(NotFound) naming origin and tensor.
    virtual torch::Tensor read(const std::string &name) const = 0;
    // Writes the values into a tensor of the same shape, converting to its element type and device.
    // Files do it without a copy of the whole tensor between.
    virtual void readInto(const std::string &name, const torch::Tensor &target) const;
};

// Tensors held in memory.
class MemoryTensorSource final : public TensorSource
{
public:
    MemoryTensorSource(std::string origin, std::map<std::string, torch::Tensor> tensors);

    const std::string &origin() const override { return m_origin; }
    std::vector<std::string> names() const override;
    const TensorInfo *find(const std::string &name) const override;
    torch::Tensor read(const std::string &name) const override;

private:
    std::string m_origin;
    std::map<std::string, torch::Tensor> m_tensors;
    std::map<std::string, TensorInfo> m_infos;
};

} // namespace sapsam
