#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/version.h"
#include "core/engine/run_launch.h"
#include "core/engine/run_metrics.h"
#include "core/engine/run_registry.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

using namespace sapsam;

namespace {

namespace fs = std::filesystem;

std::string isoAgo(int seconds)
{
    const std::time_t then = std::time(nullptr) - seconds;
    std::tm parts{};
    gmtime_r(&then, &parts);
    char text[64];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

std::string host()
{
    char name[256] = {};
    gethostname(name, sizeof name - 1);
    return name;
}

Json statusOf(const std::string &state, std::int64_t pid = 0, int startedAgo = 0)
{
    return {{"state", state},
            {"pid", pid},
            {"host", host()},
            {"start", isoAgo(startedAgo)},
            {"heartbeat", isoAgo(0)},
            {"step", 20},
            {"steps", 40},
            {"epoch", 0},
            {"eta", 12.0}};
}

std::string writeRun(const QTemporaryDir &folder, const std::string &id, const Json &status,
                     const Json &config = {{"task", "retrieval"}, {"name", "tiny"}, {"seed", 1}})
{
    const std::string path = folder.path().toStdString() + "/" + id;
    makeFolder(path + "/checkpoints");
    writeJsonFile(path + "/config.json", config);
    writeJsonFile(path + "/environment.json",
                  Json{{"sapsam", programVersion()}, {"device", "cpu"}, {"processes", 1}});
    writeJsonFile(path + "/status.json", status);
    return path;
}

void append(const std::string &path, const std::string &text)
{
    std::ofstream(path, std::ios::app | std::ios::binary) << text;
}

// The id of a process that has ended.
std::int64_t deadProcess()
{
    const pid_t child = ::fork();
    if (child == 0)
        ::_exit(0);
    ::waitpid(child, nullptr, 0);
    return child;
}

} // namespace

class TestRunRegistry : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void stateTellsWhetherSomebodyTrains_data()
    {
        QTest::addColumn<QString>("told");
        QTest::addColumn<bool>("lives");
        QTest::addColumn<QString>("state");
        QTest::addColumn<bool>("canStop");
        QTest::addColumn<bool>("canResume");
        QTest::newRow("running") << "running" << true << "running" << true << false;
        QTest::newRow("starting") << "starting" << true << "running" << true << false;
        QTest::newRow("saving") << "stopping" << true << "stopping" << false << false;
        QTest::newRow("died while it ran") << "running" << false << "lost" << false << true;
        QTest::newRow("died while it saved") << "stopping" << false << "lost" << false << true;
        QTest::newRow("done") << "done" << false << "done" << false << false;
        QTest::newRow("stopped") << "stopped" << false << "stopped" << false << true;
        QTest::newRow("failed") << "failed" << false << "failed" << false << true;
        QTest::newRow("created") << "queued" << true << "waiting" << true << true;
    }

    void stateTellsWhetherSomebodyTrains()
    {
        QFETCH(QString, told);
        QFETCH(bool, lives);
        QFETCH(QString, state);
        QFETCH(bool, canStop);
        QFETCH(bool, canResume);
        const QTemporaryDir folder;
        const std::string path = writeRun(
            folder, "run", statusOf(told.toStdString(), lives ? ::getpid() : deadProcess()));

        const RunSummary run = readRun(path);

        QCOMPARE(QString::fromUtf8(nameOf(run.state)), state);
        QCOMPARE(run.canStop(), canStop);
        QCOMPARE(run.canResume(), canResume);
        if (run.state == RunState::Lost)
            QVERIFY(run.message.find("has died") != std::string::npos);
    }

    void processThatGotTheNumberLaterIsAnother()
    {
        // This test has not been running for a year.
        const QTemporaryDir folder;
        const std::string path =
            writeRun(folder, "run", statusOf("running", ::getpid(), 365 * 24 * 3600));

        QCOMPARE(readRun(path).state, RunState::Lost);
    }

    void zombieDoesNotTrain()
    {
        const pid_t child = ::fork();
        if (child == 0)
            ::_exit(0);
        QTRY_VERIFY(!isProcessAlive(child, std::time(nullptr)));
        ::waitpid(child, nullptr, 0);
    }

