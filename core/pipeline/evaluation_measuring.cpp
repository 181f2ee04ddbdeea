#include "core/base/sha256.h"
#include "core/base/version.h"
#include "core/dataset/atr.h"
#include "core/dataset/open_dataset.h"
#include "core/eval/segmentation_metrics.h"
#include "core/image/codec.h"
#include "core/image/mask.h"
#include "core/image/near_duplicates.h"
#include "core/image/rle.h"
#include "core/pipeline/evaluation_report.h"
#include "core/pipeline/part_prompts.h"
#include "core/pipeline/searcher.h"
#include "core/search/feature_file.h"
#include "core/synth/pedestrian.h"
#include "core/taxonomy/taxonomy.h"
#include "core/train/picture_pool.h"
#include "core/weights/model_manifest.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <set>
#include <unordered_map>

namespace sapsam {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kPicturesAtOnce = 32;
constexpr std::size_t kTextsAtOnce = 128;
constexpr int kCmcRanks = 50;
constexpr int kCmcResamples = 200; // for each of the ranks
constexpr std::size_t kWorstSamples = 60;
constexpr int kFewIdentities = 30;
constexpr int kWidth = 96; // of drawn people
constexpr int kHeight = 192;

const std::string kSyntheticScheme = "synthetic:";

std::string isoNow()
{
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

std::string countOf(std::int64_t count, const char *one, const char *many)
{
    return std::to_string(count) + " " + (count == 1 ? one : many);
}

struct Drawn
{
    SyntheticPerson person;
    SyntheticPicture picture;
};

// The same people as `sapsam eval --synthetic` without a report.
Drawn drawPerson(std::uint64_t seed, std::uint64_t index)
{
    Drawn drawn;
    drawn.person = makePerson(seed, training::kTestIdentities + index);
    drawn.picture = renderPicture(drawn.person, 0, kWidth, kHeight);
    return drawn;
}

struct Asked
{
    std::string text;
    int picture = 0; // in Material::pictures; -1 when it had to be left out
    std::string identity;
};

// What is measured on, wherever it comes from.
struct Material
{
    std::vector<EvaluatedPicture> pictures;
    std::vector<KnownPerson> known;       // beside them
    std::vector<std::string> contentKeys; // beside them: what makes a picture this one
    std::vector<Asked> queries;
    std::vector<std::string> anyLength; // drawn people: a text of any length for each
};

void addBadge(EvaluationReport &report, const char *code, BadgeLevel level, std::string title,
              std::string text, std::int64_t count = 0, std::string detail = {})
{
    report.badges.push_back(
        {code, level, std::move(title), std::move(text), count, std::move(detail)});
}

void badgeSplit(EvaluationReport &report)
{
    if (report.source == "synthetic")
        return;
    if (report.split == "test")
        addBadge(report, "test-split", BadgeLevel::Good, "Test split",
                 "Measured on the split that nothing may be chosen on.");
    else if (report.split == "val")
        addBadge(report, "val-split", BadgeLevel::Note, "Validation split",
                 "Checkpoints and settings are chosen on this split: its numbers are a little too "
                 "good.");
    else if (report.split == "train")
        addBadge(report, "train-split", BadgeLevel::Problem, "Training split",
                 "Measured on pictures that models are trained with; this says nothing about other "
                 "people.");
    else
        addBadge(report, "all-splits", BadgeLevel::Warning, "All splits together",
                 "Pictures of the train and val splits are among the queries and in the gallery. "
                 "Choose the test split for numbers to report.");
}

void badgeLeaks(EvaluationReport &report, std::int64_t identities, std::int64_t files)
{
    if (report.split.empty())
        return;
    if (identities > 0)
        addBadge(report, "identity-leak", BadgeLevel::Problem, "Identity leak",
                 countOf(identities, "person of this split is", "persons of this split are")
                     + " in another split, too: the model may have seen them.",
                 identities);
    if (files > 0)
        addBadge(report, "picture-leak", BadgeLevel::Problem, "Picture leak",
                 countOf(files, "picture file of this split is", "picture files of this split are")
                     + " in another split, too, byte for byte.",
                 files);
    if (identities == 0 && files == 0)
        addBadge(report, "no-leak", BadgeLevel::Good, "No leak between splits",
                 "No person and no file of this split occurs in another split.");
}

Material materialOfProject(ProjectStore &store, const EvaluationRequest &request,
                           EvaluationReport &report)
{
    Material material;
    std::map<std::string, std::set<std::string>> splitsOfIdentity;
    std::map<std::string, std::set<std::string>> splitsOfFile;
    std::set<std::string> splits;
    std::int64_t inSplit = 0;
    std::int64_t captioned = 0;
    const std::vector<ImageRecord> images = store.images();
    for (const ImageRecord &image : images) {
        if (!image.split.empty())
            splits.insert(image.split);
        if (!image.identity.empty())
            splitsOfIdentity[image.identity].insert(image.split);
        // Several people may be cut out of one file.
        if (!image.box && !image.frame)
            splitsOfFile[image.sha256].insert(image.split);
        if (!request.split.empty() && image.split != request.split)
            continue;
        ++inSplit;
        const std::vector<CaptionRecord> captions = store.captions(image.id);
        captioned += captions.empty() ? 0 : 1;
        if (image.identity.empty())
            continue;
        const int picture = static_cast<int>(material.pictures.size());
        material.pictures.push_back({image.id, store.picturePath(image), image.identity});
        material.contentKeys.push_back(image.sha256 + "@" + image.path);
        KnownPerson person;
        person.name = fs::path(image.path).filename().string();
        person.identity = image.identity;
        if (!image.box && !image.frame)
            person.sha256 = image.sha256;
        std::unordered_map<std::int64_t, std::string> phraseOf;
        for (PhraseRecord &phrase : store.phrases(image.id))
            phraseOf.emplace(phrase.regionId, std::move(phrase.text));
        for (const RegionRecord &region : store.regions(image.id)) {
            const auto phrase = phraseOf.find(region.id);
            person.parts.push_back(
                {region.group, phrase == phraseOf.end() ? std::string() : phrase->second});
        }
        person.isSegmented = !person.parts.empty();
        for (const CaptionRecord &caption : captions) {
            person.captions.push_back(caption.text);
            material.queries.push_back({caption.text, picture, image.identity});
        }
        material.known.push_back(std::move(person));
    }
    const std::string where =
        "the project '" + store.folder() + "'"
        + (request.split.empty() ? std::string() : ", split '" + request.split + "',");
    if (images.empty())
        throw Error(ErrorKind::NotFound,
                    "the project '" + store.folder()
                        + "' has no picture; import a data set with `sapsam import --format`");
    if (inSplit == 0) {
        std::string there;
        for (const std::string &split : splits)
            there += (there.empty() ? "" : ", ") + split;
        throw Error(ErrorKind::InvalidInput,
                    "no picture of the project '" + store.folder() + "' is in the split '"
                        + request.split + "'; "
                        + (there.empty() ? std::string("its pictures are in no split: leave the "
                                                       "split out to take all")
                                         : "its splits are " + there));
    }
    if (material.pictures.empty())
        throw Error(ErrorKind::InvalidInput,
                    where + " has " + countOf(inSplit, "picture", "pictures")
                        + " but none with an identity, so nobody can say which hits are right; "
                          "import a data set that has identities");
    if (material.queries.empty())
        throw Error(ErrorKind::InvalidInput,
                    where + " has no caption of a picture with an identity ("
                        + countOf(captioned, "captioned picture", "captioned pictures")
                        + " without), and captions are the queries; import a data set that has "
                          "captions, or write some");
    std::int64_t identityLeaks = 0;
    std::int64_t fileLeaks = 0;
    std::set<std::string> seen;
    for (const EvaluatedPicture &picture : material.pictures) {
        if (seen.insert(picture.identity).second && splitsOfIdentity[picture.identity].size() > 1)
            ++identityLeaks;
    }
    for (const KnownPerson &person : material.known)
        fileLeaks += !person.sha256.empty() && splitsOfFile[person.sha256].size() > 1 ? 1 : 0;
    badgeLeaks(report, identityLeaks, fileLeaks);
    const std::int64_t edited = editedCaptionSteps(store);
    if (edited > 0)
        addBadge(report, "edited-captions", BadgeLevel::Warning, "Captions were edited",
                 "Captions of this project were changed by hand ("
                     + countOf(edited, "step", "steps")
                     + " in its history): the queries are not those that were published.",
                 edited);
    return material;
}

Material materialOfDataset(const EvaluationRequest &request, EvaluationReport &report)
{
    const std::optional<Split> wanted = splitFromName(report.split);
    if (!wanted)
        throw Error(ErrorKind::InvalidInput,
                    "the split '" + report.split + "' is none of train, val, test");
    OpenOptions options;
    options.people.trainLabels = TrainLabels::NumberedAnew; // no labels are needed here
    options.parts = false;
    const PersonDataset dataset = openPeople(request.folder, options);
    report.data = report.split + " split of " + dataset.name;
    Material material;
    std::map<std::int64_t, std::set<Split>> splitsOf;
    for (const PersonImage &image : dataset.images)
        splitsOf[image.identity].insert(image.split);
    std::set<std::int64_t> leaked;
    for (const PersonImage &image : dataset.images) {
        if (image.split != *wanted)
            continue;
        if (splitsOf[image.identity].size() > 1)
            leaked.insert(image.identity);
        const int picture = static_cast<int>(material.pictures.size());
        material.pictures.push_back({0, dataset.pathOf(image), std::to_string(image.identity)});
        material.contentKeys.push_back(image.file);
        KnownPerson person;
        person.name = fs::path(image.file).filename().string();
        person.identity = std::to_string(image.identity);
        person.captions = image.captions;
        material.known.push_back(std::move(person));
        for (const std::string &caption : image.captions)
            material.queries.push_back({caption, picture, std::to_string(image.identity)});
    }
    if (material.pictures.empty())
        throw Error(ErrorKind::InvalidInput,
                    "'" + request.folder + "' has no picture in the split '" + report.split + "'");
    if (material.queries.empty())
        throw Error(ErrorKind::InvalidInput,
                    "'" + request.folder + "' has "
                        + countOf(static_cast<std::int64_t>(material.pictures.size()), "picture",
                                  "pictures")
                        + " in the split '" + report.split
                        + "' but no caption, and captions are the queries");
    badgeLeaks(report, static_cast<std::int64_t>(leaked.size()), 0);
    std::int64_t complaints = 0;
    for (const DatasetFinding &finding : dataset.findings)
        complaints += finding.severity == DatasetFinding::Severity::Note ? 0 : 1;
    if (complaints > 0)
        addBadge(report, "dataset-findings", BadgeLevel::Warning, "The data set has faults",
                 countOf(complaints, "thing is", "things are")
                     + " wrong with the data set, such as: " + dataset.findings.front().text
                     + ". `sapsam dataset doctor` lists them all.",
                 complaints, dataset.findings.front().text);
    return material;
}

Material materialOfDrawnPeople(const EvaluationRequest &request, EvaluationReport &report)
{
    if (request.count < 1)
        throw Error(ErrorKind::InvalidInput, "at least one drawn person is needed");
    Material material;
    for (int i = 0; i < request.count; ++i) {
        const Drawn drawn = drawPerson(request.seed, static_cast<std::uint64_t>(i));
        const SeededRandom random =
            SeededRandom(request.seed).fork("evaluation").fork(static_cast<std::uint64_t>(i));
        EvaluatedPicture picture;
        picture.path = kSyntheticScheme + std::to_string(request.seed) + ":" + std::to_string(i);
        picture.identity = std::to_string(i);
        material.contentKeys.push_back(picture.path);
        KnownPerson person;
        person.name = "drawn person " + std::to_string(i + 1);
        person.identity = picture.identity;
        person.isSegmented = true;
        for (const PartPhrase &phrase : drawn.picture.phrases)
            person.parts.push_back({phrase.group, phrase.text});
        material.queries.push_back(
            {makeCaptions(drawn.person, drawn.picture, 1, random.fork("description"),
                          CaptionStyle::Description)
                 .front(),
             i, picture.identity});
        material.anyLength.push_back(makeCaptions(drawn.person, drawn.picture, 1, random).front());
        person.captions.push_back(material.queries.back().text);
        material.known.push_back(std::move(person));
        material.pictures.push_back(std::move(picture));
    }
    addBadge(report, "synthetic", BadgeLevel::Note, "Drawn people",
             "Measured on people of the project's own generator that training never draws. No "
             "published number is for them.");
    return material;
}

// Removes the pictures that are marked; the queries about them stay.
void dropPictures(Material &material, const std::vector<char> &drop)
{
    std::vector<int> place(material.pictures.size(), -1);
    int kept = 0;
    for (std::size_t i = 0; i < drop.size(); ++i) {
        if (drop[i])
            continue;
        place[i] = kept;
        const auto to = static_cast<std::size_t>(kept++);
        if (to != i) {
            material.pictures[to] = std::move(material.pictures[i]);
            material.known[to] = std::move(material.known[i]);
            material.contentKeys[to] = std::move(material.contentKeys[i]);
        }
    }
    material.pictures.resize(static_cast<std::size_t>(kept));
    material.known.resize(static_cast<std::size_t>(kept));
    material.contentKeys.resize(static_cast<std::size_t>(kept));
    for (Asked &query : material.queries)
        query.picture = query.picture < 0 ? -1 : place[static_cast<std::size_t>(query.picture)];
}

// Row-major; drops what cannot be read, or what a cancelled call did not come to.
std::vector<float> embedPictures(Retriever &retriever, Material &material,
                                 std::vector<PerceptualHash> &hashes, EvaluationReport &report,
                                 const CancelToken &cancel, const ProgressSink &progress)
{
    const std::size_t count = material.pictures.size();
    std::vector<char> drop(count, 1);
    std::vector<float> rows;
    std::vector<Image> waiting;
    ProgressMeter meter("embedding pictures", static_cast<std::int64_t>(count), progress);
    const auto embedWaiting = [&] {
        if (waiting.empty())
            return;
        const std::vector<float> some = retriever.embedImages(waiting);
        rows.insert(rows.end(), some.begin(), some.end());
        waiting.clear();
    };
    for (std::size_t i = 0; i < count && !cancel.isCancelled(); ++i) {
        try {
            waiting.push_back(evaluationPicture(material.pictures[i].path));
            hashes.push_back(perceptualHash(waiting.back()));
            drop[i] = 0;
        } catch (const Error &error) {
            report.skippedPictures.push_back(error.what());
        }
        if (waiting.size() == kPicturesAtOnce) {
            embedWaiting();
            meter.advance(static_cast<std::int64_t>(kPicturesAtOnce));
        }
    }
    embedWaiting();
    dropPictures(material, drop);
    return rows;
}

std::vector<float> storedRows(Retriever &retriever, ProjectStore &store, Material &material,
                              EvaluationReport &report)
{
    const ModelInfo &model = retriever.model();
    const auto set = store.embeddingSetOf(model.sha256);
    if (!set) {
        if (const auto other = store.currentEmbeddingSet())
            throw Error(ErrorKind::Mismatch,
                        "the stored features of '" + store.folder() + "' were made by the model '"
                            + other->modelName + "' (" + other->modelHash.substr(0, 12)
                            + "), not by '" + model.name + "' (" + model.sha256.substr(0, 12)
                            + "); embed the project with this model, or measure without stored "
                              "features");
        throw Error(ErrorKind::NotFound,
                    "nothing is embedded in the project '" + store.folder()
                        + "' yet; embed it, or measure without stored features");
    }
    const FeatureTable table = readFeatures(store.folder() + "/" + set->file, model.sha256);
    std::unordered_map<std::int64_t, std::size_t> rowOf;
    for (std::size_t i = 0; i < table.ids.size(); ++i)
        rowOf.emplace(table.ids[i], i);
    const auto dimension = static_cast<std::size_t>(table.dimension);
    std::vector<char> drop(material.pictures.size(), 0);
    std::vector<float> rows;
    for (std::size_t i = 0; i < material.pictures.size(); ++i) {
        const auto row = rowOf.find(material.pictures[i].imageId);
        if (row == rowOf.end()) {
            drop[i] = 1;
            report.skippedPictures.push_back(material.pictures[i].path + ": not embedded yet");
            continue;
        }
        const auto begin =
            table.rows.begin() + static_cast<std::ptrdiff_t>(row->second * dimension);
        rows.insert(rows.end(), begin, begin + static_cast<std::ptrdiff_t>(dimension));
    }
    dropPictures(material, drop);
    addBadge(report, "stored-features", BadgeLevel::Note, "Stored features",
             "Ranked by the project's features, which are rounded to half precision.");
    return rows;
}

std::vector<TextEmbedding> embedTexts(Retriever &retriever, const std::vector<std::string> &texts,
                                      const CancelToken &cancel, const ProgressSink &progress)
{
    std::vector<TextEmbedding> embedded;
    ProgressMeter meter("embedding captions", static_cast<std::int64_t>(texts.size()), progress);
    for (std::size_t begin = 0; begin < texts.size() && !cancel.isCancelled();
         begin += kTextsAtOnce) {
        const std::size_t end = std::min(begin + kTextsAtOnce, texts.size());
        for (TextEmbedding &text :
             retriever.embedTexts({texts.begin() + static_cast<std::ptrdiff_t>(begin),
                                   texts.begin() + static_cast<std::ptrdiff_t>(end)}))
            embedded.push_back(std::move(text));
        meter.advance(static_cast<std::int64_t>(end - begin));
    }
    return embedded;
}

std::string hashOf(const std::vector<std::string> &parts)
{
    std::string all;
    for (const std::string &part : parts)
        all += part + "\n";
    return sha256Of(all);
}

// Best first, equal scores by rising place: as retrievalMetrics() has it.
std::vector<int> rankingOf(const TextEmbedding &text, const std::vector<float> &rows,
                           std::vector<float> &scores)
{
    const std::size_t dimension = text.values.size();
    scores.resize(rows.size() / dimension);
    for (std::size_t i = 0; i < scores.size(); ++i) {
        const float *row = rows.data() + i * dimension;
        float dot = 0.0F;
        for (std::size_t k = 0; k < dimension; ++k)
            dot += text.values[k] * row[k];
        scores[i] = dot;
    }
    std::vector<int> order(scores.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&scores](int a, int b) {
        return scores[static_cast<std::size_t>(a)] > scores[static_cast<std::size_t>(b)];
    });
    return order;
}

void addRetrievalMetrics(EvaluationReport &report)
{
    std::vector<std::int64_t> clusters;
    std::map<std::string, std::int64_t> numbers;
    std::vector<const QueryResult *> used;
    for (const EvaluatedQuery &query : report.queries) {
        if (query.result.relevant == 0) {
            ++report.skippedQueries;
            continue;
        }
        clusters.push_back(
            numbers.emplace(query.identity, static_cast<std::int64_t>(numbers.size()))
                .first->second);
        used.push_back(&query.result);
    }
    report.identities = static_cast<int>(numbers.size());
    const auto add = [&](const char *name, auto &&value) {
        std::vector<double> values;
        for (const QueryResult *result : used)
            values.push_back(value(*result));
        report.metrics.push_back({name, bootstrapMean(values, clusters, report.bootstrap), true});
    };
    for (const int rank : {1, 5, 10})
        add(rank == 1   ? "R@1"
            : rank == 5 ? "R@5"
                        : "R@10",
            [rank](const QueryResult &result) { return result.firstRank <= rank ? 100.0 : 0.0; });
    add("mAP", [](const QueryResult &result) { return 100.0 * result.averagePrecision; });
    add("mINP", [](const QueryResult &result) { return 100.0 * result.inverseNegativePenalty; });
    BootstrapOptions forCurve = report.bootstrap;
    forCurve.resamples = std::min(forCurve.resamples, kCmcResamples);
    const int ranks = std::min(kCmcRanks, static_cast<int>(report.gallery.size()));
    for (int rank = 1; rank <= ranks; ++rank) {
        std::vector<double> values;
        for (const QueryResult *result : used)
            values.push_back(result->firstRank <= rank ? 100.0 : 0.0);
        report.cmc.push_back(bootstrapMean(values, clusters, forCurve));
    }
}

// What the folder of a run says about how its model was chosen; a shipped model has no run.
void badgeModel(EvaluationReport &report)
{
    const fs::path run = fs::path(report.modelFolder).parent_path();
    std::error_code ignored;
    Json config;
    if (fs::path(report.modelFolder).filename() == "model"
        && fs::exists(run / "config.json", ignored) && fs::exists(run / "metrics.jsonl", ignored)) {
        config = Json::parse(std::ifstream(run / "config.json"), nullptr, false);
    }
    if (!config.is_object()) {
        addBadge(report, "unknown-choice", BadgeLevel::Note, "Choice of the checkpoint unknown",
                 "No run lies beside this model, so it is not known on which split its checkpoint "
                 "was chosen.");
        return;
    }
    bool chosenOnTest = config.value("chooseOn", std::string()) == "test";
    std::string metric;
    std::ifstream lines(run / "metrics.jsonl");
    for (std::string line; std::getline(lines, line);) {
        const Json json = Json::parse(line, nullptr, false); // the last line may be cut off
        if (!json.is_object() || !json.contains("validation") || !json.at("validation").is_object())
            continue;
        const Json &value = json.at("validation").value("chosenOnTest", Json(false));
        chosenOnTest = chosenOnTest || (value.is_boolean() && value.get<bool>());
    }
    const std::string name = run.filename().string();
    if (chosenOnTest)
        addBadge(
            report, "chosen-on-test", BadgeLevel::Problem, "Chosen on test",
            "The run " + name
                + " kept the checkpoint that was best on the test split. Numbers on that split "
                  "are too good and cannot be compared with honestly chosen ones.",
            0, name);
    else
        addBadge(report, "chosen-on-val", BadgeLevel::Good, "Chosen on val",
                 "The run " + name + " never looked at the test split to choose its checkpoint.",
                 0, name);
    if (report.source == "dataset" && config.value("data", Json()).is_string()
        && report.split == "train") {
        std::error_code error;
        if (fs::equivalent(config.at("data").get<std::string>(), report.folder, error) && !error)
            addBadge(report, "trained-on-it", BadgeLevel::Problem, "Trained on these pictures",
                     "The run " + name + " was trained on exactly this split.", 0, name);
    }
}

void badgeRetrieval(EvaluationReport &report)
{
    addBadge(
        report, "own-picture", BadgeLevel::Note, "Own picture stays in the gallery",
        "As in the published protocol, all captions are queries, all pictures are the gallery, "
        "and the picture a caption was written for is among them.");
    if (report.identities < kFewIdentities)
        addBadge(report, "few-people", BadgeLevel::Warning, "Few people",
                 "Only " + countOf(report.identities, "person is", "persons are")
                     + " asked for: look at the intervals, not at the digits.",
                 report.identities);
    std::int64_t truncated = 0;
    for (const EvaluatedQuery &query : report.queries)
        truncated += query.truncated ? 1 : 0;
    if (truncated > 0)
        addBadge(report, "truncated-captions", BadgeLevel::Note, "Captions cut off",
                 countOf(truncated, "caption is", "captions are") + " longer than the "
                     + std::to_string(report.contextLength) + " tokens that the model reads.",
                 truncated);
    if (report.skippedQueries > 0)
        addBadge(report, "skipped-queries", BadgeLevel::Warning, "Queries without an answer",
                 countOf(report.skippedQueries, "query has", "queries have")
                     + " no right picture in the gallery and counts in no mean.",
                 report.skippedQueries);
    if (!report.skippedPictures.empty())
        addBadge(
            report, "skipped-pictures", BadgeLevel::Warning, "Pictures left out",
            countOf(static_cast<std::int64_t>(report.skippedPictures.size()), "picture", "pictures")
                + " could not be used, such as: " + report.skippedPictures.front(),
            static_cast<std::int64_t>(report.skippedPictures.size()),
            report.skippedPictures.front());
    if (report.cancelled)
        addBadge(report, "cancelled", BadgeLevel::Problem, "Stopped half-way",
                 "The measurement was cancelled: only a part of the gallery or of the queries was "
                 "used.");
}

KnownPerson describeFor(const Material &material, int picture, const std::string &query)
{
    KnownPerson person = material.known[static_cast<std::size_t>(picture)];
    const bool hasPhrases = std::any_of(person.parts.begin(), person.parts.end(),
                                        [](const KnownPart &part) { return !part.phrase.empty(); });
    if (hasPhrases)
        return person;
    // Without phrases, what else was said about the picture has to do.
    for (const std::string &caption : person.captions) {
        if (caption == query)
            continue;
        for (KnownPart &part : partsOfText(caption))
            person.parts.push_back(std::move(part));
    }
    return person;
}

void explainMisses(EvaluationReport &report, const Material &material,
                   const std::vector<PerceptualHash> &hashes)
{
    for (EvaluatedQuery &query : report.queries) {
        if (query.result.firstRank == 1)
            continue;
        MissedQuery missed;
        missed.caption = query.text;
        missed.truncated = query.truncated;
        missed.tokens = query.tokens;
        missed.contextLength = report.contextLength;
        missed.firstRank = query.result.firstRank;
        if (query.result.firstRank > 1) {
            missed.right = describeFor(material, query.bestRight.picture, query.text);
            for (const RankedPicture &hit : query.top) {
                const EvaluatedPicture &picture =
                    report.gallery[static_cast<std::size_t>(hit.picture)];
                if (picture.identity == query.identity)
                    break;
                missed.above.push_back(describeFor(material, hit.picture, query.text));
                if (!hashes.empty() && report.source != "synthetic")
                    missed.above.back().looksTheSame =
                        looksTheSame(hashes[static_cast<std::size_t>(hit.picture)],
                                     hashes[static_cast<std::size_t>(query.bestRight.picture)]);
            }
        }
        query.verdict = explainFailure(missed);
    }
}

void begin(EvaluationReport &report, const char *kind, const ModelInfo &model,
           const EvaluationRequest &request, ProjectStore *store)
{
    report.kind = kind;
    report.createdAt = isoNow();
    report.program = programVersion();
    report.modelName = model.name;
    report.modelHash = model.sha256;
    report.architecture = model.architecture;
    report.modelFolder = model.folder;
    report.source = request.source;
    report.split = request.split;
    report.seed = request.seed;
    report.bootstrap = request.bootstrap;
    if (request.source == "project") {
        if (store == nullptr)
            throw Error(ErrorKind::InvalidInput, "no project is open to measure in");
        report.folder = store->folder();
        report.data =
            (request.split.empty() ? std::string("all of ") : request.split + " split of ")
            + store->name();
    } else if (request.source == "dataset") {
        if (request.folder.empty())
            throw Error(ErrorKind::InvalidInput, "choose the folder of a data set");
        report.folder = request.folder;
        report.data = fs::path(request.folder).filename().string();
    } else if (request.source == "synthetic") {
        report.split.clear();
        report.data = countOf(request.count, "drawn person", "drawn people");
    } else {
        throw Error(ErrorKind::InvalidInput,
                    "the source '" + request.source + "' is none of project, dataset, synthetic");
    }
}

// Where people drew or corrected parts: the masks by group.
struct HumanParts
{
    EvaluatedPicture picture;
    std::vector<RegionRecord> regions;
};

// Adds one picture to a parsing report.
class ParsingCounter
{
public:
    explicit ParsingCounter(const Taxonomy &taxonomy)
        : m_matrix(static_cast<int>(taxonomy.groups.size()) + 1)
    {
        for (const PartGroup &group : taxonomy.groups)
            m_groups.push_back(group.name);
    }

