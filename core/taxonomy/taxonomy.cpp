#include "core/taxonomy/taxonomy.h"

#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/base/resources.h"
#include "core/base/sha256.h"

#include <algorithm>
#include <map>
#include <set>

namespace sapsam {

namespace {

TriggerRule triggerFromName(const std::string &name, const std::string &origin)
{
    if (name == "first")
        return TriggerRule::First;
    if (name == "any")
        return TriggerRule::Any;
    if (name == "all")
        return TriggerRule::All;
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

} // namespace

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

bool Taxonomy::isTriggered(const PartGroup &group, const std::vector<int> &presentClasses) const
{
    const auto present = [&](int id) { return holds(presentClasses, id); };
    if (group.classes.empty())
        return false;
    switch (trigger) {
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
    const std::string content = readFile(path);
    const Json json = parseJson(content, path);
    const std::string origin = "'" + path + "'";

    Taxonomy taxonomy;
    taxonomy.name = require<std::string>(json, "name", origin);
    taxonomy.version = taxonomy.name + "/" + std::to_string(require<int>(json, "version", origin))
                       + "/" + sha256Of(json.dump()).substr(0, 12);
    taxonomy.trigger =
        triggerFromName(valueOr<std::string>(json, "trigger", "first", origin), origin);
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
        taxonomy.groups.push_back(std::move(group));
    }
    return taxonomy;
}

Taxonomy defaultTaxonomy()
{
    return readTaxonomy(resourcePath("taxonomies/atr18.json"));
}

std::vector<TaxonomyFinding> taxonomyFindings(const Taxonomy &taxonomy)
{
    using Severity = TaxonomyFinding::Severity;
    std::vector<TaxonomyFinding> findings;
    const auto add = [&](Severity severity, std::string text) {
        findings.push_back({severity, std::move(text)});
    };

    std::set<int> ids;
    for (const LabelClass &item : taxonomy.classes)
        if (!ids.insert(item.id).second)
            add(Severity::Error, "class id " + std::to_string(item.id) + " is there twice");

    std::set<std::string> names;
    std::map<int, std::vector<std::string>> groupsOfClass;
    for (const PartGroup &group : taxonomy.groups) {
        if (!names.insert(group.name).second)
            add(Severity::Error, "the group '" + group.name + "' is there twice");
        if (group.classes.empty())
            add(Severity::Error, "the group '" + group.name + "' has no class");
        for (const int id : group.classes) {
            if (taxonomy.findClass(id) == nullptr)
                add(Severity::Error, "the group '" + group.name + "' names the unknown class id "
                                         + std::to_string(id));
            groupsOfClass[id].push_back(group.name);
        }
    }
    for (const LabelClass &item : taxonomy.classes) {
        const auto &groups = groupsOfClass[item.id];
        if (groups.size() > 1)
            add(Severity::Warning, "the class '" + item.name + "' is in the groups '" + groups[0]
                                       + "' and '" + groups[1] + "'");
        if (groups.empty() && item.id != 0)
            add(Severity::Note, "the class '" + item.name + "' is in no group");
    }
    if (taxonomy.trigger == TriggerRule::First)
        for (const PartGroup &group : taxonomy.groups)
            if (group.classes.size() > 1) {
                const LabelClass *first = taxonomy.findClass(group.classes.front());
                add(Severity::Note, "the group '" + group.name + "' is skipped where '"
                                        + (first != nullptr ? first->name : "?")
                                        + "' does not show, even if its other classes do");
            }
    return findings;
}

} // namespace sapsam
