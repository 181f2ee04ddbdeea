#include "core/search/feature_file.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/random.h"
#include "core/search/half_float.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sapsam {

static_assert(std::endian::native == std::endian::little, "feature files are little-endian");

namespace {

constexpr std::string_view kMagic = "SAPFEAT1";
constexpr std::size_t kHashBytes = 32;
constexpr int kMaxDimension = 1 << 16;

struct Header
{
    char magic[8];
    std::uint32_t dimension;
    std::uint32_t zero;
    std::uint64_t count;
    unsigned char modelHash[kHashBytes];
    std::uint64_t checksum;
};
static_assert(sizeof(Header) == 64);

// Eight bytes a step: fast enough to check every read. In pieces, for what is written in pieces.
class Checksum
{
public:
    explicit Checksum(std::size_t size) : m_sum(splitMix64(size)) {}

    void add(const char *bytes, std::size_t size)
    {
        for (; m_held > 0 && m_held < 8 && size > 0; --size)
            m_rest[m_held++] = *bytes++;
        if (m_held == 8) {
            step(m_rest);
            m_held = 0;
        }
        std::size_t i = 0;
        for (; i + 8 <= size; i += 8)
            step(bytes + i);
        for (; i < size; ++i)
            m_rest[m_held++] = bytes[i];
    }
    std::uint64_t value() const
    {
        std::uint64_t rest = 0;
        std::memcpy(&rest, m_rest, m_held);
        return splitMix64(m_sum ^ rest);
    }

private:
    void step(const char *bytes)
    {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes, 8);
        m_sum = (std::rotl(m_sum, 27) ^ word) * 0x9E3779B97F4A7C15ULL;
    }

    std::uint64_t m_sum;
    char m_rest[8] = {};
    std::size_t m_held = 0;
};

std::uint64_t checksumOf(const char *bytes, std::size_t size)
{
    Checksum sum(size);
    sum.add(bytes, size);
    return sum.value();
}

int valueOfDigit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return -1;
}

std::string hexOfHash(const unsigned char *hash)
{
    constexpr char kHex[] = "0123456789abcdef";
    std::string text;
    text.reserve(2 * kHashBytes);
    for (std::size_t i = 0; i < kHashBytes; ++i) {
        text += kHex[hash[i] >> 4];
        text += kHex[hash[i] & 15];
    }
    return text;
}

// A whole file in memory as the system maps it.
class MappedFile
{
public:
    explicit MappedFile(const std::string &path)
    {
        const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        if (descriptor < 0)
            throwSystemError("open", path, errno);
        struct stat status = {};
        if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
            ::close(descriptor);
            throw Error(ErrorKind::InvalidInput, "'" + path + "' is not a file");
        }
        m_size = static_cast<std::size_t>(status.st_size);
        if (m_size > 0) {
            void *data = ::mmap(nullptr, m_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
            if (data == MAP_FAILED) {
                const int error = errno;
                ::close(descriptor);
                throwSystemError("read", path, error);
            }
            m_data = static_cast<const char *>(data);
        }
        ::close(descriptor);
    }
    ~MappedFile()
    {
        if (m_data)
            ::munmap(const_cast<char *>(m_data), m_size);
    }
    MappedFile(const MappedFile &) = delete;
    MappedFile &operator=(const MappedFile &) = delete;

    const char *data() const { return m_data; }
    std::size_t size() const { return m_size; }

private:
    const char *m_data = nullptr;
    std::size_t m_size = 0;
};

[[noreturn]] void throwCorrupt(const std::string &path, const std::string &what)
{
    throw Error(ErrorKind::Corrupt,
                "'" + path + "' " + what + "; the features are damaged: embed the project again");
}

} // namespace

