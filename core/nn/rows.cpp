#include "core/nn/rows.h"

#include "core/nn/vector_kernels.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

namespace sapsam::nn {

namespace {

using kernels::Bf16;

// Rows `begin` to `end`; null pointers mean "not there", no map means "the same row".
struct NormJob
{
    const void *x = nullptr, *added = nullptr;
    void *sum = nullptr, *normed = nullptr;
    const void *weight = nullptr, *bias = nullptr;
    const std::int64_t *addedRow = nullptr, *normedRow = nullptr;
    std::int64_t width = 0;
    float eps = 0.0F;
    bool isBf16 = false;
    std::int64_t begin = 0, end = 0;
};

template <typename Isa, typename Element>
SAPSAM_INLINE void normRows(const NormJob &job)
{
    using Vector = typename Isa::Vector;
    thread_local std::vector<float> memory;
    memory.resize(static_cast<std::size_t>(job.width));
    float *row = memory.data();
    const auto width = job.width, whole = width / Isa::kLanes * Isa::kLanes;
    const auto *weight = static_cast<const Element *>(job.weight);
    const auto *bias = static_cast<const Element *>(job.bias);
    for (auto i = job.begin; i < job.end; ++i) {
        const auto *x = static_cast<const Element *>(job.x) + i * width;
        const auto *added = static_cast<const Element *>(job.added);
        auto *sum = static_cast<Element *>(job.sum);
        auto *normed =
            static_cast<Element *>(job.normed) + (job.normedRow ? job.normedRow[i] : i) * width;
        Vector value, other, total{};
        float totalRest = 0.0F;
        if (added) {
            added += (job.addedRow ? job.addedRow[i] : i) * width;
            sum += i * width;
            for (std::int64_t c = 0; c < whole; c += Isa::kLanes) {
                kernels::load<Isa>(value, x + c);
                kernels::load<Isa>(other, added + c);
                value += other;
                kernels::store<Isa>(sum + c, value);
                // What is normalised is what was stored.
                kernels::load<Isa>(value, sum + c);
                kernels::store<Isa>(row + c, value);
                total += value;
            }
            for (auto c = whole; c < width; ++c) {
                kernels::fromFloat(sum + c, kernels::toFloat(x[c]) + kernels::toFloat(added[c]));
                row[c] = kernels::toFloat(sum[c]);
                totalRest += row[c];
            }
        } else {
            for (std::int64_t c = 0; c < whole; c += Isa::kLanes) {
                kernels::load<Isa>(value, x + c);
                kernels::store<Isa>(row + c, value);
                total += value;
            }
            for (auto c = whole; c < width; ++c) {
                row[c] = kernels::toFloat(x[c]);
                totalRest += row[c];
            }
        }
        const float mean =
            (kernels::sumOfLanes<Isa>(total) + totalRest) / static_cast<float>(width);
        Vector squares{};
        float squaresRest = 0.0F;
        for (std::int64_t c = 0; c < whole; c += Isa::kLanes) {
            kernels::load<Isa>(value, row + c);
            value -= mean;
            squares += value * value;
        }
        for (auto c = whole; c < width; ++c)
            squaresRest += (row[c] - mean) * (row[c] - mean);
        const float variance =
            (kernels::sumOfLanes<Isa>(squares) + squaresRest) / static_cast<float>(width);
        const float factor = 1.0F / std::sqrt(variance + job.eps);
        for (std::int64_t c = 0; c < whole; c += Isa::kLanes) {
            kernels::load<Isa>(value, row + c);
            value = (value - mean) * factor;
            kernels::load<Isa>(other, weight + c);
            value *= other;
            kernels::load<Isa>(other, bias + c);
            value += other;
            kernels::store<Isa>(normed + c, value);
        }
        for (auto c = whole; c < width; ++c)
            kernels::fromFloat(normed + c, (row[c] - mean) * factor * kernels::toFloat(weight[c])
                                               + kernels::toFloat(bias[c]));
    }
}

template <typename Isa>
SAPSAM_INLINE void normKernel(const NormJob &job)
{
    job.isBf16 ? normRows<Isa, Bf16>(job) : normRows<Isa, float>(job);
}

SAPSAM_DEFINE_KERNEL(runNorm, normKernel, NormJob)

bool isCovered(const torch::Tensor &x, const torch::nn::LayerNorm &norm)
{
    const auto type = x.scalar_type();
    const auto isLike = [type](const torch::Tensor &y) {
        return y.defined() && y.scalar_type() == type && y.is_contiguous();
    };
    return x.device().is_cpu() && (type == torch::kFloat || type == torch::kBFloat16)
           && x.numel() > 0 && isLike(norm->weight) && isLike(norm->bias) && norm->weight.dim() == 1
           && norm->weight.size(0) == x.size(-1)
           && !(torch::GradMode::is_enabled()
                && (x.requires_grad() || norm->weight.requires_grad()
                    || norm->bias.requires_grad()));
}

void run(NormJob job, const torch::Tensor &x, const torch::nn::LayerNorm &norm)
{
    job.x = x.data_ptr();
    job.weight = norm->weight.data_ptr();
    job.bias = norm->bias.data_ptr();
    job.width = x.size(-1);
    job.eps = static_cast<float>(norm->options.eps());
    job.isBf16 = x.scalar_type() == torch::kBFloat16;
    const auto rows = x.numel() / job.width;
    at::parallel_for(0, rows, std::max<std::int64_t>(1, 16384 / job.width),
                     [&](std::int64_t begin, std::int64_t end) {
                         NormJob part = job;
                         part.begin = begin;
                         part.end = end;
                         runNorm(part);
                     });
}

} // namespace

WindowLayout::WindowLayout(std::int64_t batch, std::int64_t height, std::int64_t width,
                           std::int64_t side)
    : m_batch(batch), m_height(height), m_width(width), m_side(side)
{
    if (side > 0) {
        m_down = (height + side - 1) / side;
        m_across = (width + side - 1) / side;
    }
}

torch::Tensor WindowLayout::partition(const torch::Tensor &grid) const
{
    if (!hasWindows())
        return grid;
    const auto channels = grid.size(3);
    const auto below = m_down * m_side - m_height, right = m_across * m_side - m_width;
    const auto padded =
        below || right ? torch::constant_pad_nd(grid, {0, 0, 0, right, 0, below}, 0) : grid;
    return padded.reshape({m_batch, m_down, m_side, m_across, m_side, channels})
        .permute({0, 1, 3, 2, 4, 5})
        .reshape(windowedShape(channels));
}

torch::Tensor WindowLayout::unpartition(const torch::Tensor &windows) const
{
    if (!hasWindows())
        return windows;
    const auto channels = windows.size(3);
    return windows.view({m_batch, m_down, m_across, m_side, m_side, channels})
        .permute({0, 1, 3, 2, 4, 5})
        .reshape({m_batch, m_down * m_side, m_across * m_side, channels})
        .slice(1, 0, m_height)
        .slice(2, 0, m_width);
}

std::vector<std::int64_t> WindowLayout::windowedShape(std::int64_t channels) const
{
    if (!hasWindows())
        return {m_batch, m_height, m_width, channels};
    return {m_batch * m_down * m_across, m_side, m_side, channels};
}

std::vector<std::int64_t> WindowLayout::rowsOfCells() const
{
    std::vector<std::int64_t> rows;
    if (!hasWindows())
        return rows;
    rows.reserve(static_cast<std::size_t>(m_batch * m_height * m_width));
    for (std::int64_t b = 0; b < m_batch; ++b) {
        for (std::int64_t y = 0; y < m_height; ++y) {
            for (std::int64_t x = 0; x < m_width; ++x) {
                const auto window = (b * m_down + y / m_side) * m_across + x / m_side;
                rows.push_back((window * m_side + y % m_side) * m_side + x % m_side);
            }
        }
    }
    return rows;
}

std::vector<std::int64_t> WindowLayout::cellsOfRows() const
{
    std::vector<std::int64_t> cells;
    if (!hasWindows())
        return cells;
    cells.assign(static_cast<std::size_t>(m_batch * m_down * m_across * m_side * m_side), -1);
    const std::vector<std::int64_t> rows = rowsOfCells();
    for (std::size_t cell = 0; cell < rows.size(); ++cell)
        cells[static_cast<std::size_t>(rows[cell])] = static_cast<std::int64_t>(cell);
    return cells;
}

torch::Tensor addedTo(const torch::Tensor &x, torch::Tensor added)
{
    const bool isTraced =
        torch::GradMode::is_enabled() && (x.requires_grad() || added.requires_grad());
    if (isTraced || x.sizes() != added.sizes() || x.scalar_type() != added.scalar_type())
        return x + added;
    return added.add_(x);
}

torch::Tensor normalizeIntoWindows(const torch::Tensor &x, torch::nn::LayerNorm &norm,
                                   const WindowLayout &layout)
{
    if (!isCovered(x, norm))
        return layout.partition(norm(x));
    const auto source = x.contiguous();
    const auto shape = layout.windowedShape(x.size(-1));
    std::int64_t size = 1;
    for (const auto extent : shape)
        size *= extent;
    // Only windows that hang over the edge have rows that nobody writes.
    const auto out =
        size == x.numel() ? torch::empty(shape, x.options()) : torch::zeros(shape, x.options());
    const auto rows = layout.rowsOfCells();
    NormJob job;
    job.normed = out.data_ptr();
    job.normedRow = rows.empty() ? nullptr : rows.data();
    run(job, source, norm);
    return out;
}

NormedSum addAndNormalize(const torch::Tensor &x, const torch::Tensor &added,
                          torch::nn::LayerNorm &norm, const WindowLayout *layout)
{
    const bool isInWindows = layout && layout->hasWindows();
    const bool isSimple = added.scalar_type() == x.scalar_type() && added.device() == x.device()
                          && !(torch::GradMode::is_enabled() && added.requires_grad())
                          && (isInWindows || added.sizes() == x.sizes());
    if (!isSimple || !isCovered(x, norm)) {
        const auto sum = x + (isInWindows ? layout->unpartition(added) : added);
        return {sum, norm(sum)};
    }
    const auto source = x.contiguous(), other = added.contiguous();
    NormedSum result = {torch::empty(x.sizes(), x.options()), torch::empty(x.sizes(), x.options())};
    const auto rows = isInWindows ? layout->rowsOfCells() : std::vector<std::int64_t>();
    NormJob job;
    job.added = other.data_ptr();
    job.addedRow = rows.empty() ? nullptr : rows.data();
    job.sum = result.sum.data_ptr();
    job.normed = result.normed.data_ptr();
    run(job, source, norm);
    return result;
}

} // namespace sapsam::nn
