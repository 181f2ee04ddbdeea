#include "app/cli/context.h"
#include "core/engine/evaluation.h"
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
    auto *labelsOption = retrieval->add_option(
        "--labels", *labels, "Labelled crops, such as tests/data/real/vtest_labels.json");
    auto *videoOption =
        retrieval->add_option("--video", *video, "The video that the labels are about");
    labelsOption->needs(videoOption);
    videoOption->needs(labelsOption);
    retrieval->callback([&context, count, labels, video] {
        context.verb = [&context, count, labels, video] {
            Engines engines(context.modelsFolder, context.engine);
            if (!labels->empty())
                return answerOf(evaluateRetrievalReal(engines.retriever(), *labels, *video,
                                                      context.cancel, context.progress));
            return answerOf(evaluateRetrievalSynthetic(engines.retriever(), *count, context.seed,
                                                       context.cancel, context.progress));
        };
    });

    auto *parsing = eval->add_subcommand("parsing", "IoU of the part masks on held-out people");
    addCount(parsing);
    parsing->callback([&context, count] {
        context.verb = [&context, count] {
            Engines engines(context.modelsFolder, context.engine);
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