    // truth: the mask of each group that shows. unsure: groups that are neither present nor absent.
    void add(const EvaluatedPicture &picture, const std::map<std::string, Mask> &truth,
             const std::vector<PartMask> &found, const std::set<std::string> &unsure,
             bool everythingIsLabelled)
    {
        const int cluster = m_pictures++;
        for (const PartMask &part : found) {
            const auto mask = truth.find(part.group);
            if (mask == truth.end()) {
                if (everythingIsLabelled && unsure.count(part.group) == 0) {
                    ++m_absent;
                    m_leftOut += part.mask.area() == 0 ? 1 : 0;
                }
                continue;
            }
            const double iou = 100.0 * binaryIou(part.mask, mask->second);
            m_values.push_back(iou);
            m_clusters.push_back(cluster);
            m_samples.push_back({part.group, picture.imageId, picture.path, iou});
        }
        if (found.empty())
            return;
        const Mask &first = found.front().mask;
        LabelMap truthMap(first.width, first.height);
        LabelMap foundMap(first.width, first.height);
        for (std::size_t i = m_groups.size(); i-- > 0;) { // the first of the groups wins
            const auto mask = truth.find(m_groups[i]);
            if (mask == truth.end())
                continue;
            for (std::size_t p = 0; p < truthMap.labels.size(); ++p) {
                if (mask->second.bits[p] != 0)
                    truthMap.labels[p] = static_cast<std::uint8_t>(i + 1);
            }
        }
        std::vector<const PartMask *> byScore;
        for (const PartMask &part : found) {
            // Of a picture that is labelled in part, only the labelled groups can be judged.
            if (everythingIsLabelled || truth.count(part.group) != 0)
                byScore.push_back(&part);
        }
        std::stable_sort(byScore.begin(), byScore.end(),
                         [](const PartMask *a, const PartMask *b) { return a->score < b->score; });
        for (const PartMask *part : byScore) {
            const auto place = std::find(m_groups.begin(), m_groups.end(), part->group);
            if (place == m_groups.end())
                continue;
            const auto label = static_cast<std::uint8_t>(place - m_groups.begin() + 1);
            for (std::size_t p = 0; p < foundMap.labels.size(); ++p) {
                if (part->mask.bits[p] != 0)
                    foundMap.labels[p] = label;
            }
        }
        m_matrix.add(truthMap, foundMap);
    }

