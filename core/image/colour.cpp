#include "core/image/colour.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace sapsam {

namespace {

constexpr double kWhiteX = 0.95047;
constexpr double kWhiteZ = 1.08883;

double linearOf(std::uint8_t value)
{
    const double v = value / 255.0;
    return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
}

std::uint8_t encodedOf(double linear)
{
    const double v =
        linear <= 0.0031308 ? linear * 12.92 : 1.055 * std::pow(linear, 1.0 / 2.4) - 0.055;
    return static_cast<std::uint8_t>(std::lround(std::clamp(v, 0.0, 1.0) * 255.0));
}

double labCurve(double t)
{
    constexpr double delta = 6.0 / 29.0;
    return t > delta * delta * delta ? std::cbrt(t) : t / (3.0 * delta * delta) + 4.0 / 29.0;
}

double inverseLabCurve(double t)
{
    constexpr double delta = 6.0 / 29.0;
    return t > delta ? t * t * t : 3.0 * delta * delta * (t - 4.0 / 29.0);
}

struct NamedColour
{
    const char *name;
    Colour colour;
};

// Several examples a name, because the regions that words cover are far from balls: dark blue is
// nearer to black than to blue. Photographs wash colours out, so greyish examples are included.
constexpr NamedColour kNamedColours[] = {
    {"black", {0, 0, 0}},        {"black", {22, 22, 24}},    {"black", {40, 39, 42}},
    {"grey", {75, 75, 78}},      {"grey", {105, 105, 108}},  {"grey", {135, 135, 138}},
    {"grey", {165, 165, 168}},   {"grey", {190, 190, 192}},  {"white", {225, 225, 226}},
    {"white", {242, 242, 242}},  {"white", {255, 255, 255}}, {"red", {255, 0, 0}},
    {"red", {205, 25, 35}},      {"red", {160, 25, 30}},     {"red", {120, 15, 25}},
    {"red", {85, 15, 22}},       {"red", {225, 65, 65}},     {"red", {170, 65, 65}},
    {"orange", {255, 128, 0}},   {"orange", {230, 110, 35}}, {"orange", {255, 165, 60}},
    {"orange", {205, 95, 30}},   {"yellow", {255, 255, 0}},  {"yellow", {240, 212, 50}},
    {"yellow", {255, 240, 125}}, {"yellow", {205, 180, 40}}, {"yellow", {225, 215, 100}},
    {"green", {0, 200, 0}},      {"green", {0, 128, 0}},     {"green", {35, 100, 50}},
    {"green", {100, 160, 60}},   {"green", {22, 58, 32}},    {"green", {105, 118, 60}},
    {"green", {0, 150, 110}},    {"green", {150, 212, 120}}, {"green", {65, 180, 110}},
    {"green", {80, 110, 80}},    {"green", {70, 78, 45}},    {"green", {150, 185, 150}},
    {"blue", {0, 0, 255}},       {"blue", {30, 60, 160}},    {"blue", {20, 30, 95}},
    {"blue", {16, 22, 58}},      {"blue", {70, 130, 200}},   {"blue", {135, 190, 235}},
    {"blue", {60, 85, 128}},     {"blue", {100, 130, 172}},  {"blue", {0, 150, 200}},
    {"blue", {35, 45, 75}},      {"blue", {75, 190, 200}},   {"blue", {170, 200, 230}},
    {"blue", {0, 110, 140}},     {"purple", {128, 0, 128}},  {"purple", {90, 40, 120}},
    {"purple", {150, 100, 190}}, {"purple", {60, 22, 72}},   {"purple", {180, 150, 212}},
    {"purple", {110, 75, 130}},  {"pink", {255, 105, 180}},  {"pink", {255, 182, 193}},
    {"pink", {230, 150, 172}},   {"pink", {222, 60, 132}},   {"pink", {242, 122, 152}},
    {"pink", {205, 120, 150}},   {"brown", {120, 70, 32}},   {"brown", {90, 52, 28}},
    {"brown", {150, 100, 60}},   {"brown", {70, 46, 32}},    {"brown", {48, 31, 22}},
    {"brown", {125, 90, 70}},    {"beige", {245, 222, 180}}, {"beige", {212, 182, 142}},
    {"beige", {226, 206, 176}},  {"beige", {195, 170, 136}}, {"beige", {240, 230, 210}},
    {"beige", {170, 150, 120}},
};

} // namespace

