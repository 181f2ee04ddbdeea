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
    std::int64_t pairs = 0; // it was fitted on
    std::int64_t matches = 0;
    // Expected calibration error: mean |predicted − observed| over the bins, weighed by their
    // pairs. Nearly all pairs are hopeless, so the same over those with P ≥ 0.1 stands beside it.
    double error = 0.0;
    double likelyError = 0.0;
    std::int64_t measured = 0; // pairs in the bins
    std::vector<ReliabilityBin> bins; // of a tenth of probability each, without empty ones

    double probability(double score) const;
};

// Platt scaling: the maximum likelihood of slope and offset by Newton's method, with targets
// (n₊+1)/(n₊+2) and 1/(n₋+2) in place of 1 and 0 (Platt 1999; Lin, Lin and Weng 2007). The bins are
// measured on the same pairs; see measureReliability().
// Throws Error(InvalidInput) without matches, without others, or when matches do not score higher.
Calibration fitCalibration(const std::vector<ScoredPair> &pairs);

// Measures the bins and both errors anew, on pairs that the calibration was not fitted on.
void measureReliability(Calibration &calibration, const std::vector<ScoredPair> &pairs);
// The same for pairs whose probability (in the place of the score) was said by other means, such as
// forShare().
void measureProbabilities(Calibration &calibration, const std::vector<ScoredPair> &pairs);

// The share of matches among these scores of one query: expectation maximisation, which begins with
// the share that the calibration was fitted with (Saerens, Latinne and Decaestecker 2002). That
// share counts twice as much as all the scores do, so that some near misses do not become matches.
// The fitted share for a calibration that does not know its pairs, or no scores.
double shareOfMatches(const Calibration &calibration, const std::vector<double> &scores);

// The calibration where this share of the pairs matches: offset and threshold move by the
// difference of the log odds.
Calibration forShare(const Calibration &calibration, double share);

} // namespace sapsam
