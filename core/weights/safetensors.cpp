#include "core/weights/safetensors.h"

#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/weights/mapped_tensor.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
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

struct Entry
{
    TensorInfo info;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

// Takes the header apart while it is parsed, so that no more is kept than the tensors it names:
// what stands in a file does not decide how much memory its JSON takes.
class HeaderReader final : public nlohmann::json_sax<Json>
{
public:
    HeaderReader(const std::string &path, std::map<std::string, Entry> &entries,
                 std::map<std::string, std::string> &metadata)
        : m_path(path), m_entries(entries), m_metadata(metadata)
    {
    }

    bool null() override { return scalar(); }
    bool boolean(bool) override { return scalar(); }
    bool number_integer(number_integer_t) override { return scalar(); }
    bool number_float(number_float_t, const string_t &) override { return scalar(); }
    bool binary(binary_t &) override { return scalar(); }

    bool number_unsigned(number_unsigned_t value) override
    {
        if (m_depth != kInList)
            return scalar();
        if (m_field == Field::Shape && m_shape.size() < kMaxRank)
            m_shape.push_back(value);
        else if (m_field == Field::Offsets && m_offsets.size() < 2)
            m_offsets.push_back(value);
        else if (m_field == Field::Offsets)
            m_isWrongKind = true;
        else if (m_field == Field::Shape)
            throwCorrupt(m_path, named(printable(m_tensor)) + "has more sides than any tensor");
        return true;
    }

    bool string(string_t &value) override
    {
        if (m_depth == kInEntry && m_isMetadata)
            m_metadata[m_note] = value;
        else if (m_depth == kInEntry && m_field == Field::Dtype)
            m_dtype = value;
        else
            return scalar();
        return true;
    }

    bool start_object(std::size_t) override
    {
        enter();
        if (m_depth == kInEntry) {
            m_has = 0;
            m_dtype.clear();
            m_shape.clear();
            m_offsets.clear();
            m_isWrongKind = m_isShapeWrong = false;
        } else if (m_depth == kInList) {
            wrongValue();
        }
        return true;
    }

    bool key(string_t &value) override
    {
        if (m_depth == kInHeader) {
            if (m_entries.count(value) != 0 || (value == kMetadataKey && m_hasMetadata))
                throwCorrupt(m_path, named(printable(value)) + "occurs twice");
            m_tensor = value;
            m_isMetadata = value == kMetadataKey;
            m_hasMetadata = m_hasMetadata || m_isMetadata;
        } else if (m_depth == kInEntry && m_isMetadata) {
            m_note = value;
        } else if (m_depth == kInEntry) {
            m_field = value == "dtype"          ? Field::Dtype
                      : value == "shape"        ? Field::Shape
                      : value == "data_offsets" ? Field::Offsets
                                                : Field::Other;
            // A field that occurs twice counts as one of the wrong kind.
            const unsigned bit = 1u << static_cast<unsigned>(m_field);
            m_isWrongKind = m_isWrongKind || (m_field != Field::Other && (m_has & bit) != 0);
            m_has |= bit;
        }
        return true;
    }

    bool end_object() override
    {
        if (m_depth == kInEntry && !m_isMetadata)
            finishEntry();
        --m_depth;
        return true;
    }

    bool start_array(std::size_t) override
    {
        enter();
        if (m_depth == kInHeader)
            throwCorrupt(m_path, "the header is not a JSON object");
        if (m_depth == kInEntry
            || (m_depth == kInList && (m_isMetadata || m_field == Field::Dtype)))
            wrongValue();
        return true;
    }

    bool end_array() override
    {
        --m_depth;
        return true;
    }

    bool parse_error(std::size_t, const std::string &,
                     const nlohmann::detail::exception &error) override
    {
        throwCorrupt(m_path, "the header is not valid JSON (" + printable(error.what()) + ")");
    }

private:
    enum Depth { kInHeader = 1, kInEntry = 2, kInList = 3, kDeepest = 4 };
    enum class Field { Dtype, Shape, Offsets, Other };
    static constexpr std::size_t kMaxRank = 64;

    void enter()
    {
        if (++m_depth > kDeepest)
            throwCorrupt(m_path, "its header is nested too deeply");
    }

    // Something that is not what its place asks for.
    void wrongValue()
    {
        if (m_depth <= 1)
            throwCorrupt(m_path, "the header is not a JSON object");
        if (m_isMetadata)
            throwCorrupt(m_path, m_depth == kInEntry && m_note.empty()
                                     ? "its __metadata__ is not an object"
                                     : "its __metadata__ entry '" + printable(m_note)
                                           + "' is not a string");
        if (m_depth == kInEntry)
            throwCorrupt(m_path, named(printable(m_tensor)) + "lacks dtype, shape or data_offsets");
        m_isWrongKind = m_isWrongKind || m_field != Field::Other;
    }

    bool scalar()
    {
        if (m_depth == 0)
            throwCorrupt(m_path, "the header is not a JSON object");
        if (m_depth == kInHeader) {
            throwCorrupt(m_path, m_isMetadata ? std::string("its __metadata__ is not an object")
                                              : named(printable(m_tensor))
                                                    + "lacks dtype, shape or data_offsets");
        }
        if (m_isMetadata)
            wrongValue();
        if (m_depth == kInList && m_field == Field::Shape)
            m_isShapeWrong = true;
        else if (m_field != Field::Other)
            m_isWrongKind = true;
        return true;
    }

    void finishEntry();

    const std::string &m_path;
    std::map<std::string, Entry> &m_entries;
    std::map<std::string, std::string> &m_metadata;

