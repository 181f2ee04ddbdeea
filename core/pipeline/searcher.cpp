#include "core/pipeline/searcher.h"

#include "core/base/error.h"
#include "core/base/json_file.h"
#include "core/base/log.h"
#include "core/base/resources.h"
#include "core/base/shares.h"
#include "core/image/codec.h"
#include "core/pipeline/feature_paths.h"
#include "core/pipeline/part_prompts.h"
#include "core/pipeline/query_filter.h"
#include "core/search/half_float.h"
#include "core/search/half_kernels.h"
#include "core/search/ranking.h"
#include "core/search/vector_index.h"
#include "core/store/search_records.h"
#include "core/store/taxonomy_versions.h"
#include "core/text/query_parser.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

namespace sapsam {

namespace fs = std::filesystem;

namespace {

// More hits than this are named by reading all images at once.
constexpr std::size_t kFewHits = 2000;
// Hits that the history keeps of a search.
constexpr std::size_t kRememberedHits = 100;
// Embeddings of texts that are kept for the next search.
constexpr std::size_t kKeptTexts = 4096;
// Wordings that were written after embedding and are embedded on the way.
constexpr std::size_t kLateWordings = 256;
constexpr int kApproximateCandidates = 2000;
// Pictures and regions that means and deviations are taken of, at most twice as many.
constexpr std::size_t kSample = 8192;
constexpr double kNoSpread = 1e-6;
constexpr std::size_t kMatched = 20'000; // pictures that ELCA's head looks at
constexpr std::size_t kKeptOdds = 64;    // phrases whose answers are kept for the next search
constexpr std::size_t kPortion = 10'000; // pictures that are worth a thread
constexpr double kRampLow = 0.6;
constexpr double kRampHigh = 0.9;
const std::string kNobody = "a person"; // what is left when every part is left out

double secondsSince(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

bool isBlank(const std::string &text)
{
    return std::all_of(text.begin(), text.end(),
                       [](unsigned char c) { return std::isspace(c) != 0; });
}

void addScaled(std::vector<float> &to, const std::vector<float> &what, double factor)
{
    for (std::size_t i = 0; i < to.size(); ++i)
        to[i] += static_cast<float>(factor) * what[i];
}

std::vector<float> difference(const std::vector<float> &a, const std::vector<float> &b)
{
    std::vector<float> result = a;
    addScaled(result, b, -1.0);
    return result;
}

void normalise(std::vector<float> &values)
{
    double square = 0.0;
    for (const float value : values)
        square += static_cast<double>(value) * static_cast<double>(value);
    if (square > 0.0) {
        const auto factor = static_cast<float>(1.0 / std::sqrt(square));
        for (float &value : values)
            value *= factor;
    }
}

// In double: explanations take differences of such sums.
double dotExactly(const std::uint16_t *row, const std::vector<float> &values)
{
    std::vector<float> wide(values.size());
    floatFromHalf(row, wide.data(), wide.size());
    double sum = 0.0;
    for (std::size_t i = 0; i < wide.size(); ++i)
        sum += static_cast<double>(wide[i]) * static_cast<double>(values[i]);
    return sum;
}

double weightOf(const QueryTerm &term)
{
    return term.enabled ? term.weight : 0.0;
}

// The plain word of a group: who denies it denies whatever is there.
bool namesWholeGroup(const std::string &word, const std::string &group)
{
    return word == group || word + "s" == group || word == group + "s"
           || (group == "pants" && word == "trousers")
           || (group == "clothes" && (word == "clothing" || word == "garment"));
}

using Warned = SearchWarning::Kind;

void warn(SearchResponse &response, Warned kind, std::vector<std::string> values)
{
    const auto text = [&]() -> std::string {
        switch (kind) {
        case Warned::CutOff:
            return "the description has " + values.at(0) + " tokens, the model reads "
                   + values.at(1) + ": the end was left out, shorten it";
        case Warned::NoGroup:
            return "the merges of the project have no part for \"" + values.at(0) + "\" ("
                   + values.at(1) + "); only the words count";
        case Warned::Merges:
            return values.at(0);
        case Warned::NoPart:
            return "no garment or other part of a person was recognised in the description; it is "
                   "compared as a whole";
        case Warned::UnknownWords: {
            std::string words;
            for (const std::string &word : values)
                words += (words.empty() ? "\"" : ", \"") + word + "\"";
            return "the model does not know " + words + "; it guesses from pieces of "
                   + (values.size() == 1 ? "the word" : "the words");
        }
        case Warned::NothingToDeny:
            return "no part has been found on any picture, so nothing can be denied; run `sapsam "
                   "segment` and `sapsam phrase`";
        case Warned::LatePhrases:
            return values.at(0)
                   + " phrases were written after embedding and do not count; run `sapsam embed`";
        case Warned::NotEmbedded:
            return values.at(0)
                   + " images are not embedded and cannot be found; run `sapsam embed`";
        }
        return {};
    }();
    response.warnings.push_back({kind, std::move(values), text});
}

fs::file_time_type timeOf(const std::string &path)
{
    std::error_code ignored;
    return fs::last_write_time(path, ignored);
}

// Every how many of them are taken.
std::size_t strideOf(std::size_t count)
{
    return std::max<std::size_t>(1, count / kSample);
}

// Mean and deviation of some numbers.
struct Spread
{
    double sum = 0.0;
    double squares = 0.0;
    std::int64_t count = 0;

    void add(double value)
    {
        sum += value;
        squares += value * value;
        ++count;
    }
    double mean() const { return count > 0 ? sum / static_cast<double>(count) : 0.0; }
    double deviation() const
    {
        const double average = mean();
        return count > 1 ? std::sqrt(
                   std::max(0.0, squares / static_cast<double>(count) - average * average))
                         : 0.0;
    }
};

// A cosine in units of the gallery: scale · (cosine − mean).
struct Standard
{
    double mean = 0.0;
    double scale = 0.0;

    double of(double cosine) const { return scale * (cosine - mean); }
};

Standard standardOf(const Spread &spread, double weight)
{
    const double deviation = spread.deviation();
    return {spread.mean(), deviation > kNoSpread ? weight / deviation : 0.0};
}

// A feature file that is mapped again when it changes.
struct WatchedFeatures
{
    std::unique_ptr<MappedFeatures> features;
    std::string path;
    fs::file_time_type time;
    std::unordered_map<std::int64_t, std::size_t> rowOf;

    // Returns whether it was read anew.
    bool refresh(const std::string &newPath, const std::string &modelHash)
    {
        const fs::file_time_type newTime = timeOf(newPath);
        if (features && path == newPath && time == newTime)
            return false;
        features.reset();
        rowOf.clear();
        features = std::make_unique<MappedFeatures>(newPath, modelHash);
        path = newPath;
        time = newTime;
        const HalfRows &rows = features->rows();
        rowOf.reserve(rows.count);
        for (std::size_t i = 0; i < rows.count; ++i)
            rowOf.emplace(rows.ids[i], i);
        return true;
    }

    const std::uint16_t *find(std::int64_t id) const
    {
        const auto row = rowOf.find(id);
        return row == rowOf.end() || !features ? nullptr : features->rows().row(row->second);
    }
    std::vector<float> floats(const std::uint16_t *row) const
    {
        std::vector<float> values(static_cast<std::size_t>(features->rows().dimension));
        floatFromHalf(row, values.data(), values.size());
        return values;
    }
};

} // namespace

struct Searcher::Private
{
    Private(ProjectStore &store_, Engines &engines_) : store(store_), engines(engines_) {}

