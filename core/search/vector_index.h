#pragma once

#include "core/base/cancel.h"
#include "core/base/progress.h"
#include "core/search/feature_file.h"
#include "core/search/ranking.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sapsam {

struct IndexOptions
{
    int lists = 0;              // 0: about 4 √count
    std::uint64_t seed = 1;     // of the clustering
    double wantedRecall = 0.97; // of the ten nearest, over a sample of the rows themselves
};

// An approximate index over a feature file: the rows are clustered (k-means on the sphere, by
// FAISS), and a query looks only into the lists of the centres nearest to it. The rows stay in the
// feature file and are compared there exactly: the scores equal those of rankByCosine, only hits
// may be missing. Queries are safe from any number of threads.
//
// File, little-endian: 64-byte header (0 "SAPINDX1", 8 dimension uint32, 12 lists uint32, 16 count
// uint64, 24 SHA-256 of the model, 56 checksum of what follows); checksum of the feature file it
// belongs to, uint64; lists to look into, uint64; first row of each list and the end, uint64; rows
// in the order of the lists, uint32; centres, fp16.
class VectorIndex
{
public:
    // Throws Error(InvalidInput) when there are no rows. A cancelled build gives an index without
    // lists; do not keep it.
    static VectorIndex build(const MappedFeatures &features, const IndexOptions &options = {},
                             const CancelToken &cancel = {}, const ProgressSink &progress = {});

    // Throws Error(NotFound) without a file, Error(Corrupt) for a damaged or half-written one and
    // Error(Mismatch) when it belongs to another model or to other features; each says to build the
    // index again.
    static VectorIndex read(const std::string &path, const MappedFeatures &features);
    void write(const std::string &path) const; // atomic

    // The best of the lists that are looked into, best first, ties by smaller id. `probes` 0: as
    // many lists as were found to give the wanted recall when the index was built.
    std::vector<RankedImage> search(const MappedFeatures &features, const std::vector<float> &query,
                                    int top, int probes = 0) const;

    int lists() const { return m_lists; }
    int probes() const { return m_probes; }

private:
    int m_dimension = 0;
    int m_lists = 0;
    int m_probes = 1;
    std::string m_modelHash;
    std::uint64_t m_featuresChecksum = 0;
    std::vector<std::uint64_t> m_starts; // lists + 1
    std::vector<std::uint32_t> m_rows;
    std::vector<std::uint16_t> m_centres;
};

} // namespace sapsam
