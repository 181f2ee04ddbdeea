#include "core/networks/dvae.h"

#include "core/base/error.h"
#include "core/networks/config_reader.h"
#include "core/nn/blocks.h"
#include "core/nn/initialize.h"
#include "core/weights/tensor_source.h"

#include <cmath>

namespace sapsam::nn {

namespace {

constexpr std::int64_t kInputSide = 7;
constexpr std::int64_t kBlockSide = 3;
constexpr std::int64_t kNarrowing = 4;
constexpr std::int64_t kMostGroups = 16;

// Keeps the size of the picture.
torch::nn::Conv2d makeConvolution(std::int64_t in, std::int64_t out, std::int64_t side)
{
    return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, side).padding((side - 1) / 2));
}

} // namespace

std::vector<std::string> DvaeConfig::problems() const
{
    std::vector<std::string> found;
    if (width <= 0 || groups <= 0 || groups > kMostGroups || blocksPerGroup <= 0
        || inputChannels <= 0 || vocabSize <= 0)
        found.push_back("all sizes of the dVAE must be positive, and its groups at most "
                        + std::to_string(kMostGroups));
    else if (width % kNarrowing != 0)
        found.push_back("the width must be a multiple of " + std::to_string(kNarrowing));
    if (!(logitLaplaceEps >= 0.0 && logitLaplaceEps < 0.5))
        found.push_back("logitLaplaceEps must be from 0 to less than 0.5");
    return found;
}

Json DvaeConfig::toJson() const
{
    return {{"architectures", {"FlavaImageCodebook"}},
            {"model_type", "flava_image_codebook"},
            {"num_groups", groups},
            {"input_channels", inputChannels},
            {"num_blocks_per_group", blocksPerGroup},
            {"hidden_size", width},
            {"vocab_size", vocabSize},
            {"logit_laplace_eps", logitLaplaceEps}};
}

DvaeConfig dvaeConfigFromJson(const Json &json, const std::string &origin)
{
    DvaeConfig config;
    ConfigReader reader(json, origin);
    const bool isOriginal = reader.has("n_hid");
    config.width = reader.valueOr<std::int64_t>(isOriginal ? "n_hid" : "hidden_size", config.width);
    config.groups =
        reader.valueOr<std::int64_t>(isOriginal ? "group_count" : "num_groups", config.groups);
    config.blocksPerGroup = reader.valueOr<std::int64_t>(
        isOriginal ? "n_blk_per_group" : "num_blocks_per_group", config.blocksPerGroup);
    config.inputChannels = reader.valueOr<std::int64_t>("input_channels", config.inputChannels);
    config.vocabSize = reader.valueOr<std::int64_t>("vocab_size", config.vocabSize);
    config.logitLaplaceEps = reader.valueOr("logit_laplace_eps", config.logitLaplaceEps);
    // The gain follows from the number of blocks.
    reader.allow({"freeze", "post_gain", "use_mixed_precision", "requires_grad", "device"});
    reader.finish();
    return config;
}

DvaeBlockImpl::DvaeBlockImpl(std::int64_t in, std::int64_t out, double gain_) : gain(gain_)
{
    const auto hidden = out / kNarrowing;
    if (in != out)
        id_path = register_module("id_path", makeConvolution(in, out, 1));
    auto path = addGroup(*addGroup(*this, "res_path"), "path");
    conv_1 = path->register_module("conv_1", makeConvolution(in, hidden, kBlockSide));
    conv_2 = path->register_module("conv_2", makeConvolution(hidden, hidden, kBlockSide));
    conv_3 = path->register_module("conv_3", makeConvolution(hidden, hidden, kBlockSide));
    conv_4 = path->register_module("conv_4", makeConvolution(hidden, out, 1));
}

torch::Tensor DvaeBlockImpl::forward(const torch::Tensor &x)
{
    auto y = conv_1(torch::relu(x));
    y = conv_2(torch::relu(y));
    y = conv_3(torch::relu(y));
    y = conv_4(torch::relu(y));
    return (id_path ? id_path(x) : x) + gain * y;
}

DvaeEncoderImpl::DvaeEncoderImpl(const DvaeConfig &config_) : config(config_)
{
    throwProblems("the dVAE", config.problems());
    auto blocks = addGroup(*this, "blocks");
    input = blocks->register_module(
        "input", makeConvolution(config.inputChannels, config.width, kInputSide));
    const double layers = static_cast<double>(config.groups * config.blocksPerGroup);
    auto in = config.width;
    for (std::int64_t g = 0; g < config.groups; ++g) {
        auto group = addGroup(*addGroup(*blocks, "group_" + std::to_string(g + 1)), "group");
        const auto out = config.groupWidth(g);
        groups.emplace_back();
        for (std::int64_t b = 0; b < config.blocksPerGroup; ++b) {
            groups.back().push_back(group->register_module(
                "block_" + std::to_string(b + 1), DvaeBlock(in, out, 1.0 / (layers * layers))));
            in = out;
        }
    }
    output = addGroup(*blocks, "output")
                 ->register_module("conv", makeConvolution(in, config.vocabSize, 1));
}

torch::Tensor DvaeEncoderImpl::mapPixels(const torch::Tensor &pixels) const
{
    return (1.0 - 2.0 * config.logitLaplaceEps) * pixels + config.logitLaplaceEps;
}

torch::Tensor DvaeEncoderImpl::forward(const torch::Tensor &mapped)
{
    const auto stride = config.stride();
    if (mapped.dim() != 4 || mapped.size(1) != config.inputChannels || mapped.size(2) == 0
        || mapped.size(3) == 0 || mapped.size(2) % stride != 0 || mapped.size(3) % stride != 0)
        throw Error(ErrorKind::InvalidInput,
                    "dVAE: images of shape " + shapeText(mapped.sizes()) + " instead of [B, "
                        + std::to_string(config.inputChannels) + ", H, W] with multiples of "
                        + std::to_string(stride));
    const auto observe = [this](const std::string &stage, const torch::Tensor &value) {
        if (observer)
            observer(stage, value);
    };
    auto x = input(mapped);
    observe("input", x);
    for (std::size_t g = 0; g < groups.size(); ++g) {
        const std::string name = "group_" + std::to_string(g + 1);
        for (std::size_t b = 0; b < groups[g].size(); ++b) {
            x = groups[g][b](x);
            observe(name + ".block_" + std::to_string(b + 1), x);
        }
        if (g + 1 < groups.size())
            x = torch::max_pool2d(x, 2);
        observe(name, x);
    }
    return output(torch::relu(x));
}

torch::Tensor DvaeEncoderImpl::tokens(const torch::Tensor &mapped)
{
    return forward(mapped).argmax(1);
}

void initializeWeights(DvaeEncoderImpl &dvae, std::uint64_t seed)
{
    initializeTensors(dvae, seed, [](const std::string &, const torch::Tensor &tensor) {
        if (tensor.dim() == 1)
            return InitialValue{};
        const auto inputs = static_cast<double>(tensor.numel() / tensor.size(0));
        return InitialValue{0.0, 1.0 / std::sqrt(inputs)};
    });
}

} // namespace sapsam::nn
