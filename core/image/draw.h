#pragma once

#include "core/image/colour.h"
#include "core/image/image.h"

#include <vector>

namespace sapsam {

// A mask and the colour it is shown in. The mask is not owned and must outlive the call.
struct MaskLayer
{
    const Mask *mask = nullptr;
    Colour colour;
};

struct BlendOptions
{
    double opacity = 0.45; // of the fill, in [0, 1]
    bool outline = true;   // the mask's border pixels at full strength
};

// The picture with the masks over it, first layer lowest. Always three channels.
// Throws Error(InvalidInput) when a mask has another size than the picture.
Image blendMasks(const Image &image, const std::vector<MaskLayer> &layers,
                 const BlendOptions &options = {});

// Every label in the colour of a palette, for showing a label map by itself.
Image colourOfLabels(const LabelMap &labels, const std::vector<Colour> &palette);

} // namespace sapsam
