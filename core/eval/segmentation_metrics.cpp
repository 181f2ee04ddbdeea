#include "core/eval/segmentation_metrics.h"

#include "core/base/error.h"

#include <algorithm>

namespace sapsam {

namespace {

void checkSizes(int widthA, int heightA, int widthB, int heightB)
{
    if (widthA != widthB || heightA != heightB)
        throw Error(ErrorKind::InvalidInput,
                    "prediction and truth differ in size: " + std::to_string(widthA) + "x"
                        + std::to_string(heightA) + " and " + std::to_string(widthB) + "x"
                        + std::to_string(heightB));
}

} // namespace

double binaryIou(const Mask &predicted, const Mask &truth)
{
    checkSizes(predicted.width, predicted.height, truth.width, truth.height);
    std::int64_t both = 0;
    std::int64_t either = 0;
    for (std::size_t i = 0; i < truth.bits.size(); ++i) {
        both += predicted.bits[i] & truth.bits[i];
        either += predicted.bits[i] | truth.bits[i];
    }
    return static_cast<double>(both) / (static_cast<double>(either) + 1e-10);
}

ConfusionMatrix::ConfusionMatrix(int classes) : m_classes(classes)
{
    if (classes < 1 || classes > 255)
        throw Error(ErrorKind::InvalidInput,
                    "a confusion matrix needs 1 to 255 classes, not " + std::to_string(classes));
    m_counts.resize(static_cast<std::size_t>(classes) * static_cast<std::size_t>(classes));
}

void ConfusionMatrix::add(const LabelMap &truth, const LabelMap &predicted)
{
    checkSizes(predicted.width, predicted.height, truth.width, truth.height);
    for (std::size_t i = 0; i < truth.labels.size(); ++i) {
        const int t = truth.labels[i];
        const int p = predicted.labels[i];
        if (t == kIgnored)
            continue;
        if (t >= m_classes || p >= m_classes)
            throw Error(ErrorKind::InvalidInput, "label " + std::to_string(std::max(t, p))
                                                     + " is beyond the " + std::to_string(m_classes)
                                                     + " classes");
        ++m_counts[static_cast<std::size_t>(t * m_classes + p)];
    }
}

std::int64_t ConfusionMatrix::at(int truth, int predicted) const
{
    return m_counts[static_cast<std::size_t>(truth * m_classes + predicted)];
}

std::int64_t ConfusionMatrix::rowSum(int c) const
{
    std::int64_t sum = 0;
    for (int p = 0; p < m_classes; ++p)
        sum += at(c, p);
    return sum;
}

std::int64_t ConfusionMatrix::columnSum(int c) const
{
    std::int64_t sum = 0;
    for (int t = 0; t < m_classes; ++t)
        sum += at(t, c);
    return sum;
}

std::vector<double> ConfusionMatrix::iou() const
{
    std::vector<double> values;
    for (int c = 0; c < m_classes; ++c)
        values.push_back(
            static_cast<double>(at(c, c))
            / static_cast<double>(std::max<std::int64_t>(1, rowSum(c) + columnSum(c) - at(c, c))));
    return values;
}

double ConfusionMatrix::meanIou() const
{
    double sum = 0.0;
    for (const double value : iou())
        sum += value;
    return sum / m_classes;
}

double ConfusionMatrix::meanIouOfPresent() const
{
    const std::vector<double> values = iou();
    double sum = 0.0;
    int present = 0;
    for (int c = 0; c < m_classes; ++c) {
        if (rowSum(c) + columnSum(c) == 0)
            continue;
        sum += values[static_cast<std::size_t>(c)];
        ++present;
    }
    return present > 0 ? sum / present : 0.0;
}

double ConfusionMatrix::pixelAccuracy() const
{
    std::int64_t right = 0;
    std::int64_t all = 0;
    for (int c = 0; c < m_classes; ++c) {
        right += at(c, c);
        all += rowSum(c);
    }
    return static_cast<double>(right) / static_cast<double>(std::max<std::int64_t>(1, all));
}

double ConfusionMatrix::meanAccuracy() const
{
    double sum = 0.0;
    for (int c = 0; c < m_classes; ++c)
        sum += static_cast<double>(at(c, c))
               / static_cast<double>(std::max<std::int64_t>(1, rowSum(c)));
    return sum / m_classes;
}

} // namespace sapsam
