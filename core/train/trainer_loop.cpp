#include "core/train/trainer_loop.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/train/augment.h"
#include "core/train/optimizer.h"
#include "core/train/ordered_producer.h"
#include "core/weights/safetensors.h"

#if TORCH_VERSION_MAJOR >= 2
#include <ATen/Context.h>
#endif

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace sapsam::training {

namespace {

constexpr char kOptimizerTensor[] = "trainer.optimizer";

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string formatted(double value)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.4g", value);
    return text;
}

// Saves, restores and chooses weights; always in fp32.
class Checkpoints
{
public:
    Checkpoints(TrainTask &task, MasterOptimizer &optimizer, RunFolder &run)
        : m_task(task), m_optimizer(optimizer), m_run(run)
    {
    }

    NamedTensors weights() const
    {
        NamedTensors tensors;
        for (const auto &[name, master] : m_optimizer.masters())
            tensors.emplace_back(name, master);
        for (const auto &parameter : m_task.module().named_parameters()) {
            if (!parameter.value().requires_grad())
                tensors.emplace_back(parameter.key(), parameter.value());
        }
        for (const auto &buffer : m_task.module().named_buffers())
            tensors.emplace_back(buffer.key(), buffer.value());
        return tensors;
    }

    // Without the helper heads: what a file of the model holds.
    NamedTensors modelWeights() const
    {
        NamedTensors tensors;
        for (const auto &item : weights()) {
            if (item.first.rfind(std::string(kHelper) + ".", 0) != 0)
                tensors.push_back(item);
        }
        return tensors;
    }

    void saveLast(std::int64_t step, const Json &best)
    {
        NamedTensors tensors = weights();
        SafetensorsOptions options;
        options.metadata = {{"step", std::to_string(step)}, {"best", best.dump()}};
        writeSafetensors(m_run.checkpointPath("last", ".safetensors"), modelWeights(), options);
        // Weights and optimizer together in one file: a crash between two files would leave a pair
        // that does not belong together.
        const std::string state = m_optimizer.state();
        torch::Tensor bytes = torch::empty({static_cast<std::int64_t>(state.size())}, torch::kByte);
        std::memcpy(bytes.data_ptr(), state.data(), state.size());
        tensors.emplace_back(kOptimizerTensor, bytes);
        writeSafetensors(m_run.checkpointPath("last", ".resume"), tensors, options);
    }

    void saveBest(const std::string &metric, std::int64_t step)
    {
        SafetensorsOptions options;
        options.metadata = {{"step", std::to_string(step)}};
        writeSafetensors(bestPath(metric), modelWeights(), options);
    }

    std::string bestPath(const std::string &metric) const
    {
        return m_run.checkpointPath("best@" + metric, ".safetensors");
    }

    // The step to go on with; best is filled.
    std::int64_t restoreLast(Json &best)
    {
        const std::string path = m_run.checkpointPath("last", ".resume");
        const SafetensorsFile file(path);
        restoreWeights(file, weights());
        const torch::Tensor bytes = file.read(kOptimizerTensor);
        const std::string state(static_cast<const char *>(bytes.data_ptr()),
                                static_cast<std::size_t>(bytes.numel()));
        m_optimizer.setState(state, path);
        best = parseJson(file.metadata().at("best"), path);
        return std::stoll(file.metadata().at("step"));
    }

    void restoreWeights(const TensorSource &file, const NamedTensors &targets)
    {
        const torch::NoGradGuard noGrad;
        for (const auto &[name, tensor] : targets) {
            const torch::Tensor stored = file.read(name);
            if (stored.sizes() != tensor.sizes())
                throw Error(ErrorKind::Mismatch, file.origin() + ": tensor '" + name
                                                     + "' has shape " + shapeText(stored.sizes())
                                                     + ", the run needs "
                                                     + shapeText(tensor.sizes()));
            torch::Tensor target = tensor; // shares memory with the master or the buffer
            target.copy_(stored);
        }
        m_optimizer.writeBack();
    }

private:
    TrainTask &m_task;
    MasterOptimizer &m_optimizer;
    RunFolder &m_run;
};

} // namespace

