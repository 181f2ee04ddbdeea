#include "core/base/file.h"
#include "core/base/json_file.h"
#include "core/base/random.h"
#include "core/engine/mask_generator.h"
#include "core/engine/sam_predictor.h"
#include "core/image/mask.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QtTest>

#include <cmath>
#include <filesystem>

using namespace sapsam;

namespace {

// Shapes of grey on grey, with specks that make holes and islands.
Image shapes()
{
    Image image(150, 97);
    for (int y = 0; y < image.height; ++y) {
        for (int x = 0; x < image.width; ++x) {
            int value = 20;
            const int fromDisc = (x - 40) * (x - 40) + (y - 35) * (y - 35);
            if (fromDisc < 28 * 28)
                value = 90;
            if (fromDisc < 12 * 12)
                value = 140;
            if (x >= 80 && x < 140 && y >= 10 && y < 60)
                value = 200;
            if (x >= 95 && x < 110 && y >= 20 && y < 35)
                value = 20;
            if ((x - 75) * (x - 75) + 4 * (y - 80) * (y - 80) < 22 * 22)
                value = 170;
            if (x >= 5 && x < 30 && y >= 70 && y < 92)
                value = 60 + (x - 5);
            if ((x * 31 + y * 17) % 97 == 0)
                value = (value + 110) % 256;
            std::fill_n(image.at(x, y), 3, static_cast<std::uint8_t>(value));
        }
    }
    return image;
}

// Stands for a network: masks of pixels that look like the one at the point, the alternatives less
// and less generous, and predictions that depend on the place.
class LookAlikes final : public PointSegmenter
{
public:
    void setPicture(const Image &picture) override
    {
        m_picture = picture;
        ++pictures;
    }

    std::vector<PointMask> masksAt(const std::vector<std::pair<float, float>> &points,
                                   double iouThreshold) override
    {
        std::vector<PointMask> answers;
        largestBatch = std::max(largestBatch, points.size());
        for (std::size_t i = 0; i < points.size(); ++i) {
            const int x = static_cast<int>(points[i].first);
            const int y = static_cast<int>(points[i].second);
            for (int k = 0; k < 3; ++k) {
                PointMask answer;
                answer.point = i;
                answer.predictedIou =
                    0.5F + static_cast<float>((x * 3 + y * 5 + k * 7) % 32) / 64.0F;
                if (!(static_cast<double>(answer.predictedIou) > iouThreshold))
                    continue;
                const double steepness = k == 0 ? 0.25 : k + 1.0;
                for (int row = 0; row < m_picture.height; ++row) {
                    for (int column = 0; column < m_picture.width; ++column) {
                        const int far = std::abs(*m_picture.at(column, row) - *m_picture.at(x, y));
                        answer.logits.push_back(static_cast<float>((24 - far * steepness) * 0.25));
                    }
                }
                answers.push_back(std::move(answer));
            }
        }
        return answers;
    }

    int pictures = 0;
    std::size_t largestBatch = 0;

private:
    Image m_picture;
};

MaskGeneratorOptions optionsOf(const std::string &name)
{
    MaskGeneratorOptions options;
    options.pointsPerSide = 8;
    options.predictedIouThreshold = 0.6;
    options.stabilityThreshold = 0.8;
    if (name == "whole") {
        options.pointsPerBatch = 10;
    } else if (name == "crops") {
        options.cropLayers = 1;
        options.cropPointsDownscale = 2;
        options.cropNmsThreshold = 0.6;
    } else {
        options.stabilityThreshold = 0.5;
        options.boxNmsThreshold = 0.8;
        options.cropLayers = 2;
        options.minRegionArea = 25;
    }
    return options;
}

Json reference()
{
    return readJsonFile(std::string(SAPSAM_SOURCE_DIR) + "/tests/data/mask_generator.json");
}

Box boxOf(const Json &json)
{
    return {json[0].get<int>(), json[1].get<int>(), json[2].get<int>(), json[3].get<int>()};
}

// A model folder as people download it, with the weights of the tiny reference case.
void writeTinySam(const std::string &folder)
{
    const std::string golden = std::string(SAPSAM_SOURCE_DIR) + "/tests/golden/sam_tiny";
    std::filesystem::copy(golden + "/weights.safetensors", folder + "/model.safetensors");
    writeJsonFile(folder + "/config.json",
                  Json{{"model_type", "sam"},
                       {"vision_config",
                        {{"hidden_size", 64},
                         {"num_hidden_layers", 4},
                         {"num_attention_heads", 2},
                         {"image_size", 256},
                         {"window_size", 5},
                         {"output_channels", 32},
                         {"global_attn_indexes", {1, 3}},
                         {"mlp_dim", 128}}},
                       {"prompt_encoder_config", {{"mask_input_channels", 8}}},
                       {"mask_decoder_config",
                        {{"mlp_dim", 64}, {"iou_head_hidden_dim", 48}, {"hidden_size", 32}}}});
    writeJsonFile(folder + "/preprocessor_config.json", Json{{"size", {{"longest_edge", 256}}}});
}

EngineOptions onCpu()
{
    EngineOptions options;
    options.device = "cpu";
    options.threads = 1;
    return options;
}

Mask maskOfText(const std::vector<std::string> &rows)
{
    Mask mask(static_cast<int>(rows.front().size()), static_cast<int>(rows.size()));
    for (int y = 0; y < mask.height; ++y) {
        for (int x = 0; x < mask.width; ++x)
            mask.at(x, y) = rows[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)] == '#';
    }
    return mask;
}

} // namespace

