#include "app/cli/context.h"
#include "app/cli/run_comparison.h"
#include "app/cli/train_together.h"
#include "core/base/file.h"
#include "core/engine/paper_tables.h"
#include "core/engine/trainer.h"

#include <algorithm>
#include <filesystem>
#include <memory>

namespace sapsam::cli {

namespace {

namespace fs = std::filesystem;

// "runs" of a project, or the folder itself when it is no project.
std::string runsFolderOf(const std::string &folder)
{
    return fs::exists(folder + "/project.sqlite") ? folder + "/runs" : folder;
}

OrderedJson runJson(const std::string &folder)
{
    OrderedJson run = {{"run", folder}};
    const Json status = readJsonFile(folder + "/status.json");
    for (const char *key : {"state", "step", "steps", "heartbeat", "message"})
        if (status.contains(key))
            run[key] = status.at(key);
    return run;
}

// Settings may name a model of the registry in the place of a path.
Json withModelPaths(Json config, const std::string &modelsFolder)
{
    if (!config.is_object())
        return config;
    for (auto &item : config.items()) {
        const bool isModel = item.key() == "initialModel" || item.key() == "initialSam"
                             || item.key() == "initialBert" || item.key() == "dvae";
        if (item.key() == "backbones" && item.value().is_object()) {
            for (auto &backbone : item.value())
                backbone = withModelPaths(backbone, modelsFolder);
        }
        if (!isModel || !item.value().is_string())
            continue;
        const std::string name = item.value().get<std::string>();
        if (!name.empty() && !fs::exists(name) && fs::exists(modelsFolder + "/" + name))
            item.value() = modelsFolder + "/" + name;
    }
    return config;
}

struct TableOptions
{
    int number = 0;
    std::vector<int> rows;
    bool isDry = false;
};

Answer tableAnswer(const Context &context, const TableOptions &options, const std::string &config,
                   const std::string &runsFolder)
{
    const Json base = config.empty() ? Json{{"data", "synthetic"}} : readJsonFile(config);
    const PaperTable table = paperTable(options.number, withModelPaths(base, context.modelsFolder));
    Answer answer;
    if (options.isDry) {
        answer.json = describe(table);
        for (const TableRow &row : table.rows)
            answer.text += row.name + "\n  " + row.config.dump() + "\n";
        return answer;
    }
    TableRequest request;
    request.runsFolder = runsFolder;
    request.rows = options.rows;
    request.seed = context.seed;
    request.engine = context.engine;
    const TableOutcome outcome = runTable(table, request, context.cancel, context.progress);
    answer.json = outcome.json;
    answer.text = outcome.text;
    return answer;
}

} // namespace

void addTrainingVerbs(CLI::App &app, Context &context)
{
    auto request = std::make_shared<TrainRequest>();
    auto config = std::make_shared<std::string>();
    request->runsFolder = "runs";
    auto *training = app.add_subcommand("train", "Train a model; the run folder can be resumed");
    auto table = std::make_shared<TableOptions>();
    training
        ->add_option(
            "TASK", request->task,
            "person-sam, retrieval or phrases; or tables: the runs of a table of the paper")
        ->check(CLI::IsMember({"person-sam", "retrieval", "phrases", "tables"}));
    training->add_option("--table", table->number, "With tables: 4, 5, 6 or 7");
    training->add_option("--row", table->rows,
                         "With tables: only this row, from 1; may be repeated");
    training->add_flag("--dry-run", table->isDry, "With tables: list the runs, start none");
    training->add_option("--config", *config, "Settings as JSON; missing ones take their defaults");
    training->add_option("--runs", request->runsFolder, "Folder in which the run's folder is made")
        ->capture_default_str();
    training->add_option("--export", request->exportFolder,
                         "Folder of models that the finished model is put into");
    training->add_option("--resume", request->resumeFolder, "Go on with this run");
    auto together = std::make_shared<TogetherOptions>();
    addTogetherOptions(*training, *together);
    training->callback([&context, request, config, table, together] {
        if (request->task.empty() && request->resumeFolder.empty())
            throw CLI::ValidationError("train", "name a task, or a run with --resume");
        if (request->task == "tables") {
            if (table->number == 0)
                throw CLI::ValidationError("train tables", "name one with --table 4, 5, 6 or 7");
            context.verb = [&context, request, config, table] {
                return tableAnswer(context, *table, *config, request->runsFolder);
            };
            return;
        }
        context.verb = [&context, request, config, together] {
            TrainRequest resolved = *request;
            resolved.config = config->empty()
                                  ? Json::object()
                                  : withModelPaths(readJsonFile(*config), context.modelsFolder);
            resolved.seed = context.seed;
            resolved.engine = context.engine;
            if (resolved.resumeFolder.empty())
                makeFolder(resolved.runsFolder);
            if (auto answer = trainTogether(context, *together, resolved))
                return *answer;
            resolved.abandon = [&context](const TrainOutcome &outcome) {
                answerAndEnd(context, outcome);
            };
            const TrainOutcome outcome = train(resolved, context.cancel, context.progress);
            Answer answer;
            answer.json = {
                {"run", outcome.runFolder}, {"state", outcome.state}, {"best", outcome.best}};
            if (!outcome.final.is_null())
                answer.json["final"] = outcome.final;
            answer.text =
                outcome.runFolder + ": " + outcome.state + ", best " + outcome.best.dump() + "\n";
            return answer;
        };
    });

    auto *runs = app.add_subcommand("runs", "Look at training runs, or ask one to stop");
    runs->require_subcommand(1);
    auto folder = std::make_shared<std::string>("runs");
    auto *list = runs->add_subcommand("list", "The runs of a project or folder, newest first");
    list->add_option("DIR", *folder)->capture_default_str();
    list->callback([&context, folder] {
        context.verb = [folder] {
            std::vector<std::string> found;
            const std::string root = runsFolderOf(*folder);
            if (!fs::is_directory(root))
                throw Error(ErrorKind::NotFound, "there is no folder '" + root + "'");
            for (const auto &entry : fs::directory_iterator(root))
                if (fs::exists(entry.path() / "status.json"))
                    found.push_back(entry.path().string());
            std::sort(found.rbegin(), found.rend());
            Answer answer;
            answer.json = {{"runs", OrderedJson::array()}};
            for (const std::string &run : found) {
                const OrderedJson json = runJson(run);
                answer.text += run + "  " + json.value("state", std::string("?")) + "\n";
                answer.json["runs"].push_back(json);
            }
            return answer;
        };
    });

    auto run = std::make_shared<std::string>();
    auto *show = runs->add_subcommand("show", "Settings, state and last measurements of a run");
    show->add_option("RUN", *run)->required();
    show->callback([&context, run] {
        context.verb = [run] {
            Answer answer;
            answer.json = runJson(*run);
            answer.json["config"] = OrderedJson::parse(readFile(*run + "/config.json"));
            answer.json["environment"] = OrderedJson::parse(readFile(*run + "/environment.json"));
            if (fs::exists(*run + "/metrics.jsonl")) {
                const std::string metrics = readFile(*run + "/metrics.jsonl");
                const std::size_t end = metrics.find_last_of('\n');
                const std::size_t start = end == std::string::npos || end == 0
                                              ? std::string::npos
                                              : metrics.find_last_of('\n', end - 1);
                const std::string last = metrics.substr(
                    start == std::string::npos ? 0 : start + 1,
                    end == std::string::npos ? std::string::npos
                                             : end - (start == std::string::npos ? 0 : start + 1));
                if (!last.empty())
                    answer.json["last"] = parseJson(last, *run + "/metrics.jsonl");
            }
            answer.text = answer.json.dump(2) + "\n";
            return answer;
        };
    });

    addRunComparison(*runs, context);

    auto *stop = runs->add_subcommand("stop", "Ask a run to save and stop");
    stop->add_option("RUN", *run)->required();
    stop->callback([&context, run] {
        context.verb = [run] {
            OrderedJson json = runJson(*run);
            writeFileAtomically(*run + "/stop.request", "");
            json["requested"] = true;
            return Answer{json, *run + ": asked to save and stop\n", Done};
        };
    });
}

} // namespace sapsam::cli
