#include "ui/pages/training/curve_plot.h"

#include "ui/support/text.h"

#include <QKeyEvent>
#include <QLocale>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace sapsam::ui {

namespace {

constexpr double kLeft = 58.0;
constexpr double kRight = 14.0;
constexpr double kTop = 34.0;
constexpr double kLegendLine = 16.0;
constexpr double kLegendDash = 12.0;
constexpr double kBottom = 26.0;
constexpr std::size_t kDense = 300; // columns from which lines are thin and not smoothed
constexpr double kColumn = 2.0;     // pixels; closer points would only cost time
constexpr double kSmallest = 1e-12; // below it a logarithm says nothing

QString numberText(double value)
{
    if (value != 0.0 && (std::abs(value) < 1e-3 || std::abs(value) >= 1e6))
        return QString::number(value, 'g', 3);
    return QLocale().toString(value, 'g', 4);
}

// Round values between two ends, about so many.
std::vector<double> ticksBetween(double from, double to, int wanted)
{
    std::vector<double> ticks;
    const double span = to - from;
    if (!(span > 0.0) || !std::isfinite(span))
        return {from};
    const double raw = span / std::max(1, wanted);
    const double magnitude = std::pow(10.0, std::floor(std::log10(raw)));
    double step = magnitude;
    for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
        step = magnitude * factor;
        if (step >= raw)
            break;
    }
    for (double tick = std::ceil(from / step) * step; tick <= to + step * 1e-6; tick += step)
        ticks.push_back(std::abs(tick) < step * 1e-6 ? 0.0 : tick);
    return ticks;
}

} // namespace

CurvePlot::CurvePlot(const QString &title, QWidget *parent) : QWidget(parent), m_title(title)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Curve: %1").arg(title));
    setToolTip({});
}

void CurvePlot::setSeries(std::vector<PlotSeries> series)
{
    m_series = std::move(series);
    update();
}

void CurvePlot::setLogarithmic(bool on)
{
    m_isLogarithmic = on;
    update();
}

void CurvePlot::setSmoothing(double smoothing)
{
    m_smoothing = std::clamp(smoothing, 0.0, 0.999);
    update();
}

void CurvePlot::setRange(std::optional<std::pair<double, double>> range)
{
    m_range = range;
    update();
}

void CurvePlot::setCursorStep(std::optional<double> step)
{
    if (m_cursor == step)
        return;
    m_cursor = step;
    setAccessibleDescription(readout());
    update();
}

QString CurvePlot::readout() const
{
    if (!m_cursor)
        return {};
    QStringList words;
    for (const PlotSeries &series : m_series) {
        const CurveColumn point = series.metrics->nearest(series.name, *m_cursor);
        if (point.count > 0)
            words.append(tr("%1 %2").arg(series.label.isEmpty() ? m_title : series.label,
                                         numberText(point.mean)));
    }
    return tr("step %1: %2")
        .arg(countText(static_cast<std::int64_t>(std::llround(*m_cursor))),
             words.join(QStringLiteral(", ")));
}

std::pair<double, double> CurvePlot::wholeRange() const
{
    double last = 1.0;
    for (const PlotSeries &series : m_series)
        last = std::max(last, series.metrics->lastStep());
    return {0.0, last};
}

std::pair<double, double> CurvePlot::shownRange() const
{
    return m_range ? *m_range : wholeRange();
}

double CurvePlot::scaled(double value) const
{
    return m_isLogarithmic ? std::log10(std::max(value, kSmallest)) : value;
}

QFont CurvePlot::smallFont() const
{
    QFont small = font();
    small.setPointSizeF(font().pointSizeF() * 0.85);
    return small;
}

int CurvePlot::placeLegend(std::vector<QPointF> *places) const
{
    QFont bold = font();
    bold.setWeight(QFont::DemiBold);
    const QFontMetrics metrics(smallFont());
    const double margin = 14.0;
    double x = margin + QFontMetrics(bold).horizontalAdvance(m_title) + 16.0;
    int line = 0;
    for (const PlotSeries &series : m_series) {
        if (m_series.size() == 1 && series.label.isEmpty())
            break; // the title says it
        const double length = metrics.horizontalAdvance(series.label);
        if (x > margin && x + kLegendDash + length > width() - 8) {
            x = margin;
            ++line;
        }
        if (places != nullptr)
            places->push_back({x, 17.5 + kLegendLine * line});
        x += length + kLegendDash + 10;
    }
    return line + 1;
}

