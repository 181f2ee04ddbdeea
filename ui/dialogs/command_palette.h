#pragma once

#include <QDialog>

class QLineEdit;
class QListView;

namespace sapsam::ui {

class ActionRegistry;
class CommandModel;

// Type some letters, press Enter: every action of the window by its name. Stands in the upper
// middle of its parent and goes when it is left. GUI thread.
class CommandPalette final : public QDialog
{
    Q_OBJECT

public:
    // unavailablePages: pages whose actions cannot be done now.
    CommandPalette(const ActionRegistry &registry, const QStringList &unavailablePages,
                   QWidget *parent);

    CommandModel &model() { return *m_model; }
    QLineEdit &edit() { return *m_edit; }

Q_SIGNALS:
    void chosen(const QString &actionId);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
    void showEvent(QShowEvent *event) override;

private:
    void choose();
    void selectRow(int row);

    CommandModel *m_model;
    QLineEdit *m_edit;
    QListView *m_list;
};

} // namespace sapsam::ui
