#pragma once

#include "core/train/sap_sam_settings.h"
#include "core/train/task_inputs.h"
#include "core/train/trainer_loop.h"

#include <memory>

namespace sapsam::training {

std::unique_ptr<TrainTask> makeRetrievalTask(const RetrievalSettings &settings);
std::unique_ptr<TrainTask> makeSapSamTask(const SapSamSettings &settings, const TaskInputs &inputs);
std::unique_ptr<TrainTask> makePersonSamTask(const PersonSamSettings &settings);
std::unique_ptr<TrainTask> makeSamTask(const SamSettings &settings);
std::unique_ptr<TrainTask> makePhrasesTask(const PhrasesSettings &settings);

// "retrieval", "person-sam", "sam" or "phrases". Throws Error(InvalidInput) listing every problem
// of the configuration, or naming a task that does not exist. A configuration with a "data" key (or
// "pack", for retrieval) trains from that data set.
std::unique_ptr<TrainTask> makeTask(const std::string &task, const Json &config,
                                    const TaskInputs &inputs = {});

} // namespace sapsam::training
