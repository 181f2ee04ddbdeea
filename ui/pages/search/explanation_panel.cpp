#include "ui/pages/search/explanation_panel.h"

#include "ui/support/text.h"
#include "ui/support/theme.h"
#include "ui/widgets/labels.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPainter>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace sapsam::ui {

namespace {

QString signedText(double value)
{
    const QString text = QLocale().toString(std::abs(value), 'f', 3);
    return (value < 0.0 ? QStringLiteral("−") : QStringLiteral("+")) + text;
}

// A bar to the right of the middle for what helps, to the left for what harms.
class SignedBar final : public QWidget
{
public:
    SignedBar(double share, QWidget *parent = nullptr) : QWidget(parent), m_share(share)
    {
        setFixedHeight(6);
    }

protected:
    void paintEvent(QPaintEvent *event) override
    {
        static_cast<void>(event);
        QPainter painter(this);
        painter.setPen(Qt::NoPen);
        painter.setBrush(palette().color(QPalette::Mid));
        painter.drawRect(QRectF(0, height() / 2.0 - 0.5, width(), 1));
        const double middle = width() / 2.0;
        const double length = std::clamp(m_share, -1.0, 1.0) * (middle - 1.0);
        painter.setBrush(m_share < 0.0 ? errorColor(palette()) : goodColor(palette()));
        painter.drawRect(
            QRectF(length < 0.0 ? middle + length : middle, 0, std::abs(length), height()));
    }

private:
    double m_share;
};

// Tells when the mouse or the focus is on it.
class PointedRow final : public QFrame
{
public:
    PointedRow(QString group, ExplanationPanel *panel) : m_group(std::move(group)), m_panel(panel)
    {
        setFocusPolicy(Qt::TabFocus);
    }

protected:
    bool event(QEvent *event) override
    {
        if (event->type() == QEvent::Enter || event->type() == QEvent::FocusIn)
            Q_EMIT m_panel->groupPointed(m_group);
        else if (event->type() == QEvent::Leave || event->type() == QEvent::FocusOut)
            Q_EMIT m_panel->groupPointed({});
        return QFrame::event(event);
    }

private:
    QString m_group;
    ExplanationPanel *m_panel;
};

QString titleOf(const Contribution &contribution)
{
    const QString text = toQString(contribution.text);
    switch (contribution.kind) {
    case Contribution::Kind::Denied:
        return ExplanationPanel::tr("not “%1”").arg(text);
    case Contribution::Kind::Example:
        return ExplanationPanel::tr("like %1").arg(text);
    case Contribution::Kind::Feedback:
        return ExplanationPanel::tr("what you judged");
    case Contribution::Kind::Rest:
        return ExplanationPanel::tr("the rest of the query");
    default:
        return ExplanationPanel::tr("“%1”").arg(text);
    }
}

} // namespace

ExplanationPanel::ExplanationPanel(const PartPalette &palette, QWidget *parent)
    : QWidget(parent),
      m_palette(palette),
      m_title(makeLabel({}, "heading")),
      m_subtitle(makeLabel({}, "muted")),
      m_rows(new QVBoxLayout)
{
    setRole(this, "panel");
    m_subtitle->setWordWrap(true);
    auto *content = new QWidget;
    setRole(content, "panel");
    auto *inner = new QVBoxLayout(content);
    inner->setContentsMargins(16, 0, 16, 12);
    inner->addLayout(m_rows);
    inner->addStretch(1);
    auto *scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setAccessibleName(tr("What each piece of the query did to the score"));
    scroll->setWidget(content);
    auto *head = new QVBoxLayout;
    head->setContentsMargins(16, 12, 16, 4);
    head->addWidget(m_title);
    head->addWidget(m_subtitle);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(4);
    layout->addLayout(head);
    layout->addWidget(scroll, 1);
    clear();
}

void ExplanationPanel::removeRows()
{
    while (QLayoutItem *item = m_rows->takeAt(0)) {
        if (item->widget() != nullptr) {
            item->widget()->hide();
            item->widget()->deleteLater();
        }
        delete item;
    }
    m_rowCount = 0;
}

void ExplanationPanel::clear()
{
    removeRows();
    m_title->setText(tr("Why this match"));
    m_subtitle->setText(tr("Select a person to see what each part did to the score."));
}