    void finish(EvaluationReport &report)
    {
        report.pictures = m_pictures;
        report.matrixNames = {"background"};
        report.matrixNames.insert(report.matrixNames.end(), m_groups.begin(), m_groups.end());
        const int size = static_cast<int>(report.matrixNames.size());
        for (int truth = 0; truth < size; ++truth) {
            for (int predicted = 0; predicted < size; ++predicted)
                report.matrix.push_back(m_matrix.at(truth, predicted));
        }
        const std::vector<double> matrixIou = m_matrix.iou();
        for (std::size_t i = 0; i < m_groups.size(); ++i) {
            ParsedClass parsed;
            parsed.group = m_groups[i];
            parsed.lowest = 100.0;
            for (const ParsedSample &sample : m_samples) {
                if (sample.group != parsed.group)
                    continue;
                ++parsed.pairs;
                parsed.mean += sample.iou;
                parsed.lowest = std::min(parsed.lowest, sample.iou);
                parsed.highest = std::max(parsed.highest, sample.iou);
            }
            if (parsed.pairs == 0)
                continue;
            parsed.mean /= parsed.pairs;
            parsed.matrixIou = 100.0 * matrixIou[i + 1];
            report.classes.push_back(std::move(parsed));
        }
        report.metrics.push_back(
            {"mIoU", bootstrapMean(m_values, m_clusters, report.bootstrap), true});
        const auto plain = [&](const char *name, double share) {
            Interval value;
            value.mean = value.low = value.high = 100.0 * share;
            report.metrics.push_back({name, value, false});
        };
        plain("mIoU (matrix)", m_matrix.meanIouOfPresent());
        plain("Pixel accuracy", m_matrix.pixelAccuracy());
        plain("Mean accuracy", m_matrix.meanAccuracy());
        if (m_absent > 0)
            report.absentLeftOut = 100.0 * m_leftOut / m_absent;
        std::stable_sort(
            m_samples.begin(), m_samples.end(),
            [](const ParsedSample &a, const ParsedSample &b) { return a.iou < b.iou; });
        if (m_samples.size() > kWorstSamples)
            m_samples.resize(kWorstSamples);
        report.worst = std::move(m_samples);
    }

private:
    std::vector<std::string> m_groups;
    ConfusionMatrix m_matrix;
    std::vector<double> m_values;
    std::vector<std::int64_t> m_clusters;
    std::vector<ParsedSample> m_samples;
    int m_pictures = 0;
    int m_absent = 0;
    int m_leftOut = 0;
};

void parseDrawnPeople(Segmenter &segmenter, const std::vector<SegmentPrompt> &prompts,
                      const EvaluationRequest &request, ParsingCounter &counter,
                      const CancelToken &cancel, const ProgressSink &progress)
{
    ProgressMeter meter("segmenting drawn people", request.count, progress);
    for (int begin = 0; begin < request.count && !cancel.isCancelled();
         begin += static_cast<int>(kPicturesAtOnce)) {
        const int end = std::min(request.count, begin + static_cast<int>(kPicturesAtOnce));
        std::vector<Drawn> people;
        std::vector<Image> images;
        for (int i = begin; i < end; ++i) {
            people.push_back(drawPerson(request.seed, static_cast<std::uint64_t>(i)));
            images.push_back(people.back().picture.image);
        }
        const std::vector<std::vector<PartMask>> found = segmenter.segment(images, prompts);
        for (std::size_t i = 0; i < people.size(); ++i) {
            EvaluatedPicture picture;
            picture.path = kSyntheticScheme + std::to_string(request.seed) + ":"
                           + std::to_string(begin + static_cast<int>(i));
            const LabelMap &labels = people[i].picture.labels;
            std::map<std::string, Mask> truth;
            for (const PartPhrase &phrase : people[i].picture.phrases)
                truth[phrase.group] = maskOfClasses(labels, synthClassesOfGroup(phrase.group));
            std::set<std::string> unsure; // a few pixels that no phrase names
            for (const std::string &group : synthPartGroups()) {
                if (truth.count(group) == 0
                    && maskOfClasses(labels, {synthClassesOfGroup(group).front()}).area() > 0)
                    unsure.insert(group);
            }
            counter.add(picture, truth, found[i], unsure, true);
        }
        meter.advance(end - begin);
    }
}

void parseDataset(Segmenter &segmenter, const Taxonomy &taxonomy,
                  const std::vector<SegmentPrompt> &prompts, const EvaluationRequest &request,
                  ParsingCounter &counter, EvaluationReport &report, const CancelToken &cancel,
                  const ProgressSink &progress)
{
    const AtrDataset dataset = readAtr(request.folder);
    std::size_t count = dataset.names.size();
    if (request.limit > 0)
        count = std::min(count, static_cast<std::size_t>(request.limit));
    if (count == 0)
        throw Error(ErrorKind::NotFound,
                    "'" + request.folder + "' has no picture with a label map");
    ProgressMeter meter("segmenting", static_cast<std::int64_t>(count), progress);
    for (std::size_t i = 0; i < count && !cancel.isCancelled(); ++i) {
        try {
            EvaluatedPicture picture;
            picture.path = dataset.imagePath(dataset.names[i]);
            const Image image = readImage(picture.path);
            const LabelMap labels = readLabels(dataset.maskPath(dataset.names[i]));
            const std::set<int> distinct(labels.labels.begin(), labels.labels.end());
            const std::vector<int> present(distinct.begin(), distinct.end());
            std::map<std::string, Mask> truth;
            std::set<std::string> unsure;
            for (const PartGroup &group : taxonomy.groups) {
                const Mask mask = maskOfClasses(labels, group.classes);
                if (taxonomy.isTriggered(group, present))
                    truth[group.name] = mask;
                else if (mask.area() > 0)
                    unsure.insert(group.name);
            }
            counter.add(picture, truth, segmenter.segment({image}, prompts).front(), unsure, true);
        } catch (const Error &error) {
            if (error.kind() == ErrorKind::OutOfMemory)
                throw;
            report.skippedPictures.push_back(error.what());
        }
        meter.advance();
    }
}

void parseProject(Segmenter &segmenter, ProjectStore &store,
                  const std::vector<SegmentPrompt> &prompts, const EvaluationRequest &request,
                  ParsingCounter &counter, EvaluationReport &report, const CancelToken &cancel,
                  const ProgressSink &progress)
{
    std::vector<HumanParts> labelled;
    for (const ImageRecord &image : store.images()) {
        if (!request.split.empty() && image.split != request.split)
            continue;
        HumanParts parts;
        for (RegionRecord &region : store.regions(image.id)) {
            if (region.origin == "human")
                parts.regions.push_back(std::move(region));
        }
        if (parts.regions.empty())
            continue;
        parts.picture = {image.id, store.picturePath(image), image.identity};
        labelled.push_back(std::move(parts));
    }
    if (labelled.empty())
        throw Error(
            ErrorKind::InvalidInput,
            "nobody has drawn or corrected a part in the project '" + store.folder() + "'"
                + (request.split.empty() ? std::string() : ", split '" + request.split + "'")
                + ", so there is nothing to measure masks against; correct some in the "
                  "viewer, or measure on a data set with label maps");
    ProgressMeter meter("segmenting", static_cast<std::int64_t>(labelled.size()), progress);
    for (const HumanParts &parts : labelled) {
        if (cancel.isCancelled())
            break;
        try {
            const Image image = readImage(parts.picture.path);
            std::map<std::string, Mask> truth;
            for (const RegionRecord &region : parts.regions) {
                if (region.width != image.width || region.height != image.height)
                    throw Error(ErrorKind::Mismatch,
                                parts.picture.path + ": the mask of '" + region.group + "' is "
                                    + std::to_string(region.width) + " × "
                                    + std::to_string(region.height) + ", the picture is not");
                const Mask mask = maskOfRle(rleFromString(region.rle, region.width, region.height));
                const auto [place, isNew] = truth.emplace(region.group, mask);
                if (!isNew)
                    place->second = unionOf(place->second, mask);
            }
            counter.add(parts.picture, truth, segmenter.segment({image}, prompts).front(), {},
                        false);
        } catch (const Error &error) {
            if (error.kind() == ErrorKind::OutOfMemory)
                throw;
            report.skippedPictures.push_back(error.what());
        }
        meter.advance();
    }
}

} // namespace

