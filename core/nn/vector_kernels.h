#pragma once

#include <atomic>
#include <cstdint>

// Vectors of the instruction sets that the processor kernels of this folder are written for, by
// the compiler's own vector types. A kernel is a template over one of the Wide… types, instantiated
// once in a function for each instruction set; the processor decides at run time which one runs.
// Values are passed by reference: whole vectors as arguments would change the calling convention.
namespace sapsam::nn::kernels {

#define SAPSAM_INLINE inline __attribute__((always_inline))

// A bfloat16 number by its bits.
using Bf16 = std::uint16_t;

struct Wide512
{
    static constexpr int kLanes = 16, kRows = 8;
    typedef float Vector __attribute__((vector_size(64)));
    typedef std::int32_t Integers __attribute__((vector_size(64)));
    typedef std::uint32_t Words __attribute__((vector_size(64)));
    typedef Bf16 Halves __attribute__((vector_size(32), aligned(1), may_alias));
    typedef std::int8_t Bytes __attribute__((vector_size(16), aligned(1), may_alias));
};
struct Wide256
{
    static constexpr int kLanes = 8, kRows = 6;
    typedef float Vector __attribute__((vector_size(32)));
    typedef std::int32_t Integers __attribute__((vector_size(32)));
    typedef std::uint32_t Words __attribute__((vector_size(32)));
    typedef Bf16 Halves __attribute__((vector_size(16), aligned(1), may_alias));
    typedef std::int8_t Bytes __attribute__((vector_size(8), aligned(1), may_alias));
};
struct Wide128
{
    static constexpr int kLanes = 4, kRows = 4;
    typedef float Vector __attribute__((vector_size(16)));
    typedef std::int32_t Integers __attribute__((vector_size(16)));
    typedef std::uint32_t Words __attribute__((vector_size(16)));
    typedef Bf16 Halves __attribute__((vector_size(8)));
    typedef std::int8_t Bytes __attribute__((vector_size(4)));
};

// The widest set that kernels may use, in lanes of 32 bits: 16, 8 or 4. Tests lower it to see the
// other kernels too; what the processor lacks is never used.
inline std::atomic<int> &widestLanes()
{
    static std::atomic<int> lanes = 16;
    return lanes;
}

inline int usableLanes()
{
#if defined(__x86_64__)
    static const int lanes = __builtin_cpu_supports("avx512f")                                 ? 16
                             : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 8
                                                                                               : 4;
#else
    static const int lanes = 4;
#endif
    const int allowed = widestLanes().load(std::memory_order_relaxed);
    return allowed < lanes ? allowed : lanes;
}

// Whether pairs of bfloat16 numbers, or four bytes, may be multiplied and added at once
// (AVX512-BF16, AVX512-VNNI).
inline bool multipliesPairs()
{
#if defined(__x86_64__)
    static const bool hasInstruction = __builtin_cpu_supports("avx512bf16") != 0;
    return hasInstruction && usableLanes() == Wide512::kLanes;
#else
    return false;
#endif
}
inline bool multipliesBytes()
{
#if defined(__x86_64__)
    static const bool hasInstruction = __builtin_cpu_supports("avx512vnni") != 0;
    return hasInstruction && usableLanes() == Wide512::kLanes;
#else
    return false;
#endif
}

// Defines `void name(const Job &)`, which runs kernel<Isa>(job) of the best instruction set.
#if defined(__x86_64__)
#define SAPSAM_DEFINE_KERNEL(name, kernel, Job)                                                    \
    __attribute__((target("avx512f"))) void name##512(const Job &job)                              \
    {                                                                                              \
        kernel<kernels::Wide512>(job);                                                             \
    }                                                                                              \
    __attribute__((target("avx2,fma"))) void name##256(const Job &job)                             \
    {                                                                                              \
        kernel<kernels::Wide256>(job);                                                             \
    }                                                                                              \
    void name(const Job &job)                                                                      \
    {                                                                                              \
        const int lanes = kernels::usableLanes();                                                  \
        lanes == 16  ? name##512(job)                                                              \
        : lanes == 8 ? name##256(job)                                                              \
                     : kernel<kernels::Wide128>(job);                                              \
    }
#else
#define SAPSAM_DEFINE_KERNEL(name, kernel, Job)                                                    \
    void name(const Job &job)                                                                      \
    {                                                                                              \
        kernel<kernels::Wide128>(job);                                                             \
    }
#endif

// To and from any place in memory, aligned or not.
template <typename Value>
SAPSAM_INLINE void loadBits(Value &to, const void *from)
{
    __builtin_memcpy(&to, from, sizeof to);
}

// Elements of a tensor → a vector of floats.
template <typename Isa>
SAPSAM_INLINE void load(typename Isa::Vector &to, const float *from)
{
    loadBits(to, from);
}

// GCC 12 takes conversions between vectors of different element sizes apart, into up to one
// instruction for each element; these are the single instructions.
#if defined(__x86_64__)
#define SAPSAM_WIDEN(instruction, to, from) asm(instruction " %1, %0" : "=v"(to) : "m"(*(from)))
#endif

template <typename Isa>
SAPSAM_INLINE void widen(typename Isa::Words &to, const Bf16 *from)
{
    using Halves = typename Isa::Halves;
#if defined(__x86_64__)
    if constexpr (Isa::kLanes > 4) {
        SAPSAM_WIDEN("vpmovzxwd", to, reinterpret_cast<const Halves *>(from));
        return;
    }
#endif
    Halves halves;
    loadBits(halves, from);
    to = __builtin_convertvector(halves, typename Isa::Words);
}

template <typename Isa>
SAPSAM_INLINE void widen(typename Isa::Integers &to, const std::int8_t *from)
{
    using Bytes = typename Isa::Bytes;
#if defined(__x86_64__)
    if constexpr (Isa::kLanes > 4) {
        SAPSAM_WIDEN("vpmovsxbd", to, reinterpret_cast<const Bytes *>(from));
        return;
    }
#endif
    Bytes bytes;
    loadBits(bytes, from);
    to = __builtin_convertvector(bytes, typename Isa::Integers);
}

template <typename Isa>
SAPSAM_INLINE void load(typename Isa::Vector &to, const Bf16 *from)
{
    typename Isa::Words words;
    widen<Isa>(words, from);
    words <<= 16;
    __builtin_memcpy(&to, &words, sizeof to);
}
template <typename Isa>
SAPSAM_INLINE void load(typename Isa::Vector &to, const std::int8_t *from)
{
    typename Isa::Integers whole;
    widen<Isa>(whole, from);
    to = __builtin_convertvector(whole, typename Isa::Vector);
}

template <typename Isa>
SAPSAM_INLINE void store(float *to, const typename Isa::Vector &from)
{
    __builtin_memcpy(to, &from, sizeof from);
}
// Rounds to the nearest, ties to even.
template <typename Isa>
SAPSAM_INLINE void store(Bf16 *to, const typename Isa::Vector &from)
{
    using Words = typename Isa::Words;
    Words words;
    __builtin_memcpy(&words, &from, sizeof words);
    Words rounded = (words + 0x7FFFU + ((words >> 16) & 1U)) >> 16;
    rounded = from == from ? rounded : Words{} + 0x7FC0U; // not a number stays none
    const auto halves = __builtin_convertvector(rounded, typename Isa::Halves);
    __builtin_memcpy(to, &halves, sizeof halves);
}

SAPSAM_INLINE float toFloat(float value)
{
    return value;
}
SAPSAM_INLINE float toFloat(Bf16 value)
{
    const std::uint32_t bits = static_cast<std::uint32_t>(value) << 16;
    float number;
    __builtin_memcpy(&number, &bits, sizeof number);
    return number;
}
SAPSAM_INLINE float toFloat(std::int8_t value)
{
    return static_cast<float>(value);
}

SAPSAM_INLINE void fromFloat(float *to, float value)
{
    *to = value;
}
SAPSAM_INLINE void fromFloat(Bf16 *to, float value)
{
    std::uint32_t bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    *to = value == value ? static_cast<Bf16>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16)
                         : static_cast<Bf16>(0x7FC0U);
}

