#pragma once

#include <QImage>
#include <QString>
#include <QWidget>

#include <vector>

namespace sapsam::ui {

// A picture under the merges as they are and as they would be, ready to be drawn.
struct PreviewTile
{
    qint64 imageId = 0;
    QImage before;
    QImage after;
    QString name;
    bool isExact = false;
    bool isChanged = false;
    QString remark;
};

// Sampled pictures in a row, each before and after. Arrow keys go along, Enter opens the picture.
class PreviewStrip final : public QWidget
{
    Q_OBJECT

public:
    explicit PreviewStrip(QWidget *parent = nullptr);

    void setTiles(std::vector<PreviewTile> tiles);
    void setMessage(const QString &message); // instead of tiles
    void setBusy(bool busy);
    const std::vector<PreviewTile> &tiles() const { return m_tiles; }
    const QString &message() const { return m_message; }

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    void pictureActivated(qint64 imageId);

protected:
    bool event(QEvent *event) override;
    void paintEvent(QPaintEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;

private:
    QRect tileRect(int index) const;
    int pictureHeight() const;
    int tileWidth(int index) const;
    int tileAt(const QPoint &point) const;
    void setCurrent(int index);

    std::vector<PreviewTile> m_tiles;
    QString m_message;
    int m_current = -1;
    int m_offset = 0;
    bool m_isBusy = false;
};

} // namespace sapsam::ui
