#pragma once

#include "core/engine/prompted_segmenter.h"
#include "core/image/image.h"
#include "core/store/edits.h"
#include "core/store/project_store.h"

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

// What the viewer and the command line do to the masks of one picture: the same edits, and the same
// answers of the models to points, boxes and phrases.
namespace sapsam {

// The parts of a picture as they are stored, with those that a person said are not there (they
// have no pixels).
std::vector<RegionRecord> storedParts(ProjectStore &store, std::int64_t imageId);

// The pixels of a group: all of its regions together; a mask of the given size without any when
// there are none. Throws Error(Mismatch) for a region of another size, naming it.
Mask maskOfPart(const std::vector<RegionRecord> &stored, const std::string &group, int width,
                int height);

// A person's new mask for a part.
struct PartChange
{
    std::int64_t imageId = 0;
    std::string group;
    Mask mask;         // as big as the picture; without pixels: the part is not there
    std::string title; // of the step in the history
    // The pixels that the part gains are taken from the other parts, except locked ones: those
    // keep their pixels, and the part does not gain them.
    bool exclusive = false;
    std::set<std::string> locked;
    // Where the mask came from, when a model drew it and the person took it.
    std::string prompt;
    std::string modelHash;
    double score = 1.0;
    std::string taxonomyVersion;
};

// The edit that stores it: the part becomes a person's, so that no model run changes it any more;
// its id and phrases stay. A part without pixels leaves a row that says so. Without any change when
// the mask is the stored one.
// Throws Error(InvalidInput) for a locked part or an empty group, Error(Mismatch) when masks differ
// in size.
Edit partEdit(const std::vector<RegionRecord> &stored, const PartChange &change);

// Loads the models that answer prompts, as the manifest of the models folder names them: the one of
// the task "person-sam" and the one of the task "sam"; one of them may be missing.
// Throws Error(NotFound) when both are, and what the models' constructor throws.
std::unique_ptr<PromptedSegmenter> openPromptedSegmenter(const std::string &modelsFolder,
                                                         const EngineOptions &options);

} // namespace sapsam
