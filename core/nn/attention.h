#pragma once

#include "core/nn/torch_compat.h"

namespace sapsam::nn {

// [B, N, heads * d] → [B, heads, N, d], a view.
torch::Tensor splitHeads(const torch::Tensor &x, std::int64_t heads);

// [B, heads, N, d] → [B, N, heads * d].
torch::Tensor mergeHeads(const torch::Tensor &x);

// What is added to the scores before the softmax.
struct AttentionBias
{
    torch::Tensor additive; // broadcastable to [B, heads, Nq, Nk]; undefined for none
    bool causal = false;    // query i sees the keys up to i + (Nk - Nq)
    // Keys on a grid, row-major: key (y, x) gets gridRows[…, y] + gridColumns[…, x]. Both or none.
    torch::Tensor gridRows, gridColumns; // [B, heads, Nq, rows], [B, heads, Nq, columns]
    // The same from tables: queries and keys are the cells of one square grid of `side`, and
    // gridRows[…, (y, x), y'] is the product of the query with row y - y' + side - 1 of the first
    // table, gridColumns that with row x - x' + side - 1 of the second (Li et al. 2022). Both or
    // none; instead of gridRows and gridColumns.
    torch::Tensor relativeRows{}, relativeColumns{}; // [2 side - 1, d]
};

// softmax(q kᵀ / √d + bias) v over [B, heads, N, d], differentiable in q, k, v and the bias.
// Vaswani et al. 2017, equation 1. On libtorch 2 this is the library's fused kernel; on 1.13 and
// the CPU it is our own, because a batched product without MKL runs at a tenth of the machine's
// speed. Biases of a grid on the CPU are always our kernel's, which never writes them out.
torch::Tensor attend(const torch::Tensor &query, const torch::Tensor &key,
                     const torch::Tensor &value, const AttentionBias &bias = {});

// The probabilities of the same attention, [B, heads, Nq, Nk]; for looking at, not for speed.
torch::Tensor attentionWeights(const torch::Tensor &query, const torch::Tensor &key,
                               const AttentionBias &bias = {});

// 0 where the mask is 1 and the smallest finite number where it is 0: [B, N] → [B, 1, 1, N].
// An undefined mask gives an undefined bias.
torch::Tensor paddingBias(const torch::Tensor &mask, torch::ScalarType dtype);

// The tokens of texts of different lengths, one row each, without what fills the shorter ones up:
// rows [R] int64 says where each lies among the batch · length places of the filled texts.
struct TokenRows
{
    torch::Tensor rows;
    std::int64_t batch = 0, length = 0;

    torch::Tensor spread(const torch::Tensor &x) const;    // [R, W] → [B, L, W], zeros between
    torch::Tensor collected(const torch::Tensor &x) const; // [B, L, W] → [R, W]
};

// The first lengths[b] tokens of every text; lengths [B] int64.
TokenRows rowsOfTokens(const torch::Tensor &lengths, std::int64_t length);

// Attention with one Linear for each of query, key and value, named q_proj, k_proj, v_proj and
// out_proj as in CLIP, OPT and the decoder of SAM.
class ProjectedAttentionImpl final : public torch::nn::Module
{
public:
    // `inner` is the width that the heads share; it must be a multiple of `heads`.
    ProjectedAttentionImpl(std::int64_t width, std::int64_t inner, std::int64_t heads);

    // query [B, Nq, width], key and value [B, Nk, width] → [B, Nq, width]
    torch::Tensor forward(const torch::Tensor &query, const torch::Tensor &key,
                          const torch::Tensor &value, const AttentionBias &bias = {});
    // Self-attention of every text by itself; what its bias lets the tokens see must not be what
    // fills the texts up. x [R, width] → [R, width].
    torch::Tensor forwardRows(const torch::Tensor &x, const TokenRows &layout,
                              const AttentionBias &bias);

    std::int64_t heads;
    torch::nn::Linear q_proj{nullptr}, k_proj{nullptr}, v_proj{nullptr}, out_proj{nullptr};

private:
    torch::Tensor projected(const torch::Tensor &x); // [..., width] → [..., q | k | v]
};
TORCH_MODULE(ProjectedAttention);

// Self-attention with one Linear for [q | k | v] named qkv and an output whose name is given.
class FusedAttentionImpl final : public torch::nn::Module
{
public:
    FusedAttentionImpl(std::int64_t width, std::int64_t heads, const std::string &outputName);

    torch::Tensor forward(const torch::Tensor &x, const AttentionBias &bias = {}); // [B, N, width]

    std::int64_t heads;
    torch::nn::Linear qkv{nullptr}, output{nullptr};
};
TORCH_MODULE(FusedAttention);

// Attention with the names of torch.nn.MultiheadAttention: in_proj_weight, in_proj_bias, out_proj.
class PackedAttentionImpl final : public torch::nn::Module
{
public:
    PackedAttentionImpl(std::int64_t width, std::int64_t heads);

    // query [B, Nq, width], keyValue [B, Nk, width] → [B, Nq, width]. When `weights` is given it
    // receives the probabilities averaged over the heads, [B, Nq, Nk].
    torch::Tensor forward(const torch::Tensor &query, const torch::Tensor &keyValue,
                          torch::Tensor *weights = nullptr, const AttentionBias &bias = {});

    std::int64_t heads;
    torch::Tensor in_proj_weight, in_proj_bias;
    torch::nn::Linear out_proj{nullptr};
};
TORCH_MODULE(PackedAttention);

} // namespace sapsam::nn
