#include "core/dataset/paired_augment.h"

#include "core/base/error.h"
#include "core/image/preprocess.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sapsam::paired {

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr std::size_t kChannels = 3;

using Table = std::array<std::uint8_t, 256>;
using Histogram = std::array<std::int64_t, 256>;

void requireRgb(const Image &picture)
{
    if (picture.channels != 3 || picture.isEmpty())
        throw Error(ErrorKind::InvalidInput,
                    "augmentation: a picture with three channels is needed");
}

Image throughTables(const Image &picture, const std::array<Table, kChannels> &tables)
{
    requireRgb(picture);
    Image result = picture;
    for (std::size_t i = 0; i < result.pixels.size(); i += kChannels)
        for (std::size_t c = 0; c < kChannels; ++c)
            result.pixels[i + c] = tables[c][picture.pixels[i + c]];
    return result;
}

Image throughTable(const Image &picture, const Table &table)
{
    return throughTables(picture, {table, table, table});
}

std::array<Histogram, kChannels> histograms(const Image &picture)
{
    std::array<Histogram, kChannels> result{};
    for (std::size_t i = 0; i < picture.pixels.size(); i += kChannels)
        for (std::size_t c = 0; c < kChannels; ++c)
            ++result[c][picture.pixels[i + c]];
    return result;
}

std::uint8_t luma(const std::uint8_t *pixel)
{
    return static_cast<std::uint8_t>(
        (pixel[0] * 19595U + pixel[1] * 38470U + pixel[2] * 7471U + 0x8000U) >> 16);
}

// Pillow's blend: from `other` at 0 to the picture at 1; 32-bit, cut off towards zero.
std::uint8_t blended(std::uint8_t other, std::uint8_t value, float factor)
{
    const float mixed =
        static_cast<float>(other) + factor * static_cast<float>(static_cast<int>(value) - other);
    if (mixed <= 0.0F)
        return 0;
    return mixed >= 255.0F ? 255 : static_cast<std::uint8_t>(mixed);
}

// The 3 x 3 smoothing kernel 1 1 1, 1 5 1, 1 1 1 over 13; the border stays. Whole numbers: a sum
// over 13 is never half way between two of them.
Image smoothed(const Image &picture)
{
    Image result = picture;
    const int row = picture.width * 3;
    std::vector<std::uint16_t> columns(static_cast<std::size_t>(row));
    for (int y = 1; y + 1 < picture.height; ++y) {
        const std::uint8_t *here = picture.at(0, y);
        for (int i = 0; i < row; ++i)
            columns[static_cast<std::size_t>(i)] =
                static_cast<std::uint16_t>(here[i - row] + here[i] + here[i + row]);
        std::uint8_t *out = result.at(0, y);
        const std::uint16_t *sum = columns.data();
        for (int i = 3; i + 3 < row; ++i) {
            const int total = sum[i - 3] + sum[i] + sum[i + 3] + 4 * here[i];
            out[i] = static_cast<std::uint8_t>((2 * total + 13) / 26);
        }
    }
    return result;
}

// Pillow's HSV, each in 0 … 255.
std::array<std::uint8_t, 3> hsvOf(const std::uint8_t *rgb)
{
    const int highest = std::max({rgb[0], rgb[1], rgb[2]});
    const int lowest = std::min({rgb[0], rgb[1], rgb[2]});
    if (highest == lowest)
        return {0, 0, static_cast<std::uint8_t>(highest)};
    const auto range = static_cast<float>(highest - lowest);
    const float saturated = range / static_cast<float>(highest);
    const float red = static_cast<float>(highest - rgb[0]) / range;
    const float green = static_cast<float>(highest - rgb[1]) / range;
    const float blue = static_cast<float>(highest - rgb[2]) / range;
    float turn = 0.0F;
    if (rgb[0] == highest)
        turn = blue - green;
    else if (rgb[1] == highest)
        turn = static_cast<float>(2.0 + red - blue);
    else
        turn = static_cast<float>(4.0 + green - red);
    turn = static_cast<float>(std::fmod(turn / 6.0 + 1.0, 1.0));
    return {static_cast<std::uint8_t>(std::clamp(static_cast<int>(turn * 255.0), 0, 255)),
            static_cast<std::uint8_t>(std::clamp(static_cast<int>(saturated * 255.0), 0, 255)),
            static_cast<std::uint8_t>(highest)};
}

