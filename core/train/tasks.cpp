#include "core/train/tasks.h"

#include "core/base/error.h"

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

std::unique_ptr<TrainTask> makeTask(const std::string &task, const Json &config)
{
    if (config.is_object() && config.contains("task") && config.at("task") != task)
        throw Error(ErrorKind::InvalidInput, "the configuration is for the task "
                                                 + config.at("task").dump() + ", not for '" + task
                                                 + "'");
    if (task == "retrieval")
        return makeRetrievalTask(usableSettings<RetrievalSettings>(task, config));
    if (task == "person-sam")
        return makePersonSamTask(usableSettings<PersonSamSettings>(task, config));
    if (task == "phrases")
        return makePhrasesTask(usableSettings<PhrasesSettings>(task, config));
    throw Error(ErrorKind::InvalidInput,
                "there is no task '" + task + "'; choose retrieval, person-sam or phrases");
}

} // namespace sapsam::training
