#include "core/weights/recognise.h"

#include <algorithm>

namespace sapsam {

namespace {

constexpr std::int64_t kAny = -1; // a side that nothing tells
// No honest network reaches these; a hostile file must not make us count or overflow.
constexpr std::int64_t kMaxLayers = 1000;
constexpr std::int64_t kMaxSide = std::int64_t(1) << 40;

bool startsWith(const std::string &text, const std::string &prefix)
{
    return text.compare(0, prefix.size(), prefix) == 0;
}

std::int64_t times(std::int64_t factor, std::int64_t side)
{
    return side == kAny ? kAny : factor * std::min(side, kMaxSide);
}

std::int64_t part(std::int64_t side, std::int64_t divisor)
{
    return side == kAny ? kAny : side / divisor;
}

// The tensors that a network must have, made out from those that are there.
class Expectation
{
public:
    explicit Expectation(const TensorSource &source) : m_source(source), m_names(source.names()) {}

    // A side of the first of these tensors that is there.
    std::int64_t side(std::initializer_list<std::pair<const char *, std::size_t>> candidates) const
    {
        for (const auto &candidate : candidates) {
            const auto *info = m_source.find(candidate.first);
            if (info && candidate.second < info->shape.size())
                return std::min(info->shape[candidate.second], kMaxSide);
        }
        return kAny;
    }

    std::int64_t side(const std::string &name, std::size_t axis) const
    {
        return side({{name.c_str(), axis}});
    }

    // The same side over all layers: "vision.layers." + n + ".fc.weight".
    std::int64_t sideInLayers(const std::string &prefix, std::int64_t count,
                              const std::string &ending, std::size_t axis) const
    {
        for (std::int64_t i = 0; i < count; ++i) {
            const auto found = side(prefix + std::to_string(i) + ending, axis);
            if (found != kAny)
                return found;
        }
        return kAny;
    }

    bool has(const std::string &name) const { return m_source.find(name) != nullptr; }

    bool hasPrefix(const std::string &prefix) const
    {
        const auto at = std::lower_bound(m_names.begin(), m_names.end(), prefix);
        return at != m_names.end() && startsWith(*at, prefix);
    }

    // One more than the largest number that follows the prefix.
    std::int64_t count(const std::string &prefix) const
    {
        std::int64_t result = 0;
        for (const auto &name : m_names) {
            if (!startsWith(name, prefix))
                continue;
            std::int64_t number = 0;
            std::size_t at = prefix.size();
            while (at < name.size() && name[at] >= '0' && name[at] <= '9' && number < kMaxLayers)
                number = number * 10 + (name[at++] - '0');
            if (at > prefix.size())
                result = std::max(result, std::min(number + 1, kMaxLayers));
        }
        return result;
    }

    void expect(const std::string &name, std::vector<std::int64_t> shape)
    {
        m_wanted[name] = std::move(shape);
    }

    void expectNorm(const std::string &name, std::int64_t width)
    {
        expect(name + ".weight", {width});
        expect(name + ".bias", {width});
    }

    void expectLinear(const std::string &name, std::int64_t out, std::int64_t in)
    {
        expect(name + ".weight", {out, in});
        expect(name + ".bias", {out});
    }

    void expectConv(const std::string &name, std::vector<std::int64_t> shape, std::int64_t out)
    {
        expect(name + ".weight", std::move(shape));
        expect(name + ".bias", {out});
    }

    void compare(Recognition &result) const
    {
        for (const auto &wanted : m_wanted) {
            const auto *info = m_source.find(wanted.first);
            if (!info) {
                result.missing.push_back(wanted.first);
                continue;
            }
            bool fits = info->shape.size() == wanted.second.size();
            for (std::size_t i = 0; fits && i < wanted.second.size(); ++i)
                fits = wanted.second[i] == kAny || wanted.second[i] == info->shape[i];
            if (!fits)
                result.misshapen.push_back(wanted.first + ": " + shapeText(info->shape)
                                           + " instead of " + wantedText(wanted.second));
        }
        for (const auto &name : m_names) {
            if (m_wanted.count(name) == 0)
                result.extra.push_back(name);
        }
    }

private:
    static std::string wantedText(const std::vector<std::int64_t> &shape)
    {
        std::string text;
        for (const auto side : shape)
            text += (text.empty() ? "" : ", ") + (side == kAny ? "?" : std::to_string(side));
        return "[" + text + "]";
    }

