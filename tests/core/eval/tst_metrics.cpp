// Metrics against the stored reference values (golden/pipeline/metrics).
#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/eval/phrase_statistics.h"
#include "core/eval/retrieval_metrics.h"
#include "core/eval/segmentation_metrics.h"

#include <QTest>

#include <cstring>

using namespace sapsam;

namespace {

std::string goldenFolder()
{
    const char *folder = std::getenv("SAPSAM_GOLDEN_DIR");
    const std::string root = folder != nullptr ? folder : SAPSAM_SOURCE_DIR "/tests/golden";
    return root + "/pipeline/metrics/";
}

// One fp32 tensor of a safetensors file, without the torch that the real reader needs.
std::vector<float> floatsOf(const std::string &file, const std::string &name)
{
    std::uint64_t headerSize = 0;
    std::memcpy(&headerSize, file.data(), sizeof headerSize);
    const Json header = parseJson(file.substr(8, headerSize), "similarity.safetensors");
    const auto offsets = header.at(name).at("data_offsets").get<std::vector<std::size_t>>();
    std::vector<float> values((offsets[1] - offsets[0]) / sizeof(float));
    std::memcpy(values.data(), file.data() + 8 + headerSize + offsets[0], offsets[1] - offsets[0]);
    return values;
}

void compareMetrics(const RetrievalMetrics &metrics, const Json &expected)
{
    // The reference states 1e-4 points.
    const auto near = [](double a, double b) { return std::abs(a - b) <= 1e-4; };
    QVERIFY(near(metrics.rankOne, expected.at("R1").get<double>()));
    QVERIFY(near(metrics.rankFive, expected.at("R5").get<double>()));
    QVERIFY(near(metrics.rankTen, expected.at("R10").get<double>()));
    QVERIFY(near(metrics.meanAveragePrecision, expected.at("mAP").get<double>()));
    QVERIFY(near(metrics.meanInverseNegativePenalty, expected.at("mINP").get<double>()));
    QCOMPARE(metrics.usedQueries, expected.at("used_queries").get<int>());
    QCOMPARE(metrics.skippedQueries, expected.at("skipped_queries").get<int>());
}

LabelMap labelsOf(const Json &rows)
{
    LabelMap map(static_cast<int>(rows.at(0).size()), static_cast<int>(rows.size()));
    for (int y = 0; y < map.height; ++y)
        for (int x = 0; x < map.width; ++x)
            map.at(x, y) = rows.at(static_cast<std::size_t>(y))
                               .at(static_cast<std::size_t>(x))
                               .get<std::uint8_t>();
    return map;
}

Mask maskOf(const Json &rows)
{
    const LabelMap map = labelsOf(rows);
    Mask mask(map.width, map.height);
    mask.bits = map.labels;
    return mask;
}

} // namespace

