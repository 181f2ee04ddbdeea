#pragma once

#include <map>
#include <string>
#include <vector>

namespace sapsam {

// The prompts that make a caption model describe a part, one per part group.
struct PromptTemplate
{
    std::string name;
    int version = 1;
    std::string source;                         // where the wording comes from
    std::map<std::string, std::string> prompts; // part group → text with {placeholders}

    // Throws Error(NotFound) when the group has no prompt, and what renderPrompt throws.
    std::string render(const std::string &group,
                       const std::map<std::string, std::string> &values = {}) const;

    // SHA-256 over name, version and prompts: what derived phrases remember.
    std::string hash() const;
};

// Throws Error(Corrupt) naming the origin and key.
PromptTemplate parsePromptTemplate(const std::string &json, const std::string &origin);
PromptTemplate readPromptTemplate(const std::string &path);

// Replaces {name} by its value; "{{" and "}}" stand for braces.
// Throws Error(InvalidInput) for a placeholder without a value or without an end.
std::string renderPrompt(const std::string &text, const std::map<std::string, std::string> &values);

} // namespace sapsam