namespace {

Header headerFor(const std::string &path, const std::string &modelHash, int dimension,
                 std::size_t count)
{
    Header header = {};
    std::memcpy(header.magic, kMagic.data(), kMagic.size());
    header.dimension = static_cast<std::uint32_t>(dimension);
    header.count = count;
    bool isHash = modelHash.size() == 2 * kHashBytes;
    for (std::size_t i = 0; isHash && i < kHashBytes; ++i) {
        const int high = valueOfDigit(modelHash[2 * i]);
        const int low = valueOfDigit(modelHash[2 * i + 1]);
        isHash = high >= 0 && low >= 0;
        header.modelHash[i] = static_cast<unsigned char>(high * 16 + low);
    }
    if (!isHash)
        throw Error(ErrorKind::InvalidInput, "cannot write '" + path + "': the model hash '"
                                                 + modelHash + "' is not a SHA-256");
    return header;
}

} // namespace

void writeFeatures(const std::string &path, const FeatureTable &table)
{
    const std::size_t count = table.ids.size();
    if (table.dimension <= 0 || table.dimension > kMaxDimension
        || table.rows.size() != count * static_cast<std::size_t>(table.dimension))
        throw Error(ErrorKind::InvalidInput, "cannot write '" + path + "': " + std::to_string(count)
                                                 + " ids and " + std::to_string(table.rows.size())
                                                 + " values do not make rows of "
                                                 + std::to_string(table.dimension));
    FeatureWriter writer(path, table.modelHash, table.dimension, table.ids);
    writer.append(table.rows.data(), count);
    writer.finish();
}

struct FeatureWriter::Private
{
    Private(const std::string &path_, std::size_t payload) : path(path_), sum(payload) {}

    void write(const void *data, std::size_t size)
    {
        const char *bytes = static_cast<const char *>(data);
        while (size > 0) {
            const ssize_t step = ::write(descriptor, bytes, size);
            if (step < 0 && errno == EINTR)
                continue;
            if (step < 0)
                throwSystemError("write", path, errno);
            bytes += step;
            size -= static_cast<std::size_t>(step);
        }
    }

    std::string path;
    std::string part; // the neighbour that is written to
    int descriptor = -1;
    Header header = {};
    Checksum sum;
    std::size_t written = 0; // rows
    std::vector<std::uint16_t> halves;
};

