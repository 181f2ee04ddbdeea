#include "core/engine/run_registry.h"

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/version.h"
#include "core/engine/run_launch.h"
#include "core/engine/training_form.h"
#include "core/weights/model_manifest.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace sapsam {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kSilence = 60; // seconds without a heartbeat after which a run is lost
constexpr std::int64_t kRounding = 2;
constexpr const char *kChosen = "use"; // task → name, in the manifest of the user's own models

std::string ownHost()
{
    char name[256] = {};
    return gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

// Seconds since 1970; 0 for what is no time.
std::int64_t secondsOf(const std::string &iso)
{
    std::tm parts{};
    return ::strptime(iso.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts) == nullptr
               ? 0
               : static_cast<std::int64_t>(::timegm(&parts));
}

std::string isoOf(std::time_t time)
{
    std::tm parts{};
    gmtime_r(&time, &parts);
    char text[64];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

std::int64_t bootTime()
{
    std::ifstream file("/proc/stat");
    for (std::string word; file >> word;) {
        if (word == "btime") {
            std::int64_t seconds = 0;
            file >> seconds;
            return seconds;
        }
    }
    return 0;
}

// The whole content, or nothing: files of a run may be absent, damaged or too old.
Json jsonIn(const std::string &path)
{
    try {
        return readJsonFile(path);
    } catch (const Error &) {
        return nullptr;
    }
}

template <typename T>
T valueIn(const Json &object, const char *key, T fallback)
{
    try {
        return valueOr<T>(object, key, fallback, {});
    } catch (const Error &) {
        return fallback;
    }
}

std::string stampOf(const std::string &folder)
{
    std::string stamp;
    for (const char *name : {"/status.json", "/config.json", "/launch.json", "/stop.request",
                             "/model/model.safetensors"}) {
        struct stat info = {};
        if (::stat((folder + name).c_str(), &info) == 0)
            stamp += std::to_string(info.st_mtim.tv_sec) + "."
                     + std::to_string(info.st_mtim.tv_nsec) + "/" + std::to_string(info.st_ino);
        stamp += ";";
    }
    return stamp;
}

std::string lastLineOf(const std::string &text)
{
    std::string last;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.find_first_not_of(" \t\r{}") != std::string::npos)
            last = line;
    }
    return last;
}

std::string endOf(const std::string &path, std::int64_t maxBytes)
{
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file)
        return {};
    const std::int64_t size = file.tellg();
    const std::int64_t from = std::max<std::int64_t>(0, size - maxBytes);
    file.seekg(from);
    std::string text(static_cast<std::size_t>(size - from), '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (from > 0) {
        const std::size_t line = text.find('\n');
        text.erase(0, line == std::string::npos ? 0 : line + 1);
    }
    return text;
}

// The metadata of a safetensors file, without its tensors; null for what is none.
Json metadataOf(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    unsigned char raw[8] = {};
    if (!file.read(reinterpret_cast<char *>(raw), sizeof raw))
        return nullptr;
    std::uint64_t length = 0;
    for (int i = 7; i >= 0; --i)
        length = length << 8 | raw[i];
    constexpr std::uint64_t kMost = 64U << 20;
    if (length == 0 || length > kMost)
        return nullptr;
    std::string header(length, '\0');
    if (!file.read(header.data(), static_cast<std::streamsize>(length)))
        return nullptr;
    const Json json = Json::parse(header, nullptr, false);
    return json.is_object() ? json.value("__metadata__", Json()) : Json();
}

std::optional<RunBest> bestOf(const Json &json)
{
    if (!json.is_object())
        return {};
    RunBest best;
    best.metric = valueIn<std::string>(json, "metric", "");
    best.value = valueIn(json, "value", 0.0);
    best.step = valueIn<std::int64_t>(json, "step", 0);
    return best.metric.empty() ? std::optional<RunBest>() : best;
}

