#include "app/cli/context.h"
#include "core/base/file.h"
#include "core/engine/evaluation.h"
#include "core/engine/retriever.h"
#include "core/pipeline/dataset_evaluation.h"
#include "core/pipeline/engines.h"
#include "core/pipeline/evaluation_report.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>

namespace sapsam::cli {

namespace {

Answer answerOf(const Json &measured)
{
    Answer answer;
    answer.json = OrderedJson(measured);
    // The list per query is for programs.
    for (const auto &[key, value] : measured.items())
        if (!value.is_array())
            answer.text += key + ": " + value.dump() + "\n";
    return answer;
}

std::string fixed(double value, int digits)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return text;
}

std::string textOf(const EvaluationReport &report)
{
    std::string text = titleOf(report) + "\n";
    for (const MeasuredMetric &metric : report.metrics) {
        text += "  " + metric.name + " " + fixed(metric.value.mean, 2);
        if (metric.hasInterval)
            text += " [" + fixed(metric.value.low, 2) + ", " + fixed(metric.value.high, 2) + "]";
        text += "\n";
    }
    for (const ProtocolBadge &badge : report.badges)
        text +=
            std::string("  ") + nameOf(badge.level) + ": " + badge.title + ". " + badge.text + "\n";
    return text;
}

// A report file, or the number of an evaluation that the project keeps.
EvaluationReport reportNamed(const std::string &name, const std::string &project)
{
    std::int64_t id = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (!project.empty() && error == std::errc() && end == name.data() + name.size()) {
        ProjectStore store = ProjectStore::open(project, ProjectStore::Access::ReadOnly);
        return storedEvaluation(store, id);
    }
    return readEvaluation(name);
}

OrderedJson hitJson(const EvaluationReport &report, const RankedPicture &hit, int rank)
{
    const EvaluatedPicture &picture = report.gallery[static_cast<std::size_t>(hit.picture)];
    return {{"rank", rank},
            {"image", picture.imageId},
            {"path", picture.path},
            {"identity", picture.identity},
            {"score", hit.score}};
}

Answer failuresAnswer(const EvaluationReport &report, int beyond, const std::string &onlyCause)
{
    if (report.kind != "retrieval")
        throw Error(ErrorKind::InvalidInput,
                    "this evaluation measures parsing; only retrieval has misses to explain");
    std::map<FailureCause, int> counts;
    Answer answer;
    OrderedJson misses = OrderedJson::array();
    std::string lines;
    for (const int index : report.missesBeyond(beyond)) {
        const EvaluatedQuery &query = report.queries[static_cast<std::size_t>(index)];
        ++counts[query.verdict.cause];
        if (!onlyCause.empty() && onlyCause != nameOf(query.verdict.cause))
            continue;
        OrderedJson row;
        row["query"] = index;
        row["text"] = query.text;
        row["identity"] = query.identity;
        row["first_rank"] = query.result.firstRank;
        row["cause"] = nameOf(query.verdict.cause);
        row["evidence"] = query.verdict.evidence;
        row["also"] = OrderedJson::array();
        for (const FailureCause cause : query.verdict.alsoHolds)
            row["also"].push_back(nameOf(cause));
        if (query.result.firstRank > 0)
            row["right"] = hitJson(report, query.bestRight, query.result.firstRank);
        row["above"] = OrderedJson::array();
        for (std::size_t i = 0; i < query.top.size(); ++i) {
            if (query.result.firstRank > 0 && static_cast<int>(i) + 1 >= query.result.firstRank)
                break;
            row["above"].push_back(hitJson(report, query.top[i], static_cast<int>(i) + 1));
        }
        misses.push_back(std::move(row));
        lines += "  rank " + std::to_string(query.result.firstRank) + "  " + query.text + "\n      "
                 + titleOf(query.verdict.cause) + ": " + query.verdict.evidence + "\n";
    }
    OrderedJson causes = OrderedJson::array();
    for (const FailureCause cause : failureCauses()) {
        const auto count = counts.find(cause);
        if (count == counts.end())
            continue;
        causes.push_back({{"cause", nameOf(cause)},
                          {"title", titleOf(cause)},
                          {"rule", ruleOf(cause)},
                          {"count", count->second}});
        answer.text += std::to_string(count->second) + "  " + titleOf(cause) + "\n";
    }
    answer.json = {{"evaluation", titleOf(report)},
                   {"queries", report.queries.size()},
                   {"beyond", beyond},
                   {"causes", std::move(causes)},
                   {"misses", std::move(misses)}};
    answer.text += lines;
    return answer;
}

Answer diffAnswer(const EvaluationReport &a, const EvaluationReport &b, int top)
{
    const ModelDiff diff = diffOf(a, b);
    Answer answer;
    OrderedJson metrics = OrderedJson::object();
    answer.text = "A: " + titleOf(a) + "\nB: " + titleOf(b) + "\n";
    for (const MetricDifference &metric : diff.metrics) {
        const Interval &difference = metric.paired.difference;
        metrics[metric.name] = {{"a", metric.a},
                                {"b", metric.b},
                                {"difference", difference.mean},
                                {"interval", {difference.low, difference.high}},
                                {"opposite_share", metric.paired.oppositeShare}};
        answer.text += "  " + metric.name + " " + fixed(metric.a, 2) + " → " + fixed(metric.b, 2)
                       + " (" + (difference.mean >= 0 ? "+" : "") + fixed(difference.mean, 2)
                       + ", [" + fixed(difference.low, 2) + ", " + fixed(difference.high, 2)
                       + "])\n";
    }
    OrderedJson shifts = OrderedJson::array();
    for (const RankShift &shift : diff.shifts) {
        if (top > 0 && static_cast<int>(shifts.size()) == top)
            break;
        const EvaluatedQuery &query = a.queries[shift.query];
        shifts.push_back({{"query", shift.query},
                          {"text", query.text},
                          {"identity", query.identity},
                          {"rank_a", shift.rankA},
                          {"rank_b", shift.rankB},
                          {"ap_a", shift.averagePrecisionA},
                          {"ap_b", shift.averagePrecisionB},
                          {"damage", shift.damage}});
        if (shift.rankA != shift.rankB)
            answer.text += "  " + std::to_string(shift.rankA) + " → " + std::to_string(shift.rankB)
                           + "  " + query.text + "\n";
    }
    answer.json = {{"a", {{"title", titleOf(a)}, {"model", a.modelHash}}},
                   {"b", {{"title", titleOf(b)}, {"model", b.modelHash}}},
                   {"metrics", std::move(metrics)},
                   {"better", diff.better},
                   {"same", diff.same},
                   {"worse", diff.worse},
                   {"won_first", diff.wonFirst},
                   {"lost_first", diff.lostFirst},
                   {"histogram", diff.histogram},
                   {"shifts", std::move(shifts)}};
    return answer;
}

// What retrieval and parsing have in common on the command line.
struct MeasureOptions
{
    EvaluationRequest request;
    std::string folder;
    std::vector<std::string> reports;
    std::string model;
    bool keep = false;
    std::string keepIn; // project, whatever is measured

