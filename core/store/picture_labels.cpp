#include "core/store/picture_labels.h"

#include "core/store/store_access.h"
#include "core/text/filter_language.h"

#include <bit>
#include <unordered_map>

namespace sapsam {

namespace {

const char *questionOf(LabelKind kind)
{
    switch (kind) {
    case LabelKind::Identity:
        return "SELECT image_id, identity FROM image_facts WHERE identity <> ''";
    case LabelKind::Split:
        return "SELECT image_id, split FROM image_facts WHERE split <> ''";
    case LabelKind::Source:
        return "SELECT image_id, source FROM image_facts WHERE source <> ''";
    case LabelKind::Tag:
        return "SELECT image_id, min(tag.name) FROM image_tag JOIN tag ON tag.id = tag_id "
               "GROUP BY image_id";
    case LabelKind::Review:
        return "SELECT image_id, state FROM image_facts WHERE state <> ''";
    case LabelKind::Rating:
        return "SELECT image_id, rating FROM image_facts WHERE rating > 0";
    case LabelKind::ColourWord:
        return "SELECT image_id, wording.colours FROM part_wording JOIN wording ON wording.id = "
               "wording_id WHERE part_group = ? AND wording.colours <> 0";
    }
    return "";
}

} // namespace

std::vector<std::string> labelsOf(ProjectStore &store, const std::vector<std::int64_t> &ids,
                                  LabelKind kind, const std::string &group)
{
    std::unordered_map<std::int64_t, std::string> found;
    Database &db = StoreAccess::reading(store);
    if (kind == LabelKind::ColourWord) {
        Statement rows = db.query(questionOf(kind), group);
        while (rows.step()) {
            const auto bit = static_cast<std::size_t>(
                std::countr_zero(static_cast<std::uint32_t>(rows.integer(1))));
            if (bit < commonColours().size())
                found.emplace(rows.integer(0), commonColours()[bit]);
        }
    } else {
        Statement rows = db.query(questionOf(kind));
        while (rows.step())
            found.emplace(rows.integer(0), rows.text(1));
    }
    std::vector<std::string> labels;
    labels.reserve(ids.size());
    for (const std::int64_t id : ids) {
        const auto label = found.find(id);
        labels.push_back(label != found.end() ? label->second : std::string());
    }
    return labels;
}

} // namespace sapsam
