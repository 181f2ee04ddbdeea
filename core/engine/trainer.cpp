#include "core/engine/trainer.h"

#include "core/base/file.h"
#include "core/base/sha256.h"
#include "core/engine/startup.h"
#include "core/engine/task_inputs.h"
#include "core/engine/translate.h"
#include "core/train/distributed.h"
#include "core/train/run_folder.h"
#include "core/train/tasks.h"

#include <algorithm>
#include <filesystem>

namespace sapsam {

namespace {

// Beside the runs, so that all of them share the packs.
std::string packsFolderOf(const TrainRequest &request)
{
    namespace fs = std::filesystem;
    fs::path runs = request.runsFolder;
    if (!request.resumeFolder.empty())
        runs = fs::absolute(fs::path(request.resumeFolder) / "")
                   .lexically_normal()
                   .parent_path()
                   .parent_path();
    return (runs / "packs").string();
}

// The same settings with a batch that fits.
std::unique_ptr<training::TrainTask> makeSmaller(const std::string &taskName, Json &config,
                                                 std::int64_t batchSize,
                                                 const training::TaskInputs &inputs)
{
    config["batchSize"] = batchSize;
    return training::makeTask(taskName, config, inputs);
}

OrderedJson resolvedConfig(const training::TrainTask &task, std::uint64_t seed)
{
    OrderedJson resolved = task.settingsJson();
    resolved["seed"] = seed;
    return resolved;
}

std::unique_ptr<training::RunFolder> newRun(const TrainRequest &request,
                                            const training::TrainTask &task, const Json &config,
                                            const training::LoopRequest &loop,
                                            const DeviceInfo &info, int processes)
{
    // Tasks that train on real pictures name them.
    std::string data = config.is_object() ? config.value("data", std::string()) : "";
    if (data.empty())
        data = "sapsam synth, data seed " + std::to_string(task.settings().dataSeed);
    OrderedJson environment =
        training::describeEnvironment(info.device, loop.precision, info.threads, data);
    environment["processes"] = processes;
    return training::RunFolder::create(request.runsFolder, task.settings().name,
                                       resolvedConfig(task, loop.seed), environment);
}

// The settings name the precision unless the caller does.
std::string precisionOf(const TrainRequest &request, const DeviceInfo &info,
                        const training::TrainTask &task)
{
    if (request.engine.precision == "auto" && task.settings().precision != "auto")
        return task.settings().precision;
    if (info.precision == "int8")
        throw Error(ErrorKind::Unsupported,
                    "8-bit weights cannot be trained; use the precision fp32 or bf16");
    return info.precision;
}

std::uint64_t seedOf(const TrainRequest &request)
{
    if (request.config.is_object() && request.config.contains("seed"))
        return require<std::uint64_t>(request.config, "seed", "the configuration");
    return request.seed;
}

} // namespace

std::string createRun(const TrainRequest &request)
{
    const DeviceInfo info = resolveDevice(request.engine);
    const auto task = training::makeTask(request.task, request.config, engine::taskInputs());
    training::LoopRequest loop;
    loop.seed = seedOf(request);
    loop.precision = precisionOf(request, info, *task);
    const auto run = newRun(request, *task, request.config, loop, info, 1);
    training::RunStatus status;
    status.state = "queued";
    status.steps = task->settings().steps;
    run->update(status);
    return run->path();
}

OrderedJson preflight(const TrainRequest &request, const CancelToken &cancel,
                      const ProgressSink &progress)
{
    const engine::Computing computing = engine::startComputing(request.engine);
    training::TaskInputs inputs = engine::taskInputs();
    inputs.packsFolder = packsFolderOf(request);
    const auto task = training::makeTask(request.task, request.config, inputs);
    training::Preflight told;
    training::LoopRequest loop;
    loop.device = computing.info.device;
    loop.seed = seedOf(request);
    loop.precision = precisionOf(request, computing.info, *task);
    loop.preflight = &told;
    const auto folder = training::RunFolder::openAsHelper({}); // leaves nothing behind
    training::runLoop(*task, *folder, loop, cancel, progress);
    if (cancel.isCancelled())
        return nullptr;
    const auto megabytes = [](std::int64_t bytes) {
        return bytes < 0 ? OrderedJson(nullptr) : OrderedJson(bytes >> 20);
    };
    const auto seconds = [&](double factor) {
        return told.stepSeconds > 0.0 ? OrderedJson(told.stepSeconds * factor)
                                      : OrderedJson(nullptr);
    };
    return {{"fits", told.fittingBatch >= told.batchSize},
            {"batchSize", told.batchSize},
            {"fittingBatch", told.fittingBatch},
            {"stepMb", megabytes(told.stepBytes)},
            {"freeMb", megabytes(told.freeBytes)},
            {"stepSeconds", seconds(1.0)},
            {"steps", told.steps},
            {"seconds", seconds(static_cast<double>(told.steps))},
            {"parameters", told.parameters},
            {"device", computing.info.device},
            {"precision", loop.precision}};
}

TrainOutcome train(const TrainRequest &request, const CancelToken &cancel,
                   const ProgressSink &progress)
{
    std::unique_ptr<training::TrainTask> task;
    std::unique_ptr<training::RunFolder> run;
    training::LoopRequest loop;
    const training::RankPlace place = training::rankFromEnvironment();
    EngineOptions options = request.engine;
    if (place.count > 1 && options.device == "cuda")
        options.device += std::string(":") + std::to_string(place.localRank);
    const engine::Computing computing = engine::startComputing(options);
    keepFreedMemory();
    loop.device = computing.info.device;
    if (place.count > 1 && computing.device.is_cuda() && options.device == "auto")
        loop.device = std::string("cuda:") + std::to_string(place.localRank);
    loop.resume = !request.resumeFolder.empty();
    const bool isHelper = place.rank > 0;

    Json config = request.config;
    std::string taskName = request.task;
    if (loop.resume) {
        if (config.is_object() && !config.empty())
            throw Error(ErrorKind::InvalidInput,
                        "a run that is resumed keeps its settings; leave the configuration out");
        config = readJsonFile(request.resumeFolder + "/config.json");
        const std::string origin = request.resumeFolder + "/config.json";
        taskName = require<std::string>(config, "task", origin);
        loop.seed = require<std::uint64_t>(config, "seed", origin);
        if (!request.task.empty() && request.task != taskName)
            throw Error(ErrorKind::InvalidInput, request.resumeFolder + " is a run of the task '"
                                                     + taskName + "', not '" + request.task + "'");
        run = isHelper ? training::RunFolder::openAsHelper(request.resumeFolder)
                       : training::RunFolder::open(request.resumeFolder);
    } else {
        loop.seed = seedOf(request);
    }
    training::TaskInputs inputs = engine::taskInputs();
    inputs.packsFolder = packsFolderOf(request);
    inputs.makesPacks = !isHelper;
    task = training::makeTask(taskName, config, inputs);

    loop.precision = precisionOf(request, computing.info, *task);
    if (!loop.resume)
        run = isHelper ? training::RunFolder::openAsHelper({})
                       : newRun(request, *task, config, loop, computing.info, place.count);

    TrainOutcome outcome;
    outcome.runFolder = run->path();
    if (request.started)
        request.started(outcome.runFolder);
    if (request.abandon)
        loop.abandon = [&](const training::LoopOutcome &left) {
            request.abandon({run->path(), left.state, left.best, {}});
        };
    std::unique_ptr<training::RankGroup> group;
    try {
        if (place.count > 1)
            group = training::RankGroup::join(place, torch::Device(loop.device));
    } catch (const Error &error) {
        run->fail(error.what());
        throw;
    }
    loop.group = group.get();

    for (;;) {
        try {
            const training::LoopOutcome done =
                training::runLoop(*task, *run, loop, cancel, progress);
            outcome.state = done.state;
            outcome.best = done.best;
            outcome.final = done.final;
            break;
        } catch (const training::BatchTooLarge &error) {
            // What has been trained with one size of batch goes on with it.
            const bool mayShrink = task->settings().fitBatch && error.fitting >= 2 && !loop.resume;
            if (!mayShrink) {
                run->fail(error.what());
                throw;
            }
            run->log("the batch is made smaller: " + std::to_string(task->settings().batchSize)
                     + " → " + std::to_string(error.fitting));
            task = makeSmaller(taskName, config, error.fitting, inputs);
            loop.checkMemory = false; // the margin covers what measuring again would find
            run->replaceConfig(resolvedConfig(*task, loop.seed));
        }
    }
    if (isHelper)
        outcome.runFolder.clear();
    else if (outcome.state == "done" && !request.exportFolder.empty())
        exportRun(outcome.runFolder, request.exportFolder);
    return outcome;
}

Json exportRun(const std::string &runFolder, const std::string &modelsFolder,
               const std::string &wantedName)
{
    const std::string source = runFolder + "/model";
    if (!std::filesystem::exists(source + "/model.safetensors"))
        throw Error(ErrorKind::NotFound,
                    runFolder + ": this run has no model yet; let it finish or resume it");
    const Json settings = readJsonFile(runFolder + "/config.json");
    const std::string name =
        wantedName.empty() ? require<std::string>(settings, "name", runFolder + "/config.json")
                           : wantedName;
    if (name.find_first_of("/\\ ") != std::string::npos)
        throw Error(ErrorKind::InvalidInput,
                    "'" + name + "' cannot name a model: it must be a word that can name a folder");
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
    const std::string data = settings.value("data", std::string("synthetic"));
    entry["source"] = data.empty() || data == "synthetic"
                          ? "trained by this project from procedurally drawn people (core/synth)"
                          : "trained by this project on " + data;
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
