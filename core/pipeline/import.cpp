#include "core/pipeline/import.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/base/sha256.h"
#include "core/image/codec.h"
#include "core/pipeline/import_formats.h"
#include "core/pipeline/job_ledger.h"
#include "core/pipeline/people_detector.h"
#include "core/store/label_maps.h"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>
#include <optional>
#include <set>
#include <thread>
#include <unordered_set>

namespace sapsam {

namespace fs = std::filesystem;

namespace {

// Pictures that are read, hashed and decoded side by side, and committed together.
constexpr std::size_t kBatch = 64;
// No picture of a person needs more bytes on the disk.
constexpr std::uintmax_t kMaxFileBytes = 1ULL << 30;
// Two sightings are one when their boxes share this much (IoU) and their pixels differ by less than
// this many grey levels on average: more than a codec's noise, less than a step.
constexpr double kSamePlace = 0.7;
constexpr double kSameLook = 5.0;

enum class Content { Picture, Video, Unknown };

// By the first bytes; names lie.
Content contentOf(const std::string &path)
{
    std::string head;
    {
        std::ifstream file(path, std::ios::binary);
        if (!file)
            readFile(path); // throws the reason
        head.resize(16);
        file.read(head.data(), static_cast<std::streamsize>(head.size()));
        head.resize(static_cast<std::size_t>(file.gcount()));
    }
    if (head.empty())
        throw Error(ErrorKind::Corrupt, "'" + path + "' is empty; copy it again");
    const auto has = [&](std::size_t offset, std::string_view magic) {
        return head.size() >= offset + magic.size()
               && head.compare(offset, magic.size(), magic) == 0;
    };
    using namespace std::string_view_literals;
    if (has(0, "\x89PNG"sv) || has(0, "\xFF\xD8\xFF"sv) || has(0, "BM"sv) || has(0, "GIF8"sv)
        || (has(0, "RIFF"sv) && has(8, "WEBP"sv)) || has(0, "II*\0"sv) || has(0, "MM\0*"sv)
        || (head.size() > 2 && head[0] == 'P' && head[1] >= '1' && head[1] <= '7'
            && std::isspace(static_cast<unsigned char>(head[2])))
        || has(0, "\0\0\0\x0CjP  "sv) || has(0, "#?RADIANCE"sv) || has(4, "ftypavif"sv)
        || has(4, "ftypheic"sv))
        return Content::Picture;
    if ((has(0, "RIFF"sv) && has(8, "AVI "sv)) || has(4, "ftyp"sv) || has(0, "\x1A\x45\xDF\xA3"sv)
        || has(0, "\0\0\x01\xBA"sv) || has(0, "\0\0\x01\xB3"sv) || has(0, "FLV\x01"sv)
        || has(0, "\x30\x26\xB2\x75"sv) || has(4, "moov"sv) || has(4, "mdat"sv)
        || (has(0, "G"sv) && head.size() >= 16 && fs::path(path).extension() == ".ts"))
        return Content::Video;
    return Content::Unknown;
}

std::string absolutePath(const std::string &path)
{
    std::error_code error;
    const fs::path whole = fs::absolute(path, error);
    std::string text = error ? path : whole.lexically_normal().string();
    while (text.size() > 1 && text.back() == '/')
        text.pop_back();
    return text;
}

// A failure of one file, as it is reported; everything else goes up.
template <typename Work>
std::optional<std::string> reasonOf(const Work &work)
{
    try {
        work();
        return std::nullopt;
    } catch (const Error &error) {
        if (error.kind() == ErrorKind::NoSpace)
            throw;
        return std::string(error.what());
    } catch (const std::bad_alloc &) {
        return std::string("there is not enough memory for it");
    }
}

class Importer
{
public:
    Importer(ProjectStore &store, const ImportOptions &options, const CancelToken &cancel,
             const ProgressSink &progress)
        : m_store(store),
          m_options(options),
          m_cancel(cancel),
          m_progress(progress),
          m_ledger(store, "import", optionsText(options))
    {
    }

