#pragma once

#include "ui/support/picture_source.h"

#include <QColor>
#include <QImage>
#include <QPolygonF>
#include <QWidget>

#include <functional>
#include <vector>

namespace sapsam::ui {

class ThumbnailCache;

// Points in the plane, 100,000 and more: painted into one picture, found by a grid of buckets. The
// wheel zooms, dragging moves, encircles or boxes points in, a click takes one; with Shift they
// are added to the selection, with Ctrl taken out of it. Arrow keys walk from point to point, Space
// switches one, Return opens it. GUI thread.
class MapCanvas final : public QWidget
{
    Q_OBJECT

public:
    enum class Tool { Lasso, Rectangle, Move };
    enum class Change { Replace, Add, Remove };

    explicit MapCanvas(ThumbnailCache *cache, QWidget *parent = nullptr);

    // x and y within [0, 1] of each; everything else is forgotten. `picture` tells what is drawn
    // beside a point, by its row.
    void setPoints(std::vector<float> places);
    // What a point stands for, for the card beside the mouse.
    struct Card
    {
        PictureRef picture;
        QString title;
        QString text;
    };
    void setCards(std::function<Card(int row)> cards) { m_cards = std::move(cards); }
    int count() const { return static_cast<int>(m_places.size() / 2); }

    // One colour for each row; none: all alike.
    void setColours(std::vector<QRgb> colours);
    // Rows that stand back (they do not fit the filter) cannot be taken.
    void setFaded(std::vector<char> faded);
    void setSelected(std::vector<char> selected); // a flag for each row, or none
    const std::vector<char> &selected() const { return m_selected; }

    void setTool(Tool tool);
    Tool tool() const { return m_tool; }
    void zoomBy(double factor);
    void fit();
    double zoom() const { return m_zoom; }
    QPointF placeOf(int row) const; // in widget coordinates
    int rowAt(const QPointF &place) const; // the nearest within reach, -1 when there is none
    int current() const { return m_current; }
    void setCurrent(int row);
    // Rows inside the polygon (widget coordinates) that are not faded, ascending.
    std::vector<int> rowsWithin(const QPolygonF &polygon) const;

Q_SIGNALS:
    void selectionMade(const std::vector<int> &rows, sapsam::ui::MapCanvas::Change change);
    void hovered(int row); // -1 for none
    void opened(int row);

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    enum class Drag { None, Move, Lasso, Rectangle };

    double side() const; // of the unit square at zoom 1, device-independent
    QPointF mapFromView(const QPointF &place) const;
    void moveBy(const QPointF &pixels);
    void keepInside();
    void setHovered(int row);
    void viewChanged();
    void render();
    void paintCard(QPainter &painter);
    void walk(const QPointF &direction);
    static Change changeOf(Qt::KeyboardModifiers modifiers);

    ThumbnailCache *m_cache;
    std::function<Card(int row)> m_cards;
    std::vector<float> m_places;
    std::vector<QRgb> m_colours;
    std::vector<char> m_faded;
    std::vector<char> m_selected;
    std::vector<std::uint32_t> m_bucketStarts; // rows sorted by bucket
    std::vector<std::uint32_t> m_bucketRows;

    Tool m_tool = Tool::Lasso;
    double m_zoom = 1.0;
    QPointF m_centre{0.5, 0.5}; // of the plane, in the middle of the widget
    QImage m_image;             // all points as they stand now
    bool m_isStale = true;
    int m_hovered = -1;
    int m_current = -1;
    Drag m_drag = Drag::None;
    QPointF m_pressed;
    QPointF m_lastMouse;
    QPolygonF m_shape;
};

} // namespace sapsam::ui

Q_DECLARE_METATYPE(sapsam::ui::MapCanvas::Change)
