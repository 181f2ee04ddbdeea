#include "core/pipeline/people_detector.h"

#include "core/base/error.h"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/objdetect.hpp>

#include <algorithm>
#include <cmath>

namespace sapsam {

namespace {

// The longer side that scenes are brought to: small ones grow, at most twofold, large ones shrink.
constexpr double kSmallScene = 1280.0;
constexpr double kLargeScene = 1920.0;
constexpr double kMaxEnlargement = 2.0;

// The detector was trained on windows of 64x128 with 16 pixels of street around the person.
constexpr double kSideMargin = 0.14;
constexpr double kTopMargin = 0.06;
constexpr double kBottomMargin = 0.06;

// Two boxes of one person: more than this share of the smaller one lies in the other.
constexpr double kSamePersonOverlap = 0.65;

double overlapOfSmaller(const Box &a, const Box &b)
{
    const double width = std::min(a.right, b.right) - std::max(a.left, b.left);
    const double height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
    if (width <= 0.0 || height <= 0.0)
        return 0.0;
    const double smaller = std::min(static_cast<double>(a.width()) * a.height(),
                                    static_cast<double>(b.width()) * b.height());
    return width * height / smaller;
}

double scaleFor(int width, int height)
{
    const double longer = std::max(width, height);
    if (longer > kLargeScene)
        return kLargeScene / longer;
    return std::clamp(kSmallScene / longer, 1.0, kMaxEnlargement);
}

} // namespace

struct PeopleDetector::Private
{
    cv::HOGDescriptor hog;
};

PeopleDetector::PeopleDetector() : d(std::make_unique<Private>())
{
    d->hog.setSVMDetector(cv::HOGDescriptor::getDefaultPeopleDetector());
}

PeopleDetector::~PeopleDetector() = default;

std::vector<DetectedPerson> PeopleDetector::find(const Image &scene, double minConfidence,
                                                 int minHeight) const
{
    if (scene.isEmpty())
        throw Error(ErrorKind::InvalidInput, "there is no picture to look for people in");
    std::vector<cv::Rect> boxes;
    std::vector<double> weights;
    const double scale = scaleFor(scene.width, scene.height);
    try {
        const cv::Mat rgb(scene.height, scene.width, scene.channels == 3 ? CV_8UC3 : CV_8UC1,
                          const_cast<std::uint8_t *>(scene.pixels.data()));
        cv::Mat grey;
        if (scene.channels == 3)
            cv::cvtColor(rgb, grey, cv::COLOR_RGB2GRAY);
        else
            grey = rgb;
        cv::Mat sized;
        cv::resize(grey, sized, {}, scale, scale, scale < 1.0 ? cv::INTER_AREA : cv::INTER_CUBIC);
        if (sized.cols >= d->hog.winSize.width && sized.rows >= d->hog.winSize.height)
            d->hog.detectMultiScale(sized, boxes, weights, 0.0, {8, 8}, {16, 16}, 1.05, 2.0);
    } catch (const cv::Exception &error) {
        throw Error(ErrorKind::Internal,
                    std::string("the people detector failed: ") + error.what());
    }

    std::vector<DetectedPerson> people;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        const double weight = i < weights.size() ? weights[i] : 0.0;
        const cv::Rect &found = boxes[i];
        const auto toScene = [&](double value) {
            return static_cast<int>(std::lround(value / scale));
        };
        Box box;
        box.left = std::max(0, toScene(found.x + kSideMargin * found.width));
        box.right = std::min(scene.width, toScene(found.x + (1.0 - kSideMargin) * found.width));
        box.top = std::max(0, toScene(found.y + kTopMargin * found.height));
        box.bottom =
            std::min(scene.height, toScene(found.y + (1.0 - kBottomMargin) * found.height));
        if (weight >= minConfidence && !box.isEmpty() && box.height() >= minHeight)
            people.push_back({box, weight});
    }
    // The surest box of a person stays; equal ones are ordered by place, to be reproducible.
    std::sort(people.begin(), people.end(), [](const DetectedPerson &a, const DetectedPerson &b) {
        if (a.confidence != b.confidence)
            return a.confidence > b.confidence;
        return std::pair(a.box.left, a.box.top) < std::pair(b.box.left, b.box.top);
    });
    std::vector<DetectedPerson> kept;
    for (const DetectedPerson &person : people) {
        if (std::none_of(kept.begin(), kept.end(), [&](const DetectedPerson &other) {
                return overlapOfSmaller(person.box, other.box) > kSamePersonOverlap;
            }))
            kept.push_back(person);
    }
    std::sort(kept.begin(), kept.end(), [](const DetectedPerson &a, const DetectedPerson &b) {
        return std::pair(a.box.left, a.box.top) < std::pair(b.box.left, b.box.top);
    });
    return kept;
}

} // namespace sapsam
