// The page with real runs: what it starts is trained by the program beside this test.
#include "core/base/file.h"
#include "core/base/sha256.h"
#include "core/base/version.h"
#include "core/engine/run_launch.h"
#include "core/engine/training_form.h"
#include "tests/support/tiny_run.h"
#include "ui/pages/training/curve_plot.h"
#include "ui/pages/training/runs_model.h"
#include "ui/pages/training/samples_view.h"
#include "ui/pages/training/text_table_model.h"
#include "ui/pages/training/training_page.h"
#include "ui/support/icons.h"
#include "ui/support/text.h"
#include "ui/support/theme.h"
#include "ui/widgets/empty_state.h"

#include <QAbstractItemModelTester>
#include <QAbstractScrollArea>
#include <QAbstractSlider>
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QElapsedTimer>
#include <QLineEdit>
#include <QListView>
#include <QPlainTextEdit>
#include <QProcess>
#include <QPushButton>
#include <QSignalSpy>
#include <QTabBar>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

#include <csignal>
#include <filesystem>
#include <unistd.h>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

constexpr int kSlowMs = 120'000; // for a run on a loaded machine
constexpr const char *kWindowOption = "--as-window";

QString modelsFolder()
{
    return QStringLiteral(SAPSAM_SOURCE_DIR "/models");
}

PageContext contextWith(QStringList *problems = nullptr, const QString &models = modelsFolder())
{
    PageContext context;
    context.modelsFolder = models;
    context.showProblem = [problems](const QString &what, const ErrorReport &error) {
        if (problems != nullptr)
            problems->append(what + QStringLiteral(": ") + toQString(error.message));
        else
            qWarning("%s: %s", qPrintable(what), error.message.c_str());
    };
    return context;
}

NewRun tinyRun(int steps)
{
    NewRun run;
    run.task = QStringLiteral("retrieval");
    run.config = test::tinyConfig(steps);
    run.launch.device = "cpu";
    run.launch.threads = 1;
    run.launch.modelsFolder = toStdString(modelsFolder());
    return run;
}

// A run folder as it would be left behind.
std::string writeRun(const QTemporaryDir &folder, const std::string &id, const Json &status,
                     const Json &config, const std::string &metrics = {})
{
    const std::string path = toStdString(folder.path()) + "/" + id;
    makeFolder(path + "/checkpoints");
    writeJsonFile(path + "/config.json", config);
    writeJsonFile(path + "/environment.json",
                  Json{{"sapsam", programVersion()}, {"device", "cpu"}, {"processes", 1}});
    writeJsonFile(path + "/status.json", status);
    if (!metrics.empty())
        writeFileAtomically(path + "/metrics.jsonl", metrics);
    return path;
}

Json ended(const std::string &state)
{
    return {{"state", state},  {"pid", 0},   {"host", ""}, {"start", "2026-01-01T00:00:00Z"},
            {"heartbeat", ""}, {"step", 20}, {"steps", 40}};
}

std::optional<RunState> stateOf(const TrainingPage &page, const QString &id)
{
    const RunSummary *run = page.runs()->find(id);
    return run == nullptr ? std::optional<RunState>() : run->state;
}

// What a killed window was: a page of its own process that starts a run and shows it.
int runAsWindow(int argc, char **argv)
{
    QApplication application(argc, argv);
    initializeResources();
    TrainingPage page(contextWith());
    page.show();
    page.setRunsFolder(QString::fromLocal8Bit(argv[2]));
    NewRun run = tinyRun(1);
    run.config = readJsonFile(argv[3]);
    page.startRun(run);
    return QApplication::exec();
}

} // namespace

