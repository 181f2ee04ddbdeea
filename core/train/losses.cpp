#include "core/train/losses.h"

namespace sapsam::training {

namespace F = torch::nn::functional;

namespace {

torch::Tensor unitRows(const torch::Tensor &x)
{
    const torch::Tensor values = x.to(torch::kFloat);
    return values / values.norm(2, {1}, true);
}

// scale · cosine [images, texts]; what is left out gets no probability.
torch::Tensor scoresOf(const torch::Tensor &image, const torch::Tensor &text, double scale,
                       const torch::Tensor &leftOut)
{
    const torch::Tensor scores = scale * unitRows(image).matmul(unitRows(text).t());
    return leftOut.defined() ? scores.masked_fill(leftOut, -1e4) : scores;
}

// 1 where two rows of the batch are the same person: [B, B].
torch::Tensor sameIdentity(const torch::Tensor &identities)
{
    return identities.unsqueeze(1).eq(identities.unsqueeze(0)).to(torch::kFloat);
}

torch::Tensor reverseKl(const torch::Tensor &scores, const torch::Tensor &logTarget)
{
    const torch::Tensor logP = torch::log_softmax(scores, 1); // [B, B]
    return (logP.exp() * (logP - logTarget)).sum(1).mean();
}

} // namespace

SdmLoss sdmLoss(const torch::Tensor &image, const torch::Tensor &text,
                const torch::Tensor &identities, double scale, const torch::Tensor &leftOut)
{
    const torch::Tensor scores = scoresOf(image, text, scale, leftOut); // [B, B]
    const torch::Tensor same = sameIdentity(identities);
    const torch::Tensor logTarget = (same / same.sum(1, true) + 1e-8).log(); // [B, B]

    SdmLoss loss;
    loss.imageToText = reverseKl(scores, logTarget);
    loss.textToImage = reverseKl(scores.t(), logTarget);
    return loss;
}

torch::Tensor itcLoss(const torch::Tensor &image, const torch::Tensor &text, double scale,
                      const torch::Tensor &leftOut)
{
    const torch::Tensor scores = scoresOf(image, text, scale, leftOut); // [B, B]
    const torch::Tensor diagonal = torch::arange(
        scores.size(0), torch::TensorOptions().dtype(torch::kLong).device(scores.device()));
    return 0.5 * (F::cross_entropy(scores, diagonal) + F::cross_entropy(scores.t(), diagonal));
}

torch::Tensor softItcLoss(const torch::Tensor &image, const torch::Tensor &text,
                          const torch::Tensor &identities, double scale, double alpha)
{
    const torch::Tensor scores = scoresOf(image, text, scale, {}); // [B, B]
    const torch::Tensor same = sameIdentity(identities);
    const torch::Tensor hard = same / same.sum(1, true);
    const auto direction = [&](const torch::Tensor &values) {
        const torch::Tensor target =
            alpha * torch::softmax(values.detach(), 1) + (1.0 - alpha) * hard;
        return -(target * torch::log_softmax(values, 1)).sum(1).mean();
    };
    return 0.5 * (direction(scores) + direction(scores.t()));
}

torch::Tensor cmpmLoss(const torch::Tensor &image, const torch::Tensor &text,
                       const torch::Tensor &identities)
{
    const torch::Tensor same = sameIdentity(identities);
    const torch::Tensor logTarget = (same / same.norm(2, {1}, true) + 1e-8).log();
    const torch::Tensor images = image.to(torch::kFloat);
    const torch::Tensor texts = text.to(torch::kFloat);
    return reverseKl(images.matmul(unitRows(texts).t()), logTarget)
           + reverseKl(texts.matmul(unitRows(images).t()), logTarget);
}

torch::Tensor identityLoss(const torch::Tensor &imageLogits, const torch::Tensor &textLogits,
                           const torch::Tensor &identities)
{
    return 0.5
           * (F::cross_entropy(imageLogits.to(torch::kFloat), identities)
              + F::cross_entropy(textLogits.to(torch::kFloat), identities));
}

torch::Tensor diceLossPerSample(const torch::Tensor &logits, const torch::Tensor &target)
{
    const torch::Tensor p = logits.to(torch::kFloat).flatten(1).sigmoid(); // [B, N]
    const torch::Tensor g = target.to(torch::kFloat).flatten(1);           // [B, N]
    const torch::Tensor overlap = (p * g).sum(1);
    return 1.0 - (2.0 * overlap + 1e-5) / (p.square().sum(1) + g.square().sum(1) + 1e-5);
}

torch::Tensor diceLoss(const torch::Tensor &logits, const torch::Tensor &target)
{
    return diceLossPerSample(logits, target).mean();
}

torch::Tensor bceLoss(const torch::Tensor &logits, const torch::Tensor &target)
{
    return F::binary_cross_entropy_with_logits(logits.to(torch::kFloat), target.to(torch::kFloat));
}

torch::Tensor tokenLoss(const torch::Tensor &logits, const torch::Tensor &labels,
                        std::int64_t ignored)
{
    const torch::Tensor flat = logits.reshape({-1, logits.size(-1)});
    const torch::Tensor wanted = labels.reshape({-1});
    const torch::Tensor rows = wanted.ne(ignored).nonzero().squeeze(1);
    if (rows.numel() == 0)
        return flat.sum().to(torch::kFloat) * 0.0;
    return F::cross_entropy(flat.index_select(0, rows).to(torch::kFloat),
                            wanted.index_select(0, rows));
}

torch::Tensor binaryIou(const torch::Tensor &logits, const torch::Tensor &target)
{
    const torch::Tensor p = logits.flatten(1).gt(0);
    const torch::Tensor g = target.flatten(1).gt(0.5);
    const torch::Tensor both = p.logical_and(g).to(torch::kFloat).sum(1);
    const torch::Tensor any = p.logical_or(g).to(torch::kFloat).sum(1);
    return both / (any + 1e-10);
}

} // namespace sapsam::training
