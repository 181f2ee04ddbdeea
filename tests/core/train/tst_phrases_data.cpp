#include "core/base/error.h"
#include "core/base/file.h"
#include "core/dataset/open_dataset.h"
#include "core/engine/phrase_writer.h"
#include "core/engine/trainer.h"
#include "core/image/codec.h"
#include "core/image/mask.h"
#include "core/image/preprocess.h"
#include "core/image/region_crop.h"
#include "core/networks/blip2.h"
#include "core/taxonomy/taxonomy.h"
#include "core/text/byte_bpe_tokenizer.h"
#include "core/train/query_text.h"
#include "core/train/task_phrases_data.h"
#include "core/train/tasks.h"
#include "core/train/tokenizers.h"
#include "core/weights/tensor_names.h"
#include "tests/support/error_of.h"
#include "tests/support/golden_folder.h"
#include "tests/support/shared_data.h"

#include <QTemporaryDir>
#include <QtTest>

#include <filesystem>
#include <numeric>
#include <set>
#include <sstream>

using namespace sapsam;
using namespace sapsam::training;

namespace {

namespace fs = std::filesystem;

const std::string kAtr = test::shippedPath("pipeline/datasets/good/ATR");

TaskInputs inputs()
{
    TaskInputs result;
    result.readPicture = [](const std::string &path) { return readImage(path); };
    result.readLabels = [](const std::string &path) { return readLabels(path); };
    return result;
}

nn::Blip2Config smallConfig()
{
    nn::Blip2Config config;
    config.vision = {24, 24, 8, 32, 64, 1, 2, nn::Activation::Gelu, 1e-6, 1e-6};
    config.qformer = {4, 32, 2, 2, 64, 2, nn::Activation::Gelu, 1e-12};
    config.text.vocabSize = 500;
    config.text.hiddenSize = 32;
    config.text.layers = 1;
    config.text.heads = 2;
    config.text.ffnDim = 64;
    config.text.maxPositions = 96;
    return config;
}

void writeModel(const nn::Blip2Config &config, const std::string &folder)
{
    makeFolder(folder);
    nn::Blip2 model(config);
    nn::initializeWeights(*model, 4);
    const bool isT5 = config.language == nn::Blip2Language::T5;
    saveModule(*model, folder + "/model.safetensors", isT5 ? blip2T5Names() : blip2OptNames());
    writeJsonFile(folder + "/config.json", config.toJson());
    writeJsonFile(folder + "/preprocessor_config.json",
                  Json{{"size", {{"height", 24}, {"width", 24}}}, {"resample", 3}});
}

// A folder with a small BLIP-2 of random weights.
std::string modelIn(const QTemporaryDir &folder)
{
    const std::string path = folder.path().toStdString() + "/initial";
    writeModel(smallConfig(), path);
    std::vector<std::string> lines;
    for (const auto &[split, phrases] : readAtr(kAtr).phrases)
        for (const AtrPhrase &phrase : phrases)
            lines.push_back(phrase.text);
    for (const PartGroup &group : defaultTaxonomy().groups)
        lines.push_back(questionFor(group.name));
    trainTextFiles(TextKind::Opt, lines, 420, path);
    return path;
}

Json configFor(const std::string &model)
{
    return {{"data", kAtr},        {"initialModel", model}, {"name", "small"},
            {"batchSize", 10},     {"learningRate", 5e-3},  {"logEvery", 1},
            {"precision", "fp32"}, {"loaderThreads", 1},    {"maxTokens", 12}};
}

TrainRequest requestFor(const Json &config, const QTemporaryDir &folder)
{
    TrainRequest request;
    request.task = "phrases";
    request.config = config;
    request.runsFolder = folder.path().toStdString() + "/runs";
    makeFolder(request.runsFolder);
    request.seed = 5;
    request.engine.device = "cpu";
    request.engine.threads = 1;
    return request;
}

std::vector<double> lossesOf(const std::string &run)
{
    std::istringstream lines(readFile(run + "/metrics.jsonl"));
    std::vector<double> losses;
    for (std::string line; std::getline(lines, line);) {
        const Json json = parseJson(line, run);
        if (json.contains("loss"))
            losses.push_back(json.at("loss").get<double>());
    }
    return losses;
}

double meanOf(const std::vector<double> &values, std::size_t begin, std::size_t end)
{
    return std::accumulate(values.begin() + static_cast<std::ptrdiff_t>(begin),
                           values.begin() + static_cast<std::ptrdiff_t>(end), 0.0)
           / static_cast<double>(end - begin);
}

std::unique_ptr<TrainTask> preparedTask(const Json &config, const QTemporaryDir &folder)
{
    std::unique_ptr<TrainTask> task = makeTask("phrases", config, inputs());
    const std::string model = folder.path().toStdString() + "/prepared";
    makeFolder(model);
    task->prepare(5, model, {}, {});
    return task;
}

std::string bytesOf(const torch::Tensor &tensor)
{
    const torch::Tensor whole = tensor.contiguous();
    return {static_cast<const char *>(whole.data_ptr()), whole.nbytes()};
}

} // namespace

