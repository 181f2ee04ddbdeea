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
    SearchRequest request;
    request.query = query;
    request.top = 0;
    request.explainTop = 0;
    request.remember = false;
    Ranking ranking;
    for (const SearchHit &hit : searcher.search(request).hits) {
        if (study.ignored.count(hit.imageId) != 0)
            continue;
        ranking.ids.push_back(hit.imageId);
        ranking.scores.push_back(hit.score);
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

void makeDrawnProject(const std::string &folder, int count, std::uint64_t seed, std::uint64_t first,
                      bool withParts, Engines &engines, const CancelToken &cancel,
                      const ProgressSink &progress)
{
    ProjectStore store = ProjectStore::create(folder);
    makeFolder(folder + "/drawn");
    store.transaction([&] {
        for (int i = 0; i < count && !cancel.isCancelled(); ++i) {
            const SyntheticPerson person = makePerson(seed, first + static_cast<std::uint64_t>(i));
            const SyntheticPicture picture = renderPicture(person, 0, kWidth, kHeight);
            const SeededRandom random =
                SeededRandom(seed).fork("evaluation").fork(static_cast<std::uint64_t>(i));
            addPicture(store, picture.image, folder + "/drawn/" + std::to_string(i) + ".png",
                       std::to_string(i),
                       makeCaptions(person, picture, 1, random.fork("description"),
                                    CaptionStyle::Description));
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

Json studySearch(ProjectStore &store, Engines &engines, const std::vector<StudyCase> &cases,
                 const CancelToken &cancel, const ProgressSink &progress)
{
    Searcher searcher(store, engines);
    const Taxonomy taxonomy = searchTaxonomy(store);
    const ScoreWeights usual = searcher.weights();
    const auto measure = [&](Reranking reranking, double phrase, double region) {
        ScoreWeights weights = usual;
        weights.phrase = phrase;
        weights.region = region;
        searcher.setWeights(weights);
        std::vector<QueryResult> results;
        for (const StudyCase &study : cases) {
            if (cancel.isCancelled())
                break;
            SearchQuery query = queryOf(study.text, taxonomy);
            query.reranking = reranking;
            results.push_back(resultOf(rankingOf(searcher, query, study), study));
        }
        searcher.setWeights(usual);
        return metricsJson(std::move(results));
    };
    constexpr std::array<double, 6> kWeights{0.02, 0.05, 0.1, 0.2, 0.4, 0.8};
    Json json;
    json["queries"] = cases.size();
    json["gallery"] = store.imageCount();
    json["model"] = engines.retriever().model().sha256;
    ProgressMeter meter("ranking by parts", static_cast<std::int64_t>(2 * kWeights.size() + 1),
                        progress);
    json["cosine"] = measure(Reranking::Off, 0.0, 0.0);
    meter.advance();
    for (const double weight : kWeights) {
        std::string name = std::to_string(weight);
        name.erase(name.find_last_not_of('0') + 1);
        json["by_phrases"][name] = measure(Reranking::On, weight, 0.0);
        json["by_regions"][name] = measure(Reranking::On, 0.0, weight);
        meter.advance(2);
    }

    // The simulated user.
    std::array<double, kClicks + 1> learned{};
    std::array<double, kClicks + 1> removed{};
    ProgressMeter clicks("judging hits", static_cast<std::int64_t>(cases.size()), progress);
    int used = 0;
    for (const StudyCase &study : cases) {
        if (cancel.isCancelled())
            break;
        ++used;
        for (const bool learns : {true, false}) {
            SearchQuery query = queryOf(study.text, taxonomy);
            query.reranking = Reranking::Off;
            std::set<std::int64_t> judged;
            bool found = false;
            Ranking ranking = rankingOf(searcher, query, study);
            for (int click = 0; click <= kClicks; ++click) {
                const auto first =
                    std::find_if(ranking.ids.begin(), ranking.ids.end(),
                                 [&](std::int64_t id) { return judged.count(id) == 0; });
                const bool isRight =
                    first != ranking.ids.end() && study.relevant.count(*first) != 0;
                found = found || isRight;
                (learns ? learned : removed)[static_cast<std::size_t>(click)] += found ? 1.0 : 0.0;
                if (first == ranking.ids.end() || click == kClicks)
                    continue;
                judged.insert(*first);
                query.feedback.push_back({*first, "", isRight});
                if (learns && !found)
                    ranking = rankingOf(searcher, query, study);
            }
        }
        clicks.advance();
    }
    Json withLearning = Json::array();
    Json withoutLearning = Json::array();
    for (std::size_t click = 0; click <= kClicks; ++click) {
        withLearning.push_back(100.0 * learned[click] / std::max(1, used));
        withoutLearning.push_back(100.0 * removed[click] / std::max(1, used));
    }
    json["feedback"] = {{"clicks", {0, 1, 2, 3}},
                        {"R@1", std::move(withLearning)},
                        {"R@1_removal_only", std::move(withoutLearning)}};
    if (cancel.isCancelled())
        json["cancelled"] = true;
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

RerankingMeasure measureReranking(ProjectStore &store, Engines &engines,
                                  const std::vector<StudyCase> &cases, const std::string &source,
                                  const CancelToken &cancel, const ProgressSink &progress)
{
    Searcher searcher(store, engines);
    const Taxonomy taxonomy = searchTaxonomy(store);
    RerankingMeasure measured;
    measured.source = source;
    std::vector<QueryResult> plain;
    std::vector<QueryResult> reranked;
    ProgressMeter meter("ranking by parts", static_cast<std::int64_t>(cases.size()), progress);
    for (const StudyCase &study : cases) {
        if (cancel.isCancelled())
            break;
        SearchQuery query = queryOf(study.text, taxonomy);
        query.reranking = Reranking::Off;
        plain.push_back(resultOf(rankingOf(searcher, query, study), study));
        query.reranking = Reranking::On;
        reranked.push_back(resultOf(rankingOf(searcher, query, study), study));
        meter.advance();
    }
    measured.queries = static_cast<std::int64_t>(plain.size());
    measured.cosine = metricsOfResults(std::move(plain)).meanAveragePrecision;
    measured.reranked = metricsOfResults(std::move(reranked)).meanAveragePrecision;
    return measured;
}

StoredCalibration calibrateSearch(ProjectStore &store, Engines &engines,
                                  const std::vector<StudyCase> &cases, bool reranked,
                                  const std::string &source, const CancelToken &cancel,
                                  const ProgressSink &progress)
{
    Searcher searcher(store, engines);
    const Taxonomy taxonomy = searchTaxonomy(store);
    struct Pairs
    {
        std::vector<ScoredPair> fitted;
        std::vector<ScoredPair> held;
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
        std::vector<ScoredPair> &target =
            pairs.cases++ % kHeldEvery == kHeldEvery - 1 ? pairs.held : pairs.fitted;
        SearchQuery query = queryOf(study.text, taxonomy);
        query.reranking = reranked ? Reranking::On : Reranking::Off;
        const Ranking ranking = rankingOf(searcher, query, study);
        for (std::size_t i = 0; i < ranking.ids.size(); ++i)
            target.push_back({ranking.scores[i], study.relevant.count(ranking.ids[i]) != 0});
        meter.advance();
    }
    StoredCalibration stored;
    stored.source = source;
    stored.reranked = reranked;
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
        measureReliability(length.calibration, pairs.held);
        stored.lengths.push_back(std::move(length));
    }
    if (stored.lengths.empty())
        throw Error(ErrorKind::InvalidInput, "nothing could be calibrated: " + reasons);
    return stored;
}

} // namespace sapsam
