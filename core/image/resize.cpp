#include "core/image/resize.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>

namespace sapsam {

namespace {

constexpr int kPrecisionBits = 22; // 32 - 8 bits of a pixel - 2 of headroom
constexpr double kPi = 3.14159265358979323846;

double bilinearWeight(double x)
{
    x = std::abs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

double bicubicWeight(double x)
{
    constexpr double a = -0.5;
    x = std::abs(x);
    if (x < 1.0)
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
    if (x < 2.0)
        return (((x - 5.0) * x + 8.0) * x - 4.0) * a;
    return 0.0;
}

double sinc(double x)
{
    if (x == 0.0)
        return 1.0;
    x *= kPi;
    return std::sin(x) / x;
}

double lanczosWeight(double x)
{
    return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3.0) : 0.0;
}

// Weights of one axis: output i reads inputs first[i] … first[i] + count[i] - 1.
struct Axis
{
    int kernelSize = 0;
    std::vector<int> first;
    std::vector<int> count;
    std::vector<std::int32_t> weights; // kernelSize per output
};

Axis makeAxis(int in, int out, double support, double (*weight)(double))
{
    const double scale = static_cast<double>(in) / out;
    const double filterScale = std::max(scale, 1.0);
    const double reach = support * filterScale;
    Axis axis;
    axis.kernelSize = static_cast<int>(std::ceil(reach)) * 2 + 1;
    axis.first.resize(static_cast<std::size_t>(out));
    axis.count.resize(static_cast<std::size_t>(out));
    axis.weights.assign(static_cast<std::size_t>(out) * static_cast<std::size_t>(axis.kernelSize),
                        0);
    std::vector<double> row(static_cast<std::size_t>(axis.kernelSize));
    for (int i = 0; i < out; ++i) {
        const double centre = (i + 0.5) * scale;
        const double inverse = 1.0 / filterScale;
        const int low = std::max(static_cast<int>(centre - reach + 0.5), 0);
        const int high = std::min(static_cast<int>(centre + reach + 0.5), in);
        double sum = 0.0;
        for (int j = low; j < high; ++j) {
            const double w = weight((j - centre + 0.5) * inverse);
            row[static_cast<std::size_t>(j - low)] = w;
            sum += w;
        }
        std::int32_t *fixed =
            axis.weights.data()
            + static_cast<std::size_t>(i) * static_cast<std::size_t>(axis.kernelSize);
        for (int j = 0; j < high - low; ++j) {
            double w = row[static_cast<std::size_t>(j)];
            if (sum != 0.0)
                w /= sum;
            fixed[j] =
                static_cast<std::int32_t>((w < 0.0 ? -0.5 : 0.5) + w * (1 << kPrecisionBits));
        }
        axis.first[static_cast<std::size_t>(i)] = low;
        axis.count[static_cast<std::size_t>(i)] = high - low;
    }
    return axis;
}

std::uint8_t clip8(std::int32_t sum)
{
    return static_cast<std::uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255));
}

template <int Channels>
void horizontalRow(const std::uint8_t *in, std::uint8_t *out, const Axis &axis)
{
    const std::size_t width = axis.first.size();
    for (std::size_t x = 0; x < width; ++x) {
        const std::int32_t *weights =
            axis.weights.data() + x * static_cast<std::size_t>(axis.kernelSize);
        const std::uint8_t *pixel = in + static_cast<std::size_t>(axis.first[x]) * Channels;
        std::int32_t sums[Channels];
        for (int c = 0; c < Channels; ++c)
            sums[c] = 1 << (kPrecisionBits - 1);
        for (int j = 0; j < axis.count[x]; ++j, pixel += Channels)
            for (int c = 0; c < Channels; ++c)
                sums[c] += pixel[c] * weights[j];
        for (int c = 0; c < Channels; ++c)
            out[x * Channels + static_cast<std::size_t>(c)] = clip8(sums[c]);
    }
}

