#pragma once

#include "core/base/random.h"
#include "core/synth/pedestrian.h"

#include <map>
#include <string>
#include <vector>

namespace sapsam::training {

// A short text such as people type into a search field ("man in a red jacket and blue jeans",
// "black backpack", "a woman", "a man dressed in black"), true of one picture, and what it says.
struct QueryText
{
    struct Part
    {
        std::string group;
        std::vector<std::string> words;
    };

    std::string text;         // empty when nothing can be said
    std::vector<Part> parts;  // the phrases it is made of
    bool namesGender = false; // by its noun
    std::string outfit;       // base colour of the upper and the lower garment, or empty
};

QueryText drawQuery(const SyntheticPerson &person, const SyntheticPicture &picture,
                    SeededRandom &random);

// The words that the generator can say of each part of a picture: what makes a word false of it.
// They are gathered by letting it describe the picture many times over.
class PartWords
{
public:
    PartWords() = default;
    PartWords(const SyntheticPerson &person, const SyntheticPicture &picture, SeededRandom random);

    // True when the generator could have said these words of the part of that group.
    bool canSay(const QueryText::Part &part) const;
    bool has(const std::string &group) const { return m_words.count(group) != 0; }

private:
    std::map<std::string, std::vector<std::string>> m_words; // by group, sorted
};

// True when the query may be true of another picture as well: such a pair is no wrong pair to learn
// from. Words decide, so that "a red cap" may be true of everybody with a red cap and of nobody
// with a blue one; what is hidden in the picture may be there.
bool mayBeTrueOf(const QueryText &query, const SyntheticPerson &asked,
                 const SyntheticPerson &person, const SyntheticPicture &picture,
                 const PartWords &words);

// Wordings that ask for a part group without describing it ("the pants"); the first is the plain
// one. Throws Error(InvalidInput) for an unknown group.
const std::vector<std::string> &genericPhrases(const std::string &group);

// The question that BLIP-2 is asked about a crop of the group (the paper's table 3).
// Throws Error(InvalidInput) for an unknown group.
const std::string &questionFor(const std::string &group);

} // namespace sapsam::training
