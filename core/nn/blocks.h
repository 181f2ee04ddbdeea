#pragma once

#include "core/nn/activation.h"
#include "core/nn/attention.h"

namespace sapsam::nn {

// An empty module under `parent`: a step in the dotted name of a published tensor.
std::shared_ptr<torch::nn::Module> addGroup(torch::nn::Module &parent, const std::string &name);

// LayerNorm over the last dimension of the given width.
torch::nn::LayerNorm makeLayerNorm(std::int64_t width, double eps);

// Normalises every pixel of [B, C, H, W] over its channels (biased variance).
class LayerNorm2dImpl final : public torch::nn::Module
{
public:
    LayerNorm2dImpl(std::int64_t channels, double eps);

    torch::Tensor forward(const torch::Tensor &x); // [B, C, H, W] → the same

    double eps;
    torch::Tensor weight, bias; // [C]
};
TORCH_MODULE(LayerNorm2d);

// Linear, activation, Linear; the two layers carry the given names ("fc1"/"fc2", "lin1"/"lin2").
class MlpImpl final : public torch::nn::Module
{
public:
    MlpImpl(std::int64_t width, std::int64_t hidden, Activation activation,
            const std::string &firstName, const std::string &secondName);

    torch::Tensor forward(const torch::Tensor &x); // [..., width] → [..., width]

    Activation activation;
    torch::nn::Linear first{nullptr}, second{nullptr};
};
TORCH_MODULE(Mlp);

// Image [B, C, H, W] → patches [B, N, width], row-major; a convolution named by the parent.
torch::nn::Conv2d makePatchConvolution(std::int64_t width, std::int64_t patchSize,
                                       std::int64_t stride, bool bias);

} // namespace sapsam::nn
