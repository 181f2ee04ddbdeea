#pragma once

#include "core/nn/torch_compat.h"

// Losses as functions of tensors. All compute in fp32 whatever the type of what comes in, are
// differentiable, and return a scalar.
namespace sapsam::training {

struct SdmLoss
{
    torch::Tensor imageToText; // scalars
    torch::Tensor textToImage;
    torch::Tensor total() const { return imageToText + textToImage; }
};

// Similarity distribution matching (Jiang and Ye, CVPR 2023, equations 3 to 6; method.md 1.5):
// p = softmax(scale · cosine), q = same identity / number of the same identity in the batch,
// mean over rows of Σ p (log p − log(q + 1e-8)). image, text [B, D]; identities int64 [B].
// Pairs marked in `leftOut` (bool [images, texts], or undefined for none) take no part.
SdmLoss sdmLoss(const torch::Tensor &image, const torch::Tensor &text,
                const torch::Tensor &identities, double scale, const torch::Tensor &leftOut = {});

// InfoNCE in both directions, halved: the diagonal is positive, all else negative
// (Radford et al. 2021). image, text [B, D]. Pairs marked in `leftOut` (bool [images, texts], or
// undefined for none; never on the diagonal) take no part.
torch::Tensor itcLoss(const torch::Tensor &image, const torch::Tensor &text, double scale,
                      const torch::Tensor &leftOut = {});

// The same over soft targets: alpha · softmax of the scores, without a gradient, plus
// (1 − alpha) · same identity / number of the same identity. Cross entropy in both directions,
// halved (Cao et al., AAAI 2024, N-ITC). identities int64 [B].
torch::Tensor softItcLoss(const torch::Tensor &image, const torch::Tensor &text,
                          const torch::Tensor &identities, double scale, double alpha);

// Cross-modal projection matching (Zhang and Lu, ECCV 2018; method.md 1.5): as sdmLoss, but only
// one side is at unit length, without a scale, and the target row is divided by its L2 norm.
torch::Tensor cmpmLoss(const torch::Tensor &image, const torch::Tensor &text,
                       const torch::Tensor &identities);

// Cross entropy of both sides' identity logits [B, classes], halved. identities int64 [B].
torch::Tensor identityLoss(const torch::Tensor &imageLogits, const torch::Tensor &textLogits,
                           const torch::Tensor &identities);

// 1 − (2 Σ p g + 1e-5) / (Σ p² + Σ g² + 1e-5) with p = sigmoid(logit), a value per sample
// (method.md 1.2). logits, target [B, …] → [B]
torch::Tensor diceLossPerSample(const torch::Tensor &logits, const torch::Tensor &target);

// Its mean over the batch.
torch::Tensor diceLoss(const torch::Tensor &logits, const torch::Tensor &target);

// Binary cross entropy with logits, mean over all elements.
torch::Tensor bceLoss(const torch::Tensor &logits, const torch::Tensor &target);

// Cross entropy over the last dimension; positions whose label is `ignored` do not count, and a
// batch without any label gives 0. logits [..., V], labels int64 [...].
torch::Tensor tokenLoss(const torch::Tensor &logits, const torch::Tensor &labels,
                        std::int64_t ignored = -100);

// Σ(p∧g) / (Σ(p∨g) + 1e-10) of logit > 0 against the target, a value per sample: [B, …] → [B].
torch::Tensor binaryIou(const torch::Tensor &logits, const torch::Tensor &target);

} // namespace sapsam::training
