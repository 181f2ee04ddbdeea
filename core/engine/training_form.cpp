#include "core/engine/training_form.h"

#include "core/engine/paper_tables.h"
#include "core/train/person_sam_data_settings.h"
#include "core/train/sap_sam_settings.h"
#include "core/train/settings.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <sstream>

namespace sapsam {

namespace {

namespace fs = std::filesystem;

// What is said about a field besides its name, type and default, which the structs give.
struct Note
{
    const char *key;     // "key", "FORM:key" for one form, "*-data:key" for those on data
    const char *group;   // see kGroups
    bool isBasic;        //
    const char *range;   // "[1,)", "(0,1]"; "" for none; "path" and "model" are types
    const char *unit;    //
    const char *choices; // "a|b|c"; "" for none
    const char *explanation;
};

constexpr const char *kRun = "Run";
constexpr const char *kData = "Data";
constexpr const char *kModel = "Model";
constexpr const char *kObjective = "Objective";
constexpr const char *kOptimizer = "Optimizer";
constexpr const char *kMemory = "Memory and speed";
constexpr const char *kMeasure = "Measuring and saving";
constexpr const char *kDrawing = "Drawn people";

const std::vector<const char *> kGroups = {kRun,       kData,   kModel,   kObjective,
                                           kOptimizer, kMemory, kMeasure, kDrawing};

const std::vector<Note> &notes()
{
    static const std::vector<Note> list = {
        // --- run
        {"name", kRun, true, "", "", "", "Names the run and the model that comes out of it."},
        {"seed", kRun, true, "[0,)", "", "",
         "Start of all random numbers: the same seed and settings give the same model on the CPU."},
        {"steps", kRun, true, "[1,)", "steps", "", "Updates of the weights in the whole run."},
        {"*-data:steps", kRun, false, "[0,)", "steps", "",
         "Updates of the weights in the whole run; 0 lets the epochs decide."},
        {"batchSize", kRun, true, "[2,)", "samples", "",
         "Samples that one update looks at, of all processes together."},
        {"epochs", kRun, true, "(0,)", "epochs", "",
         "How often the run sees every training sample."},
        {"warmUpEpochs", kOptimizer, true, "[0,)", "epochs", "",
         "Epochs in which the learning rate rises from a tenth to its full value."},
        {"ratePerEpoch", kOptimizer, false, "", "", "",
         "Changes the learning rate from epoch to epoch, as published, not from step to step."},
        {"accumulate", kRun, false, "[1,)", "batches", "",
         "Batches whose mean gradient makes one update: a larger batch without more memory."},
        {"precision", kMemory, true, "", "", "auto|fp32|bf16|fp16",
         "What is computed in; weights are always kept in fp32, and fp16 needs a CUDA device."},
        // --- optimizer
        {"optimizer", kOptimizer, false, "", "", "adamw|adam",
         "AdamW decays weights by themselves; Adam adds the decay to the gradient."},
        {"learningRate", kOptimizer, true, "(0,)", "", "",
         "Largest size of an update; too high diverges, too low learns slowly."},
        {"beta1", kOptimizer, false, "[0,1)", "", "",
         "How long the mean of the gradients is remembered."},
        {"beta2", kOptimizer, false, "[0,1)", "", "",
         "How long the mean of the squared gradients is remembered."},
        {"epsilon", kOptimizer, false, "(0,)", "", "",
         "Added to the divisor of an update, so that tiny gradients do not blow up."},
        {"weightDecay", kOptimizer, true, "[0,)", "", "",
         "Pulls weights to zero; biases, norms and positions are left alone."},
        {"warmUpSteps", kOptimizer, true, "[0,)", "steps", "",
         "Steps in which the learning rate rises from a tenth to its full value."},
        {"finalFactor", kOptimizer, false, "[0,1]", "", "",
         "Share of the learning rate that is left at the end of its cosine."},
        {"gradientClip", kOptimizer, false, "[0,)", "", "",
         "Largest norm of the gradients of all weights; 0 lets them be."},
        {"emaDecay", kOptimizer, false, "[0,1)", "", "",
         "Measures and exports a moving average of the weights, such as 0.999; 0 for none."},
        {"doubleStep", kOptimizer, false, "", "", "",
         "Applies every gradient twice, as the published code does by mistake."},
        // --- memory and speed
        {"channelsLast", kMemory, false, "", "", "",
         "Another memory order of pictures, which pays on CUDA in fp16."},
        {"gradientCheckpointing", kMemory, true, "", "", "",
         "Computes layers again in the backward pass: far less memory for a third more time."},
        {"memoryCheck", kMemory, false, "", "", "",
         "Tries before the first step whether the batch fits into memory."},
        {"fitBatch", kMemory, true, "", "", "",
         "Makes a batch that does not fit smaller, where the run would be refused."},
        {"memoryLimitMb", kMemory, false, "[0,)", "MiB", "",
         "What a step may take; 0 for what the machine has free."},
        {"loaderThreads", kMemory, true, "[1,256]", "threads", "",
         "Threads that read, draw and augment pictures beside the training."},
        {"queueLength", kMemory, false, "[1,)", "batches", "", "Batches that are made ahead."},
        {"embeddingCacheMb", kMemory, false, "[0,)", "MiB", "",
         "Memory for what a frozen image encoder made of pictures, so that each is encoded once."},
        // --- measuring and saving
        {"evaluateEvery", kMeasure, true, "[1,)", "steps", "",
         "Steps between measurements of the validation set, from which the best is chosen."},
        {"person-sam-data:evaluateEvery", kMeasure, false, "[0,)", "steps", "",
         "Steps between measurements of the validation set; 0 counts in epochs."},
        {"phrases-data:evaluateEvery", kMeasure, false, "[0,)", "steps", "",
         "Steps between measurements of the validation set; 0 counts in epochs."},
        {"checkpointEvery", kMeasure, true, "[1,)", "steps", "",
         "Steps between checkpoints that an interrupted run goes on from."},
        {"person-sam-data:checkpointEvery", kMeasure, false, "[0,)", "steps", "",
         "Steps between checkpoints; 0 counts in epochs."},
        {"phrases-data:checkpointEvery", kMeasure, false, "[0,)", "steps", "",
         "Steps between checkpoints; 0 counts in epochs."},
        {"evaluateEpochs", kMeasure, true, "[1,)", "epochs", "",
         "Epochs between measurements of the validation set."},
        {"logEvery", kMeasure, false, "[1,)", "steps", "", "Steps between points of the curves."},
        {"keepEvery", kMeasure, false, "[0,)", "epochs", "",
         "Epochs between checkpoints that are kept beside last and best; 0 keeps none."},
        {"earlyStop", kMeasure, false, "[0,)", "measurements", "",
         "Ends the run after so many measurements without a better value; 0 for never."},
        {"evaluateTest", kMeasure, true, "", "", "",
         "Measures the test split once at the end, with the weights chosen before."},
        {"chooseOn", kMeasure, true, "", "", "val|test",
         "The split that chooses the best checkpoint; a run that chose on test says so "
         "everywhere."},
        {"heldOutCount", kMeasure, false, "[2,)", "people", "",
         "Drawn people that are only measured, never trained on."},
        {"validationShare", kData, false, "(0,0.9)", "", "",
         "Share of the train people held out where a data set has no val split."},
        // --- data
        {"data", kData, true, "path", "", "",
         "Folder of the data set, or “synthetic” for drawn people."},
        {"pack", kData, false, "path", "", "",
         "Where the packed pictures lie or are made; empty for a place beside the runs."},
        {"splitFile", kData, false, "path", "", "",
         "File with ATR's division into train, val and test; empty for the one in the folder."},
        {"splitSeed", kData, false, "[0,)", "", "",
         "Start of the random division where none is stored yet."},
        {"syntheticIdentities", kData, false, "[10,)", "people", "",
         "How many people “synthetic” draws, of all splits together."},
        {"trainLabels", kData, false, "", "", "as-published|numbered-anew",
         "Numbers people as the data set does, or anew, which accepts holes."},
        {"sampler", kData, false, "", "", "random|identity",
         "Draws pairs at random, or several pairs of each person in a batch."},
        {"pairsPerIdentity", kData, false, "[2,)", "pairs", "",
         "Pairs of each person in a batch, with the sampler “identity”."},
        {"augmentation", kData, false, "", "", "published|none",
         "Flips, crops and erases pictures as published, or leaves them."},
        {"applyAll", kData, false, "[0,1]", "", "",
         "Chance that a picture goes through the whole published recipe."},
        {"erase", kData, false, "[0,1]", "", "",
         "Chance that a rectangle of a picture is blanked."},
        {"person-sam-data:phrases", kData, false, "", "", "lists|groups|classes",
         "What a mask is described by: words of lists, names of groups, or names of classes."},
        {"phrases-data:phrases", kData, false, "", "", "lists|groups|classes",
         "What a crop is described by: words of lists, names of groups, or names of classes."},
        {"taxonomy", kData, false, "path", "", "",
         "File that merges classes into groups; empty for the paper's Table 1."},
        {"trigger", kData, false, "", "", "taxonomy|first|any|all",
         "When a group counts as present: as the taxonomy says, or by its first, any or all "
         "classes."},
        {"maskFollowsMerge", kData, false, "", "", "",
         "Takes the mask of the whole group, where the published code takes some classes of it."},
        {"frame", kData, false, "", "", "|published|aspect|squash",
         "How picture and mask come to the network's square; empty for the way of the initial "
         "model."},
        {"trainLimit", kData, false, "[0,)", "phrases", "",
         "Takes only so many training phrases, from the front; 0 takes all."},
        {"evaluateLimit", kData, false, "[0,)", "phrases", "",
         "Measures only so many phrases, from the front; 0 measures all."},
        {"jitter", kData, false, "[0,1000]", "pixels", "",
         "How far a crop grows at most on each side, drawn anew every time."},
        {"prompts", kData, false, "path", "", "",
         "File of prompt templates; empty for the paper's Table 3."},
        // --- model
        {"initialModel", kModel, true, "model", "", "",
         "Model to start from, by name or folder; empty starts from random weights."},
        {"person-sam-data:initialModel", kModel, true, "model", "", "",
         "A whole Person-SAM to start from; empty where SAM and BERT are given."},
        {"phrases-data:initialModel", kModel, true, "model", "", "",
         "The BLIP-2 to start from, by name or folder."},
        {"initialSam", kModel, true, "model", "", "",
         "SAM to start from, where no whole Person-SAM is given."},
        {"initialBert", kModel, true, "model", "", "",
         "BERT to start from, where no whole Person-SAM is given."},
        {"fresh", kModel, false, "", "", "nothing|prompts|prompts+decoder",
         "Parts that start from random weights although a model is given."},
        {"freeze", kModel, true, "", "", "published|encoders|none",
         "Parts that are not trained: as published, all encoders, or none."},
        {"promptDesign", kModel, false, "", "",
         "|shipped|cls-sparse|tokens-sparse|cls-dot|tokens-dot|mca-dense",
         "How the phrase reaches the mask decoder (Table 5 of the paper); empty for the model's "
         "way."},
        {"train", kModel, true, "", "", "qformer|all",
         "Trains the Q-Former with its projection only, or everything."},
        {"architecture", kModel, false, "", "", "vit-b-16|vit-l-14|small",
         "Size of the networks where no initial model is given."},
        {"imageHeight", kModel, true, "[1,)", "pixels", "",
         "Height that pictures are brought to; a multiple of the patch size."},
        {"imageWidth", kModel, true, "[1,)", "pixels", "",
         "Width that pictures are brought to; a multiple of the patch size."},
        {"retrieval-data:imageHeight", kModel, true, "[0,)", "pixels", "",
         "Height that pictures are brought to; 0 takes the initial model's."},
        {"retrieval-data:imageWidth", kModel, true, "[0,)", "pixels", "",
         "Width that pictures are brought to; 0 takes the initial model's."},
        {"imageSize", kModel, true, "[1,)", "pixels", "",
         "Side of the square that every picture is brought to; a multiple of the patch size."},
        {"person-sam-data:imageSize", kModel, false, "[0,)", "pixels", "",
         "Side of the square frame; 0 takes the model's."},
        {"patchSize", kModel, false, "[1,)", "pixels", "",
         "Side of the squares that a picture is cut into."},
        {"stride", kModel, false, "[0,)", "pixels", "",
         "Distance of the squares; smaller than their side makes them overlap, which sees more and "
         "costs more. Divides the patch size; 0 takes it."},
        {"visionWidth", kModel, false, "[1,)", "", "",
         "Numbers that describe a patch; a multiple of its heads."},
        {"visionLayers", kModel, false, "[1,)", "layers", "", "Depth of the image encoder."},
        {"visionHeads", kModel, false, "[1,)", "heads", "",
         "Heads of attention in the image encoder."},
        {"textWidth", kModel, false, "[1,)", "", "",
         "Numbers that describe a token; a multiple of its heads."},
        {"textLayers", kModel, false, "[1,)", "layers", "", "Depth of the text network."},
        {"textHeads", kModel, false, "[1,)", "heads", "",
         "Heads of attention in the text network."},
        {"queries", kModel, false, "[1,)", "", "", "Questions that the Q-Former asks a picture."},
        {"queryWidth", kModel, false, "[1,)", "", "",
         "Numbers that describe a question; a multiple of its heads."},
        {"queryLayers", kModel, false, "[1,)", "layers", "", "Depth of the Q-Former."},
        {"queryHeads", kModel, false, "[1,)", "heads", "", "Heads of attention in the Q-Former."},
        {"windowSize", kModel, false, "[1,)", "patches", "",
         "Side of the windows that attention looks at in most layers."},
        {"globalLayers", kModel, false, "", "", "",
         "Layers, from 0, in which attention looks at the whole picture."},
        {"decoderSize", kModel, false, "[8,)", "", "",
         "Numbers that describe a place in the mask decoder; a multiple of 8 and of twice its "
         "heads."},
        {"decoderHeads", kModel, false, "[1,)", "heads", "",
         "Heads of attention in the mask decoder."},
        {"decoderMlp", kModel, false, "[1,)", "", "", "Width inside the mask decoder's layers."},
        {"decoderLayers", kModel, false, "[1,)", "layers", "",
         "Depth of the network that looks at picture and words together."},
        {"embeddingSize", kModel, false, "[1,)", "", "",
         "Numbers of an embedding, by which pictures and sentences are compared."},
        {"contextLength", kModel, false, "[8,)", "tokens", "",
         "Longest sentence; what is beyond it is not read."},
        {"phraseLength", kModel, false, "[4,)", "tokens", "", "Longest phrase."},
        {"person-sam-data:phraseLength", kModel, false, "[3,)", "tokens", "", "Longest phrase."},
        {"maxTokens", kModel, false, "[4,)", "tokens", "", "Longest phrase that is written."},
        {"vocabularySize", kModel, false, "[600,)", "tokens", "",
         "Tokens of the vocabulary that is learned from the texts."},
        {"person-sam:vocabularySize", kModel, false, "[200,)", "tokens", "",
         "Tokens of the vocabulary that is learned from the texts."},
        {"phrases:vocabularySize", kModel, false, "[300,)", "tokens", "",
         "Tokens of the vocabulary that is learned from the texts."},
        {"dvae", kModel, false, "model", "", "",
         "Encoder whose codes are predicted, or “random”; needed by image decoding with codes."},
        // --- objective
        {"retrieval:loss", kObjective, true, "", "", "sdm+itc|sdm|itc",
         "What brings pictures to their captions: similarity distributions, contrast, or both."},
        {"person-sam-data:loss", kObjective, true, "", "", "dice+bce|dice",
         "What a mask is compared by: overlap with cross-entropy, or overlap alone."},
        {"losses", kObjective, true, "", "", "",
         "Objectives joined by “+”: sdm, itc, cmpm, id, mlm, mlm_part, matching, mim."},
        {"alignment", kObjective, true, "", "", "elca|avgpool|conv1d|mhsa",
         "How parts and phrases are aligned (Table 6 of the paper)."},
        {"imageDecoding", kObjective, true, "", "",
         "patch-embeddings|codes|codes-but-zero|features",
         "What hidden patches are decoded to (Table 4 of the paper)."},
        {"logitScale", kObjective, false, "(0,)", "", "",
         "How sharply similarities are told apart; fixed."},
        {"idWeight", kObjective, false, "[0,)", "", "", "Weight of naming the person."},
        {"wordWeight", kObjective, false, "[0,)", "", "", "Weight of guessing hidden words."},
        {"matchingWeight", kObjective, false, "[0,)", "", "",
         "Weight of matching parts with phrases."},
        {"imageWeight", kObjective, false, "[0,)", "", "", "Weight of guessing hidden patches."},
        {"maskProbability", kObjective, false, "[0,1]", "", "", "Chance that a word is hidden."},
        {"partProbability", kObjective, false, "[0,1]", "", "",
         "Chance that a word of a part's phrase is hidden (p′ of the paper)."},
        {"partTokens", kObjective, false, "", "", "endpoints|span",
         "Hides the first and last token of a phrase more often, as published, or the whole span."},
        {"maskedCaptions", kObjective, false, "", "", "",
         "Lets the other objectives see the caption with hidden words, as published."},
        {"patchProbability", kObjective, false, "[0,1]", "", "",
         "Chance that a patch of the background is hidden."},
        {"partPatchProbability", kObjective, false, "[0,1]", "", "",
         "Chance that a patch of a part is hidden."},
        {"patchDraws", kObjective, false, "", "", "normal|uniform",
         "How the chances of patches are drawn: normal as published, or as they say."},
        {"sdmFrom", kObjective, false, "[0,1]", "", "",
         "Share of the steps after which similarity distributions join in."},
        {"sdmWeight", kObjective, false, "[0,)", "", "",
         "Weight of similarity distributions beside contrast."},
        {"scoreWeight", kObjective, false, "[0,)", "", "",
         "Weight of predicting how good the mask is."},
        {"promptsPerPicture", kObjective, false, "[1,)", "phrases", "",
         "Phrases that are asked of each picture."},
        {"wholeShare", kObjective, false, "[0,1]", "", "",
         "Share of targets that are the whole person."},
        {"classShare", kObjective, false, "[0,1]", "", "",
         "Share of the other targets that are one class, such as the left shoe, and no part "
         "group."},
        {"absentShare", kObjective, false, "[0,1]", "", "",
         "Share of phrases about parts that are not there."},
        {"absentFrom", kObjective, false, "[0,1]", "", "",
         "Share of the steps after which such phrases begin."},
        {"genericShare", kObjective, false, "[0,1]", "", "",
         "Share of phrases without a colour, such as “the pants”."},
        {"shortCaptionShare", kObjective, false, "[0,1]", "", "",
         "Share of texts like a query, made of one to three part phrases."},
        {"captionsPerPicture", kObjective, false, "[1,)", "captions", "",
         "Different captions of each picture."},
        {"erasing", kObjective, false, "[0,1]", "", "",
         "Chance that a rectangle of a picture is blanked."},
        // --- drawn people
        {"dataSeed", kDrawing, false, "[0,)", "", "", "Start of the generator's random numbers."},
        {"poolStart", kDrawing, false, "[1,)", "pictures", "",
         "Pictures to draw from at the first step; at least one batch."},
        {"poolGrowth", kDrawing, false, "[0,)", "pictures a step", "",
         "New pictures that join with every step."},
        {"picturesPerIdentity", kDrawing, false, "[1,)", "pictures", "",
         "Pictures of each drawn person."},
        {"renderHeight", kDrawing, false, "[32,1024]", "pixels", "", "Height of drawn pictures."},
        {"renderWidth", kDrawing, false, "[16,512]", "pixels", "", "Width of drawn pictures."},
        {"corpusLines", kDrawing, false, "[100,)", "lines", "",
         "Lines of text from which the vocabulary is learned."},
        {"augmentStrength", kDrawing, false, "[0,2]", "", "",
         "How much pictures are changed while training; 0 leaves them."},
        {"helperWeight", kDrawing, false, "[0,)", "", "",
         "Weight of helper heads that predict what the generator knows."},
        {"helperUntil", kDrawing, false, "[0,1]", "", "",
         "Share of the steps over which the helpers fade."},
    };
    return list;
}

const Note *noteFor(const std::string &form, bool onData, const std::string &key)
{
    const auto named = [](const std::string &name) -> const Note * {
        for (const Note &note : notes()) {
            if (name == note.key)
                return &note;
        }
        return nullptr;
    };
    if (const Note *own = named(form + ":" + key))
        return own;
    if (onData) {
        if (const Note *own = named("*-data:" + key))
            return own;
    }
    return named(key);
}

FieldRange rangeOf(const std::string &text)
{
    FieldRange range;
    if (text.size() < 3 || text.find(',') == std::string::npos)
        return range;
    const std::size_t comma = text.find(',');
    const std::string least = text.substr(1, comma - 1);
    const std::string most = text.substr(comma + 1, text.size() - comma - 2);
    if (!least.empty())
        range.least = std::stod(least);
    if (!most.empty())
        range.most = std::stod(most);
    range.leastIsOutside = text.front() == '(';
    range.mostIsOutside = text.back() == ')';
    return range;
}

// "learningRate" → "Learning rate".
std::string labelOf(const std::string &key)
{
    static const std::map<std::string, std::string> own = {
        {"name", "Name"},
        {"beta1", "Beta 1"},
        {"beta2", "Beta 2"},
        {"emaDecay", "Decay of the average"},
        {"memoryLimitMb", "Memory limit"},
        {"embeddingCacheMb", "Embedding cache"},
        {"dvae", "Discrete encoder"},
        {"initialSam", "Initial SAM"},
        {"initialBert", "Initial BERT"},
        {"idWeight", "Identity weight"},
        {"sdmFrom", "SDM from"},
        {"sdmWeight", "SDM weight"},
        {"decoderMlp", "Decoder inner width"},
        {"fitBatch", "Shrink the batch to fit"},
        {"chooseOn", "Choose the best on"},
        {"evaluateTest", "Measure test at the end"}};
    const auto found = own.find(key);
    if (found != own.end())
        return found->second;
    std::string label;
    for (const char c : key) {
        if (std::isupper(static_cast<unsigned char>(c)) != 0) {
            label += ' ';
            label += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        } else {
            label += c;
        }
    }
    label.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(label.front())));
    return label;
}