void writeRgb(const std::array<std::uint8_t, 3> &hsv, std::uint8_t *rgb)
{
    if (hsv[1] == 0) {
        std::fill_n(rgb, 3, hsv[2]);
        return;
    }
    const double value = hsv[2];
    const double sector = hsv[0] * 6.0 / 255.0;
    const int number = static_cast<int>(std::floor(sector));
    const auto part = static_cast<float>(sector - number);
    const auto saturated = static_cast<float>(hsv[1] / 255.0);
    const auto byte = [](double v) {
        return static_cast<std::uint8_t>(std::clamp(static_cast<int>(std::round(v)), 0, 255));
    };
    const std::uint8_t p = byte(value * (1.0 - saturated));
    const std::uint8_t q = byte(value * (1.0 - saturated * part));
    const std::uint8_t t = byte(value * (1.0 - saturated * (1.0 - part)));
    const std::uint8_t v = hsv[2];
    const std::array<std::array<std::uint8_t, 3>, 6> sectors{
        {{v, t, p}, {q, v, p}, {p, v, t}, {p, q, v}, {t, p, v}, {v, p, q}}};
    const auto &chosen = sectors[static_cast<std::size_t>(number % 6)];
    std::copy(chosen.begin(), chosen.end(), rgb);
}

// Nearest pixel in 16-bit fixed point, as Pillow walks.
template <typename Copy>
void walk(int width, int height, const Affine &m, const Copy &copy)
{
    const auto fixed = [](double v) {
        return static_cast<std::int32_t>(v * 65536.0 + (v < 0.0 ? -0.5 : 0.5));
    };
    const std::int32_t a0 = fixed(m[0]);
    const std::int32_t a1 = fixed(m[1]);
    const std::int32_t a3 = fixed(m[3]);
    const std::int32_t a4 = fixed(m[4]);
    std::int32_t rowX = fixed(m[2] + m[0] * 0.5 + m[1] * 0.5);
    std::int32_t rowY = fixed(m[5] + m[3] * 0.5 + m[4] * 0.5);
    for (int y = 0; y < height; ++y) {
        std::int32_t atX = rowX;
        std::int32_t atY = rowY;
        for (int x = 0; x < width; ++x) {
            const int sourceX = atX >> 16;
            const int sourceY = atY >> 16;
            if (sourceX >= 0 && sourceX < width && sourceY >= 0 && sourceY < height)
                copy(x, y, sourceX, sourceY);
            atX += a0;
            atY += a3;
        }
        rowX += a1;
        rowY += a4;
    }
}

// Gamma(shape, 1) by Marsaglia and Tsang (2000); shapes below 1 by the usual boost.
double gammaDraw(double shape, SeededRandom &random)
{
    if (shape < 1.0)
        return gammaDraw(shape + 1.0, random)
               * std::pow(std::max(random.uniform(), 1e-300), 1.0 / shape);
    const double d = shape - 1.0 / 3.0;
    const double c = 1.0 / std::sqrt(9.0 * d);
    for (;;) {
        const double x = random.normal();
        const double v = std::pow(1.0 + c * x, 3.0);
        if (v > 0.0
            && std::log(std::max(random.uniform(), 1e-300))
                   < 0.5 * x * x + d - d * v + d * std::log(v))
            return d * v;
    }
}

std::vector<double> dirichlet(double alpha, std::size_t count, SeededRandom &random)
{
    std::vector<double> values(count);
    for (double &value : values)
        value = gammaDraw(alpha, random);
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    for (double &value : values)
        value /= sum;
    return values;
}

