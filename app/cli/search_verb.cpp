#include "app/cli/context.h"
#include "core/base/error.h"
#include "core/pipeline/ranking_files.h"
#include "core/pipeline/searcher.h"
#include "core/text/noun_phrases.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>

namespace sapsam::cli {

namespace {

struct Arguments
{
    std::string folder;
    std::string text;
    std::string image;
    std::string like;
    std::vector<std::string> denied;
    std::vector<std::string> parts;
    std::vector<std::string> feedback;
    std::string filter;
    std::string session;
    std::string saveSession;
    std::string output;
    std::string reranking;
    double share = 0.5;
    int top = 20;
    bool explain = false;
    bool approximate = false;
};

const char *nameOf(Contribution::Kind kind)
{
    switch (kind) {
    case Contribution::Kind::Term:
        return "part";
    case Contribution::Kind::Denied:
        return "not";
    case Contribution::Kind::Example:
        return "example";
    case Contribution::Kind::Feedback:
        return "feedback";
    default:
        return "rest";
    }
}

OrderedJson jsonOf(const SearchHit &hit, bool explain)
{
    OrderedJson parts = OrderedJson::array();
    for (const PartMatch &part : hit.parts)
        parts.push_back({{"group", part.group},
                         {"phrase", part.phrase},
                         {"query", part.queryPhrase},
                         {"score", part.score}});
    OrderedJson json{{"rank", hit.rank},
                     {"image", hit.imageId},
                     {"path", hit.path},
                     {"score", hit.score},
                     {"parts", std::move(parts)}};
    if (explain) {
        OrderedJson contributions = OrderedJson::array();
        for (const Contribution &contribution : hit.contributions)
            contributions.push_back({{"kind", nameOf(contribution.kind)},
                                     {"group", contribution.group},
                                     {"text", contribution.text},
                                     {"phrase", contribution.phrase},
                                     {"value", contribution.value}});
        json["explanation"] = std::move(contributions);
    }
    return json;
}

OrderedJson jsonOf(const SearchResponse &response, bool explain)
{
    OrderedJson results = OrderedJson::array();
    for (const SearchHit &hit : response.hits)
        results.push_back(jsonOf(hit, explain));
    OrderedJson understood = OrderedJson::array();
    for (const QueryPart &part : response.parts)
        understood.push_back({{"group", part.group}, {"text", part.text}});
    OrderedJson warnings = OrderedJson::array();
    for (const SearchWarning &warning : response.warnings)
        warnings.push_back(warning.text);
    OrderedJson json{{"query", response.query},
                     {"model", {{"name", response.modelName}, {"sha256", response.modelHash}}},
                     {"understood", std::move(understood)},
                     {"structure", OrderedJson(sapsam::jsonOf(response.structure))},
                     {"warnings", std::move(warnings)},
                     {"reranked", response.isReranked},
                     {"gallery", response.gallery},
                     {"seconds",
                      {{"encode", response.encodeSeconds},
                       {"rank", response.rankSeconds},
                       {"explain", response.explainSeconds}}}};
    if (response.line)
        json["line"] = {{"threshold", response.line->threshold},
                        {"above", response.line->above},
                        {"share", response.line->share},
                        {"words", response.words},
                        {"error", response.line->fitted.calibration.error},
                        {"source", response.line->source}};
    else
        json["line"] = nullptr;
    if (!response.line)
        json["line_note"] = response.lineNote;
    json["results"] = std::move(results);
    return json;
}

std::string textOf(const SearchResponse &response, bool explain)
{
    std::string text = "\"" + response.query + "\"\n";
    for (const SearchWarning &warning : response.warnings)
        text += "  note: " + warning.text + "\n";
    text += "  note: " + std::string(response.isReranked ? "re-ranked by parts; " : "")
            + response.rerankingNote + "\n";
    if (!response.line)
        text += "  note: no line for \"probably no match\": " + response.lineNote + "\n";
    for (const SearchHit &hit : response.hits) {
        if (response.line && response.line->above == hit.rank - 1)
            text += "  ------ probably no match below ------\n";
        char line[64];
        std::snprintf(line, sizeof line, "%4d  %.3f  ", hit.rank, hit.score);
        text += line + hit.path + "  (image " + std::to_string(hit.imageId) + ")\n";
        if (explain) {
            for (const Contribution &contribution : hit.contributions) {
                std::snprintf(line, sizeof line, "              %+.3f  ", contribution.value);
                text += std::string(line) + nameOf(contribution.kind);
                if (!contribution.text.empty())
                    text += ": \"" + contribution.text + "\"";
                if (!contribution.phrase.empty())
                    text += " by \"" + contribution.phrase + "\" (" + contribution.group + ")";
                text += "\n";
            }
            continue;
        }
        for (const PartMatch &part : hit.parts) {
            if (part.queryPhrase.empty())
                continue;
            char score[16];
            std::snprintf(score, sizeof score, "%.2f", part.score);
            text += "              " + part.group + ": \"" + part.phrase + "\" for \""
                    + part.queryPhrase + "\" " + score + "\n";
        }
    }
    return text;
}

[[noreturn]] void refuse(const std::string &option, const std::string &value,
                         const std::string &form)
{
    throw Error(ErrorKind::InvalidInput,
                option + " '" + value + "' cannot be read; write it as " + form);
}

std::int64_t imageNumber(const std::string &text, const std::string &option,
                         const std::string &value, const std::string &form)
{
    std::int64_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc() || end != text.data() + text.size() || text.empty())
        refuse(option, value, form);
    return id;
}

SearchExample exampleOf(const std::string &value, const std::string &option,
                        const std::string &form)
{
    const std::size_t colon = value.find(':');
    SearchExample example;
    example.imageId = imageNumber(value.substr(0, colon), option, value, form);
    if (colon != std::string::npos)
        example.group = value.substr(colon + 1);
    return example;
}

// "clothes=a red jacket*1.5"
QueryTerm partOf(const std::string &value)
{
    const std::size_t equals = value.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == value.size())
        refuse("--part", value, "GROUP=TEXT or GROUP=TEXT*WEIGHT");
    QueryTerm term;
    term.group = value.substr(0, equals);
    term.text = value.substr(equals + 1);
    const std::size_t star = term.text.rfind('*');
    if (star != std::string::npos) {
        const std::string weight = term.text.substr(star + 1);
        const auto [end, error] =
            std::from_chars(weight.data(), weight.data() + weight.size(), term.weight);
        if (error != std::errc() || end != weight.data() + weight.size() || term.weight < 0.0
            || term.weight > QueryTerm::kMaxWeight)
            refuse("--part", value, "GROUP=TEXT*WEIGHT with a weight from 0 to 2");
        term.text.resize(star);
    }
    return term;
}

