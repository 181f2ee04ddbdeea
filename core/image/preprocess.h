#pragma once

#include "core/image/image.h"
#include "core/image/resize.h"

#include <array>
#include <vector>

// What the published networks expect of a picture, without torch: 8-bit picture in, 32-bit planes
// out. All functions are safe to call in parallel.
namespace sapsam {

// Per channel, on values in [0, 1].
struct Normalization
{
    std::array<float, 3> mean{0.0F, 0.0F, 0.0F};
    std::array<float, 3> std{1.0F, 1.0F, 1.0F};
};

Normalization clipNormalization();     // CLIP, BLIP-2 and the retrieval models
Normalization imageNetNormalization(); // SAM

// [3, height, width], channel-major: (x / 255 - mean) / std. A grey picture counts three times.
std::vector<float> toNormalizedPlanes(const Image &image, const Normalization &normalization);

// The same written to a place of 3 * height * width values, for filling a batch.
void writeNormalizedPlanes(const Image &image, const Normalization &normalization, float *planes);

// Three equal channels of a grey picture; a colour picture as it is.
Image toRgb(const Image &image);

// CLIP: short side to `size` (long side truncated), then the centre; offsets round half to even.
Image resizeShortSideAndCrop(const Image &image, int size,
                             ResizeFilter filter = ResizeFilter::Bicubic);

// SAM: longest side to `size`, the other floor(side * scale + 0.5).
Image resizeLongestSide(const Image &image, int size, ResizeFilter filter = ResizeFilter::Bilinear);

// Input of SAM's image encoder: longest side to `size`, ImageNet normalisation, then zeros added on
// the right and below.
struct SamInput
{
    std::vector<float> planes; // [3, size, size]
    int size = 0;
    int contentWidth = 0; // without the padding
    int contentHeight = 0;
};

SamInput samInput(const Image &image, int size = 1024);

// DALL-E's encoder: short side to `size` with lanczos (rounded), centre, then x * 0.8 + 0.1.
std::vector<float> dvaePlanes(const Image &image, int size = 256);

} // namespace sapsam
