#include "core/store/gallery_query.h"

#include "core/base/error.h"
#include "core/store/store_access.h"
#include "core/text/noun_phrases.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <unordered_map>
#include <utility>

namespace sapsam {

namespace {

constexpr std::size_t kCancelStride = 4096; // rows between two looks at the token
// Identities and tags that completion offers.
constexpr int kMaxOffered = 2000;

struct SortName
{
    GallerySortKey key;
    const char *name;
    const char *order; // SQL; what has no value comes last whatever the direction
    const char *last;
};

constexpr std::array kSorts = {
    SortName{GallerySortKey::Id, "id", "f.image_id", ""},
    SortName{GallerySortKey::Name, "name", "f.name_key", ""},
    SortName{GallerySortKey::Path, "path", "(SELECT path FROM image WHERE id = f.image_id)", ""},
    SortName{GallerySortKey::Identity, "identity", "natural_key(f.identity)", "f.identity = ''"},
    SortName{GallerySortKey::Split, "split", "f.split", "f.split = ''"},
    SortName{GallerySortKey::Source, "source", "f.source", ""},
    SortName{GallerySortKey::Rating, "rating", "f.rating", ""},
    SortName{GallerySortKey::Review, "review", "f.state", "f.state = ''"},
    SortName{GallerySortKey::Score, "score", "f.score_low", "f.score_low IS NULL"},
    SortName{GallerySortKey::Parts, "parts", "f.parts", ""},
    SortName{GallerySortKey::Size, "size", "f.width * f.height", ""},
};

bool isAscii(const std::string &text)
{
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Writes the condition of a filter over image_facts (f). All values travel as parameters.
class Compiler
{
public:
    Compiler(Database &db, const Filter &filter) : m_filter(filter)
    {
        Statement rows = db.query("SELECT name, bit FROM part_bit");
        while (rows.step())
            m_bits.emplace(rows.text(0), rows.integer(1));
        m_condition = condition(filter.root);
    }

    const std::string &text() const { return m_condition; }
    const std::vector<SqlValue> &values() const { return m_values; }

private:
    std::string condition(const FilterNode &node)
    {
        switch (node.kind) {
        case FilterNode::Kind::Everything:
            return "1";
        case FilterNode::Kind::Not:
            return "NOT " + condition(node.children.front());
        case FilterNode::Kind::And:
        case FilterNode::Kind::Or: {
            std::string text = "(";
            for (const FilterNode &child : node.children) {
                if (text.size() > 1)
                    text += node.kind == FilterNode::Kind::And ? " AND " : " OR ";
                text += condition(child);
            }
            return text + ")";
        }
        case FilterNode::Kind::Term: {
            const FilterTerm &term = node.term;
            std::string text = "(";
            for (const FilterValue &value : term.values) {
                if (text.size() > 1)
                    text += " OR ";
                text += one(term, value);
            }
            return text + ")";
        }
        }
        return "1";
    }

    std::string parameter(SqlValue value)
    {
        m_values.push_back(std::move(value));
        return "?";
    }

    [[noreturn]] void refuse(std::size_t at, const std::string &message) const
    {
        std::size_t column = 1;
        for (std::size_t i = 0; i < at && i < m_filter.text.size(); ++i)
            column += (static_cast<unsigned char>(m_filter.text[i]) & 0xC0) != 0x80 ? 1 : 0;
        throw Error(ErrorKind::InvalidInput,
                    "filter, column " + std::to_string(column) + ": " + message);
    }

    // The project's spelling of a group; groups of the shipped taxonomy may have no picture yet.
    std::string groupOf(const std::string &name, std::size_t at) const
    {
        const std::string folded = foldText(name);
        std::string known;
        for (const auto &[group, bit] : m_bits) {
            if (foldText(group) == folded)
                return group;
            known += (known.empty() ? "" : ", ") + group;
        }
        for (const std::string &group : partGroups()) {
            if (group == folded)
                return group;
            if (!m_bits.contains(group))
                known += (known.empty() ? "" : ", ") + group;
        }
        refuse(at, "there is no part group \"" + name + "\"; the groups are " + known);
    }

    // column equals the value; "*" stands for anything, "none" for nothing.
    std::string equals(const std::string &column, const FilterValue &value)
    {
        const std::string folded = foldText(value.text);
        if (!value.isQuoted && folded == "none")
            return column + " = ''";
        if (!value.isQuoted && folded.find('*') != std::string::npos)
            return "matches(" + column + ", " + parameter(folded) + ")";
        if (isAscii(folded))
            return column + " = " + parameter(folded) + " COLLATE NOCASE";
        return "folded(" + column + ") = " + parameter(folded);
    }

    // text has the value somewhere; with "*" the whole text must fit.
    std::string contains(const std::string &text, const FilterValue &value)
    {
        const std::string folded = foldText(value.text);
        if (!value.isQuoted && folded.find('*') != std::string::npos)
            return "matches(" + text + ", " + parameter(folded) + ")";
        return "contains_folded(" + text + ", " + parameter(folded) + ")";
    }

    std::string range(const std::string &column, const FilterValue &value)
    {
        std::string text;
        if (value.low == value.high)
            return column + " = " + parameter(value.low);
        if (std::isfinite(value.low))
            text += column + (value.excludesLow ? " > " : " >= ") + parameter(value.low);
        if (std::isfinite(value.high))
            text += (text.empty() ? "" : " AND ") + column + (value.excludesHigh ? " < " : " <= ")
                    + parameter(value.high);
        return text.empty() ? "1" : "(" + text + ")";
    }

    std::string wordings(const std::string &group, const std::string &which)
    {
        std::string text = "f.image_id IN (SELECT image_id FROM part_wording WHERE wording_id IN "
                           "(SELECT id FROM wording WHERE "
                           + which + ")";
        if (!group.empty())
            text += " AND part_group = " + parameter(group);
        return text + ")";
    }

    std::string one(const FilterTerm &term, const FilterValue &value)
    {
        const std::string group =
            term.group.empty() ? std::string() : groupOf(term.group, term.begin);
        switch (term.key) {
        case FilterKey::Split:
            return equals("f.split", value);
        case FilterKey::Source:
            return equals("f.source", value);
        case FilterKey::Identity:
            return equals("f.identity", value);
        case FilterKey::Tag:
            if (!value.isQuoted && foldText(value.text) == "none")
                return "NOT EXISTS (SELECT 1 FROM image_tag WHERE image_id = f.image_id)";
            return "f.image_id IN (SELECT image_id FROM image_tag JOIN tag ON tag.id = tag_id "
                   "WHERE "
                   + equals("tag.name", value) + ")";
        case FilterKey::Review:
            return value.text == "none" ? "f.state = ''" : "f.state = " + parameter(value.text);
        case FilterKey::Reviewed:
            return value.text == "yes" ? "f.state <> ''" : "f.state = ''";
        case FilterKey::Has:
            return has(value);
        case FilterKey::ColourWord: {
            const auto bits = static_cast<std::int64_t>(colourBits(value.text));
            const auto &names = commonColours();
            const bool isCommon = std::find(names.begin(), names.end(), value.text) != names.end();
            if (isCommon && group.empty())
                return "(f.colours & " + parameter(bits) + ") <> 0";
            // "navy" and "dark blue" are kinds of blue that must be written so.
            std::string which = "(colours & " + parameter(bits) + ") <> 0";
            if (!isCommon)
                which += " AND contains_folded(text, " + parameter(value.text) + ")";
            return wordings(group, which);
        }
        case FilterKey::Origin: {
            std::string text = "f.image_id IN (SELECT image_id FROM region WHERE origin = "
                               + parameter(value.text);
            if (!group.empty())
                text += " AND part_group = " + parameter(group);
            return text + " AND area > 0.0)";
        }
        case FilterKey::Name:
            return "f.image_id IN (SELECT id FROM image WHERE " + contains("file_name(path)", value)
                   + ")";
        case FilterKey::Path:
            return "f.image_id IN (SELECT id FROM image WHERE " + contains("path", value) + ")";
        case FilterKey::Caption:
            return "f.image_id IN (SELECT image_id FROM caption WHERE " + contains("text", value)
                   + ")";
        case FilterKey::Phrase:
            return wordings(group, contains("text", value));
        case FilterKey::Text: {
            // In the order in which the parameters are bound.
            std::string text = "(f.image_id IN (SELECT id FROM image WHERE "
                               + contains("file_name(path)", value) + ")";
            text += " OR f.image_id IN (SELECT image_id FROM caption WHERE "
                    + contains("text", value) + ")";
            text += " OR " + wordings({}, contains("text", value));
            return text + ")";
        }
        case FilterKey::Id:
            return range("f.image_id", value);
        case FilterKey::Rating:
            return range("f.rating", value);
        case FilterKey::Parts:
            return range("f.parts", value);
        case FilterKey::Width:
            return range("f.width", value);
        case FilterKey::Height:
            return range("f.height", value);
        case FilterKey::Frame:
            return "f.image_id IN (SELECT id FROM image WHERE " + range("frame", value) + ")";
        case FilterKey::Score:
            return measure("score", group, value);
        case FilterKey::Area:
            return measure("area", group, value);
        }
        return "1";
    }

    std::string has(const FilterValue &value)
    {
        const auto &words = filterHasWords();
        const bool isWord = std::find(words.begin(), words.end(), value.text) != words.end();
        const bool isGroup = std::any_of(m_bits.begin(), m_bits.end(), [&](const auto &entry) {
            return foldText(entry.first) == value.text;
        });
        if (isWord && !isGroup) {
            if (value.text == "part")
                return "f.parts > 0";
            if (value.text == "identity")
                return "f.identity <> ''";
            if (value.text == "phrase")
                return "EXISTS (SELECT 1 FROM part_wording WHERE image_id = f.image_id)";
            return std::string("EXISTS (SELECT 1 FROM ")
                   + (value.text == "tag" ? "image_tag" : "caption")
                   + " WHERE image_id = f.image_id)";
        }
        const std::string group = groupOf(value.text, value.begin);
        const auto bit = m_bits.find(group);
        if (bit == m_bits.end())
            return "0"; // a group of the taxonomy that no picture has
        if (bit->second >= 0)
            return "(f.groups & " + parameter(std::int64_t{1} << bit->second) + ") <> 0";
        return "f.image_id IN (SELECT image_id FROM region WHERE part_group = " + parameter(group)
               + " AND area > 0.0)";
    }

    // Score or area of some part. One-sided questions about any part's score are in the facts.
    std::string measure(const std::string &column, const std::string &group,
                        const FilterValue &value)
    {
        if (group.empty() && column == "score") {
            if (!std::isfinite(value.low))
                return "coalesce(" + range("f.score_low", value) + ", 0)";
            if (!std::isfinite(value.high))
                return "coalesce(" + range("f.score_high", value) + ", 0)";
        }
        std::string text = "f.image_id IN (SELECT image_id FROM region WHERE ";
        if (!group.empty())
            text += "part_group = " + parameter(group) + " AND ";
        return text + range(column, value) + " AND area > 0.0)";
    }

    const Filter &m_filter;
    std::map<std::string, std::int64_t> m_bits;
    std::vector<SqlValue> m_values;
    std::string m_condition;
};

std::string orderOf(const GallerySort &sort)
{
    for (const SortName &entry : kSorts) {
        if (entry.key != sort.key)
            continue;
        std::string order = entry.last;
        if (!order.empty())
            order += ", ";
        order += entry.order;
        if (sort.descending)
            order += " DESC";
        if (entry.key != GallerySortKey::Id)
            order += ", f.image_id";
        return " ORDER BY " + order;
    }
    return " ORDER BY f.image_id";
}

// Which ids are in the answer; ids are dense.
class Members
{
public:
    explicit Members(const std::vector<std::int64_t> &ids)
    {
        const auto last = std::max_element(ids.begin(), ids.end());
        m_bits.resize(last == ids.end() ? 0 : static_cast<std::size_t>(*last) + 1);
        for (const std::int64_t id : ids)
            m_bits[static_cast<std::size_t>(id)] = true;
    }
    bool contains(std::int64_t id) const
    {
        return id >= 0 && static_cast<std::size_t>(id) < m_bits.size()
               && m_bits[static_cast<std::size_t>(id)];
    }

private:
    std::vector<bool> m_bits;
};

using Counts = std::unordered_map<std::string, std::int64_t>;

std::vector<FacetValue> byName(const Counts &counts)
{
    std::vector<FacetValue> values;
    for (const auto &[name, count] : counts)
        values.push_back({name, count});
    std::sort(values.begin(), values.end(), [](const FacetValue &a, const FacetValue &b) {
        if (a.value.empty() != b.value.empty())
            return b.value.empty(); // none comes last
        return a.value < b.value;
    });
    return values;
}

} // namespace

std::optional<GallerySort> gallerySortFromName(std::string_view name)
{
    GallerySort sort;
    for (const std::string_view ending : {":desc", ":asc"}) {
        if (name.ends_with(ending)) {
            sort.descending = ending == ":desc";
            name.remove_suffix(ending.size());
            break;
        }
    }
    for (const SortName &entry : kSorts) {
        if (name == entry.name) {
            sort.key = entry.key;
            return sort;
        }
    }
    return std::nullopt;
}

std::string nameOf(const GallerySort &sort)
{
    for (const SortName &entry : kSorts) {
        if (entry.key == sort.key)
            return std::string(entry.name) + (sort.descending ? ":desc" : "");
    }
    return "id";
}

const std::vector<std::string> &gallerySortNames()
{
    static const std::vector<std::string> names = [] {
        std::vector<std::string> list;
        for (const SortName &entry : kSorts)
            list.emplace_back(entry.name);
        return list;
    }();
    return names;
}

std::vector<std::int64_t> imagesMatching(ProjectStore &store, const Filter &filter,
                                         const GallerySort &sort, const CancelToken &cancel)
{
    Database &db = StoreAccess::reading(store);
    const Compiler where(db, filter);
    std::vector<std::int64_t> ids;
    Statement rows = db.queryWith("SELECT f.image_id FROM image_facts AS f WHERE " + where.text()
                                      + orderOf(sort),
                                  where.values());
    while (rows.step()) {
        ids.push_back(rows.integer(0));
        if (ids.size() % kCancelStride == 0 && cancel.isCancelled())
            break;
    }
    return ids;
}

GalleryAnswer askGallery(ProjectStore &store, const Filter &filter, const GallerySort &sort,
                         const CancelToken &cancel)
{
    Database &db = StoreAccess::reading(store);
    const Compiler where(db, filter);
    GalleryAnswer answer;
    std::array<std::int64_t, 64> groups{};
    std::array<std::int64_t, 32> colours{};
    std::array<std::int64_t, 6> ratings{};
    Counts splits;
    Counts sources;
    Counts identities;
    Counts reviews;
    {
        Statement rows = db.queryWith(
            "SELECT f.image_id, f.rating, f.state, f.groups, f.colours, f.split, f.source, "
            "f.identity FROM image_facts AS f WHERE "
                + where.text() + orderOf(sort),
            where.values());
        while (rows.step()) {
            answer.ids.push_back(rows.integer(0));
            const std::string state = rows.text(2);
            const auto rating =
                static_cast<std::int8_t>(std::clamp<std::int64_t>(rows.integer(1), 0, 5));
            answer.marks.push_back({rating, state.empty() ? ' ' : state.front()});
            ++ratings[static_cast<std::size_t>(rating)];
            ++reviews[state];
            for (auto bits = static_cast<std::uint64_t>(rows.integer(3)); bits != 0;
                 bits &= bits - 1)
                ++groups[static_cast<std::size_t>(std::countr_zero(bits))];
            for (auto bits = static_cast<std::uint32_t>(rows.integer(4)); bits != 0;
                 bits &= bits - 1)
                ++colours[static_cast<std::size_t>(std::countr_zero(bits))];
            ++splits[rows.text(5)];
            ++sources[rows.text(6)];
            ++identities[rows.text(7)];
            if (answer.ids.size() % kCancelStride == 0 && cancel.isCancelled())
                return answer;
        }
    }
    GalleryFacets &facets = answer.facets;
    facets.splits = byName(splits);
    facets.sources = byName(sources);
    facets.reviews = byName(reviews);
    facets.identities = byName(identities);
    std::stable_sort(facets.identities.begin(), facets.identities.end(),
                     [](const FacetValue &a, const FacetValue &b) { return a.count > b.count; });
    for (int rating = 0; rating <= 5; ++rating) {
        if (const std::int64_t count = ratings[static_cast<std::size_t>(rating)]; count > 0)
            facets.ratings.push_back({std::to_string(rating), count});
    }
    for (std::size_t i = 0; i < commonColours().size(); ++i) {
        if (colours[i] > 0)
            facets.colours.push_back({commonColours()[i], colours[i]});
    }
    std::vector<std::string> unnumbered;
    {
        Statement rows = db.query("SELECT name, bit FROM part_bit ORDER BY name");
        while (rows.step()) {
            const std::int64_t bit = rows.integer(1);
            if (bit < 0)
                unnumbered.push_back(rows.text(0));
            else if (groups[static_cast<std::size_t>(bit)] > 0)
                facets.groups.push_back({rows.text(0), groups[static_cast<std::size_t>(bit)]});
        }
    }
    const Members members(answer.ids);
    for (const std::string &group : unnumbered) {
        std::int64_t count = 0;
        Statement rows = db.query("SELECT DISTINCT image_id FROM region WHERE part_group = ? "
                                  "AND area > 0.0",
                                  group);
        while (rows.step())
            count += members.contains(rows.integer(0)) ? 1 : 0;
        if (count > 0)
            facets.groups.push_back({group, count});
    }
    Counts tags;
    {
        std::unordered_map<std::int64_t, std::int64_t> counts;
        Statement rows = db.query("SELECT tag_id, image_id FROM image_tag");
        while (rows.step()) {
            if (members.contains(rows.integer(1)))
                ++counts[rows.integer(0)];
        }
        Statement names = db.query("SELECT id, name FROM tag");
        while (names.step()) {
            const auto found = counts.find(names.integer(0));
            if (found != counts.end())
                tags.emplace(names.text(1), found->second);
        }
    }
    facets.tags = byName(tags);
    return answer;
}

FilterVocabulary filterVocabulary(ProjectStore &store)
{
    Database &db = StoreAccess::reading(store);
    const auto listOf = [&](const char *sql) {
        std::vector<std::string> list;
        Statement rows = db.query(sql, kMaxOffered);
        while (rows.step())
            list.push_back(rows.text(0));
        return list;
    };
    FilterVocabulary words;
    words.groups = listOf("SELECT name FROM part_bit ORDER BY name LIMIT ?");
    for (const std::string &group : partGroups()) {
        if (std::find(words.groups.begin(), words.groups.end(), group) == words.groups.end())
            words.groups.push_back(group);
    }
    words.splits = listOf("SELECT DISTINCT split FROM image WHERE split <> '' ORDER BY 1 LIMIT ?");
    words.sources =
        listOf("SELECT DISTINCT source FROM image_facts WHERE source <> '' ORDER BY 1 LIMIT ?");
    words.tags = listOf("SELECT name FROM tag ORDER BY name LIMIT ?");
    words.identities =
        listOf("SELECT DISTINCT identity FROM image_facts WHERE identity <> '' ORDER BY 1 LIMIT ?");
    return words;
}

} // namespace sapsam
