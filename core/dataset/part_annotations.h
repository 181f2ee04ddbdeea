#pragma once

#include "core/dataset/people_layouts.h"

#include <optional>
#include <string>
#include <vector>

// The files that SAP-SAM adds to a data set with captions: which phrases a train caption has, and a
// mask and a score for each of them. `<NAME>_data_final_<N>.json` lists the phrases of the N train
// captions, `<NAME>_score_dict_<N-1>.json` the score and text of every mask, `segs/` the masks.
namespace sapsam {

struct CaptionPart
{
    std::string phrase;
    std::string mask;   // file below segs/, with ".png"; empty when only phrases were made
    float score = 0.0F; // the IoU that SAM predicted
};

// The parts of one caption of the train list.
struct PartRow
{
    std::int64_t idx = 0;    // number of the caption in the train list
    std::size_t image = 0;   // in PersonDataset::images
    std::size_t caption = 0; // in PersonImage::captions
    std::vector<CaptionPart> parts;
};

struct PartDataset
{
    std::string maskFolder; // …/segs
    std::string phraseFile; // the name of the phrase list
    std::vector<PartRow> rows;
    std::vector<DatasetFinding> findings;

    std::size_t maskCount() const;
    std::string maskPath(const CaptionPart &part) const { return maskFolder + "/" + part.mask; }
};

// Number in "CUHK-PEDES_data_final_68126.json"; nothing for another name. Both spellings of a
// name's hyphen are taken.
std::optional<std::int64_t> phraseListNumber(const std::string &fileName);

// Nothing when the folder (that of the annotation) has no phrase list. Masks are named
// "<idx>__<path with _>_<part>", published instructions show one underscore: both are read. Rows
// whose phrases are nested lists are skipped with a note, as the published loaders do. Errors: an
// idx beyond the train list, a name that is not the row's picture, a mask or a score that is
// missing; such rows are left out. A list that has neither scores nor segs/ gives phrases without
// masks and a note. Throws DatasetError(Corrupt) for files that cannot be parsed and
// DatasetError(NotFound) when only the scores or only the masks are there, or the masks only in
// part.
std::optional<PartDataset> readParts(const std::string &folder, const PeopleReading &people);

// Where `sapsam dataset masks` keeps its place in `folder` for the data set of this name: the masks
// that are made, one a line. The lists with the scores are written when all are there.
std::string maskJournalOf(const std::string &folder, const std::string &name);

// "0__CUHK01_0363004_0": the published name of a mask, without ".png".
std::string maskStemOf(std::int64_t idx, const std::string &file, std::size_t part);

// Writes the phrase list and the scores of these rows, in order, with the names that the published
// loaders look for; the masks are the caller's business. `rows` without masks give a phrase list
// alone. Returns the path of the list. Throws what writing files throws.
std::string writeParts(const std::vector<PartRow> &rows, const PersonDataset &dataset,
                       const std::string &folder);

// Phrases made elsewhere, for every train caption that the file knows: SAP-SAM's phrase list (by
// idx and name), or a JSON object from caption to list of phrases. Captions that the file does not
// know have no row; what does not fit is reported. Throws DatasetError(Corrupt) for a file of
// another kind.
struct ImportedPhrases
{
    std::vector<PartRow> rows;
    std::vector<DatasetFinding> findings;
};
ImportedPhrases readPhrases(const std::string &path, const PeopleReading &people);

} // namespace sapsam
