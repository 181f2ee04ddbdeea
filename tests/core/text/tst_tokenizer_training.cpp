#include "core/base/error.h"
#include "core/base/file.h"
#include "core/text/byte_bpe_tokenizer.h"
#include "core/text/clip_tokenizer.h"
#include "core/text/tokenizer_training.h"
#include "core/text/wordpiece_tokenizer.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>

using namespace sapsam;

namespace {

std::vector<std::string> corpus()
{
    std::vector<std::string> texts;
    for (const char *colour : {"red", "blue", "green", "black", "white"})
        for (const char *garment : {"jacket", "trousers", "backpack", "dress"})
            for (const char *person : {"A man", "The woman", "A young girl"})
                texts.push_back(std::string(person) + " is wearing a " + colour + " " + garment
                                + ", and she's carrying a bag.");
    return texts;
}

} // namespace

class TestTokenizerTraining : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void clipFilesReadBackAndSpellEverything()
    {
        const QTemporaryDir folder;
        const std::string base = folder.path().toStdString();
        writeBpeFiles(trainClipBpe(corpus(), 700), base);

        const ClipTokenizer tokenizer = ClipTokenizer::fromFolder(base);

        QVERIFY(tokenizer.size() > 560 && tokenizer.size() <= 700);
        QCOMPARE(tokenizer.endId(), static_cast<std::int64_t>(tokenizer.size()) - 1);
        QCOMPARE(tokenizer.startId(), tokenizer.endId() - 1);
        QCOMPARE(tokenizer.encode("jacket").size(), std::size_t{1});
        QCOMPARE(tokenizer.decode(tokenizer.encode("an UNSEEN zebra 42!")),
                 std::string("an unseen zebra 4 2 ! "));
        const TokenSequence padded = tokenizer.encodePadded("a red jacket", 16);
        QCOMPARE(*std::max_element(padded.ids.begin(), padded.ids.end()), tokenizer.endId());
    }

    void truncatedTextKeepsItsEndToken()
    {
        const QTemporaryDir folder;
        const std::string base = folder.path().toStdString();
        writeBpeFiles(trainClipBpe(corpus(), 600), base);
        const ClipTokenizer tokenizer = ClipTokenizer::fromFolder(base);

        const TokenSequence padded =
            tokenizer.encodePadded("a red jacket and a blue dress and a green bag", 6);

        QVERIFY(padded.truncated);
        QCOMPARE(padded.ids.size(), std::size_t{6});
        QCOMPARE(padded.ids.back(), tokenizer.endId());
        QVERIFY(!tokenizer.encodePadded("a", 6).truncated);
    }

    void wordPieceFileReadsBackAndSpellsEverything()
    {
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString() + "/vocab.txt";
        writeWordPieceFile(trainWordPiece(corpus(), 300), path);

        const WordPieceTokenizer tokenizer = WordPieceTokenizer::fromFile(path);

        QCOMPARE(tokenizer.padId(), std::int64_t{0});
        QCOMPARE(tokenizer.unknownId(), std::int64_t{1});
        QCOMPARE(tokenizer.startId(), std::int64_t{2});
        QCOMPARE(tokenizer.separatorId(), std::int64_t{3});
        QCOMPARE(tokenizer.maskId(), std::int64_t{4});
        QCOMPARE(tokenizer.encode("trousers").size(), std::size_t{1});
        QCOMPARE(tokenizer.decode(tokenizer.encode("Unseen zebra, 42")),
                 std::string("unseen zebra , 42"));
        QCOMPARE(tokenizer.encode("\xe6\x97\xa5"), (std::vector<std::int64_t>{1}));
    }

    void byteBpeFilesReadBackAndSpellEverything()
    {
        const QTemporaryDir folder;
        const std::string base = folder.path().toStdString();
        writeBpeFiles(trainByteBpe(corpus(), 400), base);

        const ByteBpeTokenizer tokenizer = ByteBpeTokenizer::fromFolder(base);

        QCOMPARE(tokenizer.startId(), std::int64_t{2});
        QCOMPARE(tokenizer.padId(), std::int64_t{1});
        QCOMPARE(tokenizer.encode(" jacket", false).size(), std::size_t{1});
        const std::string text = "Any bytes: \xe6\x97\xa5 \t 42's";
        QCOMPARE(tokenizer.decode(tokenizer.encode(text)), text);
    }

    void orderOfTheCorpusDoesNotMatter()
    {
        std::vector<std::string> reversed = corpus();
        std::reverse(reversed.begin(), reversed.end());

        QCOMPARE(trainClipBpe(reversed, 650).vocabulary, trainClipBpe(corpus(), 650).vocabulary);
        QVERIFY(trainByteBpe(reversed, 350).merges == trainByteBpe(corpus(), 350).merges);
        QCOMPARE(trainWordPiece(reversed, 280), trainWordPiece(corpus(), 280));
    }

    void tooSmallVocabularyIsInvalidInput()
    {
        for (const int kind : {0, 1, 2}) {
            try {
                if (kind == 0)
                    trainClipBpe(corpus(), 100);
                else if (kind == 1)
                    trainByteBpe(corpus(), 100);
                else
                    trainWordPiece(corpus(), 50);
                QFAIL("no error");
            } catch (const Error &error) {
                QCOMPARE(error.kind(), ErrorKind::InvalidInput);
            }
        }
    }
};

QTEST_GUILESS_MAIN(TestTokenizerTraining)
#include "tst_tokenizer_training.moc"
