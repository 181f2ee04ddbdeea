#include "core/engine/part_masks.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/base/sha256.h"
#include "core/image/codec.h"
#include "core/train/ordered_producer.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <unordered_map>
#include <unordered_set>

namespace sapsam {

namespace {

namespace fs = std::filesystem;

// The phrase list of the folder whose number is that of the train captions, else the largest.
std::string phraseListIn(const std::string &folder, std::int64_t captions)
{
    std::string best;
    std::int64_t bestNumber = -1;
    std::error_code ignored;
    for (const fs::directory_entry &entry : fs::directory_iterator(folder, ignored)) {
        const std::string name = entry.path().filename().string();
        const std::optional<std::int64_t> number = phraseListNumber(name);
        if (number && bestNumber != captions
            && (*number == captions || *number > bestNumber
                || (*number == bestNumber && name < best))) {
            best = name;
            bestNumber = *number;
        }
    }
    if (best.empty())
        throw Error(ErrorKind::InvalidInput,
                    folder
                        + ": there is no phrase list; make one with `sapsam dataset phrases` or "
                          "name one with --phrases");
    return folder + "/" + best;
}

// The record of finished masks: a first line that says what they were made with, then one line a
// mask. Lines are added after their masks are on the disk, so that a crash loses work, never sense.
class Journal
{
public:
    Journal(std::string path, const OrderedJson &header) : m_path(std::move(path))
    {
        m_text = header.dump() + "\n";
    }

    // Takes over what an earlier call wrote; false when it was made with something else.
    bool takeOver()
    {
        std::error_code ignored;
        if (!fs::exists(m_path, ignored))
            return true;
        const std::string stored = readFile(m_path);
        if (stored.compare(0, m_text.size(), m_text) != 0)
            return false;
        std::size_t start = m_text.size();
        for (std::size_t end = stored.find('\n', start); end != std::string::npos;
             start = end + 1, end = stored.find('\n', start)) {
            const std::string line = stored.substr(start, end - start);
            const Json json = Json::parse(line, nullptr, false);
            if (!json.is_object() || !json.contains("mask") || !json.contains("score"))
                break; // a torn line, and nothing sensible can be behind it
            m_scores[json["mask"].get<std::string>()] = json["score"].get<float>();
            m_text += line + "\n";
        }
        return true;
    }

    const float *scoreOf(const std::string &mask) const
    {
        const auto found = m_scores.find(mask);
        return found == m_scores.end() ? nullptr : &found->second;
    }

    // Opens the file for adding, without a torn end.
    void open()
    {
        writeFileAtomically(m_path, m_text);
        m_text.clear();
        m_file.reset(std::fopen(m_path.c_str(), "ab"));
        if (!m_file)
            throwSystemError("open", m_path, errno);
    }

    void add(const std::string &mask, float score)
    {
        const std::string line = OrderedJson{{"mask", mask}, {"score", score}}.dump() + "\n";
        if (std::fwrite(line.data(), 1, line.size(), m_file.get()) != line.size())
            throwSystemError("write", m_path, errno);
        m_scores[mask] = score;
    }

    void flush()
    {
        if (std::fflush(m_file.get()) != 0)
            throwSystemError("write", m_path, errno);
    }

private:
    struct Closer
    {
        void operator()(std::FILE *file) const { std::fclose(file); }
    };

    std::string m_path;
    std::string m_text; // header and the lines that were taken over
    std::unordered_map<std::string, float> m_scores;
    std::unique_ptr<std::FILE, Closer> m_file;
};

// Rows that follow each other and show the same picture. They are segmented together even when only
// some of their masks are missing: numbers that are computed beside others can differ in their last
// digit.
struct Job
{
    struct Part
    {
        std::string phrase;
        std::string stem;
        bool isMissing = false;
    };

