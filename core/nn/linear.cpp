#include "core/nn/linear.h"

#include "core/base/error.h"
#include "core/nn/vector_kernels.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

namespace sapsam::nn {

namespace {

using kernels::Bf16;

// Rows from which a matrix product of the library is faster than reading the weights in place.
constexpr std::int64_t kFewRows = 8;
// Numbers of 8-bit weights that are widened at once; half of a core's usual second cache.
constexpr std::int64_t kWidenedAtOnce = 1 << 18;
// Of the 16 bits that stand for a number in fixed point.
constexpr std::int32_t kFixedZero = 1 << 15;
// Sums of more products of two bytes might leave 32 bits.
constexpr std::int64_t kDeepestFixed = 1 << 16;
constexpr char kScaleName[] = "weight_scale";

enum class WeightType { Float32, Bfloat16, Int8 };

// Rows of x as whole numbers of 16 bits: x = step (256 high + low - 32768).
struct FixedRows
{
    std::vector<std::uint8_t> high, low; // [rows, depth]
    std::vector<float> step;             // [rows]
};

// Outputs `begin` to `end` of every row.
struct RowsJob
{
    const void *weight = nullptr; // [outputs, depth]
    WeightType type = WeightType::Float32;
    const float *scale = nullptr, *bias = nullptr; // [outputs], or null
    const float *x = nullptr;                      // [rows, depth], unless there are
    const Bf16 *pairs = nullptr;                   // the same in bfloat16
    const FixedRows *fixed = nullptr;              // the same in fixed point
    float *out = nullptr;                          // [rows, outputs]
    std::int64_t rows = 0, depth = 0, outputs = 0;
    std::int64_t begin = 0, end = 0;
};

// How weights meet rows in dotTile: what the rows are made of, and how many of their numbers a
// vector takes.
template <typename IsaType, typename WeightType>
struct Widened
{
    using Isa = IsaType;
    using Weight = WeightType;
    using Input = float;
    static constexpr int kNumbers = Isa::kLanes;
    static constexpr bool kWaitsForMemory = false;
    static const Input *inputs(const RowsJob &job) { return job.x; }
    static SAPSAM_INLINE void add(typename Isa::Vector &sum, const Weight *weight,
                                  const typename Isa::Vector &right)
    {
        typename Isa::Vector left;
        kernels::load<Isa>(left, weight);
        sum += left * right;
    }
};
#if defined(__x86_64__)
// The processor multiplies pairs of bfloat16 numbers straight from the memory: one instruction for a
// line of the cache instead of six.
struct InPairs
{
    using Isa = kernels::Wide512;
    using Weight = Bf16;
    using Input = Bf16;
    static constexpr int kNumbers = 2 * Isa::kLanes;
    static constexpr bool kWaitsForMemory = true;
    static const Input *inputs(const RowsJob &job) { return job.pairs; }
    static SAPSAM_INLINE void add(Isa::Vector &sum, const Weight *weight, const Isa::Vector &right)
    {
        typedef Bf16 Line __attribute__((vector_size(64), aligned(1), may_alias));
        Isa::Vector total = sum; // an array's element as an operand would stay in memory
        asm("vdpbf16ps %2, %1, %0"
            : "+v"(total)
            : "v"(right), "m"(*reinterpret_cast<const Line *>(weight)));
        sum = total;
    }
};
#endif

// `Outputs` rows of weights against `Rows` rows of x. Several sums run side by side, because one
// addition has to wait for the one before it.
template <typename Kind, int Outputs, int Rows>
SAPSAM_INLINE void dotTile(const RowsJob &job, std::int64_t first, std::int64_t row)
{
    using Isa = typename Kind::Isa;
    using Vector = typename Isa::Vector;
    const auto *weight = static_cast<const typename Kind::Weight *>(job.weight) + first * job.depth;
    const auto *x = Kind::inputs(job) + row * job.depth;
    // One line of the cache for each output in a step, where the registers allow it.
    constexpr int kLine = 64 / (Kind::kNumbers * static_cast<int>(sizeof *weight));
    constexpr int kUnroll = Rows == 1 ? std::clamp(kLine, 2, 4) : 1;
    constexpr std::int64_t kStep = kUnroll * Kind::kNumbers;
    Vector sum[kUnroll][Outputs][Rows] = {};
    std::int64_t k = 0;
    for (; k + kStep <= job.depth; k += kStep) {
        // The rows are short: without a hint the memory would wait at the start of each.
        for (int o = 0; o < Outputs; ++o)
            __builtin_prefetch(weight + (Outputs + o) * job.depth + k);
        for (int u = 0; u < kUnroll; ++u) {
            const auto at = k + u * Kind::kNumbers;
            Vector right[Rows];
            for (int m = 0; m < Rows; ++m)
                kernels::loadBits(right[m], x + m * job.depth + at);
            for (int o = 0; o < Outputs; ++o)
                for (int m = 0; m < Rows; ++m)
                    Kind::add(sum[u][o][m], weight + o * job.depth + at, right[m]);
        }
    }
    for (int o = 0; o < Outputs; ++o) {
        for (int m = 0; m < Rows; ++m) {
            Vector total = sum[0][o][m];
            for (int u = 1; u < kUnroll; ++u)
                total += sum[u][o][m];
            float value = kernels::sumOfLanes<Isa>(total);
            for (auto rest = k; rest < job.depth; ++rest)
                value += kernels::toFloat(weight[o * job.depth + rest])
                         * kernels::toFloat(x[m * job.depth + rest]);
            const auto output = first + o;
            if (job.scale)
                value *= job.scale[output];
            if (job.bias)
                value += job.bias[output];
            job.out[(row + m) * job.outputs + output] = value;
        }
    }
}

template <typename Kind, int Outputs>
SAPSAM_INLINE void dotOutputs(const RowsJob &job, std::int64_t first)
{
    std::int64_t row = 0;
    for (; row + 4 <= job.rows; row += 4)
        dotTile<Kind, Outputs, 4>(job, first, row);
    for (; row + 2 <= job.rows; row += 2)
        dotTile<Kind, Outputs, 2>(job, first, row);
    for (; row < job.rows; ++row)
        dotTile<Kind, Outputs, 1>(job, first, row);
}

template <typename Kind>
SAPSAM_INLINE void dotAll(const RowsJob &job)
{
    constexpr int kOutputs = Kind::Isa::kLanes == 16 ? 4 : 2; // by the number of registers
    auto output = job.begin;
    // The memory gives most when it is read from front to back.
    if (Kind::kWaitsForMemory && job.rows == 1) {
        for (; output < job.end; ++output)
            dotTile<Kind, 1, 1>(job, output, 0);
        return;
    }
    for (; output + kOutputs <= job.end; output += kOutputs)
        dotOutputs<Kind, kOutputs>(job, output);
    for (; output < job.end; ++output)
        dotOutputs<Kind, 1>(job, output);
}

template <typename Isa>
SAPSAM_INLINE void rowsKernel(const RowsJob &job)
{
    switch (job.type) {
    case WeightType::Float32:
        return dotAll<Widened<Isa, float>>(job);
    case WeightType::Bfloat16:
        return dotAll<Widened<Isa, Bf16>>(job);
    case WeightType::Int8:
        return dotAll<Widened<Isa, std::int8_t>>(job);
    }
}

#if defined(__x86_64__)
SAPSAM_INLINE std::int32_t sumOfLanes(const kernels::Wide512::Integers &x)
{
    std::int32_t lanes[kernels::Wide512::kLanes], sum = 0;
    __builtin_memcpy(lanes, &x, sizeof lanes);
    for (const auto lane : lanes)
        sum += lane;
    return sum;
}

// An output of `Rows` rows in fixed point: the processor multiplies bytes straight from the memory
// and adds whole numbers, so that nothing is widened and nothing is rounded on the way.
template <int Rows>
SAPSAM_INLINE void fixedTile(const RowsJob &job, std::int64_t output, std::int64_t row)
{
    using Integers = kernels::Wide512::Integers;
    typedef std::int8_t Line __attribute__((vector_size(64), aligned(1), may_alias));
    constexpr std::int64_t kLine = 64;
    const auto *weight = static_cast<const std::int8_t *>(job.weight) + output * job.depth;
    const auto *high = job.fixed->high.data() + row * job.depth;
    const auto *low = job.fixed->low.data() + row * job.depth;
    const auto add = [](Integers &sum, const Integers &bytes, const Line &weights) {
        Integers total = sum; // an array's element as an operand would stay in memory
        asm("vpdpbusd %2, %1, %0" : "+v"(total) : "v"(bytes), "m"(weights));
        sum = total;
    };
    const Integers ones = Integers{} + 0x01010101;
    Integers highs[Rows] = {}, lows[Rows] = {}, weights = {};
    std::int64_t k = 0;
    for (; k + kLine <= job.depth; k += kLine) {
        __builtin_prefetch(weight + job.depth + k);
        const auto &line = *reinterpret_cast<const Line *>(weight + k);
        add(weights, ones, line);
        for (int m = 0; m < Rows; ++m) {
            Integers bytes;
            kernels::loadBits(bytes, high + m * job.depth + k);
            add(highs[m], bytes, line);
            kernels::loadBits(bytes, low + m * job.depth + k);
            add(lows[m], bytes, line);
        }
    }
    std::int64_t weightSum = sumOfLanes(weights);
    for (auto rest = k; rest < job.depth; ++rest)
        weightSum += weight[rest];
    for (int m = 0; m < Rows; ++m) {
        std::int64_t highSum = sumOfLanes(highs[m]), lowSum = sumOfLanes(lows[m]);
        for (auto rest = k; rest < job.depth; ++rest) {
            highSum += weight[rest] * std::int64_t(high[m * job.depth + rest]);
            lowSum += weight[rest] * std::int64_t(low[m * job.depth + rest]);
        }
        float value = static_cast<float>(256 * highSum + lowSum - kFixedZero * weightSum)
                      * job.fixed->step[static_cast<std::size_t>(row + m)] * job.scale[output];
        if (job.bias)
            value += job.bias[output];
        job.out[(row + m) * job.outputs + output] = value;
    }
}

__attribute__((target("avx512f,avx512vnni"))) void runFixed(const RowsJob &job)
{
    for (auto output = job.begin; output < job.end; ++output) {
        std::int64_t row = 0;
        for (; row + 4 <= job.rows; row += 4)
            fixedTile<4>(job, output, row);
        for (; row + 2 <= job.rows; row += 2)
            fixedTile<2>(job, output, row);
        for (; row < job.rows; ++row)
            fixedTile<1>(job, output, row);
    }
}
#endif

// Rows of bfloat16 numbers in fixed point. Its step is 2^-15 of the largest number of a row, which
// bfloat16 itself has rounded to 2^-9; nothing for rows that hold an infinite number or none.
std::optional<FixedRows> inFixedPoint(const torch::Tensor &rows)
{
    const auto count = rows.size(0), depth = rows.size(1);
    FixedRows fixed;
    fixed.high.resize(static_cast<std::size_t>(count * depth));
    fixed.low.resize(fixed.high.size());
    for (std::int64_t row = 0; row < count; ++row) {
        const float *x = rows.data_ptr<float>() + row * depth;
        float largest = 0.0F;
        for (std::int64_t k = 0; k < depth; ++k) {
            if (!std::isfinite(x[k]))
                return std::nullopt;
            largest = std::max(largest, std::abs(x[k]));
        }
        const float step = largest / static_cast<float>(kFixedZero - 1);
        const float perStep = step > 0.0F ? 1.0F / step : 0.0F;
        if (!std::isfinite(perStep))
            return std::nullopt; // too small for its own step
        fixed.step.push_back(step);
        auto *high = fixed.high.data() + row * depth, *low = fixed.low.data() + row * depth;
        for (std::int64_t k = 0; k < depth; ++k) {
            const auto whole = static_cast<std::int32_t>(std::lrint(x[k] * perStep)) + kFixedZero;
            high[k] = static_cast<std::uint8_t>(whole >> 8);
            low[k] = static_cast<std::uint8_t>(whole);
        }
    }
    return fixed;
}

SAPSAM_DEFINE_KERNEL(runWidened, rowsKernel, RowsJob)
#if defined(__x86_64__)
__attribute__((target("avx512f,avx512bf16"))) void runPairs(const RowsJob &job)
{
    dotAll<InPairs>(job);
}
#endif

void runRows(const RowsJob &job)
{
#if defined(__x86_64__)
    if (job.pairs)
        return runPairs(job);
    if (job.fixed)
        return runFixed(job);
#endif
    runWidened(job);
}

bool isForInference(const torch::Tensor &x, const torch::Tensor &weight, const torch::Tensor &bias)
{
    const auto type = x.scalar_type();
    if (!x.device().is_cpu() || (type != torch::kFloat && type != torch::kBFloat16))
        return false;
    return !torch::GradMode::is_enabled()
           || (!x.requires_grad() && !weight.requires_grad()
               && !(bias.defined() && bias.requires_grad()));
}

torch::Tensor fewRows(const torch::Tensor &x, const torch::Tensor &weight,
                      const torch::Tensor &scale, const torch::Tensor &bias)
{
    const auto depth = weight.size(1), outputs = weight.size(0);
    const bool inPairs = weight.scalar_type() == torch::kBFloat16
                         && x.scalar_type() == torch::kBFloat16 && kernels::multipliesPairs();
    const auto rows =
        x.reshape({-1, depth}).to(inPairs ? torch::kBFloat16 : torch::kFloat).contiguous();
    std::optional<FixedRows> fixed;
    if (weight.scalar_type() == torch::kChar && x.scalar_type() == torch::kBFloat16
        && depth <= kDeepestFixed && kernels::multipliesBytes())
        fixed = inFixedPoint(rows);
    const auto added = bias.defined() ? bias.to(torch::kFloat).contiguous() : torch::Tensor();
    const auto out = torch::empty({rows.size(0), outputs}, rows.options().dtype(torch::kFloat));
    RowsJob job;
    job.weight = weight.data_ptr();
    job.type = weight.scalar_type() == torch::kFloat      ? WeightType::Float32
               : weight.scalar_type() == torch::kBFloat16 ? WeightType::Bfloat16
                                                          : WeightType::Int8;
    job.scale = scale.defined() ? scale.data_ptr<float>() : nullptr;
    job.bias = added.defined() ? added.data_ptr<float>() : nullptr;
    if (inPairs)
        job.pairs = reinterpret_cast<const Bf16 *>(rows.data_ptr<c10::BFloat16>());
    else
        job.x = rows.data_ptr<float>();
    job.fixed = fixed ? &*fixed : nullptr;
    job.out = out.data_ptr<float>();
    job.rows = rows.size(0);
    job.depth = depth;
    job.outputs = outputs;
    const auto grain = std::max<std::int64_t>(16, 65536 / std::max<std::int64_t>(1, depth));
    at::parallel_for(0, outputs, grain, [&](std::int64_t begin, std::int64_t end) {
        RowsJob part = job;
        part.begin = begin;
        part.end = end;
        runRows(part);
    });
    auto shape = x.sizes().vec();
    shape.back() = outputs;
    return out.to(x.scalar_type()).view(shape);
}

bool areFewRows(const torch::Tensor &x, const torch::Tensor &weight)
{
    return weight.dim() == 2 && weight.is_contiguous() && x.size(-1) == weight.size(1)
           && x.numel() > 0 && x.numel() <= kFewRows * weight.size(1);
}

torch::Tensor scaleOf(const torch::nn::Linear &layer)
{
    const auto buffers = layer->named_buffers(false);
    const auto *scale = buffers.find(kScaleName);
    if (!scale)
        throw Error(ErrorKind::Internal,
                    std::string("a layer with 8-bit weights has no ") + kScaleName);
    return *scale;
}

// x Wᵀ + b for more rows. The weights are widened a slice at a time, so that the wide copy stays in
// the cache and is never seen in the memory; integers up to 127 are exact in every type, and the
// scale goes to the product.
torch::Tensor manyRows(const torch::Tensor &x, const torch::Tensor &weight,
                       const torch::Tensor &scale, const torch::Tensor &bias)
{
    const auto outputs = weight.size(0), depth = weight.size(1);
    const auto slice = std::min(outputs, std::max<std::int64_t>(64, kWidenedAtOnce / depth));
    const auto rows = x.reshape({-1, depth});
    const auto wide = torch::empty({slice, depth}, x.options());
    const auto out = torch::empty({rows.size(0), outputs}, x.options());
    for (std::int64_t first = 0; first < outputs; first += slice) {
        const auto count = std::min(slice, outputs - first);
        const auto part = wide.narrow(0, 0, count);
        part.copy_(weight.narrow(0, first, count));
        out.narrow(1, first, count)
            .copy_(torch::mm(rows, part.t()).mul_(scale.narrow(0, first, count)));
    }
    if (bias.defined())
        out.add_(bias);
    auto shape = x.sizes().vec();
    shape.back() = outputs;
    return out.view(shape);
}

} // namespace

torch::Tensor applyWeight(const torch::Tensor &x, const torch::Tensor &weight,
                          const torch::Tensor &bias)
{
    const bool isSameType = weight.scalar_type() == x.scalar_type();
    if (!isSameType || !isForInference(x, weight, bias))
        return torch::linear(x, weight, bias);
    if (areFewRows(x, weight))
        return fewRows(x, weight, {}, bias);
    if (x.dim() <= 2 || weight.dim() != 2 || x.size(-1) != weight.size(1))
        return torch::linear(x, weight, bias);
    // For more than two dimensions torch::linear adds the bias in a pass of its own, or gives a
    // view that remembers its base, which nobody may overwrite with its activation.
    const auto rows = x.reshape({-1, weight.size(1)});
    const auto out = bias.defined() ? torch::addmm(bias, rows, weight.t())
                                    : torch::mm(rows, weight.t());
    auto shape = x.sizes().vec();
    shape.back() = weight.size(0);
    return at::_unsafe_view(out, shape);
}

torch::Tensor linear(const torch::nn::Linear &layer, const torch::Tensor &x)
{
    const auto &weight = layer->weight;
    if (weight.scalar_type() != torch::kChar)
        return applyWeight(x, weight, layer->bias);
    if (!isForInference(x, weight, layer->bias))
        throw Error(ErrorKind::Unsupported,
                    "8-bit weights are for inference on the processor only; load the model in "
                    "fp32 or bf16 for training or for a GPU");
    const auto scale = scaleOf(layer);
    if (areFewRows(x, weight))
        return fewRows(x, weight, scale, layer->bias);
    return manyRows(x, weight, scale, layer->bias);
}

Quantization quantizeLinears(torch::nn::Module &root)
{
    const torch::NoGradGuard noGrad;
    Quantization done;
    double errorSum = 0.0, sum = 0.0;
    root.apply([&](torch::nn::Module &module) {
        auto *layer = module.as<torch::nn::Linear>();
        if (!layer || layer->weight.scalar_type() == torch::kChar)
            return;
        const auto weight = layer->weight.detach();
        const auto bytes = torch::empty(weight.sizes(), weight.options().dtype(torch::kChar));
        const auto scale = torch::empty({weight.size(0)}, weight.options().dtype(torch::kFloat));
        // A slice at a time: float32 copies of the large layers are not to be seen in the memory.
        constexpr std::int64_t kSlice = 256;
        for (std::int64_t first = 0; first < weight.size(0); first += kSlice) {
            const auto last = std::min(first + kSlice, weight.size(0));
            const auto part = weight.slice(0, first, last).to(torch::kFloat);
            const auto step = part.abs().amax(1).clamp_min_(1e-30).div_(127.0);
            const auto whole = part.div(step.unsqueeze(1)).round_().clamp_(-127, 127);
            bytes.slice(0, first, last).copy_(whole);
            scale.slice(0, first, last).copy_(step);
            errorSum += (whole.mul_(step.unsqueeze(1)) - part).square_().sum().item<double>();
            sum += part.square().sum().item<double>();
        }
        done.layers += 1;
        done.bytesBefore +=
            layer->weight.numel() * static_cast<std::int64_t>(layer->weight.element_size());
        done.bytesAfter += weight.numel() + 4 * scale.numel();
        layer->weight.set_requires_grad(false);
        layer->weight.set_data(bytes);
        layer->register_buffer(kScaleName, scale);
    });
    done.relativeError = sum > 0.0 ? std::sqrt(errorSum / sum) : 0.0;
    return done;
}

torch::Tensor weightOf(const torch::nn::Linear &layer)
{
    const auto weight = layer->weight.to(torch::kFloat);
    return layer->weight.scalar_type() == torch::kChar
               ? weight.mul(scaleOf(layer).unsqueeze(1))
               : weight;
}

} // namespace sapsam::nn
