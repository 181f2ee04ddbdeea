#include "core/weights/bare_construction.h"

#include <QTest>

#include <fstream>
#include <thread>

using namespace sapsam;

namespace {

long residentKilobytes()
{
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.compare(0, 8, "RssAnon:") == 0)
            return std::stol(line.substr(8));
    }
    return -1;
}

} // namespace

class TestBareConstruction : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void parametersGetTheWantedTypeAndNoMemory()
    {
        const auto before = residentKilobytes();
        torch::nn::Linear linear{nullptr};
        {
            const BareConstruction bare(torch::kBFloat16);
            linear = torch::nn::Linear(8192, 8192); // 128 MiB
        }

        QCOMPARE(linear->weight.scalar_type(), torch::kBFloat16);
        QVERIFY(linear->weight.requires_grad());
        QVERIFY2(residentKilobytes() - before < 16 * 1024, "the weights were written");
    }

    void onesAndZerosAreWritten()
    {
        const BareConstruction bare(torch::kFloat);

        const torch::nn::LayerNorm norm(torch::nn::LayerNormOptions({64}));

        QVERIFY(torch::equal(norm->weight.detach(), torch::ones({64}, torch::kFloat)));
        QVERIFY(torch::equal(norm->bias.detach(), torch::zeros({64}, torch::kFloat)));
    }

    void statedTypesAreKept()
    {
        const BareConstruction bare(torch::kBFloat16);

        QCOMPARE(torch::empty({2}, torch::kLong).scalar_type(), torch::kLong);
        QCOMPARE(torch::tensor(2.5, torch::kFloat).item<float>(), 2.5F);
    }

    void outlinesHaveShapesOnly()
    {
        const BareConstruction bare = BareConstruction::outlines();

        const torch::nn::Linear linear(100'000, 1'000'000); // 400 GB if it were real
        const torch::nn::Conv2d convolution(torch::nn::Conv2dOptions(3, 8, 5));

        QVERIFY(linear->weight.is_meta());
        QVERIFY((linear->weight.sizes() == torch::IntArrayRef{1'000'000, 100'000}));
        QVERIFY((convolution->weight.sizes() == torch::IntArrayRef{8, 3, 5, 5}));
    }

    void otherThreadsAndLaterNetworksAreFilled()
    {
        torch::Tensor elsewhere;
        {
            const BareConstruction bare(torch::kBFloat16);
            std::thread([&] { elsewhere = torch::nn::Linear(64, 64)->weight; }).join();
        }
        const auto later = torch::nn::Linear(64, 64)->weight;

        for (const auto &weight : {elsewhere, later}) {
            QCOMPARE(weight.scalar_type(), torch::kFloat);
            const auto largest = weight.abs().max().item<float>();
            QVERIFY(largest > 0.05F && largest <= 0.125F); // uniform in ±1 / √64
        }
    }
};

QTEST_GUILESS_MAIN(TestBareConstruction)
#include "tst_bare_construction.moc"
