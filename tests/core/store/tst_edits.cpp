#include "core/store/edits.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <memory>
#include <random>
#include <sys/wait.h>
#include <unistd.h>

using namespace sapsam;

namespace {

const std::string kModel = std::string(64, 'a');

std::int64_t addPicture(ProjectStore &store, const std::string &path = "/a.png")
{
    ImageRecord image;
    image.path = path;
    image.sha256 = std::string(64, 'c');
    image.width = 64;
    image.height = 128;
    return store.addImage(image).id;
}

RegionRecord regionOf(std::int64_t image, const std::string &group, const std::string &rle = "abc")
{
    RegionRecord region;
    region.imageId = image;
    region.group = group;
    region.width = 64;
    region.height = 128;
    region.rle = rle;
    region.bounds = {1, 2, 30, 40};
    region.area = 0.25;
    region.score = 0.875;
    region.prompt = "a " + group;
    region.origin = "human";
    region.taxonomyVersion = "atr-1";
    return region;
}

Edit editOf(EditKind kind, const std::string &key, Json after, const std::string &title = "Change")
{
    Edit edit;
    edit.title = title;
    edit.changes.push_back({kind, key, nullptr, std::move(after)});
    return edit;
}

} // namespace

class TestEdits : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void everyKindIsStoredUndoneAndDoneAgain_data();
    void everyKindIsStoredUndoneAndDoneAgain();
    void aRemovedRegionComesBackWithItsPhrases();
    void manyChangesAreOneStep();
    void aChangeThatChangesNothingIsNoStep();
    void aNewStepForgetsWhatWasUndone();
    void theHistoryOutlivesTheProgram();
    void undoRefusesWhatAJobChangedAndForgetsTheStep();
    void redoRefusesWhatAJobChanged();
    void wrongValuesAreRefusedAndNothingChanges_data();
    void wrongValuesAreRefusedAndNothingChanges();
    void oneWrongChangeUndoesTheOthersOfItsEdit();
    void onlyTheNewestStepsAreKept();
    void theIdOfARegionIsNeverGivenAgain();
    void aModelRunLeavesThePartsOfPeopleAlone();
    void aModelRunDoesNotBringBackWhatAPersonRemoved();
    void nothingCommittedIsLostWhenTheProgramIsKilled();

private:
    std::int64_t image() const { return m_image; }

    std::unique_ptr<QTemporaryDir> m_dir;
    std::string m_folder;
    std::unique_ptr<ProjectStore> m_store;
    std::unique_ptr<EditJournal> m_journal;
    std::int64_t m_image = 0;
    std::int64_t m_region = 0;
    std::int64_t m_caption = 0;
};

void TestEdits::init()
{
    m_dir = std::make_unique<QTemporaryDir>();
    m_folder = m_dir->filePath(QStringLiteral("a.sapsam")).toStdString();
    m_store = std::make_unique<ProjectStore>(ProjectStore::create(m_folder));
    m_image = addPicture(*m_store);
    m_store->replaceRegions(m_image, {regionOf(m_image, "hat")}, kModel, "atr-1");
    m_region = m_store->regions(m_image).front().id;
    m_store->addCaption(m_image, "A man in a hat.");
    m_caption = m_store->captions(m_image).front().id;
    m_journal = std::make_unique<EditJournal>(*m_store);
}

void TestEdits::cleanup()
{
    m_journal.reset();
    m_store.reset();
}

