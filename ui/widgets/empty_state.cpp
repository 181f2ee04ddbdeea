#include "ui/widgets/empty_state.h"

#include "ui/support/icons.h"
#include "ui/widgets/labels.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace sapsam::ui {

namespace {

constexpr int kIconSize = 52;
constexpr int kTextWidth = 420;

} // namespace

EmptyState::EmptyState(QWidget *parent)
    : QWidget(parent),
      m_icon(new QLabel),
      m_title(makeLabel({}, "heading")),
      m_text(makeLabel({}, "muted")),
      m_button(makePrimaryButton({}))
{
    setRole(this, "page");
    auto *layout = new QVBoxLayout(this);
    layout->setSpacing(10);
    layout->addStretch(2);
    layout->addWidget(m_icon, 0, Qt::AlignHCenter);
    layout->addSpacing(4);
    layout->addWidget(m_title, 0, Qt::AlignHCenter);
    m_text->setWordWrap(true);
    m_text->setAlignment(Qt::AlignHCenter);
    m_text->setFixedWidth(kTextWidth);
    // A row instead of an alignment: only so the wrapped text gets its height.
    auto *row = new QHBoxLayout;
    row->addStretch(1);
    row->addWidget(m_text);
    row->addStretch(1);
    layout->addLayout(row);
    layout->addSpacing(8);
    layout->addWidget(m_button, 0, Qt::AlignHCenter);
    layout->addStretch(3);
    connect(m_button, &QPushButton::clicked, this, &EmptyState::buttonClicked);
}

void EmptyState::show(const QString &icon, const QString &title, const QString &text,
                      const QString &button)
{
    m_iconName = icon;
    refreshIcon();
    m_title->setText(title);
    m_text->setText(text);
    m_button->setText(button);
    m_button->setVisible(!button.isEmpty());
}

QString EmptyState::title() const
{
    return m_title->text();
}

void EmptyState::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        refreshIcon();
}

void EmptyState::refreshIcon()
{
    if (!m_iconName.isEmpty())
        m_icon->setPixmap(makeIconPixmap(m_iconName, palette().color(QPalette::Shadow), kIconSize,
                                         devicePixelRatioF()));
}

} // namespace sapsam::ui
