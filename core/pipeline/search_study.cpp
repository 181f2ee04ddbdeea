#include "core/pipeline/search_study.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/sha256.h"
#include "core/eval/retrieval_metrics.h"
#include "core/image/codec.h"
#include "core/pipeline/jobs.h"
#include "core/synth/pedestrian.h"
#include "core/text/query_parser.h"
#include "core/train/query_text.h"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace sapsam {

namespace {

constexpr int kWidth = 96; // of drawn pictures, as the other measurements have them
constexpr int kHeight = 192;
constexpr int kClicks = 3;

// First and last number of words; the last one has no end. A query of three words names one thing,
// a description of twelve most of what is seen.
constexpr std::array<std::pair<int, int>, 4> kCalibratedLengths{
    {{1, 3}, {4, 7}, {8, 11}, {12, 0}}};
constexpr int kFewestCases = 24;
constexpr int kHeldEvery = 3; // every third description measures what the others fit

struct Ranking
{
    std::vector<std::int64_t> ids;
    std::vector<double> scores;
};

Ranking rankingOf(Searcher &searcher, const SearchQuery &query, const StudyCase &study)
{
    Ranking ranking;
    for (const RankedImage &image : searcher.rankAll(query)) {
        if (study.ignored.count(image.imageId) != 0)
            continue;
        ranking.ids.push_back(image.imageId);
        ranking.scores.push_back(static_cast<double>(image.score));
    }
    return ranking;
}

Json metricsJson(std::vector<QueryResult> results)
{
    const RetrievalMetrics metrics = metricsOfResults(std::move(results));
    return {
        {"mAP", metrics.meanAveragePrecision}, {"R@1", metrics.rankOne}, {"R@5", metrics.rankFive}};
}

QueryResult resultOf(const Ranking &ranking, const StudyCase &study)
{
    std::vector<bool> inOrder;
    for (const std::int64_t id : ranking.ids)
        inOrder.push_back(study.relevant.count(id) != 0);
    return resultOfRanking(inOrder);
}

void addPicture(ProjectStore &store, const Image &picture, const std::string &file,
                const std::string &identity, const std::vector<std::string> &captions)
{
    const std::string bytes = encodePng(picture);
    writeFileAtomically(file, bytes);
    ImageRecord record;
    record.path = file;
    record.sha256 = sha256Of(bytes);
    record.width = picture.width;
    record.height = picture.height;
    record.source = "study";
    record.identity = identity;
    const std::int64_t id = store.addImage(record).id;
    for (const std::string &caption : captions)
        store.addCaption(id, caption);
}

void prepare(ProjectStore &store, Engines &engines, const CancelToken &cancel,
             const ProgressSink &progress)
{
    segmentProject(store, engines, cancel, progress);
    phraseProject(store, engines, cancel, progress);
    embedProject(store, engines, cancel, progress);
}

} // namespace

std::vector<StudyCase> casesOfProject(ProjectStore &store, const std::string &split, int limit)
{
    std::map<std::string, std::set<std::int64_t>> imagesOf;
    std::vector<StudyCase> all;
    const std::vector<ImageRecord> images = store.images();
    for (const ImageRecord &image : images) {
        if (!image.identity.empty() && (split.empty() || image.split == split))
            imagesOf[image.identity].insert(image.id);
    }
    std::set<std::int64_t> others; // pictures nobody has named, or of another split
    for (const ImageRecord &image : images) {
        if (image.identity.empty() || (!split.empty() && image.split != split)) {
            others.insert(image.id);
            continue;
        }
        for (const CaptionRecord &caption : store.captions(image.id))
            all.push_back({caption.text, imagesOf[image.identity], {}});
    }
    if (all.empty())
        throw Error(ErrorKind::InvalidInput,
                    "the project '" + store.folder() + "' has no picture with identity and caption"
                        + (split.empty() ? std::string() : " in the split '" + split + "'")
                        + "; import a data set with --format");
    std::vector<StudyCase> cases;
    const std::size_t wanted =
        limit > 0 ? std::min(all.size(), static_cast<std::size_t>(limit)) : all.size();
    for (std::size_t i = 0; i < wanted; ++i) {
        cases.push_back(std::move(all[i * all.size() / wanted]));
        cases.back().ignored = others;
    }
    return cases;
}

