#pragma once

#include "core/nn/torch_compat.h"

#include <functional>
#include <vector>

// Greedy and beam search over next-token scores, by the rules of the transformers library.
namespace sapsam::nn {

// What "length" is in the score of a beam, sum of log-probabilities / length^lengthPenalty.
enum class LengthConvention {
    Generated,      // new tokens with the end token (transformers 4.37 and later)
    WithPlaceholder // a placeholder plus new tokens without the end token (4.27, the era of LAVIS);
                    // the repetition penalty sees the placeholder
};

struct GenerationOptions
{
    std::int64_t numBeams = 1; // 1 is greedy
    std::int64_t maxNewTokens = 20;
    std::int64_t minNewTokens = 0;
    double lengthPenalty = 1.0;
    double repetitionPenalty = 1.0; // acts on generated tokens only
    std::int64_t eosId = 50118;     // in OPT the line break
    std::int64_t padId = 1;
    std::int64_t placeholderId = 2;
    LengthConvention lengthConvention = LengthConvention::Generated;
    bool earlyStopping = false; // stop as soon as numBeams sentences are complete

    // Throws Error(InvalidInput) naming the option.
    void check() const;
};

struct Generated
{
    std::vector<std::vector<std::int64_t>> ids; // new tokens of each row, with the end token if any
    std::vector<double> scores;                 // of the chosen beams; empty when greedy
};

// Scores of the next token for every running sequence.
// step(tokens, order): tokens [R] are the last chosen ones, order [R] the rows of the previous call
// that they continue; both undefined in the first call. Returns logits [R, vocab], where R is
// rows · numBeams, beams of a row adjacent. In the first call all beams of a row are equal.
using NextTokenStep =
    std::function<torch::Tensor(const torch::Tensor &tokens, const torch::Tensor &order)>;

Generated generateTokens(std::int64_t rows, const NextTokenStep &step,
                         const GenerationOptions &options);

} // namespace sapsam::nn
