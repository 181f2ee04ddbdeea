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
#include <filesystem>
#include <mutex>
#include <sstream>
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

void appendLine(const std::string &path, const std::string &line)
{
    std::FILE *file = std::fopen(path.c_str(), "ab");
    if (file == nullptr)
        throwSystemError("write", path, errno);
    const std::string text = line + "\n";
    const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    const int errorNumber = errno;
    if (std::fclose(file) != 0 || !written)
        throwSystemError("write", path, errorNumber);
}

} // namespace

struct RunFolder::Private
{
    std::string path;
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
        if (!status.message.empty())
            json["message"] = status.message;
        writeJsonFile(path + "/status.json", json);
    }
};

RunFolder::RunFolder(std::string path) : d(std::make_unique<Private>())
{
    d->path = std::move(path);
    d->started = utcText("%Y-%m-%dT%H:%M:%SZ");
    makeFolder(d->path + "/checkpoints");
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
    d->heartbeat.join();
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
        return std::unique_ptr<RunFolder>(new RunFolder(path));
    }
}

std::unique_ptr<RunFolder> RunFolder::open(const std::string &folder)
{
    readJsonFile(folder + "/config.json");
    return std::unique_ptr<RunFolder>(new RunFolder(folder));
}

const std::string &RunFolder::path() const
{
    return d->path;
}

std::string RunFolder::checkpointPath(const std::string &name, const std::string &suffix) const
{
    return d->path + "/checkpoints/" + name + suffix;
}

Json RunFolder::config() const
{
    return readJsonFile(d->path + "/config.json");
}

void RunFolder::update(const RunStatus &status)
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    const bool isNews = status.state != d->status.state || status.message != d->status.message;
    d->status = status;
    if (isNews) // the heartbeat carries the rest
        d->writeStatus();
}

void RunFolder::appendMetrics(const OrderedJson &metrics)
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    appendLine(d->path + "/metrics.jsonl", metrics.dump());
}

void RunFolder::dropMetricsAfter(std::int64_t step)
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    const std::string path = d->path + "/metrics.jsonl";
    if (!std::filesystem::exists(path))
        return;
    std::istringstream lines(readFile(path));
    std::string kept;
    for (std::string line; std::getline(lines, line);) {
        if (valueOr<std::int64_t>(parseJson(line, path), "step", 0, path) <= step)
            kept += line + "\n";
    }
    writeFileAtomically(path, kept);
}

void RunFolder::log(const std::string &line)
{
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
