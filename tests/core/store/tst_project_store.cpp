#include "core/store/project_store.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QTest>

using namespace sapsam;

namespace {

const std::string kModel = std::string(64, 'a');
const std::string kOtherModel = std::string(64, 'b');

ImageRecord pictureOf(const std::string &path)
{
    ImageRecord image;
    image.path = path;
    image.sha256 = std::string(64, 'c');
    image.width = 64;
    image.height = 128;
    image.source = "folder";
    image.split = "test";
    image.identity = "17";
    return image;
}

RegionRecord regionOf(const std::string &group)
{
    RegionRecord region;
    region.group = group;
    region.width = 64;
    region.height = 128;
    region.rle = "abc" + group;
    region.bounds = {1, 2, 30, 40};
    region.area = 0.25;
    region.score = 0.875;
    region.prompt = "a " + group;
    return region;
}

PhraseRecord phraseOf(std::int64_t region, const std::string &text)
{
    PhraseRecord phrase;
    phrase.regionId = region;
    phrase.text = text;
    phrase.modelHash = kModel;
    phrase.templateVersion = "t1";
    return phrase;
}

} // namespace

class TestProjectStore : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void anImageComesBackAsItWent();
    void aCutOutPersonComesBackAsItWent();
    void theSamePlaceIsStoredOnce();
    void anUnknownImageIsNotFound();
    void imagesComeInPages();
    void captionsAreKeptOnce();
    void regionsComeBackAsTheyWent();
    void modelRegionsAreReplacedAndHumanOnesStay();
    void aHumanPhraseOutlivesTheMask();
    void regionsOfAnUnknownImageAreNotFoundAndNothingIsStored();
    void onlyWhatIsMissingOrStaleIsSegmented();
    void onlyWhatIsMissingOrStaleIsPhrased();
    void aHumanPhraseWinsOverTheModels();
    void aPhraseOfAnUnknownRegionIsNotFound();
    void theNewestEmbeddingSetIsCurrent();
    void modelsInUseAreThoseWithRows();
    void queriesAreRemembered();
    void aQueryNeedsAScoreForEachImage();
    void aJobKeepsItsItems();
    void settingsAreOverwritten();
    void aFailedTransactionLeavesNothing();
    void tenThousandImagesAreStored();

private:
    std::int64_t addPicture(const std::string &path = "/a.png")
    {
        return m_store->addImage(pictureOf(path)).id;
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<ProjectStore> m_store;
};

void TestProjectStore::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_store = std::make_unique<ProjectStore>(
        ProjectStore::create(m_folder->filePath(QStringLiteral("p.sapsam")).toStdString()));
}

void TestProjectStore::cleanup()
{
    QVERIFY(m_store->integrityProblems().empty());
    m_store.reset();
}

void TestProjectStore::anImageComesBackAsItWent()
{
    const ImageRecord sent = pictureOf("/Bilder/größe 写真.png");

    const auto inserted = m_store->addImage(sent);
    const ImageRecord back = m_store->image(inserted.id);

    QVERIFY(inserted.isNew);
    QCOMPARE(back.id, inserted.id);
    QCOMPARE(back.path, sent.path);
    QCOMPARE(back.sha256, sent.sha256);
    QCOMPARE(back.width, 64);
    QCOMPARE(back.height, 128);
    QCOMPARE(back.source, sent.source);
    QCOMPARE(back.split, sent.split);
    QCOMPARE(back.identity, sent.identity);
    QVERIFY(!back.frame);
    QVERIFY(!back.box);
    QCOMPARE(m_store->picturePath(back), sent.path);
}

void TestProjectStore::aCutOutPersonComesBackAsItWent()
{
    ImageRecord sent = pictureOf("/street.avi");
    sent.frame = 120;
    sent.box = Box{-3, 5, 60, 133};
    sent.crop = "crops/x.png";

    const ImageRecord back = m_store->image(m_store->addImage(sent).id);

    QCOMPARE(back.frame.value_or(-1), std::int64_t{120});
    QVERIFY(back.box && *back.box == *sent.box);
    QCOMPARE(m_store->picturePath(back), m_store->folder() + "/crops/x.png");
}

void TestProjectStore::theSamePlaceIsStoredOnce()
{
    ImageRecord image = pictureOf("/street.avi");
    image.frame = 1;
    image.box = Box{0, 0, 10, 20};
    const auto first = m_store->addImage(image);

    const auto again = m_store->addImage(image);
    image.frame = 2;
    const auto otherFrame = m_store->addImage(image);
    image.box->left = 1;
    const auto otherBox = m_store->addImage(image);

    QVERIFY(!again.isNew);
    QCOMPARE(again.id, first.id);
    QVERIFY(otherFrame.isNew);
    QVERIFY(otherBox.isNew);
    QCOMPARE(m_store->counts().images, std::int64_t{3});
}

