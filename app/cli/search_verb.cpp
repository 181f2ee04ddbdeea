#include "app/cli/context.h"
#include "core/pipeline/searcher.h"

#include <cstdio>
#include <memory>

namespace sapsam::cli {

namespace {

OrderedJson jsonOf(const SearchResponse &response)
{
    OrderedJson results = OrderedJson::array();
    for (const SearchHit &hit : response.hits) {
        OrderedJson parts = OrderedJson::array();
        for (const PartMatch &part : hit.parts)
            parts.push_back({{"group", part.group},
                             {"phrase", part.phrase},
                             {"query", part.queryPhrase},
                             {"score", part.score}});
        results.push_back({{"rank", hit.rank},
                           {"image", hit.imageId},
                           {"path", hit.path},
                           {"score", hit.score},
                           {"parts", std::move(parts)}});
    }
    OrderedJson understood = OrderedJson::array();
    for (const QueryPart &part : response.parts)
        understood.push_back({{"group", part.group}, {"text", part.text}});
    return {{"query", response.query},
            {"model", {{"name", response.modelName}, {"sha256", response.modelHash}}},
            {"understood", std::move(understood)},
            {"warnings", response.warnings},
            {"seconds", {{"encode", response.encodeSeconds}, {"rank", response.rankSeconds}}},
            {"results", std::move(results)}};
}

std::string textOf(const SearchResponse &response)
{
    std::string text = "\"" + response.query + "\"\n";
    for (const std::string &warning : response.warnings)
        text += "  note: " + warning + "\n";
    for (const SearchHit &hit : response.hits) {
        char line[64];
        std::snprintf(line, sizeof line, "%4d  %.3f  ", hit.rank, hit.score);
        text += line + hit.path + "  (image " + std::to_string(hit.imageId) + ")\n";
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

} // namespace

void addSearchVerb(CLI::App &app, Context &context)
{
    auto folder = std::make_shared<std::string>();
    auto request = std::make_shared<SearchRequest>();
    auto *search = app.add_subcommand("search", "Rank the people of a project by a description");
    search->add_option("DIR", *folder, "Project folder")->required();
    search->add_option("TEXT", request->text, "\"a woman in a red jacket and blue jeans\"")
        ->required();
    search->add_option("--top", request->top, "How many hits; 0 = all")
        ->check(CLI::Range(0, 100000000))
        ->capture_default_str();
    search->callback([&context, folder, request] {
        context.verb = [&context, folder, request] {
            ProjectStore store = ProjectStore::open(*folder);
            Engines engines(context.modelsFolder, context.engine);
            Searcher searcher(store, engines);
            const SearchResponse response = searcher.search(*request);
            return Answer{jsonOf(response), textOf(response), Done};
        };
    });
}

} // namespace sapsam::cli