// One operation of AugMix at a step of ten.
Image augMixStep(const Image &picture, int step, SeededRandom &random)
{
    constexpr double lastStep = 9.0;
    constexpr int operations = 13;
    const double share = step / lastStep;
    const auto operation = random.integer(0, operations - 1);
    const bool isSigned = operation <= 4 || operation >= 9;
    const double sign = isSigned && random.chance(0.5) ? -1.0 : 1.0;
    const int width = picture.width;
    const int height = picture.height;
    const auto sheared = [&](double x, double y) {
        // About the upper left corner: x' = x + shear * y.
        return transformedSmoothly(picture, {1.0, x, 0.0, y, 1.0, 0.0});
    };
    switch (operation) {
    case 0:
        return sheared(0.3 * share * sign, 0.0);
    case 1:
        return sheared(0.0, 0.3 * share * sign);
    case 2:
        return transformed(picture,
                           {1.0, 0.0, -std::trunc(width / 3.0 * share * sign), 0.0, 1.0, 0.0});
    case 3:
        return transformed(picture,
                           {1.0, 0.0, 0.0, 0.0, 1.0, -std::trunc(height / 3.0 * share * sign)});
    case 4:
        return transformedSmoothly(picture, rotation(width, height, 30.0 * share * sign));
    case 5: {
        constexpr double steps = 4.0;
        return posterize(picture, static_cast<int>(steps - std::nearbyint(steps * share)) > 0
                                      ? static_cast<int>(steps - std::nearbyint(steps * share))
                                      : 1);
    }
    case 6:
        return solarize(picture, static_cast<int>(255.0 - 255.0 * share));
    case 7:
        return autoContrast(picture);
    case 8:
        return equalize(picture);
    case 9:
        return brightness(picture, 1.0 + 0.9 * share * sign);
    case 10:
        return saturation(picture, 1.0 + 0.9 * share * sign);
    case 11:
        return contrast(picture, 1.0 + 0.9 * share * sign);
    default:
        return sharpness(picture, 1.0 + 0.9 * share * sign);
    }
}

std::array<std::uint8_t, 256> swapTable(const std::vector<std::pair<int, int>> &pairs)
{
    std::array<std::uint8_t, 256> table{};
    for (std::size_t i = 0; i < table.size(); ++i)
        table[i] = static_cast<std::uint8_t>(i);
    for (const auto &[left, right] : pairs)
        std::swap(table[static_cast<std::size_t>(left)], table[static_cast<std::size_t>(right)]);
    return table;
}

} // namespace

Image greyscale(const Image &picture)
{
    requireRgb(picture);
    Image result = picture;
    for (std::size_t i = 0; i < result.pixels.size(); i += kChannels)
        std::fill_n(result.pixels.begin() + static_cast<std::ptrdiff_t>(i), kChannels,
                    luma(picture.pixels.data() + i));
    return result;
}

Image invert(const Image &picture)
{
    Table table{};
    for (int value = 0; value < 256; ++value)
        table[static_cast<std::size_t>(value)] = static_cast<std::uint8_t>(255 - value);
    return throughTable(picture, table);
}

Image posterize(const Image &picture, int bits)
{
    if (bits < 1 || bits > 8)
        throw Error(ErrorKind::InvalidInput, "augmentation: posterize keeps 1 to 8 bits");
    Table table{};
    const int kept = 0xff & ~((1 << (8 - bits)) - 1);
    for (int value = 0; value < 256; ++value)
        table[static_cast<std::size_t>(value)] = static_cast<std::uint8_t>(value & kept);
    return throughTable(picture, table);
}

Image solarize(const Image &picture, int threshold)
{
    Table table{};
    for (int value = 0; value < 256; ++value)
        table[static_cast<std::size_t>(value)] =
            static_cast<std::uint8_t>(value < threshold ? value : 255 - value);
    return throughTable(picture, table);
}

