#include "app/launcher/environment.h"

#include <cstdlib>
#include <dlfcn.h>
#include <fstream>
#include <unistd.h>

namespace sapsam::launcher {

namespace {

constexpr char kPrepared[] = "SAPSAM_PREPARED"; // set between the two executions only
constexpr char kForbidden[] = "SAPSAM_NO_REEXEC";
constexpr char kDecision[] = "SAPSAM_STARTUP";
constexpr char kCoreType[] = "OPENBLAS_CORETYPE";
constexpr char kTunables[] = "GLIBC_TUNABLES";
constexpr char kSpinning[] = "GOMP_SPINCOUNT";
constexpr char kWaiting[] = "OMP_WAIT_POLICY";
constexpr char kBlasWaiting[] = "OPENBLAS_THREAD_TIMEOUT";
constexpr char kHugePages[] = "glibc.malloc.hugetlb";

std::string variable(const char *name)
{
    const char *value = std::getenv(name);
    return value != nullptr ? value : "";
}

bool processorHasWideVectors()
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
           && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#else
    return false;
#endif
}

// Asks the BLAS that Debian's libtorch will load, if it is OpenBLAS.
void askOpenBlas(Machine &machine)
{
#if defined(SAPSAM_SYSTEM_BLAS)
    void *library = dlopen("libblas.so.3", RTLD_LAZY | RTLD_LOCAL);
    if (library == nullptr)
        return;
    if (void *name = dlsym(library, "openblas_get_corename")) {
        const char *core = reinterpret_cast<char *(*)()>(name)();
        machine.blasCore = core != nullptr ? core : "";
    }
    constexpr int kOwnThreads = 1; // 0: none, 2: those of OpenMP
    if (void *threads = dlsym(library, "openblas_get_parallel"))
        machine.blasHasThreads = reinterpret_cast<int (*)()>(threads)() == kOwnThreads;
#else
    (void)machine;
#endif
}

// "always [madvise] never" → madvise
std::string hugePageMode()
{
    std::ifstream file("/sys/kernel/mm/transparent_hugepage/enabled");
    std::string line;
    std::getline(file, line);
    const auto open = line.find('['), close = line.find(']');
    return open == std::string::npos || close == std::string::npos
               ? std::string()
               : line.substr(open + 1, close - open - 1);
}

bool isWideCore(const std::string &core)
{
    return core == "SkylakeX" || core == "Cooperlake" || core == "SapphireRapids" || core == "Zen5";
}

Setting decideCore(const Machine &machine)
{
    if (!machine.blasChosen.empty())
        return {kCoreType, "", "set to " + machine.blasChosen + " by the environment"};
    if (!machine.hasWideVectors)
        return {kCoreType, "", "this processor has no AVX-512"};
    if (machine.blasCore.empty())
        return {kCoreType, "", "the matrix library is not OpenBLAS"};
    if (isWideCore(machine.blasCore))
        return {kCoreType, "", "OpenBLAS picks " + machine.blasCore + " by itself"};
    return {kCoreType, "SkylakeX",
            "OpenBLAS would pick " + machine.blasCore + " and leave AVX-512 unused"};
}

Setting decideHugePages(const Machine &machine)
{
    if (machine.tunables.find(kHugePages) != std::string::npos)
        return {kTunables, "", "huge pages are set by the environment"};
    if (machine.hugePages == "always")
        return {kTunables, "", "the kernel gives huge pages unasked"};
    if (machine.hugePages != "madvise")
        return {kTunables, "", "the kernel gives no huge pages"};
    const std::string wanted = std::string(kHugePages) + "=1";
    return {kTunables, machine.tunables.empty() ? wanted : machine.tunables + ":" + wanted,
            "the kernel gives huge pages only on request, and large tensors want them"};
}

// A thread that waits for work by counting keeps its core from those of the other library, which
// have work: two cores then give little more than one. A few microseconds are worth it, because the
// next loop is often that near.
Setting decideSpinning(const Machine &machine)
{
    if (!machine.waiting.empty())
        return {kSpinning, "", "how threads wait is set by the environment: " + machine.waiting};
    if (!machine.blasHasThreads)
        return {kSpinning, "", "the matrix library has no threads of its own"};
    return {kSpinning, "1000",
            "OpenBLAS and OpenMP have threads of their own; those without work must sleep soon"};
}

// The same on the side of OpenBLAS, whose threads wait for 2^26 cycles if nothing is said.
Setting decideBlasWaiting(const Machine &machine)
{
    if (!machine.blasWaiting.empty())
        return {kBlasWaiting, "",
                "how OpenBLAS waits is set by the environment: " + machine.blasWaiting};
    if (!machine.blasHasThreads)
        return {kBlasWaiting, "", "the matrix library has no threads of its own"};
    return {kBlasWaiting, "14", "OpenBLAS's threads without work would keep cores from OpenMP's"};
}

void leaveDecision(const std::vector<Setting> &settings)
{
    std::string text;
    for (const Setting &setting : settings)
        text += setting.name + "\t" + setting.value + "\t" + setting.why + "\n";
    setenv(kDecision, text.c_str(), 1);
}

} // namespace

Machine examineMachine()
{
    Machine machine;
    machine.hasWideVectors = processorHasWideVectors();
    machine.blasChosen = variable(kCoreType);
    machine.waiting = variable(kSpinning).empty() ? variable(kWaiting) : variable(kSpinning);
    machine.blasWaiting = variable(kBlasWaiting);
    if ((machine.hasWideVectors && machine.blasChosen.empty()) || machine.waiting.empty()
        || machine.blasWaiting.empty())
        askOpenBlas(machine);
    machine.hugePages = hugePageMode();
    machine.tunables = variable(kTunables);
    return machine;
}

std::vector<Setting> decide(const Machine &machine)
{
    return {decideCore(machine), decideHugePages(machine), decideSpinning(machine),
            decideBlasWaiting(machine)};
}

void prepareEnvironment(char **argv)
{
    if (std::getenv(kPrepared) != nullptr) {
        unsetenv(kPrepared); // programs that we start decide for themselves
        return;
    }
    if (!variable(kForbidden).empty()) {
        leaveDecision({{"environment", "", std::string(kForbidden) + " forbids to change it"}});
        return;
    }
    const std::vector<Setting> settings = decide(examineMachine());
    leaveDecision(settings);
    bool isNew = false;
    for (const Setting &setting : settings) {
        if (!setting.value.empty()) {
            setenv(setting.name.c_str(), setting.value.c_str(), 1);
            isNew = true;
        }
    }
    if (!isNew)
        return;
    setenv(kPrepared, "1", 1);
    execv("/proc/self/exe", argv);
    // Still here. Libraries that load from now on see the variables all the same.
    unsetenv(kPrepared);
}

} // namespace sapsam::launcher
