#include "core/networks/blip2.h"
#include "core/weights/tensor_names.h"
#include "tests/support/error_of.h"

#include <QtTest>

#include <cmath>
#include <functional>
#include <set>

using namespace sapsam;
using namespace sapsam::nn;

namespace {

using Ids = std::vector<std::int64_t>;

// Next-token scores that do not depend on what was said.
NextTokenStep constantScores(const std::vector<float> &scores, std::int64_t sequences)
{
    return [scores, sequences](const torch::Tensor &, const torch::Tensor &) {
        return torch::tensor(scores).unsqueeze(0).repeat({sequences, 1});
    };
}

// Scores that depend on the last token only; row i of the table follows token i.
NextTokenStep chain(const torch::Tensor &table, std::int64_t start, std::int64_t sequences)
{
    return [table, start, sequences](const torch::Tensor &tokens, const torch::Tensor &) {
        return tokens.defined() ? table.index_select(0, tokens)
                                : table[start].unsqueeze(0).repeat({sequences, 1});
    };
}

// Ids without a meaning for these tests lie behind the vocabulary's useful part.
GenerationOptions plainOptions()
{
    GenerationOptions options;
    options.eosId = 0;
    options.padId = 0;
    options.placeholderId = 1;
    return options;
}

// The best score of all sentences that can be said, by trying them all.
double bestByEnumeration(const torch::Tensor &table, std::int64_t start,
                         const GenerationOptions &options, Ids &best)
{
    const auto logs = torch::log_softmax(table, -1);
    double bestScore = -1e30;
    const bool isOld = options.lengthConvention == LengthConvention::WithPlaceholder;
    std::function<void(std::int64_t, Ids &, double)> extend = [&](std::int64_t last, Ids &said,
                                                                  double sum) {
        const auto offer = [&](const Ids &ids, double total, std::size_t length) {
            const double score =
                total / std::pow(static_cast<double>(length), options.lengthPenalty);
            if (score > bestScore) {
                bestScore = score;
                best = ids;
            }
        };
        if (static_cast<std::int64_t>(said.size()) == options.maxNewTokens) {
            offer(said, sum, said.size() + (isOld ? 1 : 0));
            return;
        }
        for (std::int64_t token = 0; token < table.size(1); ++token) {
            const double next = sum + logs[last][token].item<double>();
            said.push_back(token);
            if (token == options.eosId)
                offer(said, next, said.size());
            else
                extend(token, said, next);
            said.pop_back();
        }
    };
    Ids said;
    extend(start, said, 0.0);
    return bestScore;
}

T5Config smallT5()
{
    T5Config config;
    config.vocabSize = 30;
    config.width = 16;
    config.headDim = 6;
    config.heads = 3;
    config.ffnDim = 24;
    config.encoderLayers = 2;
    config.decoderLayers = 2;
    config.buckets = 8;
    config.maxDistance = 16;
    return config;
}

Blip2Config smallBlip2(Blip2Language language)
{
    Blip2Config config;
    config.vision = {28, 14, 14, 16, 32, 1, 2, Activation::Gelu, 1e-6, 1e-6};
    config.qformer = {4, 16, 2, 2, 32, 2, Activation::Gelu, 1e-12};
    config.language = language;
    config.text.vocabSize = 30;
    config.text.hiddenSize = 16;
    config.text.layers = 2;
    config.text.heads = 2;
    config.text.ffnDim = 32;
    config.text.maxPositions = 64;
    config.t5 = smallT5();
    return config;
}

template <typename Holder>
void randomise(Holder &net, std::uint64_t seed)
{
    const torch::NoGradGuard noGrad;
    for (auto &parameter : net->parameters())
        parameter.normal_(0.0, 0.3, at::detail::createCPUGenerator(seed++));
}

double difference(const torch::Tensor &a, const torch::Tensor &b)
{
    return a.sizes() == b.sizes() ? (a - b).abs().max().item<double>() : 1e30;
}

} // namespace

