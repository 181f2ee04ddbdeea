#include "app/cli/context.h"
#include "core/engine/evaluation.h"
#include "core/pipeline/dataset_evaluation.h"
#include "core/pipeline/engines.h"

#include <memory>

namespace sapsam::cli {

namespace {

Answer answerOf(const Json &measured)
{
    Answer answer;
    answer.json = OrderedJson(measured);
    // The list per query is for programs.
    for (const auto &[key, value] : measured.items())
        if (!value.is_array())
            answer.text += key + ": " + value.dump() + "\n";
    return answer;
}

} // namespace

void addEvalVerbs(CLI::App &app, Context &context)
{
    auto *eval = app.add_subcommand("eval", "Measure the models");
    eval->require_subcommand(1);
    auto count = std::make_shared<int>(500);
    auto labels = std::make_shared<std::string>();
    auto folder = std::make_shared<std::string>();
    auto split = std::make_shared<std::string>();
    auto limit = std::make_shared<int>(0);
    auto video = std::make_shared<std::string>();
    const auto addCount = [count](CLI::App *verb) {
        verb->add_option("--synthetic", *count, "Held-out procedural people to measure on")
            ->check(CLI::Range(1, 1000000))
            ->capture_default_str();
    };

    auto *retrieval = eval->add_subcommand(
        "retrieval",
        "R@1, R@5, R@10, mAP, mINP on held-out people, or mAP on labelled crops of a video");
    addCount(retrieval);
    retrieval->add_option("DIR", *folder, "A project, or a data set in the CUHK-PEDES layout");
    retrieval->add_option("--split", *split, "train, val or test; a data set's default is test");
    auto *labelsOption = retrieval->add_option(
        "--labels", *labels, "Labelled crops, such as tests/data/real/vtest_labels.json");
    auto *videoOption =
        retrieval->add_option("--video", *video, "The video that the labels are about");
    labelsOption->needs(videoOption);
    videoOption->needs(labelsOption);
    retrieval->callback([&context, count, labels, video, folder, split] {
        context.verb = [&context, count, labels, video, folder, split] {
            Engines engines(context.modelsFolder, context.engine);
            if (!folder->empty() && ProjectStore::isProject(*folder)) {
                ProjectStore store = ProjectStore::open(*folder, ProjectStore::Access::ReadOnly);
                return answerOf(evaluateRetrievalProject(engines.retriever(), store, *split,
                                                         context.cancel, context.progress));
            }
            if (!folder->empty())
                return answerOf(evaluateRetrievalDataset(engines.retriever(), *folder,
                                                         split->empty() ? "test" : *split,
                                                         context.cancel, context.progress));
            if (!labels->empty())
                return answerOf(evaluateRetrievalReal(engines.retriever(), *labels, *video,
                                                      context.cancel, context.progress));
            return answerOf(evaluateRetrievalSynthetic(engines.retriever(), *count, context.seed,
                                                       context.cancel, context.progress));
        };
    });

    auto *parsing = eval->add_subcommand("parsing", "IoU of the part masks on held-out people");
    addCount(parsing);
    parsing->add_option("DIR", *folder, "A data set in the ATR layout");
    parsing->add_option("--limit", *limit, "Take the first so many pictures; 0 = all")
        ->check(CLI::Range(0, 100000000));
    parsing->callback([&context, count, folder, limit] {
        context.verb = [&context, count, folder, limit] {
            Engines engines(context.modelsFolder, context.engine);
            if (!folder->empty())
                return answerOf(evaluateParsingDataset(engines.segmenter(), defaultTaxonomy(),
                                                       *folder, *limit, context.cancel,
                                                       context.progress));
            return answerOf(evaluateParsingSynthetic(engines.segmenter(), *count, context.seed,
                                                     context.cancel, context.progress));
        };
    });

    auto *phrases =
        eval->add_subcommand("phrases", "Colours that the phrases name on held-out people");
    addCount(phrases);
    phrases->callback([&context, count] {
        context.verb = [&context, count] {
            Engines engines(context.modelsFolder, context.engine);
            return answerOf(evaluatePhrasesSynthetic(engines.phraseWriter(), *count, context.seed,
                                                     context.cancel, context.progress));
        };
    });
}

} // namespace sapsam::cli
