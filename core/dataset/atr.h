#pragma once

#include "core/dataset/person_dataset.h"

#include <map>
#include <string>
#include <vector>

namespace sapsam {

// One phrase about one part of one picture, as the published phrase lists have it.
struct AtrPhrase
{
    std::string image; // "2500_1.jpg"
    int idx = 0;       // first class of the part group: 1, 2, 3, 4, 5, 6, 7, 9 or 16
    std::string text;
    std::int64_t row = -1; // of the list it was read from
};

// ATR (HumanParsing): JPEGImages/*.jpg, SegmentationClassAug/*.png (class ids 0 … 17, 255 ignored),
// atr_label.txt and, as SAP-SAM made them, atr_item_descriptions_{train,dev,test}.json.
struct AtrDataset
{
    std::string folder;
    std::vector<std::string> names;                        // without extension, sorted
    std::map<int, std::string> labels;                     // from atr_label.txt, empty without it
    std::map<std::string, std::vector<AtrPhrase>> phrases; // "train", "dev", "test"
    std::vector<DatasetFinding> findings;

    std::string imagePath(const std::string &name) const;
    std::string maskPath(const std::string &name) const;
};

constexpr int kAtrClasses = 18;

// The classes that a phrase's target mask covers in the published training: both shoes for 9, the
// class itself for every other. The faces and legs that the phrase was made from are not in it.
std::vector<int> atrTargetClasses(int idx);

// Whether phrases may carry this idx.
bool isAtrPhraseIdx(int idx);

// `folder` is the one with JPEGImages or the one above it, with ATR or humanparsing in it. Pictures
// without a mask and phrases without a picture or with an unusable idx are left out and reported.
// Throws Error(NotFound) when JPEGImages or SegmentationClassAug is missing, Error(Corrupt) for a
// phrase list or label file that cannot be parsed.
AtrDataset readAtr(const std::string &folder);

// atr_label.txt, and the phrase list of one of "train", "dev" and "test".
void writeAtrLabelFile(const std::string &folder);
void writeAtrPhrases(const std::vector<AtrPhrase> &phrases, const std::string &folder,
                     const std::string &split);

} // namespace sapsam
