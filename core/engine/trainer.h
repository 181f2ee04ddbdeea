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
    std::string exportFolder; // when set, a finished run's model is put in here, see exportRun()
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

// Copies the model of a finished run to modelsFolder/NAME and enters it, with the SHA-256 of every
// file, into modelsFolder/manifest.json, which is made when missing. Returns the entry.
// Throws Error(NotFound) for a run without a model, and what reading and writing throw.
Json exportRun(const std::string &runFolder, const std::string &modelsFolder);

} // namespace sapsam