void TestEdits::everyKindIsStoredUndoneAndDoneAgain_data()
{
    // The ids are those that init() makes: the first of every table.
    QTest::addColumn<int>("kind");
    QTest::addColumn<QString>("key");
    QTest::addColumn<QString>("after");
    const auto row = [](const char *name, EditKind kind, const char *key, const Json &after) {
        QTest::newRow(name) << static_cast<int>(kind) << QString::fromLatin1(key)
                            << QString::fromStdString(after.dump());
    };
    row("a region is drawn", EditKind::Region, "", regionValue(regionOf(1, "bag", "xyz")));
    row("a region is painted", EditKind::Region, "1", regionValue(regionOf(1, "hat", "xyz")));
    row("a region is removed", EditKind::Region, "1", nullptr);
    row("a phrase is written", EditKind::Phrase, "1/human",
        {{"text", "a green hat"}, {"model", ""}, {"template", ""}});
    row("a phrase of a model is replaced", EditKind::Phrase, "1/model",
        {{"text", "a blue hat"}, {"model", kModel}, {"template", "t1"}});
    row("a caption is added", EditKind::Caption, "", {{"image", 1}, {"text", "Another one."}});
    row("a caption is changed", EditKind::Caption, "1", {{"image", 1}, {"text", "Another one."}});
    row("a caption is removed", EditKind::Caption, "1", nullptr);
    row("tags are given", EditKind::Tags, "1", Json::array({"blurred", "gate 3"}));
    row("a picture is judged", EditKind::Review, "1", {{"rating", 4}, {"state", "accepted"}});
    row("a view is saved", EditKind::SavedView, "dark coats", {{"filter", "clothes:black"}});
    row("a setting is set", EditKind::Setting, "note", "gate 3 only");
}

void TestEdits::everyKindIsStoredUndoneAndDoneAgain()
{
    QFETCH(int, kind);
    QFETCH(QString, key);
    QFETCH(QString, after);
    const auto editKind = static_cast<EditKind>(kind);
    const Json value = Json::parse(after.toStdString());
    const Json before = key.isEmpty() ? Json() : m_journal->value(editKind, key.toStdString());

    const Edit stored = m_journal->apply(editOf(editKind, key.toStdString(), value, "Step"));

    QVERIFY(stored.id != 0);
    QCOMPARE(stored.changes.size(), std::size_t{1});
    const std::string storedKey = stored.changes[0].key;
    QVERIFY(!storedKey.empty());
    Json now = m_journal->value(editKind, storedKey);
    if (now.is_object())
        now.erase("phrases");
    QVERIFY2(now == value, now.dump().c_str());

    const Edit undone = m_journal->undo();
    QCOMPARE(undone.id, stored.id);
    QCOMPARE(undone.title, std::string("Step"));
    QVERIFY(undone.isUndone);
    QVERIFY(m_journal->value(editKind, storedKey) == before);

    const Edit redone = m_journal->redo();
    QCOMPARE(redone.id, stored.id);
    QVERIFY(!redone.isUndone);
    now = m_journal->value(editKind, storedKey);
    if (now.is_object())
        now.erase("phrases");
    QVERIFY2(now == value, now.dump().c_str());
    QCOMPARE(m_journal->redo().id, std::int64_t{0});
}

void TestEdits::aRemovedRegionComesBackWithItsPhrases()
{
    PhraseRecord phrase;
    phrase.regionId = m_region;
    phrase.text = "a red hat";
    phrase.modelHash = kModel;
    phrase.templateVersion = "t1";
    m_store->setPhrase(phrase);
    m_journal->apply(
        editOf(EditKind::Phrase, std::to_string(m_region) + "/human", {{"text", "a crimson hat"}}));

    m_journal->apply(editOf(EditKind::Region, std::to_string(m_region), nullptr));
    QVERIFY(m_store->regions(image()).empty());
    QVERIFY(m_store->phrases(image()).empty());
    m_journal->undo();

    QCOMPARE(m_store->regions(image()).size(), std::size_t{1});
    QCOMPARE(m_store->regions(image())[0].id, m_region);
    QCOMPARE(m_store->phrases(image())[0].text, std::string("a crimson hat"));
    const Json model = m_journal->value(EditKind::Phrase, std::to_string(m_region) + "/model");
    QCOMPARE(model.at("text").get<std::string>(), std::string("a red hat"));
    QCOMPARE(model.at("template").get<std::string>(), std::string("t1"));
    QCOMPARE(m_journal->undo().title, std::string("Change"));
    QCOMPARE(m_store->phrases(image())[0].text, std::string("a red hat"));
}

