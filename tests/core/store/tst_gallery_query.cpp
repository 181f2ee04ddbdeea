#include "core/store/curation.h"
#include "core/store/gallery_query.h"
#include "core/store/thumbnail_store.h"
#include "tests/support/error_of.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

using namespace sapsam;

namespace {

const std::string kModel = std::string(64, 'a');

using Ids = std::vector<std::int64_t>;

QString textOf(const Ids &ids)
{
    QStringList texts;
    for (const std::int64_t id : ids)
        texts.append(QString::number(id));
    return texts.join(QLatin1Char(' '));
}

std::int64_t countOf(const std::vector<FacetValue> &facet, const std::string &value)
{
    for (const FacetValue &entry : facet) {
        if (entry.value == value)
            return entry.count;
    }
    return 0;
}

// What a call that must fail says.
template <typename Function>
ErrorReport reportOf(Function function)
{
    const std::optional<Error> error = test::errorOf(function);
    return error ? ErrorReport{error->kind(), error->what()}
                 : ErrorReport{ErrorKind::Internal, "nothing was thrown"};
}

} // namespace

class TestGalleryQuery : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void filtersGiveTheirPictures_data();
    void filtersGiveTheirPictures();
    void everySortIsAPermutationAndBreaksTiesById();
    void namesSortAsPeopleCountAndMissingValuesComeLast();
    void facetsCountWhatTheFilterLeaves();
    void anUnknownGroupSaysWhereAndWhatThereIs();
    void theDerivedTablesFollowEveryChange();
    void tagsRatingsAndReviewsGoThroughTheJournal();
    void identitiesComeInTheOrderPeopleCount();
    void viewsAreSavedRenamedAndDeleted();
    void badValuesAreRefusedAndNothingChanges();
    void aCacheSeesWhatIsStored();
    void thumbnailsComeBackUntilTheCap();
    void aDamagedThumbnailFileIsMadeAnew();

private:
    std::int64_t addPicture(const std::string &name, const std::string &split,
                            const std::string &identity, int width);
    void addPart(std::int64_t image, const std::string &group, double score, double area,
                 const std::string &phrase);
    Ids ids(const char *filter, const char *sort = "id")
    {
        return imagesMatching(*m_store, requireFilter(filter), *gallerySortFromName(sort));
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<ProjectStore> m_store;
};

std::int64_t TestGalleryQuery::addPicture(const std::string &name, const std::string &split,
                                          const std::string &identity, int width)
{
    ImageRecord image;
    image.path = "/pictures/cam1/" + name;
    image.sha256 = std::string(64, 'c');
    image.width = width;
    image.height = 128;
    image.source = "folder";
    image.split = split;
    image.identity = identity;
    return m_store->addImage(image).id;
}

void TestGalleryQuery::addPart(std::int64_t image, const std::string &group, double score,
                               double area, const std::string &phrase)
{
    RegionRecord region;
    region.imageId = image;
    region.group = group;
    region.width = 64;
    region.height = 128;
    region.rle = std::string("abc");
    region.area = area;
    region.score = score;
    region.modelHash = kModel;
    region.taxonomyVersion = std::string("t");
    const std::int64_t id = m_store->addRegion(region);
    if (phrase.empty())
        return;
    PhraseRecord record;
    record.regionId = id;
    record.text = phrase;
    record.modelHash = kModel;
    record.templateVersion = std::string("v");
    m_store->setPhrase(record);
}

void TestGalleryQuery::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_store = std::make_unique<ProjectStore>(
        ProjectStore::create(m_folder->filePath(QStringLiteral("p.sapsam")).toStdString()));
    addPicture("img10.png", "train", "7", 64);
    addPicture("img9.png", "train", "7", 64);
    addPicture("Ärger.png", "val", "Zoë", 48);
    addPicture("other.jpg", "", "", 200);
    addPicture("img1.png", "test", "11", 64);
    addPart(1, "hat", 0.9, 0.05, "a red hat");
    addPart(1, "shoes", 0.4, 0.02, "black shoes");
    addPart(2, "hat", 0.3, 0.06, "a navy hat");
    addPart(3, "clothes", 0.95, 0.4, "a dark blue jacket");
    m_store->addCaption(4, "A person with an umbrella");
}

