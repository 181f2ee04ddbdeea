#pragma once

#include <QPalette>
#include <QString>

class QApplication;

namespace sapsam::ui {

enum class ThemeKind { Light, Dark };

// Fills the palette and the style sheet of the whole program; may be called again at any time.
// Widgets that paint themselves take their colours from the palette's roles:
// Window and Base as usual · AlternateBase raised surfaces · Mid borders · Midlight hover ·
// PlaceholderText quiet text · Highlight the accent · Dark the canvas behind pictures.
void applyTheme(QApplication &application, ThemeKind kind);

// The palette alone, for tests and for painting without an application style.
QPalette themePalette(ThemeKind kind);

// "light" or "dark"; anything else gives the fallback.
ThemeKind themeFromName(const QString &name, ThemeKind fallback = ThemeKind::Light);
QString nameOfTheme(ThemeKind kind);
ThemeKind themeOf(const QPalette &palette);

// Signal colours that are readable on both themes.
QColor goodColor(const QPalette &palette);
QColor warningColor(const QPalette &palette);
QColor errorColor(const QPalette &palette);

} // namespace sapsam::ui
