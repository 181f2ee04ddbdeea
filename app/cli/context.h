#pragma once

#include "core/base/cancel.h"
#include "core/base/json_file.h"
#include "core/base/progress.h"
#include "core/engine/engine_options.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <string>

namespace sapsam::cli {

// Exit codes of every verb (design: the command line).
enum ExitCode { Done = 0, Failed = 1, Usage = 2, SomeFailed = 3, CancelledByUser = 130 };

// What a verb has to say: one JSON object for programs, lines for people.
struct Answer
{
    OrderedJson json;
    std::string text;
    int exitCode = Done;
};

// The options before the verb, and the verb that was chosen.
struct Context
{
    bool json = false;
    bool quiet = false;
    EngineOptions engine;
    std::uint64_t seed = 1;
    std::string modelsFolder;
    CancelToken cancel;
    ProgressSink progress;
    std::function<Answer()> verb; // set by the parser's callback, run after parsing
};

// Each adds its verbs to the parser. The context outlives the parser.
void addProjectVerbs(CLI::App &app, Context &context);  // project, import, export
void addPipelineVerbs(CLI::App &app, Context &context); // segment, phrase, embed
void addGalleryVerbs(CLI::App &app, Context &context); // list, tag, rate, review, views
void addSearchVerb(CLI::App &app, Context &context);       // search, index
void addMaskVerbs(CLI::App &app, Context &context);        // mask, region, undo, redo, history
void addSearchStudyVerbs(CLI::App &app, Context &context); // search-study, calibrate
void addTrainingVerbs(CLI::App &app, Context &context); // train, runs
void addEvalVerbs(CLI::App &app, Context &context);
void addModelVerbs(CLI::App &app, Context &context);
void addTaxonomyVerbs(CLI::App &app, Context &context);
void addPromptVerbs(CLI::App &app, Context &context); // templates, lab
void addSynthVerb(CLI::App &app, Context &context);
void addDatasetVerbs(CLI::App &app, Context &context); // dataset doctor, info, pack, …
void addSystemVerbs(CLI::App &app, Context &context);  // doctor, version
void addManualVerb(CLI::App &app, Context &context); // man, completion
void addBenchVerb(CLI::App &app, Context &context);

} // namespace sapsam::cli
