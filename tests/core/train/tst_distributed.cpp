// Several processes that train one model: what each computes, and that together they do what one
// does alone.
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/engine/launch.h"
#include "core/engine/slurm.h"
#include "core/engine/trainer.h"
#include "core/train/distributed.h"

#include <QDir>
#include <QElapsedTimer>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>

#include <cmath>
#include <csignal>
#include <cstdlib>
#include <sstream>

using namespace sapsam;

namespace {

Json tinyRetrieval(int steps)
{
    return {{"steps", steps},         {"batchSize", 8},      {"warmUpSteps", 2},
            {"learningRate", 1e-4},   {"logEvery", 1},       {"evaluateEvery", 5},
            {"checkpointEvery", 5},   {"heldOutCount", 8},   {"poolStart", 16},
            {"poolGrowth", 0.0},      {"renderHeight", 64},  {"renderWidth", 32},
            {"corpusLines", 200},     {"precision", "fp32"}, {"loaderThreads", 1},
            {"imageHeight", 32},      {"imageWidth", 16},    {"patchSize", 8},
            {"visionWidth", 32},      {"visionLayers", 2},   {"visionHeads", 2},
            {"textWidth", 32},        {"textLayers", 2},     {"textHeads", 2},
            {"embeddingSize", 32},    {"contextLength", 40}, {"vocabularySize", 800},
            {"augmentStrength", 0.0}, {"erasing", 0.0},      {"sdmFrom", 0.2},
            {"name", "tiny"}};
}

QStringList words(const std::vector<std::string> &list)
{
    QStringList result;
    for (const std::string &word : list)
        result.push_back(QString::fromStdString(word));
    return result;
}

// The published training on a pack of drawn people. The epsilon is large, because Adam divides by
// the gradient: where that is nearly 0, rounding would decide which way a weight goes.
Json tinyPublished(int steps, const std::string &losses)
{
    return {{"data", "synthetic"},
            {"syntheticIdentities", 20},
            {"architecture", "small"},
            {"imageHeight", 64},
            {"imageWidth", 32},
            {"vocabularySize", 800},
            {"decoderLayers", 1},
            {"losses", losses},
            {"batchSize", 8},
            {"steps", steps},
            {"warmUpSteps", 2},
            {"learningRate", 1e-4},
            {"epsilon", 1e-3},
            {"augmentation", "none"},
            {"evaluateEvery", steps},
            {"precision", "fp32"},
            {"logEvery", 1}};
}

QStringList trainArguments(const QString &runs, const QString &config)
{
    return words({"--json", "--device", "cpu", "--threads", "1", "--seed", "3", "train",
                  "retrieval", "--config", config.toStdString(), "--runs", runs.toStdString()});
}

std::vector<Json> linesOf(const std::string &run)
{
    std::istringstream lines(readFile(run + "/metrics.jsonl"));
    std::vector<Json> result;
    for (std::string line; std::getline(lines, line);)
        result.push_back(parseJson(line, run));
    return result;
}

QString onlyFolderIn(const QString &runs)
{
    QStringList found = QDir(runs).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    found.removeAll(QStringLiteral("packs"));
    return found.size() == 1 ? runs + QStringLiteral("/") + found.first() : QString();
}

bool isWithoutGloo(const QByteArray &error)
{
    return error.contains("built without gloo");
}

class Variable
{
public:
    Variable(const char *name, const char *value) : m_name(name) { qputenv(name, value); }
    ~Variable() { qunsetenv(m_name); }
    Variable(const Variable &) = delete;
    Variable &operator=(const Variable &) = delete;

private:
    const char *m_name;
};

} // namespace

