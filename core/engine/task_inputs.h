#pragma once

#include "core/train/task_inputs.h"

// Private to core/engine's sources.
namespace sapsam::engine {

// What training reads data sets with. Empty functions in the build without picture codecs.
training::TaskInputs taskInputs();

} // namespace sapsam::engine
