#pragma once

#include "core/nn/activation.h"

namespace sapsam::nn {

// Whether overwriteWithActivation covers it: contiguous float32 or bfloat16 on the CPU, without
// gradients, and nobody else holds its memory.
bool mayOverwrite(const torch::Tensor &x);

// x ← activation(x) in one pass over the memory, in float32 for every element, with kernels for
// AVX-512, AVX2 and the base instruction set. The exact GELU uses Abramowitz and Stegun 7.1.26 for
// the error function: within 2e-7 |x| of the true value.
void overwriteWithActivation(torch::Tensor &x, Activation activation);

// x · sigmoid(1.702 x) for training, float32 on the CPU: one pass forward and one backward, where
// the operations of libtorch take three and five and keep their results in between.
torch::Tensor differentiableQuickGelu(const torch::Tensor &x);

} // namespace sapsam::nn
