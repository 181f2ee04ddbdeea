#include "core/base/file.h"
#include "core/dataset/synthetic_writer.h"
#include "core/image/codec.h"
#include "core/image/mask.h"
#include "core/image/rle.h"
#include "core/pipeline/demo_video.h"
#include "core/pipeline/doctor.h"
#include "core/pipeline/export.h"
#include "core/pipeline/feature_paths.h"
#include "core/pipeline/import.h"
#include "core/pipeline/jobs.h"
#include "core/pipeline/part_prompts.h"
#include "core/pipeline/searcher.h"
#include "core/search/feature_file.h"
#include "core/search/ranking.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

using namespace sapsam;
namespace fs = std::filesystem;

namespace {

constexpr int kPeople = 40;

// Cancels as soon as something is finished.
ProgressSink afterOneBatch(CancelSource &source)
{
    return [&source](const Progress &progress) {
        if (progress.done > 0)
            source.cancel();
    };
}

} // namespace

// The whole way of a picture through the program, with the models that are shipped.
class TestPipeline : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void everyPictureIsSegmented();
    void segmentingAgainDoesNothing();
    void everyRegionGetsAPhrase();
    void everyPictureIsEmbedded();
    void embeddingAgainDoesNothing();
    void theSearchRanksTheWholeGallery();
    void theOrderIsThatOfTheFeatureFile();
    void hitsExplainTheirParts();
    void aCancelledStepContinuesWhereItStopped();
    void interruptedAndUninterruptedEmbeddingsAgree();
    void aVanishedPictureIsReportedAndTheRestGoesOn();
    void aProjectThatIsNotEmbeddedIsNotFound();
    void featuresOfAnotherModelAreAMismatch();
    void halfWrittenFeaturesAreRefusedAndMadeAgain();
    void aQueryThatIsTooLongSaysSo();
    void newPicturesAreMissedUntilTheyAreEmbedded();
    void theDoctorIsContent();
    void realFootageGoesAllTheWay();

private:
    void importPeople(ProjectStore &store)
    {
        ImportOptions options;
        options.paths = {m_people};
        options.format = "cuhk-pedes";
        QCOMPARE(importPaths(store, options, {}, {}).imported, std::int64_t{kPeople});
    }
    ProjectStore makeProject()
    {
        return ProjectStore::create(
            m_folder.filePath(QStringLiteral("p%1.sapsam").arg(++m_count)).toStdString());
    }

    QTemporaryDir m_folder;
    std::string m_people;
    std::unique_ptr<Engines> m_engines;
    std::unique_ptr<ProjectStore> m_store; // goes through the steps from test to test
    int m_count = 0;
};

void TestPipeline::initTestCase()
{
    const std::string models = defaultModelsFolder();
    if (!fs::exists(models + "/manifest.json"))
        QSKIP(qPrintable(
            QStringLiteral("there are no models in %1; make them with models/train_all.sh")
                .arg(QString::fromStdString(models))));
    m_engines = std::make_unique<Engines>(models, EngineOptions{});
    SyntheticOptions synthetic;
    synthetic.count = kPeople;
    synthetic.seed = 4242;
    writeSyntheticDataset(m_folder.filePath(QStringLiteral("people")).toStdString(), synthetic);
    m_people = m_folder.filePath(QStringLiteral("people/CUHK-PEDES")).toStdString();
    m_store = std::make_unique<ProjectStore>(makeProject());
    importPeople(*m_store);
}

void TestPipeline::init()
{
    if (!m_engines)
        QSKIP("there are no models");
}

void TestPipeline::everyPictureIsSegmented()
{
    Progress last;

    const SegmentReport report = segmentProject(*m_store, *m_engines, {},
                                                [&](const Progress &progress) { last = progress; });

    QVERIFY(report.failed.empty());
    QCOMPARE(report.images, std::int64_t{kPeople});
    QCOMPARE(last.done, std::int64_t{kPeople});
    QCOMPARE(m_store->counts().regions, report.regions);
    QVERIFY(report.regions >= 2 * kPeople); // everybody wears something above and below
    const Taxonomy taxonomy = defaultTaxonomy();
    for (const ImageRecord &image : m_store->images()) {
        std::set<std::string> groups;
        for (const RegionRecord &region : m_store->regions(image.id)) {
            QVERIFY(taxonomy.findGroup(region.group));
            QVERIFY(groups.insert(region.group).second);
            QCOMPARE(region.width, image.width);
            QCOMPARE(region.height, image.height);
            QCOMPARE(region.modelHash, m_engines->segmenter().model().sha256);
            QCOMPARE(region.taxonomyVersion, taxonomy.version);
            QVERIFY(region.score >= kMinPartScore);
            const Mask mask = maskOfRle(rleFromString(region.rle, region.width, region.height));
            QVERIFY(boundingBox(mask) && *boundingBox(mask) == region.bounds);
            QVERIFY(std::abs(static_cast<double>(mask.area()) / (mask.width * mask.height)
                             - region.area)
                    < 1e-9);
        }
    }
}

