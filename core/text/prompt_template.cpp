#include "core/text/prompt_template.h"

#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/base/sha256.h"
#include "core/text/noun_phrases.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <set>

namespace sapsam {

namespace {

constexpr const char *kPart = "part";

Json jsonOf(const DecodingSettings &decoding)
{
    const DecodingSettings standard;
    Json json = Json::object();
    if (decoding.beams != standard.beams)
        json["beams"] = decoding.beams;
    if (decoding.maxNewTokens != standard.maxNewTokens)
        json["maxNewTokens"] = decoding.maxNewTokens;
    if (decoding.minNewTokens != standard.minNewTokens)
        json["minNewTokens"] = decoding.minNewTokens;
    if (decoding.lengthPenalty != standard.lengthPenalty)
        json["lengthPenalty"] = decoding.lengthPenalty;
    if (decoding.repetitionPenalty != standard.repetitionPenalty)
        json["repetitionPenalty"] = decoding.repetitionPenalty;
    if (decoding.noRepeatNgram != standard.noRepeatNgram)
        json["noRepeatNgram"] = decoding.noRepeatNgram;
    return json;
}

Json jsonOf(const RegionView &view)
{
    const RegionView standard;
    Json json = Json::object();
    if (view.prompt != standard.prompt)
        json["prompt"] = nameOf(view.prompt);
    if (view.padColour != standard.padColour)
        json["padColour"] = view.padColour;
    if (view.jitter != standard.jitter)
        json["jitter"] = view.jitter;
    if (view.seed != standard.seed)
        json["seed"] = view.seed;
    if (view.exact != standard.exact)
        json["exact"] = view.exact;
    return json;
}

void requireUsable(const std::vector<std::string> &problems, const std::string &origin)
{
    if (!problems.empty())
        throw Error(ErrorKind::InvalidInput, origin + ": " + problems.front());
}

DecodingSettings decodingOfJson(const Json &json, const std::string &origin)
{
    DecodingSettings decoding;
    decoding.beams = valueOr(json, "beams", decoding.beams, origin);
    decoding.maxNewTokens = valueOr(json, "maxNewTokens", decoding.maxNewTokens, origin);
    decoding.minNewTokens = valueOr(json, "minNewTokens", decoding.minNewTokens, origin);
    decoding.lengthPenalty = valueOr(json, "lengthPenalty", decoding.lengthPenalty, origin);
    decoding.repetitionPenalty =
        valueOr(json, "repetitionPenalty", decoding.repetitionPenalty, origin);
    decoding.noRepeatNgram = valueOr(json, "noRepeatNgram", decoding.noRepeatNgram, origin);
    requireUsable(decoding.problems(), origin);
    return decoding;
}

RegionView viewOfJson(const Json &json, const std::string &origin)
{
    RegionView view;
    view.prompt =
        visualPromptFromName(valueOr<std::string>(json, "prompt", nameOf(view.prompt), origin));
    view.padColour = valueOr(json, "padColour", view.padColour, origin);
    view.jitter = valueOr(json, "jitter", view.jitter, origin);
    view.seed = valueOr(json, "seed", view.seed, origin);
    view.exact = valueOr(json, "exact", view.exact, origin);
    requireUsable(view.problems(), origin);
    return view;
}

// Words of letters, in lower case.
std::vector<std::string> wordsOf(const std::string &text)
{
    std::vector<std::string> words;
    std::string word;
    for (const char c : text + " ") {
        if (std::isalpha(static_cast<unsigned char>(c)) || c == '-') {
            word.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
        } else if (!word.empty()) {
            words.push_back(std::move(word));
            word.clear();
        }
    }
    return words;
}

// Names of the placeholders; false when a brace has no partner.
bool placeholdersOf(const std::string &text, std::vector<std::string> &names)
{
    for (std::size_t i = 0; i < text.size(); ++i) {
        if ((text[i] == '{' || text[i] == '}') && i + 1 < text.size() && text[i + 1] == text[i]) {
            ++i;
            continue;
        }
        if (text[i] == '}')
            return false;
        if (text[i] != '{')
            continue;
        const std::size_t end = text.find('}', i);
        if (end == std::string::npos)
            return false;
        names.push_back(text.substr(i + 1, end - i - 1));
        i = end;
    }
    return true;
}

std::string numberText(double value)
{
    char text[32];
    std::snprintf(text, sizeof text, "%g", value);
    return text;
}

const std::set<std::string> &genderedWords()
{
    static const std::set<std::string> words{
        "she",   "he",   "her", "his",       "him",    "hers", "herself", "himself", "woman",
        "women", "man",  "men", "girl",      "girls",  "boy",  "boys",    "lady",    "ladies",
        "guy",   "male", "lad", "gentleman", "female", "mr",   "mrs",     "ms"};
    return words;
}

const std::set<std::string> &orders()
{
    static const std::set<std::string> words{"describe", "write",   "list",     "tell",
                                             "name",     "explain", "give",     "say",
                                             "please",   "caption", "generate", "state"};
    return words;
}

} // namespace

std::vector<std::string> DecodingSettings::problems() const
{
    constexpr int kMostBeams = 16;
    constexpr int kMostTokens = 200;
    std::vector<std::string> found;
    const auto check = [&found](bool good, const std::string &text) {
        if (!good)
            found.push_back(text);
    };
    check(beams >= 1 && beams <= kMostBeams,
          "beams are 1 to " + std::to_string(kMostBeams) + ", not " + std::to_string(beams));
    check(maxNewTokens >= 1 && maxNewTokens <= kMostTokens,
          "a phrase has at most 1 to " + std::to_string(kMostTokens) + " tokens, not "
              + std::to_string(maxNewTokens));
    check(minNewTokens >= 0 && minNewTokens <= maxNewTokens,
          "the least number of tokens is 0 to the greatest (" + std::to_string(maxNewTokens)
              + "), not " + std::to_string(minNewTokens));
    check(lengthPenalty >= -5.0 && lengthPenalty <= 5.0,
          "the length penalty is -5 to 5, not " + numberText(lengthPenalty));
    check(repetitionPenalty > 0.0 && repetitionPenalty <= 5.0,
          "the repetition penalty is above 0 and at most 5, not " + numberText(repetitionPenalty));
    check(noRepeatNgram >= 0 && noRepeatNgram <= 10,
          "the length of a run that may not come twice is 0 to 10, not "
              + std::to_string(noRepeatNgram));
    return found;
}

Json jsonOf(const GroupTemplate &content)
{
    Json json = {{"prompt", content.prompt}};
    if (Json decoding = jsonOf(content.decoding); !decoding.empty())
        json["decoding"] = std::move(decoding);
    if (Json view = jsonOf(content.view); !view.empty())
        json["view"] = std::move(view);
    return json;
}

GroupTemplate groupTemplateOfJson(const Json &json, const std::string &origin)
{
    GroupTemplate content;
    content.prompt = require<std::string>(json, "prompt", origin);
    content.decoding =
        decodingOfJson(valueOr(json, "decoding", Json::object(), origin), origin + ": 'decoding'");
    content.view = viewOfJson(valueOr(json, "view", Json::object(), origin), origin + ": 'view'");
    return content;
}

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

bool PromptTemplate::hasGroup(const std::string &group) const
{
    return prompts.count(group) != 0 || prompts.count(kAnyGroup) != 0;
}

GroupTemplate PromptTemplate::group(const std::string &group) const
{
    const std::string &key = prompts.count(group) != 0 ? group : std::string(kAnyGroup);
    const auto prompt = prompts.find(key);
    if (prompt == prompts.end())
        throw Error(ErrorKind::NotFound, "prompt template '" + name + "': no prompt for the group '"
                                             + group + "'; write one in the prompt lab");
    GroupTemplate content;
    content.prompt = prompt->second;
    if (const auto found = decoding.find(key); found != decoding.end())
        content.decoding = found->second;
    if (const auto found = views.find(key); found != views.end())
        content.view = found->second;
    return content;
}

void PromptTemplate::setGroup(const std::string &group, const GroupTemplate &content)
{
    prompts[group] = content.prompt;
    decoding.erase(group);
    views.erase(group);
    if (!(content.decoding == DecodingSettings()))
        decoding[group] = content.decoding;
    if (!(content.view == RegionView()))
        views[group] = content.view;
}

std::string PromptTemplate::render(const std::string &group,
                                   const std::map<std::string, std::string> &values) const
{
    std::map<std::string, std::string> all = values;
    all.emplace(kPart, group);
    return renderPrompt(this->group(group).prompt, all);
}

std::string PromptTemplate::hash() const
{
    Json all = {{"name", name}, {"version", version}, {"prompts", prompts}};
    // Left out when empty: phrases of earlier versions of this program stay up to date.
    for (const auto &[group, settings] : decoding)
        all["decoding"][group] = jsonOf(settings);
    for (const auto &[group, view] : views)
        all["views"][group] = jsonOf(view);
    return sha256Of(all.dump());
}

Json jsonOf(const PromptTemplate &templates)
{
    Json all = {{"name", templates.name},
                {"version", templates.version},
                {"source", templates.source},
                {"prompts", templates.prompts}};
    for (const auto &[group, settings] : templates.decoding)
        all["decoding"][group] = jsonOf(settings);
    for (const auto &[group, view] : templates.views)
        all["views"][group] = jsonOf(view);
    return all;
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
    const auto settings = [&](const char *key, auto &&take) {
        const auto entries = valueOr(root, key, std::map<std::string, Json>(), origin);
        for (const auto &[group, value] : entries) {
            if (result.prompts.count(group) == 0)
                throw Error(ErrorKind::Corrupt, origin + ": '" + key + "' has the group '" + group
                                                    + "', which has no prompt");
            take(group, value, origin + ": '" + key + "', '" + group + "'");
        }
    };
    settings("decoding",
             [&](const std::string &group, const Json &value, const std::string &where) {
                 result.decoding[group] = decodingOfJson(value, where);
             });
    settings("views", [&](const std::string &group, const Json &value, const std::string &where) {
        result.views[group] = viewOfJson(value, where);
    });
    return result;
}

PromptTemplate readPromptTemplate(const std::string &path)
{
    return parsePromptTemplate(readFile(path), path);
}

const char *nameOf(PromptProblem problem)
{
    switch (problem) {
    case PromptProblem::BrokenBraces:
        return "broken-braces";
    case PromptProblem::UnknownPlaceholder:
        return "unknown-placeholder";
    case PromptProblem::MissingPart:
        return "missing-part";
    case PromptProblem::WrongPart:
        return "wrong-part";
    case PromptProblem::TooLong:
        return "too-long";
    case PromptProblem::Settings:
        return "settings";
    case PromptProblem::Gendered:
        return "gendered";
    case PromptProblem::NoQuestion:
        return "no-question";
    case PromptProblem::EchoRisk:
        return "echo-risk";
    case PromptProblem::TrailingSpace:
        return "trailing-space";
    }
    return "";
}

std::string textOf(const PromptFinding &finding)
{
    const std::string who = finding.group.empty() ? std::string() : finding.group + ": ";
    switch (finding.problem) {
    case PromptProblem::BrokenBraces:
        return who
               + "a brace has no partner, so the prompt cannot be filled in; write {part}, or "
                 "{{ and }} for braces that stay";
    case PromptProblem::UnknownPlaceholder:
        return who + "nothing is known to put for {" + finding.detail
               + "}; the only placeholder is {part}";
    case PromptProblem::MissingPart:
        return who
               + "the prompt does not say which part it asks about, so the model describes "
                 "whatever it sees first; put {part} or the name of the part in";
    case PromptProblem::WrongPart:
        return who + "the prompt asks about '" + finding.detail
               + "', which belongs to another part; put {part} in its place";
    case PromptProblem::TooLong: {
        const std::size_t slash = finding.detail.find('/');
        return who + "the prompt has " + finding.detail.substr(0, slash)
               + " tokens; beside the picture and the answer the model has room for "
               + finding.detail.substr(slash + 1) + ". Shorten it, or allow fewer new tokens";
    }
    case PromptProblem::Settings:
        return who + finding.detail;
    case PromptProblem::Gendered:
        return who + "'" + finding.detail
               + "' supposes whether a man or a woman is shown, and the model answers "
                 "accordingly; ask about \"the person\" or about the part";
    case PromptProblem::NoQuestion:
        return who + "there is no question; the model goes on with the sentence as it likes";
    case PromptProblem::EchoRisk:
        return who
               + "nothing begins the answer, so the model may repeat the prompt or ask on; "
                 "end with \"Answer: It is\" or a similar beginning";
    case PromptProblem::TrailingSpace:
        return who + "the space at the end changes how the next word is cut into tokens; remove it";
    }
    return {};
}

std::vector<PromptFinding> promptFindings(const std::string &group, const GroupTemplate &content,
                                          const PromptRules &rules)
{
    std::vector<PromptFinding> found;
    const auto add = [&](PromptProblem problem, const std::string &detail = {}) {
        found.push_back({problem, group, detail});
    };
    const std::string &prompt = content.prompt;
    const std::string part = rules.partWord.empty() ? group : rules.partWord;
    std::vector<std::string> placeholders;
    const bool isWhole = placeholdersOf(prompt, placeholders);
    if (!isWhole)
        add(PromptProblem::BrokenBraces);
    bool hasPart = false;
    bool canRender = isWhole;
    for (const std::string &name : placeholders) {
        if (name == kPart) {
            hasPart = true;
        } else {
            add(PromptProblem::UnknownPlaceholder, name);
            canRender = false;
        }
    }

    const std::vector<std::string> words = wordsOf(prompt);
    std::string stranger;
    if (group != PromptTemplate::kAnyGroup) {
        const std::vector<std::string> named = wordsOf(part);
        for (const std::string &word : words) {
            const std::string itsGroup = groupOfNoun(word);
            if (itsGroup == group || word == group || (!named.empty() && named.back() == word))
                hasPart = true;
            else if (!itsGroup.empty() && stranger.empty())
                stranger = word;
        }
    }
    if (!hasPart && !stranger.empty())
        add(PromptProblem::WrongPart, stranger);
    else if (!hasPart)
        add(PromptProblem::MissingPart);

    if (canRender && rules.countTokens && rules.maxTokens > 0) {
        const int tokens = rules.countTokens(renderPrompt(prompt, {{kPart, part}}));
        if (tokens > rules.maxTokens)
            add(PromptProblem::TooLong,
                std::to_string(tokens) + "/" + std::to_string(rules.maxTokens));
    }
    for (const std::string &problem : content.decoding.problems())
        add(PromptProblem::Settings, problem);
    for (const std::string &problem : content.view.problems())
        add(PromptProblem::Settings, problem);

    for (const std::string &word : words) {
        if (genderedWords().count(word) != 0) {
            add(PromptProblem::Gendered, word);
            break;
        }
    }
    const std::size_t question = prompt.rfind('?');
    if (question == std::string::npos)
        add(PromptProblem::NoQuestion);
    const bool isOrder = !words.empty() && orders().count(words.front()) != 0;
    const bool endsAtQuestion =
        question != std::string::npos
        && prompt.find_first_not_of(" \t\n", question + 1) == std::string::npos;
    if (isOrder || endsAtQuestion)
        add(PromptProblem::EchoRisk);
    if (!prompt.empty() && std::isspace(static_cast<unsigned char>(prompt.back())))
        add(PromptProblem::TrailingSpace);
    std::stable_sort(
        found.begin(), found.end(),
        [](const PromptFinding &a, const PromptFinding &b) { return a.problem < b.problem; });
    return found;
}

} // namespace sapsam
