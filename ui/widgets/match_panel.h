#pragma once

#include "core/pipeline/searcher.h"
#include "ui/support/part_palette.h"

#include <QWidget>

class QLabel;
class QVBoxLayout;

namespace sapsam::ui {

// Why this hit: how each part of the description is answered by the phrases that the engine wrote.
class MatchPanel final : public QWidget
{
    Q_OBJECT

public:
    explicit MatchPanel(const PartPalette &palette, QWidget *parent = nullptr);

    void setHit(const SearchHit &hit, const QString &name);
    void clear(); // asks to select a hit
    int matchCount() const { return m_matchCount; }

    // "black coat 0.31, blue jeans 0.22", for screen readers.
    static QString summaryOf(const SearchHit &hit);

private:
    void removeRows();

    PartPalette m_palette;
    QLabel *m_title;
    QLabel *m_subtitle;
    QWidget *m_content;
    QVBoxLayout *m_rows;
    int m_matchCount = 0;
};

} // namespace sapsam::ui
