#include "core/text/noun_phrases.h"

#include <QTest>

using namespace sapsam;

namespace {

// "group:colour:text | …", with "!" before a denied one.
QString shortFormOf(const std::string &query)
{
    QString result;
    for (const NounPhrase &phrase : parseQuery(query)) {
        if (!result.isEmpty())
            result += QStringLiteral(" | ");
        result += QString::fromStdString((phrase.negated ? "!" : "") + phrase.group + ":"
                                         + phrase.colour + ":" + phrase.text);
    }
    return result;
}

} // namespace

class TestNounPhrases : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void queriesSplitIntoParts_data()
    {
        QTest::addColumn<QString>("parts");
        const std::vector<std::pair<const char *, const char *>> rows{
            {"a woman in a red jacket and blue jeans",
             "clothes:red:a red jacket | pants:blue:blue jeans"},
            {"A man wearing a black and white striped shirt, grey shorts and white sneakers.",
             "clothes:black:a black and white striped shirt | pants:grey:grey shorts | "
             "shoes:white:white sneakers"},
            {"The girl has long black hair. She is carrying a brown leather backpack over her "
             "shoulder.",
             "hair:black:long black hair | bag:brown:a brown leather backpack"},
            {"man with short brown hair and glasses",
             "hair:brown:short brown hair | glasses::glasses"},
            {"She wears a white dress with pink flowers and high heels",
             "dress:white:a white dress with pink flowers | shoes::high heels"},
            {"a pair of dark blue denim jeans", "pants:blue:a pair of dark blue denim jeans"},
            {"red jacket blue jeans", "clothes:red:red jacket | pants:blue:blue jeans"},
            {"He wears a navy t-shirt, khaki pants, and a pair of black shoes",
             "clothes:blue:a navy t-shirt | pants:beige:khaki pants | "
             "shoes:black:a pair of black shoes"},
            {"a person without a bag", "!bag::a bag"},
            {"woman with no hat, in a yellow coat", "!hat::hat | clothes:yellow:a yellow coat"},
            {"a grey tank top and a short skirt",
             "clothes:grey:a grey tank top | skirt::a short skirt"},
            {"a green suit jacket with black buttons",
             "clothes:green:a green suit jacket with black buttons"},
            {"a baseball cap", "hat::a baseball cap"},
            {"The bald man has a purse", "hair::The bald man | bag::a purse"},
            {"long hair in a bun, running", "hair::long hair in a bun"},
            {"blue running shoes and a mustard down jacket",
             "shoes:blue:blue running shoes | clothes:yellow:a mustard down jacket"},
            {"a man running down the road in a dark brown pony tail",
             "hair:brown:a dark brown pony tail"},
            {"", ""},
            {"   ", ""},
            {"and, of with the", ""},
            {"walking down the street", ""}};
        for (const auto &[query, parts] : rows)
            QTest::newRow(query) << QString::fromLatin1(parts);
    }

    void queriesSplitIntoParts()
    {
        QFETCH(QString, parts);
        QCOMPARE(shortFormOf(QTest::currentDataTag()), parts);
    }

    void offsetsPointIntoTheText()
    {
        const std::string text = "Caf\xc3\xa9 guest: a RED Jacket; blue jeans";
        const std::vector<NounPhrase> parts = parseQuery(text);
        QCOMPARE(parts.size(), std::size_t{2});
        for (const NounPhrase &part : parts)
            QCOMPARE(text.substr(part.begin, part.end - part.begin), part.text);
        QCOMPARE(parts[0].colour, std::string("red"));
    }

    void peopleArePhrasesWithoutAGroup()
    {
        const std::vector<NounPhrase> phrases = nounPhrases("An old man in a hat");
        QCOMPARE(phrases.size(), std::size_t{2});
        QCOMPARE(phrases[0].text, std::string("An old man"));
        QVERIFY(phrases[0].group.empty());
    }

    void colourWordsHaveCommonNames()
    {
        QCOMPARE(commonColour("Gray"), std::string("grey"));
        QCOMPARE(commonColour("navy-blue"), std::string("blue"));
        QCOMPARE(commonColour("cream-colored"), std::string("beige"));
        QCOMPARE(commonColour("dark-green"), std::string("green"));
        QVERIFY(commonColour("jacket").empty());
    }

    void pluralsAndCompoundsFindTheirGroup()
    {
        QCOMPARE(groupOfNoun("Sneakers"), std::string("shoes"));
        QCOMPARE(groupOfNoun("dresses"), std::string("dress"));
        QCOMPARE(groupOfNoun("mini-skirt"), std::string("skirt"));
        QVERIFY(groupOfNoun("street").empty());
        QCOMPARE(partGroups().size(), std::size_t{9});
    }

    void garbageDoesNotConfuse()
    {
        for (const std::string text : {"with with with", "a a a a", "no no no hat hat", ",,,;;and",
                                       "\xff\xfe jacket", "red", "of of shirt of"})
            for (const NounPhrase &phrase : nounPhrases(text))
                QVERIFY(phrase.end <= text.size() && phrase.begin < phrase.end);
    }
};

QTEST_GUILESS_MAIN(TestNounPhrases)
#include "tst_noun_phrases.moc"
