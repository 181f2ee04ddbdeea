#include "core/pipeline/model_shelf.h"

#include "core/base/error.h"
#include "core/engine/run_registry.h"
#include "core/pipeline/engines.h"

#include <algorithm>
#include <filesystem>
#include <set>

namespace sapsam {

namespace fs = std::filesystem;

std::vector<ShelvedModel> shelvedModels(const std::string &modelsFolder)
{
    const std::string own = defaultModelsFolder();
    const std::string chosen = modelsFolder.empty() ? own : modelsFolder;
    const std::string brought = userModelsFolder();
    // Where nothing was chosen for a task, the user's folder falls back on the program's own.
    std::vector<std::string> registries = {chosen, chosen == brought ? own : brought};
    if (registries[0] == registries[1])
        registries.pop_back();
    std::vector<ShelvedModel> models;
    std::set<std::string> served;
    for (const std::string &registry : registries) {
        std::error_code ignored;
        if (!fs::exists(fs::path(registry) / "manifest.json", ignored))
            continue;
        const bool isAsked = registry == chosen || chosen == brought;
        const ModelManifest manifest = readModelManifest(registry);
        for (const ModelEntry &entry : manifest.models) {
            ShelvedModel model;
            model.entry = entry;
            model.registry = registry;
            model.folder = manifest.pathOf(entry);
            for (const ModelFile &file : entry.files)
                model.bytes += file.bytes;
            model.isUsed =
                isAsked && entry.task != "network" && served.insert(entry.task).second;
            models.push_back(std::move(model));
        }
    }
    return models;
}

std::string chooseModel(const std::string &registry, const std::string &name)
{
    const ModelManifest manifest = readModelManifest(registry);
    const ModelEntry *entry = manifest.findByName(name);
    if (entry == nullptr)
        throw Error(ErrorKind::NotFound, "there is no model '" + name + "' in '" + registry + "'");
    if (entry->task == "network")
        throw Error(ErrorKind::NotFound,
                    "'" + name + "' is a network that no task of this program uses by itself");
    if (manifest.findByTask(entry->task) != entry)
        preferModel(registry, name);
    return registry == defaultModelsFolder() ? std::string() : registry;
}

} // namespace sapsam
