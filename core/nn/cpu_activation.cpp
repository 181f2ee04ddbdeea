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
    float *values = nullptr; // receives the result, or has the gradient and receives that of x
    bool isBackward = false;
    std::int64_t begin = 0, end = 0;
};

template <typename Isa>
SAPSAM_INLINE void quickGelu(typename Isa::Vector &x, typename Isa::Vector &values, bool isBackward)
{
    using Vector = typename Isa::Vector;
    Vector gate = x * 1.702F;
    sigmoid<Isa>(gate);
    values = isBackward ? values * (gate + 1.702F * x * gate * (1.0F - gate)) : x * gate;
}

template <typename Isa>
SAPSAM_INLINE void quickGeluKernel(const QuickGeluJob &job)
{
    typename Isa::Vector x, values;
    std::int64_t i = job.begin;
    for (; i + Isa::kLanes <= job.end; i += Isa::kLanes) {
        kernels::load<Isa>(x, job.x + i);
        kernels::load<Isa>(values, job.values + i);
        quickGelu<Isa>(x, values, job.isBackward);
        kernels::store<Isa>(job.values + i, values);
    }
    if (i < job.end) {
        float restX[Isa::kLanes] = {}, rest[Isa::kLanes] = {};
        std::copy(job.x + i, job.x + job.end, restX);
        std::copy(job.values + i, job.values + job.end, rest);
        kernels::load<Isa>(x, restX);
        kernels::load<Isa>(values, rest);
        quickGelu<Isa>(x, values, job.isBackward);
        kernels::store<Isa>(rest, values);
        std::copy_n(rest, job.end - i, job.values + i);
    }
}

SAPSAM_DEFINE_KERNEL(runQuickGelu, quickGeluKernel, QuickGeluJob)

constexpr std::int64_t kGrain = 16384; // below that a second thread costs more than it brings

void runQuickGeluOver(const torch::Tensor &x, torch::Tensor &values, bool isBackward)
{
    const float *from = x.data_ptr<float>();
    float *to = values.data_ptr<float>();
    at::parallel_for(0, x.numel(), kGrain, [=](std::int64_t begin, std::int64_t end) {
        runQuickGelu({from, to, isBackward, begin, end});
    });
}

struct QuickGeluFunction : torch::autograd::Function<QuickGeluFunction>
{
    static torch::Tensor forward(torch::autograd::AutogradContext *context, const torch::Tensor &x)
    {
        const torch::Tensor whole = x.contiguous();
        context->save_for_backward({whole});
        torch::Tensor result = torch::empty_like(whole);
        runQuickGeluOver(whole, result, false);
        return result;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   torch::autograd::variable_list gradients)
    {
        torch::Tensor gradient = gradients[0].contiguous();
        // Others may still need what came in.
        if (gradient.is_same(gradients[0]))
            gradient = gradient.clone();
        runQuickGeluOver(context->get_saved_variables()[0], gradient, true);
        return {gradient};
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
