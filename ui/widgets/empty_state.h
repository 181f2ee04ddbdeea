#pragma once

#include <QWidget>

class QLabel;
class QPushButton;

namespace sapsam::ui {

// What stands in an empty page: why it is empty and what to do about it.
class EmptyState final : public QWidget
{
    Q_OBJECT

public:
    explicit EmptyState(QWidget *parent = nullptr);

    // An empty `button` shows none.
    void show(const QString &icon, const QString &title, const QString &text,
              const QString &button = {});
    QString title() const;

Q_SIGNALS:
    void buttonClicked();

protected:
    void changeEvent(QEvent *event) override;

private:
    void refreshIcon();

    QString m_iconName;
    QLabel *m_icon;
    QLabel *m_title;
    QLabel *m_text;
    QPushButton *m_button;
};

} // namespace sapsam::ui
