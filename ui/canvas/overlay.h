#pragma once

#include "core/image/image.h"

#include <QColor>
#include <QImage>
#include <QRect>
#include <QSet>
#include <QString>

#include <vector>

class QPainter;

namespace sapsam::ui {

// One part's mask, prepared for drawing over its picture. All layers of a picture have one size.
struct OverlayLayer
{
    QString group;
    QColor color;
    QImage fill;     // Format_Alpha8, 255 inside
    QImage outline;  // Format_Alpha8, the inner edge
    int pattern = 0; // hatching that tells parts apart without colour; 0 is plain
    QRect bounds;    // nothing is set outside of it; a null one stands for everything
};

struct OverlayLook
{
    int opacityPercent = 45;
    bool outlines = true;
    bool patterns = true;
    bool labelMap = false; // the parts alone, opaque
    QSet<QString> hiddenGroups;
    int highlighted = -1; // layer that is lit while the rest of the picture dims; -1 for none
};

constexpr int kPatternCount = 9; // 0 is plain

// Masks of small pictures are enlarged by this whole factor for a smooth edge on the screen.
int overlayFactor(const QSize &mask);
// The mask as a layer, enlarged by the factor.
OverlayLayer makeLayer(const QString &group, const QColor &color, int pattern, const Mask &mask,
                       int factor);
// Takes over the mask's pixels in a box of the mask, as they are: for painting, where a smooth edge
// comes when the stroke ends. The layer's area that changed.
QRect takePixels(OverlayLayer &layer, const Mask &mask, const Box &box, int factor);

// The same when the stroke is over: fill and edge of that box as makeLayer() would draw them, so
// that a stroke costs what it touched and not the whole part. Only at factor 1, where nothing is
// smoothed (makeLayer() else). The layer's area that changed.
QRect takeStroke(OverlayLayer &layer, const Mask &mask, const Box &box);

// A model's answer before it is taken, ready to be drawn over its picture.
struct MaskPreview
{
    QImage
        image; // Format_ARGB32_Premultiplied, as large as the mask's bounds; null when it is empty
    QRectF place; // of it, in pixels of the picture
};
// A pure function; safe on any thread.
MaskPreview makePreview(const Mask &mask, const QColor &color, int factor);

// All visible layers in one picture, Format_ARGB32_Premultiplied; later layers lie on top.
// Null when there are no layers. A pure function; safe on any thread.
QImage composeOverlay(const std::vector<OverlayLayer> &layers, const OverlayLook &look);
// The same again in one area of what it returned.
void composeOverlay(QImage &overlay, const std::vector<OverlayLayer> &layers,
                    const OverlayLook &look, const QRect &area);

// Whether the pattern has a line at a place of the overlay; `period` in its pixels.
bool isOnPattern(int pattern, int x, int y, int period);
// A sample of a part's colour and pattern, for lists and legends.
void paintSwatch(QPainter &painter, const QRectF &rect, const QColor &color, int pattern);

// The smallest visible layer at this point of the overlay, else -1.
int layerAt(const std::vector<OverlayLayer> &layers, const OverlayLook &look, const QPoint &point);

} // namespace sapsam::ui
