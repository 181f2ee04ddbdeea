// Strokes through the viewer, and the program killed in the middle of them: what was said to be
// saved is there, whole, with its way back. The program under test is this one, started again with
// a project in its environment; SAPSAM_KILLS sets how often it is killed.
#include "core/image/mask.h"
#include "core/pipeline/interactive.h"
#include "tests/ui/support/people_project.h"
#include "ui/pages/viewer/viewer_page.h"
#include "ui/support/text.h"

#include <QApplication>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <chrono>
#include <cstdio>
#include <memory>
#include <random>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

constexpr const char *kProjectVariable = "SAPSAM_STROKES_PROJECT";
constexpr const char *kGroup = "bag";
constexpr int kDefaultKills = 12;

// The n-th stroke sets the n-th pixel, in rows from the top.
QPointF placeOf(int number, const QSize &size)
{
    return {number % size.width() + 0.5, number / size.width() + 0.5};
}

// What is started: paints a pixel a stroke until it is killed, and writes the number of pixels that
// are stored, a line each. Now and then it undoes and does again.
class Painter final : public QObject
{
public:
    explicit Painter(const QString &project)
    {
        SessionOptions options;
        options.modelsFolder = QStringLiteral("no-models");
        options.palette = makePartPalette(defaultTaxonomy());
        m_session = std::make_unique<ProjectSession>(options);
        PageContext context;
        context.session = m_session.get();
        context.palette = options.palette;
        m_page = std::make_unique<ViewerPage>(context);
        m_page->resize(900, 700);
        m_page->show();
        connect(m_session.get(), &ProjectSession::detailsLoaded, this,
                [this](const PictureDetails &details) {
                    m_page->showDetails(details);
                    if (m_next < 0)
                        start();
                });
        connect(m_session.get(), &ProjectSession::imagesLoaded, this,
                [this](const std::vector<GalleryItem> &items) {
                    m_session->loadDetails(items.front().id);
                });
        connect(m_session.get(), &ProjectSession::edited, this, [this](const Edit &edit) {
            for (const Change &change : edit.changes) {
                const Json &now = edit.isUndone ? change.before : change.after;
                if (change.kind != EditKind::Region || !now.is_object() || edit.isUndone)
                    continue;
                const RegionRecord region = regionOfValue(now);
                std::printf("%d\n", static_cast<int>(region.area * region.width * region.height
                                                     + 0.5));
                std::fflush(stdout);
            }
        });
        m_session->open(project);
    }

private:
    void start()
    {
        m_page->chooseGroup(QString::fromLatin1(kGroup));
        m_page->setTool(CanvasTool::Brush);
        m_page->canvas()->setBrushRadius(0.5);
        m_next = 0;
        const int row = m_page->parts()->rowOf(QString::fromLatin1(kGroup));
        if (row >= 0) {
            const RegionRecord &region =
                m_page->parts()->parts()[static_cast<std::size_t>(row)].record;
            m_next = static_cast<int>(region.area * region.width * region.height + 0.5);
        }
        m_timer.setInterval(0);
        connect(&m_timer, &QTimer::timeout, this, [this] { paint(); });
        m_timer.start();
    }

    void paint()
    {
        if (m_next % 9 == 8 && !m_hasStepped) {
            if (!m_page->isSaved())
                return;
            m_session->undoStack()->undo();
            m_session->undoStack()->redo();
            m_hasStepped = true;
            return;
        }
        if (m_hasStepped && (!m_session->isIdle() || !m_page->isSaved()))
            return; // the step back is seen first, as a person would
        m_hasStepped = false;
        PictureCanvas *canvas = m_page->canvas();
        const QPoint at =
            canvas->view().viewFromPicture(placeOf(m_next, canvas->picture().size())).toPoint();
        QTest::mousePress(canvas, Qt::LeftButton, {}, at);
        QTest::mouseRelease(canvas, Qt::LeftButton, {}, at);
        ++m_next;
    }

