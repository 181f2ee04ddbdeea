#include "core/base/file.h"
#include "core/base/sha256.h"
#include "core/dataset/synthetic_writer.h"
#include "core/image/codec.h"
#include "core/pipeline/demo_video.h"
#include "core/pipeline/import.h"
#include "core/pipeline/people_detector.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <filesystem>
#include <set>
#include <zlib.h>

using namespace sapsam;
namespace fs = std::filesystem;

namespace {

Image makePicture(int width, int height, int seed)
{
    Image image(width, height);
    for (std::size_t i = 0; i < image.pixels.size(); ++i)
        image.pixels[i] =
            static_cast<std::uint8_t>((i * 7 + static_cast<std::size_t>(seed) * 31) % 251);
    return image;
}

std::string reasonFor(const ImportReport &report, const std::string &name)
{
    for (const SkippedItem &item : report.skipped) {
        if (item.path.ends_with(name))
            return item.reason;
    }
    return {};
}

bool contains(const std::string &text, const std::string &part)
{
    return text.find(part) != std::string::npos;
}

// The header of a BMP that claims 20000 x 20000 pixels.
std::string hugeBitmap()
{
    std::string bytes(54, '\0');
    bytes.replace(0, 2, "BM");
    const auto put = [&](std::size_t offset, std::uint32_t value) {
        for (std::size_t i = 0; i < 4; ++i)
            bytes[offset + i] = static_cast<char>((value >> (8 * i)) & 0xFFU);
    };
    put(2, 54 + 3 * 20000U * 20000U);
    put(10, 54);
    put(14, 40);
    put(18, 20000);
    put(22, 20000);
    put(26, 1 | (24U << 16));
    return bytes;
}

} // namespace

class TestImport : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void aFolderIsImportedRecursivelyAndSorted();
    void aSinglePictureIsImported();
    void namesBeyondAsciiAreImported();
    void theHashIsThatOfTheFile();
    void whatIsKnownIsNotImportedAgain();
    void theSameFileNamedTwiceIsImportedOnce();
    void badFilesAreReportedAndTheRestIsImported();
    void aFolderWithoutRightsIsReported();
    void aFileWithoutRightsIsReported();
    void otherProjectsInsideAFolderAreLeftAlone();
    void aMissingPathIsNotFoundAndNothingIsStored();
    void nothingToImportIsInvalidInput();
    void aCancelledImportContinuesWhereItStopped();
    void progressReachesItsTotal();
    void theJobIsInTheLedger();
    void aFullDiskStopsTheImportAndLosesNothing();
    void aSceneWithoutPeopleIsReported();
    void theDetectorRefusesAnEmptyPicture();
    void anUnknownFormatIsInvalidInput();
    void cuhkPedesBringsCaptionsSplitsAndIdentities();
    void atrIsImported();
    void brokenVideosAreReported();
    void realFootageIsCutIntoPeople();
    void aCancelledVideoContinuesWhereItStopped();
    void aGzippedDemoVideoIsUnpacked();

private:
    std::string put(const std::string &name, const std::string &bytes) const;
    ImportReport import(const std::vector<std::string> &paths, const CancelToken &cancel = {},
                        const ProgressSink &progress = {});

    std::unique_ptr<QTemporaryDir> m_folder;
    std::string m_pictures;
    std::unique_ptr<ProjectStore> m_store;
    ImportOptions m_options;
};

void TestImport::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    QVERIFY(m_folder->isValid());
    fs::permissions(m_folder->path().toStdString(), fs::perms::all);
    m_pictures = m_folder->filePath(QStringLiteral("pictures")).toStdString();
    fs::create_directories(m_pictures);
    m_store = std::make_unique<ProjectStore>(
        ProjectStore::create(m_folder->filePath(QStringLiteral("p.sapsam")).toStdString()));
    m_options = {};
}

void TestImport::cleanup()
{
    m_store.reset();
    m_folder.reset();
}

std::string TestImport::put(const std::string &name, const std::string &bytes) const
{
    const fs::path path = fs::path(m_pictures) / name;
    fs::create_directories(path.parent_path());
    writeFileAtomically(path.string(), bytes);
    return path.string();
}

