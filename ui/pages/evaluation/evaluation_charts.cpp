#include "ui/pages/evaluation/evaluation_charts.h"

#include "ui/support/text.h"
#include "ui/support/theme.h"

#include <QLocale>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace sapsam::ui {

namespace {

QString percentText(double percent, int digits = 1)
{
    return QLocale().toString(percent, 'f', digits);
}

QFont smallFont(const QFont &font)
{
    QFont small = font;
    small.setPointSizeF(font.pointSizeF() * 0.88);
    return small;
}

} // namespace

CmcChart::CmcChart(QWidget *parent) : QWidget(parent)
{
    setMouseTracking(true);
    setAccessibleName(tr("CMC curve"));
}

void CmcChart::setCurve(std::vector<Interval> curve)
{
    m_curve = std::move(curve);
    m_hovered = -1;
    if (!m_curve.empty())
        setAccessibleDescription(
            tr("%1 % of the queries have a right picture at rank 1, %2 % among "
               "the first %3.")
                .arg(percentText(m_curve.front().mean), percentText(m_curve.back().mean),
                     countText(static_cast<std::int64_t>(m_curve.size()))));
    update();
}

QRectF CmcChart::plot() const
{
    return QRectF(rect()).adjusted(44, 12, -14, -44);
}

QString CmcChart::textAt(const QPoint &position) const
{
    const QRectF area = plot();
    if (m_curve.size() < 2 || !area.adjusted(-8, 0, 8, 0).contains(position))
        return {};
    const auto last = static_cast<double>(m_curve.size() - 1);
    const auto place = static_cast<std::size_t>(
        std::clamp(std::round((position.x() - area.left()) / area.width() * last), 0.0, last));
    return tr("Rank %1: %2 % (%3 – %4)")
        .arg(countText(static_cast<std::int64_t>(place) + 1), percentText(m_curve[place].mean),
             percentText(m_curve[place].low), percentText(m_curve[place].high));
}

void CmcChart::mouseMoveEvent(QMouseEvent *event)
{
    const QString text = textAt(event->pos());
    const QRectF area = plot();
    m_hovered = text.isEmpty() ? -1
                               : static_cast<int>(std::clamp<double>(
                                   std::round((event->pos().x() - area.left()) / area.width()
                                              * static_cast<double>(m_curve.size() - 1)),
                                   0.0, static_cast<double>(m_curve.size() - 1)));
    QToolTip::showText(event->globalPosition().toPoint(), text, this);
    update();
}

void CmcChart::leaveEvent(QEvent *event)
{
    QWidget::leaveEvent(event);
    m_hovered = -1;
    update();
}

void CmcChart::paintEvent(QPaintEvent *event)
{
    static_cast<void>(event);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(smallFont(font()));
    const QRectF area = plot();
    const QColor quiet = palette().color(QPalette::PlaceholderText);
    const QColor accent = palette().color(QPalette::Highlight);
    // Where all is near the top, the axis begins higher, as its numbers say.
    const int floor = m_curve.empty() || m_curve.front().low < 50.0 ? 0 : 50;
    const auto yOf = [&](double percent) {
        return area.bottom() - area.height() * (percent - floor) / (100.0 - floor);
    };
    for (int percent = floor; percent <= 100; percent += (100 - floor) / 5) {
        painter.setPen(QPen(palette().color(QPalette::Mid), 1));
        painter.drawLine(QPointF(area.left(), yOf(percent)), QPointF(area.right(), yOf(percent)));
        painter.setPen(quiet);
        painter.drawText(QRectF(0, yOf(percent) - 9, area.left() - 8, 18),
                         Qt::AlignRight | Qt::AlignVCenter, QString::number(percent));
    }
    painter.drawText(QRectF(area.left(), height() - 20, area.width(), 18), Qt::AlignCenter,
                     tr("Rank k"));
    if (m_curve.size() < 2)
        return;
    const auto xOf = [&](std::size_t i) {
        return area.left()
               + area.width() * static_cast<double>(i) / static_cast<double>(m_curve.size() - 1);
    };
    for (std::size_t i = 0; i < m_curve.size(); ++i) {
        if (i == 0 || (i + 1) % (m_curve.size() > 20 ? 10 : 5) == 0)
            painter.drawText(QRectF(xOf(i) - 20, area.bottom() + 5, 40, 16), Qt::AlignCenter,
                             QString::number(i + 1));
    }
    QPolygonF band;
    QPolygonF line;
    for (std::size_t i = 0; i < m_curve.size(); ++i) {
        band.append({xOf(i), yOf(m_curve[i].high)});
        line.append({xOf(i), yOf(m_curve[i].mean)});
    }
    for (std::size_t i = m_curve.size(); i-- > 0;)
        band.append({xOf(i), yOf(m_curve[i].low)});
    QColor soft = accent;
    soft.setAlphaF(0.18F);
    painter.setPen(Qt::NoPen);
    painter.setBrush(soft);
    painter.drawPolygon(band);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(accent, 2.4, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.drawPolyline(line);
    painter.setBrush(accent);
    painter.setPen(QPen(palette().color(QPalette::Base), 2));
    for (const std::size_t i : {std::size_t(0), std::size_t(4), std::size_t(9)}) {
        if (i < m_curve.size())
            painter.drawEllipse(line[static_cast<qsizetype>(i)], 5, 5);
    }
    if (m_hovered >= 0) {
        painter.setPen(QPen(quiet, 1, Qt::DashLine));
        const double x = xOf(static_cast<std::size_t>(m_hovered));
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()));
        painter.setPen(QPen(palette().color(QPalette::Base), 2));
        painter.drawEllipse(line[m_hovered], 5, 5);
    }
}

