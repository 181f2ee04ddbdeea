#include "core/text/noun_phrases.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace sapsam {

namespace {

using WordSet = std::unordered_set<std::string>;

struct GroupWords
{
    const char *group;
    std::vector<const char *> nouns; // singular
};

const std::vector<GroupWords> &lexicon()
{
    static const std::vector<GroupWords> words{
        {"hat",
         {"hat", "cap", "beanie", "helmet", "hood", "headscarf", "beret", "fedora", "bonnet",
          "visor", "turban", "headband", "toque", "bandana"}},
        {"hair",
         {"hair", "ponytail", "pigtail", "braid", "bun", "bangs", "haircut", "hairstyle", "bob",
          "afro", "dreadlock", "fringe", "curl", "mohawk", "tail", "pony", "haired", "head"}},
        {"glasses",
         {"glasses", "sunglasses", "eyeglasses", "spectacles", "sunglass", "shades", "goggles"}},
        {"clothes",
         {"clothes",     "clothing",    "shirt",      "tshirt",    "t-shirt",    "tee",
          "tee-shirt",   "top",         "jacket",     "coat",      "blouse",     "sweater",
          "sweatshirt",  "hoodie",      "hoody",      "jumper",    "cardigan",   "vest",
          "blazer",      "suit",        "tank",       "tunic",     "polo",       "parka",
          "raincoat",    "windbreaker", "pullover",   "jersey",    "uniform",    "overcoat",
          "tanktop",     "camisole",    "waistcoat",  "fleece",    "anorak",     "turtleneck",
          "shawl",       "poncho",      "robe",       "apron",     "kimono",     "button-up",
          "button-down", "outerwear",   "trenchcoat", "tee-shirt", "sleeveless", "overshirt",
          "warmer"}},
        {"skirt", {"skirt", "miniskirt", "kilt"}},
        {"pants",
         {"pants",     "pant",      "jeans",    "jean",       "trousers", "trouser",    "shorts",
          "short",     "leggings",  "legging",  "slacks",     "khakis",   "sweatpants", "tights",
          "capris",    "capri",     "joggers",  "chinos",     "denims",   "overalls",   "bottoms",
          "stockings", "pantyhose", "culottes", "trackpants", "jeggings"}},
        {"dress",
         {"dress", "gown", "sundress", "jumpsuit", "romper", "frock", "onesie", "sari", "maxi"}},
        {"shoes", {"shoe",     "sneaker", "boot",      "sandal",   "heel",     "flat",     "loafer",
                   "trainer",  "slipper", "flip-flop", "flipflop", "footwear", "pump",     "clog",
                   "moccasin", "oxford",  "stiletto",  "flops",    "crocs",    "converse", "sock",
                   "bootie",   "feet",    "foot",      "legs",     "leg"}},
        {"bag", {"bag",    "backpack", "handbag",   "purse",       "rucksack", "satchel",
                 "tote",   "suitcase", "briefcase", "luggage",     "knapsack", "pack",
                 "pouch",  "clutch",   "messenger", "shoulderbag", "bookbag",  "schoolbag",
                 "wallet", "trolley",  "sack",      "duffel",      "fanny"}}};
    return words;
}

const std::unordered_map<std::string, std::string> &groups()
{
    static const std::unordered_map<std::string, std::string> table = [] {
        std::unordered_map<std::string, std::string> result;
        for (const GroupWords &entry : lexicon())
            for (const char *noun : entry.nouns)
                result.emplace(noun, entry.group);
        return result;
    }();
    return table;
}

const std::unordered_map<std::string, std::string> &colours()
{
    static const std::unordered_map<std::string, std::string> table = [] {
        const std::vector<std::pair<const char *, std::vector<const char *>>> names{
            {"black", {"black", "blackish", "ebony", "jet-black"}},
            {"white", {"white", "whitish", "ivory", "off-white"}},
            {"grey",
             {"grey", "gray", "greyish", "grayish", "silver", "charcoal", "ash", "heather"}},
            {"red", {"red", "reddish", "maroon", "crimson", "burgundy", "scarlet", "wine", "ruby"}},
            {"orange", {"orange", "orangish", "rust", "peach", "coral", "apricot"}},
            {"yellow",
             {"yellow", "yellowish", "gold", "golden", "blonde", "blond", "mustard", "lemon"}},
            {"green",
             {"green", "greenish", "olive", "lime", "mint", "emerald", "army-green", "teal"}},
            {"blue",
             {"blue", "bluish", "navy", "turquoise", "aqua", "cyan", "indigo", "denim-blue",
              "azure", "sky-blue", "navy-blue"}},
            {"purple", {"purple", "violet", "lavender", "lilac", "plum", "mauve"}},
            {"pink", {"pink", "pinkish", "magenta", "rose", "fuchsia", "salmon"}},
            {"brown",
             {"brown", "brownish", "chocolate", "chestnut", "coffee", "auburn", "brunette"}},
            {"beige",
             {"beige", "tan", "khaki", "cream", "camel", "sand", "nude", "taupe",
              "cream-colored"}}};
        std::unordered_map<std::string, std::string> result;
        for (const auto &[name, words] : names)
            for (const char *word : words)
                result.emplace(word, name);
        return result;
    }();
    return table;
}

const WordSet &determiners()
{
    static const WordSet words{"a",    "an",   "the",   "his",   "her", "their",
                               "its",  "some", "two",   "both",  "one", "my",
                               "this", "that", "these", "those", "any", "another"};
    return words;
}

// Words that part phrases: prepositions, verbs, pronouns, adverbs of the captions people write.
const WordSet &separators()
{
    static const WordSet words{
        "in",       "on",       "with",     "wearing", "wears",      "wear",     "wore",
        "has",      "have",     "having",   "had",     "is",         "are",      "was",
        "were",     "be",       "carrying", "carries", "carry",      "holding",  "holds",
        "hold",     "walking",  "walks",    "walk",    "standing",   "stands",   "looking",
        "looks",    "dressed",  "clad",     "she",     "he",         "they",     "who",
        "which",    "it",       "over",     "under",   "underneath", "at",       "to",
        "from",     "by",       "for",      "while",   "as",         "around",   "across",
        "behind",   "beneath",  "below",    "above",   "into",       "onto",     "down",
        "up",       "along",    "near",     "against", "through",    "towards",  "toward",
        "but",      "also",     "plus",     "then",    "riding",     "using",    "talking",
        "facing",   "pulled",   "pulling",  "slung",   "hanging",    "covering", "paired",
        "matching", "sporting", "draped",   "or",      "without",    "no",       "not",
        "being",    "seen",     "him",      "them",    "featuring",  "appears",  "seems",
        "going",    "moving",   "forward",  "away",    "off",        "very",     "there",
        "can",      "could",    "what",     "worn",    "tied",       "tucked",   "pushing",
        "leaning",  "running",  "sitting",  "turned",  "turning",    "has",      "past",
        "next",     "inside",   "outside",  "out",     "whose",      "i",        "want",
        "find",     "show",     "me",       "search",  "please"};
    return words;
}

// "a pair of black shoes": the real noun comes after "of".
const WordSet &measureNouns()
{
    static const WordSet words{"pair", "pairs", "kind", "type", "sort",
                               "set",  "piece", "lot",  "bit"};
    return words;
}

// Nouns that "with" adds to a garment: they describe it and are no part by themselves.
const WordSet &details()
{
    static const WordSet words{
        "stripe", "logo",   "pattern",     "print",  "design",    "button",  "zipper",    "collar",
        "sleeve", "strap",  "dot",         "pocket", "hole",      "writing", "letter",    "text",
        "trim",   "flower", "check",       "plaid",  "lining",    "accent",  "sole",      "lace",
        "belt",   "line",   "picture",     "number", "graphic",   "detail",  "detailing", "brim",
        "hem",    "patch",  "square",      "spot",   "lettering", "band",    "hoodless",  "bow",
        "cuff",   "ruffle", "fringe-trim", "symbol", "words"};
    return words;
}

// Things that people carry or wear and faces show that belong to no part group, but that a caption
// is about.
const WordSet &accessories()
{
    static const WordSet words{
        "scarf",     "tie",        "necktie",   "belt",      "umbrella",   "phone",
        "cellphone", "smartphone", "mobile",    "mask",      "beard",      "mustache",
        "moustache", "goatee",     "bike",      "bicycle",   "scooter",    "motorcycle",
        "motorbike", "skateboard", "camera",    "headphone", "earphone",   "headset",
        "glove",     "mitten",     "watch",     "bracelet",  "necklace",   "earring",
        "ring",      "wristband",  "badge",     "lanyard",   "toy",        "doll",
        "cane",      "stick",      "crutch",    "book",      "notebook",   "folder",
        "file",      "paper",      "newspaper", "magazine",  "bottle",     "cup",
        "box",       "basket",     "cart",      "stroller",  "pram",       "laptop",
        "tablet",    "racket",     "balloon",   "bouquet",   "cut",        "armband",
        "veil",      "suspender",  "tattoo",    "cigarette", "wheelchair", "towel",
        "blanket",   "cape",       "sash",      "stroller",  "luggage"};
    return words;
}

// Parts of the body that stand in a sentence as a place ("in her right hand"), not as what is worn.
const WordSet &bodyWords()
{
    static const WordSet words{"feet", "foot", "leg", "legs", "head", "tail", "curl", "curls"};
    return words;
}

// What "with" and "that has" add to a garment though it names a part: hoods of jackets, heels of
// shoes.
bool isDetailOf(const std::string &word, const std::string &group)
{
    static const WordSet ofClothes{"hood", "neck", "turtleneck", "lapel", "shoulder"};
    static const WordSet ofShoes{"heel", "heels", "toe", "toes", "buckle", "buckles"};
    if (group == "shoes")
        return ofShoes.count(word) > 0;
    return (group == "clothes" || group == "dress") && ofClothes.count(word) > 0;
}

struct Word
{
    std::string text; // lower case
    std::size_t begin = 0;
    std::size_t end = 0;
    bool punctuation = false;
};

bool isWordByte(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80;
}

std::vector<Word> wordsOf(std::string_view text)
{
    std::vector<Word> words;
    std::size_t i = 0;
    while (i < text.size()) {
        const unsigned char c = static_cast<unsigned char>(text[i]);
        std::size_t end = i + 1;
        if (isWordByte(c)) {
            while (end < text.size()
                   && (isWordByte(static_cast<unsigned char>(text[end]))
                       || ((text[end] == '-' || text[end] == '\'') && end + 1 < text.size()
                           && isWordByte(static_cast<unsigned char>(text[end + 1])))))
                ++end;
            Word word{std::string(text.substr(i, end - i)), i, end, false};
            for (char &letter : word.text)
                if (letter >= 'A' && letter <= 'Z')
                    letter = static_cast<char>(letter + 32);
            words.push_back(word);
        } else if (c > ' ') {
            words.push_back({std::string(1, text[i]), i, end, true});
        }
        i = end;
    }
    return words;
}

// The word, its singular, and what follows its last hyphen, whichever the table knows.
template <typename Table>
typename Table::const_iterator findForms(const Table &table, const std::string &word)
{
    auto found = table.find(word);
    if (found == table.end() && word.size() > 3 && word.back() == 's')
        found = table.find(word.substr(0, word.size() - 1));
    if (found == table.end() && word.size() > 4 && word.compare(word.size() - 2, 2, "es") == 0)
        found = table.find(word.substr(0, word.size() - 2));
    const std::size_t hyphen = word.rfind('-');
    if (found == table.end() && hyphen != std::string::npos && hyphen + 1 < word.size())
        found = findForms(table, word.substr(hyphen + 1));
    return found;
}

bool contains(const WordSet &set, const std::string &word)
{
    return set.count(word) > 0;
}

bool isDetail(const std::string &word)
{
    return findForms(details(), word) != details().end();
}

bool isAdjectiveLike(const std::string &word)
{
    static const WordSet adjectives{
        "dark",    "light",        "long",        "short",    "bright",    "pale",
        "striped", "plaid",        "checkered",   "floral",   "blue-jean", "leather",
        "denim",   "cotton",       "knee-length", "sleeved",  "colored",   "coloured",
        "large",   "small",        "big",         "loose",    "tight",     "patterned",
        "plain",   "multicolored", "curly",       "straight", "wavy",      "thin",
        "thick",   "blue",         "casual",      "formal",   "sleeveless"};
    return contains(adjectives, word) || !commonColour(word).empty();
}

// Heads that are an adjective or part of another noun when a noun follows: "short hair", "tank
// top", "jean jacket", "suit jacket", "flat shoes".
bool isHead(const std::vector<Word> &words, std::size_t i)
{
    // "high-top shoes", "wide-leg pants": kinds of a garment that is named after them.
    static const WordSet kinds{"high-top", "low-top", "wide-leg", "open-toe", "button-down-collar"};
    if (contains(kinds, words[i].text))
        return false;
    return findForms(groups(), words[i].text) != groups().end();
}

// Verbs and prepositions that are adjectives right before a noun: "running shoes", "a down jacket".
bool isAdjectiveHere(const std::vector<Word> &words, std::size_t i)
{
    static const WordSet doubles{"running", "walking", "riding", "matching", "hanging",
                                 "down",    "turned",  "tied",   "looking",  "sporting"};
    return contains(doubles, words[i].text) && i + 1 < words.size() && isHead(words, i + 1);
}

bool isSeparator(const std::vector<Word> &words, std::size_t i)
{
    return contains(separators(), words[i].text) && !isAdjectiveHere(words, i);
}

bool isPlainWord(const std::vector<Word> &words, std::size_t i)
{
    return i < words.size() && !words[i].punctuation && !isSeparator(words, i)
           && !contains(determiners(), words[i].text) && words[i].text != "and"
           && words[i].text != "of";
}

// Index after "in a bun", "in two long braids" and the like at this place; the place itself when
// there is none.
std::size_t hairStyleEnd(const std::vector<Word> &words, std::size_t at)
{
    constexpr std::size_t longest = 4;
    if (at >= words.size() || words[at].text != "in")
        return at;
    for (std::size_t i = at + 1; i < words.size() && i <= at + longest; ++i) {
        if (words[i].punctuation || contains(separators(), words[i].text))
            return at;
        if (isHead(words, i))
            return groupOfNoun(words[i].text) == "hair" ? i + 1 : at;
    }
    return at;
}

// Index after the last head of a compound that starts at a head ("tank top", "suit jacket").
std::size_t compoundEnd(const std::vector<Word> &words, std::size_t head)
{
    std::size_t i = head;
    while (isPlainWord(words, i + 1) && isHead(words, i + 1))
        ++i;
    return i + 1;
}

} // namespace

