#include "app/cli/context.h"
#include "app/cli/reports.h"
#include "core/pipeline/jobs.h"
#include "core/pipeline/part_prompts.h"
#include "core/pipeline/prompt_lab.h"
#include "core/store/taxonomy_versions.h"

#include <algorithm>
#include <cstdio>
#include <memory>

// templates and lab: what models are asked, and trials of other questions.
namespace sapsam::cli {

namespace {

OrderedJson jsonOf(const PromptFinding &finding)
{
    return {{"problem", nameOf(finding.problem)},
            {"severity", finding.isError() ? "error" : "warning"},
            {"group", finding.group},
            {"text", textOf(finding)}};
}

std::string numberText(double value, int decimals)
{
    char text[48];
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return text;
}

std::string percentText(double share)
{
    return numberText(100.0 * share, 0) + " %";
}

Answer answerOf(const PromptTemplate &templates, const Taxonomy &taxonomy, const Context &context)
{
    PromptRules rules;
    const std::vector<std::string> models = phraseModelNames(context.modelsFolder);
    if (!models.empty()) {
        const PhraseModelFacts facts = phraseModelFacts(context.modelsFolder);
        rules.countTokens = facts.countTokens;
        rules.maxTokens = facts.maxPromptTokens(DecodingSettings());
    }
    Answer answer;
    OrderedJson findings = OrderedJson::array();
    OrderedJson problems = OrderedJson::array();
    for (const auto &[group, prompt] : templates.prompts) {
        answer.text += group + ": " + prompt + "\n";
        if (group != PromptTemplate::kAnyGroup && taxonomy.findGroup(group) == nullptr) {
            problems.push_back("'" + group + "' is no part group");
            answer.exitCode = Failed;
        }
    }
    for (const PromptFinding &finding : templateFindings(templates, taxonomy, rules)) {
        const bool isAbsent = templates.prompts.count(finding.group) == 0;
        const std::string text =
            isAbsent ? "the group '" + finding.group + "' has no prompt" : textOf(finding);
        OrderedJson json = jsonOf(finding);
        json["text"] = text;
        findings.push_back(std::move(json));
        if (finding.isError()) {
            problems.push_back(text);
            answer.exitCode = Failed;
        } else {
            answer.text += "warning: " + text + "\n";
        }
    }
    for (const auto &problem : problems)
        answer.text += "error: " + problem.get<std::string>() + "\n";
    answer.json = {{"name", templates.name},
                   {"version", templates.version},
                   {"hash", templates.hash()},
                   {"prompts", templates.prompts}};
    const OrderedJson whole = sapsam::jsonOf(templates);
    for (const char *key : {"decoding", "views"})
        if (whole.contains(key))
            answer.json[key] = whole[key];
    answer.json["problems"] = std::move(problems);
    answer.json["findings"] = std::move(findings);
    return answer;
}

OrderedJson jsonOf(const TemplateStatistics &statistics)
{
    return {{"phrases", statistics.phrases},
            {"good", statistics.goodShare},
            {"colour_named", statistics.namesColourShare},
            {"distinct", statistics.distinctShare},
            {"wrong_part", statistics.otherPartShare},
            {"echo", statistics.echoShare},
            {"loop", statistics.loopShare},
            {"plain", statistics.plainShare},
            {"contradiction", statistics.contradictionShare},
            {"words", statistics.meanWords},
            {"seconds", statistics.meanSeconds}};
}

OrderedJson flagsOf(const PhraseVerdict &verdict)
{
    OrderedJson flags = OrderedJson::array();
    const auto add = [&flags](bool is, const char *name) {
        if (is)
            flags.push_back(name);
    };
    add(verdict.isEmpty, "empty");
    add(verdict.namesOtherPart, "wrong-part");
    add(verdict.echoes, "echo");
    add(verdict.loops, "loop");
    add(verdict.isPlain, "plain");
    add(verdict.contradicts, "contradiction");
    return flags;
}

Answer answerOf(const Trial &trial)
{
    Answer answer;
    const auto [bestRow, bestModel] = trial.best();
    OrderedJson rows = OrderedJson::array();
    bool hasFailed = false;
    for (int row = 0; row < static_cast<int>(trial.definition.templates.size()); ++row) {
        const TrialTemplate &tried = trial.definition.templates[static_cast<std::size_t>(row)];
        for (int model = 0; model < static_cast<int>(trial.definition.models.size()); ++model) {
            const std::string &modelName = trial.definition.models[static_cast<std::size_t>(model)];
            const TemplateStatistics statistics = trial.statistics(row, model);
            OrderedJson cells = OrderedJson::array();
            const bool isBest = row == bestRow && model == bestModel;
            answer.text += std::to_string(row + 1) + " " + tried.name
                           + (trial.definition.models.size() > 1 ? " [" + modelName + "]" : "")
                           + (isBest ? "  <- best" : "") + "\n    \"" + tried.content.prompt
                           + "\" (" + nameOf(tried.content.view.prompt) + ")\n    good "
                           + percentText(statistics.goodShare) + ", colour "
                           + percentText(statistics.namesColourShare) + ", distinct "
                           + percentText(statistics.distinctShare) + ", wrong part "
                           + percentText(statistics.otherPartShare) + ", echo "
                           + percentText(statistics.echoShare) + ", loop "
                           + percentText(statistics.loopShare) + ", plain "
                           + percentText(statistics.plainShare) + ", contradicts "
                           + percentText(statistics.contradictionShare) + ", "
                           + numberText(statistics.meanWords, 1) + " words, "
                           + numberText(1000.0 * statistics.meanSeconds, 0) + " ms\n";
            for (int position = 0; position < static_cast<int>(trial.crops.size()); ++position) {
                const TrialCell &cell = trial.cells[trial.indexOf(row, model, position)];
                if (!cell.isDone)
                    continue;
                const TrialCrop &crop = trial.crops[static_cast<std::size_t>(position)];
                OrderedJson json = {{"region", crop.region},
                                    {"image", crop.image},
                                    {"phrase", cell.text},
                                    {"flags", flagsOf(cell.verdict)},
                                    {"colour", crop.colours.dominant},
                                    {"tokens", cell.tokens},
                                    {"seconds", cell.seconds}};
                if (!cell.error.empty()) {
                    json["error"] = cell.error;
                    hasFailed = true;
                }
                answer.text += "      " + std::to_string(crop.region) + "  "
                               + (cell.error.empty() ? cell.text : "failed: " + cell.error);
                for (const auto &flag : flagsOf(cell.verdict))
                    answer.text += "  !" + flag.get<std::string>();
                answer.text += "\n";
                cells.push_back(std::move(json));
            }
            rows.push_back({{"row", row + 1},
                            {"name", tried.name},
                            {"model", modelName},
                            {"template", sapsam::jsonOf(tried.content)},
                            {"statistics", jsonOf(statistics)},
                            {"cells", std::move(cells)}});
        }
    }
    answer.text = "trial " + std::to_string(trial.id) + ": " + trial.definition.name + " ("
                  + trial.definition.group + ", " + std::to_string(trial.crops.size()) + " crops)\n"
                  + answer.text;
    answer.json = {{"trial", trial.id},
                   {"name", trial.definition.name},
                   {"group", trial.definition.group},
                   {"crops", trial.crops.size()},
                   {"models", trial.definition.models},
                   {"rows", std::move(rows)},
                   {"best", bestRow < 0 ? OrderedJson() : OrderedJson(bestRow + 1)},
                   {"cancelled", trial.cancelled}};
    answer.exitCode = hasFailed ? SomeFailed : Done;
    return answer;
}

// Runs an edit of the command line as the window does.
Edit applyEdit(ProjectStore &store, const Edit &edit)
{
    EditJournal journal(store);
    return journal.apply(edit);
}

void addTemplatesVerb(CLI::App &app, Context &context)
{
    struct Options
    {
        std::string folder;
        std::string file;
        std::string version;
        bool shipped = false;
    };
    auto options = std::make_shared<Options>();
    auto *templates = app.add_subcommand("templates", "The prompts with which phrases are written");
    templates->require_subcommand(1);

    auto *show =
        templates->add_subcommand("show", "The prompts of a project; the shipped ones without DIR");
    show->add_option("DIR", options->folder, "Project folder");
    show->callback([&context, options] {
        context.verb = [&context, options] {
            if (options->folder.empty())
                return answerOf(defaultPromptTemplate(), defaultTaxonomy(), context);
            ProjectStore store =
                ProjectStore::open(options->folder, ProjectStore::Access::ReadOnly);
            return answerOf(projectTemplates(store), currentTaxonomy(store), context);
        };
    });

    auto *check = templates->add_subcommand("check", "What is wrong in a template file");
    check->add_option("FILE", options->file)->required();
    check->callback([&context, options] {
        context.verb = [&context, options] {
            return answerOf(readPromptTemplate(options->file), defaultTaxonomy(), context);
        };
    });

    auto *use = templates->add_subcommand(
        "use", "Make the prompts of a file, of an earlier version or the shipped ones the "
               "project's; can be undone");
    use->add_option("DIR", options->folder, "Project folder")->required();
    auto *file = use->add_option("FILE", options->file, "Template file");
    auto *version =
        use->add_option("--version", options->version, "Hash of an earlier version, or its begin");
    auto *shipped = use->add_flag("--shipped", options->shipped, "The shipped prompts");
    version->excludes(file);
    shipped->excludes(file)->excludes(version);
    use->callback([&context, options] {
        context.verb = [&context, options] {
            ProjectStore store = ProjectStore::open(options->folder);
            Edit edit;
            if (options->shipped) {
                edit = defaultTemplatesEdit();
            } else {
                PromptTemplate next;
                if (!options->version.empty()) {
                    const std::vector<TemplateVersionRecord> known = templateVersions(store);
                    const auto found = std::find_if(
                        known.begin(), known.end(), [&](const TemplateVersionRecord &record) {
                            return record.version.rfind(options->version, 0) == 0;
                        });
                    if (found == known.end())
                        throw Error(ErrorKind::NotFound,
                                    "the project knows no version '" + options->version
                                        + "'; `sapsam templates history` lists them");
                    next = parsePromptTemplate(found->content, "version " + found->version);
                } else if (!options->file.empty()) {
                    next = readPromptTemplate(options->file);
                } else {
                    throw Error(ErrorKind::InvalidInput,
                                "say which prompts to use: a FILE, --version or --shipped");
                }
                edit = templatesEdit(store, next);
            }
            applyEdit(store, edit);
            const PromptTemplate current = projectTemplates(store);
            store.recordTemplate(current.hash(), sapsam::jsonOf(current).dump());
            return answerOf(current, currentTaxonomy(store), context);
        };
    });

    auto *history = templates->add_subcommand(
        "history", "Every version that a project has used, with its phrases");
    history->add_option("DIR", options->folder, "Project folder")->required();
    history->callback([&context, options] {
        context.verb = [options] {
            ProjectStore store =
                ProjectStore::open(options->folder, ProjectStore::Access::ReadOnly);
            const std::string current = projectTemplates(store).hash();
            Answer answer;
            OrderedJson versions = OrderedJson::array();
            for (const TemplateVersionRecord &record : templateVersions(store)) {
                const Json content = Json::parse(record.content, nullptr, false);
                const std::string name =
                    content.is_object() ? content.value("name", std::string()) : std::string();
                const int number = content.is_object() && content.contains("version")
                                           && content["version"].is_number_integer()
                                       ? content["version"].get<int>()
                                       : 0;
                versions.push_back({{"hash", record.version},
                                    {"name", name},
                                    {"version", number},
                                    {"created", record.createdAt},
                                    {"phrases", record.phrases},
                                    {"current", record.version == current}});
                answer.text += record.version.substr(0, 12) + "  " + name + " "
                               + std::to_string(number) + "  " + record.createdAt + "  "
                               + std::to_string(record.phrases) + " phrases"
                               + (record.version == current ? "  (in use)" : "") + "\n";
            }
            answer.json = {{"current", current}, {"versions", std::move(versions)}};
            return answer;
        };
    });
}

void addLabVerb(CLI::App &app, Context &context)
{
    struct Options
    {
        std::string folder;
        std::string experiment;
        TrialDefinition definition;
        std::vector<std::string> prompts;
        std::vector<std::string> views;
        GroupTemplate settings;
        std::int64_t trial = 0;
        int row = 0;
        int model = 1;
        std::int64_t limit = 0;
        bool estimateOnly = false;
        bool seedGiven = false;
    };
    auto options = std::make_shared<Options>();
    auto *lab = app.add_subcommand(
        "lab", "Try prompts on a sample of a project's regions before all of them get phrases");
    lab->require_subcommand(1);

    lab->add_subcommand("experiments", "The experiments that come with the program")
        ->callback([&context] {
            context.verb = [] {
                Answer answer;
                OrderedJson list = OrderedJson::array();
                for (const ShippedExperiment &experiment : shippedExperiments()) {
                    list.push_back({{"id", experiment.id},
                                    {"name", experiment.definition.name},
                                    {"source", experiment.definition.source},
                                    {"group", experiment.definition.group},
                                    {"templates", experiment.definition.templates.size()}});
                    answer.text += experiment.id + "  " + experiment.definition.name + " ("
                                   + experiment.definition.source + ")\n";
                }
                answer.json = {{"experiments", std::move(list)}};
                return answer;
            };
        });

    auto *run =
        lab->add_subcommand("run", "Write the phrases of a trial; goes on where it stopped");
    run->add_option("DIR", options->folder, "Project folder")->required();
    auto *experiment = run->add_option("--experiment", options->experiment,
                                       "Name of a shipped experiment, or a file");
    run->add_option("--group", options->definition.group, "Part group, such as clothes");
    auto *prompts = run->add_option("--prompt", options->prompts,
                                    "A prompt to try, with {part}; repeat it. Without any, the "
                                    "project's own");
    prompts->excludes(experiment);
    run->add_option("--view", options->views,
                    "What the model sees: text, mask, box, points, filter; every prompt is tried "
                    "with each")
        ->check(CLI::IsMember({"text", "mask", "box", "points", "filter"}));
    auto *crops = run->add_option("--crops", options->definition.crops, "Regions of the sample");
    run->add_option("--model", options->definition.models,
                    "Phrase model of the manifest; two of them are compared");
    run->add_option("--beams", options->settings.decoding.beams, "Beams; 1 is greedy");
    run->add_option("--max-tokens", options->settings.decoding.maxNewTokens, "Longest phrase");
    run->add_option("--min-tokens", options->settings.decoding.minNewTokens, "Shortest phrase");
    run->add_option("--length-penalty", options->settings.decoding.lengthPenalty,
                    "With beams: above 1 prefers longer phrases");
    run->add_option("--repetition-penalty", options->settings.decoding.repetitionPenalty,
                    "Above 1 shuns words that have been written");
    run->add_option("--no-repeat", options->settings.decoding.noRepeatNgram,
                    "No run of so many tokens twice");
    run->add_option("--jitter", options->settings.view.jitter,
                    "Pixels that a side of the crop may grow; the published crops use 19");
    run->add_option("--pad", options->settings.view.padColour, "Grey level outside the region");
    run->callback([&context, options, crops] {
        context.verb = [&context, options, crops] {
            ProjectStore store = ProjectStore::open(options->folder);
            TrialDefinition definition = options->definition;
            if (!options->experiment.empty()) {
                const std::vector<ShippedExperiment> shipped = shippedExperiments();
                const auto found =
                    std::find_if(shipped.begin(), shipped.end(), [&](const ShippedExperiment &one) {
                        return one.id == options->experiment;
                    });
                definition = found != shipped.end()
                                 ? found->definition
                                 : parseTrialDefinition(readJsonFile(options->experiment).dump(),
                                                        options->experiment);
                if (!options->definition.group.empty())
                    definition.group = options->definition.group;
                if (!options->definition.models.empty())
                    definition.models = options->definition.models;
                if (crops->count() > 0)
                    definition.crops = options->definition.crops;
            } else {
                if (definition.group.empty())
                    throw Error(ErrorKind::InvalidInput,
                                "say which part the trial is about: --group, or --experiment");
                std::vector<GroupTemplate> contents;
                for (const std::string &prompt : options->prompts) {
                    contents.push_back(options->settings);
                    contents.back().prompt = prompt;
                }
                if (contents.empty())
                    contents.push_back(projectTemplates(store).group(definition.group));
                for (const GroupTemplate &content : contents) {
                    std::vector<std::string> views = options->views;
                    if (views.empty())
                        views.emplace_back(nameOf(content.view.prompt));
                    for (const std::string &view : views) {
                        GroupTemplate one = content;
                        one.view.prompt = visualPromptFromName(view);
                        definition.templates.push_back(
                            {"Template " + std::to_string(definition.templates.size() + 1), one});
                    }
                }
                definition.seed = context.seed;
                definition.name = "Trial of " + definition.group;
            }
            Engines engines(context.modelsFolder, context.engine);
            return answerOf(runTrial(store, engines, definition, context.cancel, context.progress));
        };
    });

    auto *list = lab->add_subcommand("list", "The trials of a project, newest first");
    list->add_option("DIR", options->folder, "Project folder")->required();
    list->callback([&context, options] {
        context.verb = [options] {
            ProjectStore store =
                ProjectStore::open(options->folder, ProjectStore::Access::ReadOnly);
            Answer answer;
            OrderedJson trials = OrderedJson::array();
            for (const TrialRecord &trial : PromptTrials(store).list()) {
                trials.push_back({{"trial", trial.id},
                                  {"name", trial.name},
                                  {"group", trial.group},
                                  {"created", trial.createdAt},
                                  {"phrases", trial.cells}});
                answer.text += std::to_string(trial.id) + "  " + trial.name + "  (" + trial.group
                               + ", " + std::to_string(trial.cells) + " phrases, " + trial.createdAt
                               + ")\n";
            }
            answer.json = {{"trials", std::move(trials)}};
            return answer;
        };
    });

    auto *show = lab->add_subcommand("show", "A trial with its phrases and statistics");
    show->add_option("DIR", options->folder, "Project folder")->required();
    show->add_option("TRIAL", options->trial, "Number of the trial")->required();
    show->callback([&context, options] {
        context.verb = [options] {
            ProjectStore store =
                ProjectStore::open(options->folder, ProjectStore::Access::ReadOnly);
            return answerOf(loadTrial(store, options->trial));
        };
    });

    auto *remove = lab->add_subcommand(
        "delete", "Delete a trial; `sapsam undo` brings it back with its phrases");
    remove->add_option("DIR", options->folder, "Project folder")->required();
    remove->add_option("TRIAL", options->trial, "Number of the trial")->required();
    remove->callback([&context, options] {
        context.verb = [options] {
            ProjectStore store = ProjectStore::open(options->folder);
            const Edit edit = EditJournal(store).apply(removeTrialEdit(store, options->trial));
            Answer answer;
            answer.json = {{"deleted", options->trial}, {"step", edit.id}, {"title", edit.title}};
            answer.text = edit.title + "\n";
            return answer;
        };
    });

    auto *apply = lab->add_subcommand(
        "apply", "Give a row's template to the project and write the phrases of its group");
    apply->add_option("DIR", options->folder, "Project folder")->required();
    apply->add_option("TRIAL", options->trial, "Number of the trial")->required();
    apply->add_option("--row", options->row, "Template of the trial; the best one without it");
    apply->add_option("--column", options->model, "1 or 2: the model, where two were compared");
    apply
        ->add_option("--limit", options->limit,
                     "Write at most so many phrases, outdated ones first; 0: all")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000'000}));
    apply->add_flag("--estimate", options->estimateOnly, "Only say what it would cost");
    apply->callback([&context, options] {
        context.verb = [&context, options] {
            ProjectStore store = ProjectStore::open(
                options->folder, options->estimateOnly ? ProjectStore::Access::ReadOnly
                                                       : ProjectStore::Access::ReadWrite);
            const Trial trial = loadTrial(store, options->trial);
            const auto [bestRow, bestModel] = trial.best();
            const int row = options->row == 0 ? bestRow : options->row - 1;
            const int model = options->row == 0 ? bestModel : options->model - 1;
            if (row < 0)
                throw Error(ErrorKind::InvalidInput,
                            "trial " + std::to_string(options->trial)
                                + " has no phrases yet; run it first, or choose a --row");
            const PhraseEstimate estimate =
                estimatePhrases(store, context.modelsFolder, trial, row, model, options->limit);
            Answer answer;
            answer.json = {{"trial", trial.id},
                           {"row", row + 1},
                           {"group", trial.definition.group},
                           {"estimate",
                            {{"regions", estimate.regions},
                             {"human", estimate.human},
                             {"seconds", estimate.seconds}}}};
            answer.text = std::to_string(estimate.regions) + " regions, about "
                          + numberText(estimate.seconds, 1) + " s; "
                          + std::to_string(estimate.human) + " phrases of people stay\n";
            if (options->estimateOnly)
                return answer;
            applyEdit(store, winnerEdit(store, trial, row, model));
            const PromptTemplate current = projectTemplates(store);
            store.recordTemplate(current.hash(), sapsam::jsonOf(current).dump());
            Engines engines(context.modelsFolder, context.engine);
            PhraseScope scope;
            scope.group = trial.definition.group;
            scope.limit = options->limit;
            const PhraseReport report =
                phraseProject(store, engines, context.cancel, context.progress, scope);
            answer.json["template"] = current.hash();
            answer.json["version"] = current.version;
            answer.json["regions"] = report.regions;
            answer.json["phrases"] = report.phrases;
            answer.json["failed"] = cli::jsonOf(report.failed);
            answer.text += "wrote " + std::to_string(report.phrases) + " phrases for "
                           + std::to_string(report.regions) + " regions\n" + textOf(report.failed);
            answer.exitCode = report.failed.empty() ? Done : SomeFailed;
            return answer;
        };
    });
}

} // namespace

void addPromptVerbs(CLI::App &app, Context &context)
{
    addTemplatesVerb(app, context);
    addLabVerb(app, context);
}

} // namespace sapsam::cli