class TestPhrasesData : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void shortRunLowersTheLossAndMovesTheBridgeAlone_data()
    {
        QTest::addColumn<std::string>("train");
        QTest::newRow("qformer") << std::string("qformer");
        QTest::newRow("all") << std::string("all");
    }

    void shortRunLowersTheLossAndMovesTheBridgeAlone()
    {
        QFETCH(std::string, train);
        const QTemporaryDir folder;
        // The queries alone teach a language model of random weights next to nothing.
        const std::string initial =
            train == "all" ? modelIn(folder)
                           : std::string(SAPSAM_SOURCE_DIR) + "/models/sapsam-phrases-small";
        Json config = configFor(initial);
        config["learningRate"] = train == "all" ? 5e-3 : 5e-4;
        config["epochs"] = 5;
        config["train"] = train;
        config["evaluateTest"] = true;

        const TrainOutcome outcome = sapsam::train(requestFor(config, folder), {}, {});

        QCOMPARE(outcome.state, std::string("done"));
        const std::vector<double> losses = lossesOf(outcome.runFolder);
        QCOMPARE(losses.size(), std::size_t(20)); // 38 phrases by tens, five times
        const double before = meanOf(losses, 0, 4);
        const double after = meanOf(losses, 16, 20);
        QVERIFY2(after < 0.93 * before,
                 (std::to_string(before) + " → " + std::to_string(after)).c_str());
        QCOMPARE(outcome.best.at("metric").get<std::string>(), std::string("dev-likelihood"));
        QVERIFY(readFile(outcome.runFolder + "/metrics.jsonl").find("\"split\":\"test\"")
                != std::string::npos);

        const SafetensorsFile first(initial + "/model.safetensors");
        const SafetensorsFile last(outcome.runFolder + "/checkpoints/last.safetensors");
        int still = 0;
        int moved = 0;
        for (const std::string &name : last.names()) {
            const bool isBridge = name == "query_tokens" || name.rfind("qformer.", 0) == 0
                                  || name.rfind("language_projection.", 0) == 0;
            const bool isEqual = torch::equal(last.read(name), first.read(name));
            if (!isBridge && train == "qformer")
                QVERIFY2(isEqual, name.c_str());
            still += isEqual ? 1 : 0;
            moved += isEqual ? 0 : 1;
        }
        QVERIFY(moved > 20);
        QCOMPARE(still > 20, train == "qformer");

        EngineOptions options;
        options.device = "cpu";
        PhraseWriter writer(outcome.runFolder + "/model", options);
        QCOMPARE(writer.write({{Image(30, 40), questionFor("pants")}}, {}).size(), std::size_t(1));
    }

    // Rows are matched by their tokens: the phrase behind the question, and nothing else counts.
    void onlyThePhraseIsLearned()
    {
        const QTemporaryDir folder;
        Json config = configFor(modelIn(folder));
        config["batchSize"] = 38;
        config["maxTokens"] = 24; // none is cut
        const std::unique_ptr<TrainTask> task = preparedTask(config, folder);
        const ByteBpeTokenizer tokenizer =
            ByteBpeTokenizer::fromFolder(config["initialModel"].get<std::string>());

        const Batch batch = task->makeBatch(0);

        std::multiset<std::string> learned;
        for (std::int64_t i = 0; i < 38; ++i) {
            std::vector<std::int64_t> ids;
            std::vector<std::int64_t> question;
            for (std::int64_t k = 0; k < batch.at("ids").size(1); ++k) {
                const auto label = batch.at("labels")[i][k].item<std::int64_t>();
                const auto id = batch.at("ids")[i][k].item<std::int64_t>();
                if (label != -100) {
                    QCOMPARE(label, id);
                    ids.push_back(label);
                } else if (batch.at("mask")[i][k].item<std::int64_t>() == 1) {
                    question.push_back(id);
                }
            }
            QCOMPARE(ids.back(), std::int64_t(2)); // the end
            learned.insert(tokenizer.decode(ids));
            QVERIFY(tokenizer.decode(question).rfind("Question: ", 0) == 0);
        }
        std::multiset<std::string> expected;
        const AtrDataset atr = readAtr(kAtr);
        for (const AtrPhrase &phrase : atr.phrases.at("train"))
            expected.insert(" " + phrase.text);
        QVERIFY(learned == expected);
    }

    // Made here from the files alone, for a run without jitter.
    void cropsShowTheGroupAlone()
    {
        const QTemporaryDir folder;
        Json config = configFor(modelIn(folder));
        config["batchSize"] = 38;
        config["jitter"] = 0;
        const std::map<int, std::vector<int>> groups = {
            {1, {1}}, {2, {2, 11}}, {3, {3, 11}},         {4, {4}},  {5, {5}},
            {6, {6}}, {7, {7}},     {9, {9, 10, 12, 13}}, {16, {16}}};
        const AtrDataset atr = readAtr(kAtr);
        std::multiset<std::string> expected;
        for (const AtrPhrase &phrase : atr.phrases.at("train")) {
            const std::string stem = phrase.image.substr(0, phrase.image.rfind('.'));
            const Image image = readImage(atr.imagePath(stem));
            Image blank = image;
            const Mask mask = maskOfClasses(readLabels(atr.maskPath(stem)), groups.at(phrase.idx));
            for (std::size_t i = 0; i < mask.bits.size(); ++i)
                for (std::size_t c = 0; c < 3 && mask.bits[i] == 0; ++c)
                    blank.pixels[3 * i + c] = 255;
            const Box box = *boundingBox(mask);
            // The published box ends at the last pixel and so leaves it out.
            const Image part = crop(blank, {box.left, box.top, box.right - 1, box.bottom - 1});
            const std::vector<float> planes = toNormalizedPlanes(
                resize(part, 24, 24, ResizeFilter::Bicubic), clipNormalization());
            expected.insert(
                {reinterpret_cast<const char *>(planes.data()), planes.size() * sizeof(float)});
        }

        const Batch batch = preparedTask(config, folder)->makeBatch(0);

        std::multiset<std::string> found;
        for (std::int64_t i = 0; i < 38; ++i)
            found.insert(bytesOf(batch.at("pixels")[i]));
        QVERIFY(found == expected);
    }

    void jitterIsDrawnAnewEachEpochAndByTheSeed()
    {
        const QTemporaryDir folder;
        Json config = configFor(modelIn(folder));
        config["batchSize"] = 38;
        const std::unique_ptr<TrainTask> task = preparedTask(config, folder);

        const torch::Tensor first = task->makeBatch(0).at("pixels");
        const torch::Tensor again = task->makeBatch(0).at("pixels");
        const Batch second = task->makeBatch(1);

        QVERIFY(torch::equal(again, first));
        std::set<std::string> before;
        for (std::int64_t i = 0; i < 38; ++i)
            before.insert(bytesOf(first[i]));
        int same = 0;
        for (std::int64_t i = 0; i < 38; ++i)
            same += before.count(bytesOf(second.at("pixels")[i])) > 0 ? 1 : 0;
        QVERIFY(same < 20);
        QVERIFY(torch::equal(torch::cat({task->makePart(0, 0, 2).at("pixels"),
                                         task->makePart(0, 1, 2).at("pixels")}),
                             first));
    }

    void stoppedRunGoesOnAsIfItHadNotStopped()
    {
        const QTemporaryDir folder;
        Json config = configFor(modelIn(folder));
        config["epochs"] = 2;
        const TrainOutcome whole = train(requestFor(config, folder), {}, {});
        CancelSource source;
        const auto stopAtFive = [&source](const Progress &progress) {
            if (progress.stage == "training" && progress.done == 5)
                source.cancel();
        };

        const TrainOutcome part = train(requestFor(config, folder), source.token(), stopAtFive);
        QCOMPARE(part.state, std::string("stopped"));
        TrainRequest rest;
        rest.resumeFolder = part.runFolder;
        rest.engine = requestFor(config, folder).engine;
        const TrainOutcome resumed = train(rest, {}, {});

        QCOMPARE(resumed.state, std::string("done"));
        QCOMPARE(lossesOf(resumed.runFolder), lossesOf(whole.runFolder));
        QCOMPARE(readFile(resumed.runFolder + "/model/model.safetensors"),
                 readFile(whole.runFolder + "/model/model.safetensors"));
    }

    void measuredLossIsTheMeanOverTokens()
    {
        const QTemporaryDir folder;
        const std::string data = folder.path().toStdString() + "/ATR";
        fs::copy(kAtr, data, fs::copy_options::recursive);
        fs::copy_file(data + "/atr_item_descriptions_train.json",
                      data + "/atr_item_descriptions_dev.json",
                      fs::copy_options::overwrite_existing);
        Json config = configFor(modelIn(folder));
        config["data"] = data;
        config["batchSize"] = 38;
        config["jitter"] = 0;
        const std::unique_ptr<TrainTask> task = preparedTask(config, folder);
        const torch::NoGradGuard noGrad;

        const Evaluation evaluation = task->evaluate(torch::kCPU, torch::kFloat, {});

        const double loss =
            task->lossOf(task->makeBatch(0), torch::kCPU, torch::kFloat).loss.item<double>();
        QVERIFY(std::abs(evaluation.numbers.at("token_loss").get<double>() - loss) < 1e-4);
        QVERIFY(std::abs(evaluation.value - std::exp(-loss)) < 1e-4);
        QCOMPARE(evaluation.numbers.at("phrases").get<double>(), 38.0);
        QVERIFY(evaluation.numbers.at("phrases_with_colour").get<double>() > 20.0);
    }

    void t5AnswersWithItsDecoder()
    {
        SAPSAM_NEEDS_SHARED("tokenizers/t5_tokenizer.json");
        const QTemporaryDir folder;
        nn::Blip2Config small = smallConfig();
        small.language = nn::Blip2Language::T5;
        small.t5.width = 32;
        small.t5.headDim = 16;
        small.t5.heads = 2;
        small.t5.ffnDim = 64;
        small.t5.encoderLayers = 1;
        small.t5.decoderLayers = 1;
        const std::string initial = folder.path().toStdString() + "/t5";
        writeModel(small, initial);
        fs::copy_file(test::sharedPath("tokenizers/t5_tokenizer.json"),
                      initial + "/tokenizer.json");
        const std::unique_ptr<TrainTask> task = preparedTask(configFor(initial), folder);
        MasterOptimizer optimizer(task->module(), task->settings(), task->parameterRule());
        const Batch batch = task->makeBatch(0);

        const StepResult first = task->lossOf(batch, torch::kCPU, torch::kFloat);
        first.loss.backward();
        optimizer.step(1e-3);
        const double second = task->lossOf(batch, torch::kCPU, torch::kFloat).loss.item<double>();

        QVERIFY(second < first.loss.item<double>());
        // What the decoder reads is the phrase, one place later.
        const torch::Tensor answer = batch.at("answer");
        const torch::Tensor labels = batch.at("labels");
        QVERIFY(torch::equal(answer.select(1, 0), torch::zeros({10}, torch::kLong)));
        for (std::int64_t i = 0; i < 10; ++i)
            QCOMPARE(answer[i][1].item<std::int64_t>(), labels[i][0].item<std::int64_t>());
        QCOMPARE(task->evaluate(torch::kCPU, torch::kFloat, {}).numbers.at("phrases").get<double>(),
                 10.0);
    }

    void coloursAreComparedByTheirCommonNames()
    {
        QCOMPARE(coloursNamed("a Navy jacket with gray sleeves"),
                 (std::vector<std::string>{"blue", "grey"}));
        QCOMPARE(coloursNamed("black and black trousers"), std::vector<std::string>{"black"});
        QCOMPARE(coloursNamed("a blackbird"), coloursNamed("nothing"));
    }

    void badInputIsRefused_data()
    {
        QTest::addColumn<std::string>("change");
        QTest::addColumn<int>("kind");
        QTest::addColumn<std::string>("text");
        const auto row = [](const char *name, const char *change, ErrorKind kind,
                            const char *text) {
            QTest::newRow(name) << std::string(change) << static_cast<int>(kind)
                                << std::string(text);
        };
        row("no such folder", R"({"data": "/nowhere"})", ErrorKind::NotFound, "/nowhere");
        row("no weights", R"({"initialModel": ""})", ErrorKind::InvalidInput, "initialModel");
        row("absent weights", R"({"initialModel": "/nowhere"})", ErrorKind::NotFound,
            "initialModel");
        row("weights of another network", R"({"initialModel": "PERSON"})", ErrorKind::Mismatch,
            "no BLIP-2");
        row("too large a batch", R"({"batchSize": 39})", ErrorKind::InvalidInput, "38");
        row("mistyped key", R"({"jiter": 3})", ErrorKind::InvalidInput, "jitter");
        row("no room for the phrase", R"({"maxTokens": 90})", ErrorKind::InvalidInput, "positions");
        row("absent prompts", R"({"prompts": "/nowhere.json"})", ErrorKind::NotFound,
            "/nowhere.json");
    }

    void badInputIsRefused()
    {
        QFETCH(std::string, change);
        QFETCH(int, kind);
        QFETCH(std::string, text);
        const QTemporaryDir folder;
        Json config = configFor(modelIn(folder));
        config.update(Json::parse(change));
        if (config["initialModel"] == "PERSON")
            config["initialModel"] = std::string(SAPSAM_SOURCE_DIR) + "/models/sapsam-person-small";

        VERIFY_ERROR(preparedTask(config, folder), static_cast<ErrorKind>(kind), text);
    }
};

QTEST_GUILESS_MAIN(TestPhrasesData)

#include "tst_phrases_data.moc"
