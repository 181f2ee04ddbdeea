#pragma once

#include "core/base/cancel.h"
#include "core/base/json_file.h"
#include "core/base/progress.h"
#include "core/synth/pedestrian.h"
#include "core/taxonomy/taxonomy.h"
#include "core/train/task_inputs.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

// Phrases about the parts of people in a parsing data set, divided into what is trained on, what
// chooses the best weights and what is measured at the end (method.md 1.1 and 1.2).
namespace sapsam::training {

struct ParsingOptions
{
    std::string data;      // folder with the layout of ATR or LIP, or "synthetic" for drawn people
    std::string splitFile; // of the stored 8:1:1 division; empty: atr_split.json in the folder
    std::uint64_t splitSeed = 1; // for a division that is not stored yet
    std::string taxonomy;        // file; empty: the paper's Table 1
    // taxonomy | first | any | all: when a part is there. "taxonomy" leaves phrase lists alone, the
    // others also drop listed phrases whose part is not there.
    std::string trigger = "taxonomy";
    // lists: the published phrase lists, and group phrases for a set without one; groups: the
    // taxonomy's phrase of each group ("the hat"); classes: the name of the group's first class.
    std::string phrases = "lists";

    // Of "synthetic": eight, one and one tenth of the people are train, dev and test.
    std::uint64_t syntheticSeed = 20250;
    std::int64_t syntheticIdentities = 400;
    int picturesPerIdentity = 2;
    int pictureWidth = 96;
    int pictureHeight = 192;
};

struct ParsingPicture
{
    std::string name;
    std::string imagePath;
    std::string labelPath;
    bool isLip = false; // its labels are translated into ATR's when they are read
    std::shared_ptr<const SyntheticPicture> drawn; // instead of files
};

// A phrase about one part of one picture.
struct ParsingSample
{
    std::size_t picture = 0; // in ParsingSets::pictures
    std::size_t group = 0;   // in the taxonomy
    int idx = 0;             // first class of the group, as phrase lists have it
    std::string text;
};

struct ParsingSets
{
    std::string folder;
    std::string layout; // "atr", "lip" or "synthetic"
    Taxonomy taxonomy;
    std::vector<ParsingPicture> pictures;
    std::map<std::string, std::vector<ParsingSample>> samples; // "train", "dev" and "test"
    std::vector<std::string> notes; // for people: where the samples come from, what was left out
    std::string hash;               // SHA-256 over the samples and the taxonomy's version

    // Counts, notes and hash, for the record of a run.
    OrderedJson record() const;
};

// Reads annotations; label maps only where phrases must be made, which takes a while. With phrase
// lists the sets are theirs: a set without one takes phrases made for the pictures that no list
// names (train) or a tenth of the train pictures (dev). Without any list ATR's stored division
// counts, drawn and stored at the first time, and LIP's own lists. LIP has no test set. Drawn
// people are others than those that the shipped models were trained on. Throws what the readers of
// the layouts throw, Error(InvalidInput) for another layout, Error(Unsupported) in a build that
// cannot read pictures and Error(InvalidInput) when train or dev is empty.
ParsingSets readParsingSets(const ParsingOptions &options, const TaskInputs &inputs,
                            const CancelToken &cancel = {}, const ProgressSink &progress = {});

// RGB. Throws what the reader throws.
Image imageOf(const ParsingPicture &picture, const TaskInputs &inputs);

// The class ids of a picture, in ATR's numbers. Throws what the reader throws.
LabelMap labelsOf(const ParsingPicture &picture, const TaskInputs &inputs);

// The classes of the mask that a phrase asks for. As published the masks do not follow the merges
// of the phrases: {2} for hair, {3} for glasses, {9, 10} for shoes.
std::vector<int> maskClasses(const ParsingSets &sets, const ParsingSample &sample,
                             bool followsMerge);

} // namespace sapsam::training
