#pragma once

#include "core/image/image.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

// How a region of a picture is shown to a captioning model. "Filter" is what the published method
// uses; the others are the visual prompts it was compared with.
namespace sapsam {

// Pixels that a crop grows on each side: left, right, top, bottom.
using Jitter = std::array<int, 4>;

// Four numbers in [0, most]; the published phrase generation draws them from 0 to 19.
constexpr int kPublishedJitter = 19;
Jitter drawJitter(std::uint64_t seed, int most = kPublishedJitter);

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

// The five ways to point at a region that the published method compares (its figure 2): the
// picture as it is with only the words to go by, the tinted region, its box, points along its
// border, and the crop with everything else filtered out, which it then uses.
enum class VisualPrompt { TextOnly, Mask, Box, EdgePoints, Filter };
constexpr std::array<VisualPrompt, 5> kVisualPrompts{VisualPrompt::TextOnly, VisualPrompt::Mask,
                                                     VisualPrompt::Box, VisualPrompt::EdgePoints,
                                                     VisualPrompt::Filter};
// Stable names for files: "text", "mask", "box", "points", "filter".
const char *nameOf(VisualPrompt prompt);
// Throws Error(InvalidInput) listing the names.
VisualPrompt visualPromptFromName(const std::string &name);

// How a region is shown to a model, complete: the same view of the same region is the same picture,
// byte for byte.
struct RegionView
{
    VisualPrompt prompt = VisualPrompt::Filter;
    // The rest is for VisualPrompt::Filter.
    int padColour = 255;    // grey level outside the region, 0 to 255
    int jitter = 0;         // pixels that a side of the crop may grow, drawn for each region
    std::uint64_t seed = 0; // of the jitter
    bool exact = true;      // false: without the last column and row, as the published crop

    bool operator==(const RegionView &other) const
    {
        return prompt == other.prompt && padColour == other.padColour && jitter == other.jitter
               && seed == other.seed && exact == other.exact;
    }
    std::vector<std::string> problems() const; // empty when usable
};

// What the model gets to see, before it is resized. `regionKey`, such as the region's id, tells the
// jitter of one region from another's. Throws Error(InvalidInput) for an unusable view, and as
// filterCrop does.
Image regionView(const Image &image, const Mask &region, const RegionView &view,
                 std::uint64_t regionKey = 0);

} // namespace sapsam
