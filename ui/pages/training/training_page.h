#pragma once

#include "core/engine/run_metrics.h"
#include "core/engine/run_registry.h"
#include "ui/jobs/job_runner.h"
#include "ui/pages/page.h"
#include "ui/pages/training/training_dialog.h"

#include <QHash>
#include <QStringList>
#include <QTimer>

#include <memory>
#include <vector>

class QCheckBox;
class QGridLayout;
class QLabel;
class QLineEdit;
class QListView;
class QPlainTextEdit;
class QPushButton;
class QSlider;
class QStackedWidget;
class QTabBar;
class QTableView;

namespace sapsam::ui {

class CurvePlot;
class EmptyState;
class FlowLayout;
class RunsModel;
class SamplesView;
class TextTableModel;

// The training runs of a project: what runs, waits and has ended, each with its curves, log,
// settings and checkpoints. A run is a process of its own; the page only reads its folder, leaves
// it wishes and starts others, so that nothing happens to it when the window goes.
class TrainingPage final : public WorkbenchPage
{
    Q_OBJECT

public:
    enum Tab { Curves, Samples, Log, Settings, Checkpoints, Compare };

    explicit TrainingPage(const PageContext &context, QWidget *parent = nullptr);
    ~TrainingPage() override;

    QString pageId() const override { return QStringLiteral("training"); }
    QString title() const override { return tr("Training"); }
    void makeActions(ActionRegistry &actions) override;
    void fillMenu(QMenu &menu) override;
    void activate() override;
    bool isSettled() const override;
    void prepareScreenshot() override;
    void refreshIcons() override;

    // The folder of a project's runs; the page is empty without one.
    void setRunsFolder(const QString &folder);
    const QString &runsFolder() const { return m_runsFolder; }
    void refresh();

    // Makes the run's folder and starts it apart from this process, or queues it. runStarted()
    // follows, or a problem is shown.
    void startRun(const NewRun &run);
    void selectRuns(const QStringList &ids);
    QStringList selectedRuns() const; // the current one first
    TrainingDialog *showDialog();     // for a new run

    RunsModel *runs() const { return m_runs; }
    QListView *list() const { return m_list; }
    QTabBar *tabs() const { return m_tabs; }
    QPlainTextEdit *logView() const { return m_log; }
    TextTableModel *settingsModel() const { return m_settingsModel; }
    TextTableModel *checkpointsModel() const { return m_checkpointsModel; }
    TextTableModel *comparisonModel() const { return m_comparisonModel; }
    SamplesView *samples() const { return m_samples; }
    const std::vector<CurvePlot *> &plots() const { return m_plots; }
    EmptyState *emptyState() const { return m_empty; }
    bool showsEmptyState() const;
    QString message() const; // about the selected run
    QString countNote() const;
    QPushButton *stopButton() const { return m_stop; }
    QPushButton *resumeButton() const { return m_resume; }
    QPushButton *useButton() const { return m_use; }
    QLineEdit *modelNameEdit() const { return m_modelName; }
    QString usedText() const;

Q_SIGNALS:
    void refreshed();
    void runStarted(const QString &id);
    void modelUsed(const QString &task, const QString &name);

private:
    struct LaneState;
    struct Wanted;
    struct Snapshot;

    void buildLeft(QWidget *left);
    void buildRight(QWidget *right);
    QTableView *makeTable(TextTableModel *model, const QString &name);
    void take(Snapshot &&snapshot);
    void showCurrent();
    void showTab();
    void rebuildPlots();
    void updateActions();
    void showProblem(const QString &what, const ErrorReport &error);
    // Runs on the page's lane; a problem is shown, and the page refreshed afterwards.
    void perform(const QString &what, std::function<void()> work);
    const RunSummary *current() const;
    void stopSelected();
    void resumeSelected();
    void cloneSelected();
    void queueSelected();
    void moveInQueue(int places);
    void revealSelected();
    void useModel();
    void addFolder();

    PageContext m_context;
    QString m_runsFolder;
    RunsModel *m_runs;
    EmptyState *m_empty;
    QStackedWidget *m_stack;
    QListView *m_list;
    QLabel *m_count;
    QPushButton *m_new;
    QPushButton *m_add;
    QLabel *m_name;
    QLabel *m_state;
    QLabel *m_progress;
    QLabel *m_message;
    FlowLayout *m_badges = nullptr;
    QWidget *m_badgeArea;
    QStringList m_shownBadges;
    QPushButton *m_stop;
    QPushButton *m_resume;
    QPushButton *m_clone;
    QPushButton *m_enqueue;
    QPushButton *m_reveal;
    QTabBar *m_tabs;
    QStackedWidget *m_tabPages;
    QCheckBox *m_logScale;
    QSlider *m_smoothing;
    QLabel *m_curveNote;
    QWidget *m_plotArea;
    QGridLayout *m_plotGrid;
    QLabel *m_noCurves;
    std::vector<CurvePlot *> m_plots;
    QStringList m_plotKey; // what the plots were built for
    SamplesView *m_samples;
    QPlainTextEdit *m_log;
    TextTableModel *m_settingsModel;
    TextTableModel *m_checkpointsModel;
    TextTableModel *m_comparisonModel;
    QTableView *m_settingsTable;
    QTableView *m_checkpointsTable;
    QTableView *m_comparisonTable;
    QLineEdit *m_modelName;
    QPushButton *m_use;
    QLabel *m_used;

    QHash<QString, std::shared_ptr<RunMetrics>> m_metrics; // of the selected runs
    QList<QAction *> m_actions;
    QTimer m_poll;
    bool m_isRefreshing = false;
    bool m_refreshAgain = false;
    bool m_hasSnapshot = false; // of what is selected now
    bool m_wantsCurve = false;  // a screenshot waits for something to be measured
    QString m_selectWhenSeen;
    std::shared_ptr<LaneState> m_laneState; // used on the lane only
    std::unique_ptr<JobRunner> m_lane;      // ends first
};

} // namespace sapsam::ui
