#include "core/dataset/part_annotations.h"

#include "core/base/file.h"
#include "core/base/json_file.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <unordered_map>
#include <unordered_set>

namespace sapsam {

namespace {

namespace fs = std::filesystem;

using Severity = DatasetFinding::Severity;

constexpr const char *kListMark = "_data_final_";
constexpr const char *kScoreMark = "_score_dict_";
constexpr const char *kMaskJournalMark = "_masks.jsonl";

std::optional<std::int64_t> numberAfter(const std::string &name, const std::string &mark)
{
    const std::string ending = ".json";
    const std::size_t at = name.rfind(mark);
    if (at == std::string::npos || at == 0 || name.size() < at + mark.size() + ending.size() + 1
        || name.compare(name.size() - ending.size(), ending.size(), ending) != 0)
        return std::nullopt;
    std::int64_t value = 0;
    const char *end = name.data() + name.size() - ending.size();
    const auto [stop, error] = std::from_chars(name.data() + at + mark.size(), end, value);
    if (error != std::errc() || stop != end || value < 0)
        return std::nullopt;
    return value;
}

// The file whose number is the wanted one, else the one with the largest number.
std::string bestFile(const std::string &folder, const char *mark, std::int64_t wanted)
{
    std::string best;
    std::int64_t bestNumber = -1;
    std::error_code ignored;
    for (const fs::directory_entry &entry : fs::directory_iterator(folder, ignored)) {
        const std::string name = entry.path().filename().string();
        const std::optional<std::int64_t> number = numberAfter(name, mark);
        if (!number)
            continue;
        if (bestNumber == wanted && *number != wanted)
            continue;
        if (*number == wanted || *number > bestNumber || (*number == bestNumber && name < best)) {
            best = name;
            bestNumber = *number;
        }
    }
    return best;
}

Json readOrRefuse(const std::string &path)
{
    try {
        return readJsonFile(path);
    } catch (const Error &error) {
        if (error.kind() != ErrorKind::Corrupt)
            throw;
        throw DatasetError(ErrorKind::Corrupt, {Severity::Error, "json-error",
                                                fs::path(path).filename().string(), error.what()});
    }
}

std::string withoutLeadingSlash(const std::string &name)
{
    return !name.empty() && name.front() == '/' ? name.substr(1) : name;
}

std::string flatStem(const std::string &file)
{
    std::string flat = fs::path(file).replace_extension().generic_string();
    std::replace(flat.begin(), flat.end(), '/', '_');
    return flat;
}

// Reads the rows of a phrase list that fit the train list.
class ListReader
{
public:
    ListReader(const PeopleReading &people, std::vector<DatasetFinding> &findings)
        : m_people(people), m_findings(findings)
    {
    }

    std::optional<PartRow> read(const Json &row, std::int64_t number)
    {
        m_row = number;
        const std::string place = "phrase row " + std::to_string(number);
        if (!row.is_object() || !row.contains("name") || !row["name"].is_string()
            || !row.contains("attribute") || !row["attribute"].is_array()) {
            note(Severity::Error, "schema", place,
                 place + ": needs the keys 'name' and 'attribute'",
                 row.is_object() && row.contains("name") ? "attribute" : "name");
            return std::nullopt;
        }
        // Lists made without a model may leave the idx out: then the order counts.
        std::int64_t idx = number;
        if (row.contains("idx")) {
            if (!row["idx"].is_number_integer()) {
                note(Severity::Error, "bad-idx", place, place + ": the idx is no number",
                     row["idx"].dump());
                return std::nullopt;
            }
            idx = row["idx"].get<std::int64_t>();
        }
        const auto count = static_cast<std::int64_t>(m_people.trainRows.size());
        if (idx < 0 || idx >= count) {
            note(Severity::Error, "bad-idx", place,
                 place + ": the idx " + std::to_string(idx) + " is beyond the "
                     + std::to_string(count) + " captions of the train split",
                 std::to_string(idx));
            return std::nullopt;
        }
        const TrainRow &train = m_people.trainRows[static_cast<std::size_t>(idx)];
        const std::string name = row["name"].get<std::string>();
        if (withoutLeadingSlash(name) != train.file) {
            note(Severity::Error, "name-mismatch", train.file,
                 place + ": the name '" + name + "' is not the picture of train caption "
                     + std::to_string(idx) + ", '" + train.file + "'",
                 name);
            return std::nullopt;
        }
        if (train.image < 0 || train.caption < 0)
            return std::nullopt; // refused with its picture or caption, and reported there
        PartRow result;
        result.idx = idx;
        result.image = static_cast<std::size_t>(train.image);
        result.caption = static_cast<std::size_t>(train.caption);
        const Json &phrases = row["attribute"];
        if (phrases.empty()) {
            note(Severity::Warning, "no-phrase", place, place + " has no phrase");
            return std::nullopt;
        }
        if (phrases.front().is_array()) {
            note(Severity::Note, "nested-phrases", place,
                 place + ": the phrases are a list in a list; the row is skipped");
            return std::nullopt;
        }
        for (const Json &phrase : phrases) {
            if (!phrase.is_string()) {
                note(Severity::Error, "schema", place, place + ": a phrase is no text",
                     "attribute");
                return std::nullopt;
            }
            result.parts.push_back({phrase.get<std::string>(), {}, 0.0F});
        }
        if (row.contains("sentence") && row["sentence"].is_string()
            && row["sentence"].get<std::string>() != train.sentence)
            note(Severity::Note, "sentence-differs", place,
                 place + ": the sentence is not train caption " + std::to_string(idx));
        return result;
    }

private:
    void note(Severity severity, const std::string &code, const std::string &item,
              const std::string &text, const std::string &value = {})
    {
        m_findings.push_back({severity, code, item, text, m_row, value});
    }

