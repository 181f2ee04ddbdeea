#pragma once

#include "ui/pages/gallery/compare_canvas.h"
#include "ui/pages/gallery/compared_picture.h"

#include <QFrame>

class QHBoxLayout;
class QLabel;
class QListWidget;
class QSlider;
class QToolButton;

namespace sapsam::ui {

// One picture of the comparison: its pixels and masks, and what is known and said of it.
class ComparePane final : public QFrame
{
    Q_OBJECT

public:
    explicit ComparePane(QWidget *parent = nullptr);

    void setPicture(ComparedPicture picture);
    // What was said of the same picture meanwhile; the pixels stay.
    void setWords(ComparedPicture words);
    const ComparedPicture &picture() const { return m_picture; }
    CompareCanvas *canvas() const { return m_canvas; }
    void setCurrent(bool current);
    void setHighlightedGroup(const QString &group);

Q_SIGNALS:
    void chosen();
    void groupHovered(const QString &group);

protected:
    void focusInEvent(QFocusEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override; // up and down scroll the parts
    void mousePressEvent(QMouseEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void showWords();
    void showName(); // as much of it as fits

    ComparedPicture m_picture;
    CompareCanvas *m_canvas;
    QLabel *m_name;
    QLabel *m_facts;
    QLabel *m_stars;
    QLabel *m_state;
    QLabel *m_tags;
    QLabel *m_problem;
    QListWidget *m_parts;
};

// Two to six pictures side by side, moved and zoomed together. It shows what it is given and says
// which picture is meant; loading and changing are the page's. GUI thread.
class CompareView final : public QWidget
{
    Q_OBJECT

public:
    static constexpr int kFewest = 2;
    static constexpr int kMost = 6;

    explicit CompareView(QWidget *parent = nullptr);

    void setPictures(std::vector<ComparedPicture> pictures);
    void setWords(std::vector<ComparedPicture> pictures); // of some of them, by their ids
    void clear();
    std::vector<std::int64_t> ids() const;
    // The picture that keys mean; 0 when there is none.
    qint64 currentId() const;
    void setCurrent(int pane);
    int current() const { return m_current; }
    const QList<ComparePane *> &panes() const { return m_panes; }

    bool isLinked() const { return m_isLinked; }
    void setLinked(bool linked);
    void setOverlayVisible(bool visible);
    bool isOverlayVisible() const { return m_overlayVisible; }
    void zoomBy(double factor); // the current one, and all that are linked with it
    void fit();
    void takeOut(qint64 id);

    void refreshIcons();

Q_SIGNALS:
    void closeRequested();
    void currentChanged(qint64 id);
    void linkedChanged(bool linked);
    void overlayChanged(bool visible);

protected:
    void keyPressEvent(QKeyEvent *event) override;

private:
    void share(ComparePane *from, const SharedView &view);
    void updateTitle();

    QList<ComparePane *> m_panes;
    QHBoxLayout *m_row;
    QLabel *m_title;
    QToolButton *m_back;
    QToolButton *m_linked;
    QToolButton *m_masks;
    QToolButton *m_fit;
    QToolButton *m_in;
    QToolButton *m_out;
    QSlider *m_opacity;
    int m_current = -1;
    bool m_isLinked = true;
    bool m_overlayVisible = true;
};

} // namespace sapsam::ui
