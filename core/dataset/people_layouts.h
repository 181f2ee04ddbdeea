#pragma once

#include "core/dataset/person_dataset.h"

#include <string>
#include <vector>

// The three captioned data sets that share one layout: a JSON list with one object a picture beside
// imgs/. They differ in names and in how people are numbered. All functions are re-entrant.
namespace sapsam {

enum class PeopleLayout {
    CuhkPedes, // reid_raw.json, train persons 1 … n
    IcfgPedes, // ICFG-PEDES.json or ICFG_PEDES.json, train persons 0 … n-1, no val
    RstpReid   // data_captions.json, train persons 0 … n-1
};

// "CUHK-PEDES", "ICFG-PEDES", "RSTPReid".
const char *nameOf(PeopleLayout layout);

// The names that the annotation file and the data set's folder go by, the usual one first. Some
// instructions spell ICFG-PEDES with an underscore, the loaders with a hyphen: both are read.
std::vector<std::string> annotationNamesOf(PeopleLayout layout);
std::vector<std::string> folderNamesOf(PeopleLayout layout);

struct PeopleReadOptions
{
    TrainLabels trainLabels = TrainLabels::AsPublished; // NumberedAnew accepts holes
};

// A caption of the train list as the published loaders number them: every caption of every row of
// the split counts, also those that a reader refuses. The files that SAP-SAM made refer to them.
struct TrainRow
{
    std::string file;
    std::string sentence;
    std::int64_t image = -1;   // in PersonDataset::images; -1 when the row was refused
    std::int64_t caption = -1; // in PersonImage::captions; -1 when it is empty
};

struct PeopleReading
{
    PersonDataset dataset;
    std::vector<TrainRow> trainRows;
};

// `folder` is the one with the annotation or the one above it. Bad rows are left out and reported:
// a missing picture, an unknown split (published loaders call it val without a word) or train
// persons with holes are errors; a row without captions, an empty caption, an identity in two
// splits, a picture that occurs twice, an empty train split and captions that are program text are
// warnings; captions in another script, copied captions and unusual numbers are notes. Throws
// DatasetError(NotFound) when the annotation or imgs/ is missing, DatasetError(Corrupt) when the
// annotation cannot be parsed or is no list.
PeopleReading readPeople(PeopleLayout layout, const std::string &folder,
                         const PeopleReadOptions &options = {});

// Writes the annotation file into the folder; the pictures are the caller's business. Tokens are
// the words in lower case. Throws what writing a file throws.
void writePeople(PeopleLayout layout, const PersonDataset &dataset, const std::string &folder);

// Why a caption looks like a piece of a program or of a page instead of a sentence; empty when it
// does not. Some published captions are.
std::string programTextIn(const std::string &caption);

} // namespace sapsam