    // A region of the gallery.
    struct Part
    {
        std::int64_t regionId = 0;
        int group = 0;
        int wording = -1;                      // of its phrase; -1 without
        const std::uint16_t *pixels = nullptr; // its embedding; null when there is none
    };
    // Regions of one picture: [first, last) of parts.
    struct Range
    {
        std::size_t first = 0;
        std::size_t last = 0;
    };

    // One piece of the query with all it takes to score a picture without looking at the others.
    struct AskedTerm
    {
        int index = 0; // of the query's terms
        QueryTerm term;
        std::vector<int> groups;             // that answer it
        std::vector<std::string> groupNames; // by which all of them is meant
        bool isBare = false;
        std::string colour;
        std::vector<float> values;        // of the part's words
        std::vector<float> effect;        // what leaving it out takes from the vector of pictures
        std::vector<float> wordingScores; // cosine of its words and each wording
        Standard byPhrase;                // what that is worth when re-ranking
        Standard byRegion;
        Standard byMatch;
        const std::vector<float> *odds = nullptr; // of ELCA's head by row; NaN where not looked at

        bool isAnsweredBy(int group) const
        {
            return std::find(groups.begin(), groups.end(), group) != groups.end();
        }
    };
    struct AskedPart // an example, or a judged part
    {
        int group = -1;
        std::vector<float> values;
        double weight = 0.0;
        bool isFeedback = false;
    };
    struct Plan
    {
        SearchQuery query;
        std::vector<float> whole; // all that is linear in the picture's vector
        std::vector<float> text;  // of the description as it is said, whatever is switched off
        std::vector<AskedTerm> terms;
        std::vector<AskedPart> partExamples;
        std::unordered_set<std::int64_t> rejected;
        std::vector<float> exampleEffect;  // empty: no example, or nothing but it
        std::vector<float> feedbackEffect; // empty: nothing was judged
        std::string exampleName;
        double spread = 0.0; // deviation of the described text's cosine over the gallery
        bool hasText = false;
        bool isReranked = false;
        bool needsParts = false; // something is scored by region
    };

    ProjectStore &store;
    Engines &engines;
    ScoreWeights weights;
    std::optional<ScoreWeights> forced;

    WatchedFeatures images;
    std::vector<float> galleryMean; // of the pictures' vectors
    WatchedFeatures lengths;        // of the pictures' vectors, for ELCA's head
    WatchedFeatures phrases;
    WatchedFeatures regions;
    std::unordered_map<std::string, std::vector<float>> oddsOf; // of ELCA's head, by phrase
    std::unordered_map<std::string, std::vector<float>> texts; // embedded ones
    std::string textsModel;
    std::unordered_map<std::string, TextEmbedding> textFacts;

    Taxonomy taxonomy; // the project's merges
    std::string taxonomySetting = "unread";
    std::string taxonomyProblem; // why the default merges stand in for them

    std::int64_t partsVersion = -1;
    std::vector<Part> parts;
    std::vector<std::vector<std::uint32_t>> partsOfGroup; // by group, of parts
    std::vector<std::string> groups;
    std::vector<std::string> wordings;
    std::vector<const std::uint16_t *> wordingRows;
    std::vector<std::vector<std::uint16_t>> lateRows;
    std::unordered_map<std::int64_t, Range> rangeOf;
    std::vector<Range> rangeOfRow; // by row of the image features
    std::size_t lateWordings = 0;  // that could not be embedded on the way

    std::unique_ptr<VectorIndex> index;
    fs::file_time_type indexTime;
    std::string indexPath;

    Plan plan;

    int groupIndex(const std::string &group)
    {
        const auto found = std::find(groups.begin(), groups.end(), group);
        if (found != groups.end())
            return static_cast<int>(found - groups.begin());
        groups.push_back(group);
        return static_cast<int>(groups.size()) - 1;
    }

    // The merges say which group answers "a jacket".
    const Taxonomy &refreshTaxonomy()
    {
        std::string setting = store.setting(kCurrentTaxonomyKey);
        if (setting == taxonomySetting)
            return taxonomy;
        taxonomySetting = std::move(setting);
        taxonomy = searchTaxonomy(store, &taxonomyProblem);
        return taxonomy;
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
        if (textsModel != model.sha256) {
            texts.clear();
            textFacts.clear();
            textsModel = model.sha256;
        }
        const bool newImages = images.refresh(store.folder() + "/" + set->file, model.sha256);
        if (newImages)
            readGalleryMean();
        const std::string folder = store.folder() + "/features/";
        const bool newLengths =
            refreshOptional(lengths, folder + imageLengthsName(model.sha256), model.sha256);
        if (newImages || newLengths)
            oddsOf.clear();
        const bool newPhrases =
            refreshOptional(phrases, folder + phraseFeaturesName(model.sha256), model.sha256);
        const bool newRegions =
            refreshOptional(regions, folder + regionFeaturesName(model.sha256), model.sha256);
        const std::int64_t version = contentVersion(store);
        if (newImages || newPhrases || newRegions || version != partsVersion) {
            readParts();
            partsVersion = version;
        }
        return *set;
    }

    // Only parts need them: a search goes on without.
    static bool refreshOptional(WatchedFeatures &watched, const std::string &path,
                                const std::string &modelHash)
    {
        const bool wasThere = watched.features != nullptr;
        try {
            return watched.refresh(path, modelHash);
        } catch (const Error &error) {
            if (error.kind() != ErrorKind::NotFound)
                logWarning(error.what());
            watched.features.reset();
            watched.rowOf.clear();
            return wasThere;
        }
    }

    void readGalleryMean()
    {
        const HalfRows &rows = images.features->rows();
        std::vector<double> sum(static_cast<std::size_t>(rows.dimension), 0.0);
        std::vector<float> wide(sum.size());
        const std::size_t stride = strideOf(rows.count);
        for (std::size_t row = 0; row < rows.count; row += stride) {
            floatFromHalf(rows.row(row), wide.data(), wide.size());
            for (std::size_t i = 0; i < wide.size(); ++i)
                sum[i] += static_cast<double>(wide[i]);
        }
        const auto taken = static_cast<double>((rows.count + stride - 1) / stride);
        galleryMean.assign(sum.size(), 0.0F);
        for (std::size_t i = 0; i < sum.size(); ++i)
            galleryMean[i] = static_cast<float>(sum[i] / std::max(1.0, taken));
    }

