#pragma once

#include "core/train/trainer_loop.h"

#include <memory>

namespace sapsam::training {

std::unique_ptr<TrainTask> makeRetrievalTask(const RetrievalSettings &settings);
std::unique_ptr<TrainTask> makePersonSamTask(const PersonSamSettings &settings);
std::unique_ptr<TrainTask> makePhrasesTask(const PhrasesSettings &settings);

// "retrieval", "person-sam" or "phrases". Throws Error(InvalidInput) listing every problem of the
// configuration, or naming a task that does not exist.
std::unique_ptr<TrainTask> makeTask(const std::string &task, const Json &config);

} // namespace sapsam::training
