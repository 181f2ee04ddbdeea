#include "core/train/optimizer.h"

#include "core/base/error.h"
#include "core/train/adam_pass.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>
#include <type_traits>
#include <utility>

namespace sapsam::training {

namespace {

using NamedState = std::vector<std::pair<std::string, torch::Tensor>>;

const std::string kMean = "trainer.mean.";
const std::string kSquare = "trainer.square.";
constexpr char kTaken[] = "trainer.taken";
constexpr char kArchive[] = "trainer.optimizer"; // libtorch's own, of runs before version 0.2

// An optimizer's state() is found by the address of the parameter: as text until libtorch 2.0, as
// it is since.
template <typename Key>
Key keyOf(const torch::Tensor &parameter)
{
    if constexpr (std::is_same_v<Key, std::string>) {
        std::ostringstream text;
        text << parameter.unsafeGetTensorImpl();
        return text.str();
    } else {
        return parameter.unsafeGetTensorImpl();
    }
}

} // namespace

ParameterRate commonRate(const std::string &name, const torch::Tensor &tensor)
{
    if (tensor.dim() < 2)
        return {1.0, false};
    for (const char *part : {"position", "pos_embed", "rel_pos", "class_embedding", "query_tokens",
                             "fixed_query", "bias", "norm"}) {
        if (name.find(part) != std::string::npos)
            return {1.0, false};
    }
    return {};
}

ParameterRate sapSamRate(const std::string &name, const torch::Tensor &)
{
    constexpr double kNewModules = 5.0;
    constexpr double kBiases = 2.0;
    const auto has = [&](const char *word) { return name.find(word) != std::string::npos; };
    ParameterRate rate;
    if (has("cross"))
        rate.factor = kNewModules;
    if (has("bias"))
        rate = {kBiases, false};
    if (has("classifier") || has("mlm_head") || has("mim_decoder"))
        rate.factor = kNewModules;
    return rate;
}

double scheduleFactor(std::int64_t step, std::int64_t steps, std::int64_t warmUpSteps,
                      double finalFactor)
{
    if (step < warmUpSteps)
        return 0.1 + 0.9 * static_cast<double>(step) / static_cast<double>(warmUpSteps);
    const double total = static_cast<double>(std::max<std::int64_t>(1, steps - warmUpSteps));
    const double done = std::min(1.0, static_cast<double>(step - warmUpSteps) / total);
    return finalFactor + (1.0 - finalFactor) * 0.5 * (1.0 + std::cos(3.141592653589793 * done));
}

MasterOptimizer::MasterOptimizer(torch::nn::Module &module, const TrainSettings &settings,
                                 const ParameterRule &rule)
    : m_clip(settings.gradientClip), m_repeats(settings.stepRepeats)
{
    std::map<ParameterRate, std::vector<torch::Tensor>> byRate;
    for (const auto &item : module.named_parameters()) {
        if (!item.value().requires_grad())
            continue;
        Pair pair;
        pair.name = item.key();
        pair.parameter = item.value();
        pair.master = pair.parameter;
        if (pair.parameter.scalar_type() != torch::kFloat)
            pair.master = pair.parameter.detach().to(torch::kFloat).requires_grad_(true);
        byRate[rule(pair.name, pair.master)].push_back(pair.master);
        m_pairs.push_back(std::move(pair));
    }

    const auto makeGroups = [&](auto options) {
        std::vector<torch::optim::OptimizerParamGroup> groups;
        for (const auto &[rate, tensors] : byRate) {
            auto own = options;
            own.weight_decay(rate.decays ? settings.weightDecay : 0.0);
            groups.emplace_back(tensors, std::make_unique<decltype(options)>(own));
            m_factors.push_back(rate.factor);
        }
        return groups;
    };
    const auto betas = std::make_tuple(settings.beta1, settings.beta2);
    m_isAdam = settings.optimizer == "adam";
    if (m_isAdam) {
        const auto options =
            torch::optim::AdamOptions(settings.learningRate).betas(betas).eps(settings.epsilon);
        m_optimizer = std::make_unique<torch::optim::Adam>(makeGroups(options), options);
    } else {
        const auto options =
            torch::optim::AdamWOptions(settings.learningRate).betas(betas).eps(settings.epsilon);
        m_optimizer = std::make_unique<torch::optim::AdamW>(makeGroups(options), options);
    }
}

void MasterOptimizer::collect()
{
    const torch::NoGradGuard noGrad;
    for (Pair &pair : m_pairs) {
        const torch::Tensor gradient = pair.parameter.grad();
        if (!gradient.defined() || pair.master.is_same(pair.parameter))
            continue;
        if (pair.master.grad().defined())
            pair.master.mutable_grad().add_(gradient.to(torch::kFloat));
        else
            pair.master.mutable_grad() = gradient.to(torch::kFloat);
        pair.parameter.mutable_grad() = torch::Tensor();
    }
}

void MasterOptimizer::scaleGradients(double factor)
{
    const torch::NoGradGuard noGrad;
    for (Pair &pair : m_pairs) {
        if (pair.master.grad().defined())
            pair.master.mutable_grad().mul_(factor);
    }
}

double MasterOptimizer::gradientNorm() const
{
    const torch::NoGradGuard noGrad;
    double squares = 0.0;
    for (const Pair &pair : m_pairs) {
        if (!pair.master.grad().defined())
            continue;
        const double norm = pair.master.grad().norm().item<double>();
        squares += norm * norm;
    }
    return std::sqrt(squares);
}

void MasterOptimizer::apply(double learningRate, double gradientNorm)
{
    const double factor =
        m_clip > 0.0 && gradientNorm > m_clip ? m_clip / (gradientNorm + 1e-6) : 1.0;
    if (factor < 1.0)
        scaleGradients(factor);
    for (std::size_t i = 0; i < m_factors.size(); ++i)
        m_optimizer->param_groups()[i].options().set_lr(learningRate * m_factors[i]);
    {
        // The optimizer of libtorch switches gradients off by itself; it must be able to.
        const torch::AutoGradMode grad(true);
        for (int i = 0; i < m_repeats; ++i) {
            if (!steppedAtOnce())
                m_optimizer->step();
        }
    }
    clearGradients();
    writeBack();
}

bool MasterOptimizer::steppedAtOnce()
{
    const bool isCovered = std::all_of(m_pairs.begin(), m_pairs.end(), [](const Pair &pair) {
        const torch::Tensor &gradient = pair.master.grad();
        return pair.master.device().is_cpu() && pair.master.is_contiguous()
               && (!gradient.defined()
                   || (gradient.scalar_type() == torch::kFloat && !gradient.is_sparse()));
    });
    if (!isCovered)
        return false;
    const torch::NoGradGuard noGrad;
    if (m_isAdam)
        stepAtOnce<torch::optim::AdamParamState, torch::optim::AdamOptions>();
    else
        stepAtOnce<torch::optim::AdamWParamState, torch::optim::AdamWOptions>();
    return true;
}

template <typename State, typename Options>
void MasterOptimizer::stepAtOnce()
{
    auto &states = m_optimizer->state();
    using Key = typename std::decay_t<decltype(states)>::key_type;
    for (auto &group : m_optimizer->param_groups()) {
        const auto &options = static_cast<const Options &>(group.options());
        for (const torch::Tensor &parameter : group.params()) {
            const torch::Tensor given = parameter.grad();
            if (!given.defined())
                continue;
            auto &slot = states[keyOf<Key>(parameter)];
            if (!slot) {
                auto fresh = std::make_unique<State>();
                fresh->step(0);
                fresh->exp_avg(torch::zeros_like(parameter, torch::MemoryFormat::Contiguous));
                fresh->exp_avg_sq(torch::zeros_like(parameter, torch::MemoryFormat::Contiguous));
                slot = std::move(fresh);
            }
            auto &own = static_cast<State &>(*slot);
            own.step(own.step() + 1);
            const torch::Tensor gradient = given.contiguous();
            AdamPass pass;
            pass.weights = parameter.data_ptr<float>();
            pass.gradient = gradient.data_ptr<float>();
            pass.mean = own.exp_avg().template data_ptr<float>();
            pass.square = own.exp_avg_sq().template data_ptr<float>();
            const auto [beta1, beta2] = options.betas();
            const double taken = static_cast<double>(own.step());
            pass.beta1 = static_cast<float>(beta1);
            pass.beta2 = static_cast<float>(beta2);
            pass.epsilon = static_cast<float>(options.eps());
            pass.rate = static_cast<float>(options.lr() / (1.0 - std::pow(beta1, taken)));
            pass.squareScale = static_cast<float>(1.0 / std::sqrt(1.0 - std::pow(beta2, taken)));
            if (m_isAdam)
                pass.decay = static_cast<float>(options.weight_decay());
            else
                pass.shrink = static_cast<float>(1.0 - options.lr() * options.weight_decay());
            constexpr std::int64_t kGrain = 32768; // below that a second thread costs more
            at::parallel_for(
                0, parameter.numel(), kGrain,
                [&pass](std::int64_t begin, std::int64_t end) { pass.run(begin, end); });
        }
    }
}

void MasterOptimizer::clearGradients()
{
    for (Pair &pair : m_pairs) {
        pair.master.mutable_grad() = torch::Tensor();
        pair.parameter.mutable_grad() = torch::Tensor();
    }
}

double MasterOptimizer::step(double learningRate)
{
    collect();
    const double norm = gradientNorm();
    if (!std::isfinite(norm))
        throw Error(ErrorKind::InvalidInput,
                    "training diverged: the gradient of " + firstNotFinite(gradients())
                        + "; lower 'learningRate' or lengthen 'warmUpSteps'");
    apply(learningRate, norm);
    return norm;
}

std::vector<std::pair<std::string, torch::Tensor>> MasterOptimizer::gradients() const
{
    std::vector<std::pair<std::string, torch::Tensor>> result;
    for (const Pair &pair : m_pairs)
        result.emplace_back(pair.name, pair.master.grad());
    return result;
}

void MasterOptimizer::requireGradient(std::size_t index)
{
    Pair &pair = m_pairs.at(index);
    if (!pair.master.grad().defined())
        pair.master.mutable_grad() = torch::zeros_like(pair.master);
}

std::vector<std::pair<std::string, torch::Tensor>> MasterOptimizer::masters() const
{
    std::vector<std::pair<std::string, torch::Tensor>> result;
    for (const Pair &pair : m_pairs)
        result.emplace_back(pair.name, pair.master.detach());
    return result;
}

void MasterOptimizer::writeBack()
{
    const torch::NoGradGuard noGrad;
    for (Pair &pair : m_pairs) {
        if (!pair.master.is_same(pair.parameter))
            pair.parameter.copy_(pair.master);
    }
}

template <typename State>
void MasterOptimizer::collectState(NamedState &state) const
{
    const auto &states = std::as_const(*m_optimizer).state();
    std::vector<std::int64_t> taken(m_pairs.size(), 0);
    for (std::size_t i = 0; i < m_pairs.size(); ++i) {
        const auto found = states.find(
            keyOf<typename std::decay_t<decltype(states)>::key_type>(m_pairs[i].master));
        if (found == states.end())
            continue; // not reached by a gradient yet
        const auto &own = static_cast<const State &>(*found->second);
        taken[i] = own.step();
        state.emplace_back(kMean + m_pairs[i].name, own.exp_avg());
        state.emplace_back(kSquare + m_pairs[i].name, own.exp_avg_sq());
    }
    state.emplace_back(kTaken, torch::tensor(taken, torch::kLong));
}

template <typename State>
void MasterOptimizer::restoreState(const TensorSource &file)
{
    auto &states = m_optimizer->state();
    const torch::Tensor taken = file.read(kTaken);
    if (taken.numel() != static_cast<std::int64_t>(m_pairs.size()))
        throw Error(ErrorKind::Mismatch,
                    file.origin() + ": the optimizer's state is of " + std::to_string(taken.numel())
                        + " parameters, the run has " + std::to_string(m_pairs.size()));
    const torch::NoGradGuard noGrad;
    for (std::size_t i = 0; i < m_pairs.size(); ++i) {
        const std::int64_t steps = taken[static_cast<std::int64_t>(i)].item<std::int64_t>();
        if (steps == 0)
            continue;
        auto own = std::make_unique<State>();
        own->step(steps);
        const auto like = [&](const std::string &prefix) {
            torch::Tensor value = torch::empty_like(m_pairs[i].master.detach());
            return value.copy_(file.read(prefix + m_pairs[i].name));
        };
        own->exp_avg(like(kMean));
        own->exp_avg_sq(like(kSquare));
        states[keyOf<typename std::decay_t<decltype(states)>::key_type>(m_pairs[i].master)] =
            std::move(own);
    }
}

std::vector<std::pair<std::string, torch::Tensor>> MasterOptimizer::state() const
{
    NamedState state;
    if (m_isAdam)
        collectState<torch::optim::AdamParamState>(state);
    else
        collectState<torch::optim::AdamWParamState>(state);
    return state;
}

void MasterOptimizer::setState(const TensorSource &file)
{
    if (file.find(kArchive) != nullptr) {
        const torch::Tensor bytes = file.read(kArchive);
        readArchive(std::string(static_cast<const char *>(bytes.data_ptr()),
                                static_cast<std::size_t>(bytes.numel())),
                    file.origin());
    } else if (m_isAdam) {
        restoreState<torch::optim::AdamParamState>(file);
    } else {
        restoreState<torch::optim::AdamWParamState>(file);
    }
}

void MasterOptimizer::readArchive(const std::string &bytes, const std::string &origin)
{
    try {
        std::istringstream stream(bytes);
        torch::serialize::InputArchive archive;
        archive.load_from(stream);
        m_optimizer->load(archive);
    } catch (const c10::Error &error) {
        throw Error(ErrorKind::Corrupt, origin + ": the optimizer's state cannot be read: "
                                            + error.what_without_backtrace());
    }
}

AveragedWeights::AveragedWeights(const MasterOptimizer &optimizer, double decay)
    : m_optimizer(optimizer), m_decay(decay)
{
    for (const auto &[name, master] : optimizer.masters())
        m_average.emplace_back(name, master.clone());
}

void AveragedWeights::update()
{
    const torch::NoGradGuard noGrad;
    const double n = static_cast<double>(m_updates++);
    const double decay = std::min(m_decay, (1.0 + n) / (10.0 + n));
    const auto masters = m_optimizer.masters();
    for (std::size_t i = 0; i < masters.size(); ++i)
        m_average[i].second.lerp_(masters[i].second, 1.0 - decay);
}

void LossScaler::update(bool overflowed)
{
    constexpr double kSmallest = 1.0 / 1048576.0;
    constexpr double kLargest = 16777216.0;
    if (overflowed) {
        m_scale *= 0.5;
        m_good = 0;
        if (m_scale < kSmallest)
            throw Error(ErrorKind::InvalidInput,
                        "training diverged: the gradients are not finite in fp16, however small "
                        "the loss is made; use bf16, or lower 'learningRate'");
    } else if (++m_good >= m_patience) {
        m_scale = std::min(2.0 * m_scale, kLargest);
        m_good = 0;
    }
}

Json LossScaler::state() const
{
    return {{"scale", m_scale}, {"good", m_good}};
}

void LossScaler::setState(const Json &state, const std::string &origin)
{
    m_scale = require<double>(state, "scale", origin);
    m_good = require<int>(state, "good", origin);
}

std::string firstNotFinite(const std::vector<std::pair<std::string, torch::Tensor>> &tensors)
{
    const torch::NoGradGuard noGrad;
    for (const auto &[name, tensor] : tensors) {
        if (!tensor.defined() || !tensor.is_floating_point())
            continue;
        const torch::Tensor finite = torch::isfinite(tensor);
        if (finite.all().item<bool>())
            continue;
        const double value =
            tensor.masked_select(finite.logical_not())[0].to(torch::kFloat).item<double>();
        return "'" + name + "' is " + (std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
    }
    return {};
}

} // namespace sapsam::training