FieldType typeOf(const Json &value, const std::string &range, bool hasChoices)
{
    if (hasChoices)
        return FieldType::Choice;
    if (value.is_boolean())
        return FieldType::Switch;
    if (value.is_number_float())
        return FieldType::Number;
    if (value.is_number())
        return FieldType::Integer;
    if (value.is_array())
        return FieldType::IntegerList;
    return range == "path"    ? FieldType::Path
           : range == "model" ? FieldType::Model
                              : FieldType::Text;
}

TrainingForm makeForm(const std::string &id, const std::string &task, const std::string &title,
                      const std::string &explanation, const OrderedJson &defaults)
{
    TrainingForm form;
    form.id = id;
    form.task = task;
    form.title = title;
    form.explanation = explanation;
    form.onData = defaults.contains("data");
    OrderedJson all = {{"name", ""}, {"seed", 1}};
    all.update(defaults);
    for (const auto &item : all.items()) {
        SettingField field;
        field.key = item.key();
        field.fallback = Json(item.value());
        field.label = labelOf(field.key);
        const Note *note = noteFor(id, form.onData, field.key);
        field.group = note != nullptr ? note->group : kRun;
        if (note != nullptr) {
            std::istringstream choices(note->choices);
            for (std::string choice; std::getline(choices, choice, '|');)
                field.choices.push_back(choice);
            field.isBasic = note->isBasic;
            field.range = rangeOf(note->range);
            field.explanation = note->explanation;
            field.unit = note->unit;
        }
        field.type =
            typeOf(field.fallback, note != nullptr ? note->range : "", !field.choices.empty());
        form.fields.push_back(field);
    }
    // By groups, in the order of the struct within each.
    const auto place = [](const SettingField &field) {
        return std::find(kGroups.begin(), kGroups.end(), field.group) - kGroups.begin();
    };
    std::stable_sort(
        form.fields.begin(), form.fields.end(),
        [&](const SettingField &a, const SettingField &b) { return place(a) < place(b); });
    return form;
}

