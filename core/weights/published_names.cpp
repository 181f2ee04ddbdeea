#include "core/weights/published_names.h"

#include "core/base/error.h"

#include <algorithm>

namespace sapsam {

namespace {

// Wrappers around whole networks that training code leaves in the names.
constexpr const char *kPrefixes[] = {"", "module.", "base_model.", "module.base_model.", "model."};

// LAVIS builds the tower of eva_vit_g.pth without its last block.
constexpr std::int64_t kEvaGiantWidth = 1408;
constexpr const char *kEvaGiantUnusedBlock = "blocks.39.";

bool startsWith(const std::string &text, const std::string &prefix)
{
    return text.compare(0, prefix.size(), prefix) == 0;
}

bool startsWithAny(const std::string &text, std::initializer_list<const char *> prefixes)
{
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](const char *prefix) { return startsWith(text, prefix); });
}

bool endsWith(const std::string &text, const std::string &ending)
{
    return text.size() >= ending.size()
           && text.compare(text.size() - ending.size(), ending.size(), ending) == 0;
}

bool contains(const std::string &text, const std::string &part)
{
    return text.find(part) != std::string::npos;
}

void replaceAll(std::string &text, const std::string &from, const std::string &to)
{
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
}

using Replacements = std::vector<std::pair<std::string, std::string>>;

std::string replaced(std::string text, const Replacements &replacements)
{
    for (const auto &item : replacements)
        replaceAll(text, item.first, item.second);
    return text;
}

// By the names without one of the prefixes. The order matters where one network holds another.
PublishedFormat formatOfNames(const std::vector<std::string> &names)
{
    const auto any = [&](auto predicate) {
        return std::any_of(names.begin(), names.end(), predicate);
    };
    const auto has = [&](std::initializer_list<const char *> prefixes) {
        return any([&](const std::string &name) { return startsWithAny(name, prefixes); });
    };
    if (has({"text_prompt_encoder.", "transform_attention."}))
        return PublishedFormat::PersonSam;
    if (has({"image_encoder.blocks.", "prompt_encoder.pe_layer."}))
        return PublishedFormat::SamMeta;
    if (has({"Qformer.bert."}))
        return PublishedFormat::Blip2Lavis;
    if (has({"qformer.", "language_projection."}))
        return PublishedFormat::Blip2Hf;
    if (has({"vision_encoder.layers."}) && has({"mask_decoder.", "prompt_encoder."}))
        return PublishedFormat::SamHf;
    if (has({"text_model.encoder.layers.", "vision_model.encoder.layers."}))
        return any([](const std::string &name) { return contains(name, "self_attn.qkv."); })
                   ? PublishedFormat::Blip2Hf
                   : PublishedFormat::ClipHf;
    if (has({"visual.transformer.resblocks.", "transformer.resblocks."}))
        return PublishedFormat::ClipOpenAi;
    if (has({"bert.encoder.layer.", "bert.embeddings.", "encoder.layer.0.attention.self."}))
        return PublishedFormat::Bert;
    if (has({"blocks.group_"}))
        return any([](const std::string &name) { return contains(name, ".group.block_"); })
                   ? PublishedFormat::DvaeHf
                   : PublishedFormat::DvaeOpenAi;
    if (has({"blocks."}) && any([](const std::string &name) {
            return endsWith(name, ".attn.q_bias") || endsWith(name, ".attn.v_bias");
        }))
        return PublishedFormat::EvaVit;
    if (has({"decoder.layers.", "model.decoder.layers.", "language_model.model.decoder.layers."})
        && any([](const std::string &name) {
               return contains(name, ".embed_positions.")
                      || contains(name, ".self_attn_layer_norm.");
           }))
        return PublishedFormat::Opt;
    if (has({"encoder.block.", "decoder.block.", "language_model.encoder.block."}))
        return PublishedFormat::T5;
    return PublishedFormat::Unknown;
}

// The names behind a prefix, without it.
std::vector<std::string> namesBehind(const TensorSource &source, const std::string &prefix)
{
    std::vector<std::string> result;
    for (const auto &name : source.names()) {
        if (startsWith(name, prefix))
            result.push_back(name.substr(prefix.size()));
    }
    return result;
}

