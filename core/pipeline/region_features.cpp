#include "core/pipeline/region_features.h"

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/image/codec.h"
#include "core/image/mask.h"
#include "core/image/region_crop.h"
#include "core/image/rle.h"
#include "core/pipeline/feature_paths.h"
#include "core/search/feature_file.h"
#include "core/store/search_records.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <unordered_map>
#include <unordered_set>

namespace sapsam {

namespace {

constexpr std::size_t kPicturesAtOnce = 16;
constexpr std::chrono::seconds kCheckpointInterval{30};

// Drops the rows of regions that are gone and orders the rest by key.
void tidy(FeatureTable &table, const std::unordered_set<std::int64_t> &wanted)
{
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < table.ids.size(); ++i) {
        if (wanted.count(table.ids[i]) != 0)
            order.push_back(i);
    }
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return table.ids[a] < table.ids[b]; });
    FeatureTable tidied;
    tidied.modelHash = table.modelHash;
    tidied.dimension = table.dimension;
    for (const std::size_t i : order) {
        tidied.ids.push_back(table.ids[i]);
        const auto row = table.rows.begin() + static_cast<std::ptrdiff_t>(i) * table.dimension;
        tidied.rows.insert(tidied.rows.end(), row, row + table.dimension);
    }
    table = std::move(tidied);
}

} // namespace

std::int64_t embedRegions(ProjectStore &store, Retriever &retriever, const CancelToken &cancel,
                          const ProgressSink &progress)
{
    const std::string hash = retriever.model().sha256;
    const std::string path = store.featuresFolder() + "/" + regionFeaturesName(hash);
    FeatureTable table;
    table.modelHash = hash;
    table.dimension = retriever.dimension();
    bool isDamaged = false;
    try {
        FeatureTable stored = readFeatures(path, hash);
        if (stored.dimension == table.dimension)
            table = std::move(stored);
    } catch (const Error &error) {
        isDamaged = error.kind() != ErrorKind::NotFound;
        if (isDamaged)
            logWarning(std::string(error.what()) + "; the parts are embedded again");
    }
    const std::unordered_set<std::int64_t> done(table.ids.begin(), table.ids.end());
    std::unordered_set<std::int64_t> wanted;
    std::unordered_map<std::int64_t, std::unordered_set<std::int64_t>> todo; // image → regions
    std::vector<std::int64_t> images;
    for (const StoredPart &part : storedParts(store)) {
        const std::int64_t key = regionKey(part.imageId, part.group, part.maskHash);
        wanted.insert(key);
        if (done.count(key) != 0)
            continue;
        if (todo[part.imageId].empty())
            images.push_back(part.imageId);
        todo[part.imageId].insert(part.regionId);
    }
    const bool isCurrent = todo.empty() && wanted.size() == done.size() && !isDamaged;
    if (isCurrent)
        return 0;

    std::int64_t embedded = 0;
    std::size_t atOnce = std::numeric_limits<std::size_t>::max(); // less when the device was full
    ProgressMeter meter("embedding parts", static_cast<std::int64_t>(images.size()), progress);
    auto lastSave = std::chrono::steady_clock::now();
    for (std::size_t first = 0; first < images.size() && !cancel.isCancelled();
         first += kPicturesAtOnce) {
        std::vector<Image> crops;
        std::vector<std::int64_t> keys;
        for (std::size_t i = first; i < std::min(images.size(), first + kPicturesAtOnce); ++i) {
            const ImageRecord record = store.image(images[i]);
            try {
                const Image picture = readImage(store.picturePath(record));
                for (const RegionRecord &region : store.regions(record.id)) {
                    if (todo[record.id].count(region.id) == 0)
                        continue;
                    FilterCropOptions options;
                    options.exact = true;
                    crops.push_back(filterCrop(
                        picture, maskOfRle(rleFromString(region.rle, region.width, region.height)),
                        options));
                    keys.push_back(regionKey(record.id, region.group, fnv1a64(region.rle)));
                }
            } catch (const Error &error) {
                // The picture itself has been reported by the job that embeds pictures.
                logDebug(std::string("parts are not embedded: ") + error.what());
            }
        }
        if (!crops.empty()) {
            keys.resize(crops.size());
            for (std::size_t begin = 0; begin < crops.size();) {
                const std::size_t count = std::min(atOnce, crops.size() - begin);
                const auto from = static_cast<std::ptrdiff_t>(begin);
                const auto to = static_cast<std::ptrdiff_t>(begin + count);
                std::vector<float> rows;
                try {
                    rows = retriever.embedImages({crops.begin() + from, crops.begin() + to});
                } catch (const Error &error) {
                    if (error.kind() != ErrorKind::OutOfMemory || count == 1)
                        throw;
                    atOnce = count / 2;
                    logWarning(std::string(error.what()) + "; going on with "
                               + std::to_string(atOnce) + " at once");
                    continue;
                }
                table.ids.insert(table.ids.end(), keys.begin() + from, keys.begin() + to);
                table.rows.insert(table.rows.end(), rows.begin(), rows.end());
                begin += count;
            }
            embedded += static_cast<std::int64_t>(crops.size());
        }
        meter.advance(static_cast<std::int64_t>(std::min(kPicturesAtOnce, images.size() - first)));
        if (std::chrono::steady_clock::now() - lastSave > kCheckpointInterval) {
            tidy(table, wanted);
            writeFeatures(path, table);
            lastSave = std::chrono::steady_clock::now();
        }
    }
    tidy(table, wanted);
    writeFeatures(path, table);
    return embedded;
}

} // namespace sapsam
