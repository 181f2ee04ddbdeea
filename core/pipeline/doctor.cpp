#include "core/pipeline/doctor.h"

#include "core/base/error.h"
#include "core/base/version.h"
#include "core/engine/startup.h"
#include "core/pipeline/engines.h"
#include "core/pipeline/feature_paths.h"
#include "core/pipeline/merge_preview.h"
#include "core/search/feature_file.h"
#include "core/store/project_store.h"
#include "core/weights/model_manifest.h"

#include <filesystem>
#include <functional>
#include <sys/utsname.h>

namespace sapsam {

namespace fs = std::filesystem;

namespace {

class Doctor
{
public:
    explicit Doctor(DoctorReport &report) : m_report(report) {}

    void program()
    {
        utsname system = {};
        ::uname(&system);
        const std::string name =
            std::string(system.sysname) + " " + system.release + " " + system.machine;
        m_report.details["program"] = {
            {"name", "sapsam"}, {"version", programVersion()}, {"system", name}};
        say("program   sapsam " + std::string(programVersion()) + " on " + name);
    }

    void device(const EngineOptions &options)
    {
        attempt([&] {
            const DeviceInfo device = resolveDevice(options);
            m_report.details["device"] = {{"device", device.device},
                                          {"name", device.name},
                                          {"precision", device.precision},
                                          {"threads", device.threads},
                                          {"libtorch", device.libtorchVersion},
                                          {"blas", device.blas},
                                          {"why_not_gpu", device.whyNotGpu}};
            say("device    " + device.device + " (" + device.name + "), " + device.precision + ", "
                + std::to_string(device.threads) + " threads, libtorch " + device.libtorchVersion
                + ", " + device.blas);
            if (!device.whyNotGpu.empty())
                say("          no GPU is used: " + device.whyNotGpu);
        });
    }

    void startup()
    {
        OrderedJson list = OrderedJson::array();
        for (const StartupChoice &choice : startupChoices()) {
            list.push_back({{"what", choice.what}, {"value", choice.value}, {"why", choice.why}});
            say("startup   " + choice.what
                + (choice.value.empty() ? " unchanged" : " = " + choice.value) + ": " + choice.why);
        }
        m_report.details["startup"] = std::move(list);
    }

    void models(const std::string &folder)
    {
        OrderedJson list = OrderedJson::array();
        attempt([&] {
            const ModelManifest manifest = readModelManifest(folder);
            for (const ModelEntry &model : manifest.models) {
                const std::vector<std::string> wrong = verifyModel(manifest, model);
                list.push_back({{"name", model.name},
                                {"task", model.task},
                                {"architecture", model.architecture},
                                {"sound", wrong.empty()}});
                say("model     " + model.name + " (" + model.task
                    + "): " + (wrong.empty() ? "sound" : "not usable"));
                for (const std::string &problem : wrong)
                    complain("model " + model.name + ": " + problem);
            }
            for (const char *task : {"person-sam", "phrases", "retrieval"}) {
                if (!manifest.findByTask(task))
                    complain("no model for the task '" + std::string(task) + "' is listed in '"
                             + folder + "/manifest.json'");
            }
        });
        m_report.details["models"] = {{"folder", folder}, {"list", std::move(list)}};
    }

