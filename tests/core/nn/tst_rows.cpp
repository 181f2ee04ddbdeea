// Sums and norms in one pass, and windows on a grid, against the plain operations.
#include "core/nn/blocks.h"
#include "core/nn/rows.h"
#include "core/nn/vector_kernels.h"

#include <QtTest>

using namespace sapsam::nn;

namespace {

double difference(const torch::Tensor &a, const torch::Tensor &b)
{
    return (a.to(torch::kDouble) - b.to(torch::kDouble)).abs().max().item<double>();
}

torch::nn::LayerNorm randomNorm(std::int64_t width, torch::ScalarType type)
{
    auto norm = makeLayerNorm(width, 1e-6);
    const torch::NoGradGuard noGrad;
    norm->weight.normal_(1.0, 0.3);
    norm->bias.normal_(0.0, 0.3);
    norm->to(type);
    return norm;
}

torch::Tensor exactNorm(const torch::Tensor &x, const torch::nn::LayerNorm &norm)
{
    return torch::layer_norm(x.to(torch::kDouble), {x.size(-1)}, norm->weight.to(torch::kDouble),
                             norm->bias.to(torch::kDouble), norm->options.eps());
}

} // namespace

class TestRows : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { at::manual_seed(5); }
    void cleanup() { kernels::widestLanes() = 16; }

    void windowsHoldEveryCellOnce_data()
    {
        QTest::addColumn<std::int64_t>("height");
        QTest::addColumn<std::int64_t>("width");
        QTest::addColumn<std::int64_t>("side");
        QTest::newRow("fitting") << std::int64_t(4) << std::int64_t(6) << std::int64_t(2);
        QTest::newRow("hanging over") << std::int64_t(5) << std::int64_t(7) << std::int64_t(3);
        QTest::newRow("larger than the grid")
            << std::int64_t(2) << std::int64_t(3) << std::int64_t(4);
        QTest::newRow("no windows") << std::int64_t(2) << std::int64_t(3) << std::int64_t(0);
    }
    void windowsHoldEveryCellOnce()
    {
        QFETCH(std::int64_t, height);
        QFETCH(std::int64_t, width);
        QFETCH(std::int64_t, side);
        const WindowLayout layout(2, height, width, side);
        const auto grid = torch::arange(1, 2 * height * width + 1).view({2, height, width, 1});

        const auto windows = layout.partition(grid);
        const auto rows = layout.rowsOfCells();

        QCOMPARE(windows.sizes().vec(), layout.windowedShape(1));
        QVERIFY(torch::equal(layout.unpartition(windows), grid));
        QCOMPARE(windows.sum().item<std::int64_t>(), grid.sum().item<std::int64_t>());
        const auto cells = grid.flatten(), places = windows.flatten();
        for (std::size_t i = 0; i < rows.size(); ++i)
            QCOMPARE(places[rows[i]].item<std::int64_t>(),
                     cells[static_cast<std::int64_t>(i)].item<std::int64_t>());
        QCOMPARE(rows.empty(), side == 0);
    }

    void onePassComputesWhatTheOperationsDo_data()
    {
        QTest::addColumn<int>("lanes");
        QTest::addColumn<std::int64_t>("channels");
        QTest::addColumn<std::int64_t>("side");
        for (const int lanes : {16, 8, 4}) {
            for (const int channels : {5, 48, 67}) {
                for (const int side : {0, 3})
                    QTest::addRow("%d channels, windows of %d, %d lanes", channels, side, lanes)
                        << lanes << std::int64_t(channels) << std::int64_t(side);
            }
        }
    }
    void onePassComputesWhatTheOperationsDo()
    {
        QFETCH(int, lanes);
        QFETCH(std::int64_t, channels);
        QFETCH(std::int64_t, side);
        kernels::widestLanes() = lanes;
        const torch::NoGradGuard noGrad;
        const WindowLayout layout(2, 5, 4, side);
        for (const auto type : {torch::kFloat, torch::kBFloat16}) {
            const double tolerance = type == torch::kFloat ? 2e-6 : 1.0 / 64.0;
            auto norm = randomNorm(channels, type);
            const auto x = (torch::randn({2, 5, 4, channels}) * 3 + 1).to(type);
            const auto added = torch::randn(layout.windowedShape(channels)).to(type);

            const auto windows = normalizeIntoWindows(x, norm, layout);
            const auto both = addAndNormalize(x, added, norm, &layout);

            QVERIFY(difference(windows, layout.partition(exactNorm(x, norm))) < 4 * tolerance);
            QCOMPARE(both.sum.scalar_type(), type);
            QVERIFY(torch::equal(both.sum, x + layout.unpartition(added)));
            QVERIFY(difference(both.normed, exactNorm(both.sum, norm)) < 4 * tolerance);
        }
    }

    void gradientsFlowThroughBoth()
    {
        auto norm = randomNorm(6, torch::kFloat);
        const WindowLayout layout(1, 4, 4, 3);
        const auto x = torch::randn({1, 4, 4, 6}).requires_grad_(true);

        const auto both = addAndNormalize(x, normalizeIntoWindows(x, norm, layout), norm, &layout);
        both.normed.square().sum().backward();

        QVERIFY(x.grad().defined());
        QVERIFY(norm->weight.grad().abs().sum().item<float>() > 0.0F);
    }
};

QTEST_GUILESS_MAIN(TestRows)
#include "tst_rows.moc"