    // The whole report is to be written or kept.
    bool wantsKept() const { return !reports.empty() || keep || !keepIn.empty(); }

    // Something was asked for that only a report can answer.
    bool wantsReport(const CLI::App &verb) const
    {
        return wantsKept() || !model.empty() || verb.count("--bootstrap") > 0
               || request.storedFeatures;
    }
};

void addMeasureOptions(CLI::App &verb, MeasureOptions &options)
{
    verb.add_option("--report", options.reports,
                    "Write everything that was found: FILE.json, .html or .csv; may be repeated");
    verb.add_option("--bootstrap", options.request.bootstrap.resamples,
                    "Resamples for the intervals")
        ->check(CLI::Range(1, 1000000))
        ->capture_default_str();
    verb.add_option("--model", options.model,
                    "Folder of the model to measure; the models folder's own otherwise");
    verb.add_flag("--keep", options.keep,
                  "Keep the evaluation in the project that is measured, for the window");
    verb.add_option("--keep-in", options.keepIn,
                    "Keep it in this project, also when drawn people or a data set are measured");
}

Answer measureAnswer(const char *kind, Context &context, const MeasureOptions &options)
{
    Engines engines(context.modelsFolder, context.engine);
    EvaluationRequest request = options.request;
    request.seed = context.seed;
    request.bootstrap.seed = context.seed;
    std::optional<ProjectStore> store;
    if (options.folder.empty()) {
        request.source = "synthetic";
    } else if (ProjectStore::isProject(options.folder)) {
        request.source = "project";
        store.emplace(ProjectStore::open(options.folder, options.keep
                                                             ? ProjectStore::Access::ReadWrite
                                                             : ProjectStore::Access::ReadOnly));
    } else {
        request.source = "dataset";
        request.folder = options.folder;
    }
    if (options.keep && !store)
        throw Error(ErrorKind::InvalidInput,
                    "--keep needs a project to keep the evaluation in; name it with --keep-in");
    std::optional<ProjectStore> keeper; // opened first: an hour later is late to hear of a problem
    if (!options.keepIn.empty() && !(options.keep && options.keepIn == options.folder))
        keeper.emplace(ProjectStore::open(options.keepIn));
    const EvaluationReport report = measure(kind, options.model, engines, store ? &*store : nullptr,
                                            request, context.cancel, context.progress);
    Answer answer;
    answer.json = OrderedJson(summaryOf(report));
    answer.text = textOf(report);
    for (const std::string &path : options.reports)
        writeEvaluation(report, path);
    if (!options.reports.empty())
        answer.json["reports"] = options.reports;
    if (options.keep)
        answer.json["evaluation"] = keepEvaluation(*store, report);
    if (keeper)
        answer.json["evaluation"] = keepEvaluation(*keeper, report);
    return answer;
}

} // namespace

