#pragma once

namespace sapsam {

// "0.1.0": the version in the top CMakeLists.txt.
const char *programVersion();

} // namespace sapsam
