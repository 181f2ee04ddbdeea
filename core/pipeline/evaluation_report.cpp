#include "core/pipeline/evaluation_report.h"

#include "core/base/file.h"
#include "core/engine/paper_tables.h"

#include <algorithm>
#include <map>

namespace sapsam {

namespace {

constexpr int kCuhkQueries = 6156; // of the test split as published
constexpr int kCuhkGallery = 3074;

BadgeLevel levelFromName(const std::string &name)
{
    for (const BadgeLevel level :
         {BadgeLevel::Good, BadgeLevel::Note, BadgeLevel::Warning, BadgeLevel::Problem}) {
        if (name == nameOf(level))
            return level;
    }
    return BadgeLevel::Note;
}

OrderedJson jsonOf(const Interval &interval)
{
    return OrderedJson::array({interval.mean, interval.low, interval.high, interval.deviation});
}

Interval intervalFrom(const Json &json, const std::string &origin)
{
    if (!json.is_array() || json.size() != 4
        || !std::all_of(json.begin(), json.end(), [](const Json &v) { return v.is_number(); }))
        throw Error(ErrorKind::Corrupt, origin + ": an interval is not four numbers");
    return {json[0].get<double>(), json[1].get<double>(), json[2].get<double>(),
            json[3].get<double>()};
}

OrderedJson jsonOf(const RankedPicture &hit)
{
    return OrderedJson::array({hit.picture, hit.score});
}

RankedPicture hitFrom(const Json &json, std::size_t gallery, const std::string &origin)
{
    if (!json.is_array() || json.size() != 2 || !json[0].is_number_integer()
        || !json[1].is_number())
        throw Error(ErrorKind::Corrupt, origin + ": a hit is not a picture and a score");
    const RankedPicture hit{json[0].get<int>(), json[1].get<double>()};
    if (hit.picture < 0 || static_cast<std::size_t>(hit.picture) >= gallery)
        throw Error(ErrorKind::Corrupt, origin + ": a hit is no picture of the gallery");
    return hit;
}

const Json &listOf(const Json &json, const char *key, const std::string &origin)
{
    static const Json kNone = Json::array();
    const auto found = json.find(key);
    if (found == json.end())
        return kNone;
    if (!found->is_array())
        throw Error(ErrorKind::Corrupt, origin + ": the key '" + key + "' is no list");
    return *found;
}

void readQueries(EvaluationReport &report, const Json &json, const std::string &origin)
{
    for (const Json &row : listOf(json, "queries", origin)) {
        EvaluatedQuery query;
        query.text = require<std::string>(row, "text", origin);
        query.identity = require<std::string>(row, "identity", origin);
        query.described = valueOr(row, "described", -1, origin);
        if (query.described >= static_cast<int>(report.gallery.size()))
            throw Error(ErrorKind::Corrupt,
                        origin + ": a query describes no picture of the gallery");
        query.result.relevant = require<int>(row, "relevant", origin);
        query.result.firstRank = require<int>(row, "first_rank", origin);
        query.result.lastRank = require<int>(row, "last_rank", origin);
        query.result.averagePrecision = require<double>(row, "ap", origin);
        query.result.inverseNegativePenalty = require<double>(row, "inp", origin);
        if (query.result.firstRank > 0)
            query.bestRight =
                hitFrom(require<Json>(row, "best_right", origin), report.gallery.size(), origin);
        for (const Json &hit : listOf(row, "top", origin))
            query.top.push_back(hitFrom(hit, report.gallery.size(), origin));
        query.truncated = valueOr(row, "truncated", false, origin);
        query.tokens = valueOr(row, "tokens", 0, origin);
        if (row.contains("cause")) {
            query.verdict.cause = failureCauseFromName(require<std::string>(row, "cause", origin));
            query.verdict.evidence = valueOr(row, "evidence", std::string(), origin);
            for (const Json &cause : listOf(row, "also", origin))
                query.verdict.alsoHolds.push_back(
                    failureCauseFromName(cause.is_string() ? cause.get<std::string>() : ""));
        }
        report.queries.push_back(std::move(query));
    }
}

void readParsing(EvaluationReport &report, const Json &json, const std::string &origin)
{
    report.pictures = valueOr(json, "pictures", 0, origin);
    for (const Json &row : listOf(json, "classes", origin)) {
        ParsedClass parsed;
        parsed.group = require<std::string>(row, "group", origin);
        parsed.pairs = require<int>(row, "pairs", origin);
        parsed.mean = require<double>(row, "mean", origin);
        parsed.lowest = require<double>(row, "lowest", origin);
        parsed.highest = require<double>(row, "highest", origin);
        parsed.matrixIou = require<double>(row, "matrix_iou", origin);
        report.classes.push_back(std::move(parsed));
    }
    report.matrixNames = valueOr(json, "matrix_names", std::vector<std::string>(), origin);
    report.matrix = valueOr(json, "matrix", std::vector<std::int64_t>(), origin);
    if (report.matrix.size() != report.matrixNames.size() * report.matrixNames.size())
        throw Error(ErrorKind::Corrupt, origin + ": the confusion matrix does not fit its names");
    for (const Json &row : listOf(json, "worst", origin))
        report.worst.push_back({require<std::string>(row, "group", origin),
                                valueOr(row, "image", std::int64_t{0}, origin),
                                require<std::string>(row, "path", origin),
                                require<double>(row, "iou", origin)});
    if (json.contains("absent_left_out"))
        report.absentLeftOut = require<double>(json, "absent_left_out", origin);
}

} // namespace

const char *nameOf(BadgeLevel level)
{
    switch (level) {
    case BadgeLevel::Good:
        return "good";
    case BadgeLevel::Note:
        return "note";
    case BadgeLevel::Warning:
        return "warning";
    case BadgeLevel::Problem:
        return "problem";
    }
    return "note";
}

const MeasuredMetric *EvaluationReport::metric(const std::string &name) const
{
    for (const MeasuredMetric &metric : metrics) {
        if (metric.name == name)
            return &metric;
    }
    return nullptr;
}

std::vector<int> EvaluationReport::missesBeyond(int rank) const
{
    std::vector<int> misses;
    for (std::size_t i = 0; i < queries.size(); ++i) {
        if (queries[i].result.firstRank == 0 || queries[i].result.firstRank > rank)
            misses.push_back(static_cast<int>(i));
    }
    return misses;
}

OrderedJson jsonOf(const EvaluationReport &report)
{
    OrderedJson json;
    json["format"] = "sapsam-evaluation";
    json["version"] = report.version;
    json["kind"] = report.kind;
    json["created"] = report.createdAt;
    json["program"] = report.program;
    json["model"] = {{"name", report.modelName},
                     {"sha256", report.modelHash},
                     {"architecture", report.architecture},
                     {"folder", report.modelFolder}};
    json["data"] = {{"source", report.source},
                    {"title", report.data},
                    {"folder", report.folder},
                    {"split", report.split},
                    {"seed", report.seed}};
    json["bootstrap"] = {{"resamples", report.bootstrap.resamples},
                         {"level", report.bootstrap.level},
                         {"seed", report.bootstrap.seed},
                         {"over", report.kind == "retrieval" ? "identities" : "pictures"}};
    json["cancelled"] = report.cancelled;
    json["badges"] = OrderedJson::array();
    for (const ProtocolBadge &badge : report.badges)
        json["badges"].push_back({{"code", badge.code},
                                  {"level", nameOf(badge.level)},
                                  {"title", badge.title},
                                  {"text", badge.text},
                                  {"count", badge.count},
                                  {"detail", badge.detail}});
    json["metrics"] = OrderedJson::array();
    for (const MeasuredMetric &metric : report.metrics)
        json["metrics"].push_back({{"name", metric.name},
                                   {"value", jsonOf(metric.value)},
                                   {"has_interval", metric.hasInterval}});
    json["skipped_pictures"] = report.skippedPictures;
    if (report.kind == "retrieval") {
        json["identities"] = report.identities;
        json["skipped_queries"] = report.skippedQueries;
        json["context_length"] = report.contextLength;
        json["gallery_hash"] = report.galleryHash;
        json["queries_hash"] = report.queriesHash;
        json["cmc"] = OrderedJson::array();
        for (const Interval &point : report.cmc)
            json["cmc"].push_back(jsonOf(point));
        json["any_length"] = report.anyLength;
        OrderedJson &gallery = json["gallery"] = OrderedJson::array();
        for (const EvaluatedPicture &picture : report.gallery)
            gallery.push_back({{"image", picture.imageId},
                               {"path", picture.path},
                               {"identity", picture.identity}});
        OrderedJson &queries = json["queries"] = OrderedJson::array();
        for (const EvaluatedQuery &query : report.queries) {
            OrderedJson row;
            row["text"] = query.text;
            row["identity"] = query.identity;
            row["described"] = query.described;
            row["relevant"] = query.result.relevant;
            row["first_rank"] = query.result.firstRank;
            row["last_rank"] = query.result.lastRank;
            row["ap"] = query.result.averagePrecision;
            row["inp"] = query.result.inverseNegativePenalty;
            if (query.result.firstRank > 0)
                row["best_right"] = jsonOf(query.bestRight);
            row["top"] = OrderedJson::array();
            for (const RankedPicture &hit : query.top)
                row["top"].push_back(jsonOf(hit));
            row["tokens"] = query.tokens;
            if (query.truncated)
                row["truncated"] = true;
            if (query.verdict.cause != FailureCause::None) {
                row["cause"] = nameOf(query.verdict.cause);
                row["evidence"] = query.verdict.evidence;
                row["also"] = OrderedJson::array();
                for (const FailureCause cause : query.verdict.alsoHolds)
                    row["also"].push_back(nameOf(cause));
            }
            queries.push_back(std::move(row));
        }
        return json;
    }
    json["pictures"] = report.pictures;
    json["classes"] = OrderedJson::array();
    for (const ParsedClass &parsed : report.classes)
        json["classes"].push_back({{"group", parsed.group},
                                   {"pairs", parsed.pairs},
                                   {"mean", parsed.mean},
                                   {"lowest", parsed.lowest},
                                   {"highest", parsed.highest},
                                   {"matrix_iou", parsed.matrixIou}});
    json["matrix_names"] = report.matrixNames;
    json["matrix"] = report.matrix;
    json["worst"] = OrderedJson::array();
    for (const ParsedSample &sample : report.worst)
        json["worst"].push_back({{"group", sample.group},
                                 {"image", sample.imageId},
                                 {"path", sample.path},
                                 {"iou", sample.iou}});
    if (report.absentLeftOut)
        json["absent_left_out"] = *report.absentLeftOut;
    return json;
}

EvaluationReport evaluationFromJson(const Json &json, const std::string &origin)
{
    if (!json.is_object() || valueOr(json, "format", std::string(), origin) != "sapsam-evaluation")
        throw Error(ErrorKind::Corrupt,
                    origin
                        + " is no evaluation of this program; `sapsam eval retrieval … --report` "
                          "writes one");
    EvaluationReport report;
    const int version = require<int>(json, "version", origin);
    if (version > kEvaluationVersion)
        throw Error(ErrorKind::Unsupported,
                    origin + " was written by a newer version of this program (format "
                        + std::to_string(version) + ", this one knows "
                        + std::to_string(kEvaluationVersion) + "); update the program to read it");
    report.kind = require<std::string>(json, "kind", origin);
    if (report.kind != "retrieval" && report.kind != "parsing")
        throw Error(ErrorKind::Unsupported,
                    origin + ": the kind '" + report.kind + "' is not known to this program");
    report.createdAt = valueOr(json, "created", std::string(), origin);
    report.program = valueOr(json, "program", std::string(), origin);
    const Json model = require<Json>(json, "model", origin);
    report.modelName = require<std::string>(model, "name", origin);
    report.modelHash = require<std::string>(model, "sha256", origin);
    report.architecture = valueOr(model, "architecture", std::string(), origin);
    report.modelFolder = valueOr(model, "folder", std::string(), origin);
    const Json data = require<Json>(json, "data", origin);
    report.source = require<std::string>(data, "source", origin);
    report.data = require<std::string>(data, "title", origin);
    report.folder = valueOr(data, "folder", std::string(), origin);
    report.split = valueOr(data, "split", std::string(), origin);
    report.seed = valueOr(data, "seed", std::uint64_t{1}, origin);
    const Json bootstrap = valueOr(json, "bootstrap", Json::object(), origin);
    report.bootstrap.resamples = valueOr(bootstrap, "resamples", 1000, origin);
    report.bootstrap.level = valueOr(bootstrap, "level", 0.95, origin);
    report.bootstrap.seed = valueOr(bootstrap, "seed", std::uint64_t{1}, origin);
    report.cancelled = valueOr(json, "cancelled", false, origin);
    for (const Json &badge : listOf(json, "badges", origin))
        report.badges.push_back({require<std::string>(badge, "code", origin),
                                 levelFromName(require<std::string>(badge, "level", origin)),
                                 require<std::string>(badge, "title", origin),
                                 require<std::string>(badge, "text", origin),
                                 valueOr<std::int64_t>(badge, "count", 0, origin),
                                 valueOr<std::string>(badge, "detail", {}, origin)});
    for (const Json &metric : listOf(json, "metrics", origin))
        report.metrics.push_back({require<std::string>(metric, "name", origin),
                                  intervalFrom(require<Json>(metric, "value", origin), origin),
                                  valueOr(metric, "has_interval", true, origin)});
    report.skippedPictures = valueOr(json, "skipped_pictures", std::vector<std::string>(), origin);
    if (report.kind == "parsing") {
        readParsing(report, json, origin);
        return report;
    }
    report.identities = valueOr(json, "identities", 0, origin);
    report.skippedQueries = valueOr(json, "skipped_queries", 0, origin);
    report.contextLength = valueOr(json, "context_length", 0, origin);
    report.galleryHash = require<std::string>(json, "gallery_hash", origin);
    report.queriesHash = require<std::string>(json, "queries_hash", origin);
    for (const Json &point : listOf(json, "cmc", origin))
        report.cmc.push_back(intervalFrom(point, origin));
    if (json.contains("any_length") && json.at("any_length").is_object())
        report.anyLength = OrderedJson(json.at("any_length"));
    for (const Json &picture : listOf(json, "gallery", origin))
        report.gallery.push_back({valueOr(picture, "image", std::int64_t{0}, origin),
                                  require<std::string>(picture, "path", origin),
                                  require<std::string>(picture, "identity", origin)});
    readQueries(report, json, origin);
    return report;
}

EvaluationReport readEvaluation(const std::string &path)
{
    return evaluationFromJson(readJsonFile(path), path);
}

std::string titleOf(const EvaluationReport &report)
{
    return report.data + " · " + report.modelName;
}

Json summaryOf(const EvaluationReport &report)
{
    Json json;
    Json intervals = Json::object();
    for (const MeasuredMetric &metric : report.metrics) {
        const bool isShare = report.kind == "parsing"; // the design has IoU in 0 … 1
        const double scale = isShare ? 0.01 : 1.0;
        json[metric.name] = metric.value.mean * scale;
        if (metric.hasInterval)
            intervals[metric.name] = {metric.value.low * scale, metric.value.high * scale};
    }
    if (report.kind == "retrieval") {
        json["queries"] = static_cast<std::int64_t>(report.queries.size()) - report.skippedQueries;
        json["skipped_queries"] = report.skippedQueries;
        json["gallery"] = report.gallery.size();
        json["identities"] = report.identities;
        if (report.anyLength.is_object())
            json["any_length"] = Json(report.anyLength);
        Json causes = Json::object();
        for (const EvaluatedQuery &query : report.queries) {
            if (query.verdict.cause != FailureCause::None)
                causes[nameOf(query.verdict.cause)] =
                    causes.value(nameOf(query.verdict.cause), 0) + 1;
        }
        json["failures"] = std::move(causes);
    } else {
        json["per_class"] = Json::object();
        json["per_class_matrix"] = Json::object();
        int parts = 0;
        for (const ParsedClass &parsed : report.classes) {
            json["per_class"][parsed.group] = parsed.mean * 0.01;
            json["per_class_matrix"][parsed.group] = parsed.matrixIou * 0.01;
            parts += parsed.pairs;
        }
        json["pictures"] = report.pictures;
        json["parts"] = parts;
        if (report.absentLeftOut)
            json["absent"] = *report.absentLeftOut * 0.01;
    }
    json["intervals"] = std::move(intervals);
    json["interval_level"] = report.bootstrap.level;
    json["badges"] = Json::array();
    for (const ProtocolBadge &badge : report.badges)
        json["badges"].push_back(
            {{"code", badge.code}, {"level", nameOf(badge.level)}, {"title", badge.title}});
    json["data"] = report.data;
    json["model"] = report.modelHash;
    if (report.source == "synthetic")
        json["seed"] = report.seed;
    if (report.cancelled)
        json["cancelled"] = true;
    return json;
}

ModelDiff diffOf(const EvaluationReport &a, const EvaluationReport &b)
{
    for (const EvaluationReport *report : {&a, &b}) {
        if (report->kind != "retrieval")
            throw Error(ErrorKind::Mismatch, "“" + titleOf(*report)
                                                 + "” measures parsing; rank shifts need two "
                                                   "evaluations of retrieval");
    }
    if (a.galleryHash != b.galleryHash)
        throw Error(ErrorKind::Mismatch,
                    "the galleries differ: “" + titleOf(a) + "” has "
                        + std::to_string(a.gallery.size()) + " pictures, “" + titleOf(b) + "” "
                        + std::to_string(b.gallery.size())
                        + " (or other ones); evaluate both models on the same data and split");
    if (a.queriesHash != b.queriesHash)
        throw Error(ErrorKind::Mismatch,
                    "the queries differ (" + std::to_string(a.queries.size()) + " and "
                        + std::to_string(b.queries.size())
                        + "): captions were changed in between; evaluate both models again");
    std::vector<QueryResult> resultsA;
    std::vector<QueryResult> resultsB;
    std::vector<std::int64_t> identities;
    std::map<std::string, std::int64_t> numbers;
    for (std::size_t i = 0; i < a.queries.size(); ++i) {
        resultsA.push_back(a.queries[i].result);
        resultsB.push_back(b.queries[i].result);
        identities.push_back(
            numbers.emplace(a.queries[i].identity, static_cast<std::int64_t>(numbers.size()))
                .first->second);
    }
    return modelDiff(resultsA, resultsB, identities, a.bootstrap);
}

PaperComparison comparisonWithPaper(const EvaluationReport &report)
{
    const bool isRetrieval = report.kind == "retrieval";
    const Json base = {{"data", "CUHK-PEDES"}};
    const PaperTable table = paperTable(isRetrieval ? 7 : 5, base);
    PaperComparison comparison;
    comparison.title =
        std::string("Table ") + std::to_string(table.number) + " of the paper: " + table.title;
    comparison.columns = table.columns;
    for (const TableRow &row : table.rows) {
        PaperComparison::Row line;
        line.name = row.name;
        line.data = isRetrieval ? "CUHK-PEDES test, 6,156 captions, 3,074 pictures"
                                : "ATR, phrases written for each picture";
        for (const std::string &column : table.columns)
            line.values.emplace_back(row.paper.contains(column)
                                         ? std::optional(row.paper.at(column).get<double>())
                                         : std::nullopt);
        comparison.rows.push_back(std::move(line));
    }
    PaperComparison::Row ours;
    ours.isOurs = true;
    ours.name = report.modelName;
    ours.data = report.data;
    for (const std::string &column : table.columns) {
        const MeasuredMetric *metric = report.metric(column);
        ours.values.push_back(metric != nullptr ? std::optional(metric->value.mean) : std::nullopt);
    }
    comparison.rows.push_back(std::move(ours));
    const bool isSameData = isRetrieval && report.source == "dataset" && report.split == "test"
                            && static_cast<int>(report.queries.size()) == kCuhkQueries
                            && static_cast<int>(report.gallery.size()) == kCuhkGallery;
    comparison.note =
        isSameData ? "The same number of captions and pictures as in the paper: the rows can be "
                     "compared."
                   : "Other data than in the paper: the rows show the scale, they cannot be "
                     "compared.";
    return comparison;
}

std::int64_t keepEvaluation(ProjectStore &store, const EvaluationReport &report)
{
    EvaluationRecord record;
    record.kind = report.kind;
    record.title = titleOf(report);
    record.modelName = report.modelName;
    record.modelHash = report.modelHash;
    record.data = report.data;
    const auto text = [](const auto &json) {
        return json.dump(-1, ' ', false, Json::error_handler_t::replace);
    };
    record.summary = text(summaryOf(report));
    return addEvaluation(store, record, text(jsonOf(report)));
}

EvaluationReport storedEvaluation(ProjectStore &store, std::int64_t id)
{
    const std::string origin = "evaluation " + std::to_string(id) + " of " + store.folder();
    return evaluationFromJson(parseJson(storedEvaluationReport(store, id), origin), origin);
}

} // namespace sapsam
