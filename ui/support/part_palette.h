#pragma once

#include "core/taxonomy/taxonomy.h"

#include <QColor>
#include <QHash>
#include <QString>
#include <QStringList>

#include <vector>

namespace sapsam::ui {

// A part group as the window shows it.
struct PartStyle
{
    QString group; // name in the store, such as "clothes"
    QString title; // for people, such as "Clothes"
    QColor color;
};

// Colour and title of every part group of the taxonomy, in the taxonomy's order.
// A group that is not listed gets a steady colour of its own. A value; safe to copy to any thread.
class PartPalette
{
public:
    PartPalette() = default;
    explicit PartPalette(std::vector<PartStyle> styles);

    const std::vector<PartStyle> &styles() const { return m_styles; }
    QColor color(const QString &group) const;
    QString title(const QString &group) const;
    // Position in the taxonomy; groups that are not listed come last.
    int order(const QString &group) const;

private:
    std::vector<PartStyle> m_styles;
    QHash<QString, int> m_rows;
};

PartPalette makePartPalette(const Taxonomy &taxonomy);

} // namespace sapsam::ui
