#include "core/base/error.h"
#include "core/base/random.h"
#include "core/eval/bootstrap.h"
#include "core/eval/failure_causes.h"
#include "core/eval/model_diff.h"

#include <QTest>

#include <cmath>

using namespace sapsam;

namespace {

QueryResult resultAt(int rank)
{
    QueryResult result;
    result.relevant = 1;
    result.firstRank = rank;
    result.lastRank = rank;
    result.averagePrecision = 1.0 / rank;
    result.inverseNegativePenalty = 1.0 / rank;
    return result;
}

KnownPerson person(const char *name, const char *identity, std::vector<KnownPart> parts)
{
    KnownPerson known;
    known.name = name;
    known.identity = identity;
    known.parts = std::move(parts);
    known.isSegmented = true;
    return known;
}

// A query that no rule but the model's own fault explains; each test changes one thing.
MissedQuery plainMiss()
{
    MissedQuery missed;
    missed.caption = "A woman in a red jacket and blue jeans.";
    missed.contextLength = 77;
    missed.tokens = 12;
    missed.firstRank = 3;
    missed.right =
        person("right.png", "7", {{"clothes", "a red coat"}, {"pants", "dark blue jeans"}});
    missed.above = {
        person("a.png", "8", {{"clothes", "a green shirt"}, {"pants", "blue jeans"}}),
        person("b.png", "9", {{"clothes", "a black coat"}, {"pants", "grey trousers"}})};
    return missed;
}

template <typename Function>
ErrorKind kindThrownBy(Function function)
{
    try {
        function();
    } catch (const Error &error) {
        return error.kind();
    }
    return ErrorKind::Internal;
}

} // namespace

