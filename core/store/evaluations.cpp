#include "core/store/evaluations.h"

#include "core/base/error.h"
#include "core/store/store_access.h"

namespace sapsam {

namespace {

[[noreturn]] void throwUnknown(std::int64_t id)
{
    throw Error(ErrorKind::NotFound, "the project keeps no evaluation with the number "
                                         + std::to_string(id) + "; `sapsam eval list` shows them");
}

} // namespace

std::vector<EvaluationRecord> storedEvaluations(ProjectStore &store)
{
    std::vector<EvaluationRecord> records;
    Statement rows = StoreAccess::reading(store).query(
        "SELECT id, kind, title, model_name, model_hash, data, summary, created_at FROM evaluation "
        "ORDER BY id DESC");
    while (rows.step()) {
        EvaluationRecord record;
        record.id = rows.integer(0);
        record.kind = rows.text(1);
        record.title = rows.text(2);
        record.modelName = rows.text(3);
        record.modelHash = rows.text(4);
        record.data = rows.text(5);
        record.summary = rows.text(6);
        record.createdAt = rows.text(7);
        records.push_back(std::move(record));
    }
    return records;
}

std::int64_t addEvaluation(ProjectStore &store, const EvaluationRecord &record,
                           const std::string &report)
{
    const StoreAccess::Writing writing = StoreAccess::writing(store);
    writing.database.run("INSERT INTO evaluation (kind, title, model_name, model_hash, data, "
                         "summary, report) VALUES (?, ?, ?, ?, ?, ?, ?)",
                         record.kind, record.title, record.modelName, record.modelHash, record.data,
                         record.summary, report);
    return writing.database.lastInsertId();
}

std::string storedEvaluationReport(ProjectStore &store, std::int64_t id)
{
    Statement row =
        StoreAccess::reading(store).query("SELECT report FROM evaluation WHERE id = ?", id);
    if (!row.step())
        throwUnknown(id);
    return row.text(0);
}

void removeEvaluation(ProjectStore &store, std::int64_t id)
{
    const StoreAccess::Writing writing = StoreAccess::writing(store);
    if (writing.database.run("DELETE FROM evaluation WHERE id = ?", id) == 0)
        throwUnknown(id);
}

std::int64_t editedCaptionSteps(ProjectStore &store)
{
    return StoreAccess::reading(store).integer("SELECT count(*) FROM journal WHERE undone = 0 AND "
                                               "item = 'edit' AND after LIKE '%\"caption\"%'");
}

} // namespace sapsam
