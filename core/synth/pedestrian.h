#pragma once

#include "core/base/random.h"
#include "core/image/image.h"
#include "core/synth/colour_names.h"

#include <cstdint>
#include <string>
#include <vector>

// Procedural pedestrians: an endless supply of people with an exact label map, phrases per part and
// captions. Everything is a pure function of (seed, identity, picture), so that pictures can be
// made lazily, in any order and from several threads with the same result. All functions are
// re-entrant.

namespace sapsam {

enum class Gender : std::uint8_t { Man, Woman };
enum class Age : std::uint8_t { Child, Young, Adult, Old };

enum class HairColour : std::uint8_t {
    Black,
    DarkBrown,
    Brown,
    LightBrown,
    Blonde,
    Ginger,
    Grey,
    White
};
enum class HairStyle : std::uint8_t { Bald, Balding, Buzz, Short, Curly, Bob, Long, Ponytail, Bun };
enum class HatKind : std::uint8_t { None, Cap, Beanie, Brimmed };
enum class GlassesKind : std::uint8_t { None, Clear, Sun };

enum class UpperKind : std::uint8_t {
    None, // a dress without anything over it
    TankTop,
    TShirt,
    PoloShirt,
    Shirt,
    Blouse,
    Sweater,
    Hoodie,
    Cardigan,
    Vest,
    Jacket,
    DenimJacket,
    LeatherJacket,
    PaddedJacket,
    SuitJacket,
    Raincoat,
    Coat,    // to the thigh
    LongCoat // to the knee or below
};
enum class LowerKind : std::uint8_t {
    None, // bare legs or tights under a dress
    Jeans,
    Trousers,
    TrackPants,
    Leggings,
    Shorts,
    ShortSkirt,
    LongSkirt
};
enum class Pattern : std::uint8_t {
    Plain,
    HorizontalStripes,
    VerticalStripes,
    Plaid,
    Dots,
    SleevesOther,   // sleeves in the second colour
    ShouldersOther, // shoulders (yoke) in the second colour, sleeves in the main colour
    ShouldersAndSleevesOther,
    LowerHalfOther, // below the chest in the second colour
    Logo,           // a print on the chest
    ChestBand,      // one broad band
    SideStripe      // trousers and track tops
};
enum class ShoeKind : std::uint8_t { Sneakers, LeatherShoes, Boots, TallBoots, Sandals, HighHeels };
enum class BagKind : std::uint8_t {
    None,
    Backpack,
    ShoulderBag,
    CrossBody,
    Handbag,
    Tote,
    Suitcase
};

struct Cloth
{
    ColourName colour = ColourName::Black;
    ColourName second = ColourName::White; // meaningful when the pattern has two colours
    Pattern pattern = Pattern::Plain;
    Rgb rgb;
    Rgb rgbSecond;
    double patternScale = 1.0;
};

// What stays the same over all pictures of one identity. Lengths are in body heights.
struct PersonAppearance
{
    Gender gender = Gender::Man;
    Age age = Age::Adult;
    double build = 1.0;   // girth, 0.85 slim to 1.3 heavy
    double stature = 1.0; // only changes proportions: children have bigger heads
    Rgb skin;

    HairColour hairColour = HairColour::Black;
    HairStyle hairStyle = HairStyle::Short;
    Rgb hair;
    double hairLength = 0.0; // of hanging hair, below the head's centre
    bool beard = false;
    HatKind hat = HatKind::None;
    Cloth hatCloth;
    GlassesKind glasses = GlassesKind::None;

    UpperKind upper = UpperKind::TShirt;
    Cloth upperCloth;
    double upperHem = 0.48;  // height of the hem above the ground
    double sleeve = 1.0;     // share of the arm that is covered
    double thickness = 0.01; // of the cloth
    bool hasHood = false;
    bool hoodUp = false;
    bool open = false; // the inner cloth is seen in front
    Cloth innerCloth;

