#pragma once

#include "core/base/json_file.h"
#include "core/weights/strict_loader.h"

#include <memory>
#include <string>
#include <vector>

namespace sapsam::training {

// What a run starts from: a model folder of ours, a folder as it was published, or one file.
struct InitialWeights
{
    Json config; // config.json, or what the tensors tell; without our own keys
    std::string origin;
    std::string folder; // where the vocabulary and preprocessor_config.json lie
    std::shared_ptr<const TensorSource> tensors; // under Hugging Face's names
    std::vector<std::string> leftOut;            // names that an import passed over

    // preprocessor_config.json, or null without one.
    Json preprocessor() const;
    // These names, with what the import passed over ignored.
    LoadOptions namesWith(LoadOptions names) const;
};

// `setting` is the key of the configuration that named the path. Throws Error(NotFound) naming both
// when there is nothing, Error(Unsupported) listing what the tensors do not tell of a network
// without a config.json, and what the readers of weights throw.
InitialWeights openInitialWeights(const std::string &path, const std::string &setting);

} // namespace sapsam::training