    std::size_t image = 0;
    std::vector<Part> parts;
    std::int64_t captions = 0;
    std::int64_t missing = 0;
};

struct Written
{
    std::int64_t masks = 0;
    std::int64_t empty = 0;
};

struct Loaded
{
    Image picture;
    std::string problem; // why there is no picture
};

Image imageOf(const Mask &mask)
{
    Image image(mask.width, mask.height, 1);
    image.pixels = mask.bits;
    return image;
}

} // namespace

PartMaskReport makePartMasks(const OpenedDataset &dataset, Segmenter &segmenter,
                             const PartMaskOptions &options, const CancelToken &cancel,
                             const ProgressSink &progress)
{
    const PersonDataset &people = dataset.people.dataset;
    if (dataset.people.trainRows.empty())
        throw Error(ErrorKind::InvalidInput,
                    dataset.folder
                        + ": has no captions in its train split, whose phrases could "
                          "be segmented");
    const std::string list =
        options.phraseFile.empty() ? phraseListIn(
            dataset.folder, static_cast<std::int64_t>(dataset.people.trainRows.size()))
                                   : options.phraseFile;
    ImportedPhrases phrases = readPhrases(list, dataset.people);
    requireNoErrors(phrases.findings, list);
    if (phrases.rows.empty())
        throw Error(ErrorKind::InvalidInput, list + ": has no phrases of this data set");

    const std::string output = options.output.empty() ? dataset.folder : options.output;
    const std::string maskFolder = output + "/segs";
    makeFolder(maskFolder);
    // By what the list says, not by its bytes: writing it anew may order them differently.
    Sha256 content;
    for (const PartRow &row : phrases.rows) {
        content.update(std::to_string(row.idx) + "\n");
        for (const CaptionPart &part : row.parts)
            content.update("\t" + part.phrase + "\n");
    }
    const ModelInfo &model = segmenter.model();
    const std::string journalPath = maskJournalOf(output, people.name);
    Journal journal(journalPath, {{"dataset", people.name},
                                  {"model", model.name},
                                  {"model_sha256", model.sha256},
                                  {"phrases_sha256", content.hexDigest()}});
    if (options.anew) {
        std::error_code ignored;
        fs::remove(journalPath, ignored);
    } else if (!journal.takeOver()) {
        throw Error(ErrorKind::Mismatch,
                    journalPath
                        + ": the masks there were made with another model or phrase list; go on "
                          "with those, choose another output folder, or make them anew");
    }

    std::unordered_set<std::string> files;
    for (const fs::directory_entry &entry : fs::directory_iterator(maskFolder))
        files.insert(entry.path().filename().string());
    PartMaskReport report;
    std::vector<Job> jobs;
    for (PartRow &row : phrases.rows) {
        if (jobs.empty() || jobs.back().image != row.image)
            jobs.push_back({row.image, {}, 0, 0});
        Job &job = jobs.back();
        ++job.captions;
        ++report.captions;
        for (std::size_t k = 0; k < row.parts.size(); ++k) {
            const std::string stem = maskStemOf(row.idx, people.images.at(row.image).file, k);
            row.parts[k].mask = stem + ".png";
            const bool isThere = journal.scoreOf(stem) != nullptr && files.count(stem + ".png") > 0;
            job.parts.push_back({row.parts[k].phrase, stem, !isThere});
            job.missing += isThere ? 0 : 1;
            report.found += isThere ? 1 : 0;
            ++report.phrases;
        }
    }
    jobs.erase(
        std::remove_if(jobs.begin(), jobs.end(), [](const Job &job) { return job.missing == 0; }),
        jobs.end());

    journal.open();
    std::size_t end = jobs.size();
    if (options.limit > 0) {
        std::int64_t captions = 0;
        end = 0;
        while (end < jobs.size() && captions < options.limit)
            captions += jobs[end++].captions;
    }
    ProgressMeter meter("segment phrases", report.phrases, progress);
    meter.advance(report.found);
    std::size_t done = 0;
    // Masks go to the disk while the next picture is segmented; one picture at a time, so that the
    // record keeps its order.
    std::future<Written> writing;
    const auto finish = [&] {
        if (!writing.valid())
            return;
        const Written written = writing.get();
        report.written += written.masks;
        report.empty += written.empty;
        meter.advance(written.masks);
    };
    {
        constexpr int picturesAhead = 8;
        training::OrderedProducer<Loaded> pictures(
            0, static_cast<std::int64_t>(end), std::max(1, options.loaderThreads), picturesAhead,
            [&](std::int64_t index) {
                Loaded loaded;
                try {
                    loaded.picture = readImage(
                        people.pathOf(people.images[jobs[static_cast<std::size_t>(index)].image]));
                } catch (const Error &error) {
                    loaded.problem = error.what();
                }
                return loaded;
            });
        for (; done < end && !cancel.isCancelled(); ++done) {
            const Job &job = jobs[done];
            const Loaded loaded = pictures.take();
            if (!loaded.problem.empty()) {
                report.failed.emplace_back(people.images[job.image].file, loaded.problem);
                meter.advance(job.missing);
                continue;
            }
            std::vector<SegmentPrompt> prompts;
            for (const Job::Part &part : job.parts)
                prompts.push_back({"", part.phrase});
            const std::vector<PartMask> masks =
                std::move(segmenter.segment({loaded.picture}, prompts).front());
            finish(); // the masks of the picture before
            writing = std::async(std::launch::async, [&job, &journal, &maskFolder, masks] {
                std::int64_t empty = 0;
                for (std::size_t i = 0; i < masks.size(); ++i)
                    if (job.parts[i].isMissing)
                        writeFileAtomically(maskFolder + "/" + job.parts[i].stem + ".png",
                                            encodePng(imageOf(masks[i].mask)));
                for (std::size_t i = 0; i < masks.size(); ++i) {
                    if (!job.parts[i].isMissing)
                        continue;
                    journal.add(job.parts[i].stem, masks[i].score);
                    empty += masks[i].mask.area() == 0 ? 1 : 0;
                }
                journal.flush();
                return Written{job.missing, empty};
            });
        }
    }
    finish();
    report.cancelled = done < end;
    report.complete = done == jobs.size() && report.failed.empty();
    if (report.complete) {
        for (PartRow &row : phrases.rows)
            for (CaptionPart &part : row.parts)
                part.score = *journal.scoreOf(fs::path(part.mask).stem().string());
        report.phraseList = writeParts(phrases.rows, people, output);
    }
    return report;
}

} // namespace sapsam
