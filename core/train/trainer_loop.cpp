#include "core/train/trainer_loop.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/random.h"
#include "core/nn/recompute.h"
#include "core/train/augment.h"
#include "core/train/distributed.h"
#include "core/train/memory_check.h"
#include "core/train/optimizer.h"
#include "core/train/ordered_producer.h"
#include "core/weights/safetensors.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <new>
#include <optional>
#include <set>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace sapsam::training {

namespace {

constexpr char kAverage[] = "trainer.average."; // before the names of averaged weights

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

std::string megabytes(std::int64_t bytes)
{
    return std::to_string(std::max<std::int64_t>(0, bytes) >> 20) + " MiB";
}

bool isAboutMemory(const std::string &text)
{
    for (const char *sign : {"out of memory", "can't allocate memory", "not enough memory"}) {
        if (text.find(sign) != std::string::npos)
            return true;
    }
    return false;
}

// The exception in flight as a report.
ErrorReport reportOfFailure()
{
    try {
        throw;
    } catch (const Error &error) {
        return {error.kind(), error.what()};
    } catch (const std::bad_alloc &) {
        return {ErrorKind::OutOfMemory, "memory is exhausted"};
    } catch (const c10::Error &error) {
        const std::string text = error.what_without_backtrace();
        return isAboutMemory(text) ? ErrorReport{ErrorKind::OutOfMemory, "memory is exhausted"}
                                   : ErrorReport{ErrorKind::Internal, text};
    } catch (const std::exception &error) {
        const std::string text = error.what(); // CUDA's and oneDNN's own
        return {isAboutMemory(text) ? ErrorKind::OutOfMemory : ErrorKind::Internal, text};
    }
}

// The step that is left behind keeps all cores busy until the end; what saves meanwhile goes first.
void makeOtherThreadsWait()
{
    const auto own = std::to_string(::gettid());
    std::error_code ignored;
    for (const auto &task : std::filesystem::directory_iterator("/proc/self/task", ignored)) {
        const std::string name = task.path().filename().string();
        if (name != own)
            ::setpriority(PRIO_PROCESS, static_cast<id_t>(std::stoul(name)), 19);
    }
}

// The memory order of CUDA's and oneDNN's convolutions.
void useChannelsLast(torch::nn::Module &module)
{
    const torch::NoGradGuard noGrad;
    for (torch::Tensor &parameter : module.parameters()) {
        if (parameter.dim() == 4)
            parameter.set_data(parameter.contiguous(at::MemoryFormat::ChannelsLast));
    }
}

// Saves, restores and chooses weights; always in fp32. What it reads of the optimizer may not
// change meanwhile: the loop holds a lock.
class Checkpoints
{
public:
    Checkpoints(TrainTask &task, MasterOptimizer &optimizer, AveragedWeights *average,
                RunFolder &run)
        : m_task(task), m_optimizer(optimizer), m_average(average), m_run(run)
    {
    }

    // The weights that are trained, under the names of the module, and all that is not.
    NamedTensors weights() const
    {
        NamedTensors tensors;
        if (m_own.empty()) {
            for (const auto &[name, master] : m_optimizer.masters())
                tensors.emplace_back(name, master);
        } else {
            tensors = m_own;
        }
        addOthers(tensors);
        return tensors;
    }

    // What a file of the model holds: averaged, if that is wanted, and without the helper heads.
    NamedTensors modelWeights() const
    {
        NamedTensors all;
        if (m_average != nullptr) {
            for (const auto &item : m_average->tensors())
                all.push_back(item);
            addOthers(all);
        } else {
            all = weights();
        }
        NamedTensors tensors;
        for (const auto &item : all) {
            if (item.first.rfind(std::string(kHelper) + ".", 0) != 0)
                tensors.push_back(item);
        }
        return tensors;
    }

    // The module computes with the averaged weights between these two.
    void useAverage()
    {
        if (m_average == nullptr)
            return;
        const torch::NoGradGuard noGrad;
        for (const auto &[name, master] : m_optimizer.masters())
            m_own.emplace_back(name, master.clone());
        copyToMasters(m_average->tensors());
    }
    void useOwn()
    {
        if (m_own.empty())
            return;
        copyToMasters(m_own);
        m_own.clear();
    }

    // `withModel`: also the file that can be tried as a model.
    void saveLast(const Json &state, bool withModel)
    {
        NamedTensors tensors = weights();
        SafetensorsOptions options;
        options.metadata = {{"step", std::to_string(state.at("step").get<std::int64_t>())},
                            {"state", state.dump()}};
        // Weights and optimizer together in one file: a crash between two files would leave a pair
        // that does not belong together.
        for (const auto &item : m_optimizer.state())
            tensors.push_back(item);
        if (m_average != nullptr) {
            for (const auto &[name, tensor] : m_average->tensors())
                tensors.emplace_back(kAverage + name, tensor);
        }
        writeSafetensors(lastPath(), tensors, options);
        options.metadata.erase("state");
        if (withModel)
            writeSafetensors(m_run.checkpointPath("last", ".safetensors"), modelWeights(), options);
    }

    void saveModel(const std::string &name, std::int64_t step)
    {
        SafetensorsOptions options;
        options.metadata = {{"step", std::to_string(step)}};
        writeSafetensors(m_run.checkpointPath(name, ".safetensors"), modelWeights(), options);
    }

