#include "core/networks/clip.h"

#include "core/base/error.h"
#include "core/networks/config_reader.h"
#include "core/nn/initialize.h"
#include "core/nn/recompute.h"
#include "core/nn/rows.h"
#include "core/weights/tensor_names.h"

#include <cmath>

namespace sapsam::nn {

namespace F = torch::nn::functional;

namespace {

std::int64_t mlpWidth(std::int64_t width, const ClipConfig &config)
{
    return std::llround(static_cast<double>(width) * config.mlpRatio);
}

bool isNear(double a, double b)
{
    return std::abs(a - b) < 1e-9;
}

torch::Tensor unitRows(const torch::Tensor &x)
{
    return x / x.norm(2, -1, true);
}

} // namespace

std::vector<std::string> ClipConfig::problems() const
{
    std::vector<std::string> found;
    const auto positive = [&](const char *name, std::int64_t value) {
        if (value <= 0)
            found.push_back(std::string(name) + " must be positive, not " + std::to_string(value));
    };
    positive("embedDim", embedDim);
    positive("patchSize", patchSize);
    positive("stride", stride);
    positive("visionWidth", visionWidth);
    positive("visionLayers", visionLayers);
    positive("visionHeads", visionHeads);
    positive("contextLength", contextLength);
    positive("vocabSize", vocabSize);
    positive("textWidth", textWidth);
    positive("textLayers", textLayers);
    positive("textHeads", textHeads);
    if (imageHeight < patchSize || imageWidth < patchSize)
        found.push_back("the image is smaller than a patch");
    if (visionHeads > 0 && visionWidth % visionHeads != 0)
        found.push_back("visionWidth must be a multiple of visionHeads");
    if (textHeads > 0 && textWidth % textHeads != 0)
        found.push_back("textWidth must be a multiple of textHeads");
    if (!(mlpRatio > 0.0))
        found.push_back("mlpRatio must be positive");
    if (!(layerNormEps > 0.0))
        found.push_back("layerNormEps must be positive");
    return found;
}

Json ClipConfig::toJson() const
{
    Json text = {{"vocab_size", vocabSize},
                 {"hidden_size", textWidth},
                 {"intermediate_size", mlpWidth(textWidth, *this)},
                 {"num_hidden_layers", textLayers},
                 {"num_attention_heads", textHeads},
                 {"max_position_embeddings", contextLength},
                 {"hidden_act", nameOf(activation)},
                 {"layer_norm_eps", layerNormEps},
                 {"projection_dim", embedDim},
                 // In this format 2 stands for the position of the largest id.
                 {"eos_token_id", poolTokenId < 0 ? 2 : poolTokenId}};
    Json vision = {{"hidden_size", visionWidth},
                   {"intermediate_size", mlpWidth(visionWidth, *this)},
                   {"num_hidden_layers", visionLayers},
                   {"num_attention_heads", visionHeads},
                   {"num_channels", 3},
                   {"image_size", imageHeight},
                   {"patch_size", patchSize},
                   {"hidden_act", nameOf(activation)},
                   {"layer_norm_eps", layerNormEps},
                   {"projection_dim", embedDim}};
    if (imageHeight != imageWidth) {
        vision["image_height"] = imageHeight;
        vision["image_width"] = imageWidth;
    }
    if (stride != patchSize)
        vision["stride"] = stride;
    return {{"architectures", {"CLIPModel"}},
            {"model_type", "clip"},
            {"projection_dim", embedDim},
            {"logit_scale_init_value", logitScaleInit},
            {"text_config", text},
            {"vision_config", vision}};
}

ClipConfig clipConfigFromJson(const Json &json, const std::string &origin)
{
    ClipConfig config;
    ConfigReader top(json, origin);
    config.embedDim = top.valueOr<std::int64_t>("projection_dim", 512);
    config.logitScaleInit = top.valueOr("logit_scale_init_value", config.logitScaleInit);
    // Older files repeat the parts under these names.
    top.allow({"text_config_dict", "vision_config_dict"});

    // Newer files leave out what is as in ViT-B/32.
    ConfigReader text = top.part("text_config");
    config.textWidth = text.valueOr<std::int64_t>("hidden_size", 512);
    config.textLayers = text.valueOr<std::int64_t>("num_hidden_layers", 12);
    config.textHeads = text.valueOr<std::int64_t>("num_attention_heads", 8);
    config.vocabSize = text.valueOr<std::int64_t>("vocab_size", 49408);
    config.contextLength = text.valueOr<std::int64_t>("max_position_embeddings", 77);
    const auto textMlp = text.valueOr<std::int64_t>("intermediate_size", 4 * config.textWidth);
    const auto textAct = text.valueOr<std::string>("hidden_act", "quick_gelu");
    const auto textEps = text.valueOr("layer_norm_eps", 1e-5);
    const auto eos = text.valueOr<std::int64_t>("eos_token_id", 2);
    config.poolTokenId = eos == 2 ? -1 : eos;
    text.allow({"projection_dim"});
    text.finish();

    ConfigReader vision = top.part("vision_config");
    config.visionWidth = vision.valueOr<std::int64_t>("hidden_size", 768);
    config.visionLayers = vision.valueOr<std::int64_t>("num_hidden_layers", 12);
    config.visionHeads = vision.valueOr<std::int64_t>("num_attention_heads", 12);
    const auto side = vision.valueOr<std::int64_t>("image_size", 224);
    config.imageHeight = vision.valueOr("image_height", side);
    config.imageWidth = vision.valueOr("image_width", side);
    config.patchSize = vision.valueOr<std::int64_t>("patch_size", 32);
    config.stride = vision.valueOr("stride", config.patchSize);
    const auto visionMlp =
        vision.valueOr<std::int64_t>("intermediate_size", 4 * config.visionWidth);
    const auto visionAct = vision.valueOr<std::string>("hidden_act", "quick_gelu");
    const auto visionEps = vision.valueOr("layer_norm_eps", 1e-5);
    const auto channels = vision.valueOr<std::int64_t>("num_channels", 3);
    vision.allow({"projection_dim"});
    vision.finish();
    top.finish();

    if (channels != 3)
        throw Error(ErrorKind::Unsupported, origin + ": only images of 3 channels are covered");
    if (textAct != visionAct || !isNear(textEps, visionEps))
        throw Error(ErrorKind::Unsupported,
                    origin + ": the two encoders differ in hidden_act or layer_norm_eps");
    if (config.textWidth <= 0 || config.visionWidth <= 0)
        throw Error(ErrorKind::Corrupt, origin + ": hidden_size must be positive");
    config.activation = activationFromName(textAct, origin);
    config.layerNormEps = textEps;
    config.mlpRatio = static_cast<double>(textMlp) / static_cast<double>(config.textWidth);
    if (mlpWidth(config.visionWidth, config) != visionMlp)
        throw Error(ErrorKind::Unsupported,
                    origin + ": the two encoders differ in intermediate_size / hidden_size");
    return config;
}

torch::Tensor resizePositionalTable(const torch::Tensor &table, std::int64_t oldHeight,
                                    std::int64_t oldWidth, std::int64_t newHeight,
                                    std::int64_t newWidth)
{
    if (table.dim() != 2 || table.size(0) != 1 + oldHeight * oldWidth)
        throw Error(ErrorKind::Mismatch, "a positional table of shape " + shapeText(table.sizes())
                                             + " does not hold a class row and a grid of "
                                             + std::to_string(oldHeight) + " by "
                                             + std::to_string(oldWidth));
    const auto width = table.size(1);
    const auto grid = table.slice(0, 1).view({1, oldHeight, oldWidth, width}).permute({0, 3, 1, 2});
    const auto resized =
        F::interpolate(grid, F::InterpolateFuncOptions()
                                 .size(std::vector<std::int64_t>{newHeight, newWidth})
                                 .mode(torch::kBilinear)
                                 .align_corners(false));
    return torch::cat({table.slice(0, 0, 1),
                       resized.permute({0, 2, 3, 1}).reshape({newHeight * newWidth, width})},
                      0);
}

ClipLayerImpl::ClipLayerImpl(std::int64_t width, std::int64_t heads, const ClipConfig &config)
{
    layer_norm1 = register_module("layer_norm1", makeLayerNorm(width, config.layerNormEps));
    self_attn = register_module("self_attn", ProjectedAttention(width, width, heads));
    layer_norm2 = register_module("layer_norm2", makeLayerNorm(width, config.layerNormEps));
    mlp = register_module("mlp",
                          Mlp(width, mlpWidth(width, config), config.activation, "fc1", "fc2"));
}

torch::Tensor ClipLayerImpl::forward(torch::Tensor x, const AttentionBias &bias)
{
    const auto normed = layer_norm1(x);
    const auto both = addAndNormalize(x, self_attn(normed, normed, normed, bias), layer_norm2);
    return addedTo(both.sum, mlp(both.normed));
}

torch::Tensor ClipLayerImpl::forwardRows(const torch::Tensor &x, const TokenRows &layout)
{
    AttentionBias bias;
    bias.causal = true;
    const auto both =
        addAndNormalize(x, self_attn->forwardRows(layer_norm1(x), layout, bias), layer_norm2);
    return addedTo(both.sum, mlp(both.normed));
}

torch::Tensor ClipLayerImpl::forwardAt(const torch::Tensor &x, const torch::Tensor &positions,
                                       bool causal)
{
    const auto rows =
        torch::arange(x.size(0), torch::TensorOptions(torch::kLong).device(x.device()));
    const auto at = [&](const torch::Tensor &tokens) {
        return positions.defined() ? tokens.index({rows, positions}) : tokens.select(1, 0);
    };
    AttentionBias bias;
    if (causal)
        bias.additive = paddingBias(torch::arange(x.size(1), positions.options())
                                        .unsqueeze(0)
                                        .le(positions.unsqueeze(1))
                                        .to(torch::kLong),
                                    x.scalar_type());
    const auto normed = layer_norm1(x);
    const auto attended = self_attn(at(normed).unsqueeze(1), normed, normed, bias).squeeze(1);
    const auto both = addAndNormalize(at(x), attended, layer_norm2);
    return addedTo(both.sum, mlp(both.normed));
}

ClipImpl::ClipImpl(const ClipConfig &config_) : config(config_)
{
    throwProblems("CLIP", config.problems());

    logit_scale =
        register_parameter("logit_scale", torch::tensor(config.logitScaleInit, torch::kFloat));

    auto textModel = addGroup(*this, "text_model");
    auto textEmbeddings = addGroup(*textModel, "embeddings");
    token_embedding = textEmbeddings->register_module(
        "token_embedding", torch::nn::Embedding(config.vocabSize, config.textWidth));
    text_positions = textEmbeddings->register_module(
        "position_embedding", torch::nn::Embedding(config.contextLength, config.textWidth));
    text_layers =
        addGroup(*textModel, "encoder")->register_module("layers", torch::nn::ModuleList());
    for (std::int64_t i = 0; i < config.textLayers; ++i)
        text_layers->push_back(ClipLayer(config.textWidth, config.textHeads, config));
    final_layer_norm = textModel->register_module(
        "final_layer_norm", makeLayerNorm(config.textWidth, config.layerNormEps));

    auto visionModel = addGroup(*this, "vision_model");
    auto visionEmbeddings = addGroup(*visionModel, "embeddings");
    class_embedding = visionEmbeddings->register_parameter(
        "class_embedding", torch::randn({config.visionWidth}) * 0.02);
    patch_embedding = visionEmbeddings->register_module(
        "patch_embedding",
        makePatchConvolution(config.visionWidth, config.patchSize, config.stride, false));
    image_positions = visionEmbeddings->register_module(
        "position_embedding",
        torch::nn::Embedding(1 + config.gridHeight() * config.gridWidth(), config.visionWidth));
    pre_layrnorm = visionModel->register_module(
        "pre_layrnorm", makeLayerNorm(config.visionWidth, config.layerNormEps));
    image_layers =
        addGroup(*visionModel, "encoder")->register_module("layers", torch::nn::ModuleList());
    for (std::int64_t i = 0; i < config.visionLayers; ++i)
        image_layers->push_back(ClipLayer(config.visionWidth, config.visionHeads, config));
    post_layernorm = visionModel->register_module(
        "post_layernorm", makeLayerNorm(config.visionWidth, config.layerNormEps));

    const auto projection = [&](std::int64_t width) {
        return torch::nn::Linear(torch::nn::LinearOptions(width, config.embedDim).bias(false));
    };
    visual_projection = register_module("visual_projection", projection(config.visionWidth));
    text_projection = register_module("text_projection", projection(config.textWidth));
}

torch::Tensor ClipImpl::patchEmbeddings(const torch::Tensor &pixels)
{
    if (pixels.dim() != 4 || pixels.size(1) != 3 || pixels.size(2) != config.imageHeight
        || pixels.size(3) != config.imageWidth)
        throw Error(ErrorKind::InvalidInput, "CLIP: images of shape " + shapeText(pixels.sizes())
                                                 + " instead of [B, 3, "
                                                 + std::to_string(config.imageHeight) + ", "
                                                 + std::to_string(config.imageWidth) + "]");
    const auto patches = patch_embedding(pixels); // [B, W, gh, gw]
    observe("patch_conv", patches);
    return patches.flatten(2).transpose(1, 2);
}

torch::Tensor ClipImpl::hiddenOfPatches(const torch::Tensor &patches, bool withLast)
{
    const auto first = class_embedding.expand({patches.size(0), 1, config.visionWidth});
    auto x = pre_layrnorm(torch::cat({first, patches}, 1) + image_positions->weight);
    observe("image.ln_pre", x);
    for (std::size_t i = 0; i + (withLast ? 0 : 1) < image_layers->size(); ++i) {
        auto &layer = image_layers->at<ClipLayerImpl>(i);
        x = recomputed(x, layer, [&layer](const torch::Tensor &in) { return layer.forward(in); });
        observe("image.block" + std::to_string(i), x);
    }
    return x;
}

void ClipImpl::requireIds(const torch::Tensor &ids) const
{
    if (ids.dim() != 2 || ids.size(1) > config.contextLength)
        throw Error(ErrorKind::InvalidInput, "CLIP: ids of shape " + shapeText(ids.sizes())
                                                 + " instead of [B, up to "
                                                 + std::to_string(config.contextLength) + "]");
}

torch::Tensor ClipImpl::hiddenOfIds(const torch::Tensor &ids)
{
    requireIds(ids);
    auto x = token_embedding(ids) + text_positions->weight.slice(0, 0, ids.size(1));
    AttentionBias bias;
    bias.causal = true;
    for (std::size_t i = 0; i < text_layers->size(); ++i) {
        auto &layer = text_layers->at<ClipLayerImpl>(i);
        x = recomputed(x, layer,
                       [&layer, bias](const torch::Tensor &in) { return layer.forward(in, bias); });
        observe("text.block" + std::to_string(i), x);
    }
    return x;
}

torch::Tensor ClipImpl::hiddenUpTo(const torch::Tensor &positions, const torch::Tensor &ids)
{
    requireIds(ids);
    const auto layout = rowsOfTokens(positions + 1, ids.size(1));
    auto x = token_embedding(ids.flatten().index_select(0, layout.rows))
             + text_positions(layout.rows.remainder(ids.size(1)));
    for (std::size_t i = 0; i + 1 < text_layers->size(); ++i) {
        auto &layer = text_layers->at<ClipLayerImpl>(i);
        x = recomputed(x, layer, [&layer, layout](const torch::Tensor &in) {
            return layer.forwardRows(in, layout);
        });
    }
    return layout.spread(x);
}

torch::Tensor ClipImpl::textHidden(const torch::Tensor &ids)
{
    const auto x = final_layer_norm(hiddenOfIds(ids));
    observe("text.ln_final", x);
    return x;
}

torch::Tensor ClipImpl::encodeImageTokens(const torch::Tensor &pixels)
{
    return encodePatches(patchEmbeddings(pixels));
}

torch::Tensor ClipImpl::encodePatches(const torch::Tensor &patches)
{
    return visual_projection(post_layernorm(hiddenOfPatches(patches)));
}

torch::Tensor ClipImpl::encodeTextTokens(const torch::Tensor &ids)
{
    return text_projection(textHidden(ids));
}

torch::Tensor ClipImpl::imageFeatures(const torch::Tensor &pixels)
{
    const auto patches = patchEmbeddings(pixels);
    // An observer wants to see all tokens of the last layer as well.
    const auto last = observer || image_layers->is_empty()
                          ? hiddenOfPatches(patches).select(1, 0)
                          : image_layers->at<ClipLayerImpl>(image_layers->size() - 1)
                                .forwardAt(hiddenOfPatches(patches, false), {}, false);
    const auto first = post_layernorm(last);
    observe("image.ln_post_cls", first);
    return visual_projection(first);
}

torch::Tensor ClipImpl::poolPositions(const torch::Tensor &ids) const
{
    if (config.poolTokenId < 0)
        return ids.argmax(-1);
    return ids.eq(config.poolTokenId).to(torch::kInt).argmax(-1);
}

torch::Tensor ClipImpl::textFeatures(const torch::Tensor &ids)
{
    const auto positions = poolPositions(ids);
    // Attention looks back only, so nothing behind the last pooled position matters. An observer
    // wants to see the whole rows.
    const auto used =
        observer || ids.size(0) == 0 ? ids.size(1) : positions.max().item<std::int64_t>() + 1;
    const auto seen = ids.slice(1, 0, used);
    // Training leaves out what stands behind each of them, and all else of the last layer. A
    // description that is searched with must not depend on the others of its batch, not even in its
    // last digit, and products of a few rows are summed in another order than those of many.
    const bool isTraced = torch::GradMode::is_enabled() && text_projection->weight.requires_grad();
    if (isTraced && !observer && ids.size(0) > 0 && !text_layers->is_empty())
        return text_projection(
            final_layer_norm(text_layers->at<ClipLayerImpl>(text_layers->size() - 1)
                                 .forwardAt(hiddenUpTo(positions, seen), positions, true)));
    return text_projection(
        textHidden(seen).index({torch::arange(ids.size(0), positions.options()), positions}));
}

torch::Tensor ClipImpl::logitsPerImage(const torch::Tensor &pixels, const torch::Tensor &ids)
{
    return logitScale()
           * torch::matmul(unitRows(imageFeatures(pixels)), unitRows(textFeatures(ids)).t());
}

torch::Tensor fittedPositions(const ClipConfig &config, const torch::Tensor &stored,
                              torch::IntArrayRef wanted)
{
    if (stored.dim() != 2 || stored.size(1) != wanted[1])
        return {};
    const auto cells = stored.size(0) - 1;
    auto height = std::llround(std::sqrt(static_cast<double>(cells))), width = height;
    if (height * width != cells) {
        // No square: a network for people, whose grid had about the proportions of this one.
        // Overlapping patches keep the grid of a twice as large picture from being exactly twice as
        // large: 15 x 7 of 128 x 64 pixels, 23 x 11 of 192 x 96.
        constexpr double kLikeness = 1.1;
        const double ratio =
            static_cast<double>(config.gridHeight()) / static_cast<double>(config.gridWidth());
        width = std::llround(std::sqrt(static_cast<double>(cells) / ratio));
        height = width > 0 ? cells / width : 0;
        const double found = static_cast<double>(height) / static_cast<double>(width);
        if (height * width != cells || found > kLikeness * ratio || ratio > kLikeness * found)
            return {};
    }
    return resizePositionalTable(stored.to(torch::kFloat), height, width, config.gridHeight(),
                                 config.gridWidth());
}

LoadReport loadClip(Clip &clip, const TensorSource &source, bool resizePositions)
{
    auto options = clipNames();
    const auto &config = clip->config;
    if (resizePositions) {
        options.adapt = [&config](const std::string &name, const torch::Tensor &stored,
                                  torch::IntArrayRef wanted) -> torch::Tensor {
            return name == kClipImagePositions ? fittedPositions(config, stored, wanted)
                                               : torch::Tensor();
        };
    }
    return loadStrict(*clip, source, options);
}

void initializeWeights(ClipImpl &clip, std::uint64_t seed)
{
    const ClipConfig &config = clip.config;
    const auto contains = [](const std::string &name, const char *part) {
        return name.find(part) != std::string::npos;
    };
    initializeTensors(clip, seed, [&](const std::string &name, const torch::Tensor &tensor) {
        const bool isText = contains(name, "text_");
        const double width = static_cast<double>(isText ? config.textWidth : config.visionWidth);
        const double layers = static_cast<double>(isText ? config.textLayers : config.visionLayers);
        if (name == "logit_scale")
            return InitialValue{config.logitScaleInit, 0.0};
        if (contains(name, "out_proj.weight") || contains(name, "fc2.weight"))
            return InitialValue{0.0, 1.0 / std::sqrt(width * 2.0 * layers)};
        if (contains(name, "fc1.weight"))
            return InitialValue{0.0, 1.0 / std::sqrt(2.0 * width)};
        if (contains(name, "_proj.weight") || contains(name, "_projection.weight")
            || contains(name, "class_embedding")
            || (!isText && contains(name, "position_embedding")))
            return InitialValue{0.0, 1.0 / std::sqrt(width)};
        if (contains(name, "position_embedding"))
            return InitialValue{0.0, 0.01};
        return commonInitialValue(name, tensor);
    });
}

} // namespace sapsam::nn