    void runOfAnotherHostLivesByItsHeartbeat()
    {
        const QTemporaryDir folder;
        Json status = statusOf("running", 1);
        status["host"] = "elsewhere";
        const std::string path = writeRun(folder, "run", status);
        QCOMPARE(readRun(path).state, RunState::Running);

        status["heartbeat"] = isoAgo(600);
        writeJsonFile(path + "/status.json", status);

        const RunSummary run = readRun(path);
        QCOMPARE(run.state, RunState::Lost);
        QVERIFY(run.message.find("elsewhere") != std::string::npos);
    }

    void processThatEndedBeforeTrainingSaysWhy()
    {
        const QTemporaryDir folder;
        const std::string path = writeRun(folder, "run", statusOf("queued"));
        writeJsonFile(path + "/launch.json",
                      Json{{"pid", deadProcess()}, {"host", host()}, {"time", std::time(nullptr)}});
        writeFileAtomically(path + "/process.txt", "sapsam: no such library\n");

        const RunSummary run = readRun(path);

        QCOMPARE(run.state, RunState::Lost);
        QVERIFY(run.message.find("no such library") != std::string::npos);
        QVERIFY(run.canResume());
    }

    void fullDiskIsToldByTheState()
    {
        const QTemporaryDir folder;
        Json status = statusOf("failed");
        status["message"] = "cannot write 'last.resume': No space left on device; free some";
        const std::string path = writeRun(folder, "run", status);

        const RunSummary run = readRun(path);

        QCOMPARE(run.state, RunState::Failed);
        QVERIFY(run.message.find("No space left") != std::string::npos);
        QVERIFY(run.canResume());
    }

    void damagedFilesAreToldAndNothingIsThrown()
    {
        const QTemporaryDir folder;
        const std::string path = writeRun(folder, "run", statusOf("done"));
        writeFileAtomically(path + "/status.json", "{\"state\": \"do");
        writeFileAtomically(path + "/config.json", "");

        const RunSummary run = readRun(path);

        QCOMPARE(run.state, RunState::Lost);
        QVERIFY(run.message.find("status.json") != std::string::npos);
        QVERIFY(!run.canResume());
        QVERIFY(run.problems.front().find("config.json") != std::string::npos);
    }

    void settingsOfAnotherVersionAreShownButDoNotGoOn()
    {
        const QTemporaryDir folder;
        const std::string path =
            writeRun(folder, "run", statusOf("stopped"),
                     {{"task", "retrieval"}, {"name", "old"}, {"warpFactor", 9}});
        writeJsonFile(path + "/environment.json", Json{{"sapsam", "0.0.1"}});

        const RunSummary run = readRun(path);

        QCOMPARE(run.title, std::string("old"));
        QVERIFY(!run.canResume());
        QVERIFY(run.problems.front().find("warpFactor") != std::string::npos);
        std::string badges;
        for (const RunBadge &badge : run.badges)
            badges += badge.id + " ";
        QVERIFY2(badges.find("other-version") != std::string::npos, badges.c_str());
        QVERIFY2(badges.find("settings") != std::string::npos, badges.c_str());
        QVERIFY_EXCEPTION_THROWN(launchRun(path, {}), Error);
    }

    void runThatChoseOnTestIsMarked()
    {
        const QTemporaryDir folder;
        const std::string path =
            writeRun(folder, "run", statusOf("done"),
                     {{"task", "retrieval"}, {"data", "some/data"}, {"chooseOn", "test"}});

        const RunSummary run = readRun(path);

        QCOMPARE(run.form, std::string("retrieval-data"));
        QCOMPARE(run.badges.size(), std::size_t(1));
        QCOMPARE(run.badges.front().id, std::string("chosen-on-test"));
    }