QRectF CurvePlot::plotArea() const
{
    return QRectF(rect()).adjusted(kLeft, kTop + kLegendLine * (placeLegend() - 1), -kRight,
                                   -kBottom);
}

double CurvePlot::stepAt(double x) const
{
    const auto [from, to] = shownRange();
    const QRectF area = plotArea();
    return from + (x - area.left()) / std::max(1.0, area.width()) * (to - from);
}

void CurvePlot::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QPalette &colors = palette();
    painter.setPen(hasFocus() ? colors.color(QPalette::Highlight) : colors.color(QPalette::Mid));
    painter.setBrush(colors.color(QPalette::Base));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 10, 10);

    Axes axes;
    axes.area = plotArea();
    std::tie(axes.left, axes.right) = shownRange();
    if (axes.right <= axes.left)
        axes.right = axes.left + 1.0;

    // What each series looks like on these pixels.
    struct Drawn
    {
        std::vector<CurveColumn> columns;
        std::vector<double> smooth;
    };
    std::vector<Drawn> drawn;
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    for (const PlotSeries &series : m_series) {
        Drawn one;
        one.columns = series.metrics->columns(series.name, axes.left, axes.right,
                                              static_cast<int>(axes.area.width() / kColumn));
        double follower = 0.0;
        double weight = 0.0;
        for (const CurveColumn &column : one.columns) {
            // A column of many points moves the average as those points would.
            const double keep =
                m_smoothing > 0.0 ? std::pow(m_smoothing, static_cast<double>(column.count)) : 0.0;
            follower = follower * keep + column.mean * (1.0 - keep);
            weight = weight * keep + (1.0 - keep);
            one.smooth.push_back(weight > 0.0 ? follower / weight : column.mean);
            if (column.last < axes.left || column.first > axes.right)
                continue;
            if (m_isLogarithmic && column.high <= kSmallest)
                continue;
            low = std::min(low, m_isLogarithmic ? std::max(column.low, kSmallest) : column.low);
            high = std::max(high, column.high);
        }
        drawn.push_back(std::move(one));
    }
    if (!(low <= high)) {
        low = 0.0;
        high = 1.0;
    }
    axes.bottom = scaled(low);
    axes.top = scaled(high);
    const double margin =
        std::max((axes.top - axes.bottom) * 0.06, 1e-9 + std::abs(axes.top) * 1e-3);
    axes.bottom -= margin;
    axes.top += margin;
    const auto xOf = [&](double step) {
        return axes.area.left() + (step - axes.left) / (axes.right - axes.left) * axes.area.width();
    };
    const auto yOf = [&](double value) {
        return axes.area.bottom()
               - (scaled(value) - axes.bottom) / (axes.top - axes.bottom) * axes.area.height();
    };

    const QFont small = smallFont();
    painter.setFont(small);
    const QFontMetrics metrics(small);
    QColor grid = colors.color(QPalette::Mid);
    grid.setAlphaF(0.6F);
    for (const double tick : ticksBetween(axes.bottom, axes.top, 4)) {
        const double value = m_isLogarithmic ? std::pow(10.0, tick) : tick;
        const double y = std::round(yOf(value)) + 0.5;
        painter.setPen(QPen(grid, 1));
        painter.drawLine(QPointF(axes.area.left(), y), QPointF(axes.area.right(), y));
        painter.setPen(colors.color(QPalette::PlaceholderText));
        painter.drawText(QRectF(4, y - 10, kLeft - 10, 20), Qt::AlignRight | Qt::AlignVCenter,
                         numberText(value));
    }
    for (const double tick : ticksBetween(axes.left, axes.right,
                                          std::max(2, static_cast<int>(axes.area.width() / 90)))) {
        const double x = xOf(tick);
        painter.setPen(colors.color(QPalette::PlaceholderText));
        painter.drawText(QRectF(x - 45, axes.area.bottom() + 5, 90, 16), Qt::AlignCenter,
                         countText(static_cast<std::int64_t>(std::llround(tick))));
    }

    painter.save();
    painter.setClipRect(axes.area.adjusted(-1, -2, 1, 2));
    for (std::size_t i = 0; i < drawn.size(); ++i) {
        const Drawn &one = drawn[i];
        if (one.columns.empty())
            continue;
        QColor band = m_series[i].color;
        band.setAlphaF(m_smoothing > 0.0 ? 0.16F : 0.22F);
        const bool isDense = one.columns.size() > kDense;
        painter.setRenderHint(QPainter::Antialiasing, !isDense);
        const bool hasBand = one.columns.front().count > 1 || one.columns.back().count > 1;
        if (hasBand) {
            QPolygonF outline;
            outline.reserve(static_cast<int>(2 * one.columns.size()));
            for (const CurveColumn &column : one.columns)
                outline << QPointF(xOf((column.first + column.last) / 2), yOf(column.high));
            for (auto column = one.columns.rbegin(); column != one.columns.rend(); ++column)
                outline << QPointF(xOf((column->first + column->last) / 2), yOf(column->low));
            painter.setPen(Qt::NoPen);
            painter.setBrush(band);
            painter.drawPolygon(outline);
        }
        const auto line = [&](bool smooth, const QPen &pen) {
            QPolygonF points;
            points.reserve(static_cast<int>(one.columns.size()));
            for (std::size_t k = 0; k < one.columns.size(); ++k)
                points << QPointF(xOf((one.columns[k].first + one.columns[k].last) / 2),
                                  yOf(smooth ? one.smooth[k] : one.columns[k].mean));
            painter.setPen(pen);
            painter.setBrush(Qt::NoBrush);
            if (points.size() == 1)
                painter.drawEllipse(points.front(), 2.5, 2.5);
            else
                painter.drawPolyline(points);
        };
        const Qt::PenStyle style = m_series[i].isDashed ? Qt::DashLine : Qt::SolidLine;
        if (m_smoothing > 0.0 && !hasBand)
            line(false, QPen(band, 1.0, style));
        line(m_smoothing > 0.0,
             QPen(m_series[i].color, isDense ? 1.0 : 1.6, style, Qt::FlatCap, Qt::BevelJoin));
    }
    painter.restore();

    QFont bold = font();
    bold.setWeight(QFont::DemiBold);
    painter.setFont(bold);
    painter.setPen(colors.color(QPalette::Text));
    painter.drawText(QRectF(14, 6, width() - 28, 22), Qt::AlignLeft | Qt::AlignVCenter, m_title);
    painter.setFont(small);
    std::vector<QPointF> places;
    placeLegend(&places);
    for (std::size_t i = 0; i < places.size(); ++i) {
        const PlotSeries &series = m_series[i];
        const QPointF place = places[i];
        painter.setPen(QPen(series.color, 2.4, series.isDashed ? Qt::DashLine : Qt::SolidLine));
        painter.drawLine(place, place + QPointF(8, 0));
        painter.setPen(colors.color(QPalette::PlaceholderText));
        const double left = place.x() + kLegendDash;
        painter.drawText(QRectF(left, place.y() - 11.5, width() - 8 - left, 22),
                         Qt::AlignLeft | Qt::AlignVCenter,
                         metrics.elidedText(series.label, Qt::ElideMiddle,
                                            static_cast<int>(width() - 8 - left)));
    }
    if (m_cursor)
        paintCursor(painter, axes);
}