    std::string bestPath(const std::string &metric) const
    {
        return m_run.checkpointPath("best@" + metric, ".safetensors");
    }

    std::string lastPath() const { return m_run.checkpointPath("last", ".resume"); }

    // Everything but what the loop keeps itself, which is returned.
    Json restoreLast()
    {
        const std::string path = lastPath();
        const SafetensorsFile file(path);
        restoreWeights(file, weights());
        if (m_average != nullptr) {
            const torch::NoGradGuard noGrad;
            for (const auto &[name, tensor] : m_average->tensors()) {
                torch::Tensor target = tensor;
                target.copy_(file.read(kAverage + name));
            }
        }
        m_optimizer.setState(file);
        const auto stored = file.metadata().find("state");
        if (stored != file.metadata().end())
            return parseJson(stored->second, path);
        return {{"step", std::stoll(file.metadata().at("step"))}, // of an older version
                {"best", parseJson(file.metadata().at("best"), path)}};
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

    void copyToMasters(const NamedTensors &values)
    {
        const torch::NoGradGuard noGrad;
        const auto masters = m_optimizer.masters();
        for (std::size_t i = 0; i < masters.size(); ++i) {
            torch::Tensor target = masters[i].second;
            target.copy_(values[i].second);
        }
        m_optimizer.writeBack();
    }

private:
    void addOthers(NamedTensors &tensors) const
    {
        for (const auto &parameter : m_task.module().named_parameters()) {
            if (!parameter.value().requires_grad())
                tensors.emplace_back(parameter.key(), parameter.value());
        }
        for (const auto &buffer : m_task.module().named_buffers())
            tensors.emplace_back(buffer.key(), buffer.value());
    }

    TrainTask &m_task;
    MasterOptimizer &m_optimizer;
    AveragedWeights *m_average;
    RunFolder &m_run;
    NamedTensors m_own; // the trained weights while the average is in their place
};

// One run. The training thread does everything; a second thread watches for the wish to stop, and
// saves when a step takes longer than whoever stops will wait.
class Loop
{
public:
    Loop(TrainTask &task, RunFolder &run, const LoopRequest &request, const CancelToken &cancel,
         const ProgressSink &progress)
        : m_task(task),
          m_run(run),
          m_request(request),
          m_cancel(cancel),
          m_progress(progress),
          m_settings(task.settings()),
          m_device(request.device),
          m_type(request.precision == "bf16"   ? torch::kBFloat16
                 : request.precision == "fp16" ? torch::kHalf
                                               : torch::kFloat),
          m_ranks(request.group != nullptr ? request.group->count() : 1),
          m_rank(request.group != nullptr ? request.group->rank() : 0)
    {
    }

    LoopOutcome run();

private:
    enum class Phase { Preparing, Training, Finishing };

    bool isWriter() const { return m_rank == 0; }
    bool isStopWanted();
    void watch();
    void giveUp();

    void prepare();
    void checkRequest() const;
    void makeOptimizer();
    void restore();
    void checkMemory();
    void timeSteps();
    bool train(); // false: stopped
    bool takeStep(OrderedProducer<Batch> &loader, std::int64_t step);
    void checkLoss(std::int64_t step, const StepResult &result) const;
    void reduceGradients();
    void appendTraining(std::int64_t step, double rate, double norm, const StepResult &last);
    void evaluate();
    void save(bool withModel = true);
    Json state() const;
    LoopOutcome stopped();
    LoopOutcome finish();
    [[noreturn]] void fail(const ErrorReport &report);
    [[noreturn]] void diverged(std::int64_t step, const std::string &what) const;

    TrainTask &m_task;
    RunFolder &m_run;
    const LoopRequest &m_request;
    const CancelToken &m_cancel;
    const ProgressSink &m_progress;
    const TrainSettings &m_settings;
    torch::Device m_device;
    torch::ScalarType m_type;
    int m_ranks;
    int m_rank;
    std::int64_t m_steps = 0;
    std::int64_t m_epochSteps = 0;
    RunStatus m_status;

    std::unique_ptr<MasterOptimizer> m_optimizer;
    std::unique_ptr<AveragedWeights> m_average;
    std::unique_ptr<Checkpoints> m_checkpoints;
    std::optional<LossScaler> m_scaler;

    // What a checkpoint holds: changed and saved with the lock held.
    std::mutex m_mutex;
    Phase m_phase = Phase::Preparing;
    std::int64_t m_first = 0; // the step this process began with
    std::int64_t m_done = 0;  // steps
    std::int64_t m_saved = -1;
    Json m_best;
    int m_stale = 0; // evaluations since the best
    bool m_evaluationDue = false;
    double m_lossSum = 0.0; // since the last line of metrics
    std::int64_t m_lossCount = 0;
    bool m_gaveUp = false; // the watcher has saved; nothing may change any more

    Clock::time_point m_sectionStart;
    Clock::time_point m_start;
    double m_waited = 0.0;

