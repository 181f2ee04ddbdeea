#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sapsam {

// 8-bit pixels, row-major, channels interleaved (RGB order). One or three channels.
// A value type without any library's types in it; safe to share when const.
struct Image
{
    int width = 0;
    int height = 0;
    int channels = 3;
    std::vector<std::uint8_t> pixels; // height * width * channels

    Image() = default;
    Image(int width_, int height_, int channels_ = 3, std::uint8_t value = 0)
        : width(width_), height(height_), channels(channels_),
          pixels(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_)
                     * static_cast<std::size_t>(channels_),
                 value)
    {
    }

    bool isEmpty() const { return pixels.empty(); }
    std::uint8_t *at(int x, int y)
    {
        return pixels.data()
               + (static_cast<std::size_t>(y) * static_cast<std::size_t>(width)
                  + static_cast<std::size_t>(x))
                     * static_cast<std::size_t>(channels);
    }
    const std::uint8_t *at(int x, int y) const { return const_cast<Image *>(this)->at(x, y); }
};

// A class id per pixel, row-major.
struct LabelMap
{
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> labels;

    LabelMap() = default;
    LabelMap(int width_, int height_, std::uint8_t value = 0)
        : width(width_), height(height_),
          labels(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_), value)
    {
    }

    std::uint8_t &at(int x, int y)
    {
        return labels[static_cast<std::size_t>(y) * static_cast<std::size_t>(width)
                      + static_cast<std::size_t>(x)];
    }
    std::uint8_t at(int x, int y) const { return const_cast<LabelMap *>(this)->at(x, y); }
};

// A binary mask, one byte a pixel, 0 or 1, row-major.
struct Mask
{
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> bits;

    Mask() = default;
    Mask(int width_, int height_)
        : width(width_), height(height_),
          bits(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_), 0)
    {
    }

    std::uint8_t &at(int x, int y)
    {
        return bits[static_cast<std::size_t>(y) * static_cast<std::size_t>(width)
                    + static_cast<std::size_t>(x)];
    }
    std::uint8_t at(int x, int y) const { return const_cast<Mask *>(this)->at(x, y); }
    std::size_t area() const
    {
        std::size_t sum = 0;
        for (const std::uint8_t bit : bits)
            sum += bit;
        return sum;
    }
};

// Half-open pixel box: x in [left, right), y in [top, bottom).
struct Box
{
    int left = 0;
    int top = 0;
    int right = 0;
    int bottom = 0;

    int width() const { return right - left; }
    int height() const { return bottom - top; }
    bool isEmpty() const { return right <= left || bottom <= top; }
    bool operator==(const Box &other) const
    {
        return left == other.left && top == other.top && right == other.right
               && bottom == other.bottom;
    }
};

} // namespace sapsam
