#pragma once

#include "core/train/settings.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sapsam::training {

// A tokenizer as training and the engine use it; const calls are safe from several threads.
class TextCoder
{
public:
    virtual ~TextCoder() = default;

    virtual std::int64_t vocabularySize() const = 0;
    virtual std::int64_t paddingId() const = 0;
    // With the start and end tokens of its kind, cut to maxLength (0: not cut); not padded.
    virtual std::vector<std::int64_t> encode(const std::string &text, int maxLength) const = 0;
    // Special tokens are left out.
    virtual std::string decode(const std::vector<std::int64_t> &ids) const = 0;
};

enum class TextKind {
    Clip,      // byte pairs, lower case: vocab.json and merges.txt
    WordPiece, // BERT: vocab.txt
    Opt        // byte pairs, beginning with </s>: vocab.json and merges.txt
};

// Learns a vocabulary from the lines and writes its files, in the published formats, into the
// folder.
void trainTextFiles(TextKind kind, const std::vector<std::string> &lines, int vocabularySize,
                    const std::string &folder);

// Copies the files of another model.
void copyTextFiles(TextKind kind, const std::string &fromFolder, const std::string &folder);

// Throws what reading the files throws.
std::unique_ptr<TextCoder> loadText(TextKind kind, const std::string &folder);

// What a task's tokenizer is learned from: the generator's captions, phrases and questions, with
// short queries and generic phrases added.
std::vector<std::string> trainingText(const TrainSettings &settings);

// Puts a tokenizer into the folder, learned or copied from the settings' initial model, and loads
// it.
std::unique_ptr<TextCoder> prepareText(TextKind kind, const TrainSettings &settings,
                                       int vocabularySize, const std::string &folder);

} // namespace sapsam::training
