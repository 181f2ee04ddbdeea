#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The one language in which pictures are chosen: by the gallery, the search, the command line and
// jobs. It is parsed here, without a project, and answered in core/store/gallery_query.h.
//
//   split:train has:hat -tag:blurred           all three (AND may be written or left out)
//   colour:red OR clothes.colour:"dark blue"   either; NOT and "-" deny, parentheses group
//   split:train,val                            one of several values
//   score<0.5   hat.score<0.5   area:0.1..0.3  some part (of this group) in that range
//   rating>=4   review:accepted   tag:none     what people said
//   name:img_*  phrase:"red jacket"  anna      texts; a bare word looks into all of them
//
// Keys and values are compared without regard to case. "*" stands for anything, except in quotes.
namespace sapsam {

enum class FilterKey {
    Split,
    Source,
    Identity,
    Tag,
    Review,     // accepted | rejected | unsure | none
    Reviewed,   // yes | no
    Has,        // a part group, or one of filterHasWords()
    ColourWord, // in a phrase
    Origin,     // human | model: who drew some part
    Name,       // file name
    Path,
    Caption,
    Phrase,
    Text,   // name, captions or phrases: what a bare word means
    Duplicate, // yes | no | best | copy, or the number of a group
    Id,     // numbers from here on
    Rating, // 0 … 5
    Score,  // predicted IoU of a part
    Area,   // share of the picture that a part covers
    Parts,  // how many
    Width,  // pixels
    Height,
    Frame, // of a video
};

struct FilterValue
{
    std::string text;      // as written, without quotes
    bool isQuoted = false; // then "*" and "none" mean themselves
    double low = 0.0;      // of numbers: the closed range; infinite where open
    double high = 0.0;
    bool excludesLow = false; // "> 3"
    bool excludesHigh = false;
    std::size_t begin = 0; // bytes [begin, end) of the filter's text
    std::size_t end = 0;
};

struct FilterTerm
{
    FilterKey key = FilterKey::Text;
    std::string group;               // "hat" in hat.score; empty for any part
    std::vector<FilterValue> values; // one of them
    std::size_t begin = 0;
    std::size_t end = 0;
};

struct FilterNode
{
    enum class Kind { Everything, And, Or, Not, Term };
    Kind kind = Kind::Everything;
    std::vector<FilterNode> children; // of And, Or (two and more) and Not (one)
    FilterTerm term;
};

// What is wrong with a text, and where.
struct FilterProblem
{
    std::string message; // for people
    std::size_t begin = 0;
    std::size_t end = 0;
};

struct Filter
{
    std::string text; // as written
    FilterNode root;

    bool isEverything() const { return root.kind == FilterNode::Kind::Everything; }
};

struct FilterParse
{
    Filter filter; // everything when there is a problem
    std::optional<FilterProblem> problem;
};

// Never throws for any text.
FilterParse parseFilter(std::string_view text);
// The same for callers without a place for a problem. Throws Error(InvalidInput) that names the
// column and says what is expected.
Filter requireFilter(std::string_view text);

// What stands on its own in a filter: "split:train", quoted where that is needed.
std::string filterTerm(const std::string &key, const std::string &value);
// The filter with this value chosen, or no longer chosen when it was: a facet's click. Values of
// one key become alternatives ("split:train,val"), different keys must all hold. The text must be
// without a problem. An empty value stands for "none".
std::string filterWithToggled(const std::string &text, const std::string &key,
                              const std::string &value);
// Whether filterWithToggled would take the value out.
bool filterChooses(const std::string &text, const std::string &key, const std::string &value);

// Help for who types -----------------------------------------------------------------------------

struct FilterKeyHelp
{
    std::string name; // "split"
    std::string help; // one line
    std::string example;
};
const std::vector<FilterKeyHelp> &filterKeys();
const std::vector<std::string> &filterHasWords(); // besides the part groups

// What a project can offer as values.
struct FilterVocabulary
{
    std::vector<std::string> groups;
    std::vector<std::string> splits;
    std::vector<std::string> sources;
    std::vector<std::string> tags;
    std::vector<std::string> identities;
};

struct FilterCompletion
{
    std::string text; // replaces the bytes [begin, end)
    std::string help;
};
struct FilterCompletions
{
    std::size_t begin = 0;
    std::size_t end = 0;
    std::vector<FilterCompletion> items; // best first
};
// What could stand at the cursor (a byte offset).
FilterCompletions completeFilter(std::string_view text, std::size_t cursor,
                                 const FilterVocabulary &vocabulary);

// Colour words -----------------------------------------------------------------------------------

// The twelve common names, in a fixed order.
const std::vector<std::string> &commonColours();
// Bit i is set when the text contains a word for commonColours()[i].
std::uint32_t colourBits(std::string_view text);
// Whether `needle` (folded by foldText) occurs in the text, without regard to case.
std::string foldText(std::string_view text);
bool containsFolded(std::string_view text, std::string_view foldedNeedle);
// "*" stands for anything; the whole text must fit. Both folded.
bool matchesPattern(std::string_view text, std::string_view pattern);
// Sorts "img2" before "img10": the folded text with digit runs preceded by their length.
std::string naturalKey(std::string_view text);

} // namespace sapsam
