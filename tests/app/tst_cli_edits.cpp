// The verbs that change what people made: masks, phrases, merges, trials of prompts, and the way
// back from each of them.
#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/image/codec.h"
#include "core/store/edits.h"
#include "core/store/taxonomy_versions.h"
#include "tests/ui/support/people_project.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

using namespace sapsam;

namespace {

struct Run
{
    int exitCode = -1;
    QByteArray out;
    QByteArray err;

    QJsonObject json() const { return QJsonDocument::fromJson(out).object(); }
    QJsonValue value(const char *key) const { return json().value(QString::fromLatin1(key)); }
    QJsonArray list(const char *key) const { return value(key).toArray(); }
    QString error() const
    {
        return value("error").toObject().value(QStringLiteral("message")).toString();
    }
    QString errorKind() const
    {
        return value("error").toObject().value(QStringLiteral("kind")).toString();
    }
};

// Words are parted by blanks; DIR stands for the project, and "…" keeps words together.
Run runProgram(const QString &line, const QString &project)
{
    QStringList arguments = QProcess::splitCommand(QStringLiteral("--json ") + line);
    for (QString &argument : arguments)
        argument.replace(QStringLiteral("DIR"), project);
    QProcess process;
    process.start(QStringLiteral(SAPSAM_PROGRAM), arguments);
    Run run;
    if (!process.waitForFinished(240'000)) {
        process.kill();
        process.waitForFinished();
        return run;
    }
    run.exitCode = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
    run.out = process.readAllStandardOutput();
    run.err = process.readAllStandardError();
    return run;
}

QString text(const char *latin1)
{
    return QString::fromUtf8(latin1);
}

} // namespace

class TestCliEdits : public QObject
{
    Q_OBJECT

private:
    Run run(const char *line) const { return runProgram(text(line), m_project); }
    Run run(const QString &line) const { return runProgram(line, m_project); }
    ProjectStore store() const
    {
        return ProjectStore::open(m_project.toStdString(), ProjectStore::Access::ReadOnly);
    }
    RegionRecord region(const std::string &group) const
    {
        ProjectStore opened = store();
        for (const std::int64_t id : opened.imageIds()) {
            for (const RegionRecord &each : opened.regions(id)) {
                if (each.group == group)
                    return each;
            }
        }
        qFatal("no region of the group");
        return {};
    }
    // The first merges that differ from the shipped ones: hair without the face.
    QString ownMerges() const
    {
        Taxonomy own = defaultTaxonomy();
        for (PartGroup &group : own.groups) {
            if (group.name == "hair") {
                group.classes = {2};
                group.colour = {1, 2, 3};
            }
        }
        const QString path = m_folder->filePath(QStringLiteral("own.json"));
        writeJsonFile(path.toStdString(), taxonomyJson(own));
        return path;
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    QString m_project;

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_project = m_folder->filePath(QStringLiteral("people.sapsam"));
        test::PeopleProject people;
        people.identities = 2;
        people.picturesPerIdentity = 1;
        test::makePeopleProject(m_project.toStdString(), people);
    }

    // Masks and phrases ---------------------------------------------------------------------------

    void aPhraseIsChangedUndoneAndDoneAgain()
    {
        const auto id = region("clothes").id;
        QCOMPARE(run("history DIR").list("undoable").size(), 0);

        const Run edited = run(text("region edit DIR %1 --phrase \"a green coat\"").arg(id));

        QCOMPARE(edited.exitCode, 0);
        QCOMPARE(run("history DIR").list("undoable").size(), 1);
        const auto phrase = [&] {
            for (const PhraseRecord &each : store().phrases(region("clothes").imageId)) {
                if (each.regionId == id && each.origin == "human")
                    return each.text;
            }
            return std::string();
        };
        QCOMPARE(phrase(), std::string("a green coat"));
        const Run undone = run("undo DIR");
        QCOMPARE(undone.exitCode, 0);
        QCOMPARE(undone.value("step"), edited.value("step"));
        QCOMPARE(phrase(), std::string());
        QCOMPARE(run("history DIR").list("redoable").size(), 1);
        QCOMPARE(run("redo DIR").exitCode, 0);
        QCOMPARE(phrase(), std::string("a green coat"));
        // Nothing to step to is no error.
        const Run nothing = run("redo DIR");
        QCOMPARE(nothing.exitCode, 0);
        QCOMPARE(nothing.value("step").toInt(), 0);
    }

