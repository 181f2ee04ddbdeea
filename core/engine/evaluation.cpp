#include "core/engine/evaluation.h"

#include "core/base/error.h"
#include "core/base/sha256.h"
#include "core/eval/retrieval_metrics.h"
#include "core/eval/segmentation_metrics.h"
#include "core/image/mask.h"
#include "core/image/region_crop.h"
#include "core/image/resize.h"
#include "core/synth/pedestrian.h"
#include "core/train/picture_pool.h"
#include "core/train/query_text.h"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

namespace sapsam {

namespace {

constexpr int kWidth = 96; // of the generated pictures
constexpr int kHeight = 192;
constexpr int kPicturesAtOnce = 32;

struct Person
{
    SyntheticPerson person;
    SyntheticPicture picture;
};

Person heldOutPerson(int index, std::uint64_t seed)
{
    Person result;
    result.person = makePerson(seed, training::kTestIdentities + static_cast<std::uint64_t>(index));
    result.picture = renderPicture(result.person, 0, kWidth, kHeight);
    return result;
}

double cosine(const float *a, const float *b, std::size_t size)
{
    double sum = 0.0;
    for (std::size_t i = 0; i < size; ++i)
        sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    return sum;
}

bool isGarment(const std::string &group)
{
    return group == "clothes" || group == "pants" || group == "skirt" || group == "dress";
}

struct LabelledCrop
{
    std::string id;
    int frame = 0;
    Box box;
    Image image;
};

std::vector<LabelledCrop> cutCrops(const Json &labels, const std::string &labelsFile,
                                   const std::string &videoFile, const CancelToken &cancel,
                                   const ProgressSink &progress)
{
    std::vector<LabelledCrop> crops;
    for (const Json &item : require<Json>(labels, "crops", labelsFile)) {
        LabelledCrop crop;
        crop.id = require<std::string>(item, "id", labelsFile);
        crop.frame = require<int>(item, "frame", labelsFile);
        const auto box = require<std::vector<int>>(item, "box", labelsFile);
        if (box.size() != 4)
            throw Error(ErrorKind::Corrupt,
                        labelsFile + ": the box of '" + crop.id + "' must have four numbers");
        crop.box = {box[0], box[1], box[0] + box[2], box[1] + box[3]};
        crops.push_back(std::move(crop));
    }
    std::stable_sort(crops.begin(), crops.end(), [](const LabelledCrop &a, const LabelledCrop &b) {
        return a.frame < b.frame;
    });

    cv::VideoCapture video(videoFile);
    if (!video.isOpened())
        throw Error(ErrorKind::Unsupported, videoFile + ": the video cannot be decoded");
    ProgressMeter meter("cutting crops from the video", static_cast<std::int64_t>(crops.size()),
                        progress);
    cv::Mat frame;
    int number = -1;
    for (LabelledCrop &crop : crops) {
        // Frame by frame: seeking is not exact.
        while (number < crop.frame) {
            if (cancel.isCancelled())
                return crops;
            if (!video.read(frame))
                throw Error(ErrorKind::Corrupt, videoFile + ": the video ends before frame "
                                                    + std::to_string(crop.frame));
            ++number;
        }
        const Box &box = crop.box;
        if (box.isEmpty() || box.left < 0 || box.top < 0 || box.right > frame.cols
            || box.bottom > frame.rows)
            throw Error(ErrorKind::Corrupt,
                        labelsFile + ": the box of '" + crop.id + "' is not inside the frame");
        crop.image = Image(box.width(), box.height());
        cv::Mat target(box.height(), box.width(), CV_8UC3, crop.image.pixels.data());
        cv::cvtColor(frame(cv::Rect(box.left, box.top, box.width(), box.height())), target,
                     cv::COLOR_BGR2RGB);
        meter.advance();
    }
    return crops;
}

} // namespace

Json evaluateRetrievalSynthetic(Retriever &retriever, int count, std::uint64_t seed,
                                const CancelToken &cancel, const ProgressSink &progress)
{
    std::vector<float> gallery;
    std::vector<std::string> captions;    // what people describe in full, as in CUHK-PEDES
    std::vector<std::string> anyCaptions; // of any length, many of them true of several people
    std::vector<std::int64_t> identities;
    std::vector<Image> waiting;
    ProgressMeter meter("drawing and embedding held-out people", count, progress);
    const auto embedWaiting = [&] {
        const std::vector<float> rows = retriever.embedImages(waiting);
        gallery.insert(gallery.end(), rows.begin(), rows.end());
        meter.advance(static_cast<std::int64_t>(waiting.size()));
        waiting.clear();
    };
    for (int i = 0; i < count && !cancel.isCancelled(); ++i) {
        Person held = heldOutPerson(i, seed);
        const SeededRandom random =
            SeededRandom(seed).fork("evaluation").fork(static_cast<std::uint64_t>(i));
        captions.push_back(makeCaptions(held.person, held.picture, 1, random.fork("description"),
                                        CaptionStyle::Description)
                               .front());
        anyCaptions.push_back(makeCaptions(held.person, held.picture, 1, random).front());
        identities.push_back(i);
        waiting.push_back(std::move(held.picture.image));
        if (static_cast<int>(waiting.size()) == kPicturesAtOnce)
            embedWaiting();
    }
    if (!waiting.empty())
        embedWaiting();

    const auto measure = [&](const std::vector<std::string> &texts) {
        const std::size_t dimension = static_cast<std::size_t>(retriever.dimension());
        std::vector<float> similarity;
        for (const TextEmbedding &text : retriever.embedTexts(texts)) {
            for (std::size_t g = 0; g < identities.size(); ++g)
                similarity.push_back(static_cast<float>(
                    cosine(text.values.data(), gallery.data() + g * dimension, dimension)));
        }
        return retrievalMetrics(similarity, identities, identities);
    };
    const RetrievalMetrics metrics = measure(captions);
    const RetrievalMetrics anyMetrics = measure(anyCaptions);
    Json json;
    json["R@1"] = metrics.rankOne;
    json["R@5"] = metrics.rankFive;
    json["R@10"] = metrics.rankTen;
    json["mAP"] = metrics.meanAveragePrecision;
    json["mINP"] = metrics.meanInverseNegativePenalty;
    json["any_length"] = {{"R@1", anyMetrics.rankOne},
                          {"R@5", anyMetrics.rankFive},
                          {"R@10", anyMetrics.rankTen},
                          {"mAP", anyMetrics.meanAveragePrecision}};
    json["queries"] = metrics.usedQueries;
    json["gallery"] = identities.size();
    json["seed"] = seed;
    json["model"] = retriever.model().sha256;
    if (cancel.isCancelled())
        json["cancelled"] = true;
    return json;
}

Json evaluateParsingSynthetic(Segmenter &segmenter, int count, std::uint64_t seed,
                              const CancelToken &cancel, const ProgressSink &progress)
{
    std::vector<SegmentPrompt> prompts;
    for (const std::string &group : synthPartGroups())
        prompts.push_back({group, training::genericPhrases(group).front()});
    std::map<std::string, std::pair<double, int>> perGroup;
    double sum = 0.0;
    int parts = 0;
    int absent = 0;
    int leftOut = 0;
    int pictures = 0;
    ProgressMeter meter("segmenting held-out people", count, progress);
    for (int begin = 0; begin < count && !cancel.isCancelled(); begin += kPicturesAtOnce) {
        std::vector<Person> people;
        std::vector<Image> images;
        for (int i = begin; i < std::min(count, begin + kPicturesAtOnce); ++i) {
            people.push_back(heldOutPerson(i, seed));
            images.push_back(people.back().picture.image);
        }
        const std::vector<std::vector<PartMask>> masks = segmenter.segment(images, prompts);
        for (std::size_t i = 0; i < people.size(); ++i) {
            std::set<std::string> visible;
            for (const PartPhrase &phrase : people[i].picture.phrases)
                visible.insert(phrase.group);
            for (const PartMask &part : masks[i]) {
                const std::vector<int> &classes = synthClassesOfGroup(part.group);
                const LabelMap &labels = people[i].picture.labels;
                if (visible.count(part.group) == 0) {
                    // A few pixels of a part that no phrase names are neither present nor absent.
                    if (maskOfClasses(labels, {classes.front()}).area() == 0) {
                        ++absent;
                        leftOut += part.mask.area() == 0 ? 1 : 0;
                    }
                    continue;
                }
                const double iou = binaryIou(part.mask, maskOfClasses(labels, classes));
                sum += iou;
                ++parts;
                perGroup[part.group].first += iou;
                ++perGroup[part.group].second;
            }
        }
        pictures += static_cast<int>(people.size());
        meter.advance(static_cast<std::int64_t>(people.size()));
    }
    Json json;
    json["mIoU"] = parts > 0 ? sum / parts : 0.0;
    json["per_class"] = Json::object();
    for (const auto &[group, value] : perGroup)
        json["per_class"][group] = value.first / value.second;
    json["absent"] = absent > 0 ? static_cast<double>(leftOut) / absent : 1.0;
    json["pictures"] = pictures;
    json["parts"] = parts;
    json["seed"] = seed;
    json["model"] = segmenter.model().sha256;
    if (cancel.isCancelled())
        json["cancelled"] = true;
    return json;
}

Json evaluatePhrasesSynthetic(PhraseWriter &writer, int count, std::uint64_t seed,
                              const CancelToken &cancel, const ProgressSink &progress)
{
    int phrases = 0;
    int exact = 0;
    std::map<std::string, std::pair<int, int>> perGroup; // named, with a colour
    ProgressMeter meter("describing held-out people", count, progress);
    for (int begin = 0; begin < count && !cancel.isCancelled(); begin += kPicturesAtOnce) {
        std::vector<PhraseRequest> requests;
        std::vector<PartPhrase> truths;
        const int end = std::min(count, begin + kPicturesAtOnce);
        for (int i = begin; i < end; ++i) {
            const Person held = heldOutPerson(i, seed);
            for (const PartPhrase &phrase : held.picture.phrases) {
                const Mask mask =
                    maskOfClasses(held.picture.labels, synthClassesOfGroup(phrase.group));
                if (mask.area() == 0)
                    continue;
                FilterCropOptions options;
                options.exact = true;
                requests.push_back({filterCrop(held.picture.image, mask, options),
                                    training::questionFor(phrase.group)});
                truths.push_back(phrase);
            }
        }
        const std::vector<std::string> written = writer.write(requests, {});
        for (std::size_t i = 0; i < written.size(); ++i) {
            ++phrases;
            exact += written[i] == truths[i].text ? 1 : 0;
            if (truths[i].colour.empty())
                continue;
            std::pair<int, int> &counts = perGroup[truths[i].group];
            counts.first += textNamesColour(written[i], truths[i].colour) ? 1 : 0;
            ++counts.second;
        }
        meter.advance(end - begin);
    }
    std::pair<int, int> all{0, 0};
    std::pair<int, int> garments{0, 0};
    Json json;
    json["per_class"] = Json::object();
    for (const auto &[group, counts] : perGroup) {
        all.first += counts.first;
        all.second += counts.second;
        if (isGarment(group)) {
            garments.first += counts.first;
            garments.second += counts.second;
        }
        json["per_class"][group] = 100.0 * counts.first / counts.second;
    }
    json["colour"] = all.second > 0 ? 100.0 * all.first / all.second : 0.0;
    json["garment_colour"] = garments.second > 0 ? 100.0 * garments.first / garments.second : 0.0;
    json["exact"] = phrases > 0 ? 100.0 * exact / phrases : 0.0;
    json["phrases"] = phrases;
    json["seed"] = seed;
    json["model"] = writer.model().sha256;
    if (cancel.isCancelled())
        json["cancelled"] = true;
    return json;
}

Json evaluateRetrievalReal(Retriever &retriever, const std::string &labelsFile,
                           const std::string &videoFile, const CancelToken &cancel,
                           const ProgressSink &progress)
{
    const Json labels = readJsonFile(labelsFile);
    if (!std::filesystem::exists(videoFile))
        throw Error(ErrorKind::NotFound, "there is no video '" + videoFile
                                             + "'; Debian's package opencv-doc installs it");
    if (sha256OfFile(videoFile) != require<std::string>(labels, "video_sha256", labelsFile))
        throw Error(ErrorKind::Mismatch, videoFile + " is another video than the one that "
                                             + labelsFile + " labels: its SHA-256 differs");
    const std::vector<LabelledCrop> crops =
        cutCrops(labels, labelsFile, videoFile, cancel, progress);
    Json json;
    if (cancel.isCancelled()) {
        json["cancelled"] = true;
        return json;
    }
    std::vector<Image> images;
    for (const LabelledCrop &crop : crops)
        images.push_back(crop.image);
    const std::vector<float> gallery = retriever.embedImages(images);
    const std::size_t dimension = static_cast<std::size_t>(retriever.dimension());

    std::vector<QueryResult> all;
    std::map<int, std::vector<QueryResult>> later; // by series: sentences that were written later
    std::map<std::string, std::vector<QueryResult>> byKind;
    json["per_query"] = Json::array();
    for (const Json &query : require<Json>(labels, "queries", labelsFile)) {
        const auto text = require<std::string>(query, "text", labelsFile);
        const auto relevant = require<std::set<std::string>>(query, "relevant", labelsFile);
        const auto ambiguous = require<std::set<std::string>>(query, "ambiguous", labelsFile);
        const TextEmbedding embedding = retriever.embedText(text);
        std::vector<std::pair<double, bool>> scored;
        for (std::size_t i = 0; i < crops.size(); ++i) {
            if (ambiguous.count(crops[i].id) == 0)
                scored.emplace_back(
                    cosine(embedding.values.data(), gallery.data() + i * dimension, dimension),
                    relevant.count(crops[i].id) > 0);
        }
        std::stable_sort(scored.begin(), scored.end(),
                         [](const auto &a, const auto &b) { return a.first > b.first; });
        std::vector<bool> inOrder;
        for (const auto &item : scored)
            inOrder.push_back(item.second);
        const QueryResult result = resultOfRanking(inOrder);
        const int series = query.value("series", 1);
        if (series == 1) {
            all.push_back(result);
            byKind[require<std::string>(query, "difficulty", labelsFile)].push_back(result);
        } else {
            later[series].push_back(result);
        }
        json["per_query"].push_back({{"id", require<std::string>(query, "id", labelsFile)},
                                     {"text", text},
                                     {"AP", 100.0 * result.averagePrecision},
                                     {"first", result.firstRank}});
    }
    const RetrievalMetrics metrics = metricsOfResults(all);
    json["R@1"] = metrics.rankOne;
    json["R@5"] = metrics.rankFive;
    json["R@10"] = metrics.rankTen;
    json["mAP"] = metrics.meanAveragePrecision;
    json["mINP"] = metrics.meanInverseNegativePenalty;
    for (const auto &[kind, results] : byKind)
        json[kind] = metricsOfResults(results).meanAveragePrecision;
    for (const auto &[series, results] : later)
        json[series == 2   ? "second_series"
             : series == 3 ? "third_series"
                           : "series_" + std::to_string(series)] = {
            {"mAP", metricsOfResults(results).meanAveragePrecision}, {"queries", results.size()}};
    json["queries"] = all.size();
    json["gallery"] = crops.size();
    json["model"] = retriever.model().sha256;
    return json;
}

} // namespace sapsam