    void readParts()
    {
        parts.clear();
        partsOfGroup.clear();
        groups.clear();
        wordings.clear();
        wordingRows.clear();
        lateRows.clear();
        rangeOf.clear();
        lateWordings = 0;
        std::unordered_map<std::string, int> known;
        for (StoredPart &stored : storedParts(store)) {
            Part part;
            part.regionId = stored.regionId;
            part.group = groupIndex(stored.group);
            part.pixels = regions.find(regionKey(stored.imageId, stored.group, stored.maskHash));
            if (!stored.phrase.empty()) {
                const auto [entry, isNew] =
                    known.emplace(stored.phrase, static_cast<int>(wordings.size()));
                if (isNew) {
                    wordings.push_back(stored.phrase);
                    wordingRows.push_back(phrases.find(phraseKey(stored.phrase)));
                }
                part.wording = entry->second;
            }
            Range &range =
                rangeOf.emplace(stored.imageId, Range{parts.size(), parts.size()}).first->second;
            partsOfGroup.resize(std::max(partsOfGroup.size(), groups.size()));
            partsOfGroup[static_cast<std::size_t>(part.group)].push_back(
                static_cast<std::uint32_t>(parts.size()));
            parts.push_back(part);
            range.last = parts.size();
        }
        const HalfRows &rows = images.features->rows();
        rangeOfRow.assign(rows.count, {});
        for (std::size_t i = 0; i < rows.count; ++i) {
            const auto found = rangeOf.find(rows.ids[i]);
            if (found != rangeOf.end())
                rangeOfRow[i] = found->second;
        }
    }

    // Wordings that were written since the project was embedded.
    void embedLateWordings()
    {
        std::vector<std::string> missing;
        std::vector<std::size_t> places;
        for (std::size_t i = 0; i < wordings.size(); ++i) {
            if (wordingRows[i] != nullptr)
                continue;
            if (missing.size() == kLateWordings) {
                ++lateWordings;
                continue;
            }
            missing.push_back(wordings[i]);
            places.push_back(i);
        }
        if (missing.empty())
            return;
        lateWordings = 0;
        const std::vector<std::vector<float>> values = embed(missing);
        lateRows.reserve(lateRows.size() + values.size());
        for (std::size_t i = 0; i < values.size(); ++i) {
            std::vector<std::uint16_t> half(values[i].size());
            halfFromFloat(values[i].data(), half.data(), half.size());
            lateRows.push_back(std::move(half));
            wordingRows[places[i]] = lateRows.back().data();
        }
    }

    std::vector<std::vector<float>> embed(const std::vector<std::string> &wanted)
    {
        std::vector<std::string> todo;
        for (const std::string &text : wanted) {
            if (texts.count(text) == 0 && std::find(todo.begin(), todo.end(), text) == todo.end())
                todo.push_back(text);
        }
        if (texts.size() + todo.size() > kKeptTexts) {
            texts.clear();
            textFacts.clear();
            todo = wanted;
            std::sort(todo.begin(), todo.end());
            todo.erase(std::unique(todo.begin(), todo.end()), todo.end());
        }
        if (!todo.empty()) {
            std::vector<TextEmbedding> embedded = engines.retriever().embedTexts(todo);
            for (std::size_t i = 0; i < todo.size(); ++i) {
                texts[todo[i]] = std::move(embedded[i].values);
                embedded[i].values.clear();
                textFacts[todo[i]] = std::move(embedded[i]);
            }
        }
        std::vector<std::vector<float>> values;
        values.reserve(wanted.size());
        for (const std::string &text : wanted)
            values.push_back(texts.at(text));
        return values;
    }

    std::vector<float> pictureVector(std::int64_t imageId)
    {
        const std::uint16_t *row = images.find(imageId);
        if (row == nullptr)
            throw Error(ErrorKind::NotFound, "image " + std::to_string(imageId)
                                                 + " is not in the project or not embedded yet; "
                                                   "run `sapsam embed`");
        return images.floats(row);
    }

    std::vector<float> partVector(std::int64_t imageId, const std::string &group)
    {
        const auto range = rangeOf.find(imageId);
        if (range != rangeOf.end()) {
            bool isThere = false;
            for (std::size_t i = range->second.first; i < range->second.last; ++i) {
                if (groups[static_cast<std::size_t>(parts[i].group)] != group)
                    continue;
                isThere = true;
                if (parts[i].pixels != nullptr)
                    return regions.floats(parts[i].pixels);
            }
            if (isThere)
                throw Error(ErrorKind::NotFound, "the parts of image " + std::to_string(imageId)
                                                     + " are not embedded; run `sapsam embed` on "
                                                       "the project");
        }
        throw Error(ErrorKind::InvalidInput,
                    "image " + std::to_string(imageId) + " has no part '" + group + "'");
    }

    // The largest cosine with the regions of the group; 0 without any.
    double likeness(const AskedPart &asked, const Range &range) const
    {
        double best = 0.0;
        bool found = false;
        for (std::size_t i = range.first; i < range.last; ++i) {
            if (parts[i].group != asked.group || parts[i].pixels == nullptr)
                continue;
            const auto score = static_cast<double>(
                dotHalf(parts[i].pixels, asked.values.data(), asked.values.size()));
            best = found ? std::max(best, score) : score;
            found = true;
        }
        return best;
    }

    double deniedDegree(const AskedTerm &asked, const Part &part) const
    {
        if (part.wording < 0)
            return asked.isBare ? 1.0 : 0.0;
        const std::string &phrase = wordings[static_cast<std::size_t>(part.wording)];
        if (asked.isBare) {
            const std::vector<std::string> words = plainWords(asked.term.text);
            if (words.empty()
                || std::any_of(asked.groupNames.begin(), asked.groupNames.end(),
                               [&](const std::string &group) {
                                   return namesWholeGroup(words.back(), group);
                               }))
                return 1.0;
            const std::vector<std::string> said = plainWords(phrase);
            if (std::find(said.begin(), said.end(), words.back()) != said.end())
                return 1.0;
        } else if (!asked.colour.empty()) {
            const std::string said = colourOfPhrase(phrase);
            if (!said.empty())
                return said == asked.colour ? 1.0 : 0.0;
        }
        const double score =
            static_cast<double>(asked.wordingScores[static_cast<std::size_t>(part.wording)]);
        return std::clamp((score - kRampLow) / (kRampHigh - kRampLow), 0.0, 1.0);
    }

    // "a scarf" says nothing but the group, where the merges have one for scarves.
    static bool namesOwnGroup(const AskedTerm &asked)
    {
        const std::vector<std::string> words = plainWords(asked.term.text);
        return !words.empty() && words.size() <= 2
               && std::any_of(asked.groupNames.begin(), asked.groupNames.end(),
                              [&](const std::string &group) {
                                  return namesWholeGroup(words.back(), group);
                              })
               && (words.size() == 1 || words.front() == "a" || words.front() == "an"
                   || words.front() == "the" || words.front() == "any");
    }

    // How well a region answers a part, compared with others; 0 when re-ranking is off.
    double standing(const AskedTerm &asked, const Part &part) const
    {
        double sum = 0.0;
        if (part.wording >= 0 && wordingRows[static_cast<std::size_t>(part.wording)] != nullptr)
            sum += asked.byPhrase.of(
                static_cast<double>(asked.wordingScores[static_cast<std::size_t>(part.wording)]));
        if (asked.byRegion.scale != 0.0 && part.pixels != nullptr)
            sum += asked.byRegion.of(static_cast<double>(
                dotHalf(part.pixels, asked.values.data(), asked.values.size())));
        return sum;
    }

