#include "core/base/file.h"
#include "core/image/codec.h"
#include "core/pipeline/feature_paths.h"
#include "core/pipeline/import.h"
#include "core/pipeline/jobs.h"
#include "core/pipeline/part_prompts.h"
#include "core/pipeline/searcher.h"
#include "core/search/feature_file.h"
#include "tests/core/pipeline/fake_engine.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <filesystem>

using namespace sapsam;
using test::FakeEngine;
namespace fs = std::filesystem;

namespace {

constexpr int kPictures = 45; // more than one batch of every job

// The upper half in one colour, the lower half in another.
Image twoColours(int upper, int lower)
{
    Image image(16, 32, 3, 20);
    for (int y = 0; y < image.height; ++y) {
        for (int x = 0; x < image.width; ++x)
            image.at(x, y)[y < image.height / 2 ? upper : lower] = 200;
    }
    return image;
}

// Cancels as soon as something is finished.
ProgressSink afterOneBatch(CancelSource &source)
{
    return [&source](const Progress &progress) {
        if (progress.done > 0)
            source.cancel();
    };
}

} // namespace

// The rules of the jobs: what is done again and what is not, what a failure costs, what a cancel
// keeps.
class TestJobs : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void partsThatAreBelievedAreStored();
    void everyStepIsDoneOnce();
    void anotherModelDoesItAgain();
    void aPoisonedPictureCostsOnlyItself();
    void aFullDeviceIsTriedWithLess();
    void aVanishedPictureIsReported();
    void aCancelledSegmentationContinues();
    void cancelledPhrasesContinue();
    void aCancelledEmbeddingContinuesToTheSameFiles();
    void anEmptyPhraseIsAFailure();
    void humanPhrasesAreLeftAlone();
    void aReplacedPictureFailsAlone();
    void damagedFeaturesAreMadeAgain();
    void jobsAreInTheLedger();
    void aFullDiskEndsTheJobAsFailed();
    void progressReachesItsTotal();
    void theSearchFindsTheColour();
    void partsAnswerTheQuery();
    void newPhrasesAreExplainedBeforeTheyAreEmbedded();
    void theSearchSeesNewFeatures();
    void aRemovedFeatureFileIsNotFound();
    void featuresOfAnotherModelAreAMismatch();
    void oldFeaturesAreFoundAgainWithTheOldModel();
    void aLongQueryIsCutAndSaysSo();
    void aQueryWithoutPartsSaysSo();
    void searchesAreKeptInTheHistory();
    void aReadOnlyProjectCanBeSearched();

private:
    void addPicture(const std::string &name, const Image &picture)
    {
        writeFileAtomically(m_pictures + "/" + name, encodePng(picture));
    }
    void importAll()
    {
        ImportOptions options;
        options.paths = {m_pictures};
        importPaths(*m_store, options, {}, {});
    }
    std::string featuresFile()
    {
        return m_store->featuresFolder() + "/" + imageFeaturesName(FakeEngine::retrieverHash);
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<ProjectStore> m_store;
    std::unique_ptr<Engines> m_engines;
    std::string m_pictures;
    std::string m_models;
};

void TestJobs::init()
{
    FakeEngine::reset();
    m_folder = std::make_unique<QTemporaryDir>();
    m_pictures = m_folder->filePath(QStringLiteral("pictures")).toStdString();
    m_models = m_folder->filePath(QStringLiteral("models")).toStdString();
    fs::create_directories(m_pictures);
    test::makeFakeModels(m_models);
    m_engines = std::make_unique<Engines>(m_models, EngineOptions{});
    m_store = std::make_unique<ProjectStore>(
        ProjectStore::create(m_folder->filePath(QStringLiteral("p.sapsam")).toStdString()));
    for (int i = 0; i < kPictures; ++i)
        addPicture(std::to_string(100 + i) + ".png", twoColours(i % 3, (i / 3) % 3));
    importAll();
}

void TestJobs::cleanup()
{
    QVERIFY(m_store->integrityProblems().empty());
    m_engines.reset();
    m_store.reset();
}

