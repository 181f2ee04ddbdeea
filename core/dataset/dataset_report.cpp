#include "core/dataset/dataset_report.h"

#include "core/dataset/picture_checks.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <map>
#include <set>

namespace sapsam {

namespace {

using Severity = DatasetFinding::Severity;

// Findings that the summary lists as plain names, and under which key.
constexpr std::array<std::pair<const char *, const char *>, 22> kItemLists{{
    {"missing-image", "missing_images"},
    {"missing-folder", "missing_folders"},
    {"refused-path", "refused_paths"},
    {"duplicate-image", "duplicate_paths"},
    {"truncated-image", "truncated_images"},
    {"undecodable-image", "undecodable_images"},
    {"missing-mask", "missing_masks"},
    {"missing-score", "missing_scores"},
    {"bad-mask", "bad_mask_mode"},
    {"phrase-without-image", "rows_without_image"},
    {"mask-without-image", "masks_without_image"},
    {"mask-values", "masks_with_255"},
    {"bad-name", "bad_names"},
    {"program-text", "captions_with_program_text"},
    {"other-script", "captions_in_other_script"},
    {"many-captions", "images_with_many_captions"},
    {"copied-caption", "copied_captions"},
    {"no-list", "missing_lists"},
    {"old-split", "old_split"},
    {"junk-boxes", "junk_boxes"},
    {"sentence-differs", "sentences_that_differ"},
    {"unknown-captions", "unknown_captions"},
}};

constexpr std::array<std::pair<const char *, const char *>, 3> kRowLists{{
    {"no-caption", "rows_without_caption"},
    {"no-phrase", "rows_without_phrase"},
    {"nested-phrases", "skipped_rows"},
}};

// A whole number as one, everything else as text.
OrderedJson numberOrText(const std::string &text)
{
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size())
        return value;
    return text;
}

OrderedJson sizesOf(const std::string &text)
{
    OrderedJson sizes = OrderedJson::array();
    std::size_t start = 0;
    while (start < text.size()) {
        std::size_t end = text.find(' ', start);
        if (end == std::string::npos)
            end = text.size();
        const std::string size = text.substr(start, end - start);
        const std::size_t cross = size.find('x');
        sizes.push_back({std::stoi(size.substr(0, cross)), std::stoi(size.substr(cross + 1))});
        start = end + 1;
    }
    return sizes;
}

OrderedJson numbersOf(const std::string &text)
{
    OrderedJson numbers = OrderedJson::array();
    std::size_t start = 0;
    while (start < text.size()) {
        std::size_t end = text.find(' ', start);
        if (end == std::string::npos)
            end = text.size();
        numbers.push_back(numberOrText(text.substr(start, end - start)));
        start = end + 1;
    }
    return numbers;
}

void addToSummary(OrderedJson &summary, const DatasetFinding &finding, bool isAtr)
{
    for (const auto &[code, key] : kItemLists)
        if (finding.code == code)
            summary[key].push_back(finding.item);
    for (const auto &[code, key] : kRowLists)
        if (finding.code == code)
            summary[key].push_back(finding.row);
    if (finding.code == "missing") {
        summary["missing"] = finding.item;
        if (!finding.value.empty())
            summary["hint"] =
                finding.value + " carries no split field and cannot replace " + finding.item;
    } else if (finding.code == "json-error") {
        summary["json_error"] = true;
    } else if (finding.code == "schema" || finding.code == "bad-id") {
        if (!summary.contains("schema_error")) {
            summary["schema_error"] = finding.value;
            if (finding.row >= 0)
                summary["row"] = finding.row;
        }
    } else if (finding.code == "unknown-split") {
        OrderedJson &count = summary["unknown_splits"][finding.value];
        count = (count.is_null() ? 0 : count.get<int>()) + 1;
    } else if (finding.code == "empty-split") {
        summary["empty_split"] = finding.value;
    } else if (finding.code == "train-ids-not-contiguous") {
        summary["train_labels_found"] = numbersOf(finding.value);
    } else if (finding.code == "empty-caption") {
        summary["empty_captions"].push_back({finding.row, numberOrText(finding.value)});
    } else if (finding.code == "id-in-two-splits") {
        summary["ids_in_two_splits"].push_back(numberOrText(finding.item));
    } else if (finding.code == "bad-label") {
        summary["bad_labels"][finding.item][finding.value] = finding.count;
    } else if (finding.code == "ignored-pixels") {
        summary["ignored_pixels"][finding.item] = finding.count;
    } else if (finding.code == "size-mismatch") {
        summary["size_mismatch"][finding.item] = sizesOf(finding.value);
    } else if (finding.code == "bad-idx") {
        // ATR writes the idx as text, SAP-SAM's phrase list as a number.
        summary["bad_idx"].push_back(
            {{"row", finding.row},
             {"idx", isAtr ? OrderedJson(finding.value) : numberOrText(finding.value)}});
    } else if (finding.code == "empty-target") {
        summary["empty_targets"].push_back({{"row", finding.row}, {"idx", finding.value}});
    } else if (finding.code == "name-mismatch") {
        summary["name_mismatch"].push_back(
            {{"row", finding.row}, {"name", finding.value}, {"image", finding.item}});
    } else if (finding.code == "near-duplicate") {
        summary["near_duplicates"].push_back({finding.value, finding.item});
    }
}

OrderedJson peopleFacts(const OpenedDataset &opened)
{
    const PersonDataset &people = opened.people.dataset;
    OrderedJson facts;
    facts["images"] = people.images.size();
    OrderedJson splits = OrderedJson::object();
    std::int64_t captions = 0;
    std::set<std::int64_t> identities;
    for (const PersonImage &image : people.images)
        identities.insert(image.identity);
    for (const Split split : {Split::Train, Split::Val, Split::Test}) {
        const SplitCounts counts = people.counts(split);
        captions += counts.captions;
        splits[nameOf(split)] = {
            {"ids", counts.identities}, {"images", counts.images}, {"captions", counts.captions}};
    }
    facts["captions"] = captions;
    facts["identities"] = identities.size();
    facts["splits"] = std::move(splits);
    if (opened.kind != DatasetKind::Market1501) {
        facts["train_label_rule"] = people.firstTrainIdentity == 0
                                        ? std::string("id")
                                        : "id - " + std::to_string(people.firstTrainIdentity);
        facts["train_pairs"] = people.counts(Split::Train).captions;
    }
    if (opened.parts) {
        facts["part_rows"] = opened.parts->rows.size();
        facts["part_masks"] = opened.parts->maskCount();
        if (opened.parts->maskCount() > 0)
            facts["first_mask"] =
                std::filesystem::path(opened.parts->rows.front().parts.front().mask)
                    .stem()
                    .string();
    }
    return facts;
}

OrderedJson atrFacts(const AtrDataset &atr)
{
    OrderedJson facts;
    facts["images"] = atr.names.size();
    facts["masks"] = atr.names.size();
    facts["labels"] = atr.labels.size();
    OrderedJson rows = OrderedJson::object();
    OrderedJson rowImages = OrderedJson::object();
    OrderedJson byIdx = OrderedJson::object();
    for (const char *split : {"train", "dev", "test"}) {
        const auto found = atr.phrases.find(split);
        if (found == atr.phrases.end())
            continue;
        std::set<std::string> images;
        std::map<int, std::int64_t> counts;
        for (const AtrPhrase &phrase : found->second) {
            images.insert(phrase.image);
            ++counts[phrase.idx];
        }
        rows[split] = found->second.size();
        rowImages[split] = images.size();
        byIdx[split] = OrderedJson::object();
        for (const auto &[idx, count] : counts)
            byIdx[split][std::to_string(idx)] = count;
    }
    facts["rows"] = std::move(rows);
    facts["row_images"] = std::move(rowImages);
    facts["rows_by_idx"] = std::move(byIdx);
    return facts;
}

void addParsingFacts(OrderedJson &facts, const ParsingFacts &parsing)
{
    facts["pixel_histogram"] = parsing.histogram;
    facts["grey_images"] = parsing.greyImages;
    facts["indexed_masks"] = parsing.indexedMasks;
}

void append(std::vector<DatasetFinding> &all, std::vector<DatasetFinding> more)
{
    std::move(more.begin(), more.end(), std::back_inserter(all));
}

// A phrase list that cannot be read is reported, and the rest of the data set still looked at.
OpenedDataset openForReport(const DatasetPlace &place, const OpenOptions &options,
                            std::vector<DatasetFinding> &findings)
{
    OpenOptions asPlaced = options;
    asPlaced.kind = place.kind;
    asPlaced.parts = false;
    OpenedDataset opened = openDataset(place.folder, asPlaced);
    if (!options.parts || opened.people.trainRows.empty())
        return opened;
    try {
        opened.parts = readParts(opened.folder, opened.people);
    } catch (const DatasetError &error) {
        findings.push_back(error.finding());
    }
    return opened;
}

} // namespace

