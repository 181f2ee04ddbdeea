#include "core/weights/mapped_tensor.h"

#include <algorithm>
#include <cstring>

namespace sapsam {

namespace {

constexpr std::size_t kPieceBytes = 1 << 20;

} // namespace

void copyMapped(const MappedFile &file, std::string_view bytes, torch::ScalarType dtype,
                const torch::Tensor &target)
{
    const std::size_t elementSize = torch::elementSize(dtype);
    const std::size_t count = bytes.size() / elementSize;
    SAPSAM_ASSERT(static_cast<std::size_t>(target.numel()) == count);
    if (count == 0)
        return;
    const torch::NoGradGuard noGrad;
    if (!target.is_contiguous()) {
        auto packed = torch::empty(target.sizes(), torch::TensorOptions(dtype));
        copyMapped(file, bytes, dtype, packed);
        torch::Tensor(target).copy_(packed);
        return;
    }
    const auto flat = target.view(-1);
    const bool isAligned = reinterpret_cast<std::uintptr_t>(bytes.data()) % elementSize == 0;
    const bool isDirect = isAligned && dtype != torch::kBool;
    const std::size_t step = kPieceBytes / elementSize;
    torch::Tensor buffer;
    for (std::size_t first = 0; first < count; first += step) {
        const std::size_t length = std::min(step, count - first);
        const auto part = bytes.substr(first * elementSize, length * elementSize);
        const auto size = static_cast<std::int64_t>(length);
        torch::Tensor piece;
        if (isDirect) {
            piece = torch::from_blob(const_cast<char *>(part.data()), {size}, dtype);
        } else {
            if (!buffer.defined())
                buffer = torch::empty({static_cast<std::int64_t>(std::min(step, count))}, dtype);
            piece = buffer.narrow(0, 0, size);
            auto *values = static_cast<char *>(piece.data_ptr());
            std::memcpy(values, part.data(), part.size());
            if (dtype == torch::kBool)
                std::transform(values, values + part.size(), values,
                               [](char value) { return static_cast<char>(value != 0); });
        }
        flat.narrow(0, static_cast<std::int64_t>(first), size).copy_(piece);
        file.release(part);
    }
    file.release(bytes);
}

} // namespace sapsam