void TestJobs::partsThatAreBelievedAreStored()
{
    const SegmentReport report = segmentProject(*m_store, *m_engines, {}, {});

    QCOMPARE(report.images, std::int64_t{kPictures});
    QCOMPARE(report.regions, std::int64_t{2 * kPictures});
    const auto regions = m_store->regions(m_store->imageIds()[0]);
    QCOMPARE(regions.size(), std::size_t{2});
    QCOMPARE(regions[0].group, std::string("clothes"));
    QCOMPARE(regions[1].group, std::string("pants"));
    QVERIFY((regions[1].bounds == Box{0, 16, 16, 32}));
    QCOMPARE(regions[1].area, 0.5);
    QCOMPARE(regions[0].modelHash, FakeEngine::segmenterHash);
    QCOMPARE(regions[0].taxonomyVersion, defaultTaxonomy().version);
    QCOMPARE(regions[0].prompt, defaultTaxonomy().findGroup("clothes")->phrase);
}

void TestJobs::everyStepIsDoneOnce()
{
    segmentProject(*m_store, *m_engines, {}, {});
    const PhraseReport phrased = phraseProject(*m_store, *m_engines, {}, {});
    const EmbedReport embedded = embedProject(*m_store, *m_engines, {}, {});
    QCOMPARE(phrased.phrases, std::int64_t{2 * kPictures});
    QCOMPARE(embedded.images, std::int64_t{kPictures});
    QCOMPARE(embedded.dimension, 12);
    const int calls = FakeEngine::calls;
    const std::size_t jobs = m_store->recentJobs(100).size();

    QCOMPARE(segmentProject(*m_store, *m_engines, {}, {}).images, std::int64_t{0});
    QCOMPARE(phraseProject(*m_store, *m_engines, {}, {}).regions, std::int64_t{0});
    const EmbedReport again = embedProject(*m_store, *m_engines, {}, {});

    QCOMPARE(again.images, std::int64_t{0});
    QCOMPARE(again.dimension, 12);
    QCOMPARE(FakeEngine::calls, calls);
    QCOMPARE(m_store->recentJobs(100).size(), jobs);
}

void TestJobs::anotherModelDoesItAgain()
{
    segmentProject(*m_store, *m_engines, {}, {});
    phraseProject(*m_store, *m_engines, {}, {});
    embedProject(*m_store, *m_engines, {}, {});
    FakeEngine::segmenterHash = std::string(64, '4');
    FakeEngine::retrieverHash = std::string(64, '6');
    Engines newer(m_models, {});

    QCOMPARE(segmentProject(*m_store, newer, {}, {}).images, std::int64_t{kPictures});
    // The masks are new, so the phrases about the old ones are gone.
    QCOMPARE(phraseProject(*m_store, newer, {}, {}).phrases, std::int64_t{2 * kPictures});
    QCOMPARE(embedProject(*m_store, newer, {}, {}).images, std::int64_t{kPictures});

    FakeEngine::phraseHash = std::string(64, '5');
    Engines newest(m_models, {});
    QCOMPARE(phraseProject(*m_store, newest, {}, {}).phrases, std::int64_t{2 * kPictures});
    QCOMPARE(m_store->counts().phrases, std::int64_t{2 * kPictures});
}

void TestJobs::aPoisonedPictureCostsOnlyItself()
{
    Image poison = twoColours(0, 1);
    poison.pixels[0] = test::kPoison;
    addPicture("105x.png", poison);
    importAll();

    const SegmentReport segmented = segmentProject(*m_store, *m_engines, {}, {});
    const EmbedReport embedded = embedProject(*m_store, *m_engines, {}, {});

    QCOMPARE(segmented.images, std::int64_t{kPictures});
    QCOMPARE(segmented.failed.size(), std::size_t{1});
    QCOMPARE(segmented.failed[0].path, m_pictures + "/105x.png");
    QVERIFY(segmented.failed[0].reason.find("stumbled") != std::string::npos);
    QCOMPARE(embedded.images, std::int64_t{kPictures});
    QCOMPARE(embedded.failed.size(), std::size_t{1});
    // What failed is tried again next time, and nothing else.
    QCOMPARE(segmentProject(*m_store, *m_engines, {}, {}).failed.size(), std::size_t{1});
}

