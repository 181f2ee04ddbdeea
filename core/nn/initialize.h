#pragma once

#include "core/nn/torch_compat.h"

#include <cstdint>
#include <functional>
#include <string>

namespace sapsam::nn {

// How one tensor starts: normal with a deviation, or a constant.
struct InitialValue
{
    double mean = 0.0;
    double deviation = 0.0; // 0: every element is the mean
};

// Chooses by the tensor's dotted name and its shape.
using InitialValueRule =
    std::function<InitialValue(const std::string &name, const torch::Tensor &tensor)>;

// Fills every parameter and buffer. Each tensor draws from its own stream, named after it, so the
// numbers depend only on the seed and the name, not on the platform or on other tensors.
void initializeTensors(torch::nn::Module &module, std::uint64_t seed, const InitialValueRule &rule);

// Norm weights 1, every bias 0, all else normal with the given deviation.
InitialValue commonInitialValue(const std::string &name, const torch::Tensor &tensor,
                                double deviation = 0.02);

// The same, but matrices and convolutions get a deviation of 1 / √fan-in (LeCun et al. 1998), so
// that signals keep their size through narrow layers. Tables (embeddings of words, positions,
// tokens and queries, told by their names) keep the given deviation.
InitialValue scaledInitialValue(const std::string &name, const torch::Tensor &tensor,
                                double tableDeviation = 0.02);

} // namespace sapsam::nn
