#include "core/text/clip_tokenizer.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/text/text_cleaning.h"
#include "core/text/unicode.h"

#if SAPSAM_HAS_ZLIB
#include <zlib.h>
#endif

#include <algorithm>
#include <filesystem>

namespace sapsam {

namespace {

constexpr const char *kStart = "<|startoftext|>";
constexpr const char *kEnd = "<|endoftext|>";
constexpr const char *kMask = "<|mask|>";
constexpr std::string_view kWordEnd = "</w>";

// The published file holds more merges than the vocabulary of 49408 = 512 + merges + 2 uses.
constexpr std::size_t kPublishedMerges = 49408 - 512 - 2;

bool matchesAt(const std::u32string &text, std::size_t at, std::u32string_view what)
{
    return text.compare(at, what.size(), what) == 0;
}

// Length of 's, 't, 're, 've, 'm, 'll or 'd here; 0 for none.
std::size_t contractionAt(const std::u32string &text, std::size_t at)
{
    for (const std::u32string_view ending : {U"'s", U"'t", U"'re", U"'ve", U"'m", U"'ll", U"'d"})
        if (matchesAt(text, at, ending))
            return ending.size();
    return 0;
}

} // namespace

std::string readGzipFile(const std::string &path)
{
    const std::string bytes = readFile(path);
#if SAPSAM_HAS_ZLIB
    constexpr std::size_t limit = std::size_t{256} << 20;
    z_stream stream{};
    constexpr int gzipWindow = 15 + 16; // largest window, gzip header
    if (inflateInit2(&stream, gzipWindow) != Z_OK)
        throw Error(ErrorKind::Internal, "zlib cannot start");
    stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    std::string result;
    std::vector<char> piece(std::size_t{1} << 16);
    int status = Z_OK;
    while (status == Z_OK && result.size() < limit) {
        stream.next_out = reinterpret_cast<Bytef *>(piece.data());
        stream.avail_out = static_cast<uInt>(piece.size());
        status = inflate(&stream, Z_NO_FLUSH);
        result.append(piece.data(), piece.size() - stream.avail_out);
    }
    inflateEnd(&stream);
    if (status != Z_STREAM_END)
        throw Error(ErrorKind::Corrupt,
                    path + ": the gzip file is truncated, damaged or far too large; copy it again");
    return result;
#else
    throw Error(ErrorKind::Unsupported, path + ": this build has no zlib; unpack the file first");
#endif
}

ClipTokenizer::ClipTokenizer(Vocabulary vocabulary,
                             std::vector<std::pair<std::string, std::string>> merges,
                             Variant variant, const std::string &origin)
    : m_vocabulary(std::move(vocabulary))
{
    m_start = m_vocabulary.requireId(kStart);
    m_end = m_vocabulary.requireId(kEnd);
    if (m_end + 1 != static_cast<std::int64_t>(m_vocabulary.size()))
        throw Error(
            ErrorKind::Mismatch,
            origin
                + ": the end token is not the last of the vocabulary; CLIP finds the end of a "
                  "text by its largest id");
    if (variant == Variant::MaskToken) {
        if (merges.empty())
            throw Error(ErrorKind::Mismatch,
                        origin + ": there is no merge to give up for the mask");
        m_mask = m_vocabulary.requireId(merges.back().first + merges.back().second);
        // Without the merge no text can reach the token that is no longer in the vocabulary.
        merges.pop_back();
        m_vocabulary.replace(m_mask, kMask);
    }
    m_merges = BytePairMerges(merges);
}

ClipTokenizer ClipTokenizer::fromOpenAiMerges(const std::string &path, Variant variant)
{
    const bool zipped = path.size() > 3 && path.compare(path.size() - 3, 3, ".gz") == 0;
    std::vector<std::pair<std::string, std::string>> merges =
        parseMerges(zipped ? readGzipFile(path) : readFile(path), path, kPublishedMerges);
    // Printable bytes come first in the published order, then the others.
    std::vector<std::string> tokens;
    std::vector<std::string> others;
    for (std::size_t byte = 0; byte < 256; ++byte) {
        const std::string &symbol = byteSymbols()[byte];
        const char32_t character = unicode::decode(symbol).front();
        (character < 256 ? tokens : others).push_back(symbol);
    }
    tokens.insert(tokens.end(), others.begin(), others.end());
    for (std::size_t i = 0; i < 256; ++i) {
        std::string last = tokens[i];
        last.append(kWordEnd);
        tokens.push_back(std::move(last));
    }
    for (const auto &[left, right] : merges)
        tokens.push_back(left + right);
    tokens.emplace_back(kStart);
    tokens.emplace_back(kEnd);
    return ClipTokenizer(Vocabulary(std::move(tokens), path), std::move(merges), variant, path);
}

ClipTokenizer ClipTokenizer::fromHuggingFace(const std::string &vocabPath,
                                             const std::string &mergesPath, Variant variant)
{
    return ClipTokenizer(Vocabulary::fromJson(readFile(vocabPath), vocabPath),
                         parseMerges(readFile(mergesPath), mergesPath), variant, vocabPath);
}

ClipTokenizer ClipTokenizer::fromFolder(const std::string &folder, Variant variant)
{
    const std::string base = folder + "/";
    if (std::filesystem::exists(base + "vocab.json"))
        return fromHuggingFace(base + "vocab.json", base + "merges.txt", variant);
    for (const char *name : {"bpe_simple_vocab_16e6.txt.gz", "bpe_simple_vocab_16e6.txt"})
        if (std::filesystem::exists(base + name))
            return fromOpenAiMerges(base + name, variant);
    throw Error(ErrorKind::NotFound,
                folder
                    + ": no CLIP tokenizer here; expected vocab.json and merges.txt, or "
                      "bpe_simple_vocab_16e6.txt.gz");
}

std::vector<std::int64_t> ClipTokenizer::encode(std::string_view utf8) const
{
    const std::u32string text = unicode::decode(cleanForClip(utf8));
    std::vector<std::int64_t> ids;
    std::vector<std::string> symbols;
    const auto isOther = [](char32_t c) {
        return !unicode::isRegexSpace(c) && !unicode::isLetter(c) && !unicode::isNumber(c);
    };
    const std::pair<std::u32string, std::int64_t> specials[] = {{unicode::decode(kStart), m_start},
                                                                {unicode::decode(kEnd), m_end},
                                                                {unicode::decode(kMask), m_mask}};
    std::size_t i = 0;
    while (i < text.size()) {
        std::size_t special = 0;
        if (text[i] == U'<') {
            for (const auto &[token, id] : specials) {
                if (id >= 0 && special == 0 && matchesAt(text, i, token)) {
                    ids.push_back(id);
                    special = token.size();
                }
            }
        }
        if (special > 0) {
            i += special;
            continue;
        }
        std::size_t end = i;
        if (const std::size_t length = contractionAt(text, i))
            end = i + length;
        else if (unicode::isLetter(text[i]))
            while (end < text.size() && unicode::isLetter(text[end]))
                ++end;
        else if (unicode::isNumber(text[i]))
            end = i + 1;
        else
            while (end < text.size() && isOther(text[end]))
                ++end;
        if (end == i) { // white space
            ++i;
            continue;
        }
        symbols.clear();
        for (const char byte : unicode::encode(std::u32string_view(text).substr(i, end - i)))
            symbols.push_back(byteSymbols()[static_cast<unsigned char>(byte)]);
        symbols.back().append(kWordEnd);
        for (const std::string &token : m_merges.apply(symbols))
            ids.push_back(m_vocabulary.requireId(token));
        i = end;
    }
    return ids;
}

TokenSequence ClipTokenizer::encodePadded(std::string_view text, std::size_t length) const
{
    TokenSequence sequence;
    const std::vector<std::int64_t> ids = encode(text);
    sequence.truncated = ids.size() + 2 > length;
    const std::size_t used = std::min(ids.size(), length - std::min<std::size_t>(length, 2));
    sequence.ids.reserve(length);
    sequence.ids.push_back(m_start);
    sequence.ids.insert(sequence.ids.end(), ids.begin(),
                        ids.begin() + static_cast<std::ptrdiff_t>(used));
    sequence.ids.push_back(m_end);
    sequence.attentionMask.assign(sequence.ids.size(), 1);
    sequence.ids.resize(length, padId());
    sequence.attentionMask.resize(length, 0);
    sequence.typeIds.assign(length, 0);
    return sequence;
}

std::string ClipTokenizer::decode(const std::vector<std::int64_t> &ids) const
{
    std::string symbols;
    for (const std::int64_t id : ids)
        symbols += m_vocabulary.tokenOf(id);
    const std::string text = unicode::encode(unicode::decode(bytesOfSymbols(symbols)));
    std::string words;
    std::size_t start = 0;
    for (std::size_t at = text.find(kWordEnd); at != std::string::npos;
         at = text.find(kWordEnd, start)) {
        words.append(text, start, at - start).push_back(' ');
        start = at + kWordEnd.size();
    }
    return words.append(text, start);
}

} // namespace sapsam