    const TensorSource &m_source;
    std::vector<std::string> m_names;
    std::map<std::string, std::vector<std::int64_t>> m_wanted;
};

std::string numbered(const std::string &prefix, std::int64_t number)
{
    return prefix + std::to_string(number);
}

std::string layersText(std::int64_t layers, std::int64_t width)
{
    return std::to_string(layers) + " layers of " + (width == kAny ? "?" : std::to_string(width));
}

std::string expectSamEncoder(Expectation &e)
{
    const std::string root = "vision_encoder.";
    const auto layers = e.count(root + "layers.");
    const auto width = e.side({{"vision_encoder.pos_embed", 3},
                               {"vision_encoder.patch_embed.projection.weight", 0},
                               {"vision_encoder.layers.0.layer_norm1.weight", 0},
                               {"vision_encoder.layers.1.layer_norm1.weight", 0}});
    const auto hidden = e.sideInLayers(root + "layers.", layers, ".mlp.lin1.weight", 0);
    const auto out =
        e.side({{"vision_encoder.neck.conv1.weight", 0}, {"vision_encoder.neck.conv2.weight", 0}});
    const auto patch = e.side(root + "patch_embed.projection.weight", 2);
    e.expect(root + "pos_embed", {1, kAny, kAny, width});
    e.expectConv(root + "patch_embed.projection", {width, kAny, patch, patch}, width);
    for (std::int64_t i = 0; i < layers; ++i) {
        const std::string layer = numbered(root + "layers.", i) + ".";
        e.expectNorm(layer + "layer_norm1", width);
        e.expectNorm(layer + "layer_norm2", width);
        e.expect(layer + "attn.rel_pos_h", {kAny, kAny});
        e.expect(layer + "attn.rel_pos_w", {kAny, kAny});
        e.expectLinear(layer + "attn.qkv", times(3, width), width);
        e.expectLinear(layer + "attn.proj", width, width);
        e.expectLinear(layer + "mlp.lin1", hidden, width);
        e.expectLinear(layer + "mlp.lin2", width, hidden);
    }
    e.expect(root + "neck.conv1.weight", {out, width, 1, 1});
    e.expectNorm(root + "neck.layer_norm1", out);
    e.expect(root + "neck.conv2.weight", {out, out, 3, 3});
    e.expectNorm(root + "neck.layer_norm2", out);
    return "encoder of " + layersText(layers, width);
}

void expectSamAttention(Expectation &e, const std::string &name, std::int64_t inner,
                        std::int64_t width)
{
    for (const char *projection : {".q_proj", ".k_proj", ".v_proj"})
        e.expectLinear(name + projection, inner, width);
    e.expectLinear(name + ".out_proj", width, inner);
}

// Linear layers one after the other: proj_in, layers.0 …, proj_out.
void expectSamHead(Expectation &e, const std::string &name, std::int64_t in, std::int64_t hidden,
                   std::int64_t out)
{
    e.expectLinear(name + ".proj_in", hidden, in);
    const auto middle = std::max<std::int64_t>(e.count(name + ".layers."), 1);
    for (std::int64_t i = 0; i < middle; ++i)
        e.expectLinear(numbered(name + ".layers.", i), hidden, hidden);
    e.expectLinear(name + ".proj_out", out, hidden);
}

void expectSamDecoder(Expectation &e)
{
    const std::string root = "mask_decoder.";
    const auto width = e.side({{"mask_decoder.iou_token.weight", 1},
                               {"mask_decoder.mask_tokens.weight", 1},
                               {"vision_encoder.neck.conv1.weight", 0}});
    const auto masks = e.side({{"mask_decoder.mask_tokens.weight", 0},
                               {"mask_decoder.iou_prediction_head.proj_out.weight", 0}});
    const auto layers = e.count(root + "transformer.layers.");
    const std::string blocks = root + "transformer.layers.";
    const auto inner =
        e.sideInLayers(blocks, layers, ".cross_attn_token_to_image.q_proj.weight", 0);
    const auto hidden = e.sideInLayers(blocks, layers, ".mlp.lin1.weight", 0);
    for (std::int64_t i = 0; i < layers; ++i) {
        const std::string layer = numbered(blocks, i) + ".";
        expectSamAttention(e, layer + "self_attn", width, width);
        expectSamAttention(e, layer + "cross_attn_token_to_image", inner, width);
        expectSamAttention(e, layer + "cross_attn_image_to_token", inner, width);
        for (std::int64_t norm = 1; norm <= 4; ++norm)
            e.expectNorm(numbered(layer + "layer_norm", norm), width);
        e.expectLinear(layer + "mlp.lin1", hidden, width);
        e.expectLinear(layer + "mlp.lin2", width, hidden);
    }
    expectSamAttention(e, root + "transformer.final_attn_token_to_image", inner, width);
    e.expectNorm(root + "transformer.layer_norm_final_attn", width);
    e.expect(root + "iou_token.weight", {1, width});
    e.expect(root + "mask_tokens.weight", {masks, width});
    e.expectConv(root + "upscale_conv1", {width, part(width, 4), 2, 2}, part(width, 4));
    e.expectNorm(root + "upscale_layer_norm", part(width, 4));
    e.expectConv(root + "upscale_conv2", {part(width, 4), part(width, 8), 2, 2}, part(width, 8));
    for (std::int64_t i = 0; i < std::min(masks, kMaxLayers); ++i)
        expectSamHead(e, numbered(root + "output_hypernetworks_mlps.", i), width, width,
                      part(width, 8));
    expectSamHead(e, root + "iou_prediction_head", width,
                  e.side(root + "iou_prediction_head.proj_in.weight", 0), masks);
}

std::string expectSam(Expectation &e)
{
    const auto summary = expectSamEncoder(e);
    expectSamDecoder(e);
    const std::string root = "prompt_encoder.";
    const auto width = e.side({{"prompt_encoder.no_mask_embed.weight", 1},
                               {"prompt_encoder.not_a_point_embed.weight", 1},
                               {"mask_decoder.iou_token.weight", 1}});
    e.expect("shared_image_embedding.positional_embedding", {2, part(width, 2)});
    e.expect(root + "shared_embedding.positional_embedding", {2, part(width, 2)});
    for (std::int64_t i = 0; i < 4; ++i)
        e.expect(numbered(root + "point_embed.", i) + ".weight", {1, width});
    e.expect(root + "not_a_point_embed.weight", {1, width});
    e.expect(root + "no_mask_embed.weight", {1, width});
    const auto first = e.side(root + "mask_embed.conv1.weight", 0);
    const auto second = e.side(root + "mask_embed.conv2.weight", 0);
    e.expectConv(root + "mask_embed.conv1", {first, 1, 2, 2}, first);
    e.expectNorm(root + "mask_embed.layer_norm1", first);
    e.expectConv(root + "mask_embed.conv2", {second, first, 2, 2}, second);
    e.expectNorm(root + "mask_embed.layer_norm2", second);
    e.expectConv(root + "mask_embed.conv3", {width, second, 1, 1}, width);
    return "SAM, " + summary;
}

// BertModel below a prefix.
std::string expectBertModel(Expectation &e, const std::string &root)
{
    const auto layers = e.count(root + "encoder.layer.");
    const std::string table = root + "embeddings.word_embeddings.weight";
    auto width = e.side(table, 1);
    if (width == kAny)
        width = e.side(root + "embeddings.LayerNorm.weight", 0);
    const auto hidden =
        e.sideInLayers(root + "encoder.layer.", layers, ".intermediate.dense.weight", 0);
    e.expect(table, {kAny, width});
    e.expect(root + "embeddings.position_embeddings.weight", {kAny, width});
    e.expect(root + "embeddings.token_type_embeddings.weight", {kAny, width});
    e.expectNorm(root + "embeddings.LayerNorm", width);
    for (std::int64_t i = 0; i < layers; ++i) {
        const std::string layer = numbered(root + "encoder.layer.", i) + ".";
        for (const char *projection : {"query", "key", "value"})
            e.expectLinear(layer + "attention.self." + projection, width, width);
        e.expectLinear(layer + "attention.output.dense", width, width);
        e.expectNorm(layer + "attention.output.LayerNorm", width);
        e.expectLinear(layer + "intermediate.dense", hidden, width);
        e.expectLinear(layer + "output.dense", width, hidden);
        e.expectNorm(layer + "output.LayerNorm", width);
    }
    e.expectLinear(root + "pooler.dense", width, width);
    return layersText(layers, width);
}

std::string expectBert(Expectation &e)
{
    const auto summary = expectBertModel(e, "bert.");
    if (e.hasPrefix("cls.predictions.")) {
        const auto width = e.side({{"bert.embeddings.word_embeddings.weight", 1},
                                   {"bert.embeddings.LayerNorm.weight", 0}});
        e.expect("cls.predictions.bias", {e.side("bert.embeddings.word_embeddings.weight", 0)});
        e.expectLinear("cls.predictions.transform.dense", width, width);
        e.expectNorm("cls.predictions.transform.LayerNorm", width);
        if (e.hasPrefix("cls.seq_relationship."))
            e.expectLinear("cls.seq_relationship", 2, width);
    }
    return "BERT, " + summary;
}

std::string expectPersonSam(Expectation &e)
{
    const auto summary = expectSamEncoder(e);
    expectSamDecoder(e);
    expectBertModel(e, "text_prompt_encoder.");
    const auto width = e.side({{"no_mask_embed.weight", 1}, {"mask_decoder.iou_token.weight", 1}});
    const auto text = e.side({{"text_prompt_encoder.embeddings.word_embeddings.weight", 1},
                              {"text_prompt_encoder.embeddings.LayerNorm.weight", 0}});
    e.expect("fixed_query", {1, kAny, width});
    e.expect("no_mask_embed.weight", {1, width});
    e.expect("shared_image_embedding.positional_embedding", {2, part(width, 2)});
    e.expectLinear("text_proj", width, text);
    e.expectLinear("transform_linear", e.side("transform_linear.weight", 0),
                   e.side("transform_linear.weight", 1));
    e.expect("transform_attention.in_proj_weight", {times(3, width), width});
    e.expect("transform_attention.in_proj_bias", {times(3, width)});
    e.expectLinear("transform_attention.out_proj", width, width);
    return "text-prompted SAM, " + summary;
}

std::string expectClipTower(Expectation &e, const std::string &root, std::int64_t width)
{
    const std::string blocks = root + "encoder.layers.";
    const auto layers = e.count(blocks);
    const auto hidden = e.sideInLayers(blocks, layers, ".mlp.fc1.weight", 0);
    for (std::int64_t i = 0; i < layers; ++i) {
        const std::string layer = numbered(blocks, i) + ".";
        for (const char *projection : {"q_proj", "k_proj", "v_proj", "out_proj"})
            e.expectLinear(layer + "self_attn." + projection, width, width);
        e.expectNorm(layer + "layer_norm1", width);
        e.expectNorm(layer + "layer_norm2", width);
        e.expectLinear(layer + "mlp.fc1", hidden, width);
        e.expectLinear(layer + "mlp.fc2", width, hidden);
    }
    return layersText(layers, width);
}

std::string expectClip(Expectation &e)
{
    const auto image = e.side(
        {{"vision_model.embeddings.class_embedding", 0}, {"vision_model.pre_layrnorm.weight", 0}});
    const auto text = e.side({{"text_model.embeddings.token_embedding.weight", 1},
                              {"text_model.final_layer_norm.weight", 0}});
    const auto out = e.side({{"visual_projection.weight", 0}, {"text_projection.weight", 0}});
    const auto patch = e.side("vision_model.embeddings.patch_embedding.weight", 2);
    e.expect("vision_model.embeddings.class_embedding", {image});
    e.expect("vision_model.embeddings.patch_embedding.weight", {image, 3, patch, patch});
    e.expect("vision_model.embeddings.position_embedding.weight", {kAny, image});
    e.expectNorm("vision_model.pre_layrnorm", image);
    const auto vision = expectClipTower(e, "vision_model.", image);
    e.expectNorm("vision_model.post_layernorm", image);
    e.expect("text_model.embeddings.token_embedding.weight", {kAny, text});
    e.expect("text_model.embeddings.position_embedding.weight", {kAny, text});
    const auto words = expectClipTower(e, "text_model.", text);
    e.expectNorm("text_model.final_layer_norm", text);
    e.expect("visual_projection.weight", {out, image});
    e.expect("text_projection.weight", {out, text});
    e.expect("logit_scale", {});
    return "CLIP, image tower of " + vision + ", text tower of " + words;
}

// Without the norm behind it, which LAVIS counts to the other side.
std::string expectBlip2Vision(Expectation &e)
{
    const std::string blocks = "vision_model.encoder.layers.";
    const auto layers = e.count(blocks);
    const auto width = e.side({{"vision_model.embeddings.class_embedding", 2},
                               {"vision_model.embeddings.position_embedding", 2},
                               {"vision_model.embeddings.patch_embedding.weight", 0}});
    const auto hidden = e.sideInLayers(blocks, layers, ".mlp.fc1.weight", 0);
    const auto patch = e.side("vision_model.embeddings.patch_embedding.weight", 2);
    e.expect("vision_model.embeddings.class_embedding", {1, 1, width});
    e.expect("vision_model.embeddings.position_embedding", {1, kAny, width});
    e.expectConv("vision_model.embeddings.patch_embedding", {width, 3, patch, patch}, width);
    for (std::int64_t i = 0; i < layers; ++i) {
        const std::string layer = numbered(blocks, i) + ".";
        e.expectNorm(layer + "layer_norm1", width);
        e.expectNorm(layer + "layer_norm2", width);
        e.expectLinear(layer + "self_attn.qkv", times(3, width), width);
        e.expectLinear(layer + "self_attn.projection", width, width);
        e.expectLinear(layer + "mlp.fc1", hidden, width);
        e.expectLinear(layer + "mlp.fc2", width, hidden);
    }
    return layersText(layers, width);
}

std::string expectQFormer(Expectation &e)
{
    const std::string blocks = "qformer.encoder.layer.";
    const auto layers = e.count(blocks);
    const auto width = e.side({{"query_tokens", 2}, {"qformer.layernorm.weight", 0}});
    const auto image = e.side({{"vision_model.post_layernorm.weight", 0},
                               {"vision_model.embeddings.class_embedding", 2}});
    const auto hidden = e.sideInLayers(blocks, layers, ".intermediate_query.dense.weight", 0);
    const auto hasCross = [&](std::int64_t i) {
        return e.hasPrefix(numbered(blocks, i) + ".crossattention.");
    };
    std::int64_t every = 1; // cross attention in each such layer, the first included
    while (every < layers && !hasCross(every))
        ++every;

    const auto expectAttention = [&](const std::string &name, std::int64_t keyWidth) {
        e.expectLinear(name + ".attention.query", width, width);
        e.expectLinear(name + ".attention.key", width, keyWidth);
        e.expectLinear(name + ".attention.value", width, keyWidth);
        e.expectLinear(name + ".output.dense", width, width);
        e.expectNorm(name + ".output.LayerNorm", width);
    };
    e.expect("query_tokens", {1, kAny, width});
    e.expectNorm("qformer.layernorm", width);
    for (std::int64_t i = 0; i < layers; ++i) {
        const std::string layer = numbered(blocks, i) + ".";
        expectAttention(layer + "attention", width);
        if (i % every == 0)
            expectAttention(layer + "crossattention", image);
        e.expectLinear(layer + "intermediate_query.dense", hidden, width);
        e.expectLinear(layer + "output_query.dense", width, hidden);
        e.expectNorm(layer + "output_query.LayerNorm", width);
    }
    e.expectNorm("vision_model.post_layernorm", image);
    e.expectLinear("language_projection", e.side("language_projection.weight", 0), width);
    return layersText(layers, width);
}

std::string expectOpt(Expectation &e)
{
    const std::string root = "language_model.model.decoder.";
    const auto layers = e.count(root + "layers.");
    const auto width = e.side({{"language_model.model.decoder.embed_positions.weight", 1},
                               {"language_model.model.decoder.embed_tokens.weight", 1}});
    const auto hidden = e.sideInLayers(root + "layers.", layers, ".fc1.weight", 0);
    e.expect(root + "embed_tokens.weight", {kAny, width});
    e.expect(root + "embed_positions.weight", {kAny, width});
    e.expectNorm(root + "final_layer_norm", width);
    for (std::int64_t i = 0; i < layers; ++i) {
        const std::string layer = numbered(root + "layers.", i) + ".";
        for (const char *projection : {"q_proj", "k_proj", "v_proj", "out_proj"})
            e.expectLinear(layer + "self_attn." + projection, width, width);
        e.expectNorm(layer + "self_attn_layer_norm", width);
        e.expectLinear(layer + "fc1", hidden, width);
        e.expectLinear(layer + "fc2", width, hidden);
        e.expectNorm(layer + "final_layer_norm", width);
    }
    return layersText(layers, width);
}

void expectT5Attention(Expectation &e, const std::string &name, std::int64_t inner,
                       std::int64_t width)
{
    for (const char *projection : {".q.weight", ".k.weight", ".v.weight"})
        e.expect(name + projection, {inner, width});
    e.expect(name + ".o.weight", {width, inner});
}

std::string expectT5(Expectation &e)
{
    const std::string root = "language_model.";
    const auto rows =
        e.side({{"language_model.shared.weight", 0}, {"language_model.lm_head.weight", 0}});
    const auto width = e.side({{"language_model.shared.weight", 1},
                               {"language_model.encoder.final_layer_norm.weight", 0}});
    e.expect(root + "shared.weight", {rows, width});
    if (e.has(root + "lm_head.weight")
        || !e.hasPrefix(root + "encoder.block.0.layer.1.DenseReluDense.wi.")) {
        // Only the releases before 1.1, with plain feed-forward layers, tie it to the table.
        e.expect(root + "lm_head.weight", {rows, width});
    }
    std::string summary;
    for (const bool isDecoder : {false, true}) {
        const std::string stack = root + (isDecoder ? "decoder." : "encoder.");
        const auto layers = e.count(stack + "block.");
        const auto inner =
            e.sideInLayers(stack + "block.", layers, ".layer.0.SelfAttention.q.weight", 0);
        const std::string forward =
            isDecoder ? ".layer.2.DenseReluDense" : ".layer.1.DenseReluDense";
        const auto hidden = e.sideInLayers(stack + "block.", layers, forward + ".wo.weight", 1);
        const bool isGated =
            e.sideInLayers(stack + "block.", layers, forward + ".wi.weight", 0) == kAny;
        e.expect(stack + "block.0.layer.0.SelfAttention.relative_attention_bias.weight",
                 {kAny, kAny});
        for (std::int64_t i = 0; i < layers; ++i) {
            const std::string block = numbered(stack + "block.", i);
            expectT5Attention(e, block + ".layer.0.SelfAttention", inner, width);
            e.expect(block + ".layer.0.layer_norm.weight", {width});
            if (isDecoder) {
                expectT5Attention(e, block + ".layer.1.EncDecAttention", inner, width);
                e.expect(block + ".layer.1.layer_norm.weight", {width});
            }
            for (const char *wi : {".wi_0.weight", ".wi_1.weight"}) {
                if (isGated)
                    e.expect(block + forward + wi, {hidden, width});
            }
            if (!isGated)
                e.expect(block + forward + ".wi.weight", {hidden, width});
            e.expect(block + forward + ".wo.weight", {width, hidden});
            e.expect(block + forward.substr(0, 8) + ".layer_norm.weight", {width});
        }
        e.expect(stack + "final_layer_norm.weight", {width});
        summary += (isDecoder ? " + " : "") + layersText(layers, width);
    }
    return summary;
}

std::string expectDvae(Expectation &e)
{
    const std::string root = "blocks.";
    const auto groups = std::max<std::int64_t>(e.count(root + "group_") - 1, 0); // from one
    const auto first = e.side({{"blocks.input.weight", 0},
                               {"blocks.group_1.group.block_1.res_path.path.conv_1.weight", 1}});
    const auto inputSide = e.side("blocks.input.weight", 2);
    e.expectConv(root + "input", {first, 3, inputSide, inputSide}, first);
    std::int64_t in = first;
    for (std::int64_t group = 1; group <= groups; ++group) {
        const std::string blocks = numbered(root + "group_", group) + ".group.block_";
        const auto count = std::max<std::int64_t>(e.count(blocks) - 1, 0);
        // Every group doubles the width of the one before.
        const auto out = group == 1 ? first : times(2, in);
        for (std::int64_t block = 1; block <= count; ++block) {
            const std::string name = numbered(blocks, block) + ".";
            const auto inner = part(out, 4);
            if (in != out)
                e.expectConv(name + "id_path", {out, in, 1, 1}, out);
            const std::string path = name + "res_path.path.conv_";
            e.expectConv(path + "1", {inner, in, 3, 3}, inner);
            e.expectConv(path + "2", {inner, inner, 3, 3}, inner);
            e.expectConv(path + "3", {inner, inner, 3, 3}, inner);
            e.expectConv(path + "4", {out, inner, 1, 1}, out);
            in = out;
        }
    }
    const auto words = e.side("blocks.output.conv.weight", 0);
    e.expectConv(root + "output.conv", {words, in, 1, 1}, words);
    return "discrete VAE encoder, " + std::to_string(groups) + " groups from "
           + (first == kAny ? "?" : std::to_string(first)) + " channels";
}

void recogniseBlip2(Expectation &e, Recognition &result)
{
    const bool isT5 = e.hasPrefix("language_model.encoder.") || (result.architecture == "blip2-t5");
    const bool hasVision = e.hasPrefix("vision_model.encoder.layers.");
    const bool hasLanguage = e.hasPrefix("language_model.");
    result.architecture = isT5 ? "blip2-t5" : "blip2-opt";
    result.summary = "BLIP-2, Q-Former of " + expectQFormer(e);
    if (hasVision)
        result.summary += ", vision tower of " + expectBlip2Vision(e);
    else
        result.missingParts.push_back("vision tower");
    if (hasLanguage)
        result.summary += std::string(", ") + (isT5 ? "T5" : "OPT") + " of "
                          + (isT5 ? expectT5(e) : expectOpt(e));
    else
        result.missingParts.push_back("language model");
}

std::string joined(const std::vector<std::string> &list, std::size_t most)
{
    std::string text;
    for (std::size_t i = 0; i < list.size() && i < most; ++i)
        text += (i == 0 ? "" : ", ") + list[i];
    return list.size() > most ? text + " and " + std::to_string(list.size() - most) + " more"
                              : text;
}

std::string adviceFor(const Recognition &result)
{
    std::string advice;
    const auto add = [&](const std::string &text) {
        advice += (advice.empty() ? "" : "; ") + text;
    };
    const std::string file =
        result.format == PublishedFormat::Blip2Lavis ? "this LAVIS file" : "this file";
    for (const auto &name : result.missingParts) {
        if (name == "vision tower")
            add(file + " holds no vision tower; add eva_vit_g.pth");
        else if (result.architecture == "blip2-t5")
            add(file + " holds no language model; add the files of google/flan-t5-xl");
        else
            add(file + " holds no language model; add the files of facebook/opt-2.7b");
    }
    if (!result.missing.empty())
        add("tensors are missing (" + joined(result.missing, 3) + "); fetch the file again");
    if (!result.misshapen.empty())
        add("tensors have a wrong shape (" + joined(result.misshapen, 3) + ")");
    return advice;
}

} // namespace

Recognition recognise(std::shared_ptr<const TensorSource> source, const std::string &known)
{
    Recognition result;
    result.format = publishedFormatOf(*source);
    if (result.format == PublishedFormat::Unknown) {
        result.summary = "unknown network";
        result.advice = "the names of the tensors belong to no network that this program knows";
        return result;
    }
    result.architecture = known == "blip2-t5" ? known : "";
    for (const auto &name : source->names()) {
        if (startsWith(name, "t5_proj.") || startsWith(name, "t5_model."))
            result.architecture = "blip2-t5";
    }
    const auto named = withHuggingFaceNames(source);
    Expectation e(*named);
    switch (result.format) {
    case PublishedFormat::SamMeta:
    case PublishedFormat::SamHf:
        result.architecture = "sam";
        result.summary = expectSam(e);
        break;
    case PublishedFormat::PersonSam:
        result.architecture = "person-sam";
        result.summary = expectPersonSam(e);
        break;
    case PublishedFormat::Bert:
        result.architecture = "bert";
        result.summary = expectBert(e);
        break;
    case PublishedFormat::ClipOpenAi:
    case PublishedFormat::ClipHf:
        result.architecture = "clip";
        result.summary = expectClip(e);
        break;
    case PublishedFormat::Blip2Hf:
    case PublishedFormat::Blip2Lavis:
        recogniseBlip2(e, result);
        break;
    case PublishedFormat::EvaVit:
        result.architecture = "eva-vit";
        result.summary = "vision tower of BLIP-2, " + expectBlip2Vision(e);
        break;
    case PublishedFormat::Opt:
        result.architecture = "opt";
        result.summary = "OPT, " + expectOpt(e);
        break;
    case PublishedFormat::T5:
        result.architecture = "t5";
        result.summary = "T5, " + expectT5(e);
        break;
    case PublishedFormat::DvaeOpenAi:
    case PublishedFormat::DvaeHf:
        result.architecture = "dvae";
        result.summary = expectDvae(e);
        break;
    case PublishedFormat::Unknown:
        break;
    }
    e.compare(result);
    result.isComplete =
        result.missing.empty() && result.misshapen.empty() && result.missingParts.empty();
    result.advice = adviceFor(result);
    return result;
}

} // namespace sapsam