void CurvePlot::paintCursor(QPainter &painter, const Axes &axes)
{
    const double x =
        axes.area.left() + (*m_cursor - axes.left) / (axes.right - axes.left) * axes.area.width();
    if (x < axes.area.left() - 1 || x > axes.area.right() + 1)
        return;
    const QPalette &colors = palette();
    painter.setPen(QPen(colors.color(QPalette::PlaceholderText), 1, Qt::DotLine));
    painter.drawLine(QPointF(x, axes.area.top()), QPointF(x, axes.area.bottom()));
    struct Row
    {
        QColor color;
        QString text;
    };
    std::vector<Row> rows;
    for (const PlotSeries &series : m_series) {
        const CurveColumn point = series.metrics->nearest(series.name, *m_cursor);
        if (point.count == 0)
            continue;
        const double y =
            axes.area.bottom()
            - (scaled(point.mean) - axes.bottom) / (axes.top - axes.bottom) * axes.area.height();
        painter.setPen(QPen(colors.color(QPalette::Base), 1.5));
        painter.setBrush(series.color);
        if (axes.area.adjusted(0, -3, 0, 3).contains(QPointF(axes.area.center().x(), y)))
            painter.drawEllipse(QPointF(x, y), 4, 4);
        rows.push_back(
            {series.color, series.label.isEmpty()
                               ? numberText(point.mean)
                               : tr("%1  %2").arg(series.label, numberText(point.mean))});
    }
    if (rows.empty())
        return;
    const QString head =
        tr("step %1").arg(countText(static_cast<std::int64_t>(std::llround(*m_cursor))));
    const QFontMetricsF metrics(painter.font());
    double width = metrics.horizontalAdvance(head);
    for (const Row &row : rows)
        width = std::max(width, metrics.horizontalAdvance(row.text) + 14);
    const double lineHeight = metrics.height() + 2;
    QRectF box(0, 0, width + 20, lineHeight * static_cast<double>(rows.size() + 1) + 12);
    box.moveTopLeft({x + 12, axes.area.top() + 4});
    if (box.right() > this->width() - 6)
        box.moveRight(x - 12);
    painter.setPen(colors.color(QPalette::Mid));
    painter.setBrush(colors.color(QPalette::ToolTipBase));
    painter.drawRoundedRect(box, 6, 6);
    painter.setPen(colors.color(QPalette::PlaceholderText));
    painter.drawText(QRectF(box.left() + 10, box.top() + 6, width, lineHeight), Qt::AlignVCenter,
                     head);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const double y = box.top() + 6 + lineHeight * static_cast<double>(i + 1);
        painter.setPen(Qt::NoPen);
        painter.setBrush(rows[i].color);
        painter.drawEllipse(QPointF(box.left() + 14, y + lineHeight / 2), 3.5, 3.5);
        painter.setPen(colors.color(QPalette::Text));
        painter.drawText(QRectF(box.left() + 24, y, width, lineHeight), Qt::AlignVCenter,
                         rows[i].text);
    }
}

