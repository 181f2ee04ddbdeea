#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sapsam {

// Where the right answers of one query stand. Ranks count from 1.
struct QueryResult
{
    int relevant = 0;  // right images in the gallery
    int firstRank = 0; // 0 when there is none
    int lastRank = 0;
    double averagePrecision = 0.0;       // over the whole gallery, in [0, 1]
    double inverseNegativePenalty = 0.0; // relevant / lastRank
};

// All in percent, as the literature on person retrieval prints them.
struct RetrievalMetrics
{
    double rankOne = 0.0;
    double rankFive = 0.0;
    double rankTen = 0.0;
    double meanAveragePrecision = 0.0;
    double meanInverseNegativePenalty = 0.0;
    int usedQueries = 0;
    int skippedQueries = 0; // without any right image; in no mean
    std::vector<QueryResult> queries;
};

enum class EmptyQueries { Skip, Refuse };

// Average precision and its companions of one ranking: relevantInOrder[r] tells whether the image
// at rank r + 1 is right.
QueryResult resultOfRanking(const std::vector<bool> &relevantInOrder);

// Metrics over rankings that are judged already; queries without a right image are skipped.
RetrievalMetrics metricsOfResults(std::vector<QueryResult> results);

// similarity is row-major [queries, gallery]. Images rank by falling score, equal scores by rising
// gallery index. A query's right images are those of the same identity.
//   R@k = share of queries with a right image among the first k
//   AP  = 1/R Σ_r right(r) · (rights up to r)/r;  INP = R / rank of the last right image
// Throws Error(InvalidInput) when the sizes disagree, and, with EmptyQueries::Refuse, for a query
// without any right image.
RetrievalMetrics retrievalMetrics(const std::vector<float> &similarity,
                                  const std::vector<std::int64_t> &queryIdentities,
                                  const std::vector<std::int64_t> &galleryIdentities,
                                  EmptyQueries empty = EmptyQueries::Skip);

} // namespace sapsam
