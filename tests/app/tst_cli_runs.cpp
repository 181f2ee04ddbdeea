// The verbs about training runs, on run folders written by hand.
#include "core/base/file.h"
#include "core/base/json_file.h"
#include "tests/support/tiny_run.h"

#include <QFile>
#include <QFileInfo>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

using namespace sapsam;

namespace {

struct Run
{
    int exitCode = -1;
    OrderedJson json;
    std::string text;
};

Run sapsamProgram(const QStringList &arguments,
                  const QProcessEnvironment &environment = QProcessEnvironment::systemEnvironment())
{
    QProcess process;
    process.setProcessEnvironment(environment);
    process.start(QStringLiteral(SAPSAM_PROGRAM), arguments);
    Run run;
    if (!process.waitForFinished(60000))
        return run;
    run.exitCode = process.exitCode();
    run.text = process.readAllStandardOutput().toStdString();
    run.json = OrderedJson::parse(run.text, nullptr, false);
    run.text += process.readAllStandardError().toStdString();
    return run;
}

QString writeRun(const QTemporaryDir &folder, const char *name, const Json &config,
                 const char *metrics)
{
    const QString path = folder.filePath(QString::fromUtf8(name));
    makeFolder(path.toStdString());
    writeJsonFile(path.toStdString() + "/config.json", config);
    writeJsonFile(path.toStdString() + "/status.json",
                  Json{{"state", "done"}, {"step", 20}, {"steps", 20}});
    writeFileAtomically(path.toStdString() + "/metrics.jsonl", metrics);
    return path;
}

std::string stateOf(const std::string &run)
{
    return readJsonFile(run + "/status.json").at("state").get<std::string>();
}

} // namespace

