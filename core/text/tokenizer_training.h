#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

// Makes small vocabularies in the file formats of the large ones. Deterministic: the same corpus in
// any order gives the same files; equal counts are broken by the symbols' bytes.
namespace sapsam {

struct TrainedBpe
{
    std::vector<std::string> vocabulary; // in id order
    std::vector<std::pair<std::string, std::string>> merges;
};

// CLIP: 512 byte symbols, merges, then "<|startoftext|>" and "<|endoftext|>" as the two largest
// ids, because the network finds the end of a text by its largest id. Pairs seen fewer than
// minCount times are not merged, so the vocabulary may stay smaller than asked. Throws
// Error(InvalidInput) when vocabSize is below 514.
TrainedBpe trainClipBpe(const std::vector<std::string> &corpus, std::size_t vocabSize,
                        std::size_t minCount = 2);

// OPT: <s> 0, <pad> 1, </s> 2, <unk> 3, 256 byte symbols, merges.
// Throws Error(InvalidInput) when vocabSize is below 260.
TrainedBpe trainByteBpe(const std::vector<std::string> &corpus, std::size_t vocabSize,
                        std::size_t minCount = 2);

// BERT: [PAD] 0, [UNK] 1, [CLS] 2, [SEP] 3, [MASK] 4, single characters, pieces; in id order.
// Letters and digits are always there, so that any ASCII word can be spelled. Throws
// Error(InvalidInput) when vocabSize does not hold the characters.
std::vector<std::string> trainWordPiece(const std::vector<std::string> &corpus,
                                        std::size_t vocabSize, std::size_t minCount = 2);

// vocab.json and merges.txt in the folder; the folder is made. Throws what writing files throws.
void writeBpeFiles(const TrainedBpe &trained, const std::string &folder);

// vocab.txt, a token a line.
void writeWordPieceFile(const std::vector<std::string> &vocabulary, const std::string &path);

} // namespace sapsam
