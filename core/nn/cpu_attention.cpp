#include "core/nn/cpu_attention.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace sapsam::nn {

namespace {

// One head of one picture: raw pointers and strides in elements. A null pointer means "not there".
struct HeadJob
{
    std::int64_t queries = 0, keys = 0, depth = 0;
    float scale = 1.0F;
    bool causal = false;
    const float *q = nullptr, *k = nullptr, *v = nullptr;
    std::int64_t qRow = 0, kRow = 0, vRow = 0; // strides of rows; elements of a row are adjacent
    const float *bias = nullptr;
    std::int64_t biasRow = 0, biasColumn = 0;
    const float *gridRows = nullptr, *gridColumns = nullptr; // contiguous rows
    std::int64_t rows = 0, columns = 0;
    float *out = nullptr;
    std::int64_t outRow = 0;

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

// Vectors of each instruction set.
struct Wide512
{
    static constexpr int kLanes = 16, kRows = 8;
    typedef float Vector __attribute__((vector_size(64)));
    typedef int Integers __attribute__((vector_size(64)));
};
struct Wide256
{
    static constexpr int kLanes = 8, kRows = 6;
    typedef float Vector __attribute__((vector_size(32)));
    typedef int Integers __attribute__((vector_size(32)));
};
struct Wide128
{
    static constexpr int kLanes = 4, kRows = 4;
    typedef float Vector __attribute__((vector_size(16)));
    typedef int Integers __attribute__((vector_size(16)));
};

#define SAPSAM_INLINE inline __attribute__((always_inline))

// To and from any place in memory, aligned or not.
template <typename Vector>
SAPSAM_INLINE void load(Vector &to, const float *from)
{
    __builtin_memcpy(&to, from, sizeof to);
}
template <typename Vector>
SAPSAM_INLINE void store(float *to, const Vector &from)
{
    __builtin_memcpy(to, &from, sizeof from);
}

std::int64_t roundUp(std::int64_t value, std::int64_t step)
{
    return (value + step - 1) / step * step;
}

// All packed widths are multiples of the widest vector, whatever the instruction set.
constexpr std::int64_t kPadding = 16;
constexpr std::int64_t kQueryBlock = 48;

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
                load(sum[i][j], c + i * cRow + j * Isa::kLanes);
        }
    }
    for (std::int64_t k = 0; k < depth; ++k) {
        Vector right[V];
        for (int j = 0; j < V; ++j)
            load(right[j], b + k * bRow + j * Isa::kLanes);
        const float *left = a.data + k * a.column;
        for (int i = 0; i < M; ++i) {
            const float factor = left[i * a.row];
            for (int j = 0; j < V; ++j)
                sum[i][j] += factor * right[j];
        }
    }
    for (int i = 0; i < M; ++i) {
        for (int j = 0; j < V; ++j)
            store(c + i * cRow + j * Isa::kLanes, sum[i][j]);
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

// exp for x <= 0 with an error of about two units in the last place: x = n ln 2 + r, a polynomial
// for r, and n into the exponent. Below -87 the answer is 0.
template <typename Isa>
SAPSAM_INLINE void exponential(float *at, const typename Isa::Vector &shift)
{
    using Vector = typename Isa::Vector;
    using Integers = typename Isa::Integers;
    Vector x;
    load(x, at);
    x = x - shift;
    const Integers isTiny = x < -87.0F;
    x = isTiny ? Vector{} - 87.0F : x;
    constexpr float kRounder = 12582912.0F; // 1.5 · 2²³ leaves no room for a fraction
    const Vector n = (x * 1.44269504F + kRounder) - kRounder;
    const Vector r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
    Vector p = r * 1.9875691500e-4F + 1.3981999507e-3F;
    p = p * r + 8.3334519073e-3F;
    p = p * r + 4.1665795894e-2F;
    p = p * r + 1.6666665459e-1F;
    p = p * r + 5.0000001201e-1F;
    p = p * r * r + r + 1.0F;
    const Integers exponent = (__builtin_convertvector(n, Integers) + 127) << 23;
    Vector power;
    std::memcpy(&power, &exponent, sizeof power);
    p = isTiny ? Vector{} : p * power;
    store(at, p);
}

// Copies rows into a packed matrix with zeros behind their end; `transposed` turns it over.
void packRows(const float *from, std::int64_t row, std::int64_t height, std::int64_t width,
              std::int64_t packedWidth, std::vector<float> &to)
{
    to.assign(static_cast<std::size_t>(height * packedWidth), 0.0F);
    for (std::int64_t i = 0; i < height; ++i)
        std::copy_n(from + i * row, width, to.data() + i * packedWidth);
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

// Working memory of a thread, kept between heads: blocks of this size are costly to ask for anew.
struct Scratch
{
    std::vector<float> keysT, values, valuesT, keys, scores, gradients, out, query, grad;
};

Scratch &scratch()
{
    thread_local Scratch memory;
    return memory;
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

// Scores → probabilities, in place; columns from `visible` to `packed` become 0.
template <typename Isa>
SAPSAM_INLINE void softmaxRow(float *row, std::int64_t visible, std::int64_t packed)
{
    using Vector = typename Isa::Vector;
    // Hidden columns take part as -infinity, so that the loops need no remainder.
    for (std::int64_t j = visible; j < packed; ++j)
        row[j] = -std::numeric_limits<float>::infinity();
    Vector most, x;
    load(most, row);
    for (std::int64_t j = Isa::kLanes; j < packed; j += Isa::kLanes) {
        load(x, row + j);
        most = x > most ? x : most;
    }
    float largest = most[0];
    for (int lane = 1; lane < Isa::kLanes; ++lane)
        largest = std::max(largest, most[lane]);
    const Vector shift = Vector{} + largest;
    Vector sums{};
    for (std::int64_t j = 0; j < packed; j += Isa::kLanes) {
        exponential<Isa>(row + j, shift);
        load(x, row + j);
        sums += x;
    }
    float sum = 0.0F;
    for (int lane = 0; lane < Isa::kLanes; ++lane)
        sum += sums[lane];
    const float factor = 1.0F / sum;
    for (std::int64_t j = 0; j < packed; j += Isa::kLanes) {
        load(x, row + j);
        x = x * factor;
        store(row + j, x);
    }
}

// Probabilities of `count` queries from `first` on, into memory.scores. Returns the packed width.
template <typename Isa>
SAPSAM_INLINE std::int64_t probabilities(const HeadJob &job, std::int64_t first, std::int64_t count,
                                         std::int64_t keyWidth, Scratch &memory)
{
    for (std::int64_t i = 0; i < count; ++i) {
        const float *from = job.q + (first + i) * job.qRow;
        float *to = memory.query.data() + i * job.depth;
        for (std::int64_t c = 0; c < job.depth; ++c)
            to[c] = from[c] * job.scale;
    }
    const auto width = std::min(keyWidth, roundUp(job.visible(first + count - 1), kPadding));
    multiply<Isa>({memory.query.data(), job.depth, 1}, memory.keysT.data(), keyWidth,
                  memory.scores.data(), keyWidth, count, width, job.depth, false);
    for (std::int64_t i = 0; i < count; ++i) {
        float *row = memory.scores.data() + i * keyWidth;
        addBias(job, first + i, row);
        softmaxRow<Isa>(row, job.visible(first + i), width);
    }
    return width;
}

template <typename Isa>
SAPSAM_INLINE void forwardHead(const HeadJob &job)
{
    Scratch &memory = scratch();
    const auto keyWidth = roundUp(job.keys, kPadding), depthWidth = roundUp(job.depth, kPadding);
    packTransposed(job.k, job.kRow, job.keys, job.depth, keyWidth, memory.keysT);
    packRows(job.v, job.vRow, job.keys, job.depth, depthWidth, memory.values);
    memory.scores.resize(static_cast<std::size_t>(kQueryBlock * keyWidth));
    memory.query.resize(static_cast<std::size_t>(kQueryBlock * job.depth));
    memory.out.resize(static_cast<std::size_t>(kQueryBlock * depthWidth));
    for (std::int64_t first = 0; first < job.queries; first += kQueryBlock) {
        const auto count = std::min(kQueryBlock, job.queries - first);
        const auto width = probabilities<Isa>(job, first, count, keyWidth, memory);
        multiply<Isa>({memory.scores.data(), keyWidth, 1}, memory.values.data(), depthWidth,
                      memory.out.data(), depthWidth, count, depthWidth, std::min(width, job.keys),
                      false);
        for (std::int64_t i = 0; i < count; ++i)
            std::copy_n(memory.out.data() + i * depthWidth, job.depth,
                        job.out + (first + i) * job.outRow);
    }
}

template <typename Isa>
SAPSAM_INLINE void backwardHead(const HeadJob &job)
{
    Scratch &memory = scratch();
    const auto keyWidth = roundUp(job.keys, kPadding), depthWidth = roundUp(job.depth, kPadding);
    packTransposed(job.k, job.kRow, job.keys, job.depth, keyWidth, memory.keysT);
    packTransposed(job.v, job.vRow, job.keys, job.depth, keyWidth, memory.valuesT);
    packRows(job.k, job.kRow, job.keys, job.depth, depthWidth, memory.keys);
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

using HeadFunction = void (*)(const HeadJob &);

#if defined(__x86_64__)
__attribute__((target("avx512f"))) void forward512(const HeadJob &job)
{
    forwardHead<Wide512>(job);
}
__attribute__((target("avx512f"))) void backward512(const HeadJob &job)
{
    backwardHead<Wide512>(job);
}
__attribute__((target("avx2,fma"))) void forward256(const HeadJob &job)
{
    forwardHead<Wide256>(job);
}
__attribute__((target("avx2,fma"))) void backward256(const HeadJob &job)
{
    backwardHead<Wide256>(job);
}
#endif
void forward128(const HeadJob &job)
{
    forwardHead<Wide128>(job);
}
void backward128(const HeadJob &job)
{
    backwardHead<Wide128>(job);
}

struct HeadFunctions
{
    HeadFunction forward = forward128, backward = backward128;
};

HeadFunctions chooseFunctions()
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return {forward512, backward512};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return {forward256, backward256};
#endif
    return {};
}

const HeadFunctions &functions()
{
    static const HeadFunctions chosen = chooseFunctions();
    return chosen;
}

// Rows must be adjacent elements; anything else is copied.
torch::Tensor withAdjacentElements(const torch::Tensor &x)
{
    return x.stride(3) == 1 || x.size(3) == 1 ? x : x.contiguous();
}

const float *headOf(const torch::Tensor &x, std::int64_t batch, std::int64_t head)
{
    return x.data_ptr<float>() + batch * x.stride(0) + head * x.stride(1);
}

HeadJob jobOf(const CpuAttentionInputs &in, std::int64_t batch, std::int64_t head)
{
    HeadJob job;
    job.queries = in.query.size(2);
    job.keys = in.key.size(2);
    job.depth = in.query.size(3);
    job.scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(job.depth)));
    job.causal = in.causal;
    job.q = headOf(in.query, batch, head);
    job.k = headOf(in.key, batch, head);
    job.v = headOf(in.value, batch, head);
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
    forEachHead(in.query, [&](std::int64_t batch, std::int64_t head) {
        auto job = jobOf(in, batch, head);
        job.out = out.data_ptr<float>() + batch * out.stride(0) + head * out.stride(1);
        job.outRow = out.stride(2);
        functions().forward(job);
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
            functions().backward(job);
        });
        return {dq, dk, dv, dBias, dRows, dColumns, torch::Tensor()};
    }
};

