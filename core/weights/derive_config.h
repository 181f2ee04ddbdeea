#pragma once

#include "core/base/json_file.h"
#include "core/weights/recognise.h"

namespace sapsam {

// What the tensors say about a network, in the words of Hugging Face's config.json.
struct DerivedConfig
{
    Json config; // null for a part that is no network of this program by itself
    // What pictures are turned into, for preprocessor_config.json; null for networks of text.
    Json preprocessor;
    // What was concluded from a convention and not from a tensor, one sentence each.
    std::vector<std::string> notes;
    // What neither tensors nor conventions tell, such as "the number of attention heads of the text
    // tower": a config.json must say it. Its place in `config` holds a guess that may be wrong.
    std::vector<std::string> unknown;
};

// What the tensors cannot say and the file around them does.
struct DeriveHints
{
    PublishedFormat format = PublishedFormat::Unknown; // of the file that gave most tensors
    bool isPlainGelu = false;                          // CLIP of open_clip without its "quick_gelu"
};

// `named` has the Hugging Face names, see withHuggingFaceNames(), and `recognition` is recognise()
// of it. Widths, depths, patch sizes, windows and vocabularies come from the shapes; where a shape
// does not tell the number of heads, the published networks' width of a head decides (64; OPT and
// the vision tower of BLIP-2 have their own). Reads no tensor.
DerivedConfig deriveConfig(const Recognition &recognition, const TensorSource &named,
                           const DeriveHints &hints = {});

} // namespace sapsam