void addBadges(const Json &config, const Json &environment, RunSummary &run)
{
    if (valueIn<std::string>(config, "chooseOn", "") == "test")
        run.badges.push_back(
            {"chosen-on-test", "chosen on test",
             "The best checkpoint was chosen on the split that it is judged by, so that its "
             "numbers are too good. Choose on val for numbers that can be compared."});
    const std::string data = valueIn<std::string>(config, "data", "");
    if (data == "synthetic" || (data.empty() && run.form == run.task))
        run.badges.push_back({"drawn-people", "drawn people",
                              "Trained and measured on people that the program draws: the numbers "
                              "say nothing about photographs."});
    const std::string version = valueIn<std::string>(environment, "sapsam", "");
    if (!version.empty() && version != programVersion())
        run.badges.push_back(
            {"other-version", "version " + version, "Trained by another version of the program."});
    const int processes = valueIn(environment, "processes", 1);
    if (processes > 1)
        run.badges.push_back({"processes", std::to_string(processes) + " processes",
                              "Trained by several processes together."});
    if (!run.problems.empty())
        run.badges.push_back({"settings", "settings of another version",
                              "This version of the program does not take all of its settings, so "
                              "that it can be looked at, but not go on."});
}

void readState(const Json &status, const std::string &folder, RunSummary &run)
{
    const std::string state = valueIn<std::string>(status, "state", "");
    const bool isHere = run.host.empty() || run.host == ownHost();
    const std::int64_t now = std::time(nullptr);
    const std::int64_t silent = now - secondsOf(run.heartbeat);
    const bool isAlive =
        isHere ? isProcessAlive(run.pid, secondsOf(run.started)) : silent < kSilence;
    const Json launch = jsonIn(folder + "/launch.json");
    const auto launcher = valueIn<std::int64_t>(launch, "pid", 0);
    const auto launched = valueIn<std::int64_t>(launch, "time", 0);
    const Json options =
        launch.is_object() ? launch.value("options", Json::object()) : Json::object();
    const bool isOnCluster = valueIn(options, "slurm", false);
    const bool wasHere = valueIn<std::string>(launch, "host", ownHost()) == ownHost();
    const bool isLaunching = wasHere && isProcessAlive(launcher, launched);
    std::error_code ignored;
    if (state == "done")
        run.state = RunState::Done;
    else if (state == "failed")
        run.state = RunState::Failed;
    else if (state == "stopped")
        run.state = RunState::Stopped;
    else if (state == "queued") {
        run.state = RunState::Waiting;
        if (launcher > 0 && wasHere && !isOnCluster && !isLaunching) {
            run.state = RunState::Lost;
            const std::string said = lastLineOf(endOf(folder + "/process.txt", 8192));
            run.message = "its process ended before the training began"
                          + (said.empty() ? std::string() : ": " + said);
        }
    } else if (state == "starting" || state == "running" || state == "stopping") {
        run.state = isAlive ? state == "stopping" || fs::exists(folder + "/stop.request", ignored)
                                  ? RunState::Stopping
                                  : RunState::Running
                            : RunState::Lost;
        if (run.state == RunState::Lost) {
            const bool canGoOn = fs::exists(folder + "/checkpoints/last.resume", ignored);
            run.message =
                (isHere ? "its process (" + std::to_string(run.pid) + ") has died"
                        : "nothing has been heard of it from " + run.host + " for "
                              + std::to_string(silent) + " seconds")
                + (canGoOn ? "; it can go on from its last checkpoint"
                           : "; it had no checkpoint yet and begins anew when it goes on");
        } else if (silent > kSilence && run.heartbeat.size() > 1) {
            run.message = "its process lives, but has said nothing for " + std::to_string(silent)
                          + " seconds";
        }
    } else {
        run.state = RunState::Lost;
        run.message = "its status.json is damaged or missing";
    }
    const bool hasNotBegun = state == "queued" || launched > secondsOf(run.heartbeat);
    if (isLaunching && !isOnCluster && hasNotBegun && run.state != RunState::Running
        && run.state != RunState::Stopping && run.state != RunState::Done) {
        run.state = RunState::Waiting;
        run.isStarting = true;
        run.message = "its process is starting";
    }
    const std::string told = valueIn<std::string>(status, "message", "");
    if (!told.empty() && run.state == RunState::Failed)
        run.message = told;
    if (run.state != RunState::Running)
        run.etaSeconds.reset();
}

void placeInQueue(RunSummary &run, const std::vector<std::string> &queue)
{
    const auto found = std::find(queue.begin(), queue.end(), run.id);
    run.queuePlace = 0;
    if (found == queue.end())
        return;
    const bool waits = !run.isStarting && run.state != RunState::Running
                       && run.state != RunState::Stopping && run.state != RunState::Done;
    if (waits) {
        run.queuePlace = static_cast<int>(found - queue.begin()) + 1;
        run.state = RunState::Waiting;
    }
}

