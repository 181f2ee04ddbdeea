#include "core/engine/model_folder.h"

#include "core/base/error.h"
#include "core/base/sha256.h"

#include <chrono>
#include <filesystem>

namespace sapsam::engine {

std::string architectureOf(const Json &config)
{
    if (!config.is_object())
        return "unknown";
    if (config.contains("architecture") && config.at("architecture").is_string())
        return config.at("architecture").get<std::string>();
    const std::string type = config.contains("model_type") && config.at("model_type").is_string()
                                 ? config.at("model_type").get<std::string>()
                                 : std::string();
    if (type == "blip-2") {
        const auto text = config.find("text_config");
        const bool isT5 = text != config.end() && text->is_object()
                          && (text->value("model_type", Json()) == Json("t5")
                              || (!text->contains("model_type") && text->contains("d_model")));
        return isT5 ? "blip2-t5" : "blip2-opt";
    }
    if (type == "flava_image_codebook")
        return "dvae";
    if (!type.empty())
        return type;
    return config.contains("sam") && config.contains("bert") ? "person-sam" : "unknown";
}

namespace {

int sideOf(const Json &size, const char *key, const std::string &origin)
{
    if (size.is_number_integer())
        return size.get<int>();
    return require<int>(size, key, origin);
}

// Hugging Face writes Pillow's numbers, we write names.
ResizeFilter filterOf(const Json &resample, const std::string &path)
{
    if (resample == "bilinear" || resample == 2)
        return ResizeFilter::Bilinear;
    if (resample == "bicubic" || resample == 3)
        return ResizeFilter::Bicubic;
    if (resample == "lanczos" || resample == 1)
        return ResizeFilter::Lanczos;
    if (resample == "nearest" || resample == 0)
        return ResizeFilter::Nearest;
    throw Error(ErrorKind::Unsupported, path + ": the resampling " + resample.dump()
                                            + " is not covered, only nearest, bilinear, bicubic "
                                              "and lanczos are");
}

// Networks that see no picture, or whose pictures nobody prepares by this file.
bool needsPreparation(const std::string &architecture)
{
    return architecture != "bert" && architecture != "t5" && architecture != "dvae";
}

} // namespace

PicturePreparation readPreparation(const std::string &path, const std::string &architecture)
{
    const Json json = readJsonFile(path);
    if (!json.is_object())
        throw Error(ErrorKind::Corrupt, path + ": a JSON object is expected");
    PicturePreparation preparation;
    preparation.normalization = architecture == "person-sam" || architecture == "sam"
                                    ? imageNetNormalization()
                                    : clipNormalization();
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
    // The picture is cut to what it was resized to; another size of the cut is not covered.
    if (preparation.mode == PicturePreparation::Mode::ShortSideCrop && json.contains("crop_size")
        && valueOr(json, "do_center_crop", true, path)) {
        const Json &crop = json.at("crop_size");
        if (sideOf(crop, "height", path) != preparation.height
            || sideOf(crop, "width", path) != preparation.width)
            throw Error(ErrorKind::Unsupported,
                        path + ": 'crop_size' differs from 'size', which is not covered");
    }
    if (json.contains("resample") && !json.at("resample").is_null())
        preparation.filter = filterOf(json.at("resample"), path);
    preparation.scoreThreshold = valueOr(json, "score_threshold", 0.0, path);
    preparation.averageMirrored = valueOr(json, "average_mirrored", false, path);
    if (preparation.averageMirrored && preparation.mode != PicturePreparation::Mode::Squash)
        throw Error(ErrorKind::Unsupported,
                    path + ": 'average_mirrored' needs \"resize_mode\": \"squash\"");
    const std::string frame = valueOr<std::string>(json, "mask_frame", "published", path);
    if (frame != "published" && frame != "aspect")
        throw Error(ErrorKind::Unsupported,
                    path + ": 'mask_frame' is '" + frame + "', known are published and aspect");
    preparation.maskIsPadded =
        frame == "aspect" && preparation.mode == PicturePreparation::Mode::LongSidePad;
    return preparation;
}

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

std::string combinedSha256(const std::vector<std::pair<std::string, std::string>> &files)
{
    if (files.size() == 1)
        return files.front().second;
    Sha256 hash;
    for (const auto &file : files)
        hash.update(file.second + "  " + file.first + "\n");
    return hash.hexDigest();
}

std::int64_t changeStampOf(const std::string &path)
{
    std::error_code error;
    const auto time = std::filesystem::last_write_time(path, error);
    return error ? 0
                 : std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch())
                       .count();
}