void TestJobs::aFullDeviceIsTriedWithLess()
{
    FakeEngine::memory = 3;

    const SegmentReport segmented = segmentProject(*m_store, *m_engines, {}, {});
    const PhraseReport phrased = phraseProject(*m_store, *m_engines, {}, {});
    const EmbedReport embedded = embedProject(*m_store, *m_engines, {}, {});

    QVERIFY(segmented.failed.empty() && phrased.failed.empty() && embedded.failed.empty());
    QCOMPARE(segmented.images, std::int64_t{kPictures});
    QCOMPARE(phrased.phrases, std::int64_t{2 * kPictures});
    QCOMPARE(embedded.images, std::int64_t{kPictures});
    const FeatureTable table = readFeatures(featuresFile());
    QVERIFY(table.ids == m_store->imageIds());
}

void TestJobs::aVanishedPictureIsReported()
{
    const ImageRecord lost = m_store->images()[20];
    fs::remove(lost.path);

    const SegmentReport segmented = segmentProject(*m_store, *m_engines, {}, {});
    const EmbedReport embedded = embedProject(*m_store, *m_engines, {}, {});

    QCOMPARE(segmented.images, std::int64_t{kPictures - 1});
    QCOMPARE(segmented.failed.size(), std::size_t{1});
    QCOMPARE(segmented.failed[0].imageId, lost.id);
    QCOMPARE(segmented.failed[0].path, lost.path);
    QCOMPARE(embedded.failed.size(), std::size_t{1});
    QCOMPARE(m_store->counts().embedded, std::int64_t{kPictures - 1});
}

void TestJobs::aCancelledSegmentationContinues()
{
    CancelSource source;

    const SegmentReport first =
        segmentProject(*m_store, *m_engines, source.token(), afterOneBatch(source));
    const SegmentReport second = segmentProject(*m_store, *m_engines, {}, {});

    QVERIFY(first.cancelled);
    QVERIFY(first.images > 0 && first.images < kPictures);
    QVERIFY(!second.cancelled);
    QCOMPARE(first.images + second.images, std::int64_t{kPictures});
    QCOMPARE(m_store->counts().regions, std::int64_t{2 * kPictures});
}

void TestJobs::cancelledPhrasesContinue()
{
    segmentProject(*m_store, *m_engines, {}, {});
    CancelSource source;

    const PhraseReport first =
        phraseProject(*m_store, *m_engines, source.token(), afterOneBatch(source));
    const PhraseReport second = phraseProject(*m_store, *m_engines, {}, {});

    QVERIFY(first.cancelled);
    QVERIFY(first.phrases > 0);
    QCOMPARE(first.phrases + second.phrases, std::int64_t{2 * kPictures});
    QCOMPARE(m_store->counts().phrases, std::int64_t{2 * kPictures});
}

void TestJobs::aCancelledEmbeddingContinuesToTheSameFiles()
{
    segmentProject(*m_store, *m_engines, {}, {});
    phraseProject(*m_store, *m_engines, {}, {});
    embedProject(*m_store, *m_engines, {}, {});
    const std::string phraseFile =
        m_store->featuresFolder() + "/" + phraseFeaturesName(FakeEngine::retrieverHash);
    const std::string images = readFile(featuresFile());
    const std::string phrases = readFile(phraseFile);
    fs::remove(featuresFile());
    fs::remove(phraseFile);
    CancelSource source;

    const EmbedReport first =
        embedProject(*m_store, *m_engines, source.token(), afterOneBatch(source));
    QCOMPARE(m_store->counts().embedded, first.images);
    const EmbedReport second = embedProject(*m_store, *m_engines, {}, {});

    QVERIFY(first.cancelled);
    QVERIFY(first.images > 0 && first.images < kPictures);
    QCOMPARE(first.images + second.images, std::int64_t{kPictures});
    QVERIFY(readFile(featuresFile()) == images);
    QVERIFY(readFile(phraseFile) == phrases);
}

