#include "core/nn/recompute.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

namespace sapsam::nn {

namespace {

thread_local bool isRecomputing = false;

at::Generator generatorOf(const torch::Device &device)
{
    return device.is_cpu() ? at::detail::getDefaultCPUGenerator()
                           : at::globalContext().defaultGenerator(device);
}

torch::Tensor randomState(const torch::Device &device)
{
    at::Generator generator = generatorOf(device);
    const std::lock_guard<std::mutex> lock(generator.mutex());
    return generator.get_state();
}

void setRandomState(const torch::Device &device, const torch::Tensor &state)
{
    at::Generator generator = generatorOf(device);
    const std::lock_guard<std::mutex> lock(generator.mutex());
    generator.set_state(state);
}

// With gradients on, as in the backward pass: our kernels choose their way by that.
torch::Tensor run(const std::function<torch::Tensor(const torch::Tensor &)> &forward,
                  const torch::Tensor &x)
{
    const torch::AutoGradMode grad(true);
    return forward(x);
}

// The layer as one node of the graph. Its parameters are inputs like any other, so that their
// gradients are summed up in the order of a graph without it.
class RecomputeNode final : public torch::autograd::Node
{
public:
    torch::autograd::variable_list apply(torch::autograd::variable_list &&gradients) override
    {
        if (!gradients[0].defined())
            return torch::autograd::variable_list(1 + parameters.size());
        const torch::Tensor x = input.unpack().detach().requires_grad_(needsInput);
        const torch::Tensor after = randomState(x.device());
        setRandomState(x.device(), random);
        const torch::Tensor y = run(forward, x);
        setRandomState(x.device(), after);
        torch::autograd::variable_list wanted = parameters;
        if (needsInput)
            wanted.insert(wanted.begin(), x);
        torch::autograd::variable_list found = torch::autograd::grad(
            {y}, wanted, {gradients[0]}, /*retain_graph=*/false, /*create_graph=*/false,
            /*allow_unused=*/true);
        if (!needsInput)
            found.insert(found.begin(), torch::Tensor());
        return found;
    }

    void release_variables() override
    {
        input.reset_data();
        forward = nullptr;
    }

    std::function<torch::Tensor(const torch::Tensor &)> forward;
    torch::autograd::SavedVariable input;
    torch::autograd::variable_list parameters;
    torch::Tensor random; // state of the generator before the layer ran
    bool needsInput = false;
};

// libtorch counts the references of nodes by itself from some 2.x on.
template <typename Node>
auto makeNode()
{
    if constexpr (std::is_base_of_v<c10::intrusive_ptr_target, Node>)
        return c10::make_intrusive<Node>();
    else
        return std::make_shared<Node>();
}

} // namespace

RecomputeLayers::RecomputeLayers(bool on) : m_before(isRecomputing)
{
    isRecomputing = on;
}

RecomputeLayers::~RecomputeLayers()
{
    isRecomputing = m_before;
}

bool RecomputeLayers::isOn()
{
    return isRecomputing;
}

torch::Tensor recomputed(const torch::Tensor &x, const torch::nn::Module &layer,
                         std::function<torch::Tensor(const torch::Tensor &)> forward)
{
    if (!isRecomputing || !torch::GradMode::is_enabled())
        return forward(x);
    const auto node = makeNode<RecomputeNode>();
    for (const torch::Tensor &parameter : layer.parameters()) {
        if (parameter.requires_grad())
            node->parameters.push_back(parameter);
    }
    node->needsInput = x.requires_grad();
    if (!node->needsInput && node->parameters.empty())
        return forward(x); // frozen: nothing is kept anyway
    torch::autograd::variable_list inputs = node->parameters;
    inputs.insert(inputs.begin(), x);
    node->set_next_edges(torch::autograd::collect_next_edges(inputs));
    node->input = torch::autograd::SavedVariable(x, /*is_output=*/false);
    node->random = randomState(x.device());
    torch::Tensor y = run(forward, x.detach().requires_grad_(node->needsInput)).detach();
    node->forward = std::move(forward);
    torch::autograd::set_history(y, node);
    return y;
}

} // namespace sapsam::nn
