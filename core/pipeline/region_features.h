#pragma once

#include "core/base/cancel.h"
#include "core/base/progress.h"
#include "core/engine/retriever.h"
#include "core/store/project_store.h"

#include <cstdint>

namespace sapsam {

// Embeds every region as the phrase writer sees it (all around it blanked) into the feature file
// of regions, under regionKey(): what "more like this part" compares. Goes on where it stopped; a
// region whose picture cannot be read is left out. Returns how many were embedded now. On the
// engine lane; throws what writing features throws.
std::int64_t embedRegions(ProjectStore &store, Retriever &retriever, const CancelToken &cancel,
                          const ProgressSink &progress);

} // namespace sapsam
