#pragma once

#include <string>

namespace sapsam {

// The path of a file shipped with the program, such as "taxonomies/atr18.json":
// $SAPSAM_RESOURCES_DIR, else <program>/../share/sapsam, else resources/ of the source tree.
// Throws Error(NotFound) naming the places that were tried.
std::string resourcePath(const std::string &name);

// The folder of the running program.
std::string programFolder();

} // namespace sapsam
