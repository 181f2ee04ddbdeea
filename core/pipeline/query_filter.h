#pragma once

#include "core/store/project_store.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sapsam {

// The images of a filter as people type it. Throws Error(InvalidInput) with the column of what
// cannot be read.
std::vector<std::int64_t> imagesOfFilter(ProjectStore &store, const std::string &filter);

} // namespace sapsam
