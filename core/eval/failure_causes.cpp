#include "core/eval/failure_causes.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace sapsam {

namespace {

struct Named
{
    FailureCause cause;
    const char *name;
    const char *title;
    const char *rule;
};

constexpr Named kCauses[] = {
    {FailureCause::None, "none", "Right person first", "The right person came first."},
    {FailureCause::NotInGallery, "not-in-gallery", "Nobody right in the gallery",
     "No picture of the gallery shows this identity, so the query counts in no mean."},
    {FailureCause::SamePersonTwice, "same-person-twice", "Perhaps the same person twice",
     "A picture ranked above is the same file, nearly the same picture, or carries the same "
     "caption "
     "as a right one, but another identity."},
    {FailureCause::CaptionTruncated, "caption-truncated", "Caption cut off",
     "The caption has more tokens than the model reads; what comes after was not seen."},
    {FailureCause::ColourDisagrees, "colour-disagrees", "Colour of a part disagrees",
     "The caption gives a part another colour than what is known of the right picture."},
    {FailureCause::PartNotFound, "part-not-found", "Part not found or hidden",
     "The caption names a part that the segmentation did not find on the right picture."},
    {FailureCause::OthersFitToo, "others-fit-too", "Another person fits the words as well",
     "A picture ranked above meets all parts that the caption names, as far as they are known."},
    {FailureCause::SaysLittle, "says-little", "Caption says too little",
     "The caption names fewer than two parts of a person."},
    {FailureCause::ModelPrefersOther, "model-prefers-other", "The model prefers another",
     "The words fit the right picture and contradict those above: the model itself is wrong."},
    {FailureCause::NotDecidable, "not-decidable", "Not decidable from what is stored",
     "Too little is known about the pictures: segment them and write phrases, then look again."},
};

const Named &entryOf(FailureCause cause)
{
    for (const Named &entry : kCauses) {
        if (entry.cause == cause)
            return entry;
    }
    return kCauses[0];
}

std::string normalised(const std::string &text)
{
    std::string result;
    for (const char c : text) {
        const auto letter = static_cast<unsigned char>(c);
        if (std::isalnum(letter) != 0 || letter >= 0x80)
            result += static_cast<char>(std::tolower(letter));
        else if (!result.empty() && result.back() != ' ')
            result += ' ';
    }
    while (!result.empty() && result.back() == ' ')
        result.pop_back();
    return result;
}

// Every colour that a phrase says, by its common name.
std::set<std::string> coloursOf(const std::string &phrase)
{
    std::set<std::string> colours;
    std::string word;
    const auto finish = [&] {
        const std::string colour = commonColour(word);
        if (!colour.empty())
            colours.insert(colour);
        word.clear();
    };
    for (const char c : phrase) {
        if (std::isalpha(static_cast<unsigned char>(c)) != 0)
            word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        else
            finish();
    }
    finish();
    return colours;
}

std::string inQuotes(const std::string &text)
{
    return "“" + text + "”";
}

const KnownPart *partOf(const KnownPerson &person, const std::string &group)
{
    for (const KnownPart &part : person.parts) {
        if (part.group == group)
            return &part;
    }
    return nullptr;
}

struct Fit
{
    int asked = 0;
    int agrees = 0;
    int against = 0; // another colour, or not there
};

Fit fitOfAll(const std::vector<NounPhrase> &asked, const KnownPerson &person)
{
    Fit fit;
    for (const NounPhrase &phrase : asked) {
        ++fit.asked;
        switch (fitOf(phrase, person)) {
        case PartFit::Agrees:
            ++fit.agrees;
            break;
        case PartFit::Disagrees:
        case PartFit::Absent:
            ++fit.against;
            break;
        case PartFit::Unknown:
            break;
        }
    }
    return fit;
}

std::string samePersonEvidence(const MissedQuery &query)
{
    std::set<std::string> captions;
    for (const std::string &caption : query.right.captions)
        captions.insert(normalised(caption));
    captions.insert(normalised(query.caption));
    for (const KnownPerson &other : query.above) {
        const std::string who = other.name + " (identity " + other.identity + ")";
        if (!other.sha256.empty() && other.sha256 == query.right.sha256)
            return who + " is the same file as the right picture " + query.right.name
                   + " (identity " + query.right.identity + ").";
        if (other.looksTheSame)
            return who + " is nearly the same picture as " + query.right.name + " (identity "
                   + query.right.identity + ").";
        for (const std::string &caption : other.captions) {
            if (captions.count(normalised(caption)) != 0)
                return who + " carries the same caption as the right person: " + inQuotes(caption)
                       + ".";
        }
    }
    return {};
}

std::string colourEvidence(const std::vector<NounPhrase> &asked, const KnownPerson &right)
{
    for (const NounPhrase &phrase : asked) {
        if (fitOf(phrase, right) == PartFit::Disagrees)
            return "The caption says " + inQuotes(phrase.text)
                   + "; of the right picture it is known: "
                   + inQuotes(partOf(right, phrase.group)->phrase) + ".";
    }
    return {};
}

std::string absentEvidence(const std::vector<NounPhrase> &asked, const KnownPerson &right)
{
    for (const NounPhrase &phrase : asked) {
        if (fitOf(phrase, right) == PartFit::Absent)
            return "The caption says " + inQuotes(phrase.text) + ", but the part “" + phrase.group
                   + "” was not found on the right picture " + right.name + ".";
    }
    return {};
}

std::string othersEvidence(const std::vector<NounPhrase> &asked, const MissedQuery &query)
{
    int fitting = 0;
    std::string first;
    for (const KnownPerson &other : query.above) {
        const Fit fit = fitOfAll(asked, other);
        // What is not known of the other cannot speak for it.
        if (fit.asked == 0 || fit.agrees < fit.asked)
            continue;
        if (fitting++ > 0)
            continue;
        first = other.name + " (identity " + other.identity + ") has";
        for (std::size_t i = 0; i < asked.size(); ++i)
            first += (i == 0 ? " " : ", ") + inQuotes(partOf(other, asked[i].group)->phrase);
    }
    if (fitting == 0)
        return {};
    if (fitting == 1)
        return first + ".";
    return first + "; " + std::to_string(fitting) + " of the pictures above fit the words.";
}

} // namespace

