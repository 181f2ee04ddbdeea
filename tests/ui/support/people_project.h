#pragma once

#include "core/image/image.h"

#include <cstdint>
#include <string>

namespace sapsam::test {

struct PeopleProject
{
    int identities = 6;
    int picturesPerIdentity = 2;
    int width = 64;
    int height = 128;
    std::uint64_t seed = 7;
    bool withParts = true;    // the true masks as regions of a model, each with its true phrase
    bool withCaptions = true; // two for each picture
    std::string split = "test";
};

// Names what stands as maker of the regions and phrases of such a project.
inline constexpr const char *kPeopleModelHash =
    "5a3f0c1de58a1f2b9a7c4d6e8f00112233445566778899aabbccddeeff001122";

// Draws people (core/synth) and makes a project of them, without any model: picture files beside
// the project folder ("FOLDER-pictures", with a name beyond ASCII), true masks, phrases, captions,
// identities and split. The same options give the same project.
void makePeopleProject(const std::string &folder, const PeopleProject &options = {});

// The true label map (ATR's 18 classes) of a picture of it; picture counts from 0 in id order.
LabelMap peopleLabels(const PeopleProject &options, int picture);

} // namespace sapsam::test
