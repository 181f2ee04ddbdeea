#include "core/base/file.h"
#include "core/image/codec.h"
#include "core/pipeline/merge_preview.h"
#include "tests/ui/support/people_project.h"
#include "ui/pages/merges/group_cards.h"
#include "ui/pages/merges/merge_draft.h"
#include "ui/pages/merges/merges_page.h"
#include "ui/pages/merges/preview_strip.h"
#include "ui/support/icons.h"
#include "ui/support/text.h"

#include <QAbstractButton>
#include <QAbstractItemModelTester>
#include <QAbstractItemView>
#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QDropEvent>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QMimeData>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTabBar>
#include <QTemporaryDir>
#include <QTest>

#include <filesystem>
#include <memory>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

constexpr int kSlowMs = 60'000; // on a loaded machine

int rowOf(const Taxonomy &taxonomy, const char *name)
{
    for (std::size_t i = 0; i < taxonomy.groups.size(); ++i)
        if (taxonomy.groups[i].name == name)
            return static_cast<int>(i);
    return -1;
}

} // namespace

class TestMergesPage : public QObject
{
    Q_OBJECT

private:
    struct Window
    {
        std::unique_ptr<ProjectSession> session;
        std::unique_ptr<ActionRegistry> actions;
        std::unique_ptr<MergesPage> page;
        QStringList problems;
        QStringList filters;
        qint64 opened = 0;
    };

    // Drawn people with their true label maps; the page of a session on them.
    std::unique_ptr<Window> openPage(bool withLabels = true)
    {
        const QString folder = m_folder->filePath(QStringLiteral("people.sapsam"));
        test::PeopleProject options;
        test::makePeopleProject(toStdString(folder), options);
        if (withLabels) {
            ProjectStore store = ProjectStore::open(toStdString(folder));
            int number = 0;
            for (const ImageRecord &image : store.images()) {
                const LabelMap labels = test::peopleLabels(options, number++);
                const std::string path =
                    toStdString(m_folder->filePath(QStringLiteral("label %1.png").arg(image.id)));
                writeFileAtomically(path, encodeLabels(labels));
                setLabelMap(store, makeLabelMapRecord(image.id, path, labels));
            }
        }
        auto window = std::make_unique<Window>();
        SessionOptions sessionOptions;
        sessionOptions.modelsFolder = m_folder->filePath(QStringLiteral("no-models"));
        sessionOptions.engine.device = "cpu";
        sessionOptions.palette = makePartPalette(defaultTaxonomy());
        window->session = std::make_unique<ProjectSession>(sessionOptions);
        window->actions = std::make_unique<ActionRegistry>();
        PageContext context;
        context.session = window->session.get();
        context.palette = sessionOptions.palette;
        Window *raw = window.get();
        context.showProblem = [raw](const QString &, const ErrorReport &error) {
            raw->problems.append(toQString(error.message));
        };
        context.showFiltered = [raw](const QString &filter) { raw->filters.append(filter); };
        context.openPicture = [raw](qint64 id) { raw->opened = id; };
        window->page = std::make_unique<MergesPage>(context);
        window->page->makeActions(*window->actions);
        window->page->resize(1000, 660);
        window->page->show();
        QSignalSpy opened(window->session.get(), &ProjectSession::opened);
        window->session->open(folder);
        if (!opened.wait(kSlowMs))
            qFatal("the project does not open");
        window->page->activate();
        return window;
    }

    static bool settle(Window &window)
    {
        return QTest::qWaitFor([&] { return window.page->isSettled() && window.session->isIdle(); },
                               kSlowMs);
    }

