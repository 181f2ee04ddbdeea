#include "core/text/filter_language.h"

#include "core/base/error.h"
#include "core/text/noun_phrases.h"
#include "core/text/unicode.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace sapsam {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kMaxDepth = 60; // parentheses and denials within each other

struct KeyName
{
    FilterKey key;
    const char *name;
    const char *help;
    const char *example;
    bool ofPart; // may be asked of one part group: hat.score
};

constexpr std::array kKeys = {
    KeyName{FilterKey::Has, "has", "a part group, or: part, phrase, caption, tag, identity",
            "has:hat", false},
    KeyName{FilterKey::ColourWord, "colour", "a colour word in the phrase of a part", "colour:red",
            true},
    KeyName{FilterKey::Split, "split", "train, val, test or none", "split:train", false},
    KeyName{FilterKey::Tag, "tag", "a tag, or none", "tag:unclear", false},
    KeyName{FilterKey::Rating, "rating", "0 (none given) to 5", "rating>=4", false},
    KeyName{FilterKey::Review, "review", "accepted, rejected, unsure or none", "review:accepted",
            false},
    KeyName{FilterKey::Reviewed, "reviewed", "yes or no", "reviewed:no", false},
    KeyName{FilterKey::Identity, "identity", "who it is, or none", "identity:17", false},
    KeyName{FilterKey::Source, "source", "what imported it", "source:folder", false},
    KeyName{FilterKey::Score, "score", "predicted IoU of some part, 0 to 1", "score<0.5", true},
    KeyName{FilterKey::Area, "area", "share of the picture that some part covers, 0 to 1",
            "area:0.1..0.3", true},
    KeyName{FilterKey::Parts, "parts", "how many parts were found", "parts<3", false},
    KeyName{FilterKey::Origin, "origin", "human or model: who drew some part", "origin:human",
            true},
    KeyName{FilterKey::Phrase, "phrase", "words in the phrase of a part",
            "phrase:\"leather jacket\"", true},
    KeyName{FilterKey::Caption, "caption", "words in a caption", "caption:umbrella", false},
    KeyName{FilterKey::Name, "name", "part of the file name", "name:img_*", false},
    KeyName{FilterKey::Path, "path", "part of the path", "path:cam3", false},
    KeyName{FilterKey::Text, "text", "words in name, captions or phrases", "text:anna", false},
    KeyName{FilterKey::Duplicate, "duplicate",
            "yes, no, best, copy (all but the best of each group) or the number of a group",
            "duplicate:copy", false},
    KeyName{FilterKey::Id, "id", "number of the picture", "id:1..100", false},
    KeyName{FilterKey::Width, "width", "of the picture in pixels", "width>=128", false},
    KeyName{FilterKey::Height, "height", "of the picture in pixels", "height<100", false},
    KeyName{FilterKey::Frame, "frame", "of the video", "frame:100..200", false},
};

bool isNumber(FilterKey key)
{
    return key >= FilterKey::Id;
}

const KeyName *findKey(std::string_view name)
{
    if (name == "color")
        name = "colour";
    for (const KeyName &key : kKeys) {
        if (name == key.name)
            return &key;
    }
    return nullptr;
}

const KeyName &nameOf(FilterKey wanted)
{
    return *std::find_if(kKeys.begin(), kKeys.end(),
                         [wanted](const KeyName &key) { return key.key == wanted; });
}

// Levenshtein: for "did you mean".
std::size_t distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
        }
    }
    return row.back();
}

template <typename Names>
std::string nearest(const std::string &word, const Names &names)
{
    std::string best;
    std::size_t bestDistance = 3; // further away it is no slip of the finger
    for (const std::string &name : names) {
        const std::size_t d = distance(word, name);
        if (d < bestDistance && d < std::max<std::size_t>(2, name.size())) {
            bestDistance = d;
            best = name;
        }
    }
    return best;
}

std::string didYouMean(const std::string &name)
{
    return name.empty() ? std::string() : "; did you mean \"" + name + "\"?";
}

