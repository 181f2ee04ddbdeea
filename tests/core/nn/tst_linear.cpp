// The kernels behind nn::linear and the overwriting activations, against double precision, for
// every instruction set that this processor has.
#include "core/nn/blocks.h"
#include "core/nn/cpu_activation.h"
#include "core/nn/linear.h"
#include "core/nn/vector_kernels.h"
#include "tests/support/error_of.h"

#include <QtTest>

#include <cmath>

using namespace sapsam;
using namespace sapsam::nn;

namespace {

double largest(const torch::Tensor &x)
{
    return x.to(torch::kDouble).abs().max().item<double>();
}

double difference(const torch::Tensor &a, const torch::Tensor &b)
{
    return largest(a.to(torch::kDouble) - b.to(torch::kDouble));
}

double relativeError(const torch::Tensor &actual, const torch::Tensor &wanted)
{
    const auto w = wanted.to(torch::kDouble);
    return ((actual.to(torch::kDouble) - w).norm() / w.norm()).item<double>();
}

torch::Tensor product(const torch::Tensor &x, const torch::Tensor &weight,
                      const torch::Tensor &bias)
{
    return torch::linear(x.to(torch::kDouble), weight.to(torch::kDouble), bias.to(torch::kDouble));
}

} // namespace

class TestLinear : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { at::manual_seed(7); }
    void cleanup() { kernels::widestLanes() = 16; }

    void fewRowsFollowTheDefinition_data()
    {
        QTest::addColumn<int>("lanes");
        QTest::addColumn<std::int64_t>("rows");
        QTest::addColumn<std::int64_t>("depth");
        QTest::addColumn<std::int64_t>("outputs");
        for (const int lanes : {16, 8, 4}) {
            const auto row = [lanes](const char *name, std::int64_t rows, std::int64_t depth,
                                     std::int64_t outputs) {
                QTest::addRow("%s, %d lanes", name, lanes) << lanes << rows << depth << outputs;
            };
            row("one row", 1, 256, 64);
            row("no multiple of anything", 1, 77, 13);
            row("three rows", 3, 130, 9);
            row("eight rows", 8, 64, 33);
            row("shorter than a vector", 2, 3, 5);
        }
    }
    void fewRowsFollowTheDefinition()
    {
        QFETCH(int, lanes);
        QFETCH(std::int64_t, rows);
        QFETCH(std::int64_t, depth);
        QFETCH(std::int64_t, outputs);
        kernels::widestLanes() = lanes;
        const torch::NoGradGuard noGrad;
        const auto x = torch::randn({1, rows, depth});
        const auto weight = torch::randn({outputs, depth}), bias = torch::randn({outputs});
        const auto half = [](const torch::Tensor &value) { return value.to(torch::kBFloat16); };

        const auto single = applyWeight(x, weight, bias);
        const auto rounded = applyWeight(half(x), half(weight), half(bias));

        QCOMPARE(single.sizes().vec(), (std::vector<std::int64_t>{1, rows, outputs}));
        QVERIFY(difference(single, product(x, weight, bias)) < 1e-6 * static_cast<double>(depth));
        // The sums are float32; only the answer is rounded, to 8 bits.
        const auto wanted = product(half(x), half(weight), half(bias));
        QCOMPARE(rounded.scalar_type(), torch::kBFloat16);
        QVERIFY(difference(rounded, wanted) <= largest(wanted) / 256.0);
    }

    void quantizedLayerComputesWithTheWeightItStandsFor_data()
    {
        QTest::addColumn<int>("lanes");
        QTest::addColumn<std::int64_t>("rows");
        for (const int lanes : {16, 8, 4}) {
            for (const int rows : {1, 5, 8, 9, 40})
                QTest::addRow("%d rows, %d lanes", rows, lanes) << lanes << std::int64_t(rows);
        }
    }
    void quantizedLayerComputesWithTheWeightItStandsFor()
    {
        QFETCH(int, lanes);
        QFETCH(std::int64_t, rows);
        kernels::widestLanes() = lanes;
        const torch::NoGradGuard noGrad;
        torch::nn::Linear layer(150, 37);
        quantizeLinears(*layer);
        const auto x = torch::randn({rows, 150});

        const auto actual = linear(layer, x);

        QCOMPARE(layer->weight.scalar_type(), torch::kChar);
        QVERIFY(difference(actual, product(x, weightOf(layer), layer->bias)) < 2e-5);
    }

    // Rows of bfloat16 numbers are multiplied in fixed point where the processor can: what they
    // lose is far below the rounding of the answer, also beside one number that is much larger.
    void quantizedLayerOfRoundedRowsIsExactToTheAnswersRounding_data()
    {
        QTest::addColumn<int>("lanes");
        QTest::addColumn<std::int64_t>("rows");
        QTest::addColumn<std::int64_t>("depth");
        QTest::addColumn<double>("outlier");
        for (const int lanes : {16, 8, 4}) {
            const auto row = [lanes](const char *name, std::int64_t rows, std::int64_t depth,
                                     double outlier) {
                QTest::addRow("%s, %d lanes", name, lanes) << lanes << rows << depth << outlier;
            };
            row("one row", 1, 256, 1.0);
            row("no multiple of a line", 7, 150, 1.0);
            row("shorter than a line", 2, 5, 1.0);
            row("deep", 3, 5000, 1.0);
            row("a number that is much larger", 1, 256, 300.0);
            row("no number but zeros", 4, 256, 0.0);
        }
    }
    void quantizedLayerOfRoundedRowsIsExactToTheAnswersRounding()
    {
        QFETCH(int, lanes);
        QFETCH(std::int64_t, rows);
        QFETCH(std::int64_t, depth);
        QFETCH(double, outlier);
        kernels::widestLanes() = lanes;
        const torch::NoGradGuard noGrad;
        torch::nn::Linear layer(depth, 37);
        quantizeLinears(*layer);
        layer->bias.set_data(layer->bias.to(torch::kBFloat16));
        auto x = torch::randn({rows, depth});
        if (outlier == 0.0)
            x.zero_();
        else
            x.select(1, depth / 2).mul_(outlier);
        x = x.to(torch::kBFloat16);

        const auto actual = linear(layer, x);

        const auto wanted = product(x, weightOf(layer), layer->bias);
        QCOMPARE(actual.scalar_type(), torch::kBFloat16);
        // Half a unit in the last of 8 bits is the rounding; the rest is for fixed point.
        const auto allowed = wanted.abs() / 256.0 + largest(x) * 2e-5 * std::sqrt(depth);
        const auto error = (actual.to(torch::kDouble) - wanted).abs();
        QVERIFY2((error <= allowed).all().item<bool>(),
                 std::to_string(error.max().item<double>()).c_str());
    }

    void rowWithANumberThatIsNoneStaysNone()
    {
        const torch::NoGradGuard noGrad;
        torch::nn::Linear layer(128, 4);
        quantizeLinears(*layer);
        layer->bias.set_data(layer->bias.to(torch::kBFloat16));
        auto x = torch::randn({2, 128});
        x[0][3] = std::numeric_limits<float>::quiet_NaN();

        const auto actual = linear(layer, x.to(torch::kBFloat16));

        QVERIFY(actual[0].isnan().all().item<bool>());
        QVERIFY(actual[1].isfinite().all().item<bool>());
    }

    // More weights than are widened at once, in both types.
    void largeQuantizedLayerIsComputedInSlices()
    {
        const torch::NoGradGuard noGrad;
        torch::nn::Linear layer(1030, 700);
        quantizeLinears(*layer);
        const auto x = torch::randn({3, 20, 1030});

        const auto single = linear(layer, x);
        const auto wanted = product(x, weightOf(layer), layer->bias);
        QCOMPARE(single.sizes().vec(), (std::vector<std::int64_t>{3, 20, 700}));
        QVERIFY(difference(single, wanted) < 1e-4);

        layer->bias.set_data(layer->bias.to(torch::kBFloat16));
        const auto rounded = linear(layer, x.to(torch::kBFloat16));
        QCOMPARE(rounded.scalar_type(), torch::kBFloat16);
        QVERIFY(difference(rounded, wanted) <= largest(wanted) / 64.0);
    }

    void eightBitsLoseLessThanOnePercent()
    {
        const torch::NoGradGuard noGrad;
        Mlp mlp(512, 1024, Activation::Relu, "fc1", "fc2");
        for (auto &parameter : mlp->parameters())
            parameter.normal_(0.0, 0.02);
        const auto x = torch::randn({4, 512});
        const auto exact = mlp(x);

        const auto done = quantizeLinears(*mlp);
        const auto again = quantizeLinears(*mlp);

        // 127 steps up to the largest of some hundred normal numbers: about 0.7 % of their size.
        QCOMPARE(done.layers, std::int64_t(2));
        QVERIFY2(done.relativeError > 0.001 && done.relativeError < 0.01,
                 std::to_string(done.relativeError).c_str());
        QVERIFY2(relativeError(mlp(x), exact) < 0.015,
                 std::to_string(relativeError(mlp(x), exact)).c_str());
        QVERIFY(done.bytesAfter * 3 < done.bytesBefore);
        QCOMPARE(again.layers, std::int64_t(0));
    }

    void zeroWeightsStayZero()
    {
        const torch::NoGradGuard noGrad;
        torch::nn::Linear layer(16, 4);
        layer->weight.zero_();
        layer->bias.zero_();

        quantizeLinears(*layer);

        QCOMPARE(largest(linear(layer, torch::randn({1, 16}))), 0.0);
    }

    void eightBitsCannotBeTrained()
    {
        torch::nn::Linear layer(16, 4);
        quantizeLinears(*layer);
        const auto x = torch::randn({1, 16}).requires_grad_(true);

        VERIFY_ERROR(linear(layer, x), ErrorKind::Unsupported, "8-bit");
    }

    void gradientsFlowThroughFewRows()
    {
        torch::nn::Linear layer(16, 4);

        linear(layer, torch::randn({1, 16})).sum().backward();

        QVERIFY(layer->weight.grad().defined());
    }

    void activationsFollowTheDefinition_data()
    {
        QTest::addColumn<int>("lanes");
        QTest::addColumn<int>("activation");
        for (const int lanes : {16, 8, 4}) {
            for (const auto kind :
                 {Activation::Gelu, Activation::GeluTanh, Activation::QuickGelu, Activation::Relu})
                QTest::addRow("%s, %d lanes", nameOf(kind), lanes) << lanes << int(kind);
        }
    }
    void activationsFollowTheDefinition()
    {
        QFETCH(int, lanes);
        QFETCH(int, activation);
        kernels::widestLanes() = lanes;
        const torch::NoGradGuard noGrad;
        const auto kind = Activation(activation);
        // A length that is no multiple of a vector, and values far out on both sides.
        const auto x = torch::cat({torch::linspace(-12, 12, 4099), torch::tensor({-90.0F, 90.0F})});
        const auto half = x.to(torch::kBFloat16);

        auto single = x.clone();
        overwriteWithActivation(single, kind);
        auto rounded = half.clone();
        overwriteWithActivation(rounded, kind);

        const auto wanted = activate(x.to(torch::kDouble), kind);
        const auto wantedHalf = activate(half.to(torch::kDouble), kind);
        QVERIFY2(((single.to(torch::kDouble) - wanted).abs() <= x.abs() * 3e-7).all().item<bool>(),
                 std::to_string(difference(single, wanted)).c_str());
        QVERIFY(((rounded.to(torch::kDouble) - wantedHalf).abs() <= wantedHalf.abs() / 256.0 + 1e-5)
                    .all()
                    .item<bool>());
    }

    void onlyAValueThatNobodyHoldsIsOverwritten()
    {
        const torch::NoGradGuard noGrad;
        const auto held = torch::randn({8, 8});
        const auto before = held.clone();
        auto alias = held;

        const auto fromAlias = activate(std::move(alias), Activation::Relu);
        const auto fromView = activate(held.view({64}), Activation::Relu);
        auto own = torch::randn({8, 8});
        const void *memory = own.data_ptr();
        const auto fromOwn = activate(std::move(own), Activation::Relu);

        QVERIFY(torch::equal(held, before));
        QVERIFY(torch::equal(fromAlias.flatten(), fromView));
        QCOMPARE(fromOwn.data_ptr(), const_cast<void *>(memory));
    }
};

QTEST_GUILESS_MAIN(TestLinear)
#include "tst_linear.moc"
