#include "core/synth/colour_names.h"
#include "core/synth/pedestrian.h"

#include <QTest>

#include <algorithm>
#include <cctype>
#include <set>

using namespace sapsam;

namespace {

std::string lowered(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

bool letter(char c)
{
    return std::isalpha(static_cast<unsigned char>(c)) != 0;
}

// Removes every whole-word occurrence; returns whether there was one.
bool strike(std::string &text, const std::string &word)
{
    bool found = false;
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        if ((at > 0 && letter(text[at - 1])) || (end < text.size() && letter(text[end])))
            continue;
        std::fill(text.begin() + static_cast<std::ptrdiff_t>(at),
                  text.begin() + static_cast<std::ptrdiff_t>(end), '#');
        found = true;
    }
    return found;
}

// Every colour word that is true of something the person has on.
std::set<std::string> truths(const PersonAppearance &look)
{
    std::set<std::string> words;
    const auto add = [&](const Cloth &cloth) {
        for (const ColourName colour : {cloth.colour, cloth.second}) {
            for (const std::string &word : wordsOf(colour))
                words.insert(word);
            words.insert(nameOf(colour));
            words.insert(baseNameOf(colour));
        }
    };
    for (const Cloth *cloth :
         {&look.upperCloth, &look.innerCloth, &look.lowerCloth, &look.dressCloth, &look.hatCloth,
          &look.shoeCloth, &look.bagCloth, &look.scarfCloth})
        add(*cloth);
    words.insert(nameOf(look.hairColour));
    for (const char *always : {"black", "dark"}) // tights, dark glasses
        words.insert(always);
    switch (look.hairColour) {
    case HairColour::DarkBrown:
    case HairColour::LightBrown:
        words.insert("brown");
        break;
    case HairColour::Ginger:
        words.insert("red");
        break;
    case HairColour::White:
        words.insert("light grey");
        break;
    case HairColour::Grey:
        words.insert("gray");
        break;
    default:
        break;
    }
    return words;
}

} // namespace

