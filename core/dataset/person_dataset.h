#pragma once

#include <cstdint>
#include <optional>
#include <string>
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
// names is in it.
struct DatasetFinding
{
    enum class Severity { Error, Warning };

    Severity severity = Severity::Error;
    std::string code; // stable: "missing-image", "unknown-split", …
    std::string item; // the file, row or value
    std::string text; // for people: what is wrong and what to do
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
    std::vector<PersonImage> images; // in file order
    std::vector<DatasetFinding> findings;

    SplitCounts counts(Split split) const;
    std::string pathOf(const PersonImage &image) const { return imageFolder + "/" + image.file; }
    bool hasErrors() const;
};

// Throws Error(Corrupt) with the first errors among the findings and how many there are. For those
// who need all of a data set, as training does.
void requireNoErrors(const std::vector<DatasetFinding> &findings, const std::string &name);

// A path that stays below the folder it belongs to: relative, without "..".
bool isSafeRelativePath(const std::string &path);

} // namespace sapsam
