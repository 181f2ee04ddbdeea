#include "core/store/search_records.h"

#include "core/base/random.h"
#include "core/store/store_access.h"

namespace sapsam {

std::vector<StoredPart> storedParts(ProjectStore &store)
{
    std::vector<StoredPart> parts;
    Statement rows = StoreAccess::reading(store).query(
        "SELECT region.image_id, region.id, region.part_group, region.rle, coalesce("
        "(SELECT text FROM phrase WHERE region_id = region.id ORDER BY origin = 'human' DESC "
        "LIMIT 1), '') FROM region WHERE region.area > 0 ORDER BY region.image_id, region.id");
    while (rows.step()) {
        StoredPart part;
        part.imageId = rows.integer(0);
        part.regionId = rows.integer(1);
        part.group = rows.text(2);
        part.maskHash = fnv1a64(rows.text(3));
        part.phrase = rows.text(4);
        parts.push_back(std::move(part));
    }
    return parts;
}

std::int64_t contentVersion(ProjectStore &store)
{
    // Two counters that only grow: commits of others, changed rows of this connection.
    const std::int64_t own = StoreAccess::reading(store).integer("SELECT total_changes()");
    return store.dataVersion() * 1'000'000'007LL + own;
}

void setFeedback(ProjectStore &store, std::int64_t queryId, std::int64_t imageId,
                 const std::string &group, bool relevant)
{
    const StoreAccess::Writing writing = StoreAccess::writing(store);
    writing.database.run("INSERT INTO feedback (query_id, image_id, part_group, relevant) "
                         "VALUES (?, ?, ?, ?) ON CONFLICT (query_id, image_id, part_group) "
                         "DO UPDATE SET relevant = excluded.relevant",
                         queryId, imageId, group, relevant ? 1 : 0);
}

} // namespace sapsam