    // What one term adds to the score by the parts of a picture, and the region that decides.
    double termScore(const AskedTerm &asked, std::size_t row, int *decisive = nullptr) const
    {
        const Range &range = rangeOfRow[row];
        const double weight = weightOf(asked.term);
        double best = 0.0;
        double answer = -std::numeric_limits<double>::infinity();
        for (std::size_t i = range.first; i < range.last; ++i) {
            const Part &part = parts[i];
            if (!asked.isAnsweredBy(part.group))
                continue;
            double score = 0.0;
            if (asked.term.negated) {
                score = deniedDegree(asked, part);
            } else {
                score = standing(asked, part);
            }
            if (score > answer) {
                answer = score;
                best = score;
                if (decisive != nullptr)
                    *decisive = static_cast<int>(i);
            }
        }
        if (asked.term.negated)
            return best > 0.0 ? -weights.denied * weight * best : 0.0;
        if (!plan.isReranked)
            return 0.0;
        if (asked.odds != nullptr && !std::isnan((*asked.odds)[row]))
            best += asked.byMatch.of(static_cast<double>((*asked.odds)[row]));
        return weight * best;
    }

    double judgedPartScore(const Range &range, std::int64_t imageId) const
    {
        double sum = plan.rejected.count(imageId) != 0 ? -1.0 : 0.0;
        for (const AskedPart &asked : plan.partExamples) {
            if (asked.isFeedback)
                sum += asked.weight * likeness(asked, range);
        }
        return sum;
    }

    double exampleScore(const Range &range) const
    {
        double sum = 0.0;
        for (const AskedPart &asked : plan.partExamples) {
            if (!asked.isFeedback)
                sum += asked.weight * likeness(asked, range);
        }
        return sum;
    }

    // What is not linear in the picture's vector.
    double extraScore(std::size_t row) const
    {
        const Range &range = rangeOfRow[row];
        double sum = exampleScore(range) + judgedPartScore(range, images.features->rows().ids[row]);
        for (const AskedTerm &asked : plan.terms)
            sum += termScore(asked, row);
        return sum;
    }

    // Q of the header, with the weight of one term replaced by 0 (none: -1).
    static std::vector<float> descriptionVector(const std::vector<float> &whole,
                                                const std::vector<std::vector<float>> &effects,
                                                const std::vector<double> &termWeights, int without)
    {
        std::vector<float> query = whole;
        bool isPlain = true;
        for (std::size_t i = 0; i < effects.size(); ++i) {
            const double weight = static_cast<int>(i) == without ? 0.0 : termWeights[i];
            if (weight == 1.0)
                continue;
            addScaled(query, effects[i], weight - 1.0);
            isPlain = false;
        }
        if (!isPlain)
            normalise(query);
        return query;
    }

    void makePlan(const SearchQuery &query, bool isReranked, SearchResponse &response)
    {
        plan = {};
        plan.query = query;
        plan.isReranked = isReranked;
        const std::string text = encoderText(query.text, query.terms);
        const bool onlyDenied = text.empty() && !query.hasExample()
                                && std::any_of(query.terms.begin(), query.terms.end(),
                                               [](const QueryTerm &term) { return term.negated; });
        plan.hasText = !text.empty() || onlyDenied;
        const std::size_t dimension = static_cast<std::size_t>(images.features->rows().dimension);

        // All texts in one go.
        std::vector<std::string> wanted;
        if (plan.hasText)
            wanted.push_back(onlyDenied ? kNobody : text);
        std::vector<std::size_t> positive; // places in query.terms
        for (std::size_t i = 0; i < query.terms.size(); ++i) {
            if (query.terms[i].text.empty())
                continue;
            if (!query.terms[i].negated) {
                positive.push_back(i);
                std::string rest = encoderText(query.text, query.terms, i);
                wanted.push_back(rest.empty() ? kNobody : std::move(rest));
            }
            wanted.push_back(query.terms[i].text);
        }
        const std::vector<std::vector<float>> vectors = embed(wanted);
        if (plan.hasText) {
            const TextEmbedding &length = textFacts.at(wanted.front());
            if (length.truncated)
                warn(response, Warned::CutOff,
                     {std::to_string(length.tokens),
                      std::to_string(engines.retriever().contextLength())});
        }

        std::size_t next = plan.hasText ? 1 : 0;
        std::vector<std::vector<float>> effects;
        std::vector<double> termWeights;
        for (std::size_t i = 0; i < query.terms.size(); ++i) {
            const QueryTerm &term = query.terms[i];
            if (term.text.empty())
                continue;
            AskedTerm asked;
            asked.index = static_cast<int>(i);
            asked.term = term;
            asked.groupNames = groupsOfTerm(term, taxonomy);
            if (asked.groupNames.empty())
                asked.groupNames.push_back(term.group); // masks of earlier merges may be there
            for (const std::string &group : asked.groupNames)
                asked.groups.push_back(groupIndex(group));
            response.termGroups[i] = asked.groupNames;
            for (std::size_t k = asked.groups.size(); k-- > 0;)
                asked.groupNames.push_back(partWord(taxonomy, asked.groupNames[k]));
            if (term.group != asked.groupNames.front())
                asked.groupNames.push_back(term.group);
            asked.isBare = isBareNoun(term.text) || namesOwnGroup(asked);
            asked.colour = colourOfPhrase(term.text);
            if (!term.negated) {
                effects.push_back(difference(vectors.front(), vectors[next++]));
                termWeights.push_back(weightOf(term));
            }
            asked.values = vectors[next++];
            plan.terms.push_back(std::move(asked));
        }

        if (plan.isReranked && plan.hasText && !effects.empty()) {
            plan.text = vectors.front();
            Spread spread;
            const HalfRows &rows = images.features->rows();
            for (std::size_t row = 0; row < rows.count; row += strideOf(rows.count))
                spread.add(static_cast<double>(
                    dotHalf(rows.row(row), vectors.front().data(), vectors.front().size())));
            plan.spread = spread.deviation();
        }

        const double share = !query.hasExample() ? 0.0 : (plan.hasText ? query.exampleShare : 1.0);
        plan.whole.assign(dimension, 0.0F);
        if (plan.hasText) {
            const std::vector<float> full =
                descriptionVector(vectors.front(), effects, termWeights, -1);
            addScaled(plan.whole, full, 1.0 - share);
            int place = 0;
            for (AskedTerm &asked : plan.terms) {
                if (asked.term.negated)
                    continue;
                asked.effect = difference(
                    full, descriptionVector(vectors.front(), effects, termWeights, place++));
                for (float &value : asked.effect)
                    value *= static_cast<float>(1.0 - share);
            }
            if (query.hasExample()) {
                plan.exampleEffect.assign(dimension, 0.0F);
                addScaled(plan.exampleEffect, full, -share);
            }
        }
        addExample(query, share);
        addFeedback(query);

        plan.needsParts =
            !plan.partExamples.empty() || !plan.rejected.empty()
            || (plan.isReranked && !plan.terms.empty())
            || std::any_of(plan.terms.begin(), plan.terms.end(), [](const AskedTerm &asked) {
                   return asked.term.negated && weightOf(asked.term) > 0.0;
               });
    }

    // The plan with all that the scores need.
    void prepare(const SearchQuery &query, const std::optional<StoredCalibration> &stored,
                 SearchResponse &response)
    {
        weights = forced ? *forced : stored ? stored->weights : ScoreWeights();
        response.termGroups.resize(query.terms.size());
        const bool isReranked =
            query.reranking == Reranking::On
            || (query.reranking == Reranking::Auto && stored && stored->rerankByParts);
        makePlan(query, isReranked, response);
        scoreWordings();
        matchPhrases();
    }

