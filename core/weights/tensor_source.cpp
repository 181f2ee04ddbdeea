#include "core/weights/tensor_source.h"

#include "core/base/error.h"

namespace sapsam {

std::string shapeText(torch::IntArrayRef shape)
{
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i)
        text += (i ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

void TensorSource::readInto(const std::string &name, const torch::Tensor &target) const
{
    const torch::NoGradGuard noGrad;
    torch::Tensor(target).copy_(read(name));
}

MemoryTensorSource::MemoryTensorSource(std::string origin,
                                       std::map<std::string, torch::Tensor> tensors)
    : m_origin(std::move(origin)), m_tensors(std::move(tensors))
{
    for (const auto &item : m_tensors)
        m_infos[item.first] = {item.second.scalar_type(), item.second.sizes().vec()};
}

std::vector<std::string> MemoryTensorSource::names() const
{
    std::vector<std::string> result;
    for (const auto &item : m_tensors)
        result.push_back(item.first);
    return result;
}

const TensorInfo *MemoryTensorSource::find(const std::string &name) const
{
    const auto found = m_infos.find(name);
    return found == m_infos.end() ? nullptr : &found->second;
}

torch::Tensor MemoryTensorSource::read(const std::string &name) const
{
    const auto found = m_tensors.find(name);
    if (found == m_tensors.end())
        throw Error(ErrorKind::NotFound, "'" + m_origin + "' has no tensor '" + name + "'");
    return found->second.clone();
}

} // namespace sapsam
