#include "ui/jobs/project_session.h"

#include "core/dataset/synthetic_writer.h"
#include "core/image/rle.h"
#include "core/pipeline/import.h"
#include "core/pipeline/jobs.h"
#include "core/pipeline/merge_preview.h"
#include "core/store/project_store.h"
#include "core/store/taxonomy_versions.h"
#include "ui/support/text.h"

#include <QFileInfo>
#include <QLockFile>

#include <algorithm>
#include <future>
#include <optional>

namespace sapsam::ui {

namespace {

constexpr int kPollMs = 700;
constexpr int kMaxNotes = 1000;
constexpr int kRecentQueries = 50; // offered while typing
constexpr int kDemoPictures = 120;
constexpr int kDemoSeed = 20;

QString shortHash(const std::string &hash)
{
    return toQString(hash.substr(0, 8));
}

template <typename Items>
QStringList notesOf(const Items &items)
{
    QStringList notes;
    for (const auto &item : items) {
        if (notes.size() >= kMaxNotes)
            break;
        notes.append(QStringLiteral("%1: %2").arg(toQString(item.path), toQString(item.reason)));
    }
    return notes;
}

QString nameOf(const ImageRecord &record)
{
    QString name = QFileInfo(toQString(record.path)).fileName();
    if (record.frame)
        name += ProjectSession::tr(" · frame %1").arg(*record.frame);
    return name;
}

} // namespace

namespace {

struct Opening
{
    ProjectCounts counts;
    QString readOnlyReason;
    bool canTakeOver = false;
    PartPalette palette;
    QString taxonomyProblem;
};

// The mark of the one window that changes a project, beside the lock that every writer takes for
// the time of its writing: `sapsam` may work on the project while a window shows it.
std::unique_ptr<QLockFile> lockWindow(const QString &folder, bool takeOver, Opening &opening)
{
    auto lock = std::make_unique<QLockFile>(folder + QStringLiteral("/window.lock"));
    lock->setStaleLockTime(0); // old is not dead; a dead process of this machine is noticed
    if (takeOver)
        lock->removeStaleLockFile();
    if (lock->tryLock(0))
        return lock;
    if (lock->error() == QLockFile::LockFailedError) {
        qint64 pid = 0;
        QString host;
        QString program;
        lock->getLockInfo(&pid, &host, &program);
        opening.readOnlyReason =
            ProjectSession::tr("Another window has this project open (process %1 on %2). What is "
                               "changed there shows up here; to change it here, close the other "
                               "window and open the project again.")
                .arg(pid)
                .arg(host.isEmpty() ? QStringLiteral("?") : host);
        opening.canTakeOver = !host.isEmpty() && host != QSysInfo::machineHostName();
    } else {
        opening.readOnlyReason =
            ProjectSession::tr("Nothing can be written in “%1”: it is open for reading only. To "
                               "change it, copy the project to a disk that you may write, or "
                               "change the permissions of the folder.")
                .arg(folder);
    }
    return nullptr;
}

} // namespace

struct ProjectSession::EngineState
{
    explicit EngineState(const SessionOptions &options)
        : engines(std::make_unique<Engines>(toStdString(options.modelsFolder), options.engine))
    {
    }

    ProjectStore &openStore()
    {
        if (!store)
            throw Error(ErrorKind::NotFound, "no project is open");
        return *store;
    }

    std::unique_ptr<Engines> engines;
    std::unique_ptr<QLockFile> window; // held while the project can be changed in this window
    std::unique_ptr<ProjectStore> store;
};

struct ProjectSession::ReaderState
{
    std::unique_ptr<ProjectStore> store;
    std::int64_t version = -1;
    std::optional<std::string> merges; // as they were stored when they were last read
};

struct ProjectSession::EditorState
{
    EditJournal &openJournal(const std::string &folder)
    {
        if (!store || store->folder() != folder) {
            journal.reset();
            store = std::make_unique<ProjectStore>(ProjectStore::open(folder));
            journal = std::make_unique<EditJournal>(*store);
        }
        return *journal;
    }

    std::unique_ptr<ProjectStore> store;
    std::unique_ptr<EditJournal> journal;
};

// One step of the journal on the undo stack. The journal has taken the step already when the
// command is pushed.
class ProjectSession::EditCommand final : public QUndoCommand
{
public:
    EditCommand(ProjectSession &session, const QString &title)
        : QUndoCommand(title), m_session(session)
    {
    }

