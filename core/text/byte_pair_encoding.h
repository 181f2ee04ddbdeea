#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

// What CLIP's and GPT-2's tokenizers share. Safe to use in parallel once made.
namespace sapsam {

// One printable character for each byte, as UTF-8: GPT-2's table.
const std::array<std::string, 256> &byteSymbols();

// The bytes that a text of such characters stands for; other characters are left out.
std::string bytesOfSymbols(std::string_view symbols);

// Ranked merges of adjacent symbols.
class BytePairMerges
{
public:
    BytePairMerges() = default;
    explicit BytePairMerges(const std::vector<std::pair<std::string, std::string>> &merges);

    // Merges the adjacent pair of lowest rank, everywhere from left to right, until none is left.
    std::vector<std::string> apply(const std::vector<std::string> &symbols) const;

private:
    struct Merge
    {
        std::uint32_t rank = 0;
        std::int32_t result = 0;
    };

    std::int32_t intern(const std::string &symbol);

    std::vector<std::string> m_symbols;
    std::unordered_map<std::string, std::int32_t> m_numbers;
    std::unordered_map<std::uint64_t, Merge> m_merges; // key: both numbers
};

// Lines "a b", after an optional header that contains "#version". `limit` lines at most; 0: all.
// Throws Error(Corrupt) naming the origin and the line.
std::vector<std::pair<std::string, std::string>>
parseMerges(const std::string &text, const std::string &origin, std::size_t limit = 0);

// Token strings and ids, both ways.
class Vocabulary
{
public:
    Vocabulary() = default;
    // In id order. Throws Error(Corrupt) when a token occurs twice.
    Vocabulary(std::vector<std::string> tokens, const std::string &origin);

    // {"token": id}. Throws Error(Corrupt) for what is not that, an id that occurs twice or is
    // huge.
    static Vocabulary fromJson(const std::string &text, const std::string &origin);

    // -1 when not there.
    std::int64_t idOf(const std::string &token) const;
    // Throws Error(Corrupt) naming the origin when not there.
    std::int64_t requireId(const std::string &token) const;
    // Empty for an id without a token.
    const std::string &tokenOf(std::int64_t id) const;
    // One more than the largest id.
    std::size_t size() const { return m_tokens.size(); }

    void replace(std::int64_t id, const std::string &token);

private:
    std::string m_origin;
    std::vector<std::string> m_tokens;
    std::unordered_map<std::string, std::int64_t> m_ids;
};

} // namespace sapsam
