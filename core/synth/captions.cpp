#include "core/synth/captions.h"

#include "core/synth/pedestrian.h"

#include <algorithm>
#include <cctype>
#include <cmath>

namespace sapsam {
namespace {

using Words = std::vector<std::string>;

std::string pick(SeededRandom &random, const Words &words)
{
    return random.pick(words);
}

// True of the colour; mostly the plain word, sometimes a synonym, the base word or its tone alone.
std::string colourWord(ColourName colour, SeededRandom &random)
{
    const Words &words = wordsOf(colour);
    const double what = random.uniform();
    if (what < 0.70)
        return words.front();
    if (what < 0.90)
        return random.pick(words);
    if (what < 0.96)
        return baseNameOf(colour);
    const std::string tone = toneOf(colour);
    if (tone == "dark")
        return pick(random, {"dark", "dark colored", "dark-colored"});
    if (tone == "light")
        return pick(random, {"light colored", "light-colored", words.front(), "light coloured"});
    if (tone == "bright")
        return pick(random, {"bright " + std::string(baseNameOf(colour)), words.front()});
    return words.front();
}

bool isVowel(char c)
{
    return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u';
}

std::string withArticle(const std::string &phrase)
{
    if (phrase.empty())
        return phrase;
    const bool an = isVowel(phrase.front()) && phrase.rfind("uni", 0) != 0;
    return (an ? "an " : "a ") + phrase;
}

// A noun phrase with or without an article.
struct Phrase
{
    std::string text;
    bool plural = false;
    std::string full() const { return plural ? text : withArticle(text); }
};

bool twoColoured(const Cloth &cloth)
{
    return cloth.pattern != Pattern::Plain;
}

Words upperNouns(const PersonAppearance &look)
{
    using U = UpperKind;
    switch (look.upper) {
    case U::None:
        return {"dress"};
    case U::TankTop:
        return {"tank top", "sleeveless top", "sleeveless shirt", "tank top", "vest top"};
    case U::TShirt:
        return {"t-shirt",   "t-shirt", "short sleeved shirt",
                "tee shirt", "shirt",   "short sleeve t-shirt",
                "tshirt",    "top",     "t shirt"};
    case U::PoloShirt:
        return {"polo shirt", "polo", "short sleeved polo shirt", "shirt"};
    case U::Shirt:
        return look.sleeve > 0.9 ? Words{"shirt",           "long sleeved shirt",
                                         "button up shirt", "long sleeve shirt",
                                         "dress shirt",     "button down shirt"}
                                 : Words{"shirt", "short sleeved shirt",
                                         "short sleeve button up shirt", "button down shirt"};
    case U::Blouse:
        return {"blouse", "top", "shirt", "blouse"};
    case U::Sweater:
        return {"sweater",          "sweater",           "jumper",    "pullover",
                "long sleeved top", "long sleeve shirt", "sweatshirt"};
    case U::Hoodie:
        return look.hoodUp
                   ? Words{"hoodie with the hood up", "hooded sweatshirt", "hoodie", "hoodie"}
                   : Words{"hoodie", "hooded sweatshirt", "hoodie", "hooded sweater",
                           "sweatshirt with a hood"};
    case U::Cardigan:
        return {"cardigan", "cardigan", "cardigan sweater", "sweater"};
    case U::Vest:
        return look.thickness > 0.013
                   ? Words{"vest", "padded vest", "sleeveless jacket", "body warmer", "puffer vest"}
                   : Words{"vest", "waistcoat"};
    case U::Jacket:
        if (look.hoodUp)
            return {"hooded jacket", "jacket with the hood up", "jacket", "hooded coat"};
        return look.hasHood
                   ? Words{"jacket", "hooded jacket", "coat", "jacket with a hood", "jacket"}
                   : Words{"jacket", "jacket", "coat", "zip up jacket"};
    case U::DenimJacket:
        return {"denim jacket", "jean jacket", "denim jacket", "jacket"};
    case U::LeatherJacket:
        return {"leather jacket", "leather jacket", "jacket", "leather coat"};
    case U::PaddedJacket:
        if (look.hoodUp)
            return {"hooded padded jacket", "hooded puffer jacket", "hooded coat",
                    "padded jacket with the hood up"};
        return {"padded jacket", "puffer jacket", "quilted jacket", "down jacket", "puffy jacket",
                "winter jacket", "jacket",        "puffy coat",     "padded coat"};
    case U::SuitJacket:
        return look.gender == Gender::Man
                   ? Words{"suit jacket", "blazer", "suit coat", "jacket", "sports jacket"}
                   : Words{"blazer", "suit jacket", "jacket"};
    case U::Raincoat:
        return look.hoodUp
                   ? Words{"hooded raincoat", "hooded coat", "raincoat with the hood up"}
                   : Words{"raincoat", "rain jacket", "hooded raincoat", "hooded coat", "parka"};
    case U::Coat:
        if (look.hoodUp)
            return {"hooded coat", "coat with the hood up", "hooded coat", "parka"};
        return look.hasHood ? Words{"coat",  "hooded coat", "winter coat",
                                    "parka", "jacket",      "thigh length coat"}
                            : Words{"coat", "winter coat", "overcoat", "coat", "thigh length coat"};
    case U::LongCoat:
        if (look.hoodUp)
            return {"long hooded coat", "long coat with the hood up", "hooded long coat"};
        return {"long coat",     "long coat",   "knee length coat", "overcoat",
                "long overcoat", "trench coat", "long winter coat", "coat"};
    }
    return {"top"};
}

Words bodyPatternSuffix(const Cloth &cloth, const std::string &second, const std::string &innerNoun)
{
    (void)innerNoun;
    switch (cloth.pattern) {
    case Pattern::SleevesOther:
        return {"with " + second + " sleeves", "with " + second + " sleeves",
                "and " + second + " sleeves"};
    case Pattern::ShouldersOther:
        return {"with " + second + " shoulders", "with a " + second + " yoke",
                "with " + second + " on the shoulders", "with a " + second + " top part"};
    case Pattern::ShouldersAndSleevesOther:
        return {"with " + second + " sleeves", "with " + second + " shoulders and sleeves",
                "with " + second + " shoulders", "with " + second + " sleeves and shoulders"};
    case Pattern::LowerHalfOther:
        return {"with a " + second + " lower part", "with " + second + " at the bottom",
                "that is " + second + " at the bottom"};
    case Pattern::ChestBand:
        return {"with a " + second + " stripe across the chest",
                "with a broad " + second + " stripe", "with a " + second + " band"};
    case Pattern::Logo:
        return {"with a " + second + " print on the front", "with a " + second + " logo",
                "with a " + second + " design on the front", "with " + second + " print"};
    case Pattern::SideStripe:
        return {"with " + second + " stripes on the sides",
                "with a " + second + " stripe down the side", "with " + second + " side stripes"};
    case Pattern::HorizontalStripes:
        return {"with " + second + " stripes", "with " + second + " horizontal stripes"};
    case Pattern::VerticalStripes:
        return {"with " + second + " stripes", "with thin " + second + " vertical stripes"};
    case Pattern::Dots:
        return {"with " + second + " dots", "with " + second + " polka dots"};
    case Pattern::Plaid:
        return {"with " + second + " checks"};
    case Pattern::Plain:
        break;
    }
    return {};
}

// "red and navy padded jacket", "red jacket with navy sleeves", "blue and white striped shirt".
std::string clothPhrase(const Cloth &cloth, const std::string &noun, bool naming, bool secondSeen,
                        SeededRandom &random)
{
    const std::string main = colourWord(cloth.colour, random);
    if (!naming || !twoColoured(cloth) || !secondSeen || random.chance(0.12))
        return main + " " + noun;
    // Which of two equal colours comes first is a matter of taste, so both are named.
    std::string second = wordsOf(cloth.second).front();
    if (random.chance(0.2))
        second = random.pick(wordsOf(cloth.second));
    const std::string mainName =
        random.chance(0.85) ? std::string(wordsOf(cloth.colour).front()) : main;
    const bool flip =
        cloth.pattern == Pattern::HorizontalStripes || cloth.pattern == Pattern::Plaid;
    const std::string both =
        flip && random.chance(0.4) ? second + " and " + mainName : mainName + " and " + second;
    if (random.chance(0.45)) {
        switch (cloth.pattern) {
        case Pattern::HorizontalStripes:
            return both + " " + pick(random, {"striped ", "striped ", "horizontally striped "})
                   + noun;
        case Pattern::VerticalStripes:
            return both + " " + pick(random, {"striped ", "vertically striped ", "pinstriped "})
                   + noun;
        case Pattern::Plaid:
            return both + " " + pick(random, {"plaid ", "checked ", "checkered ", "plaid "}) + noun;
        case Pattern::Dots:
            return both + " " + pick(random, {"polka dot ", "dotted ", "spotted "}) + noun;
        case Pattern::Logo:
        case Pattern::SideStripe:
            break;
        default:
            return both + " " + noun;
        }
    }
    if (random.chance(0.2)) {
        switch (cloth.pattern) {
        case Pattern::HorizontalStripes:
        case Pattern::VerticalStripes:
            return main + " striped " + noun;
        case Pattern::Plaid:
            return mainName + pick(random, {" plaid ", " checked ", " checkered "}) + noun;
        case Pattern::Dots:
            return mainName + " polka dot " + noun;
        default:
            break;
        }
    }
    if (cloth.pattern == Pattern::Plaid)
        return both + " plaid " + noun;
    return mainName + " " + noun + " " + pick(random, bodyPatternSuffix(cloth, second, noun));
}

Phrase upperPhrase(const PersonAppearance &look, const VisibleShare &v, SeededRandom &random,
                   bool detail)
{
    const std::string noun = pick(random, upperNouns(look));
    std::string text = clothPhrase(look.upperCloth, noun, detail, v.upperSecond > 0.004, random);
    if (detail && look.open && !look.hasDress && v.inner > 0.006 && random.chance(0.6)) {
        const std::string innerNoun = pick(random, {"shirt", "t-shirt", "top", "shirt"});
        const std::string inner =
            withArticle(colourWord(look.innerCloth.colour, random) + " " + innerNoun);
        text += pick(random, {" over " + inner, " over " + inner, " with " + inner + " underneath",
                              " and " + inner});
    } else if (detail && look.open && random.chance(0.12)) {
        text = "open " + text;
    }
    return {text, false};
}

Phrase lowerPhrase(const PersonAppearance &look, SeededRandom &random, bool detail)
{
    using L = LowerKind;
    const auto named = [&](const Words &nouns) {
        return clothPhrase(look.lowerCloth, pick(random, nouns), detail, true, random);
    };
    switch (look.lower) {
    case L::None:
        break;
    case L::Jeans: {
        Words nouns = {"jeans", "jeans", "jeans", "denim jeans", "pants", "denim pants"};
        if (look.legFlare > 0.01)
            nouns.emplace_back("flared jeans");
        if (look.legWidth < 0.004)
            nouns.emplace_back("skinny jeans");
        return {named(nouns), true};
    }
    case L::Trousers:
        return {named({"pants", "trousers", "pants", "slacks", "trousers", "dress pants"}), true};
    case L::TrackPants:
        return {named({"track pants", "sweatpants", "sweat pants", "pants", "jogging bottoms",
                       "tracksuit bottoms"}),
                true};
    case L::Leggings:
        return {named({"leggings", "leggings", "tights", "skinny pants", "tight pants"}), true};
    case L::Shorts:
        return {named({"shorts", "shorts",
                       look.lowerHem < 0.31 ? "knee length shorts" : "short shorts"}),
                true};
    case L::ShortSkirt:
        return {named({"skirt", "short skirt", "mini skirt", "skirt"}), false};
    case L::LongSkirt:
        return {named({"long skirt", "skirt", "long skirt", "maxi skirt"}), false};
    }
    return {};
}

Phrase dressPhrase(const PersonAppearance &look, SeededRandom &random, bool detail)
{
    Words nouns = {"dress", "dress", "dress"};
    nouns.emplace_back(look.dressHem < 0.2   ? "long dress"
                       : look.dressHem > 0.3 ? "short dress"
                                             : "knee length dress");
    if (look.dressSleeve < 0.05 && look.upper == UpperKind::None)
        nouns.emplace_back("sleeveless dress");
    return {clothPhrase(look.dressCloth, pick(random, nouns), detail, true, random), false};
}

std::string hairColourWord(HairColour colour, SeededRandom &random)
{
    switch (colour) {
    case HairColour::Black:
        return pick(random, {"black", "black", "black", "dark"});
    case HairColour::DarkBrown:
        return pick(random, {"dark brown", "dark brown", "brown", "dark"});
    case HairColour::Brown:
        return "brown";
    case HairColour::LightBrown:
        return pick(random, {"light brown", "light brown", "brown"});
    case HairColour::Blonde:
        return pick(random, {"blonde", "blonde", "blond", "light blonde", "blonde"});
    case HairColour::Ginger:
        return pick(random, {"red", "ginger", "reddish", "auburn"});
    case HairColour::Grey:
        return pick(random, {"grey", "gray", "grey"});
    case HairColour::White:
        return pick(random, {"white", "white", "light grey"});
    }
    return "dark";
}

// "short brown hair", "long blonde hair in a ponytail"; empty for a bald person.
std::string hairPhrase(const PersonAppearance &look, SeededRandom &random)
{
    const std::string colour = hairColourWord(look.hairColour, random);
    using H = HairStyle;
    switch (look.hairStyle) {
    case H::Bald:
        return pick(random, {"a bald head", "no hair", "a shaved head"});
    case H::Balding:
        return pick(random, {"thinning " + colour + " hair", "receding " + colour + " hair",
                             "short " + colour + " hair", "balding " + colour + " hair"});
    case H::Buzz:
        return pick(random, {"very short " + colour + " hair", "short " + colour + " hair",
                             "a buzz cut", "short cropped " + colour + " hair"});
    case H::Short:
        return pick(random,
                    {"short " + colour + " hair", "short " + colour + " hair",
                     "short " + colour + " hair", colour + " hair", "short, " + colour + " hair"});
    case H::Curly:
        return pick(random, {"curly " + colour + " hair", "short curly " + colour + " hair",
                             colour + " curly hair", "bushy " + colour + " hair",
                             "fluffy " + colour + " hair", colour + " hair"});
    case H::Bob:
        return pick(random, {"shoulder length " + colour + " hair",
                             "chin length " + colour + " hair", "medium length " + colour + " hair",
                             colour + " hair in a bob", colour + " hair"});
    case H::Long:
        return pick(random, {"long " + colour + " hair", "long " + colour + " hair",
                             "long, " + colour + " hair", "long straight " + colour + " hair",
                             colour + " hair"});
    case H::Ponytail:
        return pick(random,
                    {colour + " hair in a ponytail", "a " + colour + " ponytail",
                     "long " + colour + " hair in a ponytail", colour + " hair tied back",
                     colour + " hair pulled back in a ponytail", "a " + colour + " pony tail"});
    case H::Bun:
        return pick(random, {colour + " hair in a bun", colour + " hair tied in a bun",
                             colour + " hair up in a bun", "long " + colour + " hair in a bun",
                             colour + " hair tied up"});
    }
    return colour + " hair";
}

Phrase shoePhrase(const PersonAppearance &look, SeededRandom &random)
{
    using S = ShoeKind;
    const std::string colour = colourWord(look.shoeCloth.colour, random);
    switch (look.shoes) {
    case S::Sneakers: {
        std::string text = colour + " "
                           + pick(random, {"sneakers", "sneakers", "shoes", "tennis shoes",
                                           "trainers", "athletic shoes", "running shoes"});
        if (random.chance(0.1) && look.shoeCloth.colour != look.shoeCloth.second)
            text += " with " + std::string(wordsOf(look.shoeCloth.second).front()) + " soles";
        return {text, true};
    }
    case S::LeatherShoes:
        return {colour + " " + pick(random, {"shoes", "leather shoes", "dress shoes", "shoes"}),
                true};
    case S::Boots:
        return {colour + " " + pick(random, {"boots", "boots", "shoes", "ankle boots"}), true};
    case S::TallBoots:
        return {colour + " "
                    + pick(random, {"boots", "tall boots", "knee high boots", "long boots"}),
                true};
    case S::Sandals:
        return {colour + " " + pick(random, {"sandals", "sandals", "flip flops", "open shoes"}),
                true};
    case S::HighHeels:
        return {colour + " " + pick(random, {"high heels", "heels", "high heeled shoes", "shoes"}),
                true};
    }
    return {colour + " shoes", true};
}

Phrase bagPhrase(const PersonAppearance &look, SeededRandom &random)
{
    const std::string colour = colourWord(look.bagCloth.colour, random);
    using B = BagKind;
    switch (look.bag) {
    case B::None:
        break;
    case B::Backpack:
        return {colour + " "
                    + pick(random, {"backpack", "backpack", "backpack", "rucksack", "back pack",
                                    "bookbag"}),
                false};
    case B::ShoulderBag:
        return {colour + " "
                    + pick(random, {"shoulder bag", "bag", "purse", "handbag", "shoulder bag"}),
                false};
    case B::CrossBody:
        return {colour + " "
                    + pick(random,
                           {"cross body bag", "messenger bag", "bag", "shoulder bag", "satchel"}),
                false};
    case B::Handbag:
        return {colour + " " + pick(random, {"handbag", "purse", "bag", "hand bag"}), false};
    case B::Tote:
        return {colour + " " + pick(random, {"tote bag", "bag", "shopping bag", "tote"}), false};
    case B::Suitcase:
        return {colour + " "
                    + pick(random, {"suitcase", "suitcase", "luggage bag", "rolling suitcase"}),
                false};
    }
    return {};
}

Phrase hatPhrase(const PersonAppearance &look, SeededRandom &random)
{
    const std::string colour = colourWord(look.hatCloth.colour, random);
    const std::string text =
        clothPhrase(look.hatCloth,
                    look.hat == HatKind::Cap ? pick(random, {"baseball cap", "cap", "hat", "cap"})
                    : look.hat == HatKind::Beanie
                        ? pick(random, {"beanie", "knit hat", "woolly hat", "hat", "knitted cap"})
                        : pick(random, {"hat", "sun hat", "brimmed hat", "hat with a brim"}),
                    true, true, random);
    return {text, false};
}

std::string joinList(const Words &items, SeededRandom &random)
{
    std::string text;
    const std::string last = pick(random, {" and ", " and ", ", and ", " and "});
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (i > 0)
            text += i + 1 == items.size() ? last : ", ";
        text += items[i];
    }
    return text;
}

std::string capital(std::string text)
{
    if (!text.empty())
        text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
    return text;
}

struct Speaker
{
    std::string noun;
    std::string pronoun;
    std::string possessive;
    std::string is = "is";
    std::string has = "has";
    std::string wears = "wears";
    std::string carries = "carries";
};

Speaker speakerFor(const PersonAppearance &look, SeededRandom &random)
{
    Speaker s;
    if (random.chance(0.14)) {
        s.noun = pick(random, {"person", "person", "pedestrian", "individual"});
        s.pronoun = "they";
        s.possessive = "their";
        s.is = "are";
        s.has = "have";
        s.wears = "wear";
        s.carries = "carry";
        return s;
    }
    const bool man = look.gender == Gender::Man;
    s.pronoun = man ? "he" : "she";
    s.possessive = man ? "his" : "her";
    if (look.age == Age::Child)
        s.noun = man ? pick(random, {"boy", "young boy", "child"})
                     : pick(random, {"girl", "young girl", "child"});
    else if (look.age == Age::Young && random.chance(0.35))
        s.noun = man ? pick(random, {"young man", "guy", "young man"})
                     : pick(random, {"young woman", "girl", "young lady"});
    else if (look.age == Age::Old && random.chance(0.4))
        s.noun = man ? pick(random, {"older man", "elderly man", "old man"})
                     : pick(random, {"older woman", "elderly woman", "older lady"});
    else
        s.noun = man ? pick(random, {"man", "man", "man", "male"})
                     : pick(random, {"woman", "woman", "woman", "lady", "female"});
    if (look.build > 1.22 && random.chance(0.15))
        s.noun = "heavy set " + s.noun;
    else if (look.build < 0.9 && random.chance(0.1))
        s.noun = pick(random, {"slim ", "thin "}) + s.noun;
    return s;
}

// What can be said of a picture, as full noun phrases.
struct Facts
{
    Words clothes; // upper, lower or dress, in order
    std::string shoes, hair, bag, hat, glasses, scarf, socks;
};

Facts gather(const SyntheticPerson &person, const SyntheticPicture &picture, SeededRandom &random,
             double detail)
{
    const PersonAppearance &look = person.look;
    const VisibleShare &v = picture.visible;
    Facts facts;
    if (look.upper != UpperKind::None && v.upper > 0.01)
        facts.clothes.push_back(upperPhrase(look, v, random, random.chance(detail)).full());
    if (look.hasDress && v.dress > 0.01)
        facts.clothes.push_back(dressPhrase(look, random, random.chance(detail)).full());
    else if (look.lower != LowerKind::None && v.pants + v.skirt > 0.012) {
        Phrase lower = lowerPhrase(look, random, random.chance(detail));
        if (lower.plural && random.chance(0.08))
            lower = {"pair of " + lower.text, false};
        facts.clothes.push_back(lower.full());
    }
    if (v.shoes > 0.002)
        facts.shoes = random.chance(0.08) ? "a pair of " + shoePhrase(look, random).text
                                          : shoePhrase(look, random).full();
    if (v.hair > 0.003
        || (look.hairStyle == HairStyle::Bald && v.face > 0.004 && !look.hoodUp
            && look.hat == HatKind::None))
        facts.hair = hairPhrase(look, random);
    if (look.bag != BagKind::None && v.bag > 0.003)
        facts.bag = bagPhrase(look, random).full();
    if (look.hat != HatKind::None && v.hat > 0.003)
        facts.hat = hatPhrase(look, random).full();
    if (look.glasses != GlassesKind::None && v.glasses > 0.0006)
        facts.glasses = look.glasses == GlassesKind::Sun
                            ? pick(random, {"sunglasses", "sunglasses", "dark glasses"})
                            : pick(random, {"glasses", "eyeglasses", "glasses"});
    if (look.scarf && v.scarf > 0.003)
        facts.scarf = withArticle(clothPhrase(look.scarfCloth, "scarf", true, true, random));
    if (look.tights && v.legs > 0.006 && random.chance(0.6))
        facts.socks = pick(random, {"black tights", "dark tights", "black stockings"});
    return facts;
}

std::string bagVerb(const PersonAppearance &look, SeededRandom &random)
{
    switch (look.bag) {
    case BagKind::Backpack:
        return pick(random, {"carrying", "wearing", "carrying"});
    case BagKind::Suitcase:
        return pick(random, {"pulling", "with", "rolling"});
    default:
        return pick(random, {"carrying", "holding", "carrying", "with"});
    }
}

std::string bagPlace(const PersonAppearance &look, SeededRandom &random)
{
    if (!random.chance(0.3))
        return "";
    switch (look.bag) {
    case BagKind::Backpack:
        return pick(random, {" on the back", " over both shoulders"});
    case BagKind::ShoulderBag:
    case BagKind::Tote:
        return look.bagOnLeft ? pick(random, {" on the left shoulder", " over one shoulder"})
                              : pick(random, {" on the right shoulder", " over one shoulder"});
    case BagKind::CrossBody:
        return " across the body";
    case BagKind::Handbag:
        return look.bagOnLeft ? pick(random, {" in the left hand", " in one hand"})
                              : pick(random, {" in the right hand", " in one hand"});
    default:
        return "";
    }
}

std::string oneCaption(const SyntheticPerson &person, const SyntheticPicture &picture,
                       SeededRandom &random, CaptionStyle captionStyle)
{
    const PersonAppearance &look = person.look;
    const Speaker who = speakerFor(look, random);
    const double drawn = random.uniform();
    const double style = captionStyle == CaptionStyle::Query         ? 0.3 * drawn
                         : captionStyle == CaptionStyle::Description ? 0.3 + 0.7 * drawn
                                                                     : drawn;
    const Facts facts = gather(person, picture, random, style < 0.3 ? 0.75 : 0.9);
    const std::string article = pick(random, {"a ", "a ", "the ", "this "});
    std::string subject = article + who.noun;
    if (article == "a ")
        subject = withArticle(who.noun);
    std::string text;
    const auto sentence = [&](const std::string &part) {
        if (part.empty())
            return;
        if (!text.empty())
            text += " ";
        text += capital(part) + ".";
    };

    if (style < 0.30) { // a query
        Words parts = facts.clothes;
        if (parts.size() > 1 && random.chance(0.25))
            std::reverse(parts.begin(), parts.end());
        if (parts.size() > 1 && random.chance(0.25))
            parts.resize(1);
        std::string query;
        const double form = random.uniform();
        const std::string start = random.chance(0.7) ? withArticle(who.noun) : who.noun;
        if (form < 0.12 && !parts.empty()) {
            query = parts.front();
            if (random.chance(0.6) && query.rfind("a ", 0) == 0)
                query = query.substr(2);
            else if (random.chance(0.6) && query.rfind("an ", 0) == 0)
                query = query.substr(3);
        } else if (form < 0.24 && !facts.bag.empty()) {
            query = start + " with " + facts.bag;
            if (random.chance(0.4) && !parts.empty())
                query += " and " + parts.front();
        } else if (form < 0.46 && !facts.hair.empty()) {
            query = start + " with " + facts.hair;
            if (!parts.empty() && random.chance(0.7))
                query += pick(random, {" and ", " in ", " wearing "}) + parts.front();
        } else if (!parts.empty()) {
            if (!facts.shoes.empty() && random.chance(0.2))
                parts.push_back(facts.shoes);
            query = start + pick(random, {" in ", " in ", " wearing ", " with ", " who wears "})
                    + joinList(parts, random);
            if (!facts.hat.empty() && random.chance(0.5))
                query += " with " + facts.hat;
            else if (!facts.bag.empty() && random.chance(0.25))
                query += pick(random, {" and ", " carrying ", " with "}) + facts.bag;
            else if (!facts.scarf.empty() && random.chance(0.4))
                query += " and " + facts.scarf;
        }
        if (query.empty())
            query = start;
        return random.chance(0.25) ? capital(query) : query;
    }

    Words worn = facts.clothes;
    if (!facts.socks.empty())
        worn.push_back(facts.socks);
    if (!facts.shoes.empty() && random.chance(0.75))
        worn.push_back(facts.shoes);
    bool hatSaid = false;
    bool scarfSaid = false;
    if (!facts.hat.empty() && random.chance(0.4)) {
        worn.insert(random.chance(0.5) ? worn.begin() : worn.end(), facts.hat);
        hatSaid = true;
    }
    if (!facts.scarf.empty() && random.chance(0.5)) {
        worn.push_back(facts.scarf);
        scarfSaid = true;
    }
    if (random.chance(0.15))
        random.shuffle(worn);
    std::string wornText = joinList(worn, random);
    if (worn.size() == 2 && random.chance(0.3))
        wornText = worn[0] + " with " + worn[1];
    const std::string direction =
        picture.view == View::Back && random.chance(0.15)
            ? pick(random, {" walking away", " seen from behind", " facing away"})
            : "";
    const std::string motion =
        picture.walking && direction.empty() && random.chance(0.12) ? " walking" : "";
    bool hairSaid = facts.hair.empty();
    bool bagSaid = facts.bag.empty();

    if (style < 0.55 && !worn.empty()) { // one sentence
        text = subject + motion + direction;
        if (!hairSaid && random.chance(0.6)) {
            text += " with " + facts.hair
                    + pick(random, {", wearing ", " wearing ", " is wearing ", ", dressed in "})
                    + wornText;
            hairSaid = true;
        } else {
            text += pick(random, {" wearing ", " is wearing ", " wears ", " dressed in ", " in ",
                                  " has on "})
                    + wornText;
        }
        if (!bagSaid && random.chance(0.75)) {
            text += pick(random, {" and ", ", ", " and "}) + bagVerb(look, random) + " " + facts.bag
                    + bagPlace(look, random);
            bagSaid = true;
        }
        text = capital(text) + ".";
    } else if (style < 0.82 && !worn.empty()) { // two or three sentences
        sentence(subject + pick(random, {" is wearing ", " wears ", " is dressed in ", " has on "})
                 + wornText);
        if (!hairSaid && random.chance(0.8)) {
            sentence(who.pronoun + " " + who.has + " " + facts.hair);
            hairSaid = true;
        }
        if (!bagSaid && random.chance(0.85)) {
            std::string verb = bagVerb(look, random);
            sentence(verb == "with" ? who.pronoun + " " + who.has + " " + facts.bag
                                    : who.pronoun + " " + who.is + " " + verb + " " + facts.bag
                                          + bagPlace(look, random));
            bagSaid = true;
        }
    } else { // hair first, one thing a sentence
        std::string opening = subject;
        if (!hairSaid) {
            opening += pick(random, {" has ", " with ", " has "}) + facts.hair;
            hairSaid = true;
            if (opening.find(" with ") != std::string::npos && !worn.empty())
                opening += pick(random, {" is wearing ", " has on ", " wears "}) + wornText;
            else if (!worn.empty()) {
                sentence(opening);
                opening = who.pronoun
                          + pick(random, {" " + who.is + " wearing ", " " + who.wears + " ",
                                          " " + who.has + " on "})
                          + wornText;
            }
        } else if (!worn.empty()) {
            opening += pick(random, {" is in ", " is wearing "}) + wornText;
        }
        sentence(opening);
        if (!bagSaid && random.chance(0.85))
            sentence(who.pronoun + " " + who.carries + " " + facts.bag + bagPlace(look, random));
    }
    if (!facts.hat.empty() && !hatSaid && random.chance(0.7))
        sentence(who.pronoun
                 + pick(random, {" " + who.is + " wearing ", " also " + who.wears + " ",
                                 " " + who.has + " on "})
                 + facts.hat);
    if (!facts.glasses.empty() && random.chance(0.7))
        sentence(
            who.pronoun
            + pick(random, {" " + who.is + " wearing ", " " + who.wears + " ", " " + who.has + " "})
            + facts.glasses);
    if (!facts.scarf.empty() && !scarfSaid && random.chance(0.6))
        sentence(who.pronoun + pick(random, {" " + who.has + " on ", " " + who.is + " wearing "})
                 + facts.scarf);

    // People type as they like.
    if (random.chance(0.12))
        std::transform(text.begin(), text.end(), text.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (random.chance(0.12) && !text.empty() && text.back() == '.')
        text.pop_back();
    return text;
}

std::string start(SeededRandom &random, const Phrase &phrase)
{
    return random.chance(0.8) ? phrase.full() : phrase.text;
}

} // namespace

namespace synth {

std::vector<PartPhrase> makePhrases(const SyntheticPerson &person, const SyntheticPicture &picture,
                                    SeededRandom &random)
{
    const PersonAppearance &look = person.look;
    const VisibleShare &v = picture.visible;
    std::vector<PartPhrase> phrases;
    const auto add = [&](const char *group, const std::string &text, const std::string &colour) {
        phrases.push_back({group, text, colour});
    };
    if (v.hat > 0.002)
        add("hat", start(random, hatPhrase(look, random)), nameOf(look.hatCloth.colour));
    if (v.hair > 0.0015)
        add("hair", hairPhrase(look, random), nameOf(look.hairColour));
    else if (look.hairStyle == HairStyle::Bald && v.face > 0.004 && !look.hoodUp
             && look.hat == HatKind::None)
        add("hair", hairPhrase(look, random), "");
    if (v.glasses > 0.0004)
        add("glasses",
            look.glasses == GlassesKind::Sun ? pick(random, {"sunglasses", "a pair of sunglasses",
                                                             "dark sunglasses", "black sunglasses"})
                                             : pick(random, {"glasses", "a pair of glasses",
                                                             "eyeglasses", "black framed glasses"}),
            "");
    if (v.upper > 0.004)
        add("clothes", start(random, upperPhrase(look, v, random, true)),
            nameOf(look.upperCloth.colour));
    if (v.skirt > 0.003)
        add("skirt", start(random, lowerPhrase(look, random, true)),
            nameOf(look.lowerCloth.colour));
    if (v.pants > 0.003)
        add("pants", start(random, lowerPhrase(look, random, true)),
            nameOf(look.lowerCloth.colour));
    if (v.dress > 0.004)
        add("dress", start(random, dressPhrase(look, random, true)),
            nameOf(look.dressCloth.colour));
    if (v.shoes > 0.0012)
        add("shoes", start(random, shoePhrase(look, random)), nameOf(look.shoeCloth.colour));
    if (v.bag > 0.002)
        add("bag", start(random, bagPhrase(look, random)), nameOf(look.bagCloth.colour));
    return phrases;
}

} // namespace synth

std::vector<std::string> makeCaptions(const SyntheticPerson &person,
                                      const SyntheticPicture &picture, int count,
                                      SeededRandom random, CaptionStyle captionStyle)
{
    std::vector<std::string> captions;
    for (int i = 0; i < count; ++i)
        captions.push_back(oneCaption(person, picture, random, captionStyle));
    return captions;
}

std::vector<std::string> textCorpus(std::uint64_t seed, int count)
{
    static const Words kQuestions = {"Question: What kind of hat is this? Answer: It is",
                                     "Question: What does the hair look like? Answer: It is",
                                     "Question: What kind of glasses is this? Answer: It is",
                                     "Question: What kind of clothes is this? Answer: It is",
                                     "Question: What kind of skirt is this? Answer: It is",
                                     "Question: What kind of pants is this? Answer: It is",
                                     "Question: What kind of dress is this? Answer: It is",
                                     "Question: What shoes is she wearing? Answer: She is wearing",
                                     "Question: What kind of bag is this? Answer: It is"};
    Words lines;
    const SeededRandom base = SeededRandom(seed).fork("corpus");
    for (std::uint64_t i = 0; static_cast<int>(lines.size()) < count; ++i) {
        SeededRandom random = base.fork(i);
        const SyntheticPerson person = makePerson(seed ^ 0xC0FFEEULL, i);
        // Text needs no picture: everything that the person has counts as visible.
        const PersonAppearance &look = person.look;
        SyntheticPicture picture;
        VisibleShare &v = picture.visible;
        v.person = v.face = v.hair = v.upper = v.shoes = v.legs = v.upperSecond = v.inner = 0.05;
        v.hair = look.hairStyle == HairStyle::Bald ? 0.0 : 0.05;
        v.upper = look.upper == UpperKind::None ? 0.0 : 0.1;
        v.dress = look.hasDress ? 0.1 : 0.0;
        v.hat = look.hat == HatKind::None ? 0.0 : 0.02;
        v.glasses = look.glasses == GlassesKind::None ? 0.0 : 0.01;
        const bool skirt =
            look.lower == LowerKind::ShortSkirt || look.lower == LowerKind::LongSkirt;
        v.skirt = skirt ? 0.1 : 0.0;
        v.pants = skirt || look.lower == LowerKind::None ? 0.0 : 0.1;
        v.bag = look.bag == BagKind::None ? 0.0 : 0.05;
        v.scarf = look.scarf ? 0.02 : 0.0;
        picture.view = static_cast<View>(random.integer(0, 3));
        picture.walking = random.chance(0.7);
        for (std::string &caption : makeCaptions(person, picture, 3, random.fork("captions")))
            lines.push_back(std::move(caption));
        const std::vector<PartPhrase> phrases = synth::makePhrases(person, picture, random);
        const PartPhrase &phrase = random.pick(phrases);
        lines.push_back(phrase.text);
        const auto &groups = synthPartGroups();
        const auto at = std::find(groups.begin(), groups.end(), phrase.group) - groups.begin();
        lines.push_back(kQuestions[static_cast<std::size_t>(at)] + " " + random.pick(phrases).text);
    }
    lines.resize(static_cast<std::size_t>(std::max(0, count)));
    return lines;
}

} // namespace sapsam
