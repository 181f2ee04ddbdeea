#include "core/pipeline/find_duplicates.h"

#include "core/base/error.h"
#include "core/base/json_file.h"
#include "core/image/codec.h"
#include "core/pipeline/job_ledger.h"
#include "core/store/duplicates.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>

namespace sapsam {

namespace {

constexpr std::size_t kBatch = 256; // pictures between two commits

struct Hashed
{
    std::optional<PerceptualHash> hash;
    ErrorReport error;
};

// Decodes and hashes on all cores; the order of the answer is that of the files.
std::vector<Hashed> hashFiles(const std::vector<std::string> &files, const CancelToken &cancel)
{
    std::vector<Hashed> answers(files.size());
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t i = next++; i < files.size() && !cancel.isCancelled(); i = next++) {
            try {
                answers[i].hash = perceptualHash(readImage(files[i]));
            } catch (const std::exception &) {
                answers[i].error = reportOfCurrentException();
            }
        }
    };
    const std::size_t count =
        std::min<std::size_t>(files.size(), std::max(1U, std::thread::hardware_concurrency()));
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < count; ++i)
        threads.emplace_back(work);
    work();
    for (std::thread &thread : threads)
        thread.join();
    return answers;
}

} // namespace

DuplicateReport findDuplicates(ProjectStore &store, const DuplicateOptions &options,
                               const CancelToken &cancel, const ProgressSink &progress)
{
    if (const auto problems = options.problems(); !problems.empty())
        throw Error(ErrorKind::InvalidInput, "duplicates: " + problems.front());
    DuplicateReport report;
    const std::vector<ImageRecord> images = store.images();
    std::unordered_map<std::string, PerceptualHash> hashes = pictureHashes(store);

    // One picture of each content that is not known yet.
    std::vector<const ImageRecord *> todo;
    {
        std::unordered_map<std::string, bool> seen;
        for (const ImageRecord &image : images) {
            if (!hashes.contains(image.sha256) && seen.emplace(image.sha256, true).second)
                todo.push_back(&image);
        }
    }
    JobLedger ledger(store, "duplicates",
                     Json{{"bits", options.bits}, {"colours", options.colours}}.dump());
    std::unordered_map<std::string, std::string> reasons;
    ProgressMeter meter("looking at pictures", static_cast<std::int64_t>(todo.size()), progress);
    for (std::size_t first = 0; first < todo.size() && !cancel.isCancelled(); first += kBatch) {
        const std::size_t last = std::min(todo.size(), first + kBatch);
        std::vector<std::string> files;
        for (std::size_t i = first; i < last; ++i)
            files.push_back(store.picturePath(*todo[i]));
        const std::vector<Hashed> answers = hashFiles(files, cancel);
        std::vector<std::pair<std::string, PerceptualHash>> fresh;
        for (std::size_t i = 0; i < answers.size(); ++i) {
            const ImageRecord &image = *todo[first + i];
            if (answers[i].hash) {
                fresh.emplace_back(image.sha256, *answers[i].hash);
                hashes.emplace(image.sha256, *answers[i].hash);
            } else if (!answers[i].error.message.empty()) {
                reasons.emplace(image.sha256, answers[i].error.message);
            }
        }
        addPictureHashes(store, fresh);
        report.hashed += static_cast<std::int64_t>(fresh.size());
        meter.advance(static_cast<std::int64_t>(last - first));
    }

    std::vector<HashedPicture> pictures;
    for (const ImageRecord &image : images) {
        const auto hash = hashes.find(image.sha256);
        if (hash != hashes.end()) {
            pictures.push_back({image.id, image.width, image.height, hash->second});
        } else if (const auto reason = reasons.find(image.sha256); reason != reasons.end()) {
            report.failed.push_back({image.id, image.path, reason->second});
            ledger.add(std::to_string(image.id), "failed", reason->second);
        }
    }
    std::vector<std::vector<std::int64_t>> groups;
    if (!cancel.isCancelled()) {
        if (progress)
            progress({"comparing", 0, 0, std::nullopt});
        groups = groupNearDuplicates(pictures, options, cancel);
    }
    report.cancelled = cancel.isCancelled();
    if (!report.cancelled) {
        replaceDuplicates(store, groups);
        report.images = static_cast<std::int64_t>(pictures.size());
        report.groups = static_cast<std::int64_t>(groups.size());
        for (const auto &group : groups)
            report.copies += static_cast<std::int64_t>(group.size()) - 1;
    }
    ledger.finish(report.cancelled);
    return report;
}

} // namespace sapsam
