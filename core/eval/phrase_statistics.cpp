#include "core/eval/phrase_statistics.h"

#include "core/synth/colour_names.h"

#include <algorithm>
#include <set>
#include <sstream>

namespace sapsam {

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

} // namespace sapsam
