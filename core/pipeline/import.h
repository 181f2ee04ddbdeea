#pragma once

#include "core/base/cancel.h"
#include "core/base/progress.h"
#include "core/store/project_store.h"

#include <string>
#include <vector>

namespace sapsam {

struct ImportOptions
{
    std::vector<std::string> paths; // folders (searched recursively, sorted), pictures, videos
    std::string format;             // "" = by content; a layout by name (import_formats.h)
    bool detect = false;            // pictures are scenes: cut people out. Videos always are
    int frameStep = 10;             // every n-th frame of a video
    int maxFrames = 0;              // 0 = all
    double minConfidence = 0.3;     // of the people detector
    int minHeight = 48;             // pixels; smaller detections are dropped
};

struct SkippedItem
{
    std::string path;
    std::string reason;
};

struct ImportReport
{
    std::int64_t imported = 0; // new images
    std::int64_t known = 0;    // stored already
    std::vector<SkippedItem> skipped;
    bool cancelled = false;
};

// Goes on after an unreadable item and reports it. Cut-out people are written as PNG below
// <project>/crops/ and keep source path, frame and box. Continues where a cancelled import stopped,
// because what is stored already is recognised.
// Throws what ProjectStore throws; Error(NotFound) when a path does not exist.
ImportReport importPaths(ProjectStore &store, const ImportOptions &options,
                         const CancelToken &cancel, const ProgressSink &progress);

} // namespace sapsam
