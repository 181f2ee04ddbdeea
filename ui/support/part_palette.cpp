#include "ui/support/part_palette.h"

#include "ui/support/text.h"

#include <QCoreApplication>

#include <utility>

namespace sapsam::ui {

PartPalette::PartPalette(std::vector<PartStyle> styles, const std::vector<PartStyle> &older)
    : m_styles(std::move(styles))
{
    for (std::size_t row = 0; row < m_styles.size(); ++row)
        m_rows.insert(m_styles[row].group, static_cast<int>(row));
    for (const PartStyle &style : older) {
        if (!m_rows.contains(style.group) && !m_older.contains(style.group))
            m_older.insert(style.group, style);
    }
}

const PartStyle *PartPalette::find(const QString &group) const
{
    const auto row = m_rows.constFind(group);
    if (row != m_rows.constEnd())
        return &m_styles[static_cast<std::size_t>(*row)];
    const auto found = m_older.constFind(group);
    return found != m_older.constEnd() ? &*found : nullptr;
}

QColor PartPalette::color(const QString &group) const
{
    if (const PartStyle *style = find(group))
        return style->color;
    // A fixed seed keeps the colour of an unknown group the same in every run.
    return QColor::fromHsv(static_cast<int>(qHash(group, 7) % 360U), 170, 220);
}

QString PartPalette::title(const QString &group) const
{
    if (const PartStyle *style = find(group))
        return style->title;
    return group.isEmpty() ? group : group.at(0).toUpper() + group.mid(1);
}

int PartPalette::order(const QString &group) const
{
    return m_rows.value(group, static_cast<int>(m_styles.size()));
}

namespace {

// Titles of the shipped groups, for the translators; what people call their own groups stays.
[[maybe_unused]] const char *const kShippedTitles[] = {
    QT_TRANSLATE_NOOP("PartGroup", "Hat"),
    QT_TRANSLATE_NOOP("PartGroup", "Hair and face"),
    QT_TRANSLATE_NOOP("PartGroup", "Glasses and face"),
    QT_TRANSLATE_NOOP("PartGroup", "Upper clothes"),
    QT_TRANSLATE_NOOP("PartGroup", "Skirt"),
    QT_TRANSLATE_NOOP("PartGroup", "Pants"),
    QT_TRANSLATE_NOOP("PartGroup", "Dress"),
    QT_TRANSLATE_NOOP("PartGroup", "Shoes and legs"),
    QT_TRANSLATE_NOOP("PartGroup", "Bag")};

std::vector<PartStyle> stylesOf(const Taxonomy &taxonomy)
{
    std::vector<PartStyle> styles;
    for (const PartGroup &group : taxonomy.groups)
        styles.push_back({toQString(group.name),
                          QCoreApplication::translate("PartGroup", group.title.c_str()),
                          QColor(group.colour[0], group.colour[1], group.colour[2])});
    return styles;
}

} // namespace

PartPalette makePartPalette(const Taxonomy &taxonomy, const std::vector<Taxonomy> &older)
{
    std::vector<PartStyle> gone;
    for (const Taxonomy &each : older) {
        for (PartStyle &style : stylesOf(each))
            gone.push_back(std::move(style));
    }
    return PartPalette(stylesOf(taxonomy), gone);
}

} // namespace sapsam::ui
