#pragma once

#include "core/image/image.h"

#include <optional>
#include <vector>

namespace sapsam {

// Pixels whose label is one of the classes.
Mask maskOfClasses(const LabelMap &labels, const std::vector<int> &classes);

// Half-open, tight; empty when no pixel is set.
std::optional<Box> boundingBox(const Mask &mask);

// Pixels set in either, in both, or in the first but not in the second. The sizes must agree:
// throws Error(InvalidInput) otherwise, as all functions of two masks do.
Mask unionOf(const Mask &a, const Mask &b);
Mask intersectionOf(const Mask &a, const Mask &b);
Mask differenceOf(const Mask &a, const Mask &b);

// |a and b| / (|a or b| + 1e-10): an empty pair is 0.
double intersectionOverUnion(const Mask &a, const Mask &b);

// 8-connected components, largest first.
struct Component
{
    std::size_t area = 0;
    Box box;
};

std::vector<Component> components(const Mask &mask);

// Without the components smaller than minArea pixels. When all are smaller, the largest stays.
Mask withoutSmallComponents(const Mask &mask, std::size_t minArea);

} // namespace sapsam
