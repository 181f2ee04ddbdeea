#include "app/cli/context.h"
#include "core/dataset/synthetic_writer.h"

#include <memory>

namespace sapsam::cli {

void addSynthVerb(CLI::App &app, Context &context)
{
    auto folder = std::make_shared<std::string>();
    auto options = std::make_shared<SyntheticOptions>();
    auto *synth = app.add_subcommand(
        "synth", "Draw procedural people and write them in the CUHK-PEDES and ATR layouts");
    synth->add_option("OUT", *folder, "Folder to write into")->required();
    synth->add_option("--count", options->count, "Pictures")
        ->check(CLI::Range(std::int64_t(1), std::int64_t(100000000)))
        ->capture_default_str();
    synth->add_option("--pictures-per-identity", options->picturesPerIdentity)
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    synth->add_option("--captions", options->captionsPerPicture, "Captions for each picture")
        ->check(CLI::Range(0, 100))
        ->capture_default_str();
    synth->add_option("--width", options->width, "Pixels")->capture_default_str();
    synth->add_option("--height", options->height, "Pixels")->capture_default_str();
    synth
        ->add_option("--first-identity", options->firstIdentity,
                     "Number of the first person; other numbers are other people")
        ->capture_default_str();
    synth->callback([&context, folder, options] {
        context.verb = [&context, folder, options] {
            SyntheticOptions resolved = *options;
            resolved.seed = context.seed;
            resolved.threads = context.engine.threads;
            const SyntheticReport report =
                writeSyntheticDataset(*folder, resolved, context.cancel, context.progress);
            Answer answer;
            answer.json = {{"images", report.images},
                           {"identities", report.identities},
                           {"captions", report.captions}};
            answer.text = "drew " + std::to_string(report.images) + " pictures of "
                          + std::to_string(report.identities) + " people with "
                          + std::to_string(report.captions) + " captions\n";
            return answer;
        };
    });
}

} // namespace sapsam::cli