void TestEdits::manyChangesAreOneStep()
{
    Edit edit;
    edit.title = "Tag 40 pictures";
    for (int i = 0; i < 40; ++i) {
        const std::int64_t id = addPicture(*m_store, std::string("/") + std::to_string(i) + ".png");
        edit.changes.push_back(
            {EditKind::Tags, std::to_string(id), nullptr, Json::array({"night"})});
        edit.changes.push_back({EditKind::Review, std::to_string(id), nullptr,
                                Json{{"rating", 1 + i % 5}, {"state", ""}}});
    }

    const Edit stored = m_journal->apply(edit);

    QCOMPARE(stored.changes.size(), std::size_t{80});
    QCOMPARE(m_journal->undoable().size(), std::size_t{1});
    QCOMPARE(m_journal->undoable()[0].title, std::string("Tag 40 pictures"));
    m_journal->undo();
    for (const Change &change : stored.changes)
        QVERIFY(m_journal->value(change.kind, change.key).is_null());
    m_journal->redo();
    for (const Change &change : stored.changes)
        QVERIFY(m_journal->value(change.kind, change.key) == change.after);
}

void TestEdits::aChangeThatChangesNothingIsNoStep()
{
    const Json same = m_journal->value(EditKind::Caption, "1");

    const Edit stored = m_journal->apply(editOf(EditKind::Caption, "1", same));

    QCOMPARE(stored.id, std::int64_t{0});
    QVERIFY(m_journal->undoable().empty());
    QCOMPARE(m_journal->undo().id, std::int64_t{0});
}

void TestEdits::aNewStepForgetsWhatWasUndone()
{
    m_journal->apply(editOf(EditKind::Setting, "a", "1", "One"));
    m_journal->apply(editOf(EditKind::Setting, "a", "2", "Two"));
    m_journal->undo();
    QCOMPARE(m_journal->redoable().size(), std::size_t{1});

    m_journal->apply(editOf(EditKind::Setting, "a", "3", "Three"));

    QVERIFY(m_journal->redoable().empty());
    QCOMPARE(m_journal->redo().id, std::int64_t{0});
    QCOMPARE(m_journal->undoable()[0].title, std::string("Three"));
    QCOMPARE(m_journal->undoable()[1].title, std::string("One"));
    m_journal->undo();
    QVERIFY(m_journal->value(EditKind::Setting, "a") == Json("1"));
}

void TestEdits::theHistoryOutlivesTheProgram()
{
    m_journal->apply(editOf(EditKind::Setting, "a", "1", "One"));
    m_journal->apply(editOf(EditKind::Setting, "a", "2", "Two"));
    m_journal->undo();
    m_journal.reset();
    m_store.reset();

    m_store = std::make_unique<ProjectStore>(ProjectStore::open(m_folder));
    m_journal = std::make_unique<EditJournal>(*m_store);

    QCOMPARE(m_journal->undoable()[0].title, std::string("One"));
    QCOMPARE(m_journal->redoable()[0].title, std::string("Two"));
    m_journal->redo();
    QVERIFY(m_journal->value(EditKind::Setting, "a") == Json("2"));
}

void TestEdits::undoRefusesWhatAJobChangedAndForgetsTheStep()
{
    m_journal->apply(editOf(EditKind::Setting, "other", "1", "Earlier"));
    m_journal->apply(editOf(EditKind::Phrase, std::to_string(m_region) + "/model",
                            {{"text", "a hat"}, {"model", kModel}, {"template", "t1"}}, "Rewrite"));
    PhraseRecord phrase;
    phrase.regionId = m_region;
    phrase.text = "a job's hat";
    phrase.modelHash = kModel;
    phrase.templateVersion = "t2";
    m_store->setPhrase(phrase);

    VERIFY_ERROR(m_journal->undo(), ErrorKind::Mismatch, "Rewrite");

    QCOMPARE(m_store->phrases(image())[0].text, std::string("a job's hat"));
    QCOMPARE(m_journal->undoable().size(), std::size_t{1});
    QCOMPARE(m_journal->undo().title, std::string("Earlier"));
}

