#pragma once

#include "core/base/json_file.h"
#include "core/nn/blocks.h"
#include "core/nn/stage_observer.h"

// BERT, Devlin et al. 2019.
namespace sapsam::nn {

struct BertConfig
{
    std::int64_t vocabSize = 30522;
    std::int64_t hiddenSize = 768;
    std::int64_t layers = 12;
    std::int64_t heads = 12;
    std::int64_t intermediateSize = 3072;
    std::int64_t maxPositions = 512;
    std::int64_t typeVocabSize = 2;
    Activation activation = Activation::Gelu;
    double layerNormEps = 1e-12;

    std::vector<std::string> problems() const;
    Json toJson() const; // Hugging Face's config.json
};

// Throws Error(Corrupt) naming the origin and every missing or unknown key.
BertConfig bertConfigFromJson(const Json &json, const std::string &origin);

// Post-norm attention with separate query, key and value. `innerName` holds the three in the dotted
// name: "self" in BERT, "attention" in the Q-Former. Keys and values may have another width.
class BertAttentionImpl final : public torch::nn::Module
{
public:
    BertAttentionImpl(std::int64_t width, std::int64_t keyValueWidth, std::int64_t heads,
                      double eps, const std::string &innerName);

    // x [B, N, width], keyValue [B, M, keyValueWidth] → LN(dense(attention) + x)
    torch::Tensor forward(const torch::Tensor &x, const torch::Tensor &keyValue,
                          const torch::Tensor &bias = {});

    std::int64_t heads;
    torch::nn::Linear query{nullptr}, key{nullptr}, value{nullptr}, dense{nullptr};
    torch::nn::LayerNorm norm{nullptr};
};
TORCH_MODULE(BertAttention);

// LN(dense2(act(dense1(x))) + x) with the two parts registered in a parent under given names.
struct BertFeedForward
{
    void registerIn(torch::nn::Module &parent, const std::string &firstName,
                    const std::string &secondName, std::int64_t width, std::int64_t hidden,
                    double eps);
    torch::Tensor forward(const torch::Tensor &x, Activation activation);

    torch::nn::Linear first{nullptr}, second{nullptr};
    torch::nn::LayerNorm norm{nullptr};
};

class BertLayerImpl final : public torch::nn::Module
{
public:
    explicit BertLayerImpl(const BertConfig &config);

    torch::Tensor forward(const torch::Tensor &x, const torch::Tensor &bias); // [B, L, hidden]

    Activation activation;
    BertAttention attention{nullptr};
    BertFeedForward feedForward;
};
TORCH_MODULE(BertLayer);

// Names as in Hugging Face's BertModel, without the prefix "bert.".
class BertModelImpl final : public torch::nn::Module
{
public:
    explicit BertModelImpl(const BertConfig &config);

    // ids, mask and typeIds [B, L] int64; an undefined mask is all ones, undefined types are all
    // zero. → last hidden state [B, L, hidden]. Padded positions are computed, only not attended.
    // Throws Error(InvalidInput) when L exceeds the position table.
    torch::Tensor forward(const torch::Tensor &ids, const torch::Tensor &mask = {},
                          const torch::Tensor &typeIds = {});
    torch::Tensor pooled(const torch::Tensor &hidden); // tanh(dense(hidden[:, 0])), [B, hidden]

    BertConfig config;
    StageObserver observer; // embeddings, layer{i}
    torch::nn::Embedding word_embeddings{nullptr}, position_embeddings{nullptr},
        token_type_embeddings{nullptr};
    torch::nn::LayerNorm norm{nullptr};
    torch::nn::ModuleList layers;
    torch::nn::Linear pooler{nullptr};
};
TORCH_MODULE(BertModel);

// With the heads of pre-training; names as in BertForPreTraining. The decoder is tied.
class BertForPreTrainingImpl final : public torch::nn::Module
{
public:
    explicit BertForPreTrainingImpl(const BertConfig &config);

    torch::Tensor predictionLogits(const torch::Tensor &hidden);   // [B, L, vocab]
    torch::Tensor relationshipLogits(const torch::Tensor &pooled); // [B, 2]

    BertConfig config;
    BertModel bert{nullptr};
    torch::nn::Linear transform{nullptr}, seq_relationship{nullptr};
    torch::nn::LayerNorm transformNorm{nullptr};
    torch::Tensor bias; // [vocab]
};
TORCH_MODULE(BertForPreTraining);

// Normal with deviation 0.02, biases 0, norms 1.
void initializeWeights(BertModelImpl &bert, std::uint64_t seed);
void initializeWeights(BertForPreTrainingImpl &bert, std::uint64_t seed);

} // namespace sapsam::nn