Image evaluationPicture(const std::string &path)
{
    if (path.rfind(kSyntheticScheme, 0) != 0)
        return readImage(path);
    const std::size_t colon = path.find(':', kSyntheticScheme.size());
    try {
        return drawPerson(std::stoull(path.substr(kSyntheticScheme.size())),
                          std::stoull(path.substr(colon + 1)))
            .picture.image;
    } catch (const std::logic_error &) {
        throw Error(ErrorKind::Corrupt, "'" + path + "' names no drawn person");
    }
}

EvaluationReport measureRetrieval(Retriever &retriever, ProjectStore *store,
                                  const EvaluationRequest &request, const CancelToken &cancel,
                                  const ProgressSink &progress)
{
    EvaluationReport report;
    begin(report, "retrieval", retriever.model(), request, store);
    report.contextLength = retriever.contextLength();
    if (request.source == "dataset" && report.split.empty())
        report.split = "test";
    badgeModel(report);
    badgeSplit(report);
    Material material = request.source == "project"   ? materialOfProject(*store, request, report)
                        : request.source == "dataset" ? materialOfDataset(request, report)
                                                      : materialOfDrawnPeople(request, report);
    std::vector<PerceptualHash> hashes;
    const std::vector<float> rows =
        request.storedFeatures && request.source == "project"
            ? storedRows(retriever, *store, material, report)
            : embedPictures(retriever, material, hashes, report, cancel, progress);
    if (material.pictures.empty() && !cancel.isCancelled())
        throw Error(ErrorKind::NotFound,
                    "the gallery is empty: none of its pictures could be used, such as: "
                        + (report.skippedPictures.empty() ? std::string("(none)")
                                                          : report.skippedPictures.front()));
    report.gallery = material.pictures;
    std::vector<std::string> galleryKeys;
    for (std::size_t i = 0; i < material.pictures.size(); ++i)
        galleryKeys.push_back(material.contentKeys[i] + " " + material.pictures[i].identity);
    report.galleryHash = hashOf(galleryKeys);

    std::vector<std::string> texts;
    for (const Asked &query : material.queries)
        texts.push_back(query.text);
    const std::vector<TextEmbedding> embedded =
        material.pictures.empty() ? std::vector<TextEmbedding>()
                                  : embedTexts(retriever, texts, cancel, progress);
    ProgressMeter meter("ranking", static_cast<std::int64_t>(embedded.size()), progress);
    std::vector<float> scores;
    std::vector<std::string> queryKeys;
    std::vector<bool> right(report.gallery.size());
    const auto judge = [&](const std::vector<int> &order, const std::string &identity) {
        for (std::size_t i = 0; i < order.size(); ++i)
            right[i] = report.gallery[static_cast<std::size_t>(order[i])].identity == identity;
        return resultOfRanking(right);
    };
    for (std::size_t i = 0; i < embedded.size() && !cancel.isCancelled(); ++i) {
        const Asked &asked = material.queries[i];
        EvaluatedQuery query;
        query.text = asked.text;
        query.described = asked.picture;
        query.identity = asked.identity;
        query.truncated = embedded[i].truncated;
        query.tokens = embedded[i].tokens;
        const std::vector<int> order = rankingOf(embedded[i], rows, scores);
        query.result = judge(order, query.identity);
        const auto hitAt = [&](int rank) {
            const int picture = order[static_cast<std::size_t>(rank - 1)];
            return RankedPicture{picture,
                                 static_cast<double>(scores[static_cast<std::size_t>(picture)])};
        };
        if (query.result.firstRank > 0)
            query.bestRight = hitAt(query.result.firstRank);
        for (int rank = 1;
             rank <= std::min(std::max(1, request.topHits), static_cast<int>(order.size())); ++rank)
            query.top.push_back(hitAt(rank));
        queryKeys.push_back(query.identity + " " + query.text);
        report.queries.push_back(std::move(query));
        meter.advance();
    }
    report.queriesHash = hashOf(queryKeys);
    report.cancelled = cancel.isCancelled();
    addRetrievalMetrics(report);
    explainMisses(report, material, hashes);
    badgeRetrieval(report);

    if (!material.anyLength.empty() && !report.cancelled) {
        std::vector<QueryResult> results;
        const std::vector<TextEmbedding> any =
            embedTexts(retriever, material.anyLength, cancel, progress);
        for (std::size_t i = 0; i < any.size(); ++i)
            results.push_back(judge(rankingOf(any[i], rows, scores), std::to_string(i)));
        const RetrievalMetrics metrics = metricsOfResults(std::move(results));
        report.anyLength = {{"R@1", metrics.rankOne},
                            {"R@5", metrics.rankFive},
                            {"R@10", metrics.rankTen},
                            {"mAP", metrics.meanAveragePrecision}};
    }
    return report;
}

