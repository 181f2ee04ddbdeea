#pragma once

#include <string>

namespace sapsam {

// The street video that Debian's package opencv-doc installs (vtest.avi: real people walking), or
// "" when it is not there. Where it lies gzipped it is unpacked into the folder, once.
// $SAPSAM_DEMO_VIDEO names another file. Throws Error(Corrupt) for a damaged gzip file and what
// writing throws.
std::string findDemoVideo(const std::string &unpackFolder);

} // namespace sapsam
