// Part masks to patch labels, phrases to tokens, masked tokens: every case of
// golden/pipeline/parts.
#include "core/base/json_file.h"
#include "core/dataset/part_labels.h"
#include "core/dataset/part_tokens.h"
#include "core/image/codec.h"
#include "core/text/clip_tokenizer.h"
#include "tests/support/error_of.h"
#include "tests/support/golden_folder.h"
#include "tests/support/shared_data.h"

#include <QTest>

using namespace sapsam;
using sapsam::test::shippedPath;

namespace {

Json parts(const std::string &file)
{
    return readJsonFile(shippedPath("pipeline/parts/" + file));
}

LabelMap mapOf(const Json &rows)
{
    LabelMap map(static_cast<int>(rows.at(0).size()), static_cast<int>(rows.size()));
    for (int y = 0; y < map.height; ++y)
        for (int x = 0; x < map.width; ++x)
            map.at(x, y) =
                rows[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)].get<std::uint8_t>();
    return map;
}

std::vector<TokenSpan> spansOf(const Json &rows)
{
    std::vector<TokenSpan> spans;
    for (const Json &row : rows)
        spans.push_back({row[0].get<std::int64_t>(), row[1].get<std::int64_t>()});
    return spans;
}

// The recorded numbers, in order.
class RecordedDraws final : public TokenDraws
{
public:
    explicit RecordedDraws(const Json &draws) : m_draws(draws) {}
    double uniform() override { return m_draws.at(m_next++).get<double>(); }
    std::int64_t integer(std::int64_t low, std::int64_t high) override
    {
        const Json &value = m_draws.at(m_next++);
        if (!value.is_number_integer() || value < low || value > high)
            throw Error(ErrorKind::Internal, "a real number was recorded here");
        return value.get<std::int64_t>();
    }
    bool isSpent() const { return m_next == m_draws.size(); }

private:
    Json m_draws;
    std::size_t m_next = 0;
};

// The files cut trailing zeros off.
std::vector<std::int64_t> withoutTail(std::vector<std::int64_t> ids)
{
    while (!ids.empty() && ids.back() == 0)
        ids.pop_back();
    return ids;
}

std::vector<std::int64_t> numbers(const Json &json)
{
    return withoutTail(json.get<std::vector<std::int64_t>>());
}

} // namespace

