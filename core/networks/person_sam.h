#pragma once

#include "core/networks/bert.h"
#include "core/networks/sam.h"
#include "core/weights/strict_loader.h"

// The text-prompted SAM of SAP-SAM: a phrase becomes a sparse and a dense prompt.
namespace sapsam::nn {

// How the text reaches the mask decoder. Shipped is the published code's; the others are the
// designs that the paper compares, as tests/golden/person_sam_tiny defines them.
enum class PromptDesign {
    Shipped,       // the class token as sparse prompt, attention over the other tokens as dense
    ClassSparse,   // the class token as sparse prompt
    TokensSparse,  // the other tokens as sparse prompts
    ClassDot,      // the class token times the image as dense prompt
    TokensDot,     // the other tokens, weighted by their product with the image, as dense prompt
    AttentionDense // attention over the other tokens as dense prompt
};

// "shipped", "cls-sparse", "tokens-sparse", "cls-dot", "tokens-dot", "mca-dense".
const char *nameOf(PromptDesign design);
PromptDesign promptDesignFromName(const std::string &name, const std::string &origin);

struct PersonSamConfig
{
    SamConfig sam;
    BertConfig text;
    std::int64_t attentionHeads = 8;
    std::int64_t maxPhraseTokens = 16; // padded length of a phrase, [CLS] and [SEP] included
    PromptDesign design = PromptDesign::Shipped;

    PersonSamConfig()
    {
        sam.decoderLayerNormEps = 1e-6; // the published code builds on Hugging Face's decoder
    }

    std::vector<std::string> problems() const;
    Json toJson() const; // {"sam": …, "bert": …, "mca_heads", "max_phrase_tokens", "prompt_design"}
};

PersonSamConfig personSamConfigFromJson(const Json &json, const std::string &origin);

// What the decoder needs of P phrases; independent of the image unless the design is a dot product.
struct PhrasePrompts
{
    torch::Tensor sparse; // [P, K, C]
    torch::Tensor dense;  // [P, C, g, g]; undefined for the dot designs
    torch::Tensor text;   // [P, L, hidden], last hidden state
};

struct PersonSamOutput
{
    torch::Tensor maskLogits; // [P, 1, 4g, 4g]; the mask is logits > 0
    torch::Tensor iou;        // [P, 1], predicted overlap with the truth
};

class PersonSamImpl final : public torch::nn::Module
{
public:
    // Throws Error(InvalidInput) for a configuration with problems.
    explicit PersonSamImpl(const PersonSamConfig &config);

    torch::Tensor encodeImage(const torch::Tensor &pixels); // [B, 3, S, S] → [B, C, g, g]

    // ids, mask and typeIds [P, L]; all phrases padded to one length, because the padding takes
    // part in the dense prompt. Prompts of fixed phrases can be kept and used for every image.
    PhrasePrompts encodePhrases(const torch::Tensor &ids, const torch::Tensor &mask = {},
                                const torch::Tensor &typeIds = {});

    // I images and P phrases: I = P pairs them, I = 1 shares one image, otherwise P must be a
    // multiple of I and each image gets the next P / I phrases. multimask: the alternatives instead
    // of token 0
    // ([P, M - 1, …]).
    PersonSamOutput decodePrompts(const torch::Tensor &imageEmbeddings,
                                  const PhrasePrompts &prompts, bool multimask = false);

    // The dense prompt of each phrase; the dot designs take it from the image. Images and phrases
    // are matched as in decodePrompts. [P, C, g, g]
    torch::Tensor densePrompts(const torch::Tensor &imageEmbeddings, const PhrasePrompts &prompts);

    PersonSamOutput decode(const torch::Tensor &imageEmbeddings, const torch::Tensor &ids,
                           const torch::Tensor &mask = {}, const torch::Tensor &typeIds = {});

    PersonSamOutput forward(const torch::Tensor &pixels, const torch::Tensor &ids,
                            const torch::Tensor &mask = {}, const torch::Tensor &typeIds = {});

    torch::Tensor imagePe(); // [1, C, g, g]

    PersonSamConfig config;
    SamPositionalEmbedding shared_image_embedding{nullptr};
    SamImageEncoder vision_encoder{nullptr};
    SamMaskDecoder mask_decoder{nullptr};
    BertModel text_prompt_encoder{nullptr};
    torch::nn::Linear text_proj{nullptr}, transform_linear{nullptr};
    PackedAttention transform_attention{nullptr};
    torch::Tensor fixed_query; // [1, g, C]
    torch::nn::Embedding no_mask_embed{nullptr};
};
TORCH_MODULE(PersonSam);

// Strict, but a file that was made for another image or window size is taken too: its tables of
// positions and the fixed query are resized, and the report's `adapted` names them.
LoadReport loadPersonSam(PersonSam &personSam, const TensorSource &source);

void initializeWeights(PersonSamImpl &personSam, std::uint64_t seed);

} // namespace sapsam::nn
