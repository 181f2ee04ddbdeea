#include "core/engine/run_launch.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/resources.h"
#include "core/engine/run_registry.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace sapsam {

namespace {

namespace fs = std::filesystem;

std::string ownHost()
{
    char name[256] = {};
    return gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

// Holds a lock file; -1 where another one holds it.
class FileLock
{
public:
    FileLock(const std::string &path, bool wait)
        : m_file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644))
    {
        if (m_file < 0)
            throwSystemError("write", path, errno);
        if (::flock(m_file, wait ? LOCK_EX : LOCK_EX | LOCK_NB) != 0) {
            ::close(m_file);
            m_file = -1;
        }
    }
    ~FileLock()
    {
        if (m_file >= 0)
            ::close(m_file);
    }
    FileLock(const FileLock &) = delete;
    FileLock &operator=(const FileLock &) = delete;

    bool isHeld() const { return m_file >= 0; }

private:
    int m_file;
};

template <typename T>
T optional(const Json &json, const char *key, T fallback)
{
    try {
        return valueOr<T>(json, key, fallback, {});
    } catch (const Error &) {
        return fallback;
    }
}

} // namespace

std::vector<std::string> LaunchOptions::problems() const
{
    std::vector<std::string> found;
    if (device != "auto" && device != "cpu" && device.rfind("cuda", 0) != 0)
        found.push_back("the device must be auto, cpu or cuda:N, not '" + device + "'");
    if (precision != "auto" && precision != "fp32" && precision != "bf16")
        found.push_back("the precision must be auto, fp32 or bf16, not '" + precision + "'");
    if (threads < 0 || threads > 1024)
        found.emplace_back("the threads must be in 0 to 1024");
    if (processes < 1 || processes > 1024)
        found.emplace_back("the processes must be in 1 to 1024");
    if (slurmCpus < 1 || slurmCpus > 1024)
        found.emplace_back("the cores of each process must be in 1 to 1024");
    for (const std::string &option : slurmOptions) {
        if (option.rfind("--", 0) != 0)
            found.push_back("an option of sbatch begins with --, not '" + option + "'");
    }
    return found;
}

Json toJson(const LaunchOptions &options)
{
    return {{"device", options.device},
            {"precision", options.precision},
            {"threads", options.threads},
            {"processes", options.processes},
            {"slurm", options.slurm},
            {"slurmCpus", options.slurmCpus},
            {"slurmOptions", options.slurmOptions},
            {"models", options.modelsFolder}};
}

LaunchOptions launchOptionsFromJson(const Json &json)
{
    LaunchOptions options;
    options.device = optional(json, "device", options.device);
    options.precision = optional(json, "precision", options.precision);
    options.threads = optional(json, "threads", options.threads);
    options.processes = optional(json, "processes", options.processes);
    options.slurm = optional(json, "slurm", options.slurm);
    options.slurmCpus = optional(json, "slurmCpus", options.slurmCpus);
    options.slurmOptions = optional(json, "slurmOptions", options.slurmOptions);
    options.modelsFolder = optional(json, "models", options.modelsFolder);
    return options;
}

std::string sapsamProgram()
{
    const std::string path = programFolder() + "/sapsam";
    if (::access(path.c_str(), X_OK) != 0)
        throw Error(ErrorKind::NotFound, "the program '" + path
                                             + "', which trains, is missing; install the command "
                                               "line beside the window");
    return path;
}

std::vector<std::string> runCommand(const std::string &runFolder, const LaunchOptions &options)
{
    std::vector<std::string> command = {sapsamProgram(), "--json", "--quiet"};
    if (options.device != "auto")
        command.insert(command.end(), {"--device", options.device});
    if (options.precision != "auto")
        command.insert(command.end(), {"--precision", options.precision});
    if (options.threads > 0)
        command.insert(command.end(), {"--threads", std::to_string(options.threads)});
    if (!options.modelsFolder.empty())
        command.insert(command.end(), {"--models", options.modelsFolder});
    command.insert(command.end(), {"train", "--resume", runFolder});
    if (options.processes > 1)
        command.insert(command.end(), {"--launch", std::to_string(options.processes)});
    if (options.slurm) {
        command.insert(command.end(),
                       {"--slurm", "--slurm-cpus", std::to_string(options.slurmCpus)});
        for (const std::string &option : options.slurmOptions)
            command.push_back("--slurm-option=" + option);
    }
    return command;
}

