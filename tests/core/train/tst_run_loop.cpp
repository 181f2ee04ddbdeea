// What a run survives: being stopped, killed, out of disk or memory, and losing its numbers.
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/networks/clip.h"
#include "core/networks/sam.h"
#include "core/nn/initialize.h"
#include "core/nn/recompute.h"
#include "core/train/memory_check.h"
#include "core/weights/safetensors.h"
#include "tests/core/train/tiny_task.h"

#include <QDir>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <future>
#include <limits>
#include <new>
#include <sstream>
#include <sys/resource.h>

using namespace sapsam;
using namespace sapsam::training;

namespace {

struct Tried
{
    LoopOutcome outcome;
    std::string error; // of what was thrown
    ErrorKind kind = ErrorKind::Internal;
    std::string folder;
};

OrderedJson statusOf(const std::string &folder)
{
    return OrderedJson::parse(readFile(folder + "/status.json"));
}

std::vector<Json> linesOf(const std::string &folder)
{
    std::istringstream lines(readFile(folder + "/metrics.jsonl"));
    std::vector<Json> result;
    for (std::string line; std::getline(lines, line);)
        result.push_back(parseJson(line, folder));
    return result;
}

// Step and loss of each line, and step and value of each evaluation: what must not depend on how
// often a run was interrupted. Numbers are compared as text, to the last bit.
std::vector<std::string> curveOf(const std::string &folder)
{
    std::vector<std::string> curve;
    for (const Json &line : linesOf(folder)) {
        const std::string step = line.at("step").dump();
        curve.push_back(line.contains("loss") ? step + ": " + line.at("loss").dump() + " "
                                                    + line.at("gradientNorm").dump()
                                              : step + ": " + line.at("validation").dump());
    }
    return curve;
}

QByteArray shown(const std::vector<std::string> &lines)
{
    std::string text;
    for (const std::string &line : lines)
        text += line + "\n";
    return QByteArray::fromStdString(text);
}

// A new run in the folder, or an old one that goes on.
Tried runTiny(TinyTask &task, const std::string &folder, LoopRequest request = {},
              const CancelToken &cancel = {}, const ProgressSink &progress = {})
{
    Tried tried;
    request.seed = 5;
    const auto run = request.resume ? RunFolder::open(folder)
                                    : RunFolder::create(folder, "tiny", {{"task", "tiny"}}, {});
    tried.folder = run->path();
    try {
        tried.outcome = runLoop(task, *run, request, cancel, progress);
    } catch (const Error &error) {
        tried.error = error.what();
        tried.kind = error.kind();
    }
    return tried;
}

Tried resumeTiny(TinyTask &task, const std::string &folder)
{
    LoopRequest request;
    request.resume = true;
    return runTiny(task, folder, request);
}

bool isSameCheckpoint(const std::string &a, const std::string &b)
{
    const SafetensorsFile first(a), second(b);
    if (first.metadata() != second.metadata() || first.names() != second.names())
        return false;
    for (const std::string &name : first.names()) {
        if (!torch::equal(first.read(name), second.read(name)))
            return false;
    }
    return true;
}

bool contains(const std::string &text, const std::string &part)
{
    return text.find(part) != std::string::npos;
}

// Settings that all that is kept between steps takes part in.
void useEverything(TrainSettings &settings)
{
    settings.steps = 22;
    settings.accumulate = 2;
    settings.emaDecay = 0.9;
    settings.logEvery = 3;
    settings.evaluateEvery = 5;
    settings.checkpointEvery = 4;
}

Json tinyRetrieval(int steps)
{
    return {{"steps", steps},       {"batchSize", 8},      {"warmUpSteps", 4},
            {"learningRate", 2e-3}, {"logEvery", 1},       {"evaluateEvery", 10},
            {"checkpointEvery", 5}, {"heldOutCount", 8},   {"poolStart", 16},
            {"poolGrowth", 0.0},    {"renderHeight", 64},  {"renderWidth", 32},
            {"corpusLines", 200},   {"precision", "fp32"}, {"loaderThreads", 1},
            {"imageHeight", 32},    {"imageWidth", 16},    {"patchSize", 8},
            {"visionWidth", 32},    {"visionLayers", 2},   {"visionHeads", 2},
            {"textWidth", 32},      {"textLayers", 2},     {"textHeads", 2},
            {"embeddingSize", 32},  {"contextLength", 40}, {"vocabularySize", 800},
            {"emaDecay", 0.9},      {"helperUntil", 1e-3}};
}

QStringList programArguments(const QString &runs, const QString &config)
{
    return {QStringLiteral("--json"),
            QStringLiteral("--device"),
            QStringLiteral("cpu"),
            QStringLiteral("--threads"),
            QStringLiteral("1"),
            QStringLiteral("--seed"),
            QStringLiteral("7"),
            QStringLiteral("train"),
            QStringLiteral("retrieval"),
            QStringLiteral("--config"),
            config,
            QStringLiteral("--runs"),
            runs};
}

QStringList resumeArguments(const QString &run)
{
    return {QStringLiteral("--json"),   QStringLiteral("--device"),
            QStringLiteral("cpu"),      QStringLiteral("--threads"),
            QStringLiteral("1"),        QStringLiteral("train"),
            QStringLiteral("--resume"), run};
}

QString onlyFolderIn(const QString &runs)
{
    const QStringList found = QDir(runs).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    return found.size() == 1 ? runs + QStringLiteral("/") + found.first() : QString();
}

std::size_t metricLines(const QString &run)
{
    QFile file(run + QStringLiteral("/metrics.jsonl"));
    return file.open(QIODevice::ReadOnly) ? static_cast<std::size_t>(file.readAll().count('\n'))
                                          : 0;
}

QByteArray finish(QProcess &process)
{
    if (!process.waitForFinished(120000))
        return "timed out";
    return process.readAllStandardOutput() + process.readAllStandardError();
}

} // namespace

