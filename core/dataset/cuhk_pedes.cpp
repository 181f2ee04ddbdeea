#include "core/dataset/cuhk_pedes.h"

#include "core/base/file.h"
#include "core/base/json_file.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <set>

namespace sapsam {

namespace {

namespace fs = std::filesystem;

constexpr const char *kAnnotation = "reid_raw.json";

std::string datasetFolder(const std::string &folder)
{
    std::error_code ignored;
    if (!fs::exists(folder + "/" + kAnnotation, ignored)
        && fs::is_directory(folder + "/CUHK-PEDES", ignored))
        return folder + "/CUHK-PEDES";
    return folder;
}

// Numbers, and numbers written as text: both occur.
std::optional<std::int64_t> identityOf(const Json &row)
{
    const auto found = row.find("id");
    if (found == row.end())
        return std::nullopt;
    if (found->is_number_integer())
        return found->get<std::int64_t>();
    if (!found->is_string())
        return std::nullopt;
    const std::string text = found->get<std::string>();
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

std::string tokenTextOf(const std::string &caption)
{
    std::string result;
    for (const char c : caption) {
        if (c >= 'A' && c <= 'Z')
            result.push_back(static_cast<char>(c + 32));
        else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
                 || static_cast<unsigned char>(c) >= 0x80)
            result.push_back(c);
        else
            result.push_back(' ');
    }
    return result;
}

std::vector<std::string> tokensOf(const std::string &caption)
{
    std::vector<std::string> tokens;
    std::string word;
    for (const char c : tokenTextOf(caption) + " ") {
        if (c != ' ') {
            word.push_back(c);
        } else if (!word.empty()) {
            tokens.push_back(word);
            word.clear();
        }
    }
    return tokens;
}

class Reader
{
public:
    explicit Reader(PersonDataset &dataset) : m_dataset(dataset) {}

    void readRow(const Json &row, std::size_t number)
    {
        const std::string place = "row " + std::to_string(number);
        if (!row.is_object()) {
            error("schema", place, place + " is no object");
            return;
        }
        PersonImage image;
        const std::optional<std::int64_t> identity = identityOf(row);
        if (!identity) {
            error("bad-id", place, place + ": the key 'id' is missing or no number");
            return;
        }
        image.identity = *identity;
        if (!row.contains("file_path") || !row["file_path"].is_string()) {
            error("schema", place, place + ": the key 'file_path' is missing or no text");
            return;
        }
        image.file = row["file_path"].get<std::string>();
        if (!isSafeRelativePath(image.file)) {
            error("refused-path", image.file,
                  place + ": the path '" + image.file + "' leaves the picture folder");
            return;
        }
        if (!row.contains("split") || !row["split"].is_string()) {
            error("schema", place, place + ": the key 'split' is missing or no text");
            return;
        }
        const std::string splitName = row["split"].get<std::string>();
        const std::optional<Split> split = splitFromName(splitName);
        if (!split) {
            error("unknown-split", splitName,
                  place + ": the split '" + splitName + "' is not train, val or test");
            return;
        }
        image.split = *split;
        if (!readCaptions(row, place, image))
            return;
        std::error_code ignored;
        if (!fs::is_regular_file(m_dataset.pathOf(image), ignored)) {
            error("missing-image", image.file, "the picture '" + image.file + "' is missing");
            return;
        }
        if (!m_files.insert(image.file).second)
            warn("duplicate-image", image.file,
                 "the picture '" + image.file + "' occurs more than once");
        m_dataset.images.push_back(std::move(image));
    }

    void finish()
    {
        std::set<std::int64_t> train;
        std::map<std::int64_t, std::set<Split>> splits;
        for (const PersonImage &image : m_dataset.images) {
            splits[image.identity].insert(image.split);
            if (image.split == Split::Train)
                train.insert(image.identity);
        }
        for (const auto &[identity, found] : splits)
            if (found.size() > 1)
                warn("id-in-two-splits", std::to_string(identity),
                     "person " + std::to_string(identity) + " is in more than one split");
        if (train.empty())
            warn("empty-split", "train", "the train split is empty");
        else if (*train.begin() != 1 || *train.rbegin() != static_cast<std::int64_t>(train.size()))
            error("train-ids-not-contiguous", std::to_string(*train.rbegin()),
                  "the train persons are not numbered 1 to " + std::to_string(train.size())
                      + " without holes; number them anew to train on them");
    }

private:
    bool readCaptions(const Json &row, const std::string &place, PersonImage &image)
    {
        if (!row.contains("captions") || !row["captions"].is_array()) {
            error("schema", place, place + ": the key 'captions' is missing or no list");
            return false;
        }
        const Json &captions = row["captions"];
        for (std::size_t i = 0; i < captions.size(); ++i) {
            if (!captions[i].is_string()) {
                error("schema", place, place + ": a caption is no text");
                return false;
            }
            const std::string caption = captions[i].get<std::string>();
            if (caption.find_first_not_of(" \t\r\n") == std::string::npos)
                warn("empty-caption", place,
                     place + ": caption " + std::to_string(i) + " is empty");
            else
                image.captions.push_back(caption);
        }
        if (captions.empty())
            warn("no-caption", place, place + " has no caption");
        return true;
    }

    void error(const std::string &code, const std::string &item, const std::string &text)
    {
        m_dataset.findings.push_back({DatasetFinding::Severity::Error, code, item, text});
    }
    void warn(const std::string &code, const std::string &item, const std::string &text)
    {
        m_dataset.findings.push_back({DatasetFinding::Severity::Warning, code, item, text});
    }

    PersonDataset &m_dataset;
    std::set<std::string> m_files;
};

} // namespace

PersonDataset readCuhkPedes(const std::string &folder)
{
    const std::string root = datasetFolder(folder);
    const std::string path = root + "/" + kAnnotation;
    std::error_code ignored;
    if (!fs::exists(path, ignored) && fs::exists(root + "/caption_all.json", ignored))
        throw Error(ErrorKind::NotFound,
                    path
                        + ": not there; caption_all.json has no splits and cannot replace it, get "
                          "reid_raw.json");
    PersonDataset dataset;
    dataset.name = "CUHK-PEDES";
    dataset.imageFolder = root + "/imgs";
    const Json json = readJsonFile(path);
    if (!json.is_array())
        throw Error(ErrorKind::Corrupt, path + ": the top level must be a list of pictures");
    if (!fs::is_directory(dataset.imageFolder, ignored))
        throw Error(ErrorKind::NotFound,
                    dataset.imageFolder + ": the folder of the pictures is not there");
    Reader reader(dataset);
    for (std::size_t i = 0; i < json.size(); ++i)
        reader.readRow(json[i], i);
    reader.finish();
    return dataset;
}

void writeCuhkPedes(const PersonDataset &dataset, const std::string &folder)
{
    OrderedJson rows = OrderedJson::array();
    for (const PersonImage &image : dataset.images) {
        OrderedJson tokens = OrderedJson::array();
        for (const std::string &caption : image.captions)
            tokens.push_back(tokensOf(caption));
        rows.push_back({{"split", nameOf(image.split)},
                        {"captions", image.captions},
                        {"file_path", image.file},
                        {"processed_tokens", tokens},
                        {"id", image.identity}});
    }
    writeFileAtomically(folder + "/" + kAnnotation, rows.dump() + "\n");
}

} // namespace sapsam