void makeDrawnProject(const std::string &folder, int count, int pictures, std::uint64_t seed,
                      std::uint64_t first, bool withParts, Engines &engines,
                      const CancelToken &cancel, const ProgressSink &progress)
{
    ProjectStore store = ProjectStore::create(folder);
    makeFolder(folder + "/drawn");
    store.transaction([&] {
        for (int i = 0; i < count && !cancel.isCancelled(); ++i) {
            const SyntheticPerson person = makePerson(seed, first + static_cast<std::uint64_t>(i));
            for (int shot = 0; shot < pictures; ++shot) {
                const SyntheticPicture picture = renderPicture(person, shot, kWidth, kHeight);
                const SeededRandom random =
                    SeededRandom(seed).fork("evaluation").fork(static_cast<std::uint64_t>(i));
                const std::string name =
                    std::to_string(i) + (shot == 0 ? "" : "-" + std::to_string(shot));
                addPicture(store, picture.image, folder + "/drawn/" + name + ".png",
                           std::to_string(i),
                           shot > 0 ? std::vector<std::string>()
                                    : makeCaptions(person, picture, 1, random.fork("description"),
                                                   CaptionStyle::Description));
            }
        }
    });
    if (withParts)
        prepare(store, engines, cancel, progress);
    else
        embedProject(store, engines, cancel, progress);
}

std::vector<StudyCase> makeLabelledProject(const std::string &folder, const std::string &labelsFile,
                                           const std::string &video, Engines &engines,
                                           const CancelToken &cancel, const ProgressSink &progress)
{
    const Json labels = readJsonFile(labelsFile);
    if (sha256OfFile(video) != require<std::string>(labels, "video_sha256", labelsFile))
        throw Error(ErrorKind::Mismatch, video + " is another video than the one that " + labelsFile
                                             + " labels: its SHA-256 differs");
    std::multimap<int, std::pair<std::string, std::vector<int>>> crops;
    for (const Json &item : require<Json>(labels, "crops", labelsFile)) {
        const auto box = require<std::vector<int>>(item, "box", labelsFile);
        if (box.size() != 4)
            throw Error(ErrorKind::Corrupt, labelsFile + ": a box must have four numbers");
        crops.emplace(require<int>(item, "frame", labelsFile),
                      std::make_pair(require<std::string>(item, "id", labelsFile), box));
    }
    ProjectStore store = ProjectStore::create(folder);
    makeFolder(folder + "/crops-of-video");
    std::map<std::string, std::int64_t> idOf;
    cv::VideoCapture capture(video);
    cv::Mat frame;
    int number = -1;
    store.transaction([&] {
        for (const auto &[at, crop] : crops) {
            while (number < at) { // frame by frame: seeking is not exact
                if (cancel.isCancelled())
                    return;
                if (!capture.read(frame))
                    throw Error(ErrorKind::Corrupt,
                                video + ": the video ends before frame " + std::to_string(at));
                ++number;
            }
            const std::vector<int> &box = crop.second;
            const cv::Rect place(box[0], box[1], box[2], box[3]);
            if ((place & cv::Rect(0, 0, frame.cols, frame.rows)) != place)
                throw Error(ErrorKind::Corrupt,
                            labelsFile + ": the box of '" + crop.first + "' leaves the frame");
            Image picture(place.width, place.height);
            cv::Mat target(place.height, place.width, CV_8UC3, picture.pixels.data());
            cv::cvtColor(frame(place), target, cv::COLOR_BGR2RGB);
            addPicture(store, picture, folder + "/crops-of-video/" + crop.first + ".png", {}, {});
            idOf[crop.first] = store.imageIds().back();
        }
    });
    prepare(store, engines, cancel, progress);
    std::vector<StudyCase> cases;
    for (const Json &query : require<Json>(labels, "queries", labelsFile)) {
        StudyCase study;
        study.text = require<std::string>(query, "text", labelsFile);
        for (const auto &id : require<std::vector<std::string>>(query, "relevant", labelsFile))
            study.relevant.insert(idOf[id]);
        for (const auto &id : require<std::vector<std::string>>(query, "ambiguous", labelsFile))
            study.ignored.insert(idOf[id]);
        cases.push_back(std::move(study));
    }
    return cases;
}