void TestGalleryQuery::cleanup()
{
    m_store.reset();
    m_folder.reset();
}

void TestGalleryQuery::filtersGiveTheirPictures_data()
{
    QTest::addColumn<QString>("filter");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char *filter, const char *expected) {
        QTest::newRow(filter) << QString::fromUtf8(filter) << QString::fromLatin1(expected);
    };
    row("", "1 2 3 4 5");
    row("split:train", "1 2");
    row("split:TRAIN,val", "1 2 3");
    row("split:t*", "1 2 5");
    row("split:none", "4");
    row("split:\"none\"", "");
    row("-split:train", "3 4 5");
    row("split:train OR split:test", "1 2 5");
    row("has:hat", "1 2");
    row("has:HAT", "1 2");
    row("has:hat -has:shoes", "2");
    row("has:bag", "");
    row("has:part", "1 2 3");
    row("has:phrase", "1 2 3");
    row("has:caption", "4");
    row("has:identity", "1 2 3 5");
    row("colour:red", "1");
    row("colour:blue", "2 3");
    row("colour:navy", "2");
    row("colour:\"dark blue\"", "3");
    row("colour:red,black", "1");
    row("hat.colour:blue", "2");
    row("shoes.colour:red", "");
    row("phrase:HAT", "1 2");
    row("hat.phrase:red", "1");
    row("phrase:*jacket", "3");
    row("score<0.5", "1 2");
    row("score>=0.9", "1 3");
    row("-score<0.5", "3 4 5");
    row("score:0.3..0.4", "1 2");
    row("hat.score<0.5", "2");
    row("area>0.3", "3");
    row("hat.area:0.055..0.2", "2");
    row("parts:2", "1");
    row("parts:0", "4 5");
    row("origin:model", "1 2 3");
    row("origin:human", "");
    row("identity:7", "1 2");
    row("identity:\"zoË\"", "3");
    row("name:ärger", "3");
    row("name:IMG*", "1 2 5");
    row("path:cam1", "1 2 3 4 5");
    row("name:cam1", "");
    row("caption:umbrella", "4");
    row("umbrella", "4");
    row("hat", "1 2");
    row("id:2..3", "2 3");
    row("width<64", "3");
    row("height:128 width:200", "4");
    row("rating:0", "1 2 3 4 5");
    row("review:none", "1 2 3 4 5");
    row("reviewed:yes", "");
    row("tag:none", "1 2 3 4 5");
    row("(has:hat OR has:caption) -id:1", "2 4");
    row("name:\"100%\"", "");
}

void TestGalleryQuery::filtersGiveTheirPictures()
{
    QFETCH(QString, filter);
    QFETCH(QString, expected);
    const Filter parsed = requireFilter(filter.toStdString());
    QCOMPARE(textOf(imagesMatching(*m_store, parsed)), expected);
    // The same through the pass that counts.
    QCOMPARE(textOf(askGallery(*m_store, parsed).ids), expected);
}

void TestGalleryQuery::everySortIsAPermutationAndBreaksTiesById()
{
    for (const std::string &name : gallerySortNames()) {
        for (const bool descending : {false, true}) {
            GallerySort sort = *gallerySortFromName(name);
            sort.descending = descending;
            QCOMPARE(gallerySortFromName(nameOf(sort)), std::optional(sort));
            Ids found = imagesMatching(*m_store, {}, sort);
            QCOMPARE(askGallery(*m_store, {}, sort).ids, found);
            std::sort(found.begin(), found.end());
            QCOMPARE(textOf(found), QStringLiteral("1 2 3 4 5"));
        }
    }
    QVERIFY(!gallerySortFromName("colour").has_value());
    QCOMPARE(textOf(ids("", "rating:desc")), QStringLiteral("1 2 3 4 5"));
}

