#pragma once

#include <cstdint>
#include <string>
#include <vector>

// No tensor and no torch here: the window and the command line read the manifest too.
namespace sapsam {

struct ModelFile
{
    std::string path;   // relative to the model's folder
    std::string sha256; // lower-case hexadecimal
    std::uint64_t bytes = 0;
};

struct ModelEntry
{
    std::string name;
    // "person-sam", "phrases", "retrieval" or "sam" (points and boxes); "network" for one that no task uses by itself.
    std::string task;
    std::string architecture; // such as "clip"
    std::string folder;       // relative to the folder of the manifest
    std::vector<ModelFile> files;
    std::string licence;
    std::string source;
    std::string reproduce; // the command that makes the files
    std::string dtype;     // of the weights, such as "F16"; empty when not stated
};

// What models/manifest.json says.
struct ModelManifest
{
    std::string folder; // where manifest.json lies
    std::vector<ModelEntry> models;

    // Null when there is none.
    const ModelEntry *findByName(const std::string &name) const;
    const ModelEntry *findByTask(const std::string &task) const; // the first of that task

    // The path of one of the model's files or of its folder.
    std::string pathOf(const ModelEntry &model, const std::string &file = {}) const;
};

// Reads `folder`/manifest.json. Throws Error(NotFound) when there is none, Error(Corrupt) naming
// the key for a broken one.
ModelManifest readModelManifest(const std::string &folder);

// $SAPSAM_MODELS_DIR when set and not empty, else `given`.
std::string resolveModelsFolder(const std::string &given);

// Where models that a user brings go, beside the shipped ones: $XDG_DATA_HOME/sapsam/models, else
// ~/.local/share/sapsam/models.
std::string userModelsFolder();

// One line for each thing that is wrong: absent file, wrong size, wrong sha256. Empty when all is
// well. Reads every byte of the files.
std::vector<std::string> verifyModel(const ModelManifest &manifest, const ModelEntry &model);

} // namespace sapsam
