#pragma once

#include "core/eval/bootstrap.h"
#include "core/eval/retrieval_metrics.h"

#include <cstdint>
#include <string>
#include <vector>

// What another model changes on the same queries and the same gallery. All functions are
// re-entrant.
namespace sapsam {

struct RankShift
{
    std::size_t query = 0;
    int rankA = 0; // of the first right picture
    int rankB = 0;
    double averagePrecisionA = 0.0;
    double averagePrecisionB = 0.0;
    // log2(rankB / rankA): how often the list to read through doubled. From 1 to 4 is worse than
    // from 100 to 110. Positive: B is worse.
    double damage = 0.0;
};

struct MetricDifference
{
    std::string name; // "R@1", …, as in RetrievalMetrics
    double a = 0.0;   // percent
    double b = 0.0;
    PairedInterval paired; // of b - a, percentage points
};

struct ModelDiff
{
    std::vector<RankShift> shifts; // most damage first; equal damage by loss of average precision
    std::vector<MetricDifference> metrics;
    int better = 0; // queries whose first right picture moved up
    int same = 0;
    int worse = 0;
    int lostFirst = 0; // first with A, not with B
    int wonFirst = 0;
    // Queries by damage: bin i of 2·kReach + 1 holds those whose damage rounds to i - kReach, the
    // outer ones also what lies beyond.
    static constexpr int kReach = 5;
    std::vector<int> histogram;
};

// The results of the same queries in the same order; those without a right picture are left out.
// Throws Error(InvalidInput) for different numbers of queries and Error(Mismatch) when a query has
// another number of right pictures: then the galleries differ.
ModelDiff modelDiff(const std::vector<QueryResult> &a, const std::vector<QueryResult> &b,
                    const std::vector<std::int64_t> &identities,
                    const BootstrapOptions &options = {});

} // namespace sapsam
