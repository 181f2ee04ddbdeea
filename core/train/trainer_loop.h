#pragma once

#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/base/progress.h"
#include "core/nn/torch_compat.h"
#include "core/train/optimizer.h"
#include "core/train/run_folder.h"
#include "core/train/run_samples.h"
#include "core/train/settings.h"
#include "core/weights/strict_loader.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

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
    std::vector<RunSample> samples = {}; // for people to look at
};

// Helper heads are submodules of the trained module under this name. They predict what the
// generator knows, so that the encoders learn faster, are kept in last.resume only and are taken
// off before the model is exported.
constexpr char kHelper[] = "helper";

// The share of the run, 0 to 1, that lies before a batch: what schedules of a task go by.
double progressAt(const TrainSettings &settings, std::int64_t batch);

// The weight of the helper heads' loss at a batch: falls in a line to nothing.
double helperWeightAt(const TrainSettings &settings, std::int64_t batch);

// Samples [first, first + count) of a batch of `samples`: rows of every tensor that has a whole
// number of rows a sample. Tensors of other shapes stay whole.
Batch rowsOf(const Batch &batch, std::int64_t samples, std::int64_t first, std::int64_t count);

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

    // How many samples there are to draw from, when that is limited; 0 otherwise. Known once
    // prepare() has run; a batch may not be larger.
    virtual std::int64_t sampleCount() const { return 0; }
    // A function of the seed and the index alone. With `accumulate`, step s takes the batches
    // s · accumulate and the next ones; otherwise the index is the step.
    virtual Batch makeBatch(std::int64_t index) const = 0;
    // What of that batch the process `rank` of `count` computes: the same batch, cut in equal
    // parts. To be overridden where a part can be made for less than the whole, and where the loss
    // compares samples of all processes (see gathered()): then it needs what it compares by whole.
    virtual Batch makePart(std::int64_t index, int rank, int count) const;
    // The first `samples` of a whole batch, for the memory check.
    virtual Batch firstSamples(const Batch &batch, std::int64_t samples) const;
    // Pictures come as normalised values; `type` is what the module computes in. Leaves the task as
    // it was but for the gradients: the memory check calls it, too.
    virtual StepResult lossOf(const Batch &batch, torch::Device device, torch::ScalarType type) = 0;
    virtual Evaluation evaluate(torch::Device device, torch::ScalarType type,
                                const CancelToken &cancel) = 0;
    // Writes config.json and preprocessor_config.json beside the tokenizer: all but the weights.
    virtual void writeModelFiles(const std::string &folder) const = 0;
    // What model.safetensors holds: the module, or the part of it that is used without training.
    virtual torch::nn::Module &exportedModule() { return module(); }
    // The rest of a finished model, such as heads beside the encoders.
    virtual void writeExtraFiles(const std::string & /*folder*/) {}
    // Measured once with the chosen weights when the run is done; null for nothing.
    virtual OrderedJson measureFinally(torch::Device /*device*/, torch::ScalarType /*type*/,
                                       const CancelToken & /*cancel*/)
    {
        return nullptr;
    }
    // How the tensors of exportedModule() are called in model.safetensors.
    virtual LoadOptions tensorNames() const = 0;
};

class RankGroup;

struct LoopOutcome
{
    std::string state; // done | stopped
    Json best;
    Json final; // TrainTask::measureFinally()
};

// What a run would take, found out with a few steps that are not kept.
struct Preflight
{
    std::int64_t parameters = 0;
    std::int64_t steps = 0;
    std::int64_t batchSize = 0;
    std::int64_t fittingBatch = 0; // the largest that fits, at most batchSize
    std::int64_t stepBytes = 0;    // memory of a step, in bytes; -1 where it cannot be known
    std::int64_t freeBytes = 0;
    double stepSeconds = 0.0; // without validations; 0 when the batch does not fit
};

struct LoopRequest
{
    std::uint64_t seed = 1;
    std::string device = "cpu";
    std::string precision = "fp32"; // fp32 | bf16 | fp16
    bool resume = false;
    bool checkMemory = true;    // if the settings want it, too
    RankGroup *group = nullptr; // the processes that train together; null for this one alone
    // A step may take longer than whoever stops the run will wait. When this much time has passed
    // since then, the state before the running step is saved beside it, and `abandon` is called
    // from another thread: a program may end itself there. Without it the step is waited for.
    double patienceSeconds = 0.5;
    std::function<void(const LoopOutcome &)> abandon;
    // Fills this in and ends as "stopped", in the place of training.
    Preflight *preflight = nullptr;
};

// The batch needs more memory than there is; it would fit with `fitting` samples (0: with none).
class BatchTooLarge : public Error
{
public:
    BatchTooLarge(const std::string &message, std::int64_t fitting_)
        : Error(ErrorKind::InvalidInput, message), fitting(fitting_)
    {
    }

    std::int64_t fitting;
};

// Trains until the last step, or until cancelled or asked to stop, which saves first. When done,
// the best weights are exported into the run's folder "model" as fp16. Between, the folder holds
// all but the weights, so that checkpoints/last.safetensors can be tried as its model.safetensors.
//
// A run that ends in whatever way can be resumed from its last checkpoint, and on the CPU goes on
// as if it had never ended. The random numbers of libtorch are seeded anew before every step.
// Throws BatchTooLarge before the first step; Error(InvalidInput) when a number is not finite any
// more, naming step and tensor; Error(OutOfMemory | NoSpace) when memory or disk run out; and what
// reading and writing throw. The state is then "failed" with the message, for all but the first.
LoopOutcome runLoop(TrainTask &task, RunFolder &run, const LoopRequest &request,
                    const CancelToken &cancel, const ProgressSink &progress);

} // namespace sapsam::training