double helperWeightAt(const TrainSettings &settings, std::int64_t step)
{
    const double end = settings.helperUntil * static_cast<double>(settings.steps);
    if (end <= 0.0)
        return 0.0;
    return settings.helperWeight * std::max(0.0, 1.0 - static_cast<double>(step) / end);
}

LoopOutcome runLoop(TrainTask &task, RunFolder &run, const LoopRequest &request,
                    const CancelToken &cancel, const ProgressSink &progress)
{
    limitOpenCvThreads();
#if TORCH_VERSION_MAJOR >= 2
    // The fused kernel multiplies head by head, which costs more than it saves on our short
    // sequences; without it the library takes batched products.
    if (request.device == "cpu") {
        at::globalContext().setSDPUseFlash(false);
        at::globalContext().setAllowFP16BF16ReductionMathSDP(true);
    }
#endif
    const TrainSettings &settings = task.settings();
    RunStatus status;
    status.state = "running";
    status.steps = settings.steps;
    run.clearStopRequest();
    run.update(status);

    makeFolder(run.path() + "/model");
    task.prepare(request.seed, run.path() + "/model", cancel, progress);
    task.writeModelFiles(run.path() + "/model");
    const std::int64_t steps = task.steps();
    const std::int64_t epochSteps = task.stepsPerEpoch();
    status.steps = steps;
    const torch::Device device(request.device);
    const torch::ScalarType type = request.precision == "bf16" ? torch::kBFloat16 : torch::kFloat;
    torch::nn::Module &module = task.module();
    module.to(device);
    std::int64_t parameterCount = 0;
    for (const torch::Tensor &parameter : module.parameters())
        parameterCount += parameter.numel();
    // The optimizer copies fp32 values before the module loses them.
    std::map<std::string, torch::Tensor> exact;
    for (const auto &parameter : module.named_parameters())
        exact.emplace(parameter.key(), parameter.value().detach().clone());
    if (type != torch::kFloat)
        module.to(type);
    module.train();
    MasterOptimizer optimizer(module, settings, task.parameterRule());
    {
        const torch::NoGradGuard noGrad;
        for (const auto &[name, master] : optimizer.masters()) {
            torch::Tensor target = master;
            target.copy_(exact.at(name));
        }
        optimizer.writeBack();
        exact.clear();
    }
    Checkpoints checkpoints(task, optimizer, run);

    Json best;
    std::int64_t first = 0;
    if (request.resume) {
        first = checkpoints.restoreLast(best);
        run.dropMetricsAfter(first);
    }
    run.log(settings.name + ": " + std::to_string(parameterCount) + " parameters, "
            + request.precision + " on " + request.device + ", " + std::to_string(steps)
            + " steps of " + std::to_string(settings.batchSize)
            + (first > 0 ? ", going on at step " + std::to_string(first) : std::string()));

    const auto evaluate = [&](std::int64_t step) {
        module.eval();
        const Clock::time_point start = Clock::now();
        const Evaluation evaluation = [&] {
            const torch::NoGradGuard noGrad;
            return task.evaluate(device, type, cancel);
        }();
        module.train();
        if (cancel.isCancelled())
            return;
        OrderedJson line;
        line["step"] = step;
        line["validation"] = evaluation.numbers;
        line["seconds"] = secondsSince(start);
        run.appendMetrics(line);
        run.log("step " + std::to_string(step) + ": " + evaluation.metric + " "
                + formatted(evaluation.value) + "  " + evaluation.numbers.dump());
        if (best.is_null() || evaluation.value > best.at("value").get<double>()) {
            best = {{"metric", evaluation.metric}, {"value", evaluation.value}, {"step", step}};
            checkpoints.saveBest(evaluation.metric, step);
        }
    };

    LoopOutcome outcome;
    const Clock::time_point start = Clock::now();
    Clock::time_point lastStopCheck = start;
    bool stopped = false;
    std::int64_t step = first;
    {
        OrderedProducer<Batch> loader(
            first, steps, settings.loaderThreads, settings.queueLength,
            [&task](std::int64_t index) { return task.makeBatch(index); });
        double lossSum = 0.0;
        double waited = 0.0;
        std::int64_t lossCount = 0;
        Clock::time_point sectionStart = Clock::now();
        for (; step < steps; ++step) {
            if (secondsSince(lastStopCheck) > 1.0) {
                lastStopCheck = Clock::now();
                stopped = run.isStopRequested();
            }
            if (cancel.isCancelled() || stopped) {
                stopped = true;
                break;
            }
            const Clock::time_point takeStart = Clock::now();
            const Batch batch = loader.take();
            waited += secondsSince(takeStart);
            const double rate = task.rateAt(step);
            const StepResult result = task.lossOf(batch, device, type);
            result.loss.backward();
            const double gradientNorm = optimizer.step(rate);
            lossSum += result.loss.item<double>();
            ++lossCount;

            const std::int64_t done = step + 1;
            status.step = done;
            if (epochSteps > 0)
                status.epoch = step / epochSteps;
            status.etaSeconds = secondsSince(start) / static_cast<double>(done - first)
                                * static_cast<double>(steps - done);
            run.update(status);
            if (progress)
                progress({"training", done, steps, status.etaSeconds});
            if (done % settings.logEvery == 0 || done == steps) {
                const double seconds = secondsSince(sectionStart);
                OrderedJson line;
                line["step"] = done;
                if (epochSteps > 0)
                    line["epoch"] = step / epochSteps;
                line["loss"] = lossSum / static_cast<double>(lossCount);
                line["learningRate"] = rate;
                line["gradientNorm"] = gradientNorm;
                for (const auto &[name, value] : result.details)
                    line[name] = value;
                line["samplesPerSecond"] =
                    static_cast<double>(lossCount * settings.batchSize) / seconds;
                line["loaderWait"] = waited / seconds; // share of the time
                run.appendMetrics(line);
                run.log("step " + std::to_string(done) + "/" + std::to_string(steps) + ": loss "
                        + formatted(line["loss"]) + "  rate " + formatted(rate) + "  norm "
                        + formatted(gradientNorm) + "  " + formatted(line["samplesPerSecond"])
                        + " samples/s, waited " + formatted(100.0 * waited / seconds) + " %");
                lossSum = 0.0;
                waited = 0.0;
                lossCount = 0;
                sectionStart = Clock::now();
            }
            if (done % settings.evaluateEvery == 0 || done == steps)
                evaluate(done);
            if (done % settings.checkpointEvery == 0 || done == steps)
                checkpoints.saveLast(done, best);
        }
        if (stopped) {
            status.state = "stopping";
            run.update(status);
            if (step > first) // nothing new otherwise
                checkpoints.saveLast(step, best);
        }
    }

    outcome.best = best;
    if (stopped) {
        run.log("stopped at step " + std::to_string(step) + "; it can be resumed");
        outcome.state = "stopped";
    } else {
        if (best.is_object()) {
            const SafetensorsFile file(checkpoints.bestPath(best.at("metric").get<std::string>()));
            checkpoints.restoreWeights(file, checkpoints.modelWeights());
        }
        // Back to fp32 from the exact copies, not from bf16.
        const NamedTensors exactWeights = checkpoints.weights();
        module.to(torch::kCPU);
        module.to(torch::kFloat);
        {
            const torch::NoGradGuard noGrad;
            auto parameters = module.named_parameters();
            for (const auto &[name, tensor] : exactWeights) {
                if (torch::Tensor *parameter = parameters.find(name))
                    parameter->copy_(tensor);
            }
        }
        module.eval();
        if (module.named_children().contains(kHelper))
            module.unregister_module(kHelper);
        SafetensorsOptions options;
        options.floatType = torch::kHalf;
        options.metadata = {{"format", "pt"}};
        saveModule(module, run.path() + "/model/model.safetensors", task.tensorNames(), options);
        run.log("done: the model lies in " + run.path() + "/model");
        outcome.state = "done";
    }
    status.state = outcome.state;
    status.etaSeconds.reset();
    run.update(status);
    return outcome;
}

} // namespace sapsam::training
