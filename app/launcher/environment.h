#pragma once

#include <string>
#include <vector>

// What the programs decide before any heavy library is in memory: variables that those libraries
// and the C library read once, when they start. Uses nothing but the C and C++ libraries.
namespace sapsam::launcher {

// One variable that was considered. `value` is empty when it is left alone.
struct Setting
{
    std::string name, value, why;
};

// What the decision depends on.
struct Machine
{
    bool hasWideVectors = false; // AVX-512 with all that OpenBLAS' SkylakeX kernels use
    std::string blasCore;        // the kernels OpenBLAS picks by itself; empty without OpenBLAS
    std::string blasChosen;      // OPENBLAS_CORETYPE as the user has set it, or empty
    std::string hugePages;       // always, madvise, never, or empty when the kernel has none
    std::string tunables;        // GLIBC_TUNABLES as the user has set it, or empty
    bool blasHasThreads = false; // OpenBLAS runs threads of its own beside those of OpenMP
    // What the user has set of how the threads of OpenMP and of OpenBLAS wait, or empty.
    std::string waiting{}, blasWaiting{};
};

// Looks at this machine. Asks OpenBLAS only where the answer matters, since that loads it.
Machine examineMachine();

// The settings for a machine.
std::vector<Setting> decide(const Machine &machine);

// Puts the settings in place, re-executing the program once when one of them is new. Returns in
// the process that goes on: the second one, or the first when nothing had to change, when
// SAPSAM_NO_REEXEC is set, or when the execution failed. Leaves the decision in SAPSAM_STARTUP for
// the engine to read: lines of name, value and reason, parted by tabs.
void prepareEnvironment(char **argv);

} // namespace sapsam::launcher
