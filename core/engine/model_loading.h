#pragma once

#include "core/engine/model_folder.h"
#include "core/engine/translate.h"
#include "core/weights/bare_construction.h"
#include "core/weights/strict_loader.h"

#include <memory>

// Private to core/engine's sources: it includes torch.
namespace sapsam::engine {

// The weights of a model under the names that the networks have: model.safetensors, or imported
// files taken together.
std::shared_ptr<const TensorSource> openWeights(const ModelFolder &model);

// `names` of tensor_names.h, less the tensors that an import left out.
LoadOptions namesFor(const ModelFolder &model, LoadOptions names);

// Builds the network in the element type that is computed with, fills it tensor by tensor and moves
// it to the device. The memory on the host never exceeds the network and a piece of one tensor.
// Throws Error(Mismatch) listing what does not fit.
template <typename Network, typename Config>
Network loadNetwork(const ModelFolder &model, const Config &config, const LoadOptions &names,
                    const Computing &computing)
{
    Network network = [&] {
        const BareConstruction bare(computing.type);
        return Network(config);
    }();
    loadStrict(*network, *openWeights(model), namesFor(model, names));
    network->to(computing.device, computing.type);
    network->eval();
    return network;
}

} // namespace sapsam::engine