    void addExample(const SearchQuery &query, double share)
    {
        if (!query.hasExample())
            return;
        std::vector<float> values;
        if (query.like && !query.like->group.empty()) {
            plan.exampleName =
                "image " + std::to_string(query.like->imageId) + ", " + query.like->group;
            plan.partExamples.push_back({groupIndex(query.like->group),
                                         partVector(query.like->imageId, query.like->group), share,
                                         false});
            return;
        }
        if (query.like) {
            plan.exampleName = "image " + std::to_string(query.like->imageId);
            values = pictureVector(query.like->imageId);
        } else {
            plan.exampleName = query.imageFile.substr(query.imageFile.rfind('/') + 1);
            values = engines.retriever().embedImages({readImage(query.imageFile)});
        }
        addScaled(plan.whole, values, share);
        if (!plan.exampleEffect.empty())
            addScaled(plan.exampleEffect, values, share);
    }

    void addFeedback(const SearchQuery &query)
    {
        int relevant = 0;
        int others = 0;
        for (const Judgement &judgement : query.feedback) {
            if (judgement.group.empty())
                ++(judgement.relevant ? relevant : others);
        }
        if (query.feedback.empty())
            return;
        plan.feedbackEffect.assign(plan.whole.size(), 0.0F);
        for (const Judgement &judgement : query.feedback) {
            if (judgement.group.empty()) {
                addScaled(plan.feedbackEffect, pictureVector(judgement.imageId),
                          judgement.relevant ? weights.relevant / relevant
                                             : -weights.notRelevant / others);
                if (!judgement.relevant)
                    plan.rejected.insert(judgement.imageId);
                continue;
            }
            plan.partExamples.push_back(
                {groupIndex(judgement.group), partVector(judgement.imageId, judgement.group),
                 judgement.relevant ? weights.judgedPart : -weights.judgedPart, true});
        }
        if (others > 0)
            addScaled(plan.feedbackEffect, galleryMean, weights.notRelevant);
        addScaled(plan.whole, plan.feedbackEffect, 1.0);
    }

    void scoreWordings()
    {
        if (plan.terms.empty())
            return;
        embedLateWordings();
        for (AskedTerm &asked : plan.terms) {
            asked.wordingScores.assign(wordings.size(), 0.0F);
            for (std::size_t i = 0; i < wordings.size(); ++i) {
                if (wordingRows[i] != nullptr)
                    asked.wordingScores[i] =
                        dotHalf(wordingRows[i], asked.values.data(), asked.values.size());
            }
        }
        if (plan.isReranked)
            standardise();
    }

    // What one deviation is worth for each part: σ/n of the header. 0 without a part to ask for.
    double unitOfTerms() const
    {
        const auto asking =
            std::count_if(plan.terms.begin(), plan.terms.end(),
                          [](const AskedTerm &asked) { return !asked.term.negated; });
        return asking == 0 ? 0.0 : plan.spread / static_cast<double>(asking);
    }

    // ELCA's head, where the model and the project have what it needs.
    void matchPhrases()
    {
        if (unitOfTerms() == 0.0 || weights.match == 0.0 || !lengths.features
            || !engines.retriever().matchesPhrases())
            return;
        const HalfRows &rows = images.features->rows();
        std::vector<std::size_t> candidates;
        if (rows.count > kMatched) {
            for (const RankedImage &image :
                 rankByCosine(rows, plan.text, static_cast<int>(kMatched)))
                candidates.push_back(images.rowOf.at(image.imageId));
        } else {
            candidates.resize(rows.count);
            std::iota(candidates.begin(), candidates.end(), std::size_t(0));
        }
        if (oddsOf.size() > kKeptOdds)
            oddsOf.clear();
        for (AskedTerm &asked : plan.terms) {
            if (asked.term.negated)
                continue;
            std::vector<float> &odds = oddsOf[asked.term.text];
            odds.resize(rows.count, std::numeric_limits<float>::quiet_NaN());
            matchMissing(asked.term.text, candidates, odds);
            Spread spread;
            for (const std::size_t row : candidates) {
                if (!std::isnan(odds[row]))
                    spread.add(static_cast<double>(odds[row]));
            }
            asked.byMatch = standardOf(spread, unitOfTerms() * weights.match);
            asked.odds = &odds;
        }
    }

    void matchMissing(const std::string &phrase, const std::vector<std::size_t> &candidates,
                      std::vector<float> &odds)
    {
        const HalfRows &rows = images.features->rows();
        const auto width = static_cast<std::size_t>(rows.dimension);
        std::vector<std::size_t> todo;
        std::vector<float> vectors;
        for (const std::size_t row : candidates) {
            const std::uint16_t *length = lengths.find(rows.ids[row]);
            if (!std::isnan(odds[row]) || length == nullptr)
                continue;
            todo.push_back(row);
            vectors.resize(todo.size() * width);
            float *values = vectors.data() + (todo.size() - 1) * width;
            floatFromHalf(rows.row(row), values, width);
            float factor = 0.0F;
            floatFromHalf(length, &factor, 1);
            for (std::size_t i = 0; i < width; ++i)
                values[i] *= factor;
        }
        if (todo.empty())
            return;
        const std::vector<float> found = engines.retriever().matchPhrase(phrase, vectors);
        for (std::size_t i = 0; i < todo.size(); ++i)
            odds[todo[i]] = found[i];
    }

    // What the gallery's regions score for each part, so that one can be compared with them.
    void standardise()
    {
        const double unit = unitOfTerms();
        if (unit == 0.0)
            return;
        for (AskedTerm &asked : plan.terms) {
            if (asked.term.negated)
                continue;
            Spread byPhrase;
            Spread byRegion;
            for (const int group : asked.groups) {
                if (static_cast<std::size_t>(group) >= partsOfGroup.size())
                    continue; // asked for, but nobody has it
                const auto &places = partsOfGroup[static_cast<std::size_t>(group)];
                for (std::size_t i = 0; i < places.size(); i += strideOf(places.size())) {
                    const Part &part = parts[places[i]];
                    if (part.wording >= 0
                        && wordingRows[static_cast<std::size_t>(part.wording)] != nullptr)
                        byPhrase.add(static_cast<double>(
                            asked.wordingScores[static_cast<std::size_t>(part.wording)]));
                    if (weights.region != 0.0 && part.pixels != nullptr)
                        byRegion.add(static_cast<double>(
                            dotHalf(part.pixels, asked.values.data(), asked.values.size())));
                }
            }
            asked.byPhrase = standardOf(byPhrase, unit * weights.phrase);
            asked.byRegion = standardOf(byRegion, unit * weights.region);
        }
    }

    const VectorIndex &readIndex(const std::string &modelHash)
    {
        const std::string path = store.folder() + "/features/" + indexName(modelHash);
        const fs::file_time_type time = timeOf(path);
        if (!index || path != indexPath || time != indexTime) {
            index.reset();
            index = std::make_unique<VectorIndex>(VectorIndex::read(path, *images.features));
            indexPath = path;
            indexTime = time;
        }
        return *index;
    }

