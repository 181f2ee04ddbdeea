#pragma once

#include "core/pipeline/engines.h"
#include "core/search/feature_file.h"
#include "core/store/project_store.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sapsam {

struct SearchRequest
{
    std::string text;
    int top = 20;         // 0 = the whole gallery
    int explainTop = 100; // hits that carry their parts; the others are explained when asked for
};

// How one part of a hit answers the query.
struct PartMatch
{
    std::string group;
    std::string phrase; // what the engine wrote for that part
    std::string
        queryPhrase;    // the part of the description it answers; "" when none names this group
    double score = 0.0; // cosine of the two phrases' embeddings; 0 when queryPhrase is empty
};

struct SearchHit
{
    int rank = 0; // from 1
    std::int64_t imageId = 0;
    std::string path;   // of the picture to show
    double score = 0.0; // cosine in [-1, 1]
    std::vector<PartMatch> parts;
};

struct QueryPart
{
    std::string group;
    std::string text;
};

struct SearchResponse
{
    std::string query;
    std::string modelName;
    std::string modelHash;
    std::vector<QueryPart> parts;      // the description as understood
    std::vector<std::string> warnings; // "the description is longer than the model reads: …"
    std::vector<SearchHit> hits;
    double encodeSeconds = 0.0; // the text
    double rankSeconds = 0.0;   // everything after
};

// Searches one project. Holds the features in memory and reloads them when they change.
// The same object serves the window and the command line, hence the same order.
// One thread at a time (the engine lane).
class Searcher
{
public:
    Searcher(ProjectStore &store, Engines &engines);
    ~Searcher();

    // What was asked and found is kept in the project's history, unless the project is read-only or
    // busy. Throws Error(InvalidInput) for an empty query, Error(NotFound) when nothing is embedded
    // yet (advice: embed), Error(Mismatch) when the features come from another model.
    SearchResponse search(const SearchRequest &request);

    // How the parts of any image answer the last search. Throws what ProjectStore throws.
    std::vector<PartMatch> explain(std::int64_t imageId);

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace sapsam
