#pragma once

#include "ui/gallery/thumbnail_cache.h"

#include <QSet>
#include <QTimer>
#include <QWidget>

#include <memory>
#include <utility>

namespace sapsam::ui {

class GalleryModel;
class ProjectSession;

// The neighbours of the picture that is shown, in the gallery's order: a row of small pictures with
// the current one in the middle, each marked when a person has judged or edited it. Only what is
// visible is asked for, decoded on the threads of a cache of its own and drawn. A click opens a
// picture, the wheel looks farther. GUI thread.
class Filmstrip final : public QWidget
{
    Q_OBJECT

public:
    // Session and gallery may be null: then it stays empty. They must outlive the strip.
    Filmstrip(ProjectSession *session, const GalleryModel *gallery, QWidget *parent = nullptr);
    ~Filmstrip() override;

    void setCurrent(qint64 imageId); // 0 for none; brings it to the middle
    qint64 current() const { return m_current; }

    // Rows of the gallery that are at least partly visible, [first, last]; {0, -1} for none.
    std::pair<int, int> visibleRows() const;
    int rowAt(const QPoint &position) const; // -1 beside the pictures
    QRect cellRect(int row) const;
    bool isEdited(qint64 imageId) const { return m_edited.contains(imageId); }
    // Everything visible is drawn or known to be unreadable.
    bool isSettled() const;
    // What a screen reader says about a row: "4 of 120, anna.jpg, accepted, edited".
    QString describe(int row) const;
    QSize sizeHint() const override;

Q_SIGNALS:
    void pictureChosen(qint64 imageId);

protected:
    bool event(QEvent *event) override;
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void showEvent(QShowEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    int count() const;
    double offset() const; // of row 0, in pixels of the widget
    // Nothing is left empty at the ends while there are pictures to fill it; a few stand in the
    // middle.
    double keptFilled(double centre) const;
    void scrollBy(double rows);
    void ask(); // for thumbnails and marks, when things have come to rest
    void askNow();
    ThumbnailCache::Look look() const;
    void paintCell(QPainter &painter, int row, const QRect &cell) const;
    void updateDescription();

    ProjectSession *m_session;
    const GalleryModel *m_gallery;
    std::unique_ptr<ThumbnailCache> m_cache;
    QTimer m_askTimer;
    qint64 m_current = 0;
    double m_centre = 0.0; // row in the middle, with a share of the next one
    int m_hovered = -1;
    QSet<qint64> m_edited; // of those asked for
    quint64 m_request = 0;
};

} // namespace sapsam::ui
