#pragma once

#include "core/text/byte_pair_encoding.h"
#include "core/text/token_sequence.h"

#include <string>
#include <string_view>
#include <vector>

namespace sapsam {

// BERT's uncased WordPiece tokenizer (Devlin et al. 2019). A value type, safe to use in parallel.
class WordPieceTokenizer
{
public:
    // vocab.txt: one token a line, the id is the line number. Throws what readFile throws and
    // Error(Corrupt) when a special token is missing or a token occurs twice.
    static WordPieceTokenizer fromFile(const std::string &vocabPath);

    // Without [CLS] and [SEP]. Special tokens written in the text stay whole.
    std::vector<std::int64_t> encode(std::string_view text) const;

    // [CLS] text [SEP], cut to at most `maxLength`, not padded.
    TokenSequence encodeWithSpecials(std::string_view text, std::size_t maxLength = 512) const;

    // [CLS] a [SEP] b [SEP]; tokens are removed from the longer of the two until it fits.
    TokenSequence encodePair(std::string_view a, std::string_view b,
                             std::size_t maxLength = 512) const;

    // [CLS] text [SEP] in exactly `length` tokens.
    TokenSequence encodePadded(std::string_view text, std::size_t length) const;

    // Special tokens are left out.
    std::string decode(const std::vector<std::int64_t> &ids) const;

    std::int64_t padId() const { return m_pad; }
    std::int64_t unknownId() const { return m_unknown; }
    std::int64_t startId() const { return m_start; }         // [CLS]
    std::int64_t separatorId() const { return m_separator; } // [SEP]
    std::int64_t maskId() const { return m_mask; }
    std::size_t size() const { return m_vocabulary.size(); }

private:
    explicit WordPieceTokenizer(Vocabulary vocabulary);

    void encodePlain(std::u32string_view text, std::vector<std::int64_t> &ids) const;
    void encodeWord(std::u32string_view word, std::vector<std::int64_t> &ids) const;

    Vocabulary m_vocabulary;
    std::int64_t m_pad = 0;
    std::int64_t m_unknown = 0;
    std::int64_t m_start = 0;
    std::int64_t m_separator = 0;
    std::int64_t m_mask = 0;
};

// The words that WordPiece splits into pieces: cleaned, lower-cased, without accents, punctuation
// apart.
std::vector<std::u32string> bertWords(std::u32string_view text);

} // namespace sapsam
