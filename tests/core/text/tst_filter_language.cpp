#include "core/text/filter_language.h"
#include "tests/support/error_of.h"

#include <QTest>

using namespace sapsam;

namespace {

// The tree as a text: enough to see what was understood.
QString treeOf(const FilterNode &node)
{
    QStringList children;
    for (const FilterNode &child : node.children)
        children.append(treeOf(child));
    const QString inner = children.join(QLatin1Char(' '));
    switch (node.kind) {
    case FilterNode::Kind::Everything:
        return QStringLiteral("all");
    case FilterNode::Kind::Not:
        return QStringLiteral("not(%1)").arg(inner);
    case FilterNode::Kind::And:
        return QStringLiteral("and(%1)").arg(inner);
    case FilterNode::Kind::Or:
        return QStringLiteral("or(%1)").arg(inner);
    case FilterNode::Kind::Term:
        break;
    }
    QStringList values;
    for (const FilterValue &value : node.term.values)
        values.append(QString::fromStdString(value.text));
    const QString group =
        node.term.group.empty() ? QString() : QString::fromStdString(node.term.group + ".");
    return QStringLiteral("%1%2:%3")
        .arg(group)
        .arg(static_cast<int>(node.term.key))
        .arg(values.join(QLatin1Char(',')));
}

std::string shapeOf(const char *text)
{
    const FilterParse parse = parseFilter(text);
    return parse.problem ? parse.problem->message : treeOf(parse.filter.root).toStdString();
}

QStringList textsOf(const FilterCompletions &completions)
{
    QStringList texts;
    for (const FilterCompletion &item : completions.items)
        texts.append(QString::fromStdString(item.text));
    return texts;
}

// What a call that must fail says.
template <typename Function>
ErrorReport reportOf(Function function)
{
    const std::optional<Error> error = test::errorOf(function);
    return error ? ErrorReport{error->kind(), error->what()}
                 : ErrorReport{ErrorKind::Internal, "nothing was thrown"};
}

} // namespace