    CancelSource m_stop; // somebody wants the run to stop
    std::mutex m_watchMutex;
    std::condition_variable m_watchChanged;
    bool m_watchEnd = false;
};

bool Loop::isStopWanted()
{
    if (m_cancel.isCancelled())
        m_stop.cancel();
    return m_stop.isCancelled();
}

void Loop::watch()
{
    std::unique_lock<std::mutex> lock(m_watchMutex);
    Clock::time_point looked = Clock::now();
    Clock::time_point since{};
    for (;;) {
        if (m_watchChanged.wait_for(lock, std::chrono::milliseconds(50),
                                    [this] { return m_watchEnd; }))
            return;
        if (!m_stop.isCancelled()) {
            if (secondsSince(looked) > 0.5) {
                looked = Clock::now();
                if (m_run.isStopRequested())
                    m_stop.cancel();
            }
            if (!isStopWanted())
                continue;
        }
        if (since == Clock::time_point{})
            since = Clock::now();
        if (secondsSince(since) < m_request.patienceSeconds)
            continue;
        lock.unlock();
        giveUp();
        return;
    }
}

void Loop::giveUp()
{
    try {
        LoopOutcome outcome;
        RunStatus status;
        {
            const std::lock_guard<std::mutex> lock(m_mutex);
            if (m_phase == Phase::Training && m_done > m_first && m_done != m_saved) {
                if (m_request.abandon)
                    makeOtherThreadsWait();
                save(false); // there is little time
                m_run.log("stopped at step " + std::to_string(m_done)
                          + " while the next one was under way; it can be resumed");
            }
            m_gaveUp = true;
            outcome.best = m_best;
            status = m_status;
        }
        if (!m_request.abandon)
            return;
        outcome.state = "stopped";
        status.state = outcome.state;
        status.etaSeconds.reset();
        m_run.update(status);
        m_request.abandon(outcome);
    } catch (const std::exception &error) {
        logWarning(std::string("the state could not be saved yet: ") + error.what());
    }
}

LoopOutcome Loop::run()
{
    limitOpenCvThreads();
#if TORCH_VERSION_MAJOR >= 2
    // The fused kernel multiplies head by head, which costs more than it saves on our short
    // sequences; without it the library takes batched products.
    if (m_device.is_cpu()) {
        at::globalContext().setSDPUseFlash(false);
        at::globalContext().setAllowFP16BF16ReductionMathSDP(true);
    }
#endif
    const GatherScope gathering(m_request.group);
    const nn::RecomputeLayers recompute(m_settings.gradientCheckpointing);
    m_status.state = "running";
    m_status.steps = m_settings.steps;
    if (isWriter())
        m_run.clearStopRequest();
    m_run.removePartialFiles();
    m_run.update(m_status);

    std::thread watcher([this] { watch(); });
    const auto endWatch = [&] {
        {
            const std::lock_guard<std::mutex> lock(m_watchMutex);
            m_watchEnd = true;
        }
        m_watchChanged.notify_all();
        if (watcher.joinable())
            watcher.join();
    };
    try {
        checkRequest();
        prepare();
        LoopOutcome outcome;
        if (isStopWanted()) {
            outcome = stopped();
        } else {
            makeOptimizer();
            restore();
            checkMemory();
            if (m_request.preflight != nullptr) {
                timeSteps();
                outcome.state = "stopped";
            } else {
                outcome = train() ? finish() : stopped();
            }
        }
        endWatch();
        m_status.state = outcome.state;
        m_status.etaSeconds.reset();
        m_run.update(m_status);
        return outcome;
    } catch (const BatchTooLarge &) {
        endWatch();
        throw;
    } catch (...) {
        endWatch();
        const ErrorReport report = reportOfFailure();
        // A peer that stopped first takes its connection with it.
        if (m_ranks > 1 && isStopWanted() && report.kind == ErrorKind::Io) {
            m_status.state = "stopped";
            m_run.update(m_status);
            return {m_status.state, m_best, {}};
        }
        fail(report);
    }
}

void Loop::fail(const ErrorReport &report)
{
    ErrorReport told = report;
    if (report.kind == ErrorKind::OutOfMemory)
        told.message += " at step " + std::to_string(m_done + 1) + " with batches of "
                        + std::to_string(m_settings.batchSize)
                        + "; close other programs, or start again with a smaller 'batchSize' (and "
                          "'accumulate' in its place) or with 'gradientCheckpointing'";
    if (std::filesystem::exists(m_run.checkpointPath("last", ".resume")))
        told.message += "; the last checkpoint is whole, resume from it with `sapsam train "
                        "--resume "
                        + m_run.path() + "`";
    m_run.fail(told.message);
    throw Error(told.kind, told.message);
}

void Loop::checkRequest() const
{
    if (m_type == torch::kHalf && m_device.is_cpu())
        throw Error(ErrorKind::InvalidInput, "'precision' fp16 needs a CUDA device; on the CPU use "
                                             "bf16 or fp32");
    if (m_settings.batchSize % m_ranks != 0)
        throw Error(ErrorKind::InvalidInput,
                    "a 'batchSize' of " + std::to_string(m_settings.batchSize)
                        + " cannot be shared equally by " + std::to_string(m_ranks) + " processes");
}

void Loop::prepare()
{
    makeFolder(m_run.path() + "/model");
    m_task.prepare(m_request.seed, m_run.path() + "/model", m_stop.token(), m_progress);
    if (isStopWanted())
        return;
    m_task.writeModelFiles(m_run.path() + "/model");
    const std::int64_t samples = m_task.sampleCount();
    if (samples > 0 && m_settings.batchSize > samples)
        throw Error(ErrorKind::InvalidInput, "the batch is larger than the set: 'batchSize' is "
                                                 + std::to_string(m_settings.batchSize)
                                                 + ", and there are " + std::to_string(samples)
                                                 + " samples to train on; choose at most that");
    m_steps = m_task.steps();
    m_epochSteps = m_task.stepsPerEpoch();
    m_status.steps = m_steps;
}

void Loop::makeOptimizer()
{
    torch::nn::Module &module = m_task.module();
    module.to(m_device);
    // The optimizer copies fp32 values before the module loses them.
    std::map<std::string, torch::Tensor> exact;
    for (const auto &parameter : module.named_parameters())
        exact.emplace(parameter.key(), parameter.value().detach().clone());
    if (m_type != torch::kFloat)
        module.to(m_type);
    if (m_settings.channelsLast)
        useChannelsLast(module);
    module.train();
    m_optimizer = std::make_unique<MasterOptimizer>(module, m_settings, m_task.parameterRule());
    const torch::NoGradGuard noGrad;
    for (const auto &[name, master] : m_optimizer->masters()) {
        torch::Tensor target = master;
        target.copy_(exact.at(name));
        if (m_request.group != nullptr)
            m_request.group->broadcast(target); // processors may differ in the last bit
    }
    m_optimizer->writeBack();
    if (m_settings.emaDecay > 0.0)
        m_average = std::make_unique<AveragedWeights>(*m_optimizer, m_settings.emaDecay);
    if (m_type == torch::kHalf)
        m_scaler.emplace();
    m_checkpoints = std::make_unique<Checkpoints>(m_task, *m_optimizer, m_average.get(), m_run);
}

void Loop::restore()
{
    if (m_request.resume && std::filesystem::exists(m_checkpoints->lastPath())) {
        const std::string path = m_checkpoints->lastPath();
        const Json state = m_checkpoints->restoreLast();
        m_first = m_done = m_saved = require<std::int64_t>(state, "step", path);
        m_best = m_status.best = state.value("best", Json());
        m_stale = valueOr(state, "stale", 0, path);
        m_evaluationDue = valueOr(state, "evaluationDue", false, path);
        m_lossSum = valueOr(state, "lossSum", 0.0, path);
        m_lossCount = valueOr<std::int64_t>(state, "lossCount", 0, path);
        if (m_average)
            m_average->setUpdates(valueOr<std::int64_t>(state, "averaged", 0, path));
        if (m_scaler && state.contains("scaler"))
            m_scaler->setState(state.at("scaler"), path);
    }
    if (m_request.resume) // without a checkpoint it begins anew
        m_run.dropMetricsAfter(m_first, m_evaluationDue);
    std::int64_t parameters = 0;
    for (const torch::Tensor &parameter : m_task.module().parameters())
        parameters += parameter.numel();
    m_run.log(m_settings.name + ": " + std::to_string(parameters) + " parameters, "
              + m_request.precision + " on " + m_request.device
              + (m_ranks > 1 ? ", " + std::to_string(m_ranks) + " processes" : std::string()) + ", "
              + std::to_string(m_steps) + " steps of " + std::to_string(m_settings.batchSize)
              + (m_settings.accumulate > 1 ? " × " + std::to_string(m_settings.accumulate)
                                           : std::string())
              + (m_first > 0 ? ", going on at step " + std::to_string(m_first) : std::string()));
}

// One forward and backward pass on growing parts of the first batch. Everything is afterwards as it
// was: no step is taken, and what a pass may change is put back.
void Loop::checkMemory()
{
    const bool isWanted = m_settings.memoryCheck && m_request.checkMemory && m_done < m_steps;
    if (!isWanted && m_request.preflight == nullptr)
        return;
    const std::int64_t known = m_settings.memoryLimitMb > 0
                                   ? static_cast<std::int64_t>(m_settings.memoryLimitMb) << 20
                                   : freeMemory(m_device);
    if (m_request.preflight != nullptr) {
        Preflight &told = *m_request.preflight;
        told.batchSize = told.fittingBatch = m_settings.batchSize;
        told.freeBytes = known;
        told.stepBytes = -1;
    }
    if (known < 0)
        return;
    torch::nn::Module &module = m_task.module();
    std::int64_t later = 0; // what only the first step takes: the state of the optimizer
    if (m_done == 0) {
        for (const auto &[name, master] : m_optimizer->masters())
            later += 2 * static_cast<std::int64_t>(master.nbytes());
    }
    constexpr double kMargin = 0.95;
    const std::int64_t limit =
        static_cast<std::int64_t>(static_cast<double>(known) * kMargin) - later;

    std::vector<std::pair<torch::Tensor, torch::Tensor>> buffers;
    for (const torch::Tensor &buffer : module.buffers())
        buffers.emplace_back(buffer, buffer.clone());
    std::vector<std::pair<at::Generator, torch::Tensor>> randoms;
    randoms.emplace_back(at::detail::getDefaultCPUGenerator(), torch::Tensor());
    if (m_device.is_cuda())
        randoms.emplace_back(at::globalContext().defaultGenerator(m_device), torch::Tensor());
    for (auto &[generator, before] : randoms)
        before = generator.get_state();

    const std::int64_t share = m_settings.batchSize / m_ranks;
    const Batch batch = m_task.makePart(m_done * m_settings.accumulate, m_rank, m_ranks);
    const auto measure = [&](std::int64_t samples) -> std::int64_t {
        std::int64_t bytes = -1;
        try {
            const Batch part = samples == share ? batch : m_task.firstSamples(batch, samples);
            const PeakMemory peak(m_device);
            m_task.lossOf(part, m_device, m_type).loss.backward();
            bytes = peak.bytes();
        } catch (const std::exception &) {
            if (m_ranks > 1 || reportOfFailure().kind != ErrorKind::OutOfMemory)
                throw;
        }
        for (const auto &item : module.named_parameters())
            const_cast<torch::Tensor &>(item.value()).mutable_grad() = torch::Tensor();
        if (m_ranks > 1) {
            torch::Tensor most = torch::tensor(static_cast<double>(bytes), torch::kDouble);
            m_request.group->largest(most);
            bytes = static_cast<std::int64_t>(most.item<double>());
        }
        return bytes;
    };
    BatchFit fit;
    if (m_ranks == 1) {
        fit = fitBatch(share, limit, measure);
    } else { // the ranks compare their samples, so that only whole parts can be tried
        torch::Tensor least = torch::tensor(-static_cast<double>(limit), torch::kDouble);
        m_request.group->largest(least);
        const double common = -least.item<double>();
        fit.bytes = measure(share);
        fit.fitting =
            static_cast<double>(fit.bytes) <= common
                ? share
                : static_cast<std::int64_t>(static_cast<double>(share) * std::max(0.0, common)
                                            / static_cast<double>(fit.bytes));
    }

    const torch::NoGradGuard noGrad;
    for (auto &[buffer, before] : buffers)
        buffer.copy_(before);
    for (auto &[generator, before] : randoms)
        generator.set_state(before);
    if (m_request.preflight != nullptr) {
        m_request.preflight->fittingBatch = fit.fitting * m_ranks;
        m_request.preflight->stepBytes = fit.bytes + later;
        return;
    }
    if (fit.fitting < share)
        throw BatchTooLarge(
            "the batch will not fit: " + std::to_string(m_settings.batchSize) + " → "
                + std::to_string(fit.fitting * m_ranks) + ". A step needs about "
                + megabytes(fit.bytes + later) + " and " + megabytes(known)
                + " are free; set 'batchSize' to that (and 'accumulate' to make up for it), "
                  "'fitBatch' to have it done, or 'gradientCheckpointing'",
            fit.fitting * m_ranks);
    m_run.log("memory: a step takes about " + megabytes(fit.bytes + later) + " of "
              + megabytes(known));
}

// The median of a few steps after a first one that pays for what is made once.
void Loop::timeSteps()
{
    Preflight &told = *m_request.preflight;
    told.steps = m_steps;
    for (const torch::Tensor &parameter : m_task.module().parameters())
        told.parameters += parameter.numel();
    if (told.fittingBatch < told.batchSize)
        return;
    constexpr int kSteps = 4;
    constexpr double kPatience = 30.0; // seconds
    std::vector<double> seconds;
    const Clock::time_point start = Clock::now();
    for (std::int64_t step = 0; step < std::min<std::int64_t>(kSteps, m_steps); ++step) {
        if (isStopWanted())
            return;
        double loading = 0.0;
        double computing = 0.0;
        for (int i = 0; i < m_settings.accumulate; ++i) {
            Clock::time_point since = Clock::now();
            const Batch batch = m_task.makePart(step * m_settings.accumulate + i, m_rank, m_ranks);
            loading += secondsSince(since);
            since = Clock::now();
            m_task.lossOf(batch, m_device, m_type).loss.backward();
            m_optimizer->collect();
            computing += secondsSince(since);
        }
        const Clock::time_point since = Clock::now();
        const double norm = m_optimizer->gradientNorm();
        if (std::isfinite(norm))
            m_optimizer->apply(m_task.rateAt(step), norm);
        else
            m_optimizer->clearGradients();
        computing += secondsSince(since);
        // Loaders work beside a card, but share the cores with a processor.
        const double threads = static_cast<double>(m_settings.loaderThreads);
        seconds.push_back(m_device.is_cpu() ? computing + loading / threads
                                            : std::max(computing, loading / threads));
        if (secondsSince(start) > kPatience)
            break;
    }
    if (seconds.size() > 1)
        seconds.erase(seconds.begin());
    std::nth_element(seconds.begin(),
                     seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2),
                     seconds.end());
    if (!seconds.empty())
        told.stepSeconds = seconds[seconds.size() / 2];
}

bool Loop::train()
{
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        m_phase = Phase::Training;
    }
    if (m_evaluationDue)
        evaluate();
    const int accumulate = m_settings.accumulate;
    const bool isCuda = m_device.is_cuda();
    OrderedProducer<Batch> loader(
        m_done * accumulate, m_steps * accumulate, m_settings.loaderThreads, m_settings.queueLength,
        [this, isCuda](std::int64_t index) {
            Batch batch = m_task.makePart(index, m_rank, m_ranks);
            for (auto &item : batch) {
                if (m_settings.channelsLast && item.second.dim() == 4)
                    item.second = item.second.contiguous(at::MemoryFormat::ChannelsLast);
                if (isCuda)
                    item.second = item.second.pin_memory();
            }
            return batch;
        });
    m_start = m_sectionStart = Clock::now();
    while (m_done < m_steps) {
        bool stop = isStopWanted();
        bool enough = m_settings.earlyStop > 0 && m_stale >= m_settings.earlyStop;
        if (m_request.group != nullptr) { // all do the same
            torch::Tensor wishes = torch::tensor({stop ? 1.0F : 0.0F, enough ? 1.0F : 0.0F});
            m_request.group->largest(wishes);
            stop = wishes[0].item<float>() > 0.0F;
            enough = wishes[1].item<float>() > 0.0F;
        }
        if (stop)
            return false;
        if (enough) {
            m_run.log("ended at step " + std::to_string(m_done) + ": " + std::to_string(m_stale)
                      + " evaluations without a better value");
            break;
        }
        if (!takeStep(loader, m_done))
            return false;
        if (m_evaluationDue)
            evaluate();
        if (m_done % m_settings.checkpointEvery == 0 || m_done == m_steps
            || (m_settings.earlyStop > 0 && m_stale >= m_settings.earlyStop)) {
            const std::lock_guard<std::mutex> lock(m_mutex);
            if (!m_gaveUp)
                save();
        }
    }
    return !m_evaluationDue; // due: it was interrupted
}