    void movedRunIsFoundInAnotherFolderOrMissed()
    {
        const QTemporaryDir first;
        const QTemporaryDir second;
        const QTemporaryDir hidden;
        const std::string path = writeRun(first, "20260101-000000-a-111111", statusOf("done"));
        writeRun(first, "20260102-000000-b-222222", statusOf("stopped"));
        RunRegistry registry;
        registry.setRoots({first.path().toStdString(), second.path().toStdString()});
        QCOMPARE(registry.refresh().size(), std::size_t(2));

        fs::rename(path, second.path().toStdString() + "/20260101-000000-a-111111");
        std::vector<RunSummary> runs = registry.refresh();
        QCOMPARE(runs.size(), std::size_t(2));
        QCOMPARE(runs[0].id, std::string("20260102-000000-b-222222")); // newest first
        QCOMPARE(runs[1].folder, second.path().toStdString() + "/20260101-000000-a-111111");
        QCOMPARE(runs[1].state, RunState::Done);

        fs::rename(runs[1].folder, hidden.path().toStdString() + "/20260101-000000-a-111111");
        runs = registry.refresh();
        QCOMPARE(runs.size(), std::size_t(2));
        QCOMPARE(runs[1].state, RunState::Missing);
        QVERIFY(runs[1].message.find("moved or deleted") != std::string::npos);
        QVERIFY(!runs[1].canResume() && !runs[1].canStop());

        addRunFolder(first.path().toStdString(), hidden.path().toStdString());
        registry.setRoots({first.path().toStdString(), second.path().toStdString(),
                           otherRunFolders(first.path().toStdString()).front()});
        runs = registry.refresh();
        QCOMPARE(runs.size(), std::size_t(2));
        QCOMPARE(runs[1].state, RunState::Done);
    }

    void folderWithoutRunsIsNotAdded()
    {
        const QTemporaryDir runs;
        const QTemporaryDir empty;

        QVERIFY_EXCEPTION_THROWN(
            addRunFolder(runs.path().toStdString(), empty.path().toStdString()), Error);
        QVERIFY(otherRunFolders(runs.path().toStdString()).empty());
    }

    void whatTimeDidNotSufficeForIsMarked()
    {
        const QTemporaryDir folder;
        for (int i = 0; i < 20; ++i)
            writeRun(folder, "run-" + std::to_string(100 + i), statusOf("done"));
        RunRegistry registry;
        registry.setRoots({folder.path().toStdString()});

        const std::vector<RunSummary> none = registry.refresh(0);
        const std::vector<RunSummary> all = registry.refresh();

        const auto loaded = [](const std::vector<RunSummary> &runs) {
            return std::count_if(runs.begin(), runs.end(),
                                 [](const RunSummary &run) { return run.isLoaded; });
        };
        QCOMPARE(none.size(), std::size_t(20));
        QCOMPARE(loaded(none), 0);
        QCOMPARE(loaded(all), 20);
    }

    void changedStatusIsSeenAndUnchangedIsNotReadAgain()
    {
        const QTemporaryDir folder;
        const std::string path = writeRun(folder, "run", statusOf("stopped"));
        RunRegistry registry;
        registry.setRoots({folder.path().toStdString()});
        QCOMPARE(registry.refresh().front().state, RunState::Stopped);

        writeJsonFile(path + "/status.json", statusOf("done"));

        QCOMPARE(registry.refresh().front().state, RunState::Done);
    }

    void stopIsARequestToARunAndTakesAWaitingOneOut()
    {
        const QTemporaryDir folder;
        const std::string running = writeRun(folder, "a", statusOf("running", ::getpid()));
        const std::string waiting = writeRun(folder, "b", statusOf("queued"));
        const std::string done = writeRun(folder, "c", statusOf("done"));
        RunQueue queue(folder.path().toStdString());
        queue.add("b");
        QCOMPARE(readRun(waiting).queuePlace, 1);

        requestStop(running);
        requestStop(waiting);

        QVERIFY(fs::exists(running + "/stop.request"));
        QCOMPARE(readRun(running).state, RunState::Stopping);
        QVERIFY(queue.runs().empty());
        QCOMPARE(readRun(waiting).state, RunState::Stopped);
        QVERIFY(readRun(waiting).canResume());
        QVERIFY_EXCEPTION_THROWN(requestStop(done), Error);
        QVERIFY_EXCEPTION_THROWN(requestStop(folder.path().toStdString() + "/none"), Error);
    }

