#include "core/store/taxonomy_versions.h"

#include "core/base/error.h"
#include "core/store/store_access.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_set>

namespace sapsam {

namespace {

// "atr18-sapsam/3/0123456789ab" → "atr18-sapsam" and 3.
std::pair<std::string, int> nameAndNumber(const std::string &version)
{
    const std::size_t last = version.rfind('/');
    const std::size_t middle = last == std::string::npos ? last : version.rfind('/', last - 1);
    if (middle == std::string::npos || middle == last)
        return {version, 0};
    return {version.substr(0, middle),
            static_cast<int>(std::strtol(version.c_str() + middle + 1, nullptr, 10))};
}

// Nothing for what cannot be read: a row that is broken must not keep the others away.
std::optional<Taxonomy> readable(const std::string &content)
{
    try {
        return parseTaxonomy(content, "the version");
    } catch (const Error &) {
        return std::nullopt;
    }
}

} // namespace

Taxonomy currentTaxonomy(ProjectStore &store)
{
    const std::string content = store.setting(kCurrentTaxonomyKey);
    if (content.empty())
        return defaultTaxonomy();
    try {
        return parseTaxonomy(content, store.folder() + ": the current merges");
    } catch (const Error &error) {
        throw Error(ErrorKind::Corrupt,
                    std::string(error.what()) + "; `sapsam taxonomy use " + store.folder()
                        + " default`, or the Merges page, returns to the shipped merges. Masks and "
                          "phrases are not touched by that");
    }
}

CurrentTaxonomy currentTaxonomyOrDefault(ProjectStore &store)
{
    try {
        return {currentTaxonomy(store), {}};
    } catch (const Error &error) {
        if (error.kind() != ErrorKind::Corrupt)
            throw;
        return {defaultTaxonomy(), error.what()};
    }
}

std::optional<Taxonomy> taxonomyOfVersion(ProjectStore &store, const std::string &version)
{
    {
        Statement row = StoreAccess::reading(store).query(
            "SELECT content FROM taxonomy_version WHERE version = ? AND content <> ''", version);
        if (row.step()) {
            if (std::optional<Taxonomy> stored = readable(row.text(0)))
                return stored;
        }
    }
    // A release may give the shipped groups other colours; its number says what they mean.
    Taxonomy shipped = defaultTaxonomy();
    if (nameAndNumber(version) == nameAndNumber(shipped.version))
        return shipped;
    return std::nullopt;
}

std::vector<TaxonomyVersionInfo> taxonomyVersions(ProjectStore &store)
{
    const std::string shipped = defaultTaxonomy().version;
    const CurrentTaxonomy stored = currentTaxonomyOrDefault(store);
    const std::string current = stored.problem.empty() ? stored.taxonomy.version : std::string();
    std::vector<TaxonomyVersionInfo> list;
    bool hasShipped = false;
    Statement rows = StoreAccess::reading(store).query(
        "SELECT version, content, created_at, (SELECT count(*) FROM region WHERE taxonomy_id = "
        "taxonomy_version.id) FROM taxonomy_version ORDER BY id DESC");
    while (rows.step()) {
        TaxonomyVersionInfo info;
        info.version = rows.text(0);
        const std::string content = rows.text(1);
        info.createdAt = rows.text(2);
        info.regions = rows.integer(3);
        info.isCurrent = info.version == current;
        info.isShipped = info.version == shipped;
        hasShipped = hasShipped || info.isShipped;
        const std::optional<Taxonomy> known = content.empty() ? std::nullopt : readable(content);
        info.hasContent = known || nameAndNumber(info.version) == nameAndNumber(shipped);
        if (known) {
            info.parent = known->parent;
            info.note = known->note;
        }
        list.push_back(std::move(info));
    }
    if (!hasShipped) {
        TaxonomyVersionInfo info;
        info.version = shipped;
        info.isShipped = true;
        info.isCurrent = shipped == current;
        list.push_back(std::move(info));
    }
    return list;
}

std::vector<Taxonomy> knownTaxonomies(ProjectStore &store)
{
    std::vector<Taxonomy> list;
    {
        Statement rows = StoreAccess::reading(store).query(
            "SELECT content FROM taxonomy_version WHERE content <> '' ORDER BY id DESC");
        while (rows.step()) {
            if (std::optional<Taxonomy> known = readable(rows.text(0)))
                list.push_back(std::move(*known));
        }
    }
    list.push_back(defaultTaxonomy());
    return list;
}

int nextTaxonomyNumber(ProjectStore &store, const std::string &name)
{
    int highest = 0;
    for (const TaxonomyVersionInfo &info : taxonomyVersions(store)) {
        const auto [known, number] = nameAndNumber(info.version);
        if (known == name)
            highest = std::max(highest, number);
    }
    return highest + 1;
}

Change taxonomyChange(const Taxonomy &taxonomy)
{
    const std::string problem = taxonomyProblem(taxonomy, "'" + taxonomy.name + "'");
    if (!problem.empty())
        throw Error(ErrorKind::InvalidInput, problem);
    Change change;
    change.kind = EditKind::Setting;
    change.key = kCurrentTaxonomyKey;
    change.after = taxonomyJson(taxonomy).dump();
    return change;
}

void rememberTaxonomy(Database &database, const std::string &content)
{
    const Taxonomy taxonomy = parseTaxonomy(content, "the merges to store");
    const std::string problem = taxonomyProblem(taxonomy, "'" + taxonomy.name + "'");
    if (!problem.empty())
        throw Error(ErrorKind::InvalidInput, problem);
    // What is there stays, if it can be read: the first parent and note are how the version came to
    // be.
    {
        Statement row = database.query(
            "SELECT content FROM taxonomy_version WHERE version = ? AND content <> ''",
            taxonomy.version);
        if (row.step() && readable(row.text(0)))
            return;
    }
    database.run("INSERT INTO taxonomy_version (version, content) VALUES (?, ?) "
                 "ON CONFLICT (version) DO UPDATE SET content = excluded.content",
                 taxonomy.version, content);
}

RegionCensus regionCensus(ProjectStore &store)
{
    RegionCensus census;
    std::map<std::tuple<std::string, std::int64_t, bool>, int> kindOf;
    std::map<std::int64_t, std::string> versions;
    Database &db = StoreAccess::reading(store);
    {
        Statement rows = db.query("SELECT id, version FROM taxonomy_version");
        while (rows.step())
            versions[rows.integer(0)] = rows.text(1);
    }
    Statement rows = db.query(
        "SELECT region.image_id, region.id, part_group, taxonomy_id, region.origin = 'human', "
        "count(phrase.id), coalesce(sum(phrase.origin = 'human'), 0) FROM region "
        "LEFT JOIN phrase ON phrase.region_id = region.id GROUP BY region.id");
    while (rows.step()) {
        const bool isHuman = rows.integer(4) != 0;
        const auto key = std::make_tuple(rows.text(2), rows.integer(3), isHuman);
        auto found = kindOf.find(key);
        if (found == kindOf.end()) {
            found = kindOf.emplace(key, static_cast<int>(census.kinds.size())).first;
            census.kinds.push_back({rows.text(2), rows.isNull(3) ? "" : versions[rows.integer(3)],
                                    isHuman ? "human" : "model"});
        }
        census.rows.push_back({rows.integer(0), rows.integer(1), found->second,
                               static_cast<int>(rows.integer(5)),
                               static_cast<int>(rows.integer(6))});
    }
    std::stable_sort(census.rows.begin(), census.rows.end(),
                     [](const RegionRow &a, const RegionRow &b) { return a.imageId < b.imageId; });
    return census;
}

std::vector<SegmentedUnder> imagesToSegmentByVersion(ProjectStore &store,
                                                     const std::string &modelHash,
                                                     const std::string &taxonomyVersion)
{
    std::vector<SegmentedUnder> list;
    Statement rows = StoreAccess::reading(store).query(
        "SELECT image.id, CASE WHEN model.hash = ? THEN coalesce(taxonomy_version.version, '') "
        "ELSE '' END AS made FROM image LEFT JOIN model ON model.id = segmented_model_id "
        "LEFT JOIN taxonomy_version ON taxonomy_version.id = segmented_taxonomy_id "
        "WHERE made <> ? ORDER BY made, image.id",
        modelHash, taxonomyVersion);
    while (rows.step()) {
        const std::string version = rows.text(1);
        if (list.empty() || list.back().version != version)
            list.push_back({version, {}});
        list.back().imageIds.push_back(rows.integer(0));
    }
    return list;
}

void replaceRegionsOfGroups(ProjectStore &store, std::int64_t imageId,
                            const std::vector<std::string> &groups,
                            const std::vector<std::string> &known,
                            const std::vector<RegionRecord> &regions, const std::string &modelHash,
                            const std::string &taxonomyVersion)
{
    store.transaction([&] {
        const StoreAccess::Writing writing = StoreAccess::writing(store);
        Database &db = writing.database;
        const auto model = StoreAccess::modelId(store, modelHash);
        const auto taxonomy = StoreAccess::taxonomyId(store, taxonomyVersion);
        const std::unordered_set<std::string> replaced(groups.begin(), groups.end());
        const std::unordered_set<std::string> kept(known.begin(), known.end());
        std::vector<std::int64_t> gone;
        std::vector<std::int64_t> moved;
        std::map<std::string, std::int64_t> written; // group → old region with a human phrase
        {
            Statement rows = db.query(
                "SELECT id, part_group, EXISTS (SELECT 1 FROM phrase WHERE region_id = region.id "
                "AND phrase.origin = 'human') FROM region WHERE image_id = ? AND origin = 'model'",
                imageId);
            while (rows.step()) {
                const std::int64_t id = rows.integer(0);
                const std::string group = rows.text(1);
                const bool isGone = replaced.contains(group) || !kept.contains(group);
                if (isGone && rows.integer(2) != 0)
                    written.emplace(group, id);
                (isGone ? gone : moved).push_back(id);
            }
        }
        for (const std::int64_t id : moved)
            db.run("UPDATE region SET taxonomy_id = ? WHERE id = ?", taxonomy, id);
        for (RegionRecord region : regions) {
            region.imageId = imageId;
            region.modelHash = modelHash;
            region.taxonomyVersion = taxonomyVersion;
            const std::int64_t id = store.addRegion(region);
            const auto old = written.find(region.group);
            if (old != written.end()) {
                db.run("UPDATE phrase SET region_id = ? WHERE region_id = ? AND origin = 'human'",
                       id, old->second);
                written.erase(old);
            }
        }
        // What a person wrote about a part outlives the mask that a model drew for it; where the
        // part was not found again, the old mask stays with it.
        for (const std::int64_t id : gone)
            db.run("DELETE FROM region WHERE id = ? AND NOT EXISTS (SELECT 1 FROM phrase WHERE "
                   "region_id = region.id AND phrase.origin = 'human')",
                   id);
        db.run("UPDATE image SET segmented_model_id = ?, segmented_taxonomy_id = ? WHERE id = ?",
               model, taxonomy, imageId);
    });
}

} // namespace sapsam
