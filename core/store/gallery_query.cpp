#include "core/store/gallery_query.h"

#include "core/base/error.h"
#include "core/store/store_access.h"
#include "core/text/noun_phrases.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <string>
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
    SortName{GallerySortKey::Duplicates, "duplicates",
             "(SELECT group_id * 4294967296 + place FROM duplicate WHERE image_id = f.image_id)",
             "NOT EXISTS (SELECT 1 FROM duplicate WHERE image_id = f.image_id)"},
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
        case FilterKey::Duplicate:
            return duplicate(value);
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

    std::string duplicate(const FilterValue &value)
    {
        const std::string found = "f.image_id IN (SELECT image_id FROM duplicate";
        if (value.text == "yes")
            return found + ")";
        if (value.text == "no")
            return "NOT " + found + ")";
        if (value.text == "best")
            return found + " WHERE place = 0)";
        if (value.text == "copy")
            return found + " WHERE place > 0)";
        return found + " WHERE group_id = "
               + parameter(static_cast<std::int64_t>(std::stoll(value.text))) + ")";
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

constexpr std::uint32_t kNoRow = std::numeric_limits<std::uint32_t>::max();

// Words of a column as numbers in the order of the words; "" comes last.
class Words
{
public:
    std::uint32_t numberOf(std::string word)
    {
        // Rows that follow each other often say the same.
        if (m_last != kNoRow && m_words[m_last] == word)
            return m_last;
        const auto [found, isNew] =
            m_numbers.emplace(word, static_cast<std::uint32_t>(m_words.size()));
        if (isNew)
            m_words.push_back(std::move(word));
        return m_last = found->second;
    }

    // Numbers the words anew, by their order; `column` holds numbers given so far. As people count:
    // 2 comes before 10.
    void sort(std::vector<std::uint32_t> &column)
    {
        std::vector<std::string> keys;
        keys.reserve(m_words.size());
        for (const std::string &word : m_words)
            keys.push_back(naturalKey(word));
        std::vector<std::uint32_t> order(m_words.size());
        std::iota(order.begin(), order.end(), 0U);
        std::sort(order.begin(), order.end(), [this, &keys](std::uint32_t a, std::uint32_t b) {
            if (m_words[a].empty() != m_words[b].empty())
                return m_words[b].empty();
            return keys[a] != keys[b] ? keys[a] < keys[b] : m_words[a] < m_words[b];
        });
        std::vector<std::uint32_t> numbers(m_words.size());
        std::vector<std::string> words;
        for (std::uint32_t place = 0; place < order.size(); ++place) {
            numbers[order[place]] = place;
            words.push_back(std::move(m_words[order[place]]));
        }
        m_words = std::move(words);
        m_numbers.clear();
        m_last = kNoRow;
        for (std::uint32_t &number : column)
            number = numbers[number];
    }

    std::size_t size() const { return m_words.size(); }
    const std::string &word(std::size_t number) const { return m_words[number]; }

private:
    std::vector<std::string> m_words;
    std::unordered_map<std::string, std::uint32_t> m_numbers;
    std::uint32_t m_last = kNoRow;
};

std::vector<FacetValue> facetOf(const Words &words, const std::vector<std::int64_t> &counts)
{
    std::vector<FacetValue> values;
    for (std::size_t number = 0; number < counts.size(); ++number) {
        if (counts[number] > 0)
            values.push_back({words.word(number), counts[number]});
    }
    return values;
}

// Where pictures are divided by their weakest mask, as the filter writes it.
struct ScoreStep
{
    const char *range;
    double most;
};
constexpr ScoreStep kScoreSteps[] = {{"..0.3", 0.3}, {"..0.5", 0.5}, {"..0.7", 0.7},
                                     {"..0.8", 0.8}, {"..0.9", 0.9}, {"..1", 1.0}};

// A name with the rows that have it.
struct Holders
{
    std::string name;
    std::vector<std::uint32_t> rows;
};

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

// One row for each picture, by id.
struct GalleryCache::Columns
{
    std::int64_t version = 0; // of the database, and the changes through this connection
    std::int64_t changes = 0;

    std::vector<std::int64_t> ids;
    std::vector<std::uint32_t> rowOfId; // kNoRow where there is none
    std::vector<PictureMarks> marks;
    std::vector<std::uint64_t> groups;
    std::vector<std::uint32_t> colours;
    std::vector<std::uint32_t> split, source, identity, state;
    std::vector<std::uint8_t> scoreStep; // the first of kScoreSteps that holds its weakest mask
    Words splits, sources, identities, states;
    std::vector<std::pair<std::string, std::int64_t>> groupBits; // by name; -1: beyond the bits
    std::vector<Holders> unnumbered; // groups beyond the bits
    std::vector<Holders> tags;       // by name
    std::map<std::string, std::vector<std::uint32_t>> orders; // rows, by the sort's name
    std::optional<GalleryFacets> everything;

    bool load(Database &db, const CancelToken &cancel);
    const std::vector<std::uint32_t> *order(Database &db, const GallerySort &sort,
                                            const CancelToken &cancel);
    GalleryFacets facetsOf(const std::vector<std::uint32_t> &rows,
                           const std::vector<char> &members) const;
    std::uint32_t row(std::int64_t id) const
    {
        return id >= 0 && static_cast<std::size_t>(id) < rowOfId.size()
                   ? rowOfId[static_cast<std::size_t>(id)]
                   : kNoRow;
    }
};

bool GalleryCache::Columns::load(Database &db, const CancelToken &cancel)
{
    {
        Statement rows = db.query("SELECT image_id, rating, groups, colours, split, source, "
                                  "identity, state, score_low FROM image_facts ORDER BY image_id");
        while (rows.step()) {
            ids.push_back(rows.integer(0));
            PictureMarks said;
            said.rating =
                static_cast<std::int8_t>(std::clamp<std::int64_t>(rows.integer(1), 0, 5));
            const std::string word = rows.text(7);
            said.state = word.empty() ? ' ' : word.front();
            marks.push_back(said);
            groups.push_back(static_cast<std::uint64_t>(rows.integer(2)));
            colours.push_back(static_cast<std::uint32_t>(rows.integer(3)));
            split.push_back(splits.numberOf(rows.text(4)));
            source.push_back(sources.numberOf(rows.text(5)));
            identity.push_back(identities.numberOf(rows.text(6)));
            state.push_back(states.numberOf(word));
            const auto *step = rows.isNull(8)
                                   ? std::end(kScoreSteps)
                                   : std::find_if(std::begin(kScoreSteps), std::end(kScoreSteps),
                                                  [low = rows.real(8)](const ScoreStep &entry) {
                                                      return low <= entry.most;
                                                  });
            scoreStep.push_back(static_cast<std::uint8_t>(step - std::begin(kScoreSteps)));
            if (ids.size() % kCancelStride == 0 && cancel.isCancelled())
                return false;
        }
    }
    splits.sort(split);
    sources.sort(source);
    identities.sort(identity);
    states.sort(state);
    rowOfId.assign(ids.empty() ? 0 : static_cast<std::size_t>(ids.back()) + 1, kNoRow);
    for (std::size_t place = 0; place < ids.size(); ++place)
        rowOfId[static_cast<std::size_t>(ids[place])] = static_cast<std::uint32_t>(place);

    const auto holders = [&](Statement &found, std::vector<Holders> &list) {
        while (found.step()) {
            const std::uint32_t place = row(found.integer(1));
            if (list.empty() || list.back().name != found.text(0))
                list.push_back({found.text(0), {}});
            if (place != kNoRow)
                list.back().rows.push_back(place);
        }
    };
    {
        Statement found = db.query("SELECT tag.name, image_id FROM image_tag JOIN tag ON tag.id = "
                                   "tag_id ORDER BY tag.name");
        holders(found, tags);
    }
    {
        Statement found = db.query("SELECT name, bit FROM part_bit ORDER BY name");
        while (found.step())
            groupBits.emplace_back(found.text(0), found.integer(1));
    }
    if (std::any_of(groupBits.begin(), groupBits.end(),
                    [](const auto &group) { return group.second < 0; })) {
        Statement found = db.query(
            "SELECT DISTINCT part_group, image_id FROM region WHERE area > 0.0 AND part_group IN "
            "(SELECT name FROM part_bit WHERE bit < 0) ORDER BY part_group");
        holders(found, unnumbered);
    }
    {
        Statement found = db.query("SELECT image_id, group_id, place FROM duplicate");
        while (found.step()) {
            const std::uint32_t place = row(found.integer(0));
            if (place == kNoRow)
                continue;
            marks[place].duplicateOf = found.integer(1);
            marks[place].isBest = found.integer(2) == 0;
        }
    }
    return true;
}

// Null when cancelled.
const std::vector<std::uint32_t> *
GalleryCache::Columns::order(Database &db, const GallerySort &sort, const CancelToken &cancel)
{
    const std::string name = nameOf(sort);
    if (const auto known = orders.find(name); known != orders.end())
        return &known->second;
    std::vector<std::uint32_t> rows;
    rows.reserve(ids.size());
    if (sort.key == GallerySortKey::Id) {
        for (std::uint32_t place = 0; place < ids.size(); ++place)
            rows.push_back(place);
        if (sort.descending)
            std::reverse(rows.begin(), rows.end());
    } else {
        Statement found = db.queryWith(
            "SELECT f.image_id FROM image_facts AS f" + orderOf(sort), std::vector<SqlValue>());
        while (found.step()) {
            rows.push_back(row(found.integer(0)));
            if (rows.size() % kCancelStride == 0 && cancel.isCancelled())
                return nullptr;
        }
    }
    return &orders.emplace(name, std::move(rows)).first->second;
}

// `members` has a flag for each row.
GalleryFacets GalleryCache::Columns::facetsOf(const std::vector<std::uint32_t> &rows,
                                              const std::vector<char> &members) const
{
    std::array<std::int64_t, 64> groupCounts{};
    std::array<std::int64_t, 32> colourCounts{};
    std::array<std::int64_t, 6> ratingCounts{};
    std::vector<std::int64_t> splitCounts(splits.size());
    std::vector<std::int64_t> sourceCounts(sources.size());
    std::vector<std::int64_t> identityCounts(identities.size());
    std::vector<std::int64_t> stateCounts(states.size());
    std::array<std::int64_t, std::size(kScoreSteps) + 1> scoreCounts{};
    for (const std::uint32_t place : rows) {
        ++scoreCounts[scoreStep[place]];
        ++ratingCounts[static_cast<std::size_t>(marks[place].rating)];
        ++splitCounts[split[place]];
        ++sourceCounts[source[place]];
        ++identityCounts[identity[place]];
        ++stateCounts[state[place]];
        for (std::uint64_t bits = groups[place]; bits != 0; bits &= bits - 1)
            ++groupCounts[static_cast<std::size_t>(std::countr_zero(bits))];
        for (std::uint32_t bits = colours[place]; bits != 0; bits &= bits - 1)
            ++colourCounts[static_cast<std::size_t>(std::countr_zero(bits))];
    }
    GalleryFacets facets;
    facets.splits = facetOf(splits, splitCounts);
    facets.sources = facetOf(sources, sourceCounts);
    facets.reviews = facetOf(states, stateCounts);
    facets.identities = facetOf(identities, identityCounts);
    std::stable_sort(facets.identities.begin(), facets.identities.end(),
                     [](const FacetValue &a, const FacetValue &b) { return a.count > b.count; });
    for (int rating = 0; rating <= 5; ++rating) {
        if (const std::int64_t count = ratingCounts[static_cast<std::size_t>(rating)]; count > 0)
            facets.ratings.push_back({std::to_string(rating), count});
    }
    std::int64_t weaker = 0;
    for (std::size_t i = 0; i < std::size(kScoreSteps); ++i) {
        weaker += scoreCounts[i];
        if (weaker > 0)
            facets.scores.push_back({kScoreSteps[i].range, weaker});
    }
    for (std::size_t i = 0; i < commonColours().size(); ++i) {
        if (colourCounts[i] > 0)
            facets.colours.push_back({commonColours()[i], colourCounts[i]});
    }
    for (const auto &[name, bit] : groupBits) {
        if (bit >= 0 && groupCounts[static_cast<std::size_t>(bit)] > 0)
            facets.groups.push_back({name, groupCounts[static_cast<std::size_t>(bit)]});
    }
    const auto addHeld = [&](const std::vector<Holders> &list, std::vector<FacetValue> &values) {
        for (const Holders &held : list) {
            const auto count = std::count_if(held.rows.begin(), held.rows.end(),
                                             [&](std::uint32_t place) { return members[place]; });
            if (count > 0)
                values.push_back({held.name, count});
        }
    };
    addHeld(unnumbered, facets.groups);
    addHeld(tags, facets.tags);
    return facets;
}

GalleryCache::GalleryCache() = default;
GalleryCache::~GalleryCache() = default;
GalleryCache::GalleryCache(GalleryCache &&) noexcept = default;
GalleryCache &GalleryCache::operator=(GalleryCache &&) noexcept = default;

GalleryAnswer askGallery(ProjectStore &store, GalleryCache &cache, const Filter &filter,
                         const GallerySort &sort, const CancelToken &cancel)
{
    Database &db = StoreAccess::reading(store);
    const Compiler where(db, filter);
    GalleryAnswer answer;
    const std::int64_t version = store.dataVersion();
    const std::int64_t changes = db.integer("SELECT total_changes()");
    if (!cache.m_columns || cache.m_columns->version != version
        || cache.m_columns->changes != changes) {
        cache.m_columns.reset();
        auto columns = std::make_unique<GalleryCache::Columns>();
        columns->version = version;
        columns->changes = changes;
        if (!columns->load(db, cancel))
            return answer;
        cache.m_columns = std::move(columns);
    }
    GalleryCache::Columns &columns = *cache.m_columns;
    const std::vector<std::uint32_t> *order = columns.order(db, sort, cancel);
    if (order == nullptr)
        return answer;

    std::vector<char> members(columns.ids.size(), filter.isEverything() ? 1 : 0);
    std::size_t count = filter.isEverything() ? columns.ids.size() : 0;
    if (!filter.isEverything()) {
        Statement rows = db.queryWith(
            "SELECT f.image_id FROM image_facts AS f WHERE " + where.text(), where.values());
        while (rows.step()) {
            const std::uint32_t row = columns.row(rows.integer(0));
            if (row != kNoRow) {
                members[row] = 1;
                ++count;
            }
            if (count % kCancelStride == 0 && cancel.isCancelled())
                return answer;
        }
    }
    std::vector<std::uint32_t> chosen;
    chosen.reserve(count);
    for (const std::uint32_t row : *order) {
        if (row != kNoRow && members[row] != 0)
            chosen.push_back(row);
    }
    answer.ids.reserve(count);
    answer.marks.reserve(count);
    for (const std::uint32_t row : chosen) {
        answer.ids.push_back(columns.ids[row]);
        answer.marks.push_back(columns.marks[row]);
    }
    if (!filter.isEverything()) {
        answer.facets = columns.facetsOf(chosen, members);
        return answer;
    }
    if (!columns.everything)
        columns.everything = columns.facetsOf(chosen, members);
    answer.facets = *columns.everything;
    return answer;
}

GalleryAnswer askGallery(ProjectStore &store, const Filter &filter, const GallerySort &sort,
                         const CancelToken &cancel)
{
    GalleryCache cache;
    return askGallery(store, cache, filter, sort, cancel);
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
