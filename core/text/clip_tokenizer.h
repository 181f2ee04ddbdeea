#pragma once

#include "core/text/byte_pair_encoding.h"
#include "core/text/token_sequence.h"

#include <string>
#include <string_view>
#include <vector>

namespace sapsam {

// CLIP's lower-cased byte-pair tokenizer (Radford et al. 2021). A value type, safe to use in
// parallel.
class ClipTokenizer
{
public:
    // With MaskToken the last merge is dropped and its id means "<|mask|>", as the person retrieval
    // models that predict masked words have it.
    enum class Variant { Plain, MaskToken };

    // OpenAI's bpe_simple_vocab_16e6.txt, plain or gzipped.
    static ClipTokenizer fromOpenAiMerges(const std::string &path,
                                          Variant variant = Variant::Plain);

    // Hugging Face's pair of files. All throw Error(Corrupt) for a file that is not what it should
    // be and what readFile throws.
    static ClipTokenizer fromHuggingFace(const std::string &vocabPath,
                                         const std::string &mergesPath,
                                         Variant variant = Variant::Plain);

    // vocab.json and merges.txt in the folder, or else bpe_simple_vocab_16e6.txt.gz or .txt.
    static ClipTokenizer fromFolder(const std::string &folder, Variant variant = Variant::Plain);

    // Without start and end.
    std::vector<std::int64_t> encode(std::string_view text) const;

    // Start, text, end, padded with the pad id. A text that is too long loses its last tokens,
    // never its end token: the network reads the text there, at the largest id.
    TokenSequence encodePadded(std::string_view text, std::size_t length = 77) const;

    // Words are followed by a space each; bytes that are no UTF-8 become U+FFFD.
    std::string decode(const std::vector<std::int64_t> &ids) const;

    std::int64_t startId() const { return m_start; }
    std::int64_t endId() const { return m_end; }
    std::int64_t padId() const { return 0; }
    std::int64_t maskId() const { return m_mask; } // -1 for Variant::Plain
    std::size_t size() const { return m_vocabulary.size(); }

private:
    ClipTokenizer(Vocabulary vocabulary, std::vector<std::pair<std::string, std::string>> merges,
                  Variant variant, const std::string &origin);

    Vocabulary m_vocabulary;
    BytePairMerges m_merges;
    std::int64_t m_start = 0;
    std::int64_t m_end = 0;
    std::int64_t m_mask = -1;
};

// Bytes of a gzip file, at most 256 MB. Throws Error(Corrupt) naming the path, Error(Unsupported)
// in a build without zlib.
std::string readGzipFile(const std::string &path);

} // namespace sapsam
