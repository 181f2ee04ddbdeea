#include "ui/pages/search/term_chip.h"

#include "ui/support/text.h"
#include "ui/widgets/labels.h"

#include <QCheckBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QSlider>
#include <QToolButton>

namespace sapsam::ui {

namespace {

constexpr int kSteps = 100; // of the slider in a weight of 1

} // namespace

TermChip::TermChip(const QueryTerm &term, const QString &group, const QColor &color,
                   QWidget *parent)
    : QFrame(parent),
      m_term(term),
      m_enabled(new QCheckBox(toQString(term.text))),
      m_not(new QToolButton),
      m_weight(new QSlider(Qt::Horizontal)),
      m_value(makeLabel({}, "small"))
{
    setRole(this, "chip");
    setAccessibleName(tr("%1: %2").arg(group, toQString(term.text)));
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(10, 3, 10, 3);
    layout->setSpacing(8);
    auto *dot = new QFrame;
    dot->setFixedSize(9, 9);
    dot->setStyleSheet(
        QStringLiteral("background: %1; border-radius: 4px; border: none;").arg(color.name()));
    dot->setToolTip(group);
    m_enabled->setChecked(term.enabled);
    m_enabled->setAccessibleName(tr("Search for “%1”").arg(toQString(term.text)));
    m_not->setText(tr("NOT"));
    m_not->setCheckable(true);
    m_not->setChecked(term.negated);
    m_not->setToolTip(tr("The part must not be there"));
    m_not->setAccessibleName(tr("“%1” must not be there").arg(toQString(term.text)));
    m_weight->setRange(0, static_cast<int>(QueryTerm::kMaxWeight * kSteps));
    m_weight->setValue(static_cast<int>(term.weight * kSteps + 0.5));
    m_weight->setFixedWidth(72);
    m_weight->setAccessibleName(tr("Weight of “%1”").arg(toQString(term.text)));
    m_weight->setToolTip(tr("Weight: 1 as said, 0 left out, 2 twice as important"));
    layout->addWidget(dot);
    layout->addWidget(m_enabled);
    layout->addWidget(m_not);
    layout->addWidget(m_weight);
    layout->addWidget(m_value);
    if (term.isAdded()) {
        m_remove = new QToolButton;
        m_remove->setText(QStringLiteral("✕"));
        m_remove->setAutoRaise(true);
        m_remove->setToolTip(tr("Take the part out of the query"));
        m_remove->setAccessibleName(tr("Take “%1” out").arg(toQString(term.text)));
        layout->addWidget(m_remove);
        connect(m_remove, &QToolButton::clicked, this, &TermChip::removed);
    }
    connect(m_enabled, &QCheckBox::toggled, this, [this] { update(true); });
    connect(m_not, &QToolButton::toggled, this, [this] { update(true); });
    connect(m_weight, &QSlider::valueChanged, this, [this] { update(true); });
    update(false);
}

void TermChip::update(bool tell)
{
    m_term.enabled = m_enabled->isChecked();
    m_term.negated = m_not->isChecked();
    m_term.weight = static_cast<double>(m_weight->value()) / kSteps;
    m_weight->setEnabled(m_term.enabled);
    m_value->setText(QLocale().toString(m_term.weight, 'f', 2));
    if (tell)
        Q_EMIT changed();
}

} // namespace sapsam::ui
