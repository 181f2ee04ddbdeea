#include "core/train/attributes.h"

namespace sapsam::training {

namespace {

constexpr std::int64_t kUnseen = -100;
constexpr double kEnough = 0.004; // share of the picture

template <typename Enum>
std::int64_t numberOf(Enum value)
{
    return static_cast<std::int64_t>(value);
}

} // namespace

const std::vector<std::int64_t> &attributeSizes()
{
    constexpr std::int64_t kColours = kColourNameCount;
    static const std::vector<std::int64_t> kSizes = {
        2,        // gender
        8,        // hair colour
        9,        // hair style
        4,        // hat
        kColours, // its colour
        3,        // glasses
        18,       // upper garment
        kColours, // its colour
        kColours, // its second colour
        12,       // its pattern
        2,        // dress
        kColours, // its colour
        8,        // lower garment
        kColours, // its colour
        6,        // shoes
        kColours, // their colour
        7,        // bag
        kColours, // its colour
    };
    return kSizes;
}

std::vector<std::int64_t> attributesOf(const SyntheticPerson &person,
                                       const SyntheticPicture &picture)
{
    const PersonAppearance &look = person.look;
    const VisibleShare &seen = picture.visible;
    const auto when = [](bool isSeen, std::int64_t value) { return isSeen ? value : kUnseen; };
    const bool colours = !picture.grey;
    const bool upper = seen.upper > kEnough && look.upper != UpperKind::None;
    const bool lower = seen.pants + seen.skirt > kEnough && look.lower != LowerKind::None;
    const bool dress = look.hasDress && seen.dress > kEnough;
    return {
        when(seen.person > 0.03, numberOf(look.gender)),
        when(colours && seen.hair > 0.003, numberOf(look.hairColour)),
        when(seen.hair > 0.003, numberOf(look.hairStyle)),
        when(seen.hat > 0.002 || look.hat == HatKind::None, numberOf(look.hat)),
        when(colours && seen.hat > 0.002, numberOf(look.hatCloth.colour)),
        when(seen.face > 0.003, numberOf(look.glasses)),
        when(upper, numberOf(look.upper)),
        when(upper && colours, numberOf(look.upperCloth.colour)),
        when(upper && colours && seen.upperSecond > kEnough, numberOf(look.upperCloth.second)),
        when(upper, numberOf(look.upperCloth.pattern)),
        when(seen.person > 0.03, dress ? 1 : 0),
        when(dress && colours, numberOf(look.dressCloth.colour)),
        when(lower, numberOf(look.lower)),
        when(lower && colours, numberOf(look.lowerCloth.colour)),
        when(seen.shoes > 0.003, numberOf(look.shoes)),
        when(colours && seen.shoes > 0.003, numberOf(look.shoeCloth.colour)),
        when(seen.bag > kEnough || look.bag == BagKind::None, numberOf(look.bag)),
        when(colours && seen.bag > kEnough, numberOf(look.bagCloth.colour)),
    };
}

} // namespace sapsam::training
