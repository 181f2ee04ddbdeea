#pragma once

#include "core/nn/torch_compat.h"

namespace sapsam::nn {

// Inputs of one attention, as attention.h describes them. All float32 on the CPU.
struct CpuAttentionInputs
{
    torch::Tensor query, key, value;     // [B, heads, N, d], any strides
    torch::Tensor additive;              // [B, heads, Nq, Nk] by strides, or undefined
    torch::Tensor gridRows, gridColumns; // [B, heads, Nq, rows], [B, heads, Nq, columns]
    bool causal = false;
};

// Whether cpuAttention covers them.
bool isForCpuAttention(const CpuAttentionInputs &inputs);

// softmax(q kᵀ / √d + bias) v in blocks of queries that stay in the cache, one head on one thread,
// with kernels for AVX-512, AVX2 and the base instruction set chosen at run time. Differentiable;
// the backward pass computes the probabilities again (Dao et al. 2022). → [B, heads, Nq, d], laid
// out so that merging the heads is free.
torch::Tensor cpuAttention(const CpuAttentionInputs &inputs);

} // namespace sapsam::nn