RunSummary readAlone(const std::string &folder)
{
    RunSummary run;
    run.folder = fs::path(folder).lexically_normal().string();
    while (run.folder.size() > 1 && run.folder.back() == '/')
        run.folder.pop_back();
    run.id = fs::path(run.folder).filename().string();
    run.title = run.id;
    run.isLoaded = true;
    std::error_code ignored;
    if (!fs::is_directory(run.folder, ignored)) {
        run.state = RunState::Missing;
        run.message = "its folder '" + run.folder
                      + "' has been moved or deleted; add the folder in which it lies now";
        return run;
    }
    const Json config = jsonIn(run.folder + "/config.json");
    const Json status = jsonIn(run.folder + "/status.json");
    const Json environment = jsonIn(run.folder + "/environment.json");
    run.title = valueIn<std::string>(config, "name", run.id);
    run.task = valueIn<std::string>(config, "task", "");
    run.form = formIdOf(run.task, config);
    if (config.is_object()) {
        try {
            for (const SettingProblem &problem : checkSettings(trainingForm(run.form), config))
                run.problems.push_back(problem.message);
        } catch (const Error &error) {
            run.problems.emplace_back(error.what());
        }
    } else {
        run.problems.emplace_back("its config.json is damaged or missing");
    }
    run.step = valueIn<std::int64_t>(status, "step", 0);
    run.steps = valueIn<std::int64_t>(status, "steps", 0);
    if (status.is_object() && status.contains("epoch")
        && (run.form != run.task || valueIn<std::int64_t>(status, "epoch", 0) > 0))
        run.epoch = valueIn<std::int64_t>(status, "epoch", 0);
    if (status.is_object() && status.contains("eta") && status.at("eta").is_number())
        run.etaSeconds = status.at("eta").get<double>();
    run.started = valueIn<std::string>(status, "start", "");
    run.heartbeat = valueIn<std::string>(status, "heartbeat", "");
    run.host = valueIn<std::string>(status, "host", "");
    run.pid = valueIn<std::int64_t>(status, "pid", 0);
    if (status.is_object())
        run.best = bestOf(status.value("best", Json()));
    if (!run.best && fs::exists(run.folder + "/checkpoints/last.resume", ignored)) {
        const Json metadata = metadataOf(run.folder + "/checkpoints/last.resume");
        const Json state = Json::parse(valueIn<std::string>(metadata, "state", ""), nullptr, false);
        if (state.is_object())
            run.best = bestOf(state.value("best", Json()));
    }
    readState(status, run.folder, run);
    addBadges(config, environment, run);
    run.hasModel =
        run.state == RunState::Done && fs::exists(run.folder + "/model/model.safetensors", ignored);
    return run;
}

} // namespace

const char *nameOf(RunState state)
{
    switch (state) {
    case RunState::Waiting:
        return "waiting";
    case RunState::Running:
        return "running";
    case RunState::Stopping:
        return "stopping";
    case RunState::Done:
        return "done";
    case RunState::Stopped:
        return "stopped";
    case RunState::Failed:
        return "failed";
    case RunState::Lost:
        return "lost";
    case RunState::Missing:
        return "missing";
    }
    return "lost";
}

bool RunSummary::canStop() const
{
    return state == RunState::Running || state == RunState::Waiting;
}

bool RunSummary::canResume() const
{
    return problems.empty()
           && (state == RunState::Stopped || state == RunState::Lost || state == RunState::Failed
               || (state == RunState::Waiting && queuePlace == 0 && !isStarting));
}

RunSummary readRun(const std::string &folder)
{
    RunSummary run = readAlone(folder);
    if (run.state != RunState::Missing)
        placeInQueue(run, RunQueue(fs::path(run.folder).parent_path().string()).runs());
    return run;
}

std::vector<std::string> runFoldersIn(const std::string &root)
{
    std::vector<std::string> folders;
    std::error_code error;
    for (fs::directory_iterator at(root, error), end; !error && at != end; at.increment(error)) {
        const std::string path = at->path().string();
        std::error_code ignored;
        if (at->is_directory(ignored) && fs::exists(path + "/config.json", ignored)
            && (fs::exists(path + "/status.json", ignored)
                || fs::exists(path + "/metrics.jsonl", ignored)))
            folders.push_back(path);
    }
    std::sort(folders.begin(), folders.end(), [](const std::string &a, const std::string &b) {
        return fs::path(a).filename() > fs::path(b).filename();
    });
    return folders;
}

