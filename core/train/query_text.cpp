#include "core/train/query_text.h"

#include "core/base/error.h"
#include "core/synth/captions.h"
#include "core/synth/colour_names.h"

#include <algorithm>
#include <map>
#include <set>

namespace sapsam::training {

namespace {

bool isWorn(const std::string &group)
{
    return group == "clothes" || group == "pants" || group == "skirt" || group == "dress"
           || group == "shoes" || group == "hat" || group == "glasses";
}

// `anyone`: how often the noun tells nothing.
std::string subjectOf(const SyntheticPerson &person, double anyone, bool &namesGender,
                      SeededRandom &random)
{
    static const std::vector<std::string> kAnyone = {"person", "pedestrian", "someone", "figure"};
    static const std::vector<std::string> kMan = {"man", "man", "man", "guy", "male", "gentleman"};
    static const std::vector<std::string> kWoman = {"woman", "woman", "woman", "lady", "female"};
    static const std::vector<std::string> kBoy = {"boy", "child", "kid"};
    static const std::vector<std::string> kGirl = {"girl", "child", "kid"};
    const bool isMan = person.look.gender == Gender::Man;
    const bool isChild = person.look.age == Age::Child;
    std::string noun;
    namesGender = isChild || !random.chance(anyone);
    if (!namesGender)
        noun = random.pick(kAnyone);
    else if (isChild)
        noun = random.pick(isMan ? kBoy : kGirl);
    else
        noun = random.pick(isMan ? kMan : kWoman);
    if (noun == "someone")
        return noun;
    const double article = random.uniform();
    if (article < 0.6)
        return "a " + noun;
    return article < 0.75 ? "the " + noun : noun;
}

std::string joined(const std::vector<std::string> &parts, SeededRandom &random)
{
    const bool commas = random.chance(0.5);
    std::string text;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i > 0)
            text += commas && i + 1 < parts.size() ? ", " : (random.chance(0.85) ? " and " : ", ");
        text += parts[i];
    }
    return text;
}

// Base colour of the upper and the lower garment when both are seen, plain and of one colour.
std::string outfitColour(const SyntheticPerson &person, const SyntheticPicture &picture)
{
    const PersonAppearance &look = person.look;
    if (picture.grey || look.hasDress || look.upper == UpperKind::None
        || look.lower == LowerKind::None || picture.visible.upper < 0.01
        || picture.visible.pants + picture.visible.skirt < 0.012)
        return {};
    const std::string upper = baseNameOf(look.upperCloth.colour);
    return look.upperCloth.pattern == Pattern::Plain && upper == baseNameOf(look.lowerCloth.colour)
               ? upper
               : std::string();
}

// Whether somebody wears a part of this group that the picture need not show.
bool mayBeHidden(const std::string &group, const PersonAppearance &look)
{
    if (group == "hat")
        return look.hat != HatKind::None;
    if (group == "glasses")
        return look.glasses != GlassesKind::None;
    if (group == "bag")
        return look.bag != BagKind::None;
    if (group == "dress")
        return look.hasDress;
    const bool skirt = look.lower == LowerKind::ShortSkirt || look.lower == LowerKind::LongSkirt;
    if (group == "skirt")
        return skirt;
    if (group == "pants")
        return !skirt && look.lower != LowerKind::None;
    return true;
}

std::vector<std::string> wordsIn(const std::string &text)
{
    std::vector<std::string> words;
    std::string word;
    for (const char c : text + " ") {
        if (c != ' ' && c != ',') {
            word += c;
        } else if (!word.empty()) {
            words.push_back(word);
            word.clear();
        }
    }
    return words;
}

} // namespace

QueryText drawQuery(const SyntheticPerson &person, const SyntheticPicture &picture,
                    SeededRandom &random)
{
    constexpr double kBareShare = 0.05;   // of queries that tell nothing but man or woman
    constexpr double kOutfitShare = 0.25; // of people whose garments have one colour
    const std::vector<PartPhrase> &phrases = picture.phrases;
    QueryText query;
    if (phrases.empty())
        return query;
    if (random.chance(kBareShare)) {
        query.text = subjectOf(person, 0.0, query.namesGender, random);
        return query;
    }
    const std::string outfit = outfitColour(person, picture);
    if (!outfit.empty() && random.chance(kOutfitShare)) {
        static const std::vector<std::string> kBefore = {" in ", " dressed in ", " wearing "};
        static const std::vector<std::string> kAfter = {"", " clothes", " clothing"};
        query.outfit = outfit;
        query.text = subjectOf(person, 0.3, query.namesGender, random) + random.pick(kBefore)
                     + (random.chance(0.3) ? "all " : "") + outfit + random.pick(kAfter);
        return query;
    }
    // Clothes are asked for most.
    std::vector<PartPhrase> left = phrases;
    std::vector<PartPhrase> chosen;
    const std::size_t count =
        std::min<std::size_t>(left.size(), 1 + random.weighted({0.4, 0.35, 0.2, 0.05}));
    while (chosen.size() < count) {
        std::vector<double> weights;
        for (const PartPhrase &phrase : left) {
            const std::string &group = phrase.group;
            const bool isMain = group == "clothes" || group == "dress";
            weights.push_back(isMain                                 ? 4.0
                              : group == "pants" || group == "skirt" ? 2.5
                              : group == "hair" || group == "bag"    ? 1.2
                                                                     : 0.8);
        }
        const std::size_t index = random.weighted(weights);
        chosen.push_back(left[index]);
        left.erase(left.begin() + static_cast<std::ptrdiff_t>(index));
    }
    for (const PartPhrase &phrase : chosen)
        query.parts.push_back({phrase.group, wordsIn(phrase.text)});
    if (random.chance(0.2)) {
        std::vector<std::string> parts;
        for (const PartPhrase &phrase : chosen)
            parts.push_back(phrase.text);
        query.text = joined(parts, random);
        return query;
    }

    std::vector<std::string> worn;
    std::vector<std::string> had;
    for (const PartPhrase &phrase : chosen)
        (isWorn(phrase.group) ? worn : had).push_back(phrase.text);
    static const std::vector<std::string> kWearing = {" in ", " in ", " wearing ", " dressed in ",
                                                      " who wears "};
    std::string &text = query.text;
    text = subjectOf(person, 0.3, query.namesGender, random);
    if (!had.empty() && !worn.empty() && random.chance(0.4)) {
        text += " with " + joined(had, random)
                + (random.chance(0.6)   ? " wearing "
                   : random.chance(0.5) ? " in "
                                        : " and ")
                + joined(worn, random);
        return query;
    }
    if (!worn.empty())
        text += random.pick(kWearing) + joined(worn, random);
    if (!had.empty())
        text += (worn.empty()         ? " with "
                 : random.chance(0.7) ? " with "
                                      : " and ")
                + joined(had, random);
    return query;
}

