#pragma once

#include <QPalette>
#include <QString>

class QApplication;

namespace sapsam::ui {

enum class ThemeKind { Light, Dark };
enum class ThemeChoice { System, Light, Dark }; // what the user asked for

// Fills the palette and the style sheet of the whole program; may be called again at any time.
// `textScale` enlarges every text, 1.0 is the design's size.
// Widgets that paint themselves take their colours from the palette's roles:
// Window and Base as usual · AlternateBase raised surfaces · Mid borders · Midlight hover ·
// PlaceholderText quiet text · Highlight the accent · Dark the canvas behind pictures.
void applyTheme(QApplication &application, ThemeKind kind, double textScale = 1.0);

// The palette alone, for tests and for painting without an application style.
QPalette themePalette(ThemeKind kind);

// "light" or "dark"; anything else gives the fallback.
ThemeKind themeFromName(const QString &name, ThemeKind fallback = ThemeKind::Light);
QString nameOfTheme(ThemeKind kind);
ThemeKind themeOf(const QPalette &palette);
// "system", "light" or "dark".
ThemeChoice themeChoiceFromName(const QString &name, ThemeChoice fallback = ThemeChoice::System);
QString nameOfThemeChoice(ThemeChoice choice);

// Signal colours that are readable on both themes.
QColor goodColor(const QPalette &palette);
QColor warningColor(const QPalette &palette);
QColor errorColor(const QPalette &palette);

} // namespace sapsam::ui
