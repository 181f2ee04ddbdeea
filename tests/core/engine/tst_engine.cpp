#include "core/base/error.h"
#include "core/base/file.h"
#include "core/engine/evaluation.h"
#include "core/engine/phrase_writer.h"
#include "core/engine/retriever.h"
#include "core/engine/segmenter.h"
#include "core/engine/trainer.h"
#include "core/synth/pedestrian.h"

#include <QTemporaryDir>
#include <QtTest>

#include <cmath>
#include <filesystem>

using namespace sapsam;

namespace {

const char *const kRetrieval = "/models/sapsam-retrieval-small";
const char *const kPerson = "/models/sapsam-person-small";
const char *const kPhrases = "/models/sapsam-phrases-small";

std::string shipped(const char *model)
{
    return std::string(SAPSAM_SOURCE_DIR) + model;
}

EngineOptions onCpu()
{
    EngineOptions options;
    options.device = "cpu";
    return options;
}

template <typename Function>
std::pair<ErrorKind, std::string> errorOf(Function &&function)
{
    try {
        function();
    } catch (const Error &error) {
        return {error.kind(), error.what()};
    }
    return {ErrorKind::Internal, "nothing was thrown"};
}

bool contains(const std::string &text, const std::string &part)
{
    return text.find(part) != std::string::npos;
}

double dot(const std::vector<float> &a, const std::vector<float> &b)
{
    double sum = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i)
        sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    return sum;
}

SyntheticPicture somebody(std::uint64_t identity)
{
    return renderPicture(makePerson(99, identity), 0, 96, 192);
}

} // namespace

#define SKIP_WITHOUT(model)                                                                        \
    if (!std::filesystem::exists(shipped(model) + "/model.safetensors"))                           \
    QSKIP("the default model has not been trained yet")