class TestMaskGenerator : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everythingMatchesTheReference_data()
    {
        QTest::addColumn<QString>("name");
        for (const char *name : {"whole", "crops", "cleaned"})
            QTest::newRow(name) << QString::fromLatin1(name);
    }
    void everythingMatchesTheReference()
    {
        QFETCH(QString, name);
        const Json json = reference();
        const Json &expected = json.at("cases").at(name.toStdString());
        const Image picture = shapes();
        std::int64_t sum = 0;
        for (int y = 0; y < picture.height; ++y) {
            for (int x = 0; x < picture.width; ++x)
                sum += *picture.at(x, y);
        }
        QCOMPARE(sum, json.at("picture_sum").get<std::int64_t>());
        LookAlikes segmenter;

        const auto found = generateMasks(picture, segmenter, optionsOf(name.toStdString()));

        QCOMPARE(found.size(), expected.size());
        for (std::size_t i = 0; i < found.size(); ++i) {
            const Json &row = expected[i];
            std::string runs;
            for (const auto count : found[i].mask.counts) {
                if (!runs.empty())
                    runs += ',';
                runs += std::to_string(count);
            }
            QVERIFY(found[i].box == boxOf(row["box"]));
            QVERIFY(found[i].crop == boxOf(row["crop"]));
            QCOMPARE(areaOf(found[i].mask), row["area"].get<std::uint64_t>());
            QCOMPARE(std::to_string(fnv1a64(runs)), row["runs"].get<std::string>());
            QVERIFY(std::abs(found[i].predictedIou - row["iou"].get<double>()) < 1e-6);
            QVERIFY(std::abs(found[i].stability - row["stability"].get<double>()) < 1e-6);
            QVERIFY(std::abs(found[i].pointX - row["point"][0].get<double>()) < 1e-4);
            QVERIFY(std::abs(found[i].pointY - row["point"][1].get<double>()) < 1e-4);
        }
        const bool isWhole = name == QStringLiteral("whole");
        QCOMPARE(segmenter.pictures, isWhole ? 1 : name == QStringLiteral("crops") ? 5 : 21);
        QVERIFY(segmenter.largestBatch <= std::size_t(isWhole ? 10 : 64));
    }

    void pointsStandInTheCellsOfAGrid()
    {
        const auto points = gridPoints(2);

        const std::vector<std::pair<double, double>> expected = {
            {0.25, 0.25}, {0.75, 0.25}, {0.25, 0.75}, {0.75, 0.75}};
        QVERIFY(points == expected);
    }

    void partsOverlapByTheRatioOfTheShortSide()
    {
        const auto boxes = cropBoxes(1500, 1000, 1, 512.0 / 1500.0);

        QCOMPARE(boxes.size(), std::size_t(5));
        QVERIFY(boxes[0].box == (Box{0, 0, 1500, 1000}) && boxes[0].layer == 0);
        QVERIFY(boxes[1].box == (Box{0, 0, 921, 671}) && boxes[1].layer == 1);
        QVERIFY(boxes[2].box == (Box{0, 330, 921, 1000}));
        QVERIFY(boxes[3].box == (Box{580, 0, 1500, 671}));
        QVERIFY(boxes[4].box == (Box{580, 330, 1500, 1000}));
        QCOMPARE(cropBoxes(640, 480, 2, 0.3).size(), std::size_t(21));
        // A picture of a few pixels has no more parts than pixels.
        for (const auto &part : cropBoxes(3, 2, 4, 0.3))
            QVERIFY(!part.box.isEmpty());
    }

    void surestBoxStays()
    {
        const std::vector<Box> boxes = {
            {0, 0, 10, 10}, {1, 0, 10, 10}, {20, 20, 30, 30}, {0, 0, 9, 10}};

        QCOMPARE(suppressOverlaps(boxes, {0.5, 0.9, 0.1, 0.9}, 0.7),
                 (std::vector<std::size_t>{1, 2}));
        QCOMPARE(suppressOverlaps(boxes, {0.5, 0.9, 0.1, 0.9}, 0.85),
                 (std::vector<std::size_t>{1, 3, 2}));
        // Lines have no area and suppress nobody.
        QCOMPARE(suppressOverlaps({{0, 0, 5, 0}, {0, 0, 5, 0}}, {1.0, 1.0}, 0.5),
                 (std::vector<std::size_t>{0, 1}));
    }

    void stabilityComparesTwoLevels()
    {
        QCOMPARE(stabilityOf({2.0F, 1.5F, 0.5F, -0.5F, -3.0F}, 1.0), 0.5);
        QVERIFY(std::isnan(stabilityOf({-3.0F, -2.0F}, 1.0)));
    }

    void smallHolesAndIslandsGo()
    {
        const Mask mask = maskOfText({"####...", "#.##..#", "####...", "......."});
        bool changed = false;

        const Mask clean = withoutSmallRegions(mask, 3, changed);
        QVERIFY(changed);
        QVERIFY(clean.bits == maskOfText({"####...", "####...", "####...", "......."}).bits);

        withoutSmallRegions(clean, 3, changed);
        QVERIFY(!changed);
        // When all islands are small the largest stays; an outside that is small is a hole.
        const Mask alone = withoutSmallRegions(maskOfText({"##...", ".....", "....#"}), 5, changed);
        QVERIFY(alone.bits == maskOfText({"##...", ".....", "....."}).bits);
        const Mask full = withoutSmallRegions(maskOfText({"##", "#."}), 2, changed);
        QCOMPARE(full.area(), std::size_t(4));
    }

    void cancellingKeepsWhatIsThere()
    {
        LookAlikes segmenter;
        CancelSource source;
        auto options = optionsOf("crops");
        std::int64_t total = 0;

        const auto found = generateMasks(shapes(), segmenter, options, source.token(),
                                         [&](const Progress &progress) {
                                             total = progress.total;
                                             if (progress.done > 0)
                                                 source.cancel();
                                         });

        QCOMPARE(segmenter.pictures, 1);
        QCOMPARE(total, std::int64_t(5)); // one batch of points for each part
        QVERIFY(!found.empty());
    }

    void unusableOptionsAndPicturesAreInvalid()
    {
        LookAlikes segmenter;
        MaskGeneratorOptions options;
        VERIFY_ERROR(generateMasks(Image(), segmenter, options), ErrorKind::InvalidInput, "empty");
        const std::vector<std::pair<const char *, void (*)(MaskGeneratorOptions &)>> wrong = {
            {"pointsPerSide", [](MaskGeneratorOptions &o) { o.pointsPerSide = 0; }},
            {"pointsPerBatch", [](MaskGeneratorOptions &o) { o.pointsPerBatch = 0; }},
            {"stabilityThreshold", [](MaskGeneratorOptions &o) { o.stabilityThreshold = 1.5; }},
            {"stabilityOffset", [](MaskGeneratorOptions &o) { o.stabilityOffset = -1.0; }},
            {"boxNmsThreshold", [](MaskGeneratorOptions &o) { o.boxNmsThreshold = -0.1; }},
            {"cropNmsThreshold", [](MaskGeneratorOptions &o) { o.cropNmsThreshold = 2.0; }},
            {"cropLayers", [](MaskGeneratorOptions &o) { o.cropLayers = -1; }},
            {"cropOverlapRatio", [](MaskGeneratorOptions &o) { o.cropOverlapRatio = 1.0; }},
            {"cropPointsDownscale", [](MaskGeneratorOptions &o) { o.cropPointsDownscale = 0; }},
            {"minRegionArea", [](MaskGeneratorOptions &o) { o.minRegionArea = -1; }}};
        for (const auto &item : wrong) {
            MaskGeneratorOptions bad;
            item.second(bad);
            VERIFY_ERROR(generateMasks(shapes(), segmenter, bad), ErrorKind::InvalidInput,
                         item.first);
        }
    }

    void predictorTakesPointsBoxesAndMasks()
    {
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString();
        writeTinySam(path);
        SamPredictor predictor(path, onCpu());
        VERIFY_ERROR(predictor.predict({}), ErrorKind::InvalidInput, "no picture");
        const Image picture = shapes();
        predictor.setPicture(picture);
        SamQuery query;
        query.points = {{40.0F, 35.0F, true}, {100.0F, 80.0F, false}};

        const auto alternatives = predictor.predict(query);
        query.alternatives = false;
        const auto single = predictor.predict(query);
        query.earlierLogits = single[0].logits;
        const auto refined = predictor.predict(query);
        query.box = {10.0F, 5.0F, 70.0F, 65.0F};
        const auto boxed = predictor.predict(query);
        const auto unprompted = predictor.predict({});

        QCOMPARE(alternatives.size(), std::size_t(3));
        QCOMPARE(unprompted.size(), std::size_t(3));
        for (const auto &list : {single, refined, boxed}) {
            QCOMPARE(list.size(), std::size_t(1));
            QCOMPARE(list[0].mask.width, picture.width);
            QCOMPARE(list[0].mask.height, picture.height);
            QCOMPARE(list[0].logits.size(), std::size_t(64 * 64));
        }
        QVERIFY(single[0].logits != refined[0].logits);
        QVERIFY(refined[0].logits != boxed[0].logits);
        query.earlierLogits.pop_back();
        VERIFY_ERROR(predictor.predict(query), ErrorKind::InvalidInput, "4095");
        VERIFY_ERROR(predictor.setPicture(Image()), ErrorKind::InvalidInput, "empty");
    }

    // What is asked of many points at once is what each of them alone would answer.
    void manyPointsAreAskedAtOnce()
    {
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString();
        writeTinySam(path);
        SamPredictor predictor(path, onCpu());
        predictor.setPicture(shapes());
        const std::vector<std::pair<float, float>> points = {
            {40.0F, 35.0F}, {100.0F, 50.0F}, {75.0F, 80.0F}, {3.0F, 3.0F}};

        const auto together = predictor.masksAt(points, -1e9);

        QCOMPARE(together.size(), std::size_t(12));
        std::size_t above = 0;
        for (std::size_t i = 0; i < points.size(); ++i) {
            SamQuery query;
            query.points = {{points[i].first, points[i].second, true}};
            const auto alone = predictor.predict(query);
            for (std::size_t k = 0; k < 3; ++k) {
                const auto &answer = together[3 * i + k];
                QCOMPARE(answer.point, i);
                QVERIFY(std::abs(answer.predictedIou - alone[k].predictedIou) < 1e-4F);
                above += answer.predictedIou > 0.5F;
                std::size_t differing = 0;
                for (std::size_t n = 0; n < answer.logits.size(); ++n)
                    differing += (answer.logits[n] > 0.0F) != (alone[k].mask.bits[n] != 0)
                                 && std::abs(answer.logits[n]) > 1e-3F;
                QCOMPARE(differing, std::size_t(0));
            }
        }
        QVERIFY(above > 0 && above < 12);
        QCOMPARE(predictor.masksAt(points, 0.5).size(), above);
        QVERIFY(predictor.masksAt({}, 0.5).empty());
    }

    void modelOfAnotherKindIsAMismatch()
    {
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString();
        writeTinySam(path);
        writeJsonFile(path + "/config.json", Json{{"model_type", "clip"}});

        VERIFY_ERROR(SamPredictor(path, onCpu()), ErrorKind::Mismatch, "clip");
    }
};

QTEST_GUILESS_MAIN(TestMaskGenerator)
#include "tst_mask_generator.moc"