    void aMaskFileBecomesThePartsMask()
    {
        const RegionRecord before = region("clothes");
        Image picture(before.width, before.height, 1);
        for (int y = 10; y < 20; ++y) {
            for (int x = 5; x < 15; ++x)
                *picture.at(x, y) = 255;
        }
        const QString file = m_folder->filePath(QStringLiteral("mask.png"));
        writeFileAtomically(file.toStdString(), encodePng(picture));

        const Run edited = run(text("region edit DIR %1 --mask %2").arg(before.id).arg(file));

        QCOMPARE(edited.exitCode, 0);
        const RegionRecord after = region("clothes");
        QCOMPARE(after.id, before.id);
        QCOMPARE(after.origin, std::string("human"));
        QVERIFY(after.bounds == (Box{5, 10, 15, 20}));
        QCOMPARE(run("undo DIR").exitCode, 0);
        QCOMPARE(region("clothes").rle, before.rle);
        QCOMPARE(region("clothes").origin, std::string("model"));
        writeFileAtomically(file.toStdString(), encodePng(Image(9, 9, 1)));
        const Run other = run(text("region edit DIR %1 --mask %2").arg(before.id).arg(file));
        QCOMPARE(other.exitCode, 1);
        QCOMPARE(other.errorKind(), text("mismatch"));
        QVERIFY2(other.error().contains(text("9 x 9")), qPrintable(other.error()));
    }

    void aPartIsSaidNotToBeThere()
    {
        const RegionRecord before = region("clothes");

        QCOMPARE(run(text("region delete DIR %1").arg(before.id)).exitCode, 0);

        QCOMPARE(store().absentRegions(before.imageId).size(), std::size_t(1));
        QCOMPARE(run("undo DIR").exitCode, 0);
        QVERIFY(store().absentRegions(before.imageId).empty());
        QCOMPARE(region("clothes").rle, before.rle);
    }

    void aModelsMaskIsAnsweredAndStored()
    {
        if (!QFile::exists(QStringLiteral(SAPSAM_SOURCE_DIR "/models/manifest.json")))
            QSKIP("the models are not here");
        const auto image = store().imageIds().front();
        const QString prompt =
            text("mask DIR %1 --group clothes --phrase \"the clothes\"").arg(image);

        const Run answered = run(prompt);
        const Run both = run(prompt + text(" --points \"32,50,+ 2,2,-\""));
        QCOMPARE(run("history DIR").list("undoable").size(), 0); // nothing was stored
        const Run kept = run(prompt + text(" --store"));

        QCOMPARE(answered.exitCode, 0);
        const QJsonObject mask = answered.value("mask").toObject();
        QVERIFY(mask.value(QStringLiteral("pixels")).toInt() > 0);
        QCOMPARE(mask.value(QStringLiteral("width")).toInt(), 64);
        QCOMPARE(both.exitCode, 0);
        QVERIFY(both.json().contains(QStringLiteral("agreement")));
        QCOMPARE(kept.exitCode, 0);
        QCOMPARE(kept.value("mask").toObject().value(QStringLiteral("rle")),
                 mask.value(QStringLiteral("rle")));
        QCOMPARE(run("history DIR").list("undoable").size(), 1);
        QCOMPARE(run("undo DIR").exitCode, 0);
    }

    void whatCannotBeDoneSaysWhyAndChangesNothing_data()
    {
        QTest::addColumn<QString>("line");
        QTest::addColumn<int>("exitCode");
        QTest::addColumn<QString>("kind");
        QTest::addColumn<QString>("message");
        const auto row = [](const char *name, const char *line, int exitCode, const char *kind,
                            const char *message) {
            QTest::newRow(name) << text(line) << exitCode << text(kind) << text(message);
        };
        row("unknown region", "region edit DIR 9999 --phrase x", 1, "not-found", "9999");
        row("nothing to edit", "region edit DIR 1", 1, "invalid-input", "--phrase");
        row("unknown part", "mask DIR 1 --group wings --phrase x", 1, "invalid-input", "wings");
        row("no prompt", "mask DIR 1 --group hair", 1, "invalid-input", "--points");
        row("bad point", "mask DIR 1 --group hair --points 3,4", 1, "invalid-input", "x,y,+");
        row("bad box", "mask DIR 1 --group hair --box 9,9,2,2", 1, "invalid-input", "--box");
        row("no project", "undo DIR/none", 1, "not-found", "none");
        row("unknown check", "check-parts DIR --only crumbs", 1, "invalid-input", "island");
        row("unknown picture", "check-parts DIR --image 999", 1, "not-found", "999");
        row("unknown trial", "lab delete DIR 7", 1, "not-found", "7");
        row("unknown merges", "taxonomy use DIR nothing.json", 1, "not-found", "history");
        row("unknown group in a mapping", "taxonomy use DIR default --map hat=wings", 1,
            "invalid-input", "wings");
        row("no mapping", "taxonomy impact DIR default --map hat", 1, "invalid-input", "OLD=NEW");
        row("history without a project", "history", 2, "", "");
    }

