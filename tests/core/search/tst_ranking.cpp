#include "core/base/random.h"
#include "core/search/ranking.h"
#include "tests/support/error_of.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace sapsam;

namespace {

FeatureTable makeTable(int count, int dimension)
{
    FeatureTable table;
    table.dimension = dimension;
    SeededRandom random(3);
    for (int i = 0; i < count; ++i) {
        table.ids.push_back(i + 1);
        std::vector<float> row;
        double square = 0.0;
        for (int j = 0; j < dimension; ++j) {
            row.push_back(static_cast<float>(random.normal()));
            square += static_cast<double>(row.back()) * static_cast<double>(row.back());
        }
        for (const float value : row)
            table.rows.push_back(static_cast<float>(value / std::sqrt(square)));
    }
    return table;
}

std::vector<float> rowOf(const FeatureTable &table, std::size_t index)
{
    const auto begin =
        table.rows.begin()
        + static_cast<std::ptrdiff_t>(index * static_cast<std::size_t>(table.dimension));
    return {begin, begin + table.dimension};
}

} // namespace

class TestRanking : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aRowFindsItselfFirst();
    void theOrderIsThatOfAPlainSort();
    void tiesGoToTheSmallerId();
    void aRowThatIsNotANumberComesLast();
    void zeroRanksEverything();
    void moreThanThereIsRanksEverything();
    void anEmptyTableGivesNothing();
    void aQueryOfAnotherLengthIsInvalidInput();
};

void TestRanking::aRowFindsItselfFirst()
{
    const FeatureTable table = makeTable(500, 64);

    const std::vector<RankedImage> ranked = rankByCosine(table, rowOf(table, 123), 5);

    QCOMPARE(ranked.size(), std::size_t{5});
    QCOMPARE(ranked[0].imageId, std::int64_t{124});
    QVERIFY(std::abs(ranked[0].score - 1.0F) < 1e-5F);
}

// Large enough for several threads, and with a dimension that no vector register divides.
void TestRanking::theOrderIsThatOfAPlainSort()
{
    const FeatureTable table = makeTable(40000, 251);
    const std::vector<float> query = rowOf(table, 7);
    std::vector<std::pair<double, std::int64_t>> expected;
    for (std::size_t i = 0; i < table.ids.size(); ++i) {
        double sum = 0.0;
        for (std::size_t j = 0; j < query.size(); ++j)
            sum += static_cast<double>(table.rows[i * query.size() + j])
                   * static_cast<double>(query[j]);
        expected.emplace_back(-sum, table.ids[i]);
    }
    std::sort(expected.begin(), expected.end());

    const std::vector<RankedImage> ranked = rankByCosine(table, query, 50);

    QCOMPARE(ranked.size(), std::size_t{50});
    for (std::size_t i = 0; i < ranked.size(); ++i) {
        QCOMPARE(ranked[i].imageId, expected[i].second);
        QVERIFY(std::abs(static_cast<double>(ranked[i].score) + expected[i].first) < 1e-5);
    }
}

void TestRanking::tiesGoToTheSmallerId()
{
    FeatureTable table;
    table.dimension = 2;
    table.ids = {9, 4, 7, 2};
    table.rows = {1.0F, 0.0F, 1.0F, 0.0F, 0.0F, 1.0F, 1.0F, 0.0F};

    const std::vector<RankedImage> ranked = rankByCosine(table, {1.0F, 0.0F}, 0);

    std::vector<std::int64_t> ids;
    for (const RankedImage &image : ranked)
        ids.push_back(image.imageId);
    QVERIFY((ids == std::vector<std::int64_t>{2, 4, 9, 7}));
}

void TestRanking::aRowThatIsNotANumberComesLast()
{
    FeatureTable table;
    table.dimension = 2;
    table.ids = {1, 2, 3};
    table.rows = {std::numeric_limits<float>::quiet_NaN(), 0.0F, -1.0F, 0.0F, 1.0F, 0.0F};

    const std::vector<RankedImage> ranked = rankByCosine(table, {1.0F, 0.0F}, 0);

    QCOMPARE(ranked[0].imageId, std::int64_t{3});
    QCOMPARE(ranked[2].imageId, std::int64_t{1});
}

void TestRanking::zeroRanksEverything()
{
    const FeatureTable table = makeTable(50, 8);

    QCOMPARE(rankByCosine(table, rowOf(table, 0), 0).size(), std::size_t{50});
}

void TestRanking::moreThanThereIsRanksEverything()
{
    const FeatureTable table = makeTable(50, 8);

    QCOMPARE(rankByCosine(table, rowOf(table, 0), 51).size(), std::size_t{50});
}

void TestRanking::anEmptyTableGivesNothing()
{
    QVERIFY(rankByCosine(makeTable(0, 8), std::vector<float>(8, 0.0F), 10).empty());
}

void TestRanking::aQueryOfAnotherLengthIsInvalidInput()
{
    const FeatureTable table = makeTable(5, 8);

    VERIFY_ERROR(rankByCosine(table, std::vector<float>(7, 0.0F), 10), ErrorKind::InvalidInput,
                 "8");
}

QTEST_GUILESS_MAIN(TestRanking)
#include "tst_ranking.moc"