// False when the watcher has given the run up meanwhile.
bool Loop::takeStep(OrderedProducer<Batch> &loader, std::int64_t step)
{
    const double rate = m_task.rateAt(step);
    const int accumulate = m_settings.accumulate;
    const double scale = m_scaler ? m_scaler->scale() : 1.0;
    torch::manual_seed(splitMix64(m_request.seed
                                  ^ splitMix64(static_cast<std::uint64_t>(step) * 65536
                                               + static_cast<std::uint64_t>(m_rank))));
    StepResult result;
    double loss = 0.0;
    for (int i = 0; i < accumulate; ++i) {
        const Clock::time_point takeStart = Clock::now();
        Batch batch = loader.take();
        m_waited += secondsSince(takeStart);
        if (m_device.is_cuda()) {
            // Pictures go ahead while the rest is made ready; small tensors stay with the task.
            for (auto &item : batch) {
                if (item.second.dim() >= 3 && item.second.is_floating_point())
                    item.second = item.second.to(m_device, item.second.scalar_type(), true);
            }
        }
        result = m_task.lossOf(batch, m_device, m_type);
        checkLoss(step, result);
        torch::Tensor scaled = result.loss;
        if (accumulate > 1)
            scaled = scaled / static_cast<double>(accumulate);
        if (scale != 1.0)
            scaled = scaled * scale;
        scaled.backward();
        m_optimizer->collect();
        loss += result.loss.item<double>() / static_cast<double>(accumulate);
    }
    if (m_request.group != nullptr) {
        reduceGradients();
        torch::Tensor mean = torch::tensor(loss, torch::kDouble);
        m_request.group->sum(mean);
        loss = mean.item<double>() / static_cast<double>(m_ranks);
    }
    if (scale != 1.0)
        m_optimizer->scaleGradients(1.0 / scale);
    const double norm = m_optimizer->gradientNorm();
    const bool overflowed = !std::isfinite(norm);
    if (overflowed && !m_scaler) {
        const std::string which = firstNotFinite(m_optimizer->gradients());
        diverged(step, which.empty() ? "the norm of the gradients is not finite"
                                     : "the gradient of " + which);
    }

    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        if (m_gaveUp)
            return false;
        if (m_scaler)
            m_scaler->update(overflowed);
        if (overflowed) {
            m_optimizer->clearGradients();
        } else {
            m_optimizer->apply(rate, norm);
            if (m_average)
                m_average->update();
        }
        m_done = step + 1;
        m_lossSum += loss;
        ++m_lossCount;
        if (m_done % m_settings.logEvery == 0 || m_done == m_steps)
            appendTraining(step, rate, norm, result);
        if (isWriter() && m_settings.keepEvery > 0 && m_epochSteps > 0
            && m_done % (m_epochSteps * m_settings.keepEvery) == 0) {
            char name[32];
            std::snprintf(name, sizeof name, "epoch-%02lld",
                          static_cast<long long>(m_done / m_epochSteps));
            m_checkpoints->saveModel(name, m_done);
        }
        m_evaluationDue =
            isWriter() && (m_done % m_settings.evaluateEvery == 0 || m_done == m_steps);
        m_status.step = m_done;
        if (m_epochSteps > 0)
            m_status.epoch = step / m_epochSteps;
        m_status.etaSeconds = secondsSince(m_start) / static_cast<double>(m_done - m_first)
                              * static_cast<double>(m_steps - m_done);
    }
    m_run.update(m_status);
    if (m_progress)
        m_progress({"training", m_done, m_steps, m_status.etaSeconds});
    return true;
}

