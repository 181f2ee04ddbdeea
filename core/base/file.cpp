#include "core/base/file.h"

#include "core/base/error.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace sapsam {

namespace {

// Closes on every path out.
class Descriptor
{
public:
    explicit Descriptor(int fd) : m_fd(fd) {}
    ~Descriptor()
    {
        if (m_fd >= 0)
            ::close(m_fd);
    }
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;

    int value() const { return m_fd; }

private:
    int m_fd;
};

} // namespace

void throwSystemError(const std::string &action, const std::string &path, int errorNumber)
{
    const std::string text =
        "cannot " + action + " '" + path + "': " + std::generic_category().message(errorNumber);
    switch (errorNumber) {
    case ENOENT:
    case ENOTDIR:
        throw Error(ErrorKind::NotFound, text);
    case ENOSPC:
    case EDQUOT:
    case EFBIG: // beyond the size that this process may write
        throw Error(ErrorKind::NoSpace, text + "; free some space and try again");
    case EACCES:
    case EPERM:
    case EROFS:
        throw Error(ErrorKind::Io, text + "; check the permissions of the file and its folder");
    case ENOMEM:
        throw Error(ErrorKind::OutOfMemory, text);
    default:
        throw Error(ErrorKind::Io, text);
    }
}

void readFileInPieces(const std::string &path,
                      const std::function<void(const char *, std::size_t)> &piece)
{
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.value() < 0)
        throwSystemError("open", path, errno);
    struct stat status = {};
    if (::fstat(file.value(), &status) == 0 && S_ISDIR(status.st_mode))
        throw Error(ErrorKind::InvalidInput, "'" + path + "' is a folder, not a file");
    constexpr std::size_t kPieceSize = 1U << 20;
    const std::unique_ptr<char[]> buffer(new char[kPieceSize]);
    for (;;) {
        const ssize_t count = ::read(file.value(), buffer.get(), kPieceSize);
        if (count < 0) {
            if (errno == EINTR)
                continue;
            throwSystemError("read", path, errno);
        }
        if (count == 0)
            return;
        piece(buffer.get(), static_cast<std::size_t>(count));
    }
}

std::string readFile(const std::string &path)
{
    std::string content;
    std::error_code ignored;
    const auto size = std::filesystem::file_size(path, ignored);
    if (!ignored)
        content.reserve(static_cast<std::size_t>(size));
    readFileInPieces(path,
                     [&](const char *data, std::size_t size_) { content.append(data, size_); });
    return content;
}

void writeFileAtomically(const std::string &path, std::string_view content)
{
    const std::string part = path + ".part";
    try {
        const Descriptor file(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
        if (file.value() < 0)
            throwSystemError("write", path, errno);
        while (!content.empty()) {
            const ssize_t count = ::write(file.value(), content.data(), content.size());
            if (count < 0) {
                if (errno == EINTR)
                    continue;
                throwSystemError("write", path, errno);
            }
            content.remove_prefix(static_cast<std::size_t>(count));
        }
        if (::fsync(file.value()) != 0)
            throwSystemError("write", path, errno);
        if (::rename(part.c_str(), path.c_str()) != 0)
            throwSystemError("write", path, errno);
    } catch (const Error &) {
        ::unlink(part.c_str());
        throw;
    }
}

void makeFolder(const std::string &path)
{
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error)
        throwSystemError("create the folder", path, error.value());
}

} // namespace sapsam