const char *nameOf(Verdict verdict)
{
    switch (verdict) {
    case Verdict::Accept:
        return "accept";
    case Verdict::Warning:
        return "warning";
    case Verdict::Error:
        return "error";
    }
    return "";
}

Verdict DatasetReport::verdict() const
{
    Verdict worst = Verdict::Accept;
    for (const DatasetFinding &finding : findings) {
        if (finding.severity == Severity::Error)
            return Verdict::Error;
        if (finding.severity == Severity::Warning)
            worst = Verdict::Warning;
    }
    return worst;
}

DatasetReport examineDataset(const DatasetPlace &place, const ReportOptions &options,
                             const CancelToken &cancel, const ProgressSink &progress)
{
    DatasetReport report;
    report.kind = place.kind;
    report.folder = place.folder;
    report.facts = OrderedJson::object();
    report.summary = OrderedJson::object();
    try {
        const OpenedDataset opened = openForReport(place, options.open, report.findings);
        report.opened = true;
        report.folder = opened.folder;
        append(report.findings, opened.findings());
        ParsingFacts parsing;
        switch (opened.kind) {
        case DatasetKind::Atr:
            report.facts = atrFacts(opened.atr);
            if (options.pictures) {
                append(report.findings, checkAtrPictures(opened.atr, cancel, progress, &parsing));
                addParsingFacts(report.facts, parsing);
            }
            break;
        case DatasetKind::Lip:
            report.facts = {{"images", opened.lip.pictures.size()},
                            {"masks", opened.lip.pictures.size()},
                            {"labels", kLipClasses}};
            for (const Split split : {Split::Train, Split::Val})
                report.facts["splits"][nameOf(split)]["images"] =
                    std::count_if(opened.lip.pictures.begin(), opened.lip.pictures.end(),
                                  [&](const LipPicture &p) { return p.split == split; });
            if (options.pictures) {
                append(report.findings, checkLipPictures(opened.lip, cancel, progress, &parsing));
                addParsingFacts(report.facts, parsing);
            }
            break;
        default:
            report.facts = peopleFacts(opened);
            if (options.pictures) {
                std::vector<PictureFacts> pictures;
                const PersonDataset &people = opened.people.dataset;
                append(report.findings, checkPictures(people, cancel, progress, &pictures));
                if (opened.parts)
                    append(report.findings,
                           checkPartMasks(*opened.parts, people, cancel, progress));
                if (options.nearDuplicates && !cancel.isCancelled())
                    append(report.findings,
                           findNearDuplicates(people, pictures, options.duplicateDistance));
            }
            break;
        }
    } catch (const DatasetError &error) {
        report.findings.push_back(error.finding());
    }
    for (const DatasetFinding &finding : report.findings)
        addToSummary(report.summary, finding, report.kind == DatasetKind::Atr);
    return report;
}

OrderedJson jsonOf(const DatasetReport &report)
{
    OrderedJson json = {{"kind", nameOf(report.kind)},
                        {"folder", report.folder},
                        {"severity", nameOf(report.verdict())},
                        {"usable", report.opened && report.verdict() != Verdict::Error}};
    for (const auto &[key, value] : report.facts.items())
        json[key] = value;
    json["summary"] = report.summary;
    OrderedJson findings = OrderedJson::array();
    for (const DatasetFinding &finding : report.findings) {
        OrderedJson entry = {
            {"severity", nameOf(finding.severity)}, {"code", finding.code}, {"item", finding.item}};
        if (finding.row >= 0)
            entry["row"] = finding.row;
        if (!finding.value.empty())
            entry["value"] = finding.value;
        if (finding.count != 1)
            entry["count"] = finding.count;
        entry["text"] = finding.text;
        findings.push_back(std::move(entry));
    }
    json["findings"] = std::move(findings);
    return json;
}

} // namespace sapsam
