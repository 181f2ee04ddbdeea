#pragma once

#include "core/pipeline/searcher.h"
#include "ui/support/part_palette.h"

#include <QHash>
#include <QWidget>

class QLabel;
class QSlider;
class QSplitter;
class QStackedWidget;

namespace sapsam::ui {

class EmptyState;
class GalleryModel;
class MatchPanel;
class ResponseBar;
class ThumbnailCache;
class ThumbnailGrid;

// The gallery: all pictures, or the answer to a query with the reasons of the selected hit.
class GalleryPage final : public QWidget
{
    Q_OBJECT

public:
    // Model and cache must outlive the page.
    GalleryPage(GalleryModel *model, ThumbnailCache *cache, const PartPalette &palette,
                QWidget *parent = nullptr);

    ThumbnailGrid *grid() const { return m_grid; }
    MatchPanel *matchPanel() const { return m_match; }
    ResponseBar *responseBar() const { return m_bar; }
    EmptyState *emptyState() const { return m_empty; }
    bool showsEmptyState() const;

    void showAll();
    void showSearching(const QString &text);
    void showResponse(const SearchResponse &response);
    // Nothing embedded yet: offers the button that does it.
    void showNotEmbedded(const QString &why);
    // A query that could not be answered; what was shown stays.
    void showQueryProblem(const QString &message);
    void refresh(); // after the model changed
    void refreshIcons();

Q_SIGNALS:
    void pictureActivated(qint64 id);
    void selectionCountChanged(int count);
    void closeSearchRequested();
    void importRequested();
    void embedRequested();

private:
    enum class Offer { Nothing, Import, Embed };

    void showCurrentMatch();
    void updateCount();

    GalleryModel *m_model;
    ThumbnailGrid *m_grid;
    ResponseBar *m_bar;
    MatchPanel *m_match;
    EmptyState *m_empty;
    QStackedWidget *m_stack;
    QLabel *m_count;
    QSlider *m_size;
    Offer m_offer = Offer::Nothing;
    QHash<qint64, SearchHit> m_hits;
};

} // namespace sapsam::ui
