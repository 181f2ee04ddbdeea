#pragma once

#include "core/base/cancel.h"
#include "core/base/progress.h"
#include "core/pipeline/searcher.h"
#include "core/store/project_store.h"

#include <string>
#include <vector>

// A ranking as a file: to hand on (csv, html, trec), and to come back to (session).
namespace sapsam {

// "csv", "html", "trec" by the file's ending (.csv, .html, .trec, .run); "" for another one.
std::string rankingFormatOf(const std::string &path);

// csv: rank, image, path, score, then one column for each piece of the query with what it
// contributed, and their rest. html: one self-contained sheet with pictures, masks and phrases.
// trec: "1 Q0 <image> <rank> <score> sapsam-<model>" a line, as trec_eval reads it.
// Throws Error(InvalidInput) for another format, and what writing throws.
void exportRanking(ProjectStore &store, const SearchResponse &response, const std::string &format,
                   const std::string &path, const CancelToken &cancel = {},
                   const ProgressSink &progress = {});

// A search as it was, in a *.sapsamq file (JSON).
struct SearchSession
{
    struct Result
    {
        std::int64_t imageId = 0;
        double score = 0.0;
        std::string path;
    };
    SearchQuery query;
    std::string project; // its name
    std::string modelName;
    std::string modelHash;
    std::string taxonomyVersion; // "" in files of earlier releases
    std::string createdAt; // ISO 8601, UTC
    std::vector<Result> results;
};

SearchSession sessionOf(const ProjectStore &store, const SearchResponse &response);
// Atomic. Throws what writing throws.
void writeSession(const std::string &path, const SearchSession &session);
// Throws Error(NotFound | Corrupt) naming the file, Error(Unsupported) for one of a newer version.
SearchSession readSession(const std::string &path);

// What is not as it was: the project, the model, the merges, pictures that are gone or new among the hits, and
// places that changed. Empty when the ranking is the same.
std::vector<std::string> changesSince(const SearchSession &session, const ProjectStore &store,
                                      const SearchResponse &response);

} // namespace sapsam
