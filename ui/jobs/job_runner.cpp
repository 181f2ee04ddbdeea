#include "ui/jobs/job_runner.h"

#include <QMetaObject>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#ifdef __linux__
#include <pthread.h>
#endif

namespace sapsam::ui {

namespace {

constexpr std::chrono::milliseconds kProgressInterval{50};

struct WaitingJob
{
    JobId id = 0;
    JobRunner::Work work;
    CancelSource cancel;
    JobId after = 0;
};

struct JobResult
{
    JobOutcome outcome = JobOutcome::Done;
    ErrorReport error;
    JobRunner::Delivery deliver;
};

} // namespace

bool isAlive(const std::shared_ptr<QObject *> &guard)
{
    return *guard != nullptr;
}

std::shared_ptr<QObject *> watch(QObject *guard)
{
    auto watched = std::make_shared<QObject *>(guard);
    if (guard != nullptr)
        QObject::connect(guard, &QObject::destroyed, [watched] { *watched = nullptr; });
    return watched;
}

struct JobRunner::Private
{
    explicit Private(JobRunner *runner, const QString &lane) : q(runner), name(lane.toUtf8())
    {
        thread = std::thread([this] { loop(); });
    }

    void loop();
    JobResult run(const WaitingJob &job);
    void report(JobId id, JobResult result);

    JobRunner *const q;
    const QByteArray name;

    // Shared with the lane, under the mutex.
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<WaitingJob> waiting;
    std::map<JobId, JobResult> finished; // done on the lane, not yet reported
    std::set<JobId> unfulfilled;         // cancelled or failed: what builds on them does not run
    bool stopping = false;

    // GUI thread only.
    JobId lastId = 0;
    std::map<JobId, CancelSource> open; // started, not yet reported

