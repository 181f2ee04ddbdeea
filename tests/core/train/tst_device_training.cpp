// Every task trains on another device than the processor (see elsewhere.h) as it does on this one,
// and mixes no tensors of the two.
#include "core/base/file.h"
#include "core/engine/task_inputs.h"
#include "core/train/tasks.h"
#include "tests/support/elsewhere.h"
#include "tests/support/tiny_training.h"

#include <QTemporaryDir>
#include <QtTest>

#include <cmath>
#include <sstream>

using namespace sapsam;
using namespace sapsam::test;
using namespace sapsam::training;

namespace {

// The numbers of every step and validation of a run, by their names.
std::vector<std::pair<std::string, double>> numbersOf(const std::string &run)
{
    static const std::vector<std::string> ofTheMachine = {"samplesPerSecond", "loaderWait",
                                                          "processMemoryMb", "time", "seconds"};
    std::istringstream lines(readFile(run + "/metrics.jsonl"));
    std::vector<std::pair<std::string, double>> numbers;
    for (std::string line; std::getline(lines, line);) {
        const Json json = parseJson(line, run);
        const Json flat = json.flatten();
        for (const auto &[name, value] : flat.items()) {
            const bool isOfTheMachine =
                std::any_of(ofTheMachine.begin(), ofTheMachine.end(), [&](const std::string &part) {
                    return name.find(part) != std::string::npos;
                });
            if (value.is_number() && !isOfTheMachine)
                numbers.emplace_back(name, value.get<double>());
        }
    }
    return numbers;
}

} // namespace

class TestDeviceTraining : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyTaskTrainsElsewhereAsItDoesHere_data()
    {
        QTest::addColumn<QString>("task");
        QTest::addColumn<QString>("config");
        const auto row = [](const char *name, const char *task, const Json &config) {
            QTest::newRow(name) << QString::fromLatin1(task)
                                << QString::fromStdString(config.dump());
        };
        for (const char *task : {"retrieval", "person-sam", "sam", "phrases"})
            row(task, task, tinyTraining(task, 3));
        auto every = tinyTraining("retrieval", 2);
        // Not gradient checkpointing: it keeps the state of a device's own random numbers, and this
        // one has none.
        every.update(
            {{"accumulate", 2}, {"emaDecay", 0.9}, {"channelsLast", true}, {"gradientClip", 0.5}});
        row("what else the loop does", "retrieval", every);
        const auto published = [&](const char *name, const Json &changes) {
            auto config = tinyPublishedTraining();
            config.update({{"steps", 2}, {"evaluateEvery", 2}, {"batchSize", 4}});
            config.update(changes);
            row(name, "retrieval", config);
        };
        published("every loss that ranks", {{"losses", "sdm+itc+cmpm+id"}});
        published("words and ELCA", {{"losses", "sdm+mlm_part+matching"}});
        for (const char *alignment : {"avgpool", "conv1d", "mhsa"})
            published(alignment, {{"losses", "sdm+matching"}, {"alignment", alignment}});
        published("decoded patches", {{"losses", "sdm+mim"}});
        published("decoded features", {{"losses", "sdm+mim"}, {"imageDecoding", "features"}});
    }
    void everyTaskTrainsElsewhereAsItDoesHere()
    {
        QFETCH(QString, task);
        QFETCH(QString, config);
        const QTemporaryDir folder;
        const auto trainedOn = [&](const std::string &device) {
            TaskInputs inputs = engine::taskInputs();
            inputs.packsFolder = m_packs.path().toStdString();
            const auto made =
                makeTask(task.toStdString(), parseJson(config.toStdString(), "the row"), inputs);
            const auto run = RunFolder::create(folder.path().toStdString(), "run",
                                               {{"task", task.toStdString()}}, {});
            LoopRequest request;
            request.seed = 7;
            request.device = device;
            runLoop(*made, *run, request, {}, {});
            return numbersOf(run->path());
        };
        const DeviceWatch watch;
        try {
            const auto here = trainedOn("cpu");
            const auto elsewhere = trainedOn(kElsewhereName);

            QVERIFY2(watch.found().empty(), watch.found().c_str());
            QVERIFY(!here.empty());
            QCOMPARE(elsewhere.size(), here.size());
            for (std::size_t i = 0; i < here.size(); ++i) {
                QCOMPARE(elsewhere[i].first, here[i].first);
                QVERIFY2(std::abs(elsewhere[i].second - here[i].second)
                             <= 2e-3 * std::max(1.0, std::abs(here[i].second)),
                         (here[i].first + ": " + std::to_string(here[i].second) + " and "
                          + std::to_string(elsewhere[i].second))
                             .c_str());
            }
        } catch (const std::exception &error) {
            QFAIL((watch.found() + ": " + std::string(error.what()).substr(0, 300)).c_str());
        }
    }

private:
    const QTemporaryDir m_packs; // drawn once for all rows
};

QTEST_GUILESS_MAIN(TestDeviceTraining)
#include "tst_device_training.moc"
