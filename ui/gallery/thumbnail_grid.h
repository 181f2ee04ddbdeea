#pragma once

#include "ui/gallery/thumbnail_cache.h"

#include <QAbstractItemView>
#include <QTimer>

namespace sapsam::ui {

// The gallery: a grid of person pictures. Places are computed from the row number, so that the cost
// of drawing, scrolling and selecting depends on what is visible and not on how many there are.
// Rank and score are drawn when the model gives them.
class ThumbnailGrid final : public QAbstractItemView
{
    Q_OBJECT

public:
    static constexpr int kMinCellWidth = 72;
    static constexpr int kMaxCellWidth = 320;

    // The cache must outlive the grid.
    explicit ThumbnailGrid(ThumbnailCache *cache, QWidget *parent = nullptr);

    ThumbnailCache *thumbnails() const { return m_cache; }
    int cellWidth() const { return m_cellWidth; }
    void setCellWidth(int width);

    int columnCount() const { return m_columns; }

    // A line with a caption before this row, which begins a line of its own; -1 for none. It goes
    // with the rows it was set for: a reset of the model takes it away.
    void setDivider(int row, const QString &caption = {});
    int dividerRow() const { return m_divider; }
    QRect dividerRect() const; // in viewport coordinates; empty without one
    // Rows that are at least partly visible, [first, last]; {0, -1} when there are none.
    std::pair<int, int> visibleRows() const;
    // Whether everything visible is drawn or known to be unreadable.
    bool isSettled() const;

    void setModel(QAbstractItemModel *model) override;
    QRect visualRect(const QModelIndex &index) const override;
    void scrollTo(const QModelIndex &index, ScrollHint hint = EnsureVisible) override;
    QModelIndex indexAt(const QPoint &point) const override;
    void keyboardSearch(const QString &search) override;

Q_SIGNALS:
    void cellWidthChanged(int width);

protected:
    QModelIndex moveCursor(CursorAction action, Qt::KeyboardModifiers modifiers) override;
    int horizontalOffset() const override;
    int verticalOffset() const override;
    bool isIndexHidden(const QModelIndex &index) const override;
    void setSelection(const QRect &rect, QItemSelectionModel::SelectionFlags command) override;
    QRegion visualRegionForSelection(const QItemSelection &selection) const override;
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void scrollContentsBy(int dx, int dy) override;
    void wheelEvent(QWheelEvent *event) override;
    void showEvent(QShowEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void changeEvent(QEvent *event) override;
    void updateGeometries() override;

private:
    void layOut();
    void requestThumbnails();
    QRect cellRect(int row) const; // in viewport coordinates
    // Places are counted as if the line before the divider were full.
    int placeOf(int row) const;
    int rowAt(int place) const; // the nearest row of its line
    int lineAt(int y) const;    // of the content
    int topOf(int line) const;
    int dividerLine() const; // the first one below it; beyond all lines without one
    void paintDivider(QPainter &painter) const;
    QSize pictureSize() const;     // device-independent
    ThumbnailCache::Look look() const;
    int rowNear(const QPoint &point) const;
    void paintCell(QPainter &painter, int row, const QRect &cell) const;

    ThumbnailCache *m_cache;
    QTimer m_requestTimer;
    int m_cellWidth = 132;
    int m_columns = 1;
    int m_cellHeight = 1;
    double m_columnStep = 1.0;
    int m_hovered = -1;
    int m_divider = -1;
    QString m_dividerCaption;
};

} // namespace sapsam::ui