template <typename Settings>
std::vector<std::string> problemsIn(const Json &config)
{
    Settings settings;
    std::vector<std::string> problems;
    readSettings(config, settings, problems);
    for (std::string &problem : problemsOf(settings))
        problems.push_back(std::move(problem));
    return problems;
}

// What a message is about: the setting it begins with, or the first one it names.
std::string keyOf(const std::string &message, const TrainingForm &form)
{
    const std::string beginning = "the setting '";
    if (message.rfind(beginning, 0) == 0)
        return message.substr(beginning.size(),
                              message.find('\'', beginning.size()) - beginning.size());
    for (std::size_t at = message.find('\''); at != std::string::npos;
         at = message.find('\'', at + 1)) {
        const std::size_t end = message.find('\'', at + 1);
        if (end == std::string::npos)
            break;
        const std::string word = message.substr(at + 1, end - at - 1);
        if (form.field(word) != nullptr)
            return word;
    }
    return {};
}

bool namesModel(const std::string &key)
{
    return key == "initialModel" || key == "initialSam" || key == "initialBert" || key == "dvae";
}

} // namespace

const char *nameOf(FieldType type)
{
    switch (type) {
    case FieldType::Text:
        return "text";
    case FieldType::Integer:
        return "integer";
    case FieldType::Number:
        return "number";
    case FieldType::Switch:
        return "switch";
    case FieldType::Choice:
        return "choice";
    case FieldType::IntegerList:
        return "integers";
    case FieldType::Path:
        return "path";
    case FieldType::Model:
        return "model";
    }
    return "text";
}