void TestEdits::redoRefusesWhatAJobChanged()
{
    m_journal->apply(editOf(EditKind::Region, std::to_string(m_region),
                            regionValue(regionOf(image(), "hat", "painted")), "Paint hat"));
    m_journal->undo();
    m_store->replaceRegions(image(), {regionOf(image(), "hat", "again")}, kModel, "atr-1");

    VERIFY_ERROR(m_journal->redo(), ErrorKind::Mismatch, "Paint hat");

    QCOMPARE(m_store->regions(image())[0].rle, std::string("again"));
    QVERIFY(m_journal->redoable().empty());
}

void TestEdits::wrongValuesAreRefusedAndNothingChanges_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<QString>("key");
    QTest::addColumn<QString>("after");
    QTest::addColumn<int>("error");
    QTest::addColumn<QString>("says");
    const auto row = [](const char *name, EditKind kind, const char *key, const char *after,
                        ErrorKind error, const char *says) {
        QTest::newRow(name) << static_cast<int>(kind) << QString::fromLatin1(key)
                            << QString::fromLatin1(after) << static_cast<int>(error)
                            << QString::fromLatin1(says);
    };
    const ErrorKind invalid = ErrorKind::InvalidInput;
    row("a key that is no number", EditKind::Tags, "x", "[\"a\"]", invalid, "'x'");
    row("tags that are no list", EditKind::Tags, "1", "{\"a\": 1}", invalid, "list");
    row("an empty tag", EditKind::Tags, "1", "[\"\"]", invalid, "not empty");
    row("a rating beyond five", EditKind::Review, "1", "{\"rating\": 6}", invalid, "0 (none) to 5");
    row("an unknown state", EditKind::Review, "1", "{\"state\": \"good\"}", invalid, "accepted");
    row("tags of an unknown picture", EditKind::Tags, "77", "[\"a\"]", ErrorKind::NotFound, "77");
    row("a phrase without an origin", EditKind::Phrase, "1", "{\"text\": \"a\"}", invalid, "human");
    row("a phrase of an unknown region", EditKind::Phrase, "99/human", "{\"text\": \"a\"}",
        ErrorKind::NotFound, "99");
    row("the same caption twice", EditKind::Caption, "",
        "{\"image\": 1, \"text\": \"A man in a hat.\"}", invalid, "already");
    row("a setting that is no text", EditKind::Setting, "a", "7", invalid, "text");
    row("a view without a name", EditKind::SavedView, "", "{}", invalid, "name");
}

void TestEdits::wrongValuesAreRefusedAndNothingChanges()
{
    QFETCH(int, kind);
    QFETCH(QString, key);
    QFETCH(QString, after);
    QFETCH(int, error);
    QFETCH(QString, says);

    VERIFY_ERROR(m_journal->apply(editOf(static_cast<EditKind>(kind), key.toStdString(),
                                         Json::parse(after.toStdString()))),
                 static_cast<ErrorKind>(error), says.toStdString());

    QVERIFY(m_journal->undoable().empty());
    QCOMPARE(m_store->captions(image()).size(), std::size_t{1});
}

void TestEdits::oneWrongChangeUndoesTheOthersOfItsEdit()
{
    Edit edit = editOf(EditKind::Setting, "a", "1");
    edit.changes.push_back({EditKind::Tags, "77", nullptr, Json::array({"x"})});

    VERIFY_ERROR(m_journal->apply(edit), ErrorKind::NotFound, "77");

    QVERIFY(m_journal->value(EditKind::Setting, "a").is_null());
}

void TestEdits::onlyTheNewestStepsAreKept()
{
    m_store->transaction([&] {
        for (int i = 0; i < EditJournal::kMaxSteps + 30; ++i)
            m_journal->apply(editOf(EditKind::Setting, "a", std::to_string(i),
                                    std::string("Step ") + std::to_string(i)));
    });

    const std::vector<Edit> steps = m_journal->undoable(10 * EditJournal::kMaxSteps);
    QCOMPARE(static_cast<int>(steps.size()), EditJournal::kMaxSteps);
    QCOMPARE(steps.front().title,
             std::string("Step ") + std::to_string(EditJournal::kMaxSteps + 29));
    QCOMPARE(steps.back().title, std::string("Step 30"));
}

