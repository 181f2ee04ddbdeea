// What bfloat16 and 8-bit weights cost against float32, and what the bench reports.
#include "core/base/error.h"
#include "core/engine/bench.h"
#include "core/engine/phrase_writer.h"
#include "core/engine/segmenter.h"
#include "core/engine/trainer.h"
#include "core/image/codec.h"
#include "core/image/mask.h"
#include "core/image/region_crop.h"
#include "core/networks/blip2.h"
#include "core/nn/linear.h"
#include "core/synth/pedestrian.h"
#include "core/train/query_text.h"
#include "tests/support/error_of.h"

#include <QtTest>

#include <filesystem>

using namespace sapsam;
namespace fs = std::filesystem;

namespace {

const std::string kModel = std::string(SAPSAM_SOURCE_DIR) + "/models/sapsam-person-small";
const std::string kWriter = std::string(SAPSAM_SOURCE_DIR) + "/models/sapsam-phrases-small";
const std::string kPictures = "/usr/share/doc/opencv-doc/examples/data/";

double relativeError(const torch::Tensor &actual, const torch::Tensor &wanted)
{
    const auto a = actual.to(torch::kDouble), w = wanted.to(torch::kDouble);
    return ((a - w).norm() / w.norm()).item<double>();
}

nn::OptConfig smallOpt()
{
    nn::OptConfig config;
    config.vocabSize = 500;
    config.hiddenSize = 128;
    config.layers = 3;
    config.heads = 4;
    config.ffnDim = 512;
    config.maxPositions = 64;
    return config;
}

nn::OptModel makeOpt(torch::ScalarType type)
{
    torch::manual_seed(11);
    nn::OptModel opt(smallOpt());
    opt->to(type);
    return opt;
}

// Logits of a prompt and of six tokens behind it, one at a time: [1, 7, vocab].
torch::Tensor decoded(nn::OptModel &opt)
{
    const auto ids = torch::arange(5, 17).view({1, 12});
    std::vector<nn::KeyValueCache> cache;
    std::vector<torch::Tensor> steps;
    steps.push_back(
        opt->logits(opt(opt->embed(ids.slice(1, 0, 6)), torch::Tensor(), &cache).slice(1, 5)));
    for (std::int64_t i = 6; i < 12; ++i)
        steps.push_back(
            opt->logits(opt(opt->embed(ids.slice(1, i, i + 1)), torch::Tensor(), &cache)));
    return torch::cat(steps, 1);
}

// Overlap of two runs' masks, over all pictures and prompts together.
double overlap(const std::vector<std::vector<PartMask>> &a,
               const std::vector<std::vector<PartMask>> &b, std::int64_t *inBoth = nullptr)
{
    std::int64_t both = 0, either = 0;
    for (std::size_t picture = 0; picture < a.size(); ++picture) {
        for (std::size_t part = 0; part < a[picture].size(); ++part) {
            const auto &left = a[picture][part].mask.bits, &right = b[picture][part].mask.bits;
            for (std::size_t i = 0; i < left.size(); ++i) {
                both += left[i] && right[i];
                either += left[i] || right[i];
            }
        }
    }
    if (inBoth)
        *inBoth = both;
    return either == 0 ? 1.0 : static_cast<double>(both) / static_cast<double>(either);
}

void compareMasks(const std::vector<Image> &pictures)
{
    const std::vector<SegmentPrompt> prompts = {
        {"clothes", "the clothes"}, {"hair", "the hair"}, {"shoes", "the shoes"}};
    EngineOptions single, half;
    single.device = half.device = "cpu";
    half.precision = "bf16";
    Segmenter exact(kModel, single), rounded(kModel, half);

    std::int64_t inBoth = 0;
    const double iou =
        overlap(exact.segment(pictures, prompts), rounded.segment(pictures, prompts), &inBoth);

    QVERIFY2(inBoth > 0, "the masks are empty: nothing was compared");
    QVERIFY2(iou >= 0.99, std::to_string(iou).c_str());
}

NetworkBenchReport benched(const std::string &network, const std::string &precision)
{
    NetworkBenchOptions options;
    options.network = network;
    options.precision = precision;
    options.runs = 2;
    options.device = "cpu";
    return benchNetwork(options);
}

} // namespace

