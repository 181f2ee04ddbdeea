#include "core/text/byte_bpe_tokenizer.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/text/unicode.h"

#include <algorithm>

namespace sapsam {

namespace {

constexpr const char *kStart = "</s>";
constexpr const char *kPad = "<pad>";

} // namespace

std::vector<std::u32string> gpt2Pieces(std::u32string_view text)
{
    std::vector<std::u32string> pieces;
    const auto isOther = [](char32_t c) {
        return !unicode::isRegexSpace(c) && !unicode::isLetter(c) && !unicode::isNumber(c);
    };
    // End of the run of one class that starts here; the start itself for white space.
    const auto runEnd = [&](std::size_t at) {
        std::size_t end = at;
        if (at >= text.size())
            return end;
        if (unicode::isLetter(text[at]))
            while (end < text.size() && unicode::isLetter(text[end]))
                ++end;
        else if (unicode::isNumber(text[at]))
            while (end < text.size() && unicode::isNumber(text[end]))
                ++end;
        else
            while (end < text.size() && isOther(text[end]))
                ++end;
        return end;
    };
    std::size_t i = 0;
    while (i < text.size()) {
        std::size_t end = i;
        for (const std::u32string_view ending :
             {U"'s", U"'t", U"'re", U"'ve", U"'m", U"'ll", U"'d"})
            if (end == i && text.compare(i, ending.size(), ending) == 0)
                end = i + ending.size();
        if (end == i) {
            const std::size_t content = text[i] == U' ' ? i + 1 : i;
            end = runEnd(content);
            if (end == content)
                end = i;
        }
        if (end == i) {
            while (end < text.size() && unicode::isRegexSpace(text[end]))
                ++end;
            // The last white space before a word is left for the word, or stands alone.
            if (end < text.size() && end - i > 1)
                --end;
        }
        pieces.emplace_back(text.substr(i, end - i));
        i = end;
    }
    return pieces;
}

ByteBpeTokenizer::ByteBpeTokenizer(Vocabulary vocabulary, BytePairMerges merges)
    : m_vocabulary(std::move(vocabulary)), m_merges(std::move(merges))
{
    m_start = m_vocabulary.requireId(kStart);
    m_pad = m_vocabulary.requireId(kPad);
}

ByteBpeTokenizer ByteBpeTokenizer::fromFiles(const std::string &vocabPath,
                                             const std::string &mergesPath)
{
    return ByteBpeTokenizer(Vocabulary::fromJson(readFile(vocabPath), vocabPath),
                            BytePairMerges(parseMerges(readFile(mergesPath), mergesPath)));
}

ByteBpeTokenizer ByteBpeTokenizer::fromFolder(const std::string &folder)
{
    return fromFiles(folder + "/vocab.json", folder + "/merges.txt");
}

void ByteBpeTokenizer::encodePlain(std::u32string_view text, std::vector<std::int64_t> &ids) const
{
    std::vector<std::string> symbols;
    for (const std::u32string &piece : gpt2Pieces(text)) {
        symbols.clear();
        for (const char byte : unicode::encode(piece))
            symbols.push_back(byteSymbols()[static_cast<unsigned char>(byte)]);
        for (const std::string &token : m_merges.apply(symbols)) {
            const std::int64_t id = m_vocabulary.idOf(token);
            ids.push_back(id >= 0 ? id : m_start); // OPT's unknown token is </s> too
        }
    }
}

std::vector<std::int64_t> ByteBpeTokenizer::encode(std::string_view text, bool withStart) const
{
    std::vector<std::int64_t> ids;
    if (withStart)
        ids.push_back(m_start);
    std::size_t plain = 0;
    std::size_t i = 0;
    while (i < text.size()) {
        std::size_t length = 0;
        for (const auto &[name, id] :
             {std::pair<std::string_view, std::int64_t>{kStart, m_start}, {kPad, m_pad}}) {
            if (text.compare(i, name.size(), name) == 0) {
                encodePlain(unicode::decode(text.substr(plain, i - plain)), ids);
                ids.push_back(id);
                length = name.size();
                break;
            }
        }
        i += std::max<std::size_t>(length, 1);
        if (length > 0)
            plain = i;
    }
    encodePlain(unicode::decode(text.substr(plain)), ids);
    return ids;
}

TokenSequence ByteBpeTokenizer::encodePadded(std::string_view text, std::size_t length) const
{
    TokenSequence sequence;
    sequence.ids = encode(text);
    sequence.truncated = sequence.ids.size() > length;
    sequence.attentionMask.assign(std::min(sequence.ids.size(), length), 1);
    sequence.ids.resize(length, m_pad);
    sequence.attentionMask.resize(length, 0);
    sequence.typeIds.assign(length, 0);
    return sequence;
}

std::string ByteBpeTokenizer::decode(const std::vector<std::int64_t> &ids) const
{
    std::string symbols;
    for (const std::int64_t id : ids)
        if (id != m_start && id != m_pad)
            symbols += m_vocabulary.tokenOf(id);
    return unicode::encode(unicode::decode(bytesOfSymbols(symbols)));
}

} // namespace sapsam
