#pragma once

#include <QFrame>

class QLabel;
class QPushButton;

namespace sapsam::ui {

// A sentence above the pages that stays until it is no longer true or is closed: why nothing can be
// changed, what could not be shown. It may offer one thing to do.
class NoticeBar final : public QFrame
{
    Q_OBJECT

public:
    explicit NoticeBar(QWidget *parent = nullptr);

    // An empty `button` shows none; a notice that must stay has no closing button.
    void show(const QString &text, const QString &button = {}, bool canBeClosed = true);
    QString text() const;
    void refreshIcons();

Q_SIGNALS:
    void buttonClicked();

private:
    QLabel *m_icon;
    QLabel *m_text;
    QPushButton *m_button;
    QPushButton *m_close;
};

} // namespace sapsam::ui
