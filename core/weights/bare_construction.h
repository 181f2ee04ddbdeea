#pragma once

#include "core/nn/torch_compat.h"

namespace sapsam {

// While one lives, networks that this thread constructs get parameters that nobody has filled: the
// random initialisation, which a checkpoint would overwrite, is left out. Memory that is never
// written is never taken from the system, so a network that is loaded tensor by tensor costs its
// final size and not more.
//
// Only tensors made without a stated element type are concerned, which is how parameters are made;
// zeros and ones are still written. Other threads notice nothing. Guards do not nest.
class BareConstruction
{
public:
    // Floating-point parameters get this element type.
    explicit BareConstruction(torch::ScalarType floatType);
    ~BareConstruction();
    BareConstruction(const BareConstruction &) = delete;
    BareConstruction &operator=(const BareConstruction &) = delete;

    // Names and shapes only, without any memory: what a network of any size would need.
    static BareConstruction outlines() { return BareConstruction(torch::kFloat, true); }

private:
    BareConstruction(torch::ScalarType floatType, bool isOutline);

    c10::impl::IncludeDispatchKeyGuard m_intercepted;
};

} // namespace sapsam
