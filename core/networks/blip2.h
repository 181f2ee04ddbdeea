#pragma once

#include "core/networks/bert.h"
#include "core/networks/generation.h"
#include "core/networks/t5.h"
#include "core/nn/linear.h"
#include "core/weights/strict_loader.h"

// BLIP-2, Li et al. 2023: a vision transformer, a Q-Former whose queries read it, and a language
// model: OPT (Zhang et al. 2022) continues the projected queries, T5 (Raffel et al. 2020) reads
// them with its encoder.
// Names as in Hugging Face's Blip2ForConditionalGeneration.
namespace sapsam::nn {

struct Blip2VisionConfig
{
    std::int64_t imageHeight = 224;
    std::int64_t imageWidth = 224;
    std::int64_t patchSize = 14;
    std::int64_t width = 1408;
    std::int64_t mlpDim = 6144;
    std::int64_t layers = 39;
    std::int64_t heads = 16;
    Activation activation = Activation::Gelu;
    double layerNormEps = 1e-6;
    double postLayerNormEps = 1e-6; // LAVIS: 1e-5

    std::int64_t tokens() const { return 1 + (imageHeight / patchSize) * (imageWidth / patchSize); }
};

struct QFormerConfig
{
    std::int64_t queries = 32;
    std::int64_t hiddenSize = 768;
    std::int64_t layers = 12;
    std::int64_t heads = 12;
    std::int64_t intermediateSize = 3072;
    std::int64_t crossAttentionFrequency = 2; // layers 0, 2, 4, … read the image
    Activation activation = Activation::Gelu;
    double layerNormEps = 1e-12;
};

struct OptConfig
{
    std::int64_t vocabSize = 50272;
    std::int64_t hiddenSize = 2560;
    std::int64_t layers = 32;
    std::int64_t heads = 32;
    std::int64_t ffnDim = 10240;
    std::int64_t maxPositions = 2048; // queries and text together
    Activation activation = Activation::Relu;
    double layerNormEps = 1e-5;
    std::int64_t bosId = 2;
    std::int64_t padId = 1;
    std::int64_t eosId = 2;
};

enum class Blip2Language { Opt, T5 };

struct Blip2Config
{
    Blip2VisionConfig vision;
    QFormerConfig qformer;
    Blip2Language language = Blip2Language::Opt;
    OptConfig text; // used with Opt
    T5Config t5;    // used with T5

    // Of the language model in use.
    std::int64_t textWidth() const;
    std::int64_t textVocabSize() const;
    std::int64_t promptStartId() const; // the prompt when there is none
    // The token ids filled in, everything else as it is by default.
    GenerationOptions generationOptions() const;

    std::vector<std::string> problems() const;
    Json toJson() const; // Hugging Face's config.json
};

// Throws Error(Corrupt) naming the origin and every missing or unknown key, Error(Unsupported) for
// another language model than OPT and T5 and for variants of OPT that are not covered.
Blip2Config blip2ConfigFromJson(const Json &json, const std::string &origin);

class Blip2VisionLayerImpl final : public torch::nn::Module
{
public:
    explicit Blip2VisionLayerImpl(const Blip2VisionConfig &config);

    torch::Tensor forward(const torch::Tensor &x); // [B, N, width]

    FusedAttention self_attn{nullptr};
    torch::nn::LayerNorm layer_norm1{nullptr}, layer_norm2{nullptr};
    Mlp mlp{nullptr};
};
TORCH_MODULE(Blip2VisionLayer);

class QFormerLayerImpl final : public torch::nn::Module
{
public:
    QFormerLayerImpl(const QFormerConfig &config, std::int64_t imageWidth, bool readsImage);

    torch::Tensor forward(torch::Tensor x, const torch::Tensor &image);

    Activation activation;
    BertAttention attention{nullptr}, crossattention{nullptr}; // the second may be absent
    BertFeedForward feedForward;
};
TORCH_MODULE(QFormerLayer);

class OptLayerImpl final : public torch::nn::Module
{
public:
    explicit OptLayerImpl(const OptConfig &config);

    // x [B, N, hidden]; with a cache the new keys and values are appended to it first.
    torch::Tensor forward(const torch::Tensor &x, const AttentionBias &bias,
                          KeyValueCache *cache = nullptr);

    Activation activation;
    ProjectedAttention self_attn{nullptr};
    torch::nn::LayerNorm self_attn_layer_norm{nullptr}, final_layer_norm{nullptr};
    torch::nn::Linear fc1{nullptr}, fc2{nullptr};
};
TORCH_MODULE(OptLayer);

// The decoder of OPT with its tied head.
class OptModelImpl final : public torch::nn::Module
{
public:
    explicit OptModelImpl(const OptConfig &config);