std::string commonColour(std::string_view word)
{
    std::string lower(word);
    for (char &c : lower)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c + 32);
    auto found = colours().find(lower);
    for (const char *ending : {"-colored", "-coloured"}) {
        const std::size_t length = std::string_view(ending).size();
        if (found == colours().end() && lower.size() > length
            && lower.compare(lower.size() - length, length, ending) == 0)
            found = colours().find(lower.substr(0, lower.size() - length));
    }
    // "dark-blue", "black-haired": one of the halves is the colour.
    const std::size_t hyphen = lower.rfind('-');
    if (found == colours().end() && hyphen != std::string::npos) {
        found = colours().find(lower.substr(hyphen + 1));
        if (found == colours().end())
            found = colours().find(lower.substr(0, hyphen));
    }
    return found == colours().end() ? std::string() : found->second;
}

std::string groupOfNoun(std::string_view noun)
{
    std::string lower(noun);
    for (char &c : lower)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c + 32);
    const auto found = findForms(groups(), lower);
    return found == groups().end() ? std::string() : found->second;
}

const std::vector<std::string> &partGroups()
{
    static const std::vector<std::string> names{"hat",   "hair",  "glasses", "clothes", "skirt",
                                                "pants", "dress", "shoes",   "bag"};
    return names;
}

