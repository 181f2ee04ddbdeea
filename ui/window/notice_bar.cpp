#include "ui/window/notice_bar.h"

#include "ui/support/icons.h"
#include "ui/support/theme.h"
#include "ui/widgets/labels.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

namespace sapsam::ui {

namespace {

constexpr int kIconSize = 20;

} // namespace

NoticeBar::NoticeBar(QWidget *parent)
    : QFrame(parent),
      m_icon(new QLabel),
      m_text(new QLabel),
      m_button(new QPushButton),
      m_close(makeLinkButton(tr("Close")))
{
    setRole(this, "banner");
    m_text->setWordWrap(true);
    m_text->setTextFormat(Qt::PlainText);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(16, 8, 12, 8);
    layout->setSpacing(12);
    layout->addWidget(m_icon, 0, Qt::AlignTop);
    layout->addWidget(m_text, 1);
    layout->addWidget(m_button, 0, Qt::AlignVCenter);
    layout->addWidget(m_close, 0, Qt::AlignVCenter);
    connect(m_button, &QPushButton::clicked, this, &NoticeBar::buttonClicked);
    connect(m_close, &QPushButton::clicked, this, &QWidget::hide);
    m_button->hide();
    refreshIcons();
    hide();
}

void NoticeBar::show(const QString &text, const QString &button, bool canBeClosed)
{
    m_text->setText(text);
    m_text->setAccessibleName(text);
    m_button->setText(button);
    m_button->setVisible(!button.isEmpty());
    m_close->setVisible(canBeClosed);
    setVisible(true);
}

QString NoticeBar::text() const
{
    return isHidden() ? QString() : m_text->text();
}

void NoticeBar::refreshIcons()
{
    m_icon->setPixmap(makeIconPixmap(QStringLiteral("warning"), warningColor(palette()), kIconSize,
                                     devicePixelRatioF()));
}

} // namespace sapsam::ui
