#include "core/pipeline/jobs.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/base/log.h"
#include "core/image/codec.h"
#include "core/image/mask.h"
#include "core/image/region_crop.h"
#include "core/image/rle.h"
#include "core/pipeline/feature_paths.h"
#include "core/pipeline/job_ledger.h"
#include "core/pipeline/part_prompts.h"
#include "core/pipeline/prompt_lab.h"
#include "core/pipeline/region_features.h"
#include "core/search/feature_file.h"
#include "core/store/taxonomy_versions.h"
#include "core/taxonomy/taxonomy.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <optional>
#include <unordered_set>

namespace sapsam {

namespace {

// Pictures that a network sees at once: large enough to keep two cores busy, small enough that a
// cancel is felt soon.
constexpr std::size_t kSegmentBatch = 8;
constexpr std::size_t kPhraseBatch = 32;
constexpr std::size_t kEmbedBatch = 32;
constexpr std::size_t kTextBatch = 64;
// How much embedding work a crash may cost.
constexpr std::chrono::seconds kCheckpointInterval{30};
// Specks of a mask below this share of the picture are wiped off.
constexpr double kSpeckArea = 0.0005;

struct Loaded
{
    ImageRecord record;
    std::string path; // of the picture that was decoded
    Image picture;
};

// What a failed item says, from an Error of reading or of a network.
FailedItem failureOf(const Loaded &item, const Error &error)
{
    return {item.record.id, item.path, error.what()};
}

// Decodes the next pictures; what cannot be read is reported instead.
std::vector<Loaded> loadPictures(ProjectStore &store, const std::vector<std::int64_t> &ids,
                                 std::size_t first, std::size_t count,
                                 const std::function<void(const FailedItem &)> &fail)
{
    std::vector<Loaded> loaded;
    for (std::size_t i = first; i < std::min(ids.size(), first + count); ++i) {
        Loaded item;
        item.record = store.image(ids[i]);
        item.path = store.picturePath(item.record);
        try {
            item.picture = readImage(item.path);
            loaded.push_back(std::move(item));
        } catch (const Error &error) {
            fail(failureOf(item, error));
        }
    }
    return loaded;
}

// Runs a network over ranges of items. When the device is full, fewer items go in at once from then
// on. When the network fails on a range, the range is halved until the item at fault stands alone,
// and that one is reported.
class BatchRunner
{
public:
    using Work = std::function<void(std::size_t, std::size_t)>;
    using Fail = std::function<void(std::size_t, const Error &)>;

    void run(std::size_t first, std::size_t last, const Work &work, const Fail &fail)
    {
        while (first < last) {
            const std::size_t end = first + std::min(m_limit, last - first);
            runRange(first, end, work, fail);
            first = end;
        }
    }

private:
    void runRange(std::size_t first, std::size_t last, const Work &work, const Fail &fail)
    {
        try {
            work(first, last);
            return;
        } catch (const Error &error) {
            if (last - first == 1) {
                fail(first, error);
                return;
            }
            if (error.kind() == ErrorKind::OutOfMemory) {
                m_limit = (last - first) / 2;
                logWarning(std::string(error.what()) + "; going on with " + std::to_string(m_limit)
                           + " at once");
                run(first, last, work, fail);
                return;
            }
        }
        const std::size_t middle = first + (last - first) / 2;
        runRange(first, middle, work, fail);
        runRange(middle, last, work, fail);
    }