std::vector<NounPhrase> nounPhrases(std::string_view text)
{
    const std::vector<Word> words = wordsOf(text);
    std::vector<NounPhrase> phrases;
    bool negated = false;
    std::size_t i = 0;
    while (i < words.size()) {
        const Word &word = words[i];
        if (word.punctuation || word.text == "and" || word.text == "of") {
            if (word.punctuation)
                negated = false;
            ++i;
            continue;
        }
        if (isSeparator(words, i)) {
            negated = word.text == "no" || word.text == "without" || word.text == "not"
                      || (negated && word.text != "but" && word.text != "with");
            ++i;
            continue;
        }

        // A phrase starts here. It ends after its head noun, or where a function word comes.
        const std::size_t first = i;
        std::size_t end = i;
        std::size_t head = words.size(); // none
        while (end < words.size()) {
            const std::string &now = words[end].text;
            if (words[end].punctuation) {
                // "black, white and grey shirt": a comma between adjectives joins.
                const bool joins = now == "," && end > first && isAdjectiveLike(words[end - 1].text)
                                   && end + 1 < words.size()
                                   && isAdjectiveLike(words[end + 1].text);
                if (!joins)
                    break;
                ++end;
                continue;
            }
            if (now == "of") {
                if (end == first || !contains(measureNouns(), words[end - 1].text))
                    break;
                ++end;
                continue;
            }
            if (now == "and") {
                // "black and white shirt": joins while no noun has come and an adjective follows.
                const bool joins = end > first && isAdjectiveLike(words[end - 1].text)
                                   && isPlainWord(words, end + 1)
                                   && isAdjectiveLike(words[end + 1].text);
                if (!joins)
                    break;
                ++end;
                continue;
            }
            if (isSeparator(words, end))
                break;
            if (contains(determiners(), now) && end > first
                && !contains(determiners(), words[end - 1].text))
                break;
            if (isHead(words, end)) {
                const std::size_t after = compoundEnd(words, end);
                // "short black hair", "flat shoes": an adjective that is also a noun goes on when a
                // head follows within the same run of words.
                const bool asAdjective =
                    after == end + 1
                    && (now == "short" || now == "flat" || now == "jean" || now == "tank"
                        || now == "polo" || now == "messenger" || now == "shoulder" || now == "curl"
                        || now == "pony" || now == "head" || now == "sleeveless" || now == "capri"
                        || now == "button-up" || now == "button-down")
                    && isPlainWord(words, after);
                if (!asAdjective) {
                    head = after - 1;
                    end = after;
                    break;
                }
            }
            ++end;
        }
        if (end == first) { // a lone word that cannot start a phrase
            ++i;
            continue;
        }

        // What follows "with", "that has" and the like describes the garment when it names no part.
        std::size_t last = end;
        if (head < words.size()) {
            while (last + 1 < words.size() && words[last].text == "with") {
                std::size_t stop = last + 1;
                bool describes = false;
                bool namesPart = false;
                while (stop < words.size() && !words[stop].punctuation
                       && (stop == last + 1 || !contains(separators(), words[stop].text))) {
                    if (words[stop].text == "and"
                        && !(isAdjectiveLike(words[stop - 1].text) && stop + 1 < words.size()
                             && isAdjectiveLike(words[stop + 1].text)))
                        break;
                    const bool belongs =
                        isDetailOf(words[stop].text, groupOfNoun(words[head].text));
                    namesPart = namesPart || (isHead(words, stop) && !belongs);
                    describes = describes || belongs || isDetail(words[stop].text);
                    ++stop;
                    if (describes)
                        break;
                }
                if (!describes || namesPart)
                    break;
                last = stop;
            }
        }

        if (head < words.size() && groupOfNoun(words[head].text) == "hair")
            last = hairStyleEnd(words, last);

        NounPhrase phrase;
        phrase.begin = words[first].begin;
        phrase.end = words[last - 1].end;
        phrase.text = std::string(text.substr(phrase.begin, phrase.end - phrase.begin));
        phrase.negated = negated;
        if (head < words.size()) {
            phrase.head = words[head].text;
            phrase.group = findForms(groups(), phrase.head)->second;
            // "head" is hair only with a word that says so; "legs" alone is no footwear.
            if (phrase.head == "head"
                && text.substr(phrase.begin, phrase.end - phrase.begin).find("bald")
                       == std::string_view::npos)
                phrase.group.clear();
        } else {
            for (std::size_t k = first; k < end; ++k)
                if (words[k].text == "bald") {
                    phrase.group = "hair";
                    phrase.head = words[k].text;
                }
            if (phrase.head.empty())
                phrase.head = words[end - 1].text;
        }
        for (std::size_t k = first; k < end && phrase.colour.empty(); ++k)
            if (!words[k].punctuation)
                phrase.colour = commonColour(words[k].text);
        const bool onlyDeterminers =
            std::all_of(words.begin() + static_cast<std::ptrdiff_t>(first),
                        words.begin() + static_cast<std::ptrdiff_t>(end), [](const Word &w) {
                            return w.punctuation || contains(determiners(), w.text);
                        });
        if (!onlyDeterminers)
            phrases.push_back(std::move(phrase));
        i = last;
    }
    return phrases;
}

