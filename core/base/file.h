#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

// Paths are UTF-8 in std::string everywhere in core. All functions name the file in what they
// throw: NotFound when it does not exist, NoSpace when the disk is full, Io for every other
// refusal.
namespace sapsam {

std::string readFile(const std::string &path);

void readFileInPieces(const std::string &path,
                      const std::function<void(const char *, std::size_t)> &piece);

// Writes to a neighbour with the suffix ".part", flushes it to the disk and renames it over the
// target: a reader sees the old file or the new one, never half of it.
void writeFileAtomically(const std::string &path, std::string_view content);

// Makes the folder and its parents.
void makeFolder(const std::string &path);

// Throws for errno after a failed call on a path: "cannot write 'x': No space left on device; free
// …".
[[noreturn]] void throwSystemError(const std::string &action, const std::string &path,
                                   int errorNumber);

} // namespace sapsam