class TestSynthText : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void captionsNameOnlyColoursThePersonHas()
    {
        for (std::uint64_t i = 0; i < 250; ++i) {
            const SyntheticPerson person = makePerson(81, i);
            const SyntheticPicture picture = renderPicture(person, 0, 32, 64);
            const std::set<std::string> allowed = truths(person.look);
            for (const std::string &caption : makeCaptions(person, picture, 6, SeededRandom(i))) {
                std::string rest = lowered(caption);
                for (const std::string &word : colourVocabulary()) // longest first
                    if (strike(rest, word))
                        QVERIFY2(allowed.count(word) == 1, (word + " in: " + caption).c_str());
            }
        }
    }

    void phrasesNameTheirMainColourAlmostAlways()
    {
        int named = 0;
        int all = 0;
        for (std::uint64_t i = 0; i < 300; ++i) {
            const SyntheticPerson person = makePerson(91, i);
            for (const PartPhrase &phrase : renderPicture(person, 0, 48, 96).phrases) {
                if (phrase.group != "clothes" && phrase.group != "pants" && phrase.group != "dress")
                    continue;
                ++all;
                named += textNamesColour(phrase.text, phrase.colour) ? 1 : 0;
            }
        }
        // The rest says only "dark" or "light".
        QVERIFY2(named > 0.92 * all, qPrintable(QStringLiteral("%1 of %2").arg(named).arg(all)));
    }

    void twoColouredGarmentsAreDescribedWithBothColours()
    {
        int both = 0;
        int all = 0;
        for (std::uint64_t i = 0; all < 120; ++i) {
            const SyntheticPerson person = makePerson(101, i);
            const Cloth &cloth = person.look.upperCloth;
            if (cloth.pattern != Pattern::ShouldersAndSleevesOther
                && cloth.pattern != Pattern::SleevesOther)
                continue;
            const SyntheticPicture picture = renderPicture(person, 0, 64, 128);
            for (const PartPhrase &phrase : picture.phrases)
                if (phrase.group == "clothes" && picture.visible.upperSecond > 0.01) {
                    ++all;
                    both += textNamesColour(phrase.text, nameOf(cloth.colour))
                                    && textNamesColour(phrase.text, nameOf(cloth.second))
                                ? 1
                                : 0;
                }
        }
        QVERIFY2(both > 0.75 * all, qPrintable(QStringLiteral("%1 of %2").arg(both).arg(all)));
    }

    void captionsAreVariedAndWellFormed()
    {
        std::set<std::string> distinct;
        std::size_t words = 0;
        int count = 0;
        for (std::uint64_t i = 0; i < 100; ++i) {
            const SyntheticPerson person = makePerson(111, i);
            const SyntheticPicture picture = renderPicture(person, 0, 32, 64);
            for (const std::string &caption :
                 makeCaptions(person, picture, 5, SeededRandom(i + 7), CaptionStyle::Description)) {
                QVERIFY(!caption.empty());
                for (const char *bad : {"  ", " ,", " .", "..", "a a ", " an a ", "#"})
                    QVERIFY2(caption.find(bad) == std::string::npos, caption.c_str());
                distinct.insert(caption);
                words +=
                    static_cast<std::size_t>(std::count(caption.begin(), caption.end(), ' ')) + 1;
                ++count;
            }
        }
        QVERIFY(distinct.size() > 480);
        QVERIFY2(words / static_cast<std::size_t>(count) >= 14
                     && words / static_cast<std::size_t>(count) <= 35,
                 std::to_string(words / static_cast<std::size_t>(count)).c_str());
    }

    void queriesAreShort()
    {
        const SyntheticPerson person = makePerson(121, 3);
        const SyntheticPicture picture = renderPicture(person, 0);
        for (const std::string &query :
             makeCaptions(person, picture, 200, SeededRandom(1), CaptionStyle::Query))
            QVERIFY2(std::count(query.begin(), query.end(), ' ') < 32, query.c_str());
    }

    void corpusHasTheAskedNumberOfLinesAndRepeats()
    {
        const auto corpus = textCorpus(4, 333);
        QCOMPARE(corpus.size(), std::size_t(333));
        QVERIFY(corpus == textCorpus(4, 333));
        QVERIFY(corpus != textCorpus(5, 333));
        QVERIFY(std::any_of(corpus.begin(), corpus.end(), [](const std::string &line) {
            return line.rfind("Question: ", 0) == 0;
        }));
        QVERIFY(textCorpus(4, 0).empty());
    }

    void sampledColoursLieWhereTheirNameSays()
    {
        SeededRandom random(3);
        for (int i = 0; i < 200; ++i) {
            const Rgb red = sampleColour(ColourName::Red, random);
            QVERIFY(red.r > 0.5F && red.r > 2.0F * red.g && red.r > 2.0F * red.b);
            const Rgb navy = sampleColour(ColourName::Navy, random);
            QVERIFY(navy.b < 0.3F && navy.b > navy.r);
            const Rgb light = sampleColour(ColourName::LightBlue, random);
            QVERIFY(light.b > 0.75F && light.b > light.r);
            const Rgb black = sampleColour(ColourName::Black, random);
            QVERIFY(black.r < 0.15F && black.g < 0.15F && black.b < 0.15F);
        }
    }

    void colourWordsAreFoundInText()
    {
        QVERIFY(textNamesColour("a red padded jacket with navy sleeves", "red"));
        QVERIFY(textNamesColour("Navy blue jeans", "navy"));
        QVERIFY(textNamesColour("dark grey coat", "dark grey"));
        QVERIFY(textNamesColour("a gray coat", "grey"));
        QVERIFY(textNamesColour("long blond hair", "blonde"));
        QVERIFY(textNamesColour("short red hair", "ginger"));
        QVERIFY(!textNamesColour("a tired woman", "red"));
        QVERIFY(!textNamesColour("a green coat", "navy"));
    }
};

QTEST_GUILESS_MAIN(TestSynthText)
#include "tst_synth_text.moc"
