#include "core/search/search_query.h"

#include "core/text/noun_phrases.h"

#include <algorithm>

namespace sapsam {

namespace {

const char *nameOf(Reranking reranking)
{
    switch (reranking) {
    case Reranking::On:
        return "on";
    case Reranking::Off:
        return "off";
    default:
        return "auto";
    }
}

} // namespace

SearchQuery queryOf(const std::string &text)
{
    SearchQuery query;
    query.text = text;
    query.terms = parseTerms(text);
    return query;
}

namespace {

// The nouns by which a person would ask for the groups that only these merges have.
std::vector<PartNoun> ownNouns(const Taxonomy &taxonomy)
{
    std::vector<PartNoun> nouns;
    const auto add = [&](const std::string &text, const std::string &group) {
        const std::vector<std::string> words = plainWords(text);
        if (words.empty() || !groupOfNoun(words.back()).empty())
            return;
        std::string noun = words.back();
        if (noun.size() > 3 && noun.back() == 's' && noun[noun.size() - 2] != 's')
            noun.pop_back();
        nouns.push_back({std::move(noun), group});
    };
    for (const PartGroup &group : taxonomy.groups) {
        if (!shippedGroupFor(taxonomy, group.name).empty())
            continue;
        add(group.name, group.name);
        add(group.phrase, group.name);
        if (!group.classes.empty())
            add(taxonomy.className(group.classes.front()), group.name);
    }
    return nouns;
}

} // namespace

std::vector<QueryTerm> termsOf(const std::string &text, const Taxonomy &taxonomy)
{
    return parseTerms(text, ownNouns(taxonomy));
}

SearchQuery queryOf(const std::string &text, const Taxonomy &taxonomy)
{
    SearchQuery query;
    query.text = text;
    query.terms = termsOf(text, taxonomy);
    return query;
}

std::vector<std::string> groupsOfTerm(const QueryTerm &term, const Taxonomy &taxonomy)
{
    if (term.isAdded() && taxonomy.findGroup(term.group) != nullptr)
        return {term.group};
    return groupsForShipped(taxonomy, term.group);
}

std::string titleOf(const SearchQuery &query)
{
    std::string title = query.text;
    const auto join = [&](const std::string &more) {
        title += (title.empty() ? "" : " + ") + more;
    };
    for (const QueryTerm &term : query.terms) {
        if (term.isAdded())
            join((term.negated ? "not " : "") + term.text);
    }
    if (query.like)
        join("like image " + std::to_string(query.like->imageId)
             + (query.like->group.empty() ? std::string() : " (" + query.like->group + ")"));
    if (!query.imageFile.empty())
        join("like '" + query.imageFile.substr(query.imageFile.rfind('/') + 1) + "'");
    if (!query.filter.empty())
        join("filter " + query.filter);
    if (!query.feedback.empty())
        join(std::to_string(query.feedback.size()) + " judged");
    return title;
}

Json jsonOf(const SearchQuery &query)
{
    Json terms = Json::array();
    for (const QueryTerm &term : query.terms) {
        Json item{{"group", term.group},
                  {"text", term.text},
                  {"weight", term.weight},
                  {"not", term.negated},
                  {"on", term.enabled}};
        if (!term.isAdded())
            item["at"] = {term.begin, term.end};
        terms.push_back(std::move(item));
    }
    Json feedback = Json::array();
    for (const Judgement &judgement : query.feedback)
        feedback.push_back({{"image", judgement.imageId},
                            {"group", judgement.group},
                            {"relevant", judgement.relevant}});
    Json json{{"text", query.text},
              {"parts", std::move(terms)},
              {"feedback", std::move(feedback)},
              {"filter", query.filter},
              {"reranking", nameOf(query.reranking)}};
    if (!query.imageFile.empty())
        json["image_file"] = query.imageFile;
    if (query.like)
        json["like"] = {{"image", query.like->imageId}, {"group", query.like->group}};
    if (query.hasExample())
        json["example_share"] = query.exampleShare;
    return json;
}

SearchQuery queryOfJson(const Json &json, const std::string &origin)
{
    SearchQuery query;
    query.text = require<std::string>(json, "text", origin);
    if (!json.contains("parts"))
        query.terms = parseTerms(query.text);
    for (const Json &item : valueOr<Json>(json, "parts", Json::array(), origin)) {
        QueryTerm term;
        term.group = require<std::string>(item, "group", origin);
        term.text = require<std::string>(item, "text", origin);
        term.weight = std::clamp(valueOr(item, "weight", 1.0, origin), 0.0, QueryTerm::kMaxWeight);
        term.negated = valueOr(item, "not", false, origin);
        term.enabled = valueOr(item, "on", true, origin);
        const auto at = valueOr<std::vector<std::size_t>>(item, "at", {}, origin);
        if (at.size() == 2 && at[0] <= at[1] && at[1] <= query.text.size()) {
            term.begin = at[0];
            term.end = at[1];
        }
        query.terms.push_back(std::move(term));
    }
    query.imageFile = valueOr<std::string>(json, "image_file", {}, origin);
    const Json like = valueOr<Json>(json, "like", {}, origin);
    if (like.is_object())
        query.like = SearchExample{require<std::int64_t>(like, "image", origin),
                                   valueOr<std::string>(like, "group", {}, origin)};
    query.exampleShare = std::clamp(valueOr(json, "example_share", 0.5, origin), 0.0, 1.0);
    for (const Json &item : valueOr<Json>(json, "feedback", Json::array(), origin))
        query.feedback.push_back({require<std::int64_t>(item, "image", origin),
                                  valueOr<std::string>(item, "group", {}, origin),
                                  valueOr(item, "relevant", true, origin)});
    query.filter = valueOr<std::string>(json, "filter", {}, origin);
    const auto reranking = valueOr<std::string>(json, "reranking", "auto", origin);
    query.reranking = reranking == "on"    ? Reranking::On
                      : reranking == "off" ? Reranking::Off
                                           : Reranking::Auto;
    return query;
}

} // namespace sapsam
