#include "core/nn/attention.h"
#include "core/nn/cpu_attention.h"
#include "core/nn/vector_kernels.h"
#include "tests/support/error_of.h"

#include <ATen/Parallel.h>

#include <QtTest>

#include <atomic>
#include <cmath>
#include <limits>

using namespace sapsam;
using namespace sapsam::nn;

namespace {

struct Shape
{
    std::int64_t batch, heads, queries, keys, depth;
};

enum Bias { None, Causal, Padding, LatePadding, Full, Grid };

struct Inputs
{
    torch::Tensor q, k, v;
    AttentionBias bias;
};

Inputs makeInputs(const Shape &s, Bias kind, torch::ScalarType type)
{
    const auto options = torch::TensorOptions(type);
    const auto leaf = [&](std::vector<std::int64_t> shape) {
        return torch::randn(shape, options).requires_grad_(true);
    };
    Inputs in;
    in.q = leaf({s.batch, s.queries, s.heads, s.depth}).transpose(1, 2);
    in.k = leaf({s.batch, s.keys, s.heads, s.depth}).transpose(1, 2);
    in.v = leaf({s.batch, s.keys, s.heads, s.depth}).transpose(1, 2);
    if (kind == Causal)
        in.bias.causal = true;
    if (kind == Padding || kind == LatePadding) {
        auto mask = torch::ones({s.batch, s.keys}, torch::kLong);
        const auto first = kind == Padding ? s.keys - s.keys / 3 : 0;
        mask.slice(1, first, first + s.keys / 3).zero_();
        in.bias.additive = paddingBias(mask, type);
    }
    if (kind == Full)
        in.bias.additive = leaf({s.heads, s.queries, s.keys});
    if (kind == Grid) {
        in.bias.gridRows = leaf({s.batch, s.heads, s.queries, 3});
        in.bias.gridColumns = leaf({s.batch, s.heads, s.queries, s.keys / 3});
    }
    return in;
}

// Straight from the definition, in double precision.
torch::Tensor expected(const Inputs &in)
{
    auto scores = torch::matmul(in.q, in.k.transpose(2, 3)) / std::sqrt(double(in.q.size(3)));
    if (in.bias.additive.defined())
        scores = scores + in.bias.additive;
    if (in.bias.gridRows.defined())
        scores = scores
                 + (in.bias.gridRows.unsqueeze(-1) + in.bias.gridColumns.unsqueeze(-2)).flatten(-2);
    if (in.bias.causal) {
        const auto n = in.q.size(2), m = in.k.size(2);
        scores = scores.masked_fill(torch::ones({n, m}, torch::kBool).triu(m - n + 1), -INFINITY);
    }
    return torch::matmul(torch::softmax(scores, -1), in.v);
}

std::vector<torch::Tensor> inputsOf(const Inputs &in)
{
    std::vector<torch::Tensor> list = {in.q, in.k, in.v};
    for (const auto &extra : {in.bias.additive, in.bias.gridRows, in.bias.gridColumns}) {
        if (extra.defined() && extra.requires_grad())
            list.push_back(extra);
    }
    return list;
}

Inputs inDouble(const Inputs &in)
{
    const auto copy = [](const torch::Tensor &x) {
        return x.defined() ? x.detach().to(torch::kDouble).requires_grad_(x.requires_grad()) : x;
    };
    return {copy(in.q),
            copy(in.k),
            copy(in.v),
            {copy(in.bias.additive), in.bias.causal, copy(in.bias.gridRows),
             copy(in.bias.gridColumns)}};
}

double difference(const torch::Tensor &a, const torch::Tensor &b)
{
    return (a.to(torch::kDouble) - b.to(torch::kDouble)).abs().max().item<double>();
}

} // namespace

