#pragma once

#include "core/base/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// A text-based person retrieval data set in memory: which picture shows whom and what was said
// about it. No pixels. Value types, safe to share when const.
namespace sapsam {

enum class Split { Train, Val, Test };

// "train", "val", "test".
const char *nameOf(Split split);

// Exactly these names; nothing for any other.
std::optional<Split> splitFromName(const std::string &name);

struct PersonImage
{
    std::string file; // below PersonDataset::imageFolder, with "/"
    std::int64_t identity = 0;
    Split split = Split::Train;
    std::vector<std::string> captions;
};

// Something odd in a data set. What an error names is left out of the data set; what a warning
// names is in it; a note is no complaint: it says what was seen or how something was read.
struct DatasetFinding
{
    enum class Severity { Error, Warning, Note };

    Severity severity = Severity::Error;
    std::string code;       // stable: "missing-image", "unknown-split", …
    std::string item;       // the file, row or value
    std::string text;       // for people: what is wrong and what to do
    std::int64_t row = -1;  // of the annotation file, from 0; -1 when it is about no row
    std::string value = {}; // what was found there
    std::int64_t count = 1; // how often, such as pixels
};

// "error", "warning", "note".
const char *nameOf(DatasetFinding::Severity severity);

// A data set of which nothing can be used; says so as a finding, too.
class DatasetError : public Error
{
public:
    DatasetError(ErrorKind kind, DatasetFinding finding)
        : Error(kind, finding.text), m_finding(std::move(finding))
    {
    }

    const DatasetFinding &finding() const { return m_finding; }

private:
    DatasetFinding m_finding;
};

struct SplitCounts
{
    std::int64_t images = 0;
    std::int64_t captions = 0;
    std::int64_t identities = 0;
};

struct PersonDataset
{
    std::string name;
    std::string imageFolder;
    std::int64_t firstTrainIdentity = 0; // of the class labels: label = identity - this
    std::vector<PersonImage> images;     // in file order
    std::vector<DatasetFinding> findings;

    SplitCounts counts(Split split) const;
    std::string pathOf(const PersonImage &image) const { return imageFolder + "/" + image.file; }
    bool hasErrors() const;
};

// A caption of the train split with its picture: what one training step sees.
struct TrainPair
{
    std::size_t image = 0;   // in PersonDataset::images
    std::size_t caption = 0; // in PersonImage::captions
    std::int64_t label = 0;  // class of the person, 0 … n-1
};

// How train identities become class labels: as published, identity - firstTrainIdentity, or by the
// rank of the identity, for data sets whose identities have holes.
enum class TrainLabels { AsPublished, NumberedAnew };

// In file order. Throws Error(Mismatch) for AsPublished when the labels are not 0 … n-1.
std::vector<TrainPair> trainPairs(const PersonDataset &dataset,
                                  TrainLabels labels = TrainLabels::AsPublished);

// Throws Error(Corrupt) with the first errors among the findings and how many there are. For those
// who need all of a data set, as training does.
void requireNoErrors(const std::vector<DatasetFinding> &findings, const std::string &name);

// A path that stays below the folder it belongs to: relative, without "..".
bool isSafeRelativePath(const std::string &path);

} // namespace sapsam
