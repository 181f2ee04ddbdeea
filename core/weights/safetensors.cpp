#include "core/weights/safetensors.h"

#include "core/base/file.h"
#include "core/base/json_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <set>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sapsam {

namespace {

constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;
constexpr const char *kMetadataKey = "__metadata__";

struct DtypeName
{
    const char *name;
    torch::ScalarType dtype;
};

constexpr DtypeName kDtypes[] = {
    {"F64", torch::kDouble},    {"F32", torch::kFloat}, {"F16", torch::kHalf},
    {"BF16", torch::kBFloat16}, {"I64", torch::kLong},  {"I32", torch::kInt},
    {"I16", torch::kShort},     {"I8", torch::kChar},   {"U8", torch::kByte},
    {"BOOL", torch::kBool},
};

// Element types that the format has and libtorch 1.13 does not.
constexpr const char *kForeignDtypes[] = {"U16",     "U32", "U64", "F8_E4M3", "F8_E5M2",
                                          "F8_E8M0", "C64", "F4",  "F6_E2M3", "F6_E3M2"};

[[noreturn]] void throwCorrupt(const std::string &path, const std::string &what)
{
    throw Error(ErrorKind::Corrupt, "'" + path + "' is not a usable safetensors file: " + what
                                        + "; fetch or export it again");
}

std::string named(const std::string &tensor)
{
    return "tensor '" + tensor + "' ";
}

torch::ScalarType dtypeFromName(const std::string &name, const std::string &path,
                                const std::string &tensor)
{
    for (const auto &known : kDtypes) {
        if (name == known.name)
            return known.dtype;
    }
    for (const char *foreign : kForeignDtypes) {
        if (name == foreign)
            throw Error(ErrorKind::Unsupported, "'" + path + "': " + named(tensor)
                                                    + "has the element type " + name
                                                    + ", which this program does not read; convert "
                                                      "it to F16 or F32");
    }
    throwCorrupt(path, named(tensor) + "has the unknown element type '" + name + "'");
}

// The header as JSON; a name that occurs twice is an error and not, as usual, the last one's.
Json parseHeader(const char *data, std::size_t size, const std::string &path)
{
    std::set<std::string> seen;
    std::string duplicate;
    const auto watch = [&](int depth, Json::parse_event_t event, Json &parsed) {
        if (event == Json::parse_event_t::key && depth == 1
            && !seen.insert(parsed.get<std::string>()).second)
            duplicate = parsed.get<std::string>();
        return true;
    };
    Json header;
    try {
        header = Json::parse(data, data + size, watch);
    } catch (const nlohmann::json::exception &error) {
        throwCorrupt(path, std::string("the header is not valid JSON (") + error.what() + ")");
    }
    if (!duplicate.empty())
        throwCorrupt(path, named(duplicate) + "occurs twice");
    if (!header.is_object())
        throwCorrupt(path, "the header is not a JSON object");
    return header;
}

struct Entry
{
    TensorInfo info;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

Entry parseEntry(const std::string &name, const Json &json, const std::string &path)
{
    const auto fail = [&](const std::string &what) { throwCorrupt(path, named(name) + what); };
    if (!json.is_object() || !json.contains("dtype") || !json.contains("shape")
        || !json.contains("data_offsets"))
        fail("lacks dtype, shape or data_offsets");
    const auto &dtype = json.at("dtype");
    const auto &shape = json.at("shape");
    const auto &offsets = json.at("data_offsets");
    if (!dtype.is_string() || !shape.is_array() || !offsets.is_array() || offsets.size() != 2
        || !offsets[0].is_number_unsigned() || !offsets[1].is_number_unsigned())
        fail("has a dtype, shape or data_offsets of the wrong kind");

    Entry entry;
    entry.info.dtype = dtypeFromName(dtype.get<std::string>(), path, name);
    std::uint64_t bytes = torch::elementSize(entry.info.dtype);
    for (const auto &side : shape) {
        if (!side.is_number_unsigned())
            fail("has a shape that is not a list of sizes");
        const auto value = side.get<std::uint64_t>();
        if (value > static_cast<std::uint64_t>(INT64_MAX)
            || (value != 0 && bytes > static_cast<std::uint64_t>(INT64_MAX) / value))
            fail("has a shape that is too large");
        bytes *= value;
        entry.info.shape.push_back(static_cast<std::int64_t>(value));
    }
    entry.begin = offsets[0].get<std::uint64_t>();
    entry.end = offsets[1].get<std::uint64_t>();
    if (entry.begin > entry.end || entry.end - entry.begin != bytes)
        fail("of shape " + shapeText(entry.info.shape) + " needs " + std::to_string(bytes)
             + " bytes, its data range is " + std::to_string(entry.begin) + " to "
             + std::to_string(entry.end));
    return entry;
}

} // namespace

struct SafetensorsFile::Private
{
    std::string path;
    const char *mapped = nullptr;
    std::size_t fileSize = 0;
    const char *data = nullptr; // where the tensors begin
    std::map<std::string, Entry> entries;
    std::map<std::string, std::string> metadata;

