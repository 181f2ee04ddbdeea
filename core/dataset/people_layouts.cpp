#include "core/dataset/people_layouts.h"

#include "core/base/file.h"
#include "core/base/json_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <map>
#include <set>

namespace sapsam {

namespace {

namespace fs = std::filesystem;

using Severity = DatasetFinding::Severity;

// More captions than this for one picture are worth a word; a published picture has ten.
constexpr std::size_t kManyCaptions = 4;
// The older file of RSTPReid has other splits than the one that results are reported on.
constexpr std::int64_t kOldRstpTrainPersons = 3901;

std::int64_t firstTrainIdentityOf(PeopleLayout layout)
{
    return layout == PeopleLayout::CuhkPedes ? 1 : 0;
}

// Processed copies of RSTPReid use the other sets' key, so all keys are read everywhere.
std::vector<const char *> pathKeysOf(PeopleLayout layout)
{
    if (layout == PeopleLayout::RstpReid)
        return {"img_path", "file_path"};
    return {"file_path", "img_path"};
}

bool exists(const std::string &path)
{
    std::error_code ignored;
    return fs::exists(path, ignored);
}

std::string annotationIn(PeopleLayout layout, const std::string &folder)
{
    for (const std::string &name : annotationNamesOf(layout))
        if (exists(folder + "/" + name))
            return name;
    return {};
}

std::string datasetFolder(PeopleLayout layout, const std::string &folder)
{
    std::error_code ignored;
    if (annotationIn(layout, folder).empty())
        for (const std::string &name : folderNamesOf(layout))
            if (fs::is_directory(folder + "/" + name, ignored))
                return folder + "/" + name;
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

std::vector<std::string> tokensOf(const std::string &caption)
{
    std::vector<std::string> tokens;
    std::string word;
    for (const char c : caption + " ") {
        if (c >= 'A' && c <= 'Z') {
            word.push_back(static_cast<char>(c + 32));
        } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
                   || static_cast<unsigned char>(c) >= 0x80) {
            word.push_back(c);
        } else if (!word.empty()) {
            tokens.push_back(word);
            word.clear();
        }
    }
    return tokens;
}

bool isBlank(const std::string &text)
{
    return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

// U+3000 and beyond up to the surrogates in UTF-8: kana, hangul and Chinese characters.
bool hasEastAsianScript(const std::string &text)
{
    return std::any_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte >= 0xe3 && byte <= 0xed;
    });
}

class Reader
{
public:
    Reader(PeopleLayout layout, PeopleReading &reading) : m_layout(layout), m_reading(reading) {}

    void readRow(const Json &row, std::int64_t number)
    {
        m_row = number;
        const std::string place = "row " + std::to_string(number);
        // The published loaders count the captions of a train row before anything is checked.
        const std::size_t firstTrainRow = m_reading.trainRows.size();
        if (!row.is_object()) {
            note(Severity::Error, "schema", place, place + " is no object", "row");
            return;
        }
        PersonImage image;
        std::string fileKey;
        for (const char *key : pathKeysOf(m_layout))
            if (fileKey.empty() && row.contains(key) && row[key].is_string())
                fileKey = key;
        const bool isTrain =
            row.contains("split") && row["split"].is_string() && row["split"] == "train";
        m_hasTrainRow = m_hasTrainRow || isTrain;
        if (isTrain && row.contains("captions") && row["captions"].is_array())
            for (const Json &caption : row["captions"])
                m_reading.trainRows.push_back(
                    {fileKey.empty() ? std::string() : row[fileKey].get<std::string>(),
                     caption.is_string() ? caption.get<std::string>() : std::string(), -1, -1});

        const std::optional<std::int64_t> identity = identityOf(row);
        if (!identity) {
            note(Severity::Error, "bad-id", place, place + ": the key 'id' is missing or no number",
                 "id");
            return;
        }
        image.identity = *identity;
        m_seen.insert(*identity);
        if (fileKey.empty()) {
            const std::string key = pathKeysOf(m_layout).front();
            note(Severity::Error, "schema", place,
                 place + ": the key '" + key + "' is missing or no text", key);
            return;
        }
        image.file = row[fileKey].get<std::string>();
        if (!isSafeRelativePath(image.file)) {
            note(Severity::Error, "refused-path", image.file,
                 place + ": the path '" + image.file + "' leaves the picture folder");
            return;
        }
        if (!row.contains("split") || !row["split"].is_string()) {
            note(Severity::Error, "schema", place,
                 place + ": the key 'split' is missing or no text", "split");
            return;
        }
        const std::string splitName = row["split"].get<std::string>();
        const std::optional<Split> split = splitFromName(splitName);
        if (!split) {
            note(Severity::Error, "unknown-split", splitName,
                 place + ": the split '" + splitName + "' is not train, val or test", splitName);
            return;
        }
        image.split = *split;
        if (!readCaptions(row, place, image, isTrain, firstTrainRow))
            return;
        std::error_code ignored;
        if (!fs::is_regular_file(m_reading.dataset.pathOf(image), ignored)) {
            note(Severity::Error, "missing-image", image.file,
                 "the picture '" + image.file + "' is missing");
            return;
        }
        if (!m_files.insert(image.file).second)
            note(Severity::Warning, "duplicate-image", image.file,
                 "the picture '" + image.file + "' occurs more than once");
        const auto index = static_cast<std::int64_t>(m_reading.dataset.images.size());
        for (std::size_t i = firstTrainRow; i < m_reading.trainRows.size(); ++i)
            m_reading.trainRows[i].image = index;
        m_reading.dataset.images.push_back(std::move(image));
    }

