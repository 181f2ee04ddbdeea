#pragma once

#include "core/image/image.h"

#include <array>
#include <cstdint>
#include <vector>

// How a region of a picture is shown to a captioning model. "Filter" is what the published method
// uses; the others are the visual prompts it was compared with.
namespace sapsam {

// Pixels that a crop grows on each side: left, right, top, bottom.
using Jitter = std::array<int, 4>;

// Four numbers in [0, 19], as the published phrase generation draws them.
Jitter drawJitter(std::uint64_t seed);

// The crop box: the inclusive extremes of the region grown by the jitter, cut at the picture and
// used half-open, so that without jitter the last column and row are lost (published behaviour; the
// option `exact` of filterCrop keeps them).
// Throws Error(InvalidInput) when the region has no pixel or the box is empty.
Box publishedCropBox(const Mask &region, const Jitter &jitter);

struct FilterCropOptions
{
    std::uint8_t padColour = 255; // what replaces the pixels outside the region
    Jitter jitter{0, 0, 0, 0};
    bool blankOutside = true; // false: the crop with its surroundings
    bool exact = false;       // true: the whole region, last row and column too
};

// Crop around the region with everything outside of it blanked. One or three channels, kept.
// Throws Error(InvalidInput) as publishedCropBox and when picture and region differ in size.
Image filterCrop(const Image &image, const Mask &region, const FilterCropOptions &options = {});

// The whole picture with everything outside the region blanked.
Image blankOutside(const Image &image, const Mask &region, std::uint8_t padColour = 255);

// Visual prompts on the whole RGB picture: the region tinted half red, a red outline two pixels
// wide drawn inwards from the tight box, and twelve red 3x3 points spread along the region's
// border.
Image tintRegion(const Image &image, const Mask &region);
Image outlineBox(const Image &image, const Mask &region);
std::vector<std::pair<int, int>> edgePoints(const Mask &region, int count = 12);
Image markEdgePoints(const Image &image, const Mask &region);

} // namespace sapsam
