#pragma once

#include "core/base/cancel.h"
#include "core/base/json_file.h"

#include <cstdint>
#include <string>
#include <vector>

// How runs are started: always as processes of their own that outlive whoever started them, one at
// once or one after the other.
namespace sapsam {

// Where and with what a run computes. Kept with the run, so that it goes on the same way.
struct LaunchOptions
{
    std::string device = "auto";
    std::string precision = "auto";
    int threads = 0;
    int processes = 1; // that train together
    bool slurm = false;
    int slurmCpus = 4;
    std::vector<std::string> slurmOptions; // such as "--partition=gpu"
    std::string modelsFolder;

    // Every unusable value in words; empty when a run can start.
    std::vector<std::string> problems() const;
};

Json toJson(const LaunchOptions &options);
LaunchOptions launchOptionsFromJson(const Json &json);

// The command line program beside this one. Throws Error(NotFound) with what to install.
std::string sapsamProgram();

// `sapsam … train --resume RUN` with these options.
std::vector<std::string> runCommand(const std::string &runFolder, const LaunchOptions &options);

// Starts a command in a session of its own; its output goes to the file. Returns its process id.
// Throws Error(Io | NotFound) when it cannot be executed.
std::int64_t startDetached(const std::vector<std::string> &command, const std::string &outputFile);

// Notes in the run's folder (launch.json) how it is to be started.
void keepLaunchOptions(const std::string &runFolder, const LaunchOptions &options);
// What was noted there; the defaults when nothing was.
LaunchOptions keptLaunchOptions(const std::string &runFolder);

// Starts a run that was created or has ended, detached, and notes the process in launch.json.
// Throws Error(Busy) when it runs, Error(InvalidInput) listing problems, and as startDetached().
std::int64_t launchRun(const std::string &runFolder, const LaunchOptions &options);

// The queue of a runs folder: a file (queue.json) that survives windows, and one detached process
// that starts a run when the one before it has ended.
class RunQueue
{
public:
    explicit RunQueue(std::string runsFolder);

    std::vector<std::string> runs() const; // ids, the next one first
    void add(const std::string &id);       // at the end; once
    void remove(const std::string &id);
    void move(const std::string &id, int places); // negative: sooner

    // Whether a process works on it.
    bool isWorked() const;
    // Starts that process when there is something to do and none does it.
    void ensureWorker() const;
    // What the process does: starts one run after the other, each detached, until the queue is
    // empty. A run of this folder that was started otherwise is waited for. Returns the ids that
    // were started. Throws Error(Busy) when another process does it.
    std::vector<std::string> work(const CancelToken &cancel);

private:
    std::vector<std::string> read() const;
    template <typename Change>
    void edit(Change change);

    std::string m_folder;
};

} // namespace sapsam