    std::thread thread;
};

void JobRunner::Private::loop()
{
#ifdef __linux__
    // The kernel keeps 15 characters.
    pthread_setname_np(pthread_self(), name.left(15).constData());
#endif
    for (;;) {
        WaitingJob job;
        bool isFounded = true;
        {
            std::unique_lock<std::mutex> lock(mutex);
            wake.wait(lock, [this] { return stopping || !waiting.empty(); });
            if (waiting.empty())
                return;
            job = std::move(waiting.front());
            waiting.pop_front();
            isFounded = unfulfilled.count(job.after) == 0;
        }
        const JobId id = job.id;
        JobResult result;
        if (job.cancel.isCancelled() || !isFounded) {
            result.outcome = JobOutcome::Cancelled;
        } else {
            QMetaObject::invokeMethod(
                q, [this, id] { Q_EMIT q->started(id); }, Qt::QueuedConnection);
            result = run(job);
        }
        // What the work captured may belong to the lane; it dies here, not on the GUI thread.
        job.work = nullptr;
        {
            const std::lock_guard<std::mutex> lock(mutex);
            if (result.outcome != JobOutcome::Done)
                unfulfilled.insert(id);
            finished.emplace(id, std::move(result));
        }
        QMetaObject::invokeMethod(
            q,
            [this, id] {
                JobResult ready;
                {
                    const std::lock_guard<std::mutex> lock(mutex);
                    auto node = finished.extract(id);
                    if (node.empty())
                        return;
                    ready = std::move(node.mapped());
                }
                report(id, std::move(ready));
            },
            Qt::QueuedConnection);
    }
}

JobResult JobRunner::Private::run(const WaitingJob &job)
{
    const JobId id = job.id;
    std::optional<Progress> unsent;
    // In the past, so that the first progress is shown at once.
    auto sentAt = std::chrono::steady_clock::now() - 2 * kProgressInterval;
    const auto post = [this, id](const Progress &progress) {
        QMetaObject::invokeMethod(
            q, [this, id, progress] { Q_EMIT q->progressed(id, progress); }, Qt::QueuedConnection);
    };
    const ProgressSink sink = [&](const Progress &progress) {
        const auto now = std::chrono::steady_clock::now();
        if (now - sentAt < kProgressInterval) {
            unsent = progress;
            return;
        }
        sentAt = now;
        unsent.reset();
        post(progress);
    };

    JobResult result;
    try {
        result.deliver = job.work(job.cancel.token(), sink);
        result.outcome = job.cancel.isCancelled() ? JobOutcome::Cancelled : JobOutcome::Done;
    } catch (...) {
        // One of the program's two catch-alls: whatever happened crosses to the window as a value.
        result.error = reportOfCurrentException();
        result.outcome = JobOutcome::Failed;
    }
    if (unsent)
        post(*unsent);
    return result;
}

void JobRunner::Private::report(JobId id, JobResult result)
{
    if (result.deliver)
        result.deliver();
    open.erase(id);
    Q_EMIT q->finished(id, result.outcome, result.error);
}

JobRunner::JobRunner(const QString &lane, QObject *parent)
    : QObject(parent), d(std::make_unique<Private>(this, lane))
{
}

JobRunner::~JobRunner()
{
    cancelAll();
    {
        const std::lock_guard<std::mutex> lock(d->mutex);
        d->stopping = true;
    }
    d->wake.notify_all();
    d->thread.join();
    // Posted reports die with this object; everything that is still open is told here, without the
    // delivery, whose receiver may be on its way out.
    const std::map<JobId, CancelSource> open = std::move(d->open);
    d->open.clear();
    for (const auto &[id, source] : open) {
        const auto found = d->finished.find(id);
        if (found != d->finished.end())
            Q_EMIT finished(id, found->second.outcome, found->second.error);
        else
            Q_EMIT finished(id, JobOutcome::Cancelled, ErrorReport{});
    }
}

JobId JobRunner::start(const QString &title, Work work, Priority priority, JobId after)
{
    WaitingJob job;
    job.id = ++d->lastId;
    job.work = std::move(work);
    job.after = after;
    const JobId id = job.id;
    d->open.emplace(id, job.cancel);
    Q_EMIT queued(id, title);
    {
        const std::lock_guard<std::mutex> lock(d->mutex);
        if (priority == Priority::Next)
            d->waiting.push_front(std::move(job));
        else
            d->waiting.push_back(std::move(job));
    }
    d->wake.notify_one();
    return id;
}

void JobRunner::cancel(JobId job)
{
    const auto found = d->open.find(job);
    if (found == d->open.end())
        return;
    found->second.cancel();
    // A waiting job need not wait for its turn to be told.
    std::optional<WaitingJob> dropped;
    {
        const std::lock_guard<std::mutex> lock(d->mutex);
        for (auto it = d->waiting.begin(); it != d->waiting.end(); ++it) {
            if (it->id != job)
                continue;
            dropped = std::move(*it);
            d->waiting.erase(it);
            JobResult result;
            result.outcome = JobOutcome::Cancelled;
            d->unfulfilled.insert(job);
            d->finished.emplace(job, std::move(result));
            break;
        }
    }
    if (!dropped)
        return;
    QMetaObject::invokeMethod(
        this,
        [this, job] {
            {
                const std::lock_guard<std::mutex> lock(d->mutex);
                if (d->finished.extract(job).empty())
                    return;
            }
            JobResult result;
            result.outcome = JobOutcome::Cancelled;
            d->report(job, std::move(result));
        },
        Qt::QueuedConnection);
}

void JobRunner::cancelAll()
{
    std::vector<JobId> ids;
    for (const auto &[id, source] : d->open)
        ids.push_back(id);
    for (const JobId id : ids)
        cancel(id);
}

bool JobRunner::isIdle() const
{
    return d->open.empty();
}

int JobRunner::waitingCount() const
{
    const std::lock_guard<std::mutex> lock(d->mutex);
    return static_cast<int>(d->waiting.size());
}

} // namespace sapsam::ui
