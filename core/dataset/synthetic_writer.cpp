#include "core/dataset/synthetic_writer.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/dataset/atr.h"
#include "core/dataset/cuhk_pedes.h"
#include "core/image/codec.h"
#include "core/synth/pedestrian.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace sapsam {

namespace {

// Everything about one picture but its pixels.
struct WrittenPicture
{
    bool complete = false;
    std::vector<std::string> captions;
    std::vector<AtrPhrase> phrases;
};

std::string numbered(const char *format, long long first, long long second)
{
    char text[64];
    std::snprintf(text, sizeof(text), format, first, second);
    return text;
}

class Writer
{
public:
    Writer(const std::string &out, const SyntheticOptions &options, const CancelToken &cancel,
           const ProgressSink &progress)
        : m_options(options),
          m_cancel(cancel),
          m_progress(progress),
          m_cuhk(out + "/CUHK-PEDES"),
          m_atr(out + "/ATR"),
          m_pictures(static_cast<std::size_t>(options.count)),
          m_identities((options.count + options.picturesPerIdentity - 1)
                       / options.picturesPerIdentity)
    {
    }

    SyntheticReport write()
    {
        std::error_code ignored;
        for (const std::string &taken : {m_cuhk + "/reid_raw.json", m_atr + "/atr_label.txt"})
            if (std::filesystem::exists(taken, ignored))
                throw Error(ErrorKind::InvalidInput,
                            taken + ": a data set is already there; choose another folder");
        makeFolder(m_cuhk + "/imgs/synth");
        makeFolder(m_atr + "/JPEGImages");
        makeFolder(m_atr + "/SegmentationClassAug");

        unsigned threads = static_cast<unsigned>(m_options.threads);
        if (threads == 0)
            threads = std::max(1U, std::thread::hardware_concurrency());
        std::vector<std::thread> helpers;
        for (unsigned i = 1; i < threads; ++i)
            helpers.emplace_back([this] { work(nullptr); });
        // This thread reports for all.
        ProgressMeter meter("draw people", m_options.count, m_progress);
        work(&meter);
        for (std::thread &helper : helpers)
            helper.join();
        if (m_failure)
            std::rethrow_exception(m_failure);
        return writeAnnotations();
    }

private:
    void work(ProgressMeter *meter)
    {
        std::int64_t reported = 0;
        try {
            while (!m_cancel.isCancelled() && !m_stop) {
                const std::int64_t index = m_next++;
                if (index >= m_options.count)
                    break;
                writePicture(index);
                const std::int64_t done = ++m_done;
                if (meter != nullptr) {
                    meter->advance(done - reported);
                    reported = done;
                }
            }
        } catch (...) { // handed to the calling thread, which throws it again
            const std::lock_guard<std::mutex> lock(m_mutex);
            if (!m_failure)
                m_failure = std::current_exception();
            m_stop = true;
        }
        if (meter != nullptr && !m_cancel.isCancelled() && !m_stop && reported < m_options.count)
            meter->advance(m_options.count - reported);
    }

    void writePicture(std::int64_t index)
    {
        const std::int64_t identity = index / m_options.picturesPerIdentity;
        const std::int64_t number = index % m_options.picturesPerIdentity;
        const SyntheticPerson person = makePerson(
            m_options.seed, m_options.firstIdentity + static_cast<std::uint64_t>(identity));
        const SyntheticPicture picture = renderPicture(person, static_cast<std::uint64_t>(number),
                                                       m_options.width, m_options.height);
        const std::string jpeg = encodeJpeg(picture.image, m_options.jpegQuality);
        const std::string name = atrName(index);
        writeFile(m_cuhk + "/imgs/" + cuhkFile(index), jpeg);
        writeFile(m_atr + "/JPEGImages/" + name + ".jpg", jpeg);
        writeFile(m_atr + "/SegmentationClassAug/" + name + ".png", encodeLabels(picture.labels));

        WrittenPicture &written = m_pictures[static_cast<std::size_t>(index)];
        const SeededRandom random = SeededRandom(m_options.seed)
                                        .fork("captions")
                                        .fork(person.identity)
                                        .fork(static_cast<std::uint64_t>(number));
        written.captions = makeCaptions(person, picture, m_options.captionsPerPicture, random,
                                        CaptionStyle::Description);
        const std::set<int> present(picture.labels.labels.begin(), picture.labels.labels.end());
        for (const PartPhrase &phrase : picture.phrases) {
            // As published: a group counts when its first class shows.
            const int idx = synthClassesOfGroup(phrase.group).front();
            if (present.count(idx) > 0)
                written.phrases.push_back({name + ".jpg", idx, phrase.text});
        }
        written.complete = true;
    }

