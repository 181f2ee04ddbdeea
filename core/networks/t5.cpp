#include "core/networks/t5.h"

#include "core/base/error.h"
#include "core/networks/config_reader.h"
#include "core/nn/blocks.h"
#include "core/nn/initialize.h"
#include "core/nn/linear.h"

#include <algorithm>
#include <cmath>

namespace sapsam::nn {

namespace {

constexpr const char *kGatedPrefix = "gated-";

torch::nn::Linear makeLinear(std::int64_t in, std::int64_t out)
{
    return torch::nn::Linear(torch::nn::LinearOptions(in, out).bias(false));
}

// What the relative positions add to the scores, [1, heads, queries, keys]; the last query stands
// where the last key does.
torch::Tensor positionBias(const torch::nn::Embedding &table, std::int64_t queries,
                           std::int64_t keys, bool isBidirectional, const T5Config &config)
{
    const auto offsets = queries + keys - 1;
    auto buckets = torch::empty({offsets}, torch::kLong);
    auto *values = buckets.data_ptr<std::int64_t>();
    // Offsets from the last query to the first key up to the first query to the last key.
    for (std::int64_t i = 0; i < offsets; ++i)
        values[i] = relativePositionBucket(i - (keys - 1), isBidirectional, config.buckets,
                                           config.maxDistance);
    const auto rows = torch::arange(queries, torch::kLong).unsqueeze(1);
    const auto columns = torch::arange(keys, torch::kLong).unsqueeze(0);
    const auto chosen = buckets.index({columns - rows + (queries - 1)});
    return torch::embedding(table->weight, chosen.to(table->weight.device()))
        .permute({2, 0, 1})
        .unsqueeze(0);
}

torch::Tensor sumOf(const torch::Tensor &bias, const torch::Tensor &other)
{
    return other.defined() ? bias + other : bias;
}

} // namespace

std::vector<std::string> T5Config::problems() const
{
    std::vector<std::string> found;
    if (vocabSize <= 0 || width <= 0 || headDim <= 0 || heads <= 0 || ffnDim <= 0
        || encoderLayers <= 0 || decoderLayers <= 0)
        found.push_back("all sizes of T5 must be positive");
    if (buckets < 4 || buckets % 4 != 0)
        found.push_back("the buckets of relative positions must be a multiple of 4");
    else if (maxDistance <= buckets / 2)
        found.push_back("maxDistance must exceed half of the buckets of relative positions");
    if (!(layerNormEps > 0.0))
        found.push_back("layerNormEps must be positive");
    return found;
}

Json T5Config::toJson() const
{
    const std::string act = nameOf(activation);
    // In this format "gated-gelu" stands for the tanh form; dense_act_fn always says which it is.
    const std::string kind = activation == Activation::Relu ? "relu" : "gelu";
    return {{"architectures", {"T5ForConditionalGeneration"}},
            {"model_type", "t5"},
            {"vocab_size", vocabSize},
            {"d_model", width},
            {"d_kv", headDim},
            {"d_ff", ffnDim},
            {"num_heads", heads},
            {"num_layers", encoderLayers},
            {"num_decoder_layers", decoderLayers},
            {"relative_attention_num_buckets", buckets},
            {"relative_attention_max_distance", maxDistance},
            {"feed_forward_proj", (isGated ? kGatedPrefix : "") + kind},
            {"dense_act_fn", act},
            {"layer_norm_epsilon", layerNormEps},
            {"tie_word_embeddings", isTied},
            {"decoder_start_token_id", startId},
            {"bos_token_id", bosId},
            {"pad_token_id", padId},
            {"eos_token_id", eosId}};
}

T5Config t5ConfigFromJson(const Json &json, const std::string &origin)
{
    T5Config config;
    ConfigReader reader(json, origin);
    config.vocabSize = reader.require<std::int64_t>("vocab_size");
    config.width = reader.require<std::int64_t>("d_model");
    config.headDim = reader.valueOr<std::int64_t>("d_kv", 64);
    config.ffnDim = reader.require<std::int64_t>("d_ff");
    config.heads = reader.require<std::int64_t>("num_heads");
    config.encoderLayers = reader.require<std::int64_t>("num_layers");
    config.decoderLayers = reader.valueOr("num_decoder_layers", config.encoderLayers);
    config.buckets = reader.valueOr<std::int64_t>("relative_attention_num_buckets", 32);
    config.maxDistance = reader.valueOr<std::int64_t>("relative_attention_max_distance", 128);
    auto kind = reader.valueOr<std::string>("feed_forward_proj", "relu");
    const std::string prefix = kGatedPrefix;
    config.isGated = kind.compare(0, prefix.size(), prefix) == 0;
    if (config.isGated)
        kind.erase(0, prefix.size());
    if (config.isGated && kind == "gelu")
        kind = "gelu_new";
    config.activation =
        activationFromName(reader.valueOr<std::string>("dense_act_fn", kind), origin);
    config.layerNormEps = reader.valueOr("layer_norm_epsilon", 1e-6);
    config.isTied = reader.valueOr("tie_word_embeddings", true);
    config.startId = reader.valueOr<std::int64_t>("decoder_start_token_id", 0);
    config.bosId = reader.valueOr<std::int64_t>("bos_token_id", 1);
    config.padId = reader.valueOr<std::int64_t>("pad_token_id", 0);
    config.eosId = reader.valueOr<std::int64_t>("eos_token_id", 1);
    reader.allow({"dropout_rate", "is_gated_act", "n_positions", "output_past"});
    reader.finish();
    return config;
}

std::int64_t relativePositionBucket(std::int64_t offset, bool isBidirectional, std::int64_t buckets,
                                    std::int64_t maxDistance)
{
    std::int64_t first = 0;
    std::int64_t distance = -offset;
    if (isBidirectional) {
        buckets /= 2;
        first = offset > 0 ? buckets : 0;
        distance = std::abs(offset);
    }
    distance = std::max<std::int64_t>(distance, 0);
    const auto exact = buckets / 2;
    if (distance < exact)
        return first + distance;
    // In 32 bits, as the published tables were trained.
    const float octave = std::log(static_cast<float>(distance) / static_cast<float>(exact))
                         / static_cast<float>(std::log(static_cast<double>(maxDistance)
                                                       / static_cast<double>(exact)));
    const auto step = static_cast<std::int64_t>(octave * static_cast<float>(buckets - exact));
    return first + std::min(exact + step, buckets - 1);
}

T5AttentionImpl::T5AttentionImpl(const T5Config &config, bool hasPositions)
    : heads(config.heads), scale(std::sqrt(static_cast<double>(config.headDim)))
{
    const auto inner = config.heads * config.headDim;
    q = register_module("q", makeLinear(config.width, inner));
    k = register_module("k", makeLinear(config.width, inner));
    v = register_module("v", makeLinear(config.width, inner));
    o = register_module("o", makeLinear(inner, config.width));
    if (hasPositions)
        relative_attention_bias = register_module(
            "relative_attention_bias", torch::nn::Embedding(config.buckets, config.heads));
}

torch::Tensor T5AttentionImpl::forward(const torch::Tensor &x, const AttentionBias &bias,
                                       KeyValueCache *cache)
{
    auto keys = splitHeads(linear(k, x), heads), values = splitHeads(linear(v, x), heads);
    if (cache)
        cache->append(keys, values);
    const auto query = splitHeads(linear(q, x) * scale, heads);
    return linear(o, mergeHeads(attend(query, keys, values, bias)));
}

torch::Tensor T5AttentionImpl::read(const torch::Tensor &x, const torch::Tensor &memory,
                                    const torch::Tensor &bias, KeyValueCache *cache)
{
    torch::Tensor keys, values;
    if (cache && cache->keys.defined()) {
        keys = cache->keys;
        values = cache->values;
    } else {
        keys = splitHeads(linear(k, memory), heads);
        values = splitHeads(linear(v, memory), heads);
        if (cache)
            cache->append(keys, values);
    }
    // Rows that share their memory stand behind each other as queries of one row.
    const auto rows = keys.size(0);
    AttentionBias added;
    added.additive = bias;
    const auto query = (linear(q, x) * scale).reshape({rows, -1, q->options.out_features()});
    const auto context = mergeHeads(attend(splitHeads(query, heads), keys, values, added));
    return linear(o, context.reshape({x.size(0), x.size(1), -1}));
}

T5FeedForwardImpl::T5FeedForwardImpl(const T5Config &config) : activation(config.activation)
{
    if (config.isGated) {
        wi_0 = register_module("wi_0", makeLinear(config.width, config.ffnDim));
        wi_1 = register_module("wi_1", makeLinear(config.width, config.ffnDim));
    } else {
        wi = register_module("wi", makeLinear(config.width, config.ffnDim));
    }
    wo = register_module("wo", makeLinear(config.ffnDim, config.width));
}

torch::Tensor T5FeedForwardImpl::forward(const torch::Tensor &x)
{
    if (wi)
        return linear(wo, activate(linear(wi, x), activation));
    return linear(wo, activate(linear(wi_0, x), activation) * linear(wi_1, x));
}

T5BlockImpl::T5BlockImpl(const T5Config &config, bool isDecoder, bool isFirst)
{
    auto list = addGroup(*this, "layer");
    int count = 0;
    const auto addPart = [&](RmsNorm &norm) {
        auto part = addGroup(*list, std::to_string(count++));
        norm = part->register_module("layer_norm", RmsNorm(config.width, config.layerNormEps));
        return part;
    };
    selfAttention =
        addPart(selfNorm)->register_module("SelfAttention", T5Attention(config, isFirst));
    if (isDecoder)
        crossAttention =
            addPart(crossNorm)->register_module("EncDecAttention", T5Attention(config, false));
    feedForward =
        addPart(feedForwardNorm)->register_module("DenseReluDense", T5FeedForward(config));
}

T5ModelImpl::T5ModelImpl(const T5Config &config_) : config(config_)
{
    throwProblems("T5", config.problems());
    shared = register_module("shared", torch::nn::Embedding(config.vocabSize, config.width));
    const auto stack = [this](const char *name, std::int64_t count, bool isDecoder,
                              torch::nn::ModuleList &blocks, RmsNorm &norm) {
        auto group = addGroup(*this, name);
        blocks = group->register_module("block", torch::nn::ModuleList());
        for (std::int64_t i = 0; i < count; ++i)
            blocks->push_back(T5Block(config, isDecoder, i == 0));
        norm =
            group->register_module("final_layer_norm", RmsNorm(config.width, config.layerNormEps));
    };
    stack("encoder", config.encoderLayers, false, encoder, encoderNorm);
    stack("decoder", config.decoderLayers, true, decoder, decoderNorm);
    if (!config.isTied)
        lm_head = register_module("lm_head", makeLinear(config.width, config.vocabSize));
}

torch::Tensor T5ModelImpl::embed(const torch::Tensor &ids)
{
    return shared(ids);
}

torch::Tensor T5ModelImpl::encode(const torch::Tensor &embeddings, const torch::Tensor &mask)
{
    const auto count = embeddings.size(1);
    auto x = embeddings;
    AttentionBias bias;
    const auto &table = encoder->at<T5BlockImpl>(0).selfAttention->relative_attention_bias;
    bias.additive =
        sumOf(positionBias(table, count, count, true, config), paddingBias(mask, x.scalar_type()));
    for (std::size_t i = 0; i < encoder->size(); ++i) {
        auto &block = encoder->at<T5BlockImpl>(i);
        x = x + block.selfAttention(block.selfNorm(x), bias);
        x = x + block.feedForward(block.feedForwardNorm(x));
        if (observer)
            observer("encoder.block" + std::to_string(i), x);
    }
    return encoderNorm(x);
}

torch::Tensor T5ModelImpl::decode(const torch::Tensor &ids, const torch::Tensor &memory,
                                  const torch::Tensor &mask, T5Cache *cache)
{
    if (ids.dim() != 2 || memory.dim() != 3 || memory.size(0) == 0
        || ids.size(0) % memory.size(0) != 0)
        throw Error(ErrorKind::InvalidInput,
                    "T5: the rows of the answers must be a multiple of those of the prompts");
    const auto count = ids.size(1);
    std::int64_t cached = 0;
    if (cache) {
        cache->self.resize(decoder->size());
        cache->cross.resize(decoder->size());
        if (cache->self.front().keys.defined())
            cached = cache->self.front().keys.size(2);
    }
    auto x = embed(ids);
    AttentionBias bias;
    const auto &table = decoder->at<T5BlockImpl>(0).selfAttention->relative_attention_bias;
    bias.additive = positionBias(table, count, cached + count, false, config);
    bias.causal = true;
    const auto memoryBias = paddingBias(mask, x.scalar_type());
    for (std::size_t i = 0; i < decoder->size(); ++i) {
        auto &block = decoder->at<T5BlockImpl>(i);
        x = x + block.selfAttention(block.selfNorm(x), bias, cache ? &cache->self[i] : nullptr);
        x = x
            + block.crossAttention->read(block.crossNorm(x), memory, memoryBias,
                                         cache ? &cache->cross[i] : nullptr);
        x = x + block.feedForward(block.feedForwardNorm(x));
        if (observer)
            observer("decoder.block" + std::to_string(i), x);
    }
    return decoderNorm(x);
}

torch::Tensor T5ModelImpl::logits(const torch::Tensor &hidden)
{
    if (lm_head)
        return linear(lm_head, hidden);
    return applyWeight(hidden / std::sqrt(static_cast<double>(config.width)), shared->weight);
}

Generated T5ModelImpl::generate(const torch::Tensor &embeddings, const GenerationOptions &options,
                                const torch::Tensor &mask)
{
    const torch::NoGradGuard noGrad;
    auto own = options;
    own.placeholderId = config.startId;
    own.placeholderCounts = true;
    own.check();
    const auto device = embeddings.device();
    const auto seen = mask.defined() ? mask.to(device) : mask;
    const auto memory = encode(embeddings, seen);
    T5Cache cache;
    const auto step = [&](const torch::Tensor &tokens, const torch::Tensor &order) {
        if (!tokens.defined()) {
            // The beams of a row are still equal: one of them is computed and then repeated.
            const auto start =
                torch::full({memory.size(0), 1}, config.startId, torch::dtype(torch::kLong))
                    .to(device);
            auto last = decode(start, memory, seen, &cache).select(1, -1);
            if (own.numBeams > 1) {
                last = last.repeat_interleave(own.numBeams, 0);
                for (auto &layer : cache.self)
                    layer.repeatRows(own.numBeams);
            }
            return logits(last);
        }
        if (own.numBeams > 1) {
            const auto rows = order.to(device);
            for (auto &layer : cache.self)
                layer.selectRows(rows);
        }
        return logits(decode(tokens.to(device).unsqueeze(1), memory, seen, &cache).select(1, 0));
    };
    return generateTokens(embeddings.size(0), step, own);
}

void initializeWeights(T5ModelImpl &t5, std::uint64_t seed)
{
    initializeTensors(t5, seed, [](const std::string &name, const torch::Tensor &tensor) {
        return commonInitialValue(name, tensor);
    });
}

} // namespace sapsam::nn
