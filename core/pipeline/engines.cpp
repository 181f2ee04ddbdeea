#include "core/pipeline/engines.h"

#include "core/base/error.h"
#include "core/engine/run_registry.h"
#include "core/weights/model_manifest.h"

#include <cstdlib>
#include <filesystem>

namespace sapsam {

namespace fs = std::filesystem;

Engines::Engines(std::string modelsFolder, EngineOptions options)
    : m_modelsFolder(modelsFolder.empty() ? defaultModelsFolder() : std::move(modelsFolder)),
      m_options(std::move(options))
{
}

Engines::~Engines() = default;

std::string Engines::folderFor(const std::string &task, const std::string &name) const
{
    // Who trained a model and cannot write to the program's own folder has it in another one.
    if (name.empty() && m_modelsFolder == defaultModelsFolder()) {
        const std::string chosen = chosenModelFolder(task);
        if (!chosen.empty())
            return chosen;
    }
    std::error_code ignored;
    if (!fs::exists(fs::path(m_modelsFolder) / "manifest.json", ignored))
        throw Error(ErrorKind::NotFound,
                    "there are no models in '" + m_modelsFolder
                        + "' (manifest.json is missing); give the right folder with --models or "
                          "SAPSAM_MODELS_DIR, or train them with `sapsam train`");
    ModelManifest manifest = readModelManifest(m_modelsFolder);
    const auto find = [&]() -> const ModelEntry * {
        if (name.empty())
            return manifest.findByTask(task);
        const ModelEntry *named = manifest.findByName(name);
        return named != nullptr && named->task == task ? named : nullptr;
    };
    const ModelEntry *entry = find();
    if (!entry && m_modelsFolder == userModelsFolder()) {
        // A registry of imported models need not have one for every task.
        manifest = readModelManifest(defaultModelsFolder());
        entry = find();
    }
    if (!entry && !name.empty())
        throw Error(ErrorKind::NotFound,
                    "no model '" + name + "' for the task '" + task + "' is listed in '"
                        + m_modelsFolder
                        + "/manifest.json'; `sapsam models list` names those that are");
    if (!entry)
        throw Error(ErrorKind::NotFound,
                    "no model for the task '" + task + "' is listed in '" + m_modelsFolder
                        + "/manifest.json'; choose another models folder or train "
                          "one with `sapsam train "
                        + task + "`");
    return manifest.pathOf(*entry);
}

Segmenter &Engines::segmenter()
{
    if (!m_segmenter)
        m_segmenter = std::make_unique<Segmenter>(folderFor("person-sam"), m_options);
    return *m_segmenter;
}

PhraseWriter &Engines::phraseWriter(const std::string &name)
{
    const std::string folder = folderFor("phrases", name);
    std::unique_ptr<PhraseWriter> &writer = m_phraseWriters[folder];
    if (!writer)
        writer = std::make_unique<PhraseWriter>(folder, m_options);
    return *writer;
}

Retriever &Engines::retriever()
{
    if (!m_retriever)
        m_retriever = std::make_unique<Retriever>(folderFor("retrieval"), m_options);
    return *m_retriever;
}

std::string defaultModelsFolder()
{
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    std::string given = SAPSAM_SOURCE_MODELS;
    if (!error) {
        const fs::path installed =
            program.parent_path().parent_path() / "share" / "sapsam" / "models";
        if (fs::exists(installed / "manifest.json", error))
            given = installed.string();
    }
    return resolveModelsFolder(given);
}

} // namespace sapsam
