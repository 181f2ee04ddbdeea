#pragma once

#include "core/store/project_store.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// What the prompt lab keeps in a project: trials of templates on sampled regions, and what their
// cells say. The thread rule and the errors are the store's.
namespace sapsam {

// A region and the phrase that counts for it.
struct RegionState
{
    std::int64_t region = 0;
    std::int64_t image = 0;
    std::string group;
    std::string phraseOrigin;    // human | model | "" for none
    std::string modelHash;       // of the phrase
    std::string templateVersion; // of the phrase
};

// The regions with at least one pixel, by picture and id; an empty group means all.
std::vector<RegionState> regionStates(ProjectStore &store, const std::string &group = {});

struct TemplateVersionRecord
{
    std::string version; // PromptTemplate::hash()
    std::string content; // JSON
    std::string createdAt;
    std::int64_t phrases = 0; // that were written with it and still stand
};
std::vector<TemplateVersionRecord> templateVersions(ProjectStore &store); // newest first

struct TrialRecord
{
    std::int64_t id = 0;
    std::string hash;
    std::string name;
    std::string group;
    std::string definition; // JSON
    std::string createdAt;  // ISO 8601, UTC
    std::int64_t cells = 0; // that are written
};

struct TrialCropRecord
{
    std::int64_t region = 0;
    std::int64_t image = 0;
};

struct TrialCellRecord
{
    int row = 0;      // of the templates
    int model = 0;    // of the models
    int position = 0; // of the crops
    std::string text;
    std::string error;
    int tokens = 0;
    double seconds = 0.0; // for this phrase; its share of a batch
};

struct WrittenPhrase
{
    std::string text;
    int tokens = 0;
    double seconds = 0.0;
};

// The setting with the highest number of a trial that was removed: numbers are not given twice.
inline constexpr const char *kLastTrialKey = "trial.last-id";

class PromptTrials
{
public:
    explicit PromptTrials(ProjectStore &store) : m_store(store) {}

    // Returns the id; the one that is there already when the hash is known.
    std::int64_t add(const TrialRecord &trial, const std::vector<TrialCropRecord> &crops);
    TrialRecord trial(std::int64_t id);                           // throws Error(NotFound)
    std::vector<TrialRecord> list(const std::string &group = {}); // newest first
    std::vector<TrialCropRecord> crops(std::int64_t id);          // by position
    std::vector<TrialCellRecord> cells(std::int64_t id);          // those that are written
    void setCells(std::int64_t id, const std::vector<TrialCellRecord> &cells);
    std::optional<WrittenPhrase> written(const std::string &key);
    void remember(const std::string &key, const WrittenPhrase &phrase);

private:
    ProjectStore &m_store;
};

} // namespace sapsam
