#pragma once

#include "core/image/image.h"
#include "core/image/resize.h"

#include <cstdint>
#include <vector>

// From the masks of a caption's phrases to one label a patch (SAP-SAM, step 5). Labels are 0 for
// background and k + 1 for part k. All functions are re-entrant.
namespace sapsam {

// Which values of a mask count as inside: the published rule takes 1 alone, so that a mask stored
// with 0 and 255 is empty to it.
enum class InsideRule { OneOnly, NotZero };

// Parts in order: one with a score above all before it covers what lies under it, every other one
// fills what is still background. masks [parts], all of one size; scores [parts]. Throws
// Error(InvalidInput) when the sizes or the counts differ or there are more than 255 parts.
LabelMap mergePartMasks(const std::vector<LabelMap> &masks, const std::vector<double> &scores,
                        InsideRule rule = InsideRule::OneOnly);

// A label for each patch of patchWidth x patchHeight pixels, row-major: the most frequent one, but
// the second when the first is background and another label occurs; the smaller id wins a tie.
// Throws Error(InvalidInput) when the map is no multiple of the patch.
std::vector<std::uint8_t> patchLabels(const LabelMap &map, int patchWidth, int patchHeight);

// The merged map at the network's size. Bicubic is what the published code does: it treats labels
// as grey values and invents labels between them along borders. Nearest is the sensible reading.
LabelMap resizePartLabels(const LabelMap &map, int width, int height, ResizeFilter filter);

} // namespace sapsam