class TestRunLoop : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { torch::set_num_threads(1); }

#if defined(SAPSAM_PROGRAM)
    void killedRunGoesOnBitByBit()
    {
        const QTemporaryDir folder;
        const QString config = folder.filePath(QStringLiteral("config.json"));
        writeJsonFile(config.toStdString(), tinyRetrieval(150));
        const QString whole = folder.filePath(QStringLiteral("whole"));
        const QString killed = folder.filePath(QStringLiteral("killed"));
        QProcess undisturbed;
        undisturbed.start(QStringLiteral(SAPSAM_PROGRAM), programArguments(whole, config));
        const QByteArray said = finish(undisturbed);
        QVERIFY2(undisturbed.exitCode() == 0, said.constData());

        // Killed as soon as it has measured so much: before the first checkpoint, and later.
        QString run;
        int kills = 0;
        for (const std::size_t lines : {std::size_t(2), std::size_t(13), std::size_t(31)}) {
            QProcess process;
            process.start(QStringLiteral(SAPSAM_PROGRAM),
                          run.isEmpty() ? programArguments(killed, config) : resumeArguments(run));
            while (process.state() != QProcess::NotRunning) {
                process.waitForFinished(2);
                run = onlyFolderIn(killed);
                if (!run.isEmpty() && metricLines(run) >= lines) {
                    process.kill();
                    ++kills;
                    break;
                }
            }
            process.waitForFinished();
            QVERIFY2(process.exitStatus() == QProcess::CrashExit,
                     process.readAllStandardError().constData());
        }
        QCOMPARE(kills, 3);
        QProcess last;
        last.start(QStringLiteral(SAPSAM_PROGRAM), resumeArguments(run));
        const QByteArray answer = finish(last);

        QVERIFY2(last.exitCode() == 0, answer.constData());
        const auto expected = curveOf(onlyFolderIn(whole).toStdString());
        const auto found = curveOf(run.toStdString());
        QCOMPARE(expected.size(), std::size_t(165)); // 150 steps, 15 evaluations
        QCOMPARE(shown(found), shown(expected));
        QCOMPARE(readFile(run.toStdString() + "/model/model.safetensors"),
                 readFile(onlyFolderIn(whole).toStdString() + "/model/model.safetensors"));
    }

    void sigtermSavesAndEndsWithinFiveSeconds()
    {
        const QTemporaryDir folder;
        const QString config = folder.filePath(QStringLiteral("config.json"));
        Json settings = tinyRetrieval(1000000);
        settings["checkpointEvery"] = 1000000;
        settings["evaluateEvery"] = 1000000;
        writeJsonFile(config.toStdString(), settings);
        const QString runs = folder.filePath(QStringLiteral("runs"));
        QProcess process;
        process.start(QStringLiteral(SAPSAM_PROGRAM), programArguments(runs, config));
        QString run;
        while (process.state() != QProcess::NotRunning && (run.isEmpty() || metricLines(run) < 5)) {
            process.waitForFinished(5);
            run = onlyFolderIn(runs);
        }
        QElapsedTimer timer;
        timer.start();
        process.terminate();
        QVERIFY(process.waitForFinished(60000));

        QVERIFY2(timer.elapsed() < 5000, QByteArray::number(timer.elapsed()).constData());
        QCOMPARE(process.exitStatus(), QProcess::NormalExit);
        QCOMPARE(process.exitCode(), 130);
        QCOMPARE(statusOf(run.toStdString()).at("state").get<std::string>(),
                 std::string("stopped"));
        const SafetensorsFile saved(run.toStdString() + "/checkpoints/last.resume");
        QVERIFY(std::stoll(saved.metadata().at("step")) >= 5);
    }