class TestDistributed : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void placeComesFromTheEnvironment()
    {
        QCOMPARE(training::rankFromEnvironment().count, 1);
        const Variable count("WORLD_SIZE", "4"), rank("RANK", "2"), local("LOCAL_RANK", "1"),
            address("MASTER_ADDR", "node7"), port("MASTER_PORT", "12345");
        const training::RankPlace place = training::rankFromEnvironment();

        QCOMPARE(place.count, 4);
        QCOMPARE(place.rank, 2);
        QCOMPARE(place.localRank, 1);
        QCOMPARE(place.masterAddress, std::string("node7"));
        QCOMPARE(place.masterPort, 12345);
    }

    void unusablePlaceIsNamed_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArray>("value");
        QTest::newRow("no number") << QByteArray("WORLD_SIZE") << QByteArray("two");
        QTest::newRow("rank beyond the count") << QByteArray("RANK") << QByteArray("2");
        QTest::newRow("no port") << QByteArray("MASTER_PORT") << QByteArray("99999");
    }

    void unusablePlaceIsNamed()
    {
        QFETCH(QByteArray, name);
        QFETCH(QByteArray, value);
        const Variable count("WORLD_SIZE", "2"), rank("RANK", "0"), port("MASTER_PORT", "2000");
        qputenv(name.constData(), value);
        try {
            training::rankFromEnvironment();
            QFAIL("it was taken");
        } catch (const Error &error) {
            QCOMPARE(error.kind(), ErrorKind::InvalidInput);
            QVERIFY2(QByteArray(error.what()).contains(name), error.what());
        }
    }

    void aloneNothingIsGathered()
    {
        const torch::Tensor rows = torch::ones({2, 3}).requires_grad_(true);
        QVERIFY(training::gathered(rows).is_same(rows));
    }

