#pragma once

#include "core/base/cancel.h"
#include "core/base/progress.h"
#include "core/search/embedding_map.h"
#include "core/store/project_store.h"

#include <cstdint>
#include <string>

namespace sapsam {

struct ProjectMap
{
    std::string model;            // that made the embeddings
    EmbeddingMap map;             // of the pictures that are in the project, by id
    std::int64_t unembedded = 0;  // pictures without an embedding
    bool wasStored = false;       // it was read from the project, not made now
};

// The pictures of a project in the plane, by their newest embeddings. Made once and kept in the
// project's features folder (where that can be written) until the embeddings change; the window and
// the command line get the same places. Blocks; reads the store only. Throws Error(NotFound) when
// nothing is embedded, and what reading features throws.
ProjectMap projectMap(ProjectStore &store, const MapOptions &options, const CancelToken &cancel,
                      const ProgressSink &progress);

} // namespace sapsam
