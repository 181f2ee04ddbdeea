#include "core/train/query_text.h"

#include "core/base/error.h"

#include <algorithm>
#include <map>

namespace sapsam::training {

namespace {

bool isWorn(const std::string &group)
{
    return group == "clothes" || group == "pants" || group == "skirt" || group == "dress"
           || group == "shoes" || group == "hat" || group == "glasses";
}

std::string subjectOf(const SyntheticPerson &person, SeededRandom &random)
{
    static const std::vector<std::string> kAnyone = {"person", "pedestrian", "someone", "figure"};
    static const std::vector<std::string> kMan = {"man", "man", "man", "guy", "male", "gentleman"};
    static const std::vector<std::string> kWoman = {"woman", "woman", "woman", "lady", "female"};
    static const std::vector<std::string> kBoy = {"boy", "child", "kid"};
    static const std::vector<std::string> kGirl = {"girl", "child", "kid"};
    const bool isMan = person.look.gender == Gender::Man;
    const bool isChild = person.look.age == Age::Child;
    std::string noun;
    if (random.chance(0.3) && !isChild)
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

} // namespace

std::string queryFromPhrases(const SyntheticPerson &person, const std::vector<PartPhrase> &phrases,
                             SeededRandom &random)
{
    if (phrases.empty())
        return {};
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
    if (random.chance(0.2)) {
        std::vector<std::string> parts;
        for (const PartPhrase &phrase : chosen)
            parts.push_back(phrase.text);
        return joined(parts, random);
    }

    std::vector<std::string> worn;
    std::vector<std::string> had;
    for (const PartPhrase &phrase : chosen)
        (isWorn(phrase.group) ? worn : had).push_back(phrase.text);
    static const std::vector<std::string> kWearing = {" in ", " in ", " wearing ", " dressed in ",
                                                      " who wears "};
    std::string text = subjectOf(person, random);
    if (!had.empty() && !worn.empty() && random.chance(0.4))
        return text + " with " + joined(had, random)
               + (random.chance(0.6)   ? " wearing "
                  : random.chance(0.5) ? " in "
                                       : " and ")
               + joined(worn, random);
    if (!worn.empty())
        text += random.pick(kWearing) + joined(worn, random);
    if (!had.empty())
        text += (worn.empty()         ? " with "
                 : random.chance(0.7) ? " with "
                                      : " and ")
                + joined(had, random);
    return text;
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
