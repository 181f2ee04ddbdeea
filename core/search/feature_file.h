#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sapsam {

// Unit-length vectors of images (and of their parts' phrases), stored as fp16 with the ids they
// belong to and the hash of the model that made them. Layout: 64-byte header "SAPFEAT1", dimension,
// count, model hash; ids (int64); rows (fp16). Written atomically, read memory-mapped.
struct FeatureTable
{
    std::string modelHash;
    int dimension = 0;
    std::vector<std::int64_t> ids;
    std::vector<float> rows; // ids.size() * dimension
};

void writeFeatures(const std::string &path, const FeatureTable &table);

// Throws Error(Corrupt) for a damaged or half-written file (advice: embed again) and
// Error(Mismatch) when expectedModelHash is not empty and differs (advice: embed again with this
// model).
FeatureTable readFeatures(const std::string &path, const std::string &expectedModelHash = {});

} // namespace sapsam
