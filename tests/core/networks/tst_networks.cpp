#include "core/networks/blip2.h"
#include "core/networks/clip.h"
#include "core/networks/dvae.h"
#include "core/networks/person_sam.h"
#include "core/weights/tensor_names.h"
#include "tests/support/error_of.h"
#include "tests/support/small_networks.h"

#include <QTemporaryDir>
#include <QtTest>

using namespace sapsam;
using namespace sapsam::nn;

namespace {

// The published config.json of OpenAI's CLIP, as far as it describes the network.
Json publishedClip(int patch, int side, bool isLarge)
{
    const int text = isLarge ? 768 : 512, vision = isLarge ? 1024 : 768;
    return {{"architectures", {"CLIPModel"}},
            {"initializer_factor", 1.0},
            {"logit_scale_init_value", 2.6592},
            {"model_type", "clip"},
            {"projection_dim", text},
            {"text_config",
             {{"bos_token_id", 0},
              {"eos_token_id", 2},
              {"dropout", 0.0},
              {"hidden_act", "quick_gelu"},
              {"hidden_size", text},
              {"intermediate_size", 4 * text},
              {"layer_norm_eps", 1e-5},
              {"max_position_embeddings", 77},
              {"model_type", "clip_text_model"},
              {"num_attention_heads", text / 64},
              {"num_hidden_layers", 12},
              {"projection_dim", text},
              {"vocab_size", 49408}}},
            {"vision_config",
             {{"hidden_act", "quick_gelu"},
              {"hidden_size", vision},
              {"image_size", side},
              {"intermediate_size", 4 * vision},
              {"layer_norm_eps", 1e-5},
              {"model_type", "clip_vision_model"},
              {"num_attention_heads", vision / 64},
              {"num_hidden_layers", isLarge ? 24 : 12},
              {"patch_size", patch},
              {"projection_dim", text}}}};
}

// The same of SAM.
Json publishedSam(int width, int layers, int heads, const std::vector<int> &globalLayers)
{
    return {{"architectures", {"SamModel"}},
            {"initializer_range", 0.02},
            {"model_type", "sam"},
            {"mask_decoder_config",
             {{"attention_downsample_rate", 2},
              {"hidden_act", "relu"},
              {"hidden_size", 256},
              {"iou_head_depth", 3},
              {"iou_head_hidden_dim", 256},
              {"layer_norm_eps", 1e-6},
              {"mlp_dim", 2048},
              {"model_type", ""},
              {"num_attention_heads", 8},
              {"num_hidden_layers", 2},
              {"num_multimask_outputs", 3}}},
            {"prompt_encoder_config",
             {{"hidden_act", "gelu"},
              {"hidden_size", 256},
              {"image_embedding_size", 64},
              {"image_size", 1024},
              {"layer_norm_eps", 1e-6},
              {"mask_input_channels", 16},
              {"model_type", ""},
              {"num_point_embeddings", 4},
              {"patch_size", 16}}},
            {"vision_config",
             {{"dropout", 0.0},
              {"global_attn_indexes", globalLayers},
              {"hidden_act", "gelu"},
              {"hidden_size", width},
              {"image_size", 1024},
              {"initializer_factor", 1.0},
              {"initializer_range", 1e-10},
              {"intermediate_size", 6144},
              {"layer_norm_eps", 1e-6},
              {"mlp_dim", 4 * width},
              {"mlp_ratio", 4.0},
              {"model_type", ""},
              {"num_attention_heads", heads},
              {"num_channels", 3},
              {"num_hidden_layers", layers},
              {"num_pos_feats", 128},
              {"output_channels", 256},
              {"patch_size", 16},
              {"projection_dim", 512},
              {"qkv_bias", true},
              {"use_abs_pos", true},
              {"use_rel_pos", true},
              {"window_size", 14}}}};
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

    void publishedClipConfigurationsAreUnderstood_data()
    {
        QTest::addColumn<int>("patch");
        QTest::addColumn<int>("side");
        QTest::addColumn<bool>("isLarge");
        QTest::addColumn<std::int64_t>("rows");
        QTest::newRow("B/32") << 32 << 224 << false << std::int64_t(50);
        QTest::newRow("B/16") << 16 << 224 << false << std::int64_t(197);
        QTest::newRow("L/14") << 14 << 224 << true << std::int64_t(257);
        QTest::newRow("L/14@336") << 14 << 336 << true << std::int64_t(577);
    }
    // The sizes are read as published; a narrow network of the same shape has the right grid, and
    // takes a table of positions from its square grid to pictures of people.
    void publishedClipConfigurationsAreUnderstood()
    {
        QFETCH(int, patch);
        QFETCH(int, side);
        QFETCH(bool, isLarge);
        QFETCH(std::int64_t, rows);
        const torch::NoGradGuard noGrad;

        auto config = clipConfigFromJson(publishedClip(patch, side, isLarge), "config.json");
        QCOMPARE(config.visionLayers, std::int64_t(isLarge ? 24 : 12));
        QCOMPARE(config.visionHeads, std::int64_t(isLarge ? 16 : 12));
        QCOMPARE(config.textHeads, std::int64_t(isLarge ? 12 : 8));
        QCOMPARE(config.embedDim, std::int64_t(isLarge ? 768 : 512));
        QCOMPARE(1 + config.gridHeight() * config.gridWidth(), rows);
        QCOMPARE(config.poolTokenId, std::int64_t(-1));
        QVERIFY(config.activation == Activation::QuickGelu);

        config.visionWidth = config.textWidth = config.embedDim = 16;
        config.visionHeads = config.textHeads = 2;
        config.visionLayers = config.textLayers = 1;
        config.vocabSize = 20;
        Clip square(config);
        initializeWeights(*square, 1);
        QCOMPARE(square->encodeImageTokens(torch::randn({1, 3, side, side})).size(1), rows);
        QCOMPARE(square->image_positions->weight.size(0), rows);

        config.imageHeight = 12 * patch;
        config.imageWidth = 4 * patch;
        Clip tall(config);
        std::map<std::string, torch::Tensor> tensors;
        for (const auto &item : namedTensorsOf(*square, clipNames()))
            tensors[item.first] = item.second;
        const auto report = loadClip(tall, MemoryTensorSource("square", tensors));
        QCOMPARE(report.adapted.size(), std::size_t(1));
        const auto grid = side / patch;
        QVERIFY(torch::equal(
            tall->image_positions->weight,
            resizePositionalTable(square->image_positions->weight, grid, grid, 12, 4)));
        QVERIFY(torch::equal(tall->image_positions->weight[0], square->image_positions->weight[0]));
        QCOMPARE(tall->encodeImageTokens(torch::randn({1, 3, 12 * patch, 4 * patch})).size(1),
                 std::int64_t(49));
    }

    void tableOfAPedestrianGridGoesToALargerOneOfItsProportions()
    {
        ClipConfig config;
        config.embedDim = config.visionWidth = config.textWidth = 16;
        config.visionHeads = config.textHeads = 2;
        config.visionLayers = config.textLayers = 1;
        config.vocabSize = 20;
        config.imageHeight = 8 * 16;
        config.imageWidth = 4 * 16;
        Clip small(config);
        initializeWeights(*small, 1);
        std::map<std::string, torch::Tensor> tensors;
        for (const auto &item : namedTensorsOf(*small, clipNames()))
            tensors[item.first] = item.second;
        config.imageHeight = 12 * 16;
        config.imageWidth = 6 * 16;
        Clip large(config);
        loadClip(large, MemoryTensorSource("pedestrians", tensors));
        QVERIFY(torch::equal(large->image_positions->weight,
                             resizePositionalTable(small->image_positions->weight, 8, 4, 12, 6)));

        // 32 cells are no grid of 3 : 1.
        config.imageWidth = 4 * 16;
        Clip other(config);
        QVERIFY_EXCEPTION_THROWN(loadClip(other, MemoryTensorSource("pedestrians", tensors)),
                                 Error);
    }

    void tableOfOverlappingPatchesGoesToAGridOfNearlyItsProportions()
    {
        ClipConfig config;
        config.embedDim = config.visionWidth = config.textWidth = 16;
        config.visionHeads = config.textHeads = 2;
        config.visionLayers = config.textLayers = 1;
        config.vocabSize = 20;
        config.stride = 8;
        config.imageHeight = 128;
        config.imageWidth = 64;
        Clip small(config);
        initializeWeights(*small, 1);
        std::map<std::string, torch::Tensor> tensors;
        for (const auto &item : namedTensorsOf(*small, clipNames()))
            tensors[item.first] = item.second;
        config.imageHeight = 192;
        config.imageWidth = 96;
        Clip large(config);
        loadClip(large, MemoryTensorSource("pedestrians", tensors));
        QVERIFY(torch::equal(large->image_positions->weight,
                             resizePositionalTable(small->image_positions->weight, 15, 7, 23, 11)));

        // 105 cells are 15 x 7, but far from a grid of 19 x 11.
        config.imageHeight = 160;
        Clip other(config);
        QVERIFY_EXCEPTION_THROWN(loadClip(other, MemoryTensorSource("pedestrians", tensors)),
                                 Error);
    }

    void sizesOfClipThatAreLeftOutAreThoseOfB32()
    {
        auto json = publishedClip(32, 224, false);
        for (const char *part : {"text_config", "vision_config"}) {
            for (const char *key : {"hidden_size", "num_attention_heads", "num_hidden_layers",
                                    "intermediate_size", "patch_size", "image_size"})
                json[part].erase(key);
        }

        QCOMPARE(clipConfigFromJson(json, "config.json").toJson(),
                 clipConfigFromJson(publishedClip(32, 224, false), "config.json").toJson());
    }

    void publishedSamConfigurationsAreUnderstood_data()
    {
        QTest::addColumn<int>("width");
        QTest::addColumn<int>("layers");
        QTest::addColumn<int>("heads");
        QTest::addColumn<QList<int>>("globalLayers");
        QTest::addColumn<int>("tensors");
        QTest::newRow("ViT-B") << 768 << 12 << 12 << QList<int>{2, 5, 8, 11} << 315;
        QTest::newRow("ViT-L") << 1024 << 24 << 16 << QList<int>{5, 11, 17, 23} << 483;
        QTest::newRow("ViT-H") << 1280 << 32 << 16 << QList<int>{7, 15, 23, 31} << 595;
    }
    void publishedSamConfigurationsAreUnderstood()
    {
        QFETCH(int, width);
        QFETCH(int, layers);
        QFETCH(int, heads);
        QFETCH(QList<int>, globalLayers);
        QFETCH(int, tensors);
        const torch::NoGradGuard noGrad;

        auto config = samConfigFromJson(
            publishedSam(width, layers, heads, {globalLayers.begin(), globalLayers.end()}),
            "config.json");
        QCOMPARE(config.width, std::int64_t(width));
        QCOMPARE(config.mlpDim, std::int64_t(4 * width));
        QCOMPARE(config.grid(), std::int64_t(64));

        // The same depth, heads and windows, but narrow and of a small frame.
        config.width = 4 * heads;
        config.mlpDim = 8 * heads;
        config.imageSize = 256;
        config.promptDim = 32;
        Sam sam(config);
        initializeWeights(*sam, 1);
        QCOMPARE(static_cast<int>(sam->named_parameters().size() + sam->named_buffers().size()),
                 tensors);
        for (std::size_t i = 0; i < static_cast<std::size_t>(layers); ++i) {
            const bool isGlobal = globalLayers.contains(static_cast<int>(i));
            const auto &layer = sam->vision_encoder->layers->at<SamEncoderLayerImpl>(i);
            QCOMPARE(layer.windowSize, std::int64_t(isGlobal ? 0 : 14));
            QCOMPARE(layer.attn->rel_pos_h.size(0), std::int64_t(isGlobal ? 2 * 16 - 1 : 27));
        }
        const auto image = sam->encodeImage(torch::randn({1, 3, 256, 256}));
        const auto masks = sam->decode(
            image, SamPrompts{torch::full({2, 3, 2}, 40.0), torch::ones({2, 3}, torch::kLong),
                              torch::tensor({{10.0, 20.0, 90.0, 80.0}, {1.0, 2.0, 9.0, 8.0}}),
                              torch::zeros({2, 1, 64, 64})});
        QCOMPARE(image.sizes().vec(), (std::vector<std::int64_t>{1, 32, 16, 16}));
        QCOMPARE(masks.logits.sizes().vec(), (std::vector<std::int64_t>{2, 4, 64, 64}));
        QCOMPARE(selectMasks(masks, true).iou.sizes().vec(), (std::vector<std::int64_t>{2, 3}));
        QCOMPARE(selectMasks(masks, false).iou.sizes().vec(), (std::vector<std::int64_t>{2, 1}));
        QVERIFY(torch::isfinite(masks.logits).all().item<bool>());
    }

    // Windows that hang over the edge: what padding adds as a key is there, though no padding is
    // computed.
    void windowsWithoutComputedPaddingAreTheSame_data()
    {
        QTest::addColumn<int>("window");
        for (const int window : {1, 2, 4, 5, 9, 14})
            QTest::addRow("%d", window) << window;
    }
    void windowsWithoutComputedPaddingAreTheSame()
    {
        QFETCH(int, window);
        SamConfig config;
        config.width = 24;
        config.heads = 3;
        config.mlpDim = 32;
        at::manual_seed(7);
        SamEncoderLayer layer(config, window);
        {
            const torch::NoGradGuard noGrad;
            for (auto &parameter : layer->parameters())
                parameter.normal_(0.0, 0.3);
        }
        const auto x = torch::randn({2, 12, 9, 24});

        const auto trained = layer(x);
        const torch::NoGradGuard noGrad;
        QVERIFY(layer->attn->takesWindows(x));
        const auto plain = layer(x);
        layer->to(torch::kBFloat16);
        const auto half = layer(x.to(torch::kBFloat16));

        QVERIFY(trained.requires_grad());
        const auto largest = trained.abs().max().item<float>();
        QVERIFY((plain - trained).abs().max().item<float>() < 1e-5F * std::max(1.0F, largest));
        QVERIFY((half.to(torch::kFloat) - trained).abs().max().item<float>() < 0.05F * largest);
    }

    // What the published files of BLIP-2 say: what is as by default is left out.
    void publishedBlip2ConfigurationsAreUnderstood()
    {
        const Json shared = {
            {"architectures", {"Blip2ForConditionalGeneration"}},
            {"image_text_hidden_size", 256},
            {"image_token_index", 50265},
            {"model_type", "blip-2"},
            {"num_query_tokens", 32},
            {"qformer_config", {{"classifier_dropout", nullptr}, {"model_type", "blip_2_qformer"}}},
            {"vision_config",
             {{"dropout", 0.0},
              {"initializer_factor", 1.0},
              {"model_type", "blip_2_vision_model"},
              {"num_channels", 3},
              {"projection_dim", 512}}}};
        auto opt = shared, t5 = shared;
        opt["use_decoder_only_language_model"] = true;
        opt["text_config"] = {{"activation_dropout", 0.0}, {"eos_token_id", 50118},
                              {"ffn_dim", 10240},          {"hidden_size", 2560},
                              {"model_type", "opt"},       {"num_attention_heads", 32},
                              {"num_hidden_layers", 32},   {"prefix", "</s>"},
                              {"vocab_size", 50304},       {"word_embed_proj_dim", 2560}};
        t5["use_decoder_only_language_model"] = false;
        t5["text_config"] = {{"bos_token_id", 1},
                             {"classifier_dropout", 0.0},
                             {"d_ff", 5120},
                             {"d_kv", 64},
                             {"d_model", 2048},
                             {"dense_act_fn", "gelu"},
                             {"dropout_rate", 0.1},
                             {"feed_forward_proj", "gated-gelu"},
                             {"is_gated_act", true},
                             {"model_type", "t5"},
                             {"n_positions", 512},
                             {"num_heads", 32},
                             {"num_layers", 24},
                             {"output_past", true},
                             {"tie_word_embeddings", false},
                             {"vocab_size", 32128}};

        const auto withOpt = blip2ConfigFromJson(opt, "config.json");
        const auto withT5 = blip2ConfigFromJson(t5, "config.json");

        QVERIFY(withOpt.problems().empty() && withT5.problems().empty());
        QCOMPARE(withOpt.vision.layers, std::int64_t(39));
        QCOMPARE(withOpt.vision.tokens(), std::int64_t(257));
        QCOMPARE(withOpt.qformer.layers, std::int64_t(12));
        QCOMPARE(withOpt.textVocabSize(), std::int64_t(50304));
        QCOMPARE(withOpt.generationOptions().eosId, std::int64_t(50118));
        QCOMPARE(withOpt.promptStartId(), std::int64_t(2));
        QCOMPARE(withT5.textWidth(), std::int64_t(2048));
        QCOMPARE(withT5.t5.decoderLayers, std::int64_t(24));
        QCOMPARE(withT5.generationOptions().placeholderId, std::int64_t(0));
        QCOMPARE(withT5.promptStartId(), std::int64_t(1));
    }

    void dvaeHasTheTensorsOfThePublishedOne()
    {
        const Json config = {{"architectures", {"FlavaImageCodebook"}},
                             {"model_type", "flava_image_codebook"},
                             {"num_groups", 4},
                             {"input_channels", 3},
                             {"num_blocks_per_group", 2},
                             {"hidden_size", 256},
                             {"vocab_size", 8192},
                             {"freeze", true}};
        DvaeEncoder net(dvaeConfigFromJson(config, "config.json"));

        std::map<std::string, std::vector<std::int64_t>> expected, found;
        for (const auto &item : readJsonFile(std::string(SAPSAM_SOURCE_DIR)
                                             + "/tests/golden/keys/dalle_encoder_hf.json"))
            expected[item[0].get<std::string>()] = item[1].get<std::vector<std::int64_t>>();
        for (const auto &item : namedTensorsOf(*net))
            found[item.first] = item.second.sizes().vec();
        QCOMPARE(found.size(), std::size_t(74));
        QVERIFY(found == expected);
    }

    void picturesThatTheDvaeCannotDivideAreInvalid()
    {
        DvaeConfig config;
        config.width = 8;
        config.vocabSize = 16;
        DvaeEncoder net(config);
        initializeWeights(*net, 1);

        QCOMPARE(net->tokens(torch::rand({2, 3, 16, 8})).sizes().vec(),
                 (std::vector<std::int64_t>{2, 2, 1}));
        QCOMPARE(dvaeConfigFromJson(config.toJson(), "x").toJson(), config.toJson());
        VERIFY_ERROR(net(torch::rand({1, 3, 12, 8})), ErrorKind::InvalidInput, "multiples of 8");
        VERIFY_ERROR(net(torch::rand({1, 1, 8, 8})), ErrorKind::InvalidInput, "[1, 1, 8, 8]");
        config.width = 6;
        VERIFY_ERROR(DvaeEncoder other(config), ErrorKind::InvalidInput, "multiple of 4");
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
        json["text_config"]["model_type"] = "llama";

        VERIFY_ERROR(blip2ConfigFromJson(json, "config.json"), ErrorKind::Unsupported, "'llama'");
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

    // What stands behind a text is left out while training, and all but the pooled tokens of the
    // last layer; nothing else may change. In double precision no rounding hides a difference.
    void pooledFeaturesAndTheirGradientsAreThoseOfAllTokens()
    {
        Clip clip(smallClip());
        initializeWeights(*clip, 1);
        clip->to(torch::kDouble);
        const auto ids = torch::tensor(
            {{1, 5, 7, 49, 0, 0}, {1, 6, 49, 0, 0, 0}, {1, 5, 6, 7, 49, 0}}, torch::kLong);
        const auto pixels = torch::randn(
            {3, 3, clip->config.imageHeight, clip->config.imageWidth}, torch::kDouble);
        const auto rows = torch::arange(3, torch::kLong);
        const auto gradientsOf = [&](const torch::Tensor &image, const torch::Tensor &text) {
            const auto weights =
                torch::linspace(-1.0, 1.0, image.numel(), torch::kDouble).view_as(image);
            clip->zero_grad();
            ((image * weights).sum() + (text * weights).sum()).backward();
            std::map<std::string, torch::Tensor> found;
            for (const auto &item : clip->named_parameters())
                found[item.key()] = item.value().grad().defined() ? item.value().grad().clone()
                                                                  : torch::zeros_like(item.value());
            return found;
        };

        const auto image = clip->imageFeatures(pixels), text = clip->textFeatures(ids);
        const auto pooled = gradientsOf(image, text);
        const auto allImage = clip->encodeImageTokens(pixels).select(1, 0);
        const auto allText = clip->encodeTextTokens(ids).index({rows, clip->poolPositions(ids)});
        const auto all = gradientsOf(allImage, allText);

        QVERIFY(difference(image, allImage) < 1e-12);
        QVERIFY(difference(text, allText) < 1e-12);
        for (const auto &[name, gradient] : all)
            QVERIFY2(difference(gradient, pooled.at(name))
                         < 1e-12 * std::max(10.0, gradient.abs().max().item<double>()),
                     (name + ": " + std::to_string(difference(gradient, pooled.at(name))) + " of "
                      + std::to_string(gradient.abs().max().item<double>()))
                         .c_str());
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