ImportReport TestImport::import(const std::vector<std::string> &paths, const CancelToken &cancel,
                                const ProgressSink &progress)
{
    m_options.paths = paths;
    return importPaths(*m_store, m_options, cancel, progress);
}

void TestImport::aFolderIsImportedRecursivelyAndSorted()
{
    put("b.png", encodePng(makePicture(20, 40, 1)));
    put("a/z.jpg", encodeJpeg(makePicture(30, 50, 2)));
    put("c/d/e.png", encodePng(makePicture(10, 20, 3)));
    put(".hidden.png", "not looked at");

    const ImportReport report = import({m_pictures});

    QCOMPARE(report.imported, std::int64_t{3});
    QVERIFY(report.skipped.empty());
    const auto images = m_store->images();
    QCOMPARE(images.size(), std::size_t{3});
    QCOMPARE(images[0].path, m_pictures + "/a/z.jpg");
    QCOMPARE(images[1].path, m_pictures + "/b.png");
    QCOMPARE(images[2].path, m_pictures + "/c/d/e.png");
    QCOMPARE(images[0].width, 30);
    QCOMPARE(images[0].height, 50);
    QCOMPARE(images[0].source, std::string("folder"));
}

void TestImport::aSinglePictureIsImported()
{
    const std::string path = put("one.png", encodePng(makePicture(20, 40, 1)));

    QCOMPARE(import({path}).imported, std::int64_t{1});

    QCOMPARE(m_store->images().at(0).source, std::string("file"));
}

void TestImport::namesBeyondAsciiAreImported()
{
    const std::string path = put("Gäste/日本 人 'x\" ?.png", encodePng(makePicture(20, 40, 1)));

    QCOMPARE(import({m_pictures}).imported, std::int64_t{1});

    QCOMPARE(m_store->images().at(0).path, path);
}

void TestImport::theHashIsThatOfTheFile()
{
    // Not a picture of a person, but every byte of it is known.
    const std::string png = encodePng(Image(2, 2, 3, 255));
    const std::string path = put("white.png", png);

    import({path});

    QCOMPARE(m_store->images().at(0).sha256, sha256Of(png));
}

void TestImport::whatIsKnownIsNotImportedAgain()
{
    put("a.png", encodePng(makePicture(20, 40, 1)));
    import({m_pictures});
    put("b.png", encodePng(makePicture(20, 40, 2)));

    const ImportReport report = import({m_pictures});

    QCOMPARE(report.imported, std::int64_t{1});
    QCOMPARE(report.known, std::int64_t{1});
    QCOMPARE(m_store->counts().images, std::int64_t{2});
}

void TestImport::theSameFileNamedTwiceIsImportedOnce()
{
    const std::string path = put("a.png", encodePng(makePicture(20, 40, 1)));

    const ImportReport report = import({path, m_pictures, m_pictures + "/./a.png"});

    QCOMPARE(report.imported, std::int64_t{1});
    QVERIFY(report.skipped.empty());
}

void TestImport::badFilesAreReportedAndTheRestIsImported()
{
    const std::string png = encodePng(makePicture(60, 120, 1));
    const std::string jpeg = encodeJpeg(makePicture(60, 120, 2));
    put("0 good.png", png);
    put("1 empty.png", "");
    put("2 cut off.png", png.substr(0, png.size() / 2));
    put("3 cut off.jpg", jpeg.substr(0, jpeg.size() / 2));
    put("4 text.png", "this is not a picture at all");
    put("5 huge.bmp", hugeBitmap());
    put("6 notes.txt", "buy milk");
    put("7 only a header.png", png.substr(0, 8));
    fs::create_symlink(m_pictures + "/nowhere", m_pictures + "/8 link.png");
    put("9 good.jpg", jpeg);

    const ImportReport report = import({m_pictures});

    QCOMPARE(report.imported, std::int64_t{2});
    QCOMPARE(report.skipped.size(), std::size_t{8});
    QVERIFY(!report.cancelled);
    QVERIFY(contains(reasonFor(report, "1 empty.png"), "is empty"));
    QVERIFY(contains(reasonFor(report, "2 cut off.png"), "2 cut off.png"));
    QVERIFY(contains(reasonFor(report, "3 cut off.jpg"), "3 cut off.jpg"));
    QVERIFY(contains(reasonFor(report, "4 text.png"), "neither a picture nor a video"));
    QVERIFY(contains(reasonFor(report, "5 huge.bmp"), "5 huge.bmp"));
    QVERIFY(contains(reasonFor(report, "6 notes.txt"), "neither a picture nor a video"));
    QVERIFY(contains(reasonFor(report, "7 only a header.png"), "7 only a header.png"));
    QVERIFY(contains(reasonFor(report, "8 link.png"), "not there"));
    for (const ImageRecord &image : m_store->images())
        QVERIFY(contains(image.path, "good"));
}

