#include "core/search/half_float.h"

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace sapsam {

std::uint16_t halfFromFloatPortable(float value)
{
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000U);
    bits &= 0x7FFFFFFFU;
    if (bits > 0x7F800000U) // a NaN keeps its upper payload and becomes quiet
        return static_cast<std::uint16_t>(sign | 0x7E00U | ((bits >> 13) & 0x03FFU));
    if (bits >= 0x477FF000U) // rounds to 65520 or more
        return static_cast<std::uint16_t>(sign | 0x7C00U);
    if (bits < 0x38800000U) { // below 2^-14: subnormal, in steps of 2^-24
        if (bits < 0x33000000U)
            return sign;
        const std::uint32_t exponent = bits >> 23;
        const std::uint32_t mantissa = (bits & 0x007FFFFFU) | 0x00800000U;
        const std::uint32_t shift = 126U - exponent;
        const std::uint32_t kept = mantissa >> shift;
        const std::uint32_t rest = mantissa & ((1U << shift) - 1U);
        const std::uint32_t middle = 1U << (shift - 1U);
        const bool up = rest > middle || (rest == middle && (kept & 1U) != 0U);
        return static_cast<std::uint16_t>(sign | (kept + (up ? 1U : 0U)));
    }
    // A carry out of the mantissa runs into the exponent, which is what rounding up means there.
    const std::uint32_t rebased = bits - 0x38000000U;
    const std::uint32_t rounded = rebased + 0x0FFFU + ((rebased >> 13) & 1U);
    return static_cast<std::uint16_t>(sign | (rounded >> 13));
}

float floatFromHalfPortable(std::uint16_t bits)
{
    const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16;
    const std::uint32_t exponent = (bits >> 10) & 0x1FU;
    std::uint32_t mantissa = bits & 0x03FFU;
    std::uint32_t whole = 0;
    if (exponent == 31U) {
        whole = sign | 0x7F800000U | (mantissa << 13) | (mantissa ? 0x00400000U : 0U);
    } else if (exponent != 0U) {
        whole = sign | ((exponent + 112U) << 23) | (mantissa << 13);
    } else if (mantissa == 0U) {
        whole = sign;
    } else {
        std::uint32_t power = 113U;
        while ((mantissa & 0x0400U) == 0U) {
            mantissa <<= 1;
            --power;
        }
        whole = sign | (power << 23) | ((mantissa & 0x03FFU) << 13);
    }
    float value = 0.0F;
    std::memcpy(&value, &whole, sizeof value);
    return value;
}

#if defined(__x86_64__)

namespace {

bool hasF16c()
{
    static const bool has = __builtin_cpu_supports("f16c") && __builtin_cpu_supports("avx");
    return has;
}

__attribute__((target("avx,f16c"))) std::size_t
halfFromFloatFast(const float *source, std::uint16_t *target, std::size_t count)
{
    std::size_t i = 0;
    for (; i + 8 <= count; i += 8)
        _mm_storeu_si128(reinterpret_cast<__m128i *>(target + i),
                         _mm256_cvtps_ph(_mm256_loadu_ps(source + i), _MM_FROUND_TO_NEAREST_INT));
    return i;
}

__attribute__((target("avx,f16c"))) std::size_t floatFromHalfFast(const std::uint16_t *source,
                                                                  float *target, std::size_t count)
{
    std::size_t i = 0;
    for (; i + 8 <= count; i += 8)
        _mm256_storeu_ps(target + i, _mm256_cvtph_ps(_mm_loadu_si128(
                                         reinterpret_cast<const __m128i *>(source + i))));
    return i;
}

} // namespace

#endif

void halfFromFloat(const float *source, std::uint16_t *target, std::size_t count)
{
    std::size_t i = 0;
#if defined(__x86_64__)
    if (hasF16c())
        i = halfFromFloatFast(source, target, count);
#endif
    for (; i < count; ++i)
        target[i] = halfFromFloatPortable(source[i]);
}

void floatFromHalf(const std::uint16_t *source, float *target, std::size_t count)
{
    std::size_t i = 0;
#if defined(__x86_64__)
    if (hasF16c())
        i = floatFromHalfFast(source, target, count);
#endif
    for (; i < count; ++i)
        target[i] = floatFromHalfPortable(source[i]);
}

} // namespace sapsam
