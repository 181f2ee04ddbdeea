#pragma once

#include "core/engine/engine_options.h"
#include "core/pipeline/searcher.h"
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

#include <memory>
#include <vector>

namespace sapsam::ui {

struct SessionOptions
{
    QString modelsFolder;
    EngineOptions engine;
    PartPalette palette;
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
    bool isSegmented = false; // some part has been found on it
};

// An open project and the lanes that work on it.
//
// engine lane: one thread with the models, the searcher and the only writing store connection; the
// jobs of the log. reader lane: one thread with a reading connection for what the pages show.
// Thread rule: members and signals belong to the GUI thread; nothing here blocks it, except the
// destructor, which cancels and waits.
class ProjectSession final : public QObject
{
    Q_OBJECT

public:
    explicit ProjectSession(const SessionOptions &options, QObject *parent = nullptr);
    ~ProjectSession() override;

    // Closes what is open, then opens; opened() or openFailed() follows.
    void open(const QString &folder);
    void create(const QString &folder);
    void close();
    bool isOpen() const { return m_isOpen; }
    const QString &folder() const { return m_folder; }
    QString name() const;
    const ProjectCounts &counts() const { return m_counts; }
    const PartPalette &palette() const { return m_options.palette; }

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

    // searchFinished() or searchFailed() follows; a newer search replaces one that waits.
    void search(const QString &text);
    bool isSearching() const { return m_searchJob != 0; }

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
    void savedAt(const QDateTime &time);
    void jobFinished(sapsam::ui::JobId job, sapsam::ui::JobOutcome outcome);
    void jobFailed(const QString &title, const sapsam::ErrorReport &error);
    void searchStarted(const QString &text);
    void searchFinished(const sapsam::SearchResponse &response);
    void searchFailed(const QString &text, const sapsam::ErrorReport &error);
    void searchCancelled();
    void detailsLoaded(const sapsam::ui::PictureDetails &details);
    void detailsFailed(qint64 imageId, const sapsam::ErrorReport &error);
    void deviceResolved(const sapsam::DeviceInfo &device);
    void deviceFailed(const sapsam::ErrorReport &error);

private:
    struct EngineState;
    struct ReaderState;
    struct Report; // what a job did, for the log

    void openWith(const QString &folder, bool create);
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
    ProjectCounts m_counts;
    std::int64_t m_shownImages = -1;
    int m_generation = 0; // grows with open and close: late answers of another project are dropped
    quint64 m_detailsRequest = 0;
    JobId m_searchJob = 0;
    QString m_searchText;
    JobId m_openJob = 0;
    bool m_refreshing = false;
    QTimer m_poll;
    JobLogModel m_jobs;

    // Used on their lanes only. The lanes are destroyed first, so that nobody uses them any more.
    std::shared_ptr<EngineState> m_engineState;
    std::shared_ptr<ReaderState> m_readerState;
    std::unique_ptr<JobRunner> m_reader;
    std::unique_ptr<JobRunner> m_engine;
};

} // namespace sapsam::ui
