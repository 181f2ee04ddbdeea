#include "app/cli/context.h"
#include "app/cli/reports.h"
#include "core/pipeline/jobs.h"

#include <cstdio>
#include <memory>

namespace sapsam::cli {

void addPipelineVerbs(CLI::App &app, Context &context)
{
    auto folder = std::make_shared<std::string>();

    auto *segment = app.add_subcommand("segment", "Person-SAM: masks for every part group");
    segment->add_option("DIR", *folder, "Project folder")->required();
    segment->callback([&context, folder] {
        context.verb = [&context, folder] {
            ProjectStore store = ProjectStore::open(*folder);
            Engines engines(context.modelsFolder, context.engine);
            const SegmentReport report =
                segmentProject(store, engines, context.cancel, context.progress);
            Answer answer;
            answer.json = {{"images", report.images},
                           {"regions", report.regions},
                           {"failed", jsonOf(report.failed)}};
            answer.text = "segmented " + std::to_string(report.images) + " images, "
                          + std::to_string(report.regions) + " regions\n" + textOf(report.failed);
            answer.exitCode = report.failed.empty() ? Done : SomeFailed;
            return answer;
        };
    });

    auto *phrase = app.add_subcommand("phrase", "BLIP-2: a phrase for every region");
    phrase->add_option("DIR", *folder, "Project folder")->required();
    phrase->callback([&context, folder] {
        context.verb = [&context, folder] {
            ProjectStore store = ProjectStore::open(*folder);
            Engines engines(context.modelsFolder, context.engine);
            const PhraseReport report =
                phraseProject(store, engines, context.cancel, context.progress);
            Answer answer;
            answer.json = {{"regions", report.regions},
                           {"phrases", report.phrases},
                           {"failed", jsonOf(report.failed)}};
            answer.text = "wrote " + std::to_string(report.phrases) + " phrases for "
                          + std::to_string(report.regions) + " regions\n" + textOf(report.failed);
            answer.exitCode = report.failed.empty() ? Done : SomeFailed;
            return answer;
        };
    });

    auto *embed = app.add_subcommand("embed", "Embeddings of pictures and phrases, and the index");
    embed->add_option("DIR", *folder, "Project folder")->required();
    embed->callback([&context, folder] {
        context.verb = [&context, folder] {
            ProjectStore store = ProjectStore::open(*folder);
            Engines engines(context.modelsFolder, context.engine);
            const EmbedReport report =
                embedProject(store, engines, context.cancel, context.progress);
            Answer answer;
            answer.json = {{"images", report.images},
                           {"dimension", report.dimension},
                           {"seconds", report.seconds},
                           {"failed", jsonOf(report.failed)}};
            char seconds[32];
            std::snprintf(seconds, sizeof seconds, "%.2f", report.seconds);
            answer.text = "embedded " + std::to_string(report.images) + " images in " + seconds
                          + " s, dimension " + std::to_string(report.dimension) + "\n"
                          + textOf(report.failed);
            answer.exitCode = report.failed.empty() ? Done : SomeFailed;
            return answer;
        };
    });
}

} // namespace sapsam::cli
