#include "core/dataset/picture_checks.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/image/codec.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <unordered_map>

namespace sapsam {

namespace {

using Severity = DatasetFinding::Severity;

constexpr int kIgnoredLabel = 255;
constexpr std::size_t kBatchOfReports = 64;

DatasetFinding errorFinding(const std::string &code, const std::string &item,
                            const std::string &text, const std::string &value = {},
                            std::int64_t count = 1)
{
    return {Severity::Error, code, item, text, -1, value, count};
}

// Calls work(i) for every i from several threads; this thread takes part and reports. The first
// exception stops all and is thrown here.
void forEachInParallel(std::size_t count, const std::string &stage, const CancelToken &cancel,
                       const ProgressSink &progress, const std::function<void(std::size_t)> &work)
{
    std::atomic<std::size_t> next{0};
    std::atomic<std::size_t> done{0};
    std::atomic<bool> stop{false};
    std::mutex mutex;
    std::exception_ptr failure;
    ProgressMeter meter(stage, static_cast<std::int64_t>(count), progress);
    const auto run = [&](bool reports) {
        std::size_t reported = 0;
        try {
            while (!cancel.isCancelled() && !stop) {
                const std::size_t i = next++;
                if (i >= count)
                    break;
                work(i);
                const std::size_t now = ++done;
                if (reports && now >= reported + kBatchOfReports) {
                    meter.advance(static_cast<std::int64_t>(now - reported));
                    reported = now;
                }
            }
        } catch (...) { // carried to the calling thread, which throws it again
            const std::lock_guard<std::mutex> lock(mutex);
            if (!failure)
                failure = std::current_exception();
            stop = true;
        }
        return reported;
    };
    const std::size_t threads =
        std::min<std::size_t>(std::max(1U, std::thread::hardware_concurrency()), count);
    std::vector<std::thread> helpers;
    for (std::size_t i = 1; i < threads; ++i)
        helpers.emplace_back([&] { run(false); });
    const std::size_t reported = run(true);
    for (std::thread &helper : helpers)
        helper.join();
    if (failure)
        std::rethrow_exception(failure);
    if (done > reported)
        meter.advance(static_cast<std::int64_t>(done - reported));
}

// Everything in order, item by item.
std::vector<DatasetFinding> joined(std::vector<std::vector<DatasetFinding>> perItem)
{
    std::vector<DatasetFinding> all;
    for (std::vector<DatasetFinding> &found : perItem)
        std::move(found.begin(), found.end(), std::back_inserter(all));
    return all;
}

std::optional<Image> readOrReport(const std::string &path, const std::string &item,
                                  std::vector<DatasetFinding> &findings)
{
    try {
        return readImage(path);
    } catch (const Error &error) {
        const bool isOther = error.kind() == ErrorKind::Unsupported;
        findings.push_back(
            errorFinding(isOther ? "undecodable-image" : "truncated-image", item, error.what()));
        return std::nullopt;
    }
}

bool isGrey(const Image &image)
{
    if (image.channels != 3)
        return true;
    for (std::size_t i = 0; i + 2 < image.pixels.size(); i += 3)
        if (image.pixels[i] != image.pixels[i + 1] || image.pixels[i] != image.pixels[i + 2])
            return false;
    return true;
}

// Colour type 3 in the header of a PNG.
bool isIndexedPng(const std::string &bytes)
{
    constexpr std::size_t colourType = 25;
    return bytes.size() > colourType && bytes[colourType] == 3;
}

std::string sizeText(int width, int height)
{
    return std::to_string(width) + "x" + std::to_string(height);
}

// One picture of a parsing data set with its mask.
struct ParsingItem
{
    std::string name;
    std::string imagePath;
    std::string maskPath;
};

struct ParsingResult
{
    std::vector<DatasetFinding> findings;
    std::array<std::int64_t, 256> histogram{};
    bool grey = false;
    bool indexed = false;
    bool hasMask = false;
};

ParsingResult checkParsingItem(const ParsingItem &item, int classes)
{
    ParsingResult result;
    const std::optional<Image> image =
        readOrReport(item.imagePath, item.name + ".jpg", result.findings);
    LabelMap labels;
    try {
        const std::string bytes = readFile(item.maskPath);
        labels = decodeLabels(bytes, item.maskPath);
        result.indexed = isIndexedPng(bytes);
        result.hasMask = true;
    } catch (const Error &error) {
        result.findings.push_back(errorFinding("bad-mask", item.name + ".png", error.what()));
        return result;
    }
    for (const std::uint8_t label : labels.labels)
        ++result.histogram[label];
    if (image) {
        result.grey = isGrey(*image);
        if (image->width != labels.width || image->height != labels.height) {
            const std::string picture = sizeText(image->width, image->height);
            const std::string mask = sizeText(labels.width, labels.height);
            result.findings.push_back(
                errorFinding("size-mismatch", item.name,
                             item.name + ": the picture is " + picture + ", its mask " + mask,
                             picture + " " + mask));
        }
    }
    for (int label = classes; label < kIgnoredLabel; ++label)
        if (const std::int64_t pixels = result.histogram[static_cast<std::size_t>(label)];
            pixels > 0)
            result.findings.push_back(
                errorFinding("bad-label", item.name + ".png",
                             item.name + ".png: the id " + std::to_string(label)
                                 + " is no class; classes are 0 to " + std::to_string(classes - 1),
                             std::to_string(label), pixels));
    if (const std::int64_t pixels = result.histogram[kIgnoredLabel]; pixels > 0)
        result.findings.push_back({Severity::Note, "ignored-pixels", item.name + ".png",
                                   item.name + ".png: " + std::to_string(pixels)
                                       + " pixels with the label 255 are ignored",
                                   -1, "", pixels});
    return result;
}

std::vector<ParsingResult> checkParsing(const std::vector<ParsingItem> &items, int classes,
                                        const CancelToken &cancel, const ProgressSink &progress)
{
    std::vector<ParsingResult> results(items.size());
    forEachInParallel(items.size(), "check masks", cancel, progress,
                      [&](std::size_t i) { results[i] = checkParsingItem(items[i], classes); });
    return results;
}

std::vector<DatasetFinding> collect(const std::vector<ParsingItem> &items,
                                    const std::vector<ParsingResult> &results, int classes,
                                    ParsingFacts *facts)
{
    std::vector<DatasetFinding> findings;
    if (facts != nullptr)
        facts->histogram.assign(static_cast<std::size_t>(classes), 0);
    for (std::size_t i = 0; i < items.size(); ++i) {
        findings.insert(findings.end(), results[i].findings.begin(), results[i].findings.end());
        if (facts == nullptr)
            continue;
        for (std::size_t label = 0; label < facts->histogram.size(); ++label)
            facts->histogram[label] += results[i].histogram[label];
        if (results[i].grey)
            facts->greyImages.push_back(items[i].name + ".jpg");
        if (results[i].indexed)
            facts->indexedMasks.push_back(items[i].name + ".png");
        if (results[i].histogram[kIgnoredLabel] > 0)
            facts->ignoredPixels[items[i].name + ".png"] = results[i].histogram[kIgnoredLabel];
    }
    return findings;
}

} // namespace

std::vector<DatasetFinding> checkPictures(const PersonDataset &dataset, const CancelToken &cancel,
                                          const ProgressSink &progress,
                                          std::vector<PictureFacts> *facts)
{
    std::vector<std::vector<DatasetFinding>> findings(dataset.images.size());
    if (facts != nullptr)
        facts->assign(dataset.images.size(), {});
    forEachInParallel(dataset.images.size(), "check pictures", cancel, progress,
                      [&](std::size_t i) {
                          const PersonImage &image = dataset.images[i];
                          const std::optional<Image> picture =
                              readOrReport(dataset.pathOf(image), image.file, findings[i]);
                          if (facts != nullptr && picture)
                              (*facts)[i] = {true, isGrey(*picture), picture->width,
                                             picture->height, perceptualHash(*picture)};
                      });
    return joined(std::move(findings));
}

std::vector<DatasetFinding> findNearDuplicates(const PersonDataset &dataset,
                                               const std::vector<PictureFacts> &facts, int distance)
{
    // Cut into 16 pieces of 16 bits: hashes that differ in fewer than 16 bits share a piece.
    constexpr std::size_t pieces = 16;
    constexpr unsigned pieceBits = 16;
    DuplicateOptions allowed;
    allowed.bits = distance;
    std::vector<std::pair<std::size_t, std::size_t>> pairs;
    std::set<std::pair<std::size_t, std::size_t>> known;
    for (std::size_t piece = 0; piece < pieces; ++piece) {
        std::unordered_map<std::uint64_t, std::vector<std::size_t>> buckets;
        for (std::size_t i = 0; i < facts.size(); ++i) {
            if (!facts[i].readable)
                continue;
            const std::uint64_t bits =
                (facts[i].hash.bits[piece / 4] >> (pieceBits * (piece % 4))) & 0xffffU;
            std::vector<std::size_t> &bucket = buckets[bits];
            for (const std::size_t other : bucket)
                if (looksTheSame(facts[i].hash, facts[other].hash, allowed)
                    && known.emplace(other, i).second)
                    pairs.emplace_back(other, i);
            // A picture that equals one already there stands behind it.
            const bool isCopy = std::any_of(bucket.begin(), bucket.end(), [&](std::size_t other) {
                return facts[other].hash == facts[i].hash;
            });
            if (!isCopy)
                bucket.push_back(i);
        }
    }
    std::sort(pairs.begin(), pairs.end());
    std::vector<DatasetFinding> findings;
    for (const auto &[a, b] : pairs) {
        const PersonImage &first = dataset.images[a];
        const PersonImage &second = dataset.images[b];
        if (first.file == second.file)
            continue;
        const bool comparable = std::min(facts[a].width, facts[b].width) >= kSmallestComparable;
        const bool leaks = first.split != second.split;
        findings.push_back({leaks && comparable ? Severity::Warning : Severity::Note,
                            "near-duplicate", second.file,
                            "'" + second.file + "' (" + nameOf(second.split) + ", person "
                                + std::to_string(second.identity) + ") looks like '" + first.file
                                + "' (" + nameOf(first.split) + ", person "
                                + std::to_string(first.identity) + ")",
                            -1, first.file, bitDistance(facts[a].hash, facts[b].hash)});
    }
    return findings;
}

std::vector<DatasetFinding> checkAtrPictures(const AtrDataset &dataset, const CancelToken &cancel,
                                             const ProgressSink &progress, ParsingFacts *facts)
{
    std::vector<ParsingItem> items;
    std::unordered_map<std::string, std::size_t> indexOf;
    for (const std::string &name : dataset.names) {
        indexOf.emplace(name, items.size());
        items.push_back({name, dataset.imagePath(name), dataset.maskPath(name)});
    }
    const std::vector<ParsingResult> results = checkParsing(items, kAtrClasses, cancel, progress);
    std::vector<DatasetFinding> findings = collect(items, results, kAtrClasses, facts);
    for (const auto &[split, phrases] : dataset.phrases) {
        for (const AtrPhrase &phrase : phrases) {
            const auto at = indexOf.find(std::filesystem::path(phrase.image).stem().string());
            if (at == indexOf.end() || !results[at->second].hasMask)
                continue;
            std::int64_t pixels = 0;
            for (const int target : atrTargetClasses(phrase.idx))
                pixels += results[at->second].histogram[static_cast<std::size_t>(target)];
            if (pixels == 0)
                findings.push_back({Severity::Warning, "empty-target", phrase.image,
                                    split + ": '" + phrase.text + "' names class "
                                        + std::to_string(phrase.idx) + ", which does not occur in "
                                        + phrase.image,
                                    phrase.row, std::to_string(phrase.idx)});
        }
    }
    return findings;
}

std::vector<DatasetFinding> checkLipPictures(const LipDataset &dataset, const CancelToken &cancel,
                                             const ProgressSink &progress, ParsingFacts *facts)
{
    std::vector<ParsingItem> items;
    for (const LipPicture &picture : dataset.pictures)
        items.push_back({picture.name, dataset.imagePath(picture), dataset.maskPath(picture)});
    return collect(items, checkParsing(items, kLipClasses, cancel, progress), kLipClasses, facts);
}

std::vector<DatasetFinding> checkPartMasks(const PartDataset &parts, const PersonDataset &people,
                                           const CancelToken &cancel, const ProgressSink &progress)
{
    std::vector<std::vector<DatasetFinding>> findings(parts.rows.size());
    forEachInParallel(parts.rows.size(), "check part masks", cancel, progress, [&](std::size_t i) {
        const PartRow &row = parts.rows[i];
        std::pair<int, int> size{0, 0};
        try {
            const std::string path = people.pathOf(people.images[row.image]);
            size = imageSizeOf(readFile(path), path);
        } catch (const Error &) {
            return; // reported with the pictures
        }
        for (const CaptionPart &part : row.parts) {
            if (part.mask.empty())
                continue; // a phrase that has not been segmented yet
            LabelMap mask;
            try {
                mask = readLabels(parts.maskPath(part));
            } catch (const Error &error) {
                findings[i].push_back(errorFinding("bad-mask", part.mask, error.what()));
                continue;
            }
            const std::string stem = std::filesystem::path(part.mask).stem().string();
            if (size != std::pair<int, int>{mask.width, mask.height}) {
                const std::string picture = sizeText(size.first, size.second);
                const std::string own = sizeText(mask.width, mask.height);
                findings[i].push_back(
                    errorFinding("size-mismatch", stem,
                                 stem + ": the picture is " + picture + ", the mask " + own,
                                 picture + " " + own));
            }
            const auto odd = std::count_if(mask.labels.begin(), mask.labels.end(),
                                           [](std::uint8_t value) { return value > 1; });
            if (odd > 0)
                findings[i].push_back(
                    {Severity::Warning, "mask-values", part.mask,
                     part.mask
                         + ": has other values than 0 and 1; what is not 0 is taken as inside "
                           "(the published rule takes only 1)",
                     row.idx, "", odd});
        }
    });
    return joined(std::move(findings));
}

LabelMap labelsOfColours(const Image &picture,
                         const std::vector<std::array<std::uint8_t, 3>> &palette,
                         const std::string &origin)
{
    std::map<std::array<std::uint8_t, 3>, std::uint8_t> idOf;
    for (std::size_t i = 0; i < palette.size(); ++i)
        idOf.emplace(palette[i], static_cast<std::uint8_t>(i));
    LabelMap labels(picture.width, picture.height);
    for (std::size_t i = 0; i < labels.labels.size(); ++i) {
        const std::uint8_t *pixel =
            picture.pixels.data() + i * static_cast<std::size_t>(picture.channels);
        const std::array<std::uint8_t, 3> colour{pixel[0], pixel[picture.channels == 3 ? 1 : 0],
                                                 pixel[picture.channels == 3 ? 2 : 0]};
        const auto found = idOf.find(colour);
        if (found == idOf.end())
            throw Error(ErrorKind::Corrupt, origin + ": the colour (" + std::to_string(colour[0])
                                                + ", " + std::to_string(colour[1]) + ", "
                                                + std::to_string(colour[2])
                                                + ") is not in the palette of the classes");
        labels.labels[i] = found->second;
    }
    return labels;
}

} // namespace sapsam
