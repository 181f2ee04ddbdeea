#pragma once

#include "core/engine/engine_options.h"
#include "core/engine/phrase_writer.h"
#include "core/engine/retriever.h"
#include "core/engine/segmenter.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace sapsam {

// The models of a session, loaded when first asked for. Which folder serves which task is read from
// the manifest of the models folder.
// Thread rule: everything belongs on the one engine lane; only modelsFolder() and options() may be
// called from elsewhere.
class Engines
{
public:
    Engines(std::string modelsFolder, EngineOptions options);
    ~Engines();

    const std::string &modelsFolder() const { return m_modelsFolder; }
    const EngineOptions &options() const { return m_options; }

    // Each throws what the model's constructor throws, and Error(NotFound) when no model of that
    // task is in the manifest.
    Segmenter &segmenter();
    // The phrase model of this name in the manifest; the first one listed when it is empty. A model
    // that was asked for stays loaded.
    PhraseWriter &phraseWriter(const std::string &name = {});
    Retriever &retriever();

private:
    // `name`: of the model; empty for the first of the task.
    std::string folderFor(const std::string &task, const std::string &name = {}) const;

    std::string m_modelsFolder;
    EngineOptions m_options;
    std::unique_ptr<Segmenter> m_segmenter;
    std::map<std::string, std::unique_ptr<PhraseWriter>> m_phraseWriters; // by folder
    std::unique_ptr<Retriever> m_retriever;
};

// $SAPSAM_MODELS_DIR, else <program>/../share/sapsam/models, else models/ of the source tree.
std::string defaultModelsFolder();

} // namespace sapsam
