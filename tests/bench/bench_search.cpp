// bench_search [PICTURES [FOLDER]]: makes a project of that many pictures with parts, phrases and
// made-up features of the shipped model's length (100,000 unless told; in FOLDER, where it is kept
// and used again), and searches it as the window does: by the cosine, re-ranked by parts, with
// something denied, after judgements. One JSON object on stdout; wall-clock milliseconds after the
// text was encoded, the median of several.
#include "core/base/random.h"
#include "core/pipeline/engines.h"
#include "core/pipeline/feature_paths.h"
#include "core/pipeline/searcher.h"
#include "core/search/feature_file.h"
#include "core/store/search_records.h"
#include "core/text/noun_phrases.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

using namespace sapsam;

namespace {

constexpr int kRounds = 7;

void addRow(FeatureTable &table, std::int64_t id, SeededRandom &random)
{
    std::vector<float> row(static_cast<std::size_t>(table.dimension));
    double square = 0.0;
    for (float &value : row) {
        value = static_cast<float>(random.uniform(-1.0, 1.0));
        square += static_cast<double>(value) * static_cast<double>(value);
    }
    table.ids.push_back(id);
    for (const float value : row)
        table.rows.push_back(value / static_cast<float>(std::sqrt(square)));
}

void makeProject(const std::string &folder, int count, const ModelInfo &model, int dimension)
{
    ProjectStore store = ProjectStore::create(folder);
    store.recordModel("bench", "person-sam", model.sha256, "none");
    store.recordTaxonomy("bench", "");
    SeededRandom random(17);
    const std::vector<std::string> colours{"black", "white", "grey", "red",   "orange", "yellow",
                                           "green", "blue",  "pink", "brown", "beige",  "purple"};
    const std::vector<std::string> kinds{"plain", "striped", "plaid", "long", "short", "dark"};
    constexpr int kAtOnce = 2000;
    for (int first = 0; first < count; first += kAtOnce) {
        store.transaction([&] {
            for (int number = first; number < std::min(count, first + kAtOnce); ++number) {
                ImageRecord record;
                record.path = "/data/img" + std::to_string(number) + ".jpg";
                record.sha256 = std::string(64, '0');
                record.width = 128;
                record.height = 384;
                const std::int64_t id = store.addImage(record).id;
                std::vector<RegionRecord> regions;
                for (const std::string &group : partGroups()) {
                    if (!random.chance(0.5))
                        continue;
                    RegionRecord region;
                    region.group = group;
                    region.width = 128;
                    region.height = 384;
                    regions.push_back(region);
                }
                store.replaceRegions(id, regions, model.sha256, "bench");
                for (const RegionRecord &region : store.regions(id)) {
                    PhraseRecord phrase;
                    phrase.regionId = region.id;
                    phrase.text =
                        "a " + random.pick(kinds) + " " + random.pick(colours) + " " + region.group;
                    phrase.templateVersion = "bench";
                    phrase.modelHash = model.sha256;
                    store.setPhrase(phrase);
                }
            }
        });
    }
    const auto empty = [&] {
        FeatureTable table;
        table.modelHash = model.sha256;
        table.dimension = dimension;
        return table;
    };
    FeatureTable pictures = empty();
    for (const std::int64_t id : store.imageIds())
        addRow(pictures, id, random);
    FeatureTable regions = empty();
    FeatureTable phrases = empty();
    std::set<std::string> known;
    for (const StoredPart &part : storedParts(store)) {
        addRow(regions, regionKey(part.imageId, part.group, part.maskHash), random);
        if (known.insert(part.phrase).second)
            addRow(phrases, phraseKey(part.phrase), random);
    }
    const std::string features = store.featuresFolder() + "/";
    writeFeatures(features + imageFeaturesName(model.sha256), pictures);
    writeFeatures(features + phraseFeaturesName(model.sha256), phrases);
    writeFeatures(features + regionFeaturesName(model.sha256), regions);
    EmbeddingSetRecord set;
    set.modelName = model.name;
    set.modelHash = model.sha256;
    set.dimension = dimension;
    set.count = count;
    set.file = "features/" + imageFeaturesName(model.sha256);
    store.recordEmbeddingSet(set);
}

} // namespace

int main(int argc, char **argv)
{
    const int count = argc > 1 ? std::max(1, std::atoi(argv[1])) : 100'000;
    const std::string base = argc > 2 ? argv[2] : std::filesystem::temp_directory_path().string();
    const std::string folder = base + "/bench-search-" + std::to_string(count) + ".sapsam";
    Engines engines(defaultModelsFolder(), {});
    Retriever &retriever = engines.retriever();
    if (!ProjectStore::isProject(folder))
        makeProject(folder, count, retriever.model(), retriever.dimension());
    ProjectStore store = ProjectStore::open(folder, ProjectStore::Access::ReadOnly);
    Searcher searcher(store, engines);
    SearchQuery plain = queryOf("a woman in a red jacket and blue jeans");
    plain.reranking = Reranking::Off;
    SearchQuery parts = plain;
    parts.reranking = Reranking::On;
    SearchQuery denied = queryOf("a woman in a red jacket without a bag");
    denied.reranking = Reranking::Off;
    SearchQuery judged = parts;
    judged.feedback = {{1, "", true}, {2, "", false}};
    const struct
    {
        const char *name;
        const SearchQuery *query;
    } questions[] = {
        {"cosine", &plain}, {"by_parts", &parts}, {"denied", &denied}, {"judged", &judged}};
    std::printf("{");
    for (const auto &question : questions) {
        std::vector<double> times;
        std::vector<double> explained;
        for (int round = 0; round <= kRounds; ++round) {
            SearchRequest request;
            request.query = *question.query;
            request.top = 50;
            request.remember = false;
            const SearchResponse response = searcher.search(request);
            if (round == 0)
                continue; // reads the features and encodes the text
            times.push_back(1e3 * (response.encodeSeconds + response.rankSeconds));
            explained.push_back(1e3 * response.explainSeconds);
        }
        std::sort(times.begin(), times.end());
        std::sort(explained.begin(), explained.end());
        std::printf("\"%s_ms\": %.1f, \"%s_best_ms\": %.1f, \"%s_explain_50_ms\": %.2f,\n ",
                    question.name, times[times.size() / 2], question.name, times.front(),
                    question.name, explained[explained.size() / 2]);
    }
    std::printf("\"pictures\": %d}\n", count);
    return 0;
}
