#include "core/search/feature_file.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/random.h"
#include "core/search/half_float.h"

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

// Eight bytes a step: fast enough to check every read.
std::uint64_t checksumOf(const char *bytes, std::size_t size)
{
    std::uint64_t sum = splitMix64(size);
    std::size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes + i, 8);
        sum = (std::rotl(sum, 27) ^ word) * 0x9E3779B97F4A7C15ULL;
    }
    std::uint64_t rest = 0;
    std::memcpy(&rest, bytes + i, size - i);
    return splitMix64(sum ^ rest);
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

void writeFeatures(const std::string &path, const FeatureTable &table)
{
    const std::size_t count = table.ids.size();
    if (table.dimension <= 0 || table.dimension > kMaxDimension
        || table.rows.size() != count * static_cast<std::size_t>(table.dimension))
        throw Error(ErrorKind::InvalidInput, "cannot write '" + path + "': " + std::to_string(count)
                                                 + " ids and " + std::to_string(table.rows.size())
                                                 + " values do not make rows of "
                                                 + std::to_string(table.dimension));
    Header header = {};
    std::memcpy(header.magic, kMagic.data(), kMagic.size());
    header.dimension = static_cast<std::uint32_t>(table.dimension);
    header.count = count;
    bool isHash = table.modelHash.size() == 2 * kHashBytes;
    for (std::size_t i = 0; isHash && i < kHashBytes; ++i) {
        const int high = valueOfDigit(table.modelHash[2 * i]);
        const int low = valueOfDigit(table.modelHash[2 * i + 1]);
        isHash = high >= 0 && low >= 0;
        header.modelHash[i] = static_cast<unsigned char>(high * 16 + low);
    }
    if (!isHash)
        throw Error(ErrorKind::InvalidInput, "cannot write '" + path + "': the model hash '"
                                                 + table.modelHash + "' is not a SHA-256");

    const std::size_t idBytes = count * sizeof(std::int64_t);
    const std::size_t rowBytes = table.rows.size() * sizeof(std::uint16_t);
    std::string content(sizeof(Header) + idBytes + rowBytes, '\0');
    if (count > 0) {
        std::memcpy(content.data() + sizeof(Header), table.ids.data(), idBytes);
        halfFromFloat(table.rows.data(),
                      reinterpret_cast<std::uint16_t *>(content.data() + sizeof(Header) + idBytes),
                      table.rows.size());
    }
    header.checksum = checksumOf(content.data() + sizeof(Header), idBytes + rowBytes);
    std::memcpy(content.data(), &header, sizeof(Header));
    writeFileAtomically(path, content);
}

FeatureTable readFeatures(const std::string &path, const std::string &expectedModelHash)
{
    const MappedFile file(path);
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

    FeatureTable table;
    table.modelHash = hexOfHash(header.modelHash);
    if (!expectedModelHash.empty() && table.modelHash != expectedModelHash)
        throw Error(ErrorKind::Mismatch, "'" + path + "' was made by the model "
                                             + table.modelHash.substr(0, 12) + ", not by "
                                             + expectedModelHash.substr(0, 12)
                                             + "; embed the project again with this model");
    table.dimension = static_cast<int>(header.dimension);
    table.ids.resize(header.count);
    table.rows.resize(header.count * header.dimension);
    if (header.count > 0) {
        const char *ids = file.data() + sizeof(Header);
        const std::size_t idBytes = header.count * sizeof(std::int64_t);
        std::memcpy(table.ids.data(), ids, idBytes);
        floatFromHalf(reinterpret_cast<const std::uint16_t *>(ids + idBytes), table.rows.data(),
                      table.rows.size());
    }
    return table;
}

} // namespace sapsam
