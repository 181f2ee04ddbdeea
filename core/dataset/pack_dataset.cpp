#include "core/dataset/pack_dataset.h"

#include "core/base/error.h"
#include "core/base/sha256.h"
#include "core/dataset/part_labels.h"
#include "core/image/codec.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <thread>

namespace sapsam {

namespace {

// What is needed to make one item of the pack.
struct Job
{
    PackedItem item;
    std::string picturePath;
    std::string labelPath;              // of a parsing data set
    std::vector<const PartRow *> parts; // one a row, null without masks
};

struct Made
{
    PackedItem item;
    Image picture;
    std::vector<LabelMap> masks;
};

std::vector<Job> jobsOf(const OpenedDataset &dataset, const PackOptions &options)
{
    std::vector<Job> jobs;
    const auto idsOf = [&](const std::string &text) {
        return options.tokenize ? options.tokenize(text) : std::vector<std::int64_t>{};
    };
    const PersonDataset &people = dataset.people.dataset;
    std::map<std::pair<std::size_t, std::size_t>, const PartRow *> partsOf;
    if (dataset.parts)
        for (const PartRow &row : dataset.parts->rows)
            partsOf[{row.image, row.caption}] = &row;
    for (std::size_t i = 0; i < people.images.size(); ++i) {
        const PersonImage &image = people.images[i];
        Job job;
        job.item.name = image.file;
        job.item.identity = image.identity;
        job.item.split = nameOf(image.split);
        job.picturePath = people.pathOf(image);
        for (std::size_t c = 0; c < image.captions.size(); ++c) {
            PackedRow row;
            row.text = image.captions[c];
            row.ids = idsOf(row.text);
            const auto parts = partsOf.find({i, c});
            job.parts.push_back(parts == partsOf.end() ? nullptr : parts->second);
            if (parts != partsOf.end())
                for (const CaptionPart &part : parts->second->parts) {
                    row.phrases.push_back(part.phrase);
                    row.scores.push_back(part.score);
                }
            job.item.rows.push_back(std::move(row));
        }
        jobs.push_back(std::move(job));
    }
    std::map<std::string, std::vector<std::pair<std::string, const AtrPhrase *>>> phrasesOf;
    for (const auto &[split, phrases] : dataset.atr.phrases)
        for (const AtrPhrase &phrase : phrases)
            phrasesOf[phrase.image.substr(0, phrase.image.rfind('.'))].push_back({split, &phrase});
    for (const std::string &name : dataset.atr.names) {
        Job job;
        job.item.name = name;
        job.picturePath = dataset.atr.imagePath(name);
        job.labelPath = dataset.atr.maskPath(name);
        for (const auto &[split, phrase] : phrasesOf[name]) {
            job.item.split = split == "dev" ? "val" : split;
            PackedRow row;
            row.text = phrase->text;
            row.ids = idsOf(row.text);
            row.mask = 0;
            row.tag = phrase->idx;
            job.item.rows.push_back(std::move(row));
        }
        if (job.item.rows.empty())
            job.item.rows.push_back({"", {}, {}, {}, 0, 0});
        jobs.push_back(std::move(job));
    }
    for (const LipPicture &picture : dataset.lip.pictures) {
        Job job;
        job.item.name = picture.name;
        job.item.split = nameOf(picture.split);
        job.picturePath = dataset.lip.imagePath(picture);
        job.labelPath = dataset.lip.maskPath(picture);
        job.item.rows.push_back({"", {}, {}, {}, 0, 0});
        jobs.push_back(std::move(job));
    }
    return jobs;
}

Made make(const Job &job, const OpenedDataset &dataset, const PackOptions &options)
{
    Made made;
    made.item = job.item;
    made.picture =
        resize(readImage(job.picturePath), options.width, options.height, options.filter);
    if (!job.labelPath.empty())
        made.masks.push_back(resize(readLabels(job.labelPath), options.width, options.height));
    for (std::size_t row = 0; row < job.parts.size(); ++row) {
        if (job.parts[row] == nullptr)
            continue;
        std::vector<LabelMap> masks;
        std::vector<double> scores;
        for (const CaptionPart &part : job.parts[row]->parts) {
            // As published: phrases beyond the sixth take no part.
            constexpr std::size_t mostParts = 6;
            if (part.mask.empty() || masks.size() == mostParts)
                break;
            masks.push_back(readLabels(dataset.parts->maskPath(part)));
            scores.push_back(part.score);
        }
        if (masks.empty())
            continue;
        made.item.rows[row].mask = static_cast<std::int64_t>(made.masks.size());
        made.masks.push_back(resizePartLabels(mergePartMasks(masks, scores, InsideRule::NotZero),
                                              options.width, options.height, options.maskFilter));
    }
    return made;
}

std::string fingerprintOf(const OpenedDataset &dataset, const std::vector<Job> &jobs,
                          const PackOptions &options)
{
    Sha256 hash;
    hash.update(std::string(nameOf(dataset.kind)) + "\n" + std::to_string(options.width) + " "
                + std::to_string(options.height) + " "
                + std::to_string(static_cast<int>(options.filter)) + " "
                + std::to_string(static_cast<int>(options.maskFilter)) + " " + options.tokenizerName
                + "\n");
    for (const Job &job : jobs) {
        hash.update(job.item.name + "\t" + std::to_string(job.item.identity) + "\t" + job.item.split
                    + "\n");
        for (const PackedRow &row : job.item.rows) {
            hash.update(row.text + "\n");
            for (const std::string &phrase : row.phrases)
                hash.update("\t" + phrase + "\n");
        }
    }
    return hash.hexDigest();
}

} // namespace

PackReport packDataset(const OpenedDataset &dataset, const std::string &folder,
                       const PackOptions &options, const CancelToken &cancel,
                       const ProgressSink &progress)
{
    const std::vector<Job> jobs = jobsOf(dataset, options);
    PackSettings settings;
    settings.width = options.width;
    settings.height = options.height;
    settings.source = dataset.folder;
    settings.fingerprint = fingerprintOf(dataset, jobs, options);
    settings.picturesPerShard = options.picturesPerShard;
    PackWriter writer(folder, settings);
    PackReport report;
    report.pictures = writer.itemCount();
    if (writer.isComplete())
        return report;

    ProgressMeter meter("pack pictures", static_cast<std::int64_t>(jobs.size()), progress);
    meter.advance(writer.itemCount());
    unsigned threads = static_cast<unsigned>(std::max(0, options.threads));
    if (threads == 0)
        threads = std::max(1U, std::thread::hardware_concurrency());
    // Rounds of a few pictures a thread: decoded side by side, written in order.
    constexpr std::size_t picturesPerThread = 8;
    std::size_t done = static_cast<std::size_t>(writer.itemCount());
    while (done < jobs.size() && !cancel.isCancelled()) {
        const std::size_t end = std::min(jobs.size(), done + threads * picturesPerThread);
        std::vector<Made> round(end - done);
        std::vector<std::exception_ptr> failures(end - done);
        std::atomic<std::size_t> next{0};
        const auto work = [&] {
            for (std::size_t i = next++; i < round.size(); i = next++) {
                try {
                    round[i] = make(jobs[done + i], dataset, options);
                } catch (...) { // thrown again below, after what comes before it is written
                    failures[i] = std::current_exception();
                }
            }
        };
        std::vector<std::thread> helpers;
        for (unsigned i = 1; i < threads; ++i)
            helpers.emplace_back(work);
        work();
        for (std::thread &helper : helpers)
            helper.join();
        for (std::size_t i = 0; i < round.size(); ++i) {
            if (failures[i])
                std::rethrow_exception(failures[i]);
            writer.add(round[i].item, round[i].picture, round[i].masks);
            report.masks += static_cast<std::int64_t>(round[i].masks.size());
            ++report.added;
        }
        meter.advance(static_cast<std::int64_t>(round.size()));
        done = end;
    }
    report.pictures = writer.itemCount();
    report.cancelled = done < jobs.size();
    if (!report.cancelled)
        writer.finish();
    return report;
}

} // namespace sapsam
