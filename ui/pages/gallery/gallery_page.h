#pragma once

#include "core/pipeline/searcher.h"
#include "ui/pages/page.h"

#include <QHash>
#include <QList>
#include <QWidget>

class QAction;
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
    void refreshIcons() override;

Q_SIGNALS:
    void selectionCountChanged(int count);
    void closeSearchRequested();
    void importRequested();
    void embedRequested();

private:
    enum class Offer { Nothing, Import, Embed };

    void showCurrentMatch();
    void updateCount();

    PageContext m_context;
    QList<QAction *> m_actions;
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