void TestGalleryQuery::namesSortAsPeopleCountAndMissingValuesComeLast()
{
    QCOMPARE(textOf(ids("img", "name")), QStringLiteral("5 2 1"));
    QCOMPARE(textOf(ids("", "score")), QStringLiteral("2 1 3 4 5"));
    QCOMPARE(textOf(ids("", "score:desc")), QStringLiteral("3 1 2 4 5"));
    QCOMPARE(textOf(ids("", "identity")), QStringLiteral("1 2 5 3 4"));
    QCOMPARE(textOf(ids("", "size:desc")), QStringLiteral("4 1 2 5 3"));
}

void TestGalleryQuery::facetsCountWhatTheFilterLeaves()
{
    EditJournal(*m_store).apply(tagEdit(*m_store, {1, 4}, {"good"}, {}));
    EditJournal(*m_store).apply(reviewEdit(*m_store, {1}, "accepted"));
    EditJournal(*m_store).apply(ratingEdit(*m_store, {1, 3}, 4));
    const GalleryFacets all = askGallery(*m_store, {}).facets;
    QCOMPARE(countOf(all.splits, "train"), 2);
    QCOMPARE(countOf(all.splits, ""), 1);
    QCOMPARE(countOf(all.groups, "hat"), 2);
    QCOMPARE(countOf(all.colours, "blue"), 2);
    QCOMPARE(countOf(all.ratings, "4"), 2);
    QCOMPARE(countOf(all.reviews, "accepted"), 1);
    QCOMPARE(countOf(all.tags, "good"), 2);
    QCOMPARE(all.identities.front().value, std::string("7"));
    QCOMPARE(countOf(all.sources, "folder"), 5);

    const GalleryAnswer hats = askGallery(*m_store, requireFilter("has:hat"));
    QCOMPARE(countOf(hats.facets.splits, "train"), 2);
    QCOMPARE(countOf(hats.facets.splits, "val"), 0);
    QCOMPARE(countOf(hats.facets.tags, "good"), 1);
    QCOMPARE(static_cast<int>(hats.marks.at(0).rating), 4);
    QCOMPARE(hats.marks.at(0).state, 'a');
    // A click on a facet's value shows as many as it says.
    for (const FacetValue &value : all.groups)
        QCOMPARE(static_cast<std::int64_t>(ids(filterTerm("has", value.value).c_str()).size()),
                 value.count);
    for (const FacetValue &value : all.identities)
        QCOMPARE(static_cast<std::int64_t>(ids(filterTerm("identity", value.value).c_str()).size()),
                 value.count);
    for (const FacetValue &value : all.scores)
        QCOMPARE(static_cast<std::int64_t>(ids(filterTerm("score", value.value).c_str()).size()),
                 value.count);
    QVERIFY(!all.scores.empty());
    for (const FacetValue &value : all.colours)
        QCOMPARE(static_cast<std::int64_t>(ids(filterTerm("colour", value.value).c_str()).size()),
                 value.count);
}

void TestGalleryQuery::identitiesComeInTheOrderPeopleCount()
{
    for (const char *identity : {"110", "20", "103"})
        addPicture(std::string(identity) + ".png", "train", identity, 64);
    std::vector<std::string> single; // as often as each other
    for (const FacetValue &value : askGallery(*m_store, Filter()).facets.identities) {
        if (value.count == 1 && value.value.find_first_not_of("0123456789") == std::string::npos)
            single.push_back(value.value);
    }
    const auto placeOf = [&](const char *identity) {
        return std::find(single.begin(), single.end(), identity) - single.begin();
    };
    QVERIFY(placeOf("20") < placeOf("103"));
    QVERIFY(placeOf("103") < placeOf("110"));
    QVERIFY(placeOf("110") < static_cast<std::ptrdiff_t>(single.size()));
}

void TestGalleryQuery::anUnknownGroupSaysWhereAndWhatThereIs()
{
    const ErrorReport error = reportOf([&] { ids("split:train has:hatt"); });
    QCOMPARE(error.kind, ErrorKind::InvalidInput);
    QVERIFY2(error.message.find("column 17") != std::string::npos, error.message.c_str());
    QVERIFY(error.message.find("shoes") != std::string::npos);
    QCOMPARE(reportOf([&] { ids("cap.score>0.5"); }).kind, ErrorKind::InvalidInput);
}

