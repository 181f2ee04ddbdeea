#pragma once

#include <string>
#include <vector>

namespace sapsam {

// A picture that a data set lists, with what the data set says about it.
struct ListedPicture
{
    std::string path;
    std::string split;
    std::string identity;
    std::vector<std::string> captions;
    std::string labels = {}; // its true label map in ATR's classes, "" for none
};

// Something that the reader of a format left out.
struct UnlistedPicture
{
    std::string item;
    std::string reason;
};

struct DataSetListing
{
    std::vector<ListedPicture> pictures;
    std::vector<UnlistedPicture> leftOut;
};

// The pictures of a data set in one of the known layouts: "cuhk-pedes", "icfg-pedes", "rstpreid",
// "market1501", "atr", "lip", or "sapsam" for a captioned set of any of them.
// Throws Error(InvalidInput) for an unknown format and what the reader of the format throws.
DataSetListing listDataSet(const std::string &format, const std::string &path);

} // namespace sapsam
