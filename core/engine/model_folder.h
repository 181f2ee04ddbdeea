#pragma once

#include "core/base/json_file.h"
#include "core/engine/model_info.h"
#include "core/image/preprocess.h"

#include <string>

// Private to core/engine's sources.
namespace sapsam::engine {

// How pictures become the input of a network, from preprocessor_config.json.
struct PicturePreparation
{
    enum class Mode { Squash, ShortSideCrop, LongSidePad };

    Mode mode = Mode::Squash;
    int height = 224;
    int width = 224;
    ResizeFilter filter = ResizeFilter::Bicubic;
    Normalization normalization;
    double scoreThreshold = 0.0; // segmenter: below it a part is taken as not there

    // Fills [3, height, width].
    void write(const Image &picture, float *planes) const;
};

struct ModelFolder
{
    ModelInfo info;
    std::string origin; // of the configuration, for messages
    Json config;        // config.json without our own keys
    PicturePreparation preparation;

    std::string file(const std::string &name) const { return info.folder + "/" + name; }
};

// Reads config.json and preprocessor_config.json and hashes model.safetensors. Throws
// Error(NotFound) or Error(Corrupt) naming the file, and Error(Mismatch) when the model is of
// another architecture than the one wanted ("clip", "person-sam", "blip2-opt").
ModelFolder openModelFolder(const std::string &folder, const std::string &task,
                            const std::string &architecture);

} // namespace sapsam::engine