void TestImport::aFolderWithoutRightsIsReported()
{
    put("closed/a.png", encodePng(makePicture(20, 40, 1)));
    put("open/b.png", encodePng(makePicture(20, 40, 2)));
    fs::permissions(m_pictures, fs::perms::all);
    fs::permissions(m_pictures + "/open", fs::perms::all);
    fs::permissions(m_pictures + "/closed", fs::perms::none);
    m_store.reset();
    {
        const test::WithoutPrivileges nobody;
        const std::string project =
            m_folder->filePath(QStringLiteral("nobody.sapsam")).toStdString();
        m_store = std::make_unique<ProjectStore>(ProjectStore::create(project));
        const ImportReport report = import({m_pictures});
        QCOMPARE(report.imported, std::int64_t{1});
        QVERIFY(contains(reasonFor(report, "closed"), "check its permissions"));
        m_store.reset();
    }
    fs::permissions(m_pictures + "/closed", fs::perms::all);
}

void TestImport::aFileWithoutRightsIsReported()
{
    const std::string path = put("a.png", encodePng(makePicture(20, 40, 1)));
    fs::permissions(m_pictures, fs::perms::all);
    fs::permissions(path, fs::perms::none);
    m_store.reset();
    const test::WithoutPrivileges nobody;
    const std::string project = m_folder->filePath(QStringLiteral("nobody.sapsam")).toStdString();
    m_store = std::make_unique<ProjectStore>(ProjectStore::create(project));

    const ImportReport report = import({m_pictures});

    QCOMPARE(report.imported, std::int64_t{0});
    QVERIFY(contains(reasonFor(report, "a.png"), "permissions"));
    m_store.reset();
}

void TestImport::otherProjectsInsideAFolderAreLeftAlone()
{
    ProjectStore::create(m_pictures + "/old.sapsam");
    put("old.sapsam/crops/a.png", encodePng(makePicture(20, 40, 1)));

    const ImportReport report = import({m_pictures});

    QCOMPARE(report.imported, std::int64_t{0});
    QVERIFY(report.skipped.empty());
}

void TestImport::aMissingPathIsNotFoundAndNothingIsStored()
{
    const std::string path = put("a.png", encodePng(makePicture(20, 40, 1)));

    VERIFY_ERROR(import({path, m_pictures + "/absent"}), ErrorKind::NotFound, "absent");

    QCOMPARE(m_store->counts().images, std::int64_t{0});
    QCOMPARE(m_store->recentJobs(1).at(0).state, std::string("failed"));
}

void TestImport::nothingToImportIsInvalidInput()
{
    VERIFY_ERROR(import({}), ErrorKind::InvalidInput, "nothing was named");
}

void TestImport::aCancelledImportContinuesWhereItStopped()
{
    for (int i = 0; i < 200; ++i)
        put(std::to_string(1000 + i) + ".png", encodePng(makePicture(8, 16, i)));
    CancelSource source;
    const auto stopAfterFirstBatch = [&](const Progress &progress) {
        if (progress.done > 0)
            source.cancel();
    };

    const ImportReport first = import({m_pictures}, source.token(), stopAfterFirstBatch);
    const std::int64_t stored = m_store->counts().images;
    const ImportReport second = import({m_pictures});

    QVERIFY(first.cancelled);
    QVERIFY(first.imported > 0);
    QVERIFY(first.imported < 200);
    QCOMPARE(stored, first.imported);
    QCOMPARE(second.known, first.imported);
    QCOMPARE(second.imported, 200 - first.imported);
    QCOMPARE(m_store->recentJobs(2).at(1).state, std::string("cancelled"));
    // The order is that of an import that was never stopped.
    const auto images = m_store->images();
    QVERIFY(
        std::is_sorted(images.begin(), images.end(),
                       [](const ImageRecord &a, const ImageRecord &b) { return a.path < b.path; }));
}

