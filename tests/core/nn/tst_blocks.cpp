#include "core/nn/blocks.h"
#include "core/nn/initialize.h"
#include "tests/support/error_of.h"

#include <QtTest>

using namespace sapsam;
using namespace sapsam::nn;

class TestBlocks : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void activationNamesAreThoseOfPublishedFiles()
    {
        QCOMPARE(activationFromName("gelu", "x"), Activation::Gelu);
        QCOMPARE(activationFromName("gelu_pytorch_tanh", "x"), Activation::GeluTanh);
        QCOMPARE(activationFromName("quick_gelu", "x"), Activation::QuickGelu);
        QCOMPARE(activationFromName(nameOf(Activation::Relu), "x"), Activation::Relu);
        VERIFY_ERROR(activationFromName("swish", "config.json"), ErrorKind::Unsupported,
                     "config.json: unknown activation 'swish'");
    }

    void activationsFollowTheirFormulas()
    {
        const auto x = torch::linspace(-3, 3, 25);

        const auto gelu = 0.5 * x * (1 + torch::erf(x / std::sqrt(2.0)));
        const auto tanhGelu =
            0.5 * x * (1 + torch::tanh(std::sqrt(2.0 / M_PI) * (x + 0.044715 * x * x * x)));

        QVERIFY(torch::allclose(activate(x, Activation::Gelu), gelu, 1e-5, 1e-6));
        QVERIFY(torch::allclose(activate(x, Activation::GeluTanh), tanhGelu, 1e-5, 1e-6));
        QVERIFY(torch::allclose(activate(x, Activation::QuickGelu), x * torch::sigmoid(1.702 * x),
                                1e-5, 1e-6));
    }

    // libtorch 1.13 gets this wrong by itself; see torch_compat.h.
    void geluGradientDoesNotDependOnTheLayout()
    {
        const auto x = torch::randn({8, 6}).requires_grad_(true);
        const auto weights = torch::randn({6, 8});

        const auto strided = torch::autograd::grad(
            {torch::matmul(weights, activate(x, Activation::Gelu)).sum()}, {x})[0];
        const auto turned = torch::autograd::grad(
            {(activate(x, Activation::Gelu).t() * weights.sum(0)).sum()}, {x})[0];

        QVERIFY(torch::allclose(strided, turned, 1e-4, 1e-5));
    }

    void quickGeluGradientIsExact()
    {
        const auto x = torch::randn({9}, torch::kDouble).requires_grad_(true);
        const auto s = torch::sigmoid(1.702 * x.detach());

        const auto gradient =
            torch::autograd::grad({activate(x, Activation::QuickGelu).sum()}, {x})[0];

        QVERIFY(torch::allclose(gradient, s + 1.702 * x.detach() * s * (1 - s)));
    }

    void layerNorm2dNormalisesEveryPixel()
    {
        LayerNorm2d norm(6, 1e-6);
        const auto x = torch::randn({2, 6, 3, 4}) * 5 + 2;

        const auto y = norm(x);

        QCOMPARE(y.sizes().vec(), x.sizes().vec());
        QVERIFY(y.mean(1).abs().max().item<float>() < 1e-5F);
        QVERIFY((y.var(1, false) - 1).abs().max().item<float>() < 1e-4F);
    }

    void namesOfTheMlpAreGiven()
    {
        Mlp mlp(4, 8, Activation::Relu, "fc1", "fc2");

        const auto parameters = mlp->named_parameters();

        QVERIFY(parameters.contains("fc1.weight"));
        QVERIFY(parameters.contains("fc2.bias"));
        QCOMPARE(mlp(torch::zeros({2, 3, 4})).sizes().vec(), (std::vector<std::int64_t>{2, 3, 4}));
    }

    void initialValuesDependOnNameAndSeedOnly()
    {
        torch::nn::Sequential small(torch::nn::Linear(4, 4));
        torch::nn::Sequential large(torch::nn::Linear(4, 4), torch::nn::Linear(4, 4));
        const auto rule = [](const std::string &name, const torch::Tensor &tensor) {
            return commonInitialValue(name, tensor, 0.5);
        };

        initializeTensors(*small, 11, rule);
        initializeTensors(*large, 11, rule);

        QVERIFY(torch::equal(small->parameters()[0], large->parameters()[0]));
        QVERIFY(!torch::equal(large->parameters()[0], large->parameters()[2]));
        QCOMPARE(small->parameters()[1].abs().sum().item<float>(), 0.0F);
    }
};

QTEST_GUILESS_MAIN(TestBlocks)
#include "tst_blocks.moc"
