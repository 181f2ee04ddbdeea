#include "core/base/error.h"
#include "core/base/random.h"
#include "core/image/colour.h"
#include "core/image/draw.h"
#include "core/image/mask.h"
#include "core/image/preprocess.h"
#include "core/image/region_crop.h"
#include "core/image/resize.h"
#include "core/image/rle.h"

#include <QTest>

using namespace sapsam;

namespace {

Mask maskOfRows(const std::vector<std::string> &rows)
{
    Mask mask(static_cast<int>(rows.front().size()), static_cast<int>(rows.size()));
    for (int y = 0; y < mask.height; ++y)
        for (int x = 0; x < mask.width; ++x)
            mask.at(x, y) = rows[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)] == '1';
    return mask;
}

template <typename Function>
ErrorKind kindThrownBy(Function function)
{
    try {
        function();
    } catch (const Error &error) {
        return error.kind();
    }
    return ErrorKind::Internal;
}

} // namespace

class TestImage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void rleOfAnyMaskReadsBack()
    {
        SeededRandom random(7);
        for (int round = 0; round < 50; ++round) {
            Mask mask(static_cast<int>(random.integer(1, 40)),
                      static_cast<int>(random.integer(1, 40)));
            const double density = random.uniform();
            for (std::uint8_t &bit : mask.bits)
                bit = random.chance(density) ? 1 : 0;

            const Rle rle = rleOfMask(mask);
            const Rle again = rleFromString(rleToString(rle), mask.width, mask.height);

            QCOMPARE(again.counts, rle.counts);
            QCOMPARE(maskOfRle(again).bits, mask.bits);
            QCOMPARE(static_cast<std::size_t>(areaOf(rle)), mask.area());
        }
    }

    void damagedRleIsCorrupt()
    {
        QCOMPARE(kindThrownBy([] { rleFromString("S1", 5, 8); }), ErrorKind::Corrupt);
        QCOMPARE(kindThrownBy([] { rleFromString("S", 5, 7); }), ErrorKind::Corrupt);
        QCOMPARE(kindThrownBy([] { rleFromString("\x01", 5, 7); }), ErrorKind::Corrupt);
        QCOMPARE(kindThrownBy([] { rleFromString("oooooooooo1", 5, 7); }), ErrorKind::Corrupt);
        QCOMPARE(kindThrownBy([] { maskOfRle(Rle{5, 7, {36}}); }), ErrorKind::Corrupt);
    }

    void boundingBoxIsTightAndHalfOpen()
    {
        const Mask mask = maskOfRows({"0000", "0110", "0100"});

        QVERIFY(boundingBox(mask).has_value());
        QVERIFY((*boundingBox(mask) == Box{1, 1, 3, 3}));
        QVERIFY(!boundingBox(Mask(4, 3)).has_value());
    }

    void maskArithmeticCountsPixels()
    {
        const Mask a = maskOfRows({"1100", "1100"});
        const Mask b = maskOfRows({"0110", "0110"});

        QCOMPARE(unionOf(a, b).area(), std::size_t{6});
        QCOMPARE(intersectionOf(a, b).area(), std::size_t{2});
        QCOMPARE(differenceOf(a, b).area(), std::size_t{2});
        QVERIFY(std::abs(intersectionOverUnion(a, b) - 1.0 / 3.0) < 1e-9);
        QCOMPARE(intersectionOverUnion(Mask(2, 2), Mask(2, 2)), 0.0);
        QCOMPARE(kindThrownBy([&a] { unionOf(a, Mask(3, 3)); }), ErrorKind::InvalidInput);
    }

    void diagonalPixelsAreOneComponent()
    {
        const Mask mask = maskOfRows({"10001", "01000", "00001"});

        const std::vector<Component> found = components(mask);

        QCOMPARE(found.size(), std::size_t{3});
        QCOMPARE(found.front().area, std::size_t{2});
        QCOMPARE(withoutSmallComponents(mask, 2).area(), std::size_t{2});
        QCOMPARE(withoutSmallComponents(mask, 100).area(), std::size_t{2});
    }

    void maskOfClassesIgnoresIdsThatCannotOccur()
    {
        LabelMap labels(3, 1);
        labels.labels = {9, 10, 4};

        QCOMPARE(maskOfClasses(labels, {9, 10, 12, -1, 900}).bits,
                 (std::vector<std::uint8_t>{1, 1, 0}));
    }

    void flatPictureStaysFlatUnderEveryFilter()
    {
        const Image flat(13, 29, 3, 77);
        for (const ResizeFilter filter : {ResizeFilter::Nearest, ResizeFilter::Bilinear,
                                          ResizeFilter::Bicubic, ResizeFilter::Lanczos}) {
            const Image result = resize(flat, 40, 7, filter);
            QCOMPARE(result.width, 40);
            QCOMPARE(result.height, 7);
            QVERIFY(std::all_of(result.pixels.begin(), result.pixels.end(),
                                [](std::uint8_t value) { return value == 77; }));
        }
    }

    void resizeRefusesWhatIsNoSize()
    {
        const Image image(4, 4);
        QCOMPARE(kindThrownBy([&] { resize(image, 0, 4, ResizeFilter::Bilinear); }),
                 ErrorKind::InvalidInput);
        QCOMPARE(kindThrownBy([] { resize(Image(), 4, 4, ResizeFilter::Bilinear); }),
                 ErrorKind::InvalidInput);
        QCOMPARE(kindThrownBy([&] { crop(image, Box{0, 0, 5, 4}); }), ErrorKind::InvalidInput);
        QCOMPARE(kindThrownBy([&] { crop(image, Box{2, 2, 2, 4}); }), ErrorKind::InvalidInput);
    }

    void oneRowPictureResizesBothWays()
    {
        const Image line(10000, 1, 3, 9);
        QCOMPARE(resize(line, 128, 384, ResizeFilter::Bilinear).at(127, 383)[2], std::uint8_t{9});
        QCOMPARE(resize(line, 1, 1, ResizeFilter::Lanczos).pixels.size(), std::size_t{3});
    }

    void planeResizeInterpolatesAtPixelCentres()
    {
        const std::vector<float> result = resizePlane({0.0F, 1.0F}, 2, 1, 4, 2);

        const std::vector<float> expected{0.0F, 0.25F, 0.75F, 1.0F, 0.0F, 0.25F, 0.75F, 1.0F};
        for (std::size_t i = 0; i < expected.size(); ++i)
            QVERIFY(std::abs(result[i] - expected[i]) < 1e-6F);
        QCOMPARE(maskOfLogits({0.0F, 1e-6F, -1.0F}, 3, 1).bits,
                 (std::vector<std::uint8_t>{0, 1, 0}));
    }

    void greyPictureGivesThreeNormalizedPlanes()
    {
        Image grey(2, 1, 1);
        grey.pixels = {0, 255};

        const std::vector<float> planes =
            toNormalizedPlanes(grey, Normalization{{0.5F, 0.5F, 0.5F}, {0.5F, 0.5F, 0.5F}});

        QCOMPARE(planes, (std::vector<float>{-1, 1, -1, 1, -1, 1}));
    }

    void samInputPadsRightAndBelow()
    {
        const SamInput input = samInput(Image(10, 40, 3, 200), 64);

        QCOMPARE(input.contentWidth, 16);
        QCOMPARE(input.contentHeight, 64);
        QVERIFY(input.planes[15] > 0.0F);
        QCOMPARE(input.planes[16], 0.0F);
    }

    void exactCropKeepsTheLastRowAndColumn()
    {
        Image image(5, 5, 3, 10);
        const Mask region = maskOfRows({"00000", "01100", "01000", "00000", "00000"});

        FilterCropOptions exact;
        exact.exact = true;
        const Image whole = filterCrop(image, region, exact);
        const Image published = filterCrop(image, region);

        QCOMPARE(whole.width, 2);
        QCOMPARE(whole.height, 2);
        QCOMPARE(whole.at(1, 1)[0], std::uint8_t{255});
        QCOMPARE(whole.at(1, 0)[0], std::uint8_t{10});
        QCOMPARE(published.width, 1);
        QCOMPARE(published.height, 1);
        QCOMPARE(kindThrownBy([&] { filterCrop(image, Mask(5, 5)); }), ErrorKind::InvalidInput);
        QCOMPARE(kindThrownBy([&] { filterCrop(image, Mask(4, 5)); }), ErrorKind::InvalidInput);
    }

    void jitterIsDrawnFromZeroToNineteenAndRepeats()
    {
        int least = 19;
        int most = 0;
        for (std::uint64_t seed = 0; seed < 400; ++seed) {
            QCOMPARE(drawJitter(seed), drawJitter(seed));
            for (const int side : drawJitter(seed)) {
                least = std::min(least, side);
                most = std::max(most, side);
            }
        }
        QCOMPARE(least, 0);
        QCOMPARE(most, 19);
    }

    void labRoundTripsWithinOneStep()
    {
        for (int r = 0; r < 256; r += 15)
            for (int g = 0; g < 256; g += 15)
                for (int b = 0; b < 256; b += 15) {
                    const Colour in{static_cast<std::uint8_t>(r), static_cast<std::uint8_t>(g),
                                    static_cast<std::uint8_t>(b)};
                    const Colour out = colourOf(labOf(in));
                    QVERIFY(std::abs(in[0] - out[0]) <= 1 && std::abs(in[1] - out[1]) <= 1
                            && std::abs(in[2] - out[2]) <= 1);
                }
        QVERIFY(std::abs(labOf({255, 255, 255}).l - 100.0) < 0.01);
    }

    void coloursHaveTheirCommonNames_data()
    {
        QTest::addColumn<QString>("hex");
        QTest::addColumn<QString>("name");
        const std::vector<std::pair<const char *, const char *>> rows{
            {"#000000", "black"},  {"#f8f8f8", "white"},  {"#808080", "grey"},
            {"#d01020", "red"},    {"#ff8c00", "orange"}, {"#ffe100", "yellow"},
            {"#1a7a2e", "green"},  {"#1f3fa0", "blue"},   {"#141e46", "blue"},
            {"#6a0dad", "purple"}, {"#ff9ec4", "pink"},   {"#6b4423", "brown"},
            {"#d8c3a0", "beige"},  {"#2b2b2d", "black"},  {"#556b2f", "green"},
            {"#800020", "red"}};
        for (const auto &[hex, name] : rows)
            QTest::newRow(hex) << QString::fromLatin1(hex) << QString::fromLatin1(name);
    }

    void coloursHaveTheirCommonNames()
    {
        QFETCH(QString, hex);
        QFETCH(QString, name);

        QCOMPARE(QString::fromStdString(nameOfColour(colourFromHex(hex.toStdString()))), name);
        QCOMPARE(QString::fromStdString(hexOf(colourFromHex(hex.toStdString()))), hex);
    }

    void malformedHexColourIsInvalidInput()
    {
        QCOMPARE(kindThrownBy([] { colourFromHex("#12345g"); }), ErrorKind::InvalidInput);
        QCOMPARE(kindThrownBy([] { colourFromHex("red"); }), ErrorKind::InvalidInput);
    }

    void dominantColourIsThatOfTheLargerPart()
    {
        Image image(20, 20, 3, 0);
        Mask mask(20, 20);
        for (int y = 0; y < 20; ++y)
            for (int x = 0; x < 20; ++x) {
                mask.at(x, y) = x >= 2 && x < 18;
                std::uint8_t *pixel = image.at(x, y);
                pixel[0] = y < 13 ? 200 : 10;
                pixel[2] = y < 13 ? 20 : 220;
            }

        const std::optional<Colour> colour = dominantColour(image, mask);

        QVERIFY(colour.has_value());
        QCOMPARE(QString::fromStdString(nameOfColour(*colour)), QStringLiteral("red"));
        QVERIFY(!dominantColour(image, Mask(20, 20)).has_value());
    }

    void blendMixesInsideAndOutlinesTheBorder()
    {
        const Image image(5, 5, 1, 100);
        Mask mask(5, 5);
        for (int y = 1; y < 4; ++y)
            for (int x = 1; x < 4; ++x)
                mask.at(x, y) = 1;

        const Image shown = blendMasks(image, {{&mask, Colour{200, 0, 0}}}, {0.5, true});

        QCOMPARE(shown.channels, 3);
        QCOMPARE(shown.at(0, 0)[0], std::uint8_t{100});
        QCOMPARE(shown.at(1, 1)[0], std::uint8_t{200});
        QCOMPARE(shown.at(2, 2)[0], std::uint8_t{150});
        QCOMPARE(shown.at(2, 2)[1], std::uint8_t{50});
    }
};

QTEST_GUILESS_MAIN(TestImage)
#include "tst_image.moc"