struct Found
{
    PublishedFormat format = PublishedFormat::Unknown;
    std::string prefix;
};

Found findFormat(const TensorSource &source)
{
    for (const char *prefix : kPrefixes) {
        const auto format = formatOfNames(namesBehind(source, prefix));
        if (format != PublishedFormat::Unknown)
            return {format, prefix};
    }
    return {};
}

// How one tensor comes from those of the file.
struct Recipe
{
    enum class Kind { Copy, Transpose, Chunk, QkvBias } kind = Kind::Copy;
    std::string from;
    std::string second;     // QkvBias: the bias of v
    std::int64_t chunk = 0; // Chunk: which third
    TensorInfo info;
};

class RenamedSource final : public TensorSource
{
public:
    explicit RenamedSource(std::shared_ptr<const TensorSource> source) : m_source(std::move(source))
    {
    }

    const std::string &origin() const override { return m_source->origin(); }

    std::vector<std::string> names() const override
    {
        std::vector<std::string> result;
        for (const auto &recipe : m_recipes)
            result.push_back(recipe.first);
        return result;
    }

    const TensorInfo *find(const std::string &name) const override
    {
        const auto found = m_recipes.find(name);
        return found == m_recipes.end() ? nullptr : &found->second.info;
    }

    torch::Tensor read(const std::string &name) const override
    {
        const auto found = m_recipes.find(name);
        if (found == m_recipes.end())
            throw Error(ErrorKind::NotFound, "'" + origin() + "' has no tensor '" + name + "'");
        const Recipe &recipe = found->second;
        const auto tensor = m_source->read(recipe.from);
        switch (recipe.kind) {
        case Recipe::Kind::Copy:
            return tensor;
        case Recipe::Kind::Transpose:
            return tensor.t().contiguous();
        case Recipe::Kind::Chunk: {
            const auto rows = tensor.size(0) / 3;
            return tensor.narrow(0, recipe.chunk * rows, rows).clone();
        }
        case Recipe::Kind::QkvBias: {
            const auto value = m_source->read(recipe.second).to(tensor.scalar_type());
            return torch::cat({tensor, torch::zeros_like(tensor), value});
        }
        }
        return tensor;
    }

    void readInto(const std::string &name, const torch::Tensor &target) const override
    {
        const auto found = m_recipes.find(name);
        if (found != m_recipes.end() && found->second.kind == Recipe::Kind::Copy)
            m_source->readInto(found->second.from, target);
        else
            TensorSource::readInto(name, target);
    }

    void copy(const std::string &name, const std::string &from)
    {
        m_recipes[name] = {Recipe::Kind::Copy, from, "", 0, *m_source->find(from)};
    }

    void transpose(const std::string &name, const std::string &from)
    {
        Recipe recipe{Recipe::Kind::Transpose, from, "", 0, *m_source->find(from)};
        if (recipe.info.shape.size() != 2)
            refuse(from, "a matrix");
        std::swap(recipe.info.shape[0], recipe.info.shape[1]);
        m_recipes[name] = recipe;
    }

    // `from` holds q, k and v below each other.
    void chunks(const std::string &prefix, const std::string &ending, const std::string &from)
    {
        Recipe recipe{Recipe::Kind::Chunk, from, "", 0, *m_source->find(from)};
        if (recipe.info.shape.empty() || recipe.info.shape[0] % 3 != 0)
            refuse(from, "q, k and v below each other");
        recipe.info.shape[0] /= 3;
        for (const char *part : {"q_proj", "k_proj", "v_proj"}) {
            m_recipes[prefix + part + ending] = recipe;
            ++recipe.chunk;
        }
    }

    // The keys have no bias; a missing partner leaves the names as they are.
    void qkvBias(const std::string &name, const std::string &queryBias,
                 const std::string &valueBias)
    {
        const auto *value = m_source->find(valueBias);
        if (!value) {
            copy(queryBias, queryBias);
            return;
        }
        Recipe recipe{Recipe::Kind::QkvBias, queryBias, valueBias, 0, *m_source->find(queryBias)};
        if (recipe.info.shape.size() != 1 || recipe.info.shape != value->shape)
            refuse(queryBias, "as long as the bias of v");
        recipe.info.shape[0] *= 3;
        m_recipes[name] = recipe;
    }

