#pragma once

#include "core/text/token_sequence.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sapsam {

// SentencePiece's unigram tokenizer (Kudo 2018) as T5 uses it: the text is normalised by the rules
// that the vocabulary file carries, every word begins with "▁", the split with the largest sum of
// scores wins, and </s> is appended. Special tokens written in the text are ordinary characters. A
// value type, safe to use in parallel.
class UnigramTokenizer
{
public:
    // tokenizer.json: pieces with scores, a precompiled normaliser and the special tokens. Throws
    // what readFile throws, Error(Corrupt) for a file that is no such vocabulary and
    // Error(Unsupported) for another kind of tokenizer.
    static UnigramTokenizer fromTokenizerJson(const std::string &path);

    // spiece.model, the protobuf of SentencePiece, with T5's <extra_id_99> … <extra_id_0> behind
    // its pieces. Throws the same.
    static UnigramTokenizer fromSentencePiece(const std::string &path);

    // spiece.model of the folder, or else its tokenizer.json. Throws Error(NotFound) without both.
    static UnigramTokenizer fromFolder(const std::string &folder);

    // With </s> at the end unless told otherwise.
    std::vector<std::int64_t> encode(std::string_view text, bool withEnd = true) const;

    // Padded on the right. A text that is too long keeps its </s>.
    TokenSequence encodePadded(std::string_view text, std::size_t length) const;

    // Special tokens are left out, unknown ones become " ⁇ ".
    std::string decode(const std::vector<std::int64_t> &ids) const;

    std::int64_t padId() const;
    std::int64_t endId() const;
    std::int64_t unknownId() const;
    std::size_t size() const; // with the special tokens

private:
    struct Private;
    explicit UnigramTokenizer(std::shared_ptr<const Private> data);

    std::shared_ptr<const Private> d; // never changes: copies share it
};

} // namespace sapsam
