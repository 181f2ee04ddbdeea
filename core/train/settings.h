#pragma once

#include "core/base/json_file.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sapsam {

// What every training task is told. Plain values with their defaults; the JSON keys are the names
// of the fields. Times are in optimizer steps. On several processes `batchSize` counts the samples
// of all of them together.
struct TrainSettings
{
    std::string name; // of the exported model, such as "sapsam-retrieval-small"
    std::int64_t steps = 1000;
    int batchSize = 64;
    std::string optimizer = "adamw"; // adamw | adam (weight decay as part of the gradient)
    double learningRate = 1e-3;
    double beta1 = 0.9;
    double beta2 = 0.98;
    double epsilon = 1e-8;
    double weightDecay = 0.05;      // not on biases, norms and embeddings of positions
    std::int64_t warmUpSteps = 100; // linear from a tenth
    double finalFactor = 0.01;      // of the learning rate, at the end of the cosine
    double gradientClip = 1.0;      // largest norm over all parameters; 0 for none
    // auto | fp32 | bf16 | fp16: computation; weights are kept in fp32. fp16 needs a CUDA device
    // and scales the loss so that small gradients do not vanish; the scale follows what overflows.
    std::string precision = "auto";
    int accumulate = 1;    // batches whose mean gradient makes one step
    double emaDecay = 0.0; // of a moving average of the weights that is evaluated and exported in
                           // their place, such as 0.999; 0 for none
    int earlyStop = 0;     // evaluations without a better value after which a run ends; 0 for never
    int keepEvery = 0;     // epochs between checkpoints that are kept as epoch-NN; 0 for none
    bool channelsLast = false; // memory order of pictures and convolutions: pays on CUDA in fp16
    // Layers of transformers keep only their input and compute the rest again in the backward pass:
    // far less memory for about a third more time, and the same gradients.
    bool gradientCheckpointing = false;
    bool memoryCheck = true; // before the first step, whether the batch fits into memory
    bool fitBatch = false;   // a batch that does not fit is made smaller, not refused
    int memoryLimitMb = 0;   // what a step may take, instead of what the machine has free; 0: that
    int loaderThreads = 1;   // threads that draw and augment pictures
    int queueLength = 6;     // batches made ahead
    std::int64_t evaluateEvery = 250;
    std::int64_t checkpointEvery = 250;
    std::int64_t logEvery = 20;
    int heldOutCount = 256;         // people of the validation set
    std::uint64_t dataSeed = 20250; // of the generator; held-out people share it, not their numbers
    std::int64_t poolStart = 2000;  // pictures to draw from at the first step
    double poolGrowth = 4.0;        // pictures added with every step
    int picturesPerIdentity = 2;
    int renderHeight = 192; // of the pictures that the generator draws
    int renderWidth = 96;
    int corpusLines = 20000;      // text from which the tokenizer is learned
    double augmentStrength = 1.0; // 0 for none
    double helperWeight = 1.0;    // of the loss of the helper heads, see trainer_loop.h
    double helperUntil = 0.7;     // share of the steps over which it falls to nothing
    std::string initialModel;     // folder of an exported model, or empty
    // How often each gradient is applied. No setting of its own: tasks derive it, see doubleStep.
    int stepRepeats = 1;
};

// CLIP dual encoder, similarity distribution matching.
struct RetrievalSettings : TrainSettings
{
    RetrievalSettings();

    int imageHeight = 128;
    int imageWidth = 64;
    int patchSize = 16;
    int stride = 0; // of the patches; smaller than patchSize makes them overlap; 0: patchSize
    int visionWidth = 256;
    int visionLayers = 6;
    int visionHeads = 4;
    int textWidth = 192;
    int textLayers = 4;
    int textHeads = 4;
    int embeddingSize = 256;
    int contextLength = 48;
    int vocabularySize = 2048;
    double logitScale = 20.0;       // fixed, as in IRRA (there 50)
    double shortCaptionShare = 0.4; // texts like a query, made of one to three part phrases
    int captionsPerPicture = 4;
    // sdm | itc | sdm+itc: with both, SDM joins after the share `sdmFrom` of the steps. Its
    // gradient is small while a right pair has little of the probability, so that it starts slowly
    // from scratch.
    std::string loss = "sdm+itc";
    double sdmFrom = 0.4;
    double sdmWeight = 0.1;
    double erasing = 0.25; // chance that a rectangle is blanked
};