void Loop::appendTraining(std::int64_t step, double rate, double norm, const StepResult &last)
{
    const double seconds = secondsSince(m_sectionStart);
    const double samples = static_cast<double>(m_lossCount)
                           * static_cast<double>(m_settings.batchSize)
                           * static_cast<double>(m_settings.accumulate);
    OrderedJson line;
    line["step"] = m_done;
    if (m_epochSteps > 0)
        line["epoch"] = step / m_epochSteps;
    line["loss"] = m_lossSum / static_cast<double>(m_lossCount);
    line["learningRate"] = rate;
    line["gradientNorm"] = norm; // null where fp16 overflowed
    for (const auto &[name, value] : last.details)
        line[name] = value;
    if (m_scaler)
        line["lossScale"] = m_scaler->scale();
    line["samplesPerSecond"] = samples / seconds;
    line["loaderWait"] = m_waited / seconds; // share of the time
    constexpr double kMebibyte = 1024.0 * 1024.0;
    const MemoryUse memory = memoryUse(m_device);
    if (memory.process >= 0)
        line["processMemoryMb"] = static_cast<double>(memory.process) / kMebibyte;
    if (memory.device >= 0)
        line["gpuMemoryMb"] = static_cast<double>(memory.device) / kMebibyte;
    m_run.appendMetrics(line);
    m_run.log("step " + std::to_string(m_done) + "/" + std::to_string(m_steps) + ": loss "
              + formatted(line["loss"]) + "  rate " + formatted(rate) + "  norm " + formatted(norm)
              + "  " + formatted(line["samplesPerSecond"]) + " samples/s, waited "
              + formatted(100.0 * m_waited / seconds) + " %");
    m_lossSum = 0.0;
    m_lossCount = 0;
    m_waited = 0.0;
    m_sectionStart = Clock::now();
}

