#include "core/weights/tensor_names.h"

namespace sapsam {

namespace {

// Spelling of the original TensorFlow export, kept by bert-base-uncased.
const std::vector<std::pair<std::string, std::string>> kOldNormNames = {
    {"LayerNorm.gamma", "LayerNorm.weight"}, {"LayerNorm.beta", "LayerNorm.bias"}};

} // namespace

LoadOptions bertPretrainingNames()
{
    LoadOptions names;
    names.stripPrefixes = {"module."};
    names.replace = kOldNormNames;
    names.ignorable = {"*position_ids", "cls.predictions.decoder.weight",
                       "cls.predictions.decoder.bias"};
    return names;
}

LoadOptions bertModelNames()
{
    LoadOptions names;
    names.stripPrefixes = {"module.", "bert."};
    names.replace = kOldNormNames;
    names.ignorable = {"*position_ids", "cls.*"};
    return names;
}

LoadOptions clipNames()
{
    LoadOptions names;
    names.stripPrefixes = {"module."};
    names.ignorable = {"*position_ids"};
    return names;
}

LoadOptions samNames()
{
    LoadOptions names;
    names.stripPrefixes = {"module."};
    names.tied = {{"shared_image_embedding.positional_embedding",
                   "prompt_encoder.shared_embedding.positional_embedding"}};
    return names;
}

LoadOptions personSamNames()
{
    LoadOptions names;
    names.stripPrefixes = {"module."};
    names.replace = kOldNormNames;
    names.ignorable = {"*position_ids"};
    return names;
}

LoadOptions blip2OptNames()
{
    LoadOptions names;
    names.stripPrefixes = {"module."};
    names.replace = {{"qformer.embeddings.layernorm", "qformer.layernorm"}};
    names.ignorable = {"*position_ids", "language_model.lm_head.weight"};
    return names;
}

LoadOptions blip2T5Names()
{
    LoadOptions names;
    names.stripPrefixes = {"module."};
    names.replace = {{"qformer.embeddings.layernorm", "qformer.layernorm"}};
    names.ignorable = {"*position_ids", "language_model.encoder.embed_tokens.weight",
                       "language_model.decoder.embed_tokens.weight",
                       "*EncDecAttention.relative_attention_bias.weight"};
    return names;
}

LoadOptions t5Names()
{
    LoadOptions names;
    names.stripPrefixes = {"module.", "language_model."};
    names.ignorable = {"encoder.embed_tokens.weight", "decoder.embed_tokens.weight",
                       "*EncDecAttention.relative_attention_bias.weight"};
    return names;
}

LoadOptions dvaeNames()
{
    LoadOptions names;
    names.stripPrefixes = {"module."};
    return names;
}

} // namespace sapsam
