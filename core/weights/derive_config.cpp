#include "core/weights/derive_config.h"

#include <algorithm>
#include <cmath>

namespace sapsam {

namespace {

constexpr std::int64_t kHeadWidth = 64; // of CLIP, BERT, the Q-Former and most others
constexpr std::int64_t kOptPositionOffset = 2;
constexpr std::int64_t kMaxLayers = 1000;
constexpr float kClipMean[] = {0.48145466F, 0.4578275F, 0.40821073F};
constexpr float kClipStd[] = {0.26862954F, 0.26130258F, 0.27577711F};
constexpr float kImageNetMean[] = {0.485F, 0.456F, 0.406F};
constexpr float kImageNetStd[] = {0.229F, 0.224F, 0.225F};

struct HeadsOfWidth
{
    std::int64_t width, heads;
};
// Where the published sizes have other heads than of 64.
constexpr HeadsOfWidth kOptHeads[] = {{2560, 32}, {4096, 32}, {5120, 40}, {7168, 56}, {9216, 72}};
constexpr HeadsOfWidth kVisionHeads[] = {{1408, 16}, {1664, 16}};

bool startsWith(const std::string &text, const std::string &prefix)
{
    return text.compare(0, prefix.size(), prefix) == 0;
}

// The side of a square grid of this many cells, or 0.
std::int64_t squareSide(std::int64_t cells)
{
    const auto side =
        std::llround(std::sqrt(static_cast<double>(std::max<std::int64_t>(cells, 0))));
    return side * side == cells ? side : 0;
}

class Deriver
{
public:
    Deriver(const TensorSource &source, DerivedConfig &result) : m_source(source), m_result(result)
    {
        m_names = source.names();
    }

    // Complete networks have every tensor asked for here; 0 stands for one that is absent.
    std::int64_t side(const std::string &name, std::size_t axis) const
    {
        const auto *info = m_source.find(name);
        return info && axis < info->shape.size() ? info->shape[axis] : 0;
    }

    bool has(const std::string &name) const { return m_source.find(name) != nullptr; }

    // One more than the largest number behind the prefix.
    std::int64_t count(const std::string &prefix) const
    {
        std::int64_t result = 0;
        for (auto it = std::lower_bound(m_names.begin(), m_names.end(), prefix);
             it != m_names.end() && startsWith(*it, prefix); ++it) {
            std::int64_t number = 0;
            std::size_t at = prefix.size();
            while (at < it->size() && (*it)[at] >= '0' && (*it)[at] <= '9' && number < kMaxLayers)
                number = number * 10 + ((*it)[at++] - '0');
            if (at > prefix.size())
                result = std::max(result, std::min(number + 1, kMaxLayers));
        }
        return result;
    }

    template <std::size_t n>
    std::int64_t headsOf(std::int64_t width, const std::string &part,
                         const HeadsOfWidth (&known)[n])
    {
        for (const auto &size : known) {
            if (size.width == width)
                return size.heads;
        }
        return headsOf(width, part);
    }

    std::int64_t headsOf(std::int64_t width, const std::string &part)
    {
        // Narrow networks do not follow the published widths, so nothing is concluded from 64.
        if (width % kHeadWidth != 0 || width < 2 * kHeadWidth)
            m_result.unknown.push_back("the number of attention heads of " + part + " (width "
                                       + std::to_string(width) + ")");
        return std::max<std::int64_t>(width / kHeadWidth, 1);
    }

