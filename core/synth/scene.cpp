#include "core/synth/scene.h"

#include "core/synth/noise.h"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace sapsam::synth {
namespace {

float real(SeededRandom &random, double low, double high)
{
    return static_cast<float>(random.uniform(low, high));
}

Rgb anyColour(SeededRandom &random, double saturation = 0.9)
{
    return rgbFromHsv(random.uniform(0, 360), random.uniform(0, saturation) * random.uniform(),
                      random.uniform(0.08, 0.95));
}

// A material that covers ground or wall.
struct Cover
{
    Rgb rgb;
    float grain = 0.1F;
    float coarse = 0.1F;
    float frequency = 0.3F; // of the grain, per pixel
};

Cover drawGround(SeededRandom &random)
{
    Cover cover;
    const double kind = random.uniform();
    cover.frequency = real(random, 0.2, 0.9);
    if (kind < 0.66) { // asphalt, paving, concrete; often as bright as the sky
        const double value =
            random.chance(0.5) ? random.uniform(0.58, 0.90) : random.uniform(0.25, 0.62);
        cover.rgb =
            rgbFromHsv(random.chance(0.5) ? random.uniform(20, 50) : random.uniform(190, 250),
                       random.uniform(0.0, 0.10), value);
        cover.grain = real(random, 0.01, 0.06);
        cover.coarse = real(random, 0.02, 0.12);
    } else if (kind < 0.83) { // grass
        cover.rgb = rgbFromHsv(random.uniform(64, 108), random.uniform(0.25, 0.68),
                               random.uniform(0.20, 0.50));
        cover.grain = real(random, 0.08, 0.28);
        cover.coarse = real(random, 0.05, 0.2);
    } else if (kind < 0.94) { // earth, brick, gravel
        cover.rgb = rgbFromHsv(random.uniform(14, 42), random.uniform(0.08, 0.42),
                               random.uniform(0.3, 0.8));
        cover.grain = real(random, 0.05, 0.2);
        cover.coarse = real(random, 0.05, 0.2);
    } else {
        cover.rgb = anyColour(random, 0.6);
        cover.grain = real(random, 0.0, 0.12);
    }
    return cover;
}

Cover drawWall(SeededRandom &random)
{
    Cover cover;
    const double kind = random.uniform();
    cover.frequency = real(random, 0.1, 0.7);
    if (kind < 0.3)
        cover.rgb = rgbFromHsv(random.uniform(8, 45), random.uniform(0.08, 0.55),
                               random.uniform(0.3, 0.85));
    else if (kind < 0.55)
        cover.rgb =
            rgbFromHsv(random.uniform(0, 360), random.uniform(0, 0.12), random.uniform(0.15, 0.95));
    else if (kind < 0.75) {
        cover.rgb = rgbFromHsv(random.uniform(75, 130), random.uniform(0.25, 0.65),
                               random.uniform(0.12, 0.45));
        cover.coarse = real(random, 0.3, 0.7);
        cover.grain = real(random, 0.2, 0.5);
    } else
        cover.rgb = anyColour(random);
    if (cover.grain < 0.15F) {
        cover.grain = real(random, 0.0, 0.12);
        cover.coarse = real(random, 0.02, 0.2);
    }
    return cover;
}

// Fills the half plane nx*x + ny*y > d (pixel units) with a soft edge.
void fill(Plane &plane, const Cover &cover, float nx, float ny, float d, float offset)
{
    for (int y = 0; y < plane.height; ++y) {
        float *row = plane.rgb.data()
                     + static_cast<std::size_t>(y) * static_cast<std::size_t>(plane.width) * 3U;
        const float fy = static_cast<float>(y);
        float coarse = 0.0F;
        float next = noise(offset, fy * 0.06F + 3.0F);
        for (int x = 0; x < plane.width; ++x) {
            const float fx = static_cast<float>(x);
            // The coarse noise changes slowly: every fourth value is enough.
            if (x % 4 == 0) {
                coarse = next;
                next = noise((fx + 4.0F) * 0.045F + offset, fy * 0.06F + 3.0F);
            }
            const float inside = nx * fx + ny * fy - d;
            if (inside <= -0.5F)
                continue;
            const float alpha = std::min(1.0F, inside + 0.5F);
            const float slow = coarse + (next - coarse) * 0.25F * static_cast<float>(x % 4);
            const float light =
                1.0F
                + cover.grain * 2.0F
                      * (noise(fx * cover.frequency + offset, fy * cover.frequency) - 0.5F)
                + cover.coarse * 2.0F * (slow - 0.5F);
            const float value = 255.0F * light;
            row[3 * x] += alpha * (cover.rgb.r * value - row[3 * x]);
            row[3 * x + 1] += alpha * (cover.rgb.g * value - row[3 * x + 1]);
            row[3 * x + 2] += alpha * (cover.rgb.b * value - row[3 * x + 2]);
        }
    }
}

void blend(float *pixel, Rgb rgb, float alpha, float light = 1.0F)
{
    pixel[0] += alpha * (rgb.r * 255.0F * light - pixel[0]);
    pixel[1] += alpha * (rgb.g * 255.0F * light - pixel[1]);
    pixel[2] += alpha * (rgb.b * 255.0F * light - pixel[2]);
}

// A line or a leaning box: everything within `half` of the segment's line, between its ends.
template <typename Touch>
void stripe(Plane &plane, float x0, float y0, float x1, float y1, float half, Touch touch)
{
    const float dx = x1 - x0;
    const float dy = y1 - y0;
    const float length = std::max(1e-3F, std::sqrt(dx * dx + dy * dy));
    const int top = std::max(0, static_cast<int>(std::min(y0, y1) - half - 1));
    const int bottom = std::min(plane.height - 1, static_cast<int>(std::max(y0, y1) + half + 1));
    const int left = std::max(0, static_cast<int>(std::min(x0, x1) - half - 1));
    const int right = std::min(plane.width - 1, static_cast<int>(std::max(x0, x1) + half + 1));
    for (int y = top; y <= bottom; ++y)
        for (int x = left; x <= right; ++x) {
            const float px = static_cast<float>(x) - x0;
            const float py = static_cast<float>(y) - y0;
            const float along = (px * dx + py * dy) / length;
            const float across = (px * dy - py * dx) / length;
            const float inside = std::min({half - std::abs(across), along, length - along}) + 0.5F;
            if (inside > 0.0F)
                touch(x, y, std::min(1.0F, inside), across / half);
        }
}

float *pixelAt(Plane &plane, int x, int y)
{
    return plane.rgb.data()
           + (static_cast<std::size_t>(y) * static_cast<std::size_t>(plane.width)
              + static_cast<std::size_t>(x))
                 * 3U;
}

} // namespace

