#pragma once

#include "core/store/gallery_query.h"
#include "ui/support/part_palette.h"

#include <QTreeWidget>

namespace sapsam::ui {

// How the shown pictures divide; a click on a value switches it in the filter.
class FacetPanel final : public QTreeWidget
{
    Q_OBJECT

public:
    explicit FacetPanel(const PartPalette &palette, QWidget *parent = nullptr);
    void setPartPalette(const PartPalette &palette) { m_palette = palette; } // of the next facets

    // `all`: of the whole project, so that a value without a picture can still be chosen.
    void setFacets(const GalleryFacets &all, const GalleryFacets &shown, const QString &filter);

Q_SIGNALS:
    void valueToggled(const QString &key, const QString &value);

private:
    void addSection(const QString &key, const QString &title, const std::vector<FacetValue> &all,
                    const std::vector<FacetValue> &shown);
    QString titleOf(const QString &key, const QString &value) const;

    PartPalette m_palette;
    QString m_filter;
    QStringList m_closed; // sections that the user closed
};

} // namespace sapsam::ui
