#pragma once

#include "core/text/query_parser.h"

#include <QColor>
#include <QFrame>

class QCheckBox;
class QLabel;
class QSlider;
class QToolButton;

namespace sapsam::ui {

// One part of the description: switched on or off, denied, weighed.
class TermChip final : public QFrame
{
    Q_OBJECT

public:
    TermChip(const QueryTerm &term, const QString &group, const QColor &color,
             QWidget *parent = nullptr);

    const QueryTerm &term() const { return m_term; }
    QCheckBox *enabledBox() const { return m_enabled; }
    QToolButton *notButton() const { return m_not; }
    QSlider *weightSlider() const { return m_weight; }

    QToolButton *removeButton() const { return m_remove; } // null: the part is of the sentence

Q_SIGNALS:
    void changed();
    void removed();

private:
    void update(bool tell);

    QueryTerm m_term;
    QCheckBox *m_enabled;
    QToolButton *m_not;
    QSlider *m_weight;
    QLabel *m_value;
    QToolButton *m_remove = nullptr;
};

} // namespace sapsam::ui
