#include "core/text/query_parser.h"

#include <QTest>

using namespace sapsam;

class TestQueryParser : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theEncoderNeverReadsWhatIsDenied_data()
    {
        QTest::addColumn<QString>("sentence");
        QTest::addColumn<QString>("read");
        QTest::newRow("nothing denied") << QStringLiteral("a man in a red jacket and blue jeans")
                                        << QStringLiteral("a man in a red jacket and blue jeans");
        QTest::newRow("at the end") << QStringLiteral("a man in a red jacket without a hat")
                                    << QStringLiteral("a man in a red jacket");
        QTest::newRow("only denied") << QStringLiteral("no hat") << QStringLiteral("");
    }
    void theEncoderNeverReadsWhatIsDenied()
    {
        QFETCH(QString, sentence);
        QFETCH(QString, read);
        const std::string text = sentence.toStdString();
        QCOMPARE(QString::fromStdString(encoderText(text, parseTerms(text))), read);
    }

    void aPartCanBeLeftOut()
    {
        const std::string text = "a man in a red jacket and blue jeans";
        const std::vector<QueryTerm> terms = parseTerms(text);
        QCOMPARE(terms.size(), std::size_t{2});
        QCOMPARE(encoderText(text, terms, 1), std::string("a man in a red jacket"));
        QCOMPARE(encoderText(text, terms, 0), std::string("a man in blue jeans"));
    }

    void anAddedPartIsRead()
    {
        const std::string text = "a man";
        std::vector<QueryTerm> terms = parseTerms(text);
        QueryTerm term;
        term.group = "hat";
        term.text = "a blue cap";
        terms.push_back(term);
        QCOMPARE(encoderText(text, terms), std::string("a man, a blue cap"));
        QCOMPARE(encoderText(text, terms, 0), std::string("a man"));
    }

    void coloursAndBareNounsAreTold()
    {
        QCOMPARE(colourOfPhrase("a navy coat"), std::string("blue"));
        QCOMPARE(colourOfPhrase("a coat"), std::string());
        QVERIFY(isBareNoun("a hat"));
        QVERIFY(!isBareNoun("a red hat"));
    }
};

QTEST_GUILESS_MAIN(TestQueryParser)
#include "tst_query_parser.moc"
