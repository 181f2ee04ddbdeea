#pragma once

#include <QFrame>

class QLabel;
class QToolButton;

namespace sapsam::ui {

// Something that the query has besides its parts, in words, with a button that takes it out.
class QueryChip final : public QFrame
{
    Q_OBJECT

public:
    QueryChip(const QString &text, const QString &tip, QWidget *parent = nullptr);

    QString text() const;
    QToolButton *removeButton() const { return m_remove; }

Q_SIGNALS:
    void removed();

private:
    QLabel *m_text;
    QToolButton *m_remove;
};

} // namespace sapsam::ui
