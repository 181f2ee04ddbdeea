#pragma once

#include "core/weights/tensor_source.h"

#include <memory>

// How published files name and lay out their tensors, turned into the one form that the networks
// and tensor_names.h know: the names and shapes of the Hugging Face files, each tensor once.
namespace sapsam {

enum class PublishedFormat {
    Unknown,
    SamMeta,    // Meta's sam_vit_*.pth
    SamHf,      // SamModel
    PersonSam,  // best.pth of the text-prompted SAM
    Bert,       // with or without "bert.", gamma/beta or weight/bias
    ClipOpenAi, // OpenAI's .pt, open_clip, person-retrieval fine-tunes
    ClipHf,     // CLIPModel
    Blip2Hf,    // Blip2ForConditionalGeneration, OPT or T5
    Blip2Lavis, // blip2_pretrained_*.pth, blip2_caption_*.pth
    EvaVit,     // eva_vit_g.pth, the vision tower of BLIP-2
    Opt,        // a language model alone
    T5,         // a language model alone
    DvaeOpenAi, // encoder.pkl
    DvaeHf      // the image codebook
};

// "sam-meta", "clip-openai", …: stable names for JSON and logs.
const char *nameOf(PublishedFormat format);

// Tells the format by the names of the tensors alone.
PublishedFormat publishedFormatOf(const TensorSource &source);

// The tensors under their Hugging Face names: renamed, transposed, fused tensors taken apart or
// split ones put together, in their stored element type. Copies of tied tensors and leftovers that
// no network uses are left out, except that SAM's Gaussian matrix appears under both its names.
// The parts of BLIP-2 (EvaVit, Opt, T5) get the names that they have inside the whole model. Names
// that the format does not have are kept, so that a strict loader reports them. A source of unknown
// format comes back unchanged. Throws Error(Mismatch) naming the tensor where a shape does not
// allow the conversion.
std::unique_ptr<TensorSource> withHuggingFaceNames(std::shared_ptr<const TensorSource> source);

// Several sources as one; a tensor that occurs twice is taken from the earlier one. So the vision
// tower of a fine-tuned BLIP-2 goes before that of eva_vit_g.pth.
std::unique_ptr<TensorSource>
combineSources(std::vector<std::shared_ptr<const TensorSource>> sources);

} // namespace sapsam