// A part of the sentence with the same words is weighed; others are added.
void addPart(SearchQuery &query, const QueryTerm &term)
{
    for (QueryTerm &known : query.terms) {
        if (known.group == term.group && known.text == term.text) {
            known.weight = term.weight;
            known.negated = term.negated;
            return;
        }
    }
    query.terms.push_back(term);
}

SearchQuery queryOfArguments(const Arguments &arguments, const SearchSession *session,
                             const Taxonomy &taxonomy)
{
    SearchQuery query = session != nullptr && arguments.text.empty()
                            ? session->query
                            : queryOf(arguments.text, taxonomy);
    for (const std::string &text : arguments.denied) {
        std::vector<QueryTerm> terms = termsOf(text, taxonomy);
        if (terms.empty())
            throw Error(ErrorKind::InvalidInput,
                        "--not '" + text
                            + "' names no part of a person; use --part GROUP=TEXT and a sentence");
        for (QueryTerm &term : terms) {
            term.begin = term.end = 0;
            term.negated = true;
            addPart(query, term);
        }
    }
    for (const std::string &text : arguments.parts)
        addPart(query, partOf(text));
    if (!arguments.image.empty())
        query.imageFile = arguments.image;
    if (!arguments.like.empty())
        query.like = exampleOf(arguments.like, "--like", "ID or ID:GROUP, such as 12:clothes");
    if (query.hasExample() && (!arguments.image.empty() || !arguments.like.empty()))
        query.exampleShare = arguments.share;
    for (const std::string &text : arguments.feedback) {
        const std::string form = "ID=+, ID=- or ID:GROUP=+, such as 12:clothes=-";
        const std::size_t equals = text.rfind('=');
        const std::string said = equals == std::string::npos ? "" : text.substr(equals + 1);
        if (said != "+" && said != "-")
            refuse("--feedback", text, form);
        const SearchExample example = exampleOf(text.substr(0, equals), "--feedback", form);
        query.feedback.push_back({example.imageId, example.group, said == "+"});
    }
    if (!arguments.filter.empty())
        query.filter = arguments.filter;
    if (arguments.reranking == "on" || arguments.reranking == "off")
        query.reranking = arguments.reranking == "on" ? Reranking::On : Reranking::Off;
    return query;
}

} // namespace

