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

// Makes a project of held-out drawn people (one picture each, described in full), segments it
// and writes its phrases, unless only whole pictures matter, and embeds it. `first`: number of the
// first person, such as training::kTestIdentities.
void makeDrawnProject(const std::string &folder, int count, std::uint64_t seed, std::uint64_t first,
                      bool withParts, Engines &engines, const CancelToken &cancel,
                      const ProgressSink &progress);

// The same of labelled crops of a video (tests/data/real); returns its sentences. Throws what
// evaluateRetrievalReal throws.
std::vector<StudyCase> makeLabelledProject(const std::string &folder, const std::string &labels,
                                           const std::string &video, Engines &engines,
                                           const CancelToken &cancel, const ProgressSink &progress);

// {"cosine": {mAP, R@1}, "by_phrases": {weight: {…}}, "by_regions": {…}, "feedback": {"clicks":
// [0, 1, 2, 3], "R@1": […], "R@1_removal_only": […]}, "queries", "gallery", "model"}, percent.
// A click: the simulated user judges the first picture that was not judged yet, as the labels say.
// R@1 counts whether the first picture that was not judged before is right, or a right one was
// judged already; removal_only is the same user without any learning from the clicks.
Json studySearch(ProjectStore &store, Engines &engines, const std::vector<StudyCase> &cases,
                 const CancelToken &cancel, const ProgressSink &progress);

// Short queries as people type them (core/train/query_text.h), `each` for every person of
// makeDrawnProject() with the same count, seed and first. Right are all pictures of which the words
// are true; those of which they may be, because a part is hidden, are ignored.
std::vector<StudyCase> drawnQueries(ProjectStore &store, int count, std::uint64_t seed,
                                    std::uint64_t first, int each);

// mAP of the plain cosine and with re-ranking by parts, with the weights that the search uses.
RerankingMeasure measureReranking(ProjectStore &store, Engines &engines,
                                  const std::vector<StudyCase> &cases, const std::string &source,
                                  const CancelToken &cancel, const ProgressSink &progress);

// Fits P(match | score) for each length of a description (see kCalibratedLengths in the source) of
// which there are enough cases, on two thirds of them, and measures its reliability on the rest;
// reranked as asked. Throws Error(InvalidInput) when no length can be fitted, saying why.
StoredCalibration calibrateSearch(ProjectStore &store, Engines &engines,
                                  const std::vector<StudyCase> &cases, bool reranked,
                                  const std::string &source, const CancelToken &cancel,
                                  const ProgressSink &progress);

} // namespace sapsam
