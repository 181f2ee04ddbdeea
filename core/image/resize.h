#pragma once

#include "core/image/image.h"

#include <vector>

namespace sapsam {

enum class ResizeFilter { Nearest, Bilinear, Bicubic, Lanczos };

// Resizes 8-bit pixels exactly as Pillow 9 does, bit for bit: the filter widens when shrinking, the
// horizontal pass comes first, the picture between the passes is 8-bit and the weights are 22-bit
// fixed point. Bicubic uses a = -0.5. Any number of channels; they are independent.
// Throws Error(InvalidInput) for an empty picture or a size below 1. Safe to call in parallel.
Image resize(const Image &image, int width, int height, ResizeFilter filter);

// Nearest neighbour, for values that must not be mixed.
LabelMap resize(const LabelMap &labels, int width, int height);
Mask resize(const Mask &mask, int width, int height);

// Plain bilinear interpolation of a real-valued plane, pixel centres at half (torch's
// align_corners=false, no antialias): mask logits [height, width] to [newHeight, newWidth].
std::vector<float> resizePlane(const std::vector<float> &plane, int width, int height, int newWidth,
                               int newHeight);

// Pixels with a logit strictly greater than the threshold.
Mask maskOfLogits(const std::vector<float> &plane, int width, int height, float threshold = 0.0F);

// The part of the picture inside the box, which must lie in it. Throws Error(InvalidInput)
// otherwise and when the box is empty.
Image crop(const Image &image, const Box &box);

} // namespace sapsam
