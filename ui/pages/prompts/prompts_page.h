#pragma once

#include "ui/jobs/project_session.h"
#include "ui/pages/page.h"
#include "ui/pages/prompts/lab_data.h"

#include <QList>
#include <QTimer>

#include <memory>
#include <mutex>
#include <vector>

class QAction;
class QComboBox;
class QLabel;
class QListWidget;
class QPushButton;
class QSpinBox;
class QStackedWidget;
class QToolButton;

namespace sapsam::ui {

class CellPanel;
class EmptyState;
class TemplateEditor;
class TrialModel;
class TrialView;

// The prompt lab: templates on a sample of regions, judged, and the winner given to the project.
// What a person changes goes through the journal; a trial is a job of the engine lane whose cells
// fill in as they come.
class PromptsPage final : public WorkbenchPage
{
    Q_OBJECT

public:
    explicit PromptsPage(const PageContext &context, QWidget *parent = nullptr);
    ~PromptsPage() override;

    QString pageId() const override { return QStringLiteral("prompts"); }
    QString title() const override { return tr("Prompt lab"); }
    void makeActions(ActionRegistry &actions) override;
    void fillMenu(QMenu &menu) override;
    void activate() override;
    bool isSettled() const override;
    void prepareScreenshot() override;
    void refreshIcons() override;
    bool isAvailable() const override;

    TrialModel *model() const { return m_model; }
    TrialView *view() const { return m_view; }
    TemplateEditor *editor() const { return m_editor; }
    CellPanel *cellPanel() const { return m_cell; }
    QListWidget *groupList() const { return m_groups; }
    QComboBox *experimentBox() const { return m_experiments; }
    QComboBox *modelBox(int which) const { return which == 0 ? m_modelA : m_modelB; }
    QToolButton *deleteButton() const { return m_delete; }
    QSpinBox *cropsBox() const { return m_crops; }
    QSpinBox *limitBox() const { return m_limit; }
    QLabel *estimateLabel() const { return m_estimate; }
    QString emptyTitle() const; // "" while the matrix is shown
    const LabState &state() const { return m_state; }

    void chooseGroup(const QString &group);
    void chooseExperiment(int index); // 0: the own templates of the group
    void run();
    void cancelRun();
    void deleteTrial(); // the stored one that is chosen; can be undone
    void addTemplate();
    void removeTemplate();
    void useTemplate();  // the row of the editor becomes the project's template of its group
    void writePhrases(); // the same, and phrases with it

private:
    struct Feed; // cells on their way from the engine lane

    void reload();
    void showState(LabState state);
    void startDraft();
    void replan();
    void showTrial(Trial trial);
    void loadPictures();
    void showRow(int row);
    void showCell();
    void takeCells();
    void finishRun();
    void updateEstimate();
    void updateButtons();
    void afterUse(bool alsoWrite);
    TrialDefinition definition() const;
    const LabGroup *currentGroup() const;
    const PhraseModelFacts *factsOf(int which) const;
    int currentRow() const;
    std::int64_t currentTrial() const; // number of the stored trial that is chosen; 0 for none

    PageContext m_context;
    QList<QAction *> m_actions;
    LabState m_state;
    bool m_hasState = false;
    QString m_group;
    TrialDefinition m_draft; // name, source and rows
    QListWidget *m_groups;
    TemplateEditor *m_editor;
    QComboBox *m_experiments;
    QSpinBox *m_crops;
    QSpinBox *m_seed;
    QComboBox *m_modelA;
    QComboBox *m_modelB;
    QPushButton *m_run;
    QToolButton *m_delete;
    QToolButton *m_add;
    QToolButton *m_remove;
    TrialModel *m_model;
    TrialView *m_view;
    EmptyState *m_empty;
    QStackedWidget *m_stack;
    QLabel *m_progress;
    QLabel *m_estimate;
    QSpinBox *m_limit;
    QPushButton *m_write;
    QPushButton *m_use;
    CellPanel *m_cell;
    QTimer m_replanSoon;
    QTimer m_reloadSoon;
    QTimer m_feedTimer;
    std::shared_ptr<Feed> m_feed;
    JobId m_job = 0;
    int m_pending = 0; // answers of the reader lane that are awaited
    int m_plan = 0;    // grows with every plan: late answers of an older one are dropped
    int m_row = 0;
    bool m_wantsShow = false; // for a screenshot
    bool m_isFilling = false;
    bool m_isPlanning = false; // the matrix is about to show other rows
    qint64 m_shownRegion = 0;
};

} // namespace sapsam::ui