namespace {

bool isPossessive(const std::string &word)
{
    return word == "his" || word == "her" || word == "their"
           || (word.size() > 2 && word.compare(word.size() - 2, 2, "'s") == 0);
}

// Index after "tied up in a bun", "that falls to her shoulders", "is tied into a ponytail" at this
// place, the place itself when there is nothing of the kind.
std::size_t hairClauseEnd(const std::vector<Word> &words, std::size_t at)
{
    static const WordSet starts{"tied", "pulled", "put",  "worn",    "falls",   "falling",
                                "that", "which",  "is",   "hanging", "flowing", "reaching",
                                "in",   "down",   "back", "cut",     "gathered"};
    static const WordSet ends{"bun",       "ponytail", "braid",     "braids",   "pigtail",
                              "pigtails",  "knot",     "tail",      "shoulder", "back",
                              "shoulders", "waist",    "ponytails", "buns"};
    constexpr std::size_t longest = 7;
    if (at >= words.size() || !contains(starts, words[at].text))
        return at;
    for (std::size_t i = at; i < words.size() && i <= at + longest; ++i) {
        if (words[i].punctuation || words[i].text == "and" || words[i].text == "with")
            return at;
        if (i > at && contains(ends, words[i].text))
            return i + 1;
    }
    return at;
}

// Index after "are black", "is dark blue and white" at this place, the place itself when nothing of
// the kind stands there.
std::size_t colourClauseEnd(const std::vector<Word> &words, std::size_t at)
{
    if (at + 1 >= words.size() || (words[at].text != "is" && words[at].text != "are"))
        return at;
    std::size_t end = at;
    for (std::size_t i = at + 1; i < words.size(); ++i) {
        if (isAdjectiveLike(words[i].text))
            end = i + 1;
        else if (words[i].text != "and" || i + 1 >= words.size()
                 || !isAdjectiveLike(words[i + 1].text))
            break;
    }
    return end;
}

} // namespace

