#include "core/base/file.h"
#include "core/base/sha256.h"
#include "core/image/codec.h"
#include "core/image/rle.h"
#include "core/pipeline/engines.h"
#include "core/pipeline/jobs.h"
#include "core/pipeline/searcher.h"
#include "core/store/project_store.h"
#include "core/taxonomy/taxonomy.h"
#include "ui/canvas/picture_canvas.h"
#include "ui/dialogs/cheat_sheet_dialog.h"
#include "ui/dialogs/command_palette.h"
#include "ui/dialogs/error_dialog.h"
#include "ui/dialogs/import_dialog.h"
#include "ui/dialogs/settings_dialog.h"
#include "ui/gallery/thumbnail_grid.h"
#include "ui/models/part_model.h"
#include "ui/pages/gallery/gallery_page.h"
#include "ui/pages/search/explanation_panel.h"
#include "ui/pages/search/search_page.h"
#include "ui/pages/viewer/viewer_page.h"
#include "ui/support/action_registry.h"
#include "ui/support/icons.h"
#include "ui/support/text.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/query_bar.h"
#include "ui/widgets/status_widgets.h"
#include "ui/window/main_window.h"
#include "ui/window/notice_bar.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAbstractSlider>
#include <QAction>
#include <QComboBox>
#include <QDir>
#include <QFile>
#include <QLineEdit>
#include <QMenuBar>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QScrollBar>
#include <QSettings>
#include <QSignalSpy>
#include <QTabBar>
#include <QTemporaryDir>
#include <QTest>

#include <memory>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

constexpr int kSlowMs = 120'000; // for the real models on a loaded machine
constexpr int kPictures = 6;
constexpr int kWidth = 48;
constexpr int kHeight = 128;

// A person of two colours on grey: enough for a window, and told apart by any model.
Image drawPerson(int number)
{
    static constexpr std::uint8_t kColours[6][3] = {{200, 30, 30},  {30, 60, 200}, {30, 150, 60},
                                                    {230, 200, 40}, {20, 20, 20},  {235, 235, 235}};
    Image image(kWidth, kHeight, 3, 128);
    for (int y = 8; y < 120; ++y) {
        const std::uint8_t *colour = kColours[(y < 64 ? number : number + 2) % 6];
        for (int x = 14; x < 34; ++x) {
            for (int channel = 0; channel < 3; ++channel)
                image.at(x, y)[channel] = colour[channel];
        }
    }
    return image;
}

RegionRecord makeRegion(const char *group, const Box &box)
{
    Mask mask(kWidth, kHeight);
    for (int y = box.top; y < box.bottom; ++y) {
        for (int x = box.left; x < box.right; ++x)
            mask.at(x, y) = 1;
    }
    RegionRecord region;
    region.group = group;
    region.width = kWidth;
    region.height = kHeight;
    region.rle = rleToString(rleOfMask(mask));
    region.bounds = box;
    region.area = static_cast<double>(mask.area()) / (kWidth * kHeight);
    region.score = 0.8;
    region.modelHash = "0123456789abcdef";
    region.taxonomyVersion = "test";
    return region;
}

// A project with a few pictures; with masks and phrases when wanted.
void makeProject(const QString &folder, bool withParts)
{
    const QString pictures = folder + QStringLiteral("-pictures");
    QVERIFY(QDir().mkpath(pictures));
    ProjectStore store = ProjectStore::create(toStdString(folder));
    for (int number = 0; number < kPictures; ++number) {
        // A name beyond ASCII: the way of the bytes must not go through the locale.
        const std::string path =
            toStdString(pictures + QStringLiteral("/persön %1.png").arg(number));
        writeFileAtomically(path, encodePng(drawPerson(number)));
        ImageRecord record;
        record.path = path;
        record.sha256 = sha256OfFile(path);
        record.width = kWidth;
        record.height = kHeight;
        record.source = "folder";
        const std::int64_t id = store.addImage(record).id;
        if (!withParts)
            continue;
        store.replaceRegions(
            id, {makeRegion("clothes", {14, 20, 34, 64}), makeRegion("pants", {14, 64, 34, 110})},
            "0123456789abcdef", "test");
        PhraseRecord phrase;
        phrase.regionId = store.regions(id).front().id;
        phrase.text = "a plain jacket";
        phrase.modelHash = "fedcba";
        phrase.templateVersion = "test";
        store.setPhrase(phrase);
    }
}

