#pragma once

#include "core/weights/model_manifest.h"

#include <string>
#include <vector>

namespace sapsam {

// A model that can be chosen, and whether it is the one that works.
struct ShelvedModel
{
    ModelEntry entry;
    std::string registry; // the folder of its manifest
    std::string folder;   // its own
    std::uint64_t bytes = 0;
    bool isUsed = false; // Engines takes it for its task
};

// The models of a folder of models and those that the user brought, in the order of the manifests.
// Empty `modelsFolder`: the program's own. Folders without a manifest have none. Throws what
// readModelManifest() throws for a broken one.
std::vector<ShelvedModel> shelvedModels(const std::string &modelsFolder);

// Makes the model the first of its task in its registry and returns the folder of models to work
// with from now on: the registry, or nothing for the program's own. Throws Error(NotFound) for an
// unknown model and for one that no task uses, Error(Io) where the manifest must change and cannot.
std::string chooseModel(const std::string &registry, const std::string &name);

} // namespace sapsam
