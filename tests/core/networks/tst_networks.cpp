#include "core/networks/blip2.h"
#include "core/networks/clip.h"
#include "core/networks/person_sam.h"
#include "core/weights/tensor_names.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QtTest>

using namespace sapsam;
using namespace sapsam::nn;

namespace {

ClipConfig smallClip()
{
    ClipConfig config;
    config.embedDim = 16;
    config.imageHeight = 48;
    config.imageWidth = 16;
    config.patchSize = 8;
    config.stride = 4;
    config.visionWidth = 24;
    config.visionLayers = 2;
    config.visionHeads = 3;
    config.contextLength = 12;
    config.vocabSize = 50;
    config.textWidth = 16;
    config.textLayers = 2;
    config.textHeads = 2;
    return config;
}

PersonSamConfig smallPersonSam()
{
    PersonSamConfig config;
    config.sam.imageSize = 64;
    config.sam.patchSize = 8;
    config.sam.width = 16;
    config.sam.layers = 2;
    config.sam.heads = 2;
    config.sam.mlpDim = 32;
    config.sam.windowSize = 3;
    config.sam.globalLayers = {1};
    config.sam.promptDim = 16;
    config.sam.maskInputChannels = 4;
    config.sam.decoderHeads = 4;
    config.sam.decoderMlpDim = 32;
    config.sam.iouHeadHidden = 16;
    config.text.vocabSize = 40;
    config.text.hiddenSize = 16;
    config.text.layers = 1;
    config.text.heads = 2;
    config.text.intermediateSize = 32;
    config.text.maxPositions = 16;
    config.attentionHeads = 4;
    config.maxPhraseTokens = 8;
    return config;
}

Blip2Config smallBlip2()
{
    Blip2Config config;
    config.vision = {28, 14, 14, 16, 32, 1, 2, Activation::Gelu, 1e-6, 1e-6};
    config.qformer = {4, 16, 2, 2, 32, 2, Activation::Gelu, 1e-12};
    config.text.vocabSize = 30;
    config.text.hiddenSize = 16;
    config.text.layers = 2;
    config.text.heads = 2;
    config.text.ffnDim = 32;
    config.text.maxPositions = 32;
    return config;
}

double difference(const torch::Tensor &a, const torch::Tensor &b)
{
    return a.sizes() == b.sizes() ? (a - b).abs().max().item<double>() : 1e30;
}

// Writes a network, reads it into another one, and tells whether every tensor came back.
template <typename Holder>
bool survivesTheFile(Holder &first, Holder &second, const LoadOptions &names)
{
    QTemporaryDir folder;
    const std::string path = folder.filePath(QStringLiteral("model.safetensors")).toStdString();
    saveModule(*first, path, names);
    loadStrict(*second, SafetensorsFile(path), names);
    const auto a = first->named_parameters(), b = second->named_parameters();
    for (const auto &item : a) {
        if (!torch::equal(item.value(), b[item.key()]))
            return false;
    }
    const auto c = first->named_buffers(), d = second->named_buffers();
    for (const auto &item : c) {
        if (!torch::equal(item.value(), d[item.key()]))
            return false;
    }
    return a.size() == b.size() && c.size() == d.size();
}

} // namespace

