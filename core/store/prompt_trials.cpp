#include "core/store/prompt_trials.h"

#include "core/base/error.h"
#include "core/store/store_access.h"

#include <algorithm>

namespace sapsam {

std::vector<RegionState> regionStates(ProjectStore &store, const std::string &group)
{
    std::vector<RegionState> states;
    // "human" sorts before "model": the first row of a region is the one that counts.
    Statement rows = StoreAccess::reading(store).query(
        "SELECT region.id, region.image_id, region.part_group, coalesce(phrase.origin, ''), "
        "coalesce(model.hash, ''), coalesce(template_version.version, '') FROM region "
        "LEFT JOIN phrase ON phrase.region_id = region.id "
        "LEFT JOIN model ON model.id = phrase.model_id "
        "LEFT JOIN template_version ON template_version.id = phrase.template_id "
        "WHERE region.area > 0 AND (? = '' OR region.part_group = ?) "
        "ORDER BY region.image_id, region.id, phrase.origin",
        group, group);
    while (rows.step()) {
        if (!states.empty() && states.back().region == rows.integer(0))
            continue;
        states.push_back({rows.integer(0), rows.integer(1), rows.text(2), rows.text(3),
                          rows.text(4), rows.text(5)});
    }
    return states;
}

std::vector<TemplateVersionRecord> templateVersions(ProjectStore &store)
{
    std::vector<TemplateVersionRecord> versions;
    Statement rows = StoreAccess::reading(store).query(
        "SELECT version, content, created_at, (SELECT count(*) FROM phrase WHERE template_id = "
        "template_version.id) FROM template_version ORDER BY id DESC");
    while (rows.step())
        versions.push_back({rows.text(0), rows.text(1), rows.text(2), rows.integer(3)});
    return versions;
}

std::int64_t PromptTrials::add(const TrialRecord &trial, const std::vector<TrialCropRecord> &crops)
{
    const StoreAccess::Writing writing = StoreAccess::writing(m_store);
    Database &db = writing.database;
    Transaction transaction(db);
    {
        Statement known = db.query("SELECT id FROM prompt_trial WHERE hash = ?", trial.hash);
        if (known.step())
            return known.integer(0);
    }
    std::int64_t id = db.integer("SELECT coalesce(max(id), 0) FROM prompt_trial") + 1;
    {
        Statement removed =
            db.query("SELECT CAST(value AS INTEGER) FROM setting WHERE key = ?", kLastTrialKey);
        if (removed.step())
            id = std::max(id, removed.integer(0) + 1);
    }
    db.run("INSERT INTO prompt_trial (id, hash, name, part_group, definition) "
           "VALUES (?, ?, ?, ?, ?)",
           id, trial.hash, trial.name, trial.group, trial.definition);
    std::int64_t position = 0;
    for (const TrialCropRecord &crop : crops)
        db.run("INSERT INTO prompt_trial_crop (trial_id, position, region_id, image_id) "
               "VALUES (?, ?, ?, ?)",
               id, position++, crop.region, crop.image);
    transaction.commit();
    return id;
}

TrialRecord PromptTrials::trial(std::int64_t id)
{
    Statement row = StoreAccess::reading(m_store).query(
        "SELECT id, hash, name, part_group, definition, created_at, (SELECT count(*) FROM "
        "prompt_trial_cell WHERE trial_id = prompt_trial.id) FROM prompt_trial WHERE id = ?",
        id);
    if (!row.step())
        throw Error(ErrorKind::NotFound, "there is no trial " + std::to_string(id)
                                             + " in the project '" + m_store.folder()
                                             + "'; `sapsam lab list` names those that are there");
    return {row.integer(0), row.text(1), row.text(2),   row.text(3),
            row.text(4),    row.text(5), row.integer(6)};
}

std::vector<TrialRecord> PromptTrials::list(const std::string &group)
{
    std::vector<TrialRecord> trials;
    Statement rows = StoreAccess::reading(m_store).query(
        "SELECT id, hash, name, part_group, definition, created_at, (SELECT count(*) FROM "
        "prompt_trial_cell WHERE trial_id = prompt_trial.id) FROM prompt_trial "
        "WHERE ? = '' OR part_group = ? ORDER BY id DESC",
        group, group);
    while (rows.step())
        trials.push_back({rows.integer(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4),
                          rows.text(5), rows.integer(6)});
    return trials;
}

std::vector<TrialCropRecord> PromptTrials::crops(std::int64_t id)
{
    std::vector<TrialCropRecord> crops;
    Statement rows = StoreAccess::reading(m_store).query(
        "SELECT region_id, image_id FROM prompt_trial_crop WHERE trial_id = ? ORDER BY position",
        id);
    while (rows.step())
        crops.push_back({rows.integer(0), rows.integer(1)});
    return crops;
}

std::vector<TrialCellRecord> PromptTrials::cells(std::int64_t id)
{
    std::vector<TrialCellRecord> cells;
    Statement rows = StoreAccess::reading(m_store).query(
        "SELECT template, model, position, text, error, tokens, seconds FROM prompt_trial_cell "
        "WHERE trial_id = ? ORDER BY template, model, position",
        id);
    while (rows.step())
        cells.push_back({static_cast<int>(rows.integer(0)), static_cast<int>(rows.integer(1)),
                         static_cast<int>(rows.integer(2)), rows.text(3), rows.text(4),
                         static_cast<int>(rows.integer(5)), rows.real(6)});
    return cells;
}

void PromptTrials::setCells(std::int64_t id, const std::vector<TrialCellRecord> &cells)
{
    const StoreAccess::Writing writing = StoreAccess::writing(m_store);
    Database &db = writing.database;
    Transaction transaction(db);
    for (const TrialCellRecord &cell : cells)
        db.run("INSERT INTO prompt_trial_cell (trial_id, template, model, position, text, error, "
               "tokens, seconds) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
               "text = excluded.text, error = excluded.error, tokens = excluded.tokens, "
               "seconds = excluded.seconds",
               id, cell.row, cell.model, cell.position, cell.text, cell.error, cell.tokens,
               cell.seconds);
    transaction.commit();
}

std::optional<WrittenPhrase> PromptTrials::written(const std::string &key)
{
    Statement row = StoreAccess::reading(m_store).query(
        "SELECT text, tokens, seconds FROM written_phrase WHERE key = ?", key);
    if (!row.step())
        return std::nullopt;
    return WrittenPhrase{row.text(0), static_cast<int>(row.integer(1)), row.real(2)};
}

void PromptTrials::remember(const std::string &key, const WrittenPhrase &phrase)
{
    StoreAccess::writing(m_store).database.run(
        "INSERT INTO written_phrase (key, text, tokens, seconds) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (key) DO UPDATE SET text = excluded.text, tokens = excluded.tokens, "
        "seconds = excluded.seconds",
        key, phrase.text, phrase.tokens, phrase.seconds);
}

} // namespace sapsam