Image autoContrast(const Image &picture)
{
    requireRgb(picture);
    std::array<Table, kChannels> tables{};
    const std::array<Histogram, kChannels> counts = histograms(picture);
    for (std::size_t c = 0; c < kChannels; ++c) {
        int low = 0;
        int high = 255;
        while (low < 255 && counts[c][static_cast<std::size_t>(low)] == 0)
            ++low;
        while (high > 0 && counts[c][static_cast<std::size_t>(high)] == 0)
            --high;
        for (int value = 0; value < 256; ++value) {
            int stretched = value;
            if (high > low) {
                const double scale = 255.0 / (high - low);
                const double offset = -low * scale;
                stretched = std::clamp(static_cast<int>(value * scale + offset), 0, 255);
            }
            tables[c][static_cast<std::size_t>(value)] = static_cast<std::uint8_t>(stretched);
        }
    }
    return throughTables(picture, tables);
}

Image equalize(const Image &picture)
{
    requireRgb(picture);
    std::array<Table, kChannels> tables{};
    const std::array<Histogram, kChannels> counts = histograms(picture);
    for (std::size_t c = 0; c < kChannels; ++c) {
        std::int64_t total = 0;
        std::int64_t last = 0;
        int kinds = 0;
        for (const std::int64_t count : counts[c]) {
            total += count;
            if (count > 0) {
                last = count;
                ++kinds;
            }
        }
        const std::int64_t step = kinds > 1 ? (total - last) / 255 : 0;
        std::int64_t sum = step / 2;
        for (std::size_t value = 0; value < 256; ++value) {
            tables[c][value] =
                step == 0 ? static_cast<std::uint8_t>(value)
                          : static_cast<std::uint8_t>(std::min<std::int64_t>(sum / step, 255));
            sum += counts[c][value];
        }
    }
    return throughTables(picture, tables);
}

Image brightness(const Image &picture, double factor)
{
    Table table{};
    for (int value = 0; value < 256; ++value)
        table[static_cast<std::size_t>(value)] =
            blended(0, static_cast<std::uint8_t>(value), static_cast<float>(factor));
    return throughTable(picture, table);
}

Image contrast(const Image &picture, double factor)
{
    requireRgb(picture);
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < picture.pixels.size(); i += kChannels)
        sum += luma(picture.pixels.data() + i);
    const double mean =
        static_cast<double>(sum) / static_cast<double>(picture.pixels.size() / kChannels);
    const auto grey = static_cast<std::uint8_t>(static_cast<int>(mean + 0.5));
    Table table{};
    for (int value = 0; value < 256; ++value)
        table[static_cast<std::size_t>(value)] =
            blended(grey, static_cast<std::uint8_t>(value), static_cast<float>(factor));
    return throughTable(picture, table);
}

// From `base` (factor 0) over the picture (1) to beyond it; both of one size.
Image blendedPictures(const Image &base, const Image &picture, double factor)
{
    Image result = picture;
    for (std::size_t i = 0; i < result.pixels.size(); ++i)
        result.pixels[i] = blended(base.pixels[i], picture.pixels[i], static_cast<float>(factor));
    return result;
}

Image saturation(const Image &picture, double factor)
{
    return blendedPictures(greyscale(picture), picture, factor);
}

Image sharpness(const Image &picture, double factor)
{
    requireRgb(picture);
    return blendedPictures(smoothed(picture), picture, factor);
}

Image hue(const Image &picture, double turn)
{
    requireRgb(picture);
    const auto shift = static_cast<std::uint8_t>(static_cast<int>(turn * 255.0));
    Image result = picture;
    for (std::size_t i = 0; i < result.pixels.size(); i += kChannels) {
        std::array<std::uint8_t, 3> hsv = hsvOf(picture.pixels.data() + i);
        hsv[0] = static_cast<std::uint8_t>(hsv[0] + shift); // wraps around the circle
        writeRgb(hsv, result.pixels.data() + i);
    }
    return result;
}

