#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

// Writes what PyTorch writes and what it never would, byte by byte.
namespace sapsam::test {

// A pickle put together from its opcodes.
class PickleText
{
public:
    PickleText() { bytes = "\x80\x02"; }

    PickleText &raw(const std::string &opcodes)
    {
        bytes += opcodes;
        return *this;
    }
    PickleText &text(const std::string &value)
    {
        bytes += 'X';
        little(static_cast<std::uint32_t>(value.size()));
        return raw(value);
    }
    PickleText &number(std::int64_t value)
    {
        bytes += "\x8a\x08";
        little(value);
        return *this;
    }
    PickleText &global(const std::string &module, const std::string &name)
    {
        return raw("c" + module + "\n" + name + "\n");
    }
    PickleText &tuple(const std::vector<std::int64_t> &values)
    {
        raw("(");
        for (const auto value : values)
            number(value);
        return raw("t");
    }
    PickleText &storage(const std::string &type, const std::string &key, std::int64_t count)
    {
        raw("(").text("storage");
        if (type == "UntypedStorage")
            global("torch.storage", type);
        else
            global("torch", type);
        return text(key).text("cpu").number(count).raw("tQ");
    }
    // _rebuild_tensor_v2 of float32.
    PickleText &tensor(const std::string &key, std::int64_t count,
                       const std::vector<std::int64_t> &shape,
                       const std::vector<std::int64_t> &strides, std::int64_t offset = 0)
    {
        global("torch._utils", "_rebuild_tensor_v2").raw("(");
        storage("FloatStorage", key, count).number(offset).tuple(shape).tuple(strides);
        return raw("\x89}tR");
    }
    // {"w": tensor of four numbers in storage "0"}
    PickleText &simpleStateDict() { return raw("}").text("w").tensor("0", 4, {4}, {1}).raw("s"); }

    std::string done() const { return bytes + "."; }

    std::string bytes;

private:
    template <typename T>
    void little(T value)
    {
        bytes.append(reinterpret_cast<const char *>(&value), sizeof value);
    }
};

inline std::string floatBytes(const std::vector<float> &values)
{
    return {reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float)};
}

struct ZipOptions
{
    bool zip64 = false;          // sizes and offsets in the Zip64 field and records
    bool dataDescriptor = false; // sizes behind the data, zero in the local header
    std::string comment;
    std::uint16_t method = 0; // claimed in the directory
};

// A zip archive of stored members.
class ZipText
{
public:
    void add(const std::string &name, const std::string &data)
    {
        m_members.push_back({name, data});
    }

    std::string done(const ZipOptions &options = {}) const
    {
        std::string out;
        std::string directory;
        for (const auto &member : m_members) {
            const std::uint64_t offset = out.size();
            const std::uint64_t size = member.second.size();
            const bool isHidden = options.dataDescriptor;
            const std::uint16_t flags = isHidden ? 0x0808 : 0;
            // Padding in the local header only, as PyTorch aligns its data.
            const std::string padding("FB\x05\0ZZZZZ", 9);
            header(out, 0x04034b50, 20, flags, options.method, isHidden ? 0 : size,
                   isHidden ? 0 : size);
            u16(out, member.first.size());
            u16(out, padding.size());
            out += member.first + padding + member.second;
            if (isHidden) {
                u32(out, 0x08074b50);
                u32(out, 0);
                u32(out, size);
                u32(out, size);
            }

            std::string extra;
            if (options.zip64) {
                u16(extra, 1);
                u16(extra, 24);
                u64(extra, size);
                u64(extra, size);
                u64(extra, offset);
            }
            u32(directory, 0x02014b50);
            u16(directory, 20);
            header(directory, 0, 20, flags, options.method, options.zip64 ? 0xffffffff : size,
                   options.zip64 ? 0xffffffff : size, false);
            u16(directory, member.first.size());
            u16(directory, extra.size());
            u16(directory, 0); // comment
            u16(directory, 0); // disk
            u16(directory, 0);
            u32(directory, 0);
            u32(directory, options.zip64 ? 0xffffffff : offset);
            directory += member.first + extra;
        }
        const std::uint64_t begin = out.size();
        out += directory;
        if (options.zip64) {
            const std::uint64_t end64 = out.size();
            u32(out, 0x06064b50);
            u64(out, 44);
            u16(out, 45);
            u16(out, 45);
            u32(out, 0);
            u32(out, 0);
            u64(out, m_members.size());
            u64(out, m_members.size());
            u64(out, directory.size());
            u64(out, begin);
            u32(out, 0x07064b50);
            u32(out, 0);
            u64(out, end64);
            u32(out, 1);
        }
        u32(out, 0x06054b50);
        u16(out, 0);
        u16(out, 0);
        u16(out, options.zip64 ? 0xffff : m_members.size());
        u16(out, options.zip64 ? 0xffff : m_members.size());
        u32(out, options.zip64 ? 0xffffffff : directory.size());
        u32(out, options.zip64 ? 0xffffffff : begin);
        u16(out, options.comment.size());
        return out + options.comment;
    }

private:
    static void u16(std::string &out, std::uint64_t value) { append(out, value, 2); }
    static void u32(std::string &out, std::uint64_t value) { append(out, value, 4); }
    static void u64(std::string &out, std::uint64_t value) { append(out, value, 8); }
    static void append(std::string &out, std::uint64_t value, int bytes)
    {
        for (int i = 0; i < bytes; ++i)
            out += static_cast<char>(value >> (8 * i) & 0xff);
    }
    static void header(std::string &out, std::uint32_t mark, std::uint16_t version,
                       std::uint16_t flags, std::uint16_t method, std::uint64_t packed,
                       std::uint64_t size, bool hasMark = true)
    {
        if (hasMark)
            u32(out, mark);
        u16(out, version);
        u16(out, flags);
        u16(out, method);
        u32(out, 0); // time and date
        u32(out, 0); // checksum
        u32(out, packed);
        u32(out, size);
    }

    std::vector<std::pair<std::string, std::string>> m_members;
};

// A zip checkpoint of a pickle and storages "0", "1", …
inline std::string zipCheckpoint(const std::string &pickle,
                                 const std::vector<std::string> &storages,
                                 const ZipOptions &options = {},
                                 const std::vector<std::pair<std::string, std::string>> &more = {})
{
    ZipText zip;
    zip.add("archive/data.pkl", pickle);
    for (std::size_t i = 0; i < storages.size(); ++i)
        zip.add("archive/data/" + std::to_string(i), storages[i]);
    zip.add("archive/version", "3\n");
    for (const auto &member : more)
        zip.add(member.first, member.second);
    return zip.done(options);
}

} // namespace sapsam::test
