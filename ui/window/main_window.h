#pragma once

#include "ui/jobs/project_session.h"
#include "ui/support/settings.h"

#include <QMainWindow>

#include <memory>

class QDockWidget;
class QLabel;
class QMenu;
class QStackedWidget;
class QTabBar;
class QToolBar;

namespace sapsam::ui {

class ActionRegistry;
class DeviceChip;
class GalleryPage;
class JobProgress;
class NoticeBar;
class ProjectPanel;
class QueryBar;
class SavedLabel;
class SearchPage;
class StartPage;
class SystemTheme;
class ThumbnailCache;
class ViewerPage;
class WorkbenchPage;

struct WindowOptions
{
    SessionOptions session;
    QString configFolder = Settings::defaultConfigFolder();
    QString stateFolder = Settings::defaultStateFolder();
    QString demoProject;  // folder of the demo project, if there is one
    QString demoTarget;   // where it is made at the first use otherwise; empty: not at all
    QString importFolder; // where imported models go; empty: the folder of the user's own
};

// The program's window: pages, docks, menus and keys, wired to one project session.
class MainWindow final : public QMainWindow
{
    Q_OBJECT

public:
    explicit MainWindow(const WindowOptions &options, QWidget *parent = nullptr);
    ~MainWindow() override;

    void openProject(const QString &folder);
    // Runs as soon as the project's pictures are loaded.
    void runQuery(const QString &text);
    // By its id, such as "gallery"; an unknown one is ignored.
    void showPage(const QString &pageId);
    WorkbenchPage *page(const QString &pageId) const; // null when there is none
    const QList<WorkbenchPage *> &pages() const { return m_pageList; }
    WorkbenchPage *currentPage() const;
    // Opens a picture in the viewer; row of the gallery as it is shown.
    void openRow(int row);
    // For this run only; the menu's toggle is what is remembered.
    void setTheme(ThemeKind theme);
    void showSettings();
    // Published weights become a model; `paths` may be empty.
    void importModel(const QStringList &paths = {});
    // Where the docks are, and the page: "annotate", "search", "train", "evaluate", or the name of
    // one that the user saved. An unknown one is ignored.
    void applyLayout(const QString &name);
    void saveLayoutAs(const QString &name);

    // Nothing is being loaded, searched or drawn: the moment for a screenshot.
    bool isSettled() const;
    // The error dialog that is open says this; empty when there is none.
    QString problem() const { return m_problem; }

    ProjectSession &session() { return *m_session; }
    ActionRegistry &actions() { return *m_actions; }
    GalleryModel &galleryModel() { return *m_gallery; }
    GalleryPage &galleryPage() { return *m_galleryPage; }
    SearchPage &searchPage() { return *m_searchPage; }
    ViewerPage &viewerPage() { return *m_viewerPage; }
    QueryBar &queryBar() { return *m_query; }
    SavedLabel &savedLabel() { return *m_saved; }
    DeviceChip &deviceChip() { return *m_device; }
    NoticeBar &notice() { return *m_notice; }
    bool showsStartPage() const;

Q_SIGNALS:
    // A setting was changed that a new window shows: the language, the models, the precision.
    void rebuildRequested();

protected:
    void closeEvent(QCloseEvent *event) override;
    void dragEnterEvent(QDragEnterEvent *event) override;
    void dropEvent(QDropEvent *event) override;

private:
    void makeActions();
    void makeMenus();
    void makeDocks();
    void makeStatusBar();
    void connectSession();
    void search(const QString &text);
    void chooseNewProject();
    void chooseProject();
    void chooseImport(const QStringList &paths);
    void step(int rows);
    void updatePageMenu();
    void updateActions();
    void updateViewerPosition();
    void applyThemeEverywhere(ThemeKind theme);
    void showProblem(const QString &what, const ErrorReport &error);
    void openDemo();
    void showCheatSheet();
    void showPalette();
    void runAction(const QString &id);
    void toggleSide(Qt::DockWidgetArea area, const char *side);
    void askForLayoutName();
    void fillLayoutMenu();
    void requestRebuild();
    void useModel(const QString &registry, const QString &name);
    void restorePlace();
    void showReadOnlyNotice();
    void followTheme();
    void showAbout();
    void resetLayout();
    void saveLayout();
    void fillRecentMenu();

    WindowOptions m_options;
    Settings m_settings;
    ActionRegistry *m_actions;
    GalleryModel *m_gallery;
    std::unique_ptr<ThumbnailCache> m_thumbnails;
    std::unique_ptr<ProjectSession> m_session;

    QStackedWidget *m_center = nullptr;
    QWidget *m_workArea = nullptr; // the notice above the pages
    NoticeBar *m_notice = nullptr;
    SystemTheme *m_systemTheme = nullptr;
    StartPage *m_startPage = nullptr;
    QStackedWidget *m_pages = nullptr;
    QList<WorkbenchPage *> m_pageList; // in the order of the tabs
    QMenu *m_pageMenu = nullptr;
    QMenu *m_viewMenu = nullptr;
    GalleryPage *m_galleryPage = nullptr;
    SearchPage *m_searchPage = nullptr;
    ViewerPage *m_viewerPage = nullptr;
    QToolBar *m_toolbar = nullptr;
    QTabBar *m_tabs = nullptr;
    QueryBar *m_query = nullptr;
    QDockWidget *m_projectDock = nullptr;
    QDockWidget *m_jobsDock = nullptr;
    QDockWidget *m_historyDock = nullptr;
    QMenu *m_editMenu = nullptr;
    ProjectPanel *m_projectPanel = nullptr;
    QMenu *m_recentMenu = nullptr;
    QMenu *m_layoutMenu = nullptr;
    SavedLabel *m_saved = nullptr;
    QLabel *m_selection = nullptr;
    JobProgress *m_progress = nullptr;
    DeviceChip *m_device = nullptr;

    QByteArray m_defaultLayout;
    bool m_layoutRestored = false;
    ThemeKind m_theme = ThemeKind::Light;
    QString m_pendingQuery;
    QStringList m_pendingImport;
    QString m_problem;
    int m_requestedRow = -1;
    bool m_imagesLoaded = false;
    bool m_closeConfirmed = false;
    bool m_placeIsRestored = false;
    bool m_rebuildWaits = false; // for the running jobs
    qint64 m_noticeOf = 0;       // the picture that the notice speaks of
};

} // namespace sapsam::ui
