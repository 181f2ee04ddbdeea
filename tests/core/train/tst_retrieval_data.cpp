#include "core/base/error.h"
#include "core/base/file.h"
#include "core/dataset/packs.h"
#include "core/engine/model_loading.h"
#include "core/engine/retriever.h"
#include "core/engine/trainer.h"
#include "core/networks/sap_sam.h"
#include "core/text/clip_tokenizer.h"
#include "core/train/synthetic_pack.h"
#include "core/train/tasks.h"
#include "core/weights/safetensors.h"
#include "core/weights/tensor_names.h"
#include "tests/support/error_of.h"
#include "tests/support/golden_folder.h"
#include "tests/support/tiny_training.h"

#include <QTemporaryDir>
#include <QtTest>

#include <filesystem>
#include <sstream>

using namespace sapsam;
using namespace sapsam::test;
using namespace sapsam::training;

namespace {

TrainRequest requestFor(const Json &changes, const QString &folder)
{
    TrainRequest request;
    request.task = "retrieval";
    request.config = tinyPublishedTraining();
    request.config.update(changes);
    request.runsFolder = folder.toStdString();
    request.seed = 5;
    request.engine.device = "cpu";
    request.engine.threads = 1;
    return request;
}

std::vector<Json> linesOf(const std::string &run)
{
    std::istringstream stream(readFile(run + "/metrics.jsonl"));
    std::vector<Json> lines;
    for (std::string line; std::getline(stream, line);)
        lines.push_back(parseJson(line, run));
    return lines;
}

// Of one task that is prepared, without training.
struct Prepared
{
    explicit Prepared(const Json &changes, const QString &folder)
    {
        Json config = tinyPublishedTraining();
        config.update(changes);
        TaskInputs inputs;
        inputs.packsFolder = folder.toStdString() + "/packs";
        task = makeTask("retrieval", config, inputs);
        const std::string run = folder.toStdString() + "/run-" + std::to_string(++count);
        std::filesystem::create_directories(run + "/model");
        task->prepare(5, run + "/model", {}, {});
    }

    static inline int count = 0;
    std::unique_ptr<TrainTask> task;
};

std::string messageOf(const TrainRequest &request, ErrorKind kind)
{
    try {
        train(request, {}, {});
    } catch (const Error &error) {
        return error.kind() == kind ? error.what() : std::string("another kind: ") + error.what();
    }
    return "nothing was thrown";
}

bool contains(const std::string &text, const std::string &part)
{
    if (text.find(part) != std::string::npos)
        return true;
    qWarning("%s", text.c_str());
    return false;
}

} // namespace

