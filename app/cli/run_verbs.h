#pragma once

#include "app/cli/context.h"
#include "core/engine/trainer.h"

#include <optional>
#include <string>

namespace sapsam::cli {

// What `sapsam train` does in the place of training here and now.
struct AheadOptions
{
    bool describe = false;
    bool check = false;
    bool preflight = false;
    bool detach = false;
    bool enqueue = false;
    std::string preset;
};

void addAheadOptions(CLI::App &training, AheadOptions &options);

// Describes, checks, measures, starts apart or queues, when that was asked for; nothing otherwise.
// Without a task, --describe lists all forms and presets.
std::optional<Answer> runAhead(const Context &context, const AheadOptions &options,
                               const TrainRequest &request, int processes);

// The settings of a preset of the models folder. Throws Error(NotFound) naming those there are.
Json presetConfig(const std::string &modelsFolder, const std::string &id);

// Adds everything under "runs".
void addRunVerbs(CLI::App &runs, Context &context);

} // namespace sapsam::cli
