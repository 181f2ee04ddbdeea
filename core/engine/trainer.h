#pragma once

#include "core/base/cancel.h"
#include "core/base/json_file.h"
#include "core/base/progress.h"
#include "core/engine/engine_options.h"

#include <cstdint>
#include <functional>
#include <string>

namespace sapsam {

struct TrainOutcome
{
    std::string runFolder;
    std::string state; // "done" | "stopped" (cancelled, resumable) | "failed"
    Json best;         // {"metric","value","step"}
    Json final;        // what was measured once at the end, such as the test split; or null
};

struct TrainRequest
{
    std::string task;         // person-sam | retrieval | phrases
    Json config;              // settings of the task; missing keys take the task's defaults
    std::string runsFolder;   // a new run folder is made in here
    std::string resumeFolder; // when set, this run goes on and config must be empty
    std::string exportFolder; // when set, a finished run's model is put in here, see exportRun()
    std::uint64_t seed = 1;
    EngineOptions engine;
    // Told where the run lies, before its first step.
    std::function<void(const std::string &runFolder)> started;
    // Called from another thread when a step is still running some seconds after the run was
    // cancelled; everything is saved, and the program may end there and then.
    std::function<void(const TrainOutcome &)> abandon;
};

// Trains in the calling thread; cancelling saves a checkpoint first and returns "stopped". With
// RANK and WORLD_SIZE in the environment (see core/train/distributed.h) the process is one of
// several that train together; the first one writes the run, and only its folder is a run's.
// Throws Error(InvalidInput) listing every unusable setting, Error(Busy) for a run that another
// process trains, and what training::runLoop(), loading and writing throw.
TrainOutcome train(const TrainRequest &request, const CancelToken &cancel,
                   const ProgressSink &progress);

// What a run with this request would take: {"fits","batchSize","fittingBatch","stepMb","freeMb",
// "stepSeconds","steps","seconds","parameters","device","precision"}; times are without
// validations, null where they could not be measured. Reads and packs the data as the run would;
// nothing else is written. Cancelling gives null. Throws what train() throws.
OrderedJson preflight(const TrainRequest &request, const CancelToken &cancel,
                      const ProgressSink &progress);

// Makes the folder of a run that another process will train with `resumeFolder`; its state is
// "queued". Returns the folder. Throws Error(InvalidInput) like train().
std::string createRun(const TrainRequest &request);

// Copies the model of a finished run to modelsFolder/NAME and enters it, with the SHA-256 of every
// file, into modelsFolder/manifest.json, which is made when missing. Without `name` it is the one
// in the run's settings. Returns the entry.
// Throws Error(NotFound) for a run without a model, and what reading and writing throw.
Json exportRun(const std::string &runFolder, const std::string &modelsFolder,
               const std::string &name = {});

} // namespace sapsam
