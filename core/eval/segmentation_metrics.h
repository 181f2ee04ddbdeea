#pragma once

#include "core/image/image.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sapsam {

// SAP-SAM's own reading: Σ(p∧t) / (Σ(p∨t) + 1e-10); a pair of empty masks counts 0.
// Throws Error(InvalidInput) when the sizes differ.
double binaryIou(const Mask &predicted, const Mask &truth);

// The parsing benchmarks' reading: all pixels of all pictures in one confusion matrix.
class ConfusionMatrix
{
public:
    static constexpr std::uint8_t kIgnored = 255; // truth value that is left out

    // Throws Error(InvalidInput) unless 1 <= classes <= 255.
    explicit ConfusionMatrix(int classes);

    // Throws Error(InvalidInput) for other sizes or a label beyond the classes.
    void add(const LabelMap &truth, const LabelMap &predicted);

    std::int64_t at(int truth, int predicted) const;
    // C_cc / max(1, row + column − C_cc) for each class.
    std::vector<double> iou() const;
    double meanIou() const;          // over all classes; absent ones count 0
    double meanIouOfPresent() const; // over the classes that occur in the truth or the prediction
    double pixelAccuracy() const;
    double meanAccuracy() const; // mean of C_cc / max(1, row) over all classes

private:
    std::int64_t rowSum(int c) const;
    std::int64_t columnSum(int c) const;

    int m_classes;
    std::vector<std::int64_t> m_counts; // row-major, truth by prediction
};

} // namespace sapsam