    void whatCannotBeDoneSaysWhyAndChangesNothing()
    {
        QFETCH(QString, line);
        QFETCH(int, exitCode);
        QFETCH(QString, kind);
        QFETCH(QString, message);

        const Run answer = run(line);

        QCOMPARE(answer.exitCode, exitCode);
        QCOMPARE(answer.errorKind(), kind);
        QVERIFY2(answer.error().contains(message), answer.out.constData());
        QCOMPARE(run("history DIR").list("undoable").size(), 0);
    }

    void picturesToMendAreListedWorstFirst()
    {
        const RegionRecord clothes = region("clothes");
        const Run before = run("check-parts DIR --only unlabelled");
        QCOMPARE(before.exitCode, 0);
        Image picture(clothes.width, clothes.height, 1);
        for (int x = clothes.bounds.left; x < clothes.bounds.right; ++x)
            *picture.at(x, clothes.bounds.bottom - 1) = 255; // the last row alone
        const QString file = m_folder->filePath(QStringLiteral("mask.png"));
        writeFileAtomically(file.toStdString(), encodePng(picture));
        QCOMPARE(run(text("region edit DIR %1 --mask %2").arg(clothes.id).arg(file)).exitCode, 0);

        const Run all = run("check-parts DIR --top 0");
        const Run one = run("check-parts DIR --top 1");

        QCOMPARE(all.exitCode, 0);
        QCOMPARE(all.value("checked").toInt(), 2);
        const QJsonArray pictures = all.list("pictures");
        QCOMPARE(pictures.size(), all.value("to_mend").toInt());
        for (qsizetype i = 1; i < pictures.size(); ++i)
            QVERIFY(pictures[i - 1].toObject().value(QStringLiteral("badness")).toDouble()
                    >= pictures[i].toObject().value(QStringLiteral("badness")).toDouble());
        QVERIFY(one.list("pictures").size() <= 1);
    }

    // Merges --------------------------------------------------------------------------------------

    void mergesAreSwitchedListedComparedAndTakenBack()
    {
        const QString shipped = run("taxonomy history DIR").value("current").toString();
        const QString file = ownMerges();
        const Run impact = run(text("taxonomy impact DIR %1 --list").arg(file));
        const Run dry = run(text("taxonomy use DIR %1 --dry-run").arg(file));
        QCOMPARE(impact.exitCode, 0);
        QCOMPARE(dry.value("applied").toBool(true), false);
        QCOMPARE(run("taxonomy history DIR").value("current").toString(), shipped);

        const Run used = run(text("taxonomy use DIR %1 --note \"hair alone\"").arg(file));

        QCOMPARE(used.exitCode, 0);
        QVERIFY(used.value("applied").toBool());
        const QString own = used.value("after").toString();
        QVERIFY2(own.startsWith(text("atr18-sapsam/2/")), qPrintable(own));
        const Run history = run("taxonomy history DIR");
        QCOMPARE(history.value("current").toString(), own);
        QCOMPARE(history.list("versions")[0].toObject().value(QStringLiteral("note")).toString(),
                 text("hair alone"));
        const Run diff = run(text("taxonomy diff default %1 --project DIR").arg(own));
        QVERIFY2(diff.out.contains("class-removed"), diff.out.constData());
        const QString written = m_folder->filePath(QStringLiteral("written.json"));
        QCOMPARE(run(text("taxonomy export DIR %1").arg(written)).exitCode, 0);
        QCOMPARE(readTaxonomy(written.toStdString()).version, own.toStdString());
        const Run shown = run("taxonomy show DIR");
        QCOMPARE(shown.value("version").toString(), own);
        QCOMPARE(run("undo DIR").exitCode, 0);
        QCOMPARE(run("taxonomy history DIR").value("current").toString(), shipped);
        QCOMPARE(run(text("taxonomy use DIR 2")).value("after").toString(), own);
    }

