#include "core/weights/bare_construction.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

namespace sapsam {

namespace {

// A key of the dispatcher that libtorch itself leaves alone; the guard switches it on for its
// thread. Everything but the three operators below falls through it.
constexpr auto kKey = c10::DispatchKey::TESTING_ONLY_GenericMode;

thread_local torch::ScalarType wantedType = torch::kFloat;
thread_local bool wantsOutline = false;

// empty(size, dtype, layout, device, pin_memory, memory_format)
void makeEmpty(const c10::OperatorHandle &op, c10::DispatchKeySet, torch::jit::Stack *stack)
{
    constexpr std::size_t kArguments = 6;
    auto &dtype = torch::jit::peek(*stack, 1, kArguments);
    auto &device = torch::jit::peek(*stack, 3, kArguments);
    if (dtype.isNone()) {
        dtype = static_cast<std::int64_t>(wantedType);
        if (wantsOutline && device.isNone())
            device = c10::Device(c10::kMeta);
    }
    const c10::impl::ExcludeDispatchKeyGuard below(kKey);
    op.callBoxed(stack);
}

// The first argument, as it is.
void leaveUnfilled(const c10::OperatorHandle &op, c10::DispatchKeySet, torch::jit::Stack *stack)
{
    torch::jit::drop(*stack, op.schema().arguments().size() - 1);
}

} // namespace

BareConstruction::BareConstruction(torch::ScalarType floatType) : BareConstruction(floatType, false)
{
}

BareConstruction::BareConstruction(torch::ScalarType floatType, bool isOutline)
    : m_intercepted(kKey)
{
    wantedType = floatType;
    wantsOutline = isOutline;
}

BareConstruction::~BareConstruction() = default;

} // namespace sapsam

TORCH_LIBRARY_IMPL(_, TESTING_ONLY_GenericMode, library)
{
    library.fallback(torch::CppFunction::makeFallthrough());
}

TORCH_LIBRARY_IMPL(aten, TESTING_ONLY_GenericMode, library)
{
    library.impl("empty.memory_format",
                 torch::CppFunction::makeFromBoxedFunction<&sapsam::makeEmpty>());
    library.impl("uniform_", torch::CppFunction::makeFromBoxedFunction<&sapsam::leaveUnfilled>());
    library.impl("normal_", torch::CppFunction::makeFromBoxedFunction<&sapsam::leaveUnfilled>());
}