    void redo() override
    {
        if (!m_session.m_undoIsMirroring)
            m_session.stepEdit(true);
    }
    void undo() override
    {
        if (!m_session.m_undoIsMirroring)
            m_session.stepEdit(false);
    }

private:
    ProjectSession &m_session;
};

struct ProjectSession::Report
{
    QString summary;
    QStringList notes;
};

ProjectSession::ProjectSession(const SessionOptions &options, QObject *parent)
    : QObject(parent),
      m_options(options),
      m_taxonomy{options.palette, {}},
      m_engineState(std::make_shared<EngineState>(options)),
      m_readerState(std::make_shared<ReaderState>()),
      m_editorState(std::make_shared<EditorState>()),
      m_reader(std::make_unique<JobRunner>(QStringLiteral("sapsam-reader"))),
      m_engine(std::make_unique<JobRunner>(QStringLiteral("sapsam-engine"))),
      m_editor(std::make_unique<JobRunner>(QStringLiteral("sapsam-editor"))),
      m_assist(std::make_unique<JobRunner>(QStringLiteral("sapsam-assist")))
{
    m_poll.setInterval(kPollMs);
    connect(&m_poll, &QTimer::timeout, this, [this] { refresh(false); });
    // The log first: who hears of a job's end finds it ended there.
    m_jobs.listenTo(m_engine.get());
    connect(m_engine.get(), &JobRunner::finished, this, &ProjectSession::finishJob);

    // Asking for the device may load a driver: not on this thread.
    const JobId job = m_reader->start(
        QString(), this,
        [engine = m_options.engine](const CancelToken &, const ProgressSink &) {
            return resolveDevice(engine);
        },
        [this](const DeviceInfo &device) { Q_EMIT deviceResolved(device); });
    connect(m_reader.get(), &JobRunner::finished, this,
            [this, job](JobId finished, JobOutcome outcome, const ErrorReport &error) {
                if (finished == job && outcome == JobOutcome::Failed)
                    Q_EMIT deviceFailed(error);
            });
}

ProjectSession::~ProjectSession()
{
    m_poll.stop();
    // Nobody listens any more: receivers may be half gone.
    disconnect(this, nullptr, nullptr, nullptr);
    m_assist.reset();
    m_reader.reset();
    m_engine.reset();
    // Edits that wait are stored, not dropped: the destructor of a lane would cancel them.
    auto stored = std::make_shared<std::promise<void>>();
    std::future<void> isStored = stored->get_future();
    m_editor->start(QString(), [stored](const CancelToken &, const ProgressSink &) {
        stored->set_value();
        return JobRunner::Delivery();
    });
    isStored.wait();
    m_editor.reset();
}

QString ProjectSession::name() const
{
    QString name = QFileInfo(m_folder).fileName();
    if (name.endsWith(QLatin1String(".sapsam")))
        name.chop(7);
    return name;
}

void ProjectSession::open(const QString &folder, OpenMode mode)
{
    openWith(folder, false, mode);
}

void ProjectSession::create(const QString &folder)
{
    openWith(folder, true, OpenMode::Normal);
}

void ProjectSession::makeDemo(const QString &folder)
{
    close();
    const std::string path = toStdString(folder);
    const std::string pictures =
        toStdString(QFileInfo(folder).path() + QStringLiteral("/pictures"));
    const JobId job = startStep(
        tr("Make the demo project"), 0,
        [path, pictures](EngineState &, const CancelToken &cancel, const ProgressSink &progress) {
            SyntheticOptions options;
            options.count = kDemoPictures;
            options.seed = kDemoSeed;
            const std::string listing = pictures + "/CUHK-PEDES";
            // What an interrupted attempt has made is used.
            if (!QFileInfo::exists(toQString(listing + "/reid_raw.json")))
                writeSyntheticDataset(pictures, options, cancel, progress);
            if (cancel.isCancelled())
                return Report{};
            ProjectStore store = ProjectStore::isProject(path) ? ProjectStore::open(path)
                                                               : ProjectStore::create(path);
            ImportOptions import;
            import.paths = {listing};
            import.format = "cuhk-pedes";
            const ImportReport report = sapsam::importPaths(store, import, cancel, progress);
            // Their true label maps are known: the merges are previewed exactly.
            if (!cancel.isCancelled())
                attachLabelMaps(store, pictures, cancel, progress);
            return Report{tr("new pictures: %1").arg(countText(report.imported)),
                          notesOf(report.skipped)};
        });
    // Once, for this job: opening it ends with the project on the screen.
    auto once = std::make_shared<QMetaObject::Connection>();
    *once = connect(this, &ProjectSession::jobFinished, this,
                    [this, once, job, folder](JobId finished, JobOutcome outcome) {
                        if (finished != job)
                            return;
                        disconnect(*once);
                        if (outcome != JobOutcome::Done)
                            return;
                        open(folder);
                        m_preparesWhenOpen = true;
                    });
}

void ProjectSession::openWith(const QString &folder, bool create, OpenMode mode)
{
    close();
    const int generation = m_generation;
    const std::string path = toStdString(folder);
    m_openJob = m_engine->start(
        QString(), this,
        [state = m_engineState, path, folder, create, mode](const CancelToken &,
                                                            const ProgressSink &) {
            Opening opening;
            if (create) {
                state->store = std::make_unique<ProjectStore>(ProjectStore::create(path));
                state->window = lockWindow(folder, false, opening);
            } else {
                if (ProjectStore::isProject(path))
                    state->window = lockWindow(folder, mode == OpenMode::TakeOver, opening);
                if (!opening.readOnlyReason.isEmpty()) {
                    state->store = std::make_unique<ProjectStore>(
                        ProjectStore::open(path, ProjectStore::Access::ReadOnly));
                } else {
                    try {
                        state->store = std::make_unique<ProjectStore>(ProjectStore::open(path));
                    } catch (const Error &error) {
                        state->window.reset();
                        if (error.kind() != ErrorKind::Io)
                            throw;
                        // A database that cannot be written can still be looked at.
                        state->store = std::make_unique<ProjectStore>(
                            ProjectStore::open(path, ProjectStore::Access::ReadOnly));
                        opening.readOnlyReason = toQString(error.what());
                    }
                }
            }
            opening.counts = state->store->counts();
            const ShownTaxonomy taxonomy = readTaxonomy(*state->store);
            opening.palette = taxonomy.palette;
            opening.taxonomyProblem = taxonomy.problem;
            return opening;
        },
        [this, generation, folder](const Opening &opening) {
            if (generation != m_generation)
                return;
            m_readOnlyReason = opening.readOnlyReason;
            m_canTakeOver = opening.canTakeOver;
            m_isOpen = true;
            m_folder = folder;
            m_counts = opening.counts;
            m_shownImages = -1;
            setTaxonomy({opening.palette, opening.taxonomyProblem});
            Q_EMIT opened();
            Q_EMIT countsChanged();
            refresh(true);
            rebuildUndo();
            m_poll.start();
            if (opening.counts.embedded > 0)
                warmUp();
            if (std::exchange(m_preparesWhenOpen, false))
                prepareAll();
        });
    m_folder = folder;
}

void ProjectSession::warmUp()
{
    m_engine->start(
        QString(), this,
        [state = m_engineState](const CancelToken &cancel, const ProgressSink &) {
            if (!cancel.isCancelled())
                state->engines->retriever();
        },
        [] {});
}

void ProjectSession::close()
{
    ++m_generation;
    m_poll.stop();
    m_engine->cancelAll();
    m_reader->cancelAll();
    m_assist->cancelAll();
    m_undoIsMirroring = true;
    m_undo.clear();
    m_undoIsMirroring = false;
    m_openJob = 0;
    m_refreshing = false;
    m_readOnlyReason.clear();
    m_preparesWhenOpen = false;
    m_canTakeOver = false;
    if (!m_isOpen)
        return;
    m_isOpen = false;
    m_counts = {};
    m_engine->start(
        QString(), this,
        [state = m_engineState](const CancelToken &, const ProgressSink &) {
            state->store.reset();
            state->window.reset();
        },
        [] {});
    m_reader->start(
        QString(), this,
        [state = m_readerState](const CancelToken &, const ProgressSink &) {
            state->store.reset();
            state->version = -1;
            state->merges.reset();
        },
        [] {});
    m_editor->start(
        QString(), this,
        [state = m_editorState](const CancelToken &, const ProgressSink &) {
            state->journal.reset();
            state->store.reset();
        },
        [] {});
    Q_EMIT closed();
}

ProjectSession::ShownTaxonomy ProjectSession::readTaxonomy(ProjectStore &store)
{
    const CurrentTaxonomy current = currentTaxonomyOrDefault(store);
    return {makePartPalette(current.taxonomy, knownTaxonomies(store)), toQString(current.problem)};
}

void ProjectSession::setTaxonomy(const ShownTaxonomy &taxonomy)
{
    if (taxonomy == m_taxonomy)
        return;
    m_taxonomy = taxonomy;
    Q_EMIT taxonomyChanged();
}

JobId ProjectSession::startReading(Reading work)
{
    return m_reader->start(QString(),
                           [state = m_readerState, folder = toStdString(m_folder),
                            work = std::move(work)](const CancelToken &cancel,
                                                    const ProgressSink &) -> JobRunner::Delivery {
                               if (!state->store || state->store->folder() != folder) {
                                   state->store = std::make_unique<ProjectStore>(
                                       ProjectStore::open(folder, ProjectStore::Access::ReadOnly));
                                   state->version = -1;
                               }
                               return work(*state->store, cancel);
                           });
}

JobId ProjectSession::startRunning(const QString &title, Running work, JobRunner::Priority priority)
{
    return m_engine->start(
        title,
        [state = m_engineState, work = std::move(work)](
            const CancelToken &cancel, const ProgressSink &progress) -> JobRunner::Delivery {
            return work(state->openStore(), *state->engines, cancel, progress);
        },
        priority);
}

void ProjectSession::editLane(const QString &title, Editing work, QObject *guard,
                              std::function<void(const Edit &)> then, std::function<void()> failed)
{
    if (!m_isOpen)
        return;
    struct Outcome
    {
        Edit edit;
        std::optional<ErrorReport> error;
    };
    const int generation = m_generation;
    const std::shared_ptr<QObject *> watched = watch(guard != nullptr ? guard : this);
    // Never cancelled half-way: the journal's transaction is the unit.
    m_editor->start(
        QString(), this,
        [state = m_editorState, folder = toStdString(m_folder),
         work = std::move(work)](const CancelToken &, const ProgressSink &) {
            Outcome outcome;
            try {
                EditJournal &journal = state->openJournal(folder);
                outcome.edit = work(*state->store, journal);
            } catch (const std::exception &) {
                outcome.error = reportOfCurrentException();
            }
            return outcome;
        },
        [this, generation, title, watched, then = std::move(then),
         failed = std::move(failed)](const Outcome &outcome) {
            if (generation != m_generation)
                return;
            if (outcome.error) {
                rebuildUndo();
                if (failed && isAlive(watched))
                    failed();
                Q_EMIT editFailed(title, *outcome.error);
                return;
            }
            if (then && isAlive(watched))
                then(outcome.edit);
            if (outcome.edit.id != 0) {
                Q_EMIT edited(outcome.edit);
                Q_EMIT savedAt(QDateTime::currentDateTime());
                refresh(false);
            }
        });
}

bool ProjectSession::refuseWhenReadOnly(const QString &title)
{
    if (!isReadOnly())
        return false;
    const ErrorReport report{ErrorKind::Io, toStdString(m_readOnlyReason)};
    // Later, as from the lane: who asked is still at work.
    QMetaObject::invokeMethod(
        this, [this, title, report] { Q_EMIT editFailed(title, report); }, Qt::QueuedConnection);
    return true;
}

void ProjectSession::edit(Edit edit, QObject *guard, std::function<void(const Edit &)> then)
{
    const QString title = toQString(edit.title);
    if (refuseWhenReadOnly(title))
        return;
    editLane(
        title,
        [edit = std::move(edit)](ProjectStore &, EditJournal &journal) {
            return journal.apply(edit);
        },
        guard,
        [this, title, then = std::move(then)](const Edit &stored) {
            if (stored.id != 0)
                pushEdit(title);
            if (then)
                then(stored);
        });
}

void ProjectSession::edit(const QString &title, std::function<Edit(ProjectStore &)> make,
                          QObject *guard, std::function<void(const Edit &)> then,
                          std::function<void()> failed)
{
    if (refuseWhenReadOnly(title)) {
        if (failed)
            failed();
        return;
    }
    editLane(
        title,
        [make = std::move(make)](ProjectStore &store, EditJournal &journal) {
            return journal.apply(make(store));
        },
        guard,
        [this, title, then = std::move(then)](const Edit &stored) {
            if (stored.id != 0)
                pushEdit(title);
            if (then)
                then(stored);
        },
        std::move(failed));
}

void ProjectSession::pushEdit(const QString &title)
{
    m_undoIsMirroring = true;
    m_undo.push(new EditCommand(*this, title));
    m_undoIsMirroring = false;
}

void ProjectSession::stepEdit(bool forward)
{
    if (refuseWhenReadOnly(forward ? tr("Redo") : tr("Undo"))) {
        rebuildUndo();
        return;
    }
    editLane(forward ? tr("Redo") : tr("Undo"),
             [forward](ProjectStore &, EditJournal &journal) {
                 return forward ? journal.redo() : journal.undo();
             },
             nullptr, {});
}

void ProjectSession::rebuildUndo()
{
    struct Steps
    {
        std::vector<Edit> done;
        std::vector<Edit> undone;
    };
    const int generation = m_generation;
    m_editor->start(
        QString(), this,
        [folder = toStdString(m_folder)](const CancelToken &, const ProgressSink &) {
            // Reading only: a project that cannot be written still shows its history.
            ProjectStore store = ProjectStore::open(folder, ProjectStore::Access::ReadOnly);
            EditJournal journal(store);
            return Steps{journal.undoable(), journal.redoable()};
        },
        [this, generation](const Steps &steps) {
            if (generation != m_generation)
                return;
            m_undoIsMirroring = true;
            m_undo.clear();
            for (auto edit = steps.done.rbegin(); edit != steps.done.rend(); ++edit)
                m_undo.push(new EditCommand(*this, toQString(edit->title)));
            for (const Edit &edit : steps.undone)
                m_undo.push(new EditCommand(*this, toQString(edit.title)));
            m_undo.setIndex(static_cast<int>(steps.done.size()));
            m_undoIsMirroring = false;
        });
}

void ProjectSession::refresh(bool forceImages)
{
    if (!m_isOpen || (m_refreshing && !forceImages))
        return;
    m_refreshing = true;
    struct Update
    {
        bool changed = false;
        ProjectCounts counts;
        std::optional<std::vector<GalleryItem>> items;
        QStringList queries; // newest first; only with forceImages
        std::optional<ShownTaxonomy> taxonomy;
    };
    const int generation = m_generation;
    m_reader->start(
        QString(), this,
        [state = m_readerState, folder = toStdString(m_folder), shown = m_shownImages,
         forceImages](const CancelToken &, const ProgressSink &) {
            Update update;
            if (!state->store || state->store->folder() != folder) {
                state->store = std::make_unique<ProjectStore>(
                    ProjectStore::open(folder, ProjectStore::Access::ReadOnly));
                state->version = -1;
            }
            const std::int64_t version = state->store->dataVersion();
            if (version == state->version && !forceImages)
                return update;
            update.changed = true;
            state->version = version;
            update.counts = state->store->counts();
            std::string merges = state->store->setting(kCurrentTaxonomyKey);
            if (merges != state->merges) {
                update.taxonomy = readTaxonomy(*state->store);
                state->merges = std::move(merges);
            }
            if (forceImages) {
                for (const QueryRecord &query : state->store->recentQueries(kRecentQueries))
                    update.queries.append(toQString(query.text));
                update.queries.removeDuplicates();
            }
            if (forceImages || update.counts.images != shown) {
                const std::vector<ImageRecord> records = state->store->images();
                std::vector<GalleryItem> items;
                items.reserve(records.size());
                for (const ImageRecord &record : records) {
                    GalleryItem item;
                    item.id = record.id;
                    item.picture = pictureRef(*state->store, record);
                    item.name = nameOf(record);
                    item.path = toQString(record.path);
                    items.push_back(std::move(item));
                }
                update.items = std::move(items);
            }
            return update;
        },
        [this, generation](Update update) {
            if (generation != m_generation)
                return;
            m_refreshing = false;
            if (!update.changed)
                return;
            m_counts = update.counts;
            // First: who loads the new content draws it in the new colours.
            if (update.taxonomy)
                setTaxonomy(*update.taxonomy);
            if (update.items) {
                m_shownImages = update.counts.images;
                Q_EMIT imagesLoaded(*update.items);
            }
            if (!update.queries.isEmpty())
                Q_EMIT queriesLoaded(update.queries);
            Q_EMIT countsChanged();
            Q_EMIT contentChanged();
            Q_EMIT savedAt(QDateTime::currentDateTime());
        });
}

template <typename Step>
JobId ProjectSession::startStep(const QString &title, JobId after, Step step)
{
    auto id = std::make_shared<JobId>(0);
    const int generation = m_generation;
    *id = m_engine->start(
        title, this,
        [state = m_engineState, step](const CancelToken &cancel, const ProgressSink &progress) {
            return step(*state, cancel, progress);
        },
        [this, id, generation](const Report &report) {
            if (generation != m_generation)
                return;
            m_jobs.setReport(*id, report.summary, report.notes);
            refresh(false);
        },
        JobRunner::Priority::Normal, after);
    return *id;
}

void ProjectSession::importPaths(const QStringList &paths, bool detectPeople)
{
    if (!m_isOpen || paths.isEmpty())
        return;
    ImportOptions options;
    for (const QString &path : paths)
        options.paths.push_back(toStdString(path));
    options.detect = detectPeople;
    startStep(
        tr("Import"), 0,
        [options](EngineState &state, const CancelToken &cancel, const ProgressSink &progress) {
            const ImportReport report =
                sapsam::importPaths(state.openStore(), options, cancel, progress);
            QString summary = tr("new pictures: %1").arg(countText(report.imported));
            if (report.known > 0)
                summary += tr(", known already: %1").arg(countText(report.known));
            return Report{summary, notesOf(report.skipped)};
        });
}

JobId ProjectSession::startSegment(JobId after)
{
    if (!m_isOpen)
        return 0;
    return startStep(
        tr("Segment"), after,
        [](EngineState &state, const CancelToken &cancel, const ProgressSink &progress) {
            const SegmentReport report =
                segmentProject(state.openStore(), *state.engines, cancel, progress);
            return Report{tr("pictures: %1, parts: %2")
                              .arg(countText(report.images), countText(report.regions)),
                          notesOf(report.failed)};
        });
}

JobId ProjectSession::startPhrases(JobId after)
{
    if (!m_isOpen)
        return 0;
    return startStep(
        tr("Write phrases"), after,
        [](EngineState &state, const CancelToken &cancel, const ProgressSink &progress) {
            const PhraseReport report =
                phraseProject(state.openStore(), *state.engines, cancel, progress);
            return Report{tr("phrases: %1").arg(countText(report.phrases)), notesOf(report.failed)};
        });
}

JobId ProjectSession::startEmbed(JobId after)
{
    if (!m_isOpen)
        return 0;
    return startStep(
        tr("Embed"), after,
        [](EngineState &state, const CancelToken &cancel, const ProgressSink &progress) {
            const EmbedReport report =
                embedProject(state.openStore(), *state.engines, cancel, progress);
            return Report{tr("pictures: %1").arg(countText(report.images)), notesOf(report.failed)};
        });
}

void ProjectSession::prepareAll()
{
    startEmbed(startPhrases(startSegment(0)));
}

bool ProjectSession::isWorking() const
{
    return m_jobs.openCount() > 0;
}

void ProjectSession::cancelJob(JobId job)
{
    m_engine->cancel(job);
}

void ProjectSession::cancelAllJobs()
{
    m_engine->cancelAll();
}

void ProjectSession::finishJob(JobId job, JobOutcome outcome, const ErrorReport &error)
{
    const JobEntry *entry = m_jobs.entry(job);
    const QString title = entry != nullptr ? entry->title : QString();
    if (job == m_openJob) {
        m_openJob = 0;
        if (outcome == JobOutcome::Failed)
            Q_EMIT openFailed(m_folder, error);
    } else {
        // Work without a title is a service whose failure shows when it is needed.
        if (outcome == JobOutcome::Failed && !title.isEmpty())
            Q_EMIT jobFailed(title, error);
    }
    Q_EMIT jobFinished(job, outcome);
}

void ProjectSession::loadDetails(qint64 imageId)
{
    if (!m_isOpen)
        return;
    const quint64 request = ++m_detailsRequest;
    const int generation = m_generation;
    auto failure = std::make_shared<std::optional<ErrorReport>>();
    m_reader->start(
        QString(), this,
        [state = m_readerState, folder = toStdString(m_folder), palette = m_taxonomy.palette,
         imageId, failure](const CancelToken &, const ProgressSink &) {
            PictureDetails details;
            details.id = imageId;
            try {
                if (!state->store || state->store->folder() != folder)
                    state->store = std::make_unique<ProjectStore>(
                        ProjectStore::open(folder, ProjectStore::Access::ReadOnly));
                ProjectStore &store = *state->store;
                const ImageRecord record = store.image(imageId);
                details.name = nameOf(record);
                details.path = toQString(record.path);
                for (const CaptionRecord &caption : store.captions(imageId))
                    details.captions.append(toQString(caption.text));
                std::vector<RegionRecord> regions = store.regions(imageId);
                details.absent = store.absentRegions(imageId);
                const std::vector<PhraseRecord> phrases = store.phrases(imageId);
                std::erase_if(regions,
                              [](const RegionRecord &region) { return region.area <= 0.0; });
                std::stable_sort(regions.begin(), regions.end(),
                                 [&](const RegionRecord &a, const RegionRecord &b) {
                                     return palette.order(toQString(a.group))
                                            < palette.order(toQString(b.group));
                                 });
                try {
                    details.picture = readPicture(pictureRef(store, record));
                } catch (const Error &error) {
                    if (record.width <= 0 || record.height <= 0)
                        throw;
                    // The masks and phrases are there still: they stand on a grey sheet.
                    details.picture = QImage(record.width, record.height, QImage::Format_RGB32);
                    details.picture.fill(QColor(128, 128, 128));
                    details.problems.append(
                        tr("The picture itself cannot be shown: %1\nPut the file back where it "
                           "was, or import it from its new place. Its masks and phrases are kept.")
                            .arg(toQString(error.what())));
                }
                details.size = details.picture.size();
                details.isSegmented = !regions.empty();
                // The size that all layers share: the picture's, unless no mask has it.
                QSize maskSize = details.size;
                const auto hasSize = [&](const RegionRecord &region) {
                    return QSize(region.width, region.height) == maskSize;
                };
                if (!regions.empty() && std::none_of(regions.begin(), regions.end(), hasSize))
                    maskSize = QSize(regions.front().width, regions.front().height);
                for (const RegionRecord &region : regions) {
                    PartRow part;
                    part.group = toQString(region.group);
                    part.title = palette.title(part.group);
                    part.color = palette.color(part.group);
                    part.record = region;
                    part.score = region.score;
                    part.area = region.area;
                    part.maskOrigin = toQString(region.origin);
                    part.model = region.modelHash.empty()
                                     ? QString()
                                     : tr("model %1").arg(shortHash(region.modelHash));
                    for (const PhraseRecord &phrase : phrases) {
                        if (phrase.regionId == region.id) {
                            part.phrase = toQString(phrase.text);
                            part.phraseOrigin = toQString(phrase.origin);
                        }
                    }
                    // An empty one where it cannot be shown: parts and layers stay side by side.
                    Mask mask(maskSize.width(), maskSize.height());
                    if (QSize(region.width, region.height) != maskSize) {
                        details.problems.append(
                            tr("The mask of “%1” is made for a picture of %2 × %3 and is not "
                               "shown; the others are. Segment the picture again to replace it.")
                                .arg(part.title)
                                .arg(region.width)
                                .arg(region.height));
                    } else {
                        try {
                            mask =
                                maskOfRle(rleFromString(region.rle, region.width, region.height));
                        } catch (const Error &error) {
                            details.problems.append(
                                tr("The mask of “%1” is damaged and is not shown; the others are. "
                                   "Segment the picture again to replace it. (%2)")
                                    .arg(part.title, toQString(error.what())));
                        }
                    }
                    details.layers.push_back(
                        makeLayer(part.group, part.color, 0, mask, overlayFactor(maskSize)));
                    details.parts.push_back(std::move(part));
                }
            } catch (const std::exception &) {
                *failure = reportOfCurrentException();
            }
            return details;
        },
        [this, request, generation, imageId, failure](const PictureDetails &details) {
            if (request != m_detailsRequest || generation != m_generation)
                return;
            if (*failure)
                Q_EMIT detailsFailed(imageId, **failure);
            else
                Q_EMIT detailsLoaded(details);
        });
}

bool ProjectSession::isIdle() const
{
    return m_engine->isIdle() && m_reader->isIdle() && m_editor->isIdle() && m_assist->isIdle();
}

} // namespace sapsam::ui
