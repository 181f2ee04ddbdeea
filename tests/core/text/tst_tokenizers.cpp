#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/text/byte_bpe_tokenizer.h"
#include "core/text/clip_tokenizer.h"
#include "core/text/protobuf_reader.h"
#include "core/text/text_cleaning.h"
#include "core/text/unicode.h"
#include "core/text/unigram_tokenizer.h"
#include "core/text/wordpiece_tokenizer.h"
#include "tests/support/shared_data.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <cstring>
#include <optional>

using namespace sapsam;
using sapsam::test::sharedPath;

namespace {

using Ids = std::vector<std::int64_t>;

std::string file(const std::string &name)
{
    return sharedPath("tokenizers/" + name);
}

std::int64_t onesOf(const TokenSequence &sequence)
{
    std::int64_t ones = 0;
    for (const std::int64_t bit : sequence.attentionMask)
        ones += bit;
    return ones;
}

std::string textOf(const Ids &ids)
{
    return Json(ids).dump();
}

// Fields of the protobuf wire format.
std::string varint(std::uint64_t value)
{
    std::string bytes;
    for (; value >= 0x80; value >>= 7)
        bytes.push_back(static_cast<char>(0x80 | (value & 0x7f)));
    bytes.push_back(static_cast<char>(value));
    return bytes;
}

std::string numberField(std::uint64_t field, std::uint64_t value)
{
    return varint(field << 3) + varint(value);
}

std::string bytesField(std::uint64_t field, const std::string &bytes)
{
    return varint(field << 3 | 2) + varint(bytes.size()) + bytes;
}

std::string floatField(std::uint64_t field, float value)
{
    std::string bytes(4, '\0');
    std::memcpy(bytes.data(), &value, 4);
    return varint(field << 3 | 5) + bytes;
}

// One piece of a spiece.model; type 1 is a normal one, 2 the unknown one, 3 a control token.
std::string pieceField(const std::string &text, float score, std::uint64_t type = 1)
{
    return bytesField(1, bytesField(1, text) + floatField(2, score) + numberField(3, type));
}

const std::string kSpecialPieces =
    pieceField("<pad>", 0, 3) + pieceField("</s>", 0, 3) + pieceField("<unk>", 0, 2);
const std::string kUnigramTrainer = bytesField(2, numberField(3, 1));

// The same vocabulary in the other format: pieces 0 to 31999 and the normaliser.
std::string sentencePieceOf(const Json &tokenizer)
{
    std::string bytes;
    std::size_t id = 0;
    for (const Json &piece : tokenizer["model"]["vocab"]) {
        if (id == 32000)
            break;
        bytes += pieceField(piece[0].get<std::string>(), piece[1].get<float>(),
                            id == 2  ? 2
                            : id < 2 ? 3
                                     : 1);
        ++id;
    }
    const auto map = QByteArray::fromBase64(QByteArray::fromStdString(
        tokenizer["normalizer"]["precompiled_charsmap"].get<std::string>()));
    return bytes + kUnigramTrainer
           + bytesField(3, bytesField(1, "nmt_nfkc") + bytesField(2, map.toStdString()));
}

} // namespace