    torch::Tensor embed(const torch::Tensor &ids); // [B, L] → [B, L, hidden]

    // embeddings [B, N, hidden]; mask [B, cached + N] of 0 and 1, undefined for all ones.
    // → final hidden state [B, N, hidden]. Throws Error(InvalidInput) past the position table.
    torch::Tensor forward(const torch::Tensor &embeddings, const torch::Tensor &mask = {},
                          std::vector<KeyValueCache> *cache = nullptr);

    torch::Tensor logits(const torch::Tensor &hidden); // [..., hidden] → [..., vocab]

    // 8-bit weights in the layers and in a copy of the table for logits(): for inference on the
    // CPU, see quantizeLinears(). Once the weights are there and their type is the final one.
    Quantization quantize();

    OptConfig config;
    StageObserver observer; // layer{i}
    torch::nn::Embedding embed_tokens{nullptr}, embed_positions{nullptr};
    torch::nn::ModuleList layers;
    torch::nn::LayerNorm final_layer_norm{nullptr};

private:
    torch::nn::Linear m_head{nullptr}; // of 8-bit weights; no part of the checkpoint
};
TORCH_MODULE(OptModel);

class Blip2Impl final : public torch::nn::Module
{
public:
    // Throws Error(InvalidInput) for a configuration with problems.
    explicit Blip2Impl(const Blip2Config &config);

    torch::Tensor imageEmbeddings(const torch::Tensor &pixels); // [B, 3, H, W] → [B, N, width]
    torch::Tensor queryOutput(const torch::Tensor &imageEmbeddings); // → [B, Q, hiddenSize]
    // pixels → queries in the language model's space, [B, Q, text.hiddenSize].
    torch::Tensor encodeImage(const torch::Tensor &pixels);

    // OPT: ids [B, L] and their mask (undefined: all ones) behind the queries → [B, Q + L, vocab].
    // The logits that predict ids[:, t] are at position Q + t - 1.
    torch::Tensor logits(const torch::Tensor &queries, const torch::Tensor &ids,
                         const torch::Tensor &mask = {});
    // T5: the encoder reads queries and ids [B, L], the decoder answerIds [B, A], which begin with
    // startId → [B, A, vocab]. Logits t predict answer token t + 1.
    torch::Tensor answerLogits(const torch::Tensor &queries, const torch::Tensor &ids,
                               const torch::Tensor &answerIds, const torch::Tensor &mask = {});

    // Continues (OPT) or answers (T5) each row's prompt. Prompts of different lengths are padded,
    // for OPT on the left and for T5 on the right, with 0 in promptMask. Runs without gradients;
    // fastest when many rows go together.
    Generated generate(const torch::Tensor &queries, const torch::Tensor &promptIds,
                       const GenerationOptions &options, const torch::Tensor &promptMask = {});

    // 8-bit weights in the language model, which is nearly all of a large BLIP-2.
    Quantization quantizeLanguageModel();

    Blip2Config config;
    StageObserver observer; // vit.embeddings, vit.block{i}, qformer.input_norm, qformer.layer{i}
    torch::Tensor class_embedding, position_embedding, query_tokens;
    torch::nn::Conv2d patch_embedding{nullptr};
    torch::nn::ModuleList vision_layers, qformer_layers;
    torch::nn::LayerNorm post_layernorm{nullptr}, qformer_layernorm{nullptr};
    torch::nn::Linear language_projection{nullptr};
    OptModel language_model{nullptr}; // with OPT
    T5Model t5{nullptr};              // with T5; registered as "language_model" too

private:
    void require(Blip2Language language) const;
    // [queries][embeddings of the ids] and the mask of both; all ones stay undefined.
    torch::Tensor joined(const torch::Tensor &queries, const torch::Tensor &ids);
    static torch::Tensor joinedMask(const torch::Tensor &queries, const torch::Tensor &mask);
    void observe(const std::string &stage, const torch::Tensor &value) const
    {
        if (observer)
            observer(stage, value);
    }
};
TORCH_MODULE(Blip2);

// Strict; with resizePositions a stored positional table of another square grid is resized, the
// class row kept: bicubic, no aligned corners, no antialiasing, as LAVIS does it.
LoadReport loadBlip2(Blip2 &blip2, const TensorSource &source, bool resizePositions = true);

// Normal with deviation 0.02, biases 0, norms 1.
void initializeWeights(Blip2Impl &blip2, std::uint64_t seed);

} // namespace sapsam::nn
