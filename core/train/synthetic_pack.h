#pragma once

#include "core/base/cancel.h"
#include "core/base/progress.h"

#include <cstdint>
#include <string>

namespace sapsam::training {

// A pack of drawn people: what `sapsam synth`, Person-SAM and `sapsam dataset pack` would give,
// with exact masks and without files in between.
struct SyntheticPackOptions
{
    std::uint64_t seed = 20250;    // of the generator
    std::int64_t identities = 400; // eight, one and one tenth are train, val and test
    int picturesPerIdentity = 2;
    int captionsPerPicture = 2;
    int width = 128;
    int height = 384;

    std::string fingerprint() const;
};

// Makes the pack or continues it; a complete one of the same options is left as it is. Throws what
// PackWriter throws.
void writeSyntheticPack(const std::string &folder, const SyntheticPackOptions &options,
                        const CancelToken &cancel = {}, const ProgressSink &progress = {});

} // namespace sapsam::training
