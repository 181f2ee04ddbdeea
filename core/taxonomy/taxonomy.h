#pragma once

#include <array>
#include <cstdint>
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
};

// When a group counts as present in a picture. The published code asks for its first class only.
enum class TriggerRule { First, Any, All };

struct PartGroup
{
    std::string name;  // stable key, such as "clothes"
    std::string title; // for people
    std::vector<int> classes;
    std::string phrase; // what Person-SAM is asked for when nothing better is known: "the clothes"
    Colour colour = {}; // on the screen; the shipped ones are told apart without colour vision too
};

// A label set and how its classes are merged into part groups. Immutable after reading.
struct Taxonomy
{
    std::string name;
    std::string version; // "atr18-sapsam/1/<first 12 of the content's SHA-256>"
    std::vector<LabelClass> classes;
    std::vector<std::pair<int, int>> mirrored; // left and right, to swap when a picture is flipped
    TriggerRule trigger = TriggerRule::First;
    std::vector<PartGroup> groups;

    // Null when there is none of that name.
    const PartGroup *findGroup(const std::string &groupName) const;
    // Null when there is none of that id.
    const LabelClass *findClass(int id) const;
    // Whether the group is present in a picture with these class ids.
    bool isTriggered(const PartGroup &group, const std::vector<int> &presentClasses) const;
};

// Reads a taxonomy file. Throws Error(NotFound | Corrupt) naming the file and the key; things that
// are merely odd are left to taxonomyFindings().
Taxonomy readTaxonomy(const std::string &path);

// The shipped default: ATR's 18 classes in the paper's nine groups.
Taxonomy defaultTaxonomy();

// What a person should know about a taxonomy.
struct TaxonomyFinding
{
    enum class Severity { Error, Warning, Note };
    Severity severity = Severity::Note;
    std::string text;
};

// Unknown and duplicate ids, empty groups, duplicate names (errors); classes in two groups
// (warnings); classes in no group, and groups that the trigger rule "first" misses when only a
// later class shows (notes).
std::vector<TaxonomyFinding> taxonomyFindings(const Taxonomy &taxonomy);

} // namespace sapsam
