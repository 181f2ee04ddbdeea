#include "ui/widgets/match_panel.h"

#include "ui/support/text.h"
#include "ui/widgets/labels.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QScrollArea>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace sapsam::ui {

namespace {

QWidget *makeRow(const PartMatch &match, const PartPalette &palette)
{
    const QString group = toQString(match.group);
    const QString phrase = toQString(match.phrase);
    const QString query = toQString(match.queryPhrase);
    const bool isAnswer = !query.isEmpty();

    auto *row = new QFrame;
    auto *layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, 6, 0, 6);
    layout->setSpacing(10);
    auto *swatch = new QFrame;
    swatch->setFixedWidth(5);
    swatch->setStyleSheet(
        QStringLiteral("background: %1; border-radius: 2px;").arg(palette.color(group).name()));
    layout->addWidget(swatch);

    auto *text = new QVBoxLayout;
    text->setSpacing(3);
    auto *head = new QHBoxLayout;
    head->addWidget(makeLabel(palette.title(group), "small"), 1);
    if (isAnswer)
        head->addWidget(makeLabel(scoreText(match.score), "small"));
    text->addLayout(head);
    auto *written = new QLabel(phrase.isEmpty() ? MatchPanel::tr("no phrase written") : phrase);
    written->setTextFormat(Qt::PlainText);
    written->setWordWrap(true);
    text->addWidget(written);
    if (isAnswer) {
        auto *bar = new QProgressBar;
        bar->setRange(0, 1000);
        bar->setValue(static_cast<int>(std::lround(std::clamp(match.score, 0.0, 1.0) * 1000.0)));
        bar->setTextVisible(false);
        bar->setAccessibleName(MatchPanel::tr("How well “%1” answers “%2”").arg(phrase, query));
        text->addWidget(bar);
        QLabel *asked = makeLabel(MatchPanel::tr("asked for: %1").arg(query), "small");
        asked->setWordWrap(true);
        text->addWidget(asked);
    }
    layout->addLayout(text, 1);
    return row;
}

} // namespace

MatchPanel::MatchPanel(const PartPalette &palette, QWidget *parent)
    : QWidget(parent),
      m_palette(palette),
      m_title(makeLabel({}, "heading")),
      m_subtitle(makeLabel({}, "muted")),
      m_content(new QWidget),
      m_rows(nullptr)
{
    setRole(this, "panel");
    setMinimumWidth(220);
    setRole(m_content, "panel");
    m_subtitle->setWordWrap(true);
    auto *inner = new QVBoxLayout(m_content);
    inner->setContentsMargins(16, 0, 16, 16);
    m_rows = new QVBoxLayout;
    m_rows->setSpacing(2);
    inner->addLayout(m_rows);
    inner->addStretch(1);
    auto *scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidget(m_content);
    scroll->setAccessibleName(tr("Part matches of the selected hit"));
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(4);
    auto *head = new QVBoxLayout;
    head->setContentsMargins(16, 16, 16, 4);
    head->addWidget(m_title);
    head->addWidget(m_subtitle);
    layout->addLayout(head);
    layout->addWidget(scroll, 1);
    clear();
}

void MatchPanel::removeRows()
{
    while (QLayoutItem *item = m_rows->takeAt(0)) {
        if (item->widget() != nullptr) {
            item->widget()->hide();
            item->widget()->deleteLater();
        }
        delete item;
    }
    m_matchCount = 0;
}

void MatchPanel::setHit(const SearchHit &hit, const QString &name)
{
    removeRows();
    m_title->setText(tr("Why rank %1").arg(countText(hit.rank)));
    m_subtitle->setText(tr("%1 · score %2").arg(name, scoreText(hit.score)));
    // What was asked for first, best answer first; then what else there is.
    std::vector<PartMatch> parts = hit.parts;
    std::stable_sort(parts.begin(), parts.end(), [](const PartMatch &a, const PartMatch &b) {
        if (a.queryPhrase.empty() != b.queryPhrase.empty())
            return !a.queryPhrase.empty();
        return !a.queryPhrase.empty() && a.score > b.score;
    });
    bool toldRest = false;
    for (const PartMatch &part : parts) {
        if (part.queryPhrase.empty() && !toldRest && m_matchCount > 0) {
            QLabel *rest = makeLabel(tr("NOT ASKED FOR"), "section");
            rest->setContentsMargins(0, 12, 0, 2);
            m_rows->addWidget(rest);
            toldRest = true;
        }
        m_rows->addWidget(makeRow(part, m_palette));
        ++m_matchCount;
    }
    if (parts.empty()) {
        QLabel *none = makeLabel(tr("No part of this picture has a phrase yet. The rank comes from "
                                    "the whole picture. “Segment” and “Write phrases” add the "
                                    "reasons."),
                                 "muted");
        none->setWordWrap(true);
        m_rows->addWidget(none);
    }
}

void MatchPanel::clear()
{
    removeRows();
    m_title->setText(tr("Why this match"));
    m_subtitle->setText(tr("Select a person to see which parts answer the description."));
}

QString MatchPanel::summaryOf(const SearchHit &hit)
{
    QStringList list;
    for (const PartMatch &part : hit.parts) {
        if (!part.queryPhrase.empty())
            list.append(QStringLiteral("%1 %2").arg(toQString(part.phrase), scoreText(part.score)));
    }
    return list.join(QStringLiteral(", "));
}

} // namespace sapsam::ui
