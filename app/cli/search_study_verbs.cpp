#include "app/cli/context.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/pipeline/demo_video.h"
#include "core/pipeline/search_study.h"
#include "core/train/picture_pool.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <memory>
#include <random>

namespace sapsam::cli {

namespace {

struct Arguments
{
    std::string folder;
    std::string split;
    int synthetic = 0;
    int limit = 400;
    std::string labels;
    std::string video;
    std::string output;
    bool reranked = false;
    bool parts = false;
    bool clicks = false;
};

// What is learned from a judged hit shows only where a person is on several pictures, as in the
// published sets.
constexpr int kPicturesEach = 4;

// A project of its own for a measurement, gone with the object.
class ScratchProject
{
public:
    ScratchProject()
        : m_folder(std::filesystem::temp_directory_path()
                   / ("sapsam-study-" + std::to_string(std::random_device{}()) + ".sapsam"))
    {
    }
    ~ScratchProject()
    {
        std::error_code ignored;
        std::filesystem::remove_all(m_folder, ignored);
        std::filesystem::remove_all(m_folder.string() + "-video", ignored);
    }
    ScratchProject(const ScratchProject &) = delete;
    ScratchProject &operator=(const ScratchProject &) = delete;

    std::string folder() const { return m_folder.string(); }

private:
    std::filesystem::path m_folder;
};

void addOptions(CLI::App *verb, const std::shared_ptr<Arguments> &arguments)
{
    verb->add_option("DIR", arguments->folder,
                     "An embedded project whose pictures have identities and captions");
    verb->add_option("--split", arguments->split, "train, val or test; all pictures without it");
    verb->add_option("--limit", arguments->limit, "At most so many captions; 0 = all")
        ->check(CLI::Range(0, 100000000))
        ->capture_default_str();
    verb->add_option("--synthetic", arguments->synthetic, "Held-out drawn people instead")
        ->check(CLI::Range(2, 100000));
}

std::string videoOf(const Arguments &arguments, const ScratchProject &scratch)
{
    if (!arguments.video.empty())
        return arguments.video;
    const std::string found = findDemoVideo(scratch.folder() + "-video");
    if (found.empty())
        throw Error(ErrorKind::NotFound,
                    "the labelled video is not installed; install opencv-doc or give --video FILE");
    return found;
}

std::string numberText(double value)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", value);
    return text;
}

std::string clicksText(const std::string &what, const Json &feedback)
{
    const auto rowOf = [&](const char *title, const char *key, const char *rest) {
        std::string row = title;
        for (const Json &value : feedback.at(key))
            row += "  " + numberText(value);
        return row + "   mAP of the rest " + numberText(feedback.at(rest)) + "\n";
    };
    return "\nR@1 after 0, 1, 2, 3 judged hits, " + what + " ("
           + std::to_string(feedback.at("queries").get<std::int64_t>()) + " descriptions, "
           + std::to_string(feedback.at("gallery").get<std::int64_t>()) + " pictures):\n"
           + rowOf("  learning from them ", "R@1", "mAP_rest")
           + rowOf("  taking them out    ", "R@1_removal_only", "mAP_rest_removal_only")
           + (feedback.at("pays").get<bool>() ? "  learning pays here\n"
                                              : "  learning does not pay here\n");
}

std::string lineText(const char *title, const Json &line)
{
    const Json &described = line.at("described");
    const Json &nobody = line.at("nobody");
    char text[240];
    std::snprintf(
        text, sizeof text,
        "  %s: %lld of %lld descriptions have hits above it, %lld of %lld right pictures "
        "and %lld wrong ones; of %lld sentences about nobody %lld\n",
        title, described.at("with_line").get<long long>(),
        described.at("sentences").get<long long>(), described.at("right_above").get<long long>(),
        described.at("right").get<long long>(), described.at("wrong_above").get<long long>(),
        nobody.at("sentences").get<long long>(), nobody.at("with_line").get<long long>());
    return text;
}

// The figures of a study as a table.
std::string textOf(const Json &study)
{
    std::string text = std::to_string(study.at("queries").get<std::int64_t>())
                       + " descriptions, gallery of "
                       + std::to_string(study.at("gallery").get<std::int64_t>()) + "\n\n";
    text += "                            mAP    R@1\n";
    const auto row = [&](std::string name, const Json &values) {
        name.resize(26, ' ');
        text += name + "  " + numberText(values.at("mAP")) + "   " + numberText(values.at("R@1"))
                + "\n";
    };
    row("plain cosine", study.at("cosine"));
    const Json &parts = study.at("by_parts");
    char name[64];
    std::snprintf(name, sizeof name, "by parts (%.2f, %.2f)", parts.at("phrase").get<double>(),
                  parts.at("region").get<double>());
    row(name, parts);
    for (const auto &[weight, values] : study.at("by_phrases").items())
        row("+ " + weight + " x phrases", values);
    for (const auto &[weight, values] : study.at("by_regions").items())
        row("+ " + weight + " x regions", values);
    text += clicksText("one gallery", study.at("feedback"));
    if (study.contains("feedback_several"))
        text += clicksText("several pictures of each person", study.at("feedback_several"));
    if (study.contains("line") && study.at("line").is_object()) {
        text += "\nthe line \"probably no match\":\n"
                + lineText("for this gallery", study.at("line"))
                + lineText("as fitted", study.at("line").at("as_fitted"));
    }
    return text;
}

std::string weightsText(const char *format, double a, double b)
{
    char text[96];
    std::snprintf(text, sizeof text, format, a, b);
    return text;
}

std::string textOf(const StoredCalibration &stored)
{
    std::string text = "fitted on " + stored.source
                       + (stored.reranked ? ", re-ranked by parts" : "") + "\n";
    for (const LengthCalibration &length : stored.lengths) {
        char line[200];
        const Calibration &calibration = length.calibration;
        std::snprintf(line, sizeof line,
                      "%2d%-9s words: even chance at %.3f; error %.2f %%, of the likely pairs "
                      "%.1f %% (%lld pairs fitted, %lld measured)\n",
                      length.minWords,
                      length.maxWords == 0 ? " and more"
                                           : (" to " + std::to_string(length.maxWords)).c_str(),
                      calibration.threshold, 100.0 * calibration.error,
                      100.0 * calibration.likelyError, static_cast<long long>(calibration.pairs),
                      static_cast<long long>(calibration.measured));
        text += line;
    }
    if (stored.reranking)
        text += "mAP " + numberText(stored.reranking->cosine) + " by the cosine, "
                + numberText(stored.reranking->reranked) + " re-ranked by parts ("
                + stored.reranking->source + "): "
                + (stored.rerankByParts ? "the search re-ranks" : "the search does not re-rank")
                + weightsText(", %.2f x phrases and %.2f x regions", stored.weights.phrase,
                              stored.weights.region)
                + (stored.weights.match > 0.0
                       ? weightsText(", %.2f x the head for phrases", stored.weights.match, 0.0)
                       : std::string())
                + "\n";
    if (stored.feedback && !stored.feedback->learned.empty())
        text += "R@1 after " + std::to_string(stored.feedback->learned.size() - 1) + " judged hits "
                + numberText(stored.feedback->learned.back()) + ", without learning "
                + numberText(stored.feedback->plain.back()) + "; mAP of the rest "
                + numberText(stored.feedback->restLearned) + ", without "
                + numberText(stored.feedback->restPlain) + " (" + stored.feedback->source + ")"
                + weightsText(": %.2f x relevant, %.2f x not relevant\n", stored.weights.relevant,
                              stored.weights.notRelevant);
    return text;
}

// Less than this in the mAP is noise.
constexpr double kWorthReranking = 0.2;

StoredCalibration calibrated(const Arguments &arguments, const std::string &folder,
                             const std::string &source, Engines &engines, const Context &context)
{
    constexpr std::size_t kQueriesEach = 4;
    ProjectStore store = ProjectStore::open(folder);
    std::vector<StudyCase> cases = casesOfProject(store, arguments.split, arguments.limit);
    std::vector<StudyCase> queries;
    if (arguments.synthetic > 0)
        queries = drawnQueries(store, arguments.synthetic, context.seed,
                               training::kValidationIdentities, kQueriesEach);
    StoredCalibration measured;
    if (const auto known = storedCalibration(store, engines.retriever().model().sha256))
        measured = *known;
    if (arguments.parts) {
        // Descriptions and queries count alike.
        std::vector<StudyCase> mixed = cases;
        for (std::size_t i = 0; i < queries.size(); i += kQueriesEach)
            mixed.push_back(queries[i]);
        const FittedReranking fitted =
            fitReranking(store, engines, mixed, source, context.cancel, context.progress);
        measured.weights.phrase = fitted.weights.phrase;
        measured.weights.region = fitted.weights.region;
        measured.weights.match = fitted.weights.match;
        measured.reranking = fitted.measured;
        measured.rerankByParts =
            fitted.measured.reranked - fitted.measured.cosine >= kWorthReranking;
    }
    if (arguments.clicks) {
        FittedFeedback fitted;
        if (arguments.synthetic > 0) {
            const ScratchProject several;
            const int people = std::max(2, arguments.synthetic / 2);
            makeDrawnProject(several.folder(), people, kPicturesEach, context.seed,
                             training::kValidationIdentities, false, engines, context.cancel,
                             context.progress);
            ProjectStore drawn = ProjectStore::open(several.folder());
            fitted = fitFeedback(drawn, engines, casesOfProject(drawn, {}, 0), measured.weights,
                                 std::to_string(people) + " drawn people held out for validation, "
                                     + std::to_string(kPicturesEach) + " pictures of each",
                                 context.cancel, context.progress);
        } else {
            fitted = fitFeedback(store, engines, cases, measured.weights, source, context.cancel,
                                 context.progress);
        }
        measured.weights.relevant = fitted.weights.relevant;
        measured.weights.notRelevant = fitted.weights.notRelevant;
        measured.feedback = fitted.measured;
    }
    cases.insert(cases.end(), std::make_move_iterator(queries.begin()),
                 std::make_move_iterator(queries.end()));
    StoredCalibration stored = calibrateSearch(
        store, engines, cases, arguments.reranked || (arguments.parts && measured.rerankByParts),
        measured.weights, source, context.cancel, context.progress);
    stored.reranking = measured.reranking;
    stored.rerankByParts = measured.rerankByParts;
    stored.feedback = measured.feedback;
    return stored;
}

} // namespace