std::string listed(const std::vector<std::string> &names)
{
    std::string text;
    for (const std::string &name : names)
        text += (text.empty() ? "" : ", ") + name;
    return text;
}

bool isSpace(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool isKeyCharacter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'
           || c == '-' || c == '.' || static_cast<unsigned char>(c) >= 0x80;
}

// What ends a value that is not quoted.
bool endsWord(char c)
{
    return isSpace(c) || c == '(' || c == ')' || c == '"' || c == ',';
}

struct Stop // thrown inside the parser only
{
    FilterProblem problem;
};

class Parser
{
public:
    explicit Parser(std::string_view text) : m_text(text) {}

    FilterNode parse()
    {
        skipSpace();
        if (atEnd())
            return {};
        FilterNode node = parseOr(0);
        skipSpace();
        if (!atEnd()) // only a stray parenthesis stops the grammar early
            fail("this parenthesis closes nothing", m_at, m_at + 1);
        return node;
    }

private:
    [[noreturn]] static void fail(const std::string &message, std::size_t begin, std::size_t end)
    {
        throw Stop{{message, begin, std::max(end, begin + 1)}};
    }

    bool atEnd() const { return m_at >= m_text.size(); }
    char peek() const { return atEnd() ? '\0' : m_text[m_at]; }
    void skipSpace()
    {
        while (!atEnd() && isSpace(m_text[m_at]))
            ++m_at;
    }

    // A word of the grammar: upper case only, so that "and" can be looked for.
    bool isWord(std::string_view word) const
    {
        if (m_text.substr(m_at, word.size()) != word)
            return false;
        const std::size_t after = m_at + word.size();
        return after >= m_text.size() || isSpace(m_text[after]) || m_text[after] == '('
               || m_text[after] == ')';
    }
    bool takeWord(std::string_view word)
    {
        skipSpace();
        if (!isWord(word))
            return false;
        m_at += word.size();
        return true;
    }

    static FilterNode join(FilterNode::Kind kind, std::vector<FilterNode> children)
    {
        if (children.size() == 1)
            return std::move(children.front());
        FilterNode node;
        node.kind = kind;
        node.children = std::move(children);
        return node;
    }

    FilterNode parseOr(int depth)
    {
        std::vector<FilterNode> children;
        children.push_back(parseAnd(depth));
        while (takeWord("OR"))
            children.push_back(parseAnd(depth));
        return join(FilterNode::Kind::Or, std::move(children));
    }

    FilterNode parseAnd(int depth)
    {
        std::vector<FilterNode> children;
        children.push_back(parseOne(depth));
        for (;;) {
            skipSpace();
            if (takeWord("AND")) {
                children.push_back(parseOne(depth));
                continue;
            }
            if (atEnd() || peek() == ')' || isWord("OR"))
                break;
            children.push_back(parseOne(depth));
        }
        return join(FilterNode::Kind::And, std::move(children));
    }

    FilterNode parseOne(int depth)
    {
        skipSpace();
        if (depth > kMaxDepth)
            fail("the filter is nested too deeply", m_at, m_at + 1);
        if (atEnd())
            fail("something is missing after this", m_text.empty() ? 0 : m_text.size() - 1,
                 m_text.size());
        const std::size_t start = m_at;
        if (isWord("AND") || isWord("OR")) {
            const std::size_t length = isWord("OR") ? 2 : 3;
            fail("something is missing before \"" + std::string(m_text.substr(start, length))
                     + "\"; to look for the word, put it in quotes",
                 start, start + length);
        }
        const bool dash = peek() == '-' && m_at + 1 < m_text.size() && !isSpace(m_text[m_at + 1]);
        if (dash || isWord("NOT")) {
            m_at += dash ? 1 : 3;
            FilterNode node;
            node.kind = FilterNode::Kind::Not;
            node.children.push_back(parseOne(depth + 1));
            return node;
        }
        if (peek() == '(') {
            ++m_at;
            skipSpace();
            if (peek() == ')')
                fail("there is nothing between the parentheses", start, m_at + 1);
            FilterNode node = parseOr(depth + 1);
            skipSpace();
            if (peek() != ')')
                fail("this parenthesis is not closed", start, start + 1);
            ++m_at;
            return node;
        }
        if (peek() == ')')
            fail("this parenthesis closes nothing", start, start + 1);
        return parseTerm();
    }

