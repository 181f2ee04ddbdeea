#include "app/cli/context.h"
#include "app/cli/reports.h"
#include "core/base/file.h"
#include "core/pipeline/export.h"
#include "core/pipeline/import.h"
#include "core/pipeline/searcher.h"
#include "core/store/project_store.h"

#include <memory>

namespace sapsam::cli {

namespace {

Answer projectAnswer(ProjectStore &store)
{
    const ProjectCounts counts = store.counts();
    OrderedJson models = OrderedJson::object();
    for (const auto &[task, hash] : store.modelsInUse())
        models[task] = hash;
    Answer answer;
    answer.json = {{"project", store.folder()},   {"images", counts.images},
                   {"regions", counts.regions},   {"phrases", counts.phrases},
                   {"embedded", counts.embedded}, {"captions", counts.captions},
                   {"models", std::move(models)}};
    answer.text = store.folder() + "\n  images   " + std::to_string(counts.images) + "\n  regions  "
                  + std::to_string(counts.regions) + "\n  phrases  "
                  + std::to_string(counts.phrases) + "\n  embedded "
                  + std::to_string(counts.embedded) + "\n";
    return answer;
}

} // namespace

void addProjectVerbs(CLI::App &app, Context &context)
{
    auto *project = app.add_subcommand("project", "Make a project, or count what is in it");
    project->require_subcommand(1);

    auto folder = std::make_shared<std::string>();
    auto *create = project->add_subcommand("create", "Make an empty project folder NAME.sapsam");
    create->add_option("DIR", *folder)->required();
    create->callback([&context, folder] {
        context.verb = [folder] {
            ProjectStore store = ProjectStore::create(*folder);
            return projectAnswer(store);
        };
    });

    auto *info = project->add_subcommand("info", "Counts, and the models that made what is stored");
    info->add_option("DIR", *folder)->required();
    info->callback([&context, folder] {
        context.verb = [folder] {
            ProjectStore store = ProjectStore::open(*folder, ProjectStore::Access::ReadOnly);
            return projectAnswer(store);
        };
    });

    auto options = std::make_shared<ImportOptions>();
    auto *import = app.add_subcommand(
        "import", "Add pictures of people; with --detect, cut people out of scenes and videos");
    import->add_option("DIR", *folder, "Project folder")->required();
    import->add_option("PATH", options->paths, "Folders, pictures, videos")->required();
    import->add_option("--format", options->format, "Layout of the data")
        ->check(CLI::IsMember(
            {"cuhk-pedes", "icfg-pedes", "rstpreid", "market1501", "atr", "lip", "sapsam"}));
    import->add_flag("--detect", options->detect, "The pictures are scenes: cut the people out");
    import->add_option("--frame-step", options->frameStep, "Take every n-th frame of a video")
        ->check(CLI::Range(1, 100000))
        ->capture_default_str();
    import->add_option("--max-frames", options->maxFrames, "Stop after so many frames; 0 = all")
        ->check(CLI::Range(0, 100000000));
    import->add_option("--min-confidence", options->minConfidence, "Of the people detector")
        ->capture_default_str();
    import->add_option("--min-height", options->minHeight, "Smallest person in pixels")
        ->check(CLI::Range(8, 100000))
        ->capture_default_str();
    import->callback([&context, folder, options] {
        context.verb = [&context, folder, options] {
            ProjectStore store = ProjectStore::open(*folder);
    const ImportReport report = importPaths(store, *options, context.cancel, context.progress);
    Answer answer;
    answer.json = {{"imported", report.imported},
                   {"known", report.known},
                   {"skipped", jsonOf(report.skipped)}};
    answer.text = "imported " + std::to_string(report.imported) + ", known already "
                  + std::to_string(report.known) + ", skipped "
                  + std::to_string(report.skipped.size()) + "\n" + textOf(report.skipped);
    answer.exitCode = report.skipped.empty() ? Done : SomeFailed;
    return answer;
};
} // namespace sapsam::cli
);

auto exportOptions = std::make_shared<ExportOptions>();
auto queries = std::make_shared<std::vector<std::string>>();
auto top = std::make_shared<int>(20);
auto *exporting = app.add_subcommand("export", "Write tables, rankings or a contact sheet");
exporting->add_option("DIR", *folder, "Project folder")->required();
exporting->add_option("--format", exportOptions->format, "csv or html")
    ->required()
    ->check(CLI::IsMember({"csv", "html"}));
exporting->add_option("--output,-o", exportOptions->output, "Folder to write into")->required();
exporting->add_option("--query", *queries, "Rank by this description (may be repeated)");
exporting->add_option("--top", *top, "Hits for each query")
    ->check(CLI::Range(1, 1000000))
    ->capture_default_str();
exporting->add_option("--max-images", exportOptions->maxImages,
                      "Of a sheet without queries; 0 = all");
exporting->callback([&context, folder, exportOptions, queries, top] {
    context.verb = [&context, folder, exportOptions, queries, top] {
        ProjectStore store = ProjectStore::open(*folder);
        ExportOptions resolved = *exportOptions;
        if (!queries->empty()) {
            Engines engines(context.modelsFolder, context.engine);
            Searcher searcher(store, engines);
            for (const std::string &query : *queries) {
                SearchRequest request;
                request.text = query;
                request.top = *top;
                resolved.searches.push_back(searcher.search(request));
            }
        }
        const ExportReport report =
            exportProject(store, resolved, context.cancel, context.progress);
        Answer answer;
        answer.json = {{"written", report.written},
                       {"skipped", jsonOf(report.skipped)},
                       {"manifest", report.manifest}};
        answer.text = "wrote " + std::to_string(report.written) + " items, see " + report.manifest
                      + "\n" + textOf(report.skipped);
        answer.exitCode = report.skipped.empty() ? Done : SomeFailed;
        return answer;
    };
});
}

} // namespace sapsam::cli
