#pragma once

#include "core/image/image.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Run-length coding of masks as COCO stores them: runs go down the columns, left to right, and the
// first run counts zeros. The compressed string stores, from the fourth run on, the difference to
// the run two before, in 5-bit groups, low bits first, as printable characters.
namespace sapsam {

struct Rle
{
    int width = 0;
    int height = 0;
    std::vector<std::uint32_t> counts;
};

Rle rleOfMask(const Mask &mask);

// Throws Error(Corrupt) when the runs do not add up to width x height.
Mask maskOfRle(const Rle &rle);

std::string rleToString(const Rle &rle);

// Throws Error(Corrupt) for a character outside the alphabet, a cut-off number, a negative run and
// runs that do not add up to width x height.
Rle rleFromString(std::string_view text, int width, int height);

// Pixels inside, without unpacking the mask.
std::uint64_t areaOf(const Rle &rle);

} // namespace sapsam
