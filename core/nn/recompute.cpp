#include "core/nn/recompute.h"

#include <ATen/CPUGeneratorImpl.h>

#include <mutex>

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

struct Layer final : torch::CustomClassHolder
{
    std::function<torch::Tensor(const torch::Tensor &)> function;
    torch::Tensor random; // state of the generator before it ran
};

// With gradients on, as in the backward pass: our kernels choose their way by that.
torch::Tensor run(const Layer &layer, const torch::Tensor &x)
{
    const torch::AutoGradMode grad(true);
    return layer.function(x);
}

class RecomputeFunction final : public torch::autograd::Function<RecomputeFunction>
{
public:
    // The anchor has no value: it makes the result require a gradient where only parameters do.
    static torch::Tensor forward(torch::autograd::AutogradContext *context, const torch::Tensor &x,
                                 const torch::Tensor & /*anchor*/,
                                 const c10::intrusive_ptr<Layer> &layer)
    {
        context->save_for_backward({x});
        context->saved_data["layer"] = c10::IValue::make_capsule(layer);
        context->saved_data["needs"] = x.requires_grad();
        layer->random = randomState(x.device());
        return run(*layer, x.detach().requires_grad_(x.requires_grad())).detach();
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   const torch::autograd::variable_list &gradients)
    {
        const torch::Tensor saved = context->get_saved_variables()[0];
        const auto holder = context->saved_data["layer"].toCapsule();
        const auto &layer = static_cast<const Layer &>(*holder);
        const torch::Tensor x =
            saved.detach().requires_grad_(context->saved_data["needs"].toBool());
        const torch::Tensor after = randomState(x.device());
        setRandomState(x.device(), layer.random);
        const torch::Tensor y = run(layer, x);
        setRandomState(x.device(), after);
        torch::autograd::backward({y}, {gradients[0]});
        return {x.grad(), torch::Tensor(), torch::Tensor()};
    }
};

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

torch::Tensor recomputed(const torch::Tensor &x,
                         const std::function<torch::Tensor(const torch::Tensor &)> &layer)
{
    if (!isRecomputing || !torch::GradMode::is_enabled())
        return layer(x);
    const auto holder = c10::make_intrusive<Layer>();
    holder->function = layer;
    const torch::Tensor anchor =
        torch::zeros({}, torch::TensorOptions().device(x.device()).dtype(torch::kFloat))
            .requires_grad_(true);
    return RecomputeFunction::apply(x, anchor, holder);
}

} // namespace sapsam::nn
