#pragma once

#include "core/base/cancel.h"
#include "core/base/json_file.h"
#include "core/base/progress.h"
#include "core/engine/retriever.h"
#include "core/engine/segmenter.h"
#include "core/store/project_store.h"
#include "core/taxonomy/taxonomy.h"

#include <string>

// The measurements of `sapsam eval` on data sets and projects, with the fields of the design.
// On the engine lane. A cancelled call answers with "cancelled": true over what it has.
namespace sapsam {

// All captions of a split against all its images (CUHK-PEDES layout): R@1, R@5, R@10, mAP, mINP in
// percent, queries, skipped_queries, gallery.
// Throws what readCuhkPedes throws, and Error(InvalidInput) for an unknown or empty split.
Json evaluateRetrievalDataset(Retriever &retriever, const std::string &folder,
                              const std::string &split, const CancelToken &cancel,
                              const ProgressSink &progress);

// The same over the images of a project that have an identity; split "" takes all of them.
Json evaluateRetrievalProject(Retriever &retriever, ProjectStore &store, const std::string &split,
                              const CancelToken &cancel, const ProgressSink &progress);

// Label maps of an ATR folder: for each part group that shows, the mask of its generic phrase
// against the pixels of its classes at the picture's size. mIoU is the mean of the binary IoU over
// all pairs (SAP-SAM's own reading), per_class the mean of each group; 0 to 1. limit 0 takes all
// pictures.
Json evaluateParsingDataset(Segmenter &segmenter, const Taxonomy &taxonomy,
                            const std::string &folder, int limit, const CancelToken &cancel,
                            const ProgressSink &progress);

} // namespace sapsam
