#include "core/image/mask.h"
#include "core/image/mask_edit.h"
#include "tests/support/error_of.h"

#include <QTest>

using namespace sapsam;

namespace {

Mask maskOf(const std::vector<std::string> &rows)
{
    Mask mask(static_cast<int>(rows.front().size()), static_cast<int>(rows.size()));
    for (int y = 0; y < mask.height; ++y) {
        for (int x = 0; x < mask.width; ++x)
            mask.at(x, y) =
                rows[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)] == '#' ? 1 : 0;
    }
    return mask;
}

} // namespace

class TestMaskEdit : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aBrushStepIsRoundAndSaysWhatItChanged()
    {
        Mask mask(20, 20);

        const Box dirty = paintSegment(mask, {10.0, 10.0}, {10.0, 10.0}, 3.0, true);

        QCOMPARE(mask.area(), std::size_t{32}); // pixel centres within 3 of a corner
        const Box tight = *boundingBox(mask);
        QVERIFY(dirty.left <= tight.left && dirty.right >= tight.right);
        QVERIFY(dirty.top <= tight.top && dirty.bottom >= tight.bottom);
        QCOMPARE(mask.at(10, 7), std::uint8_t{1});
        QCOMPARE(mask.at(7, 7), std::uint8_t{0});
    }

    void aQuickStrokeHasNoGaps()
    {
        Mask mask(60, 12);

        paintSegment(mask, {4.5, 6.5}, {55.5, 6.5}, 1.0, true);

        for (int x = 4; x <= 55; ++x)
            QCOMPARE(mask.at(x, 6), std::uint8_t{1});
        QCOMPARE(shapeOf(mask).pieces, 1);
    }

    void theSmallestBrushPaintsItsPixelAndNothingOutsideIsTouched()
    {
        Mask mask(4, 4);

        paintSegment(mask, {2.1, 2.9}, {2.1, 2.9}, 0.1, true);
        QCOMPARE(mask.area(), std::size_t{1});
        QCOMPARE(mask.at(2, 2), std::uint8_t{1});

        QVERIFY(paintSegment(mask, {-40.0, 2.0}, {-30.0, 2.0}, 3.0, true).isEmpty());
        QCOMPARE(mask.area(), std::size_t{1});
    }

    void erasingTakesBackWhatPaintingGave()
    {
        Mask mask(30, 30);
        paintSegment(mask, {5.0, 5.0}, {25.0, 20.0}, 4.0, true);

        paintSegment(mask, {5.0, 5.0}, {25.0, 20.0}, 4.0, false);

        QCOMPARE(mask.area(), std::size_t{0});
    }

    void aPolygonCoversTheCentresInsideIt()
    {
        Mask mask(10, 10);

        paintPolygon(mask, {{2.0, 2.0}, {7.0, 2.0}, {7.0, 6.0}, {2.0, 6.0}}, true);

        QCOMPARE(mask.area(), std::size_t{20});
        QVERIFY((*boundingBox(mask) == Box{2, 2, 7, 6}));
        paintPolygon(mask, {{-5.0, -5.0}, {5.0, -5.0}, {5.0, 50.0}, {-5.0, 50.0}}, false);
        QVERIFY((*boundingBox(mask) == Box{5, 2, 7, 6}));
        QVERIFY(paintPolygon(mask, {{0.0, 0.0}, {9.0, 9.0}}, true).isEmpty());
    }

    void fillingTakesOnlyWhatIsEnclosed()
    {
        Mask ring = maskOf({"......", ".####.", ".#..#.", ".####.", "......"});

        QVERIFY(fillEnclosed(ring, 0, 0).isEmpty()); // open to the border
        QVERIFY(fillEnclosed(ring, 1, 1).isEmpty()); // set already
        QVERIFY(fillEnclosed(ring, 9, 9).isEmpty()); // outside of the mask
        QVERIFY((fillEnclosed(ring, 2, 2) == Box{2, 2, 4, 3}));

        QVERIFY(ring.bits == maskOf({"......", ".####.", ".####.", ".####.", "......"}).bits);
    }

    void aDiagonalGapEnclosesButJoinsPieces()
    {
        // Pieces are joined across corners, so a hole must not leak through one.
        const Mask mask = maskOf({".....", "..#..", ".#.#.", "..#..", "....."});

        const MaskShape shape = shapeOf(mask);

        QCOMPARE(shape.pieces, 1);
        QCOMPARE(shape.holes, 1);
    }

    void piecesAndHolesAreCounted()
    {
        const Mask mask = maskOf({"###..#", "#.#..#", "###...", "......", "##.#.#"});

        const MaskShape shape = shapeOf(mask);

        QCOMPARE(shape.area, std::uint64_t{14});
        QCOMPARE(shape.pieces, 5);
        QCOMPARE(shape.holes, 1);
        QCOMPARE(shapeOf(Mask(3, 3)).pieces, 0);
    }

    void aPieceGoesAndTheOthersStay()
    {
        Mask mask = maskOf({"##...", "##..#", "....#"});

        QVERIFY((clearPiece(mask, 4, 2) == Box{4, 1, 5, 3}));

        QVERIFY(mask.bits == maskOf({"##...", "##...", "....."}).bits);
        QVERIFY(clearPiece(mask, 3, 0).isEmpty());
    }

    void allHolesAreFilledAtOnce()
    {
        Mask mask = maskOf({"#######", "#.###.#", "#######"});

        QVERIFY((fillAllHoles(mask) == Box{1, 1, 6, 2}));

        QCOMPARE(mask.area(), std::size_t{21});
        QVERIFY(fillAllHoles(mask).isEmpty());
    }

    void subtractingNeedsMasksOfOneSize()
    {
        Mask mask = maskOf({"###", "###"});

        QVERIFY((subtract(mask, maskOf({"..#", "..#"})) == Box{2, 0, 3, 2}));
        QCOMPARE(mask.area(), std::size_t{4});
        VERIFY_ERROR(subtract(mask, Mask(2, 2)), ErrorKind::InvalidInput, "3 x 2");
    }
};

QTEST_GUILESS_MAIN(TestMaskEdit)
#include "tst_mask_edit.moc"
