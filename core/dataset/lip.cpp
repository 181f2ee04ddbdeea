#include "core/dataset/lip.h"

#include "core/base/file.h"

#include <algorithm>
#include <filesystem>

namespace sapsam {

namespace {

namespace fs = std::filesystem;

using Severity = DatasetFinding::Severity;

constexpr std::array<const char *, kLipClasses> kNames{
    "background", "hat",       "hair",     "glove",     "sunglasses", "upper-clothes", "dress",
    "coat",       "socks",     "pants",    "jumpsuit",  "scarf",      "skirt",         "face",
    "left-arm",   "right-arm", "left-leg", "right-leg", "left-shoe",  "right-shoe"};

std::string datasetFolder(const std::string &folder)
{
    std::error_code ignored;
    if (!fs::is_directory(folder + "/train_images", ignored)
        && fs::is_directory(folder + "/LIP/train_images", ignored))
        return folder + "/LIP";
    return folder;
}

std::vector<std::string> linesOf(const std::string &text)
{
    std::vector<std::string> lines;
    std::size_t start = 0;
    while (start < text.size()) {
        std::size_t end = text.find('\n', start);
        if (end == std::string::npos)
            end = text.size();
        std::string line = text.substr(start, end - start);
        start = end + 1;
        while (!line.empty() && (line.back() == '\r' || line.back() == ' '))
            line.pop_back();
        if (!line.empty())
            lines.push_back(line);
    }
    return lines;
}

void readSplit(LipDataset &dataset, Split split)
{
    const std::string prefix = nameOf(split);
    const std::string images = dataset.folder + "/" + prefix + "_images";
    const std::string masks = dataset.folder + "/" + prefix + "_segmentations";
    std::error_code error;
    for (const std::string &path : {images, masks}) {
        if (fs::is_directory(path, error))
            continue;
        if (split == Split::Train)
            throw DatasetError(ErrorKind::NotFound,
                               {Severity::Error, "missing", fs::path(path).filename().string(),
                                path + ": the folder is not there"});
        dataset.findings.push_back({Severity::Warning, "empty-split", prefix,
                                    path + ": the folder is not there; the split is empty", -1,
                                    prefix});
        return;
    }
    std::vector<std::string> names;
    const std::string list = dataset.folder + "/" + prefix + "_id.txt";
    if (fs::exists(list, error)) {
        names = linesOf(readFile(list));
    } else {
        for (const fs::directory_entry &entry : fs::directory_iterator(images))
            if (entry.path().extension() == ".jpg")
                names.push_back(entry.path().stem().string());
        std::sort(names.begin(), names.end());
        dataset.findings.push_back(
            {Severity::Note, "no-list", prefix + "_id.txt",
             prefix + "_id.txt is not there; all pictures of " + prefix + "_images are taken"});
    }
    for (const std::string &name : names) {
        const LipPicture picture{name, split};
        if (!isSafeRelativePath(name)) {
            dataset.findings.push_back({Severity::Error, "refused-path", name,
                                        prefix + "_id.txt: '" + name + "' leaves the folder"});
        } else if (!fs::is_regular_file(dataset.imagePath(picture), error)) {
            dataset.findings.push_back({Severity::Error, "missing-image", name + ".jpg",
                                        "the picture '" + name + ".jpg' is missing"});
        } else if (!fs::is_regular_file(dataset.maskPath(picture), error)) {
            dataset.findings.push_back({Severity::Error, "missing-mask", name + ".png",
                                        "the mask of the picture '" + name + "' is missing"});
        } else {
            dataset.pictures.push_back(picture);
        }
    }
}

} // namespace

std::string LipDataset::imagePath(const LipPicture &picture) const
{
    return folder + "/" + nameOf(picture.split) + "_images/" + picture.name + ".jpg";
}

std::string LipDataset::maskPath(const LipPicture &picture) const
{
    return folder + "/" + nameOf(picture.split) + "_segmentations/" + picture.name + ".png";
}

const char *lipClassName(int id)
{
    return kNames.at(static_cast<std::size_t>(id));
}

const std::array<std::uint8_t, kLipClasses> &atrClassOfLip()
{
    static constexpr std::array<std::uint8_t, kLipClasses> classes{
        0, 1, 2, 255, 3, 4, 7, 4, 255, 6, 7, 17, 5, 11, 14, 15, 12, 13, 9, 10};
    return classes;
}

LipDataset readLip(const std::string &folder)
{
    LipDataset dataset;
    dataset.folder = datasetFolder(folder);
    readSplit(dataset, Split::Train);
    readSplit(dataset, Split::Val);
    return dataset;
}

void writeLipLists(const std::vector<LipPicture> &pictures, const std::string &folder)
{
    for (const Split split : {Split::Train, Split::Val}) {
        std::string text;
        for (const LipPicture &picture : pictures)
            if (picture.split == split)
                text += picture.name + "\n";
        writeFileAtomically(folder + "/" + nameOf(split) + "_id.txt", text);
    }
}

} // namespace sapsam