    // Thousands of small files that can be made again: no flush to the disk for each of them.
    static void writeFile(const std::string &path, const std::string &bytes)
    {
        std::FILE *file = std::fopen(path.c_str(), "wb");
        if (file == nullptr)
            throwSystemError("write", path, errno);
        const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
        const int writeError = errno;
        if (std::fclose(file) != 0 || !written)
            throwSystemError("write", path, written ? errno : writeError);
    }

    std::string cuhkFile(std::int64_t index) const
    {
        return numbered("synth/%06lld_%lld.jpg", index / m_options.picturesPerIdentity + 1,
                        index % m_options.picturesPerIdentity);
    }

    static std::string atrName(std::int64_t index)
    {
        return numbered("synth_%06lld", index + 1, 0);
    }

    // Train first, so that its identities are numbered from 1 without holes.
    Split splitOf(std::int64_t identity) const
    {
        const auto share = [this](double part) {
            const auto wanted =
                static_cast<std::int64_t>(part * static_cast<double>(m_identities) + 0.5);
            return part > 0.0 && m_identities >= 3 ? std::max<std::int64_t>(wanted, 1) : 0;
        };
        const std::int64_t test = share(m_options.testShare);
        const std::int64_t val = share(m_options.valShare);
        if (identity >= m_identities - test)
            return Split::Test;
        return identity >= m_identities - test - val ? Split::Val : Split::Train;
    }

    SyntheticReport writeAnnotations()
    {
        SyntheticReport report;
        PersonDataset dataset;
        std::map<Split, std::vector<AtrPhrase>> phrases;
        for (std::int64_t index = 0; index < m_options.count; ++index) {
            const WrittenPicture &written = m_pictures[static_cast<std::size_t>(index)];
            if (!written.complete) {
                report.cancelled = true;
                break;
            }
            const std::int64_t identity = index / m_options.picturesPerIdentity;
            const Split split = splitOf(identity);
            dataset.images.push_back({cuhkFile(index), identity + 1, split, written.captions});
            std::vector<AtrPhrase> &list = phrases[split];
            list.insert(list.end(), written.phrases.begin(), written.phrases.end());
            ++report.images;
            report.identities = identity + 1;
            report.captions += static_cast<std::int64_t>(written.captions.size());
        }
        writeCuhkPedes(dataset, m_cuhk);
        writeAtrLabelFile(m_atr);
        writeAtrPhrases(phrases[Split::Train], m_atr, "train");
        writeAtrPhrases(phrases[Split::Val], m_atr, "dev");
        writeAtrPhrases(phrases[Split::Test], m_atr, "test");
        return report;
    }

    const SyntheticOptions &m_options;
    const CancelToken &m_cancel;
    const ProgressSink &m_progress;
    std::string m_cuhk;
    std::string m_atr;
    std::vector<WrittenPicture> m_pictures;
    std::int64_t m_identities;
    std::atomic<std::int64_t> m_next{0};
    std::atomic<std::int64_t> m_done{0};
    std::atomic<bool> m_stop{false};
    std::mutex m_mutex;
    std::exception_ptr m_failure;
};

} // namespace

std::vector<std::string> SyntheticOptions::problems() const
{
    std::vector<std::string> result;
    if (count < 1)
        result.emplace_back("the number of pictures must be at least 1");
    if (picturesPerIdentity < 1)
        result.emplace_back("a person needs at least one picture");
    if (captionsPerPicture < 1 || captionsPerPicture > 100)
        result.emplace_back("captions per picture must be 1 to 100");
    if (width < 16 || width > 512 || height < 32 || height > 1024)
        result.emplace_back("the size must be 16 to 512 by 32 to 1024 pixels");
    if (jpegQuality < 1 || jpegQuality > 100)
        result.emplace_back("the JPEG quality must be 1 to 100");
    if (valShare < 0.0 || testShare < 0.0 || valShare + testShare >= 1.0)
        result.emplace_back("the shares of val and test must leave something to train on");
    if (threads < 0 || threads > 1024)
        result.emplace_back("the number of threads must be 0 to 1024");
    return result;
}

SyntheticReport writeSyntheticDataset(const std::string &out, const SyntheticOptions &options,
                                      const CancelToken &cancel, const ProgressSink &progress)
{
    std::string message;
    for (const std::string &problem : options.problems())
        message += (message.empty() ? "" : "; ") + problem;
    if (!message.empty())
        throw Error(ErrorKind::InvalidInput, "synth: " + message);
    return Writer(out, options, cancel, progress).write();
}

} // namespace sapsam
