#pragma once

#include "core/base/cancel.h"
#include "core/base/progress.h"
#include "core/dataset/atr.h"
#include "core/dataset/person_dataset.h"

#include <vector>

// The checks that need pixels. A cancelled check returns what it has found so far.
namespace sapsam {

// Decodes every picture: "unreadable-image" for each that cannot be.
std::vector<DatasetFinding> checkPictures(const PersonDataset &dataset,
                                          const CancelToken &cancel = {},
                                          const ProgressSink &progress = {});

// Decodes every picture and mask: "bad-mask" (no id picture), "bad-label" (an id from 18 to 254),
// "size-mismatch", "unreadable-image"; and as a warning "empty-target" for a phrase whose class
// does not occur in its mask.
std::vector<DatasetFinding> checkAtrPictures(const AtrDataset &dataset,
                                             const CancelToken &cancel = {},
                                             const ProgressSink &progress = {});

} // namespace sapsam
