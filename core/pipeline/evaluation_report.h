#pragma once

#include "core/base/cancel.h"
#include "core/base/json_file.h"
#include "core/base/progress.h"
#include "core/engine/retriever.h"
#include "core/engine/segmenter.h"
#include "core/eval/bootstrap.h"
#include "core/eval/failure_causes.h"
#include "core/eval/model_diff.h"
#include "core/eval/retrieval_metrics.h"
#include "core/pipeline/engines.h"
#include "core/store/evaluations.h"
#include "core/store/project_store.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// A measurement with everything that is needed to judge it: intervals, what happened to every query
// and why, and what there is to know about the protocol. One value, kept in a project or in a file,
// read by the window and by the command line.
namespace sapsam {

// Of the file format. A file of a later version is refused, an earlier one is read.
constexpr int kEvaluationVersion = 1;

enum class BadgeLevel { Good, Note, Warning, Problem };
const char *nameOf(BadgeLevel level); // "good", "note", "warning", "problem"

// Something that a reader of the numbers must know.
struct ProtocolBadge
{
    std::string code; // stable: "chosen-on-test", "identity-leak", …
    BadgeLevel level = BadgeLevel::Note;
    std::string title;
    std::string text; // what it means, with the numbers found
    // The same for who says it in other words; 0 and "" where there is nothing of the kind.
    std::int64_t count = 0;
    std::string detail; // a run's name, the first of several complaints
};

// One measure, in percent.
struct MeasuredMetric
{
    std::string name; // "R@1", "R@5", "R@10", "mAP", "mINP"; of parsing "mIoU", "mIoU (matrix)", …
    Interval value;
    bool hasInterval = true;
};

struct EvaluatedPicture
{
    std::int64_t imageId = 0; // of the project; 0 for other sources
    std::string path;         // for evaluationPicture()
    std::string identity;
};

struct RankedPicture
{
    int picture = 0; // in EvaluationReport::gallery
    double score = 0.0;
};

struct EvaluatedQuery
{
    std::string text;
    std::string identity;
    int described = -1; // the picture it was written for, in the gallery; -1 when not known
    QueryResult result;
    RankedPicture bestRight;        // meaningless while result.firstRank is 0
    std::vector<RankedPicture> top; // best first
    bool truncated = false;
    int tokens = 0;
    FailureVerdict verdict; // cause None for a query that is no miss
};

// IoU in percent. A pair is a picture and a part that it shows.
struct ParsedClass
{
    std::string group;
    int pairs = 0;
    double mean = 0.0; // SAP-SAM's own reading: binary IoU of each pair, averaged
    double lowest = 0.0;
    double highest = 0.0;
    double matrixIou = 0.0; // the benchmarks' reading: all pixels in one matrix
};

struct ParsedSample
{
    std::string group;
    std::int64_t imageId = 0;
    std::string path;
    double iou = 0.0; // percent
};

struct EvaluationReport
{
    int version = kEvaluationVersion;
    std::string kind = "retrieval"; // retrieval | parsing
    std::string createdAt;          // ISO 8601, UTC
    std::string program;            // version that measured
    std::string modelName;
    std::string modelHash;
    std::string architecture;
    std::string modelFolder;
    std::string source = "project"; // project | dataset | synthetic
    std::string data;               // for people: "test split of people"
    std::string folder;             // of the project or data set
    std::string split;              // "" for all together
    std::uint64_t seed = 1;         // of drawn people
    BootstrapOptions bootstrap;
    bool cancelled = false;
    std::vector<ProtocolBadge> badges;
    std::vector<MeasuredMetric> metrics;
    std::vector<std::string> skippedPictures; // path and reason of what could not be read

    // Retrieval
    int identities = 0;     // asked for
    int skippedQueries = 0; // without any right picture; in no mean
    int contextLength = 0;
    std::string galleryHash; // pictures and identities: equal where results can be compared
    std::string queriesHash;
    std::vector<Interval> cmc; // share of queries answered within rank i + 1, percent
    std::vector<EvaluatedPicture> gallery;
    std::vector<EvaluatedQuery> queries;
    OrderedJson anyLength; // synthetic: numbers for texts of any length; null otherwise

    // Parsing
    int pictures = 0;
    std::vector<ParsedClass> classes;
    std::vector<std::string> matrixNames; // "background" first
    std::vector<std::int64_t> matrix;     // pixels, row-major, truth by prediction
    std::vector<ParsedSample> worst;      // worst first
    std::optional<double> absentLeftOut;  // percent of absent parts that were left out

