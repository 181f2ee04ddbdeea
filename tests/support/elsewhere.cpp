#include "tests/support/elsewhere.h"

#include <ATen/EmptyTensor.h>
#include <ATen/native/CPUFallback.h>
#include <ATen/record_function.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

#include <cstdlib>
#include <mutex>
#include <set>

namespace sapsam::test {

namespace {

struct ElsewhereMemory final : c10::Allocator
{
    c10::DataPtr allocate(std::size_t bytes) const override
    {
        void *data = std::malloc(bytes > 0 ? bytes : 1);
        return {data, data, &std::free, c10::Device(kElsewhere, 0)};
    }
};

ElsewhereMemory &memory()
{
    static ElsewhereMemory value;
    return value;
}

torch::Tensor makeEmpty(c10::SymIntArrayRef size, c10::optional<c10::ScalarType> type,
                        c10::optional<c10::Layout>, c10::optional<c10::Device>, c10::optional<bool>,
                        c10::optional<c10::MemoryFormat> format)
{
    return at::detail::empty_generic(c10::asIntArrayRefUnchecked(size), &memory(),
                                     c10::DispatchKeySet(c10::DispatchKey::XPU),
                                     type.value_or(torch::kFloat), format);
}

torch::Tensor makeStrided(c10::SymIntArrayRef size, c10::SymIntArrayRef stride,
                          c10::optional<c10::ScalarType> type, c10::optional<c10::Layout>,
                          c10::optional<c10::Device>, c10::optional<bool>)
{
    return at::detail::empty_strided_generic(
        c10::asIntArrayRefUnchecked(size), c10::asIntArrayRefUnchecked(stride), &memory(),
        c10::DispatchKeySet(c10::DispatchKey::XPU), type.value_or(torch::kFloat));
}

// The same memory as a tensor of the processor.
torch::Tensor asHere(const torch::Tensor &x)
{
    return x.device().is_cpu() ? x
                               : torch::from_blob(x.data_ptr(), x.sizes(), x.strides(),
                                                  torch::TensorOptions(x.scalar_type()));
}

torch::Tensor copyFrom(const torch::Tensor &from, const torch::Tensor &to, bool)
{
    asHere(to).copy_(asHere(from));
    return to;
}

torch::Tensor copyFromAndResize(const torch::Tensor &from, const torch::Tensor &to)
{
    to.resize_(from.sizes());
    return copyFrom(from, to, false);
}

const torch::Tensor &resize(const torch::Tensor &x, c10::SymIntArrayRef size,
                            c10::optional<c10::MemoryFormat>)
{
    const auto shape = c10::asIntArrayRefUnchecked(size);
    auto *inside = x.unsafeGetTensorImpl();
    inside->set_sizes_contiguous(shape);
    const auto bytes = static_cast<std::size_t>(x.numel()) * x.element_size();
    if (x.storage().nbytes() < bytes) {
        x.storage().set_data_ptr(memory().allocate(bytes));
        x.storage().set_nbytes(bytes);
    }
    return x;
}

torch::Tensor toElsewhere(const torch::Tensor &x)
{
    return x.defined() ? x.to(c10::Device(kElsewhere, 0)) : x;
}

torch::Tensor convolution(const torch::Tensor &x, const torch::Tensor &weight,
                          const c10::optional<torch::Tensor> &bias, torch::IntArrayRef stride,
                          torch::IntArrayRef padding, torch::IntArrayRef dilation, bool transposed,
                          torch::IntArrayRef outputPadding, std::int64_t groups)
{
    return toElsewhere(at::convolution(
        asHere(x), asHere(weight), bias && bias->defined() ? asHere(*bias) : torch::Tensor(),
        stride, padding, dilation, transposed, outputPadding, groups));
}

std::tuple<torch::Tensor, torch::Tensor, torch::Tensor>
convolutionBackward(const torch::Tensor &gradient, const torch::Tensor &x,
                    const torch::Tensor &weight, torch::IntArrayRef stride,
                    torch::IntArrayRef padding, torch::IntArrayRef dilation, bool transposed,
                    torch::IntArrayRef outputPadding, std::int64_t groups,
                    std::array<bool, 3> wanted)
{
    const auto found = at::convolution_backward(
        asHere(gradient), asHere(x), asHere(weight), torch::IntArrayRef({weight.size(0)}), stride,
        padding, dilation, transposed, outputPadding, groups, wanted);
    return {toElsewhere(std::get<0>(found)), toElsewhere(std::get<1>(found)),
            toElsewhere(std::get<2>(found))};
}

// The fallback of libtorch leaves the tensors of such lists where they are.
using Positions = c10::List<c10::optional<torch::Tensor>>;

Positions asHere(const Positions &positions)
{
    Positions here;
    for (const c10::optional<torch::Tensor> &position : positions)
        here.push_back(position && position->defined()
                           ? c10::optional<torch::Tensor>(asHere(*position))
                           : position);
    return here;
}

torch::Tensor valuesAt(const torch::Tensor &x, const Positions &positions)
{
    return toElsewhere(at::index(asHere(x), asHere(positions)));
}

torch::Tensor &putAt(torch::Tensor &x, const Positions &positions, const torch::Tensor &values,
                     bool accumulate, bool unsafe)
{
    auto here = asHere(x); // the memory of x
    at::_index_put_impl_(here, asHere(positions), asHere(values), accumulate, unsafe);
    return x;
}

void computeHere(const c10::OperatorHandle &operation, torch::jit::Stack *stack)
{
    at::native::cpu_fallback(operation, stack);
}

} // namespace

struct DeviceWatch::Notes
{
    static inline std::mutex mutex;
    static inline Notes *current = nullptr;

