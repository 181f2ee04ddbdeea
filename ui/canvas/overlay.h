#pragma once

#include <QColor>
#include <QImage>
#include <QSet>
#include <QString>

#include <vector>

namespace sapsam::ui {

// One part's mask, prepared for drawing over its picture. All layers of a picture have one size.
struct OverlayLayer
{
    QString group;
    QColor color;
    QImage fill;    // Format_Alpha8, 255 inside
    QImage outline; // Format_Alpha8, the inner edge
};

struct OverlayLook
{
    int opacityPercent = 45;
    bool outlines = true;
    QSet<QString> hiddenGroups;
    int highlighted = -1; // layer that is lit while the rest of the picture dims; -1 for none
};

// All visible layers in one picture, Format_ARGB32_Premultiplied; later layers lie on top.
// Null when there are no layers. A pure function; safe on any thread.
QImage composeOverlay(const std::vector<OverlayLayer> &layers, const OverlayLook &look);

// The smallest visible layer at this point of the overlay, else -1.
int layerAt(const std::vector<OverlayLayer> &layers, const OverlayLook &look, const QPoint &point);

} // namespace sapsam::ui
