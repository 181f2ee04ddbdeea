#pragma once

#include "core/base/json_file.h"
#include "core/engine/engine_options.h"

#include <string>
#include <vector>

namespace sapsam {

// What `sapsam doctor` found.
struct DoctorReport
{
    OrderedJson details;               // "program", "device", "startup", "models", …, "problems"
    std::vector<std::string> lines;    // the same for people
    std::vector<std::string> problems; // what is wrong and what to do; empty when all is well
};

// Looks at the machine, verifies every file of the models, and checks the database and the feature
// files of a project (when a folder is given). Changes nothing. Everything that goes wrong is a
// problem in the report; nothing is thrown for it.
DoctorReport examine(const std::string &projectFolder, const std::string &modelsFolder,
                     const EngineOptions &options);

} // namespace sapsam