void TestPipeline::segmentingAgainDoesNothing()
{
    const std::int64_t regions = m_store->counts().regions;

    const SegmentReport report = segmentProject(*m_store, *m_engines, {}, {});

    QCOMPARE(report.images, std::int64_t{0});
    QCOMPARE(m_store->counts().regions, regions);
}

void TestPipeline::everyRegionGetsAPhrase()
{
    const PhraseReport report = phraseProject(*m_store, *m_engines, {}, {});

    QVERIFY(report.failed.empty());
    QCOMPARE(report.phrases, m_store->counts().regions);
    QCOMPARE(m_store->counts().phrases, m_store->counts().regions);
    for (const std::int64_t id : m_store->imageIds()) {
        for (const PhraseRecord &phrase : m_store->phrases(id)) {
            QVERIFY(!phrase.text.empty());
            QCOMPARE(phrase.modelHash, m_engines->phraseWriter().model().sha256);
            QCOMPARE(phrase.templateVersion, defaultPromptTemplate().hash());
        }
    }
    QCOMPARE(phraseProject(*m_store, *m_engines, {}, {}).regions, std::int64_t{0});
}

void TestPipeline::everyPictureIsEmbedded()
{
    const EmbedReport report = embedProject(*m_store, *m_engines, {}, {});

    QVERIFY(report.failed.empty());
    QCOMPARE(report.images, std::int64_t{kPeople});
    QCOMPARE(report.dimension, m_engines->retriever().dimension());
    QVERIFY(report.seconds > 0.0);
    const std::string hash = m_engines->retriever().model().sha256;
    const FeatureTable table =
        readFeatures(m_store->featuresFolder() + "/" + imageFeaturesName(hash), hash);
    QVERIFY(table.ids == m_store->imageIds());
    for (std::size_t i = 0; i < table.ids.size(); ++i) {
        const float *row = table.rows.data() + i * static_cast<std::size_t>(table.dimension);
        QVERIFY(std::abs(dotProduct(row, row, table.dimension) - 1.0F) < 2e-3F);
    }
    const FeatureTable phrases =
        readFeatures(m_store->featuresFolder() + "/" + phraseFeaturesName(hash), hash);
    QCOMPARE(phrases.ids.size(), m_store->distinctPhrases().size());
}

void TestPipeline::embeddingAgainDoesNothing()
{
    QCOMPARE(embedProject(*m_store, *m_engines, {}, {}).images, std::int64_t{0});
}

void TestPipeline::theSearchRanksTheWholeGallery()
{
    Searcher searcher(*m_store, *m_engines);

    SearchRequest request;
    request.query = queryOf("a woman in a red jacket and blue jeans");
    request.query->reranking = Reranking::Off; // a cosine, whatever the model's calibration says
    request.top = 0;
    const SearchResponse all = searcher.search(request);
    request.top = 5;
    const SearchResponse five = searcher.search(request);

    QCOMPARE(all.hits.size(), std::size_t{kPeople});
    std::set<std::int64_t> ids;
    for (std::size_t i = 0; i < all.hits.size(); ++i) {
        QCOMPARE(all.hits[i].rank, static_cast<int>(i) + 1);
        QVERIFY(i == 0 || all.hits[i].score <= all.hits[i - 1].score);
        QVERIFY(std::abs(all.hits[i].score) <= 1.01);
        QVERIFY(fs::exists(all.hits[i].path));
        ids.insert(all.hits[i].imageId);
    }
    QCOMPARE(ids.size(), std::size_t{kPeople});
    QCOMPARE(five.hits.size(), std::size_t{5});
    for (std::size_t i = 0; i < 5; ++i)
        QCOMPARE(five.hits[i].imageId, all.hits[i].imageId);
    QCOMPARE(all.modelHash, m_engines->retriever().model().sha256);
}

void TestPipeline::theOrderIsThatOfTheFeatureFile()
{
    const std::string text = "a man in black trousers";
    const std::string hash = m_engines->retriever().model().sha256;
    const FeatureTable table =
        readFeatures(m_store->featuresFolder() + "/" + imageFeaturesName(hash), hash);
    Searcher searcher(*m_store, *m_engines);

    // What the calibration of the model says of parts does not matter here.
    SearchRequest request;
    request.query = queryOf(text);
    request.query->reranking = Reranking::Off;
    request.top = 10;
    const SearchResponse response = searcher.search(request);
    const auto expected = rankByCosine(table, m_engines->retriever().embedText(text).values, 10);

    for (std::size_t i = 0; i < expected.size(); ++i)
        QVERIFY(std::abs(response.hits[i].score - static_cast<double>(expected[i].score)) < 1e-4);
    QCOMPARE(response.hits[0].imageId, expected[0].imageId);
}

