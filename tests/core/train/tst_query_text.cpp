#include "core/synth/colour_names.h"
#include "core/train/query_text.h"

#include <QtTest>

using namespace sapsam;
using namespace sapsam::training;

namespace {

struct Shown
{
    SyntheticPerson person;
    SyntheticPicture picture;
    PartWords words;
};

Shown shown(std::uint64_t identity)
{
    Shown one;
    one.person = makePerson(31, identity);
    one.picture = renderPicture(one.person, 0, 48, 96);
    one.words = PartWords(one.person, one.picture, SeededRandom(identity));
    return one;
}

bool mayBeTrue(const QueryText &query, const Shown &asked, const Shown &other)
{
    return mayBeTrueOf(query, asked.person, other.person, other.picture, other.words);
}

// The first of the people for whom the condition holds.
template <typename Condition>
const Shown *firstOf(const std::vector<Shown> &people, Condition condition)
{
    for (const Shown &one : people) {
        if (condition(one))
            return &one;
    }
    return nullptr;
}

bool shows(const Shown &one, const std::string &group)
{
    return std::any_of(one.picture.phrases.begin(), one.picture.phrases.end(),
                       [&](const PartPhrase &phrase) { return phrase.group == group; });
}

} // namespace

class TestQueryText : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        for (std::uint64_t i = 0; i < 120; ++i)
            m_people.push_back(shown(i));
    }

    void whatIsAskedOfAPictureMayBeTrueOfIt()
    {
        int own = 0;
        int missed = 0;
        for (std::size_t i = 0; i < m_people.size(); ++i) {
            SeededRandom random(i);
            const QueryText query = drawQuery(m_people[i].person, m_people[i].picture, random);
            if (query.text.empty())
                continue;
            ++own;
            missed += mayBeTrue(query, m_people[i], m_people[i]) ? 0 : 1;
        }
        QVERIFY(own > 100);
        QVERIFY2(missed * 50 <= own, qPrintable(QString::number(missed)));
    }

    void aLongQueryIsFalseOfNearlyEverybodyElse()
    {
        int pairs = 0;
        int doubtful = 0;
        for (std::size_t i = 0; i < m_people.size(); ++i) {
            SeededRandom random(i);
            const QueryText query = drawQuery(m_people[i].person, m_people[i].picture, random);
            if (query.parts.size() < 3)
                continue;
            for (std::size_t k = 0; k < m_people.size(); ++k) {
                if (k == i)
                    continue;
                ++pairs;
                doubtful += mayBeTrue(query, m_people[i], m_people[k]) ? 1 : 0;
            }
        }
        QVERIFY(pairs > 500);
        QVERIFY2(doubtful * 20 < pairs,
                 qPrintable(QStringLiteral("%1 of %2").arg(doubtful).arg(pairs)));
    }

    void aWomanAloneMayBeEveryWomanAndNoMan()
    {
        const auto is = [](Gender gender) {
            return [gender](const Shown &one) {
                return one.person.look.gender == gender && one.person.look.age != Age::Child;
            };
        };
        const Shown *woman = firstOf(m_people, is(Gender::Woman));
        QVERIFY(woman != nullptr);
        QueryText query;
        query.text = "a woman";
        query.namesGender = true;

        for (const Shown &other : m_people) {
            if (other.person.look.age != Age::Child)
                QCOMPARE(mayBeTrue(query, *woman, other),
                         other.person.look.gender == Gender::Woman);
        }
    }

    void anotherColourMakesTheTextFalse()
    {
        const Shown *asked = firstOf(m_people, [](const Shown &one) {
            return shows(one, "clothes") && one.person.look.upperCloth.colour == ColourName::Red
                   && !one.picture.grey;
        });
        QVERIFY(asked != nullptr);
        QueryText query;
        query.text = "a red top";
        query.parts = {{"clothes", {"red"}}};

        QVERIFY(mayBeTrue(query, *asked, *asked));
        int others = 0;
        for (const Shown &other : m_people) {
            const Cloth &cloth = other.person.look.upperCloth;
            if (!shows(other, "clothes") || other.picture.grey || cloth.pattern != Pattern::Plain
                || other.person.look.open || std::string(baseNameOf(cloth.colour)) == "red")
                continue;
            ++others;
            QVERIFY2(!mayBeTrue(query, *asked, other), nameOf(cloth.colour));
        }
        QVERIFY(others > 20);
    }

    void whatIsHiddenMayBeThereAndWhatIsNotThereMayNot()
    {
        const Shown *withBag =
            firstOf(m_people, [](const Shown &one) { return shows(one, "bag"); });
        const Shown *without = firstOf(
            m_people, [](const Shown &one) { return one.person.look.bag == BagKind::None; });
        QVERIFY(withBag != nullptr && without != nullptr);
        QueryText query;
        query.text = "a bag";
        query.parts = {{"bag", {"bag"}}};
        Shown hidden = *withBag;
        hidden.words = PartWords();

        QVERIFY(mayBeTrue(query, *withBag, hidden));
        QVERIFY(!mayBeTrue(query, *withBag, *without));
    }

private:
    std::vector<Shown> m_people;
};

QTEST_GUILESS_MAIN(TestQueryText)
#include "tst_query_text.moc"
