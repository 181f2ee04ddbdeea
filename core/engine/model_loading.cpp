#include "core/engine/model_loading.h"

#include "core/weights/checkpoint.h"
#include "core/weights/published_names.h"

namespace sapsam::engine {

std::shared_ptr<const TensorSource> openWeights(const ModelFolder &model)
{
    if (!model.isImported)
        return openCheckpoint(model.file(model.weights.front()));
    std::vector<std::shared_ptr<const TensorSource>> sources;
    for (const auto &name : model.weights)
        sources.push_back(withHuggingFaceNames(openCheckpoint(model.file(name))));
    if (sources.size() == 1)
        return sources.front();
    return combineSources(std::move(sources));
}

LoadOptions namesFor(const ModelFolder &model, LoadOptions names)
{
    names.ignorable.insert(names.ignorable.end(), model.leftOut.begin(), model.leftOut.end());
    return names;
}

} // namespace sapsam::engine