std::vector<std::string> absentSentences(const std::string &labelsFile)
{
    const Json labels = readJsonFile(labelsFile);
    std::vector<std::string> sentences;
    for (const Json &query : valueOr<Json>(labels, "absent_queries", Json::array(), labelsFile))
        sentences.push_back(require<std::string>(query, "text", labelsFile));
    return sentences;
}

namespace {

// What a simulated user meets who judges the first hit that was not judged yet.
struct Clicks
{
    std::array<double, kClicks + 1> rankOne{}; // percent, by judged hits
    double restMap = 0.0;                      // percent, of what was not judged in the end
    std::int64_t queries = 0;

    double meanRankOne() const
    {
        double sum = 0.0;
        for (std::size_t click = 1; click <= kClicks; ++click)
            sum += rankOne[click];
        return sum / kClicks;
    }
};

QueryResult resultOfRest(const Ranking &ranking, const StudyCase &study,
                         const std::set<std::int64_t> &judged)
{
    std::vector<bool> inOrder;
    for (const std::int64_t id : ranking.ids) {
        if (judged.count(id) == 0)
            inOrder.push_back(study.relevant.count(id) != 0);
    }
    return resultOfRanking(inOrder);
}

Clicks simulateClicks(Searcher &searcher, const Taxonomy &taxonomy,
                      const std::vector<const StudyCase *> &cases, bool learns,
                      const CancelToken &cancel)
{
    Clicks clicks;
    std::vector<QueryResult> rest;
    for (const StudyCase *study : cases) {
        if (cancel.isCancelled())
            break;
        SearchQuery query = queryOf(study->text, taxonomy);
        query.reranking = Reranking::Off;
        std::set<std::int64_t> judged;
        bool found = false;
        Ranking ranking = rankingOf(searcher, query, *study);
        for (std::size_t click = 0; click <= kClicks; ++click) {
            const auto first = std::find_if(ranking.ids.begin(), ranking.ids.end(),
                                            [&](std::int64_t id) { return judged.count(id) == 0; });
            const bool isRight = first != ranking.ids.end() && study->relevant.count(*first) != 0;
            found = found || isRight;
            clicks.rankOne[click] += found ? 1.0 : 0.0;
            if (first == ranking.ids.end() || click == kClicks)
                continue;
            judged.insert(*first);
            query.feedback.push_back({*first, "", isRight});
            if (learns)
                ranking = rankingOf(searcher, query, *study);
        }
        const bool isAnyLeft =
            std::any_of(study->relevant.begin(), study->relevant.end(), [&](std::int64_t id) {
                return judged.count(id) == 0 && study->ignored.count(id) == 0;
            });
        if (isAnyLeft)
            rest.push_back(resultOfRest(ranking, *study, judged));
        ++clicks.queries;
    }
    for (double &value : clicks.rankOne)
        value *= 100.0 / static_cast<double>(std::max<std::int64_t>(1, clicks.queries));
    if (!rest.empty())
        clicks.restMap = metricsOfResults(std::move(rest)).meanAveragePrecision;
    return clicks;
}

std::vector<const StudyCase *> pointersTo(const std::vector<StudyCase> &cases)
{
    std::vector<const StudyCase *> pointers;
    for (const StudyCase &study : cases)
        pointers.push_back(&study);
    return pointers;
}

std::vector<QueryResult> resultsOf(Searcher &searcher, const Taxonomy &taxonomy,
                                   const std::vector<const StudyCase *> &cases, Reranking reranking,
                                   const CancelToken &cancel)
{
    std::vector<QueryResult> results;
    for (const StudyCase *study : cases) {
        if (cancel.isCancelled())
            break;
        SearchQuery query = queryOf(study->text, taxonomy);
        query.reranking = reranking;
        results.push_back(resultOf(rankingOf(searcher, query, *study), *study));
    }
    return results;
}

double meanAveragePrecision(Searcher &searcher, const Taxonomy &taxonomy,
                            const std::vector<const StudyCase *> &cases, Reranking reranking,
                            const CancelToken &cancel)
{
    std::vector<QueryResult> results = resultsOf(searcher, taxonomy, cases, reranking, cancel);
    return results.empty() ? 0.0 : metricsOfResults(std::move(results)).meanAveragePrecision;
}

// The first of the values for which the measure is largest.
template <typename Values, typename Measure>
double bestOf(const Values &values, const Measure &measure)
{
    double best = values.front();
    double most = -1.0; // measures are shares
    for (const double value : values) {
        if (const double measured = measure(value); measured > most) {
            most = measured;
            best = value;
        }
    }
    return best;
}

// Every other case fits, the others measure.
void split(const std::vector<StudyCase> &cases, std::vector<const StudyCase *> &fitted,
           std::vector<const StudyCase *> &held)
{
    for (std::size_t i = 0; i < cases.size(); ++i)
        (i % 2 == 0 ? fitted : held).push_back(&cases[i]);
}

} // namespace

