#include "core/train/losses.h"
#include "core/train/optimizer.h"

#include <QtTest>

using namespace sapsam;

namespace {

bool near(double value, double expected, double tolerance)
{
    if (std::abs(value - expected) <= tolerance)
        return true;
    qWarning("got %.12g, expected %.12g", value, expected);
    return false;
}

double numberOf(const torch::Tensor &tensor)
{
    return tensor.item<double>();
}

} // namespace

// Reference values: the method's golden numbers, computed outside of this program.
class TestLosses : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void sdmAgreesWithTheReference()
    {
        const torch::Tensor image =
            torch::tensor({1.0F, 0.0F, 0.5F, 0.2F, 1.0F, 0.0F, 0.9F, 0.1F, 0.4F}).reshape({3, 3});
        const torch::Tensor text =
            torch::tensor({0.8F, 0.1F, 0.6F, 0.0F, 1.0F, 0.3F, 1.0F, 0.2F, 0.2F}).reshape({3, 3});
        const torch::Tensor identities = torch::tensor({0, 1, 0}, torch::kLong);

        const training::SdmLoss loss = training::sdmLoss(image, text, identities, 50.0);

        QVERIFY(near(numberOf(loss.imageToText), 0.0820330086, 2e-6));
        QVERIFY(near(numberOf(loss.textToImage), 0.0569903579, 2e-6));
        QVERIFY(near(numberOf(loss.total()), 0.1390233665, 2e-6));
    }

    void sdmIgnoresTheLengthOfVectors()
    {
        torch::manual_seed(3);
        const torch::Tensor image = torch::randn({5, 8});
        const torch::Tensor text = torch::randn({5, 8});
        const torch::Tensor identities = torch::tensor({0, 1, 2, 0, 4}, torch::kLong);

        const double plain = numberOf(training::sdmLoss(image, text, identities, 20.0).total());
        const double scaled =
            numberOf(training::sdmLoss(image * 7.0, text * 0.1, identities, 20.0).total());

        QVERIFY(near(scaled, plain, 1e-4));
    }

    void diceAndBceAgreeWithTheReference()
    {
        const torch::Tensor logits =
            torch::tensor({2.0F, -1.0F, 0.5F, -3.0F}).reshape({1, 1, 2, 2});
        const torch::Tensor target = torch::tensor({1.0F, 0.0F, 1.0F, 0.0F}).reshape({1, 1, 2, 2});

        QVERIFY(near(numberOf(training::diceLoss(logits, target)), 0.0714440604, 1e-6));
        QVERIFY(near(numberOf(training::bceLoss(logits, target)), 0.2407135086, 1e-6));
    }

    void diceIsAMeanOverSamples()
    {
        const torch::Tensor logits = torch::randn({3, 1, 4, 4});
        const torch::Tensor target = torch::rand({3, 1, 4, 4}).gt(0.5).to(torch::kFloat);

        double sum = 0.0;
        for (int i = 0; i < 3; ++i)
            sum +=
                numberOf(training::diceLoss(logits.slice(0, i, i + 1), target.slice(0, i, i + 1)));

        QVERIFY(near(numberOf(training::diceLoss(logits, target)), sum / 3.0, 1e-6));
    }

    void itcOfPerfectPairsIsNearZeroAndOfSwappedOnesIsNot()
    {
        const torch::Tensor unit = torch::eye(4);
        const torch::Tensor swapped = unit.flip(0);

        QVERIFY(numberOf(training::itcLoss(unit, unit, 50.0)) < 1e-6);
        QVERIFY(near(numberOf(training::itcLoss(unit, swapped, 50.0)), 50.0, 1e-3));
    }

    void pairsThatAreLeftOutTakeNoPart()
    {
        torch::manual_seed(5);
        const torch::Tensor image = torch::randn({4, 8});
        const torch::Tensor text = torch::randn({4, 8});
        const torch::Tensor identities = torch::arange(4, torch::kLong);
        torch::Tensor leftOut = torch::zeros({4, 4}, torch::kBool);
        leftOut[0].slice(0, 1) = true; // the first picture knows its own text alone
        leftOut.select(1, 0).slice(0, 1) = true;

        const double whole = numberOf(training::itcLoss(image, text, 20.0, leftOut));
        const double rest = numberOf(training::itcLoss(image.slice(0, 1), text.slice(0, 1), 20.0));
        const double wholeSdm =
            numberOf(training::sdmLoss(image, text, identities, 20.0, leftOut).total());
        const double restSdm = numberOf(
            training::sdmLoss(image.slice(0, 1), text.slice(0, 1), identities.slice(0, 1), 20.0)
                .total());

        QVERIFY(near(whole, 0.75 * rest, 1e-5)); // the first pair has nothing left to confuse
        QVERIFY(near(wholeSdm, 0.75 * restSdm, 1e-4));
    }

    void tokenLossLeavesOutIgnoredPositions()
    {
        const torch::Tensor logits = torch::tensor({5.0F, 0.0F, 0.0F, 9.0F}).reshape({1, 2, 2});

        const double both =
            numberOf(training::tokenLoss(logits, torch::tensor({{0, 0}}, torch::kLong)));
        const double first =
            numberOf(training::tokenLoss(logits, torch::tensor({{0, -100}}, torch::kLong)));
        const double none =
            numberOf(training::tokenLoss(logits, torch::tensor({{-100, -100}}, torch::kLong)));

        QVERIFY(near(first, std::log1p(std::exp(-5.0)), 1e-6));
        QVERIFY(near(both, 0.5 * (std::log1p(std::exp(-5.0)) + 9.0 + std::log1p(std::exp(-9.0))),
                     1e-5));
        QCOMPARE(none, 0.0);
    }

    void binaryIouCountsAnEmptyPairAsZero()
    {
        const torch::Tensor logits =
            torch::tensor({1.0F, 1.0F, -1.0F, -1.0F, -1.0F, -1.0F, -1.0F, -1.0F})
                .reshape({2, 1, 2, 2});
        const torch::Tensor target =
            torch::tensor({1.0F, 0.0F, 1.0F, 0.0F, 0.0F, 0.0F, 0.0F, 0.0F}).reshape({2, 1, 2, 2});

        const torch::Tensor iou = training::binaryIou(logits, target);

        QVERIFY(near(numberOf(iou[0]), 1.0 / 3.0, 1e-6));
        QCOMPARE(numberOf(iou[1]), 0.0);
    }

    void scheduleWarmsUpAndFallsToItsEnd()
    {
        QCOMPARE(training::scheduleFactor(0, 60, 5, 0.0), 0.1);
        QVERIFY(near(training::scheduleFactor(1, 60, 5, 0.0), 0.28, 1e-12));
        QVERIFY(near(training::scheduleFactor(4, 60, 5, 0.0), 0.82, 1e-12));
        QCOMPARE(training::scheduleFactor(5, 60, 5, 0.0), 1.0);
        QVERIFY(near(training::scheduleFactor(30, 60, 5, 0.0), 0.57116, 1e-4));
        QVERIFY(near(training::scheduleFactor(60, 60, 5, 0.0), 0.0, 1e-12));
        QVERIFY(near(training::scheduleFactor(60, 60, 5, 0.1), 0.1, 1e-12));
    }

    void optimizerClipsAndLeavesOutBiasesFromDecay()
    {
        torch::nn::Linear layer(2, 2);
        {
            const torch::NoGradGuard noGrad;
            layer->weight.fill_(1.0);
            layer->bias.fill_(1.0);
        }
        TrainSettings settings;
        settings.gradientClip = 1.0;
        settings.weightDecay = 0.5;
        training::MasterOptimizer optimizer(*layer, settings);

        // A zero gradient leaves only the decay: p ← p (1 − rate · decay).
        (layer->weight.sum() * 0.0 + layer->bias.sum() * 0.0).backward();
        const double zeroNorm = optimizer.step(0.1);
        const double decayed = numberOf(layer->weight[0][0]);
        const double bias = numberOf(layer->bias[0]);
        (layer->weight.sum() * 100.0).backward();
        const double norm = optimizer.step(0.1);

        QCOMPARE(zeroNorm, 0.0);
        QVERIFY(near(decayed, 0.95, 1e-6));
        QVERIFY(near(bias, 1.0, 1e-6));
        QVERIFY(near(norm, 200.0, 1e-3)); // before clipping
    }

    void stepsAreThoseOfLibtorchsOptimizers_data()
    {
        QTest::addColumn<bool>("isAdamW");
        QTest::newRow("Adam, decay in the gradient") << false;
        QTest::newRow("AdamW, decay of the weights") << true;
    }

    void stepsAreThoseOfLibtorchsOptimizers()
    {
        QFETCH(bool, isAdamW);
        torch::manual_seed(3);
        torch::nn::Linear own(1031, 67), other(1031, 67); // no multiple of a vector's width
        {
            const torch::NoGradGuard noGrad;
            other->weight.copy_(own->weight);
            other->bias.copy_(own->bias);
        }
        TrainSettings settings;
        settings.optimizer = isAdamW ? "adamw" : "adam";
        settings.weightDecay = 0.03;
        settings.epsilon = 1e-6;
        settings.gradientClip = 0.0;
        training::MasterOptimizer optimizer(*own, settings);
        const auto groupsOf = [&](auto options) {
            std::vector<torch::optim::OptimizerParamGroup> groups;
            for (const bool decays : {true, false}) {
                auto mine = options;
                mine.weight_decay(decays ? 0.03 : 0.0);
                groups.emplace_back(
                    std::vector<torch::Tensor>{decays ? other->weight : other->bias},
                    std::make_unique<decltype(options)>(mine));
            }
            return groups;
        };
        const auto betas = std::make_tuple(settings.beta1, settings.beta2);
        std::unique_ptr<torch::optim::Optimizer> expected;
        if (isAdamW)
            expected = std::make_unique<torch::optim::AdamW>(
                groupsOf(torch::optim::AdamWOptions(0.01).betas(betas).eps(1e-6)));
        else
            expected = std::make_unique<torch::optim::Adam>(
                groupsOf(torch::optim::AdamOptions(0.01).betas(betas).eps(1e-6)));

        for (int step = 0; step < 4; ++step) {
            for (const bool isWeight : {true, false}) {
                torch::Tensor mine = isWeight ? own->weight : own->bias;
                torch::Tensor theirs = isWeight ? other->weight : other->bias;
                mine.mutable_grad() = torch::randn_like(mine);
                theirs.mutable_grad() = mine.grad().clone();
            }
            optimizer.step(0.01);
            expected->step();
        }

        QVERIFY(numberOf((own->weight - other->weight).abs().max()) <= 2e-7);
        QVERIFY(numberOf((own->bias - other->bias).abs().max()) <= 2e-7);
    }
};

QTEST_GUILESS_MAIN(TestLosses)

#include "tst_losses.moc"
