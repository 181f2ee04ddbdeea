#include "core/pipeline/prompt_lab.h"

#include "core/base/random.h"
#include "core/base/resources.h"
#include "core/base/sha256.h"
#include "core/image/codec.h"
#include "core/image/resize.h"
#include "core/image/rle.h"
#include "core/pipeline/part_prompts.h"
#include "core/store/taxonomy_versions.h"
#include "core/text/byte_bpe_tokenizer.h"
#include "core/text/unigram_tokenizer.h"
#include "core/weights/model_manifest.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <set>

namespace sapsam {

namespace fs = std::filesystem;

namespace {

// Cells that are written at once: enough to keep two cores busy, few enough to see them come.
constexpr std::size_t kCellBatch = 4;
constexpr int kMostCrops = 1000;
constexpr int kMostTemplates = 64;
constexpr std::size_t kMostModels = 2;

void requireRunnable(const TrialDefinition &definition)
{
    const std::vector<std::string> problems = definition.problems();
    if (!problems.empty())
        throw Error(ErrorKind::InvalidInput,
                    "trial '" + definition.name + "': " + problems.front());
}

std::vector<TrialCropRecord> sampleOf(ProjectStore &store, const TrialDefinition &definition)
{
    std::vector<RegionState> regions = regionStates(store, definition.group);
    if (regions.empty())
        throw Error(ErrorKind::NotFound,
                    "the project '" + store.folder() + "' has no region of the group '"
                        + definition.group + "'; segment the pictures first, or try another group");
    SeededRandom random = SeededRandom(definition.seed).fork(definition.group);
    random.shuffle(regions);
    regions.resize(std::min(regions.size(), static_cast<std::size_t>(definition.crops)));
    std::vector<TrialCropRecord> crops;
    for (const RegionState &region : regions)
        crops.push_back({region.region, region.image});
    return crops;
}

// The definition with the names of its models, in the order of the columns.
TrialDefinition resolved(ProjectStore &store, const std::string &modelsFolder,
                         TrialDefinition definition)
{
    if (definition.models.empty())
        definition.models = {projectPhraseModel(store)};
    for (std::string &name : definition.models)
        if (name.empty())
            name = phraseModelFacts(modelsFolder).name;
    return definition;
}

std::string trialHash(const TrialDefinition &definition, const std::vector<std::string> &weights,
                      const std::vector<TrialCropRecord> &crops)
{
    Json all = jsonOf(definition);
    // Another name or source is no other trial.
    all.erase("name");
    all.erase("source");
    for (Json &row : all["templates"])
        row.erase("name");
    all["weights"] = weights;
    for (const TrialCropRecord &crop : crops)
        all["regions"].push_back(crop.region);
    return sha256Of(all.dump());
}

std::string hashOf(const Image &image)
{
    Sha256 hash;
    const std::string size = std::to_string(image.width) + "x" + std::to_string(image.height) + "x"
                             + std::to_string(image.channels) + ":";
    hash.update(size);
    hash.update(image.pixels.data(), image.pixels.size());
    return hash.hexDigest();
}

std::vector<TrialCell> emptyCells(const TrialDefinition &definition, std::size_t crops)
{
    std::vector<TrialCell> cells;
    for (int row = 0; row < static_cast<int>(definition.templates.size()); ++row)
        for (int model = 0; model < static_cast<int>(definition.models.size()); ++model)
            for (int position = 0; position < static_cast<int>(crops); ++position) {
                TrialCell cell;
                cell.row = row;
                cell.model = model;
                cell.position = position;
                cells.push_back(cell);
            }
    return cells;
}

// Reads what is known of the sample's regions.
std::vector<TrialCrop> cropsOf(ProjectStore &store, const std::vector<TrialCropRecord> &records)
{
    std::vector<TrialCrop> crops;
    for (const TrialCropRecord &record : records) {
        TrialCrop crop;
        crop.region = record.region;
        crop.image = record.image;
        try {
            const RegionPicture region = readRegion(store, record.image, record.region);
            crop.path = region.path;
            crop.colours = regionColours(region.picture, region.mask);
        } catch (const Error &error) {
            crop.problem = error.what();
        }
        crops.push_back(std::move(crop));
    }
    return crops;
}

void takeStoredCells(ProjectStore &store, const Taxonomy &taxonomy, Trial &trial)
{
    const int rows = static_cast<int>(trial.definition.templates.size());
    const int models = static_cast<int>(trial.definition.models.size());
    for (const TrialCellRecord &stored : PromptTrials(store).cells(trial.id)) {
        if (stored.row >= rows || stored.model >= models
            || stored.position >= static_cast<int>(trial.crops.size()))
            continue;
        TrialCell &cell = trial.cells[trial.indexOf(stored.row, stored.model, stored.position)];
        cell.isDone = true;
        cell.text = stored.text;
        cell.error = stored.error;
        cell.tokens = stored.tokens;
        cell.seconds = stored.seconds;
        if (cell.error.empty())
            cell.verdict =
                judgePhrase(cell.text, trial.definition.group,
                            trialPrompt(taxonomy, trial.definition, cell.row),
                            trial.crops[static_cast<std::size_t>(stored.position)].colours);
    }
}

// Errors that concern the project or the machine, and not a cell.
bool endsTheRun(const Error &error)
{
    return error.kind() == ErrorKind::NoSpace || error.kind() == ErrorKind::Busy
           || error.kind() == ErrorKind::Io || error.kind() == ErrorKind::Internal;
}

} // namespace

// The project's templates ------------------------------------------------------------------------

PromptTemplate projectTemplates(ProjectStore &store)
{
    const std::string stored = store.setting(kTemplatesSetting);
    if (stored.empty())
        return defaultPromptTemplate();
    return parsePromptTemplate(stored, "the templates of the project '" + store.folder() + "'");
}

std::string projectPhraseModel(ProjectStore &store)
{
    return store.setting(kPhraseModelSetting);
}

std::vector<PromptFinding> templateFindings(const PromptTemplate &templates,
                                            const Taxonomy &taxonomy, const PromptRules &rules)
{
    std::vector<PromptFinding> found;
    for (const auto &[group, prompt] : templates.prompts) {
        PromptRules own = rules;
        own.partWord = group == PromptTemplate::kAnyGroup ? "part" : partWord(taxonomy, group);
        const std::vector<PromptFinding> more = promptFindings(group, templates.group(group), own);
        found.insert(found.end(), more.begin(), more.end());
    }
    for (const PartGroup &group : taxonomy.groups)
        if (!templates.hasGroup(group.name))
            found.push_back({PromptProblem::MissingPart, group.name, {}});
    std::stable_sort(
        found.begin(), found.end(),
        [](const PromptFinding &a, const PromptFinding &b) { return a.problem < b.problem; });
    return found;
}

Edit templatesEdit(ProjectStore &store, PromptTemplate &next,
                   const std::vector<std::string> &touched, const std::string &title)
{
    for (const PromptFinding &finding : templateFindings(next, currentTaxonomy(store))) {
        const bool isTouched =
            touched.empty()
            || std::find(touched.begin(), touched.end(), finding.group) != touched.end();
        if (finding.isError() && isTouched && next.prompts.count(finding.group) != 0)
            throw Error(ErrorKind::InvalidInput,
                        textOf(finding) + ". The project keeps the templates it had");
    }
    int last = projectTemplates(store).version;
    for (const TemplateVersionRecord &version : templateVersions(store)) {
        const Json content = Json::parse(version.content, nullptr, false);
        if (content.is_object() && content.value("name", std::string()) == next.name
            && content.contains("version") && content["version"].is_number_integer())
            last = std::max(last, content["version"].get<int>());
    }
    next.version = last + 1;
    Edit edit;
    edit.title = title.empty() ? "Change prompt templates" : title;
    edit.changes.push_back({EditKind::Setting, kTemplatesSetting, nullptr, jsonOf(next).dump()});
    return edit;
}

Edit defaultTemplatesEdit()
{
    Edit edit;
    edit.title = "Use the shipped prompt templates";
    edit.changes.push_back({EditKind::Setting, kTemplatesSetting, nullptr, nullptr});
    return edit;
}

std::vector<RegionState> regionsToPhrase(ProjectStore &store, const PromptTemplate &templates,
                                         const std::string &modelHash, const std::string &group)
{
    // Versions under which a group was asked exactly as it is asked now.
    const std::string current = templates.hash();
    std::vector<std::pair<std::string, PromptTemplate>> versions;
    for (const TemplateVersionRecord &version : templateVersions(store)) {
        try {
            versions.emplace_back(version.version, parsePromptTemplate(version.content, "version"));
        } catch (const Error &) {
            // A version whose content is not known: equal only to itself.
        }
    }
    std::map<std::string, std::set<std::string>> equal;
    const auto equalVersions = [&](const std::string &name) -> const std::set<std::string> & {
        auto [entry, isNew] = equal.try_emplace(name);
        if (isNew) {
            entry->second.insert(current);
            if (templates.hasGroup(name)) {
                const GroupTemplate content = templates.group(name);
                for (const auto &[version, old] : versions)
                    if (old.hasGroup(name) && old.group(name) == content)
                        entry->second.insert(version);
            }
        }
        return entry->second;
    };

    std::vector<RegionState> todo;
    for (RegionState &region : regionStates(store, group)) {
        if (region.phraseOrigin == "human")
            continue;
        if (!region.phraseOrigin.empty() && region.modelHash == modelHash
            && equalVersions(region.group).count(region.templateVersion) != 0)
            continue;
        todo.push_back(std::move(region));
    }
    std::stable_partition(todo.begin(), todo.end(),
                          [](const RegionState &region) { return !region.phraseOrigin.empty(); });
    return todo;
}

PhraseDecoding decodingOf(const DecodingSettings &settings)
{
    PhraseDecoding decoding;
    decoding.numBeams = settings.beams;
    decoding.maxNewTokens = settings.maxNewTokens;
    decoding.minNewTokens = settings.minNewTokens;
    decoding.lengthPenalty = settings.lengthPenalty;
    decoding.repetitionPenalty = settings.repetitionPenalty;
    decoding.noRepeatNgram = settings.noRepeatNgram;
    return decoding;
}

// Models -----------------------------------------------------------------------------------------

int PhraseModelFacts::maxPromptTokens(const DecodingSettings &decoding) const
{
    return context == 0 ? 0 : std::max(1, context - pictureTokens - decoding.maxNewTokens);
}

std::vector<std::string> phraseModelNames(const std::string &modelsFolder)
{
    std::vector<std::string> names;
    std::error_code ignored;
    if (!fs::exists(fs::path(modelsFolder) / "manifest.json", ignored))
        return names;
    for (const ModelEntry &entry : readModelManifest(modelsFolder).models)
        if (entry.task == "phrases")
            names.push_back(entry.name);
    return names;
}

PhraseModelFacts phraseModelFacts(const std::string &modelsFolder, const std::string &name)
{
    const ModelManifest manifest = readModelManifest(modelsFolder);
    const ModelEntry *entry =
        name.empty() ? manifest.findByTask("phrases") : manifest.findByName(name);
    if (entry == nullptr || entry->task != "phrases")
        throw Error(ErrorKind::NotFound,
                    name.empty() ? "no phrase model is listed in '" + modelsFolder
                                       + "/manifest.json'; train one with `sapsam train phrases`"
                                 : "no phrase model '" + name + "' is listed in '" + modelsFolder
                                       + "/manifest.json'; `sapsam models list` names those that "
                                         "are");
    PhraseModelFacts facts;
    facts.name = entry->name;
    facts.architecture = entry->architecture;
    Json files = Json::array();
    for (const ModelFile &file : entry->files) {
        files.push_back({file.path, file.sha256});
        if (file.path == "model.safetensors")
            facts.sha256 = file.sha256;
    }
    facts.weights = sha256Of(files.dump());

    const std::string folder = manifest.pathOf(*entry);
    const std::string configPath = folder + "/config.json";
    const Json config = readJsonFile(configPath);
    facts.pictureTokens = valueOr(config, "num_query_tokens", 32, configPath);
    const bool isT5 = facts.architecture == "blip2-t5";
    if (!isT5)
        facts.context = valueOr(valueOr(config, "text_config", Json::object(), configPath),
                                "max_position_embeddings", 2048, configPath);
    const std::string preparationPath = folder + "/preprocessor_config.json";
    const Json size =
        valueOr(readJsonFile(preparationPath), "size", Json::object(), preparationPath);
    constexpr int kPublishedSize = 224;
    facts.inputWidth = size.is_number_integer()
                           ? size.get<int>()
                           : valueOr(size, "width", kPublishedSize, preparationPath);
    facts.inputHeight = size.is_number_integer()
                            ? size.get<int>()
                            : valueOr(size, "height", kPublishedSize, preparationPath);
    if (isT5) {
        const auto tokenizer =
            std::make_shared<const UnigramTokenizer>(UnigramTokenizer::fromFolder(folder));
        facts.countTokens = [tokenizer](const std::string &text) {
            return static_cast<int>(tokenizer->encode(text).size());
        };
    } else {
        const auto tokenizer =
            std::make_shared<const ByteBpeTokenizer>(ByteBpeTokenizer::fromFolder(folder));
        facts.countTokens = [tokenizer](const std::string &text) {
            return static_cast<int>(tokenizer->encode(text).size());
        };
    }
    return facts;
}

Image modelInput(const Image &view, const PhraseModelFacts &facts)
{
    if (facts.inputWidth <= 0 || facts.inputHeight <= 0)
        return view;
    return resize(view, facts.inputWidth, facts.inputHeight, ResizeFilter::Bicubic);
}

// Trials -----------------------------------------------------------------------------------------

std::vector<std::string> TrialDefinition::problems() const
{
    std::vector<std::string> found;
    if (group.empty())
        found.push_back("it names no part group; add one, such as \"clothes\"");
    if (templates.empty() || static_cast<int>(templates.size()) > kMostTemplates)
        found.push_back("it needs 1 to " + std::to_string(kMostTemplates) + " templates; it has "
                        + std::to_string(templates.size()));
    if (crops < 1 || crops > kMostCrops)
        found.push_back("the sample has 1 to " + std::to_string(kMostCrops) + " crops, not "
                        + std::to_string(crops));
    if (models.size() > kMostModels)
        found.push_back("one or two models can be compared, not " + std::to_string(models.size()));
    for (const TrialTemplate &row : templates) {
        for (const PromptFinding &finding : promptFindings(group, row.content))
            if (!finding.canRun() || finding.problem == PromptProblem::Settings)
                found.push_back("template '" + row.name + "', " + textOf(finding));
    }
    return found;
}

TrialDefinition parseTrialDefinition(const std::string &json, const std::string &origin)
{
    const Json root = parseJson(json, origin);
    TrialDefinition definition;
    definition.name = valueOr<std::string>(root, "name", "", origin);
    definition.source = valueOr<std::string>(root, "source", "", origin);
    definition.group = require<std::string>(root, "group", origin);
    definition.models = valueOr(root, "models", std::vector<std::string>(), origin);
    definition.crops = valueOr(root, "crops", definition.crops, origin);
    definition.seed = valueOr(root, "seed", definition.seed, origin);
    for (const Json &row : require<std::vector<Json>>(root, "templates", origin)) {
        const std::string where =
            origin + ": template " + std::to_string(definition.templates.size() + 1);
        definition.templates.push_back(
            {valueOr<std::string>(row, "name", "", where), groupTemplateOfJson(row, where)});
    }
    return definition;
}

Json jsonOf(const TrialDefinition &definition)
{
    Json rows = Json::array();
    for (const TrialTemplate &row : definition.templates) {
        Json json = jsonOf(row.content);
        json["name"] = row.name;
        rows.push_back(std::move(json));
    }
    return {{"name", definition.name},     {"source", definition.source},
            {"group", definition.group},   {"templates", std::move(rows)},
            {"models", definition.models}, {"crops", definition.crops},
            {"seed", definition.seed}};
}

std::vector<ShippedExperiment> shippedExperiments()
{
    std::vector<ShippedExperiment> found;
    for (const fs::directory_entry &entry : fs::directory_iterator(resourcePath("experiments"))) {
        if (entry.path().extension() != ".json")
            continue;
        const std::string path = entry.path().string();
        found.push_back(
            {entry.path().stem().string(), parseTrialDefinition(readJsonFile(path).dump(), path)});
    }
    std::sort(found.begin(), found.end(),
              [](const ShippedExperiment &a, const ShippedExperiment &b) { return a.id < b.id; });
    return found;
}

std::size_t Trial::indexOf(int row, int model, int position) const
{
    return (static_cast<std::size_t>(row) * definition.models.size()
            + static_cast<std::size_t>(model))
               * crops.size()
           + static_cast<std::size_t>(position);
}

TemplateStatistics Trial::statistics(int row, int model) const
{
    std::vector<JudgedPhrase> phrases;
    for (int position = 0; position < static_cast<int>(crops.size()); ++position) {
        const TrialCell &cell = cells[indexOf(row, model, position)];
        if (cell.isDone && cell.error.empty())
            phrases.push_back({cell.text, cell.verdict, cell.seconds});
    }
    return templateStatistics(phrases);
}

std::pair<int, int> Trial::best() const
{
    std::vector<TemplateStatistics> rows;
    const int models = static_cast<int>(definition.models.size());
    for (int row = 0; row < static_cast<int>(definition.templates.size()); ++row)
        for (int model = 0; model < models; ++model)
            rows.push_back(statistics(row, model));
    const int best = bestTemplate(rows);
    if (best < 0)
        return {-1, -1};
    return {best / models, best % models};
}

RegionPicture readRegion(ProjectStore &store, std::int64_t imageId, std::int64_t regionId)
{
    const ImageRecord record = store.image(imageId);
    const std::vector<RegionRecord> regions = store.regions(imageId);
    const auto region = std::find_if(regions.begin(), regions.end(),
                                     [&](const RegionRecord &one) { return one.id == regionId; });
    if (region == regions.end())
        throw Error(ErrorKind::NotFound,
                    record.path + ": region " + std::to_string(regionId)
                        + " is gone, because the picture was segmented again; run the trial with "
                          "a new sample");
    RegionPicture result;
    result.path = record.path;
    result.picture = readImage(store.picturePath(record));
    result.mask = maskOfRle(rleFromString(region->rle, region->width, region->height));
    if (result.picture.width != result.mask.width || result.picture.height != result.mask.height)
        throw Error(ErrorKind::Mismatch,
                    record.path
                        + ": the picture is no longer as large as its mask; segment it "
                          "again");
    return result;
}

std::string trialPrompt(const Taxonomy &taxonomy, const TrialDefinition &definition, int row)
{
    return renderPrompt(definition.templates.at(static_cast<std::size_t>(row)).content.prompt,
                        {{"part", partWord(taxonomy, definition.group)}});
}

Trial loadTrial(ProjectStore &store, std::int64_t id)
{
    PromptTrials trials(store);
    const TrialRecord record = trials.trial(id);
    Trial trial;
    trial.id = id;
    trial.createdAt = record.createdAt;
    trial.definition = parseTrialDefinition(record.definition, "trial " + std::to_string(id));
    trial.crops = cropsOf(store, trials.crops(id));
    trial.cells = emptyCells(trial.definition, trial.crops.size());
    takeStoredCells(store, currentTaxonomy(store), trial);
    return trial;
}

Edit removeTrialEdit(ProjectStore &store, std::int64_t id, const std::string &title)
{
    const TrialRecord trial = PromptTrials(store).trial(id);
    Edit edit;
    edit.title = title.empty() ? "Delete the trial “" + trial.name + "”" : title;
    edit.changes.push_back({EditKind::Trial, std::to_string(id), {}, nullptr});
    return edit;
}

Trial planTrial(ProjectStore &store, const std::string &modelsFolder,
                const TrialDefinition &definition)
{
    requireRunnable(definition);
    Trial trial;
    trial.definition = resolved(store, modelsFolder, definition);
    const std::vector<TrialCropRecord> sample = sampleOf(store, trial.definition);
    std::vector<std::string> weights;
    for (const std::string &model : trial.definition.models)
        weights.push_back(phraseModelFacts(modelsFolder, model).weights);
    const std::string hash = trialHash(trial.definition, weights, sample);
    trial.crops = cropsOf(store, sample);
    trial.cells = emptyCells(trial.definition, trial.crops.size());
    for (const TrialRecord &record : PromptTrials(store).list(trial.definition.group)) {
        if (record.hash != hash)
            continue;
        trial.id = record.id;
        trial.createdAt = record.createdAt;
        takeStoredCells(store, currentTaxonomy(store), trial);
    }
    return trial;
}

Trial runTrial(ProjectStore &store, Engines &engines, const TrialDefinition &definition,
               const CancelToken &cancel, const ProgressSink &progress,
               const std::function<void(const TrialCell &)> &onCell)
{
    Trial trial = planTrial(store, engines.modelsFolder(), definition);
    const Taxonomy taxonomy = currentTaxonomy(store);
    PromptTrials trials(store);
    std::vector<std::string> weights;
    std::vector<PhraseModelFacts> facts;
    for (const std::string &model : trial.definition.models) {
        facts.push_back(phraseModelFacts(engines.modelsFolder(), model));
        weights.push_back(facts.back().weights);
    }
    if (trial.id == 0) {
        TrialRecord record;
        std::vector<TrialCropRecord> sample;
        for (const TrialCrop &crop : trial.crops)
            sample.push_back({crop.region, crop.image});
        record.hash = trialHash(trial.definition, weights, sample);
        record.name = trial.definition.name;
        record.group = trial.definition.group;
        record.definition = jsonOf(trial.definition).dump();
        trial.id = trials.add(record, sample);
        trial.createdAt = trials.trial(trial.id).createdAt;
    }

    std::int64_t left = 0;
    for (TrialCell &cell : trial.cells) {
        // What failed is tried again.
        if (cell.isDone && !cell.error.empty())
            cell.isDone = false;
        left += cell.isDone ? 0 : 1;
    }
    ProgressMeter meter("trying prompts", left, progress);
    if (left == 0)
        return trial;

    const int rows = static_cast<int>(trial.definition.templates.size());
    const int models = static_cast<int>(trial.definition.models.size());
    const auto deliver = [&](const std::vector<TrialCell *> &cells) {
        std::vector<TrialCellRecord> records;
        for (TrialCell *cell : cells) {
            cell->isDone = true;
            if (cell->error.empty())
                cell->verdict =
                    judgePhrase(cell->text, trial.definition.group,
                                trialPrompt(taxonomy, trial.definition, cell->row),
                                trial.crops[static_cast<std::size_t>(cell->position)].colours);
            records.push_back({cell->row, cell->model, cell->position, cell->text, cell->error,
                               cell->tokens, cell->seconds});
        }
        trials.setCells(trial.id, records);
        if (onCell)
            for (const TrialCell *cell : cells)
                onCell(*cell);
        meter.advance(static_cast<std::int64_t>(cells.size()));
    };

    for (std::size_t first = 0; first < trial.crops.size() && !cancel.isCancelled();
         first += kCellBatch) {
        const std::size_t last = std::min(trial.crops.size(), first + kCellBatch);
        std::vector<RegionPicture> pictures;
        for (std::size_t i = first; i < last; ++i) {
            pictures.emplace_back();
            if (trial.crops[i].problem.empty())
                pictures.back() = readRegion(store, trial.crops[i].image, trial.crops[i].region);
        }
        for (int row = 0; row < rows && !cancel.isCancelled(); ++row) {
            const GroupTemplate &content =
                trial.definition.templates[static_cast<std::size_t>(row)].content;
            const std::string prompt = trialPrompt(taxonomy, trial.definition, row);
            for (int model = 0; model < models && !cancel.isCancelled(); ++model) {
                std::vector<TrialCell *> todo;
                std::vector<TrialCell *> finished;
                std::vector<PhraseRequest> requests;
                std::vector<std::string> keys;
                for (std::size_t i = first; i < last; ++i) {
                    TrialCell &cell = trial.cells[trial.indexOf(row, model, static_cast<int>(i))];
                    if (cell.isDone)
                        continue;
                    cell.error = trial.crops[i].problem;
                    if (!cell.error.empty()) {
                        finished.push_back(&cell);
                        continue;
                    }
                    PhraseRequest request;
                    try {
                        request.crop = regionView(
                            pictures[i - first].picture, pictures[i - first].mask, content.view,
                            static_cast<std::uint64_t>(trial.crops[i].region));
                    } catch (const Error &error) {
                        cell.error = error.what();
                        finished.push_back(&cell);
                        continue;
                    }
                    request.prompt = prompt;
                    GroupTemplate asked = content;
                    asked.prompt = prompt;
                    asked.view = RegionView(); // the picture itself is in the key
                    const std::string key = sha256Of(hashOf(request.crop) + jsonOf(asked).dump()
                                                     + weights[static_cast<std::size_t>(model)]);
                    if (const auto known = trials.written(key)) {
                        cell.text = known->text;
                        cell.tokens = known->tokens;
                        cell.seconds = known->seconds;
                        finished.push_back(&cell);
                        continue;
                    }
                    todo.push_back(&cell);
                    requests.push_back(std::move(request));
                    keys.push_back(key);
                }
                if (!todo.empty()) {
                    PhraseWriter &writer = engines.phraseWriter(
                        trial.definition.models[static_cast<std::size_t>(model)]);
                    std::string failure;
                    std::vector<std::string> texts(todo.size());
                    const auto start = std::chrono::steady_clock::now();
                    try {
                        texts = writer.write(requests, decodingOf(content.decoding));
                    } catch (const Error &error) {
                        if (endsTheRun(error))
                            throw;
                        failure = error.what();
                    }
                    const double seconds =
                        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
                            .count()
                        / static_cast<double>(todo.size());
                    for (std::size_t i = 0; i < todo.size(); ++i) {
                        TrialCell &cell = *todo[i];
                        cell.error = failure;
                        cell.text = texts[i];
                        cell.seconds = failure.empty() ? seconds : 0.0;
                        cell.tokens =
                            facts[static_cast<std::size_t>(model)].countTokens(" " + texts[i]);
                        if (failure.empty())
                            trials.remember(keys[i], {cell.text, cell.tokens, cell.seconds});
                        finished.push_back(&cell);
                    }
                }
                if (!finished.empty())
                    deliver(finished);
            }
        }
    }
    trial.cancelled = cancel.isCancelled();
    return trial;
}

// Applying a winner ------------------------------------------------------------------------------

namespace {

const TrialTemplate &rowOf(const Trial &trial, int row)
{
    if (row < 0 || row >= static_cast<int>(trial.definition.templates.size()))
        throw Error(ErrorKind::InvalidInput, "the trial has the templates 1 to "
                                                 + std::to_string(trial.definition.templates.size())
                                                 + ", not " + std::to_string(row + 1));
    return trial.definition.templates[static_cast<std::size_t>(row)];
}

const std::string &modelOf(const Trial &trial, int model)
{
    if (model < 0 || model >= static_cast<int>(trial.definition.models.size()))
        throw Error(ErrorKind::InvalidInput, "the trial has the models 1 to "
                                                 + std::to_string(trial.definition.models.size())
                                                 + ", not " + std::to_string(model + 1));
    return trial.definition.models[static_cast<std::size_t>(model)];
}

} // namespace

Edit winnerEdit(ProjectStore &store, const Trial &trial, int row, int model)
{
    const TrialTemplate &winner = rowOf(trial, row);
    PromptTemplate next = projectTemplates(store);
    if (next.name == defaultPromptTemplate().name)
        next.name = store.name();
    next.setGroup(trial.definition.group, winner.content);
    Edit edit = templatesEdit(store, next, {trial.definition.group},
                              "Use “" + winner.name + "” for " + trial.definition.group);
    const std::string &name = modelOf(trial, model);
    if (trial.definition.models.size() > 1)
        edit.changes.push_back({EditKind::Setting, kPhraseModelSetting, nullptr, name});
    return edit;
}

PhraseEstimate estimatePhrases(ProjectStore &store, const std::string &modelsFolder,
                               const Trial &trial, int row, int model, std::int64_t limit)
{
    PromptTemplate next = projectTemplates(store);
    next.setGroup(trial.definition.group, rowOf(trial, row).content);
    const PhraseModelFacts facts = phraseModelFacts(modelsFolder, modelOf(trial, model));
    PhraseEstimate estimate;
    for (const RegionState &region : regionStates(store, trial.definition.group))
        estimate.human += region.phraseOrigin == "human" ? 1 : 0;
    estimate.regions = static_cast<std::int64_t>(
        regionsToPhrase(store, next, facts.sha256, trial.definition.group).size());
    if (limit > 0)
        estimate.regions = std::min(estimate.regions, limit);
    estimate.seconds =
        static_cast<double>(estimate.regions) * trial.statistics(row, model).meanSeconds;
    return estimate;
}

} // namespace sapsam
