#pragma once

#include "core/pipeline/evaluation_report.h"

#include <QWidget>

#include <vector>

namespace sapsam::ui {

// The share of queries answered within the first k pictures, with its interval; pointing at it
// reads a rank off. A second curve can be laid beside it.
class CmcChart final : public QWidget
{
    Q_OBJECT

public:
    explicit CmcChart(QWidget *parent = nullptr);

    void setCurve(std::vector<Interval> curve);
    // What the chart says where one points; empty elsewhere.
    QString textAt(const QPoint &position) const;

    QSize sizeHint() const override { return {520, 280}; }
    QSize minimumSizeHint() const override { return {260, 180}; }

protected:
    void paintEvent(QPaintEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;

private:
    QRectF plot() const;

    std::vector<Interval> m_curve;
    int m_hovered = -1;
};

// IoU of each part in both readings, with the range of the single pairs.
class IouChart final : public QWidget
{
    Q_OBJECT

public:
    explicit IouChart(QWidget *parent = nullptr);

    // titles: of the groups, beside the classes.
    void setClasses(std::vector<ParsedClass> classes, QStringList titles, QList<QColor> colors);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return {320, sizeHint().height()}; }

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    std::vector<ParsedClass> m_classes;
    QStringList m_titles;
    QList<QColor> m_colors;
};

// The confusion matrix, each row in shares of its truth; pointing at a cell says what it means.
class MatrixChart final : public QWidget
{
    Q_OBJECT

public:
    explicit MatrixChart(QWidget *parent = nullptr);

    void setMatrix(std::vector<std::int64_t> counts, QStringList names);
    QString textAt(const QPoint &position) const;

    QSize sizeHint() const override { return {460, 380}; }
    QSize minimumSizeHint() const override { return {340, 300}; }

Q_SIGNALS:
    void hovered(const QString &text);

protected:
    void paintEvent(QPaintEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;

private:
    QRectF cells() const;
    double shareOf(int truth, int predicted) const;
    int cellAt(const QPoint &position) const;

    std::vector<std::int64_t> m_counts;
    QStringList m_names;
    int m_hovered = -1; // truth · size + predicted
};

// How many queries moved up or down, by how far.
class ShiftChart final : public QWidget
{
    Q_OBJECT

public:
    explicit ShiftChart(QWidget *parent = nullptr);

    void setHistogram(std::vector<int> histogram);

    QSize sizeHint() const override { return {360, 170}; }
    QSize minimumSizeHint() const override { return {260, 140}; }

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    std::vector<int> m_histogram;
};

} // namespace sapsam::ui
