#pragma once

#include <string>
#include <vector>

namespace sapsam {

// One thing that was settled when the program started, for `sapsam doctor`.
struct StartupChoice
{
    std::string what;  // "OPENBLAS_CORETYPE", "threads", …
    std::string value; // empty: left as it was
    std::string why;
};

// What the launcher and prepareProcess() settled, in that order; empty before prepareProcess().
const std::vector<StartupChoice> &startupChoices();

// From now on the process gives no freed memory back: for steps that take the same gigabytes again
// and again, as those of a training do.
void keepFreedMemory();

} // namespace sapsam
