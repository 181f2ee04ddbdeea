#include "ui/pages/search/calibration_dialog.h"

#include "ui/support/text.h"
#include "ui/widgets/labels.h"

#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QPainter>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace sapsam::ui {

namespace {

QString percentText(double share, int digits)
{
    return QLocale().toString(100.0 * share, 'f', digits);
}

} // namespace

ReliabilityChart::ReliabilityChart(QWidget *parent) : QWidget(parent)
{
    setAccessibleName(tr("Reliability diagram"));
}

void ReliabilityChart::setCalibration(const Calibration &calibration)
{
    m_calibration = calibration;
    QStringList bins;
    for (const ReliabilityBin &bin : calibration.bins)
        bins.append(tr("said %1 %, were %2 %")
                        .arg(percentText(bin.predicted, 0), percentText(bin.observed, 0)));
    setAccessibleDescription(bins.join(QStringLiteral("; ")));
    update();
}

void ReliabilityChart::paintEvent(QPaintEvent *event)
{
    static_cast<void>(event);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QFont small = font();
    small.setPointSizeF(small.pointSizeF() * 0.88);
    painter.setFont(small);
    const QRectF free = QRectF(rect()).adjusted(48, 10, -14, -46);
    const double side = std::min(free.width(), free.height());
    const QRectF area(free.left(), free.top(), side, side);
    const QColor quiet = palette().color(QPalette::PlaceholderText);
    const auto at = [&](double predicted, double observed) {
        return QPointF(area.left() + side * predicted, area.bottom() - side * observed);
    };
    for (int percent = 0; percent <= 100; percent += 25) {
        const double share = percent / 100.0;
        painter.setPen(QPen(palette().color(QPalette::Mid), 1));
        painter.drawLine(at(0, share), at(1, share));
        painter.drawLine(at(share, 0), at(share, 1));
        painter.setPen(quiet);
        painter.drawText(QRectF(0, at(0, share).y() - 9, area.left() - 8, 18),
                         Qt::AlignRight | Qt::AlignVCenter, QString::number(percent));
        painter.drawText(QRectF(at(share, 0).x() - 20, area.bottom() + 4, 40, 18), Qt::AlignCenter,
                         QString::number(percent));
    }
    painter.drawText(QRectF(area.left(), area.bottom() + 22, side, 18), Qt::AlignCenter,
                     tr("said, %"));
    painter.save();
    painter.translate(10, area.center().y());
    painter.rotate(-90);
    painter.drawText(QRectF(-side / 2, -9, side, 18), Qt::AlignCenter, tr("were matches, %"));
    painter.restore();
    painter.setPen(QPen(quiet, 1, Qt::DashLine));
    painter.drawLine(at(0, 0), at(1, 1));

    std::int64_t most = 1;
    for (const ReliabilityBin &bin : m_calibration.bins)
        most = std::max(most, bin.pairs);
    const QColor accent = palette().color(QPalette::Highlight);
    QPolygonF line;
    for (const ReliabilityBin &bin : m_calibration.bins)
        line.append(at(bin.predicted, bin.observed));
    painter.setPen(QPen(accent, 1.5));
    painter.drawPolyline(line);
    painter.setPen(Qt::NoPen);
    painter.setBrush(accent);
    for (const ReliabilityBin &bin : m_calibration.bins) {
        // Counts differ by powers of ten.
        const double share = std::log1p(static_cast<double>(bin.pairs))
                             / std::log1p(static_cast<double>(most));
        const double radius = 2.5 + 4.0 * share;
        painter.drawEllipse(at(bin.predicted, bin.observed), radius, radius);
    }
}

QString CalibrationDialog::lengthText(const LengthCalibration &length)
{
    return length.maxWords == 0
               ? tr("%1 words and more").arg(length.minWords)
               : tr("%1 to %2 words").arg(length.minWords).arg(length.maxWords);
}

