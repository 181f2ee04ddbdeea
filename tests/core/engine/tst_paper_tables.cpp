#include "core/base/error.h"
#include "core/base/file.h"
#include "core/engine/paper_tables.h"

#include <QTemporaryDir>
#include <QtTest>

#include <filesystem>

using namespace sapsam;

namespace {

// What all rows share: small enough for a test.
Json retrievalBase()
{
    return {{"data", "synthetic"},   {"syntheticIdentities", 20},
            {"imageHeight", 64},     {"imageWidth", 32},
            {"vocabularySize", 800}, {"decoderLayers", 1},
            {"batchSize", 8},        {"steps", 2},
            {"evaluateEvery", 2},    {"augmentation", "none"},
            {"precision", "fp32"},   {"evaluateTest", true}};
}

Json baseOf(int table)
{
    Json base = retrievalBase();
    if (table == 4)
        base["dvae"] = "random";
    if (table == 7)
        base["backbones"] = {{"ViT/B-16", {{"architecture", "small"}}},
                             {"ViT/L-14", {{"architecture", "small"}, {"decoderLayers", 2}}}};
    else
        base["architecture"] = "small";
    if (table == 7)
        base.erase("decoderLayers");
    return base;
}

TableRequest requestFor(const QTemporaryDir &folder, std::vector<int> rows)
{
    TableRequest request;
    request.runsFolder = folder.path().toStdString();
    request.rows = std::move(rows);
    request.engine.device = "cpu";
    request.engine.threads = 1;
    return request;
}

std::string messageOf(int table, const Json &base)
{
    try {
        paperTable(table, base);
    } catch (const Error &error) {
        return error.what();
    }
    return "nothing was thrown";
}

} // namespace

