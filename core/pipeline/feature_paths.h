#pragma once

#include "core/base/random.h"

#include <cstdint>
#include <string>
#include <string_view>

// Names of the feature files below a project's features folder: one pair for each model.
namespace sapsam {

inline std::string imageFeaturesName(const std::string &modelHash)
{
    return modelHash.substr(0, 16) + ".images.feat";
}

inline std::string phraseFeaturesName(const std::string &modelHash)
{
    return modelHash.substr(0, 16) + ".phrases.feat";
}

// Part phrases are few wordings said many times: their vectors are kept once for each wording,
// under the hash of its text.
inline std::int64_t phraseKey(std::string_view text)
{
    return static_cast<std::int64_t>(fnv1a64(text));
}

} // namespace sapsam