    bool hasDress = false;
    Cloth dressCloth;
    double dressHem = 0.3;
    double dressSleeve = 0.0;

    LowerKind lower = LowerKind::Jeans;
    Cloth lowerCloth;
    double lowerHem = 0.3;  // of skirts and shorts
    double legWidth = 0.01; // how much wider than the leg
    double legFlare = 0.0;  // extra at the ankle
    bool tights = false;    // under skirts and dresses
    Rgb tightsColour;
    bool belt = false;
    Cloth beltCloth;

    bool scarf = false;
    Cloth scarfCloth;

    ShoeKind shoes = ShoeKind::Sneakers;
    Cloth shoeCloth; // second colour: the sole
    bool socks = false;
    Rgb sockColour;

    BagKind bag = BagKind::None;
    Cloth bagCloth;
    bool bagOnLeft = true;
};

struct SyntheticPerson
{
    std::uint64_t seed = 0;
    std::uint64_t identity = 0;
    PersonAppearance look;
};

// One phrase for one part group. Groups are "hat", "hair" (hair and face), "glasses", "clothes",
// "skirt", "pants", "dress", "shoes" (shoes and legs) and "bag".
struct PartPhrase
{
    std::string group;
    std::string text;
    std::string
        colour; // canonical main colour (nameOf), or the hair colour; empty when none applies
};

enum class View : std::uint8_t { Front, Back, LeftSide, RightSide };

// Which facts can be seen in the picture: shares of the picture's area, 0..1.
struct VisibleShare
{
    double person = 0.0;
    double face = 0.0;
    double hair = 0.0;
    double hat = 0.0;
    double glasses = 0.0;
    double upper = 0.0;
    double upperSecond = 0.0;
    double inner = 0.0;
    double skirt = 0.0;
    double pants = 0.0;
    double dress = 0.0;
    double shoes = 0.0;
    double legs = 0.0;
    double bag = 0.0;
    double scarf = 0.0;
    double belt = 0.0;
};

struct SyntheticPicture
{
    Image image;                     // RGB
    LabelMap labels;                 // ATR's 18 classes; left and right are the person's own
    std::vector<PartPhrase> phrases; // of the groups that are visible, in the order of the groups
    Box box;                         // of the person's visible pixels
    View view = View::Front;
    bool walking = true;
    bool grey = false; // the camera shows no colours
    VisibleShare visible;
};

// The nine part groups in their fixed order.
const std::vector<std::string> &synthPartGroups();

// Class ids of a group, for example {2, 11} for "hair". Throws Error(InvalidInput) for an unknown
// name.
const std::vector<int> &synthClassesOfGroup(const std::string &group);

// Draws who a person is.
SyntheticPerson makePerson(std::uint64_t seed, std::uint64_t identity);

// Draws one picture of a person. Picture indices are unlimited: each is another pose, view, camera,
// light and place. width in 16..512, height in 32..1024, else Error(InvalidInput).
SyntheticPicture renderPicture(const SyntheticPerson &person, std::uint64_t pictureIndex,
                               int width = 64, int height = 128);

// What a caption is for: a query is short and names one to three things; a description is one to
// three sentences and names most of what is seen.
enum class CaptionStyle : std::uint8_t { Any, Query, Description };

// Sentences in the varied style of people who describe a picture; true of this picture.
// Any: three in ten are queries.
std::vector<std::string> makeCaptions(const SyntheticPerson &person,
                                      const SyntheticPicture &picture, int count,
                                      SeededRandom random,
                                      CaptionStyle captionStyle = CaptionStyle::Any);

// Captions, phrases and questions for training a tokenizer; `count` lines.
std::vector<std::string> textCorpus(std::uint64_t seed, int count);

// The canonical word of a hair colour: "black", "brown", "blonde", "ginger", "grey", "white", ….
const char *nameOf(HairColour colour);

} // namespace sapsam
