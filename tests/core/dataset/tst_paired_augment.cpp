// The operations of the paper's augmentation against digests of what Pillow makes of the same
// picture (the blur: of a 64-bit convolution), and the recipe's own promises.
#include "core/base/sha256.h"
#include "core/dataset/paired_augment.h"
#include "tests/support/error_of.h"

#include <QTest>

#include <functional>
#include <map>

using namespace sapsam;
namespace ops = sapsam::paired;

namespace {

constexpr int kWidth = 24;
constexpr int kHeight = 40;

Image sample()
{
    Image image(kWidth, kHeight);
    for (int y = 0; y < kHeight; ++y)
        for (int x = 0; x < kWidth; ++x)
            for (int c = 0; c < 3; ++c)
                image.at(x, y)[c] = static_cast<std::uint8_t>(
                    40 + (x * 7 + y * 11 + c * 53 + x * y * (c + 1) / 3) % 150);
    return image;
}

LabelMap sampleLabels()
{
    const Image image = sample();
    LabelMap labels(kWidth, kHeight);
    for (int y = 0; y < kHeight; ++y)
        for (int x = 0; x < kWidth; ++x)
            labels.at(x, y) = image.at(x, y)[0] % 7;
    return labels;
}

std::string digest(const std::vector<std::uint8_t> &bytes)
{
    return sha256Of({reinterpret_cast<const char *>(bytes.data()), bytes.size()});
}

// Names of operations with the digest of their result.
const std::map<std::string, std::string> &references()
{
    static const std::map<std::string, std::string> digests{
        {"source", "107093c3e484cf4b3d95258942e59b6e6f8a29a60df0b620bbbd3e3dcfa25b2b"},
        {"greyscale", "4aa0f894ffd4939d83adec3560ffe97f04ddeabbd458df9094d533d4132e1793"},
        {"invert", "ba95c267f6065104cd078060c3bd31c347ea4ab0e36bf7beae4c9989414854d8"},
        {"posterize3", "4ac5c53ef7c70600b98c5a3458a97db0c563a6ba58d7ccb8ae2d5721a40062bd"},
        {"solarize128", "a421162b927d056aaa46618cd01fa786b67ccc33498aef626908b3667edc2496"},
        {"autoContrast", "416b02f06eac3917816d54fe2ca437af5767d9a0008a0fdc0366807f0e9cebaa"},
        {"equalize", "407ecfcee303bca98ef7bd0c7b7fa07f66386699cdf1c1d2b9a5aa222c3a6b60"},
        {"brightness0.87", "e0b7c791d49c228b283e0e8f8c24f2924650e27737fd78b4f576dbde975164d0"},
        {"brightness1.14", "1fa5dbd42b1e0ca30d71a7bf19e6e0503ca653de0beed5fded12495ad107c115"},
        {"contrast1.3", "b917c3452f17b875829584c6b74533d7861c6d5ca4ebddaa644849f461802d5d"},
        {"saturation0.4", "0bfdcb02d0cb8649e60c4ac94d091935a90aac15ba512b421252e0d16eaac0c5"},
        {"sharpness4", "9ac68ad09922a77499889dfc270e6f3b8d9a7511a2596c6ce208d527ad2379bf"},
        {"hue0.07", "2f78ec64788b9ca08f850818cf21486597c2464b1037b5fbee3b18bdd5246b5a"},
        {"hue-0.05", "1fa7461a5f30b10604a732a65b77305f75854554e1f121da7bf76b5e785d5dff"},
        {"rotate17.5", "a7b3a6f856f6c5b2d6168c6d5e4fc191b4cb956d2cbb8560b7c2f2b18076fc7c"},
        {"rotate-23.25", "27a7f77c5c8ad2b8bce125d63cae9229bb51a9f61978ccb50090a575c4bc7570"},
        {"rotate_smooth12", "40c4836968a8191512ca20c8fd907f6409ef7f749ca53f41599782fb553702b4"},
        {"labels_rotate17.5", "8b6cf34aaebd76f84186ac76d30985d78c11534ace47be7dc5416b994ca373e9"},
        {"affine10_7", "364880ceaf69b41b37e6b2c4960e066909307dade0766befec7423e39084c9e4"},
        {"affine-6_-9", "c084c1e37379960a1e1da99610fa53d9f69ded5c83e86934ce621e46bfae200a"},
        {"blur3x5_0.8", "62365be881a6191073ca750ffa46f676ac4d880c2fb06c79ab11cc20b9923d08"},
    };
    return digests;
}

// Everything tried, nothing by chance.
ops::RecipeOptions geometryOnly()
{
    ops::RecipeOptions options;
    options.applyAll = 1.0;
    options.flip = 1.0;
    options.grey = 0.0;
    options.brightness = 0.0;
    options.hue = 0.0;
    options.blur = false;
    options.invert = 0.0;
    options.posterize = 0.0;
    options.sharpness = 0.0;
    options.autoContrast = 0.0;
    options.augMix = false;
    options.equalize = 0.0;
    options.erase = 0.0;
    return options;
}

} // namespace

