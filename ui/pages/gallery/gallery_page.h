#pragma once

#include "core/base/cancel.h"
#include "core/store/curation.h"
#include "core/store/gallery_query.h"
#include "ui/pages/page.h"

#include <QList>
#include <QTimer>
#include <QWidget>

#include <functional>
#include <optional>

class QAction;
class QLabel;
class QSlider;
class QSplitter;
class QStackedWidget;

namespace sapsam::ui {

class EmptyState;
class FacetPanel;
class FilterBar;
class GalleryModel;
class ThumbnailCache;
class ThumbnailGrid;

// The gallery: all pictures of the project, or those that a filter leaves.
class GalleryPage final : public WorkbenchPage
{
    Q_OBJECT

public:
    explicit GalleryPage(const PageContext &context, QWidget *parent = nullptr);

    QString pageId() const override { return QStringLiteral("gallery"); }
    QString title() const override { return tr("Gallery"); }
    void makeActions(ActionRegistry &actions) override;
    void fillMenu(QMenu &menu) override;
    void activate() override;
    bool isSettled() const override;

    ThumbnailGrid *grid() const { return m_grid; }
    EmptyState *emptyState() const { return m_empty; }
    bool showsEmptyState() const;

    FilterBar *filterBar() const { return m_filterBar; }
    FacetPanel *facetPanel() const { return m_facets; }
    // Shows what fits; the text stands in the filter bar, also when it has a problem.
    void showFiltered(const QString &filter);
    // Ids of the selected pictures, in the order of the grid.
    std::vector<std::int64_t> selectedIds() const;

    void refresh(); // after the model changed

Q_SIGNALS:
    void selectionCountChanged(int count);
    void allRequested(); // back to all pictures: nothing is asked for any more
    void importRequested();

private:
    // Makes an edit of the selected pictures on the reader lane.
    using EditMaker =
        std::function<Edit(ProjectStore &store, const std::vector<std::int64_t> &images)>;
    struct Waiting
    {
        QString title;
        EditMaker make;
        std::vector<std::int64_t> images;
    };

    void updateCount();
    void ask();
    void startEdit(const QString &title, EditMaker make, bool ofSelection = true);
    void runNextEdit();
    void chooseTag(bool add);
    void askForText(const QString &title, const QString &label, const QString &text,
                    std::function<void(const QString &)> then);
    void forget(); // the project was closed

    PageContext m_context;
    QList<QAction *> m_actions;
    GalleryModel *m_model;
    ThumbnailGrid *m_grid;
    EmptyState *m_empty;
    QStackedWidget *m_stack;
    QLabel *m_count;
    QSlider *m_size;
    FilterBar *m_filterBar;
    FacetPanel *m_facets;
    QTimer m_askTimer;
    CancelSource m_asked;
    bool m_asking = false;
    bool m_askAgain = false;
    bool m_contentIsNew = true; // the facets of all pictures must be counted again
    GalleryFacets m_allFacets;
    std::vector<SavedView> m_views;
    QList<Waiting> m_edits; // one after the other: each builds on what the one before stored
    bool m_editing = false;
};

} // namespace sapsam::ui
