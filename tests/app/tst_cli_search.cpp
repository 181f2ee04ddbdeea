// The verbs around search and evaluation, with the shipped models on drawn people.
#include "core/base/file.h"
#include "core/base/json_file.h"
#include "tests/ui/support/people_project.h"

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

Run sapsamProgram(QStringList arguments)
{
    arguments = QStringList{QStringLiteral("--json"), QStringLiteral("--device"),
                            QStringLiteral("cpu")}
                + arguments;
    QProcess process;
    process.start(QStringLiteral(SAPSAM_PROGRAM), arguments);
    Run run;
    if (!process.waitForFinished(240'000))
        return run;
    run.exitCode = process.exitCode();
    run.text = process.readAllStandardOutput().toStdString();
    run.json = OrderedJson::parse(run.text, nullptr, false);
    run.text += process.readAllStandardError().toStdString();
    return run;
}

QStringList words(const char *text)
{
    return QString::fromUtf8(text).split(QLatin1Char(' '));
}

} // namespace

class TestCliSearch : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        m_project = m_folder.filePath(QStringLiteral("people.sapsam"));
        test::PeopleProject options;
        options.identities = 20;
        test::makePeopleProject(m_project.toStdString(), options);
        const Run run = sapsamProgram({QStringLiteral("embed"), m_project});
        QVERIFY2(run.exitCode == 0, run.text.c_str());
        QCOMPARE(run.json.at("images").get<int>(), kPictures);
    }

    void theIndexFindsWhatTheExactSearchFinds()
    {
        const QString text = QStringLiteral("a person in a black jacket");
        const Run refused =
            sapsamProgram({QStringLiteral("search"), m_project, text, QStringLiteral("--approximate")});
        QCOMPARE(refused.exitCode, 1);
        QVERIFY2(refused.text.find("sapsam index") != std::string::npos, refused.text.c_str());

        const Run index = sapsamProgram({QStringLiteral("index"), m_project});
        QVERIFY2(index.exitCode == 0, index.text.c_str());
        QVERIFY(index.json.at("lists").get<int>() > 0);

        const QStringList top = words("--top 1");
        const Run exact = sapsamProgram(QStringList{QStringLiteral("search"), m_project, text} + top);
        const Run near = sapsamProgram(QStringList{QStringLiteral("search"), m_project, text} + top
                                       + QStringList{QStringLiteral("--approximate")});
        QVERIFY2(near.exitCode == 0, near.text.c_str());
        QCOMPARE(near.json.at("results").at(0).at("image").dump(),
                 exact.json.at("results").at(0).at("image").dump());
    }

    void aSearchCanBeFilteredRerankedAndGivenParts()
    {
        const Run run = sapsamProgram(
            {QStringLiteral("search"), m_project, QStringLiteral("a person in a black jacket"),
             QStringLiteral("--filter"), QStringLiteral("has:bag"), QStringLiteral("--rerank"),
             QStringLiteral("on"), QStringLiteral("--part"),
             QStringLiteral("bag=a red backpack*1.5"), QStringLiteral("--top"), QStringLiteral("0")});
        QVERIFY2(run.exitCode == 0, run.text.c_str());
        QVERIFY(run.json.at("reranked").get<bool>());
        QVERIFY(run.json.at("gallery").get<int>() < kPictures);
        QVERIFY(!run.json.at("results").empty());
        for (const OrderedJson &hit : run.json.at("results")) {
            bool hasBag = false;
            for (const OrderedJson &part : hit.at("parts"))
                hasBag = hasBag || part.at("group") == "bag";
            QVERIFY(hasBag);
        }
        QCOMPARE(run.json.at("structure").at("parts").at(1).at("weight").get<double>(), 1.5);

        const Run wrong = sapsamProgram({QStringLiteral("search"), m_project, QStringLiteral("man"),
                                         QStringLiteral("--filter"), QStringLiteral("rating>>")});
        QCOMPARE(wrong.exitCode, 1);
        QVERIFY2(wrong.text.find("column") != std::string::npos, wrong.text.c_str());
    }

    void aCalibrationIsFittedKeptAndUsed()
    {
        const QString file = m_folder.filePath(QStringLiteral("calibration.json"));
        const Run run =
            sapsamProgram({QStringLiteral("calibrate"), m_project, QStringLiteral("--parts"),
                           QStringLiteral("--clicks"), QStringLiteral("--output"), file});
        QVERIFY2(run.exitCode == 0, run.text.c_str());
        const OrderedJson &lengths = run.json.at("lengths");
        QVERIFY(!lengths.empty());
        QVERIFY(lengths.back().at("slope").get<double>() > 0.0);
        QVERIFY(run.json.at("reranking").at("queries").get<int>() > 0);
        QVERIFY(run.json.at("weights").at("phrase").get<double>()
                    + run.json.at("weights").at("region").get<double>()
                > 0.0);
        QCOMPARE(run.json.at("feedback").at("learned").size(), std::size_t{4});
        // Measured on other people than it was fitted on: with so few, it need not pay.
        for (const char *key : {"rest_learned", "rest_plain"}) {
            const double meanPrecision = run.json.at("feedback").at(key).get<double>();
            QVERIFY2(meanPrecision > 0.0 && meanPrecision <= 100.0, key);
        }
        QVERIFY(
            readJsonFile(file.toStdString()).contains(run.json.at("model").get<std::string>()));

        const Run search = sapsamProgram(
            {QStringLiteral("search"), m_project,
             QStringLiteral("a man with short brown hair who wears a black jacket and blue jeans "
                            "and black shoes")});
        QVERIFY2(search.exitCode == 0, search.text.c_str());
        QVERIFY2(search.json.at("line").is_object(), search.text.c_str());
        QVERIFY(search.json.at("line").at("share").get<double>() > 0.0);
        QCOMPARE(search.json.at("line").at("source").get<std::string>(),
                 std::string("the project's captions"));
    }

    void aCalibrationNeedsSomethingToFit()
    {
        const Run run = sapsamProgram({QStringLiteral("calibrate")});
        QCOMPARE(run.exitCode, 1);
        QVERIFY2(run.text.find("--synthetic") != std::string::npos, run.text.c_str());
        const Run few = sapsamProgram({QStringLiteral("calibrate"), m_project,
                                       QStringLiteral("--limit"), QStringLiteral("3")});
        QCOMPARE(few.exitCode, 1);
        QVERIFY2(few.text.find("are needed") != std::string::npos, few.text.c_str());
    }

    void theStudyComparesRankingsAndClicks()
    {
        const Run run = sapsamProgram({QStringLiteral("search-study"), m_project,
                                       QStringLiteral("--limit"), QStringLiteral("12")});
        QVERIFY2(run.exitCode == 0, run.text.c_str());
        QCOMPARE(run.json.at("queries").get<int>(), 12);
        QCOMPARE(run.json.at("gallery").get<int>(), kPictures);
        QVERIFY(run.json.at("cosine").at("mAP").get<double>() > 0.0);
        QCOMPARE(run.json.at("by_phrases").size(), std::size_t{6});
        QVERIFY(run.json.at("by_parts").at("mAP").get<double>() > 0.0);
        QVERIFY(run.json.at("feedback").at("pays").is_boolean());
        QVERIFY(run.json.contains("line"));
        const OrderedJson &clicks = run.json.at("feedback").at("R@1");
        QCOMPARE(clicks.size(), std::size_t{4});
        for (std::size_t i = 1; i < clicks.size(); ++i)
            QVERIFY(clicks.at(i).get<double>() >= clicks.at(i - 1).get<double>());

        const Run nothing = sapsamProgram({QStringLiteral("search-study")});
        QCOMPARE(nothing.exitCode, 1);
        QVERIFY2(nothing.text.find("name a project") != std::string::npos, nothing.text.c_str());
    }

    void missesAreExplainedAndTwoReportsCompared()
    {
        const QString report = m_folder.filePath(QStringLiteral("a.json"));
        const Run measured = sapsamProgram({QStringLiteral("eval"), QStringLiteral("retrieval"),
                                            m_project, QStringLiteral("--report"), report,
                                            QStringLiteral("--bootstrap"), QStringLiteral("50"),
                                            QStringLiteral("--keep")});
        QVERIFY2(measured.exitCode == 0, measured.text.c_str());

        const Run failures =
            sapsamProgram({QStringLiteral("eval"), QStringLiteral("failures"), report});
        QVERIFY2(failures.exitCode == 0, failures.text.c_str());
        int counted = 0;
        for (const OrderedJson &cause : failures.json.at("causes"))
            counted += cause.at("count").get<int>();
        QCOMPARE(static_cast<int>(failures.json.at("misses").size()), counted);

        const Run same =
            sapsamProgram({QStringLiteral("eval"), QStringLiteral("diff"), report, report});
        QVERIFY2(same.exitCode == 0, same.text.c_str());
        QCOMPARE(same.json.at("better").get<int>(), 0);
        QCOMPARE(same.json.at("worse").get<int>(), 0);
        QCOMPARE(same.json.at("same").get<int>(), failures.json.at("queries").get<int>());

        // What is measured elsewhere can be kept in a project, too, as the window does it.
        const Run drawn = sapsamProgram({QStringLiteral("eval"), QStringLiteral("retrieval"),
                                         QStringLiteral("--synthetic"), QStringLiteral("12"),
                                         QStringLiteral("--bootstrap"), QStringLiteral("20"),
                                         QStringLiteral("--keep-in"), m_project});
        QVERIFY2(drawn.exitCode == 0, drawn.text.c_str());
        const Run kept = sapsamProgram({QStringLiteral("eval"), QStringLiteral("list"), m_project});
        bool isKept = false;
        for (const OrderedJson &one : kept.json.at("evaluations"))
            isKept = isKept || one.at("evaluation") == drawn.json.at("evaluation");
        QVERIFY2(isKept, kept.text.c_str());

        const Run absent =
            sapsamProgram({QStringLiteral("eval"), QStringLiteral("failures"),
                           m_folder.filePath(QStringLiteral("nowhere.json"))});
        QCOMPARE(absent.exitCode, 1);
        QVERIFY2(absent.text.find("nowhere.json") != std::string::npos, absent.text.c_str());
    }

    void labelledCropsAreMeasuredWithTheModelThatWasAskedFor()
    {
        const QString labels =
            QStringLiteral(SAPSAM_SOURCE_DIR "/tests/data/real/vtest_labels.json");
        const QStringList common = {
            QStringLiteral("eval"),     QStringLiteral("retrieval"),
            QStringLiteral("--labels"), labels,
            QStringLiteral("--video"),  m_folder.filePath(QStringLiteral("nothing.avi"))};

        const Run noModel =
            sapsamProgram(common
                          + QStringList{QStringLiteral("--model"),
                                        m_folder.filePath(QStringLiteral("no-such-model"))});
        QCOMPARE(noModel.exitCode, 1);
        QVERIFY2(noModel.text.find("no-such-model") != std::string::npos, noModel.text.c_str());

        const Run report = sapsamProgram(
            common
            + QStringList{QStringLiteral("--report"), m_folder.filePath(QStringLiteral("b.json"))});
        QCOMPARE(report.exitCode, 1);
        QVERIFY2(report.text.find("leave out the folder, --report") != std::string::npos,
                 report.text.c_str());
    }

private:
    static constexpr int kPictures = 40;
    QTemporaryDir m_folder;
    QString m_project;
};

QTEST_GUILESS_MAIN(TestCliSearch)
#include "tst_cli_search.moc"
