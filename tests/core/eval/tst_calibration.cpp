#include "core/base/random.h"
#include "core/eval/calibration.h"
#include "tests/support/error_of.h"

#include <QTest>

#include <cmath>

using namespace sapsam;

class TestCalibration : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void findsTheCurveThatMadeThePairs()
    {
        SeededRandom random(5);
        std::vector<ScoredPair> pairs;
        for (int i = 0; i < 40000; ++i) {
            const double score = random.uniform(-0.2, 0.8);
            const double chance = 1.0 / (1.0 + std::exp(-(12.0 * score - 6.0)));
            pairs.push_back({score, random.chance(chance)});
        }
        const Calibration fitted = fitCalibration(pairs);
        QVERIFY(std::abs(fitted.slope - 12.0) < 0.6);
        QVERIFY(std::abs(fitted.threshold - 0.5) < 0.02);
        QVERIFY(std::abs(fitted.probability(fitted.threshold) - 0.5) < 1e-9);
        QVERIFY(fitted.error < 0.02);
        QCOMPARE(fitted.bins.size(), std::size_t{10});
    }

    void reliabilityIsMeasuredOnOtherPairs()
    {
        // Half of the pairs match, whatever their score: the steep curve is wrong about all.
        std::vector<ScoredPair> separated;
        for (int i = 0; i < 200; ++i)
            separated.push_back({i % 2 == 0 ? 0.1 + 0.001 * i : 0.7 + 0.001 * i, i % 2 == 1});
        Calibration calibration = fitCalibration(separated);
        QVERIFY(calibration.error < 0.2);
        std::vector<ScoredPair> pairs;
        for (int i = 0; i < 100; ++i)
            pairs.push_back({i % 4 < 2 ? 0.0 : 1.0, i % 2 == 0});
        measureReliability(calibration, pairs);
        QCOMPARE(calibration.measured, std::int64_t{100});
        QCOMPARE(calibration.bins.size(), std::size_t{2});
        for (const ReliabilityBin &bin : calibration.bins) {
            QCOMPARE(bin.pairs, std::int64_t{50});
            QCOMPARE(bin.observed, 0.5);
        }
        QVERIFY(calibration.error > 0.25);
        QVERIFY(calibration.likelyError > 0.25);
    }

    void perfectlySeparatedScoresStayFinite()
    {
        const Calibration fitted =
            fitCalibration({{0.1, false}, {0.2, false}, {0.8, true}, {0.9, true}});
        QVERIFY(std::isfinite(fitted.slope) && std::isfinite(fitted.offset));
        QVERIFY(fitted.threshold > 0.2 && fitted.threshold < 0.8);
    }

    void pairsOfOneKindAreRefused()
    {
        VERIFY_ERROR(fitCalibration({{0.1, true}, {0.2, true}}), ErrorKind::InvalidInput, "match");
        VERIFY_ERROR(fitCalibration({}), ErrorKind::InvalidInput, "match");
    }

    void scoresThatSayTheOppositeAreRefused()
    {
        VERIFY_ERROR(fitCalibration({{0.1, true}, {0.2, true}, {0.8, false}, {0.9, false}}),
                     ErrorKind::InvalidInput, "do not score higher");
    }
};

QTEST_GUILESS_MAIN(TestCalibration)
#include "tst_calibration.moc"
