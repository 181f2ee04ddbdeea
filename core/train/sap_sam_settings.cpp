#include "core/train/sap_sam_settings.h"

#include "core/train/settings_fields.h"

#include <algorithm>
#include <sstream>

namespace sapsam {

namespace {

const std::vector<std::string> kLosses = {"sdm", "itc",      "cmpm",     "id",
                                          "mlm", "mlm_part", "matching", "mim"};

std::vector<std::string> wordsOf(const std::string &losses)
{
    std::vector<std::string> words;
    std::istringstream stream(losses);
    for (std::string word; std::getline(stream, word, '+');)
        words.push_back(word);
    return words;
}

void requireOneOf(training::Checker &check, const char *name, const std::string &value,
                  const std::vector<std::string> &choices)
{
    std::string list;
    for (const std::string &choice : choices)
        list += (list.empty() ? "" : ", ") + choice;
    check.require(std::find(choices.begin(), choices.end(), value) != choices.end(),
                  std::string("'") + name + "' must be one of " + list + ", not '" + value + "'");
}

} // namespace

template <typename Visitor>
void visitAll(SapSamSettings &s, Visitor &visit)
{
    training::visitCommon(s, visit);
    visit("data", s.data);
    visit("pack", s.pack);
    visit("syntheticIdentities", s.syntheticIdentities);
    visit("trainLabels", s.trainLabels);
    visit("validationShare", s.validationShare);
    visit("sampler", s.sampler);
    visit("pairsPerIdentity", s.pairsPerIdentity);
    visit("augmentation", s.augmentation);
    visit("applyAll", s.applyAll);
    visit("erase", s.erase);
    visit("architecture", s.architecture);
    visit("imageHeight", s.imageHeight);
    visit("imageWidth", s.imageWidth);
    visit("vocabularySize", s.vocabularySize);
    visit("decoderLayers", s.decoderLayers);
    visit("losses", s.losses);
    visit("alignment", s.alignment);
    visit("imageDecoding", s.imageDecoding);
    visit("dvae", s.dvae);
    visit("logitScale", s.logitScale);
    visit("idWeight", s.idWeight);
    visit("wordWeight", s.wordWeight);
    visit("matchingWeight", s.matchingWeight);
    visit("imageWeight", s.imageWeight);
    visit("maskProbability", s.maskProbability);
    visit("partProbability", s.partProbability);
    visit("partTokens", s.partTokens);
    visit("maskedCaptions", s.maskedCaptions);
    visit("patchProbability", s.patchProbability);
    visit("partPatchProbability", s.partPatchProbability);
    visit("patchDraws", s.patchDraws);
    visit("epochs", s.epochs);
    visit("warmUpEpochs", s.warmUpEpochs);
    visit("ratePerEpoch", s.ratePerEpoch);
    visit("evaluateEpochs", s.evaluateEpochs);
    visit("chooseOn", s.chooseOn);
    visit("evaluateTest", s.evaluateTest);
}

SapSamSettings::SapSamSettings()
{
    name = "sapsam-retrieval";
    batchSize = 64;
    optimizer = "adam";
    learningRate = 1e-5;
    beta2 = 0.999;
    epsilon = 1e-3;
    weightDecay = 4e-5;
    finalFactor = 0.0;
    gradientClip = 0.0;
    helperWeight = 0.0;
    logEvery = 20;
    checkpointEvery = 500;
    steps = 0; // the epochs and the data decide
}

void readSettings(const Json &json, SapSamSettings &settings, std::vector<std::string> &problems)
{
    training::readInto(json, settings, problems);
}

OrderedJson toJson(const SapSamSettings &settings)
{
    return training::written(settings);
}

bool hasLoss(const SapSamSettings &settings, const std::string &loss)
{
    const std::vector<std::string> words = wordsOf(settings.losses);
    return std::find(words.begin(), words.end(), loss) != words.end();
}

std::vector<std::string> problemsOf(const SapSamSettings &s)
{
    training::Checker check;
    TrainSettings common = s;
    common.steps = std::max<std::int64_t>(1, s.steps); // 0: the epochs decide
    training::checkCommon(common, check);
    check.require(!s.data.empty() || !s.pack.empty(),
                  "'data' must name a data set, a pack or \"synthetic\"");
    check.require(s.steps >= 0, "'steps' must not be negative; 0 lets 'epochs' decide");
    check.require(s.syntheticIdentities >= 10, "'syntheticIdentities' must be at least 10");
    requireOneOf(check, "trainLabels", s.trainLabels, {"as-published", "numbered-anew"});
    check.require(s.validationShare > 0.0 && s.validationShare < 0.9,
                  "'validationShare' must be in 0 to 0.9");
    requireOneOf(check, "sampler", s.sampler, {"random", "identity"});
    check.require(s.pairsPerIdentity >= 2, "'pairsPerIdentity' must be at least 2");
    if (s.sampler == "identity")
        check.multiple("batchSize", s.batchSize, "pairsPerIdentity", s.pairsPerIdentity);
    requireOneOf(check, "augmentation", s.augmentation, {"published", "none"});
    check.share("applyAll", s.applyAll);
    check.share("erase", s.erase);
    if (s.initialModel.empty())
        requireOneOf(check, "architecture", s.architecture, {"vit-b-16", "vit-l-14", "small"});
    check.require(s.imageHeight >= 0 && s.imageWidth >= 0,
                  "'imageHeight' and 'imageWidth' must not be negative");
    check.require(s.vocabularySize >= 600, "'vocabularySize' must be at least 600");
    check.positive("decoderLayers", s.decoderLayers);

    const std::vector<std::string> words = wordsOf(s.losses);
    for (const std::string &word : words)
        requireOneOf(check, "losses", word, kLosses);
    check.require(hasLoss(s, "sdm") || hasLoss(s, "itc") || hasLoss(s, "cmpm"),
                  "'losses' needs one that ranks: sdm, itc or cmpm");
    check.require(!(hasLoss(s, "mlm") && hasLoss(s, "mlm_part")),
                  "'losses' takes one of mlm and mlm_part");
    requireOneOf(check, "alignment", s.alignment, {"elca", "avgpool", "conv1d", "mhsa"});
    requireOneOf(check, "imageDecoding", s.imageDecoding,
                 {"codes", "codes-but-zero", "patch-embeddings", "features"});
    check.require(!hasLoss(s, "mim") || s.imageDecoding.rfind("codes", 0) != 0 || !s.dvae.empty(),
                  "'imageDecoding' with codes needs 'dvae', the folder or file of the encoder "
                  "that gives them (or \"random\" for an untrained one)");
    check.positive("logitScale", s.logitScale);
    check.require(s.idWeight >= 0.0, "'idWeight' must not be negative");
    check.require(s.wordWeight >= 0.0, "'wordWeight' must not be negative");
    check.require(s.matchingWeight >= 0.0, "'matchingWeight' must not be negative");
    check.require(s.imageWeight >= 0.0, "'imageWeight' must not be negative");
    check.share("maskProbability", s.maskProbability);
    check.share("partProbability", s.partProbability);
    check.share("patchProbability", s.patchProbability);
    check.share("partPatchProbability", s.partPatchProbability);
    requireOneOf(check, "partTokens", s.partTokens, {"endpoints", "span"});
    requireOneOf(check, "patchDraws", s.patchDraws, {"normal", "uniform"});
    check.positive("epochs", static_cast<double>(s.epochs));
    check.require(s.warmUpEpochs >= 0, "'warmUpEpochs' must not be negative");
    check.positive("evaluateEpochs", static_cast<double>(s.evaluateEpochs));
    requireOneOf(check, "chooseOn", s.chooseOn, {"val", "test"});
    return check.problems;
}

} // namespace sapsam
