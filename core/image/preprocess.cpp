#include "core/image/preprocess.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>

namespace sapsam {

namespace {

// Centre offset with banker's rounding, as torchvision's round() does.
int centreOffset(int side, int size)
{
    return static_cast<int>(std::nearbyint((side - size) / 2.0));
}

Image centreOf(const Image &image, int size)
{
    const int left = centreOffset(image.width, size);
    const int top = centreOffset(image.height, size);
    return crop(image, Box{left, top, left + size, top + size});
}

} // namespace

Normalization clipNormalization()
{
    return {{0.48145466F, 0.4578275F, 0.40821073F}, {0.26862954F, 0.26130258F, 0.27577711F}};
}

Normalization imageNetNormalization()
{
    return {{0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}};
}

void writeNormalizedPlanes(const Image &image, const Normalization &normalization, float *planes)
{
    if (image.channels != 1 && image.channels != 3)
        throw Error(ErrorKind::InvalidInput, "preprocess: a picture has one or three channels");
    const std::size_t area =
        static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height);
    const std::size_t step = static_cast<std::size_t>(image.channels);
    for (std::size_t c = 0; c < 3; ++c) {
        std::array<float, 256> table{};
        for (std::size_t value = 0; value < table.size(); ++value)
            table[value] =
                (static_cast<float>(value) / 255.0F - normalization.mean[c]) / normalization.std[c];
        const std::uint8_t *pixel = image.pixels.data() + (step == 3 ? c : 0);
        float *out = planes + c * area;
        for (std::size_t i = 0; i < area; ++i, pixel += step)
            out[i] = table[*pixel];
    }
}

std::vector<float> toNormalizedPlanes(const Image &image, const Normalization &normalization)
{
    std::vector<float> planes(3 * static_cast<std::size_t>(image.width)
                              * static_cast<std::size_t>(image.height));
    writeNormalizedPlanes(image, normalization, planes.data());
    return planes;
}

Image toRgb(const Image &image)
{
    if (image.channels == 3)
        return image;
    Image result(image.width, image.height, 3);
    std::uint8_t *out = result.pixels.data();
    for (const std::uint8_t value : image.pixels)
        for (int c = 0; c < 3; ++c)
            *out++ = value;
    return result;
}

Image resizeShortSideAndCrop(const Image &image, int size, ResizeFilter filter)
{
    if (image.isEmpty())
        throw Error(ErrorKind::InvalidInput, "preprocess: the picture is empty");
    int width = size;
    int height = size;
    // The division is in double and truncates, as int(size * long / short) does.
    if (image.width <= image.height)
        height = static_cast<int>(static_cast<double>(size) * image.height / image.width);
    else
        width = static_cast<int>(static_cast<double>(size) * image.width / image.height);
    return centreOf(resize(image, width, height, filter), size);
}

Image resizeLongestSide(const Image &image, int size, ResizeFilter filter)
{
    if (image.isEmpty())
        throw Error(ErrorKind::InvalidInput, "preprocess: the picture is empty");
    const double scale = static_cast<double>(size) / std::max(image.width, image.height);
    const int width = std::max(1, static_cast<int>(image.width * scale + 0.5));
    const int height = std::max(1, static_cast<int>(image.height * scale + 0.5));
    return resize(image, width, height, filter);
}

SamInput samInput(const Image &image, int size)
{
    const Image content = resizeLongestSide(image, size);
    const std::vector<float> planes = toNormalizedPlanes(content, imageNetNormalization());
    SamInput input;
    input.size = size;
    input.contentWidth = content.width;
    input.contentHeight = content.height;
    const std::size_t side = static_cast<std::size_t>(size);
    const std::size_t width = static_cast<std::size_t>(content.width);
    const std::size_t height = static_cast<std::size_t>(content.height);
    input.planes.assign(3 * side * side, 0.0F);
    for (std::size_t c = 0; c < 3; ++c)
        for (std::size_t y = 0; y < height; ++y)
            std::copy_n(planes.data() + (c * height + y) * width, width,
                        input.planes.data() + (c * side + y) * side);
    return input;
}

std::vector<float> dvaePlanes(const Image &image, int size)
{
    if (image.isEmpty())
        throw Error(ErrorKind::InvalidInput, "preprocess: the picture is empty");
    const double scale = static_cast<double>(size) / std::min(image.width, image.height);
    const int width = static_cast<int>(std::nearbyint(scale * image.width));
    const int height = static_cast<int>(std::nearbyint(scale * image.height));
    const Image square = centreOf(resize(image, width, height, ResizeFilter::Lanczos), size);
    std::vector<float> planes = toNormalizedPlanes(square, Normalization{});
    for (float &value : planes)
        value = 0.8F * value + 0.1F;
    return planes;
}

} // namespace sapsam
