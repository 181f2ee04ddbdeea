#include "ui/pages/search/query_chip.h"

#include "ui/widgets/labels.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QToolButton>

namespace sapsam::ui {

QueryChip::QueryChip(const QString &text, const QString &tip, QWidget *parent)
    : QFrame(parent), m_text(new QLabel(text)), m_remove(new QToolButton)
{
    setRole(this, "chip");
    setAccessibleName(text);
    setToolTip(tip);
    m_text->setTextFormat(Qt::PlainText);
    m_remove->setText(QStringLiteral("✕"));
    m_remove->setAutoRaise(true);
    m_remove->setToolTip(tr("Take it out of the query"));
    m_remove->setAccessibleName(tr("Take out: %1").arg(text));
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(10, 3, 4, 3);
    layout->setSpacing(4);
    layout->addWidget(m_text);
    layout->addWidget(m_remove);
    connect(m_remove, &QToolButton::clicked, this, &QueryChip::removed);
}

QString QueryChip::text() const
{
    return m_text->text();
}

} // namespace sapsam::ui
