#pragma once

#include "core/nn/torch_compat.h"

#include <functional>
#include <string>

namespace sapsam::nn {

// Sees intermediate results by name ("block0", "layer3", …), for comparisons with reference values
// and for attention maps. Empty by default and then free of cost. Called on the forward's thread.
using StageObserver = std::function<void(const std::string &stage, const torch::Tensor &value)>;

} // namespace sapsam::nn
