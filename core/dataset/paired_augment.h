#pragma once

#include "core/base/random.h"
#include "core/image/image.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// The augmentation of the retrieval training, on a picture and its label map together, without
// torch. Every operation is a function of 8-bit pixels with Pillow's arithmetic (the published
// training uses torchvision on Pillow pictures), every random number comes from one seeded stream.
// RGB pictures. All functions are re-entrant.
namespace sapsam::paired {

// --- colour: the picture alone -------------------------------------------------------------

Image greyscale(const Image &picture); // ITU-R 601 luma, three equal channels
Image invert(const Image &picture);
Image posterize(const Image &picture, int bits);     // keeps the highest `bits`, 1 … 8
Image solarize(const Image &picture, int threshold); // inverts values from the threshold on
Image autoContrast(const Image &picture);            // each channel stretched to 0 … 255
Image equalize(const Image &picture);                // each channel's histogram made flat
// Mix with black, with the mean grey, with the grey picture and with a smoothed picture: 0 gives
// that, 1 the picture, more than 1 goes beyond it.
Image brightness(const Image &picture, double factor);
Image contrast(const Image &picture, double factor);
Image saturation(const Image &picture, double factor);
Image sharpness(const Image &picture, double factor);
// Turns the hue by `turn` of a full circle, -0.5 … 0.5.
Image hue(const Image &picture, double turn);
// Width and height of the kernel are odd; the border is mirrored.
Image gaussianBlur(const Image &picture, int kernelWidth, int kernelHeight, double sigma);

// --- geometry: picture and labels alike ------------------------------------------------------

// source = matrix * (result + 1/2): x' = m0 x + m1 y + m2, y' = m3 x + m4 y + m5, nearest pixel.
// What comes from outside is 0: black, background.
using Affine = std::array<double, 6>;
Image transformed(const Image &picture, const Affine &sourceFromResult);
LabelMap transformed(const LabelMap &labels, const Affine &sourceFromResult);
// Bilinear, for pictures.
Image transformedSmoothly(const Image &picture, const Affine &sourceFromResult);

// Counter-clockwise by degrees about the centre.
Affine rotation(int width, int height, double degrees);
// Rotation (clockwise), translation in pixels, scale and shear in degrees about the centre, as
// torchvision's affine.
Affine affine(int width, int height, double degrees, double translateX, double translateY,
              double scale, double shearX, double shearY);

Image flipped(const Image &picture);
// swap, when given, renames left and right parts: swap[label] is the label after the flip.
LabelMap flipped(const LabelMap &labels, const std::array<std::uint8_t, 256> *swap = nullptr);
// Shoes 9 and 10, legs 12 and 13, arms 14 and 15 change places.
const std::array<std::uint8_t, 256> &atrFlip();
// 14 … 19 in pairs.
const std::array<std::uint8_t, 256> &lipFlip();

// --- the recipe ------------------------------------------------------------------------------

// AugMix (Hendrycks et al. 2020) as torchvision has it: three chains of one to three operations,
// mixed with random weights, then with the picture. The picture alone: the mixture has no single
// geometry that labels could follow.
struct AugMixOptions
{
    int severity = 3; // how far up the ten steps of each operation, 1 … 10
    int chains = 3;
    int longestChain = 3;
    double alpha = 1.0; // of the Dirichlet weights
};
Image augMix(const Image &picture, const AugMixOptions &options, SeededRandom &random);

// As published. A chance of 0 leaves an operation out.
struct RecipeOptions
{
    double applyAll = 0.45; // chance that the operations up to `equalize` are tried at all
    double flip = 0.5;
    double grey = 0.5;
    double brightness = 0.15; // factor 1 ± this
    double hue = 0.1;         // turn ± this
    bool blur = true;         // kernel 3 x 5, sigma 0.02 … 1.5
    double blurSigmaLow = 0.02;
    double blurSigmaHigh = 1.5;
    double invert = 0.5;
    double posterize = 0.5;
    int posterizeBits = 3;
    double sharpness = 0.5;
    double sharpnessFactor = 4.0;
    double autoContrast = 0.5;
    bool augMix = true;
    AugMixOptions augMixOptions;
    double rotation = 25.0;                         // ± degrees
    std::array<double, 2> affineDegrees{5.0, 15.0}; // drawn in between; equal: no rotation there
    double shear = 10.0;                            // ± degrees, along x
    double equalize = 0.5;
    double erase = 0.5;                          // chance, after everything else
    std::array<double, 2> eraseShare{0.02, 0.4}; // of the area
    std::array<double, 2> eraseAspect{0.3, 3.3}; // height / width

    std::vector<std::string> problems() const; // empty when usable
};

struct AugmentedPair
{
    Image picture;
    LabelMap labels;
    // Erased to the network's mean colour, labels to 0. The bytes hold the nearest colour; writing
    // exactly 0 there after normalisation is eraseToMean's business.
    std::optional<Box> erased;
};

// Picture and labels of one size (labels may be empty), already at the network's. Depends on the
// arguments alone. Throws Error(InvalidInput) when the sizes differ.
AugmentedPair augmentPair(const Image &picture, const LabelMap &labels,
                          const RecipeOptions &options, SeededRandom random,
                          const std::array<std::uint8_t, 256> *flipSwap = nullptr);

// The box of random erasing: an area and an aspect are drawn up to ten times until it fits; nothing
// when it never does.
std::optional<Box> drawErasedBox(int width, int height, const RecipeOptions &options,
                                 SeededRandom &random);

// Sets the erased part of normalised planes [3, height, width] to 0, the mean.
void eraseToMean(const Box &box, int width, int height, float *planes);

} // namespace sapsam::paired
