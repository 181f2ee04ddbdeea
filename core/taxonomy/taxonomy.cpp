#include "core/taxonomy/taxonomy.h"

#include "core/base/file.h"
#include "core/base/resources.h"
#include "core/base/sha256.h"

#include <algorithm>
#include <map>
#include <set>

namespace sapsam {

namespace {

TriggerRule triggerOrThrow(const std::string &name, const std::string &origin)
{
    if (const auto rule = triggerFromName(name))
        return *rule;
    throw Error(ErrorKind::Corrupt,
                origin + ": the trigger '" + name + "' is none of first, any, all");
}

Colour colourOf(const Json &object, const std::string &origin)
{
    const auto values = require<std::vector<int>>(object, "colour", origin);
    Colour colour = {};
    if (values.size() != colour.size())
        throw Error(ErrorKind::Corrupt, origin + ": a colour needs three numbers");
    for (std::size_t i = 0; i < colour.size(); ++i) {
        if (values[i] < 0 || values[i] > 255)
            throw Error(ErrorKind::Corrupt, origin + ": a colour's numbers go from 0 to 255");
        colour[i] = static_cast<std::uint8_t>(values[i]);
    }
    return colour;
}

bool holds(const std::vector<int> &ids, int id)
{
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::string quoted(const std::string &text)
{
    return "“" + text + "”";
}

std::string shownName(const PartGroup &group)
{
    return group.title.empty() ? group.name : group.title;
}

std::string colourText(const Colour &colour)
{
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text = "#";
    for (const std::uint8_t part : colour) {
        text += kDigits[part >> 4U];
        text += kDigits[part & 15U];
    }
    return text;
}

std::string classList(const Taxonomy &taxonomy, const std::vector<int> &ids)
{
    std::string text;
    for (const int id : ids)
        text += (text.empty() ? "" : ", ") + taxonomy.className(id);
    return text;
}

} // namespace

const char *nameOf(TriggerRule rule)
{
    switch (rule) {
    case TriggerRule::Any:
        return "any";
    case TriggerRule::All:
        return "all";
    case TriggerRule::First:
        break;
    }
    return "first";
}

std::optional<TriggerRule> triggerFromName(const std::string &name)
{
    for (const TriggerRule rule : {TriggerRule::First, TriggerRule::Any, TriggerRule::All}) {
        if (name == nameOf(rule))
            return rule;
    }
    return std::nullopt;
}

const char *nameOf(TaxonomyFinding::Severity severity)
{
    switch (severity) {
    case TaxonomyFinding::Severity::Error:
        return "error";
    case TaxonomyFinding::Severity::Warning:
        return "warning";
    case TaxonomyFinding::Severity::Note:
        break;
    }
    return "note";
}

const char *nameOf(TaxonomyFinding::Kind kind)
{
    using Kind = TaxonomyFinding::Kind;
    switch (kind) {
    case Kind::NoName:
        return "no-name";
    case Kind::DuplicateId:
        return "duplicate-id";
    case Kind::DuplicateGroup:
        return "duplicate-group";
    case Kind::DuplicateTitle:
        return "duplicate-title";
    case Kind::RepeatedClass:
        return "repeated-class";
    case Kind::EmptyGroup:
        return "empty-group";
    case Kind::UnknownClass:
        return "unknown-class";
    case Kind::ExclusiveClash:
        return "exclusive-clash";
    case Kind::SharedClass:
        return "shared-class";
    case Kind::FirstOnly:
        return "first-only";
    case Kind::Orphan:
        break;
    }
    return "orphan";
}

const char *nameOf(TaxonomyChange::Kind kind)
{
    using Kind = TaxonomyChange::Kind;
    switch (kind) {
    case Kind::GroupAdded:
        return "group-added";
    case Kind::GroupRemoved:
        return "group-removed";
    case Kind::GroupMoved:
        return "group-moved";
    case Kind::ClassAdded:
        return "class-added";
    case Kind::ClassRemoved:
        return "class-removed";
    case Kind::ClassOrder:
        return "class-order";
    case Kind::Title:
        return "title";
    case Kind::Phrase:
        return "phrase";
    case Kind::NewColour:
        return "colour";
    case Kind::Trigger:
        return "trigger";
    case Kind::Exclusive:
        return "exclusive";
    case Kind::LabelSet:
        break;
    }
    return "label-set";
}

const PartGroup *Taxonomy::findGroup(const std::string &groupName) const
{
    const auto found = std::find_if(groups.begin(), groups.end(), [&](const PartGroup &group) {
        return group.name == groupName;
    });
    return found == groups.end() ? nullptr : &*found;
}

const LabelClass *Taxonomy::findClass(int id) const
{
    const auto found = std::find_if(classes.begin(), classes.end(),
                                    [&](const LabelClass &item) { return item.id == id; });
    return found == classes.end() ? nullptr : &*found;
}

std::string Taxonomy::className(int id) const
{
    const LabelClass *item = findClass(id);
    return item != nullptr ? item->name : "class " + std::to_string(id);
}

bool Taxonomy::isTriggered(const PartGroup &group, const std::vector<int> &presentClasses) const
{
    const auto present = [&](int id) { return holds(presentClasses, id); };
    if (group.classes.empty())
        return false;
    switch (triggerOf(group)) {
    case TriggerRule::Any:
        return std::any_of(group.classes.begin(), group.classes.end(), present);
    case TriggerRule::All:
        return std::all_of(group.classes.begin(), group.classes.end(), present);
    case TriggerRule::First:
        break;
    }
    return present(group.classes.front());
}

Taxonomy readTaxonomy(const std::string &path)
{
    return parseTaxonomy(readFile(path), path);
}

Taxonomy parseTaxonomy(const std::string &text, const std::string &path)
{
    const Json json = parseJson(text, path);
    const std::string origin = "'" + path + "'";

    Taxonomy taxonomy;
    taxonomy.name = require<std::string>(json, "name", origin);
    taxonomy.number = require<int>(json, "version", origin);
    taxonomy.description = valueOr<std::string>(json, "description", {}, origin);
    taxonomy.parent = valueOr<std::string>(json, "parent", {}, origin);
    taxonomy.note = valueOr<std::string>(json, "note", {}, origin);
    taxonomy.trigger =
        triggerOrThrow(valueOr<std::string>(json, "trigger", "first", origin), origin);
    for (const Json &item : require<Json>(json, "classes", origin)) {
        const std::string where = origin + ", class " + std::to_string(taxonomy.classes.size());
        taxonomy.classes.push_back({require<int>(item, "id", where),
                                    require<std::string>(item, "name", where),
                                    colourOf(item, where)});
    }
    for (const auto &pair : valueOr<std::vector<std::pair<int, int>>>(json, "mirrored", {}, origin))
        taxonomy.mirrored.push_back(pair);
    for (const Json &item : require<Json>(json, "groups", origin)) {
        PartGroup group;
        group.name = require<std::string>(
            item, "name", origin + ", group " + std::to_string(taxonomy.groups.size()));
        const std::string where = origin + ", group '" + group.name + "'";
        group.title = valueOr<std::string>(item, "title", group.name, where);
        group.classes = require<std::vector<int>>(item, "classes", where);
        group.phrase = valueOr<std::string>(item, "phrase", "the " + group.name, where);
        group.colour = colourOf(item, where);
        group.exclusive = valueOr<bool>(item, "exclusive", false, where);
        const auto trigger = valueOr<std::string>(item, "trigger", {}, where);
        if (!trigger.empty())
            group.trigger = triggerOrThrow(trigger, where);
        taxonomy.groups.push_back(std::move(group));
    }
    taxonomy.version = taxonomyVersionOf(taxonomy);
    return taxonomy;
}

OrderedJson taxonomyJson(const Taxonomy &taxonomy, bool lineage)
{
    OrderedJson json;
    json["name"] = taxonomy.name;
    json["version"] = taxonomy.number;
    if (!taxonomy.description.empty())
        json["description"] = taxonomy.description;
    if (lineage && !taxonomy.parent.empty())
        json["parent"] = taxonomy.parent;
    if (lineage && !taxonomy.note.empty())
        json["note"] = taxonomy.note;
    json["classes"] = OrderedJson::array();
    for (const LabelClass &item : taxonomy.classes)
        json["classes"].push_back({{"id", item.id}, {"name", item.name}, {"colour", item.colour}});
    json["mirrored"] = OrderedJson::array();
    for (const auto &[left, right] : taxonomy.mirrored)
        json["mirrored"].push_back(OrderedJson::array({left, right}));
    json["trigger"] = nameOf(taxonomy.trigger);
    json["groups"] = OrderedJson::array();
    for (const PartGroup &group : taxonomy.groups) {
        OrderedJson item{{"name", group.name},
                         {"title", group.title},
                         {"classes", group.classes},
                         {"phrase", group.phrase},
                         {"colour", group.colour}};
        if (group.trigger)
            item["trigger"] = nameOf(*group.trigger);
        if (group.exclusive)
            item["exclusive"] = true;
        json["groups"].push_back(std::move(item));
    }
    return json;
}

std::string taxonomyVersionOf(const Taxonomy &taxonomy)
{
    // Sorted keys and defaults written out: neither the layout of a file nor what it leaves to the
    // defaults makes another version.
    const Json content = Json::parse(taxonomyJson(taxonomy, false).dump());
    return taxonomy.name + "/" + std::to_string(taxonomy.number) + "/"
           + sha256Of(content.dump()).substr(0, 12);
}

Taxonomy defaultTaxonomy()
{
    return readTaxonomy(resourcePath("taxonomies/atr18.json"));
}

std::vector<TaxonomyFinding> taxonomyFindings(const Taxonomy &taxonomy)
{
    using Severity = TaxonomyFinding::Severity;
    using Kind = TaxonomyFinding::Kind;
    std::vector<TaxonomyFinding> findings;
    const auto add = [&](Severity severity, Kind kind, std::string text, std::string advice,
                         std::string group = {}, std::string other = {}, int classId = -1) {
        findings.push_back({severity, kind, std::move(text), std::move(advice), std::move(group),
                            std::move(other), classId});
    };

    if (taxonomy.name.empty())
        add(Severity::Error, Kind::NoName, "the taxonomy has no name", "give it one");
    std::set<int> ids;
    for (const LabelClass &item : taxonomy.classes)
        if (!ids.insert(item.id).second)
            add(Severity::Error, Kind::DuplicateId,
                "class id " + std::to_string(item.id) + " is there twice",
                "give each class its own id, as the label maps use it", {}, {}, item.id);

    std::set<std::string> names;
    std::set<std::string> titles;
    std::map<int, std::vector<const PartGroup *>> groupsOfClass;
    for (const PartGroup &group : taxonomy.groups) {
        if (group.name.empty())
            add(Severity::Error, Kind::NoName, "a group has no name", "give it one");
        else if (!names.insert(group.name).second)
            add(Severity::Error, Kind::DuplicateGroup,
                "the group '" + group.name + "' is there twice",
                "rename one of them, or merge the two", group.name);
        else if (!titles.insert(shownName(group)).second)
            add(Severity::Warning, Kind::DuplicateTitle,
                "two groups are called " + quoted(shownName(group)),
                "give one of them another title", group.name);
        if (group.classes.empty())
            add(Severity::Error, Kind::EmptyGroup, "the group '" + group.name + "' has no class",
                "put a class into it, or remove the group", group.name);
        std::set<int> seen;
        for (const int id : group.classes) {
            if (taxonomy.findClass(id) == nullptr)
                add(Severity::Error, Kind::UnknownClass,
                    "the group '" + group.name + "' names the unknown class id "
                        + std::to_string(id),
                    "the label set has no such class: correct the id, or take it out of the group",
                    group.name, {}, id);
            if (seen.insert(id).second)
                groupsOfClass[id].push_back(&group);
            else
                add(Severity::Error, Kind::RepeatedClass,
                    "the group '" + group.name + "' lists the class '" + taxonomy.className(id)
                        + "' twice",
                    "list it once", group.name, {}, id);
        }
    }
    for (const LabelClass &item : taxonomy.classes) {
        const auto &groups = groupsOfClass[item.id];
        for (std::size_t second = 1; second < groups.size(); ++second) {
            const PartGroup *firstExclusive = nullptr;
            for (std::size_t first = 0; first < second; ++first)
                if (groups[first]->exclusive && groups[second]->exclusive)
                    firstExclusive = groups[first];
            const PartGroup &other = firstExclusive != nullptr ? *firstExclusive : *groups[0];
            const std::string what = "the class '" + item.name + "' is in the groups '" + other.name
                                     + "' and '" + groups[second]->name + "'";
            if (firstExclusive != nullptr)
                add(Severity::Error, Kind::ExclusiveClash, what + ", which are both exclusive",
                    "take it out of one of them, or let one of them share its classes", other.name,
                    groups[second]->name, item.id);
            else
                add(Severity::Warning, Kind::SharedClass, what, {}, other.name,
                    groups[second]->name, item.id);
        }
        if (groups.empty() && item.id != 0)
            add(Severity::Warning, Kind::Orphan, "the class '" + item.name + "' is in no group", {},
                {}, {}, item.id);
    }
    for (const PartGroup &group : taxonomy.groups)
        if (group.classes.size() > 1 && taxonomy.triggerOf(group) == TriggerRule::First)
            add(Severity::Note, Kind::FirstOnly,
                "the group '" + group.name + "' is skipped where '"
                    + taxonomy.className(group.classes.front())
                    + "' does not show, even if its other classes do",
                {}, group.name, {}, group.classes.front());
    return findings;
}

std::string taxonomyProblem(const Taxonomy &taxonomy, const std::string &origin)
{
    constexpr std::size_t kShown = 3;
    std::string text;
    std::size_t count = 0;
    for (const TaxonomyFinding &finding : taxonomyFindings(taxonomy)) {
        if (finding.severity != TaxonomyFinding::Severity::Error)
            continue;
        if (++count <= kShown)
            text += (text.empty() ? "" : "; ") + finding.text
                    + (finding.advice.empty() ? "" : " (" + finding.advice + ")");
    }
    if (count == 0)
        return {};
    if (count > kShown)
        text += "; and " + std::to_string(count - kShown) + " more";
    return origin + " cannot be used: " + text + ". Nothing was changed";
}

std::vector<TaxonomyChange> taxonomyDiff(const Taxonomy &before, const Taxonomy &after)
{
    using Kind = TaxonomyChange::Kind;
    std::vector<TaxonomyChange> changes;
    const auto add = [&](Kind kind, const std::string &group, int classId, const std::string &old,
                         const std::string &fresh, const std::string &text) {
        changes.push_back({kind, group, classId, old, fresh, text});
    };

    for (const LabelClass &item : after.classes) {
        const LabelClass *old = before.findClass(item.id);
        if (old == nullptr)
            add(Kind::LabelSet, {}, item.id, {}, item.name,
                "The label set gains class " + std::to_string(item.id) + ", " + item.name);
        else if (old->name != item.name)
            add(Kind::LabelSet, {}, item.id, old->name, item.name,
                "Class " + std::to_string(item.id) + " is called " + item.name + " instead of "
                    + old->name);
    }
    for (const LabelClass &item : before.classes)
        if (after.findClass(item.id) == nullptr)
            add(Kind::LabelSet, {}, item.id, item.name, {},
                "The label set loses class " + std::to_string(item.id) + ", " + item.name);

    if (before.trigger != after.trigger)
        add(Kind::Trigger, {}, -1, nameOf(before.trigger), nameOf(after.trigger),
            std::string("The trigger rule is “") + nameOf(after.trigger) + "” instead of “"
                + nameOf(before.trigger) + "”");

    for (const PartGroup &group : before.groups)
        if (after.findGroup(group.name) == nullptr)
            add(Kind::GroupRemoved, group.name, -1, shownName(group), {},
                quoted(shownName(group)) + " is gone (" + classList(before, group.classes) + ")");
    for (const PartGroup &group : after.groups) {
        const PartGroup *old = before.findGroup(group.name);
        const std::string shown = quoted(shownName(group));
        if (old == nullptr) {
            add(Kind::GroupAdded, group.name, -1, {}, shownName(group),
                shown + " is new (" + classList(after, group.classes) + ")");
            continue;
        }
        for (const int id : group.classes)
            if (!holds(old->classes, id))
                add(Kind::ClassAdded, group.name, id, {}, after.className(id),
                    shown + " gains " + after.className(id));
        for (const int id : old->classes)
            if (!holds(group.classes, id))
                add(Kind::ClassRemoved, group.name, id, before.className(id), {},
                    shown + " loses " + before.className(id));
        if (old->classes != group.classes
            && std::is_permutation(old->classes.begin(), old->classes.end(), group.classes.begin(),
                                   group.classes.end()))
            add(Kind::ClassOrder, group.name, group.classes.empty() ? -1 : group.classes.front(),
                classList(before, old->classes), classList(after, group.classes),
                shown + " lists " + classList(after, group.classes) + " instead of "
                    + classList(before, old->classes));
        if (old->title != group.title)
            add(Kind::Title, group.name, -1, old->title, group.title,
                quoted(shownName(*old)) + " is called " + shown);
        if (old->phrase != group.phrase)
            add(Kind::Phrase, group.name, -1, old->phrase, group.phrase,
                shown + " is asked for as “" + group.phrase + "” instead of “" + old->phrase + "”");
        if (old->colour != group.colour)
            add(Kind::NewColour, group.name, -1, colourText(old->colour), colourText(group.colour),
                shown + " has another colour");
        if (old->trigger != group.trigger)
            add(Kind::Trigger, group.name, -1, old->trigger ? nameOf(*old->trigger) : "",
                group.trigger ? nameOf(*group.trigger) : "",
                group.trigger
                    ? shown + " has the trigger rule “" + nameOf(*group.trigger) + "”"
                    : shown + " follows the common trigger rule, “" + nameOf(after.trigger) + "”");
        if (old->exclusive != group.exclusive)
            add(Kind::Exclusive, group.name, -1, old->exclusive ? "exclusive" : "",
                group.exclusive ? "exclusive" : "",
                shown
                    + (group.exclusive ? " shares its classes with no other exclusive group"
                                       : " may share its classes"));
    }

    std::vector<std::string> oldOrder;
    std::vector<std::string> newOrder;
    for (const PartGroup &group : before.groups)
        if (after.findGroup(group.name) != nullptr)
            oldOrder.push_back(group.name);
    for (const PartGroup &group : after.groups)
        if (before.findGroup(group.name) != nullptr)
            newOrder.push_back(group.name);
    if (oldOrder != newOrder && oldOrder.size() == newOrder.size()) {
        const auto first = std::mismatch(oldOrder.begin(), oldOrder.end(), newOrder.begin());
        add(Kind::GroupMoved, *first.second, -1, {}, {}, "The groups stand in another order");
    }
    return changes;
}

bool meansTheSame(const PartGroup &a, const PartGroup &b)
{
    return std::set<int>(a.classes.begin(), a.classes.end())
               == std::set<int>(b.classes.begin(), b.classes.end())
           && a.phrase == b.phrase;
}

namespace {

// Every part of every query asks for it.
const Taxonomy &shippedTaxonomy()
{
    static const Taxonomy shipped = defaultTaxonomy();
    return shipped;
}

} // namespace

std::vector<std::string> groupsForShipped(const Taxonomy &taxonomy, const std::string &shippedGroup)
{
    const Taxonomy &shipped = shippedTaxonomy();
    const PartGroup *wanted = shipped.findGroup(shippedGroup);
    if (const PartGroup *same = taxonomy.findGroup(shippedGroup))
        if (wanted == nullptr || meansTheSame(*same, *wanted))
            return {shippedGroup};
    std::vector<std::string> names;
    if (wanted != nullptr) {
        // What a group is about is its first class: hair, not the face that is merged into it.
        for (const int id : wanted->classes) {
            const LabelClass *meant = shipped.findClass(id);
            for (const PartGroup &group : taxonomy.groups)
                for (const int other : group.classes)
                    if (meant != nullptr && taxonomy.className(other) == meant->name
                        && std::find(names.begin(), names.end(), group.name) == names.end())
                        names.push_back(group.name);
            if (!names.empty())
                break;
        }
    }
    if (names.empty() && taxonomy.findGroup(shippedGroup) != nullptr)
        names.push_back(shippedGroup);
    return names;
}

std::string shippedGroupFor(const Taxonomy &taxonomy, const std::string &group)
{
    const Taxonomy &shipped = shippedTaxonomy();
    if (shipped.findGroup(group) != nullptr)
        return group;
    const PartGroup *asked = taxonomy.findGroup(group);
    if (asked == nullptr)
        return {};
    for (const int id : asked->classes)
        for (const PartGroup &candidate : shipped.groups)
            if (!candidate.classes.empty()
                && shipped.className(candidate.classes.front()) == taxonomy.className(id))
                return candidate.name;
    for (const int id : asked->classes)
        for (const PartGroup &candidate : shipped.groups)
            for (const int other : candidate.classes)
                if (shipped.className(other) == taxonomy.className(id))
                    return candidate.name;
    return {};
}

} // namespace sapsam
