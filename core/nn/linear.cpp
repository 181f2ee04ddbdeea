#include "core/nn/linear.h"

#include "core/base/error.h"
#include "core/nn/vector_kernels.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

namespace sapsam::nn {

namespace {

using kernels::Bf16;

// Rows from which a matrix product of the library is faster than reading the weights in place.
constexpr std::int64_t kFewRows = 8;
// Numbers of 8-bit weights that are widened at once; half of a core's usual second cache.
constexpr std::int64_t kWidenedAtOnce = 1 << 18;
constexpr char kScaleName[] = "weight_scale";

enum class WeightType { Float32, Bfloat16, Int8 };

// Outputs `begin` to `end` of every row.
struct RowsJob
{
    const void *weight = nullptr; // [outputs, depth]
    WeightType type = WeightType::Float32;
    const float *scale = nullptr, *bias = nullptr; // [outputs], or null
    const float *x = nullptr;                      // [rows, depth]
    float *out = nullptr;                          // [rows, outputs]
    std::int64_t rows = 0, depth = 0, outputs = 0;
    std::int64_t begin = 0, end = 0;
};

// `Outputs` rows of weights against `Rows` rows of x. Several sums run side by side, because one
// addition has to wait for the one before it.
template <typename Isa, typename Weight, int Outputs, int Rows>
SAPSAM_INLINE void dotTile(const RowsJob &job, std::int64_t first, std::int64_t row)
{
    using Vector = typename Isa::Vector;
    const auto *weight = static_cast<const Weight *>(job.weight) + first * job.depth;
    const float *x = job.x + row * job.depth;
    // One line of the cache for each output in a step, where the registers allow it.
    constexpr int kLine = 64 / (Isa::kLanes * static_cast<int>(sizeof(Weight)));
    constexpr int kUnroll = Rows == 1 ? std::clamp(kLine, 2, 4) : 1;
    Vector sum[kUnroll][Outputs][Rows] = {};
    std::int64_t k = 0;
    for (; k + kUnroll * Isa::kLanes <= job.depth; k += kUnroll * Isa::kLanes) {
        // The rows are short: without a hint the memory would wait at the start of each.
        for (int o = 0; o < Outputs; ++o)
            __builtin_prefetch(weight + (Outputs + o) * job.depth + k);
        for (int u = 0; u < kUnroll; ++u) {
            const auto at = k + u * Isa::kLanes;
            Vector right[Rows], left;
            for (int m = 0; m < Rows; ++m)
                kernels::load<Isa>(right[m], x + m * job.depth + at);
            for (int o = 0; o < Outputs; ++o) {
                kernels::load<Isa>(left, weight + o * job.depth + at);
                for (int m = 0; m < Rows; ++m)
                    sum[u][o][m] += left * right[m];
            }
        }
    }
    for (int o = 0; o < Outputs; ++o) {
        for (int m = 0; m < Rows; ++m) {
            Vector total = sum[0][o][m];
            for (int u = 1; u < kUnroll; ++u)
                total += sum[u][o][m];
            float value = kernels::sumOfLanes<Isa>(total);
            for (auto rest = k; rest < job.depth; ++rest)
                value += kernels::toFloat(weight[o * job.depth + rest]) * x[m * job.depth + rest];
            const auto output = first + o;
            if (job.scale)
                value *= job.scale[output];
            if (job.bias)
                value += job.bias[output];
            job.out[(row + m) * job.outputs + output] = value;
        }
    }
}

template <typename Isa, typename Weight, int Outputs>
SAPSAM_INLINE void dotOutputs(const RowsJob &job, std::int64_t first)
{
    std::int64_t row = 0;
    for (; row + 4 <= job.rows; row += 4)
        dotTile<Isa, Weight, Outputs, 4>(job, first, row);
    for (; row + 2 <= job.rows; row += 2)
        dotTile<Isa, Weight, Outputs, 2>(job, first, row);
    for (; row < job.rows; ++row)
        dotTile<Isa, Weight, Outputs, 1>(job, first, row);
}

template <typename Isa, typename Weight>
SAPSAM_INLINE void dotAll(const RowsJob &job)
{
    constexpr int kOutputs = Isa::kLanes == 16 ? 4 : 2; // by the number of registers
    auto output = job.begin;
    for (; output + kOutputs <= job.end; output += kOutputs)
        dotOutputs<Isa, Weight, kOutputs>(job, output);
    for (; output < job.end; ++output)
        dotOutputs<Isa, Weight, 1>(job, output);
}

template <typename Isa>
SAPSAM_INLINE void rowsKernel(const RowsJob &job)
{
    switch (job.type) {
    case WeightType::Float32:
        return dotAll<Isa, float>(job);
    case WeightType::Bfloat16:
        return dotAll<Isa, Bf16>(job);
    case WeightType::Int8:
        return dotAll<Isa, std::int8_t>(job);
    }
}

SAPSAM_DEFINE_KERNEL(runRows, rowsKernel, RowsJob)

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
    const auto rows = x.reshape({-1, depth}).to(torch::kFloat).contiguous();
    const auto added = bias.defined() ? bias.to(torch::kFloat).contiguous() : torch::Tensor();
    const auto out = torch::empty({rows.size(0), outputs}, rows.options());
    RowsJob job;
    job.weight = weight.data_ptr();
    job.type = weight.scalar_type() == torch::kFloat      ? WeightType::Float32
               : weight.scalar_type() == torch::kBFloat16 ? WeightType::Bfloat16
                                                          : WeightType::Int8;
    job.scale = scale.defined() ? scale.data_ptr<float>() : nullptr;
    job.bias = added.defined() ? added.data_ptr<float>() : nullptr;
    job.x = rows.data_ptr<float>();
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
