#pragma once

#include "core/engine/engine_options.h"
#include "core/engine/mask_generator.h"
#include "core/engine/model_info.h"

#include <array>
#include <memory>
#include <optional>

namespace sapsam {

// What a user points at, in pixels of the picture. Nothing at all asks for the main thing.
struct SamQuery
{
    struct Point
    {
        float x = 0.0F;
        float y = 0.0F;
        bool isInside = true; // or one that must stay outside
    };
    std::vector<Point> points;
    std::optional<std::array<float, 4>> box; // left, top, right, bottom
    std::vector<float> earlierLogits;        // of an answer to refine; empty without
    bool alternatives = true;                // three masks, or the one for unambiguous prompts
};

struct SamAnswer
{
    Mask mask; // of the picture
    float predictedIou = 0.0F;
    std::vector<float> logits; // low resolution, for SamQuery::earlierLogits
};

// Segment Anything: masks for points, boxes and earlier masks, the picture encoded once.
// One thread at a time, on the engine lane.
class SamPredictor final : public PointSegmenter
{
public:
    // Throws Error(NotFound | Corrupt | Mismatch) naming the file and tensor.
    SamPredictor(const std::string &modelFolder, const EngineOptions &options);
    ~SamPredictor() override;
    SamPredictor(const SamPredictor &) = delete;
    SamPredictor &operator=(const SamPredictor &) = delete;

    const ModelInfo &model() const;

    // Encodes it. Throws Error(InvalidInput) for an empty picture and Error(OutOfMemory) when the
    // device is full; the object stays usable.
    void setPicture(const Image &picture) override;

    // In the order of the network's alternatives. Throws Error(InvalidInput) without a picture and
    // for earlier logits of another size.
    std::vector<SamAnswer> predict(const SamQuery &query);

    std::vector<PointMask> masksAt(const std::vector<std::pair<float, float>> &points,
                                   double iouThreshold) override;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace sapsam