    void project(const std::string &folder)
    {
        m_report.details["project"] = {{"folder", folder}, {"sound", false}};
        attempt([&] {
            ProjectStore store = ProjectStore::open(folder, ProjectStore::Access::ReadOnly);
            const std::vector<std::string> problems = store.integrityProblems();
            for (const std::string &problem : problems)
                complain("'" + store.folder() + "/project.sqlite': " + problem
                         + "; put back a copy from the backups folder");
            const ProjectCounts counts = store.counts();
            m_report.details["project"] = {
                {"folder", store.folder()},          {"sound", problems.empty()},
                {"images", counts.images},           {"regions", counts.regions},
                {"phrases", counts.phrases},         {"embedded", counts.embedded},
                {"captions", counts.captions},       {"missing_pictures", missingPictures(store)},
                {"backups", backups(store.folder())}};
            say("project   " + store.folder() + ": " + std::to_string(counts.images) + " images, "
                + std::to_string(counts.regions) + " regions, " + std::to_string(counts.phrases)
                + " phrases, " + std::to_string(counts.embedded) + " embedded");
            say(std::string("database  ") + (problems.empty() ? "sound" : "damaged"));
            merges(store);
            features(store);
        });
    }

private:
    void say(const std::string &line) { m_report.lines.push_back(line); }
    void complain(const std::string &problem) { m_report.problems.push_back(problem); }

    void attempt(const std::function<void()> &check)
    {
        try {
            check();
        } catch (const Error &error) {
            complain(error.what());
        }
    }

    std::int64_t missingPictures(ProjectStore &store)
    {
        std::int64_t missing = 0;
        std::string example;
        for (const ImageRecord &image : store.images()) {
            const std::string path = store.picturePath(image);
            std::error_code ignored;
            if (!fs::exists(path, ignored) && ++missing == 1)
                example = path;
        }
        if (missing > 0)
            complain(std::to_string(missing) + " pictures are no longer where they were, such as '"
                     + example + "'; put them back or import them from their new place");
        return missing;
    }

    static OrderedJson backups(const std::string &folder)
    {
        OrderedJson list = OrderedJson::array();
        std::error_code error;
        for (fs::directory_iterator it(folder + "/backups", error), end; !error && it != end;
             it.increment(error))
            list.push_back(it->path().filename().string());
        return list;
    }

    void merges(ProjectStore &store)
    {
        attempt([&] {
            const Taxonomy taxonomy = currentTaxonomy(store);
            const std::string problem =
                taxonomyProblem(taxonomy, "the merges of '" + store.folder() + "'");
            if (!problem.empty())
                complain(problem + "; choose another version with `sapsam taxonomy use`");
            const MergeFacts facts = readMergeFacts(store);
            const MergeImpact impact = mergeImpact(facts, taxonomy, taxonomy);
            m_report.details["merges"] = {{"version", taxonomy.version},
                                          {"groups", taxonomy.groups.size()},
                                          {"label_maps", facts.labelled},
                                          {"stale_regions", impact.staleRegions.size()},
                                          {"stale_phrases", impact.stalePhrases}};
            say("merges    " + taxonomy.version + ": " + std::to_string(taxonomy.groups.size())
                + " groups, " + std::to_string(facts.labelled) + " true label maps, "
                + std::to_string(impact.staleRegions.size()) + " masks out of date");
        });
    }

    void features(ProjectStore &store)
    {
        const std::optional<EmbeddingSetRecord> set = store.currentEmbeddingSet();
        if (!set)
            return;
        attempt([&] {
            const FeatureTable table =
                readFeatures(store.folder() + "/" + set->file, set->modelHash);
            say("features  " + std::to_string(table.ids.size()) + " images by " + set->modelName
                + ", sound");
        });
        const std::string phrases =
            store.folder() + "/features/" + phraseFeaturesName(set->modelHash);
        std::error_code ignored;
        if (fs::exists(phrases, ignored))
            attempt([&] { readFeatures(phrases, set->modelHash); });
    }

    DoctorReport &m_report;
};

} // namespace

DoctorReport examine(const std::string &projectFolder, const std::string &modelsFolder,
                     const EngineOptions &options)
{
    DoctorReport report;
    Doctor doctor(report);
    doctor.program();
    doctor.device(options);
    doctor.startup();
    doctor.models(modelsFolder.empty() ? defaultModelsFolder() : modelsFolder);
    if (!projectFolder.empty())
        doctor.project(projectFolder);
    report.details["problems"] = report.problems;
    return report;
}

} // namespace sapsam
