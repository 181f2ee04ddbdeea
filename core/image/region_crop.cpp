#include "core/image/region_crop.h"

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/image/mask.h"
#include "core/image/preprocess.h"
#include "core/image/resize.h"

#include <algorithm>
#include <string>

namespace sapsam {

namespace {

constexpr std::array<std::uint8_t, 3> kRed{255, 0, 0};

void requireSameSize(const Image &image, const Mask &region)
{
    if (image.width != region.width || image.height != region.height)
        throw Error(ErrorKind::InvalidInput, "region: the picture is " + std::to_string(image.width)
                                                 + "x" + std::to_string(image.height)
                                                 + ", the mask " + std::to_string(region.width)
                                                 + "x" + std::to_string(region.height));
}

Box tightBox(const Mask &region)
{
    const std::optional<Box> box = boundingBox(region);
    if (!box)
        throw Error(ErrorKind::InvalidInput, "region: the mask has no pixel");
    return *box;
}

void paintRed(Image &image, int x, int y)
{
    if (x >= 0 && y >= 0 && x < image.width && y < image.height)
        std::copy(kRed.begin(), kRed.end(), image.at(x, y));
}

} // namespace

Jitter drawJitter(std::uint64_t seed, int most)
{
    SeededRandom random(seed);
    Jitter jitter{};
    for (int &side : jitter)
        side = static_cast<int>(random.integer(0, most));
    return jitter;
}

Box publishedCropBox(const Mask &region, const Jitter &jitter)
{
    const Box tight = tightBox(region);
    const Box box{std::max(0, tight.left - jitter[0]), std::max(0, tight.top - jitter[2]),
                  std::min(region.width, tight.right - 1 + jitter[1]),
                  std::min(region.height, tight.bottom - 1 + jitter[3])};
    if (box.isEmpty())
        throw Error(ErrorKind::InvalidInput,
                    "region: the crop box is empty; the region is one pixel wide or high");
    return box;
}

Image blankOutside(const Image &image, const Mask &region, std::uint8_t padColour)
{
    requireSameSize(image, region);
    Image result = image;
    const std::size_t channels = static_cast<std::size_t>(image.channels);
    for (std::size_t i = 0; i < region.bits.size(); ++i)
        if (region.bits[i] == 0)
            std::fill_n(result.pixels.data() + i * channels, channels, padColour);
    return result;
}

Image filterCrop(const Image &image, const Mask &region, const FilterCropOptions &options)
{
    requireSameSize(image, region);
    Jitter jitter = options.jitter;
    if (options.exact) {
        ++jitter[1];
        ++jitter[3];
    }
    const Box box = publishedCropBox(region, jitter);
    Image result = crop(image, box);
    if (!options.blankOutside)
        return result;
    for (int y = 0; y < result.height; ++y)
        for (int x = 0; x < result.width; ++x)
            if (region.at(box.left + x, box.top + y) == 0)
                std::fill_n(result.at(x, y), result.channels, options.padColour);
    return result;
}

Image tintRegion(const Image &image, const Mask &region)
{
    requireSameSize(image, region);
    tightBox(region);
    Image result = toRgb(image);
    for (std::size_t i = 0; i < region.bits.size(); ++i)
        if (region.bits[i] != 0)
            for (std::size_t c = 0; c < 3; ++c) {
                std::uint8_t &value = result.pixels[i * 3 + c];
                value = static_cast<std::uint8_t>((value + kRed[c] + 1) >> 1);
            }
    return result;
}

Image outlineBox(const Image &image, const Mask &region)
{
    requireSameSize(image, region);
    const Box box = tightBox(region);
    Image result = toRgb(image);
    for (int y = box.top; y < box.bottom; ++y)
        for (int x = box.left; x < box.right; ++x)
            if (x < box.left + 2 || x >= box.right - 2 || y < box.top + 2 || y >= box.bottom - 2)
                paintRed(result, x, y);
    return result;
}

std::vector<std::pair<int, int>> edgePoints(const Mask &region, int count)
{
    tightBox(region);
    const auto isOutside = [&region](int x, int y) {
        return x < 0 || y < 0 || x >= region.width || y >= region.height || region.at(x, y) == 0;
    };
    std::vector<std::pair<int, int>> edge;
    for (int y = 0; y < region.height; ++y)
        for (int x = 0; x < region.width; ++x)
            if (region.at(x, y) != 0
                && (isOutside(x - 1, y) || isOutside(x + 1, y) || isOutside(x, y - 1)
                    || isOutside(x, y + 1)))
                edge.emplace_back(x, y);
    if (static_cast<int>(edge.size()) <= count)
        return edge;
    std::vector<std::pair<int, int>> points;
    for (int k = 0; k < count; ++k)
        points.push_back(
            edge[static_cast<std::size_t>(k) * edge.size() / static_cast<std::size_t>(count)]);
    return points;
}

Image markEdgePoints(const Image &image, const Mask &region)
{
    requireSameSize(image, region);
    Image result = toRgb(image);
    for (const auto &[x, y] : edgePoints(region))
        for (int dy = -1; dy <= 1; ++dy)
            for (int dx = -1; dx <= 1; ++dx)
                paintRed(result, x + dx, y + dy);
    return result;
}

const char *nameOf(VisualPrompt prompt)
{
    switch (prompt) {
    case VisualPrompt::TextOnly:
        return "text";
    case VisualPrompt::Mask:
        return "mask";
    case VisualPrompt::Box:
        return "box";
    case VisualPrompt::EdgePoints:
        return "points";
    case VisualPrompt::Filter:
        return "filter";
    }
    return "";
}

VisualPrompt visualPromptFromName(const std::string &name)
{
    for (const VisualPrompt prompt : kVisualPrompts)
        if (name == nameOf(prompt))
            return prompt;
    throw Error(ErrorKind::InvalidInput,
                "there is no visual prompt '" + name
                    + "'; choose one of text, mask, box, points and filter");
}

std::vector<std::string> RegionView::problems() const
{
    constexpr int kMostJitter = 200;
    std::vector<std::string> found;
    if (padColour < 0 || padColour > 255)
        found.push_back("the pad colour is a grey level from 0 to 255, not "
                        + std::to_string(padColour));
    if (jitter < 0 || jitter > kMostJitter)
        found.push_back("the jitter is 0 to " + std::to_string(kMostJitter) + " pixels, not "
                        + std::to_string(jitter));
    return found;
}

Image regionView(const Image &image, const Mask &region, const RegionView &view,
                 std::uint64_t regionKey)
{
    const std::vector<std::string> problems = view.problems();
    if (!problems.empty())
        throw Error(ErrorKind::InvalidInput, "region: " + problems.front());
    switch (view.prompt) {
    case VisualPrompt::TextOnly:
        requireSameSize(image, region);
        return toRgb(image);
    case VisualPrompt::Mask:
        return tintRegion(image, region);
    case VisualPrompt::Box:
        return outlineBox(image, region);
    case VisualPrompt::EdgePoints:
        return markEdgePoints(image, region);
    case VisualPrompt::Filter:
        break;
    }
    FilterCropOptions options;
    options.padColour = static_cast<std::uint8_t>(view.padColour);
    options.exact = view.exact;
    if (view.jitter > 0)
        options.jitter = drawJitter(splitMix64(view.seed ^ splitMix64(regionKey)), view.jitter);
    return filterCrop(image, region, options);
}

} // namespace sapsam
