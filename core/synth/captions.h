#pragma once

#include "core/synth/pedestrian.h"

#include <vector>

namespace sapsam::synth {

// One phrase for each visible group, in the order of the groups.
std::vector<PartPhrase> makePhrases(const SyntheticPerson &person, const SyntheticPicture &picture,
                                    SeededRandom &random);

} // namespace sapsam::synth
