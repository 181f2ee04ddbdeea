#include "core/text/unigram_tokenizer.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/text/char_map.h"
#include "core/text/protobuf_reader.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <limits>

namespace sapsam {

namespace {

constexpr const char *kPad = "<pad>";
constexpr const char *kEnd = "</s>";
constexpr const char *kSpace = "\xe2\x96\x81";         // ▁
constexpr const char *kUnknownText = " \xe2\x81\x87 "; // ⁇
constexpr double kUnknownPenalty = 10.0;               // below the worst piece
constexpr int kExtraIds = 100;                         // T5's sentinels
// Numbers that a file may leave out between its pieces and the tokens that it adds.
constexpr std::size_t kLargestGap = 1024;

enum class PieceKind { Normal, Special, Unused };

struct Piece
{
    std::string text;
    double score = 0.0;
    PieceKind kind = PieceKind::Normal;
};

// What a file says, in either format.
struct Model
{
    std::vector<Piece> pieces; // the id is the index
    std::int64_t unknown = -1;
    std::string charMap;
};

// Length of the UTF-8 character that starts with this byte, in text that is known to be valid.
std::size_t characterLength(char first)
{
    const auto byte = static_cast<unsigned char>(first);
    return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

std::string base64Decoded(const std::string &text, const std::string &origin)
{
    std::array<int, 256> digits{};
    digits.fill(-1);
    const std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        digits[static_cast<unsigned char>(alphabet[i])] = static_cast<int>(i);
    std::string bytes;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        if (c == '=')
            break;
        const int digit = digits[static_cast<unsigned char>(c)];
        if (digit < 0)
            throw Error(ErrorKind::Corrupt, origin + ": the normaliser is not base64");
        bits = (bits << 6) | static_cast<std::uint32_t>(digit);
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes.push_back(static_cast<char>((bits >> count) & 0xff));
        }
    }
    return bytes;
}

// The precompiled table of a normaliser or of the parts of a sequence of them.
std::string charMapOf(const Json &normalizer, const std::string &origin)
{
    if (!normalizer.is_object())
        return {};
    if (normalizer.contains("precompiled_charsmap"))
        return base64Decoded(require<std::string>(normalizer, "precompiled_charsmap", origin),
                             origin);
    std::string found;
    if (normalizer.contains("normalizers") && normalizer.at("normalizers").is_array()) {
        for (const Json &part : normalizer.at("normalizers")) {
            if (found.empty())
                found = charMapOf(part, origin);
        }
    }
    return found;
}

Model modelFromJson(const std::string &path)
{
    const Json json = readJsonFile(path);
    const Json model = require<Json>(json, "model", path);
    const auto kind = valueOr<std::string>(model, "type", "Unigram", path);
    if (kind != "Unigram" || !model.contains("vocab") || !model.at("vocab").is_array()
        || valueOr(model, "byte_fallback", false, path))
        throw Error(ErrorKind::Unsupported,
                    path + ": only a unigram model without byte_fallback is covered");
    Model result;
    result.unknown = require<std::int64_t>(model, "unk_id", path);
    for (const Json &row : model.at("vocab")) {
        if (!row.is_array() || row.size() != 2 || !row[0].is_string() || !row[1].is_number())
            throw Error(ErrorKind::Corrupt, path + ": the entry "
                                                + std::to_string(result.pieces.size())
                                                + " of the vocabulary is no piece with a score");
        result.pieces.push_back({row[0].get<std::string>(), row[1].get<double>()});
    }
    const Json added = valueOr(json, "added_tokens", Json::array(), path);
    const std::size_t most = result.pieces.size() + added.size() + kLargestGap;
    for (const Json &token : added) {
        const auto id = require<std::int64_t>(token, "id", path);
        const auto text = require<std::string>(token, "content", path);
        if (id < 0 || static_cast<std::size_t>(id) >= most)
            throw Error(ErrorKind::Corrupt,
                        path + ": the token '" + text + "' has the id " + std::to_string(id));
        const auto index = static_cast<std::size_t>(id);
        if (index >= result.pieces.size())
            result.pieces.resize(index + 1, Piece{{}, 0.0, PieceKind::Unused});
        result.pieces[index].text = text;
        result.pieces[index].kind = PieceKind::Special;
    }
    if (json.contains("normalizer"))
        result.charMap = charMapOf(json.at("normalizer"), path);
    return result;
}

// Field numbers of SentencePiece's ModelProto and of its parts.
namespace field {
constexpr std::uint32_t kPieces = 1, kTrainer = 2, kNormalizer = 3;
constexpr std::uint32_t kPieceText = 1, kPieceScore = 2, kPieceType = 3;
constexpr std::uint32_t kModelType = 3, kByteFallback = 35;
constexpr std::uint32_t kCharMap = 2, kDummyPrefix = 3, kExtraSpaces = 4, kEscapeSpaces = 5;
} // namespace field

// Values of a piece's type.
constexpr std::uint64_t kTypeNormal = 1;
constexpr std::uint64_t kTypeUnknown = 2;
constexpr std::uint64_t kTypeControl = 3;
constexpr std::uint64_t kTypeUserDefined = 4;

Model modelFromSentencePiece(const std::string &path)
{
    const std::string bytes = readFile(path);
    const auto unsupported = [&path](const char *what) {
        throw Error(ErrorKind::Unsupported, path + ": " + what + " is not covered");
    };
    Model result;
    ProtobufReader reader(bytes, path);
    ProtobufReader::Field part, inner;
    while (reader.next(part)) {
        if (part.kind != ProtobufReader::Kind::Bytes)
            continue;
        ProtobufReader fields(part.bytes, path);
        if (part.number == field::kPieces) {
            Piece piece;
            std::uint64_t type = kTypeNormal;
            while (fields.next(inner)) {
                if (inner.number == field::kPieceText)
                    piece.text = std::string(inner.bytes);
                else if (inner.number == field::kPieceScore)
                    piece.score = static_cast<double>(inner.asFloat());
                else if (inner.number == field::kPieceType)
                    type = inner.value;
            }
            if (type == kTypeUserDefined)
                unsupported("a vocabulary with user-defined pieces");
            if (type == kTypeUnknown)
                result.unknown = static_cast<std::int64_t>(result.pieces.size());
            piece.kind = type == kTypeNormal                            ? PieceKind::Normal
                         : type == kTypeUnknown || type == kTypeControl ? PieceKind::Special
                                                                        : PieceKind::Unused;
            result.pieces.push_back(std::move(piece));
        } else if (part.number == field::kTrainer) {
            while (fields.next(inner)) {
                if (inner.number == field::kModelType && inner.value != 1)
                    unsupported("another model than unigram");
                if (inner.number == field::kByteFallback && inner.value != 0)
                    unsupported("byte_fallback");
            }
        } else if (part.number == field::kNormalizer) {
            while (fields.next(inner)) {
                if (inner.number == field::kCharMap)
                    result.charMap = std::string(inner.bytes);
                else if ((inner.number == field::kDummyPrefix || inner.number == field::kExtraSpaces
                          || inner.number == field::kEscapeSpaces)
                         && inner.value == 0)
                    unsupported("a normaliser that keeps spaces as they are");
            }
        }
    }
    for (int i = kExtraIds; i-- > 0;)
        result.pieces.push_back({"<extra_id_" + std::to_string(i) + ">", 0.0, PieceKind::Special});
    return result;
}

} // namespace

