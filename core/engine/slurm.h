#pragma once

#include "core/base/cancel.h"
#include "core/base/json_file.h"
#include "core/base/progress.h"

#include <string>
#include <vector>

namespace sapsam {

// A training run as a job of a cluster that Slurm shares out.
struct SlurmJob
{
    std::string runFolder; // on a disk that all nodes see; the script and the output go here
    std::string name;
    int processes = 1; // each with a card of its own when it computes on CUDA
    int cpusPerProcess = 4;
    bool onCuda = false;
    std::vector<std::string> options; // more lines after #SBATCH, such as "--partition=gpu"
    std::vector<std::string> command; // what every process runs, the program first
};

// The script for sbatch. Slurm sends SIGTERM a minute before the time is up, so that the run saves;
// a job that is put back into the queue resumes.
std::string sbatchScript(const SlurmJob &job);

// Writes the script into the run folder and returns its path.
std::string writeSbatchScript(const SlurmJob &job);

// Hands the script to sbatch and returns the number of the job. Throws Error(NotFound) saying what
// to install when there is no sbatch, and Error(Io) with what it said when it refuses.
std::string submitToSlurm(const std::string &script);

// Watches status.json until the run has ended, and returns it. Cancelling asks the run to save and
// stop, and goes on watching until it has; a job that has not begun is taken out of the queue.
// Throws Error(Io) when the job (empty: not watched) has gone and the run has not ended.
Json followRun(const std::string &runFolder, const std::string &job, const CancelToken &cancel,
               const ProgressSink &progress);

} // namespace sapsam
