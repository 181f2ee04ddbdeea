#include "core/pipeline/engines.h"

#include "core/base/error.h"
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

std::string Engines::folderFor(const std::string &task) const
{
    std::error_code ignored;
    if (!fs::exists(fs::path(m_modelsFolder) / "manifest.json", ignored))
        throw Error(ErrorKind::NotFound,
                    "there are no models in '" + m_modelsFolder
                        + "' (manifest.json is missing); give the right folder with --models or "
                          "SAPSAM_MODELS_DIR, or train them with `sapsam train`");
    ModelManifest manifest = readModelManifest(m_modelsFolder);
    const ModelEntry *entry = manifest.findByTask(task);
    if (!entry && m_modelsFolder == userModelsFolder()) {
        // A registry of imported models need not have one for every task.
        manifest = readModelManifest(defaultModelsFolder());
        entry = manifest.findByTask(task);
    }
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

PhraseWriter &Engines::phraseWriter()
{
    if (!m_phraseWriter)
        m_phraseWriter = std::make_unique<PhraseWriter>(folderFor("phrases"), m_options);
    return *m_phraseWriter;
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
