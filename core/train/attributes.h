#pragma once

#include "core/synth/pedestrian.h"

#include <cstdint>
#include <vector>

namespace sapsam::training {

// What the generator knows about a picture, as classes: gender, hair, and kind, colour and pattern
// of everything worn. A head that predicts them gives a young encoder a direction long before pairs
// of pictures and captions do; it is not part of the model that is exported.

// How many classes each attribute has.
const std::vector<std::int64_t> &attributeSizes();

// One class for each attribute; -100 where this picture does not show it.
std::vector<std::int64_t> attributesOf(const SyntheticPerson &person,
                                       const SyntheticPicture &picture);

} // namespace sapsam::training
