#include "core/synth/pedestrian.h"

#include <algorithm>
#include <array>

namespace sapsam {
namespace {

Rgb sampleSkin(SeededRandom &random)
{
    // From very light to very dark; the first ones are the commoner in the public collections.
    static const std::array<std::array<double, 3>, 7> kTones = {{{18, 0.28, 0.93},
                                                                 {20, 0.34, 0.88},
                                                                 {22, 0.40, 0.80},
                                                                 {22, 0.46, 0.68},
                                                                 {20, 0.52, 0.52},
                                                                 {18, 0.55, 0.38},
                                                                 {16, 0.50, 0.27}}};
    const auto &tone = kTones[random.weighted({5, 6, 5, 4, 2.5, 2, 1.5})];
    return rgbFromHsv(tone[0] + random.uniform(-4, 4), tone[1] * random.uniform(0.72, 1.02),
                      std::min(1.0, tone[2] * random.uniform(0.93, 1.07)));
}

Rgb sampleHair(HairColour colour, SeededRandom &random)
{
    switch (colour) {
    case HairColour::Black:
        return rgbFromHsv(random.uniform(0, 360), random.uniform(0.0, 0.25),
                          random.uniform(0.04, 0.13));
    case HairColour::DarkBrown:
        return rgbFromHsv(random.uniform(15, 28), random.uniform(0.35, 0.6),
                          random.uniform(0.14, 0.23));
    case HairColour::Brown:
        return rgbFromHsv(random.uniform(18, 28), random.uniform(0.45, 0.62),
                          random.uniform(0.28, 0.42));
    case HairColour::LightBrown:
        return rgbFromHsv(random.uniform(24, 32), random.uniform(0.38, 0.5),
                          random.uniform(0.46, 0.58));
    case HairColour::Blonde:
        return rgbFromHsv(random.uniform(34, 48), random.uniform(0.24, 0.56),
                          random.uniform(0.64, 0.95));
    case HairColour::Ginger:
        return rgbFromHsv(random.uniform(12, 22), random.uniform(0.65, 0.88),
                          random.uniform(0.48, 0.72));
    case HairColour::Grey:
        return rgbFromHsv(random.uniform(0, 360), random.uniform(0.0, 0.05),
                          random.uniform(0.44, 0.64));
    case HairColour::White:
        return rgbFromHsv(random.uniform(30, 60), random.uniform(0.0, 0.06),
                          random.uniform(0.80, 0.95));
    }
    return {};
}

bool sameFamily(ColourName a, ColourName b)
{
    return std::string(baseNameOf(a)) == baseNameOf(b);
}

bool isDark(ColourName colour)
{
    return std::string(toneOf(colour)) == "dark";
}

ColourName drawSecond(ColourName first, SeededRandom &random)
{
    // Half of the two-coloured garments combine with black, white or grey.
    for (int attempt = 0; attempt < 20; ++attempt) {
        ColourName other = drawClothingColour(random, 0.5);
        if (random.chance(0.45)) {
            static const std::vector<ColourName> kNeutral = {ColourName::Black, ColourName::White,
                                                             ColourName::Grey, ColourName::Navy};
            other = random.pick(kNeutral);
        }
        if (!sameFamily(first, other) && !(isDark(first) && isDark(other)))
            return other;
    }
    return isDark(first) ? ColourName::White : ColourName::Black;
}

void paint(Cloth &cloth, SeededRandom &random)
{
    cloth.rgb = sampleColour(cloth.colour, random);
    cloth.rgbSecond = sampleColour(cloth.second, random);
    cloth.patternScale = random.uniform(0.75, 1.5);
}

Pattern drawUpperPattern(UpperKind kind, SeededRandom &random)
{
    using P = Pattern;
    const auto draw = [&](std::vector<std::pair<P, double>> options) {
        std::vector<double> weights;
        for (const auto &option : options)
            weights.push_back(option.second);
        return options[random.weighted(weights)].first;
    };
    switch (kind) {
    case UpperKind::TankTop:
        return draw({{P::Plain, 6}, {P::HorizontalStripes, 2}, {P::Logo, 1}, {P::Dots, 0.5}});
    case UpperKind::TShirt:
        return draw({{P::Plain, 5},
                     {P::HorizontalStripes, 1.5},
                     {P::Logo, 3},
                     {P::SleevesOther, 1.3},
                     {P::ChestBand, 0.8},
                     {P::LowerHalfOther, 0.7},
                     {P::Dots, 0.4},
                     {P::ShouldersAndSleevesOther, 0.6}});
    case UpperKind::PoloShirt:
        return draw(
            {{P::Plain, 5}, {P::HorizontalStripes, 3}, {P::ChestBand, 1}, {P::SleevesOther, 0.6}});
    case UpperKind::Shirt:
        return draw({{P::Plain, 5}, {P::Plaid, 4}, {P::VerticalStripes, 2.5}, {P::Dots, 0.4}});
    case UpperKind::Blouse:
        return draw(
            {{P::Plain, 5}, {P::Dots, 2}, {P::VerticalStripes, 1}, {P::HorizontalStripes, 1}});
    case UpperKind::Sweater:
        return draw({{P::Plain, 5},
                     {P::HorizontalStripes, 2.5},
                     {P::ChestBand, 1},
                     {P::LowerHalfOther, 0.7},
                     {P::SleevesOther, 0.6}});
    case UpperKind::Hoodie:
        return draw({{P::Plain, 5},
                     {P::Logo, 2},
                     {P::SleevesOther, 1},
                     {P::LowerHalfOther, 0.8},
                     {P::ShouldersAndSleevesOther, 0.7}});
    case UpperKind::Jacket:
    case UpperKind::Raincoat:
        return draw({{P::Plain, 5},
                     {P::ShouldersOther, 1.2},
                     {P::ShouldersAndSleevesOther, 1.8},
                     {P::SleevesOther, 1.5},
                     {P::SideStripe, 0.7},
                     {P::LowerHalfOther, 0.9},
                     {P::ChestBand, 0.6}});
    case UpperKind::PaddedJacket:
        return draw({{P::Plain, 5},
                     {P::ShouldersOther, 1},
                     {P::ShouldersAndSleevesOther, 2},
                     {P::SleevesOther, 1.6},
                     {P::LowerHalfOther, 1}});
    case UpperKind::Vest:
        return draw({{P::Plain, 5}, {P::ShouldersOther, 1.5}});
    case UpperKind::Coat:
    case UpperKind::LongCoat:
        return draw({{P::Plain, 8}, {P::Plaid, 0.8}, {P::SleevesOther, 0.3}});
    default:
        return P::Plain;
    }
}

void drawUpper(PersonAppearance &look, double warmth, SeededRandom &random)
{
    using U = UpperKind;
    const bool woman = look.gender == Gender::Woman;
    // Rows: warm, mild, cold weather.
    static const std::vector<U> kKinds = {
        U::TankTop,      U::TShirt,     U::PoloShirt, U::Shirt,  U::Blouse,      U::Sweater,
        U::Hoodie,       U::Cardigan,   U::Vest,      U::Jacket, U::DenimJacket, U::LeatherJacket,
        U::PaddedJacket, U::SuitJacket, U::Raincoat,  U::Coat,   U::LongCoat};
    static const std::vector<double> kWarm = {4,   16,  3, 5, 3,   0.5, 0.7, 0.8, 0.5,
                                              0.6, 0.3, 0, 0, 0.8, 0,   0,   0};
    static const std::vector<double> kMild = {0.4, 4, 1.5, 4,   1.5, 5, 5,   2.5, 1.5,
                                              6,   2, 2,   1.5, 3,   1, 1.5, 1};
    static const std::vector<double> kCold = {0, 0.3, 0, 0.5, 0.2, 3, 3, 1, 1.2,
                                              7, 1,   3, 8,   1.5, 2, 7, 7};
    std::vector<double> weights = warmth > 0.68 ? kWarm : warmth > 0.38 ? kMild : kCold;
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
        if (!woman && kKinds[i] == U::Blouse)
            weights[i] = 0.0;
        if (woman && (kKinds[i] == U::PoloShirt || kKinds[i] == U::SuitJacket))
            weights[i] *= 0.4;
        if (!woman && kKinds[i] == U::Cardigan)
            weights[i] *= 0.3;
        weights[i] += 0.25 * (kKinds[i] != U::Blouse || woman ? 1.0 : 0.0);
    }
    look.upper = kKinds[random.weighted(weights)];

