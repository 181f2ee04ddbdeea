#include "core/train/run_folder.h"

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/sha256.h"
#include "core/base/version.h"

#include <torch/version.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <mutex>
#include <sstream>
#include <sys/file.h>
#include <thread>
#include <unistd.h>

namespace sapsam::training {

namespace {

std::string utcText(const char *format)
{
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[64];
    std::strftime(text, sizeof text, format, &parts);
    return text;
}

std::string hostName()
{
    char name[256] = {};
    if (gethostname(name, sizeof name - 1) != 0)
        return "unknown";
    return name;
}

// All of the line or, when the disk is full, nothing of it.
void appendLine(const std::string &path, const std::string &line)
{
    std::FILE *file = std::fopen(path.c_str(), "ab");
    if (file == nullptr)
        throwSystemError("write", path, errno);
    std::fseek(file, 0, SEEK_END);
    const long before = std::ftell(file);
    const std::string text = line + "\n";
    bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    int errorNumber = errno;
    if (std::fclose(file) != 0 && written) {
        written = false;
        errorNumber = errno;
    }
    if (!written) {
        if (before >= 0 && ::truncate(path.c_str(), before) != 0)
            logWarning("half a line was left in " + path);
        throwSystemError("write", path, errorNumber);
    }
}

// Held while a process works in the folder; ends with it, however it ends. -1 where the file system
// has no locks.
int lockFolder(const std::string &path)
{
    const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        throwSystemError("open", path, errno);
    if (::flock(folder, LOCK_EX | LOCK_NB) == 0)
        return folder;
    const int errorNumber = errno;
    ::close(folder);
    if (errorNumber == EWOULDBLOCK)
        throw Error(ErrorKind::Busy, path
                                         + ": another process is training this run; stop it first "
                                           "with `sapsam runs stop`");
    return -1;
}

} // namespace

struct RunFolder::Private
{
    std::string path;
    std::string checkpoints;
    bool isHelper = false;
    int lock = -1;
    std::string started;
    mutable std::mutex mutex;
    std::condition_variable stopped;
    bool stop = false;
    RunStatus status;
    std::thread heartbeat;

    void writeStatus() // with the mutex held
    {
        OrderedJson json;
        json["state"] = status.state;
        json["pid"] = static_cast<std::int64_t>(getpid());
        json["host"] = hostName();
        json["start"] = started;
        json["heartbeat"] = utcText("%Y-%m-%dT%H:%M:%SZ");
        json["step"] = status.step;
        json["steps"] = status.steps;
        json["epoch"] = status.epoch.value_or(0);
        json["eta"] = status.etaSeconds ? OrderedJson(*status.etaSeconds) : OrderedJson(nullptr);
        if (!status.best.is_null())
            json["best"] = status.best;
        if (!status.message.empty())
            json["message"] = status.message;
        writeJsonFile(path + "/status.json", json);
    }
};

RunFolder::RunFolder(std::string path, bool isHelper) : d(std::make_unique<Private>())
{
    d->path = std::move(path);
    d->isHelper = isHelper;
    d->started = utcText("%Y-%m-%dT%H:%M:%SZ");
    d->checkpoints = d->path + "/checkpoints";
    if (isHelper)
        return;
    d->lock = lockFolder(d->path);
    makeFolder(d->checkpoints);
    d->writeStatus();
    d->heartbeat = std::thread([this] {
        std::unique_lock<std::mutex> lock(d->mutex);
        while (!d->stopped.wait_for(lock, std::chrono::seconds(5), [this] { return d->stop; })) {
            try {
                d->writeStatus();
            } catch (const Error &error) {
                logWarning(error.what()); // the next checkpoint reports a full disk
            }
        }
    });
}

RunFolder::~RunFolder()
{
    {
        const std::lock_guard<std::mutex> lock(d->mutex);
        d->stop = true;
    }
    d->stopped.notify_all();
    if (d->heartbeat.joinable())
        d->heartbeat.join();
    if (d->lock >= 0)
        ::close(d->lock);
    if (d->isHelper) {
        std::error_code ignored;
        std::filesystem::remove_all(d->path, ignored);
    }
}

std::unique_ptr<RunFolder> RunFolder::create(const std::string &runsFolder, const std::string &name,
                                             const OrderedJson &config,
                                             const OrderedJson &environment)
{
    const std::string time = utcText("%Y%m%d-%H%M%S");
    for (int attempt = 0;; ++attempt) {
        const std::string unique =
            config.dump() + time + std::to_string(getpid()) + "/" + std::to_string(attempt);
        const std::string path =
            runsFolder + "/" + time + "-" + name + "-" + sha256Of(unique).substr(0, 6);
        if (std::filesystem::exists(path))
            continue;
        makeFolder(path);
        writeJsonFile(path + "/config.json", config);
        writeJsonFile(path + "/environment.json", environment);
        return std::unique_ptr<RunFolder>(new RunFolder(path, false));
    }
}

std::unique_ptr<RunFolder> RunFolder::open(const std::string &folder)
{
    readJsonFile(folder + "/config.json");
    return std::unique_ptr<RunFolder>(new RunFolder(folder, false));
}

std::unique_ptr<RunFolder> RunFolder::openAsHelper(const std::string &folder)
{
    const std::string own = std::filesystem::temp_directory_path().string() + "/sapsam-rank-"
                            + std::to_string(getpid()) + "-"
                            + sha256Of(folder + utcText("%Y%m%d-%H%M%S")).substr(0, 6);
    makeFolder(own);
    std::unique_ptr<RunFolder> run(new RunFolder(own, true));
    if (!folder.empty()) {
        run->d->checkpoints = folder + "/checkpoints";
        std::filesystem::copy_file(folder + "/config.json", own + "/config.json");
    }
    return run;
}

const std::string &RunFolder::path() const
{
    return d->path;
}

std::string RunFolder::checkpointPath(const std::string &name, const std::string &suffix) const
{
    return d->checkpoints + "/" + name + suffix;
}

Json RunFolder::config() const
{
    return readJsonFile(d->path + "/config.json");
}

void RunFolder::update(const RunStatus &status)
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    const bool isNews = status.state != d->status.state || status.message != d->status.message
                        || status.best != d->status.best;
    d->status = status;
    if (isNews && !d->isHelper) // the heartbeat carries the rest
        d->writeStatus();
}

