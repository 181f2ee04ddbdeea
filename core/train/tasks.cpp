#include "core/train/tasks.h"

#include "core/base/error.h"
#include "core/train/task_person_sam_data.h"
#include "core/train/task_phrases_data.h"

namespace sapsam::training {

namespace {

template <typename Settings>
Settings usableSettings(const std::string &task, const Json &config)
{
    Settings settings;
    std::vector<std::string> problems;
    readSettings(config, settings, problems);
    const std::vector<std::string> more = problemsOf(settings);
    problems.insert(problems.end(), more.begin(), more.end());
    if (!problems.empty()) {
        std::string message = "the settings of the task '" + task + "' cannot be used:";
        for (const std::string &problem : problems)
            message += "\n  " + problem;
        throw Error(ErrorKind::InvalidInput, message);
    }
    return settings;
}

} // namespace

std::unique_ptr<TrainTask> makeTask(const std::string &task, const Json &config,
                                    const TaskInputs &inputs)
{
    if (config.is_object() && config.contains("task") && config.at("task") != task)
        throw Error(ErrorKind::InvalidInput, "the configuration is for the task "
                                                 + config.at("task").dump() + ", not for '" + task
                                                 + "'");
    const auto has = [&](const char *key) { return config.is_object() && config.contains(key); };
    if (task == "retrieval" && (has("data") || has("pack")))
        return makeSapSamTask(usableSettings<SapSamSettings>(task, config), inputs);
    if (task == "retrieval")
        return makeRetrievalTask(usableSettings<RetrievalSettings>(task, config));
    if (task == "person-sam" && has("data"))
        return makePersonSamDataTask(usableSettings<PersonSamDataSettings>(task, config), inputs);
    if (task == "person-sam")
        return makePersonSamTask(usableSettings<PersonSamSettings>(task, config));
    if (task == "sam")
        return makeSamTask(usableSettings<SamSettings>(task, config));
    if (task == "phrases" && has("data"))
        return makePhrasesDataTask(usableSettings<PhrasesDataSettings>(task, config), inputs);
    if (task == "phrases")
        return makePhrasesTask(usableSettings<PhrasesSettings>(task, config));
    throw Error(ErrorKind::InvalidInput,
                "there is no task '" + task + "'; choose retrieval, person-sam, sam or phrases");
}

} // namespace sapsam::training