void TestJobs::anEmptyPhraseIsAFailure()
{
    segmentProject(*m_store, *m_engines, {}, {});
    FakeEngine::writesNothing = true;

    const PhraseReport report = phraseProject(*m_store, *m_engines, {}, {});

    QCOMPARE(report.phrases, std::int64_t{0});
    QCOMPARE(report.failed.size(), std::size_t{2 * kPictures});
    QVERIFY(report.failed[0].reason.find("wrote nothing") != std::string::npos);
    FakeEngine::writesNothing = false;
    QCOMPARE(phraseProject(*m_store, *m_engines, {}, {}).phrases, std::int64_t{2 * kPictures});
}

void TestJobs::humanPhrasesAreLeftAlone()
{
    segmentProject(*m_store, *m_engines, {}, {});
    const std::int64_t image = m_store->imageIds()[3];
    PhraseRecord mine;
    mine.regionId = m_store->regions(image)[0].id;
    mine.text = "a maroon duffle coat";
    mine.origin = "human";
    m_store->setPhrase(mine);

    const PhraseReport report = phraseProject(*m_store, *m_engines, {}, {});

    QCOMPARE(report.phrases, std::int64_t{2 * kPictures - 1});
    QCOMPARE(m_store->phrases(image)[0].text, mine.text);
}

void TestJobs::aReplacedPictureFailsAlone()
{
    segmentProject(*m_store, *m_engines, {}, {});
    writeFileAtomically(m_store->images()[0].path, encodePng(Image(50, 60, 3, 90)));

    const PhraseReport report = phraseProject(*m_store, *m_engines, {}, {});

    QCOMPARE(report.failed.size(), std::size_t{1});
    QCOMPARE(report.failed[0].imageId, m_store->imageIds()[0]);
    QCOMPARE(report.phrases, std::int64_t{2 * kPictures - 2});
}

void TestJobs::damagedFeaturesAreMadeAgain()
{
    embedProject(*m_store, *m_engines, {}, {});
    const std::string whole = readFile(featuresFile());
    writeFileAtomically(featuresFile(), whole.substr(0, whole.size() - 7));

    QCOMPARE(embedProject(*m_store, *m_engines, {}, {}).images, std::int64_t{kPictures});

    QVERIFY(readFile(featuresFile()) == whole);
}

void TestJobs::jobsAreInTheLedger()
{
    fs::remove(m_store->images()[0].path);

    segmentProject(*m_store, *m_engines, {}, {});

    const JobRecord job = m_store->recentJobs(1).at(0);
    QCOMPARE(job.kind, std::string("segment"));
    QCOMPARE(job.state, std::string("done"));
    const auto items = m_store->jobItems(job.id);
    QCOMPARE(items.size(), std::size_t{kPictures});
    QCOMPARE(std::count_if(items.begin(), items.end(),
                           [](const JobItemRecord &item) { return item.state == "failed"; }),
             std::ptrdiff_t{1});
}

void TestJobs::aFullDiskEndsTheJobAsFailed()
{
    const std::int64_t before = m_store->counts().regions;
    m_store->transaction([&] { // leave free pages that the end of the job can use
        for (int i = 0; i < 500; ++i)
            m_store->setSetting("filler " + std::to_string(i), std::string(500, 'x'));
    });
    m_store->limitSize(1);

    VERIFY_ERROR(
        while (segmentProject(*m_store, *m_engines, {}, {}).images > 0) {
            FakeEngine::segmenterHash[0] = static_cast<char>(FakeEngine::segmenterHash[0] + 1);
            m_engines = std::make_unique<Engines>(m_models, EngineOptions{});
        },
        ErrorKind::NoSpace, "free some space");

    QVERIFY(m_store->counts().regions >= before);
    QCOMPARE(m_store->counts().images, std::int64_t{kPictures});
}

