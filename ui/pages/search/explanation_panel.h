#pragma once

#include "core/pipeline/searcher.h"
#include "ui/support/part_palette.h"

#include <QWidget>

class QLabel;
class QVBoxLayout;

namespace sapsam::ui {

// Why this hit: what each piece of the query did to its score, with the region that answers.
class ExplanationPanel final : public QWidget
{
    Q_OBJECT

public:
    explicit ExplanationPanel(const PartPalette &palette, QWidget *parent = nullptr);
    void setPartPalette(const PartPalette &palette) { m_palette = palette; } // of the next hit

    // chance: probability of a match, below 0 when it is not known.
    void setHit(const SearchHit &hit, const QString &name, double chance);
    void clear();
    int rowCount() const { return m_rowCount; }

    // "black coat +0.31, blue jeans +0.22", for screen readers.
    static QString summaryOf(const SearchHit &hit);

Q_SIGNALS:
    void groupPointed(const QString &group); // empty: none
    void likeRequested(const QString &group);
    void partJudged(const QString &group, bool relevant);

private:
    void removeRows();
    QWidget *makeRow(const Contribution &contribution, double scale);

    PartPalette m_palette;
    QLabel *m_title;
    QLabel *m_subtitle;
    QVBoxLayout *m_rows;
    int m_rowCount = 0;
};

} // namespace sapsam::ui
