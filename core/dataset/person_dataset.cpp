#include "core/dataset/person_dataset.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

namespace sapsam {

const char *nameOf(Split split)
{
    switch (split) {
    case Split::Train:
        return "train";
    case Split::Val:
        return "val";
    case Split::Test:
        return "test";
    }
    return "";
}

std::optional<Split> splitFromName(const std::string &name)
{
    for (const Split split : {Split::Train, Split::Val, Split::Test})
        if (name == nameOf(split))
            return split;
    return std::nullopt;
}

const char *nameOf(DatasetFinding::Severity severity)
{
    switch (severity) {
    case DatasetFinding::Severity::Error:
        return "error";
    case DatasetFinding::Severity::Warning:
        return "warning";
    case DatasetFinding::Severity::Note:
        return "note";
    }
    return "";
}

SplitCounts PersonDataset::counts(Split split) const
{
    SplitCounts result;
    std::set<std::int64_t> identities;
    for (const PersonImage &image : images) {
        if (image.split != split)
            continue;
        ++result.images;
        result.captions += static_cast<std::int64_t>(image.captions.size());
        identities.insert(image.identity);
    }
    result.identities = static_cast<std::int64_t>(identities.size());
    return result;
}

bool PersonDataset::hasErrors() const
{
    return std::any_of(findings.begin(), findings.end(), [](const DatasetFinding &finding) {
        return finding.severity == DatasetFinding::Severity::Error;
    });
}

std::vector<TrainPair> trainPairs(const PersonDataset &dataset, TrainLabels labels)
{
    std::map<std::int64_t, std::int64_t> labelOf;
    for (const PersonImage &image : dataset.images)
        if (image.split == Split::Train)
            labelOf[image.identity] = image.identity - dataset.firstTrainIdentity;
    std::int64_t rank = 0;
    for (auto &[identity, label] : labelOf) {
        if (labels == TrainLabels::AsPublished && label != rank)
            throw Error(ErrorKind::Mismatch,
                        dataset.name + ": the train persons are not numbered "
                            + std::to_string(dataset.firstTrainIdentity) + " to "
                            + std::to_string(dataset.firstTrainIdentity
                                             + static_cast<std::int64_t>(labelOf.size()) - 1)
                            + " without holes (" + std::to_string(identity)
                            + " is the first that breaks it); ask for labels numbered anew");
        label = rank++;
    }
    std::vector<TrainPair> pairs;
    for (std::size_t i = 0; i < dataset.images.size(); ++i) {
        const PersonImage &image = dataset.images[i];
        if (image.split != Split::Train)
            continue;
        for (std::size_t caption = 0; caption < image.captions.size(); ++caption)
            pairs.push_back({i, caption, labelOf.at(image.identity)});
    }
    return pairs;
}

void requireNoErrors(const std::vector<DatasetFinding> &findings, const std::string &name)
{
    constexpr std::size_t shown = 3;
    std::size_t errors = 0;
    std::string message = name + ":";
    for (const DatasetFinding &finding : findings) {
        if (finding.severity != DatasetFinding::Severity::Error)
            continue;
        if (errors < shown)
            message += (errors > 0 ? "; " : " ") + finding.text;
        ++errors;
    }
    if (errors > shown)
        message += "; and " + std::to_string(errors - shown) + " more";
    if (errors > 0)
        throw Error(ErrorKind::Corrupt, message);
}

bool isSafeRelativePath(const std::string &path)
{
    const std::filesystem::path parsed(path);
    if (path.empty() || parsed.is_absolute() || path.front() == '\\'
        || path.find(':') != std::string::npos || path.find('\0') != std::string::npos)
        return false;
    return std::none_of(parsed.begin(), parsed.end(),
                        [](const std::filesystem::path &part) { return part == ".."; });
}

} // namespace sapsam