class TestNetworks : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void configurationsSurviveJson()
    {
        const auto clip = smallClip();
        const auto personSam = smallPersonSam();
        const auto blip2 = smallBlip2();

        QCOMPARE(clipConfigFromJson(clip.toJson(), "x").toJson(), clip.toJson());
        QCOMPARE(personSamConfigFromJson(personSam.toJson(), "x").toJson(), personSam.toJson());
        QCOMPARE(blip2ConfigFromJson(blip2.toJson(), "x").toJson(), blip2.toJson());
        QCOMPARE(clipConfigFromJson(clip.toJson(), "x").stride, std::int64_t(4));
        QCOMPARE(clipConfigFromJson(clip.toJson(), "x").imageWidth, std::int64_t(16));
    }

    void missingAndUnknownKeysAreNamed()
    {
        auto json = BertConfig().toJson();
        json.erase("hidden_size");
        json.erase("vocab_size");
        json["number_of_wings"] = 2;

        VERIFY_ERROR(bertConfigFromJson(json, "config.json"), ErrorKind::Corrupt, "'hidden_size'");
        VERIFY_ERROR(bertConfigFromJson(json, "config.json"), ErrorKind::Corrupt, "'vocab_size'");
        VERIFY_ERROR(bertConfigFromJson(json, "config.json"), ErrorKind::Corrupt,
                     "'number_of_wings'");
        VERIFY_ERROR(bertConfigFromJson(json, "config.json"), ErrorKind::Corrupt, "config.json");
    }

    void anotherLanguageModelIsUnsupported()
    {
        auto json = smallBlip2().toJson();
        json["text_config"]["model_type"] = "t5";

        VERIFY_ERROR(blip2ConfigFromJson(json, "config.json"), ErrorKind::Unsupported, "'t5'");
    }

    void headsThatDoNotDivideAreInvalid()
    {
        auto config = smallClip();
        config.visionHeads = 5;

        VERIFY_ERROR(Clip net(config), ErrorKind::InvalidInput, "visionHeads");
    }

    void weightsSurviveTheFile()
    {
        Clip clip(smallClip()), otherClip(smallClip());
        QVERIFY(survivesTheFile(clip, otherClip, clipNames()));
        PersonSam personSam(smallPersonSam()), otherPersonSam(smallPersonSam());
        QVERIFY(survivesTheFile(personSam, otherPersonSam, personSamNames()));
        Blip2 blip2(smallBlip2()), otherBlip2(smallBlip2());
        QVERIFY(survivesTheFile(blip2, otherBlip2, blip2OptNames()));
        Sam sam(smallPersonSam().sam), otherSam(smallPersonSam().sam);
        QVERIFY(survivesTheFile(sam, otherSam, samNames()));
        BertForPreTraining bert(smallPersonSam().text), otherBert(smallPersonSam().text);
        QVERIFY(survivesTheFile(bert, otherBert, bertPretrainingNames()));
    }

    void oldNormNamesAreUnderstood()
    {
        BertModel bert(smallPersonSam().text), other(smallPersonSam().text);
        std::map<std::string, torch::Tensor> tensors;
        for (const auto &item : namedTensorsOf(*bert)) {
            auto name = "bert." + item.first;
            if (name.find("LayerNorm") != std::string::npos)
                name = name.substr(0, name.rfind('.'))
                       + (name.back() == 't' ? ".gamma" : ".beta"); // weight or bias
            tensors[name] = item.second;
        }
        tensors["cls.predictions.bias"] = torch::zeros({40});

        const auto report =
            loadStrict(*other, MemoryTensorSource("old.bin", tensors), bertModelNames());

        QCOMPARE(report.ignored, std::vector<std::string>{"cls.predictions.bias"});
        QVERIFY(torch::equal(bert->norm->weight, other->norm->weight));
    }

    void initialWeightsDependOnTheSeedOnly()
    {
        Clip first(smallClip()), second(smallClip()), third(smallClip());

        initializeWeights(*first, 7);
        initializeWeights(*second, 7);
        initializeWeights(*third, 8);

        const auto &a = first->visual_projection->weight;
        QVERIFY(torch::equal(a, second->visual_projection->weight));
        QVERIFY(!torch::equal(a, third->visual_projection->weight));
        QVERIFY(std::abs(a.std().item<double>() - 1.0 / std::sqrt(24.0)) < 0.03);
        QCOMPARE(first->image_layers->at<ClipLayerImpl>(0).layer_norm1->weight.sum().item<float>(),
                 24.0F);
    }

    void textFeatureIgnoresWhatFollowsTheEnd()
    {
        const torch::NoGradGuard noGrad;
        Clip clip(smallClip());
        initializeWeights(*clip, 1);
        const auto ids = torch::tensor({{1, 5, 7, 49, 0, 0}, {1, 6, 49, 0, 0, 0}}, torch::kLong);
        auto other = ids.clone();
        other[1][4] = 9;

        const auto features = clip->textFeatures(ids);
        const auto whole = clip->encodeTextTokens(ids);

        QVERIFY(difference(features, clip->textFeatures(other)) < 1e-6);
        QVERIFY(difference(features[1], whole[1][2]) < 1e-6);
        QVERIFY(difference(features[0], whole[0][3]) < 1e-6);
    }

    void poolTokenIsTheFirstOfItsKind()
    {
        auto config = smallClip();
        config.poolTokenId = 3;
        const Clip clip(config);
        const auto ids = torch::tensor({{1, 49, 3, 3, 0, 0}}, torch::kLong);

        QCOMPARE(clip->poolPositions(ids).item<std::int64_t>(), std::int64_t(2));
    }

    void oneImageServesManyPhrases()
    {
        const torch::NoGradGuard noGrad;
        PersonSam net(smallPersonSam());
        initializeWeights(*net, 3);
        const auto pixels = torch::randn({2, 3, 64, 64});
        const auto ids = torch::randint(0, 40, {4, 8}, torch::kLong);
        const auto images = net->encodeImage(pixels);

        const auto together = net->decode(images, ids);
        const auto first = net->decode(images.slice(0, 0, 1), ids.slice(0, 0, 2));
        const auto second = net->decode(images.slice(0, 1, 2), ids.slice(0, 2, 4));
        const auto paired = net(pixels, ids.slice(0, 1, 3));

        QCOMPARE(together.maskLogits.sizes().vec(), (std::vector<std::int64_t>{4, 1, 32, 32}));
        QCOMPARE(together.iou.sizes().vec(), (std::vector<std::int64_t>{4, 1}));
        QVERIFY(difference(together.maskLogits, torch::cat({first.maskLogits, second.maskLogits}))
                < 1e-5);
        QVERIFY(difference(paired.maskLogits, together.maskLogits.slice(0, 1, 3)) < 1e-5);
        VERIFY_ERROR(net->decode(images, ids.slice(0, 0, 3)), ErrorKind::InvalidInput, "3 phrases");
    }

    void imagesOfAnotherSizeAreInvalid()
    {
        const torch::NoGradGuard noGrad;
        Clip clip(smallClip());

        VERIFY_ERROR(clip->imageFeatures(torch::zeros({1, 3, 16, 48})), ErrorKind::InvalidInput,
                     "[1, 3, 16, 48]");
    }

    // Left padding must not change what is generated for a shorter prompt.
    void promptsOfDifferentLengthsGoTogether()
    {
        const torch::NoGradGuard noGrad;
        Blip2 net(smallBlip2());
        for (auto &parameter : net->parameters())
            parameter.normal_(0.0, 0.3, at::detail::createCPUGenerator(5));
        const auto queries = net->encodeImage(torch::randn({2, 3, 28, 14}));
        const auto prompts = torch::tensor({{2, 8, 9}, {1, 2, 7}}, torch::kLong);
        const auto mask = torch::tensor({{1, 1, 1}, {0, 1, 1}}, torch::kLong);
        for (const std::int64_t beams : {1, 3}) {
            GenerationOptions options;
            options.numBeams = beams;
            options.maxNewTokens = 6;
            options.eosId = 5;

            const auto both = net->generate(queries, prompts, options, mask);
            const auto alone = net->generate(queries.slice(0, 1, 2),
                                             torch::tensor({{2, 7}}, torch::kLong), options);

            QCOMPARE(both.ids.size(), std::size_t(2));
            QCOMPARE(both.ids[1], alone.ids[0]);
        }
    }

    void generationMatchesTheLogitsWithoutACache()
    {
        const torch::NoGradGuard noGrad;
        Blip2 net(smallBlip2());
        for (auto &parameter : net->parameters())
            parameter.normal_(0.0, 0.3, at::detail::createCPUGenerator(6));
        const auto queries = net->encodeImage(torch::randn({1, 3, 28, 14}));
        GenerationOptions options;
        options.maxNewTokens = 8;
        options.eosId = 29;

        const auto generated = net->generate(queries, torch::tensor({{2}}, torch::kLong), options);

        auto ids = torch::tensor({{2}}, torch::kLong);
        for (const auto id : generated.ids[0]) {
            const auto last = net->logits(queries, ids).select(1, -1);
            QCOMPARE(id, last.argmax(-1).item<std::int64_t>());
            ids = torch::cat({ids, torch::tensor({{id}}, torch::kLong)}, 1);
        }
        QVERIFY(!generated.ids[0].empty());
    }

    void tooLongAPromptIsInvalid()
    {
        const torch::NoGradGuard noGrad;
        Blip2 net(smallBlip2());
        const auto queries = torch::zeros({1, 4, 16});

        VERIFY_ERROR(net->logits(queries, torch::zeros({1, 40}, torch::kLong)),
                     ErrorKind::InvalidInput, "positions");
    }

    void unusableGenerationOptionsAreNamed()
    {
        GenerationOptions options;
        options.numBeams = 0;
        VERIFY_ERROR(options.check(), ErrorKind::InvalidInput, "numBeams");
        options.numBeams = 2;
        options.eosId = 99;
        const auto step = [](const torch::Tensor &, const torch::Tensor &) {
            return torch::zeros({2, 30});
        };
        VERIFY_ERROR(generateTokens(1, step, options), ErrorKind::InvalidInput, "99");
    }

    void everyNetworkLearns_data()
    {
        QTest::addColumn<int>("which");
        QTest::newRow("clip") << 0;
        QTest::newRow("person-sam") << 1;
        QTest::newRow("blip2") << 2;
    }
    // Every parameter that takes part gets a finite gradient, and a few steps lower the loss.
    void everyNetworkLearns()
    {
        QFETCH(int, which);
        at::manual_seed(1);
        Clip clip(smallClip());
        PersonSam personSam(smallPersonSam());
        Blip2 blip2(smallBlip2());
        initializeWeights(*clip, 1);
        initializeWeights(*personSam, 1);
        initializeWeights(*blip2, 1);
        const auto pixels = torch::randn({2, 3, 48, 16}), square = torch::randn({2, 3, 64, 64});
        const auto small = torch::randn({2, 3, 28, 14});
        const auto ids = torch::randint(0, 30, {2, 8}, torch::kLong);
        const auto target = torch::randn({2, 1, 32, 32}).gt(0).to(torch::kFloat);
        const auto loss = [&] {
            if (which == 0)
                return torch::cross_entropy_loss(clip->logitsPerImage(pixels, ids),
                                                 torch::arange(2, torch::kLong));
            if (which == 1)
                return torch::binary_cross_entropy_with_logits(personSam(square, ids).maskLogits,
                                                               target);
            const auto logits = blip2->logits(blip2->encodeImage(small), ids.slice(1, 0, 7));
            return torch::cross_entropy_loss(logits.slice(1, 4).reshape({-1, 30}),
                                             ids.slice(1, 1).reshape({-1}));
        };
        const auto parameters = which == 0   ? clip->parameters()
                                : which == 1 ? personSam->parameters()
                                             : blip2->parameters();
        torch::optim::Adam optimizer(parameters, torch::optim::AdamOptions(3e-3));

        const double before = loss().item<double>();
        for (int step = 0; step < 10; ++step) {
            optimizer.zero_grad();
            loss().backward();
            optimizer.step();
        }

        std::size_t touched = 0;
        for (const auto &parameter : parameters) {
            if (!parameter.grad().defined())
                continue;
            ++touched;
            QVERIFY(torch::isfinite(parameter.grad()).all().item<bool>());
        }
        QVERIFY(touched * 10 > parameters.size() * 7);
        QVERIFY2(loss().item<double>() < before, "the loss did not fall");
    }
};

QTEST_GUILESS_MAIN(TestNetworks)
#include "tst_networks.moc"