    const PeopleReading &m_people;
    std::vector<DatasetFinding> &m_findings;
    std::int64_t m_row = -1;
};

} // namespace

std::size_t PartDataset::maskCount() const
{
    std::size_t count = 0;
    for (const PartRow &row : rows)
        count += static_cast<std::size_t>(
            std::count_if(row.parts.begin(), row.parts.end(),
                          [](const CaptionPart &part) { return !part.mask.empty(); }));
    return count;
}

std::optional<std::int64_t> phraseListNumber(const std::string &fileName)
{
    return numberAfter(fileName, kListMark);
}

std::string maskJournalOf(const std::string &folder, const std::string &name)
{
    return folder + "/" + name + kMaskJournalMark;
}

std::string maskStemOf(std::int64_t idx, const std::string &file, std::size_t part)
{
    return std::to_string(idx) + "__" + flatStem(file) + "_" + std::to_string(part);
}

std::optional<PartDataset> readParts(const std::string &folder, const PeopleReading &people)
{
    const auto count = static_cast<std::int64_t>(people.trainRows.size());
    const std::string list = bestFile(folder, kListMark, count);
    if (list.empty())
        return std::nullopt;
    PartDataset parts;
    parts.phraseFile = list;
    parts.maskFolder = folder + "/segs";
    const Json rows = readOrRefuse(folder + "/" + list);
    if (!rows.is_array())
        throw DatasetError(ErrorKind::Corrupt,
                           {Severity::Error, "schema", list,
                            folder + "/" + list + ": the top level must be a list of captions", -1,
                            "top level must be a list"});
    const std::string scoreFile = bestFile(folder, kScoreMark, count - 1);
    std::error_code ignored;
    ListReader reader(people, parts.findings);
    if (scoreFile.empty() && !fs::is_directory(parts.maskFolder, ignored)) {
        for (std::size_t i = 0; i < rows.size(); ++i)
            if (std::optional<PartRow> row = reader.read(rows[i], static_cast<std::int64_t>(i)))
                parts.rows.push_back(std::move(*row));
        parts.findings.push_back({Severity::Note, "phrases-only", list,
                                  "'" + list + "' has no masks yet: segment its phrases"});
        return parts;
    }
    if (scoreFile.empty()) {
        if (fs::exists(maskJournalOf(folder, people.dataset.name), ignored))
            throw DatasetError(ErrorKind::NotFound,
                               {Severity::Error, "unfinished", "score_dict",
                                folder + ": the masks of '" + list
                                    + "' are only made in part; run 'sapsam dataset masks " + folder
                                    + "' again, it goes on where it stopped"});
        throw DatasetError(ErrorKind::NotFound, {Severity::Error, "missing", "score_dict",
                                                 folder + ": '" + list + "' is there, but no …"
                                                     + kScoreMark + std::to_string(count - 1)
                                                     + ".json with the scores of the masks"});
    }
    const Json scores = readOrRefuse(folder + "/" + scoreFile);
    if (!scores.is_object())
        throw DatasetError(ErrorKind::Corrupt,
                           {Severity::Error, "schema", scoreFile,
                            folder + "/" + scoreFile + ": the top level must be an object", -1,
                            "top level must be an object"});
    if (!fs::is_directory(parts.maskFolder, ignored))
        throw DatasetError(ErrorKind::NotFound,
                           {Severity::Error, "missing", "segs",
                            parts.maskFolder + ": the folder of the masks is not there"});
    // One listing instead of a question for every one of hundreds of thousands of masks.
    std::unordered_set<std::string> files;
    for (const fs::directory_entry &entry : fs::directory_iterator(parts.maskFolder))
        files.insert(entry.path().filename().string());

    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto number = static_cast<std::int64_t>(i);
        std::optional<PartRow> row = reader.read(rows[i], number);
        if (!row)
            continue;
        const std::string flat = flatStem(people.dataset.images[row->image].file);
        bool complete = true;
        for (std::size_t k = 0; k < row->parts.size(); ++k) {
            CaptionPart &part = row->parts[k];
            const std::string published =
                std::to_string(row->idx) + "__" + flat + "_" + std::to_string(k);
            const std::string single =
                std::to_string(row->idx) + "_" + flat + "_" + std::to_string(k);
            const bool usesSingle =
                files.count(published + ".png") == 0 && files.count(single + ".png") > 0;
            const std::string &stem = usesSingle ? single : published;
            part.mask = stem + ".png";
            if (!usesSingle && files.count(part.mask) == 0) {
                parts.findings.push_back({Severity::Error, "missing-mask", part.mask,
                                          "the mask '" + part.mask + "' is missing", number});
                complete = false;
            }
            auto score = scores.find(stem);
            if (score == scores.end())
                score = scores.find(usesSingle ? published : single);
            if (score == scores.end() || !score->is_object() || !score->contains("score")
                || !(*score)["score"].is_number()) {
                parts.findings.push_back({Severity::Error, "missing-score", stem,
                                          scoreFile + ": the score of '" + stem + "' is missing",
                                          number});
                complete = false;
            } else {
                part.score = (*score)["score"].get<float>();
            }
        }
        if (complete)
            parts.rows.push_back(std::move(*row));
    }
    return parts;
}

