#pragma once

#include <memory>
#include <string>

namespace sapsam {

// The one writer of a project: the file `project.lock`, which names process and machine and is held
// with flock(2), so that the system lets go of it when the process dies. A lock file that nobody
// holds is therefore the mark of an unclean exit.
// All connections of this process share one lock. Safe from any thread.
class ProjectLock
{
public:
    // Throws Error(Busy) naming pid and host of the holder, Error(Io | NoSpace) for the file.
    static std::shared_ptr<ProjectLock> acquire(const std::string &folder);
    // Whether the last writer died: a lock file that no living process holds.
    static bool isStale(const std::string &folder);
    // Throws Error(Busy) when a living process of this machine holds it.
    static void removeForeign(const std::string &folder);

    ~ProjectLock();
    ProjectLock(const ProjectLock &) = delete;
    ProjectLock &operator=(const ProjectLock &) = delete;

private:
    ProjectLock(std::string path, int descriptor);

    std::string m_path;
    int m_descriptor;
};

} // namespace sapsam
