#include "core/engine/model_folder.h"

#include "core/base/error.h"
#include "core/base/sha256.h"

#include <filesystem>

namespace sapsam::engine {

namespace {

// Our own name, or what the published configuration files let us conclude.
std::string architectureOf(const Json &config)
{
    if (config.contains("architecture") && config.at("architecture").is_string())
        return config.at("architecture").get<std::string>();
    const std::string type = config.contains("model_type") && config.at("model_type").is_string()
                                 ? config.at("model_type").get<std::string>()
                                 : std::string();
    if (type == "blip-2")
        return "blip2-opt";
    if (!type.empty())
        return type;
    return config.contains("sam") && config.contains("bert") ? "person-sam" : "unknown";
}

int sideOf(const Json &size, const char *key, const std::string &origin)
{
    if (size.is_number_integer())
        return size.get<int>();
    return require<int>(size, key, origin);
}

PicturePreparation readPreparation(const std::string &path, const std::string &architecture)
{
    const Json json = readJsonFile(path);
    PicturePreparation preparation;
    preparation.normalization =
        architecture == "person-sam" ? imageNetNormalization() : clipNormalization();
    preparation.normalization.mean =
        valueOr(json, "image_mean", preparation.normalization.mean, path);
    preparation.normalization.std = valueOr(json, "image_std", preparation.normalization.std, path);
    for (const float deviation : preparation.normalization.std) {
        if (!(deviation > 0.0F))
            throw Error(ErrorKind::Corrupt, path + ": 'image_std' must be greater than 0");
    }
    const Json size = json.contains("size") ? json.at("size") : Json(224);
    if (size.is_object() && size.contains("longest_edge")) {
        preparation.mode = PicturePreparation::Mode::LongSidePad;
        preparation.height = preparation.width = sideOf(size, "longest_edge", path);
        preparation.filter = ResizeFilter::Bilinear;
    } else if (!size.is_object() || size.contains("shortest_edge")) {
        preparation.mode = PicturePreparation::Mode::ShortSideCrop;
        preparation.height = preparation.width = sideOf(size, "shortest_edge", path);
    } else {
        preparation.height = sideOf(size, "height", path);
        preparation.width = sideOf(size, "width", path);
    }
    if (preparation.height < 1 || preparation.width < 1 || preparation.height > 8192
        || preparation.width > 8192)
        throw Error(ErrorKind::Corrupt, path + ": the size is not usable");
    if (json.contains("resample") && json.at("resample").is_string())
        preparation.filter =
            json.at("resample") == "bilinear" ? ResizeFilter::Bilinear : ResizeFilter::Bicubic;
    preparation.scoreThreshold = valueOr(json, "score_threshold", 0.0, path);
    return preparation;
}

} // namespace

void PicturePreparation::write(const Image &picture, float *planes) const
{
    switch (mode) {
    case Mode::Squash:
        writeNormalizedPlanes(resize(toRgb(picture), width, height, filter), normalization, planes);
        return;
    case Mode::ShortSideCrop:
        writeNormalizedPlanes(resizeShortSideAndCrop(toRgb(picture), height, filter), normalization,
                              planes);
        return;
    case Mode::LongSidePad: {
        const SamInput input = samInput(toRgb(picture), height);
        std::copy(input.planes.begin(), input.planes.end(), planes);
        return;
    }
    }
}

ModelFolder openModelFolder(const std::string &folder, const std::string &task,
                            const std::string &architecture)
{
    if (!std::filesystem::is_directory(folder))
        throw Error(ErrorKind::NotFound, "there is no model folder '" + folder + "'");
    ModelFolder model;
    model.origin = folder + "/config.json";
    model.config = readJsonFile(model.origin);
    const std::string found = architectureOf(model.config);
    if (found != architecture)
        throw Error(ErrorKind::Mismatch, model.origin + ": the model is of the architecture '"
                                             + found + "', but '" + task + "' needs '"
                                             + architecture
                                             + "'; choose a model made for this task");
    model.config.erase("architecture");
    model.preparation = readPreparation(folder + "/preprocessor_config.json", architecture);
    model.info.task = task;
    model.info.architecture = architecture;
    model.info.folder = folder;
    model.info.name = std::filesystem::path(folder).lexically_normal().filename().string();
    if (model.info.name.empty()) // the path ends with a slash
        model.info.name =
            std::filesystem::path(folder).lexically_normal().parent_path().filename().string();
    model.info.sha256 = sha256OfFile(model.file("model.safetensors"));
    return model;
}

} // namespace sapsam::engine
