#pragma once

#include "core/nn/torch_compat.h"

#include <string>

namespace sapsam::nn {

enum class Activation {
    Gelu,      // x Φ(x), by the error function
    GeluTanh,  // its tanh approximation ("gelu_new")
    QuickGelu, // x σ(1.702 x)
    Relu
};

// Accepts the names of published configuration files: gelu, gelu_erf, gelu_new, gelu_tanh,
// gelu_pytorch_tanh, quick_gelu, relu. Throws Error(Unsupported) naming the origin and the value.
Activation activationFromName(const std::string &name, const std::string &origin);

// "gelu", "gelu_new", "quick_gelu", "relu".
const char *nameOf(Activation activation);

// Elementwise; any shape.
torch::Tensor activate(const torch::Tensor &x, Activation activation);

// The same for a value that nobody needs any more: overwrites it where that is safe and faster.
torch::Tensor activate(torch::Tensor &&x, Activation activation);

} // namespace sapsam::nn