    // Gives a tensor a second name, unless that is taken.
    void fill(const std::string &name, const std::string &other)
    {
        const auto found = m_recipes.find(other);
        if (found != m_recipes.end())
            m_recipes.emplace(name, found->second);
    }

    const TensorSource &source() const { return *m_source; }

private:
    [[noreturn]] void refuse(const std::string &tensor, const std::string &wanted) const
    {
        throw Error(ErrorKind::Mismatch, "'" + origin() + "': the tensor '" + tensor + "' of shape "
                                             + shapeText(m_source->find(tensor)->shape)
                                             + " should be " + wanted);
    }

    std::shared_ptr<const TensorSource> m_source;
    std::map<std::string, Recipe> m_recipes;
};

class CombinedSource final : public TensorSource
{
public:
    explicit CombinedSource(std::vector<std::shared_ptr<const TensorSource>> sources)
        : m_sources(std::move(sources))
    {
        for (const auto &source : m_sources) {
            // Several views of one file are still one file.
            if (m_origin.find(source->origin()) == std::string::npos)
                m_origin += (m_origin.empty() ? "" : " + ") + source->origin();
            for (const auto &name : source->names())
                m_tensors.emplace(name, source.get());
        }
    }

    const std::string &origin() const override { return m_origin; }

    std::vector<std::string> names() const override
    {
        std::vector<std::string> result;
        for (const auto &tensor : m_tensors)
            result.push_back(tensor.first);
        return result;
    }

    const TensorInfo *find(const std::string &name) const override
    {
        const auto found = m_tensors.find(name);
        return found == m_tensors.end() ? nullptr : found->second->find(name);
    }

    torch::Tensor read(const std::string &name) const override
    {
        const auto found = m_tensors.find(name);
        if (found == m_tensors.end())
            throw Error(ErrorKind::NotFound, "'" + m_origin + "' has no tensor '" + name + "'");
        return found->second->read(name);
    }

    void readInto(const std::string &name, const torch::Tensor &target) const override
    {
        const auto found = m_tensors.find(name);
        if (found == m_tensors.end())
            TensorSource::readInto(name, target); // throws
        else
            found->second->readInto(name, target);
    }

private:
    std::vector<std::shared_ptr<const TensorSource>> m_sources;
    std::string m_origin;
    std::map<std::string, const TensorSource *> m_tensors;
};

// One call for each tensor: its name in the file and the same without prefix.
struct Tensor
{
    const std::string &stored;
    const std::string &name;
};

void nameSamMeta(RenamedSource &out, const Tensor &tensor)
{
    static const Replacements kNames = {
        {"iou_prediction_head.layers.0", "iou_prediction_head.proj_in"},
        {"iou_prediction_head.layers.1", "iou_prediction_head.layers.0"},
        {"iou_prediction_head.layers.2", "iou_prediction_head.proj_out"},
        {"mask_decoder.output_upscaling.0", "mask_decoder.upscale_conv1"},
        {"mask_decoder.output_upscaling.1", "mask_decoder.upscale_layer_norm"},
        {"mask_decoder.output_upscaling.3", "mask_decoder.upscale_conv2"},
        {"mask_downscaling.0", "mask_embed.conv1"},
        {"mask_downscaling.1", "mask_embed.layer_norm1"},
        {"mask_downscaling.3", "mask_embed.conv2"},
        {"mask_downscaling.4", "mask_embed.layer_norm2"},
        {"mask_downscaling.6", "mask_embed.conv3"},
        {"point_embeddings", "point_embed"},
        {"pe_layer.positional_encoding_gaussian_matrix", "shared_embedding.positional_embedding"},
        {"image_encoder", "vision_encoder"},
        {"neck.0", "neck.conv1"},
        {"neck.1", "neck.layer_norm1"},
        {"neck.2", "neck.conv2"},
        {"neck.3", "neck.layer_norm2"},
        {"patch_embed.proj", "patch_embed.projection"},
        {".norm", ".layer_norm"},
        {"blocks", "layers"}};
    if (tensor.name == "pixel_mean" || tensor.name == "pixel_std")
        return;
    std::string name = replaced(tensor.name, kNames);
    if (contains(name, "output_hypernetworks_mlps."))
        name = replaced(name, {{".layers.0.", ".proj_in."},
                               {".layers.1.", ".layers.0."},
                               {".layers.2.", ".proj_out."}});
    out.copy(name, tensor.stored);
}

