#include "core/store/label_maps.h"

#include "core/base/error.h"
#include "core/store/store_access.h"

#include <array>
#include <cstdlib>

namespace sapsam {

namespace {

constexpr std::size_t kIgnored = 255;

std::string textOf(const std::vector<std::pair<int, std::int64_t>> &pixels)
{
    std::string text;
    for (const auto &[id, count] : pixels) {
        if (!text.empty())
            text += ' ';
        text += std::to_string(id);
        text += ':';
        text += std::to_string(count);
    }
    return text;
}

std::vector<std::pair<int, std::int64_t>> pixelsOf(const std::string &text)
{
    std::vector<std::pair<int, std::int64_t>> pixels;
    const char *at = text.c_str();
    while (*at != '\0') {
        char *end = nullptr;
        const long id = std::strtol(at, &end, 10);
        if (end == at || *end != ':')
            throw Error(ErrorKind::Corrupt, "the table label_map holds '" + text
                                                + "', which is no list of classes; run "
                                                  "`sapsam taxonomy labels` again");
        at = end + 1;
        const long long count = std::strtoll(at, &end, 10);
        pixels.emplace_back(static_cast<int>(id), count);
        at = end;
        while (*at == ' ')
            ++at;
    }
    return pixels;
}

LabelMapRecord recordOf(const Statement &row)
{
    return {row.integer(0), row.text(1), static_cast<int>(row.integer(2)),
            static_cast<int>(row.integer(3)), pixelsOf(row.text(4))};
}

} // namespace

LabelMapRecord makeLabelMapRecord(std::int64_t imageId, const std::string &path,
                                  const LabelMap &labels)
{
    std::array<std::int64_t, 256> counts = {};
    for (const std::uint8_t label : labels.labels)
        ++counts[label];
    LabelMapRecord record{imageId, path, labels.width, labels.height, {}};
    for (std::size_t id = 0; id < kIgnored; ++id) {
        if (counts[id] > 0)
            record.pixels.emplace_back(static_cast<int>(id), counts[id]);
    }
    return record;
}

void setLabelMap(ProjectStore &store, const LabelMapRecord &record)
{
    const StoreAccess::Writing writing = StoreAccess::writing(store);
    if (!writing.database.query("SELECT 1 FROM image WHERE id = ?", record.imageId).step())
        throw Error(ErrorKind::NotFound, "there is no picture " + std::to_string(record.imageId)
                                             + " in the project '" + store.folder() + "'");
    writing.database.run(
        "INSERT INTO label_map (image_id, path, width, height, classes) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (image_id) DO UPDATE SET path = excluded.path, width = excluded.width, "
        "height = excluded.height, classes = excluded.classes",
        record.imageId, record.path, record.width, record.height, textOf(record.pixels));
}

std::optional<LabelMapRecord> labelMapOf(ProjectStore &store, std::int64_t imageId)
{
    Statement row = StoreAccess::reading(store).query(
        "SELECT image_id, path, width, height, classes FROM label_map WHERE image_id = ?", imageId);
    return row.step() ? std::optional(recordOf(row)) : std::nullopt;
}

std::vector<LabelMapRecord> labelMaps(ProjectStore &store)
{
    std::vector<LabelMapRecord> list;
    Statement rows = StoreAccess::reading(store).query(
        "SELECT image_id, path, width, height, classes FROM label_map ORDER BY image_id");
    while (rows.step())
        list.push_back(recordOf(rows));
    return list;
}

std::int64_t labelMapCount(ProjectStore &store)
{
    return StoreAccess::reading(store).integer("SELECT count(*) FROM label_map");
}

} // namespace sapsam
