#pragma once

#include "core/base/json_file.h"
#include "core/engine/model_info.h"
#include "core/image/preprocess.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

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
    // Segmenter and retriever: answer with the mean of the picture and its mirror image, for the
    // retriever that of the two directions. Twice the work; only for frames without padding, where
    // the mirror image is a picture of the same kind.
    bool averageMirrored = false;
    // Segmenter, with LongSidePad: the mask shows the padded frame. As published it is the whole
    // picture, stretched, although the network saw it padded.
    bool maskIsPadded = false;

    // Fills [3, height, width].
    void write(const Image &picture, float *planes) const;
};

// preprocessor_config.json, our own or a published one. Throws what readJsonFile throws, and
// Error(Corrupt or Unsupported) naming what is wrong.
PicturePreparation readPreparation(const std::string &path, const std::string &architecture);

// "clip", "person-sam", "sam", "bert", "blip2-opt", "blip2-t5", "t5", "dvae" or "unknown": our own
// key, or what a published config.json lets us conclude.
std::string architectureOf(const Json &config);

struct ModelFolder
{
    ModelInfo info;
    std::string origin; // of the configuration, for messages
    Json config;        // config.json without our own keys
    PicturePreparation preparation;
    // What to open, relative to the folder: "model.safetensors" or, for an imported model, its
    // files as they were published.
    std::vector<std::string> weights;
    bool isImported = false;
    std::vector<std::string> leftOut; // tensors of imported files that the network does not have

    std::string file(const std::string &name) const { return info.folder + "/" + name; }
};

// Reads config.json and preprocessor_config.json, whatever the architecture, and takes the hash of
// the weights: of model.safetensors, or what was written down when the files were imported, as long
// as they did not change since. Throws Error(NotFound) or Error(Corrupt) naming the file.
ModelFolder readModelFolder(const std::string &folder, const std::string &task);

// The same, and throws Error(Mismatch) when the model is of another architecture than the one
// wanted ("clip", "person-sam", "blip2-opt").
ModelFolder openModelFolder(const std::string &folder, const std::string &task,
                            const std::string &architecture);

// One hash for several files, from their names and hashes; one file keeps its own.
std::string combinedSha256(const std::vector<std::pair<std::string, std::string>> &files);

// When the file that a path leads to was changed last, in nanoseconds; 0 when it is not there.
std::int64_t changeStampOf(const std::string &path);

} // namespace sapsam::engine