    FilterNode parseTerm()
    {
        FilterNode node;
        node.kind = FilterNode::Kind::Term;
        FilterTerm &term = node.term;
        term.begin = m_at;
        std::size_t keyEnd = m_at;
        while (keyEnd < m_text.size() && isKeyCharacter(m_text[keyEnd]))
            ++keyEnd;
        const char after = keyEnd < m_text.size() ? m_text[keyEnd] : '\0';
        const bool hasKey =
            keyEnd > m_at
            && (after == ':' || after == '=' || after == '<' || after == '>'
                || (after == '!' && keyEnd + 1 < m_text.size() && m_text[keyEnd + 1] == '='));
        if (!hasKey) {
            term.key = FilterKey::Text;
            term.values.push_back(parseValue("a word"));
            term.end = m_at;
            return node;
        }
        const KeyName &key = readKey(term, keyEnd);
        bool denied = false;
        const std::string sign = readSign(key, denied);
        for (;;) {
            FilterValue value = parseValue(key.example);
            understand(key, sign, value);
            term.values.push_back(std::move(value));
            if (peek() != ',')
                break;
            ++m_at;
        }
        term.end = m_at;
        if (!denied)
            return node;
        FilterNode negation;
        negation.kind = FilterNode::Kind::Not;
        negation.children.push_back(std::move(node));
        return negation;
    }

    const KeyName &readKey(FilterTerm &term, std::size_t keyEnd)
    {
        const std::size_t begin = m_at;
        std::string name = foldText(m_text.substr(begin, keyEnd - begin));
        const std::size_t dot = name.rfind('.');
        std::string plain = name;
        if (dot != std::string::npos) {
            term.group = name.substr(0, dot);
            plain = name.substr(dot + 1);
        }
        const KeyName *key = findKey(plain);
        if (key == nullptr) {
            std::vector<std::string> names;
            for (const KeyName &known : kKeys)
                names.emplace_back(known.name);
            fail("there is no key \"" + plain + "\"" + didYouMean(nearest(plain, names))
                     + " To look for the text itself, put it in quotes",
                 begin, keyEnd);
        }
        if (dot != std::string::npos && (term.group.empty() || !key->ofPart))
            fail(
                "\"" + plain
                    + "\" cannot be asked of one part; colour, score, area, origin and phrase can, "
                      "such as hat.score<0.5",
                begin, keyEnd);
        m_at = keyEnd;
        term.key = key->key;
        return *key;
    }

    std::string readSign(const KeyName &key, bool &denied)
    {
        const std::size_t begin = m_at;
        std::string sign(1, m_text[m_at++]);
        if (sign == "!" || ((sign == "<" || sign == ">") && peek() == '=')) {
            sign += '=';
            ++m_at;
        }
        denied = sign == "!=";
        if ((sign[0] == '<' || sign[0] == '>') && !isNumber(key.key))
            fail(std::string("\"") + key.name + "\" is not a number; write " + key.example, begin,
                 m_at);
        return sign;
    }

    FilterValue parseValue(const char *example)
    {
        FilterValue value;
        value.begin = m_at;
        if (peek() == '"') {
            ++m_at;
            value.isQuoted = true;
            while (!atEnd() && m_text[m_at] != '"') {
                if (m_text[m_at] == '\\' && m_at + 1 < m_text.size())
                    ++m_at;
                value.text += m_text[m_at++];
            }
            if (atEnd())
                fail("this quotation mark is not closed", value.begin, value.begin + 1);
            ++m_at;
        } else {
            while (!atEnd() && !endsWord(m_text[m_at]))
                value.text += m_text[m_at++];
        }
        value.end = m_at;
        if (value.text.empty())
            fail(std::string("a value is missing here, such as ") + example, value.begin,
                 value.begin + 1);
        return value;
    }

