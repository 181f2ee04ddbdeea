#pragma once

#include "core/base/random.h"
#include "core/synth/pedestrian.h"

#include <string>
#include <vector>

namespace sapsam::training {

// A short text such as people type into a search field ("man in a red jacket and blue jeans",
// "black backpack"), made of one to four of the phrases; true of the picture they belong to.
// Empty when there are no phrases.
std::string queryFromPhrases(const SyntheticPerson &person, const std::vector<PartPhrase> &phrases,
                             SeededRandom &random);

// Wordings that ask for a part group without describing it ("the pants"); the first is the plain
// one. Throws Error(InvalidInput) for an unknown group.
const std::vector<std::string> &genericPhrases(const std::string &group);

// The question that BLIP-2 is asked about a crop of the group (the paper's table 3).
// Throws Error(InvalidInput) for an unknown group.
const std::string &questionFor(const std::string &group);

} // namespace sapsam::training