CalibrationDialog::CalibrationDialog(const std::vector<LengthCalibration> &lengths,
                                     const QString &source, int words, QWidget *parent)
    : QDialog(parent),
      m_lengths(lengths),
      m_chart(new ReliabilityChart),
      m_table(new QTableWidget(static_cast<int>(lengths.size()), 5)),
      m_text(makeLabel({}, "muted"))
{
    setWindowTitle(tr("What a score is worth"));
    setAttribute(Qt::WA_DeleteOnClose);
    resize(1000, 470);
    m_table->setAccessibleName(tr("Calibrations by the length of the description"));
    m_table->setHorizontalHeaderLabels(
        {tr("Description"), tr("Even at"), tr("Error, %"), tr("Of likely, %"), tr("Pairs")});
    m_table->horizontalHeaderItem(2)->setToolTip(
        tr("Expected calibration error: the mean difference between what was said and what was, "
           "over all pairs of a description and a picture"));
    m_table->horizontalHeaderItem(3)->setToolTip(
        tr("The same over the pairs of which a chance of 10 % and more was said: nearly all other "
           "pairs are hopeless, and easily said to be so"));
    m_table->horizontalHeaderItem(4)->setToolTip(tr("Measured, none of them used for fitting"));
    m_table->verticalHeader()->hide();
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setShowGrid(false);
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    m_table->horizontalHeader()->setSectionResizeMode(0, QHeaderView::ResizeToContents);
    m_table->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    for (int column = 0; column < m_table->columnCount(); ++column)
        m_table->horizontalHeaderItem(column)->setTextAlignment(
            (column > 0 ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    m_text->setWordWrap(true);
    int chosen = 0;
    for (std::size_t i = 0; i < m_lengths.size(); ++i) {
        const LengthCalibration &length = m_lengths[i];
        const Calibration &calibration = length.calibration;
        if (length.holdsFor(words))
            chosen = static_cast<int>(i);
        const QStringList cells{
            lengthText(length), scoreText(calibration.threshold),
            percentText(calibration.error, 2),
            calibration.likelyError > 0.0 ? percentText(calibration.likelyError, 1)
                                          : QStringLiteral("–"),
            countText(calibration.measured)};
        for (int column = 0; column < cells.size(); ++column) {
            auto *item = new QTableWidgetItem(cells[column]);
            if (column > 0)
                item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
            m_table->setItem(static_cast<int>(i), column, item);
        }
    }

    auto *left = new QVBoxLayout;
    left->setSpacing(10);
    left->addWidget(makeLabel(tr("What a score is worth"), "heading"));
    QLabel *intro = makeLabel(
        tr("The line “probably no match” stands where a hit has an even chance to be a match: at "
           "these scores where as much matches as in %1, which they were fitted on; lower where "
           "the "
           "scores of a search tell that more of the gallery does.")
            .arg(source.isEmpty() ? tr("an unknown set") : source),
        "muted");
    intro->setWordWrap(true);
    left->addWidget(intro);
    left->addWidget(m_table, 1);
    left->addWidget(m_text);
    auto *content = new QHBoxLayout;
    content->setSpacing(18);
    content->addLayout(left, 3);
    content->addWidget(m_chart, 2);
    auto *buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(20, 18, 20, 16);
    layout->setSpacing(12);
    layout->addLayout(content, 1);
    layout->addWidget(buttons);
    connect(m_table, &QTableWidget::currentCellChanged, this,
            [this](int row) { showLength(row); });
    m_table->setCurrentCell(chosen, 0);
    m_table->setFocus();
}

void CalibrationDialog::showLength(int row)
{
    if (row < 0 || row >= static_cast<int>(m_lengths.size()))
        return;
    const LengthCalibration &length = m_lengths[static_cast<std::size_t>(row)];
    m_chart->setCalibration(length.calibration);
    m_text->setText(tr("%1: the larger a dot, the more pairs; on the dashed line the calibration is "
                       "right, below it too hopeful.")
                        .arg(lengthText(length)));
}

} // namespace sapsam::ui
