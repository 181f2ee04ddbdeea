#include "core/text/byte_pair_encoding.h"

#include "core/base/json_file.h"
#include "core/text/unicode.h"

#include <limits>

namespace sapsam {

namespace {

// Published vocabularies leave some numbers out; none has a table much larger than its file.
std::size_t largestIdOf(std::size_t tokens)
{
    return 4 * tokens + 1024;
}

std::uint64_t keyOf(std::int32_t left, std::int32_t right)
{
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32
           | static_cast<std::uint32_t>(right);
}

std::array<char32_t, 256> makeByteCharacters()
{
    std::array<char32_t, 256> table{};
    char32_t next = 256;
    for (char32_t byte = 0; byte < 256; ++byte) {
        const bool printable =
            (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
        table[byte] = printable ? byte : next++;
    }
    return table;
}

} // namespace

const std::array<std::string, 256> &byteSymbols()
{
    static const std::array<std::string, 256> symbols = [] {
        std::array<std::string, 256> result;
        const std::array<char32_t, 256> characters = makeByteCharacters();
        for (std::size_t byte = 0; byte < 256; ++byte)
            unicode::append(result[byte], characters[byte]);
        return result;
    }();
    return symbols;
}

std::string bytesOfSymbols(std::string_view symbols)
{
    static const std::unordered_map<char32_t, char> bytes = [] {
        std::unordered_map<char32_t, char> result;
        const std::array<char32_t, 256> characters = makeByteCharacters();
        for (std::size_t byte = 0; byte < 256; ++byte)
            result[characters[byte]] = static_cast<char>(byte);
        return result;
    }();
    std::string result;
    for (const char32_t c : unicode::decode(symbols)) {
        const auto found = bytes.find(c);
        if (found != bytes.end())
            result.push_back(found->second);
    }
    return result;
}

BytePairMerges::BytePairMerges(const std::vector<std::pair<std::string, std::string>> &merges)
{
    m_merges.reserve(merges.size());
    std::uint32_t rank = 0;
    for (const auto &[left, right] : merges) {
        const std::uint64_t key = keyOf(intern(left), intern(right));
        m_merges.emplace(key, Merge{rank++, intern(left + right)});
    }
}

std::int32_t BytePairMerges::intern(const std::string &symbol)
{
    const auto [found, added] =
        m_numbers.emplace(symbol, static_cast<std::int32_t>(m_symbols.size()));
    if (added)
        m_symbols.push_back(symbol);
    return found->second;
}

std::vector<std::string> BytePairMerges::apply(const std::vector<std::string> &symbols) const
{
    // Symbols that no merge knows are numbered below zero: they stay what they are.
    std::vector<std::int32_t> numbers;
    numbers.reserve(symbols.size());
    for (std::size_t i = 0; i < symbols.size(); ++i) {
        const auto found = m_numbers.find(symbols[i]);
        numbers.push_back(found != m_numbers.end() ? found->second
                                                   : -1 - static_cast<std::int32_t>(i));
    }
    while (numbers.size() > 1) {
        std::uint32_t lowest = std::numeric_limits<std::uint32_t>::max();
        std::uint64_t key = 0;
        std::int32_t merged = 0;
        for (std::size_t i = 0; i + 1 < numbers.size(); ++i) {
            if (numbers[i] < 0 || numbers[i + 1] < 0)
                continue;
            const auto found = m_merges.find(keyOf(numbers[i], numbers[i + 1]));
            if (found != m_merges.end() && found->second.rank < lowest) {
                lowest = found->second.rank;
                key = found->first;
                merged = found->second.result;
            }
        }
        if (lowest == std::numeric_limits<std::uint32_t>::max())
            break;
        std::size_t out = 0;
        for (std::size_t i = 0; i < numbers.size(); ++i, ++out) {
            if (i + 1 < numbers.size() && numbers[i] >= 0 && numbers[i + 1] >= 0
                && keyOf(numbers[i], numbers[i + 1]) == key) {
                numbers[out] = merged;
                ++i;
            } else {
                numbers[out] = numbers[i];
            }
        }
        numbers.resize(out);
    }
    std::vector<std::string> result;
    result.reserve(numbers.size());
    for (const std::int32_t number : numbers)
        result.push_back(number >= 0 ? m_symbols[static_cast<std::size_t>(number)]
                                     : symbols[static_cast<std::size_t>(-1 - number)]);
    return result;
}

std::vector<std::pair<std::string, std::string>>
parseMerges(const std::string &text, const std::string &origin, std::size_t limit)
{
    std::vector<std::pair<std::string, std::string>> merges;
    std::size_t start = 0;
    for (std::size_t line = 1; start < text.size() && (limit == 0 || merges.size() < limit);
         ++line) {
        std::size_t end = text.find('\n', start);
        if (end == std::string::npos)
            end = text.size();
        std::string_view row(text.data() + start, end - start);
        start = end + 1;
        if (!row.empty() && row.back() == '\r')
            row.remove_suffix(1);
        if (row.empty() || (line == 1 && row.find("#version") != std::string_view::npos))
            continue;
        const std::size_t space = row.find(' ');
        if (space == std::string_view::npos || space == 0 || space + 1 == row.size()
            || row.find(' ', space + 1) != std::string_view::npos)
            throw Error(ErrorKind::Corrupt, origin + ": line " + std::to_string(line)
                                                + " is not a pair of symbols; this is no file of "
                                                  "byte-pair merges");
        merges.emplace_back(row.substr(0, space), row.substr(space + 1));
    }
    return merges;
}

Vocabulary::Vocabulary(std::vector<std::string> tokens, const std::string &origin)
    : m_origin(origin), m_tokens(std::move(tokens))
{
    m_ids.reserve(m_tokens.size());
    for (std::size_t id = 0; id < m_tokens.size(); ++id)
        if (!m_tokens[id].empty()
            && !m_ids.emplace(m_tokens[id], static_cast<std::int64_t>(id)).second)
            throw Error(ErrorKind::Corrupt,
                        origin + ": the token '" + m_tokens[id] + "' occurs twice");
}

Vocabulary Vocabulary::fromJson(const std::string &text, const std::string &origin)
{
    const Json json = parseJson(text, origin);
    if (!json.is_object())
        throw Error(ErrorKind::Corrupt, origin + ": a vocabulary is an object of tokens and ids");
    std::vector<std::string> tokens;
    for (const auto &[token, value] : json.items()) {
        const std::size_t largest = largestIdOf(json.size());
        if (!value.is_number_integer() || value.get<std::int64_t>() < 0
            || value.get<std::int64_t>() > static_cast<std::int64_t>(largest) || token.empty())
            throw Error(ErrorKind::Corrupt,
                        origin + ": the token '" + token + "' has no usable id");
        const std::size_t id = value.get<std::size_t>();
        if (id >= tokens.size())
            tokens.resize(id + 1);
        if (!tokens[id].empty())
            throw Error(ErrorKind::Corrupt, origin + ": the id " + std::to_string(id)
                                                + " belongs to '" + tokens[id] + "' and '" + token
                                                + "'");
        tokens[id] = token;
    }
    return Vocabulary(std::move(tokens), origin);
}

std::int64_t Vocabulary::idOf(const std::string &token) const
{
    const auto found = m_ids.find(token);
    return found == m_ids.end() ? -1 : found->second;
}

std::int64_t Vocabulary::requireId(const std::string &token) const
{
    const std::int64_t id = idOf(token);
    if (id < 0)
        throw Error(ErrorKind::Corrupt, m_origin + ": the vocabulary has no token '" + token + "'");
    return id;
}

const std::string &Vocabulary::tokenOf(std::int64_t id) const
{
    static const std::string none;
    return id >= 0 && id < static_cast<std::int64_t>(m_tokens.size())
               ? m_tokens[static_cast<std::size_t>(id)]
               : none;
}

void Vocabulary::replace(std::int64_t id, const std::string &token)
{
    std::string &place = m_tokens.at(static_cast<std::size_t>(id));
    m_ids.erase(place);
    place = token;
    m_ids[token] = id;
}

} // namespace sapsam
