#pragma once

#include <cstdint>
#include <vector>

// How much a mean over queries would move if other people had been asked: resampling with
// replacement (Efron 1979). Whole identities are drawn, not single captions, for the captions of
// one person succeed and fail together and would make the interval too narrow. All functions are
// re-entrant and give the same numbers for the same seed on every platform.
namespace sapsam {

struct BootstrapOptions
{
    int resamples = 1000;
    double level = 0.95; // of the interval, in (0, 1)
    std::uint64_t seed = 1;
};

// Percentile interval of a mean.
struct Interval
{
    double mean = 0.0;
    double low = 0.0;
    double high = 0.0;
    double deviation = 0.0; // standard deviation of the resampled means

    bool operator==(const Interval &) const = default;
};

// values[query] of one measure, cluster[query] the identity the query asks for. The mean is the one
// over all queries; each resample draws as many clusters as there are, with replacement, and takes
// the mean over their queries. With a single cluster the interval is the mean itself. No values
// give zeros.
// Throws Error(InvalidInput) when the sizes differ or the options make no sense (resamples < 1,
// level outside (0, 1)).
Interval bootstrapMean(const std::vector<double> &values, const std::vector<std::int64_t> &clusters,
                       const BootstrapOptions &options = {});

// The mean of b - a over the same queries, the same identities drawn for both.
struct PairedInterval
{
    Interval difference;
    // Two-sided share of resamples whose difference lies on the other side of zero, or on it: small
    // means that the sign would hold for other people, too. In [0, 1].
    double oppositeShare = 1.0;
};

PairedInterval bootstrapDifference(const std::vector<double> &a, const std::vector<double> &b,
                                   const std::vector<std::int64_t> &clusters,
                                   const BootstrapOptions &options = {});

} // namespace sapsam