    ImportReport run()
    {
        for (const ImageRecord &image : m_store.images()) {
            if (!image.box && !image.frame)
                m_known.insert(image.path);
        }
        if (m_options.format.empty())
            importByContent();
        else
            importDataSets();
        m_report.cancelled = m_cancel.isCancelled();
        m_ledger.finish(m_report.cancelled);
        return std::move(m_report);
    }

private:
    struct Candidate
    {
        ListedPicture listed;
        std::string source;
        ImageRecord record;
        std::optional<std::string> reason; // why it cannot be imported
        LabelMapRecord labels = {};
        std::optional<std::string> labelsReason = {}; // why its label map cannot be used
    };

    static std::string optionsText(const ImportOptions &options)
    {
        return Json{{"paths", options.paths},         {"format", options.format},
                    {"detect", options.detect},       {"frameStep", options.frameStep},
                    {"maxFrames", options.maxFrames}, {"minConfidence", options.minConfidence},
                    {"minHeight", options.minHeight}}
            .dump(-1, ' ', false, Json::error_handler_t::replace);
    }

    void skip(const std::string &path, const std::string &reason)
    {
        m_report.skipped.push_back({path, reason});
        m_ledger.add(path, "skipped", reason);
    }

    // Files of a folder and below, sorted by name at every level.
    void collect(const fs::path &folder, std::vector<std::string> &files)
    {
        std::vector<fs::path> entries;
        std::error_code error;
        fs::directory_iterator iterator(folder, error);
        if (!error) {
            for (const fs::directory_iterator end; iterator != end && !error;
                 iterator.increment(error))
                entries.push_back(iterator->path());
        }
        if (error) {
            skip(folder.string(),
                 "the folder cannot be read: " + error.message() + "; check its permissions");
            return;
        }
        std::sort(entries.begin(), entries.end());
        for (const fs::path &entry : entries) {
            if (m_cancel.isCancelled())
                return;
            const std::string name = entry.filename().string();
            if (name.starts_with("."))
                continue; // hidden: file managers leave such things behind
            const fs::file_status status = fs::symlink_status(entry, error);
            if (fs::is_directory(status)) {
                if (!ProjectStore::isProject(entry.string()))
                    collect(entry, files);
            } else if (fs::is_regular_file(fs::status(entry, error))) {
                files.push_back(entry.string());
            } else if (!fs::is_symlink(status)) {
                skip(entry.string(), "it is neither a file nor a folder");
            } else if (!fs::exists(entry, error)) {
                skip(entry.string(), "it is a link to something that is not there");
            }
        }
    }

    void importByContent()
    {
        std::vector<std::pair<std::string, std::string>> files; // path, source
        for (const std::string &given : m_options.paths) {
            const std::string path = absolutePath(given);
            std::error_code error;
            const fs::file_status status = fs::status(path, error);
            if (status.type() == fs::file_type::not_found)
                throw Error(ErrorKind::NotFound, "'" + path + "' does not exist; check the name");
            if (fs::is_directory(status)) {
                std::vector<std::string> inside;
                collect(path, inside);
                for (std::string &file : inside)
                    files.emplace_back(std::move(file), "folder");
            } else {
                files.emplace_back(path, "file");
            }
        }

        std::vector<Candidate> pictures;
        ProgressMeter meter("importing", static_cast<std::int64_t>(files.size()), m_progress);
        for (const auto &[path, source] : files) {
            if (m_cancel.isCancelled())
                break;
            if (!m_seen.insert(path).second) {
                meter.advance();
                continue;
            }
            if (!m_options.detect && m_known.count(path) != 0) {
                ++m_report.known;
                meter.advance();
                continue;
            }
            Content content = Content::Unknown;
            if (const auto reason = reasonOf([&] { content = contentOf(path); })) {
                skip(path, *reason);
                meter.advance();
                continue;
            }
            switch (content) {
            case Content::Unknown:
                skip(path,
                     "'" + path + "' is neither a picture nor a video that this program reads");
                meter.advance();
                break;
            case Content::Video:
                if (const auto reason = reasonOf([&] { importVideo(path); }))
                    skip(path, *reason);
                meter.advance();
                break;
            case Content::Picture:
                if (m_options.detect) {
                    if (const auto reason = reasonOf([&] { importScene(path); }))
                        skip(path, *reason);
                    meter.advance();
                    break;
                }
                pictures.push_back({{path, "", "", {}}, source, {}, {}});
                if (pictures.size() == kBatch) {
                    importPictures(pictures);
                    meter.advance(static_cast<std::int64_t>(pictures.size()));
                    pictures.clear();
                }
            }
        }
        if (!m_cancel.isCancelled() && !pictures.empty()) {
            importPictures(pictures);
            meter.advance(static_cast<std::int64_t>(pictures.size()));
        }
    }