std::string runsFolderOf(const std::string &folder)
{
    std::error_code ignored;
    return fs::exists(folder + "/project.sqlite", ignored) ? folder + "/runs" : folder;
}

std::vector<std::string> otherRunFolders(const std::string &runsFolder)
{
    return valueIn(jsonIn(runsFolder + "/folders.json"), "folders", std::vector<std::string>());
}

void addRunFolder(const std::string &runsFolder, const std::string &folder)
{
    fs::path wanted = fs::absolute(folder).lexically_normal();
    if (!wanted.has_filename())
        wanted = wanted.parent_path();
    std::error_code ignored;
    if (fs::exists(wanted / "config.json", ignored) && fs::exists(wanted / "status.json", ignored))
        wanted = wanted.parent_path();
    wanted = runsFolderOf(wanted.string());
    if (runFoldersIn(wanted.string()).empty())
        throw Error(ErrorKind::NotFound,
                    "there is no training run in '" + wanted.string()
                        + "': choose the folder in which the folders of the runs lie");
    std::vector<std::string> folders = otherRunFolders(runsFolder);
    const bool isNew = std::find(folders.begin(), folders.end(), wanted.string()) == folders.end();
    if (!isNew || fs::equivalent(wanted, runsFolder, ignored))
        return;
    folders.push_back(wanted.string());
    makeFolder(runsFolder);
    writeJsonFile(runsFolder + "/folders.json", Json{{"folders", folders}});
}

void RunRegistry::setRoots(std::vector<std::string> roots)
{
    m_roots = std::move(roots);
    for (auto at = m_known.begin(); at != m_known.end();) {
        const std::string parent = fs::path(at->second.run.folder).parent_path().string();
        const bool isWanted = std::find(m_roots.begin(), m_roots.end(), parent) != m_roots.end();
        at = isWanted ? std::next(at) : m_known.erase(at);
    }
}

std::vector<RunSummary> RunRegistry::refresh(int maxMilliseconds)
{
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(maxMilliseconds);
    std::set<std::string> seen;
    for (const std::string &root : m_roots) {
        const std::vector<std::string> queue = RunQueue(root).runs();
        for (const std::string &folder : runFoldersIn(root)) {
            const std::string id = fs::path(folder).filename().string();
            if (!seen.insert(id).second)
                continue; // the first root counts
            Known &known = m_known[id];
            if (known.run.folder != folder) {
                known = {};
                known.run.folder = folder;
                known.run.id = known.run.title = id;
            }
            const RunState state = known.run.state;
            const bool mayDie = state == RunState::Running || state == RunState::Stopping
                                || state == RunState::Waiting;
            const bool hasTime = std::chrono::steady_clock::now() < end;
            if (known.run.isLoaded && !mayDie && !hasTime)
                continue;
            const std::string stamp = stampOf(folder);
            if (!known.run.isLoaded || mayDie || stamp != known.stamp) {
                if (!hasTime && !known.run.isLoaded)
                    continue;
                known.run = readAlone(folder);
                known.stamp = stamp;
            }
            if (known.run.queuePlace > 0
                || std::find(queue.begin(), queue.end(), id) != queue.end()) {
                known.run = readAlone(folder);
                placeInQueue(known.run, queue);
            }
        }
    }
    std::vector<RunSummary> runs;
    for (auto &[id, known] : m_known) {
        if (seen.count(id) == 0)
            known.run = [&, before = known.run] {
                RunSummary gone = before;
                gone.state = RunState::Missing;
                gone.queuePlace = 0;
                gone.etaSeconds.reset();
                gone.hasModel = false;
                gone.message = readAlone(before.folder).message;
                return gone;
            }();
        runs.push_back(known.run);
    }
    std::sort(runs.begin(), runs.end(),
              [](const RunSummary &a, const RunSummary &b) { return a.id > b.id; });
    return runs;
}

void RunRegistry::forget(const std::string &id)
{
    m_known.erase(id);
}