Json studySearch(ProjectStore &store, Engines &engines, const std::vector<StudyCase> &cases,
                 const CancelToken &cancel, const ProgressSink &progress)
{
    Searcher searcher(store, engines);
    const Taxonomy taxonomy = searchTaxonomy(store);
    const std::string model = engines.retriever().model().sha256;
    const auto stored = storedCalibration(store, model);
    const ScoreWeights usual = stored ? stored->weights : ScoreWeights();
    const auto all = pointersTo(cases);
    const auto measure = [&](Reranking reranking, double phrase, double region) {
        ScoreWeights weights = usual;
        weights.phrase = phrase;
        weights.region = region;
        searcher.setWeights(weights);
        return metricsJson(resultsOf(searcher, taxonomy, all, reranking, cancel));
    };
    constexpr std::array<double, 6> kWeights{0.05, 0.1, 0.2, 0.3, 0.4, 0.8};
    Json json;
    json["queries"] = cases.size();
    json["gallery"] = store.imageCount();
    json["model"] = model;
    ProgressMeter meter("ranking by parts", static_cast<std::int64_t>(2 * kWeights.size() + 2),
                        progress);
    json["cosine"] = measure(Reranking::Off, 0.0, 0.0);
    meter.advance();
    json["by_parts"] = measure(Reranking::On, usual.phrase, usual.region);
    json["by_parts"]["phrase"] = usual.phrase;
    json["by_parts"]["region"] = usual.region;
    json["by_parts"]["match"] = usual.match;
    meter.advance();
    for (const double weight : kWeights) {
        std::string name = std::to_string(weight);
        name.erase(name.find_last_not_of('0') + 1);
        json["by_phrases"][name] = measure(Reranking::On, weight, 0.0);
        json["by_regions"][name] = measure(Reranking::On, 0.0, weight);
        meter.advance(2);
    }
    json["feedback"] = studyFeedback(store, engines, cases, cancel, progress);
    if (cancel.isCancelled())
        json["cancelled"] = true;
    return json;
}

Json studyFeedback(ProjectStore &store, Engines &engines, const std::vector<StudyCase> &cases,
                   const CancelToken &cancel, const ProgressSink &progress)
{
    Searcher searcher(store, engines);
    const Taxonomy taxonomy = searchTaxonomy(store);
    ProgressMeter meter("judging hits", 2, progress);
    const auto all = pointersTo(cases);
    const Clicks learned = simulateClicks(searcher, taxonomy, all, true, cancel);
    meter.advance();
    const Clicks removed = simulateClicks(searcher, taxonomy, all, false, cancel);
    meter.advance();
    return {{"clicks", {0, 1, 2, 3}},
            {"R@1", learned.rankOne},
            {"R@1_removal_only", removed.rankOne},
            {"mAP_rest", learned.restMap},
            {"mAP_rest_removal_only", removed.restMap},
            {"queries", learned.queries},
            {"gallery", store.imageCount()},
            {"pays", learned.meanRankOne() > removed.meanRankOne()}};
}