#if defined(SAPSAM_PROGRAM)
    void twoProcessesDoWhatOneDoesWithTheWholeBatch_data()
    {
        QTest::addColumn<QString>("losses"); // of the published training; empty: the small one
        QTest::newRow("drawn pictures") << QString();
        QTest::newRow("words and parts") << QStringLiteral("sdm+id+mlm_part+matching");
        QTest::newRow("patches") << QStringLiteral("itc+mim");
    }

    void twoProcessesDoWhatOneDoesWithTheWholeBatch()
    {
        QFETCH(QString, losses);
        const QTemporaryDir folder;
        const QString config = folder.filePath(QStringLiteral("config.json"));
        writeJsonFile(config.toStdString(), losses.isEmpty()
                                                ? tinyRetrieval(10)
                                                : tinyPublished(10, losses.toStdString()));
        const QString alone = folder.filePath(QStringLiteral("alone"));
        const QString both = folder.filePath(QStringLiteral("both"));
        QProcess one;
        one.start(QStringLiteral(SAPSAM_PROGRAM), trainArguments(alone, config));
        QVERIFY(one.waitForFinished(120000));
        QVERIFY2(one.exitCode() == 0, one.readAllStandardError().constData());

        QProcess two;
        two.start(QStringLiteral(SAPSAM_PROGRAM),
                  trainArguments(both, config) + words({"--launch", "2"}));
        QVERIFY(two.waitForFinished(120000));
        const QByteArray out = two.readAllStandardOutput(), err = two.readAllStandardError();
        if (isWithoutGloo(out + err))
            QSKIP("built without gloo");

        QVERIFY2(two.exitCode() == 0, (out + err).constData());
        const Json answer = parseJson(out.toStdString(), "the answer");
        QCOMPARE(answer.at("state").get<std::string>(), std::string("done"));
        QCOMPARE(QString::fromStdString(answer.at("run").get<std::string>()), onlyFolderIn(both));
        QCOMPARE(readJsonFile(onlyFolderIn(both).toStdString() + "/environment.json")
                     .at("processes")
                     .get<int>(),
                 2);
        const auto expected = linesOf(onlyFolderIn(alone).toStdString());
        const auto found = linesOf(onlyFolderIn(both).toStdString());
        QCOMPARE(found.size(), expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            for (const char *key : {"loss", "gradientNorm"}) {
                if (!expected[i].contains(key))
                    continue;
                const double a = expected[i].at(key).get<double>();
                const double b = found[i].at(key).get<double>();
                QVERIFY2(std::abs(a - b) <= 1e-5 * std::abs(a),
                         (expected[i].dump() + "\n" + found[i].dump()).c_str());
            }
        }
    }

    void signalToTheLauncherStopsAllRanksAndTheRunIsResumedByOne()
    {
        const QTemporaryDir folder;
        const QString config = folder.filePath(QStringLiteral("config.json"));
        Json settings = tinyRetrieval(1000000);
        settings["evaluateEvery"] = settings["checkpointEvery"] = 1000000;
        writeJsonFile(config.toStdString(), settings);
        const QString runs = folder.filePath(QStringLiteral("runs"));
        QProcess process;
        process.start(QStringLiteral(SAPSAM_PROGRAM),
                      trainArguments(runs, config) + words({"--launch", "2"}));
        QString run;
        const auto metrics = [&run] {
            QFile file(run + QStringLiteral("/metrics.jsonl"));
            return file.open(QIODevice::ReadOnly) ? file.readAll().count('\n') : 0;
        };
        while (process.state() != QProcess::NotRunning && (run.isEmpty() || metrics() < 3)) {
            process.waitForFinished(5);
            run = onlyFolderIn(runs);
        }
        if (process.state() == QProcess::NotRunning) {
            const QByteArray said = process.readAllStandardError();
            if (isWithoutGloo(said + process.readAllStandardOutput()))
                QSKIP("built without gloo");
            QFAIL(said.constData());
        }
        QElapsedTimer timer;
        timer.start();
        process.terminate();
        QVERIFY(process.waitForFinished(60000));

        QVERIFY2(timer.elapsed() < 6000, QByteArray::number(timer.elapsed()).constData());
        QCOMPARE(process.exitCode(), 130);
        QCOMPARE(readJsonFile(run.toStdString() + "/status.json").at("state").get<std::string>(),
                 std::string("stopped"));
        QVERIFY(QFile::exists(run + QStringLiteral("/checkpoints/last.resume")));
    }

    void lostRankEndsTheOthersAndTheRunCanBeResumed()
    {
        const QTemporaryDir folder;
        const QString config = folder.filePath(QStringLiteral("config.json"));
        writeJsonFile(config.toStdString(), tinyRetrieval(1000000));
        const QString runs = folder.filePath(QStringLiteral("runs"));
        QProcess process;
        process.start(QStringLiteral(SAPSAM_PROGRAM),
                      trainArguments(runs, config) + words({"--launch", "2"}));
        QString run;
        const auto isSaved = [&run] {
            return !run.isEmpty()
                   && QFile::exists(run + QStringLiteral("/checkpoints/last.resume"));
        };
        while (process.state() != QProcess::NotRunning && !isSaved()) {
            process.waitForFinished(5);
            run = onlyFolderIn(runs);
        }
        if (process.state() == QProcess::NotRunning) {
            const QByteArray said = process.readAllStandardError();
            if (isWithoutGloo(said + process.readAllStandardOutput()))
                QSKIP("built without gloo");
            QFAIL(said.constData());
        }
        const std::string id = std::to_string(process.processId());
        std::istringstream children(readFile("/proc/" + id + "/task/" + id + "/children"));
        pid_t first = 0, second = 0;
        children >> first >> second;
        QVERIFY(second > 0);
        ::kill(second, SIGKILL);
        QVERIFY(process.waitForFinished(60000));

        QVERIFY(process.exitCode() != 0);
        // What ended first, the launcher's signal or the connection, decides about the word.
        const std::string state =
            readJsonFile(run.toStdString() + "/status.json").at("state").get<std::string>();
        QVERIFY2(state == "failed" || state == "stopped", state.c_str());
        QProcess rest;
        rest.start(QStringLiteral(SAPSAM_PROGRAM), words({"--device", "cpu", "--threads", "1",
                                                          "train", "--resume", run.toStdString()}));
        while (rest.state() != QProcess::NotRunning
               && readJsonFile(run.toStdString() + "/status.json").at("state") != "running")
            rest.waitForFinished(5);
        QCOMPARE(rest.state(), QProcess::Running);
        rest.terminate();
        QVERIFY(rest.waitForFinished(60000));
        QCOMPARE(rest.exitCode(), 130);
    }
