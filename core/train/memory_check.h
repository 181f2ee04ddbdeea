#pragma once

#include "core/nn/torch_compat.h"

#include <cstdint>
#include <functional>

// Whether a batch fits into memory, found out with small ones.
namespace sapsam::training {

struct BatchFit
{
    std::int64_t fitting = 0; // the largest batch that fits, at most the wanted one
    std::int64_t bytes = 0;   // what the wanted one takes: measured, or reckoned from smaller ones
};

// Measures batches of 1, 2, 4, … and the wanted size. Memory grows in a line with the batch, so
// that a size that would go beyond the limit is foreseen from the two before and not tried, nor are
// the large ones when the wanted one is foreseen to take less than half of it. `measure` gives the
// bytes that a batch takes, or less than 0 when it has run out of memory.
BatchFit fitBatch(std::int64_t wanted, std::int64_t limit,
                  const std::function<std::int64_t(std::int64_t)> &measure);

// Bytes that this process, or this device, may still take: of the machine, the limits of the
// control groups that the process is in, or the card. Less than 0 when that cannot be known.
std::int64_t freeMemory(const torch::Device &device);

// What is in use now, in bytes; less than 0 where there is no such thing.
struct MemoryUse
{
    std::int64_t process = -1; // resident
    std::int64_t device = -1;  // of a card: what libtorch's allocator holds for this process
};
MemoryUse memoryUse(const torch::Device &device);

// Highest use of memory while it lives, above the use at its start.
class PeakMemory
{
public:
    explicit PeakMemory(const torch::Device &device);
    std::int64_t bytes() const;

private:
    torch::Device m_device;
    std::int64_t m_start = 0;
};

} // namespace sapsam::training
