#include "core/train/part_alignment.h"

#include "core/train/losses.h"

#include <algorithm>

namespace sapsam::training {

namespace F = torch::nn::functional;

namespace {

// First and one past the last token. A span may lie past the end of the caption: what is there of
// it counts.
std::pair<std::int64_t, std::int64_t> tokensOf(const BatchParts &parts, std::int64_t row,
                                               std::int64_t part, std::int64_t length)
{
    const auto spans = parts.spans.accessor<std::int64_t, 3>();
    const std::int64_t first = spans[row][part][0];
    return {first, std::max(first, std::min(spans[row][part][1] + 1, length))};
}

// A zero that keeps the graph whole.
torch::Tensor nothing(const torch::Tensor &tokens)
{
    return tokens.sum().to(torch::kFloat) * 0.0;
}

} // namespace

std::vector<std::vector<std::int64_t>> validParts(const BatchParts &parts)
{
    const auto labels = parts.patchLabels.accessor<std::int64_t, 2>();
    const auto spans = parts.spans.accessor<std::int64_t, 3>();
    const auto counts = parts.counts.accessor<std::int64_t, 1>();
    std::vector<std::vector<std::int64_t>> valid(static_cast<std::size_t>(labels.size(0)));
    for (std::int64_t row = 0; row < labels.size(0); ++row) {
        const std::int64_t count = std::min(counts[row], spans.size(1));
        for (std::int64_t part = 0; part < count; ++part) {
            bool shows = false;
            for (std::int64_t patch = 0; patch < labels.size(1) && !shows; ++patch)
                shows = labels[row][patch] == part + 1;
            if (shows && spans[row][part][0] >= 0)
                valid[static_cast<std::size_t>(row)].push_back(part);
        }
    }
    return valid;
}

std::vector<PartPair> ownPairs(const std::vector<std::vector<std::int64_t>> &valid)
{
    std::vector<PartPair> pairs;
    for (std::size_t row = 0; row < valid.size(); ++row) {
        const auto number = static_cast<std::int64_t>(row);
        for (const std::int64_t part : valid[row])
            pairs.push_back({number, part, number, part});
    }
    return pairs;
}

std::vector<PartPair> foreignPairs(const std::vector<std::vector<std::int64_t>> &valid,
                                   const torch::Tensor &identities,
                                   const std::function<std::int64_t(std::int64_t)> &draw)
{
    const auto people = identities.accessor<std::int64_t, 1>();
    std::vector<PartPair> pairs;
    for (std::size_t row = 0; row < valid.size(); ++row) {
        std::vector<std::size_t> candidates;
        for (std::size_t other = 0; other < valid.size(); ++other) {
            if (!valid[other].empty()
                && people[static_cast<std::int64_t>(other)]
                       != people[static_cast<std::int64_t>(row)])
                candidates.push_back(other);
        }
        if (candidates.empty())
            continue;
        for (const std::int64_t part : valid[row]) {
            const std::size_t other = candidates[static_cast<std::size_t>(
                draw(static_cast<std::int64_t>(candidates.size())))];
            const std::int64_t textPart = valid[other][static_cast<std::size_t>(
                draw(static_cast<std::int64_t>(valid[other].size())))];
            pairs.push_back(
                {static_cast<std::int64_t>(row), part, static_cast<std::int64_t>(other), textPart});
        }
    }
    return pairs;
}

torch::Tensor matchLogits(nn::SapSam &model, const torch::Tensor &imageTokens,
                          const torch::Tensor &textTokens, const BatchParts &parts,
                          const std::vector<PartPair> &pairs)
{
    const std::int64_t length = textTokens.size(1);
    const auto count = static_cast<std::int64_t>(pairs.size());
    std::int64_t longest = 1;
    for (const PartPair &pair : pairs) {
        const auto [first, end] = tokensOf(parts, pair.text, pair.textPart, length);
        longest = std::max(longest, end - first);
    }
    torch::Tensor images = torch::empty({count}, torch::kLong);
    torch::Tensor texts = torch::empty({count, 1}, torch::kLong);
    torch::Tensor places = torch::zeros({count, longest}, torch::kLong);
    torch::Tensor present = torch::zeros({count, longest}, torch::kLong);
    for (std::int64_t i = 0; i < count; ++i) {
        const PartPair &pair = pairs[static_cast<std::size_t>(i)];
        const auto [first, end] = tokensOf(parts, pair.text, pair.textPart, length);
        images[i] = pair.image;
        texts[i] = pair.text;
        places[i].slice(0, 0, end - first).copy_(torch::arange(first, end));
        present[i].slice(0, 0, end - first).fill_(1);
    }
    const torch::Device device = textTokens.device();
    const torch::Tensor words =
        textTokens.index({texts.to(device), places.to(device)}); // [pairs, longest, D]
    // The rows of the patches would follow; the head looks at the class token's row alone.
    const torch::Tensor regions = imageTokens.index_select(0, images.to(device)).slice(1, 0, 1);
    return model->matchLogits(regions, words, present.to(device));
}

torch::Tensor matchingLoss(nn::SapSam &model, const torch::Tensor &imageTokens,
                           const torch::Tensor &textTokens, const BatchParts &parts,
                           const std::vector<PartPair> &own, const std::vector<PartPair> &foreign)
{
    std::vector<PartPair> pairs = own;
    pairs.insert(pairs.end(), foreign.begin(), foreign.end());
    if (pairs.empty())
        return nothing(textTokens);
    const torch::Tensor logits = matchLogits(model, imageTokens, textTokens, parts, pairs);
    torch::Tensor answers = torch::zeros({logits.size(0)}, torch::kLong);
    answers.slice(0, 0, static_cast<std::int64_t>(own.size())).fill_(1);
    return F::cross_entropy(logits.to(torch::kFloat), answers.to(logits.device()));
}

torch::Tensor pooledAlignmentLoss(nn::SapSam &model, const torch::Tensor &imageTokens,
                                  const torch::Tensor &textTokens, const BatchParts &parts,
                                  const std::vector<PartPair> &own, double scale)
{
    if (own.empty())
        return nothing(textTokens);
    std::vector<torch::Tensor> regions;
    std::vector<torch::Tensor> phrases;
    for (const PartPair &pair : own) {
        const torch::Tensor patches =
            parts.patchLabels[pair.image].eq(pair.part + 1).to(imageTokens.device());
        regions.push_back(model->pool(imageTokens[pair.image].slice(0, 1).index({patches}), true));
        const auto [first, end] = tokensOf(parts, pair.text, pair.textPart, textTokens.size(1));
        phrases.push_back(model->pool(textTokens[pair.text].slice(0, first, end), false));
    }
    return itcLoss(torch::stack(regions), torch::stack(phrases), scale);
}

} // namespace sapsam::training
