#pragma once

#include "core/base/cancel.h"

#include <string>
#include <vector>

namespace sapsam {

// The command line of this process, its program first as a path that can be executed.
std::vector<std::string> ownCommandLine();

// The same arguments without an option and its value: "--name value" or "--name=value"; and, where
// `hasValue` is not set, "--name".
std::vector<std::string> withoutOption(std::vector<std::string> arguments, const std::string &name,
                                       bool hasValue);

struct LaunchOutcome
{
    int exitCode = 0;   // of the first rank that failed, or of rank 0
    std::string answer; // what rank 0 wrote to its standard output
};

// Starts `count` processes of one command on this machine with RANK, WORLD_SIZE, LOCAL_RANK,
// MASTER_ADDR and MASTER_PORT set (see core/train/distributed.h) and waits for all of them. Each
// gets its share of the cores unless the command says --threads. Cancelling passes SIGTERM on; when
// one fails, the others are stopped, after ten seconds the hard way. They end with this process.
// Throws Error(Io) when a process cannot be started.
LaunchOutcome launchRanks(int count, const std::vector<std::string> &command,
                          const CancelToken &cancel);

} // namespace sapsam
