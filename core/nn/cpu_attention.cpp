#include "core/nn/cpu_attention.h"

#include "core/nn/vector_kernels.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace sapsam::nn {

namespace {

using kernels::Bf16;

// One head of one picture: raw pointers and strides in elements. A null pointer means "not there".
// q, k, v and out are float, or bfloat16 when the job says so (forward only).
struct HeadJob
{
    std::int64_t queries = 0, keys = 0, depth = 0;
    float scale = 1.0F;
    bool causal = false, isBf16 = false;
    const void *q = nullptr, *k = nullptr, *v = nullptr;
    std::int64_t qRow = 0, kRow = 0, vRow = 0; // strides of rows; elements of a row are adjacent
    const float *bias = nullptr;
    std::int64_t biasRow = 0, biasColumn = 0;
    const float *gridRows = nullptr, *gridColumns = nullptr; // contiguous rows
    std::int64_t rows = 0, columns = 0;
    // Turned over and back to front, [depth, 2 side - 1]: what a query of line y multiplies with
    // the lines 0, 1, … stands at side - 1 - y and behind.
    const float *relativeRows = nullptr, *relativeColumns = nullptr;
    void *out = nullptr;
    std::int64_t outRow = 0;
    std::int64_t begin = 0, end = 0; // the queries to answer; forward only

    // Backward only.
    const float *outGradient = nullptr, *result = nullptr;
    std::int64_t outGradientRow = 0, resultRow = 0;
    float *qGradient = nullptr, *kGradient = nullptr, *vGradient = nullptr; // rows of `depth`
    float *biasGradient = nullptr;                                          // rows of `keys`
    float *gridRowsGradient = nullptr, *gridColumnsGradient = nullptr;

