#pragma once

#include "core/base/cancel.h"
#include "core/base/progress.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sapsam {

struct SyntheticOptions
{
    std::int64_t count = 1000;       // pictures
    std::uint64_t seed = 1;          // of the people and everything about them
    std::uint64_t firstIdentity = 0; // of the generator; other numbers are other people
    int picturesPerIdentity = 4;
    int captionsPerPicture = 2;
    int width = 64; // pixels
    int height = 128;
    int jpegQuality = 92;
    double valShare = 0.1; // of the identities
    double testShare = 0.1;
    int threads = 0; // 0: one per processor core

    std::vector<std::string> problems() const; // empty when usable
};

struct SyntheticReport
{
    std::int64_t images = 0;
    std::int64_t identities = 0;
    std::int64_t captions = 0;
    bool cancelled = false;
};

// Draws people and writes them below `out` as CUHK-PEDES/ (pictures and captions) and ATR/ (the
// same pictures with label maps and phrases), with train, val (dev) and test split by identity. The
// same options give the same files with any number of threads. A cancelled run writes the
// annotations of the pictures that are complete. Throws Error(InvalidInput) listing unusable
// options or when `out` already holds a data set, and what writing files throws.
SyntheticReport writeSyntheticDataset(const std::string &out, const SyntheticOptions &options,
                                      const CancelToken &cancel = {},
                                      const ProgressSink &progress = {});

} // namespace sapsam
