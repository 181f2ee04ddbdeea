// The command line end to end: what a script sees of it. Every answer is parsed, every error row
// checks the exit code and the message.
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

namespace {

struct Run
{
    int exitCode = -1;
    QByteArray out;
    QByteArray err;

    QJsonObject json() const { return QJsonDocument::fromJson(out).object(); }
    QString error() const
    {
        return json()
            .value(QStringLiteral("error"))
            .toObject()
            .value(QStringLiteral("message"))
            .toString();
    }
    QString errorKind() const
    {
        return json()
            .value(QStringLiteral("error"))
            .toObject()
            .value(QStringLiteral("kind"))
            .toString();
    }
};

Run sapsam(const QStringList &arguments, int timeoutMs = 240000)
{
    QProcess process;
    process.start(QStringLiteral(SAPSAM_PROGRAM), arguments);
    Run run;
    if (!process.waitForFinished(timeoutMs)) {
        process.kill();
        process.waitForFinished();
        run.err = "timed out";
        return run;
    }
    run.exitCode = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
    run.out = process.readAllStandardOutput();
    run.err = process.readAllStandardError();
    return run;
}

Run sapsamJson(QStringList arguments)
{
    arguments.prepend(QStringLiteral("--json"));
    return sapsam(arguments);
}

void writeBytes(const QString &path, const QByteArray &bytes)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(file.write(bytes), bytes.size());
}

bool haveModels()
{
    return QFile::exists(QStringLiteral(SAPSAM_SOURCE_DIR "/models/manifest.json"));
}

} // namespace

