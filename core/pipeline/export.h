#pragma once

#include "core/base/cancel.h"
#include "core/base/progress.h"
#include "core/pipeline/import.h"
#include "core/pipeline/searcher.h"
#include "core/store/project_store.h"

#include <string>
#include <vector>

namespace sapsam {

struct ExportOptions
{
    std::string format;                   // csv | html
    std::string output;                   // folder; made when missing
    std::vector<SearchResponse> searches; // html: a ranked strip for each; csv: a ranking file
    int maxImages = 0;                    // html without searches: 0 = all
};

struct ExportReport
{
    std::int64_t written = 0;
    std::vector<SkippedItem> skipped;
    std::string
        manifest; // path of manifest.json with versions, model hashes, counts, SHA-256 of the files
    bool cancelled = false;
};

// csv: images.csv, regions.csv (with phrases), rankings.csv. html: one self-contained contact sheet
// with the pictures, their masks in the groups' colours and the phrases.
ExportReport exportProject(ProjectStore &store, const ExportOptions &options,
                           const CancelToken &cancel, const ProgressSink &progress);

} // namespace sapsam