QString modelsFolder()
{
    return QString::fromStdString(std::string(SAPSAM_SOURCE_DIR)) + QStringLiteral("/models");
}

bool needsName(const QWidget *widget)
{
    if (qobject_cast<const QScrollBar *>(widget) != nullptr)
        return false; // named by Qt
    return qobject_cast<const QAbstractButton *>(widget) != nullptr
           || qobject_cast<const QLineEdit *>(widget) != nullptr
           || qobject_cast<const QPlainTextEdit *>(widget) != nullptr
           || qobject_cast<const QAbstractSlider *>(widget) != nullptr
           || qobject_cast<const QAbstractItemView *>(widget) != nullptr
           || qobject_cast<const QComboBox *>(widget) != nullptr
           || qobject_cast<const QProgressBar *>(widget) != nullptr
           || qobject_cast<const QTabBar *>(widget) != nullptr
           || qobject_cast<const PictureCanvas *>(widget) != nullptr;
}

QStringList namelessControls(const QWidget &root)
{
    QStringList nameless;
    for (const QWidget *widget : root.findChildren<QWidget *>()) {
        // Qt's own parts inside of larger controls: the corner of a table, the clear button.
        const QString name = widget->objectName();
        const bool isInner =
            name.startsWith(QLatin1String("qt_")) || widget->parentWidget()->inherits("QLineEdit")
            || widget->parentWidget()->inherits("QTableView")
            || widget->parentWidget()->inherits("QTabBar") || widget->inherits("QHeaderView")
            || widget->inherits("QComboBoxListView") || widget->inherits("QToolBarExtension")
            || widget->inherits("QDockWidgetTitleButton");
        if (isInner || !needsName(widget))
            continue;
        const auto *button = qobject_cast<const QAbstractButton *>(widget);
        // A button that gets its text when it is shown (an empty state, a notice).
        if (button != nullptr && button->isHidden() && button->text().isEmpty()
            && button->icon().isNull())
            continue;
        const bool hasText = button != nullptr && !button->text().isEmpty();
        if (widget->accessibleName().isEmpty() && !hasText)
            nameless.append(
                QStringLiteral("%1 '%2' in %3")
                    .arg(QString::fromLatin1(widget->metaObject()->className()), name,
                         QString::fromLatin1(widget->parentWidget()->metaObject()->className())));
    }
    return nameless;
}

} // namespace

class TestMainWindow : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<MainWindow> makeWindow(const QString &models = {})
    {
        WindowOptions options;
        options.session.modelsFolder =
            models.isEmpty() ? m_folder->filePath(QStringLiteral("no-models")) : models;
        options.session.engine.device = "cpu";
        options.session.palette = makePartPalette(defaultTaxonomy());
        options.configFolder = m_folder->filePath(QStringLiteral("config"));
        options.stateFolder = m_folder->filePath(QStringLiteral("state"));
        auto window = std::make_unique<MainWindow>(options);
        window->resize(1200, 800);
        window->show();
        return window;
    }

    QString project(bool withParts = true)
    {
        const QString folder = m_folder->filePath(QStringLiteral("people.sapsam"));
        makeProject(folder, withParts);
        return folder;
    }

    std::unique_ptr<QTemporaryDir> m_folder;

