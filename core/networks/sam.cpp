#include "core/networks/sam.h"

#include "core/base/error.h"
#include "core/networks/config_reader.h"
#include "core/nn/cpu_attention.h"
#include "core/nn/initialize.h"
#include "core/nn/linear.h"
#include "core/nn/recompute.h"
#include "core/weights/tensor_source.h"

#include <algorithm>

namespace sapsam::nn {

namespace F = torch::nn::functional;

namespace {

constexpr double kTwoPi = 6.283185307179586;

ProjectedAttention makeCrossAttention(const SamConfig &config)
{
    return ProjectedAttention(config.promptDim, config.promptDim / config.decoderDownsample,
                              config.decoderHeads);
}

torch::nn::Conv2d makeConvolution(std::int64_t in, std::int64_t out, std::int64_t side,
                                  std::int64_t stride, std::int64_t padding, bool bias)
{
    return torch::nn::Conv2d(
        torch::nn::Conv2dOptions(in, out, side).stride(stride).padding(padding).bias(bias));
}

torch::nn::ConvTranspose2d makeDoubling(std::int64_t in, std::int64_t out)
{
    return torch::nn::ConvTranspose2d(torch::nn::ConvTranspose2dOptions(in, out, 2).stride(2));
}

// A transposed convolution whose 2 × 2 steps do not overlap, as one product: [..., in] → [..., 4,
// out], the four in row-major order.
torch::Tensor doubled(const torch::Tensor &x, const torch::nn::ConvTranspose2d &layer)
{
    const auto &weight = layer->weight; // [in, out, 2, 2]
    const auto in = weight.size(0), out = weight.size(1);
    const auto matrix = weight.permute({2, 3, 1, 0}).reshape({4 * out, in});
    auto shape = x.sizes().vec();
    shape.back() = 4;
    shape.push_back(out);
    return torch::linear(x, matrix, layer->bias.repeat({4})).view(shape);
}

} // namespace

std::vector<std::string> SamConfig::problems() const
{
    std::vector<std::string> found;
    if (imageSize <= 0 || patchSize <= 0 || width <= 0 || layers <= 0 || heads <= 0 || mlpDim <= 0
        || windowSize < 0 || promptDim <= 0 || maskInputChannels < 4 || decoderLayers <= 0
        || decoderHeads <= 0 || decoderMlpDim <= 0 || decoderDownsample <= 0
        || multimaskOutputs <= 0 || iouHeadHidden <= 0) {
        found.push_back("all sizes of SAM must be positive");
        return found;
    }
    if (imageSize % patchSize != 0)
        found.push_back("imageSize must be a multiple of patchSize");
    if (width % heads != 0)
        found.push_back("width must be a multiple of heads");
    if (promptDim % 8 != 0)
        found.push_back("promptDim must be a multiple of 8");
    if (promptDim % decoderDownsample != 0 || (promptDim / decoderDownsample) % decoderHeads != 0
        || promptDim % decoderHeads != 0)
        found.push_back("promptDim / decoderDownsample must be a multiple of decoderHeads");
    if (iouHeadDepth < 2)
        found.push_back("iouHeadDepth must be at least 2");
    for (const auto layer : globalLayers) {
        if (layer < 0 || layer >= layers)
            found.push_back("globalLayers names layer " + std::to_string(layer) + " of "
                            + std::to_string(layers));
    }
    return found;
}

Json SamConfig::toJson() const
{
    const Json vision = {{"hidden_size", width},
                         {"output_channels", promptDim},
                         {"num_hidden_layers", layers},
                         {"num_attention_heads", heads},
                         {"num_channels", 3},
                         {"image_size", imageSize},
                         {"patch_size", patchSize},
                         {"hidden_act", nameOf(encoderActivation)},
                         {"layer_norm_eps", encoderLayerNormEps},
                         {"qkv_bias", true},
                         {"use_abs_pos", true},
                         {"use_rel_pos", true},
                         {"window_size", windowSize},
                         {"global_attn_indexes", globalLayers},
                         {"mlp_dim", mlpDim}};
    const Json prompt = {{"hidden_size", promptDim},
                         {"image_size", imageSize},
                         {"patch_size", patchSize},
                         {"image_embedding_size", grid()},
                         {"mask_input_channels", maskInputChannels},
                         {"num_point_embeddings", 4},
                         {"hidden_act", "gelu"},
                         {"layer_norm_eps", layerNorm2dEps}};
    const Json decoder = {{"hidden_size", promptDim},
                          {"hidden_act", nameOf(decoderActivation)},
                          {"mlp_dim", decoderMlpDim},
                          {"num_hidden_layers", decoderLayers},
                          {"num_attention_heads", decoderHeads},
                          {"attention_downsample_rate", decoderDownsample},
                          {"num_multimask_outputs", multimaskOutputs},
                          {"iou_head_depth", iouHeadDepth},
                          {"iou_head_hidden_dim", iouHeadHidden},
                          {"layer_norm_eps", decoderLayerNormEps},
                          {"final_layer_norm_eps", decoderFinalNormEps}};
    return {{"architectures", {"SamModel"}},
            {"model_type", "sam"},
            {"vision_config", vision},
            {"prompt_encoder_config", prompt},
            {"mask_decoder_config", decoder}};
}

SamConfig samConfigFromJson(const Json &json, const std::string &origin)
{
    SamConfig config;
    ConfigReader top(json, origin);

    ConfigReader vision = top.part("vision_config");
    config.width = vision.valueOr<std::int64_t>("hidden_size", 768);
    config.layers = vision.valueOr<std::int64_t>("num_hidden_layers", 12);
    config.heads = vision.valueOr<std::int64_t>("num_attention_heads", 12);
    config.imageSize = vision.valueOr<std::int64_t>("image_size", 1024);
    config.patchSize = vision.valueOr<std::int64_t>("patch_size", 16);
    config.windowSize = vision.valueOr<std::int64_t>("window_size", 14);
    config.promptDim = vision.valueOr<std::int64_t>("output_channels", 256);
    config.globalLayers = vision.valueOr("global_attn_indexes", config.globalLayers);
    const auto mlpRatio = vision.valueOr("mlp_ratio", 4.0);
    config.mlpDim = vision.valueOr<std::int64_t>(
        "mlp_dim", static_cast<std::int64_t>(static_cast<double>(config.width) * mlpRatio));
    config.encoderActivation =
        activationFromName(vision.valueOr<std::string>("hidden_act", "gelu"), vision.where());
    config.encoderLayerNormEps = vision.valueOr("layer_norm_eps", 1e-6);
    const bool isUsual = vision.valueOr("qkv_bias", true) && vision.valueOr("use_abs_pos", true)
                         && vision.valueOr("use_rel_pos", true)
                         && vision.valueOr<std::int64_t>("num_channels", 3) == 3;
    // Leftovers of the first published files; mlp_dim is what counts.
    vision.allow({"num_pos_feats", "intermediate_size", "projection_dim"});
    vision.finish();

    ConfigReader prompt = top.part("prompt_encoder_config");
    config.maskInputChannels = prompt.valueOr<std::int64_t>("mask_input_channels", 16);
    config.layerNorm2dEps = prompt.valueOr("layer_norm_eps", 1e-6);
    const bool hasFourPoints = prompt.valueOr<std::int64_t>("num_point_embeddings", 4) == 4;
    prompt.allow({"hidden_size", "image_size", "patch_size", "image_embedding_size", "hidden_act"});
    prompt.finish();

    ConfigReader decoder = top.part("mask_decoder_config");
    config.decoderMlpDim = decoder.valueOr<std::int64_t>("mlp_dim", 2048);
    config.decoderLayers = decoder.valueOr<std::int64_t>("num_hidden_layers", 2);
    config.decoderHeads = decoder.valueOr<std::int64_t>("num_attention_heads", 8);
    config.decoderDownsample = decoder.valueOr<std::int64_t>("attention_downsample_rate", 2);
    config.multimaskOutputs = decoder.valueOr<std::int64_t>("num_multimask_outputs", 3);
    config.iouHeadDepth = decoder.valueOr<std::int64_t>("iou_head_depth", 3);
    config.iouHeadHidden = decoder.valueOr<std::int64_t>("iou_head_hidden_dim", 256);
    config.decoderActivation =
        activationFromName(decoder.valueOr<std::string>("hidden_act", "relu"), decoder.where());
    config.decoderLayerNormEps = decoder.valueOr("layer_norm_eps", 1e-6);
    config.decoderFinalNormEps = decoder.valueOr("final_layer_norm_eps", 1e-5);
    const auto decoderDim = decoder.valueOr("hidden_size", config.promptDim);
    decoder.finish();
    top.finish();

    if (!isUsual || !hasFourPoints)
        throw Error(ErrorKind::Unsupported,
                    origin
                        + ": only SAM with qkv bias, absolute and relative positions, 3 channels "
                          "and 4 point embeddings is covered");
    if (decoderDim != config.promptDim)
        throw Error(ErrorKind::Corrupt, origin
                                            + ": mask_decoder_config.hidden_size differs from "
                                              "vision_config.output_channels");
    return config;
}

SamGridAttentionImpl::SamGridAttentionImpl(std::int64_t width, std::int64_t heads_,
                                           std::int64_t side)
    : heads(heads_)
{
    qkv = register_module("qkv", torch::nn::Linear(width, 3 * width));
    proj = register_module("proj", torch::nn::Linear(width, width));
    rel_pos_h = register_parameter("rel_pos_h", torch::zeros({2 * side - 1, width / heads}));
    rel_pos_w = register_parameter("rel_pos_w", torch::zeros({2 * side - 1, width / heads}));
}

torch::Tensor SamGridAttentionImpl::forward(const torch::Tensor &x)
{
    const auto b = x.size(0), s = x.size(1), width = x.size(3);
    const auto parts = linear(qkv, x.reshape({b, s * s, width})).chunk(3, -1);
    AttentionBias bias;
    bias.relativeRows = rel_pos_h;
    bias.relativeColumns = rel_pos_w;
    const auto out = attend(splitHeads(parts[0], heads), splitHeads(parts[1], heads),
                            splitHeads(parts[2], heads), bias);
    return linear(proj, mergeHeads(out)).view({b, s, s, width});
}

bool SamGridAttentionImpl::takesWindows(const torch::Tensor &grid) const
{
    const auto type = grid.scalar_type();
    return grid.device().is_cpu() && (type == torch::kFloat || type == torch::kBFloat16)
           && rel_pos_h.scalar_type() == type
           && !(torch::GradMode::is_enabled()
                && (grid.requires_grad() || qkv->weight.requires_grad()
                    || rel_pos_h.requires_grad()));
}

torch::Tensor SamGridAttentionImpl::inWindows(const torch::Tensor &grid, const WindowLayout &layout)
{
    const auto width = grid.size(3), tokens = grid.numel() / width;
    const auto split = [&](const torch::Tensor &x) {
        return x.view({1, tokens, heads, width / heads}).transpose(1, 2);
    };
    const auto parts = linear(qkv, grid.reshape({tokens, width}));
    CpuAttentionInputs inputs;
    inputs.query = split(parts.slice(1, 0, width));
    inputs.key = split(parts.slice(1, width, 2 * width));
    inputs.value = split(parts.slice(1, 2 * width, 3 * width));
    inputs.relativeRows = rel_pos_h;
    inputs.relativeColumns = rel_pos_w;
    AttentionWindows windows;
    windows.tokenOfCell = layout.cellsOfRows();
    windows.cells = layout.side() * layout.side();
    const auto bias = qkv->bias.to(grid.scalar_type());
    windows.paddingKey = bias.slice(0, width, 2 * width).view({heads, width / heads});
    windows.paddingValue = bias.slice(0, 2 * width).view({heads, width / heads});
    const auto out = cpuWindowAttention(inputs, windows);
    return linear(proj, mergeHeads(out).view({tokens, width})).view(grid.sizes());
}

SamEncoderLayerImpl::SamEncoderLayerImpl(const SamConfig &config, std::int64_t windowSize_)
    : windowSize(windowSize_)
{
    layer_norm1 =
        register_module("layer_norm1", makeLayerNorm(config.width, config.encoderLayerNormEps));
    attn = register_module("attn", SamGridAttention(config.width, config.heads,
                                                    windowSize > 0 ? windowSize : config.grid()));
    layer_norm2 =
        register_module("layer_norm2", makeLayerNorm(config.width, config.encoderLayerNormEps));
    mlp = register_module(
        "mlp", Mlp(config.width, config.mlpDim, config.encoderActivation, "lin1", "lin2"));
}

torch::Tensor SamEncoderLayerImpl::forward(const torch::Tensor &x)
{
    // The norm comes before the padding: padded positions are zero and take part in the attention.
    const WindowLayout layout(x.size(0), x.size(1), x.size(2), windowSize);
    const WindowLayout whole(x.size(0), x.size(1), x.size(2), 0);
    if (layout.hasWindows() && attn->takesWindows(x)) {
        const auto inner = attn->inWindows(normalizeIntoWindows(x, layer_norm1, whole), layout);
        const auto [sum, normed] = addAndNormalize(x, inner, layer_norm2);
        return addedTo(sum, mlp(normed));
    }
    const auto inner = attn(normalizeIntoWindows(x, layer_norm1, layout));
    const auto [sum, normed] = addAndNormalize(x, inner, layer_norm2, &layout);
    return addedTo(sum, mlp(normed));
}

SamImageEncoderImpl::SamImageEncoderImpl(const SamConfig &config_) : config(config_)
{
    pos_embed = register_parameter("pos_embed",
                                   torch::zeros({1, config.grid(), config.grid(), config.width}));
    projection =
        addGroup(*this, "patch_embed")
            ->register_module("projection", makePatchConvolution(config.width, config.patchSize,
                                                                 config.patchSize, true));
    layers = register_module("layers", torch::nn::ModuleList());
    for (std::int64_t i = 0; i < config.layers; ++i) {
        const bool isGlobal =
            config.windowSize == 0
            || std::find(config.globalLayers.begin(), config.globalLayers.end(), i)
                   != config.globalLayers.end();
        layers->push_back(SamEncoderLayer(config, isGlobal ? 0 : config.windowSize));
    }
    auto neck = addGroup(*this, "neck");
    neckConv1 = neck->register_module(
        "conv1", makeConvolution(config.width, config.promptDim, 1, 1, 0, false));
    neckNorm1 =
        neck->register_module("layer_norm1", LayerNorm2d(config.promptDim, config.layerNorm2dEps));
    neckConv2 = neck->register_module(
        "conv2", makeConvolution(config.promptDim, config.promptDim, 3, 1, 1, false));
    neckNorm2 =
        neck->register_module("layer_norm2", LayerNorm2d(config.promptDim, config.layerNorm2dEps));
}

torch::Tensor SamImageEncoderImpl::forward(const torch::Tensor &pixels)
{
    if (pixels.dim() != 4 || pixels.size(1) != 3 || pixels.size(2) != config.imageSize
        || pixels.size(3) != config.imageSize)
        throw Error(ErrorKind::InvalidInput, "SAM: images of shape " + shapeText(pixels.sizes())
                                                 + " instead of [B, 3, "
                                                 + std::to_string(config.imageSize) + ", "
                                                 + std::to_string(config.imageSize) + "]");
    auto x = projection(pixels).permute({0, 2, 3, 1});
    if (observer)
        observer("patch_embed", x);
    x = x + pos_embed;
    for (std::size_t i = 0; i < layers->size(); ++i) {
        auto &layer = layers->at<SamEncoderLayerImpl>(i);
        x = recomputed(x, layer, [&layer](const torch::Tensor &in) { return layer.forward(in); });
        if (observer)
            observer("block" + std::to_string(i), x);
    }
    // The 1 × 1 convolution as a product over the channels, which lie last.
    x = torch::linear(x, neckConv1->weight.flatten(1)).permute({0, 3, 1, 2});
    return neckNorm2(neckConv2(neckNorm1(x))).contiguous();
}

SamPositionalEmbeddingImpl::SamPositionalEmbeddingImpl(std::int64_t dim)
{
    positional_embedding = register_buffer("positional_embedding", torch::randn({2, dim / 2}));
}

torch::Tensor SamPositionalEmbeddingImpl::forward(const torch::Tensor &unitXy)
{
    const auto phase = torch::matmul(2 * unitXy - 1, positional_embedding) * kTwoPi;
    return torch::cat({phase.sin(), phase.cos()}, -1);
}

torch::Tensor SamPositionalEmbeddingImpl::grid(std::int64_t side)
{
    const auto centres = (torch::arange(side, positional_embedding.options()) + 0.5) / side;
    const auto x = centres.view({1, side}).expand({side, side});
    const auto y = centres.view({side, 1}).expand({side, side});
    return forward(torch::stack({x, y}, -1)).permute({2, 0, 1}).unsqueeze(0);
}

SamPromptEncoderImpl::SamPromptEncoderImpl(const SamConfig &config_, SamPositionalEmbedding shared)
    : config(config_)
{
    const auto dim = config.promptDim, channels = config.maskInputChannels;
    shared_embedding = register_module("shared_embedding", std::move(shared));
    point_embed = register_module("point_embed", torch::nn::ModuleList());
    for (int i = 0; i < 4; ++i)
        point_embed->push_back(torch::nn::Embedding(1, dim));
    not_a_point_embed = register_module("not_a_point_embed", torch::nn::Embedding(1, dim));
    no_mask_embed = register_module("no_mask_embed", torch::nn::Embedding(1, dim));
    auto mask = addGroup(*this, "mask_embed");
    maskConv1 = mask->register_module("conv1", makeConvolution(1, channels / 4, 2, 2, 0, true));
    maskNorm1 =
        mask->register_module("layer_norm1", LayerNorm2d(channels / 4, config.layerNorm2dEps));
    maskConv2 =
        mask->register_module("conv2", makeConvolution(channels / 4, channels, 2, 2, 0, true));
    maskNorm2 = mask->register_module("layer_norm2", LayerNorm2d(channels, config.layerNorm2dEps));
    maskConv3 = mask->register_module("conv3", makeConvolution(channels, dim, 1, 1, 0, true));
}

SamPromptEmbeddings SamPromptEncoderImpl::forward(const SamPrompts &prompts)
{
    const auto &table = no_mask_embed->weight;
    const auto side = static_cast<double>(config.imageSize);
    const auto embedding = [this](std::size_t i) {
        return point_embed->at<torch::nn::EmbeddingImpl>(i).weight;
    };
    std::vector<torch::Tensor> sparse;
    std::int64_t count = 1;
    if (prompts.points.defined()) {
        auto points = prompts.points.to(table.options());
        auto labels = prompts.labels.to(table.device(), torch::kLong);
        count = points.size(0);
        if (!prompts.boxes.defined()) {
            points = torch::cat({points, torch::zeros({count, 1, 2}, points.options())}, 1);
            labels = torch::cat({labels, torch::full({count, 1}, -1, labels.options())}, 1);
        }
        auto pe = shared_embedding((points + 0.5) / side);
        const auto is = [&](std::int64_t label) { return labels.eq(label).unsqueeze(-1); };
        pe = torch::where(is(-1), not_a_point_embed->weight.view({1, 1, -1}), pe);
        pe = pe + is(0).to(pe.scalar_type()) * embedding(0)
             + is(1).to(pe.scalar_type()) * embedding(1);
        sparse.push_back(pe);
    }
    if (prompts.boxes.defined()) {
        count = prompts.boxes.size(0);
        const auto corners = (prompts.boxes.to(table.options()) + 0.5).view({count, 2, 2});
        sparse.push_back(shared_embedding(corners / side)
                         + torch::cat({embedding(2), embedding(3)}, 0));
    }
    SamPromptEmbeddings result;
    if (prompts.masks.defined()) {
        count = prompts.masks.size(0);
        auto x = maskConv1(prompts.masks.to(table.options()));
        x = maskConv2(compat::gelu(maskNorm1(x)));
        result.dense = maskConv3(compat::gelu(maskNorm2(x)));
    } else {
        result.dense = table.view({1, -1, 1, 1}).expand({count, -1, config.grid(), config.grid()});
    }
    result.sparse = sparse.empty() ? torch::zeros({count, 0, config.promptDim}, table.options())
                                   : torch::cat(sparse, 1);
    return result;
}

SamHeadImpl::SamHeadImpl(std::int64_t in, std::int64_t hidden, std::int64_t out, std::int64_t depth)
{
    proj_in = register_module("proj_in", torch::nn::Linear(in, hidden));
    proj_out = register_module("proj_out", torch::nn::Linear(hidden, out));
    layers = register_module("layers", torch::nn::ModuleList());
    for (std::int64_t i = 0; i + 2 < depth; ++i)
        layers->push_back(torch::nn::Linear(hidden, hidden));
}

torch::Tensor SamHeadImpl::forward(torch::Tensor x)
{
    x = torch::relu(proj_in(x));
    for (std::size_t i = 0; i < layers->size(); ++i)
        x = torch::relu(layers->at<torch::nn::LinearImpl>(i).forward(x));
    return proj_out(x);
}

SamTwoWayLayerImpl::SamTwoWayLayerImpl(const SamConfig &config, bool isFirst_) : isFirst(isFirst_)
{
    const auto norm = [&](const char *name) {
        return register_module(name, makeLayerNorm(config.promptDim, config.decoderLayerNormEps));
    };
    self_attn = register_module(
        "self_attn", ProjectedAttention(config.promptDim, config.promptDim, config.decoderHeads));
    layer_norm1 = norm("layer_norm1");
    cross_attn_token_to_image =
        register_module("cross_attn_token_to_image", makeCrossAttention(config));
    layer_norm2 = norm("layer_norm2");
    mlp = register_module("mlp", Mlp(config.promptDim, config.decoderMlpDim,
                                     config.decoderActivation, "lin1", "lin2"));
    layer_norm3 = norm("layer_norm3");
    layer_norm4 = norm("layer_norm4");
    cross_attn_image_to_token =
        register_module("cross_attn_image_to_token", makeCrossAttention(config));
}

void SamTwoWayLayerImpl::forward(torch::Tensor &queries, torch::Tensor &keys,
                                 const torch::Tensor &queryPe, const torch::Tensor &keyPe)
{
    if (isFirst) {
        queries = self_attn(queries, queries, queries);
    } else {
        const auto q = queries + queryPe;
        queries = queries + self_attn(q, q, queries);
    }
    queries = layer_norm1(queries);

    const auto keysWithPe = keys + keyPe;
    queries = layer_norm2(queries + cross_attn_token_to_image(queries + queryPe, keysWithPe, keys));
    queries = layer_norm3(queries + mlp(queries));
    keys = layer_norm4(keys + cross_attn_image_to_token(keysWithPe, queries + queryPe, queries));
}

SamMaskDecoderImpl::SamMaskDecoderImpl(const SamConfig &config_) : config(config_)
{
    const auto dim = config.promptDim;
    iou_token = register_module("iou_token", torch::nn::Embedding(1, dim));
    mask_tokens = register_module("mask_tokens", torch::nn::Embedding(config.maskTokens(), dim));
    auto transformer = addGroup(*this, "transformer");
    layers = transformer->register_module("layers", torch::nn::ModuleList());
    for (std::int64_t i = 0; i < config.decoderLayers; ++i)
        layers->push_back(SamTwoWayLayer(config, i == 0));
    final_attn_token_to_image =
        transformer->register_module("final_attn_token_to_image", makeCrossAttention(config));
    layer_norm_final_attn = transformer->register_module(
        "layer_norm_final_attn", makeLayerNorm(dim, config.decoderFinalNormEps));
    upscale_conv1 = register_module("upscale_conv1", makeDoubling(dim, dim / 4));
    upscale_conv2 = register_module("upscale_conv2", makeDoubling(dim / 4, dim / 8));
    upscale_layer_norm =
        register_module("upscale_layer_norm", LayerNorm2d(dim / 4, config.layerNorm2dEps));
    output_hypernetworks_mlps =
        register_module("output_hypernetworks_mlps", torch::nn::ModuleList());
    for (std::int64_t i = 0; i < config.maskTokens(); ++i)
        output_hypernetworks_mlps->push_back(SamHead(dim, dim, dim / 8, 3));
    iou_prediction_head =
        register_module("iou_prediction_head", SamHead(dim, config.iouHeadHidden,
                                                       config.maskTokens(), config.iouHeadDepth));
}

SamMasks SamMaskDecoderImpl::forward(const torch::Tensor &imageEmbeddings,
                                     const torch::Tensor &imagePe, const torch::Tensor &sparse,
                                     const torch::Tensor &dense)
{
    const auto count = sparse.size(0), dim = config.promptDim, side = config.grid();
    const auto own = torch::cat({iou_token->weight, mask_tokens->weight}, 0)
                         .unsqueeze(0)
                         .expand({count, 1 + config.maskTokens(), dim});
    const auto tokens = torch::cat({own, sparse}, 1);
    const auto flat = [](const torch::Tensor &map) { return map.flatten(2).transpose(1, 2); };
    auto queries = tokens;
    auto keys = flat((imageEmbeddings + dense).expand({count, dim, side, side})).contiguous();
    const auto keyPe = flat(imagePe).contiguous();
    for (std::size_t i = 0; i < layers->size(); ++i)
        layers->at<SamTwoWayLayerImpl>(i).forward(queries, keys, tokens, keyPe);
    queries = layer_norm_final_attn(
        queries + final_attn_token_to_image(queries + tokens, keys + keyPe, keys));

    // Upscaling on [P, g·g, …] with the channels last, so that every step is one matrix product.
    auto up = torch::layer_norm(doubled(keys, upscale_conv1), {dim / 4}, upscale_layer_norm->weight,
                                upscale_layer_norm->bias, upscale_layer_norm->eps);
    up = compat::gelu(doubled(compat::gelu(up), upscale_conv2)); // [P, g·g, 4, 4, C / 8]

    std::vector<torch::Tensor> filters;
    for (std::int64_t i = 0; i < config.maskTokens(); ++i)
        filters.push_back(output_hypernetworks_mlps->at<SamHeadImpl>(static_cast<std::size_t>(i))
                              .forward(queries.select(1, 1 + i)));
    const auto hyper = torch::stack(filters, 1); // [P, M, C / 8]
    const auto masks =
        torch::bmm(hyper, up.view({count, side * side * 16, dim / 8}).transpose(1, 2));

    SamMasks result;
    // [P, M, row, column, dy, dx, dy, dx] → rows and columns of the mask.
    result.logits = masks.view({count, config.maskTokens(), side, side, 2, 2, 2, 2})
                        .permute({0, 1, 2, 4, 6, 3, 5, 7})
                        .reshape({count, config.maskTokens(), 4 * side, 4 * side});
    result.iou = iou_prediction_head(queries.select(1, 0));
    return result;
}

SamImpl::SamImpl(const SamConfig &config_) : config(config_)
{
    throwProblems("SAM", config.problems());
    shared_image_embedding =
        register_module("shared_image_embedding", SamPositionalEmbedding(config.promptDim));
    vision_encoder = register_module("vision_encoder", SamImageEncoder(config));
    prompt_encoder =
        register_module("prompt_encoder", SamPromptEncoder(config, shared_image_embedding));
    mask_decoder = register_module("mask_decoder", SamMaskDecoder(config));
}

torch::Tensor SamImpl::encodeImage(const torch::Tensor &pixels)
{
    return vision_encoder(pixels);
}

torch::Tensor SamImpl::imagePe()
{
    return shared_image_embedding->grid(config.grid());
}

SamMasks SamImpl::decode(const torch::Tensor &imageEmbeddings, const SamPrompts &prompts)
{
    const auto embeddings = prompt_encoder(prompts);
    return mask_decoder(imageEmbeddings, imagePe(), embeddings.sparse, embeddings.dense);
}

SamMasks selectMasks(const SamMasks &masks, bool multimask)
{
    const std::int64_t first = multimask ? 1 : 0, last = multimask ? masks.iou.size(1) : 1;
    return {masks.logits.slice(1, first, last), masks.iou.slice(1, first, last)};
}

torch::Tensor postprocessMasks(const torch::Tensor &logits, std::int64_t imageSize,
                               std::int64_t resizedHeight, std::int64_t resizedWidth,
                               std::int64_t height, std::int64_t width)
{
    const auto resize = [](const torch::Tensor &x, std::int64_t h, std::int64_t w) {
        return F::interpolate(x, F::InterpolateFuncOptions()
                                     .size(std::vector<std::int64_t>{h, w})
                                     .mode(torch::kBilinear)
                                     .align_corners(false));
    };
    const auto frame = resize(logits, imageSize, imageSize);
    return resize(frame.slice(2, 0, resizedHeight).slice(3, 0, resizedWidth), height, width);
}

torch::Tensor fittedSamPositions(const std::string &name, const torch::Tensor &stored,
                                 torch::IntArrayRef wanted)
{
    const auto endsIn = [&name](std::string_view ending) {
        return name.size() >= ending.size()
               && name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
    };
    const bool isTable = endsIn("pos_embed") && stored.dim() == 4 && wanted.size() == 4;
    const bool isRelative =
        (endsIn("rel_pos_h") || endsIn("rel_pos_w")) && stored.dim() == 2 && wanted.size() == 2;
    if ((!isTable && !isRelative) || stored.size(-1) != wanted.back())
        return {};
    const auto values = stored.to(torch::kFloat);
    if (isRelative)
        return resizeRows(values, wanted[0]);
    return F::interpolate(values.permute({0, 3, 1, 2}),
                          F::InterpolateFuncOptions()
                              .size(std::vector<std::int64_t>{wanted[1], wanted[2]})
                              .mode(torch::kBicubic)
                              .align_corners(false))
        .permute({0, 2, 3, 1})
        .contiguous();
}

torch::Tensor resizeRows(const torch::Tensor &rows, std::int64_t count)
{
    return F::interpolate(rows.t().unsqueeze(0), F::InterpolateFuncOptions()
                                                     .size(std::vector<std::int64_t>{count})
                                                     .mode(torch::kLinear)
                                                     .align_corners(false))
        .squeeze(0)
        .t()
        .contiguous();
}

bool samInitialValue(const std::string &name, double &mean, double &deviation)
{
    mean = 0.0;
    if (name.find("rel_pos_") != std::string::npos) {
        deviation = 0.0;
        return true;
    }
    if (name.find("positional_embedding") != std::string::npos) {
        deviation = 1.0;
        return true;
    }
    return false;
}

void initializeWeights(SamImpl &sam, std::uint64_t seed)
{
    initializeTensors(sam, seed, [](const std::string &name, const torch::Tensor &tensor) {
        InitialValue value;
        return samInitialValue(name, value.mean, value.deviation)
                   ? value
                   : commonInitialValue(name, tensor);
    });
}

} // namespace sapsam::nn
