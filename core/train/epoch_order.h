#pragma once

#include "core/base/random.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <numeric>
#include <vector>

namespace sapsam::training {

// The samples of each batch when every epoch takes all of them once in a new random order. The
// last batch of an epoch may be smaller, as in the published loaders. Safe to use from several
// threads.
class EpochOrder
{
public:
    EpochOrder(std::int64_t samples, std::int64_t batchSize, const SeededRandom &random)
        : m_samples(samples), m_batchSize(batchSize), m_random(random)
    {
    }

    std::int64_t batchesPerEpoch() const { return (m_samples + m_batchSize - 1) / m_batchSize; }

    // The numbers of the samples of the batch with this index, counted over all epochs.
    std::vector<std::int64_t> batch(std::int64_t index) const
    {
        const std::int64_t perEpoch = batchesPerEpoch();
        const std::shared_ptr<const std::vector<std::int64_t>> order = orderOf(index / perEpoch);
        const std::int64_t first = index % perEpoch * m_batchSize;
        const std::int64_t end = std::min(m_samples, first + m_batchSize);
        return {order->begin() + first, order->begin() + end};
    }

private:
    std::shared_ptr<const std::vector<std::int64_t>> orderOf(std::int64_t epoch) const
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        if (epoch != m_epoch || !m_order) {
            auto order =
                std::make_shared<std::vector<std::int64_t>>(static_cast<std::size_t>(m_samples));
            std::iota(order->begin(), order->end(), 0);
            SeededRandom random = m_random.fork(static_cast<std::uint64_t>(epoch));
            random.shuffle(*order);
            m_order = std::move(order);
            m_epoch = epoch;
        }
        return m_order;
    }

    std::int64_t m_samples;
    std::int64_t m_batchSize;
    SeededRandom m_random;
    mutable std::mutex m_mutex;
    mutable std::int64_t m_epoch = -1;
    mutable std::shared_ptr<const std::vector<std::int64_t>> m_order; // of m_epoch
};

} // namespace sapsam::training
