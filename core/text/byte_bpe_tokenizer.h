#pragma once

#include "core/text/byte_pair_encoding.h"
#include "core/text/token_sequence.h"

#include <string>
#include <string_view>
#include <vector>

namespace sapsam {

// GPT-2's byte-level byte-pair tokenizer as OPT uses it: every text begins with </s>, nothing is
// appended, nothing is normalised. A value type, safe to use in parallel.
class ByteBpeTokenizer
{
public:
    // Throws what readFile throws and Error(Corrupt) for files that are not a vocabulary and
    // merges.
    static ByteBpeTokenizer fromFiles(const std::string &vocabPath, const std::string &mergesPath);

    // vocab.json and merges.txt in the folder.
    static ByteBpeTokenizer fromFolder(const std::string &folder);

    // With the leading </s> unless told otherwise. </s> and <pad> written in the text are
    // recognised.
    std::vector<std::int64_t> encode(std::string_view text, bool withStart = true) const;

    // Padded on the right.
    TokenSequence encodePadded(std::string_view text, std::size_t length) const;

    // Special tokens are left out; bytes that are no UTF-8 become U+FFFD.
    std::string decode(const std::vector<std::int64_t> &ids) const;

    std::int64_t startId() const { return m_start; }
    std::int64_t endId() const { return m_start; } // OPT: one token for both
    std::int64_t padId() const { return m_pad; }
    std::size_t size() const { return m_vocabulary.size(); }

private:
    ByteBpeTokenizer(Vocabulary vocabulary, BytePairMerges merges);

    void encodePlain(std::u32string_view text, std::vector<std::int64_t> &ids) const;

    Vocabulary m_vocabulary;
    BytePairMerges m_merges;
    std::int64_t m_start = 0;
    std::int64_t m_pad = 0;
};

// GPT-2's pieces: contractions, words, numbers and other runs, each with one space before it; white
// space by itself.
std::vector<std::u32string> gpt2Pieces(std::u32string_view text);

} // namespace sapsam
