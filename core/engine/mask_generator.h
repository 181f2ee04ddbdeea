#pragma once

#include "core/base/cancel.h"
#include "core/base/progress.h"
#include "core/image/image.h"
#include "core/image/rle.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

// Masks of everything in a picture, without a prompt: a segmenter is asked at the points of a grid
// and what it is sure of is kept (Kirillov et al. 2023, appendix B, "automatic mask generation").
namespace sapsam {

struct MaskGeneratorOptions
{
    int pointsPerSide = 32;
    int pointsPerBatch = 64;
    double predictedIouThreshold = 0.88; // predictions must exceed it
    double stabilityThreshold = 0.95;    // and reach this
    double stabilityOffset = 1.0;        // in logits, up and down from 0
    double boxNmsThreshold = 0.7;        // of boxes that overlap more, the surer mask stays
    int cropLayers = 0;                  // layer i adds 4^i overlapping parts of the picture
    double cropNmsThreshold = 0.7;       // between parts the mask of the smaller part stays
    double cropOverlapRatio = 512.0 / 1500.0;
    int cropPointsDownscale = 1; // each layer has this times fewer points a side
    int minRegionArea = 0; // smaller holes are filled, smaller islands removed; 0: as they are

    std::vector<std::string> problems() const; // empty when usable
};

struct GeneratedMask
{
    Rle mask; // of the whole picture
    Box box;  // tight
    double predictedIou = 0.0;
    double stability = 0.0;
    double pointX = 0.0; // what was asked, in pixels of the picture
    double pointY = 0.0;
    Box crop; // where it was asked
};

// One answer for one point.
struct PointMask
{
    std::size_t point = 0; // index into the points that were asked
    float predictedIou = 0.0F;
    std::vector<float> logits; // [height, width] of the part that was set
};

// What the generator needs of a segmenter.
class PointSegmenter
{
public:
    virtual ~PointSegmenter() = default;

    // All following questions are about this picture.
    virtual void setPicture(const Image &picture) = 0;

    // All alternatives for each point (x, y in pixels of the picture) whose predicted overlap
    // exceeds the threshold, in the order of the points and of the alternatives.
    virtual std::vector<PointMask> masksAt(const std::vector<std::pair<float, float>> &points,
                                           double iouThreshold) = 0;
};

// The masks, in no order that means anything. When cancelled, those of the parts that were
// finished. Throws Error(InvalidInput) for an empty picture and unusable options, and what the
// segmenter throws. As thread-safe as the segmenter.
std::vector<GeneratedMask> generateMasks(const Image &picture, PointSegmenter &segmenter,
                                         const MaskGeneratorOptions &options,
                                         const CancelToken &cancel = {},
                                         const ProgressSink &progress = {});

// The steps of it.

// Centres of n × n cells of the unit square, row by row.
std::vector<std::pair<double, double>> gridPoints(int perSide);

struct CropBox
{
    Box box;
    int layer = 0;
};

// The whole picture and, for layers 1 to n, 2^layer × 2^layer parts that overlap by the ratio of
// the short side (of the first layer; half of that in the next and so on).
std::vector<CropBox> cropBoxes(int width, int height, int layers, double overlapRatio);

// Which boxes stay, best score first: a box goes when one that stays overlaps it by more than the
// threshold (intersection over union). Boxes are closed: [left, top, right, bottom] of the first
// and last pixel, and their area is (right - left)(bottom - top).
std::vector<std::size_t> suppressOverlaps(const std::vector<Box> &closedBoxes,
                                          const std::vector<double> &scores, double threshold);

// Pixels above the offset over pixels above minus the offset; not a number when there are none.
double stabilityOf(const std::vector<float> &logits, double offset);

// Holes smaller than the area filled and then islands smaller than it removed, but never the
// largest (8-connected). `changed` tells whether anything was.
Mask withoutSmallRegions(const Mask &mask, int minArea, bool &changed);

} // namespace sapsam
