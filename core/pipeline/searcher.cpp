#include "core/pipeline/searcher.h"

#include "core/base/error.h"
#include "core/base/json_file.h"
#include "core/base/log.h"
#include "core/pipeline/feature_paths.h"
#include "core/search/ranking.h"
#include "core/text/noun_phrases.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <filesystem>
#include <unordered_map>

namespace sapsam {

namespace fs = std::filesystem;

namespace {

// More hits than this are named by reading all images at once.
constexpr std::size_t kFewHits = 256;
// Hits that the history keeps of a search.
constexpr std::size_t kRememberedHits = 100;

double secondsSince(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

bool isBlank(const std::string &text)
{
    return std::all_of(text.begin(), text.end(),
                       [](unsigned char c) { return std::isspace(c) != 0; });
}

} // namespace

struct Searcher::Private
{
    Private(ProjectStore &store_, Engines &engines_) : store(store_), engines(engines_) {}

    ProjectStore &store;
    Engines &engines;

    FeatureTable images;
    fs::file_time_type imagesTime;
    std::string imagesPath;
    FeatureTable phrases;
    fs::file_time_type phrasesTime;
    std::string phrasesPath;
    std::unordered_map<std::int64_t, std::size_t> phraseRow;      // key of the wording → row
    std::unordered_map<std::string, std::vector<float>> embedded; // wordings embedded on the way

    // Query parts of the last search with their embeddings.
    struct AskedPart
    {
        QueryPart part;
        std::vector<float> values;
    };
    std::vector<AskedPart> asked;

    static fs::file_time_type timeOf(const std::string &path)
    {
        std::error_code ignored;
        return fs::last_write_time(path, ignored);
    }

    // Reads what changed since the last search.
    EmbeddingSetRecord refresh(const ModelInfo &model)
    {
        const std::optional<EmbeddingSetRecord> set = store.embeddingSetOf(model.sha256);
        if (!set) {
            if (const auto other = store.currentEmbeddingSet())
                throw Error(ErrorKind::Mismatch,
                            "the project was embedded with the model '" + other->modelName + "' ("
                                + other->modelHash.substr(0, 12) + "), not with '" + model.name
                                + "' (" + model.sha256.substr(0, 12)
                                + "); run `sapsam embed` on the project");
            throw Error(ErrorKind::NotFound, "nothing is embedded in the project '" + store.folder()
                                                 + "' yet; run `sapsam embed` on it first");
        }
        const std::string path = store.folder() + "/" + set->file;
        const fs::file_time_type time = timeOf(path);
        if (path != imagesPath || time != imagesTime) {
            images = readFeatures(path, model.sha256);
            imagesPath = path;
            imagesTime = time;
        }
        readPhrases(model);
        return *set;
    }

    void readPhrases(const ModelInfo &model)
    {
        const std::string path = store.folder() + "/features/" + phraseFeaturesName(model.sha256);
        const fs::file_time_type time = timeOf(path);
        if (path == phrasesPath && time == phrasesTime)
            return;
        phrases = {};
        phraseRow.clear();
        embedded.clear();
        phrasesPath = path;
        phrasesTime = time;
        try {
            phrases = readFeatures(path, model.sha256);
        } catch (const Error &error) {
            // Only the reasons for a hit need them, and those can be computed on the way.
            if (error.kind() != ErrorKind::NotFound)
                logWarning(error.what());
        }
        for (std::size_t i = 0; i < phrases.ids.size(); ++i)
            phraseRow.emplace(phrases.ids[i], i);
    }

    const float *phraseValues(const std::string &text)
    {
        const auto row = phraseRow.find(phraseKey(text));
        if (row != phraseRow.end())
            return phrases.rows.data() + row->second * static_cast<std::size_t>(phrases.dimension);
        auto known = embedded.find(text);
        if (known == embedded.end())
            known = embedded.emplace(text, engines.retriever().embedText(text).values).first;
        return known->second.data();
    }

    // The history is a convenience: a search never fails because of it.
    void remember(const SearchResponse &response)
    {
        if (store.isReadOnly())
            return;
        Json parts = Json::array();
        for (const QueryPart &part : response.parts)
            parts.push_back({{"group", part.group}, {"text", part.text}});
        QueryRecord query;
        query.text = response.query;
        query.structure =
            Json{{"parts", std::move(parts)}}.dump(-1, ' ', false, Json::error_handler_t::replace);
        query.modelHash = response.modelHash;
        std::vector<std::int64_t> ids;
        std::vector<float> scores;
        for (const SearchHit &hit : response.hits) {
            if (ids.size() == kRememberedHits)
                break;
            ids.push_back(hit.imageId);
            scores.push_back(static_cast<float>(hit.score));
        }
        try {
            store.addQuery(query, ids, scores);
        } catch (const Error &error) {
            logDebug(std::string("the search was not kept: ") + error.what());
        }
    }

