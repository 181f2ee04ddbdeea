#include "ui/models/job_log_model.h"

#include "ui/support/text.h"

#include <algorithm>

namespace sapsam::ui {

JobLogModel::JobLogModel(QObject *parent) : QAbstractTableModel(parent) {}

void JobLogModel::listenTo(JobRunner *runner)
{
    connect(runner, &JobRunner::queued, this, [this](JobId job, const QString &title) {
        if (title.isEmpty())
            return;
        if (m_jobs.size() >= static_cast<std::size_t>(kMaxJobs)) {
            const JobState oldest = m_jobs.front().state;
            if (oldest != JobState::Waiting && oldest != JobState::Running) {
                beginRemoveRows({}, 0, 0);
                m_jobs.erase(m_jobs.begin());
                endRemoveRows();
            }
        }
        const int row = rowCount();
        beginInsertRows({}, row, row);
        JobEntry entry;
        entry.id = job;
        entry.title = title;
        m_jobs.push_back(entry);
        endInsertRows();
        Q_EMIT jobChanged(job);
    });
    connect(runner, &JobRunner::started, this, [this](JobId job) {
        const int row = rowOf(job);
        if (row < 0)
            return;
        JobEntry &entry = m_jobs[static_cast<std::size_t>(row)];
        entry.state = JobState::Running;
        entry.startedAt = QDateTime::currentDateTime();
        touch(row);
    });
    connect(runner, &JobRunner::progressed, this, [this](JobId job, const Progress &progress) {
        const int row = rowOf(job);
        if (row < 0)
            return;
        m_jobs[static_cast<std::size_t>(row)].progress = progress;
        touch(row);
    });
    connect(runner, &JobRunner::finished, this,
            [this](JobId job, JobOutcome outcome, const ErrorReport &error) {
                const int row = rowOf(job);
                if (row < 0)
                    return;
                JobEntry &entry = m_jobs[static_cast<std::size_t>(row)];
                entry.state = outcome == JobOutcome::Done        ? JobState::Done
                              : outcome == JobOutcome::Cancelled ? JobState::Cancelled
                                                                 : JobState::Failed;
                entry.error = error;
                entry.finishedAt = QDateTime::currentDateTime();
                touch(row);
            });
}

void JobLogModel::setReport(JobId job, const QString &summary, const QStringList &notes)
{
    const int row = rowOf(job);
    if (row < 0)
        return;
    m_jobs[static_cast<std::size_t>(row)].summary = summary;
    m_jobs[static_cast<std::size_t>(row)].notes = notes;
    touch(row);
}

void JobLogModel::clearFinished()
{
    for (int row = static_cast<int>(m_jobs.size()) - 1; row >= 0; --row) {
        const JobState state = m_jobs[static_cast<std::size_t>(row)].state;
        if (state == JobState::Waiting || state == JobState::Running)
            continue;
        beginRemoveRows({}, row, row);
        m_jobs.erase(m_jobs.begin() + row);
        endRemoveRows();
    }
}

int JobLogModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_jobs.size());
}

int JobLogModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant JobLogModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const JobEntry &entry = m_jobs[static_cast<std::size_t>(index.row())];
    switch (role) {
    case JobIdRole:
        return QVariant::fromValue(entry.id);
    case StateRole:
        return static_cast<int>(entry.state);
    case FractionRole:
        return fractionOf(entry);
    case NotesRole:
        return entry.notes;
    case Qt::ToolTipRole:
        return entry.state == JobState::Failed ? toQString(entry.error.message) : entry.summary;
    case Qt::DisplayRole:
        break;
    default:
        return {};
    }
    switch (index.column()) {
    case TitleColumn:
        return entry.title;
    case StateColumn:
        if (entry.state == JobState::Done && !entry.notes.isEmpty())
            return tr("Done · skipped: %1").arg(countText(entry.notes.size()));
        return stateText(entry.state);
    case ProgressColumn:
        if (entry.state == JobState::Running || entry.state == JobState::Waiting) {
            if (entry.progress.total > 0)
                return tr("%1 of %2")
                    .arg(countText(entry.progress.done), countText(entry.progress.total));
            if (entry.progress.done > 0)
                return countText(entry.progress.done);
            return toQString(entry.progress.stage);
        }
        return entry.summary;
    case TimeColumn:
        if (entry.state == JobState::Running) {
            const QString left = durationText(entry.progress.etaSeconds);
            return left.isEmpty() ? QString() : tr("%1 left").arg(left);
        }
        if (entry.finishedAt.isValid() && entry.startedAt.isValid())
            return durationText(static_cast<double>(entry.startedAt.msecsTo(entry.finishedAt))
                                / 1000.0);
        return {};
    default:
        return {};
    }
}

QVariant JobLogModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case TitleColumn:
        return tr("Job");
    case StateColumn:
        return tr("State");
    case ProgressColumn:
        return tr("Progress");
    case TimeColumn:
        return tr("Time");
    default:
        return {};
    }
}

const JobEntry *JobLogModel::entry(JobId job) const
{
    return entryAt(rowOf(job));
}

const JobEntry *JobLogModel::entryAt(int row) const
{
    if (row < 0 || row >= rowCount())
        return nullptr;
    return &m_jobs[static_cast<std::size_t>(row)];
}

const JobEntry *JobLogModel::running() const
{
    for (const JobEntry &entry : m_jobs) {
        if (entry.state == JobState::Running)
            return &entry;
    }
    return nullptr;
}

int JobLogModel::openCount() const
{
    return static_cast<int>(std::count_if(m_jobs.begin(), m_jobs.end(), [](const JobEntry &entry) {
        return entry.state == JobState::Waiting || entry.state == JobState::Running;
    }));
}

QString JobLogModel::stateText(JobState state)
{
    switch (state) {
    case JobState::Waiting:
        return tr("Waiting");
    case JobState::Running:
        return tr("Running");
    case JobState::Done:
        return tr("Done");
    case JobState::Cancelled:
        return tr("Cancelled");
    case JobState::Failed:
        return tr("Failed");
    }
    return {};
}

double JobLogModel::fractionOf(const JobEntry &entry)
{
    if (entry.state == JobState::Done)
        return 1.0;
    if (entry.progress.total <= 0)
        return entry.state == JobState::Running ? -1.0 : 0.0;
    return std::clamp(static_cast<double>(entry.progress.done)
                          / static_cast<double>(entry.progress.total),
                      0.0, 1.0);
}

int JobLogModel::rowOf(JobId job) const
{
    const auto found = std::find_if(m_jobs.begin(), m_jobs.end(),
                                    [job](const JobEntry &entry) { return entry.id == job; });
    return found == m_jobs.end() ? -1 : static_cast<int>(found - m_jobs.begin());
}

void JobLogModel::touch(int row)
{
    Q_EMIT dataChanged(index(row, 0), index(row, ColumnCount - 1));
    Q_EMIT jobChanged(m_jobs[static_cast<std::size_t>(row)].id);
}

} // namespace sapsam::ui
