#include "app/cli/run_verbs.h"

#include "app/cli/run_comparison.h"
#include "core/base/file.h"
#include "core/engine/run_launch.h"
#include "core/engine/run_metrics.h"
#include "core/engine/run_registry.h"
#include "core/engine/run_samples.h"
#include "core/engine/training_form.h"

#include <cstdio>
#include <filesystem>
#include <memory>

namespace sapsam::cli {

namespace {

namespace fs = std::filesystem;

std::string lineOf(const RunSummary &run)
{
    std::string line = run.folder + "  " + nameOf(run.state);
    if (run.steps > 0)
        line += "  " + std::to_string(run.step) + "/" + std::to_string(run.steps);
    if (run.best) {
        char text[64];
        std::snprintf(text, sizeof text, "  best %.4g", run.best->value);
        line += text;
        line += " " + run.best->metric;
    }
    for (const RunBadge &badge : run.badges)
        line += "  [" + badge.text + "]";
    if (!run.message.empty())
        line += "\n    " + run.message;
    return line + "\n";
}

Answer listAnswer(const std::string &folder)
{
    const std::string root = runsFolderOf(folder);
    if (!fs::is_directory(root))
        throw Error(ErrorKind::NotFound, "there is no folder '" + root + "'");
    RunRegistry registry;
    registry.setRoots({root});
    Answer answer;
    answer.json = {{"runs", OrderedJson::array()}};
    for (const RunSummary &run : registry.refresh()) {
        answer.text += lineOf(run);
        answer.json["runs"].push_back(toJson(run));
    }
    const RunQueue queue(root);
    answer.json["queue"] = queue.runs();
    return answer;
}

// Of a run that is there.
RunSummary readPresent(const std::string &folder)
{
    const RunSummary run = readRun(folder);
    if (run.state == RunState::Missing)
        throw Error(ErrorKind::NotFound, "there is no run '" + folder + "'");
    return run;
}

Answer showAnswer(const std::string &folder)
{
    Answer answer;
    answer.json = toJson(readPresent(folder));
    answer.json["config"] = OrderedJson::parse(readFile(folder + "/config.json"));
    if (fs::exists(folder + "/environment.json"))
        answer.json["environment"] = OrderedJson::parse(readFile(folder + "/environment.json"));
    RunMetrics metrics(folder + "/metrics.jsonl");
    metrics.update();
    answer.json["lines"] = metrics.lines();
    if (metrics.damagedLines() > 0)
        answer.json["damagedLines"] = metrics.damagedLines();
    OrderedJson last = OrderedJson::object();
    for (const auto &[name, value] : metrics.lastValues())
        last[name] = value;
    if (!last.empty()) {
        last["step"] = metrics.lastStep();
        answer.json["last"] = last;
    }
    answer.text = answer.json.dump(2) + "\n";
    return answer;
}

Answer curvesAnswer(const std::string &folder, int points)
{
    readPresent(folder);
    RunMetrics metrics(folder + "/metrics.jsonl");
    metrics.update();
    Answer answer;
    answer.json = {{"run", folder},
                   {"lines", metrics.lines()},
                   {"damagedLines", metrics.damagedLines()},
                   {"curves", OrderedJson::object()}};
    for (const std::string &name : metrics.names()) {
        OrderedJson curve = OrderedJson::array();
        for (const CurveColumn &column :
             metrics.columns(name, 0.0, metrics.lastStep(), std::max(1, points / 2)))
            curve.push_back({column.first, column.last, column.low, column.mean, column.high});
        answer.json["curves"][name] = curve;
        answer.text += name + ": " + std::to_string(metrics.pointCount(name)) + " points\n";
    }
    return answer;
}

Answer checkpointsAnswer(const std::string &folder)
{
    Answer answer;
    answer.json = {{"run", folder}, {"checkpoints", OrderedJson::array()}};
    for (const RunCheckpoint &checkpoint : checkpointsOf(folder)) {
        OrderedJson entry = {{"name", checkpoint.name},
                             {"path", checkpoint.path},
                             {"bytes", checkpoint.bytes},
                             {"time", checkpoint.time},
                             {"use", checkpoint.use}};
        if (checkpoint.step >= 0)
            entry["step"] = checkpoint.step;
        answer.json["checkpoints"].push_back(entry);
        answer.text += checkpoint.name + "  "
                       + (checkpoint.step >= 0 ? "step " + std::to_string(checkpoint.step) + "  "
                                               : std::string())
                       + std::to_string(checkpoint.bytes >> 10) + " KiB  " + checkpoint.use + "\n";
    }
    return answer;
}

Answer launched(const std::string &folder, const LaunchOptions &options)
{
    const std::int64_t pid = launchRun(folder, options);
    return {{{"run", folder}, {"state", "waiting"}, {"pid", pid}},
            folder + ": started as process " + std::to_string(pid) + "\n",
            Done};
}

Answer queued(const std::string &folder)
{
    RunQueue queue(fs::path(folder).parent_path().string());
    queue.add(fs::path(folder).filename().string());
    queue.ensureWorker();
    const RunSummary run = readRun(folder);
    OrderedJson json = toJson(run);
    return {json, lineOf(run), Done};
}

LaunchOptions optionsOf(const Context &context)
{
    LaunchOptions options;
    options.device = context.engine.device;
    options.precision = context.engine.precision;
    options.threads = context.engine.threads;
    options.modelsFolder = context.modelsFolder;
    return options;
}

// What was kept with the run, with what this command line says in its place.
LaunchOptions resumeOptions(const Context &context, const std::string &folder)
{
    LaunchOptions options = keptLaunchOptions(folder);
    if (context.engine.device != "auto")
        options.device = context.engine.device;
    if (context.engine.precision != "auto")
        options.precision = context.engine.precision;
    if (context.engine.threads > 0)
        options.threads = context.engine.threads;
    if (options.modelsFolder.empty())
        options.modelsFolder = context.modelsFolder;
    return options;
}

std::string withoutSlash(std::string folder)
{
    folder = fs::absolute(folder).lexically_normal().string();
    while (folder.size() > 1 && folder.back() == '/')
        folder.pop_back();
    return folder;
}

Answer samplesAnswer(const std::string &path, std::int64_t wanted)
{
    readPresent(path);
    const std::vector<std::int64_t> steps = sampleSteps(path);
    Answer answer;
    answer.json = {{"run", path}, {"steps", steps}, {"samples", OrderedJson::array()}};
    if (steps.empty() && wanted < 0) {
        answer.text = "no samples yet: every evaluation keeps a few predictions\n";
        return answer;
    }
    const ShownSamples shown = readRunSamples(path, wanted < 0 ? steps.back() : wanted);
    answer.json["step"] = shown.step;
    answer.text = "step " + std::to_string(shown.step) + "\n";
    for (const ShownSample &sample : shown.samples) {
        OrderedJson item{{"given", sample.given},     {"expected", sample.expected},
                         {"predicted", sample.predicted}, {"picture", sample.picture},
                         {"second", sample.second}};
        answer.text += "  " + sample.given;
        if (!sample.expected.empty())
            answer.text += ": " + sample.expected + " -> " + sample.predicted;
        if (sample.value) {
            item["value"] = *sample.value;
            item["value_name"] = sample.valueName;
            answer.text += "  " + sample.valueName + " " + OrderedJson(*sample.value).dump();
        }
        if (sample.isRight) {
            item["right"] = *sample.isRight;
            answer.text += *sample.isRight ? "  right" : "  wrong";
        }
        answer.text += "\n";
        answer.json["samples"].push_back(std::move(item));
    }
    return answer;
}

} // namespace

void addAheadOptions(CLI::App &training, AheadOptions &options)
{
    training.add_flag("--describe", options.describe,
                      "List the task's settings with default, range and meaning; without a task, "
                      "all tasks and presets");
    training.add_flag("--check", options.check,
                      "Only say which settings cannot be used, each with its key");
    training.add_flag("--preflight", options.preflight,
                      "Only measure what memory and time the run would take");
    training.add_flag("--detach", options.detach,
                      "Start the run as a process of its own and answer with its folder");
    training.add_flag("--enqueue", options.enqueue,
                      "Put the run into the queue of its folder, which starts one after the other");
    training.add_option("--preset", options.preset,
                        "Settings of this name from the models folder, in the place of --config");
}

Json presetConfig(const std::string &modelsFolder, const std::string &id)
{
    std::string known;
    for (const TrainingPreset &preset : trainingPresets(modelsFolder)) {
        if (preset.id == id)
            return preset.config;
        known += (known.empty() ? "" : ", ") + preset.id;
    }
    throw Error(ErrorKind::NotFound, "there is no preset '" + id + "' in '" + modelsFolder
                                         + "/configs'; there are: " + known);
}

std::optional<Answer> runAhead(const Context &context, const AheadOptions &options,
                               const TrainRequest &request, int processes)
{
    Answer answer;
    if (options.describe && request.task.empty()) {
        answer.json = {{"tasks", OrderedJson::array()}, {"presets", OrderedJson::array()}};
        for (const TrainingForm &form : trainingForms()) {
            answer.json["tasks"].push_back(describe(form));
            answer.text += form.id + ": " + form.explanation + "\n";
        }
        for (const TrainingPreset &preset : trainingPresets(context.modelsFolder)) {
            answer.json["presets"].push_back({{"id", preset.id},
                                              {"title", preset.title},
                                              {"form", preset.form},
                                              {"config", preset.config}});
            answer.text += "preset " + preset.id + ": " + preset.title + "\n";
        }
        return answer;
    }
    if (options.describe || options.check) {
        const TrainingForm &form = trainingForm(formIdOf(request.task, request.config));
        if (options.describe) {
            answer.json = describe(form);
            for (const SettingField &field : form.fields) {
                answer.text += field.key + " (" + nameOf(field.type) + ", " + field.fallback.dump()
                               + ")  " + field.explanation;
                const std::string range = field.range.text();
                answer.text += (range.empty() ? std::string() : " [" + range + "]") + "\n";
            }
            return answer;
        }
        answer.json = {{"form", form.id}, {"problems", OrderedJson::array()}};
        for (const SettingProblem &problem :
             checkSettings(form, request.config, context.modelsFolder)) {
            answer.json["problems"].push_back({{"key", problem.key}, {"message", problem.message}});
            answer.text += problem.message + "\n";
        }
        answer.exitCode = answer.json.at("problems").empty() ? Done : Failed;
        if (answer.text.empty())
            answer.text = "all settings can be used\n";
        return answer;
    }
    if (options.preflight) {
        answer.json = preflight(request, context.cancel, context.progress);
        answer.text = answer.json.dump(2) + "\n";
        return answer;
    }
    if (!options.detach && !options.enqueue)
        return {};
    LaunchOptions launch = optionsOf(context);
    launch.processes = processes > 1 ? processes : 1;
    const bool isNew = request.resumeFolder.empty();
    const std::string folder = withoutSlash(isNew ? createRun(request) : request.resumeFolder);
    if (!isNew) {
        const LaunchOptions kept = resumeOptions(context, folder);
        const int wanted = launch.processes;
        launch = kept;
        launch.processes = processes > 1 ? wanted : kept.processes;
    }
    if (options.detach)
        return launched(folder, launch);
    keepLaunchOptions(folder, launch);
    return queued(folder);
}

void addRunVerbs(CLI::App &runs, Context &context)
{
    auto folder = std::make_shared<std::string>("runs");
    auto *list = runs.add_subcommand("list", "The runs of a project or folder, newest first");
    list->add_option("DIR", *folder)->capture_default_str();
    list->callback([&context, folder] { context.verb = [folder] { return listAnswer(*folder); }; });

    auto run = std::make_shared<std::string>();
    const auto addVerb = [&](const char *name, const char *help, auto answer) {
        auto *verb = runs.add_subcommand(name, help);
        verb->add_option("RUN", *run)->required();
        verb->callback([&context, run, answer] {
            context.verb = [&context, run, answer] { return answer(context, withoutSlash(*run)); };
        });
        return verb;
    };
    addVerb("show", "Settings, state and last measurements of a run",
            [](const Context &, const std::string &path) { return showAnswer(path); });
    addVerb("stop", "Ask a run to save and stop; one that waits leaves the queue",
            [](const Context &, const std::string &path) {
                OrderedJson json = toJson(readPresent(path));
                requestStop(path);
                json["requested"] = true;
                return Answer{json, path + ": asked to save and stop\n", Done};
            });
    addVerb("start", "Go on with a run as a process of its own, where and how it was trained",
            [](const Context &own, const std::string &path) {
                readPresent(path);
                return launched(path, resumeOptions(own, path));
            });
    addVerb("checkpoints", "The files of a run that hold weights",
            [](const Context &, const std::string &path) { return checkpointsAnswer(path); });
    addVerb("clone", "The settings of a run, to start another one",
            [](const Context &, const std::string &path) {
                const std::string text = readFile(path + "/config.json");
                return Answer{OrderedJson::parse(text), text, Done};
            });

    auto points = std::make_shared<int>(1000);
    addVerb(
        "curves", "What a run measured, as curves of about so many points",
        [points](const Context &, const std::string &path) { return curvesAnswer(path, *points); })
        ->add_option("--points", *points)
        ->check(CLI::Range(2, 1000000))
        ->capture_default_str();

    auto name = std::make_shared<std::string>();
    auto isDefault = std::make_shared<bool>(false);
    auto target = std::make_shared<std::string>();
    auto *use = addVerb(
        "use", "Enter a finished run's model into a folder of models",
        [name, target, isDefault](const Context &own, const std::string &path) {
            const std::string into =
                target->empty() ? writableModelsFolder(own.modelsFolder) : *target;
            const Json entry = exportRun(path, into, *name);
            if (*isDefault)
                preferModel(into, entry.at("name").get<std::string>());
            OrderedJson json(entry);
            json["registry"] = into;
            return Answer{json, entry.at("name").get<std::string>() + " lies in " + into + "\n",
                          Done};
        });
    use->add_option("--name", *name, "Of the model; the one in the run's settings by default");
    use->add_flag("--default", *isDefault, "Take it for its task from now on");
    use->add_option("--into", *target,
                    "Folder of models; --models by default, or the user's own where nothing can be "
                    "written to that");

    auto sampleStep = std::make_shared<std::int64_t>(-1);
    addVerb("samples", "The predictions that a run kept of its evaluations",
            [sampleStep](const Context &, const std::string &path) {
                return samplesAnswer(path, *sampleStep);
            })
        ->add_option("--step", *sampleStep, "Of this step; the newest by default");

    auto *queue = runs.add_subcommand("queue", "Runs that are started one after the other");
    queue->require_subcommand(1);
    auto *queueList = queue->add_subcommand("list", "The runs that wait, the next one first");
    queueList->add_option("DIR", *folder)->capture_default_str();
    queueList->callback([&context, folder] {
        context.verb = [folder] {
            const RunQueue waiting(runsFolderOf(*folder));
            Answer answer;
            answer.json = {{"queue", waiting.runs()}, {"worked", waiting.isWorked()}};
            for (const std::string &id : waiting.runs())
                answer.text += id + "\n";
            return answer;
        };
    });
    auto *queueAdd = queue->add_subcommand("add", "Put a run at the end of its folder's queue");
    queueAdd->add_option("RUN", *run)->required();
    queueAdd->callback([&context, run] {
        context.verb = [run] {
            readPresent(withoutSlash(*run));
            return queued(withoutSlash(*run));
        };
    });
    auto *queueRemove = queue->add_subcommand("remove", "Take a run out of the queue");
    queueRemove->add_option("RUN", *run)->required();
    queueRemove->callback([&context, run] {
        context.verb = [run] {
            const std::string path = withoutSlash(*run);
            RunQueue(fs::path(path).parent_path().string())
                .remove(fs::path(path).filename().string());
            return Answer{toJson(readRun(path)), path + ": not queued\n", Done};
        };
    });
    auto *queueWork = queue->add_subcommand("work", "Start the waiting runs, one after the other");
    queueWork->add_option("DIR", *folder)->capture_default_str();
    queueWork->callback([&context, folder] {
        context.verb = [&context, folder] {
            RunQueue waiting(runsFolderOf(*folder));
            Answer answer;
            answer.json = {{"started", waiting.work(context.cancel)}};
            answer.text = answer.json.dump() + "\n";
            return answer;
        };
    });
    addRunComparison(runs, context);
}

} // namespace sapsam::cli
