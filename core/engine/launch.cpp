#include "core/engine/launch.h"

#include "core/base/error.h"
#include "core/base/file.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

extern char **environ;

namespace sapsam {

namespace {

using Clock = std::chrono::steady_clock;

// A port that nobody has at the moment.
int freePort()
{
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const bool works =
        listener >= 0
        && ::bind(listener, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0
        && ::getsockname(listener, reinterpret_cast<sockaddr *>(&address), &size) == 0;
    const int errorNumber = errno;
    if (listener >= 0)
        ::close(listener);
    if (!works)
        throwSystemError("find a free port for", "127.0.0.1", errorNumber);
    return ntohs(address.sin_port);
}

// The environment of this process with some variables replaced.
std::vector<std::string>
environmentWith(const std::vector<std::pair<std::string, std::string>> &set)
{
    std::vector<std::string> result;
    for (char **entry = environ; *entry != nullptr; ++entry) {
        const std::string text = *entry;
        const bool isReplaced = std::any_of(set.begin(), set.end(), [&](const auto &item) {
            return text.rfind(item.first + "=", 0) == 0;
        });
        if (!isReplaced)
            result.push_back(text);
    }
    for (const auto &[name, value] : set)
        result.push_back(name + "=" + value);
    return result;
}

std::vector<char *> pointersTo(std::vector<std::string> &texts)
{
    std::vector<char *> pointers;
    for (std::string &text : texts)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

} // namespace

std::vector<std::string> ownCommandLine()
{
    const std::string raw = readFile("/proc/self/cmdline");
    std::vector<std::string> arguments;
    for (std::size_t start = 0; start < raw.size();) {
        const std::size_t end = std::min(raw.find('\0', start), raw.size());
        arguments.push_back(raw.substr(start, end - start));
        start = end + 1;
    }
    char program[4096];
    const ssize_t length = ::readlink("/proc/self/exe", program, sizeof program);
    if (length <= 0 || arguments.empty())
        throwSystemError("read", "/proc/self/exe", errno);
    arguments.front() = std::string(program, static_cast<std::size_t>(length));
    return arguments;
}

std::vector<std::string> withoutOption(std::vector<std::string> arguments, const std::string &name,
                                       bool hasValue)
{
    std::vector<std::string> kept;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (arguments[i] == name)
            i += hasValue ? 1 : 0;
        else if (arguments[i].rfind(name + "=", 0) != 0)
            kept.push_back(std::move(arguments[i]));
    }
    return kept;
}

LaunchOutcome launchRanks(int count, const std::vector<std::string> &command,
                          const CancelToken &cancel)
{
    const std::string port = std::to_string(freePort());
    std::vector<std::string> arguments = command;
    const bool hasThreads = std::any_of(command.begin(), command.end(), [](const std::string &a) {
        return a.rfind("--threads", 0) == 0;
    });
    if (!hasThreads) {
        const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
        arguments.push_back("--threads=" + std::to_string(std::max(1, cores / count)));
    }
    int answerPipe[2];
    if (::pipe2(answerPipe, O_CLOEXEC) != 0)
        throwSystemError("make", "a pipe", errno);
    const pid_t self = ::getpid();

    std::vector<pid_t> ranks;
    const auto signalAll = [&](int signal) {
        for (const pid_t rank : ranks) {
            if (rank > 0)
                ::kill(rank, signal);
        }
    };
    for (int rank = 0; rank < count; ++rank) {
        // All memory is made before the fork: afterwards only plain system calls are safe.
        std::vector<std::string> own = arguments;
        if (rank > 0)
            own.push_back("--quiet");
        std::vector<std::string> environment =
            environmentWith({{"RANK", std::to_string(rank)},
                             {"LOCAL_RANK", std::to_string(rank)},
                             {"WORLD_SIZE", std::to_string(count)},
                             {"MASTER_ADDR", "127.0.0.1"},
                             {"MASTER_PORT", port}});
        const std::vector<char *> argv = pointersTo(own);
        const std::vector<char *> envp = pointersTo(environment);
        const pid_t child = ::fork();
        if (child < 0) {
            const int errorNumber = errno;
            signalAll(SIGKILL);
            throwSystemError("start", command.front(), errorNumber);
        }
        if (child == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGTERM);
            if (::getppid() != self)
                ::_exit(127); // the parent is gone already
            const int out = rank == 0 ? answerPipe[1] : ::open("/dev/null", O_WRONLY);
            ::dup2(out, STDOUT_FILENO);
            ::execve(argv.front(), argv.data(), envp.data());
            ::_exit(127);
        }
        ranks.push_back(child);
    }
    ::close(answerPipe[1]);

    LaunchOutcome outcome;
    bool isOpen = true;
    bool isStopping = false;
    bool isKilled = false;
    Clock::time_point stoppedAt;
    const auto stop = [&] {
        if (!isStopping) {
            isStopping = true;
            stoppedAt = Clock::now();
            signalAll(SIGTERM);
        }
    };
    bool isFailed = false;
    int running = count;
    while (running > 0 || isOpen) {
        pollfd waiting{isOpen ? answerPipe[0] : -1, POLLIN, 0};
        if (::poll(&waiting, 1, 50) > 0) {
            char text[4096];
            const ssize_t length = ::read(answerPipe[0], text, sizeof text);
            if (length > 0)
                outcome.answer.append(text, static_cast<std::size_t>(length));
            else
                isOpen = false;
        }
        if (cancel.isCancelled())
            stop();
        for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
            int status = 0;
            if (ranks[rank] <= 0 || ::waitpid(ranks[rank], &status, WNOHANG) != ranks[rank])
                continue;
            ranks[rank] = 0;
            --running;
            const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            if (code != 0 && !isFailed) {
                isFailed = true;
                outcome.exitCode = code;
                stop(); // the others would wait for it
            }
        }
        const bool isPatient = !isStopping || Clock::now() - stoppedAt < std::chrono::seconds(10);
        if (!isPatient && !isKilled && !cancel.isCancelled()) {
            isKilled = true;
            signalAll(SIGKILL);
        }
    }
    ::close(answerPipe[0]);
    return outcome;
}

} // namespace sapsam