struct UnigramTokenizer::Private
{
    Private(Model model, const std::string &origin);

    std::string normalized(std::string_view text) const;
    void split(std::string_view text, std::vector<std::int64_t> &ids) const;

    std::vector<Piece> pieces;
    std::vector<std::int64_t> sorted; // ids of the normal pieces, by their bytes
    CharMap charMap;
    double unknownScore = 0.0;
    std::int64_t unknownId = 0;
    std::int64_t padId = 0;
    std::int64_t endId = 0;
};

UnigramTokenizer::Private::Private(Model model, const std::string &origin)
    : pieces(std::move(model.pieces)), charMap(model.charMap, origin), unknownId(model.unknown)
{
    if (unknownId < 0 || static_cast<std::size_t>(unknownId) >= pieces.size())
        throw Error(ErrorKind::Corrupt, origin + ": the vocabulary has no unknown piece");
    pieces[static_cast<std::size_t>(unknownId)].kind = PieceKind::Special;
    padId = endId = -1;
    double worst = 0.0;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        const Piece &piece = pieces[i];
        const auto id = static_cast<std::int64_t>(i);
        if (piece.kind == PieceKind::Special && piece.text == kPad)
            padId = id;
        if (piece.kind == PieceKind::Special && piece.text == kEnd)
            endId = id;
        if (piece.kind != PieceKind::Normal)
            continue;
        if (piece.text.empty() || !std::isfinite(piece.score))
            throw Error(ErrorKind::Corrupt,
                        origin + ": the piece " + std::to_string(i) + " is empty or has no score");
        worst = std::min(worst, piece.score);
        sorted.push_back(id);
    }
    if (padId < 0 || endId < 0)
        throw Error(ErrorKind::Corrupt,
                    origin + ": the vocabulary lacks the special tokens " + kPad + " and " + kEnd);
    unknownScore = worst - kUnknownPenalty;
    const auto textOf = [this](std::int64_t id) -> const std::string & {
        return pieces[static_cast<std::size_t>(id)].text;
    };
    std::sort(sorted.begin(), sorted.end(),
              [&](std::int64_t a, std::int64_t b) { return textOf(a) < textOf(b); });
    for (std::size_t i = 1; i < sorted.size(); ++i) {
        if (textOf(sorted[i]) == textOf(sorted[i - 1]))
            throw Error(ErrorKind::Corrupt,
                        origin + ": the piece '" + textOf(sorted[i]) + "' occurs twice");
    }
}

