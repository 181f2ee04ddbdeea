#pragma once

#include "core/base/cancel.h"
#include "core/pipeline/merge_preview.h"
#include "core/store/taxonomy_versions.h"
#include "ui/jobs/project_session.h"
#include "ui/pages/merges/merge_models.h"
#include "ui/pages/page.h"

#include <QList>
#include <QTimer>

#include <memory>
#include <optional>

class QAction;
class QCheckBox;
class QComboBox;
class QFrame;
class QHBoxLayout;
class QLabel;
class QLineEdit;
class QListView;
class QPushButton;
class QStackedWidget;
class QTabBar;
class QTableView;
class QToolButton;

namespace sapsam::ui {

class GroupCards;
class MergeDraft;
class PreviewStrip;

// How the label classes are merged into part groups. What is done here is a draft, with undo steps
// of its own, beside which the page shows what it would change: pictures before and after, counts
// from the true label maps, masks and phrases that get out of date. Applying it is one edit.
class MergesPage final : public WorkbenchPage
{
    Q_OBJECT

public:
    explicit MergesPage(const PageContext &context, QWidget *parent = nullptr);
    ~MergesPage() override;

    QString pageId() const override { return QStringLiteral("merges"); }
    QString title() const override { return tr("Merges"); }
    void makeActions(ActionRegistry &actions) override;
    void fillMenu(QMenu &menu) override;
    void activate() override;
    bool isSettled() const override;
    void prepareScreenshot() override;
    bool isAvailable() const override;

    MergeDraft *draft() const { return m_draft; }
    const MergeImpact &impact() const { return m_impact; }
    GroupCards *cards() const { return m_cards; }
    PreviewStrip *strip() const { return m_strip; }
    QListView *classList() const { return m_classList; }
    ClassModel *classes() const { return m_classes; }
    ImpactModel *impactModel() const { return m_impactModel; }
    VersionModel *versions() const { return m_versionModel; }
    QString problem() const; // why the draft cannot be applied; empty when it can

    // What the actions and buttons do.
    void apply();
    void discard();
    void importFile(const QString &path);
    void exportFile(const QString &path);
    void attachLabels(const QString &folder);
    void goBackTo(int versionRow); // into the draft
    // Where the stored merges cannot be read: the project works with the shipped ones from then on.
    void returnToShipped();
    QPushButton *mendButton() const { return m_mend; }
    void showInGallery(const std::vector<std::int64_t> &pictures);

protected:
    bool event(QEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void buildLeft(QWidget *panel);
    QWidget *buildCentre();
    QWidget *buildRight();
    QWidget *buildGroupPanel();
    QWidget *buildChangesPanel();
    QWidget *buildVersionsPanel();
    QToolButton *addButton(QHBoxLayout *layout, QAction *action);

    void reload();
    void showDraft();
    void showGroup();
    void showChanges();
    void showVersionDiff();
    void startPreview();
    void assignMenu(const QList<int> &ids, const QPoint &at);
    void classMenu(int row, int id, const QPoint &at);
    void groupMenu(const QPoint &at);
    QList<int> selectedClasses() const;
    void removeGroups();
    void mergeGroups();
    void chooseImport();
    void chooseExport();
    void chooseLabels();
    void chooseColour();
    std::vector<GroupMapping> mapping() const; // none when masks do not follow

    PageContext m_context;
    MergeDraft *m_draft;
    std::shared_ptr<const MergeFacts> m_facts;
    MergeImpact m_impact;
    bool m_isLoaded = false;
    bool m_isStale = true; // the store has changed since it was read
    int m_reading = 0;     // questions that are not answered yet
    bool m_isApplying = false;
    bool m_wantsExample = false; // a changed draft for a screenshot, once all is loaded
    std::uint64_t m_seed = 1;
    CancelSource m_previewCancel;
    QTimer m_previewTimer;

    QList<QAction *> m_actions;
    QAction *m_applyAction = nullptr;
    QAction *m_discardAction = nullptr;
    QAction *m_undoAction = nullptr;
    QAction *m_redoAction = nullptr;

    QLabel *m_heading;
    QLabel *m_status;
    QPushButton *m_apply;
    QHBoxLayout *m_toolbar;
    QFrame *m_bannerFrame;
    QLabel *m_banner;
    QPushButton *m_mend;
    bool m_isUnreadable = false; // the stored merges are; the shipped ones stand in for them
    ClassModel *m_classes;
    QListView *m_classList;
    QLabel *m_classHint;
    GroupCards *m_cards;
    QComboBox *m_commonTrigger;
    PreviewStrip *m_strip;
    QLabel *m_stripHint;
    QPushButton *m_others;
    QPushButton *m_labels;
    QTabBar *m_tabs;
    QStackedWidget *m_panels;

    QWidget *m_groupForm = nullptr;
    QLabel *m_groupEmpty = nullptr;
    QLineEdit *m_titleEdit = nullptr;
    QLineEdit *m_nameEdit = nullptr;
    QLineEdit *m_phraseEdit = nullptr;
    QPushButton *m_colour = nullptr;
    QComboBox *m_trigger = nullptr;
    QCheckBox *m_exclusive = nullptr;
    QLabel *m_groupFindings = nullptr;

    QLabel *m_summary = nullptr;
    QLabel *m_words = nullptr;
    ImpactModel *m_impactModel;
    QTableView *m_impactTable = nullptr;
    QCheckBox *m_follow = nullptr;
    QLabel *m_followHint = nullptr;
    QPushButton *m_showTouched = nullptr;
    QPushButton *m_showOutdated = nullptr;
    QLineEdit *m_note = nullptr;

    VersionModel *m_versionModel;
    QListView *m_versionList = nullptr;
    QLabel *m_versionDiff = nullptr;
    QPushButton *m_goBack = nullptr;
    std::map<std::string, Taxonomy> m_known; // versions with their content
};

} // namespace sapsam::ui
