#include "core/nn/cpu_attention.h"

#include "core/nn/vector_kernels.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#if AT_PARALLEL_OPENMP && !defined(_OPENMP)
#error "without OpenMP's flags the parallel loops of libtorch's headers run on one thread"
#endif

namespace sapsam::nn {

namespace {

using kernels::Bf16;

// Up to so many queries the keys are read where they are.
constexpr std::int64_t kFewQueries = 4;

// One head of one picture: raw pointers and strides in elements. A null pointer means "not there".
// q, k, v and out are float, or bfloat16 when the job says so (forward only).
struct HeadJob
{
    std::int64_t queries = 0, keys = 0, depth = 0;
    float scale = 1.0F;
    bool causal = false, isBf16 = false;
    bool isDotted = false; // runDotted's: bfloat16 is multiplied as it is, two numbers at a time
    const void *q = nullptr, *k = nullptr, *v = nullptr;
    std::int64_t qRow = 0, kRow = 0, vRow = 0; // strides of rows; elements of a row are adjacent
    const float *bias = nullptr;
    std::int64_t biasRow = 0, biasColumn = 0;
    const float *gridRows = nullptr, *gridColumns = nullptr; // contiguous rows
    std::int64_t rows = 0, columns = 0;
    // Packed like keys, [words of a row, relativeWidth], back to front: what a query of line y
    // multiplies with the lines 0, 1, … stands at side - 1 - y and behind.
    const float *relativeRows = nullptr, *relativeColumns = nullptr;
    std::int64_t relativeWidth = 0;
    void *out = nullptr;
    std::int64_t outRow = 0;
    std::int64_t begin = 0, end = 0; // the queries to answer; forward only

    // Windows: the row of q, k, v and out for each cell, negative for padding, which has its own
    // key and value; and the cells that ask, in the place of all.
    const std::int64_t *rowOf = nullptr, *asking = nullptr;
    const void *paddingKey = nullptr, *paddingValue = nullptr;

    std::int64_t query(std::int64_t i) const { return asking ? asking[i] : i; }
    std::int64_t rowOfQuery(std::int64_t i) const { return rowOf ? rowOf[query(i)] : i; }

    // Backward only.
    const float *outGradient = nullptr, *result = nullptr;
    std::int64_t outGradientRow = 0, resultRow = 0;
    float *qGradient = nullptr, *kGradient = nullptr, *vGradient = nullptr; // rows of `depth`
    float *biasGradient = nullptr;                                          // rows of `keys`
    float *gridRowsGradient = nullptr, *gridColumnsGradient = nullptr;

    bool isFew() const { return queries <= kFewQueries && !relativeRows; }
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
// Scores of so many queries and keys are alive at a time, in half of a usual first cache; so many
// queries use a block of keys and values before the next block comes from the memory.
constexpr std::int64_t kTileQueries = 32, kTileKeys = 128, kQueriesPerPass = 256;
// Two bfloat16 numbers in the place of one float. Packed matrices of both kinds are arrays of
// float; of words like this only the bits count.
struct Bf16Pair
{
};

// A matrix whose word (i, k) is at data[i * row + k * column].
struct Left
{
    const float *data;
    std::int64_t row, column;
};

// sum += left · right in every lane; of numbers, or of words of two bfloat16 numbers each.
template <typename Isa, typename Word>
SAPSAM_INLINE void addProduct(typename Isa::Vector &sum, const float *left,
                              const typename Isa::Vector &right)
{
#if defined(__x86_64__)
    if constexpr (std::is_same_v<Word, Bf16Pair>) {
        std::int32_t bits;
        kernels::loadBits(bits, left);
        const typename Isa::Integers factor = typename Isa::Integers{} + bits;
        typename Isa::Vector result = sum; // an array's element as an operand would stay in memory
        asm("vdpbf16ps %2, %1, %0" : "+v"(result) : "v"(factor), "v"(right));
        sum = result;
        return;
    }
#endif
    sum += *left * right;
}

// c[M × V lanes] = or += a[M × K] b[K × V lanes]; K counts words.
template <typename Isa, typename Word, int M, int V>
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
            for (int j = 0; j < V; ++j)
                addProduct<Isa, Word>(sum[i][j], left + i * a.row, right[j]);
        }
    }
    for (int i = 0; i < M; ++i) {
        for (int j = 0; j < V; ++j)
            kernels::store<Isa>(c + i * cRow + j * Isa::kLanes, sum[i][j]);
    }
}