std::string FieldRange::text() const
{
    const auto number = [](double value) {
        std::ostringstream stream;
        stream << value;
        return stream.str();
    };
    std::string words;
    if (least)
        words = (leastIsOutside ? "greater than " : "at least ") + number(*least);
    if (most)
        words.append(words.empty() ? "" : " and ")
            .append(mostIsOutside ? "less than " : "at most ")
            .append(number(*most));
    return words;
}

bool FieldRange::contains(double value) const
{
    if (least && (leastIsOutside ? value <= *least : value < *least))
        return false;
    return !most || (mostIsOutside ? value < *most : value <= *most);
}

const SettingField *TrainingForm::field(const std::string &key) const
{
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const SettingField &field) { return field.key == key; });
    return found == fields.end() ? nullptr : &*found;
}

const std::vector<TrainingForm> &trainingForms()
{
    static const std::vector<TrainingForm> forms = {
        makeForm("retrieval", "retrieval", "Retrieval, drawn people",
                 "The small retrieval model from scratch, on people that are drawn while it "
                 "learns.",
                 toJson(RetrievalSettings())),
        makeForm("retrieval-data", "retrieval", "Retrieval, data set",
                 "The paper's retrieval model: CLIP with SDM, ACD and ELCA on captioned pictures.",
                 toJson(SapSamSettings())),
        makeForm("person-sam", "person-sam", "Person-SAM, drawn people",
                 "The small segmenter of parts from scratch, on people that are drawn.",
                 toJson(PersonSamSettings())),
        makeForm("person-sam-data", "person-sam", "Person-SAM, data set",
                 "Person-SAM on ATR or LIP, as published.", toJson(PersonSamDataSettings())),
        makeForm("phrases", "phrases", "Phrases, drawn people",
                 "The small writer of phrases from scratch, on people that are drawn.",
                 toJson(PhrasesSettings())),
        makeForm("phrases-data", "phrases", "Phrases, data set",
                 "BLIP-2's Q-Former on crops of parts and the phrases about them.",
                 toJson(PhrasesDataSettings())),
        makeForm("sam", "sam", "SAM, drawn people",
                 "The small segmenter that answers points and boxes, on people that are drawn.",
                 toJson(SamSettings())),
    };
    return forms;
}

