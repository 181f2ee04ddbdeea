#pragma once

#include "core/base/cancel.h"
#include "core/base/json_file.h"
#include "core/base/progress.h"
#include "core/dataset/open_dataset.h"

#include <string>
#include <vector>

// What a data set holds and what is wrong with it, before an hour is lost on it.
namespace sapsam {

// Accept: loads without a complaint. Warning: usable, with findings. Error: the data set, or the
// rows that the findings name, are refused.
enum class Verdict { Accept, Warning, Error };

// "accept", "warning", "error".
const char *nameOf(Verdict verdict);

struct DatasetReport
{
    DatasetKind kind = DatasetKind::CuhkPedes;
    std::string folder;
    bool opened = false; // false when nothing of it can be used
    std::vector<DatasetFinding> findings;
    OrderedJson facts;   // counts by split, pairs, parts, classes
    OrderedJson summary; // the findings by kind: files, rows and values, for programs

    Verdict verdict() const;
};

struct ReportOptions
{
    bool pictures = true;       // decode every picture and mask
    bool nearDuplicates = true; // needs pictures
    int duplicateDistance = 10; // of the 256 bits of a picture's hash
    OpenOptions open;
};

// Never throws for what is wrong with the data: that is in the findings. A cancelled call reports
// what it has seen.
DatasetReport examineDataset(const DatasetPlace &place, const ReportOptions &options,
                             const CancelToken &cancel = {}, const ProgressSink &progress = {});

// {"kind","folder","severity", …facts, "summary","findings":[{"severity","code","item","row",
// "value","count","text"}]}
OrderedJson jsonOf(const DatasetReport &report);

} // namespace sapsam
