#pragma once

#include "core/base/random.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sapsam {

// A colour people name. Each name is a region of HSV from which the generator samples, so that
// the word is true of what is drawn.
enum class ColourName : std::uint8_t {
    Black,
    DarkGrey,
    Grey,
    LightGrey,
    White,
    Cream,
    Beige,
    Khaki,
    LightBrown,
    Brown,
    DarkBrown,
    Red,
    Maroon,
    Pink,
    HotPink,
    Orange,
    Yellow,
    Mustard,
    LightGreen,
    Green,
    DarkGreen,
    Olive,
    Teal,
    Turquoise,
    LightBlue,
    Blue,
    DarkBlue,
    Navy,
    Lavender,
    Purple,
    LightDenim,
    Denim,
    DarkDenim
};
constexpr int kColourNameCount = 33;

// sRGB, 0..1 per channel.
struct Rgb
{
    float r = 0.0F;
    float g = 0.0F;
    float b = 0.0F;
};

// h in degrees (any value), s and v in 0..1.
Rgb rgbFromHsv(double h, double s, double v);

// The canonical words: "light blue", "navy", …. Denim shades are called like the jeans they make:
// "light blue", "blue", "dark blue".
const char *nameOf(ColourName colour);

// The word without its tone: "blue" for light blue and navy, "red" for maroon.
const char *baseNameOf(ColourName colour);

// "dark", "light", "bright" or "" when none of them would be true.
const char *toneOf(ColourName colour);

// Words that are true of this colour, the canonical ones first.
const std::vector<std::string> &wordsOf(ColourName colour);

// An sRGB sample of the colour's region.
Rgb sampleColour(ColourName colour, SeededRandom &random);

// A colour of clothes: everyday frequencies mixed with a uniform draw.
ColourName drawClothingColour(SeededRandom &random, double uniformShare = 0.4);

// Every colour word that phrases and captions can contain, longest first. For checking whether a
// phrase names a colour.
const std::vector<std::string> &colourVocabulary();

// True when the text contains a word that is true of the named colour. `colour` is the canonical
// name as stored in PartPhrase::colour; unknown names are looked for literally.
bool textNamesColour(const std::string &text, const std::string &colour);

} // namespace sapsam
