#include "ui/pages/search/part_adder.h"

#include "ui/support/text.h"
#include "ui/widgets/labels.h"

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLineEdit>
#include <QPushButton>
#include <QToolButton>

#include <algorithm>

namespace sapsam::ui {

PartAdder::PartAdder(QWidget *parent)
    : QFrame(parent),
      m_group(new QComboBox),
      m_text(new QLineEdit),
      m_denied(new QCheckBox(tr("must not be there"))),
      m_add(makePrimaryButton(tr("Add")))
{
    setRole(this, "chip");
    setAccessibleName(tr("A part of the query by hand"));
    m_group->setAccessibleName(tr("Which part"));
    m_text->setAccessibleName(tr("What it looks like"));
    m_text->setPlaceholderText(tr("What it looks like: “a red jacket”"));
    m_text->setMinimumWidth(220);
    m_add->setEnabled(false);
    auto *close = new QToolButton;
    close->setText(QStringLiteral("✕"));
    close->setAutoRaise(true);
    close->setToolTip(tr("Close without adding"));
    close->setAccessibleName(close->toolTip());
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(8, 4, 8, 4);
    layout->setSpacing(8);
    layout->addWidget(m_group);
    layout->addWidget(m_text, 1);
    layout->addWidget(m_denied);
    layout->addWidget(m_add);
    layout->addWidget(close);
    connect(m_text, &QLineEdit::textChanged, this,
            [this](const QString &text) { m_add->setEnabled(!text.trimmed().isEmpty()); });
    connect(m_text, &QLineEdit::returnPressed, this, &PartAdder::add);
    connect(m_add, &QPushButton::clicked, this, &PartAdder::add);
    connect(close, &QToolButton::clicked, this, [this] {
        hide();
        Q_EMIT closed();
    });
    hide();
}

void PartAdder::setParts(const PartPalette &palette)
{
    const QString before = m_group->currentData().toString();
    m_group->clear();
    for (const PartStyle &style : palette.styles())
        m_group->addItem(style.title, style.group);
    m_group->setCurrentIndex(std::max(0, m_group->findData(before)));
}

void PartAdder::begin()
{
    m_text->clear();
    m_denied->setChecked(false);
    show();
    m_text->setFocus();
}

void PartAdder::add()
{
    const QString text = m_text->text().simplified();
    if (text.isEmpty() || m_group->currentIndex() < 0)
        return;
    QueryTerm term;
    term.group = toStdString(m_group->currentData().toString());
    term.text = toStdString(text);
    term.negated = m_denied->isChecked();
    hide();
    Q_EMIT added(term);
}

void PartAdder::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape) {
        hide();
        Q_EMIT closed();
        return;
    }
    QFrame::keyPressEvent(event);
}

} // namespace sapsam::ui
