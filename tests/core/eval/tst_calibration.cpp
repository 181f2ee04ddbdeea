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

    void theShareOfMatchesFollowsTheGallery_data()
    {
        QTest::addColumn<int>("matches"); // of 200 scores
        QTest::addColumn<bool>("isMore"); // than the fitted tenth

        QTest::newRow("nobody") << 0 << false;
        QTest::newRow("a tenth") << 20 << false;
        QTest::newRow("a third") << 66 << true;
    }

    void theShareOfMatchesFollowsTheGallery()
    {
        QFETCH(int, matches);
        QFETCH(bool, isMore);
        const auto galleryOf = [](int right) {
            SeededRandom random(11);
            std::vector<ScoredPair> pairs;
            for (int i = 0; i < 200; ++i)
                pairs.push_back({random.uniform(-0.25, 0.25) + (i < right ? 0.7 : 0.3), i < right});
            return pairs;
        };
        const Calibration fitted = fitCalibration(galleryOf(20));
        std::vector<double> scores;
        for (const ScoredPair &pair : galleryOf(matches))
            scores.push_back(pair.score);

        const double share = shareOfMatches(fitted, scores);
        const Calibration here = forShare(fitted, share);

        QCOMPARE(share > 0.11, isMore);
        QVERIFY(share >= 0.1 * 2.0 / 3.0 - 1e-9); // the fitted share counts twice
        QCOMPARE(here.slope, fitted.slope);
        QCOMPARE(here.threshold < fitted.threshold - 1e-3, isMore);
        QVERIFY(std::abs(here.probability(here.threshold) - 0.5) < 1e-9);
    }

    void withoutItsPairsACalibrationStays()
    {
        Calibration unknown;
        unknown.slope = 8.0;
        unknown.offset = -4.0;
        unknown.threshold = 0.5;
        QCOMPARE(shareOfMatches(unknown, {0.1, 0.9}), 0.0);
        QCOMPARE(forShare(unknown, 0.3).threshold, 0.5);
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
