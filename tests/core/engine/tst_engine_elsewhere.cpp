// What the engine answers with the shipped models on another device than the processor (see
// elsewhere.h), beside its answers here.
#include "core/engine/phrase_writer.h"
#include "core/engine/retriever.h"
#include "core/engine/sam_predictor.h"
#include "core/engine/segmenter.h"
#include "core/engine/trainer.h"
#include "core/engine/translate.h"
#include "core/synth/pedestrian.h"
#include "tests/support/elsewhere.h"
#include "tests/support/tiny_training.h"

#include <QTemporaryDir>
#include <QtTest>

#include <filesystem>

using namespace sapsam;
using namespace sapsam::test;

// In the place of core/engine/device.cpp, which knows the processor and CUDA only.
namespace sapsam {

DeviceInfo resolveDevice(const EngineOptions &options)
{
    DeviceInfo info;
    info.device = options.device;
    info.precision = "fp32";
    info.threads = 2;
    return info;
}

engine::Computing engine::startComputing(const EngineOptions &options)
{
    Computing computing;
    computing.info = resolveDevice(options);
    computing.device = torch::Device(options.device);
    return computing;
}

} // namespace sapsam

namespace {

std::string shipped(const char *name)
{
    return std::string(SAPSAM_SOURCE_DIR) + "/models/" + name;
}

EngineOptions on(const char *device)
{
    EngineOptions options;
    options.device = device;
    return options;
}

Image somebody(std::uint64_t identity)
{
    return renderPicture(makePerson(99, identity), 0, 96, 192).image;
}

double largestDifference(const std::vector<float> &a, const std::vector<float> &b)
{
    double largest = a.size() == b.size() && !a.empty() ? 0.0 : 1e9;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
        largest = std::max(largest, static_cast<double>(std::abs(a[i] - b[i])));
    return largest;
}

// The share of pixels in which two masks differ.
double differenceOf(const Mask &a, const Mask &b)
{
    if (a.width != b.width || a.height != b.height)
        return 1.0;
    std::size_t differing = 0;
    for (std::size_t i = 0; i < a.bits.size(); ++i)
        differing += (a.bits[i] != 0) != (b.bits[i] != 0) ? 1 : 0;
    return static_cast<double>(differing) / static_cast<double>(a.bits.size());
}

} // namespace

class TestEngineElsewhere : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { m_watch = std::make_unique<DeviceWatch>(); }
    void cleanup()
    {
        const auto found = m_watch->found();
        m_watch.reset();
        QVERIFY2(found.empty(), found.c_str());
    }

    void picturesAndTextsHaveTheSameEmbeddings()
    {
        Retriever here(shipped("sapsam-retrieval-small"), on("cpu"));
        Retriever elsewhere(shipped("sapsam-retrieval-small"), on(kElsewhereName));
        const std::vector<Image> pictures = {somebody(1), somebody(2), Image(5, 7, 3, 90)};
        const std::vector<std::string> texts = {"a woman in a red jacket", "a man"};

        std::vector<float> lengthsHere, lengthsElsewhere;
        QVERIFY(largestDifference(here.embedImages(pictures, &lengthsHere),
                                  elsewhere.embedImages(pictures, &lengthsElsewhere))
                < 1e-4);
        QVERIFY(largestDifference(lengthsHere, lengthsElsewhere) < 1e-2);
        const auto a = here.embedTexts(texts), b = elsewhere.embedTexts(texts);
        for (std::size_t i = 0; i < texts.size(); ++i)
            QVERIFY(largestDifference(a[i].values, b[i].values) < 1e-4);
    }

    void phrasesMatchPicturesTheSame()
    {
        TrainRequest request;
        request.task = "retrieval";
        request.config = tinyPublishedTraining();
        request.config.update(
            {{"losses", "sdm+matching"}, {"steps", 2}, {"evaluateEvery", 2}, {"batchSize", 4}});
        request.runsFolder = m_folder.path().toStdString();
        request.engine.device = "cpu";
        const std::string model = train(request, {}, {}).runFolder + "/model";
        Retriever here(model, on("cpu")), elsewhere(model, on(kElsewhereName));
        std::vector<float> lengths;
        const auto pictures = here.embedImages({somebody(1), somebody(2)}, &lengths);

        QVERIFY(here.matchesPhrases() && elsewhere.matchesPhrases());
        QVERIFY(largestDifference(here.matchPhrase("a red bag", pictures),
                                  elsewhere.matchPhrase("a red bag", pictures))
                < 1e-3);
    }

    void partsHaveTheSameMasks()
    {
        Segmenter here(shipped("sapsam-person-small"), on("cpu"));
        Segmenter elsewhere(shipped("sapsam-person-small"), on(kElsewhereName));
        const std::vector<SegmentPrompt> prompts = {{"clothes", "a red jacket"},
                                                    {"pants", "blue jeans"}};

        const auto a = here.segment({somebody(3)}, prompts).front();
        const auto b = elsewhere.segment({somebody(3)}, prompts).front();

        QCOMPARE(b.size(), a.size());
        for (std::size_t i = 0; i < a.size(); ++i) {
            QVERIFY(differenceOf(a[i].mask, b[i].mask) < 1e-3);
            QVERIFY(std::abs(a[i].score - b[i].score) < 1e-3F);
        }
    }

    void pointsHaveTheSameMasks()
    {
        SamPredictor here(shipped("sapsam-points-small"), on("cpu"));
        SamPredictor elsewhere(shipped("sapsam-points-small"), on(kElsewhereName));
        SamQuery query;
        query.points = {{48.0F, 60.0F, true}};
        here.setPicture(somebody(4));
        elsewhere.setPicture(somebody(4));

        const auto a = here.predict(query), b = elsewhere.predict(query);

        QCOMPARE(b.size(), a.size());
        for (std::size_t i = 0; i < a.size(); ++i)
            QVERIFY(differenceOf(a[i].mask, b[i].mask) < 1e-3);
        query.earlierLogits = a.front().logits;
        QVERIFY(
            differenceOf(here.predict(query).front().mask, elsewhere.predict(query).front().mask)
            < 1e-3);
        QCOMPARE(elsewhere.masksAt({{30.0F, 50.0F}, {48.0F, 100.0F}}, 0.0).size(),
                 here.masksAt({{30.0F, 50.0F}, {48.0F, 100.0F}}, 0.0).size());
    }

    void phrasesAreTheSameWords_data()
    {
        QTest::addColumn<int>("beams");
        QTest::newRow("greedy") << 1;
        QTest::newRow("three beams") << 3;
    }
    void phrasesAreTheSameWords()
    {
        QFETCH(int, beams);
        PhraseWriter here(shipped("sapsam-phrases-small"), on("cpu"));
        PhraseWriter elsewhere(shipped("sapsam-phrases-small"), on(kElsewhereName));
        std::vector<PhraseRequest> requests(2);
        requests[0].crop = somebody(5);
        requests[1].crop = somebody(6);
        for (PhraseRequest &request : requests)
            request.prompt = "a photo of";
        PhraseDecoding decoding;
        decoding.numBeams = beams;

        QCOMPARE(elsewhere.write(requests, decoding), here.write(requests, decoding));
    }

private:
    const QTemporaryDir m_folder;
    std::unique_ptr<DeviceWatch> m_watch;
};

QTEST_GUILESS_MAIN(TestEngineElsewhere)
#include "tst_engine_elsewhere.moc"
