#include "core/eval/bootstrap.h"

#include "core/base/error.h"
#include "core/base/random.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

namespace sapsam {

namespace {

struct Cluster
{
    double sum = 0.0;
    double count = 0.0;
};

void check(std::size_t values, std::size_t clusters, const BootstrapOptions &options)
{
    if (values != clusters)
        throw Error(ErrorKind::InvalidInput,
                    std::to_string(values) + " values cannot be resampled with the identities of "
                        + std::to_string(clusters) + " queries");
    if (options.resamples < 1)
        throw Error(ErrorKind::InvalidInput, "an interval needs at least one resample");
    if (!(options.level > 0.0 && options.level < 1.0))
        throw Error(ErrorKind::InvalidInput, "the level of an interval lies between 0 and 1");
}

std::vector<Cluster> clustersOf(const std::vector<double> &values,
                                const std::vector<std::int64_t> &clusters)
{
    // In the order of their first query: the draw must not depend on how identities are numbered.
    std::map<std::int64_t, std::size_t> places;
    std::vector<Cluster> result;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto [place, isNew] = places.emplace(clusters[i], result.size());
        if (isNew)
            result.emplace_back();
        result[place->second].sum += values[i];
        result[place->second].count += 1.0;
    }
    return result;
}

// Linear between the two nearest order statistics.
double quantile(const std::vector<double> &sorted, double share)
{
    const double place = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(std::floor(place));
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (place - std::floor(place)) * (sorted[above] - sorted[below]);
}

std::vector<double> resampledMeans(const std::vector<Cluster> &clusters,
                                   const BootstrapOptions &options)
{
    SeededRandom random = SeededRandom(options.seed).fork("bootstrap");
    std::vector<double> means;
    means.reserve(static_cast<std::size_t>(options.resamples));
    const auto last = static_cast<std::int64_t>(clusters.size()) - 1;
    for (int resample = 0; resample < options.resamples; ++resample) {
        Cluster drawn;
        for (std::size_t i = 0; i < clusters.size(); ++i) {
            const Cluster &cluster = clusters[static_cast<std::size_t>(random.integer(0, last))];
            drawn.sum += cluster.sum;
            drawn.count += cluster.count;
        }
        means.push_back(drawn.sum / drawn.count);
    }
    return means;
}

Interval intervalOf(const std::vector<double> &values, std::vector<double> means, double level)
{
    Interval interval;
    for (const double value : values)
        interval.mean += value;
    interval.mean /= static_cast<double>(values.size());
    double center = 0.0;
    for (const double mean : means)
        center += mean;
    center /= static_cast<double>(means.size());
    for (const double mean : means)
        interval.deviation += (mean - center) * (mean - center);
    interval.deviation = std::sqrt(interval.deviation / static_cast<double>(means.size()));
    std::sort(means.begin(), means.end());
    interval.low = quantile(means, (1.0 - level) / 2.0);
    interval.high = quantile(means, (1.0 + level) / 2.0);
    return interval;
}

} // namespace

Interval bootstrapMean(const std::vector<double> &values, const std::vector<std::int64_t> &clusters,
                       const BootstrapOptions &options)
{
    check(values.size(), clusters.size(), options);
    if (values.empty())
        return {};
    return intervalOf(values, resampledMeans(clustersOf(values, clusters), options), options.level);
}

PairedInterval bootstrapDifference(const std::vector<double> &a, const std::vector<double> &b,
                                   const std::vector<std::int64_t> &clusters,
                                   const BootstrapOptions &options)
{
    check(a.size(), clusters.size(), options);
    check(b.size(), clusters.size(), options);
    PairedInterval result;
    if (a.empty())
        return result;
    std::vector<double> differences(a.size());
    for (std::size_t i = 0; i < a.size(); ++i)
        differences[i] = b[i] - a[i];
    const std::vector<double> means = resampledMeans(clustersOf(differences, clusters), options);
    double notAbove = 0.0;
    double notBelow = 0.0;
    for (const double mean : means) {
        notAbove += mean <= 0.0 ? 1.0 : 0.0;
        notBelow += mean >= 0.0 ? 1.0 : 0.0;
    }
    result.oppositeShare =
        std::min(1.0, 2.0 * std::min(notAbove, notBelow) / static_cast<double>(means.size()));
    result.difference = intervalOf(differences, means, options.level);
    return result;
}

} // namespace sapsam
