#pragma once

#include "core/base/error.h"
#include "core/engine/engine_options.h"
#include "ui/jobs/job_runner.h"

#include <QDateTime>
#include <QToolButton>
#include <QWidget>

class QLabel;
class QProgressBar;

namespace sapsam::ui {

class JobLogModel;

// Where the engine computes, in truth, and why not on a GPU.
class DeviceChip final : public QToolButton
{
    Q_OBJECT

public:
    explicit DeviceChip(QWidget *parent = nullptr);

    void setDevice(const DeviceInfo &device);
    void setFailure(const ErrorReport &error);
    void refreshIcons();
};

// "All changes saved" and when, or what could not be saved.
class SavedLabel final : public QWidget
{
    Q_OBJECT

public:
    explicit SavedLabel(QWidget *parent = nullptr);

    void clear();
    void setSaved(const QDateTime &time);
    void setReadOnly(const QString &reason);
    void setProblem(const QString &problem); // stays until the next saving
    QString text() const;

private:
    QLabel *m_label;
};

// The running job with its bar and a cancel button; hidden when nothing runs.
class JobProgress final : public QWidget
{
    Q_OBJECT

public:
    // The model must outlive the widget.
    explicit JobProgress(JobLogModel *model, QWidget *parent = nullptr);

    void refreshIcons();

Q_SIGNALS:
    void cancelRequested(sapsam::ui::JobId job);

private:
    void update();

    JobLogModel *m_model;
    QLabel *m_text;
    QProgressBar *m_bar;
    QToolButton *m_cancel;
    JobId m_job = 0;
};

} // namespace sapsam::ui
