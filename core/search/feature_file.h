#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sapsam {

// Unit-length vectors of images, or of the wordings of part phrases, stored as fp16 with the ids
// they belong to and the hash of the model that made them. Layout, little-endian: 64-byte header (0
// "SAPFEAT1", 8 dimension uint32, 12 zero, 16 count uint64, 24 SHA-256 of the model, 56 checksum of
// what follows); ids (int64, ascending or not); rows (fp16). Written atomically, read
// memory-mapped.
struct FeatureTable
{
    std::string modelHash; // 64 hexadecimal digits
    int dimension = 0;
    std::vector<std::int64_t> ids;
    std::vector<float> rows; // ids.size() * dimension
};

// Throws Error(InvalidInput) for a table whose parts do not fit together or whose hash is not a
// SHA-256, and what writeFileAtomically throws.
void writeFeatures(const std::string &path, const FeatureTable &table);

// Throws Error(NotFound) when there is no file, Error(Corrupt) for a damaged or half-written file
// (advice: embed again) and Error(Mismatch) when expectedModelHash is not empty and differs
// (advice: embed again with this model).
FeatureTable readFeatures(const std::string &path, const std::string &expectedModelHash = {});

// Rows of fp16 that lie somewhere else, such as in a mapped file: row i is
// values[i * dimension … (i + 1) * dimension) and belongs to ids[i].
struct HalfRows
{
    const std::int64_t *ids = nullptr;
    const std::uint16_t *values = nullptr;
    std::size_t count = 0;
    int dimension = 0;

    const std::uint16_t *row(std::size_t i) const
    {
        return values + i * static_cast<std::size_t>(dimension);
    }
};

// A feature file as the system maps it: nothing is copied, and what is not looked at need not be in
// memory. Checked once, when it is opened. Reading is safe from any number of threads. A file that
// is replaced meanwhile (writeFeatures renames) stays as it was here.
class MappedFeatures
{
public:
    // Throws what readFeatures throws.
    explicit MappedFeatures(const std::string &path, const std::string &expectedModelHash = {});
    ~MappedFeatures();
    MappedFeatures(MappedFeatures &&) noexcept;
    MappedFeatures &operator=(MappedFeatures &&) noexcept;

    const HalfRows &rows() const { return m_rows; }
    const std::string &modelHash() const { return m_modelHash; }
    std::uint64_t checksum() const { return m_checksum; } // of ids and rows

private:
    struct File;
    std::unique_ptr<File> m_file;
    HalfRows m_rows;
    std::string m_modelHash;
    std::uint64_t m_checksum = 0;
};

// Writes a feature file row by row, for more rows than fit in memory as floats. The file appears
// under its name when finish() returns; without it, nothing is left behind.
class FeatureWriter
{
public:
    // Throws what writeFeatures throws.
    FeatureWriter(const std::string &path, const std::string &modelHash, int dimension,
                  const std::vector<std::int64_t> &ids);
    ~FeatureWriter();
    FeatureWriter(const FeatureWriter &) = delete;
    FeatureWriter &operator=(const FeatureWriter &) = delete;

    // The next rows, `dimension` values each.
    void append(const float *rows, std::size_t count);
    // Throws Error(InvalidInput) unless every id has got its row.
    void finish();

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace sapsam
