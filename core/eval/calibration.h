#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sapsam {

struct ScoredPair
{
    double score = 0.0;
    bool isMatch = false;
};

struct ReliabilityBin
{
    double predicted = 0.0; // mean probability of the pairs in it
    double observed = 0.0;  // share of matches among them
    std::int64_t pairs = 0;
};

// What a score is worth: P(match | score) = 1 / (1 + exp(-(slope · score + offset))).
struct Calibration
{
    double slope = 0.0;
    double offset = 0.0;
    double threshold = 0.0; // the score at which P is one half
    std::int64_t pairs = 0;
    std::int64_t matches = 0;
    double error = 0.0; // expected calibration error: mean |predicted − observed| over the bins
    std::vector<ReliabilityBin> bins; // ten, of equally many pairs each, by rising score

    double probability(double score) const;
};

// Platt scaling: the maximum likelihood of slope and offset by Newton's method, with targets
// (n₊+1)/(n₊+2) and 1/(n₋+2) in place of 1 and 0 (Platt 1999; Lin, Lin and Weng 2007). The bins are
// measured on the pairs it is fitted on.
// Throws Error(InvalidInput) without matches, without others, or when matches do not score higher.
Calibration fitCalibration(std::vector<ScoredPair> pairs);

} // namespace sapsam