void addSearchVerb(CLI::App &app, Context &context)
{
    auto arguments = std::make_shared<Arguments>();
    auto *search = app.add_subcommand(
        "search", "Rank the people of a project by a description, a picture or both");
    search->add_option("DIR", arguments->folder, "Project folder")->required();
    search->add_option("TEXT", arguments->text,
                       "\"a woman in a red jacket without a hat\"; may be left out with --image, "
                       "--like, --part or --session");
    search->add_option("--top", arguments->top, "How many hits; 0 = all")
        ->check(CLI::Range(0, 100000000))
        ->capture_default_str();
    auto *image = search->add_option("--image", arguments->image, "A picture to look alike");
    search
        ->add_option("--like", arguments->like,
                     "An image of the project to look alike, or one part of it: ID or ID:GROUP")
        ->excludes(image);
    search
        ->add_option("--share", arguments->share,
                     "How much the picture counts beside the text, 0 to 1")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    search->add_option("--not", arguments->denied, "A part that must not be there: \"a hat\"")
        ->allow_extra_args(false);
    search
        ->add_option("--part", arguments->parts,
                     "A part with its weight from 0 to 2: \"clothes=a red jacket*1.5\"")
        ->allow_extra_args(false);
    search
        ->add_option("--feedback", arguments->feedback,
                     "A judged hit, or a part of it: 12=+, 15=-, 12:clothes=+")
        ->allow_extra_args(false);
    search->add_option("--filter", arguments->filter,
                       "Only among these: the filter language of the gallery");
    search
        ->add_option("--rerank", arguments->reranking,
                     "Re-rank by parts: on, off, or auto, as measured for the model")
        ->check(CLI::IsMember({"auto", "on", "off"}));
    search->add_flag("--explain", arguments->explain,
                     "What each piece of the query did to the score of each hit");
    search->add_flag("--approximate", arguments->approximate,
                     "Look into the approximate index that `sapsam index` builds");
    search->add_option("--session", arguments->session,
                       "Reopen a saved search (*.sapsamq) and say what changed");
    search->add_option("--save-session", arguments->saveSession, "Save the search (*.sapsamq)");
    search->add_option("--output", arguments->output,
                       "Write the ranking: a .csv, .html or .trec file");
    search->callback([&context, arguments] {
        context.verb = [&context, arguments] {
            ProjectStore store = ProjectStore::open(arguments->folder);
            std::optional<SearchSession> session;
            if (!arguments->session.empty())
                session = readSession(arguments->session);
            SearchRequest request;
            request.query = queryOfArguments(*arguments, session ? &*session : nullptr,
                                             searchTaxonomy(store));
            request.top = arguments->top;
            request.approximate = arguments->approximate;
            if (session)
                request.top = std::max(request.top, static_cast<int>(session->results.size()));
            if (arguments->explain || !arguments->output.empty())
                request.explainTop = request.top == 0 ? 100000000 : request.top;
            Engines engines(context.modelsFolder, context.engine);
            Searcher searcher(store, engines);
            const SearchResponse response = searcher.search(request);
            if (!arguments->output.empty())
                exportRanking(store, response, rankingFormatOf(arguments->output),
                              arguments->output, context.cancel, context.progress);
            if (!arguments->saveSession.empty())
                writeSession(arguments->saveSession, sessionOf(store, response));
            Answer answer{jsonOf(response, arguments->explain),
                          textOf(response, arguments->explain), Done};
            if (session) {
                const std::vector<std::string> changes = changesSince(*session, store, response);
                answer.json["changes"] = changes;
                answer.text += changes.empty() ? "the ranking is as it was saved\n" : "";
                for (const std::string &change : changes)
                    answer.text += "changed: " + change + "\n";
            }
            return answer;
        };
    });

    auto *index = app.add_subcommand("index", "Build the approximate index of a large project");
    auto folder = std::make_shared<std::string>();
    index->add_option("DIR", *folder, "Project folder")->required();
    index->callback([&context, folder] {
        context.verb = [&context, folder] {
            ProjectStore store = ProjectStore::open(*folder);
            Engines engines(context.modelsFolder, context.engine);
            Searcher searcher(store, engines);
            const int lists = searcher.buildIndex(context.cancel, context.progress);
            Answer answer{{{"lists", lists}, {"cancelled", context.cancel.isCancelled()}},
                          std::to_string(lists) + " lists\n",
                          context.cancel.isCancelled() ? CancelledByUser : Done};
            return answer;
        };
    });
}

} // namespace sapsam::cli
