#include "core/image/draw.h"

#include "core/base/error.h"
#include "core/image/preprocess.h"

#include <algorithm>
#include <cmath>

namespace sapsam {

Image blendMasks(const Image &image, const std::vector<MaskLayer> &layers,
                 const BlendOptions &options)
{
    Image result = toRgb(image);
    const double opacity = std::clamp(options.opacity, 0.0, 1.0);
    for (const MaskLayer &layer : layers) {
        if (layer.mask == nullptr)
            continue;
        const Mask &mask = *layer.mask;
        if (mask.width != image.width || mask.height != image.height)
            throw Error(ErrorKind::InvalidInput, "draw: picture and mask differ in size");
        const std::uint8_t colour[3] = {layer.colour[0], layer.colour[1], layer.colour[2]};
        for (int y = 0; y < mask.height; ++y) {
            for (int x = 0; x < mask.width; ++x) {
                if (mask.at(x, y) == 0)
                    continue;
                const bool border = x == 0 || y == 0 || x + 1 == mask.width || y + 1 == mask.height
                                    || mask.at(x - 1, y) == 0 || mask.at(x + 1, y) == 0
                                    || mask.at(x, y - 1) == 0 || mask.at(x, y + 1) == 0;
                const double weight = border && options.outline ? 1.0 : opacity;
                std::uint8_t *pixel = result.at(x, y);
                for (int c = 0; c < 3; ++c)
                    pixel[c] = static_cast<std::uint8_t>(
                        std::lround(pixel[c] * (1.0 - weight) + colour[c] * weight));
            }
        }
    }
    return result;
}

Image colourOfLabels(const LabelMap &labels, const std::vector<Colour> &palette)
{
    Image result(labels.width, labels.height, 3);
    for (std::size_t i = 0; i < labels.labels.size(); ++i) {
        const Colour colour =
            labels.labels[i] < palette.size() ? palette[labels.labels[i]] : Colour{};
        result.pixels[i * 3] = colour[0];
        result.pixels[i * 3 + 1] = colour[1];
        result.pixels[i * 3 + 2] = colour[2];
    }
    return result;
}

} // namespace sapsam
