#include "core/networks/blip2.h"
#include "core/networks/clip.h"
#include "core/networks/dvae.h"
#include "core/networks/person_sam.h"
#include "core/weights/tensor_names.h"
#include "tests/support/golden_case.h"
#ifdef SAPSAM_ELSEWHERE
#include "tests/support/elsewhere.h"
#endif

#include <QtTest>

using namespace sapsam;
using namespace sapsam::nn;
using sapsam::test::GoldenCase;

namespace {

#ifdef SAPSAM_FULL_SIZE_CASES
constexpr bool kFullSize = true;
#else
constexpr bool kFullSize = false;
#endif

std::int64_t number(const Json &json, const char *key)
{
    return json.at(key).get<std::int64_t>();
}

BertConfig bertConfig(const Json &json)
{
    BertConfig config;
    config.vocabSize = number(json, "vocab_size");
    config.hiddenSize = number(json, "hidden_size");
    config.layers = number(json, "num_hidden_layers");
    config.heads = number(json, "num_attention_heads");
    config.intermediateSize = number(json, "intermediate_size");
    config.maxPositions = number(json, "max_position_embeddings");
    config.typeVocabSize = number(json, "type_vocab_size");
    config.activation = activationFromName(json.value("hidden_act", "gelu"), "case");
    config.layerNormEps = json.value("layer_norm_eps", 1e-12);
    return config;
}

SamConfig samConfig(const Json &json)
{
    SamConfig config;
    config.imageSize = number(json, "image_size");
    config.patchSize = number(json, "patch_size");
    config.width = number(json, "width");
    config.layers = number(json, "depth");
    config.heads = number(json, "heads");
    config.mlpDim = number(json, "mlp_dim");
    config.windowSize = number(json, "window_size");
    config.globalLayers = json.at("global_attn_indexes").get<std::vector<std::int64_t>>();
    config.encoderActivation = activationFromName(json.value("encoder_activation", "gelu"), "case");
    config.encoderLayerNormEps = json.value("encoder_layer_norm_eps", 1e-6);
    config.promptDim = number(json, "dim");
    config.maskInputChannels = number(json, "mask_in_chans");
    config.decoderLayers = number(json, "decoder_depth");
    config.decoderHeads = number(json, "decoder_heads");
    config.decoderMlpDim = number(json, "decoder_mlp_dim");
    config.decoderDownsample = json.value("decoder_attention_downsample_rate", std::int64_t(2));
    config.decoderActivation = activationFromName(json.value("decoder_activation", "relu"), "case");
    config.multimaskOutputs = json.value("num_multimask_outputs", std::int64_t(3));
    config.iouHeadDepth = json.value("iou_head_depth", std::int64_t(3));
    config.iouHeadHidden = number(json, "iou_head_hidden_dim");
    config.decoderLayerNormEps = 1e-5;
    for (const char *key : {"decoder_layer_norm_eps", "decoder_layer_norm_eps_meta"}) {
        if (json.contains(key) && json.at(key).is_number())
            config.decoderLayerNormEps = json.at(key).get<double>();
    }
    config.layerNorm2dEps = json.value("layer_norm_2d_eps", 1e-6);
    return config;
}

// Every second row and column of the last two of four or five dimensions.
std::vector<std::int64_t> everySecond(const torch::Tensor &tensor)
{
    std::vector<std::int64_t> strides(static_cast<std::size_t>(tensor.dim()), 1);
    strides[strides.size() - 1] = strides[strides.size() - 2] = 2;
    return strides;
}

void checkMasks(GoldenCase &golden, const std::string &name, const torch::Tensor &masks)
{
    golden.check(name, masks);
    golden.checkStrided(name + "_s2", masks, everySecond(masks));
    golden.checkStrided(name + "_s", masks, {1, 1, 8, 8});
}

// Side lengths when the longer one becomes `side`.
std::pair<std::int64_t, std::int64_t> resizedTo(std::int64_t side, std::int64_t height,
                                                std::int64_t width)
{
    const double scale = static_cast<double>(side) / static_cast<double>(std::max(height, width));
    return {static_cast<std::int64_t>(static_cast<double>(height) * scale + 0.5),
            static_cast<std::int64_t>(static_cast<double>(width) * scale + 0.5)};
}

// The outputs at the original sizes, which their names end with: "…_97x150".
void checkFullSize(GoldenCase &golden, const std::string &prefix, const SamMasks &masks)
{
    const auto side = golden.config().at("image_size").get<std::int64_t>();
    for (const auto &name : golden.outputNames()) {
        const bool isLogits = name.rfind(prefix + ".full_logits_", 0) == 0;
        if (!isLogits && name.rfind(prefix + ".full_mask_bits_", 0) != 0)
            continue;
        const auto size = QString::fromStdString(name).section(QLatin1Char('_'), -1);
        const auto height = size.section(QLatin1Char('x'), 0, 0).toLongLong();
        const auto width = size.section(QLatin1Char('x'), 1, 1).toLongLong();
        const auto resized = resizedTo(side, height, width);
        const auto full =
            postprocessMasks(masks.logits, side, resized.first, resized.second, height, width);
        if (isLogits) {
            golden.check(name, full.slice(1, 1, 2)); // the first alternative
            continue;
        }
        const double tolerance = golden.tolerance(prefix + ".iou") * 2;
        const auto bytes = golden.output(name).numel();
        const bool isMulti = bytes > (height * width + 7) / 8;
        golden.checkBits(name, isMulti ? full.slice(1, 1) : full.slice(1, 0, 1), tolerance);
    }
}

Blip2Config blip2Config(const Json &json, const std::string &origin)
{
    return blip2ConfigFromJson({{"num_query_tokens", json.at("num_query_tokens")},
                                {"vision_config", json.at("vision")},
                                {"qformer_config", json.at("qformer")},
                                {"text_config", json.at("text")}},
                               origin);
}

GenerationOptions generationOptions(const Blip2Config &config, const Json &generation,
                                    const Json &mode)
{
    auto options = config.generationOptions();
    options.eosId = number(generation, "eos_token_id");
    options.maxNewTokens = number(generation, "max_new_tokens");
    options.numBeams = mode.value("num_beams", std::int64_t(1));
    options.lengthPenalty = mode.value("length_penalty", 1.0);
    options.repetitionPenalty = mode.value("repetition_penalty", 1.0);
    options.minNewTokens = mode.value("min_new_tokens", std::int64_t(0));
    return options;
}

// Where the cases are computed: $SAPSAM_GOLDEN_DEVICE, "cuda:0" for a GPU, or the processor.
torch::Device goldenDevice()
{
#ifdef SAPSAM_ELSEWHERE
    return torch::Device(sapsam::test::kElsewhereName);
#else
    const auto name = qEnvironmentVariable("SAPSAM_GOLDEN_DEVICE", QStringLiteral("cpu"));
    return torch::Device(name.toStdString());
#endif
}

template <typename Network>
void load(Network &network, const TensorSource &source, const LoadOptions &names)
{
    loadStrict(*network, source, names);
    network->to(goldenDevice());
}

void addRows(const char *kind)
{
    QTest::addColumn<QString>("folder");
    QTest::addColumn<QString>("set");
    int rows = 0;
    for (const auto &folder : sapsam::test::goldenCaseFolders()) {
        const GoldenCase golden(folder);
        if (golden.kind() != kind || golden.isFormula() != kFullSize)
            continue;
        for (const auto &set : golden.weightSets()) {
            QTest::newRow((golden.name() + ", " + set).c_str())
                << QString::fromStdString(folder) << QString::fromStdString(set);
            ++rows;
        }
    }
    if (rows == 0)
        QTest::newRow("none") << QString() << QString();
}

} // namespace

