#include "core/eval/model_diff.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>

namespace sapsam {

ModelDiff modelDiff(const std::vector<QueryResult> &a, const std::vector<QueryResult> &b,
                    const std::vector<std::int64_t> &identities, const BootstrapOptions &options)
{
    if (a.size() != b.size() || a.size() != identities.size())
        throw Error(ErrorKind::InvalidInput,
                    "two models can be compared on the same queries only: there are "
                        + std::to_string(a.size()) + " and " + std::to_string(b.size()));
    ModelDiff diff;
    diff.histogram.assign(2 * ModelDiff::kReach + 1, 0);
    std::vector<std::int64_t> clusters;
    struct Measure
    {
        const char *name;
        double (*value)(const QueryResult &);
    };
    static constexpr Measure kMeasures[] = {
        {"R@1", [](const QueryResult &q) { return q.firstRank <= 1 ? 100.0 : 0.0; }},
        {"R@5", [](const QueryResult &q) { return q.firstRank <= 5 ? 100.0 : 0.0; }},
        {"R@10", [](const QueryResult &q) { return q.firstRank <= 10 ? 100.0 : 0.0; }},
        {"mAP", [](const QueryResult &q) { return 100.0 * q.averagePrecision; }},
        {"mINP", [](const QueryResult &q) { return 100.0 * q.inverseNegativePenalty; }},
    };
    std::vector<std::size_t> used;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i].relevant != b[i].relevant)
            throw Error(ErrorKind::Mismatch,
                        "query " + std::to_string(i + 1) + " has " + std::to_string(a[i].relevant)
                            + " right pictures in one evaluation and "
                            + std::to_string(b[i].relevant)
                            + " in the other: the galleries differ; evaluate both models on the "
                              "same data");
        if (a[i].relevant == 0)
            continue;
        used.push_back(i);
        clusters.push_back(identities[i]);
        RankShift shift;
        shift.query = i;
        shift.rankA = a[i].firstRank;
        shift.rankB = b[i].firstRank;
        shift.averagePrecisionA = a[i].averagePrecision;
        shift.averagePrecisionB = b[i].averagePrecision;
        shift.damage = std::log2(static_cast<double>(shift.rankB) / shift.rankA);
        diff.better += shift.rankB < shift.rankA ? 1 : 0;
        diff.same += shift.rankB == shift.rankA ? 1 : 0;
        diff.worse += shift.rankB > shift.rankA ? 1 : 0;
        diff.lostFirst += shift.rankA == 1 && shift.rankB != 1 ? 1 : 0;
        diff.wonFirst += shift.rankA != 1 && shift.rankB == 1 ? 1 : 0;
        const long bin = std::clamp(std::lround(shift.damage), -long(ModelDiff::kReach),
                                    long(ModelDiff::kReach));
        ++diff.histogram[static_cast<std::size_t>(bin + ModelDiff::kReach)];
        diff.shifts.push_back(shift);
    }
    for (const Measure &measure : kMeasures) {
        std::vector<double> valuesA;
        std::vector<double> valuesB;
        MetricDifference metric;
        metric.name = measure.name;
        for (const std::size_t i : used) {
            valuesA.push_back(measure.value(a[i]));
            valuesB.push_back(measure.value(b[i]));
            metric.a += valuesA.back();
            metric.b += valuesB.back();
        }
        if (!used.empty()) {
            metric.a /= static_cast<double>(used.size());
            metric.b /= static_cast<double>(used.size());
        }
        metric.paired = bootstrapDifference(valuesA, valuesB, clusters, options);
        diff.metrics.push_back(std::move(metric));
    }
    std::stable_sort(diff.shifts.begin(), diff.shifts.end(),
                     [](const RankShift &x, const RankShift &y) {
                         if (x.damage != y.damage)
                             return x.damage > y.damage;
                         return x.averagePrecisionB - x.averagePrecisionA
                                < y.averagePrecisionB - y.averagePrecisionA;
                     });
    return diff;
}

} // namespace sapsam
