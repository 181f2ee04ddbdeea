#include "core/nn/cpu_activation.h"

#include "core/nn/vector_kernels.h"

#include <ATen/Parallel.h>

#include <algorithm>

namespace sapsam::nn {

namespace {

using kernels::Bf16;

struct ActivationJob
{
    Activation activation = Activation::Gelu;
    void *data = nullptr;
    bool isBf16 = false;
    std::int64_t begin = 0, end = 0;
};

// 1 / (1 + exp(-x))
template <typename Isa>
SAPSAM_INLINE void sigmoid(typename Isa::Vector &x)
{
    using Vector = typename Isa::Vector;
    const auto isPositive = x > 0.0F;
    Vector e = isPositive ? -x : x;
    kernels::exponential<Isa>(e);
    x = (isPositive ? Vector{} + 1.0F : e) / (e + 1.0F);
}

template <typename Isa>
SAPSAM_INLINE void gelu(typename Isa::Vector &x)
{
    using Vector = typename Isa::Vector;
    const Vector z = (x > 0.0F ? x : -x) * 0.70710678118654752F;
    const Vector t = 1.0F / (z * 0.3275911F + 1.0F);
    Vector p = t * 1.061405429F - 1.453152027F;
    p = p * t + 1.421413741F;
    p = p * t - 0.284496736F;
    p = p * t + 0.254829592F;
    Vector e = -(z * z);
    kernels::exponential<Isa>(e);
    const Vector tail = p * t * e; // 1 - erf(z)
    x = x * (x > 0.0F ? 1.0F - 0.5F * tail : 0.5F * tail);
}

template <typename Isa, Activation Kind>
SAPSAM_INLINE void apply(typename Isa::Vector &x)
{
    using Vector = typename Isa::Vector;
    if constexpr (Kind == Activation::Gelu) {
        gelu<Isa>(x);
    } else if constexpr (Kind == Activation::GeluTanh) {
        // 0.5 (1 + tanh u) is the sigmoid of 2 u.
        Vector gate = (x + x * x * x * 0.044715F) * 1.5957691216057308F;
        sigmoid<Isa>(gate);
        x = x * gate;
    } else if constexpr (Kind == Activation::QuickGelu) {
        Vector gate = x * 1.702F;
        sigmoid<Isa>(gate);
        x = x * gate;
    } else {
        x = x < 0.0F ? Vector{} : x; // not a number stays none
    }
}

template <typename Isa, Activation Kind, typename Element>
SAPSAM_INLINE void applyAll(const ActivationJob &job)
{
    auto *data = static_cast<Element *>(job.data);
    typename Isa::Vector x;
    std::int64_t i = job.begin;
    for (; i + Isa::kLanes <= job.end; i += Isa::kLanes) {
        kernels::load<Isa>(x, data + i);
        apply<Isa, Kind>(x);
        kernels::store<Isa>(data + i, x);
    }
    if (i < job.end) {
        Element rest[Isa::kLanes] = {};
        std::copy(data + i, data + job.end, rest);
        kernels::load<Isa>(x, rest);
        apply<Isa, Kind>(x);
        kernels::store<Isa>(rest, x);
        std::copy_n(rest, job.end - i, data + i);
    }
}

template <typename Isa, Activation Kind>
SAPSAM_INLINE void applyTo(const ActivationJob &job)
{
    job.isBf16 ? applyAll<Isa, Kind, Bf16>(job) : applyAll<Isa, Kind, float>(job);
}

template <typename Isa>
SAPSAM_INLINE void activationKernel(const ActivationJob &job)
{
    switch (job.activation) {
    case Activation::Gelu:
        return applyTo<Isa, Activation::Gelu>(job);
    case Activation::GeluTanh:
        return applyTo<Isa, Activation::GeluTanh>(job);
    case Activation::QuickGelu:
        return applyTo<Isa, Activation::QuickGelu>(job);
    case Activation::Relu:
        return applyTo<Isa, Activation::Relu>(job);
    }
}

SAPSAM_DEFINE_KERNEL(runActivation, activationKernel, ActivationJob)

struct QuickGeluJob
{
    const float *x = nullptr;
    const float *gradient = nullptr; // of the result; null on the way forward
    float *to = nullptr;             // receives the result, or the gradient of x
    std::int64_t begin = 0, end = 0;
};

template <typename Isa>
SAPSAM_INLINE void quickGelu(const float *x, const float *gradient, float *to)
{
    using Vector = typename Isa::Vector;
    Vector value, gate, result;
    kernels::load<Isa>(value, x);
    gate = value * 1.702F;
    sigmoid<Isa>(gate);
    if (gradient) {
        kernels::load<Isa>(result, gradient);
        result *= gate + 1.702F * value * gate * (1.0F - gate);
    } else {
        result = value * gate;
    }
    kernels::store<Isa>(to, result);
}

template <typename Isa>
SAPSAM_INLINE void quickGeluKernel(const QuickGeluJob &job)
{
    std::int64_t i = job.begin;
    for (; i + Isa::kLanes <= job.end; i += Isa::kLanes)
        quickGelu<Isa>(job.x + i, job.gradient ? job.gradient + i : nullptr, job.to + i);
    if (i < job.end) {
        float x[Isa::kLanes] = {}, gradient[Isa::kLanes] = {}, to[Isa::kLanes];
        std::copy(job.x + i, job.x + job.end, x);
        if (job.gradient)
            std::copy(job.gradient + i, job.gradient + job.end, gradient);
        quickGelu<Isa>(x, job.gradient ? gradient : nullptr, to);
        std::copy_n(to, job.end - i, job.to + i);
    }
}

SAPSAM_DEFINE_KERNEL(runQuickGelu, quickGeluKernel, QuickGeluJob)

constexpr std::int64_t kGrain = 16384; // below that a second thread costs more than it brings

// QuickGELU of x, or the gradient of x when that of the result is given.
torch::Tensor quickGeluOf(const torch::Tensor &x, const torch::Tensor &gradient = {})
{
    const torch::Tensor result = torch::empty_like(x);
    const float *from = x.data_ptr<float>();
    const float *gradients = gradient.defined() ? gradient.data_ptr<float>() : nullptr;
    float *to = result.data_ptr<float>();
    at::parallel_for(0, x.numel(), kGrain, [=](std::int64_t begin, std::int64_t end) {
        runQuickGelu({from, gradients, to, begin, end});
    });
    return result;
}

struct QuickGeluFunction : torch::autograd::Function<QuickGeluFunction>
{
    static torch::Tensor forward(torch::autograd::AutogradContext *context, const torch::Tensor &x)
    {
        const torch::Tensor whole = x.contiguous();
        context->save_for_backward({whole});
        return quickGeluOf(whole);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   torch::autograd::variable_list gradients)
    {
        return {quickGeluOf(context->get_saved_variables()[0], gradients[0].contiguous())};
    }
};

} // namespace

torch::Tensor differentiableQuickGelu(const torch::Tensor &x)
{
    return QuickGeluFunction::apply(x);
}

bool mayOverwrite(const torch::Tensor &x)
{
    const auto type = x.scalar_type();
    return x.device().is_cpu() && (type == torch::kFloat || type == torch::kBFloat16)
           && !(torch::GradMode::is_enabled() && x.requires_grad()) && x.is_contiguous()
           && x.use_count() == 1 && x.storage().use_count() == 1;
}

void overwriteWithActivation(torch::Tensor &x, Activation activation)
{
    at::parallel_for(0, x.numel(), kGrain, [&](std::int64_t begin, std::int64_t end) {
        runActivation({activation, x.data_ptr(), x.scalar_type() == torch::kBFloat16, begin, end});
    });
}

} // namespace sapsam::nn
