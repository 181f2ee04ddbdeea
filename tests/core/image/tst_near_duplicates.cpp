#include "core/image/near_duplicates.h"

#include "core/base/error.h"
#include "core/image/codec.h"
#include "core/image/resize.h"
#include "core/synth/pedestrian.h"
#include "tests/support/error_of.h"

#include <QTest>

#include <algorithm>

using namespace sapsam;

namespace {

constexpr int kPeople = 150;
constexpr int kWidth = 128;
constexpr int kHeight = 320;

Image pictureOf(int person, int number = 0)
{
    return renderPicture(makePerson(41, static_cast<std::uint64_t>(person)),
                         static_cast<std::uint64_t>(number), kWidth, kHeight)
        .image;
}

HashedPicture hashed(std::int64_t id, const Image &image)
{
    return {id, image.width, image.height, perceptualHash(image)};
}

Image reencoded(const Image &image, int quality)
{
    return decodeImage(encodeJpeg(image, quality), "copy.jpg");
}

Image brighter(Image image, int by)
{
    for (std::uint8_t &value : image.pixels)
        value = static_cast<std::uint8_t>(std::clamp(value + by, 0, 255));
    return image;
}

} // namespace

class TestNearDuplicates : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void copiesAreFoundAndPeopleAreNotMixed()
    {
        std::vector<HashedPicture> pictures;
        std::int64_t id = 0;
        for (int person = 0; person < kPeople; ++person) {
            // Two pictures of each person: the same clothes, another pose, place and light.
            for (int number = 0; number < 2; ++number)
                pictures.push_back(hashed(++id, pictureOf(person, number)));
        }
        QVERIFY(groupNearDuplicates(pictures).empty());

        // The first picture of every fifth person again, in four ways.
        std::vector<std::vector<std::int64_t>> expected;
        for (int person = 0; person < kPeople; person += 5) {
            const Image original = pictureOf(person);
            std::vector<std::int64_t> group{std::int64_t{person} * 2 + 1};
            for (const Image &copy :
                 {original, reencoded(original, 60), brighter(original, 4),
                  resize(original, kWidth / 2, kHeight / 2, ResizeFilter::Bicubic)}) {
                pictures.push_back(hashed(++id, copy));
                group.push_back(id);
            }
            expected.push_back(group);
        }

        const auto groups = groupNearDuplicates(pictures);

        QCOMPARE(groups.size(), expected.size());
        for (std::size_t i = 0; i < groups.size(); ++i)
            QCOMPARE(groups[i], expected[i]);
    }

    void theLargestPictureComesFirst()
    {
        const Image small = pictureOf(3);
        const Image large = resize(small, kWidth * 2, kHeight * 2, ResizeFilter::Lanczos);

        const auto groups = groupNearDuplicates({hashed(5, small), hashed(9, large)});

        QCOMPARE(groups.size(), std::size_t{1});
        QCOMPARE(groups[0], (std::vector<std::int64_t>{9, 5}));
    }

    void anotherShapeIsAnotherPicture()
    {
        const Image picture = pictureOf(3);
        const Image wide = resize(picture, kWidth * 2, kHeight, ResizeFilter::Bicubic);

        QVERIFY(groupNearDuplicates({hashed(1, picture), hashed(2, wide)}).empty());
    }

    void aChainOfSmallStepsIsNotOneGroup()
    {
        // Each step is within the bound of the next, the ends are far from each other.
        std::vector<HashedPicture> pictures;
        for (int step = 0; step < 12; ++step)
            pictures.push_back(hashed(step + 1, Image(64, 128, 3, std::uint8_t(60 + 5 * step))));

        const auto groups = groupNearDuplicates(pictures);

        QVERIFY(groups.size() > 1);
        for (const auto &group : groups) {
            for (const std::int64_t id : group)
                QVERIFY(std::abs(id - group.front()) <= 1);
        }
    }

    void bytesComeBack()
    {
        const PerceptualHash hash = perceptualHash(pictureOf(1));
        QCOMPARE(bytesOf(hash).size(), std::size_t{128});
        QVERIFY(hashOfBytes(bytesOf(hash)) == hash);
        QCOMPARE(bitDistance(hash, hash), 0);
        QCOMPARE(colourDistance(hash, hash), 0.0);
        VERIFY_ERROR(hashOfBytes("abc"), ErrorKind::Corrupt, "3 bytes");
    }

    void greyAndTinyPicturesHaveAHash()
    {
        const Image tiny(1, 1, 3, 90);
        const Image grey(40, 90, 1, 90);
        QCOMPARE(bitDistance(perceptualHash(tiny), perceptualHash(grey)), 0);
        QVERIFY(colourDistance(perceptualHash(tiny), perceptualHash(grey)) < 1.0);
        VERIFY_ERROR(perceptualHash(Image()), ErrorKind::InvalidInput, "");
    }

    void badOptionsAreRefusedAndCancellingGivesNothing()
    {
        DuplicateOptions options;
        options.bits = -1;
        VERIFY_ERROR(groupNearDuplicates({}, options), ErrorKind::InvalidInput, "bits");
        const Image picture = pictureOf(1);
        CancelSource cancel;
        cancel.cancel();
        QVERIFY(groupNearDuplicates({hashed(1, picture), hashed(2, picture)}, {}, cancel.token())
                    .empty());
    }
};

QTEST_GUILESS_MAIN(TestNearDuplicates)
#include "tst_near_duplicates.moc"
