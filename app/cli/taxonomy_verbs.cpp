#include "app/cli/context.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/pipeline/merge_preview.h"
#include "core/store/project_store.h"
#include "core/taxonomy/taxonomy.h"

#include <memory>
#include <optional>

namespace sapsam::cli {

namespace {

constexpr const char *kDefault = "default";

std::string countOf(std::int64_t number, const char *one, const char *many)
{
    return std::to_string(number) + " " + (number == 1 ? one : many);
}

// Which taxonomy is meant: "default", a version of the project, or a file; "" for the project's
// own.
Taxonomy chosen(ProjectStore *store, const std::string &text)
{
    if (text == kDefault)
        return defaultTaxonomy();
    if (text.empty())
        return store != nullptr ? currentTaxonomy(*store) : defaultTaxonomy();
    if (store != nullptr) {
        if (const std::optional<Taxonomy> version = taxonomyOfVersion(*store, text))
            return *version;
        // The number alone is enough where it is unambiguous: "3", "v3" or the hash.
        std::optional<Taxonomy> match;
        for (const TaxonomyVersionInfo &info : taxonomyVersions(*store)) {
            const std::optional<Taxonomy> known = taxonomyOfVersion(*store, info.version);
            if (!known)
                continue;
            const std::string number = std::to_string(known->number);
            const std::string hash = info.version.substr(info.version.rfind('/') + 1);
            if (text != number && text != "v" + number && text != hash)
                continue;
            if (match && match->version != known->version)
                throw Error(ErrorKind::InvalidInput, "'" + text + "' may be '" + match->version
                                                         + "' or '" + known->version
                                                         + "'; give the whole version");
            match = known;
        }
        if (match)
            return *match;
    }
    try {
        return readTaxonomy(text);
    } catch (const Error &error) {
        if (error.kind() != ErrorKind::NotFound)
            throw;
        throw Error(ErrorKind::NotFound,
                    "'" + text
                        + "' is neither a file nor a version of the project; `sapsam taxonomy "
                          "history` lists the versions");
    }
}

OrderedJson groupsJson(const Taxonomy &taxonomy)
{
    OrderedJson groups = OrderedJson::array();
    for (const PartGroup &group : taxonomy.groups) {
        OrderedJson classes = OrderedJson::array();
        for (const int id : group.classes) {
            const LabelClass *item = taxonomy.findClass(id);
            classes.push_back({{"id", id}, {"name", item != nullptr ? item->name : "unknown"}});
        }
        groups.push_back({{"name", group.name},
                          {"title", group.title},
                          {"phrase", group.phrase},
                          {"trigger", nameOf(taxonomy.triggerOf(group))},
                          {"exclusive", group.exclusive},
                          {"classes", std::move(classes)}});
    }
    return groups;
}

Answer showTaxonomy(const Taxonomy &taxonomy, const MergeImpact *impact)
{
    Answer answer;
    answer.text = taxonomy.version + "\n";
    for (const PartGroup &group : taxonomy.groups) {
        answer.text += "  " + group.name + ":";
        for (const int id : group.classes) {
            const LabelClass *item = taxonomy.findClass(id);
            answer.text += " " + (item != nullptr ? item->name : std::string("unknown"));
        }
        answer.text += "\n";
    }
    OrderedJson findings = OrderedJson::array();
    for (const TaxonomyFinding &finding : taxonomyFindings(taxonomy)) {
        OrderedJson item{{"severity", nameOf(finding.severity)},
                         {"kind", nameOf(finding.kind)},
                         {"text", finding.text}};
        if (!finding.advice.empty())
            item["advice"] = finding.advice;
        if (!finding.group.empty())
            item["group"] = finding.group;
        if (finding.classId >= 0)
            item["class"] = finding.classId;
        std::string counted;
        if (impact != nullptr && finding.kind == TaxonomyFinding::Kind::FirstOnly) {
            if (const GroupImpact *group = impact->findGroup(finding.group)) {
                item["pictures"] = group->skipped;
                counted = " (" + countOf(group->skipped, "picture", "pictures") + ")";
            }
        }
        if (impact != nullptr && finding.kind == TaxonomyFinding::Kind::SharedClass) {
            for (const SharedClassImpact &shared : impact->shared) {
                if (shared.classId != finding.classId)
                    continue;
                item["pictures"] = shared.pictures;
                counted = " (" + countOf(shared.pictures, "picture", "pictures") + ")";
            }
        }
        findings.push_back(std::move(item));
        answer.text += std::string(nameOf(finding.severity)) + ": " + finding.text + counted
                       + (finding.advice.empty() ? "" : "; " + finding.advice) + "\n";
        if (finding.severity == TaxonomyFinding::Severity::Error)
            answer.exitCode = Failed;
    }
    answer.json = {{"name", taxonomy.name},
                   {"version", taxonomy.version},
                   {"parent", taxonomy.parent},
                   {"note", taxonomy.note},
                   {"trigger", nameOf(taxonomy.trigger)},
                   {"groups", groupsJson(taxonomy)},
                   {"findings", std::move(findings)}};
    return answer;
}

Answer showProject(const std::string &folder, const std::string &version, const CancelToken &cancel)
{
    ProjectStore store = ProjectStore::open(folder, ProjectStore::Access::ReadOnly);
    const Taxonomy taxonomy = chosen(&store, version);
    const MergeFacts facts = readMergeFacts(store, cancel);
    const MergeImpact impact = mergeImpact(facts, taxonomy, taxonomy);
    Answer answer = showTaxonomy(taxonomy, &impact);
    answer.json["pictures"] = impactJson(impact);
    answer.text += countOf(facts.labelled, "picture", "pictures") + " with a true label map, "
                   + countOf(static_cast<std::int64_t>(impact.staleRegions.size()), "mask", "masks")
                   + " out of date\n";
    return answer;
}

Answer diffAnswer(const Taxonomy &before, const Taxonomy &after)
{
    Answer answer;
    OrderedJson changes = OrderedJson::array();
    for (const TaxonomyChange &change : taxonomyDiff(before, after)) {
        OrderedJson item{{"kind", nameOf(change.kind)}};
        if (!change.group.empty())
            item["group"] = change.group;
        if (change.classId >= 0)
            item["class"] = change.classId;
        item["before"] = change.before;
        item["after"] = change.after;
        item["text"] = change.text;
        changes.push_back(std::move(item));
        answer.text += change.text + "\n";
    }
    if (changes.empty())
        answer.text = "no difference\n";
    answer.json = {
        {"before", before.version}, {"after", after.version}, {"changes", std::move(changes)}};
    return answer;
}

// "clothes=top" or "belt=" (removed).
std::vector<GroupMapping> mappingOf(const std::vector<std::string> &texts)
{
    std::vector<GroupMapping> mapping;
    for (const std::string &text : texts) {
        const std::size_t at = text.find('=');
        if (at == std::string::npos || at == 0)
            throw Error(ErrorKind::InvalidInput,
                        "'" + text + "' is no mapping; write OLD=NEW, or OLD= to remove its masks");
        mapping.push_back({text.substr(0, at), text.substr(at + 1)});
    }
    return mapping;
}

std::string impactText(const MergeImpact &impact)
{
    std::string text =
        "changes "
        + countOf(static_cast<std::int64_t>(impact.touched.size()), "picture", "pictures") + " of "
        + std::to_string(impact.labelled + impact.masked) + " (" + std::to_string(impact.labelled)
        + " by true label maps, " + std::to_string(impact.masked) + " by their masks)\n";
    for (const GroupImpact &group : impact.groups) {
        text += "  " + group.group + ": " + std::to_string(group.picturesBefore) + " -> "
                + std::to_string(group.picturesAfter);
        if (group.isNew)
            text += ", new";
        if (group.isGone)
            text += ", gone";
        if (group.skipped > 0)
            text += ", skipped by its trigger rule in " + std::to_string(group.skipped);
        if (group.staleRegions > 0)
            text += ", " + std::to_string(group.staleRegions) + " masks and "
                    + std::to_string(group.stalePhrases) + " phrases out of date";
        text += group.isEstimate ? " (estimated)\n" : "\n";
    }
    if (impact.movedRegions > 0)
        text += countOf(impact.movedRegions, "mask gets", "masks get") + " another group\n";
    if (impact.removedRegions > 0)
        text += countOf(impact.removedRegions, "mask is", "masks are") + " removed\n";
    text += countOf(static_cast<std::int64_t>(impact.staleRegions.size()), "mask", "masks")
            + " and " + countOf(impact.stalePhrases, "phrase", "phrases") + " out of date\n";
    return text;
}

struct UseOptions
{
    std::string folder;
    std::string taxonomy;
    std::string note;
    std::vector<std::string> map;
    bool dryRun = false;
    bool lists = false;
};

// What it is compared with: the project's own, or the shipped one where that cannot be read.
void addProblem(Answer &answer, const CurrentTaxonomy &current)
{
    if (current.problem.empty())
        return;
    answer.json["problem"] = current.problem;
    answer.text = "the merges that are stored cannot be read: " + current.problem + "\n"
                  + "compared with the shipped ones:\n" + answer.text;
}

Answer impactAnswer(const UseOptions &options, const CancelToken &cancel)
{
    ProjectStore store = ProjectStore::open(options.folder, ProjectStore::Access::ReadOnly);
    const CurrentTaxonomy current = currentTaxonomyOrDefault(store);
    const Taxonomy &before = current.taxonomy;
    const Taxonomy after = chosen(&store, options.taxonomy);
    const std::string problem = taxonomyProblem(after, "'" + options.taxonomy + "'");
    if (!problem.empty())
        throw Error(ErrorKind::InvalidInput, problem);
    const MergeImpact impact =
        mergeImpact(readMergeFacts(store, cancel), before, after, mappingOf(options.map));
    Answer answer;
    answer.json = impactJson(impact, options.lists);
    answer.text = impactText(impact);
    addProblem(answer, current);
    return answer;
}

Answer useTaxonomy(const UseOptions &options, const CancelToken &cancel)
{
    ProjectStore store =
        ProjectStore::open(options.folder, options.dryRun ? ProjectStore::Access::ReadOnly
                                                          : ProjectStore::Access::ReadWrite);
    const CurrentTaxonomy current = currentTaxonomyOrDefault(store);
    const Taxonomy &before = current.taxonomy;
    Taxonomy after = chosen(&store, options.taxonomy);
    const std::string problem = taxonomyProblem(after, "'" + options.taxonomy + "'");
    if (!problem.empty())
        throw Error(ErrorKind::InvalidInput, problem);
    after = asNextVersion(store, after, options.note);
    const std::vector<GroupMapping> mapping = mappingOf(options.map);
    const MergeImpact impact = mergeImpact(readMergeFacts(store, cancel), before, after, mapping);
    const Edit edit =
        mergeEdit(store, before, after, mapping, "Use the merges " + after.version, cancel);
    std::int64_t id = 0;
    if (!options.dryRun && !cancel.isCancelled())
        id = EditJournal(store).apply(edit).id;
    Answer answer;
    answer.json = {{"before", current.problem.empty() ? before.version : std::string()},
                   {"after", after.version},
                   {"applied", id != 0},
                   {"edit", id},
                   {"impact", impactJson(impact, options.lists)}};
    answer.text = impactText(impact)
                  + (options.dryRun ? "nothing was changed (--dry-run)\n"
                     : id == 0      ? "the project works with " + after.version + " already\n"
                                    : "the project works with " + after.version + " now; `sapsam "
                                     + "segment` brings what is out of date up to date\n");
    addProblem(answer, current);
    return answer;
}

Answer history(const std::string &folder)
{
    ProjectStore store = ProjectStore::open(folder, ProjectStore::Access::ReadOnly);
    const CurrentTaxonomy current = currentTaxonomyOrDefault(store);
    Answer answer;
    OrderedJson versions = OrderedJson::array();
    for (const TaxonomyVersionInfo &info : taxonomyVersions(store)) {
        versions.push_back({{"version", info.version},
                            {"parent", info.parent},
                            {"note", info.note},
                            {"created", info.createdAt},
                            {"current", info.isCurrent},
                            {"shipped", info.isShipped},
                            {"known", info.hasContent},
                            {"regions", info.regions}});
        answer.text += std::string(info.isCurrent ? "* " : "  ") + info.version
                       + (info.isShipped ? " (shipped)" : "")
                       + (info.hasContent ? "" : " (content not known)") + ", "
                       + countOf(info.regions, "mask", "masks")
                       + (info.note.empty() ? "" : ": " + info.note) + "\n";
    }
    const bool isReadable = current.problem.empty();
    answer.json = {{"current", isReadable ? current.taxonomy.version : std::string()},
                   {"versions", std::move(versions)}};
    if (!isReadable) {
        answer.json["problem"] = current.problem;
        answer.text = "none of them is in use: " + current.problem + "\n" + answer.text;
    }
    return answer;
}

} // namespace

void addTaxonomyVerbs(CLI::App &app, Context &context)
{
    auto *taxonomy = app.add_subcommand("taxonomy", "How the label classes are merged into groups");
    taxonomy->require_subcommand(1);
    auto options = std::make_shared<UseOptions>();
    auto file = std::make_shared<std::string>();
    auto other = std::make_shared<std::string>();

    auto *show =
        taxonomy->add_subcommand("show", "The groups: shipped, of a file, or of a project");
    show->add_option("PROJECT_OR_FILE", *file, "Nothing shows the shipped taxonomy");
    show->add_option("--version", *other, "Of the project's versions");
    show->callback([&context, file, other] {
        context.verb = [&context, file, other] {
            if (!file->empty() && ProjectStore::isProject(*file))
                return showProject(*file, *other, context.cancel);
            return showTaxonomy(file->empty() ? defaultTaxonomy() : readTaxonomy(*file), nullptr);
        };
    });

    auto *check = taxonomy->add_subcommand("check", "What is odd about a taxonomy file");
    check->add_option("FILE", *file)->required();
    check->callback([&context, file] {
        context.verb = [file] { return showTaxonomy(readTaxonomy(*file), nullptr); };
    });

    auto *diff = taxonomy->add_subcommand("diff", "What makes the second out of the first");
    diff->add_option("BEFORE", *file, "A file, a version, or 'default'")->required();
    diff->add_option("AFTER", *other, "A file, a version, or 'default'")->required();
    diff->add_option("--project", options->folder, "Whose versions are meant");
    diff->callback([&context, file, other, options] {
        context.verb = [file, other, options] {
            std::optional<ProjectStore> store;
            if (!options->folder.empty())
                store.emplace(ProjectStore::open(options->folder, ProjectStore::Access::ReadOnly));
            ProjectStore *known = store ? &*store : nullptr;
            return diffAnswer(chosen(known, *file), chosen(known, *other));
        };
    });

    const auto addUse = [&options](CLI::App *verb) {
        verb->add_option("DIR", options->folder, "Project folder")->required();
        verb->add_option("TAXONOMY", options->taxonomy, "A file, a version, or 'default'")
            ->required();
        verb->add_option("--map", options->map,
                         "OLD=NEW: the masks of a group go to another one (repeat to unite); "
                         "OLD= removes them");
        verb->add_flag("--list", options->lists, "With the ids of pictures and masks");
    };
    auto *impact =
        taxonomy->add_subcommand("impact", "What another taxonomy would change in a project");
    addUse(impact);
    impact->callback([&context, options] {
        context.verb = [&context, options] { return impactAnswer(*options, context.cancel); };
    });
    auto *use = taxonomy->add_subcommand(
        "use", "Switch a project to a file, to one of its versions, or back to the default");
    addUse(use);
    use->add_option("--note", options->note, "Why, for the history");
    use->add_flag("--dry-run", options->dryRun, "Only say what would change");
    use->callback([&context, options] {
        context.verb = [&context, options] { return useTaxonomy(*options, context.cancel); };
    });

    auto *versions = taxonomy->add_subcommand("history", "The versions of a project");
    versions->add_option("DIR", options->folder, "Project folder")->required();
    versions->callback(
        [&context, options] { context.verb = [options] { return history(options->folder); }; });

    auto *exporting = taxonomy->add_subcommand("export", "Write a project's taxonomy to a file");
    exporting->add_option("DIR", options->folder, "Project folder")->required();
    exporting->add_option("FILE", *file)->required();
    exporting->add_option("--version", *other, "Of the project's versions; the current one else");
    exporting->callback([&context, options, file, other] {
        context.verb = [options, file, other] {
            ProjectStore store =
                ProjectStore::open(options->folder, ProjectStore::Access::ReadOnly);
            const Taxonomy written = chosen(&store, *other);
            writeJsonFile(*file, taxonomyJson(written));
            Answer answer;
            answer.json = {{"written", *file}, {"version", written.version}};
            answer.text = "wrote " + written.version + " to " + *file + "\n";
            return answer;
        };
    });

    auto *labels = taxonomy->add_subcommand(
        "labels", "Give a project's pictures their true label maps, for exact previews");
    labels->add_option("DIR", options->folder, "Project folder")->required();
    labels
        ->add_option("FOLDER", *file,
                     "A data set in the ATR layout, or PNGs of class ids named like the pictures")
        ->required();
    labels->callback([&context, options, file] {
        context.verb = [&context, options, file] {
            ProjectStore store = ProjectStore::open(options->folder);
            const LabelMapReport report =
                attachLabelMaps(store, *file, context.cancel, context.progress);
            Answer answer;
            OrderedJson skipped = OrderedJson::array();
            answer.text = "label maps: " + std::to_string(report.attached) + ", skipped "
                          + std::to_string(report.skipped.size()) + "\n";
            for (const auto &[path, reason] : report.skipped) {
                skipped.push_back({{"path", path}, {"reason", reason}});
                answer.text += "  " + reason + "\n";
            }
            answer.json = {{"attached", report.attached}, {"skipped", std::move(skipped)}};
            answer.exitCode = report.skipped.empty() ? Done : SomeFailed;
            return answer;
        };
    });
}

} // namespace sapsam::cli