const TrainingForm &trainingForm(const std::string &id)
{
    std::string known;
    for (const TrainingForm &form : trainingForms()) {
        if (form.id == id)
            return form;
        known += (known.empty() ? "" : ", ") + form.id;
    }
    throw Error(ErrorKind::NotFound, "there is no training '" + id + "'; choose one of " + known);
}

std::string formIdOf(const std::string &task, const Json &config)
{
    const bool onData =
        config.is_object() && task != "sam"
        && (config.contains("data") || (task == "retrieval" && config.contains("pack")));
    return onData ? task + "-data" : task;
}

std::vector<SettingProblem> checkSettings(const TrainingForm &form, const Json &config,
                                          const std::string &modelsFolder)
{
    std::vector<std::string> messages = [&] {
        if (form.id == "retrieval")
            return problemsIn<RetrievalSettings>(config);
        if (form.id == "retrieval-data")
            return problemsIn<SapSamSettings>(config);
        if (form.id == "person-sam")
            return problemsIn<PersonSamSettings>(config);
        if (form.id == "person-sam-data")
            return problemsIn<PersonSamDataSettings>(config);
        if (form.id == "phrases")
            return problemsIn<PhrasesSettings>(config);
        if (form.id == "sam")
            return problemsIn<SamSettings>(config);
        return problemsIn<PhrasesDataSettings>(config);
    }();
    if (config.is_object() && config.contains("task") && config.at("task") != form.task)
        messages.push_back("the settings are for the task " + config.at("task").dump()
                           + ", not for '" + form.task + "'");
    if (config.is_object() && config.contains("seed")
        && (!config.at("seed").is_number_integer() || config.at("seed") < 0))
        messages.push_back("'seed' must be a whole number of at least 0");

    std::vector<SettingProblem> problems;
    for (const std::string &message : messages)
        problems.push_back({keyOf(message, form), message});
    // The parser leaves some numbers to what is made of them.
    for (const SettingField &field : form.fields) {
        const auto found = config.is_object() ? config.find(field.key) : config.end();
        if (!config.is_object() || found == config.end() || !found->is_number()
            || field.range.contains(found->get<double>()))
            continue;
        const bool isNamed =
            std::any_of(problems.begin(), problems.end(),
                        [&](const SettingProblem &problem) { return problem.key == field.key; });
        if (!isNamed)
            problems.push_back({field.key, "'" + field.key + "' must be " + field.range.text()});
    }
    if (modelsFolder.empty() || !config.is_object())
        return problems;
    const Json resolved = withModelPaths(config, modelsFolder);
    for (const SettingField &field : form.fields) {
        const bool isPath = field.type == FieldType::Path || field.type == FieldType::Model;
        const auto found = resolved.find(field.key);
        if (!isPath || field.key == "pack" || found == resolved.end() || !found->is_string())
            continue;
        const std::string path = found->get<std::string>();
        const bool isWord = (field.key == "data" && path == "synthetic")
                            || (field.key == "dvae" && path == "random");
        std::error_code ignored;
        if (!path.empty() && !isWord && !fs::exists(path, ignored))
            problems.push_back(
                {field.key,
                 field.type == FieldType::Model
                     ? "'" + field.key + "': there is no model or file '" + path + "'"
                     : "'" + field.key + "': there is no file or folder '" + path + "'"});
    }
    return problems;
}

