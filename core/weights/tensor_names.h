#pragma once

#include "core/weights/strict_loader.h"

// The one place that knows how published files name their tensors. The networks register the names
// of the Hugging Face format, so what is left are prefixes, old spellings, copies and leftovers.
namespace sapsam {

// BertForPreTraining, with or without the prefix "bert."; old gamma/beta; tied decoder.
LoadOptions bertPretrainingNames();
// BertModel alone, also from a file with the pre-training heads.
LoadOptions bertModelNames();
// CLIPModel.
LoadOptions clipNames();
// SamModel; the second copy of the Gaussian matrix is left out when saving and filled when missing.
LoadOptions samNames();
// The state dict of the text-prompted SAM.
LoadOptions personSamNames();
// Blip2ForConditionalGeneration with OPT.
LoadOptions blip2OptNames();
// Blip2ForConditionalGeneration with T5.
LoadOptions blip2T5Names();
// T5ForConditionalGeneration.
LoadOptions t5Names();
// The image codebook, DALL-E's encoder.
LoadOptions dvaeNames();

} // namespace sapsam