// Against what the rows themselves say.
void TestGalleryQuery::theDerivedTablesFollowEveryChange()
{
    unsigned state = 7;
    const auto next = [&](unsigned limit) {
        state = state * 1664525U + 1013904223U;
        return (state >> 16) % limit;
    };
    const std::vector<std::string> groups{"hat", "shoes", "bag", "hair"};
    const std::vector<std::string> phrases{"red one", "blue one", "black and white", "plain"};
    const auto check = [&] {
        std::map<std::string, std::set<std::int64_t>> byGroup;
        std::map<std::string, std::set<std::int64_t>> byPhrase;
        for (const std::int64_t image : m_store->imageIds()) {
            std::set<std::int64_t> shown;
            for (const RegionRecord &region : m_store->regions(image)) {
                if (region.area > 0.0) {
                    byGroup[region.group].insert(image);
                    shown.insert(region.id);
                }
            }
            for (const PhraseRecord &phrase : m_store->phrases(image)) {
                if (shown.contains(phrase.regionId))
                    byPhrase[phrase.text].insert(image);
            }
        }
        for (const std::string &group : groups) {
            const Ids found = ids(filterTerm("has", group).c_str());
            QCOMPARE(textOf(found), textOf(Ids(byGroup[group].begin(), byGroup[group].end())));
        }
        std::set<std::int64_t> blue = byPhrase["blue one"];
        QCOMPARE(textOf(ids("phrase:\"blue one\"")), textOf(Ids(blue.begin(), blue.end())));
        for (const auto &[text, images] : byPhrase) {
            if (colourBits(text) == colourBits("blue"))
                blue.insert(images.begin(), images.end());
        }
        QCOMPARE(textOf(ids("colour:blue")), textOf(Ids(blue.begin(), blue.end())));
    };
    EditJournal journal(*m_store);
    for (int round = 0; round < 120; ++round) {
        const auto image = static_cast<std::int64_t>(1 + next(5));
        const std::vector<RegionRecord> there = m_store->regions(image);
        switch (next(6)) {
        case 0: {
            std::vector<RegionRecord> fresh;
            for (const std::string &group : groups) {
                if (next(2) == 0)
                    continue;
                RegionRecord region;
                region.group = group;
                region.width = region.height = 8;
                region.rle = std::string("x");
                region.area = next(4) == 0 ? 0.0 : 0.2;
                region.score = 0.5;
                fresh.push_back(region);
            }
            m_store->replaceRegions(image, fresh, kModel, "t");
            break;
        }
        case 1:
        case 2:
            if (!there.empty()) {
                PhraseRecord phrase;
                phrase.regionId = there[next(static_cast<unsigned>(there.size()))].id;
                phrase.text = phrases[next(4)];
                phrase.origin = next(2) == 0 ? "human" : "model";
                m_store->setPhrase(phrase);
            }
            break;
        case 3:
            if (!there.empty()) {
                RegionRecord region = there[next(static_cast<unsigned>(there.size()))];
                region.group = groups[next(4)];
                region.origin = "human";
                Edit edit;
                edit.title = "Change";
                edit.changes.push_back({EditKind::Region, std::to_string(region.id), nullptr,
                                        next(3) == 0 ? Json(nullptr) : regionValue(region)});
                journal.apply(edit);
            }
            break;
        case 4:
            try {
                journal.undo();
            } catch (const Error &error) {
                QCOMPARE(error.kind(), ErrorKind::Mismatch);
            }
            break;
        default:
            addPart(image, groups[next(4)], 0.5, 0.1, phrases[next(4)]);
            break;
        }
        check();
        if (QTest::currentTestFailed())
            return;
    }
    QVERIFY(m_store->integrityProblems().empty());
}