template <typename Isa, typename Word, int M>
SAPSAM_INLINE void multiplyRows(const Left &a, const float *b, std::int64_t bRow, float *c,
                                std::int64_t cRow, std::int64_t width, std::int64_t depth,
                                bool accumulate)
{
    constexpr int kPair = 2 * Isa::kLanes;
    std::int64_t n = 0;
    for (; n + kPair <= width; n += kPair)
        multiplyTile<Isa, Word, M, 2>(a, b + n, bRow, c + n, cRow, depth, accumulate);
    for (; n < width; n += Isa::kLanes)
        multiplyTile<Isa, Word, M, 1>(a, b + n, bRow, c + n, cRow, depth, accumulate);
}

// c[M × N] = or += a[M × K] b[K × N]; N is a multiple of the lanes, K counts words.
template <typename Isa, typename Word = float>
SAPSAM_INLINE void multiply(const Left &a, const float *b, std::int64_t bRow, float *c,
                            std::int64_t cRow, std::int64_t height, std::int64_t width,
                            std::int64_t depth, bool accumulate)
{
    std::int64_t m = 0;
    const auto from = [&](std::int64_t row) { return Left{a.data + row * a.row, a.row, a.column}; };
    for (; m + Isa::kRows <= height; m += Isa::kRows)
        multiplyRows<Isa, Word, Isa::kRows>(from(m), b, bRow, c + m * cRow, cRow, width, depth,
                                            accumulate);
    for (; m + 2 <= height; m += 2)
        multiplyRows<Isa, Word, 2>(from(m), b, bRow, c + m * cRow, cRow, width, depth, accumulate);
    for (; m < height; ++m)
        multiplyRows<Isa, Word, 1>(from(m), b, bRow, c + m * cRow, cRow, width, depth, accumulate);
}

// The rows of keys or values, wherever they lie.
template <typename Element>
struct Lines
{
    const Element *data;
    std::int64_t row;
    const std::int64_t *rowOf = nullptr;
    const Element *padding = nullptr;

    const Element *operator[](std::int64_t i) const
    {
        if (!rowOf)
            return data + i * row;
        return rowOf[i] < 0 ? padding : data + rowOf[i] * row;
    }
};

