#pragma once

#include "core/train/person_sam_data_settings.h"
#include "core/train/task_inputs.h"
#include "core/train/trainer_loop.h"

#include <memory>

namespace sapsam::training {

// BLIP-2, with OPT or T5, learns to answer the question about a part with the phrase about it. It
// sees what SAP-SAM's first step shows it (method.md 1.1): all outside of the part's group is 255,
// the box grows by a random jitter. Only the phrase's tokens count. The best weights are those that
// make the phrases of the dev set most likely. prepare() throws what readParsingSets() and
// openInitialWeights() throw, Error(Mismatch) for weights of other shapes and Error(InvalidInput)
// when a batch is larger than the set or a question has no room.
std::unique_ptr<TrainTask> makePhrasesDataTask(const PhrasesDataSettings &settings,
                                               const TaskInputs &inputs);

// The colours that a text names, in their common form, each once, sorted.
std::vector<std::string> coloursNamed(const std::string &text);

} // namespace sapsam::training
