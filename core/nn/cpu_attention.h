#pragma once

#include "core/nn/torch_compat.h"

#include <vector>

namespace sapsam::nn {

// Inputs of one attention, as attention.h describes them: on the CPU, all float32, or all bfloat16
// where no gradient is wanted.
struct CpuAttentionInputs
{
    torch::Tensor query, key, value;             // [B, heads, N, d], any strides
    torch::Tensor additive;                      // [B, heads, Nq, Nk] by strides, or undefined
    torch::Tensor gridRows, gridColumns;         // [B, heads, Nq, rows], [B, heads, Nq, columns]
    torch::Tensor relativeRows{}, relativeColumns{}; // [2 side - 1, d]; only without gradients
    bool causal = false;
};

// Windows whose cells are tokens of one sequence, or padding.
struct AttentionWindows
{
    std::vector<std::int64_t> tokenOfCell;  // [windows · cells], -1 for padding
    std::int64_t cells = 0;                 // of one window
    torch::Tensor paddingKey, paddingValue; // [heads, d]: what padding counts as
};

// Whether cpuAttention covers them.
bool isForCpuAttention(const CpuAttentionInputs &inputs);

// softmax(q kᵀ / √d + bias) v in one sweep over blocks of keys (Milakov and Gimelshein 2018): the
// scores in memory are those of 32 queries and one block of keys for each thread. Products, softmax
// and sums are float32, by kernels for AVX-512, AVX2 and the base instruction set chosen at run
// time; with AVX512-BF16, bfloat16 numbers are multiplied as they are, the softmax rounded to
// bfloat16 before its product with v, and summed in float32. Differentiable; the backward pass
// computes the probabilities again (Dao et al. 2022), 48 queries at a time.
// → [B, heads, Nq, d], laid out so that merging the heads is free.
torch::Tensor cpuAttention(const CpuAttentionInputs &inputs);

// The same inside windows, for q, k and v of tokens in their own order, [1, heads, tokens, d], with
// relative tables for a window and no other bias. Nothing is computed for padding, but what its
// keys and values add. No gradients. → [1, heads, tokens, d]; every token must be in one window.
torch::Tensor cpuWindowAttention(const CpuAttentionInputs &inputs, const AttentionWindows &windows);

} // namespace sapsam::nn
