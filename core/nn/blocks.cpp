#include "core/nn/blocks.h"

#include "core/nn/linear.h"

namespace sapsam::nn {

std::shared_ptr<torch::nn::Module> addGroup(torch::nn::Module &parent, const std::string &name)
{
    return parent.register_module(name, std::make_shared<torch::nn::Module>());
}

torch::nn::LayerNorm makeLayerNorm(std::int64_t width, double eps)
{
    return torch::nn::LayerNorm(torch::nn::LayerNormOptions({width}).eps(eps));
}

LayerNorm2dImpl::LayerNorm2dImpl(std::int64_t channels, double eps_) : eps(eps_)
{
    weight = register_parameter("weight", torch::ones({channels}));
    bias = register_parameter("bias", torch::zeros({channels}));
}

torch::Tensor LayerNorm2dImpl::forward(const torch::Tensor &x)
{
    return torch::layer_norm(x.permute({0, 2, 3, 1}), {weight.size(0)}, weight, bias, eps)
        .permute({0, 3, 1, 2});
}

MlpImpl::MlpImpl(std::int64_t width, std::int64_t hidden, Activation activation_,
                 const std::string &firstName, const std::string &secondName)
    : activation(activation_)
{
    first = register_module(firstName, torch::nn::Linear(width, hidden));
    second = register_module(secondName, torch::nn::Linear(hidden, width));
}

torch::Tensor MlpImpl::forward(const torch::Tensor &x)
{
    return linear(second, activate(linear(first, x), activation));
}

torch::nn::Conv2d makePatchConvolution(std::int64_t width, std::int64_t patchSize,
                                       std::int64_t stride, bool bias)
{
    return torch::nn::Conv2d(
        torch::nn::Conv2dOptions(3, width, patchSize).stride(stride).bias(bias));
}

} // namespace sapsam::nn