    static double number(const FilterValue &value, std::string_view text)
    {
        double result = 0.0;
        bool percent = false;
        if (text.ends_with('%')) {
            text.remove_suffix(1);
            percent = true;
        }
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
        if (error != std::errc() || end != text.data() + text.size() || !(result - result == 0.0))
            fail("\"" + value.text + "\" is not a number, nor a range such as 0.3..0.6",
                 value.begin, value.end);
        return percent ? result / 100.0 : result;
    }

    static void understandNumber(const std::string &sign, FilterValue &value)
    {
        value.low = -kInfinity;
        value.high = kInfinity;
        const std::size_t dots = value.text.find("..");
        if (dots != std::string::npos) {
            if (sign[0] == '<' || sign[0] == '>')
                fail("a range stands after \":\"", value.begin, value.end);
            const std::string low = value.text.substr(0, dots);
            const std::string high = value.text.substr(dots + 2);
            if (!low.empty())
                value.low = number(value, low);
            if (!high.empty())
                value.high = number(value, high);
            if (value.low > value.high)
                fail("the range ends before it begins", value.begin, value.end);
            return;
        }
        const double n = number(value, value.text);
        if (sign[0] == '<') {
            value.high = n;
            value.excludesHigh = sign == "<";
        } else if (sign[0] == '>') {
            value.low = n;
            value.excludesLow = sign == ">";
        } else {
            value.low = value.high = n;
        }
    }

    static void requireOneOf(const KeyName &key, FilterValue &value,
                             const std::vector<std::string> &known)
    {
        const std::string text = foldText(value.text);
        if (std::find(known.begin(), known.end(), text) == known.end())
            fail(std::string("\"") + key.name + "\" is " + listed(known)
                     + didYouMean(nearest(text, known)),
                 value.begin, value.end);
        value.text = text;
    }

    static void understand(const KeyName &key, const std::string &sign, FilterValue &value)
    {
        switch (key.key) {
        case FilterKey::Review:
            return requireOneOf(key, value, {"accepted", "rejected", "unsure", "none"});
        case FilterKey::Reviewed:
            return requireOneOf(key, value, {"yes", "no"});
        case FilterKey::Origin:
            return requireOneOf(key, value, {"human", "model"});
        case FilterKey::Has:
            value.text = foldText(value.text);
            return;
        case FilterKey::Duplicate:
            if (!value.text.empty() && value.text.size() < 19
                && value.text.find_first_not_of("0123456789") == std::string::npos)
                return;
            return requireOneOf(key, value, {"yes", "no", "best", "copy"});
        case FilterKey::ColourWord: {
            value.text = foldText(value.text);
            if (colourBits(value.text) == 0)
                fail("\"" + value.text + "\" is not a colour word; the common ones are "
                         + listed(commonColours())
                         + didYouMean(nearest(value.text, commonColours())),
                     value.begin, value.end);
            return;
        }
        default:
            if (isNumber(key.key))
                understandNumber(sign, value);
            return;
        }
    }

    std::string_view m_text;
    std::size_t m_at = 0;
};

// Counted in characters, as people do.
std::size_t columnOf(std::string_view text, std::size_t byte)
{
    std::size_t column = 1;
    for (std::size_t i = 0; i < byte && i < text.size(); ++i)
        column += (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80 ? 1 : 0;
    return column;
}

std::string quotedWhereNeeded(const std::string &value)
{
    const bool plain = !value.empty() && value != "none" && value.find('*') == std::string::npos
                       && value.find('\\') == std::string::npos
                       && std::none_of(value.begin(), value.end(), endsWord);
    if (plain)
        return value;
    std::string text = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\')
            text += '\\';
        text += c;
    }
    return text + "\"";
}