void TestJobs::progressReachesItsTotal()
{
    Progress last;
    const ProgressSink sink = [&](const Progress &progress) { last = progress; };

    segmentProject(*m_store, *m_engines, {}, sink);
    QCOMPARE(last.done, std::int64_t{kPictures});
    QCOMPARE(last.total, std::int64_t{kPictures});
    phraseProject(*m_store, *m_engines, {}, sink);
    QCOMPARE(last.done, last.total);
    embedProject(*m_store, *m_engines, {}, sink);
    QCOMPARE(last.done, last.total);
}

void TestJobs::theSearchFindsTheColour()
{
    embedProject(*m_store, *m_engines, {}, {});
    Searcher searcher(*m_store, *m_engines);

    const SearchResponse response = searcher.search({"red", 0});

    QCOMPARE(response.hits.size(), std::size_t{kPictures});
    // Red above and below comes first, in the order of the ids, since all of them score the same.
    const Image best = readImage(response.hits[0].path);
    QCOMPARE(best.at(0, 0)[0], std::uint8_t{200});
    QCOMPARE(best.at(0, 31)[0], std::uint8_t{200});
    for (std::size_t i = 1; i < response.hits.size(); ++i) {
        QCOMPARE(response.hits[i].rank, static_cast<int>(i) + 1);
        QVERIFY(response.hits[i].score < response.hits[i - 1].score
                || (response.hits[i].score == response.hits[i - 1].score
                    && response.hits[i].imageId > response.hits[i - 1].imageId));
    }
    QCOMPARE(response.modelName, std::string("fake-retrieval"));
    const SearchResponse three = searcher.search({"red", 3});
    QCOMPARE(three.hits.size(), std::size_t{3});
    QCOMPARE(three.hits[2].imageId, response.hits[2].imageId);
}

void TestJobs::partsAnswerTheQuery()
{
    segmentProject(*m_store, *m_engines, {}, {});
    phraseProject(*m_store, *m_engines, {}, {});
    embedProject(*m_store, *m_engines, {}, {});
    Searcher searcher(*m_store, *m_engines);
    SearchRequest request;
    request.text = "a woman in a red jacket and blue jeans";
    request.top = 0;
    request.explainTop = 10;

    const SearchResponse response = searcher.search(request);

    QCOMPARE(response.parts.size(), std::size_t{2});
    for (std::size_t i = 0; i < response.hits.size(); ++i)
        QCOMPARE(response.hits[i].parts.size(), i < 10 ? std::size_t{2} : std::size_t{0});
    for (const SearchHit &hit : response.hits) {
        const std::vector<PartMatch> parts = searcher.explain(hit.imageId);
        QCOMPARE(parts.at(0).group, std::string("clothes"));
        QCOMPARE(parts[0].queryPhrase, std::string("a red jacket"));
        // The same colour is close, another one is far.
        QCOMPARE(parts[0].score > 0.9, parts[0].phrase == "red jacket");
        QCOMPARE(parts.at(1).queryPhrase, std::string("blue jeans"));
        QCOMPARE(parts[1].score > 0.9, parts[1].phrase == "blue jeans");
    }
}

void TestJobs::newPhrasesAreExplainedBeforeTheyAreEmbedded()
{
    embedProject(*m_store, *m_engines, {}, {});
    segmentProject(*m_store, *m_engines, {}, {});
    phraseProject(*m_store, *m_engines, {}, {});
    Searcher searcher(*m_store, *m_engines);

    const SearchResponse response = searcher.search({"a red jacket", kPictures});

    const auto isRed = [](const SearchHit &hit) { return hit.parts.at(0).phrase == "red jacket"; };
    const auto found = std::find_if(response.hits.begin(), response.hits.end(), isRed);
    QVERIFY(found != response.hits.end());
    QVERIFY(found->parts[0].score > 0.9);
}

