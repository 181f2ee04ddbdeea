#include "core/base/error.h"
#include "core/base/file.h"
#include "core/dataset/open_dataset.h"
#include "core/engine/segmenter.h"
#include "core/engine/trainer.h"
#include "core/image/codec.h"
#include "core/image/mask.h"
#include "core/image/preprocess.h"
#include "core/image/resize.h"
#include "core/networks/person_sam.h"
#include "core/train/parsing_sets.h"
#include "core/train/task_person_sam_data.h"
#include "core/train/tasks.h"
#include "core/train/tokenizers.h"
#include "core/weights/tensor_names.h"
#include "tests/support/error_of.h"
#include "tests/support/golden_folder.h"

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

nn::PersonSamConfig smallConfig()
{
    nn::PersonSamConfig config;
    config.sam.imageSize = 32;
    config.sam.patchSize = 4;
    config.sam.width = 32;
    config.sam.layers = 2;
    config.sam.heads = 2;
    config.sam.mlpDim = 64;
    config.sam.windowSize = 4;
    config.sam.globalLayers = {1};
    config.sam.promptDim = 32;
    config.sam.maskInputChannels = 4;
    config.sam.decoderHeads = 8;
    config.sam.decoderMlpDim = 64;
    config.sam.iouHeadHidden = 32;
    config.text.vocabSize = 400;
    config.text.hiddenSize = 32;
    config.text.layers = 1;
    config.text.heads = 2;
    config.text.intermediateSize = 64;
    config.text.maxPositions = 16;
    config.maxPhraseTokens = 16;
    return config;
}

void writeVocabulary(const std::string &folder)
{
    static std::string learned; // once for all tests
    if (!learned.empty()) {
        writeFileAtomically(folder + "/vocab.txt", learned);
        return;
    }
    std::vector<std::string> lines;
    for (const auto &[split, phrases] : readAtr(kAtr).phrases)
        for (const AtrPhrase &phrase : phrases)
            lines.push_back(phrase.text);
    for (const PartGroup &group : defaultTaxonomy().groups)
        lines.push_back(group.phrase + " " + group.name);
    trainTextFiles(TextKind::WordPiece, lines, 300, folder);
    learned = readFile(folder + "/vocab.txt");
}

// A folder with a small Person-SAM of random weights, as a run exports it.
std::string modelIn(const QTemporaryDir &folder, const std::string &name = "initial")
{
    const std::string path = folder.path().toStdString() + "/" + name;
    makeFolder(path);
    nn::PersonSam model(smallConfig());
    nn::initializeWeights(*model, 3);
    saveModule(*model, path + "/model.safetensors", personSamNames());
    writeJsonFile(path + "/config.json", model->config.toJson());
    writeJsonFile(path + "/preprocessor_config.json", Json{{"size", {{"longest_edge", 32}}}});
    writeVocabulary(path);
    return path;
}

Json configFor(const std::string &model)
{
    return {{"data", kAtr},        {"initialModel", model}, {"name", "small"},
            {"batchSize", 6},      {"learningRate", 2e-3},  {"logEvery", 1},
            {"precision", "fp32"}, {"loaderThreads", 1}};
}

TrainRequest requestFor(const Json &config, const QTemporaryDir &folder)
{
    TrainRequest request;
    request.task = "person-sam";
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

std::string quoted(const std::string &word)
{
    return "\"" + word + "\"";
}

double meanOf(const std::vector<double> &values, std::size_t begin, std::size_t end)
{
    return std::accumulate(values.begin() + static_cast<std::ptrdiff_t>(begin),
                           values.begin() + static_cast<std::ptrdiff_t>(end), 0.0)
           / static_cast<double>(end - begin);
}

// The task, prepared.
std::unique_ptr<TrainTask> preparedTask(const Json &config, const QTemporaryDir &folder)
{
    std::unique_ptr<TrainTask> task = makeTask("person-sam", config, inputs());
    const std::string model = folder.path().toStdString() + "/prepared";
    makeFolder(model);
    task->prepare(5, model, {}, {});
    return task;
}

StepResult lossOn(TrainTask &task, std::int64_t index = 0)
{
    return task.lossOf(task.makeBatch(index), torch::kCPU, torch::kFloat);
}

std::map<std::string, torch::Tensor> valuesOf(torch::nn::Module &module)
{
    std::map<std::string, torch::Tensor> values;
    for (const auto &item : module.named_parameters())
        values[item.key()] = item.value().detach().clone();
    return values;
}

// A copy of the miniature without its phrase lists.
std::string withoutLists(const QTemporaryDir &folder)
{
    const std::string path = folder.path().toStdString() + "/ATR";
    fs::copy(kAtr, path, fs::copy_options::recursive);
    for (const char *split : {"train", "dev", "test"})
        fs::remove(path + "/atr_item_descriptions_" + split + ".json");
    return path;
}

} // namespace

