#include "app/cli/context.h"
#include "core/base/error.h"
#include "core/dataset/atr_split.h"
#include "core/dataset/dataset_report.h"
#include "core/dataset/pack_dataset.h"
#include "core/engine/part_masks.h"
#include "core/pipeline/engines.h"
#include "core/text/noun_phrases.h"
#include "core/weights/model_manifest.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>

namespace sapsam::cli {

namespace {

std::vector<DatasetPlace> placesAt(const std::string &path, const std::string &format)
{
    std::vector<DatasetPlace> places = findDatasets(path);
    if (!format.empty()) {
        const DatasetKind kind = *datasetKindFromName(format);
        std::vector<DatasetPlace> chosen;
        for (const DatasetPlace &place : places)
            if (place.kind == kind)
                chosen.push_back(place);
        places = chosen.empty() ? std::vector<DatasetPlace>{{kind, path}} : chosen;
    }
    if (places.empty())
        throw Error(ErrorKind::NotFound,
                    path
                        + ": no data set of a known layout (cuhk-pedes, icfg-pedes, rstpreid, "
                          "market1501, atr, lip); say which with --format");
    return places;
}

std::string linesOf(const DatasetReport &report, std::size_t mostPerCode)
{
    std::string text = report.folder + " (" + nameOf(report.kind) + ")\n";
    const OrderedJson &facts = report.facts;
    for (const auto &[key, value] : facts.items())
        if (value.is_primitive())
            text += "  " + key + " " + (value.is_string() ? value.get<std::string>() : value.dump())
                    + "\n";
    if (facts.contains("splits"))
        for (const auto &[split, counts] : facts["splits"].items()) {
            text += "  " + split + ":";
            for (const auto &[what, count] : counts.items())
                text += " " + count.dump() + " " + what;
            text += "\n";
        }
    std::map<std::string, std::size_t> shown;
    for (const DatasetFinding &finding : report.findings)
        if (++shown[finding.code] <= mostPerCode)
            text += std::string("  ") + nameOf(finding.severity) + ": " + finding.text + "\n";
    for (const auto &[code, count] : shown)
        if (count > mostPerCode)
            text += "  … and " + std::to_string(count - mostPerCode) + " more of '" + code
                    + "'; --json lists them all\n";
    return text;
}

Answer answerOf(const std::string &path, const std::vector<DatasetReport> &reports)
{
    Verdict worst = Verdict::Accept;
    OrderedJson datasets = OrderedJson::array();
    std::map<DatasetFinding::Severity, int> counts;
    Answer answer;
    constexpr std::size_t mostPerCode = 20;
    for (const DatasetReport &report : reports) {
        worst = std::max(worst, report.verdict());
        datasets.push_back(jsonOf(report));
        for (const DatasetFinding &finding : report.findings)
            ++counts[finding.severity];
        answer.text += linesOf(report, mostPerCode);
    }
    const int errors = counts[DatasetFinding::Severity::Error];
    const int warnings = counts[DatasetFinding::Severity::Warning];
    const int notes = counts[DatasetFinding::Severity::Note];
    answer.json = {{"path", path},
                   {"severity", nameOf(worst)},
                   {"errors", errors},
                   {"warnings", warnings},
                   {"notes", notes}};
    // One data set is the usual case: its fields stand at the top as well.
    if (datasets.size() == 1)
        for (const auto &[key, value] : datasets.front().items())
            if (!answer.json.contains(key))
                answer.json[key] = value;
    answer.json["datasets"] = std::move(datasets);
    if (worst == Verdict::Accept)
        answer.text += "everything is in order\n";
    else
        answer.text += std::to_string(errors) + " errors, " + std::to_string(warnings)
                       + " warnings, " + std::to_string(notes) + " notes\n";
    answer.exitCode = worst == Verdict::Error ? Failed : Done;
    return answer;
}

OpenedDataset openedAt(const std::string &path, const std::string &format, bool anew)
{
    OpenOptions options;
    if (!format.empty())
        options.kind = datasetKindFromName(format);
    if (anew)
        options.people.trainLabels = TrainLabels::NumberedAnew;
    OpenedDataset opened = openDataset(path, options);
    requireNoErrors(opened.findings(), opened.folder);
    return opened;
}

Answer packAnswer(const OpenedDataset &dataset, const std::string &folder,
                  const PackOptions &options, const Context &context)
{
    const PackReport report =
        packDataset(dataset, folder, options, context.cancel, context.progress);
    Answer answer;
    answer.json = {{"pack", folder},
                   {"pictures", report.pictures},
                   {"added", report.added},
                   {"masks", report.masks},
                   {"width", options.width},
                   {"height", options.height},
                   {"complete", !report.cancelled}};
    answer.text = folder + ": " + std::to_string(report.pictures) + " pictures, "
                  + std::to_string(report.added) + " of them new\n";
    return answer;
}

// SAP-SAM's phrase list for the train captions, cut by rule.
Answer phrasesAnswer(const OpenedDataset &dataset, const std::string &output)
{
    if (dataset.people.trainRows.empty())
        throw Error(ErrorKind::InvalidInput,
                    dataset.folder + ": has no captions in its train split to cut into phrases");
    std::vector<PartRow> rows;
    std::int64_t phrases = 0;
    std::int64_t without = 0;
    for (std::size_t i = 0; i < dataset.people.trainRows.size(); ++i) {
        const TrainRow &train = dataset.people.trainRows[i];
        PartRow row;
        row.idx = static_cast<std::int64_t>(i);
        row.image = static_cast<std::size_t>(train.image);
        if (train.image < 0 || train.caption < 0)
            continue; // an empty caption
        row.caption = static_cast<std::size_t>(train.caption);
        for (const std::string &phrase : captionPhrases(train.sentence))
            row.parts.push_back({phrase, {}, 0.0F});
        phrases += static_cast<std::int64_t>(row.parts.size());
        without += row.parts.empty() ? 1 : 0;
        rows.push_back(std::move(row));
    }
    const std::string file = writeParts(rows, dataset.people.dataset, output);
    Answer answer;
    answer.json = {{"file", file},
                   {"captions", rows.size()},
                   {"phrases", phrases},
                   {"captions_without_phrase", without}};
    answer.text = file + ": " + std::to_string(phrases) + " phrases of "
                  + std::to_string(rows.size()) + " captions\n";
    return answer;
}

// The folder of a Person-SAM: a folder itself, or a name in one of the manifests.
std::string segmenterFolder(const std::string &name, const std::string &modelsFolder)
{
    std::error_code ignored;
    if (std::filesystem::exists(name + "/config.json", ignored))
        return name;
    std::string known;
    for (const std::string &folder : {modelsFolder, userModelsFolder()}) {
        if (!std::filesystem::exists(folder + "/manifest.json", ignored))
            continue;
        const ModelManifest manifest = readModelManifest(folder);
        if (const ModelEntry *entry =
                name.empty() ? manifest.findByTask("person-sam") : manifest.findByName(name))
            return manifest.pathOf(*entry);
        for (const ModelEntry &entry : manifest.models)
            if (entry.task == "person-sam")
                known += (known.empty() ? "" : ", ") + entry.name;
    }
    throw Error(ErrorKind::NotFound, "there is no model '" + name + "'; give a folder or one of: "
                                         + (known.empty() ? "(none)" : known));
}

Answer masksAnswer(const OpenedDataset &dataset, const std::string &model,
                   const PartMaskOptions &options, const Context &context)
{
    Segmenter segmenter(segmenterFolder(model, context.modelsFolder), context.engine);
    const PartMaskReport report =
        makePartMasks(dataset, segmenter, options, context.cancel, context.progress);
    OrderedJson failed = OrderedJson::array();
    for (const auto &[picture, reason] : report.failed)
        failed.push_back({{"path", picture}, {"reason", reason}});
    Answer answer;
    answer.json = {{"folder", options.output.empty() ? dataset.folder : options.output},
                   {"model", segmenter.model().name},
                   {"captions", report.captions},
                   {"phrases", report.phrases},
                   {"written", report.written},
                   {"found", report.found},
                   {"empty", report.empty},
                   {"left", report.phrases - report.written - report.found},
                   {"complete", report.complete},
                   {"file", report.phraseList},
                   {"failed", std::move(failed)}};
    answer.text = std::to_string(report.written) + " masks written, " + std::to_string(report.found)
                  + " were there, " + std::to_string(report.phrases - report.written - report.found)
                  + " are left\n";
    for (const auto &[picture, reason] : report.failed)
        answer.text += "  " + picture + ": " + reason + "\n";
    answer.exitCode = report.failed.empty() ? Done : SomeFailed;
    return answer;
}

Answer splitAnswer(const OpenedDataset &dataset, const std::string &file, std::uint64_t seed)
{
    if (dataset.kind != DatasetKind::Atr)
        throw Error(ErrorKind::InvalidInput, dataset.folder + ": only ATR has no split of its own");
    const std::string path = file.empty() ? dataset.folder + "/atr_split.json" : file;
    const SeededSplit split = storedSplit(path, dataset.atr.names, seed);
    Answer answer;
    answer.json = {{"file", path},
                   {"seed", split.seed},
                   {"train", split.train.size()},
                   {"dev", split.dev.size()},
                   {"test", split.test.size()}};
    answer.text = path + ": " + std::to_string(split.train.size()) + " train, "
                  + std::to_string(split.dev.size()) + " dev, " + std::to_string(split.test.size())
                  + " test\n";
    return answer;
}

} // namespace

void addDatasetVerbs(CLI::App &app, Context &context)
{
    auto *dataset = app.add_subcommand("dataset", "Look at a data set on the disk before using it");
    dataset->require_subcommand(1);
    auto path = std::make_shared<std::string>();
    auto format = std::make_shared<std::string>();
    auto options = std::make_shared<ReportOptions>();
    auto anew = std::make_shared<bool>(false);
    const auto addCommon = [&](CLI::App *verb) {
        verb->add_option("PATH", *path, "Folder of the data set, or the one above it")->required();
        verb->add_option("--format", *format, "Layout; recognised when not given")
            ->check(CLI::IsMember(
                {"cuhk-pedes", "icfg-pedes", "rstpreid", "market1501", "atr", "lip"}));
        verb->add_flag("--renumber", *anew,
                       "Accept train persons with holes: their labels are numbered anew");
    };

    auto *doctor = dataset->add_subcommand(
        "doctor", "List what is missing or odd, file by file; 1 when something must be refused");
    addCommon(doctor);
    auto quick = std::make_shared<bool>(false);
    doctor->add_flag("--no-pictures", *quick, "Do not decode pictures and masks");
    doctor
        ->add_option("--duplicate-distance", options->duplicateDistance,
                     "Bits of 256 in which the hashes of near-duplicates may differ")
        ->check(CLI::Range(0, 15))
        ->capture_default_str();
    const auto examineAll = [&context, path, format, anew](ReportOptions wanted) {
        if (*anew)
            wanted.open.people.trainLabels = TrainLabels::NumberedAnew;
        std::vector<DatasetReport> reports;
        for (const DatasetPlace &place : placesAt(*path, *format))
            reports.push_back(examineDataset(place, wanted, context.cancel, context.progress));
        return answerOf(*path, reports);
    };
    doctor->callback([&context, examineAll, options, quick] {
        context.verb = [examineAll, options, quick] {
            ReportOptions wanted = *options;
            wanted.pictures = !*quick;
            return examineAll(wanted);
        };
    });

    auto *info = dataset->add_subcommand("info", "Count pictures, people, captions and parts");
    addCommon(info);
    info->callback([&context, examineAll] {
        context.verb = [examineAll] {
            ReportOptions wanted;
            wanted.pictures = false;
            return examineAll(wanted);
        };
    });

    auto *pack = dataset->add_subcommand(
        "pack", "Decode, resize and pack every picture for training; continues where it stopped");
    addCommon(pack);
    auto output = std::make_shared<std::string>();
    auto packing = std::make_shared<PackOptions>();
    auto nearest = std::make_shared<bool>(false);
    pack->add_option("OUT", *output, "Folder of the pack")->required();
    pack->add_option("--width", packing->width, "Pixels")
        ->check(CLI::Range(1, 4096))
        ->capture_default_str();
    pack->add_option("--height", packing->height, "Pixels")
        ->check(CLI::Range(1, 4096))
        ->capture_default_str();
    pack->add_flag("--nearest-masks", *nearest,
                   "Resize part masks without labels between labels; the published way is bicubic");
    pack->callback([&context, path, format, anew, output, packing, nearest] {
        context.verb = [&context, path, format, anew, output, packing, nearest] {
            PackOptions resolved = *packing;
            resolved.threads = context.engine.threads;
            if (*nearest)
                resolved.maskFilter = ResizeFilter::Nearest;
            return packAnswer(openedAt(*path, *format, *anew), *output, resolved, context);
        };
    });

    auto *phrases = dataset->add_subcommand(
        "phrases", "Cut the train captions into phrases and write SAP-SAM's phrase list");
    addCommon(phrases);
    phrases->add_option("--output,-o", *output,
                        "Folder of the list; that of the data set if empty");
    phrases->callback([&context, path, format, anew, output] {
        context.verb = [path, format, anew, output] {
            OpenOptions opening;
            if (!format->empty())
                opening.kind = datasetKindFromName(*format);
            if (*anew)
                opening.people.trainLabels = TrainLabels::NumberedAnew;
            opening.parts = false; // they are about to be made
            const OpenedDataset opened = openDataset(*path, opening);
            requireNoErrors(opened.findings(), opened.folder);
            return phrasesAnswer(opened, output->empty() ? opened.folder : *output);
        };
    });

    auto *masks = dataset->add_subcommand(
        "masks", "Segment the phrases of the train captions with Person-SAM; continues where it "
                 "stopped");
    addCommon(masks);
    auto model = std::make_shared<std::string>();
    auto masking = std::make_shared<PartMaskOptions>();
    masks->add_option("--model", *model, "Name or folder; the first Person-SAM if empty");
    masks->add_option(
        "--phrases", masking->phraseFile,
        "Phrase list, or JSON from caption to phrases; that of the data set if empty");
    masks->add_option("--output,-o", masking->output,
                      "Folder of segs/ and the lists; that of the data set if empty");
    masks->add_option("--limit", masking->limit, "Captions to do in this call; 0 for all")
        ->check(CLI::Range(std::int64_t(0), std::int64_t(1) << 40));
    masks->add_flag("--anew", masking->anew,
                    "Do again what was made with another model or phrase list");
    masks->callback([&context, path, format, anew, model, masking] {
        context.verb = [&context, path, format, anew, model, masking] {
            OpenOptions opening;
            if (!format->empty())
                opening.kind = datasetKindFromName(*format);
            if (*anew)
                opening.people.trainLabels = TrainLabels::NumberedAnew;
            opening.parts = false; // half of them may be there
            const OpenedDataset opened = openDataset(*path, opening);
            requireNoErrors(opened.findings(), opened.folder);
            return masksAnswer(opened, *model, *masking, context);
        };
    });

    auto *split = dataset->add_subcommand(
        "split", "Divide ATR's pictures 8:1:1 by --seed, once; later calls read what is stored");
    addCommon(split);
    split->add_option("--output,-o", *output, "File; atr_split.json in the data set if empty");
    split->callback([&context, path, format, anew, output] {
        context.verb = [&context, path, format, anew, output] {
            return splitAnswer(openedAt(*path, *format, *anew), *output, context.seed);
        };
    });
}

} // namespace sapsam::cli