std::string valueText(const std::string &value)
{
    return value.empty() ? "none" : quotedWhereNeeded(value);
}

std::string keyText(const FilterTerm &term)
{
    return (term.group.empty() ? "" : term.group + ".") + nameOf(term.key).name;
}

// The terms that must all hold, as far as they stand at the top.
std::vector<const FilterNode *> topTerms(const FilterNode &root)
{
    std::vector<const FilterNode *> terms;
    if (root.kind == FilterNode::Kind::Term)
        terms.push_back(&root);
    if (root.kind == FilterNode::Kind::And) {
        for (const FilterNode &child : root.children) {
            if (child.kind == FilterNode::Kind::Term)
                terms.push_back(&child);
        }
    }
    return terms;
}

bool isValue(const FilterValue &value, const std::string &wanted)
{
    if (wanted.empty())
        return !value.isQuoted && foldText(value.text) == "none";
    if (!value.isQuoted && value.text == "none")
        return false;
    return foldText(value.text) == foldText(wanted);
}

} // namespace

FilterParse parseFilter(std::string_view text)
{
    FilterParse parse;
    parse.filter.text = std::string(text);
    try {
        parse.filter.root = Parser(text).parse();
    } catch (const Stop &stop) {
        parse.problem = stop.problem;
    }
    return parse;
}

Filter requireFilter(std::string_view text)
{
    FilterParse parse = parseFilter(text);
    if (parse.problem)
        throw Error(ErrorKind::InvalidInput,
                    "filter, column " + std::to_string(columnOf(text, parse.problem->begin)) + ": "
                        + parse.problem->message);
    return std::move(parse.filter);
}

std::string filterTerm(const std::string &key, const std::string &value)
{
    return key + ":" + valueText(value);
}

bool filterChooses(const std::string &text, const std::string &key, const std::string &value)
{
    const FilterParse parse = parseFilter(text);
    for (const FilterNode *node : topTerms(parse.filter.root)) {
        if (keyText(node->term) != key)
            continue;
        for (const FilterValue &chosen : node->term.values) {
            if (isValue(chosen, value))
                return true;
        }
    }
    return false;
}

std::string filterWithToggled(const std::string &text, const std::string &key,
                              const std::string &value)
{
    const FilterParse parse = parseFilter(text);
    for (const FilterNode *node : topTerms(parse.filter.root)) {
        const FilterTerm &term = node->term;
        if (keyText(term) != key)
            continue;
        std::vector<std::string> kept;
        bool wasChosen = false;
        for (const FilterValue &chosen : term.values) {
            if (isValue(chosen, value))
                wasChosen = true;
            else
                kept.push_back(text.substr(chosen.begin, chosen.end - chosen.begin));
        }
        if (!wasChosen)
            kept.push_back(valueText(value));
        std::string replacement;
        for (const std::string &part : kept)
            replacement += (replacement.empty() ? key + ":" : ",") + part;
        std::string result = text.substr(0, term.begin) + replacement + text.substr(term.end);
        if (replacement.empty()) {
            // The word that joined it goes too.
            std::string before = text.substr(0, term.begin);
            std::string after = text.substr(term.end);
            const auto trimEnd = [](std::string &part) {
                while (!part.empty() && isSpace(part.back()))
                    part.pop_back();
            };
            trimEnd(before);
            while (!after.empty() && isSpace(after.front()))
                after.erase(0, 1);
            if (before.ends_with("AND")
                && (before.size() == 3 || isSpace(before[before.size() - 4])
                    || before[before.size() - 4] == ')'))
                before.resize(before.size() - 3);
            else if (before.empty() && after.starts_with("AND")
                     && (after.size() == 3 || isSpace(after[3]) || after[3] == '('))
                after.erase(0, 3);
            trimEnd(before);
            while (!after.empty() && isSpace(after.front()))
                after.erase(0, 1);
            result = before + (before.empty() || after.empty() ? "" : " ") + after;
        }
        return result;
    }
    if (parse.filter.isEverything())
        return filterTerm(key, value);
    // An OR at the top binds less than what is added.
    const bool needsParentheses = parse.filter.root.kind == FilterNode::Kind::Or;
    return (needsParentheses ? "(" + text + ")" : text) + " " + filterTerm(key, value);
}