void TestEdits::theIdOfARegionIsNeverGivenAgain()
{
    const Edit drawn =
        m_journal->apply(editOf(EditKind::Region, "", regionValue(regionOf(image(), "bag"))));
    const std::string first = drawn.changes[0].key;
    m_journal->undo(); // the newest id is free again

    // Neither a person nor a model gets it.
    m_store->replaceRegions(image(), {regionOf(image(), "shoes")}, kModel, "atr-1");
    const std::int64_t byModel = m_store->regions(image()).front().id;
    m_store->replaceRegions(image(), {}, kModel, "atr-1");
    const Edit second =
        m_journal->apply(editOf(EditKind::Region, "", regionValue(regionOf(image(), "bag"))));

    QVERIFY(byModel > std::stoll(first));
    QVERIFY(std::stoll(second.changes[0].key) > byModel);
}

void TestEdits::aModelRunLeavesThePartsOfPeopleAlone()
{
    m_journal->apply(editOf(EditKind::Region, std::to_string(m_region),
                            regionValue(regionOf(image(), "hat", "painted"))));

    m_store->replaceRegions(
        image(), {regionOf(image(), "hat", "model's"), regionOf(image(), "shoes", "model's")},
        std::string(64, 'b'), "atr-2");

    const std::vector<RegionRecord> regions = m_store->regions(image());
    QCOMPARE(regions.size(), std::size_t{2});
    QCOMPARE(regions[0].id, m_region);
    QCOMPARE(regions[0].rle, std::string("painted"));
    QCOMPARE(regions[0].origin, std::string("human"));
    QCOMPARE(regions[1].group, std::string("shoes"));
    // The step can still be undone: nothing else changed the part.
    m_journal->undo();
    QCOMPARE(m_store->regions(image())[0].origin, std::string("model"));
}

void TestEdits::aModelRunDoesNotBringBackWhatAPersonRemoved()
{
    RegionRecord nothing = regionOf(image(), "hat", "");
    nothing.bounds = {};
    nothing.area = 0.0;
    Edit edit = editOf(EditKind::Region, std::to_string(m_region), nullptr, "Remove hat");
    edit.changes.push_back({EditKind::Region, "", nullptr, regionValue(nothing)});
    m_journal->apply(edit);
    QVERIFY(m_store->regions(image()).empty());
    QCOMPARE(m_store->absentRegions(image()).size(), std::size_t{1});
    QCOMPARE(m_store->counts().regions, std::int64_t{0});
    QVERIFY(m_store->imagesToPhrase(kModel, "t1").empty()); // nothing to be described

    m_store->replaceRegions(image(), {regionOf(image(), "hat"), regionOf(image(), "bag")}, kModel,
                            "atr-1");

    QCOMPARE(m_store->regions(image()).size(), std::size_t{1});
    QCOMPARE(m_store->regions(image())[0].group, std::string("bag"));
    m_journal->undo();
    QVERIFY(m_store->absentRegions(image()).empty());
    QCOMPARE(m_store->regions(image())[0].group, std::string("hat"));
}

namespace {

// What the child does until it is killed: numbered edits of several rows, now and then undone and
// done again. Each number goes into the pipe after its edit was stored.
[[noreturn]] void editForever(const std::string &folder, int pipe)
{
    try {
        ProjectStore store = ProjectStore::open(folder);
        EditJournal journal(store);
        const Json last = journal.value(EditKind::Setting, "number");
        int number = last.is_null() ? 0 : std::stoi(last.get<std::string>());
        for (;;) {
            ++number;
            Edit edit = editOf(EditKind::Setting, "number", std::to_string(number),
                               std::string("Step ") + std::to_string(number));
            edit.changes.push_back(
                {EditKind::Region, "1", nullptr,
                 regionValue(regionOf(1, "hat", std::string(2000, 'a') + std::to_string(number)))});
            edit.changes.push_back({EditKind::Tags, "1", nullptr,
                                    Json::array({std::string("n") + std::to_string(number)})});
            journal.apply(edit);
            if (number % 7 == 0) {
                journal.undo();
                journal.redo();
            }
            if (::write(pipe, &number, sizeof number) != static_cast<ssize_t>(sizeof number))
                ::_exit(3);
        }
    } catch (const std::exception &) {
        ::_exit(2);
    }
}

} // namespace

