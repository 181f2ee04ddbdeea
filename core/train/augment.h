#pragma once

#include "core/base/random.h"
#include "core/image/image.h"

namespace sapsam::training {

// How much a training picture is changed; every share is a chance. Nothing here makes the words of
// a caption false: hues stay, and left and right are swapped only when that is asked for.
struct AugmentOptions
{
    double strength = 1.0; // scales every range; 0 only resizes
    double flip = 0.0;
    double shift = 0.06; // of width and height
    double scale = 0.12;
    double rotation = 4.0; // degrees
    double blur = 0.35;
    double lowResolution = 0.4;
    double photometric = 0.8;
    double noise = 0.4;
    double erasing = 0.0;
};

struct AugmentedPicture
{
    Image image;
    LabelMap labels; // empty when none were given
};

// A changed copy at the wanted size, resized with the filter that inference uses (bicubic).
// The labels, when not empty, must have the picture's size and take part in every movement.
// Re-entrant; the result depends on the arguments alone.
AugmentedPicture augment(const Image &image, const LabelMap &labels, int width, int height,
                         const AugmentOptions &options, SeededRandom random);

// Picture files come from many decoders and encoders: called once so that OpenCV starts no threads
// of its own inside loader threads.
void limitOpenCvThreads();

} // namespace sapsam::training
