#include "ui/widgets/labels.h"

#include <QLabel>
#include <QPushButton>
#include <QVariant>

namespace sapsam::ui {

QLabel *makeLabel(const QString &text, const char *role, QWidget *parent)
{
    auto *label = new QLabel(text, parent);
    setRole(label, role);
    label->setTextFormat(Qt::PlainText);
    return label;
}

QPushButton *makePrimaryButton(const QString &text, QWidget *parent)
{
    auto *button = new QPushButton(text, parent);
    button->setProperty("primary", true);
    return button;
}

QPushButton *makeLinkButton(const QString &text, QWidget *parent)
{
    auto *button = new QPushButton(text, parent);
    button->setProperty("flatLink", true);
    button->setCursor(Qt::PointingHandCursor);
    return button;
}

void setRole(QWidget *widget, const char *role)
{
    widget->setProperty("role", QString::fromLatin1(role));
    // Plain QWidgets paint the style sheet's background only when asked.
    widget->setAttribute(Qt::WA_StyledBackground);
}

} // namespace sapsam::ui
