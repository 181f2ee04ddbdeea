#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/base/sha256.h"
#include "core/image/codec.h"
#include "core/image/rle.h"
#include "core/pipeline/export.h"
#include "core/store/project_store.h"
#include "tests/support/error_of.h"

#include <QByteArray>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include <filesystem>

using namespace sapsam;
namespace fs = std::filesystem;

namespace {

const std::string kModel = std::string(64, 'a');

// A reader of RFC 4180, so that what is written is read back by its rules and not by ours.
std::vector<std::vector<std::string>> readCsv(const std::string &text)
{
    std::vector<std::vector<std::string>> rows(1, {std::string()});
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
            rows.back().back() += '"';
            ++i;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && c == ',') {
            rows.back().emplace_back();
        } else if (!quoted && c == '\n') {
            rows.push_back({std::string()});
        } else {
            rows.back().back() += c;
        }
    }
    rows.pop_back(); // after the last line feed
    return rows;
}

} // namespace

class TestExport : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void tablesReadBackAsTheyAreStored();
    void rankingsAreInTheirTable();
    void theManifestNamesEveryFileWithItsHash();
    void theSheetHoldsItsPicturesAndNothingFromOutside();
    void theSheetEscapesWhatPeopleWrote();
    void theSheetShowsAStripForEachSearch();
    void aLostPictureIsReportedAndTheRestIsShown();
    void aSheetCanBeLimited();
    void aCancelledExportSaysSo();
    void anUnknownFormatIsInvalidInput();
    void aFolderThatCannotBeMadeIsReported();

private:
    ExportReport run(const std::string &format)
    {
        m_options.format = format;
        m_options.output = m_output;
        return exportProject(*m_store, m_options, {}, {});
    }
    std::string written(const std::string &name) const { return readFile(m_output + "/" + name); }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<ProjectStore> m_store;
    std::string m_output;
    ExportOptions m_options;
    std::vector<std::int64_t> m_ids;
};

void TestExport::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_options = {};
    m_ids.clear();
    m_output = m_folder->filePath(QStringLiteral("out/sheet")).toStdString();
    m_store = std::make_unique<ProjectStore>(
        ProjectStore::create(m_folder->filePath(QStringLiteral("p.sapsam")).toStdString()));
    m_store->recordModel("small", "person-sam", kModel, "person-sam");
    for (int i = 0; i < 3; ++i) {
        ImageRecord image;
        image.path = m_folder->filePath(QStringLiteral("a, \"%1\".png").arg(i)).toStdString();
        writeFileAtomically(image.path,
                            encodePng(Image(16, 32, 3, static_cast<std::uint8_t>(60 * i))));
        image.sha256 = sha256OfFile(image.path);
        image.width = 16;
        image.height = 32;
        image.source = "folder";
        m_ids.push_back(m_store->addImage(image).id);
    }
    Mask mask(16, 32);
    for (int y = 4; y < 12; ++y) {
        for (int x = 3; x < 9; ++x)
            mask.at(x, y) = 1;
    }
    RegionRecord region;
    region.group = "clothes";
    region.width = 16;
    region.height = 32;
    region.rle = rleToString(rleOfMask(mask));
    region.bounds = {3, 4, 9, 12};
    region.area = 48.0 / 512.0;
    region.score = 0.9;
    region.prompt = "the clothes";
    m_store->replaceRegions(m_ids[0], {region}, kModel, "atr-1");
    PhraseRecord phrase;
    phrase.regionId = m_store->regions(m_ids[0])[0].id;
    phrase.text = "a <red> jacket, \"long\"\nand old";
    phrase.modelHash = kModel;
    phrase.templateVersion = "t1";
    m_store->setPhrase(phrase);
    m_store->addCaption(m_ids[1], "A woman, walking.");
}

void TestExport::tablesReadBackAsTheyAreStored()
{
    const ExportReport report = run("csv");

    QCOMPARE(report.written, std::int64_t{3});
    const auto images = readCsv(written("images.csv"));
    QCOMPARE(images.size(), std::size_t{4});
    for (const auto &row : images)
        QCOMPARE(row.size(), images[0].size());
    QCOMPARE(images[0][1], std::string("path"));
    QCOMPARE(images[1][1], m_store->image(m_ids[0]).path);
    const auto regions = readCsv(written("regions.csv"));
    QCOMPARE(regions.size(), std::size_t{2});
    const auto column = [&](const std::string &name) {
        const auto found = std::find(regions[0].begin(), regions[0].end(), name);
        return regions[1].at(static_cast<std::size_t>(found - regions[0].begin()));
    };
    QCOMPARE(column("phrase"), m_store->phrases(m_ids[0])[0].text);
    QCOMPARE(std::stod(column("area")), 48.0 / 512.0);
    QCOMPARE(column("model"), kModel);
    const Rle rle = rleFromString(column("mask_rle"), std::stoi(column("mask_width")),
                                  std::stoi(column("mask_height")));
    QCOMPARE(areaOf(rle), std::uint64_t{48});
    const auto captions = readCsv(written("captions.csv"));
    QCOMPARE(captions[1][1], std::string("A woman, walking."));
}