Image gaussianBlur(const Image &picture, int kernelWidth, int kernelHeight, double sigma)
{
    requireRgb(picture);
    if (kernelWidth % 2 != 1 || kernelHeight % 2 != 1 || kernelWidth / 2 >= picture.width
        || kernelHeight / 2 >= picture.height || !(sigma > 0.0))
        throw Error(ErrorKind::InvalidInput,
                    "augmentation: a blur has an odd kernel smaller than the picture and a sigma "
                    "above 0");
    const auto weightsOf = [sigma](int size) {
        std::vector<float> weights;
        for (int i = 0; i < size; ++i) {
            const double x = (i - (size - 1) / 2) / sigma;
            weights.push_back(static_cast<float>(std::exp(-0.5 * x * x)));
        }
        const float sum = std::accumulate(weights.begin(), weights.end(), 0.0F);
        for (float &weight : weights)
            weight /= sum;
        return weights;
    };
    const auto mirrored = [](int at, int size) {
        if (at < 0)
            return -at;
        return at >= size ? 2 * size - 2 - at : at;
    };
    const std::vector<float> across = weightsOf(kernelWidth);
    const std::vector<float> down = weightsOf(kernelHeight);
    const int width = picture.width;
    const int height = picture.height;
    const int row = width * 3;
    const int margin = kernelWidth / 2;
    // Across first, over rows with a mirrored margin, then down over whole rows.
    std::vector<float> padded(static_cast<std::size_t>(row + 6 * margin));
    std::vector<float> rows(picture.pixels.size());
    for (int y = 0; y < height; ++y) {
        const std::uint8_t *from = picture.at(0, y);
        for (int x = -margin; x < width + margin; ++x)
            for (int c = 0; c < 3; ++c)
                padded[static_cast<std::size_t>((x + margin) * 3 + c)] =
                    from[mirrored(x, width) * 3 + c];
        float *out = rows.data() + static_cast<std::ptrdiff_t>(y) * row;
        for (int k = 0; k < kernelWidth; ++k) {
            const float weight = across[static_cast<std::size_t>(k)];
            const float *in = padded.data() + k * 3;
            for (int i = 0; i < row; ++i)
                out[i] += weight * in[i];
        }
    }
    Image result(width, height);
    std::vector<float> sums(static_cast<std::size_t>(row));
    for (int y = 0; y < height; ++y) {
        std::fill(sums.begin(), sums.end(), 0.0F);
        for (int k = 0; k < kernelHeight; ++k) {
            const float weight = down[static_cast<std::size_t>(k)];
            const float *in =
                rows.data()
                + static_cast<std::ptrdiff_t>(mirrored(y + k - kernelHeight / 2, height)) * row;
            for (int i = 0; i < row; ++i)
                sums[static_cast<std::size_t>(i)] += weight * in[i];
        }
        std::uint8_t *out = result.at(0, y);
        // Adding and taking away 2^23 rounds to the nearest whole number, half to even.
        constexpr float rounder = 8388608.0F;
        for (int i = 0; i < row; ++i) {
            const float whole = (sums[static_cast<std::size_t>(i)] + rounder) - rounder;
            out[i] = static_cast<std::uint8_t>(static_cast<int>(std::min(whole, 255.0F)));
        }
    }
    return result;
}

Image transformed(const Image &picture, const Affine &sourceFromResult)
{
    Image result(picture.width, picture.height, picture.channels);
    walk(picture.width, picture.height, sourceFromResult,
         [&](int x, int y, int sourceX, int sourceY) {
             std::copy_n(picture.at(sourceX, sourceY), picture.channels, result.at(x, y));
         });
    return result;
}

LabelMap transformed(const LabelMap &labels, const Affine &sourceFromResult)
{
    LabelMap result(labels.width, labels.height);
    walk(labels.width, labels.height, sourceFromResult,
         [&](int x, int y, int sourceX, int sourceY) {
             result.at(x, y) = labels.at(sourceX, sourceY);
         });
    return result;
}