void TestJobs::theSearchSeesNewFeatures()
{
    embedProject(*m_store, *m_engines, {}, {});
    Searcher searcher(*m_store, *m_engines);
    searcher.search({"red", 1});
    addPicture("zzz.png", twoColours(0, 0));
    importAll();

    const SearchResponse before = searcher.search({"red", 0});
    embedProject(*m_store, *m_engines, {}, {});
    const SearchResponse after = searcher.search({"red", 0});

    QCOMPARE(before.hits.size(), std::size_t{kPictures});
    const auto warns = [](const SearchResponse &response) {
        return std::any_of(response.warnings.begin(), response.warnings.end(),
                           [](const SearchWarning &warning) {
                               return warning.text.find("not embedded") != std::string::npos;
                           });
    };
    QVERIFY(warns(before));
    QCOMPARE(after.hits.size(), std::size_t{kPictures + 1});
    QVERIFY(!warns(after));
}

void TestJobs::aRemovedFeatureFileIsNotFound()
{
    embedProject(*m_store, *m_engines, {}, {});
    fs::remove(featuresFile());
    Searcher searcher(*m_store, *m_engines);

    VERIFY_ERROR(searcher.search({"red", 1}), ErrorKind::NotFound, "images.feat");
}

void TestJobs::featuresOfAnotherModelAreAMismatch()
{
    Searcher empty(*m_store, *m_engines);
    VERIFY_ERROR(empty.search({"red", 1}), ErrorKind::NotFound, "sapsam embed");

    embedProject(*m_store, *m_engines, {}, {});
    FakeEngine::retrieverHash = std::string(64, '9');
    Engines newer(m_models, {});
    Searcher searcher(*m_store, newer);

    VERIFY_ERROR(searcher.search({"red", 1}), ErrorKind::Mismatch, "sapsam embed");
}

void TestJobs::oldFeaturesAreFoundAgainWithTheOldModel()
{
    embedProject(*m_store, *m_engines, {}, {});
    FakeEngine::retrieverHash = std::string(64, '9');
    Engines newer(m_models, {});
    embedProject(*m_store, newer, {}, {});

    Searcher older(*m_store, *m_engines);
    Searcher current(*m_store, newer);

    QCOMPARE(older.search({"red", 0}).modelHash, std::string(64, '3'));
    QCOMPARE(current.search({"red", 0}).modelHash, std::string(64, '9'));
}

void TestJobs::aLongQueryIsCutAndSaysSo()
{
    embedProject(*m_store, *m_engines, {}, {});
    Searcher searcher(*m_store, *m_engines);

    const SearchResponse response = searcher.search(
        {"a woman in a red jacket and blue jeans and white shoes and a green bag", 1});

    QVERIFY(response.warnings.at(0).text.find("the model reads 16") != std::string::npos);
}

void TestJobs::aQueryWithoutPartsSaysSo()
{
    embedProject(*m_store, *m_engines, {}, {});
    Searcher searcher(*m_store, *m_engines);

    const SearchResponse response = searcher.search({"somebody", 1});

    QVERIFY(response.parts.empty());
    QVERIFY(response.warnings.at(0).text.find("compared as a whole") != std::string::npos);
    VERIFY_ERROR(searcher.search({"  ", 1}), ErrorKind::InvalidInput, "empty");
}

void TestJobs::searchesAreKeptInTheHistory()
{
    embedProject(*m_store, *m_engines, {}, {});
    Searcher searcher(*m_store, *m_engines);

    searcher.search({"a red jacket", 5});
    searcher.search({"blue jeans", 5});

    const auto queries = m_store->recentQueries(10);
    QCOMPARE(queries.size(), std::size_t{2});
    QCOMPARE(queries[0].text, std::string("blue jeans"));
    QCOMPARE(queries[0].modelHash, FakeEngine::retrieverHash);
    QVERIFY(queries[0].structure.find("pants") != std::string::npos);
}

void TestJobs::aReadOnlyProjectCanBeSearched()
{
    embedProject(*m_store, *m_engines, {}, {});
    ProjectStore reader = ProjectStore::open(m_store->folder(), ProjectStore::Access::ReadOnly);
    Searcher searcher(reader, *m_engines);

    QCOMPARE(searcher.search({"red", 5}).hits.size(), std::size_t{5});

    QVERIFY(m_store->recentQueries(10).empty());
}

QTEST_GUILESS_MAIN(TestJobs)
#include "tst_jobs.moc"
