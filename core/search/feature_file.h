#pragma once

#include <cstdint>
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

} // namespace sapsam
