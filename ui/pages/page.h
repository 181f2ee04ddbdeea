#pragma once

#include "core/base/error.h"
#include "ui/support/action_registry.h"
#include "ui/support/part_palette.h"

#include <QString>
#include <QWidget>

#include <functional>

class QMenu;

namespace sapsam::ui {

class GalleryModel;
class ProjectSession;
class Settings;
class ThumbnailCache;

// What the window gives to its pages. All of it outlives them. The functions may be called from the
// GUI thread at any time, also before the window is shown.
struct PageContext
{
    ProjectSession *session = nullptr;
    Settings *settings = nullptr;
    ThumbnailCache *thumbnails = nullptr;
    GalleryModel *gallery = nullptr; // what the gallery shows, in its order
    PartPalette palette;
    QString modelsFolder;
    std::function<void(const QString &pageId)> showPage;
    std::function<void(qint64 imageId)> openPicture;         // in the viewer
    std::function<void(int rows)> stepPicture;               // along the gallery's order
    std::function<void(const QString &text)> runQuery;       // ranks the gallery by a description
    std::function<void(const QString &filter)> showFiltered; // the gallery with this filter
    // An error dialog that does not block.
    std::function<void(const QString &what, const ErrorReport &error)> showProblem;
};

// One page of the window: a tab, its actions with their keys, and what a screenshot of it waits
// for. A page connects itself to the session. GUI thread.
class WorkbenchPage : public QWidget
{
    Q_OBJECT

public:
    using QWidget::QWidget;

    virtual QString pageId() const = 0; // stable: "gallery", "viewer", "merges", …
    virtual QString title() const = 0;  // of the tab
    // Registers what the page can do, in the page's scope, owned by the page or one of its widgets.
    virtual void makeActions(ActionRegistry &actions) { Q_UNUSED(actions) }
    // The page's menu, shown while the page is.
    virtual void fillMenu(QMenu &menu) { Q_UNUSED(menu) }
    // The page has come to the front: it takes the focus and loads what it shows.
    virtual void activate() { setFocus(); }
    // Nothing is being loaded or drawn: the moment for a screenshot.
    virtual bool isSettled() const { return true; }
    // Brings up something worth seeing on a page that is empty by itself (before a screenshot).
    virtual void prepareScreenshot() {}
    // The theme changed.
    virtual void refreshIcons() {}
    // A tab that cannot be chosen now stays grey.
    virtual bool isAvailable() const { return true; }

Q_SIGNALS:
    void availabilityChanged();
};

} // namespace sapsam::ui