const std::vector<FilterKeyHelp> &filterKeys()
{
    static const std::vector<FilterKeyHelp> list = [] {
        std::vector<FilterKeyHelp> keys;
        for (const KeyName &key : kKeys)
            keys.push_back({key.name, key.help, key.example});
        return keys;
    }();
    return list;
}

const std::vector<std::string> &filterHasWords()
{
    static const std::vector<std::string> words{"part", "phrase", "caption", "tag", "identity"};
    return words;
}

FilterCompletions completeFilter(std::string_view text, std::size_t cursor,
                                 const FilterVocabulary &vocabulary)
{
    cursor = std::min(cursor, text.size());
    // Inside quotes a space is no end.
    bool quoted = false;
    std::size_t start = 0;
    for (std::size_t i = 0; i < cursor; ++i) {
        if (text[i] == '\\' && quoted) {
            ++i;
            continue;
        }
        if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted && (isSpace(text[i]) || text[i] == '(' || text[i] == ')'))
            start = i + 1;
    }
    if (start < cursor && text[start] == '-')
        ++start;
    const std::string word(text.substr(start, cursor - start));
    FilterCompletions result;
    result.begin = start;
    result.end = cursor;
    // As a user reads on, the rest of the word is replaced too.
    while (!quoted && result.end < text.size() && isKeyCharacter(text[result.end]))
        ++result.end;

    const std::size_t colon = word.find_first_of(":=<>!");
    if (colon == std::string::npos) {
        const std::string typed = foldText(word);
        const std::size_t dot = typed.rfind('.');
        for (const KeyName &key : kKeys) {
            std::string name = key.name;
            if (dot != std::string::npos) {
                if (!key.ofPart)
                    continue;
                name = typed.substr(0, dot + 1) + name;
            }
            if (name.starts_with(typed))
                result.items.push_back({name + (isNumber(key.key) ? ">=" : ":"), key.help});
        }
        if (dot == std::string::npos && !typed.empty()) {
            for (const std::string &group : vocabulary.groups) {
                if (foldText(group).starts_with(typed)) {
                    result.items.push_back({"has:" + quotedWhereNeeded(group), "pictures with it"});
                    result.items.push_back({group + ".colour:", "the colour of this part"});
                    result.items.push_back({group + ".score>=", "the score of this part"});
                }
            }
            for (const std::string &colour : commonColours()) {
                if (colour.starts_with(typed))
                    result.items.push_back({"colour:" + colour, "a colour word in a phrase"});
            }
            for (const std::string &tag : vocabulary.tags) {
                if (foldText(tag).starts_with(typed))
                    result.items.push_back({filterTerm("tag", tag), "a tag"});
            }
        }
        return result;
    }

    std::string keyName = foldText(std::string_view(word).substr(0, colon));
    if (const std::size_t dot = keyName.rfind('.'); dot != std::string::npos)
        keyName = keyName.substr(dot + 1);
    const KeyName *key = findKey(keyName);
    if (key == nullptr)
        return result;
    std::size_t valueStart = word.find_first_not_of(":=<>!", colon);
    if (valueStart == std::string::npos)
        valueStart = word.size();
    if (const std::size_t comma = word.rfind(','); comma != std::string::npos && comma >= colon)
        valueStart = comma + 1;
    std::string typed = word.substr(valueStart);
    if (typed.starts_with('"'))
        typed.erase(0, 1);
    typed = foldText(typed);
    result.begin = start + valueStart;
    const auto offer = [&](const std::vector<std::string> &values, const char *help) {
        for (const std::string &value : values) {
            if (!value.empty() && foldText(value).starts_with(typed))
                result.items.push_back({quotedWhereNeeded(value), help});
        }
    };
    const auto offerWords = [&](const std::vector<std::string> &values) {
        for (const std::string &value : values) {
            if (value.starts_with(typed))
                result.items.push_back({value, ""});
        }
    };
    switch (key->key) {
    case FilterKey::Split:
        offer(vocabulary.splits, "");
        offerWords({"none"});
        break;
    case FilterKey::Source:
        offer(vocabulary.sources, "");
        break;
    case FilterKey::Identity:
        offer(vocabulary.identities, "");
        offerWords({"none"});
        break;
    case FilterKey::Tag:
        offer(vocabulary.tags, "");
        offerWords({"none"});
        break;
    case FilterKey::Has:
        offer(vocabulary.groups, "");
        offerWords(filterHasWords());
        break;
    case FilterKey::ColourWord:
        offerWords(commonColours());
        break;
    case FilterKey::Duplicate:
        offerWords({"yes", "no", "best", "copy"});
        break;
    case FilterKey::Review:
        offerWords({"accepted", "rejected", "unsure", "none"});
        break;
    case FilterKey::Reviewed:
        offerWords({"yes", "no"});
        break;
    case FilterKey::Origin:
        offerWords({"human", "model"});
        break;
    default:
        break;
    }
    return result;
}

