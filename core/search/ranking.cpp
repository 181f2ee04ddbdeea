#include "core/search/ranking.h"

#include "core/base/error.h"
#include "core/base/shares.h"
#include "core/search/half_kernels.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

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

bool isBetter(const RankedImage &a, const RankedImage &b)
{
    return a.score > b.score || (a.score == b.score && a.imageId < b.imageId);
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
    const auto scoreRange = [&](std::size_t, std::size_t first, std::size_t last) {
        for (std::size_t i = first; i < last; ++i) {
            const float score = dot(table.rows.data() + i * dimension, query.data(), dimension);
            // A row that is not a number ranks last instead of anywhere.
            ranked[i] = {table.ids[i],
                         std::isnan(score) ? -std::numeric_limits<float>::infinity() : score};
        }
    };
    inShares(count, threadsFor(count * dimension, kWorkPerThread, 8), scoreRange);
    sortRanking(ranked, top);
    return ranked;
}

void sortRanking(std::vector<RankedImage> &ranked, int top)
{
    const std::size_t kept =
        top <= 0 ? ranked.size() : std::min(ranked.size(), static_cast<std::size_t>(top));
    if (kept == ranked.size())
        std::sort(ranked.begin(), ranked.end(), isBetter);
    else
        std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(kept),
                          ranked.end(), isBetter);
    ranked.resize(kept);
}

namespace {

void checkLength(const HalfRows &rows, const std::vector<float> &query)
{
    if (query.size() != static_cast<std::size_t>(rows.dimension))
        throw Error(ErrorKind::InvalidInput, "the query has " + std::to_string(query.size())
                                                 + " values, the features have "
                                                 + std::to_string(rows.dimension)
                                                 + "; embed the project again with this model");
}

constexpr std::size_t kMostThreads = 16;
constexpr std::size_t kBlock = 512; // rows whose scores are looked at together

// work(share, first, last) over shares of the rows, one a thread.
template <typename Work>
void overRows(const HalfRows &rows, const Work &work)
{
    inShares(rows.count,
             threadsFor(rows.count * static_cast<std::size_t>(rows.dimension), kWorkPerThread,
                        kMostThreads),
             work);
}

} // namespace

std::vector<float> scoresOf(const HalfRows &rows, const std::vector<float> &query)
{
    checkLength(rows, query);
    std::vector<float> scores(rows.count);
    overRows(rows, [&](std::size_t, std::size_t first, std::size_t last) {
        dotHalfRows(rows.row(first), last - first, query.data(), query.size(),
                    scores.data() + first);
        for (std::size_t i = first; i < last; ++i) {
            if (std::isnan(scores[i]))
                scores[i] = -std::numeric_limits<float>::infinity();
        }
    });
    return scores;
}

std::vector<RankedImage> rankByCosine(const HalfRows &rows, const std::vector<float> &query,
                                      int top, const std::vector<char> &allowed)
{
    checkLength(rows, query);
    const std::size_t kept =
        top <= 0 ? rows.count : std::min(rows.count, static_cast<std::size_t>(top));
    std::array<std::vector<RankedImage>, kMostThreads> best;
    overRows(rows, [&](std::size_t thread, std::size_t first, std::size_t last) {
        // A heap with the worst of the best on top, while there may be fewer than all.
        std::vector<RankedImage> &heap = best[thread];
        std::array<float, kBlock> scores{};
        for (std::size_t block = first; block < last; block += kBlock) {
            const std::size_t count = std::min(kBlock, last - block);
            dotHalfRows(rows.row(block), count, query.data(), query.size(), scores.data());
            for (std::size_t i = 0; i < count; ++i) {
                if (!allowed.empty() && allowed[block + i] == 0)
                    continue;
                const float score =
                    std::isnan(scores[i]) ? -std::numeric_limits<float>::infinity() : scores[i];
                const RankedImage image{rows.ids[block + i], score};
                if (heap.size() < kept) {
                    heap.push_back(image);
                    if (heap.size() == kept && kept < rows.count)
                        std::make_heap(heap.begin(), heap.end(), isBetter);
                } else if (kept > 0 && isBetter(image, heap.front())) {
                    std::pop_heap(heap.begin(), heap.end(), isBetter);
                    heap.back() = image;
                    std::push_heap(heap.begin(), heap.end(), isBetter);
                }
            }
        }
    });
    std::vector<RankedImage> ranked;
    for (const std::vector<RankedImage> &part : best)
        ranked.insert(ranked.end(), part.begin(), part.end());
    sortRanking(ranked, top);
    return ranked;
}

} // namespace sapsam