class TestCli : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QVERIFY(m_folder.isValid()); }

    void aCallWithoutAVerbIsAUsageError()
    {
        const Run run = sapsam({});

        QCOMPARE(run.exitCode, 2);
        QVERIFY(!run.err.isEmpty());
    }

    void anUnknownVerbIsAUsageError() { QCOMPARE(sapsam({QStringLiteral("dance")}).exitCode, 2); }

    void aValueOutOfRangeIsAUsageError()
    {
        const Run run =
            sapsam({QStringLiteral("search"), QStringLiteral("x.sapsam"), QStringLiteral("red"),
                    QStringLiteral("--top"), QStringLiteral("-3")});

        QCOMPARE(run.exitCode, 2);
        QVERIFY2(run.err.contains("--top"), run.err.constData());
    }

    void helpIsAnAnswer()
    {
        const Run run = sapsam({QStringLiteral("--help")});

        QCOMPARE(run.exitCode, 0);
        for (const char *verb : {"project", "import", "segment", "phrase", "embed", "search",
                                 "train", "eval", "models", "export", "synth", "doctor", "version"})
            QVERIFY2(run.out.contains(verb), verb);
    }

    void versionNamesTheLibraries()
    {
        const Run run = sapsamJson({QStringLiteral("version")});

        QCOMPARE(run.exitCode, 0);
        QVERIFY(!run.json().value(QStringLiteral("version")).toString().isEmpty());
        QVERIFY(!run.json().value(QStringLiteral("libtorch")).toString().isEmpty());
    }

    void aNewProjectIsEmpty()
    {
        const Run created =
            sapsamJson({QStringLiteral("project"), QStringLiteral("create"), project()});
        const Run info = sapsamJson({QStringLiteral("project"), QStringLiteral("info"), project()});

        QCOMPARE(created.exitCode, 0);
        QCOMPARE(info.exitCode, 0);
        for (const QString &key : {QStringLiteral("images"), QStringLiteral("regions"),
                                   QStringLiteral("phrases"), QStringLiteral("embedded")}) {
            QVERIFY(info.json().contains(key));
            QCOMPARE(info.json().value(key).toInt(-1), 0);
        }
        QVERIFY(info.json().value(QStringLiteral("models")).isObject());
    }

    void aProjectIsNotMadeTwice()
    {
        const Run run =
            sapsamJson({QStringLiteral("project"), QStringLiteral("create"), project()});

        QCOMPARE(run.exitCode, 1);
        QCOMPARE(run.errorKind(), QStringLiteral("invalid-input"));
        QVERIFY2(run.error().contains(project()), run.out.constData());
    }

    void aMissingProjectIsNamed()
    {
        const QString nowhere = m_folder.filePath(QStringLiteral("nowhere.sapsam"));

        const Run run = sapsamJson({QStringLiteral("project"), QStringLiteral("info"), nowhere});

        QCOMPARE(run.exitCode, 1);
        QCOMPARE(run.errorKind(), QStringLiteral("not-found"));
        QVERIFY2(run.error().contains(nowhere), run.out.constData());
    }

    void synthWritesWhatTheReadersRead()
    {
        const Run run =
            sapsamJson({QStringLiteral("--seed"), QStringLiteral("5"), QStringLiteral("synth"),
                        pictures(), QStringLiteral("--count"), QStringLiteral("12")});

        QVERIFY2(run.exitCode == 0, run.out + run.err);
        QCOMPARE(run.json().value(QStringLiteral("images")).toInt(), 12);
        QVERIFY(run.json().value(QStringLiteral("identities")).toInt() > 0);
        QVERIFY(run.json().value(QStringLiteral("captions")).toInt() >= 12);
        QVERIFY(QFile::exists(pictures() + QStringLiteral("/CUHK-PEDES/reid_raw.json")));
    }

    void aBatchGoesOnAfterBadItemsAndReportsThem()
    {
        const QString zoo = m_folder.filePath(QStringLiteral("zoo"));
        QVERIFY(QDir().mkpath(zoo));
        writeBytes(zoo + QStringLiteral("/empty.png"), {});
        writeBytes(zoo + QStringLiteral("/text.jpg"), "this is not a picture");
        const QString good = firstPicture();
        QVERIFY(!good.isEmpty());
        QVERIFY(
            QFile::copy(good, zoo + QStringLiteral("/Straße 日本.") + QFileInfo(good).suffix()));
        QFile whole(good);
        QVERIFY(whole.open(QIODevice::ReadOnly));
        writeBytes(zoo + QStringLiteral("/truncated.") + QFileInfo(good).suffix(), whole.read(200));

        const Run run = sapsamJson({QStringLiteral("import"), project(), zoo});

        QCOMPARE(run.exitCode, 3);
        QCOMPARE(run.json().value(QStringLiteral("imported")).toInt(), 1);
        const QJsonArray skipped = run.json().value(QStringLiteral("skipped")).toArray();
        QCOMPARE(skipped.size(), 3);
        for (const QJsonValue &item : skipped) {
            QVERIFY(QFile::exists(item.toObject().value(QStringLiteral("path")).toString()));
            QVERIFY(!item.toObject().value(QStringLiteral("reason")).toString().isEmpty());
        }
    }

    void importingAgainAddsNothing()
    {
        const QString zoo = m_folder.filePath(QStringLiteral("zoo"));

        const Run run = sapsamJson({QStringLiteral("import"), project(), zoo});

        QCOMPARE(run.json().value(QStringLiteral("imported")).toInt(), 0);
        QCOMPARE(run.json().value(QStringLiteral("known")).toInt(), 1);
    }

    void anEmptyQueryIsRefused()
    {
        const Run run = sapsamJson({QStringLiteral("search"), project(), QStringLiteral("   ")});

        QCOMPARE(run.exitCode, 1);
        QCOMPARE(run.errorKind(), QStringLiteral("invalid-input"));
    }

    void searchingBeforeEmbeddingSaysWhatToDo()
    {
        if (!haveModels())
            QSKIP("models/manifest.json is not there");

        const Run run =
            sapsamJson({QStringLiteral("search"), project(), QStringLiteral("a red jacket")});

        QCOMPARE(run.exitCode, 1);
        QVERIFY2(run.error().contains(QStringLiteral("embed")), run.out.constData());
    }

    void missingModelsAreNamed()
    {
        const QString nowhere = m_folder.filePath(QStringLiteral("no-models"));

        const Run run =
            sapsamJson({QStringLiteral("--models"), nowhere, QStringLiteral("segment"), project()});

        QCOMPARE(run.exitCode, 1);
        QCOMPARE(run.errorKind(), QStringLiteral("not-found"));
        QVERIFY2(run.error().contains(nowhere), run.out.constData());
    }

    void publishedWeightsBecomeAModel()
    {
        const QString golden = QStringLiteral(SAPSAM_SOURCE_DIR "/tests/golden/");
        const QString registry = m_folder.filePath(QStringLiteral("brought"));
        const QStringList in = {QStringLiteral("--models"), registry};

        const Run import =
            sapsamJson(QStringList{QStringLiteral("models"), QStringLiteral("import"),
                                   golden + QStringLiteral("sam_tiny/weights_meta.pth"),
                                   QStringLiteral("--name"), QStringLiteral("tiny")}
                       + in);
        const Run list =
            sapsamJson(QStringList{QStringLiteral("models"), QStringLiteral("list")} + in);
        const Run verify = sapsamJson(
            QStringList{QStringLiteral("models"), QStringLiteral("verify"), QStringLiteral("tiny")}
            + in);

        QVERIFY2(import.exitCode == 0, import.out + import.err);
        QCOMPARE(import.json().value(QStringLiteral("architecture")).toString(),
                 QStringLiteral("sam"));
        QCOMPARE(import.json().value(QStringLiteral("complete")).toBool(), true);
        QCOMPARE(import.json().value(QStringLiteral("dtype")).toString(), QStringLiteral("F32"));
        QCOMPARE(list.exitCode, 0);
        QCOMPARE(list.json().value(QStringLiteral("models")).toArray().size(), 1);
        QVERIFY2(verify.exitCode == 0, verify.out + verify.err);
        QVERIFY(verify.json()
                    .value(QStringLiteral("models"))
                    .toArray()
                    .at(0)
                    .toObject()
                    .value(QStringLiteral("complete"))
                    .toBool());

        QFile weights(registry + QStringLiteral("/tiny/weights_meta.pth"));
        QVERIFY(weights.open(QIODevice::ReadWrite));
        QVERIFY(weights.seek(weights.size() / 2));
        QCOMPARE(weights.write("changed"), 7);
        weights.close();
        const Run broken = sapsamJson(
            QStringList{QStringLiteral("models"), QStringLiteral("verify"), QStringLiteral("tiny")}
            + in);
        QCOMPARE(broken.exitCode, 1);
        QVERIFY2(broken.out.contains("another sha256"), broken.out.constData());
    }

    void incompleteWeightsSayWhatToAdd()
    {
        const QString lavis = QStringLiteral(
            SAPSAM_SOURCE_DIR "/tests/golden/blip2_opt_tiny/weights_lavis_blip2_opt.pth");
        const QString registry = m_folder.filePath(QStringLiteral("not-made"));

        const Run verify = sapsamJson({QStringLiteral("models"), QStringLiteral("verify"), lavis});
        const Run import = sapsamJson({QStringLiteral("models"), QStringLiteral("import"), lavis,
                                       QStringLiteral("--models"), registry});
        const Run nothing = sapsamJson(
            {QStringLiteral("models"), QStringLiteral("verify"), QStringLiteral("no-such-model")});

        const QString advice = QStringLiteral("holds no vision tower; add eva_vit_g.pth");
        QCOMPARE(verify.exitCode, 1);
        const QJsonObject examined = verify.json().value(QStringLiteral("examined")).toObject();
        QVERIFY2(examined.value(QStringLiteral("advice")).toString().contains(advice),
                 verify.out.constData());
        QCOMPARE(examined.value(QStringLiteral("missing_parts")).toArray().size(), 2);
        QCOMPARE(import.exitCode, 1);
        QCOMPARE(import.errorKind(), QStringLiteral("mismatch"));
        QVERIFY2(import.error().contains(advice), import.out.constData());
        QVERIFY(!QFileInfo::exists(registry));
        QCOMPARE(nothing.exitCode, 1);
        QCOMPARE(nothing.errorKind(), QStringLiteral("not-found"));
    }

    void theWholePathFromPicturesToRanking()
    {
        if (!haveModels())
            QSKIP("models/manifest.json is not there");
        QCOMPARE(sapsamJson({QStringLiteral("import"), project(),
                             pictures() + QStringLiteral("/CUHK-PEDES"), QStringLiteral("--format"),
                             QStringLiteral("cuhk-pedes")})
                     .json()
                     .value(QStringLiteral("imported"))
                     .toInt(),
                 12);

        const Run segment = sapsamJson({QStringLiteral("segment"), project()});
        const Run phrase = sapsamJson({QStringLiteral("phrase"), project()});
        const Run embed = sapsamJson({QStringLiteral("embed"), project()});
        const Run search = sapsamJson({QStringLiteral("search"), project(),
                                       QStringLiteral("a woman in a red jacket and blue jeans"),
                                       QStringLiteral("--top"), QStringLiteral("5")});

        QVERIFY2(segment.exitCode == 0, segment.out + segment.err);
        QCOMPARE(segment.json().value(QStringLiteral("images")).toInt(), 13);
        QVERIFY(segment.json().value(QStringLiteral("regions")).toInt() > 13);
        QVERIFY2(phrase.exitCode == 0, phrase.out + phrase.err);
        QCOMPARE(phrase.json().value(QStringLiteral("phrases")).toInt(),
                 segment.json().value(QStringLiteral("regions")).toInt());
        QVERIFY2(embed.exitCode == 0, embed.out + embed.err);
        QCOMPARE(embed.json().value(QStringLiteral("images")).toInt(), 13);
        QVERIFY2(search.exitCode == 0, search.out + search.err);
        const QJsonArray results = search.json().value(QStringLiteral("results")).toArray();
        QCOMPARE(results.size(), 5);
        double previous = 2.0;
        for (int i = 0; i < results.size(); ++i) {
            const QJsonObject hit = results.at(i).toObject();
            QCOMPARE(hit.value(QStringLiteral("rank")).toInt(), i + 1);
            const double score = hit.value(QStringLiteral("score")).toDouble();
            QVERIFY(score <= previous && score >= -1.0 && score <= 1.0);
            previous = score;
            QVERIFY(QFile::exists(hit.value(QStringLiteral("path")).toString()));
            QVERIFY(!hit.value(QStringLiteral("parts")).toArray().isEmpty());
        }
    }

    void doneWorkIsNotDoneAgain()
    {
        if (!haveModels())
            QSKIP("models/manifest.json is not there");

        const Run segment = sapsamJson({QStringLiteral("segment"), project()});
        const Run phrase = sapsamJson({QStringLiteral("phrase"), project()});

        QCOMPARE(segment.json().value(QStringLiteral("images")).toInt(-1), 0);
        QCOMPARE(phrase.json().value(QStringLiteral("phrases")).toInt(-1), 0);
    }

    void aLongQueryIsReadAsFarAsTheModelGoesAndSaysSo()
    {
        if (!haveModels())
            QSKIP("models/manifest.json is not there");
        QString text = QStringLiteral("a person in a red jacket");
        for (int i = 0; i < 60; ++i)
            text += QStringLiteral(" and a green scarf");

        const Run run = sapsamJson({QStringLiteral("search"), project(), text});

        QCOMPARE(run.exitCode, 0);
        QVERIFY(!run.json().value(QStringLiteral("warnings")).toArray().isEmpty());
    }

    void exportsAreWrittenWithAManifest_data()
    {
        QTest::addColumn<QString>("format");
        QTest::addColumn<QString>("file");
        QTest::newRow("csv") << QStringLiteral("csv") << QStringLiteral("images.csv");
        QTest::newRow("html") << QStringLiteral("html") << QStringLiteral("index.html");
    }

    void exportsAreWrittenWithAManifest()
    {
        QFETCH(QString, format);
        QFETCH(QString, file);
        const QString out = m_folder.filePath(QStringLiteral("export-") + format);

        const Run run = sapsamJson({QStringLiteral("export"), project(), QStringLiteral("--format"),
                                    format, QStringLiteral("--output"), out});

        QVERIFY2(run.exitCode == 0, run.out + run.err);
        QVERIFY(run.json().value(QStringLiteral("written")).toInt() > 0);
        QVERIFY(QFileInfo(out + QLatin1Char('/') + file).size() > 100);
        QFile manifest(run.json().value(QStringLiteral("manifest")).toString());
        QVERIFY(manifest.open(QIODevice::ReadOnly));
        QVERIFY(QJsonDocument::fromJson(manifest.readAll()).isObject());
    }

    void aDamagedDatabaseIsNamedAndLeftAlone()
    {
        const QString broken = m_folder.filePath(QStringLiteral("broken.sapsam"));
        QCOMPARE(sapsam({QStringLiteral("project"), QStringLiteral("create"), broken}).exitCode, 0);
        const QString database = broken + QStringLiteral("/project.sqlite");
        const QByteArray garbage(8192, 'x');
        writeBytes(database, garbage);

        const Run run = sapsamJson({QStringLiteral("project"), QStringLiteral("info"), broken});

        QCOMPARE(run.exitCode, 1);
        QCOMPARE(run.errorKind(), QStringLiteral("corrupt"));
        QVERIFY2(run.error().contains(QStringLiteral("project.sqlite")), run.out.constData());
        QFile file(database);
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCOMPARE(file.readAll(), garbage);
    }

    void theDefaultModelsAreWhole()
    {
        if (!haveModels())
            QSKIP("models/manifest.json is not there");

        const Run run = sapsamJson({QStringLiteral("models"), QStringLiteral("verify")});

        QVERIFY2(run.exitCode == 0, run.out + run.err);
        QVERIFY(run.json().value(QStringLiteral("models")).toArray().size() >= 3);
    }

    void doctorExaminesTheProject()
    {
        const Run run = sapsamJson({QStringLiteral("doctor"), project()});

        QVERIFY(!run.json().isEmpty());
        QVERIFY2(run.exitCode == 0 || !haveModels(), run.out + run.err);
    }

private:
    QString project() const { return m_folder.filePath(QStringLiteral("Prüfung.sapsam")); }
    QString pictures() const { return m_folder.filePath(QStringLiteral("pictures")); }

    QString firstPicture() const
    {
        QDir images(pictures() + QStringLiteral("/CUHK-PEDES/imgs"));
        QStringList stack = {images.path()};
        while (!stack.isEmpty()) {
            const QFileInfo entry(stack.takeFirst());
            if (entry.isFile())
                return entry.filePath();
            const QDir folder(entry.filePath());
            for (const QFileInfo &child :
                 folder.entryInfoList(QDir::Files | QDir::Dirs | QDir::NoDotAndDotDot, QDir::Name))
                stack.append(child.filePath());
        }
        return {};
    }

    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(TestCli)
#include "tst_cli.moc"
