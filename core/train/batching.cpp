#include "core/train/batching.h"

#include "core/base/error.h"

#include <algorithm>
#include <unordered_set>

namespace sapsam::training {

std::vector<std::int64_t> drawDistinct(std::int64_t size, int count, SeededRandom &random)
{
    SAPSAM_ASSERT(count <= size);
    std::vector<std::int64_t> result;
    std::unordered_set<std::int64_t> seen;
    // Floyd's algorithm: as many draws as numbers, whatever the size.
    for (std::int64_t last = size - count; last < size; ++last) {
        const std::int64_t drawn = random.integer(0, last);
        const std::int64_t chosen = seen.count(drawn) > 0 ? last : drawn;
        seen.insert(chosen);
        result.push_back(chosen);
    }
    random.shuffle(result);
    return result;
}

torch::Tensor pixelBatch(const std::vector<Image> &pictures, const Normalization &normalization)
{
    SAPSAM_ASSERT(!pictures.empty());
    const std::int64_t height = pictures.front().height;
    const std::int64_t width = pictures.front().width;
    torch::Tensor batch =
        torch::empty({static_cast<std::int64_t>(pictures.size()), 3, height, width}, torch::kFloat);
    float *values = batch.data_ptr<float>();
    for (const Image &picture : pictures) {
        SAPSAM_ASSERT(picture.height == height && picture.width == width);
        writeNormalizedPlanes(picture, normalization, values);
        values += 3 * height * width;
    }
    return batch;
}

torch::Tensor idBatch(const std::vector<std::vector<std::int64_t>> &rows, std::int64_t padding)
{
    std::size_t length = 1;
    for (const auto &row : rows)
        length = std::max(length, row.size());
    torch::Tensor batch =
        torch::full({static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(length)},
                    padding, torch::kLong);
    std::int64_t *values = batch.data_ptr<std::int64_t>();
    for (const auto &row : rows) {
        std::copy(row.begin(), row.end(), values);
        values += length;
    }
    return batch;
}

torch::Tensor maskBatch(const std::vector<std::vector<std::int64_t>> &rows)
{
    std::vector<std::vector<std::int64_t>> ones;
    for (const auto &row : rows)
        ones.emplace_back(row.size(), 1);
    return idBatch(ones, 0);
}

} // namespace sapsam::training
