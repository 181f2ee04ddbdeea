#include "core/dataset/atr.h"

#include "core/base/file.h"
#include "core/base/json_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <set>

namespace sapsam {

namespace {

namespace fs = std::filesystem;

constexpr const char *kImages = "JPEGImages";
constexpr const char *kMasks = "SegmentationClassAug";

constexpr std::array<const char *, kAtrClasses> kLabelNames{
    "background", "hat",       "hair",     "sunglass",  "upper-clothes", "skirt",
    "pants",      "dress",     "belt",     "left-shoe", "right-shoe",    "face",
    "left-leg",   "right-leg", "left-arm", "right-arm", "bag",           "scarf"};

std::string datasetFolder(const std::string &folder)
{
    std::error_code ignored;
    if (!fs::is_directory(folder + "/" + kImages, ignored))
        for (const char *name : {"ATR", "humanparsing"})
            if (fs::is_directory(folder + "/" + name, ignored))
                return folder + "/" + name;
    return folder;
}

std::optional<int> wholeNumber(const std::string &text)
{
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

std::string phraseFile(const std::string &folder, const std::string &split)
{
    return folder + "/atr_item_descriptions_" + split + ".json";
}

void readLabels(AtrDataset &dataset)
{
    const std::string path = dataset.folder + "/atr_label.txt";
    std::error_code ignored;
    if (!fs::exists(path, ignored))
        return;
    const std::string text = readFile(path);
    std::size_t start = 0;
    for (int line = 1; start < text.size(); ++line) {
        std::size_t end = text.find('\n', start);
        if (end == std::string::npos)
            end = text.size();
        std::string row = text.substr(start, end - start);
        start = end + 1;
        while (!row.empty() && (row.back() == '\r' || row.back() == ' '))
            row.pop_back();
        if (row.empty())
            continue;
        const std::size_t space = row.find_last_of(" \t");
        const std::size_t nameEnd = row.find_first_of(" \t");
        const std::optional<int> id =
            space == std::string::npos ? std::nullopt : wholeNumber(row.substr(space + 1));
        if (!id || nameEnd == 0)
            throw DatasetError(
                ErrorKind::Corrupt,
                {DatasetFinding::Severity::Error, "schema", "atr_label.txt",
                 path + ": line " + std::to_string(line) + " is not a name and an id", line - 1,
                 "label"});
        dataset.labels[*id] = row.substr(0, nameEnd);
    }
}

void readPhrases(AtrDataset &dataset, const std::string &split,
                 const std::set<std::string> &withoutMask)
{
    const std::string path = phraseFile(dataset.folder, split);
    std::error_code ignored;
    if (!fs::exists(path, ignored))
        return;
    Json json;
    try {
        json = readJsonFile(path);
    } catch (const Error &error) {
        if (error.kind() != ErrorKind::Corrupt)
            throw;
        throw DatasetError(ErrorKind::Corrupt, {DatasetFinding::Severity::Error, "json-error",
                                                fs::path(path).filename().string(), error.what()});
    }
    if (!json.is_array())
        throw DatasetError(ErrorKind::Corrupt, {DatasetFinding::Severity::Error, "schema",
                                                fs::path(path).filename().string(),
                                                path + ": the top level must be a list of phrases",
                                                -1, "top level must be a list"});
    const std::set<std::string> known(dataset.names.begin(), dataset.names.end());
    std::vector<AtrPhrase> &phrases = dataset.phrases[split];
    for (std::size_t i = 0; i < json.size(); ++i) {
        const Json &row = json[i];
        const std::string place = split + " row " + std::to_string(i);
        const auto report = [&](const char *code, const std::string &item, const std::string &text,
                                const std::string &value = {}) {
            dataset.findings.push_back({DatasetFinding::Severity::Error, code, item,
                                        place + ": " + text, static_cast<std::int64_t>(i), value});
        };
        if (!row.is_object() || !row.contains("name") || !row["name"].is_string()
            || !row.contains("text") || !row["text"].is_string() || !row.contains("idx")) {
            report("schema", place, "needs the keys 'name', 'idx' and 'text'");
            continue;
        }
        AtrPhrase phrase;
        phrase.image = row["name"].get<std::string>();
        phrase.text = row["text"].get<std::string>();
        std::optional<int> idx;
        if (row["idx"].is_number_integer())
            idx = row["idx"].get<int>();
        else if (row["idx"].is_string())
            idx = wholeNumber(row["idx"].get<std::string>());
        if (!idx || !isAtrPhraseIdx(*idx)) {
            report("bad-idx", place,
                   "idx " + row["idx"].dump() + " is no part group; it is 1 to 7, 9 or 16",
                   row["idx"].is_string() ? row["idx"].get<std::string>() : row["idx"].dump());
            continue;
        }
        phrase.idx = *idx;
        const std::string stem = fs::path(phrase.image).stem().string();
        if (withoutMask.count(stem) > 0)
            continue; // reported with its mask
        if (known.count(stem) == 0) {
            report("phrase-without-image", phrase.image,
                   "the picture '" + phrase.image + "' is missing");
            continue;
        }
        phrase.row = static_cast<std::int64_t>(i);
        phrases.push_back(std::move(phrase));
    }
}

} // namespace

std::string AtrDataset::imagePath(const std::string &name) const
{
    return folder + "/" + kImages + "/" + name + ".jpg";
}

std::string AtrDataset::maskPath(const std::string &name) const
{
    return folder + "/" + kMasks + "/" + name + ".png";
}

std::vector<int> atrTargetClasses(int idx)
{
    return idx == 9 ? std::vector<int>{9, 10} : std::vector<int>{idx};
}

bool isAtrPhraseIdx(int idx)
{
    return (idx >= 1 && idx <= 7) || idx == 9 || idx == 16;
}

AtrDataset readAtr(const std::string &folder)
{
    AtrDataset dataset;
    dataset.folder = datasetFolder(folder);
    std::error_code error;
    for (const char *part : {kImages, kMasks})
        if (!fs::is_directory(dataset.folder + "/" + part, error))
            throw DatasetError(ErrorKind::NotFound,
                               {DatasetFinding::Severity::Error, "missing", part,
                                dataset.folder + "/" + part + ": the folder is not there"});
    std::set<std::string> withoutMask;
    for (const fs::directory_entry &entry :
         fs::directory_iterator(dataset.folder + "/" + kImages)) {
        const fs::path &path = entry.path();
        if (path.extension() != ".jpg")
            continue;
        const std::string name = path.stem().string();
        if (!fs::is_regular_file(dataset.maskPath(name), error)) {
            dataset.findings.push_back({DatasetFinding::Severity::Error, "missing-mask",
                                        name + ".png",
                                        "the mask of the picture '" + name + "' is missing"});
            withoutMask.insert(name);
            continue;
        }
        dataset.names.push_back(name);
    }
    for (const fs::directory_entry &entry : fs::directory_iterator(dataset.folder + "/" + kMasks)) {
        const std::string name = entry.path().stem().string();
        if (entry.path().extension() == ".png"
            && !fs::is_regular_file(dataset.imagePath(name), error))
            dataset.findings.push_back({DatasetFinding::Severity::Warning, "mask-without-image",
                                        name + ".png",
                                        "the mask '" + name + ".png' has no picture"});
    }
    std::sort(dataset.names.begin(), dataset.names.end());
    readLabels(dataset);
    for (const char *split : {"train", "dev", "test"})
        readPhrases(dataset, split, withoutMask);
    return dataset;
}

void writeAtrLabelFile(const std::string &folder)
{
    std::string text;
    for (std::size_t id = 0; id < kLabelNames.size(); ++id) {
        std::string name = kLabelNames[id];
        name.resize(15, ' ');
        text += (id > 0 ? "\n" : "") + name + std::to_string(id);
    }
    writeFileAtomically(folder + "/atr_label.txt", text);
}

void writeAtrPhrases(const std::vector<AtrPhrase> &phrases, const std::string &folder,
                     const std::string &split)
{
    OrderedJson rows = OrderedJson::array();
    for (const AtrPhrase &phrase : phrases)
        rows.push_back(
            {{"name", phrase.image}, {"idx", std::to_string(phrase.idx)}, {"text", phrase.text}});
    writeFileAtomically(phraseFile(folder, split), rows.dump() + "\n");
}

} // namespace sapsam
