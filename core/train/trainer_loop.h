#pragma once

#include "core/base/cancel.h"
#include "core/base/progress.h"
#include "core/nn/torch_compat.h"
#include "core/train/optimizer.h"
#include "core/train/run_folder.h"
#include "core/train/settings.h"
#include "core/weights/strict_loader.h"

#include <map>
#include <memory>
#include <string>

namespace sapsam::training {

// The tensors of one step, by name, on the CPU.
using Batch = std::map<std::string, torch::Tensor>;

struct StepResult
{
    torch::Tensor loss;                    // scalar
    std::map<std::string, double> details; // more numbers for the log
};

struct Evaluation
{
    std::string metric; // "val-R1": what the best checkpoint is chosen by, higher is better
    double value = 0.0;
    OrderedJson numbers; // everything that was measured
};

// Helper heads are submodules of the trained module under this name. They predict what the
// generator knows, so that the encoders learn faster, are kept in last.resume only and are taken
// off before the model is exported.
constexpr char kHelper[] = "helper";

// The weight of the helper heads' loss at a step: falls in a line to nothing.
double helperWeightAt(const TrainSettings &settings, std::int64_t step);

// What is special to one kind of model. makeBatch is const and called from loader threads; all else
// runs on the thread that trains.
class TrainTask
{
public:
    virtual ~TrainTask() = default;

    virtual const TrainSettings &settings() const = 0;
    virtual OrderedJson settingsJson() const = 0; // resolved, with "task"
    // Learns the tokenizer into the folder, builds the module with its initial weights and the
    // held-out set.
    virtual void prepare(std::uint64_t seed, const std::string &modelFolder,
                         const CancelToken &cancel, const ProgressSink &progress) = 0;
    virtual torch::nn::Module &module() = 0;

    // Known once prepare() has run; tasks that count in epochs know it from their data.
    virtual std::int64_t steps() const { return settings().steps; }
    virtual std::int64_t stepsPerEpoch() const { return 0; } // 0: the task has no epochs
    // The learning rate of a step (0-based), and how each parameter takes part.
    virtual double rateAt(std::int64_t step) const
    {
        const TrainSettings &s = settings();
        return s.learningRate * scheduleFactor(step, steps(), s.warmUpSteps, s.finalFactor);
    }
    virtual ParameterRule parameterRule() const { return commonRate; }

    // A function of the seed and the step alone.
    virtual Batch makeBatch(std::int64_t step) const = 0;
    // Pictures come as normalised values; `type` is what the module computes in.
    virtual StepResult lossOf(const Batch &batch, torch::Device device, torch::ScalarType type) = 0;
    virtual Evaluation evaluate(torch::Device device, torch::ScalarType type,
                                const CancelToken &cancel) = 0;
    // Writes config.json and preprocessor_config.json beside the tokenizer: all but the weights.
    virtual void writeModelFiles(const std::string &folder) const = 0;
    // How the tensors of the module are called in model.safetensors.
    virtual LoadOptions tensorNames() const = 0;
};

struct LoopRequest
{
    std::uint64_t seed = 1;
    std::string device = "cpu";
    std::string precision = "fp32";
    bool resume = false;
};

struct LoopOutcome
{
    std::string state; // done | stopped
    Json best;
};

// Trains until the last step, or until cancelled or asked to stop, which saves first. When done,
// the best weights are exported into the run's folder "model" as fp16. Between, the folder holds
// all but the weights, so that checkpoints/last.safetensors can be tried as its model.safetensors.
LoopOutcome runLoop(TrainTask &task, RunFolder &run, const LoopRequest &request,
                    const CancelToken &cancel, const ProgressSink &progress);

} // namespace sapsam::training
