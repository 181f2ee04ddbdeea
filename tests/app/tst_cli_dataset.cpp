// `sapsam dataset …` as a script sees it: every broken miniature gives its severity and exit code.
#include "core/base/json_file.h"
#include "tests/support/golden_folder.h"

#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <string>

using namespace sapsam;
using sapsam::test::shippedPath;

namespace {

struct Run
{
    int exitCode = -1;
    Json json;
};

Run sapsamJson(QStringList arguments)
{
    arguments.prepend(QStringLiteral("--json"));
    arguments.prepend(QStringLiteral("--quiet"));
    QProcess process;
    process.start(QStringLiteral(SAPSAM_PROGRAM), arguments);
    Run run;
    if (!process.waitForFinished(120000)) {
        process.kill();
        process.waitForFinished();
        return run;
    }
    run.exitCode = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
    run.json = parseJson(process.readAllStandardOutput().toStdString(), "the answer");
    return run;
}

QString dataset(const std::string &relative)
{
    return QString::fromStdString(shippedPath("pipeline/datasets/" + relative));
}

QString verb()
{
    return QStringLiteral("dataset");
}

} // namespace

class TestCliDataset : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void doctorJudgesEveryBrokenSet()
    {
        const Json expected =
            readJsonFile(shippedPath("pipeline/datasets/expected.json"))["broken"];
        for (const auto &[name, variant] : expected.items()) {
            const Run run = sapsamJson(
                {verb(), QStringLiteral("doctor"), dataset(variant["path"].get<std::string>())});

            const std::string severity = variant["severity"].get<std::string>();
            QVERIFY2(run.json["severity"] == severity, name.c_str());
            QVERIFY2(run.exitCode == (severity == "error" ? 1 : 0), name.c_str());
            QVERIFY2(run.json["datasets"].size() == 1 && run.json["findings"].is_array(),
                     name.c_str());
        }
    }

    void infoCountsWhatIsThere()
    {
        const Run run = sapsamJson({verb(), QStringLiteral("info"), dataset("good/CUHK-PEDES")});

        QCOMPARE(run.exitCode, 0);
        QVERIFY(run.json["kind"] == "cuhk-pedes");
        QVERIFY(run.json["splits"]["train"]["captions"] == 15);
        QVERIFY(run.json["part_masks"] == 60);
    }

    void severalSetsInAFolderAreAllLookedAt()
    {
        const Run run = sapsamJson({verb(), QStringLiteral("doctor"), dataset("good")});

        QCOMPARE(run.exitCode, 0);
        QCOMPARE(run.json["datasets"].size(), std::size_t{4});
        QVERIFY(run.json["severity"] == "accept");
    }

    void folderWithoutADatasetIsNotFound()
    {
        const QTemporaryDir folder;
        const Run run = sapsamJson({verb(), QStringLiteral("doctor"), folder.path()});

        QCOMPARE(run.exitCode, 1);
        QVERIFY(run.json["error"]["kind"] == "not-found");
    }

    void setIsPackedOnce()
    {
        const QTemporaryDir folder;
        const QStringList call{verb(),
                               QStringLiteral("pack"),
                               dataset("good/RSTPReid"),
                               folder.filePath(QStringLiteral("pack")),
                               QStringLiteral("--width"),
                               QStringLiteral("16"),
                               QStringLiteral("--height"),
                               QStringLiteral("48")};
        const Run first = sapsamJson(call);
        const Run second = sapsamJson(call);

        QCOMPARE(first.exitCode, 0);
        QVERIFY(first.json["pictures"] == 12 && first.json["added"] == 12);
        QVERIFY(first.json["masks"] == 14);
        QCOMPARE(second.exitCode, 0);
        QVERIFY(second.json["added"] == 0);
    }

    void phrasesAreCutFromTheCaptions()
    {
        const QTemporaryDir folder;
        const Run run = sapsamJson({verb(), QStringLiteral("phrases"), dataset("good/ICFG-PEDES"),
                                    QStringLiteral("-o"), folder.path()});

        QCOMPARE(run.exitCode, 0);
        QVERIFY(run.json["captions"] == 6);
        const Json list = readJsonFile(run.json["file"].get<std::string>());
        QCOMPARE(list.size(), std::size_t{6});
        QVERIFY(list[0]["attribute"][0] == "a pink shirt");
    }

    void masksAreMadeInPartsAndPacked()
    {
        const QTemporaryDir folder;
        const QString out = folder.filePath(QStringLiteral("people"));
        QVERIFY(sapsamJson(
                    {QStringLiteral("synth"), out, QStringLiteral("--count"), QStringLiteral("8")})
                    .exitCode
                == 0);
        const QString people = out + QStringLiteral("/CUHK-PEDES");
        const QStringList call{verb(), QStringLiteral("masks"), people, QStringLiteral("--model"),
                               QStringLiteral("sapsam-person-small")};
        const Run early = sapsamJson(call);
        QCOMPARE(sapsamJson({verb(), QStringLiteral("phrases"), people}).exitCode, 0);
        const Run part =
            sapsamJson(call + QStringList{QStringLiteral("--limit"), QStringLiteral("2")});
        const Run rest = sapsamJson(call);
        const Run again = sapsamJson(call);
        const Run pack =
            sapsamJson({verb(), QStringLiteral("pack"), people, out + QStringLiteral("/pack")});

        QVERIFY(early.json["error"]["kind"] == "invalid-input"); // no phrases yet
        QCOMPARE(part.exitCode, 0);
        QVERIFY(part.json["complete"] == false && part.json["written"] > 0);
        QVERIFY(rest.json["complete"] == true && rest.json["left"] == 0);
        QVERIFY(rest.json["found"] == part.json["written"]);
        QVERIFY(again.json["written"] == 0 && again.json["found"] == rest.json["phrases"]);
        QVERIFY(pack.json["masks"] == rest.json["captions"]);
    }

    void unknownModelIsNotFound()
    {
        const Run run = sapsamJson({verb(), QStringLiteral("masks"), dataset("good/CUHK-PEDES"),
                                    QStringLiteral("--model"), QStringLiteral("nobody")});

        QCOMPARE(run.exitCode, 1);
        QVERIFY(run.json["error"]["kind"] == "not-found");
    }

    void atrIsSplitOnceAndForAll()
    {
        const QTemporaryDir folder;
        const QString file = folder.filePath(QStringLiteral("split.json"));
        const QStringList call{verb(), QStringLiteral("split"), dataset("good/ATR"),
                               QStringLiteral("-o"), file};
        const Run first = sapsamJson(call);
        const Run again = sapsamJson(call);
        const Run other =
            sapsamJson(call + QStringList{QStringLiteral("--seed"), QStringLiteral("9")});

        QCOMPARE(first.exitCode, 0);
        QVERIFY(first.json["train"] == 10 && first.json["dev"] == 1 && first.json["test"] == 1);
        QVERIFY(first.json == again.json);
        QCOMPARE(other.exitCode, 1);
        QVERIFY(other.json["error"]["kind"] == "mismatch");
    }
};

QTEST_GUILESS_MAIN(TestCliDataset)
#include "tst_cli_dataset.moc"
