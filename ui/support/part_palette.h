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

    bool operator==(const PartStyle &other) const
    {
        return group == other.group && title == other.title && color == other.color;
    }
};

// Colour and title of every part group of the taxonomy, in the taxonomy's order.
// A group that is not listed gets a steady colour of its own. A value; safe to copy to any thread.
class PartPalette
{
public:
    PartPalette() = default;
    // `older`: groups that are not in use any more but may still have masks. They keep their looks
    // and are not listed; the first of a name counts.
    explicit PartPalette(std::vector<PartStyle> styles, const std::vector<PartStyle> &older = {});

    const std::vector<PartStyle> &styles() const { return m_styles; }
    QColor color(const QString &group) const;
    QString title(const QString &group) const;
    // Position in the taxonomy; groups that are not listed come last.
    int order(const QString &group) const;

    bool operator==(const PartPalette &other) const
    {
        return m_styles == other.m_styles && m_older == other.m_older;
    }

private:
    const PartStyle *find(const QString &group) const;

    std::vector<PartStyle> m_styles;
    QHash<QString, int> m_rows;
    QHash<QString, PartStyle> m_older;
};

// `older`: taxonomies that masks may have been made under, the one that counts first in front.
PartPalette makePartPalette(const Taxonomy &taxonomy, const std::vector<Taxonomy> &older = {});

} // namespace sapsam::ui
