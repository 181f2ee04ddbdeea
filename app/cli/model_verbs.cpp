#include "app/cli/context.h"
#include "core/base/error.h"
#include "core/engine/model_import.h"
#include "core/engine/run_registry.h"
#include "core/weights/model_manifest.h"

#include <cstdlib>
#include <filesystem>
#include <memory>

namespace sapsam::cli {

namespace {

struct ModelOptions
{
    std::vector<std::string> paths; // of import and verify; verify takes names too
    std::string name;
    std::string config;
    bool link = false;
};

// The folders with models: the one that was asked for, or the shipped ones and the user's.
std::vector<std::string> registries(const Context &context, bool isAsked)
{
    std::vector<std::string> folders = {context.modelsFolder};
    const std::string user = userModelsFolder();
    std::error_code ignored;
    if (!isAsked && user != context.modelsFolder
        && std::filesystem::exists(user + "/manifest.json", ignored))
        folders.push_back(user);
    return folders;
}

// Adds one model to the answer; with `verify` its files and its tensors are checked.
void addModel(Answer &answer, OrderedJson &list, const ModelManifest &manifest,
              const ModelEntry &model, bool verify)
{
    std::uint64_t bytes = 0;
    for (const ModelFile &file : model.files)
        bytes += file.bytes;
    OrderedJson json = {{"name", model.name},
                        {"task", model.task},
                        {"architecture", model.architecture},
                        {"folder", manifest.pathOf(model)},
                        {"registry", manifest.folder},
                        {"bytes", bytes},
                        {"licence", model.licence},
                        {"source", model.source},
                        {"reproduce", model.reproduce}};
    answer.text += model.name + "  " + model.task + "  " + model.architecture + "  "
                   + std::to_string(bytes / 1024) + " KiB";
    if (verify) {
        std::vector<std::string> problems = verifyModel(manifest, model);
        if (problems.empty()) {
            // The files are what they were; now whether they are all that the network needs.
            const ModelExamination found = examineModel({manifest.pathOf(model)});
            json["summary"] = found.summary;
            json["parameters"] = found.parameters;
            if (!found.isComplete)
                problems.push_back(found.advice);
            for (const auto &tensor : found.missing)
                problems.push_back("missing: " + tensor);
            for (const auto &tensor : found.misshapen)
                problems.push_back("of another shape: " + tensor);
            json["missing_tokenizer"] = found.missingTokenizer;
        }
        json["complete"] = problems.empty();
        json["problems"] = problems;
        answer.text += problems.empty() ? "  complete" : "  NOT complete";
        for (const std::string &problem : problems)
            answer.text += "\n  " + problem;
        if (!problems.empty())
            answer.exitCode = Failed;
    }
    answer.text += "\n";
    list.push_back(std::move(json));
}

Answer listModels(const std::vector<std::string> &folders, bool verify)
{
    Answer answer;
    OrderedJson models = OrderedJson::array();
    for (const auto &folder : folders) {
        const ModelManifest manifest = readModelManifest(folder);
        for (const ModelEntry &model : manifest.models)
            addModel(answer, models, manifest, model, verify);
    }
    answer.json = {
        {"folder", folders.front()}, {"folders", folders}, {"models", std::move(models)}};
    return answer;
}

std::string sentences(const ModelExamination &found)
{
    std::string text;
    for (const auto &part : found.parts)
        text += part.path + ": " + part.format + ", " + part.summary + "\n";
    if (found.parts.size() > 1)
        text += "together: " + found.summary + "\n";
    if (!found.architecture.empty())
        text += std::to_string(found.parameters) + " numbers, mostly " + found.dtype + ", "
                + std::to_string(found.bytes >> 20) + " MiB; "
                + (found.isComplete ? "complete" : "NOT complete") + "\n";
    if (!found.advice.empty())
        text += found.advice + "\n";
    for (const auto *list : {&found.missing, &found.misshapen}) {
        for (const auto &line : *list)
            text += "  " + line + "\n";
    }
    for (const auto &note : found.notes)
        text += "note: " + note + "\n";
    return text;
}

std::string tokenizerAdvice(const ModelExamination &found, const std::string &folder)
{
    std::string files;
    for (const auto &name : found.missingTokenizer)
        files += (files.empty() ? "" : " and ") + name;
    return files.empty() ? files
                         : "the tokenizer is missing: put " + files
                               + " as published with the model into '" + folder + "'";
}

// Each is the name of a model in a registry or a path.
Answer verifyModels(const std::vector<std::string> &folders, const ModelOptions &options)
{
    Answer answer;
    OrderedJson models = OrderedJson::array();
    std::vector<std::string> paths;
    for (const auto &wanted : options.paths) {
        bool isKnown = false;
        for (const auto &folder : folders) {
            std::error_code ignored;
            if (!std::filesystem::exists(folder + "/manifest.json", ignored))
                continue;
            const ModelManifest manifest = readModelManifest(folder);
            const ModelEntry *model = isKnown ? nullptr : manifest.findByName(wanted);
            if (model)
                addModel(answer, models, manifest, *model, true);
            isKnown = isKnown || model;
        }
        std::error_code ignored;
        if (!isKnown && !std::filesystem::exists(wanted, ignored))
            throw Error(ErrorKind::NotFound,
                        "'" + wanted
                            + "' is neither the name of a model nor a file or folder; "
                              "`sapsam models list` has the names");
        if (!isKnown)
            paths.push_back(wanted);
    }
    answer.json = {{"folder", folders.front()}, {"folders", folders}};
    if (!paths.empty()) {
        const ModelExamination found = examineModel(paths, options.config);
        answer.text += sentences(found);
        answer.json["examined"] = jsonOf(found);
        if (!found.isComplete)
            answer.exitCode = Failed;
    }
    answer.json["models"] = std::move(models);
    return answer;
}

Answer importModels(const std::string &folder, const ModelOptions &options, const Context &context)
{
    ModelImportRequest request;
    request.paths = options.paths;
    request.name = options.name;
    request.link = options.link;
    request.configFile = options.config;
    request.modelsFolder = folder;
    const ModelImport done = importModel(request, context.cancel, context.progress);
    Answer answer;
    if (done.wasCancelled) {
        answer.json = {{"cancelled", true}};
        answer.text = "cancelled; nothing was left behind\n";
        answer.exitCode = CancelledByUser;
        return answer;
    }
    OrderedJson files = OrderedJson::array();
    for (const auto &file : done.entry.files)
        files.push_back({{"path", file.path}, {"sha256", file.sha256}, {"bytes", file.bytes}});
    answer.json = {{"name", done.entry.name}, {"registry", done.modelsFolder},
                   {"folder", done.folder},   {"linked", options.link},
                   {"files", files},          {"source", done.entry.source}};
    answer.json.update(jsonOf(done.examination));
    answer.text = sentences(done.examination);
    const std::string missing = tokenizerAdvice(done.examination, done.folder);
    if (!missing.empty()) {
        answer.text += missing + "\n";
        answer.json["tokenizer_advice"] = missing;
    }
    answer.text += "imported as '" + done.entry.name + "' into '" + done.folder + "'\n";
    if (done.entry.task != "network")
        answer.text +=
            "it is used for " + done.entry.task + " with --models '" + done.modelsFolder + "'\n";
    return answer;
}

Answer useModel(const std::vector<std::string> &folders, const std::string &name)
{
    for (const std::string &folder : folders) {
        const ModelManifest manifest = readModelManifest(folder);
        const ModelEntry *model = manifest.findByName(name);
        if (model == nullptr)
            continue;
        if (folder != userModelsFolder())
            forgetChosenModel(model->task); // it would go before
        if (folder == userModelsFolder() || manifest.findByTask(model->task) != model)
            preferModel(folder, name);
        return {{{"name", name}, {"task", model->task}, {"registry", folder}},
                name + " is taken for " + model->task + "\n",
                Done};
    }
    throw Error(ErrorKind::NotFound,
                "there is no model '" + name + "'; `sapsam models list` names those that are");
}

} // namespace

void addModelVerbs(CLI::App &app, Context &context)
{
    auto *models = app.add_subcommand("models", "The models: shipped, trained and imported");
    models->require_subcommand(1);
    const auto isAsked = [&app] { return app.get_option("--models")->count() > 0; };
    models->add_subcommand("list", "Name, task, architecture and size")
        ->callback([&context, isAsked] {
            context.verb = [&context, isAsked] {
                return listModels(registries(context, isAsked()), false);
            };
        });

    auto checked = std::make_shared<ModelOptions>();
    auto *verify = models->add_subcommand(
        "verify", "Prove that files are unchanged and hold every tensor of their network");
    verify->add_option("NAME_OR_PATH", checked->paths,
                       "Models of the registry, or files and folders of weights that complement "
                       "each other; all models when empty");
    verify->add_option("--config", checked->config, "The config.json of the files")
        ->check(CLI::ExistingFile);
    verify->callback([&context, checked, isAsked] {
        context.verb = [&context, checked, isAsked] {
            const auto folders = registries(context, isAsked());
            return checked->paths.empty() ? listModels(folders, true)
                                          : verifyModels(folders, *checked);
        };
    });

    auto brought = std::make_shared<ModelOptions>();
    auto *bring = models->add_subcommand(
        "import", "Bring published weights: says what they are and makes a model of them");
    bring
        ->add_option("PATH", brought->paths,
                     "Files or folders of weights; several complement each other")
        ->required();
    bring->add_option("--name", brought->name, "Name of the model");
    bring->add_flag("--link", brought->link, "Link the weights instead of copying them");
    bring
        ->add_option("--config", brought->config,
                     "The config.json of the model, where it does not lie beside the weights")
        ->check(CLI::ExistingFile);
    bring->callback([&context, brought, isAsked] {
        context.verb = [&context, brought, isAsked] {
            const char *set = std::getenv("SAPSAM_MODELS_DIR");
            const bool isChosen = isAsked() || (set && *set);
            return importModels(isChosen ? context.modelsFolder : userModelsFolder(), *brought,
                                context);
        };
    });

    auto taken = std::make_shared<std::string>();
    auto *take = models->add_subcommand("use", "Take a model of the list for its task");
    take->add_option("NAME", *taken, "As `sapsam models list` names it")->required();
    take->callback([&context, taken, isAsked] {
        context.verb = [&context, taken, isAsked] {
            return useModel(registries(context, isAsked()), *taken);
        };
    });
}

} // namespace sapsam::cli