    int m_depth = 0;
    std::string m_tensor, m_note, m_dtype;
    Field m_field = Field::Other;
    unsigned m_has = 0; // bits of the fields that were there
    bool m_isMetadata = false;
    bool m_hasMetadata = false;
    bool m_isWrongKind = false;
    bool m_isShapeWrong = false;
    std::vector<std::uint64_t> m_shape, m_offsets;
};

void HeaderReader::finishEntry()
{
    const std::string name = printable(m_tensor);
    const auto fail = [&](const std::string &what) { throwCorrupt(m_path, named(name) + what); };
    constexpr unsigned kAll = 1u << static_cast<unsigned>(Field::Dtype)
                              | 1u << static_cast<unsigned>(Field::Shape)
                              | 1u << static_cast<unsigned>(Field::Offsets);
    if ((m_has & kAll) != kAll)
        fail("lacks dtype, shape or data_offsets");
    if (m_isWrongKind || m_offsets.size() != 2)
        fail("has a dtype, shape or data_offsets of the wrong kind");

    Entry entry;
    entry.info.dtype = dtypeFromName(m_dtype, m_path, name);
    if (m_isShapeWrong)
        fail("has a shape that is not a list of sizes");
    std::uint64_t bytes = torch::elementSize(entry.info.dtype);
    for (const auto value : m_shape) {
        if (value > static_cast<std::uint64_t>(INT64_MAX)
            || (value != 0 && bytes > static_cast<std::uint64_t>(INT64_MAX) / value))
            fail("has a shape that is too large");
        bytes *= value;
        entry.info.shape.push_back(static_cast<std::int64_t>(value));
    }
    entry.begin = m_offsets[0];
    entry.end = m_offsets[1];
    if (entry.begin > entry.end || entry.end - entry.begin != bytes)
        fail("of shape " + shapeText(entry.info.shape) + " needs " + std::to_string(bytes)
             + " bytes, its data range is " + std::to_string(entry.begin) + " to "
             + std::to_string(entry.end));
    m_entries.emplace(std::move(m_tensor), std::move(entry));
}

} // namespace

struct SafetensorsFile::Private
{
    explicit Private(const std::string &path) : file(path) {}

    void parse();
    void checkRanges(std::uint64_t dataSize) const;
    std::string_view bytesOf(const Entry &entry) const
    {
        return data.substr(static_cast<std::size_t>(entry.begin),
                           static_cast<std::size_t>(entry.end - entry.begin));
    }

    MappedFile file;
    std::string_view data; // the tensors
    std::map<std::string, Entry> entries;
    std::map<std::string, std::string> metadata;
};

void SafetensorsFile::Private::parse()
{
    const auto &path = file.path();
    const auto bytes = file.bytes();
    if (bytes.size() < 8)
        throwCorrupt(path, "it holds only " + std::to_string(bytes.size()) + " bytes");
    std::uint64_t headerSize = 0;
    std::memcpy(&headerSize, bytes.data(), sizeof headerSize);
    if (headerSize > kMaxHeaderBytes)
        throwCorrupt(path, "its header claims " + std::to_string(headerSize) + " bytes");
    if (headerSize > bytes.size() - 8)
        throwCorrupt(path, "it ends inside its header (truncated)");
    if (headerSize == 0 || bytes[8] != '{')
        throwCorrupt(path, "its header does not begin with '{'");
    const auto header = bytes.substr(8, static_cast<std::size_t>(headerSize));
    HeaderReader reader(path, entries, metadata);
    Json::sax_parse(header.begin(), header.end(), &reader);
    data = bytes.substr(8 + header.size());
    checkRanges(data.size());
}

void SafetensorsFile::Private::checkRanges(std::uint64_t dataSize) const
{
    const auto &path = file.path();
    std::vector<const std::pair<const std::string, Entry> *> byOffset;
    for (const auto &entry : entries)
        byOffset.push_back(&entry);
    std::sort(byOffset.begin(), byOffset.end(), [](const auto *a, const auto *b) {
        return std::make_pair(a->second.begin, a->second.end)
               < std::make_pair(b->second.begin, b->second.end);
    });
    std::uint64_t next = 0;
    for (const auto *entry : byOffset) {
        const std::string name = named(printable(entry->first));
        if (entry->second.begin < next)
            throwCorrupt(path, name + "overlaps the one before it");
        if (entry->second.begin > next)
            throwCorrupt(path, "there is a gap of " + std::to_string(entry->second.begin - next)
                                   + " bytes before " + name);
        if (entry->second.end > dataSize)
            throwCorrupt(path, name + "ends " + std::to_string(entry->second.end - dataSize)
                                   + " bytes behind the end of the file (truncated)");
        next = entry->second.end;
    }
    if (next != dataSize)
        throwCorrupt(path, std::to_string(dataSize - next) + " bytes follow the last tensor");
}

SafetensorsFile::SafetensorsFile(const std::string &path) : d(std::make_unique<Private>(path))
{
    d->parse();
}

SafetensorsFile::~SafetensorsFile() = default;

const std::string &SafetensorsFile::origin() const
{
    return d->file.path();
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
        throw Error(ErrorKind::NotFound, "'" + origin() + "' has no tensor '" + name + "'");
    const auto &info = found->second.info;
    auto tensor = torch::empty(info.shape, torch::TensorOptions(info.dtype));
    copyMapped(d->file, d->bytesOf(found->second), info.dtype, tensor);
    return tensor;
}

void SafetensorsFile::readInto(const std::string &name, const torch::Tensor &target) const
{
    const auto found = d->entries.find(name);
    if (found == d->entries.end())
        TensorSource::readInto(name, target); // throws
    else
        copyMapped(d->file, d->bytesOf(found->second), found->second.info.dtype, target);
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
