#include "core/pipeline/project_map.h"

#include "core/base/error.h"
#include "core/base/log.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

namespace sapsam {

namespace {

// Orders by id and leaves out what has been taken out of the project.
EmbeddingMap keptById(const EmbeddingMap &map, const std::vector<std::int64_t> &images)
{
    std::vector<std::size_t> order(map.ids.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return map.ids[a] < map.ids[b]; });
    EmbeddingMap kept;
    for (const std::size_t place : order) {
        if (!std::binary_search(images.begin(), images.end(), map.ids[place]))
            continue;
        kept.ids.push_back(map.ids[place]);
        kept.places.push_back(map.places[place * 2]);
        kept.places.push_back(map.places[place * 2 + 1]);
    }
    return kept;
}

} // namespace

ProjectMap projectMap(ProjectStore &store, const MapOptions &options, const CancelToken &cancel,
                      const ProgressSink &progress)
{
    const std::optional<EmbeddingSetRecord> set = store.currentEmbeddingSet();
    if (!set || set->count == 0)
        throw Error(ErrorKind::NotFound,
                    "no picture of '" + store.folder()
                        + "' is embedded, so there is nothing to map; run `sapsam embed` first");
    const MappedFeatures features(store.folder() + "/" + set->file, set->modelHash);
    // Beside the features: NAME.images.feat and NAME.images.map.
    std::string file = store.folder() + "/" + set->file;
    file = file.substr(0, file.rfind('.')) + (options.method == MapMethod::Components
                                                  ? ".components.map"
                                                  : ".map");
    ProjectMap answer;
    answer.model = set->modelName;
    std::optional<EmbeddingMap> map = readMap(file, options, features.checksum());
    answer.wasStored = map.has_value();
    if (!map) {
        map = mapEmbeddings(features, options, cancel, progress);
        if (map->cancelled) {
            answer.map.cancelled = true;
            return answer;
        }
        try {
            writeMap(file, *map, options, features.checksum());
        } catch (const Error &error) {
            logInfo("the map is not kept: " + std::string(error.what()));
        }
    }
    const std::vector<std::int64_t> images = store.imageIds();
    answer.map = keptById(*map, images);
    answer.unembedded = static_cast<std::int64_t>(images.size() - answer.map.ids.size());
    return answer;
}

} // namespace sapsam
