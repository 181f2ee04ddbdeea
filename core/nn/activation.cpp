#include "core/nn/activation.h"

#include "core/base/error.h"
#include "core/nn/cpu_activation.h"

#include <utility>

namespace sapsam::nn {

Activation activationFromName(const std::string &name, const std::string &origin)
{
    if (name == "gelu" || name == "gelu_erf")
        return Activation::Gelu;
    if (name == "gelu_new" || name == "gelu_tanh" || name == "gelu_pytorch_tanh")
        return Activation::GeluTanh;
    if (name == "quick_gelu")
        return Activation::QuickGelu;
    if (name == "relu")
        return Activation::Relu;
    throw Error(ErrorKind::Unsupported, origin + ": unknown activation '" + name
                                            + "'; known are gelu, gelu_new, quick_gelu and relu");
}

const char *nameOf(Activation activation)
{
    switch (activation) {
    case Activation::Gelu:
        return "gelu";
    case Activation::GeluTanh:
        return "gelu_new";
    case Activation::QuickGelu:
        return "quick_gelu";
    case Activation::Relu:
        return "relu";
    }
    return "gelu";
}

torch::Tensor activate(const torch::Tensor &x, Activation activation)
{
    switch (activation) {
    case Activation::Gelu:
        return compat::gelu(x);
    case Activation::GeluTanh:
        return torch::gelu(x, "tanh");
    case Activation::QuickGelu: {
        if (torch::GradMode::is_enabled() && x.requires_grad() && x.device().is_cpu()
            && x.scalar_type() == torch::kFloat)
            return differentiableQuickGelu(x);
        // The product may overwrite the sigmoid only while nobody needs it for a gradient.
        auto gate = torch::sigmoid(x * 1.702);
        return torch::GradMode::is_enabled() && x.requires_grad() ? gate * x : gate.mul_(x);
    }
    case Activation::Relu:
        return torch::relu(x);
    }
    return x;
}

torch::Tensor activate(torch::Tensor &&x, Activation activation)
{
    if (!mayOverwrite(x))
        return activate(static_cast<const torch::Tensor &>(x), activation);
    overwriteWithActivation(x, activation);
    return std::move(x);
}

} // namespace sapsam::nn
