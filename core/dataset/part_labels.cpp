#include "core/dataset/part_labels.h"

#include "core/base/error.h"

#include <algorithm>
#include <array>
#include <string>

namespace sapsam {

LabelMap mergePartMasks(const std::vector<LabelMap> &masks, const std::vector<double> &scores,
                        InsideRule rule)
{
    constexpr std::size_t mostParts = 255;
    if (masks.empty() || masks.size() != scores.size() || masks.size() > mostParts)
        throw Error(ErrorKind::InvalidInput, "part masks: " + std::to_string(masks.size())
                                                 + " masks and " + std::to_string(scores.size())
                                                 + " scores; as many of both, 1 to 255");
    LabelMap merged(masks.front().width, masks.front().height);
    double best = 0.0;
    for (std::size_t part = 0; part < masks.size(); ++part) {
        const LabelMap &mask = masks[part];
        if (mask.width != merged.width || mask.height != merged.height)
            throw Error(ErrorKind::InvalidInput, "part masks: mask " + std::to_string(part) + " is "
                                                     + std::to_string(mask.width) + "x"
                                                     + std::to_string(mask.height) + ", the first "
                                                     + std::to_string(merged.width) + "x"
                                                     + std::to_string(merged.height));
        const bool covers = scores[part] > best;
        if (covers)
            best = scores[part];
        const auto label = static_cast<std::uint8_t>(part + 1);
        for (std::size_t i = 0; i < merged.labels.size(); ++i) {
            const bool inside =
                rule == InsideRule::OneOnly ? mask.labels[i] == 1 : mask.labels[i] != 0;
            if (inside && (covers || merged.labels[i] == 0))
                merged.labels[i] = label;
        }
    }
    return merged;
}

std::vector<std::uint8_t> patchLabels(const LabelMap &map, int patchWidth, int patchHeight)
{
    if (patchWidth < 1 || patchHeight < 1 || map.width % patchWidth != 0
        || map.height % patchHeight != 0 || map.labels.empty())
        throw Error(ErrorKind::InvalidInput,
                    "patch labels: " + std::to_string(map.width) + "x" + std::to_string(map.height)
                        + " is no multiple of the patch " + std::to_string(patchWidth) + "x"
                        + std::to_string(patchHeight));
    std::vector<std::uint8_t> labels;
    for (int top = 0; top < map.height; top += patchHeight) {
        for (int left = 0; left < map.width; left += patchWidth) {
            std::array<int, 256> counts{};
            for (int y = top; y < top + patchHeight; ++y)
                for (int x = left; x < left + patchWidth; ++x)
                    ++counts[map.at(x, y)];
            // max_element finds the first of equals: the smaller id.
            auto most = std::max_element(counts.begin(), counts.end());
            if (most == counts.begin()) {
                const auto other = std::max_element(counts.begin() + 1, counts.end());
                if (*other > 0)
                    most = other;
            }
            labels.push_back(static_cast<std::uint8_t>(most - counts.begin()));
        }
    }
    return labels;
}

LabelMap resizePartLabels(const LabelMap &map, int width, int height, ResizeFilter filter)
{
    if (filter == ResizeFilter::Nearest)
        return resize(map, width, height);
    Image grey(map.width, map.height, 1);
    grey.pixels = map.labels;
    LabelMap result(width, height);
    result.labels = resize(grey, width, height, filter).pixels;
    return result;
}

} // namespace sapsam