class TestEngine : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        // A model of our own, so that broken files can be tried without the shipped ones.
        TrainRequest request = smallestRequest();
        m_model = train(request, {}, {}).runFolder + "/model";
    }

    void overlappingPatchesStartFromAModelWhosePatchesDoNotOverlap()
    {
        TrainRequest request = smallestRequest();
        request.config["stride"] = 8;
        request.config["initialModel"] = m_model;
        request.config["learningRate"] = 1e-12;

        const std::string model = train(request, {}, {}).runFolder + "/model";

        QCOMPARE(readJsonFile(model + "/config.json").at("vision_config").at("stride").get<int>(),
                 8);
        Retriever before(m_model, onCpu());
        Retriever after(model, onCpu());
        // The text encoder did not change, and three rows of patches look at the picture now.
        QVERIFY(dot(before.embedText("a red bag").values, after.embedText("a red bag").values)
                > 0.999);
        const Image picture = somebody(4).image;
        QVERIFY(dot(before.embedImages({picture}), after.embedImages({picture})) < 0.99999);
    }

    void strideMustDivideThePatch()
    {
        TrainRequest request = smallestRequest();
        request.config["stride"] = 5;

        const auto [kind, message] = errorOf([&] { train(request, {}, {}); });

        QCOMPARE(kind, ErrorKind::InvalidInput);
        QVERIFY2(contains(message, "'patchSize' must be a multiple of 'stride'"), message.c_str());
    }

    void embeddingsHaveUnitLengthWhateverTheSizeOfThePicture()
    {
        Retriever retriever(m_model, onCpu());
        const std::vector<Image> pictures = {Image(5, 7, 3, 90), Image(300, 200, 3, 10),
                                             Image(20, 60, 1, 200)};

        const std::vector<float> rows = retriever.embedImages(pictures);
        const TextEmbedding text = retriever.embedText("a woman with a red bag");

        QCOMPARE(rows.size(), pictures.size() * static_cast<std::size_t>(retriever.dimension()));
        for (std::size_t i = 0; i < pictures.size(); ++i) {
            const std::vector<float> row(
                rows.begin() + static_cast<long>(i) * retriever.dimension(),
                rows.begin() + static_cast<long>(i + 1) * retriever.dimension());
            QVERIFY(std::abs(dot(row, row) - 1.0) < 1e-5);
        }
        QVERIFY(std::abs(dot(text.values, text.values) - 1.0) < 1e-5);
        QVERIFY(!text.truncated);
    }

    void embeddingDoesNotDependOnTheBatch()
    {
        Retriever retriever(m_model, onCpu());
        const std::vector<Image> pictures = {somebody(1).image, somebody(2).image,
                                             somebody(3).image};

        const std::vector<float> together = retriever.embedImages(pictures);
        const std::vector<float> alone = retriever.embedImages({pictures[1]});

        for (int i = 0; i < retriever.dimension(); ++i)
            QVERIFY(std::abs(together[static_cast<std::size_t>(retriever.dimension() + i)]
                             - alone[static_cast<std::size_t>(i)])
                    < 1e-5F);
    }

    void mirroredPictureHasTheSameEmbeddingWhereTheModelAsksForTheMean()
    {
        const auto distance = [&](bool averageMirrored) {
            const QTemporaryDir folder;
            const std::string copy = folder.path().toStdString() + "/model";
            std::filesystem::copy(m_model, copy);
            const std::string path = copy + "/preprocessor_config.json";
            Json preparation = readJsonFile(path);
            preparation["average_mirrored"] = averageMirrored;
            writeJsonFile(path, OrderedJson(preparation));
            Retriever retriever(copy, onCpu());
            // At the input's own size, where resizing cannot tell left from right.
            const Image picture =
                renderPicture(makePerson(99, 1), 0, preparation.at("size").at("width").get<int>(),
                              preparation.at("size").at("height").get<int>())
                    .image;
            Image mirrored = picture;
            for (int y = 0; y < picture.height; ++y)
                for (int x = 0; x < picture.width; ++x)
                    std::copy_n(picture.at(picture.width - 1 - x, y), 3, mirrored.at(x, y));
            const std::vector<float> one = retriever.embedImages({picture});
            const std::vector<float> other = retriever.embedImages({mirrored});
            double largest = 0.0;
            for (std::size_t i = 0; i < one.size(); ++i)
                largest = std::max(largest, std::abs(static_cast<double>(one[i] - other[i])));
            return largest;
        };

        QVERIFY(distance(true) < 1e-5);
        QVERIFY(distance(false) > 1e-4);
    }

    void longTextSaysThatItWasCut()
    {
        Retriever retriever(m_model, onCpu());
        std::string text = "a man";
        for (int i = 0; i < 40; ++i)
            text += " and a hat";

        const TextEmbedding embedding = retriever.embedText(text);

        QVERIFY(embedding.truncated);
        QVERIFY(embedding.tokens > retriever.contextLength());
        QCOMPARE(embedding.values.size(), static_cast<std::size_t>(retriever.dimension()));
    }

    void emptyTextIsInvalidInput()
    {
        Retriever retriever(m_model, onCpu());

        const auto [kind, message] = errorOf([&] { retriever.embedText(" \n "); });

        QCOMPARE(kind, ErrorKind::InvalidInput);
        QVERIFY(contains(message, "empty"));
    }

    void truncatedModelIsCorruptAndNamed()
    {
        const std::string broken = copyOfModel("truncated");
        const std::string path = broken + "/model.safetensors";
        std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);

        const auto [kind, message] = errorOf([&] { Retriever retriever(broken, onCpu()); });

        QCOMPARE(kind, ErrorKind::Corrupt);
        QVERIFY2(contains(message, "model.safetensors"), message.c_str());
    }

    void otherShapeIsAMismatchThatNamesTheTensor()
    {
        const std::string other = copyOfModel("shape");
        Json config = readJsonFile(other + "/config.json");
        config["projection_dim"] = 24;
        writeJsonFile(other + "/config.json", config);

        const auto [kind, message] = errorOf([&] { Retriever retriever(other, onCpu()); });

        QCOMPARE(kind, ErrorKind::Mismatch);
        QVERIFY2(contains(message, "visual_projection.weight"), message.c_str());
    }

    void modelOfAnotherArchitectureIsAMismatch()
    {
        const auto [kind, message] = errorOf([&] { Segmenter segmenter(m_model, onCpu()); });

        QCOMPARE(kind, ErrorKind::Mismatch);
        QVERIFY2(contains(message, "'clip'") && contains(message, "'person-sam'"), message.c_str());
    }

    void missingFolderIsNotFound()
    {
        const auto [kind, message] =
            errorOf([&] { PhraseWriter writer("/no/such/model", onCpu()); });

        QCOMPARE(kind, ErrorKind::NotFound);
        QVERIFY(contains(message, "/no/such/model"));
    }

    void devicesAreResolvedOrRefused()
    {
        EngineOptions options;
        options.device = "cpu";
        options.threads = 1;
        QCOMPARE(resolveDevice(options).device, std::string("cpu"));
        QCOMPARE(resolveDevice(options).precision, std::string("fp32"));
        QVERIFY(!resolveDevice(options).whyNotGpu.empty());
        options.device = "abacus";
        QCOMPARE(errorOf([&] { resolveDevice(options); }).first, ErrorKind::InvalidInput);
        options.device = "cuda:99";
        QCOMPARE(errorOf([&] { resolveDevice(options); }).first, ErrorKind::NotFound);
        options.device = "cpu";
        options.precision = "int3";
        QCOMPARE(errorOf([&] { resolveDevice(options); }).first, ErrorKind::InvalidInput);
    }

    void shippedRetrieverTellsRedFromBlue()
    {
        SKIP_WITHOUT(kRetrieval);
        Retriever retriever(shipped(kRetrieval), onCpu());

        const Json result = evaluateRetrievalSynthetic(retriever, 60, 4242);

        QCOMPARE(result.at("gallery").get<int>(), 60);
        QVERIFY2(result.at("R@1").get<double>() >= 60.0, result.dump().c_str());
    }

    void shippedSegmenterFindsParts()
    {
        SKIP_WITHOUT(kPerson);
        Segmenter segmenter(shipped(kPerson), onCpu());
        const SyntheticPicture picture = somebody(5);

        const auto masks = segmenter.segment({picture.image, Image(50, 31, 3, 128)},
                                             {{"clothes", "the clothes"}, {"shoes", "the shoes"}});
        const Json result = evaluateParsingSynthetic(segmenter, 40, 4242);

        QCOMPARE(masks.size(), std::size_t(2));
        QCOMPARE(masks[0].size(), std::size_t(2));
        QCOMPARE(masks[0][0].group, std::string("clothes"));
        QCOMPARE(masks[1][1].mask.width, 50);
        QCOMPARE(masks[1][1].mask.height, 31);
        QVERIFY(masks[0][0].score >= 0.0F && masks[0][0].score <= 1.0F);
        // 0.70 over the 500 people of models/README.md; these 40 are a little harder.
        QVERIFY2(result.at("mIoU").get<double>() >= 0.66, result.dump().c_str());
    }

    void shippedPhraseWriterNamesColours()
    {
        SKIP_WITHOUT(kPhrases);
        PhraseWriter writer(shipped(kPhrases), onCpu());

        const Json result = evaluatePhrasesSynthetic(writer, 40, 4242);

        QVERIFY2(result.at("garment_colour").get<double>() >= 75.0, result.dump().c_str());
    }

private:
    TrainRequest smallestRequest() const
    {
        TrainRequest request;
        request.task = "retrieval";
        request.config = {{"steps", 1},          {"batchSize", 2},      {"poolStart", 2},
                          {"heldOutCount", 2},   {"renderHeight", 64},  {"renderWidth", 32},
                          {"corpusLines", 100},  {"imageHeight", 32},   {"imageWidth", 16},
                          {"visionWidth", 16},   {"visionLayers", 1},   {"visionHeads", 2},
                          {"textWidth", 16},     {"textLayers", 1},     {"textHeads", 2},
                          {"embeddingSize", 16}, {"contextLength", 16}, {"vocabularySize", 700},
                          {"precision", "fp32"}};
        request.runsFolder = m_folder.path().toStdString();
        request.engine.device = "cpu";
        return request;
    }

    std::string copyOfModel(const std::string &name)
    {
        const std::string copy = m_folder.path().toStdString() + "/" + name;
        std::filesystem::copy(m_model, copy, std::filesystem::copy_options::recursive);
        return copy;
    }

    QTemporaryDir m_folder;
    std::string m_model;
};

QTEST_GUILESS_MAIN(TestEngine)

#include "tst_engine.moc"
