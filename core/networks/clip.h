#pragma once

#include "core/base/json_file.h"
#include "core/nn/blocks.h"
#include "core/nn/stage_observer.h"
#include "core/weights/strict_loader.h"

// CLIP, Radford et al. 2021: two encoders into one space. The rectangular variant for people
// follows Jiang and Ye 2023 (IRRA): all tokens are projected, the positional table is resized
// bilinearly.
namespace sapsam::nn {

struct ClipConfig
{
    std::int64_t embedDim = 512;
    std::int64_t imageHeight = 224;
    std::int64_t imageWidth = 224;
    std::int64_t patchSize = 16;
    std::int64_t stride = 16; // of the patches; smaller than patchSize makes them overlap
    std::int64_t visionWidth = 768;
    std::int64_t visionLayers = 12;
    std::int64_t visionHeads = 12;
    std::int64_t contextLength = 77;
    std::int64_t vocabSize = 49408;
    std::int64_t textWidth = 512;
    std::int64_t textLayers = 12;
    std::int64_t textHeads = 8;
    double mlpRatio = 4.0;
    Activation activation = Activation::QuickGelu;
    double layerNormEps = 1e-5;
    double logitScaleInit = 2.6592600369327781; // ln(1 / 0.07)
    // The text feature is taken at the largest id (-1, as all published OpenAI models do), or at
    // the first occurrence of this id.
    std::int64_t poolTokenId = -1;

    std::int64_t gridHeight() const { return (imageHeight - patchSize) / stride + 1; }
    std::int64_t gridWidth() const { return (imageWidth - patchSize) / stride + 1; }

    // What makes it unusable, one line each; empty when fine.
    std::vector<std::string> problems() const;
    // Hugging Face's config.json, with image_height, image_width and stride beside image_size where
    // they differ from a square.
    Json toJson() const;
};

// Throws Error(Corrupt) naming the origin and every missing or unknown key, Error(Unsupported) for
// values that this implementation does not cover.
ClipConfig clipConfigFromJson(const Json &json, const std::string &origin);

// A table [1 + oldH·oldW, W] with a class row first → [1 + newH·newW, W], bilinear, without aligned
// corners and without antialiasing. Throws Error(Mismatch) when the rows do not fit the old grid.
torch::Tensor resizePositionalTable(const torch::Tensor &table, std::int64_t oldHeight,
                                    std::int64_t oldWidth, std::int64_t newHeight,
                                    std::int64_t newWidth);

// What the image encoder's table of positions is called.
constexpr char kClipImagePositions[] = "vision_model.embeddings.position_embedding.weight";

// For LoadOptions::adapt: a stored table of a square grid, or else of a grid with the proportions of
// the configuration's to a tenth, as that of the configuration; undefined when it is no such table.
torch::Tensor fittedPositions(const ClipConfig &config, const torch::Tensor &stored,
                              torch::IntArrayRef wanted);

// One pre-norm layer: layer_norm1, self_attn, layer_norm2, mlp.
class ClipLayerImpl final : public torch::nn::Module
{
public:
    ClipLayerImpl(std::int64_t width, std::int64_t heads, const ClipConfig &config);

    torch::Tensor forward(torch::Tensor x, const AttentionBias &bias = {}); // [B, N, width]
    // The same for tokens that see only those before them, [R, width] → [R, width].
    torch::Tensor forwardRows(const torch::Tensor &x, const TokenRows &layout);
    // One token of each row alone, [B, width]: all that a pooled feature takes from the last layer.
    // positions [B] int64, or undefined for the first; when causal, what stands behind is not seen.
    torch::Tensor forwardAt(const torch::Tensor &x, const torch::Tensor &positions, bool causal);

    torch::nn::LayerNorm layer_norm1{nullptr}, layer_norm2{nullptr};
    ProjectedAttention self_attn{nullptr};
    Mlp mlp{nullptr};
};
TORCH_MODULE(ClipLayer);

// Tensor names are those of Hugging Face's CLIPModel. Images are normalised RGB, [B, 3, H, W].
class ClipImpl final : public torch::nn::Module
{
public:
    // Throws Error(InvalidInput) for a configuration with problems.
    explicit ClipImpl(const ClipConfig &config);

    // ln_post and the projection on all tokens: [B, 1 + N, embedDim], class token first.
    torch::Tensor encodeImageTokens(const torch::Tensor &pixels);
    // The two halves of encodeImageTokens(): patches before class token and positions,
    // [B, 3, H, W] → [B, N, visionWidth]; and all the rest of it from there.
    torch::Tensor patchEmbeddings(const torch::Tensor &pixels);
    torch::Tensor encodePatches(const torch::Tensor &patches);
    // Final norm and projection on all tokens: ids [B, L] → [B, L, embedDim]. L may be shorter than
    // the context.
    torch::Tensor encodeTextTokens(const torch::Tensor &ids);

    torch::Tensor imageFeatures(const torch::Tensor &pixels); // [B, embedDim], not normalised
    torch::Tensor textFeatures(const torch::Tensor &ids);     // [B, embedDim], not normalised
    // Where the text feature is taken: [B], int64.
    torch::Tensor poolPositions(const torch::Tensor &ids) const;

    torch::Tensor logitScale() const { return logit_scale.exp(); } // scalar, learnable
    // logitScale() times the cosine of every image with every text: [Bi, Bt].
    torch::Tensor logitsPerImage(const torch::Tensor &pixels, const torch::Tensor &ids);

    ClipConfig config;
    StageObserver
        observer; // patch_conv, image.ln_pre, image.block{i}, text.block{i}, text.ln_final

    torch::Tensor class_embedding, logit_scale;
    torch::nn::Conv2d patch_embedding{nullptr};
    torch::nn::Embedding image_positions{nullptr}, text_positions{nullptr},
        token_embedding{nullptr};
    torch::nn::LayerNorm pre_layrnorm{nullptr}, post_layernorm{nullptr}, final_layer_norm{nullptr};
    torch::nn::ModuleList image_layers, text_layers;
    torch::nn::Linear visual_projection{nullptr}, text_projection{nullptr};

private:
    // Before ln_post, and after the final norm: [B, N, width] with all layers, or what goes into
    // the last layer.
    torch::Tensor hiddenOfPatches(const torch::Tensor &patches, bool withLast = true);
    torch::Tensor hiddenOfIds(const torch::Tensor &ids); // before the norm
    // [B, L, width] that goes into the last layer, with anything behind the given positions.
    torch::Tensor hiddenUpTo(const torch::Tensor &positions, const torch::Tensor &ids);
    torch::Tensor textHidden(const torch::Tensor &ids);
    void requireIds(const torch::Tensor &ids) const;
    void observe(const std::string &stage, const torch::Tensor &value) const
    {
        if (observer)
            observer(stage, value);
    }
};
TORCH_MODULE(Clip);

// Strict. A positional table of another grid is resized when `resizePositions`; it is taken to be
// square, or else to have the wanted proportions (to a tenth), unless its size equals the wanted one.
LoadReport loadClip(Clip &clip, const TensorSource &source, bool resizePositions = true);

// The published scheme: deviations from width and depth of each encoder.
void initializeWeights(ClipImpl &clip, std::uint64_t seed);

} // namespace sapsam::nn
