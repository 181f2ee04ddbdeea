#include "core/engine/task_inputs.h"

namespace sapsam::engine {

training::TaskInputs taskInputs()
{
    return {};
}

} // namespace sapsam::engine
