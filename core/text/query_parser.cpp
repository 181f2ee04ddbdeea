#include "core/text/query_parser.h"

#include "core/text/noun_phrases.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace sapsam {

namespace {

bool isOneOf(std::string_view word, std::initializer_list<std::string_view> words)
{
    return std::find(words.begin(), words.end(), word) != words.end();
}

std::string lowered(std::string_view text)
{
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

bool isDeterminer(std::string_view word)
{
    return isOneOf(word, {"a", "an", "the", "his", "her", "their", "any", "some"});
}

bool isConnector(std::string_view word)
{
    return isOneOf(word, {"and",      "with",    "in", "wearing", "wears", "wear",    "has",
                          "have",     "having",  "is", "are",     "was",   "but",     "or",
                          "carrying", "carries", "on", "dressed", "holds", "holding", "also",
                          "who",      "that",    ",",  "to",      "does",  "he",      "she",
                          "they",     "it",      "of", "without", "no",    "not"});
}

bool isNegation(std::string_view word)
{
    return isOneOf(word, {"no", "without", "not", "any", "wearing", "have", "has", "having",
                          "carrying", "does", "is", "a", "an", "the", "his", "her", "their"});
}

// The last word before the end of the text, with where it begins.
std::string_view lastWord(std::string_view text, std::size_t &begin)
{
    std::size_t end = text.size();
    while (end > 0 && std::isspace(static_cast<unsigned char>(text[end - 1])) != 0)
        --end;
    begin = end;
    if (end > 0 && text[end - 1] == ',') {
        begin = end - 1;
        return text.substr(begin, 1);
    }
    while (begin > 0
           && (std::isalpha(static_cast<unsigned char>(text[begin - 1])) != 0
               || text[begin - 1] == '\''))
        --begin;
    return text.substr(begin, end - begin);
}

template <typename Predicate>
void dropTrailing(std::string &text, const Predicate &drops)
{
    for (;;) {
        std::size_t begin = 0;
        const std::string word = lowered(lastWord(text, begin));
        if (word.empty() || !drops(word))
            return;
        text.resize(begin);
    }
}

void trim(std::string &text)
{
    const auto isSpace = [](unsigned char c) { return std::isspace(c) != 0; };
    while (!text.empty() && isSpace(static_cast<unsigned char>(text.back())))
        text.pop_back();
    std::size_t begin = 0;
    while (begin < text.size() && isSpace(static_cast<unsigned char>(text[begin])))
        ++begin;
    text.erase(0, begin);
}

// The sentence without [begin, end) and without the small words that then hang in the air.
std::string cut(std::string_view sentence, std::size_t begin, std::size_t end, bool negated)
{
    std::string left(sentence.substr(0, begin));
    std::string right(sentence.substr(end));
    trim(right);
    dropTrailing(left, [&](const std::string &word) {
        return isDeterminer(word) || (negated && isNegation(word));
    });
    const bool ends = right.empty() || isOneOf(right.substr(0, 1), {".", ";", ",", "!"});
    if (ends) {
        dropTrailing(left, [](const std::string &word) { return isConnector(word); });
    } else {
        const std::size_t space = right.find(' ');
        const std::string first = lowered(right.substr(0, space));
        std::size_t at = 0;
        const std::string before = lowered(lastWord(left, at));
        if ((first == "and" || first == "but" || first == "or") && isConnector(before))
            right.erase(0, space == std::string::npos ? right.size() : space + 1);
        else if (isConnector(first) || first == "and")
            dropTrailing(
                left, [](const std::string &word) { return isConnector(word) && word != "and"; });
    }
    trim(left);
    trim(right);
    if (left.empty()) {
        while (!right.empty() && isOneOf(right.substr(0, 1), {".", ",", ";"})) {
            right.erase(0, 1);
            trim(right);
        }
        return right;
    }
    if (right.empty())
        return left;
    return left + (isOneOf(right.substr(0, 1), {".", ";", ",", "!"}) ? "" : " ") + right;
}

} // namespace

std::vector<QueryTerm> parseTerms(std::string_view sentence)
{
    return parseTerms(sentence, {});
}

std::vector<QueryTerm> parseTerms(std::string_view sentence, const std::vector<PartNoun> &nouns)
{
    const auto groupOfHead = [&](const std::string &head) {
        for (const PartNoun &entry : nouns) {
            if (head == entry.noun || head == entry.noun + "s" || head == entry.noun + "es"
                || (!entry.noun.empty() && entry.noun.back() == 'f'
                    && head == entry.noun.substr(0, entry.noun.size() - 1) + "ves"))
                return entry.group;
        }
        return std::string();
    };
    std::vector<QueryTerm> terms;
    for (const NounPhrase &phrase : nounPhrases(sentence)) {
        QueryTerm term;
        term.group = phrase.group.empty() ? groupOfHead(phrase.head) : phrase.group;
        if (term.group.empty())
            continue;
        term.text = phrase.text;
        term.negated = phrase.negated;
        term.begin = phrase.begin;
        term.end = phrase.end;
        terms.push_back(std::move(term));
    }
    return terms;
}

std::string encoderText(std::string_view sentence, const std::vector<QueryTerm> &terms,
                        std::size_t leftOut)
{
    // From the back, so that the places before stay where they are.
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < terms.size(); ++i) {
        if (!terms[i].isAdded() && (terms[i].negated || i == leftOut)
            && terms[i].end <= sentence.size())
            order.push_back(i);
    }
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return terms[a].begin > terms[b].begin; });
    std::string text(sentence);
    for (const std::size_t i : order)
        text = cut(text, terms[i].begin, terms[i].end, terms[i].negated);
    trim(text);
    if (std::none_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c >= 0x80; }))
        text.clear();
    for (std::size_t i = 0; i < terms.size(); ++i) {
        if (!terms[i].isAdded() || terms[i].negated || i == leftOut)
            continue;
        if (!text.empty() && text.back() == '.')
            text.pop_back();
        text += (text.empty() ? "" : ", ") + terms[i].text;
    }
    return text;
}

std::string colourOfPhrase(std::string_view phrase)
{
    for (const std::string &word : plainWords(phrase)) {
        const std::string colour = commonColour(word);
        if (!colour.empty())
            return colour;
    }
    return {};
}

bool isBareNoun(std::string_view phrase)
{
    const std::vector<std::string> words = plainWords(phrase);
    return std::all_of(words.begin(), words.end(), [](const std::string &word) {
        return isDeterminer(word) || !groupOfNoun(word).empty();
    });
}

std::vector<std::string> plainWords(std::string_view text)
{
    std::vector<std::string> words;
    std::string word;
    for (const char c : text) {
        if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
            word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        } else if (!word.empty()) {
            words.push_back(std::move(word));
            word.clear();
        }
    }
    if (!word.empty())
        words.push_back(std::move(word));
    return words;
}

} // namespace sapsam
