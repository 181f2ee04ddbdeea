#pragma once

#include "core/base/cancel.h"
#include "core/store/curation.h"
#include "core/store/gallery_query.h"
#include "ui/pages/page.h"

#include <QList>
#include <QTimer>
#include <QWidget>

#include <functional>
#include <memory>
#include <optional>

class QAction;
class QLabel;
class QSlider;
class QSplitter;
class QStackedWidget;
class QToolButton;

namespace sapsam::ui {

class CompareView;
class EmptyState;
class FacetPanel;
class FilterBar;
class GalleryModel;
class MapView;
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
    void refreshIcons() override;

    ThumbnailGrid *grid() const { return m_grid; }
    EmptyState *emptyState() const { return m_empty; }
    bool showsEmptyState() const;

    FilterBar *filterBar() const { return m_filterBar; }
    FacetPanel *facetPanel() const { return m_facets; }
    // Shows what fits; the text stands in the filter bar, also when it has a problem.
    void showFiltered(const QString &filter);
    // Ids of the selected pictures, in the order of the grid.
    std::vector<std::int64_t> selectedIds() const;
    // Those that are shown become the selection, whatever their number.
    void select(const std::vector<std::int64_t> &ids);

    CompareView *compareView() const { return m_compare; }
    MapView *mapView() const { return m_map; }
    bool isComparing() const;
    bool showsMap() const;
    // Two to six pictures side by side; of more, the first six.
    void compare(const std::vector<std::int64_t> &ids);
    void closeComparison();
    void showMap(bool on);
    // Shows the groups of near-identical pictures, after looking for them where that is needed.
    void showDuplicates();

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
    void updateView();
    void refreshWords(); // of the comparison
    void findDuplicates();
    void selectCopies();
    void changeSelection(const std::vector<std::int64_t> &ids, bool add, bool remove);
    // What keys and menus mean: the current one of the comparison, else the selection.
    std::vector<std::int64_t> meantIds() const;
    QToolButton *makeViewButton(const char *icon, const QString &name);
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
    QStackedWidget *m_views;   // the gallery, or the comparison
    CompareView *m_compare;
    MapView *m_map;
    bool m_mapIsOn = false;
    bool m_isFindingDuplicates = false;
    QToolButton *m_gridButton;
    QToolButton *m_mapButton;
    QToolButton *m_compareButton;
    QToolButton *m_duplicatesButton;
    QLabel *m_diskNote;
    QLabel *m_count;
    QSlider *m_size;
    FilterBar *m_filterBar;
    FacetPanel *m_facets;
    QTimer m_askTimer;
    CancelSource m_asked;
    bool m_asking = false;
    bool m_askAgain = false;
    std::shared_ptr<GalleryCache> m_cache; // used on the reader lane only
    bool m_contentIsNew = true; // the facets of all pictures must be counted again
    GalleryFacets m_allFacets;
    std::vector<SavedView> m_savedViews;
    QList<Waiting> m_edits; // one after the other: each builds on what the one before stored
    bool m_editing = false;
};

} // namespace sapsam::ui