Image transformedSmoothly(const Image &picture, const Affine &m)
{
    const int width = picture.width;
    const int height = picture.height;
    Image result(width, height, picture.channels);
    double rowX = m[2] + m[0] * 0.5 + m[1] * 0.5;
    double rowY = m[5] + m[3] * 0.5 + m[4] * 0.5;
    for (int y = 0; y < height; ++y) {
        double atX = rowX;
        double atY = rowY;
        for (int x = 0; x < width; ++x) {
            if (atX >= 0.0 && atX < width && atY >= 0.0 && atY < height) {
                const double sourceX = atX - 0.5;
                const double sourceY = atY - 0.5;
                const int left = static_cast<int>(std::floor(sourceX));
                const int top = static_cast<int>(std::floor(sourceY));
                const double dx = sourceX - left;
                const double dy = sourceY - top;
                const int x0 = std::clamp(left, 0, width - 1);
                const int x1 = std::clamp(left + 1, 0, width - 1);
                const int y0 = std::clamp(top, 0, height - 1);
                const bool hasBelow = top + 1 >= 0 && top + 1 < height;
                const int y1 = hasBelow ? top + 1 : y0;
                const std::uint8_t *upperLeft = picture.at(x0, y0);
                const std::uint8_t *upperRight = picture.at(x1, y0);
                const std::uint8_t *lowerLeft = picture.at(x0, y1);
                const std::uint8_t *lowerRight = picture.at(x1, y1);
                std::uint8_t *out = result.at(x, y);
                for (int c = 0; c < picture.channels; ++c) {
                    const double above = upperLeft[c] + (upperRight[c] - upperLeft[c]) * dx;
                    const double below = lowerLeft[c] + (lowerRight[c] - lowerLeft[c]) * dx;
                    out[c] = static_cast<std::uint8_t>(above + (below - above) * dy);
                }
            }
            atX += m[0];
            atY += m[3];
        }
        rowX += m[1];
        rowY += m[4];
    }
    return result;
}

Affine rotation(int width, int height, double degrees)
{
    // As Pillow: the angle within a turn, the sines rounded to 15 digits.
    const double turned = std::fmod(std::fmod(degrees, 360.0) + 360.0, 360.0);
    const double angle = -turned * kPi / 180.0;
    const auto rounded = [](double v) { return std::nearbyint(v * 1e15) / 1e15; };
    Affine m{rounded(std::cos(angle)),  rounded(std::sin(angle)), 0.0,
             rounded(-std::sin(angle)), rounded(std::cos(angle)), 0.0};
    const double centreX = width / 2.0;
    const double centreY = height / 2.0;
    m[2] = m[0] * -centreX + m[1] * -centreY + centreX;
    m[5] = m[3] * -centreX + m[4] * -centreY + centreY;
    return m;
}

Affine affine(int width, int height, double degrees, double translateX, double translateY,
              double scale, double shearX, double shearY)
{
    const double turn = degrees * kPi / 180.0;
    const double sx = shearX * kPi / 180.0;
    const double sy = shearY * kPi / 180.0;
    const double a = std::cos(turn - sy) / std::cos(sy);
    const double b = -std::cos(turn - sy) * std::tan(sx) / std::cos(sy) - std::sin(turn);
    const double c = std::sin(turn - sy) / std::cos(sy);
    const double d = -std::sin(turn - sy) * std::tan(sx) / std::cos(sy) + std::cos(turn);
    const double centreX = width * 0.5;
    const double centreY = height * 0.5;
    Affine m{d / scale, -b / scale, 0.0, -c / scale, a / scale, 0.0};
    m[2] = m[0] * (-centreX - translateX) + m[1] * (-centreY - translateY) + centreX;
    m[5] = m[3] * (-centreX - translateX) + m[4] * (-centreY - translateY) + centreY;
    return m;
}

Image flipped(const Image &picture)
{
    Image result(picture.width, picture.height, picture.channels);
    for (int y = 0; y < picture.height; ++y)
        for (int x = 0; x < picture.width; ++x)
            std::copy_n(picture.at(picture.width - 1 - x, y), picture.channels, result.at(x, y));
    return result;
}

LabelMap flipped(const LabelMap &labels, const std::array<std::uint8_t, 256> *swap)
{
    LabelMap result(labels.width, labels.height);
    for (int y = 0; y < labels.height; ++y)
        for (int x = 0; x < labels.width; ++x) {
            const std::uint8_t label = labels.at(labels.width - 1 - x, y);
            result.at(x, y) = swap == nullptr ? label : (*swap)[label];
        }
    return result;
}

