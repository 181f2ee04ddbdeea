#pragma once

#include "core/nn/torch_compat.h"

#include <vector>

namespace sapsam::nn {

// The cells of grids [B, H, W, C], and the same cells in windows of side × side with rows of zeros
// right and below: [B · windows, side, side, C]. Side 0: no windows, the grid itself.
class WindowLayout
{
public:
    WindowLayout(std::int64_t batch, std::int64_t height, std::int64_t width, std::int64_t side);

    torch::Tensor partition(const torch::Tensor &grid) const;      // differentiable
    torch::Tensor unpartition(const torch::Tensor &windows) const; // differentiable

    bool hasWindows() const { return m_side > 0; }
    std::vector<std::int64_t> windowedShape(std::int64_t channels) const;
    // Where each cell of the grids is among the rows of the windows; empty without windows.
    std::vector<std::int64_t> rowsOfCells() const;
    // The other way round: which cell of the grids each row of the windows is, -1 for padding.
    std::vector<std::int64_t> cellsOfRows() const;
    std::int64_t side() const { return m_side; }

private:
    std::int64_t m_batch, m_height, m_width, m_side, m_down = 0, m_across = 0;
};

struct NormedSum
{
    torch::Tensor sum, normed; // both of the shape of x
};

// LayerNorm over the last dimension of a grid [B, H, W, C], in windows.
torch::Tensor normalizeIntoWindows(const torch::Tensor &x, torch::nn::LayerNorm &norm,
                                   const WindowLayout &layout);

// sum = x + added, normed = LayerNorm(sum). `added` has the shape of x, or lies in windows.
// On the CPU without gradients each of the two is one pass over the memory, with float32 inside.
NormedSum addAndNormalize(const torch::Tensor &x, const torch::Tensor &added,
                          torch::nn::LayerNorm &norm, const WindowLayout *layout = nullptr);

// x + added; where no gradient needs it, the sum takes the memory of `added`, which nobody else
// uses.
torch::Tensor addedTo(const torch::Tensor &x, torch::Tensor added);

} // namespace sapsam::nn
