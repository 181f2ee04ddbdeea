#pragma once

#include "core/weights/mapped_file.h"

#include <map>
#include <vector>

namespace sapsam {

// The members of a zip archive in a mapped file, by the central directory (Zip64 included). Only
// stored members can be read, which is how checkpoints keep everything that matters; nothing is
// ever unpacked and no name of a member becomes a path.
class ZipArchive
{
public:
    // `file` must outlive the archive. Throws Error(Corrupt) naming file and member for a broken
    // directory, members that reach outside the file, repeated names and names that would leave a
    // folder; Error(Unsupported) for archives in parts.
    explicit ZipArchive(const MappedFile &file);

    std::vector<std::string> names() const; // sorted
    bool contains(const std::string &name) const { return m_members.count(name) != 0; }

    // The bytes of a stored member, inside the mapped file. Throws Error(Corrupt) when there is no
    // such member or its header is broken, Error(Unsupported) when it is compressed or encrypted.
    std::string_view member(const std::string &name) const;

private:
    struct Member
    {
        std::uint64_t header = 0; // where its local header begins
        std::uint64_t packed = 0;
        std::uint64_t size = 0;
        std::uint16_t method = 0;
        std::uint16_t flags = 0;
    };

    const MappedFile &m_file;
    std::uint64_t m_directory = 0; // where the central directory begins
    std::map<std::string, Member> m_members;
};

} // namespace sapsam