    static void dropOn(QWidget *target, const QPoint &at, const DraggedClasses &classes)
    {
        QMimeData mime;
        mime.setData(QString::fromLatin1(kClassMimeType), bytesOf(classes));
        QDragEnterEvent enter(at, Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
        QCoreApplication::sendEvent(target, &enter);
        QDropEvent drop(at, Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
        QCoreApplication::sendEvent(target, &drop);
    }

    Taxonomy stored() const
    {
        ProjectStore store =
            ProjectStore::open(toStdString(m_folder->filePath(QStringLiteral("people.sapsam"))),
                               ProjectStore::Access::ReadOnly);
        return currentTaxonomy(store);
    }

    int regionsOf(const char *group) const
    {
        ProjectStore store =
            ProjectStore::open(toStdString(m_folder->filePath(QStringLiteral("people.sapsam"))),
                               ProjectStore::Access::ReadOnly);
        int count = 0;
        for (const std::int64_t id : store.imageIds())
            for (const RegionRecord &region : store.regions(id))
                count += region.group == group ? 1 : 0;
        return count;
    }

    std::unique_ptr<QTemporaryDir> m_folder;

private Q_SLOTS:
    void initTestCase() { initializeResources(); }
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void thePitfallsOfTheShippedMergesAreVisible()
    {
        const auto window = openPage();
        QVERIFY(settle(*window));
        MergesPage &page = *window->page;

        QCOMPARE(page.cards()->count(), 9);
        QCOMPARE(page.impact().labelled, std::int64_t(12));
        const GroupCard *hair = page.cards()->card(rowOf(defaultTaxonomy(), "hair"));
        QVERIFY(hair->content()
                    .marks.join(QLatin1Char(' '))
                    .contains(QStringLiteral("Glasses and face")));
        // Every count of the page is that of the label maps.
        int face = 0;
        int leftShoe = 0;
        int anyShoe = 0;
        for (int i = 0; i < 12; ++i) {
            const LabelMapRecord record =
                makeLabelMapRecord(1, "", test::peopleLabels(test::PeopleProject{}, i));
            const auto has = [&](int id) {
                return std::any_of(record.pixels.begin(), record.pixels.end(),
                                   [id](const auto &entry) { return entry.first == id; });
            };
            face += has(11) ? 1 : 0;
            leftShoe += has(9) ? 1 : 0;
            anyShoe += has(9) || has(10) || has(12) || has(13) ? 1 : 0;
        }
        QCOMPARE(page.classes()->data(page.classes()->index(10), ClassModel::IdRole).toInt(), 11);
        QCOMPARE(page.classes()->data(page.classes()->index(10), ClassModel::PicturesRole).toInt(),
                 face);
        QCOMPARE(page.classes()
                     ->data(page.classes()->index(10), ClassModel::GroupsRole)
                     .toStringList()
                     .size(),
                 qsizetype(2));
        QCOMPARE(page.impact().findGroup("shoes")->skipped, std::int64_t(anyShoe - leftShoe));
        QVERIFY(!page.strip()->tiles().empty());
        for (const PreviewTile &tile : page.strip()->tiles()) {
            QVERIFY(tile.isExact);
            QVERIFY(!tile.isChanged);
            QVERIFY(tile.before == tile.after);
        }
        QVERIFY(!window->actions->action(QStringLiteral("merges.apply"))->isEnabled());
    }

    void classesAreDraggedOntoGroupsAndBack()
    {
        const auto window = openPage();
        QVERIFY(settle(*window));
        MergesPage &page = *window->page;
        GroupCards *cards = page.cards();
        const int bag = rowOf(page.draft()->taxonomy(), "bag");

        dropOn(cards, cards->card(bag)->geometry().center(), {-1, {8, 17}});
        QCOMPARE(page.draft()->taxonomy().groups[static_cast<std::size_t>(bag)].classes,
                 (std::vector<int>{16, 8, 17}));
        QCOMPARE(cards->card(bag)->chips().size(), std::size_t(3));

        // From card to card it moves; onto the list it leaves.
        const int hat = rowOf(page.draft()->taxonomy(), "hat");
        dropOn(cards, cards->card(hat)->geometry().center(), {bag, {17}});
        QCOMPARE(page.draft()->taxonomy().groups[static_cast<std::size_t>(hat)].classes,
                 (std::vector<int>{1, 17}));
        dropOn(page.classList()->viewport(), QPoint(20, 20), {hat, {17}});
        QCOMPARE(page.draft()->taxonomy().groups[static_cast<std::size_t>(hat)].classes,
                 std::vector<int>{1});
        // Onto the empty place: a group of its own.
        dropOn(cards, cards->newGroupPlace().center(), {-1, {14, 15}});
        QCOMPARE(cards->count(), 10);
        QVERIFY(settle(*window));
        QVERIFY(page.impact().findGroup(page.draft()->taxonomy().groups.back().name)->isNew);

        for (int step = page.draft()->undoStack()->index(); step > 0; --step)
            page.draft()->undoStack()->undo();
        QVERIFY(!page.draft()->isChanged());
        QCOMPARE(cards->count(), 9);
        QVERIFY(stored().version == defaultTaxonomy().version);
    }

    void theKeyboardAloneIsEnough()
    {
        const auto window = openPage();
        QVERIFY(settle(*window));
        MergesPage &page = *window->page;
        page.classList()->setCurrentIndex(page.classes()->index(7)); // belt

        QTest::keyClick(page.classList(), Qt::Key_Return);
        QTRY_VERIFY(page.findChild<QMenu *>(QStringLiteral("assignMenu")) != nullptr);
        QTest::keyClick(page.findChild<QMenu *>(QStringLiteral("assignMenu")), Qt::Key_9);
        QTRY_COMPARE(page.draft()->taxonomy().groups[8].classes, (std::vector<int>{16, 8}));

        page.cards()->setFocus();
        page.cards()->setCurrentRow(0);
        QTest::keyClick(page.cards(), Qt::Key_Right);
        QCOMPARE(page.cards()->currentRow(), 1);
        QTest::keyClick(page.cards(), Qt::Key_Right, Qt::ShiftModifier);
        QCOMPARE(page.cards()->selectedRows().size(), qsizetype(2));
        window->actions->action(QStringLiteral("merges.unite"))->trigger();
        QCOMPARE(page.cards()->count(), 8);
        QTest::keyClick(page.cards(), Qt::Key_Z, Qt::ControlModifier);
        QCOMPARE(page.cards()->count(), 9);
        QTest::keyClick(page.cards(), Qt::Key_Z, Qt::ControlModifier);
        QVERIFY(!page.draft()->isChanged());
        QTest::keyClick(page.cards(), Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
        QCOMPARE(page.draft()->taxonomy().groups[8].classes, (std::vector<int>{16, 8}));
    }

    void aChangeShowsBeforeAndAfterAndWhatGetsOutOfDate()
    {
        const auto window = openPage();
        QVERIFY(settle(*window));
        MergesPage &page = *window->page;

        page.draft()->removeClass(rowOf(page.draft()->taxonomy(), "hair"), 11);
        QVERIFY(settle(*window));

        QCOMPARE(page.impact().staleRegions.size(), static_cast<std::size_t>(regionsOf("hair")));
        QVERIFY(!page.impact().touched.empty());
        const auto &tiles = page.strip()->tiles();
        QVERIFY(tiles.front().isChanged);
        QVERIFY(tiles.front().before != tiles.front().after);
        page.showInGallery(page.impact().stalePictures);
        QCOMPARE(window->filters.size(), qsizetype(1));
        QVERIFY2(window->filters.first().startsWith(QStringLiteral("id:")),
                 qPrintable(window->filters.first()));
        page.strip()->setFocus();
        QTest::keyClick(page.strip(), Qt::Key_Return);
        QCOMPARE(window->opened, tiles.front().imageId);
        // Nothing is stored before it is applied.
        QCOMPARE(stored().version, defaultTaxonomy().version);
    }

    void applyingIsOneEditThatCanBeUndone()
    {
        const auto window = openPage();
        QVERIFY(settle(*window));
        MergesPage &page = *window->page;
        const int clothes = regionsOf("clothes");
        const int hat = regionsOf("hat");
        QVERIFY(clothes > 0);

        page.draft()->setName(rowOf(page.draft()->taxonomy(), "clothes"), QStringLiteral("Top"));
        page.draft()->removeGroups({rowOf(page.draft()->taxonomy(), "hat")});
        QCOMPARE(page.impact().movedRegions, std::int64_t(clothes));
        QCOMPARE(page.impact().removedRegions, std::int64_t(hat));
        QVERIFY(page.impact().staleRegions.empty());
        page.apply();
        QVERIFY(settle(*window));

        QTRY_VERIFY_WITH_TIMEOUT(!page.draft()->isChanged(), kSlowMs);
        QVERIFY(settle(*window));
        QCOMPARE(stored().number, 2);
        QCOMPARE(regionsOf("top"), clothes);
        QCOMPARE(regionsOf("clothes"), 0);
        QCOMPARE(regionsOf("hat"), 0);
        QCOMPARE(window->session->undoStack()->count(), 1);
        QCOMPARE(page.versions()->rowCount(), 2);

        window->session->undoStack()->undo();
        QTRY_VERIFY_WITH_TIMEOUT(regionsOf("clothes") == clothes, kSlowMs);
        QVERIFY(settle(*window));
        QCOMPARE(regionsOf("hat"), hat);
        QCOMPARE(stored().version, defaultTaxonomy().version);
        QTRY_COMPARE_WITH_TIMEOUT(page.cards()->count(), 9, kSlowMs);
        // The version is still in the list, and comes back into the draft from there.
        QTRY_COMPARE_WITH_TIMEOUT(page.versions()->rowCount(), 2, kSlowMs);
        page.goBackTo(0);
        QCOMPARE(page.cards()->count(), 8);
        page.draft()->undoStack()->undo();
        QCOMPARE(page.cards()->count(), 9);
    }

    void badFilesAreRefusedAndTheDraftStays_data()
    {
        QTest::addColumn<QString>("patch"); // JSON Patch on a good file; empty for no JSON at all
        QTest::addColumn<QString>("message");
        QTest::newRow("an unknown class")
            << R"([{"op": "add", "path": "/groups/8/classes/-", "value": 40}])"
            << "unknown class id 40";
        QTest::newRow("a class in two exclusive groups")
            << R"([{"op": "add", "path": "/groups/1/exclusive", "value": true},
                   {"op": "add", "path": "/groups/2/exclusive", "value": true}])"
            << "both exclusive";
        QTest::newRow("an empty group")
            << R"([{"op": "replace", "path": "/groups/8/classes", "value": []}])"
            << "no class";
        QTest::newRow("no JSON") << ""
                                 << "bad.json";
    }

    void badFilesAreRefusedAndTheDraftStays()
    {
        QFETCH(QString, patch);
        QFETCH(QString, message);
        const auto window = openPage();
        QVERIFY(settle(*window));
        MergesPage &page = *window->page;
        page.draft()->setTitle(0, QStringLiteral("Headgear"));
        const QString path = m_folder->filePath(QStringLiteral("bad.json"));
        page.exportFile(path);
        QVERIFY(settle(*window));
        const Json good = readJsonFile(toStdString(path));
        writeFileAtomically(toStdString(path),
                            patch.isEmpty() ? std::string("{")
                                            : good.patch(Json::parse(toStdString(patch))).dump());

        page.importFile(path);

        QTRY_COMPARE_WITH_TIMEOUT(window->problems.size(), qsizetype(1), kSlowMs);
        QVERIFY2(window->problems.first().contains(message), qPrintable(window->problems.first()));
        QVERIFY(window->problems.first().contains(QStringLiteral("bad.json")));
        QCOMPARE(page.draft()->taxonomy().groups[0].title, std::string("Headgear"));
        QCOMPARE(stored().version, defaultTaxonomy().version);
    }

    void aGoodFileGoesIntoTheDraft()
    {
        const auto window = openPage();
        QVERIFY(settle(*window));
        MergesPage &page = *window->page;
        page.draft()->setPhrase(0, QStringLiteral("the cap"));
        const QString path = m_folder->filePath(QStringLiteral("good.json"));
        page.exportFile(path);
        QVERIFY(settle(*window));
        page.discard();
        QVERIFY(!page.draft()->isChanged());

        page.importFile(path);

        QTRY_VERIFY_WITH_TIMEOUT(page.draft()->isChanged(), kSlowMs);
        QCOMPARE(page.draft()->taxonomy().groups[0].phrase, std::string("the cap"));
        QVERIFY(window->problems.isEmpty());
    }

    void whatIsWrongInTheDraftKeepsItFromBeingApplied()
    {
        const auto window = openPage();
        QVERIFY(settle(*window));
        MergesPage &page = *window->page;
        const int hair = rowOf(page.draft()->taxonomy(), "hair");
        const int glasses = rowOf(page.draft()->taxonomy(), "glasses");

        page.draft()->setExclusive(hair, true);
        QVERIFY(page.problem().isEmpty());
        page.draft()->setExclusive(glasses, true);

        QVERIFY(page.problem().contains(QStringLiteral("face")));
        QVERIFY(page.problem().contains(QStringLiteral("take it out")));
        QVERIFY(!window->actions->action(QStringLiteral("merges.apply"))->isEnabled());
        page.apply();
        QVERIFY(settle(*window));
        QCOMPARE(stored().version, defaultTaxonomy().version);
        page.draft()->removeClass(glasses, 11);
        QVERIFY(page.problem().isEmpty());
    }

    void mergesThatCannotBeReadAreReturnedToTheShippedOnes()
    {
        const auto window = openPage();
        QVERIFY(settle(*window));
        MergesPage &page = *window->page;
        QVERIFY(!page.mendButton()->isVisible());
        const int clothes = regionsOf("clothes");
        {
            ProjectStore store =
                ProjectStore::open(toStdString(m_folder->filePath(QStringLiteral("people.sapsam"))));
            store.setSetting(kCurrentTaxonomyKey, "{\"name\": ");
        }

        QTRY_VERIFY_WITH_TIMEOUT(page.mendButton()->isVisible(), kSlowMs);
        QVERIFY(window->problems.isEmpty()); // said on the page, not in a dialog
        QVERIFY(!window->session->taxonomyProblem().isEmpty());
        QCOMPARE(page.cards()->count(), 9);
        QVERIFY(!page.mendButton()->accessibleName().isEmpty()
                || !page.mendButton()->text().isEmpty());
        QTest::mouseClick(page.mendButton(), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(!page.mendButton()->isVisible(), kSlowMs);
        QVERIFY(settle(*window));

        QCOMPARE(stored().version, defaultTaxonomy().version);
        QCOMPARE(regionsOf("clothes"), clothes);
        QTRY_VERIFY(window->session->taxonomyProblem().isEmpty());
        // As everything, it can be undone: what was there is back, and so is the offer.
        window->session->undoStack()->undo();
        QTRY_VERIFY_WITH_TIMEOUT(page.mendButton()->isVisible(), kSlowMs);
        window->session->undoStack()->redo();
        QTRY_VERIFY_WITH_TIMEOUT(!page.mendButton()->isVisible(), kSlowMs);
    }

    void withoutLabelMapsTheMasksServeAndItIsSaid()
    {
        const auto window = openPage(false);
        QVERIFY(settle(*window));
        MergesPage &page = *window->page;
        QCOMPARE(page.impact().labelled, std::int64_t(0));
        QCOMPARE(page.impact().masked, std::int64_t(12));
        QVERIFY(!page.strip()->tiles().empty());
        for (const PreviewTile &tile : page.strip()->tiles()) {
            QVERIFY(!tile.isExact);
            QVERIFY(!tile.remark.isEmpty());
        }
        page.draft()->removeClass(rowOf(page.draft()->taxonomy(), "hair"), 11);
        QVERIFY(page.impact().findGroup("hair")->isEstimate);
    }

    void modelsHoldTheirPromises()
    {
        ClassModel classes;
        ImpactModel impact;
        VersionModel versions;
        const QAbstractItemModelTester testClasses(
            &classes, QAbstractItemModelTester::FailureReportingMode::QtTest);
        const QAbstractItemModelTester testImpact(
            &impact, QAbstractItemModelTester::FailureReportingMode::QtTest);
        const QAbstractItemModelTester testVersions(
            &versions, QAbstractItemModelTester::FailureReportingMode::QtTest);
        Taxonomy taxonomy = defaultTaxonomy();
        const MergeFacts nothing;
        for (int round = 0; round < 3; ++round) {
            classes.setClasses(taxonomy, {{11, 3}}, round != 1);
            impact.setImpact(mergeImpact(nothing, defaultTaxonomy(), taxonomy), defaultTaxonomy(),
                             taxonomy);
            versions.setVersions(std::vector<TaxonomyVersionInfo>(
                static_cast<std::size_t>(round),
                TaxonomyVersionInfo{taxonomy.version, {}, "a note", "2026-01-02T03:04:05Z"}));
            QCOMPARE(versions.rowCount(), round);
            taxonomy.groups.pop_back();
        }
        QCOMPARE(classes.rowCount(), 17); // without the background
        QCOMPARE(impact.rowCount(), 9);   // two of them are gone
        QCOMPARE(classes.data(classes.index(10), ClassModel::PicturesRole).toInt(), 3);
    }

    void controlsHaveNames()
    {
        const auto window = openPage();
        QVERIFY(settle(*window));
        QStringList nameless;
        for (const QWidget *widget : window->page->findChildren<QWidget *>()) {
            const QString name = widget->objectName();
            if (name.startsWith(QLatin1String("qt_")) || widget->parentWidget()->inherits("QTabBar")
                || widget->parentWidget()->inherits("QTableView") || widget->inherits("QHeaderView")
                || widget->inherits("QScrollBar"))
                continue;
            const auto *button = qobject_cast<const QAbstractButton *>(widget);
            const bool isControl =
                button != nullptr || widget->inherits("QLineEdit") || widget->inherits("QComboBox")
                || widget->inherits("QAbstractItemView") || widget->inherits("QTabBar")
                || widget->inherits("sapsam::ui::GroupCard")
                || widget->inherits("sapsam::ui::ClassChip")
                || widget->inherits("sapsam::ui::PreviewStrip");
            // The list of a combo box is Qt's own.
            if (widget->window() != window->page->window())
                continue;
            if (isControl && widget->accessibleName().isEmpty()
                && (button == nullptr || button->text().isEmpty()))
                nameless.append(QString::fromLatin1(widget->metaObject()->className()));
        }
        QCOMPARE(nameless, QStringList());
        QCOMPARE(window->actions->clashes(), QStringList());
    }
};

QTEST_MAIN(TestMergesPage)
#include "tst_merges_page.moc"
