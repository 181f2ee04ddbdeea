#include "core/networks/bert.h"

#include "core/base/error.h"
#include "core/networks/config_reader.h"
#include "core/nn/initialize.h"
#include "core/nn/recompute.h"

namespace sapsam::nn {

std::vector<std::string> BertConfig::problems() const
{
    std::vector<std::string> found;
    if (vocabSize <= 0 || hiddenSize <= 0 || layers <= 0 || heads <= 0 || intermediateSize <= 0
        || maxPositions <= 0 || typeVocabSize <= 0)
        found.push_back("all sizes of the text encoder must be positive");
    else if (hiddenSize % heads != 0)
        found.push_back("hiddenSize " + std::to_string(hiddenSize) + " must be a multiple of "
                        + std::to_string(heads) + " heads");
    if (!(layerNormEps > 0.0))
        found.push_back("layerNormEps must be positive");
    return found;
}

Json BertConfig::toJson() const
{
    return {{"architectures", {"BertModel"}},
            {"model_type", "bert"},
            {"vocab_size", vocabSize},
            {"hidden_size", hiddenSize},
            {"num_hidden_layers", layers},
            {"num_attention_heads", heads},
            {"intermediate_size", intermediateSize},
            {"max_position_embeddings", maxPositions},
            {"type_vocab_size", typeVocabSize},
            {"hidden_act", nameOf(activation)},
            {"layer_norm_eps", layerNormEps}};
}

BertConfig bertConfigFromJson(const Json &json, const std::string &origin)
{
    BertConfig config;
    ConfigReader reader(json, origin);
    config.vocabSize = reader.require<std::int64_t>("vocab_size");
    config.hiddenSize = reader.require<std::int64_t>("hidden_size");
    config.layers = reader.require<std::int64_t>("num_hidden_layers");
    config.heads = reader.require<std::int64_t>("num_attention_heads");
    config.intermediateSize = reader.require<std::int64_t>("intermediate_size");
    config.maxPositions = reader.valueOr<std::int64_t>("max_position_embeddings", 512);
    config.typeVocabSize = reader.valueOr<std::int64_t>("type_vocab_size", 2);
    config.activation =
        activationFromName(reader.valueOr<std::string>("hidden_act", "gelu"), origin);
    config.layerNormEps = reader.valueOr("layer_norm_eps", 1e-12);
    const auto positions = reader.valueOr<std::string>("position_embedding_type", "absolute");
    reader.finish();
    if (positions != "absolute")
        throw Error(ErrorKind::Unsupported,
                    origin + ": position_embedding_type '" + positions + "' is not covered");
    return config;
}

BertAttentionImpl::BertAttentionImpl(std::int64_t width, std::int64_t keyValueWidth,
                                     std::int64_t heads_, double eps, const std::string &innerName)
    : heads(heads_)
{
    auto inner = addGroup(*this, innerName);
    query = inner->register_module("query", torch::nn::Linear(width, width));
    key = inner->register_module("key", torch::nn::Linear(keyValueWidth, width));
    value = inner->register_module("value", torch::nn::Linear(keyValueWidth, width));
    auto output = addGroup(*this, "output");
    dense = output->register_module("dense", torch::nn::Linear(width, width));
    norm = output->register_module("LayerNorm", makeLayerNorm(width, eps));
}

torch::Tensor BertAttentionImpl::forward(const torch::Tensor &x, const torch::Tensor &keyValue,
                                         const torch::Tensor &bias)
{
    AttentionBias added;
    added.additive = bias;
    const auto context =
        mergeHeads(attend(splitHeads(query(x), heads), splitHeads(key(keyValue), heads),
                          splitHeads(value(keyValue), heads), added));
    return norm(dense(context) + x);
}

void BertFeedForward::registerIn(torch::nn::Module &parent, const std::string &firstName,
                                 const std::string &secondName, std::int64_t width,
                                 std::int64_t hidden, double eps)
{
    first = addGroup(parent, firstName)->register_module("dense", torch::nn::Linear(width, hidden));
    auto output = addGroup(parent, secondName);
    second = output->register_module("dense", torch::nn::Linear(hidden, width));
    norm = output->register_module("LayerNorm", makeLayerNorm(width, eps));
}

torch::Tensor BertFeedForward::forward(const torch::Tensor &x, Activation activation)
{
    return norm(second(activate(first(x), activation)) + x);
}

BertLayerImpl::BertLayerImpl(const BertConfig &config) : activation(config.activation)
{
    attention =
        register_module("attention", BertAttention(config.hiddenSize, config.hiddenSize,
                                                   config.heads, config.layerNormEps, "self"));
    feedForward.registerIn(*this, "intermediate", "output", config.hiddenSize,
                           config.intermediateSize, config.layerNormEps);
}

torch::Tensor BertLayerImpl::forward(const torch::Tensor &x, const torch::Tensor &bias)
{
    return feedForward.forward(attention(x, x, bias), activation);
}

BertModelImpl::BertModelImpl(const BertConfig &config_) : config(config_)
{
    throwProblems("BERT", config.problems());
    auto embeddings = addGroup(*this, "embeddings");
    word_embeddings = embeddings->register_module(
        "word_embeddings", torch::nn::Embedding(config.vocabSize, config.hiddenSize));
    position_embeddings = embeddings->register_module(
        "position_embeddings", torch::nn::Embedding(config.maxPositions, config.hiddenSize));
    token_type_embeddings = embeddings->register_module(
        "token_type_embeddings", torch::nn::Embedding(config.typeVocabSize, config.hiddenSize));
    norm = embeddings->register_module("LayerNorm",
                                       makeLayerNorm(config.hiddenSize, config.layerNormEps));
    layers = addGroup(*this, "encoder")->register_module("layer", torch::nn::ModuleList());
    for (std::int64_t i = 0; i < config.layers; ++i)
        layers->push_back(BertLayer(config));
    pooler =
        addGroup(*this, "pooler")
            ->register_module("dense", torch::nn::Linear(config.hiddenSize, config.hiddenSize));
}

torch::Tensor BertModelImpl::forward(const torch::Tensor &ids, const torch::Tensor &mask,
                                     const torch::Tensor &typeIds)
{
    if (ids.dim() != 2 || ids.size(1) > config.maxPositions)
        throw Error(ErrorKind::InvalidInput,
                    "BERT: ids must be [B, up to " + std::to_string(config.maxPositions) + "]");
    const auto types = typeIds.defined() ? typeIds : torch::zeros_like(ids);
    auto x = norm(word_embeddings(ids) + token_type_embeddings(types)
                  + position_embeddings->weight.slice(0, 0, ids.size(1)));
    if (observer)
        observer("embeddings", x);
    const auto bias = paddingBias(mask, x.scalar_type());
    for (std::size_t i = 0; i < layers->size(); ++i) {
        auto &layer = layers->at<BertLayerImpl>(i);
        x = recomputed(x, layer,
                       [&layer, bias](const torch::Tensor &in) { return layer.forward(in, bias); });
        if (observer)
            observer("layer" + std::to_string(i), x);
    }
    return x;
}

torch::Tensor BertModelImpl::pooled(const torch::Tensor &hidden)
{
    return torch::tanh(pooler(hidden.select(1, 0)));
}

BertForPreTrainingImpl::BertForPreTrainingImpl(const BertConfig &config_) : config(config_)
{
    bert = register_module("bert", BertModel(config));
    auto heads = addGroup(*this, "cls");
    auto predictions = addGroup(*heads, "predictions");
    bias = predictions->register_parameter("bias", torch::zeros({config.vocabSize}));
    auto change = addGroup(*predictions, "transform");
    transform =
        change->register_module("dense", torch::nn::Linear(config.hiddenSize, config.hiddenSize));
    transformNorm =
        change->register_module("LayerNorm", makeLayerNorm(config.hiddenSize, config.layerNormEps));
    seq_relationship =
        heads->register_module("seq_relationship", torch::nn::Linear(config.hiddenSize, 2));
}

torch::Tensor BertForPreTrainingImpl::predictionLogits(const torch::Tensor &hidden)
{
    const auto x = transformNorm(activate(transform(hidden), config.activation));
    return torch::linear(x, bert->word_embeddings->weight, bias);
}

torch::Tensor BertForPreTrainingImpl::relationshipLogits(const torch::Tensor &pooled)
{
    return seq_relationship(pooled);
}

void initializeWeights(BertModelImpl &bert, std::uint64_t seed)
{
    initializeTensors(bert, seed, [](const std::string &name, const torch::Tensor &tensor) {
        return commonInitialValue(name, tensor);
    });
}

void initializeWeights(BertForPreTrainingImpl &bert, std::uint64_t seed)
{
    initializeTensors(bert, seed, [](const std::string &name, const torch::Tensor &tensor) {
        return commonInitialValue(name, tensor);
    });
}

} // namespace sapsam::nn
