#pragma once

#include "core/base/cancel.h"
#include "core/base/json_file.h"
#include "core/base/progress.h"
#include "core/engine/engine_options.h"

#include <cstdint>
#include <string>

namespace sapsam {

struct TrainRequest
{
    std::string task;         // person-sam | retrieval | phrases
    Json config;              // settings of the task; missing keys take the task's defaults
    std::string runsFolder;   // a new run folder is made in here
    std::string resumeFolder; // when set, this run goes on and config must be empty
    std::uint64_t seed = 1;
    EngineOptions engine;
};

struct TrainOutcome
{
    std::string runFolder;
    std::string state; // "done" | "stopped" (cancelled, resumable) | "failed"
    Json best;         // {"metric","value","step"}
};

// Trains in the calling thread; cancelling saves a checkpoint first and returns "stopped".
// Throws Error(InvalidInput) listing every unusable setting, and what loading and writing throw.
TrainOutcome train(const TrainRequest &request, const CancelToken &cancel,
                   const ProgressSink &progress);

} // namespace sapsam