    void finish(const PeopleReadOptions &options)
    {
        m_row = -1;
        std::set<std::int64_t> train;
        std::map<std::int64_t, std::set<Split>> splits;
        std::map<std::string, std::set<std::int64_t>> personsOfCaption;
        for (const PersonImage &image : m_reading.dataset.images) {
            splits[image.identity].insert(image.split);
            if (image.split == Split::Train)
                train.insert(image.identity);
            for (const std::string &caption : image.captions)
                personsOfCaption[caption].insert(image.identity);
        }
        for (const auto &[identity, found] : splits)
            if (found.size() > 1)
                note(Severity::Warning, "id-in-two-splits", std::to_string(identity),
                     "person " + std::to_string(identity)
                         + " is in more than one split: what is learned about them leaks into the "
                           "measurement");
        for (const auto &[caption, persons] : personsOfCaption)
            if (persons.size() > 1) {
                note(Severity::Note, "copied-caption", caption,
                     "the caption '" + caption + "' is that of " + std::to_string(persons.size())
                         + " persons");
                m_reading.dataset.findings.back().count = static_cast<std::int64_t>(persons.size());
            }
        // Persons of refused rows leave no hole of their own: those rows are reported already.
        if (!train.empty())
            for (const std::int64_t identity : m_seen)
                if (identity < *train.rbegin() && splits.count(identity) == 0)
                    train.insert(identity);
        checkTrainIdentities(train, options);
    }

private:
    void checkTrainIdentities(const std::set<std::int64_t> &train, const PeopleReadOptions &options)
    {
        const std::int64_t first = firstTrainIdentityOf(m_layout);
        const auto count = static_cast<std::int64_t>(train.size());
        if (train.empty()) {
            if (m_hasTrainRow)
                return;
            note(Severity::Warning, "empty-split", "train", "the train split is empty", "train");
            return;
        }
        if (m_layout == PeopleLayout::RstpReid && count == kOldRstpTrainPersons)
            note(Severity::Warning, "old-split", "train",
                 "3901 train persons: this is the older split of RSTPReid; results are reported on "
                 "the one with 3701");
        if (*train.begin() == first && *train.rbegin() == first + count - 1)
            return;
        std::string labels;
        constexpr std::size_t shown = 50;
        std::size_t listed = 0;
        for (const std::int64_t identity : train)
            if (listed++ < shown)
                labels += (labels.empty() ? "" : " ") + std::to_string(identity - first);
        const bool anew = options.trainLabels == TrainLabels::NumberedAnew;
        note(anew ? Severity::Note : Severity::Error, "train-ids-not-contiguous",
             std::to_string(*train.rbegin()),
             "the train persons are not numbered " + std::to_string(first) + " to "
                 + std::to_string(first + count - 1) + " without holes"
                 + (anew ? "; their labels are numbered anew" : "; ask for labels numbered anew"),
             labels);
    }

