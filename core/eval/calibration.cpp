#include "core/eval/calibration.h"

#include "core/base/error.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace sapsam {

namespace {

constexpr int kIterations = 100;
constexpr int kHalvings = 40;
constexpr int kBins = 10;
constexpr double kLikely = 0.1; // from here on a pair is worth a look
constexpr double kFewestShare = 1e-6;
constexpr double kShareStep = 1e-7; // below it the share has been found
// Galleries that the fitted share is worth. On validation people the log loss is much the same from
// 1 to 4, but with 1 the likely pairs of long descriptions are too hopeful.
constexpr double kFittedCounts = 2.0;

double logOdds(double share)
{
    return std::log(share / (1.0 - share));
}

bool knowsShare(const Calibration &calibration)
{
    return calibration.matches > 0 && calibration.matches < calibration.pairs;
}

double fittedShare(const Calibration &calibration)
{
    return knowsShare(calibration)
               ? static_cast<double>(calibration.matches) / static_cast<double>(calibration.pairs)
               : 0.0;
}

double sigmoid(double x)
{
    return x >= 0.0 ? 1.0 / (1.0 + std::exp(-x)) : std::exp(x) / (1.0 + std::exp(x));
}

} // namespace

double Calibration::probability(double score) const
{
    return sigmoid(slope * score + offset);
}

Calibration fitCalibration(const std::vector<ScoredPair> &pairs)
{
    Calibration result;
    result.pairs = static_cast<std::int64_t>(pairs.size());
    double mean = 0.0;
    for (const ScoredPair &pair : pairs) {
        result.matches += pair.isMatch ? 1 : 0;
        mean += pair.score;
    }
    const auto matches = static_cast<double>(result.matches);
    const double others = static_cast<double>(result.pairs) - matches;
    if (matches == 0.0 || others == 0.0)
        throw Error(ErrorKind::InvalidInput,
                    "a calibration needs pairs that match and pairs that do not; there are "
                        + std::to_string(result.matches) + " matches among "
                        + std::to_string(result.pairs) + " pairs");
    mean /= static_cast<double>(result.pairs);
    double variance = 0.0;
    for (const ScoredPair &pair : pairs)
        variance += (pair.score - mean) * (pair.score - mean);
    const double deviation =
        std::sqrt(std::max(variance / static_cast<double>(result.pairs), 1e-18));

    // In units of the deviation, so that Newton's step is well scaled.
    const double high = (matches + 1.0) / (matches + 2.0);
    const double low = 1.0 / (others + 2.0);
    double a = 0.0;
    double b = std::log((matches + 1.0) / (others + 1.0));
    const auto lossOf = [&](double slope, double offset) {
        double loss = 0.0;
        for (const ScoredPair &pair : pairs) {
            const double x = slope * (pair.score - mean) / deviation + offset;
            const double target = pair.isMatch ? high : low;
            loss += (x >= 0.0 ? (1.0 - target) * x + std::log1p(std::exp(-x))
                              : -target * x + std::log1p(std::exp(x)));
        }
        return loss;
    };
    double loss = lossOf(a, b);
    for (int iteration = 0; iteration < kIterations; ++iteration) {
        double ga = 0.0, gb = 0.0, haa = 1e-9, hab = 0.0, hbb = 1e-9;
        for (const ScoredPair &pair : pairs) {
            const double z = (pair.score - mean) / deviation;
            const double p = sigmoid(a * z + b);
            const double difference = p - (pair.isMatch ? high : low);
            const double weight = p * (1.0 - p);
            ga += difference * z;
            gb += difference;
            haa += weight * z * z;
            hab += weight * z;
            hbb += weight;
        }
        if (std::abs(ga) < 1e-7 && std::abs(gb) < 1e-7)
            break;
        const double determinant = haa * hbb - hab * hab;
        const double da = -(hbb * ga - hab * gb) / determinant;
        const double db = -(haa * gb - hab * ga) / determinant;
        double step = 1.0;
        int halving = 0;
        for (; halving < kHalvings; ++halving, step *= 0.5) {
            const double candidate = lossOf(a + step * da, b + step * db);
            if (candidate <= loss) {
                a += step * da;
                b += step * db;
                loss = candidate;
                break;
            }
        }
        if (halving == kHalvings || step * (std::abs(da) + std::abs(db)) < 1e-12)
            break;
    }
    if (a <= 0.0)
        throw Error(ErrorKind::InvalidInput,
                    "the matches do not score higher than the others: these scores say nothing");
    result.slope = a / deviation;
    result.offset = b - a * mean / deviation;
    result.threshold = -result.offset / result.slope;

    measureReliability(result, pairs);
    return result;
}

void measureReliability(Calibration &calibration, const std::vector<ScoredPair> &pairs)
{
    std::vector<ScoredPair> said;
    said.reserve(pairs.size());
    for (const ScoredPair &pair : pairs)
        said.push_back({calibration.probability(pair.score), pair.isMatch});
    measureProbabilities(calibration, said);
}

double shareOfMatches(const Calibration &calibration, const std::vector<double> &scores)
{
    const double fitted = fittedShare(calibration);
    if (scores.empty() || fitted <= 0.0)
        return fitted;
    double share = fitted;
    for (int iteration = 0; iteration < kIterations; ++iteration) {
        const double offset = calibration.offset + logOdds(share) - logOdds(fitted);
        double sum = 0.0;
        for (const double score : scores)
            sum += sigmoid(calibration.slope * score + offset);
        const double here = sum / static_cast<double>(scores.size());
        const double next =
            std::clamp((here + kFittedCounts * fitted) / (1.0 + kFittedCounts), kFewestShare, 0.5);
        const bool isFound = std::abs(next - share) < kShareStep;
        share = next;
        if (isFound)
            break;
    }
    return share;
}

Calibration forShare(const Calibration &calibration, double share)
{
    if (!knowsShare(calibration) || share <= 0.0 || share >= 1.0 || calibration.slope <= 0.0)
        return calibration;
    Calibration moved = calibration;
    moved.offset += logOdds(share) - logOdds(fittedShare(calibration));
    moved.threshold = -moved.offset / moved.slope;
    return moved;
}

void measureProbabilities(Calibration &calibration, const std::vector<ScoredPair> &pairs)
{
    std::array<ReliabilityBin, kBins> bins;
    for (const ScoredPair &pair : pairs) {
        const double predicted = pair.score;
        ReliabilityBin &bin =
            bins[static_cast<std::size_t>(std::min(kBins - 1, static_cast<int>(predicted * kBins)))];
        bin.predicted += predicted;
        bin.observed += pair.isMatch ? 1.0 : 0.0;
        ++bin.pairs;
    }
    calibration.bins.clear();
    calibration.error = calibration.likelyError = 0.0;
    calibration.measured = static_cast<std::int64_t>(pairs.size());
    std::int64_t likely = 0;
    for (ReliabilityBin &bin : bins) {
        if (bin.pairs == 0)
            continue;
        const auto count = static_cast<double>(bin.pairs);
        const double difference = std::abs(bin.predicted - bin.observed); // times the pairs
        bin.predicted /= count;
        bin.observed /= count;
        calibration.error += difference;
        if (bin.predicted >= kLikely) {
            calibration.likelyError += difference;
            likely += bin.pairs;
        }
        calibration.bins.push_back(bin);
    }
    calibration.error /= std::max(1.0, static_cast<double>(pairs.size()));
    calibration.likelyError /= std::max(1.0, static_cast<double>(likely));
}

} // namespace sapsam