    std::string found;
    at::CallbackHandle handle = 0;

    static std::unique_ptr<at::ObserverContext> look(const at::RecordFunction &function)
    {
        static const std::set<std::string> mayMix = {
            "aten::copy_",
            "aten::_to_copy",
            "aten::to",
            "aten::_copy_from",
            "aten::_copy_from_and_resize",
            "aten::_has_compatible_shallow_copy_type",
            "aten::index"}; // positions may come from the processor
        bool isHere = false, isElsewhere = false;
        const auto see = [&](const torch::Tensor &tensor) {
            if (!tensor.defined())
                return;
            isElsewhere = isElsewhere || tensor.device().type() == kElsewhere;
            isHere = isHere || (tensor.device().is_cpu() && tensor.dim() > 0);
        };
        for (const auto &input : function.inputs()) {
            if (input.isTensor())
                see(input.toTensor());
            else if (input.isTensorList())
                for (const torch::Tensor &tensor : input.toTensorVector())
                    see(tensor);
        }
        if (!isHere || !isElsewhere || mayMix.count(function.name()) > 0)
            return nullptr;
        const std::lock_guard lock(mutex);
        if (current)
            current->found += (current->found.empty() ? "" : ", ") + std::string(function.name());
        return nullptr;
    }
};

DeviceWatch::DeviceWatch() : m_notes(std::make_unique<Notes>())
{
    const std::lock_guard lock(Notes::mutex);
    Notes::current = m_notes.get();
    m_notes->handle =
        at::addGlobalCallback(at::RecordFunctionCallback(Notes::look).needsInputs(true));
}

DeviceWatch::~DeviceWatch()
{
    at::removeCallback(m_notes->handle);
    const std::lock_guard lock(Notes::mutex);
    Notes::current = nullptr;
}

std::string DeviceWatch::found() const
{
    const std::lock_guard lock(Notes::mutex);
    return m_notes->found;
}

} // namespace sapsam::test

namespace c10::impl {
C10_REGISTER_GUARD_IMPL(XPU, NoOpDeviceGuardImpl<DeviceType::XPU>)
}

using namespace sapsam::test;

TORCH_LIBRARY_IMPL(_, XPU, library)
{
    library.fallback(torch::CppFunction::makeFromBoxedFunction<&computeHere>());
}
TORCH_LIBRARY_IMPL(aten, XPU, library)
{
    library.impl("empty.memory_format", makeEmpty);
    library.impl("empty_strided", makeStrided);
    library.impl("as_strided", at::native::as_strided_tensorimpl);
    library.impl("view", at::native::view);
    library.impl("_reshape_alias", at::native::_reshape_alias);
    library.impl("unfold", at::native::unfold);
    library.impl("resize_", resize);
    library.impl("_copy_from", copyFrom);
    library.impl("_copy_from_and_resize", copyFromAndResize);
    library.impl("index.Tensor", valuesAt);
    library.impl("_index_put_impl_", putAt);
    library.impl("convolution_overrideable", convolution);
    library.impl("convolution_backward_overrideable", convolutionBackward);
}
