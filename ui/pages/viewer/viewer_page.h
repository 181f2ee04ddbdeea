#pragma once

#include "core/pipeline/interactive.h"
#include "core/pipeline/part_checks.h"
#include "ui/canvas/picture_canvas.h"
#include "ui/jobs/project_session.h"
#include "ui/models/part_model.h"
#include "ui/pages/page.h"

#include <QList>
#include <QTimer>
#include <QWidget>

#include <optional>
#include <set>
#include <vector>

class QAction;
class QComboBox;
class QDoubleSpinBox;
class QHBoxLayout;
class QLabel;
class QLineEdit;
class QListView;
class QListWidget;
class QSlider;

namespace sapsam::ui {

class ChecksPanel;
class Filmstrip;
class PromptAssistant;

// One picture with its part masks and the phrases written for them. Pointing at a phrase lights
// its mask; pointing at a mask selects its phrase. Tools change the masks: each stroke is one step
// of the project's history, stored at once; points, boxes and phrases are answered by the models,
// and an answer becomes a mask when it is accepted.
class ViewerPage final : public WorkbenchPage
{
    Q_OBJECT

public:
    explicit ViewerPage(const PageContext &context, QWidget *parent = nullptr);

    QString pageId() const override { return QStringLiteral("viewer"); }
    QString title() const override { return tr("Viewer"); }
    void makeActions(ActionRegistry &actions) override;
    void fillMenu(QMenu &menu) override;
    void activate() override;
    bool isSettled() const override;
    bool isAvailable() const override;
    void prepareScreenshot() override;

    PictureCanvas *canvas() const { return m_canvas; }
    PartModel *parts() const { return m_parts; }
    QListView *partList() const { return m_list; }
    QSlider *opacitySlider() const { return m_opacity; }
    QLineEdit *phrasePrompt() const { return m_phrase; }
    QLabel *agreementLabel() const { return m_agreement; }
    PromptAssistant *assistant() const { return m_assistant; }
    Filmstrip *filmstrip() const { return m_strip; }
    ChecksPanel *checks() const { return m_checks; }
    QListWidget *findingList() const { return m_findings; } // of the picture that is shown

    void showLoading();
    void showDetails(const PictureDetails &details);
    void showFailure(const QString &message, qint64 imageId = 0); // of what picture
    void showNothing();
    void setPosition(int row, int count); // "3 of 120"; row < 0 hides it
    qint64 shownId() const { return m_shownId; }

    // The part that tools change; made when the picture does not have it yet.
    void chooseGroup(const QString &group);
    const QString &group() const { return m_group; }
    void setTool(CanvasTool tool);
    void setExclusive(bool on);
    bool isExclusive() const { return m_exclusive; }
    // Finishes a polygon, or makes the models' answer the part's mask.
    void accept();
    // Gives up what is being drawn or asked; false when there is nothing.
    bool cancel();
    void removePart();
    // No edit is on its way to the store or from it.
    bool isSaved() const { return m_pending == 0 && !m_isDrawing; }
    // The list of pictures to mend, beside the canvas.
    void showChecks(bool on);

Q_SIGNALS:
    void opacityChanged(int percent);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void addToolbarAction(QHBoxLayout *bar, QAction *action);
    QWidget *makeToolBars();
    QWidget *makePanel();
    void connectParts();
    void connectTools();
    void fillGroups();
    void followTaxonomy();
    void nameGroupActions();
    void updateTarget();
    void updateShapes();
    void updateFindings();
    void showFindings(const PictureCheck &check);
    void updateHint();
    void say(const QString &text); // for a moment, over the picture
    struct Redrawn;
    void applyEdit(const Edit &edit);
    void drawChanged();
    void showRedrawn(Redrawn redrawn);
    void commit(PartChange change);
    void editPhrase(int row, const QString &phrase);
    void askModel();
    void clearPrompt();
    void showAnswer(const PromptedMask &answer, const MaskPreview &preview, double milliseconds);
    void updatePromptBar();
    void findPart();
    void openUnreviewed(int direction);
    QString titleOf(const QString &group) const;

    PageContext m_context;
    QList<QAction *> m_actions;
    std::vector<std::pair<CanvasTool, QAction *>> m_tools;
    PictureCanvas *m_canvas;
    PartModel *m_parts;
    QListView *m_list;
    QLabel *m_name;
    QLabel *m_info;
    QLabel *m_hint;
    QLabel *m_captionTitle;
    QLabel *m_captions;
    QWidget *m_captionArea = nullptr;
    QLabel *m_position;
    QLabel *m_zoom;
    QSlider *m_opacity;
    QHBoxLayout *m_toolbar;
    QHBoxLayout *m_toolRow;
    QComboBox *m_groupBox;
    QDoubleSpinBox *m_brushSize;
    QWidget *m_promptBar;
    QLineEdit *m_phrase;
    QLabel *m_agreement;
    QTimer m_messageTimer;
    QTimer m_phraseTimer;
    QTimer m_aheadTimer;
    PromptAssistant *m_assistant;
    Filmstrip *m_strip;
    ChecksPanel *m_checks;
    QLabel *m_findingTitle;
    QListWidget *m_findings;
    QAction *m_checksAction = nullptr;
    ActionRegistry *m_registry = nullptr;
    qint64 m_shownId = 0;
    QSize m_size; // of the picture
    std::vector<RegionRecord> m_absent;
    QString m_group;
    bool m_exclusive = false;
    CanvasTool m_lastTool = CanvasTool::Brush;
    MaskPrompt m_prompt;
    std::optional<PromptedMask> m_answer;
    bool m_takesNextAnswer = false; // finishing was asked for before the answer came
    std::vector<PartRow> m_latest; // the parts after the last edit, shown as soon as they are drawn
    std::set<std::int64_t> m_changedIds; // of regions, since they were last drawn
    int m_pending = 0;                   // edits of this page that are not stored yet
    bool m_isDrawing = false;
    bool m_wantsDetails = false; // they came while edits were on their way
    quint64 m_drawRequest = 0;
    quint64 m_checkRequest = 0;
};

} // namespace sapsam::ui