Light drawLight(SeededRandom &random)
{
    Light light;
    const float azimuth = real(random, -3.14, 3.14);
    const float elevation = real(random, 0.45, 1.35);
    light.direction = {std::sin(azimuth) * std::cos(elevation), -std::sin(elevation),
                       std::cos(azimuth) * std::cos(elevation)};
    const bool sunny = random.chance(0.4);
    light.diffuse = sunny ? real(random, 0.35, 0.65) : real(random, 0.08, 0.3);
    // Keeps the average brightness of a body about the same whatever the light.
    light.ambient = 0.98F - light.diffuse * 0.45F;
    light.shadow = sunny ? real(random, 0.3, 0.6) : real(random, 0.0, 0.25);
    return light;
}

CameraLook drawCamera(SeededRandom &random)
{
    CameraLook camera;
    camera.nativeHeight = static_cast<int>(54.0 * std::pow(230.0 / 54.0, random.uniform()));
    camera.exposure = static_cast<float>(std::exp(random.normal(0.03, 0.10)));
    camera.gamma = static_cast<float>(std::exp(random.normal(-0.02, 0.08)));
    camera.contrast = random.chance(0.45) ? real(random, 1.1, 1.6) : real(random, 0.82, 1.12);
    camera.saturation = random.chance(0.3) ? real(random, 1.05, 1.35) : real(random, 0.65, 1.08);
    const float warm = static_cast<float>(random.normal(0.0, 0.045));
    const float green = static_cast<float>(random.normal(0.0, 0.02));
    camera.cast[0] = 1.0F + warm;
    camera.cast[1] = 1.0F + green;
    camera.cast[2] = 1.0F - warm;
    // The coarser the sensor, the less blur is needed to lose everything.
    const float sharpness = std::min(1.0F, static_cast<float>(camera.nativeHeight) / 150.0F);
    camera.blur = random.chance(0.6)    ? real(random, 0.2, 0.75) * (0.5F + 0.5F * sharpness)
                  : random.chance(0.25) ? real(random, 0.7, 1.7) * sharpness
                                        : 0.0F;
    camera.motionX = random.chance(0.13) ? 1.0F + real(random, 0.0, 3.0) * sharpness : 0.0F;
    camera.noise = random.chance(0.6)   ? real(random, 0.5, 4.0)
                   : random.chance(0.2) ? real(random, 4.0, 9.0)
                                        : 0.0F;
    camera.sharpen = random.chance(0.45) ? real(random, 0.3, 1.6) : 0.0F;
    camera.jpegQuality = random.chance(0.8) ? static_cast<int>(random.integer(35, 95)) : 100;
    camera.grey = random.chance(0.01);
    camera.enlarge = static_cast<int>(random.weighted({0.04, 0.5, 0.4, 0.06}));
    return camera;
}