const char *nameOf(FailureCause cause)
{
    return entryOf(cause).name;
}

FailureCause failureCauseFromName(const std::string &name)
{
    for (const Named &entry : kCauses) {
        if (name == entry.name)
            return entry.cause;
    }
    return FailureCause::NotDecidable;
}

std::string titleOf(FailureCause cause)
{
    return entryOf(cause).title;
}

std::string ruleOf(FailureCause cause)
{
    return entryOf(cause).rule;
}

const std::vector<FailureCause> &failureCauses()
{
    static const std::vector<FailureCause> list = [] {
        std::vector<FailureCause> causes;
        for (const Named &entry : kCauses) {
            if (entry.cause != FailureCause::None)
                causes.push_back(entry.cause);
        }
        return causes;
    }();
    return list;
}

std::vector<KnownPart> partsOfText(const std::string &text)
{
    std::vector<KnownPart> parts;
    for (const NounPhrase &phrase : parseQuery(text)) {
        if (!phrase.negated)
            parts.push_back({phrase.group, phrase.text});
    }
    return parts;
}

PartFit fitOf(const NounPhrase &asked, const KnownPerson &person)
{
    bool isThere = false;
    bool colourIsKnown = false;
    const std::set<std::string> wanted = coloursOf(asked.text);
    for (const KnownPart &part : person.parts) {
        if (part.group != asked.group)
            continue;
        isThere = true;
        const std::set<std::string> known = coloursOf(part.phrase);
        if (known.empty())
            continue;
        colourIsKnown = true;
        for (const std::string &colour : wanted) {
            if (known.count(colour) != 0)
                return PartFit::Agrees;
        }
    }
    if (!isThere)
        return person.isSegmented ? PartFit::Absent : PartFit::Unknown;
    if (wanted.empty())
        return PartFit::Agrees;
    return colourIsKnown ? PartFit::Disagrees : PartFit::Unknown;
}

FailureVerdict explainFailure(const MissedQuery &query)
{
    FailureVerdict verdict;
    if (query.firstRank == 1)
        return verdict;
    if (query.firstRank == 0) {
        verdict.cause = FailureCause::NotInGallery;
        verdict.evidence = "The gallery has no picture of this identity.";
        return verdict;
    }
    std::vector<NounPhrase> asked;
    for (NounPhrase &phrase : parseQuery(query.caption)) {
        if (!phrase.negated)
            asked.push_back(std::move(phrase));
    }
    const auto say = [&verdict](FailureCause cause, std::string evidence) {
        if (evidence.empty())
            return;
        if (verdict.cause == FailureCause::None) {
            verdict.cause = cause;
            verdict.evidence = std::move(evidence);
        } else {
            verdict.alsoHolds.push_back(cause);
        }
    };

    say(FailureCause::SamePersonTwice, samePersonEvidence(query));
    if (query.truncated)
        say(FailureCause::CaptionTruncated, "The caption has " + std::to_string(query.tokens)
                                                + " tokens, the model reads the first "
                                                + std::to_string(query.contextLength) + ".");
    const std::string colour = colourEvidence(asked, query.right);
    say(FailureCause::ColourDisagrees, colour);
    const std::string absent = absentEvidence(asked, query.right);
    say(FailureCause::PartNotFound, absent);
    say(FailureCause::OthersFitToo, othersEvidence(asked, query));
    std::set<std::string> groups;
    for (const NounPhrase &phrase : asked)
        groups.insert(phrase.group);
    if (groups.size() < 2)
        say(FailureCause::SaysLittle,
            asked.empty() ? std::string("The caption names no part of a person.")
                          : "The caption names only " + inQuotes(asked.front().text) + ".");

    const Fit right = fitOfAll(asked, query.right);
    if (colour.empty() && absent.empty() && right.agrees > 0 && !query.above.empty()) {
        // The words must speak against whoever came first.
        for (const NounPhrase &phrase : asked) {
            const KnownPerson &first = query.above.front();
            const PartFit fit = fitOf(phrase, first);
            if (fit == PartFit::Disagrees) {
                say(FailureCause::ModelPrefersOther,
                    "The caption says " + inQuotes(phrase.text) + "; " + first.name
                        + ", which came first, has " + inQuotes(partOf(first, phrase.group)->phrase)
                        + ", and nothing known of the right picture disagrees.");
                break;
            }
            if (fit == PartFit::Absent) {
                say(FailureCause::ModelPrefersOther,
                    "The caption says " + inQuotes(phrase.text) + "; the part “" + phrase.group
                        + "” was not found on " + first.name
                        + ", which came first, and nothing known of the right picture disagrees.");
                break;
            }
        }
    }
    if (verdict.cause == FailureCause::None) {
        verdict.cause = FailureCause::NotDecidable;
        verdict.evidence = query.right.parts.empty()
                               ? "No part or other caption of the right picture is stored."
                               : "Nothing known of the pictures speaks for or against one of them.";
    }
    return verdict;
}

} // namespace sapsam
