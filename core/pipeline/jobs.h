#pragma once

#include "core/base/cancel.h"
#include "core/base/progress.h"
#include "core/pipeline/engines.h"
#include "core/store/project_store.h"

#include <string>
#include <vector>

// The steps over a project. Each works through what is still to do, commits image by image, goes on
// after a failed item, and can be cancelled at any moment and called again to continue.
// One writer: call them from the project's one job lane.
namespace sapsam {

struct FailedItem
{
    std::int64_t imageId = 0;
    std::string path;
    std::string reason;
};

struct SegmentReport
{
    std::int64_t images = 0;  // segmented now
    std::int64_t regions = 0; // written now
    std::vector<FailedItem> failed;
    bool cancelled = false;
};

struct PhraseReport
{
    std::int64_t regions = 0; // considered
    std::int64_t phrases = 0; // written
    std::vector<FailedItem> failed;
    bool cancelled = false;
};

struct EmbedReport
{
    std::int64_t images = 0; // embedded now
    int dimension = 0;
    double seconds = 0.0;
    std::vector<FailedItem> failed;
    bool cancelled = false;
};

SegmentReport segmentProject(ProjectStore &store, Engines &engines, const CancelToken &cancel,
                             const ProgressSink &progress);
// Which regions get a phrase.
struct PhraseScope
{
    std::string group;      // only this part group; empty: all
    std::int64_t limit = 0; // regions at most, those with an outdated phrase first; 0: all
};

// Writes with the project's own templates and model (core/pipeline/prompt_lab.h), for the regions
// that have no phrase of them. Phrases of people stay.
PhraseReport phraseProject(ProjectStore &store, Engines &engines, const CancelToken &cancel,
                           const ProgressSink &progress, const PhraseScope &scope = {});
EmbedReport embedProject(ProjectStore &store, Engines &engines, const CancelToken &cancel,
                         const ProgressSink &progress);

} // namespace sapsam