void TestProjectStore::anUnknownImageIsNotFound()
{
    VERIFY_ERROR(m_store->image(77), ErrorKind::NotFound, "77");
    VERIFY_ERROR(m_store->addCaption(77, "a man"), ErrorKind::NotFound, "77");
}

void TestProjectStore::imagesComeInPages()
{
    std::vector<std::int64_t> ids;
    for (int i = 0; i < 5; ++i)
        ids.push_back(addPicture(std::string("/").append(std::to_string(i))));

    const auto first = m_store->imagesAfter(0, 3);
    const auto second = m_store->imagesAfter(first.back().id, 3);

    QCOMPARE(first.size(), std::size_t{3});
    QCOMPARE(second.size(), std::size_t{2});
    QCOMPARE(second.back().path, std::string("/4"));
    QVERIFY(m_store->imageIds() == ids);
    QCOMPARE(m_store->images().size(), std::size_t{5});
}

void TestProjectStore::captionsAreKeptOnce()
{
    const std::int64_t id = addPicture();

    m_store->addCaption(id, "A man in black.");
    m_store->addCaption(id, "Ein Mann – schwarz.");
    m_store->addCaption(id, "A man in black.");

    const auto captions = m_store->captions(id);
    QCOMPARE(captions.size(), std::size_t{2});
    QCOMPARE(captions[1].text, std::string("Ein Mann – schwarz."));
    QCOMPARE(captions[1].imageId, id);
}

void TestProjectStore::regionsComeBackAsTheyWent()
{
    const std::int64_t id = addPicture();

    m_store->replaceRegions(id, {regionOf("hat"), regionOf("shoes")}, kModel, "atr-1");

    const auto regions = m_store->regions(id);
    QCOMPARE(regions.size(), std::size_t{2});
    const RegionRecord &hat = regions[0];
    QCOMPARE(hat.imageId, id);
    QCOMPARE(hat.group, std::string("hat"));
    QCOMPARE(hat.rle, std::string("abchat"));
    QCOMPARE(hat.width, 64);
    QCOMPARE(hat.height, 128);
    QVERIFY((hat.bounds == Box{1, 2, 30, 40}));
    QCOMPARE(hat.area, 0.25);
    QCOMPARE(hat.score, 0.875);
    QCOMPARE(hat.prompt, std::string("a hat"));
    QCOMPARE(hat.origin, std::string("model"));
    QCOMPARE(hat.modelHash, kModel);
    QCOMPARE(hat.taxonomyVersion, std::string("atr-1"));
}

void TestProjectStore::modelRegionsAreReplacedAndHumanOnesStay()
{
    const std::int64_t id = addPicture();
    m_store->replaceRegions(id, {regionOf("hat"), regionOf("bag")}, kModel, "atr-1");
    m_store->setPhrase(phraseOf(m_store->regions(id)[0].id, "a red hat"));
    RegionRecord drawn = regionOf("scarf");
    drawn.imageId = id;
    drawn.origin = "human";
    m_store->addRegion(drawn);

    m_store->replaceRegions(id, {regionOf("shoes")}, kOtherModel, "atr-1");

    const auto regions = m_store->regions(id);
    QCOMPARE(regions.size(), std::size_t{2});
    QCOMPARE(regions[0].group, std::string("scarf"));
    QCOMPARE(regions[1].group, std::string("shoes"));
    QVERIFY(m_store->phrases(id).empty());
}

void TestProjectStore::aHumanPhraseOutlivesTheMask()
{
    const std::int64_t id = addPicture();
    m_store->replaceRegions(id, {regionOf("hat"), regionOf("bag")}, kModel, "atr-1");
    for (const RegionRecord &region : m_store->regions(id)) {
        PhraseRecord phrase = phraseOf(region.id, "my " + region.group);
        phrase.origin = "human";
        m_store->setPhrase(phrase);
    }

    // The hat is found again, the bag is not.
    m_store->replaceRegions(id, {regionOf("hat"), regionOf("shoes")}, kOtherModel, "atr-1");

    std::vector<std::string> groups;
    for (const RegionRecord &region : m_store->regions(id))
        groups.push_back(region.group);
    QVERIFY((groups == std::vector<std::string>{"bag", "hat", "shoes"}));
    const auto phrases = m_store->phrases(id);
    QCOMPARE(phrases.size(), std::size_t{2});
    QCOMPARE(phrases[0].text, std::string("my bag"));
    QCOMPARE(phrases[1].text, std::string("my hat"));
}