Json withModelPaths(Json config, const std::string &modelsFolder)
{
    if (!config.is_object())
        return config;
    for (auto &item : config.items()) {
        if (item.key() == "backbones" && item.value().is_object()) {
            for (auto &backbone : item.value())
                backbone = withModelPaths(backbone, modelsFolder);
        }
        if (!namesModel(item.key()) || !item.value().is_string())
            continue;
        const std::string name = item.value().get<std::string>();
        std::error_code ignored;
        if (!name.empty() && !fs::exists(name, ignored)
            && fs::exists(modelsFolder + "/" + name, ignored))
            item.value() = modelsFolder + "/" + name;
    }
    return config;
}

OrderedJson describe(const TrainingForm &form)
{
    OrderedJson json = {{"id", form.id},
                        {"task", form.task},
                        {"title", form.title},
                        {"explanation", form.explanation},
                        {"fields", OrderedJson::array()}};
    for (const SettingField &field : form.fields) {
        OrderedJson entry = {
            {"key", field.key},          {"type", nameOf(field.type)},
            {"default", field.fallback}, {"level", field.isBasic ? "basic" : "advanced"},
            {"group", field.group},      {"explanation", field.explanation}};
        if (!field.unit.empty())
            entry["unit"] = field.unit;
        if (!field.choices.empty())
            entry["choices"] = field.choices;
        if (field.range.least)
            entry[field.range.leastIsOutside ? "greater_than" : "least"] = *field.range.least;
        if (field.range.most)
            entry[field.range.mostIsOutside ? "less_than" : "most"] = *field.range.most;
        json["fields"].push_back(entry);
    }
    return json;
}