FeatureWriter::FeatureWriter(const std::string &path, const std::string &modelHash, int dimension,
                             const std::vector<std::int64_t> &ids)
    : d(std::make_unique<Private>(
        path, ids.size()
                  * (sizeof(std::int64_t)
                     + sizeof(std::uint16_t) * static_cast<std::size_t>(std::max(dimension, 0)))))
{
    if (dimension <= 0 || dimension > kMaxDimension)
        throw Error(ErrorKind::InvalidInput,
                    "cannot write '" + path + "': rows of " + std::to_string(dimension));
    d->header = headerFor(path, modelHash, dimension, ids.size());
    d->part = path + ".part";
    d->descriptor = ::open(d->part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (d->descriptor < 0)
        throwSystemError("write", path, errno);
    try {
        // The checksum is filled in at the end: until then the header is that of a damaged file.
        d->write(&d->header, sizeof(Header));
        const auto *bytes = reinterpret_cast<const char *>(ids.data());
        const std::size_t size = ids.size() * sizeof(std::int64_t);
        d->sum.add(bytes, size);
        d->write(bytes, size);
    } catch (...) {
        ::close(d->descriptor);
        ::unlink(d->part.c_str());
        throw;
    }
}

FeatureWriter::~FeatureWriter()
{
    if (d->descriptor < 0)
        return;
    ::close(d->descriptor);
    ::unlink(d->part.c_str());
}

void FeatureWriter::append(const float *rows, std::size_t count)
{
    constexpr std::size_t kRowsAtOnce = 4096;
    const std::size_t dimension = d->header.dimension;
    for (std::size_t first = 0; first < count; first += kRowsAtOnce) {
        const std::size_t values = std::min(kRowsAtOnce, count - first) * dimension;
        d->halves.resize(values);
        halfFromFloat(rows + first * dimension, d->halves.data(), values);
        const auto *bytes = reinterpret_cast<const char *>(d->halves.data());
        d->sum.add(bytes, values * sizeof(std::uint16_t));
        d->write(bytes, values * sizeof(std::uint16_t));
    }
    d->written += count;
}

void FeatureWriter::finish()
{
    if (d->written != d->header.count)
        throw Error(ErrorKind::InvalidInput, "cannot write '" + d->path
                                                 + "': " + std::to_string(d->written) + " rows for "
                                                 + std::to_string(d->header.count) + " ids");
    d->header.checksum = d->sum.value();
    if (::pwrite(d->descriptor, &d->header, sizeof(Header), 0) != sizeof(Header)
        || ::fsync(d->descriptor) != 0)
        throwSystemError("write", d->path, errno);
    ::close(d->descriptor);
    d->descriptor = -1;
    if (::rename(d->part.c_str(), d->path.c_str()) != 0) {
        const int error = errno;
        ::unlink(d->part.c_str());
        throwSystemError("write", d->path, error);
    }
}

struct MappedFeatures::File : MappedFile
{
    using MappedFile::MappedFile;
};

MappedFeatures::MappedFeatures(const std::string &path, const std::string &expectedModelHash)
    : m_file(std::make_unique<File>(path))
{
    const MappedFile &file = *m_file;
    Header header = {};
    if (file.size() < sizeof(Header))
        throwCorrupt(path, "is only " + std::to_string(file.size()) + " bytes long");
    std::memcpy(&header, file.data(), sizeof(Header));
    if (std::string_view(header.magic, kMagic.size()) != kMagic)
        throwCorrupt(path, "is not a feature file");
    if (header.dimension == 0 || header.dimension > static_cast<std::uint32_t>(kMaxDimension))
        throwCorrupt(path, "has the impossible dimension " + std::to_string(header.dimension));
    const std::size_t rowSize = sizeof(std::int64_t) + header.dimension * sizeof(std::uint16_t);
    const std::size_t payload = file.size() - sizeof(Header);
    if (payload / rowSize != header.count || payload % rowSize != 0)
        throwCorrupt(path, "promises " + std::to_string(header.count) + " rows of "
                               + std::to_string(header.dimension) + " but is "
                               + std::to_string(file.size()) + " bytes long");
    if (checksumOf(file.data() + sizeof(Header), payload) != header.checksum)
        throwCorrupt(path, "has a wrong checksum");

    m_modelHash = hexOfHash(header.modelHash);
    if (!expectedModelHash.empty() && m_modelHash != expectedModelHash)
        throw Error(ErrorKind::Mismatch, "'" + path + "' was made by the model "
                                             + m_modelHash.substr(0, 12) + ", not by "
                                             + expectedModelHash.substr(0, 12)
                                             + "; embed the project again with this model");
    m_checksum = header.checksum;
    m_rows.count = header.count;
    m_rows.dimension = static_cast<int>(header.dimension);
    if (header.count > 0) {
        const char *ids = file.data() + sizeof(Header);
        m_rows.ids = reinterpret_cast<const std::int64_t *>(ids);
        m_rows.values =
            reinterpret_cast<const std::uint16_t *>(ids + header.count * sizeof(std::int64_t));
    }
}

MappedFeatures::~MappedFeatures() = default;
MappedFeatures::MappedFeatures(MappedFeatures &&) noexcept = default;
MappedFeatures &MappedFeatures::operator=(MappedFeatures &&) noexcept = default;

FeatureTable readFeatures(const std::string &path, const std::string &expectedModelHash)
{
    const MappedFeatures features(path, expectedModelHash);
    const HalfRows &rows = features.rows();
    FeatureTable table;
    table.modelHash = features.modelHash();
    table.dimension = rows.dimension;
    table.ids.assign(rows.ids, rows.ids + rows.count);
    table.rows.resize(rows.count * static_cast<std::size_t>(rows.dimension));
    floatFromHalf(rows.values, table.rows.data(), table.rows.size());
    return table;
}

} // namespace sapsam
