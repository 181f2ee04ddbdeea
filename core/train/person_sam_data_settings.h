#pragma once

#include "core/train/settings.h"

namespace sapsam {

// Person-SAM on a parsing data set, as SAP-SAM's second step trains it (method.md 1.2). The
// defaults are the published values; what the authors' code does by mistake is off and can be
// switched on.
struct PersonSamDataSettings : TrainSettings
{
    PersonSamDataSettings();

    // --- data
    std::string data;      // folder with the layout of ATR or LIP, or "synthetic" for drawn people
    std::string splitFile; // of ATR's stored 8:1:1 division; empty: atr_split.json in the folder
    std::int64_t splitSeed = 1;       // for a division that is not stored yet
    std::string phrases = "lists";    // lists | groups | classes, see parsing_sets.h
    std::string taxonomy;             // file; empty: Table 1 of the paper
    std::string trigger = "taxonomy"; // taxonomy | first | any | all
    bool maskFollowsMerge = false;    // masks of whole groups; published: {2}, {3}, {9, 10}
    // How a picture and its mask come to the sizes of the network. published: the picture keeps its
    // aspect and is padded, the mask is squashed; aspect: the mask is padded as well; squash: both
    // are squashed. Empty: as the initial model has it, else published.
    std::string frame;
    std::int64_t syntheticIdentities = 400; // of "synthetic", all sets together
    std::int64_t trainLimit = 0;            // phrases of the set to take, from the front; 0 for all
    std::int64_t evaluateLimit = 0;

    // --- model: `initialModel` is a whole Person-SAM; or SAM and BERT, each a folder or a file
    std::string initialSam;
    std::string initialBert; // vocab.txt lies in the folder
    // What starts from random weights nevertheless: nothing | prompts | prompts+decoder.
    std::string fresh = "nothing";
    // published: SAM's image encoder, BERT's embeddings and encoder; encoders: those and BERT's
    // pooler; none: everything is trained.
    std::string freeze = "published";
    std::string promptDesign; // of the decoder (paper, Table 5); empty: as the model has it
    int imageSize = 0;        // side of the square frame; 0: as the model has it (SAM: 1024)
    int phraseLength = 16;

    // Memory for what a frozen image encoder has made of pictures: these are decoded and encoded
    // once, not once an epoch. 0 encodes the pictures of a batch together, as published.
    int embeddingCacheMb = 1024;

    // --- objective
    // dice+bce: MONAI's DiceCELoss since 1.3; dice: the same before, where the second part is 0.
    std::string loss = "dice+bce";
    double scoreWeight = 0.0; // of the squared error of the predicted IoU; published: not trained
    bool doubleStep = false;  // the published code applies every gradient twice

    // --- run; `steps`, `evaluateEvery` and `checkpointEvery` of 0 are counted in epochs
    std::int64_t epochs = 20;
    double warmUpEpochs = 1.0; // linear from a tenth; constant after it
    std::int64_t evaluateEpochs = 1;
    bool evaluateTest = false; // measure the test set once, with the chosen weights
};

void readSettings(const Json &json, PersonSamDataSettings &settings,
                  std::vector<std::string> &problems);
OrderedJson toJson(const PersonSamDataSettings &settings);
std::vector<std::string> problemsOf(const PersonSamDataSettings &settings);

// BLIP-2 on crops of the parts of a parsing data set and the phrases about them.
struct PhrasesDataSettings : TrainSettings
{
    PhrasesDataSettings();

    std::string data; // as above
    std::string splitFile;
    std::int64_t splitSeed = 1;
    std::string phrases = "lists";
    std::string taxonomy;
    std::string trigger = "taxonomy";
    // Pixels that a crop grows at most on each side, drawn anew every time it is seen; the
    // published phrases were made with 19.
    int jitter = 19;
    std::string prompts; // file of prompt templates; empty: the paper's Table 3
    std::int64_t syntheticIdentities = 400;
    std::int64_t trainLimit = 0;
    std::int64_t evaluateLimit = 0;

    // qformer: the Q-Former, its queries and the projection; all: everything.
    std::string train = "qformer";
    int maxTokens = 24; // of a phrase

    std::int64_t epochs = 5;
    double warmUpEpochs = 0.5;
    std::int64_t evaluateEpochs = 1;
    bool evaluateTest = false;
};

void readSettings(const Json &json, PhrasesDataSettings &settings,
                  std::vector<std::string> &problems);
OrderedJson toJson(const PhrasesDataSettings &settings);
std::vector<std::string> problemsOf(const PhrasesDataSettings &settings);

} // namespace sapsam
