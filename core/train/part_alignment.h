#pragma once

#include "core/networks/sap_sam.h"

#include <cstdint>
#include <functional>
#include <vector>

// Which parts of a picture and which phrases of its caption belong together, and what the model is
// taught about it (method.md 1.5, ELCA).
namespace sapsam::training {

// What a batch knows about its parts; int64 on the CPU. Of B rows with up to P phrases.
struct BatchParts
{
    torch::Tensor patchLabels; // [B, N]: 0 for none, k + 1 for the part of phrase k
    torch::Tensor spans;       // [B, P, 2]: first and last token of each phrase, -1 where not found
    torch::Tensor counts;      // [B]: phrases that the row has
    torch::Tensor identities;  // [B]
};

// The phrases of each row that have a patch and a place in the caption, ascending.
std::vector<std::vector<std::int64_t>> validParts(const BatchParts &parts);

// A part of one row and a phrase of the same row or another one.
struct PartPair
{
    std::int64_t image = 0;
    std::int64_t part = 0;
    std::int64_t text = 0;
    std::int64_t textPart = 0;
};

// Each valid part with its own phrase.
std::vector<PartPair> ownPairs(const std::vector<std::vector<std::int64_t>> &valid);

// A wrong phrase for each valid part: of a random row of another person that has a valid part, a
// random one of them. `draw(n)` gives a number from 0 to n - 1 and is called for the row first.
// Parts for which the batch has no other person are left out.
std::vector<PartPair> foreignPairs(const std::vector<std::vector<std::int64_t>> &valid,
                                   const torch::Tensor &identities,
                                   const std::function<std::int64_t(std::int64_t)> &draw);

// Logits [pairs, 2] of the model's matching head. imageTokens [B, 1 + N, D], textTokens [B, L, D].
torch::Tensor matchLogits(nn::SapSam &model, const torch::Tensor &imageTokens,
                          const torch::Tensor &textTokens, const BatchParts &parts,
                          const std::vector<PartPair> &pairs);

// Mean cross entropy, own pairs as "yes" and foreign ones as "no"; 0 for a batch without pairs.
torch::Tensor matchingLoss(nn::SapSam &model, const torch::Tensor &imageTokens,
                           const torch::Tensor &textTokens, const BatchParts &parts,
                           const std::vector<PartPair> &own, const std::vector<PartPair> &foreign);

// For the pooling alignments of table 6: InfoNCE over the pooled parts and phrases, every other
// pair of the batch counting as wrong; 0 for a batch without pairs.
torch::Tensor pooledAlignmentLoss(nn::SapSam &model, const torch::Tensor &imageTokens,
                                  const torch::Tensor &textTokens, const BatchParts &parts,
                                  const std::vector<PartPair> &own, double scale);

} // namespace sapsam::training
