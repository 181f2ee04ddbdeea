#include "app/cli/train_together.h"

#include "core/base/file.h"
#include "core/engine/launch.h"
#include "core/engine/slurm.h"

#include <cstdio>
#include <filesystem>
#include <unistd.h>

namespace sapsam::cli {

namespace {

OrderedJson outcomeJson(const TrainOutcome &outcome)
{
    return {{"run", outcome.runFolder}, {"state", outcome.state}, {"best", outcome.best}};
}

Answer launch(const Context &context, const TogetherOptions &options)
{
    std::vector<std::string> command = withoutOption(ownCommandLine(), "--launch", true);
    command = withoutOption(std::move(command), "--json", false);
    command.push_back("--json"); // its answer becomes ours
    const LaunchOutcome outcome = launchRanks(options.launch, command, context.cancel);
    Answer answer;
    answer.exitCode = outcome.exitCode;
    answer.json = OrderedJson::parse(outcome.answer, nullptr, false);
    if (!answer.json.is_object())
        throw Error(ErrorKind::Io, "the first of the " + std::to_string(options.launch)
                                       + " processes ended with code "
                                       + std::to_string(outcome.exitCode) + " and no answer");
    answer.text = answer.json.dump() + "\n";
    return answer;
}

Answer submit(const Context &context, const TogetherOptions &options, const TrainRequest &request)
{
    SlurmJob job;
    job.runFolder = std::filesystem::absolute(request.resumeFolder.empty() ? createRun(request)
                                                                           : request.resumeFolder)
                        .string();
    const Json config = readJsonFile(job.runFolder + "/config.json");
    job.name = config.value("name", std::string("sapsam"));
    job.processes = std::max(1, options.launch);
    job.cpusPerProcess = options.slurmCpus;
    job.onCuda = request.engine.device.rfind("cuda", 0) == 0;
    job.options = options.slurmOptions;
    job.command = {ownCommandLine().front(), "--json"};
    if (request.engine.device != "auto")
        job.command.insert(job.command.end(),
                           {"--device", job.onCuda ? "cuda" : request.engine.device});
    if (request.engine.precision != "auto")
        job.command.insert(job.command.end(), {"--precision", request.engine.precision});
    job.command.insert(job.command.end(), {"--threads", std::to_string(options.slurmCpus), "train",
                                           "--resume", job.runFolder});
    if (!request.exportFolder.empty())
        job.command.insert(job.command.end(),
                           {"--export", std::filesystem::absolute(request.exportFolder).string()});
    const std::string script = writeSbatchScript(job);

    Answer answer;
    answer.json = {{"run", job.runFolder}, {"script", script}, {"state", "queued"}};
    if (options.slurmDryRun) {
        answer.text = script + "\n";
        return answer;
    }
    const std::string id = submitToSlurm(script);
    answer.json["job"] = id;
    const Json status = followRun(job.runFolder, id, context.cancel, context.progress);
    answer.json["state"] = status.at("state");
    if (status.contains("message"))
        answer.json["message"] = status.at("message");
    answer.exitCode = status.at("state") == "failed" ? Failed : Done;
    answer.text =
        job.runFolder + ": job " + id + ", " + status.at("state").get<std::string>() + "\n";
    return answer;
}

} // namespace

void addTogetherOptions(CLI::App &training, TogetherOptions &options)
{
    training
        .add_option("--launch", options.launch,
                    "Train with this many processes on this machine; with --slurm, in the job")
        ->check(CLI::Range(1, 1024));
    training.add_flag("--slurm", options.slurm,
                      "Write a script for Slurm into the run folder, submit it and follow the run");
    training.add_flag("--slurm-dry-run", options.slurmDryRun, "Only write the script");
    training.add_option("--slurm-cpus", options.slurmCpus, "Cores of each process in the job")
        ->capture_default_str();
    training.add_option("--slurm-option", options.slurmOptions,
                        "One more option of sbatch, such as --slurm-option=--partition=gpu; may be "
                        "repeated");
}

std::optional<Answer> trainTogether(const Context &context, const TogetherOptions &options,
                                    const TrainRequest &request)
{
    if (options.slurm || options.slurmDryRun)
        return submit(context, options, request);
    if (options.launch > 1)
        return launch(context, options);
    return {};
}

void answerAndEnd(const Context &context, const TrainOutcome &outcome)
{
    const std::string text =
        context.json ? outcomeJson(outcome).dump(2) : outcome.runFolder + ": " + outcome.state;
    std::printf("%s\n", text.c_str());
    std::fflush(stdout);
    ::_exit(CancelledByUser); // the step still runs in its thread: nothing may be taken apart
}

} // namespace sapsam::cli
