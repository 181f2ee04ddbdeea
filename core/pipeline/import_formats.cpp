#include "core/pipeline/import_formats.h"

#include "core/base/error.h"
#include "core/dataset/atr.h"
#include "core/dataset/cuhk_pedes.h"

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

DataSetListing listCuhkPedes(const std::string &path)
{
    const PersonDataset dataset = readCuhkPedes(path);
    DataSetListing listing;
    listing.leftOut = leftOut(dataset.findings);
    for (const PersonImage &image : dataset.images)
        listing.pictures.push_back({dataset.pathOf(image), nameOf(image.split),
                                    std::to_string(image.identity), image.captions});
    return listing;
}

// ATR knows no identities; a picture's split is that of its phrases.
DataSetListing listAtr(const std::string &path)
{
    const AtrDataset dataset = readAtr(path);
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
                                    {}});
    }
    return listing;
}

} // namespace

DataSetListing listDataSet(const std::string &format, const std::string &path)
{
    if (format == "cuhk-pedes")
        return listCuhkPedes(path);
    if (format == "atr")
        return listAtr(path);
    throw Error(ErrorKind::InvalidInput,
                "the format '" + format + "' is not known; use cuhk-pedes or atr");
}

} // namespace sapsam