std::vector<std::string> captionPhrases(std::string_view caption)
{
    const std::vector<Word> words = wordsOf(caption);
    std::vector<std::string> result;
    std::size_t covered = 0; // bytes that a phrase has taken
    for (const NounPhrase &phrase : nounPhrases(caption)) {
        if (phrase.negated || phrase.begin < covered)
            continue;
        std::size_t first = 0;
        while (first < words.size() && words[first].begin < phrase.begin)
            ++first;
        std::size_t next = first;
        while (next < words.size() && words[next].begin < phrase.end)
            ++next;
        if (next == first)
            continue;
        const std::string &head = words[next - 1].text;
        const bool isAccessory =
            phrase.group.empty() && findForms(accessories(), head) != accessories().end();
        if (phrase.group.empty() && !isAccessory)
            continue;
        if (contains(bodyWords(), phrase.head) && phrase.text.find("bald") == std::string::npos)
            continue;
        // "away from the camera" is a place.
        if (isAccessory && first > 0
            && (words[first - 1].text == "from" || words[first - 1].text == "towards"
                || words[first - 1].text == "toward" || words[first - 1].text == "to"))
            continue;

        std::size_t end = next;
        if (phrase.group == "hair")
            end = hairClauseEnd(words, next);
        if (end == next && isPossessive(words[first].text))
            end = colourClauseEnd(words, next);
        const bool ofPerson = first + 1 < next && isPossessive(words[first + 1].text);
        if (end == next && ofPerson)
            end = colourClauseEnd(words, next);
        // "a jacket that has a fur-lined hood".
        if (end == next && next + 2 < words.size()
            && (words[next].text == "that" || words[next].text == "which")
            && (words[next + 1].text == "has" || words[next + 1].text == "have")) {
            constexpr std::size_t longest = 6;
            for (std::size_t i = next + 2; i < words.size() && i < next + 2 + longest; ++i) {
                if (words[i].punctuation)
                    break;
                const std::size_t hyphen = words[i].text.rfind('-');
                const std::string last =
                    hyphen == std::string::npos ? words[i].text : words[i].text.substr(hyphen + 1);
                if (isDetail(words[i].text) || isDetailOf(last, phrase.group)) {
                    end = i + 1;
                    break;
                }
            }
        }
        // "with the number 10".
        if (end < words.size() && words[end - 1].text == "number" && !words[end].punctuation
            && words[end].text.find_first_not_of("0123456789") == std::string::npos)
            ++end;
        covered = words[end - 1].end;
        result.emplace_back(caption.substr(phrase.begin, covered - phrase.begin));
    }
    return result;
}

std::vector<NounPhrase> parseQuery(std::string_view text)
{
    std::vector<NounPhrase> parts;
    for (NounPhrase &phrase : nounPhrases(text))
        if (!phrase.group.empty())
            parts.push_back(std::move(phrase));
    return parts;
}

} // namespace sapsam
