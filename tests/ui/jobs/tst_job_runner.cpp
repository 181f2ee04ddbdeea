#include "ui/jobs/job_runner.h"

#include <QCoreApplication>
#include <QSemaphore>
#include <QSignalSpy>
#include <QTest>
#include <QThread>

#include <atomic>
#include <memory>
#include <new>
#include <stdexcept>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

struct Finish
{
    JobId job = 0;
    JobOutcome outcome = JobOutcome::Done;
    ErrorReport error;
};

// Collects the ends of jobs.
class Ends
{
public:
    explicit Ends(JobRunner *runner)
    {
        QObject::connect(runner, &JobRunner::finished,
                         [this](JobId job, JobOutcome outcome, const ErrorReport &error) {
                             list.push_back({job, outcome, error});
                         });
    }

    std::vector<Finish> list;
};

void waitForCancel(const CancelToken &cancel)
{
    while (!cancel.isCancelled())
        QThread::yieldCurrentThread();
}

} // namespace

class TestJobRunner : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void doneJobDeliversItsResultOnTheGuiThreadOnce()
    {
        JobRunner runner(QStringLiteral("test"));
        Ends ends(&runner);
        Qt::HANDLE workThread = nullptr;
        QThread *deliveryThread = nullptr;
        int result = 0;

        const JobId job = runner.start(
            QStringLiteral("sum"), &runner,
            [&workThread](const CancelToken &, const ProgressSink &) {
                workThread = QThread::currentThreadId();
                return 42;
            },
            [&](int value) {
                result = value;
                deliveryThread = QThread::currentThread();
            });

        QTRY_COMPARE(ends.list.size(), std::size_t{1});
        QCOMPARE(ends.list[0].job, job);
        QCOMPARE(ends.list[0].outcome, JobOutcome::Done);
        QCOMPARE(result, 42);
        QCOMPARE(deliveryThread, QCoreApplication::instance()->thread());
        QVERIFY(workThread != QThread::currentThreadId());
        QVERIFY(runner.isIdle());
        QCoreApplication::processEvents();
        QCOMPARE(ends.list.size(), std::size_t{1});
    }

    void cancelledJobIsNoFailureAndKeepsWhatItHas()
    {
        JobRunner runner(QStringLiteral("test"));
        Ends ends(&runner);
        QSignalSpy started(&runner, &JobRunner::started);
        int done = 0;

        const JobId job = runner.start(
            QStringLiteral("long"), &runner,
            [](const CancelToken &cancel, const ProgressSink &) {
                waitForCancel(cancel);
                return 7; // what was made before the cancelling
            },
            [&done](int value) { done = value; });
        QVERIFY(started.wait());
        runner.cancel(job);

        QTRY_COMPARE(ends.list.size(), std::size_t{1});
        QCOMPARE(ends.list[0].outcome, JobOutcome::Cancelled);
        QVERIFY(ends.list[0].error.message.empty());
        QCOMPARE(done, 7);
    }

    void whateverAJobThrowsArrivesAsAValue_data()
    {
        QTest::addColumn<int>("thrown");
        QTest::addColumn<int>("kind");
        QTest::newRow("our error") << 0 << static_cast<int>(ErrorKind::Corrupt);
        QTest::newRow("no memory") << 1 << static_cast<int>(ErrorKind::OutOfMemory);
        QTest::newRow("standard exception") << 2 << static_cast<int>(ErrorKind::Internal);
        QTest::newRow("something odd") << 3 << static_cast<int>(ErrorKind::Internal);
    }

    void whateverAJobThrowsArrivesAsAValue()
    {
        QFETCH(int, thrown);
        QFETCH(int, kind);
        JobRunner runner(QStringLiteral("test"));
        Ends ends(&runner);
        bool delivered = false;

        runner.start(
            QStringLiteral("bad"), &runner,
            [thrown](const CancelToken &, const ProgressSink &) -> int {
                if (thrown == 0)
                    throw Error(ErrorKind::Corrupt, "a.png is truncated");
                if (thrown == 1)
                    throw std::bad_alloc();
                if (thrown == 2)
                    throw std::runtime_error("unexpected");
                throw 3;
            },
            [&delivered](int) { delivered = true; });

        QTRY_COMPARE(ends.list.size(), std::size_t{1});
        QCOMPARE(ends.list[0].outcome, JobOutcome::Failed);
        QCOMPARE(static_cast<int>(ends.list[0].error.kind), kind);
        QVERIFY(!ends.list[0].error.message.empty());
        QVERIFY(!delivered);
    }

    void laneGoesOnAfterAFailure()
    {
        JobRunner runner(QStringLiteral("test"));
        Ends ends(&runner);

        runner.start(
            QStringLiteral("bad"), &runner,
            [](const CancelToken &, const ProgressSink &) { throw Error(ErrorKind::Io, "x"); },
            [] {});
        runner.start(
            QStringLiteral("good"), &runner, [](const CancelToken &, const ProgressSink &) {},
            [] {});

        QTRY_COMPARE(ends.list.size(), std::size_t{2});
        QCOMPARE(ends.list[1].outcome, JobOutcome::Done);
    }

    void waitingJobIsCancelledWithoutRunning()
    {
        JobRunner runner(QStringLiteral("test"));
        Ends ends(&runner);
        QSemaphore gate;
        std::atomic<bool> ran{false};
        runner.start(
            QStringLiteral("first"), &runner,
            [&gate](const CancelToken &, const ProgressSink &) { gate.acquire(); }, [] {});
        const JobId second = runner.start(
            QStringLiteral("second"), &runner,
            [&ran](const CancelToken &, const ProgressSink &) { ran = true; }, [] {});

        runner.cancel(second);
        QTRY_COMPARE(ends.list.size(), std::size_t{1});
        gate.release();

        QCOMPARE(ends.list[0].job, second);
        QCOMPARE(ends.list[0].outcome, JobOutcome::Cancelled);
        QTRY_COMPARE(ends.list.size(), std::size_t{2});
        QVERIFY(!ran);
    }

    void urgentJobGoesBeforeThoseThatWait()
    {
        JobRunner runner(QStringLiteral("test"));
        Ends ends(&runner);
        QSemaphore gate;
        const auto nothing = [](const CancelToken &, const ProgressSink &) {};
        runner.start(
            QStringLiteral("running"), &runner,
            [&gate](const CancelToken &, const ProgressSink &) { gate.acquire(); }, [] {});
        QSignalSpy started(&runner, &JobRunner::started);
        QVERIFY(started.wait());
        const JobId waiting = runner.start(QStringLiteral("waiting"), &runner, nothing, [] {});
        const JobId urgent = runner.start(
            QStringLiteral("urgent"), &runner, nothing, [] {}, JobRunner::Priority::Next);

        gate.release();

        QTRY_COMPARE(ends.list.size(), std::size_t{3});
        QCOMPARE(ends.list[1].job, urgent);
        QCOMPARE(ends.list[2].job, waiting);
    }

    void jobsThatBuildOnAFailedOneDoNotRun()
    {
        JobRunner runner(QStringLiteral("test"));
        Ends ends(&runner);
        std::atomic<int> ran{0};
        const auto count = [&ran](const CancelToken &, const ProgressSink &) { ++ran; };
        const JobId first = runner.start(
            QStringLiteral("first"), &runner,
            [](const CancelToken &, const ProgressSink &) { throw Error(ErrorKind::Io, "x"); },
            [] {});
        const JobId second = runner.start(
            QStringLiteral("second"), &runner, count, [] {}, JobRunner::Priority::Normal, first);
        runner.start(
            QStringLiteral("third"), &runner, count, [] {}, JobRunner::Priority::Normal, second);
        runner.start(QStringLiteral("free"), &runner, count, [] {});

        QTRY_COMPARE(ends.list.size(), std::size_t{4});

        QCOMPARE(ends.list[0].outcome, JobOutcome::Failed);
        QCOMPARE(ends.list[1].outcome, JobOutcome::Cancelled);
        QCOMPARE(ends.list[2].outcome, JobOutcome::Cancelled);
        QCOMPARE(ends.list[3].outcome, JobOutcome::Done);
        QCOMPARE(ran.load(), 1);
    }

    void destructorCancelsWaitsAndTellsEveryEndOnce()
    {
        auto runner = std::make_unique<JobRunner>(QStringLiteral("test"));
        Ends ends(runner.get());
        QSignalSpy started(runner.get(), &JobRunner::started);
        std::atomic<bool> ended{false};
        bool delivered = false;
        runner->start(
            QStringLiteral("running"), this,
            [&ended](const CancelToken &cancel, const ProgressSink &) {
                waitForCancel(cancel);
                ended = true;
            },
            [&delivered] { delivered = true; });
        runner->start(
            QStringLiteral("waiting"), this, [](const CancelToken &, const ProgressSink &) {},
            [] {});
        QVERIFY(started.wait());

        runner.reset();

        QVERIFY(ended);
        QVERIFY(!delivered);
        QCOMPARE(ends.list.size(), std::size_t{2});
        for (const Finish &end : ends.list)
            QCOMPARE(end.outcome, JobOutcome::Cancelled);
        QCoreApplication::processEvents();
        QCOMPARE(ends.list.size(), std::size_t{2});
    }

    void progressIsThinnedOutButItsLastValueArrives()
    {
        JobRunner runner(QStringLiteral("test"));
        Ends ends(&runner);
        constexpr int kSteps = 20000;
        std::vector<std::int64_t> seen;
        bool finishedBefore = false;
        connect(&runner, &JobRunner::progressed, this, [&](JobId, const Progress &progress) {
            seen.push_back(progress.done);
            finishedBefore = finishedBefore || !ends.list.empty();
        });

        runner.start(
            QStringLiteral("count"), &runner,
            [](const CancelToken &, const ProgressSink &sink) {
                ProgressMeter meter("counting", kSteps, sink);
                for (int step = 0; step < kSteps; ++step)
                    meter.advance();
            },
            [] {});

        QTRY_COMPARE(ends.list.size(), std::size_t{1});
        QVERIFY(seen.size() >= 2);
        // 20 a second for a loop that takes far less than 20 s even on a loaded machine.
        QVERIFY2(seen.size() < 400, qPrintable(QString::number(seen.size())));
        QCOMPARE(seen.back(), std::int64_t{kSteps});
        QVERIFY(!finishedBefore);
    }

    void receiverThatIsGoneIsNotCalled()
    {
        JobRunner runner(QStringLiteral("test"));
        Ends ends(&runner);
        QSemaphore gate;
        auto receiver = std::make_unique<QObject>();
        bool delivered = false;
        runner.start(
            QStringLiteral("late"), receiver.get(),
            [&gate](const CancelToken &, const ProgressSink &) {
                gate.acquire();
                return 1;
            },
            [&delivered](int) { delivered = true; });

        receiver.reset();
        gate.release();

        QTRY_COMPARE(ends.list.size(), std::size_t{1});
        QVERIFY(!delivered);
    }

    void allJobsOfALaneShareOneThread()
    {
        JobRunner runner(QStringLiteral("test"));
        Ends ends(&runner);
        std::vector<Qt::HANDLE> threads;

        for (int job = 0; job < 3; ++job)
            runner.start(
                QStringLiteral("job"), &runner,
                [&threads](const CancelToken &, const ProgressSink &) {
                    threads.push_back(QThread::currentThreadId());
                },
                [] {});

        QTRY_COMPARE(ends.list.size(), std::size_t{3});
        QCOMPARE(threads.size(), std::size_t{3});
        QCOMPARE(threads[0], threads[1]);
        QCOMPARE(threads[1], threads[2]);
    }
};

QTEST_GUILESS_MAIN(TestJobRunner)
#include "tst_job_runner.moc"
