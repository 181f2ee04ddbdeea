#pragma once

#include "ui/canvas/overlay.h"
#include "ui/canvas/view_transform.h"

#include <QImage>
#include <QWidget>

#include <vector>

namespace sapsam::ui {

// Where the pictures of a comparison are looked at, whatever their sizes: how much larger than the
// whole picture, and which place is in the middle, in shares of the picture.
struct SharedView
{
    static constexpr double kMaxZoom = 40.0;

    double zoom = 1.0;
    QPointF centre{0.5, 0.5};

    bool operator==(const SharedView &other) const = default;
};

// One picture of a comparison with its masks. The wheel zooms at the mouse, dragging moves, a
// double click shows all. GUI thread.
class CompareCanvas final : public QWidget
{
    Q_OBJECT

public:
    explicit CompareCanvas(QWidget *parent = nullptr);

    void setPicture(const QImage &picture, std::vector<OverlayLayer> layers);
    const SharedView &view() const { return m_view; }
    void setView(const SharedView &view);
    void zoomBy(double factor);
    void setOpacityPercent(int percent);
    void setOverlayVisible(bool visible);
    void setHighlightedGroup(const QString &group); // empty: none
    // Where the picture stands now, in widget coordinates.
    QRectF picturePlace() const;
    QSize minimumSizeHint() const override { return {80, 120}; }

Q_SIGNALS:
    void viewChanged(const sapsam::ui::SharedView &view); // by the user
    void pressed();
    void groupHovered(const QString &group);

protected:
    void paintEvent(QPaintEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;

private:
    ViewTransform transform() const;
    void changeView(SharedView view, bool byUser);
    void zoomAt(const QPointF &place, double factor);

    QImage m_picture;
    std::vector<OverlayLayer> m_layers;
    OverlayLook m_look;
    QImage m_overlay;
    bool m_overlayIsStale = true;
    bool m_overlayVisible = true;
    SharedView m_view;
    QPointF m_lastMouse;
    bool m_isPanning = false;
    QString m_hovered;
};

} // namespace sapsam::ui
