#pragma once

#include <QIcon>
#include <QPalette>
#include <QString>

namespace sapsam::ui {

// Makes the program's pictures and style available; call once before anything is shown.
void initializeResources();

// A line icon of resources/icons, drawn in the palette's text colours (quiet when disabled, the
// accent when switched on). A null icon for an unknown name.
QIcon makeIcon(const QString &name, const QPalette &palette);
// One picture of it, for painting.
QPixmap makeIconPixmap(const QString &name, const QColor &color, int size, qreal devicePixelRatio);
// The window's own icon, in colour.
QIcon applicationIcon();

} // namespace sapsam::ui
