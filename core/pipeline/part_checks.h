#pragma once

#include "core/base/cancel.h"
#include "core/base/json_file.h"
#include "core/base/progress.h"
#include "core/image/image.h"
#include "core/store/project_store.h"
#include "core/taxonomy/taxonomy.h"

#include <cstdint>
#include <string>
#include <vector>

// What a person who mends masks should look at: gaps, overlaps, holes, crumbs, swapped sides. The
// checks know the taxonomy: what two groups share by their classes is no overlap.
namespace sapsam {

enum class PartFindingKind {
    WrongSize,   // the mask was made for a picture of another size
    Unlabelled,  // pixels of the person that no part has
    Overlap,     // pixels that two groups claim which share no class
    Hole,        // enclosed by a part, and of no other part
    Island,      // small pieces beside a part's largest one
    SideSwap,    // left and right are the other way round than in the rest of the body
    Order,       // a part lies below one that it belongs above
    PairMissing, // of two mirrored classes only one is there
};

// "unlabelled", "overlap", …
const char *nameOf(PartFindingKind kind);
// Throws Error(InvalidInput) listing the known ones for another name.
PartFindingKind partFindingKindFromName(const std::string &name);

struct PartFinding
{
    PartFindingKind kind = PartFindingKind::Hole;
    std::string group; // "" for Unlabelled
    std::string other; // the second group of an overlap or an order, or classes in words
    std::int64_t pixels = 0;
    int count = 0; // of holes, of pieces
    Box box;       // where to look, in pixels of the picture
};

struct PictureCheck
{
    std::int64_t imageId = 0;
    std::int64_t personPixels = 0; // of the parts together, or of the true label map
    // Whether the person's pixels are known from a true label map. Otherwise what lies between two
    // parts, one above the other, and what parts enclose counts as unlabelled.
    bool isExact = false;
    std::int64_t orphanPixels = 0; // of the label map's classes that no group has: not to be mended
    double badness = 0.0;          // 0: nothing to mend. About the share of the person that is wrong
    std::vector<PartFinding> findings; // the most pixels first
};

struct PartCheckOptions
{
    double smallestShare = 0.01; // of the person's pixels: fewer are no finding, except in Island
    double islandShare = 0.001;  // of the picture: pieces below it are islands
    double gapShare = 0.08;      // of the height: what is farther apart is not one gap
    std::vector<PartFindingKind> kinds; // only these; empty for all
};

// One picture. `regions` are its stored parts, `labels` its true label map, or null.
PictureCheck checkParts(const std::vector<RegionRecord> &regions, int width, int height,
                        const LabelMap *labels, const Taxonomy &taxonomy,
                        const PartCheckOptions &options = {});
// The same, read from the store under the project's own merges. Throws Error(NotFound) for an
// unknown picture; a label map that cannot be read is done without.
PictureCheck checkPicture(ProjectStore &store, std::int64_t imageId,
                          const PartCheckOptions &options = {});

struct PartCheckReport
{
    std::int64_t checked = 0; // pictures that have parts
    std::vector<PictureCheck> pictures; // those with findings, worst first; equal ones by id
    bool cancelled = false;
};

// All pictures with parts, or those that are named. A cancelled call returns what it has.
PartCheckReport checkProject(ProjectStore &store, const std::vector<std::int64_t> &imageIds = {},
                             const PartCheckOptions &options = {}, const CancelToken &cancel = {},
                             const ProgressSink &progress = {});

// "3 holes in clothes (41 pixels)".
std::string textOf(const PartFinding &finding);
OrderedJson pictureCheckJson(const PictureCheck &check);

} // namespace sapsam
