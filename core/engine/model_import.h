#pragma once

#include "core/base/cancel.h"
#include "core/base/json_file.h"
#include "core/base/progress.h"
#include "core/weights/model_manifest.h"

#include <cstdint>
#include <string>
#include <vector>

// Published weights become models of this program. No tensor in this header.
namespace sapsam {

// What files or folders hold, told from their tensors.
struct ModelExamination
{
    struct Part
    {
        std::string path;
        std::string format;  // "sam-meta", "clip-openai", …
        std::string summary; // "CLIP, image tower of 12 layers of 768, …"
        std::vector<std::string> files;
    };

    std::vector<Part> parts; // in the order in which they complement each other
    std::string architecture;
    std::string task; // "retrieval", "phrases", "person-sam", "sam" or "network"
    std::string summary;

    bool isComplete = false;
    std::vector<std::string> missingParts; // "vision tower", "language model"
    std::vector<std::string> missing, misshapen, extra;
    std::string advice; // what to do about it; empty when nothing is

    std::string dtype;            // of most of the weights, such as "F16"
    std::uint64_t parameters = 0; // numbers
    std::uint64_t bytes = 0;      // of all files

    Json config;            // config.json; null for a part that is no network by itself
    std::string configFrom; // the file that it was read from; empty when derived from the tensors
    Json preprocessor;      // preprocessor_config.json; null for networks of text
    std::vector<std::string> unknown;   // what a config.json would have to say, see deriveConfig()
    std::vector<std::string> tokenizer; // files of the tokenizer that were found
    std::vector<std::string> missingTokenizer; // names of the files that are needed and not there
    std::vector<std::string> beside;           // other small files that belong to the model
    std::vector<std::string> notes;            // what was concluded or passed over, and why

    // Whether importModel() takes it; otherwise `advice` or `unknown` says why not.
    bool isImportable() const { return isComplete && config.is_object() && unknown.empty(); }
};

// Looks at weights in any published form: files, folders of a model, folders of a registry. Several
// paths complement each other. A config.json, preprocessor_config.json and tokenizer that lie
// beside them are used when they fit the tensors; `configFile` names another one, which must fit.
// No tensor is read. Throws what openCheckpoint() throws, and Error(InvalidInput) for paths that do
// not belong together.
ModelExamination examineModel(const std::vector<std::string> &paths,
                              const std::string &configFile = {});

// The name that importModel() gives when none is wished for; it may be taken already. The model was
// examined with at least one path.
std::string modelNameFor(const ModelExamination &examination);

// For programs: the fields of the examination.
OrderedJson jsonOf(const ModelExamination &examination);

struct ModelImportRequest
{
    std::vector<std::string> paths;
    std::string name;         // of the model; made from the first path when empty
    bool link = false;        // symbolic links instead of copies of the weights
    std::string modelsFolder; // userModelsFolder() when empty
    std::string configFile;
};

struct ModelImport
{
    ModelEntry entry;
    std::string modelsFolder;
    std::string folder; // of the model
    ModelExamination examination;
    bool wasCancelled = false; // then nothing was left behind
};

// Puts a model into a registry: a folder with manifest.json and a folder for each model, which the
// engine opens like a shipped one. The weights stay byte for byte what they were. Everything is
// prepared in a hidden folder and renamed at the end; what a crash leaves is removed by the next
// import. Throws Error(Mismatch) with the advice when something is missing, Error(InvalidInput) for
// a name that is taken or unusable, Error(Busy) while another import runs, Error(NoSpace) before
// anything is copied, and what examineModel() throws.
ModelImport importModel(const ModelImportRequest &request, const CancelToken &cancel,
                        const ProgressSink &progress);

} // namespace sapsam