const std::array<std::uint8_t, 256> &atrFlip()
{
    static const std::array<std::uint8_t, 256> table = swapTable({{9, 10}, {12, 13}, {14, 15}});
    return table;
}

const std::array<std::uint8_t, 256> &lipFlip()
{
    static const std::array<std::uint8_t, 256> table = swapTable({{14, 15}, {16, 17}, {18, 19}});
    return table;
}

Image augMix(const Image &picture, const AugMixOptions &options, SeededRandom &random)
{
    requireRgb(picture);
    const std::vector<double> mixing = dirichlet(options.alpha, 2, random);
    const std::vector<double> weights =
        dirichlet(options.alpha, static_cast<std::size_t>(options.chains), random);
    std::vector<float> sum(picture.pixels.size());
    for (std::size_t i = 0; i < sum.size(); ++i)
        sum[i] = static_cast<float>(mixing[0]) * picture.pixels[i];
    for (const double weight : weights) {
        Image changed = picture;
        const auto depth = random.integer(1, options.longestChain);
        for (std::int64_t i = 0; i < depth; ++i)
            changed = augMixStep(changed, static_cast<int>(random.integer(0, options.severity - 1)),
                                 random);
        const auto share = static_cast<float>(weight * mixing[1]);
        for (std::size_t i = 0; i < sum.size(); ++i)
            sum[i] += share * changed.pixels[i];
    }
    Image result = picture;
    for (std::size_t i = 0; i < sum.size(); ++i)
        result.pixels[i] = static_cast<std::uint8_t>(std::clamp(sum[i], 0.0F, 255.0F));
    return result;
}

std::vector<std::string> RecipeOptions::problems() const
{
    std::vector<std::string> list;
    for (const double chance :
         {applyAll, flip, grey, invert, posterize, sharpness, autoContrast, equalize, erase})
        if (!(chance >= 0.0 && chance <= 1.0)) {
            list.emplace_back("every chance of the augmentation is 0 to 1");
            break;
        }
    if (posterizeBits < 1 || posterizeBits > 8)
        list.emplace_back("posterize keeps 1 to 8 bits");
    if (augMixOptions.severity < 1 || augMixOptions.severity > 10 || augMixOptions.chains < 1
        || augMixOptions.longestChain < 1 || !(augMixOptions.alpha > 0.0))
        list.emplace_back("AugMix has a severity of 1 to 10, at least one chain and alpha above 0");
    if (!(eraseShare[0] > 0.0 && eraseShare[0] <= eraseShare[1] && eraseShare[1] <= 1.0)
        || !(eraseAspect[0] > 0.0 && eraseAspect[0] <= eraseAspect[1]))
        list.emplace_back("the erased share is in (0, 1] and its aspect above 0, lowest first");
    if (blur && !(blurSigmaLow > 0.0 && blurSigmaLow <= blurSigmaHigh))
        list.emplace_back("the sigma of the blur is above 0, lowest first");
    return list;
}