class TestEvaluationRules final : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    // A fair coin over n queries: the mean's deviation is known, 50 / sqrt(n), and an interval of
    // 95 % reaches 1.96 of them to either side.
    void intervalOfACoinHasTheKnownWidth()
    {
        constexpr int kQueries = 400;
        std::vector<double> values;
        std::vector<std::int64_t> clusters;
        for (int i = 0; i < kQueries; ++i) {
            values.push_back(i % 2 == 0 ? 100.0 : 0.0);
            clusters.push_back(i);
        }
        BootstrapOptions options;
        options.resamples = 4000;

        const Interval interval = bootstrapMean(values, clusters, options);

        const double deviation = 50.0 / std::sqrt(double(kQueries)); // 2.5
        QCOMPARE(interval.mean, 50.0);
        QVERIFY2(std::abs(interval.deviation - deviation) < 0.15,
                 qPrintable(QString::number(interval.deviation)));
        QVERIFY(std::abs((interval.high - interval.low) - 2 * 1.96 * deviation) < 0.5);
        QVERIFY(interval.low < 50.0 && interval.high > 50.0);
    }

    // Of intervals over samples of a known normal distribution about 95 % hold its mean.
    void intervalsHoldTheTrueMeanAsOftenAsTheySay()
    {
        SeededRandom random(11);
        constexpr int kSamples = 300;
        int held = 0;
        for (int sample = 0; sample < kSamples; ++sample) {
            std::vector<double> values;
            std::vector<std::int64_t> clusters;
            for (int i = 0; i < 60; ++i) {
                values.push_back(random.normal(40.0, 12.0));
                clusters.push_back(i);
            }
            BootstrapOptions options;
            options.resamples = 400;
            options.seed = static_cast<std::uint64_t>(sample);
            const Interval interval = bootstrapMean(values, clusters, options);
            held += interval.low <= 40.0 && 40.0 <= interval.high ? 1 : 0;
        }
        // 95 % of 300 are 285; three binomial deviations are 11.
        QVERIFY2(held >= 270 && held <= 298, qPrintable(QString::number(held)));
    }

    void captionsOfOnePersonAreDrawnTogether()
    {
        // Ten captions of each person share their fate: as wide as ten times fewer queries.
        std::vector<double> values;
        std::vector<std::int64_t> together;
        std::vector<std::int64_t> apart;
        for (int i = 0; i < 400; ++i) {
            values.push_back((i / 10) % 2 == 0 ? 100.0 : 0.0);
            together.push_back(i / 10);
            apart.push_back(i);
        }

        const Interval clustered = bootstrapMean(values, together);
        const Interval single = bootstrapMean(values, apart);

        QCOMPARE(clustered.mean, single.mean);
        const double ratio = clustered.deviation / single.deviation;
        QVERIFY2(std::abs(ratio - std::sqrt(10.0)) < 0.4, qPrintable(QString::number(ratio)));
    }

    void sameSeedGivesTheSameInterval()
    {
        const std::vector<double> values = {1, 5, 2, 8, 3, 9};
        const std::vector<std::int64_t> clusters = {0, 0, 1, 1, 2, 3};
        BootstrapOptions other;
        other.seed = 2;

        QVERIFY(bootstrapMean(values, clusters) == bootstrapMean(values, clusters));
        QVERIFY(!(bootstrapMean(values, clusters) == bootstrapMean(values, clusters, other)));
    }

    void oneClusterAndNoValueAreNoMistake()
    {
        const Interval one = bootstrapMean({2.0, 4.0}, {5, 5});
        QCOMPARE(one.low, 3.0);
        QCOMPARE(one.high, 3.0);
        QVERIFY(bootstrapMean({}, {}) == Interval());
    }

    void unusableOptionsAreInvalidInput()
    {
        BootstrapOptions none;
        none.resamples = 0;
        BootstrapOptions certain;
        certain.level = 1.0;
        QCOMPARE(kindThrownBy([&] { bootstrapMean({1.0}, {1}, none); }), ErrorKind::InvalidInput);
        QCOMPARE(kindThrownBy([&] { bootstrapMean({1.0}, {1}, certain); }),
                 ErrorKind::InvalidInput);
        QCOMPARE(kindThrownBy([&] { bootstrapMean({1.0, 2.0}, {1}); }), ErrorKind::InvalidInput);
    }

    void pairedDifferenceIsSharperThanTwoIntervals()
    {
        // B is better by one point everywhere, whatever the query: no doubt about it.
        SeededRandom random(3);
        std::vector<double> a;
        std::vector<double> b;
        std::vector<std::int64_t> clusters;
        for (int i = 0; i < 50; ++i) {
            a.push_back(random.uniform(0.0, 100.0));
            b.push_back(a.back() + 1.0);
            clusters.push_back(i);
        }

        const PairedInterval paired = bootstrapDifference(a, b, clusters);

        QVERIFY(std::abs(paired.difference.mean - 1.0) < 1e-9);
        QVERIFY(paired.difference.high - paired.difference.low < 1e-6);
        QCOMPARE(paired.oppositeShare, 0.0);
        QCOMPARE(bootstrapDifference(a, a, clusters).oppositeShare, 1.0);
    }

    void shiftsAreSortedByDamage()
    {
        const ModelDiff diff =
            modelDiff({resultAt(1), resultAt(100), resultAt(4), resultAt(2)},
                      {resultAt(4), resultAt(110), resultAt(1), resultAt(2)}, {1, 2, 3, 4});

        QCOMPARE(diff.shifts.size(), std::size_t(4));
        QCOMPARE(diff.shifts.front().query, std::size_t(0)); // 1 → 4 hurts more than 100 → 110
        QCOMPARE(diff.shifts.front().damage, 2.0);
        QCOMPARE(diff.shifts[1].query, std::size_t(1));
        QCOMPARE(diff.shifts.back().query, std::size_t(2));
        QCOMPARE(diff.worse, 2);
        QCOMPARE(diff.better, 1);
        QCOMPARE(diff.same, 1);
        QCOMPARE(diff.lostFirst, 1);
        QCOMPARE(diff.wonFirst, 1);
        QCOMPARE(diff.histogram[ModelDiff::kReach + 2], 1);
        QCOMPARE(diff.histogram[ModelDiff::kReach - 2], 1);
        QCOMPARE(diff.metrics.front().a, 25.0);
        QCOMPARE(diff.metrics.front().b, 25.0);
    }

    void queriesWithoutAnAnswerAreLeftOutOfTheDiff()
    {
        QueryResult none;
        const ModelDiff diff = modelDiff({none, resultAt(1)}, {none, resultAt(2)}, {1, 2});
        QCOMPARE(diff.shifts.size(), std::size_t(1));
        QCOMPARE(diff.metrics.front().a, 100.0);
        QCOMPARE(diff.metrics.front().b, 0.0);
    }

    void otherGalleriesAreAMismatch()
    {
        QueryResult twice = resultAt(1);
        twice.relevant = 2;
        QCOMPARE(kindThrownBy([&] { modelDiff({resultAt(1)}, {twice}, {1}); }),
                 ErrorKind::Mismatch);
        QCOMPARE(kindThrownBy([&] { modelDiff({resultAt(1)}, {}, {1}); }), ErrorKind::InvalidInput);
    }

    void nothingStoredAgainstTheWordsIsTheModelsFault()
    {
        const FailureVerdict verdict = explainFailure(plainMiss());
        QCOMPARE(nameOf(verdict.cause), "model-prefers-other");
        QVERIFY(verdict.evidence.find("a green shirt") != std::string::npos);
        QVERIFY(verdict.alsoHolds.empty());
    }

    void firstPlaceIsNoMiss()
    {
        MissedQuery first = plainMiss();
        first.firstRank = 1;
        QCOMPARE(nameOf(explainFailure(first).cause), "none");
        first.firstRank = 0;
        QCOMPARE(nameOf(explainFailure(first).cause), "not-in-gallery");
    }

    void colourOfAPartDisagrees()
    {
        MissedQuery missed = plainMiss();
        missed.right.parts[0].phrase = "a green coat";

        const FailureVerdict verdict = explainFailure(missed);

        QCOMPARE(nameOf(verdict.cause), "colour-disagrees");
        QVERIFY(verdict.evidence.find("a red jacket") != std::string::npos);
        QVERIFY(verdict.evidence.find("a green coat") != std::string::npos);
    }

    void toneOfAColourDoesNotDisagree()
    {
        MissedQuery missed = plainMiss();
        missed.right.parts[1].phrase = "navy jeans";
        QCOMPARE(nameOf(explainFailure(missed).cause), "model-prefers-other");
    }

    void partThatWasNotFound()
    {
        MissedQuery missed = plainMiss();
        missed.right.parts.pop_back();

        QCOMPARE(nameOf(explainFailure(missed).cause), "part-not-found");

        // Captions need not name everything: without masks nothing follows from silence.
        missed.right.isSegmented = false;
        QCOMPARE(nameOf(explainFailure(missed).cause), "model-prefers-other");
    }

    void anotherPersonFitsTheWords()
    {
        MissedQuery missed = plainMiss();
        missed.above[1].parts = {{"clothes", "a maroon jacket"}, {"pants", "light blue jeans"}};

        const FailureVerdict verdict = explainFailure(missed);

        QCOMPARE(nameOf(verdict.cause), "others-fit-too");
        QVERIFY(verdict.evidence.find("b.png") != std::string::npos);
    }

    void cutOffCaptionComesBeforeColours()
    {
        MissedQuery missed = plainMiss();
        missed.truncated = true;
        missed.tokens = 91;
        missed.right.parts[0].phrase = "a green coat";

        const FailureVerdict verdict = explainFailure(missed);

        QCOMPARE(nameOf(verdict.cause), "caption-truncated");
        QVERIFY(verdict.evidence.find("91") != std::string::npos);
        QCOMPARE(verdict.alsoHolds.size(), std::size_t(1));
        QCOMPARE(nameOf(verdict.alsoHolds.front()), "colour-disagrees");
    }

    void samePersonUnderTwoIdentities_data()
    {
        QTest::addColumn<int>("sign");
        QTest::newRow("same file") << 0;
        QTest::newRow("nearly the same picture") << 1;
        QTest::newRow("same caption, other punctuation") << 2;
    }
    void samePersonUnderTwoIdentities()
    {
        QFETCH(int, sign);
        MissedQuery missed = plainMiss();
        if (sign == 0)
            missed.right.sha256 = missed.above[1].sha256 = "abc";
        else if (sign == 1)
            missed.above[0].looksTheSame = true;
        else
            missed.above[0].captions = {"a woman in a RED jacket, and blue jeans"};

        QCOMPARE(nameOf(explainFailure(missed).cause), "same-person-twice");
    }

    void captionThatSaysLittle()
    {
        MissedQuery missed = plainMiss();
        missed.caption = "A man walking along the street.";
        const FailureVerdict verdict = explainFailure(missed);
        QCOMPARE(nameOf(verdict.cause), "says-little");
    }

    void nothingKnownIsNotDecidable()
    {
        MissedQuery missed = plainMiss();
        missed.right.parts.clear();
        missed.right.isSegmented = false;
        for (KnownPerson &other : missed.above) {
            other.parts.clear();
            other.isSegmented = false;
        }
        QCOMPARE(nameOf(explainFailure(missed).cause), "not-decidable");
    }

    void everyCauseHasANameATitleAndARule()
    {
        for (const FailureCause cause : failureCauses()) {
            QCOMPARE(failureCauseFromName(nameOf(cause)), cause);
            QVERIFY(!titleOf(cause).empty());
            QVERIFY(!ruleOf(cause).empty());
        }
        QCOMPARE(failureCauseFromName("of a later version"), FailureCause::NotDecidable);
    }
};

QTEST_GUILESS_MAIN(TestEvaluationRules)
#include "tst_evaluation_rules.moc"