    std::unique_ptr<ProjectSession> m_session;
    std::unique_ptr<ViewerPage> m_page;
    QTimer m_timer;
    int m_next = -1;
    bool m_hasStepped = false;
};

} // namespace

class TestViewerCrash : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void noStoredStrokeIsLostWhenTheWindowIsKilled()
    {
        QTemporaryDir dir;
        const QString folder = dir.filePath(QStringLiteral("people.sapsam"));
        test::PeopleProject people;
        people.identities = 1;
        people.picturesPerIdentity = 1;
        people.withParts = false;
        test::makePeopleProject(toStdString(folder), people);
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QString::fromLatin1(kProjectVariable), folder);
        const int kills = qEnvironmentVariableIsSet("SAPSAM_KILLS")
                              ? qEnvironmentVariableIntValue("SAPSAM_KILLS")
                              : kDefaultKills;
        std::mt19937 random(20262);
        int reported = 0;
        for (int round = 0; round < kills; ++round) {
            QProcess child;
            child.setProcessEnvironment(environment);
            child.setProcessChannelMode(QProcess::ForwardedErrorChannel);
            child.start(QCoreApplication::applicationFilePath(), QStringList());
            QVERIFY(child.waitForStarted());
            // After so many stored strokes, and then somewhere in the next ones.
            for (unsigned wanted = random() % 5 + 1; wanted > 0; --wanted) {
                while (!child.canReadLine())
                    QVERIFY(child.waitForReadyRead(60'000));
                reported = child.readLine().trimmed().toInt();
            }
            const auto pause = std::chrono::microseconds(random() % 6000);
            const auto begin = std::chrono::steady_clock::now();
            while (std::chrono::steady_clock::now() - begin < pause) {
            }
            child.kill();
            QVERIFY(child.waitForFinished());
            QCOMPARE(child.exitStatus(), QProcess::CrashExit);
            while (child.canReadLine())
                reported = child.readLine().trimmed().toInt();

            ProjectStore store = ProjectStore::open(toStdString(folder));
            QVERIFY(store.integrityProblems().empty());
            EditJournal journal(store);
            const std::vector<Edit> waiting = journal.redoable();
            QVERIFY(waiting.size() <= 1); // killed between its undo and its redo
            if (!waiting.empty())
                QCOMPARE(journal.redo().id, waiting.front().id);
            const ImageRecord image = store.image(store.imageIds().front());
            const auto pixels = [&] {
                const Mask mask =
                    maskOfPart(storedParts(store, image.id), kGroup, image.width, image.height);
                const auto area = static_cast<int>(mask.area());
                for (int i = 0; i < area; ++i) {
                    if (mask.bits[static_cast<std::size_t>(i)] == 0)
                        return -1; // a stroke of the row is missing
                }
                return area;
            };
            const int stored = pixels();
            QVERIFY2(stored >= reported, qPrintable(QStringLiteral("%1 were reported, %2 are stored")
                                                        .arg(reported)
                                                        .arg(stored)));
            QCOMPARE(static_cast<int>(journal.undoable().size()),
                     std::min(stored, EditJournal::kMaxSteps));
            const Edit step = journal.undo();
            QVERIFY(step.id != 0);
            QCOMPARE(pixels(), stored - 1);
            QCOMPARE(journal.redo().id, step.id);
            QCOMPARE(pixels(), stored);
            reported = stored;
        }
        QVERIFY(reported >= kills);
        qInfo("killed %d times, %d strokes stored", kills, reported);
    }
};

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    const QString project = qEnvironmentVariable(kProjectVariable);
    if (!project.isEmpty()) {
        const Painter painter(project);
        return QApplication::exec();
    }
    // Many kills take longer than Qt Test grants a test.
    if (qEnvironmentVariableIsSet("SAPSAM_KILLS")
        && !qEnvironmentVariableIsSet("QTEST_FUNCTION_TIMEOUT"))
        qputenv("QTEST_FUNCTION_TIMEOUT", "7200000");
    TestViewerCrash test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_viewer_crash.moc"