    void mergesThatCannotBeReadHaveAWayBack()
    {
        QCOMPARE(run(text("taxonomy use DIR %1").arg(ownMerges())).exitCode, 0);
        const std::string rle = region("clothes").rle;
        {
            ProjectStore opened = ProjectStore::open(m_project.toStdString());
            opened.setSetting(kCurrentTaxonomyKey, "{\"name\": \"cut o");
        }
        const Run shown = run("taxonomy show DIR");
        QCOMPARE(shown.exitCode, 1);
        QCOMPARE(shown.errorKind(), text("corrupt"));
        QVERIFY2(shown.error().contains(text("taxonomy use")), qPrintable(shown.error()));
        const Run history = run("taxonomy history DIR");
        QCOMPARE(history.exitCode, 0);
        QVERIFY(!history.value("problem").toString().isEmpty());
        QCOMPARE(history.list("versions").size(), 2);

        const Run mended = run("taxonomy use DIR default");

        QCOMPARE(mended.exitCode, 0);
        QVERIFY(mended.value("applied").toBool());
        QVERIFY(!mended.value("problem").toString().isEmpty());
        QCOMPARE(run("taxonomy show DIR").exitCode, 0);
        QCOMPARE(mended.value("after").toString().toStdString(), defaultTaxonomy().version);
        QCOMPARE(region("clothes").rle, rle);
        QCOMPARE(run("taxonomy history DIR").list("versions").size(), 2);
    }

    void trueLabelMapsAreAttachedByName()
    {
        const QString folder = m_folder->filePath(QStringLiteral("labels"));
        QVERIFY(QDir().mkpath(folder));
        ProjectStore opened = store();
        const ImageRecord image = opened.images().front();
        const QString name =
            QFileInfo(QString::fromStdString(opened.picturePath(image))).completeBaseName();
        const auto bytes = encodeLabels(test::peopleLabels({2, 1}, 0));
        QFile file(folder + QLatin1Char('/') + name + QStringLiteral(".png"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(bytes.data(), static_cast<qint64>(bytes.size()));
        file.close();
        QVERIFY(QFile::copy(file.fileName(), folder + QStringLiteral("/nobody.png")));

        const Run attached = run(text("taxonomy labels DIR %1").arg(folder));

        QCOMPARE(attached.exitCode, 3);
        QCOMPARE(attached.value("attached").toInt(), 1);
        QCOMPARE(attached.list("skipped").size(), 1);
    }

    // Prompt lab ----------------------------------------------------------------------------------

    void aTrialIsRunShownDeletedAndBroughtBack()
    {
        if (!QFile::exists(QStringLiteral(SAPSAM_SOURCE_DIR "/models/manifest.json")))
            QSKIP("the models are not here");
        QVERIFY(run("lab experiments").list("experiments").size() >= 2);
        const Run tried =
            run("lab run DIR --group clothes --crops 2 --beams 2 --max-tokens 8 --prompt "
                "\"Question: What {part} is this? Answer:\" --prompt \"A photo of {part},\"");
        QVERIFY2(tried.exitCode == 0, tried.out + tried.err);
        const int trial = tried.value("trial").toInt();
        QVERIFY(trial > 0);
        const Run shown = run(text("lab show DIR %1").arg(trial));
        QCOMPARE(shown.exitCode, 0);
        QCOMPARE(run("lab list DIR").list("trials").size(), 1);

        const Run gone = run(text("lab delete DIR %1").arg(trial));

        QCOMPARE(gone.exitCode, 0);
        QCOMPARE(run("lab list DIR").list("trials").size(), 0);
        QCOMPARE(run(text("lab show DIR %1").arg(trial)).errorKind(), text("not-found"));
        QCOMPARE(run("undo DIR").exitCode, 0);
        QCOMPARE(run(text("lab show DIR %1").arg(trial)).out, shown.out);
        const Run estimate = run(text("lab apply DIR %1 --row 1 --estimate").arg(trial));
        QCOMPARE(estimate.exitCode, 0);
        const Run applied = run(text("lab apply DIR %1 --row 2 --limit 1").arg(trial));
        QVERIFY2(applied.exitCode == 0, applied.out + applied.err);
        QCOMPARE(applied.value("phrases").toInt(), 1);
    }
};

QTEST_GUILESS_MAIN(TestCliEdits)
#include "tst_cli_edits.moc"
