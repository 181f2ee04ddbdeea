#include "core/dataset/open_dataset.h"

#include "core/dataset/market1501.h"

#include <algorithm>
#include <array>
#include <filesystem>

namespace sapsam {

namespace {

namespace fs = std::filesystem;

constexpr std::array<DatasetKind, 6> kKinds{DatasetKind::CuhkPedes, DatasetKind::IcfgPedes,
                                            DatasetKind::RstpReid,  DatasetKind::Market1501,
                                            DatasetKind::Atr,       DatasetKind::Lip};

std::optional<PeopleLayout> layoutOf(DatasetKind kind)
{
    switch (kind) {
    case DatasetKind::CuhkPedes:
        return PeopleLayout::CuhkPedes;
    case DatasetKind::IcfgPedes:
        return PeopleLayout::IcfgPedes;
    case DatasetKind::RstpReid:
        return PeopleLayout::RstpReid;
    default:
        return std::nullopt;
    }
}

bool exists(const std::string &path)
{
    std::error_code ignored;
    return fs::exists(path, ignored);
}

std::string lowerName(const std::string &folder)
{
    std::string name = fs::path(folder).lexically_normal().filename().string();
    if (name.empty())
        name = fs::path(folder).lexically_normal().parent_path().filename().string();
    for (char &c : name)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : (c == '_' ? '-' : c);
    return name;
}

// By what lies in the folder; by its name when the annotation is lost.
std::optional<DatasetKind> kindOfFolder(const std::string &folder)
{
    for (const DatasetKind kind : kKinds)
        if (const std::optional<PeopleLayout> layout = layoutOf(kind))
            for (const std::string &name : annotationNamesOf(*layout))
                if (exists(folder + "/" + name))
                    return kind;
    if (exists(folder + "/bounding_box_train"))
        return DatasetKind::Market1501;
    if (exists(folder + "/train_images") && exists(folder + "/train_segmentations"))
        return DatasetKind::Lip;
    if (exists(folder + "/JPEGImages") || exists(folder + "/SegmentationClassAug"))
        return DatasetKind::Atr;
    if (exists(folder + "/caption_all.json"))
        return DatasetKind::CuhkPedes;
    const std::string name = lowerName(folder);
    if (!exists(folder + "/imgs"))
        return std::nullopt;
    if (name == "cuhk-pedes")
        return DatasetKind::CuhkPedes;
    if (name == "icfg-pedes")
        return DatasetKind::IcfgPedes;
    if (name == "rstpreid")
        return DatasetKind::RstpReid;
    return std::nullopt;
}

} // namespace

const char *nameOf(DatasetKind kind)
{
    switch (kind) {
    case DatasetKind::CuhkPedes:
        return "cuhk-pedes";
    case DatasetKind::IcfgPedes:
        return "icfg-pedes";
    case DatasetKind::RstpReid:
        return "rstpreid";
    case DatasetKind::Market1501:
        return "market1501";
    case DatasetKind::Atr:
        return "atr";
    case DatasetKind::Lip:
        return "lip";
    }
    return "";
}

std::optional<DatasetKind> datasetKindFromName(const std::string &name)
{
    for (const DatasetKind kind : kKinds)
        if (name == nameOf(kind))
            return kind;
    return std::nullopt;
}

std::vector<DatasetPlace> findDatasets(const std::string &path)
{
    std::error_code ignored;
    if (!fs::is_directory(path, ignored))
        throw Error(ErrorKind::NotFound, path + ": there is no such folder");
    if (const std::optional<DatasetKind> kind = kindOfFolder(path))
        return {{*kind, path}};
    std::vector<std::string> folders;
    for (const fs::directory_entry &entry : fs::directory_iterator(path, ignored))
        if (entry.is_directory(ignored))
            folders.push_back(entry.path().string());
    std::sort(folders.begin(), folders.end());
    std::vector<DatasetPlace> places;
    for (const std::string &folder : folders)
        if (const std::optional<DatasetKind> kind = kindOfFolder(folder))
            places.push_back({*kind, folder});
    return places;
}

std::vector<DatasetFinding> OpenedDataset::findings() const
{
    std::vector<DatasetFinding> all = people.dataset.findings;
    if (parts)
        all.insert(all.end(), parts->findings.begin(), parts->findings.end());
    all.insert(all.end(), atr.findings.begin(), atr.findings.end());
    all.insert(all.end(), lip.findings.begin(), lip.findings.end());
    return all;
}

bool OpenedDataset::hasErrors() const
{
    const std::vector<DatasetFinding> all = findings();
    return std::any_of(all.begin(), all.end(), [](const DatasetFinding &finding) {
        return finding.severity == DatasetFinding::Severity::Error;
    });
}

OpenedDataset openDataset(const std::string &path, const OpenOptions &options)
{
    DatasetPlace place;
    if (options.kind) {
        place = {*options.kind, path};
        for (const DatasetPlace &found : findDatasets(path))
            if (found.kind == *options.kind)
                place = found;
    } else {
        const std::vector<DatasetPlace> places = findDatasets(path);
        if (places.empty())
            throw Error(ErrorKind::NotFound,
                        path
                            + ": no data set of a known layout (CUHK-PEDES, ICFG-PEDES, RSTPReid, "
                              "Market-1501, ATR, LIP)");
        if (places.size() > 1) {
            std::string names;
            for (const DatasetPlace &found : places)
                names += (names.empty() ? "" : ", ") + found.folder;
            throw Error(ErrorKind::InvalidInput,
                        path + ": holds several data sets; name one of " + names);
        }
        place = places.front();
    }

    OpenedDataset opened;
    opened.kind = place.kind;
    opened.folder = place.folder;
    switch (place.kind) {
    case DatasetKind::Market1501:
        opened.people.dataset = readMarket1501(place.folder);
        break;
    case DatasetKind::Atr:
        opened.atr = readAtr(place.folder);
        opened.folder = opened.atr.folder;
        break;
    case DatasetKind::Lip:
        opened.lip = readLip(place.folder);
        opened.folder = opened.lip.folder;
        break;
    default:
        opened.people = readPeople(*layoutOf(place.kind), place.folder, options.people);
        opened.folder = fs::path(opened.people.dataset.imageFolder).parent_path().string();
        if (options.parts)
            opened.parts = readParts(opened.folder, opened.people);
        break;
    }
    return opened;
}

PersonDataset openPeople(const std::string &path, const OpenOptions &options)
{
    OpenOptions peopleOnly = options;
    peopleOnly.parts = false;
    if (!options.kind) {
        // A folder with label maps beside the people is no question.
        std::vector<DatasetPlace> places = findDatasets(path);
        places.erase(std::remove_if(places.begin(), places.end(),
                                    [](const DatasetPlace &place) {
                                        return place.kind == DatasetKind::Atr
                                               || place.kind == DatasetKind::Lip;
                                    }),
                     places.end());
        if (places.size() == 1)
            peopleOnly.kind = places.front().kind;
    }
    OpenedDataset opened = openDataset(path, peopleOnly);
    if (opened.kind == DatasetKind::Atr || opened.kind == DatasetKind::Lip)
        throw Error(ErrorKind::Unsupported, path + ": is a data set of label maps ("
                                                + nameOf(opened.kind)
                                                + "); people with identities are needed here");
    return std::move(opened.people.dataset);
}

} // namespace sapsam
