#pragma once

#include "core/base/json_file.h"

#include <optional>
#include <string>
#include <vector>

// The settings of training as data: what a dialog shows, what `sapsam train TASK --describe` prints
// and what is checked before a run starts. The list of fields and their defaults come from the
// settings structs themselves (core/train/settings_fields.h), so that form and parser agree.
namespace sapsam {

enum class FieldType { Text, Integer, Number, Switch, Choice, IntegerList, Path, Model };

// "text", "integer", …
const char *nameOf(FieldType type);

// An interval; an end that is not there has no limit.
struct FieldRange
{
    std::optional<double> least;
    std::optional<double> most;
    bool leastIsOutside = false; // the end itself is not allowed
    bool mostIsOutside = false;

    // "at least 1", "greater than 0 and at most 1"; empty without limits.
    std::string text() const;
    bool contains(double value) const;
};

struct SettingField
{
    std::string key; // in the JSON
    FieldType type = FieldType::Text;
    Json fallback; // what it is when nothing is said
    FieldRange range;
    std::vector<std::string> choices;
    bool isBasic = false;
    std::string group; // heading
    std::string label;
    std::string explanation; // one sentence
    std::string unit;        // "steps", "MiB"; may be empty
};

// One kind of training: a task, either on drawn people or on a data set.
struct TrainingForm
{
    std::string id;   // "retrieval", "retrieval-data", …
    std::string task; // of `sapsam train`
    std::string title;
    std::string explanation;
    bool onData = false; // its settings have "data"
    std::vector<SettingField> fields;

    const SettingField *field(const std::string &key) const; // null for an unknown one
};

// All forms, in the order in which a list shows them.
const std::vector<TrainingForm> &trainingForms();
// Throws Error(NotFound) naming those that exist.
const TrainingForm &trainingForm(const std::string &id);
// The form that settings belong to: with "data" (or "pack") it is the one on data.
std::string formIdOf(const std::string &task, const Json &config);

struct SettingProblem
{
    std::string key; // empty when it is about all of them
    std::string message;
};

// Every unusable setting, in the words of the parser; empty when a run can start. Without
// `modelsFolder` it is not looked whether what paths name is there.
std::vector<SettingProblem> checkSettings(const TrainingForm &form, const Json &config,
                                          const std::string &modelsFolder = {});

// Settings may name a model of the registry in the place of a path; here they are paths.
Json withModelPaths(Json config, const std::string &modelsFolder);

// {"id","task","title","explanation","fields":[…]}
OrderedJson describe(const TrainingForm &form);

struct TrainingPreset
{
    std::string id; // "retrieval", "table-6-5"
    std::string title;
    std::string form;
    std::string origin; // the file it was read from
    Json config;
};

// Those of `modelsFolder`/configs: a file for each model that the project trains, and the rows of
// the paper's tables. Files that cannot be read are left out and named in `problems`.
std::vector<TrainingPreset> trainingPresets(const std::string &modelsFolder,
                                            std::vector<std::string> *problems = nullptr);

} // namespace sapsam
