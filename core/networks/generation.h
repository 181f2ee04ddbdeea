#pragma once

#include "core/nn/torch_compat.h"

#include <functional>
#include <vector>

// Greedy search, beam search and sampling over next-token scores, by the rules of the transformers
// library.
namespace sapsam::nn {

// Keys and values of one attention so far, [B, heads, N, d].
struct KeyValueCache
{
    // Adds newer keys and values behind those that are here; gives all of them back.
    void append(torch::Tensor &newKeys, torch::Tensor &newValues);
    void repeatRows(std::int64_t times);         // every row `times` times, adjacent
    void selectRows(const torch::Tensor &order); // row i becomes row order[i]

    torch::Tensor keys, values;
};

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
    // The end is forbidden before. LAVIS counts a placeholder in its min_length: one less here.
    std::int64_t minNewTokens = 0;
    double lengthPenalty = 1.0;
    double repetitionPenalty = 1.0; // acts on generated tokens only
    std::int64_t noRepeatNgram = 0; // no run of so many tokens occurs twice; 0: any may

    // Draws instead of taking the best; with several beams, draws the candidates of the search.
    bool sample = false;
    double temperature = 1.0; // before topK and topP
    std::int64_t topK = 0;    // only the k most likely tokens; 0: all
    double topP = 1.0;        // only the most likely tokens that together reach p ("nucleus")
    std::uint64_t seed = 0;
    // A seed for each row, so that what is drawn for it does not depend on its neighbours. Empty:
    // made from the seed and the row's number.
    std::vector<std::uint64_t> rowSeeds;

    std::int64_t eosId = 50118; // in OPT the line break
    std::int64_t padId = 1;
    std::int64_t placeholderId = 2; // in encoder-decoder models the id that the answer starts with
    // The rules about repetition see the placeholder in either convention, as they do in
    // encoder-decoder models.
    bool placeholderCounts = false;
    LengthConvention lengthConvention = LengthConvention::Generated;
    bool earlyStopping = false; // stop as soon as numBeams sentences are complete

    // Throws Error(InvalidInput) naming the option.
    void check() const;
};

struct Generated
{
    std::vector<std::vector<std::int64_t>> ids; // new tokens of each row, with the end token if any
    std::vector<double> scores;                 // of the chosen beams; empty without beams
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
