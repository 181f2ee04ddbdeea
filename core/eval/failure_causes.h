#pragma once

#include "core/text/noun_phrases.h"

#include <string>
#include <utility>
#include <vector>

// Why the right person did not come first, decided by rules from what is stored about the people:
// the phrases of their parts, or what else was said about them. Every verdict carries its evidence.
// The rules look at words only, never at the model, so that they can be checked by reading.
// All functions are re-entrant.
namespace sapsam {

// In the order in which the rules are asked; the first that holds is the cause.
enum class FailureCause {
    None,            // the right person came first
    NotInGallery,    // no right picture: the query is in no mean
    SamePersonTwice, // a wrong picture above is the same file, nearly the same picture, or carries
                     // the same caption: two identities may be one person
    CaptionTruncated,  // the model did not read the caption to its end
    ColourDisagrees,   // a part has another colour in what is known of the right picture
    PartNotFound,      // the caption names a part that the right picture does not show
    OthersFitToo,      // a wrong picture above fits all that the caption says
    SaysLittle,        // the caption names fewer than two parts
    ModelPrefersOther, // the words fit the right picture better than those above it
    NotDecidable       // nothing is known about the pictures to decide by
};

// "same-person-twice", …: stable names for JSON.
const char *nameOf(FailureCause cause);
// NotDecidable for a name that is not known, such as one of a later version.
FailureCause failureCauseFromName(const std::string &name);
// For people: "Colour of a part disagrees", and the rule in one sentence.
std::string titleOf(FailureCause cause);
std::string ruleOf(FailureCause cause);
// All that a miss can have, in the order of the rules.
const std::vector<FailureCause> &failureCauses();

// One part of a person as it is known.
struct KnownPart
{
    std::string group;  // of the taxonomy: "clothes"
    std::string phrase; // as written
};

// What is known about the person in a picture.
struct KnownPerson
{
    std::string name; // of the picture, for evidence: "000012_1.jpg"
    std::string identity;
    std::vector<KnownPart> parts;
    // The parts come from masks, so that a missing one was looked for and not found. Otherwise they
    // are read out of captions, which need not name everything.
    bool isSegmented = false;
    std::vector<std::string> captions; // all that are stored with this picture
    std::string sha256;                // of the file; "" when not known
    bool looksTheSame =
        false; // as the right picture, by its picture hash; meaningless for the right
};

struct MissedQuery
{
    std::string caption;
    bool truncated = false;
    int tokens = 0;                 // of the caption
    int contextLength = 0;          // that the model reads
    int firstRank = 0;              // of the right person; 0 when there is none
    KnownPerson right;              // the right picture that came best
    std::vector<KnownPerson> above; // the pictures ranked above it, best first, as many as are kept
};

struct FailureVerdict
{
    FailureCause cause = FailureCause::None;
    std::string evidence;                // one or two sentences with the words that decided
    std::vector<FailureCause> alsoHolds; // further rules that hold, in their order
};

FailureVerdict explainFailure(const MissedQuery &query);

// How a part that a caption asks for is met by what is known of a person.
enum class PartFit {
    Agrees,    // the part is there and no colour contradicts
    Disagrees, // the part is there in another colour
    Absent,    // the person was segmented and does not have the part
    Unknown    // nothing is known about it
};
PartFit fitOf(const NounPhrase &asked, const KnownPerson &person);

// The parts that are named in a text, as KnownPart: for people of whom only captions are known.
std::vector<KnownPart> partsOfText(const std::string &text);

} // namespace sapsam
