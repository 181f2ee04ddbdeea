#include "core/train/augment.h"

#include "core/image/resize.h"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace sapsam::training {

namespace {

cv::Mat viewOf(Image &image)
{
    return cv::Mat(image.height, image.width, image.channels == 3 ? CV_8UC3 : CV_8UC1,
                   image.pixels.data());
}

cv::Mat viewOf(LabelMap &labels)
{
    return cv::Mat(labels.height, labels.width, CV_8UC1, labels.labels.data());
}

// source_from_result, as warpAffine wants it with WARP_INVERSE_MAP.
cv::Matx23d drawMovement(const Image &image, const AugmentOptions &options, SeededRandom &random)
{
    const double strength = options.strength;
    const double angle = random.normal(0.0, options.rotation * strength * 0.5) * CV_PI / 180.0;
    const double scaleX = 1.0 + random.uniform(-options.scale, options.scale) * strength;
    const double scaleY = scaleX * (1.0 + random.uniform(-0.5, 0.5) * options.scale * strength);
    const double shiftX = random.uniform(-options.shift, options.shift) * strength * image.width;
    const double shiftY = random.uniform(-options.shift, options.shift) * strength * image.height;
    const double mirror = random.chance(options.flip) ? -1.0 : 1.0;

    const double centreX = 0.5 * (image.width - 1);
    const double centreY = 0.5 * (image.height - 1);
    const double a = mirror * scaleX * std::cos(angle);
    const double b = -scaleY * std::sin(angle);
    const double c = mirror * scaleX * std::sin(angle);
    const double e = scaleY * std::cos(angle);
    return {a, b, centreX - a * centreX - b * centreY + shiftX,
            c, e, centreY - c * centreX - e * centreY + shiftY};
}

void changeTones(Image &image, double strength, SeededRandom &random)
{
    const double gamma = std::exp(random.uniform(-0.28, 0.28) * strength);
    const double contrast = 1.0 + random.uniform(-0.25, 0.2) * strength;
    const double brightness = random.uniform(-22.0, 22.0) * strength;
    const double saturation = 1.0 + random.uniform(-0.35, 0.25) * strength;
    const double warmth = random.uniform(-0.05, 0.05) * strength;
    const std::array<double, 3> gains = {1.0 + warmth, 1.0 + random.uniform(-0.02, 0.02) * strength,
                                         1.0 - warmth};
    std::array<std::array<float, 256>, 3> curves{};
    for (int channel = 0; channel < 3; ++channel) {
        for (int value = 0; value < 256; ++value) {
            const double bent = 255.0 * std::pow(value / 255.0, gamma);
            curves[static_cast<std::size_t>(channel)][static_cast<std::size_t>(value)] =
                static_cast<float>(((bent - 128.0) * contrast + 128.0 + brightness)
                                   * gains[static_cast<std::size_t>(channel)]);
        }
    }
    const float keep = static_cast<float>(saturation);
    for (std::size_t i = 0; i + 2 < image.pixels.size(); i += 3) {
        const float r = curves[0][image.pixels[i]];
        const float g = curves[1][image.pixels[i + 1]];
        const float b = curves[2][image.pixels[i + 2]];
        const float grey = (1.0F - keep) * (0.299F * r + 0.587F * g + 0.114F * b);
        image.pixels[i] = cv::saturate_cast<std::uint8_t>(keep * r + grey);
        image.pixels[i + 1] = cv::saturate_cast<std::uint8_t>(keep * g + grey);
        image.pixels[i + 2] = cv::saturate_cast<std::uint8_t>(keep * b + grey);
    }
}

// Approximately normal noise from four bytes: cheap enough for every pixel.
void addNoise(Image &image, double deviation, SeededRandom &random)
{
    const float factor =
        static_cast<float>(deviation / 147.8); // the deviation of the sum of 4 bytes
    for (std::size_t i = 0; i < image.pixels.size(); i += 2) {
        const std::uint64_t bits = random.next();
        for (std::size_t k = 0; k < 2 && i + k < image.pixels.size(); ++k) {
            const std::uint64_t part = bits >> (32 * k);
            const int sum = static_cast<int>(part & 255U) + static_cast<int>((part >> 8) & 255U)
                            + static_cast<int>((part >> 16) & 255U)
                            + static_cast<int>((part >> 24) & 255U) - 510;
            image.pixels[i + k] = cv::saturate_cast<std::uint8_t>(
                static_cast<float>(image.pixels[i + k]) + factor * static_cast<float>(sum));
        }
    }
}

void eraseRectangle(Image &image, SeededRandom &random)
{
    const double area = random.uniform(0.02, 0.2) * image.width * image.height;
    const double aspect = std::exp(random.uniform(-1.0, 1.0));
    const int width = std::clamp(static_cast<int>(std::sqrt(area * aspect)), 1, image.width);
    const int height = std::clamp(static_cast<int>(std::sqrt(area / aspect)), 1, image.height);
    const int left = static_cast<int>(random.integer(0, image.width - width));
    const int top = static_cast<int>(random.integer(0, image.height - height));
    const cv::Scalar colour(static_cast<double>(random.integer(40, 200)),
                            static_cast<double>(random.integer(40, 200)),
                            static_cast<double>(random.integer(40, 200)));
    viewOf(image)(cv::Rect(left, top, width, height)).setTo(colour);
}

} // namespace

