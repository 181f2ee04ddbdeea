#include "core/base/file.h"
#include "core/image/rle.h"
#include "core/store/label_maps.h"
#include "core/store/project_store.h"
#include "core/taxonomy/taxonomy.h"
#include "tests/ui/support/people_project.h"
#include "ui/canvas/picture_canvas.h"
#include "ui/dialogs/error_dialog.h"
#include "ui/gallery/thumbnail_grid.h"
#include "ui/models/gallery_model.h"
#include "ui/models/part_model.h"
#include "ui/pages/gallery/gallery_page.h"
#include "ui/pages/viewer/viewer_page.h"
#include "ui/support/action_registry.h"
#include "ui/support/icons.h"
#include "ui/support/text.h"
#include "ui/widgets/project_panel.h"
#include "ui/widgets/query_bar.h"
#include "ui/widgets/status_widgets.h"
#include "ui/window/main_window.h"
#include "ui/window/notice_bar.h"

#include <sqlite3.h>

#include <QAction>
#include <QDir>
#include <QDockWidget>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <memory>
#include <unistd.h>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

constexpr int kPictures = 6;

void runSql(const QString &project, const char *sql)
{
    sqlite3 *database = nullptr;
    QCOMPARE(
        sqlite3_open((project + QStringLiteral("/project.sqlite")).toUtf8().constData(), &database),
        SQLITE_OK);
    QCOMPARE(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
}

// What the whole program may write while this lives is what user 65534 may.
class NobodyRights
{
public:
    NobodyRights()
    {
        if (::geteuid() == 0)
            m_changed = ::seteuid(65534) == 0;
    }
    ~NobodyRights()
    {
        if (m_changed && ::seteuid(0) != 0)
            qFatal("the rights did not come back");
    }

private:
    bool m_changed = false;
};

QByteArray checksumOf(const QString &folder)
{
    QFile file(folder + QStringLiteral("/project.sqlite"));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

class TestWindowProjects : public QObject
{
    Q_OBJECT

private:
    WindowOptions options(const char *name = "one")
    {
        WindowOptions options;
        options.session.modelsFolder = m_folder->filePath(QStringLiteral("no-models"));
        options.session.engine.device = "cpu";
        options.session.palette = makePartPalette(defaultTaxonomy());
        options.configFolder =
            m_folder->filePath(QStringLiteral("config-%1").arg(QString::fromLatin1(name)));
        options.stateFolder =
            m_folder->filePath(QStringLiteral("state-%1").arg(QString::fromLatin1(name)));
        return options;
    }

    std::unique_ptr<MainWindow> open(const char *name = "one")
    {
        auto window = std::make_unique<MainWindow>(options(name));
        window->resize(1200, 800);
        window->show();
        window->openProject(m_project);
        return window;
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    QString m_project;

private Q_SLOTS:
    void initTestCase() { initializeResources(); }
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_project = m_folder->filePath(QStringLiteral("people.sapsam"));
        test::PeopleProject people;
        people.identities = kPictures / 2;
        test::makePeopleProject(toStdString(m_project), people);
    }

    void aNewerProjectIsToldAndLeftAlone()
    {
        runSql(m_project, "PRAGMA user_version = 9999");
        const QByteArray before = checksumOf(m_project);
        const auto window = open();

        QTRY_VERIFY(!window->problem().isEmpty());

        QVERIFY(window->problem().contains(QStringLiteral("newer version")));
        QVERIFY(window->problem().contains(QStringLiteral("9999")));
        QVERIFY(window->showsStartPage());
        const auto *dialog = window->findChild<ErrorDialog *>();
        QVERIFY(dialog != nullptr);
        QStringList texts;
        for (const QLabel *label : dialog->findChildren<QLabel *>())
            texts.append(label->text());
        QVERIFY(texts.join(u' ').contains(QStringLiteral("Install the newer version")));
        QCOMPARE(checksumOf(m_project), before);
    }

    void aReadOnlyDiskOpensForReading()
    {
        // The folders of the settings stay writable.
        QVERIFY(QFile::setPermissions(m_folder->path(), QFile::Permissions(0x7755)));
        for (const QString &folder : {options().configFolder, options().stateFolder}) {
            QVERIFY(QDir().mkpath(folder));
            QVERIFY(QFile::setPermissions(folder, QFile::Permissions(0x7777)));
        }
        if (::geteuid() != 0)
            QVERIFY(QFile::setPermissions(m_project, QFile::ReadOwner | QFile::ExeOwner));
        {
            const NobodyRights rights;
            const auto window = open();
            QTRY_COMPARE(window->galleryModel().rowCount(), kPictures);

            QVERIFY(window->session().isReadOnly());
            QVERIFY(window->notice().text().contains(QStringLiteral("people.sapsam")));
            QVERIFY(!window->actions().action(QStringLiteral("project.segment"))->isEnabled());
            QVERIFY(!window->actions().action(QStringLiteral("project.import"))->isEnabled());
            QVERIFY(window->actions()
                        .action(QStringLiteral("project.segment"))
                        ->toolTip()
                        .contains(window->session().readOnlyReason()));
            window->openRow(0);
            QTRY_COMPARE(window->viewerPage().shownId(), window->galleryModel().idAt(0));

            // An edit is refused with the reason, not lost in silence.
            QSignalSpy refused(&window->session(), &ProjectSession::editFailed);
            Edit edit;
            edit.title = "tag";
            window->session().edit(edit);
            QTRY_COMPARE(refused.count(), 1);
        }
        if (::geteuid() != 0)
            QFile::setPermissions(m_project,
                                  QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    }

    void aVanishedPictureLeavesItsMasksAndAMessage()
    {
        QString picture;
        {
            ProjectStore store = ProjectStore::open(toStdString(m_project));
            picture = toQString(store.images().front().path);
        }
        QVERIFY(QFile::remove(picture));
        const auto window = open();
        QTRY_COMPARE(window->galleryModel().rowCount(), kPictures);

        window->openRow(0);

        QTRY_VERIFY(window->notice().text().contains(QFileInfo(picture).fileName()));
        QVERIFY(window->notice().text().contains(QStringLiteral("Put the file back")));
        QVERIFY(window->viewerPage().canvas()->hasPicture());
        // It goes with the next picture.
        window->openRow(1);
        QTRY_VERIFY(window->notice().text().isEmpty());
    }

    void aMaskOfAnotherSizeIsToldAndTheOthersAreShown()
    {
        std::string group;
        {
            ProjectStore store = ProjectStore::open(toStdString(m_project));
            std::vector<RegionRecord> regions = store.regions(store.imageIds().front());
            QVERIFY(regions.size() > 1);
            group = regions.back().group;
            Mask mask(20, 30);
            mask.at(3, 3) = 1;
            regions.back().width = 20;
            regions.back().height = 30;
            regions.back().rle = rleToString(rleOfMask(mask));
            store.replaceRegions(store.imageIds().front(), regions, test::kPeopleModelHash, "test");
        }
        const auto window = open();
        QTRY_COMPARE(window->galleryModel().rowCount(), kPictures);

        window->openRow(0);

        QTRY_VERIFY(window->notice().text().contains(QStringLiteral("20 × 30")));
        QVERIFY(window->viewerPage().canvas()->hasPicture());
        QVERIFY(window->problem().isEmpty());
    }

    void aDamagedMaskIsToldAndTheOthersAreShown()
    {
        {
            ProjectStore store = ProjectStore::open(toStdString(m_project));
            std::vector<RegionRecord> regions = store.regions(store.imageIds().front());
            QVERIFY(regions.size() > 1);
            regions.back().rle = rleToString(rleOfMask(Mask(4, 4)));
            store.replaceRegions(store.imageIds().front(), regions, test::kPeopleModelHash, "test");
        }
        const auto window = open();
        QTRY_COMPARE(window->galleryModel().rowCount(), kPictures);

        window->openRow(0);

        QTRY_VERIFY2(window->notice().text().contains(QStringLiteral("damaged")),
                     qPrintable(window->notice().text()));
        QVERIFY(window->viewerPage().canvas()->hasPicture());
        QVERIFY(window->viewerPage().parts()->rowCount() > 1);
        QVERIFY(window->problem().isEmpty());
        // It goes with the next picture.
        window->openRow(1);
        QTRY_VERIFY(window->notice().text().isEmpty());
    }

    void theSecondWindowOfAProjectReadsAndNamesTheFirst()
    {
        auto first = open("one");
        QTRY_COMPARE(first->galleryModel().rowCount(), kPictures);
        QVERIFY(!first->session().isReadOnly());

        const auto second = open("two");
        QTRY_COMPARE(second->galleryModel().rowCount(), kPictures);

        QVERIFY(second->session().isReadOnly());
        QVERIFY(second->notice().text().contains(QString::number(::getpid())));
        QVERIFY(second->notice().text().contains(QSysInfo::machineHostName()));
        QVERIFY(!second->session().canTakeOver());
        // Nothing is offered that would be refused.
        QTRY_COMPARE(second->findChild<SavedLabel *>()->text(), QStringLiteral("Read only"));
        const auto *panel = second->findChild<ProjectPanel *>();
        for (const QPushButton *button : panel->findChildren<QPushButton *>())
            QVERIFY2(!button->isEnabled(), qPrintable(button->text()));
        QVERIFY(!first->session().isReadOnly());

        // When the first is closed, the second may change the project.
        first.reset();
        second->openProject(m_project);
        QTRY_VERIFY(second->session().isOpen() && !second->session().isReadOnly());
        QVERIFY(second->notice().text().isEmpty());
        QVERIFY(second->actions().action(QStringLiteral("project.import"))->isEnabled());
    }

    void aDeadWindowOfThisMachineIsForgotten()
    {
        // Beyond the largest number of a process.
        writeFileAtomically(toStdString(m_project + QStringLiteral("/window.lock")),
                            "99999999\nsapsam-workbench\n"
                                + toStdString(QSysInfo::machineHostName()) + "\n");
        const auto window = open();
        QTRY_COMPARE(window->galleryModel().rowCount(), kPictures);
        QVERIFY(!window->session().isReadOnly());
    }

    void aWindowOfAnotherMachineCanBeTakenOver()
    {
        writeFileAtomically(toStdString(m_project + QStringLiteral("/window.lock")),
                            "4711\nsapsam-workbench\nfarmachine\n");
        const auto window = open();
        QTRY_COMPARE(window->galleryModel().rowCount(), kPictures);
        QVERIFY(window->session().isReadOnly());
        QVERIFY(window->session().canTakeOver());
        QVERIFY(window->notice().text().contains(QStringLiteral("4711")));
        QVERIFY(window->notice().text().contains(QStringLiteral("farmachine")));

        Q_EMIT window->notice().buttonClicked();

        QTRY_VERIFY(window->session().isOpen() && !window->session().isReadOnly());
    }

    void pageAndPictureComeBack()
    {
        qint64 picture = 0;
        {
            const auto window = open();
            QTRY_COMPARE(window->galleryModel().rowCount(), kPictures);
            window->openRow(3);
            QTRY_COMPARE(window->viewerPage().shownId(), window->galleryModel().idAt(3));
            picture = window->viewerPage().shownId();
            window->close();
        }
        const auto window = open();
        QTRY_COMPARE(window->galleryModel().rowCount(), kPictures);
        QTRY_COMPARE(window->viewerPage().shownId(), picture);
        QCOMPARE(window->currentPage()->pageId(), QStringLiteral("viewer"));
    }

    void layoutsAreSavedAppliedAndReset()
    {
        const auto window = open();
        QTRY_COMPARE(window->galleryModel().rowCount(), kPictures);
        auto *left = window->findChild<QDockWidget *>(QStringLiteral("projectDock"));
        QVERIFY(!left->isHidden());

        window->applyLayout(QStringLiteral("annotate"));
        QVERIFY(left->isHidden());
        QCOMPARE(window->currentPage()->pageId(), QStringLiteral("viewer"));
        window->saveLayoutAs(QStringLiteral("mine"));
        window->actions().action(QStringLiteral("view.reset-layout"))->trigger();
        QVERIFY(!left->isHidden());
        window->showPage(QStringLiteral("gallery"));

        window->applyLayout(QStringLiteral("mine"));
        QVERIFY(left->isHidden());
        QCOMPARE(window->currentPage()->pageId(), QStringLiteral("viewer"));
        window->applyLayout(QStringLiteral("unheard of"));
        QVERIFY(left->isHidden());

        window->actions().action(QStringLiteral("view.left-side"))->trigger();
        QVERIFY(!left->isHidden());
        window->actions().action(QStringLiteral("view.left-side"))->trigger();
        QVERIFY(left->isHidden());
    }

    void lettersOfAPageAreTextInTheQuery()
    {
        const auto window = open();
        QTRY_COMPARE(window->galleryModel().rowCount(), kPictures);
        window->openRow(1);
        QTRY_COMPARE(window->viewerPage().shownId(), window->galleryModel().idAt(1));
        QApplication::setActiveWindow(window.get());
        QVERIFY(QTest::qWaitForWindowActive(window.get()));
        const QString letters = QStringLiteral("adqewrfpxgk123[]?/");

        QList<QLineEdit *> fields;
        for (QLineEdit *field : window->findChildren<QLineEdit *>()) {
            if (field->isVisible() && field->isEnabled() && !field->isReadOnly()
                && field->validator() == nullptr && field->inputMask().isEmpty())
                fields.append(field);
        }
        QVERIFY(!fields.isEmpty());
        const QString page = window->currentPage()->pageId();
        for (QLineEdit *field : std::as_const(fields)) {
            field->setFocus();
            field->clear();
            field->setCompleter(nullptr);
            QTest::keyClicks(field, letters);
            QCOMPARE(field->text(), letters);
        }
        QCOMPARE(window->currentPage()->pageId(), page);
        QCOMPARE(window->viewerPage().shownId(), window->galleryModel().idAt(1));
    }

    void demoIsMadeAtTheFirstUse()
    {
        WindowOptions wanted = options();
        wanted.demoTarget = m_folder->filePath(QStringLiteral("data/demo/people.sapsam"));
        MainWindow window(wanted);
        window.show();
        QPushButton *demo = nullptr;
        for (QPushButton *button : window.findChildren<QPushButton *>()) {
            if (button->text() == QStringLiteral("Open demo project"))
                demo = button;
        }
        QVERIFY(demo != nullptr && demo->isEnabled());

        demo->click();

        QTRY_COMPARE_WITH_TIMEOUT(window.galleryModel().rowCount(), 120, 60'000);
        // There are no models here: the preparation says so, the pictures stay.
        QTRY_VERIFY_WITH_TIMEOUT(!window.session().isWorking(), 60'000);
        QVERIFY(!window.showsStartPage());
        QCOMPARE(window.session().folder(), wanted.demoTarget);
        // The merges are previewed exactly there.
        ProjectStore store =
            ProjectStore::open(toStdString(wanted.demoTarget), ProjectStore::Access::ReadOnly);
        QCOMPARE(labelMapCount(store), std::int64_t(120));
    }
};

QTEST_MAIN(TestWindowProjects)
#include "tst_window_projects.moc"
