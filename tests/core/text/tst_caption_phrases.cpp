// The phrase splitter against what a person would cut out of 60 captions in the styles of the three
// data sets (tests/data/phrases/captions.json).
#include "core/base/json_file.h"
#include "core/text/noun_phrases.h"

#include <QTest>

#include <algorithm>
#include <map>

using namespace sapsam;

namespace {

Json expectations()
{
    return readJsonFile(std::string(SAPSAM_SOURCE_DIR) + "/tests/data/phrases/captions.json");
}

constexpr double kWanted = 0.9;

} // namespace

class TestCaptionPhrases : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void nineOfTenExpectedPhrasesAreFound()
    {
        std::map<std::string, std::pair<int, int>> perStyle; // met, expected
        int met = 0;
        int expected = 0;
        int written = 0;
        for (const Json &entry : expectations()) {
            const std::string caption = entry["caption"].get<std::string>();
            const std::vector<std::string> phrases = captionPhrases(caption);
            written += static_cast<int>(phrases.size());
            auto &[styleMet, styleExpected] = perStyle[entry["style"].get<std::string>()];
            for (const Json &wanted : entry["phrases"]) {
                const bool found =
                    std::find(phrases.begin(), phrases.end(), wanted.get<std::string>())
                    != phrases.end();
                met += found ? 1 : 0;
                styleMet += found ? 1 : 0;
                ++expected;
                ++styleExpected;
                if (!found) {
                    std::string got;
                    for (const std::string &phrase : phrases)
                        got += " | " + phrase;
                    qInfo("missed '%s': %s", wanted.get<std::string>().c_str(), got.c_str());
                }
            }
        }
        qInfo("%d of %d expected phrases found, %d written", met, expected, written);

        QCOMPARE(perStyle.size(), std::size_t{3});
        QVERIFY(met >= kWanted * expected);
        for (const auto &[style, counts] : perStyle)
            QVERIFY2(counts.first >= kWanted * counts.second, style.c_str());
        // Nor may it find them by writing down everything.
        QVERIFY(met >= kWanted * written);
    }

    void phrasesStandInTheCaption()
    {
        for (const Json &entry : expectations()) {
            const std::string caption = entry["caption"].get<std::string>();
            std::size_t from = 0;
            for (const std::string &phrase : captionPhrases(caption)) {
                const std::size_t at = caption.find(phrase, from);
                QVERIFY2(at != std::string::npos, phrase.c_str());
                from = at + phrase.size();
            }
        }
    }

    void captionsWithoutAppearanceGiveNothing()
    {
        for (const char *caption :
             {"", "   ", "A man is walking away from the camera.", "She is looking to the left.",
              "\xff\xfe", "var x = {a: [1, 2]};"})
            QVERIFY2(captionPhrases(caption).empty(), caption);
    }
};

QTEST_GUILESS_MAIN(TestCaptionPhrases)
#include "tst_caption_phrases.moc"
