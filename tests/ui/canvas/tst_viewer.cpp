#include "core/image/image.h"
#include "core/image/mask_edit.h"
#include "ui/canvas/overlay.h"
#include "ui/canvas/picture_canvas.h"
#include "ui/canvas/view_transform.h"
#include "ui/models/part_model.h"
#include "ui/pages/viewer/viewer_page.h"
#include "ui/support/pixels.h"
#include "ui/widgets/part_delegate.h"

#include <QListView>
#include <QSignalSpy>
#include <QSlider>
#include <QTest>
#include <QWheelEvent>

#include <cmath>

using namespace sapsam;
using namespace sapsam::ui;

namespace {

constexpr int kWidth = 40;
constexpr int kHeight = 80;

Mask maskOfBox(const Box &box)
{
    Mask mask(kWidth, kHeight);
    for (int y = box.top; y < box.bottom; ++y) {
        for (int x = box.left; x < box.right; ++x)
            mask.at(x, y) = 1;
    }
    return mask;
}

OverlayLayer layerOf(const char *group, const QColor &color, const Box &box)
{
    OverlayLayer layer;
    layer.group = QString::fromLatin1(group);
    layer.color = color;
    layer.fill = toQImage(maskOfBox(box));
    layer.outline = maskOutline(layer.fill, 1);
    return layer;
}

// A jacket above trousers.
PictureDetails makeDetails()
{
    PictureDetails details;
    details.id = 5;
    details.name = QStringLiteral("a.png");
    details.picture = QImage(kWidth, kHeight, QImage::Format_RGB888);
    details.picture.fill(Qt::white);
    details.size = details.picture.size();
    details.layers = {layerOf("clothes", Qt::blue, {5, 10, 35, 40}),
                      layerOf("pants", Qt::green, {10, 40, 30, 75})};
    PartRow clothes;
    clothes.group = QStringLiteral("clothes");
    clothes.title = QStringLiteral("Upper clothes");
    clothes.color = Qt::blue;
    clothes.phrase = QStringLiteral("a red jacket");
    PartRow pants = clothes;
    pants.group = QStringLiteral("pants");
    pants.title = QStringLiteral("Pants");
    pants.color = Qt::green;
    pants.phrase = QStringLiteral("blue jeans");
    details.parts = {clothes, pants};
    return details;
}

} // namespace