AugmentedPair augmentPair(const Image &picture, const LabelMap &labels,
                          const RecipeOptions &options, SeededRandom random,
                          const std::array<std::uint8_t, 256> *flipSwap)
{
    requireRgb(picture);
    const bool hasLabels = !labels.labels.empty();
    if (hasLabels && (labels.width != picture.width || labels.height != picture.height))
        throw Error(ErrorKind::InvalidInput,
                    "augmentation: picture and labels must have the same size");
    if (const std::vector<std::string> problems = options.problems(); !problems.empty())
        throw Error(ErrorKind::InvalidInput, "augmentation: " + problems.front());

    AugmentedPair pair{picture, labels, std::nullopt};
    const int width = picture.width;
    const int height = picture.height;
    const auto move = [&](const Affine &matrix) {
        pair.picture = transformed(pair.picture, matrix);
        if (hasLabels)
            pair.labels = transformed(pair.labels, matrix);
    };
    if (random.chance(options.applyAll)) {
        if (random.chance(options.flip)) {
            pair.picture = flipped(pair.picture);
            if (hasLabels)
                pair.labels = flipped(pair.labels, flipSwap);
        }
        if (random.chance(options.grey))
            pair.picture = greyscale(pair.picture);
        // Brightness and hue in random order.
        const double brighter = random.uniform(1.0 - options.brightness, 1.0 + options.brightness);
        const double turn = random.uniform(-options.hue, options.hue);
        if (random.chance(0.5))
            pair.picture = hue(brightness(pair.picture, brighter), turn);
        else
            pair.picture = brightness(hue(pair.picture, turn), brighter);
        constexpr int blurWidth = 3;
        constexpr int blurHeight = 5;
        if (options.blur && width > blurWidth && height > blurHeight)
            pair.picture =
                gaussianBlur(pair.picture, blurWidth, blurHeight,
                             random.uniform(options.blurSigmaLow, options.blurSigmaHigh));
        if (random.chance(options.invert))
            pair.picture = invert(pair.picture);
        if (random.chance(options.posterize))
            pair.picture = posterize(pair.picture, options.posterizeBits);
        if (random.chance(options.sharpness))
            pair.picture = sharpness(pair.picture, options.sharpnessFactor);
        if (random.chance(options.autoContrast))
            pair.picture = autoContrast(pair.picture);
        if (options.augMix)
            pair.picture = augMix(pair.picture, options.augMixOptions, random);
        if (options.rotation > 0.0)
            move(rotation(width, height, random.uniform(-options.rotation, options.rotation)));
        if (options.shear > 0.0 || options.affineDegrees[1] > options.affineDegrees[0]) {
            const double degrees =
                random.uniform(options.affineDegrees[0], options.affineDegrees[1]);
            const double shear = random.uniform(-options.shear, options.shear);
            move(affine(width, height, degrees, 0.0, 0.0, 1.0, shear, 0.0));
        }
        if (random.chance(options.equalize))
            pair.picture = equalize(pair.picture);
    }
    if (random.chance(options.erase))
        pair.erased = drawErasedBox(width, height, options, random);
    if (pair.erased) {
        const Normalization clip = clipNormalization();
        std::array<std::uint8_t, kChannels> mean{};
        for (std::size_t c = 0; c < kChannels; ++c)
            mean[c] = static_cast<std::uint8_t>(clip.mean[c] * 255.0F + 0.5F);
        for (int y = pair.erased->top; y < pair.erased->bottom; ++y)
            for (int x = pair.erased->left; x < pair.erased->right; ++x) {
                std::copy(mean.begin(), mean.end(), pair.picture.at(x, y));
                if (hasLabels)
                    pair.labels.at(x, y) = 0;
            }
    }
    return pair;
}

std::optional<Box> drawErasedBox(int width, int height, const RecipeOptions &options,
                                 SeededRandom &random)
{
    constexpr int attempts = 10;
    for (int i = 0; i < attempts; ++i) {
        const double area =
            width * height * random.uniform(options.eraseShare[0], options.eraseShare[1]);
        const double aspect = std::exp(
            random.uniform(std::log(options.eraseAspect[0]), std::log(options.eraseAspect[1])));
        const int boxHeight = static_cast<int>(std::nearbyint(std::sqrt(area * aspect)));
        const int boxWidth = static_cast<int>(std::nearbyint(std::sqrt(area / aspect)));
        if (boxHeight < 1 || boxWidth < 1 || boxHeight >= height || boxWidth >= width)
            continue;
        const int top = static_cast<int>(random.integer(0, height - boxHeight));
        const int left = static_cast<int>(random.integer(0, width - boxWidth));
        return Box{left, top, left + boxWidth, top + boxHeight};
    }
    return std::nullopt;
}

void eraseToMean(const Box &box, int width, int height, float *planes)
{
    for (int c = 0; c < 3; ++c)
        for (int y = box.top; y < box.bottom; ++y)
            std::fill_n(planes + (static_cast<std::ptrdiff_t>(c) * height + y) * width + box.left,
                        box.width(), 0.0F);
}

} // namespace sapsam::paired