    std::size_t m_limit = std::numeric_limits<std::size_t>::max();
};

void record(ProjectStore &store, const ModelInfo &model)
{
    store.recordModel(model.name, model.task, model.sha256, model.architecture);
}

std::string modelOption(const ModelInfo &model)
{
    return Json{{"model", model.name}, {"sha256", model.sha256}}.dump();
}

RegionRecord regionOf(const PartMask &part, const Mask &mask)
{
    RegionRecord region;
    region.group = part.group;
    region.width = mask.width;
    region.height = mask.height;
    region.rle = rleToString(rleOfMask(mask));
    region.bounds = boundingBox(mask).value_or(Box{});
    region.area = static_cast<double>(mask.area())
                  / (static_cast<double>(mask.width) * static_cast<double>(mask.height));
    region.score = static_cast<double>(part.score);
    region.prompt = part.phrase;
    return region;
}

// The parts that were found. Groups may overlap ("hair and face" and "glasses and face"), so each
// keeps its whole mask.
std::vector<RegionRecord> foundRegions(const std::vector<PartMask> &parts)
{
    std::vector<RegionRecord> regions;
    for (const PartMask &part : parts) {
        const double pixels = static_cast<double>(part.mask.width) * part.mask.height;
        if (static_cast<double>(part.score) < kMinPartScore
            || static_cast<double>(part.mask.area()) < kMinPartArea * pixels)
            continue;
        const Mask mask =
            withoutSmallComponents(part.mask, static_cast<std::size_t>(kSpeckArea * pixels) + 1);
        regions.push_back(regionOf(part, mask));
    }
    return regions;
}

} // namespace

SegmentReport segmentProject(ProjectStore &store, Engines &engines, const CancelToken &cancel,
                             const ProgressSink &progress)
{
    const Taxonomy taxonomy = currentTaxonomy(store);
    const std::vector<SegmentPrompt> prompts = segmentPrompts(taxonomy);
    Segmenter &segmenter = engines.segmenter();
    const ModelInfo model = segmenter.model();
    const std::vector<SegmentedUnder> batches =
        imagesToSegmentByVersion(store, model.sha256, taxonomy.version);
    SegmentReport report;
    if (batches.empty())
        return report;
    record(store, model);
    std::size_t total = 0;
    std::vector<std::string> known;
    for (const SegmentedUnder &batch : batches)
        total += batch.imageIds.size();
    for (const PartGroup &group : taxonomy.groups)
        known.push_back(group.name);
    JobLedger ledger(store, "segment", modelOption(model));
    const auto fail = [&](const FailedItem &item) {
        report.failed.push_back(item);
        ledger.add(std::to_string(item.imageId), "failed", item.reason);
    };

    BatchRunner runner;
    ProgressMeter meter("segmenting", static_cast<std::int64_t>(total), progress);
    for (const SegmentedUnder &batch : batches) {
        // What the model has found under an older version stays where it still means the same.
        const std::optional<Taxonomy> older =
            batch.version.empty() ? std::nullopt : taxonomyOfVersion(store, batch.version);
        std::vector<SegmentPrompt> wanted;
        std::vector<std::string> groups;
        for (std::size_t i = 0; i < taxonomy.groups.size(); ++i) {
            const PartGroup *then =
                older ? older->findGroup(taxonomy.groups[i].name) : nullptr;
            if (then != nullptr && meansTheSame(*then, taxonomy.groups[i]))
                continue;
            wanted.push_back(prompts[i]);
            groups.push_back(taxonomy.groups[i].name);
        }
        const std::vector<std::int64_t> &ids = batch.imageIds;
        for (std::size_t first = 0; first < ids.size() && !cancel.isCancelled();
             first += kSegmentBatch) {
            const std::size_t count = std::min(kSegmentBatch, ids.size() - first);
            if (wanted.empty()) {
                store.transaction([&] {
                    for (std::size_t i = first; i < first + count; ++i)
                        replaceRegionsOfGroups(store, ids[i], {}, known, {}, model.sha256,
                                               taxonomy.version);
                });
                meter.advance(static_cast<std::int64_t>(count));
                continue;
            }
            const std::vector<Loaded> items = loadPictures(store, ids, first, kSegmentBatch, fail);
            std::vector<std::optional<std::vector<PartMask>>> found(items.size());
            runner.run(
                0, items.size(),
                [&](std::size_t from, std::size_t to) {
                    std::vector<Image> pictures;
                    for (std::size_t i = from; i < to; ++i)
                        pictures.push_back(items[i].picture);
                    std::vector<std::vector<PartMask>> parts = segmenter.segment(pictures, wanted);
                    for (std::size_t i = from; i < to; ++i)
                        found[i] = std::move(parts.at(i - from));
                },
                [&](std::size_t i, const Error &error) { fail(failureOf(items[i], error)); });
            for (std::size_t i = 0; i < items.size(); ++i) {
                if (!found[i])
                    continue;
                const std::vector<RegionRecord> regions = foundRegions(*found[i]);
                const std::int64_t id = items[i].record.id;
                store.transaction([&] {
                    if (older)
                        replaceRegionsOfGroups(store, id, groups, known, regions, model.sha256,
                                               taxonomy.version);
                    else
                        store.replaceRegions(id, regions, model.sha256, taxonomy.version);
                    ledger.add(std::to_string(id), "done");
                });
                ++report.images;
                report.regions += static_cast<std::int64_t>(regions.size());
            }
            meter.advance(static_cast<std::int64_t>(count));
        }
    }
    report.cancelled = cancel.isCancelled();
    ledger.finish(report.cancelled);
    return report;
}

namespace {

// One region that waits for its phrase.
struct PhraseTask
{
    std::size_t item = 0; // of the loaded pictures
    std::int64_t regionId = 0;
    PhraseRequest request;
    DecodingSettings decoding;
    std::string text;
    bool failed = false;
};

// The chosen regions of a picture.
void addPhraseTasks(ProjectStore &store, const Loaded &item, std::size_t index,
                    const PromptTemplate &questions, const Taxonomy &taxonomy,
                    const std::unordered_set<std::int64_t> &chosen, std::vector<PhraseTask> &tasks)
{
    for (const RegionRecord &region : store.regions(item.record.id)) {
        if (chosen.count(region.id) == 0)
            continue;
        const GroupTemplate content = questions.group(region.group);
        const Mask mask = maskOfRle(rleFromString(region.rle, region.width, region.height));
        PhraseTask task;
        task.item = index;
        task.regionId = region.id;
        task.decoding = content.decoding;
        task.request.crop =
            regionView(item.picture, mask, content.view, static_cast<std::uint64_t>(region.id));
        task.request.prompt =
            renderPrompt(content.prompt, {{"part", partWord(taxonomy, region.group)}});
        tasks.push_back(std::move(task));
    }
}

// The end of the run of tasks, from `from` on, that are decoded alike.
std::size_t endOfEqualDecoding(const std::vector<PhraseTask> &tasks, std::size_t from,
                               std::size_t most)
{
    std::size_t end = from;
    while (end < tasks.size() && end - from < most && tasks[end].decoding == tasks[from].decoding)
        ++end;
    return end;
}

// Tasks that are decoded alike become neighbours; their order is kept otherwise.
void gatherByDecoding(std::vector<PhraseTask> &tasks)
{
    std::vector<DecodingSettings> kinds;
    const auto kindOf = [&kinds](const PhraseTask &task) {
        const auto known = std::find(kinds.begin(), kinds.end(), task.decoding);
        if (known != kinds.end())
            return known - kinds.begin();
        kinds.push_back(task.decoding);
        return static_cast<std::ptrdiff_t>(kinds.size()) - 1;
    };
    for (const PhraseTask &task : tasks)
        kindOf(task);
    std::stable_sort(tasks.begin(), tasks.end(), [&](const PhraseTask &a, const PhraseTask &b) {
        return kindOf(a) < kindOf(b);
    });
}

} // namespace

PhraseReport phraseProject(ProjectStore &store, Engines &engines, const CancelToken &cancel,
                           const ProgressSink &progress, const PhraseScope &scope)
{
    const PromptTemplate questions = projectTemplates(store);
    const Taxonomy taxonomy = currentTaxonomy(store);
    const std::string templateVersion = questions.hash();
    PhraseWriter &writer = engines.phraseWriter(projectPhraseModel(store));
    const ModelInfo model = writer.model();
    PhraseReport report;
    std::vector<std::int64_t> ids;
    std::unordered_set<std::int64_t> chosen;
    {
        std::vector<RegionState> todo =
            regionsToPhrase(store, questions, model.sha256, scope.group);
        if (scope.limit > 0 && static_cast<std::int64_t>(todo.size()) > scope.limit)
            todo.resize(static_cast<std::size_t>(scope.limit));
        for (const RegionState &region : todo) {
            chosen.insert(region.region);
            ids.push_back(region.image);
        }
        std::sort(ids.begin(), ids.end());
        ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    }
    if (ids.empty())
        return report;
    record(store, model);
    store.recordTemplate(templateVersion, jsonOf(questions).dump());
    JobLedger ledger(store, "phrase", modelOption(model));
    const auto fail = [&](const FailedItem &item) {
        report.failed.push_back(item);
        ledger.add(std::to_string(item.imageId), "failed", item.reason);
    };

    // A picture has about five parts: enough pictures to fill a batch of parts.
    constexpr std::size_t kPictures = kPhraseBatch / 4;
    BatchRunner runner;
    ProgressMeter meter("writing phrases", static_cast<std::int64_t>(ids.size()), progress);
    for (std::size_t first = 0; first < ids.size() && !cancel.isCancelled(); first += kPictures) {
        const std::vector<Loaded> items = loadPictures(store, ids, first, kPictures, fail);
        std::vector<PhraseTask> tasks;
        std::vector<bool> broken(items.size(), false);
        for (std::size_t i = 0; i < items.size(); ++i) {
            try {
                addPhraseTasks(store, items[i], i, questions, taxonomy, chosen, tasks);
            } catch (const Error &error) {
                // A mask that does not fit its picture, such as one that was replaced since.
                if (error.kind() != ErrorKind::InvalidInput && error.kind() != ErrorKind::Corrupt
                    && error.kind() != ErrorKind::NotFound)
                    throw;
                fail(failureOf(items[i], error));
                broken[i] = true;
            }
        }
        gatherByDecoding(tasks);
        std::size_t to = 0;
        for (std::size_t from = 0; from < tasks.size() && !cancel.isCancelled(); from = to) {
            to = endOfEqualDecoding(tasks, from, kPhraseBatch);
            const PhraseDecoding decoding = decodingOf(tasks[from].decoding);
            runner.run(
                from, to,
                [&](std::size_t begin, std::size_t end) {
                    std::vector<PhraseRequest> requests;
                    for (std::size_t i = begin; i < end; ++i)
                        requests.push_back(tasks[i].request);
                    const std::vector<std::string> texts = writer.write(requests, decoding);
                    for (std::size_t i = begin; i < end; ++i)
                        tasks[i].text = texts.at(i - begin);
                },
                [&](std::size_t i, const Error &error) {
                    tasks[i].failed = true;
                    fail(failureOf(items[tasks[i].item], error));
                });
        }
        if (cancel.isCancelled())
            break;
        store.transaction([&] {
            for (const PhraseTask &task : tasks) {
                ++report.regions;
                if (task.failed)
                    continue;
                if (task.text.empty()) {
                    fail({items[task.item].record.id, items[task.item].path,
                          "the model wrote nothing for region " + std::to_string(task.regionId)});
                    continue;
                }
                PhraseRecord phrase;
                phrase.regionId = task.regionId;
                phrase.text = task.text;
                phrase.modelHash = model.sha256;
                phrase.templateVersion = templateVersion;
                store.setPhrase(phrase);
                ++report.phrases;
            }
            for (std::size_t i = 0; i < items.size(); ++i) {
                if (!broken[i])
                    ledger.add(std::to_string(items[i].record.id), "done");
            }
        });
        meter.advance(static_cast<std::int64_t>(std::min(kPictures, ids.size() - first)));
    }
    report.cancelled = cancel.isCancelled();
    ledger.finish(report.cancelled);
    return report;
}

namespace {

// What is stored already for this model; empty when there is nothing or it is damaged.
FeatureTable readOrEmpty(const std::string &path, const ModelInfo &model, int dimension)
{
    FeatureTable table;
    table.modelHash = model.sha256;
    table.dimension = dimension;
    try {
        FeatureTable stored = readFeatures(path, model.sha256);
        if (stored.dimension == dimension)
            return stored;
    } catch (const Error &error) {
        if (error.kind() != ErrorKind::NotFound)
            logWarning(std::string(error.what()) + "; everything is embedded again");
    }
    return table;
}

// Keeps the rows whose id is wanted, in their order.
void keepRows(FeatureTable &table, const std::unordered_set<std::int64_t> &wanted)
{
    const auto dimension = static_cast<std::size_t>(table.dimension);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < table.ids.size(); ++i) {
        if (wanted.count(table.ids[i]) == 0)
            continue;
        if (kept != i) {
            table.ids[kept] = table.ids[i];
            std::copy_n(table.rows.begin() + static_cast<std::ptrdiff_t>(i * dimension), dimension,
                        table.rows.begin() + static_cast<std::ptrdiff_t>(kept * dimension));
        }
        ++kept;
    }
    table.ids.resize(kept);
    table.rows.resize(kept * dimension);
}

// Puts the rows in the order of their ids, so that a resumed run writes what an uninterrupted one
// does.
void sortRows(FeatureTable &table)
{
    if (std::is_sorted(table.ids.begin(), table.ids.end()))
        return;
    std::vector<std::size_t> order(table.ids.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = i;
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return table.ids[a] < table.ids[b]; });
    FeatureTable sorted;
    const auto dimension = static_cast<std::size_t>(table.dimension);
    for (const std::size_t i : order) {
        sorted.ids.push_back(table.ids[i]);
        const auto row = table.rows.begin() + static_cast<std::ptrdiff_t>(i * dimension);
        sorted.rows.insert(sorted.rows.end(), row, row + table.dimension);
    }
    table.ids = std::move(sorted.ids);
    table.rows = std::move(sorted.rows);
}

} // namespace