std::int64_t startDetached(const std::vector<std::string> &command, const std::string &outputFile)
{
    // Everything that takes memory is made before the fork: afterwards only plain calls are safe.
    std::vector<char *> arguments;
    for (const std::string &word : command)
        arguments.push_back(const_cast<char *>(word.c_str()));
    arguments.push_back(nullptr);
    const int output = ::open(outputFile.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (output < 0)
        throwSystemError("write", outputFile, errno);
    int answer[2];
    if (::pipe2(answer, O_CLOEXEC) != 0) {
        const int errorNumber = errno;
        ::close(output);
        throwSystemError("make", "a pipe", errorNumber);
    }
    struct Message
    {
        pid_t pid;
        int error;
    };
    const pid_t child = ::fork();
    if (child == 0) {
        // A session of its own: no terminal and no window can end it; and a parent that ends at
        // once, so that the system takes care of it.
        ::setsid();
        const pid_t grandchild = ::fork();
        Message message{grandchild, grandchild < 0 ? errno : 0};
        if (grandchild != 0) {
            const ssize_t written = ::write(answer[1], &message, sizeof message);
            ::_exit(written == sizeof message && grandchild > 0 ? 0 : 1);
        }
        const int nothing = ::open("/dev/null", O_RDONLY);
        ::dup2(nothing, STDIN_FILENO);
        ::dup2(output, STDOUT_FILENO);
        ::dup2(output, STDERR_FILENO);
        ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC); // what libraries left open
        ::execv(arguments.front(), arguments.data());
        message.error = errno;
        message.pid = 0;
        const ssize_t ignored = ::write(answer[1], &message, sizeof message);
        static_cast<void>(ignored);
        ::_exit(127);
    }
    const int forkError = errno;
    ::close(answer[1]);
    ::close(output);
    if (child < 0) {
        ::close(answer[0]);
        throwSystemError("start", command.front(), forkError);
    }
    Message message{};
    std::int64_t pid = 0;
    int errorNumber = 0;
    while (::read(answer[0], &message, sizeof message) == sizeof message) {
        if (message.pid > 0)
            pid = message.pid;
        errorNumber = errorNumber != 0 ? errorNumber : message.error;
    }
    ::close(answer[0]);
    ::waitpid(child, nullptr, 0);
    if (errorNumber != 0 || pid == 0)
        throwSystemError("start", command.front(), errorNumber);
    return pid;
}

void keepLaunchOptions(const std::string &runFolder, const LaunchOptions &options)
{
    writeJsonFile(runFolder + "/launch.json", Json{{"options", toJson(options)}});
}

LaunchOptions keptLaunchOptions(const std::string &runFolder)
{
    std::error_code ignored;
    const std::string path = runFolder + "/launch.json";
    if (!fs::exists(path, ignored))
        return {};
    const Json json = readJsonFile(path);
    return launchOptionsFromJson(json.is_object() ? json.value("options", Json::object())
                                                  : Json::object());
}

std::int64_t launchRun(const std::string &runFolder, const LaunchOptions &options)
{
    std::vector<std::string> problems = options.problems();
    const RunSummary run = readRun(runFolder);
    if (run.isStarting)
        throw Error(ErrorKind::Busy, runFolder + ": this run is being started already");
    if (run.state == RunState::Missing)
        throw Error(ErrorKind::NotFound, run.message);
    if (run.state == RunState::Running || run.state == RunState::Stopping)
        throw Error(ErrorKind::Busy, runFolder + ": this run is being trained already");
    if (run.state == RunState::Done)
        throw Error(ErrorKind::InvalidInput,
                    runFolder + ": this run is done; clone it to train it again");
    problems.insert(problems.end(), run.problems.begin(), run.problems.end());
    if (!problems.empty()) {
        std::string message = runFolder + ": this run cannot be started:";
        for (const std::string &problem : problems)
            message += "\n  " + problem;
        throw Error(ErrorKind::InvalidInput, message);
    }
    std::error_code ignored;
    fs::remove(runFolder + "/stop.request", ignored); // of the time before
    const std::string folder = fs::absolute(runFolder).lexically_normal().string();
    const std::vector<std::string> command = runCommand(folder, options);
    const std::int64_t pid = startDetached(command, folder + "/process.txt");
    writeJsonFile(folder + "/launch.json", Json{{"options", toJson(options)},
                                                {"command", command},
                                                {"pid", pid},
                                                {"host", ownHost()},
                                                {"time", std::time(nullptr)}});
    return pid;
}

