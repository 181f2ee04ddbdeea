#pragma once

#include "core/image/image.h"

#include <map>
#include <string>
#include <vector>

namespace sapsam {

struct PhraseSample
{
    std::string written; // by the model
    std::string colour;  // canonical name of the true main colour; "" when none applies
};

struct PhraseStatistics
{
    int phrases = 0;
    int withTrueColour = 0; // samples whose true colour is known
    double rightColourShare =
        0.0; // of those: the phrase contains a word that is true of the colour
    double namesColourShare = 0.0; // of all: the phrase contains any colour word
    double uniqueShare = 0.0;      // distinct phrases / phrases
    double meanWords = 0.0;
};

// Statistics of phrases written for parts. Shares are in [0, 1].
PhraseStatistics phraseStatistics(const std::vector<PhraseSample> &samples);

// The colours inside a region, by name: how much of it is near enough to each word that a person
// could say it. The shares add up to more than 1, for colours lie between words.
struct RegionColours
{
    std::string dominant; // word for the fullest cell of the histogram; "" for an empty region
    std::string hex;      // that colour, "#rrggbb"
    std::map<std::string, double> shares; // colour word → share of the pixels in [0, 1]
};

// Throws Error(InvalidInput) when picture and mask differ in size.
RegionColours regionColours(const Image &picture, const Mask &region);

// What can be held against one phrase without a person who looks.
struct PhraseVerdict
{
    bool isEmpty = false;
    bool namesColour = false;
    bool namesOtherPart = false; // the first part it names is another one: "a dress" for clothes
    bool echoes = false;         // gives the prompt back, or asks in its turn
    bool loops = false;          // says something twice or more
    bool isPlain = false;        // nothing but the part's name: "a hat", "a pair of pants"
    bool contradicts = false;    // none of the colours it names is on the region
    std::string otherPart;       // the word, with namesOtherPart
    std::vector<std::string> colours; // common names of the colours it says, in order
    int words = 0;

    // Nothing but, at worst, an unnamed colour.
    bool isGood() const
    {
        return !isEmpty && !namesOtherPart && !echoes && !loops && !isPlain && !contradicts;
    }
};

// `prompt`: as the model got it. `colours`: of the region; an empty one contradicts nothing.
// Safe to call in parallel.
PhraseVerdict judgePhrase(const std::string &phrase, const std::string &group,
                          const std::string &prompt, const RegionColours &colours = {});

struct JudgedPhrase
{
    std::string text;
    PhraseVerdict verdict;
    double seconds = 0.0;
};

// Of the phrases that one template and model wrote. Shares of all of them, in [0, 1].
struct TemplateStatistics
{
    int phrases = 0;
    double goodShare = 0.0;
    double namesColourShare = 0.0;
    double distinctShare = 0.0; // distinct phrases / phrases
    double otherPartShare = 0.0;
    double echoShare = 0.0;
    double loopShare = 0.0;
    double plainShare = 0.0;
    double contradictionShare = 0.0;
    double meanWords = 0.0;
    double meanSeconds = 0.0;
};

TemplateStatistics templateStatistics(const std::vector<JudgedPhrase> &phrases);

// The row that a person would most likely take: most phrases nothing can be held against, then
// most colours, then most distinct ones, then the faster. -1 when no row has a phrase.
int bestTemplate(const std::vector<TemplateStatistics> &rows);

} // namespace sapsam