std::vector<TrainingPreset> trainingPresets(const std::string &modelsFolder,
                                            std::vector<std::string> *problems)
{
    std::vector<TrainingPreset> presets;
    const auto filesIn = [](const fs::path &folder) {
        std::vector<fs::path> files;
        std::error_code ignored;
        for (const auto &entry : fs::directory_iterator(folder, ignored)) {
            if (entry.path().extension() == ".json")
                files.push_back(entry.path());
        }
        std::sort(files.begin(), files.end());
        return files;
    };
    const auto tell = [&](const fs::path &file, const std::string &what) {
        if (problems != nullptr)
            problems->push_back(file.string() + ": " + what);
    };
    const fs::path configs = fs::path(modelsFolder) / "configs";
    for (const fs::path &file : filesIn(configs)) {
        try {
            TrainingPreset preset;
            preset.config = readJsonFile(file.string());
            preset.id = file.stem().string();
            preset.origin = file.string();
            std::string task = preset.config.value("task", std::string());
            for (const char *known : {"retrieval", "person-sam", "phrases", "sam"}) {
                if (task.empty() && preset.id.rfind(known, 0) == 0)
                    task = known;
            }
            if (task.empty()) {
                tell(file, "it does not name its task");
                continue;
            }
            preset.form = formIdOf(task, preset.config);
            preset.title = preset.config.value("name", preset.id);
            presets.push_back(preset);
        } catch (const std::exception &error) {
            tell(file, error.what());
        }
    }
    for (const fs::path &file : filesIn(configs / "tables")) {
        const std::string stem = file.stem().string(); // table-4
        try {
            const int number = std::stoi(stem.substr(stem.find_last_of('-') + 1));
            const PaperTable table = paperTable(number, readJsonFile(file.string()));
            int row = 0;
            for (const TableRow &one : table.rows) {
                TrainingPreset preset;
                preset.id = stem + "-" + std::to_string(++row);
                preset.title = "Table " + std::to_string(number) + ": " + one.name;
                preset.form = formIdOf(table.task, one.config);
                preset.origin = file.string();
                preset.config = one.config;
                presets.push_back(preset);
            }
        } catch (const std::exception &error) {
            tell(file, error.what());
        }
    }
    return presets;
}

} // namespace sapsam
