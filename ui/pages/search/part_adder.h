#pragma once

#include "core/text/query_parser.h"
#include "ui/support/part_palette.h"

#include <QFrame>

class QCheckBox;
class QComboBox;
class QLineEdit;
class QPushButton;

namespace sapsam::ui {

// A part of the query by hand: which group, what it looks like, or that it must not be there.
class PartAdder final : public QFrame
{
    Q_OBJECT

public:
    explicit PartAdder(QWidget *parent = nullptr);

    void setParts(const PartPalette &palette); // the groups that are offered
    void begin();                              // shows it, empty, with the focus
    QComboBox *groupBox() const { return m_group; }
    QLineEdit *textEdit() const { return m_text; }
    QCheckBox *deniedBox() const { return m_denied; }
    QPushButton *addButton() const { return m_add; }

Q_SIGNALS:
    void added(const sapsam::QueryTerm &term);
    void closed();

protected:
    void keyPressEvent(QKeyEvent *event) override;

private:
    void add();

    QComboBox *m_group;
    QLineEdit *m_text;
    QCheckBox *m_denied;
    QPushButton *m_add;
};

} // namespace sapsam::ui