    void importDataSets()
    {
        for (const std::string &given : m_options.paths) {
            const std::string path = absolutePath(given);
            std::error_code error;
            if (fs::status(path, error).type() == fs::file_type::not_found)
                throw Error(ErrorKind::NotFound, "'" + path + "' does not exist; check the name");
            DataSetListing listing = listDataSet(m_options.format, path);
            for (const UnlistedPicture &item : listing.leftOut)
                skip(item.item, item.reason);
            std::vector<ListedPicture> &listed = listing.pictures;
            ProgressMeter meter("importing", static_cast<std::int64_t>(listed.size()), m_progress);
            std::vector<Candidate> pictures;
            for (std::size_t i = 0; i < listed.size() && !m_cancel.isCancelled(); ++i) {
                listed[i].path = absolutePath(listed[i].path);
                if (!m_seen.insert(listed[i].path).second || m_known.count(listed[i].path) != 0) {
                    ++m_report.known;
                    meter.advance();
                } else {
                    pictures.push_back({std::move(listed[i]), m_options.format, {}, {}});
                }
                if (pictures.size() == kBatch || (i + 1 == listed.size() && !pictures.empty())) {
                    importPictures(pictures);
                    meter.advance(static_cast<std::int64_t>(pictures.size()));
                    pictures.clear();
                }
            }
            if (!m_cancel.isCancelled() && !pictures.empty()) {
                importPictures(pictures);
                meter.advance(static_cast<std::int64_t>(pictures.size()));
            }
        }
    }

    static void prepare(Candidate &candidate)
    {
        candidate.reason = reasonOf([&] {
            const std::string &path = candidate.listed.path;
            std::error_code error;
            const std::uintmax_t size = fs::file_size(path, error);
            if (!error && size > kMaxFileBytes)
                throw Error(ErrorKind::Unsupported,
                            "'" + path + "' is larger than 1 GB; cut or shrink the picture first");
            const std::string bytes = readFile(path);
            if (bytes.empty())
                throw Error(ErrorKind::Corrupt, "'" + path + "' is empty; copy it again");
            const Image picture = decodeImage(bytes, path);
            candidate.record.path = path;
            candidate.record.sha256 = sha256Of(bytes);
            candidate.record.width = picture.width;
            candidate.record.height = picture.height;
            candidate.record.source = candidate.source;
            candidate.record.split = candidate.listed.split;
            candidate.record.identity = candidate.listed.identity;
        });
        if (candidate.reason || candidate.listed.labels.empty())
            return;
        candidate.labelsReason = reasonOf([&] {
            const std::string path = absolutePath(candidate.listed.labels);
            const LabelMap labels = readLabels(path);
            if (labels.width != candidate.record.width || labels.height != candidate.record.height)
                throw Error(ErrorKind::Mismatch, "'" + path
                                                     + "' has another size than its picture; the "
                                                       "picture was imported without it");
            candidate.labels = makeLabelMapRecord(0, path, labels);
        });
    }

    // Reading and decoding on all cores, storing in the given order on this thread.
    void importPictures(std::vector<Candidate> &pictures)
    {
        std::atomic<std::size_t> next{0};
        const auto work = [&] {
            for (std::size_t i = next++; i < pictures.size(); i = next++)
                prepare(pictures[i]);
        };
        {
            std::vector<std::jthread> helpers;
            const unsigned cores = std::clamp(std::thread::hardware_concurrency(), 1U, 8U);
            for (unsigned i = 1; i < cores && i < pictures.size(); ++i)
                helpers.emplace_back(work);
            work();
        }
        m_store.transaction([&] {
            for (Candidate &candidate : pictures) {
                if (candidate.reason) {
                    skip(candidate.listed.path, *candidate.reason);
                    continue;
                }
                const ProjectStore::Inserted inserted = m_store.addImage(candidate.record);
                ++(inserted.isNew ? m_report.imported : m_report.known);
                for (const std::string &caption : candidate.listed.captions)
                    m_store.addCaption(inserted.id, caption);
                candidate.labels.imageId = inserted.id;
                if (candidate.labelsReason)
                    skip(candidate.listed.labels, *candidate.labelsReason);
                else if (!candidate.labels.path.empty())
                    setLabelMap(m_store, candidate.labels);
            }
        });
    }

