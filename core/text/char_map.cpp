#include "core/text/char_map.h"

#include "core/base/error.h"
#include "core/text/unicode.h"

namespace sapsam {

namespace {

// Fields of a unit of the trie.
constexpr std::uint32_t kHasLeaf = 1U << 8;
constexpr std::uint32_t kValueMask = 0x7fffffffU;
constexpr std::uint32_t kLabelMask = 0x800000ffU;

std::uint32_t offsetOf(std::uint32_t unit)
{
    return (unit >> 10) << ((unit & (1U << 9)) >> 6);
}

std::uint32_t littleEndian(std::string_view bytes, std::size_t at)
{
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;)
        value = (value << 8) | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

// Length of the valid UTF-8 character at the start; 0 for a broken one.
std::size_t characterLength(std::string_view text)
{
    const auto first = static_cast<unsigned char>(text[0]);
    const std::size_t length = first < 0x80           ? 1
                               : (first >> 5) == 0x06 ? 2
                               : (first >> 4) == 0x0e ? 3
                               : (first >> 3) == 0x1e ? 4
                                                      : 0;
    if (length == 0 || length > text.size())
        return 0;
    return length == 1 || unicode::decode(text.substr(0, length)).size() == 1 ? length : 0;
}

} // namespace

CharMap::CharMap(std::string_view blob, const std::string &origin)
{
    if (blob.empty())
        return;
    const std::size_t bytes = blob.size() < 4 ? 0 : littleEndian(blob, 0);
    if (bytes == 0 || bytes % 4 != 0 || bytes > blob.size() - 4)
        throw Error(ErrorKind::Corrupt, origin + ": the normaliser's table is damaged");
    for (std::size_t at = 4; at < 4 + bytes; at += 4)
        m_units.push_back(littleEndian(blob, at));
    m_replacements = std::string(blob.substr(4 + bytes));
    if (m_replacements.empty() || m_replacements.back() != '\0')
        throw Error(ErrorKind::Corrupt, origin + ": the normaliser's texts are cut off");
}

std::size_t CharMap::longestMatch(std::string_view text, std::string_view &replacement) const
{
    std::size_t longest = 0;
    if (m_units.empty())
        return longest;
    std::uint32_t at = offsetOf(m_units[0]);
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        at ^= byte;
        // A damaged table may point anywhere.
        if (at >= m_units.size() || (m_units[at] & kLabelMask) != byte)
            break;
        const std::uint32_t unit = m_units[at];
        at ^= offsetOf(unit);
        if (at >= m_units.size())
            break;
        if (unit & kHasLeaf) {
            const std::size_t begin = m_units[at] & kValueMask;
            if (begin >= m_replacements.size())
                break;
            longest = i + 1;
            replacement = std::string_view(m_replacements.data() + begin);
        }
    }
    return longest;
}

std::string CharMap::apply(std::string_view text) const
{
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        std::string_view replacement;
        std::size_t length = longestMatch(text, replacement);
        if (length == 0) {
            length = characterLength(text);
            replacement = length > 0 ? text.substr(0, length) : std::string_view("\xef\xbf\xbd");
            length = std::max<std::size_t>(length, 1);
        }
        result += replacement;
        text.remove_prefix(length);
    }
    return result;
}

} // namespace sapsam
