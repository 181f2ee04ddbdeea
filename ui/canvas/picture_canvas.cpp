#include "ui/canvas/picture_canvas.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>
#include <utility>

namespace sapsam::ui {

namespace {

constexpr double kZoomStep = 1.25;
constexpr double kFitMargin = 24.0;
constexpr double kWheelUnitsPerStep = 120.0;
// From this scale on the picture's own pixels are shown as squares.
constexpr double kPixelScale = 12.0;

} // namespace

PictureCanvas::PictureCanvas(QWidget *parent) : QWidget(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Picture with part masks"));
    setMinimumSize(160, 160);
}

QSize PictureCanvas::sizeHint() const
{
    return {560, 640};
}

void PictureCanvas::setPicture(const QImage &picture, std::vector<OverlayLayer> layers,
                               bool keepView)
{
    const bool keeps = keepView && picture.size() == m_picture.size();
    m_picture = picture;
    m_layers = std::move(layers);
    m_message.clear();
    m_look.highlighted = -1;
    m_hovered = -1;
    m_overlayStale = true;
    if (!keeps)
        fit();
    update();
}

void PictureCanvas::setMessage(const QString &message)
{
    m_picture = QImage();
    m_layers.clear();
    m_overlay = QImage();
    m_message = message;
    update();
}

void PictureCanvas::lookChanged()
{
    m_overlayStale = true;
    update();
}

void PictureCanvas::setOpacityPercent(int percent)
{
    m_look.opacityPercent = percent;
    lookChanged();
}

void PictureCanvas::setOutlinesVisible(bool visible)
{
    m_look.outlines = visible;
    lookChanged();
}

void PictureCanvas::setHiddenGroups(const QSet<QString> &groups)
{
    if (groups == m_look.hiddenGroups)
        return;
    m_look.hiddenGroups = groups;
    lookChanged();
}

void PictureCanvas::setHighlighted(int layer)
{
    if (layer == m_look.highlighted)
        return;
    m_look.highlighted = layer;
    lookChanged();
}

void PictureCanvas::setOverlayVisible(bool visible)
{
    m_overlayVisible = visible;
    update();
}

void PictureCanvas::setView(const ViewTransform &view, bool fitted)
{
    m_view = view.keptInside(m_picture.size(), size());
    m_isFitted = fitted;
    Q_EMIT scaleChanged(m_view.scale);
    update();
}

void PictureCanvas::zoomTo(double scale, const QPointF &anchor)
{
    if (hasPicture())
        setView(m_view.zoomedAt(anchor, scale), false);
}

void PictureCanvas::zoomIn()
{
    zoomTo(m_view.scale * kZoomStep, rect().center());
}

void PictureCanvas::zoomOut()
{
    zoomTo(m_view.scale / kZoomStep, rect().center());
}

void PictureCanvas::fit()
{
    if (hasPicture())
        setView(ViewTransform::fitted(m_picture.size(), size(), kFitMargin), true);
}

void PictureCanvas::showActualSize()
{
    zoomTo(1.0 / devicePixelRatioF(), rect().center());
}

void PictureCanvas::paintEvent(QPaintEvent *event)
{
    QPainter painter(this);
    painter.fillRect(event->rect(), palette().color(QPalette::Dark));
    if (!hasPicture()) {
        painter.setPen(palette().color(QPalette::PlaceholderText));
        painter.drawText(rect().adjusted(24, 24, -24, -24), Qt::AlignCenter | Qt::TextWordWrap,
                         m_message);
        return;
    }
    const QRectF place = m_view.viewRect(m_picture.size());
    painter.setRenderHint(QPainter::SmoothPixmapTransform, m_view.scale < kPixelScale);
    painter.drawImage(place, m_picture);
    if (m_overlayVisible || m_look.highlighted >= 0) {
        if (m_overlayStale) {
            m_overlay = composeOverlay(m_layers, m_look);
            m_overlayStale = false;
        }
        if (!m_overlay.isNull()) {
            painter.setRenderHint(QPainter::SmoothPixmapTransform, true);
            painter.drawImage(place, m_overlay);
        }
    }
    if (hasFocus() && m_showsFocus) {
        painter.setPen(QPen(palette().color(QPalette::Highlight), 1.0));
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
    }
}

void PictureCanvas::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    if (m_isFitted)
        fit();
    else
        setView(m_view, false);
}

void PictureCanvas::wheelEvent(QWheelEvent *event)
{
    const double steps = event->angleDelta().y() / kWheelUnitsPerStep;
    zoomTo(m_view.scale * std::pow(kZoomStep, steps), event->position());
    event->accept();
}

void PictureCanvas::mousePressEvent(QMouseEvent *event)
{
    if (event->button() == Qt::LeftButton || event->button() == Qt::MiddleButton) {
        m_isPanning = true;
        m_lastMouse = event->position();
        setCursor(Qt::ClosedHandCursor);
    }
}

void PictureCanvas::mouseMoveEvent(QMouseEvent *event)
{
    if (m_isPanning) {
        ViewTransform moved = m_view;
        moved.offset += event->position() - m_lastMouse;
        m_lastMouse = event->position();
        setView(moved, false);
        return;
    }
    if (m_layers.empty() || !m_overlayVisible)
        return;
    const QPointF point = m_view.pictureFromView(event->position());
    const double factor =
        static_cast<double>(m_layers.front().fill.width()) / std::max(1, m_picture.width());
    const int layer = layerAt(m_layers, m_look,
                              QPoint(static_cast<int>(std::floor(point.x() * factor)),
                                     static_cast<int>(std::floor(point.y() * factor))));
    if (layer != m_hovered) {
        m_hovered = layer;
        Q_EMIT layerHovered(layer);
    }
}

void PictureCanvas::mouseReleaseEvent(QMouseEvent *event)
{
    static_cast<void>(event);
    m_isPanning = false;
    setCursor(m_spaceHeld ? Qt::OpenHandCursor : Qt::ArrowCursor);
}

void PictureCanvas::mouseDoubleClickEvent(QMouseEvent *event)
{
    if (!m_isFitted)
        fit();
    else
        zoomTo(1.0 / devicePixelRatioF(), event->position());
}

void PictureCanvas::leaveEvent(QEvent *event)
{
    QWidget::leaveEvent(event);
    if (m_hovered >= 0) {
        m_hovered = -1;
        Q_EMIT layerHovered(-1);
    }
}

void PictureCanvas::focusInEvent(QFocusEvent *event)
{
    m_showsFocus =
        event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason;
    QWidget::focusInEvent(event);
}

void PictureCanvas::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Space) {
        m_spaceHeld = true;
        setCursor(Qt::OpenHandCursor);
        return;
    }
    QWidget::keyPressEvent(event);
}

void PictureCanvas::keyReleaseEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Space && !event->isAutoRepeat()) {
        m_spaceHeld = false;
        setCursor(Qt::ArrowCursor);
        return;
    }
    QWidget::keyReleaseEvent(event);
}

} // namespace sapsam::ui
