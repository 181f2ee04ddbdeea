#pragma once

#include <torch/torch.h>
#include <torch/version.h>

#if TORCH_VERSION_MAJOR >= 2
#include <optional>
#endif

// The differences between libtorch 1.13 and 2.x that our sources meet, in one place.
namespace sapsam::nn::compat {

#if TORCH_VERSION_MAJOR >= 2
inline constexpr bool kHasFusedAttention = true;
template <typename T>
using Optional = std::optional<T>;
inline constexpr std::nullopt_t nullopt = std::nullopt;
#else
inline constexpr bool kHasFusedAttention = false;
template <typename T>
using Optional = c10::optional<T>;
inline constexpr c10::nullopt_t nullopt = c10::nullopt;
#endif

// softmax(q kᵀ / √d + bias) v by libtorch's fused kernel. Only call it where kHasFusedAttention.
// `bias` may be undefined; `causal` must be false when it is not.
inline torch::Tensor fusedAttention(const torch::Tensor &query, const torch::Tensor &key,
                                    const torch::Tensor &value, const torch::Tensor &bias,
                                    bool causal)
{
#if TORCH_VERSION_MAJOR >= 2
    return at::scaled_dot_product_attention(
        query, key, value, bias.defined() ? Optional<at::Tensor>(bias) : nullopt, 0.0, causal);
#else
    (void)key;
    (void)value;
    (void)bias;
    (void)causal;
    return query;
#endif
}

#if TORCH_VERSION_MAJOR < 2
// The identity, with a gradient that lies in memory as the value does.
class ContiguousGradient final : public torch::autograd::Function<ContiguousGradient>
{
public:
    static torch::Tensor forward(torch::autograd::AutogradContext *, const torch::Tensor &x)
    {
        return x.view_as(x);
    }
    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *,
                                                   const torch::autograd::variable_list &gradients)
    {
        return {gradients[0].contiguous()};
    }
};
#endif

// The exact GELU. The oneDNN backward of libtorch 1.13 reads a gradient of other strides than the
// input's as if it were contiguous and returns nonsense; here it never sees one.
inline torch::Tensor gelu(const torch::Tensor &x)
{
#if TORCH_VERSION_MAJOR < 2
    if (torch::GradMode::is_enabled() && x.requires_grad())
        return ContiguousGradient::apply(torch::gelu(x.contiguous()));
#endif
    return torch::gelu(x);
}

} // namespace sapsam::nn::compat
