#pragma once

#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/base/progress.h"

#include <QMetaType>
#include <QObject>
#include <QString>

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace sapsam::ui {

enum class JobOutcome { Done, Cancelled, Failed };

using JobId = quint64;

// A lane: runs jobs one after the other on one thread of its own, so that what lives on the lane
// (models, a store connection) is never used by two jobs at once.
//
// Thread rule: all members are called on the thread the runner lives on (the GUI thread); all
// signals and deliveries come there. For every started job finished() is emitted exactly once,
// whatever the job throws. Cancelling is not a failure. The destructor cancels everything, waits
// for the running job and reports what had not been reported.
class JobRunner final : public QObject
{
    Q_OBJECT

public:
    // Runs on the GUI thread after the work is done and before finished(); carries the result over.
    using Delivery = std::function<void()>;
    // Runs on the lane. A work that is cancelled returns what it has.
    using Work = std::function<Delivery(const CancelToken &, const ProgressSink &)>;

    enum class Priority { Normal, Next }; // Next goes before all waiting jobs

    // `lane` names the thread.
    explicit JobRunner(const QString &lane, QObject *parent = nullptr);
    ~JobRunner() override;

    // `after`: an earlier job that this one builds on. When that one is cancelled or fails, this
    // one does not run and ends as Cancelled; the lane itself decides it, so nothing starts in
    // between.
    JobId start(const QString &title, Work work, Priority priority = Priority::Normal,
                JobId after = 0);

    // The usual form: `work(cancel, progress)` returns a value on the lane; `then(value)` gets it
    // on the GUI thread unless `guard` has been destroyed by then.
    template <typename WorkFunction, typename Then>
    JobId start(const QString &title, QObject *guard, WorkFunction work, Then then,
                Priority priority = Priority::Normal, JobId after = 0);

    // Asks a running job to stop and drops a waiting one; finished(Cancelled) follows. Unknown ids
    // are ignored.
    void cancel(JobId job);
    void cancelAll();

    bool isIdle() const; // nothing runs, waits or is still to be reported
    int waitingCount() const;

Q_SIGNALS:
    void queued(sapsam::ui::JobId job, const QString &title);
    void started(sapsam::ui::JobId job);
    // At most every 50 ms for a job; the last one before finished() is never dropped.
    void progressed(sapsam::ui::JobId job, const sapsam::Progress &progress);
    void finished(sapsam::ui::JobId job, sapsam::ui::JobOutcome outcome,
                  const sapsam::ErrorReport &error);

private:
    struct Private;
    std::unique_ptr<Private> d;
};

// Keeps a guard's life without including QPointer's users everywhere.
bool isAlive(const std::shared_ptr<QObject *> &guard);
std::shared_ptr<QObject *> watch(QObject *guard);

template <typename WorkFunction, typename Then>
JobId JobRunner::start(const QString &title, QObject *guard, WorkFunction work, Then then,
                       Priority priority, JobId after)
{
    const std::shared_ptr<QObject *> watched = watch(guard);
    return start(
        title,
        [watched, work = std::move(work), then = std::move(then)](
            const CancelToken &cancel, const ProgressSink &progress) -> Delivery {
            using Value =
                std::invoke_result_t<WorkFunction, const CancelToken &, const ProgressSink &>;
            if constexpr (std::is_void_v<Value>) {
                work(cancel, progress);
                return [watched, then] {
                    if (isAlive(watched))
                        then();
                };
            } else {
                auto value = std::make_shared<Value>(work(cancel, progress));
                return [watched, then, value] {
                    if (isAlive(watched))
                        then(std::move(*value));
                };
            }
        },
        priority, after);
}

} // namespace sapsam::ui

Q_DECLARE_METATYPE(sapsam::Progress)
Q_DECLARE_METATYPE(sapsam::ErrorReport)
Q_DECLARE_METATYPE(sapsam::ui::JobOutcome)
