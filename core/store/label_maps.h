#pragma once

#include "core/image/image.h"
#include "core/store/project_store.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sapsam {

// The true label map of a picture: where it is, and which classes show in it. The file stays where
// the data set has it, as the picture itself does.
struct LabelMapRecord
{
    std::int64_t imageId = 0;
    std::string path; // absolute
    int width = 0;
    int height = 0;
    std::vector<std::pair<int, std::int64_t>> pixels; // class id and its pixels, ids ascending
};

// Counts the classes of a map. Pixels of 255 are "ignored" by every known format and left out.
LabelMapRecord makeLabelMapRecord(std::int64_t imageId, const std::string &path,
                                  const LabelMap &labels);

// Replaces what was known for the picture. Throws what every writing call of the store throws, and
// Error(NotFound) when there is no such picture.
void setLabelMap(ProjectStore &store, const LabelMapRecord &record);
std::optional<LabelMapRecord> labelMapOf(ProjectStore &store, std::int64_t imageId);
// All of them by image id.
std::vector<LabelMapRecord> labelMaps(ProjectStore &store);
std::int64_t labelMapCount(ProjectStore &store);

} // namespace sapsam
