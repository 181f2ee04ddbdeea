#pragma once

#include "core/base/error.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

// What every target shares. A target feeds bytes to one reader: an Error that says "corrupt",
// "unsupported" or "mismatch" is a good answer, every other exception ends the process and is a
// finding, as are crashes, hangs and memory beyond the limits of the run.
namespace sapsam::fuzz {

// Bytes as a file in memory that readers open by its path.
class FileInMemory
{
public:
    explicit FileInMemory(std::string_view bytes) : m_file(::memfd_create("input", MFD_CLOEXEC))
    {
        if (m_file < 0)
            std::abort();
        while (!bytes.empty()) {
            const auto count = ::write(m_file, bytes.data(), bytes.size());
            if (count <= 0)
                std::abort();
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
        m_path = "/proc/self/fd/" + std::to_string(m_file);
    }
    ~FileInMemory() { ::close(m_file); }
    FileInMemory(const FileInMemory &) = delete;
    FileInMemory &operator=(const FileInMemory &) = delete;

    const std::string &path() const { return m_path; }

private:
    int m_file;
    std::string m_path;
};

// A folder of this process in memory; files are overwritten from input to input.
inline const std::string &folderInMemory()
{
    static const std::string folder = [] {
        const std::string path = "/dev/shm/sapsam-fuzz-" + std::to_string(::getpid());
        ::mkdir(path.c_str(), 0700);
        return path;
    }();
    return folder;
}

inline std::string writtenToMemory(const std::string &name, std::string_view bytes)
{
    const std::string path = folderInMemory() + "/" + name;
    std::FILE *file = std::fopen(path.c_str(), "wb");
    if (!file)
        std::abort();
    std::fwrite(bytes.data(), 1, bytes.size(), file);
    std::fclose(file);
    return path;
}

inline std::string_view textOf(const std::uint8_t *data, std::size_t size)
{
    return {reinterpret_cast<const char *>(data), size};
}

// The part before the first zero byte; `rest` becomes what follows it.
inline std::string_view takePart(std::string_view &rest)
{
    const auto end = rest.find('\0');
    const auto part = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    return part;
}

template <typename Function>
void expectRefusalOrSuccess(Function &&read)
{
    try {
        read();
    } catch (const Error &error) {
        const bool isRefusal = error.kind() == ErrorKind::Corrupt
                               || error.kind() == ErrorKind::Unsupported
                               || error.kind() == ErrorKind::Mismatch;
        if (!isRefusal) {
            std::fprintf(stderr, "an error of another kind: %s\n", error.what());
            std::abort();
        }
    }
}

} // namespace sapsam::fuzz