    bool readCaptions(const Json &row, const std::string &place, PersonImage &image, bool isTrain,
                      std::size_t firstTrainRow)
    {
        if (!row.contains("captions") || !row["captions"].is_array()) {
            note(Severity::Error, "schema", place,
                 place + ": the key 'captions' is missing or no list", "captions");
            return false;
        }
        const Json &captions = row["captions"];
        for (std::size_t i = 0; i < captions.size(); ++i) {
            if (!captions[i].is_string()) {
                note(Severity::Error, "schema", place, place + ": a caption is no text",
                     "captions");
                return false;
            }
            const std::string caption = captions[i].get<std::string>();
            const std::string number = std::to_string(i);
            if (isBlank(caption)) {
                note(Severity::Warning, "empty-caption", image.file,
                     place + ": caption " + number + " is empty", number);
                continue;
            }
            if (const std::string why = programTextIn(caption); !why.empty())
                note(Severity::Warning, "program-text", image.file,
                     place + ": caption " + number + " looks like program text (" + why + ")",
                     number);
            else if (hasEastAsianScript(caption))
                note(Severity::Note, "other-script", image.file,
                     place + ": caption " + number
                         + " has characters that the tokenizers cut into many pieces",
                     number);
            if (isTrain)
                m_reading.trainRows[firstTrainRow + i].caption =
                    static_cast<std::int64_t>(image.captions.size());
            image.captions.push_back(caption);
        }
        if (captions.empty())
            note(Severity::Warning, "no-caption", image.file, place + " has no caption");
        else if (captions.size() > kManyCaptions)
            note(Severity::Note, "many-captions", image.file,
                 place + " has " + std::to_string(captions.size()) + " captions",
                 std::to_string(captions.size()));
        return true;
    }

    void note(Severity severity, const std::string &code, const std::string &item,
              const std::string &text, const std::string &value = {})
    {
        m_reading.dataset.findings.push_back({severity, code, item, text, m_row, value});
    }

    PeopleLayout m_layout;
    PeopleReading &m_reading;
    std::int64_t m_row = -1;
    std::set<std::string> m_files;
    std::set<std::int64_t> m_seen; // identities of all rows, also of refused ones
    bool m_hasTrainRow = false;
};

[[noreturn]] void refuse(ErrorKind kind, const std::string &code, const std::string &item,
                         const std::string &text, const std::string &value = {})
{
    throw DatasetError(kind, {Severity::Error, code, item, text, -1, value});
}

} // namespace

const char *nameOf(PeopleLayout layout)
{
    switch (layout) {
    case PeopleLayout::CuhkPedes:
        return "CUHK-PEDES";
    case PeopleLayout::IcfgPedes:
        return "ICFG-PEDES";
    case PeopleLayout::RstpReid:
        return "RSTPReid";
    }
    return "";
}

std::vector<std::string> annotationNamesOf(PeopleLayout layout)
{
    switch (layout) {
    case PeopleLayout::CuhkPedes:
        return {"reid_raw.json"};
    case PeopleLayout::IcfgPedes:
        return {"ICFG-PEDES.json", "ICFG_PEDES.json"};
    case PeopleLayout::RstpReid:
        return {"data_captions.json"};
    }
    return {};
}

std::vector<std::string> folderNamesOf(PeopleLayout layout)
{
    switch (layout) {
    case PeopleLayout::CuhkPedes:
        return {"CUHK-PEDES", "CUHK_PEDES"};
    case PeopleLayout::IcfgPedes:
        return {"ICFG-PEDES", "ICFG_PEDES"};
    case PeopleLayout::RstpReid:
        return {"RSTPReid", "RSTPReID"};
    }
    return {};
}

