#pragma once

#include "core/nn/torch_compat.h"
#include "core/train/settings.h"
#include "core/weights/tensor_source.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sapsam::training {

// Factor of the learning rate at a step (0-based): linear from 0.1 to 1 over the warm-up, then half
// a cosine down to `finalFactor` at the last step. IRRA's schedule with steps in the place of
// epochs.
double scheduleFactor(std::int64_t step, std::int64_t steps, std::int64_t warmUpSteps,
                      double finalFactor);

// How one parameter is trained.
struct ParameterRate
{
    double factor = 1.0; // of the learning rate
    bool decays = true;

    bool operator<(const ParameterRate &other) const
    {
        return factor != other.factor ? factor < other.factor : decays < other.decays;
    }
};

// Chooses by a parameter's dotted name and shape.
using ParameterRule =
    std::function<ParameterRate(const std::string &name, const torch::Tensor &tensor)>;

// Decay everywhere but on one-dimensional tensors (biases, norms) and tables of positions.
ParameterRate commonRate(const std::string &name, const torch::Tensor &tensor);

// The published fine-tuning of SAP-SAM (method.md 1.5): modules beside the encoders learn five
// times as fast, biases twice and without decay; later rules win. The words are looked for in the
// name: "cross", "bias", "classifier", "mlm_head", "mim_decoder".
ParameterRate sapSamRate(const std::string &name, const torch::Tensor &tensor);

// Adam or AdamW over the parameters of a module. The optimizer always works on fp32: when the
// module computes in bf16 or fp16 it keeps fp32 copies, fills their gradients from the module's and
// writes the result back. One thread only.
class MasterOptimizer
{
public:
    MasterOptimizer(torch::nn::Module &module, const TrainSettings &settings,
                    const ParameterRule &rule = commonRate);

    // Clips, steps with the given learning rate and clears the gradients.
    // Returns the norm of the gradients before clipping. Throws Error(InvalidInput) naming the
    // first gradient that is not finite.
    double step(double learningRate);

    // The same in parts. collect() after every backward pass: the gradients of a module that
    // computes in bf16 or fp16 are added to those of the copies and cleared.
    void collect();
    void scaleGradients(double factor);
    double gradientNorm() const;
    void apply(double learningRate, double gradientNorm);
    void clearGradients();

    // Name and gradient of each fp32 value; one that was not reached is undefined.
    std::vector<std::pair<std::string, torch::Tensor>> gradients() const;
    // Makes a gradient of zeros where there is none.
    void requireGradient(std::size_t index);

    // The fp32 values under the names of the module; buffers are not among them.
    std::vector<std::pair<std::string, torch::Tensor>> masters() const;
    // Copies fp32 values into the module, which may compute in bf16.
    void writeBack();

    // What the next step depends on besides the masters: the running means of gradients and of
    // their squares as "trainer.mean.NAME" and "trainer.square.NAME", and "trainer.taken", how
    // often each parameter was stepped. Shares memory with the optimizer.
    std::vector<std::pair<std::string, torch::Tensor>> state() const;
    // Throws what reading throws.
    void setState(const TensorSource &file);

private:
    struct Pair
    {
        std::string name;
        torch::Tensor parameter; // of the module
        torch::Tensor master;    // fp32; the same tensor when the module computes in fp32
    };
    template <typename State>
    void collectState(std::vector<std::pair<std::string, torch::Tensor>> &state) const;
    template <typename State>
    void restoreState(const TensorSource &file);
    void readArchive(const std::string &bytes, const std::string &origin);
    // One step of libtorch's optimizer in a single pass over the memory, where all lies on the CPU.
    bool steppedAtOnce();
    template <typename State, typename Options>
    void stepAtOnce();

    std::vector<Pair> m_pairs;
    bool m_isAdam = false; // and not AdamW
    std::unique_ptr<torch::optim::Optimizer> m_optimizer;
    std::vector<double> m_factors; // of the learning rate, for each group of the optimizer
    double m_clip;
    int m_repeats; // of every step with the same gradients
};

// An average of the fp32 weights over the steps: e ← d e + (1 − d) w with d = min(decay, (1 + n) /
// (10 + n)) at the n-th update, so that the first weights are soon forgotten. One thread only.
class AveragedWeights
{
public:
    AveragedWeights(const MasterOptimizer &optimizer, double decay);

    void update();
    // Under the names of the module.
    const std::vector<std::pair<std::string, torch::Tensor>> &tensors() const { return m_average; }
    std::int64_t updates() const { return m_updates; }
    void setUpdates(std::int64_t updates) { m_updates = updates; }

private:
    const MasterOptimizer &m_optimizer;
    double m_decay;
    std::int64_t m_updates = 0;
    std::vector<std::pair<std::string, torch::Tensor>> m_average;
};

// The factor of the loss in fp16, whose smallest gradients would otherwise vanish (Micikevicius et
// al. 2018): halved when a gradient overflows, which costs that step, and doubled after `patience`
// steps without.
class LossScaler
{
public:
    explicit LossScaler(double scale = 65536.0, int patience = 2000)
        : m_scale(scale), m_patience(patience)
    {
    }

    double scale() const { return m_scale; }
    // Takes note of a step. Throws Error(InvalidInput) when the factor has fallen below 2^-20:
    // then the gradients are not finite whatever it is.
    void update(bool overflowed);

    Json state() const;
    void setState(const Json &state, const std::string &origin);

private:
    double m_scale;
    int m_patience;
    int m_good = 0; // steps since the last change
};

// "nan", "inf": the first value that is not finite, of the first such tensor, as "name is nan";
// empty when all are finite.
std::string firstNotFinite(const std::vector<std::pair<std::string, torch::Tensor>> &tensors);

} // namespace sapsam::training
