#pragma once

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

} // namespace sapsam
