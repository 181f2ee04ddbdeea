#pragma once

#include "core/base/json_file.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sapsam {

using Colour = std::array<std::uint8_t, 3>; // sRGB

struct LabelClass
{
    int id = 0;
    std::string name;
    Colour colour = {}; // of the label map's palette

    bool operator==(const LabelClass &other) const
    {
        return id == other.id && name == other.name && colour == other.colour;
    }
};

// When a group counts as present in a picture. The published code asks for its first class only.
enum class TriggerRule { First, Any, All };

const char *nameOf(TriggerRule rule); // "first", "any", "all"
// Nothing for another name.
std::optional<TriggerRule> triggerFromName(const std::string &name);

struct PartGroup
{
    std::string name;  // stable key, such as "clothes"
    std::string title; // for people
    std::vector<int> classes;
    std::string phrase; // what Person-SAM is asked for when nothing better is known: "the clothes"
    Colour colour = {}; // on the screen; the shipped ones are told apart without colour vision too
    std::optional<TriggerRule> trigger = {}; // of this group; the taxonomy's when nothing is said
    bool exclusive = false;                  // shares no class with another exclusive group

    bool operator==(const PartGroup &other) const
    {
        return name == other.name && title == other.title && classes == other.classes
               && phrase == other.phrase && colour == other.colour && trigger == other.trigger
               && exclusive == other.exclusive;
    }
};

// A label set and how its classes are merged into part groups. A value; what is stored as a version
// is never changed again.
struct Taxonomy
{
    std::string name;
    int number = 1;          // of the version, for people
    std::string version;     // "atr18-sapsam/1/<first 12 of the content's SHA-256>"
    std::string description; // what it is
    std::string parent;      // version that it was made from; "" for an imported or shipped one
    std::string note;        // why it was made
    std::vector<LabelClass> classes;
    std::vector<std::pair<int, int>> mirrored; // left and right, to swap when a picture is flipped
    TriggerRule trigger = TriggerRule::First;
    std::vector<PartGroup> groups;

    // Null when there is none of that name.
    const PartGroup *findGroup(const std::string &groupName) const;
    // Null when there is none of that id.
    const LabelClass *findClass(int id) const;
    // "face", or "class 40" for an id that is not known.
    std::string className(int id) const;
    // The rule that decides for this group.
    TriggerRule triggerOf(const PartGroup &group) const { return group.trigger.value_or(trigger); }
    // Whether the group is present in a picture with these class ids.
    bool isTriggered(const PartGroup &group, const std::vector<int> &presentClasses) const;
};

// Reads a taxonomy file. Throws Error(NotFound | Corrupt) naming the file and the key; things that
// are merely odd are left to taxonomyFindings().
Taxonomy readTaxonomy(const std::string &path);
// The same from text; `origin` names it in errors.
Taxonomy parseTaxonomy(const std::string &text, const std::string &origin);

// The content as a file has it, keys in reading order. Without `lineage` parent and note are left
// out: they are no part of what a version is.
OrderedJson taxonomyJson(const Taxonomy &taxonomy, bool lineage = true);
// "name/number/hash" of the content.
std::string taxonomyVersionOf(const Taxonomy &taxonomy);

// The shipped default: ATR's 18 classes in the paper's nine groups.
Taxonomy defaultTaxonomy();

// What a person should know about a taxonomy.
struct TaxonomyFinding
{
    enum class Severity { Error, Warning, Note };
    enum class Kind {
        NoName,         // group or taxonomy without a name
        DuplicateId,    // two classes with one id
        DuplicateGroup, // two groups with one name
        DuplicateTitle, // two groups that look the same to people
        RepeatedClass,  // a group lists a class twice
        EmptyGroup,
        UnknownClass,
        ExclusiveClash, // a class in two exclusive groups
        SharedClass,    // a class in two groups
        Orphan,         // a class in no group
        FirstOnly,      // trigger "first" on a group of several classes
    };
    Severity severity = Severity::Note;
    Kind kind = Kind::Orphan;
    std::string text;
    std::string advice; // what to do about it; "" where nothing has to be done
    std::string group;  // the group concerned, "" for none
    std::string other;  // the second group of a pair
    int classId = -1;   // the class concerned, -1 for none
};

const char *nameOf(TaxonomyFinding::Severity severity); // "error", "warning", "note"
const char *nameOf(TaxonomyFinding::Kind kind);         // "unknown-class", "shared-class", …

// Missing and duplicate names and ids, empty groups, unknown classes, classes in two exclusive
// groups (errors); classes in two groups and in none (warnings); groups that the trigger rule
// "first" misses when only a later class shows (notes).
std::vector<TaxonomyFinding> taxonomyFindings(const Taxonomy &taxonomy);

// The first errors as one message that says what, why and what next; empty when the taxonomy can be
// used. `origin` names it.
std::string taxonomyProblem(const Taxonomy &taxonomy, const std::string &origin);

// Versions compared
// --------------------------------------------------------------------------------

struct TaxonomyChange
{
    enum class Kind {
        GroupAdded,
        GroupRemoved,
        GroupMoved, // in the order
        ClassAdded, // to the group
        ClassRemoved,
        ClassOrder, // of the group: what "first" means
        Title,
        Phrase,
        NewColour,
        Trigger,   // of the group, or of the taxonomy when `group` is empty
        Exclusive, // of the group
        LabelSet,  // the classes themselves
    };
    Kind kind = Kind::LabelSet;
    std::string group;
    int classId = -1;
    std::string before;
    std::string after;
    std::string text; // the change in words: "“Hair and face” loses face"
};

const char *nameOf(TaxonomyChange::Kind kind); // "group-added", …

// What makes `after` out of `before`; empty when they say the same. Groups are matched by name.
std::vector<TaxonomyChange> taxonomyDiff(const Taxonomy &before, const Taxonomy &after);

// Whether masks and phrases made for the group under the one are still right under the other: the
// classes (as a set) and the phrase that is asked for. Title, colour, trigger and order do not
// matter to a mask that is there.
bool meansTheSame(const PartGroup &a, const PartGroup &b);

// The groups of a taxonomy that hold what the shipped group of this name is about, by their
// classes, best first: the name of a query's or a template's group may not be the project's own.
std::vector<std::string> groupsForShipped(const Taxonomy &taxonomy,
                                          const std::string &shippedGroup);
// The other way round: the shipped group that a project's group corresponds to; "" for none.
std::string shippedGroupFor(const Taxonomy &taxonomy, const std::string &group);

} // namespace sapsam
