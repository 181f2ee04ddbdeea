#pragma once

#include "core/dataset/atr.h"
#include "core/dataset/lip.h"
#include "core/dataset/part_annotations.h"
#include "core/dataset/people_layouts.h"

#include <optional>
#include <string>
#include <vector>

// One entry for every layout: looks at what lies in a folder and reads it with the right reader.
namespace sapsam {

enum class DatasetKind { CuhkPedes, IcfgPedes, RstpReid, Market1501, Atr, Lip };

// "cuhk-pedes", "icfg-pedes", "rstpreid", "market1501", "atr", "lip": as the command line has them.
const char *nameOf(DatasetKind kind);
std::optional<DatasetKind> datasetKindFromName(const std::string &name);

struct DatasetPlace
{
    DatasetKind kind = DatasetKind::CuhkPedes;
    std::string folder;
};

// The data sets at this path: the folder itself when it is one, else those of its subfolders that
// are. By the annotation files and picture folders that lie there; a folder that has lost its
// annotation is known by its name. Empty when nothing is recognised. Throws Error(NotFound) when
// the path is no folder.
std::vector<DatasetPlace> findDatasets(const std::string &path);

struct OpenOptions
{
    std::optional<DatasetKind> kind; // empty: recognise it
    PeopleReadOptions people;
    bool parts = true; // read SAP-SAM's phrase list, scores and masks when they are there
};

// What a data set of one kind has; the members of the other kinds are empty.
struct OpenedDataset
{
    DatasetKind kind = DatasetKind::CuhkPedes;
    std::string folder;
    PeopleReading people;             // CUHK-PEDES, ICFG-PEDES, RSTPReid, Market-1501
    std::optional<PartDataset> parts; // of those with captions
    AtrDataset atr;
    LipDataset lip;

    // Of all its readers, in the order of reading.
    std::vector<DatasetFinding> findings() const;
    // Of the readers; pixels are another question (dataset_report.h).
    bool hasErrors() const;
};

// Throws Error(NotFound) when nothing is recognised, Error(InvalidInput) when several data sets lie
// there (naming them) and what the reader of the layout throws.
OpenedDataset openDataset(const std::string &path, const OpenOptions &options = {});

// Pictures of people of any layout that has them; label maps beside them are passed over. Throws
// also Error(Unsupported) for a parsing data set.
PersonDataset openPeople(const std::string &path, const OpenOptions &options = {});

} // namespace sapsam