void TestGalleryQuery::tagsRatingsAndReviewsGoThroughTheJournal()
{
    EditJournal journal(*m_store);
    journal.apply(tagEdit(*m_store, {1, 2}, {" old "}, {}));
    journal.apply(tagEdit(*m_store, {2, 3}, {"new"}, {"old"}));
    QCOMPARE(textOf(ids("tag:old")), QStringLiteral("1"));
    QCOMPARE(textOf(ids("tag:new")), QStringLiteral("2 3"));
    QCOMPARE(textOf(ids("tag:none")), QStringLiteral("4 5"));
    journal.apply(ratingEdit(*m_store, {1, 2, 3}, 5));
    journal.apply(reviewEdit(*m_store, {2}, "rejected"));
    QCOMPARE(textOf(ids("rating>=5 review:rejected")), QStringLiteral("2"));
    QCOMPARE(textOf(ids("reviewed:no")), QStringLiteral("1 3 4 5"));
    journal.apply(ratingEdit(*m_store, {2}, 0));
    QCOMPARE(textOf(ids("review:rejected rating:0")), QStringLiteral("2"));
    for (int step = 0; step < 5; ++step)
        QVERIFY(journal.undo().id != 0);
    QCOMPARE(textOf(ids("tag:none rating:0 review:none")), QStringLiteral("1 2 3 4 5"));
    for (int step = 0; step < 5; ++step)
        QVERIFY(journal.redo().id != 0);
    QCOMPARE(textOf(ids("tag:new rating:5")), QStringLiteral("3"));
}

void TestGalleryQuery::viewsAreSavedRenamedAndDeleted()
{
    EditJournal journal(*m_store);
    journal.apply(saveViewEdit({"Hats", "has:hat", {GallerySortKey::Name, true}}));
    QCOMPARE(savedView(*m_store, "Hats").filter, std::string("has:hat"));
    QVERIFY(savedView(*m_store, "Hats").sort.descending);
    journal.apply(renameViewEdit(*m_store, "Hats", "Caps"));
    QCOMPARE(savedViews(*m_store).size(), std::size_t{1});
    QCOMPARE(savedView(*m_store, "Caps").filter, std::string("has:hat"));
    journal.apply(saveViewEdit({"All", "", {}}));
    QCOMPARE(reportOf([&] { renameViewEdit(*m_store, "All", "Caps"); }).kind,
             ErrorKind::InvalidInput);
    journal.apply(deleteViewEdit(*m_store, "Caps"));
    QCOMPARE(savedViews(*m_store).size(), std::size_t{1});
    journal.undo();
    QCOMPARE(savedViews(*m_store).size(), std::size_t{2});
    const ErrorReport error = reportOf([&] { savedView(*m_store, "Hats"); });
    QCOMPARE(error.kind, ErrorKind::NotFound);
    QVERIFY(error.message.find("Caps") != std::string::npos);
}

void TestGalleryQuery::badValuesAreRefusedAndNothingChanges()
{
    const auto kindOf = [](auto &&body) { return reportOf(body).kind; };
    QCOMPARE(kindOf([&] { ratingEdit(*m_store, {1}, 6); }), ErrorKind::InvalidInput);
    QCOMPARE(kindOf([&] { reviewEdit(*m_store, {1}, "fine"); }), ErrorKind::InvalidInput);
    QCOMPARE(kindOf([&] { tagEdit(*m_store, {1}, {"  "}, {}); }), ErrorKind::InvalidInput);
    QCOMPARE(kindOf([&] { saveViewEdit({" ", "", {}}); }), ErrorKind::InvalidInput);
    QCOMPARE(kindOf([&] { saveViewEdit({"x", "spilt:a", {}}); }), ErrorKind::InvalidInput);
    EditJournal journal(*m_store);
    QCOMPARE(kindOf([&] { journal.apply(ratingEdit(*m_store, {1, 99}, 3)); }), ErrorKind::NotFound);
    QCOMPARE(textOf(ids("rating:3")), QString());
}