// Skips when the golden folder has no case of the kind; otherwise `golden` is the row's case and
// `stored` one of the containers of its weights.
#define GOLDEN_CASE(golden, stored)                                                                \
    QFETCH(QString, folder);                                                                       \
    QFETCH(QString, set);                                                                          \
    if (folder.isEmpty())                                                                          \
        QSKIP("no case of this kind");                                                             \
    GoldenCase golden(folder.toStdString());                                                       \
    golden.computeOn(goldenDevice());                                                              \
    const auto stored = golden.weights(set.toStdString());                                         \
    golden.checkWeights(*stored)

#define VERIFY_CASE(golden)                                                                        \
    QVERIFY2((golden).problems().empty(), ("\n" + (golden).problems()).c_str())

class TestGoldenNetworks : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        at::set_num_threads(kFullSize ? 2 : 1);
        // The references are float32 throughout.
        at::globalContext().setAllowTF32CuDNN(false);
        at::globalContext().setAllowTF32CuBLAS(false);
    }

    void samMatchesTheReference_data() { addRows("sam"); }
    void samMatchesTheReference()
    {
        GOLDEN_CASE(golden, stored);
        const torch::NoGradGuard noGrad;
        auto config = samConfig(golden.config());
        Sam sam(config);
        sam->eval();
        load(sam, *stored, samNames());

        sam->vision_encoder->observer = [&](const std::string &stage, const torch::Tensor &value) {
            golden.check("out." + stage, value);
            golden.checkStrided("out." + stage + "_s2", value, {1, 2, 2});
            golden.checkStrided("out." + stage + "_s", value, {1, 8, 8, 16});
        };
        const bool isTiny = golden.hasInput("in.pixel_values");
        const auto image = sam->encodeImage(golden.input(isTiny ? "in.pixel_values" : "in.image"));
        golden.check("out.image_embeddings", image);
        golden.checkStrided("out.image_embeddings_s", image, {1, 4, 4, 4});
        golden.check("out.image_pe", sam->imagePe());
        golden.checkStrided("out.image_pe_s", sam->imagePe(), {1, 4, 4, 4});

        const auto optional = [&](std::initializer_list<const char *> names) {
            for (const char *name : names) {
                if (golden.hasInput(name))
                    return golden.input(name);
            }
            return torch::Tensor();
        };
        const auto points1 = optional({"in.point1.points"}),
                   labels1 = optional({"in.point1.labels"});
        const auto points2 = optional({"in.point2.points", "in.points"});
        const auto labels2 = optional({"in.point2.labels", "in.labels"});
        const auto box = optional({"in.box.boxes", "in.box"}), boxes = optional({"in.box2.boxes"});
        auto mask = optional({"in.mask"});
        if (golden.hasInput("in.mask_cells")) {
            const auto cells = golden.input("in.mask_cells");
            const auto times = config.maskSide() / cells.size(0);
            mask = cells.repeat_interleave(times, 0).repeat_interleave(times, 1).view(
                {1, 1, config.maskSide(), config.maskSide()});
        }
        const std::vector<std::pair<const char *, SamPrompts>> prompts = {
            {"point1", {points1, labels1, {}, {}}},
            {"point2", {points2, labels2, {}, {}}},
            {"box", {{}, {}, box, {}}},
            {"point_box", {points2, labels2, box, {}}},
            {"mask_only", {{}, {}, {}, mask}},
            {"mask_point", {points1, labels1, {}, mask}},
            {"box_mask", {{}, {}, box, mask}},
            {"none", {}},
            {"box2", {{}, {}, boxes, {}}}};
        for (const auto &item : prompts) {
            const std::string prefix = std::string("out.") + item.first;
            if (!golden.hasOutput(prefix + ".iou"))
                continue;
            const auto embeddings = sam->prompt_encoder(item.second);
            golden.check(prefix + ".sparse", embeddings.sparse);
            golden.checkStrided(prefix + ".dense_s2", embeddings.dense, {1, 1, 2, 2});
            golden.checkStrided(prefix + ".dense_s", embeddings.dense, {1, 4, 4, 4});
            const auto masks = sam->decode(image, item.second);
            checkMasks(golden, prefix + ".masks", masks.logits);
            golden.check(prefix + ".iou", masks.iou);
            checkFullSize(golden, prefix, masks);
        }
        if (golden.hasOutput("out.zero_token_kept.iou")) {
            const auto dense = sam->prompt_encoder(SamPrompts()).dense;
            const auto masks =
                sam->mask_decoder(image, sam->imagePe(),
                                  torch::zeros({1, 1, config.promptDim}, dense.options()), dense);
            checkMasks(golden, "out.zero_token_kept.masks", masks.logits);
            golden.check("out.zero_token_kept.iou", masks.iou);
        }

        // Hugging Face's decoder differs in the eps of its norms only.
        config.decoderLayerNormEps = 1e-6;
        Sam other(config);
        other->eval();
        load(other, *stored, samNames());
        for (const auto &item : prompts) {
            const std::string prefix = std::string("out.hf.") + item.first;
            if (!golden.hasOutput(prefix + ".iou"))
                continue;
            const auto masks = selectMasks(other->decode(image, item.second), true);
            checkMasks(golden, prefix + ".masks_multi", masks.logits.unsqueeze(1));
            golden.check(prefix + ".iou", masks.iou.unsqueeze(1));
        }
        if (golden.hasInput("in.hf.two_prompts.points")) {
            const SamPrompts two = {golden.input("in.hf.two_prompts.points").squeeze(0),
                                    golden.input("in.hf.two_prompts.labels").squeeze(0),
                                    {},
                                    {}};
            const auto masks = selectMasks(other->decode(image, two), false);
            checkMasks(golden, "out.hf.two_prompts.masks", masks.logits.unsqueeze(0));
            golden.check("out.hf.two_prompts.iou", masks.iou.unsqueeze(0));
        }
        VERIFY_CASE(golden);
    }

    void personSamMatchesTheReference_data() { addRows("person-sam"); }
    void personSamMatchesTheReference()
    {
        GOLDEN_CASE(golden, stored);
        PersonSamConfig config;
        config.sam = samConfig(golden.config().at("sam"));
        config.sam.decoderLayerNormEps = 1e-6;
        config.text = bertConfig(golden.config().at("bert"));
        config.attentionHeads = number(golden.config(), "mca_heads");
        config.maxPhraseTokens = number(golden.config(), "max_phrase_tokens");
        PersonSam net(config);
        net->eval();
        load(net, *stored, personSamNames());
        for (auto &item : net->named_parameters())
            item.value().set_requires_grad(item.key().rfind("vision_encoder.", 0) != 0
                                           && item.key().rfind("text_prompt_encoder.", 0) != 0);
        const auto pixels = golden.input("in.pixel_values");
        const auto ids = golden.input("in.input_ids"), mask = golden.input("in.attention_mask");
        const auto types = golden.input("in.token_type_ids");

        const auto image = net->encodeImage(pixels);
        const auto prompts = net->encodePhrases(ids, mask, types);
        const auto answer = net->decodePrompts(image, prompts);
        golden.check("out.image_embeddings", image);
        golden.check("out.image_pe", net->imagePe());
        golden.check("out.text_last_hidden_state", prompts.text);
        golden.check("out.transform_linear_tokens",
                     net->transform_linear(prompts.text.slice(1, 1)));
        torch::Tensor weights;
        golden.check("out.mca", net->transform_attention->forward(
                                    net->fixed_query.expand({ids.size(0), -1, -1}),
                                    net->transform_linear(prompts.text.slice(1, 1)), &weights));
        golden.check("out.mca_weights_mean_over_heads", weights);
        golden.check("out.sparse", prompts.sparse.unsqueeze(1));
        golden.check("out.dense", prompts.dense);
        golden.check("out.mask_logits", answer.maskLogits.unsqueeze(1));
        golden.check("out.iou", answer.iou.unsqueeze(1));
        const auto multi = net->decodePrompts(image, prompts, true);
        golden.check("out.multimask.mask_logits", multi.maskLogits.unsqueeze(1));
        golden.check("out.multimask.iou", multi.iou.unsqueeze(1));

        const auto target = golden.input("in.target_mask").to(torch::kFloat);
        const auto p = torch::sigmoid(answer.maskLogits).flatten(1), g = target.flatten(1);
        const auto dice =
            (1 - (2 * (p * g).sum(1) + 1e-5) / ((p * p).sum(1) + (g * g).sum(1) + 1e-5)).mean();
        const auto bce = torch::binary_cross_entropy_with_logits(answer.maskLogits, target);
        golden.check("out.loss_dice", dice.view({1}));
        golden.check("out.loss_bce", bce.view({1}));
        golden.check("out.loss_dice_plus_bce", (dice + bce).view({1}));
        const auto found = answer.maskLogits.flatten(1).gt(0), truth = g.gt(0.5);
        golden.check("out.binary_iou_per_sample",
                     found.logical_and(truth).sum(1).to(torch::kFloat)
                         / (found.logical_or(truth).sum(1).to(torch::kFloat) + 1e-10));

        const auto checkGradients = [&](const std::string &prefix, const torch::Tensor &loss) {
            net->zero_grad();
            loss.backward({}, true);
            for (const auto &item : net->named_parameters()) {
                const auto &gradient = item.value().grad();
                golden.check(prefix + item.key(),
                             gradient.defined() ? gradient : torch::zeros_like(item.value()));
            }
        };
        checkGradients("grad_dice.", dice);
        checkGradients("grad_dice_bce.", dice + bce);

        const std::vector<std::pair<const char *, PromptDesign>> variants = {
            {"cls_sparse", PromptDesign::ClassSparse},
            {"tokens_sparse", PromptDesign::TokensSparse},
            {"cls_dot", PromptDesign::ClassDot},
            {"tokens_dot", PromptDesign::TokensDot},
            {"mca_dense_only", PromptDesign::AttentionDense}};
        for (const auto &variant : variants) {
            net->config.design = variant.second;
            const std::string prefix = std::string("out.variant.") + variant.first;
            const auto other = net->decode(image, ids, mask, types);
            golden.check(prefix + ".mask_logits", other.maskLogits.unsqueeze(1));
            golden.check(prefix + ".iou", other.iou.unsqueeze(1));
            if (golden.hasOutput(prefix + ".dense"))
                golden.check(prefix + ".dense",
                             net->densePrompts(image, net->encodePhrases(ids, mask, types)));
        }
        VERIFY_CASE(golden);
    }

    void bertMatchesTheReference_data() { addRows("bert"); }
    void bertMatchesTheReference()
    {
        GOLDEN_CASE(golden, stored);
        const torch::NoGradGuard noGrad;
        BertForPreTraining net(bertConfig(golden.config()));
        net->eval();
        load(net, *stored, bertPretrainingNames());
        const auto ids = golden.input("in.input_ids");

        net->bert->observer = [&](const std::string &stage, const torch::Tensor &value) {
            golden.check("out." + stage, value);
            golden.checkStrided("out." + stage + "_s", value, {1, 3, 16});
        };
        const auto hidden =
            net->bert(ids, golden.input("in.attention_mask"), golden.input("in.token_type_ids"));
        net->bert->observer = {};
        golden.check("out.last_hidden_state", hidden);
        golden.check("out.prediction_logits", net->predictionLogits(hidden));
        golden.checkStrided("out.prediction_logits_s", net->predictionLogits(hidden), {1, 5, 101});
        golden.check("out.pooler_output", net->bert->pooled(hidden));
        golden.check("out.seq_relationship_logits",
                     net->relationshipLogits(net->bert->pooled(hidden)));
        golden.check("out.defaults_row0_7.last_hidden_state",
                     net->bert(ids.slice(0, 0, 1).slice(1, 0, 7)));

        // The bare model reads the same file.
        BertModel alone(net->config);
        alone->eval();
        load(alone, *stored, bertModelNames());
        golden.check("out.last_hidden_state", alone(ids, golden.input("in.attention_mask"),
                                                    golden.input("in.token_type_ids")));
        VERIFY_CASE(golden);
    }

    void clipMatchesTheReference_data() { addRows("clip"); }
    void clipMatchesTheReference()
    {
        GOLDEN_CASE(golden, stored);
        const torch::NoGradGuard noGrad;
        const auto &json = golden.config();
        ClipConfig config;
        config.embedDim = number(json, "embed_dim");
        config.imageHeight = config.imageWidth = number(json, "image_size");
        config.patchSize = config.stride = number(json, "patch_size");
        config.visionWidth = number(json, "vision_width");
        config.visionLayers = number(json, "vision_layers");
        config.visionHeads = number(json, "vision_heads");
        config.contextLength = number(json, "context_length");
        config.vocabSize = number(json, "vocab_size");
        config.textWidth = number(json, "text_width");
        config.textLayers = number(json, "text_layers");
        config.textHeads = number(json, "text_heads");
        config.mlpRatio = json.value("mlp_ratio", 4.0);
        config.activation = activationFromName(json.at("activation").get<std::string>(), "case");
        config.layerNormEps = json.at("layer_norm_eps").get<double>();
        const auto ids = golden.input("in.input_ids");
        const auto unit = [](const torch::Tensor &x) { return x / x.norm(2, -1, true); };
        const auto observe = [&](const std::string &stage, const torch::Tensor &value) {
            if (stage == "image.ln_post_cls") {
                golden.check("out." + stage, value);
                return;
            }
            const bool isText = stage.rfind("text.", 0) == 0;
            golden.check("out." + stage, value);
            golden.check("out.image." + stage, value); // patch_conv in the tiny case
            golden.checkStrided("out." + stage + "_s", value,
                                stage == "patch_conv"
                                    ? std::vector<std::int64_t>{1, 16, 3, 2}
                                    : std::vector<std::int64_t>{1, isText ? 4 : 8, 16});
        };
        // In a case with both shapes "in.image" may be either; the stages belong to that one.
        const bool rectIsMain = golden.hasInput("in.image_square");

        Clip clip(config);
        clip->eval();
        loadClip(clip, *stored, false);
        clip->to(goldenDevice());
        const auto square = golden.input(rectIsMain ? "in.image_square" : "in.image");
        if (!rectIsMain)
            clip->observer = observe;
        const auto image = clip->imageFeatures(square), text = clip->textFeatures(ids);
        clip->observer = {};
        golden.check("out.image_features", image);
        golden.check("out.text_features", text);
        golden.check("out.logits_per_image", clip->logitsPerImage(square, ids));
        golden.check("out.square224.image_embeds", image);
        golden.check("out.square224.text_embeds", text);
        golden.check("out.square224.logits_per_image", clip->logitsPerImage(square, ids));

        if (json.contains("rect")) {
            const auto &rect = json.at("rect");
            config.imageHeight = rect.value("image_height", rect.value("height", std::int64_t(0)));
            config.imageWidth = rect.value("image_width", rect.value("width", std::int64_t(0)));
            std::vector<std::int64_t> strides;
            if (rect.contains("strides")) {
                for (const auto &item : rect.at("strides").items())
                    strides.push_back(std::stoll(item.key()));
            } else {
                strides.push_back(number(rect, "stride"));
            }
            for (const auto stride : strides) {
                config.stride = stride;
                Clip person(config);
                person->eval();
                loadClip(person, *stored);
                person->to(goldenDevice());
                if (rectIsMain)
                    person->observer = observe;
                const auto pixels = golden.input(rectIsMain ? "in.image" : "in.image_rect");
                const auto tokens = person->encodeImageTokens(pixels);
                const auto textTokens = person->encodeTextTokens(ids);
                const auto ends =
                    textTokens.index({torch::arange(ids.size(0), ids.options()), ids.argmax(-1)});
                const auto cosine =
                    torch::matmul(unit(ends), unit(tokens.select(1, 0)).t()); // [texts, images]
                const std::string prefix = "out.rect_s" + std::to_string(stride);
                const auto &positions = person->image_positions->weight;
                golden.check(prefix + ".positional_embedding", positions);
                golden.check(prefix + ".image_tokens", tokens);
                golden.check(prefix + ".cosine", cosine);
                golden.check("out.rect.text_tokens", textTokens);
                golden.check("out.rect.text_eot", ends);
                golden.checkStrided("out.positional_embedding_s", positions, {4, 16});
                golden.checkStrided("out.image_tokens_s", tokens, {1, 4, 4});
                golden.check("out.image_class_token", tokens.select(1, 0));
                golden.checkStrided("out.text_tokens_s", textTokens, {1, 4, 4});
                golden.check("out.text_eot", ends);
                golden.check("out.cosine", cosine);
            }
        }
        VERIFY_CASE(golden);
    }

    void blip2WithOptMatchesTheReference_data() { addRows("blip2-opt"); }
    void blip2WithOptMatchesTheReference()
    {
        GOLDEN_CASE(golden, stored);
        const torch::NoGradGuard noGrad;
        const auto &json = golden.config();
        auto config = blip2Config(json, golden.name());
        Blip2 net(config);
        net->eval();
        load(net, *stored, blip2OptNames());
        const auto pixels = golden.input("in.image");
        const auto ids = golden.input("in.input_ids"), mask = golden.input("in.attention_mask");

        const auto queries = checkedQueries(golden, net, pixels);
        golden.check("out.projected_queries", net->encodeImage(pixels));

        const auto embeddings = torch::cat({queries, net->language_model->embed(ids)}, 1);
        golden.check("out.lm.inputs_embeds", embeddings);
        net->language_model->observer = [&](const std::string &stage, const torch::Tensor &value) {
            golden.check("out.lm.hidden_after_" + stage, value);
        };
        golden.check("out.lm.hidden_final", net->language_model(embeddings));
        net->language_model->observer = {};
        golden.check("out.logits", net->logits(queries, ids, mask));
        golden.check("out.logits", net->logits(queries, ids));

        // The masked variants of the notes: the last two text positions of row 1; the first two
        // positions of row 1.
        auto right = torch::ones_like(ids);
        right[1].slice(0, ids.size(1) - 2).zero_();
        golden.check("out.right_padded.logits", net->logits(queries, ids, right));
        auto left = torch::ones({ids.size(0), embeddings.size(1)}, ids.options());
        left[1].slice(0, 0, 2).zero_();
        golden.check(
            "out.left_masked.logits",
            net->language_model->logits(net->language_model(embeddings, left)).slice(1, 2));

        checkGenerations(golden, net, queries, ids, false);

        Blip2 lavis(lavisConfig(golden, config));
        lavis->eval();
        load(lavis, *stored, blip2OptNames());
        checkLavis(golden, lavis, pixels);
        VERIFY_CASE(golden);
    }

    void blip2WithT5MatchesTheReference_data() { addRows("blip2-t5"); }
    void blip2WithT5MatchesTheReference()
    {
        GOLDEN_CASE(golden, stored);
        const torch::NoGradGuard noGrad;
        const auto &json = golden.config();
        auto config = blip2Config(json, golden.name());
        Blip2 net(config);
        net->eval();
        load(net, *stored, blip2T5Names());
        const auto pixels = golden.input("in.image");
        const auto ids = golden.input("in.input_ids"), mask = golden.input("in.attention_mask");
        const auto answer = golden.input("in.decoder_input_ids");

        const auto queries = checkedQueries(golden, net, pixels);

        const auto embeddings = torch::cat({queries, net->t5->embed(ids)}, 1);
        golden.check("out.lm.inputs_embeds", embeddings);
        net->t5->observer = [&](const std::string &stage, const torch::Tensor &value) {
            if (stage == "encoder.block0")
                golden.check("out.lm.encoder_hidden1", value);
            if (stage == "decoder.block0")
                golden.check("out.lm.decoder_hidden1", value);
        };
        const auto memory = net->t5->encode(embeddings);
        golden.check("out.lm.encoder_last_hidden_state", memory);
        golden.check("out.lm.decoder_final", net->t5->decode(answer, memory));
        net->t5->observer = {};
        golden.check("out.logits", net->answerLogits(queries, ids, answer, mask));
        golden.check("out.logits", net->answerLogits(queries, ids, answer));

        // The same token by token from the cache.
        T5Cache cache;
        std::vector<torch::Tensor> steps;
        for (std::int64_t t = 0; t < answer.size(1); ++t)
            steps.push_back(net->t5->decode(answer.slice(1, t, t + 1), memory, {}, &cache));
        golden.check("out.lm.decoder_final", torch::cat(steps, 1));

        // The masked variant of the notes: the last two positions of row 1.
        auto right = torch::ones_like(ids);
        right[1].slice(0, ids.size(1) - 2).zero_();
        golden.check("out.right_padded.logits", net->answerLogits(queries, ids, answer, right));

        checkGenerations(golden, net, queries, ids, true);

        Blip2 lavis(lavisConfig(golden, config));
        lavis->eval();
        loadBlip2(lavis, *stored);
        lavis->to(goldenDevice());
        checkLavis(golden, lavis, pixels);
        VERIFY_CASE(golden);
    }

    void dvaeMatchesTheReference_data() { addRows("dvae"); }
    void dvaeMatchesTheReference()
    {
        GOLDEN_CASE(golden, stored);
        const torch::NoGradGuard noGrad;
        DvaeEncoder net(dvaeConfigFromJson(golden.config(), golden.name()));
        net->eval();
        load(net, *stored, dvaeNames());
        net->observer = [&](const std::string &stage, const torch::Tensor &value) {
            golden.check("out." + stage, value);
            golden.checkStrided("out." + stage + "_s2", value, everySecond(value));
        };

        const auto mapped = net->mapPixels(golden.input("in.image01"));
        golden.check("out.mapped_pixels", mapped);
        golden.check("out.logits", net(mapped));
        golden.check("out.tokens", net->tokens(mapped));
        VERIFY_CASE(golden);
    }

