#pragma once

#include "core/base/json_file.h"
#include "core/nn/blocks.h"
#include "core/nn/rows.h"
#include "core/nn/stage_observer.h"

// Segment Anything, Kirillov et al. 2023; the image encoder is ViTDet, Li et al. 2022.
// Shapes: C = promptDim, g = grid(), M = maskTokens(). Names as in Hugging Face's SamModel.
namespace sapsam::nn {

struct SamConfig
{
    std::int64_t imageSize = 1024; // side of the square frame, a multiple of patchSize
    std::int64_t patchSize = 16;
    std::int64_t width = 768;
    std::int64_t layers = 12;
    std::int64_t heads = 12;
    std::int64_t mlpDim = 3072;
    std::int64_t windowSize = 14;
    std::vector<std::int64_t> globalLayers = {2, 5, 8, 11}; // attend over the whole grid
    Activation encoderActivation = Activation::Gelu;
    double encoderLayerNormEps = 1e-6;
    std::int64_t promptDim = 256;
    std::int64_t maskInputChannels = 16;
    std::int64_t decoderLayers = 2;
    std::int64_t decoderHeads = 8;
    std::int64_t decoderMlpDim = 2048;
    std::int64_t decoderDownsample = 2; // inner width of cross-attention = promptDim / this
    Activation decoderActivation = Activation::Relu;
    std::int64_t multimaskOutputs = 3;
    std::int64_t iouHeadDepth = 3;
    std::int64_t iouHeadHidden = 256;
    // 1e-5 in Meta's code; Hugging Face uses 1e-6 for layer_norm1..4 and 1e-5 for the last.
    double decoderLayerNormEps = 1e-5;
    double decoderFinalNormEps = 1e-5;
    double layerNorm2dEps = 1e-6; // neck, mask prompt and upscaling

    std::int64_t grid() const { return imageSize / patchSize; }
    std::int64_t maskSide() const { return 4 * grid(); }
    std::int64_t maskTokens() const { return multimaskOutputs + 1; }

    std::vector<std::string> problems() const;
    Json toJson() const; // Hugging Face's config.json
};

// Throws Error(Corrupt) naming the origin and every missing or unknown key.
SamConfig samConfigFromJson(const Json &json, const std::string &origin);

// Self-attention on a grid with decomposed relative positions (rel_pos_h, rel_pos_w).
class SamGridAttentionImpl final : public torch::nn::Module
{
public:
    SamGridAttentionImpl(std::int64_t width, std::int64_t heads, std::int64_t side);

    torch::Tensor forward(const torch::Tensor &x); // [B, side, side, width]
    // The same in windows of grids [B, g, g, width] that are not cut into them, → the same shape.
    // Nothing is computed for padding, which would be a sixth of the tokens at the published sizes:
    // its keys and values are the biases. Only for grids that takesWindows() accepts: on the CPU
    // without gradients.
    bool takesWindows(const torch::Tensor &grid) const;
    torch::Tensor inWindows(const torch::Tensor &grid, const WindowLayout &layout);

    std::int64_t heads;
    torch::nn::Linear qkv{nullptr}, proj{nullptr};
    torch::Tensor rel_pos_h, rel_pos_w; // [2 side - 1, width / heads]
};
TORCH_MODULE(SamGridAttention);

class SamEncoderLayerImpl final : public torch::nn::Module
{
public:
    SamEncoderLayerImpl(const SamConfig &config, std::int64_t windowSize); // 0: whole grid

    torch::Tensor forward(const torch::Tensor &x); // [B, g, g, width]

    std::int64_t windowSize;
    torch::nn::LayerNorm layer_norm1{nullptr}, layer_norm2{nullptr};
    SamGridAttention attn{nullptr};
    Mlp mlp{nullptr};
};
TORCH_MODULE(SamEncoderLayer);

class SamImageEncoderImpl final : public torch::nn::Module
{
public:
    explicit SamImageEncoderImpl(const SamConfig &config);

    torch::Tensor forward(const torch::Tensor &pixels); // [B, 3, S, S] → [B, C, g, g]

    SamConfig config;
    StageObserver observer; // patch_embed, block{i}, all [B, g, g, width]
    torch::nn::Conv2d projection{nullptr}, neckConv1{nullptr}, neckConv2{nullptr};
    torch::Tensor pos_embed; // [1, g, g, width]
    torch::nn::ModuleList layers;
    LayerNorm2d neckNorm1{nullptr}, neckNorm2{nullptr};
};
TORCH_MODULE(SamImageEncoder);

// Random Fourier features of positions, with one frozen matrix: positional_embedding [2, C / 2].
class SamPositionalEmbeddingImpl final : public torch::nn::Module
{
public:
    explicit SamPositionalEmbeddingImpl(std::int64_t dim);

    torch::Tensor forward(const torch::Tensor &unitXy); // [..., 2] in [0, 1] → [..., C]
    torch::Tensor grid(std::int64_t side);              // of the cell centres, [1, C, side, side]

    torch::Tensor positional_embedding;
};
TORCH_MODULE(SamPositionalEmbedding);

// What a user points at; every part may be undefined. P prompts for one image.
struct SamPrompts
{
    torch::Tensor points; // [P, N, 2] x, y in pixels of the frame
    torch::Tensor labels; // [P, N]: 1 inside, 0 outside, -1 no point
    torch::Tensor boxes;  // [P, 4] x0, y0, x1, y1 in pixels of the frame
    torch::Tensor masks;  // [P, 1, 4g, 4g] logits of an earlier answer
};

struct SamPromptEmbeddings
{
    torch::Tensor sparse; // [P, K, C]; K may be 0
    torch::Tensor dense;  // [P, C, g, g]
};

class SamPromptEncoderImpl final : public torch::nn::Module
{
public:
    SamPromptEncoderImpl(const SamConfig &config, SamPositionalEmbedding shared);

