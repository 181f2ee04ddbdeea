#pragma once

#include "core/base/json_file.h"
#include "core/weights/strict_loader.h"

#include <memory>

// Private to core/engine's sources: it includes torch.
namespace sapsam::engine {

// What a network of a configuration asks of its weights, without the memory for it.
struct NetworkOutline
{
    std::shared_ptr<torch::nn::Module> module; // its tensors have shapes and no values
    LoadOptions names;
    // What the pictures and tokens have to fit; 0 where there are none.
    std::int64_t pictureHeight = 0;
    std::int64_t pictureWidth = 0;
    std::int64_t vocabulary = 0;
};

// `architecture` as Recognition has it; `hasHeads` asks for BERT's heads of pre-training. Null for
// an architecture that is no network of this program by itself. Throws what reading a configuration
// throws, naming the origin.
std::unique_ptr<NetworkOutline> outlineOf(const std::string &architecture, const Json &config,
                                          const std::string &origin, bool hasHeads);

} // namespace sapsam::engine
