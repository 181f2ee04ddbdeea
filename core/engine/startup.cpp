#include "core/engine/startup.h"

#include "core/engine/engine_options.h"

#include <torch/torch.h>

#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>
#include <malloc.h>
#include <sched.h>
#include <sstream>
#include <thread>

namespace sapsam {

namespace {

constexpr char kDecision[] = "SAPSAM_STARTUP"; // written by the launcher

std::vector<StartupChoice> &choices()
{
    static std::vector<StartupChoice> list;
    return list;
}

void readDecision()
{
    const char *text = std::getenv(kDecision);
    if (text == nullptr) {
        choices().push_back({"environment", "", "the program was started without its launcher"});
        return;
    }
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const auto first = line.find('\t'), second = line.find('\t', first + 1);
        if (first != std::string::npos && second != std::string::npos)
            choices().push_back({line.substr(0, first), line.substr(first + 1, second - first - 1),
                                 line.substr(second + 1)});
    }
    unsetenv(kDecision); // programs that we start decide for themselves
}

void prepareAllocator()
{
#if defined(__GLIBC__)
    // Otherwise every large temporary is given back to the kernel and faulted in again.
    constexpr int kKeep = 1 << 30;
    // A heap of a thread's own holds no more than 64 MB: what is larger would be asked for anew
    // each time wherever a model runs beside the main thread.
    const bool isDone = mallopt(M_MMAP_THRESHOLD, kKeep) == 1
                        && mallopt(M_TRIM_THRESHOLD, kKeep) == 1 && mallopt(M_ARENA_MAX, 1) == 1;
    choices().push_back({"allocator", isDone ? "keeps freed blocks of up to 1 GB" : "",
                         isDone ? "large temporaries come back without page faults"
                                : "the C library refused the thresholds"});
#else
    choices().push_back({"allocator", "", "only known for the GNU C library"});
#endif
}

void prepareThreads()
{
    cpu_set_t set;
    const bool isLimited = sched_getaffinity(0, sizeof set, &set) == 0;
    const int cores = isLimited
                          ? std::max(1, CPU_COUNT(&set))
                          : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    at::set_num_threads(cores);
    choices().push_back({"threads", std::to_string(cores),
                         "the processors that this process may use; --threads changes it"});
}

void judgeMatrixLibrary()
{
    if (at::hasMKL() || dlsym(RTLD_DEFAULT, "openblas_get_corename") != nullptr)
        return;
    choices().push_back({"matrix library", "",
                         "libtorch runs with a slow BLAS; install libopenblas0-pthread for a "
                         "speed ten times as high"});
}

} // namespace

const std::vector<StartupChoice> &startupChoices()
{
    return choices();
}

void keepFreedMemory()
{
#if defined(__GLIBC__)
    mallopt(M_TRIM_THRESHOLD, -1);
#endif
}

void prepareProcess(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    if (!choices().empty())
        return;
    readDecision();
    prepareAllocator();
    prepareThreads();
    judgeMatrixLibrary();
}

} // namespace sapsam
