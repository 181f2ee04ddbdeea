#include "core/train/adam_pass.h"

#include <cmath>

namespace sapsam::training {

void AdamPass::run(std::int64_t begin, std::int64_t end) const
{
    // Local copies: the compiler may not assume that the fields stay as they are.
    float *const w = weights, *const m = mean, *const v = square;
    const float *const g = gradient;
    const AdamPass p = *this;
    for (std::int64_t i = begin; i < end; ++i) {
        const float weight = w[i] * p.shrink;
        const float slope = g[i] + p.decay * weight;
        const float first = p.beta1 * m[i] + (1.0F - p.beta1) * slope;
        const float second = p.beta2 * v[i] + (1.0F - p.beta2) * slope * slope;
        m[i] = first;
        v[i] = second;
        w[i] = weight - p.rate * first / (std::sqrt(second) * p.squareScale + p.epsilon);
    }
}

} // namespace sapsam::training
