#pragma once

#include "core/store/project_store.h"

#include <cstdint>
#include <string>
#include <vector>

// The evaluations that a project keeps. The thread rule and the errors are the store's.
namespace sapsam {

struct EvaluationRecord
{
    std::int64_t id = 0;
    std::string kind; // retrieval | parsing
    std::string title;
    std::string modelName;
    std::string modelHash;
    std::string data;      // for people: "test split of this project"
    std::string summary;   // JSON
    std::string createdAt; // ISO 8601, UTC
};

// Newest first, without the reports.
std::vector<EvaluationRecord> storedEvaluations(ProjectStore &store);
// Keeps a report (JSON); returns its id. id and createdAt of the record are the store's to give.
std::int64_t addEvaluation(ProjectStore &store, const EvaluationRecord &record,
                           const std::string &report);
// The report as it was kept. Throws Error(NotFound) when there is none of that id.
std::string storedEvaluationReport(ProjectStore &store, std::int64_t id);
// Throws Error(NotFound) when there is none of that id.
void removeEvaluation(ProjectStore &store, std::int64_t id);

// Captions that somebody changed by hand in this project, by the journal: what is measured on them
// is not what the data set's publisher wrote.
std::int64_t editedCaptionSteps(ProjectStore &store);

} // namespace sapsam