void requestStop(const std::string &runFolder)
{
    const RunSummary run = readRun(runFolder);
    if (run.state == RunState::Missing)
        throw Error(ErrorKind::NotFound, run.message);
    if (run.state == RunState::Waiting) {
        RunQueue(fs::path(run.folder).parent_path().string()).remove(run.id);
        const Json launch = jsonIn(run.folder + "/launch.json");
        const auto pid = valueIn<std::int64_t>(launch, "pid", 0);
        // The process that starts it or waits for the cluster hears the request; else it is told
        // by its state.
        if (pid > 0 && isProcessAlive(pid, valueIn<std::int64_t>(launch, "time", 0))) {
            writeFileAtomically(run.folder + "/stop.request", "");
            return;
        }
        Json status = jsonIn(run.folder + "/status.json");
        if (valueIn<std::string>(status, "state", "") == "queued") {
            status["state"] = "stopped";
            writeJsonFile(run.folder + "/status.json", status);
        }
        return;
    }
    if (run.state == RunState::Stopping)
        return;
    if (run.state != RunState::Running)
        throw Error(ErrorKind::InvalidInput, run.folder + ": this run is " + nameOf(run.state)
                                                 + ", there is nothing to stop");
    writeFileAtomically(run.folder + "/stop.request", "");
}

Json clonedConfig(const std::string &runFolder)
{
    return readJsonFile(runFolder + "/config.json");
}

std::vector<SettingDifference> settingDifferences(const Json &first, const Json &second)
{
    std::set<std::string> keys;
    for (const Json *config : {&first, &second}) {
        if (config->is_object()) {
            for (const auto &item : config->items())
                keys.insert(item.key());
        }
    }
    std::vector<SettingDifference> differences;
    for (const std::string &key : keys) {
        const Json a = first.is_object() ? first.value(key, Json()) : Json();
        const Json b = second.is_object() ? second.value(key, Json()) : Json();
        if (a != b)
            differences.push_back({key, a, b});
    }
    return differences;
}

std::vector<RunCheckpoint> checkpointsOf(const std::string &runFolder)
{
    std::error_code ignored;
    if (!fs::is_directory(runFolder, ignored))
        throw Error(ErrorKind::NotFound, "there is no run '" + runFolder + "'");
    std::vector<RunCheckpoint> found;
    const auto add = [&](const std::string &path, const std::string &name, const std::string &use) {
        struct stat info = {};
        if (::stat(path.c_str(), &info) != 0)
            return;
        RunCheckpoint checkpoint;
        checkpoint.name = name;
        checkpoint.path = path;
        checkpoint.bytes = info.st_size;
        checkpoint.time = isoOf(info.st_mtim.tv_sec);
        checkpoint.use = use;
        const std::string step = valueIn<std::string>(metadataOf(path), "step", "");
        if (!step.empty() && step.find_first_not_of("0123456789") == std::string::npos)
            checkpoint.step = std::stoll(step);
        found.push_back(checkpoint);
    };
    add(runFolder + "/model/model.safetensors", "model", "the finished model, for use");
    std::vector<fs::path> files;
    for (const auto &entry : fs::directory_iterator(runFolder + "/checkpoints", ignored)) {
        const std::string extension = entry.path().extension().string();
        if (extension == ".safetensors" || extension == ".resume")
            files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const fs::path &file : files) {
        const std::string stem = file.stem().string();
        const bool resumes = file.extension() == ".resume";
        add(file.string(), resumes ? stem + " (whole state)" : stem,
            resumes                        ? "the run goes on from here"
            : stem.rfind("best@", 0) == 0  ? "the weights that measured best"
            : stem.rfind("epoch-", 0) == 0 ? "kept at the end of an epoch"
                                           : "the newest weights");
    }
    if (!found.empty() && found.front().name == "model" && found.front().step < 0) {
        const std::optional<RunBest> best = readRun(runFolder).best;
        if (best)
            found.front().step = best->step;
    }
    return found;
}

std::string logTail(const std::string &runFolder, std::int64_t maxBytes)
{
    std::string text = endOf(runFolder + "/log.txt", maxBytes);
    // What the process said beside its log, where it ended badly.
    const RunSummary run = readAlone(runFolder);
    if (run.state == RunState::Lost || run.state == RunState::Failed) {
        const std::string said = endOf(runFolder + "/process.txt", 4096);
        if (!said.empty())
            text += "\n" + said;
    }
    return text;
}

