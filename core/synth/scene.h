#pragma once

#include "core/base/random.h"
#include "core/image/image.h"
#include "core/synth/figure.h"

#include <vector>

// The place and the camera: what is behind and in front of the person, light, and everything that
// happens to the picture between lens and file.

namespace sapsam::synth {

struct Light
{
    Vec3 direction{0, -0.7F, 0.7F}; // towards the light, camera frame
    float ambient = 0.7F;
    float diffuse = 0.4F;
    float shadow = 0.0F; // strength of the shadow on the ground
};

struct CameraLook
{
    int nativeHeight = 100; // of the sensor's crop before it is enlarged
    float exposure = 1.0F;
    float gamma = 1.0F;
    float contrast = 1.0F;
    float saturation = 1.0F;
    float cast[3] = {1, 1, 1};
    float blur = 0.0F;    // standard deviation in native pixels
    float motionX = 0.0F; // length in native pixels
    float noise = 0.0F;   // standard deviation in grey levels
    float sharpen = 0.0F;
    int jpegQuality = 90; // above 95: none
    bool grey = false;
    int enlarge = 1; // 0 nearest, 1 linear, 2 cubic, 3 lanczos
};

// sRGB in 0..255, interleaved.
struct Plane
{
    int width = 0;
    int height = 0;
    std::vector<float> rgb;
};

Light drawLight(SeededRandom &random);
CameraLook drawCamera(SeededRandom &random);

// Paints the place. `horizon` is the row (share of the height) where the ground ends; below 0: out
// of view.
void paintBackground(Plane &plane, float horizon, SeededRandom &random);

// Paints poles, bushes, cars, signs over picture and labels (set to 0).
void paintOccluders(Plane &plane, LabelMap &labels, SeededRandom &random);

// Lens, sensor and file: returns a picture of the wanted size.
Image develop(const Plane &plane, const CameraLook &camera, int width, int height, float aspect,
              SeededRandom &random);

// What a baseline JPEG with 4:2:0 colour does to a picture, at the quality scale of libjpeg
// (ITU-T T.81, annex K tables). RGB in place.
void degradeLikeJpeg(Image &image, int quality, int shiftX, int shiftY);

} // namespace sapsam::synth
