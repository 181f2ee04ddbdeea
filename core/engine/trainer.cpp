#include "core/engine/trainer.h"

#include "core/base/file.h"
#include "core/base/sha256.h"
#include "core/engine/task_inputs.h"
#include "core/engine/translate.h"
#include "core/train/run_folder.h"
#include "core/train/tasks.h"

#include <algorithm>
#include <filesystem>

namespace sapsam {

TrainOutcome train(const TrainRequest &request, const CancelToken &cancel,
                   const ProgressSink &progress)
{
    std::unique_ptr<training::TrainTask> task;
    std::unique_ptr<training::RunFolder> run;
    training::LoopRequest loop;
    const engine::Computing computing = engine::startComputing(request.engine);
    loop.device = computing.info.device;
    loop.resume = !request.resumeFolder.empty();

    Json config = request.config;
    std::string taskName = request.task;
    loop.seed = request.seed;
    if (loop.resume) {
        if (config.is_object() && !config.empty())
            throw Error(ErrorKind::InvalidInput,
                        "a run that is resumed keeps its settings; leave the configuration out");
        run = training::RunFolder::open(request.resumeFolder);
        config = run->config();
        const std::string origin = request.resumeFolder + "/config.json";
        taskName = require<std::string>(config, "task", origin);
        loop.seed = require<std::uint64_t>(config, "seed", origin);
        if (!request.task.empty() && request.task != taskName)
            throw Error(ErrorKind::InvalidInput, request.resumeFolder + " is a run of the task '"
                                                     + taskName + "', not '" + request.task + "'");
    } else if (config.is_object() && config.contains("seed")) {
        loop.seed = require<std::uint64_t>(config, "seed", "the configuration");
    }
    task = training::makeTask(taskName, config, engine::taskInputs());

    // The settings name the precision unless the caller does.
    loop.precision = computing.info.precision;
    if (request.engine.precision == "auto" && task->settings().precision != "auto")
        loop.precision = task->settings().precision;

    if (!loop.resume) {
        OrderedJson resolved = task->settingsJson();
        resolved["seed"] = loop.seed;
        // Tasks that train on real pictures name them.
        std::string data = config.is_object() ? config.value("data", std::string()) : "";
        if (data.empty())
            data = "sapsam synth, data seed " + std::to_string(task->settings().dataSeed);
        run = training::RunFolder::create(
            request.runsFolder, task->settings().name, resolved,
            training::describeEnvironment(computing.info.device, loop.precision,
                                          computing.info.threads, data));
    }

    TrainOutcome outcome;
    outcome.runFolder = run->path();
    try {
        const training::LoopOutcome done = engine::translated("training in " + run->path(), [&] {
            return training::runLoop(*task, *run, loop, cancel, progress);
        });
        outcome.state = done.state;
        outcome.best = done.best;
    } catch (const std::exception &error) {
        training::RunStatus status;
        status.state = "failed";
        status.message = error.what();
        status.steps = task->settings().steps;
        run->update(status);
        run->log(std::string("failed: ") + error.what());
        throw;
    }
    if (outcome.state == "done" && !request.exportFolder.empty())
        exportRun(outcome.runFolder, request.exportFolder);
    return outcome;
}

Json exportRun(const std::string &runFolder, const std::string &modelsFolder)
{
    const std::string source = runFolder + "/model";
    if (!std::filesystem::exists(source + "/model.safetensors"))
        throw Error(ErrorKind::NotFound,
                    runFolder + ": this run has no model yet; let it finish or resume it");
    const Json settings = readJsonFile(runFolder + "/config.json");
    const std::string name = require<std::string>(settings, "name", runFolder + "/config.json");
    const std::string task = require<std::string>(settings, "task", runFolder + "/config.json");
    const std::string target = modelsFolder + "/" + name;
    makeFolder(target);

    std::vector<std::string> files;
    for (const auto &entry : std::filesystem::directory_iterator(source)) {
        if (entry.is_regular_file())
            files.push_back(entry.path().filename().string());
    }
    std::sort(files.begin(), files.end());
    OrderedJson entry;
    entry["name"] = name;
    entry["task"] = task;
    entry["architecture"] =
        require<std::string>(readJsonFile(source + "/config.json"), "architecture", source);
    entry["folder"] = name;
    entry["files"] = OrderedJson::array();
    for (const std::string &file : files) {
        const std::string content = readFile(source + "/" + file);
        writeFileAtomically(target + "/" + file, content);
        entry["files"].push_back(
            {{"path", file}, {"sha256", sha256Of(content)}, {"bytes", content.size()}});
    }
    entry["licence"] = "Apache-2.0";
    entry["source"] = "trained by this project from procedurally drawn people (core/synth)";
    entry["reproduce"] =
        "sapsam train " + task + " --config models/configs/" + task + ".json --export models";

    const std::string manifestPath = modelsFolder + "/manifest.json";
    OrderedJson manifest;
    if (std::filesystem::exists(manifestPath))
        manifest = OrderedJson::parse(readFile(manifestPath), nullptr, false);
    if (!manifest.is_object() || !manifest.contains("models") || !manifest.at("models").is_array())
        manifest = {{"version", 1}, {"models", OrderedJson::array()}};
    OrderedJson &models = manifest["models"];
    const auto found = std::find_if(models.begin(), models.end(), [&](const OrderedJson &other) {
        return other.is_object() && other.value("name", "") == name;
    });
    if (found != models.end())
        *found = entry;
    else
        models.push_back(entry);
    writeJsonFile(manifestPath, manifest);
    return Json(entry);
}

} // namespace sapsam
