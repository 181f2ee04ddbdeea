#pragma once

#include "core/base/random.h"

#include <array>
#include <cmath>
#include <cstdint>

namespace sapsam::synth {

// Smooth value noise in 0..1 over the plane, period 128, the same for everybody: callers shift it
// by an offset of their own.
inline float noise(float x, float y)
{
    static const std::array<float, 128 * 128> kTable = [] {
        std::array<float, 128 * 128> table{};
        SeededRandom random(20240607);
        for (float &value : table)
            value = static_cast<float>(random.uniform());
        return table;
    }();
    const float fx = std::floor(x);
    const float fy = std::floor(y);
    const unsigned x0 = static_cast<unsigned>(static_cast<int>(fx)) & 127U;
    const unsigned y0 = static_cast<unsigned>(static_cast<int>(fy)) & 127U;
    const unsigned x1 = (x0 + 1U) & 127U;
    const unsigned y1 = (y0 + 1U) & 127U;
    float u = x - fx;
    float v = y - fy;
    u = u * u * (3.0F - 2.0F * u);
    v = v * v * (3.0F - 2.0F * v);
    const float top =
        kTable[y0 * 128U + x0] + (kTable[y0 * 128U + x1] - kTable[y0 * 128U + x0]) * u;
    const float bottom =
        kTable[y1 * 128U + x0] + (kTable[y1 * 128U + x1] - kTable[y1 * 128U + x0]) * u;
    return top + (bottom - top) * v;
}

inline float noise2(float x, float y)
{
    return 0.65F * noise(x, y) + 0.35F * noise(x * 2.3F + 17.0F, y * 2.3F + 5.0F);
}

} // namespace sapsam::synth
