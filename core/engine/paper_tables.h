#pragma once

#include "core/engine/trainer.h"

#include <string>
#include <vector>

// The tables of the paper's supplement that compare trained variants, as queues of runs: 4 (what
// masked patches are decoded to), 5 (how the phrase reaches Person-SAM's decoder), 6 (how parts and
// phrases are aligned) and 7 (with and without SAP-SAM, on two backbones).
namespace sapsam {

struct TableRow
{
    std::string name;  // as the paper has it
    Json config;       // of the run
    OrderedJson paper; // the paper's numbers by column
};

struct PaperTable
{
    int number = 0;
    std::string title;
    std::string task;                 // of all rows
    std::vector<std::string> columns; // of the numbers: "R@1", …
    std::vector<TableRow> rows;
};

// The rows of a table. `base` has the settings that all rows share, as the task's own file would;
// for table 7 its key "backbones" holds one object of settings for "ViT/B-16" and one for
// "ViT/L-14". Throws Error(InvalidInput) for another table, or naming a setting in `base` that the
// rows decide.
PaperTable paperTable(int number, const Json &base);

// {"table", "title", "task", "rows": [{"name", "config"}]}
OrderedJson describe(const PaperTable &table);

struct TableRequest
{
    std::string runsFolder;
    std::vector<int> rows; // numbers from 1; empty: all
    std::uint64_t seed = 1;
    EngineOptions engine;
};

struct TableOutcome
{
    OrderedJson json; // describe() with "paper", "run", "state" and "numbers" for each row
    std::string text; // the same as a table in Markdown, with the data that was used
    bool isComplete = false;
};

// Runs the rows one after the other. What has been done is kept in the runs folder under
// table-N-HASH.json (and .md), the hash being that of the settings: rows that are done are not run
// again, rows that were stopped go on. Cancelling saves and returns what there is. Throws what
// train() throws.
TableOutcome runTable(const PaperTable &table, const TableRequest &request,
                      const CancelToken &cancel, const ProgressSink &progress);

} // namespace sapsam