// Every word with the mark of a space before it.
std::string UnigramTokenizer::Private::normalized(std::string_view text) const
{
    const std::string mapped = charMap.apply(text);
    std::string result;
    bool startsWord = true;
    for (const char c : mapped) {
        if (c == ' ') {
            startsWord = true;
            continue;
        }
        if (startsWord)
            result += kSpace;
        startsWord = false;
        result.push_back(c);
    }
    const std::string_view space = kSpace;
    while (result.size() >= space.size()
           && result.compare(result.size() - space.size(), space.size(), space) == 0)
        result.resize(result.size() - space.size());
    return result;
}

// Viterbi's algorithm over the places between characters; of equal sums the first found stays.
void UnigramTokenizer::Private::split(std::string_view text, std::vector<std::int64_t> &ids) const
{
    struct Best
    {
        double sum = -std::numeric_limits<double>::infinity();
        std::size_t begin = 0;
        std::int64_t id = 0;
    };
    std::vector<Best> best(text.size() + 1);
    best[0].sum = 0.0;
    const auto reach = [&best](std::size_t begin, std::size_t end, double score, std::int64_t id) {
        if (best[begin].sum + score > best[end].sum)
            best[end] = {best[begin].sum + score, begin, id};
    };
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t next = std::min(begin + characterLength(text[begin]), text.size());
        bool hasSingle = false;
        // The pieces that agree with the text so far are neighbours; each byte leaves fewer.
        auto low = sorted.begin(), high = sorted.end();
        for (std::size_t at = begin; at < text.size() && low != high; ++at) {
            const std::size_t depth = at - begin;
            const auto byteOf = [&](std::int64_t id) {
                const std::string &piece = pieces[static_cast<std::size_t>(id)].text;
                return depth < piece.size() ? static_cast<unsigned char>(piece[depth]) : -1;
            };
            const int byte = static_cast<unsigned char>(text[at]);
            low = std::lower_bound(low, high, byte,
                                   [&](std::int64_t id, int b) { return byteOf(id) < b; });
            high = std::upper_bound(low, high, byte,
                                    [&](int b, std::int64_t id) { return b < byteOf(id); });
            if (low == high)
                break;
            const Piece &first = pieces[static_cast<std::size_t>(*low)];
            if (first.text.size() == depth + 1) {
                reach(begin, at + 1, first.score, *low);
                hasSingle = hasSingle || at + 1 == next;
            }
        }
        if (!hasSingle)
            reach(begin, next, unknownScore, unknownId);
        begin = next;
    }
    const std::size_t first = ids.size();
    for (std::size_t end = text.size(); end > 0; end = best[end].begin) {
        if (best[end].id != unknownId || ids.size() == first || ids.back() != unknownId)
            ids.push_back(best[end].id);
    }
    std::reverse(ids.begin() + static_cast<std::ptrdiff_t>(first), ids.end());
}