class TestParts : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void masksMergeByScore()
    {
        const Json cases = parts("masks.json")["merge_mask"];
        QVERIFY(!cases.empty());
        for (const Json &entry : cases) {
            std::vector<LabelMap> masks;
            for (const Json &mask : entry["masks"])
                masks.push_back(mapOf(mask));

            const LabelMap merged =
                mergePartMasks(masks, entry["scores"].get<std::vector<double>>());

            QVERIFY2(merged.labels == mapOf(entry["out"]).labels,
                     entry["name"].get<std::string>().c_str());
        }
    }

    void anyValueIsInsideOnRequest()
    {
        LabelMap mask(2, 1);
        mask.labels = {0, 255};
        QCOMPARE(mergePartMasks({mask}, {0.9}).labels, (std::vector<std::uint8_t>{0, 0}));
        QCOMPARE(mergePartMasks({mask}, {0.9}, InsideRule::NotZero).labels,
                 (std::vector<std::uint8_t>{0, 1}));
    }

    void masksThatDoNotFitAreInvalidInput()
    {
        VERIFY_ERROR(mergePartMasks({LabelMap(2, 2), LabelMap(2, 3)}, {0.5, 0.5}),
                     ErrorKind::InvalidInput, "mask 1");
        VERIFY_ERROR(mergePartMasks({LabelMap(2, 2)}, {}), ErrorKind::InvalidInput, "scores");
    }

    void patchesTakeTheMostFrequentPart()
    {
        const Json cases = parts("masks.json")["patch_labels"];
        QVERIFY(!cases.empty());
        for (const Json &entry : cases) {
            const LabelMap map = mapOf(entry["map"]);
            const int patchHeight = entry["patch"][0].get<int>();
            const int patchWidth = entry["patch"][1].get<int>();
            const std::string name = entry["name"].get<std::string>();
            if (entry.contains("error")) {
                const auto error =
                    test::errorOf([&] { patchLabels(map, patchWidth, patchHeight); });
                QVERIFY2(error && error->kind() == ErrorKind::InvalidInput, name.c_str());
                continue;
            }
            QVERIFY2(patchLabels(map, patchWidth, patchHeight)
                         == entry["labels"].get<std::vector<std::uint8_t>>(),
                     name.c_str());
        }
    }

    void fullChainGivesThePublishedLabels()
    {
        const std::string folder = shippedPath("pipeline/parts/");
        const Json cases = parts("masks.json")["full_chain"];
        QVERIFY(!cases.empty());
        for (const Json &entry : cases) {
            std::vector<LabelMap> masks;
            for (const Json &file : entry["parts"])
                masks.push_back(readLabels(folder + file.get<std::string>()));

            const LabelMap merged =
                mergePartMasks(masks, entry["scores"].get<std::vector<double>>());
            const LabelMap bicubic = resizePartLabels(merged, 128, 384, ResizeFilter::Bicubic);
            const LabelMap nearest = resizePartLabels(merged, 128, 384, ResizeFilter::Nearest);

            QCOMPARE(merged.labels, readLabels(folder + entry["merged"].get<std::string>()).labels);
            QCOMPARE(bicubic.labels,
                     readLabels(folder + entry["resized_bicubic"].get<std::string>()).labels);
            QCOMPARE(nearest.labels,
                     readLabels(folder + entry["resized_nearest"].get<std::string>()).labels);
            QCOMPARE(patchLabels(bicubic, 16, 16),
                     entry["labels_bicubic"].get<std::vector<std::uint8_t>>());
            QCOMPARE(patchLabels(nearest, 16, 16),
                     entry["labels_nearest"].get<std::vector<std::uint8_t>>());
        }
    }

    void phrasesAreFoundInTokenIds()
    {
        const Json cases = parts("spans.json")["id_cases"];
        QVERIFY(!cases.empty());
        for (const Json &entry : cases) {
            const auto sentence = entry["sentence"].get<std::vector<std::int64_t>>();
            const auto phrase = entry["part"].get<std::vector<std::int64_t>>();
            const int threshold = entry["threshold"].get<int>();
            const std::string name = entry["name"].get<std::string>();
            QVERIFY2(findSpans(sentence, phrase, threshold) == spansOf(entry["all"]), name.c_str());
            QVERIFY2(findSpan(sentence, phrase, threshold)
                         == spansOf(Json::array({entry["first"]})).front(),
                     name.c_str());
        }
    }

    void phrasesAreFoundInEncodedCaptions()
    {
        SAPSAM_NEEDS_SHARED("tokenizers/bpe_simple_vocab_16e6.txt.gz");
        const ClipTokenizer tokenizer = ClipTokenizer::fromOpenAiMerges(
            test::sharedPath("tokenizers/bpe_simple_vocab_16e6.txt.gz"),
            ClipTokenizer::Variant::MaskToken);
        for (const Json &entry : parts("spans.json")["text_cases"]) {
            const std::vector<std::int64_t> caption =
                tokenizer.encodePadded(entry["caption"].get<std::string>()).ids;
            QCOMPARE(caption, entry["caption_ids"].get<std::vector<std::int64_t>>());
            for (const Json &phrase : entry["phrases"]) {
                const std::vector<std::int64_t> ids =
                    tokenizer.encode(phrase["phrase"].get<std::string>());
                QCOMPARE(ids, phrase["ids"].get<std::vector<std::int64_t>>());
                QVERIFY(findSpan(caption, ids) == spansOf(Json::array({phrase["span"]})).front());
            }
        }
    }

    void spansOfRecordedIdsAreFoundWithoutTheVocabulary()
    {
        for (const Json &entry : parts("spans.json")["text_cases"])
            for (const Json &phrase : entry["phrases"])
                QVERIFY(findSpan(entry["caption_ids"].get<std::vector<std::int64_t>>(),
                                 phrase["ids"].get<std::vector<std::int64_t>>())
                        == spansOf(Json::array({phrase["span"]})).front());
    }

    void tokensAreMaskedByTheRecordedDraws()
    {
        const Json masking = parts("masking.json");
        QVERIFY(!masking["cases"].empty());
        for (const Json &entry : masking["cases"]) {
            for (const auto &[rule, partTokens] :
                 {std::pair("endpoints", PartTokens::Endpoints),
                  std::pair("whole_span", PartTokens::WholeSpan)}) {
                TokenMaskingOptions options;
                options.maskProbability = entry["mask_prob"].get<double>();
                options.partProbability = entry["part_mask_prob"].get<double>();
                options.partTokens = partTokens;
                RecordedDraws draws(entry[rule]["draws"]);

                const MaskedTokens masked =
                    maskTokens(entry["tokens"].get<std::vector<std::int64_t>>(),
                               spansOf(entry["spans"]), options, draws);

                const std::string name = entry["name"].get<std::string>() + " " + rule;
                QVERIFY2(withoutTail(masked.ids) == numbers(entry[rule]["ids"]), name.c_str());
                QVERIFY2(withoutTail(masked.labels) == numbers(entry[rule]["labels"]),
                         name.c_str());
                QVERIFY2(draws.isSpent(), name.c_str());
            }
        }
    }

    void wholeTrainingRowsAreMaskedByTheRecordedDraws()
    {
        SAPSAM_NEEDS_SHARED("tokenizers/bpe_simple_vocab_16e6.txt.gz");
        const ClipTokenizer tokenizer = ClipTokenizer::fromOpenAiMerges(
            test::sharedPath("tokenizers/bpe_simple_vocab_16e6.txt.gz"),
            ClipTokenizer::Variant::MaskToken);
        for (const Json &entry : parts("masking.json")["rows"]) {
            const std::vector<std::int64_t> caption =
                tokenizer.encodePadded(entry["caption"].get<std::string>()).ids;
            std::vector<std::vector<std::int64_t>> phrases;
            for (const Json &phrase : entry["phrases"])
                phrases.push_back(tokenizer.encode(phrase.get<std::string>()));
            for (const auto &[rule, copies] :
                 {std::pair("shared_buffer", CaptionCopies::SharedBuffer),
                  std::pair("clean_copies", CaptionCopies::CleanCopies)}) {
                const Json &expected = entry[rule];
                RecordedDraws first(expected["draws_pass1"]);
                RecordedDraws second(expected["draws_pass2"]);

                const TrainingTokens row =
                    trainingTokens(caption, phrases, {}, copies, first, second);

                QCOMPARE(withoutTail(row.plain.ids), numbers(expected["mlm_ids"]));
                QCOMPARE(withoutTail(row.plain.labels), numbers(expected["mlm_labels"]));
                QVERIFY(row.spans == spansOf(expected["spans"]));
                QCOMPARE(withoutTail(row.part.ids), numbers(expected["mlm_part_ids"]));
                QCOMPARE(withoutTail(row.part.labels), numbers(expected["mlm_part_labels"]));
                QCOMPARE(withoutTail(row.caption),
                         numbers(expected["caption_ids_used_by_the_model"]));
                QCOMPARE(row.partNumber, entry["part_num"].get<std::size_t>());
                QVERIFY(first.isSpent() && second.isSpent());
            }
            QCOMPARE(withoutTail(caption), numbers(entry["clean_ids"]));
        }
    }

    void seededMaskingRepeatsAndKeepsItsShares()
    {
        std::vector<std::int64_t> tokens(2002, 500);
        tokens.front() = 49406;
        tokens.back() = 49407;
        const std::vector<TokenSpan> spans{{1, 1000}};
        TokenMaskingOptions options;
        options.partTokens = PartTokens::WholeSpan;
        SeededDraws draws(SeededRandom(5));
        SeededDraws again(SeededRandom(5));

        const MaskedTokens masked = maskTokens(tokens, spans, options, draws);

        QCOMPARE(masked.ids, maskTokens(tokens, spans, options, again).ids);
        int inside = 0;
        int outside = 0;
        for (std::size_t i = 1; i <= 2000; ++i)
            (i <= 1000 ? inside : outside) += masked.labels[i] != 0 ? 1 : 0;
        QVERIFY(inside > 300 && inside < 400);
        QVERIFY(outside > 110 && outside < 190);
    }
};

QTEST_GUILESS_MAIN(TestParts)
#include "tst_parts.moc"