void TestPipeline::hitsExplainTheirParts()
{
    Searcher searcher(*m_store, *m_engines);

    const SearchResponse response =
        searcher.search({"a person in a red jacket and blue jeans", kPeople});

    QCOMPARE(response.parts.size(), std::size_t{2});
    QCOMPARE(response.parts[0].group, std::string("clothes"));
    QCOMPARE(response.parts[1].group, std::string("pants"));
    int answered = 0;
    for (const SearchHit &hit : response.hits) {
        QCOMPARE(hit.parts.size(), m_store->regions(hit.imageId).size());
        for (const PartMatch &part : hit.parts) {
            QVERIFY(!part.phrase.empty());
            if (part.group != "clothes" && part.group != "pants") {
                QVERIFY(part.queryPhrase.empty());
                QCOMPARE(part.score, 0.0);
            } else {
                QVERIFY(std::abs(part.score) <= 1.01);
                ++answered;
            }
        }
    }
    QVERIFY(answered >= kPeople);
    const auto again = searcher.explain(response.hits[0].imageId);
    QCOMPARE(again.size(), response.hits[0].parts.size());
    QCOMPARE(again[0].score, response.hits[0].parts[0].score);
}

void TestPipeline::aCancelledStepContinuesWhereItStopped()
{
    ProjectStore store = makeProject();
    importPeople(store);
    CancelSource source;

    const SegmentReport first =
        segmentProject(store, *m_engines, source.token(), afterOneBatch(source));
    const SegmentReport second = segmentProject(store, *m_engines, {}, {});

    QVERIFY(first.cancelled);
    QVERIFY(first.images > 0 && first.images < kPeople);
    QVERIFY(!second.cancelled);
    QCOMPARE(first.images + second.images, std::int64_t{kPeople});
    QCOMPARE(store.counts().regions, m_store->counts().regions);
    QCOMPARE(store.recentJobs(2).at(1).state, std::string("cancelled"));
    QCOMPARE(store.recentJobs(2).at(0).state, std::string("done"));
}

void TestPipeline::interruptedAndUninterruptedEmbeddingsAgree()
{
    ProjectStore store = makeProject();
    importPeople(store);
    CancelSource source;

    const EmbedReport first =
        embedProject(store, *m_engines, source.token(), afterOneBatch(source));
    const EmbedReport second = embedProject(store, *m_engines, {}, {});

    QVERIFY(first.cancelled);
    QVERIFY(first.images > 0 && first.images < kPeople);
    QCOMPARE(first.images + second.images, std::int64_t{kPeople});
    const std::string name = imageFeaturesName(m_engines->retriever().model().sha256);
    const FeatureTable resumed = readFeatures(store.featuresFolder() + "/" + name);
    const FeatureTable whole = readFeatures(m_store->featuresFolder() + "/" + name);
    QVERIFY(resumed.ids == whole.ids);
    for (std::size_t i = 0; i < whole.rows.size(); ++i)
        QVERIFY(std::abs(resumed.rows[i] - whole.rows[i]) < 1e-3F);
}

void TestPipeline::aVanishedPictureIsReportedAndTheRestGoesOn()
{
    ProjectStore store = makeProject();
    const std::string picture = m_folder.filePath(QStringLiteral("gone.png")).toStdString();
    writeFileAtomically(picture, encodePng(Image(64, 128, 3, 90)));
    ImportOptions options;
    options.paths = {picture};
    importPaths(store, options, {}, {});
    importPeople(store);
    fs::remove(picture);

    const SegmentReport segmented = segmentProject(store, *m_engines, {}, {});
    const EmbedReport embedded = embedProject(store, *m_engines, {}, {});

    QCOMPARE(segmented.images, std::int64_t{kPeople});
    QCOMPARE(segmented.failed.size(), std::size_t{1});
    QCOMPARE(segmented.failed[0].path, picture);
    QVERIFY(segmented.failed[0].reason.find("gone.png") != std::string::npos);
    QCOMPARE(embedded.images, std::int64_t{kPeople});
    QCOMPARE(embedded.failed.size(), std::size_t{1});
}

void TestPipeline::aProjectThatIsNotEmbeddedIsNotFound()
{
    ProjectStore store = makeProject();
    Searcher searcher(store, *m_engines);

    VERIFY_ERROR(searcher.search({"a man", 5}), ErrorKind::NotFound, "sapsam embed");
}

