// The networks and the training on another device than the processor (see elsewhere.h): what they
// would make on the processor instead of where the weights are is seen, and the branches that only
// other devices take run.
#include "core/networks/dvae.h"
#include "core/networks/sap_sam.h"
#include "core/train/losses.h"
#include "tests/support/elsewhere.h"
#include "tests/support/small_networks.h"

#include <QtTest>

using namespace sapsam;
using namespace sapsam::nn;
using namespace sapsam::test;

namespace {

using Tensors = std::vector<torch::Tensor>;

// What a network makes of the inputs of a row, after `place` has put the network where it belongs.
using Place = std::function<void(torch::nn::Module &)>;
using Compute = std::function<Tensors(const Place &place, const torch::Device &device)>;

torch::Tensor numbers(torch::IntArrayRef shape, const torch::Device &device)
{
    at::manual_seed(3);
    return torch::randn(shape, torch::kDouble).to(device);
}

torch::Tensor ids(std::int64_t rows, std::int64_t length, const torch::Device &device)
{
    at::manual_seed(4);
    return torch::randint(1, 29, {rows, length}, torch::kLong).to(device);
}

torch::Tensor mask(std::int64_t rows, std::int64_t length, const torch::Device &device)
{
    auto result = torch::ones({rows, length}, torch::kLong);
    result[rows - 1].slice(0, length / 2).zero_();
    return result.to(device);
}

} // namespace