void RunFolder::appendMetrics(const OrderedJson &metrics)
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    if (!d->isHelper)
        appendLine(d->path + "/metrics.jsonl", metrics.dump());
}

void RunFolder::dropMetricsAfter(std::int64_t step, bool andValidation)
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    const std::string path = d->path + "/metrics.jsonl";
    if (d->isHelper || !std::filesystem::exists(path))
        return;
    std::istringstream lines(readFile(path));
    std::string kept;
    for (std::string line; std::getline(lines, line);) {
        const Json json = Json::parse(line, nullptr, false);
        if (!json.is_object() || json.contains("final"))
            continue; // the process was killed while it wrote this line, or the end comes again
        const std::int64_t of = valueOr<std::int64_t>(json, "step", 0, path);
        if (of < step || (of == step && !(andValidation && json.contains("validation"))))
            kept += line + "\n";
    }
    writeFileAtomically(path, kept);
}

void RunFolder::removePartialFiles()
{
    if (d->isHelper)
        return;
    std::error_code ignored;
    for (const std::string &folder : {d->path, d->path + "/checkpoints", d->path + "/model"}) {
        for (const auto &entry : std::filesystem::directory_iterator(folder, ignored)) {
            if (entry.path().extension() == ".part"
                && entry.path() != d->path + "/status.json.part")
                std::filesystem::remove(entry.path(), ignored);
        }
    }
}

void RunFolder::replaceConfig(const OrderedJson &config)
{
    if (!d->isHelper)
        writeJsonFile(d->path + "/config.json", config);
}

void RunFolder::fail(const std::string &message) noexcept
{
    // One after the other: the disk may be full.
    try {
        log("failed: " + message);
    } catch (const std::exception &error) {
        logWarning(error.what());
    }
    try {
        RunStatus status;
        {
            const std::lock_guard<std::mutex> lock(d->mutex);
            status = d->status;
        }
        status.state = "failed";
        status.message = message;
        status.etaSeconds.reset();
        update(status);
    } catch (const std::exception &error) {
        logWarning(error.what());
    }
}

void RunFolder::log(const std::string &line)
{
    if (d->isHelper)
        return;
    logInfo(line);
    const std::lock_guard<std::mutex> lock(d->mutex);
    appendLine(d->path + "/log.txt", utcText("%Y-%m-%dT%H:%M:%SZ ") + line);
}

bool RunFolder::isStopRequested() const
{
    std::error_code ignored;
    return std::filesystem::exists(d->path + "/stop.request", ignored);
}

void RunFolder::clearStopRequest()
{
    std::error_code ignored;
    std::filesystem::remove(d->path + "/stop.request", ignored);
}

OrderedJson describeEnvironment(const std::string &device, const std::string &precision,
                                int threads, const std::string &dataDescription)
{
    OrderedJson json;
    json["sapsam"] = programVersion();
    json["libtorch"] = TORCH_VERSION;
    json["compiler"] = __VERSION__;
    json["device"] = device;
    json["precision"] = precision;
    json["threads"] = threads;
    json["host"] = hostName();
    json["data"] = dataDescription;
    json["dataSha256"] = sha256Of(dataDescription);
    return json;
}

} // namespace sapsam::training