void addSearchStudyVerbs(CLI::App &app, Context &context)
{
    auto measured = std::make_shared<Arguments>();
    auto *study = app.add_subcommand(
        "search-study", "Measure re-ranking by parts and relevance feedback on known answers");
    addOptions(study, measured);
    auto *labels = study->add_option("--labels", measured->labels,
                                     "Labelled crops, such as tests/data/real/vtest_labels.json");
    study
        ->add_option("--video", measured->video,
                     "The video they are about; the one of Debian's opencv-doc without it")
        ->needs(labels);
    study->callback([&context, measured] {
        context.verb = [&context, measured] {
            Engines engines(context.modelsFolder, context.engine);
            const ScratchProject scratch;
            std::vector<StudyCase> cases;
            std::string folder = scratch.folder();
            if (!measured->labels.empty())
                cases = makeLabelledProject(folder, measured->labels,
                                            videoOf(*measured, scratch), engines, context.cancel,
                                            context.progress);
            else if (measured->synthetic > 0)
                makeDrawnProject(folder, measured->synthetic, 1, context.seed,
                                 training::kTestIdentities, true, engines, context.cancel,
                                 context.progress);
            else if (!measured->folder.empty())
                folder = measured->folder;
            else
                throw Error(ErrorKind::InvalidInput,
                            "name a project, or give --synthetic N, or --labels and --video");
            ProjectStore store = ProjectStore::open(folder);
            if (cases.empty())
                cases = casesOfProject(store, measured->split, measured->limit);
            Json json = studySearch(store, engines, cases, context.cancel, context.progress);
            if (measured->synthetic > 0 && measured->labels.empty()) {
                const ScratchProject several;
                makeDrawnProject(several.folder(), std::max(2, measured->synthetic / 2),
                                 kPicturesEach, context.seed, training::kTestIdentities, false,
                                 engines, context.cancel, context.progress);
                ProjectStore drawn = ProjectStore::open(several.folder());
                json["feedback_several"] = studyFeedback(
                    drawn, engines, casesOfProject(drawn, {}, 0), context.cancel, context.progress);
                json["feedback_several"]["pictures_each"] = kPicturesEach;
            }
            json["line"] = studyLine(store, engines, cases,
                                     measured->labels.empty() ? std::vector<std::string>()
                                                              : absentSentences(measured->labels),
                                     context.cancel);
            return Answer{OrderedJson(json), textOf(json),
                          context.cancel.isCancelled() ? CancelledByUser : Done};
        };
    });

    auto fitted = std::make_shared<Arguments>();
    auto *calibrate = app.add_subcommand(
        "calibrate", "Fit what a score is worth, for the line \"probably no match\"");
    addOptions(calibrate, fitted);
    calibrate->add_option("--output", fitted->output,
                          "Also write it to this file, for every project of the model");
    calibrate->add_flag("--reranked", fitted->reranked, "For scores re-ranked by parts");
    calibrate->add_flag("--parts", fitted->parts,
                        "Also fit how much parts count and measure whether they raise the mAP; "
                        "where they do, the search re-ranks by them, and those scores are fitted");
    calibrate->add_flag(
        "--clicks", fitted->clicks,
        "Also fit what is learned from judged hits; with --synthetic on people with "
        "several pictures each");
    calibrate->callback([&context, fitted] {
        context.verb = [&context, fitted] {
            if (fitted->folder.empty() && (fitted->synthetic == 0 || fitted->output.empty()))
                throw Error(ErrorKind::InvalidInput,
                            "name a project, or give --synthetic N and --output FILE");
            Engines engines(context.modelsFolder, context.engine);
            const ScratchProject scratch;
            std::string source = "the project's captions";
            std::string folder = fitted->folder;
            if (fitted->synthetic > 0) {
                folder = scratch.folder();
                source =
                    std::to_string(fitted->synthetic) + " drawn people held out for validation";
                makeDrawnProject(folder, fitted->synthetic, 1, context.seed,
                                 training::kValidationIdentities, fitted->reranked || fitted->parts,
                                 engines, context.cancel, context.progress);
            } else if (!fitted->split.empty()) {
                source += ", split " + fitted->split;
            }
            const std::string hash = engines.retriever().model().sha256;
            const StoredCalibration stored = calibrated(*fitted, folder, source, engines, context);
            if (!context.cancel.isCancelled() && !fitted->folder.empty()) {
                ProjectStore store = ProjectStore::open(fitted->folder);
                storeCalibration(store, hash, stored);
            }
            Json json = jsonOf(stored);
            json["model"] = hash;
            if (!context.cancel.isCancelled() && !fitted->output.empty()) {
                Json file = Json::object();
                if (std::filesystem::exists(fitted->output))
                    file = readJsonFile(fitted->output);
                file[hash] = jsonOf(stored);
                writeJsonFile(fitted->output, file);
            }
            return Answer{OrderedJson(json), textOf(stored),
                          context.cancel.isCancelled() ? CancelledByUser : Done};
        };
    });
}

} // namespace sapsam::cli