class TestPairedAugment : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void operationsEqualPillows_data()
    {
        QTest::addColumn<QString>("name");
        for (const auto &[name, reference] : references())
            QTest::newRow(name.c_str()) << QString::fromStdString(name);
    }

    void operationsEqualPillows()
    {
        QFETCH(QString, name);
        const Image image = sample();
        const std::map<std::string, std::function<std::vector<std::uint8_t>()>> results{
            {"source", [&] { return image.pixels; }},
            {"greyscale", [&] { return ops::greyscale(image).pixels; }},
            {"invert", [&] { return ops::invert(image).pixels; }},
            {"posterize3", [&] { return ops::posterize(image, 3).pixels; }},
            {"solarize128", [&] { return ops::solarize(image, 128).pixels; }},
            {"autoContrast", [&] { return ops::autoContrast(image).pixels; }},
            {"equalize", [&] { return ops::equalize(image).pixels; }},
            {"brightness0.87", [&] { return ops::brightness(image, 0.87).pixels; }},
            {"brightness1.14", [&] { return ops::brightness(image, 1.14).pixels; }},
            {"contrast1.3", [&] { return ops::contrast(image, 1.3).pixels; }},
            {"saturation0.4", [&] { return ops::saturation(image, 0.4).pixels; }},
            {"sharpness4", [&] { return ops::sharpness(image, 4.0).pixels; }},
            {"hue0.07", [&] { return ops::hue(image, 0.07).pixels; }},
            {"hue-0.05", [&] { return ops::hue(image, -0.05).pixels; }},
            {"rotate17.5",
             [&] { return ops::transformed(image, ops::rotation(kWidth, kHeight, 17.5)).pixels; }},
            {"rotate-23.25",
             [&] {
                 return ops::transformed(image, ops::rotation(kWidth, kHeight, -23.25)).pixels;
             }},
            {"rotate_smooth12",
             [&] {
                 return ops::transformedSmoothly(image, ops::rotation(kWidth, kHeight, 12.0))
                     .pixels;
             }},
            {"labels_rotate17.5",
             [&] {
                 return ops::transformed(sampleLabels(), ops::rotation(kWidth, kHeight, 17.5))
                     .labels;
             }},
            {"affine10_7",
             [&] {
                 return ops::transformed(image, ops::affine(kWidth, kHeight, 10, 0, 0, 1, 7, 0))
                     .pixels;
             }},
            {"affine-6_-9",
             [&] {
                 return ops::transformed(image, ops::affine(kWidth, kHeight, -6, 2, -3, 1.1, -9, 0))
                     .pixels;
             }},
            {"blur3x5_0.8", [&] { return ops::gaussianBlur(image, 3, 5, 0.8).pixels; }}};

        const auto made = results.find(name.toStdString());
        QVERIFY(made != results.end());
        QCOMPARE(digest(made->second()), references().at(name.toStdString()));
    }

    void pictureAndLabelsMoveTogether()
    {
        // The labels drawn into the picture must still be its red channel afterwards.
        LabelMap labels(kWidth, kHeight);
        Image image(kWidth, kHeight);
        for (int y = 0; y < kHeight; ++y)
            for (int x = 0; x < kWidth; ++x) {
                labels.at(x, y) = static_cast<std::uint8_t>(1 + (x * 5 + y * 3) % 6);
                for (int c = 0; c < 3; ++c)
                    image.at(x, y)[c] = labels.at(x, y);
            }
        bool moved = false;
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            const ops::AugmentedPair pair =
                ops::augmentPair(image, labels, geometryOnly(), SeededRandom(seed));
            for (std::size_t i = 0; i < pair.labels.labels.size(); ++i)
                QCOMPARE(pair.picture.pixels[3 * i], pair.labels.labels[i]);
            moved = moved || pair.labels.labels != labels.labels;
        }
        QVERIFY(moved);
    }

    void sameSeedGivesTheSamePairAndAnotherAnother()
    {
        ops::RecipeOptions options;
        options.applyAll = 1.0;
        const auto made = [&](std::uint64_t seed) {
            return ops::augmentPair(sample(), sampleLabels(), options, SeededRandom(seed));
        };
        QCOMPARE(made(3).picture.pixels, made(3).picture.pixels);
        QCOMPARE(made(3).labels.labels, made(3).labels.labels);
        QVERIFY(made(3).picture.pixels != made(4).picture.pixels);
    }

    void chanceOfZeroChangesNothingAndTheShareIsKept()
    {
        ops::RecipeOptions options;
        options.erase = 0.0;
        int changed = 0;
        constexpr int trials = 400;
        for (std::uint64_t seed = 0; seed < trials; ++seed)
            changed += ops::augmentPair(sample(), {}, options, SeededRandom(seed)).picture.pixels
                               != sample().pixels
                           ? 1
                           : 0;
        QVERIFY(changed > 0.38 * trials && changed < 0.52 * trials); // 0.45 expected
        options.applyAll = 0.0;
        for (std::uint64_t seed = 0; seed < 20; ++seed)
            QCOMPARE(ops::augmentPair(sample(), {}, options, SeededRandom(seed)).picture.pixels,
                     sample().pixels);
    }

    void erasedPartIsTheMeanAndBackground()
    {
        ops::RecipeOptions options;
        options.applyAll = 0.0;
        options.erase = 1.0;
        int erased = 0;
        for (std::uint64_t seed = 0; seed < 50; ++seed) {
            LabelMap labels(kWidth, kHeight, 3);
            const ops::AugmentedPair pair =
                ops::augmentPair(sample(), labels, options, SeededRandom(seed));
            if (!pair.erased)
                continue;
            ++erased;
            const Box &box = *pair.erased;
            const double share =
                static_cast<double>(box.width()) * box.height() / (kWidth * kHeight);
            QVERIFY(share > 0.01 && share < 0.45);
            QCOMPARE(int(pair.labels.at(box.left, box.top)), 0);
            QCOMPARE(int(pair.picture.at(box.right - 1, box.bottom - 1)[0]), 123);
            std::size_t background = 0;
            for (const std::uint8_t label : pair.labels.labels)
                background += label == 0 ? 1 : 0;
            QCOMPARE(background, static_cast<std::size_t>(box.width() * box.height()));
        }
        QVERIFY(erased > 40);
    }

    void leftAndRightPartsChangePlaces()
    {
        LabelMap labels(2, 1);
        labels.labels = {9, 12};
        QCOMPARE(ops::flipped(labels, &ops::atrFlip()).labels, (std::vector<std::uint8_t>{13, 10}));
        QCOMPARE(ops::flipped(labels).labels, (std::vector<std::uint8_t>{12, 9}));
    }

    void unusableArgumentsAreInvalidInput()
    {
        VERIFY_ERROR(ops::augmentPair(sample(), LabelMap(3, 3), {}, SeededRandom(1)),
                     ErrorKind::InvalidInput, "same size");
        VERIFY_ERROR(ops::posterize(sample(), 9), ErrorKind::InvalidInput, "bits");
        VERIFY_ERROR(ops::gaussianBlur(sample(), 4, 5, 1.0), ErrorKind::InvalidInput, "odd");
        ops::RecipeOptions options;
        options.erase = 1.5;
        VERIFY_ERROR(ops::augmentPair(sample(), {}, options, SeededRandom(1)),
                     ErrorKind::InvalidInput, "chance");
    }
};

QTEST_GUILESS_MAIN(TestPairedAugment)
#include "tst_paired_augment.moc"
