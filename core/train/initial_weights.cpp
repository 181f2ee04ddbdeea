#include "core/train/initial_weights.h"

#include "core/base/error.h"
#include "core/weights/checkpoint.h"
#include "core/weights/derive_config.h"
#include "core/weights/published_names.h"
#include "core/weights/recognise.h"

#include <filesystem>

namespace sapsam::training {

namespace fs = std::filesystem;

Json InitialWeights::preprocessor() const
{
    const std::string path = folder + "/preprocessor_config.json";
    std::error_code ignored;
    return fs::exists(path, ignored) ? readJsonFile(path) : Json();
}

LoadOptions InitialWeights::namesWith(LoadOptions names) const
{
    names.ignorable.insert(names.ignorable.end(), leftOut.begin(), leftOut.end());
    return names;
}

InitialWeights openInitialWeights(const std::string &path, const std::string &setting)
{
    std::error_code ignored;
    if (!fs::exists(path, ignored))
        throw Error(ErrorKind::NotFound, "the setting '" + setting + "' names '" + path
                                             + "', which is not there; give the folder or file "
                                               "of the weights");
    InitialWeights result;
    const bool isFolder = fs::is_directory(path, ignored);
    result.folder = isFolder ? path : fs::path(path).parent_path().string();
    if (result.folder.empty())
        result.folder = ".";
    result.origin = result.folder + "/config.json";
    std::vector<std::string> files;
    if (isFolder && fs::exists(result.origin, ignored)) {
        result.config = readJsonFile(result.origin);
        if (result.config.contains("weights")) { // imported: the files as they were published
            const Json &weights = result.config.at("weights");
            files = require<std::vector<std::string>>(weights, "open", result.origin);
            result.leftOut =
                valueOr<std::vector<std::string>>(weights, "left_out", {}, result.origin);
        }
        result.config.erase("architecture");
        result.config.erase("weights");
    }
    if (files.empty()) {
        result.tensors = withHuggingFaceNames(openCheckpoint(path));
    } else {
        std::vector<std::shared_ptr<const TensorSource>> sources;
        for (const std::string &file : files)
            sources.push_back(withHuggingFaceNames(openCheckpoint(result.folder + "/" + file)));
        result.tensors = sources.size() == 1 ? sources.front() : combineSources(sources);
    }
    if (result.config.is_null()) {
        const Recognition recognition = recognise(result.tensors);
        const DerivedConfig derived = deriveConfig(recognition, *result.tensors);
        if (derived.config.is_null() || !derived.unknown.empty()) {
            std::string missing;
            for (const std::string &item : derived.unknown)
                missing += "\n  " + item;
            throw Error(ErrorKind::Unsupported,
                        path + ": there is no config.json beside it and the tensors do not tell"
                            + (missing.empty() ? " what network this is" : ":" + missing)
                            + "\nwrite a config.json into a folder with the weights");
        }
        result.origin = path;
        result.config = derived.config;
    }
    return result;
}

} // namespace sapsam::training
