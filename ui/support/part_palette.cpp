#include "ui/support/part_palette.h"

#include "ui/support/text.h"

#include <QCoreApplication>

#include <utility>

namespace sapsam::ui {

PartPalette::PartPalette(std::vector<PartStyle> styles) : m_styles(std::move(styles))
{
    for (std::size_t row = 0; row < m_styles.size(); ++row)
        m_rows.insert(m_styles[row].group, static_cast<int>(row));
}

QColor PartPalette::color(const QString &group) const
{
    const auto found = m_rows.constFind(group);
    if (found != m_rows.constEnd())
        return m_styles[static_cast<std::size_t>(*found)].color;
    // A fixed seed keeps the colour of an unknown group the same in every run.
    return QColor::fromHsv(static_cast<int>(qHash(group, 7) % 360U), 170, 220);
}

QString PartPalette::title(const QString &group) const
{
    const auto found = m_rows.constFind(group);
    if (found != m_rows.constEnd())
        return m_styles[static_cast<std::size_t>(*found)].title;
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

} // namespace

PartPalette makePartPalette(const Taxonomy &taxonomy)
{
    std::vector<PartStyle> styles;
    for (const PartGroup &group : taxonomy.groups)
        styles.push_back({toQString(group.name),
                          QCoreApplication::translate("PartGroup", group.title.c_str()),
                          QColor(group.colour[0], group.colour[1], group.colour[2])});
    return PartPalette(std::move(styles));
}

} // namespace sapsam::ui
