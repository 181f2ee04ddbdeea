#pragma once

#include "core/engine/engine_options.h"
#include "core/pipeline/engines.h"
#include "core/store/edits.h"
#include "core/store/records.h"
#include "ui/canvas/overlay.h"
#include "ui/jobs/job_runner.h"
#include "ui/models/gallery_model.h"
#include "ui/models/job_log_model.h"
#include "ui/models/part_model.h"
#include "ui/support/part_palette.h"

#include <QDateTime>
#include <QImage>
#include <QObject>
#include <QTimer>
#include <QUndoStack>

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace sapsam::ui {

struct SessionOptions
{
    QString modelsFolder;
    EngineOptions engine;
    PartPalette palette; // until a project says how its parts are called and coloured
};

// Everything the viewer shows of one picture, ready to be drawn.
struct PictureDetails
{
    qint64 id = 0;
    QImage picture;
    std::vector<OverlayLayer> layers; // in the order of parts
    std::vector<PartRow> parts;
    QStringList captions;
    QString name;
    QString path;
    QSize size;
    bool isSegmented = false;         // some part has been found on it
    std::vector<RegionRecord> absent; // what a person said is not there
    // What could not be shown, a sentence each: a picture that vanished (the masks stand on a grey
    // one of its size then), a mask of another size.
    QStringList problems;
};

// An open project and the lanes that work on it.
//
// engine lane: one thread with the models and the only writing store connection; the
// jobs of the log. reader lane: one thread with a reading connection for what the pages show. edit
// lane: one thread with a writing connection of its own, so that an edit is stored while a long job
// runs. assist lane: one thread for models that answer while somebody waits (a click, a preview).
// Thread rule: members and signals belong to the GUI thread; nothing here blocks it, except the
// destructor, which cancels and waits.
class ProjectSession final : public QObject
{
    Q_OBJECT

public:
    explicit ProjectSession(const SessionOptions &options, QObject *parent = nullptr);
    ~ProjectSession() override;

    // Closes what is open, then opens; opened() or openFailed() follows. A project that another
    // window has open, or that lies where nothing can be written, opens for reading only.
    // TakeOver: its last window is known to be gone, though it looks alive (another machine).
    enum class OpenMode { Normal, TakeOver };
    void open(const QString &folder, OpenMode mode = OpenMode::Normal);
    void create(const QString &folder);
    // A job that draws people beside the folder, makes a project of them and opens it; segmenting,
    // phrases and embedding follow as jobs of the open project.
    void makeDemo(const QString &folder);
    void close();
    bool isOpen() const { return m_isOpen; }
    const QString &folder() const { return m_folder; }
    // Nothing can be changed, for this reason: edits fail with it, jobs do not start.
    bool isReadOnly() const { return !m_readOnlyReason.isEmpty(); }
    const QString &readOnlyReason() const { return m_readOnlyReason; }
    // The holder is a window on another machine, which may be gone for good.
    bool canTakeOver() const { return m_canTakeOver; }
    QString name() const;
    const ProjectCounts &counts() const { return m_counts; }
    // Of the merges that the project works with; taxonomyChanged() tells of others.
    const PartPalette &palette() const { return m_taxonomy.palette; }
    // Why the project's merges cannot be read: then the palette is the shipped one's. Else empty.
    const QString &taxonomyProblem() const { return m_taxonomy.problem; }

    // Jobs of the engine lane; each may be called again to go on where it stopped.
    void importPaths(const QStringList &paths, bool detectPeople);
    void segment() { startSegment(0); }
    void writePhrases() { startPhrases(0); }
    void embed() { startEmbed(0); }
    void prepareAll(); // the three in order; when one is cancelled or fails, the rest is dropped
    bool isWorking() const; // a job of the log runs or waits
    void cancelJob(JobId job);
    void cancelAllJobs();
    JobRunner &engineLane() { return *m_engine; }
    JobLogModel &jobs() { return m_jobs; }

    // What people change: stored with its journal row in one transaction, in the order of the
    // calls. edited() follows, and `then`, or editFailed(). The undo stack mirrors the journal, so
    // what was done before the project was closed (or the program died) can still be undone.
    void edit(Edit edit, QObject *guard = nullptr, std::function<void(const Edit &)> then = {});
    // The same for an edit that takes work to make: `make` is called on the edit lane, with what is
    // stored when its turn has come. `failed` is called beside editFailed().
    void edit(const QString &title, std::function<Edit(ProjectStore &)> make, QObject *guard,
              std::function<void(const Edit &)> then, std::function<void()> failed);
    QUndoStack *undoStack() { return &m_undo; }

    // The ways in for pages with questions of their own. `work` runs on its lane, `then` gets its
    // value on the GUI thread unless the guard is gone or another project was opened; `failed` gets
    // the error (without it, a job with a title shows up as failed in the log).
    using Failed = std::function<void(const ErrorReport &)>;
    // work(ProjectStore &, const CancelToken &), reading only, on the reader lane.
    template <typename Work, typename Then>
    JobId read(QObject *guard, Work work, Then then, Failed failed = {});
    // work(ProjectStore &, Engines &, const CancelToken &, const ProgressSink &) on the engine
    // lane. A title makes it a job of the log; JobRunner::Priority::Next is for short questions.
    template <typename Work, typename Then>
    JobId run(const QString &title, QObject *guard, Work work, Then then, Failed failed = {},
              JobRunner::Priority priority = JobRunner::Priority::Normal);
    JobRunner &assistLane() { return *m_assist; }
    const SessionOptions &options() const { return m_options; }

    // detailsLoaded() follows, or detailsFailed(). Only the newest request is answered.
    void loadDetails(qint64 imageId);

    // Work of any kind that has been asked for is done.
    bool isIdle() const;

Q_SIGNALS:
    void opened();
    void closed();
    void openFailed(const QString &folder, const sapsam::ErrorReport &error);
    void imagesLoaded(const std::vector<sapsam::ui::GalleryItem> &items);
    void queriesLoaded(const QStringList &newestFirst); // of earlier sessions
    void countsChanged();
    void contentChanged(); // something was stored: what is shown may be out of date
    void taxonomyChanged(); // palette() or taxonomyProblem() did
    void savedAt(const QDateTime &time);
    void jobFinished(sapsam::ui::JobId job, sapsam::ui::JobOutcome outcome);
    void jobFailed(const QString &title, const sapsam::ErrorReport &error);
    void edited(const sapsam::Edit &edit); // applied, undone or redone
    void editFailed(const QString &title, const sapsam::ErrorReport &error);
    void detailsLoaded(const sapsam::ui::PictureDetails &details);
    void detailsFailed(qint64 imageId, const sapsam::ErrorReport &error);
    void deviceResolved(const sapsam::DeviceInfo &device);
    void deviceFailed(const sapsam::ErrorReport &error);

private:
    // What the window shows of the project's merges.
    struct ShownTaxonomy
    {
        PartPalette palette;
        QString problem;
        bool operator==(const ShownTaxonomy &other) const
        {
            return palette == other.palette && problem == other.problem;
        }
    };
    static ShownTaxonomy readTaxonomy(ProjectStore &store);
    void setTaxonomy(const ShownTaxonomy &taxonomy);

    struct EngineState;
    struct ReaderState;
    struct EditorState;
    struct Report; // what a job did, for the log
    class EditCommand;
    using Reading = std::function<JobRunner::Delivery(ProjectStore &, const CancelToken &)>;
    using Running = std::function<JobRunner::Delivery(ProjectStore &, Engines &,
                                                      const CancelToken &, const ProgressSink &)>;
    JobId startReading(Reading work);
    JobId startRunning(const QString &title, Running work, JobRunner::Priority priority);
    void stepEdit(bool forward);
    using Editing = std::function<Edit(ProjectStore &, EditJournal &)>;
    void editLane(const QString &title, Editing work, QObject *guard,
                  std::function<void(const Edit &)> then, std::function<void()> failed = {});
    void pushEdit(const QString &title);
    void rebuildUndo();

    void openWith(const QString &folder, bool create, OpenMode mode);
    bool refuseWhenReadOnly(const QString &title);
    void refresh(bool forceImages);
    void warmUp(); // loads the retrieval model, so that the first query does not wait for it
    template <typename Step>
    JobId startStep(const QString &title, JobId after, Step step);
    JobId startSegment(JobId after);
    JobId startPhrases(JobId after);
    JobId startEmbed(JobId after);
    void finishJob(JobId job, JobOutcome outcome, const ErrorReport &error);

    SessionOptions m_options;
    bool m_isOpen = false;
    QString m_folder;
    QString m_readOnlyReason;
    bool m_canTakeOver = false;
    bool m_preparesWhenOpen = false;
    ProjectCounts m_counts;
    ShownTaxonomy m_taxonomy;
    std::int64_t m_shownImages = -1;
    int m_generation = 0; // grows with open and close: late answers of another project are dropped
    quint64 m_detailsRequest = 0;
    JobId m_openJob = 0;
    bool m_refreshing = false;
    QTimer m_poll;
    JobLogModel m_jobs;

    // Used on their lanes only. The lanes are destroyed first, so that nobody uses them any more.
    std::shared_ptr<EngineState> m_engineState;
    std::shared_ptr<ReaderState> m_readerState;
    std::shared_ptr<EditorState> m_editorState;
    QUndoStack m_undo;
    bool m_undoIsMirroring = false; // the stack is being filled: its commands do nothing
    std::unique_ptr<JobRunner> m_reader;
    std::unique_ptr<JobRunner> m_engine;
    std::unique_ptr<JobRunner> m_editor;
    std::unique_ptr<JobRunner> m_assist;
};

template <typename Work, typename Then>
JobId ProjectSession::read(QObject *guard, Work work, Then then, Failed failed)
{
    const std::shared_ptr<QObject *> watched = watch(guard);
    const int generation = m_generation;
    return startReading([this, watched, generation, work = std::move(work), then = std::move(then),
                         failed = std::move(failed)](
                            ProjectStore &store, const CancelToken &cancel) -> JobRunner::Delivery {
        using Value = std::invoke_result_t<Work, ProjectStore &, const CancelToken &>;
        try {
            auto value = std::make_shared<Value>(work(store, cancel));
            return [this, watched, generation, then, value] {
                if (isAlive(watched) && generation == m_generation)
                    then(std::move(*value));
            };
        } catch (const std::exception &) {
            return [watched, failed, report = reportOfCurrentException()] {
                if (failed && isAlive(watched))
                    failed(report);
            };
        }
    });
}

template <typename Work, typename Then>
JobId ProjectSession::run(const QString &title, QObject *guard, Work work, Then then, Failed failed,
                          JobRunner::Priority priority)
{
    const std::shared_ptr<QObject *> watched = watch(guard);
    const int generation = m_generation;
    return startRunning(
        title,
        [this, watched, generation, work = std::move(work), then = std::move(then),
         failed = std::move(failed)](ProjectStore &store, Engines &engines,
                                     const CancelToken &cancel,
                                     const ProgressSink &progress) -> JobRunner::Delivery {
            using Value = std::invoke_result_t<Work, ProjectStore &, Engines &, const CancelToken &,
                                               const ProgressSink &>;
            try {
                auto value = std::make_shared<Value>(work(store, engines, cancel, progress));
                return [this, watched, generation, then, value] {
                    if (isAlive(watched) && generation == m_generation)
                        then(std::move(*value));
                };
            } catch (const std::exception &) {
                if (!failed)
                    throw;
                return [watched, failed, report = reportOfCurrentException()] {
                    if (isAlive(watched))
                        failed(report);
                };
            }
        },
        priority);
}

} // namespace sapsam::ui