void CurvePlot::mouseMoveEvent(QMouseEvent *event)
{
    if (m_dragFrom) {
        const double steps = (m_dragFrom->x() - event->position().x())
                             / std::max(1.0, plotArea().width())
                             * (m_dragRange.second - m_dragRange.first);
        m_range = {{m_dragRange.first + steps, m_dragRange.second + steps}};
        Q_EMIT rangeChanged(m_range);
        update();
        return;
    }
    // A step at which something was measured.
    const double at = stepAt(event->position().x());
    std::optional<double> nearest;
    for (const PlotSeries &series : m_series) {
        const CurveColumn point = series.metrics->nearest(series.name, at);
        if (point.count > 0 && (!nearest || std::abs(point.first - at) < std::abs(*nearest - at)))
            nearest = point.first;
    }
    setCursorStep(nearest);
    Q_EMIT cursorMoved(m_cursor);
}

void CurvePlot::mousePressEvent(QMouseEvent *event)
{
    if (event->button() != Qt::LeftButton)
        return;
    m_dragFrom = event->position();
    m_dragRange = shownRange();
}

void CurvePlot::mouseReleaseEvent(QMouseEvent *)
{
    m_dragFrom.reset();
}

void CurvePlot::mouseDoubleClickEvent(QMouseEvent *)
{
    m_dragFrom.reset();
    setRange({});
    Q_EMIT rangeChanged(m_range);
}

void CurvePlot::wheelEvent(QWheelEvent *event)
{
    // Without Ctrl the wheel scrolls the panel that the plots stand in.
    if ((event->modifiers() & Qt::ControlModifier) == 0) {
        event->ignore();
        return;
    }
    const double at = stepAt(event->position().x());
    const double factor = std::pow(0.8, event->angleDelta().y() / 120.0);
    const auto [from, to] = shownRange();
    const auto [first, last] = wholeRange();
    const double left = at - (at - from) * factor;
    const double right = at + (to - at) * factor;
    if (left <= first && right >= last)
        m_range.reset();
    else if (right - left >= 2.0)
        m_range = {{left, right}};
    Q_EMIT rangeChanged(m_range);
    update();
    event->accept();
}

void CurvePlot::leaveEvent(QEvent *)
{
    setCursorStep({});
    Q_EMIT cursorMoved(m_cursor);
}

void CurvePlot::keyPressEvent(QKeyEvent *event)
{
    const auto [from, to] = shownRange();
    const double stride = (to - from) / 50.0;
    if (event->key() == Qt::Key_Left || event->key() == Qt::Key_Right) {
        const double now = m_cursor.value_or((from + to) / 2);
        const double next = now + (event->key() == Qt::Key_Left ? -stride : stride);
        setCursorStep(std::clamp(next, from, to));
        Q_EMIT cursorMoved(m_cursor);
        return;
    }
    if (event->key() == Qt::Key_Home) {
        setRange({});
        Q_EMIT rangeChanged(m_range);
        return;
    }
    QWidget::keyPressEvent(event);
}

} // namespace sapsam::ui