Image resizeHorizontally(const Image &image, int width, const Axis &axis)
{
    Image result(width, image.height, image.channels);
    for (int y = 0; y < image.height; ++y) {
        if (image.channels == 3)
            horizontalRow<3>(image.at(0, y), result.at(0, y), axis);
        else
            horizontalRow<1>(image.at(0, y), result.at(0, y), axis);
    }
    return result;
}

Image resizeVertically(const Image &image, int height, const Axis &axis)
{
    Image result(image.width, height, image.channels);
    const std::size_t length =
        static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.channels);
    std::vector<std::int32_t> sums(length);
    for (int y = 0; y < height; ++y) {
        const std::size_t row = static_cast<std::size_t>(y);
        std::fill(sums.begin(), sums.end(), 1 << (kPrecisionBits - 1));
        for (int j = 0; j < axis.count[row]; ++j) {
            const std::uint8_t *in = image.at(0, axis.first[row] + j);
            const std::int32_t weight = axis.weights[row * static_cast<std::size_t>(axis.kernelSize)
                                                     + static_cast<std::size_t>(j)];
            for (std::size_t i = 0; i < length; ++i)
                sums[i] += in[i] * weight;
        }
        std::uint8_t *out = result.at(0, y);
        for (std::size_t i = 0; i < length; ++i)
            out[i] = clip8(sums[i]);
    }
    return result;
}

// Source index per output. The position is accumulated, not multiplied: rounding differs, and
// Pillow accumulates.
std::vector<int> nearestIndices(int in, int out)
{
    const double scale = static_cast<double>(in) / out;
    std::vector<int> indices(static_cast<std::size_t>(out));
    double position = scale * 0.5;
    for (int &index : indices) {
        index = std::min(static_cast<int>(position), in - 1);
        position += scale;
    }
    return indices;
}

void requireSizes(int width, int height, int newWidth, int newHeight)
{
    if (width < 1 || height < 1)
        throw Error(ErrorKind::InvalidInput, "resize: the picture is empty");
    if (newWidth < 1 || newHeight < 1)
        throw Error(ErrorKind::InvalidInput, "resize: " + std::to_string(newWidth) + "x"
                                                 + std::to_string(newHeight)
                                                 + " is not a size; both sides must be at least 1");
}

std::vector<std::uint8_t> resizeNearest(const std::vector<std::uint8_t> &values, int width,
                                        int height, int channels, int newWidth, int newHeight)
{
    requireSizes(width, height, newWidth, newHeight);
    const std::vector<int> columns = nearestIndices(width, newWidth);
    const std::vector<int> rows = nearestIndices(height, newHeight);
    std::vector<std::uint8_t> result(static_cast<std::size_t>(newWidth)
                                     * static_cast<std::size_t>(newHeight)
                                     * static_cast<std::size_t>(channels));
    std::uint8_t *out = result.data();
    for (const int y : rows) {
        const std::uint8_t *row = values.data()
                                  + static_cast<std::size_t>(y) * static_cast<std::size_t>(width)
                                        * static_cast<std::size_t>(channels);
        for (const int x : columns) {
            std::memcpy(out, row + static_cast<std::size_t>(x) * static_cast<std::size_t>(channels),
                        static_cast<std::size_t>(channels));
            out += channels;
        }
    }
    return result;
}

} // namespace

Image resize(const Image &image, int width, int height, ResizeFilter filter)
{
    requireSizes(image.width, image.height, width, height);
    if (image.width == width && image.height == height)
        return image;
    if (filter == ResizeFilter::Nearest) {
        Image result;
        result.width = width;
        result.height = height;
        result.channels = image.channels;
        result.pixels =
            resizeNearest(image.pixels, image.width, image.height, image.channels, width, height);
        return result;
    }
    if (image.channels != 1 && image.channels != 3)
        throw Error(ErrorKind::InvalidInput, "resize: a picture has one or three channels, not "
                                                 + std::to_string(image.channels));
    double support = 1.0;
    double (*weight)(double) = bilinearWeight;
    if (filter == ResizeFilter::Bicubic) {
        support = 2.0;
        weight = bicubicWeight;
    } else if (filter == ResizeFilter::Lanczos) {
        support = 3.0;
        weight = lanczosWeight;
    }
    if (image.width == width)
        return resizeVertically(image, height, makeAxis(image.height, height, support, weight));
    const Image wide =
        resizeHorizontally(image, width, makeAxis(image.width, width, support, weight));
    if (image.height == height)
        return wide;
    return resizeVertically(wide, height, makeAxis(image.height, height, support, weight));
}

