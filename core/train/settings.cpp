#include "core/train/settings_fields.h"

#include <algorithm>
#include <cctype>
#include <numeric>

namespace sapsam {

using training::Checker;

// The one list of fields of each task: reading, writing and unknown keys all come from it.
template <typename Visitor>
void visitAll(RetrievalSettings &s, Visitor &visit)
{
    training::visitCommon(s, visit);
    visit("imageHeight", s.imageHeight);
    visit("imageWidth", s.imageWidth);
    visit("patchSize", s.patchSize);
    visit("stride", s.stride);
    visit("visionWidth", s.visionWidth);
    visit("visionLayers", s.visionLayers);
    visit("visionHeads", s.visionHeads);
    visit("textWidth", s.textWidth);
    visit("textLayers", s.textLayers);
    visit("textHeads", s.textHeads);
    visit("embeddingSize", s.embeddingSize);
    visit("contextLength", s.contextLength);
    visit("vocabularySize", s.vocabularySize);
    visit("logitScale", s.logitScale);
    visit("shortCaptionShare", s.shortCaptionShare);
    visit("captionsPerPicture", s.captionsPerPicture);
    visit("loss", s.loss);
    visit("sdmFrom", s.sdmFrom);
    visit("sdmWeight", s.sdmWeight);
    visit("erasing", s.erasing);
}

template <typename Visitor>
void visitAll(PersonSamSettings &s, Visitor &visit)
{
    training::visitCommon(s, visit);
    visit("imageSize", s.imageSize);
    visit("patchSize", s.patchSize);
    visit("visionWidth", s.visionWidth);
    visit("visionLayers", s.visionLayers);
    visit("visionHeads", s.visionHeads);
    visit("windowSize", s.windowSize);
    visit("globalLayers", s.globalLayers);
    visit("decoderSize", s.decoderSize);
    visit("decoderHeads", s.decoderHeads);
    visit("decoderMlp", s.decoderMlp);
    visit("textWidth", s.textWidth);
    visit("textLayers", s.textLayers);
    visit("textHeads", s.textHeads);
    visit("phraseLength", s.phraseLength);
    visit("vocabularySize", s.vocabularySize);
    visit("promptsPerPicture", s.promptsPerPicture);
    visit("absentShare", s.absentShare);
    visit("absentFrom", s.absentFrom);
    visit("genericShare", s.genericShare);
    visit("scoreWeight", s.scoreWeight);
}

template <typename Visitor>
void visitAll(SamSettings &s, Visitor &visit)
{
    training::visitCommon(s, visit);
    visit("imageSize", s.imageSize);
    visit("patchSize", s.patchSize);
    visit("visionWidth", s.visionWidth);
    visit("visionLayers", s.visionLayers);
    visit("visionHeads", s.visionHeads);
    visit("windowSize", s.windowSize);
    visit("globalLayers", s.globalLayers);
    visit("decoderSize", s.decoderSize);
    visit("decoderHeads", s.decoderHeads);
    visit("decoderMlp", s.decoderMlp);
    visit("promptsPerPicture", s.promptsPerPicture);
    visit("wholeShare", s.wholeShare);
    visit("classShare", s.classShare);
    visit("scoreWeight", s.scoreWeight);
}

template <typename Visitor>
void visitAll(PhrasesSettings &s, Visitor &visit)
{
    training::visitCommon(s, visit);
    visit("imageSize", s.imageSize);
    visit("patchSize", s.patchSize);
    visit("visionWidth", s.visionWidth);
    visit("visionLayers", s.visionLayers);
    visit("visionHeads", s.visionHeads);
    visit("queries", s.queries);
    visit("queryWidth", s.queryWidth);
    visit("queryLayers", s.queryLayers);
    visit("queryHeads", s.queryHeads);
    visit("textWidth", s.textWidth);
    visit("textLayers", s.textLayers);
    visit("textHeads", s.textHeads);
    visit("vocabularySize", s.vocabularySize);
    visit("maxTokens", s.maxTokens);
}

namespace training {

std::string nearestOf(const std::string &word, const std::set<std::string> &known)
{
    const auto lower = [](std::string text) {
        for (char &c : text)
            c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        return text;
    };
    // Levenshtein's distance, one row at a time.
    const auto distance = [](const std::string &a, const std::string &b) {
        std::vector<std::size_t> row(b.size() + 1);
        std::iota(row.begin(), row.end(), std::size_t(0));
        for (std::size_t i = 1; i <= a.size(); ++i) {
            std::size_t diagonal = row[0];
            row[0] = i;
            for (std::size_t j = 1; j <= b.size(); ++j) {
                const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
            }
        }
        return row.back();
    };
    std::string nearest;
    std::size_t least = word.size() / 2 + 1; // further away it is another word
    for (const std::string &candidate : known) {
        const std::size_t found = distance(lower(word), lower(candidate));
        if (found < least) {
            least = found;
            nearest = candidate;
        }
    }
    return nearest;
}

void checkCommon(const TrainSettings &s, Checker &check)
{
    check.require(!s.name.empty() && s.name.find_first_of("/\\ ") == std::string::npos,
                  "'name' must be a word that can name a folder");
    check.positive("steps", static_cast<double>(s.steps));
    check.require(s.batchSize >= 2, "'batchSize' must be at least 2");
    check.require(s.optimizer == "adamw" || s.optimizer == "adam",
                  "'optimizer' must be adamw or adam, not '" + s.optimizer + "'");
    check.positive("learningRate", s.learningRate);
    check.require(s.beta1 >= 0.0 && s.beta1 < 1.0, "'beta1' must be in 0 to 1, 1 excluded");
    check.require(s.beta2 >= 0.0 && s.beta2 < 1.0, "'beta2' must be in 0 to 1, 1 excluded");
    check.positive("epsilon", s.epsilon);
    check.require(s.weightDecay >= 0.0, "'weightDecay' must not be negative");
    check.require(s.warmUpSteps >= 0, "'warmUpSteps' must not be negative");
    check.share("finalFactor", s.finalFactor);
    check.require(s.gradientClip >= 0.0, "'gradientClip' must not be negative");
    check.require(s.precision == "auto" || s.precision == "fp32" || s.precision == "bf16"
                      || s.precision == "fp16",
                  "'precision' must be auto, fp32, bf16 or fp16, not '" + s.precision + "'");
    check.require(s.accumulate >= 1, "'accumulate' must be at least 1");
    check.require(s.emaDecay >= 0.0 && s.emaDecay < 1.0,
                  "'emaDecay' must be in 0 to 1, 1 excluded");
    check.require(s.earlyStop >= 0, "'earlyStop' must not be negative");
    check.require(s.keepEvery >= 0, "'keepEvery' must not be negative");
    check.require(s.memoryLimitMb >= 0, "'memoryLimitMb' must not be negative");
    check.require(s.loaderThreads >= 1 && s.loaderThreads <= 256,
                  "'loaderThreads' must be in 1 to 256");
    check.require(s.queueLength >= 1, "'queueLength' must be at least 1");
    check.positive("evaluateEvery", static_cast<double>(s.evaluateEvery));
    check.positive("checkpointEvery", static_cast<double>(s.checkpointEvery));
    check.positive("logEvery", static_cast<double>(s.logEvery));
    check.require(s.heldOutCount >= 2, "'heldOutCount' must be at least 2");
    check.require(s.poolStart >= s.batchSize, "'poolStart' must be at least 'batchSize'");
    check.require(s.poolGrowth >= 0.0, "'poolGrowth' must not be negative");
    check.require(s.picturesPerIdentity >= 1, "'picturesPerIdentity' must be at least 1");
    check.require(s.renderHeight >= 32 && s.renderHeight <= 1024,
                  "'renderHeight' must be in 32 to 1024");
    check.require(s.renderWidth >= 16 && s.renderWidth <= 512,
                  "'renderWidth' must be in 16 to 512");
    check.require(s.corpusLines >= 100, "'corpusLines' must be at least 100");
    check.require(s.helperWeight >= 0.0, "'helperWeight' must not be negative");
    check.share("helperUntil", s.helperUntil);
    check.require(s.augmentStrength >= 0.0 && s.augmentStrength <= 2.0,
                  "'augmentStrength' must be in 0 to 2");
}

} // namespace training

RetrievalSettings::RetrievalSettings()
{
    name = "sapsam-retrieval-small";
    batchSize = 128;
    steps = 4000;
}

PersonSamSettings::PersonSamSettings()
{
    name = "sapsam-person-small";
    batchSize = 16;
    steps = 3000;
}

SamSettings::SamSettings()
{
    name = "sapsam-points-small";
    batchSize = 16;
    steps = 3000;
}

PhrasesSettings::PhrasesSettings()
{
    name = "sapsam-phrases-small";
    batchSize = 64;
    steps = 3000;
}

void readSettings(const Json &json, RetrievalSettings &settings, std::vector<std::string> &problems)
{
    training::readInto(json, settings, problems);
}
void readSettings(const Json &json, PersonSamSettings &settings, std::vector<std::string> &problems)
{
    training::readInto(json, settings, problems);
}
void readSettings(const Json &json, SamSettings &settings, std::vector<std::string> &problems)
{
    training::readInto(json, settings, problems);
}
void readSettings(const Json &json, PhrasesSettings &settings, std::vector<std::string> &problems)
{
    training::readInto(json, settings, problems);
}

OrderedJson toJson(const RetrievalSettings &settings)
{
    return training::written(settings);
}
OrderedJson toJson(const PersonSamSettings &settings)
{
    return training::written(settings);
}
OrderedJson toJson(const SamSettings &settings)
{
    return training::written(settings);
}
OrderedJson toJson(const PhrasesSettings &settings)
{
    return training::written(settings);
}

std::vector<std::string> problemsOf(const RetrievalSettings &s)
{
    Checker check;
    training::checkCommon(s, check);
    check.multiple("imageHeight", s.imageHeight, "patchSize", s.patchSize);
    check.multiple("imageWidth", s.imageWidth, "patchSize", s.patchSize);
    if (s.stride != 0)
        check.multiple("patchSize", s.patchSize, "stride", s.stride);
    check.multiple("visionWidth", s.visionWidth, "visionHeads", s.visionHeads);
    check.multiple("textWidth", s.textWidth, "textHeads", s.textHeads);
    check.positive("visionLayers", s.visionLayers);
    check.positive("textLayers", s.textLayers);
    check.positive("embeddingSize", s.embeddingSize);
    check.require(s.contextLength >= 8, "'contextLength' must be at least 8");
    check.require(s.vocabularySize >= 600,
                  "'vocabularySize' must be at least 600: 512 byte symbols "
                  "and the special tokens are always there");
    check.positive("logitScale", s.logitScale);
    check.share("shortCaptionShare", s.shortCaptionShare);
    check.share("erasing", s.erasing);
    check.share("sdmFrom", s.sdmFrom);
    check.require(s.sdmWeight >= 0.0, "'sdmWeight' must not be negative");
    check.positive("captionsPerPicture", s.captionsPerPicture);
    check.require(s.loss == "sdm" || s.loss == "itc" || s.loss == "sdm+itc",
                  "'loss' must be sdm, itc or sdm+itc, not '" + s.loss + "'");
    return check.problems;
}

std::vector<std::string> problemsOf(const PersonSamSettings &s)
{
    Checker check;
    training::checkCommon(s, check);
    check.multiple("imageSize", s.imageSize, "patchSize", s.patchSize);
    check.multiple("visionWidth", s.visionWidth, "visionHeads", s.visionHeads);
    check.multiple("decoderSize", s.decoderSize, "decoderHeads", 2 * s.decoderHeads);
    check.require(s.decoderSize % 8 == 0, "'decoderSize' must be a multiple of 8");
    check.multiple("textWidth", s.textWidth, "textHeads", s.textHeads);
    check.positive("visionLayers", s.visionLayers);
    check.positive("windowSize", s.windowSize);
    check.positive("textLayers", s.textLayers);
    check.require(s.phraseLength >= 4, "'phraseLength' must be at least 4");
    check.require(s.vocabularySize >= 200, "'vocabularySize' must be at least 200");
    check.positive("promptsPerPicture", s.promptsPerPicture);
    check.share("absentShare", s.absentShare);
    check.share("absentFrom", s.absentFrom);
    check.share("genericShare", s.genericShare);
    check.require(s.scoreWeight >= 0.0, "'scoreWeight' must not be negative");
    for (const int layer : s.globalLayers)
        check.require(layer >= 0 && layer < s.visionLayers, "'globalLayers' names layer "
                                                                + std::to_string(layer) + " of "
                                                                + std::to_string(s.visionLayers));
    return check.problems;
}

std::vector<std::string> problemsOf(const SamSettings &s)
{
    Checker check;
    training::checkCommon(s, check);
    check.multiple("imageSize", s.imageSize, "patchSize", s.patchSize);
    check.multiple("visionWidth", s.visionWidth, "visionHeads", s.visionHeads);
    check.multiple("decoderSize", s.decoderSize, "decoderHeads", 2 * s.decoderHeads);
    check.require(s.decoderSize % 8 == 0, "'decoderSize' must be a multiple of 8");
    check.positive("visionLayers", s.visionLayers);
    check.positive("windowSize", s.windowSize);
    check.positive("promptsPerPicture", s.promptsPerPicture);
    check.share("wholeShare", s.wholeShare);
    check.share("classShare", s.classShare);
    check.require(s.scoreWeight >= 0.0, "'scoreWeight' must not be negative");
    for (const int layer : s.globalLayers)
        check.require(layer >= 0 && layer < s.visionLayers, "'globalLayers' names layer "
                                                                + std::to_string(layer) + " of "
                                                                + std::to_string(s.visionLayers));
    return check.problems;
}

std::vector<std::string> problemsOf(const PhrasesSettings &s)
{
    Checker check;
    training::checkCommon(s, check);
    check.multiple("imageSize", s.imageSize, "patchSize", s.patchSize);
    check.multiple("visionWidth", s.visionWidth, "visionHeads", s.visionHeads);
    check.multiple("queryWidth", s.queryWidth, "queryHeads", s.queryHeads);
    check.multiple("textWidth", s.textWidth, "textHeads", s.textHeads);
    check.positive("visionLayers", s.visionLayers);
    check.positive("queryLayers", s.queryLayers);
    check.positive("textLayers", s.textLayers);
    check.positive("queries", s.queries);
    check.require(s.vocabularySize >= 300,
                  "'vocabularySize' must be at least 300: 256 byte symbols "
                  "and the special tokens are always there");
    check.require(s.maxTokens >= 4, "'maxTokens' must be at least 4");
    return check.problems;
}

} // namespace sapsam
