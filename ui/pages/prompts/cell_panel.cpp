#include "ui/pages/prompts/cell_panel.h"

#include "ui/support/text.h"
#include "ui/support/theme.h"
#include "ui/widgets/labels.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

#include <utility>

namespace sapsam::ui {

namespace {

constexpr int kPictureHeight = 190;
constexpr int kViewHeight = 92;

} // namespace

PictureBox::PictureBox(const QString &name, QWidget *parent) : QWidget(parent)
{
    setAccessibleName(name);
    setToolTip(name);
}

void PictureBox::setImage(const QImage &image)
{
    m_image = image;
    m_mask = {};
    update();
}

void PictureBox::setImage(const QImage &image, const QImage &mask, const QColor &color)
{
    m_image = image;
    m_mask = QImage(mask.size(), QImage::Format_ARGB32_Premultiplied);
    m_mask.fill(Qt::transparent);
    if (!mask.isNull()) {
        QPainter painter(&m_mask);
        painter.drawImage(0, 0, mask);
        painter.setCompositionMode(QPainter::CompositionMode_SourceIn);
        QColor fill = color;
        fill.setAlphaF(0.45F);
        painter.fillRect(m_mask.rect(), fill);
    }
    update();
}

void PictureBox::setChosen(bool chosen)
{
    m_chosen = chosen;
    update();
}

void PictureBox::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHints(QPainter::Antialiasing | QPainter::SmoothPixmapTransform);
    painter.setPen(m_chosen ? QPen(palette().color(QPalette::Highlight), 2.0) : QPen(Qt::NoPen));
    painter.setBrush(palette().color(QPalette::Dark));
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 6, 6);
    if (m_image.isNull())
        return;
    const QRect inner = rect().adjusted(4, 4, -4, -4);
    const QSize size = m_image.size().scaled(inner.size(), Qt::KeepAspectRatio);
    const QRect target(inner.left() + (inner.width() - size.width()) / 2,
                       inner.top() + (inner.height() - size.height()) / 2, size.width(),
                       size.height());
    painter.drawImage(target, m_image);
    if (!m_mask.isNull())
        painter.drawImage(target, m_mask);
}

CellPanel::CellPanel(QWidget *parent)
    : QWidget(parent),
      m_hint(
          makeLabel(tr("Choose a cell to see its region and what the model is shown."), "muted")),
      m_body(new QWidget),
      m_name(makeLabel({}, "heading")),
      m_source(new PictureBox(tr("The picture with the region"))),
      m_seen(new PictureBox(tr("Exactly what the model sees"))),
      m_seenSize(makeLabel({}, "small")),
      m_phrase(makeLabel({}, "heading")),
      m_verdict(makeLabel({}, "small")),
      m_colour(makeLabel({}, "small")),
      m_details(makeLabel({}, "small")),
      m_open(makeLinkButton(tr("Open the picture")))
{
    setRole(this, "panel");
    m_hint->setWordWrap(true);
    for (QLabel *label : {m_name, m_phrase, m_verdict, m_details}) {
        label->setWordWrap(true);
        label->setTextFormat(Qt::PlainText);
    }
    m_colour->setTextFormat(Qt::RichText);
    m_phrase->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_details->setTextInteractionFlags(Qt::TextSelectableByMouse);
    for (PictureBox *box : {m_source, m_seen})
        box->setFixedHeight(kPictureHeight);

    auto *pictures = new QGridLayout;
    pictures->setHorizontalSpacing(8);
    pictures->setVerticalSpacing(3);
    pictures->addWidget(m_source, 0, 0);
    pictures->addWidget(m_seen, 0, 1);
    pictures->addWidget(makeLabel(tr("source"), "small"), 1, 0);
    pictures->addWidget(m_seenSize, 1, 1);
    pictures->setColumnStretch(0, 1);
    pictures->setColumnStretch(1, 1);

    auto *views = new QHBoxLayout;
    views->setSpacing(4);
    for (std::size_t i = 0; i < m_views.size(); ++i) {
        m_views[i] = new PictureBox(titleOf(kVisualPrompts[i]));
        m_views[i]->setFixedHeight(kViewHeight);
        auto *column = new QVBoxLayout;
        column->setSpacing(2);
        column->addWidget(m_views[i]);
        QLabel *caption = makeLabel(titleOf(kVisualPrompts[i]), "small");
        caption->setAlignment(Qt::AlignHCenter);
        caption->setWordWrap(true);
        caption->setMinimumWidth(1);
        column->addWidget(caption, 0, Qt::AlignTop);
        views->addLayout(column, 1);
    }

    auto *body = new QVBoxLayout(m_body);
    body->setContentsMargins(0, 0, 0, 0);
    body->setSpacing(6);
    body->addWidget(m_phrase);
    body->addWidget(m_verdict);
    body->addWidget(m_colour);
    body->addSpacing(4);
    body->addLayout(pictures);
    body->addSpacing(4);
    body->addWidget(makeLabel(tr("FIVE VISUAL PROMPTS"), "section"));
    body->addLayout(views);
    body->addSpacing(4);
    body->addWidget(makeLabel(tr("THIS CELL"), "section"));
    body->addWidget(m_details);
    body->addWidget(m_name);
    body->addWidget(m_open, 0, Qt::AlignLeft);
    body->addStretch(1);
    m_name->hide();

    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 14, 16, 14);
    layout->addWidget(m_hint);
    layout->addWidget(m_body, 1);
    connect(m_open, &QPushButton::clicked, this, &CellPanel::openRequested);
    showNothing();
}