// Copies rows into a packed matrix of floats with zeros behind their end; packTransposed turns it
// over.
template <typename Element>
void packRows(const Lines<Element> &from, std::int64_t height, std::int64_t width,
              std::int64_t packedWidth, std::vector<float> &to)
{
    to.resize(static_cast<std::size_t>(height * packedWidth));
    for (std::int64_t i = 0; i < height; ++i) {
        float *line = to.data() + i * packedWidth;
        const Element *source = from[i];
        for (std::int64_t j = 0; j < width; ++j)
            line[j] = kernels::toFloat(source[j]);
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

// Numbers 2 k and 2 k + 1 of a row as one word; a missing second one is 0.
SAPSAM_INLINE float pairOf(const Bf16 *low, const Bf16 *high)
{
    const std::uint32_t bits = *low | (high ? static_cast<std::uint32_t>(*high) << 16 : 0U);
    float word;
    kernels::loadBits(word, &bits);
    return word;
}

std::int64_t wordsOf(std::int64_t numbers, bool isDotted)
{
    return isDotted ? (numbers + 1) / 2 : numbers;
}

// Word `k` of a row of `width` numbers.
template <typename Word, typename Element>
SAPSAM_INLINE float wordOf(const Element *row, std::int64_t k, std::int64_t width)
{
    if constexpr (std::is_same_v<Word, Bf16Pair>)
        return pairOf(row + 2 * k, 2 * k + 1 < width ? row + 2 * k + 1 : nullptr);
    else
        return kernels::toFloat(row[k]);
}

// [height, width] → panels [words of width, kPanel] of kPanel rows each, turned over, zeros behind
// the last.
template <typename Word, typename Element>
SAPSAM_INLINE void packPanels(const Lines<Element> &from, std::int64_t height, std::int64_t width,
                              std::vector<float> &to)
{
    const auto words = wordsOf(width, std::is_same_v<Word, Bf16Pair>);
    to.resize(static_cast<std::size_t>(roundUp(height, kPanel) * words));
    for (std::int64_t first = 0; first < height; first += kPanel) {
        float *panel = to.data() + first * words;
        const auto count = std::min(kPanel, height - first);
        if (count < kPanel)
            std::fill_n(panel, kPanel * words, 0.0F);
        for (std::int64_t i = 0; i < count; ++i) {
            const Element *line = from[first + i];
            for (std::int64_t j = 0; j < words; ++j)
                panel[j * kPanel + i] = wordOf<Word>(line, j, width);
        }
    }
}

// [height, width] → [words of height, packedWidth]; pairs are of neighbouring rows.
template <typename Word, typename Element>
SAPSAM_INLINE void packValues(const Lines<Element> &from, std::int64_t height, std::int64_t width,
                              std::int64_t packedWidth, std::vector<float> &to)
{
    if constexpr (std::is_same_v<Word, Bf16Pair>) {
        to.resize(static_cast<std::size_t>(wordsOf(height, true) * packedWidth));
        for (std::int64_t i = 0; i < height; i += 2) {
            float *line = to.data() + i / 2 * packedWidth;
            const Element *low = from[i], *high = i + 1 < height ? from[i + 1] : nullptr;
            for (std::int64_t j = 0; j < width; ++j)
                line[j] = pairOf(low + j, high ? high + j : nullptr);
            std::fill(line + width, line + packedWidth, 0.0F);
        }
    } else {
        packRows(from, height, width, packedWidth, to);
    }
}

// Working memory of a thread, kept between heads: blocks of this size are costly to ask for anew.
struct Scratch
{
    std::vector<float> keysT, values, valuesT, keys, scores, gradients, out, query, sums, relative,
        largest, chances;
};

Scratch &scratch()
{
    thread_local Scratch memory;
    return memory;
}

// A finite bias stays finite when it is multiplied: the lowest number there is hides a key, but
// when all keys are hidden like that, all count the same.
SAPSAM_INLINE float scaledBias(float bias, float factor)
{
    constexpr float kLowest = std::numeric_limits<float>::lowest();
    return std::max(bias * factor, std::min(bias, kLowest));
}

// Adds `factor` times what the job says to the scores of one query with the keys `begin` to `end`.
SAPSAM_INLINE void addBias(const HeadJob &job, std::int64_t query, std::int64_t begin,
                           std::int64_t end, float factor, float *scores)
{
    if (job.bias) {
        const float *bias = job.bias + query * job.biasRow + begin * job.biasColumn;
        const auto count = end - begin;
        if (job.biasColumn == 1) {
            for (std::int64_t j = 0; j < count; ++j)
                scores[j] += scaledBias(bias[j], factor);
        } else {
            for (std::int64_t j = 0; j < count; ++j)
                scores[j] += scaledBias(bias[j * job.biasColumn], factor);
        }
    }
    if (job.gridRows) {
        const float *byRow = job.gridRows + query * job.rows;
        const float *byColumn = job.gridColumns + query * job.columns;
        for (auto key = begin; key < end;) {
            const auto y = key / job.columns, line = y * job.columns;
            const auto stop = std::min(end, line + job.columns);
            for (; key < stop; ++key)
                scores[key - begin] += (byRow[y] + byColumn[key - line]) * factor;
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
        addBias(job, first + i, 0, job.keys, 1.0F, row);
        scaleRow<Isa>(row, width, 1.0F / exponentialRow<Isa>(row, job.visible(first + i), width));
    }
    return width;
}

// Read from kPadding - n on, the first n lanes are set.
constexpr std::int32_t kFirstLanes[2 * kPadding] = {-1, -1, -1, -1, -1, -1, -1, -1,
                                                    -1, -1, -1, -1, -1, -1, -1, -1};

// The tables' terms for one query and the keys of the grid lines in [begin, end): byRow and
// byColumn stand in `relative`. Every second line in turn, because the last vector of a line
// reaches into the next one, to which it adds zeros.
template <typename Isa>
SAPSAM_INLINE void addRelative(const HeadJob &job, const float *byRow, const float *byColumn,
                               std::int64_t begin, std::int64_t end, float factor, float *scores)
{
    using Vector = typename Isa::Vector;
    const auto side = job.columns;
    Vector value, term;
    for (std::int64_t odd = 0; odd < 2; ++odd) {
        for (auto y = begin / side + odd; y * side < end; y += 2) {
            auto x = std::max<std::int64_t>(0, begin - y * side);
            const auto stop = std::min(side, end - y * side);
            float *line = scores + y * side - begin;
            for (; x + Isa::kLanes <= stop; x += Isa::kLanes) {
                kernels::load<Isa>(value, line + x);
                kernels::load<Isa>(term, byColumn + x);
                value += (term + byRow[y]) * factor;
                kernels::store<Isa>(line + x, value);
            }
            if (x < stop) {
                kernels::load<Isa>(value, line + x);
                kernels::load<Isa>(term, byColumn + x);
                term = (term + byRow[y]) * factor;
                typename Isa::Integers isInside;
                kernels::loadBits(isInside, kFirstLanes + kPadding - (stop - x));
                value += isInside ? term : Vector{};
                kernels::store<Isa>(line + x, value);
            }
        }
    }
}

template <typename Isa>
SAPSAM_INLINE float largestOf(const float *row, std::int64_t count)
{
    typename Isa::Vector most, x;
    kernels::load<Isa>(most, row);
    for (std::int64_t j = Isa::kLanes; j < count; j += Isa::kLanes) {
        kernels::load<Isa>(x, row + j);
        most = x > most ? x : most;
    }
    float lanes[Isa::kLanes];
    kernels::store<Isa>(lanes, most);
    for (int half = Isa::kLanes / 2; half > 0; half /= 2) {
        for (int lane = 0; lane < half; ++lane)
            lanes[lane] = lanes[lane + half] > lanes[lane] ? lanes[lane + half] : lanes[lane];
    }
    return lanes[0];
}

#if defined(__x86_64__)
SAPSAM_INLINE void storePairs(float *to, std::int64_t at, const kernels::Wide512::Vector &x)
{
    kernels::Wide512::Halves halves;
    asm("vcvtneps2bf16 %1, %0" : "=v"(halves) : "v"(x));
    __builtin_memcpy(reinterpret_cast<Bf16 *>(to) + at, &halves, sizeof halves);
}
#endif

// The scores of one query with some keys become exponentials of `scale` times what they lie below
// the largest seen so far, in `chances` as words of `Word`; sums and the collected values follow a
// new largest.
template <typename Isa, typename Word>
SAPSAM_INLINE void takeScores(const float *scores, std::int64_t count, float scale, float *chances,
                              float &largest, float *sums, float *values, std::int64_t width)
{
    using Vector = typename Isa::Vector;
    constexpr float kNothing = -std::numeric_limits<float>::infinity();
    const float found = largestOf<Isa>(scores, count);
    Vector total, x;
    kernels::load<Isa>(total, sums);
    if (found > largest) {
        if (largest != kNothing) {
            const float kept = std::exp((largest - found) * scale);
            total = total * kept;
            scaleRow<Isa>(values, width, kept);
        }
        largest = found;
    }
    if (largest == kNothing) { // every key so far is hidden
        std::fill_n(chances, count, 0.0F);
        return;
    }
    const float factor = scale * 1.44269504F; // 1 / ln 2
    for (std::int64_t j = 0; j < count; j += Isa::kLanes) {
        kernels::load<Isa>(x, scores + j);
        x = (x - largest) * factor;
        if constexpr (std::is_same_v<Word, Bf16Pair>) {
            kernels::powerOfTwo<Isa, 3>(x);
            storePairs(chances, j, x);
        } else {
            kernels::powerOfTwo<Isa, 5>(x);
            kernels::store<Isa>(chances + j, x);
        }
        total += x;
    }
    kernels::store<Isa>(sums, total);
}

// Softmax over the keys in one sweep: for each block of keys, the scores, their exponentials and
// the sums of values so far; neither all scores of a query nor a second sweep is needed.
// (Milakov and Gimelshein 2018, Online normalizer calculation for softmax; Dao et al. 2022.)
template <typename Isa, typename Word, typename Element>
SAPSAM_INLINE void forwardBlocks(const HeadJob &job)
{
    constexpr bool kDotted = std::is_same_v<Word, Bf16Pair>;
    constexpr float kNothing = -std::numeric_limits<float>::infinity();
    Scratch &memory = scratch();
    const auto depth = job.depth, depthWidth = roundUp(depth, kPadding);
    const auto words = wordsOf(depth, kDotted);
    const auto *queries = static_cast<const Element *>(job.q);
    const auto *keys = static_cast<const Element *>(job.k);
    const auto *inputs = static_cast<const Element *>(job.v);
    packPanels<Word>(
        Lines<Element>{keys, job.kRow, job.rowOf, static_cast<const Element *>(job.paddingKey)},
        job.keys, depth, memory.keysT);
    packValues<Word>(
        Lines<Element>{inputs, job.vRow, job.rowOf, static_cast<const Element *>(job.paddingValue)},
        job.keys, depth, depthWidth, memory.values);
    // A window fits as a whole, and then nothing is ever scaled again.
    const auto tileKeys = job.keys <= 2 * kTileKeys ? roundUp(job.keys, kPanel) : kTileKeys;
    // Rows a power of two apart would fight for the same lines of the cache.
    const auto scoreRow = tileKeys + kPadding;
    const auto sized = [](std::vector<float> &room, std::int64_t size) {
        room.resize(static_cast<std::size_t>(size));
        return room.data();
    };
    float *scores = sized(memory.scores, kTileQueries * scoreRow);
    float *chances = kDotted ? sized(memory.chances, kTileQueries * scoreRow) : scores;
    float *packed = sized(memory.query, kQueriesPerPass * words);
    float *values = sized(memory.out, kQueriesPerPass * depthWidth);
    float *sums = sized(memory.sums, kQueriesPerPass * Isa::kLanes);
    float *largest = sized(memory.largest, kQueriesPerPass);
    float *byRow = sized(memory.relative, 2 * kQueriesPerPass * job.relativeWidth);
    float *byColumn = byRow + kQueriesPerPass * job.relativeWidth;
    // What is added to the products is divided by the scale: both are scaled by the exponentials.
    const float unscale = 1.0F / job.scale;
    const auto relativeWidth = job.relativeRows ? roundUp(2 * job.columns - 1, kPadding) : 0;

    for (auto start = job.begin; start < job.end; start += kQueriesPerPass) {
        const auto inPass = std::min(kQueriesPerPass, job.end - start);
        for (std::int64_t i = 0; i < inPass; ++i) {
            const Element *from = queries + job.rowOfQuery(start + i) * job.qRow;
            float *to = packed + i * words;
            for (std::int64_t c = 0; c < words; ++c)
                to[c] = wordOf<Word>(from, c, depth);
        }
        if (job.relativeRows) {
            for (const auto &[table, out] :
                 {std::pair(job.relativeRows, byRow), std::pair(job.relativeColumns, byColumn)})
                multiply<Isa, Word>({packed, words, 1}, table, job.relativeWidth, out,
                                    job.relativeWidth, inPass, relativeWidth, words, false);
        }
        std::fill_n(values, inPass * depthWidth, 0.0F);
        std::fill_n(sums, inPass * Isa::kLanes, 0.0F);
        std::fill_n(largest, inPass, kNothing);
        const auto seen = job.visible(job.query(start + inPass - 1));
        for (std::int64_t begin = 0; begin < seen; begin += tileKeys) {
            const auto end = std::min(seen, begin + tileKeys);
            const auto width = roundUp(end - begin, kPadding);
            for (std::int64_t tile = 0; tile < inPass; tile += kTileQueries) {
                const auto first = start + tile, count = std::min(kTileQueries, inPass - tile);
                if (job.visible(job.query(first + count - 1)) <= begin)
                    continue;
                for (std::int64_t key = 0; key < width; key += kPanel)
                    multiply<Isa, Word>({packed + tile * words, words, 1},
                                        memory.keysT.data() + (begin + key) * words, kPanel,
                                        scores + key, scoreRow, count,
                                        std::min(kPanel, width - key), words, false);
                for (std::int64_t i = 0; i < count; ++i) {
                    const auto query = job.query(first + i), at = tile + i;
                    float *row = scores + i * scoreRow;
                    addBias(job, query, begin, end, unscale, row);
                    if (job.relativeRows) {
                        const auto side = job.columns;
                        addRelative<Isa>(
                            job, byRow + at * job.relativeWidth + side - 1 - query / side,
                            byColumn + at * job.relativeWidth + side - 1 - query % side, begin, end,
                            unscale, row);
                    }
                    // Hidden columns take part as -infinity, so that the loops need no remainder.
                    const auto shown =
                        std::clamp<std::int64_t>(job.visible(query) - begin, 0, width);
                    std::fill(row + std::min(shown, end - begin), row + width, kNothing);
                    takeScores<Isa, Word>(row, width, job.scale, chances + i * scoreRow,
                                          largest[at], sums + at * Isa::kLanes,
                                          values + at * depthWidth, depthWidth);
                }
                multiply<Isa, Word>({chances, scoreRow, 1},
                                    memory.values.data() + wordsOf(begin, kDotted) * depthWidth,
                                    depthWidth, values + tile * depthWidth, depthWidth, count,
                                    depthWidth, wordsOf(end - begin, kDotted), true);
            }
        }
        for (std::int64_t i = 0; i < inPass; ++i) {
            typename Isa::Vector total;
            kernels::load<Isa>(total, sums + i * Isa::kLanes);
            const float factor = 1.0F / kernels::sumOfLanes<Isa>(total);
            auto *to = static_cast<Element *>(job.out) + job.rowOfQuery(start + i) * job.outRow;
            const float *from = values + i * depthWidth;
            std::int64_t c = 0;
            for (; c + Isa::kLanes <= depth; c += Isa::kLanes) {
                kernels::load<Isa>(total, from + c);
                total = total * factor;
                kernels::store<Isa>(to + c, total);
            }
            for (; c < depth; ++c)
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
        addBias(job, i, 0, job.keys, 1.0F, scores);
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
    if (job.isFew())
        job.isBf16 ? forwardFew<Isa, Bf16>(job) : forwardFew<Isa, float>(job);
    else
        job.isBf16 ? forwardBlocks<Isa, float, Bf16>(job) : forwardBlocks<Isa, float, float>(job);
}

template <typename Isa>
SAPSAM_INLINE void backwardHead(const HeadJob &job)
{
    Scratch &memory = scratch();
    const auto keyWidth = roundUp(job.keys, kPadding), depthWidth = roundUp(job.depth, kPadding);
    const auto *k = static_cast<const float *>(job.k), *v = static_cast<const float *>(job.v);
    packTransposed(k, job.kRow, job.keys, job.depth, keyWidth, memory.keysT);
    packTransposed(v, job.vRow, job.keys, job.depth, keyWidth, memory.valuesT);
    packRows(Lines<float>{k, job.kRow}, job.keys, job.depth, depthWidth, memory.keys);
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
        packRows(Lines<float>{job.outGradient + first * job.outGradientRow, job.outGradientRow},
                 count, job.depth, depthWidth, side);
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
        packRows(Lines<float>{memory.query.data(), job.depth}, count, job.depth, depthWidth, side);
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
#if defined(__x86_64__)
__attribute__((target("avx512f,avx512bf16"))) void runDotted(const HeadJob &job)
{
    forwardBlocks<kernels::Wide512, Bf16Pair, Bf16>(job);
}
#else
void runDotted(const HeadJob &job)
{
    runForward(job);
}
#endif
SAPSAM_DEFINE_KERNEL(runBackward, backwardHead, HeadJob)

// Rows must be adjacent elements; anything else is copied.
torch::Tensor withAdjacentElements(const torch::Tensor &x)
{
    return x.stride(3) == 1 || x.size(3) == 1 ? x : x.contiguous();
}

// A table [2 side - 1, d] as the kernel wants it: back to front, [words of d, width].
torch::Tensor turned(const torch::Tensor &table, bool isDotted)
{
    const auto rows = table.size(0), depth = table.size(1);
    const auto width = roundUp(rows, kPadding) + kPadding; // a whole vector fits behind any place
    const auto packed = torch::zeros({wordsOf(depth, isDotted), width}, torch::kFloat);
    float *to = packed.data_ptr<float>();
    const auto turn = [&](const auto *from, auto word) {
        for (std::int64_t i = 0; i < rows; ++i)
            for (std::int64_t k = 0; k < packed.size(0); ++k)
                to[k * width + rows - 1 - i] = wordOf<decltype(word)>(from + i * depth, k, depth);
    };
    const auto whole = table.contiguous();
    if (isDotted)
        turn(reinterpret_cast<const Bf16 *>(whole.data_ptr<c10::BFloat16>()), Bf16Pair());
    else
        turn(whole.to(torch::kFloat).data_ptr<float>(), float());
    return packed;
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

// Of the grid whose cells are the queries and the keys.
std::int64_t sideOf(std::int64_t cells)
{
    return std::llround(std::sqrt(static_cast<double>(cells)));
}

bool isDotted(const torch::Tensor &query)
{
    return query.scalar_type() == torch::kBFloat16 && kernels::multipliesPairs();
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
        job.relativeWidth = in.relativeRows.size(1);
        job.rows = job.columns = sideOf(job.queries);
    }
    job.isDotted = isDotted(in.query) && !job.isFew();
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
                job.isDotted ? runDotted(job) : runForward(job);
        }
    });
    return out;
}

torch::Tensor computeWindows(const CpuAttentionInputs &in, const AttentionWindows &windows)
{
    const auto heads = in.query.size(1), depth = in.query.size(3);
    const auto out =
        torch::empty({1, in.query.size(2), heads, depth}, in.query.options()).transpose(1, 2);
    const auto count = static_cast<std::int64_t>(windows.tokenOfCell.size()) / windows.cells;
    std::vector<std::int64_t> asking, first(1, 0);
    for (std::int64_t window = 0; window < count; ++window) {
        for (std::int64_t cell = 0; cell < windows.cells; ++cell) {
            if (windows.tokenOfCell[static_cast<std::size_t>(window * windows.cells + cell)] >= 0)
                asking.push_back(cell);
        }
        first.push_back(static_cast<std::int64_t>(asking.size()));
    }
    const auto paddingRow = [&](const torch::Tensor &rows, std::int64_t head) {
        return static_cast<const char *>(rows.data_ptr())
               + static_cast<std::int64_t>(rows.element_size()) * head * depth;
    };
    const auto keys = windows.paddingKey.contiguous(), values = windows.paddingValue.contiguous();
    at::parallel_for(0, count * heads, 1, [&](std::int64_t begin, std::int64_t end) {
        for (auto i = begin; i < end; ++i) {
            const auto window = i / heads, head = i % heads;
            auto job = jobOf(in, 0, head);
            job.queries = job.keys = windows.cells;
            job.rows = job.columns = sideOf(windows.cells);
            job.rowOf = windows.tokenOfCell.data() + window * windows.cells;
            job.asking = asking.data() + first[static_cast<std::size_t>(window)];
            job.end = first[static_cast<std::size_t>(window) + 1]
                      - first[static_cast<std::size_t>(window)];
            job.paddingKey = paddingRow(keys, head);
            job.paddingValue = paddingRow(values, head);
            job.out = anyHeadOf(out, 0, head);
            job.outRow = out.stride(2);
            if (job.end > 0)
                job.isDotted ? runDotted(job) : runForward(job);
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

namespace {

CpuAttentionInputs prepared(const CpuAttentionInputs &inputs)
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
        in.relativeRows = turned(in.relativeRows, isDotted(in.query));
        in.relativeColumns = turned(in.relativeColumns, isDotted(in.query));
    }
    return in;
}

} // namespace

torch::Tensor cpuWindowAttention(const CpuAttentionInputs &inputs, const AttentionWindows &windows)
{
    return computeWindows(prepared(inputs), windows);
}

torch::Tensor cpuAttention(const CpuAttentionInputs &inputs)
{
    const CpuAttentionInputs in = prepared(inputs);
    if (!torch::GradMode::is_enabled() || in.query.scalar_type() == torch::kBFloat16
        || in.relativeRows.defined())
        return computeForward(in);
    return AttentionFunction::apply(in.query, in.key, in.value, orEmpty(in.additive),
                                    orEmpty(in.gridRows), orEmpty(in.gridColumns), in.causal);
}

} // namespace sapsam::nn
