#include "core/dataset/market1501.h"

#include "core/base/file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <set>

namespace sapsam {

namespace {

namespace fs = std::filesystem;

constexpr const char *kTrain = "bounding_box_train";
constexpr const char *kGallery = "bounding_box_test";
constexpr const char *kQuery = "query";
constexpr std::int64_t kJunk = -1;
constexpr std::int64_t kLargestIdentity = 9999;

std::string datasetFolder(const std::string &folder)
{
    std::error_code ignored;
    if (!fs::is_directory(folder + "/" + kTrain, ignored))
        for (const char *name :
             {"Market-1501-v15.09.15", "Market-1501", "market1501", "Market1501"})
            if (fs::is_directory(folder + "/" + name + "/" + kTrain, ignored))
                return folder + "/" + name;
    return folder;
}

bool isPicture(const fs::path &path)
{
    const std::string extension = path.extension().string();
    return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

} // namespace

std::optional<std::int64_t> market1501Identity(const std::string &fileName)
{
    const std::size_t end = fileName.find('_');
    if (end == std::string::npos || end == 0 || end + 1 >= fileName.size()
        || fileName[end + 1] != 'c')
        return std::nullopt;
    std::int64_t value = 0;
    const auto [stop, error] = std::from_chars(fileName.data(), fileName.data() + end, value);
    if (error != std::errc() || stop != fileName.data() + end || value < kJunk)
        return std::nullopt;
    return value;
}

PersonDataset readMarket1501(const std::string &folder)
{
    using Severity = DatasetFinding::Severity;
    PersonDataset dataset;
    dataset.name = "Market-1501";
    dataset.imageFolder = datasetFolder(folder);
    std::int64_t junk = 0;
    for (const auto &[part, split] :
         {std::pair(kTrain, Split::Train), std::pair(kGallery, Split::Test),
          std::pair(kQuery, Split::Test)}) {
        const std::string path = dataset.imageFolder + "/" + part;
        std::error_code error;
        if (!fs::is_directory(path, error))
            throw DatasetError(ErrorKind::NotFound, {Severity::Error, "missing", part,
                                                     path + ": the folder is not there"});
        std::vector<std::string> names;
        for (const fs::directory_entry &entry : fs::directory_iterator(path))
            if (isPicture(entry.path()))
                names.push_back(entry.path().filename().string());
        std::sort(names.begin(), names.end());
        for (const std::string &name : names) {
            const std::optional<std::int64_t> identity = market1501Identity(name);
            const std::string file = std::string(part) + "/" + name;
            if (!identity) {
                dataset.findings.push_back(
                    {Severity::Error, "bad-name", file,
                     "'" + file + "' does not begin with a person and a camera (0002_c1s1_…)"});
                continue;
            }
            if (*identity == kJunk) {
                ++junk;
                continue;
            }
            dataset.images.push_back({file, *identity, split, {}});
        }
    }
    if (junk > 0)
        dataset.findings.push_back(
            {Severity::Note, "junk-boxes", kGallery,
             std::to_string(junk) + " boxes without a usable person are left out", -1, "", junk});
    std::set<std::int64_t> train;
    std::set<std::int64_t> both;
    for (const PersonImage &image : dataset.images) {
        if (image.split == Split::Train)
            train.insert(image.identity);
        else if (train.count(image.identity) > 0)
            both.insert(image.identity);
    }
    for (const std::int64_t identity : both)
        dataset.findings.push_back(
            {Severity::Warning, "id-in-two-splits", std::to_string(identity),
             "person " + std::to_string(identity) + " is in the train and the test split"});
    if (train.empty())
        dataset.findings.push_back(
            {Severity::Warning, "empty-split", "train", "the train split is empty", -1, "train"});
    return dataset;
}

void writeMarket1501(const PersonDataset &dataset, const std::string &folder)
{
    for (const char *part : {kTrain, kGallery, kQuery})
        makeFolder(folder + "/" + part);
    std::set<std::int64_t> queried;
    int frame = 0;
    for (const PersonImage &image : dataset.images) {
        if (image.identity < 0 || image.identity > kLargestIdentity)
            throw Error(ErrorKind::InvalidInput,
                        "market1501: person " + std::to_string(image.identity) + " of '"
                            + image.file
                            + "' does not fit into four digits; number the persons anew");
        const char *part = kTrain;
        if (image.split == Split::Test)
            part = queried.insert(image.identity).second ? kQuery : kGallery;
        std::array<char, 64> name{};
        std::snprintf(name.data(), name.size(), "%04lld_c1s1_%06d_00",
                      static_cast<long long>(image.identity), ++frame);
        const std::string target =
            folder + "/" + part + "/" + name.data() + fs::path(image.file).extension().string();
        writeFileAtomically(target, readFile(dataset.pathOf(image)));
    }
}

} // namespace sapsam