void CellPanel::showNothing()
{
    m_hint->show();
    m_body->hide();
}

QString CellPanel::phrase() const
{
    return m_phrase->text();
}

QString CellPanel::verdictText() const
{
    return m_verdict->text();
}

void CellPanel::showCell(const TrialCell &cell, const TrialCrop &crop, const TrialTemplate &content,
                         const QString &prompt, const QString &model)
{
    m_hint->hide();
    m_body->show();
    const bool hasFailed = cell.isDone && !cell.error.empty();
    m_phrase->setText(!cell.isDone ? tr("Not tried yet")
                      : hasFailed
                          ? tr("This cell failed")
                          : QStringLiteral("“") + toQString(cell.text) + QStringLiteral("”"));
    QStringList reasons;
    if (hasFailed)
        reasons.append(toQString(cell.error));
    else if (cell.isDone)
        reasons = reasonsOf(cell.verdict, crop.colours);
    const bool isGood = cell.isDone && reasons.isEmpty();
    m_verdict->setVisible(cell.isDone);
    m_verdict->setText(isGood ? tr("Nothing can be held against it.")
                              : reasons.join(QLatin1Char('\n')));
    m_verdict->setStyleSheet(QStringLiteral("color: %1;")
                                 .arg((isGood      ? goodColor(palette())
                                       : hasFailed ? errorColor(palette())
                                                   : warningColor(palette()))
                                          .name()));
    m_colour->setVisible(!crop.colours.dominant.empty());
    m_colour->setText(
        QStringLiteral(
            "<span style=\"background:%1;\">&nbsp;&nbsp;&nbsp;&nbsp;</span>&nbsp;&nbsp;%2")
            .arg(toQString(crop.colours.hex),
                 tr("the region is mostly %1").arg(toQString(crop.colours.dominant))));

    QStringList details;
    details.append(tr("Prompt: %1").arg(prompt.isEmpty() ? tr("(no words)") : prompt));
    details.append(tr("Shown as: %1").arg(titleOf(content.content.view.prompt)));
    details.append(tr("Model: %1").arg(model));
    if (cell.isDone && !hasFailed)
        details.append(tr("%1 tokens in %2 ms")
                           .arg(cell.tokens)
                           .arg(QLocale().toString(cell.seconds * 1000.0, 'f', 0)));
    details.append(tr("Region %1 of picture %2").arg(crop.region).arg(crop.image));
    m_details->setText(details.join(QLatin1Char('\n')));
}

void CellPanel::showRegion(const RegionShow &show, const QColor &color, VisualPrompt inUse)
{
    m_source->setImage(show.source, show.mask, color);
    m_seen->setImage(show.modelInput);
    m_seen->setToolTip(tr("Exactly what the model sees: %1 × %2 pixels, squashed to %3 × %4")
                           .arg(show.seen.width())
                           .arg(show.seen.height())
                           .arg(show.modelInput.width())
                           .arg(show.modelInput.height()));
    m_seenSize->setText(
        tr("model’s input, %1 × %2").arg(show.modelInput.width()).arg(show.modelInput.height()));
    for (std::size_t i = 0; i < m_views.size(); ++i) {
        m_views[i]->setImage(show.views[i]);
        m_views[i]->setChosen(kVisualPrompts[i] == inUse);
    }
    m_source->setToolTip(show.problem.isEmpty() ? show.name : show.problem);
}

} // namespace sapsam::ui
