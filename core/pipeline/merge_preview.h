#pragma once

#include "core/base/cancel.h"
#include "core/base/json_file.h"
#include "core/base/progress.h"
#include "core/image/image.h"
#include "core/store/edits.h"
#include "core/store/label_maps.h"
#include "core/store/taxonomy_versions.h"
#include "core/taxonomy/taxonomy.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

// What another way of merging the label classes would do to a project, before it is done: counted
// from the true label maps where the project knows them, from the part masks elsewhere.
namespace sapsam {

// Pictures in which the same things show.
struct PictureKind
{
    bool hasLabels = false;
    std::vector<int> classes;           // hasLabels: class ids that show, without 0, ascending
    std::vector<std::int64_t> pixels;   // of each class, over all these pictures
    std::vector<std::string> groups;    // otherwise: groups of which there is a mask, ascending
    std::vector<std::int64_t> imageIds; // ascending
};

// Everything about a project that a judgement needs. Read once; a value, safe on any thread.
struct MergeFacts
{
    std::int64_t images = 0;
    std::int64_t labelled = 0; // with a true label map
    std::int64_t masked = 0;   // without one, but with part masks
    std::vector<PictureKind> kinds;
    std::map<int, std::int64_t> classPictures; // class id → pictures in which it shows
    RegionCensus census;
    std::map<std::string, Taxonomy> versions; // under which the masks were made, where known
};

// Throws what the store throws; a cancelled reading is incomplete and must not be used.
MergeFacts readMergeFacts(ProjectStore &store, const CancelToken &cancel = {});

// Where the masks of a group go: `to` is a group of the new taxonomy, or "" to remove them. Two
// groups with one target are united. Groups that are not mentioned keep their masks and name.
struct GroupMapping
{
    std::string from;
    std::string to;

    bool operator==(const GroupMapping &other) const
    {
        return from == other.from && to == other.to;
    }
};

struct GroupImpact
{
    std::string group;             // of the new taxonomy; of the old one when it is gone
    std::vector<std::string> from; // the old groups whose masks it takes over
    bool isNew = false;            // takes over nothing
    bool isGone = false;
    std::int64_t picturesBefore = 0; // in which the trigger rule fires
    std::int64_t picturesAfter = 0;
    std::int64_t gained = 0;
    std::int64_t lost = 0;
    // Of the labelled pictures, under the new taxonomy: some class of it shows, but the trigger
    // rule does not fire.
    std::int64_t skipped = 0;
    std::int64_t pixelsBefore = 0; // of the labelled pictures in which it fires
    std::int64_t pixelsAfter = 0;
    std::int64_t staleRegions = 0; // masks that no longer mean what the group means
    std::int64_t stalePhrases = 0;
    bool isEstimate = false; // some pictures have masks only, and these cannot be split exactly
};

// A class that several groups claim.
struct SharedClassImpact
{
    int classId = 0;
    std::vector<std::string> groups;
    std::int64_t pictures = 0; // labelled ones in which at least two of the groups get its pixels
};

struct MergeImpact
{
    std::int64_t images = 0;
    std::int64_t labelled = 0;
    std::int64_t masked = 0;
    std::vector<GroupImpact> groups; // those of the new taxonomy, then those that are gone
    std::vector<SharedClassImpact> shared;
    std::vector<std::int64_t> touched; // pictures in which some group comes, goes or changes
    std::vector<std::int64_t> staleRegions;
    std::vector<std::int64_t> stalePictures; // of those regions
    std::int64_t stalePhrases = 0;
    std::int64_t staleHuman = 0;   // of the stale regions, drawn or described by a person
    std::int64_t alreadyStale = 0; // regions that were out of date before the change
    std::int64_t movedRegions = 0; // that get another group by the mapping
    std::int64_t removedRegions = 0;

    const GroupImpact *findGroup(const std::string &group) const; // null when there is none
};

// Counts only; takes milliseconds for a hundred thousand pictures.
MergeImpact mergeImpact(const MergeFacts &facts, const Taxonomy &before, const Taxonomy &after,
                        const std::vector<GroupMapping> &mapping = {});

// The same for programs. With `lists`, with the ids of pictures and regions.
OrderedJson impactJson(const MergeImpact &impact, bool lists = false);

// Pictures worth showing: those that the change touches first, spread over the kinds of pictures;
// the same seed gives the same pictures.
std::vector<std::int64_t> previewSample(const MergeFacts &facts, const Taxonomy &before,
                                        const Taxonomy &after, int count, std::uint64_t seed);

struct PreviewPart
{
    std::string group;
    Mask mask; // of the picture's size
    bool isEstimate = false;
};

// One picture under both taxonomies.
struct PreviewPicture
{
    std::int64_t imageId = 0;
    std::string path;
    Image picture;
    bool isExact = false; // cut from the true label map
    std::string remark;   // why it is not exact: in words
    std::vector<PreviewPart> before;
    std::vector<PreviewPart> after;
    bool isChanged = false; // the parts differ
};

// Reads the picture with its label map or masks. Throws Error when the picture cannot be read; a
// label map that cannot be read any more is a remark, and the masks are used.
PreviewPicture previewMerge(ProjectStore &store, std::int64_t imageId, const Taxonomy &before,
                            const Taxonomy &after, const std::vector<GroupMapping> &mapping = {});

// The edit that makes the taxonomy current and carries the masks over: renamed, united or removed
// as the mapping says. Where masks are united, phrases of models are dropped: they were written for
// a smaller part. Nothing is written. Throws Error(InvalidInput) with the problem when the taxonomy
// has errors or the mapping names a target that it does not have.
Edit mergeEdit(ProjectStore &store, const Taxonomy &before, const Taxonomy &after,
               const std::vector<GroupMapping> &mapping, const std::string &title,
               const CancelToken &cancel = {});

// The taxonomy as the next version of the project's: number, parent and version are filled in. One
// that says the same as a known version gets that one's number. Has no parent when the current one
// cannot be read.
Taxonomy asNextVersion(ProjectStore &store, Taxonomy taxonomy, const std::string &note = {});

// True label maps for pictures that are in the project already
// -----------------------------------

struct LabelMapReport
{
    std::int64_t attached = 0;
    std::vector<std::pair<std::string, std::string>> skipped; // file and reason
    bool cancelled = false;
};

// `folder` is a data set in the ATR layout, whose pictures are recognised by their bytes, or holds
// PNGs of class ids that are named like the pictures. A map of another size than its picture is
// skipped. Throws Error(NotFound) when the folder is not there or holds no PNG.
LabelMapReport attachLabelMaps(ProjectStore &store, const std::string &folder,
                               const CancelToken &cancel = {}, const ProgressSink &progress = {});

} // namespace sapsam
