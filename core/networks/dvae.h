#pragma once

#include "core/base/json_file.h"
#include "core/nn/stage_observer.h"
#include "core/nn/torch_compat.h"

#include <string>
#include <vector>

// The encoder of DALL-E's discrete VAE (Ramesh et al. 2021, appendix A): a picture becomes a grid
// of codes. Names as in Hugging Face's FlavaImageCodebook.
namespace sapsam::nn {

struct DvaeConfig
{
    std::int64_t width = 256; // of the first group; each further group doubles it
    std::int64_t groups = 4;  // with a halving of the grid between two of them
    std::int64_t blocksPerGroup = 2;
    std::int64_t inputChannels = 3;
    std::int64_t vocabSize = 8192;
    double logitLaplaceEps = 0.1; // mapPixels() keeps this distance from 0 and 1

    std::int64_t stride() const { return std::int64_t(1) << (groups - 1); }
    std::int64_t groupWidth(std::int64_t group) const { return width << group; } // from 0

    std::vector<std::string> problems() const;
    Json toJson() const; // Hugging Face's config.json of the codebook
};

// The codebook's config.json, or the attributes of the original encoder (n_hid, group_count,
// n_blk_per_group). Throws Error(Corrupt) naming the origin and every missing or unknown key.
DvaeConfig dvaeConfigFromJson(const Json &json, const std::string &origin);

// id_path(x) + gain · res_path(x); the residual path narrows to a quarter.
class DvaeBlockImpl final : public torch::nn::Module
{
public:
    DvaeBlockImpl(std::int64_t in, std::int64_t out, double gain);

    torch::Tensor forward(const torch::Tensor &x); // [B, in, H, W] → [B, out, H, W]

    double gain;
    torch::nn::Conv2d id_path{nullptr}; // absent when in = out
    torch::nn::Conv2d conv_1{nullptr}, conv_2{nullptr}, conv_3{nullptr}, conv_4{nullptr};
};
TORCH_MODULE(DvaeBlock);

class DvaeEncoderImpl final : public torch::nn::Module
{
public:
    // Throws Error(InvalidInput) for a configuration with problems.
    explicit DvaeEncoderImpl(const DvaeConfig &config);

    // Values in [0, 1] → what the network takes.
    torch::Tensor mapPixels(const torch::Tensor &pixels) const;

    // Mapped pixels [B, 3, H, W] → [B, vocab, H / stride, W / stride]. Throws Error(InvalidInput)
    // when a side is no multiple of the stride.
    torch::Tensor forward(const torch::Tensor &mapped);

    // Mapped pixels → codes [B, H / stride, W / stride]; of equal logits the smallest code.
    torch::Tensor tokens(const torch::Tensor &mapped);

    DvaeConfig config;
    StageObserver observer; // input, group_{g}.block_{b}, group_{g} (behind its pooling), from 1
    torch::nn::Conv2d input{nullptr}, output{nullptr};
    std::vector<std::vector<DvaeBlock>> groups;
};
TORCH_MODULE(DvaeEncoder);

// Normal with deviation √(1 / inputs of a filter), biases 0.
void initializeWeights(DvaeEncoderImpl &dvae, std::uint64_t seed);

} // namespace sapsam::nn
