#pragma once

#include "core/pipeline/merge_preview.h"
#include "core/taxonomy/taxonomy.h"
#include "ui/pages/merges/merge_models.h"

#include <QList>
#include <QWidget>

#include <vector>

namespace sapsam::ui {

class FlowLayout;
class GroupCard;

// A class inside a card: a coloured dot and its name. Dragged to another card it moves there.
class ClassChip final : public QWidget
{
    Q_OBJECT

public:
    struct Content
    {
        int id = 0;
        QString name;
        QColor colour;
        bool isFirst = false;  // what the trigger rule "first" asks for
        bool isShared = false; // another group has it, too
    };
    ClassChip(const Content &content, int groupRow, QWidget *parent = nullptr);

    int classId() const { return m_content.id; }
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

Q_SIGNALS:
    void removeRequested(int id);
    void menuRequested(int id, const QPoint &at);
    void pressed(Qt::KeyboardModifiers modifiers);

protected:
    void paintEvent(QPaintEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void contextMenuEvent(QContextMenuEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    Content m_content;
    int m_groupRow;
    QPoint m_pressedAt;
};

// The groups as cards in columns. Cards take classes that are dropped on them; the empty place
// after the last one makes a new group of them. Arrow keys go from card to card, Shift and Ctrl
// select several.
class GroupCards final : public QWidget
{
    Q_OBJECT

public:
    explicit GroupCards(QWidget *parent = nullptr);

    void setGroups(const Taxonomy &taxonomy, const MergeImpact &impact, const Taxonomy &base);

    int count() const { return static_cast<int>(m_cards.size()); }
    GroupCard *card(int row) const;
    QRect newGroupPlace() const { return m_newPlace; }
    int currentRow() const { return m_current; }
    QList<int> selectedRows() const; // the current one first
    void setCurrentRow(int row, Qt::KeyboardModifiers modifiers = {});

    QSize sizeHint() const override;

Q_SIGNALS:
    void currentChanged(int row);
    void selectionChanged();
    void classesDropped(int row, const sapsam::ui::DraggedClasses &classes); // row == count(): new
    void classRemoved(int row, int id);
    void classMenuRequested(int row, int id, const QPoint &at);
    void groupMenuRequested(int row, const QPoint &at);
    void editRequested(int row);

protected:
    void resizeEvent(QResizeEvent *event) override;
    void paintEvent(QPaintEvent *event) override;
    void dragEnterEvent(QDragEnterEvent *event) override;
    void dragMoveEvent(QDragMoveEvent *event) override;
    void dragLeaveEvent(QDragLeaveEvent *event) override;
    void dropEvent(QDropEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void contextMenuEvent(QContextMenuEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;

private:
    void place();
    int rowAt(const QPoint &point) const; // count() for the new-group place, -1 for none
    void showSelection();
    int columns() const;

    std::vector<GroupCard *> m_cards;
    QRect m_newPlace;
    int m_current = -1;
    int m_anchor = -1;
    QList<int> m_selected;
    int m_dropRow = -1;
    int m_height = 0;
};

// One group. It draws itself; its chips are widgets of their own.
class GroupCard final : public QWidget
{
    Q_OBJECT

public:
    struct Content
    {
        QString title;
        QString name;
        QColor colour;
        std::vector<ClassChip::Content> classes;
        QString counts;    // "182 pictures", "182 → 190 pictures"
        QString trigger;   // "first class", "any class", "all classes"
        QStringList marks; // what is odd about it, in a few words each
        bool isError = false;
        bool isChanged = false; // differs from what the project works with
        bool isExclusive = false;
    };
    explicit GroupCard(GroupCards *parent);

    void setContent(int row, const Content &content);
    const Content &content() const { return m_content; }
    const std::vector<ClassChip *> &chips() const { return m_chips; }
    void setLook(bool isCurrent, bool isSelected, bool isDropTarget);
    int heightFor(int width) const;

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    int placeChips(int width, bool dryRun) const;

    Content m_content;
    int m_row = 0;
    std::vector<ClassChip *> m_chips;
    bool m_isCurrent = false;
    bool m_isSelected = false;
    bool m_isDropTarget = false;
};

} // namespace sapsam::ui
