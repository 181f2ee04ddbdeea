#include "core/taxonomy/taxonomy.h"
#include "tests/ui/support/people_project.h"
#include "ui/models/gallery_model.h"
#include "ui/pages/page.h"
#include "ui/support/icons.h"
#include "ui/support/text.h"
#include "ui/support/watched_application.h"
#include "ui/window/main_window.h"

#include <QElapsedTimer>
#include <QEventLoop>
#include <QMenu>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

#include <ctime>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

// Keeps the processor busy for so much of the thread's own time, on a loaded machine, too.
void spin(int ms)
{
    const auto used = [] {
        timespec time{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
    };
    const double start = used();
    while (used() - start < ms) {
    }
}

class Sleeper final : public QObject
{
    Q_OBJECT

public:
    int ms = 0;
    bool event(QEvent *event) override
    {
        if (event->type() != QEvent::User)
            return QObject::event(event);
        spin(ms);
        return true;
    }
};

WatchedApplication &watched()
{
    return *static_cast<WatchedApplication *>(qApp);
}

} // namespace

class TestWatchdog : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { watched().clearBlocks(); }

    void aBlockIsToldWithItsReceiver()
    {
        Sleeper sleeper;
        sleeper.setObjectName(QStringLiteral("slow one"));
        sleeper.ms = 400;
        QCoreApplication::postEvent(&sleeper, new QEvent(QEvent::User));
        QCoreApplication::processEvents();
        QCOMPARE(watched().blocks().size(), qsizetype{1});
        QVERIFY2(watched().blocks().first().contains(QStringLiteral("Sleeper")),
                 qPrintable(watched().blocks().first()));
        QVERIFY(watched().blocks().first().contains(QStringLiteral("User")));
    }

    void whatIsQuickIsNotTold()
    {
        Sleeper sleeper;
        sleeper.ms = 5;
        QCoreApplication::postEvent(&sleeper, new QEvent(QEvent::User));
        QCoreApplication::processEvents();
        QCOMPARE(watched().blocks(), QStringList());
    }

    void theCulpritInsideOfAnotherEventIsNamed()
    {
        Sleeper sleeper;
        sleeper.ms = 300;
        QTimer::singleShot(0, this, [&] {
            QEvent event(QEvent::User);
            QCoreApplication::sendEvent(&sleeper, &event);
        });
        QTRY_COMPARE(watched().blocks().size(), qsizetype{1});
        QVERIFY2(
            watched().blocks().first().contains(QStringLiteral("mostly the event User of Sleeper")),
            qPrintable(watched().blocks().first()));
    }

    void waitingInAMenuIsNoBlock()
    {
        QTimer::singleShot(0, this, [] {
            QEventLoop loop;
            QTimer::singleShot(300, &loop, &QEventLoop::quit);
            loop.exec();
        });
        QElapsedTimer clock;
        clock.start();
        QTRY_VERIFY(clock.elapsed() > 400);
        QCOMPARE(watched().blocks(), QStringList());
    }

    void theMainFlowDoesNotBlock()
    {
        const QTemporaryDir folder;
        const QString project = folder.filePath(QStringLiteral("people.sapsam"));
        test::PeopleProject people;
        people.identities = 30;
        test::makePeopleProject(toStdString(project), people);
        WindowOptions options;
        options.session.modelsFolder = folder.filePath(QStringLiteral("no-models"));
        options.session.engine.device = "cpu";
        options.session.palette = makePartPalette(defaultTaxonomy());
        options.configFolder = folder.filePath(QStringLiteral("config"));
        options.stateFolder = folder.filePath(QStringLiteral("state"));
        MainWindow window(options);
        window.resize(1280, 800);
        window.show();
        QTRY_VERIFY(window.isSettled());
        // What is drawn for the first time loads fonts and styles: the start is measured elsewhere.
        watched().clearBlocks();

        window.openProject(project);
        QTRY_COMPARE(window.galleryModel().rowCount(), 60);
        QTRY_VERIFY(window.isSettled());
        for (const WorkbenchPage *page : window.pages()) {
            if (!page->isAvailable())
                continue;
            window.showPage(page->pageId());
            QTRY_VERIFY_WITH_TIMEOUT(window.isSettled(), 60'000);
        }
        window.openRow(0);
        for (int step = 1; step < 8; ++step) {
            window.openRow(step);
            QTRY_VERIFY_WITH_TIMEOUT(window.isSettled(), 60'000);
        }
        window.session().close();
        QTRY_VERIFY(window.isSettled());

        QCOMPARE(watched().blocks(), QStringList());
    }
};

int main(int argc, char **argv)
{
    WatchedApplication application(argc, argv);
    application.setLimitMs(100);
    initializeResources();
    TestWatchdog test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_watchdog.moc"
