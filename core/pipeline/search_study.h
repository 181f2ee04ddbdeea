#pragma once

#include "core/base/cancel.h"
#include "core/base/json_file.h"
#include "core/base/progress.h"
#include "core/pipeline/searcher.h"
#include "core/store/project_store.h"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

// Measures the search itself on pictures whose right answers are known. On the engine lane.
namespace sapsam {

// One description with its right answers.
struct StudyCase
{
    std::string text;
    std::set<std::int64_t> relevant;
    std::set<std::int64_t> ignored; // neither right nor wrong: taken out of the ranking
};

// The captions of a project whose pictures carry identities, at most `limit` (0: all), evenly
// taken. Throws Error(InvalidInput) when there is none.
std::vector<StudyCase> casesOfProject(ProjectStore &store, const std::string &split, int limit);

// Makes a project of held-out drawn people (`pictures` of each, the first one described in full),
// segments it and writes its phrases, unless only whole pictures matter, and embeds it. `first`:
// number of the first person, such as training::kTestIdentities.
void makeDrawnProject(const std::string &folder, int count, int pictures, std::uint64_t seed,
                      std::uint64_t first, bool withParts, Engines &engines,
                      const CancelToken &cancel, const ProgressSink &progress);

// The same of labelled crops of a video (tests/data/real); returns its sentences. Throws what
// evaluateRetrievalReal throws.
std::vector<StudyCase> makeLabelledProject(const std::string &folder, const std::string &labels,
                                           const std::string &video, Engines &engines,
                                           const CancelToken &cancel, const ProgressSink &progress);

// Sentences of the same file (absent_queries) that are true of nobody in its video.
std::vector<std::string> absentSentences(const std::string &labelsFile);

// {"cosine": {mAP, R@1}, "by_phrases": {weight: {…}}, "by_regions": {…}, "by_parts": {…, "phrase",
// "region"}, "feedback": see studyFeedback(), "queries", "gallery", "model"}, percent. by_parts is
// what the search does with the weights of the model's calibration.
Json studySearch(ProjectStore &store, Engines &engines, const std::vector<StudyCase> &cases,
                 const CancelToken &cancel, const ProgressSink &progress);

// {"clicks": [0, 1, 2, 3], "R@1": […], "R@1_removal_only": […], "mAP_rest",
// "mAP_rest_removal_only", "queries", "gallery", "pays"}. A click: the simulated user judges the
// first picture that was not judged yet, as the labels say. R@1 counts whether the first picture
// that was not judged before is right, or a right one was judged already; removal_only is the same
// user without any learning from the clicks; mAP_rest is of the pictures that were not judged after
// all clicks.
Json studyFeedback(ProjectStore &store, Engines &engines, const std::vector<StudyCase> &cases,
                   const CancelToken &cancel, const ProgressSink &progress);

// How the line "probably no match" falls: {"described": {"sentences", "with_line", "right",
// "right_above", "wrong_above"}, "nobody": {"sentences", "with_line", "wrong_above"}}; with_line
// are the sentences with a hit above the line. Null when the model is not calibrated. The same with
// the line as it was fitted, without regard to the gallery, under "as_fitted".
Json studyLine(ProjectStore &store, Engines &engines, const std::vector<StudyCase> &cases,
               const std::vector<std::string> &absent, const CancelToken &cancel);

// Short queries as people type them (core/train/query_text.h), `each` for every person of
// makeDrawnProject() with the same count, seed and first. Right are all pictures of which the words
// are true; those of which they may be, because a part is hidden, are ignored.
std::vector<StudyCase> drawnQueries(ProjectStore &store, int count, std::uint64_t seed,
                                    std::uint64_t first, int each);

// Fits how much phrases and regions count when re-ranking by parts, on every other case, and
// measures the mAP with and without them on the others.
struct FittedReranking
{
    ScoreWeights weights;
    RerankingMeasure measured;
};
FittedReranking fitReranking(ProjectStore &store, Engines &engines,
                             const std::vector<StudyCase> &cases, const std::string &source,
                             const CancelToken &cancel, const ProgressSink &progress);

// Fits what is learned from judged hits: γ by the simulated user's R@1, β by the mAP of what was
// not judged, on every other case, and measures both on the others. The other weights stay.
struct FittedFeedback
{
    ScoreWeights weights;
    FeedbackMeasure measured;
};
FittedFeedback fitFeedback(ProjectStore &store, Engines &engines,
                           const std::vector<StudyCase> &cases, const ScoreWeights &weights,
                           const std::string &source, const CancelToken &cancel,
                           const ProgressSink &progress);

// Fits P(match | score) for each length of a description (see kCalibratedLengths in the source) of
// which there are enough cases, on two thirds of them, and measures its reliability on the rest,
// for the share of matches that each query's scores tell; reranked as asked, with these weights.
// Throws Error(InvalidInput) when no length can be fitted, saying why.
StoredCalibration calibrateSearch(ProjectStore &store, Engines &engines,
                                  const std::vector<StudyCase> &cases, bool reranked,
                                  const ScoreWeights &weights, const std::string &source,
                                  const CancelToken &cancel, const ProgressSink &progress);

} // namespace sapsam
