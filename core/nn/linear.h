#pragma once

#include "core/nn/torch_compat.h"

namespace sapsam::nn {

// x Wᵀ + b of a Linear over the last dimension, as the layer's own forward. On the CPU without
// gradients two cases are faster: few rows (a token at a time) run kernels of our own that read
// the weights once at the speed of the memory, and weights may be 8-bit (quantizeLinears). Few rows
// in bfloat16 meet 8-bit weights in 16-bit fixed point: 2^-16 of the row's largest number is lost.
// Modules whose weights are to be quantizable call this instead of the layer.
torch::Tensor linear(const torch::nn::Linear &layer, const torch::Tensor &x);

// The same for a bare weight [N, K] and bias [N] (or none): a tied head.
torch::Tensor applyWeight(const torch::Tensor &x, const torch::Tensor &weight,
                          const torch::Tensor &bias = {});

// What replacing weights by 8-bit ones did.
struct Quantization
{
    std::int64_t layers = 0;
    std::int64_t bytesBefore = 0, bytesAfter = 0;
    double relativeError = 0.0; // ‖Ŵ − W‖ / ‖W‖ over all of them
};

// Replaces the weight of every Linear below `root` by 8-bit integers with one scale for each
// output (symmetric, rounded to nearest): w ≈ q · max|w| / 127. For inference on the CPU, and only
// for modules that call nn::linear. The layer keeps its name "weight" (now int8) and gets a buffer
// "weight_scale" [N] in float32. Weights that are already 8-bit stay as they are.
Quantization quantizeLinears(torch::nn::Module &root);

// The float32 weight that a quantized or plain layer stands for, [N, K].
torch::Tensor weightOf(const torch::nn::Linear &layer);

} // namespace sapsam::nn
