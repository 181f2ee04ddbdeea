#pragma once

#include "core/nn/torch_compat.h"
#include "core/weights/mapped_file.h"

// Private to core/weights' sources.
namespace sapsam {

// Copies packed little-endian elements that lie in a mapped file into a tensor with as many,
// converting to its element type and device. Goes piece by piece and gives the pages of each piece
// back, so that the copy is all that it costs. The bytes need no alignment; flags that are neither
// 0 nor 1 become 1.
void copyMapped(const MappedFile &file, std::string_view bytes, torch::ScalarType dtype,
                const torch::Tensor &target);

} // namespace sapsam
