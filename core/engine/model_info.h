#pragma once

#include <string>

namespace sapsam {

// Which model made something. The hash is the SHA-256 of the weight file and is what derived rows
// and feature files are stamped with.
struct ModelInfo
{
    std::string name;         // "sapsam-retrieval-small"
    std::string task;         // person-sam | phrases | retrieval
    std::string architecture; // "clip", "person-sam", "blip2-opt"
    std::string folder;
    std::string sha256;
};

} // namespace sapsam
