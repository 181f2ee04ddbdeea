#include "ui/canvas/view_transform.h"

#include <algorithm>

namespace sapsam::ui {

ViewTransform ViewTransform::fitted(const QSizeF &picture, const QSizeF &view, double margin)
{
    ViewTransform result;
    if (picture.isEmpty() || view.isEmpty())
        return result;
    const double width = std::max(1.0, view.width() - 2.0 * margin);
    const double height = std::max(1.0, view.height() - 2.0 * margin);
    result.scale = std::clamp(std::min(width / picture.width(), height / picture.height()),
                              kMinScale, kMaxScale);
    result.offset = QPointF((view.width() - picture.width() * result.scale) / 2.0,
                            (view.height() - picture.height() * result.scale) / 2.0);
    return result;
}

ViewTransform ViewTransform::zoomedAt(const QPointF &anchor, double newScale) const
{
    ViewTransform result;
    result.scale = std::clamp(newScale, kMinScale, kMaxScale);
    result.offset = anchor - pictureFromView(anchor) * result.scale;
    return result;
}

ViewTransform ViewTransform::keptInside(const QSizeF &picture, const QSizeF &view) const
{
    const auto keep = [](double position, double length, double space) {
        if (length <= space)
            return std::clamp(position, 0.0, space - length);
        return std::clamp(position, space - length, 0.0);
    };
    ViewTransform result = *this;
    result.offset.setX(keep(offset.x(), picture.width() * scale, view.width()));
    result.offset.setY(keep(offset.y(), picture.height() * scale, view.height()));
    return result;
}

} // namespace sapsam::ui
