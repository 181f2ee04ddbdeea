#include "core/dataset/part_tokens.h"

#include "core/base/error.h"

#include <algorithm>

namespace sapsam {

namespace {

bool isPartToken(std::int64_t index, const std::vector<TokenSpan> &spans, PartTokens rule)
{
    return std::any_of(spans.begin(), spans.end(), [&](const TokenSpan &span) {
        if (!span.isFound())
            return false;
        if (rule == PartTokens::Endpoints)
            return index == span.start || index == span.end;
        return index >= span.start && index <= span.end;
    });
}

} // namespace

std::vector<TokenSpan> findSpans(const std::vector<std::int64_t> &caption,
                                 const std::vector<std::int64_t> &phrase, int errors)
{
    std::vector<TokenSpan> spans;
    for (std::size_t start = 0; start < caption.size() && !phrase.empty(); ++start) {
        if (caption[start] != phrase.front())
            continue;
        int mismatches = 0;
        for (std::size_t k = 1; k < phrase.size(); ++k)
            if (phrase[k] != caption[std::min(start + k, caption.size() - 1)])
                ++mismatches;
        if (mismatches <= errors)
            spans.push_back({static_cast<std::int64_t>(start),
                             static_cast<std::int64_t>(start + phrase.size() - 1)});
    }
    if (spans.empty())
        spans.push_back({});
    return spans;
}

TokenSpan findSpan(const std::vector<std::int64_t> &caption,
                   const std::vector<std::int64_t> &phrase, int errors)
{
    return findSpans(caption, phrase, errors).front();
}

MaskedTokens maskTokens(const std::vector<std::int64_t> &tokens,
                        const std::vector<TokenSpan> &spans, const TokenMaskingOptions &options,
                        TokenDraws &draws)
{
    constexpr double maskShare = 0.8;
    constexpr double randomShare = 0.9; // the rest stays as it is
    const auto isEligible = [&](std::int64_t id) { return id > 0 && id <= options.lastRandomId; };
    if (tokens.size() < 2)
        throw Error(ErrorKind::InvalidInput, "masking: a caption has a start and an end token");
    MaskedTokens masked;
    masked.ids = tokens;
    masked.labels.assign(tokens.size(), 0);
    bool any = false;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (!isEligible(tokens[i]))
            continue;
        const double probability =
            isPartToken(static_cast<std::int64_t>(i), spans, options.partTokens)
                ? options.partProbability
                : options.maskProbability;
        double drawn = draws.uniform();
        if (drawn >= probability)
            continue;
        any = true;
        masked.labels[i] = tokens[i];
        drawn /= probability;
        if (drawn < maskShare)
            masked.ids[i] = options.maskId;
        else if (drawn < randomShare)
            masked.ids[i] = draws.integer(options.firstRandomId, options.lastRandomId);
    }
    if (!any) {
        masked.labels[1] = tokens[1];
        masked.ids[1] = options.maskId;
    }
    return masked;
}

TrainingTokens trainingTokens(const std::vector<std::int64_t> &caption,
                              const std::vector<std::vector<std::int64_t>> &phrases,
                              const TokenMaskingOptions &options, CaptionCopies copies,
                              TokenDraws &drawsPlain, TokenDraws &drawsPart, std::size_t partCount)
{
    if (phrases.empty() || partCount == 0)
        throw Error(ErrorKind::InvalidInput, "masking: a training row needs at least one phrase");
    TrainingTokens row;
    row.partNumber = std::min(phrases.size(), partCount);
    row.plain = maskTokens(caption, {}, options, drawsPlain);
    const bool shared = copies == CaptionCopies::SharedBuffer;
    const std::vector<std::int64_t> &seen = shared ? row.plain.ids : caption;
    for (std::size_t k = 0; k < partCount; ++k)
        row.spans.push_back(findSpan(seen, k < phrases.size() ? phrases[k] : phrases.front()));
    row.part = maskTokens(seen, row.spans, options, drawsPart);
    row.caption = shared ? row.part.ids : caption;
    return row;
}

} // namespace sapsam