    // The interval of a metric; null when it was not measured.
    const MeasuredMetric *metric(const std::string &name) const;
    // Queries whose first right picture stands beyond this rank, or that have none.
    std::vector<int> missesBeyond(int rank) const;
};

OrderedJson jsonOf(const EvaluationReport &report);
// Throws Error(Unsupported) for a report of a later version, Error(Corrupt) naming the key for a
// broken one. `origin` (a file name) is part of every message.
EvaluationReport evaluationFromJson(const Json &json, const std::string &origin);
EvaluationReport readEvaluation(const std::string &path);

// What `sapsam eval retrieval|parsing` answers, with the fields of the design, the intervals, the
// badges' codes and how many misses each cause has.
Json summaryOf(const EvaluationReport &report);
// "test split of people · sapsam-retrieval-small".
std::string titleOf(const EvaluationReport &report);

// Measuring
// -----------------------------------------------------------------------------------------

struct EvaluationRequest
{
    std::string source = "project"; // project | dataset | synthetic
    std::string folder;             // of a data set
    std::string split;              // project: "" takes all; data set: "" is test
    int count = 200;                // drawn people
    std::uint64_t seed = 1;         // of drawn people
    int limit = 0;                  // pictures of a parsing data set; 0 = all
    bool storedFeatures = false;    // of the project, instead of reading its pictures again
    int topHits = 10;               // kept for each query
    BootstrapOptions bootstrap;
};

// All captions against all pictures with an identity, of a project's split, a data set's, or of
// drawn people; right is who has the same identity. A picture that cannot be read is left out and
// named. A cancelled call reports what it has. `store` is needed for the source project only.
// Throws Error(InvalidInput) for an unknown source or split, Error(NotFound) when there is no
// caption or no identity to measure with (it says which), Error(Mismatch) when stored features are
// wanted and come from another model, and what reading data sets throws. On the engine lane.
EvaluationReport measureRetrieval(Retriever &retriever, ProjectStore *store,
                                  const EvaluationRequest &request, const CancelToken &cancel = {},
                                  const ProgressSink &progress = {});

// Generic phrases ("the pants") against label maps: drawn people, a folder in the ATR layout, or
// what people drew or corrected in the project. Pixels of a class that several groups share count
// for the first of them in the confusion matrix.
// Throws like measureRetrieval().
EvaluationReport measureParsing(Segmenter &segmenter, ProjectStore *store,
                                const EvaluationRequest &request, const CancelToken &cancel = {},
                                const ProgressSink &progress = {});

// A model that can be chosen: of the manifest, of the user's models, or of a finished run.
struct EvaluationModel
{
    std::string name;
    std::string folder;
    std::string origin; // for people: "shipped", "run 20260101-…"
};
// The default model first. task: retrieval | person-sam. Runs without a model are left out.
std::vector<EvaluationModel> evaluationModels(const std::string &modelsFolder,
                                              const std::string &runsFolder,
                                              const std::string &task);

// Measures with the model in a folder; "" takes the one that the engines have. kind: retrieval |
// parsing. Throws what loading the model throws, and what measuring throws.
EvaluationReport measure(const std::string &kind, const std::string &modelFolder, Engines &engines,
                         ProjectStore *store, const EvaluationRequest &request,
                         const CancelToken &cancel = {}, const ProgressSink &progress = {});

// Using a report ---------------------------------------------------------------------------------

// The pixels of a picture of a report: a file, or a person who is drawn again. Throws what reading
// a picture throws.
Image evaluationPicture(const std::string &path);

// What B changes against A, query by query. Throws Error(Mismatch) when queries or gallery differ,
// or when one of them is no measurement of retrieval.
ModelDiff diffOf(const EvaluationReport &a, const EvaluationReport &b);

// The paper's numbers beside this measurement's, each row with the data it was measured on.
struct PaperComparison
{
    std::string title;
    std::vector<std::string> columns;
    struct Row
    {
        std::string name;
        std::string data;
        std::vector<std::optional<double>> values; // percent
        bool isOurs = false;
    };
    std::vector<Row> rows;
    std::string note; // whether the rows can be compared
};
PaperComparison comparisonWithPaper(const EvaluationReport &report);

// Keeps it in the project; returns its number there.
std::int64_t keepEvaluation(ProjectStore &store, const EvaluationReport &report);
EvaluationReport storedEvaluation(ProjectStore &store, std::int64_t id);

// One page without outside references; the numbers, the badges, the CMC curve, every miss with its
// cause. Pictures are not included.
std::string evaluationHtml(const EvaluationReport &report);
// A line for each query (of parsing: for each group), quoted as RFC 4180 says.
std::string evaluationCsv(const EvaluationReport &report);
// By the ending of the name: .html, .csv, .json. Throws Error(InvalidInput) for another one.
void writeEvaluation(const EvaluationReport &report, const std::string &path);

} // namespace sapsam
