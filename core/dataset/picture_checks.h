#pragma once

#include "core/base/cancel.h"
#include "core/base/progress.h"
#include "core/dataset/atr.h"
#include "core/dataset/lip.h"
#include "core/dataset/part_annotations.h"
#include "core/dataset/person_dataset.h"
#include "core/image/image.h"
#include "core/image/near_duplicates.h"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

// The checks that need pixels. They use every core; what they find does not depend on how many. A
// cancelled check returns what it has found so far.
namespace sapsam {

// What was learned about a picture by decoding it.
struct PictureFacts
{
    bool readable = false;
    bool grey = false; // red, green and blue agree everywhere
    int width = 0;
    int height = 0;
    PerceptualHash hash;
};

// Decodes every picture: "truncated-image" for a file that ends early or is damaged,
// "undecodable-image" for one that is no picture. facts, when given, gets one entry a picture.
std::vector<DatasetFinding> checkPictures(const PersonDataset &dataset,
                                          const CancelToken &cancel = {},
                                          const ProgressSink &progress = {},
                                          std::vector<PictureFacts> *facts = nullptr);

// Pairs of pictures whose hashes differ in at most `distance` bits (below 16) and that have the
// same colours: "near-duplicate", a warning when they lie in two splits (what is measured was seen
// in training) and a note otherwise. Pictures under kSmallestComparable pixels wide say too little
// and give notes only.
constexpr int kSmallestComparable = 32;
std::vector<DatasetFinding> findNearDuplicates(const PersonDataset &dataset,
                                               const std::vector<PictureFacts> &facts,
                                               int distance = 10);

struct ParsingFacts
{
    std::vector<std::int64_t> histogram;               // pixels of each class over all masks
    std::vector<std::string> greyImages;               // "dataset10k_27.jpg"
    std::vector<std::string> indexedMasks;             // masks with a palette
    std::map<std::string, std::int64_t> ignoredPixels; // of the label 255, by mask
};

// Decodes every picture and mask: "bad-mask" (no id picture), "bad-label" (an id from 18 to 254),
// "size-mismatch", "truncated-image", "undecodable-image"; as a warning "empty-target" for a phrase
// whose class does not occur in its mask; as a note "ignored-pixels" for the label 255.
std::vector<DatasetFinding> checkAtrPictures(const AtrDataset &dataset,
                                             const CancelToken &cancel = {},
                                             const ProgressSink &progress = {},
                                             ParsingFacts *facts = nullptr);

// The same for LIP, with ids 0 to 19.
std::vector<DatasetFinding> checkLipPictures(const LipDataset &dataset,
                                             const CancelToken &cancel = {},
                                             const ProgressSink &progress = {},
                                             ParsingFacts *facts = nullptr);

// Decodes every part mask: "bad-mask", "size-mismatch" with its picture, and as a warning
// "mask-values" for one with other values than 0 and 1 (what is not 0 is taken as inside).
std::vector<DatasetFinding> checkPartMasks(const PartDataset &parts, const PersonDataset &people,
                                           const CancelToken &cancel = {},
                                           const ProgressSink &progress = {});

// Class ids from a mask that was stored as a colour picture, through a palette of colours. Throws
// Error(Corrupt) naming the first colour that is not in it.
LabelMap labelsOfColours(const Image &picture,
                         const std::vector<std::array<std::uint8_t, 3>> &palette,
                         const std::string &origin);

} // namespace sapsam