std::string writeParts(const std::vector<PartRow> &rows, const PersonDataset &dataset,
                       const std::string &folder)
{
    OrderedJson list = OrderedJson::array();
    OrderedJson scores = OrderedJson::object();
    for (const PartRow &row : rows) {
        const PersonImage &image = dataset.images.at(row.image);
        OrderedJson phrases = OrderedJson::array();
        for (const CaptionPart &part : row.parts) {
            phrases.push_back(part.phrase);
            if (!part.mask.empty())
                scores[fs::path(part.mask).stem().string()] = {{"score", part.score},
                                                               {"text", part.phrase}};
        }
        list.push_back({{"name", "/" + image.file},
                        {"attribute", std::move(phrases)},
                        {"idx", row.idx},
                        {"sentence", image.captions.at(row.caption)}});
    }
    const std::string prefix = folder + "/" + dataset.name;
    const std::size_t count = rows.size();
    if (!scores.empty())
        writeFileAtomically(prefix + kScoreMark + std::to_string(count > 0 ? count - 1 : 0)
                                + ".json",
                            scores.dump() + "\n");
    const std::string path = prefix + kListMark + std::to_string(count) + ".json";
    writeFileAtomically(path, list.dump() + "\n");
    return path;
}

ImportedPhrases readPhrases(const std::string &path, const PeopleReading &people)
{
    const Json json = readOrRefuse(path);
    ImportedPhrases result;
    if (json.is_array()) {
        ListReader reader(people, result.findings);
        for (std::size_t i = 0; i < json.size(); ++i)
            if (std::optional<PartRow> row = reader.read(json[i], static_cast<std::int64_t>(i)))
                result.rows.push_back(std::move(*row));
        return result;
    }
    if (!json.is_object())
        throw DatasetError(ErrorKind::Corrupt,
                           {Severity::Error, "schema", fs::path(path).filename().string(),
                            path + ": neither a phrase list nor an object from caption to phrases",
                            -1, "top level must be a list or an object"});
    std::unordered_set<std::string> used;
    for (std::size_t i = 0; i < people.trainRows.size(); ++i) {
        const TrainRow &train = people.trainRows[i];
        const auto found = json.find(train.sentence);
        if (found == json.end() || train.image < 0 || train.caption < 0)
            continue;
        used.insert(train.sentence);
        PartRow row;
        row.idx = static_cast<std::int64_t>(i);
        row.image = static_cast<std::size_t>(train.image);
        row.caption = static_cast<std::size_t>(train.caption);
        bool usable = found->is_array() && !found->empty();
        for (std::size_t k = 0; usable && k < found->size(); ++k) {
            usable = (*found)[k].is_string();
            if (usable)
                row.parts.push_back({(*found)[k].get<std::string>(), {}, 0.0F});
        }
        if (usable)
            result.rows.push_back(std::move(row));
        else
            result.findings.push_back({Severity::Warning, "no-phrase", train.sentence,
                                       "'" + train.sentence + "' has no list of phrases", row.idx});
    }
    if (used.size() < json.size())
        result.findings.push_back({Severity::Note, "unknown-captions",
                                   fs::path(path).filename().string(),
                                   std::to_string(json.size() - used.size())
                                       + " captions of the file are not in the train split",
                                   -1, "", static_cast<std::int64_t>(json.size() - used.size())});
    return result;
}

} // namespace sapsam