PeopleReading readPeople(PeopleLayout layout, const std::string &folder,
                         const PeopleReadOptions &options)
{
    const std::string root = datasetFolder(layout, folder);
    const std::string usual = annotationNamesOf(layout).front();
    const std::string annotation = annotationIn(layout, root);
    if (annotation.empty() && layout == PeopleLayout::CuhkPedes
        && exists(root + "/caption_all.json"))
        refuse(ErrorKind::NotFound, "missing", usual,
               root + "/" + usual
                   + ": not there; caption_all.json has no splits and cannot replace it, get "
                     "reid_raw.json",
               "caption_all.json");
    if (annotation.empty())
        refuse(ErrorKind::NotFound, "missing", usual,
               root + "/" + usual + ": the annotation is not there");
    const std::string path = root + "/" + annotation;

    PeopleReading reading;
    PersonDataset &dataset = reading.dataset;
    dataset.name = nameOf(layout);
    dataset.imageFolder = root + "/imgs";
    dataset.firstTrainIdentity = firstTrainIdentityOf(layout);
    Json json;
    try {
        json = readJsonFile(path);
    } catch (const Error &error) {
        if (error.kind() != ErrorKind::Corrupt)
            throw;
        refuse(ErrorKind::Corrupt, "json-error", annotation, error.what());
    }
    if (!json.is_array())
        refuse(ErrorKind::Corrupt, "schema", annotation,
               path + ": the top level must be a list of pictures", "top level must be a list");
    std::error_code ignored;
    if (!fs::is_directory(dataset.imageFolder, ignored))
        refuse(ErrorKind::NotFound, "missing", "imgs",
               dataset.imageFolder + ": the folder of the pictures is not there");

    // A folder of the published set that is missing altogether is one fact, not thousands.
    std::map<std::string, std::int64_t> missingFolders;
    Reader reader(layout, reading);
    for (std::size_t i = 0; i < json.size(); ++i)
        reader.readRow(json[i], static_cast<std::int64_t>(i));
    for (const DatasetFinding &finding : dataset.findings) {
        if (finding.code != "missing-image")
            continue;
        const std::string parent = fs::path(finding.item).parent_path().generic_string();
        if (!parent.empty() && !fs::is_directory(dataset.imageFolder + "/" + parent, ignored))
            ++missingFolders[parent];
    }
    reader.finish(options);
    for (const auto &[name, count] : missingFolders)
        dataset.findings.push_back({Severity::Error, "missing-folder", name,
                                    "the folder 'imgs/" + name + "' with " + std::to_string(count)
                                        + " listed pictures is missing",
                                    -1, "", count});
    return reading;
}

void writePeople(PeopleLayout layout, const PersonDataset &dataset, const std::string &folder)
{
    OrderedJson rows = OrderedJson::array();
    for (const PersonImage &image : dataset.images) {
        OrderedJson row;
        if (layout == PeopleLayout::RstpReid) {
            row = {{"id", image.identity},
                   {"img_path", image.file},
                   {"captions", image.captions},
                   {"split", nameOf(image.split)}};
        } else {
            OrderedJson tokens = OrderedJson::array();
            for (const std::string &caption : image.captions)
                tokens.push_back(tokensOf(caption));
            row = {{"split", nameOf(image.split)},
                   {"captions", image.captions},
                   {"file_path", image.file},
                   {"processed_tokens", std::move(tokens)},
                   {"id", image.identity}};
        }
        rows.push_back(std::move(row));
    }
    writeFileAtomically(folder + "/" + annotationNamesOf(layout).front(), rows.dump() + "\n");
}

std::string programTextIn(const std::string &caption)
{
    static constexpr std::array<const char *, 18> signs{
        "</",         "/>",      "&nbsp",   "http://", "https://", "function(",
        "function (", "return ", "import ", "var ",    "==",       "){",
        ") {",        "();",     "::",      "\\n",     "#include", "</td"};
    // Words alone are no sign: "return" is English. They count with the marks of a program.
    const std::size_t marks =
        static_cast<std::size_t>(std::count_if(caption.begin(), caption.end(), [](char c) {
            return c == '{' || c == '}' || c == '<' || c == '>' || c == '=' || c == '$' || c == '\\'
                   || c == '[' || c == ']' || c == '_';
        }));
    for (const char *sign : signs) {
        const std::string text = sign;
        const bool isWord = text.back() == ' ' && text.front() != ')';
        if (caption.find(text) != std::string::npos && (!isWord || marks > 0))
            return "'" + text + "'";
    }
    constexpr std::size_t manyMarks = 3;
    if (marks >= manyMarks)
        return std::to_string(marks) + " marks of a program";
    return {};
}

} // namespace sapsam
