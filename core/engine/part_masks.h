#pragma once

#include "core/base/cancel.h"
#include "core/base/progress.h"
#include "core/dataset/open_dataset.h"
#include "core/engine/segmenter.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

// SAP-SAM's fourth step (method.md 1.4): a mask for every phrase of every train caption.
namespace sapsam {

struct PartMaskOptions
{
    std::string phraseFile; // list of phrases; empty: the one in the data set's folder
    std::string output;     // folder of segs/ and the lists; empty: the data set's
    std::int64_t limit = 0; // captions to do in this call; 0 for all that are left
    bool anew = false;      // do again what an earlier call with another model or list did
    int loaderThreads = 1;  // that decode pictures ahead
};

struct PartMaskReport
{
    std::int64_t captions = 0; // of the phrase list
    std::int64_t phrases = 0;
    std::int64_t written = 0; // masks, by this call
    std::int64_t found = 0;   // masks that were there
    std::int64_t empty = 0;   // of those written: nothing was found in the picture
    bool complete = false;    // every phrase has its mask, and the lists are written
    bool cancelled = false;
    std::string phraseList; // the written list; empty until it is complete
    std::vector<std::pair<std::string, std::string>> failed; // picture and reason
};

// Writes segs/<stem>.png, 8-bit grey of 0 and 1 at the picture's size, for every phrase, and when
// all are there the phrase list and the scores under the published names; `sapsam dataset pack`
// packs them then. Each finished mask is entered in <NAME>_masks.jsonl, so that a later call goes
// on where this one stopped and the files come out the same, byte by byte. Pictures that cannot be
// read are reported and passed over; the lists wait for them. `dataset` may have been opened
// without its parts. Throws Error(InvalidInput) for a set without train captions or without a
// phrase list, Error(Mismatch) when masks of another model or list lie there, and what reading and
// writing files throws.
PartMaskReport makePartMasks(const OpenedDataset &dataset, Segmenter &segmenter,
                             const PartMaskOptions &options, const CancelToken &cancel = {},
                             const ProgressSink &progress = {});

} // namespace sapsam