void TestImport::progressReachesItsTotal()
{
    for (int i = 0; i < 70; ++i)
        put(std::to_string(100 + i) + ".png", encodePng(makePicture(8, 16, i)));
    put("x.txt", "no picture");
    Progress last;

    import({m_pictures}, {}, [&](const Progress &progress) { last = progress;
});

QCOMPARE(last.total, std::int64_t{71});
QCOMPARE(last.done, std::int64_t{71});
}

void TestImport::theJobIsInTheLedger()
{
    put("a.png", encodePng(makePicture(8, 16, 1)));
    put("b.txt", "no picture");

    import({m_pictures});

    const JobRecord job = m_store->recentJobs(1).at(0);
    QCOMPARE(job.kind, std::string("import"));
    QCOMPARE(job.state, std::string("done"));
    const auto items = m_store->jobItems(job.id);
    QCOMPARE(items.size(), std::size_t{1});
    QCOMPARE(items[0].item, m_pictures + "/b.txt");
    QCOMPARE(items[0].state, std::string("skipped"));
}

void TestImport::aFullDiskStopsTheImportAndLosesNothing()
{
    put("0/a.png", encodePng(makePicture(8, 16, 1)));
    import({m_pictures});
    for (int i = 0; i < 300; ++i)
        put(std::string(150, 'n') + std::to_string(i) + ".png", encodePng(makePicture(8, 16, i)));
    m_store->limitSize(1);

    VERIFY_ERROR(import({m_pictures}), ErrorKind::NoSpace, "free some space");

    QVERIFY(m_store->counts().images >= 1);
    QVERIFY(m_store->integrityProblems().empty());
}

void TestImport::aSceneWithoutPeopleIsReported()
{
    put("street.png", encodePng(Image(640, 480, 3, 90)));
    m_options.detect = true;

    const ImportReport report = import({m_pictures});

    QCOMPARE(report.imported, std::int64_t{0});
    QVERIFY(contains(reasonFor(report, "street.png"), "no person was found"));
}

void TestImport::theDetectorRefusesAnEmptyPicture()
{
    const PeopleDetector detector;

    VERIFY_ERROR(detector.find(Image(), 0.3, 48), ErrorKind::InvalidInput, "no picture");
    QVERIFY(detector.find(Image(3, 3), 0.3, 1).empty());
}

void TestImport::anUnknownFormatIsInvalidInput()
{
    m_options.format = "holiday-pictures";

    VERIFY_ERROR(import({m_pictures}), ErrorKind::InvalidInput, "holiday-pictures");
}

