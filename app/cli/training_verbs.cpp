#include "app/cli/context.h"
#include "app/cli/run_verbs.h"
#include "app/cli/train_together.h"
#include "core/base/file.h"
#include "core/engine/paper_tables.h"
#include "core/engine/trainer.h"
#include "core/engine/training_form.h"

#include <algorithm>
#include <memory>

namespace sapsam::cli {

namespace {

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
            "person-sam, retrieval, phrases or sam; or tables: the runs of a table of the paper")
        ->check(CLI::IsMember({"person-sam", "retrieval", "phrases", "sam", "tables"}));
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
    auto ahead = std::make_shared<AheadOptions>();
    addAheadOptions(*training, *ahead);
    training->callback([&context, request, config, table, together, ahead] {
        if (request->task.empty() && request->resumeFolder.empty() && !ahead->describe)
            throw CLI::ValidationError("train", "name a task, or a run with --resume");
        if (request->task == "tables") {
            if (table->number == 0)
                throw CLI::ValidationError("train tables", "name one with --table 4, 5, 6 or 7");
            context.verb = [&context, request, config, table] {
                return tableAnswer(context, *table, *config, request->runsFolder);
            };
            return;
        }
        context.verb = [&context, request, config, together, ahead] {
            TrainRequest resolved = *request;
            const Json given = !ahead->preset.empty()
                                   ? presetConfig(context.modelsFolder, ahead->preset)
                               : config->empty() ? Json::object()
                                                 : readJsonFile(*config);
            resolved.config = withModelPaths(given, context.modelsFolder);
            resolved.seed = context.seed;
            resolved.engine = context.engine;
            const bool onlyLooks = ahead->describe || ahead->check || ahead->preflight;
            if (resolved.resumeFolder.empty() && !onlyLooks)
                makeFolder(resolved.runsFolder);
            if (auto answer = runAhead(context, *ahead, resolved, together->launch))
                return *answer;
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
    addRunVerbs(*runs, context);
}

} // namespace sapsam::cli