class TestLanguage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void drawnTokensFollowTheDistribution()
    {
        const std::vector<float> scores = {-30.0F, -30.0F, 0.0F, 0.5F, 1.0F, -1.0F};
        constexpr std::int64_t kRows = 4000;
        auto options = plainOptions();
        options.maxNewTokens = 1;
        options.sample = true;
        options.temperature = 2.0;

        const auto drawn = generateTokens(kRows, constantScores(scores, kRows), options);

        const auto expected = torch::softmax(torch::tensor(scores) / 2.0, -1);
        std::vector<int> counts(scores.size(), 0);
        for (const auto &row : drawn.ids)
            ++counts[static_cast<std::size_t>(row.front())];
        for (std::size_t i = 0; i < scores.size(); ++i) {
            const double p = expected[static_cast<std::int64_t>(i)].item<double>();
            const double deviation = std::sqrt(p * (1.0 - p) * kRows);
            QVERIFY2(std::abs(counts[i] - p * kRows) <= 4.0 * deviation + 1.0,
                     qPrintable(QString::number(counts[i])));
        }
    }

    void sampledTokensStayInTheirSet_data()
    {
        QTest::addColumn<std::int64_t>("topK");
        QTest::addColumn<double>("topP");
        QTest::addColumn<double>("temperature");
        QTest::addColumn<QList<int>>("expected");
        // Probabilities of the tokens 2 to 5: 0.4, 0.3, 0.2, 0.1.
        QTest::newRow("all") << std::int64_t(0) << 1.0 << 1.0 << QList<int>{2, 3, 4, 5};
        QTest::newRow("two best") << std::int64_t(2) << 1.0 << 1.0 << QList<int>{2, 3};
        QTest::newRow("nucleus of 0.65") << std::int64_t(0) << 0.65 << 1.0 << QList<int>{2, 3};
        QTest::newRow("nucleus of 0.75") << std::int64_t(0) << 0.75 << 1.0 << QList<int>{2, 3, 4};
        QTest::newRow("nucleus of the three best")
            << std::int64_t(3) << 0.75 << 1.0 << QList<int>{2, 3};
        QTest::newRow("tiny nucleus") << std::int64_t(0) << 0.01 << 1.0 << QList<int>{2};
        QTest::newRow("cold") << std::int64_t(0) << 1.0 << 0.01 << QList<int>{2};
    }
    void sampledTokensStayInTheirSet()
    {
        QFETCH(std::int64_t, topK);
        QFETCH(double, topP);
        QFETCH(double, temperature);
        QFETCH(QList<int>, expected);
        constexpr std::int64_t kRows = 400;
        auto options = plainOptions();
        options.maxNewTokens = 1;
        options.sample = true;
        options.topK = topK;
        options.topP = topP;
        options.temperature = temperature;
        // Of the three best the first two are 0.78, so that the third lies outside of 0.75.
        const std::vector<float> scores = {-40.0F,         -40.0F,         std::log(0.4F),
                                           std::log(0.3F), std::log(0.2F), std::log(0.1F)};

        const auto drawn = generateTokens(kRows, constantScores(scores, kRows), options);

        std::set<std::int64_t> seen;
        for (const auto &row : drawn.ids)
            seen.insert(row.front());
        QCOMPARE(seen, std::set<std::int64_t>(expected.begin(), expected.end()));
    }

    void whatIsDrawnForARowDependsOnItsSeedOnly()
    {
        const std::vector<float> scores(12, 0.0F);
        for (const std::int64_t beams : {1, 3}) {
            auto options = plainOptions();
            options.maxNewTokens = 8;
            options.minNewTokens = 8;
            options.numBeams = beams;
            options.sample = true;
            options.rowSeeds = {5, 6, 7};

            const auto three = generateTokens(3, constantScores(scores, 3 * beams), options);
            options.rowSeeds = {7};
            const auto alone = generateTokens(1, constantScores(scores, beams), options);
            options.rowSeeds = {};
            options.seed = 1;
            const auto first = generateTokens(2, constantScores(scores, 2 * beams), options);
            const auto second = generateTokens(2, constantScores(scores, 2 * beams), options);
            options.seed = 2;
            const auto other = generateTokens(2, constantScores(scores, 2 * beams), options);

            QCOMPARE(three.ids[2], alone.ids[0]);
            QVERIFY(three.ids[0] != three.ids[1]);
            QCOMPARE(first.ids, second.ids);
            QVERIFY(first.ids != other.ids);
            QVERIFY(first.ids[0] != first.ids[1]);
            QCOMPARE(three.scores.size(), std::size_t(beams > 1 ? 3 : 0));
        }
    }

    void drawnBeamsStayInTheirSet_data()
    {
        QTest::addColumn<bool>("old");
        QTest::newRow("narrowed before adding") << false;
        QTest::newRow("narrowed after adding") << true;
    }
    void drawnBeamsStayInTheirSet()
    {
        QFETCH(bool, old);
        const std::vector<float> scores = {-40.0F, -40.0F, 1.0F, 2.0F, 1.5F, 0.0F};
        const std::vector<float> equals = {-40.0F, -40.0F, 1.0F, 1.0F, 1.0F, -5.0F};
        auto options = plainOptions();
        options.maxNewTokens = 6;
        options.numBeams = 2;
        options.sample = true;
        options.topP = 0.9; // the three that are equal
        options.lengthConvention =
            old ? LengthConvention::WithPlaceholder : LengthConvention::Generated;

        const auto drawn = generateTokens(20, constantScores(equals, 40), options);
        // With beams two tokens stay in the smallest nucleus; both are candidates every time, and
        // the best of them wins.
        options.topP = 0.01;
        const auto narrowest = generateTokens(1, constantScores(scores, 2), options);
        QCOMPARE(narrowest.ids[0], Ids(6, 3));

        std::set<std::int64_t> seen;
        for (const auto &row : drawn.ids)
            seen.insert(row.begin(), row.end());
        QCOMPARE(seen, (std::set<std::int64_t>{2, 3, 4}));
    }

    void noRunOccursTwice()
    {
        auto options = plainOptions();
        options.maxNewTokens = 6;
        options.noRepeatNgram = 2;
        const std::vector<float> scores = {-9.0F, -8.0F, -7.0F, 3.0F, 2.0F, 1.0F};

        const auto pairs = generateTokens(1, constantScores(scores, 1), options);
        options.noRepeatNgram = 1;
        const auto singles = generateTokens(1, constantScores(scores, 1), options);
        options.noRepeatNgram = 2;
        options.numBeams = 3;
        options.maxNewTokens = 12;
        const auto beams = generateTokens(1, constantScores(scores, 3), options);

        QCOMPARE(pairs.ids[0], (Ids{3, 3, 4, 3, 5, 3}));
        QCOMPARE(singles.ids[0], (Ids{3, 4, 5, 2, 1, 0}));
        std::set<std::pair<std::int64_t, std::int64_t>> seen;
        for (std::size_t i = 1; i < beams.ids[0].size(); ++i)
            QVERIFY(seen.insert({beams.ids[0][i - 1], beams.ids[0][i]}).second);
        QVERIFY(seen.size() > 4);
    }

    void placeholderCountsAsSaidWhereItIsPartOfTheAnswer()
    {
        const std::vector<float> scores = {-9.0F, 3.0F, 2.0F, -1.0F};
        auto options = plainOptions();
        options.maxNewTokens = 1;
        options.repetitionPenalty = 2.0;

        const auto without = generateTokens(1, constantScores(scores, 1), options);
        options.placeholderCounts = true;
        const auto with = generateTokens(1, constantScores(scores, 1), options);
        options.placeholderCounts = false;
        options.lengthConvention = LengthConvention::WithPlaceholder;
        const auto old = generateTokens(1, constantScores(scores, 1), options);
        options.repetitionPenalty = 1.0;
        options.noRepeatNgram = 1;
        const auto forbidden = generateTokens(1, constantScores(scores, 1), options);

        QCOMPARE(without.ids[0], Ids{1});
        QCOMPARE(with.ids[0], Ids{2});
        QCOMPARE(old.ids[0], Ids{2});
        QCOMPARE(forbidden.ids[0], Ids{2});
    }

    void endIsForbiddenBeforeTheShortestLength()
    {
        const std::vector<float> scores = {9.0F, 1.0F, 2.0F};
        for (const std::int64_t beams : {1, 2}) {
            auto options = plainOptions();
            options.numBeams = beams;
            options.minNewTokens = 3;

            const auto generated = generateTokens(1, constantScores(scores, beams), options);

            QCOMPARE(generated.ids[0].size(), std::size_t(4));
            QCOMPARE(generated.ids[0].back(), std::int64_t(0));
        }
    }

    void manyBeamsFindTheBestSentence_data()
    {
        QTest::addColumn<double>("lengthPenalty");
        QTest::addColumn<bool>("old");
        for (const double penalty : {1.0, 0.0, -1.0, 2.0}) {
            QTest::addRow("%g, generated", penalty) << penalty << false;
            QTest::addRow("%g, with placeholder", penalty) << penalty << true;
        }
    }
    void manyBeamsFindTheBestSentence()
    {
        QFETCH(double, lengthPenalty);
        QFETCH(bool, old);
        at::manual_seed(3);
        for (int round = 0; round < 5; ++round) {
            const auto table = torch::randn({4, 4}) * 2.0;
            auto options = plainOptions();
            options.numBeams = 45; // more than there are sentences
            options.maxNewTokens = 3;
            options.lengthPenalty = lengthPenalty;
            options.lengthConvention =
                old ? LengthConvention::WithPlaceholder : LengthConvention::Generated;
            Ids expected;
            const double score = bestByEnumeration(table, 2, options, expected);

            const auto found = generateTokens(1, chain(table, 2, 45), options);

            QCOMPARE(found.ids[0], expected);
            QVERIFY(std::abs(found.scores[0] - score) < 1e-4);
        }
    }

    void unusableOptionsAreNamed_data()
    {
        QTest::addColumn<int>("which");
        QTest::addColumn<QString>("name");
        const char *names[] = {"temperature",   "topP",          "topP",    "topK",
                               "noRepeatNgram", "lengthPenalty", "rowSeeds"};
        for (int i = 0; i < 7; ++i)
            QTest::addRow("%d %s", i, names[i]) << i << QString::fromLatin1(names[i]);
    }
    void unusableOptionsAreNamed()
    {
        QFETCH(int, which);
        QFETCH(QString, name);
        auto options = plainOptions();
        switch (which) {
        case 0:
            options.temperature = 0.0;
            break;
        case 1:
            options.topP = 0.0;
            break;
        case 2:
            options.topP = 1.5;
            break;
        case 3:
            options.topK = -1;
            break;
        case 4:
            options.noRepeatNgram = -1;
            break;
        case 5:
            options.lengthPenalty = std::nan("");
            break;
        default:
            options.rowSeeds = {1};
        }

        VERIFY_ERROR(generateTokens(2, constantScores({0.0F, 1.0F}, 2), options),
                     ErrorKind::InvalidInput, name.toStdString());
    }

    void relativePositionsFallIntoThePublishedBuckets()
    {
        // First distance of each bucket, for 32 buckets and a largest distance of 128.
        const std::vector<std::int64_t> both = {0, 1,  2,  3,  4,  5,  6,  7,
                                                8, 12, 16, 23, 32, 46, 64, 91};
        const std::vector<std::int64_t> back = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                                11, 12, 13, 14, 15, 16, 19, 21, 24, 27, 31,
                                                35, 40, 46, 52, 59, 67, 77, 87, 99, 113};
        const auto bucketOf = [](const std::vector<std::int64_t> &first, std::int64_t distance) {
            std::int64_t bucket = 0;
            while (bucket + 1 < static_cast<std::int64_t>(first.size())
                   && first[static_cast<std::size_t>(bucket + 1)] <= distance)
                ++bucket;
            return bucket;
        };
        for (std::int64_t n = 0; n < 300; ++n) {
            QCOMPARE(relativePositionBucket(-n, true, 32, 128), bucketOf(both, n));
            QCOMPARE(relativePositionBucket(n, true, 32, 128), bucketOf(both, n) + (n ? 16 : 0));
            QCOMPARE(relativePositionBucket(-n, false, 32, 128), bucketOf(back, n));
            QCOMPARE(relativePositionBucket(n, false, 32, 128), std::int64_t(0));
        }
    }

    void t5ConfigurationsSurviveJson()
    {
        auto tied = smallT5();
        tied.isTied = true;
        tied.isGated = false;
        tied.activation = Activation::Relu;
        auto exact = smallT5();
        exact.activation = Activation::Gelu;
        const auto blip2 = smallBlip2(Blip2Language::T5);

        for (const auto &config : {tied, exact, smallT5()})
            QCOMPARE(t5ConfigFromJson(config.toJson(), "x").toJson(), config.toJson());
        QCOMPARE(blip2ConfigFromJson(blip2.toJson(), "x").toJson(), blip2.toJson());
        QVERIFY(blip2ConfigFromJson(blip2.toJson(), "x").language == Blip2Language::T5);
        QCOMPARE(blip2.textWidth(), std::int64_t(16));
        QCOMPARE(blip2.generationOptions().eosId, std::int64_t(1));
    }

    void publishedT5ConfigurationIsUnderstood()
    {
        // The keys of Flan-T5 XL; without dense_act_fn "gated-gelu" is the tanh form.
        Json json = {{"architectures", {"T5ForConditionalGeneration"}},
                     {"d_ff", 5120},
                     {"d_kv", 64},
                     {"d_model", 2048},
                     {"decoder_start_token_id", 0},
                     {"dropout_rate", 0.1},
                     {"eos_token_id", 1},
                     {"feed_forward_proj", "gated-gelu"},
                     {"initializer_factor", 1.0},
                     {"is_encoder_decoder", true},
                     {"layer_norm_epsilon", 1e-06},
                     {"model_type", "t5"},
                     {"n_positions", 512},
                     {"num_decoder_layers", 24},
                     {"num_heads", 32},
                     {"num_layers", 24},
                     {"output_past", true},
                     {"pad_token_id", 0},
                     {"relative_attention_max_distance", 128},
                     {"relative_attention_num_buckets", 32},
                     {"tie_word_embeddings", false},
                     {"torch_dtype", "float32"},
                     {"transformers_version", "4.24.0.dev0"},
                     {"use_cache", true},
                     {"vocab_size", 32128}};

        const auto plain = t5ConfigFromJson(json, "config.json");
        json["dense_act_fn"] = "gelu";
        json["is_gated_act"] = true;
        const auto blip = t5ConfigFromJson(json, "config.json");
        json["number_of_wings"] = 2;
        json.erase("d_ff");

        QVERIFY(plain.activation == Activation::GeluTanh && plain.isGated && !plain.isTied);
        QVERIFY(blip.activation == Activation::Gelu && blip.isGated);
        QCOMPARE(plain.width, std::int64_t(2048));
        VERIFY_ERROR(t5ConfigFromJson(json, "config.json"), ErrorKind::Corrupt, "'d_ff'");
        VERIFY_ERROR(t5ConfigFromJson(json, "config.json"), ErrorKind::Corrupt,
                     "'number_of_wings'");
    }

    void unusableT5ConfigurationsAreInvalid()
    {
        auto config = smallT5();
        config.buckets = 6;
        VERIFY_ERROR(T5Model net(config), ErrorKind::InvalidInput, "buckets");
        config = smallT5();
        config.maxDistance = 4;
        VERIFY_ERROR(T5Model net(config), ErrorKind::InvalidInput, "maxDistance");
        config = smallT5();
        config.heads = 0;
        VERIFY_ERROR(T5Model net(config), ErrorKind::InvalidInput, "sizes");
    }

    void tiedHeadIsTheDividedTable()
    {
        const torch::NoGradGuard noGrad;
        auto config = smallT5();
        config.isTied = true;
        T5Model net(config);
        const auto hidden = torch::randn({2, 3, 16});

        QVERIFY(!net->named_parameters().contains("lm_head.weight"));
        QVERIFY(
            difference(net->logits(hidden), torch::matmul(hidden / 4.0, net->shared->weight.t()))
            < 1e-5);
    }

    void plainFeedForwardHasOneInput()
    {
        auto config = smallT5();
        config.isGated = false;
        config.activation = Activation::Relu;
        T5Model net(config);

        QVERIFY(
            net->named_parameters().contains("encoder.block.0.layer.1.DenseReluDense.wi.weight"));
        QCOMPARE(net->encode(torch::randn({1, 4, 16})).sizes().vec(),
                 (std::vector<std::int64_t>{1, 4, 16}));
    }

    // Padding on the right must not change the answer to a shorter prompt.
    void t5PromptsOfDifferentLengthsGoTogether()
    {
        const torch::NoGradGuard noGrad;
        Blip2 net(smallBlip2(Blip2Language::T5));
        randomise(net, 5);
        const auto queries = net->encodeImage(torch::randn({2, 3, 28, 14}));
        const auto prompts = torch::tensor({{12, 8, 9}, {12, 7, 0}}, torch::kLong);
        const auto mask = torch::tensor({{1, 1, 1}, {1, 1, 0}}, torch::kLong);
        for (const std::int64_t beams : {1, 3}) {
            auto options = net->config.generationOptions();
            options.numBeams = beams;
            options.maxNewTokens = 6;

            const auto both = net->generate(queries, prompts, options, mask);
            const auto alone = net->generate(queries.slice(0, 1, 2),
                                             torch::tensor({{12, 7}}, torch::kLong), options);

            QCOMPARE(both.ids.size(), std::size_t(2));
            QCOMPARE(both.ids[1], alone.ids[0]);
            if (beams > 1)
                QVERIFY(std::abs(both.scores[1] - alone.scores[0]) < 1e-5);
        }
    }

    void t5GenerationMatchesTheLogitsWithoutACache()
    {
        const torch::NoGradGuard noGrad;
        Blip2 net(smallBlip2(Blip2Language::T5));
        randomise(net, 6);
        const auto queries = net->encodeImage(torch::randn({1, 3, 28, 14}));
        const auto prompt = torch::tensor({{4, 9, 1}}, torch::kLong);
        auto options = net->config.generationOptions();
        options.maxNewTokens = 8;
        options.minNewTokens = 8;

        const auto generated = net->generate(queries, prompt, options);

        auto answer = torch::tensor({{0}}, torch::kLong);
        QCOMPARE(generated.ids[0].size(), std::size_t(8));
        for (const auto id : generated.ids[0]) {
            auto last = net->answerLogits(queries, prompt, answer).select(1, -1).clone();
            last[0][1] = -1e9; // the end is forbidden
            QCOMPARE(id, last.argmax(-1).item<std::int64_t>());
            answer = torch::cat({answer, torch::tensor({{id}}, torch::kLong)}, 1);
        }
    }

    void languageModelsAnswerTheirOwnQuestions()
    {
        Blip2 opt(smallBlip2(Blip2Language::Opt)), t5(smallBlip2(Blip2Language::T5));
        const auto queries = torch::zeros({1, 4, 16});
        const auto ids = torch::tensor({{2}}, torch::kLong);

        VERIFY_ERROR(t5->logits(queries, ids), ErrorKind::InvalidInput, "answerLogits");
        VERIFY_ERROR(opt->answerLogits(queries, ids, ids), ErrorKind::InvalidInput, "logits");
        VERIFY_ERROR(t5->t5->decode(torch::zeros({3, 1}, torch::kLong), torch::zeros({2, 4, 16})),
                     ErrorKind::InvalidInput, "multiple");
    }

    void positionsOfAnotherGridAreResized()
    {
        const torch::NoGradGuard noGrad;
        Blip2 net(smallBlip2(Blip2Language::T5));
        randomise(net, 7);
        std::map<std::string, torch::Tensor> tensors;
        for (const auto &item : namedTensorsOf(*net))
            tensors[item.first] = item.second.clone();
        const std::string name = "vision_model.embeddings.position_embedding";
        const auto table = torch::randn({1, 1 + 9, 16});
        tensors[name] = table;
        const MemoryTensorSource source("file", tensors);
        Blip2 other(net->config);

        const auto report = loadBlip2(other, source);

        const auto grid = table.slice(1, 1).view({1, 3, 3, 16}).permute({0, 3, 1, 2});
        const auto resized = torch::upsample_bicubic2d(grid, {2, 1}, false);
        QCOMPARE(report.adapted, std::vector<std::string>{name});
        QVERIFY(torch::equal(other->position_embedding.slice(1, 0, 1), table.slice(1, 0, 1)));
        QVERIFY(
            difference(other->position_embedding.slice(1, 1), resized.flatten(2).transpose(1, 2))
            < 1e-6);
        VERIFY_ERROR(loadBlip2(other, source, false), ErrorKind::Mismatch, name);
        tensors[name] = torch::randn({1, 1 + 8, 16});
        VERIFY_ERROR(loadBlip2(other, MemoryTensorSource("file", tensors)), ErrorKind::Mismatch,
                     name);
    }

    void t5LearnsAndItsWeightsGetGradients()
    {
        at::manual_seed(1);
        Blip2 net(smallBlip2(Blip2Language::T5));
        initializeWeights(*net, 1);
        const auto pixels = torch::randn({2, 3, 28, 14});
        const auto prompt = torch::randint(2, 30, {2, 3}, torch::kLong);
        const auto answer = torch::randint(2, 30, {2, 5}, torch::kLong);
        const auto loss = [&] {
            const auto logits =
                net->answerLogits(net->encodeImage(pixels), prompt, answer.slice(1, 0, 4));
            return torch::cross_entropy_loss(logits.reshape({-1, 30}),
                                             answer.slice(1, 1).reshape({-1}));
        };
        torch::optim::Adam optimizer(net->parameters(), torch::optim::AdamOptions(3e-3));

        const double before = loss().item<double>();
        for (int step = 0; step < 10; ++step) {
            optimizer.zero_grad();
            loss().backward();
            optimizer.step();
        }

        for (const auto &item : net->t5->named_parameters()) {
            QVERIFY2(item.value().grad().defined(), item.key().c_str());
            QVERIFY(torch::isfinite(item.value().grad()).all().item<bool>());
        }
        QVERIFY2(loss().item<double>() < before, "the loss did not fall");
    }
};

QTEST_GUILESS_MAIN(TestLanguage)
#include "tst_language.moc"
