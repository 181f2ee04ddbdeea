#include "core/pipeline/dataset_evaluation.h"

#include "core/dataset/atr.h"
#include "core/dataset/open_dataset.h"
#include "core/eval/retrieval_metrics.h"
#include "core/eval/segmentation_metrics.h"
#include "core/image/codec.h"
#include "core/image/mask.h"
#include "core/pipeline/part_prompts.h"

#include <algorithm>
#include <map>
#include <set>

namespace sapsam {

namespace {

constexpr std::size_t kBatchSize = 32;

struct Gallery
{
    std::vector<std::string> paths;
    std::vector<std::int64_t> identities;
    std::vector<std::string> captions;
    std::vector<std::int64_t> captionIdentities;
};

Json measure(Retriever &retriever, const Gallery &gallery, const CancelToken &cancel,
             const ProgressSink &progress)
{
    std::vector<float> images;
    ProgressMeter meter("embedding", static_cast<std::int64_t>(gallery.paths.size()), progress);
    std::size_t embedded = 0;
    while (embedded < gallery.paths.size() && !cancel.isCancelled()) {
        const std::size_t end = std::min(embedded + kBatchSize, gallery.paths.size());
        std::vector<Image> pictures;
        for (std::size_t i = embedded; i < end; ++i)
            pictures.push_back(readImage(gallery.paths[i]));
        const std::vector<float> rows = retriever.embedImages(pictures);
        images.insert(images.end(), rows.begin(), rows.end());
        meter.advance(static_cast<std::int64_t>(end - embedded));
        embedded = end;
    }
    const std::vector<std::int64_t> identities(gallery.identities.begin(),
                                               gallery.identities.begin()
                                                   + static_cast<std::ptrdiff_t>(embedded));

    const auto dimension = static_cast<std::size_t>(retriever.dimension());
    std::vector<float> similarity;
    similarity.reserve(gallery.captions.size() * embedded);
    for (const TextEmbedding &text : retriever.embedTexts(gallery.captions))
        for (std::size_t i = 0; i < embedded; ++i) {
            float dot = 0.0F;
            for (std::size_t k = 0; k < dimension; ++k)
                dot += text.values[k] * images[i * dimension + k];
            similarity.push_back(dot);
        }

    const RetrievalMetrics metrics =
        retrievalMetrics(similarity, gallery.captionIdentities, identities);
    Json json = {{"R@1", metrics.rankOne},
                 {"R@5", metrics.rankFive},
                 {"R@10", metrics.rankTen},
                 {"mAP", metrics.meanAveragePrecision},
                 {"mINP", metrics.meanInverseNegativePenalty},
                 {"queries", metrics.usedQueries},
                 {"skipped_queries", metrics.skippedQueries},
                 {"gallery", embedded},
                 {"model", retriever.model().sha256}};
    if (cancel.isCancelled())
        json["cancelled"] = true;
    return json;
}

} // namespace

Json evaluateRetrievalDataset(Retriever &retriever, const std::string &folder,
                              const std::string &split, const CancelToken &cancel,
                              const ProgressSink &progress)
{
    const std::optional<Split> wanted = splitFromName(split);
    if (!wanted)
        throw Error(ErrorKind::InvalidInput,
                    "the split '" + split + "' is none of train, val, test");
    OpenOptions options;
    options.people.trainLabels = TrainLabels::NumberedAnew; // no labels are needed here
    const PersonDataset dataset = openPeople(folder, options);
    Gallery gallery;
    for (const PersonImage &image : dataset.images) {
        if (image.split != *wanted)
            continue;
        gallery.paths.push_back(dataset.pathOf(image));
        gallery.identities.push_back(image.identity);
        for (const std::string &caption : image.captions) {
            gallery.captions.push_back(caption);
            gallery.captionIdentities.push_back(image.identity);
        }
    }
    if (gallery.paths.empty() || gallery.captions.empty())
        throw Error(ErrorKind::InvalidInput,
                    "'" + folder + "' has no captioned picture in the split '" + split + "'");
    return measure(retriever, gallery, cancel, progress);
}

Json evaluateRetrievalProject(Retriever &retriever, ProjectStore &store, const std::string &split,
                              const CancelToken &cancel, const ProgressSink &progress)
{
    Gallery gallery;
    std::map<std::string, std::int64_t> numbers; // identities are texts in a project
    for (const ImageRecord &image : store.images()) {
        if (image.identity.empty() || (!split.empty() && image.split != split))
            continue;
        const std::int64_t identity =
            numbers.emplace(image.identity, static_cast<std::int64_t>(numbers.size()))
                .first->second;
        gallery.paths.push_back(store.picturePath(image));
        gallery.identities.push_back(identity);
        for (const CaptionRecord &caption : store.captions(image.id)) {
            gallery.captions.push_back(caption.text);
            gallery.captionIdentities.push_back(identity);
        }
    }
    if (gallery.captions.empty())
        throw Error(ErrorKind::InvalidInput,
                    "the project '" + store.folder() + "' has no image with identity and caption"
                        + (split.empty() ? std::string() : " in the split '" + split + "'")
                        + "; import a data set with --format");
    return measure(retriever, gallery, cancel, progress);
}

Json evaluateParsingDataset(Segmenter &segmenter, const Taxonomy &taxonomy,
                            const std::string &folder, int limit, const CancelToken &cancel,
                            const ProgressSink &progress)
{
    const AtrDataset dataset = readAtr(folder);
    std::size_t count = dataset.names.size();
    if (limit > 0)
        count = std::min(count, static_cast<std::size_t>(limit));
    const std::vector<SegmentPrompt> prompts = segmentPrompts(taxonomy);

    ProgressMeter meter("segmenting", static_cast<std::int64_t>(count), progress);
    std::map<std::string, std::pair<double, int>> sums;
    double sum = 0.0;
    std::int64_t parts = 0;
    std::int64_t pictures = 0;
    for (std::size_t i = 0; i < count && !cancel.isCancelled(); ++i) {
        const Image picture = readImage(dataset.imagePath(dataset.names[i]));
        const LabelMap labels = readLabels(dataset.maskPath(dataset.names[i]));
        const std::set<int> distinct(labels.labels.begin(), labels.labels.end());
        const std::vector<int> present(distinct.begin(), distinct.end());
        const auto masks = segmenter.segment({picture}, prompts).front();
        for (const PartMask &part : masks) {
            const PartGroup *group = taxonomy.findGroup(part.group);
            if (group == nullptr || !taxonomy.isTriggered(*group, present))
                continue;
            const double iou = binaryIou(part.mask, maskOfClasses(labels, group->classes));
            sums[group->name].first += iou;
            ++sums[group->name].second;
            sum += iou;
            ++parts;
        }
        ++pictures;
        meter.advance();
    }
    Json perClass = Json::object();
    for (const auto &[name, value] : sums)
        perClass[name] = value.first / value.second;
    Json json = {{"mIoU", parts > 0 ? sum / static_cast<double>(parts) : 0.0},
                 {"per_class", std::move(perClass)},
                 {"pictures", pictures},
                 {"parts", parts},
                 {"model", segmenter.model().sha256}};
    if (cancel.isCancelled())
        json["cancelled"] = true;
    return json;
}

} // namespace sapsam