    void note(const std::string &text) { m_result.notes.push_back(text); }
    void unknown(const std::string &text) { m_result.unknown.push_back(text); }

private:
    const TensorSource &m_source;
    DerivedConfig &m_result;
    std::vector<std::string> m_names;
};

Json picture(const Json &size, const char *resample, const float (&mean)[3], const float (&std)[3])
{
    return {{"size", size},
            {"resample", resample},
            {"image_mean", {mean[0], mean[1], mean[2]}},
            {"image_std", {std[0], std[1], std[2]}}};
}

Json rectangle(std::int64_t height, std::int64_t width)
{
    return {{"height", height}, {"width", width}};
}

void deriveClip(Deriver &d, const DeriveHints &hints, DerivedConfig &result)
{
    const std::string v = "vision_model.", t = "text_model.";
    const auto width = d.side(v + "pre_layrnorm.weight", 0);
    const auto textWidth = d.side(t + "final_layer_norm.weight", 0);
    const auto patch = d.side(v + "embeddings.patch_embedding.weight", 2);
    const auto cells = d.side(v + "embeddings.position_embedding.weight", 0) - 1;
    const auto out = d.side("visual_projection.weight", 0);
    const char *activation = hints.isPlainGelu ? "gelu" : "quick_gelu";

    auto rows = squareSide(cells), columns = rows;
    if (rows == 0) {
        // Pictures of standing people: three or two times as high as wide.
        for (const std::int64_t ratio : {3, 2}) {
            if (cells > 0 && cells % ratio == 0 && squareSide(cells / ratio) > 0 && rows == 0) {
                columns = squareSide(cells / ratio);
                rows = ratio * columns;
                d.note("the positional table has " + std::to_string(cells)
                       + " cells, taken for pictures of " + std::to_string(rows * patch) + " x "
                       + std::to_string(columns * patch) + " (height x width)");
            }
        }
    }
    if (rows == 0)
        d.unknown("the size of pictures (image_height, image_width, stride), whose positional "
                  "table has "
                  + std::to_string(cells) + " cells");
    Json text = {{"hidden_size", textWidth},
                 {"intermediate_size", d.side(t + "encoder.layers.0.mlp.fc1.weight", 0)},
                 {"num_hidden_layers", d.count(t + "encoder.layers.")},
                 {"num_attention_heads", d.headsOf(textWidth, "the text tower")},
                 {"vocab_size", d.side(t + "embeddings.token_embedding.weight", 0)},
                 {"max_position_embeddings", d.side(t + "embeddings.position_embedding.weight", 0)},
                 {"hidden_act", activation},
                 {"layer_norm_eps", 1e-5},
                 {"projection_dim", out},
                 {"eos_token_id", 2}};
    Json vision = {{"hidden_size", width},
                   {"intermediate_size", d.side(v + "encoder.layers.0.mlp.fc1.weight", 0)},
                   {"num_hidden_layers", d.count(v + "encoder.layers.")},
                   {"num_attention_heads", d.headsOf(width, "the image tower")},
                   {"num_channels", 3},
                   {"image_size", rows * patch},
                   {"patch_size", patch},
                   {"hidden_act", activation},
                   {"layer_norm_eps", 1e-5},
                   {"projection_dim", out}};
    if (rows != columns) {
        vision["image_height"] = rows * patch;
        vision["image_width"] = columns * patch;
    }
    result.config = {{"model_type", "clip"},
                     {"projection_dim", out},
                     {"text_config", text},
                     {"vision_config", vision}};
    if (rows == columns)
        result.preprocessor =
            picture({{"shortest_edge", rows * patch}}, "bicubic", kClipMean, kClipStd);
    else
        result.preprocessor =
            picture(rectangle(rows * patch, columns * patch), "bilinear", kClipMean, kClipStd);
}

// vision_encoder.* and mask_decoder.*, which SAM and the text-prompted SAM share.
Json samConfig(Deriver &d, double decoderEps)
{
    const std::string v = "vision_encoder.", m = "mask_decoder.";
    const auto width = d.side(v + "pos_embed", 3);
    const auto patch = d.side(v + "patch_embed.projection.weight", 2);
    const auto grid = d.side(v + "pos_embed", 1);
    const auto layers = d.count(v + "layers.");
    const auto headWidth = d.side(v + "layers.0.attn.rel_pos_h", 1);
    Json global = Json::array();
    std::int64_t window = 0;
    for (std::int64_t i = 0; i < layers; ++i) {
        // A table of relative positions has 2 n - 1 rows for a side of n.
        const auto n = (d.side(v + "layers." + std::to_string(i) + ".attn.rel_pos_h", 0) + 1) / 2;
        if (n == grid)
            global.push_back(i);
        else
            window = n;
    }
    const auto dim = d.side(m + "iou_token.weight", 1);
    const std::string block = m + "transformer.layers.0.";
    const auto inner = d.side(block + "cross_attn_token_to_image.q_proj.weight", 0);
    if (dim % 8 != 0)
        d.unknown("the number of attention heads of the mask decoder (width " + std::to_string(dim)
                  + ")");
    const std::string iou = m + "iou_prediction_head.";
    Json prompt = {{"hidden_size", dim},
                   {"image_size", grid * patch},
                   {"patch_size", patch},
                   {"layer_norm_eps", 1e-6}};
    if (d.has("prompt_encoder.mask_embed.conv2.weight"))
        prompt["mask_input_channels"] = d.side("prompt_encoder.mask_embed.conv2.weight", 0);
    return {{"model_type", "sam"},
            {"vision_config",
             {{"hidden_size", width},
              {"num_hidden_layers", layers},
              {"num_attention_heads", headWidth > 0 ? width / headWidth : 0},
              {"image_size", grid * patch},
              {"patch_size", patch},
              {"window_size", window},
              {"global_attn_indexes", global},
              {"mlp_dim", d.side(v + "layers.0.mlp.lin1.weight", 0)},
              {"output_channels", d.side(v + "neck.conv1.weight", 0)},
              {"hidden_act", "gelu"},
              {"layer_norm_eps", 1e-6}}},
            {"prompt_encoder_config", prompt},
            {"mask_decoder_config",
             {{"hidden_size", dim},
              {"mlp_dim", d.side(block + "mlp.lin1.weight", 0)},
              {"num_hidden_layers", d.count(m + "transformer.layers.")},
              {"num_attention_heads", 8},
              {"attention_downsample_rate", inner > 0 ? dim / inner : 0},
              {"num_multimask_outputs", d.side(m + "mask_tokens.weight", 0) - 1},
              {"iou_head_depth", 2 + d.count(iou + "layers.")},
              {"iou_head_hidden_dim", d.side(iou + "proj_in.weight", 0)},
              {"hidden_act", "relu"},
              {"layer_norm_eps", decoderEps},
              {"final_layer_norm_eps", 1e-5}}}};
}

Json bertConfig(Deriver &d, const std::string &root, const std::string &part)
{
    const auto width = d.side(root + "embeddings.word_embeddings.weight", 1);
    return {{"model_type", "bert"},
            {"vocab_size", d.side(root + "embeddings.word_embeddings.weight", 0)},
            {"hidden_size", width},
            {"num_hidden_layers", d.count(root + "encoder.layer.")},
            {"num_attention_heads", d.headsOf(width, part)},
            {"intermediate_size", d.side(root + "encoder.layer.0.intermediate.dense.weight", 0)},
            {"max_position_embeddings", d.side(root + "embeddings.position_embeddings.weight", 0)},
            {"type_vocab_size", d.side(root + "embeddings.token_type_embeddings.weight", 0)},
            {"hidden_act", "gelu"},
            {"layer_norm_eps", 1e-12}};
}

Json optConfig(Deriver &d)
{
    const std::string root = "language_model.model.decoder.";
    const auto width = d.side(root + "embed_tokens.weight", 1);
    return {{"model_type", "opt"},
            {"vocab_size", d.side(root + "embed_tokens.weight", 0)},
            {"hidden_size", width},
            {"num_hidden_layers", d.count(root + "layers.")},
            {"num_attention_heads", d.headsOf(width, "the language model", kOptHeads)},
            {"ffn_dim", d.side(root + "layers.0.fc1.weight", 0)},
            {"max_position_embeddings",
             d.side(root + "embed_positions.weight", 0) - kOptPositionOffset},
            {"word_embed_proj_dim", width},
            {"do_layer_norm_before", true},
            {"activation_function", "relu"},
            {"bos_token_id", 2},
            {"pad_token_id", 1},
            {"eos_token_id", 2}};
}

Json t5Config(Deriver &d, bool isInBlip2)
{
    const std::string root = "language_model.";
    const std::string first = root + "encoder.block.0.layer.";
    const std::string table = first + "0.SelfAttention.relative_attention_bias.weight";
    const auto heads = d.side(table, 1);
    const auto inner = d.side(first + "0.SelfAttention.q.weight", 0);
    const bool isGated = d.has(first + "1.DenseReluDense.wi_0.weight");
    Json config = {{"model_type", "t5"},
                   {"vocab_size", d.side(root + "shared.weight", 0)},
                   {"d_model", d.side(root + "shared.weight", 1)},
                   {"d_kv", heads > 0 ? inner / heads : 0},
                   {"d_ff", d.side(first + "1.DenseReluDense.wo.weight", 1)},
                   {"num_heads", heads},
                   {"num_layers", d.count(root + "encoder.block.")},
                   {"num_decoder_layers", d.count(root + "decoder.block.")},
                   {"relative_attention_num_buckets", d.side(table, 0)},
                   {"relative_attention_max_distance", 128},
                   {"feed_forward_proj", isGated ? "gated-gelu" : "relu"},
                   {"layer_norm_epsilon", 1e-6},
                   {"tie_word_embeddings", !d.has(root + "lm_head.weight")},
                   {"decoder_start_token_id", 0},
                   {"pad_token_id", 0},
                   {"eos_token_id", 1}};
    if (isInBlip2 && isGated)
        config["dense_act_fn"] = "gelu"; // LAVIS and its conversion set the exact one
    return config;
}

void deriveBlip2(Deriver &d, bool isT5, const DeriveHints &hints, DerivedConfig &result)
{
    const std::string v = "vision_model.", q = "qformer.encoder.layer.";
    const auto width = d.side(v + "post_layernorm.weight", 0);
    const auto patch = d.side(v + "embeddings.patch_embedding.weight", 2);
    const auto cells = d.side(v + "embeddings.position_embedding", 1) - 1;
    auto rows = squareSide(cells);
    if (rows == 0)
        d.unknown("the size of pictures (image_height, image_width), whose positional table has "
                  + std::to_string(cells) + " cells");
    const auto hidden = d.side("query_tokens", 2);
    const auto layers = d.count(q);
    std::int64_t every = 1;
    while (every < layers
           && !d.has(q + std::to_string(every) + ".crossattention.attention.query.weight"))
        ++every;
    Json vision = {{"hidden_size", width},
                   {"intermediate_size", d.side(v + "encoder.layers.0.mlp.fc1.weight", 0)},
                   {"num_hidden_layers", d.count(v + "encoder.layers.")},
                   {"num_attention_heads", d.headsOf(width, "the vision tower", kVisionHeads)},
                   {"image_size", rows * patch},
                   {"patch_size", patch},
                   {"hidden_act", "gelu"},
                   {"layer_norm_eps", 1e-6},
                   {"qkv_bias", true}};
    if (hints.format == PublishedFormat::Blip2Lavis)
        vision["post_layer_norm_eps"] = 1e-5;
    result.config = {{"model_type", "blip-2"},
                     {"num_query_tokens", d.side("query_tokens", 1)},
                     {"vision_config", vision},
                     {"qformer_config",
                      {{"hidden_size", hidden},
                       {"num_hidden_layers", layers},
                       {"num_attention_heads", d.headsOf(hidden, "the Q-Former")},
                       {"intermediate_size", d.side(q + "0.intermediate_query.dense.weight", 0)},
                       {"cross_attention_frequency", every},
                       {"encoder_hidden_size", width},
                       {"hidden_act", "gelu"},
                       {"layer_norm_eps", 1e-12}}},
                     {"text_config", isT5 ? t5Config(d, true) : optConfig(d)}};
    result.preprocessor =
        picture(rectangle(rows * patch, rows * patch), "bicubic", kClipMean, kClipStd);
}

void derivePersonSam(Deriver &d, DerivedConfig &result)
{
    // The published code builds on Hugging Face's decoder.
    const Json sam = samConfig(d, 1e-6);
    const auto dim = d.side("mask_decoder.iou_token.weight", 1);
    if (dim % 8 != 0)
        d.unknown("the number of heads of the phrase attention (mca_heads)");
    d.note("phrases are padded to 16 tokens, as the published training does it");
    result.config = {{"sam", sam},
                     {"bert", bertConfig(d, "text_prompt_encoder.", "the text encoder")},
                     {"mca_heads", 8},
                     {"max_phrase_tokens", 16}};
    const auto frame = sam.at("vision_config").at("image_size");
    result.preprocessor =
        picture({{"longest_edge", frame}}, "bilinear", kImageNetMean, kImageNetStd);
}

void deriveDvae(Deriver &d, DerivedConfig &result)
{
    const auto groups = std::max<std::int64_t>(d.count("blocks.group_") - 1, 0); // from one
    result.config = {{"model_type", "flava_image_codebook"},
                     {"num_groups", groups},
                     {"input_channels", d.side("blocks.input.weight", 1)},
                     {"num_blocks_per_group",
                      std::max<std::int64_t>(d.count("blocks.group_1.group.block_") - 1, 0)},
                     {"hidden_size", d.side("blocks.input.weight", 0)},
                     {"vocab_size", d.side("blocks.output.conv.weight", 0)}};
}

} // namespace

DerivedConfig deriveConfig(const Recognition &recognition, const TensorSource &named,
                           const DeriveHints &hints)
{
    DerivedConfig result;
    Deriver d(named, result);
    const std::string &architecture = recognition.architecture;
    if (architecture == "clip") {
        deriveClip(d, hints, result);
    } else if (architecture == "sam") {
        const bool isMeta = hints.format == PublishedFormat::SamMeta;
        result.config = samConfig(d, isMeta ? 1e-5 : 1e-6);
        result.preprocessor =
            picture({{"longest_edge", result.config.at("vision_config").at("image_size")}},
                    "bilinear", kImageNetMean, kImageNetStd);
    } else if (architecture == "person-sam") {
        derivePersonSam(d, result);
    } else if (architecture == "bert") {
        result.config = bertConfig(d, "bert.", "the encoder");
    } else if (architecture == "blip2-opt" || architecture == "blip2-t5") {
        deriveBlip2(d, architecture == "blip2-t5", hints, result);
    } else if (architecture == "t5") {
        result.config = t5Config(d, false);
    } else if (architecture == "dvae") {
        deriveDvae(d, result);
    }
    return result;
}

} // namespace sapsam
