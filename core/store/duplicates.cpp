#include "core/store/duplicates.h"

#include "core/base/error.h"
#include "core/base/json_file.h"
#include "core/base/log.h"
#include "core/store/store_access.h"

#include <algorithm>

namespace sapsam {

namespace {

constexpr const char *kSetting = "duplicates"; // {"images": compared, "last": greatest id}

} // namespace

std::vector<DuplicateGroup> duplicateGroups(ProjectStore &store)
{
    std::vector<DuplicateGroup> groups;
    Statement rows = StoreAccess::reading(store).query(
        "SELECT group_id, image_id FROM duplicate ORDER BY group_id, place, image_id");
    while (rows.step()) {
        if (groups.empty() || groups.back().id != rows.integer(0))
            groups.push_back({rows.integer(0), {}});
        groups.back().images.push_back(rows.integer(1));
    }
    return groups;
}

void replaceDuplicates(ProjectStore &store, const std::vector<std::vector<std::int64_t>> &groups)
{
    store.transaction([&] {
        const StoreAccess::Writing writing = StoreAccess::writing(store);
        Database &db = writing.database;
        db.execute("DELETE FROM duplicate");
        for (const std::vector<std::int64_t> &group : groups) {
            if (group.empty())
                continue;
            const std::int64_t id = *std::min_element(group.begin(), group.end());
            std::int64_t place = 0;
            for (const std::int64_t image : group)
                db.run("INSERT INTO duplicate (image_id, group_id, place) VALUES (?, ?, ?)", image,
                       id, place++);
        }
        const Json state = {{"images", db.integer("SELECT count(*) FROM image")},
                            {"last", db.integer("SELECT coalesce(max(id), 0) FROM image")}};
        store.setSetting(kSetting, state.dump());
    });
}

DuplicateSearch duplicateSearch(ProjectStore &store)
{
    DuplicateSearch search;
    const std::string text = store.setting(kSetting);
    const Json state = Json::parse(text, nullptr, false);
    const auto number = [&](const char *key) {
        const auto found = state.find(key);
        return found != state.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
    };
    if (!state.is_object())
        return search;
    Database &db = StoreAccess::reading(store);
    search.wasDone = true;
    search.images = number("images");
    const std::int64_t last = number("last");
    {
        Statement row = db.query("SELECT count(*) FROM image WHERE id > ?", last);
        search.fresh = row.step() ? row.integer(0) : 0;
    }
    search.groups = db.integer("SELECT count(DISTINCT group_id) FROM duplicate");
    search.copies = db.integer("SELECT count(*) FROM duplicate") - search.groups;
    return search;
}

std::unordered_map<std::string, PerceptualHash> pictureHashes(ProjectStore &store)
{
    std::unordered_map<std::string, PerceptualHash> hashes;
    Statement rows = StoreAccess::reading(store).query("SELECT sha256, hash FROM picture_hash");
    while (rows.step()) {
        try {
            hashes.emplace(rows.text(0), hashOfBytes(rows.text(1)));
        } catch (const Error &error) {
            logInfo(error.what()); // of another version: it is made anew
        }
    }
    return hashes;
}

void addPictureHashes(ProjectStore &store,
                      const std::vector<std::pair<std::string, PerceptualHash>> &hashes)
{
    store.transaction([&] {
        const StoreAccess::Writing writing = StoreAccess::writing(store);
        for (const auto &[sha256, hash] : hashes) {
            const std::string bytes = bytesOf(hash);
            writing.database.run("INSERT OR REPLACE INTO picture_hash (sha256, hash) VALUES (?, ?)",
                                 sha256, Blob{bytes});
        }
    });
}

} // namespace sapsam