LabelMap resize(const LabelMap &labels, int width, int height)
{
    LabelMap result;
    result.labels = resizeNearest(labels.labels, labels.width, labels.height, 1, width, height);
    result.width = width;
    result.height = height;
    return result;
}

Mask resize(const Mask &mask, int width, int height)
{
    Mask result;
    result.bits = resizeNearest(mask.bits, mask.width, mask.height, 1, width, height);
    result.width = width;
    result.height = height;
    return result;
}

std::vector<float> resizePlane(const std::vector<float> &plane, int width, int height, int newWidth,
                               int newHeight)
{
    requireSizes(width, height, newWidth, newHeight);
    if (plane.size() != static_cast<std::size_t>(width) * static_cast<std::size_t>(height))
        throw Error(ErrorKind::InvalidInput,
                    "resize: the plane does not have width x height values");
    struct Tap
    {
        std::size_t low = 0;
        std::size_t high = 0;
        float weight = 0.0F; // of the higher one
    };
    const auto taps = [](int in, int out) {
        std::vector<Tap> result(static_cast<std::size_t>(out));
        const float scale = static_cast<float>(in) / static_cast<float>(out);
        for (int i = 0; i < out; ++i) {
            const float position = std::max(scale * (static_cast<float>(i) + 0.5F) - 0.5F, 0.0F);
            const int low = std::min(static_cast<int>(position), in - 1);
            Tap &tap = result[static_cast<std::size_t>(i)];
            tap.low = static_cast<std::size_t>(low);
            tap.high = static_cast<std::size_t>(std::min(low + 1, in - 1));
            tap.weight = position - static_cast<float>(low);
        }
        return result;
    };
    const std::vector<Tap> columns = taps(width, newWidth);
    const std::vector<Tap> rows = taps(height, newHeight);
    std::vector<float> result(static_cast<std::size_t>(newWidth)
                              * static_cast<std::size_t>(newHeight));
    float *out = result.data();
    for (const Tap &row : rows) {
        const float *upper = plane.data() + row.low * static_cast<std::size_t>(width);
        const float *lower = plane.data() + row.high * static_cast<std::size_t>(width);
        for (const Tap &column : columns) {
            const float top =
                upper[column.low] * (1.0F - column.weight) + upper[column.high] * column.weight;
            const float bottom =
                lower[column.low] * (1.0F - column.weight) + lower[column.high] * column.weight;
            *out++ = top * (1.0F - row.weight) + bottom * row.weight;
        }
    }
    return result;
}

Mask maskOfLogits(const std::vector<float> &plane, int width, int height, float threshold)
{
    Mask mask(width, height);
    if (plane.size() != mask.bits.size())
        throw Error(ErrorKind::InvalidInput, "mask: the plane does not have width x height values");
    for (std::size_t i = 0; i < plane.size(); ++i)
        mask.bits[i] = plane[i] > threshold ? 1 : 0;
    return mask;
}

Image crop(const Image &image, const Box &box)
{
    if (box.isEmpty() || box.left < 0 || box.top < 0 || box.right > image.width
        || box.bottom > image.height)
        throw Error(ErrorKind::InvalidInput, "crop: the box is empty or leaves the picture of "
                                                 + std::to_string(image.width) + "x"
                                                 + std::to_string(image.height));
    Image result(box.width(), box.height(), image.channels);
    const std::size_t length =
        static_cast<std::size_t>(box.width()) * static_cast<std::size_t>(image.channels);
    for (int y = 0; y < box.height(); ++y)
        std::memcpy(result.at(0, y), image.at(box.left, box.top + y), length);
    return result;
}

} // namespace sapsam
