#pragma once

#include "core/base/json_file.h"
#include "core/networks/generation.h"
#include "core/nn/activation.h"
#include "core/nn/attention.h"
#include "core/nn/rms_norm.h"
#include "core/nn/stage_observer.h"

#include <string>
#include <vector>

// T5, Raffel et al. 2020, an encoder-decoder language model; with gated feed-forward parts as in
// T5 1.1 and Flan-T5. Names as in Hugging Face's T5ForConditionalGeneration.
namespace sapsam::nn {

struct T5Config
{
    std::int64_t vocabSize = 32128;
    std::int64_t width = 2048;
    std::int64_t headDim = 64; // heads · headDim may differ from the width
    std::int64_t heads = 32;
    std::int64_t ffnDim = 5120;
    std::int64_t encoderLayers = 24;
    std::int64_t decoderLayers = 24;
    std::int64_t buckets = 32;      // of relative positions
    std::int64_t maxDistance = 128; // from here on all are in the last bucket
    Activation activation = Activation::GeluTanh;
    bool isGated = true; // wo(act(wi_0 x) · wi_1 x) instead of wo(act(wi x))
    double layerNormEps = 1e-6;
    bool isTied = false; // the head is the embedding table and its input is divided by √width
    std::int64_t startId = 0; // the decoder begins with it
    std::int64_t bosId = 1;   // what stands for no prompt
    std::int64_t padId = 0;
    std::int64_t eosId = 1;

    std::vector<std::string> problems() const;
    Json toJson() const; // Hugging Face's config.json
};

// Throws Error(Corrupt) naming the origin and every missing or unknown key.
T5Config t5ConfigFromJson(const Json &json, const std::string &origin);

// The bucket of a relative position, key minus query. Up to half of the buckets of a direction
// stand for one distance each, the others grow with its logarithm. A decoder (not bidirectional)
// has bucket 0 for everything that lies ahead.
std::int64_t relativePositionBucket(std::int64_t offset, bool isBidirectional, std::int64_t buckets,
                                    std::int64_t maxDistance);

// Without biases and without the usual division of the scores by √d.
class T5AttentionImpl final : public torch::nn::Module
{
public:
    T5AttentionImpl(const T5Config &config, bool hasPositions);

    // x [B, N, width] → [B, N, width]; the cache is extended first.
    torch::Tensor forward(const torch::Tensor &x, const AttentionBias &bias,
                          KeyValueCache *cache = nullptr);
    // x [G · R, N, width] reads memory [R, M, width], G adjacent rows of x one row of it; the cache
    // takes the keys and values of the memory at the first call and keeps them. bias [R, 1, 1, M].
    torch::Tensor read(const torch::Tensor &x, const torch::Tensor &memory,
                       const torch::Tensor &bias, KeyValueCache *cache = nullptr);

    std::int64_t heads;
    double scale; // √headDim, against the division that attend() does
    torch::nn::Linear q{nullptr}, k{nullptr}, v{nullptr}, o{nullptr};
    torch::nn::Embedding relative_attention_bias{nullptr}; // [buckets, heads], first layer only
};
TORCH_MODULE(T5Attention);

class T5FeedForwardImpl final : public torch::nn::Module
{
public:
    explicit T5FeedForwardImpl(const T5Config &config);

    torch::Tensor forward(const torch::Tensor &x); // [..., width]

    Activation activation;
    torch::nn::Linear wi{nullptr}, wi_0{nullptr}, wi_1{nullptr}, wo{nullptr};
};
TORCH_MODULE(T5FeedForward);

// Pre-norm block: self-attention, in the decoder attention over the encoder, feed-forward.
class T5BlockImpl final : public torch::nn::Module
{
public:
    T5BlockImpl(const T5Config &config, bool isDecoder, bool isFirst);

    T5Attention selfAttention{nullptr}, crossAttention{nullptr}; // the second may be absent
    T5FeedForward feedForward{nullptr};
    RmsNorm selfNorm{nullptr}, crossNorm{nullptr}, feedForwardNorm{nullptr};
};
TORCH_MODULE(T5Block);

// What a decoder remembers of earlier tokens and of the encoder, for every layer.
struct T5Cache
{
    std::vector<KeyValueCache> self, cross;
};

class T5ModelImpl final : public torch::nn::Module
{
public:
    // Throws Error(InvalidInput) for a configuration with problems.
    explicit T5ModelImpl(const T5Config &config);

    torch::Tensor embed(const torch::Tensor &ids); // [B, L] → [B, L, width]

    // embeddings [B, N, width]; mask [B, N] of 0 and 1, undefined for all ones. → [B, N, width]
    torch::Tensor encode(const torch::Tensor &embeddings, const torch::Tensor &mask = {});

    // ids [G · B, L] behind what the cache holds, memory [B, N, width] of encode() and its mask.
    // G adjacent rows share a row of the memory. → final hidden state [G · B, L, width]
    torch::Tensor decode(const torch::Tensor &ids, const torch::Tensor &memory,
                         const torch::Tensor &mask = {}, T5Cache *cache = nullptr);

    torch::Tensor logits(const torch::Tensor &hidden); // [..., width] → [..., vocab]

    // Answers each row of encoder embeddings [B, N, width]. The placeholder is startId whatever the
    // options say. Runs without gradients.
    Generated generate(const torch::Tensor &embeddings, const GenerationOptions &options,
                       const torch::Tensor &mask = {});

    T5Config config;
    StageObserver observer; // encoder.block{i}, decoder.block{i}
    torch::nn::Embedding shared{nullptr};
    torch::nn::ModuleList encoder, decoder;
    RmsNorm encoderNorm{nullptr}, decoderNorm{nullptr};
    torch::nn::Linear lm_head{nullptr}; // absent when tied
};
TORCH_MODULE(T5Model);

// Normal with deviation 0.02, norms 1.
void initializeWeights(T5ModelImpl &t5, std::uint64_t seed);

} // namespace sapsam::nn
