#pragma once

#include "core/nn/torch_compat.h"
#include "core/train/settings.h"

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
// module computes in bf16 it keeps fp32 copies, fills their gradients from the module's and writes
// the result back. One thread only.
class MasterOptimizer
{
public:
    MasterOptimizer(torch::nn::Module &module, const TrainSettings &settings,
                    const ParameterRule &rule = commonRate);

    // Clips, steps with the given learning rate and clears the gradients.
    // Returns the norm of the gradients before clipping.
    double step(double learningRate);

    // The fp32 values under the names of the module; buffers are not among them.
    std::vector<std::pair<std::string, torch::Tensor>> masters() const;
    // Copies fp32 values into the module, which may compute in bf16.
    void writeBack();

    // Everything that the next step depends on, as bytes.
    std::string state() const;
    // Throws Error(Corrupt) naming the origin.
    void setState(const std::string &state, const std::string &origin);

private:
    struct Pair
    {
        std::string name;
        torch::Tensor parameter; // of the module
        torch::Tensor master;    // fp32; the same tensor when the module computes in fp32
    };
    std::vector<Pair> m_pairs;
    std::unique_ptr<torch::optim::Optimizer> m_optimizer;
    std::vector<double> m_factors; // of the learning rate, for each group of the optimizer
    double m_clip;
    int m_repeats; // of every step with the same gradients
};

} // namespace sapsam::training
