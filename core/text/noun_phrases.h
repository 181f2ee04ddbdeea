#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sapsam {

// A piece of a description that names one thing.
struct NounPhrase
{
    std::string text; // as written, without the words around it
    std::string
        group; // hat, hair, glasses, clothes, skirt, pants, dress, shoes, bag; empty for others
    std::string head;      // the noun that decided the group, as written in lower case
    std::string colour;    // first colour word in its common form: "gray" and "silver" give "grey"
    bool negated = false;  // "no hat", "without a bag"
    std::size_t begin = 0; // bytes [begin, end) of the description
    std::size_t end = 0;
};

// Cuts a description into phrases by rule: function words and verbs part them, colours joined by
// "and" stay together, what follows "with" belongs to the garment when it names no part itself
// ("a shirt with white stripes"). No statistics; unknown nouns come out without a group.
// Safe to call in parallel.
std::vector<NounPhrase> nounPhrases(std::string_view text);

// The phrases of a caption that say what somebody looks like, as written: clothes, hair, bags and
// what else is worn or carried, with what belongs to them ("a black jacket with a white hood",
// "blonde hair tied up in a bun", "His shoes are black"). People, places, body parts and what is
// denied are left out. A stand-in for the language model that SAP-SAM cuts captions with.
std::vector<std::string> captionPhrases(std::string_view caption);

// The phrases that name a part of a person: "a woman in a red jacket and blue jeans" gives
// "a red jacket" (clothes, red) and "blue jeans" (pants, blue).
std::vector<NounPhrase> parseQuery(std::string_view text);

// The common name of a colour word ("navy" is blue, "gray" grey); empty when it is none.
std::string commonColour(std::string_view word);

// Part group of a noun, singular or plural; empty when it names no part.
std::string groupOfNoun(std::string_view noun);

// The nine groups in the order of the published prompts.
const std::vector<std::string> &partGroups();

} // namespace sapsam