void paintBackground(Plane &plane, float horizon, SeededRandom &random)
{
    const float w = static_cast<float>(plane.width);
    const float h = static_cast<float>(plane.height);
    const float offset = real(random, 0, 100);
    const Cover ground = drawGround(random);
    fill(plane, ground, 0, 1, -10, offset);
    // Other grounds: a kerb, a lawn, a road beside the pavement.
    const int regions = static_cast<int>(random.weighted({0.3, 0.45, 0.25}));
    for (int i = 0; i < regions; ++i) {
        const float angle = random.chance(0.5)
                                ? real(random, -0.6, 0.6) + (random.chance(0.5) ? 0.0F : 3.14F)
                                : real(random, -3.14, 3.14);
        const float nx = std::sin(angle);
        const float ny = -std::cos(angle);
        const float d = nx * w * real(random, 0.1, 0.9) + ny * h * real(random, 0.1, 0.9);
        fill(plane, drawGround(random), nx, ny, d, offset + 31.0F * static_cast<float>(i + 1));
        if (random.chance(0.5)) { // kerb or painted line along the border
            const Rgb line = random.chance(0.5) ? rgbFromHsv(48, random.uniform(0, 0.8), 0.85)
                                                : rgbFromHsv(30, 0.05, random.uniform(0.3, 0.95));
            const float half = real(random, 0.5, 0.02 * h);
            const float cx = nx * d;
            const float cy = ny * d;
            stripe(plane, cx - ny * 2 * h, cy + nx * 2 * h, cx + ny * 2 * h, cy - nx * 2 * h, half,
                   [&](int x, int y, float alpha, float) {
                       blend(pixelAt(plane, x, y), line, alpha * 0.9F);
                   });
        }
    }
    if (random.chance(0.25)) { // joints of paving
        const float step = real(random, 0.05, 0.2) * h;
        const float slope = real(random, -0.5, 0.5);
        const Rgb joint = {ground.rgb.r * 0.75F, ground.rgb.g * 0.75F, ground.rgb.b * 0.75F};
        for (float y = -h; y < 2 * h; y += step)
            stripe(plane, -10, y - slope * 10, w + 10, y + slope * (w + 10), 0.6F,
                   [&](int px, int py, float alpha, float) {
                       blend(pixelAt(plane, px, py), joint, alpha * 0.5F);
                   });
        const float lean = real(random, -0.7, 0.7);
        for (float x = -2 * w; x < 3 * w; x += step * 1.2F)
            stripe(plane, x, 0, x + lean * h, h, 0.6F, [&](int px, int py, float alpha, float) {
                blend(pixelAt(plane, px, py), joint, alpha * 0.5F);
            });
    }
    if (horizon > 0.02F) {
        const float tilt = real(random, -0.05, 0.05);
        const float edge = horizon * h;
        fill(plane, drawWall(random), tilt, -1, -edge + tilt * w * 0.5F, offset + 7.0F);
        const int windows = static_cast<int>(random.integer(0, 5));
        const Cover glass = drawWall(random);
        for (int i = 0; i < windows; ++i) {
            const float x = real(random, -0.2, 1.2) * w;
            const float half = real(random, 0.03, 0.25) * w;
            const float top = real(random, -0.3, 0.9) * edge;
            const float bottom = random.chance(0.4) ? edge : top + real(random, 0.1, 0.8) * edge;
            const Rgb rgb = random.chance(0.6) ? glass.rgb : anyColour(random);
            const float end = std::min(bottom, edge + 2.0F);
            stripe(plane, x, top, x, end, half, [&](int px, int py, float alpha, float across) {
                blend(pixelAt(plane, px, py), rgb, alpha,
                      1.0F + 0.15F * across
                          + 0.2F
                                * (noise(static_cast<float>(px) * 0.2F + offset,
                                         static_cast<float>(py) * 0.2F)
                                   - 0.5F));
            });
        }
        if (random.chance(0.3)) { // bricks, shelves, railings
            const float step = real(random, 2.5, 9.0);
            const float strength = real(random, 0.1, 0.5);
            for (float y = 0; y < edge; y += step)
                stripe(plane, 0, y, w, y, 0.45F, [&](int px, int py, float alpha, float) {
                    blend(pixelAt(plane, px, py), {0.2F, 0.18F, 0.17F}, alpha * strength);
                });
        }
    }
    // Things that stand or lie about: signs, cones, parts of cars, paper.
    const int things = static_cast<int>(random.weighted({0.42, 0.28, 0.16, 0.09, 0.05}));
    for (int i = 0; i < things; ++i) {
        const Rgb rgb = random.chance(0.5)
                            ? anyColour(random, 1.0)
                            : rgbFromHsv(random.uniform(0, 360), random.uniform(0.5, 1.0),
                                         random.uniform(0.4, 0.95));
        const float x = real(random, 0, 1) * w;
        const float y = real(random, 0, 1) * h;
        const float size = real(random, 0.03, 0.35) * w;
        const float tall = real(random, 0.02, 0.3) * h;
        const float tilt = random.chance(0.6) ? 0.0F : real(random, -0.5, 0.5) * tall;
        const bool line = random.chance(0.35);
        const bool striped = random.chance(0.2);
        const Rgb other = anyColour(random);
        stripe(plane, line ? x - w : x, y, line ? x + w : x + tilt, y + tall,
               line ? real(random, 0.6, 3.0) : size,
               [&](int px, int py, float alpha, float across) {
                   const bool b =
                       striped && (static_cast<int>(static_cast<float>(px + py) * 0.22F) & 1) != 0;
                   blend(pixelAt(plane, px, py), b ? other : rgb, alpha * 0.95F,
                         1.0F - 0.18F * across);
               });
    }
    if (random.chance(0.07)) { // shadows of trees and houses
        const float frequency = real(random, 0.02, 0.09);
        const float strength = real(random, 0.15, 0.45);
        for (int y = 0; y < plane.height; ++y)
            for (int x = 0; x < plane.width; ++x) {
                const float n = noise(static_cast<float>(x) * frequency + offset,
                                      static_cast<float>(y) * frequency + 50.0F);
                const float dark = 1.0F - strength * std::clamp((n - 0.45F) * 6.0F, 0.0F, 1.0F);
                float *pixel = pixelAt(plane, x, y);
                pixel[0] *= dark;
                pixel[1] *= dark;
                pixel[2] *= dark;
            }
    }
}

