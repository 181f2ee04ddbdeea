#pragma once

#include "core/image/image.h"

#include <cstdint>
#include <optional>
#include <vector>

// What the tools of a mask editor do to a mask. Places are in pixels of the mask: the pixel (x, y)
// covers [x, x + 1) × [y, y + 1), and what lies outside of the mask is ignored. Each function
// returns the box of the pixels that it may have changed (empty for none), for drawing only those
// again. Plain functions of values; no thread rule.
namespace sapsam {

struct PointF
{
    double x = 0.0;
    double y = 0.0;
};

// Sets (or clears) all pixels whose centre is not farther than `radius` from the segment between
// two places: one step of a round brush. The pixel under either end always counts.
Box paintSegment(Mask &mask, PointF from, PointF to, double radius, bool set);

// Sets or clears the inside of a closed polygon, by the even-odd rule at the pixels' centres.
// Fewer than three corners change nothing.
Box paintPolygon(Mask &mask, const std::vector<PointF> &corners, bool set);

// Sets (or clears) the box, cut to the mask.
Box paintBox(Mask &mask, const Box &box, bool set);

// Fills the area without the mask around (x, y) when it is enclosed: 4-connected and nowhere at
// the mask's border. Nothing is changed when the place is set, open or outside.
Box fillEnclosed(Mask &mask, int x, int y);

// Clears the 8-connected piece at (x, y).
Box clearPiece(Mask &mask, int x, int y);

// Fills every enclosed area.
Box fillAllHoles(Mask &mask);

// What a person wants to know about a mask's shape.
struct MaskShape
{
    std::uint64_t area = 0; // pixels
    int pieces = 0;         // 8-connected
    int holes = 0;          // 4-connected areas without the mask that do not reach the border
};

MaskShape shapeOf(const Mask &mask);

// The mask without the pixels of the other; the box of what was lost, empty when nothing was.
// Throws Error(InvalidInput) when the sizes differ.
Box subtract(Mask &mask, const Mask &other);

// The smallest box with both.
Box united(const Box &a, const Box &b);

} // namespace sapsam
