#include "core/eval/retrieval_metrics.h"

#include "core/base/error.h"

#include <algorithm>
#include <numeric>

namespace sapsam {

QueryResult resultOfRanking(const std::vector<bool> &relevantInOrder)
{
    QueryResult result;
    for (std::size_t i = 0; i < relevantInOrder.size(); ++i) {
        if (!relevantInOrder[i])
            continue;
        const int rank = static_cast<int>(i) + 1;
        ++result.relevant;
        if (result.firstRank == 0)
            result.firstRank = rank;
        result.lastRank = rank;
        result.averagePrecision += static_cast<double>(result.relevant) / rank;
    }
    if (result.relevant > 0) {
        result.averagePrecision /= result.relevant;
        result.inverseNegativePenalty = static_cast<double>(result.relevant) / result.lastRank;
    }
    return result;
}

RetrievalMetrics metricsOfResults(std::vector<QueryResult> results)
{
    RetrievalMetrics metrics;
    for (const QueryResult &result : results) {
        if (result.relevant == 0) {
            ++metrics.skippedQueries;
            continue;
        }
        ++metrics.usedQueries;
        metrics.rankOne += result.firstRank <= 1 ? 1.0 : 0.0;
        metrics.rankFive += result.firstRank <= 5 ? 1.0 : 0.0;
        metrics.rankTen += result.firstRank <= 10 ? 1.0 : 0.0;
        metrics.meanAveragePrecision += result.averagePrecision;
        metrics.meanInverseNegativePenalty += result.inverseNegativePenalty;
    }
    if (metrics.usedQueries > 0) {
        const double scale = 100.0 / metrics.usedQueries;
        for (double *value : {&metrics.rankOne, &metrics.rankFive, &metrics.rankTen,
                              &metrics.meanAveragePrecision, &metrics.meanInverseNegativePenalty})
            *value *= scale;
    }
    metrics.queries = std::move(results);
    return metrics;
}

RetrievalMetrics retrievalMetrics(const std::vector<float> &similarity,
                                  const std::vector<std::int64_t> &queryIdentities,
                                  const std::vector<std::int64_t> &galleryIdentities,
                                  EmptyQueries empty)
{
    const std::size_t gallery = galleryIdentities.size();
    if (similarity.size() != queryIdentities.size() * gallery)
        throw Error(ErrorKind::InvalidInput,
                    "the similarity matrix has " + std::to_string(similarity.size())
                        + " entries, but " + std::to_string(queryIdentities.size())
                        + " queries and " + std::to_string(gallery) + " gallery images need "
                        + std::to_string(queryIdentities.size() * gallery));

    std::vector<QueryResult> results;
    results.reserve(queryIdentities.size());
    std::vector<std::size_t> order(gallery);
    std::vector<bool> relevant(gallery);
    for (std::size_t query = 0; query < queryIdentities.size(); ++query) {
        const float *scores = similarity.data() + query * gallery;
        std::iota(order.begin(), order.end(), std::size_t(0));
        std::stable_sort(order.begin(), order.end(),
                         [scores](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
        for (std::size_t rank = 0; rank < gallery; ++rank)
            relevant[rank] = galleryIdentities[order[rank]] == queryIdentities[query];
        results.push_back(resultOfRanking(relevant));
        if (empty == EmptyQueries::Refuse && results.back().relevant == 0)
            throw Error(ErrorKind::InvalidInput,
                        "query " + std::to_string(query) + " (identity "
                            + std::to_string(queryIdentities[query])
                            + ") has no right image in the gallery; remove it or allow skipping");
    }
    return metricsOfResults(std::move(results));
}

} // namespace sapsam