void paintOccluders(Plane &plane, LabelMap &labels, SeededRandom &random)
{
    const float w = static_cast<float>(plane.width);
    const float h = static_cast<float>(plane.height);
    if (!random.chance(0.22))
        return;
    const float offset = real(random, 0, 100);
    const auto cover = [&](int x, int y, Rgb rgb, float alpha, float light) {
        blend(pixelAt(plane, x, y), rgb, alpha, light);
        if (alpha > 0.5F)
            labels.at(x, y) = 0;
    };
    const double kind = random.uniform();
    if (kind < 0.42) { // pole
        const Rgb rgb =
            rgbFromHsv(random.uniform(0, 360), random.uniform(0, 0.25), random.uniform(0.15, 0.85));
        const float x = real(random, 0.05, 0.95) * w;
        const float lean = real(random, -0.02, 0.02) * h;
        stripe(plane, x, -2, x + lean, h + 2, real(random, 0.02, 0.07) * w,
               [&](int px, int py, float alpha, float across) {
                   cover(px, py, rgb, alpha, 1.0F - 0.3F * across);
               });
    } else if (kind < 0.62) { // bush or grass from below, or leaves from a side
        const Rgb rgb =
            rgbFromHsv(random.uniform(70, 125), random.uniform(0.3, 0.7), random.uniform(0.2, 0.5));
        const float level = real(random, 0.72, 0.95) * h;
        for (int y = static_cast<int>(level * 0.8F); y < plane.height; ++y)
            for (int x = 0; x < plane.width; ++x) {
                const float n =
                    noise2(static_cast<float>(x) * 0.12F + offset, static_cast<float>(y) * 0.12F);
                if (static_cast<float>(y) > level + (n - 0.5F) * 0.22F * h)
                    cover(x, y, rgb, 1.0F,
                          0.6F
                              + 0.8F
                                    * noise(static_cast<float>(x) * 0.5F + offset,
                                            static_cast<float>(y) * 0.5F));
            }
    } else { // sign, car, wall, box: a plain thing at a border
        const Rgb rgb = random.chance(0.5)
                            ? anyColour(random, 1.0)
                            : rgbFromHsv(random.uniform(0, 360), random.uniform(0.0, 1.0),
                                         random.uniform(0.3, 0.95));
        const bool low = random.chance(0.55);
        const float half = low ? real(random, 0.2, 0.7) * w : real(random, 0.06, 0.2) * w;
        const float x =
            low ? real(random, -0.1, 1.1) * w
                : (random.chance(0.5) ? real(random, -0.05, 0.2) : real(random, 0.8, 1.05)) * w;
        const float top = low ? real(random, 0.72, 0.95) * h : real(random, 0.2, 0.6) * h;
        const float bottom = low ? h + 5 : top + real(random, 0.12, 0.35) * h;
        const bool letters = random.chance(0.4);
        const float lean = real(random, -0.06, 0.06) * w;
        stripe(
            plane, x, top, x + lean, bottom, half, [&](int px, int py, float alpha, float across) {
                const bool mark =
                    letters
                    && noise(static_cast<float>(px) * 0.45F + offset, static_cast<float>(py) * 0.3F)
                           > 0.66F;
                cover(px, py, mark ? Rgb{0.95F, 0.95F, 0.95F} : rgb, alpha, 1.0F - 0.15F * across);
            });
    }
}

