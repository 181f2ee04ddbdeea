#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sapsam {

// One part of a description that can be weighed, denied or left out.
struct QueryTerm
{
    static constexpr double kMaxWeight = 2.0;

    std::string group;   // part group: hat, hair, glasses, clothes, skirt, pants, dress, shoes, bag
    std::string text;    // as written: "a red jacket"
    double weight = 1.0; // 0 leaves it out, 1 as said, up to kMaxWeight
    bool negated = false;
    bool enabled = true;
    // Bytes [begin, end) of the sentence; begin == end for a part that was added to it.
    std::size_t begin = 0;
    std::size_t end = 0;

    bool isAdded() const { return begin == end; }
    bool operator==(const QueryTerm &other) const = default;
};

// The parts that a sentence names, in its order: "a woman in a red jacket without a hat" gives "a
// red jacket" (clothes) and "a hat" (hat, negated). Safe to call in parallel.
std::vector<QueryTerm> parseTerms(std::string_view sentence);

// A noun that names a part beyond the shipped groups: "scarf", in the singular and lower case.
struct PartNoun
{
    std::string noun;
    std::string group;
};
// The same with further nouns: "a red scarf" is a part where somebody has a group for scarves.
std::vector<QueryTerm> parseTerms(std::string_view sentence, const std::vector<PartNoun> &nouns);

// What a text encoder gets to read: the sentence without what is denied (an encoder hears "hat" in
// "no hat"), with the added parts behind it, and without the part number `leftOut`. Empty when
// nothing is left. Whether a part is enabled does not matter here: it is left out by its weight.
std::string encoderText(std::string_view sentence, const std::vector<QueryTerm> &terms,
                        std::size_t leftOut = std::string::npos);

// Words that two descriptions of a part must share for the one to be the other: the noun's group
// and, where both name a colour, the colour. "" when the text names none.
std::string colourOfPhrase(std::string_view phrase);

// Whether the text names only a thing ("a hat", "backpack") and nothing of how it looks.
bool isBareNoun(std::string_view phrase);

// The runs of letters of a text, in lower case ASCII.
std::vector<std::string> plainWords(std::string_view text);

} // namespace sapsam