#endif

    void launchPassesTheExitCodeAndStopsTheOthers()
    {
        const LaunchOutcome failed = launchRanks(
            2, {"/bin/sh", "-c", "[ $RANK = 1 ] && exit 7; exec cat < /dev/zero > /dev/null"}, {});
        QCOMPARE(failed.exitCode, 7);
        const LaunchOutcome fine =
            launchRanks(3, {"/bin/sh", "-c", "echo $RANK of $WORLD_SIZE"}, {});
        QCOMPARE(fine.exitCode, 0);
        QCOMPARE(fine.answer, std::string("0 of 3\n"));
    }

    void optionsAreTakenOutOfACommandLine()
    {
        const std::vector<std::string> line = {"sapsam", "--json",     "train",      "--launch",
                                               "2",      "--launch=3", "--launcher", "x"};
        QCOMPARE(withoutOption(line, "--launch", true),
                 (std::vector<std::string>{"sapsam", "--json", "train", "--launcher", "x"}));
        QCOMPARE(withoutOption({"a", "--json", "b"}, "--json", false),
                 (std::vector<std::string>{"a", "b"}));
    }

    void slurmScriptSaysEverything()
    {
        SlurmJob job;
        job.runFolder = "/runs/it's mine";
        job.name = "tiny";
        job.processes = 4;
        job.cpusPerProcess = 8;
        job.onCuda = true;
        job.options = {"--partition=gpu", "--time=10:00"};
        job.command = {"/opt/sapsam", "--device", "cuda", "train", "--resume", job.runFolder};

        const std::string script = sbatchScript(job);

        const QStringList lines = QString::fromStdString(script).split(QLatin1Char('\n'));
        QCOMPARE(lines.first(), QStringLiteral("#!/bin/bash"));
        for (const char *line :
             {"#SBATCH --job-name=tiny", "#SBATCH --ntasks=4", "#SBATCH --cpus-per-task=8",
              "#SBATCH --gpus-per-task=1", "#SBATCH --signal=TERM@60", "#SBATCH --requeue",
              "#SBATCH --partition=gpu", "#SBATCH --time=10:00",
              "#SBATCH --output='/runs/it'\\''s mine/slurm-%j.txt'", "WORLD_SIZE=$SLURM_NTASKS"})
            QVERIFY2(lines.contains(QString::fromUtf8(line)), (script + "\nlacks " + line).c_str());
        // A shell finds no fault with it, and reads the command as it was meant.
        const QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("job.sbatch"));
        writeFileAtomically(path.toStdString(), script);
        QProcess shell;
        shell.start(QStringLiteral("bash"), {QStringLiteral("-n"), path});
        QVERIFY(shell.waitForFinished());
        QCOMPARE(shell.exitCode(), 0);
        // With stand-ins for Slurm's programs, each prints what it was asked to start.
        writeFileAtomically(folder.filePath(QStringLiteral("scontrol")).toStdString(),
                            "#!/bin/sh\necho node1\necho node2\n");
        writeFileAtomically(folder.filePath(QStringLiteral("srun")).toStdString(),
                            "#!/bin/sh\nshift\nSLURM_PROCID=3 SLURM_LOCALID=1 exec \"$@\"\n");
        writeFileAtomically(folder.filePath(QStringLiteral("program")).toStdString(),
                            "#!/bin/sh\necho $RANK $LOCAL_RANK $WORLD_SIZE $MASTER_ADDR "
                            "$MASTER_PORT\nfor word; do echo \"<$word>\"; done\n");
        for (const char *name : {"scontrol", "srun", "program"})
            QFile::setPermissions(folder.filePath(QString::fromUtf8(name)),
                                  QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        job.command.front() = folder.filePath(QStringLiteral("program")).toStdString();
        writeFileAtomically(path.toStdString(), sbatchScript(job));
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("PATH"), folder.path() + QStringLiteral(":")
                                                       + environment.value(QStringLiteral("PATH")));
        environment.insert(QStringLiteral("SLURM_NTASKS"), QStringLiteral("4"));
        environment.insert(QStringLiteral("SLURM_JOB_ID"), QStringLiteral("12"));
        environment.insert(QStringLiteral("SLURM_JOB_NODELIST"), QStringLiteral("node[1-2]"));
        shell.setProcessEnvironment(environment);
        shell.start(QStringLiteral("bash"), {path});
        QVERIFY(shell.waitForFinished());
        QCOMPARE(QString::fromUtf8(shell.readAllStandardOutput() + shell.readAllStandardError()),
                 QStringLiteral("3 1 4 node1 20012\n<--device>\n<cuda>\n<train>\n<--resume>\n"
                                "</runs/it's mine>\n"));
    }

    void missingSbatchSaysWhatToInstall()
    {
        const QByteArray path = qgetenv("PATH");
        qputenv("PATH", "/nowhere");
        std::string message;
        ErrorKind kind = ErrorKind::Internal;
        try {
            submitToSlurm("job.sbatch");
        } catch (const Error &error) {
            kind = error.kind();
            message = error.what();
        }
        qputenv("PATH", path);

        QCOMPARE(kind, ErrorKind::NotFound);
        QVERIFY2(message.find("slurm-client") != std::string::npos, message.c_str());
    }

    void runForTheClusterIsMadeAndQueued()
    {
        const QTemporaryDir folder;
        TrainRequest request;
        request.task = "retrieval";
        request.config = tinyRetrieval(5);
        request.runsFolder = folder.path().toStdString();
        request.engine.device = "cpu";

        const std::string run = createRun(request);

        QCOMPARE(readJsonFile(run + "/status.json").at("state").get<std::string>(),
                 std::string("queued"));
        TrainRequest rest;
        rest.resumeFolder = run;
        rest.engine = request.engine;
        QCOMPARE(train(rest, {}, {}).state, std::string("done"));
        QCOMPARE(followRun(run, {}, {}, {}).at("state").get<std::string>(), std::string("done"));
    }

    void jobThatEndedWithoutItsRunIsNoticed()
    {
        const QTemporaryDir folder; // its squeue knows of no job
        writeFileAtomically(folder.filePath(QStringLiteral("squeue")).toStdString(),
                            "#!/bin/sh\nexit 1\n");
        QFile::setPermissions(folder.filePath(QStringLiteral("squeue")),
                              QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        writeJsonFile(folder.path().toStdString() + "/status.json", Json{{"state", "running"}});
        const QByteArray path = qgetenv("PATH");
        qputenv("PATH", folder.path().toUtf8() + ":" + path);
        std::string message;
        try {
            followRun(folder.path().toStdString(), "12", {}, {});
        } catch (const Error &error) {
            message = error.what();
        }
        qputenv("PATH", path);

        QVERIFY2(message.find("job 12 has ended") != std::string::npos, message.c_str());
    }

    void batchThatDoesNotFitIsMadeSmallerWhenAsked()
    {
        const QTemporaryDir folder;
        TrainRequest request;
        request.task = "retrieval";
        request.config = tinyRetrieval(2);
        request.config.update({{"batchSize", 64},
                               {"poolStart", 64},
                               {"imageHeight", 128},
                               {"imageWidth", 64},
                               {"visionWidth", 128},
                               {"visionLayers", 4},
                               {"memoryLimitMb", 96},
                               {"fitBatch", true}});
        request.runsFolder = folder.path().toStdString();
        request.engine.device = "cpu";

        const TrainOutcome outcome = train(request, {}, {});

        QCOMPARE(outcome.state, std::string("done"));
        const int batch =
            readJsonFile(outcome.runFolder + "/config.json").at("batchSize").get<int>();
        QVERIFY2(batch >= 2 && batch < 64, std::to_string(batch).c_str());
        const std::string log = readFile(outcome.runFolder + "/log.txt");
        QVERIFY2(log.find("64 → " + std::to_string(batch)) != std::string::npos, log.c_str());
        // Without the wish it is an error that names the number.
        request.config["fitBatch"] = false;
        try {
            train(request, {}, {});
            QFAIL("it was trained");
        } catch (const Error &error) {
            QCOMPARE(error.kind(), ErrorKind::InvalidInput);
            QVERIFY2(std::string(error.what()).find("will not fit: 64 → ") != std::string::npos,
                     error.what());
        }
    }
};

QTEST_GUILESS_MAIN(TestDistributed)

#include "tst_distributed.moc"