    ~Private()
    {
        if (mapped)
            ::munmap(const_cast<char *>(mapped), fileSize);
    }

    void map();
    void parse();
    void checkRanges(std::uint64_t dataSize) const;
};

void SafetensorsFile::Private::map()
{
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0)
        throwSystemError("read", path, errno);
    struct stat status = {};
    if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        const int error = S_ISDIR(status.st_mode) ? EISDIR : errno;
        ::close(file);
        throwSystemError("read", path, error);
    }
    fileSize = static_cast<std::size_t>(status.st_size);
    if (fileSize < 8) {
        ::close(file);
        throwCorrupt(path, "it holds only " + std::to_string(fileSize) + " bytes");
    }
    void *memory = ::mmap(nullptr, fileSize, PROT_READ, MAP_PRIVATE, file, 0);
    const int error = errno;
    ::close(file);
    if (memory == MAP_FAILED)
        throwSystemError("map", path, error);
    mapped = static_cast<const char *>(memory);
}

void SafetensorsFile::Private::parse()
{
    std::uint64_t headerSize = 0;
    std::memcpy(&headerSize, mapped, sizeof headerSize);
    if (headerSize > kMaxHeaderBytes)
        throwCorrupt(path, "its header claims " + std::to_string(headerSize) + " bytes");
    if (headerSize > fileSize - 8)
        throwCorrupt(path, "it ends inside its header (truncated)");
    if (headerSize == 0 || mapped[8] != '{')
        throwCorrupt(path, "its header does not begin with '{'");
    const Json header = parseHeader(mapped + 8, static_cast<std::size_t>(headerSize), path);
    data = mapped + 8 + headerSize;

    for (const auto &item : header.items()) {
        if (item.key() != kMetadataKey) {
            entries.emplace(item.key(), parseEntry(item.key(), item.value(), path));
            continue;
        }
        if (!item.value().is_object())
            throwCorrupt(path, "its __metadata__ is not an object");
        for (const auto &note : item.value().items()) {
            if (!note.value().is_string())
                throwCorrupt(path, "its __metadata__ entry '" + note.key() + "' is not a string");
            metadata[note.key()] = note.value().get<std::string>();
        }
    }
    checkRanges(fileSize - 8 - headerSize);
}

void SafetensorsFile::Private::checkRanges(std::uint64_t dataSize) const
{
    std::vector<const std::pair<const std::string, Entry> *> byOffset;
    for (const auto &entry : entries)
        byOffset.push_back(&entry);
    std::sort(byOffset.begin(), byOffset.end(), [](const auto *a, const auto *b) {
        return std::make_pair(a->second.begin, a->second.end)
               < std::make_pair(b->second.begin, b->second.end);
    });
    std::uint64_t next = 0;
    for (const auto *entry : byOffset) {
        if (entry->second.begin < next)
            throwCorrupt(path, named(entry->first) + "overlaps the one before it");
        if (entry->second.begin > next)
            throwCorrupt(path, "there is a gap of " + std::to_string(entry->second.begin - next)
                                   + " bytes before " + named(entry->first));
        if (entry->second.end > dataSize)
            throwCorrupt(path, named(entry->first) + "ends "
                                   + std::to_string(entry->second.end - dataSize)
                                   + " bytes behind the end of the file (truncated)");
        next = entry->second.end;
    }
    if (next != dataSize)
        throwCorrupt(path, std::to_string(dataSize - next) + " bytes follow the last tensor");
}

SafetensorsFile::SafetensorsFile(const std::string &path) : d(std::make_unique<Private>())
{
    d->path = path;
    d->map();
    d->parse();
}

SafetensorsFile::~SafetensorsFile() = default;

const std::string &SafetensorsFile::origin() const
{
    return d->path;
}

std::vector<std::string> SafetensorsFile::names() const
{
    std::vector<std::string> result;
    for (const auto &entry : d->entries)
        result.push_back(entry.first);
    return result;
}