void TestEdits::nothingCommittedIsLostWhenTheProgramIsKilled()
{
    m_journal.reset();
    m_store.reset();
    std::mt19937 random(20261);
    int reached = 0;
    for (int round = 0; round < 200; ++round) {
        std::array<int, 2> ends{};
        QCOMPARE(::pipe(ends.data()), 0);
        const pid_t child = ::fork();
        QVERIFY(child >= 0);
        if (child == 0) {
            ::close(ends[0]);
            editForever(m_folder, ends[1]);
        }
        ::close(ends[1]);
        // After so many stored edits, and then somewhere in the next one.
        const int wanted = static_cast<int>(random() % 4);
        int reported = reached;
        for (int i = 0; i < wanted; ++i)
            QCOMPARE(::read(ends[0], &reported, sizeof reported),
                     static_cast<ssize_t>(sizeof reported));
        const auto pause = std::chrono::microseconds(random() % (wanted == 0 ? 8000 : 1500));
        const auto start = std::chrono::steady_clock::now();
        while (std::chrono::steady_clock::now() - start < pause) {
        }
        QCOMPARE(::kill(child, SIGKILL), 0);
        int status = 0;
        QCOMPARE(::waitpid(child, &status, 0), child);
        QVERIFY2(WIFSIGNALED(status), "the child ended by itself");
        int number = 0;
        while (::read(ends[0], &number, sizeof number) == static_cast<ssize_t>(sizeof number))
            reported = number;
        ::close(ends[0]);

        ProjectStore store = ProjectStore::open(m_folder);
        EditJournal journal(store);
        QVERIFY(store.integrityProblems().empty());
        const Json value = journal.value(EditKind::Setting, "number");
        int stored = value.is_null() ? 0 : std::stoi(value.get<std::string>());
        std::string title = std::string("Step ") + std::to_string(stored);
        const std::vector<Edit> undone = journal.redoable();
        if (!undone.empty()) {
            // Killed between its undo and its redo: nothing is lost, the step waits.
            QCOMPARE(undone.size(), std::size_t{1});
            QCOMPARE(journal.redo().title, std::string("Step ") + std::to_string(stored + 1));
            ++stored;
            title = std::string("Step ") + std::to_string(stored);
        }
        QVERIFY2(
            stored >= reported,
            qPrintable(QStringLiteral("%1 was reported, %2 is stored").arg(reported).arg(stored)));
        QVERIFY(stored <= reported + 1);
        if (stored == 0)
            continue;
        // All of an edit or nothing, and its way back.
        const std::string rle = std::string(2000, 'a') + std::to_string(stored);
        QCOMPARE(store.regions(1)[0].rle, rle);
        QVERIFY(journal.value(EditKind::Tags, "1")
                == Json::array({std::string("n") + std::to_string(stored)}));
        QCOMPARE(static_cast<int>(journal.undoable().size()),
                 std::min(stored, EditJournal::kMaxSteps));
        QCOMPARE(journal.undo().title, title);
        const Json earlier = journal.value(EditKind::Setting, "number");
        QCOMPARE(earlier.is_null() ? 0 : std::stoi(earlier.get<std::string>()), stored - 1);
        QCOMPARE(journal.redo().title, title);
        reached = stored;
    }
    QVERIFY2(reached > 100, qPrintable(QStringLiteral("only %1 edits").arg(reached)));
}

QTEST_GUILESS_MAIN(TestEdits)
#include "tst_edits.moc"