    std::int64_t visible(std::int64_t query) const
    {
        return causal ? std::min(keys, query + 1 + keys - queries) : keys;
    }
};

std::int64_t roundUp(std::int64_t value, std::int64_t step)
{
    return (value + step - 1) / step * step;
}

// All packed widths are multiples of the widest vector, whatever the instruction set.
constexpr std::int64_t kPadding = 16;
constexpr std::int64_t kQueryBlock = 48;
// Keys lie in panels of this many, so that one panel stays in the first cache while all queries of
// a block pass it.
constexpr std::int64_t kPanel = 32;
// Up to so many queries the keys are read where they are.
constexpr std::int64_t kFewQueries = 4;

// A matrix whose element (i, k) is at data[i * row + k * column].
struct Left
{
    const float *data;
    std::int64_t row, column;
};

// c[M × V lanes] = or += a[M × K] b[K × V lanes]
template <typename Isa, int M, int V>
SAPSAM_INLINE void multiplyTile(const Left &a, const float *b, std::int64_t bRow, float *c,
                                std::int64_t cRow, std::int64_t depth, bool accumulate)
{
    using Vector = typename Isa::Vector;
    Vector sum[M][V] = {};
    if (accumulate) {
        for (int i = 0; i < M; ++i) {
            for (int j = 0; j < V; ++j)
                kernels::load<Isa>(sum[i][j], c + i * cRow + j * Isa::kLanes);
        }
    }
    for (std::int64_t k = 0; k < depth; ++k) {
        Vector right[V];
        for (int j = 0; j < V; ++j)
            kernels::load<Isa>(right[j], b + k * bRow + j * Isa::kLanes);
        const float *left = a.data + k * a.column;
        for (int i = 0; i < M; ++i) {
            const float factor = left[i * a.row];
            for (int j = 0; j < V; ++j)
                sum[i][j] += factor * right[j];
        }
    }
    for (int i = 0; i < M; ++i) {
        for (int j = 0; j < V; ++j)
            kernels::store<Isa>(c + i * cRow + j * Isa::kLanes, sum[i][j]);
    }
}

template <typename Isa, int M>
SAPSAM_INLINE void multiplyRows(const Left &a, const float *b, std::int64_t bRow, float *c,
                                std::int64_t cRow, std::int64_t width, std::int64_t depth,
                                bool accumulate)
{
    constexpr int kPair = 2 * Isa::kLanes;
    std::int64_t n = 0;
    for (; n + kPair <= width; n += kPair)
        multiplyTile<Isa, M, 2>(a, b + n, bRow, c + n, cRow, depth, accumulate);
    for (; n < width; n += Isa::kLanes)
        multiplyTile<Isa, M, 1>(a, b + n, bRow, c + n, cRow, depth, accumulate);
}

// c[M × N] = or += a[M × K] b[K × N]; N is a multiple of the lanes.
template <typename Isa>
SAPSAM_INLINE void multiply(const Left &a, const float *b, std::int64_t bRow, float *c,
                            std::int64_t cRow, std::int64_t height, std::int64_t width,
                            std::int64_t depth, bool accumulate)
{
    std::int64_t m = 0;
    const auto from = [&](std::int64_t row) { return Left{a.data + row * a.row, a.row, a.column}; };
    for (; m + Isa::kRows <= height; m += Isa::kRows)
        multiplyRows<Isa, Isa::kRows>(from(m), b, bRow, c + m * cRow, cRow, width, depth,
                                      accumulate);
    for (; m + 2 <= height; m += 2)
        multiplyRows<Isa, 2>(from(m), b, bRow, c + m * cRow, cRow, width, depth, accumulate);
    for (; m < height; ++m)
        multiplyRows<Isa, 1>(from(m), b, bRow, c + m * cRow, cRow, width, depth, accumulate);
}

// Copies rows into a packed matrix of floats with zeros behind their end; packTransposed turns it
// over.
template <typename Element>
void packRows(const Element *from, std::int64_t row, std::int64_t height, std::int64_t width,
              std::int64_t packedWidth, std::vector<float> &to)
{
    to.resize(static_cast<std::size_t>(height * packedWidth));
    for (std::int64_t i = 0; i < height; ++i) {
        float *line = to.data() + i * packedWidth;
        for (std::int64_t j = 0; j < width; ++j)
            line[j] = kernels::toFloat(from[i * row + j]);
        std::fill(line + width, line + packedWidth, 0.0F);
    }
}

void packTransposed(const float *from, std::int64_t row, std::int64_t height, std::int64_t width,
                    std::int64_t packedWidth, std::vector<float> &to)
{
    to.assign(static_cast<std::size_t>(width * packedWidth), 0.0F);
    for (std::int64_t i = 0; i < height; ++i) {
        for (std::int64_t j = 0; j < width; ++j)
            to[static_cast<std::size_t>(j * packedWidth + i)] = from[i * row + j];
    }
}

// [height, width] → panels [width, kPanel] of kPanel rows each, turned over, zeros behind the last.
template <typename Element>
void packPanels(const Element *from, std::int64_t row, std::int64_t height, std::int64_t width,
                std::vector<float> &to)
{
    to.resize(static_cast<std::size_t>(roundUp(height, kPanel) * width));
    for (std::int64_t first = 0; first < height; first += kPanel) {
        float *panel = to.data() + first * width;
        const auto count = std::min(kPanel, height - first);
        if (count < kPanel)
            std::fill_n(panel, kPanel * width, 0.0F);
        for (std::int64_t i = 0; i < count; ++i) {
            for (std::int64_t j = 0; j < width; ++j)
                panel[j * kPanel + i] = kernels::toFloat(from[(first + i) * row + j]);
        }
    }
}

// Working memory of a thread, kept between heads: blocks of this size are costly to ask for anew.
struct Scratch
{
    std::vector<float> keysT, values, valuesT, keys, scores, gradients, out, query, sums, relative;
};

Scratch &scratch()
{
    thread_local Scratch memory;
    return memory;
}

// out[j] = Σ query[c] · table[c, first + j] for j < side; writes up to a whole vector more.
template <typename Isa>
SAPSAM_INLINE void relativeTerms(const float *query, const float *table, std::int64_t depth,
                                 std::int64_t side, std::int64_t first, float *out)
{
    using Vector = typename Isa::Vector;
    const auto row = 2 * side - 1 + kPadding;
    std::int64_t j = 0;
    for (; j + 4 * Isa::kLanes <= side; j += 4 * Isa::kLanes) {
        Vector sum[4] = {}, right;
        for (std::int64_t c = 0; c < depth; ++c) {
            for (int v = 0; v < 4; ++v) {
                kernels::load<Isa>(right, table + c * row + first + j + v * Isa::kLanes);
                sum[v] += query[c] * right;
            }
        }
        for (int v = 0; v < 4; ++v)
            kernels::store<Isa>(out + j + v * Isa::kLanes, sum[v]);
    }
    for (; j < side; j += Isa::kLanes) {
        Vector sum{}, right;
        for (std::int64_t c = 0; c < depth; ++c) {
            kernels::load<Isa>(right, table + c * row + first + j);
            sum += query[c] * right;
        }
        kernels::store<Isa>(out + j, sum);
    }
}

// Adds what the job says to one row of scores.
SAPSAM_INLINE void addBias(const HeadJob &job, std::int64_t query, float *scores)
{
    if (job.bias) {
        const float *bias = job.bias + query * job.biasRow;
        if (job.biasColumn == 1) {
            for (std::int64_t j = 0; j < job.keys; ++j)
                scores[j] += bias[j];
        } else {
            for (std::int64_t j = 0; j < job.keys; ++j)
                scores[j] += bias[j * job.biasColumn];
        }
    }
    if (job.gridRows) {
        const float *byRow = job.gridRows + query * job.rows;
        const float *byColumn = job.gridColumns + query * job.columns;
        for (std::int64_t y = 0; y < job.rows; ++y) {
            float *line = scores + y * job.columns;
            const float first = byRow[y];
            for (std::int64_t x = 0; x < job.columns; ++x)
                line[x] += first + byColumn[x];
        }
    }
}

// Scores → exponentials of what they lie below the largest, in place; columns from `visible` to
// `packed` become 0. Returns their sum.
template <typename Isa>
SAPSAM_INLINE float exponentialRow(float *row, std::int64_t visible, std::int64_t packed)
{
    using Vector = typename Isa::Vector;
    // Hidden columns take part as -infinity, so that the loops need no remainder.
    for (std::int64_t j = visible; j < packed; ++j)
        row[j] = -std::numeric_limits<float>::infinity();
    Vector most, x;
    kernels::load<Isa>(most, row);
    for (std::int64_t j = Isa::kLanes; j < packed; j += Isa::kLanes) {
        kernels::load<Isa>(x, row + j);
        most = x > most ? x : most;
    }
    float largest = most[0];
    for (int lane = 1; lane < Isa::kLanes; ++lane)
        largest = std::max(largest, most[lane]);
    const Vector shift = Vector{} + largest;
    Vector sums{};
    for (std::int64_t j = 0; j < packed; j += Isa::kLanes) {
        kernels::load<Isa>(x, row + j);
        x = x - shift;
        kernels::exponential<Isa>(x);
        kernels::store<Isa>(row + j, x);
        sums += x;
    }
    return kernels::sumOfLanes<Isa>(sums);
}

template <typename Isa>
SAPSAM_INLINE void scaleRow(float *row, std::int64_t packed, float factor)
{
    typename Isa::Vector x;
    for (std::int64_t j = 0; j < packed; j += Isa::kLanes) {
        kernels::load<Isa>(x, row + j);
        x = x * factor;
        kernels::store<Isa>(row + j, x);
    }
}

// `count` scaled queries from `first` on, as floats in memory.query.
template <typename Element>
void packQueries(const HeadJob &job, std::int64_t first, std::int64_t count, Scratch &memory)
{
    const auto *queries = static_cast<const Element *>(job.q);
    for (std::int64_t i = 0; i < count; ++i) {
        const Element *from = queries + (first + i) * job.qRow;
        float *to = memory.query.data() + i * job.depth;
        for (std::int64_t c = 0; c < job.depth; ++c)
            to[c] = kernels::toFloat(from[c]) * job.scale;
    }
}

// The tables' terms of one query; they use it unscaled.
template <typename Isa>
SAPSAM_INLINE void addRelative(const HeadJob &job, std::int64_t query, const float *scaled,
                               float *scores, Scratch &memory)
{
    using Vector = typename Isa::Vector;
    const auto side = job.columns;
    const auto room = roundUp(side, kPadding);
    memory.relative.resize(static_cast<std::size_t>(2 * room));
    float *byRow = memory.relative.data(), *byColumn = byRow + room;
    relativeTerms<Isa>(scaled, job.relativeRows, job.depth, side, side - 1 - query / side, byRow);
    relativeTerms<Isa>(scaled, job.relativeColumns, job.depth, side, side - 1 - query % side,
                       byColumn);
    const float unscale = 1.0F / job.scale;
    for (std::int64_t y = 0; y < job.rows; ++y) {
        float *line = scores + y * side;
        const float first = byRow[y];
        std::int64_t x = 0;
        Vector value, term;
        for (; x + Isa::kLanes <= side; x += Isa::kLanes) {
            kernels::load<Isa>(value, line + x);
            kernels::load<Isa>(term, byColumn + x);
            value += (term + first) * unscale;
            kernels::store<Isa>(line + x, value);
        }
        for (; x < side; ++x)
            line[x] += (byColumn[x] + first) * unscale;
    }
}

// Probabilities of `count` queries from `first` on, into memory.scores. Returns the packed width.
template <typename Isa>
SAPSAM_INLINE std::int64_t probabilities(const HeadJob &job, std::int64_t first, std::int64_t count,
                                         std::int64_t keyWidth, Scratch &memory)
{
    packQueries<float>(job, first, count, memory);
    const auto width = std::min(keyWidth, roundUp(job.visible(first + count - 1), kPadding));
    multiply<Isa>({memory.query.data(), job.depth, 1}, memory.keysT.data(), keyWidth,
                  memory.scores.data(), keyWidth, count, width, job.depth, false);
    for (std::int64_t i = 0; i < count; ++i) {
        float *row = memory.scores.data() + i * keyWidth;
        addBias(job, first + i, row);
        scaleRow<Isa>(row, width, 1.0F / exponentialRow<Isa>(row, job.visible(first + i), width));
    }
    return width;
}

template <typename Isa, typename Element>
SAPSAM_INLINE void forwardBlocks(const HeadJob &job)
{
    Scratch &memory = scratch();
    const auto keyWidth = roundUp(job.keys, kPanel), depthWidth = roundUp(job.depth, kPadding);
    // Rows a power of two apart would fight for the same lines of the cache.
    const auto scoreRow = keyWidth + kPadding;
    packPanels(static_cast<const Element *>(job.k), job.kRow, job.keys, job.depth, memory.keysT);
    packRows(static_cast<const Element *>(job.v), job.vRow, job.keys, job.depth, depthWidth,
             memory.values);
    memory.scores.resize(static_cast<std::size_t>(kQueryBlock * scoreRow));
    memory.query.resize(static_cast<std::size_t>(kQueryBlock * job.depth));
    memory.out.resize(static_cast<std::size_t>(kQueryBlock * depthWidth));
    memory.sums.resize(static_cast<std::size_t>(kQueryBlock));
    float *scores = memory.scores.data();
    for (auto first = job.begin; first < job.end; first += kQueryBlock) {
        const auto count = std::min(kQueryBlock, job.end - first);
        const auto width = std::min(keyWidth, roundUp(job.visible(first + count - 1), kPanel));
        packQueries<Element>(job, first, count, memory);
        for (std::int64_t key = 0; key < width; key += kPanel)
            multiply<Isa>({memory.query.data(), job.depth, 1},
                          memory.keysT.data() + key * job.depth, kPanel, scores + key, scoreRow,
                          count, kPanel, job.depth, false);
        for (std::int64_t i = 0; i < count; ++i) {
            addBias(job, first + i, scores + i * scoreRow);
            if (job.relativeRows)
                addRelative<Isa>(job, first + i, memory.query.data() + i * job.depth,
                                 scores + i * scoreRow, memory);
            memory.sums[static_cast<std::size_t>(i)] =
                exponentialRow<Isa>(scores + i * scoreRow, job.visible(first + i), width);
        }
        multiply<Isa>({scores, scoreRow, 1}, memory.values.data(), depthWidth, memory.out.data(),
                      depthWidth, count, depthWidth, std::min(width, job.keys), false);
        for (std::int64_t i = 0; i < count; ++i) {
            const float factor = 1.0F / memory.sums[static_cast<std::size_t>(i)];
            const float *from = memory.out.data() + i * depthWidth;
            auto *to = static_cast<Element *>(job.out) + (first + i) * job.outRow;
            for (std::int64_t c = 0; c < job.depth; ++c)
                kernels::fromFloat(to + c, from[c] * factor);
        }
    }
}

// A token that is generated asks alone: packing the keys would cost more than using them.
template <typename Isa, typename Element>
SAPSAM_INLINE void forwardFew(const HeadJob &job)
{
    using Vector = typename Isa::Vector;
    Scratch &memory = scratch();
    const auto width = roundUp(job.keys, kPadding);
    memory.scores.resize(static_cast<std::size_t>(width));
    memory.query.resize(static_cast<std::size_t>(job.depth));
    memory.out.resize(static_cast<std::size_t>(job.depth));
    float *scores = memory.scores.data(), *sum = memory.out.data();
    const float *query = memory.query.data();
    const auto whole = job.depth / Isa::kLanes * Isa::kLanes;
    for (auto i = job.begin; i < job.end; ++i) {
        packQueries<Element>(job, i, 1, memory);
        const auto seen = job.visible(i);
        for (std::int64_t j = 0; j < seen; ++j) {
            const auto *key = static_cast<const Element *>(job.k) + j * job.kRow;
            Vector products{}, left, right;
            for (std::int64_t c = 0; c < whole; c += Isa::kLanes) {
                kernels::load<Isa>(left, query + c);
                kernels::load<Isa>(right, key + c);
                products += left * right;
            }
            scores[j] = kernels::sumOfLanes<Isa>(products);
            for (auto c = whole; c < job.depth; ++c)
                scores[j] += query[c] * kernels::toFloat(key[c]);
        }
        std::fill(scores + seen, scores + width, 0.0F);
        addBias(job, i, scores);
        const float factor = 1.0F / exponentialRow<Isa>(scores, seen, roundUp(seen, kPadding));
        std::fill_n(sum, job.depth, 0.0F);
        for (std::int64_t j = 0; j < seen; ++j) {
            const auto *value = static_cast<const Element *>(job.v) + j * job.vRow;
            Vector total, right;
            for (std::int64_t c = 0; c < whole; c += Isa::kLanes) {
                kernels::load<Isa>(total, sum + c);
                kernels::load<Isa>(right, value + c);
                total += scores[j] * right;
                kernels::store<Isa>(sum + c, total);
            }
            for (auto c = whole; c < job.depth; ++c)
                sum[c] += scores[j] * kernels::toFloat(value[c]);
        }
        auto *to = static_cast<Element *>(job.out) + i * job.outRow;
        for (std::int64_t c = 0; c < job.depth; ++c)
            kernels::fromFloat(to + c, sum[c] * factor);
    }
}

template <typename Isa>
SAPSAM_INLINE void forwardHead(const HeadJob &job)
{
    if (job.queries <= kFewQueries && !job.relativeRows)
        job.isBf16 ? forwardFew<Isa, Bf16>(job) : forwardFew<Isa, float>(job);
    else
        job.isBf16 ? forwardBlocks<Isa, Bf16>(job) : forwardBlocks<Isa, float>(job);
}

template <typename Isa>
SAPSAM_INLINE void backwardHead(const HeadJob &job)
{
    Scratch &memory = scratch();
    const auto keyWidth = roundUp(job.keys, kPadding), depthWidth = roundUp(job.depth, kPadding);
    const auto *k = static_cast<const float *>(job.k), *v = static_cast<const float *>(job.v);
    packTransposed(k, job.kRow, job.keys, job.depth, keyWidth, memory.keysT);
    packTransposed(v, job.vRow, job.keys, job.depth, keyWidth, memory.valuesT);
    packRows(k, job.kRow, job.keys, job.depth, depthWidth, memory.keys);
    const auto blockScores = static_cast<std::size_t>(kQueryBlock * keyWidth);
    memory.scores.resize(blockScores);
    memory.gradients.resize(blockScores);
    memory.query.resize(static_cast<std::size_t>(kQueryBlock * job.depth));
    memory.out.resize(static_cast<std::size_t>(kQueryBlock * depthWidth));
    // Sums over the query blocks: gradients of the keys, then of the values.
    std::vector<float> sums(static_cast<std::size_t>(2 * job.keys * depthWidth), 0.0F);
    float *keySums = sums.data(), *valueSums = sums.data() + job.keys * depthWidth;
    std::vector<float> side; // this block's rows with padding

    for (std::int64_t first = 0; first < job.queries; first += kQueryBlock) {
        const auto count = std::min(kQueryBlock, job.queries - first);
        const auto width = probabilities<Isa>(job, first, count, keyWidth, memory);
        const auto seen = std::min(width, job.keys);
        float *p = memory.scores.data(), *g = memory.gradients.data();

        // dV += Pᵀ dO
        packRows(job.outGradient + first * job.outGradientRow, job.outGradientRow, count, job.depth,
                 depthWidth, side);
        multiply<Isa>({p, 1, keyWidth}, side.data(), depthWidth, valueSums, depthWidth, seen,
                      depthWidth, count, true);

        // dS = P ∘ (dO Vᵀ − rowsum(dO ∘ O))
        multiply<Isa>({job.outGradient + first * job.outGradientRow, job.outGradientRow, 1},
                      memory.valuesT.data(), keyWidth, g, keyWidth, count, width, job.depth, false);
        for (std::int64_t i = 0; i < count; ++i) {
            const float *gradient = job.outGradient + (first + i) * job.outGradientRow;
            const float *result = job.result + (first + i) * job.resultRow;
            float mean = 0.0F;
            for (std::int64_t c = 0; c < job.depth; ++c)
                mean += gradient[c] * result[c];
            for (std::int64_t j = 0; j < width; ++j)
                g[i * keyWidth + j] = p[i * keyWidth + j] * (g[i * keyWidth + j] - mean);
        }

        // dQ = dS K, dK += dSᵀ Q, both times the scale
        multiply<Isa>({g, keyWidth, 1}, memory.keys.data(), depthWidth, memory.out.data(),
                      depthWidth, count, depthWidth, seen, false);
        for (std::int64_t i = 0; i < count; ++i) {
            for (std::int64_t c = 0; c < job.depth; ++c)
                job.qGradient[(first + i) * job.depth + c] =
                    memory.out[static_cast<std::size_t>(i * depthWidth + c)] * job.scale;
        }
        packRows(memory.query.data(), job.depth, count, job.depth, depthWidth, side);
        multiply<Isa>({g, 1, keyWidth}, side.data(), depthWidth, keySums, depthWidth, seen,
                      depthWidth, count, true);

        for (std::int64_t i = 0; i < count; ++i) {
            const float *row = g + i * keyWidth;
            if (job.biasGradient)
                std::copy_n(row, seen, job.biasGradient + (first + i) * job.keys);
            if (!job.gridRowsGradient)
                continue;
            float *byRow = job.gridRowsGradient + (first + i) * job.rows;
            float *byColumn = job.gridColumnsGradient + (first + i) * job.columns;
            for (std::int64_t y = 0; y < job.rows; ++y) {
                for (std::int64_t x = 0; x < job.columns; ++x) {
                    byRow[y] += row[y * job.columns + x];
                    byColumn[x] += row[y * job.columns + x];
                }
            }
        }
    }
    for (std::int64_t j = 0; j < job.keys; ++j) {
        std::copy_n(keySums + j * depthWidth, job.depth, job.kGradient + j * job.depth);
        std::copy_n(valueSums + j * depthWidth, job.depth, job.vGradient + j * job.depth);
    }
}

SAPSAM_DEFINE_KERNEL(runForward, forwardHead, HeadJob)
SAPSAM_DEFINE_KERNEL(runBackward, backwardHead, HeadJob)

// Rows must be adjacent elements; anything else is copied.
torch::Tensor withAdjacentElements(const torch::Tensor &x)
{
    return x.stride(3) == 1 || x.size(3) == 1 ? x : x.contiguous();
}

// A table [2 side - 1, d] as the kernel wants it, with room for a whole vector behind each line.
torch::Tensor turned(const torch::Tensor &table)
{
    return torch::constant_pad_nd(table.to(torch::kFloat).flip(0).t(), {0, kPadding}, 0)
        .contiguous();
}

const float *headOf(const torch::Tensor &x, std::int64_t batch, std::int64_t head)
{
    return x.data_ptr<float>() + batch * x.stride(0) + head * x.stride(1);
}

// The same for float and bfloat16.
void *anyHeadOf(const torch::Tensor &x, std::int64_t batch, std::int64_t head)
{
    return static_cast<char *>(x.data_ptr())
           + static_cast<std::int64_t>(x.element_size())
                 * (batch * x.stride(0) + head * x.stride(1));
}

HeadJob jobOf(const CpuAttentionInputs &in, std::int64_t batch, std::int64_t head)
{
    HeadJob job;
    job.queries = in.query.size(2);
    job.keys = in.key.size(2);
    job.depth = in.query.size(3);
    job.scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(job.depth)));
    job.causal = in.causal;
    job.isBf16 = in.query.scalar_type() == torch::kBFloat16;
    job.q = anyHeadOf(in.query, batch, head);
    job.k = anyHeadOf(in.key, batch, head);
    job.v = anyHeadOf(in.value, batch, head);
    job.qRow = in.query.stride(2);
    job.kRow = in.key.stride(2);
    job.vRow = in.value.stride(2);
    if (in.additive.defined()) {
        job.bias = headOf(in.additive, batch, head);
        job.biasRow = in.additive.stride(2);
        job.biasColumn = in.additive.stride(3);
    }
    if (in.gridRows.defined()) {
        job.gridRows = headOf(in.gridRows, batch, head);
        job.gridColumns = headOf(in.gridColumns, batch, head);
        job.rows = in.gridRows.size(3);
        job.columns = in.gridColumns.size(3);
    }
    if (in.relativeRows.defined()) {
        job.relativeRows = in.relativeRows.data_ptr<float>();
        job.relativeColumns = in.relativeColumns.data_ptr<float>();
        job.rows = job.columns = (in.relativeRows.size(1) - kPadding + 1) / 2;
    }
    return job;
}