void TestExport::rankingsAreInTheirTable()
{
    SearchResponse search;
    search.query = "a red jacket, old";
    search.hits = {{1, m_ids[2], "/x.png", 0.1, {}}, {2, m_ids[0], "/y.png", -0.25, {}}};
    m_options.searches = {search};

    run("csv");

    const auto rankings = readCsv(written("rankings.csv"));
    QCOMPARE(rankings.size(), std::size_t{3});
    QCOMPARE(rankings[1][0], search.query);
    QCOMPARE(rankings[1][2], std::to_string(m_ids[2]));
    QCOMPARE(std::stod(rankings[1][4]), 0.1);
    QCOMPARE(std::stod(rankings[2][4]), -0.25);
}

void TestExport::theManifestNamesEveryFileWithItsHash()
{
    for (const char *format : {"csv", "html"}) {
        fs::remove_all(m_output);
        const ExportReport report = run(format);

        const Json manifest = readJsonFile(report.manifest);

        std::size_t named = 0;
        for (const Json &file : manifest.at("files")) {
            const std::string path = m_output + "/" + file.at("path").get<std::string>();
            QCOMPARE(sha256OfFile(path), file.at("sha256").get<std::string>());
            QCOMPARE(fs::file_size(path), file.at("bytes").get<std::uintmax_t>());
            ++named;
        }
        const auto there =
            std::distance(fs::directory_iterator(m_output), fs::directory_iterator());
        QCOMPARE(static_cast<std::size_t>(there), named + 1);
        QCOMPARE(manifest.at("models").at("person-sam").get<std::string>(), kModel);
        QCOMPARE(manifest.at("counts").at("images").get<int>(), 3);
        QCOMPARE(manifest.at("complete").get<bool>(), true);
    }
}

void TestExport::theSheetHoldsItsPicturesAndNothingFromOutside()
{
    const ExportReport report = run("html");

    QCOMPARE(report.written, std::int64_t{3});
    const QString html = QString::fromStdString(written("index.html"));
    QRegularExpressionMatchIterator sources =
        QRegularExpression(QStringLiteral("(?:src|href)=\"([^\"]*)\"")).globalMatch(html);
    int pictures = 0;
    while (sources.hasNext()) {
        const QString source = sources.next().captured(1);
        const QString head = QStringLiteral("data:image/jpeg;base64,");
        QVERIFY2(source.startsWith(head), qPrintable(source.left(80)));
        const QByteArray jpeg = QByteArray::fromBase64(source.mid(head.size()).toLatin1());
        const Image image = decodeImage(jpeg.toStdString(), "the sheet");
        QCOMPARE(image.width, 16);
        QCOMPARE(image.height, 32);
        ++pictures;
    }
    QCOMPARE(pictures, 6); // each with and without masks
    QVERIFY(!html.contains(QStringLiteral("http")));
}

void TestExport::theSheetEscapesWhatPeopleWrote()
{
    run("html");

    const QString html = QString::fromStdString(written("index.html"));
    QVERIFY(html.contains(QStringLiteral("a &lt;red&gt; jacket, &quot;long&quot;")));
    QVERIFY(!html.contains(QStringLiteral("<red>")));
}

void TestExport::theSheetShowsAStripForEachSearch()
{
    SearchResponse search;
    search.query = "someone in a <red> jacket";
    search.warnings = {{SearchWarning::Kind::NoPart, {}, "the description is odd"}};
    SearchHit hit{1, m_ids[0], "/x.png", 0.4321, {}};
    hit.parts.push_back({"clothes", "a red jacket", "a <red> jacket", 0.77});
    search.hits = {hit};
    m_options.searches = {search, search};

    const ExportReport report = run("html");

    QCOMPARE(report.written, std::int64_t{2});
    const QString html = QString::fromStdString(written("index.html"));
    QCOMPARE(html.count(QStringLiteral("<h2>")), 2);
    QVERIFY(html.contains(QStringLiteral("0.432")));
    QVERIFY(html.contains(QStringLiteral("0.77 for")));
    QVERIFY(html.contains(QStringLiteral("the description is odd")));
}

void TestExport::aLostPictureIsReportedAndTheRestIsShown()
{
    fs::remove(m_store->image(m_ids[1]).path);

    const ExportReport report = run("html");

    QCOMPARE(report.written, std::int64_t{2});
    QCOMPARE(report.skipped.size(), std::size_t{1});
    QCOMPARE(report.skipped[0].path, m_store->image(m_ids[1]).path);
    QCOMPARE(readJsonFile(report.manifest).at("skipped").size(), std::size_t{1});
}

void TestExport::aSheetCanBeLimited()
{
    m_options.maxImages = 2;

    QCOMPARE(run("html").written, std::int64_t{2});
}

void TestExport::aCancelledExportSaysSo()
{
    CancelSource source;
    source.cancel();
    m_options.format = "html";
    m_options.output = m_output;

    const ExportReport report = exportProject(*m_store, m_options, source.token(), {});

    QVERIFY(report.cancelled);
    QCOMPARE(readJsonFile(report.manifest).at("complete").get<bool>(), false);
}

void TestExport::anUnknownFormatIsInvalidInput()
{
    VERIFY_ERROR(run("pdf"), ErrorKind::InvalidInput, "pdf");
    QVERIFY(!fs::exists(m_output));
    m_output.clear();
    VERIFY_ERROR(run("csv"), ErrorKind::InvalidInput, "no folder");
}

void TestExport::aFolderThatCannotBeMadeIsReported()
{
    writeFileAtomically(m_folder->filePath(QStringLiteral("out")).toStdString(),
                        "a file is in the way");

    const auto error = test::errorOf([&] { run("csv"); });

    QVERIFY(test::mentions(error, m_output));
}

QTEST_GUILESS_MAIN(TestExport)
#include "tst_export.moc"
