#pragma once

#include "core/weights/published_names.h"

namespace sapsam {

// What a file, a folder or several of them together hold.
struct Recognition
{
    PublishedFormat format = PublishedFormat::Unknown;
    // "sam", "person-sam", "bert", "clip", "blip2-opt", "blip2-t5", "dvae", or a part of BLIP-2
    // that is a whole network itself: "eva-vit", "opt", "t5". Empty when unknown.
    std::string architecture;
    // For people: "SAM, encoder of 12 layers of 768".
    std::string summary;

    bool isComplete = false;
    // Parts that are missing as a whole: "vision tower", "language model". Their tensors are not
    // listed below.
    std::vector<std::string> missingParts;
    std::vector<std::string> missing;   // single tensors, by their Hugging Face names
    std::vector<std::string> misshapen; // "name: [3, 4] instead of [4, 4]"
    std::vector<std::string> extra;     // names that this network does not have
    // What to do about it: "this LAVIS file holds no vision tower; add eva_vit_g.pth". Empty when
    // nothing is to be done.
    std::string advice;
};

// Tells by the names and shapes alone; reads no tensor. Widths and numbers of layers are taken from
// the tensors, so that every size of an architecture is known, and every tensor that a network of
// that size has is asked for. The source may have any published naming; combineSources() makes
// several files one; `known` is then what one of them is, where the others do not tell. Throws
// Error(Mismatch) where withHuggingFaceNames does.
Recognition recognise(std::shared_ptr<const TensorSource> source, const std::string &known = {});

} // namespace sapsam
