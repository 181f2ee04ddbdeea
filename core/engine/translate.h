#pragma once

#include "core/base/error.h"
#include "core/engine/engine_options.h"

#include <torch/torch.h>

#include <string>
#include <utility>

// Private to core/engine's sources: it includes torch.
namespace sapsam::engine {

// Runs a function and turns libtorch's errors into ours: `what` says what we were doing.
template <typename Function>
auto translated(const std::string &what, Function &&function)
{
    try {
        return std::forward<Function>(function)();
    } catch (const c10::Error &error) {
        const std::string text = error.what_without_backtrace();
        const bool isMemory = text.find("out of memory") != std::string::npos
                              || text.find("can't allocate memory") != std::string::npos
                              || text.find("not enough memory") != std::string::npos;
        if (isMemory)
            throw Error(ErrorKind::OutOfMemory,
                        what
                            + ": memory is exhausted; choose a smaller batch, "
                              "close other programs or use another device");
        throw Error(ErrorKind::Internal, what + ": " + text);
    }
}

struct Computing
{
    DeviceInfo info;
    torch::Device device{torch::kCPU};
    torch::ScalarType type = torch::kFloat;
};

// Resolves the options and sets the number of threads.
Computing startComputing(const EngineOptions &options);

} // namespace sapsam::engine
