#pragma once

#include "core/engine/segmenter.h"
#include "core/taxonomy/taxonomy.h"
#include "core/text/prompt_template.h"

#include <string>
#include <vector>

// What the pipeline asks the models, and when it believes the answer. One place for it.
namespace sapsam {

// A part smaller than this share of the picture is noise.
constexpr double kMinPartArea = 0.003;
// A mask whose predicted IoU is lower is taken as "not there".
constexpr double kMinPartScore = 0.5;

// One prompt for each part group: its generic phrase, since nothing is known about the person yet.
std::vector<SegmentPrompt> segmentPrompts(const Taxonomy &taxonomy);

// What a group is called inside a sentence: "clothes", from the taxonomy's "the clothes"; the
// group's name when the taxonomy does not know it.
std::string partWord(const Taxonomy &taxonomy, const std::string &group);

// The shipped questions for the phrase writer. Throws what readPromptTemplate throws.
PromptTemplate defaultPromptTemplate();

} // namespace sapsam
