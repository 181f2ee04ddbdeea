#include "core/synth/colour_names.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

namespace sapsam {
namespace {

struct ColourRegion
{
    const char *name;
    const char *base;
    const char *tone;
    double hueLow, hueHigh; // degrees
    double satLow, satHigh;
    double valueLow, valueHigh;
    double prior; // how often clothes have it
    std::vector<std::string> words;
};

const std::array<ColourRegion, kColourNameCount> &regions()
{
    static const std::array<ColourRegion, kColourNameCount> kRegions = {{
        {"black", "black", "dark", 0, 360, 0.0, 0.18, 0.03, 0.13, 24, {"black"}},
        {"dark grey",
         "grey",
         "dark",
         0,
         360,
         0.0,
         0.10,
         0.20,
         0.32,
         6,
         {"dark grey", "dark gray", "charcoal", "charcoal grey"}},
        {"grey", "grey", "", 0, 360, 0.0, 0.08, 0.38, 0.58, 8, {"grey", "gray"}},
        {"light grey",
         "grey",
         "light",
         0,
         360,
         0.0,
         0.06,
         0.64,
         0.77,
         4,
         {"light grey", "light gray", "pale grey"}},
        {"white", "white", "light", 0, 360, 0.0, 0.045, 0.88, 1.0, 12, {"white"}},
        {"cream",
         "cream",
         "light",
         36,
         52,
         0.09,
         0.19,
         0.88,
         0.98,
         2,
         {"cream", "off-white", "cream colored", "ivory"}},
        {"beige",
         "beige",
         "light",
         28,
         42,
         0.22,
         0.36,
         0.68,
         0.84,
         3,
         {"beige", "tan", "light brown", "sand colored"}},
        {"khaki", "khaki", "", 38, 54, 0.28, 0.44, 0.48, 0.66, 2, {"khaki", "khaki colored"}},
        {"light brown",
         "brown",
         "light",
         22,
         32,
         0.42,
         0.60,
         0.56,
         0.72,
         2,
         {"light brown", "tan", "camel colored", "camel"}},
        {"brown", "brown", "", 14, 28, 0.50, 0.75, 0.32, 0.48, 4, {"brown"}},
        {"dark brown", "brown", "dark", 12, 28, 0.40, 0.68, 0.15, 0.25, 3, {"dark brown", "brown"}},
        {"red", "red", "bright", -9, 7, 0.72, 1.0, 0.50, 0.92, 8, {"red", "bright red"}},
        {"maroon",
         "red",
         "dark",
         -18,
         4,
         0.55,
         0.92,
         0.24,
         0.38,
         3,
         {"maroon", "dark red", "burgundy", "wine red"}},
        {"pink", "pink", "light", 328, 356, 0.20, 0.45, 0.84, 1.0, 4, {"pink", "light pink"}},
        {"hot pink",
         "pink",
         "bright",
         322,
         342,
         0.60,
         0.88,
         0.80,
         1.0,
         1.5,
         {"hot pink", "bright pink", "pink", "magenta"}},
        {"orange",
         "orange",
         "bright",
         16,
         30,
         0.78,
         1.0,
         0.82,
         1.0,
         2.5,
         {"orange", "bright orange"}},
        {"yellow",
         "yellow",
         "bright",
         46,
         59,
         0.60,
         1.0,
         0.82,
         1.0,
         3,
         {"yellow", "bright yellow"}},
        {"mustard",
         "yellow",
         "",
         40,
         48,
         0.65,
         0.9,
         0.60,
         0.76,
         1,
         {"mustard", "mustard yellow", "dark yellow"}},
        {"light green",
         "green",
         "light",
         88,
         145,
         0.25,
         0.50,
         0.74,
         0.94,
         1.5,
         {"light green", "pale green", "mint green"}},
        {"green", "green", "", 100, 148, 0.55, 0.95, 0.40, 0.68, 3, {"green"}},
        {"dark green",
         "green",
         "dark",
         105,
         160,
         0.45,
         0.85,
         0.16,
         0.30,
         3,
         {"dark green", "forest green"}},
        {"olive",
         "green",
         "dark",
         54,
         80,
         0.38,
         0.62,
         0.28,
         0.44,
         2.5,
         {"olive", "olive green", "army green"}},
        {"teal", "teal", "", 174, 190, 0.60, 1.0, 0.36, 0.56, 1.5, {"teal", "blue green"}},
        {"turquoise",
         "turquoise",
         "bright",
         170,
         186,
         0.45,
         0.85,
         0.70,
         0.92,
         1,
         {"turquoise", "aqua"}},
        {"light blue",
         "blue",
         "light",
         196,
         218,
         0.20,
         0.46,
         0.78,
         0.99,
         6,
         {"light blue", "pale blue", "sky blue", "baby blue"}},
        {"blue",
         "blue",
         "",
         206,
         230,
         0.48,
         0.95,
         0.48,
         0.86,
         7,
         {"blue", "bright blue", "royal blue"}},
        {"dark blue",
         "blue",
         "dark",
         210,
         230,
         0.50,
         0.88,
         0.31,
         0.43,
         4,
         {"dark blue", "deep blue"}},
        {"navy",
         "blue",
         "dark",
         215,
         240,
         0.40,
         0.80,
         0.15,
         0.28,
         8,
         {"navy", "navy blue", "dark blue"}},
        {"lavender",
         "purple",
         "light",
         252,
         285,
         0.16,
         0.38,
         0.74,
         0.95,
         1.5,
         {"lavender", "light purple", "lilac"}},
        {"purple", "purple", "", 264, 296, 0.42, 0.80, 0.34, 0.64, 3, {"purple", "violet"}},
        {"light blue",
         "blue",
         "light",
         204,
         220,
         0.18,
         0.38,
         0.62,
         0.82,
         0,
         {"light blue", "faded blue", "light wash"}},
        {"blue",
         "blue",
         "",
         207,
         222,
         0.31,
         0.62,
         0.37,
         0.64,
         0,
         {"blue", "medium blue", "denim blue"}},
        {"dark blue",
         "blue",
         "dark",
         212,
         230,
         0.34,
         0.62,
         0.18,
         0.30,
         0,
         {"dark blue", "dark wash", "dark"}},
    }};
    return kRegions;
}

const ColourRegion &regionOf(ColourName colour)
{
    return regions()[static_cast<std::size_t>(colour)];
}

bool isWordChar(char c)
{
    return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

// `word` in `text` with word borders on both sides.
bool containsWord(const std::string &text, const std::string &word)
{
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        if ((at == 0 || !isWordChar(text[at - 1]))
            && (end == text.size() || !isWordChar(text[end])))
            return true;
    }
    return false;
}

} // namespace

Rgb rgbFromHsv(double h, double s, double v)
{
    double hue = std::fmod(h, 360.0);
    if (hue < 0.0)
        hue += 360.0;
    const double sector = hue / 60.0;
    const auto channel = [&](double n) {
        const double k = std::fmod(n + sector, 6.0);
        return static_cast<float>(v - v * s * std::max(0.0, std::min({k, 4.0 - k, 1.0})));
    };
    return {channel(5.0), channel(3.0), channel(1.0)};
}

const char *nameOf(ColourName colour)
{
    return regionOf(colour).name;
}
const char *baseNameOf(ColourName colour)
{
    return regionOf(colour).base;
}
const char *toneOf(ColourName colour)
{
    return regionOf(colour).tone;
}
const std::vector<std::string> &wordsOf(ColourName colour)
{
    return regionOf(colour).words;
}

Rgb sampleColour(ColourName colour, SeededRandom &random)
{
    const ColourRegion &region = regionOf(colour);
    const double hue = random.uniform(region.hueLow, region.hueHigh);
    const double saturation = random.uniform(region.satLow, region.satHigh);
    return rgbFromHsv(hue, saturation, random.uniform(region.valueLow, region.valueHigh));
}

ColourName drawClothingColour(SeededRandom &random, double uniformShare)
{
    constexpr int kClothes = static_cast<int>(ColourName::LightDenim);
    if (random.chance(uniformShare))
        return static_cast<ColourName>(random.integer(0, kClothes - 1));
    std::vector<double> weights;
    weights.reserve(kClothes);
    for (int i = 0; i < kClothes; ++i)
        weights.push_back(regions()[static_cast<std::size_t>(i)].prior);
    return static_cast<ColourName>(random.weighted(weights));
}

const std::vector<std::string> &colourVocabulary()
{
    static const std::vector<std::string> kWords = [] {
        std::vector<std::string> words;
        for (const ColourRegion &region : regions()) {
            words.insert(words.end(), region.words.begin(), region.words.end());
            words.emplace_back(region.name);
            words.emplace_back(region.base);
        }
        for (const char *hair : {"blonde", "ginger"})
            words.emplace_back(hair);
        std::sort(words.begin(), words.end(), [](const std::string &a, const std::string &b) {
            return a.size() != b.size() ? a.size() > b.size() : a < b;
        });
        words.erase(std::unique(words.begin(), words.end()), words.end());
        return words;
    }();
    return kWords;
}

bool textNamesColour(const std::string &text, const std::string &colour)
{
    std::string lower = text;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (colour.empty() || containsWord(lower, colour))
        return true;
    // Hair has words of its own.
    if (colour == "blonde" && containsWord(lower, "blond"))
        return true;
    if (colour == "ginger")
        for (const char *word : {"red", "reddish", "auburn"})
            if (containsWord(lower, word))
                return true;
    for (const ColourRegion &region : regions()) {
        if (colour != region.name)
            continue;
        // The bare base word is true of every tone: navy is blue.
        if (containsWord(lower, region.base)
            || (std::string(region.base) == "grey" && containsWord(lower, "gray")))
            return true;
        for (const std::string &word : region.words)
            if (containsWord(lower, word))
                return true;
    }
    return false;
}

} // namespace sapsam
