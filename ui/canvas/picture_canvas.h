#pragma once

#include "ui/canvas/overlay.h"
#include "ui/canvas/view_transform.h"

#include <QImage>
#include <QWidget>

namespace sapsam::ui {

// Shows one person picture with its masks: zoom by wheel, pan by dragging (left or middle button,
// or with Space held), double click between whole picture and 1:1. GUI thread; what it shows is
// prepared elsewhere and handed over.
class PictureCanvas final : public QWidget
{
    Q_OBJECT

public:
    explicit PictureCanvas(QWidget *parent = nullptr);

    // A new picture is shown whole; keepView is for the same picture with other masks.
    void setPicture(const QImage &picture, std::vector<OverlayLayer> layers, bool keepView = false);
    // Text in place of a picture: what is being loaded, or why there is none.
    void setMessage(const QString &message);
    bool hasPicture() const { return !m_picture.isNull(); }

    const OverlayLook &look() const { return m_look; }
    void setOpacityPercent(int percent);
    void setOutlinesVisible(bool visible);
    void setHiddenGroups(const QSet<QString> &groups);
    void setHighlighted(int layer);
    void setOverlayVisible(bool visible);
    bool isOverlayVisible() const { return m_overlayVisible; }

    double scale() const { return m_view.scale; }
    void zoomIn();
    void zoomOut();
    void fit();
    void showActualSize(); // one picture pixel on one device pixel
    QSize sizeHint() const override;

Q_SIGNALS:
    void scaleChanged(double scale);
    void layerHovered(int layer); // -1 when none

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void keyReleaseEvent(QKeyEvent *event) override;

private:
    void setView(const ViewTransform &view, bool fitted);
    void zoomTo(double scale, const QPointF &anchor);
    void lookChanged();

    QImage m_picture;
    std::vector<OverlayLayer> m_layers;
    QString m_message;
    OverlayLook m_look;
    QImage m_overlay;
    bool m_overlayStale = true;
    bool m_overlayVisible = true;
    ViewTransform m_view;
    bool m_isFitted = true;
    bool m_isPanning = false;
    bool m_spaceHeld = false;
    bool m_showsFocus = false; // reached by the keyboard
    QPointF m_lastMouse;
    int m_hovered = -1;
};

} // namespace sapsam::ui