class TestRetrievalData : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QVERIFY(m_folder.isValid()); }

    void aRunOfThePublishedLossesLowersThemAndCanBeSearchedWith()
    {
        const TrainOutcome outcome = train(
            requestFor({{"steps", 30}, {"evaluateEvery", 15}, {"evaluateTest", true}}, path()), {},
            {});

        QCOMPARE(outcome.state, std::string("done"));
        double first = 0.0, last = 0.0;
        bool hasFinal = false;
        for (const Json &line : linesOf(outcome.runFolder)) {
            if (line.contains("loss") && line.at("step") <= 5)
                first += line.at("loss").get<double>() / 5.0;
            if (line.contains("loss") && line.at("step") > 25)
                last += line.at("loss").get<double>() / 5.0;
            if (line.contains("loss"))
                for (const char *name : {"sdm", "words", "matching"})
                    QVERIFY(line.contains(name));
            if (line.contains("final")) {
                hasFinal = true;
                QCOMPARE(line.at("final").at("split").get<std::string>(), std::string("test"));
                QCOMPARE(line.at("final").at("gallery").get<int>(), 8);
            }
        }
        QVERIFY2(last < 0.9 * first,
                 (std::to_string(first) + " → " + std::to_string(last)).c_str());
        QVERIFY(hasFinal);
        Retriever retriever(outcome.runFolder + "/model", {});
        QCOMPARE(retriever.dimension(), 128);
        const SafetensorsFile heads(outcome.runFolder + "/model/heads.safetensors");
        QVERIFY(heads.find("cross_attn_matching.in_proj_weight") != nullptr);

        // The same head beside the encoders as inside the whole model.
        QVERIFY(retriever.matchesPhrases());
        std::vector<float> vectors =
            retriever.embedImages({Image(32, 64, 3, 40), Image(32, 64, 3, 200)});
        for (float &value : vectors)
            value *= 3.0F;
        const std::vector<float> odds = retriever.matchPhrase("a red jacket", vectors);
        const std::vector<float> other = retriever.matchPhrase("blue jeans", vectors);
        QCOMPARE(odds.size(), std::size_t(2));
        QVERIFY(odds[0] != odds[1]);
        QVERIFY(odds[0] != other[0]);
        nn::PhraseMatcher matcher(128, 2);
        LoadOptions names;
        names.ignorable = {"*"};
        loadStrict(*matcher, heads, names);
        const torch::NoGradGuard noGrad;
        const torch::Tensor tokens = torch::tensor(vectors).view({2, 128});
        const ClipTokenizer tokenizer = ClipTokenizer::fromFolder(outcome.runFolder + "/model");
        const auto ids = tokenizer.encode("a red jacket");
        std::vector<std::int64_t> whole = tokenizer.encodePadded("a red jacket", 77).ids;
        whole.resize(ids.size() + 2);
        const engine::ModelFolder folder =
            engine::openModelFolder(outcome.runFolder + "/model", "retrieval", "clip");
        nn::Clip clip(nn::clipConfigFromJson(folder.config, folder.origin));
        loadStrict(*clip, *engine::openWeights(folder), clipNames());
        clip->eval();
        const torch::Tensor words = clip->encodeTextTokens(torch::tensor(whole).unsqueeze(0))
                                        .squeeze(0)
                                        .slice(0, 1, 1 + static_cast<std::int64_t>(ids.size()));
        const torch::Tensor wanted = matcher(tokens, words);
        for (std::int64_t i = 0; i < 2; ++i)
            QVERIFY(std::abs(wanted[i].item<float>() - odds[static_cast<std::size_t>(i)]) < 1e-4F);
        VERIFY_ERROR(retriever.matchPhrase(" ", vectors), ErrorKind::InvalidInput, "empty");
        std::filesystem::remove(outcome.runFolder + "/model/heads.safetensors");
        Retriever without(outcome.runFolder + "/model", {});
        QVERIFY(!without.matchesPhrases());
        VERIFY_ERROR(without.matchPhrase("a red jacket", vectors), ErrorKind::Unsupported,
                     "part alignment");
    }

    void everyVariantOfTheTablesTakesAStep_data()
    {
        QTest::addColumn<QString>("changes");
        QTest::addColumn<QString>("term");
        const auto row = [](const char *name, const char *changes, const char *term) {
            QTest::newRow(name) << QString::fromLatin1(changes) << QString::fromLatin1(term);
        };
        row("sdm alone", R"({"losses": "sdm"})", "sdm");
        row("itc", R"({"losses": "itc"})", "itc");
        row("cmpm and id", R"({"losses": "cmpm+id"})", "id");
        row("words anywhere", R"({"losses": "sdm+mlm"})", "words");
        row("whole spans, clean captions", R"({"partTokens": "span", "maskedCaptions": false})",
            "words");
        row("average", R"({"losses": "sdm+matching", "alignment": "avgpool"})", "matching");
        row("convolution", R"({"losses": "sdm+matching", "alignment": "conv1d"})", "matching");
        row("self-attention", R"({"losses": "sdm+matching", "alignment": "mhsa"})", "matching");
        row("codes", R"({"losses": "sdm+mim", "imageDecoding": "codes", "dvae": "random"})",
            "image");
        row("codes but zero",
            R"({"losses": "sdm+mim", "imageDecoding": "codes-but-zero", "dvae": "random"})",
            "image");
        row("patch embeddings",
            R"({"losses": "sdm+mim", "imageDecoding": "patch-embeddings", "patchDraws": "uniform"})",
            "image");
        row("features", R"({"losses": "sdm+mim", "imageDecoding": "features"})", "image");
        row("published augmentation", R"({"augmentation": "published"})", "sdm");
        row("identity sampler", R"({"sampler": "identity", "pairsPerIdentity": 2})", "sdm");
        row("bf16", R"({"precision": "bf16"})", "sdm");
    }

    void everyVariantOfTheTablesTakesAStep()
    {
        QFETCH(QString, changes);
        QFETCH(QString, term);
        Json config = Json::parse(changes.toStdString());
        config.update({{"steps", 2}, {"evaluateEvery", 2}});

        const TrainOutcome outcome = train(requestFor(config, path()), {}, {});

        QCOMPARE(outcome.state, std::string("done"));
        const Json line = linesOf(outcome.runFolder).front();
        QVERIFY(line.at(term.toStdString()).get<double>() > 0.0);
        QVERIFY(std::isfinite(line.at("loss").get<double>()));
    }

    void epochsAndTheRateAreAsPublished()
    {
        const Prepared prepared(
            {{"steps", 0}, {"epochs", 60}, {"warmUpEpochs", 5}, {"learningRate", 1e-5}}, path());
        const TrainTask &task = *prepared.task;
        const std::int64_t epoch = task.stepsPerEpoch();
        const Json schedule =
            readJsonFile(test::shippedPath("pipeline/sapsam_tiny/optimizer.json"))
                .at("schedule")
                .at("lr_by_epoch_index");

        QCOMPARE(epoch, 128 / 8); // 32 train people, two pictures, two captions
        QCOMPARE(task.steps(), 60 * epoch);
        for (std::int64_t i = 0; i < 60; ++i) {
            const double expected = schedule.at(static_cast<std::size_t>(i)).at(0);
            QVERIFY(std::abs(task.rateAt(i * epoch) - expected) <= 1e-12);
            QVERIFY(std::abs(task.rateAt((i + 1) * epoch - 1) - expected) <= 1e-12);
        }
    }

    void anEpochShowsEveryCaptionOnceAndTheNextOneInAnotherOrder()
    {
        const Prepared prepared({{"steps", 0}, {"maskedCaptions", false}}, path());
        const auto epochOf = [&](std::int64_t epoch) {
            std::vector<std::string> rows;
            for (std::int64_t i = 0; i < prepared.task->stepsPerEpoch(); ++i) {
                const Batch batch =
                    prepared.task->makeBatch(epoch * prepared.task->stepsPerEpoch() + i);
                const torch::Tensor ids = batch.at("ids").contiguous();
                const torch::Tensor sums = batch.at("pixels").sum({1, 2, 3});
                for (std::int64_t row = 0; row < ids.size(0); ++row)
                    rows.push_back(std::to_string(sums[row].item<float>()) + " "
                                   + std::string(reinterpret_cast<const char *>(
                                                     ids[row].data_ptr<std::int64_t>()),
                                                 static_cast<std::size_t>(ids.size(1)) * 8));
            }
            return rows;
        };
        std::vector<std::string> first = epochOf(0);
        std::vector<std::string> second = epochOf(1);

        QVERIFY(first != second);
        std::sort(first.begin(), first.end());
        std::sort(second.begin(), second.end());
        QVERIFY(first == second);
        QVERIFY(std::adjacent_find(first.begin(), first.end()) == first.end());
    }

    void theIdentitySamplerPutsPairsOfAPersonTogether()
    {
        const Prepared prepared({{"steps", 0}, {"sampler", "identity"}, {"pairsPerIdentity", 4}},
                                path());
        for (std::int64_t step = 0; step < prepared.task->stepsPerEpoch(); ++step) {
            const torch::Tensor people = prepared.task->makeBatch(step).at("identities");
            for (std::int64_t i = 0; i < people.size(0); ++i)
                QCOMPARE(people[i].item<std::int64_t>(), people[i / 4 * 4].item<std::int64_t>());
        }
    }

    void batchesDependOnTheSeedAndTheStepAlone()
    {
        const Json changes = {{"augmentation", "published"}, {"losses", "sdm+mlm_part+matching"}};
        const Prepared one(changes, path());
        const Prepared other(changes, path());
        other.task->makeBatch(20);

        const Batch a = one.task->makeBatch(7);
        const Batch b = other.task->makeBatch(7);

        QCOMPARE(a.size(), b.size());
        for (const auto &[name, tensor] : a)
            QVERIFY2(torch::equal(tensor, b.at(name)), name.c_str());
    }

    void phrasesOfABatchLieWhereTheirPatchesAndTokensAre()
    {
        const Prepared prepared({{"steps", 0}, {"maskedCaptions", false}}, path());
        const Batch batch = prepared.task->makeBatch(0);
        const torch::Tensor counts = batch.at("counts");
        const torch::Tensor spans = batch.at("spans");
        const torch::Tensor labels = batch.at("patchLabels");
        QVERIFY(counts.sum().item<std::int64_t>() >= 8);
        for (std::int64_t row = 0; row < counts.size(0); ++row) {
            QVERIFY(labels[row].max().item<std::int64_t>() <= counts[row].item<std::int64_t>());
            for (std::int64_t part = 0; part < counts[row].item<std::int64_t>(); ++part) {
                // Whole captions: every phrase is in it.
                QVERIFY(spans[row][part][0].item<std::int64_t>() > 0);
                QVERIFY(spans[row][part][1].item<std::int64_t>()
                        >= spans[row][part][0].item<std::int64_t>());
            }
        }
    }

    void aRealLayoutIsPackedAndTrainedOn()
    {
        const std::string data = test::shippedPath("pipeline/datasets/good/CUHK-PEDES");
        if (!std::filesystem::exists(data))
            QSKIP("no miniature data sets in this golden folder");
        const TrainOutcome outcome =
            train(requestFor({{"data", data}, {"batchSize", 2}, {"steps", 3}, {"evaluateEvery", 3}},
                             path()),
                  {}, {});

        QCOMPARE(outcome.state, std::string("done"));
        QVERIFY(linesOf(outcome.runFolder).front().at("matching").get<double>() > 0.0);
        QVERIFY(outcome.best.at("metric") == "val-R1");
    }

    void aSetWithoutValHoldsTrainPeopleOut()
    {
        const std::string data = test::shippedPath("pipeline/datasets/good/ICFG-PEDES");
        if (!std::filesystem::exists(data))
            QSKIP("no miniature data sets in this golden folder");
        const TrainOutcome outcome = train(requestFor({{"data", data},
                                                       {"batchSize", 2},
                                                       {"steps", 2},
                                                       {"evaluateEvery", 2},
                                                       {"validationShare", 0.4}},
                                                      path()),
                                           {}, {});

        for (const Json &line : linesOf(outcome.runFolder)) {
            if (line.contains("validation"))
                QVERIFY(contains(line.at("validation").at("split"), "held out"));
        }
    }

    void aRunThatChoseOnTestSaysSo()
    {
        const TrainOutcome outcome = train(
            requestFor({{"steps", 2}, {"evaluateEvery", 2}, {"chooseOn", "test"}}, path()), {}, {});

        QCOMPARE(outcome.best.at("metric").get<std::string>(), std::string("test-R1"));
        QVERIFY(linesOf(outcome.runFolder).back().at("validation").at("chosenOnTest").get<bool>());
    }

    void aRunGoesOnBitByBitAfterItWasStopped()
    {
        const Json config = {{"steps", 8}, {"evaluateEvery", 8}, {"checkpointEvery", 4}};
        const TrainOutcome whole = train(requestFor(config, path()), {}, {});
        TrainRequest request = requestFor(config, path());
        CancelSource source;
        const TrainOutcome stopped = train(request, source.token(), [&](const Progress &progress) {
            if (progress.stage == "training" && progress.done == 5)
                source.cancel();
        });
        QCOMPARE(stopped.state, std::string("stopped"));
        TrainRequest resume;
        resume.resumeFolder = stopped.runFolder;
        resume.engine = request.engine;
        const TrainOutcome resumed = train(resume, {}, {});

        std::vector<double> first, second;
        for (const Json &line : linesOf(whole.runFolder))
            if (line.contains("loss"))
                first.push_back(line.at("loss"));
        for (const Json &line : linesOf(resumed.runFolder))
            if (line.contains("loss"))
                second.push_back(line.at("loss"));
        QCOMPARE(first.size(), std::size_t(8));
        QVERIFY(first == second);
    }

    void badInputIsNamed()
    {
        using Kind = ErrorKind;
        QVERIFY(contains(messageOf(requestFor({{"data", "/nowhere"}}, path()), Kind::NotFound),
                         "/nowhere"));
        QVERIFY(contains(messageOf(requestFor({{"batchSize", 1000}}, path()), Kind::InvalidInput),
                         "only 128 captions"));
        QVERIFY(contains(
            messageOf(requestFor({{"losses", "sdm+mlm_prat"}}, path()), Kind::InvalidInput),
            "mlm_prat"));
        QVERIFY(
            contains(messageOf(requestFor({{"losses", "matching"}}, path()), Kind::InvalidInput),
                     "one that ranks"));
        QVERIFY(contains(
            messageOf(requestFor({{"initialModel", "/nowhere/clip"}}, path()), Kind::NotFound),
            "/nowhere/clip"));
        QVERIFY(contains(
            messageOf(requestFor({{"losses", "sdm+mim"}, {"imageDecoding", "codes"}}, path()),
                      Kind::InvalidInput),
            "dvae"));
    }

    void anUnfinishedPackIsRefused()
    {
        SyntheticPackOptions options;
        options.identities = 10;
        options.width = 32;
        options.height = 64;
        const std::string pack = path().toStdString() + "/unfinished";
        CancelSource source;
        writeSyntheticPack(pack, options, source.token(), [&](const Progress &progress) {
            if (progress.done == 3)
                source.cancel();
        });

        QVERIFY(contains(messageOf(requestFor({{"data", pack}}, path()), ErrorKind::Corrupt),
                         "not finished"));

        writeSyntheticPack(pack, options);
        QVERIFY(Pack(pack).isComplete());
        QCOMPARE(Pack(pack).size(), std::int64_t(20));
    }

private:
    QString path() const { return m_folder.path(); }

    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(TestRetrievalData)
#include "tst_retrieval_data.moc"
