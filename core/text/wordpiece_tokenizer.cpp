#include "core/text/wordpiece_tokenizer.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/text/unicode.h"

#include <algorithm>

namespace sapsam {

namespace {

constexpr const char *kSpecials[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
constexpr std::size_t kLongestWord = 100; // characters; longer ones are unknown

} // namespace

std::vector<std::u32string> bertWords(std::u32string_view text)
{
    std::u32string clean;
    for (const char32_t c : text) {
        if (c == 0 || c == 0xfffd)
            continue;
        if (c == U'\t' || c == U'\n' || c == U'\r' || unicode::isSpaceSeparator(c)) {
            clean.push_back(U' ');
        } else if (unicode::isControl(c)) {
            continue;
        } else if (unicode::isCjk(c)) {
            clean.push_back(U' ');
            clean.push_back(c);
            clean.push_back(U' ');
        } else {
            clean.push_back(c);
        }
    }
    clean = unicode::composed(clean);

    std::vector<std::u32string> words;
    std::size_t i = 0;
    while (i < clean.size()) {
        if (unicode::isPythonSpace(clean[i])) {
            ++i;
            continue;
        }
        std::size_t end = i;
        while (end < clean.size() && !unicode::isPythonSpace(clean[end]))
            ++end;
        const std::u32string_view whole(clean.data() + i, end - i);
        std::u32string word;
        for (const char32_t c : unicode::decomposed(unicode::lower(whole))) {
            if (unicode::isMark(c))
                continue;
            if (unicode::isPunctuation(c)) {
                if (!word.empty())
                    words.push_back(word);
                word.clear();
                words.emplace_back(1, c);
            } else {
                word.push_back(c);
            }
        }
        if (!word.empty())
            words.push_back(word);
        i = end;
    }
    return words;
}

WordPieceTokenizer::WordPieceTokenizer(Vocabulary vocabulary) : m_vocabulary(std::move(vocabulary))
{
    m_pad = m_vocabulary.requireId(kSpecials[0]);
    m_unknown = m_vocabulary.requireId(kSpecials[1]);
    m_start = m_vocabulary.requireId(kSpecials[2]);
    m_separator = m_vocabulary.requireId(kSpecials[3]);
    m_mask = m_vocabulary.requireId(kSpecials[4]);
}

WordPieceTokenizer WordPieceTokenizer::fromFile(const std::string &vocabPath)
{
    const std::string text = readFile(vocabPath);
    std::vector<std::string> tokens;
    std::size_t start = 0;
    while (start < text.size()) {
        std::size_t end = text.find('\n', start);
        if (end == std::string::npos)
            end = text.size();
        std::string token = text.substr(start, end - start);
        if (!token.empty() && token.back() == '\r')
            token.pop_back();
        tokens.push_back(std::move(token));
        start = end + 1;
    }
    return WordPieceTokenizer(Vocabulary(std::move(tokens), vocabPath));
}

void WordPieceTokenizer::encodeWord(std::u32string_view word, std::vector<std::int64_t> &ids) const
{
    if (word.size() > kLongestWord) {
        ids.push_back(m_unknown);
        return;
    }
    const std::size_t before = ids.size();
    std::size_t start = 0;
    while (start < word.size()) {
        std::int64_t id = -1;
        std::size_t end = word.size();
        for (; end > start; --end) {
            const std::string piece =
                (start > 0 ? "##" : "") + unicode::encode(word.substr(start, end - start));
            id = m_vocabulary.idOf(piece);
            if (id >= 0)
                break;
        }
        if (id < 0) { // one piece is missing: the whole word is unknown
            ids.resize(before);
            ids.push_back(m_unknown);
            return;
        }
        ids.push_back(id);
        start = end;
    }
}

void WordPieceTokenizer::encodePlain(std::u32string_view text, std::vector<std::int64_t> &ids) const
{
    for (const std::u32string &word : bertWords(text))
        encodeWord(word, ids);
}

std::vector<std::int64_t> WordPieceTokenizer::encode(std::string_view utf8) const
{
    const std::u32string text = unicode::decode(utf8);
    std::vector<std::int64_t> ids;
    std::size_t plain = 0; // start of the text that is not yet encoded
    std::size_t i = 0;
    while (i < text.size()) {
        std::size_t length = 0;
        if (text[i] == U'[') {
            for (const char *special : kSpecials) {
                const std::u32string name = unicode::decode(special);
                if (text.compare(i, name.size(), name) == 0) {
                    encodePlain(std::u32string_view(text).substr(plain, i - plain), ids);
                    ids.push_back(m_vocabulary.idOf(special));
                    length = name.size();
                    break;
                }
            }
        }
        i += std::max<std::size_t>(length, 1);
        if (length > 0)
            plain = i;
    }
    encodePlain(std::u32string_view(text).substr(plain), ids);
    return ids;
}

TokenSequence WordPieceTokenizer::encodeWithSpecials(std::string_view text,
                                                     std::size_t maxLength) const
{
    TokenSequence sequence;
    std::vector<std::int64_t> ids = encode(text);
    sequence.truncated = ids.size() + 2 > maxLength;
    if (sequence.truncated)
        ids.resize(maxLength - std::min<std::size_t>(maxLength, 2));
    sequence.ids.push_back(m_start);
    sequence.ids.insert(sequence.ids.end(), ids.begin(), ids.end());
    sequence.ids.push_back(m_separator);
    sequence.attentionMask.assign(sequence.ids.size(), 1);
    sequence.typeIds.assign(sequence.ids.size(), 0);
    return sequence;
}

TokenSequence WordPieceTokenizer::encodePair(std::string_view a, std::string_view b,
                                             std::size_t maxLength) const
{
    TokenSequence sequence;
    std::vector<std::int64_t> first = encode(a);
    std::vector<std::int64_t> second = encode(b);
    while (first.size() + second.size() + 3 > maxLength && !(first.empty() && second.empty())) {
        sequence.truncated = true;
        (first.size() > second.size() ? first : second).pop_back();
    }
    sequence.ids.push_back(m_start);
    sequence.ids.insert(sequence.ids.end(), first.begin(), first.end());
    sequence.ids.push_back(m_separator);
    sequence.typeIds.assign(sequence.ids.size(), 0);
    sequence.ids.insert(sequence.ids.end(), second.begin(), second.end());
    sequence.ids.push_back(m_separator);
    sequence.typeIds.resize(sequence.ids.size(), 1);
    sequence.attentionMask.assign(sequence.ids.size(), 1);
    return sequence;
}

TokenSequence WordPieceTokenizer::encodePadded(std::string_view text, std::size_t length) const
{
    TokenSequence sequence = encodeWithSpecials(text, length);
    sequence.ids.resize(length, m_pad);
    sequence.attentionMask.resize(length, 0);
    sequence.typeIds.resize(length, 0);
    return sequence;
}

std::string WordPieceTokenizer::decode(const std::vector<std::int64_t> &ids) const
{
    std::string text;
    for (const std::int64_t id : ids) {
        if (id == m_pad || id == m_unknown || id == m_start || id == m_separator || id == m_mask)
            continue;
        const std::string &token = m_vocabulary.tokenOf(id);
        if (token.size() > 2 && token.compare(0, 2, "##") == 0 && !text.empty()) {
            text += token.substr(2);
        } else {
            if (!text.empty())
                text += ' ';
            text += token;
        }
    }
    return text;
}

} // namespace sapsam
