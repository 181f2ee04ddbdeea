#pragma once

#include "ui/jobs/job_runner.h"

#include <QAbstractTableModel>
#include <QDateTime>
#include <QStringList>

#include <vector>

namespace sapsam::ui {

enum class JobState { Waiting, Running, Done, Cancelled, Failed };

struct JobEntry
{
    JobId id = 0;
    QString title;
    JobState state = JobState::Waiting;
    Progress progress;
    QDateTime startedAt;
    QDateTime finishedAt;
    QString summary;   // "36 pictures, 182 regions"
    QStringList notes; // one line for every item that was skipped or failed
    ErrorReport error; // of a failed job
};

// The log of a lane: one row for each job, in the order of their start, from waiting to its end.
// It listens to one runner and keeps at most kMaxJobs rows; jobs without a title are not logged.
class JobLogModel final : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { TitleColumn, StateColumn, ProgressColumn, TimeColumn, ColumnCount };
    enum Role { JobIdRole = Qt::UserRole + 1, StateRole, FractionRole, NotesRole };
    static constexpr int kMaxJobs = 200;

    explicit JobLogModel(QObject *parent = nullptr);

    void listenTo(JobRunner *runner);
    // What a job did and which items it skipped; called from its delivery.
    void setReport(JobId job, const QString &summary, const QStringList &notes);
    void clearFinished();

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    // Null for an unknown job or row. Valid until the next change of the model.
    const JobEntry *entry(JobId job) const;
    const JobEntry *entryAt(int row) const;
    // The job that runs now, else null.
    const JobEntry *running() const;
    int openCount() const; // waiting and running

    static QString stateText(JobState state);
    // In [0, 1], or -1 when the total is not known.
    static double fractionOf(const JobEntry &entry);

Q_SIGNALS:
    void jobChanged(sapsam::ui::JobId job);

private:
    int rowOf(JobId job) const;
    void touch(int row);

    std::vector<JobEntry> m_jobs;
};

} // namespace sapsam::ui
