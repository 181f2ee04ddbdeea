#pragma once

#include <QWidget>

class QKeySequenceEdit;
class QLabel;
class QPushButton;
class QTreeWidget;

namespace sapsam::ui {

class ActionRegistry;

// All actions with their keys, and the means to change them; a key that another action has already
// is shown before it is assigned. Changes act at once. GUI thread; the registry outlives it.
class KeyEditor final : public QWidget
{
    Q_OBJECT

public:
    explicit KeyEditor(ActionRegistry &registry, QWidget *parent = nullptr);

    // Shows only what contains the text; true when something does.
    bool setFilter(const QString &text);
    void select(const QString &actionId);
    // As if typed into the field.
    void type(const QKeySequence &key);
    QString conflictText() const;
    QPushButton &assignButton() { return *m_assign; }

private:
    QString selectedId() const;
    void fill();
    void updateConflict();
    void assign(bool add);
    void importFile();
    void exportFile();

    ActionRegistry &m_registry;
    QTreeWidget *m_list;
    QKeySequenceEdit *m_edit;
    QPushButton *m_assign;
    QPushButton *m_add;
    QPushButton *m_none;
    QPushButton *m_reset;
    QLabel *m_conflict;
};

} // namespace sapsam::ui