namespace {
constexpr int kBarRow = 40;
constexpr int kBarTop = 26;
} // namespace

IouChart::IouChart(QWidget *parent) : QWidget(parent)
{
    setAccessibleName(tr("IoU of each part"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void IouChart::setClasses(std::vector<ParsedClass> classes, QStringList titles,
                          QList<QColor> colors)
{
    m_classes = std::move(classes);
    m_titles = std::move(titles);
    m_colors = std::move(colors);
    QStringList lines;
    for (std::size_t i = 0; i < m_classes.size(); ++i)
        lines.append(tr("%1: %2 % of pairs, %3 % of pixels")
                         .arg(m_titles.value(static_cast<int>(i)), percentText(m_classes[i].mean),
                              percentText(m_classes[i].matrixIou)));
    setAccessibleDescription(lines.join(QStringLiteral(". ")));
    updateGeometry();
    update();
}

QSize IouChart::sizeHint() const
{
    return {460, kBarTop + kBarRow * std::max(1, static_cast<int>(m_classes.size())) + 8};
}

void IouChart::paintEvent(QPaintEvent *event)
{
    static_cast<void>(event);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QFont small = smallFont(font());
    const double left = 128;
    const double right = width() - 108;
    const auto xOf = [&](double percent) { return left + (right - left) * percent / 100.0; };
    const QColor quiet = palette().color(QPalette::PlaceholderText);
    painter.setFont(small);
    for (const int percent : {0, 25, 50, 75, 100}) {
        painter.setPen(quiet);
        painter.drawText(QRectF(xOf(percent) - 20, 2, 40, 16), Qt::AlignCenter,
                         QString::number(percent));
        painter.setPen(palette().color(QPalette::Mid));
        painter.drawLine(QPointF(xOf(percent), kBarTop - 4), QPointF(xOf(percent), height() - 8));
    }
    for (std::size_t i = 0; i < m_classes.size(); ++i) {
        const ParsedClass &parsed = m_classes[i];
        const double top = kBarTop + kBarRow * static_cast<double>(i);
        const QColor color =
            m_colors.value(static_cast<int>(i), palette().color(QPalette::Highlight));
        painter.setFont(font());
        painter.setPen(palette().color(QPalette::Text));
        painter.drawText(QRectF(0, top, left - 12, kBarRow), Qt::AlignRight | Qt::AlignVCenter,
                         painter.fontMetrics().elidedText(m_titles.value(static_cast<int>(i)),
                                                          Qt::ElideRight,
                                                          static_cast<int>(left) - 12));
        painter.setPen(Qt::NoPen);
        painter.setBrush(color);
        painter.drawRoundedRect(QRectF(left, top + 8, xOf(parsed.mean) - left, 13), 3, 3);
        QColor pale = color;
        pale.setAlphaF(0.45F);
        painter.setBrush(pale);
        painter.drawRoundedRect(QRectF(left, top + 23, xOf(parsed.matrixIou) - left, 8), 3, 3);
        painter.setPen(QPen(palette().color(QPalette::Text), 1.4));
        painter.drawLine(QPointF(xOf(parsed.lowest), top + 14.5),
                         QPointF(xOf(parsed.highest), top + 14.5));
        for (const double end : {parsed.lowest, parsed.highest})
            painter.drawLine(QPointF(xOf(end), top + 10), QPointF(xOf(end), top + 19));
        painter.setFont(small);
        painter.setPen(palette().color(QPalette::Text));
        painter.drawText(
            QRectF(right + 10, top + 3, 98, 18), Qt::AlignLeft | Qt::AlignVCenter,
            parsed.pairs == 1
                ? tr("%1, 1 pair").arg(percentText(parsed.mean))
                : tr("%1, %2 pairs").arg(percentText(parsed.mean), countText(parsed.pairs)));
        painter.setPen(quiet);
        painter.drawText(QRectF(right + 10, top + 19, 98, 16), Qt::AlignLeft | Qt::AlignVCenter,
                         percentText(parsed.matrixIou));
    }
}

MatrixChart::MatrixChart(QWidget *parent) : QWidget(parent)
{
    setMouseTracking(true);
    setAccessibleName(tr("Confusion matrix"));
}

void MatrixChart::setMatrix(std::vector<std::int64_t> counts, QStringList names)
{
    m_counts = std::move(counts);
    m_names = std::move(names);
    m_hovered = -1;
    QStringList lines;
    for (int i = 0; i < m_names.size(); ++i)
        lines.append(tr("%1: %2 % right").arg(m_names[i], percentText(100.0 * shareOf(i, i))));
    setAccessibleDescription(lines.join(QStringLiteral(". ")));
    update();
}

QRectF MatrixChart::cells() const
{
    const QRectF area = QRectF(rect()).adjusted(98, 8, -8, -76);
    return area;
}

double MatrixChart::shareOf(int truth, int predicted) const
{
    const auto size = static_cast<std::size_t>(m_names.size());
    if (m_counts.size() != size * size)
        return 0.0;
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < size; ++i)
        sum += m_counts[static_cast<std::size_t>(truth) * size + i];
    return sum > 0 ? static_cast<double>(m_counts[static_cast<std::size_t>(truth) * size
                                                  + static_cast<std::size_t>(predicted)])
                         / static_cast<double>(sum)
                   : 0.0;
}

int MatrixChart::cellAt(const QPoint &position) const
{
    const QRectF area = cells();
    const auto size = static_cast<int>(m_names.size());
    if (size == 0 || !area.contains(position))
        return -1;
    const int column =
        std::min(size - 1, static_cast<int>((position.x() - area.left()) / area.width() * size));
    const int row =
        std::min(size - 1, static_cast<int>((position.y() - area.top()) / area.height() * size));
    return row * size + column;
}

QString MatrixChart::textAt(const QPoint &position) const
{
    const int cell = cellAt(position);
    if (cell < 0)
        return {};
    const auto size = static_cast<int>(m_names.size());
    const QString share = percentText(100.0 * shareOf(cell / size, cell % size));
    if (cell / size == cell % size)
        return tr("%1 % of the pixels of “%2” were found").arg(share, m_names[cell / size]);
    return tr("%1 % of the pixels of “%2” were taken for “%3”")
        .arg(share, m_names[cell / size], m_names[cell % size]);
}

void MatrixChart::mouseMoveEvent(QMouseEvent *event)
{
    m_hovered = cellAt(event->pos());
    Q_EMIT hovered(textAt(event->pos()));
    update();
}

void MatrixChart::leaveEvent(QEvent *event)
{
    QWidget::leaveEvent(event);
    m_hovered = -1;
    Q_EMIT hovered({});
    update();
}

void MatrixChart::paintEvent(QPaintEvent *event)
{
    static_cast<void>(event);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(smallFont(font()));
    const QRectF area = cells();
    const auto size = static_cast<int>(m_names.size());
    if (size == 0)
        return;
    const double cellWidth = area.width() / size;
    const double cellHeight = area.height() / size;
    const QColor accent = palette().color(QPalette::Highlight);
    const QColor error = errorColor(palette());
    for (int truth = 0; truth < size; ++truth) {
        for (int predicted = 0; predicted < size; ++predicted) {
            const double share = shareOf(truth, predicted);
            const QRectF cell(area.left() + predicted * cellWidth + 1,
                              area.top() + truth * cellHeight + 1, cellWidth - 2, cellHeight - 2);
            QColor fill = truth == predicted ? accent : error;
            // Small confusions must be seen, too.
            fill.setAlphaF(static_cast<float>(0.04 + 0.92 * std::sqrt(share)));
            painter.setPen(truth * size + predicted == m_hovered
                               ? QPen(palette().color(QPalette::Text), 1.5)
                               : QPen(Qt::NoPen));
            painter.setBrush(fill);
            painter.drawRoundedRect(cell, 3, 3);
            if (share >= 0.005 && cellWidth > 26) {
                painter.setPen(share > 0.45 ? palette().color(QPalette::HighlightedText)
                                            : palette().color(QPalette::Text));
                painter.drawText(cell, Qt::AlignCenter,
                                 QString::number(std::lround(100.0 * share)));
            }
        }
        painter.setPen(palette().color(QPalette::Text));
        painter.drawText(QRectF(0, area.top() + truth * cellHeight, area.left() - 8, cellHeight),
                         Qt::AlignRight | Qt::AlignVCenter,
                         painter.fontMetrics().elidedText(m_names[truth], Qt::ElideRight,
                                                          static_cast<int>(area.left()) - 8));
        painter.save();
        painter.translate(area.left() + (truth + 0.5) * cellWidth + 4, area.bottom() + 6);
        painter.rotate(40);
        painter.drawText(QPointF(0, 8),
                         painter.fontMetrics().elidedText(m_names[truth], Qt::ElideRight, 84));
        painter.restore();
    }
}

ShiftChart::ShiftChart(QWidget *parent) : QWidget(parent)
{
    setAccessibleName(tr("Queries by rank shift"));
}

void ShiftChart::setHistogram(std::vector<int> histogram)
{
    m_histogram = std::move(histogram);
    update();
}

void ShiftChart::paintEvent(QPaintEvent *event)
{
    static_cast<void>(event);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(smallFont(font()));
    if (m_histogram.empty())
        return;
    const QRectF area = QRectF(rect()).adjusted(8, 20, -8, -40);
    const int most = std::max(1, *std::max_element(m_histogram.begin(), m_histogram.end()));
    const double step = area.width() / static_cast<double>(m_histogram.size());
    const int reach = ModelDiff::kReach;
    for (int i = 0; i < static_cast<int>(m_histogram.size()); ++i) {
        const int count = m_histogram[static_cast<std::size_t>(i)];
        const int damage = i - reach;
        // The root keeps the few that moved far visible beside the many that stayed.
        const double height = area.height() * std::sqrt(static_cast<double>(count) / most);
        const QRectF bar(area.left() + i * step + 2, area.bottom() - height, step - 4, height);
        painter.setPen(Qt::NoPen);
        painter.setBrush(damage < 0   ? goodColor(palette())
                         : damage > 0 ? errorColor(palette())
                                      : palette().color(QPalette::PlaceholderText));
        painter.drawRoundedRect(bar, 3, 3);
        painter.setPen(palette().color(QPalette::Text));
        if (count > 0)
            painter.drawText(QRectF(bar.left() - 10, bar.top() - 17, bar.width() + 20, 16),
                             Qt::AlignCenter, countText(count));
        painter.setPen(palette().color(QPalette::PlaceholderText));
        painter.drawText(QRectF(bar.left() - 8, area.bottom() + 3, bar.width() + 16, 16),
                         Qt::AlignCenter,
                         (damage > 0 ? QStringLiteral("+") : QString()) + QString::number(damage));
    }
    painter.setPen(palette().color(QPalette::PlaceholderText));
    painter.drawText(QRectF(area.left(), height() - 20, area.width() / 2, 18),
                     Qt::AlignLeft | Qt::AlignVCenter, tr("← B is better"));
    painter.drawText(QRectF(area.center().x(), height() - 20, area.width() / 2, 18),
                     Qt::AlignRight | Qt::AlignVCenter, tr("B is worse →"));
}

} // namespace sapsam::ui
