#include "core/networks/person_sam.h"

#include "core/base/error.h"
#include "core/networks/config_reader.h"
#include "core/nn/initialize.h"
#include "core/weights/tensor_names.h"

#include <cmath>

namespace sapsam::nn {

namespace {

constexpr PromptDesign kDesigns[] = {PromptDesign::Shipped,      PromptDesign::ClassSparse,
                                     PromptDesign::TokensSparse, PromptDesign::ClassDot,
                                     PromptDesign::TokensDot,    PromptDesign::AttentionDense};

// Repeats each image for its phrases: [I, …] → [P, …], a view where one image serves all.
torch::Tensor matchImages(const torch::Tensor &images, std::int64_t phrases)
{
    const auto count = images.size(0);
    if (count == phrases || count == 1)
        return images;
    if (count == 0 || phrases % count != 0)
        throw Error(ErrorKind::InvalidInput, "Person-SAM: " + std::to_string(phrases)
                                                 + " phrases cannot be shared out evenly to "
                                                 + std::to_string(count) + " images");
    return images.repeat_interleave(phrases / count, 0);
}

} // namespace

const char *nameOf(PromptDesign design)
{
    switch (design) {
    case PromptDesign::Shipped:
        return "shipped";
    case PromptDesign::ClassSparse:
        return "cls-sparse";
    case PromptDesign::TokensSparse:
        return "tokens-sparse";
    case PromptDesign::ClassDot:
        return "cls-dot";
    case PromptDesign::TokensDot:
        return "tokens-dot";
    case PromptDesign::AttentionDense:
        return "mca-dense";
    }
    return "shipped";
}

PromptDesign promptDesignFromName(const std::string &name, const std::string &origin)
{
    for (const auto design : kDesigns) {
        if (name == nameOf(design))
            return design;
    }
    throw Error(ErrorKind::Unsupported,
                origin + ": unknown prompt_design '" + name
                    + "'; known are shipped, cls-sparse, tokens-sparse, cls-dot, tokens-dot and "
                      "mca-dense");
}

std::vector<std::string> PersonSamConfig::problems() const
{
    auto found = sam.problems();
    for (const auto &problem : text.problems())
        found.push_back(problem);
    if (attentionHeads <= 0 || sam.promptDim % attentionHeads != 0)
        found.push_back("promptDim must be a multiple of attentionHeads");
    if (maxPhraseTokens < 3 || maxPhraseTokens > text.maxPositions)
        found.push_back("maxPhraseTokens must be from 3 to the text encoder's positions");
    return found;
}

Json PersonSamConfig::toJson() const
{
    return {{"architectures", {"PersonSam"}},
            {"model_type", "person-sam"},
            {"sam", sam.toJson()},
            {"bert", text.toJson()},
            {"mca_heads", attentionHeads},
            {"max_phrase_tokens", maxPhraseTokens},
            {"prompt_design", nameOf(design)}};
}

PersonSamConfig personSamConfigFromJson(const Json &json, const std::string &origin)
{
    PersonSamConfig config;
    ConfigReader top(json, origin);
    const auto sam = top.require<Json>("sam");
    const auto text = top.require<Json>("bert");
    config.attentionHeads = top.valueOr<std::int64_t>("mca_heads", 8);
    config.maxPhraseTokens = top.valueOr<std::int64_t>("max_phrase_tokens", 16);
    config.design =
        promptDesignFromName(top.valueOr<std::string>("prompt_design", "shipped"), origin);
    top.finish();
    config.sam = samConfigFromJson(sam, origin + ", sam");
    config.text = bertConfigFromJson(text, origin + ", bert");
    return config;
}

PersonSamImpl::PersonSamImpl(const PersonSamConfig &config_) : config(config_)
{
    throwProblems("Person-SAM", config.problems());
    const auto dim = config.sam.promptDim, textWidth = config.text.hiddenSize;
    shared_image_embedding = register_module("shared_image_embedding", SamPositionalEmbedding(dim));
    vision_encoder = register_module("vision_encoder", SamImageEncoder(config.sam));
    mask_decoder = register_module("mask_decoder", SamMaskDecoder(config.sam));
    text_prompt_encoder = register_module("text_prompt_encoder", BertModel(config.text));
    text_proj = register_module("text_proj", torch::nn::Linear(textWidth, dim));
    transform_linear = register_module("transform_linear", torch::nn::Linear(textWidth, dim));
    transform_attention =
        register_module("transform_attention", PackedAttention(dim, config.attentionHeads));
    fixed_query = register_parameter("fixed_query", torch::randn({1, config.sam.grid(), dim}));
    no_mask_embed = register_module("no_mask_embed", torch::nn::Embedding(1, dim));
}

torch::Tensor PersonSamImpl::encodeImage(const torch::Tensor &pixels)
{
    return vision_encoder(pixels);
}

torch::Tensor PersonSamImpl::imagePe()
{
    return shared_image_embedding->grid(config.sam.grid());
}

PhrasePrompts PersonSamImpl::encodePhrases(const torch::Tensor &ids, const torch::Tensor &mask,
                                           const torch::Tensor &typeIds)
{
    const auto side = config.sam.grid(), dim = config.sam.promptDim;
    PhrasePrompts prompts;
    prompts.text = text_prompt_encoder(ids, mask, typeIds);
    const auto count = ids.size(0);
    const auto others = prompts.text.slice(1, 1);
    const auto none = torch::zeros({count, 0, dim}, prompts.text.options());
    const auto noMask = no_mask_embed->weight.view({1, dim, 1, 1}).expand({count, dim, side, side});
    const auto attended = [&] {
        const auto queries = fixed_query.expand({count, side, dim});
        // One column of the map for each query, the same in every row, as in the published code.
        return transform_attention(queries, transform_linear(others))
            .transpose(1, 2)
            .unsqueeze(2)
            .expand({count, dim, side, side});
    };
    switch (config.design) {
    case PromptDesign::Shipped:
        prompts.sparse = text_proj(prompts.text.select(1, 0)).unsqueeze(1);
        prompts.dense = attended();
        break;
    case PromptDesign::ClassSparse:
        prompts.sparse = text_proj(prompts.text.select(1, 0)).unsqueeze(1);
        prompts.dense = noMask;
        break;
    case PromptDesign::TokensSparse:
        prompts.sparse = transform_linear(others);
        prompts.dense = noMask;
        break;
    case PromptDesign::AttentionDense:
        prompts.sparse = none;
        prompts.dense = attended();
        break;
    case PromptDesign::ClassDot:
    case PromptDesign::TokensDot:
        prompts.sparse = none; // the dense part needs the image
        break;
    }
    return prompts;
}

torch::Tensor PersonSamImpl::densePrompts(const torch::Tensor &imageEmbeddings,
                                          const PhrasePrompts &prompts)
{
    const auto dim = config.sam.promptDim;
    const auto images = matchImages(imageEmbeddings, prompts.text.size(0));
    if (config.design == PromptDesign::ClassDot)
        return text_proj(prompts.text.select(1, 0)).view({-1, dim, 1, 1}) * images;
    if (config.design == PromptDesign::TokensDot) {
        const auto tokens = transform_linear(prompts.text.slice(1, 1)); // [P, L, C]
        const auto map = images.flatten(2).expand({tokens.size(0), dim, -1});
        const auto scores = torch::bmm(tokens, map) / std::sqrt(static_cast<double>(dim));
        return (torch::bmm(tokens.transpose(1, 2), scores) / tokens.size(1))
            .view({-1, dim, config.sam.grid(), config.sam.grid()});
    }
    return prompts.dense;
}

PersonSamOutput PersonSamImpl::decodePrompts(const torch::Tensor &imageEmbeddings,
                                             const PhrasePrompts &prompts, bool multimask)
{
    const auto images = matchImages(imageEmbeddings, prompts.text.size(0));
    const auto masks = selectMasks(
        mask_decoder(images, imagePe(), prompts.sparse, densePrompts(imageEmbeddings, prompts)),
        multimask);
    return {masks.logits, masks.iou};
}

PersonSamOutput PersonSamImpl::decode(const torch::Tensor &imageEmbeddings,
                                      const torch::Tensor &ids, const torch::Tensor &mask,
                                      const torch::Tensor &typeIds)
{
    return decodePrompts(imageEmbeddings, encodePhrases(ids, mask, typeIds));
}

PersonSamOutput PersonSamImpl::forward(const torch::Tensor &pixels, const torch::Tensor &ids,
                                       const torch::Tensor &mask, const torch::Tensor &typeIds)
{
    return decode(encodeImage(pixels), ids, mask, typeIds);
}

LoadReport loadPersonSam(PersonSam &personSam, const TensorSource &source)
{
    LoadOptions options = personSamNames();
    options.adapt = [](const std::string &name, const torch::Tensor &stored,
                       torch::IntArrayRef wanted) -> torch::Tensor {
        if (name == "fixed_query" && stored.dim() == 3 && stored.size(0) == 1
            && stored.size(2) == wanted.back())
            return resizeRows(stored.to(torch::kFloat)[0], wanted[1]).unsqueeze(0);
        return fittedSamPositions(name, stored, wanted);
    };
    return loadStrict(*personSam, source, options);
}

void initializeWeights(PersonSamImpl &personSam, std::uint64_t seed)
{
    initializeTensors(personSam, seed, [](const std::string &name, const torch::Tensor &tensor) {
        InitialValue value;
        if (samInitialValue(name, value.mean, value.deviation))
            return value;
        if (name == "fixed_query" || name.find("_token.weight") != std::string::npos
            || name.find("_tokens.weight") != std::string::npos)
            return InitialValue{0.0, 1.0};
        if (name == "vision_encoder.pos_embed")
            return InitialValue{0.0, 0.1};
        return scaledInitialValue(name, tensor);
    });
}

} // namespace sapsam::nn