void Loop::checkLoss(std::int64_t step, const StepResult &result) const
{
    const bool isFinite = std::isfinite(result.loss.item<double>());
    bool areAllFinite = isFinite;
    if (m_request.group != nullptr) {
        torch::Tensor bad = torch::tensor(isFinite ? 0.0F : 1.0F);
        m_request.group->largest(bad);
        areAllFinite = bad.item<float>() == 0.0F;
    }
    if (areAllFinite)
        return;
    if (isFinite)
        diverged(step, "the loss of another process is not finite");
    // What comes first on the way to the loss.
    std::vector<std::pair<std::string, torch::Tensor>> parameters;
    for (const auto &item : m_task.module().named_parameters())
        parameters.emplace_back(item.key(), item.value());
    const std::string which = firstNotFinite(parameters);
    if (!which.empty())
        diverged(step, "the parameter " + which);
    std::vector<std::pair<std::string, torch::Tensor>> terms;
    for (const auto &[name, value] : result.details)
        terms.emplace_back(name, torch::tensor(value, torch::kDouble));
    const std::string term = firstNotFinite(terms);
    if (!term.empty())
        diverged(step, "the loss term " + term);
    diverged(step, firstNotFinite({{"loss", result.loss}}));
}

void Loop::diverged(std::int64_t step, const std::string &what) const
{
    throw Error(ErrorKind::InvalidInput,
                "training diverged at step " + std::to_string(step + 1) + ": " + what
                    + "; lower 'learningRate', lengthen 'warmUpSteps' or compute in fp32");
}

