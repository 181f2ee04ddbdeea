#pragma once

#include "core/pipeline/searcher.h"
#include "ui/models/gallery_model.h"
#include "ui/pages/page.h"

#include <QHash>
#include <QList>
#include <QTimer>

#include <memory>
#include <vector>

class QAction;
class QComboBox;
class QLabel;
class QListWidget;
class QPushButton;
class QSlider;
class QStackedWidget;

namespace sapsam::ui {

class EmptyState;
class CalibrationDialog;
class ExplanationPanel;
class FilterEdit;
class FlowLayout;
class PartAdder;
class PictureCanvas;
class QueryChip;
class TermChip;
class ThumbnailGrid;

// Description, picture or both → ranked people with their reasons.
class SearchPage final : public WorkbenchPage
{
    Q_OBJECT

public:
    explicit SearchPage(const PageContext &context, QWidget *parent = nullptr);

    QString pageId() const override { return QStringLiteral("search"); }
    QString title() const override { return tr("Search"); }
    void makeActions(ActionRegistry &actions) override;
    void fillMenu(QMenu &menu) override;
    void activate() override;
    bool isSettled() const override;

    // Which hit is the current one when the answer comes.
    enum class Place { First, SamePicture, SameRow };

    // A new description; it is parsed into parts. An example picture stays in the query until it is
    // taken out, and composes with the words.
    void search(const QString &text);
    // Any query; a remembered one becomes a step of the history.
    void run(const SearchQuery &query, bool remember = true, Place place = Place::First);
    void goBack() { step(-1); }
    void goForward() { step(1); }
    void judge(bool relevant);
    void moreLikeThis(const QString &group);
    // The current person beside the description: as described, and like this one.
    void composeWithThis();
    void setExamplePicture(const QString &file);
    // A part by hand, beside those of the sentence; the group is one of the project's.
    void addPart(const QueryTerm &term);
    CalibrationDialog *showCalibration(); // null while nothing is known about it
    void saveSession(const QString &file);
    void openSession(const QString &file);
    void exportTo(const QString &file);

    const SearchQuery &query() const { return m_query; }
    const SearchResponse &response() const { return m_response; }
    GalleryModel *model() { return &m_model; }
    ThumbnailGrid *grid() const { return m_grid; }
    ExplanationPanel *explanation() const { return m_explanation; }
    EmptyState *emptyState() const { return m_empty; }
    bool showsEmptyState() const;
    QString message() const;
    QList<TermChip *> chips() const { return m_chips; }
    QueryChip *exampleChip() const { return m_exampleChip; }   // null without an example
    QueryChip *feedbackChip() const { return m_feedbackChip; } // null when nothing was judged
    const PartPalette &parts() const { return m_parts; } // of the project's merges
    FilterEdit *filterEdit() const { return m_filter; }
    QSlider *shareSlider() const { return m_share; }
    QComboBox *rerankingBox() const { return m_reranking; }
    PartAdder *partAdder() const { return m_adder; }
    QString note() const;

Q_SIGNALS:
    void busyChanged(bool busy);
    void queryChanged(const QString &text); // by history or session: the toolbar follows
    void embedRequested();

protected:
    void dragEnterEvent(QDragEnterEvent *event) override;
    void dropEvent(QDropEvent *event) override;

private:
    struct Holder;

    void start();
    void showResponse(const SearchResponse &response, Place place);
    void showError(const ErrorReport &error);
    void showQuery(); // in the controls
    void showChips();
    void showQueryChips();
    QString exampleName(const SearchQuery &query) const;
    static QString textOf(const SearchWarning &warning);
    void showWarnings();
    void showNotes();
    void showDivider();
    void showCurrent();
    void loadMerges();
    void filterTyped();
    QString groupOf(const QueryTerm &term) const; // of the project
    void step(int steps);
    void loadHistory();
    void paste();
    qint64 currentId() const;

    PageContext m_context;
    Taxonomy m_taxonomy;
    PartPalette m_parts;
    GalleryModel m_model;
    std::shared_ptr<Holder> m_holder;
    SearchQuery m_query;
    SearchResponse m_response;
    QHash<qint64, int> m_hitOf; // image → place in the response
    std::vector<SearchQuery> m_steps;
    int m_step = -1;
    bool m_isRunning = false;
    bool m_isWaiting = false; // a newer query waits for the running one
    bool m_remember = false;
    Place m_place = Place::SamePicture; // of the search that is started next
    bool m_offersEmbedding = false;
    quint64 m_pictureRequest = 0;
    bool m_loadsPicture = false;
    QTimer m_rerank;
    QTimer m_filterTyped;
    QList<QAction *> m_actions;
    QAction *m_calibrationAction = nullptr;
    QList<TermChip *> m_chips;
    QueryChip *m_exampleChip = nullptr;
    QueryChip *m_feedbackChip = nullptr;
    std::vector<SearchQuery> m_stored; // of the history list

    QLabel *m_summary;
    QLabel *m_warning;
    QLabel *m_note;
    QPushButton *m_reliability;
    QWidget *m_chipArea;
    FlowLayout *m_chipLayout;
    QPushButton *m_addPart;
    PartAdder *m_adder;
    FilterEdit *m_filter;
    QWidget *m_shareArea;
    QSlider *m_share;
    QLabel *m_shareText;
    QComboBox *m_reranking;
    ThumbnailGrid *m_grid;
    EmptyState *m_empty;
    QStackedWidget *m_stack;
    PictureCanvas *m_canvas;
    QStringList m_layerGroups;
    ExplanationPanel *m_explanation;
    QListWidget *m_history;
};

} // namespace sapsam::ui
