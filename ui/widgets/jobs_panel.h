#pragma once

#include "ui/jobs/job_runner.h"

#include <QWidget>

class QPlainTextEdit;
class QPushButton;
class QTableView;

namespace sapsam::ui {

class JobLogModel;

// The jobs of the engine: what runs, how far it is, what came of the earlier ones and which items
// they skipped.
class JobsPanel final : public QWidget
{
    Q_OBJECT

public:
    // The model must outlive the panel.
    explicit JobsPanel(JobLogModel *model, QWidget *parent = nullptr);

Q_SIGNALS:
    void cancelRequested(sapsam::ui::JobId job);

private:
    void showDetails();

    JobLogModel *m_model;
    QTableView *m_table;
    QPlainTextEdit *m_details;
    QPushButton *m_cancel;
    QPushButton *m_clear;
};

} // namespace sapsam::ui