class TestViewer : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void fittedPictureStandsInTheMiddle()
    {
        const ViewTransform view = ViewTransform::fitted({100, 200}, {400, 420}, 10);

        QCOMPARE(view.scale, 2.0);
        QCOMPARE(view.offset, QPointF(100, 10));
    }

    void zoomKeepsThePointUnderTheMouse()
    {
        const ViewTransform view = ViewTransform::fitted({100, 200}, {400, 420}, 10);
        const QPointF anchor(150, 60);
        const QPointF point = view.pictureFromView(anchor);

        const ViewTransform zoomed = view.zoomedAt(anchor, 7.0);

        QCOMPARE(zoomed.scale, 7.0);
        QVERIFY((zoomed.viewFromPicture(point) - anchor).manhattanLength() < 1e-9);
        QCOMPARE(view.zoomedAt(anchor, 1e9).scale, ViewTransform::kMaxScale);
    }

    void pictureCannotBePannedAway()
    {
        ViewTransform view;
        view.scale = 4.0;
        view.offset = QPointF(5000, -5000);

        const ViewTransform kept = view.keptInside({100, 200}, {300, 300});

        QCOMPARE(kept.offset, QPointF(0, 300 - 800));
    }

    void masksBecomePixelsAndBack()
    {
        const QImage image = toQImage(maskOfBox({5, 10, 35, 40}));

        QCOMPARE(image.size(), QSize(kWidth, kHeight));
        QCOMPARE(qAlpha(image.pixel(5, 10)), 255);
        QCOMPARE(qAlpha(image.pixel(4, 10)), 0);
        QCOMPARE(qAlpha(image.pixel(34, 39)), 255);
        QCOMPARE(qAlpha(image.pixel(35, 39)), 0);
        QVERIFY(toQImage(Mask()).isNull());
    }

    void smoothedMaskKeepsItsPlaceAndArea()
    {
        const QImage small = toQImage(maskOfBox({5, 10, 35, 40}));

        const QImage big = smoothedMask(small, 4);

        QCOMPARE(big.size(), small.size() * 4);
        qsizetype area = 0;
        for (int y = 0; y < big.height(); ++y) {
            for (int x = 0; x < big.width(); ++x)
                area += big.constScanLine(y)[x] != 0 ? 1 : 0;
        }
        const double expected = 30.0 * 30.0 * 16.0;
        QVERIFY2(std::abs(static_cast<double>(area) - expected) < 0.03 * expected,
                 qPrintable(QString::number(area)));
        QCOMPARE(qAlpha(big.pixel(80, 100)), 255);
        QCOMPARE(qAlpha(big.pixel(8, 100)), 0);
    }

    void smoothedMaskKeepsWhatIsOnePixelWide()
    {
        const QImage small = toQImage(maskOfBox({20, 10, 21, 60}));

        const QImage big = smoothedMask(small, 6);

        QCOMPARE(qAlpha(big.pixel(20 * 6 + 3, 35 * 6)), 255);
        QCOMPARE(qAlpha(big.pixel(18 * 6, 35 * 6)), 0);
    }

    void aStrokeLeavesTheLayerAsIfItWereMadeAnew()
    {
        Mask mask(300, 1000);
        paintSegment(mask, {150, 300}, {150, 600}, 60, true);
        OverlayLayer layer = makeLayer(QStringLiteral("bag"), Qt::blue, 3, mask, 1);
        Box touched;
        const auto paint = [&](PointF from, PointF to, double radius, bool sets) {
            touched = paintSegment(mask, from, to, radius, sets);
            takePixels(layer, mask, touched, 1);
            takeStroke(layer, mask, touched);
            const OverlayLayer anew = makeLayer(QStringLiteral("bag"), Qt::blue, 3, mask, 1);
            QCOMPARE(layer.fill, anew.fill);
            QCOMPARE(layer.outline, anew.outline);
            QVERIFY(layer.bounds.contains(
                anew.bounds.intersected(layer.fill.rect()).adjusted(2, 2, -2, -2)));
        };
        paint({150, 300}, {290, 20}, 25, true);   // over the edge of the picture
        paint({150, 450}, {150, 460}, 20, false); // a hole
        paint({60, 500}, {240, 500}, 5, false);   // cut in two
        paint({0, 999}, {299, 999}, 3, true);
    }

    void aPreviewIsAsLargeAsItsMask()
    {
        Mask mask(200, 100);
        for (int y = 40; y < 60; ++y) {
            for (int x = 30; x < 80; ++x)
                mask.at(x, y) = 1;
        }
        const MaskPreview preview = makePreview(mask, Qt::blue, 4);
        QCOMPARE(preview.place, QRectF(28, 38, 54, 24));
        QCOMPARE(preview.image.size(), QSize(54 * 4, 24 * 4));
        QCOMPARE(preview.image.pixelColor(54 * 2, 24 * 2).alpha(), 128);
        QCOMPARE(preview.image.pixelColor(1, 1).alpha(), 0);
        QVERIFY(makePreview(Mask(200, 100), Qt::blue, 4).image.isNull());
    }

    void hiddenGroupsAreNotDrawn()
    {
        const PictureDetails details = makeDetails();
        OverlayLook look;
        look.opacityPercent = 100;
        look.outlines = false;

        const QImage all = composeOverlay(details.layers, look);
        look.hiddenGroups = {QStringLiteral("clothes")};
        const QImage some = composeOverlay(details.layers, look);

        QCOMPARE(all.pixelColor(20, 20), QColor(Qt::blue));
        QCOMPARE(some.pixelColor(20, 20).alpha(), 0);
        QCOMPARE(some.pixelColor(20, 60), QColor(Qt::green));
        QCOMPARE(layerAt(details.layers, look, {20, 20}), -1);
        QCOMPARE(layerAt(details.layers, look, {20, 60}), 1);
    }

    void highlightLightsOnePartAndDimsTheRest()
    {
        const PictureDetails details = makeDetails();
        OverlayLook look;
        look.opacityPercent = 50;
        look.highlighted = 0;

        const QImage overlay = composeOverlay(details.layers, look);

        // Outside and the other part: darkened; the part itself: lightly tinted.
        QVERIFY(overlay.pixelColor(1, 1).alpha() > 100);
        QCOMPARE(overlay.pixelColor(1, 1).value(), 0);
        QCOMPARE(overlay.pixelColor(20, 60), overlay.pixelColor(1, 1));
        QVERIFY(overlay.pixelColor(20, 20).alpha() < 100);
        QCOMPARE(overlay.pixelColor(5, 10), QColor(Qt::blue)); // its outline
    }

    void opacityOfNothingLeavesThePictureAlone()
    {
        OverlayLook look;
        look.opacityPercent = 0;
        look.outlines = false;

        const QImage overlay = composeOverlay(makeDetails().layers, look);

        QCOMPARE(overlay.pixelColor(20, 20).alpha(), 0);
        QVERIFY(composeOverlay({}, look).isNull());
    }

    void wheelZoomsAndFitShowsEverything()
    {
        PictureCanvas canvas;
        canvas.resize(400, 400);
        canvas.setPicture(makeDetails().picture, makeDetails().layers);
        canvas.show();
        const double fitted = canvas.scale();
        QSignalSpy changes(&canvas, &PictureCanvas::scaleChanged);

        QWheelEvent wheel(QPointF(200, 200), canvas.mapToGlobal(QPointF(200, 200)), {}, {0, 120},
                          Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
        QCoreApplication::sendEvent(&canvas, &wheel);
        QVERIFY(canvas.scale() > fitted);
        QVERIFY(changes.count() > 0);
        canvas.showActualSize();
        QCOMPARE(canvas.scale(), 1.0 / canvas.devicePixelRatioF());
        canvas.fit();
        QCOMPARE(canvas.scale(), fitted);
    }

    void pointingAtAPhraseLightsItsMask()
    {
        ViewerPage page{PageContext{}};
        page.resize(1000, 700);
        page.showDetails(makeDetails());
        page.show();
        QVERIFY(QTest::qWaitForWindowExposed(&page));
        QListView *list = page.partList();
        const QRect second = list->visualRect(page.parts()->index(1));
        QVERIFY(!second.isEmpty());

        QTest::mouseMove(list->viewport(), second.center());
        QTRY_COMPARE(page.canvas()->look().highlighted, 1);

        QEvent leave(QEvent::Leave);
        QCoreApplication::sendEvent(list->viewport(), &leave);
        QCOMPARE(page.canvas()->look().highlighted, -1);
    }

    void eyeAndSpaceSwitchAGroup()
    {
        ViewerPage page{PageContext{}};
        page.resize(1000, 700);
        page.showDetails(makeDetails());
        page.show();
        QVERIFY(QTest::qWaitForWindowExposed(&page));
        QListView *list = page.partList();
        const QRect card = list->visualRect(page.parts()->index(0)).adjusted(4, 2, -4, -2);

        QTest::mouseClick(list->viewport(), Qt::LeftButton, {},
                          PartDelegate::eyeRect(card).center());
        QCOMPARE(page.canvas()->look().hiddenGroups, QSet<QString>{QStringLiteral("clothes")});

        list->setCurrentIndex(page.parts()->index(0));
        QTest::keyClick(list, Qt::Key_Space);
        QVERIFY(page.canvas()->look().hiddenGroups.isEmpty());
    }

    void opacitySliderReachesTheCanvas()
    {
        ViewerPage page{PageContext{}};
        page.showDetails(makeDetails());
        QSignalSpy changes(&page, &ViewerPage::opacityChanged);

        page.opacitySlider()->setValue(80);

        QCOMPARE(page.canvas()->look().opacityPercent, 80);
        QCOMPARE(changes.count(), 1);
    }

    void samePictureWithNewMasksKeepsItsZoom()
    {
        ViewerPage page{PageContext{}};
        page.resize(1000, 700);
        page.show();
        page.showDetails(makeDetails());
        page.canvas()->zoomIn();
        const double zoomed = page.canvas()->scale();

        page.showDetails(makeDetails());
        QCOMPARE(page.canvas()->scale(), zoomed);

        PictureDetails other = makeDetails();
        other.id = 6;
        page.showDetails(other);
        QVERIFY(page.canvas()->scale() != zoomed);
    }

    void pageSaysWhyThereIsNoPicture()
    {
        ViewerPage page{PageContext{}};
        page.showDetails(makeDetails());

        page.showFailure(QStringLiteral("a.png is truncated"));

        QVERIFY(!page.canvas()->hasPicture());
        QCOMPARE(page.parts()->rowCount(), 0);
        QVERIFY(!page.grab().isNull());
    }
};

QTEST_MAIN(TestViewer)
#include "tst_viewer.moc"
