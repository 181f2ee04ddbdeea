#pragma once

#include "core/base/json_file.h"
#include "core/taxonomy/taxonomy.h"
#include "core/text/query_parser.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sapsam {

// A picture of the project, or one part of it, that shows what is looked for.
struct SearchExample
{
    std::int64_t imageId = 0;
    std::string group; // "" stands for the whole person

    bool operator==(const SearchExample &other) const = default;
};

// What a person said about a hit.
struct Judgement
{
    std::int64_t imageId = 0;
    std::string group; // "" stands for the whole person
    bool relevant = true;

    bool operator==(const Judgement &other) const = default;
};

enum class Reranking {
    Auto, // as measured for the model: see SearchResponse::rerankingNote
    On,
    Off
};

// Everything that decides a ranking, apart from the project and the model.
struct SearchQuery
{
    std::string text;
    std::vector<QueryTerm> terms; // as parsed, with what was changed and added
    std::string imageFile;        // a picture from outside of the project
    std::optional<SearchExample> like;
    double exampleShare = 0.5; // of the picture in the score when there is a text too, in [0, 1]
    std::vector<Judgement> feedback;
    std::string filter; // in the filter language of the gallery
    Reranking reranking = Reranking::Auto;

    bool hasExample() const { return like.has_value() || !imageFile.empty(); }
    bool operator==(const SearchQuery &other) const = default;
};

// A query of this sentence with its parts.
SearchQuery queryOf(const std::string &text);
// The same in a project with these merges: a group of its own that no shipped one corresponds to,
// such as one for scarves, is understood by its name, its phrase and its first class.
SearchQuery queryOf(const std::string &text, const Taxonomy &taxonomy);
std::vector<QueryTerm> termsOf(const std::string &text, const Taxonomy &taxonomy);

// The groups of these merges that answer a part of a query, best first. A sentence names shipped
// groups, which may have other names here; a part that was added by hand names one of these merges.
// Empty when they have no such group.
std::vector<std::string> groupsOfTerm(const QueryTerm &term, const Taxonomy &taxonomy);

// One line for the history: the text, the example, how many judgements.
std::string titleOf(const SearchQuery &query);

Json jsonOf(const SearchQuery &query);
// Throws Error(Corrupt) naming the origin and the key for what is not a query.
SearchQuery queryOfJson(const Json &json, const std::string &origin);

} // namespace sapsam
