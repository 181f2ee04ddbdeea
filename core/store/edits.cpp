#include "core/store/edits.h"

#include "core/store/prompt_trials.h"
#include "core/store/store_access.h"
#include "core/store/taxonomy_versions.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

namespace sapsam {

namespace {

struct KindName
{
    EditKind kind;
    const char *name;
};

constexpr std::array kKindNames = {
    KindName{EditKind::Region, "region"},   KindName{EditKind::Phrase, "phrase"},
    KindName{EditKind::Caption, "caption"}, KindName{EditKind::Tags, "tags"},
    KindName{EditKind::Review, "review"},   KindName{EditKind::SavedView, "saved view"},
    KindName{EditKind::Setting, "setting"}, KindName{EditKind::Trial, "trial"},
};

const char *nameOf(EditKind kind)
{
    for (const KindName &entry : kKindNames) {
        if (entry.kind == kind)
            return entry.name;
    }
    return "";
}

EditKind kindOf(const std::string &name)
{
    for (const KindName &entry : kKindNames) {
        if (name == entry.name)
            return entry.kind;
    }
    throw Error(ErrorKind::Corrupt, "the journal holds an edit of the unknown kind '" + name
                                        + "'; it was written by another version of this program");
}

[[noreturn]] void refuse(EditKind kind, const std::string &key, const std::string &why)
{
    throw Error(ErrorKind::InvalidInput,
                std::string(nameOf(kind)) + " '" + key + "': " + why + "; nothing was changed");
}

std::int64_t idOfKey(EditKind kind, const std::string &key)
{
    std::int64_t id = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
    if (error != std::errc() || end != key.data() + key.size() || id <= 0)
        refuse(kind, key, "the key must be a number of the store");
    return id;
}

// "12/human" → 12 and "human".
std::pair<std::int64_t, std::string> phraseKey(const std::string &key)
{
    const std::size_t slash = key.find('/');
    const std::string origin = slash == std::string::npos ? "" : key.substr(slash + 1);
    if (origin != "human" && origin != "model")
        refuse(EditKind::Phrase, key, "the key must be REGION/human or REGION/model");
    return {idOfKey(EditKind::Phrase, key.substr(0, slash)), origin};
}

bool exists(Database &db, const char *sql, std::int64_t id)
{
    return db.query(sql, id).step();
}

void requireImage(Database &db, EditKind kind, const std::string &key, std::int64_t image)
{
    if (!exists(db, "SELECT 1 FROM image WHERE id = ?", image))
        throw Error(ErrorKind::NotFound, std::string(nameOf(kind)) + " '" + key
                                             + "': there is no picture " + std::to_string(image)
                                             + " in the project; nothing was changed");
}

// Ids of regions are never given twice, also when the newest one was removed: an older step of the
// journal must not meet a stranger.
std::int64_t newRegionId(Database &db)
{
    std::int64_t last = db.integer("SELECT coalesce(max(id), 0) FROM region");
    {
        Statement row = db.query("SELECT value FROM setting WHERE key = 'region.last-id'");
        if (row.step())
            last = std::max(last, row.integer(0));
    }
    db.run("INSERT INTO setting (key, value) VALUES ('region.last-id', ?) "
           "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
           std::to_string(last + 1));
    return last + 1;
}

Json phrasesOf(Database &db, std::int64_t region)
{
    Json list = Json::array();
    Statement rows = db.query(
        "SELECT phrase.text, phrase.origin, coalesce(model.hash, ''), "
        "coalesce(template_version.version, '') FROM phrase LEFT JOIN model ON model.id = model_id "
        "LEFT JOIN template_version ON template_version.id = template_id WHERE region_id = ? "
        "ORDER BY phrase.id",
        region);
    while (rows.step())
        list.push_back({{"text", rows.text(0)},
                        {"origin", rows.text(1)},
                        {"model", rows.text(2)},
                        {"template", rows.text(3)}});
    return list;
}

// Everything about a trial: as it comes back.
Json trialValue(Database &db, std::int64_t id)
{
    Json value;
    {
        Statement row = db.query("SELECT hash, name, part_group, definition, created_at FROM "
                                 "prompt_trial WHERE id = ?",
                                 id);
        if (!row.step())
            return nullptr;
        value = {{"hash", row.text(0)},
                 {"name", row.text(1)},
                 {"group", row.text(2)},
                 {"definition", row.text(3)},
                 {"created", row.text(4)}};
    }
    Json crops = Json::array();
    {
        Statement rows = db.query("SELECT position, region_id, image_id FROM prompt_trial_crop "
                                  "WHERE trial_id = ? ORDER BY position",
                                  id);
        while (rows.step())
            crops.push_back({rows.integer(0), rows.integer(1), rows.integer(2)});
    }
    Json cells = Json::array();
    Statement rows = db.query("SELECT template, model, position, text, error, tokens, seconds FROM "
                              "prompt_trial_cell WHERE trial_id = ? ORDER BY template, model, "
                              "position",
                              id);
    while (rows.step())
        cells.push_back({rows.integer(0), rows.integer(1), rows.integer(2), rows.text(3),
                         rows.text(4), rows.integer(5), rows.real(6)});
    value["crops"] = std::move(crops);
    value["cells"] = std::move(cells);
    return value;
}

void writeTrial(Database &db, const std::string &key, const Json &value)
{
    const std::int64_t id = idOfKey(EditKind::Trial, key);
    if (value.is_null()) {
        db.run("DELETE FROM prompt_trial WHERE id = ?", id);
        // Its number is not given again: undo must not meet a stranger.
        db.run("INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET "
               "value = max(CAST(value AS INTEGER), CAST(excluded.value AS INTEGER))",
               kLastTrialKey, std::to_string(id));
        return;
    }
    const std::string origin = "trial '" + key + "'";
    const auto hash = require<std::string>(value, "hash", origin);
    if (exists(db, "SELECT 1 FROM prompt_trial WHERE id = ?", id))
        refuse(EditKind::Trial, key, "what a trial found is not edited");
    {
        Statement same = db.query("SELECT 1 FROM prompt_trial WHERE hash = ?", hash);
        if (same.step())
            return; // it was run again meanwhile: it is there
    }
    db.run("INSERT INTO prompt_trial (id, hash, name, part_group, definition, created_at) "
           "VALUES (?, ?, ?, ?, ?, ?)",
           id, hash, require<std::string>(value, "name", origin),
           require<std::string>(value, "group", origin),
           require<std::string>(value, "definition", origin),
           require<std::string>(value, "created", origin));
    for (const Json &crop : value.value("crops", Json::array()))
        db.run("INSERT INTO prompt_trial_crop (trial_id, position, region_id, image_id) "
               "VALUES (?, ?, ?, ?)",
               id, crop.at(0).get<std::int64_t>(), crop.at(1).get<std::int64_t>(),
               crop.at(2).get<std::int64_t>());
    for (const Json &cell : value.value("cells", Json::array()))
        db.run("INSERT INTO prompt_trial_cell (trial_id, template, model, position, text, error, "
               "tokens, seconds) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
               id, cell.at(0).get<std::int64_t>(), cell.at(1).get<std::int64_t>(),
               cell.at(2).get<std::int64_t>(), cell.at(3).get<std::string>(),
               cell.at(4).get<std::string>(), cell.at(5).get<std::int64_t>(),
               cell.at(6).get<double>());
}

Json readValue(Database &db, EditKind kind, const std::string &key)
{
    switch (kind) {
    case EditKind::Region: {
        if (key.empty())
            return nullptr;
        const std::int64_t id = idOfKey(kind, key);
        Statement row = db.query(
            "SELECT image_id, part_group, width, height, rle, box_left, box_top, box_right, "
            "box_bottom, area, score, prompt, origin, coalesce(model.hash, ''), "
            "coalesce(taxonomy_version.version, '') FROM region "
            "LEFT JOIN model ON model.id = model_id "
            "LEFT JOIN taxonomy_version ON taxonomy_version.id = taxonomy_id WHERE region.id = ?",
            id);
        if (!row.step())
            return nullptr;
        Json value = {{"image", row.integer(0)},
                      {"group", row.text(1)},
                      {"width", row.integer(2)},
                      {"height", row.integer(3)},
                      {"rle", row.text(4)},
                      {"box", {row.integer(5), row.integer(6), row.integer(7), row.integer(8)}},
                      {"area", row.real(9)},
                      {"score", row.real(10)},
                      {"prompt", row.text(11)},
                      {"origin", row.text(12)},
                      {"model", row.text(13)},
                      {"taxonomy", row.text(14)}};
        value["phrases"] = phrasesOf(db, id);
        return value;
    }
    case EditKind::Phrase: {
        const auto [region, origin] = phraseKey(key);
        Statement row = db.query(
            "SELECT phrase.text, coalesce(model.hash, ''), coalesce(template_version.version, '') "
            "FROM phrase LEFT JOIN model ON model.id = model_id "
            "LEFT JOIN template_version ON template_version.id = template_id "
            "WHERE region_id = ? AND origin = ?",
            region, origin);
        if (!row.step())
            return nullptr;
        return {{"text", row.text(0)}, {"model", row.text(1)}, {"template", row.text(2)}};
    }
    case EditKind::Caption: {
        if (key.empty())
            return nullptr;
        Statement row =
            db.query("SELECT image_id, text FROM caption WHERE id = ?", idOfKey(kind, key));
        if (!row.step())
            return nullptr;
        return {{"image", row.integer(0)}, {"text", row.text(1)}};
    }
    case EditKind::Tags: {
        Json tags = Json::array();
        Statement rows = db.query("SELECT tag.name FROM image_tag JOIN tag ON tag.id = tag_id "
                                  "WHERE image_id = ? ORDER BY tag.name",
                                  idOfKey(kind, key));
        while (rows.step())
            tags.push_back(rows.text(0));
        if (tags.empty())
            return nullptr;
        return tags;
    }
    case EditKind::Review: {
        Statement row = db.query("SELECT rating, state FROM image_review WHERE image_id = ?",
                                 idOfKey(kind, key));
        if (!row.step())
            return nullptr;
        return {{"rating", row.integer(0)}, {"state", row.text(1)}};
    }
    case EditKind::SavedView: {
        Statement row = db.query("SELECT definition FROM saved_view WHERE name = ?", key);
        if (!row.step())
            return nullptr;
        return parseJson(row.text(0), "saved view '" + key + "'");
    }
    case EditKind::Setting: {
        Statement row = db.query("SELECT value FROM setting WHERE key = ?", key);
        if (!row.step())
            return nullptr;
        return row.text(0);
    }
    case EditKind::Trial:
        return trialValue(db, idOfKey(kind, key));
    }
    return nullptr;
}

void writeRegion(ProjectStore &store, Database &db, std::string &key, const Json &value)
{
    RegionRecord region = regionOfValue(value);
    requireImage(db, EditKind::Region, key, region.imageId);
    const bool isNew = key.empty();
    region.id = isNew ? newRegionId(db) : idOfKey(EditKind::Region, key);
    key = std::to_string(region.id);
    const auto model = StoreAccess::modelId(store, region.modelHash);
    const auto taxonomy = StoreAccess::taxonomyId(store, region.taxonomyVersion);
    const int changed =
        db.run("UPDATE region SET image_id = ?, part_group = ?, width = ?, height = ?, rle = ?, "
               "box_left = ?, box_top = ?, box_right = ?, box_bottom = ?, area = ?, score = ?, "
               "prompt = ?, origin = ?, model_id = ?, taxonomy_id = ? WHERE id = ?",
               region.imageId, region.group, region.width, region.height, region.rle,
               region.bounds.left, region.bounds.top, region.bounds.right, region.bounds.bottom,
               region.area, region.score, region.prompt, region.origin, model, taxonomy, region.id);
    if (changed > 0)
        return; // its phrases are values of their own
    db.run("INSERT INTO region (id, image_id, part_group, width, height, rle, box_left, box_top, "
           "box_right, box_bottom, area, score, prompt, origin, model_id, taxonomy_id) "
           "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
           region.id, region.imageId, region.group, region.width, region.height, region.rle,
           region.bounds.left, region.bounds.top, region.bounds.right, region.bounds.bottom,
           region.area, region.score, region.prompt, region.origin, model, taxonomy);
    const std::string origin = "region '" + key + "'";
    for (const Json &phrase : value.value("phrases", Json::array()))
        db.run(
            "INSERT INTO phrase (region_id, text, origin, model_id, template_id) "
            "VALUES (?, ?, ?, ?, ?)",
            region.id, require<std::string>(phrase, "text", origin),
            require<std::string>(phrase, "origin", origin),
            StoreAccess::modelId(store, valueOr<std::string>(phrase, "model", {}, origin)),
            StoreAccess::templateId(store, valueOr<std::string>(phrase, "template", {}, origin)));
}

void writeTags(Database &db, const std::string &key, const Json &value)
{
    const std::int64_t image = idOfKey(EditKind::Tags, key);
    requireImage(db, EditKind::Tags, key, image);
    if (!value.is_null() && !value.is_array())
        refuse(EditKind::Tags, key, "the value must be a list of texts");
    db.run("DELETE FROM image_tag WHERE image_id = ?", image);
    for (const Json &tag : value) {
        if (!tag.is_string() || tag.get_ref<const std::string &>().empty())
            refuse(EditKind::Tags, key, "a tag must be a text that is not empty");
        const auto &name = tag.get_ref<const std::string &>();
        db.run("INSERT INTO tag (name) VALUES (?) ON CONFLICT (name) DO NOTHING", name);
        db.run("INSERT INTO image_tag (image_id, tag_id) SELECT ?, id FROM tag WHERE name = ? "
               "ON CONFLICT DO NOTHING",
               image, name);
    }
    db.run("DELETE FROM tag WHERE NOT EXISTS (SELECT 1 FROM image_tag WHERE tag_id = tag.id)");
}

void writeReview(Database &db, const std::string &key, const Json &value)
{
    const std::int64_t image = idOfKey(EditKind::Review, key);
    requireImage(db, EditKind::Review, key, image);
    const std::string origin = "review '" + key + "'";
    const int rating = value.is_null() ? 0 : valueOr<int>(value, "rating", 0, origin);
    const std::string state =
        value.is_null() ? std::string() : valueOr<std::string>(value, "state", {}, origin);
    static const std::set<std::string> known = {"", "accepted", "rejected", "unsure"};
    if (rating < 0 || rating > 5)
        refuse(EditKind::Review, key, "a rating is 0 (none) to 5");
    if (!known.contains(state))
        refuse(EditKind::Review, key, "the state is accepted, rejected, unsure or empty");
    if (rating == 0 && state.empty())
        db.run("DELETE FROM image_review WHERE image_id = ?", image);
    else
        db.run("INSERT INTO image_review (image_id, rating, state) VALUES (?, ?, ?) "
               "ON CONFLICT (image_id) DO UPDATE SET rating = excluded.rating, "
               "state = excluded.state",
               image, rating, state);
}

// `key` of a new row is filled in.
// isNew: somebody chose the value now; else a step of the journal returns it.
void writeValue(ProjectStore &store, Database &db, EditKind kind, std::string &key,
                const Json &value, bool isNew)
{
    switch (kind) {
    case EditKind::Region:
        if (value.is_null())
            db.run("DELETE FROM region WHERE id = ?", idOfKey(kind, key));
        else
            writeRegion(store, db, key, value);
        return;
    case EditKind::Phrase: {
        const auto [region, origin] = phraseKey(key);
        if (value.is_null()) {
            db.run("DELETE FROM phrase WHERE region_id = ? AND origin = ?", region, origin);
            return;
        }
        if (!exists(db, "SELECT 1 FROM region WHERE id = ?", region))
            throw Error(ErrorKind::NotFound, "phrase '" + key
                                                 + "': there is no such region in the project; "
                                                   "nothing was changed");
        const std::string where = "phrase '" + key + "'";
        db.run("INSERT INTO phrase (region_id, text, origin, model_id, template_id) "
               "VALUES (?, ?, ?, ?, ?) ON CONFLICT (region_id, origin) DO UPDATE SET "
               "text = excluded.text, model_id = excluded.model_id, "
               "template_id = excluded.template_id",
               region, require<std::string>(value, "text", where), origin,
               StoreAccess::modelId(store, valueOr<std::string>(value, "model", {}, where)),
               StoreAccess::templateId(store, valueOr<std::string>(value, "template", {}, where)));
        return;
    }
    case EditKind::Caption: {
        if (value.is_null()) {
            db.run("DELETE FROM caption WHERE id = ?", idOfKey(kind, key));
            return;
        }
        const auto image = require<std::int64_t>(value, "image", "caption '" + key + "'");
        const auto text = require<std::string>(value, "text", "caption '" + key + "'");
        requireImage(db, kind, key, image);
        {
            Statement same =
                db.query("SELECT id FROM caption WHERE image_id = ? AND text = ?", image, text);
            if (same.step() && std::to_string(same.integer(0)) != key)
                refuse(kind, key, "the picture has this caption already");
        }
        if (key.empty()) {
            db.run("INSERT INTO caption (image_id, text) VALUES (?, ?)", image, text);
            key = std::to_string(db.lastInsertId());
        } else {
            db.run("INSERT INTO caption (id, image_id, text) VALUES (?, ?, ?) ON CONFLICT (id) DO "
                   "UPDATE SET image_id = excluded.image_id, text = excluded.text",
                   idOfKey(kind, key), image, text);
        }
        return;
    }
    case EditKind::Tags:
        return writeTags(db, key, value);
    case EditKind::Review:
        return writeReview(db, key, value);
    case EditKind::SavedView:
        if (key.empty())
            refuse(kind, key, "a view needs a name");
        if (value.is_null())
            db.run("DELETE FROM saved_view WHERE name = ?", key);
        else
            db.run("INSERT INTO saved_view (name, definition) VALUES (?, ?) ON CONFLICT (name) DO "
                   "UPDATE SET definition = excluded.definition",
                   key, value.dump());
        return;
    case EditKind::Setting:
        if (value.is_null())
            db.run("DELETE FROM setting WHERE key = ?", key);
        else if (value.is_string()) {
            // A step back returns what was there, readable or not: undoing a repair, for one.
            if (key == kCurrentTaxonomyKey && isNew)
                rememberTaxonomy(db, value.get<std::string>());
            db.run("INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET "
                   "value = excluded.value",
                   key, value.get<std::string>());
        } else
            refuse(kind, key, "a setting is a text");
        return;
    case EditKind::Trial:
        return writeTrial(db, key, value);
    }
}

// Phrases of a region are values of their own, except when the region comes or goes.
bool areEqual(EditKind kind, Json a, Json b)
{
    if (kind == EditKind::Region) {
        if (a.is_object())
            a.erase("phrases");
        if (b.is_object())
            b.erase("phrases");
    }
    return a == b;
}

std::string valuesText(const std::vector<Change> &changes, Json Change::*value)
{
    Json list = Json::array();
    for (const Change &change : changes)
        list.push_back({nameOf(change.kind), change.key, change.*value});
    return list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<Change> changesOf(const std::string &before, const std::string &after)
{
    const Json old = parseJson(before, "the journal");
    const Json fresh = parseJson(after, "the journal");
    std::vector<Change> changes;
    for (std::size_t i = 0; i < old.size() && i < fresh.size(); ++i)
        changes.push_back({kindOf(old[i][0].get<std::string>()), old[i][1].get<std::string>(),
                           old[i][2], fresh[i][2]});
    return changes;
}

constexpr const char *kEdit = "edit"; // journal.item of the rows that are written here

void forgetOldSteps(Database &db)
{
    db.run("DELETE FROM journal WHERE item = 'edit' AND id <= (SELECT id FROM journal "
           "WHERE item = 'edit' ORDER BY id DESC LIMIT 1 OFFSET ?)",
           EditJournal::kMaxSteps);
    while (db.integer("SELECT coalesce(sum(length(before) + length(after)), 0) FROM journal "
                      "WHERE item = 'edit'")
               > EditJournal::kMaxBytes
           && db.integer("SELECT count(*) FROM journal WHERE item = 'edit'") > 1)
        db.run("DELETE FROM journal WHERE id = (SELECT min(id) FROM journal WHERE item = 'edit')");
}

std::vector<Edit> editsOf(Statement rows)
{
    std::vector<Edit> edits;
    while (rows.step()) {
        Edit edit;
        edit.id = rows.integer(0);
        edit.title = rows.text(1);
        edit.createdAt = rows.text(2);
        edit.isUndone = rows.integer(3) != 0;
        edits.push_back(std::move(edit));
    }
    return edits;
}

} // namespace

Json regionValue(const RegionRecord &region)
{
    return {
        {"image", region.imageId},
        {"group", region.group},
        {"width", region.width},
        {"height", region.height},
        {"rle", region.rle},
        {"box", {region.bounds.left, region.bounds.top, region.bounds.right, region.bounds.bottom}},
        {"area", region.area},
        {"score", region.score},
        {"prompt", region.prompt},
        {"origin", region.origin},
        {"model", region.modelHash},
        {"taxonomy", region.taxonomyVersion}};
}

RegionRecord regionOfValue(const Json &value)
{
    const std::string origin = "region";
    RegionRecord region;
    region.imageId = require<std::int64_t>(value, "image", origin);
    region.group = require<std::string>(value, "group", origin);
    region.width = require<int>(value, "width", origin);
    region.height = require<int>(value, "height", origin);
    region.rle = require<std::string>(value, "rle", origin);
    const auto box = require<std::array<int, 4>>(value, "box", origin);
    region.bounds = {box[0], box[1], box[2], box[3]};
    region.area = require<double>(value, "area", origin);
    region.score = require<double>(value, "score", origin);
    region.prompt = valueOr<std::string>(value, "prompt", {}, origin);
    region.origin = require<std::string>(value, "origin", origin);
    region.modelHash = valueOr<std::string>(value, "model", {}, origin);
    region.taxonomyVersion = valueOr<std::string>(value, "taxonomy", {}, origin);
    return region;
}

std::vector<std::int64_t> imagesEditedByPeople(ProjectStore &store,
                                               const std::vector<std::int64_t> &imageIds)
{
    std::vector<std::int64_t> edited;
    Database &db = StoreAccess::reading(store);
    for (const std::int64_t id : imageIds) {
        Statement row = db.query(
            "SELECT 1 FROM region WHERE image_id = ?1 AND (origin = 'human' OR EXISTS (SELECT 1 "
            "FROM phrase WHERE region_id = region.id AND phrase.origin = 'human')) LIMIT 1",
            id);
        if (row.step())
            edited.push_back(id);
    }
    return edited;
}

EditJournal::EditJournal(ProjectStore &store) : m_store(store) {}

Json EditJournal::value(EditKind kind, const std::string &key)
{
    return readValue(StoreAccess::reading(m_store), kind, key);
}

Edit EditJournal::apply(Edit edit)
{
    const StoreAccess::Writing writing = StoreAccess::writing(m_store);
    Database &db = writing.database;
    Transaction transaction(db);
    std::vector<Change> stored;
    for (Change &change : edit.changes) {
        change.before = readValue(db, change.kind, change.key);
        if (areEqual(change.kind, change.before, change.after))
            continue;
        writeValue(m_store, db, change.kind, change.key, change.after, true);
        // As it reads back: undo compares with this.
        change.after = readValue(db, change.kind, change.key);
        stored.push_back(std::move(change));
    }
    edit.changes = std::move(stored);
    edit.id = 0;
    if (edit.changes.empty())
        return edit;
    db.run("DELETE FROM journal WHERE item = ? AND undone = 1", kEdit);
    db.run("INSERT INTO journal (action, item, before, after) VALUES (?, ?, ?, ?)", edit.title,
           kEdit, valuesText(edit.changes, &Change::before),
           valuesText(edit.changes, &Change::after));
    edit.id = db.lastInsertId();
    forgetOldSteps(db);
    transaction.commit();
    return edit;
}

Edit EditJournal::step(bool forward)
{
    const StoreAccess::Writing writing = StoreAccess::writing(m_store);
    Database &db = writing.database;
    Transaction transaction(db);
    Edit edit;
    {
        Statement row =
            forward ? db.query("SELECT id, action, before, after, created_at FROM journal "
                               "WHERE item = 'edit' AND undone = 1 ORDER BY id LIMIT 1")
                    : db.query("SELECT id, action, before, after, created_at FROM journal "
                               "WHERE item = 'edit' AND undone = 0 ORDER BY id DESC LIMIT 1");
        if (!row.step())
            return {};
        edit.id = row.integer(0);
        edit.title = row.text(1);
        edit.changes = changesOf(row.text(2), row.text(3));
        edit.createdAt = row.text(4);
        edit.isUndone = !forward;
    }
    std::vector<Change> changes = edit.changes;
    if (!forward)
        std::reverse(changes.begin(), changes.end());
    for (const Change &change : changes) {
        const Json &expected = forward ? change.before : change.after;
        if (!areEqual(change.kind, readValue(db, change.kind, change.key), expected)) {
            db.run("DELETE FROM journal WHERE id = ?", edit.id);
            transaction.commit();
            throw Error(ErrorKind::Mismatch,
                        "“" + edit.title + "” cannot be " + (forward ? "done again" : "undone")
                            + ": the " + nameOf(change.kind) + " '" + change.key
                            + "' was changed by something else since; it was left as it is");
        }
    }
    for (Change &change : changes)
        writeValue(m_store, db, change.kind, change.key, forward ? change.after : change.before,
                   false);
    db.run("UPDATE journal SET undone = ? WHERE id = ?", forward ? 0 : 1, edit.id);
    transaction.commit();
    return edit;
}

Edit EditJournal::undo()
{
    return step(false);
}

Edit EditJournal::redo()
{
    return step(true);
}

std::vector<Edit> EditJournal::undoable(int limit)
{
    return editsOf(StoreAccess::reading(m_store).query(
        "SELECT id, action, created_at, undone FROM journal WHERE item = 'edit' AND undone = 0 "
        "ORDER BY id DESC LIMIT ?",
        limit));
}

std::vector<Edit> EditJournal::redoable(int limit)
{
    return editsOf(StoreAccess::reading(m_store).query(
        "SELECT id, action, created_at, undone FROM journal WHERE item = 'edit' AND undone = 1 "
        "ORDER BY id LIMIT ?",
        limit));
}

} // namespace sapsam
