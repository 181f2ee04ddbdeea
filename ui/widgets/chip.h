#pragma once

#include <QColor>
#include <QWidget>

namespace sapsam::ui {

// A rounded label with a coloured dot: a part of the description, a count.
class Chip final : public QWidget
{
    Q_OBJECT

public:
    Chip(const QString &caption, const QString &text, const QColor &dot, QWidget *parent = nullptr);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QString m_caption; // quiet, before the text; may be empty
    QString m_text;
    QColor m_dot; // invalid for none
};

} // namespace sapsam::ui