EvaluationReport measureParsing(Segmenter &segmenter, ProjectStore *store,
                                const EvaluationRequest &request, const CancelToken &cancel,
                                const ProgressSink &progress)
{
    EvaluationReport report;
    begin(report, "parsing", segmenter.model(), request, store);
    if (request.source == "dataset") {
        report.split.clear(); // the layout has no splits
        report.data = "label maps of " + report.data;
    } else if (request.source == "project") {
        report.data = "parts drawn by people, " + report.data;
    }
    badgeModel(report);
    // What people drew in a project belongs to its own groups.
    const Taxonomy taxonomy = request.source == "project" && store != nullptr
                                  ? searchTaxonomy(*store)
                                  : defaultTaxonomy();
    const std::vector<SegmentPrompt> prompts = segmentPrompts(taxonomy);
    ParsingCounter counter(taxonomy);
    if (request.source == "synthetic") {
        if (request.count < 1)
            throw Error(ErrorKind::InvalidInput, "at least one drawn person is needed");
        addBadge(report, "synthetic", BadgeLevel::Note, "Drawn people",
                 "Measured on people of the project's own generator that training never draws. No "
                 "published number is for them.");
        parseDrawnPeople(segmenter, prompts, request, counter, cancel, progress);
    } else if (request.source == "dataset") {
        parseDataset(segmenter, taxonomy, prompts, request, counter, report, cancel, progress);
    } else {
        badgeSplit(report);
        addBadge(
            report, "human-parts", BadgeLevel::Note, "Parts drawn by people",
            "Only the parts that somebody drew or corrected are measured. Where a model's mask "
            "was corrected, its own mistakes may have been overlooked.");
        parseProject(segmenter, *store, prompts, request, counter, report, cancel, progress);
    }
    report.cancelled = cancel.isCancelled();
    counter.finish(report);
    addBadge(report, "generic-phrases", BadgeLevel::Note, "Generic phrases",
             "Each part is asked for by its plain name; the published number uses a phrase written "
             "for the picture.");
    if (!report.skippedPictures.empty())
        addBadge(
            report, "skipped-pictures", BadgeLevel::Warning, "Pictures left out",
            countOf(static_cast<std::int64_t>(report.skippedPictures.size()), "picture", "pictures")
                + " could not be used, such as: " + report.skippedPictures.front(),
            static_cast<std::int64_t>(report.skippedPictures.size()),
            report.skippedPictures.front());
    if (report.cancelled)
        addBadge(report, "cancelled", BadgeLevel::Problem, "Stopped half-way",
                 "The measurement was cancelled: only a part of the pictures was used.");
    return report;
}

