#pragma once

#include "ui/jobs/project_session.h"
#include "ui/pages/evaluation/evaluate_dialog.h"
#include "ui/pages/evaluation/evaluation_models.h"
#include "ui/pages/page.h"

#include <QList>

#include <memory>
#include <optional>

class QAction;
class QComboBox;
class QLabel;
class QListView;
class QPushButton;
class QSplitter;
class QStackedWidget;
class QTabBar;
class QTableView;
class QTableWidget;
class QVBoxLayout;

namespace sapsam::ui {

class CmcChart;
class EmptyState;
class IouChart;
class MatrixChart;
class PictureStrip;
class ShiftChart;

// How good a model is and why not better: numbers with intervals, parts, misses by cause, what
// another model changes, and what there is to know about the protocol.
class EvaluationPage final : public WorkbenchPage
{
    Q_OBJECT

public:
    enum Tab { Summary, PerClass, Failures, Diff, Protocol, TabCount };

    explicit EvaluationPage(const PageContext &context, QWidget *parent = nullptr);
    ~EvaluationPage() override;

    QString pageId() const override { return QStringLiteral("evaluation"); }
    QString title() const override { return tr("Evaluation"); }
    void makeActions(ActionRegistry &actions) override;
    void fillMenu(QMenu &menu) override;
    void activate() override;
    bool isSettled() const override;
    void prepareScreenshot() override;
    void refreshIcons() override;

    // Measures as a job of the engine lane, keeps the report in the project and shows it.
    void startEvaluation(const std::string &kind, const std::string &modelFolder,
                         const EvaluationRequest &request);
    bool isEvaluating() const { return m_running > 0; }
    void showTab(Tab tab);
    Tab currentTab() const;
    const EvaluationReport *report() const { return m_report.get(); }
    QString message() const; // what stands above the tabs, such as why something failed

    EvaluationListModel *list() const { return m_list; }
    CauseModel *causes() const { return m_causes; }
    MissModel *misses() const { return m_misses; }
    ShiftModel *shifts() const { return m_shifts; }
    QTableView *missTable() const { return m_missTable; }
    QListView *listView() const { return m_listView; }
    PictureStrip *strip() const { return m_strip; }
    QComboBox *diffBox(bool second) const { return second ? m_diffB : m_diffA; }
    QComboBox *beyondBox() const { return m_beyond; }

    // Writes the report that is shown; the ending decides the format. Not on the GUI thread.
    void exportTo(const QString &path);

Q_SIGNALS:
    void reportShown();
    void exported(const QString &path);
    void diffShown();

private:
    QWidget *makeSummary();
    QWidget *makePerClass();
    QWidget *makeFailures();
    QWidget *makeDiff();
    QWidget *makeProtocol();

    void reload(qint64 select = 0);
    void openDialog();
    void openReportFile();
    void chooseExport();
    void removeCurrent();
    void load(qint64 id);
    void showReport(const ReportPointer &report);
    void showNothing();
    void showMessage(const QString &text);
    void fillCards();
    void fillPaper();
    void fillPerClass();
    void loadMerges();
    void fillMisses();
    void showMiss(int query);
    void fillDiffBoxes();
    void compare();
    void fillProtocol();
    void updateActions();

    PageContext m_context;
    PartPalette m_parts; // of the project
    QList<QAction *> m_actions;
    QAction *m_exportAction = nullptr;
    QAction *m_removeAction = nullptr;
    EvaluationListModel *m_list;
    CauseModel *m_causes;
    MissModel *m_misses;
    ShiftModel *m_shifts;
    ReportPointer m_report;
    qint64 m_shownId = 0;
    int m_running = 0; // evaluations that have been asked for
    int m_loading = 0;
    quint64 m_loadRequest = 0;
    quint64 m_diffRequest = 0;
    bool m_wantsScreenshot = false;
    int m_shownQuery = -1;

    QListView *m_listView;
    QPushButton *m_evaluate;
    QPushButton *m_export;
    QStackedWidget *m_stack;
    EmptyState *m_empty;
    QLabel *m_title;
    QLabel *m_subtitle;
    QLabel *m_message;
    QTabBar *m_tabs;
    QStackedWidget *m_pages;

    QWidget *m_cards;
    CmcChart *m_cmc = nullptr;
    QWidget *m_cmcArea = nullptr;
    QTableWidget *m_paper = nullptr;
    QLabel *m_paperTitle = nullptr;
    QLabel *m_paperNote = nullptr;
    QStackedWidget *m_perClass = nullptr;
    IouChart *m_iou = nullptr;
    MatrixChart *m_matrix = nullptr;
    QLabel *m_matrixText = nullptr;
    PictureStrip *m_worst = nullptr;
    QStackedWidget *m_failures = nullptr;
    QListView *m_causeView = nullptr;
    QComboBox *m_beyond = nullptr;
    QTableView *m_missTable = nullptr;
    QLabel *m_missText = nullptr;
    QLabel *m_missCause = nullptr;
    QLabel *m_missEvidence = nullptr;
    QLabel *m_missRule = nullptr;
    PictureStrip *m_strip = nullptr;
    QPushButton *m_ask = nullptr;
    QComboBox *m_diffA = nullptr;
    QComboBox *m_diffB = nullptr;
    QLabel *m_diffText = nullptr;
    QTableWidget *m_diffMetrics = nullptr;
    ShiftChart *m_shiftChart = nullptr;
    QTableView *m_shiftTable = nullptr;
    QWidget *m_diffBody = nullptr;
    QVBoxLayout *m_badges = nullptr;
};

} // namespace sapsam::ui