void degradeLikeJpeg(Image &image, int quality, int shiftX, int shiftY)
{
    static const std::array<int, 64> kLuma = {
        16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,
        14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,
        18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,
        49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99};
    static const std::array<int, 64> kChroma = {
        17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99,
        99, 99, 47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
        99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99};
    static const std::array<float, 64> kBasis = [] {
        std::array<float, 64> basis{};
        for (int k = 0; k < 8; ++k)
            for (int n = 0; n < 8; ++n)
                basis[static_cast<std::size_t>(k * 8 + n)] =
                    static_cast<float>((k == 0 ? std::sqrt(0.125) : 0.5)
                                       * std::cos((2 * n + 1) * k * 3.14159265358979 / 16.0));
        return basis;
    }();
    static const std::array<float, 64> kTransposed = [] {
        std::array<float, 64> transposed{};
        for (std::size_t k = 0; k < 8; ++k)
            for (std::size_t n = 0; n < 8; ++n)
                transposed[n * 8 + k] = kBasis[k * 8 + n];
        return transposed;
    }();
    const int percent = quality < 50 ? 5000 / std::max(1, quality) : 200 - 2 * quality;
    const int w = image.width;
    const int h = image.height;
    const int bw = (w + shiftX + 15) / 16 * 16;
    const int bh = (h + shiftY + 15) / 16 * 16;
    std::array<std::vector<float>, 3> planes;
    planes[0].resize(static_cast<std::size_t>(bw * bh));
    std::vector<float> fullCb(static_cast<std::size_t>(bw * bh));
    std::vector<float> fullCr(static_cast<std::size_t>(bw * bh));
    for (int y = 0; y < bh; ++y)
        for (int x = 0; x < bw; ++x) {
            const std::uint8_t *p =
                image.at(std::clamp(x - shiftX, 0, w - 1), std::clamp(y - shiftY, 0, h - 1));
            const float r = p[0];
            const float g = p[1];
            const float b = p[2];
            const std::size_t at = static_cast<std::size_t>(y * bw + x);
            planes[0][at] = 0.299F * r + 0.587F * g + 0.114F * b - 128.0F;
            fullCb[at] = -0.168736F * r - 0.331264F * g + 0.5F * b;
            fullCr[at] = 0.5F * r - 0.418688F * g - 0.081312F * b;
        }
    const int cw = bw / 2;
    const int ch = bh / 2;
    for (int c = 1; c < 3; ++c) {
        const std::vector<float> &full = c == 1 ? fullCb : fullCr;
        planes[static_cast<std::size_t>(c)].resize(static_cast<std::size_t>(cw * ch));
        for (int y = 0; y < ch; ++y)
            for (int x = 0; x < cw; ++x) {
                const std::size_t at = static_cast<std::size_t>(2 * y * bw + 2 * x);
                planes[static_cast<std::size_t>(c)][static_cast<std::size_t>(y * cw + x)] =
                    0.25F
                    * (full[at] + full[at + 1] + full[at + static_cast<std::size_t>(bw)]
                       + full[at + static_cast<std::size_t>(bw) + 1]);
            }
    }
    for (std::size_t c = 0; c < 3; ++c) {
        std::array<float, 64> table{};
        std::array<float, 64> inverse{};
        for (std::size_t i = 0; i < 64; ++i)
            table[i] = static_cast<float>(
                std::clamp(((c == 0 ? kLuma : kChroma)[i] * percent + 50) / 100, 1, 255));
        for (std::size_t i = 0; i < 64; ++i)
            inverse[i] = 1.0F / table[i];
        const int pw = c == 0 ? bw : cw;
        const int ph = c == 0 ? bh : ch;
        for (int by = 0; by + 8 <= ph; by += 8)
            for (int bx = 0; bx + 8 <= pw; bx += 8) {
                float *block = planes[c].data() + by * pw + bx;
                float rows[64];
                float freq[64];
                // Written as sums of whole rows, which the compiler turns into vector code.
                for (int y = 0; y < 8; ++y) {
                    float sum[8] = {};
                    for (int n = 0; n < 8; ++n) {
                        const float value = block[y * pw + n];
                        for (int k = 0; k < 8; ++k)
                            sum[k] += value * kTransposed[static_cast<std::size_t>(n * 8 + k)];
                    }
                    std::copy_n(sum, 8, rows + y * 8);
                }
                bool any[8] = {false, false, false, false, false, false, false, false};
                for (int j = 0; j < 8; ++j) {
                    float sum[8] = {};
                    for (int n = 0; n < 8; ++n) {
                        const float weight = kBasis[static_cast<std::size_t>(j * 8 + n)];
                        for (int k = 0; k < 8; ++k)
                            sum[k] += weight * rows[n * 8 + k];
                    }
                    for (int k = 0; k < 8; ++k) {
                        const std::size_t at = static_cast<std::size_t>(j * 8 + k);
                        const float level =
                            static_cast<float>(floorOf(sum[k] * inverse[at] + 0.5F));
                        freq[at] = level * table[at];
                        any[j] = any[j] || level != 0.0F;
                    }
                }
                for (int k = 0; k < 8; ++k)
                    for (int n = 0; n < 8; ++n)
                        rows[n * 8 + k] = 0.0F;
                for (int j = 0; j < 8; ++j) {
                    if (!any[j])
                        continue;
                    for (int n = 0; n < 8; ++n) {
                        const float weight = kBasis[static_cast<std::size_t>(j * 8 + n)];
                        for (int k = 0; k < 8; ++k)
                            rows[n * 8 + k] += weight * freq[j * 8 + k];
                    }
                }
                for (int y = 0; y < 8; ++y) {
                    float sum[8] = {};
                    for (int k = 0; k < 8; ++k) {
                        const float value = rows[y * 8 + k];
                        for (int n = 0; n < 8; ++n)
                            sum[n] += value * kBasis[static_cast<std::size_t>(k * 8 + n)];
                    }
                    std::copy_n(sum, 8, block + y * pw);
                }
            }
    }
    const auto byte = [](float value) {
        return static_cast<std::uint8_t>(std::clamp(value + 0.5F, 0.0F, 255.0F));
    };
    for (int y = 0; y < h; ++y)
        for (int x = 0; x < w; ++x) {
            const int sx = x + shiftX;
            const int sy = y + shiftY;
            const float l = planes[0][static_cast<std::size_t>(sy * bw + sx)] + 128.0F;
            const std::size_t at = static_cast<std::size_t>((sy / 2) * cw + sx / 2);
            const float cb = planes[1][at];
            const float cr = planes[2][at];
            std::uint8_t *p = image.at(x, y);
            p[0] = byte(l + 1.402F * cr);
            p[1] = byte(l - 0.344136F * cb - 0.714136F * cr);
            p[2] = byte(l + 1.772F * cb);
        }
}