Json studyLine(ProjectStore &store, Engines &engines, const std::vector<StudyCase> &cases,
               const std::vector<std::string> &absent, const CancelToken &cancel)
{
    if (!storedCalibration(store, engines.retriever().model().sha256))
        return nullptr;
    Searcher searcher(store, engines);
    const Taxonomy taxonomy = searchTaxonomy(store);
    struct Fall
    {
        std::int64_t withLine = 0;
        std::int64_t rightAbove = 0;
        std::int64_t wrongAbove = 0;
    };
    struct Both
    {
        Fall here;
        Fall fitted;
        std::int64_t sentences = 0;
        std::int64_t right = 0;
    };
    const auto ask = [&](const StudyCase &study, Both &both) {
        SearchRequest request;
        request.query = queryOf(study.text, taxonomy);
        request.top = 0;
        request.explainTop = 0;
        request.remember = false;
        const SearchResponse response = searcher.search(request);
        if (!response.line)
            return;
        ++both.sentences;
        const auto fallOf = [&](double threshold, Fall &fall) {
            bool isAny = false;
            for (const SearchHit &hit : response.hits) {
                if (hit.score < threshold || study.ignored.count(hit.imageId) != 0)
                    continue;
                isAny = true;
                ++(study.relevant.count(hit.imageId) != 0 ? fall.rightAbove : fall.wrongAbove);
            }
            fall.withLine += isAny ? 1 : 0;
        };
        both.right += static_cast<std::int64_t>(study.relevant.size());
        fallOf(response.line->threshold, both.here);
        fallOf(response.line->fitted.calibration.threshold, both.fitted);
    };
    Both described;
    for (const StudyCase &study : cases) {
        if (!cancel.isCancelled())
            ask(study, described);
    }
    Both nobody;
    for (const std::string &text : absent) {
        if (!cancel.isCancelled())
            ask({text, {}, {}}, nobody);
    }
    const auto jsonOfFall = [](const Fall &ofDescribed, const Fall &ofNobody, const Both &all,
                               const Both &none) {
        return Json{{"described",
                     {{"sentences", all.sentences},
                      {"with_line", ofDescribed.withLine},
                      {"right", all.right},
                      {"right_above", ofDescribed.rightAbove},
                      {"wrong_above", ofDescribed.wrongAbove}}},
                    {"nobody",
                     {{"sentences", none.sentences},
                      {"with_line", ofNobody.withLine},
                      {"wrong_above", ofNobody.wrongAbove}}}};
    };
    Json json = jsonOfFall(described.here, nobody.here, described, nobody);
    json["as_fitted"] = jsonOfFall(described.fitted, nobody.fitted, described, nobody);
    return json;
}

std::vector<StudyCase> drawnQueries(ProjectStore &store, int count, std::uint64_t seed,
                                    std::uint64_t first, int each)
{
    struct Drawn
    {
        std::int64_t id = 0;
        SyntheticPerson person;
        SyntheticPicture picture;
        training::PartWords words;
    };
    std::map<std::string, std::int64_t> idOf;
    for (const ImageRecord &image : store.images())
        idOf[image.identity] = image.id;
    const SeededRandom random = SeededRandom(seed).fork("queries");
    std::vector<Drawn> people;
    for (int i = 0; i < count; ++i) {
        const auto number = static_cast<std::uint64_t>(i);
        Drawn drawn;
        drawn.id = idOf.at(std::to_string(i));
        drawn.person = makePerson(seed, first + number);
        drawn.picture = renderPicture(drawn.person, 0, kWidth, kHeight);
        drawn.words = training::PartWords(drawn.person, drawn.picture,
                                          random.fork("words").fork(number));
        people.push_back(std::move(drawn));
    }
    std::vector<StudyCase> cases;
    for (int i = 0; i < count; ++i) {
        const Drawn &asked = people[static_cast<std::size_t>(i)];
        SeededRandom own = random.fork("texts").fork(static_cast<std::uint64_t>(i));
        for (int k = 0; k < each; ++k) {
            const training::QueryText query =
                training::drawQuery(asked.person, asked.picture, own);
            if (query.text.empty())
                continue;
            StudyCase study;
            study.text = query.text;
            for (const Drawn &other : people) {
                if (!training::mayBeTrueOf(query, asked.person, other.person, other.picture,
                                           other.words))
                    continue;
                const bool isSeen =
                    other.id == asked.id
                    || (!other.picture.grey
                        && std::all_of(query.parts.begin(), query.parts.end(),
                                       [&](const training::QueryText::Part &part) {
                                           return other.words.canSay(part);
                                       }));
                (isSeen ? study.relevant : study.ignored).insert(other.id);
            }
            cases.push_back(std::move(study));
        }
    }
    return cases;
}