    std::vector<RankedImage> rank(const SearchRequest &request, const std::vector<char> &allowed,
                                  const std::string &modelHash)
    {
        const HalfRows &rows = images.features->rows();
        const auto withExtras = [&](RankedImage image) {
            const std::size_t row = images.rowOf.at(image.imageId);
            image.score = static_cast<float>(static_cast<double>(image.score) + extraScore(row));
            return image;
        };
        if (request.approximate) {
            std::vector<RankedImage> ranked = readIndex(modelHash).search(
                *images.features, plan.whole, std::max(kApproximateCandidates, 4 * request.top));
            std::erase_if(ranked, [&](const RankedImage &image) {
                return !allowed.empty() && allowed[images.rowOf.at(image.imageId)] == 0;
            });
            if (plan.needsParts)
                std::transform(ranked.begin(), ranked.end(), ranked.begin(), withExtras);
            sortRanking(ranked, request.top);
            return ranked;
        }
        if (!plan.needsParts)
            return rankByCosine(rows, plan.whole, request.top, allowed);
        std::vector<float> scores = scoresOf(rows, plan.whole);
        const auto add = [&](std::size_t, std::size_t first, std::size_t last) {
            for (std::size_t i = first; i < last; ++i) {
                if (allowed.empty() || allowed[i] != 0)
                    scores[i] = static_cast<float>(static_cast<double>(scores[i]) + extraScore(i));
            }
        };
        inShares(rows.count, threadsFor(rows.count, kPortion, 8), add);
        std::vector<RankedImage> ranked;
        ranked.reserve(rows.count);
        for (std::size_t i = 0; i < rows.count; ++i) {
            if (allowed.empty() || allowed[i] != 0)
                ranked.push_back({rows.ids[i], scores[i]});
        }
        sortRanking(ranked, request.top);
        return ranked;
    }

    std::vector<char> allowedRows(const SearchQuery &query)
    {
        if (isBlank(query.filter))
            return {};
        std::vector<char> allowed(images.features->rows().count, 0);
        for (const std::int64_t id : imagesOfFilter(store, query.filter)) {
            const auto row = images.rowOf.find(id);
            if (row != images.rowOf.end())
                allowed[row->second] = 1;
        }
        return allowed;
    }

    void explainHit(SearchHit &hit) const
    {
        const auto place = images.rowOf.find(hit.imageId);
        if (place == images.rowOf.end())
            return;
        const std::uint16_t *row = images.features->rows().row(place->second);
        const Range range = rangeOfRow[place->second];
        double explained = 0.0;
        const auto add = [&](Contribution contribution) {
            explained += contribution.value;
            hit.contributions.push_back(std::move(contribution));
        };
        for (const AskedTerm &asked : plan.terms) {
            if (weightOf(asked.term) == 0.0)
                continue;
            Contribution contribution;
            contribution.kind =
                asked.term.negated ? Contribution::Kind::Denied : Contribution::Kind::Term;
            contribution.term = asked.index;
            contribution.text = asked.term.text;
            int decisive = -1;
            contribution.value = termScore(asked, place->second, &decisive);
            if (!asked.effect.empty())
                contribution.value += dotExactly(row, asked.effect);
            contribution.group = asked.groupNames.front();
            if (decisive >= 0) {
                const Part &part = parts[static_cast<std::size_t>(decisive)];
                contribution.group = groups[static_cast<std::size_t>(part.group)];
                if (part.wording >= 0)
                    contribution.phrase = wordings[static_cast<std::size_t>(part.wording)];
            }
            add(std::move(contribution));
        }
        if (plan.hasText && plan.query.hasExample()) {
            Contribution contribution;
            contribution.kind = Contribution::Kind::Example;
            contribution.text = plan.exampleName;
            contribution.group = plan.query.like ? plan.query.like->group : std::string();
            contribution.value = dotExactly(row, plan.exampleEffect) + exampleScore(range);
            add(std::move(contribution));
        }
        if (!plan.feedbackEffect.empty()) {
            Contribution contribution;
            contribution.kind = Contribution::Kind::Feedback;
            contribution.value =
                dotExactly(row, plan.feedbackEffect) + judgedPartScore(range, hit.imageId);
            add(std::move(contribution));
        }
        Contribution rest;
        rest.kind = Contribution::Kind::Rest;
        rest.value = hit.score - explained;
        hit.contributions.push_back(std::move(rest));
        hit.parts = matchesOf(range);
    }

    std::vector<PartMatch> matchesOf(const Range &range) const
    {
        std::vector<PartMatch> matches;
        for (std::size_t i = range.first; i < range.last; ++i) {
            const Part &part = parts[i];
            PartMatch match;
            match.group = groups[static_cast<std::size_t>(part.group)];
            if (part.wording >= 0) {
                match.phrase = wordings[static_cast<std::size_t>(part.wording)];
                for (const AskedTerm &asked : plan.terms) {
                    if (!asked.isAnsweredBy(part.group) || asked.term.negated
                        || weightOf(asked.term) == 0.0)
                        continue;
                    const auto score = static_cast<double>(
                        asked.wordingScores[static_cast<std::size_t>(part.wording)]);
                    if (match.queryPhrase.empty() || score > match.score) {
                        match.queryPhrase = asked.term.text;
                        match.score = score;
                    }
                }
            }
            matches.push_back(std::move(match));
        }
        return matches;
    }

    // The history is a convenience: a search never fails because of it.
    void remember(SearchResponse &response)
    {
        if (store.isReadOnly())
            return;
        QueryRecord query;
        query.text = response.query;
        query.structure =
            jsonOf(response.structure).dump(-1, ' ', false, Json::error_handler_t::replace);
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
            const std::int64_t before = contentVersion(store);
            store.transaction([&] {
                response.queryId = store.addQuery(query, ids, scores);
                for (const Judgement &judgement : response.structure.feedback)
                    setFeedback(store, response.queryId, judgement.imageId, judgement.group,
                                judgement.relevant);
            });
            // Our own rows changed no part.
            if (before == partsVersion)
                partsVersion = contentVersion(store);
        } catch (const Error &error) {
            response.queryId = 0;
            logDebug(std::string("the search was not kept: ") + error.what());
        }
    }

    // Of an even sample of what was ranked.
    std::vector<double> sampledScores(const std::vector<char> &allowed) const
    {
        const HalfRows &rows = images.features->rows();
        std::vector<std::size_t> ranked;
        ranked.reserve(rows.count);
        for (std::size_t i = 0; i < rows.count; ++i) {
            if (allowed.empty() || allowed[i] != 0)
                ranked.push_back(i);
        }
        std::vector<double> scores;
        for (std::size_t i = 0; i < ranked.size(); i += strideOf(ranked.size())) {
            const std::size_t row = ranked[i];
            double score =
                static_cast<double>(dotHalf(rows.row(row), plan.whole.data(), plan.whole.size()));
            if (plan.needsParts)
                score += extraScore(row);
            scores.push_back(score);
        }
        return scores;
    }

