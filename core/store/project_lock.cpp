#include "core/store/project_lock.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/base/log.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <map>
#include <mutex>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sapsam {

namespace {

std::string lockPath(const std::string &folder)
{
    std::error_code ignored;
    const std::filesystem::path whole = std::filesystem::weakly_canonical(folder, ignored);
    return (ignored ? std::filesystem::path(folder) : whole) / "project.lock";
}

std::string hostName()
{
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

struct Holder
{
    long pid = 0;
    std::string host;
};

Holder readHolder(const std::string &path)
{
    Holder holder;
    try {
        const Json json = readJsonFile(path);
        holder.pid = valueOr<long>(json, "pid", 0, path);
        holder.host = valueOr<std::string>(json, "host", "", path);
    } catch (const Error &) {
        // Being written at this moment, or cut off: whoever holds it stays unnamed.
    }
    return holder;
}

[[noreturn]] void throwBusy(const std::string &path)
{
    const Holder holder = readHolder(path);
    const std::string who = holder.pid
                                ? "process " + std::to_string(holder.pid) + " on " + holder.host
                                : "another process";
    throw Error(ErrorKind::Busy, who + " is writing to the project ('" + path
                                     + "'); wait until it has finished or close it");
}

// Opens the lock file and takes it. -1 when another process holds it.
int takeDescriptor(const std::string &path, bool create)
{
    for (;;) {
        const int descriptor =
            ::open(path.c_str(), O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0644);
        if (descriptor < 0)
            throwSystemError("lock", path, errno);
        if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
            const int error = errno;
            ::close(descriptor);
            if (error == EWOULDBLOCK)
                return -1;
            throwSystemError("lock", path, error);
        }
        // The last holder may have removed the file between our open and our lock.
        struct stat ours = {};
        struct stat named = {};
        if (::fstat(descriptor, &ours) == 0 && ::stat(path.c_str(), &named) == 0
            && ours.st_ino == named.st_ino && ours.st_dev == named.st_dev)
            return descriptor;
        ::close(descriptor);
        if (!create)
            throw Error(ErrorKind::NotFound, "'" + path + "' is gone");
    }
}

std::mutex &registryMutex()
{
    static std::mutex mutex;
    return mutex;
}

std::map<std::string, std::weak_ptr<ProjectLock>> &registry()
{
    static std::map<std::string, std::weak_ptr<ProjectLock>> locks;
    return locks;
}

} // namespace

ProjectLock::ProjectLock(std::string path, int descriptor)
    : m_path(std::move(path)), m_descriptor(descriptor)
{
}

ProjectLock::~ProjectLock()
{
    // Removed before it is let go, so that a lock file without a holder always means a crash.
    ::unlink(m_path.c_str());
    ::close(m_descriptor);
}

std::shared_ptr<ProjectLock> ProjectLock::acquire(const std::string &folder)
{
    const std::string path = lockPath(folder);
    const std::lock_guard guard(registryMutex());
    if (std::shared_ptr<ProjectLock> held = registry()[path].lock())
        return held;

    const int descriptor = takeDescriptor(path, true);
    if (descriptor < 0)
        throwBusy(path);
    // flock does not reach every network filesystem: a file from another machine is believed.
    const Holder last = readHolder(path);
    if (last.pid != 0 && last.host != hostName()) {
        ::close(descriptor);
        throw Error(ErrorKind::Busy,
                    "process " + std::to_string(last.pid) + " on " + last.host
                        + " is writing to the project; when it no longer runs there, "
                          "remove '"
                        + path + "' and try again");
    }
    if (last.pid != 0)
        logWarning("process " + std::to_string(last.pid)
                   + " ended without closing the project; taking over '" + path + "'");
    const std::string content =
        Json{{"pid", static_cast<long>(::getpid())}, {"host", hostName()}}.dump() + "\n";
    if (::ftruncate(descriptor, 0) != 0
        || ::pwrite(descriptor, content.data(), content.size(), 0)
               != static_cast<ssize_t>(content.size())) {
        const int error = errno;
        ::close(descriptor);
        throwSystemError("lock", path, error);
    }
    std::shared_ptr<ProjectLock> lock(new ProjectLock(path, descriptor));
    registry()[path] = lock;
    return lock;
}

bool ProjectLock::isStale(const std::string &folder)
{
    const std::string path = lockPath(folder);
    const std::lock_guard guard(registryMutex());
    std::error_code ignored;
    if (registry()[path].lock() || !std::filesystem::exists(path, ignored))
        return false;
    try {
        const int descriptor = takeDescriptor(path, false);
        if (descriptor < 0)
            return false;
        ::close(descriptor);
        return true;
    } catch (const Error &) {
        return false; // gone meanwhile, or not ours to touch
    }
}

void ProjectLock::removeForeign(const std::string &folder)
{
    const std::string path = lockPath(folder);
    const std::lock_guard guard(registryMutex());
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored))
        return;
    if (registry()[path].lock())
        throwBusy(path);
    const int descriptor = takeDescriptor(path, false);
    if (descriptor < 0)
        throwBusy(path);
    ::unlink(path.c_str());
    ::close(descriptor);
}

} // namespace sapsam
