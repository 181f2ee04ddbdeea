#include "core/engine/slurm.h"

#include "core/base/error.h"
#include "core/base/file.h"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <sys/wait.h>
#include <thread>

namespace sapsam {

namespace {

// As one word of a shell.
std::string quoted(const std::string &word)
{
    if (!word.empty()
        && word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "_-./=:,@%+")
               == std::string::npos)
        return word;
    std::string result = "'";
    for (const char c : word)
        result += c == '\'' ? "'\\''" : std::string(1, c);
    return result + "'";
}

struct Spoken
{
    int status = 0;
    std::string text; // both outputs
};

Spoken run(const std::string &shellCommand)
{
    const std::unique_ptr<std::FILE, int (*)(std::FILE *)> pipe(
        ::popen(("{ " + shellCommand + "; } 2>&1").c_str(), "r"), [](std::FILE *) { return 0; });
    if (!pipe)
        throw Error(ErrorKind::Io, "the shell cannot be started");
    Spoken spoken;
    char text[512];
    while (std::fgets(text, sizeof text, pipe.get()) != nullptr)
        spoken.text += text;
    const int status = ::pclose(pipe.get());
    spoken.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return spoken;
}

} // namespace

std::string sbatchScript(const SlurmJob &job)
{
    std::string text = "#!/bin/bash\n";
    const auto option = [&](const std::string &line) { text += "#SBATCH " + line + "\n"; };
    option("--job-name=" + quoted(job.name));
    option("--ntasks=" + std::to_string(job.processes));
    option("--cpus-per-task=" + std::to_string(job.cpusPerProcess));
    if (job.onCuda)
        option("--gpus-per-task=1");
    option("--output=" + quoted(job.runFolder + "/slurm-%j.txt"));
    option("--open-mode=append");
    option("--requeue");
    option("--signal=TERM@60");
    for (const std::string &line : job.options)
        option(line);
    text += "set -euo pipefail\n"
            "MASTER_ADDR=$(scontrol show hostnames \"$SLURM_JOB_NODELIST\" | sed -n 1p)\n"
            "MASTER_PORT=$((20000 + SLURM_JOB_ID % 20000))\n"
            "WORLD_SIZE=$SLURM_NTASKS\n"
            "export MASTER_ADDR MASTER_PORT WORLD_SIZE\n"
            "exec srun --kill-on-bad-exit=1 bash -c \\\n"
            "  'RANK=$SLURM_PROCID LOCAL_RANK=$SLURM_LOCALID exec \"$@\"' rank \\\n ";
    for (const std::string &word : job.command)
        text.append(" ").append(quoted(word));
    text.append("\n");
    return text;
}

std::string writeSbatchScript(const SlurmJob &job)
{
    const std::string path = job.runFolder + "/job.sbatch";
    writeFileAtomically(path, sbatchScript(job));
    return path;
}

std::string submitToSlurm(const std::string &script)
{
    const Spoken spoken = run("sbatch --parsable " + quoted(script));
    if (spoken.status == 127)
        throw Error(ErrorKind::NotFound,
                    "there is no sbatch on this machine: install Debian's slurm-client and set it "
                    "up for your cluster (slurm-wlm for a cluster of this one machine), or submit "
                    "'" + script
                        + "' elsewhere");
    if (spoken.status != 0)
        throw Error(ErrorKind::Io, "sbatch refuses '" + script + "': " + spoken.text);
    return spoken.text.substr(0, spoken.text.find_first_of(";\n")); // "job;cluster"
}

Json followRun(const std::string &runFolder, const std::string &job, const CancelToken &cancel,
               const ProgressSink &progress)
{
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::seconds kLook(10);
    Clock::time_point looked = Clock::now();
    bool isAsked = false;
    bool isGone = false;
    for (;;) {
        const Json status = readJsonFile(runFolder + "/status.json");
        const std::string state = status.value("state", std::string());
        if (state == "done" || state == "stopped" || state == "failed")
            return status;
        if (isGone)
            throw Error(ErrorKind::Io, "job " + job + " has ended, but not the run " + runFolder
                                           + "; look at slurm-" + job
                                           + ".txt there, and go on with `sapsam train --resume`");
        if (progress) {
            Progress now;
            now.stage = state == "queued" ? "waiting for the cluster" : "training";
            now.done = status.value("step", std::int64_t(0));
            now.total = status.value("steps", std::int64_t(0));
            progress(now);
        }
        if (cancel.isCancelled() && !isAsked) {
            isAsked = true;
            if (state == "queued") { // nobody would hear it
                if (!job.empty())
                    run("scancel " + quoted(job));
                return status;
            }
            writeFileAtomically(runFolder + "/stop.request", "");
        }
        if (!job.empty() && Clock::now() - looked > kLook) {
            looked = Clock::now();
            // The status is read once more before it counts.
            isGone = run("squeue --noheader --jobs=" + quoted(job) + " --format=%i 2>/dev/null")
                         .text.empty();
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
}

} // namespace sapsam