void nameClipOpenAi(RenamedSource &out, const Tensor &tensor)
{
    static const std::map<std::string, std::string> kNames = {
        {"visual.class_embedding", "vision_model.embeddings.class_embedding"},
        {"visual.conv1.weight", "vision_model.embeddings.patch_embedding.weight"},
        {"visual.positional_embedding", "vision_model.embeddings.position_embedding.weight"},
        {"visual.ln_pre.weight", "vision_model.pre_layrnorm.weight"},
        {"visual.ln_pre.bias", "vision_model.pre_layrnorm.bias"},
        {"visual.ln_post.weight", "vision_model.post_layernorm.weight"},
        {"visual.ln_post.bias", "vision_model.post_layernorm.bias"},
        {"token_embedding.weight", "text_model.embeddings.token_embedding.weight"},
        {"positional_embedding", "text_model.embeddings.position_embedding.weight"},
        {"ln_final.weight", "text_model.final_layer_norm.weight"},
        {"ln_final.bias", "text_model.final_layer_norm.bias"}};
    static const Replacements kBlockNames = {{"attn.out_proj", "self_attn.out_proj"},
                                             {"ln_1", "layer_norm1"},
                                             {"ln_2", "layer_norm2"},
                                             {"mlp.c_fc", "mlp.fc1"},
                                             {"mlp.c_proj", "mlp.fc2"}};
    if (tensor.name == "input_resolution" || tensor.name == "context_length"
        || tensor.name == "vocab_size" || endsWith(tensor.name, "attn_mask"))
        return;
    if (tensor.name == "visual.proj" || tensor.name == "text_projection") {
        out.transpose(tensor.name == "visual.proj" ? "visual_projection.weight"
                                                   : "text_projection.weight",
                      tensor.stored);
        return;
    }
    const auto known = kNames.find(tensor.name);
    if (known != kNames.end()) {
        out.copy(known->second, tensor.stored);
        return;
    }
    for (const auto &tower : Replacements{{"visual.transformer.resblocks.", "vision_model."},
                                          {"transformer.resblocks.", "text_model."}}) {
        if (!startsWith(tensor.name, tower.first))
            continue;
        const std::string name =
            tower.second + "encoder.layers." + tensor.name.substr(tower.first.size());
        const auto fused = name.find("attn.in_proj_");
        if (fused == std::string::npos)
            out.copy(replaced(name, kBlockNames), tensor.stored);
        else
            out.chunks(name.substr(0, fused) + "self_attn.",
                       "." + name.substr(fused + std::string("attn.in_proj_").size()),
                       tensor.stored);
        return;
    }
    out.copy(tensor.name, tensor.stored);
}

void nameBert(RenamedSource &out, const Tensor &tensor)
{
    // The decoder is the table of word embeddings, its bias cls.predictions.bias.
    if (endsWith(tensor.name, "position_ids")
        || startsWith(tensor.name, "cls.predictions.decoder."))
        return;
    const bool isBare = startsWithAny(tensor.name, {"embeddings.", "encoder.", "pooler."});
    out.copy((isBare ? "bert." : "")
                 + replaced(tensor.name, {{"LayerNorm.gamma", "LayerNorm.weight"},
                                          {"LayerNorm.beta", "LayerNorm.bias"}}),
             tensor.stored);
}

// `name` begins behind "language_model.".
void nameLanguageModel(RenamedSource &out, const std::string &name, const std::string &stored,
                       bool isT5)
{
    const bool isCopy =
        isT5 ? name == "encoder.embed_tokens.weight" || name == "decoder.embed_tokens.weight"
             : name == "lm_head.weight";
    // One old T5 release has a table in the cross attention that nothing uses.
    if (isCopy || endsWith(name, "EncDecAttention.relative_attention_bias.weight")
        || endsWith(name, "decoder.version"))
        return;
    const bool isBareOpt = !isT5 && startsWith(name, "decoder.");
    out.copy("language_model." + std::string(isBareOpt ? "model." : "") + name, stored);
}