const std::vector<std::string> &commonColours()
{
    static const std::vector<std::string> names{"black",  "white",  "grey",  "red",
                                                "orange", "yellow", "green", "blue",
                                                "purple", "pink",   "brown", "beige"};
    return names;
}

std::uint32_t colourBits(std::string_view text)
{
    std::uint32_t bits = 0;
    std::size_t at = 0;
    const auto isWordCharacter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    };
    while (at < text.size()) {
        if (!isWordCharacter(text[at])) {
            ++at;
            continue;
        }
        const std::size_t begin = at;
        while (at < text.size() && isWordCharacter(text[at]))
            ++at;
        const std::string colour = commonColour(text.substr(begin, at - begin));
        if (colour.empty())
            continue;
        const auto &names = commonColours();
        const auto found = std::find(names.begin(), names.end(), colour);
        if (found != names.end())
            bits |= 1U << static_cast<unsigned>(found - names.begin());
    }
    return bits;
}

std::string foldText(std::string_view text)
{
    const bool isAscii = std::all_of(text.begin(), text.end(),
                                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    if (!isAscii)
        return unicode::encode(unicode::lower(unicode::decode(text)));
    std::string folded(text);
    for (char &c : folded) {
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c + ('a' - 'A'));
    }
    return folded;
}

bool containsFolded(std::string_view text, std::string_view foldedNeedle)
{
    if (foldedNeedle.empty())
        return true;
    return foldText(text).find(foldedNeedle) != std::string::npos;
}

bool matchesPattern(std::string_view text, std::string_view pattern)
{
    std::size_t t = 0;
    std::size_t p = 0;
    std::size_t star = std::string_view::npos;
    std::size_t mark = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

std::string naturalKey(std::string_view text)
{
    const std::string folded = foldText(text);
    std::string key;
    key.reserve(folded.size() + 4);
    const auto isDigit = [](char c) { return c >= '0' && c <= '9'; };
    for (std::size_t i = 0; i < folded.size();) {
        if (!isDigit(folded[i])) {
            key += folded[i++];
            continue;
        }
        std::size_t end = i;
        while (end < folded.size() && isDigit(folded[end]))
            ++end;
        while (i + 1 < end && folded[i] == '0')
            ++i;
        // The length sorts shorter numbers first; beyond 255 digits nobody counts.
        const std::size_t length = std::min<std::size_t>(end - i, 255);
        key += static_cast<char>('0' + length / 100);
        key += static_cast<char>('0' + length / 10 % 10);
        key += static_cast<char>('0' + length % 10);
        key.append(folded, i, end - i);
        i = end;
    }
    return key;
}

} // namespace sapsam
