#pragma once

#include <cstdint>

namespace sapsam::training {

// One step of Adam over a stretch of memory: Kingma and Ba 2015, algorithm 1; with `decay` added to
// the gradient (Adam) or with the weights shrunk before (AdamW, Loshchilov and Hutter 2019). Where
// a library goes over the memory ten times, once for each operation, this does it in one pass.
struct AdamPass
{
    float *weights = nullptr, *mean = nullptr, *square = nullptr;
    const float *gradient = nullptr;
    float beta1 = 0.9F, beta2 = 0.999F, epsilon = 1e-8F;
    float rate = 0.0F;        // lr / (1 − β1ⁿ)
    float squareScale = 1.0F; // 1 / √(1 − β2ⁿ)
    float decay = 0.0F, shrink = 1.0F;

    // Elements [begin, end); different stretches may run at the same time.
    void run(std::int64_t begin, std::int64_t end) const;
};

} // namespace sapsam::training