private:
    // The stages from the pictures to the queries of the language model, which are returned.
    static torch::Tensor checkedQueries(GoldenCase &golden, Blip2 &net, const torch::Tensor &pixels)
    {
        net->observer = [&](const std::string &stage, const torch::Tensor &value) {
            golden.check("out." + stage, stage == "qformer.input_norm"
                                             ? value.expand({pixels.size(0), -1, -1})
                                             : value);
        };
        const auto image = net->imageEmbeddings(pixels);
        const auto output = net->queryOutput(image);
        const auto queries = net->language_projection(output);
        net->observer = {};
        golden.check("out.image_embeds", image);
        golden.check("out.query_output", output);
        golden.check("out.projected_queries", queries);
        return queries;
    }

    // LAVIS differs in the eps of the norm behind the vision part.
    static Blip2Config lavisConfig(const GoldenCase &golden, Blip2Config config)
    {
        config.vision.postLayerNormEps =
            golden.config().at("lavis").at("ln_vision_eps").get<double>();
        return config;
    }

    static void checkLavis(GoldenCase &golden, Blip2 &lavis, const torch::Tensor &pixels)
    {
        const auto image = lavis->imageEmbeddings(pixels);
        golden.check("out.lavis.image_embeds", image);
        golden.check("out.lavis.query_output", lavis->queryOutput(image));
        golden.check("out.lavis.projected_queries", lavis->encodeImage(pixels));
    }

    // Every mode of the case, in both conventions.
    static void checkGenerations(GoldenCase &golden, Blip2 &net, const torch::Tensor &queries,
                                 const torch::Tensor &ids, bool startsAnswer)
    {
        const auto &generation = golden.config().at("generation");
        for (const auto &mode : generation.at("modes").items()) {
            auto options = generationOptions(net->config, generation, mode.value());
            checkGeneration(golden, "out.gen." + mode.key(), net->generate(queries, ids, options),
                            options, startsAnswer);
            options.lengthConvention = LengthConvention::WithPlaceholder;
            checkGeneration(golden, "out.gen_4_27." + mode.key(),
                            net->generate(queries, ids, options), options, startsAnswer);
        }
    }

    // `startsAnswer`: the placeholder begins the ids in either convention.
    static void checkGeneration(GoldenCase &golden, const std::string &prefix,
                                const Generated &generated, const GenerationOptions &options,
                                bool startsAnswer = false)
    {
        std::size_t longest = 0;
        for (const auto &row : generated.ids)
            longest = std::max(longest, row.size());
        const bool hasPlaceholder =
            startsAnswer || options.lengthConvention == LengthConvention::WithPlaceholder;
        std::vector<torch::Tensor> rows;
        for (auto row : generated.ids) {
            row.resize(longest, options.padId);
            if (hasPlaceholder)
                row.insert(row.begin(), options.placeholderId);
            rows.push_back(torch::tensor(row, torch::kLong));
        }
        golden.check(prefix + ".ids", torch::stack(rows));
        if (!generated.scores.empty())
            golden.check(prefix + ".scores", torch::tensor(generated.scores, torch::kDouble));
    }
};

QTEST_GUILESS_MAIN(TestGoldenNetworks)
#include "tst_golden_networks.moc"