    void drawLine(SearchResponse &response, const std::optional<StoredCalibration> &stored,
                  const std::vector<char> &allowed) const
    {
        const SearchQuery &query = plan.query;
        response.words =
            static_cast<int>(plainWords(encoderText(query.text, query.terms)).size());
        if (stored) {
            response.lengths = stored->lengths;
            response.calibrationSource = stored->source;
        }
        const auto refuse = [&](NoLine why, std::string note) {
            response.noLine = why;
            response.lineNote = std::move(note);
        };
        if (!stored || stored->lengths.empty())
            return refuse(NoLine::NoCalibration,
                          "no calibration for this model: `sapsam calibrate` makes one");
        if (query.hasExample() || !query.feedback.empty() || response.words == 0)
            return refuse(NoLine::NoPlainText,
                          "scores of pictures, judgements and denials alone are not calibrated");
        if (stored->reranked != plan.isReranked)
            return refuse(NoLine::OtherReranking,
                          plan.isReranked ? "scores re-ranked by parts are not calibrated"
                                          : "only scores re-ranked by parts are calibrated");
        const LengthCalibration *fitted = stored->find(response.words);
        if (fitted == nullptr)
            return refuse(NoLine::OtherLength, "the calibration holds for descriptions of "
                                                   + wordsOf(stored->lengths) + " words, this has "
                                                   + std::to_string(response.words));
        if (fitted->calibration.slope <= 0.0)
            return refuse(NoLine::NothingSaid,
                          "the scores of this model say too little for a line");
        MatchLine line;
        line.fitted = *fitted;
        line.share = shareOfMatches(fitted->calibration, sampledScores(allowed));
        line.here = forShare(fitted->calibration, line.share);
        line.threshold = line.here.threshold;
        line.source = stored->source;
        for (const SearchHit &hit : response.hits)
            line.above += hit.score >= line.threshold ? 1 : 0;
        line.isLast = line.above == static_cast<int>(response.hits.size());
        response.line = std::move(line);
    }

    // "1 to 3, 8 and more"
    static std::string wordsOf(const std::vector<LengthCalibration> &lengths)
    {
        std::string text;
        for (const LengthCalibration &length : lengths)
            text += (text.empty() ? "" : ", ") + std::to_string(length.minWords)
                    + (length.maxWords == 0 ? std::string(" and more")
                                            : " to " + std::to_string(length.maxWords));
        return text;
    }
};

namespace {

std::string rerankingNoteOf(const std::optional<RerankingMeasure> &measured)
{
    if (!measured)
        return "whether parts raise the mAP was not measured for this model";
    char text[160];
    std::snprintf(text, sizeof text,
                  "measured on %s (%lld queries): mAP %.1f by the cosine, %.1f re-ranked by parts",
                  measured->source.c_str(), static_cast<long long>(measured->queries),
                  measured->cosine, measured->reranked);
    return text;
}

} // namespace

Searcher::Searcher(ProjectStore &store, Engines &engines)
    : d(std::make_unique<Private>(store, engines))
{
}

Searcher::~Searcher() = default;

void Searcher::setWeights(const ScoreWeights &weights)
{
    d->forced = weights;
}

const ScoreWeights &Searcher::weights() const
{
    return d->weights;
}

SearchResponse Searcher::search(const SearchRequest &request)
{
    const Taxonomy &taxonomy = d->refreshTaxonomy();
    SearchQuery query = request.query ? *request.query : queryOf(request.text, taxonomy);
    const bool hasParts = std::any_of(query.terms.begin(), query.terms.end(),
                                      [](const QueryTerm &term) { return !term.text.empty(); });
    if (isBlank(query.text) && !hasParts && !query.hasExample())
        throw Error(
            ErrorKind::InvalidInput,
            "the description is empty; say what the person looks like, such as \"a woman in a red "
            "jacket and blue jeans\"");
    Retriever &retriever = d->engines.retriever();
    const ModelInfo model = retriever.model();

    SearchResponse response;
    response.query = request.query ? titleOf(query) : request.text;
    response.modelName = model.name;
    response.modelHash = model.sha256;
    response.structure = query;
    response.taxonomyVersion = taxonomy.version;
    response.termGroups.resize(query.terms.size());
    for (const QueryTerm &term : query.terms) {
        const std::vector<std::string> groups = groupsOfTerm(term, taxonomy);
        if (!term.negated && term.enabled && !term.group.empty())
            response.parts.push_back({groups.empty() ? term.group : groups.front(), term.text});
        if (groups.empty() && !term.group.empty())
            warn(response, Warned::NoGroup, {term.text, term.group});
    }
    if (!d->taxonomyProblem.empty())
        warn(response, Warned::Merges, {d->taxonomyProblem});

    const EmbeddingSetRecord set = d->refresh(model);
    const std::optional<StoredCalibration> stored = storedCalibration(d->store, model.sha256);
    const auto encodeStart = std::chrono::steady_clock::now();
    d->prepare(query, stored, response);
    response.encodeSeconds = secondsSince(encodeStart);
    response.isReranked = d->plan.isReranked;
    if (stored) {
        response.reranking = stored->reranking;
        response.feedback = stored->feedback;
    }
    response.rerankingNote = rerankingNoteOf(response.reranking);

    const bool hasTerms = !query.terms.empty();
    if (!hasTerms && !isBlank(query.text))
        warn(response, Warned::NoPart, {});
    // What the encoder reads, and what is denied: not the words that deny.
    std::string all = encoderText(query.text, query.terms);
    for (const QueryTerm &term : query.terms) {
        if (term.negated)
            all.append(1, ' ').append(term.text);
    }
    const std::vector<std::string> unknown = retriever.unknownWords(all);
    if (!unknown.empty())
        warn(response, Warned::UnknownWords, unknown);
    const bool denies = std::any_of(query.terms.begin(), query.terms.end(), [](const auto &term) {
        return term.negated && weightOf(term) > 0.0;
    });
    if (denies && d->parts.empty())
        warn(response, Warned::NothingToDeny, {});
    if (d->lateWordings > 0)
        warn(response, Warned::LatePhrases, {std::to_string(d->lateWordings)});
    const std::int64_t missing = d->store.imageCount() - set.count;
    if (missing > 0)
        warn(response, Warned::NotEmbedded, {std::to_string(missing)});

    const auto rankStart = std::chrono::steady_clock::now();
    const std::vector<char> allowed = d->allowedRows(query);
    response.gallery =
        allowed.empty() ? static_cast<std::int64_t>(d->images.features->rows().count)
                        : static_cast<std::int64_t>(std::count(allowed.begin(), allowed.end(), 1));
    const std::vector<RankedImage> ranked = d->rank(request, allowed, model.sha256);
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
        response.hits.push_back(std::move(hit));
    }
    const auto explainStart = std::chrono::steady_clock::now();
    for (SearchHit &hit : response.hits) {
        if (hit.rank <= request.explainTop)
            d->explainHit(hit);
    }
    response.explainSeconds = secondsSince(explainStart);
    d->drawLine(response, stored, allowed);
    response.rankSeconds = secondsSince(rankStart);
    if (request.remember)
        d->remember(response);
    return response;
}

std::vector<RankedImage> Searcher::rankAll(const SearchQuery &query)
{
    d->refreshTaxonomy();
    const ModelInfo model = d->engines.retriever().model();
    d->refresh(model);
    std::optional<StoredCalibration> stored;
    if (!d->forced || query.reranking == Reranking::Auto)
        stored = storedCalibration(d->store, model.sha256);
    SearchResponse response;
    d->prepare(query, stored, response);
    SearchRequest request;
    request.top = 0;
    return d->rank(request, d->allowedRows(query), model.sha256);
}

std::vector<PartMatch> Searcher::explain(std::int64_t imageId)
{
    const auto range = d->rangeOf.find(imageId);
    return range == d->rangeOf.end() ? std::vector<PartMatch>() : d->matchesOf(range->second);
}