class TestTrainingPage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        initializeResources();
        applyTheme(*qobject_cast<QApplication *>(QCoreApplication::instance()), ThemeKind::Light);
    }

    void emptyPageSaysWhatToDo()
    {
        const QTemporaryDir folder;
        TrainingPage page(contextWith());
        QVERIFY(page.showsEmptyState());
        page.setRunsFolder(folder.filePath(QStringLiteral("runs"))); // not made yet

        QTRY_VERIFY(page.isSettled());
        QVERIFY(page.showsEmptyState());
        QCOMPARE(page.emptyState()->title(), QStringLiteral("No training runs yet"));
    }

    void dialogIsMadeFromTheListOfFields()
    {
        TrainingDialog dialog(modelsFolder());
        for (const TrainingForm &form : trainingForms()) {
            dialog.setForm(toQString(form.id));
            QCOMPARE(dialog.form(), toQString(form.id));
            for (const SettingField &field : form.fields) {
                SettingRow *row = dialog.row(toQString(field.key));
                QVERIFY2(row != nullptr, field.key.c_str());
                QCOMPARE(row->value().dump(), field.fallback.dump());
                QVERIFY2(!row->editor()->accessibleName().isEmpty(), field.key.c_str());
                QVERIFY2(!row->editor()->accessibleDescription().isEmpty(), field.key.c_str());
            }
        }
    }

    void valueOutOfRangeCannotStart()
    {
        TrainingDialog dialog(modelsFolder());
        dialog.show();
        QSignalSpy requested(&dialog, &TrainingDialog::runRequested);
        QVERIFY(dialog.canStart());
        auto *edit = qobject_cast<QLineEdit *>(dialog.row(QStringLiteral("batchSize"))->editor());

        edit->setText(QStringLiteral("1"));
        QVERIFY(!dialog.canStart());
        QVERIFY(!dialog.startButton()->isEnabled());
        QVERIFY(!dialog.queueButton()->isEnabled());
        QVERIFY(dialog.row(QStringLiteral("batchSize"))
                    ->problem()
                    .contains(QStringLiteral("at least 2")));
        QVERIFY(dialog.summary().startsWith(QStringLiteral("1 ")));
        QTest::mouseClick(dialog.startButton(), Qt::LeftButton);
        QTest::keyClick(edit, Qt::Key_Return);
        QCOMPARE(requested.count(), 0);
        QVERIFY(dialog.isVisible());

        edit->setText(QStringLiteral("many"));
        QVERIFY(!dialog.canStart());
        QVERIFY(dialog.row(QStringLiteral("batchSize"))
                    ->problem()
                    .contains(QStringLiteral("whole number")));

        edit->setText(QStringLiteral("16"));
        QVERIFY(dialog.canStart());
        QTest::mouseClick(dialog.startButton(), Qt::LeftButton);
        QCOMPARE(requested.count(), 1);
        const auto run = requested.front().front().value<NewRun>();
        QVERIFY(run.config == Json({{"task", "retrieval"}, {"seed", 1}, {"batchSize", 16}}));
        QVERIFY(!run.enqueue);
    }

    void problemInAnAdvancedFieldIsShown()
    {
        TrainingDialog dialog(modelsFolder());
        dialog.show();
        SettingRow *row = dialog.row(QStringLiteral("beta2"));
        QVERIFY(!row->isVisible()); // advanced

        qobject_cast<QLineEdit *>(row->editor())->setText(QStringLiteral("1.5"));

        QVERIFY(row->isVisible());
        QVERIFY(!row->problem().isEmpty());
    }

    void searchFindsSettingsByNameAndMeaning()
    {
        TrainingDialog dialog(modelsFolder());
        dialog.show();
        const auto visible = [&](const char *key) {
            return dialog.row(QString::fromLatin1(key))->isVisible();
        };
        QVERIFY(visible("batchSize") && !visible("gradientClip"));

        dialog.searchEdit()->setText(QStringLiteral("gradient"));
        QVERIFY(visible("gradientClip") && visible("beta1") && !visible("name"));
        dialog.searchEdit()->setText(QStringLiteral("zzz"));
        QVERIFY(!visible("batchSize") && !visible("gradientClip"));
        dialog.searchEdit()->clear();
        dialog.advancedBox()->setChecked(true);
        QVERIFY(visible("gradientClip") && visible("batchSize"));
    }

    void presetFillsInTheSettings()
    {
        TrainingDialog dialog(modelsFolder());
        dialog.setForm(QStringLiteral("retrieval-data"));
        QVERIFY(!dialog.canStart()); // no data yet
        QVERIFY(!dialog.row(QStringLiteral("data"))->problem().isEmpty());
        const int index =
            dialog.presetBox()->findText(QStringLiteral("Table 6"), Qt::MatchContains);
        QVERIFY(index > 0);

        dialog.presetBox()->setCurrentIndex(index);
        Q_EMIT dialog.presetBox()->activated(index);

        QVERIFY2(dialog.canStart(), qPrintable(dialog.summary()));
        QVERIFY(dialog.config().at("data") == Json("synthetic"));
        QVERIFY(dialog.config().at("epochs") == Json(3));
    }

    void settingsThatThisVersionDoesNotHaveAreNamed()
    {
        TrainingDialog dialog(modelsFolder());

        dialog.setConfig(QStringLiteral("retrieval"),
                         Json{{"task", "retrieval"}, {"steps", 50}, {"warpFactor", 9}});

        QVERIFY(dialog.canStart());
        QVERIFY(dialog.config().at("steps") == Json(50));
        QVERIFY(dialog.summary().contains(QStringLiteral("warpFactor")));
    }

    void targetDecidesHowTheRunIsStarted()
    {
        TrainingDialog dialog(modelsFolder());
        QCOMPARE(dialog.launchOptions().processes, 1);

        dialog.targetBox()->setCurrentIndex(1);
        QCOMPARE(dialog.launchOptions().processes, 2);
        qobject_cast<QLineEdit *>(dialog.row(QStringLiteral("batchSize"))->editor())
            ->setText(QStringLiteral("9"));
        QVERIFY(!dialog.canStart()); // not to be shared by two
        qobject_cast<QLineEdit *>(dialog.row(QStringLiteral("batchSize"))->editor())
            ->setText(QStringLiteral("8"));
        QVERIFY(dialog.canStart());

        dialog.targetBox()->setCurrentIndex(2);
        QVERIFY(dialog.launchOptions().slurm);
        QVERIFY(!dialog.queueButton()->isEnabled());
    }

    void preflightMeasuresMemoryAndTime()
    {
        TrainingDialog dialog(modelsFolder());
        dialog.setConfig(QStringLiteral("retrieval"), test::tinyConfig(40));
        QVERIFY2(dialog.canStart(), qPrintable(dialog.summary()));
        QSignalSpy finished(&dialog, &TrainingDialog::preflightFinished);

        QTest::mouseClick(dialog.preflightButton(), Qt::LeftButton);

        QVERIFY(finished.wait(kSlowMs));
        QVERIFY2(dialog.preflightText().contains(QStringLiteral("The batch fits.")),
                 qPrintable(dialog.preflightText()));
        QVERIFY(dialog.preflightText().contains(QStringLiteral("40 steps")));

        // A limit that nothing fits into.
        dialog.advancedBox()->setChecked(true);
        qobject_cast<QLineEdit *>(dialog.row(QStringLiteral("memoryLimitMb"))->editor())
            ->setText(QStringLiteral("1"));
        QTest::mouseClick(dialog.preflightButton(), Qt::LeftButton);
        QVERIFY(finished.wait(kSlowMs));
        QVERIFY2(dialog.preflightText().contains(QStringLiteral("Will not fit: batch 8")),
                 qPrintable(dialog.preflightText()));
    }

    void modelsAreInOrder()
    {
        RunsModel model;
        const QAbstractItemModelTester tester(
            &model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        const auto runWith = [](const char *id, RunState state) {
            RunSummary run;
            run.id = run.title = id;
            run.state = state;
            return run;
        };
        model.setRuns({runWith("c", RunState::Done), runWith("a", RunState::Running)});
        QSignalSpy resets(&model, &QAbstractItemModel::modelReset);
        const QPersistentModelIndex second = model.index(1);

        model.setRuns({runWith("d", RunState::Running), runWith("c", RunState::Done),
                       runWith("b", RunState::Failed), runWith("a", RunState::Lost)});

        QCOMPARE(second.row(), 3); // a selection stays with its run
        QCOMPARE(resets.count(), 0);
        QCOMPARE(model.find(QStringLiteral("a"))->state, RunState::Lost);
        model.setRuns({runWith("b", RunState::Failed)});
        QCOMPARE(model.rowCount(), 1);
        QCOMPARE(model.at(0)->id, std::string("b"));
        QVERIFY(model.at(7) == nullptr);

        TextTableModel table({QStringLiteral("A"), QStringLiteral("B")});
        const QAbstractItemModelTester tableTester(
            &table, QAbstractItemModelTester::FailureReportingMode::QtTest);
        table.setRows({{{QStringLiteral("x"), QStringLiteral("y")}, true, {}, {}}});
        table.setHeadings({QStringLiteral("A"), QStringLiteral("C"), QStringLiteral("D")});
        QCOMPARE(table.columnCount(), 3);
        QCOMPARE(table.index(0, 1).data().toString(), QStringLiteral("y"));
    }

    // The main flow: a run from the dialog, stopped, resumed, found again by another page.
    void runIsStartedStoppedResumedAndFoundAgain()
    {
        const QTemporaryDir folder;
        QStringList problems;
        auto page = std::make_unique<TrainingPage>(contextWith(&problems));
        page->resize(1100, 700);
        page->show();
        page->setRunsFolder(folder.path());
        QSignalSpy started(page.get(), &TrainingPage::runStarted);

        TrainingDialog *dialog = page->showDialog();
        dialog->setConfig(QStringLiteral("retrieval"), test::tinyConfig(4000));
        QVERIFY2(dialog->canStart(), qPrintable(dialog->summary()));
        QTest::mouseClick(dialog->startButton(), Qt::LeftButton);

        QVERIFY(started.wait(kSlowMs));
        const QString id = started.front().front().toString();
        QTRY_VERIFY_WITH_TIMEOUT(
            stateOf(*page, id) == RunState::Running && page->runs()->find(id)->step > 3, kSlowMs);
        QCOMPARE(page->selectedRuns(), QStringList{id});
        QTRY_VERIFY_WITH_TIMEOUT(!page->plots().empty(), kSlowMs);
        QTRY_VERIFY_WITH_TIMEOUT(
            page->logView()->toPlainText().contains(QStringLiteral("parameters")), kSlowMs);

        // Another window finds the running run at once.
        page.reset();
        page = std::make_unique<TrainingPage>(contextWith(&problems));
        page->resize(1100, 700);
        page->show();
        QElapsedTimer timer;
        timer.start();
        page->setRunsFolder(folder.path());
        while (stateOf(*page, id) != RunState::Running && timer.elapsed() < 10'000)
            QCoreApplication::processEvents(QEventLoop::AllEvents, 20);
        const qint64 taken = timer.elapsed();
        QVERIFY2(taken <= 1000, qPrintable(QStringLiteral("%1 ms").arg(taken)));
        qInfo("a running run is found again after %lld ms", static_cast<long long>(taken));

        QTRY_VERIFY(page->stopButton()->isEnabled());
        QTest::mouseClick(page->stopButton(), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(stateOf(*page, id) == RunState::Stopped, kSlowMs);
        const std::int64_t stoppedAt = page->runs()->find(id)->step;
        QVERIFY(stoppedAt > 0);
        QTRY_VERIFY(page->resumeButton()->isVisible());
        QVERIFY(
            std::filesystem::exists(page->runs()->find(id)->folder + "/checkpoints/last.resume"));

        QTest::mouseClick(page->resumeButton(), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(stateOf(*page, id) == RunState::Running
                                     && page->runs()->find(id)->step > stoppedAt,
                                 kSlowMs);
        QTest::mouseClick(page->stopButton(), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(stateOf(*page, id) == RunState::Stopped, kSlowMs);
        QVERIFY2(problems.isEmpty(), qPrintable(problems.join(QLatin1Char('\n'))));
        QVERIFY(!page->grab().isNull());
    }

    // A window that is killed in the middle of an epoch changes nothing about the run's weights.
    void killedWindowDoesNotTouchTheRun()
    {
        const QTemporaryDir folder;
        constexpr int kSteps = 150;
        const QString config = folder.filePath(QStringLiteral("config.json"));
        writeJsonFile(toStdString(config), test::tinyConfig(kSteps));
        const QString disturbed = folder.filePath(QStringLiteral("window"));
        const QString quiet = folder.filePath(QStringLiteral("quiet"));

        QProcess window;
        window.start(QCoreApplication::applicationFilePath(),
                     {QString::fromLatin1(kWindowOption), disturbed, config});
        QVERIFY(window.waitForStarted());
        const auto only = [&] {
            const auto runs = runFoldersIn(toStdString(disturbed));
            return runs.empty() ? RunSummary() : readRun(runs.front());
        };
        QTRY_VERIFY_WITH_TIMEOUT(only().state == RunState::Running && only().step > 5, kSlowMs);
        ::kill(static_cast<pid_t>(window.processId()), SIGKILL);
        QVERIFY(window.waitForFinished());
        QCOMPARE(window.exitStatus(), QProcess::CrashExit);
        QVERIFY(only().step < kSteps);
        QCOMPARE(only().state, RunState::Running);

        QProcess undisturbed;
        undisturbed.start(toQString(sapsamProgram()),
                          {QStringLiteral("--json"), QStringLiteral("--quiet"),
                           QStringLiteral("--device"), QStringLiteral("cpu"),
                           QStringLiteral("--threads"), QStringLiteral("1"),
                           QStringLiteral("train"), QStringLiteral("retrieval"),
                           QStringLiteral("--config"), config, QStringLiteral("--runs"), quiet});
        QVERIFY(undisturbed.waitForFinished(kSlowMs));
        QCOMPARE(undisturbed.exitCode(), 0);
        QTRY_VERIFY_WITH_TIMEOUT(only().state == RunState::Done, kSlowMs);

        const auto other = runFoldersIn(toStdString(quiet));
        QCOMPARE(other.size(), std::size_t(1));
        QCOMPARE(sha256OfFile(only().folder + "/model/model.safetensors"),
                 sha256OfFile(other.front() + "/model/model.safetensors"));

        // Reopened, it is there with its model, which can be used.
        const QTemporaryDir models;
        QStringList problems;
        TrainingPage page(contextWith(&problems, models.path()));
        page.show();
        page.setRunsFolder(disturbed);
        QTRY_COMPARE(page.runs()->rowCount(), 1);
        QTRY_VERIFY(page.isSettled());
        QTRY_VERIFY(page.checkpointsModel()->rowCount() >= 3); // model, best, last
        page.tabs()->setCurrentIndex(TrainingPage::Checkpoints);
        QVERIFY(page.useButton()->isEnabled());
        page.modelNameEdit()->setText(QStringLiteral("my-model"));
        QSignalSpy used(&page, &TrainingPage::modelUsed);
        QTest::mouseClick(page.useButton(), Qt::LeftButton);
        QVERIFY(used.wait(kSlowMs));
        QCOMPARE(used.front().at(1).toString(), QStringLiteral("my-model"));
        QVERIFY(page.usedText().contains(QStringLiteral("my-model")));
        const Json manifest = readJsonFile(toStdString(models.path()) + "/manifest.json");
        QVERIFY(manifest.at("models").at(0).at("name") == Json("my-model"));
        QVERIFY(problems.isEmpty());

        // What it took and what it predicted is shown, too.
        QTRY_VERIFY(page.samples()->cardCount() > 0);
        QCOMPARE(page.samples()->shownStep(), static_cast<std::int64_t>(kSteps));
        QCOMPARE(page.samples()->stepBox()->count(), 8); // evaluations
        page.samples()->stepBox()->setCurrentIndex(2);
        QTRY_COMPARE(page.samples()->shownStep(), std::int64_t{120});
        QStringList titles;
        for (const CurvePlot *plot : page.plots())
            titles.append(plot->title());
        QVERIFY2(titles.contains(QStringLiteral("Memory of the process, MiB")),
                 qPrintable(titles.join(QLatin1Char('\n'))));

        // Where nothing can be written, it goes into the user's own folder, and is said to.
        const QTemporaryDir data;
        qputenv("XDG_DATA_HOME", data.path().toUtf8());
        TrainingPage readOnly(contextWith(&problems, data.filePath(QStringLiteral("absent"))));
        readOnly.show();
        readOnly.setRunsFolder(disturbed);
        QTRY_VERIFY(readOnly.isSettled() && readOnly.useButton()->isEnabled());
        readOnly.modelNameEdit()->setText(QStringLiteral("own-model"));
        QSignalSpy usedThere(&readOnly, &TrainingPage::modelUsed);
        QTest::mouseClick(readOnly.useButton(), Qt::LeftButton);
        QVERIFY(usedThere.wait(kSlowMs));
        const QString own = data.filePath(QStringLiteral("sapsam/models"));
        QVERIFY2(readOnly.usedText().contains(own), qPrintable(readOnly.usedText()));
        QVERIFY2(readOnly.usedText().contains(QStringLiteral("Choose")),
                 qPrintable(readOnly.usedText()));
        QCOMPARE(toQString(chosenModelFolder("retrieval")), own + QStringLiteral("/own-model"));
        QVERIFY(problems.isEmpty());
        qunsetenv("XDG_DATA_HOME");
    }

    void queueStartsTheNextWhenOneEndsWithoutAWindow()
    {
        const QTemporaryDir folder;
        QStringList ids;
        {
            QStringList problems;
            TrainingPage page(contextWith(&problems));
            page.show();
            page.setRunsFolder(folder.path());
            QSignalSpy started(&page, &TrainingPage::runStarted);
            for (int i = 0; i < 2; ++i) {
                NewRun run = tinyRun(12 + i);
                run.enqueue = true;
                page.startRun(run);
                QVERIFY(started.wait(kSlowMs));
                ids.append(started.takeFirst().front().toString());
            }
            QVERIFY2(problems.isEmpty(), qPrintable(problems.join(QLatin1Char('\n'))));
        } // no window any more

        const auto state = [&](int i) {
            return readRun(toStdString(folder.filePath(ids.at(i)))).state;
        };
        bool overlapped = false;
        const auto bothDone = [&] {
            overlapped =
                overlapped || (state(0) == RunState::Running && state(1) == RunState::Running);
            return state(0) == RunState::Done && state(1) == RunState::Done;
        };
        QTRY_VERIFY_WITH_TIMEOUT(bothDone(), kSlowMs);
        QVERIFY(!overlapped);
        QTRY_VERIFY_WITH_TIMEOUT(!RunQueue(toStdString(folder.path())).isWorked(), kSlowMs);
    }

    void runWhoseProcessDiedIsLostAndGoesOn()
    {
        const QTemporaryDir folder;
        QStringList problems;
        TrainingPage page(contextWith(&problems));
        page.show();
        page.setRunsFolder(folder.path());
        QSignalSpy started(&page, &TrainingPage::runStarted);
        page.startRun(tinyRun(900));
        QVERIFY(started.wait(kSlowMs));
        const QString id = started.front().front().toString();
        QTRY_VERIFY_WITH_TIMEOUT(stateOf(page, id) == RunState::Running
                                     && page.runs()->find(id)->step >= 0
                                     && page.runs()->find(id)->pid > 0
                                     && std::filesystem::exists(page.runs()->find(id)->folder
                                                                + "/checkpoints/last.resume"),
                                 kSlowMs);

        ::kill(static_cast<pid_t>(page.runs()->find(id)->pid), SIGKILL);

        QTRY_VERIFY_WITH_TIMEOUT(
            stateOf(page, id) == RunState::Lost || stateOf(page, id) == RunState::Done, kSlowMs);
        QCOMPARE(*stateOf(page, id), RunState::Lost);
        QTRY_VERIFY(page.message().contains(QStringLiteral("has died")));
        QVERIFY(page.message().contains(QStringLiteral("last checkpoint")));
        QTRY_VERIFY(page.resumeButton()->isVisible());
        QTest::mouseClick(page.resumeButton(), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(stateOf(page, id) == RunState::Done, kSlowMs);
        QVERIFY2(problems.isEmpty(), qPrintable(problems.join(QLatin1Char('\n'))));
    }

    void runsThatEndedBadlySayWhy()
    {
        const QTemporaryDir folder;
        Json full = ended("failed");
        full["message"] = "cannot write 'last.resume': No space left on device; free some";
        writeRun(folder, "20260104-000000-full-444444", full, test::tinyConfig(40));
        writeRun(folder, "20260103-000000-old-333333", ended("stopped"),
                 Json{{"task", "retrieval"}, {"name", "old"}, {"warpFactor", 9}});
        writeRun(folder, "20260102-000000-cut-222222", ended("stopped"), test::tinyConfig(40),
                 "{\"step\":1,\"loss\":2.5}\n{\"step\":2,\"lo{\"step\":3,\"loss\":2.0}\n"
                 "{\"step\":4,\"loss\":1.5}\n{\"step\":5,\"lo");
        const std::string moved =
            writeRun(folder, "20260101-000000-moved-111111", ended("done"), test::tinyConfig(40));
        TrainingPage page(contextWith());
        page.show();
        page.setRunsFolder(folder.path());
        QTRY_COMPARE(page.runs()->rowCount(), 4);

        page.selectRuns({QStringLiteral("20260104-000000-full-444444")});
        QVERIFY(page.message().contains(QStringLiteral("No space left")));
        QVERIFY(page.resumeButton()->isVisible());

        page.selectRuns({QStringLiteral("20260103-000000-old-333333")});
        QVERIFY(page.message().contains(QStringLiteral("warpFactor")));
        QVERIFY(!page.resumeButton()->isVisible());

        page.selectRuns({QStringLiteral("20260102-000000-cut-222222")});
        QTRY_VERIFY(page.isSettled() && !page.plots().empty());
        QCOMPARE(page.plots().front()->series().front().metrics->pointCount("loss"), 2);
        QCOMPARE(page.plots().front()->series().front().metrics->damagedLines(), 1);

        std::filesystem::rename(moved, toStdString(folder.path()) + "/../gone-"
                                           + std::to_string(::getpid()));
        page.refresh();
        QTRY_VERIFY(stateOf(page, QStringLiteral("20260101-000000-moved-111111"))
                    == RunState::Missing);
        page.selectRuns({QStringLiteral("20260101-000000-moved-111111")});
        QVERIFY(page.message().contains(QStringLiteral("moved or deleted")));
        std::filesystem::remove_all(toStdString(folder.path()) + "/../gone-"
                                    + std::to_string(::getpid()));
    }

    void twoRunsAreComparedAndDrawnOverEachOther()
    {
        const QTemporaryDir folder;
        Json other = test::tinyConfig(40);
        other["learningRate"] = 0.01;
        writeRun(folder, "20260102-000000-b-222222", ended("done"), other,
                 "{\"step\":1,\"loss\":2.0}\n{\"step\":2,\"loss\":1.0}\n");
        writeRun(folder, "20260101-000000-a-111111", ended("done"), test::tinyConfig(40),
                 "{\"step\":1,\"loss\":4.0}\n{\"step\":2,\"loss\":3.0}\n");
        TrainingPage page(contextWith());
        page.show();
        page.setRunsFolder(folder.path());
        QTRY_COMPARE(page.runs()->rowCount(), 2);
        QVERIFY(!page.tabs()->isTabEnabled(TrainingPage::Compare));

        page.selectRuns({QStringLiteral("20260102-000000-b-222222"),
                         QStringLiteral("20260101-000000-a-111111")});

        QTRY_VERIFY(page.isSettled() && page.comparisonModel()->rowCount() > 0);
        QVERIFY(page.tabs()->isTabEnabled(TrainingPage::Compare));
        const auto &first = page.comparisonModel()->rows().front();
        QCOMPARE(first.key, QStringLiteral("learningRate"));
        QCOMPARE(first.cells.at(1), QStringLiteral("0.01"));
        QCOMPARE(first.cells.at(2), QStringLiteral("0.002"));
        QTRY_COMPARE(page.plots().size(), std::size_t(1));
        QCOMPARE(page.plots().front()->series().size(), std::size_t(2));
        page.plots().front()->setCursorStep(2.0);
        QVERIFY2(page.plots().front()->readout().contains(QStringLiteral(" 1"))
                     && page.plots().front()->readout().contains(QStringLiteral(" 3")),
                 qPrintable(page.plots().front()->readout()));

        QSignalSpy ranges(page.plots().front(), &CurvePlot::rangeChanged);
        QTest::keyClick(page.plots().front(), Qt::Key_Home);
        QCOMPARE(ranges.count(), 1);
    }

    void settingsShowWhatWasChangedFirst()
    {
        const QTemporaryDir folder;
        writeRun(folder, "20260101-000000-a-111111", ended("done"),
                 Json{{"task", "retrieval"}, {"name", "tiny"}, {"batchSize", 128}, {"steps", 7}});
        TrainingPage page(contextWith());
        page.show();
        page.setRunsFolder(folder.path());
        QTRY_VERIFY(page.settingsModel()->rowCount() > 0);

        const auto &rows = page.settingsModel()->rows();
        QVERIFY(rows.front().isStrong);
        const auto batch = std::find_if(rows.begin(), rows.end(), [](const auto &row) {
            return row.key == QLatin1String("batchSize");
        });
        QVERIFY(batch != rows.end() && !batch->isStrong); // as by default
        QVERIFY(std::any_of(rows.begin(), rows.end(), [](const auto &row) {
            return row.key == QLatin1String("environment.device");
        }));
    }

    void everyControlHasAName()
    {
        const QTemporaryDir folder;
        writeRun(folder, "20260101-000000-a-111111", ended("done"), test::tinyConfig(40),
                 "{\"step\":1,\"loss\":2.0}\n");
        TrainingPage page(contextWith());
        page.show();
        page.setRunsFolder(folder.path());
        QTRY_VERIFY(!page.plots().empty());
        TrainingDialog dialog(modelsFolder());
        dialog.show();

        for (const QWidget *root :
             {static_cast<QWidget *>(&page), static_cast<QWidget *>(&dialog)}) {
            for (const QWidget *widget : root->findChildren<QWidget *>()) {
                const bool isControl = qobject_cast<const QAbstractButton *>(widget) != nullptr
                                       || qobject_cast<const QLineEdit *>(widget) != nullptr
                                       || qobject_cast<const QComboBox *>(widget) != nullptr
                                       || qobject_cast<const QAbstractItemView *>(widget) != nullptr
                                       || qobject_cast<const QPlainTextEdit *>(widget) != nullptr
                                       || qobject_cast<const CurvePlot *>(widget) != nullptr
                                       || qobject_cast<const QTabBar *>(widget) != nullptr;
                if (!isControl || widget->objectName().startsWith(QLatin1String("qt_"))
                    || widget->inherits("QComboBoxListView")
                    || widget->inherits("QLineEditIconButton")
                    || widget->inherits("QTableCornerButton") || widget->inherits("QHeaderView"))
                    continue;
                const auto *button = qobject_cast<const QAbstractButton *>(widget);
                const bool hasText = button != nullptr && button->text().size() > 1;
                QVERIFY2(hasText || !widget->accessibleName().isEmpty(),
                         widget->metaObject()->className());
            }
        }
    }
};

int main(int argc, char **argv)
{
    if (argc == 4 && qstrcmp(argv[1], kWindowOption) == 0)
        return runAsWindow(argc, argv);
    QApplication application(argc, argv);
    TestTrainingPage test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_training_page.moc"