void TestImport::cuhkPedesBringsCaptionsSplitsAndIdentities()
{
    SyntheticOptions synthetic;
    synthetic.count = 40;
    const SyntheticReport written = writeSyntheticDataset(m_pictures + "/synth", synthetic);
    const std::string imgs = m_pictures + "/synth/CUHK-PEDES/imgs";
    std::vector<std::string> files;
    for (const auto &entry : fs::recursive_directory_iterator(imgs)) {
        if (entry.is_regular_file())
            files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
    writeFileAtomically(files.at(0), "no longer a picture");
    m_options.format = "cuhk-pedes";

    const ImportReport report = import({m_pictures + "/synth/CUHK-PEDES"});

    QCOMPARE(report.imported, written.images - 1);
    QCOMPARE(report.skipped.size(), std::size_t{1});
    QCOMPARE(report.skipped[0].path, files[0]);
    std::set<std::string> splits;
    std::set<std::string> identities;
    for (const ImageRecord &image : m_store->images()) {
        splits.insert(image.split);
        identities.insert(image.identity);
        QCOMPARE(image.source, std::string("cuhk-pedes"));
        QVERIFY(!m_store->captions(image.id).empty());
    }
    QVERIFY((splits == std::set<std::string>{"test", "train", "val"}));
    QCOMPARE(static_cast<std::int64_t>(identities.size()), written.identities);
}

void TestImport::atrIsImported()
{
    SyntheticOptions synthetic;
    synthetic.count = 12;
    writeSyntheticDataset(m_pictures + "/synth", synthetic);
    m_options.format = "atr";

    const ImportReport report = import({m_pictures + "/synth/ATR"});

    QCOMPARE(report.imported, std::int64_t{12});
    QVERIFY(report.skipped.empty());
}

void TestImport::brokenVideosAreReported()
{
    put("a.avi", std::string("RIFF\0\0\0\0AVI LIST", 16) + std::string(5000, 'x'));
    put("b.mp4", std::string("\0\0\0\x18"
                             "ftypmp42",
                             12)
                     + std::string(5000, 'x'));
    put("c.png", encodePng(makePicture(8, 16, 1)));

    const ImportReport report = import({m_pictures});

    QCOMPARE(report.imported, std::int64_t{1});
    QCOMPARE(report.skipped.size(), std::size_t{2});
    QVERIFY(contains(reasonFor(report, "a.avi"), "a.avi"));
    QVERIFY(contains(reasonFor(report, "b.mp4"), "b.mp4"));
}

void TestImport::realFootageIsCutIntoPeople()
{
    const std::string video = findDemoVideo(m_folder->path().toStdString());
    if (video.empty())
        QSKIP("no real footage here: install Debian's package opencv-doc");
    m_options.frameStep = 200;

    const ImportReport report = import({video});

    QVERIFY(report.skipped.empty());
    QVERIFY2(report.imported >= 8, qPrintable(QString::number(report.imported)));
    for (const ImageRecord &image : m_store->images()) {
        QCOMPARE(image.path, video);
        QCOMPARE(image.source, std::string("video"));
        QVERIFY(image.frame && *image.frame % 200 == 0);
        QVERIFY(image.box && image.box->left >= 0 && image.box->top >= 0 && image.box->right <= 768
                && image.box->bottom <= 576);
        QVERIFY(image.height >= m_options.minHeight);
        QVERIFY(image.height > image.width);
        const Image crop = readImage(m_store->picturePath(image));
        QCOMPARE(crop.width, image.box->width());
        QCOMPARE(crop.height, image.box->height());
        QCOMPARE(sha256OfFile(m_store->picturePath(image)), image.sha256);
    }
    const ImportReport again = import({video});
    QCOMPARE(again.imported, std::int64_t{0});
    QCOMPARE(again.known, report.imported);
}

void TestImport::aCancelledVideoContinuesWhereItStopped()
{
    const std::string video = findDemoVideo(m_folder->path().toStdString());
    if (video.empty())
        QSKIP("no real footage here: install Debian's package opencv-doc");
    m_options.frameStep = 100;
    m_options.maxFrames = 4;
    CancelSource source;

    const ImportReport first = import({video}, source.token(), [&](const Progress &progress) {
        if (progress.done == 2)
            source.cancel();
    });
    const ImportReport second = import({video});

    QVERIFY(first.cancelled);
    QVERIFY(!second.cancelled);
    QCOMPARE(second.known, first.imported);
    std::set<std::int64_t> frames;
    for (const ImageRecord &image : m_store->images())
        frames.insert(*image.frame);
    QVERIFY((frames == std::set<std::int64_t>{0, 100, 200, 300}));
}

void TestImport::aGzippedDemoVideoIsUnpacked()
{
    const std::string packed = m_pictures + "/street.avi.gz";
    const gzFile file = ::gzopen(packed.c_str(), "wb");
    QVERIFY(file != nullptr);
    const std::string content(100000, 'v');
    QCOMPARE(::gzwrite(file, content.data(), static_cast<unsigned>(content.size())), 100000);
    ::gzclose(file);
    qputenv("SAPSAM_DEMO_VIDEO", packed.c_str());

    const std::string found = findDemoVideo(m_pictures + "/unpacked");

    qunsetenv("SAPSAM_DEMO_VIDEO");
    QCOMPARE(found, m_pictures + "/unpacked/street.avi");
    QVERIFY(readFile(found) == content);
}

QTEST_GUILESS_MAIN(TestImport)
#include "tst_import.moc"