    Cloth &cloth = look.upperCloth;
    cloth.colour = drawClothingColour(random);
    cloth.pattern = drawUpperPattern(look.upper, random);
    double open = 0.0;
    look.thickness = 0.004;
    look.sleeve = 1.0;
    look.upperHem = random.uniform(0.455, 0.50);
    switch (look.upper) {
    case U::None:
        break;
    case U::TankTop:
        look.sleeve = 0.0;
        look.upperHem = random.uniform(0.47, woman ? 0.56 : 0.50);
        break;
    case U::TShirt:
        look.sleeve = random.uniform(0.26, 0.42);
        look.upperHem = random.uniform(0.44, woman ? 0.55 : 0.49);
        look.thickness = random.uniform(0.003, 0.009);
        break;
    case U::PoloShirt:
        look.sleeve = random.uniform(0.28, 0.4);
        break;
    case U::Shirt:
    case U::Blouse:
        look.sleeve = random.chance(0.3)   ? random.uniform(0.3, 0.42)
                      : random.chance(0.3) ? 0.65
                                           : 1.0;
        look.upperHem = random.uniform(0.43, 0.54);
        look.thickness = 0.006;
        open = look.upper == U::Shirt ? 0.2 : 0.0;
        break;
    case U::Sweater:
        look.thickness = random.uniform(0.008, 0.014);
        break;
    case U::Hoodie:
        look.hasHood = true;
        look.hoodUp = random.chance(0.14);
        look.thickness = random.uniform(0.010, 0.016);
        open = 0.25;
        break;
    case U::Cardigan:
        look.thickness = 0.007;
        look.upperHem = random.uniform(0.36, 0.50);
        open = 0.75;
        break;
    case U::Vest:
        look.sleeve = 0.0;
        look.thickness = 0.014;
        open = 0.5;
        break;
    case U::Jacket:
        look.thickness = random.uniform(0.010, 0.018);
        look.hasHood = random.chance(0.35);
        open = 0.4;
        break;
    case U::DenimJacket:
        cloth.colour = random.pick(std::vector<ColourName>{
            ColourName::LightDenim, ColourName::Denim, ColourName::Denim, ColourName::DarkDenim});
        look.thickness = 0.010;
        look.upperHem = random.uniform(0.48, 0.53);
        open = 0.55;
        break;
    case U::LeatherJacket:
        cloth.colour =
            random.chance(0.75)
                ? ColourName::Black
                : random.pick(std::vector<ColourName>{ColourName::Brown, ColourName::DarkBrown,
                                                      ColourName::Maroon, ColourName::Red});
        look.thickness = 0.012;
        look.upperHem = random.uniform(0.47, 0.52);
        open = 0.5;
        break;
    case U::PaddedJacket:
        look.thickness = random.uniform(0.020, 0.034);
        look.upperHem = random.uniform(0.42, 0.50);
        look.hasHood = random.chance(0.55);
        open = 0.25;
        break;
    case U::SuitJacket:
        if (random.chance(0.75))
            cloth.colour = random.pick(std::vector<ColourName>{
                ColourName::Black, ColourName::Black, ColourName::Navy, ColourName::DarkGrey,
                ColourName::Grey, ColourName::Brown, ColourName::Beige});
        look.thickness = 0.010;
        look.upperHem = random.uniform(0.43, 0.47);
        open = 0.85;
        break;
    case U::Raincoat:
        look.thickness = 0.016;
        look.hasHood = true;
        look.upperHem = random.uniform(0.33, 0.47);
        open = 0.15;
        break;
    case U::Coat:
        look.thickness = random.uniform(0.012, 0.020);
        look.upperHem = random.uniform(0.35, 0.42);
        look.hasHood = random.chance(0.35);
        open = 0.3;
        break;
    case U::LongCoat:
        look.thickness = random.uniform(0.012, 0.020);
        look.upperHem = random.uniform(0.16, 0.30);
        look.hasHood = random.chance(0.25);
        open = 0.3;
        break;
    }
    if (look.upper == U::Coat || look.upper == U::LongCoat) {
        if (random.chance(0.4))
            cloth.colour = random.pick(std::vector<ColourName>{
                ColourName::Black, ColourName::Black, ColourName::DarkGrey, ColourName::Grey,
                ColourName::LightBrown, ColourName::Navy, ColourName::Beige});
    }
    if (look.hasHood && look.upper != U::Hoodie)
        look.hoodUp = random.chance(0.22);
    cloth.second = drawSecond(cloth.colour, random);
    paint(cloth, random);
    look.open = random.chance(open);
    Cloth &inner = look.innerCloth;
    inner.colour = random.chance(0.45) ? random.pick(std::vector<ColourName>{
                       ColourName::White, ColourName::White, ColourName::Black, ColourName::Grey})
                                       : drawClothingColour(random);
    if (inner.colour == cloth.colour)
        inner.colour = isDark(cloth.colour) ? ColourName::White : ColourName::Black;
    inner.second = drawSecond(inner.colour, random);
    inner.pattern = random.chance(0.15) ? Pattern::HorizontalStripes : Pattern::Plain;
    paint(inner, random);
}

void drawLower(PersonAppearance &look, double warmth, SeededRandom &random)
{
    using L = LowerKind;
    const bool woman = look.gender == Gender::Woman;
    std::vector<double>
        weights; // Jeans, Trousers, TrackPants, Leggings, Shorts, ShortSkirt, LongSkirt
    if (woman)
        weights = {8, 4.5, 1, 4, warmth > 0.6 ? 4 : 0.4, warmth > 0.4 ? 3.0 : 1.4, 2};
    else
        weights = {9, 7, 2, 0, warmth > 0.6 ? 6 : 0.5, 0, 0};
    if (look.upper == UpperKind::SuitJacket && !woman)
        weights = {1.5, 8, 0, 0, 0, 0, 0};
    static const std::vector<L> kKinds = {L::Jeans,  L::Trousers,   L::TrackPants, L::Leggings,
                                          L::Shorts, L::ShortSkirt, L::LongSkirt};
    look.lower = kKinds[random.weighted(weights)];
    Cloth &cloth = look.lowerCloth;
    cloth.pattern = Pattern::Plain;
    cloth.colour = drawClothingColour(random);
    const auto neutral = [&](double probability) {
        static const std::vector<ColourName> kUsual = {
            ColourName::Black, ColourName::Black, ColourName::Black, ColourName::DarkGrey,
            ColourName::Grey,  ColourName::Navy,  ColourName::Navy,  ColourName::Khaki,
            ColourName::Beige, ColourName::Brown, ColourName::White, ColourName::LightGrey,
            ColourName::Olive};
        if (random.chance(probability))
            cloth.colour = random.pick(kUsual);
    };
    look.legFlare = 0.0;
    switch (look.lower) {
    case L::None:
        break;
    case L::Jeans: {
        static const std::vector<ColourName> kJeans = {
            ColourName::LightDenim, ColourName::Denim,     ColourName::Denim,
            ColourName::Denim,      ColourName::DarkDenim, ColourName::DarkDenim,
            ColourName::Black,      ColourName::Grey,      ColourName::White};
        cloth.colour = random.pick(kJeans);
        look.legWidth = random.uniform(0.002, 0.014);
        look.legFlare = random.chance(0.3) ? random.uniform(0.005, 0.022) : 0.0;
        break;
    }
    case L::Trousers:
        neutral(0.7);
        look.legWidth = random.uniform(0.004, 0.018);
        look.legFlare = random.chance(0.25) ? random.uniform(0.004, 0.02) : 0.0;
        if (random.chance(0.06))
            cloth.pattern = Pattern::VerticalStripes;
        else if (random.chance(0.05))
            cloth.pattern = Pattern::Plaid;
        break;
    case L::TrackPants:
        neutral(0.5);
        look.legWidth = random.uniform(0.008, 0.02);
        if (random.chance(0.5))
            cloth.pattern = Pattern::SideStripe;
        break;
    case L::Leggings:
        neutral(0.7);
        look.legWidth = 0.001;
        break;
    case L::Shorts:
        neutral(0.4);
        if (random.chance(0.3))
            cloth.colour =
                random.pick(std::vector<ColourName>{ColourName::Denim, ColourName::LightDenim});
        look.lowerHem = random.uniform(woman ? 0.34 : 0.26, woman ? 0.44 : 0.35);
        look.legWidth = random.uniform(0.008, 0.024);
        if (random.chance(0.1))
            cloth.pattern = Pattern::Plaid;
        else if (random.chance(0.1))
            cloth.pattern = Pattern::SideStripe;
        break;
    case L::ShortSkirt:
    case L::LongSkirt:
        neutral(0.35);
        look.lowerHem =
            look.lower == L::ShortSkirt ? random.uniform(0.31, 0.42) : random.uniform(0.07, 0.24);
        look.legFlare = random.uniform(0.0, 0.06);
        if (random.chance(0.15))
            cloth.pattern = Pattern::Dots;
        else if (random.chance(0.12))
            cloth.pattern = Pattern::Plaid;
        else if (random.chance(0.1))
            cloth.pattern = Pattern::HorizontalStripes;
        else if (random.chance(0.06))
            cloth.pattern = Pattern::VerticalStripes;
        break;
    }
    cloth.second = cloth.pattern == Pattern::SideStripe && random.chance(0.7)
                           && cloth.colour != ColourName::White
                       ? ColourName::White
                       : drawSecond(cloth.colour, random);
    paint(cloth, random);
}

} // namespace