class TestCliRuns : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void comparisonShowsWhatDiffers()
    {
        const QTemporaryDir folder;
        const QString a = writeRun(folder, "a", {{"task", "retrieval"}, {"batchSize", 8}},
                                   "{\"step\":10,\"loss\":2.5}\n"
                                   "{\"step\":10,\"validation\":{\"R@1\":30.0,\"mAP\":20.0}}\n"
                                   "{\"step\":20,\"loss\":1.5}\n"
                                   "{\"step\":20,\"validation\":{\"R@1\":25.0,\"mAP\":21.0}}\n"
                                   "{\"step\":21,\"lo");
        const QString b =
            writeRun(folder, "b", {{"task", "retrieval"}, {"batchSize", 16}, {"emaDecay", 0.9}},
                     "{\"step\":20,\"loss\":1.25}\n");

        const Run run = sapsamProgram(
            {QStringLiteral("--json"), QStringLiteral("runs"), QStringLiteral("compare"), a, b});

        QVERIFY2(run.exitCode == 0, run.text.c_str());
        QCOMPARE(run.json.at("settings").dump(),
                 std::string("{\"batchSize\":[8,16],\"emaDecay\":[null,0.9]}"));
        const OrderedJson &metrics = run.json.at("metrics");
        QCOMPARE(metrics.at("loss").dump(), std::string("{\"last\":[1.5,1.25]}"));
        QCOMPARE(metrics.at("R@1").dump(),
                 std::string("{\"last\":[25.0,null],\"best\":[30.0,null]}"));
        QCOMPARE(run.json.at("runs").at(1).at("run").get<std::string>(), b.toStdString());
    }

    void comparisonWithNothingIsAnError()
    {
        const QTemporaryDir folder;
        const QString a = writeRun(folder, "a", {{"task", "retrieval"}}, "");

        const Run run = sapsamProgram({QStringLiteral("--json"), QStringLiteral("runs"),
                                       QStringLiteral("compare"), a,
                                       folder.filePath(QStringLiteral("nowhere"))});

        QCOMPARE(run.exitCode, 1);
        QCOMPARE(run.json.at("error").at("kind").get<std::string>(), std::string("not-found"));
    }

    void runsWaitInTheQueueInTheirOrder()
    {
        const QTemporaryDir folder;
        const QString a = writeRun(folder, "20260101-000000-a-11111111",
                                   {{"task", "retrieval"}, {"name", "a"}}, "");
        const QString b = writeRun(folder, "20260101-000000-b-22222222",
                                   {{"task", "retrieval"}, {"name", "b"}}, "");
        const QStringList verb{QStringLiteral("--json"), QStringLiteral("runs"),
                               QStringLiteral("queue")};
        const auto listed = [&] {
            return sapsamProgram(verb + QStringList{QStringLiteral("list"), folder.path()})
                .json.at("queue")
                .dump();
        };
        QCOMPARE(listed(), std::string("[]"));
        writeJsonFile(folder.path().toStdString() + "/queue.json",
                      Json{{"runs", {QFileInfo(b).fileName().toStdString(),
                                     QFileInfo(a).fileName().toStdString()}}});
        QCOMPARE(listed(), OrderedJson({QFileInfo(b).fileName().toStdString(),
                                        QFileInfo(a).fileName().toStdString()})
                               .dump());

        const Run removed = sapsamProgram(verb + QStringList{QStringLiteral("remove"), b});

        QVERIFY2(removed.exitCode == 0, removed.text.c_str());
        QCOMPARE(listed(), OrderedJson::array({QFileInfo(a).fileName().toStdString()}).dump());
        const Run absent = sapsamProgram(
            verb
            + QStringList{QStringLiteral("add"), folder.filePath(QStringLiteral("nowhere"))});
        QCOMPARE(absent.exitCode, 1);
        QCOMPARE(absent.json.at("error").at("kind").get<std::string>(), std::string("not-found"));
    }

    void samplesAreReadWithoutWhatFrames()
    {
        const QTemporaryDir folder;
        const QString a = writeRun(folder, "a", {{"task", "retrieval"}}, "");
        makeFolder(a.toStdString() + "/samples");
        writeJsonFile(a.toStdString() + "/samples/step-00000020.json",
                      Json{{"step", 20},
                           {"samples",
                            {{{"given", "<|startoftext|>a man in a coat . <|endoftext|>!!!"},
                              {"expected", "a coat"},
                              {"predicted", std::string("a dress \x01")},
                              {"right", false}}}}});

        const Run run = sapsamProgram(
            {QStringLiteral("--json"), QStringLiteral("runs"), QStringLiteral("samples"), a});

        QVERIFY2(run.exitCode == 0, run.text.c_str());
        const OrderedJson &sample = run.json.at("samples").at(0);
        QCOMPARE(sample.at("given").get<std::string>(), std::string("a man in a coat ."));
        QCOMPARE(sample.at("predicted").get<std::string>(), std::string("a dress"));
    }

    void theQueueIsWorkedOffInItsOrder()
    {
        const QTemporaryDir folder;
        const QString config = folder.filePath(QStringLiteral("config.json"));
        writeJsonFile(config.toStdString(), test::tinyConfig(12));
        const QString runs = folder.filePath(QStringLiteral("runs"));
        // Made ready, not started.
        const auto made = [&] {
            return sapsamProgram(
                       {QStringLiteral("--json"), QStringLiteral("--device"), QStringLiteral("cpu"),
                        QStringLiteral("--threads"), QStringLiteral("1"), QStringLiteral("train"),
                        QStringLiteral("retrieval"), QStringLiteral("--config"), config,
                        QStringLiteral("--runs"), runs, QStringLiteral("--slurm-dry-run")})
                .json.at("run")
                .get<std::string>();
        };
        const std::string first = made();
        const std::string second = made();
        const QTemporaryDir other;
        const QString broken =
            writeRun(other, "broken", {{"task", "retrieval"}, {"steps", -1}}, "");
        const QString ended = writeRun(other, "ended", {{"task", "retrieval"}}, "");
        QVERIFY(QFile::rename(broken, runs + QStringLiteral("/broken")));
        QVERIFY(QFile::rename(ended, runs + QStringLiteral("/ended")));
        QVERIFY(QFile::remove(runs + QStringLiteral("/broken/config.json")));
        writeJsonFile(runs.toStdString() + "/broken/status.json", Json{{"state", "queued"}});
        const auto idOf = [](const std::string &run) { return run.substr(run.rfind('/') + 1); };
        writeJsonFile(runs.toStdString() + "/queue.json",
                      Json{{"runs", {"nowhere", "ended", "broken", idOf(first), idOf(second)}}});
        const QStringList verb{QStringLiteral("--json"), QStringLiteral("runs"),
                               QStringLiteral("queue"), QStringLiteral("work"), runs};

        QProcess worker;
        worker.start(QStringLiteral(SAPSAM_PROGRAM), verb);
        QTRY_VERIFY_WITH_TIMEOUT(QFileInfo::exists(QString::fromStdString(first + "/launch.json")),
                                 60'000);
        const Run beside = sapsamProgram(verb);
        QVERIFY(worker.waitForFinished(240'000));

        QCOMPARE(beside.exitCode, 1);
        QCOMPARE(beside.json.at("error").at("kind").get<std::string>(), std::string("busy"));
        QCOMPARE(worker.exitCode(), 0);
        const auto answer = OrderedJson::parse(worker.readAllStandardOutput().toStdString());
        QCOMPARE(answer.at("started").dump(), OrderedJson({idOf(first), idOf(second)}).dump());
        // The second one began when the first one had ended, and outlives the worker.
        QCOMPARE(stateOf(first), std::string("done"));
        QTRY_COMPARE_WITH_TIMEOUT(stateOf(second), std::string("done"), 120'000);
        QVERIFY(stateOf(runs.toStdString() + "/broken") != "done");
        QCOMPARE(sapsamProgram({QStringLiteral("--json"), QStringLiteral("runs"),
                                QStringLiteral("queue"), QStringLiteral("list"), runs})
                     .json.at("queue")
                     .dump(),
                 std::string("[]"));
    }

    void scriptForSlurmIsWrittenIntoTheRunFolder()
    {
        const QTemporaryDir folder;
        const QString config = folder.filePath(QStringLiteral("config.json"));
        writeJsonFile(config.toStdString(), Json{{"name", "tiny"}, {"seed", 9}});

        const QStringList arguments = {QStringLiteral("--json"),
                                       QStringLiteral("--device"),
                                       QStringLiteral("cpu"),
                                       QStringLiteral("train"),
                                       QStringLiteral("retrieval"),
                                       QStringLiteral("--config"),
                                       config,
                                       QStringLiteral("--runs"),
                                       folder.filePath(QStringLiteral("runs")),
                                       QStringLiteral("--launch"),
                                       QStringLiteral("3"),
                                       QStringLiteral("--slurm-option=--time=5")};
        const Run run = sapsamProgram(arguments + QStringList{QStringLiteral("--slurm-dry-run")});

        QVERIFY2(run.exitCode == 0, run.text.c_str());
        const std::string script = readFile(run.json.at("script").get<std::string>());
        for (const std::string &part : {std::string("--ntasks=3"), std::string("#SBATCH --time=5"),
                                        "--resume " + run.json.at("run").get<std::string>()})
            QVERIFY2(script.find(part) != std::string::npos, script.c_str());

        // Without Slurm's program the error says what to install.
        QProcessEnvironment bare = QProcessEnvironment::systemEnvironment();
        bare.insert(QStringLiteral("PATH"), QStringLiteral("/nowhere"));
        const Run failed = sapsamProgram(arguments + QStringList{QStringLiteral("--slurm")}, bare);
        QCOMPARE(failed.exitCode, 1);
        QVERIFY2(failed.text.find("slurm-client") != std::string::npos, failed.text.c_str());
    }
};

QTEST_GUILESS_MAIN(TestCliRuns)

#include "tst_cli_runs.moc"
