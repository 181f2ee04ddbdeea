#pragma once

#include "core/train/settings.h"

namespace sapsam {

// The paper's retrieval training (method.md 1.5) on captioned pictures of people. The defaults are
// the published ones; where the authors' code and the paper differ, the code's is the default and
// the other one can be chosen.
struct SapSamSettings : TrainSettings
{
    SapSamSettings();

    // --- data
    // A data set of any layout with captions, a pack of one (see `sapsam dataset pack`), or
    // "synthetic" for drawn people.
    std::string data;
    // Where the pack lies or is made; empty: beside the runs, under a name made from its content.
    std::string pack;
    std::int64_t syntheticIdentities = 400;   // of "synthetic", all splits together
    std::string trainLabels = "as-published"; // as-published | numbered-anew (accepts holes)
    // Share of the train people held out where a data set has no val split, such as ICFG-PEDES.
    double validationShare = 0.05;
    std::string sampler = "random"; // random | identity: so many pairs of each person in a batch
    int pairsPerIdentity = 4;       // of the identity sampler
    std::string augmentation = "published"; // published | none
    double applyAll = 0.45;                 // chance of the published recipe
    double erase = 0.5;                     // chance of random erasing

    // --- model
    // Besides `initialModel`: vit-b-16 | vit-l-14 | small, with random weights.
    std::string architecture = "vit-b-16";
    int imageHeight = 384; // 0: as the initial model has it
    int imageWidth = 128;
    int vocabularySize = 4096; // of a tokenizer that is learned from the captions
    int decoderLayers = 4;     // of the cross-modal transformer

    // --- objective
    // Words joined by "+": sdm, itc, cmpm, id, mlm (words hidden anywhere), mlm_part (phrases more
    // often: ACD), matching (parts and phrases), mim (patches).
    std::string losses = "sdm+mlm_part+matching";
    // Of "matching": elca | avgpool | conv1d | mhsa, table 6 of the paper.
    std::string alignment = "elca";
    // Of "mim", table 4: codes | codes-but-zero | patch-embeddings | features.
    std::string imageDecoding = "patch-embeddings";
    std::string dvae;         // folder or file of the encoder whose codes are predicted
    double logitScale = 50.0; // fixed
    double idWeight = 1.0, wordWeight = 1.0, matchingWeight = 1.0, imageWeight = 1.0;
    double maskProbability = 0.15;
    double partProbability = 0.35;        // p' of the paper
    std::string partTokens = "endpoints"; // endpoints (published) | span (the paper's text)
    bool maskedCaptions = true;           // the other losses see the masked caption, as published
    double patchProbability = 0.2;        // of background patches to be masked
    double partPatchProbability = 0.5;    // of patches of parts
    // normal: as published, where the draw is normal and the shares are 0.58 and 0.69; uniform: the
    // probabilities mean what they say.
    std::string patchDraws = "normal";

    // --- run
    std::int64_t epochs = 60;
    std::int64_t warmUpEpochs = 5;
    // As published the rate changes from epoch to epoch; otherwise from step to step.
    bool ratePerEpoch = true;
    std::int64_t evaluateEpochs = 1;
    // val | test: what the best checkpoint is chosen by. The published runs chose on test; such a
    // run says so wherever its result is shown.
    std::string chooseOn = "val";
    bool evaluateTest = false; // measure the test split once, with the chosen weights
};

void readSettings(const Json &json, SapSamSettings &settings, std::vector<std::string> &problems);
OrderedJson toJson(const SapSamSettings &settings);
std::vector<std::string> problemsOf(const SapSamSettings &settings);

// Whether the words of `losses` name this one.
bool hasLoss(const SapSamSettings &settings, const std::string &loss);

} // namespace sapsam
