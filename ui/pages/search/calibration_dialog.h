#pragma once

#include "core/pipeline/searcher.h"

#include <QDialog>
#include <QString>

#include <vector>

class QLabel;
class QTableWidget;

namespace sapsam::ui {

// The reliability diagram of one calibration: how often pairs matched for which such a probability
// was said. On the diagonal the calibration is right.
class ReliabilityChart final : public QWidget
{
    Q_OBJECT

public:
    explicit ReliabilityChart(QWidget *parent = nullptr);

    void setCalibration(const Calibration &calibration);

    QSize sizeHint() const override { return {300, 300}; }
    QSize minimumSizeHint() const override { return {240, 240}; }

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    Calibration m_calibration;
};

// What a score of the model is worth, for descriptions of each length, and how far that can be
// believed.
class CalibrationDialog final : public QDialog
{
    Q_OBJECT

public:
    // words: of the current description; its row is chosen.
    CalibrationDialog(const std::vector<LengthCalibration> &lengths, const QString &source,
                      int words, QWidget *parent = nullptr);

    QTableWidget *table() const { return m_table; }

    // "1 to 3 words", "12 words and more"
    static QString lengthText(const LengthCalibration &length);

private:
    void showLength(int row);

    std::vector<LengthCalibration> m_lengths;
    ReliabilityChart *m_chart;
    QTableWidget *m_table;
    QLabel *m_text;
};

} // namespace sapsam::ui
