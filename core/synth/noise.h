#pragma once

#include "core/base/random.h"

#include <array>
#include <cmath>
#include <cstdint>

namespace sapsam::synth {

inline const std::array<float, 128 * 128> kNoiseTable = [] {
    std::array<float, 128 * 128> table{};
    SeededRandom random(20240607);
    for (float &value : table)
        value = static_cast<float>(random.uniform());
    return table;
}();

// The next lower whole number; without SSE 4.1 std::floor is a call.
inline int floorOf(float x)
{
    const int whole = static_cast<int>(x);
    return whole - (static_cast<float>(whole) > x ? 1 : 0);
}

// Smooth value noise in 0..1 over the plane, period 128, the same for everybody: callers shift it
// by an offset of their own.
inline float noise(float x, float y)
{
    const int fx = floorOf(x);
    const int fy = floorOf(y);
    const unsigned x0 = static_cast<unsigned>(fx) & 127U;
    const unsigned y0 = (static_cast<unsigned>(fy) & 127U) * 128U;
    const unsigned x1 = (x0 + 1U) & 127U;
    const unsigned y1 = (y0 + 128U) & 16383U;
    float u = x - static_cast<float>(fx);
    float v = y - static_cast<float>(fy);
    u = u * u * (3.0F - 2.0F * u);
    v = v * v * (3.0F - 2.0F * v);
    const float *table = kNoiseTable.data();
    const float top = table[y0 + x0] + (table[y0 + x1] - table[y0 + x0]) * u;
    const float bottom = table[y1 + x0] + (table[y1 + x1] - table[y1 + x0]) * u;
    return top + (bottom - top) * v;
}

inline float noise2(float x, float y)
{
    return 0.65F * noise(x, y) + 0.35F * noise(x * 2.3F + 17.0F, y * 2.3F + 5.0F);
}

} // namespace sapsam::synth