std::vector<EvaluationModel> evaluationModels(const std::string &modelsFolder,
                                              const std::string &runsFolder,
                                              const std::string &task)
{
    std::vector<EvaluationModel> models;
    const auto addManifest = [&](const std::string &folder, const char *origin) {
        std::error_code ignored;
        if (folder.empty() || !fs::exists(fs::path(folder) / "manifest.json", ignored))
            return;
        const ModelManifest manifest = readModelManifest(folder);
        for (const ModelEntry &entry : manifest.models) {
            if (entry.task == task)
                models.push_back({entry.name, manifest.pathOf(entry), origin});
        }
    };
    const std::string chosen = modelsFolder.empty() ? defaultModelsFolder() : modelsFolder;
    addManifest(chosen, "shipped");
    if (chosen != userModelsFolder())
        addManifest(userModelsFolder(), "imported");
    std::error_code ignored;
    std::vector<EvaluationModel> runs;
    for (const auto &entry : fs::directory_iterator(runsFolder, ignored)) {
        const fs::path folder = entry.path() / "model";
        if (!fs::exists(folder / "model.safetensors", ignored))
            continue;
        const Json config =
            Json::parse(std::ifstream(entry.path() / "config.json"), nullptr, false);
        const std::string name = entry.path().filename().string();
        if (config.is_object() && config.value("task", std::string()) == task)
            runs.push_back({config.value("name", name), folder.string(), "run " + name});
    }
    std::sort(runs.begin(), runs.end(), [](const EvaluationModel &a, const EvaluationModel &b) {
        return a.origin > b.origin; // newest first
    });
    models.insert(models.end(), runs.begin(), runs.end());
    return models;
}

EvaluationReport measure(const std::string &kind, const std::string &modelFolder, Engines &engines,
                         ProjectStore *store, const EvaluationRequest &request,
                         const CancelToken &cancel, const ProgressSink &progress)
{
    if (kind == "parsing") {
        if (modelFolder.empty())
            return measureParsing(engines.segmenter(), store, request, cancel, progress);
        Segmenter segmenter(modelFolder, engines.options());
        return measureParsing(segmenter, store, request, cancel, progress);
    }
    if (kind != "retrieval")
        throw Error(ErrorKind::InvalidInput,
                    "'" + kind + "' is no kind of evaluation; there are retrieval and parsing");
    if (modelFolder.empty())
        return measureRetrieval(engines.retriever(), store, request, cancel, progress);
    Retriever retriever(modelFolder, engines.options());
    return measureRetrieval(retriever, store, request, cancel, progress);
}

} // namespace sapsam