bool isPlain(const torch::Tensor &x)
{
    return !x.defined() || (x.device().is_cpu() && x.scalar_type() == torch::kFloat);
}

} // namespace

bool isForCpuAttention(const CpuAttentionInputs &in)
{
    return isPlain(in.query) && isPlain(in.key) && isPlain(in.value) && isPlain(in.additive)
           && isPlain(in.gridRows) && isPlain(in.gridColumns) && in.key.size(2) > 0;
}

torch::Tensor cpuAttention(const CpuAttentionInputs &inputs)
{
    CpuAttentionInputs in = inputs;
    in.query = withAdjacentElements(in.query);
    in.key = withAdjacentElements(in.key);
    in.value = withAdjacentElements(in.value);
    if (in.additive.defined())
        in.additive = in.additive.expand(
            {in.query.size(0), in.query.size(1), in.query.size(2), in.key.size(2)});
    if (in.gridRows.defined()) {
        in.gridRows = in.gridRows.contiguous();
        in.gridColumns = in.gridColumns.contiguous();
    }
    if (!torch::GradMode::is_enabled())
        return computeForward(in);
    return AttentionFunction::apply(in.query, in.key, in.value, orEmpty(in.additive),
                                    orEmpty(in.gridRows), orEmpty(in.gridColumns), in.causal);
}

} // namespace sapsam::nn
