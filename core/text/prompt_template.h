#pragma once

#include "core/base/json_file.h"
#include "core/image/region_crop.h"

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace sapsam {

// How a caption model searches for its words.
struct DecodingSettings
{
    int beams = 1;                  // 1 is greedy
    int maxNewTokens = 20;          // the phrase is cut off here
    int minNewTokens = 0;           // the end is forbidden before
    double lengthPenalty = 1.0;     // with beams: above 1 prefers longer phrases
    double repetitionPenalty = 1.0; // above 1 shuns words that have been written
    int noRepeatNgram = 0;          // no run of so many tokens occurs twice; 0: any may

    bool operator==(const DecodingSettings &other) const
    {
        return beams == other.beams && maxNewTokens == other.maxNewTokens
               && minNewTokens == other.minNewTokens && lengthPenalty == other.lengthPenalty
               && repetitionPenalty == other.repetitionPenalty
               && noRepeatNgram == other.noRepeatNgram;
    }
    std::vector<std::string> problems() const; // empty when usable
};

// Everything that decides how a region of one part group gets its phrase.
struct GroupTemplate
{
    std::string prompt; // text with {placeholders}; {part} is the part's name
    DecodingSettings decoding;
    RegionView view; // what the model sees

    bool operator==(const GroupTemplate &other) const
    {
        return prompt == other.prompt && decoding == other.decoding && view == other.view;
    }
};

// The value of a group template, {"prompt", "decoding", "view"}: settings at their defaults are
// left out. Reading throws Error(Corrupt) naming the origin and key, Error(InvalidInput) for a
// value out of range.
Json jsonOf(const GroupTemplate &content);
GroupTemplate groupTemplateOfJson(const Json &json, const std::string &origin);

// The prompts that make a caption model describe a part, one per part group.
struct PromptTemplate
{
    // The group whose prompt serves all groups without one of their own.
    static constexpr const char *kAnyGroup = "*";

    std::string name;
    int version = 1;
    std::string source;                               // where the wording comes from
    std::map<std::string, std::string> prompts;       // part group → text with {placeholders}
    std::map<std::string, DecodingSettings> decoding; // where they are not the defaults
    std::map<std::string, RegionView> views;          // where they are not the defaults

    // Throws Error(NotFound) when neither the group nor kAnyGroup has a prompt.
    GroupTemplate group(const std::string &name) const;
    bool hasGroup(const std::string &name) const;
    // Keeps `decoding` and `views` free of defaults.
    void setGroup(const std::string &name, const GroupTemplate &content);

    // The prompt of a group. {part} is filled in with the group's name when `values` has none.
    // Throws Error(NotFound) when the group has no prompt, and what renderPrompt throws.
    std::string render(const std::string &group,
                       const std::map<std::string, std::string> &values = {}) const;

    // SHA-256 over name, version, prompts and settings: what derived phrases remember.
    std::string hash() const;
};

// Throws Error(Corrupt) naming the origin and key, Error(InvalidInput) for settings out of range.
PromptTemplate parsePromptTemplate(const std::string &json, const std::string &origin);
PromptTemplate readPromptTemplate(const std::string &path);
// What parsePromptTemplate() reads back.
Json jsonOf(const PromptTemplate &templates);

// Replaces {name} by its value; "{{" and "}}" stand for braces.
// Throws Error(InvalidInput) for a placeholder without a value or without an end.
std::string renderPrompt(const std::string &text, const std::map<std::string, std::string> &values);

// What is wrong or doubtful in a prompt. Errors keep it from being used in a project; a trial may
// still run it, except for the first two.
enum class PromptProblem {
    BrokenBraces,       // error: '{' without '}'
    UnknownPlaceholder, // error: detail is its name
    MissingPart,        // error: it says nowhere which part it asks about
    WrongPart,          // error: it names another part; detail is the word
    TooLong,            // error: detail is "tokens/limit"
    Settings,           // error: decoding or view out of range; detail says which
    Gendered,           // warning: detail is the word
    NoQuestion,         // warning: no question mark
    EchoRisk,           // warning: an instruction, or nothing that begins the answer
    TrailingSpace       // warning: it changes how the next word is cut into tokens
};

struct PromptFinding
{
    PromptProblem problem = PromptProblem::MissingPart;
    std::string group;
    std::string detail;

    bool isError() const { return problem <= PromptProblem::Settings; }
    bool canRun() const { return problem > PromptProblem::UnknownPlaceholder; }
};

// A sentence: what is wrong, why it matters, what to do.
std::string textOf(const PromptFinding &finding);
const char *nameOf(PromptProblem problem); // "missing-part", …: stable names for JSON

// What a prompt is checked against.
struct PromptRules
{
    std::string partWord; // what the part is called: "hat"; the group's name when empty
    std::function<int(const std::string &prompt)> countTokens; // of the model; none: not checked
    int maxTokens = 0; // that the model takes beside picture and answer; 0: no limit
};

// The worst first.
std::vector<PromptFinding> promptFindings(const std::string &group, const GroupTemplate &content,
                                          const PromptRules &rules = {});

} // namespace sapsam
