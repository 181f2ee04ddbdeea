#include "core/train/person_sam_data_settings.h"

#include "core/train/settings_fields.h"

#include <algorithm>

namespace sapsam {

namespace {

void requireOneOf(training::Checker &check, const char *name, const std::string &value,
                  const std::vector<std::string> &choices)
{
    std::string list;
    for (const std::string &choice : choices)
        list += (list.empty() ? "" : ", ") + choice;
    check.require(std::find(choices.begin(), choices.end(), value) != choices.end(),
                  std::string("'") + name + "' must be one of " + list + ", not '" + value + "'");
}

// What both tasks have, where 0 means that epochs count.
template <typename Settings>
void checkDataRun(const Settings &settings, training::Checker &check)
{
    TrainSettings common = settings;
    for (std::int64_t *value : {&common.steps, &common.evaluateEvery, &common.checkpointEvery})
        *value = *value == 0 ? 1 : *value;
    common.poolStart = std::max<std::int64_t>(common.poolStart, common.batchSize);
    training::checkCommon(common, check);
    check.require(!settings.data.empty(), "'data' must name the folder of a data set");
    check.require(settings.splitSeed >= 0, "'splitSeed' must not be negative");
    requireOneOf(check, "phrases", settings.phrases, {"lists", "groups", "classes"});
    requireOneOf(check, "trigger", settings.trigger, {"taxonomy", "first", "any", "all"});
    check.require(settings.syntheticIdentities >= 10, "'syntheticIdentities' must be at least 10");
    check.require(settings.trainLimit >= 0 && settings.evaluateLimit >= 0,
                  "'trainLimit' and 'evaluateLimit' must not be negative");
    check.require(settings.epochs > 0 || settings.steps > 0,
                  "'epochs' must be greater than 0 where 'steps' is 0");
    check.require(settings.warmUpEpochs >= 0.0, "'warmUpEpochs' must not be negative");
    check.require(settings.evaluateEpochs > 0, "'evaluateEpochs' must be greater than 0");
}

} // namespace

template <typename Visitor>
void visitAll(PersonSamDataSettings &s, Visitor &visit)
{
    training::visitCommon(s, visit);
    visit("data", s.data);
    visit("splitFile", s.splitFile);
    visit("splitSeed", s.splitSeed);
    visit("phrases", s.phrases);
    visit("taxonomy", s.taxonomy);
    visit("trigger", s.trigger);
    visit("maskFollowsMerge", s.maskFollowsMerge);
    visit("frame", s.frame);
    visit("syntheticIdentities", s.syntheticIdentities);
    visit("trainLimit", s.trainLimit);
    visit("evaluateLimit", s.evaluateLimit);
    visit("initialSam", s.initialSam);
    visit("initialBert", s.initialBert);
    visit("fresh", s.fresh);
    visit("freeze", s.freeze);
    visit("promptDesign", s.promptDesign);
    visit("imageSize", s.imageSize);
    visit("phraseLength", s.phraseLength);
    visit("embeddingCacheMb", s.embeddingCacheMb);
    visit("loss", s.loss);
    visit("scoreWeight", s.scoreWeight);
    visit("doubleStep", s.doubleStep);
    visit("epochs", s.epochs);
    visit("warmUpEpochs", s.warmUpEpochs);
    visit("evaluateEpochs", s.evaluateEpochs);
    visit("evaluateTest", s.evaluateTest);
}

template <typename Visitor>
void visitAll(PhrasesDataSettings &s, Visitor &visit)
{
    training::visitCommon(s, visit);
    visit("data", s.data);
    visit("splitFile", s.splitFile);
    visit("splitSeed", s.splitSeed);
    visit("phrases", s.phrases);
    visit("taxonomy", s.taxonomy);
    visit("trigger", s.trigger);
    visit("jitter", s.jitter);
    visit("prompts", s.prompts);
    visit("syntheticIdentities", s.syntheticIdentities);
    visit("trainLimit", s.trainLimit);
    visit("evaluateLimit", s.evaluateLimit);
    visit("train", s.train);
    visit("maxTokens", s.maxTokens);
    visit("epochs", s.epochs);
    visit("warmUpEpochs", s.warmUpEpochs);
    visit("evaluateEpochs", s.evaluateEpochs);
    visit("evaluateTest", s.evaluateTest);
}

PersonSamDataSettings::PersonSamDataSettings()
{
    name = "person-sam";
    steps = 0;
    evaluateEvery = 0;
    checkpointEvery = 0;
    batchSize = 6;
    learningRate = 1e-4;
    beta1 = 0.9;
    beta2 = 0.999;
    epsilon = 1e-8;
    weightDecay = 0.01;
    gradientClip = 0.0;
}

PhrasesDataSettings::PhrasesDataSettings()
{
    name = "phrases";
    steps = 0;
    evaluateEvery = 0;
    checkpointEvery = 0;
    batchSize = 16;
    learningRate = 1e-5; // of BLIP-2's fine-tuning for captions
    beta2 = 0.999;
    weightDecay = 0.05;
}

void readSettings(const Json &json, PersonSamDataSettings &settings,
                  std::vector<std::string> &problems)
{
    training::readInto(json, settings, problems);
}
void readSettings(const Json &json, PhrasesDataSettings &settings,
                  std::vector<std::string> &problems)
{
    training::readInto(json, settings, problems);
}

OrderedJson toJson(const PersonSamDataSettings &settings)
{
    return training::written(settings);
}
OrderedJson toJson(const PhrasesDataSettings &settings)
{
    return training::written(settings);
}

std::vector<std::string> problemsOf(const PersonSamDataSettings &s)
{
    training::Checker check;
    checkDataRun(s, check);
    const bool isWhole = !s.initialModel.empty();
    check.require(isWhole ? s.initialSam.empty() && s.initialBert.empty()
                          : !s.initialSam.empty() && !s.initialBert.empty(),
                  "the weights to start from are missing: give 'initialModel', a whole Person-SAM, "
                  "or both 'initialSam' and 'initialBert'");
    requireOneOf(check, "fresh", s.fresh, {"nothing", "prompts", "prompts+decoder"});
    requireOneOf(check, "freeze", s.freeze, {"published", "encoders", "none"});
    requireOneOf(check, "frame", s.frame, {"", "published", "aspect", "squash"});
    requireOneOf(check, "loss", s.loss, {"dice+bce", "dice"});
    requireOneOf(
        check, "promptDesign", s.promptDesign,
        {"", "shipped", "cls-sparse", "tokens-sparse", "cls-dot", "tokens-dot", "mca-dense"});
    check.require(s.embeddingCacheMb >= 0, "'embeddingCacheMb' must not be negative");
    check.require(s.imageSize >= 0, "'imageSize' must not be negative");
    check.require(s.phraseLength >= 3, "'phraseLength' must be at least 3");
    check.require(s.scoreWeight >= 0.0, "'scoreWeight' must not be negative");
    return check.problems;
}

std::vector<std::string> problemsOf(const PhrasesDataSettings &s)
{
    training::Checker check;
    checkDataRun(s, check);
    check.require(!s.initialModel.empty(),
                  "'initialModel' must name the folder of a BLIP-2 to start from");
    requireOneOf(check, "train", s.train, {"qformer", "all"});
    check.require(s.jitter >= 0 && s.jitter <= 1000, "'jitter' must be in 0 to 1000");
    check.require(s.maxTokens >= 4, "'maxTokens' must be at least 4");
    return check.problems;
}

} // namespace sapsam