    // Without any prompt the sparse part is empty, as in the original.
    SamPromptEmbeddings forward(const SamPrompts &prompts);

    SamConfig config;
    SamPositionalEmbedding shared_embedding{nullptr};
    torch::nn::ModuleList point_embed; // negative, positive, two corners: each [1, C]
    torch::nn::Embedding not_a_point_embed{nullptr}, no_mask_embed{nullptr};
    torch::nn::Conv2d maskConv1{nullptr}, maskConv2{nullptr}, maskConv3{nullptr};
    LayerNorm2d maskNorm1{nullptr}, maskNorm2{nullptr};
};
TORCH_MODULE(SamPromptEncoder);

// Linear layers with ReLU between: proj_in, layers.{i}, proj_out.
class SamHeadImpl final : public torch::nn::Module
{
public:
    SamHeadImpl(std::int64_t in, std::int64_t hidden, std::int64_t out, std::int64_t depth);

    torch::Tensor forward(torch::Tensor x);

    torch::nn::Linear proj_in{nullptr}, proj_out{nullptr};
    torch::nn::ModuleList layers;
};
TORCH_MODULE(SamHead);

class SamTwoWayLayerImpl final : public torch::nn::Module
{
public:
    SamTwoWayLayerImpl(const SamConfig &config, bool isFirst);

    // Updates queries [P, T, C] and keys [P, g·g, C].
    void forward(torch::Tensor &queries, torch::Tensor &keys, const torch::Tensor &queryPe,
                 const torch::Tensor &keyPe);

    bool isFirst;
    ProjectedAttention self_attn{nullptr}, cross_attn_token_to_image{nullptr},
        cross_attn_image_to_token{nullptr};
    torch::nn::LayerNorm layer_norm1{nullptr}, layer_norm2{nullptr}, layer_norm3{nullptr},
        layer_norm4{nullptr};
    Mlp mlp{nullptr};
};
TORCH_MODULE(SamTwoWayLayer);

// All mask tokens: token 0 is the single answer, 1.. are the alternatives.
struct SamMasks
{
    torch::Tensor logits; // [P, M, 4g, 4g]
    torch::Tensor iou;    // [P, M], predicted overlap of each
};

class SamMaskDecoderImpl final : public torch::nn::Module
{
public:
    explicit SamMaskDecoderImpl(const SamConfig &config);

    // imageEmbeddings [P, C, g, g] (or [1, …], shared by all prompts), imagePe [1, C, g, g],
    // sparse [P, K, C], dense [P, C, g, g].
    SamMasks forward(const torch::Tensor &imageEmbeddings, const torch::Tensor &imagePe,
                     const torch::Tensor &sparse, const torch::Tensor &dense);

    SamConfig config;
    torch::nn::Embedding iou_token{nullptr}, mask_tokens{nullptr};
    torch::nn::ModuleList layers, output_hypernetworks_mlps;
    ProjectedAttention final_attn_token_to_image{nullptr};
    torch::nn::LayerNorm layer_norm_final_attn{nullptr};
    torch::nn::ConvTranspose2d upscale_conv1{nullptr}, upscale_conv2{nullptr};
    LayerNorm2d upscale_layer_norm{nullptr};
    SamHead iou_prediction_head{nullptr};
};
TORCH_MODULE(SamMaskDecoder);

class SamImpl final : public torch::nn::Module
{
public:
    explicit SamImpl(const SamConfig &config);

    torch::Tensor encodeImage(const torch::Tensor &pixels); // [B, 3, S, S] → [B, C, g, g]
    torch::Tensor imagePe();                                // [1, C, g, g]
    // One image's embeddings [1, C, g, g] and P prompts.
    SamMasks decode(const torch::Tensor &imageEmbeddings, const SamPrompts &prompts);

    SamConfig config;
    SamPositionalEmbedding shared_image_embedding{nullptr};
    SamImageEncoder vision_encoder{nullptr};
    SamPromptEncoder prompt_encoder{nullptr};
    SamMaskDecoder mask_decoder{nullptr};
};
TORCH_MODULE(Sam);

// The alternatives (1..) or only token 0.
SamMasks selectMasks(const SamMasks &masks, bool multimask);

// Low-resolution logits [P, M, 4g, 4g] → logits of the original picture [P, M, height, width]:
// up to the frame, cut to the resized picture, up to the original. Bilinear, no antialiasing.
torch::Tensor postprocessMasks(const torch::Tensor &logits, std::int64_t imageSize,
                               std::int64_t resizedHeight, std::int64_t resizedWidth,
                               std::int64_t height, std::int64_t width);

// The table of positions `name` of an encoder for another image or window size, resized: bicubic
// for pos_embed, linear for relative positions (as the original does when sizes differ). Undefined
// for every other tensor and for shapes that differ in more than the size of the grid.
torch::Tensor fittedSamPositions(const std::string &name, const torch::Tensor &stored,
                                 torch::IntArrayRef wanted);

// [n, C] → [count, C], linear along the rows.
torch::Tensor resizeRows(const torch::Tensor &rows, std::int64_t count);

// Normal with deviation 0.02, relative positions 0, Fourier matrix standard normal.
void initializeWeights(SamImpl &sam, std::uint64_t seed);
// The rule of the above by tensor name, shared with networks that contain parts of SAM.
bool samInitialValue(const std::string &name, double &mean, double &deviation);

} // namespace sapsam::nn
