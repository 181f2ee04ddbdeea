#pragma once

#include "core/engine/run_metrics.h"

#include <QColor>
#include <QPointF>
#include <QString>
#include <QWidget>

#include <memory>
#include <optional>
#include <vector>

namespace sapsam::ui {

// One curve of a drawing.
struct PlotSeries
{
    std::shared_ptr<const RunMetrics> metrics;
    std::string name; // of the curve
    QString label;
    QColor color;
    bool isDashed = false;
};

// Curves over the steps. Each is drawn from as many columns as the widget has pixels, whatever the
// number of points: the range from smallest to largest as a band, the mean as a line. The wheel
// zooms along the steps, dragging moves, a double click shows everything; hovering or the arrow
// keys read values. Several plots share a range through rangeChanged(). GUI thread.
class CurvePlot final : public QWidget
{
    Q_OBJECT

public:
    explicit CurvePlot(const QString &title, QWidget *parent = nullptr);

    QString title() const { return m_title; }
    void setSeries(std::vector<PlotSeries> series);
    const std::vector<PlotSeries> &series() const { return m_series; }
    void setLogarithmic(bool on);
    bool isLogarithmic() const { return m_isLogarithmic; }
    // 0: as measured; towards 1 the curve follows slower.
    void setSmoothing(double smoothing);
    // Steps that are shown; without, all.
    void setRange(std::optional<std::pair<double, double>> range);
    // What is read at the cursor: "step 40: loss 1.25, itc 0.5"; empty without one.
    QString readout() const;
    void setCursorStep(std::optional<double> step);

    QSize sizeHint() const override { return {420, 230}; }
    QSize minimumSizeHint() const override { return {240, 170}; }

Q_SIGNALS:
    void rangeChanged(std::optional<std::pair<double, double>> range);
    void cursorMoved(std::optional<double> step);

protected:
    void paintEvent(QPaintEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    struct Axes
    {
        double left = 0.0, right = 1.0; // steps
        double bottom = 0.0, top = 1.0; // values, or their logarithms
        QRectF area;
    };
    std::pair<double, double> wholeRange() const;
    std::pair<double, double> shownRange() const;
    double scaled(double value) const;
    // Places of the series' names beside the title and, where they need it, below; the lines taken.
    int placeLegend(std::vector<QPointF> *places = nullptr) const;
    QFont smallFont() const;
    QRectF plotArea() const;
    double stepAt(double x) const;
    void paintCursor(QPainter &painter, const Axes &axes);

    QString m_title;
    std::vector<PlotSeries> m_series;
    bool m_isLogarithmic = false;
    double m_smoothing = 0.0;
    std::optional<std::pair<double, double>> m_range;
    std::optional<double> m_cursor;
    std::optional<QPointF> m_dragFrom;
    std::pair<double, double> m_dragRange;
};

} // namespace sapsam::ui