class TestPrecision : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void decoderInBf16LosesLittle()
    {
        const torch::NoGradGuard noGrad;
        auto exact = makeOpt(torch::kFloat), rounded = makeOpt(torch::kBFloat16);

        const double error = relativeError(decoded(rounded), decoded(exact));

        QVERIFY2(error < 0.02, std::to_string(error).c_str());
    }

    void decoderWith8BitWeightsLosesLittle()
    {
        const torch::NoGradGuard noGrad;
        auto exact = makeOpt(torch::kFloat), coarse = makeOpt(torch::kFloat);
        const auto done = coarse->quantize();

        const double error = relativeError(decoded(coarse), decoded(exact));

        QCOMPARE(done.layers, std::int64_t(19)); // six a layer, and the head
        QVERIFY2(error > 0.0 && error < 0.02, std::to_string(error).c_str());
    }

    void masksInBf16AreThoseOfFp32OnDrawnPeople()
    {
        if (!fs::exists(kModel + "/model.safetensors"))
            QSKIP("the shipped model is not there");
        std::vector<Image> pictures;
        for (std::uint64_t i = 0; i < 6; ++i)
            pictures.push_back(renderPicture(makePerson(77, i), 0, 96, 192).image);

        compareMasks(pictures);
    }

    void masksInBf16AreThoseOfFp32OnRealPictures()
    {
        if (!fs::exists(kModel + "/model.safetensors"))
            QSKIP("the shipped model is not there");
        std::vector<Image> pictures;
        for (const char *name :
             {"messi5.jpg", "basketball1.png", "home.jpg", "fruits.jpg", "building.jpg"}) {
            if (fs::exists(kPictures + name))
                pictures.push_back(readImage(kPictures + name));
        }
        if (pictures.size() < 5)
            QSKIP("Debian's opencv-doc with its five pictures is not installed");

        compareMasks(pictures);
    }

    // The loss that models/README.md states, on drawn people that no training has seen.
    void phrasesOf8BitWeightsAreThoseOfFp32()
    {
        if (!fs::exists(kWriter + "/model.safetensors"))
            QSKIP("the shipped model is not there");
        std::vector<PhraseRequest> requests;
        for (std::uint64_t i = 0; requests.size() < 60; ++i) {
            const SyntheticPicture picture = renderPicture(makePerson(91, i), 0, 96, 192);
            for (const PartPhrase &phrase : picture.phrases) {
                const Mask mask = maskOfClasses(picture.labels, synthClassesOfGroup(phrase.group));
                FilterCropOptions exactly;
                exactly.exact = true;
                if (mask.area() > 0)
                    requests.push_back({filterCrop(picture.image, mask, exactly),
                                        training::questionFor(phrase.group)});
            }
        }
        EngineOptions single, small;
        single.device = small.device = "cpu";
        small.precision = "int8";

        const auto exact = PhraseWriter(kWriter, single).write(requests, {});
        PhraseWriter writer(kWriter, small);
        const auto coarse = writer.write(requests, {});
        const auto again = writer.write(requests, {});

        std::size_t same = 0;
        for (std::size_t i = 0; i < exact.size(); ++i) {
            QVERIFY(!coarse[i].empty());
            same += exact[i] == coarse[i] ? 1 : 0;
        }
        QVERIFY(coarse == again);
        QVERIFY2(10 * same >= 9 * exact.size(), std::to_string(same).c_str());
    }

    void t5With8BitWeightsLosesLittle()
    {
        const torch::NoGradGuard noGrad;
        const auto answered = [](bool isCoarse) {
            torch::manual_seed(12);
            nn::T5Config config;
            config.vocabSize = 300;
            config.width = 128;
            config.headDim = 32;
            config.heads = 4;
            config.ffnDim = 256;
            config.encoderLayers = config.decoderLayers = 2;
            nn::T5Model t5(config);
            if (isCoarse)
                nn::quantizeLinears(*t5);
            const auto memory = t5->encode(t5->embed(torch::arange(4, 20).view({1, 16})));
            return t5->logits(t5->decode(torch::arange(3, 10).view({1, 7}), memory));
        };

        const double error = relativeError(answered(true), answered(false));

        QVERIFY2(error > 0.0 && error < 0.02, std::to_string(error).c_str());
    }

    void int8IsForTheProcessorAndNotForTraining()
    {
        EngineOptions options;
        options.device = "cpu";
        options.precision = "int8";
        QCOMPARE(resolveDevice(options).precision, std::string("int8"));

        TrainRequest request;
        request.task = "phrases";
        request.config = Json::object();
        request.engine = options;
        VERIFY_ERROR(createRun(request), ErrorKind::Unsupported, "cannot be trained");
    }

    void benchReportsTheNetworkBesideTheMachine()
    {
        const auto sam = benched("sam-small", "fp32");
        const auto clip = benched("clip-small", "bf16");

        for (const auto &report : {sam, clip}) {
            QCOMPARE(report.runs, 2);
            QVERIFY(report.seconds > 0.0 && report.gflop > 0.0 && report.peakGflops > 0.0);
            QVERIFY(report.ofPeak > 0.0 && report.ofPeak < 3.0);
            QVERIFY(report.peakMemoryMb > 10.0);
            QCOMPARE(report.bytesPerToken, 0.0);
        }
        QCOMPARE(clip.batch, 16);
    }

    void benchOfADecoderReportsTheMemory()
    {
        const auto half = benched("opt-small", "bf16");
        const auto coarse = benched("opt-small", "int8");

        QVERIFY(half.ofMemory > 0.0 && half.memoryGbPerSecond > 0.0);
        QCOMPARE(half.weightError, 0.0);
        QVERIFY(coarse.bytesPerToken < 0.75 * half.bytesPerToken);
        QVERIFY(coarse.weightError > 0.0 && coarse.weightError < 0.01);
        // 4 layers of 12 · 512² weights and the head of 4096 · 512, two bytes each; a little more
        // for biases, norms and what is remembered.
        const double weights = 2.0 * (4.0 * 12.0 * 512 * 512 + 4096.0 * 512);
        QVERIFY(half.bytesPerToken > weights && half.bytesPerToken < 1.05 * weights);
    }

    void impossibleBenchesAreRefused()
    {
        NetworkBenchOptions none;
        none.network = "sam-small";
        none.runs = 0;

        VERIFY_ERROR(benched("vgg16", "fp32"), ErrorKind::InvalidInput, "known are sam-vit-b");
        VERIFY_ERROR(benched("sam-small", "int8"), ErrorKind::Unsupported, "decoding");
        VERIFY_ERROR(benched("sam-small", "fp64"), ErrorKind::InvalidInput, "fp64");
        VERIFY_ERROR(benchNetwork(none), ErrorKind::InvalidInput, "one run");
    }

    void cancelledBenchReportsWhatItHas()
    {
        NetworkBenchOptions options;
        options.network = "clip-small";
        options.device = "cpu";
        CancelSource source;
        source.cancel();

        const auto report = benchNetwork(options, source.token());

        QCOMPARE(report.runs, 0);
        QCOMPARE(report.seconds, 0.0);
        QVERIFY(report.gflop > 0.0);
    }
};

QTEST_GUILESS_MAIN(TestPrecision)
#include "tst_precision.moc"
