#pragma once

#include "core/engine/engine_options.h"
#include "core/engine/model_info.h"
#include "core/image/image.h"

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
};

// BLIP-2: writes a phrase for a crop. One thread at a time, on the engine lane.
class PhraseWriter
{
public:
    // Throws Error(NotFound | Corrupt | Mismatch) naming the file and tensor.
    PhraseWriter(const std::string &modelFolder, const EngineOptions &options);
    ~PhraseWriter();
    PhraseWriter(const PhraseWriter &) = delete;
    PhraseWriter &operator=(const PhraseWriter &) = delete;

    const ModelInfo &model() const;

    // One phrase a request, trimmed, in order.
    std::vector<std::string> write(const std::vector<PhraseRequest> &requests,
                                   const PhraseDecoding &decoding);

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace sapsam
