#pragma once

#include <QString>

class QLabel;
class QPushButton;
class QWidget;

namespace sapsam::ui {

// A label in one of the style sheet's roles: title, heading, section, muted, small, warning.
QLabel *makeLabel(const QString &text, const char *role, QWidget *parent = nullptr);
QPushButton *makePrimaryButton(const QString &text, QWidget *parent = nullptr);
// A button that looks like a link.
QPushButton *makeLinkButton(const QString &text, QWidget *parent = nullptr);
// Gives a widget one of the style sheet's roles: card, bar, banner, page, panel.
void setRole(QWidget *widget, const char *role);

} // namespace sapsam::ui
