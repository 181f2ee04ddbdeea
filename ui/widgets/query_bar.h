#pragma once

#include <QWidget>

class QLineEdit;
class QPushButton;
class QStringListModel;

namespace sapsam::ui {

// The description of the person to look for.
class QueryBar final : public QWidget
{
    Q_OBJECT

public:
    explicit QueryBar(QWidget *parent = nullptr);

    QString text() const;
    void setText(const QString &text);
    void focusEdit();
    void setBusy(bool busy);
    // Offered while typing.
    void remember(const QString &text);
    void setHistory(const QStringList &newestFirst);
    void refreshIcons();

Q_SIGNALS:
    void searchRequested(const QString &text); // as typed, perhaps empty
    void cleared();                            // Escape, or the clear button

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    QLineEdit *m_edit;
    QPushButton *m_button;
    QAction *m_icon = nullptr;
    QStringListModel *m_history;
};

} // namespace sapsam::ui