namespace {

// What an import wrote down under "weights".
void readImportedWeights(ModelFolder &model, const Json &weights)
{
    model.isImported = true;
    model.weights = require<std::vector<std::string>>(weights, "open", model.origin);
    model.info.sha256 = require<std::string>(weights, "sha256", model.origin);
    model.leftOut =
        valueOr<std::vector<std::string>>(weights, "left_out", model.leftOut, model.origin);
    bool isUnchanged = true;
    std::vector<std::string> names;
    for (const auto &file : require<std::vector<Json>>(weights, "files", model.origin)) {
        names.push_back(require<std::string>(file, "path", model.origin));
        const auto bytes = require<std::uint64_t>(file, "bytes", model.origin);
        const auto stamp = require<std::int64_t>(file, "changed", model.origin);
        std::error_code error;
        const auto size = std::filesystem::file_size(model.file(names.back()), error);
        if (error)
            throw Error(ErrorKind::NotFound,
                        "'" + model.file(names.back()) + "' is missing; import the model again");
        isUnchanged =
            isUnchanged && size == bytes && changeStampOf(model.file(names.back())) == stamp;
    }
    if (names.empty() || model.weights.empty())
        throw Error(ErrorKind::Corrupt, model.origin + ": the model has no weights");
    for (const auto &list : {names, model.weights}) {
        for (const auto &name : list) {
            const std::filesystem::path path(name);
            bool leaves = path.is_absolute() || name.empty();
            for (const auto &part : path)
                leaves = leaves || part == "..";
            if (leaves)
                throw Error(ErrorKind::Corrupt,
                            model.origin + ": '" + name + "' lies outside of the model's folder");
        }
    }
    if (isUnchanged)
        return;
    // A linked file became another one: what is derived from it must not carry the old stamp.
    std::vector<std::pair<std::string, std::string>> hashes;
    for (const auto &name : names)
        hashes.emplace_back(name, sha256OfFile(model.file(name)));
    model.info.sha256 = combinedSha256(hashes);
}

} // namespace

ModelFolder readModelFolder(const std::string &folder, const std::string &task)
{
    if (!std::filesystem::is_directory(folder))
        throw Error(ErrorKind::NotFound, "there is no model folder '" + folder + "'");
    ModelFolder model;
    model.origin = folder + "/config.json";
    model.config = readJsonFile(model.origin);
    model.info.task = task;
    model.info.architecture = architectureOf(model.config);
    model.info.folder = folder;
    model.info.name = std::filesystem::path(folder).lexically_normal().filename().string();
    if (model.info.name.empty()) // the path ends with a slash
        model.info.name =
            std::filesystem::path(folder).lexically_normal().parent_path().filename().string();
    if (needsPreparation(model.info.architecture))
        model.preparation =
            readPreparation(folder + "/preprocessor_config.json", model.info.architecture);
    if (model.config.contains("weights")) {
        readImportedWeights(model, model.config.at("weights"));
    } else {
        model.weights = {"model.safetensors"};
        model.info.sha256 = sha256OfFile(model.file("model.safetensors"));
    }
    model.config.erase("architecture");
    model.config.erase("weights");
    return model;
}

ModelFolder openModelFolder(const std::string &folder, const std::string &task,
                            const std::string &architecture)
{
    const std::string origin = folder + "/config.json";
    // Before the weights are hashed.
    if (std::filesystem::is_directory(folder)) {
        const std::string found = architectureOf(readJsonFile(origin));
        if (found != architecture)
            throw Error(ErrorKind::Mismatch, origin + ": the model is of the architecture '" + found
                                                 + "', but '" + task + "' needs '" + architecture
                                                 + "'; choose a model made for this task");
    }
    return readModelFolder(folder, task);
}

} // namespace sapsam::engine
