#pragma once

#include "core/base/cancel.h"
#include "core/base/progress.h"
#include "core/image/near_duplicates.h"
#include "core/pipeline/jobs.h"
#include "core/store/project_store.h"

#include <cstdint>
#include <vector>

namespace sapsam {

struct DuplicateReport
{
    std::int64_t images = 0; // compared
    std::int64_t hashed = 0; // decoded for it now; the others were known
    std::int64_t groups = 0;
    std::int64_t copies = 0; // all but the best of each group
    std::vector<FailedItem> failed; // pictures that cannot be read; they are in no group
    bool cancelled = false;
};

// Looks for near-identical pictures by how they look (no model is needed) and stores the groups in
// the project: core/store/duplicates.h reads them. What has been hashed stays when it is cancelled,
// the groups of the last search stay then, too. Blocks; call it on the project's job lane. Throws
// Error(InvalidInput) for options with problems, and what the store's writing calls throw.
DuplicateReport findDuplicates(ProjectStore &store, const DuplicateOptions &options,
                               const CancelToken &cancel, const ProgressSink &progress);

} // namespace sapsam
