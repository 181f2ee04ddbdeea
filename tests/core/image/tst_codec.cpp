#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/random.h"
#include "core/image/codec.h"

#include <QTemporaryDir>
#include <QTest>

using namespace sapsam;

namespace {

Image noise(int width, int height)
{
    Image image(width, height, 3);
    SeededRandom random(3);
    for (std::uint8_t &value : image.pixels)
        value = static_cast<std::uint8_t>(random.integer(0, 255));
    return image;
}

ErrorKind kindOf(const std::string &bytes, std::string *message = nullptr)
{
    try {
        decodeImage(bytes, "street/crop.png");
    } catch (const Error &error) {
        if (message != nullptr)
            *message = error.what();
        return error.kind();
    }
    return ErrorKind::Internal;
}

// A JPEG with an EXIF block that says: turn by this orientation.
std::string withOrientation(const std::string &jpeg, char orientation)
{
    std::string exif("Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 25);
    exif.push_back(orientation);
    exif.append(6, '\0');
    std::string segment("\xff\xe1", 2);
    segment.push_back('\0');
    segment.push_back(static_cast<char>(exif.size() + 2));
    return jpeg.substr(0, 2) + segment + exif + jpeg.substr(2);
}

} // namespace

class TestCodec : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void pngReadsBackExactly()
    {
        const Image image = noise(31, 17);

        const Image again = decodeImage(encodePng(image), "a.png");

        QCOMPARE(again.width, 31);
        QCOMPARE(again.height, 17);
        QVERIFY(again.pixels == image.pixels);
        QCOMPARE(imageSizeOf(encodePng(image), "a.png"), (std::pair<int, int>{31, 17}));
    }

    void jpegReadsBackNearly()
    {
        const Image image(32, 48, 3, 120);

        const std::string bytes = encodeJpeg(image, 95);

        QCOMPARE(imageSizeOf(bytes, "a.jpg"), (std::pair<int, int>{32, 48}));
        QVERIFY(std::abs(decodeImage(bytes, "a.jpg").at(10, 10)[1] - 120) <= 2);
    }

    void exifOrientationIsApplied()
    {
        Image image(40, 16, 3, 0);
        for (int y = 0; y < 16; ++y)
            for (int x = 0; x < 16; ++x)
                image.at(x, y)[0] = 255; // red on the left

        const Image turned = decodeImage(withOrientation(encodeJpeg(image, 95), 6), "a.jpg");

        QCOMPARE(turned.width, 16);
        QCOMPARE(turned.height, 40);
        QVERIFY(turned.at(8, 4)[0] > 200); // left became top
        QVERIFY(turned.at(8, 36)[0] < 60);
    }

    void emptyFileIsCorruptAndNamed()
    {
        std::string message;
        QCOMPARE(kindOf("", &message), ErrorKind::Corrupt);
        QVERIFY(message.find("street/crop.png") != std::string::npos);
    }

    void truncatedFileIsCorrupt()
    {
        const std::string png = encodePng(noise(64, 64));
        const std::string jpeg = encodeJpeg(noise(64, 64), 90);
        for (const double part : {0.02, 0.3, 0.9, 0.99}) {
            QCOMPARE(kindOf(png.substr(0, static_cast<std::size_t>(png.size() * part) + 10)),
                     ErrorKind::Corrupt);
            QCOMPARE(kindOf(jpeg.substr(0, static_cast<std::size_t>(jpeg.size() * part) + 10)),
                     ErrorKind::Corrupt);
        }
    }

    void whatIsNoPictureIsUnsupported()
    {
        QCOMPARE(kindOf("a note about a red jacket\n"), ErrorKind::Unsupported);
        QCOMPARE(kindOf(std::string(5000, '\0')), ErrorKind::Unsupported);
    }

    void moreThanHundredMegapixelsAreRefusedByTheHeader()
    {
        std::string png = encodePng(Image(8, 8, 3, 1));
        png[16] = '\0';
        png[17] = '\x01'; // 65544 wide
        png[21] = '\x01'; // 65544 high

        std::string message;
        QCOMPARE(kindOf(png, &message), ErrorKind::Unsupported);
        QVERIFY(message.find("100 megapixels") != std::string::npos);
    }

    void fileWithNonAsciiNameIsRead()
    {
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString() + "/fotó 街 ё.png";
        writeFileAtomically(path, encodePng(noise(9, 9)));

        QCOMPARE(readImage(path).width, 9);
    }

    void missingFileIsNotFound()
    {
        try {
            readImage("/nowhere/at all.png");
            QFAIL("no error");
        } catch (const Error &error) {
            QCOMPARE(error.kind(), ErrorKind::NotFound);
        }
    }

    void labelsReadBackWithVocPalette()
    {
        LabelMap labels(5, 3);
        for (std::size_t i = 0; i < labels.labels.size(); ++i)
            labels.labels[i] = static_cast<std::uint8_t>(i);

        const std::string bytes = encodeLabels(labels);
        const LabelMap again = decodeLabels(bytes, "labels.png");
        const Image shown = decodeImage(bytes, "labels.png");

        QCOMPARE(again.width, 5);
        QCOMPARE(again.labels, labels.labels);
        QCOMPARE(static_cast<int>(shown.at(4, 0)[2]), 128); // 4 is (0, 0, 128)
    }

    void vocPaletteHasThePublishedColours()
    {
        const std::vector<Colour> palette = vocPalette(18);

        QVERIFY((palette[1] == Colour{128, 0, 0}));
        QVERIFY((palette[8] == Colour{64, 0, 0}));
        QVERIFY((palette[13] == Colour{192, 0, 128}));
        QVERIFY((palette[17] == Colour{128, 64, 0}));
    }

    void labelsFromAColourPictureAreUnsupported()
    {
        for (const std::string &bytes : {encodePng(noise(4, 4)), encodeJpeg(noise(4, 4), 90)}) {
            try {
                decodeLabels(bytes, "labels.png");
                QFAIL("no error");
            } catch (const Error &error) {
                QCOMPARE(error.kind(), ErrorKind::Unsupported);
            }
        }
    }

    void labelsFromAGreyPictureAreItsValues()
    {
        Image grey(3, 1, 1);
        grey.pixels = {0, 17, 255};

        QCOMPARE(decodeLabels(encodePng(grey), "labels.png").labels, grey.pixels);
    }

    void damagedLabelsAreCorrupt()
    {
        std::string bytes = encodeLabels(LabelMap(50, 50, 3));
        bytes[bytes.size() / 2 + 300] = static_cast<char>(bytes[bytes.size() / 2 + 300] ^ 0x5a);
        bytes[bytes.size() - 30] = static_cast<char>(bytes[bytes.size() - 30] ^ 0x5a);
        try {
            decodeLabels(bytes, "labels.png");
            QFAIL("no error");
        } catch (const Error &error) {
            QCOMPARE(error.kind(), ErrorKind::Corrupt);
        }
    }
};

QTEST_GUILESS_MAIN(TestCodec)
#include "tst_codec.moc"