template <typename Isa>
SAPSAM_INLINE float sumOfLanes(const typename Isa::Vector &x)
{
    float lanes[Isa::kLanes];
    __builtin_memcpy(lanes, &x, sizeof lanes);
    for (int half = Isa::kLanes / 2; half > 0; half /= 2) {
        for (int lane = 0; lane < half; ++lane)
            lanes[lane] += lanes[lane + half];
    }
    return lanes[0];
}

// exp for x <= 0 with an error of about two units in the last place: x = n ln 2 + r, a polynomial
// for r, and n into the exponent. Below -87 the answer is 0.
template <typename Isa>
SAPSAM_INLINE void exponential(typename Isa::Vector &x)
{
    using Vector = typename Isa::Vector;
    using Integers = typename Isa::Integers;
    const Integers isTiny = x < -87.0F;
    x = isTiny ? Vector{} - 87.0F : x;
    constexpr float kRounder = 12582912.0F; // 1.5 · 2²³ leaves no room for a fraction
    const Vector n = (x * 1.44269504F + kRounder) - kRounder;
    const Vector r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
    Vector p = r * 1.9875691500e-4F + 1.3981999507e-3F;
    p = p * r + 8.3334519073e-3F;
    p = p * r + 4.1665795894e-2F;
    p = p * r + 1.6666665459e-1F;
    p = p * r + 5.0000001201e-1F;
    p = p * r * r + r + 1.0F;
    const Integers exponent = (__builtin_convertvector(n, Integers) + 127) << 23;
    Vector power;
    __builtin_memcpy(&power, &exponent, sizeof power);
    x = isTiny ? Vector{} : p * power;
}

// 2ˣ for x <= 0: x = n + f with |f| <= 1/2, a polynomial for 2ᶠ (fitted for the least relative
// error), and n added to its exponent. Below -125 the answer is 0. `Degree` 5 has an error of about
// two units in the last place, 3 one of 7.5e-5, which no bfloat16 number shows.
template <typename Isa, int Degree>
SAPSAM_INLINE void powerOfTwo(typename Isa::Vector &x)
{
    static_assert(Degree == 3 || Degree == 5);
    using Vector = typename Isa::Vector;
    using Words = typename Isa::Words;
    const auto isTiny = x < -125.0F;
    x = isTiny ? Vector{} - 125.0F : x;
    const Vector rounded =
        x + 12582912.0F; // 1.5 · 2²³ leaves no room for a fraction: n is in front
    const Vector f = x - (rounded - 12582912.0F);
    Vector p;
    if constexpr (Degree == 5) {
        p = f * 1.327645785e-3F + 9.675541222e-3F;
        p = p * f + 5.550713317e-2F;
        p = p * f + 2.402211973e-1F;
        p = p * f + 6.931469670e-1F;
        p = p * f + 1.000000072F;
    } else {
        p = f * 5.517154555e-2F + 2.426111127e-1F;
        p = p * f + 6.932610083e-1F;
        p = p * f + 9.999280747e-1F;
    }
    Words bits, n;
    __builtin_memcpy(&bits, &p, sizeof bits);
    __builtin_memcpy(&n, &rounded, sizeof n);
    bits += n << 23;
    __builtin_memcpy(&p, &bits, sizeof p);
    x = isTiny ? Vector{} : p;
}

} // namespace sapsam::nn::kernels