class TestDevices : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void networksComputeElsewhereWhatTheyComputeHere_data()
    {
        QTest::addColumn<Compute>("compute");
        const auto row = [](const char *name, Compute compute) { QTest::newRow(name) << compute; };
        row("sam", [](const Place &place, const torch::Device &device) -> Tensors {
            Sam sam(smallPersonSam().sam);
            place(*sam);
            SamPrompts prompts;
            prompts.points = numbers({2, 3, 2}, device).abs() * 20.0;
            prompts.labels = mask(2, 3, device);
            prompts.boxes = numbers({2, 4}, device).abs() * 20.0;
            prompts.masks = numbers({2, 1, 32, 32}, device);
            const auto decoded =
                sam->decode(sam->encodeImage(numbers({1, 3, 64, 64}, device)), prompts);
            return {decoded.logits, decoded.iou};
        });
        row("person-sam", [](const Place &place, const torch::Device &device) -> Tensors {
            PersonSam personSam(smallPersonSam());
            place(*personSam);
            const auto out =
                personSam(numbers({2, 3, 64, 64}, device), ids(2, 8, device), mask(2, 8, device));
            return {out.maskLogits, out.iou};
        });
        row("clip", [](const Place &place, const torch::Device &device) -> Tensors {
            Clip clip(smallClip());
            place(*clip);
            const auto pixels = numbers({2, 3, 48, 16}, device);
            return {clip->logitsPerImage(pixels, ids(2, 8, device)),
                    clip->encodeImageTokens(pixels), clip->encodeTextTokens(ids(2, 8, device))};
        });
        row("blip2 with opt", [](const Place &place, const torch::Device &device) -> Tensors {
            Blip2 blip2(smallBlip2());
            place(*blip2);
            const auto queries = blip2->encodeImage(numbers({2, 3, 28, 14}, device));
            return {blip2->logits(queries, ids(2, 8, device), mask(2, 8, device))};
        });
        row("opt, token by token", [](const Place &place, const torch::Device &device) -> Tensors {
            OptModel opt(smallBlip2().text);
            place(*opt);
            std::vector<KeyValueCache> cache;
            opt->forward(opt->embed(ids(2, 8, device)), {}, &cache);
            return {opt->logits(opt->forward(opt->embed(ids(2, 1, device)), {}, &cache))};
        });
        row("t5", [](const Place &place, const torch::Device &device) -> Tensors {
            T5Config config;
            config.vocabSize = 30;
            config.width = config.ffnDim = 16;
            config.headDim = 4;
            config.heads = 2;
            config.encoderLayers = config.decoderLayers = 2;
            T5Model t5(config);
            place(*t5);
            const auto words = ids(2, 8, device), seen = mask(2, 8, device);
            return {t5->logits(t5->decode(words, t5->encode(t5->embed(words), seen), seen))};
        });
        row("dvae", [](const Place &place, const torch::Device &device) -> Tensors {
            DvaeConfig config;
            config.width = 4;
            config.vocabSize = 16;
            DvaeEncoder dvae(config);
            place(*dvae);
            return {dvae(dvae->mapPixels(numbers({1, 3, 32, 32}, device).sigmoid()))};
        });
        row("sap-sam", [](const Place &place, const torch::Device &device) -> Tensors {
            SapSamConfig config;
            config.clip = smallClip();
            config.crossHeads = 2;
            config.imageDecoding = ImageDecoding::Features;
            SapSam model(config);
            place(*model);
            const auto pixels = numbers({2, 3, 48, 16}, device);
            const auto image = model->base_model->encodeImageTokens(pixels);
            const auto text = model->base_model->encodeTextTokens(ids(2, 8, device));
            const auto people = torch::arange(2, torch::kLong).to(device);
            return {
                model->wordLogits(text, image), model->matchLogits(image, text, mask(2, 8, device)),
                training::sdmLoss(model->base_model->imageFeatures(pixels),
                                  model->base_model->textFeatures(ids(2, 8, device)), people, 50.0)
                    .total()};
        });
    }
    // In double precision, where no rounding hides a difference.
    void networksComputeElsewhereWhatTheyComputeHere()
    {
        QFETCH(Compute, compute);
        // The results, and the gradient of each weight.
        std::vector<std::string> names;
        const auto computedOn = [&](const torch::Device &device) {
            Tensors found, weights;
            const Place place = [&](torch::nn::Module &module) {
                at::manual_seed(1);
                const torch::NoGradGuard guard;
                for (auto &parameter : module.parameters())
                    parameter.copy_(torch::randn(parameter.sizes()) * 0.2);
                module.to(device, torch::kDouble);
                module.eval();
                weights = module.parameters();
                names = module.named_parameters().keys();
            };
            torch::Tensor sum;
            at::manual_seed(2); // for what the network itself draws
            for (const torch::Tensor &result : compute(place, device)) {
                names.insert(names.begin() + static_cast<std::ptrdiff_t>(found.size()), "a result");
                found.push_back(result.detach().cpu());
                const auto part = result.square().mean();
                sum = sum.defined() ? sum + part : part;
            }
            sum.backward();
            for (const torch::Tensor &weight : weights)
                found.push_back(weight.grad().defined() ? weight.grad().cpu() : torch::Tensor());
            return found;
        };
        try {
            const Tensors here = computedOn(torch::kCPU);
            const DeviceWatch watch;
            const Tensors elsewhere = computedOn(c10::Device(kElsewhere, 0));

            QVERIFY2(watch.found().empty(), watch.found().c_str());
            QCOMPARE(elsewhere.size(), here.size());
            for (std::size_t i = 0; i < here.size(); ++i) {
                QCOMPARE(elsewhere[i].defined(), here[i].defined());
                if (!here[i].defined())
                    continue;
                const double size = here[i].abs().max().item<double>();
                const double difference = (elsewhere[i] - here[i]).abs().max().item<double>();
                QVERIFY2(
                    difference <= 1e-10 * std::max(size, 1.0),
                    (names[i] + ": " + std::to_string(difference) + " of " + std::to_string(size))
                        .c_str());
            }
        } catch (const c10::Error &error) {
            const std::string text = error.what_without_backtrace();
            QFAIL(text.substr(0, text.find('\n')).c_str());
        }
    }

    // The test itself must see what it is there for.
    void tensorOfTheProcessorIsSeen()
    {
        const DeviceWatch watch;
        const auto here = torch::ones({2, 8});
        const auto elsewhere = here.to(c10::Device(kElsewhere, 0));

        QCOMPARE((elsewhere + elsewhere).cpu().sum().item<double>(), 32.0);
        QCOMPARE(watch.found(), std::string());
        torch::mm(elsewhere, here.t());

        QVERIFY2(watch.found().find("aten::mm") != std::string::npos, watch.found().c_str());
    }
};

QTEST_GUILESS_MAIN(TestDevices)
#include "tst_devices.moc"