// `name` begins behind "visual_encoder.".
void nameEvaVit(RenamedSource &out, const std::string &name, const std::string &stored)
{
    const std::string root = stored.substr(0, stored.size() - name.size());
    const auto *table = out.source().find(root + "pos_embed");
    if (startsWithAny(name, {"norm.", "fc_norm.", "head."})
        || (table && table->shape.back() == kEvaGiantWidth
            && startsWith(name, kEvaGiantUnusedBlock)))
        return;
    if (endsWith(name, ".attn.v_bias"))
        return; // part of the next one
    static const Replacements kNames = {{"attn.qkv", "self_attn.qkv"},
                                        {"attn.proj", "self_attn.projection"},
                                        {".norm1.", ".layer_norm1."},
                                        {".norm2.", ".layer_norm2."}};
    if (endsWith(name, ".attn.q_bias")) {
        const std::string block = name.substr(0, name.size() - std::string("attn.q_bias").size());
        out.qkvBias("vision_model." + replaced(block, {{"blocks.", "encoder.layers."}})
                        + "self_attn.qkv.bias",
                    stored, root + block + "attn.v_bias");
    } else if (startsWith(name, "blocks.")) {
        out.copy("vision_model.encoder.layers." + replaced(name.substr(7), kNames), stored);
    } else if (name == "cls_token") {
        out.copy("vision_model.embeddings.class_embedding", stored);
    } else if (name == "pos_embed") {
        out.copy("vision_model.embeddings.position_embedding", stored);
    } else if (startsWith(name, "patch_embed.proj.")) {
        out.copy("vision_model.embeddings.patch_embedding." + name.substr(17), stored);
    } else {
        out.copy("vision_model." + name, stored);
    }
}

void nameBlip2Hf(RenamedSource &out, const Tensor &tensor, bool isT5)
{
    const std::string &name = tensor.name;
    if (endsWith(name, "position_ids") || endsWith(name, ".self_attn.v_bias"))
        return;
    if (startsWith(name, "language_model.")) {
        nameLanguageModel(out, name.substr(15), tensor.stored, isT5);
    } else if (endsWith(name, ".self_attn.q_bias")) {
        const std::string block = name.substr(0, name.size() - 6);
        out.qkvBias(block + "qkv.bias", tensor.stored,
                    tensor.stored.substr(0, tensor.stored.size() - 6) + "v_bias");
    } else {
        out.copy(replaced(name, {{"qformer.embeddings.layernorm", "qformer.layernorm"}}),
                 tensor.stored);
    }
}

void nameBlip2Lavis(RenamedSource &out, const Tensor &tensor, bool isT5)
{
    const std::string &name = tensor.name;
    // Heads and text branches of the first training stage.
    const bool isTextBranch = startsWith(name, "Qformer.bert.encoder.layer.")
                              && !contains(name, "attention.")
                              && (contains(name, ".intermediate.") || contains(name, ".output."));
    if (isTextBranch || endsWith(name, "position_ids") || name == "temp"
        || startsWithAny(name, {"Qformer.cls.", "Qformer.bert.embeddings.word_embeddings.",
                                "Qformer.bert.embeddings.position_embeddings.", "vision_proj.",
                                "text_proj.", "itm_head."}))
        return;
    if (startsWith(name, "visual_encoder.")) {
        nameEvaVit(out, name.substr(15), tensor.stored);
    } else if (startsWithAny(name, {"opt_model.", "t5_model."})) {
        nameLanguageModel(out, name.substr(name.find('.') + 1), tensor.stored, isT5);
    } else {
        std::string result =
            replaced(name, {{"ln_vision.", "vision_model.post_layernorm."},
                            {"Qformer.bert.embeddings.LayerNorm.", "qformer.layernorm."},
                            {"Qformer.bert.", "qformer."},
                            {"opt_proj.", "language_projection."},
                            {"t5_proj.", "language_projection."}});
        if (contains(result, "attention.self."))
            replaceAll(result, ".self.", ".attention.");
        out.copy(result, tensor.stored);
    }
}

void nameDvaeOpenAi(RenamedSource &out, const Tensor &tensor)
{
    std::string name =
        replaced(tensor.name, {{".block_", ".group.block_"}, {".res_path.", ".res_path.path."}});
    if (endsWith(name, ".w"))
        name.replace(name.size() - 1, 1, "weight");
    else if (endsWith(name, ".b"))
        name.replace(name.size() - 1, 1, "bias");
    out.copy(name, tensor.stored);
}

