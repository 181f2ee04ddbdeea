#pragma once

#include <algorithm>
#include <cstddef>
#include <thread>
#include <vector>

namespace sapsam {

// Threads worth starting for so much work: one for each `perThread` of it, at least one, at most
// `most` and not more than there are cores.
inline std::size_t threadsFor(std::size_t work, std::size_t perThread, std::size_t most)
{
    const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
    return std::clamp<std::size_t>(work / perThread, 1, std::min(cores, most));
}

// work(share, first, last) for the items [first, last) of each of `threads` shares, the first share
// on the calling thread; returns when all are done. Shares must not depend on one another, and only
// the first may throw.
template <typename Work>
void inShares(std::size_t count, std::size_t threads, const Work &work)
{
    std::vector<std::jthread> helpers;
    const std::size_t each = (count + threads - 1) / threads;
    for (std::size_t share = 1; share < threads; ++share)
        helpers.emplace_back(
            [&work, share, first = std::min(count, share * each),
             last = std::min(count, (share + 1) * each)] { work(share, first, last); });
    work(std::size_t{0}, std::size_t{0}, std::min(count, each));
}

} // namespace sapsam
