#pragma once

#include <cstddef>
#include <cstdint>

namespace sapsam {

// What computes the products: the widest that the processor has is used.
enum class HalfKernel { Portable, Avx2, Avx512 };

// The widest this processor can run.
HalfKernel widestHalfKernel();

// scores[i] = Σ row_i[k] · query[k], accumulated in float, for rows of fp16 one behind the other.
// A row's score does not depend on the rows beside it. The kernels add in different orders: their
// results differ by rounding only (about dimension · 2⁻²⁴ of Σ |row · query|).
// A kernel the processor lacks must not be asked for. Safe to call in parallel.
void dotHalfRows(const std::uint16_t *rows, std::size_t count, const float *query,
                 std::size_t dimension, float *scores, HalfKernel kernel = widestHalfKernel());

// The same for one row.
float dotHalf(const std::uint16_t *row, const float *query, std::size_t dimension);

} // namespace sapsam
