#pragma once

#include "ui/pages/prompts/lab_data.h"

#include <QImage>
#include <QWidget>

#include <array>

class QLabel;
class QPushButton;
class QStackedLayout;
class QVBoxLayout;

namespace sapsam::ui {

// A picture in a frame, as large as there is room.
class PictureBox final : public QWidget
{
    Q_OBJECT

public:
    explicit PictureBox(const QString &name, QWidget *parent = nullptr);
    void setImage(const QImage &image);
    void setImage(const QImage &image, const QImage &mask, const QColor &color);
    void setChosen(bool chosen); // the one that is in use
    const QImage &image() const { return m_image; }

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QImage m_image;
    QImage m_mask; // coloured; shown over the picture
    bool m_chosen = false;
};

// The picked cell in full: source, what the model sees, the five visual prompts side by side, the
// phrase and what is held against it. GUI thread.
class CellPanel final : public QWidget
{
    Q_OBJECT

public:
    explicit CellPanel(QWidget *parent = nullptr);

    void showNothing();
    void showCell(const TrialCell &cell, const TrialCrop &crop, const TrialTemplate &content,
                  const QString &prompt, const QString &model);
    void showRegion(const RegionShow &show, const QColor &color, VisualPrompt inUse);
    QString phrase() const;
    QString verdictText() const;
    PictureBox *viewBox(int index) const { return m_views[static_cast<std::size_t>(index)]; }
    PictureBox *seenBox() const { return m_seen; }

Q_SIGNALS:
    void openRequested();

private:
    QLabel *m_hint;
    QWidget *m_body;
    QLabel *m_name;
    PictureBox *m_source;
    PictureBox *m_seen;
    QLabel *m_seenSize;
    std::array<PictureBox *, 5> m_views{};
    QLabel *m_phrase;
    QLabel *m_verdict;
    QLabel *m_colour;
    QLabel *m_details;
    QPushButton *m_open;
};

} // namespace sapsam::ui
