#include "core/base/error.h"
#include "core/base/file.h"
#include "core/engine/retriever.h"
#include "core/engine/sam_predictor.h"
#include "core/engine/trainer.h"
#include "core/train/ordered_producer.h"
#include "core/train/settings.h"
#include "core/weights/safetensors.h"
#include "tests/support/tiny_training.h"

#include <QTemporaryDir>
#include <QtTest>

#include <cmath>
#include <filesystem>
#include <sstream>

using namespace sapsam;
using namespace sapsam::test;

namespace {

TrainRequest requestFor(const std::string &task, int steps, const QTemporaryDir &folder)
{
    TrainRequest request;
    request.task = task;
    request.config = tinyTraining(task, steps);
    request.runsFolder = folder.path().toStdString();
    request.seed = 7;
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
    double sum = 0.0;
    for (std::size_t i = begin; i < end; ++i)
        sum += values[i];
    return sum / static_cast<double>(end - begin);
}

ErrorKind kindOf(const TrainRequest &request, std::string &message)
{
    try {
        train(request, {}, {});
    } catch (const Error &error) {
        message = error.what();
        return error.kind();
    }
    message = "nothing was thrown";
    return ErrorKind::Internal;
}

} // namespace

class TestTraining : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aShortRunLowersTheLoss_data()
    {
        QTest::addColumn<QString>("task");
        QTest::addColumn<int>("steps");
        QTest::newRow("retrieval") << "retrieval" << 20;
        QTest::newRow("person-sam") << "person-sam" << 20;
        // Every step asks for other targets: the loss falls later.
        QTest::newRow("sam") << "sam" << 100;
        QTest::newRow("phrases") << "phrases" << 20;
    }

    void aShortRunLowersTheLoss()
    {
        QFETCH(QString, task);
        QFETCH(int, steps);
        const QTemporaryDir folder;

        const TrainOutcome outcome = train(requestFor(task.toStdString(), steps, folder), {}, {});

        QCOMPARE(outcome.state, std::string("done"));
        const std::vector<double> losses = lossesOf(outcome.runFolder);
        const auto count = static_cast<std::size_t>(steps);
        QCOMPARE(losses.size(), count);
        QVERIFY2(meanOf(losses, count - 5, count) < 0.9 * meanOf(losses, 0, 5),
                 (std::to_string(meanOf(losses, 0, 5)) + " → "
                  + std::to_string(meanOf(losses, count - 5, count)))
                     .c_str());
        for (const char *file : {"config.json", "status.json", "environment.json", "log.txt",
                                 "checkpoints/last.safetensors", "model/model.safetensors",
                                 "model/config.json", "model/preprocessor_config.json"})
            QVERIFY2(std::filesystem::exists(outcome.runFolder + "/" + file), file);
        QCOMPARE(readJsonFile(outcome.runFolder + "/status.json").at("state").get<std::string>(),
                 std::string("done"));
        QVERIFY(outcome.best.at("metric").get<std::string>().rfind("val-", 0) == 0);
    }

    void sameSeedGivesTheSameNumbersAndAnotherSeedOthers()
    {
        const QTemporaryDir folder;
        TrainRequest request = requestFor("retrieval", 6, folder);

        const std::vector<double> first = lossesOf(train(request, {}, {}).runFolder);
        const std::vector<double> second = lossesOf(train(request, {}, {}).runFolder);
        request.seed = 8;
        const std::vector<double> other = lossesOf(train(request, {}, {}).runFolder);

        QCOMPARE(second, first);
        QVERIFY(other != first);
    }

    void resumedRunEqualsAnUninterruptedOne()
    {
        const QTemporaryDir folder;
        const TrainRequest request = requestFor("retrieval", 12, folder);
        const TrainOutcome whole = train(request, {}, {});
        CancelSource source;
        const auto stopAtFive = [&source](const Progress &progress) {
            if (progress.stage == "training" && progress.done == 5)
                source.cancel();
        };

        const TrainOutcome part = train(request, source.token(), stopAtFive);
        QCOMPARE(part.state, std::string("stopped"));
        QCOMPARE(readJsonFile(part.runFolder + "/status.json").at("state").get<std::string>(),
                 std::string("stopped"));
        TrainRequest rest;
        rest.resumeFolder = part.runFolder;
        rest.engine = request.engine;
        const TrainOutcome resumed = train(rest, {}, {});

        QCOMPARE(resumed.state, std::string("done"));
        QCOMPARE(resumed.runFolder, part.runFolder);
        QCOMPARE(lossesOf(resumed.runFolder), lossesOf(whole.runFolder));
        QCOMPARE(readFile(resumed.runFolder + "/model/model.safetensors"),
                 readFile(whole.runFolder + "/model/model.safetensors"));
    }

    // Layers that are computed again, and pictures in another memory order, change no more than the
    // last bits; the first change none.
    void settingsOfTheLoopSuitEveryTask_data() { aShortRunLowersTheLoss_data(); }

    void settingsOfTheLoopSuitEveryTask()
    {
        QFETCH(QString, task);
        const QTemporaryDir folder;
        TrainRequest request = requestFor(task.toStdString(), 4, folder);
        request.config.update({{"accumulate", 2}, {"emaDecay", 0.9}, {"evaluateEvery", 2}});
        const TrainOutcome plain = train(request, {}, {});
        request.config["gradientCheckpointing"] = true;
        const TrainOutcome recomputed = train(request, {}, {});
        request.config["channelsLast"] = true;
        const TrainOutcome last = train(request, {}, {});

        QCOMPARE(lossesOf(recomputed.runFolder), lossesOf(plain.runFolder));
        QCOMPARE(readFile(recomputed.runFolder + "/model/model.safetensors"),
                 readFile(plain.runFolder + "/model/model.safetensors"));
        const std::vector<double> expected = lossesOf(plain.runFolder);
        const std::vector<double> found = lossesOf(last.runFolder);
        QCOMPARE(found.size(), std::size_t(4));
        for (std::size_t i = 0; i < found.size(); ++i)
            QVERIFY2(std::abs(found[i] - expected[i]) < 1e-4 * expected[i],
                     (std::to_string(found[i]) + " " + std::to_string(expected[i])).c_str());
    }

    void stopRequestInTheFolderSavesAndStops()
    {
        const QTemporaryDir folder;
        TrainRequest request = requestFor("retrieval", 100000, folder);
        request.config["evaluateEvery"] = 100000;
        request.config["checkpointEvery"] = 100000;
        bool asked = false;
        const auto ask = [&](const Progress &progress) {
            if (asked || progress.stage != "training")
                return;
            asked = true;
            for (const auto &entry : std::filesystem::directory_iterator(request.runsFolder))
                writeFileAtomically(entry.path().string() + "/stop.request", "");
        };

        const TrainOutcome outcome = train(request, {}, ask);

        QCOMPARE(outcome.state, std::string("stopped"));
        QVERIFY(std::filesystem::exists(outcome.runFolder + "/checkpoints/last.resume"));
    }

    void exportedModelLoadsInTheEngine()
    {
        const QTemporaryDir folder;
        const TrainOutcome outcome = train(requestFor("retrieval", 2, folder), {}, {});
        EngineOptions options;
        options.device = "cpu";

        Retriever retriever(outcome.runFolder + "/model", options);

        QCOMPARE(retriever.dimension(), 32);
        QCOMPARE(retriever.embedImages({Image(20, 50), Image(64, 40)}).size(), std::size_t(64));
        QCOMPARE(retriever.embedText("a man in a red jacket").values.size(), std::size_t(32));
    }

    void samStartsFromAPersonSamAndAnswersPointsAndBoxes()
    {
        const QTemporaryDir folder;
        TrainRequest first = requestFor("person-sam", 1, folder);
        const TrainOutcome person = train(first, {}, {});
        TrainRequest request = requestFor("sam", 1, folder);
        request.config["initialModel"] = person.runFolder + "/model";
        request.config["learningRate"] = 1e-12;
        const TrainOutcome outcome = train(request, {}, {});
        EngineOptions options;
        options.device = "cpu";

        SamPredictor predictor(outcome.runFolder + "/model", options);
        predictor.setPicture(Image(20, 50, 3, 90));
        SamQuery query;
        query.points.push_back({10.0F, 25.0F, true});
        const std::vector<SamAnswer> byPoint = predictor.predict(query);
        query.points.clear();
        query.box = {{2.0F, 3.0F, 15.0F, 30.0F}};
        query.alternatives = false;
        const std::vector<SamAnswer> byBox = predictor.predict(query);

        QCOMPARE(byPoint.size(), std::size_t(3));
        QCOMPARE(byPoint.front().mask.width, 20);
        QCOMPARE(byPoint.front().mask.height, 50);
        QCOMPARE(byBox.size(), std::size_t(1));
        // The shared parts were taken over: with hardly any step they are still Person-SAM's.
        const SafetensorsFile from(person.runFolder + "/model/model.safetensors");
        const SafetensorsFile to(outcome.runFolder + "/model/model.safetensors");
        int shared = 0;
        for (const std::string &name : from.names()) {
            if (name.rfind("vision_encoder.", 0) != 0)
                continue;
            QVERIFY2(torch::allclose(from.read(name).to(torch::kFloat),
                                     to.read(name).to(torch::kFloat), 1e-2, 1e-3),
                     name.c_str());
            ++shared;
        }
        QVERIFY(shared > 10);

        request.config["visionWidth"] = 64;
        std::string message;
        QCOMPARE(kindOf(request, message), ErrorKind::Mismatch);
        QVERIFY2(message.find("initialModel") != std::string::npos, message.c_str());
    }

    void unusableSettingsAreAllListed()
    {
        const QTemporaryDir folder;
        TrainRequest request = requestFor("retrieval", 5, folder);
        request.config["patchSize"] = 7;
        request.config["optimizer"] = "magic";
        request.config["learnRate"] = 1;
        request.config["steps"] = "many";
        std::string message;

        const ErrorKind kind = kindOf(request, message);

        QCOMPARE(kind, ErrorKind::InvalidInput);
        for (const char *part : {"imageHeight", "magic", "learnRate", "steps"})
            QVERIFY2(message.find(part) != std::string::npos, message.c_str());
        QVERIFY(std::filesystem::is_empty(request.runsFolder));
    }

    void unknownTaskIsInvalidInput()
    {
        const QTemporaryDir folder;
        TrainRequest request = requestFor("juggling", 5, folder);
        std::string message;

        QCOMPARE(kindOf(request, message), ErrorKind::InvalidInput);
        QVERIFY(message.find("juggling") != std::string::npos);
    }

    void resumeWithoutARunIsNotFound()
    {
        const QTemporaryDir folder;
        TrainRequest request;
        request.resumeFolder = folder.path().toStdString() + "/nowhere";
        std::string message;

        QCOMPARE(kindOf(request, message), ErrorKind::NotFound);
    }

    void settingsSurviveTheirJson()
    {
        PersonSamSettings settings;
        settings.globalLayers = {1, 3};
        settings.steps = 77;
        settings.learningRate = 0.25;
        PersonSamSettings read;
        std::vector<std::string> problems;

        readSettings(Json(toJson(settings)), read, problems);

        QVERIFY(problems.empty());
        QCOMPARE(toJson(read).dump(), toJson(settings).dump());
        QVERIFY(problemsOf(settings).empty());
    }

    void producerKeepsTheOrderAndCarriesErrors()
    {
        training::OrderedProducer<int> producer(3, 60, 4, 5, [](std::int64_t index) {
            if (index == 50)
                throw Error(ErrorKind::Corrupt, "fifty");
            return static_cast<int>(index);
        });

        for (int i = 3; i < 50; ++i)
            QCOMPARE(producer.take(), i);
        QVERIFY_EXCEPTION_THROWN(producer.take(), Error);
        QCOMPARE(producer.take(), 51);
    }
};

QTEST_GUILESS_MAIN(TestTraining)

#include "tst_training.moc"