class TestFilterLanguage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void termsAreUnderstood_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("shape");
        const auto row = [](const char *text, const char *shape) {
            QTest::newRow(text) << QString::fromUtf8(text) << QString::fromUtf8(shape);
        };
        row("", "all");
        row("   ", "all");
        row("split:train", "0:train");
        row("SPLIT:Train", "0:Train");
        row("split:train has:hat", "and(0:train 6:hat)");
        row("split:train AND has:hat", "and(0:train 6:hat)");
        row("split:train OR split:val has:hat", "or(0:train and(0:val 6:hat))");
        row("(split:train OR split:val) has:hat", "and(or(0:train 0:val) 6:hat)");
        row("-tag:bad", "not(3:bad)");
        row("NOT tag:bad", "not(3:bad)");
        row("-(a OR b)", "not(or(13:a 13:b))");
        row("split!=test", "not(0:test)");
        row("split:train,val", "0:train,val");
        row("tag:\"two words\",b", "3:two words,b");
        row("\"with \\\" quote\"", "13:with \" quote");
        row("color:red", "7:red");
        row("hat.colour:red", "hat.7:red");
        row("and or", "and(13:and 13:or)");
        row("größe", "13:größe");
        row("name:img_*", "9:img_*");
    }
    void termsAreUnderstood()
    {
        QFETCH(QString, text);
        QFETCH(QString, shape);
        QCOMPARE(QString::fromStdString(shapeOf(text.toUtf8().constData())), shape);
    }

    void numbersBecomeRanges()
    {
        const auto valueOf = [](const char *text) {
            return parseFilter(text).filter.root.term.values.at(0);
        };
        QCOMPARE(valueOf("score<0.5").high, 0.5);
        QVERIFY(valueOf("score<0.5").excludesHigh);
        QVERIFY(!valueOf("score<=0.5").excludesHigh);
        QVERIFY(valueOf("rating>3").excludesLow);
        QCOMPARE(valueOf("rating:4").low, 4.0);
        QCOMPARE(valueOf("rating:4").high, 4.0);
        QCOMPARE(valueOf("area:0.1..0.3").low, 0.1);
        QCOMPARE(valueOf("area:0.1..0.3").high, 0.3);
        QCOMPARE(valueOf("area>20%").low, 0.2);
        QVERIFY(valueOf("id:..20").low < -1e300);
    }

    void problemsSayWhere_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<int>("begin");
        QTest::addColumn<QString>("word");
        const auto row = [](const char *text, int begin, const char *word) {
            QTest::newRow(text) << QString::fromUtf8(text) << begin << QString::fromUtf8(word);
        };
        row("has:hat spilt:train", 8, "did you mean \"split\"");
        row("a (b OR c", 2, "not closed");
        row("a )", 2, "closes nothing");
        row("()", 0, "nothing between");
        row("tag:\"open", 4, "not closed");
        row("tag:", 4, "missing");
        row("tag: next", 4, "missing");
        row("a OR", 3, "missing");
        row("OR a", 0, "missing before");
        row("NOT", 2, "missing");
        row("colour:rde", 7, "did you mean \"red\"");
        row("review:acepted", 7, "did you mean \"accepted\"");
        row("rating:many", 7, "not a number");
        row("duplicate:some", 10, "copy");
        row("duplicate:99999999999999999999", 10, "copy");
        row("score:0.9..0.1", 6, "ends before");
        row("tag<3", 3, "not a number");
        row("hat.rating>3", 0, "cannot be asked");
        row("split:train,", 12, "missing");
        row("score>nan", 6, "not a number");
    }
    void problemsSayWhere()
    {
        QFETCH(QString, text);
        QFETCH(int, begin);
        QFETCH(QString, word);
        const FilterParse parse = parseFilter(text.toStdString());
        QVERIFY(parse.problem.has_value());
        const QString message = QString::fromStdString(parse.problem->message);
        QVERIFY2(message.contains(word), qPrintable(message));
        QCOMPARE(static_cast<int>(parse.problem->begin), begin);
        QVERIFY(parse.problem->end > parse.problem->begin);
        QVERIFY(parse.filter.isEverything());
        QCOMPARE(reportOf([&] { requireFilter(text.toStdString()); }).kind,
                 ErrorKind::InvalidInput);
    }

    void deepNestingIsRefusedAndNotFatal()
    {
        QVERIFY(parseFilter(std::string(100'000, '(')).problem.has_value());
        QVERIFY(parseFilter(std::string(99'999, '-') + "a").problem.has_value());
    }

    void anyBytesAreAnsweredWithoutAnException()
    {
        unsigned state = 12345;
        const std::string alphabet = "ab:<>=!()\"\\,-. *%ORNTD\xC3\xA9\xFF";
        for (int round = 0; round < 20'000; ++round) {
            std::string text;
            for (unsigned length = (state >> 8) % 14; length > 0; --length) {
                state = state * 1664525U + 1013904223U;
                text += alphabet[(state >> 16) % alphabet.size()];
            }
            state = state * 1664525U + 1013904223U;
            const FilterParse parse = parseFilter(text);
            if (parse.problem)
                QVERIFY(parse.problem->begin < parse.problem->end);
            completeFilter(text, text.size() / 2, {});
        }
    }

    void aFacetIsSwitchedOnAndOff()
    {
        std::string text = filterWithToggled("", "split", "train");
        QCOMPARE(text, std::string("split:train"));
        text = filterWithToggled(text, "split", "val");
        QCOMPARE(text, std::string("split:train,val"));
        text = filterWithToggled(text, "tag", "two words");
        QCOMPARE(text, std::string("split:train,val tag:\"two words\""));
        QVERIFY(filterChooses(text, "split", "val"));
        QVERIFY(filterChooses(text, "tag", "two words"));
        text = filterWithToggled(text, "split", "train");
        QCOMPARE(text, std::string("split:val tag:\"two words\""));
        text = filterWithToggled(text, "split", "val");
        QCOMPARE(text, std::string("tag:\"two words\""));
        text = filterWithToggled(text, "tag", "two words");
        QCOMPARE(text, std::string());

        QCOMPARE(filterWithToggled("a OR b", "tag", ""), std::string("(a OR b) tag:none"));
        QCOMPARE(filterWithToggled("a AND tag:x", "tag", "x"), std::string("a"));
        QCOMPARE(filterWithToggled("tag:x AND a", "tag", "x"), std::string("a"));
        QVERIFY(!filterChooses("-split:train", "split", "train"));
        QVERIFY(!filterChooses("tag:\"none\"", "tag", ""));
        // Whatever the name of a tag, the term means just it.
        for (const char *name : {"none", "a*b", "a\"b", "a\\b", "(", "OR", "-x", "ä ö", "a,b"}) {
            const std::string made = filterWithToggled("", "tag", name);
            const FilterParse parse = parseFilter(made);
            QVERIFY2(!parse.problem, made.c_str());
            QCOMPARE(parse.filter.root.term.values.at(0).text, std::string(name));
            QVERIFY(filterChooses(made, "tag", name));
            QCOMPARE(filterWithToggled(made, "tag", name), std::string());
        }
    }

    void completionOffersKeysAndTheProjectsValues()
    {
        FilterVocabulary words;
        words.groups = {"hat", "shoes"};
        words.tags = {"blurred", "two words"};
        words.splits = {"train", "val"};
        QVERIFY(textsOf(completeFilter("", 0, words)).contains(QStringLiteral("split:")));
        QCOMPARE(textsOf(completeFilter("spl", 3, words)), QStringList{QStringLiteral("split:")});
        QVERIFY(textsOf(completeFilter("ha", 2, words)).contains(QStringLiteral("has:hat")));
        QCOMPARE(
            textsOf(completeFilter("has:hat split:", 14, words)),
            (QStringList{QStringLiteral("train"), QStringLiteral("val"), QStringLiteral("none")}));
        const FilterCompletions second = completeFilter("split:train,v", 13, words);
        QCOMPARE(textsOf(second), QStringList{QStringLiteral("val")});
        QCOMPARE(second.begin, std::size_t{12});
        QCOMPARE(textsOf(completeFilter("-tag:t", 6, words)),
                 QStringList{QStringLiteral("\"two words\"")});
        QVERIFY(textsOf(completeFilter("hat.s", 5, words)).contains(QStringLiteral("hat.score>=")));
        QVERIFY(textsOf(completeFilter("colour:b", 8, words)).contains(QStringLiteral("blue")));
        QVERIFY(textsOf(completeFilter("nonsense:x", 10, words)).isEmpty());
    }

    void everyExampleOfTheHelpIsUnderstood()
    {
        for (const FilterKeyHelp &key : filterKeys())
            QVERIFY2(!parseFilter(key.example).problem, key.example.c_str());
    }

    void coloursAreFoundInPhrases()
    {
        const auto bitOf = [](const char *name) {
            const auto &names = commonColours();
            return 1U << static_cast<unsigned>(std::find(names.begin(), names.end(), name)
                                               - names.begin());
        };
        QCOMPARE(colourBits("a Navy jacket"), bitOf("blue"));
        QCOMPARE(colourBits("black and white shoes"), bitOf("black") | bitOf("white"));
        QCOMPARE(colourBits("a leather bag"), 0U);
    }

    void textsAreComparedAndSorted()
    {
        QVERIFY(containsFolded("ÄRMEL", foldText("ärm")));
        QVERIFY(matchesPattern("img_0012.png", "img_*.png"));
        QVERIFY(matchesPattern("abc", "*"));
        QVERIFY(!matchesPattern("abc", "a*b"));
        QVERIFY(naturalKey("img2") < naturalKey("img10"));
        QVERIFY(naturalKey("IMG9") < naturalKey("img10"));
        QVERIFY(naturalKey("a007b") < naturalKey("a8a"));
    }
};

QTEST_GUILESS_MAIN(TestFilterLanguage)
#include "tst_filter_language.moc"
