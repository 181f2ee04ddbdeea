#pragma once

#include "core/base/json_file.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

// Training runs as they lie in folders: what state each is in, whoever trains it, and what can be
// done with it. A run is a process of its own (see core/train/run_folder.h); everything here only
// reads its folder and leaves it wishes.
namespace sapsam {

enum class RunState {
    Waiting, // for its turn, or for the cluster
    Running,
    Stopping, // asked to, it saves
    Done,
    Stopped, // saved; can go on
    Failed,
    Lost,   // its process has died; can go on from the last checkpoint
    Missing // its folder has gone
};

// "waiting", "running", …
const char *nameOf(RunState state);

struct RunBest
{
    std::string metric; // "val-R1"
    double value = 0.0;
    std::int64_t step = 0;
};

// Something that must be known about a run's numbers.
struct RunBadge
{
    std::string id; // "chosen-on-test", "drawn-people", "other-version", "processes"
    std::string text;
    std::string explanation;
};

struct RunSummary
{
    std::string folder;
    std::string id;    // the folder's name, which is unique
    std::string title; // the name in its settings
    std::string task;
    std::string form; // see core/engine/training_form.h
    bool isLoaded = false;
    RunState state = RunState::Lost;
    std::string message; // why it failed, or what to do
    std::int64_t step = 0;
    std::int64_t steps = 0;
    std::optional<std::int64_t> epoch;
    std::optional<double> etaSeconds;
    std::optional<RunBest> best;
    std::vector<RunBadge> badges;
    std::string started;   // ISO 8601, UTC
    std::string heartbeat; //
    std::string host;
    std::int64_t pid = 0;
    int queuePlace = 0;      // from 1; 0 when it is not queued
    bool isStarting = false; // its process has been started and has not begun yet
    // Settings that this version of the program does not take; the run cannot go on then.
    std::vector<std::string> problems;

    bool canStop() const;
    bool canResume() const;
    bool hasModel = false; // finished: it can be used
};

// Reads one folder; never throws for what lies in it: the state and the message tell.
RunSummary readRun(const std::string &folder);

// The folders in `root` that are runs, newest first by name.
std::vector<std::string> runFoldersIn(const std::string &root);

// "runs" of a project folder, or the folder itself when it is no project.
std::string runsFolderOf(const std::string &folder);

// Other folders whose runs are shown with those of a runs folder (folders.json in it).
std::vector<std::string> otherRunFolders(const std::string &runsFolder);
// Adds one; a run's own folder stands for the folder that it lies in. Throws Error(NotFound) when
// there is no run in it.
void addRunFolder(const std::string &runsFolder, const std::string &folder);

// The runs of some folders. What has not changed is not read again.
class RunRegistry
{
public:
    void setRoots(std::vector<std::string> roots);
    const std::vector<std::string> &roots() const { return m_roots; }

    // Newest first. Reads for at most so many milliseconds; the runs beyond that have isLoaded
    // unset and are read next time. A run that has gone from its place is looked for in the other
    // roots under its name, else it stays as Missing until forget() or the next setRoots().
    std::vector<RunSummary> refresh(int maxMilliseconds = 1000000);
    void forget(const std::string &id);

private:
    struct Known
    {
        RunSummary run;
        std::string stamp; // of the files that it was read from
    };
    std::vector<std::string> m_roots;
    std::map<std::string, Known> m_known; // by id
};

// Asks a run to save and stop; one that waits leaves the queue, or the cluster's. Throws
// Error(NotFound) when there is no such run and Error(InvalidInput) when it has ended.
void requestStop(const std::string &runFolder);

// The settings of a run, to start another one.
Json clonedConfig(const std::string &runFolder);

struct SettingDifference
{
    std::string key;
    Json first; // null: not there
    Json second;
};
std::vector<SettingDifference> settingDifferences(const Json &first, const Json &second);

struct RunCheckpoint
{
    std::string name; // "best@val-R1", "last", "epoch-04", "model"
    std::string path;
    std::int64_t step = -1; // -1: not known
    std::int64_t bytes = 0;
    std::string time; // of the file, ISO 8601, UTC
    std::string use;  // what it is for, in words
};
// The files of a run that hold weights, the model first. Throws Error(NotFound) for no folder.
std::vector<RunCheckpoint> checkpointsOf(const std::string &runFolder);

// The last `maxBytes` of log.txt (and of what the process printed before it), whole lines.
std::string logTail(const std::string &runFolder, std::int64_t maxBytes = 256 * 1024);

// Whether a process of this machine lives that began before `notAfter` (seconds since 1970, with
// two seconds of tolerance for rounding). A zombie does not live.
bool isProcessAlive(std::int64_t pid, std::int64_t notAfter);

OrderedJson toJson(const RunSummary &run);

// Where models of finished runs can be put: the given folder when it can be written to, else the
// one for models that a user brings.
std::string writableModelsFolder(const std::string &modelsFolder);

// Makes a model of a folder the one that is taken for its task, by moving it to the front of
// manifest.json. In the folder for models that a user brings it is written down as the choice, too,
// which goes before the program's own models (see chosenModelFolder()). Throws Error(NotFound) when
// it is not listed there.
void preferModel(const std::string &modelsFolder, const std::string &name);

// The folder of the user's model that was chosen for a task in the place of the program's own;
// empty when none was, or when it is no longer there.
std::string chosenModelFolder(const std::string &task);
// Back to the program's own.
void forgetChosenModel(const std::string &task);

} // namespace sapsam
