#pragma once

#include "core/base/cancel.h"
#include "core/base/json_file.h"
#include "core/base/progress.h"
#include "core/engine/phrase_writer.h"
#include "core/engine/retriever.h"
#include "core/engine/segmenter.h"

#include <cstdint>
#include <string>

// How good a model is, as the JSON that `sapsam eval` answers with. Percentages are 0 to 100.
// The synthetic measurements draw people from numbers that training never touches; one picture
// each, at the generator's own size. A cancelled measurement returns what it has, with "cancelled":
// true.
namespace sapsam {

// One caption a person against all pictures: R@1, R@5, R@10, mAP, mINP, queries, gallery. The
// caption is the first description that the generator writes, one to three sentences as in
// CUHK-PEDES; any_length holds the same for its first text of any kind, three in ten of which are
// short queries ("a man with a white bag") that are often true of several people.
Json evaluateRetrievalSynthetic(Retriever &retriever, int count, std::uint64_t seed,
                                const CancelToken &cancel = {}, const ProgressSink &progress = {});

// The plain phrase of every visible part group ("the pants") against the label map, at the
// picture's size: mIoU (mean of binary IoU over all pairs, 0 to 1), per_class, absent (share of
// absent parts that were left out, as they should be), pictures, parts.
Json evaluateParsingSynthetic(Segmenter &segmenter, int count, std::uint64_t seed,
                              const CancelToken &cancel = {}, const ProgressSink &progress = {});

// A phrase for every visible part, cut out by the true mask: colour (share of phrases that name the
// right colour), garment_colour (the same over clothes, pants, skirt and dress), exact, phrases.
Json evaluatePhrasesSynthetic(PhraseWriter &writer, int count, std::uint64_t seed,
                              const CancelToken &cancel = {}, const ProgressSink &progress = {});

// Labelled crops of a video (tests/data/real/README.md says how they are judged): mAP over the
// sentences, plain and composed (the same over the two kinds), queries, gallery, per_query; and
// second_series and third_series (mAP, queries) for sentences that the file marks so, which count
// nowhere else.
// Throws Error(NotFound | Corrupt) for a video or labels that cannot be read and Error(Mismatch)
// for another video than the labelled one.
Json evaluateRetrievalReal(Retriever &retriever, const std::string &labelsFile,
                           const std::string &videoFile, const CancelToken &cancel = {},
                           const ProgressSink &progress = {});

} // namespace sapsam
