// What a program settles before its libraries are loaded, and what of it `sapsam doctor` shows.
#include "app/launcher/environment.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

using sapsam::launcher::Machine;

Q_DECLARE_METATYPE(Machine)

namespace {

// One answer of the program with some variables of the environment set.
QByteArray answer(const QString &program, const QStringList &arguments,
                  const QMap<QString, QString> &variables, int *exitCode = nullptr,
                  QByteArray *errors = nullptr)
{
    QProcess process;
    auto environment = QProcessEnvironment::systemEnvironment();
    for (auto it = variables.begin(); it != variables.end(); ++it)
        environment.insert(it.key(), it.value());
    process.setProcessEnvironment(environment);
    process.start(program, arguments);
    if (!process.waitForFinished(240000))
        process.kill();
    if (exitCode)
        *exitCode = process.exitCode();
    if (errors)
        *errors = process.readAllStandardError();
    return process.readAllStandardOutput();
}

// "what" → "value: why" of the doctor's list.
QMap<QString, QString> startupOf(const QMap<QString, QString> &variables)
{
    const auto out = answer(QStringLiteral(SAPSAM_PROGRAM),
                            {QStringLiteral("--json"), QStringLiteral("doctor")}, variables);
    const auto object = QJsonDocument::fromJson(out).object();
    QMap<QString, QString> list;
    for (const auto &item : object.value(QStringLiteral("startup")).toArray()) {
        const auto entry = item.toObject();
        list.insert(entry.value(QStringLiteral("what")).toString(),
                    entry.value(QStringLiteral("value")).toString() + QStringLiteral(": ")
                        + entry.value(QStringLiteral("why")).toString());
    }
    return list;
}

} // namespace

class TestLauncher : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void decisionFollowsTheMachine_data()
    {
        QTest::addColumn<Machine>("machine");
        QTest::addColumn<QString>("core");
        QTest::addColumn<QString>("coreReason");
        QTest::addColumn<QString>("tunables");
        const auto row = [](const char *name, const Machine &machine, const char *core,
                            const char *coreReason, const char *tunables) {
            QTest::newRow(name) << machine << QString::fromLatin1(core)
                                << QString::fromLatin1(coreReason) << QString::fromLatin1(tunables);
        };
        row("unknown processor", {true, "Haswell", "", "always", ""}, "SkylakeX", "Haswell", "");
        row("known processor", {true, "SapphireRapids", "", "always", ""}, "", "SapphireRapids",
            "");
        row("no AVX-512", {false, "Haswell", "", "never", ""}, "", "no AVX-512", "");
        row("another library", {true, "", "", "", ""}, "", "not OpenBLAS", "");
        row("the user chose", {true, "", "Haswell", "", ""}, "", "by the environment", "");
        row("huge pages on request", {false, "", "", "madvise", ""}, "", "no AVX-512",
            "glibc.malloc.hugetlb=1");
        row("beside other tunables", {false, "", "", "madvise", "glibc.malloc.arena_max=2"}, "",
            "no AVX-512", "glibc.malloc.arena_max=2:glibc.malloc.hugetlb=1");
        row("huge pages chosen", {false, "", "", "madvise", "glibc.malloc.hugetlb=0"}, "",
            "no AVX-512", "");
    }
    void decisionFollowsTheMachine()
    {
        QFETCH(Machine, machine);
        QFETCH(QString, core);
        QFETCH(QString, coreReason);
        QFETCH(QString, tunables);

        const auto settings = sapsam::launcher::decide(machine);

        QCOMPARE(settings.size(), std::size_t(4));
        QCOMPARE(settings[0].name, std::string("OPENBLAS_CORETYPE"));
        QCOMPARE(QString::fromStdString(settings[0].value), core);
        QVERIFY(QString::fromStdString(settings[0].why).contains(coreReason));
        QCOMPARE(settings[1].name, std::string("GLIBC_TUNABLES"));
        QCOMPARE(QString::fromStdString(settings[1].value), tunables);
        QVERIFY(!settings[1].why.empty());
    }

    void threadsWithoutWorkSleepBesideThoseOfOpenBlas()
    {
        const auto decided = [](const Machine &machine, std::size_t at) {
            return sapsam::launcher::decide(machine)[at];
        };
        Machine machine;
        QCOMPARE(decided(machine, 2).value, std::string());
        QCOMPARE(decided(machine, 3).value, std::string());
        machine.blasHasThreads = true;
        QCOMPARE(decided(machine, 2).name, std::string("GOMP_SPINCOUNT"));
        QCOMPARE(decided(machine, 2).value, std::string("1000"));
        QCOMPARE(decided(machine, 3).name, std::string("OPENBLAS_THREAD_TIMEOUT"));
        QCOMPARE(decided(machine, 3).value, std::string("14"));
        machine.waiting = "active";
        machine.blasWaiting = "26";
        QCOMPARE(decided(machine, 2).value, std::string());
        QVERIFY(decided(machine, 2).why.find("active") != std::string::npos);
        QCOMPARE(decided(machine, 3).value, std::string());
        QVERIFY(decided(machine, 3).why.find("26") != std::string::npos);
    }

    void doctorShowsWhatWasChosenAndWhy()
    {
        const auto startup = startupOf({});

        QVERIFY(startup.contains(QStringLiteral("OPENBLAS_CORETYPE")));
        QVERIFY(startup.contains(QStringLiteral("GLIBC_TUNABLES")));
        QVERIFY(startup.contains(QStringLiteral("GOMP_SPINCOUNT")));
        QVERIFY(startup.contains(QStringLiteral("OPENBLAS_THREAD_TIMEOUT")));
        QVERIFY(startup.value(QStringLiteral("threads")).section(QLatin1Char(':'), 0, 0).toInt()
                > 0);
        QVERIFY(startup.value(QStringLiteral("allocator")).contains(QStringLiteral("1 GB")));
    }

    void reExecutionCanBeForbidden()
    {
        const auto startup = startupOf({{QStringLiteral("SAPSAM_NO_REEXEC"), QStringLiteral("1")}});

        QVERIFY(startup.value(QStringLiteral("environment"))
                    .contains(QStringLiteral("SAPSAM_NO_REEXEC")));
        QVERIFY(!startup.contains(QStringLiteral("OPENBLAS_CORETYPE")));
    }

    void choiceOfTheUserIsKept()
    {
        const auto startup =
            startupOf({{QStringLiteral("OPENBLAS_CORETYPE"), QStringLiteral("Haswell")}});

        QVERIFY(startup.value(QStringLiteral("OPENBLAS_CORETYPE"))
                    .contains(QStringLiteral("Haswell by the environment")));
    }

    void launcherWithoutItsModuleSaysWhatIsMissing()
    {
        QTemporaryDir folder;
        const QString alone = folder.filePath(QStringLiteral("sapsam"));
        QVERIFY(QFile::copy(QStringLiteral(SAPSAM_PROGRAM), alone));
        int exitCode = 0;
        QByteArray errors;

        const auto out = answer(alone, {QStringLiteral("version")}, {}, &exitCode, &errors);

        QCOMPARE(exitCode, 1);
        QVERIFY(out.isEmpty());
        QVERIFY2(errors.contains("sapsam-program.so"), errors.constData());
    }
};

QTEST_GUILESS_MAIN(TestLauncher)
#include "tst_launcher.moc"