void TestPipeline::featuresOfAnotherModelAreAMismatch()
{
    ProjectStore store = makeProject();
    EmbeddingSetRecord set;
    set.modelName = "older";
    set.modelHash = std::string(64, 'e');
    set.dimension = 8;
    store.recordEmbeddingSet(set);
    Searcher searcher(store, *m_engines);

    VERIFY_ERROR(searcher.search({"a man", 5}), ErrorKind::Mismatch, "older");
}

void TestPipeline::halfWrittenFeaturesAreRefusedAndMadeAgain()
{
    const std::string path =
        m_store->featuresFolder() + "/" + imageFeaturesName(m_engines->retriever().model().sha256);
    const std::string whole = readFile(path);
    writeFileAtomically(path, whole.substr(0, whole.size() / 2));

    Searcher searcher(*m_store, *m_engines);
    VERIFY_ERROR(searcher.search({"a man", 5}), ErrorKind::Corrupt, "embed the project again");
    const EmbedReport report = embedProject(*m_store, *m_engines, {}, {});

    QCOMPARE(report.images, std::int64_t{kPeople});
    QVERIFY(readFile(path) == whole);
    QCOMPARE(searcher.search({"a man", 5}).hits.size(), std::size_t{5});
}

void TestPipeline::aQueryThatIsTooLongSaysSo()
{
    Searcher searcher(*m_store, *m_engines);
    std::string text = "a man in a red jacket";
    for (int i = 0; i < 200; ++i)
        text += " and blue jeans";

    const SearchResponse response = searcher.search({text, 3});

    QCOMPARE(response.hits.size(), std::size_t{3});
    QVERIFY(!response.warnings.empty());
    QVERIFY(response.warnings[0].text.find("left out") != std::string::npos);
}

void TestPipeline::newPicturesAreMissedUntilTheyAreEmbedded()
{
    ProjectStore store = makeProject();
    importPeople(store);
    embedProject(store, *m_engines, {}, {});
    const std::string picture = m_folder.filePath(QStringLiteral("new.png")).toStdString();
    writeFileAtomically(picture, encodePng(Image(64, 128, 3, 90)));
    ImportOptions options;
    options.paths = {picture};
    importPaths(store, options, {}, {});
    Searcher searcher(store, *m_engines);

    const SearchResponse before = searcher.search({"a red jacket", 0});
    const EmbedReport report = embedProject(store, *m_engines, {}, {});
    const SearchResponse after = searcher.search({"a red jacket", 0});

    QCOMPARE(before.hits.size(), std::size_t{kPeople});
    QVERIFY(before.warnings.at(0).text.find("1 images are not embedded") != std::string::npos);
    QCOMPARE(report.images, std::int64_t{1});
    QCOMPARE(after.hits.size(), std::size_t{kPeople + 1});
    QVERIFY(after.warnings.empty());
}

void TestPipeline::theDoctorIsContent()
{
    const DoctorReport report = examine(m_store->folder(), m_engines->modelsFolder(), {});

    QVERIFY2(report.problems.empty(), report.problems.empty() ? "" : report.problems[0].c_str());
}

void TestPipeline::realFootageGoesAllTheWay()
{
    const std::string video = findDemoVideo(m_folder.path().toStdString());
    if (video.empty())
        QSKIP("no real footage here: install Debian's package opencv-doc");
    ProjectStore store = makeProject();
    ImportOptions options;
    options.paths = {video};
    options.frameStep = 250;

    const ImportReport imported = importPaths(store, options, {}, {});
    const SegmentReport segmented = segmentProject(store, *m_engines, {}, {});
    const PhraseReport phrased = phraseProject(store, *m_engines, {}, {});
    const EmbedReport embedded = embedProject(store, *m_engines, {}, {});
    Searcher searcher(store, *m_engines);
    const SearchResponse response = searcher.search({"a person in a red jacket", 5});
    ExportOptions sheet;
    sheet.format = "html";
    sheet.output = m_folder.filePath(QStringLiteral("sheet")).toStdString();
    sheet.searches = {response};
    const ExportReport exported = exportProject(store, sheet, {}, {});

    QVERIFY(imported.imported >= 5);
    QCOMPARE(segmented.images, imported.imported);
    QVERIFY(segmented.regions >= imported.imported);
    QCOMPARE(phrased.phrases, segmented.regions);
    QCOMPARE(embedded.images, imported.imported);
    QCOMPARE(response.hits.size(), std::size_t{5});
    for (const SearchHit &hit : response.hits)
        QVERIFY(hit.path.ends_with(".png"));
    QCOMPARE(exported.written, std::int64_t{5});
    QVERIFY(exported.skipped.empty());
}

QTEST_GUILESS_MAIN(TestPipeline)
#include "tst_pipeline.moc"