Lab labOf(const Colour &colour)
{
    const double r = linearOf(colour[0]);
    const double g = linearOf(colour[1]);
    const double b = linearOf(colour[2]);
    const double x = labCurve((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / kWhiteX);
    const double y = labCurve(0.2126729 * r + 0.7151522 * g + 0.0721750 * b);
    const double z = labCurve((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / kWhiteZ);
    return {116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)};
}

Colour colourOf(const Lab &colour)
{
    const double fy = (colour.l + 16.0) / 116.0;
    const double x = kWhiteX * inverseLabCurve(fy + colour.a / 500.0);
    const double y = inverseLabCurve(fy);
    const double z = kWhiteZ * inverseLabCurve(fy - colour.b / 200.0);
    return {encodedOf(3.2404542 * x - 1.5371385 * y - 0.4985314 * z),
            encodedOf(-0.9692660 * x + 1.8760108 * y + 0.0415560 * z),
            encodedOf(0.0556434 * x - 0.2040259 * y + 1.0572252 * z)};
}

double colourDistance(const Lab &a, const Lab &b)
{
    return std::sqrt((a.l - b.l) * (a.l - b.l) + (a.a - b.a) * (a.a - b.a)
                     + (a.b - b.b) * (a.b - b.b));
}

std::optional<Colour> dominantColour(const Image &image, const Mask &mask)
{
    if (image.width != mask.width || image.height != mask.height)
        throw Error(ErrorKind::InvalidInput, "colour: picture and mask differ in size");
    const std::size_t width = static_cast<std::size_t>(mask.width);
    std::vector<std::size_t> all;
    std::vector<std::size_t> inner;
    for (int y = 0; y < mask.height; ++y) {
        for (int x = 0; x < mask.width; ++x) {
            const std::size_t i = static_cast<std::size_t>(y) * width + static_cast<std::size_t>(x);
            if (mask.bits[i] == 0)
                continue;
            all.push_back(i);
            if (x > 0 && y > 0 && x + 1 < mask.width && y + 1 < mask.height && mask.bits[i - 1] != 0
                && mask.bits[i + 1] != 0 && mask.bits[i - width] != 0 && mask.bits[i + width] != 0)
                inner.push_back(i);
        }
    }
    constexpr std::size_t enough = 12;
    const std::vector<std::size_t> &pixels = inner.size() >= enough ? inner : all;
    if (pixels.empty())
        return std::nullopt;

    constexpr int cells = 16; // per channel
    struct Cell
    {
        std::uint32_t count = 0;
        std::array<std::uint32_t, 3> sum{};
    };
    std::vector<Cell> histogram(static_cast<std::size_t>(cells * cells * cells));
    const std::size_t channels = static_cast<std::size_t>(image.channels);
    const auto cellAt = [&histogram](int r, int g, int b) -> Cell & {
        return histogram[static_cast<std::size_t>((r * cells + g) * cells + b)];
    };
    for (const std::size_t i : pixels) {
        const std::uint8_t *pixel = image.pixels.data() + i * channels;
        const std::uint8_t r = pixel[0];
        const std::uint8_t g = channels == 3 ? pixel[1] : r;
        const std::uint8_t b = channels == 3 ? pixel[2] : r;
        Cell &cell = cellAt(r >> 4, g >> 4, b >> 4);
        ++cell.count;
        cell.sum[0] += r;
        cell.sum[1] += g;
        cell.sum[2] += b;
    }
    Cell best;
    for (int r = 0; r < cells; ++r)
        for (int g = 0; g < cells; ++g)
            for (int b = 0; b < cells; ++b) {
                if (cellAt(r, g, b).count == 0)
                    continue;
                Cell around;
                for (int dr = std::max(r - 1, 0); dr <= std::min(r + 1, cells - 1); ++dr)
                    for (int dg = std::max(g - 1, 0); dg <= std::min(g + 1, cells - 1); ++dg)
                        for (int db = std::max(b - 1, 0); db <= std::min(b + 1, cells - 1); ++db) {
                            const Cell &cell = cellAt(dr, dg, db);
                            around.count += cell.count;
                            for (std::size_t c = 0; c < 3; ++c)
                                around.sum[c] += cell.sum[c];
                        }
                if (around.count > best.count)
                    best = around;
            }
    return Colour{static_cast<std::uint8_t>(best.sum[0] / best.count),
                  static_cast<std::uint8_t>(best.sum[1] / best.count),
                  static_cast<std::uint8_t>(best.sum[2] / best.count)};
}

namespace {

const std::vector<Lab> &namedLabs()
{
    static const std::vector<Lab> examples = [] {
        std::vector<Lab> labs;
        for (const NamedColour &entry : kNamedColours)
            labs.push_back(labOf(entry.colour));
        return labs;
    }();
    return examples;
}

} // namespace

std::string nameOfColour(const Colour &colour)
{
    const std::vector<Lab> &examples = namedLabs();
    const Lab lab = labOf(colour);
    double least = std::numeric_limits<double>::max();
    std::size_t best = 0;
    for (std::size_t i = 0; i < examples.size(); ++i) {
        const double distance = colourDistance(lab, examples[i]);
        if (distance < least) {
            least = distance;
            best = i;
        }
    }
    return kNamedColours[best].name;
}

std::optional<double> colourMisfit(const Colour &colour, const std::string &name)
{
    const std::vector<Lab> &examples = namedLabs();
    const Lab lab = labOf(colour);
    double least = std::numeric_limits<double>::max();
    std::optional<double> ofName;
    for (std::size_t i = 0; i < examples.size(); ++i) {
        const double distance = colourDistance(lab, examples[i]);
        least = std::min(least, distance);
        if (name == kNamedColours[i].name)
            ofName = std::min(ofName.value_or(distance), distance);
    }
    if (ofName)
        *ofName -= least;
    return ofName;
}

std::string hexOf(const Colour &colour)
{
    constexpr char digits[] = "0123456789abcdef";
    std::string text = "#";
    for (const std::uint8_t value : colour) {
        text.push_back(digits[value >> 4]);
        text.push_back(digits[value & 15]);
    }
    return text;
}

Colour colourFromHex(const std::string &text)
{
    const auto digit = [&text](std::size_t i) {
        const char c = text[i];
        if (c >= '0' && c <= '9')
            return c - '0';
        if (c >= 'a' && c <= 'f')
            return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
            return c - 'A' + 10;
        throw Error(ErrorKind::InvalidInput, "colour: '" + text + "' is not of the form #rrggbb");
    };
    if (text.size() != 7 || text[0] != '#')
        throw Error(ErrorKind::InvalidInput, "colour: '" + text + "' is not of the form #rrggbb");
    const auto byte = [&digit](std::size_t i) {
        return static_cast<std::uint8_t>(digit(i) * 16 + digit(i + 1));
    };
    return {byte(1), byte(3), byte(5)};
}

} // namespace sapsam