void TestGalleryQuery::aCacheSeesWhatIsStored()
{
    GalleryCache cache;
    const auto rated = [&](const char *filter, const char *sort) {
        return textOf(
            askGallery(*m_store, cache, requireFilter(filter), *gallerySortFromName(sort)).ids);
    };
    QCOMPARE(rated("", "rating:desc"), QStringLiteral("1 2 3 4 5"));

    // Through this connection.
    EditJournal(*m_store).apply(ratingEdit(*m_store, {4}, 5));
    QCOMPARE(rated("", "rating:desc"), QStringLiteral("4 1 2 3 5"));
    QCOMPARE(rated("rating:5", "id"), QStringLiteral("4"));
    const GalleryAnswer marked = askGallery(*m_store, cache, requireFilter("rating:5"));
    QCOMPARE(static_cast<int>(marked.marks.at(0).rating), 5);

    // Through another one.
    {
        ProjectStore other = ProjectStore::open(m_store->folder());
        EditJournal(other).apply(ratingEdit(other, {2}, 5));
        EditJournal(other).apply(tagEdit(other, {2}, {"fresh"}, {}));
    }
    QCOMPARE(rated("", "rating:desc"), QStringLiteral("2 4 1 3 5"));
    const GalleryAnswer all = askGallery(*m_store, cache, {});
    QCOMPARE(countOf(all.facets.tags, "fresh"), 1);
    QCOMPARE(countOf(all.facets.ratings, "5"), 2);

    // Nothing stored: the same answer, and the same as without a cache.
    const GalleryAnswer again = askGallery(*m_store, cache, {});
    const GalleryAnswer fresh = askGallery(*m_store, {});
    QVERIFY(again.ids == fresh.ids && again.marks == fresh.marks);
    QCOMPARE(countOf(again.facets.tags, "fresh"), 1);

    CancelSource cancel;
    cancel.cancel();
    GalleryCache empty;
    QVERIFY(askGallery(*m_store, empty, {}, {}, cancel.token()).ids.size() <= 5);
    QCOMPARE(askGallery(*m_store, empty, {}).ids.size(), std::size_t{5});
}

void TestGalleryQuery::thumbnailsComeBackUntilTheCap()
{
    const std::string file = ThumbnailStore::fileOf(m_store->folder());
    const std::string bytes("\x00\xFFpixels\x00", 9);
    {
        ThumbnailStore cache(file);
        QVERIFY(cache.isUsable());
        cache.put(7, "v1", bytes);
        QCOMPARE(cache.find(7, "v1"), std::optional(bytes));
        QVERIFY(!cache.find(7, "v2").has_value());
    }
    ThumbnailStore cache(file, 100'000);
    QCOMPARE(cache.find(7, "v1"), std::optional(bytes));
    for (int id = 100; id < 400; ++id) {
        cache.put(id, "v1", std::string(1000, 'x'));
        cache.find(7, "v1"); // stays because it is used
    }
    cache.flush();
    QVERIFY(cache.bytes() <= 100'000);
    QVERIFY(cache.find(7, "v1").has_value());
    QVERIFY(!cache.find(100, "v1").has_value());
    QVERIFY(cache.find(399, "v1").has_value());
}

void TestGalleryQuery::aDamagedThumbnailFileIsMadeAnew()
{
    const std::string file = ThumbnailStore::fileOf(m_store->folder());
    {
        QFile damaged(QString::fromStdString(file));
        QVERIFY(damaged.open(QIODevice::WriteOnly));
        damaged.write(QByteArray(8192, 'x'));
    }
    ThumbnailStore cache(file);
    QVERIFY(cache.isUsable());
    QVERIFY(cache.wasRebuilt());
    QVERIFY(cache.problem().empty());
    cache.put(1, "v", "abc");
    QCOMPARE(cache.find(1, "v"), std::optional(std::string("abc")));
    cache.flush();
    const auto found = cache.findAll({{2, "v"}, {1, "v"}, {1, "w"}});
    QCOMPARE(found.size(), std::size_t{3});
    QVERIFY(!found[0] && !found[2]);
    QCOMPARE(found[1], std::optional(std::string("abc")));
    ThumbnailStore nowhere("/proc/no such folder/thumbnails.sqlite");
    QVERIFY(!nowhere.isUsable());
    QVERIFY(nowhere.problem().find("no such folder") != std::string::npos);
    nowhere.put(1, "v", "abc");
    QVERIFY(!nowhere.find(1, "v").has_value());
}

QTEST_GUILESS_MAIN(TestGalleryQuery)
#include "tst_gallery_query.moc"
