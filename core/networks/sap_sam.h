#pragma once

#include "core/networks/clip.h"

// The retrieval model of SAP-SAM (ACM MM 2024) with everything that the paper trains and ablates:
// CLIP's two encoders with all tokens projected, attentive cross-modal decoding (ACD) of masked
// words and patches, explicit local concept alignment (ELCA) of parts and phrases, and the
// alternatives of its tables 4 and 6. Only the two encoders are used to search.
// B images, N patches, L tokens, D = clip.embedDim.
namespace sapsam::nn {

// How masked patches are reconstructed: table 4 of the paper.
enum class ImageDecoding {
    None,
    Codes,           // (1) codes of the dVAE, masked behind the encoder
    CodesButZero,    // (2) the same without places whose code is 0
    PatchEmbeddings, // (3) linear, masked behind the patch embedding
    Features         // (4) linear, masked behind the encoder
};

// What pools a part and its phrase: table 6 of the paper.
enum class LocalAlignment { None, Average, Convolution, SelfAttention, CrossAttention };

struct SapSamConfig
{
    ClipConfig clip;                // with the published 384 x 128 by default of sapSamConfig()
    std::int64_t decoderLayers = 4; // of the cross-modal transformer
    std::int64_t crossHeads = 8;    // published: one for each 64 of D
    bool wordDecoding = true;       // ACD
    LocalAlignment alignment = LocalAlignment::CrossAttention; // ELCA
    ImageDecoding imageDecoding = ImageDecoding::None;
    std::int64_t imageCodes = 8192; // of the dVAE
    std::int64_t identities = 0;    // of the identity classifier; 0 for none

    std::vector<std::string> problems() const;
};

// One residual layer under the names of OpenAI's CLIP: attn, ln_1, mlp.c_fc, mlp.c_proj, ln_2.
class CrossLayerImpl final : public torch::nn::Module
{
public:
    CrossLayerImpl(std::int64_t width, std::int64_t heads);

    torch::Tensor forward(torch::Tensor x); // [B, L, width]

    PackedAttention attn{nullptr};
    torch::nn::LayerNorm ln_1{nullptr}, ln_2{nullptr};
    Mlp mlp{nullptr};
};
TORCH_MODULE(CrossLayer);

// Linear, QuickGELU, LayerNorm, Linear: dense, ln, fc.
class CrossHeadImpl final : public torch::nn::Module
{
public:
    CrossHeadImpl(std::int64_t width, std::int64_t classes);

    torch::Tensor forward(const torch::Tensor &x); // [..., width] → [..., classes]

    torch::nn::Linear dense{nullptr}, fc{nullptr};
    torch::nn::LayerNorm ln{nullptr};
};
TORCH_MODULE(CrossHead);

// ELCA's head by itself, for a search that has the encoders already: whether a phrase belongs to a
// picture. Names are those of SapSam.
class PhraseMatcherImpl final : public torch::nn::Module
{
public:
    // Throws Error(InvalidInput) when `heads` does not divide the width.
    PhraseMatcherImpl(std::int64_t width, std::int64_t heads);

    // Class tokens of pictures as they are projected, without normalising [P, D], and the words of
    // one phrase [m, D] → [P], the log odds of "yes".
    torch::Tensor forward(const torch::Tensor &classTokens, const torch::Tensor &words);

    PackedAttention cross_attn_matching{nullptr};
    CrossHead classifier_matching{nullptr};
};
TORCH_MODULE(PhraseMatcher);

// Tensor names are those of the authors' checkpoints outside base_model, whose tensors carry
// Hugging Face's CLIP names. loadSapSam() reads both spellings.
class SapSamImpl final : public torch::nn::Module
{
public:
    // Throws Error(InvalidInput) for a configuration with problems.
    explicit SapSamImpl(const SapSamConfig &config);

    // ACD on words: hidden states of masked captions against the pictures, as logits over the
    // vocabulary. textTokens [B, L, D] of the masked captions, imageTokens [B, 1 + N, D]
    // → [B, L, vocabSize]. Needs wordDecoding.
    torch::Tensor wordLogits(const torch::Tensor &textTokens, const torch::Tensor &imageTokens);

    // The reconstruction loss of masked patches, a scalar. `mask` [B, 1 + N] bool, class token
    // first and never set; textTokens [B, L, D] of the unmasked captions; `codes` [B, N] int64 for
    // the two variants that predict codes. imageTokens [B, 1 + N, D] of the unmasked pictures, or
    // undefined to have them computed from the pixels. Needs imageDecoding.
    torch::Tensor imageDecodingLoss(const torch::Tensor &pixels, const torch::Tensor &imageTokens,
                                    const torch::Tensor &textTokens, const torch::Tensor &mask,
                                    const torch::Tensor &codes = {});

    // ELCA: whether a part and a phrase belong together. region [1 + n, D], class token first;
    // words [m, D] → logits [2], the second for "yes". Needs CrossAttention.
    torch::Tensor matchLogits(const torch::Tensor &region, const torch::Tensor &words);
    // The same for many at once, padded and masked: regions [P, R, D], words [P, W, D], and true
    // where there is a word [P, W] → [P, 2].
    torch::Tensor matchLogits(const torch::Tensor &regions, const torch::Tensor &words,
                              const torch::Tensor &wordMask);

    // One vector for a part without its class token, or for a phrase: [n, D] → [D], by averaging,
    // convolution or self-attention. Needs one of these alignments.
    torch::Tensor pool(const torch::Tensor &tokens, bool ofImage);

    torch::Tensor identityLogits(const torch::Tensor &features); // [B, D] → [B, identities]

    SapSamConfig config;
    Clip base_model{nullptr};

    torch::nn::LayerNorm ln_pre_t{nullptr}, ln_pre_i{nullptr}, ln_post{nullptr};
    PackedAttention cross_attn{nullptr}, cross_attn_matching{nullptr}, mhsa{nullptr};
    torch::nn::ModuleList cross_layers;
    CrossHead mlm_head{nullptr}, classifier_matching{nullptr}, mim_head{nullptr};
    torch::nn::Linear classifier{nullptr}, mim_decoder{nullptr};
    torch::Tensor mim_part_mask_token;               // [1, visionWidth] or [1, D]
    torch::Tensor pool_token_image, pool_token_text; // [1, 1, D]
    torch::nn::Conv1d conv1d{nullptr};

private:
    // The cross-modal transformer: queries and keys behind their norms → [B, Lq, D].
    torch::Tensor decode(const torch::Tensor &query, const torch::Tensor &keyValue);
};
TORCH_MODULE(SapSam);

// Strict, from a file of the authors (OpenAI's names under base_model) or of this program. A file
// without logit_scale gets the fixed 1 / 0.02. A positional table of another grid is resized.
// When `partial`, as when training starts from plain CLIP, heads of which the file has none keep
// their values, `missing` receives their names, and heads that only the file has are passed over.
LoadReport loadSapSam(SapSam &model, const TensorSource &source, bool partial = false,
                      std::vector<std::string> *missing = nullptr);

// As published: CLIP's scheme for the encoders, and for the cross-modal part normal values by the
// width of D, biases 0.
void initializeWeights(SapSamImpl &model, std::uint64_t seed);

} // namespace sapsam::nn