    std::vector<PartMatch> explain(std::int64_t imageId)
    {
        std::unordered_map<std::int64_t, std::string> phraseOf;
        for (PhraseRecord &phrase : store.phrases(imageId))
            phraseOf.emplace(phrase.regionId, std::move(phrase.text));
        std::vector<PartMatch> matches;
        for (const RegionRecord &region : store.regions(imageId)) {
            PartMatch match;
            match.group = region.group;
            const auto phrase = phraseOf.find(region.id);
            if (phrase != phraseOf.end())
                match.phrase = phrase->second;
            for (const AskedPart &part : asked) {
                if (part.part.group != region.group || match.phrase.empty())
                    continue;
                const double score = static_cast<double>(
                    dotProduct(part.values.data(), phraseValues(match.phrase), images.dimension));
                if (match.queryPhrase.empty() || score > match.score) {
                    match.queryPhrase = part.part.text;
                    match.score = score;
                }
            }
            matches.push_back(std::move(match));
        }
        return matches;
    }
};

Searcher::Searcher(ProjectStore &store, Engines &engines)
    : d(std::make_unique<Private>(store, engines))
{
}

Searcher::~Searcher() = default;

SearchResponse Searcher::search(const SearchRequest &request)
{
    if (isBlank(request.text))
        throw Error(
            ErrorKind::InvalidInput,
            "the description is empty; say what the person looks like, such as \"a woman in a red "
            "jacket and blue jeans\"");
    Retriever &retriever = d->engines.retriever();
    const ModelInfo &model = retriever.model();

    SearchResponse response;
    response.query = request.text;
    response.modelName = model.name;
    response.modelHash = model.sha256;
    for (const NounPhrase &phrase : parseQuery(request.text)) {
        if (!phrase.negated && !phrase.group.empty())
            response.parts.push_back({phrase.group, phrase.text});
    }

    const EmbeddingSetRecord set = d->refresh(model);
    const auto encodeStart = std::chrono::steady_clock::now();
    std::vector<std::string> texts{request.text};
    for (const QueryPart &part : response.parts)
        texts.push_back(part.text);
    const std::vector<TextEmbedding> embeddings = retriever.embedTexts(texts);
    response.encodeSeconds = secondsSince(encodeStart);

    d->asked.clear();
    for (std::size_t i = 0; i < response.parts.size(); ++i)
        d->asked.push_back({response.parts[i], embeddings.at(i + 1).values});
    if (embeddings.at(0).truncated)
        response.warnings.push_back("the description has " + std::to_string(embeddings[0].tokens)
                                    + " tokens, the model reads "
                                    + std::to_string(retriever.contextLength())
                                    + ": the end was left out, shorten it");
    if (response.parts.empty())
        response.warnings.emplace_back("no garment or other part of a person was recognised in the "
                                       "description; it is compared as a whole");
    const std::int64_t missing = d->store.imageCount() - set.count;
    if (missing > 0)
        response.warnings.push_back(
            std::to_string(missing)
            + " images are not embedded and cannot be found; run `sapsam embed`");

    const auto rankStart = std::chrono::steady_clock::now();
    const std::vector<RankedImage> ranked =
        rankByCosine(d->images, embeddings[0].values, request.top);
    std::unordered_map<std::int64_t, std::string> paths;
    if (ranked.size() > kFewHits) {
        for (const ImageRecord &image : d->store.images())
            paths.emplace(image.id, d->store.picturePath(image));
    }
    response.hits.reserve(ranked.size());
    for (const RankedImage &image : ranked) {
        SearchHit hit;
        hit.imageId = image.imageId;
        hit.score = static_cast<double>(image.score);
        const auto path = paths.find(image.imageId);
        if (path != paths.end()) {
            hit.path = path->second;
        } else {
            try {
                hit.path = d->store.picturePath(d->store.image(image.imageId));
            } catch (const Error &error) {
                if (error.kind() != ErrorKind::NotFound)
                    throw;
                continue; // removed from the project since it was embedded
            }
        }
        hit.rank = static_cast<int>(response.hits.size()) + 1;
        if (hit.rank <= request.explainTop)
            hit.parts = d->explain(hit.imageId);
        response.hits.push_back(std::move(hit));
    }
    response.rankSeconds = secondsSince(rankStart);
    d->remember(response);
    return response;
}

std::vector<PartMatch> Searcher::explain(std::int64_t imageId)
{
    return d->explain(imageId);
}

} // namespace sapsam