void TestProjectStore::regionsOfAnUnknownImageAreNotFoundAndNothingIsStored()
{
    VERIFY_ERROR(m_store->replaceRegions(5, {regionOf("hat")}, kModel, "atr-1"),
                 ErrorKind::NotFound, "5");

    QCOMPARE(m_store->counts().regions, std::int64_t{0});
}

void TestProjectStore::onlyWhatIsMissingOrStaleIsSegmented()
{
    const std::int64_t a = addPicture("/a");
    const std::int64_t b = addPicture("/b");
    const std::int64_t c = addPicture("/c");
    using Ids = std::vector<std::int64_t>;
    QVERIFY((m_store->imagesToSegment(kModel, "atr-1") == Ids{a, b, c}));

    m_store->replaceRegions(a, {regionOf("hat")}, kModel, "atr-1");
    m_store->replaceRegions(b, {}, kModel, "atr-1"); // nothing found is an answer too

    QVERIFY((m_store->imagesToSegment(kModel, "atr-1") == Ids{c}));
    QVERIFY((m_store->imagesToSegment(kModel, "atr-2") == Ids{a, b, c}));
    QVERIFY((m_store->imagesToSegment(kOtherModel, "atr-1") == Ids{a, b, c}));
}

void TestProjectStore::onlyWhatIsMissingOrStaleIsPhrased()
{
    const std::int64_t a = addPicture("/a");
    const std::int64_t b = addPicture("/b");
    addPicture("/c");
    m_store->replaceRegions(a, {regionOf("hat"), regionOf("bag")}, kModel, "atr-1");
    m_store->replaceRegions(b, {regionOf("hat")}, kModel, "atr-1");
    using Ids = std::vector<std::int64_t>;
    QVERIFY((m_store->imagesToPhrase(kModel, "t1") == Ids{a, b}));

    m_store->setPhrase(phraseOf(m_store->regions(a)[0].id, "a red hat"));
    QVERIFY((m_store->imagesToPhrase(kModel, "t1") == Ids{a, b}));
    m_store->setPhrase(phraseOf(m_store->regions(a)[1].id, "a bag"));
    QVERIFY((m_store->imagesToPhrase(kModel, "t1") == Ids{b}));
    QVERIFY((m_store->imagesToPhrase(kModel, "t2") == Ids{a, b}));
    QVERIFY((m_store->imagesToPhrase(kOtherModel, "t1") == Ids{a, b}));

    PhraseRecord human = phraseOf(m_store->regions(b)[0].id, "a cap");
    human.origin = "human";
    m_store->setPhrase(human);
    QVERIFY((m_store->imagesToPhrase(kOtherModel, "t2") == Ids{a}));
}

void TestProjectStore::aHumanPhraseWinsOverTheModels()
{
    const std::int64_t id = addPicture();
    m_store->replaceRegions(id, {regionOf("hat")}, kModel, "atr-1");
    const std::int64_t region = m_store->regions(id)[0].id;
    m_store->setPhrase(phraseOf(region, "a red hat"));
    PhraseRecord human = phraseOf(region, "a maroon beret");
    human.origin = "human";
    m_store->setPhrase(human);

    m_store->setPhrase(phraseOf(region, "a pink hat"));

    const auto phrases = m_store->phrases(id);
    QCOMPARE(phrases.size(), std::size_t{1});
    QCOMPARE(phrases[0].text, std::string("a maroon beret"));
    QCOMPARE(phrases[0].origin, std::string("human"));
    QCOMPARE(m_store->counts().phrases, std::int64_t{1});
    QVERIFY(
        (m_store->distinctPhrases() == std::vector<std::string>{"a maroon beret", "a pink hat"}));
}

void TestProjectStore::aPhraseOfAnUnknownRegionIsNotFound()
{
    VERIFY_ERROR(m_store->setPhrase(phraseOf(9, "a hat")), ErrorKind::NotFound, "9");
}