QWidget *ExplanationPanel::makeRow(const Contribution &contribution, double scale)
{
    const QString group = toQString(contribution.group);
    const QString title = titleOf(contribution);
    auto *row = new PointedRow(contribution.phrase.empty() ? QString() : group, this);
    row->setAccessibleName(tr("%1, contribution %2").arg(title, signedText(contribution.value)));
    auto *layout = new QVBoxLayout(row);
    layout->setContentsMargins(0, 5, 0, 5);
    layout->setSpacing(3);
    auto *head = new QHBoxLayout;
    head->setSpacing(8);
    if (!group.isEmpty()) {
        auto *dot = new QFrame;
        dot->setFixedSize(9, 9);
        dot->setStyleSheet(QStringLiteral("background: %1; border-radius: 4px;")
                               .arg(m_palette.color(group).name()));
        head->addWidget(dot);
    }
    auto *name = new QLabel(title);
    name->setTextFormat(Qt::PlainText);
    name->setWordWrap(true);
    head->addWidget(name, 1);
    head->addWidget(new QLabel(signedText(contribution.value)));
    layout->addLayout(head);
    layout->addWidget(new SignedBar(scale > 0.0 ? contribution.value / scale : 0.0));
    const bool isTerm = contribution.kind == Contribution::Kind::Term
                        || contribution.kind == Contribution::Kind::Denied;
    if (isTerm) {
        auto *answer = new QHBoxLayout;
        answer->setSpacing(4);
        QLabel *phrase = makeLabel(contribution.phrase.empty()
                                       ? tr("no such part with a phrase in this picture")
                                       : tr("answered by “%1”").arg(toQString(contribution.phrase)),
                                   "small");
        phrase->setWordWrap(true);
        answer->addWidget(phrase, 1);
        if (!contribution.phrase.empty()) {
            const auto add = [&](const QString &text, const QString &tip, auto &&slot) {
                auto *button = new QToolButton;
                button->setText(text);
                button->setToolTip(tip);
                button->setAccessibleName(tip);
                button->setAutoRaise(true);
                connect(button, &QToolButton::clicked, this, slot);
                answer->addWidget(button);
            };
            const QString part = m_palette.title(group);
            add(QStringLiteral("+"), tr("%1 is right").arg(part),
                [this, group] { Q_EMIT partJudged(group, true); });
            add(QStringLiteral("−"), tr("%1 is wrong").arg(part),
                [this, group] { Q_EMIT partJudged(group, false); });
            add(QStringLiteral("≈"), tr("More like this: %1").arg(part),
                [this, group] { Q_EMIT likeRequested(group); });
        }
        layout->addLayout(answer);
    }
    return row;
}

void ExplanationPanel::setHit(const SearchHit &hit, const QString &name, double chance)
{
    removeRows();
    m_title->setText(tr("Why rank %1").arg(countText(hit.rank)));
    QString text = tr("%1 · score %2").arg(name, scoreText(hit.score));
    if (chance >= 0.0)
        text += QLatin1Char('\n')
                + (chance < 0.5 ? tr("probably no match (%1 % by calibration)")
                                : tr("probably a match (%1 % by calibration)"))
                      .arg(static_cast<int>(std::lround(100.0 * chance)));
    m_subtitle->setText(text);
    double scale = 0.0;
    for (const Contribution &contribution : hit.contributions)
        scale = std::max(scale, std::abs(contribution.value));
    for (const Contribution &contribution : hit.contributions) {
        m_rows->addWidget(makeRow(contribution, scale));
        ++m_rowCount;
    }
    QLabel *sum = makeLabel(tr("The contributions add up to the score. Each is the score minus the "
                               "score without that piece; the rest is what they share."),
                            "small");
    sum->setWordWrap(true);
    m_rows->addWidget(sum);
}

QString ExplanationPanel::summaryOf(const SearchHit &hit)
{
    QStringList list;
    for (const Contribution &contribution : hit.contributions) {
        if (contribution.kind == Contribution::Kind::Term
            || contribution.kind == Contribution::Kind::Denied)
            list.append(
                toQString(contribution.phrase.empty() ? contribution.text : contribution.phrase)
                + QLatin1Char(' ') + signedText(contribution.value));
    }
    return list.join(QStringLiteral(", "));
}

} // namespace sapsam::ui