class TestPersonSamData : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void shortRunLowersTheLossAndKeepsFrozenTensors()
    {
        const QTemporaryDir folder;
        const std::string initial = modelIn(folder);
        Json config = configFor(initial);
        config["epochs"] = 4;
        config["evaluateTest"] = true;

        const TrainOutcome outcome = train(requestFor(config, folder), {}, {});

        QCOMPARE(outcome.state, std::string("done"));
        const std::vector<double> losses = lossesOf(outcome.runFolder);
        QCOMPARE(losses.size(), std::size_t(4 * 7)); // 38 phrases by sixes
        const double before = meanOf(losses, 0, 7);
        const double after = meanOf(losses, 21, 28);
        QVERIFY2(after < 0.85 * before,
                 (std::to_string(before) + " → " + std::to_string(after)).c_str());
        QCOMPARE(outcome.best.at("metric").get<std::string>(), std::string("dev-mIoU"));

        const SafetensorsFile first(initial + "/model.safetensors");
        const SafetensorsFile last(outcome.runFolder + "/checkpoints/last.safetensors");
        int frozen = 0;
        int moved = 0;
        for (const std::string &name : last.names()) {
            const bool isFrozen = name.rfind("vision_encoder.", 0) == 0
                                  || name.rfind("text_prompt_encoder.", 0) == 0
                                  || name.rfind("shared_image_embedding.", 0) == 0;
            const bool isEqual = torch::equal(last.read(name), first.read(name));
            if (isFrozen)
                QVERIFY2(isEqual, name.c_str());
            frozen += isFrozen ? 1 : 0;
            moved += isEqual ? 0 : 1;
        }
        QVERIFY(frozen > 20);
        QVERIFY(moved > 40);

        const Json record = readJsonFile(outcome.runFolder + "/model/training.json");
        QCOMPARE(record.at("train").at("phrases").get<int>(), 38);
        QCOMPARE(record.at("dev").at("phrases").get<int>(), 10);
        QCOMPARE(record.at("frame").get<std::string>(), std::string("published"));
        QCOMPARE(record.at("steps_per_gradient").get<int>(), 1);
        const std::string metrics = readFile(outcome.runFolder + "/metrics.jsonl");
        QVERIFY(metrics.find("\"split\":\"test\"") != std::string::npos);
        EngineOptions options;
        options.device = "cpu";
        Segmenter segmenter(outcome.runFolder + "/model", options);
        const auto masks = segmenter.segment({Image(40, 60)}, {{"pants", "the pants"}});
        QCOMPARE(masks.at(0).at(0).mask.height, 60);
    }

    void everySettingTakesAStep_data()
    {
        QTest::addColumn<std::string>("key");
        QTest::addColumn<std::string>("value"); // JSON
        for (const char *design :
             {"shipped", "cls-sparse", "tokens-sparse", "cls-dot", "tokens-dot", "mca-dense"})
            QTest::newRow(design) << std::string("promptDesign") << quoted(design);
        for (const char *frame : {"published", "aspect", "squash"})
            QTest::newRow(frame) << std::string("frame") << quoted(frame);
        for (const char *freeze : {"none", "encoders"})
            QTest::newRow(freeze) << std::string("freeze") << quoted(freeze);
        for (const char *fresh : {"prompts", "prompts+decoder"})
            QTest::newRow(fresh) << std::string("fresh") << quoted(fresh);
        QTest::newRow("dice alone") << std::string("loss") << std::string("\"dice\"");
        QTest::newRow("score") << std::string("scoreWeight") << std::string("0.2");
        QTest::newRow("double step") << std::string("doubleStep") << std::string("true");
        QTest::newRow("merged masks") << std::string("maskFollowsMerge") << std::string("true");
        QTest::newRow("group phrases") << std::string("phrases") << std::string("\"groups\"");
        QTest::newRow("class names") << std::string("phrases") << std::string("\"classes\"");
        QTest::newRow("any class triggers") << std::string("trigger") << std::string("\"any\"");
        QTest::newRow("another size") << std::string("imageSize") << std::string("48");
        QTest::newRow("short phrases") << std::string("phraseLength") << std::string("6");
    }

    void everySettingTakesAStep()
    {
        QFETCH(std::string, key);
        QFETCH(std::string, value);
        const QTemporaryDir folder;
        Json config = configFor(modelIn(folder));
        config[key] = Json::parse(value);
        const std::unique_ptr<TrainTask> task = preparedTask(config, folder);
        QCOMPARE(Json(task->settingsJson()).at(key), config.at(key));
        MasterOptimizer optimizer(task->module(), task->settings(), task->parameterRule());
        const auto before = valuesOf(task->module());

        const StepResult first = lossOn(*task);
        first.loss.backward();
        optimizer.step(1e-3);
        const double second = lossOn(*task).loss.item<double>();

        QVERIFY(std::isfinite(second));
        QVERIFY(second != first.loss.item<double>());
        const auto after = valuesOf(task->module());
        const bool visionMoves = config.value("freeze", "") == "none";
        bool hasMoved = false;
        for (const auto &[name, values] : before)
            if (name.rfind("vision_encoder.", 0) == 0)
                hasMoved = hasMoved || !torch::equal(values, after.at(name));
        QCOMPARE(hasMoved, visionMoves);
        const Evaluation evaluation = task->evaluate(torch::kCPU, torch::kFloat, {});
        QVERIFY(evaluation.value >= 0.0 && evaluation.value <= 1.0);
        QVERIFY(evaluation.numbers.at("samples").get<double>() >= 10.0);
    }

    void samAndBertOfTheirOwnFilesMakeTheModel()
    {
        const QTemporaryDir folder;
        const std::string sam = folder.path().toStdString() + "/sam";
        const std::string bert = folder.path().toStdString() + "/bert";
        makeFolder(sam);
        makeFolder(bert);
        const nn::PersonSamConfig small = smallConfig();
        nn::Sam samModel(small.sam);
        nn::initializeWeights(*samModel, 8);
        saveModule(*samModel, sam + "/model.safetensors", samNames());
        writeJsonFile(sam + "/config.json", samModel->config.toJson());
        nn::BertModel bertModel(small.text);
        saveModule(*bertModel, bert + "/model.safetensors", bertModelNames());
        writeJsonFile(bert + "/config.json", small.text.toJson());
        writeVocabulary(bert);
        Json config = configFor("");
        config.erase("initialModel");
        config["initialSam"] = sam;
        config["initialBert"] = bert;

        const std::unique_ptr<TrainTask> task = preparedTask(config, folder);

        const auto values = valuesOf(task->module());
        for (const auto &item : samModel->vision_encoder->named_parameters())
            QVERIFY2(torch::equal(values.at("vision_encoder." + item.key()), item.value()),
                     item.key().c_str());
        for (const auto &item : samModel->mask_decoder->named_parameters())
            QVERIFY2(torch::equal(values.at("mask_decoder." + item.key()), item.value()),
                     item.key().c_str());
        for (const auto &item : bertModel->named_parameters())
            QVERIFY2(torch::equal(values.at("text_prompt_encoder." + item.key()), item.value()),
                     item.key().c_str());
        QVERIFY(torch::equal(
            task->module().named_buffers()["shared_image_embedding.positional_embedding"],
            samModel->shared_image_embedding->positional_embedding));
        QVERIFY(std::isfinite(lossOn(*task).loss.item<double>()));
    }

    // The container and the names of the published checkpoint; no config.json beside it.
    void fileOfMetaIsTakenAsItIs()
    {
        const QTemporaryDir folder;
        Json config = configFor(modelIn(folder)); // gives the vocabulary
        const std::string bert = config["initialModel"].get<std::string>();
        fs::remove(bert + "/model.safetensors");
        nn::BertModel bertModel(smallConfig().text);
        saveModule(*bertModel, bert + "/model.safetensors", bertModelNames());
        writeJsonFile(bert + "/config.json", smallConfig().text.toJson());
        config.erase("initialModel");
        config["initialSam"] = test::shippedPath("sam_tiny/weights_meta.pth");
        config["initialBert"] = bert;

        const std::unique_ptr<TrainTask> task = preparedTask(config, folder);

        const SafetensorsFile same(test::shippedPath("sam_tiny/weights.safetensors"));
        int compared = 0;
        for (const auto &[name, values] : valuesOf(task->module()))
            if (name.rfind("vision_encoder.", 0) == 0 || name.rfind("mask_decoder.", 0) == 0) {
                QVERIFY2(torch::equal(values, same.read(name)), name.c_str());
                ++compared;
            }
        QVERIFY(compared > 100);
        QCOMPARE(task->makeBatch(0).at("pixels").size(2), std::int64_t(256));
        QVERIFY(std::isfinite(lossOn(*task).loss.item<double>()));
    }

    void freshPromptsLeaveTheRestAsItWas()
    {
        const QTemporaryDir folder;
        Json config = configFor(modelIn(folder));
        const auto loaded = valuesOf(preparedTask(config, folder)->module());
        config["fresh"] = "prompts";

        const auto fresh = valuesOf(preparedTask(config, folder)->module());

        for (const auto &[name, values] : loaded) {
            const bool isPrompt = name.rfind("text_proj.weight", 0) == 0
                                  || name.rfind("transform_linear.weight", 0) == 0
                                  || name == "fixed_query";
            if (isPrompt)
                QVERIFY2(!torch::equal(values, fresh.at(name)), name.c_str());
            if (name.rfind("mask_decoder.", 0) == 0 || name.rfind("vision_encoder.", 0) == 0)
                QVERIFY2(torch::equal(values, fresh.at(name)), name.c_str());
        }
    }

    // The target of every sample, made here from the files alone.
    void targetsAreTheSquashedMapsOfThePublishedClasses_data()
    {
        QTest::addColumn<bool>("merged");
        QTest::newRow("published") << false;
        QTest::newRow("following the merges") << true;
    }

    void targetsAreTheSquashedMapsOfThePublishedClasses()
    {
        QFETCH(bool, merged);
        const QTemporaryDir folder;
        Json config = configFor(modelIn(folder));
        config["batchSize"] = 38;
        config["maskFollowsMerge"] = merged;
        const std::map<int, std::vector<int>> published = {{1, {1}}, {2, {2}},     {3, {3}},
                                                           {4, {4}}, {5, {5}},     {6, {6}},
                                                           {7, {7}}, {9, {9, 10}}, {16, {16}}};
        const std::map<int, std::vector<int>> groups = {
            {1, {1}}, {2, {2, 11}}, {3, {3, 11}},         {4, {4}},  {5, {5}},
            {6, {6}}, {7, {7}},     {9, {9, 10, 12, 13}}, {16, {16}}};
        std::multiset<std::string> expected;
        const AtrDataset atr = readAtr(kAtr);
        for (const AtrPhrase &phrase : atr.phrases.at("train")) {
            const std::string stem = phrase.image.substr(0, phrase.image.rfind('.'));
            const LabelMap small = resize(readLabels(atr.maskPath(stem)), 32, 32);
            const Mask mask =
                maskOfClasses(small, merged ? groups.at(phrase.idx) : published.at(phrase.idx));
            expected.insert(std::string(mask.bits.begin(), mask.bits.end()));
        }

        const Batch batch = preparedTask(config, folder)->makeBatch(0);

        std::multiset<std::string> found;
        const torch::Tensor targets = batch.at("target").to(torch::kByte).contiguous();
        for (std::int64_t i = 0; i < targets.size(0); ++i) {
            const auto *bits = targets[i].data_ptr<std::uint8_t>();
            found.insert(std::string(bits, bits + 32 * 32));
        }
        QVERIFY(found == expected);
        // Eight pictures are behind the 38 phrases, each is there once.
        QCOMPARE(batch.at("pixels").size(0), std::int64_t(8));
    }

    void aspectFramePadsTheMaskAsThePicture()
    {
        const QTemporaryDir folder;
        Json config = configFor(modelIn(folder));
        config["batchSize"] = 38;
        config["frame"] = "aspect";

        const std::unique_ptr<TrainTask> task = preparedTask(config, folder);
        const Batch batch = task->makeBatch(0);

        // Pictures of 32 x 80 and 40 x 60 fill 13 and 21 of the 32 columns.
        const torch::Tensor columns = batch.at("target").amax({0, 1, 2}); // over all samples
        QCOMPARE(columns.sum().item<double>() > 0.0, true);
        const torch::Tensor pictures = batch.at("picture");
        for (std::int64_t i = 0; i < pictures.size(0); ++i) {
            const torch::Tensor pixels = batch.at("pixels")[pictures[i].item<std::int64_t>()];
            const torch::Tensor isPadding = pixels.abs().amax({0, 1}).eq(0.0); // of each column
            const torch::Tensor claimed = batch.at("target")[i][0].amax(0);
            QCOMPARE((claimed * isPadding).sum().item<double>(), 0.0);
        }
        const std::string model = folder.path().toStdString() + "/prepared";
        task->writeModelFiles(model);
        QCOMPARE(
            readJsonFile(model + "/preprocessor_config.json").at("mask_frame").get<std::string>(),
            std::string("aspect"));
    }

    // What the program makes of a mask is what training compared it with.
    void segmenterCutsThePaddingOfAnAspectModel()
    {
        const QTemporaryDir folder;
        const std::string path = modelIn(folder);
        writeJsonFile(path + "/preprocessor_config.json",
                      Json{{"size", {{"longest_edge", 32}}}, {"mask_frame", "aspect"}});
        const Image picture = readImage(kAtr + "/JPEGImages/2500_7.jpg"); // 32 x 80
        nn::PersonSam network(smallConfig());
        nn::loadPersonSam(network, SafetensorsFile(path + "/model.safetensors"));
        network->eval();
        const torch::NoGradGuard noGrad;
        SamInput input = samInput(picture, 32);
        const torch::Tensor pixels = torch::from_blob(input.planes.data(), {1, 3, 32, 32}).clone();
        std::vector<std::int64_t> ids =
            loadText(TextKind::WordPiece, path)->encode("the pants", 16);
        const auto used = static_cast<std::int64_t>(ids.size());
        ids.resize(16, 0);
        torch::Tensor mask = torch::zeros({1, 16}, torch::kLong);
        mask.slice(1, 0, used).fill_(1);
        const torch::Tensor logits =
            network(pixels, torch::tensor(ids).unsqueeze(0), mask).maskLogits[0][0].contiguous();
        // 13 of 32 columns show the picture.
        std::vector<float> content;
        for (int y = 0; y < 32; ++y)
            for (int x = 0; x < 13; ++x)
                content.push_back(logits[y][x].item<float>());
        const Mask expected = maskOfLogits(resizePlane(content, 13, 32, 32, 80), 32, 80);

        EngineOptions options;
        options.device = "cpu";
        const Mask found = Segmenter(path, options)
                               .segment({picture}, {{"pants", "the pants"}})
                               .front()
                               .front()
                               .mask;

        QVERIFY(expected.area() > 0 && expected.area() < expected.bits.size());
        std::size_t different = 0;
        for (std::size_t i = 0; i < expected.bits.size(); ++i)
            different += expected.bits[i] != found.bits[i] ? 1 : 0;
        QVERIFY2(different <= 2, std::to_string(different).c_str()); // logits next to 0
    }

    void measuredOverlapIsTheMeanOfTheSamples()
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
        const std::unique_ptr<TrainTask> task = preparedTask(config, folder);

        const Evaluation evaluation = task->evaluate(torch::kCPU, torch::kFloat, {});

        QVERIFY(std::abs(evaluation.value - lossOn(*task).details.at("iou")) < 1e-6);
        double sum = 0.0;
        for (const auto &[name, value] : evaluation.numbers.at("per_class").items())
            sum += value.get<double>();
        QVERIFY(sum > 0.0);
        const OrderedJson &confusion = evaluation.numbers.at("confusion");
        QVERIFY(confusion.at("mIoU").get<double>()
                <= confusion.at("mIoU_of_present").get<double>());
        QVERIFY(confusion.at("pixel_accuracy").get<double>() > 0.0);
    }

    void rateWarmsUpOverOneEpochAndStays()
    {
        const QTemporaryDir folder;
        const std::unique_ptr<TrainTask> task = preparedTask(configFor(modelIn(folder)), folder);

        QCOMPARE(task->stepsPerEpoch(), std::int64_t(7));
        QCOMPARE(task->steps(), std::int64_t(140)); // 20 epochs
        QCOMPARE(task->rateAt(0), 2e-4);
        QVERIFY(task->rateAt(3) > task->rateAt(2) && task->rateAt(6) < 2e-3);
        QCOMPARE(task->rateAt(7), 2e-3);
        QCOMPARE(task->rateAt(139), 2e-3);
    }

    void onlyNamesWithBiasDoNotDecay()
    {
        const QTemporaryDir folder;
        const std::unique_ptr<TrainTask> task = preparedTask(configFor(modelIn(folder)), folder);
        const ParameterRule rule = task->parameterRule();

        for (const auto &item : task->module().named_parameters()) {
            const ParameterRate rate = rule(item.key(), item.value());
            QCOMPARE(rate.decays, item.key().find("bias") == std::string::npos);
            QCOMPARE(rate.factor, 1.0);
        }
        const auto &settings = task->settings();
        QCOMPARE(settings.weightDecay, 0.01);
        QCOMPARE(settings.beta2, 0.999);
        QCOMPARE(settings.gradientClip, 0.0);
    }

    void doubleStepMovesTwiceAsFar()
    {
        const QTemporaryDir folder;
        Json config = configFor(modelIn(folder));
        config["weightDecay"] = 0.0;
        const auto moved = [&](bool twice) {
            config["doubleStep"] = twice;
            const std::unique_ptr<TrainTask> task = preparedTask(config, folder);
            MasterOptimizer optimizer(task->module(), task->settings(), task->parameterRule());
            const torch::Tensor before = valuesOf(task->module()).at("text_proj.weight");
            lossOn(*task).loss.backward();
            optimizer.step(1e-3);
            return (valuesOf(task->module()).at("text_proj.weight") - before)
                .abs()
                .max()
                .item<double>();
        };

        // Adam's first steps with equal gradients are a rate long each.
        QVERIFY(std::abs(moved(false) - 1e-3) < 2e-5);
        QVERIFY(std::abs(moved(true) - 2e-3) < 4e-5);
    }

    void withoutListsTheStoredDivisionCounts()
    {
        const QTemporaryDir folder;
        ParsingOptions options;
        options.data = withoutLists(folder);

        const ParsingSets drawn = readParsingSets(options, inputs());
        options.splitSeed = 99; // what is stored stays
        const ParsingSets again = readParsingSets(options, inputs());

        QVERIFY(fs::exists(options.data + "/atr_split.json"));
        QCOMPARE(again.hash, drawn.hash);
        const auto picturesOf = [&](const char *split) {
            std::set<std::size_t> pictures;
            for (const ParsingSample &sample : drawn.samples.at(split))
                pictures.insert(sample.picture);
            return pictures.size();
        };
        QCOMPARE(picturesOf("train"), std::size_t(10));
        QCOMPARE(picturesOf("dev"), std::size_t(1));
        QCOMPARE(picturesOf("test"), std::size_t(1));
        for (const ParsingSample &sample : drawn.samples.at("train")) {
            // A group is there when its first class is.
            const Mask mask =
                maskOfClasses(labelsOf(drawn.pictures[sample.picture], inputs()), {sample.idx});
            QVERIFY(mask.area() > 0);
            QCOMPARE(sample.text, drawn.taxonomy.groups[sample.group].phrase);
        }
    }

    void triggerRuleChoosesAmongListedPhrases()
    {
        ParsingOptions options;
        options.data = kAtr;
        const ParsingSets listed = readParsingSets(options, inputs());
        options.trigger = "all";

        const ParsingSets chosen = readParsingSets(options, inputs());

        std::size_t expected = 0;
        for (const ParsingSample &sample : listed.samples.at("train")) {
            const LabelMap labels = labelsOf(listed.pictures[sample.picture], inputs());
            bool hasAll = true;
            for (const int id : listed.taxonomy.groups[sample.group].classes)
                hasAll = hasAll && maskOfClasses(labels, {id}).area() > 0;
            expected += hasAll ? 1 : 0;
        }
        QCOMPARE(chosen.samples.at("train").size(), expected);
        QVERIFY(expected < listed.samples.at("train").size());
        QVERIFY(chosen.hash != listed.hash);
    }

    void missingTrainListTakesThePicturesThatNoListNames()
    {
        const QTemporaryDir folder;
        ParsingOptions options;
        options.data = folder.path().toStdString() + "/ATR";
        fs::copy(kAtr, options.data, fs::copy_options::recursive);
        fs::remove(options.data + "/atr_item_descriptions_train.json");

        const ParsingSets sets = readParsingSets(options, inputs());

        std::set<std::string> held;
        for (const char *split : {"dev", "test"})
            for (const ParsingSample &sample : sets.samples.at(split))
                held.insert(sets.pictures[sample.picture].name);
        QCOMPARE(held.size(), std::size_t(4));
        std::set<std::string> trained;
        for (const ParsingSample &sample : sets.samples.at("train"))
            trained.insert(sets.pictures[sample.picture].name);
        QCOMPARE(trained.size(), std::size_t(8));
        for (const std::string &name : trained)
            QVERIFY2(held.count(name) == 0, name.c_str());
    }

    void lipIsTrainedInTheClassesOfAtr()
    {
        const QTemporaryDir folder;
        const std::string lip = folder.path().toStdString() + "/LIP";
        std::vector<LipPicture> pictures;
        for (const char *split : {"train", "val"})
            for (int i = 0; i < 3; ++i) {
                const std::string name = std::string(split) + std::to_string(i);
                makeFolder(lip + "/" + split + "_images");
                makeFolder(lip + "/" + split + "_segmentations");
                LabelMap labels(20, 40, 5); // upper clothes
                for (int y = 20; y < 40; ++y)
                    for (int x = 0; x < 20; ++x)
                        labels.at(x, y) = y < 36 ? 9 : 18; // pants, left shoe
                writeFileAtomically(lip + "/" + split + "_images/" + name + ".jpg",
                                    encodeJpeg(Image(20, 40, 3, 90)));
                writeFileAtomically(lip + "/" + split + "_segmentations/" + name + ".png",
                                    encodeLabels(labels));
                pictures.push_back(
                    {name, std::string(split) == "train" ? Split::Train : Split::Val});
            }
        writeLipLists(pictures, lip);
        Json config = configFor(modelIn(folder));
        config["data"] = lip;
        config["batchSize"] = 9;

        const std::unique_ptr<TrainTask> task = preparedTask(config, folder);

        QCOMPARE(task->sampleCount(), std::int64_t(9)); // clothes, pants and shoes of each
        // Half the picture is clothes, two fifths are pants and a tenth is a shoe.
        const torch::Tensor areas = batchAreas(task->makeBatch(0));
        QVERIFY(std::abs(areas[8].item<double>() - 0.5) < 0.02);
        QVERIFY(std::abs(areas[4].item<double>() - 0.4) < 0.04);
        QVERIFY(std::abs(areas[0].item<double>() - 0.1) < 0.04);
    }

    void drawnPeopleNeedNoFiles()
    {
        const QTemporaryDir folder;
        Json config = configFor(modelIn(folder));
        config["data"] = "synthetic";
        config["syntheticIdentities"] = 20;
        config["renderHeight"] = 64;
        config["renderWidth"] = 32;
        std::unique_ptr<TrainTask> task = makeTask("person-sam", config, {});
        const std::string model = folder.path().toStdString() + "/prepared";
        makeFolder(model);

        task->prepare(5, model, {}, {});

        const Json record = readJsonFile(model + "/training.json");
        QCOMPARE(record.at("train").at("pictures").get<int>(), 32);
        QCOMPARE(record.at("dev").at("pictures").get<int>(), 4);
        QCOMPARE(record.at("test").at("pictures").get<int>(), 4);
        QVERIFY(task->sampleCount() > 3 * 32);
        const Batch batch = task->makeBatch(0);
        QVERIFY(batch.at("target").flatten(1).sum(1).min().item<double>() >= 0.0);
        QVERIFY(batch.at("target").mean().item<double>() > 0.01);
        QVERIFY(task->evaluate(torch::kCPU, torch::kFloat, {}).numbers.at("samples").get<double>()
                > 10.0);
        config["phrases"] = "groups";
        task = makeTask("person-sam", config, {});
        task->prepare(5, model, {}, {});
        QVERIFY(task->sampleCount() > 3 * 32);
    }

    void stoppedRunGoesOnAsIfItHadNotStopped()
    {
        const QTemporaryDir folder;
        Json config = configFor(modelIn(folder));
        config["epochs"] = 2;
        const TrainOutcome whole = train(requestFor(config, folder), {}, {});
        CancelSource source;
        const auto stopAtNine = [&source](const Progress &progress) {
            if (progress.stage == "training" && progress.done == 9)
                source.cancel();
        };

        const TrainOutcome part = train(requestFor(config, folder), source.token(), stopAtNine);
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

    void cancelWhileReadingStopsTheRun()
    {
        const QTemporaryDir folder;
        Json config = configFor(modelIn(folder));
        config["phrases"] = "groups";
        config["epochs"] = 1;
        CancelSource source;
        const auto stopEarly = [&source](const Progress &progress) {
            if (progress.stage.rfind("looking", 0) == 0 && progress.done == 3)
                source.cancel();
        };

        const TrainOutcome part = train(requestFor(config, folder), source.token(), stopEarly);

        QCOMPARE(part.state, std::string("stopped"));
        TrainRequest rest;
        rest.resumeFolder = part.runFolder;
        rest.engine = requestFor(config, folder).engine;
        QCOMPARE(train(rest, {}, {}).state, std::string("done"));
    }

    void knownEmbeddingsChangeNothing()
    {
        const QTemporaryDir folder;
        Json config = configFor(modelIn(folder));
        config["batchSize"] = 19;
        std::vector<double> losses;
        std::vector<std::int64_t> pixels;
        for (const int room : {0, 1024}) {
            config["embeddingCacheMb"] = room;
            const std::unique_ptr<TrainTask> task = preparedTask(config, folder);
            for (std::int64_t i = 0; i < 2; ++i) // all pictures are seen
                lossOn(*task, i);
            task->evaluate(torch::kCPU, torch::kFloat, {});
            losses.push_back(lossOn(*task, 2).loss.item<double>());
            pixels.push_back(task->makeBatch(2).at("pixels").size(0));
        }

        QVERIFY(std::abs(losses[0] - losses[1]) < 1e-5);
        QVERIFY(pixels[0] > 3);
        QCOMPARE(pixels[1], std::int64_t(0)); // nothing is decoded twice
    }

    void partsOfABatchAreTheBatch()
    {
        const QTemporaryDir folder;
        const std::unique_ptr<TrainTask> task = preparedTask(configFor(modelIn(folder)), folder);

        const Batch whole = task->makeBatch(1);
        const Batch first = task->makePart(1, 0, 2);
        const Batch second = task->makePart(1, 1, 2);

        QVERIFY(torch::equal(torch::cat({first.at("target"), second.at("target")}),
                             whole.at("target")));
        QVERIFY(torch::equal(torch::cat({first.at("ids"), second.at("ids")}), whole.at("ids")));
        const Batch some = task->firstSamples(whole, 2);
        QCOMPARE(some.at("target").size(0), std::int64_t(2));
        QVERIFY(std::isfinite(task->lossOf(some, torch::kCPU, torch::kFloat).loss.item<double>()));
    }

    void badInputIsRefused_data()
    {
        QTest::addColumn<std::string>("change"); // merged into the configuration
        QTest::addColumn<int>("kind");
        QTest::addColumn<std::string>("text");
        const auto row = [](const char *name, const char *change, ErrorKind kind,
                            const char *text) {
            QTest::newRow(name) << std::string(change) << static_cast<int>(kind)
                                << std::string(text);
        };
        row("no such folder", R"({"data": "/nowhere"})", ErrorKind::NotFound, "/nowhere");
        row("a data set of people", R"({"data": "PEOPLE"})", ErrorKind::InvalidInput, "cuhk-pedes");
        row("no weights", R"({"initialModel": ""})", ErrorKind::InvalidInput, "initialSam");
        row("absent weights", R"({"initialModel": "/nowhere"})", ErrorKind::NotFound,
            "initialModel");
        row("weights of another network", R"({"initialModel": "BERT"})", ErrorKind::Mismatch,
            "no Person-SAM");
        row("weights that do not tell their heads", R"({"initialModel": "BEST"})",
            ErrorKind::Unsupported, "attention heads");
        row("too large a batch", R"({"batchSize": 39})", ErrorKind::InvalidInput, "38");
        row("mistyped key", R"({"maskFolowsMerge": true})", ErrorKind::InvalidInput,
            "maskFollowsMerge");
        row("unknown design", R"({"promptDesign": "best"})", ErrorKind::InvalidInput, "mca-dense");
        row("absent taxonomy", R"({"taxonomy": "/nowhere.json"})", ErrorKind::NotFound,
            "/nowhere.json");
        row("phrases longer than the text encoder", R"({"phraseLength": 40})",
            ErrorKind::InvalidInput, "positions");
        row("nothing to choose by", R"({"data": "NODEV"})", ErrorKind::InvalidInput,
            "'dev' is empty");
        row("test without a test set", R"({"data": "NOTEST", "evaluateTest": true})",
            ErrorKind::InvalidInput, "'test' is empty");
    }

    void badInputIsRefused()
    {
        QFETCH(std::string, change);
        QFETCH(int, kind);
        QFETCH(std::string, text);
        const QTemporaryDir folder;
        Json config = configFor(modelIn(folder));
        config.update(Json::parse(change));
        const std::string root = folder.path().toStdString();
        if (config["data"] == "PEOPLE")
            config["data"] = test::shippedPath("pipeline/datasets/good/CUHK-PEDES");
        if (config["data"] == "NOTEST" || config["data"] == "NODEV") {
            fs::copy(kAtr, root + "/ATR", fs::copy_options::recursive);
            fs::remove(root + "/ATR/atr_item_descriptions_test.json");
            if (config["data"] == "NODEV") // and a tenth of eight pictures is none
                fs::remove(root + "/ATR/atr_item_descriptions_dev.json");
            config["data"] = root + "/ATR";
        }
        if (config["initialModel"] == "BEST")
            config["initialModel"] = test::shippedPath("person_sam_tiny/weights_best.pth");
        if (config["initialModel"] == "BERT") {
            makeFolder(root + "/bert");
            nn::BertModel bert(smallConfig().text);
            saveModule(*bert, root + "/bert/model.safetensors", bertModelNames());
            writeJsonFile(root + "/bert/config.json", smallConfig().text.toJson());
            config["initialModel"] = root + "/bert";
        }

        VERIFY_ERROR(preparedTask(config, folder), static_cast<ErrorKind>(kind), text);
    }

    void mapOfAnotherSizeThanItsPictureIsAMismatch()
    {
        const QTemporaryDir folder;
        Json config = configFor(modelIn(folder));
        const std::string data = folder.path().toStdString() + "/ATR";
        fs::copy(kAtr, data, fs::copy_options::recursive);
        config["data"] = data;
        config["batchSize"] = 38;
        const std::unique_ptr<TrainTask> task = preparedTask(config, folder);
        writeFileAtomically(data + "/SegmentationClassAug/2500_6.png",
                            encodeLabels(LabelMap(7, 9, 4)));

        VERIFY_ERROR(task->makeBatch(0), ErrorKind::Mismatch, "2500_6.png");
    }

    // Their paths are examples; their keys and values must be known.
    void shippedConfigurationsAreUsable()
    {
        const std::string configs = std::string(SAPSAM_SOURCE_DIR) + "/models/configs";
        const auto published =
            makeTask("person-sam", readJsonFile(configs + "/person-sam-atr.json"), inputs());
        const auto table =
            makeTask("person-sam", readJsonFile(configs + "/tables/table-5.json"), inputs());
        const auto phrases =
            makeTask("phrases", readJsonFile(configs + "/phrases-atr.json"), inputs());

        QCOMPARE(published->settings().learningRate, 1e-4);
        QCOMPARE(published->settings().batchSize, 6);
        QCOMPARE(table->settings().batchSize, 16);
        QCOMPARE(phrases->settings().batchSize, 16);
    }

    void settingsSurviveTheirJson()
    {
        PersonSamDataSettings settings;
        settings.data = "/data";
        settings.initialModel = "/model";
        settings.frame = "aspect";
        settings.warmUpEpochs = 0.5;
        PersonSamDataSettings read;
        std::vector<std::string> problems;

        readSettings(Json(toJson(settings)), read, problems);

        QVERIFY(problems.empty());
        QCOMPARE(toJson(read).dump(), toJson(settings).dump());
        QVERIFY(problemsOf(settings).empty());
    }

private:
    // The share of each sample's mask that is set, sorted.
    static torch::Tensor batchAreas(const Batch &batch)
    {
        return std::get<0>(batch.at("target").flatten(1).mean(1).sort());
    }
};

QTEST_GUILESS_MAIN(TestPersonSamData)

#include "tst_person_sam_data.moc"
