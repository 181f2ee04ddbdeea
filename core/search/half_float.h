#pragma once

#include <cstddef>
#include <cstdint>

namespace sapsam {

// IEEE 754 binary16 and back, to nearest, ties to even; what is too large becomes infinity and a
// NaN stays one. Uses the processor's F16C instructions where it has them; the results are the
// same. Both buffers hold `count` values and must not overlap.
void halfFromFloat(const float *source, std::uint16_t *target, std::size_t count);
void floatFromHalf(const std::uint16_t *source, float *target, std::size_t count);

// The portable way alone, which the tests hold the fast one against.
std::uint16_t halfFromFloatPortable(float value);
float floatFromHalfPortable(std::uint16_t bits);

} // namespace sapsam
