#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sapsam {

// The "precompiled charsmap" of SentencePiece: a double-array trie (Aoe 1989) of UTF-8 strings, and
// what each of them is replaced by. Safe to use in parallel.
class CharMap
{
public:
    CharMap() = default; // replaces nothing
    // The bytes of the file format: length of the trie, its 32-bit units, replacements that end
    // with a zero byte. Throws Error(Corrupt) naming the origin.
    CharMap(std::string_view blob, const std::string &origin);

    // Replaces the longest match at every place; everything else stays. Bytes that are no UTF-8
    // become U+FFFD.
    std::string apply(std::string_view text) const;

private:
    // Length of the longest match at the start of the text, 0 for none.
    std::size_t longestMatch(std::string_view text, std::string_view &replacement) const;

    std::vector<std::uint32_t> m_units;
    std::string m_replacements;
};

} // namespace sapsam