EmbedReport embedProject(ProjectStore &store, Engines &engines, const CancelToken &cancel,
                         const ProgressSink &progress)
{
    const auto start = std::chrono::steady_clock::now();
    Retriever &retriever = engines.retriever();
    const ModelInfo model = retriever.model();
    EmbedReport report;
    report.dimension = retriever.dimension();
    const std::string folder = store.featuresFolder();
    const std::string imageFile = imageFeaturesName(model.sha256);
    const std::string phraseFile = phraseFeaturesName(model.sha256);
    FeatureTable images = readOrEmpty(folder + "/" + imageFile, model, report.dimension);
    FeatureTable phrases = readOrEmpty(folder + "/" + phraseFile, model, report.dimension);

    const std::string lengthFile = folder + "/" + imageLengthsName(model.sha256);
    FeatureTable lengths;
    if (retriever.matchesPhrases())
        lengths = readOrEmpty(lengthFile, model, 1);

    const std::vector<std::int64_t> ids = store.imageIds();
    keepRows(images, {ids.begin(), ids.end()});
    if (retriever.matchesPhrases()) {
        keepRows(images, {lengths.ids.begin(), lengths.ids.end()});
        keepRows(lengths, {images.ids.begin(), images.ids.end()});
    }
    std::vector<std::int64_t> todo;
    {
        const std::unordered_set<std::int64_t> done(images.ids.begin(), images.ids.end());
        std::copy_if(ids.begin(), ids.end(), std::back_inserter(todo),
                     [&](std::int64_t id) { return done.count(id) == 0; });
    }
    std::vector<std::string> texts;
    {
        std::unordered_set<std::int64_t> wanted;
        const std::unordered_set<std::int64_t> done(phrases.ids.begin(), phrases.ids.end());
        for (std::string &text : store.distinctPhrases()) {
            const std::int64_t key = phraseKey(text);
            wanted.insert(key);
            if (done.count(key) == 0)
                texts.push_back(std::move(text));
        }
        keepRows(phrases, wanted);
    }
    const std::optional<EmbeddingSetRecord> current = store.currentEmbeddingSet();
    const bool isCurrent = current && current->modelHash == model.sha256
                           && current->count == static_cast<std::int64_t>(images.ids.size());
    if (todo.empty() && texts.empty() && isCurrent) {
        embedRegions(store, retriever, cancel, progress);
        report.seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        return report;
    }

    record(store, model);
    JobLedger ledger(store, "embed", modelOption(model));
    const auto fail = [&](const FailedItem &item) {
        report.failed.push_back(item);
        ledger.add(std::to_string(item.imageId), "failed", item.reason);
    };
    const auto save = [&] {
        sortRows(images);
        sortRows(phrases);
        writeFeatures(folder + "/" + phraseFile, phrases);
        if (retriever.matchesPhrases()) {
            sortRows(lengths);
            writeFeatures(lengthFile, lengths);
        }
        writeFeatures(folder + "/" + imageFile, images);
        EmbeddingSetRecord set;
        set.modelName = model.name;
        set.modelHash = model.sha256;
        set.dimension = report.dimension;
        set.count = static_cast<std::int64_t>(images.ids.size());
        set.file = "features/" + imageFile;
        store.recordEmbeddingSet(set);
    };

    auto lastSave = std::chrono::steady_clock::now();
    BatchRunner runner;
    ProgressMeter meter("embedding", static_cast<std::int64_t>(todo.size()), progress);
    for (std::size_t first = 0; first < todo.size() && !cancel.isCancelled();
         first += kEmbedBatch) {
        const std::vector<Loaded> items = loadPictures(store, todo, first, kEmbedBatch, fail);
        runner.run(
            0, items.size(),
            [&](std::size_t from, std::size_t to) {
                std::vector<Image> pictures;
                for (std::size_t i = from; i < to; ++i)
                    pictures.push_back(items[i].picture);
                std::vector<float> found;
                const std::vector<float> rows = retriever.embedImages(pictures, &found);
                for (std::size_t i = from; i < to; ++i)
                    images.ids.push_back(items[i].record.id);
                if (retriever.matchesPhrases()) {
                    lengths.ids.insert(lengths.ids.end(), images.ids.end() - (to - from),
                                       images.ids.end());
                    lengths.rows.insert(lengths.rows.end(), found.begin(), found.end());
                }
                images.rows.insert(images.rows.end(), rows.begin(), rows.end());
                report.images += static_cast<std::int64_t>(to - from);
            },
            [&](std::size_t i, const Error &error) { fail(failureOf(items[i], error)); });
        meter.advance(static_cast<std::int64_t>(std::min(kEmbedBatch, todo.size() - first)));
        if (std::chrono::steady_clock::now() - lastSave > kCheckpointInterval) {
            save();
            lastSave = std::chrono::steady_clock::now();
        }
    }
    ProgressMeter textMeter("embedding phrases", static_cast<std::int64_t>(texts.size()), progress);
    for (std::size_t first = 0; first < texts.size() && !cancel.isCancelled();
         first += kTextBatch) {
        const std::size_t last = std::min(texts.size(), first + kTextBatch);
        const std::vector<std::string> batch(texts.begin() + static_cast<std::ptrdiff_t>(first),
                                             texts.begin() + static_cast<std::ptrdiff_t>(last));
        const std::vector<TextEmbedding> embedded = retriever.embedTexts(batch);
        for (std::size_t i = 0; i < batch.size(); ++i) {
            phrases.ids.push_back(phraseKey(batch[i]));
            phrases.rows.insert(phrases.rows.end(), embedded.at(i).values.begin(),
                                embedded.at(i).values.end());
        }
        textMeter.advance(static_cast<std::int64_t>(batch.size()));
    }
    save();
    embedRegions(store, retriever, cancel, progress);
    report.cancelled = cancel.isCancelled();
    ledger.finish(report.cancelled);
    report.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return report;
}

} // namespace sapsam
