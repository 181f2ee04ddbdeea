#include "core/weights/zip_archive.h"

#include <algorithm>
#include <cstring>

namespace sapsam {

namespace {

constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint32_t kDirectoryEntry = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50;
constexpr std::uint32_t kEnd64 = 0x06064b50;
constexpr std::uint32_t kEnd64Locator = 0x07064b50;
constexpr std::size_t kLocalHeaderSize = 30;
constexpr std::size_t kDirectoryEntrySize = 46;
constexpr std::size_t kEndSize = 22;
constexpr std::size_t kEnd64Size = 56;
constexpr std::size_t kEnd64LocatorSize = 20;
constexpr std::uint16_t kZip64Extra = 1;
constexpr std::uint16_t kEncryptedFlag = 1;

// The caller has made sure that the field lies inside.
template <typename T>
T field(std::string_view bytes, std::uint64_t at)
{
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof(T));
    return value;
}

// Where the record that ends every archive begins; a comment of up to 64 KiB may follow it.
std::size_t findEnd(std::string_view bytes, const std::string &path)
{
    if (bytes.size() >= kEndSize) {
        const std::size_t last = bytes.size() - kEndSize;
        const std::size_t first = last > 0xffff ? last - 0xffff : 0;
        for (std::size_t at = last + 1; at-- > first;) {
            if (field<std::uint32_t>(bytes, at) == kEnd
                && at + kEndSize + field<std::uint16_t>(bytes, at + 20) == bytes.size())
                return at;
        }
    }
    throwBrokenCheckpoint(path, "the directory at the end of the archive is missing (truncated)");
}

bool isSafeName(const std::string &name)
{
    if (name.empty() || name[0] == '/' || name.find('\\') != std::string::npos
        || name.find('\0') != std::string::npos)
        return false;
    for (std::size_t begin = 0; begin <= name.size();) {
        const std::size_t end = std::min(name.find('/', begin), name.size());
        if (name.compare(begin, end - begin, "..") == 0)
            return false;
        begin = end + 1;
    }
    return true;
}

} // namespace

