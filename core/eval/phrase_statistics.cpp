#include "core/eval/phrase_statistics.h"

#include "core/base/error.h"
#include "core/image/colour.h"
#include "core/synth/colour_names.h"
#include "core/text/noun_phrases.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <sstream>
#include <tuple>
#include <unordered_map>

namespace sapsam {

namespace {

// Words in lower case; apostrophes and hyphens stay inside of them.
std::vector<std::string> wordsOf(const std::string &text)
{
    std::vector<std::string> words;
    std::string word;
    for (const char c : text + " ") {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) || c == '-' || c == '\'' || byte >= 0x80) {
            word.push_back(static_cast<char>(std::tolower(byte)));
        } else if (!word.empty()) {
            words.push_back(std::move(word));
            word.clear();
        }
    }
    return words;
}

// The longest run of words that both have.
std::size_t commonRun(const std::vector<std::string> &a, const std::vector<std::string> &b)
{
    std::size_t longest = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        for (std::size_t k = 0; k < b.size(); ++k) {
            std::size_t run = 0;
            while (i + run < a.size() && k + run < b.size() && a[i + run] == b[k + run])
                ++run;
            longest = std::max(longest, run);
        }
    return longest;
}

// A word three times in a row, two words twice in a row, or three words in a row twice anywhere.
bool repeatsItself(const std::vector<std::string> &words)
{
    for (std::size_t i = 0; i + 2 < words.size(); ++i)
        if (words[i] == words[i + 1] && words[i] == words[i + 2])
            return true;
    for (std::size_t i = 0; i + 3 < words.size(); ++i)
        if (words[i] == words[i + 2] && words[i + 1] == words[i + 3])
            return true;
    std::set<std::array<std::string, 3>> seen;
    for (std::size_t i = 0; i + 2 < words.size(); ++i)
        if (!seen.insert({words[i], words[i + 1], words[i + 2]}).second)
            return true;
    return false;
}

bool isFiller(const std::string &word)
{
    static const std::set<std::string> words{
        "a",    "an",      "the",   "some", "pair",  "pairs", "of",    "it",   "is",   "it's",
        "this", "that",    "she",   "he",   "has",   "her",   "his",   "they", "kind", "type",
        "lot",  "wearing", "there", "are",  "piece", "set",   "their", "with", "and",  "on"};
    return words.count(word) != 0;
}

// "dark" and "light" count, as in the published count of phrases that say a colour.
bool isColourWord(const std::string &word)
{
    return word == "dark" || word == "light" || !commonColour(word).empty();
}

} // namespace

PhraseStatistics phraseStatistics(const std::vector<PhraseSample> &samples)
{
    PhraseStatistics statistics;
    std::set<std::string> distinct;
    double right = 0.0;
    double named = 0.0;
    double words = 0.0;
    for (const PhraseSample &sample : samples) {
        ++statistics.phrases;
        distinct.insert(sample.written);
        if (!sample.colour.empty()) {
            ++statistics.withTrueColour;
            right += textNamesColour(sample.written, sample.colour) ? 1.0 : 0.0;
        }
        // Whole words: "tan" does not hide in "tank top".
        const std::string padded = " " + sample.written + " ";
        const auto &vocabulary = colourVocabulary();
        named += std::any_of(vocabulary.begin(), vocabulary.end(),
                             [&](const std::string &word) {
                                 return padded.find(" " + word + " ") != std::string::npos;
                             })
                     ? 1.0
                     : 0.0;
        std::istringstream stream(sample.written);
        for (std::string word; stream >> word;)
            words += 1.0;
    }
    if (statistics.withTrueColour > 0)
        statistics.rightColourShare = right / statistics.withTrueColour;
    if (statistics.phrases > 0) {
        statistics.namesColourShare = named / statistics.phrases;
        statistics.uniqueShare = static_cast<double>(distinct.size()) / statistics.phrases;
        statistics.meanWords = words / statistics.phrases;
    }
    return statistics;
}

