#pragma once

#include "core/base/cancel.h"
#include "core/base/progress.h"
#include "core/dataset/open_dataset.h"
#include "core/dataset/packs.h"
#include "core/image/resize.h"

#include <functional>
#include <string>

namespace sapsam {

struct PackOptions
{
    int width = 128;
    int height = 384;
    ResizeFilter filter = ResizeFilter::Bicubic; // of pictures; published training uses bicubic
    // Of merged part masks; published training uses bicubic, which invents labels along borders.
    ResizeFilter maskFilter = ResizeFilter::Bicubic;
    std::int64_t picturesPerShard = 8192;
    int threads = 0; // 0: one per processor core
    // Ids of a caption with start and end, unpadded or padded; empty: captions without ids.
    std::function<std::vector<std::int64_t>(const std::string &)> tokenize;
    std::string tokenizerName; // part of the pack's fingerprint
};

struct PackReport
{
    std::int64_t pictures = 0; // in the pack
    std::int64_t masks = 0;    // written by this call
    std::int64_t added = 0;    // by this call
    bool cancelled = false;
};

// Decodes, resizes and packs every picture of a data set with its captions, the merged masks of its
// train captions when SAP-SAM's files are there, or ATR's and LIP's label maps and phrases. Goes on
// where an interrupted call stopped; a complete pack of the same data is left as it is. Pictures
// are decoded side by side and written in order, so the pack does not depend on the threads. Throws
// Error(Corrupt) naming a picture that cannot be decoded, Error(Mismatch) when the folder holds
// another pack.
PackReport packDataset(const OpenedDataset &dataset, const std::string &folder,
                       const PackOptions &options, const CancelToken &cancel = {},
                       const ProgressSink &progress = {});

} // namespace sapsam
