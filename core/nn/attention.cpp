#include "core/nn/attention.h"

#include "core/base/error.h"
#include "core/nn/cpu_attention.h"
#include "core/nn/linear.h"

#include <cmath>
#include <limits>

namespace sapsam::nn {

namespace {

// Scores that the causal rule forbids get -inf; [Nq, Nk].
torch::Tensor causalBias(std::int64_t queries, std::int64_t keys,
                         const torch::TensorOptions &options)
{
    return torch::full({queries, keys}, -std::numeric_limits<double>::infinity(), options)
        .triu(keys - queries + 1);
}

// Everything that is added to the scores as one tensor; undefined for nothing.
torch::Tensor fullBias(const torch::Tensor &query, const torch::Tensor &key,
                       const AttentionBias &bias)
{
    auto sum = bias.additive;
    const auto add = [&sum](const torch::Tensor &part) { sum = sum.defined() ? sum + part : part; };
    if (bias.gridRows.defined())
        add((bias.gridRows.unsqueeze(-1) + bias.gridColumns.unsqueeze(-2)).flatten(-2));
    if (bias.causal && query.size(2) > 1)
        add(causalBias(query.size(2), key.size(2), query.options()));
    return sum;
}

// rel[i, j] = table[i - j + side - 1]: [side, side, d].
torch::Tensor relativeLines(const torch::Tensor &table, std::int64_t side)
{
    const auto range = torch::arange(side, table.options().dtype(torch::kLong));
    return table.index({range.unsqueeze(1) - range.unsqueeze(0) + (side - 1)});
}

// The tables' terms written out as gridRows and gridColumns; one product for each grid line.
AttentionBias withoutTables(const torch::Tensor &query, AttentionBias bias)
{
    if (!bias.relativeRows.defined())
        return bias;
    const auto b = query.size(0), heads = query.size(1), d = query.size(3);
    const auto s = (bias.relativeRows.size(0) + 1) / 2;
    const auto grid = query.reshape({b * heads, s, s, d});
    const auto products = [](const torch::Tensor &lines, const torch::Tensor &rows) {
        return torch::bmm(lines, rows.transpose(1, 2));
    };
    bias.gridRows = products(grid.transpose(0, 1).reshape({s, b * heads * s, d}),
                             relativeLines(bias.relativeRows, s))
                        .view({s, b * heads, s, s})
                        .transpose(0, 1)
                        .reshape({b, heads, s * s, s});
    bias.gridColumns = products(grid.permute({2, 0, 1, 3}).reshape({s, b * heads * s, d}),
                                relativeLines(bias.relativeColumns, s))
                           .view({s, b * heads, s, s})
                           .permute({1, 2, 0, 3})
                           .reshape({b, heads, s * s, s});
    bias.relativeRows = bias.relativeColumns = torch::Tensor();
    return bias;
}

bool isTrained(const ProjectedAttentionImpl &attention)
{
    return torch::GradMode::is_enabled() && attention.q_proj->weight.requires_grad()
           && attention.k_proj->weight.requires_grad() && attention.v_proj->weight.requires_grad();
}

void requireHeads(std::int64_t width, std::int64_t heads)
{
    if (heads <= 0 || width % heads != 0)
        throw Error(ErrorKind::InvalidInput, "attention: the width " + std::to_string(width)
                                                 + " is not a multiple of " + std::to_string(heads)
                                                 + " heads");
}

} // namespace

torch::Tensor splitHeads(const torch::Tensor &x, std::int64_t heads)
{
    return x.view({x.size(0), x.size(1), heads, x.size(2) / heads}).transpose(1, 2);
}

torch::Tensor mergeHeads(const torch::Tensor &x)
{
    return x.transpose(1, 2).reshape({x.size(0), x.size(2), x.size(1) * x.size(3)});
}

torch::Tensor attentionWeights(const torch::Tensor &query, const torch::Tensor &key,
                               const AttentionBias &bias)
{
    const double scale = 1.0 / std::sqrt(static_cast<double>(query.size(3)));
    auto scores = torch::matmul(query * scale, key.transpose(2, 3));
    const auto added = fullBias(query, key, withoutTables(query, bias));
    if (added.defined())
        scores = scores + added;
    return torch::softmax(scores, -1);
}

torch::Tensor attend(const torch::Tensor &query, const torch::Tensor &key,
                     const torch::Tensor &value, const AttentionBias &given)
{
    CpuAttentionInputs inputs;
    inputs.query = query;
    inputs.key = key;
    inputs.value = value;
    inputs.additive = given.additive;
    inputs.causal = given.causal;
    inputs.relativeRows = given.relativeRows;
    inputs.relativeColumns = given.relativeColumns;
    // Terms for the lines of a grid are small; written out for every pair they are as large as the
    // scores. So these stay with our own kernel where it can take them, also beside libtorch 2.
    if (given.relativeRows.defined() && isForCpuAttention(inputs))
        return cpuAttention(inputs);

    const AttentionBias bias = withoutTables(query, given);
    if (compat::kHasFusedAttention && !(bias.gridRows.defined() && query.device().is_cpu())) {
        const bool isPlainCausal = bias.causal && !bias.additive.defined()
                                   && !bias.gridRows.defined() && query.size(2) == key.size(2);
        return compat::fusedAttention(query, key, value,
                                      isPlainCausal ? torch::Tensor() : fullBias(query, key, bias),
                                      isPlainCausal);
    }
    inputs.gridRows = bias.gridRows;
    inputs.gridColumns = bias.gridColumns;
    inputs.relativeRows = inputs.relativeColumns = torch::Tensor();
    if (isForCpuAttention(inputs))
        return cpuAttention(inputs);
    return torch::matmul(attentionWeights(query, key, bias), value);
}

torch::Tensor paddingBias(const torch::Tensor &mask, torch::ScalarType dtype)
{
    if (!mask.defined())
        return {};
    double lowest = std::numeric_limits<float>::lowest();
    if (dtype == torch::kHalf)
        lowest = -65504.0;
    else if (dtype == torch::kBFloat16)
        lowest = -3.3895313892515355e38;
    return ((1 - mask.to(torch::kFloat)) * lowest)
        .to(dtype)
        .view({mask.size(0), 1, 1, mask.size(1)});
}

torch::Tensor TokenRows::spread(const torch::Tensor &x) const
{
    return torch::zeros({batch * length, x.size(1)}, x.options())
        .index_copy(0, rows, x)
        .view({batch, length, x.size(1)});
}

torch::Tensor TokenRows::collected(const torch::Tensor &x) const
{
    return x.reshape({batch * length, x.size(2)}).index_select(0, rows);
}

TokenRows rowsOfTokens(const torch::Tensor &lengths, std::int64_t length)
{
    const auto isToken =
        torch::arange(length, lengths.options()).unsqueeze(0).lt(lengths.unsqueeze(1));
    return {isToken.flatten().nonzero().squeeze(1), lengths.size(0), length};
}

ProjectedAttentionImpl::ProjectedAttentionImpl(std::int64_t width, std::int64_t inner,
                                               std::int64_t heads_)
    : heads(heads_)
{
    requireHeads(inner, heads);
    q_proj = register_module("q_proj", torch::nn::Linear(width, inner));
    k_proj = register_module("k_proj", torch::nn::Linear(width, inner));
    v_proj = register_module("v_proj", torch::nn::Linear(width, inner));
    out_proj = register_module("out_proj", torch::nn::Linear(inner, width));
}

torch::Tensor ProjectedAttentionImpl::forward(const torch::Tensor &query, const torch::Tensor &key,
                                              const torch::Tensor &value, const AttentionBias &bias)
{
    if (query.is_same(key) && key.is_same(value) && isTrained(*this)) {
        const auto parts = projected(query).chunk(3, -1);
        return linear(out_proj, mergeHeads(attend(splitHeads(parts[0], heads),
                                                  splitHeads(parts[1], heads),
                                                  splitHeads(parts[2], heads), bias)));
    }
    return linear(out_proj, mergeHeads(attend(splitHeads(linear(q_proj, query), heads),
                                              splitHeads(linear(k_proj, key), heads),
                                              splitHeads(linear(v_proj, value), heads), bias)));
}

torch::Tensor ProjectedAttentionImpl::forwardRows(const torch::Tensor &x, const TokenRows &layout,
                                                  const AttentionBias &bias)
{
    const auto parts = layout.spread(projected(x)).chunk(3, -1);
    return linear(out_proj, layout.collected(mergeHeads(
                                attend(splitHeads(parts[0], heads), splitHeads(parts[1], heads),
                                       splitHeads(parts[2], heads), bias))));
}

// One product forward and two backward instead of three and six, which add up what they give.
torch::Tensor ProjectedAttentionImpl::projected(const torch::Tensor &x)
{
    return torch::linear(x, torch::cat({q_proj->weight, k_proj->weight, v_proj->weight}),
                         torch::cat({q_proj->bias, k_proj->bias, v_proj->bias}));
}

FusedAttentionImpl::FusedAttentionImpl(std::int64_t width, std::int64_t heads_,
                                       const std::string &outputName)
    : heads(heads_)
{
    requireHeads(width, heads);
    qkv = register_module("qkv", torch::nn::Linear(width, 3 * width));
    output = register_module(outputName, torch::nn::Linear(width, width));
}

torch::Tensor FusedAttentionImpl::forward(const torch::Tensor &x, const AttentionBias &bias)
{
    const auto parts = linear(qkv, x).chunk(3, -1);
    return linear(output,
                  mergeHeads(attend(splitHeads(parts[0], heads), splitHeads(parts[1], heads),
                                    splitHeads(parts[2], heads), bias)));
}

PackedAttentionImpl::PackedAttentionImpl(std::int64_t width, std::int64_t heads_) : heads(heads_)
{
    requireHeads(width, heads);
    in_proj_weight = register_parameter("in_proj_weight", torch::empty({3 * width, width}));
    in_proj_bias = register_parameter("in_proj_bias", torch::zeros({3 * width}));
    torch::nn::init::xavier_uniform_(in_proj_weight);
    out_proj = register_module("out_proj", torch::nn::Linear(width, width));
}

torch::Tensor PackedAttentionImpl::forward(const torch::Tensor &query,
                                           const torch::Tensor &keyValue, torch::Tensor *weights,
                                           const AttentionBias &bias)
{
    const auto w = in_proj_weight.chunk(3, 0);
    const auto b = in_proj_bias.chunk(3, 0);
    const auto q = splitHeads(torch::linear(query, w[0], b[0]), heads);
    const auto k = splitHeads(torch::linear(keyValue, w[1], b[1]), heads);
    const auto v = splitHeads(torch::linear(keyValue, w[2], b[2]), heads);
    if (weights)
        *weights = attentionWeights(q, k, bias).mean(1);
    return out_proj(mergeHeads(attend(q, k, v, bias)));
}

} // namespace sapsam::nn
