#pragma once

#include "core/search/feature_file.h"

#include <cstdint>
#include <vector>

namespace sapsam {

struct RankedImage
{
    std::int64_t imageId = 0;
    float score = 0.0F; // cosine in [-1, 1]
};

// Exact cosine ranking, best first; ties by smaller id. top <= 0 ranks everything.
// Throws Error(InvalidInput) when the query's length differs from the table's dimension.
// Safe for concurrent calls on one table.
std::vector<RankedImage> rankByCosine(const FeatureTable &table, const std::vector<float> &query,
                                      int top);

// The cosine of two unit-length vectors of `dimension` values, accumulated in float.
float dotProduct(const float *a, const float *b, int dimension);

} // namespace sapsam
