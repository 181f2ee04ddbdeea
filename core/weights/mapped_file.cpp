#include "core/weights/mapped_file.h"

#include "core/base/file.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sapsam {

MappedFile::MappedFile(const std::string &path) : m_path(path)
{
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        throwSystemError("read", path, errno);
    struct stat status = {};
    if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        const int error = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
        ::close(file);
        throwSystemError("read", path, error);
    }
    m_size = static_cast<std::size_t>(status.st_size);
    if (m_size > 0) {
        void *memory = ::mmap(nullptr, m_size, PROT_READ, MAP_PRIVATE, file, 0);
        if (memory == MAP_FAILED) {
            const int error = errno;
            ::close(file);
            throwSystemError("map", path, error);
        }
        m_data = static_cast<const char *>(memory);
    }
    ::close(file);
}

MappedFile::~MappedFile()
{
    if (m_data)
        ::munmap(const_cast<char *>(m_data), m_size);
}

void MappedFile::release(std::string_view part) const
{
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const auto begin = static_cast<std::size_t>(part.data() - m_data);
    const std::size_t first = (begin + page - 1) / page * page;
    const std::size_t last = (begin + part.size()) / page * page;
    if (last > first)
        ::madvise(const_cast<char *>(m_data) + first, last - first, MADV_DONTNEED);
}

void throwBrokenCheckpoint(const std::string &path, const std::string &what)
{
    throw Error(ErrorKind::Corrupt, "'" + path + "' is not a usable checkpoint: " + what
                                        + "; fetch or export it again");
}

void throwForeignCheckpoint(const std::string &path, const std::string &what)
{
    throw Error(ErrorKind::Unsupported, "'" + path + "' cannot be used: " + what);
}

std::string printable(std::string_view text)
{
    constexpr std::size_t kLongest = 120;
    const bool isText = isUtf8(text);
    std::string result;
    for (const char c : text.substr(0, kLongest)) {
        const auto byte = static_cast<unsigned char>(c);
        result += byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !isText) ? '?' : c;
    }
    if (text.size() <= kLongest)
        return result;
    // A character that was cut in two goes as a whole.
    while (!result.empty() && !isUtf8(result))
        result.pop_back();
    return result + "…";
}

bool isUtf8(std::string_view text)
{
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const std::size_t length = lead < 0x80             ? 1
                                   : (lead & 0xe0) == 0xc0 ? 2
                                   : (lead & 0xf0) == 0xe0 ? 3
                                   : (lead & 0xf8) == 0xf0 ? 4
                                                           : 0;
        if (length == 0 || length > text.size() - i)
            return false;
        std::uint32_t code = length == 1 ? lead : lead & (0x7fu >> length);
        for (std::size_t k = 1; k < length; ++k) {
            const auto byte = static_cast<unsigned char>(text[i + k]);
            if ((byte & 0xc0) != 0x80)
                return false;
            code = code << 6 | (byte & 0x3f);
        }
        constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
        if (code < kSmallest[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
            return false;
        i += length;
    }
    return true;
}

} // namespace sapsam
