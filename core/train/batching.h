#pragma once

#include "core/base/random.h"
#include "core/image/preprocess.h"
#include "core/nn/torch_compat.h"

#include <cstdint>
#include <vector>

namespace sapsam::training {

// `count` different numbers in [0, size), in random order. count must not exceed size.
std::vector<std::int64_t> drawDistinct(std::int64_t size, int count, SeededRandom &random);

// Pictures of one size → normalised [N, 3, H, W], fp32.
torch::Tensor pixelBatch(const std::vector<Image> &pictures, const Normalization &normalization);

// Rows padded on the right to the length of the longest → ids [N, L] int64.
torch::Tensor idBatch(const std::vector<std::vector<std::int64_t>> &rows, std::int64_t padding);
// 1 where idBatch has an id of the row, 0 where it has padding.
torch::Tensor maskBatch(const std::vector<std::vector<std::int64_t>> &rows);

} // namespace sapsam::training
