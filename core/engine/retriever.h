#pragma once

#include "core/engine/engine_options.h"
#include "core/engine/model_info.h"
#include "core/image/image.h"

#include <memory>
#include <string>
#include <vector>

namespace sapsam {

struct TextEmbedding
{
    std::vector<float> values; // unit length
    int tokens = 0;            // tokens of the whole text, start and end included
    bool truncated = false;    // the text was longer than the model reads
};

// SAP-SAM's retrieval model: a CLIP dual encoder whose cosine ranks people by a description.
// One thread at a time, on the engine lane.
class Retriever
{
public:
    // Throws Error(NotFound | Corrupt | Mismatch) naming the file and tensor.
    Retriever(const std::string &modelFolder, const EngineOptions &options);
    ~Retriever();
    Retriever(const Retriever &) = delete;
    Retriever &operator=(const Retriever &) = delete;

    const ModelInfo &model() const;
    int dimension() const;
    int contextLength() const; // tokens the text tower reads

    // The words of a text that the tokenizer knows only in pieces, in lower case: the model was
    // hardly trained on them. Runs of ASCII letters of three and more; each once.
    std::vector<std::string> unknownWords(const std::string &text) const;
    // Throws Error(InvalidInput) for an empty text.
    TextEmbedding embedText(const std::string &text);
    // The same for many texts at once.
    std::vector<TextEmbedding> embedTexts(const std::vector<std::string> &texts);
    // Row-major [pictures, dimension], each row of unit length; `lengths` receives how long they
    // were.
    std::vector<float> embedImages(const std::vector<Image> &pictures,
                                   std::vector<float> *lengths = nullptr);

    // Whether the model brought ELCA's head (heads.safetensors beside the weights, as a training
    // with part alignment leaves it), which tells whether a phrase belongs to a picture.
    bool matchesPhrases() const;
    // The head's log odds for one phrase and pictures, row-major [pictures, dimension] in their
    // full length. Throws Error(InvalidInput) for an empty phrase, Error(Unsupported) without the
    // head.
    std::vector<float> matchPhrase(const std::string &phrase, const std::vector<float> &pictures);

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace sapsam
