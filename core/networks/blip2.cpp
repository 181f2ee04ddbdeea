#include "core/networks/blip2.h"

#include "core/base/error.h"
#include "core/networks/config_reader.h"
#include "core/nn/initialize.h"
#include "core/nn/linear.h"
#include "core/nn/recompute.h"
#include "core/weights/tensor_names.h"

#include <cmath>
#include <limits>

namespace sapsam::nn {

namespace {

// OPT's position table begins with two rows that stand for no position.
constexpr std::int64_t kPositionOffset = 2;

// What queries may not see: later positions and masked ones. mask [B, K] → [B, 1, N, K].
torch::Tensor decoderBias(const torch::Tensor &mask, std::int64_t queries,
                          const torch::TensorOptions &options)
{
    const auto keys = mask.size(1);
    const auto sees =
        torch::ones({queries, keys}, options.dtype(torch::kBool)).tril(keys - queries);
    const auto allowed = mask.to(torch::kBool).view({mask.size(0), 1, 1, keys}).logical_and(sees);
    double lowest = std::numeric_limits<float>::lowest();
    if (options.dtype() == torch::kHalf)
        lowest = -65504.0;
    else if (options.dtype() == torch::kBFloat16)
        lowest = -3.3895313892515355e38;
    return torch::zeros(allowed.sizes(), options).masked_fill(allowed.logical_not(), lowest);
}

// `isUsual` tells whether it is the variant of OPT that is covered here.
OptConfig optConfigFrom(ConfigReader &text, bool &isUsual)
{
    OptConfig t;
    t.vocabSize = text.require<std::int64_t>("vocab_size");
    t.hiddenSize = text.require<std::int64_t>("hidden_size");
    t.layers = text.require<std::int64_t>("num_hidden_layers");
    t.heads = text.require<std::int64_t>("num_attention_heads");
    t.ffnDim = text.require<std::int64_t>("ffn_dim");
    t.maxPositions = text.valueOr<std::int64_t>("max_position_embeddings", 2048);
    t.activation =
        activationFromName(text.valueOr<std::string>("activation_function", "relu"), text.where());
    t.layerNormEps = text.valueOr("layer_norm_eps", 1e-5);
    t.bosId = text.valueOr<std::int64_t>("bos_token_id", 2);
    t.padId = text.valueOr<std::int64_t>("pad_token_id", 1);
    t.eosId = text.valueOr<std::int64_t>("eos_token_id", 2);
    const auto embedDim = text.valueOr("word_embed_proj_dim", t.hiddenSize);
    const bool isPreNorm = text.valueOr("do_layer_norm_before", true);
    const bool hasBias = text.valueOr("enable_bias", true);
    const bool hasAffine = text.valueOr("layer_norm_elementwise_affine", true);
    const bool lacksFinal = text.valueOr("_remove_final_layer_norm", false);
    isUsual = embedDim == t.hiddenSize && isPreNorm && hasBias && hasAffine && !lacksFinal;
    text.allow({"activation_dropout", "init_std"});
    text.finish();
    return t;
}

} // namespace

std::int64_t Blip2Config::textWidth() const
{
    return language == Blip2Language::T5 ? t5.width : text.hiddenSize;
}

std::int64_t Blip2Config::textVocabSize() const
{
    return language == Blip2Language::T5 ? t5.vocabSize : text.vocabSize;
}

std::int64_t Blip2Config::promptStartId() const
{
    return language == Blip2Language::T5 ? t5.bosId : text.bosId;
}

GenerationOptions Blip2Config::generationOptions() const
{
    const bool isT5 = language == Blip2Language::T5;
    GenerationOptions options;
    options.eosId = isT5 ? t5.eosId : text.eosId;
    options.padId = isT5 ? t5.padId : text.padId;
    options.placeholderId = isT5 ? t5.startId : text.bosId;
    return options;
}

std::vector<std::string> Blip2Config::problems() const
{
    std::vector<std::string> found;
    if (vision.patchSize <= 0 || vision.imageHeight < vision.patchSize
        || vision.imageWidth < vision.patchSize || vision.width <= 0 || vision.mlpDim <= 0
        || vision.layers <= 0 || vision.heads <= 0)
        found.push_back("all sizes of the vision part must be positive");
    else if (vision.width % vision.heads != 0)
        found.push_back("the width of the vision part must be a multiple of its heads");
    if (qformer.queries <= 0 || qformer.hiddenSize <= 0 || qformer.layers <= 0 || qformer.heads <= 0
        || qformer.intermediateSize <= 0 || qformer.crossAttentionFrequency <= 0)
        found.push_back("all sizes of the Q-Former must be positive");
    else if (qformer.hiddenSize % qformer.heads != 0)
        found.push_back("the width of the Q-Former must be a multiple of its heads");
    if (language == Blip2Language::T5) {
        const auto ofT5 = t5.problems();
        found.insert(found.end(), ofT5.begin(), ofT5.end());
        return found;
    }
    if (text.vocabSize <= 0 || text.hiddenSize <= 0 || text.layers <= 0 || text.heads <= 0
        || text.ffnDim <= 0 || text.maxPositions <= qformer.queries)
        found.push_back("all sizes of the language model must be positive, and its positions more "
                        "than the queries");
    else if (text.hiddenSize % text.heads != 0)
        found.push_back("the width of the language model must be a multiple of its heads");
    return found;
}

Json Blip2Config::toJson() const
{
    Json visionJson = {{"hidden_size", vision.width},
                       {"intermediate_size", vision.mlpDim},
                       {"num_hidden_layers", vision.layers},
                       {"num_attention_heads", vision.heads},
                       {"image_size", vision.imageHeight},
                       {"patch_size", vision.patchSize},
                       {"hidden_act", nameOf(vision.activation)},
                       {"layer_norm_eps", vision.layerNormEps},
                       {"qkv_bias", true}};
    if (vision.imageHeight != vision.imageWidth) {
        visionJson["image_height"] = vision.imageHeight;
        visionJson["image_width"] = vision.imageWidth;
    }
    if (vision.postLayerNormEps != vision.layerNormEps)
        visionJson["post_layer_norm_eps"] = vision.postLayerNormEps;
    const Json qformerJson = {{"hidden_size", qformer.hiddenSize},
                              {"num_hidden_layers", qformer.layers},
                              {"num_attention_heads", qformer.heads},
                              {"intermediate_size", qformer.intermediateSize},
                              {"encoder_hidden_size", vision.width},
                              {"cross_attention_frequency", qformer.crossAttentionFrequency},
                              {"hidden_act", nameOf(qformer.activation)},
                              {"layer_norm_eps", qformer.layerNormEps}};
    const Json optJson = {{"model_type", "opt"},
                          {"vocab_size", text.vocabSize},
                          {"hidden_size", text.hiddenSize},
                          {"num_hidden_layers", text.layers},
                          {"num_attention_heads", text.heads},
                          {"ffn_dim", text.ffnDim},
                          {"max_position_embeddings", text.maxPositions},
                          {"word_embed_proj_dim", text.hiddenSize},
                          {"do_layer_norm_before", true},
                          {"activation_function", nameOf(text.activation)},
                          {"layer_norm_eps", text.layerNormEps},
                          {"bos_token_id", text.bosId},
                          {"pad_token_id", text.padId},
                          {"eos_token_id", text.eosId}};
    const bool isT5 = language == Blip2Language::T5;
    return {{"architectures", {"Blip2ForConditionalGeneration"}},
            {"model_type", "blip-2"},
            {"num_query_tokens", qformer.queries},
            {"vision_config", visionJson},
            {"qformer_config", qformerJson},
            {"text_config", isT5 ? t5.toJson() : optJson}};
}

Blip2Config blip2ConfigFromJson(const Json &json, const std::string &origin)
{
    Blip2Config config;
    ConfigReader top(json, origin);
    config.qformer.queries = top.valueOr<std::int64_t>("num_query_tokens", 32);
    top.allow({"use_decoder_only_language_model", "image_token_index", "image_token_id"});

    ConfigReader vision = top.part("vision_config");
    auto &v = config.vision;
    v.width = vision.valueOr<std::int64_t>("hidden_size", 1408);
    v.mlpDim = vision.valueOr<std::int64_t>("intermediate_size", 6144);
    v.layers = vision.valueOr<std::int64_t>("num_hidden_layers", 39);
    v.heads = vision.valueOr<std::int64_t>("num_attention_heads", 16);
    const auto side = vision.valueOr<std::int64_t>("image_size", 224);
    v.imageHeight = vision.valueOr("image_height", side);
    v.imageWidth = vision.valueOr("image_width", side);
    v.patchSize = vision.valueOr<std::int64_t>("patch_size", 14);
    v.activation =
        activationFromName(vision.valueOr<std::string>("hidden_act", "gelu"), vision.where());
    v.layerNormEps = vision.valueOr("layer_norm_eps", 1e-6);
    v.postLayerNormEps = vision.valueOr("post_layer_norm_eps", v.layerNormEps);
    const bool hasBias = vision.valueOr("qkv_bias", true);
    const auto channels = vision.valueOr<std::int64_t>("num_channels", 3);
    vision.allow({"projection_dim"});
    vision.finish();

    ConfigReader qformer = top.part("qformer_config");
    auto &q = config.qformer;
    q.hiddenSize = qformer.valueOr<std::int64_t>("hidden_size", 768);
    q.layers = qformer.valueOr<std::int64_t>("num_hidden_layers", 12);
    q.heads = qformer.valueOr<std::int64_t>("num_attention_heads", 12);
    q.intermediateSize = qformer.valueOr<std::int64_t>("intermediate_size", 3072);
    q.crossAttentionFrequency = qformer.valueOr<std::int64_t>("cross_attention_frequency", 2);
    q.activation =
        activationFromName(qformer.valueOr<std::string>("hidden_act", "gelu"), qformer.where());
    q.layerNormEps = qformer.valueOr("layer_norm_eps", 1e-12);
    const auto imageWidth = qformer.valueOr("encoder_hidden_size", v.width);
    qformer.allow({"vocab_size", "max_position_embeddings", "position_embedding_type",
                   "use_qformer_text_input"});
    qformer.finish();

    bool isUsual = true;
    ConfigReader text = top.part("text_config");
    const auto kind = text.valueOr<std::string>("model_type", text.has("d_model") ? "t5" : "opt");
    if (kind == "t5") {
        config.language = Blip2Language::T5;
        config.t5 = t5ConfigFromJson(json.at("text_config"), text.where());
    } else if (kind == "opt") {
        config.text = optConfigFrom(text, isUsual);
    } else {
        throw Error(ErrorKind::Unsupported, origin + ": the language model '" + kind
                                                + "' is not covered, only OPT and T5 are");
    }
    top.finish();

    if (!hasBias || channels != 3 || !isUsual)
        throw Error(ErrorKind::Unsupported,
                    origin
                        + ": only qkv_bias, 3 channels, do_layer_norm_before, biases and "
                          "word_embed_proj_dim = hidden_size are covered");
    if (imageWidth != v.width)
        throw Error(ErrorKind::Corrupt, origin
                                            + ": qformer_config.encoder_hidden_size differs from "
                                              "vision_config.hidden_size");
    return config;
}

Blip2VisionLayerImpl::Blip2VisionLayerImpl(const Blip2VisionConfig &config)
{
    self_attn =
        register_module("self_attn", FusedAttention(config.width, config.heads, "projection"));
    layer_norm1 = register_module("layer_norm1", makeLayerNorm(config.width, config.layerNormEps));
    mlp = register_module("mlp", Mlp(config.width, config.mlpDim, config.activation, "fc1", "fc2"));
    layer_norm2 = register_module("layer_norm2", makeLayerNorm(config.width, config.layerNormEps));
}

torch::Tensor Blip2VisionLayerImpl::forward(const torch::Tensor &x)
{
    const auto y = x + self_attn(layer_norm1(x));
    return y + mlp(layer_norm2(y));
}

QFormerLayerImpl::QFormerLayerImpl(const QFormerConfig &config, std::int64_t imageWidth,
                                   bool readsImage)
    : activation(config.activation)
{
    attention =
        register_module("attention", BertAttention(config.hiddenSize, config.hiddenSize,
                                                   config.heads, config.layerNormEps, "attention"));
    if (readsImage)
        crossattention = register_module("crossattention",
                                         BertAttention(config.hiddenSize, imageWidth, config.heads,
                                                       config.layerNormEps, "attention"));
    feedForward.registerIn(*this, "intermediate_query", "output_query", config.hiddenSize,
                           config.intermediateSize, config.layerNormEps);
}

torch::Tensor QFormerLayerImpl::forward(torch::Tensor x, const torch::Tensor &image)
{
    x = attention(x, x);
    if (crossattention)
        x = crossattention(x, image);
    return feedForward.forward(x, activation);
}

OptLayerImpl::OptLayerImpl(const OptConfig &config) : activation(config.activation)
{
    self_attn = register_module(
        "self_attn", ProjectedAttention(config.hiddenSize, config.hiddenSize, config.heads));
    self_attn_layer_norm = register_module("self_attn_layer_norm",
                                           makeLayerNorm(config.hiddenSize, config.layerNormEps));
    fc1 = register_module("fc1", torch::nn::Linear(config.hiddenSize, config.ffnDim));
    fc2 = register_module("fc2", torch::nn::Linear(config.ffnDim, config.hiddenSize));
    final_layer_norm =
        register_module("final_layer_norm", makeLayerNorm(config.hiddenSize, config.layerNormEps));
}

torch::Tensor OptLayerImpl::forward(const torch::Tensor &x, const AttentionBias &bias,
                                    KeyValueCache *cache)
{
    const auto normed = self_attn_layer_norm(x);
    const auto heads = self_attn->heads;
    const auto query = splitHeads(linear(self_attn->q_proj, normed), heads);
    auto keys = splitHeads(linear(self_attn->k_proj, normed), heads);
    auto values = splitHeads(linear(self_attn->v_proj, normed), heads);
    if (cache)
        cache->append(keys, values);
    const auto y = x + linear(self_attn->out_proj, mergeHeads(attend(query, keys, values, bias)));
    return y + linear(fc2, activate(linear(fc1, final_layer_norm(y)), activation));
}

OptModelImpl::OptModelImpl(const OptConfig &config_) : config(config_)
{
    auto decoder = addGroup(*addGroup(*this, "model"), "decoder");
    embed_tokens = decoder->register_module(
        "embed_tokens", torch::nn::Embedding(config.vocabSize, config.hiddenSize));
    embed_positions = decoder->register_module(
        "embed_positions",
        torch::nn::Embedding(config.maxPositions + kPositionOffset, config.hiddenSize));
    layers = decoder->register_module("layers", torch::nn::ModuleList());
    for (std::int64_t i = 0; i < config.layers; ++i)
        layers->push_back(OptLayer(config));
    final_layer_norm = decoder->register_module(
        "final_layer_norm", makeLayerNorm(config.hiddenSize, config.layerNormEps));
}

torch::Tensor OptModelImpl::embed(const torch::Tensor &ids)
{
    return embed_tokens(ids);
}

torch::Tensor OptModelImpl::forward(const torch::Tensor &embeddings, const torch::Tensor &mask,
                                    std::vector<KeyValueCache> *cache)
{
    const auto count = embeddings.size(1);
    const auto cached =
        cache && !cache->empty() && cache->front().keys.defined() ? cache->front().keys.size(2) : 0;
    const auto total = cached + count;
    if (total > config.maxPositions)
        throw Error(ErrorKind::InvalidInput, "OPT: " + std::to_string(total)
                                                 + " positions exceed its table of "
                                                 + std::to_string(config.maxPositions)
                                                 + "; shorten the prompt or the answer");
    if (cache)
        cache->resize(layers->size());

    AttentionBias bias;
    auto x = embeddings;
    if (mask.defined()) {
        const auto seen = mask.to(embeddings.device(), torch::kLong);
        const auto positions = (seen.cumsum(1) * seen - 1).slice(1, cached) + kPositionOffset;
        x = x + embed_positions(positions);
        bias.additive = decoderBias(seen, count, embeddings.options());
    } else {
        const auto first = cached + kPositionOffset;
        x = x + embed_positions->weight.slice(0, first, first + count);
        bias.causal = true;
    }
    for (std::size_t i = 0; i < layers->size(); ++i) {
        x = layers->at<OptLayerImpl>(i).forward(x, bias, cache ? &(*cache)[i] : nullptr);
        if (observer)
            observer("layer" + std::to_string(i), x);
    }
    return final_layer_norm(x);
}

torch::Tensor OptModelImpl::logits(const torch::Tensor &hidden)
{
    return m_head ? linear(m_head, hidden) : applyWeight(hidden, embed_tokens->weight);
}

Quantization OptModelImpl::quantize()
{
    auto done = quantizeLinears(*layers);
    // The table itself stays: its rows are what is read in.
    const auto &table = embed_tokens->weight;
    m_head = torch::nn::Linear(torch::nn::LinearOptions(1, 1).bias(false));
    m_head->weight.set_requires_grad(false);
    m_head->weight.set_data(table.detach());
    const auto ofHead = quantizeLinears(*m_head);
    done.layers += ofHead.layers;
    done.bytesBefore += ofHead.bytesBefore;
    done.bytesAfter += ofHead.bytesAfter;
    return done;
}

Blip2Impl::Blip2Impl(const Blip2Config &config_) : config(config_)
{
    throwProblems("BLIP-2", config.problems());
    const auto &v = config.vision;
    const auto &q = config.qformer;
    auto visionModel = addGroup(*this, "vision_model");
    auto embeddings = addGroup(*visionModel, "embeddings");
    class_embedding =
        embeddings->register_parameter("class_embedding", torch::zeros({1, 1, v.width}));
    position_embedding = embeddings->register_parameter("position_embedding",
                                                        torch::zeros({1, v.tokens(), v.width}));
    patch_embedding = embeddings->register_module(
        "patch_embedding", makePatchConvolution(v.width, v.patchSize, v.patchSize, true));
    vision_layers =
        addGroup(*visionModel, "encoder")->register_module("layers", torch::nn::ModuleList());
    for (std::int64_t i = 0; i < v.layers; ++i)
        vision_layers->push_back(Blip2VisionLayer(v));
    post_layernorm =
        visionModel->register_module("post_layernorm", makeLayerNorm(v.width, v.postLayerNormEps));

    query_tokens = register_parameter("query_tokens", torch::zeros({1, q.queries, q.hiddenSize}));
    auto qformer = addGroup(*this, "qformer");
    qformer_layernorm =
        qformer->register_module("layernorm", makeLayerNorm(q.hiddenSize, q.layerNormEps));
    qformer_layers =
        addGroup(*qformer, "encoder")->register_module("layer", torch::nn::ModuleList());
    for (std::int64_t i = 0; i < q.layers; ++i)
        qformer_layers->push_back(QFormerLayer(q, v.width, i % q.crossAttentionFrequency == 0));
    language_projection =
        register_module("language_projection", torch::nn::Linear(q.hiddenSize, config.textWidth()));
    if (config.language == Blip2Language::T5)
        t5 = register_module("language_model", T5Model(config.t5));
    else
        language_model = register_module("language_model", OptModel(config.text));
}

torch::Tensor Blip2Impl::imageEmbeddings(const torch::Tensor &pixels)
{
    const auto &v = config.vision;
    if (pixels.dim() != 4 || pixels.size(1) != 3 || pixels.size(2) != v.imageHeight
        || pixels.size(3) != v.imageWidth)
        throw Error(ErrorKind::InvalidInput, "BLIP-2: images of shape " + shapeText(pixels.sizes())
                                                 + " instead of [B, 3, "
                                                 + std::to_string(v.imageHeight) + ", "
                                                 + std::to_string(v.imageWidth) + "]");
    const auto patches = patch_embedding(pixels).flatten(2).transpose(1, 2);
    auto x = torch::cat({class_embedding.expand({pixels.size(0), 1, v.width}), patches}, 1)
             + position_embedding;
    observe("vit.embeddings", x);
    for (std::size_t i = 0; i < vision_layers->size(); ++i) {
        auto &layer = vision_layers->at<Blip2VisionLayerImpl>(i);
        x = recomputed(x, layer, [&layer](const torch::Tensor &in) { return layer.forward(in); });
        observe("vit.block" + std::to_string(i), x);
    }
    return post_layernorm(x);
}

torch::Tensor Blip2Impl::queryOutput(const torch::Tensor &image)
{
    auto x = qformer_layernorm(query_tokens).expand({image.size(0), -1, -1});
    observe("qformer.input_norm", x);
    for (std::size_t i = 0; i < qformer_layers->size(); ++i) {
        x = qformer_layers->at<QFormerLayerImpl>(i).forward(x, image);
        observe("qformer.layer" + std::to_string(i), x);
    }
    return x;
}

torch::Tensor Blip2Impl::encodeImage(const torch::Tensor &pixels)
{
    return language_projection(queryOutput(imageEmbeddings(pixels)));
}

void Blip2Impl::require(Blip2Language language) const
{
    if (config.language != language)
        throw Error(ErrorKind::InvalidInput,
                    config.language == Blip2Language::T5
                        ? "BLIP-2: T5 answers with its decoder, ask for answerLogits"
                        : "BLIP-2: OPT continues its prompt, ask for logits");
}

torch::Tensor Blip2Impl::joined(const torch::Tensor &queries, const torch::Tensor &ids)
{
    const auto onDevice = ids.to(queries.device());
    return torch::cat({queries, t5 ? t5->embed(onDevice) : language_model->embed(onDevice)}, 1);
}

torch::Tensor Blip2Impl::joinedMask(const torch::Tensor &queries, const torch::Tensor &mask)
{
    if (!mask.defined())
        return {};
    const auto onDevice = mask.to(queries.device());
    return torch::cat(
        {torch::ones({queries.size(0), queries.size(1)}, onDevice.options()), onDevice}, 1);
}

torch::Tensor Blip2Impl::logits(const torch::Tensor &queries, const torch::Tensor &ids,
                                const torch::Tensor &mask)
{
    require(Blip2Language::Opt);
    return language_model->logits(language_model(joined(queries, ids), joinedMask(queries, mask)));
}

torch::Tensor Blip2Impl::answerLogits(const torch::Tensor &queries, const torch::Tensor &ids,
                                      const torch::Tensor &answerIds, const torch::Tensor &mask)
{
    require(Blip2Language::T5);
    const auto seen = joinedMask(queries, mask);
    const auto memory = t5->encode(joined(queries, ids), seen);
    return t5->logits(t5->decode(answerIds.to(queries.device()), memory, seen));
}

Generated Blip2Impl::generate(const torch::Tensor &queries, const torch::Tensor &promptIds,
                              const GenerationOptions &options, const torch::Tensor &promptMask)
{
    const torch::NoGradGuard noGrad;
    options.check();
    const auto beams = options.numBeams;
    const auto device = queries.device();
    const auto embeddings = joined(queries, promptIds);
    auto mask = joinedMask(queries, promptMask);
    if (t5)
        return t5->generate(embeddings, options, mask);

    std::vector<KeyValueCache> cache;
    const auto step = [&](const torch::Tensor &tokens, const torch::Tensor &order) {
        if (!tokens.defined()) {
            // The beams of a row are still equal: the prompt is read once and then repeated.
            auto last = language_model(embeddings, mask, &cache).select(1, -1);
            if (beams > 1) {
                last = last.repeat_interleave(beams, 0);
                if (mask.defined())
                    mask = mask.repeat_interleave(beams, 0);
                for (auto &layer : cache)
                    layer.repeatRows(beams);
            }
            return language_model->logits(last);
        }
        if (beams > 1) {
            const auto rows = order.to(device);
            for (auto &layer : cache)
                layer.selectRows(rows);
        }
        if (mask.defined())
            mask = torch::cat({mask, torch::ones({mask.size(0), 1}, mask.options())}, 1);
        const auto next = language_model->embed(tokens.to(device).unsqueeze(1));
        return language_model->logits(language_model(next, mask, &cache).select(1, 0));
    };
    return generateTokens(queries.size(0), step, options);
}

Quantization Blip2Impl::quantizeLanguageModel()
{
    return t5 ? quantizeLinears(*t5) : language_model->quantize();
}

LoadReport loadBlip2(Blip2 &blip2, const TensorSource &source, bool resizePositions)
{
    auto options = blip2->config.language == Blip2Language::T5 ? blip2T5Names() : blip2OptNames();
    const auto &v = blip2->config.vision;
    if (resizePositions) {
        options.adapt = [&v](const std::string &name, const torch::Tensor &stored,
                             torch::IntArrayRef wanted) -> torch::Tensor {
            if (name != "vision_model.embeddings.position_embedding" || stored.dim() != 3
                || stored.size(0) != 1 || stored.size(2) != wanted[2])
                return {};
            const auto side = std::llround(std::sqrt(static_cast<double>(stored.size(1) - 1)));
            if (side < 1 || side * side != stored.size(1) - 1)
                return {};
            namespace F = torch::nn::functional;
            const auto table = stored.to(torch::kFloat);
            const auto grid =
                table.slice(1, 1).view({1, side, side, v.width}).permute({0, 3, 1, 2});
            const auto resized = F::interpolate(
                grid, F::InterpolateFuncOptions()
                          .size(std::vector<std::int64_t>{v.imageHeight / v.patchSize,
                                                          v.imageWidth / v.patchSize})
                          .mode(torch::kBicubic)
                          .align_corners(false));
            return torch::cat({table.slice(1, 0, 1), resized.flatten(2).transpose(1, 2)}, 1);
        };
    }
    return loadStrict(*blip2, source, options);
}

void initializeWeights(Blip2Impl &blip2, std::uint64_t seed)
{
    initializeTensors(blip2, seed, [](const std::string &name, const torch::Tensor &tensor) {
        return commonInitialValue(name, tensor);
    });
}

} // namespace sapsam::nn
