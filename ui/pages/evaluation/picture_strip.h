#pragma once

#include "ui/gallery/thumbnail_cache.h"

#include <QWidget>

#include <memory>
#include <string>
#include <vector>

namespace sapsam::ui {

// A few pictures in a row, each with two lines under it; the right ones in a frame of their own.
// Loads them on threads of its own, also people who are drawn again.
class PictureStrip final : public QWidget
{
    Q_OBJECT

public:
    struct Entry
    {
        qint64 imageId = 0; // of the project; 0 when it cannot be opened
        std::string path;   // for evaluationPicture()
        QString title;      // "1 · 0.412"
        QString subtitle;   // "person 12"
        bool isRight = false;
        bool isQuiet = false; // neither right nor wrong: a neutral frame
    };

    explicit PictureStrip(QWidget *parent = nullptr);
    ~PictureStrip() override;

    void setEntries(std::vector<Entry> entries);
    int count() const { return static_cast<int>(m_entries.size()); }
    bool isSettled() const;

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

Q_SIGNALS:
    void activated(qint64 imageId); // only of pictures of the project

protected:
    void paintEvent(QPaintEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    bool event(QEvent *event) override;

private:
    QRect cellOf(int place) const;
    int placeAt(const QPoint &position) const;
    void request();
    void describe();

    std::vector<Entry> m_entries;
    std::vector<qint64> m_keys; // of the cache, beside the entries
    std::unique_ptr<ThumbnailCache> m_cache;
    int m_current = 0; // with the keyboard
};

} // namespace sapsam::ui