int Searcher::buildIndex(const CancelToken &cancel, const ProgressSink &progress)
{
    const ModelInfo model = d->engines.retriever().model();
    d->refresh(model);
    const VectorIndex built = VectorIndex::build(*d->images.features, {}, cancel, progress);
    if (cancel.isCancelled())
        return 0;
    built.write(d->store.featuresFolder() + "/" + indexName(model.sha256));
    return built.lists();
}

Taxonomy searchTaxonomy(ProjectStore &store, std::string *problem)
{
    if (problem != nullptr)
        problem->clear();
    try {
        return currentTaxonomy(store);
    } catch (const Error &error) {
        if (error.kind() != ErrorKind::Corrupt && error.kind() != ErrorKind::InvalidInput)
            throw;
        if (problem != nullptr)
            *problem = std::string("the shipped merges are used: ") + error.what();
        return defaultTaxonomy();
    }
}

namespace {

std::string settingKey(const std::string &modelHash)
{
    return "search.calibration." + modelHash;
}

} // namespace

const LengthCalibration *StoredCalibration::find(int words) const
{
    for (const LengthCalibration &length : lengths) {
        if (length.holdsFor(words))
            return &length;
    }
    return nullptr;
}

Json jsonOf(const StoredCalibration &stored)
{
    Json lengths = Json::array();
    for (const LengthCalibration &length : stored.lengths) {
        const Calibration &calibration = length.calibration;
        Json bins = Json::array();
        for (const ReliabilityBin &bin : calibration.bins)
            bins.push_back(
                {{"predicted", bin.predicted}, {"observed", bin.observed}, {"pairs", bin.pairs}});
        lengths.push_back({{"min_words", length.minWords},
                           {"max_words", length.maxWords},
                           {"slope", calibration.slope},
                           {"offset", calibration.offset},
                           {"threshold", calibration.threshold},
                           {"pairs", calibration.pairs},
                           {"matches", calibration.matches},
                           {"error", calibration.error},
                           {"likely_error", calibration.likelyError},
                           {"measured", calibration.measured},
                           {"bins", std::move(bins)}});
    }
    Json json{{"lengths", std::move(lengths)},
              {"source", stored.source},
              {"reranked", stored.reranked},
              {"rerank_by_parts", stored.rerankByParts},
              {"weights",
               {{"phrase", stored.weights.phrase},
                {"region", stored.weights.region},
                {"denied", stored.weights.denied},
                {"relevant", stored.weights.relevant},
                {"not_relevant", stored.weights.notRelevant},
                {"judged_part", stored.weights.judgedPart},
                {"match", stored.weights.match}}}};
    if (stored.reranking)
        json["reranking"] = {{"cosine", stored.reranking->cosine},
                             {"reranked", stored.reranking->reranked},
                             {"queries", stored.reranking->queries},
                             {"source", stored.reranking->source}};
    if (stored.feedback)
        json["feedback"] = {{"learned", stored.feedback->learned},
                            {"plain", stored.feedback->plain},
                            {"rest_learned", stored.feedback->restLearned},
                            {"rest_plain", stored.feedback->restPlain},
                            {"queries", stored.feedback->queries},
                            {"source", stored.feedback->source}};
    return json;
}

StoredCalibration calibrationOfJson(const Json &json, const std::string &origin)
{
    StoredCalibration stored;
    for (const Json &item : require<Json>(json, "lengths", origin)) {
        LengthCalibration length;
        Calibration &calibration = length.calibration;
        length.minWords = require<int>(item, "min_words", origin);
        length.maxWords = require<int>(item, "max_words", origin);
        calibration.slope = require<double>(item, "slope", origin);
        calibration.offset = require<double>(item, "offset", origin);
        calibration.threshold = require<double>(item, "threshold", origin);
        calibration.pairs = valueOr<std::int64_t>(item, "pairs", 0, origin);
        calibration.matches = valueOr<std::int64_t>(item, "matches", 0, origin);
        calibration.error = valueOr(item, "error", 0.0, origin);
        calibration.likelyError = valueOr(item, "likely_error", 0.0, origin);
        calibration.measured = valueOr<std::int64_t>(item, "measured", 0, origin);
        for (const Json &bin : valueOr<Json>(item, "bins", Json::array(), origin))
            calibration.bins.push_back({require<double>(bin, "predicted", origin),
                                        require<double>(bin, "observed", origin),
                                        require<std::int64_t>(bin, "pairs", origin)});
        stored.lengths.push_back(std::move(length));
    }
    stored.source = valueOr<std::string>(json, "source", {}, origin);
    stored.reranked = valueOr(json, "reranked", false, origin);
    stored.rerankByParts = valueOr(json, "rerank_by_parts", false, origin);
    const Json measured = valueOr<Json>(json, "reranking", {}, origin);
    if (measured.is_object())
        stored.reranking =
            RerankingMeasure{require<double>(measured, "cosine", origin),
                             require<double>(measured, "reranked", origin),
                             valueOr<std::int64_t>(measured, "queries", 0, origin),
                             valueOr<std::string>(measured, "source", {}, origin)};
    const Json clicks = valueOr<Json>(json, "feedback", {}, origin);
    if (clicks.is_object())
        stored.feedback = FeedbackMeasure{require<std::vector<double>>(clicks, "learned", origin),
                                          require<std::vector<double>>(clicks, "plain", origin),
                                          valueOr(clicks, "rest_learned", 0.0, origin),
                                          valueOr(clicks, "rest_plain", 0.0, origin),
                                          valueOr<std::int64_t>(clicks, "queries", 0, origin),
                                          valueOr<std::string>(clicks, "source", {}, origin)};
    const Json weights = valueOr<Json>(json, "weights", {}, origin);
    if (weights.is_object()) {
        ScoreWeights &to = stored.weights;
        to.phrase = valueOr(weights, "phrase", to.phrase, origin);
        to.region = valueOr(weights, "region", to.region, origin);
        to.denied = valueOr(weights, "denied", to.denied, origin);
        to.relevant = valueOr(weights, "relevant", to.relevant, origin);
        to.notRelevant = valueOr(weights, "not_relevant", to.notRelevant, origin);
        to.judgedPart = valueOr(weights, "judged_part", to.judgedPart, origin);
        to.match = valueOr(weights, "match", to.match, origin);
    }
    return stored;
}

std::optional<StoredCalibration> storedCalibration(ProjectStore &store,
                                                   const std::string &modelHash)
{
    try {
        const std::string own = store.setting(settingKey(modelHash));
        if (!own.empty())
            return calibrationOfJson(parseJson(own, "the calibration of the project"),
                                     "the calibration of the project");
        const std::string path = resourcePath("search/calibration.json");
        const Json shipped = readJsonFile(path);
        if (shipped.contains(modelHash))
            return calibrationOfJson(shipped.at(modelHash), path);
    } catch (const Error &error) {
        // A search does without.
        if (error.kind() != ErrorKind::NotFound)
            logWarning(error.what());
    }
    return std::nullopt;
}

void storeCalibration(ProjectStore &store, const std::string &modelHash,
                      const StoredCalibration &calibration)
{
    store.setSetting(settingKey(modelHash), jsonOf(calibration).dump());
}

} // namespace sapsam