template <typename Work>
void forEachHead(const torch::Tensor &query, const Work &work)
{
    const auto heads = query.size(1);
    at::parallel_for(0, query.size(0) * heads, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i)
            work(i / heads, i % heads);
    });
}

torch::Tensor computeForward(const CpuAttentionInputs &in)
{
    // [B, Nq, heads, d] in memory, so that the heads of a token lie side by side.
    const auto out =
        torch::empty({in.query.size(0), in.query.size(2), in.query.size(1), in.query.size(3)},
                     in.query.options())
            .transpose(1, 2);
    // Few heads with many queries are cut, so that every thread gets something.
    const auto heads = in.query.size(1), jobs = in.query.size(0) * heads;
    const auto queries = in.query.size(2);
    constexpr std::int64_t kLeastQueries = 512;
    const auto wanted = jobs > 0 ? (2 * at::get_num_threads() + jobs - 1) / jobs : 1;
    const auto parts = std::max<std::int64_t>(1, std::min(wanted, queries / kLeastQueries));
    const auto length = roundUp((queries + parts - 1) / parts, kQueryBlock);
    at::parallel_for(0, jobs * parts, 1, [&](std::int64_t begin, std::int64_t end) {
        for (auto i = begin; i < end; ++i) {
            const auto batch = i / parts / heads, head = i / parts % heads;
            auto job = jobOf(in, batch, head);
            job.out = anyHeadOf(out, batch, head);
            job.outRow = out.stride(2);
            job.begin = std::min(queries, i % parts * length);
            job.end = std::min(queries, job.begin + length);
            if (job.begin < job.end)
                runForward(job);
        }
    });
    return out;
}

