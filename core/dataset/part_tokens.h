#pragma once

#include "core/base/random.h"

#include <cstdint>
#include <string>
#include <vector>

// Where phrases stand in a caption, and which of its tokens are hidden for the masked-word loss
// (SAP-SAM's attentive decoding). Token ids only, so any tokenizer with these special ids fits.
namespace sapsam {

// Inclusive indices of tokens; (-1, -1) when the phrase is not there. `end` may lie beyond the
// caption: a phrase that starts near its end is not cut.
struct TokenSpan
{
    std::int64_t start = -1;
    std::int64_t end = -1;

    bool isFound() const { return start >= 0; }
    bool operator==(const TokenSpan &other) const
    {
        return start == other.start && end == other.end;
    }
};

constexpr int kSpanErrors = 2; // of the published search

// Every place where the phrase's first token stands and at most `errors` of its others differ from
// the tokens there (the last token of the caption stands for what lies beyond it). A phrase of up
// to three tokens thus matches wherever its first token occurs: published behaviour. One span
// (-1, -1) when there is none or the phrase is empty.
std::vector<TokenSpan> findSpans(const std::vector<std::int64_t> &caption,
                                 const std::vector<std::int64_t> &phrase, int errors = kSpanErrors);

// The first of them.
TokenSpan findSpan(const std::vector<std::int64_t> &caption,
                   const std::vector<std::int64_t> &phrase, int errors = kSpanErrors);

// The random numbers that masking consumes, in order.
class TokenDraws
{
public:
    virtual ~TokenDraws() = default;
    virtual double uniform() = 0;                                          // in [0, 1)
    virtual std::int64_t integer(std::int64_t low, std::int64_t high) = 0; // both ends included
};

class SeededDraws final : public TokenDraws
{
public:
    explicit SeededDraws(SeededRandom random) : m_random(random) {}
    double uniform() override { return m_random.uniform(); }
    std::int64_t integer(std::int64_t low, std::int64_t high) override
    {
        return m_random.integer(low, high);
    }

private:
    SeededRandom m_random;
};

// Which tokens of a phrase are masked with the higher probability: as published only its first and
// its last, as the paper means it all of them.
enum class PartTokens { Endpoints, WholeSpan };

struct TokenMaskingOptions
{
    double maskProbability = 0.15;
    double partProbability = 0.35; // p' of the paper
    PartTokens partTokens = PartTokens::Endpoints;
    std::int64_t maskId = 49405;
    std::int64_t firstRandomId = 1;
    std::int64_t lastRandomId = 49404; // tokens above it (mask, start, end) are never masked
};

struct MaskedTokens
{
    std::vector<std::int64_t> ids;
    std::vector<std::int64_t> labels; // the hidden token, 0 where nothing is to be predicted
};

// Hides tokens one by one: 80 % become the mask, 10 % a random token, 10 % stay; when chance hides
// none, the token after the start is hidden (in an empty caption that is the end token: published
// behaviour, so empty captions are better left out before). Without spans every token has
// maskProbability. Throws Error(InvalidInput) for a caption of fewer than two tokens.
MaskedTokens maskTokens(const std::vector<std::int64_t> &tokens,
                        const std::vector<TokenSpan> &spans, const TokenMaskingOptions &options,
                        TokenDraws &draws);

// Published training hides the caption's tokens in place, twice: the other losses see the caption
// with those holes, and spans are searched in it. CleanCopies gives every step its own copy.
enum class CaptionCopies { SharedBuffer, CleanCopies };

struct TrainingTokens
{
    MaskedTokens plain;           // 15 % everywhere
    std::vector<TokenSpan> spans; // [partCount]; phrases that are fewer are filled with the first
    MaskedTokens part;            // the higher share in the phrases
    std::vector<std::int64_t> caption; // what the other losses see
    std::size_t partNumber = 0;        // phrases before filling up, at most partCount
};

constexpr std::size_t kPartCount = 6; // phrases a caption, as published

// One row of the retrieval training. caption: padded ids; phrases: ids without start and end, at
// least one. The first pass uses drawsPlain, the second drawsPart.
TrainingTokens trainingTokens(const std::vector<std::int64_t> &caption,
                              const std::vector<std::vector<std::int64_t>> &phrases,
                              const TokenMaskingOptions &options, CaptionCopies copies,
                              TokenDraws &drawsPlain, TokenDraws &drawsPart,
                              std::size_t partCount = kPartCount);

} // namespace sapsam
