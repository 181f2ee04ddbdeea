#pragma once

#include "core/train/person_sam_data_settings.h"
#include "core/train/task_inputs.h"
#include "core/train/trainer_loop.h"

#include <memory>

namespace sapsam::training {

// Person-SAM on a parsing data set. Each sample is a phrase about one part of one picture; equal
// pictures of a batch are encoded once. The best weights are those with the highest mean of the
// phrases' binary IoU on the dev set, in the paper's reading. Beside the model lies training.json,
// which says what it was trained on. prepare() throws what readParsingSets() and
// openInitialWeights() throw, Error(Mismatch) for weights of other shapes, and Error(InvalidInput)
// when a batch is larger than the set.
std::unique_ptr<TrainTask> makePersonSamDataTask(const PersonSamDataSettings &settings,
                                                 const TaskInputs &inputs);

} // namespace sapsam::training
