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

// The same over rows of fp16 where they lie, such as in a mapped file, on all cores. `allowed`
// (one flag a row, or empty for all) leaves rows out. Scores and order do not depend on `top` nor
// on the number of cores.
std::vector<RankedImage> rankByCosine(const HalfRows &rows, const std::vector<float> &query,
                                      int top, const std::vector<char> &allowed = {});

// The products of all rows with the query, in their order; what is no number becomes -infinity.
// Throws Error(InvalidInput) for a query of another length.
std::vector<float> scoresOf(const HalfRows &rows, const std::vector<float> &query);

// Best first, ties by smaller id; keeps the first `top` (all when top <= 0).
void sortRanking(std::vector<RankedImage> &ranked, int top);

// The cosine of two unit-length vectors of `dimension` values, accumulated in float.
float dotProduct(const float *a, const float *b, int dimension);

} // namespace sapsam
