#pragma once

#include "core/engine/engine_options.h"
#include "core/engine/model_info.h"
#include "core/image/image.h"

#include <memory>
#include <string>
#include <vector>

namespace sapsam {

struct SegmentPrompt
{
    std::string group;  // part group of the taxonomy, such as "clothes"
    std::string phrase; // what Person-SAM is asked for, such as "a red jacket"
};

struct PartMask
{
    std::string group;
    std::string phrase;
    Mask mask;          // size of the picture; all zero when the part was not found
    float score = 0.0F; // predicted IoU in [0, 1]
};

// Person-SAM: a mask for each phrase, the picture encoded once.
// One thread at a time; loading and forward passes belong on the engine lane, never on the GUI
// thread.
class Segmenter
{
public:
    // Throws Error(NotFound | Corrupt | Mismatch) naming the file and tensor.
    Segmenter(const std::string &modelFolder, const EngineOptions &options);
    ~Segmenter();
    Segmenter(const Segmenter &) = delete;
    Segmenter &operator=(const Segmenter &) = delete;

    const ModelInfo &model() const;

    // For each picture one mask per prompt, in the order of the prompts.
    // Throws Error(OutOfMemory) when the device is full; the object stays usable.
    std::vector<std::vector<PartMask>> segment(const std::vector<Image> &pictures,
                                               const std::vector<SegmentPrompt> &prompts);

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace sapsam