    void queueIsKeptInTheFolder()
    {
        const QTemporaryDir folder;
        {
            RunQueue queue(folder.path().toStdString());
            for (const char *id : {"a", "b", "c", "b"})
                queue.add(id);
            queue.move("c", -2);
            queue.remove("a");
        }
        const RunQueue again(folder.path().toStdString());
        QVERIFY(again.runs() == std::vector<std::string>({"c", "b"}));
        QVERIFY(!again.isWorked());
    }

    void launchOptionsAreKeptAndChecked()
    {
        const QTemporaryDir folder;
        const std::string path = writeRun(folder, "run", statusOf("stopped"));
        LaunchOptions options;
        options.device = "cpu";
        options.threads = 3;
        options.processes = 2;
        options.slurm = true;
        options.slurmOptions = {"--partition=gpu"};
        options.modelsFolder = "models";

        keepLaunchOptions(path, options);

        QCOMPARE(toJson(keptLaunchOptions(path)).dump(), toJson(options).dump());
        options.device = "gpu";
        options.slurmOptions = {"gpu"};
        options.processes = 0;
        QCOMPARE(options.problems().size(), std::size_t(3));
        QCOMPARE(toJson(keptLaunchOptions(folder.path().toStdString())).dump(),
                 toJson(LaunchOptions()).dump());
    }

    void programThatCannotBeExecutedIsAnError()
    {
        const QTemporaryDir folder;
        QVERIFY_EXCEPTION_THROWN(
            startDetached({"/nowhere/program"}, folder.path().toStdString() + "/out.txt"), Error);
    }

    void detachedProcessIsNotOurChild()
    {
        const QTemporaryDir folder;
        const std::string out = folder.path().toStdString() + "/out.txt";

        const std::int64_t pid =
            startDetached({"/bin/sh", "-c", "echo here; ps -o ppid= -p $$ || true"}, out);

        QVERIFY(pid > 0);
        QTRY_VERIFY(!isProcessAlive(pid, std::time(nullptr)));
        QVERIFY(readFile(out).rfind("here", 0) == 0);
        QCOMPARE(::waitpid(static_cast<pid_t>(pid), nullptr, WNOHANG), -1);
    }

    void differencesNameEverySettingWithAnotherValue()
    {
        const auto differences =
            settingDifferences({{"a", 1}, {"b", 2}, {"c", "x"}}, {{"a", 1}, {"b", 3}, {"d", true}});

        QCOMPARE(differences.size(), std::size_t(3));
        QCOMPARE(differences[0].key, std::string("b"));
        QVERIFY(differences[1].second.is_null());
        QVERIFY(differences[2].first.is_null());
    }

    void metricsAreReadWhileTheyAreWritten()
    {
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString() + "/metrics.jsonl";
        RunMetrics metrics(path);
        QVERIFY(!metrics.update()); // not there yet

        append(path, "{\"step\":1,\"loss\":2.5,\"itc\":1e-2}\n{\"step\":2,\"lo");
        QVERIFY(metrics.update());
        QCOMPARE(metrics.pointCount("loss"), 1);

        append(path, "ss\":1.5}\n{\"step\":2,\"validation\":{\"R@1\":30.0,\"note\":\"x\"}}\n");
        QVERIFY(metrics.update());
        QCOMPARE(metrics.pointCount("loss"), 2);
        QCOMPARE(metrics.lines(), 3);
        QCOMPARE(metrics.damagedLines(), 0);
        QCOMPARE(metrics.lastValues().at("loss"), 1.5);
        QCOMPARE(metrics.lastValues().at("validation/R@1"), 30.0);
        QCOMPARE(metrics.nearest("itc", 50.0).mean, static_cast<double>(1e-2F));
        QVERIFY(!metrics.update());
    }

