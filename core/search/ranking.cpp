#include "core/search/ranking.h"

#include "core/base/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <thread>

// One binary for every x86-64, with the wide registers where the machine has them.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)                                \
    && !defined(__SANITIZE_ADDRESS__)
#define SAPSAM_WIDE __attribute__((target_clones("arch=haswell", "default")))
#else
#define SAPSAM_WIDE
#endif

namespace sapsam {

namespace {

// Below this many multiplications a second thread costs more than it saves.
constexpr std::size_t kWorkPerThread = 4U << 20;

// Sixteen sums side by side, so that the compiler may use vector registers without reordering.
SAPSAM_WIDE float dot(const float *a, const float *b, std::size_t size)
{
    constexpr std::size_t kLanes = 16;
    std::array<float, kLanes> sums{};
    std::size_t i = 0;
    for (; i + kLanes <= size; i += kLanes) {
        for (std::size_t lane = 0; lane < kLanes; ++lane)
            sums[lane] += a[i + lane] * b[i + lane];
    }
    float sum = 0.0F;
    for (; i < size; ++i)
        sum += a[i] * b[i];
    for (const float lane : sums)
        sum += lane;
    return sum;
}

} // namespace

float dotProduct(const float *a, const float *b, int dimension)
{
    return dot(a, b, static_cast<std::size_t>(dimension));
}

std::vector<RankedImage> rankByCosine(const FeatureTable &table, const std::vector<float> &query,
                                      int top)
{
    const auto dimension = static_cast<std::size_t>(table.dimension);
    if (query.size() != dimension)
        throw Error(ErrorKind::InvalidInput,
                    "the query has " + std::to_string(query.size()) + " values, the features have "
                        + std::to_string(dimension) + "; embed the project again with this model");
    const std::size_t count = table.ids.size();
    std::vector<RankedImage> ranked(count);
    const auto scoreRange = [&](std::size_t first, std::size_t last) {
        for (std::size_t i = first; i < last; ++i) {
            const float score = dot(table.rows.data() + i * dimension, query.data(), dimension);
            // A row that is not a number ranks last instead of anywhere.
            ranked[i] = {table.ids[i],
                         std::isnan(score) ? -std::numeric_limits<float>::infinity() : score};
        }
    };
    const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
    const std::size_t threads = std::clamp<std::size_t>(count * dimension / kWorkPerThread, 1,
                                                        std::min<std::size_t>(cores, 8));
    {
        std::vector<std::jthread> helpers;
        const std::size_t share = (count + threads - 1) / threads;
        for (std::size_t t = 1; t < threads; ++t)
            helpers.emplace_back(scoreRange, std::min(count, t * share),
                                 std::min(count, (t + 1) * share));
        scoreRange(0, std::min(count, share));
    }

    const auto better = [](const RankedImage &a, const RankedImage &b) {
        return a.score > b.score || (a.score == b.score && a.imageId < b.imageId);
    };
    const std::size_t kept = top <= 0 ? count : std::min(count, static_cast<std::size_t>(top));
    if (kept == count)
        std::sort(ranked.begin(), ranked.end(), better);
    else
        std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(kept),
                          ranked.end(), better);
    ranked.resize(kept);
    return ranked;
}

} // namespace sapsam
