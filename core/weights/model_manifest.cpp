#include "core/weights/model_manifest.h"

#include "core/base/json_file.h"
#include "core/base/sha256.h"

#include <cstdlib>
#include <filesystem>

namespace sapsam {

namespace fs = std::filesystem;

namespace {

constexpr const char *kTasks[] = {"person-sam", "phrases", "retrieval", "sam", "network"};

// A manifest must not lead outside of its folder.
std::string requireInside(const std::string &path, const std::string &origin)
{
    const fs::path relative(path);
    bool leaves = relative.is_absolute() || path.empty();
    for (const auto &part : relative)
        leaves = leaves || part == "..";
    if (leaves)
        throw Error(ErrorKind::Corrupt, origin + ": the path '" + path
                                            + "' must lie inside the folder of the manifest");
    return path;
}

ModelEntry parseModel(const Json &json, const std::string &origin)
{
    ModelEntry model;
    model.name = require<std::string>(json, "name", origin);
    const std::string where = origin + ": model '" + model.name + "'";
    model.task = require<std::string>(json, "task", where);
    bool isKnown = false;
    for (const char *task : kTasks)
        isKnown = isKnown || model.task == task;
    if (!isKnown)
        throw Error(ErrorKind::Corrupt,
                    where + ": unknown task '" + model.task
                        + "'; known are person-sam, phrases, retrieval, sam and network");
    model.architecture = require<std::string>(json, "architecture", where);
    model.folder = requireInside(require<std::string>(json, "folder", where), where);
    model.licence = valueOr<std::string>(json, "licence", {}, where);
    model.source = valueOr<std::string>(json, "source", {}, where);
    model.reproduce = valueOr<std::string>(json, "reproduce", {}, where);
    model.dtype = valueOr<std::string>(json, "dtype", {}, where);
    for (const auto &item : require<std::vector<Json>>(json, "files", where)) {
        ModelFile file;
        file.path = requireInside(require<std::string>(item, "path", where), where);
        file.sha256 = require<std::string>(item, "sha256", where);
        file.bytes = require<std::uint64_t>(item, "bytes", where);
        model.files.push_back(file);
    }
    return model;
}

} // namespace

const ModelEntry *ModelManifest::findByName(const std::string &name) const
{
    for (const auto &model : models) {
        if (model.name == name)
            return &model;
    }
    return nullptr;
}

const ModelEntry *ModelManifest::findByTask(const std::string &task) const
{
    for (const auto &model : models) {
        if (model.task == task)
            return &model;
    }
    return nullptr;
}

std::string ModelManifest::pathOf(const ModelEntry &model, const std::string &file) const
{
    const fs::path path = fs::path(folder) / model.folder;
    return (file.empty() ? path : path / file).string();
}

ModelManifest readModelManifest(const std::string &folder)
{
    const std::string path = (fs::path(folder) / "manifest.json").string();
    ModelManifest manifest;
    manifest.folder = folder;
    for (const auto &item : require<std::vector<Json>>(readJsonFile(path), "models", path))
        manifest.models.push_back(parseModel(item, path));
    return manifest;
}

std::string resolveModelsFolder(const std::string &given)
{
    const char *fromEnvironment = std::getenv("SAPSAM_MODELS_DIR");
    return fromEnvironment && *fromEnvironment ? fromEnvironment : given;
}

std::string userModelsFolder()
{
    const auto fromEnvironment = [](const char *name) {
        const char *value = std::getenv(name);
        return std::string(value ? value : "");
    };
    const std::string data = fromEnvironment("XDG_DATA_HOME");
    const fs::path root =
        data.empty() ? fs::path(fromEnvironment("HOME")) / ".local" / "share" : fs::path(data);
    return (root / "sapsam" / "models").string();
}

std::vector<std::string> verifyModel(const ModelManifest &manifest, const ModelEntry &model)
{
    std::vector<std::string> problems;
    for (const auto &file : model.files) {
        const std::string path = manifest.pathOf(model, file.path);
        std::error_code error;
        const auto bytes = fs::file_size(path, error);
        if (error) {
            problems.push_back("'" + path + "' is missing; restore it"
                               + (model.reproduce.empty()
                                      ? std::string()
                                      : " or reproduce it with: " + model.reproduce));
        } else if (bytes != file.bytes) {
            problems.push_back("'" + path + "' has " + std::to_string(bytes) + " bytes instead of "
                               + std::to_string(file.bytes) + "; restore it");
        } else if (sha256OfFile(path) != file.sha256) {
            problems.push_back("'" + path + "' has another sha256 than the manifest; restore it");
        }
    }
    return problems;
}

} // namespace sapsam