RegionColours regionColours(const Image &picture, const Mask &region)
{
    // How far, in L*a*b*, a colour may be from the nearest example of a word and still be called
    // so when another word is nearer. People differ by about as much.
    constexpr double kTolerance = 14.0;
    constexpr std::array<const char *, 12> kNames{"black",  "white",  "grey",  "red",
                                                  "orange", "yellow", "green", "blue",
                                                  "purple", "pink",   "brown", "beige"};
    RegionColours result;
    const std::optional<Colour> dominant = dominantColour(picture, region);
    if (!dominant)
        return result;
    result.dominant = nameOfColour(*dominant);
    result.hex = hexOf(*dominant);

    // Colours of 5 bits a channel: few enough to be named one by one.
    std::unordered_map<std::uint32_t, std::size_t> histogram;
    const auto channels = static_cast<std::size_t>(picture.channels);
    std::size_t pixels = 0;
    for (std::size_t i = 0; i < region.bits.size(); ++i) {
        if (region.bits[i] == 0)
            continue;
        const std::uint8_t *pixel = picture.pixels.data() + i * channels;
        std::uint32_t key = 0;
        for (std::size_t c = 0; c < 3; ++c)
            key = (key << 5U) | (pixel[channels == 3 ? c : 0] >> 3U);
        ++histogram[key];
        ++pixels;
    }
    for (const auto &[key, count] : histogram) {
        const auto channel = [key = key](unsigned shift) {
            return static_cast<std::uint8_t>((((key >> shift) & 31U) << 3U) | 4U);
        };
        const Colour colour{channel(10), channel(5), channel(0)};
        for (const char *name : kNames)
            if (colourMisfit(colour, name).value_or(kTolerance) < kTolerance)
                result.shares[name] += static_cast<double>(count) / static_cast<double>(pixels);
    }
    return result;
}

PhraseVerdict judgePhrase(const std::string &phrase, const std::string &group,
                          const std::string &prompt, const RegionColours &colours)
{
    PhraseVerdict verdict;
    const std::vector<std::string> words = wordsOf(phrase);
    verdict.words = static_cast<int>(words.size());
    verdict.isEmpty = words.empty();
    if (verdict.isEmpty)
        return verdict;

    for (const std::string &word : words) {
        verdict.namesColour = verdict.namesColour || isColourWord(word);
        const std::string common = commonColour(word);
        if (!common.empty()
            && std::find(verdict.colours.begin(), verdict.colours.end(), common)
                   == verdict.colours.end())
            verdict.colours.push_back(common);
    }

    for (const NounPhrase &part : nounPhrases(phrase)) {
        if (part.group.empty() || part.negated)
            continue;
        if (part.group != group) {
            verdict.namesOtherPart = true;
            verdict.otherPart = part.head;
        }
        break;
    }

    constexpr std::size_t kEchoRun = 4;
    const bool asks = phrase.find('?') != std::string::npos
                      || std::find(words.begin(), words.end(), "question") != words.end()
                      || std::find(words.begin(), words.end(), "answer") != words.end();
    verdict.echoes = asks || commonRun(words, wordsOf(prompt)) >= kEchoRun;
    verdict.loops = repeatsItself(words);

    verdict.isPlain = std::all_of(words.begin(), words.end(), [&](const std::string &word) {
        return isFiller(word) || word == group || groupOfNoun(word) == group;
    });

    // A colour on a seam of the region counts: a shirt may be called striped in it.
    constexpr double kLeastShare = 0.06;
    if (!verdict.colours.empty() && !colours.dominant.empty())
        verdict.contradicts = std::none_of(
            verdict.colours.begin(), verdict.colours.end(), [&](const std::string &colour) {
                const auto share = colours.shares.find(colour);
                return share != colours.shares.end() && share->second >= kLeastShare;
            });
    return verdict;
}

TemplateStatistics templateStatistics(const std::vector<JudgedPhrase> &phrases)
{
    TemplateStatistics statistics;
    statistics.phrases = static_cast<int>(phrases.size());
    if (phrases.empty())
        return statistics;
    std::set<std::string> distinct;
    const double one = 1.0 / static_cast<double>(phrases.size());
    for (const JudgedPhrase &phrase : phrases) {
        const PhraseVerdict &verdict = phrase.verdict;
        distinct.insert(phrase.text);
        const auto count = [one](double &share, bool counts) { share += counts ? one : 0.0; };
        count(statistics.goodShare, verdict.isGood());
        count(statistics.namesColourShare, verdict.namesColour);
        count(statistics.otherPartShare, verdict.namesOtherPart);
        count(statistics.echoShare, verdict.echoes);
        count(statistics.loopShare, verdict.loops);
        count(statistics.plainShare, verdict.isPlain || verdict.isEmpty);
        count(statistics.contradictionShare, verdict.contradicts);
        statistics.meanWords += one * verdict.words;
        statistics.meanSeconds += one * phrase.seconds;
    }
    statistics.distinctShare = one * static_cast<double>(distinct.size());
    return statistics;
}

int bestTemplate(const std::vector<TemplateStatistics> &rows)
{
    int best = -1;
    const auto rank = [](const TemplateStatistics &row) {
        return std::make_tuple(row.goodShare, row.namesColourShare, row.distinctShare,
                               -row.meanSeconds);
    };
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i].phrases == 0)
            continue;
        if (best < 0 || rank(rows[i]) > rank(rows[static_cast<std::size_t>(best)]))
            best = static_cast<int>(i);
    }
    return best;
}

} // namespace sapsam
