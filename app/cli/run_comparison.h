#pragma once

#include "app/cli/context.h"

#include <string>

namespace sapsam::cli {

// What two runs were told differently and what they measured: every setting with another value, the
// last loss, and of each number of the evaluations the last and the largest.
// Throws Error(NotFound | Corrupt) naming the file.
Answer compareRuns(const std::string &first, const std::string &second);

// Adds "compare" to "runs".
void addRunComparison(CLI::App &runs, Context &context);

} // namespace sapsam::cli