// Custom functions take no undefined tensors: one with fewer dimensions stands in.
torch::Tensor orEmpty(const torch::Tensor &x)
{
    return x.defined() ? x : torch::zeros({});
}
torch::Tensor orUndefined(const torch::Tensor &x)
{
    return x.dim() < 4 ? torch::Tensor() : x;
}

class AttentionFunction final : public torch::autograd::Function<AttentionFunction>
{
public:
    static torch::Tensor forward(torch::autograd::AutogradContext *context,
                                 const torch::Tensor &query, const torch::Tensor &key,
                                 const torch::Tensor &value, const torch::Tensor &additive,
                                 const torch::Tensor &gridRows, const torch::Tensor &gridColumns,
                                 bool causal)
    {
        const CpuAttentionInputs in = {query,
                                       key,
                                       value,
                                       orUndefined(additive),
                                       orUndefined(gridRows),
                                       orUndefined(gridColumns),
                                       {},
                                       {},
                                       causal};
        const auto out = computeForward(in);
        context->save_for_backward({query, key, value, additive, gridRows, gridColumns, out});
        context->saved_data["causal"] = causal;
        context->saved_data["bias"] = in.additive.defined() && additive.requires_grad();
        return out;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   const torch::autograd::variable_list &gradients)
    {
        const auto saved = context->get_saved_variables();
        const CpuAttentionInputs in = {saved[0],
                                       saved[1],
                                       saved[2],
                                       orUndefined(saved[3]),
                                       orUndefined(saved[4]),
                                       orUndefined(saved[5]),
                                       {},
                                       {},
                                       context->saved_data["causal"].toBool()};
        const auto &result = saved[6];
        const auto outGradient = withAdjacentElements(gradients[0]);
        const auto like = [](const torch::Tensor &x) {
            return torch::zeros(x.sizes(), x.options());
        };
        const auto dq = like(in.query), dk = like(in.key), dv = like(in.value);
        torch::Tensor dBias, dRows, dColumns;
        if (context->saved_data["bias"].toBool())
            dBias = like(in.additive);
        if (in.gridRows.defined()) {
            dRows = like(in.gridRows);
            dColumns = like(in.gridColumns);
        }
        const auto target = [](const torch::Tensor &x, std::int64_t batch, std::int64_t head) {
            return x.defined() ? x.data_ptr<float>() + batch * x.stride(0) + head * x.stride(1)
                               : nullptr;
        };
        forEachHead(in.query, [&](std::int64_t batch, std::int64_t head) {
            auto job = jobOf(in, batch, head);
            job.outGradient = headOf(outGradient, batch, head);
            job.outGradientRow = outGradient.stride(2);
            job.result = headOf(result, batch, head);
            job.resultRow = result.stride(2);
            job.qGradient = target(dq, batch, head);
            job.kGradient = target(dk, batch, head);
            job.vGradient = target(dv, batch, head);
            job.biasGradient = target(dBias, batch, head);
            job.gridRowsGradient = target(dRows, batch, head);
            job.gridColumnsGradient = target(dColumns, batch, head);
            runBackward(job);
        });
        return {dq, dk, dv, dBias, dRows, dColumns, torch::Tensor()};
    }
};