void nameOne(RenamedSource &out, PublishedFormat format, const Tensor &tensor, bool isT5)
{
    switch (format) {
    case PublishedFormat::SamMeta:
        return nameSamMeta(out, tensor);
    case PublishedFormat::ClipOpenAi:
        return nameClipOpenAi(out, tensor);
    case PublishedFormat::Bert:
        return nameBert(out, tensor);
    case PublishedFormat::Blip2Hf:
        return nameBlip2Hf(out, tensor, isT5);
    case PublishedFormat::Blip2Lavis:
        return nameBlip2Lavis(out, tensor, isT5);
    case PublishedFormat::EvaVit:
        return nameEvaVit(out, tensor.name, tensor.stored);
    case PublishedFormat::Opt:
    case PublishedFormat::T5: {
        const std::string prefix = "language_model.";
        return nameLanguageModel(
            out, startsWith(tensor.name, prefix) ? tensor.name.substr(prefix.size()) : tensor.name,
            tensor.stored, format == PublishedFormat::T5);
    }
    case PublishedFormat::DvaeOpenAi:
        return nameDvaeOpenAi(out, tensor);
    case PublishedFormat::PersonSam:
    case PublishedFormat::ClipHf:
    case PublishedFormat::SamHf:
    case PublishedFormat::DvaeHf:
    case PublishedFormat::Unknown:
        break;
    }
    if (!endsWith(tensor.name, "position_ids"))
        out.copy(replaced(tensor.name, {{"LayerNorm.gamma", "LayerNorm.weight"},
                                        {"LayerNorm.beta", "LayerNorm.bias"}}),
                 tensor.stored);
}

} // namespace

const char *nameOf(PublishedFormat format)
{
    switch (format) {
    case PublishedFormat::Unknown:
        return "unknown";
    case PublishedFormat::SamMeta:
        return "sam-meta";
    case PublishedFormat::SamHf:
        return "sam-hf";
    case PublishedFormat::PersonSam:
        return "person-sam";
    case PublishedFormat::Bert:
        return "bert";
    case PublishedFormat::ClipOpenAi:
        return "clip-openai";
    case PublishedFormat::ClipHf:
        return "clip-hf";
    case PublishedFormat::Blip2Hf:
        return "blip2-hf";
    case PublishedFormat::Blip2Lavis:
        return "blip2-lavis";
    case PublishedFormat::EvaVit:
        return "eva-vit";
    case PublishedFormat::Opt:
        return "opt";
    case PublishedFormat::T5:
        return "t5";
    case PublishedFormat::DvaeOpenAi:
        return "dvae-openai";
    case PublishedFormat::DvaeHf:
        return "dvae-hf";
    }
    return "unknown";
}

PublishedFormat publishedFormatOf(const TensorSource &source)
{
    return findFormat(source).format;
}

std::unique_ptr<TensorSource> withHuggingFaceNames(std::shared_ptr<const TensorSource> source)
{
    const Found found = findFormat(*source);
    auto out = std::make_unique<RenamedSource>(source);
    const bool isT5 = [&] {
        for (const auto &name : source->names()) {
            if (startsWithAny(name, {"language_model.encoder.", "t5_"}))
                return true;
        }
        return false;
    }();
    for (const auto &stored : source->names()) {
        if (!startsWith(stored, found.prefix))
            continue;
        const std::string name = stored.substr(found.prefix.size());
        nameOne(*out, found.format, {stored, name}, isT5);
    }
    if (found.format == PublishedFormat::SamMeta || found.format == PublishedFormat::SamHf) {
        constexpr const char *kImage = "shared_image_embedding.positional_embedding";
        constexpr const char *kPrompt = "prompt_encoder.shared_embedding.positional_embedding";
        out->fill(kImage, kPrompt);
        out->fill(kPrompt, kImage);
    }
    return out;
}

std::unique_ptr<TensorSource>
combineSources(std::vector<std::shared_ptr<const TensorSource>> sources)
{
    return std::make_unique<CombinedSource>(std::move(sources));
}

} // namespace sapsam