// The mean over the ranks. A parameter that one rank reached counts as reached by all.
void Loop::reduceGradients()
{
    const auto own = m_optimizer->gradients();
    torch::Tensor reached = torch::zeros({static_cast<std::int64_t>(own.size())}, torch::kFloat);
    for (std::size_t i = 0; i < own.size(); ++i)
        reached[static_cast<std::int64_t>(i)] = own[i].second.defined() ? 1.0F : 0.0F;
    m_request.group->largest(reached);
    for (std::size_t i = 0; i < own.size(); ++i) {
        if (reached[static_cast<std::int64_t>(i)].item<float>() > 0.0F)
            m_optimizer->requireGradient(i);
    }
    std::vector<torch::Tensor> gradients;
    for (const auto &item : m_optimizer->gradients()) {
        if (item.second.defined())
            gradients.push_back(item.second);
    }
    m_request.group->sumAll(gradients);
    m_optimizer->scaleGradients(1.0 / static_cast<double>(m_ranks));
}

// Stays due when it is interrupted, so that a resumed run begins with it.
void Loop::evaluate()
{
    torch::nn::Module &module = m_task.module();
    const auto useAverage = [&](bool on) {
        const std::lock_guard<std::mutex> lock(m_mutex);
        if (on)
            m_checkpoints->useAverage();
        else
            m_checkpoints->useOwn();
    };
    const CancelToken token = m_stop.token();
    const Clock::time_point start = Clock::now();
    useAverage(true);
    module.eval();
    const Evaluation evaluation = [&] {
        const torch::NoGradGuard noGrad;
        return m_task.evaluate(m_device, m_type, token);
    }();
    module.train();
    useAverage(false);
    if (token.isCancelled())
        return;
    try {
        if (!evaluation.samples.empty())
            writeRunSamples(m_run.path(), m_done, evaluation.samples);
    } catch (const Error &error) { // a run does without
        m_run.log(std::string("the samples could not be written: ") + error.what());
    }

    const std::lock_guard<std::mutex> lock(m_mutex);
    if (m_gaveUp)
        return;
    OrderedJson line;
    line["step"] = m_done;
    line["validation"] = evaluation.numbers;
    line["seconds"] = secondsSince(start);
    m_run.appendMetrics(line);
    m_run.log("step " + std::to_string(m_done) + ": " + evaluation.metric + " "
              + formatted(evaluation.value) + "  " + evaluation.numbers.dump());
    ++m_stale;
    if (m_best.is_null() || evaluation.value > m_best.at("value").get<double>()) {
        m_checkpoints->saveModel("best@" + evaluation.metric, m_done);
        m_best = {{"metric", evaluation.metric}, {"value", evaluation.value}, {"step", m_done}};
        m_stale = 0;
        m_status.best = m_best;
        m_run.update(m_status);
    }
    m_evaluationDue = false;
}