PartWords::PartWords(const SyntheticPerson &person, const SyntheticPicture &picture,
                     SeededRandom random)
{
    // Enough for the rarest wording of a part to come up nearly always.
    constexpr int kTries = 96;
    std::map<std::string, std::set<std::string>> gathered;
    for (int i = 0; i < kTries; ++i) {
        for (const PartPhrase &phrase : synth::makePhrases(person, picture, random)) {
            std::set<std::string> &words = gathered[phrase.group];
            for (const std::string &word : wordsIn(phrase.text))
                words.insert(word);
        }
    }
    for (const auto &[group, words] : gathered)
        m_words[group].assign(words.begin(), words.end());
}

bool PartWords::canSay(const QueryText::Part &part) const
{
    const auto found = m_words.find(part.group);
    if (found == m_words.end())
        return false;
    return std::all_of(part.words.begin(), part.words.end(), [&](const std::string &word) {
        return std::binary_search(found->second.begin(), found->second.end(), word);
    });
}

bool mayBeTrueOf(const QueryText &query, const SyntheticPerson &asked,
                 const SyntheticPerson &person, const SyntheticPicture &picture,
                 const PartWords &words)
{
    if (query.namesGender && asked.look.gender != person.look.gender)
        return false;
    if (query.namesGender && (asked.look.age == Age::Child) != (person.look.age == Age::Child))
        return false;
    if (!query.outfit.empty() && outfitColour(person, picture) != query.outfit && !picture.grey)
        return false;
    return std::all_of(query.parts.begin(), query.parts.end(), [&](const QueryText::Part &part) {
        return words.has(part.group) ? words.canSay(part) || picture.grey
                                     : mayBeHidden(part.group, person.look);
    });
}

const std::vector<std::string> &genericPhrases(const std::string &group)
{
    static const std::map<std::string, std::vector<std::string>> kPhrases = {
        {"hat", {"the hat", "hat", "a hat", "the cap", "headwear", "what is on the head"}},
        {"hair",
         {"the hair", "hair", "hair and face", "the hair and face", "the head",
          "the face and hair"}},
        {"glasses",
         {"the glasses", "glasses", "sunglasses", "the sunglasses", "glasses and face", "eyewear"}},
        {"clothes",
         {"the clothes", "the upper clothes", "upper clothes", "clothes", "the top",
          "the upper body clothes", "upper-clothes", "the garment on the upper body"}},
        {"skirt", {"the skirt", "skirt", "a skirt"}},
        {"pants",
         {"the pants", "pants", "trousers", "the trousers", "the legwear", "jeans or trousers"}},
        {"dress", {"the dress", "dress", "a dress"}},
        {"shoes",
         {"the shoes", "shoes", "shoes and legs", "the shoes and legs", "footwear", "the feet"}},
        {"bag", {"the bag", "bag", "a bag", "the bag or backpack", "luggage"}},
    };
    const auto found = kPhrases.find(group);
    if (found == kPhrases.end())
        throw Error(ErrorKind::InvalidInput, "there is no part group '" + group + "'");
    return found->second;
}

const std::string &questionFor(const std::string &group)
{
    static const std::map<std::string, std::string> kQuestions = {
        {"hat", "Question: What kind of hat is this? Answer: It is"},
        {"hair", "Question: What kind of hair is she? Answer: She has"},
        {"glasses", "Question: What kind of glasses is this? Answer: It is"},
        {"clothes", "Question: What kind of clothes is this? Answer: It is"},
        {"skirt", "Question: What kind of skirt is this? Answer: It is"},
        {"pants", "Question: What kind of pants is this? Answer: It is"},
        {"dress", "Question: What kind of dress is this? Answer: It is"},
        {"shoes", "Question: What shoes is she wearing? Answer: She is wearing"},
        {"bag", "Question: What kind of bag is this? Answer: It is"},
    };
    const auto found = kQuestions.find(group);
    if (found == kQuestions.end())
        throw Error(ErrorKind::InvalidInput, "there is no part group '" + group + "'");
    return found->second;
}

} // namespace sapsam::training
