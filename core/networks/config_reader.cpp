#include "core/networks/config_reader.h"

namespace sapsam::nn {

namespace {

// What the transformers library writes into every config.json and what does not change the
// computation at inference.
const std::set<std::string> kHousekeeping = {
    "add_cross_attention",
    "architectures",
    "attention_dropout",
    "attention_probs_dropout_prob",
    "attn_implementation",
    "bad_words_ids",
    "begin_suppress_tokens",
    "bos_token_id",
    "chunk_size_feed_forward",
    "classifier_dropout",
    "cross_attention_hidden_size",
    "decoder_start_token_id",
    "diversity_penalty",
    "do_sample",
    "dropout",
    "dtype",
    "early_stopping",
    "encoder_no_repeat_ngram_size",
    "eos_token_id",
    "exponential_decay_length_penalty",
    "finetuning_task",
    "forced_bos_token_id",
    "forced_eos_token_id",
    "gradient_checkpointing",
    "hidden_dropout_prob",
    "id2label",
    "image_text_hidden_size",
    "initializer_factor",
    "initializer_range",
    "is_decoder",
    "is_encoder_decoder",
    "label2id",
    "layerdrop",
    "length_penalty",
    "max_length",
    "min_length",
    "model_type",
    "no_repeat_ngram_size",
    "num_beam_groups",
    "num_beams",
    "num_return_sequences",
    "output_attentions",
    "output_hidden_states",
    "output_scores",
    "pad_token_id",
    "prefix",
    "problem_type",
    "pruned_heads",
    "remove_invalid_values",
    "repetition_penalty",
    "return_dict",
    "return_dict_in_generate",
    "sep_token_id",
    "suppress_tokens",
    "task_specific_params",
    "temperature",
    "tf_legacy_loss",
    "tie_encoder_decoder",
    "tie_word_embeddings",
    "tokenizer_class",
    "top_k",
    "top_p",
    "torch_dtype",
    "torchscript",
    "transformers_version",
    "typical_p",
    "use_bfloat16",
    "use_cache",
};

std::string listed(const std::vector<std::string> &names)
{
    std::string text;
    for (const auto &name : names)
        text += (text.empty() ? "'" : ", '") + name + "'";
    return text;
}

} // namespace

ConfigReader::ConfigReader(const Json &json, std::string where)
    : m_json(json), m_where(std::move(where))
{
    if (!m_json.is_object())
        throw Error(ErrorKind::Corrupt, m_where + ": a JSON object is expected");
}

ConfigReader ConfigReader::part(const std::string &key)
{
    m_known.insert(key);
    if (!m_json.contains(key)) {
        m_missing.push_back(key);
        finish();
    }
    return ConfigReader(m_json.at(key), m_where + ", " + key);
}

void ConfigReader::allow(std::initializer_list<const char *> keys)
{
    m_known.insert(keys.begin(), keys.end());
}

void ConfigReader::finish() const
{
    std::vector<std::string> unknown;
    for (const auto &item : m_json.items()) {
        const bool isPrivate = !item.key().empty() && item.key()[0] == '_';
        if (!isPrivate && !m_known.count(item.key()) && !kHousekeeping.count(item.key()))
            unknown.push_back(item.key());
    }
    if (m_missing.empty() && unknown.empty())
        return;
    std::string message = m_where + ": not a configuration that this program knows";
    if (!m_missing.empty())
        message += "; missing: " + listed(m_missing);
    if (!unknown.empty())
        message += "; unknown: " + listed(unknown);
    throw Error(ErrorKind::Corrupt, message);
}

void throwProblems(const std::string &what, const std::vector<std::string> &problems)
{
    if (problems.empty())
        return;
    std::string message = what + " cannot be built:";
    for (const auto &problem : problems)
        message += " " + problem + ";";
    message.pop_back();
    throw Error(ErrorKind::InvalidInput, message);
}

} // namespace sapsam::nn
