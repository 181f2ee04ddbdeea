#pragma once

#include <cstdint>
#include <vector>

namespace sapsam {

// A text as a network takes it: padded or cut to a fixed length.
struct TokenSequence
{
    std::vector<std::int64_t> ids;           // [length]
    std::vector<std::int64_t> attentionMask; // [length], 1 for tokens, 0 for padding
    std::vector<std::int64_t> typeIds;       // [length], 1 for the second text of a pair (BERT)
    bool truncated = false;                  // the text was longer and its end is lost
};

} // namespace sapsam
