#include "app/cli/context.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/pipeline/demo_video.h"
#include "core/pipeline/search_study.h"
#include "core/train/picture_pool.h"

#include <cstdio>
#include <filesystem>
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
};

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
    for (const auto &[weight, values] : study.at("by_phrases").items())
        row("+ " + weight + " x phrases", values);
    for (const auto &[weight, values] : study.at("by_regions").items())
        row("+ " + weight + " x regions", values);
    text += "\nR@1 after 0, 1, 2, 3 judged hits:";
    for (const Json &value : study.at("feedback").at("R@1"))
        text += "  " + numberText(value);
    text += "\n  without learning from them:   ";
    for (const Json &value : study.at("feedback").at("R@1_removal_only"))
        text += "  " + numberText(value);
    return text + "\n";
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
                + (stored.rerankByParts ? "the search re-ranks\n" : "the search does not re-rank\n");
    return text;
}

// Less than this in the mAP is noise.
constexpr double kWorthReranking = 0.2;

StoredCalibration calibrated(const Arguments &arguments, const std::string &folder,
                             const std::string &source, Engines &engines, const Context &context)
{
    constexpr int kQueriesEach = 4;
    ProjectStore store = ProjectStore::open(folder);
    std::vector<StudyCase> cases = casesOfProject(store, arguments.split, arguments.limit);
    StoredCalibration measured;
    if (const auto known = storedCalibration(store, engines.retriever().model().sha256))
        measured = *known;
    if (arguments.parts) {
        measured.reranking = measureReranking(store, engines, cases, source, context.cancel,
                                              context.progress);
        measured.rerankByParts =
            measured.reranking->reranked - measured.reranking->cosine >= kWorthReranking;
    }
    if (arguments.synthetic > 0) {
        for (StudyCase &study :
             drawnQueries(store, arguments.synthetic, context.seed,
                          training::kValidationIdentities, kQueriesEach))
            cases.push_back(std::move(study));
    }
    StoredCalibration stored =
        calibrateSearch(store, engines, cases,
                        arguments.reranked || (arguments.parts && measured.rerankByParts), source,
                        context.cancel, context.progress);
    stored.reranking = measured.reranking;
    stored.rerankByParts = measured.rerankByParts;
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
                makeDrawnProject(folder, measured->synthetic, context.seed,
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
            const Json json = studySearch(store, engines, cases, context.cancel, context.progress);
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
                        "Also measure whether re-ranking by parts raises the mAP; where it does, it "
                        "becomes what the search does, and its scores are fitted");
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
                makeDrawnProject(folder, fitted->synthetic, context.seed,
                                 training::kValidationIdentities,
                                 fitted->reranked || fitted->parts, engines, context.cancel,
                                 context.progress);
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
