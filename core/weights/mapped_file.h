#pragma once

#include "core/base/error.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace sapsam {

// A regular file mapped for reading: opening costs nothing, and only what is touched is read. The
// content must not change while it is open. Reading is safe from several threads.
class MappedFile
{
public:
    // Throws Error(NotFound or Io) naming the file.
    explicit MappedFile(const std::string &path);
    ~MappedFile();
    MappedFile(const MappedFile &) = delete;
    MappedFile &operator=(const MappedFile &) = delete;

    const std::string &path() const { return m_path; }
    std::string_view bytes() const { return {m_data, m_size}; }

    // Tells the system that this part will not be needed again soon, so that reading a model larger
    // than the memory does not push out everything else. `part` lies inside bytes().
    void release(std::string_view part) const;

private:
    std::string m_path;
    const char *m_data = nullptr;
    std::size_t m_size = 0;
};

// Throws Error(Corrupt): "'file' is not a usable checkpoint: <what>; fetch or export it again".
[[noreturn]] void throwBrokenCheckpoint(const std::string &path, const std::string &what);
// Throws Error(Unsupported): "'file' cannot be used: <what>".
[[noreturn]] void throwForeignCheckpoint(const std::string &path, const std::string &what);

// Text of unknown origin for a message: shortened, unprintable bytes replaced by '?'.
std::string printable(std::string_view text);
// Whether the bytes are UTF-8 (no overlong forms, no surrogates).
bool isUtf8(std::string_view text);

} // namespace sapsam
