#include "core/search/half_kernels.h"

#include "core/search/half_float.h"

#include <array>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace sapsam {

namespace {

void dotPortable(const std::uint16_t *rows, std::size_t count, const float *query,
                 std::size_t dimension, float *scores)
{
    constexpr std::size_t kLanes = 16;
    std::array<float, kLanes> values{};
    for (std::size_t r = 0; r < count; ++r, rows += dimension) {
        // Sums side by side: the compiler may use what registers there are without reordering.
        std::array<float, kLanes> sums{};
        std::size_t k = 0;
        for (; k + kLanes <= dimension; k += kLanes) {
            floatFromHalf(rows + k, values.data(), kLanes);
            for (std::size_t lane = 0; lane < kLanes; ++lane)
                sums[lane] += values[lane] * query[k + lane];
        }
        float sum = 0.0F;
        for (; k < dimension; ++k)
            sum += floatFromHalfPortable(rows[k]) * query[k];
        for (const float lane : sums)
            sum += lane;
        scores[r] = sum;
    }
}

#if defined(__x86_64__)

// No functions: those of another instruction set cannot be inlined.
#define SAPSAM_WIDENED_8(at) _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i *>(at)))
#define SAPSAM_WIDENED_16(at)                                                                      \
    _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(at)))

__attribute__((target("avx2,fma,f16c"))) void dotAvx2(const std::uint16_t *rows, std::size_t count,
                                                      const float *query, std::size_t dimension,
                                                      float *scores)
{
    for (std::size_t r = 0; r < count; ++r, rows += dimension) {
        __m256 a = _mm256_setzero_ps(), b = a, c = a, d = a;
        std::size_t k = 0;
        for (; k + 32 <= dimension; k += 32) {
            a = _mm256_fmadd_ps(SAPSAM_WIDENED_8(rows + k), _mm256_loadu_ps(query + k), a);
            b = _mm256_fmadd_ps(SAPSAM_WIDENED_8(rows + k + 8), _mm256_loadu_ps(query + k + 8), b);
            c = _mm256_fmadd_ps(SAPSAM_WIDENED_8(rows + k + 16), _mm256_loadu_ps(query + k + 16),
                                c);
            d = _mm256_fmadd_ps(SAPSAM_WIDENED_8(rows + k + 24), _mm256_loadu_ps(query + k + 24),
                                d);
        }
        for (; k + 8 <= dimension; k += 8)
            a = _mm256_fmadd_ps(SAPSAM_WIDENED_8(rows + k), _mm256_loadu_ps(query + k), a);
        a = _mm256_add_ps(_mm256_add_ps(a, b), _mm256_add_ps(c, d));
        __m128 half = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
        half = _mm_add_ps(half, _mm_movehl_ps(half, half));
        half = _mm_add_ss(half, _mm_shuffle_ps(half, half, 1));
        float sum = _mm_cvtss_f32(half);
        for (; k < dimension; ++k)
            sum += floatFromHalfPortable(rows[k]) * query[k];
        scores[r] = sum;
    }
}

__attribute__((target("avx512f"))) void dotAvx512(const std::uint16_t *rows, std::size_t count,
                                                  const float *query, std::size_t dimension,
                                                  float *scores)
{
    for (std::size_t r = 0; r < count; ++r, rows += dimension) {
        __m512 a = _mm512_setzero_ps(), b = a, c = a, d = a;
        std::size_t k = 0;
        for (; k + 64 <= dimension; k += 64) {
            // Rows follow each other: the memory is asked for what comes next.
            _mm_prefetch(reinterpret_cast<const char *>(rows + k + 4 * dimension), _MM_HINT_T0);
            _mm_prefetch(reinterpret_cast<const char *>(rows + k + 32 + 4 * dimension),
                         _MM_HINT_T0);
            a = _mm512_fmadd_ps(SAPSAM_WIDENED_16(rows + k), _mm512_loadu_ps(query + k), a);
            b = _mm512_fmadd_ps(SAPSAM_WIDENED_16(rows + k + 16), _mm512_loadu_ps(query + k + 16),
                                b);
            c = _mm512_fmadd_ps(SAPSAM_WIDENED_16(rows + k + 32), _mm512_loadu_ps(query + k + 32),
                                c);
            d = _mm512_fmadd_ps(SAPSAM_WIDENED_16(rows + k + 48), _mm512_loadu_ps(query + k + 48),
                                d);
        }
        for (; k + 16 <= dimension; k += 16)
            a = _mm512_fmadd_ps(SAPSAM_WIDENED_16(rows + k), _mm512_loadu_ps(query + k), a);
        float sum = _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(a, b), _mm512_add_ps(c, d)));
        for (; k < dimension; ++k)
            sum += floatFromHalfPortable(rows[k]) * query[k];
        scores[r] = sum;
    }
}

#endif

} // namespace

HalfKernel widestHalfKernel()
{
#if defined(__x86_64__)
    static const HalfKernel widest = [] {
        if (__builtin_cpu_supports("avx512f"))
            return HalfKernel::Avx512;
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
            && __builtin_cpu_supports("f16c"))
            return HalfKernel::Avx2;
        return HalfKernel::Portable;
    }();
    return widest;
#else
    return HalfKernel::Portable;
#endif
}

void dotHalfRows(const std::uint16_t *rows, std::size_t count, const float *query,
                 std::size_t dimension, float *scores, HalfKernel kernel)
{
#if defined(__x86_64__)
    if (kernel == HalfKernel::Avx512)
        return dotAvx512(rows, count, query, dimension, scores);
    if (kernel == HalfKernel::Avx2)
        return dotAvx2(rows, count, query, dimension, scores);
#endif
    static_cast<void>(kernel);
    dotPortable(rows, count, query, dimension, scores);
}

float dotHalf(const std::uint16_t *row, const float *query, std::size_t dimension)
{
    float score = 0.0F;
    dotHalfRows(row, 1, query, dimension, &score);
    return score;
}

} // namespace sapsam