class TestMetrics : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void retrievalMatchesTheReference_data()
    {
        QTest::addColumn<int>("index");
        const Json cases = readJsonFile(goldenFolder() + "retrieval.json");
        QVERIFY(cases.size() >= 8);
        for (std::size_t i = 0; i < cases.size(); ++i)
            QTest::newRow(cases[i].at("name").get<std::string>().c_str()) << static_cast<int>(i);
    }

    void retrievalMatchesTheReference()
    {
        QFETCH(int, index);
        const Json all = readJsonFile(goldenFolder() + "retrieval.json");
        const Json &item = all.at(static_cast<std::size_t>(index));
        const auto queries = item.at("query_pids").get<std::vector<std::int64_t>>();
        const auto gallery = item.at("gallery_pids").get<std::vector<std::int64_t>>();
        const std::vector<float> similarity =
            floatsOf(readFile(goldenFolder() + "similarity.safetensors"),
                     "S_" + item.at("name").get<std::string>());
        std::vector<float> transposed(similarity.size());
        for (std::size_t q = 0; q < queries.size(); ++q)
            for (std::size_t g = 0; g < gallery.size(); ++g)
                transposed[g * queries.size() + q] = similarity[q * gallery.size() + g];

        const RetrievalMetrics metrics = retrievalMetrics(similarity, queries, gallery);

        compareMetrics(metrics, item.at("text_to_image"));
        compareMetrics(retrievalMetrics(transposed, gallery, queries), item.at("image_to_text"));
        for (std::size_t q = 0; q < queries.size(); ++q) {
            const Json &expected = item.at("per_query").at(q);
            if (expected.is_null() || metrics.queries[q].relevant == 0)
                continue;
            QCOMPARE(metrics.queries[q].relevant, expected.at("relevant").get<int>());
            QCOMPARE(metrics.queries[q].firstRank, expected.at("first_rank").get<int>());
            QCOMPARE(metrics.queries[q].lastRank, expected.at("last_rank").get<int>());
        }
    }

    void aQueryWithoutRightImageIsRefusedOnRequest()
    {
        QVERIFY_EXCEPTION_THROWN(retrievalMetrics({0.5F, 0.1F}, {7}, {1, 2}, EmptyQueries::Refuse),
                                 Error);
    }

    void aMatrixOfTheWrongSizeIsRefused()
    {
        QVERIFY_EXCEPTION_THROWN(retrievalMetrics({0.5F}, {1}, {1, 2}), Error);
    }

    void binaryIouMatchesTheReference()
    {
        const Json golden = readJsonFile(goldenFolder() + "segmentation.json").at("binary_iou");
        double sum = 0.0;
        for (const Json &item : golden.at("cases")) {
            const double value = binaryIou(maskOf(item.at("pred")), maskOf(item.at("truth")));
            QVERIFY(std::abs(value - item.at("iou").get<double>()) <= 1e-6);
            sum += value;
        }
        QVERIFY(std::abs(sum / static_cast<double>(golden.at("cases").size())
                         - golden.at("mean").get<double>())
                <= 1e-6);
    }

    void confusionMatchesTheReference()
    {
        const Json golden = readJsonFile(goldenFolder() + "segmentation.json").at("confusion");
        QVERIFY(!golden.empty());
        for (const Json &item : golden) {
            ConfusionMatrix matrix(item.at("classes").get<int>());
            for (const Json &pair : item.at("images"))
                matrix.add(labelsOf(pair.at("truth")), labelsOf(pair.at("pred")));

            const auto iou = matrix.iou();
            for (std::size_t c = 0; c < iou.size(); ++c)
                QVERIFY(std::abs(iou[c] - item.at("iou").at(c).get<double>()) <= 1e-6);
            QVERIFY(std::abs(matrix.meanIou() - item.at("miou").get<double>()) <= 1e-6);
            QVERIFY(std::abs(matrix.meanIouOfPresent() - item.at("miou_present_only").get<double>())
                    <= 1e-6);
            QVERIFY(std::abs(matrix.pixelAccuracy() - item.at("pixel_accuracy").get<double>())
                    <= 1e-6);
            QVERIFY(std::abs(matrix.meanAccuracy() - item.at("mean_accuracy").get<double>())
                    <= 1e-6);
        }
    }

    void sizesThatDifferAreRefused()
    {
        QVERIFY_EXCEPTION_THROWN(binaryIou(Mask(2, 3), Mask(3, 2)), Error);
        ConfusionMatrix matrix(3);
        QVERIFY_EXCEPTION_THROWN(matrix.add(LabelMap(2, 2), LabelMap(2, 3)), Error);
        QVERIFY_EXCEPTION_THROWN(matrix.add(LabelMap(2, 2, 3), LabelMap(2, 2)), Error);
    }

    void aPhraseIsRightWhenItNamesTheColour()
    {
        const PhraseStatistics statistics = phraseStatistics({{"a red jacket", "red"},
                                                              {"a blue jacket", "red"},
                                                              {"a jacket", "red"},
                                                              {"a red jacket", ""}});

        QCOMPARE(statistics.phrases, 4);
        QCOMPARE(statistics.withTrueColour, 3);
        QCOMPARE(statistics.rightColourShare, 1.0 / 3.0);
        QCOMPARE(statistics.namesColourShare, 0.75);
        QCOMPARE(statistics.uniqueShare, 0.75);
    }
};

QTEST_GUILESS_MAIN(TestMetrics)
#include "tst_metrics.moc"