const TensorInfo *SafetensorsFile::find(const std::string &name) const
{
    const auto found = d->entries.find(name);
    return found == d->entries.end() ? nullptr : &found->second.info;
}

torch::Tensor SafetensorsFile::read(const std::string &name) const
{
    const auto found = d->entries.find(name);
    if (found == d->entries.end())
        throw Error(ErrorKind::NotFound, "'" + d->path + "' has no tensor '" + name + "'");
    const Entry &entry = found->second;
    auto tensor = torch::empty(entry.info.shape, torch::TensorOptions(entry.info.dtype));
    // Copied byte by byte: the writer guarantees no alignment of the data.
    if (entry.end > entry.begin)
        std::memcpy(tensor.data_ptr(), d->data + entry.begin,
                    static_cast<std::size_t>(entry.end - entry.begin));
    return tensor;
}

const std::map<std::string, std::string> &SafetensorsFile::metadata() const
{
    return d->metadata;
}

namespace {

const char *nameOfDtype(torch::ScalarType dtype, const std::string &tensor)
{
    for (const auto &known : kDtypes) {
        if (dtype == known.dtype)
            return known.name;
    }
    throw Error(ErrorKind::InvalidInput,
                named(tensor) + "has an element type that safetensors files cannot hold");
}

torch::Tensor packed(const torch::Tensor &tensor, torch::ScalarType floatType)
{
    auto result = tensor.detach().to(torch::kCPU);
    if (floatType != torch::ScalarType::Undefined && result.is_floating_point())
        result = result.to(floatType);
    return result.contiguous();
}

// A file that is renamed to its target when complete and removed when not.
class PartFile
{
public:
    explicit PartFile(const std::string &target) : m_target(target), m_part(target + ".part")
    {
        m_file = std::fopen(m_part.c_str(), "wb");
        if (!m_file)
            throwSystemError("write", m_target, errno);
    }
    ~PartFile()
    {
        if (m_file) {
            std::fclose(m_file);
            std::remove(m_part.c_str());
        }
    }
    PartFile(const PartFile &) = delete;
    PartFile &operator=(const PartFile &) = delete;

    void write(const void *bytes, std::size_t size)
    {
        if (size > 0 && std::fwrite(bytes, 1, size, m_file) != size)
            throwSystemError("write", m_target, errno);
    }

    void commit()
    {
        if (std::fflush(m_file) != 0 || ::fsync(::fileno(m_file)) != 0)
            throwSystemError("write", m_target, errno);
        const bool closed = std::fclose(m_file) == 0;
        const int error = errno;
        m_file = nullptr;
        if (!closed || std::rename(m_part.c_str(), m_target.c_str()) != 0) {
            const int reason = closed ? errno : error;
            std::remove(m_part.c_str());
            throwSystemError("write", m_target, reason);
        }
    }

private:
    std::string m_target;
    std::string m_part;
    std::FILE *m_file = nullptr;
};

} // namespace

void writeSafetensors(const std::string &path, const NamedTensors &tensors,
                      const SafetensorsOptions &options)
{
    std::map<std::string, const torch::Tensor *> byName;
    for (const auto &item : tensors) {
        if (item.first == kMetadataKey || !byName.emplace(item.first, &item.second).second)
            throw Error(ErrorKind::InvalidInput, "'" + path + "': " + named(item.first)
                                                     + "cannot be written: the name is taken");
    }

    Json header = Json::object();
    if (!options.metadata.empty())
        header[kMetadataKey] = options.metadata;
    std::uint64_t offset = 0;
    for (const auto &item : byName) {
        const auto &tensor = *item.second;
        const auto dtype =
            options.floatType != torch::ScalarType::Undefined && tensor.is_floating_point()
                ? options.floatType
                : tensor.scalar_type();
        const auto end =
            offset + static_cast<std::uint64_t>(tensor.numel()) * torch::elementSize(dtype);
        header[item.first] = {{"dtype", nameOfDtype(dtype, item.first)},
                              {"shape", tensor.sizes().vec()},
                              {"data_offsets", {offset, end}}};
        offset = end;
    }
    std::string text = header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');
    const std::uint64_t headerSize = text.size();

    PartFile file(path);
    file.write(&headerSize, sizeof headerSize);
    file.write(text.data(), text.size());
    for (const auto &item : byName) {
        const auto bytes = packed(*item.second, options.floatType);
        file.write(bytes.data_ptr(), static_cast<std::size_t>(bytes.nbytes()));
    }
    file.commit();
}

} // namespace sapsam
