#include "core/nn/initialize.h"

#include "core/base/random.h"

#include <cmath>
#include <string_view>

namespace sapsam::nn {

namespace {

bool endsWith(std::string_view text, std::string_view tail)
{
    return text.size() >= tail.size() && text.substr(text.size() - tail.size()) == tail;
}

void fill(torch::Tensor tensor, const InitialValue &value, SeededRandom random)
{
    if (value.deviation == 0.0) {
        tensor.fill_(value.mean);
        return;
    }
    auto numbers = torch::empty(tensor.sizes(), torch::kFloat);
    auto *data = numbers.data_ptr<float>();
    for (std::int64_t i = 0; i < numbers.numel(); ++i)
        data[i] = static_cast<float>(random.normal(value.mean, value.deviation));
    tensor.copy_(numbers);
}

} // namespace

void initializeTensors(torch::nn::Module &module, std::uint64_t seed, const InitialValueRule &rule)
{
    const torch::NoGradGuard noGrad;
    const SeededRandom random(seed);
    for (const auto &item : module.named_parameters())
        fill(item.value(), rule(item.key(), item.value()), random.fork(item.key()));
    for (const auto &item : module.named_buffers())
        fill(item.value(), rule(item.key(), item.value()), random.fork(item.key()));
}

InitialValue commonInitialValue(const std::string &name, const torch::Tensor &tensor,
                                double deviation)
{
    if (endsWith(name, "bias"))
        return {};
    const bool isNorm =
        name.find("norm") != std::string::npos || name.find("LayerNorm") != std::string::npos;
    if (endsWith(name, "weight") && tensor.dim() == 1 && isNorm)
        return {1.0, 0.0};
    return {0.0, deviation};
}

InitialValue scaledInitialValue(const std::string &name, const torch::Tensor &tensor,
                                double tableDeviation)
{
    InitialValue value = commonInitialValue(name, tensor, tableDeviation);
    const bool isPatches = name.find("patch_embedding") != std::string::npos;
    for (const char *table : {"embeddings.", "embed_positions", "pos_embed", "mask_embed",
                              "token.weight", "tokens.weight", "_query", "rel_pos"}) {
        if (name.find(table) != std::string::npos && !isPatches)
            return value;
    }
    if (value.deviation > 0.0 && endsWith(name, "weight") && tensor.dim() >= 2) {
        // A transposed convolution has its inputs first; it is told by its name.
        const bool isTransposed = name.find("upscale_conv") != std::string::npos;
        const auto fanIn = isTransposed ? tensor.size(0) : tensor.numel() / tensor.size(0);
        value.deviation = 1.0 / std::sqrt(static_cast<double>(fanIn));
    }
    return value;
}

} // namespace sapsam::nn