void TestProjectStore::theNewestEmbeddingSetIsCurrent()
{
    EmbeddingSetRecord set;
    set.modelName = "small";
    set.modelHash = kModel;
    set.dimension = 256;
    set.count = 10;
    set.file = "features/a";
    m_store->recordEmbeddingSet(set);
    set.modelHash = kOtherModel;
    set.count = 12;
    m_store->recordEmbeddingSet(set);
    QCOMPARE(m_store->currentEmbeddingSet()->modelHash, kOtherModel);

    set.modelHash = kModel;
    set.count = 11;
    m_store->recordEmbeddingSet(set);

    const auto current = m_store->currentEmbeddingSet();
    QVERIFY(current.has_value());
    QCOMPARE(current->modelHash, kModel);
    QCOMPARE(current->modelName, std::string("small"));
    QCOMPARE(current->dimension, 256);
    QCOMPARE(current->count, std::int64_t{11});
    QCOMPARE(current->file, std::string("features/a"));
    QCOMPARE(m_store->counts().embedded, std::int64_t{11});
    set.modelHash.clear();
    VERIFY_ERROR(m_store->recordEmbeddingSet(set), ErrorKind::InvalidInput, "model");
}

void TestProjectStore::modelsInUseAreThoseWithRows()
{
    m_store->recordModel("ps", "person-sam", kModel, "person-sam");
    m_store->recordModel("unused", "retrieval", kOtherModel, "clip");
    m_store->replaceRegions(addPicture(), {}, kModel, "atr-1");

    const auto models = m_store->modelsInUse();

    QCOMPARE(models.size(), std::size_t{1});
    QCOMPARE(models[0].first, std::string("person-sam"));
    QCOMPARE(models[0].second, kModel);
}

void TestProjectStore::queriesAreRemembered()
{
    QueryRecord query;
    query.text = "a woman in a red jacket";
    query.structure = "{}";
    query.modelHash = kModel;
    m_store->addQuery(query, {3, 1}, {0.5F, 0.25F});
    query.text = "a man";
    m_store->addQuery(query, {}, {});

    const auto queries = m_store->recentQueries(10);

    QCOMPARE(queries.size(), std::size_t{2});
    QCOMPARE(queries[0].text, std::string("a man"));
    QCOMPARE(queries[1].modelHash, kModel);
    QVERIFY(queries[1].createdAt.ends_with("Z"));
    QCOMPARE(m_store->recentQueries(1).size(), std::size_t{1});
}

void TestProjectStore::aQueryNeedsAScoreForEachImage()
{
    VERIFY_ERROR(m_store->addQuery({}, {1, 2}, {0.5F}), ErrorKind::InvalidInput, "score");
}

void TestProjectStore::aJobKeepsItsItems()
{
    const std::int64_t job = m_store->beginJob("import", "{\"detect\":true}");
    QCOMPARE(m_store->recentJobs(1)[0].state, std::string("running"));
    m_store->addJobItem(job, {"/a.png", "done", ""});
    m_store->addJobItem(job, {"/b.png", "failed", "it is cut off"});
    m_store->endJob(job, "cancelled");

    const auto jobs = m_store->recentJobs(5);
    const auto items = m_store->jobItems(job);

    QCOMPARE(jobs.size(), std::size_t{1});
    QCOMPARE(jobs[0].kind, std::string("import"));
    QCOMPARE(jobs[0].state, std::string("cancelled"));
    QVERIFY(jobs[0].endedAt >= jobs[0].startedAt);
    QCOMPARE(items.size(), std::size_t{2});
    QCOMPARE(items[1].reason, std::string("it is cut off"));
}

void TestProjectStore::settingsAreOverwritten()
{
    QCOMPARE(m_store->setting("colour", "blue"), std::string("blue"));
    m_store->setSetting("colour", "red");
    m_store->setSetting("colour", "green");

    QCOMPARE(m_store->setting("colour", "blue"), std::string("green"));
}

void TestProjectStore::aFailedTransactionLeavesNothing()
{
    const auto fail = [&] {
        m_store->transaction([&] {
            addPicture("/a");
            m_store->replaceRegions(addPicture("/b"), {regionOf("hat")}, kModel, "atr-1");
            throw Error(ErrorKind::InvalidInput, "changed my mind");
        });
    };

    VERIFY_ERROR(fail(), ErrorKind::InvalidInput, "changed my mind");

    QCOMPARE(m_store->counts().images, std::int64_t{0});
    QCOMPARE(m_store->counts().regions, std::int64_t{0});
    QVERIFY((m_store->imagesToSegment(kModel, "atr-1").empty()));
}

void TestProjectStore::tenThousandImagesAreStored()
{
    m_store->transaction([&] {
        for (int i = 0; i < 10000; ++i)
            addPicture("/pictures/" + std::to_string(i) + ".png");
    });

    QCOMPARE(m_store->counts().images, std::int64_t{10000});
    QCOMPARE(m_store->imagesAfter(0, 200).size(), std::size_t{200});
}

QTEST_GUILESS_MAIN(TestProjectStore)
#include "tst_project_store.moc"