bool isProcessAlive(std::int64_t pid, std::int64_t notAfter)
{
    if (pid <= 0)
        return false;
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    if (!std::getline(file, line))
        return false;
    // "PID (name) STATE …": the name may hold anything; field 22 is the start in ticks.
    const std::size_t end = line.rfind(')');
    if (end == std::string::npos || end + 2 >= line.size())
        return false;
    std::istringstream fields(line.substr(end + 2));
    std::string word;
    fields >> word;
    if (word == "Z" || word == "X")
        return false;
    for (int field = 4; field <= 22; ++field)
        fields >> word;
    if (!fields || notAfter <= 0)
        return true;
    const std::int64_t ticks = std::stoll(word);
    return bootTime() + ticks / ::sysconf(_SC_CLK_TCK) <= notAfter + kRounding;
}

std::string writableModelsFolder(const std::string &modelsFolder)
{
    return ::access(modelsFolder.c_str(), W_OK) == 0 ? modelsFolder : userModelsFolder();
}

void preferModel(const std::string &modelsFolder, const std::string &name)
{
    const std::string path = modelsFolder + "/manifest.json";
    OrderedJson manifest = OrderedJson::parse(readFile(path), nullptr, false);
    std::vector<OrderedJson> models;
    if (manifest.is_object() && manifest.contains("models") && manifest.at("models").is_array()) {
        for (const OrderedJson &model : manifest.at("models"))
            models.push_back(model);
    }
    const auto found = std::find_if(models.begin(), models.end(), [&](const OrderedJson &model) {
        return model.is_object() && model.value("name", std::string()) == name;
    });
    if (found == models.end())
        throw Error(ErrorKind::NotFound, path + ": there is no model '" + name + "'");
    const std::string task = found->value("task", std::string());
    std::rotate(models.begin(), found, found + 1);
    manifest["models"] = models;
    if (modelsFolder == userModelsFolder())
        manifest[kChosen][task] = name;
    writeJsonFile(path, manifest);
}

std::string chosenModelFolder(const std::string &task)
{
    const std::string folder = userModelsFolder();
    std::error_code ignored;
    if (!fs::exists(folder + "/manifest.json", ignored))
        return {};
    try {
        const Json manifest = readJsonFile(folder + "/manifest.json");
        const Json chosen = valueOr<Json>(manifest, kChosen, Json::object(), folder);
        const auto name = valueOr<std::string>(chosen, task, {}, folder);
        if (name.empty())
            return {};
        const ModelManifest models = readModelManifest(folder);
        const ModelEntry *entry = models.findByName(name);
        if (entry != nullptr && entry->task == task
            && fs::exists(models.pathOf(*entry, "config.json"), ignored))
            return models.pathOf(*entry);
        logWarning("the model '" + name + "' that was chosen for " + task + " is no longer in '"
                   + folder + "'; the program's own is used");
    } catch (const Error &error) {
        logWarning(std::string("the program's own model is used for ") + task + ": "
                   + error.what());
    }
    return {};
}

void forgetChosenModel(const std::string &task)
{
    const std::string path = userModelsFolder() + "/manifest.json";
    std::error_code ignored;
    if (!fs::exists(path, ignored))
        return;
    OrderedJson manifest = OrderedJson::parse(readFile(path), nullptr, false);
    if (!manifest.is_object() || !manifest.contains(kChosen)
        || manifest.at(kChosen).erase(task) == 0)
        return;
    writeJsonFile(path, manifest);
}

OrderedJson toJson(const RunSummary &run)
{
    OrderedJson json = {{"run", run.folder},    {"state", nameOf(run.state)}, {"task", run.task},
                        {"name", run.title},    {"step", run.step},           {"steps", run.steps},
                        {"start", run.started}, {"heartbeat", run.heartbeat}, {"host", run.host},
                        {"pid", run.pid}};
    if (run.epoch)
        json["epoch"] = *run.epoch;
    if (run.etaSeconds)
        json["eta"] = *run.etaSeconds;
    if (run.best)
        json["best"] = {
            {"metric", run.best->metric}, {"value", run.best->value}, {"step", run.best->step}};
    if (run.queuePlace > 0)
        json["queue"] = run.queuePlace;
    if (!run.message.empty())
        json["message"] = run.message;
    json["badges"] = OrderedJson::array();
    for (const RunBadge &badge : run.badges)
        json["badges"].push_back(badge.id);
    if (!run.problems.empty())
        json["problems"] = run.problems;
    return json;
}

} // namespace sapsam
