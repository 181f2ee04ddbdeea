#include "ui/pages/training/samples_view.h"

#include "ui/support/text.h"
#include "ui/support/theme.h"
#include "ui/widgets/flow_layout.h"
#include "ui/widgets/labels.h"

#include <QComboBox>
#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPixmap>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>

namespace sapsam::ui {

namespace {

constexpr int kPictureHeight = 168;
constexpr int kCardWidth = 250;

QLabel *pictureLabel(const QImage &image, const QString &name)
{
    auto *label = new QLabel;
    label->setPixmap(QPixmap::fromImage(
        image.scaledToHeight(kPictureHeight, image.height() * 2 < kPictureHeight
                                                 ? Qt::FastTransformation
                                                 : Qt::SmoothTransformation)));
    label->setAccessibleName(name);
    label->setToolTip(name);
    return label;
}

} // namespace

SamplesView::SamplesView(QWidget *parent)
    : QWidget(parent),
      m_step(new QComboBox),
      m_note(makeLabel({}, "muted")),
      m_area(new QWidget),
      m_cards(new FlowLayout(m_area, 12))
{
    m_step->setAccessibleName(tr("Samples of which step"));
    m_step->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    m_note->setWordWrap(true);
    setRole(m_area, "page");
    m_cards->setContentsMargins(20, 8, 20, 16);
    auto *tools = new QHBoxLayout;
    tools->setContentsMargins(20, 8, 20, 4);
    tools->setSpacing(10);
    tools->addWidget(makeLabel(tr("Step"), "muted"));
    tools->addWidget(m_step);
    tools->addWidget(m_note, 1);
    auto *scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidget(m_area);
    scroll->setAccessibleName(tr("Samples"));
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(tools);
    layout->addWidget(scroll, 1);
    connect(m_step, &QComboBox::currentIndexChanged, this, [this](int index) {
        m_followsNewest = index == 0;
        Q_EMIT stepChosen();
    });
    clear();
}

void SamplesView::clear()
{
    setSteps({});
    setCards(-1, {});
    m_followsNewest = true;
}

void SamplesView::setSteps(const std::vector<std::int64_t> &steps)
{
    const std::int64_t before = wantedStep();
    const QSignalBlocker blocker(m_step);
    m_step->clear();
    for (std::size_t i = steps.size(); i-- > 0;)
        m_step->addItem(countText(steps[i]), QVariant::fromValue<qlonglong>(steps[i]));
    const int known = m_step->findData(QVariant::fromValue<qlonglong>(before));
    m_step->setCurrentIndex(m_followsNewest || known < 0 ? 0 : known);
    m_step->setEnabled(!steps.empty());
}

std::int64_t SamplesView::wantedStep() const
{
    return m_step->currentIndex() < 0 ? -1 : m_step->currentData().toLongLong();
}

int SamplesView::cardCount() const
{
    return m_cards->count();
}

void SamplesView::setCards(std::int64_t step, const std::vector<Card> &cards)
{
    m_shown = step;
    m_cards->clear();
    for (const Card &card : cards)
        m_cards->addWidget(makeCard(card));
    m_note->setText(cards.empty()
                        ? tr("Nothing has been kept yet: every evaluation keeps a few predictions.")
                        : tr("Left what is right, on the right what the model said."));
    m_area->adjustSize();
}

QWidget *SamplesView::makeCard(const Card &card)
{
    const ShownSample &sample = card.sample;
    auto *frame = new QFrame;
    setRole(frame, "card");
    frame->setFixedWidth(kCardWidth);
    frame->setFocusPolicy(Qt::TabFocus);
    auto *layout = new QVBoxLayout(frame);
    layout->setContentsMargins(12, 10, 12, 12);
    layout->setSpacing(6);
    QStringList spoken{toQString(sample.given)};
    QLabel *given = makeLabel(toQString(sample.given), "");
    given->setTextFormat(Qt::PlainText);
    given->setWordWrap(true);
    layout->addWidget(given);
    if (!card.picture.isNull() || !card.second.isNull()) {
        auto *pictures = new QHBoxLayout;
        pictures->setSpacing(8);
        if (!card.picture.isNull())
            pictures->addWidget(pictureLabel(card.picture, tr("What is right")));
        if (!card.second.isNull())
            pictures->addWidget(pictureLabel(card.second, tr("What the model said")));
        pictures->addStretch(1);
        layout->addLayout(pictures);
    }
    const auto addText = [&](const QString &text, const char *role) {
        QLabel *label = makeLabel(text, role);
        label->setTextFormat(Qt::PlainText);
        label->setWordWrap(true);
        layout->addWidget(label);
        spoken.append(text);
        return label;
    };
    if (!sample.expected.empty())
        addText(tr("right: %1").arg(toQString(sample.expected)), "muted");
    if (!sample.predicted.empty())
        addText(tr("said: %1").arg(toQString(sample.predicted)), "");
    QStringList verdict;
    if (sample.isRight)
        verdict.append(*sample.isRight ? tr("✓ right") : tr("✗ wrong"));
    if (sample.value)
        verdict.append(sample.valueName == "rank"
                           ? tr("rank %1").arg(countText(static_cast<std::int64_t>(*sample.value)))
                           : QStringLiteral("%1 %2").arg(toQString(sample.valueName),
                                                         QLocale().toString(*sample.value, 'f', 2)));
    if (!verdict.isEmpty()) {
        QLabel *label = addText(verdict.join(QStringLiteral(" · ")), "");
        if (sample.isRight)
            label->setStyleSheet(
                QStringLiteral("color: %1;")
                    .arg((*sample.isRight ? goodColor(palette()) : errorColor(palette())).name()));
    }
    frame->setAccessibleName(spoken.join(QStringLiteral(", ")));
    return frame;
}

} // namespace sapsam::ui