RunQueue::RunQueue(std::string runsFolder) : m_folder(std::move(runsFolder)) {}

std::vector<std::string> RunQueue::read() const
{
    std::error_code ignored;
    const std::string path = m_folder + "/queue.json";
    if (!fs::exists(path, ignored))
        return {};
    try {
        return optional(readJsonFile(path), "runs", std::vector<std::string>());
    } catch (const Error &) {
        return {}; // damaged: the runs themselves are whole and can be queued again
    }
}

template <typename Change>
void RunQueue::edit(Change change)
{
    makeFolder(m_folder);
    const FileLock lock(m_folder + "/.queue-edit.lock", true);
    std::vector<std::string> runs = read();
    change(runs);
    writeJsonFile(m_folder + "/queue.json", Json{{"runs", runs}});
}

std::vector<std::string> RunQueue::runs() const
{
    return read();
}

void RunQueue::add(const std::string &id)
{
    edit([&](std::vector<std::string> &runs) {
        if (std::find(runs.begin(), runs.end(), id) == runs.end())
            runs.push_back(id);
    });
}

void RunQueue::remove(const std::string &id)
{
    if (read().empty())
        return;
    edit([&](std::vector<std::string> &runs) {
        runs.erase(std::remove(runs.begin(), runs.end(), id), runs.end());
    });
}

void RunQueue::move(const std::string &id, int places)
{
    edit([&](std::vector<std::string> &runs) {
        const auto found = std::find(runs.begin(), runs.end(), id);
        if (found == runs.end())
            return;
        const auto last = static_cast<std::ptrdiff_t>(runs.size()) - 1;
        const std::ptrdiff_t to =
            std::clamp<std::ptrdiff_t>(found - runs.begin() + places, 0, last);
        runs.erase(found);
        runs.insert(runs.begin() + to, id);
    });
}

bool RunQueue::isWorked() const
{
    std::error_code ignored;
    const std::string path = m_folder + "/.queue-work.lock";
    return fs::exists(path, ignored) && !FileLock(path, false).isHeld();
}

void RunQueue::ensureWorker() const
{
    if (read().empty() || isWorked())
        return;
    startDetached({sapsamProgram(), "--json", "--quiet", "runs", "queue", "work",
                   fs::absolute(m_folder).lexically_normal().string()},
                  m_folder + "/queue.txt");
}

std::vector<std::string> RunQueue::work(const CancelToken &cancel)
{
    constexpr std::chrono::milliseconds kLook(500);
    makeFolder(m_folder);
    const FileLock lock(m_folder + "/.queue-work.lock", false);
    if (!lock.isHeld())
        throw Error(ErrorKind::Busy, m_folder + ": another process works on this queue");
    std::vector<std::string> started;
    while (!cancel.isCancelled()) {
        const std::vector<std::string> waiting = read();
        if (waiting.empty())
            break;
        const auto isBusy = [&] {
            for (const std::string &folder : runFoldersIn(m_folder)) {
                const RunSummary run = readRun(folder);
                const bool computes = run.state == RunState::Running
                                      || run.state == RunState::Stopping || run.isStarting;
                if (computes && !keptLaunchOptions(folder).slurm)
                    return true;
            }
            return false;
        };
        if (isBusy()) {
            std::this_thread::sleep_for(kLook);
            continue;
        }
        const std::string id = waiting.front();
        const std::string folder = m_folder + "/" + id;
        remove(id);
        const RunSummary run = readRun(folder);
        if (run.state == RunState::Missing || run.state == RunState::Done)
            continue;
        try {
            launchRun(folder, keptLaunchOptions(folder));
            started.push_back(id);
        } catch (const Error &error) {
            Json status = readJsonFile(folder + "/status.json");
            status["state"] = "failed";
            status["message"] = error.what();
            writeJsonFile(folder + "/status.json", status);
        }
    }
    return started;
}

} // namespace sapsam
