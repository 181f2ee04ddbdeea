#include "app/cli/context.h"
#include "core/base/resources.h"
#include "core/taxonomy/taxonomy.h"
#include "core/text/prompt_template.h"
#include "core/weights/model_manifest.h"

#include <memory>

namespace sapsam::cli {

namespace {

Answer listModels(const std::string &folder, bool verify)
{
    const ModelManifest manifest = readModelManifest(resolveModelsFolder(folder));
    Answer answer;
    OrderedJson models = OrderedJson::array();
    for (const ModelEntry &model : manifest.models) {
        std::uint64_t bytes = 0;
        for (const ModelFile &file : model.files)
            bytes += file.bytes;
        OrderedJson json = {{"name", model.name},
                            {"task", model.task},
                            {"architecture", model.architecture},
                            {"folder", manifest.pathOf(model)},
                            {"bytes", bytes},
                            {"licence", model.licence},
                            {"reproduce", model.reproduce}};
        answer.text += model.name + "  " + model.task + "  " + model.architecture + "  "
                       + std::to_string(bytes / 1024) + " KiB";
        if (verify) {
            const std::vector<std::string> problems = verifyModel(manifest, model);
            json["complete"] = problems.empty();
            json["problems"] = problems;
            answer.text += problems.empty() ? "  complete" : "  NOT complete";
            for (const std::string &problem : problems)
                answer.text += "\n  " + problem;
            if (!problems.empty())
                answer.exitCode = Failed;
        }
        answer.text += "\n";
        models.push_back(std::move(json));
    }
    answer.json = {{"folder", manifest.folder}, {"models", std::move(models)}};
    return answer;
}

const char *nameOf(TaxonomyFinding::Severity severity)
{
    switch (severity) {
    case TaxonomyFinding::Severity::Error:
        return "error";
    case TaxonomyFinding::Severity::Warning:
        return "warning";
    case TaxonomyFinding::Severity::Note:
        break;
    }
    return "note";
}

Answer showTaxonomy(const std::string &file)
{
    const Taxonomy taxonomy = file.empty() ? defaultTaxonomy() : readTaxonomy(file);
    Answer answer;
    OrderedJson groups = OrderedJson::array();
    answer.text = taxonomy.version + "\n";
    for (const PartGroup &group : taxonomy.groups) {
        OrderedJson classes = OrderedJson::array();
        answer.text += "  " + group.name + ":";
        for (const int id : group.classes) {
            const LabelClass *item = taxonomy.findClass(id);
            const std::string name = item != nullptr ? item->name : "unknown";
            classes.push_back({{"id", id}, {"name", name}});
            answer.text += " " + name;
        }
        answer.text += "\n";
        groups.push_back(
            {{"name", group.name}, {"phrase", group.phrase}, {"classes", std::move(classes)}});
    }
    OrderedJson findings = OrderedJson::array();
    for (const TaxonomyFinding &finding : taxonomyFindings(taxonomy)) {
        findings.push_back({{"severity", nameOf(finding.severity)}, {"text", finding.text}});
        answer.text += std::string(nameOf(finding.severity)) + ": " + finding.text + "\n";
        if (finding.severity == TaxonomyFinding::Severity::Error)
            answer.exitCode = Failed;
    }
    answer.json = {{"name", taxonomy.name},
                   {"version", taxonomy.version},
                   {"groups", std::move(groups)},
                   {"findings", std::move(findings)}};
    return answer;
}

Answer showTemplates(const std::string &file)
{
    const PromptTemplate prompts =
        readPromptTemplate(file.empty() ? resourcePath("templates/default.json") : file);
    const Taxonomy taxonomy = defaultTaxonomy();
    Answer answer;
    OrderedJson problems = OrderedJson::array();
    for (const PartGroup &group : taxonomy.groups)
        if (prompts.prompts.count(group.name) == 0)
            problems.push_back("the group '" + group.name + "' has no prompt");
    for (const auto &[group, prompt] : prompts.prompts) {
        if (taxonomy.findGroup(group) == nullptr)
            problems.push_back("'" + group + "' is no part group");
        answer.text += group + ": " + prompt + "\n";
    }
    for (const auto &problem : problems)
        answer.text += "error: " + problem.get<std::string>() + "\n";
    answer.exitCode = problems.empty() ? Done : Failed;
    answer.json = {{"name", prompts.name},
                   {"version", prompts.version},
                   {"hash", prompts.hash()},
                   {"prompts", prompts.prompts},
                   {"problems", std::move(problems)}};
    return answer;
}

} // namespace

void addModelVerbs(CLI::App &app, Context &context)
{
    auto *models = app.add_subcommand("models", "The models that come with the program");
    models->require_subcommand(1);
    models->add_subcommand("list", "Name, task, architecture and size")->callback([&context] {
        context.verb = [&context] { return listModels(context.modelsFolder, false); };
    });
    models->add_subcommand("verify", "Read every file and compare its SHA-256")
        ->callback([&context] {
            context.verb = [&context] { return listModels(context.modelsFolder, true); };
        });

    auto file = std::make_shared<std::string>();
    auto *taxonomy = app.add_subcommand("taxonomy", "How the label classes are merged into groups");
    taxonomy->require_subcommand(1);
    taxonomy->add_subcommand("show", "The shipped taxonomy")->callback([&context] {
        context.verb = [] { return showTaxonomy({}); };
    });
    auto *checkTaxonomy = taxonomy->add_subcommand("check", "What is odd about a taxonomy file");
    checkTaxonomy->add_option("FILE", *file)->required();
    checkTaxonomy->callback(
        [&context, file] { context.verb = [file] { return showTaxonomy(*file); }; });

    auto *templates = app.add_subcommand("templates", "The prompts with which phrases are written");
    templates->require_subcommand(1);
    templates->add_subcommand("show", "The shipped prompts")->callback([&context] {
        context.verb = [] { return showTemplates({}); };
    });
    auto *checkTemplates = templates->add_subcommand("check", "What is wrong in a template file");
    checkTemplates->add_option("FILE", *file)->required();
    checkTemplates->callback(
        [&context, file] { context.verb = [file] { return showTemplates(*file); }; });
}

} // namespace sapsam::cli
