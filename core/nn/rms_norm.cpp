#include "core/nn/rms_norm.h"

namespace sapsam::nn {

RmsNormImpl::RmsNormImpl(std::int64_t width, double eps_) : eps(eps_)
{
    weight = register_parameter("weight", torch::ones({width}));
}

torch::Tensor RmsNormImpl::forward(const torch::Tensor &x)
{
    const auto wide = x.to(torch::kFloat);
    const auto scale = torch::rsqrt(wide.pow(2).mean(-1, true) + eps);
    return (wide * scale).to(x.scalar_type()) * weight;
}

} // namespace sapsam::nn
