#pragma once

#include "core/image/image.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace sapsam {

using Colour = std::array<std::uint8_t, 3>; // sRGB

// CIE L*a*b* under D65: L in [0, 100].
struct Lab
{
    double l = 0.0;
    double a = 0.0;
    double b = 0.0;
};

// IEC 61966-2-1 transfer function and primaries; colours outside sRGB are clipped on the way back.
Lab labOf(const Colour &colour);
Colour colourOf(const Lab &colour);

// Euclidean distance in L*a*b* (CIE 1976).
double colourDistance(const Lab &a, const Lab &b);

// The colour that most pixels inside the mask are near to: the mean around the fullest cell of a
// coarse histogram. The outermost ring of pixels is left out when enough remain, since it mixes
// with the background. Empty when the mask has no pixel.
std::optional<Colour> dominantColour(const Image &image, const Mask &mask);

// The common word: black, white, grey, red, orange, yellow, green, blue, purple, pink, brown or
// beige; the nearest of a table of examples in L*a*b*.
std::string nameOfColour(const Colour &colour);

// How much farther in L*a*b* the nearest example of the word is than the nearest example of any
// word: 0 when nameOfColour() gives this word. Empty for a word that is none of them.
std::optional<double> colourMisfit(const Colour &colour, const std::string &name);

// "#rrggbb", lower case, and back. Throws Error(InvalidInput) for anything else.
std::string hexOf(const Colour &colour);
Colour colourFromHex(const std::string &text);

} // namespace sapsam
