#pragma once

#include "core/image/image.h"

#include <memory>
#include <vector>

namespace sapsam {

struct DetectedPerson
{
    Box box;                 // of the person, inside the picture
    double confidence = 0.0; // of the detector's linear classifier; 0 is its decision border
};

// OpenCV's histogram-of-gradients detector of standing people (Dalal and Triggs 2005).
// Small pictures are enlarged first: people below 100 pixels are invisible to it otherwise.
// One thread at a time; it uses OpenCV's own threads.
class PeopleDetector
{
public:
    PeopleDetector();
    ~PeopleDetector();
    PeopleDetector(const PeopleDetector &) = delete;
    PeopleDetector &operator=(const PeopleDetector &) = delete;

    // Left to right. Boxes are tightened to the person, as person crops of data sets are.
    // Throws Error(InvalidInput) for an empty picture.
    std::vector<DetectedPerson> find(const Image &scene, double minConfidence, int minHeight) const;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace sapsam
