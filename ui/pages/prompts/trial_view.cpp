#include "ui/pages/prompts/trial_view.h"

#include "ui/pages/prompts/lab_data.h"
#include "ui/pages/prompts/trial_model.h"
#include "ui/support/text.h"
#include "ui/support/theme.h"

#include <QEvent>
#include <QLocale>
#include <QPainter>

#include <algorithm>

namespace sapsam::ui {

namespace {

constexpr int kColumnWidth = 130;
constexpr int kHeaderWidth = 214;
constexpr int kSecondWidth = 66; // more for the numbers of a second model
constexpr int kPadding = 8;
constexpr int kPictureHeight = 84;
constexpr int kLines = 9; // of statistics

QFont smaller(const QFont &font, double factor, QFont::Weight weight = QFont::Normal)
{
    QFont result = font;
    result.setPointSizeF(font.pointSizeF() * factor);
    result.setWeight(weight);
    return result;
}

QString percent(double share)
{
    return QLocale().toString(share * 100.0, 'f', 0) + QStringLiteral(" %");
}

QString secondsText(double seconds)
{
    return seconds < 1.0
               ? TemplateHeader::tr("%1 ms").arg(QLocale().toString(seconds * 1000.0, 'f', 0))
               : TemplateHeader::tr("%1 s").arg(QLocale().toString(seconds, 'f', 1));
}

void drawScaled(QPainter *painter, const QRect &rect, const QImage &image)
{
    const QSize size = image.size().scaled(rect.size(), Qt::KeepAspectRatio);
    const QRect target(rect.left() + (rect.width() - size.width()) / 2,
                       rect.top() + (rect.height() - size.height()) / 2, size.width(),
                       size.height());
    painter->setRenderHint(QPainter::SmoothPixmapTransform);
    painter->drawImage(target, image);
}

} // namespace

void TrialDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option,
                          const QModelIndex &index) const
{
    const QPalette &palette = option.palette;
    const bool isDone = index.data(TrialModel::DoneRole).toBool();
    const bool hasFailed = index.data(TrialModel::FailedRole).toBool();
    const QStringList marks = index.data(TrialModel::MarksRole).toStringList();
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const QRect card = option.rect.adjusted(3, 3, -3, -3);
    QColor back = palette.color(QPalette::Base);
    QColor edge = palette.color(QPalette::Mid);
    if (option.state.testFlag(QStyle::State_Selected))
        edge = palette.color(QPalette::Highlight);
    painter->setPen(QPen(edge, option.state.testFlag(QStyle::State_Selected) ? 2.0 : 1.0));
    painter->setBrush(back);
    painter->drawRoundedRect(QRectF(card).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8);

    const QRect picture(card.left() + kPadding, card.top() + kPadding, card.width() - 2 * kPadding,
                        kPictureHeight);
    painter->setPen(Qt::NoPen);
    painter->setBrush(palette.color(QPalette::Dark));
    painter->drawRoundedRect(picture, 4, 4);
    const auto image = index.data(TrialModel::PictureRole).value<QImage>();
    if (!image.isNull())
        drawScaled(painter, picture.adjusted(2, 2, -2, -2), image);

    // One line at the foot: the marks, or that all is well.
    const QFont small = smaller(option.font, 0.82);
    const QFontMetrics smallMetrics(small);
    const int foot = card.bottom() - kPadding - smallMetrics.height();
    if (isDone && !hasFailed) {
        const bool isGood = marks.isEmpty();
        const QColor color = isGood ? (index.data(TrialModel::ColourRole).toBool()
                                           ? goodColor(palette)
                                           : palette.color(QPalette::PlaceholderText))
                                    : warningColor(palette);
        const QString text = !isGood ? marks.join(QStringLiteral(" · "))
                             : index.data(TrialModel::ColourRole).toBool() ? tr("names a colour")
                                                                           : tr("no colour");
        painter->setBrush(color);
        painter->setPen(Qt::NoPen);
        painter->drawEllipse(
            QRectF(card.left() + kPadding, foot + smallMetrics.height() / 2.0 - 3, 6, 6));
        painter->setFont(small);
        painter->setPen(color);
        const int left = card.left() + kPadding + 11;
        const int width = card.right() - kPadding - left;
        painter->drawText(QRect(left, foot, width, smallMetrics.height()),
                          Qt::AlignLeft | Qt::AlignVCenter,
                          smallMetrics.elidedText(text, Qt::ElideRight, width));
    }

    QFont phraseFont = smaller(option.font, 0.95, isDone ? QFont::Medium : QFont::Normal);
    phraseFont.setItalic(!isDone);
    painter->setFont(phraseFont);
    painter->setPen(hasFailed ? errorColor(palette)
                    : !isDone ? palette.color(QPalette::PlaceholderText)
                              : palette.color(QPalette::Text));
    const int top = picture.bottom() + 5;
    const int bottom = isDone && !hasFailed ? foot - 2 : card.bottom() - kPadding;
    const QRect phrase(picture.left(), top, picture.width(), bottom - top);
    painter->setClipRect(phrase);
    painter->drawText(phrase, Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap,
                      index.data().toString());
    painter->restore();
}

