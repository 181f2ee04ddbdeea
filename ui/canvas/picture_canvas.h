#pragma once

#include "core/engine/prompted_segmenter.h"
#include "core/image/image.h"
#include "core/image/mask_edit.h"
#include "ui/canvas/overlay.h"
#include "ui/canvas/view_transform.h"

#include <QElapsedTimer>
#include <QHash>
#include <QImage>
#include <QWidget>

#include <optional>
#include <vector>

namespace sapsam::ui {

enum class CanvasTool {
    Look,       // pan and point
    Brush,      // adds to the part
    Eraser,     // takes away
    PolygonAdd, // corners, closed by finishing
    PolygonCut,
    Fill,     // fills what the part encloses; takes a piece away with Shift
    Pick,     // chooses the part under the mouse
    PointIn,  // a point inside for the model
    PointOut, // one that must stay outside
    Box,      // a box for the model
};

// Shows one person picture with its masks and takes what the tools do to them: zoom by wheel, pan
// by dragging (middle button, with Space held, or left with the tool Look), double click between
// whole picture and 1:1. Painting changes the shown part at once; what a stroke made comes out with
// painted(), and is only stored by whoever listens. GUI thread; what it shows is prepared elsewhere
// and handed over.
class PictureCanvas final : public QWidget
{
    Q_OBJECT

public:
    explicit PictureCanvas(QWidget *parent = nullptr);

    // A new picture is shown whole; keepView is for the same picture with other masks.
    void setPicture(const QImage &picture, std::vector<OverlayLayer> layers, bool keepView = false);
    // Other masks of the same picture. A stroke that is being painted goes on. `changed`: all that
    // differs from the layers before lies in this area of the overlay; a null one stands for
    // everything.
    void setLayers(std::vector<OverlayLayer> layers, const QRect &changed = {});
    const std::vector<OverlayLayer> &layers() const { return m_layers; }
    // Text in place of a picture: what is being loaded, or why there is none.
    void setMessage(const QString &message);
    bool hasPicture() const { return !m_picture.isNull(); }
    const QImage &picture() const { return m_picture; }

    const OverlayLook &look() const { return m_look; }
    void setOpacityPercent(int percent);
    void setOutlinesVisible(bool visible);
    void setPatternsVisible(bool visible);
    void setLabelMap(bool on);
    void setHiddenGroups(const QSet<QString> &groups);
    void setHighlighted(int layer);
    void setOverlayVisible(bool visible);
    bool isOverlayVisible() const { return m_overlayVisible; }
    void setPeeking(bool peeking); // the picture alone, as long as it lasts
    bool isPeeking() const { return m_peeking; }
    void setNavigatorVisible(bool visible);
    void setLegendVisible(bool visible);
    // Names for the legend, by group.
    void setLegendTitles(const QHash<QString, QString> &titles);

    // Tools --------------------------------------------------------------------------------------
    void setTool(CanvasTool tool);
    CanvasTool tool() const { return m_tool; }
    // The part that tools change, with its pixels; a mask of another size than the picture's (or
    // none) leaves nothing to paint on.
    void setTarget(const QString &group, const QColor &color, int pattern, const Mask &mask);
    const QString &target() const { return m_target; }
    void setTargetLocked(bool locked) { m_targetLocked = locked; }
    double brushRadius() const { return m_brushRadius; }
    void setBrushRadius(double pixels); // of the picture
    // Closes a polygon. False when there is nothing to finish.
    bool finishShape();
    bool isShaping() const { return m_drag == Drag::Stroke || !m_corners.empty(); }
    // Gives up a stroke or polygon. False when there is none.
    bool cancelShape();

    // What the model was asked and answered; drawn above the masks.
    void setPrompt(const MaskPrompt &prompt);
    void setPreview(MaskPreview preview);
    void clearPreview();
    bool hasPreview() const { return !m_preview.image.isNull(); }
    // A note in the corner, such as "encoding…"; empty for none.
    void setNote(const QString &note);
    const QString &note() const { return m_note; }
    // What somebody should read while the eyes are on the picture, such as why a tool did nothing;
    // empty for none.
    void setHint(const QString &hint);
    const QString &hint() const { return m_hint; }

    double scale() const { return m_view.scale; }
    const ViewTransform &view() const { return m_view; }
    void zoomIn();
    void zoomOut();
    void fit();
    void showActualSize();               // one picture pixel on one device pixel
    void zoomToArea(const QRectF &area); // of the picture
    QSize sizeHint() const override;

Q_SIGNALS:
    void scaleChanged(double scale);
    void layerHovered(int layer); // -1 when none
    void soloRequested(const QString &group);
    void picked(const QString &group);
    void painted(const sapsam::Mask &mask, sapsam::ui::CanvasTool tool);
    void refused(const QString &why); // a tool that cannot do that here
    // `isMore`: more of them follow (Ctrl is held).
    void pointGiven(const QPointF &place, bool isInside, bool isMore);
    void pointsGiven(); // Ctrl was released
    void boxGiven(const QRectF &box);
    void brushRadiusChanged(double pixels);

protected:
    bool event(QEvent *event) override;
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void keyReleaseEvent(QKeyEvent *event) override;

private:
    enum class Drag { None, Pan, Stroke, Box, Navigator };

    void setView(const ViewTransform &view, bool fitted);
    void zoomTo(double scale, const QPointF &anchor);
    void lookChanged();
    void composeArea(const QRect &overlayArea);
    int factor() const;
    bool canPaint();
    void strokeTo(const QPointF &place);
    void showMask(const Box &dirty);
    void finishStroke();
    OverlayLayer &targetLayer();
    void updateCursor();
    QRectF navigatorRect() const;
    void moveByNavigator(const QPointF &position);
    void paintTools(QPainter &painter);
    void paintNavigator(QPainter &painter);
    void paintLegend(QPainter &painter);
    void paintNote(QPainter &painter);
    void paintHint(QPainter &painter);
    QPointF clampedPlace(const QPointF &position) const;

    QImage m_picture;
    std::vector<OverlayLayer> m_layers;
    QString m_message;
    OverlayLook m_look;
    QImage m_overlay;
    bool m_overlayStale = true;
    bool m_overlayVisible = true;
    bool m_peeking = false;
    bool m_navigatorVisible = true;
    bool m_legendVisible = true;
    QHash<QString, QString> m_titles;
    QImage m_small; // of the picture, for the navigator
    ViewTransform m_view;
    bool m_isFitted = true;
    bool m_spaceHeld = false;
    bool m_showsFocus = false; // reached by the keyboard
    QPointF m_lastMouse;
    int m_hovered = -1;

    CanvasTool m_tool = CanvasTool::Look;
    Drag m_drag = Drag::None;
    QString m_target;
    QColor m_targetColor;
    int m_targetPattern = 0;
    bool m_targetLocked = false;
    Mask m_mask;       // of the target, with the stroke so far
    Mask m_maskBefore; // without it
    Box m_strokeArea;  // what it touched so far
    bool m_setsPixels = true;
    QPointF m_strokeAt;
    double m_brushRadius = 4.0;
    std::vector<PointF> m_corners;
    QPointF m_boxStart;
    QRectF m_box;
    bool m_mouseInside = false;
    QPointF m_mouse;

    MaskPrompt m_prompt;
    MaskPreview m_preview;
    QString m_note;
    QString m_hint;
    bool m_collectsPoints = false;
    QElapsedTimer m_tabHeld;
};

} // namespace sapsam::ui
