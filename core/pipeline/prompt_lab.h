#pragma once

#include "core/base/cancel.h"
#include "core/base/progress.h"
#include "core/engine/phrase_writer.h"
#include "core/eval/phrase_statistics.h"
#include "core/pipeline/engines.h"
#include "core/store/edits.h"
#include "core/store/prompt_trials.h"
#include "core/taxonomy/taxonomy.h"
#include "core/text/prompt_template.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

// The prompt lab: which templates a project phrases with, and trials of other ones on a sample of
// its regions. Thread rule: as the store's and the engines'.
namespace sapsam {

// The project's templates ---------------------------------------------------------------------

// Settings of a project that hold them; both are changed through the journal.
inline constexpr const char *kTemplatesSetting = "prompts.templates"; // a PromptTemplate as JSON
inline constexpr const char *kPhraseModelSetting = "prompts.model";   // name in the manifest

// The project's templates; the shipped ones until somebody changes them. Throws Error(Corrupt) when
// what is stored cannot be read.
PromptTemplate projectTemplates(ProjectStore &store);
// The name of the model that the project's phrases are written with; empty for the first listed.
std::string projectPhraseModel(ProjectStore &store);

// What is wrong with the templates for the groups of a taxonomy; a group without a prompt is a
// finding with MissingPart and an empty detail for it. The worst first.
std::vector<PromptFinding> templateFindings(const PromptTemplate &templates,
                                            const Taxonomy &taxonomy,
                                            const PromptRules &rules = {});

// The edit that makes `next` the project's templates; its version becomes one above every version
// that the project has seen, and `next` is changed accordingly. `touched` are the groups to be
// checked (all when empty). Throws Error(InvalidInput) with the first finding that is an error:
// what is wrong, why, and what to do.
Edit templatesEdit(ProjectStore &store, PromptTemplate &next,
                   const std::vector<std::string> &touched = {}, const std::string &title = {});
// Back to the shipped templates.
Edit defaultTemplatesEdit();

// The regions without a phrase of these templates and this model: first those whose phrase is out
// of date, then those without any, each by picture. Phrases of people are never out of date, and a
// phrase of an older version stays up to date as long as its group's template did not change.
std::vector<RegionState> regionsToPhrase(ProjectStore &store, const PromptTemplate &templates,
                                         const std::string &modelHash,
                                         const std::string &group = {});

PhraseDecoding decodingOf(const DecodingSettings &settings);

// Models ---------------------------------------------------------------------------------------

// What a phrase model takes, read from its folder without its weights.
struct PhraseModelFacts
{
    std::string name;
    std::string architecture;
    std::string weights; // hash over the files as the manifest lists them
    std::string sha256;  // ModelInfo::sha256; empty where it is not in the manifest
    int inputWidth = 0;  // pixels; every picture is squashed to this size
    int inputHeight = 0;
    int context = 0; // tokens of picture, prompt and answer together; 0: no limit
    int pictureTokens = 0;
    std::function<int(const std::string &)> countTokens; // of a prompt; safe to call in parallel

    // Room for the prompt; 0: no limit.
    int maxPromptTokens(const DecodingSettings &decoding) const;
};

// The phrase models of a models folder, the one that is used by default first. Empty when the
// folder has no manifest.
std::vector<std::string> phraseModelNames(const std::string &modelsFolder);
// Throws Error(NotFound) when there is none of that name (an empty one means the first), and what
// reading its files throws.
PhraseModelFacts phraseModelFacts(const std::string &modelsFolder, const std::string &name = {});
// A view of a region in the size the network gets, with the filter it is resized with.
Image modelInput(const Image &view, const PhraseModelFacts &facts);

// Trials ---------------------------------------------------------------------------------------

struct TrialTemplate
{
    std::string name;
    GroupTemplate content;
};

// Templates × a sample of regions of one group × one or two models.
struct TrialDefinition
{
    std::string name;
    std::string source; // where the idea comes from
    std::string group;
    std::vector<TrialTemplate> templates;
    std::vector<std::string> models; // names; empty: the project's own
    int crops = 8;                   // regions of the sample
    std::uint64_t seed = 1;          // of the sample