void addEvalVerbs(CLI::App &app, Context &context)
{
    auto *eval = app.add_subcommand("eval", "Measure the models");
    eval->require_subcommand(1);
    auto count = std::make_shared<int>(500);
    auto labels = std::make_shared<std::string>();
    auto video = std::make_shared<std::string>();
    const auto addCount = [](CLI::App *verb, int &value) {
        verb->add_option("--synthetic", value, "Held-out procedural people to measure on")
            ->check(CLI::Range(1, 1000000))
            ->capture_default_str();
    };

    auto asked = std::make_shared<MeasureOptions>();
    asked->request.count = 500;
    auto *retrieval = eval->add_subcommand(
        "retrieval",
        "R@1, R@5, R@10, mAP, mINP on held-out people, or mAP on labelled crops of a video");
    addCount(retrieval, asked->request.count);
    // The same place under the name that other tools have for it.
    retrieval->add_option("DIR,--data", asked->folder,
                          "A project, or a data set in the CUHK-PEDES layout");
    retrieval->add_option("--split", asked->request.split,
                          "train, val or test; a data set's default is test");
    auto *labelsOption = retrieval->add_option(
        "--labels", *labels, "Labelled crops, such as tests/data/real/vtest_labels.json");
    auto *videoOption =
        retrieval->add_option("--video", *video, "The video that the labels are about");
    labelsOption->needs(videoOption);
    videoOption->needs(labelsOption);
    retrieval->add_flag("--stored-features", asked->request.storedFeatures,
                        "Rank by the project's features instead of embedding its pictures again");
    addMeasureOptions(*retrieval, *asked);
    retrieval->callback([&context, retrieval, asked, labels, video] {
        context.verb = [&context, retrieval, asked, labels, video] {
            Engines engines(context.modelsFolder, context.engine);
            if (!labels->empty()) {
                if (!asked->folder.empty() || asked->wantsKept())
                    throw Error(ErrorKind::InvalidInput,
                                "labelled crops are measured by themselves: leave out the folder, "
                                "--report, --keep and --keep-in");
                std::optional<Retriever> other;
                if (!asked->model.empty())
                    other.emplace(asked->model, context.engine);
                return answerOf(evaluateRetrievalReal(other ? *other : engines.retriever(), *labels,
                                                      *video, context.cancel, context.progress));
            }
            if (!asked->folder.empty() || asked->wantsReport(*retrieval))
                return measureAnswer("retrieval", context, *asked);
            return answerOf(evaluateRetrievalSynthetic(engines.retriever(), asked->request.count,
                                                       context.seed, context.cancel,
                                                       context.progress));
        };
    });

    auto parsed = std::make_shared<MeasureOptions>();
    parsed->request.count = 500;
    auto *parsing = eval->add_subcommand("parsing", "IoU of the part masks on held-out people");
    addCount(parsing, parsed->request.count);
    parsing->add_option("DIR,--data", parsed->folder,
                        "A data set in the ATR layout, or a project with parts drawn by people");
    parsing->add_option("--split", parsed->request.split, "Of a project: train, val or test");
    parsing
        ->add_option("--limit", parsed->request.limit, "Take the first so many pictures; 0 = all")
        ->check(CLI::Range(0, 100000000));
    addMeasureOptions(*parsing, *parsed);
    parsing->callback([&context, parsing, parsed] {
        context.verb = [&context, parsing, parsed] {
            const bool isProject =
                !parsed->folder.empty() && ProjectStore::isProject(parsed->folder);
            if (isProject || parsed->wantsReport(*parsing))
                return measureAnswer("parsing", context, *parsed);
            Engines engines(context.modelsFolder, context.engine);
            if (!parsed->folder.empty())
                return answerOf(evaluateParsingDataset(engines.segmenter(), defaultTaxonomy(),
                                                       parsed->folder, parsed->request.limit,
                                                       context.cancel, context.progress));
            return answerOf(evaluateParsingSynthetic(engines.segmenter(), parsed->request.count,
                                                     context.seed, context.cancel,
                                                     context.progress));
        };
    });

    auto *phrases =
        eval->add_subcommand("phrases", "Colours that the phrases name on held-out people");
    addCount(phrases, *count);
    phrases->callback([&context, count] {
        context.verb = [&context, count] {
            Engines engines(context.modelsFolder, context.engine);
            return answerOf(evaluatePhrasesSynthetic(engines.phraseWriter(), *count, context.seed,
                                                     context.cancel, context.progress));
        };
    });

    auto project = std::make_shared<std::string>();
    auto *list = eval->add_subcommand("list", "The evaluations that a project keeps");
    list->add_option("DIR", *project)->required();
    list->callback([&context, project] {
        context.verb = [project] {
            ProjectStore store = ProjectStore::open(*project, ProjectStore::Access::ReadOnly);
            Answer answer;
            answer.json = {{"evaluations", OrderedJson::array()}};
            for (const EvaluationRecord &record : storedEvaluations(store)) {
                answer.json["evaluations"].push_back(
                    {{"evaluation", record.id},
                     {"kind", record.kind},
                     {"title", record.title},
                     {"model", record.modelHash},
                     {"created", record.createdAt},
                     {"summary", parseJson(record.summary, record.title)}});
                answer.text += std::to_string(record.id) + "  " + record.createdAt + "  "
                               + record.title + "\n";
            }
            return answer;
        };
    });

    auto first = std::make_shared<std::string>();
    auto second = std::make_shared<std::string>();
    auto number = std::make_shared<int>(1);
    auto cause = std::make_shared<std::string>();
    const char *const where = "A report file, or with --project the number of an evaluation";
    auto *failures = eval->add_subcommand("failures", "Why the right person did not come first");
    failures->add_option("REPORT", *first, where)->required();
    failures->add_option("--project", *project, "Where the evaluation is kept");
    failures->add_option("--beyond", *number, "Queries whose right person stands beyond this rank")
        ->check(CLI::Range(1, 1000000))
        ->capture_default_str();
    std::vector<std::string> causeNames;
    for (const FailureCause known : failureCauses())
        causeNames.emplace_back(nameOf(known));
    failures->add_option("--cause", *cause, "Only this cause")->check(CLI::IsMember(causeNames));
    failures->callback([&context, first, project, number, cause] {
        context.verb = [first, project, number, cause] {
            return failuresAnswer(reportNamed(*first, *project), *number, *cause);
        };
    });

    auto top = std::make_shared<int>(20);
    auto *diff = eval->add_subcommand(
        "diff", "What model B changes against A, on the same queries and gallery");
    diff->add_option("A", *first, where)->required();
    diff->add_option("B", *second, where)->required();
    diff->add_option("--project", *project, "Where the evaluations are kept");
    diff->add_option("--top", *top, "Queries listed, most damage first; 0 = all")
        ->check(CLI::Range(0, 100000000))
        ->capture_default_str();
    diff->callback([&context, first, second, project, top] {
        context.verb = [first, second, project, top] {
            return diffAnswer(reportNamed(*first, *project), reportNamed(*second, *project), *top);
        };
    });

    auto *exporting = eval->add_subcommand("export", "Write a kept evaluation to a file");
    exporting->add_option("REPORT", *first, where)->required();
    exporting->add_option("FILE", *second, "Ends in .html, .csv or .json")->required();
    exporting->add_option("--project", *project, "Where the evaluation is kept");
    exporting->callback([&context, first, second, project] {
        context.verb = [first, second, project] {
            writeEvaluation(reportNamed(*first, *project), *second);
            Answer answer;
            answer.json = {{"written", *second}};
            answer.text = *second + "\n";
            return answer;
        };
    });
}

} // namespace sapsam::cli
