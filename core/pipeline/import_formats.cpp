#include "core/pipeline/import_formats.h"

#include "core/base/error.h"
#include "core/dataset/open_dataset.h"

#include <map>

namespace sapsam {

namespace {

// What an error names is not in the data set; a warning is about something that is.
std::vector<UnlistedPicture> leftOut(const std::vector<DatasetFinding> &findings)
{
    std::vector<UnlistedPicture> list;
    for (const DatasetFinding &finding : findings) {
        if (finding.severity == DatasetFinding::Severity::Error)
            list.push_back({finding.item, finding.text});
    }
    return list;
}

DataSetListing listPeople(const PersonDataset &dataset)
{
    DataSetListing listing;
    listing.leftOut = leftOut(dataset.findings);
    for (const PersonImage &image : dataset.images)
        listing.pictures.push_back({dataset.pathOf(image), nameOf(image.split),
                                    std::to_string(image.identity), image.captions});
    return listing;
}

// ATR knows no identities; a picture's split is that of its phrases.
DataSetListing listAtr(const AtrDataset &dataset)
{
    DataSetListing listing;
    listing.leftOut = leftOut(dataset.findings);
    std::map<std::string, std::string> splitOf; // "2500_1.jpg" → split
    for (const auto &[split, phrases] : dataset.phrases) {
        for (const AtrPhrase &phrase : phrases)
            splitOf[phrase.image] = split == "dev" ? "val" : split;
    }
    for (const std::string &name : dataset.names) {
        const auto split = splitOf.find(name + ".jpg");
        listing.pictures.push_back({dataset.imagePath(name),
                                    split == splitOf.end() ? std::string() : split->second,
                                    "",
                                    {},
                                    dataset.maskPath(name)});
    }
    return listing;
}

DataSetListing listLip(const LipDataset &dataset)
{
    DataSetListing listing;
    listing.leftOut = leftOut(dataset.findings);
    for (const LipPicture &picture : dataset.pictures)
        listing.pictures.push_back({dataset.imagePath(picture), nameOf(picture.split), "", {}});
    return listing;
}

} // namespace

DataSetListing listDataSet(const std::string &format, const std::string &path)
{
    // "sapsam" is any of the captioned sets with SAP-SAM's files beside it: recognised by itself.
    OpenOptions options;
    options.parts = false;
    // Labels for training are not needed here, so persons may be numbered with holes.
    options.people.trainLabels = TrainLabels::NumberedAnew;
    if (format != "sapsam") {
        options.kind = datasetKindFromName(format);
        if (!options.kind)
            throw Error(ErrorKind::InvalidInput,
                        "the format '" + format
                            + "' is not known; use cuhk-pedes, icfg-pedes, rstpreid, market1501, "
                              "atr, lip or sapsam");
    }
    const OpenedDataset opened = openDataset(path, options);
    switch (opened.kind) {
    case DatasetKind::Atr:
        return listAtr(opened.atr);
    case DatasetKind::Lip:
        return listLip(opened.lip);
    default:
        return listPeople(opened.people.dataset);
    }
}

} // namespace sapsam