    void damagedLineInTheMiddleIsLeftOutAndCounted()
    {
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString() + "/metrics.jsonl";
        append(path, "{\"step\":1,\"loss\":2.5}\n"
                     "{\"step\":2,\"lo{\"step\":3,\"loss\":2.0}\n" // killed while it wrote
                     "{\"step\":4,\"loss\":null,\"text\":\"a \\\"b\\\"\",\"norm\":7}\n"
                     "\n"
                     "[1,2]\n"
                     "{\"step\":5,\"loss\":1.0}\n");
        RunMetrics metrics(path);

        metrics.update();

        QCOMPARE(metrics.damagedLines(), 2);
        QCOMPARE(metrics.pointCount("loss"), 2);
        QCOMPARE(metrics.lastValues().at("norm"), 7.0);
        QCOMPARE(metrics.lastStep(), 5.0);
    }

    void replacedFileIsReadAnew()
    {
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString() + "/metrics.jsonl";
        append(path, "{\"step\":1,\"loss\":5}\n{\"step\":2,\"loss\":4}\n{\"step\":3,\"loss\":3}\n");
        RunMetrics metrics(path);
        metrics.update();

        // A run that was resumed drops what came after its checkpoint.
        writeFileAtomically(path, "{\"step\":1,\"loss\":5}\n");
        append(path, "{\"step\":2,\"loss\":4.5}\n");
        QVERIFY(metrics.update());

        QCOMPARE(metrics.pointCount("loss"), 2);
        QCOMPARE(metrics.lastValues().at("loss"), 4.5);

        fs::remove(path);
        QVERIFY(metrics.update());
        QVERIFY(metrics.names().empty());
    }

    void readingInPiecesGivesTheSame()
    {
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString() + "/metrics.jsonl";
        std::string text;
        for (int i = 1; i <= 500; ++i)
            text +=
                "{\"step\":" + std::to_string(i) + ",\"loss\":" + std::to_string(i * 0.5) + "}\n";
        append(path, text);
        RunMetrics whole(path);
        RunMetrics pieces(path);

        whole.update();
        int times = 0;
        while (pieces.update(97))
            ++times;

        QVERIFY(times > 50);
        QCOMPARE(pieces.pointCount("loss"), whole.pointCount("loss"));
        QVERIFY(pieces.lastValues() == whole.lastValues());
    }

    void columnsKeepWhatIsLargestAndSmallest()
    {
        Curve curve;
        double largest = -1.0;
        double sum = 0.0;
        constexpr int kPoints = 100'000;
        for (int i = 0; i < kPoints; ++i) {
            const double value = i == 43'210 ? 99.0 : std::sin(i * 0.01);
            curve.append(i, value);
            largest = std::max(largest, value);
            sum += static_cast<double>(static_cast<float>(value));
        }

        const std::vector<CurveColumn> columns = curve.columns(0, kPoints, 500);

        QVERIFY(columns.size() <= 1010);
        QVERIFY(columns.size() >= 100);
        double seen = -1.0;
        double mean = 0.0;
        std::int64_t count = 0;
        double last = -1.0;
        for (const CurveColumn &column : columns) {
            QVERIFY(column.first > last && column.last >= column.first);
            QVERIFY(column.low <= column.mean && column.mean <= column.high);
            seen = std::max(seen, column.high);
            mean += column.mean * static_cast<double>(column.count);
            count += column.count;
            last = column.last;
        }
        QCOMPARE(seen, largest);
        QCOMPARE(curve.largest(), largest);
        QCOMPARE(count, kPoints);
        QVERIFY(std::abs(mean - sum) < 1e-3);

        const std::vector<CurveColumn> near = curve.columns(1000, 1010, 500);
        QCOMPARE(near.size(), std::size_t(13)); // and one on each side
        QCOMPARE(near.front().first, 999.0);
        QCOMPARE(near.back().last, 1011.0);
    }

    void valuesThatAreNotFiniteAndStepsThatGoBackAreDropped()
    {
        Curve curve;
        curve.append(1, 2.0);
        curve.append(2, std::nan(""));
        curve.append(0, 9.0);
        curve.append(2, 1.0);

        QCOMPARE(curve.count(), 2);
        QCOMPARE(curve.lastValue(), 1.0);
        QCOMPARE(Curve().columns(0, 10, 10).size(), std::size_t(0));
        QCOMPARE(Curve().nearest(3).count, 0);
    }
};

QTEST_GUILESS_MAIN(TestRunRegistry)

#include "tst_run_registry.moc"