    static Image cutOut(const Image &scene, const Box &box)
    {
        Image crop(box.width(), box.height(), scene.channels);
        const std::size_t rowBytes =
            static_cast<std::size_t>(crop.width) * static_cast<std::size_t>(crop.channels);
        for (int y = 0; y < crop.height; ++y)
            std::memcpy(crop.at(0, y), scene.at(box.left, box.top + y), rowBytes);
        return crop;
    }

    // Cuts one person out, keeps the picture as PNG below the project and stores the row.
    void storePerson(const std::string &path, const Image &scene, const Box &box,
                     std::optional<std::int64_t> frame, const char *source)
    {
        const Image crop = cutOut(scene, box);
        const std::string png = encodePng(crop);
        std::string name =
            fs::path(path).stem().string().substr(0, 100) + "-" + sha256Of(path).substr(0, 8);
        if (frame)
            name += "-f" + std::to_string(*frame);
        name += "-" + std::to_string(box.left) + "-" + std::to_string(box.top) + "-"
                + std::to_string(box.width()) + "x" + std::to_string(box.height()) + ".png";

        ImageRecord record;
        record.path = path;
        record.sha256 = sha256Of(png);
        record.width = crop.width;
        record.height = crop.height;
        record.source = source;
        record.frame = frame;
        record.box = box;
        record.crop = "crops/" + name;
        // The file first: a row never names a picture that is not there.
        writeFileAtomically(m_store.cropsFolder() + "/" + name, png);
        ++(m_store.addImage(record).isNew ? m_report.imported : m_report.known);
    }

    void importScene(const std::string &path)
    {
        const Image scene = readImage(path);
        const std::vector<DetectedPerson> people =
            m_detector.find(scene, m_options.minConfidence, m_options.minHeight);
        if (people.empty())
            throw Error(ErrorKind::InvalidInput,
                        "no person was found in '" + path
                            + "'; if it shows one person, import it without detection");
        m_store.transaction([&] {
            for (const DetectedPerson &person : people)
                storePerson(path, scene, person.box, std::nullopt, "scene");
        });
    }

    void importVideo(const std::string &path)
    {
        cv::VideoCapture video;
        try {
            video.open(path);
        } catch (const cv::Exception &error) {
            throw Error(ErrorKind::Corrupt,
                        "'" + path + "' cannot be read as a video: " + error.what());
        }
        if (!video.isOpened())
            throw Error(
                ErrorKind::Corrupt,
                "'" + path
                    + "' cannot be read as a video; it is damaged or of a kind this program does "
                      "not know");
        const int step = std::max(1, m_options.frameStep);
        const auto promised = static_cast<std::int64_t>(video.get(cv::CAP_PROP_FRAME_COUNT));
        std::int64_t wanted = promised > 0 ? (promised + step - 1) / step : 0;
        if (m_options.maxFrames > 0)
            wanted = wanted > 0 ? std::min<std::int64_t>(wanted, m_options.maxFrames)
                                : m_options.maxFrames;

        // Frames without people leave no rows, so what is done already is written down.
        const std::string key = "import " + path + " step " + std::to_string(step) + " confidence "
                                + std::to_string(m_options.minConfidence) + " height "
                                + std::to_string(m_options.minHeight);
        const std::string done = m_store.setting(key, "-1");
        std::int64_t lastDone = -1;
        std::from_chars(done.data(), done.data() + done.size(), lastDone);

        ProgressMeter meter("finding people in " + fs::path(path).filename().string(), wanted,
                            m_progress);
        m_sightings.clear();
        std::int64_t frame = 0;
        std::int64_t taken = 0;
        cv::Mat picture;
        for (; !m_cancel.isCancelled() && (m_options.maxFrames <= 0 || taken < m_options.maxFrames);
             ++frame) {
            if (!video.grab())
                break;
            if (frame % step != 0)
                continue;
            ++taken;
            // The last frame of an earlier call is looked at again, for what stood still in it.
            if (frame >= lastDone) {
                if (!video.retrieve(picture) || picture.empty())
                    break;
                importFrame(path, picture, frame, frame > lastDone ? key : std::string());
            }
            meter.advance();
        }
        if (frame == 0 && !m_cancel.isCancelled())
            throw Error(ErrorKind::Corrupt,
                        "no frame of '" + path + "' can be read; the video is damaged");
        for (const ImageRecord &image : m_store.images()) {
            if (image.path == path && image.frame && *image.frame <= lastDone)
                ++m_report.known;
        }
        // Containers may promise a frame or two too many; half a film is another matter.
        const bool wholeWanted = m_options.maxFrames <= 0 || taken < m_options.maxFrames;
        if (!m_cancel.isCancelled() && wholeWanted && promised > 0
            && frame < promised - promised / 20 - 2)
            throw Error(ErrorKind::Corrupt,
                        "only " + std::to_string(frame) + " of " + std::to_string(promised)
                            + " frames of '" + path
                            + "' could be read; the people up to there are stored");
    }