#endif

    void interruptedAnywhereItGoesOnBitByBit_data()
    {
        QTest::addColumn<int>("at");
        for (const int at : {1, 4, 5, 9, 10, 20})
            QTest::addRow("after step %d", at) << at;
    }

    void interruptedAnywhereItGoesOnBitByBit()
    {
        QFETCH(int, at);
        const QTemporaryDir folder;
        TinyTask whole, part, rest;
        for (TinyTask *task : {&whole, &part, &rest})
            useEverything(task->own);
        const Tried expected = runTiny(whole, folder.path().toStdString());
        CancelSource source;

        const Tried stopped = runTiny(part, folder.path().toStdString(), {}, source.token(),
                                      [&](const Progress &progress) {
                                          if (progress.stage == "training" && progress.done == at)
                                              source.cancel();
                                      });
        QCOMPARE(stopped.outcome.state, std::string("stopped"));
        const Tried resumed = resumeTiny(rest, stopped.folder);

        QCOMPARE(resumed.outcome.state, std::string("done"));
        QCOMPARE(shown(curveOf(resumed.folder)), shown(curveOf(expected.folder)));
        for (const char *file : {"/model/model.safetensors", "/checkpoints/last.resume",
                                 "/checkpoints/last.safetensors"})
            QVERIFY2(isSameCheckpoint(resumed.folder + file, expected.folder + file), file);
    }

    void stepThatTakesTooLongIsLeftBehind()
    {
        const QTemporaryDir folder;
        TinyTask whole, part, rest;
        const Tried expected = runTiny(whole, folder.path().toStdString());
        CancelSource source;
        std::promise<void> given;
        part.beforeLoss = [&](std::int64_t index) {
            if (index == 6) { // this step lasts until the run has been given up
                source.cancel();
                given.get_future().wait();
            }
        };
        LoopRequest request;
        request.patienceSeconds = 0.2;
        std::string stateThen;
        std::string folderThen;
        request.abandon = [&](const LoopOutcome &outcome) {
            folderThen = QDir(folder.path()).absolutePath().toStdString();
            stateThen = outcome.state;
            given.set_value();
        };
        part.own.memoryCheck = false; // its passes are no steps

        const Tried stopped = runTiny(part, folder.path().toStdString(), request, source.token());

        QCOMPARE(stateThen, std::string("stopped"));
        QCOMPARE(stopped.outcome.state, std::string("stopped"));
        const SafetensorsFile saved(stopped.folder + "/checkpoints/last.resume");
        QCOMPARE(saved.metadata().at("step"), std::string("6"));
        const Tried resumed = resumeTiny(rest, stopped.folder);
        QCOMPARE(shown(curveOf(resumed.folder)), shown(curveOf(expected.folder)));
    }

    void numbersThatAreNotFiniteAreNamed_data()
    {
        QTest::addColumn<QString>("where");
        QTest::addColumn<QString>("named");
        QTest::newRow("loss term") << "term"
                                   << "the loss term 'square' is nan";
        QTest::newRow("parameter") << "parameter"
                                   << "the parameter '3.bias' is inf";
        QTest::newRow("gradient") << "gradient"
                                  << "the gradient of '0.weight' is nan";
    }

    void numbersThatAreNotFiniteAreNamed()
    {
        QFETCH(QString, where);
        QFETCH(QString, named);
        const QTemporaryDir folder;
        TinyTask task, rest;
        task.own.memoryCheck = false;
        const float infinity = std::numeric_limits<float>::infinity();
        task.changeResult = [&](std::int64_t index, const Batch &, StepResult &result) {
            if (index != 9)
                return;
            const torch::NoGradGuard noGrad;
            if (where == QStringLiteral("term")) {
                result.loss = result.loss * std::numeric_limits<float>::quiet_NaN();
                result.details["square"] = std::numeric_limits<double>::quiet_NaN();
            } else if (where == QStringLiteral("parameter")) {
                task.net->named_parameters()["3.bias"].fill_(infinity);
                result.loss = result.loss * infinity;
            } else {
                const torch::AutoGradMode grad(true);
                // Finite itself, with a gradient that is 0 times infinite.
                result.loss =
                    result.loss + (task.net->named_parameters()["0.weight"] * 0.0F).sqrt().sum();
            }
        };

        const Tried failed = runTiny(task, folder.path().toStdString());

        QCOMPARE(failed.kind, ErrorKind::InvalidInput);
        QVERIFY2(contains(failed.error, "step 10"), failed.error.c_str());
        QVERIFY2(contains(failed.error, named.toStdString()), failed.error.c_str());
        QCOMPARE(statusOf(failed.folder).at("state").get<std::string>(), std::string("failed"));
        QVERIFY(contains(statusOf(failed.folder).at("message").get<std::string>(), "step 10"));
        // The last good one is there, and goes on where the number is finite.
        const SafetensorsFile saved(failed.folder + "/checkpoints/last.resume");
        QCOMPARE(saved.metadata().at("step"), std::string("8"));
        QCOMPARE(resumeTiny(rest, failed.folder).outcome.state, std::string("done"));
    }

    void fullDiskKeepsTheCheckpointBefore()
    {
        const QTemporaryDir folder;
        TinyTask whole, task, rest;
        const Tried expected = runTiny(whole, folder.path().toStdString());
        rlimit before{};
        QCOMPARE(::getrlimit(RLIMIT_FSIZE, &before), 0);
        const auto handler = std::signal(SIGXFSZ, SIG_IGN);
        task.own.memoryCheck = false;
        task.beforeLoss = [&](std::int64_t index) {
            if (index == 6) { // metrics still find room, checkpoints do not
                rlimit small = before;
                small.rlim_cur = 8192;
                ::setrlimit(RLIMIT_FSIZE, &small);
            }
        };

        const Tried failed = runTiny(task, folder.path().toStdString());
        ::setrlimit(RLIMIT_FSIZE, &before);
        std::signal(SIGXFSZ, handler);

        QCOMPARE(failed.kind, ErrorKind::NoSpace);
        QVERIFY2(contains(failed.error, "checkpoints/"), failed.error.c_str());
        QCOMPARE(statusOf(failed.folder).at("state").get<std::string>(), std::string("failed"));
        for (const auto &entry :
             std::filesystem::directory_iterator(failed.folder + "/checkpoints"))
            QVERIFY2(entry.path().extension() != ".part", entry.path().c_str());
        const SafetensorsFile saved(failed.folder + "/checkpoints/last.resume");
        QCOMPARE(saved.metadata().at("step"), std::string("4"));
        const Tried resumed = resumeTiny(rest, failed.folder);
        QCOMPARE(shown(curveOf(resumed.folder)), shown(curveOf(expected.folder)));
    }

    void exhaustedMemoryIsReportedAndTheRunGoesOn_data()
    {
        QTest::addColumn<bool>("ofLibtorch");
        QTest::newRow("std::bad_alloc") << false;
        QTest::newRow("libtorch's allocator") << true;
    }

    void exhaustedMemoryIsReportedAndTheRunGoesOn()
    {
        QFETCH(bool, ofLibtorch);
        const QTemporaryDir folder;
        TinyTask task, rest;
        task.own.memoryCheck = false;
        task.beforeLoss = [&](std::int64_t index) {
            if (index == 6 && ofLibtorch)
                torch::empty({std::int64_t(1) << 50}, torch::kByte);
            if (index == 6)
                throw std::bad_alloc();
        };

        const Tried failed = runTiny(task, folder.path().toStdString());

        QCOMPARE(failed.kind, ErrorKind::OutOfMemory);
        for (const char *part : {"step 7", "batchSize", "--resume"})
            QVERIFY2(contains(failed.error, part), failed.error.c_str());
        QCOMPARE(statusOf(failed.folder).at("state").get<std::string>(), std::string("failed"));
        QCOMPARE(resumeTiny(rest, failed.folder).outcome.state, std::string("done"));
    }

    void halfALineOfMetricsDoesNotStopAResume()
    {
        const QTemporaryDir folder;
        TinyTask whole, part, rest;
        const Tried expected = runTiny(whole, folder.path().toStdString());
        CancelSource source;
        const Tried stopped = runTiny(part, folder.path().toStdString(), {}, source.token(),
                                      [&](const Progress &progress) {
                                          if (progress.done == 6)
                                              source.cancel();
                                      });
        const std::string metrics = stopped.folder + "/metrics.jsonl";
        writeFileAtomically(metrics, readFile(metrics) + "{\"step\": 7, \"lo");
        writeFileAtomically(stopped.folder + "/checkpoints/last.resume.part", "half");

        const Tried resumed = resumeTiny(rest, stopped.folder);

        QCOMPARE(shown(curveOf(resumed.folder)), shown(curveOf(expected.folder)));
        QVERIFY(!std::filesystem::exists(stopped.folder + "/checkpoints/last.resume.part.part"));
    }

    void aRunIsTrainedByOneProcessOnly()
    {
        const QTemporaryDir folder;
        const auto run =
            RunFolder::create(folder.path().toStdString(), "tiny", {{"task", "tiny"}}, {});
        try {
            RunFolder::open(run->path());
            QFAIL("it was opened twice");
        } catch (const Error &error) {
            QCOMPARE(error.kind(), ErrorKind::Busy);
        }
    }

    void accumulatedBatchesMakeTheStepOfTheirMean()
    {
        const QTemporaryDir folder;
        TinyTask two, one;
        for (TinyTask *task : {&two, &one}) {
            task->dropout = 0.0;
            task->own.steps = 6;
        }
        two.own.accumulate = 2;
        // The same sixteen samples in one batch.
        one.changeResult = [&](std::int64_t index, const Batch &, StepResult &result) {
            const Batch a = two.makeBatch(2 * index), b = two.makeBatch(2 * index + 1);
            const torch::Tensor x = torch::cat({a.at("x"), b.at("x")});
            const torch::Tensor y = torch::cat({a.at("y"), b.at("y")});
            result.loss = (one.net->forward(x) - y).square().mean();
        };

        const auto accumulated = linesOf(runTiny(two, folder.path().toStdString()).folder);
        const auto whole = linesOf(runTiny(one, folder.path().toStdString()).folder);

        QCOMPARE(accumulated.size(), whole.size());
        for (std::size_t i = 0; i < whole.size(); ++i) {
            if (!whole[i].contains("loss"))
                continue;
            const double expected = whole[i].at("loss").get<double>();
            QVERIFY(std::abs(accumulated[i].at("loss").get<double>() - expected) < 1e-5 * expected);
        }
    }

    void theAverageIsEvaluatedAndExported()
    {
        const QTemporaryDir folder;
        TinyTask task, plain;
        task.own.emaDecay = 0.99;
        std::vector<torch::Tensor> trained; // the first weights after every step
        task.beforeLoss = [&](std::int64_t) {
            trained.push_back(task.net->parameters()[0].detach().clone());
        };
        task.own.memoryCheck = false;

        const Tried done = runTiny(task, folder.path().toStdString());
        const Tried without = runTiny(plain, folder.path().toStdString());

        // By the formula of AveragedWeights, from the weights that the steps saw.
        torch::Tensor average = trained[0].clone();
        for (std::size_t step = 1; step <= 4; ++step) {
            const double n = static_cast<double>(step - 1);
            average = average
                      + (1.0 - std::min(0.99, (1.0 + n) / (10.0 + n))) * (trained[step] - average);
        }
        QVERIFY(torch::allclose(task.evaluated[0], average, 1e-6, 1e-7));
        QVERIFY(!torch::allclose(task.evaluated[0], trained[4], 1e-3, 1e-3));
        const SafetensorsFile last(done.folder + "/checkpoints/last.safetensors");
        QVERIFY(torch::equal(last.read("0.weight"), task.evaluated.back()));
        // It does not touch the training.
        const auto lossesOf = [](const std::string &run) {
            std::vector<std::string> losses;
            for (const Json &line : linesOf(run)) {
                if (line.contains("loss"))
                    losses.push_back(line.at("loss").dump());
            }
            return losses;
        };
        QCOMPARE(shown(lossesOf(done.folder)), shown(lossesOf(without.folder)));
    }

    void runWithoutABetterValueEndsEarly()
    {
        const QTemporaryDir folder;
        TinyTask task;
        task.own.steps = 1000;
        task.own.evaluateEvery = 2;
        task.own.earlyStop = 3;
        int evaluations = 0;
        task.score = [&] { return ++evaluations == 2 ? 1.0 : 0.5; };

        const Tried done = runTiny(task, folder.path().toStdString());

        QCOMPARE(done.outcome.state, std::string("done"));
        QCOMPARE(evaluations, 5);
        QCOMPARE(done.outcome.best.at("step").get<int>(), 4);
        QCOMPARE(linesOf(done.folder).back().at("step").get<int>(), 10);
        QVERIFY(std::filesystem::exists(done.folder + "/model/model.safetensors"));
    }

    void epochsAreKeptWhenAsked()
    {
        const QTemporaryDir folder;
        TinyTask task;
        task.epochSteps = 3;
        task.own.keepEvery = 2;

        const Tried done = runTiny(task, folder.path().toStdString());

        QVERIFY(std::filesystem::exists(done.folder + "/checkpoints/epoch-02.safetensors"));
        QVERIFY(std::filesystem::exists(done.folder + "/checkpoints/epoch-04.safetensors"));
        QVERIFY(!std::filesystem::exists(done.folder + "/checkpoints/epoch-03.safetensors"));
        const SafetensorsFile kept(done.folder + "/checkpoints/epoch-02.safetensors");
        QCOMPARE(kept.metadata().at("step"), std::string("6"));
    }

    void batchLargerThanTheSetIsInvalidInput()
    {
        const QTemporaryDir folder;
        TinyTask task;
        task.samples = 7;

        const Tried failed = runTiny(task, folder.path().toStdString());

        QCOMPARE(failed.kind, ErrorKind::InvalidInput);
        QVERIFY2(contains(failed.error, "'batchSize' is 8") && contains(failed.error, "7 samples"),
                 failed.error.c_str());
    }

    void halfPrecisionOnTheCpuIsInvalidInput()
    {
        const QTemporaryDir folder;
        TinyTask task;
        LoopRequest request;
        request.precision = "fp16";

        const Tried failed = runTiny(task, folder.path().toStdString(), request);

        QCOMPARE(failed.kind, ErrorKind::InvalidInput);
        QVERIFY2(contains(failed.error, "CUDA"), failed.error.c_str());
    }

    void lossScaleFollowsWhatOverflows()
    {
        LossScaler scaler(1024.0, 3);
        scaler.update(true);
        QCOMPARE(scaler.scale(), 512.0);
        for (int i = 0; i < 3; ++i)
            scaler.update(false);
        QCOMPARE(scaler.scale(), 1024.0);
        scaler.update(false);
        scaler.update(false);
        LossScaler other;
        other.setState(scaler.state(), "state");
        QCOMPARE(other.scale(), 1024.0);
        QCOMPARE(other.state().dump(), scaler.state().dump());
        try {
            for (int i = 0; i < 100; ++i)
                scaler.update(true);
            QFAIL("it never gives up");
        } catch (const Error &error) {
            QCOMPARE(error.kind(), ErrorKind::InvalidInput);
        }
    }

    void mistypedSettingIsToldTheNearest()
    {
        std::vector<std::string> problems;
        RetrievalSettings settings;

        readSettings(Json{{"learningrate", 1.0}, {"bathcSize", 3}, {"quux", 1}}, settings,
                     problems);

        QCOMPARE(problems.size(), std::size_t(3));
        std::string all;
        for (const std::string &problem : problems)
            all += problem + "\n";
        QVERIFY2(contains(all, "'learningrate' is not known; did you mean 'learningRate'?"),
                 all.c_str());
        QVERIFY2(contains(all, "'bathcSize' is not known; did you mean 'batchSize'?"), all.c_str());
        QVERIFY2(contains(all, "'quux' is not known\n"), all.c_str());
    }

    void largestBatchIsFoundWithoutGoingBeyondTheLimit()
    {
        std::vector<std::int64_t> tried;
        const auto measure = [&](std::int64_t samples) {
            tried.push_back(samples);
            return 100 + 10 * samples;
        };

        const BatchFit fit = fitBatch(64, 505, measure);

        QCOMPARE(fit.fitting, std::int64_t(40));
        QCOMPARE(fit.bytes, std::int64_t(740));
        QCOMPARE(tried, (std::vector<std::int64_t>{1, 2, 4, 8, 16, 32}));
        QCOMPARE(fitBatch(64, 740, measure).fitting, std::int64_t(64));
        QCOMPARE(fitBatch(64, 105, measure).fitting, std::int64_t(0));
        // A device that runs out tells so instead.
        const BatchFit device = fitBatch(64, 100000, [&](std::int64_t samples) {
            return samples > 2 ? std::int64_t(-1) : 100 * samples;
        });
        QCOMPARE(device.fitting, std::int64_t(3));
        // Far from the limit the large ones are not tried.
        tried.clear();
        QCOMPARE(fitBatch(64, 5000, measure).fitting, std::int64_t(64));
        QCOMPARE(tried.back(), std::int64_t(4));
        // A buffer that is taken once, while the second size is measured, does not hide the rest.
        const BatchFit late = fitBatch(64, 160, [](std::int64_t samples) {
            return 12 * samples + (samples == 2 ? std::int64_t(30) : 0);
        });
        QCOMPARE(late.fitting, std::int64_t(13));
    }

    void batchThatWillNotFitIsSaidBeforeTheFirstStep()
    {
        const QTemporaryDir folder;
        TinyTask task;
        task.own.batchSize = 64;
        task.own.memoryLimitMb = 160;
        task.changeResult = [&](std::int64_t, const Batch &batch, StepResult &result) {
            const torch::Tensor wide =
                batch.at("x").select(1, 0).unsqueeze(1).expand({-1, 1 << 20});
            const torch::Tensor weight = task.net->parameters()[0].select(0, 0).select(0, 0);
            const torch::Tensor product = wide * weight; // 4 MiB a sample, kept by the square
            result.loss = result.loss + product.square().mean();
        };
        const auto before = [&] {
            TinyTask other;
            other.prepare(5, {}, {}, {});
            return other.net->parameters()[0].clone();
        }();

        const Tried failed = runTiny(task, folder.path().toStdString());

        QCOMPARE(failed.kind, ErrorKind::InvalidInput);
        QVERIFY2(contains(failed.error, "will not fit: 64 → "), failed.error.c_str());
        const std::size_t arrow = failed.error.find("→ ") + std::string("→ ").size();
        const int fitting = std::stoi(failed.error.substr(arrow));
        // At least product, square and gradient at once, 4 MiB each, of 152 MiB.
        QVERIFY2(fitting >= 4 && fitting <= 12, failed.error.c_str());
        QVERIFY(torch::equal(task.net->parameters()[0], before));
        QVERIFY(!task.net->parameters()[0].grad().defined());
    }

    void memoryCheckLeavesNoTrace()
    {
        const QTemporaryDir folder;
        TinyTask with, without;
        without.own.memoryCheck = false;
        int passes = 0;
        with.beforeLoss = [&](std::int64_t) { ++passes; };

        const Tried checked = runTiny(with, folder.path().toStdString());
        const Tried plain = runTiny(without, folder.path().toStdString());

        QVERIFY(passes > with.own.steps);
        QCOMPARE(shown(curveOf(checked.folder)), shown(curveOf(plain.folder)));
        QVERIFY(isSameCheckpoint(checked.folder + "/checkpoints/last.resume",
                                 plain.folder + "/checkpoints/last.resume"));
    }

    void recomputedLayersHaveTheSameGradients()
    {
        nn::ClipConfig config;
        config.embedDim = 16;
        config.imageHeight = config.imageWidth = 32;
        config.patchSize = config.stride = 8;
        config.visionWidth = config.textWidth = 32;
        config.visionLayers = config.textLayers = 3;
        config.visionHeads = config.textHeads = 2;
        config.contextLength = 12;
        config.vocabSize = 50;
        nn::Clip clip(config);
        nn::initializeWeights(*clip, 3);
        torch::manual_seed(1);
        const torch::Tensor pixels = torch::randn({3, 3, 32, 32});
        const torch::Tensor ids = torch::randint(0, 50, {3, 12}, torch::kLong);
        const auto gradients = [&](bool on) {
            const nn::RecomputeLayers recompute(on);
            clip->zero_grad();
            const torch::Tensor logits = clip->logitsPerImage(pixels, ids);
            (logits.softmax(1).diag().log().sum() + logits.square().mean()).backward();
            std::vector<torch::Tensor> result;
            for (const torch::Tensor &parameter : clip->parameters())
                result.push_back(parameter.grad().clone());
            return result;
        };

        const auto plain = gradients(false);
        const auto recomputed = gradients(true);

        for (std::size_t i = 0; i < plain.size(); ++i)
            QVERIFY2(torch::equal(plain[i], recomputed[i]),
                     clip->named_parameters().keys()[i].c_str());
    }

    void recomputedDropoutDrawsTheSameAgain()
    {
        torch::nn::Linear linear(6, 6);
        torch::nn::Dropout dropout(0.5);
        torch::manual_seed(2);
        const torch::Tensor x = torch::randn({4, 6});
        const auto gradient = [&](bool on) {
            const nn::RecomputeLayers recompute(on);
            torch::manual_seed(9);
            linear->zero_grad();
            const torch::Tensor y = nn::recomputed(
                x, *linear, [&](const torch::Tensor &in) { return dropout(linear(in)).tanh(); });
            const torch::Tensor after = torch::rand({4, 6}); // the next random numbers
            (y * after).sum().backward();
            return linear->weight.grad().clone();
        };

        QVERIFY(torch::equal(gradient(true), gradient(false)));
    }
};

QTEST_GUILESS_MAIN(TestRunLoop)

#include "tst_run_loop.moc"