bool isOnCpu(const torch::Tensor &x, torch::ScalarType type)
{
    return !x.defined() || (x.device().is_cpu() && x.scalar_type() == type);
}

} // namespace

bool isForCpuAttention(const CpuAttentionInputs &in)
{
    const auto type = in.query.scalar_type();
    if (type == torch::kBFloat16 || in.relativeRows.defined()) {
        for (const auto *x : {&in.query, &in.key, &in.value, &in.additive, &in.gridRows,
                              &in.relativeRows, &in.relativeColumns})
            if (torch::GradMode::is_enabled() && x->defined() && x->requires_grad())
                return false;
    }
    if (type != torch::kFloat && type != torch::kBFloat16)
        return false;
    return isOnCpu(in.query, type) && isOnCpu(in.key, type) && isOnCpu(in.value, type)
           && isOnCpu(in.additive, type) && isOnCpu(in.gridRows, type)
           && isOnCpu(in.gridColumns, type) && isOnCpu(in.relativeRows, type)
           && isOnCpu(in.relativeColumns, type) && in.key.size(2) > 0;
}

torch::Tensor cpuAttention(const CpuAttentionInputs &inputs)
{
    CpuAttentionInputs in = inputs;
    in.query = withAdjacentElements(in.query);
    in.key = withAdjacentElements(in.key);
    in.value = withAdjacentElements(in.value);
    // What is added stays float32 also beside bfloat16.
    if (in.additive.defined())
        in.additive =
            in.additive.to(torch::kFloat)
                .expand({in.query.size(0), in.query.size(1), in.query.size(2), in.key.size(2)});
    if (in.gridRows.defined()) {
        in.gridRows = in.gridRows.to(torch::kFloat).contiguous();
        in.gridColumns = in.gridColumns.to(torch::kFloat).contiguous();
    }
    if (in.relativeRows.defined()) {
        in.relativeRows = turned(in.relativeRows);
        in.relativeColumns = turned(in.relativeColumns);
    }
    if (!torch::GradMode::is_enabled() || in.query.scalar_type() == torch::kBFloat16
        || in.relativeRows.defined())
        return computeForward(in);
    return AttentionFunction::apply(in.query, in.key, in.value, orEmpty(in.additive),
                                    orEmpty(in.gridRows), orEmpty(in.gridColumns), in.causal);
}

} // namespace sapsam::nn