class TestPaperTables : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void rowsAreThoseOfThePaper_data()
    {
        QTest::addColumn<int>("number");
        QTest::addColumn<int>("rows");
        QTest::addColumn<QString>("task");
        QTest::addColumn<double>("last"); // first number of the paper's last row
        QTest::newRow("image decoding") << 4 << 4 << "retrieval" << 71.56;
        QTest::newRow("prompt features") << 5 << 4 << "person-sam" << 61.55;
        QTest::newRow("alignment") << 6 << 5 << "retrieval" << 73.59;
        QTest::newRow("backbone") << 7 << 4 << "retrieval" << 76.28;
    }

    void rowsAreThoseOfThePaper()
    {
        QFETCH(int, number);
        QFETCH(int, rows);
        QFETCH(QString, task);
        QFETCH(double, last);

        const PaperTable table = paperTable(number, {{"data", "synthetic"}});
        const OrderedJson json = describe(table);

        QCOMPARE(table.task, task.toStdString());
        QCOMPARE(json.at("table").get<int>(), number);
        QCOMPARE(json.at("rows").size(), std::size_t(rows));
        QCOMPARE(table.rows.back().paper.begin().value().get<double>(), last);
        for (std::size_t i = 0; i < table.rows.size(); ++i) {
            QVERIFY(json.at("rows").at(i).at("config").at("data") == "synthetic");
            for (std::size_t k = 0; k < i; ++k) {
                Json one = table.rows[i].config, other = table.rows[k].config;
                one.erase("name");
                other.erase("name");
                QVERIFY(one != other);
            }
        }
    }

    void aShortRowOfEachTableIsRunAndStandsBesideThePaper_data()
    {
        QTest::addColumn<int>("number");
        QTest::addColumn<int>("row");
        QTest::newRow("discrete") << 4 << 1;
        QTest::newRow("MHSA") << 6 << 4;
        QTest::newRow("SAP-SAM on the larger backbone") << 7 << 4;
    }

    void aShortRowOfEachTableIsRunAndStandsBesideThePaper()
    {
        QFETCH(int, number);
        QFETCH(int, row);
        const QTemporaryDir folder;
        const PaperTable table = paperTable(number, baseOf(number));

        const TableOutcome outcome = runTable(table, requestFor(folder, {row}), {}, {});

        const OrderedJson &done = outcome.json.at("rows").at(static_cast<std::size_t>(row - 1));
        QCOMPARE(done.at("state").get<std::string>(), std::string("done"));
        QVERIFY(done.at("numbers").contains("R@1"));
        QCOMPARE(done.at("numbers").at("split").get<std::string>(), std::string("test"));
        QVERIFY(!outcome.isComplete);
        QVERIFY(outcome.text.find(table.rows[static_cast<std::size_t>(row - 1)].name)
                != std::string::npos);
        QVERIFY(outcome.text.find("drawn people") != std::string::npos);
    }

    void aShortRowOfThePromptTableIsRunOnDrawnPeople()
    {
        const QTemporaryDir folder;
        const PaperTable table = paperTable(
            5, {{"data", "synthetic"},
                {"syntheticIdentities", 40},
                {"initialModel", std::string(SAPSAM_SOURCE_DIR) + "/models/sapsam-person-small"},
                {"fresh", "prompts+decoder"},
                {"batchSize", 4},
                {"steps", 2},
                {"evaluateEvery", 2},
                {"evaluateLimit", 8},
                {"precision", "fp32"}});

        const TableOutcome outcome = runTable(table, requestFor(folder, {3}), {}, {});

        const OrderedJson &done = outcome.json.at("rows").at(2);
        QCOMPARE(done.at("state").get<std::string>(), std::string("done"));
        QVERIFY(done.at("numbers").contains("mIoU"));
        QVERIFY2(outcome.text.find("| dev |") != std::string::npos, outcome.text.c_str());
    }

    void rowsThatAreDoneAreNotRunAgain()
    {
        const QTemporaryDir folder;
        const PaperTable table = paperTable(6, baseOf(6));
        const TableOutcome first = runTable(table, requestFor(folder, {1}), {}, {});
        const std::string run = first.json.at("rows").at(0).at("run");
        const auto written = std::filesystem::last_write_time(run + "/metrics.jsonl");

        const TableOutcome second = runTable(table, requestFor(folder, {1}), {}, {});

        QCOMPARE(second.json.at("rows").at(0).at("run").get<std::string>(), run);
        QVERIFY(std::filesystem::last_write_time(run + "/metrics.jsonl") == written);
        QCOMPARE(second.json.at("rows").at(0).dump(), first.json.at("rows").at(0).dump());
    }

    void aCancelledTableGoesOnWhereItStopped()
    {
        const QTemporaryDir folder;
        Json base = baseOf(6);
        base["steps"] = 6;
        base["evaluateEvery"] = 6;
        const PaperTable table = paperTable(6, base);
        CancelSource source;
        const TableOutcome stopped =
            runTable(table, requestFor(folder, {1}), source.token(), [&](const Progress &progress) {
                if (progress.stage == "training" && progress.done == 3)
                    source.cancel();
            });
        QCOMPARE(stopped.json.at("rows").at(0).at("state").get<std::string>(),
                 std::string("stopped"));

        const TableOutcome outcome = runTable(table, requestFor(folder, {1}), {}, {});

        QCOMPARE(outcome.json.at("rows").at(0).at("state").get<std::string>(), std::string("done"));
        QCOMPARE(outcome.json.at("rows").at(0).at("run").get<std::string>(),
                 stopped.json.at("rows").at(0).at("run").get<std::string>());
    }

    void whatTheRowsDifferInIsNotForTheConfiguration()
    {
        QVERIFY(messageOf(6, {{"data", "synthetic"}, {"losses", "sdm"}}).find("'losses'")
                != std::string::npos);
        QVERIFY(messageOf(3, {{"data", "synthetic"}}).find("4, 5, 6 and 7") != std::string::npos);
        QVERIFY(messageOf(6, Json::object()).find("'data'") != std::string::npos);
        QVERIFY(messageOf(5, {{"data", "x"}, {"task", "retrieval"}}).find("person-sam")
                != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestPaperTables)
#include "tst_paper_tables.moc"