class TestTokenizers : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void invalidUtf8BecomesReplacementCharacters()
    {
        QVERIFY(unicode::decode("a\xffz") == U"a\xfffdz");
        QVERIFY(unicode::decode("\xe2\x82") == U"\xfffd");
        QVERIFY(unicode::decode("\xc0\xaf") == U"\xfffd\xfffd");
        QVERIFY(unicode::decode("\xed\xa0\x80").find(0xd800) == std::u32string::npos);
        QVERIFY(unicode::decode("\xf4\x90\x80\x80")[0] == 0xfffd);
        QCOMPARE(unicode::encode(unicode::decode("h\xc3\xa9 \xf0\x9f\x98\x80")),
                 std::string("h\xc3\xa9 \xf0\x9f\x98\x80"));
    }

    void gpt2PiecesLeaveOneSpaceForTheWord()
    {
        const std::vector<std::u32string> expected{U" ",    U" two", U"\t", U"\n",
                                                   U"tabs", U"'s",   U"  "};
        std::vector<std::u32string> pieces = gpt2Pieces(U"  two\t\ntabs's  ");
        QVERIFY(pieces == expected);
    }

    void clipEncodesEveryReferenceString()
    {
        SAPSAM_NEEDS_SHARED("tokenizers/vectors.json");
        const ClipTokenizer tokenizer =
            ClipTokenizer::fromOpenAiMerges(file("bpe_simple_vocab_16e6.txt.gz"));
        QCOMPARE(tokenizer.size(), std::size_t{49408});
        for (const Json &row : vectors()) {
            const std::string text = row["text"];
            const Json &expected = row["clip"];
            const Ids ids = tokenizer.encode(text);
            QVERIFY2(ids == expected["ids"].get<Ids>(),
                     (row["text"].dump() + ": " + textOf(ids) + " for " + expected["ids"].dump())
                         .c_str());
            const TokenSequence padded = tokenizer.encodePadded(text);
            QCOMPARE(padded.ids.size(), std::size_t{77});
            QCOMPARE(onesOf(padded), expected["ones77"].get<std::int64_t>());
            QCOMPARE(padded.ids[static_cast<std::size_t>(onesOf(padded) - 1)],
                     expected["last77"].get<std::int64_t>());
            QCOMPARE(padded.truncated, ids.size() > 75);
            if (expected.contains("decoded"))
                QVERIFY2(tokenizer.decode(ids) == expected["decoded"].get<std::string>(),
                         row["text"].dump().c_str());
        }
    }

    void maskVariantEncodesEveryReferenceString()
    {
        SAPSAM_NEEDS_SHARED("tokenizers/vectors.json");
        const ClipTokenizer tokenizer = ClipTokenizer::fromOpenAiMerges(
            file("bpe_simple_vocab_16e6.txt.gz"), ClipTokenizer::Variant::MaskToken);
        QCOMPARE(tokenizer.maskId(), std::int64_t{49405});
        for (const Json &row : vectors()) {
            const Json &irra = row["irra"];
            const Ids ids = tokenizer.encode(row["text"].get<std::string>());
            if (irra.is_string())
                QVERIFY2(ids == row["clip"]["ids"].get<Ids>(), row["text"].dump().c_str());
            else if (irra.contains("ids"))
                QVERIFY2(ids == irra["ids"].get<Ids>(), row["text"].dump().c_str());
            else // the published tokenizer fails here; ours spells the word in smaller pieces
                QVERIFY(!ids.empty()
                        && std::find(ids.begin(), ids.end(), tokenizer.maskId()) == ids.end());
        }
    }

    void bertEncodesEveryReferenceString()
    {
        SAPSAM_NEEDS_SHARED("tokenizers/vectors.json");
        const WordPieceTokenizer tokenizer = WordPieceTokenizer::fromFile(file("bert_vocab.txt"));
        QCOMPARE(tokenizer.size(), std::size_t{30522});
        for (const Json &row : vectors()) {
            const std::string text = row["text"];
            const Json &expected = row["bert"];
            const TokenSequence whole = tokenizer.encodeWithSpecials(text);
            QVERIFY2(
                whole.ids == expected["ids"].get<Ids>(),
                (row["text"].dump() + ": " + textOf(whole.ids) + " for " + expected["ids"].dump())
                    .c_str());
            const TokenSequence padded = tokenizer.encodePadded(text, 16);
            QVERIFY2(padded.ids == expected["ids16"].get<Ids>(), row["text"].dump().c_str());
            QCOMPARE(onesOf(padded), expected["mask16_ones"].get<std::int64_t>());
            QCOMPARE(padded.truncated, whole.ids.size() > 16);
            if (expected.contains("decoded"))
                QVERIFY2(tokenizer.decode(whole.ids) == expected["decoded"].get<std::string>(),
                         (row["text"].dump() + " " + tokenizer.decode(whole.ids)).c_str());
        }
    }

    void bertPairsHaveTypeIds()
    {
        SAPSAM_NEEDS_SHARED("tokenizers/bert_pairs.json");
        const WordPieceTokenizer tokenizer = WordPieceTokenizer::fromFile(file("bert_vocab.txt"));
        for (const Json &row : readJsonFile(file("bert_pairs.json"))) {
            const TokenSequence pair =
                tokenizer.encodePair(row["a"].get<std::string>(), row["b"].get<std::string>());
            QCOMPARE(pair.ids, row["input_ids"].get<Ids>());
            QCOMPARE(pair.typeIds, row["token_type_ids"].get<Ids>());
        }
    }

    void optEncodesEveryReferenceString()
    {
        SAPSAM_NEEDS_SHARED("tokenizers/vectors.json");
        const ByteBpeTokenizer tokenizer =
            ByteBpeTokenizer::fromFiles(file("opt_vocab.json"), file("opt_merges.txt"));
        checkVectors(tokenizer, "opt");
    }

    void t5EncodesEveryReferenceString_data()
    {
        QTest::addColumn<bool>("fromProtobuf");
        QTest::newRow("tokenizer.json") << false;
        QTest::newRow("spiece.model") << true;
    }

    void t5EncodesEveryReferenceString()
    {
        SAPSAM_NEEDS_SHARED("tokenizers/vectors.json");
        QFETCH(bool, fromProtobuf);
        const QTemporaryDir folder;
        const std::string base = folder.path().toStdString();
        const std::string json = file("t5_tokenizer.json");
        writeFileAtomically(base + (fromProtobuf ? "/spiece.model" : "/tokenizer.json"),
                            fromProtobuf ? sentencePieceOf(readJsonFile(json)) : readFile(json));
        const UnigramTokenizer tokenizer = UnigramTokenizer::fromFolder(base);
        QCOMPARE(tokenizer.size(), std::size_t{32100});
        checkVectors(tokenizer, "t5");
    }

    void unigramTakesTheBestSplit()
    {
        const QTemporaryDir folder;
        const std::string base = folder.path().toStdString();
        const std::string space = "\xe2\x96\x81";
        writeFileAtomically(base + "/spiece.model", kSpecialPieces + pieceField(space + "a", -2)
                                                        + pieceField("b", -2) + pieceField("ab", -3)
                                                        + pieceField(space, -1.5F)
                                                        + pieceField("c", -1) + kUnigramTrainer);
        const UnigramTokenizer tokenizer = UnigramTokenizer::fromFolder(base);

        // "▁a" + "b" is worth -4, "▁" + "ab" is worth -4.5.
        QCOMPARE(tokenizer.encode("ab"), (Ids{3, 4, 1}));
        QCOMPARE(tokenizer.encode("  ab   c ", false), (Ids{3, 4, 6, 7}));
        // Unknown characters that follow each other are one token.
        QCOMPARE(tokenizer.encode("c\xc3\xa9\xe2\x82\xac"
                                  "c",
                                  false),
                 (Ids{6, 7, 2, 7}));
        QCOMPARE(tokenizer.encode("", false), Ids{});
        QCOMPARE(tokenizer.decode({6, 7, 2, 7, 1, 0, 999, -4}), std::string("c \xe2\x81\x87 c"));
    }

    void paddedUnigramTextKeepsItsEnd()
    {
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString() + "/spiece.model";
        writeFileAtomically(path, kSpecialPieces + pieceField("\xe2\x96\x81", -1)
                                      + pieceField("a", -1) + kUnigramTrainer);
        const UnigramTokenizer tokenizer = UnigramTokenizer::fromSentencePiece(path);

        const TokenSequence padded = tokenizer.encodePadded("a", 5);
        const TokenSequence cut = tokenizer.encodePadded("aaaa", 3);

        QCOMPARE(padded.ids, (Ids{3, 4, 1, 0, 0}));
        QCOMPARE(onesOf(padded), std::int64_t{3});
        QVERIFY(!padded.truncated);
        QCOMPARE(cut.ids, (Ids{3, 4, 1}));
        QVERIFY(cut.truncated);
    }

    void damagedUnigramVocabulariesAreRefused_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<int>("kind");
        const auto row = [](const char *name, const std::string &bytes, ErrorKind kind) {
            QTest::newRow(name) << QByteArray::fromStdString(bytes) << static_cast<int>(kind);
        };
        const std::string good = kSpecialPieces + pieceField("a", -1);
        row("empty", "", ErrorKind::Corrupt);
        row("no message", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", ErrorKind::Corrupt);
        row("cut off", good.substr(0, good.size() - 3), ErrorKind::Corrupt);
        row("group", good + varint(9 << 3 | 3), ErrorKind::Corrupt);
        row("no field number", good + varint(2), ErrorKind::Corrupt);
        row("no unknown piece", pieceField("<pad>", 0, 3) + pieceField("</s>", 0, 3),
            ErrorKind::Corrupt);
        row("no end", pieceField("<pad>", 0, 3) + pieceField("<unk>", 0, 2), ErrorKind::Corrupt);
        row("piece twice", good + pieceField("a", -2), ErrorKind::Corrupt);
        row("empty piece", good + pieceField("", -2), ErrorKind::Corrupt);
        row("score is no number", good + pieceField("b", std::nanf("")), ErrorKind::Corrupt);
        row("table too short", good + bytesField(3, bytesField(2, "\x08")), ErrorKind::Corrupt);
        row("table beyond the end",
            good
                + bytesField(3, bytesField(2, std::string("\xf0\xff\xff\x7f"
                                                          "abcd",
                                                          8))),
            ErrorKind::Corrupt);
        row("texts cut off",
            good + bytesField(3, bytesField(2, std::string("\4\0\0\0\0\0\0\0ab", 10))),
            ErrorKind::Corrupt);
        row("byte pairs", good + bytesField(2, numberField(3, 2)), ErrorKind::Unsupported);
        row("byte fallback", good + bytesField(2, numberField(35, 1)), ErrorKind::Unsupported);
        row("spaces kept", good + bytesField(3, numberField(4, 0)), ErrorKind::Unsupported);
        row("user-defined piece", good + pieceField("x", 0, 4), ErrorKind::Unsupported);
    }

    void damagedUnigramVocabulariesAreRefused()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(int, kind);
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString() + "/spiece.model";
        writeFileAtomically(path, bytes.toStdString());
        try {
            UnigramTokenizer::fromSentencePiece(path);
            QFAIL("no error");
        } catch (const Error &error) {
            QCOMPARE(static_cast<int>(error.kind()), kind);
            QVERIFY(std::string(error.what()).find(path) != std::string::npos);
        }
    }

    void foreignTokenizerJsonIsRefused_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<int>("kind");
        const auto row = [](const char *name, const char *text, ErrorKind kind) {
            QTest::newRow(name) << QByteArray(text) << static_cast<int>(kind);
        };
        row("no model", "{}", ErrorKind::Corrupt);
        row("byte pairs", R"({"model": {"type": "BPE", "vocab": {}}})", ErrorKind::Unsupported);
        row("no scores", R"({"model": {"unk_id": 0, "vocab": ["a"]}})", ErrorKind::Corrupt);
        row("unknown piece outside", R"({"model": {"unk_id": 7, "vocab": [["a", -1]]}})",
            ErrorKind::Corrupt);
        row("huge id",
            R"({"model": {"unk_id": 0, "vocab": [["a", -1]]},
                "added_tokens": [{"id": 99999999999, "content": "x"}]})",
            ErrorKind::Corrupt);
        // A table of millions for a file of two tokens.
        row("far id",
            R"({"model": {"unk_id": 0, "vocab": [["a", -1]]},
                "added_tokens": [{"id": 9000000, "content": "x"}]})",
            ErrorKind::Corrupt);
        row("no base64",
            R"({"model": {"unk_id": 0, "vocab": [["a", -1]]},
                "normalizer": {"precompiled_charsmap": "*"}})",
            ErrorKind::Corrupt);
    }

    void foreignTokenizerJsonIsRefused()
    {
        QFETCH(QByteArray, text);
        QFETCH(int, kind);
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString() + "/tokenizer.json";
        writeFileAtomically(path, text.toStdString());
        try {
            UnigramTokenizer::fromFolder(folder.path().toStdString());
            QFAIL("no error");
        } catch (const Error &error) {
            QCOMPARE(static_cast<int>(error.kind()), kind);
            QVERIFY(std::string(error.what()).find(path) != std::string::npos);
        }
    }

    void folderWithoutUnigramVocabularyIsNotFound()
    {
        const QTemporaryDir folder;
        try {
            UnigramTokenizer::fromFolder(folder.path().toStdString());
            QFAIL("no error");
        } catch (const Error &error) {
            QCOMPARE(error.kind(), ErrorKind::NotFound);
        }
    }

    void damagedVocabulariesAreCorruptAndNamed_data()
    {
        QTest::addColumn<QString>("vocab");
        QTest::addColumn<QString>("merges");
        const QString specials = QStringLiteral("\"<|startoftext|>\":1,\"<|endoftext|>\":2");
        QTest::newRow("not json") << QStringLiteral("{\"a\":") << QStringLiteral("a b\n");
        QTest::newRow("a list") << QStringLiteral("[1]") << QStringLiteral("a b\n");
        QTest::newRow("id twice") << QStringLiteral("{\"a\":2,%1}").arg(specials) << QString();
        QTest::newRow("negative id") << QStringLiteral("{\"a\":-1,%1}").arg(specials) << QString();
        QTest::newRow("huge id") << QStringLiteral("{\"a\":99999999999,%1}").arg(specials)
                                 << QString();
        QTest::newRow("far id") << QStringLiteral("{\"a\":9000000,%1}").arg(specials) << QString();
        QTest::newRow("no specials") << QStringLiteral("{\"a\":0}") << QString();
        QTest::newRow("merge of one") << QStringLiteral("{\"a\":0,%1}").arg(specials)
                                      << QStringLiteral("#version: 0.2\nab\n");
    }

    void damagedVocabulariesAreCorruptAndNamed()
    {
        QFETCH(QString, vocab);
        QFETCH(QString, merges);
        const QTemporaryDir folder;
        const std::string base = folder.path().toStdString();
        writeFileAtomically(base + "/vocab.json", vocab.toStdString());
        writeFileAtomically(base + "/merges.txt", merges.toStdString());
        try {
            ClipTokenizer::fromFolder(base);
            QFAIL("no error");
        } catch (const Error &error) {
            QCOMPARE(error.kind(), ErrorKind::Corrupt);
            QVERIFY(std::string(error.what()).find(base) != std::string::npos);
        }
    }

    void endTokenThatIsNotLastIsAMismatch()
    {
        const QTemporaryDir folder;
        const std::string base = folder.path().toStdString();
        writeFileAtomically(base + "/vocab.json",
                            "{\"<|endoftext|>\":0,\"<|startoftext|>\":1,\"a\":2}");
        writeFileAtomically(base + "/merges.txt", "");
        try {
            ClipTokenizer::fromFolder(base);
            QFAIL("no error");
        } catch (const Error &error) {
            QCOMPARE(error.kind(), ErrorKind::Mismatch);
        }
    }

    void folderWithoutTokenizerIsNotFound()
    {
        const QTemporaryDir folder;
        try {
            ClipTokenizer::fromFolder(folder.path().toStdString());
            QFAIL("no error");
        } catch (const Error &error) {
            QCOMPARE(error.kind(), ErrorKind::NotFound);
        }
    }

    void truncatedGzipIsCorrupt()
    {
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString() + "/bpe_simple_vocab_16e6.txt.gz";
        writeFileAtomically(path, std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03yz", 12));
        try {
            readGzipFile(path);
            QFAIL("no error");
        } catch (const Error &error) {
            QCOMPARE(error.kind(), ErrorKind::Corrupt);
        }
    }

    void veryLongWordDoesNotTakeLong()
    {
        SAPSAM_NEEDS_SHARED("tokenizers/vectors.json");
        const ClipTokenizer tokenizer =
            ClipTokenizer::fromOpenAiMerges(file("bpe_simple_vocab_16e6.txt.gz"));

        const TokenSequence sequence = tokenizer.encodePadded(std::string(100000, 'x'));

        QVERIFY(sequence.truncated);
        QCOMPARE(sequence.ids.back(), tokenizer.endId());
    }

private:
    // Ids of every reference string, and back where the reference tells the text.
    template <typename Tokenizer>
    void checkVectors(const Tokenizer &tokenizer, const char *key)
    {
        for (const Json &row : vectors()) {
            const Json &expected = row[key];
            const Ids ids = tokenizer.encode(row["text"].get<std::string>());
            QVERIFY2(ids == expected["ids"].get<Ids>(),
                     (row["text"].dump() + ": " + textOf(ids) + " for " + expected["ids"].dump())
                         .c_str());
            if (expected.contains("decoded"))
                QVERIFY2(tokenizer.decode(ids) == expected["decoded"].get<std::string>(),
                         (row["text"].dump() + " " + tokenizer.decode(ids)).c_str());
        }
    }

    const Json &vectors()
    {
        if (!m_vectors) {
            m_vectors = readJsonFile(file("vectors.json"))["vectors"];
            QTest::qCompare(m_vectors->size(), std::size_t{200}, "strings", "200", __FILE__,
                            __LINE__);
        }
        return *m_vectors;
    }

    std::optional<Json> m_vectors;
};

QTEST_GUILESS_MAIN(TestTokenizers)
#include "tst_tokenizers.moc"