    // Why it cannot be run; empty when it can.
    std::vector<std::string> problems() const;
};

TrialDefinition parseTrialDefinition(const std::string &json, const std::string &origin);
Json jsonOf(const TrialDefinition &definition);

// The experiments that come with the program: the paper's table 2 and figure 2.
struct ShippedExperiment
{
    std::string id; // file name without ending
    TrialDefinition definition;
};
std::vector<ShippedExperiment> shippedExperiments();

// A region of the sample with what is known about it.
struct TrialCrop
{
    std::int64_t region = 0;
    std::int64_t image = 0;
    std::string path; // of the picture
    RegionColours colours;
    std::string problem; // why it cannot be shown; empty when it can
};

struct TrialCell
{
    int row = 0;
    int model = 0;
    int position = 0;
    bool isDone = false; // with a text or an error
    std::string text;
    std::string error;
    int tokens = 0;
    double seconds = 0.0;
    PhraseVerdict verdict;
};

struct Trial
{
    std::int64_t id = 0;
    TrialDefinition definition; // with the names of its models filled in
    std::string createdAt;
    std::vector<TrialCrop> crops;
    std::vector<TrialCell> cells; // rows × models × crops, in this order
    bool cancelled = false;

    std::size_t indexOf(int row, int model, int position) const;
    // Of a row and model, over the cells that are done.
    TemplateStatistics statistics(int row, int model) const;
    // Row and model that bestTemplate() picks; -1 when nothing is written yet.
    std::pair<int, int> best() const;
};

// A region of a project in pixels. Throws Error(NotFound) when the region is gone, and what reading
// the picture throws.
struct RegionPicture
{
    std::string path;
    Image picture;
    Mask mask;
};
RegionPicture readRegion(ProjectStore &store, std::int64_t imageId, std::int64_t regionId);

// The prompt as the model gets it.
std::string trialPrompt(const Taxonomy &taxonomy, const TrialDefinition &definition, int row);

// Runs a trial, or goes on with it when the same one was begun before: what is written stays. Cells
// are stored as they come and handed to `onCell`, on this thread. A cell whose picture or prompt
// fails holds the reason. Throws Error(InvalidInput) for a definition with problems(), Error
// (NotFound) when the group has no region.
Trial runTrial(ProjectStore &store, Engines &engines, const TrialDefinition &definition,
               const CancelToken &cancel = {}, const ProgressSink &progress = {},
               const std::function<void(const TrialCell &)> &onCell = {});

// As it is stored, with the verdicts made anew. Throws Error(NotFound).
Trial loadTrial(ProjectStore &store, std::int64_t id);
// The edit that removes a stored trial; undo brings it back with everything that it found. Throws
// Error(NotFound).
Edit removeTrialEdit(ProjectStore &store, std::int64_t id, const std::string &title = {});
// Before it is run: the sample, and the cells that are written already.
Trial planTrial(ProjectStore &store, const std::string &modelsFolder,
                const TrialDefinition &definition);

// Applying a winner ------------------------------------------------------------------------------

// The edit that gives the trial's group this row's template, and the project this model.
Edit winnerEdit(ProjectStore &store, const Trial &trial, int row, int model);

struct PhraseEstimate
{
    std::int64_t regions = 0; // that would get a phrase
    std::int64_t human = 0;   // that keep the phrase of a person
    double seconds = 0.0;
};
// For giving every region of the group a phrase by this row; `limit` as in PhraseScope.
PhraseEstimate estimatePhrases(ProjectStore &store, const std::string &modelsFolder,
                               const Trial &trial, int row, int model, std::int64_t limit = 0);

} // namespace sapsam