FittedReranking fitReranking(ProjectStore &store, Engines &engines,
                             const std::vector<StudyCase> &cases, const std::string &source,
                             const CancelToken &cancel, const ProgressSink &progress)
{
    constexpr std::array<double, 5> kPhrases{0.0, 0.1, 0.2, 0.3, 0.4};
    constexpr std::array<double, 4> kRegions{0.0, 0.05, 0.1, 0.2};
    constexpr std::array<double, 4> kMatches{0.1, 0.2, 0.4, 0.8};
    Searcher searcher(store, engines);
    const Taxonomy taxonomy = searchTaxonomy(store);
    std::vector<const StudyCase *> fitted;
    std::vector<const StudyCase *> held;
    split(cases, fitted, held);
    ProgressMeter meter("weighing parts",
                        static_cast<std::int64_t>(kPhrases.size() * kRegions.size() + 1), progress);
    FittedReranking best;
    double bestMap = -1.0;
    const auto attempt = [&](const ScoreWeights &weights) {
        searcher.setWeights(weights);
        const double map = meanAveragePrecision(searcher, taxonomy, fitted, Reranking::On, cancel);
        if (map > bestMap) {
            bestMap = map;
            best.weights = weights;
        }
    };
    for (const double phrase : kPhrases) {
        for (const double region : kRegions) {
            meter.advance();
            if (phrase == 0.0 && region == 0.0)
                continue; // the plain cosine
            ScoreWeights weights;
            weights.phrase = phrase;
            weights.region = region;
            attempt(weights);
        }
    }
    // ELCA's head beside the best of the others, and by itself.
    if (engines.retriever().matchesPhrases()) {
        const ScoreWeights others = best.weights;
        for (const double match : kMatches) {
            for (const bool isAlone : {false, true}) {
                ScoreWeights weights = others;
                weights.match = match;
                if (isAlone)
                    weights.phrase = weights.region = 0.0;
                attempt(weights);
            }
        }
    }
    searcher.setWeights(best.weights);
    best.measured.source = source;
    best.measured.queries = static_cast<std::int64_t>(held.size());
    best.measured.cosine = meanAveragePrecision(searcher, taxonomy, held, Reranking::Off, cancel);
    best.measured.reranked = meanAveragePrecision(searcher, taxonomy, held, Reranking::On, cancel);
    meter.advance();
    return best;
}

FittedFeedback fitFeedback(ProjectStore &store, Engines &engines,
                           const std::vector<StudyCase> &cases, const ScoreWeights &weights,
                           const std::string &source, const CancelToken &cancel,
                           const ProgressSink &progress)
{
    constexpr std::array<double, 5> kNotRelevant{0.0, 0.1, 0.25, 0.5, 1.0};
    constexpr std::array<double, 3> kRelevant{0.25, 0.5, 1.0};
    Searcher searcher(store, engines);
    const Taxonomy taxonomy = searchTaxonomy(store);
    std::vector<const StudyCase *> fitted;
    std::vector<const StudyCase *> held;
    split(cases, fitted, held);
    ProgressMeter meter("weighing judgements",
                        static_cast<std::int64_t>(kNotRelevant.size() + kRelevant.size() + 2),
                        progress);
    FittedFeedback best{weights, {}};
    // β does nothing before a right one has been met, and R@1 asks no further: one after the other.
    const auto clicksWith = [&](const ScoreWeights &tried) {
        searcher.setWeights(tried);
        const Clicks clicks = simulateClicks(searcher, taxonomy, fitted, true, cancel);
        meter.advance();
        return clicks;
    };
    best.weights.notRelevant = bestOf(kNotRelevant, [&](double notRelevant) {
        ScoreWeights tried = weights;
        tried.notRelevant = notRelevant;
        return clicksWith(tried).meanRankOne();
    });
    best.weights.relevant = bestOf(kRelevant, [&](double relevant) {
        ScoreWeights tried = best.weights;
        tried.relevant = relevant;
        return clicksWith(tried).restMap;
    });
    searcher.setWeights(best.weights);
    const Clicks learned = simulateClicks(searcher, taxonomy, held, true, cancel);
    meter.advance();
    const Clicks removed = simulateClicks(searcher, taxonomy, held, false, cancel);
    meter.advance();
    best.measured.learned.assign(learned.rankOne.begin(), learned.rankOne.end());
    best.measured.plain.assign(removed.rankOne.begin(), removed.rankOne.end());
    best.measured.restLearned = learned.restMap;
    best.measured.restPlain = removed.restMap;
    best.measured.queries = learned.queries;
    best.measured.source = source;
    return best;
}