    // Whether the same thing was seen at the same place in the frame before and has not changed:
    // a parked van that looks like a person, or a person whose picture is stored already.
    bool isUnchanged(const Image &scene, const Box &box) const
    {
        return std::any_of(m_sightings.begin(), m_sightings.end(), [&](const Sighting &sighting) {
            const Box &old = sighting.box;
            const double width = std::min(box.right, old.right) - std::max(box.left, old.left);
            const double height = std::min(box.bottom, old.bottom) - std::max(box.top, old.top);
            if (width <= 0.0 || height <= 0.0)
                return false;
            const double shared = width * height;
            const double all = static_cast<double>(box.width()) * box.height()
                               + static_cast<double>(old.width()) * old.height() - shared;
            return shared >= kSamePlace * all
                   && meanDifference(cutOut(scene, old), sighting.picture) < kSameLook;
        });
    }

    static double meanDifference(const Image &a, const Image &b)
    {
        double sum = 0.0;
        for (std::size_t i = 0; i < a.pixels.size(); ++i)
            sum += std::abs(static_cast<int>(a.pixels[i]) - static_cast<int>(b.pixels[i]));
        return sum / static_cast<double>(a.pixels.size());
    }

    // Stores the people of a frame; an empty key only remembers where they are.
    void importFrame(const std::string &path, const cv::Mat &picture, std::int64_t frame,
                     const std::string &key)
    {
        Image scene(picture.cols, picture.rows, 3);
        try {
            cv::Mat rgb(picture.rows, picture.cols, CV_8UC3, scene.pixels.data());
            cv::cvtColor(picture, rgb,
                         picture.channels() == 1
                             ? cv::COLOR_GRAY2RGB
                             : (picture.channels() == 4 ? cv::COLOR_BGRA2RGB : cv::COLOR_BGR2RGB));
        } catch (const cv::Exception &error) {
            throw Error(ErrorKind::Unsupported, "frame " + std::to_string(frame) + " of '" + path
                                                    + "' cannot be converted: " + error.what());
        }
        const std::vector<DetectedPerson> people =
            m_detector.find(scene, m_options.minConfidence, m_options.minHeight);
        if (!key.empty()) {
            m_store.transaction([&] {
                for (const DetectedPerson &person : people) {
                    if (!isUnchanged(scene, person.box))
                        storePerson(path, scene, person.box, frame, "video");
                }
                m_store.setSetting(key, std::to_string(frame));
            });
        }
        m_sightings.clear();
        for (const DetectedPerson &person : people)
            m_sightings.push_back({person.box, cutOut(scene, person.box)});
    }

    // What was found in the last frame of the video at hand.
    struct Sighting
    {
        Box box;
        Image picture;
    };

    ProjectStore &m_store;
    const ImportOptions &m_options;
    const CancelToken &m_cancel;
    const ProgressSink &m_progress;
    JobLedger m_ledger;
    PeopleDetector m_detector;
    ImportReport m_report;
    std::unordered_set<std::string> m_known; // pictures that are stored whole
    std::unordered_set<std::string> m_seen;  // named twice is imported once
    std::vector<Sighting> m_sightings;
};

} // namespace

ImportReport importPaths(ProjectStore &store, const ImportOptions &options,
                         const CancelToken &cancel, const ProgressSink &progress)
{
    if (options.paths.empty())
        throw Error(ErrorKind::InvalidInput,
                    "nothing was named to import; give a folder, picture or video");
    return Importer(store, options, cancel, progress).run();
}

} // namespace sapsam
