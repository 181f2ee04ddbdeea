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

// How long the pictures' vectors were before they were made unit vectors, one number each: what a
// model that matches phrases needs besides.
inline std::string imageLengthsName(const std::string &modelHash)
{
    return modelHash.substr(0, 16) + ".lengths.feat";
}

inline std::string phraseFeaturesName(const std::string &modelHash)
{
    return modelHash.substr(0, 16) + ".phrases.feat";
}

inline std::string regionFeaturesName(const std::string &modelHash)
{
    return modelHash.substr(0, 16) + ".regions.feat";
}

// The approximate index over the pictures.
inline std::string indexName(const std::string &modelHash)
{
    return modelHash.substr(0, 16) + ".images.index";
}

// A region under its mask: another mask is another region to embed.
inline std::int64_t regionKey(std::int64_t imageId, std::string_view group, std::uint64_t maskHash)
{
    return static_cast<std::int64_t>(splitMix64(splitMix64(static_cast<std::uint64_t>(imageId))
                                                ^ fnv1a64(group) ^ splitMix64(maskHash)));
}

// Part phrases are few wordings said many times: their vectors are kept once for each wording,
// under the hash of its text.
inline std::int64_t phraseKey(std::string_view text)
{
    return static_cast<std::int64_t>(fnv1a64(text));
}

} // namespace sapsam
