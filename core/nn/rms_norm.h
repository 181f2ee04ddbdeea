#pragma once

#include "core/nn/torch_compat.h"

namespace sapsam::nn {

// x / √(mean(x²) + eps) · weight over the last dimension (Zhang and Sennrich 2019): no mean is
// taken away and there is no bias. The statistics are computed in 32 bits.
class RmsNormImpl final : public torch::nn::Module
{
public:
    RmsNormImpl(std::int64_t width, double eps);

    torch::Tensor forward(const torch::Tensor &x); // [..., width] → the same

    double eps;
    torch::Tensor weight; // [width]
};
TORCH_MODULE(RmsNorm);

} // namespace sapsam::nn