TemplateHeader::TemplateHeader(TrialModel *model, QWidget *parent)
    : QHeaderView(Qt::Vertical, parent), m_model(model)
{
    setSectionsClickable(true);
    setHighlightSections(true);
    setAccessibleName(tr("Templates and their statistics"));
    setSectionResizeMode(QHeaderView::Fixed);
    setDefaultSectionSize(sectionSizeFromContents(0).height());
}

bool TemplateHeader::event(QEvent *event)
{
    const bool done = QHeaderView::event(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange)
        fit();
    return done;
}

void TemplateHeader::fit()
{
    const QSize size = sectionSizeFromContents(0);
    setFixedWidth(size.width());
    setDefaultSectionSize(size.height());
}

QSize TemplateHeader::sectionSizeFromContents(int) const
{
    const QFontMetrics small(smaller(font(), 0.86));
    const QFontMetrics normal(font());
    const bool hasTwo = m_model->models() > 1;
    const int lines = kLines + (hasTwo ? 1 : 0);
    return {kHeaderWidth + (hasTwo ? kSecondWidth : 0),
            normal.height() + 2 * small.height() + lines * small.height() + 34};
}

void TemplateHeader::paintSection(QPainter *painter, const QRect &rect, int section) const
{
    if (section >= m_model->rowCount())
        return;
    const Trial &trial = m_model->trial();
    const TrialTemplate &row = trial.definition.templates[static_cast<std::size_t>(section)];
    const bool isCurrent =
        selectionModel() != nullptr && selectionModel()->currentIndex().row() == section;
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->fillRect(rect, palette().color(QPalette::Base));
    if (isCurrent) {
        QColor back = palette().color(QPalette::Highlight);
        back.setAlphaF(0.12F);
        painter->fillRect(rect, back);
        painter->fillRect(QRect(rect.left(), rect.top(), 3, rect.height()),
                          palette().color(QPalette::Highlight));
    }
    painter->setPen(palette().color(QPalette::Mid));
    painter->drawLine(rect.bottomLeft(), rect.bottomRight());

    const QFont name = smaller(font(), 1.0, QFont::DemiBold);
    const QFont small = smaller(font(), 0.86);
    const QFontMetrics nameMetrics(name);
    const QFontMetrics metrics(small);
    const int left = rect.left() + 12;
    const int width = rect.width() - 22;
    int top = rect.top() + 8;

    const auto [bestRow, bestModel] = m_model->best();
    const QString title = toQString(row.name);
    int titleWidth = width;
    const auto addPill = [&](const QString &text, const QColor &color) {
        const QFont badge = smaller(font(), 0.8, QFont::DemiBold);
        const int pillWidth = QFontMetrics(badge).horizontalAdvance(text) + 14;
        const QRect pill(left + titleWidth - pillWidth, top, pillWidth, nameMetrics.height());
        QColor soft = color;
        soft.setAlphaF(0.18F);
        painter->setPen(Qt::NoPen);
        painter->setBrush(soft);
        painter->drawRoundedRect(pill, pill.height() / 2.0, pill.height() / 2.0);
        painter->setFont(badge);
        painter->setPen(color);
        painter->drawText(pill, Qt::AlignCenter, text);
        titleWidth -= pillWidth + 6;
    };
    if (bestRow == section)
        addPill(m_model->models() < 2 ? tr("best")
                : bestModel == 0      ? tr("best, A")
                                      : tr("best, B"),
                goodColor(palette()));
    if (m_model->isInUse(section))
        addPill(tr("in use"), palette().color(QPalette::Highlight));
    painter->setFont(name);
    painter->setPen(palette().color(QPalette::Text));
    painter->drawText(QRect(left, top, titleWidth, nameMetrics.height()), Qt::AlignVCenter,
                      nameMetrics.elidedText(title, Qt::ElideRight, titleWidth));
    top += nameMetrics.height() + 3;
    painter->setFont(small);
    painter->setPen(palette().color(QPalette::PlaceholderText));
    const QRect prompt(left, top, width, 2 * metrics.height());
    painter->drawText(prompt, Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap,
                      row.content.prompt.empty() ? tr("(no words)")
                                                 : toQString(row.content.prompt));
    top += 2 * metrics.height() + 8;

    // Statistics, a column for each model.
    struct Line
    {
        QString label;
        QStringList values;
        QList<bool> isBad;
    };
    std::vector<Line> lines(kLines);
    lines[0].label = tr("nothing against it");
    lines[1].label = tr("names a colour");
    lines[2].label = tr("distinct");
    lines[3].label = tr("contradicts the pixels");
    lines[4].label = tr("another part");
    lines[5].label = tr("echo · loop");
    lines[6].label = tr("plain");
    lines[7].label = tr("words");
    lines[8].label = tr("time for a phrase");
    bool any = false;
    for (int model = 0; model < m_model->models(); ++model) {
        const TemplateStatistics &of = m_model->statistics(section, model);
        any = any || of.phrases > 0;
        const auto set = [&](std::size_t line, const QString &value, bool isBad = false) {
            lines[line].values.append(of.phrases == 0 ? QStringLiteral("–") : value);
            lines[line].isBad.append(isBad && of.phrases > 0);
        };
        set(0, percent(of.goodShare));
        set(1, percent(of.namesColourShare));
        set(2, percent(of.distinctShare));
        set(3, percent(of.contradictionShare), of.contradictionShare > 0.0);
        set(4, percent(of.otherPartShare), of.otherPartShare > 0.0);
        set(5,
            QLocale().toString(of.echoShare * 100.0, 'f', 0) + QStringLiteral(" · ")
                + percent(of.loopShare),
            of.echoShare + of.loopShare > 0.0);
        set(6, percent(of.plainShare), of.plainShare > 0.0);
        set(7, QLocale().toString(of.meanWords, 'f', 1));
        set(8, secondsText(of.meanSeconds));
    }
    if (any) {
        constexpr int kValueWidth = 58;
        const int valuesWidth = kValueWidth * m_model->models();
        if (m_model->models() > 1) {
            painter->setFont(smaller(font(), 0.86, QFont::DemiBold));
            painter->setPen(palette().color(QPalette::Text));
            for (int i = 0; i < m_model->models(); ++i)
                painter->drawText(QRect(left + width - valuesWidth + i * kValueWidth, top,
                                        kValueWidth, metrics.height()),
                                  Qt::AlignRight | Qt::AlignVCenter,
                                  i == 0 ? QStringLiteral("A") : QStringLiteral("B"));
            painter->setFont(small);
            top += metrics.height();
        }
        for (const Line &line : lines) {
            const int labelWidth = width - valuesWidth;
            painter->setPen(palette().color(QPalette::PlaceholderText));
            painter->drawText(QRect(left, top, labelWidth, metrics.height()),
                              Qt::AlignLeft | Qt::AlignVCenter,
                              metrics.elidedText(line.label, Qt::ElideRight, labelWidth));
            for (int i = 0; i < static_cast<int>(line.values.size()); ++i) {
                painter->setPen(line.isBad[i] ? warningColor(palette())
                                              : palette().color(QPalette::Text));
                painter->drawText(QRect(left + width - valuesWidth + i * kValueWidth, top,
                                        kValueWidth, metrics.height()),
                                  Qt::AlignRight | Qt::AlignVCenter, line.values[i]);
            }
            top += metrics.height();
        }
    }
    painter->restore();
}

TrialView::TrialView(TrialModel *model, QWidget *parent) : QTableView(parent)
{
    auto *header = new TemplateHeader(model, this);
    setVerticalHeader(header);
    setModel(model);
    setItemDelegate(new TrialDelegate(this));
    setObjectName(QStringLiteral("trialMatrix"));
    setAccessibleName(tr("Templates and sampled crops with the phrases that were written"));
    setShowGrid(false);
    setSelectionMode(QAbstractItemView::SingleSelection);
    setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    setCornerButtonEnabled(false);
    setStyleSheet(QStringLiteral("QTableCornerButton::section { background: transparent; "
                                 "border: none; }"));
    setTabKeyNavigation(false);
    horizontalHeader()->setDefaultSectionSize(kColumnWidth);
    horizontalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    horizontalHeader()->setHighlightSections(false);
    header->fit();
    // A second model needs room for its numbers.
    connect(model, &QAbstractItemModel::modelReset, header, [header] { header->fit(); });
    connect(selectionModel(), &QItemSelectionModel::currentChanged, header,
            [header] { header->viewport()->update(); });
}

} // namespace sapsam::ui