StoredCalibration calibrateSearch(ProjectStore &store, Engines &engines,
                                  const std::vector<StudyCase> &cases, bool reranked,
                                  const ScoreWeights &weights, const std::string &source,
                                  const CancelToken &cancel, const ProgressSink &progress)
{
    Searcher searcher(store, engines);
    searcher.setWeights(weights);
    const Taxonomy taxonomy = searchTaxonomy(store);
    struct Pairs
    {
        std::vector<ScoredPair> fitted;
        std::vector<std::vector<ScoredPair>> held; // by description
        int cases = 0;
    };
    std::array<Pairs, kCalibratedLengths.size()> pairsOf;
    ProgressMeter meter("calibrating", static_cast<std::int64_t>(cases.size()), progress);
    for (const StudyCase &study : cases) {
        if (cancel.isCancelled())
            return {};
        const auto words = static_cast<int>(plainWords(study.text).size());
        std::size_t length = 0;
        while (length + 1 < kCalibratedLengths.size() && words > kCalibratedLengths[length].second)
            ++length;
        Pairs &pairs = pairsOf[length];
        std::vector<ScoredPair> *target = &pairs.fitted;
        if (pairs.cases++ % kHeldEvery == kHeldEvery - 1)
            target = &pairs.held.emplace_back();
        SearchQuery query = queryOf(study.text, taxonomy);
        query.reranking = reranked ? Reranking::On : Reranking::Off;
        const Ranking ranking = rankingOf(searcher, query, study);
        for (std::size_t i = 0; i < ranking.ids.size(); ++i)
            target->push_back({ranking.scores[i], study.relevant.count(ranking.ids[i]) != 0});
        meter.advance();
    }
    StoredCalibration stored;
    stored.source = source;
    stored.reranked = reranked;
    stored.weights = weights;
    std::string reasons;
    for (std::size_t i = 0; i < kCalibratedLengths.size(); ++i) {
        const Pairs &pairs = pairsOf[i];
        if (pairs.cases == 0)
            continue;
        const auto refuse = [&](const std::string &why) {
            reasons += (reasons.empty() ? "" : "; ") + std::to_string(kCalibratedLengths[i].first)
                       + " words and more: " + why;
        };
        if (pairs.cases < kFewestCases) {
            refuse(std::to_string(pairs.cases) + " descriptions, "
                   + std::to_string(kFewestCases) + " are needed");
            continue;
        }
        LengthCalibration length;
        length.minWords = kCalibratedLengths[i].first;
        length.maxWords = kCalibratedLengths[i].second;
        try {
            length.calibration = fitCalibration(pairs.fitted);
        } catch (const Error &error) {
            if (error.kind() != ErrorKind::InvalidInput)
                throw;
            refuse(error.what());
            continue;
        }
        std::vector<ScoredPair> said;
        for (const std::vector<ScoredPair> &description : pairs.held) {
            std::vector<double> scores;
            for (const ScoredPair &pair : description)
                scores.push_back(pair.score);
            const Calibration here =
                forShare(length.calibration, shareOfMatches(length.calibration, scores));
            for (const ScoredPair &pair : description)
                said.push_back({here.probability(pair.score), pair.isMatch});
        }
        measureProbabilities(length.calibration, said);
        stored.lengths.push_back(std::move(length));
    }
    if (stored.lengths.empty())
        throw Error(ErrorKind::InvalidInput, "nothing could be calibrated: " + reasons);
    return stored;
}

} // namespace sapsam
