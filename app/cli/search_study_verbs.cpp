#include "app/cli/context.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/pipeline/search_study.h"
#include "core/train/picture_pool.h"

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

} // namespace

void addSearchStudyVerbs(CLI::App &app, Context &context)
{
    auto measured = std::make_shared<Arguments>();
    auto *study = app.add_subcommand(
        "search-study", "Measure re-ranking by parts and relevance feedback on known answers");
    addOptions(study, measured);
    auto *labels = study->add_option("--labels", measured->labels,
                                     "Labelled crops, such as tests/data/real/vtest_labels.json");
    auto *video = study->add_option("--video", measured->video, "The video they are about");
    labels->needs(video);
    video->needs(labels);
    study->callback([&context, measured] {
        context.verb = [&context, measured] {
            Engines engines(context.modelsFolder, context.engine);
            const ScratchProject scratch;
            std::vector<StudyCase> cases;
            std::string folder = scratch.folder();
            if (!measured->labels.empty())
                cases = makeLabelledProject(folder, measured->labels, measured->video, engines,
                                            context.cancel, context.progress);
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
            return Answer{OrderedJson(json), json.dump(2) + "\n",
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
                                 training::kValidationIdentities, fitted->reranked, engines,
                                 context.cancel, context.progress);
            } else if (!fitted->split.empty()) {
                source += ", split " + fitted->split;
            }
            const std::string hash = engines.retriever().model().sha256;
            StoredCalibration stored;
            {
                ProjectStore store = ProjectStore::open(folder);
                stored = calibrateSearch(
                    store, engines, casesOfProject(store, fitted->split, fitted->limit),
                    fitted->reranked, source, context.cancel, context.progress);
                if (const auto known = storedCalibration(store, hash)) {
                    stored.rerankByParts = known->rerankByParts;
                    stored.rerankingNote = known->rerankingNote;
                }
            }
            if (!context.cancel.isCancelled() && !fitted->folder.empty()) {
                ProjectStore store = ProjectStore::open(fitted->folder);
                storeCalibration(store, hash, stored);
            }
            Json json = jsonOf(stored);
            json["model"] = hash;
            if (!fitted->output.empty()) {
                Json file = Json::object();
                if (std::filesystem::exists(fitted->output))
                    file = readJsonFile(fitted->output);
                file[hash] = jsonOf(stored);
                writeJsonFile(fitted->output, file);
            }
            return Answer{OrderedJson(json), json.dump(2) + "\n",
                          context.cancel.isCancelled() ? CancelledByUser : Done};
        };
    });
}

} // namespace sapsam::cli
