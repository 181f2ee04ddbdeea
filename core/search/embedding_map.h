#pragma once

#include "core/base/cancel.h"
#include "core/base/progress.h"
#include "core/search/feature_file.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sapsam {

enum class MapMethod {
    // Near ones stay near: a neighbour graph laid out in the plane (McInnes, Healy and Melville
    // 2018, "UMAP", with the kernel 1 / (1 + d²) of t-SNE), from the principal components on.
    Neighbours,
    // The first two principal components: a linear view, so that distances mean the same all over.
    Components,
};

// "neighbours" or "components".
const char *nameOf(MapMethod method);
std::optional<MapMethod> mapMethodFromName(std::string_view name);

struct MapOptions
{
    MapMethod method = MapMethod::Neighbours;
    int neighbours = 15; // of each picture, 2 … 100
    int epochs = 0;      // over the graph; 0: 400 for small sets, 150 for 100,000 pictures
    std::uint64_t seed = 1;

    std::vector<std::string> problems() const; // empty when usable
    bool operator==(const MapOptions &other) const = default;
};

// Unit-length vectors in the plane. A value.
struct EmbeddingMap
{
    std::vector<std::int64_t> ids; // in the order of the feature file
    std::vector<float> places;     // x and y of each, within [0, 1]; both axes have one scale
    bool cancelled = false;        // the places are not there then
};

// The same features and options give the same map, bit by bit, on one machine. Neighbours takes
// some twenty seconds of one core for 100,000 pictures, Components five. Blocks. Throws
// Error(InvalidInput) for options with problems and features without rows.
EmbeddingMap mapEmbeddings(const MappedFeatures &features, const MapOptions &options = {},
                           const CancelToken &cancel = {}, const ProgressSink &progress = {});

// File, little-endian: 64-byte header (0 "SAPMAPS1", 8 method uint32, 12 neighbours uint32, 16
// epochs uint32, 20 zero, 24 seed uint64, 32 count uint64, 40 checksum of the feature file uint64,
// 48 checksum of what follows uint64, 56 zero); ids, int64; places, 2 float each. Atomic.
void writeMap(const std::string &path, const EmbeddingMap &map, const MapOptions &options,
              std::uint64_t featuresChecksum);
// Nothing when there is no such file, or one that is damaged or of other features or options: the
// map is made again then.
std::optional<EmbeddingMap> readMap(const std::string &path, const MapOptions &options,
                                    std::uint64_t featuresChecksum);

} // namespace sapsam