Image develop(const Plane &plane, const CameraLook &camera, int width, int height, float aspect,
              SeededRandom &random)
{
    const int nh = std::clamp(camera.nativeHeight, 24, plane.height);
    const int nw =
        std::clamp(static_cast<int>(static_cast<float>(nh) * aspect + 0.5F), 10, plane.width);
    cv::Mat bytes(plane.height, plane.width, CV_8UC3);
    // Tone curve on the way to 8 bits.
    std::array<std::array<std::uint8_t, 512>, 3> curve{};
    for (std::size_t c = 0; c < 3; ++c)
        for (int i = 0; i < 512; ++i) {
            double v = i / 255.0 * camera.exposure * camera.cast[c];
            v = std::pow(std::max(0.0, v), static_cast<double>(camera.gamma));
            v = 0.42 + (v - 0.42) * camera.contrast;
            curve[c][static_cast<std::size_t>(i)] =
                static_cast<std::uint8_t>(std::clamp(v * 255.0 + 0.5, 0.0, 255.0));
        }
    const float saturation = camera.grey ? 0.0F : camera.saturation;
    for (int y = 0; y < plane.height; ++y) {
        const float *from =
            plane.rgb.data()
            + static_cast<std::size_t>(y) * static_cast<std::size_t>(plane.width) * 3U;
        auto *to = bytes.ptr<std::uint8_t>(y);
        for (int x = 0; x < plane.width; ++x) {
            const float l =
                0.299F * from[3 * x] + 0.587F * from[3 * x + 1] + 0.114F * from[3 * x + 2];
            for (int c = 0; c < 3; ++c) {
                const float v = l + (from[3 * x + c] - l) * saturation;
                to[3 * x + c] = curve[static_cast<std::size_t>(c)]
                                     [static_cast<std::size_t>(std::clamp(v, 0.0F, 511.0F))];
            }
        }
    }
    if (camera.grey) // no colour cast survives
        for (int y = 0; y < plane.height; ++y) {
            auto *row = bytes.ptr<std::uint8_t>(y);
            for (int x = 0; x < plane.width; ++x)
                row[3 * x] = row[3 * x + 2] = row[3 * x + 1];
        }
    cv::Mat native;
    cv::resize(bytes, native, cv::Size(nw, nh), 0, 0, cv::INTER_AREA);
    if (camera.motionX > 1.0F) {
        const int length = std::max(2, static_cast<int>(camera.motionX + 0.5F));
        cv::blur(native, native, cv::Size(length, 1), cv::Point(-1, -1), cv::BORDER_REPLICATE);
    }
    if (camera.blur > 0.2F)
        cv::GaussianBlur(native, native, cv::Size(0, 0), camera.blur, camera.blur,
                         cv::BORDER_REPLICATE);
    if (camera.sharpen > 0.0F) {
        cv::Mat soft;
        cv::GaussianBlur(native, soft, cv::Size(0, 0), 0.9, 0.9, cv::BORDER_REPLICATE);
        cv::addWeighted(native, 1.0 + camera.sharpen, soft, -camera.sharpen, 0.0, native);
    }
    if (camera.noise > 0.0F) {
        const float chroma = camera.grey ? 0.0F : 0.5F;
        std::uint64_t bits = 0;
        int left = 0;
        const auto draw = [&] { // a sum of four bytes is normal enough
            if (left < 1) {
                bits = random.next();
                left = 2;
            }
            const int sum = static_cast<int>(bits & 255U) + static_cast<int>((bits >> 8U) & 255U)
                            + static_cast<int>((bits >> 16U) & 255U)
                            + static_cast<int>((bits >> 24U) & 255U) - 510;
            bits >>= 32U;
            --left;
            return static_cast<float>(sum) / 147.8F;
        };
        for (int y = 0; y < nh; ++y) {
            auto *row = native.ptr<std::uint8_t>(y);
            for (int x = 0; x < nw; ++x) {
                const float grey = draw() * camera.noise;
                for (int c = 0; c < 3; ++c) {
                    const float own =
                        chroma > 0.0F && c != 1 ? draw() * camera.noise * chroma : 0.0F;
                    row[3 * x + c] = static_cast<std::uint8_t>(std::clamp(
                        static_cast<float>(row[3 * x + c]) + grey + own + 0.5F, 0.0F, 255.0F));
                }
            }
        }
    }
    const int shiftX = static_cast<int>(random.integer(0, 7));
    const int shiftY = static_cast<int>(random.integer(0, 7));
    Image small(nw, nh);
    for (int y = 0; y < nh; ++y)
        std::copy_n(native.ptr<std::uint8_t>(y), static_cast<std::size_t>(nw) * 3U, small.at(0, y));
    if (camera.jpegQuality <= 95)
        degradeLikeJpeg(small, camera.jpegQuality, shiftX, shiftY);
    Image result(width, height);
    const cv::Mat from(nh, nw, CV_8UC3, small.pixels.data());
    cv::Mat to(height, width, CV_8UC3, result.pixels.data());
    static const int kModes[] = {cv::INTER_NEAREST, cv::INTER_LINEAR, cv::INTER_CUBIC,
                                 cv::INTER_LANCZOS4};
    const bool shrink = nw > width && nh > height;
    cv::resize(from, to, to.size(), 0, 0, shrink ? cv::INTER_AREA : kModes[camera.enlarge]);
    return result;
}

} // namespace sapsam::synth