AugmentedPicture augment(const Image &image, const LabelMap &labels, int width, int height,
                         const AugmentOptions &options, SeededRandom random)
{
    AugmentedPicture result;
    const bool hasLabels = !labels.labels.empty();
    if (options.strength <= 0.0) {
        result.image = resize(image, width, height, ResizeFilter::Bicubic);
        if (hasLabels)
            result.labels = resize(labels, width, height);
        return result;
    }

    Image source = image;
    const cv::Matx23d movement = drawMovement(image, options, random);
    Image moved(image.width, image.height, image.channels);
    cv::warpAffine(viewOf(source), viewOf(moved), movement, cv::Size(image.width, image.height),
                   cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, cv::BORDER_REPLICATE);
    if (hasLabels) {
        LabelMap sourceLabels = labels;
        LabelMap movedLabels(labels.width, labels.height);
        // Outside there is background: a repeated border would draw out feet and bags.
        cv::warpAffine(viewOf(sourceLabels), viewOf(movedLabels), movement,
                       cv::Size(labels.width, labels.height),
                       cv::INTER_NEAREST | cv::WARP_INVERSE_MAP, cv::BORDER_CONSTANT,
                       cv::Scalar(0));
        result.labels = resize(movedLabels, width, height);
    }
    if (random.chance(options.blur)) {
        const double sigma = random.uniform(0.3, 0.3 + 1.1 * options.strength);
        cv::Mat view = viewOf(moved);
        cv::GaussianBlur(view, view, cv::Size(), sigma, sigma, cv::BORDER_REPLICATE);
    }
    if (random.chance(options.lowResolution)) {
        const double factor = random.uniform(std::max(0.25, 1.0 - 0.7 * options.strength), 1.0);
        const Image small =
            resize(moved, std::max(12, static_cast<int>(moved.width * factor)),
                   std::max(24, static_cast<int>(moved.height * factor)),
                   random.chance(0.5) ? ResizeFilter::Bilinear : ResizeFilter::Bicubic);
        result.image = resize(small, width, height, ResizeFilter::Bicubic);
    } else {
        result.image = resize(moved, width, height, ResizeFilter::Bicubic);
    }
    if (result.image.channels == 3 && random.chance(options.photometric))
        changeTones(result.image, options.strength, random);
    if (random.chance(options.noise))
        addNoise(result.image, random.uniform(1.0, 7.0) * options.strength, random);
    if (random.chance(options.erasing))
        eraseRectangle(result.image, random);
    return result;
}

void limitOpenCvThreads()
{
    cv::setNumThreads(1);
}

} // namespace sapsam::training
