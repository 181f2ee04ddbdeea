#include "core/engine/mask_generator.h"

#include "core/base/error.h"
#include "core/image/mask.h"
#include "core/image/resize.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

namespace sapsam {

namespace {

// A mask this close to an edge of its part, in pixels, was probably cut off there.
constexpr int kEdgeDistance = 20;
constexpr int kMostCropLayers = 8;

struct Candidate
{
    GeneratedMask mask;
    Box closed; // first and last pixel; all zero for an empty mask
};

Box closedBoxOf(const Mask &mask)
{
    const auto box = boundingBox(mask);
    return box ? Box{box->left, box->top, box->right - 1, box->bottom - 1} : Box{};
}

bool isCutOff(const Box &closed, const Box &crop, const Box &picture)
{
    const auto isNear = [](int a, int b) { return std::abs(a - b) <= kEdgeDistance; };
    const auto cut = [&](int Box::*side) {
        return isNear(closed.*side, crop.*side) && !isNear(closed.*side, picture.*side);
    };
    return cut(&Box::left) || cut(&Box::top) || cut(&Box::right) || cut(&Box::bottom);
}

Mask inPicture(const Mask &part, const Box &crop, int width, int height)
{
    if (part.width == width && part.height == height)
        return part;
    Mask whole(width, height);
    for (int y = 0; y < part.height; ++y)
        std::copy_n(part.bits.begin() + static_cast<std::ptrdiff_t>(y) * part.width, part.width,
                    whole.bits.begin() + static_cast<std::ptrdiff_t>(crop.top + y) * width
                        + crop.left);
    return whole;
}

void keepOnly(std::vector<Candidate> &candidates, const std::vector<double> &scores,
              double threshold)
{
    std::vector<Box> boxes;
    for (const Candidate &candidate : candidates)
        boxes.push_back(candidate.closed);
    std::vector<Candidate> kept;
    for (const std::size_t i : suppressOverlaps(boxes, scores, threshold))
        kept.push_back(std::move(candidates[i]));
    candidates = std::move(kept);
}

Mask inverseOf(const Mask &mask)
{
    Mask inverse = mask;
    for (std::uint8_t &bit : inverse.bits)
        bit = bit ? 0 : 1;
    return inverse;
}

// Asks about one part of the picture.
std::vector<Candidate> candidatesOf(const Image &picture, const CropBox &crop,
                                    PointSegmenter &segmenter, const MaskGeneratorOptions &options,
                                    const CancelToken &cancel, ProgressMeter &meter)
{
    const Box whole{0, 0, picture.width, picture.height};
    const Image part = crop.box == whole ? picture : sapsam::crop(picture, crop.box);
    segmenter.setPicture(part);
    const int perSide =
        static_cast<int>(options.pointsPerSide / std::pow(options.cropPointsDownscale, crop.layer));
    const auto grid = gridPoints(std::max(perSide, 1));

    std::vector<Candidate> found;
    for (std::size_t begin = 0; begin < grid.size() && !cancel.isCancelled();
         begin += static_cast<std::size_t>(options.pointsPerBatch)) {
        const std::size_t end =
            std::min(begin + static_cast<std::size_t>(options.pointsPerBatch), grid.size());
        std::vector<std::pair<float, float>> points;
        for (std::size_t i = begin; i < end; ++i)
            points.emplace_back(static_cast<float>(grid[i].first * part.width),
                                static_cast<float>(grid[i].second * part.height));
        for (const PointMask &answer : segmenter.masksAt(points, options.predictedIouThreshold)) {
            Candidate candidate;
            candidate.mask.stability = stabilityOf(answer.logits, options.stabilityOffset);
            if (!(candidate.mask.stability >= options.stabilityThreshold))
                continue;
            const Mask inside = maskOfLogits(answer.logits, part.width, part.height);
            candidate.closed = closedBoxOf(inside);
            candidate.closed.left += crop.box.left;
            candidate.closed.right += crop.box.left;
            candidate.closed.top += crop.box.top;
            candidate.closed.bottom += crop.box.top;
            if (isCutOff(candidate.closed, crop.box, whole))
                continue;
            candidate.mask.mask =
                rleOfMask(inPicture(inside, crop.box, picture.width, picture.height));
            candidate.mask.predictedIou = static_cast<double>(answer.predictedIou);
            candidate.mask.pointX = static_cast<double>(points[answer.point].first) + crop.box.left;
            candidate.mask.pointY = static_cast<double>(points[answer.point].second) + crop.box.top;
            candidate.mask.crop = crop.box;
            found.push_back(std::move(candidate));
        }
        meter.advance();
    }
    std::vector<double> scores;
    for (const Candidate &candidate : found)
        scores.push_back(candidate.mask.predictedIou);
    keepOnly(found, scores, options.boxNmsThreshold);
    return found;
}

// Cleans the masks. Those that did not change win over those that did.
void removeSmallRegions(std::vector<Candidate> &candidates, const MaskGeneratorOptions &options)
{
    std::vector<double> scores;
    for (Candidate &candidate : candidates) {
        bool changed = false;
        const Mask clean =
            withoutSmallRegions(maskOfRle(candidate.mask.mask), options.minRegionArea, changed);
        scores.push_back(changed ? 0.0 : 1.0);
        if (!changed)
            continue;
        candidate.mask.mask = rleOfMask(clean);
        candidate.closed = closedBoxOf(clean);
    }
    keepOnly(candidates, scores, std::max(options.boxNmsThreshold, options.cropNmsThreshold));
}

} // namespace

std::vector<std::string> MaskGeneratorOptions::problems() const
{
    std::vector<std::string> found;
    const auto require = [&found](bool isGood, const char *text) {
        if (!isGood)
            found.emplace_back(text);
    };
    const auto isRatio = [](double value) { return value >= 0.0 && value <= 1.0; };
    require(pointsPerSide >= 1 && pointsPerSide <= 1024, "pointsPerSide must be from 1 to 1024");
    require(pointsPerBatch >= 1, "pointsPerBatch must be at least 1");
    require(isRatio(stabilityThreshold), "stabilityThreshold must be from 0 to 1");
    require(stabilityOffset >= 0.0, "stabilityOffset must be 0 or more");
    require(isRatio(boxNmsThreshold), "boxNmsThreshold must be from 0 to 1");
    require(isRatio(cropNmsThreshold), "cropNmsThreshold must be from 0 to 1");
    require(cropLayers >= 0 && cropLayers <= kMostCropLayers, "cropLayers must be from 0 to 8");
    require(cropOverlapRatio >= 0.0 && cropOverlapRatio < 1.0,
            "cropOverlapRatio must be from 0 to less than 1");
    require(cropPointsDownscale >= 1, "cropPointsDownscale must be at least 1");
    require(minRegionArea >= 0, "minRegionArea must be 0 or more");
    return found;
}

std::vector<std::pair<double, double>> gridPoints(int perSide)
{
    std::vector<std::pair<double, double>> points;
    for (int y = 0; y < perSide; ++y) {
        for (int x = 0; x < perSide; ++x)
            points.emplace_back((x + 0.5) / perSide, (y + 0.5) / perSide);
    }
    return points;
}

std::vector<CropBox> cropBoxes(int width, int height, int layers, double overlapRatio)
{
    std::vector<CropBox> boxes = {{{0, 0, width, height}, 0}};
    const int shortSide = std::min(width, height);
    for (int layer = 1; layer <= layers; ++layer) {
        const int perSide = 1 << layer;
        const int overlap = static_cast<int>(overlapRatio * shortSide * (2.0 / perSide));
        const auto sideOf = [&](int length) {
            return (overlap * (perSide - 1) + length + perSide - 1) / perSide;
        };
        const int partWidth = sideOf(width), partHeight = sideOf(height);
        for (int column = 0; column < perSide; ++column) {
            for (int row = 0; row < perSide; ++row) {
                const int left = (partWidth - overlap) * column;
                const int top = (partHeight - overlap) * row;
                const Box box{left, top, std::min(left + partWidth, width),
                              std::min(top + partHeight, height)};
                if (!box.isEmpty())
                    boxes.push_back({box, layer});
            }
        }
    }
    return boxes;
}

std::vector<std::size_t> suppressOverlaps(const std::vector<Box> &closedBoxes,
                                          const std::vector<double> &scores, double threshold)
{
    std::vector<std::size_t> order(closedBoxes.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&scores](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
    const auto areaOfBox = [](const Box &box) {
        return static_cast<double>(box.width()) * static_cast<double>(box.height());
    };
    const auto overlapOf = [&](const Box &a, const Box &b) {
        const double width = std::max(std::min(a.right, b.right) - std::max(a.left, b.left), 0);
        const double height = std::max(std::min(a.bottom, b.bottom) - std::max(a.top, b.top), 0);
        const double common = width * height;
        return common / (areaOfBox(a) + areaOfBox(b) - common); // not a number for two lines
    };
    std::vector<std::size_t> kept;
    for (const std::size_t i : order) {
        const bool isCovered = std::any_of(kept.begin(), kept.end(), [&](std::size_t other) {
            return overlapOf(closedBoxes[other], closedBoxes[i]) > threshold;
        });
        if (!isCovered)
            kept.push_back(i);
    }
    return kept;
}

double stabilityOf(const std::vector<float> &logits, double offset)
{
    const auto countAbove = [&logits](double level) {
        return std::count_if(logits.begin(), logits.end(),
                             [level](float logit) { return static_cast<double>(logit) > level; });
    };
    return static_cast<double>(countAbove(offset)) / static_cast<double>(countAbove(-offset));
}

Mask withoutSmallRegions(const Mask &mask, int minArea, bool &changed)
{
    const auto area = static_cast<std::size_t>(minArea);
    Mask inverse = inverseOf(mask);
    // The outside is a hole like all others: when every one is small, all are filled.
    const auto holes = components(inverse);
    if (!holes.empty() && holes.front().area < area)
        inverse = Mask(mask.width, mask.height);
    else
        inverse = withoutSmallComponents(inverse, area);
    const Mask result = withoutSmallComponents(inverseOf(inverse), area);
    changed = result.bits != mask.bits;
    return result;
}

std::vector<GeneratedMask> generateMasks(const Image &picture, PointSegmenter &segmenter,
                                         const MaskGeneratorOptions &options,
                                         const CancelToken &cancel, const ProgressSink &progress)
{
    if (picture.isEmpty())
        throw Error(ErrorKind::InvalidInput, "mask generator: the picture is empty");
    const auto problems = options.problems();
    if (!problems.empty())
        throw Error(ErrorKind::InvalidInput, "mask generator: " + problems.front());

    const auto crops =
        cropBoxes(picture.width, picture.height, options.cropLayers, options.cropOverlapRatio);
    std::int64_t batches = 0;
    for (const CropBox &crop : crops) {
        const int perSide =
            std::max(static_cast<int>(options.pointsPerSide
                                      / std::pow(options.cropPointsDownscale, crop.layer)),
                     1);
        batches += (static_cast<std::int64_t>(perSide) * perSide + options.pointsPerBatch - 1)
                   / options.pointsPerBatch;
    }
    ProgressMeter meter("segmenting everything", batches, progress);

    std::vector<Candidate> found;
    for (const CropBox &crop : crops) {
        if (cancel.isCancelled())
            break;
        auto candidates = candidatesOf(picture, crop, segmenter, options, cancel, meter);
        std::move(candidates.begin(), candidates.end(), std::back_inserter(found));
    }
    if (crops.size() > 1) {
        std::vector<double> scores;
        for (const Candidate &candidate : found)
            scores.push_back(1.0
                             / (static_cast<double>(candidate.mask.crop.width())
                                * static_cast<double>(candidate.mask.crop.height())));
        keepOnly(found, scores, options.cropNmsThreshold);
    }
    if (options.minRegionArea > 0)
        removeSmallRegions(found, options);

    std::vector<GeneratedMask> result;
    for (Candidate &candidate : found) {
        const bool isEmpty = areaOf(candidate.mask.mask) == 0;
        if (!isEmpty)
            candidate.mask.box = {candidate.closed.left, candidate.closed.top,
                                  candidate.closed.right + 1, candidate.closed.bottom + 1};
        result.push_back(std::move(candidate.mask));
    }
    return result;
}

} // namespace sapsam