class TestAttention : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { at::manual_seed(3); }

    void valuesAndGradientsFollowTheDefinition_data()
    {
        QTest::addColumn<int>("bias");
        QTest::addColumn<std::int64_t>("queries");
        QTest::addColumn<std::int64_t>("keys");
        QTest::addColumn<std::int64_t>("depth");
        const auto row = [](const char *name, Bias bias, std::int64_t queries, std::int64_t keys,
                            std::int64_t depth) {
            QTest::newRow(name) << int(bias) << queries << keys << depth;
        };
        row("plain", None, 17, 17, 16);
        row("one query", None, 1, 40, 8);
        row("one key", None, 5, 1, 4);
        row("many queries", None, 131, 9, 12);
        row("depth of no multiple", None, 50, 50, 11);
        row("causal", Causal, 77, 77, 64);
        row("causal behind a cache", Causal, 4, 30, 10);
        row("padding", Padding, 12, 12, 8);
        row("full bias", Full, 60, 21, 32);
        row("grid", Grid, 100, 36, 16);
    }
    void valuesAndGradientsFollowTheDefinition()
    {
        QFETCH(int, bias);
        QFETCH(std::int64_t, queries);
        QFETCH(std::int64_t, keys);
        QFETCH(std::int64_t, depth);
        const auto in = makeInputs({2, 3, queries, keys, depth}, Bias(bias), torch::kFloat);
        const auto reference = inDouble(in);
        const auto weights = torch::randn({2, 3, queries, depth});

        const auto actual = attend(in.q, in.k, in.v, in.bias);
        const auto wanted = expected(reference);
        const auto gradients = torch::autograd::grad({(actual * weights).sum()}, inputsOf(in));
        const auto wantedGradients = torch::autograd::grad(
            {(wanted * weights.to(torch::kDouble)).sum()}, inputsOf(reference));

        QCOMPARE(actual.sizes().vec(), wanted.sizes().vec());
        QVERIFY2(difference(actual, wanted) < 5e-6,
                 std::to_string(difference(actual, wanted)).c_str());
        for (std::size_t i = 0; i < gradients.size(); ++i) {
            const auto error = difference(gradients[i], wantedGradients[i]);
            QVERIFY2(error < 2e-5 * std::max(1.0, wantedGradients[i].abs().max().item<double>()),
                     (std::to_string(i) + ": " + std::to_string(error)).c_str());
        }
    }

    // Products, softmax and sums are float32, so what is left for bfloat16 is the rounding of the
    // answer, and of the softmax where the processor multiplies pairs of bfloat16 numbers.
    void everyInstructionSetAndPrecisionFollowsTheDefinition_data()
    {
        QTest::addColumn<int>("lanes");
        QTest::addColumn<int>("bias");
        QTest::addColumn<std::int64_t>("queries");
        QTest::addColumn<std::int64_t>("keys");
        for (const int lanes : {16, 8, 4}) {
            const auto row = [lanes](const char *name, Bias bias, std::int64_t queries,
                                     std::int64_t keys) {
                QTest::addRow("%s, %d lanes", name, lanes) << lanes << int(bias) << queries << keys;
            };
            row("plain", None, 70, 70);
            row("cut among threads", None, 1100, 33);
            row("one query", None, 1, 45);
            row("two queries behind a cache", Causal, 2, 45);
            row("one query with padding", Padding, 1, 45);
            row("causal", Causal, 100, 100);
            row("padding", Padding, 12, 12);
            row("grid", Grid, 100, 36);
            row("keys in several blocks", None, 45, 700);
            row("queries in several passes", Causal, 600, 600);
            row("first blocks of keys hidden", LatePadding, 40, 390);
            row("grid in several blocks", Grid, 20, 600);
        }
    }
    void everyInstructionSetAndPrecisionFollowsTheDefinition()
    {
        QFETCH(int, lanes);
        QFETCH(int, bias);
        QFETCH(std::int64_t, queries);
        QFETCH(std::int64_t, keys);
        const torch::NoGradGuard noGrad;
        kernels::widestLanes() = lanes;
        auto in = makeInputs({1, 2, queries, keys, 20}, Bias(bias), torch::kFloat);
        auto half = in;
        for (auto *x : {&half.q, &half.k, &half.v, &half.bias.additive, &half.bias.gridRows,
                        &half.bias.gridColumns})
            *x = x->defined() ? x->detach().to(torch::kBFloat16) : *x;

        const auto single = attend(in.q, in.k, in.v, in.bias);
        const auto rounded = attend(half.q, half.k, half.v, half.bias);
        kernels::widestLanes() = 16;

        QVERIFY(difference(single, expected(inDouble(in))) < 5e-6);
        const auto wanted = expected(inDouble(half));
        QCOMPARE(rounded.scalar_type(), torch::kBFloat16);
        QVERIFY2(difference(rounded, wanted) <= wanted.abs().max().item<double>() / 256.0,
                 std::to_string(difference(rounded, wanted)).c_str());
    }

    // Tables of relative positions inside the kernel, against their terms written out.
    void relativeTablesAreTheirTermsWrittenOut_data()
    {
        QTest::addColumn<int>("lanes");
        QTest::addColumn<std::int64_t>("side");
        for (const int lanes : {16, 8, 4}) {
            for (const int side : {1, 2, 7, 14, lanes == 16 ? 64 : 20})
                QTest::addRow("side %d, %d lanes", side, lanes) << lanes << std::int64_t(side);
        }
    }
    void relativeTablesAreTheirTermsWrittenOut()
    {
        QFETCH(int, lanes);
        QFETCH(std::int64_t, side);
        kernels::widestLanes() = lanes;
        const auto n = side * side;
        const auto in = makeInputs({1, 2, n, n, 12}, None, torch::kFloat);
        AttentionBias tables;
        tables.relativeRows = torch::randn({2 * side - 1, 12}).requires_grad_(true);
        tables.relativeColumns = torch::randn({2 * side - 1, 12}).requires_grad_(true);

        const auto trained = attend(in.q, in.k, in.v, tables);
        const auto wanted = torch::matmul(attentionWeights(in.q, in.k, tables), in.v);
        const torch::NoGradGuard noGrad;
        const auto single = attend(in.q, in.k, in.v, tables);
        kernels::widestLanes() = 16;

        QVERIFY(trained.requires_grad());
        QVERIFY2(difference(trained, wanted) < 2e-5,
                 std::to_string(difference(trained, wanted)).c_str());
        QVERIFY2(difference(single, wanted) < 2e-5,
                 std::to_string(difference(single, wanted)).c_str());
    }

    void relativeTablesInBfloat16FollowTheDefinition_data()
    {
        relativeTablesAreTheirTermsWrittenOut_data();
    }
    void relativeTablesInBfloat16FollowTheDefinition()
    {
        QFETCH(int, lanes);
        QFETCH(std::int64_t, side);
        const torch::NoGradGuard noGrad;
        const auto n = side * side;
        auto in = makeInputs({1, 2, n, n, 11}, None, torch::kFloat); // pairs that do not come out
        for (auto *x : {&in.q, &in.k, &in.v})
            *x = x->detach().to(torch::kBFloat16);
        AttentionBias tables;
        tables.relativeRows = torch::randn({2 * side - 1, 11}).to(torch::kBFloat16);
        tables.relativeColumns = torch::randn({2 * side - 1, 11}).to(torch::kBFloat16);
        AttentionBias exact;
        exact.relativeRows = tables.relativeRows.to(torch::kDouble);
        exact.relativeColumns = tables.relativeColumns.to(torch::kDouble);

        kernels::widestLanes() = lanes;
        const auto actual = attend(in.q, in.k, in.v, tables);
        kernels::widestLanes() = 16;

        const auto wanted =
            torch::matmul(attentionWeights(in.q.to(torch::kDouble), in.k.to(torch::kDouble), exact),
                          in.v.to(torch::kDouble));
        QVERIFY2(difference(actual, wanted) <= wanted.abs().max().item<double>() / 128.0,
                 std::to_string(difference(actual, wanted)).c_str());
    }

    void whenEveryKeyIsHiddenByPaddingAllCountTheSame()
    {
        const torch::NoGradGuard noGrad;
        for (const auto type : {torch::kFloat, torch::kBFloat16}) {
            auto in = makeInputs({1, 2, 30, 40, 64}, None, torch::kFloat);
            for (auto *x : {&in.q, &in.k, &in.v})
                *x = x->detach().to(type);
            in.bias.additive = paddingBias(torch::zeros({1, 40}, torch::kLong), type);

            const auto out = attend(in.q, in.k, in.v, in.bias).to(torch::kFloat);

            QVERIFY((out - in.v.to(torch::kFloat).mean(2, true)).abs().max().item<float>() < 2e-3F);
        }
    }

    void whatIsNotANumberStaysVisible()
    {
        const torch::NoGradGuard noGrad;
        for (const auto type : {torch::kFloat, torch::kBFloat16}) {
            auto in = makeInputs({1, 1, 20, 300, 8}, None, torch::kFloat);
            in.q = in.q.detach().to(type);
            in.k = in.k.detach().to(type);
            in.v = in.v.detach().to(type);
            in.k[0][0][200][3] = std::numeric_limits<float>::quiet_NaN();

            QVERIFY(attend(in.q, in.k, in.v).isnan().all().item<bool>());
        }
    }

    void loopsOfOurKernelsUseEveryThread()
    {
        const auto wanted = at::get_num_threads();
        at::set_num_threads(2);
        std::atomic<int> parts = 0;
        at::parallel_for(0, 64, 1, [&](std::int64_t, std::int64_t) { ++parts; });
        at::set_num_threads(wanted);

        QCOMPARE(parts.load(), 2);
    }

    void resultIsTheSameWithoutGradients()
    {
        const auto in = makeInputs({2, 2, 65, 65, 24}, Causal, torch::kFloat);
        const auto trained = attend(in.q, in.k, in.v, in.bias).detach();
        const torch::NoGradGuard noGrad;

        QVERIFY(torch::equal(attend(in.q, in.k, in.v, in.bias), trained));
    }

    void doublePrecisionIsCovered()
    {
        const auto in = makeInputs({1, 2, 7, 5, 6}, Full, torch::kDouble);

        QVERIFY(difference(attend(in.q, in.k, in.v, in.bias), expected(in)) < 1e-12);
    }

    void largeScoresDoNotOverflow()
    {
        const torch::NoGradGuard noGrad;
        const auto q = torch::tensor({30.0F, -30.0F}).view({1, 1, 2, 1});
        const auto k = torch::tensor({30.0F, -30.0F}).view({1, 1, 2, 1});
        const auto v = torch::tensor({1.0F, 2.0F}).view({1, 1, 2, 1});

        const auto out = attend(q, k, v).flatten();

        QCOMPARE(out[0].item<float>(), 1.0F);
        QCOMPARE(out[1].item<float>(), 2.0F);
    }

    void weightsSumToOne()
    {
        const torch::NoGradGuard noGrad;
        PackedAttention attention(16, 4);
        torch::Tensor weights;

        const auto out =
            attention->forward(torch::randn({2, 5, 16}), torch::randn({2, 7, 16}), &weights);

        QCOMPARE(out.sizes().vec(), (std::vector<std::int64_t>{2, 5, 16}));
        QCOMPARE(weights.sizes().vec(), (std::vector<std::int64_t>{2, 5, 7}));
        QVERIFY((weights.sum(-1) - 1).abs().max().item<float>() < 1e-5F);
    }

    void headsMustDivideTheWidth()
    {
        VERIFY_ERROR(ProjectedAttention(16, 16, 5), ErrorKind::InvalidInput, "5 heads");
    }
};

QTEST_GUILESS_MAIN(TestAttention)
#include "tst_attention.moc"