ZipArchive::ZipArchive(const MappedFile &file) : m_file(file)
{
    const auto bytes = file.bytes();
    const auto fail = [&](const std::string &what) { throwBrokenCheckpoint(file.path(), what); };

    const std::size_t end = findEnd(bytes, file.path());
    std::uint64_t count = field<std::uint16_t>(bytes, end + 10);
    std::uint64_t size = field<std::uint32_t>(bytes, end + 12);
    std::uint64_t begin = field<std::uint32_t>(bytes, end + 16);
    std::uint64_t limit = end; // the directory ends before this
    std::uint64_t disk = field<std::uint16_t>(bytes, end + 4);
    if (end >= kEnd64LocatorSize
        && field<std::uint32_t>(bytes, end - kEnd64LocatorSize) == kEnd64Locator) {
        const auto end64 = field<std::uint64_t>(bytes, end - kEnd64LocatorSize + 8);
        if (end64 > end - kEnd64LocatorSize || end - kEnd64LocatorSize - end64 < kEnd64Size
            || field<std::uint32_t>(bytes, end64) != kEnd64)
            fail("the Zip64 directory of the archive is broken");
        count = field<std::uint64_t>(bytes, end64 + 32);
        size = field<std::uint64_t>(bytes, end64 + 40);
        begin = field<std::uint64_t>(bytes, end64 + 48);
        disk = field<std::uint32_t>(bytes, end64 + 16);
        limit = end64;
    }
    if (disk != 0)
        throwForeignCheckpoint(file.path(), "it is one part of an archive in several parts");
    if (begin > limit || size > limit - begin)
        fail("the directory of the archive lies outside the file");
    m_directory = begin;

    std::uint64_t at = begin;
    const std::uint64_t stop = begin + size;
    for (std::uint64_t i = 0; i < count; ++i) {
        if (stop - at < kDirectoryEntrySize || field<std::uint32_t>(bytes, at) != kDirectoryEntry)
            fail("the directory of the archive is broken at entry " + std::to_string(i));
        Member member;
        member.flags = field<std::uint16_t>(bytes, at + 8);
        member.method = field<std::uint16_t>(bytes, at + 10);
        member.packed = field<std::uint32_t>(bytes, at + 20);
        member.size = field<std::uint32_t>(bytes, at + 24);
        member.header = field<std::uint32_t>(bytes, at + 42);
        const std::uint64_t nameSize = field<std::uint16_t>(bytes, at + 28);
        const std::uint64_t extraSize = field<std::uint16_t>(bytes, at + 30);
        const std::uint64_t noteSize = field<std::uint16_t>(bytes, at + 32);
        at += kDirectoryEntrySize;
        if (stop - at < nameSize + extraSize + noteSize)
            fail("the directory of the archive is broken at entry " + std::to_string(i));
        std::string name(
            bytes.substr(static_cast<std::size_t>(at), static_cast<std::size_t>(nameSize)));
        at += nameSize;

        // Values that do not fit into 32 bits follow in this order in the Zip64 field.
        for (std::uint64_t extra = at; at + extraSize - extra >= 4;) {
            const auto id = field<std::uint16_t>(bytes, extra);
            std::uint64_t left = field<std::uint16_t>(bytes, extra + 2);
            extra += 4;
            if (left > at + extraSize - extra)
                break; // padding that only looks like a field
            if (id == kZip64Extra) {
                std::uint64_t from = extra;
                for (std::uint64_t *value : {&member.size, &member.packed, &member.header}) {
                    if (*value != 0xffffffff)
                        continue;
                    if (left < 8)
                        fail("the archive's member '" + printable(name) + "' lacks its size");
                    *value = field<std::uint64_t>(bytes, from);
                    from += 8;
                    left -= 8;
                }
                break;
            }
            extra += left;
        }
        at += extraSize + noteSize;

        if (!isSafeName(name))
            fail("the archive's member '" + printable(name)
                 + "' has a name that leaves its folder");
        if (!m_members.emplace(std::move(name), member).second)
            fail("two members of the archive have the same name");
    }
}

std::vector<std::string> ZipArchive::names() const
{
    std::vector<std::string> result;
    for (const auto &member : m_members)
        result.push_back(member.first);
    return result;
}

std::string_view ZipArchive::member(const std::string &name) const
{
    const auto bytes = m_file.bytes();
    const std::string called = "the archive's member '" + printable(name) + "' ";
    const auto found = m_members.find(name);
    if (found == m_members.end())
        throwBrokenCheckpoint(m_file.path(), called + "is missing");
    const Member &member = found->second;
    if ((member.flags & kEncryptedFlag) != 0)
        throwForeignCheckpoint(m_file.path(), called + "is encrypted");
    if (member.method != 0)
        throwForeignCheckpoint(m_file.path(), called
                                                  + "is compressed, which checkpoints never are; "
                                                    "save it again with torch.save");
    // The local header repeats the name; its sizes are often zero and never used.
    if (member.header > m_directory || m_directory - member.header < kLocalHeaderSize
        || field<std::uint32_t>(bytes, member.header) != kLocalHeader)
        throwBrokenCheckpoint(m_file.path(), called + "begins outside the file");
    const std::uint64_t begin = member.header + kLocalHeaderSize
                                + field<std::uint16_t>(bytes, member.header + 26)
                                + field<std::uint16_t>(bytes, member.header + 28);
    if (member.size != member.packed || begin > m_directory || member.size > m_directory - begin)
        throwBrokenCheckpoint(m_file.path(), called + "reaches beyond the file");
    if (field<std::uint16_t>(bytes, member.header + 26) != name.size()
        || bytes.compare(static_cast<std::size_t>(member.header + kLocalHeaderSize), name.size(),
                         name)
               != 0)
        throwBrokenCheckpoint(m_file.path(), called + "has another name in its own header");
    return bytes.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(member.size));
}

} // namespace sapsam
