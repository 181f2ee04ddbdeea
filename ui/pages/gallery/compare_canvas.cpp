#include "ui/pages/gallery/compare_canvas.h"

#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>
#include <utility>

namespace sapsam::ui {

namespace {

constexpr double kMargin = 10.0;
constexpr double kWheelStep = 1.0015; // for an eighth of a degree
constexpr double kPixelScale = 4.0;   // from here on pixels are shown as they are

} // namespace

CompareCanvas::CompareCanvas(QWidget *parent) : QWidget(parent)
{
    setMouseTracking(true);
    setCursor(Qt::OpenHandCursor);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
}

void CompareCanvas::setPicture(const QImage &picture, std::vector<OverlayLayer> layers)
{
    m_picture = picture;
    m_layers = std::move(layers);
    m_overlayIsStale = true;
    update();
}

void CompareCanvas::setView(const SharedView &view)
{
    changeView(view, false);
}

void CompareCanvas::changeView(SharedView view, bool byUser)
{
    view.zoom = std::clamp(view.zoom, 1.0, SharedView::kMaxZoom);
    // What is wholly in sight stands in the middle; nothing is moved out of sight.
    const double half = 0.5 / view.zoom;
    view.centre.setX(std::clamp(view.centre.x(), half, 1.0 - half));
    view.centre.setY(std::clamp(view.centre.y(), half, 1.0 - half));
    if (view == m_view)
        return;
    m_view = view;
    update();
    if (byUser)
        Q_EMIT viewChanged(m_view);
}

ViewTransform CompareCanvas::transform() const
{
    ViewTransform result = ViewTransform::fitted(m_picture.size(), size(), kMargin);
    result.scale *= m_view.zoom;
    const QPointF middle(m_view.centre.x() * m_picture.width(),
                         m_view.centre.y() * m_picture.height());
    result.offset = QPointF(width() / 2.0, height() / 2.0) - middle * result.scale;
    return result;
}

QRectF CompareCanvas::picturePlace() const
{
    return m_picture.isNull() ? QRectF() : transform().viewRect(m_picture.size());
}

void CompareCanvas::zoomAt(const QPointF &place, double factor)
{
    if (m_picture.isNull())
        return;
    const ViewTransform before = transform();
    const QPointF held = before.pictureFromView(place);
    SharedView view = m_view;
    view.zoom = std::clamp(view.zoom * factor, 1.0, SharedView::kMaxZoom);
    const double scale = before.scale / m_view.zoom * view.zoom;
    const QPointF middle = held + (QPointF(width() / 2.0, height() / 2.0) - place) / scale;
    view.centre = QPointF(middle.x() / m_picture.width(), middle.y() / m_picture.height());
    changeView(view, true);
}

void CompareCanvas::zoomBy(double factor)
{
    zoomAt(QPointF(width() / 2.0, height() / 2.0), factor);
}

void CompareCanvas::setOpacityPercent(int percent)
{
    m_look.opacityPercent = percent;
    m_overlayIsStale = true;
    update();
}

void CompareCanvas::setOverlayVisible(bool visible)
{
    m_overlayVisible = visible;
    update();
}

void CompareCanvas::setHighlightedGroup(const QString &group)
{
    int layer = -1;
    for (std::size_t i = 0; i < m_layers.size() && !group.isEmpty(); ++i) {
        if (m_layers[i].group == group)
            layer = static_cast<int>(i);
    }
    if (layer == m_look.highlighted)
        return;
    m_look.highlighted = layer;
    m_overlayIsStale = true;
    update();
}

void CompareCanvas::paintEvent(QPaintEvent *event)
{
    QPainter painter(this);
    painter.fillRect(event->rect(), palette().color(QPalette::Dark));
    if (m_picture.isNull())
        return;
    const ViewTransform view = transform();
    const QRectF place = view.viewRect(m_picture.size());
    painter.setRenderHint(QPainter::SmoothPixmapTransform, view.scale < kPixelScale);
    painter.drawImage(place, m_picture);
    if (!m_overlayVisible && m_look.highlighted < 0)
        return;
    if (std::exchange(m_overlayIsStale, false))
        m_overlay = composeOverlay(m_layers, m_look);
    if (m_overlay.isNull())
        return;
    painter.setRenderHint(QPainter::SmoothPixmapTransform, true);
    painter.drawImage(place, m_overlay);
}

void CompareCanvas::wheelEvent(QWheelEvent *event)
{
    zoomAt(event->position(), std::pow(kWheelStep, event->angleDelta().y()));
    event->accept();
}

void CompareCanvas::mousePressEvent(QMouseEvent *event)
{
    Q_EMIT pressed();
    m_isPanning = event->button() == Qt::LeftButton || event->button() == Qt::MiddleButton;
    m_lastMouse = event->position();
    if (m_isPanning)
        setCursor(Qt::ClosedHandCursor);
}

void CompareCanvas::mouseMoveEvent(QMouseEvent *event)
{
    if (m_picture.isNull())
        return;
    const ViewTransform view = transform();
    if (m_isPanning) {
        const QPointF by = (event->position() - m_lastMouse) / view.scale;
        SharedView moved = m_view;
        moved.centre -= QPointF(by.x() / m_picture.width(), by.y() / m_picture.height());
        m_lastMouse = event->position();
        changeView(moved, true);
        return;
    }
    QString group;
    if (m_overlayVisible && !m_layers.empty()) {
        const QPointF place = view.pictureFromView(event->position());
        const QSize overlay = m_layers.front().fill.size();
        const int layer = layerAt(
            m_layers, m_look,
            QPointF(place.x() / m_picture.width() * overlay.width(),
                    place.y() / m_picture.height() * overlay.height())
                .toPoint());
        if (layer >= 0)
            group = m_layers[static_cast<std::size_t>(layer)].group;
    }
    if (std::exchange(m_hovered, group) != group)
        Q_EMIT groupHovered(group);
}

void CompareCanvas::mouseReleaseEvent(QMouseEvent *event)
{
    Q_UNUSED(event)
    m_isPanning = false;
    setCursor(Qt::OpenHandCursor);
}

void CompareCanvas::mouseDoubleClickEvent(QMouseEvent *event)
{
    Q_UNUSED(event)
    changeView({}, true);
}

void CompareCanvas::leaveEvent(QEvent *event)
{
    if (!std::exchange(m_hovered, QString()).isEmpty())
        Q_EMIT groupHovered({});
    QWidget::leaveEvent(event);
}

} // namespace sapsam::ui