private Q_SLOTS:
    void initTestCase() { initializeResources(); }
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        QVERIFY(m_folder->isValid());
    }

    void firstRunOffersProjects()
    {
        const auto window = makeWindow();

        QVERIFY(window->showsStartPage());
        QTRY_VERIFY(window->isSettled());
        QVERIFY(!window->actions().action(QStringLiteral("project.import"))->isEnabled());
        QVERIFY(window->problem().isEmpty());
        QVERIFY(!window->grab().isNull());
    }

    void projectOpensWithItsPictures()
    {
        const QString folder = project();
        const auto window = makeWindow();

        window->openProject(folder);

        QTRY_VERIFY(!window->showsStartPage());
        QTRY_COMPARE(window->galleryModel().rowCount(), kPictures);
        QTRY_VERIFY(window->isSettled());
        QVERIFY(window->windowTitle().contains(QStringLiteral("people")));
        QVERIFY(window->savedLabel().text().contains(QStringLiteral("saved")));
        QTRY_VERIFY(window->deviceChip().text().contains(QStringLiteral("CPU")));
        QVERIFY(!window->deviceChip().toolTip().isEmpty());
        QVERIFY(QDir(m_folder->filePath(QStringLiteral("state"))).exists()
                || QDir().mkpath(m_folder->filePath(QStringLiteral("state"))));
    }

    void everyMenuHasANameOfItsOwn()
    {
        const auto window = makeWindow();
        window->openProject(project());
        QTRY_COMPARE(window->galleryModel().rowCount(), kPictures);

        for (const WorkbenchPage *page : window->pages()) {
            window->showPage(page->pageId());
            QStringList names;
            for (const QAction *menu : window->menuBar()->actions()) {
                if (menu->isVisible())
                    names.append(menu->text().remove(QLatin1Char('&')));
            }
            QVERIFY(names.size() > 4);
            QVERIFY2(names.removeDuplicates() == 0, qPrintable(page->pageId()));
        }
    }

    void missingProjectIsAMessage()
    {
        const auto window = makeWindow();

        window->openProject(m_folder->filePath(QStringLiteral("nowhere.sapsam")));

        QTRY_VERIFY(!window->problem().isEmpty());
        QVERIFY(window->problem().contains(QStringLiteral("nowhere")));
        QVERIFY(window->showsStartPage());
    }

    void viewerShowsMasksAndStepsThroughTheGallery()
    {
        const QString folder = project();
        const auto window = makeWindow();
        window->openProject(folder);
        QTRY_COMPARE(window->galleryModel().rowCount(), kPictures);

        window->openRow(1);
        QTRY_COMPARE(window->viewerPage().shownId(), window->galleryModel().idAt(1));
        QCOMPARE(window->viewerPage().parts()->rowCount(), 2);
        QVERIFY(window->viewerPage().canvas()->hasPicture());

        QTest::keyClick(window->viewerPage().canvas(), Qt::Key_D);
        QTRY_COMPARE(window->viewerPage().shownId(), window->galleryModel().idAt(2));
        QTest::keyClick(window->viewerPage().canvas(), Qt::Key_Left);
        QTRY_COMPARE(window->viewerPage().shownId(), window->galleryModel().idAt(1));

        const QString group = makePartPalette(defaultTaxonomy()).styles().front().group;
        QTest::keyClick(window->viewerPage().canvas(), Qt::Key_1);
        QCOMPARE(window->viewerPage().group(), group);
        QTest::keyClick(window->viewerPage().canvas(), Qt::Key_V);
        QVERIFY(window->viewerPage().parts()->hiddenGroups().contains(group));
    }

    void unreadablePictureIsToldAboveTheViewer()
    {
        const QString folder = project();
        writeFileAtomically(toStdString(folder + QStringLiteral("-pictures/persön 0.png")),
                            "no picture");
        const auto window = makeWindow();
        window->openProject(folder);
        QTRY_COMPARE(window->galleryModel().rowCount(), kPictures);

        window->openRow(0);

        QTRY_VERIFY(window->notice().text().contains(QStringLiteral("persön 0.png")));
        // Its masks stand on a grey sheet of its size.
        QVERIFY(window->viewerPage().canvas()->hasPicture());
        QCOMPARE(window->viewerPage().parts()->rowCount(), 2);
        QTRY_VERIFY(window->isSettled());
    }

    void emptyQueryAsksForADescription()
    {
        const QString folder = project();
        const auto window = makeWindow();
        window->openProject(folder);
        QTRY_COMPARE(window->galleryModel().rowCount(), kPictures);

        Q_EMIT window->queryBar().searchRequested(QStringLiteral("   "));

        QTRY_VERIFY(window->searchPage().message().contains(QStringLiteral("description")));
        QCOMPARE(window->galleryModel().rowCount(), kPictures);
    }

    void missingModelsAreToldWhenSearching()
    {
        const QString folder = project();
        const auto window = makeWindow();
        window->openProject(folder);
        QTRY_COMPARE(window->galleryModel().rowCount(), kPictures);

        window->runQuery(QStringLiteral("a man in a black coat"));

        QTRY_VERIFY(window->searchPage().message().contains(QStringLiteral("no-models")));
        QCOMPARE(window->galleryModel().rowCount(), kPictures);
    }

    void failedJobIsInTheLogAndInADialog()
    {
        const QString folder = project();
        const auto window = makeWindow();
        window->openProject(folder);
        QTRY_COMPARE(window->galleryModel().rowCount(), kPictures);

        window->session().prepareAll();

        QTRY_VERIFY(!window->problem().isEmpty());
        QTRY_VERIFY(!window->session().isWorking());
        JobLogModel &jobs = window->session().jobs();
        QCOMPARE(jobs.rowCount(), 3);
        // What builds on the failed step is dropped, not tried.
        QCOMPARE(jobs.entryAt(0)->state, JobState::Failed);
        QCOMPARE(jobs.entryAt(1)->state, JobState::Cancelled);
        QCOMPARE(jobs.entryAt(2)->state, JobState::Cancelled);
        QVERIFY(window->findChild<ErrorDialog *>() != nullptr);
    }

    void picturesAreImportedWhileTheGalleryIsShown()
    {
        const QString folder = project();
        const QString more = m_folder->filePath(QStringLiteral("more"));
        QVERIFY(QDir().mkpath(more));
        for (int number = 0; number < 3; ++number)
            writeFileAtomically(toStdString(more + QStringLiteral("/%1.png").arg(number)),
                                encodePng(drawPerson(number + 1)));
        writeFileAtomically(toStdString(more + QStringLiteral("/bad.png")), "no picture");
        const auto window = makeWindow();
        window->openProject(folder);
        QTRY_COMPARE(window->galleryModel().rowCount(), kPictures);

        window->session().importPaths({more}, false);

        QTRY_COMPARE(window->galleryModel().rowCount(), kPictures + 3);
        const JobEntry *job = window->session().jobs().entryAt(0);
        QTRY_COMPARE(job->state, JobState::Done);
        QCOMPARE(job->notes.size(), qsizetype{1});
        QVERIFY(job->notes.first().contains(QStringLiteral("bad.png")));
    }

    void keysDoNotClash()
    {
        const auto window = makeWindow();

        // Joined: a failure shows them.
        QCOMPARE(window->actions().clashes().join(u'\n'), QString());
        QVERIFY(window->actions().specs().size() > 25);
    }

    void clashesAreFoundWithinAScopeAndWithTheGlobalKeys()
    {
        QWidget owner;
        ActionRegistry registry;
        const auto add = [&](const char *id, const char *key, ActionScope scope) {
            ActionSpec spec;
            spec.id = QString::fromLatin1(id);
            spec.text = spec.id;
            spec.keys = {QKeySequence(QString::fromLatin1(key))};
            spec.scope = scope;
            registry.add(spec, &owner);
        };
        add("a", "Ctrl+L", ActionScope::Global);
        add("b", "D", ActionScope::Viewer);
        add("c", "D", ActionScope::Gallery);
        QCOMPARE(registry.clashes().size(), 0);

        add("d", "Ctrl+L", ActionScope::Viewer);
        add("e", "D", ActionScope::Viewer);

        QCOMPARE(registry.clashes().size(), 2);
    }

    void everyControlHasAName()
    {
        const QString folder = project();
        const auto window = makeWindow();
        window->openProject(folder);
        QTRY_COMPARE(window->galleryModel().rowCount(), kPictures);
        window->openRow(0);
        QTRY_VERIFY(window->isSettled());

        // Every page, as it is when it is shown.
        for (const WorkbenchPage *page : window->pages()) {
            window->showPage(page->pageId());
            QTRY_VERIFY_WITH_TIMEOUT(window->isSettled(), kSlowMs);
            QCOMPARE(namelessControls(*window).mid(0, 4).join(u'\n'), QString());
        }
        window->showSettings();
        QCOMPARE(namelessControls(*window->findChild<SettingsDialog *>()).join(u'\n'), QString());
        const CommandPalette palette(window->actions(), {}, window.get());
        QCOMPARE(namelessControls(palette).join(u'\n'), QString());
        const ImportDialog import({QStringLiteral("/a")}, window.get());
        QCOMPARE(namelessControls(import).join(u'\n'), QString());
        const CheatSheetDialog keys(window->actions().specs(), window.get());
        QCOMPARE(namelessControls(keys).join(u'\n'), QString());
        const ErrorDialog error(QStringLiteral("Embed"), {ErrorKind::NoSpace, "full"},
                                window.get());
        QCOMPARE(namelessControls(error).join(u'\n'), QString());
    }

    void themeChangesAtOnceAndIsRemembered()
    {
        {
            const auto window = makeWindow();
            const QColor before = qApp->palette().color(QPalette::Window);
            window->actions().action(QStringLiteral("view.theme"))->trigger();
            QVERIFY(qApp->palette().color(QPalette::Window) != before);
            QCOMPARE(themeOf(qApp->palette()), ThemeKind::Dark);
            QVERIFY(!window->grab().isNull());
        }
        const auto window = makeWindow();
        QCOMPARE(themeOf(qApp->palette()), ThemeKind::Dark);
        window->actions().action(QStringLiteral("view.theme"))->trigger();
        QCOMPARE(themeOf(qApp->palette()), ThemeKind::Light);
    }

    void closedProjectLeavesTheStartPageAndARecentEntry()
    {
        const QString folder = project();
        {
            const auto window = makeWindow();
            window->openProject(folder);
            QTRY_COMPARE(window->galleryModel().rowCount(), kPictures);
            window->session().close();
            QVERIFY(window->showsStartPage());
            QCOMPARE(window->galleryModel().rowCount(), 0);
            window->openProject(folder);
            QTRY_COMPARE(window->galleryModel().rowCount(), kPictures);
        }
        const Settings settings(m_folder->filePath(QStringLiteral("config")),
                                m_folder->filePath(QStringLiteral("state")));
        QCOMPARE(settings.recentProjects(), QStringList{folder});
        QVERIFY(!settings.layout().isEmpty());
    }

    void queryShowsTheOrderOfTheSearcher()
    {
        if (!QFile::exists(modelsFolder() + QStringLiteral("/manifest.json")))
            QSKIP("models/manifest.json is not there yet: train the default models first");
        const QString folder = project(false);
        EngineOptions options;
        options.device = "cpu";
        const QString query = QStringLiteral("a person in a red jacket and green pants");
        SearchResponse expected;
        {
            ProjectStore store = ProjectStore::open(toStdString(folder));
            Engines engines(toStdString(modelsFolder()), options);
            QCOMPARE(embedProject(store, engines, {}, {}).images, std::int64_t{kPictures});
            SearchRequest request;
            request.text = toStdString(query);
            request.top = 0;
            expected = Searcher(store, engines).search(request);
        }
        QCOMPARE(expected.hits.size(), static_cast<std::size_t>(kPictures));
        const auto window = makeWindow(modelsFolder());
        window->openProject(folder);
        QTRY_COMPARE(window->galleryModel().rowCount(), kPictures);

        // As a person does it: focus by key, type, Enter.
        auto *edit = window->queryBar().findChild<QLineEdit *>();
        window->actions().action(QStringLiteral("search.focus"))->trigger();
        QTest::keyClicks(edit, query);
        QTest::keyClick(edit, Qt::Key_Return);

        SearchPage &page = window->searchPage();
        QTRY_COMPARE_WITH_TIMEOUT(page.model()->rowCount(), kPictures, kSlowMs);
        for (int row = 0; row < kPictures; ++row) {
            const SearchHit &hit = expected.hits[static_cast<std::size_t>(row)];
            QCOMPARE(page.model()->idAt(row), static_cast<qint64>(hit.imageId));
            QCOMPARE(page.model()->hitAt(row)->rank, hit.rank);
            QCOMPARE(page.model()->hitAt(row)->score, hit.score);
        }
        QCOMPARE(page.chips().size(), static_cast<qsizetype>(expected.parts.size()));
        QVERIFY(page.explanation()->rowCount() > 0);
        // The gallery goes on browsing.
        QVERIFY(!window->galleryModel().isRanked());
        QCOMPARE(window->galleryModel().rowCount(), kPictures);
    }

    void searchBeforeEmbeddingOffersToEmbed()
    {
        if (!QFile::exists(modelsFolder() + QStringLiteral("/manifest.json")))
            QSKIP("models/manifest.json is not there yet: train the default models first");
        const QString folder = project(false);
        const auto window = makeWindow(modelsFolder());
        window->openProject(folder);
        QTRY_COMPARE(window->galleryModel().rowCount(), kPictures);

        window->runQuery(QStringLiteral("a red jacket"));
        SearchPage &page = window->searchPage();
        QTRY_VERIFY_WITH_TIMEOUT(
            page.emptyState()->title().contains(QStringLiteral("Nothing to search")), kSlowMs);
        Q_EMIT page.emptyState()->buttonClicked();

        // Embeds, and then answers the question that was asked.
        QTRY_COMPARE_WITH_TIMEOUT(page.model()->rowCount(), kPictures, kSlowMs);
        QVERIFY(!page.showsEmptyState());
    }
};

QTEST_MAIN(TestMainWindow)
#include "tst_main_window.moc"