// Person-SAM from scratch.
struct PersonSamSettings : TrainSettings
{
    PersonSamSettings();

    int imageSize = 128; // side of the square that every picture is squashed to
    int patchSize = 8;
    int visionWidth = 144;
    int visionLayers = 6;
    int visionHeads = 4;
    int windowSize = 8;
    std::vector<int> globalLayers = {2, 5};
    int decoderSize = 96;
    int decoderHeads = 4;
    int decoderMlp = 256;
    int textWidth = 128;
    int textLayers = 2;
    int textHeads = 4;
    int phraseLength = 16;
    int vocabularySize = 1024;
    int promptsPerPicture = 4;
    double absentShare = 0.2; // prompts for a part that is not there
    // From this share of the steps on. A part that most pictures lack would otherwise be learned as
    // the empty mask, from which it hardly comes back.
    double absentFrom = 0.7;
    double genericShare = 0.5; // "the pants" instead of "blue jeans"
    double scoreWeight = 0.2;  // of the squared error of the predicted IoU
};

// SAM with points and boxes, from scratch or from a Person-SAM.
struct SamSettings : TrainSettings
{
    SamSettings();

    int imageSize = 128; // side of the frame; the picture's longer side takes all of it
    int patchSize = 8;
    int visionWidth = 192;
    int visionLayers = 6;
    int visionHeads = 4;
    int windowSize = 8;
    std::vector<int> globalLayers = {2, 5};
    int decoderSize = 96;
    int decoderHeads = 4;
    int decoderMlp = 256;
    int promptsPerPicture = 4;
    double wholeShare = 0.2;  // targets that are the whole person
    double classShare = 0.25; // of the others: one class, such as the left shoe, not a part group
    double scoreWeight = 0.2; // of the squared error of the predicted IoU
};

// BLIP-2 with an OPT decoder, from scratch.
struct PhrasesSettings : TrainSettings
{
    PhrasesSettings();

    int imageSize = 64;
    int patchSize = 8;
    int visionWidth = 160;
    int visionLayers = 4;
    int visionHeads = 4;
    int queries = 8;
    int queryWidth = 160;
    int queryLayers = 4;
    int queryHeads = 4;
    int textWidth = 192;
    int textLayers = 4;
    int textHeads = 4;
    int vocabularySize = 1024;
    int maxTokens = 24; // of a phrase
};

// Reads settings, starting from the defaults. Every unknown key and every value of a wrong type
// becomes a line in `problems`.
void readSettings(const Json &json, RetrievalSettings &settings,
                  std::vector<std::string> &problems);
void readSettings(const Json &json, PersonSamSettings &settings,
                  std::vector<std::string> &problems);
void readSettings(const Json &json, SamSettings &settings, std::vector<std::string> &problems);
void readSettings(const Json &json, PhrasesSettings &settings, std::vector<std::string> &problems);

// All settings, the defaults included.
OrderedJson toJson(const RetrievalSettings &settings);
OrderedJson toJson(const PersonSamSettings &settings);
OrderedJson toJson(const SamSettings &settings);
OrderedJson toJson(const PhrasesSettings &settings);

// Every unusable setting in words; empty when training can start.
std::vector<std::string> problemsOf(const RetrievalSettings &settings);
std::vector<std::string> problemsOf(const PersonSamSettings &settings);
std::vector<std::string> problemsOf(const SamSettings &settings);
std::vector<std::string> problemsOf(const PhrasesSettings &settings);

} // namespace sapsam
