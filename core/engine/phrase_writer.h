#pragma once

#include "core/engine/engine_options.h"
#include "core/engine/model_info.h"
#include "core/image/image.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sapsam {

struct PhraseRequest
{
    Image crop;         // one part, everything else blanked, as filterCrop() makes it
    std::string prompt; // "Question: What kind of hat is this? Answer: It is"
};

struct PhraseDecoding
{
    int numBeams = 1; // 1 is greedy
    int maxNewTokens = 20;
    double lengthPenalty = 1.0;
    double repetitionPenalty = 1.0;
    int minNewTokens = 0;
    int noRepeatNgram = 0; // no run of so many tokens occurs twice; 0: any may
    // Draws the tokens instead of taking the best ones.
    bool sample = false;
    double temperature = 1.0;
    int topK = 0;      // only the k most likely tokens; 0: all
    double topP = 1.0; // only the most likely tokens that together reach p
    // What is drawn for a request depends on this and on the request's number.
    std::uint64_t seed = 0;
    // Counts lengths as the published captions were made (LAVIS), not as transformers does now.
    bool lavisLengths = false;
};

// BLIP-2 with OPT or T5: writes a phrase for a crop. One thread at a time, on the engine lane.
class PhraseWriter
{
public:
    // With the precision int8 the language model keeps 8-bit weights: half the memory of bf16, and
    // phrases that differ now and then (models/README.md says how often).
    // Throws Error(NotFound | Corrupt | Mismatch) naming the file and tensor, Error(Unsupported)
    // for int8 on a GPU.
    PhraseWriter(const std::string &modelFolder, const EngineOptions &options);
    ~PhraseWriter();
    PhraseWriter(const PhraseWriter &) = delete;
    PhraseWriter &operator=(const PhraseWriter &) = delete;

    const ModelInfo &model() const;

    // One phrase a request, trimmed, in order. Throws Error(InvalidInput) for unusable decoding.
    std::vector<std::string> write(const std::vector<PhraseRequest> &requests,
                                   const PhraseDecoding &decoding);

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace sapsam
