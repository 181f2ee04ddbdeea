#include "core/text/prompt_template.h"

#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/base/sha256.h"

namespace sapsam {

std::string renderPrompt(const std::string &text, const std::map<std::string, std::string> &values)
{
    std::string result;
    std::size_t i = 0;
    while (i < text.size()) {
        const char c = text[i];
        if ((c == '{' || c == '}') && i + 1 < text.size() && text[i + 1] == c) {
            result.push_back(c);
            i += 2;
            continue;
        }
        if (c != '{') {
            result.push_back(c);
            ++i;
            continue;
        }
        const std::size_t end = text.find('}', i);
        if (end == std::string::npos)
            throw Error(ErrorKind::InvalidInput, "prompt '" + text + "': a '{' has no '}'");
        const std::string name = text.substr(i + 1, end - i - 1);
        const auto value = values.find(name);
        if (value == values.end())
            throw Error(ErrorKind::InvalidInput,
                        "prompt '" + text + "': nothing is known to put for {" + name + "}");
        result += value->second;
        i = end + 1;
    }
    return result;
}

std::string PromptTemplate::render(const std::string &group,
                                   const std::map<std::string, std::string> &values) const
{
    const auto prompt = prompts.find(group);
    if (prompt == prompts.end())
        throw Error(ErrorKind::NotFound,
                    "prompt template '" + name + "': no prompt for the group '" + group + "'");
    return renderPrompt(prompt->second, values);
}

std::string PromptTemplate::hash() const
{
    const Json all = {{"name", name}, {"version", version}, {"prompts", prompts}};
    return sha256Of(all.dump());
}

PromptTemplate parsePromptTemplate(const std::string &json, const std::string &origin)
{
    const Json root = parseJson(json, origin);
    PromptTemplate result;
    result.name = require<std::string>(root, "name", origin);
    result.version = require<int>(root, "version", origin);
    result.source = valueOr<std::string>(root, "source", "", origin);
    result.prompts = require<std::map<std::string, std::string>>(root, "prompts", origin);
    if (result.prompts.empty())
        throw Error(ErrorKind::Corrupt, origin + ": the key 'prompts' is empty");
    return result;
}

PromptTemplate readPromptTemplate(const std::string &path)
{
    return parsePromptTemplate(readFile(path), path);
}

} // namespace sapsam
