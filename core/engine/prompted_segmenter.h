#pragma once

#include "core/engine/engine_options.h"
#include "core/engine/model_info.h"
#include "core/image/image.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sapsam {

// What a person asks for on one picture; any combination, at least one of them. Places in pixels of
// the picture.
struct MaskPrompt
{
    struct Point
    {
        float x = 0.0F;
        float y = 0.0F;
        bool isInside = true; // or one that must stay outside
        bool operator==(const Point &other) const
        {
            return x == other.x && y == other.y && isInside == other.isInside;
        }
    };
    std::vector<Point> points;
    std::optional<std::array<float, 4>> box; // left, top, right, bottom
    std::string phrase;                      // "a red jacket"; empty for none

    bool isEmpty() const { return points.empty() && !box && phrase.empty(); }
    bool hasPlaces() const { return !points.empty() || box.has_value(); }
    bool operator==(const MaskPrompt &other) const
    {
        return points == other.points && box == other.box && phrase == other.phrase;
    }
};

struct PromptedMask
{
    Mask mask;                       // of the picture, from everything that was asked
    float score = 0.0F;              // predicted IoU in [0, 1]
    std::string modelHash;           // of the model that drew it
    std::optional<Mask> phraseMask;  // from the phrase alone, when there is one
    std::optional<Mask> placeMask;   // from points and box alone, when there are any
    std::optional<double> agreement; // IoU of the two, when there are both
};

// Masks for points, boxes and phrases on pictures that are encoded once: Person-SAM answers
// phrases, a plain SAM answers points and boxes, and takes Person-SAM's answer as the mask to
// correct when there are both. One of the two models is enough; what only the other could answer
// is refused. One thread at a time; never on the GUI thread.
class PromptedSegmenter
{
public:
    // So many encoded pictures are kept, the least recently used goes first.
    static constexpr std::size_t kKeptPictures = 8;

    // A folder may be empty: then there are no phrases, or no points and boxes.
    // Throws Error(NotFound | Corrupt | Mismatch) naming the file and tensor, and
    // Error(InvalidInput) when both are empty.
    PromptedSegmenter(const std::string &phraseModelFolder, const std::string &pointModelFolder,
                      const EngineOptions &options);
    ~PromptedSegmenter();
    PromptedSegmenter(const PromptedSegmenter &) = delete;
    PromptedSegmenter &operator=(const PromptedSegmenter &) = delete;

    const ModelInfo *phraseModel() const; // null without one
    const ModelInfo *pointModel() const;

    // Encodes the picture under a key of the caller's, such as its id in the project; does nothing
    // when it is encoded already. Throws Error(InvalidInput) for an empty picture and
    // Error(OutOfMemory) when the device is full; the object stays usable.
    void encode(std::int64_t key, const Image &picture);
    bool isEncoded(std::int64_t key) const;
    void forget(std::int64_t key); // its pixels changed

    // Throws Error(InvalidInput) for a picture that is not encoded and an empty prompt, and
    // Error(Unsupported) for points or a box without a model for them, or a phrase without one.
    PromptedMask predict(std::int64_t key, const MaskPrompt &prompt);

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace sapsam