const char *nameOf(HairColour colour)
{
    switch (colour) {
    case HairColour::Black:
        return "black";
    case HairColour::DarkBrown:
        return "dark brown";
    case HairColour::Brown:
        return "brown";
    case HairColour::LightBrown:
        return "light brown";
    case HairColour::Blonde:
        return "blonde";
    case HairColour::Ginger:
        return "ginger";
    case HairColour::Grey:
        return "grey";
    case HairColour::White:
        return "white";
    }
    return "";
}

SyntheticPerson makePerson(std::uint64_t seed, std::uint64_t identity)
{
    SyntheticPerson person;
    person.seed = seed;
    person.identity = identity;
    SeededRandom random = SeededRandom(seed).fork("person").fork(identity);
    PersonAppearance &look = person.look;
    look.gender = random.chance(0.5) ? Gender::Man : Gender::Woman;
    const bool woman = look.gender == Gender::Woman;
    look.age = static_cast<Age>(random.weighted({0.03, 0.35, 0.47, 0.15}));
    look.build = std::clamp(random.normal(look.age == Age::Young ? 0.97 : 1.03, 0.085), 0.84, 1.26);
    look.stature = look.age == Age::Child ? random.uniform(0.72, 0.85) : random.uniform(0.95, 1.05);
    look.skin = sampleSkin(random);
    const double warmth = random.uniform();

    // Hair.
    if (look.age == Age::Old)
        look.hairColour = static_cast<HairColour>(random.weighted({1, 1, 1, 0.5, 0.7, 0.1, 5, 3}));
    else
        look.hairColour =
            static_cast<HairColour>(random.weighted({5.5, 3.5, 3, 1.5, 4, 0.9, 0.6, 0.1}));
    look.hair = sampleHair(look.hairColour, random);
    using H = HairStyle;
    static const std::vector<H> kStyles = {H::Bald, H::Balding, H::Buzz,     H::Short, H::Curly,
                                           H::Bob,  H::Long,    H::Ponytail, H::Bun};
    if (woman)
        look.hairStyle = kStyles[random.weighted({0.01, 0, 0.05, 1.2, 1.3, 2.5, 5.5, 3, 1.4})];
    else if (look.age == Age::Old)
        look.hairStyle = kStyles[random.weighted({1.5, 3, 1.5, 5, 0.4, 0.1, 0.1, 0.1, 0})];
    else
        look.hairStyle = kStyles[random.weighted({0.8, 0.9, 1.8, 8, 0.8, 0.3, 0.35, 0.15, 0.1})];
    if (look.hairStyle == H::Long)
        look.hairLength = random.uniform(0.12, 0.27);
    else if (look.hairStyle == H::Bob)
        look.hairLength = random.uniform(0.065, 0.095);
    else if (look.hairStyle == H::Ponytail)
        look.hairLength = random.uniform(0.10, 0.24);
    look.beard = !woman && look.age != Age::Child && random.chance(0.22);

    drawUpper(look, warmth, random);
    look.lower = LowerKind::None;
    if (woman && random.chance(warmth > 0.5 ? 0.24 : 0.12)) {
        look.hasDress = true;
        look.dressHem =
            random.chance(0.25) ? random.uniform(0.07, 0.2) : random.uniform(0.26, 0.38);
        look.dressSleeve = random.chance(0.45) ? 0.0 : random.chance(0.5) ? 0.33 : 1.0;
        look.legFlare = random.uniform(0.0, 0.06);
        Cloth &cloth = look.dressCloth;
        cloth.colour = drawClothingColour(random);
        static const std::vector<Pattern> kPatterns = {Pattern::Plain,
                                                       Pattern::Dots,
                                                       Pattern::HorizontalStripes,
                                                       Pattern::LowerHalfOther,
                                                       Pattern::VerticalStripes,
                                                       Pattern::Plaid};
        cloth.pattern = kPatterns[random.weighted({6, 2, 1.2, 1, 0.5, 0.5})];
        cloth.second = drawSecond(cloth.colour, random);
        paint(cloth, random);
        if (random.chance(0.6)) {
            look.upper = UpperKind::None;
            look.hasHood = look.hoodUp = look.open = false;
        } else {
            look.dressSleeve = 0.0;
            look.open = true;
            if (look.upper == UpperKind::TankTop || look.upper == UpperKind::TShirt
                || look.upper == UpperKind::PoloShirt || look.upper == UpperKind::Shirt
                || look.upper == UpperKind::Blouse) {
                look.upper = UpperKind::Cardigan;
                look.upperCloth.pattern = Pattern::Plain;
                look.sleeve = 1.0;
            }
            look.upperHem = std::max(look.upperHem, look.dressHem + 0.08);
            look.innerCloth = cloth;
        }
    } else {
        drawLower(look, warmth, random);
    }
    const bool bareLegs =
        look.hasDress || look.lower == LowerKind::ShortSkirt || look.lower == LowerKind::LongSkirt;
    if (bareLegs) {
        look.tights = random.chance(warmth > 0.6 ? 0.12 : 0.6);
        look.tightsColour =
            sampleColour(random.chance(0.8) ? ColourName::Black : ColourName::DarkGrey, random);
    }
    // A hem that ends where a skirt ends would hide the skirt.
    if ((look.lower == LowerKind::ShortSkirt || look.lower == LowerKind::Shorts)
        && look.upperHem < look.lowerHem + 0.07 && look.upper != UpperKind::LongCoat
        && look.upper != UpperKind::Coat)
        look.upperHem = look.lowerHem + 0.08;
    look.belt = random.chance(0.15) && !look.hasDress;
    look.beltCloth.colour = random.chance(0.6) ? ColourName::Black : ColourName::Brown;
    paint(look.beltCloth, random);

    look.scarf = random.chance(warmth < 0.3 ? 0.22 : 0.03);
    look.scarfCloth.colour = drawClothingColour(random);
    look.scarfCloth.second = drawSecond(look.scarfCloth.colour, random);
    look.scarfCloth.pattern = random.chance(0.2) ? Pattern::Plaid : Pattern::Plain;
    paint(look.scarfCloth, random);

    if (!look.hoodUp && random.chance(0.16)) {
        look.hat = static_cast<HatKind>(
            1 + random.weighted({5, warmth < 0.4 ? 4.0 : 1.0, warmth > 0.4 ? 2.0 : 0.7}));
        look.hatCloth.colour = drawClothingColour(random);
        look.hatCloth.second = drawSecond(look.hatCloth.colour, random);
        look.hatCloth.pattern = look.hat == HatKind::Beanie && random.chance(0.25)
                                    ? Pattern::HorizontalStripes
                                    : Pattern::Plain;
        paint(look.hatCloth, random);
        if (look.hairStyle == H::Bun)
            look.hairStyle = H::Ponytail;
    }
    look.glasses = random.chance(0.2)
                       ? (random.chance(0.45) ? GlassesKind::Sun : GlassesKind::Clear)
                       : GlassesKind::None;

    using S = ShoeKind;
    static const std::vector<S> kShoes = {S::Sneakers,  S::LeatherShoes, S::Boots,
                                          S::TallBoots, S::Sandals,      S::HighHeels};
    look.shoes = kShoes[random.weighted(
        woman ? std::vector<double>{7, 3, 2,
                                    bareLegs || look.lower == LowerKind::Leggings ? 3.0 : 0.8,
                                    warmth > 0.6 ? 3.0 : 0.1, 1.8}
              : std::vector<double>{10, 6, 2, 0, warmth > 0.7 ? 1.5 : 0.05, 0})];
    look.shoeCloth.colour = drawClothingColour(random);
    if (look.shoes == S::Sneakers) {
        if (random.chance(0.7))
            look.shoeCloth.colour = random.pick(std::vector<ColourName>{
                ColourName::White, ColourName::White, ColourName::Black, ColourName::Black,
                ColourName::Grey, ColourName::Blue, ColourName::Red, ColourName::LightGrey});
    } else if (random.chance(0.85)) {
        look.shoeCloth.colour = random.pick(std::vector<ColourName>{
            ColourName::Black, ColourName::Black, ColourName::Black, ColourName::Brown,
            ColourName::DarkBrown, ColourName::LightBrown, ColourName::Beige});
    }
    look.shoeCloth.second = random.chance(0.6) ? ColourName::White : ColourName::Black;
    paint(look.shoeCloth, random);
    look.socks = (look.lower == LowerKind::Shorts || (bareLegs && !look.tights))
                 && random.chance(0.5) && look.shoes == S::Sneakers;
    look.sockColour = sampleColour(random.chance(0.65)  ? ColourName::White
                                   : random.chance(0.6) ? ColourName::Black
                                                        : ColourName::Grey,
                                   random);

    using B = BagKind;
    static const std::vector<B> kBags = {B::None,    B::Backpack, B::ShoulderBag, B::CrossBody,
                                         B::Handbag, B::Tote,     B::Suitcase};
    look.bag = kBags[random.weighted(woman ? std::vector<double>{5, 2.2, 2.4, 1.4, 1.8, 1, 0.4}
                                           : std::vector<double>{6, 3.2, 0.8, 1.4, 0.4, 0.6, 0.4})];
    look.bagCloth.colour = random.chance(0.4) ? ColourName::Black : drawClothingColour(random);
    look.bagCloth.second = drawSecond(look.bagCloth.colour, random);
    look.bagCloth.pattern = random.chance(0.12) ? Pattern::LowerHalfOther : Pattern::Plain;
    paint(look.bagCloth, random);
    look.bagOnLeft = random.chance(0.5);
    return person;
}

} // namespace sapsam