UnigramTokenizer::UnigramTokenizer(std::shared_ptr<const Private> data) : d(std::move(data)) {}

UnigramTokenizer UnigramTokenizer::fromTokenizerJson(const std::string &path)
{
    return UnigramTokenizer(std::make_shared<const Private>(modelFromJson(path), path));
}

UnigramTokenizer UnigramTokenizer::fromSentencePiece(const std::string &path)
{
    return UnigramTokenizer(std::make_shared<const Private>(modelFromSentencePiece(path), path));
}

UnigramTokenizer UnigramTokenizer::fromFolder(const std::string &folder)
{
    std::error_code ignored;
    if (std::filesystem::exists(folder + "/spiece.model", ignored))
        return fromSentencePiece(folder + "/spiece.model");
    if (std::filesystem::exists(folder + "/tokenizer.json", ignored))
        return fromTokenizerJson(folder + "/tokenizer.json");
    throw Error(ErrorKind::NotFound, "the folder '" + folder
                                         + "' holds neither spiece.model nor tokenizer.json; copy "
                                           "the one that was published with the model");
}

std::vector<std::int64_t> UnigramTokenizer::encode(std::string_view text, bool withEnd) const
{
    std::vector<std::int64_t> ids;
    d->split(d->normalized(text), ids);
    if (withEnd)
        ids.push_back(d->endId);
    return ids;
}

TokenSequence UnigramTokenizer::encodePadded(std::string_view text, std::size_t length) const
{
    TokenSequence sequence;
    sequence.ids = encode(text);
    sequence.truncated = sequence.ids.size() > length;
    if (sequence.truncated && length > 0)
        sequence.ids[length - 1] = d->endId;
    sequence.attentionMask.assign(std::min(sequence.ids.size(), length), 1);
    sequence.ids.resize(length, d->padId);
    sequence.attentionMask.resize(length, 0);
    sequence.typeIds.assign(length, 0);
    return sequence;
}

std::string UnigramTokenizer::decode(const std::vector<std::int64_t> &ids) const
{
    std::string marked;
    for (const std::int64_t id : ids) {
        if (id == d->unknownId)
            marked += kUnknownText;
        else if (id >= 0 && static_cast<std::size_t>(id) < d->pieces.size()
                 && d->pieces[static_cast<std::size_t>(id)].kind == PieceKind::Normal)
            marked += d->pieces[static_cast<std::size_t>(id)].text;
    }
    const std::string_view space = kSpace;
    std::string result;
    for (std::size_t i = 0; i < marked.size();) {
        if (marked.compare(i, space.size(), space) == 0) {
            result.push_back(' ');
            i += space.size();
        } else {
            result.push_back(marked[i++]);
        }
    }
    if (!result.empty() && result[0] == ' ')
        result.erase(0, 1);
    return result;
}

std::int64_t UnigramTokenizer::padId() const
{
    return d->padId;
}

std::int64_t UnigramTokenizer::endId() const
{
    return d->endId;
}

std::int64_t UnigramTokenizer::unknownId() const
{
    return d->unknownId;
}

std::size_t UnigramTokenizer::size() const
{
    return d->pieces.size();
}

} // namespace sapsam
