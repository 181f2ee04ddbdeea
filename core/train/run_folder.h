#pragma once

#include "core/base/json_file.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace sapsam::training {

struct RunStatus
{
    std::string state =
        "starting"; // queued | starting | running | stopping | stopped | done | failed
    std::int64_t step = 0;
    std::int64_t steps = 0;
    std::optional<std::int64_t> epoch; // 0-based, of tasks that have epochs
    std::optional<double> etaSeconds;
    std::string message; // why it failed
    Json best;           // {"metric","value","step"} so far, or null
};

// The folder of one training run: what it was told, where it is and what it measured. Every file is
// replaced by a rename, so that a reader in another process never sees half of one.
// update() and append() may be called from any thread; a thread of its own renews the heartbeat in
// status.json every 5 seconds.
class RunFolder
{
public:
    // A new folder `runsFolder`/YYYYMMDD-HHMMSS-name-hash with config.json and environment.json.
    static std::unique_ptr<RunFolder> create(const std::string &runsFolder, const std::string &name,
                                             const OrderedJson &config,
                                             const OrderedJson &environment);
    // An existing one. Throws Error(NotFound | Corrupt) naming the file, and Error(Busy) while
    // another process works in it.
    static std::unique_ptr<RunFolder> open(const std::string &folder);
    // For a process that helps another one, which writes the run: nothing is written but the files
    // of the model, into a folder of its own that goes with it. Checkpoints are read from `folder`,
    // which may be empty for a new run.
    static std::unique_ptr<RunFolder> openAsHelper(const std::string &folder);

    ~RunFolder();
    RunFolder(const RunFolder &) = delete;
    RunFolder &operator=(const RunFolder &) = delete;

    const std::string &path() const;
    std::string checkpointPath(const std::string &name, const std::string &suffix) const;
    Json config() const;

    void update(const RunStatus &status);
    // One object as one line of metrics.jsonl.
    void appendMetrics(const OrderedJson &metrics);
    // Drops what an interrupted run measured after its last checkpoint: the lines of later steps, a
    // line that was cut off, what was measured of the finished model and, when asked, the
    // validation of the step itself.
    void dropMetricsAfter(std::int64_t step, bool andValidation = false);
    // Files that were being written when the process was killed.
    void removePartialFiles();
    // Settings that had to change before the first step.
    void replaceConfig(const OrderedJson &config);
    // One line of log.txt, with the time, and to the log of the program.
    void log(const std::string &line);
    // Says that the run has failed, as far as the disk lets it; never throws.
    void fail(const std::string &message) noexcept;

    // Somebody asked this run to save and stop: the file "stop.request" lies in the folder.
    bool isStopRequested() const;
    void clearStopRequest();

private:
    RunFolder(std::string path, bool isHelper);

    struct Private;
    std::unique_ptr<Private> d;
};

// What the numbers of a run depend on besides its settings: versions, device, host.
OrderedJson describeEnvironment(const std::string &device, const std::string &precision,
                                int threads, const std::string &dataDescription);

} // namespace sapsam::training
