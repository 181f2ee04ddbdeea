#pragma once

#include "app/cli/context.h"
#include "core/engine/trainer.h"

#include <optional>
#include <string>
#include <vector>

namespace sapsam::cli {

// How `sapsam train` is run by more than this process.
struct TogetherOptions
{
    int launch = 0; // processes on this machine; 0 for this one alone
    bool slurm = false;
    bool slurmDryRun = false;
    int slurmCpus = 4;
    std::vector<std::string> slurmOptions;
};

void addTogetherOptions(CLI::App &training, TogetherOptions &options);

// Trains with other processes, when that was asked for; nothing otherwise.
std::optional<Answer> trainTogether(const Context &context, const TogetherOptions &options,
                                    const TrainRequest &request);

// Ends the program in the place of a step that takes too long, with the answer that the verb would
// have given.
void answerAndEnd(const Context &context, const TrainOutcome &outcome);

} // namespace sapsam::cli