Json Loop::state() const
{
    Json state = {{"step", m_done},       {"best", m_best},
                  {"stale", m_stale},     {"evaluationDue", m_evaluationDue},
                  {"lossSum", m_lossSum}, {"lossCount", m_lossCount}};
    if (m_average)
        state["averaged"] = m_average->updates();
    if (m_scaler)
        state["scaler"] = m_scaler->state();
    return state;
}

// With the lock held.
void Loop::save(bool withModel)
{
    if (isWriter())
        m_checkpoints->saveLast(state(), withModel);
    m_saved = m_done;
}

LoopOutcome Loop::stopped()
{
    const std::lock_guard<std::mutex> lock(m_mutex);
    if (m_phase == Phase::Training && m_done > m_first && m_done != m_saved) {
        m_status.state = "stopping";
        m_run.update(m_status);
        save();
    }
    m_run.log("stopped at step " + std::to_string(m_done) + "; it can be resumed");
    return {"stopped", m_best, {}};
}

LoopOutcome Loop::finish()
{
    {
        const std::lock_guard<std::mutex> lock(m_mutex);
        m_phase = Phase::Finishing; // the weights become those of the best step
    }
    LoopOutcome outcome{"done", m_best, {}};
    if (!isWriter())
        return outcome;
    torch::nn::Module &module = m_task.module();
    if (m_best.is_object()) {
        const SafetensorsFile file(m_checkpoints->bestPath(m_best.at("metric").get<std::string>()));
        NamedTensors targets;
        for (const auto &item : m_checkpoints->weights()) {
            if (item.first.rfind(std::string(kHelper) + ".", 0) != 0)
                targets.push_back(item);
        }
        m_checkpoints->restoreWeights(file, targets);
    } else if (m_average) {
        m_checkpoints->copyToMasters(m_average->tensors());
    }
    module.eval();
    const CancelToken token = m_stop.token();
    const OrderedJson last = [&] {
        const torch::NoGradGuard noGrad;
        return m_task.measureFinally(m_device, m_type, token);
    }();
    if (token.isCancelled()) // measured in part only; a resumed run does it again
        return stopped();
    if (!last.is_null()) {
        OrderedJson line;
        line["step"] = m_done;
        line["final"] = last;
        m_run.appendMetrics(line);
        m_run.log("with the chosen weights: " + last.dump());
        outcome.final = last;
    }
    // Back to fp32 from the exact copies, not from bf16.
    const NamedTensors exactWeights = m_checkpoints->weights();
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
    saveModule(m_task.exportedModule(), m_run.path() + "/model/model.safetensors",
               m_task.tensorNames(), options);
    m_task.writeExtraFiles(m_run.path() + "/model");
    m_run.log("done: the model lies in " + m_run.path() + "/model");
    return outcome;
}

} // namespace

double progressAt(const TrainSettings &settings, std::int64_t batch)
{
    return static_cast<double>(batch)
           / (static_cast<double>(settings.steps) * static_cast<double>(settings.accumulate));
}

double helperWeightAt(const TrainSettings &settings, std::int64_t batch)
{
    const std::int64_t step = batch / settings.accumulate;
    const double end = settings.helperUntil * static_cast<double>(settings.steps);
    if (end <= 0.0)
        return 0.0;
    return settings.helperWeight * std::max(0.0, 1.0 - static_cast<double>(step) / end);
}

Batch rowsOf(const Batch &batch, std::int64_t samples, std::int64_t first, std::int64_t count)
{
    Batch part;
    for (const auto &[name, tensor] : batch) {
        const bool hasRows =
            tensor.dim() > 0 && tensor.size(0) > 0 && tensor.size(0) % samples == 0;
        const std::int64_t rows = hasRows ? tensor.size(0) / samples : 0;
        part.emplace(name, hasRows ? tensor.narrow(0, first * rows, count * rows) : tensor);
    }
    return part;
}

Batch TrainTask::makePart(std::int64_t index, int rank, int count) const
{
    Batch batch = makeBatch(index);
    if (count == 1)
        return batch;
    const std::int64_t share = settings().batchSize / count;
    return rowsOf(batch, settings().batchSize, rank * share, share);
}

Batch TrainTask::firstSamples(const Batch &batch, std::int64_t samples) const
{
    return rowsOf(batch, settings().batchSize, 0, samples);
}

LoopOutcome runLoop(TrainTask &task, RunFolder &run, const LoopRequest &request,
                    const CancelToken &cancel, const ProgressSink &progress)
{
    return Loop(task, run, request, cancel, progress).run();
}

} // namespace sapsam::training
