#pragma once

#include <QPointF>
#include <QRectF>
#include <QSizeF>

namespace sapsam::ui {

// Where a picture stands in a view: view = picture * scale + offset. A value without any widget.
struct ViewTransform
{
    static constexpr double kMinScale = 0.05;
    static constexpr double kMaxScale = 40.0;

    double scale = 1.0;
    QPointF offset;

    QPointF viewFromPicture(const QPointF &point) const { return point * scale + offset; }
    QPointF pictureFromView(const QPointF &point) const { return (point - offset) / scale; }
    QRectF viewRect(const QSizeF &picture) const { return {offset, picture * scale}; }

    // The whole picture in the middle of the view with a margin; small pictures are enlarged.
    static ViewTransform fitted(const QSizeF &picture, const QSizeF &view, double margin);
    // Zooms so that the picture's point under `anchor` (in the view) stays where it is.
    ViewTransform zoomedAt(const QPointF &anchor, double newScale) const;
    // Moved back so that the picture cannot be lost: it always covers or stays within the view.
    ViewTransform keptInside(const QSizeF &picture, const QSizeF &view) const;
};

} // namespace sapsam::ui
